#![allow(clippy::arithmetic_side_effects)]

use super::*;
use crate::fake::{Fake, Response};
use proptest::prelude::*;

/// GET a URL, keep what comes.
struct Get(String, Keep);

impl Script for Get {
	type Out = Result<Answer, Failure>;
	fn open(&mut self) -> Step<Self::Out> {
		Step::Ask(vec![Ask { url: self.0.clone(), post: None, headers: &[], keep: self.1 }])
	}
	fn answered(&mut self, mut answers: Vec<Answer>) -> Step<Self::Out> {
		Step::Done(Ok(answers.remove(0)))
	}
	fn failed(&mut self, why: Failure) -> Self::Out {
		Err(why)
	}
}

const LIMITS: Limits = Limits { patience: 2_000, latest: 4_000, end: 4_000, concurrency: 16 };

fn get(url: &str) -> (u64, Get) {
	(0, Get(url.into(), Keep::All(100_000)))
}

fn one(response: Response, keep: Keep) -> Result<Answer, Failure> {
	let mut http = Fake::default();
	http.serve("http://a", move |_, _| response.clone());
	run(&mut http, vec![(0, Get("http://a".into(), keep))], LIMITS).remove(0).unwrap()
}

#[test]
fn an_answer_is_its_status_body_and_latency() {
	let answer = one(Response::ok(40, "hello"), Keep::All(5)).unwrap();
	assert_eq!(answer.body, b"hello");
	assert!(answer.latency.edge_micros() >= 40_000 && answer.latency.edge_micros() < 90_000);
}

#[test]
fn the_transport_knows_the_latency_best() {
	let latency = |value: &str| {
		one(Response::ok(40, "").header(ELAPSED_HEADER, value), Keep::All(5)).unwrap().latency
	};
	assert_eq!(latency("1500"), LatencyBucket::from_micros(1_500));
	assert_eq!(latency("18446744073709551615"), LatencyBucket::MAX);
	let fallback = one(Response::ok(40, ""), Keep::All(5)).unwrap().latency;
	for bad in ["", "-1", "+1", "1.5", "x", "18446744073709551616", " 1"] {
		assert_eq!(latency(bad), fallback, "{bad}");
	}
}

#[test]
fn only_the_body_of_a_success_is_read() {
	let answer =
		one(Response { end: None, ..Response::status(1, 404, "page") }, Keep::All(5)).unwrap();
	assert_eq!((answer.status, answer.body.len()), (404, 0));
}

#[test]
fn a_body_is_read_to_its_end_but_not_beyond_the_limit() {
	assert_eq!(one(Response::ok(1, [7; 50_000]), Keep::All(50_000)).unwrap().body.len(), 50_000);
	assert_eq!(one(Response::ok(1, [7; 50_000]), Keep::All(49_999)), Err(Failure::Oversize));
	assert_eq!(one(Response::ok(1, [7; 50_000]), Keep::Nothing(50_000)).unwrap().body.len(), 0);
	assert_eq!(one(Response::ok(1, [7; 50_000]), Keep::Nothing(49_999)), Err(Failure::Oversize));
}

#[test]
fn an_endless_body_is_given_up_at_the_limit() {
	let mut http = Fake::default();
	let body: Vec<_> = (0..5_000).map(|_| (1, vec![0; 1_000])).collect();
	http.serve("http://a", move |_, _| Response {
		body: body.clone(),
		end: None,
		..Response::ok(1, "")
	});
	let out = run(&mut http, vec![get("http://a")], LIMITS);
	assert_eq!(out, [Some(Err(Failure::Oversize))]);
	assert!(http.clock < 100);
}

#[test]
fn nothing_comes_back() {
	assert_eq!(one(Response::never(), Keep::All(5)), Err(Failure::Timeout));
	assert_eq!(one(Response::trickle(10), Keep::All(5_000)), Err(Failure::Timeout));
	assert_eq!(one(Response::broken(5), Keep::All(5)), Err(Failure::Transport));
	assert_eq!(
		one(
			Response { end: Some((9, Err(HttpError::IoError))), ..Response::ok(1, "x") },
			Keep::All(5)
		),
		Err(Failure::Transport)
	);
	let mut http = Fake::default();
	assert_eq!(run(&mut http, vec![get("nonsense")], LIMITS), [Some(Err(Failure::Transport))]);
}

#[test]
fn all_is_over_at_the_end_and_who_was_not_asked_is_not_judged() {
	let mut http = Fake::default();
	http.serve("http://slow", |_, _| Response::never());
	let scripts =
		vec![get("http://slow"), (3_900, get("http://slow").1), (5_000, get("http://slow").1)];
	let out = run(&mut http, scripts, LIMITS);
	assert_eq!(out, [Some(Err(Failure::Timeout)), Some(Err(Failure::Timeout)), None]);
	assert!(http.clock <= 4_000 + 50, "{}", http.clock);

	let mut http = Fake { clock: 4_000, ..Fake::default() };
	assert_eq!(run(&mut http, vec![get("http://slow")], LIMITS), [None]);
	assert!(http.sent.is_empty());
}

#[test]
fn who_would_not_have_its_full_time_is_not_asked() {
	let mut http = Fake::default();
	http.serve("http://slow", |_, _| Response::never());
	let scripts = (0..6).map(|_| get("http://slow")).collect();
	// Two at a time, 1.8 s each: the second two begin after 1.8 s, the third could only after 3.6.
	let limits = Limits { patience: 1_800, latest: 2_200, concurrency: 2, ..LIMITS };
	let out = run(&mut http, scripts, limits);
	assert_eq!(
		out[..4],
		[
			Some(Err(Failure::Timeout)),
			Some(Err(Failure::Timeout)),
			Some(Err(Failure::Timeout)),
			Some(Err(Failure::Timeout))
		]
	);
	assert_eq!(out[4..], [None, None]);
	assert!(http.clock < 3_800 && http.calls < 1_000, "{} {}", http.clock, http.calls);
}

/// GET several URLs at once.
struct GetAll(Vec<&'static str>);

impl Script for GetAll {
	type Out = Result<Vec<u16>, Failure>;
	fn open(&mut self) -> Step<Self::Out> {
		let ask = |url: &&str| Ask {
			url: (*url).into(),
			post: None,
			headers: &[],
			keep: Keep::All(100_000),
		};
		Step::Ask(self.0.iter().map(ask).collect())
	}
	fn answered(&mut self, answers: Vec<Answer>) -> Step<Self::Out> {
		Step::Done(Ok(answers.iter().map(|answer| answer.status).collect()))
	}
	fn failed(&mut self, why: Failure) -> Self::Out {
		Err(why)
	}
}

#[test]
fn questions_at_once_take_as_long_as_the_slowest_and_fail_with_the_first() {
	let world = || {
		let mut http = Fake::default();
		http.serve("http://fast", |_, _| Response::ok(10, "x"));
		http.serve("http://slow", |_, _| Response::status(1_500, 201, "x"));
		http.serve("http://gone", |_, _| Response::status(20, 404, ""));
		http.serve("http://dead", |_, _| Response::never());
		http.serve("http://trickle", |_, _| Response::trickle(10));
		http.serve("http://broken", |_, _| Response::broken(100));
		http
	};
	for (urls, want, until) in [
		(
			vec!["http://slow", "http://fast", "http://gone", "http://slow"],
			Ok(vec![201, 200, 404, 201]),
			1_700,
		),
		(vec!["http://fast", "http://dead", "http://fast"], Err(Failure::Timeout), 2_200),
		(vec!["http://trickle", "http://fast"], Err(Failure::Timeout), 2_200),
		(vec!["http://dead", "http://trickle", "http://broken"], Err(Failure::Transport), 300),
		(vec!["http://fast", "nonsense"], Err(Failure::Transport), 100),
	] {
		let mut http = world();
		let shown = format!("{urls:?}");
		assert_eq!(run(&mut http, vec![(0, GetAll(urls))], LIMITS), [Some(want)], "{shown}");
		assert!(http.clock < until, "{shown}: {}", http.clock);
	}
}

#[test]
fn bodies_that_wait_for_others_count_as_memory() {
	let mut http = Fake::default();
	http.serve("http://big", |_, _| Response::ok(1, vec![1; 90_000]));
	http.serve("http://dead", |_, _| Response::never());
	let scripts = (0..300).map(|_| (0, GetAll(vec!["http://big", "http://dead"]))).collect();
	let out = run(&mut http, scripts, Limits { concurrency: 512, ..LIMITS });
	let oversize = out.iter().filter(|o| **o == Some(Err(Failure::Oversize))).count();
	assert!((300 - MAX_KEPT / 90_000..300).contains(&oversize), "{oversize}");
}

#[test]
fn when_it_is_enough_the_others_are_not_waited_for() {
	let mut http = Fake::default();
	http.serve("http://fast", |_, _| Response::ok(10, "x"));
	http.serve("http://slow", |_, _| Response::never());
	let scripts = vec![get("http://slow"), get("http://fast"), get("http://fast")];
	let out = run_until(&mut http, scripts, LIMITS, |_, out| out.iter().flatten().count() == 2);
	assert!(matches!(out[..], [None, Some(Ok(_)), Some(Ok(_))]));
	assert!(http.clock < 100, "{}", http.clock);
}

#[test]
fn no_more_are_asked_at_a_time_than_allowed() {
	let mut http = Fake::default();
	http.serve("http://a", |_, _| Response::ok(100, "x"));
	let scripts = (0..64).map(|_| get("http://a")).collect();
	let out = run(&mut http, scripts, Limits { concurrency: 16, ..LIMITS });
	assert!(out.iter().all(|o| matches!(o, Some(Ok(_)))));
	for (at, _) in &http.sent {
		let open = http
			.sent
			.iter()
			.filter(|(sent, _)| (at.saturating_sub(99)..=*at).contains(sent))
			.count();
		assert!(open <= 16, "{open} at {at}");
	}
}

#[test]
fn tricklers_take_nothing_from_the_healthy() {
	let mut http = Fake::default();
	http.serve("http://trickle", |_, _| Response::trickle(30));
	http.serve("http://torrent", |_, _| Response::trickle(1));
	http.serve("http://dead", |_, _| Response::never());
	http.serve("http://good", |_, _| Response {
		body: [50, 60, 70].map(|at| (at, vec![1; 20_000])).into(),
		end: Some((75, Ok(()))),
		..Response::ok(50, "").header(ELAPSED_HEADER, "50000")
	});
	let mut scripts: Vec<_> =
		["http://trickle", "http://torrent"].iter().cycle().take(100).map(|url| get(url)).collect();
	scripts.extend((0..100).map(|_| get("http://dead")));
	scripts.extend((0..20).map(|_| get("http://good")));
	let out = run(&mut http, scripts, Limits { concurrency: 256, ..LIMITS });
	assert!(out[..200].iter().all(|o| *o == Some(Err(Failure::Timeout))));
	for good in &out[200..] {
		assert_eq!(
			good.as_ref().unwrap().as_ref().unwrap().latency,
			LatencyBucket::from_micros(50_000)
		);
	}
	assert!(http.clock < 2_200, "{}", http.clock);
}

#[test]
fn a_torrent_of_single_bytes_keeps_nobody_waiting() {
	let mut http = Fake::default();
	http.serve("http://torrent", |_, _| Response::trickle(1));
	http.serve("http://good", |_, _| Response::ok(5, "x"));
	run(&mut http, vec![get("http://torrent"), (500, get("http://good").1)], LIMITS);
	assert!((500..=570).contains(&http.sent[1].0), "{}", http.sent[1].0);
}

#[test]
fn an_answer_is_waited_for_as_long_as_patience_lasts() {
	assert!(one(Response::ok(1_990, "x"), Keep::All(5)).is_ok());
	assert_eq!(one(Response::ok(2_000 + TURN, "x"), Keep::All(5)), Err(Failure::Timeout));
}

#[test]
fn memory_is_bounded_and_the_oldest_body_is_given_up_first() {
	let mut http = Fake::default();
	http.serve("http://hog", |_, _| Response { end: None, ..Response::ok(1, vec![1; 90_000]) });
	http.serve("http://good", |_, _| Response::ok(1, vec![1; 90_000]));
	let mut scripts: Vec<_> = (0..300).map(|_| get("http://hog")).collect();
	scripts.push((1_000, get("http://good").1));
	let out = run(&mut http, scripts, Limits { concurrency: 512, ..LIMITS });
	let oversize = out.iter().filter(|o| **o == Some(Err(Failure::Oversize))).count();
	assert!(oversize >= 300 - MAX_KEPT / 90_000, "{oversize}");
	assert!(matches!(&out[300], Some(Ok(_))));
}

#[test]
fn a_clock_that_jumps_judges_nobody() {
	for to in [500, 3_900, 90_000] {
		let mut http = Fake { jump: Some((1_000, to)), ..Fake::default() };
		http.serve("http://fast", |_, _| Response::ok(10, "x"));
		http.serve("http://slow", |_, _| Response::never());
		let out = run(&mut http, vec![get("http://fast"), get("http://slow")], LIMITS);
		assert!(matches!(out[0], Some(Ok(_))));
		assert_eq!(out[1], None, "{to}");
	}
}

#[test]
fn idle_time_is_slept_through() {
	let mut http = Fake::default();
	http.serve("http://a", |_, _| Response::ok(1, "x"));
	let scripts = (0..4).map(|k| (k * 900, get("http://a").1)).collect();
	run(&mut http, scripts, LIMITS);
	assert!(http.calls < 40, "{}", http.calls);
}

fn any_response() -> impl Strategy<Value = Response> {
	(
		proptest::option::of(0u64..5_000),
		proptest::option::of(100u16..600),
		proptest::collection::vec(
			(0u64..3_000, proptest::collection::vec(any::<u8>(), 0..64)),
			0..6,
		),
		proptest::option::of((0u64..5_000, any::<bool>())),
	)
		.prop_map(|(after, status, body, end)| Response {
			after,
			status,
			headers: Vec::new(),
			body,
			end: end.map(|(at, ok)| (at, if ok { Ok(()) } else { Err(HttpError::IoError) })),
		})
}

proptest! {
	/// Whatever servers do, it ends in time, and everybody who was asked has an outcome.
	#[test]
	fn it_ends(
		responses in proptest::collection::vec((0u64..4_000, any_response()), 0..24),
		concurrency in 1usize..8,
	) {
		let mut http = Fake::default();
		let mut scripts = Vec::new();
		let mut starts: Vec<u64> = responses.iter().map(|(at, _)| *at).collect();
		starts.sort_unstable();
		for (k, (_, response)) in responses.into_iter().enumerate() {
			let url = format!("http://{k}/");
			http.serve(&url, move |_, _| response.clone());
			scripts.push((starts[k], get(&url).1));
		}
		let count = scripts.len();
		let out = run(&mut http, scripts, Limits { concurrency, ..LIMITS });
		prop_assert_eq!(out.len(), count);
		prop_assert!(http.clock <= 4_000 + 2 * READ_TURN, "{}", http.clock);
		prop_assert_eq!(out.iter().flatten().count(), http.sent.len());
	}
}

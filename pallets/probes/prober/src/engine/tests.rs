// SPDX-License-Identifier: Apache-2.0

#![allow(clippy::arithmetic_side_effects)]

use super::*;
use crate::tests::network::{FakeNetwork, Response};
use proptest::prelude::*;

/// GET a URL.
struct Get(String, BodyUse);

impl Conversation for Get {
	type Out = Result<Answer, Failure>;
	fn start(&mut self) -> Step<Self::Out> {
		Step::Send(vec![Request {
			url: self.0.clone(),
			post: None,
			headers: &[],
			token: None,
			body_use: self.1,
		}])
	}
	fn on_answers(&mut self, mut answers: Vec<Answer>) -> Step<Self::Out> {
		Step::Done(Ok(answers.remove(0)))
	}
	fn on_failure(&mut self, reason: Failure) -> Self::Out {
		Err(reason)
	}
}

const LIMITS: Limits = Limits { patience: 2_000, latest: 4_000, end: 4_000, concurrency: 16 };

fn get(url: &str) -> (u64, Get) {
	(0, Get(url.into(), BodyUse::Keep(100_000)))
}

fn one(response: Response, body_use: BodyUse) -> Result<Answer, Failure> {
	let mut http = FakeNetwork::default();
	http.serve("http://a", move |_, _| response.clone());
	run(&mut http, vec![(0, Get("http://a".into(), body_use))], LIMITS).remove(0).unwrap()
}

#[test]
fn an_answer_has_status_body_and_latency() {
	let answer = one(Response::ok(40, "hello"), BodyUse::Keep(5)).unwrap();
	assert_eq!(answer.body, b"hello");
	assert!(answer.latency.edge_micros() >= 40_000 && answer.latency.edge_micros() < 90_000);
}

#[test]
fn the_latency_of_the_transport_is_preferred() {
	let latency = |value: &str| {
		one(Response::ok(40, "").header(ELAPSED_HEADER, value), BodyUse::Keep(5)).unwrap().latency
	};
	assert_eq!(latency("1500"), LatencyBucket::from_micros(1_500));
	assert_eq!(latency("18446744073709551615"), LatencyBucket::MAX);
	let fallback = one(Response::ok(40, ""), BodyUse::Keep(5)).unwrap().latency;
	for bad in ["", "-1", "+1", "1.5", "x", "18446744073709551616", " 1"] {
		assert_eq!(latency(bad), fallback, "{bad}");
	}
}

#[test]
fn only_the_body_of_a_success_is_read() {
	let answer =
		one(Response { end: None, ..Response::status(1, 404, "page") }, BodyUse::Keep(5)).unwrap();
	assert_eq!((answer.status, answer.body.len()), (404, 0));
}

#[test]
fn a_body_is_read_to_its_end_up_to_the_limit() {
	assert_eq!(
		one(Response::ok(1, [7; 50_000]), BodyUse::Keep(50_000)).unwrap().body.len(),
		50_000
	);
	assert_eq!(one(Response::ok(1, [7; 50_000]), BodyUse::Keep(49_999)), Err(Failure::Oversize));
	assert_eq!(one(Response::ok(1, [7; 50_000]), BodyUse::Discard(50_000)).unwrap().body.len(), 0);
	assert_eq!(one(Response::ok(1, [7; 50_000]), BodyUse::Discard(49_999)), Err(Failure::Oversize));
}

#[test]
fn an_endless_body_is_dropped_at_the_limit() {
	let mut http = FakeNetwork::default();
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
fn failures_have_their_cause() {
	assert_eq!(one(Response::never(), BodyUse::Keep(5)), Err(Failure::Timeout));
	assert_eq!(one(Response::trickle(10), BodyUse::Keep(5_000)), Err(Failure::Timeout));
	assert_eq!(one(Response::broken(5), BodyUse::Keep(5)), Err(Failure::Transport));
	assert_eq!(
		one(
			Response { end: Some((9, Err(HttpError::IoError))), ..Response::ok(1, "x") },
			BodyUse::Keep(5)
		),
		Err(Failure::Transport)
	);
	let mut http = FakeNetwork::default();
	assert_eq!(run(&mut http, vec![get("nonsense")], LIMITS), [Some(Err(Failure::Transport))]);
}

#[test]
fn everything_ends_at_the_end_and_the_rest_is_not_judged() {
	let mut http = FakeNetwork::default();
	http.serve("http://slow", |_, _| Response::never());
	let conversations =
		vec![get("http://slow"), (3_900, get("http://slow").1), (5_000, get("http://slow").1)];
	let out = run(&mut http, conversations, LIMITS);
	assert_eq!(out, [Some(Err(Failure::Timeout)), Some(Err(Failure::Timeout)), None]);
	assert!(http.clock <= 4_000 + 50, "{}", http.clock);

	let mut http = FakeNetwork { clock: 4_000, ..FakeNetwork::default() };
	assert_eq!(run(&mut http, vec![get("http://slow")], LIMITS), [None]);
	assert!(http.sent.is_empty());
}

#[test]
fn a_conversation_without_its_full_time_does_not_start() {
	let mut http = FakeNetwork::default();
	http.serve("http://slow", |_, _| Response::never());
	let conversations = (0..6).map(|_| get("http://slow")).collect();
	// Two at a time, 1.8 s each: the second pair starts after 1.8 s, the third would after 3.6 s.
	let limits = Limits { patience: 1_800, latest: 2_200, concurrency: 2, ..LIMITS };
	let out = run(&mut http, conversations, limits);
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

impl Conversation for GetAll {
	type Out = Result<Vec<u16>, Failure>;
	fn start(&mut self) -> Step<Self::Out> {
		let request = |url: &&str| Request {
			url: (*url).into(),
			post: None,
			headers: &[],
			token: None,
			body_use: BodyUse::Keep(100_000),
		};
		Step::Send(self.0.iter().map(request).collect())
	}
	fn on_answers(&mut self, answers: Vec<Answer>) -> Step<Self::Out> {
		Step::Done(Ok(answers.iter().map(|answer| answer.status).collect()))
	}
	fn on_failure(&mut self, reason: Failure) -> Self::Out {
		Err(reason)
	}
}

#[test]
fn concurrent_requests_end_with_the_slowest_or_first_failure() {
	let network = || {
		let mut http = FakeNetwork::default();
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
		let mut http = network();
		let shown = format!("{urls:?}");
		assert_eq!(run(&mut http, vec![(0, GetAll(urls))], LIMITS), [Some(want)], "{shown}");
		assert!(http.clock < until, "{shown}: {}", http.clock);
	}
}

#[test]
fn finished_bodies_of_open_conversations_count_as_memory() {
	let mut http = FakeNetwork::default();
	http.serve("http://big", |_, _| Response::ok(1, vec![1; 90_000]));
	http.serve("http://dead", |_, _| Response::never());
	let conversations = (0..300).map(|_| (0, GetAll(vec!["http://big", "http://dead"]))).collect();
	let out = run(&mut http, conversations, Limits { concurrency: 512, ..LIMITS });
	let oversize = out.iter().filter(|o| **o == Some(Err(Failure::Oversize))).count();
	assert!((300 - MAX_KEPT / 90_000..300).contains(&oversize), "{oversize}");
}

#[test]
fn enough_outcomes_end_the_wait_for_the_others() {
	let mut http = FakeNetwork::default();
	http.serve("http://fast", |_, _| Response::ok(10, "x"));
	http.serve("http://slow", |_, _| Response::never());
	let conversations = vec![get("http://slow"), get("http://fast"), get("http://fast")];
	let out =
		run_until(&mut http, conversations, LIMITS, |_, out| out.iter().flatten().count() == 2);
	assert!(matches!(out[..], [None, Some(Ok(_)), Some(Ok(_))]));
	assert!(http.clock < 100, "{}", http.clock);
}

#[test]
fn concurrency_is_limited() {
	let mut http = FakeNetwork::default();
	http.serve("http://a", |_, _| Response::ok(100, "x"));
	let conversations = (0..64).map(|_| get("http://a")).collect();
	let out = run(&mut http, conversations, Limits { concurrency: 16, ..LIMITS });
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
fn trickling_servers_do_not_affect_healthy_ones() {
	let mut http = FakeNetwork::default();
	http.serve("http://trickle", |_, _| Response::trickle(30));
	http.serve("http://torrent", |_, _| Response::trickle(1));
	http.serve("http://dead", |_, _| Response::never());
	http.serve("http://good", |_, _| Response {
		body: [50, 60, 70].map(|at| (at, vec![1; 20_000])).into(),
		end: Some((75, Ok(()))),
		..Response::ok(50, "").header(ELAPSED_HEADER, "50000")
	});
	let mut conversations: Vec<_> =
		["http://trickle", "http://torrent"].iter().cycle().take(100).map(|url| get(url)).collect();
	conversations.extend((0..100).map(|_| get("http://dead")));
	conversations.extend((0..20).map(|_| get("http://good")));
	let out = run(&mut http, conversations, Limits { concurrency: 256, ..LIMITS });
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
fn a_stream_of_single_bytes_delays_no_other() {
	let mut http = FakeNetwork::default();
	http.serve("http://torrent", |_, _| Response::trickle(1));
	http.serve("http://good", |_, _| Response::ok(5, "x"));
	run(&mut http, vec![get("http://torrent"), (500, get("http://good").1)], LIMITS);
	assert!((500..=570).contains(&http.sent[1].0), "{}", http.sent[1].0);
}

#[test]
fn an_answer_is_awaited_until_the_patience_ends() {
	assert!(one(Response::ok(1_990, "x"), BodyUse::Keep(5)).is_ok());
	assert_eq!(one(Response::ok(2_000 + TURN, "x"), BodyUse::Keep(5)), Err(Failure::Timeout));
}

#[test]
fn memory_is_bounded_and_the_oldest_body_is_dropped_first() {
	let mut http = FakeNetwork::default();
	http.serve("http://hog", |_, _| Response { end: None, ..Response::ok(1, vec![1; 90_000]) });
	http.serve("http://good", |_, _| Response::ok(1, vec![1; 90_000]));
	let mut conversations: Vec<_> = (0..300).map(|_| get("http://hog")).collect();
	conversations.push((1_000, get("http://good").1));
	let out = run(&mut http, conversations, Limits { concurrency: 512, ..LIMITS });
	let oversize = out.iter().filter(|o| **o == Some(Err(Failure::Oversize))).count();
	assert!(oversize >= 300 - MAX_KEPT / 90_000, "{oversize}");
	assert!(matches!(&out[300], Some(Ok(_))));
}

#[test]
fn a_jump_of_the_clock_judges_no_service() {
	for to in [500, 3_900, 90_000] {
		let mut http = FakeNetwork { jump: Some((1_000, to)), ..FakeNetwork::default() };
		http.serve("http://fast", |_, _| Response::ok(10, "x"));
		http.serve("http://slow", |_, _| Response::never());
		let out = run(&mut http, vec![get("http://fast"), get("http://slow")], LIMITS);
		assert!(matches!(out[0], Some(Ok(_))));
		assert_eq!(out[1], None, "{to}");
	}
}

#[test]
fn idle_time_is_spent_asleep() {
	let mut http = FakeNetwork::default();
	http.serve("http://a", |_, _| Response::ok(1, "x"));
	let conversations = (0..4).map(|k| (k * 900, get("http://a").1)).collect();
	run(&mut http, conversations, LIMITS);
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
	/// Whatever servers do, everything ends in time and every started conversation has an outcome.
	#[test]
	fn every_conversation_ends(
		responses in proptest::collection::vec((0u64..4_000, any_response()), 0..24),
		concurrency in 1usize..8,
	) {
		let mut http = FakeNetwork::default();
		let mut conversations = Vec::new();
		let mut starts: Vec<u64> = responses.iter().map(|(at, _)| *at).collect();
		starts.sort_unstable();
		for (k, (_, response)) in responses.into_iter().enumerate() {
			let url = format!("http://{k}/");
			http.serve(&url, move |_, _| response.clone());
			conversations.push((starts[k], get(&url).1));
		}
		let count = conversations.len();
		let out = run(&mut http, conversations, Limits { concurrency, ..LIMITS });
		prop_assert_eq!(out.len(), count);
		prop_assert!(http.clock <= 4_000 + 2 * READ_TURN, "{}", http.clock);
		prop_assert_eq!(out.iter().flatten().count(), http.sent.len());
	}
}

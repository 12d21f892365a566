// SPDX-License-Identifier: Apache-2.0

#![allow(clippy::arithmetic_side_effects)]

mod simulation;
mod tip;

use super::*;
use http::StatusCode;
use proptest::prelude::*;
use std::{
	sync::Arc,
	time::{Duration, Instant},
};

const CLASS: LoadClass = LoadClass::Light;

fn ms(milliseconds: u64) -> Duration {
	Duration::from_millis(milliseconds)
}

fn state() -> Arc<ServiceState> {
	ServiceState::new(MeasureSettings::default(), CoverRates::unlimited())
}

fn candidate(account: u8, state: Arc<ServiceState>) -> Candidate {
	Candidate {
		account: [account; 32],
		price: 1.0,
		score: 1.0,
		near: true,
		discrepant: false,
		max_lag: 5,
		state,
	}
}

fn needs() -> Needs<'static> {
	Needs {
		class: CLASS,
		weight: 1,
		height: None,
		tip: None,
		without: &[],
		sticky: None,
		mirror: true,
	}
}

#[test]
fn price_and_score_move_traffic() {
	let now = Instant::now();
	let mut candidates: Vec<_> = (0..3).map(|n| candidate(n, state())).collect();
	for candidate in &candidates {
		let ticket = candidate.state.start(CLASS, 1, now);
		ticket.finish(Observed::Answer, now + ms(10));
	}
	candidates[1].price = 2.0;
	candidates[2].score = 0.6;
	let random = Random::from_seed(1);
	let mut counts = [0; 3];
	for _ in 0..300 {
		let settings = ChoiceSettings::default();
		counts[choose(&candidates, &needs(), &settings, &random, now).unwrap().index] += 1;
	}
	assert!(counts[0] > counts[2] && counts[2] > counts[1], "{counts:?}");
}

#[test]
fn filters_that_leave_nothing_are_ignored() {
	let now = Instant::now();
	let mut candidates: Vec<_> = (0..2).map(|n| candidate(n, state())).collect();
	candidates.iter_mut().for_each(|candidate| candidate.score = 0.1);
	let settings = ChoiceSettings::default();
	let random = Random::from_seed(1);
	let choice = choose(&candidates, &needs(), &settings, &random, now).unwrap();
	assert_eq!(choice.reason, Reason::Relaxed);
	candidates[1].score = 0.9;
	let choice = choose(&candidates, &needs(), &settings, &random, now).unwrap();
	assert_eq!((choice.index, choice.reason), (1, Reason::Only));
}

#[test]
fn a_service_behind_the_height_wanted_is_left_out() {
	let now = Instant::now();
	let candidates: Vec<_> = (0..3).map(|n| candidate(n, state())).collect();
	for (candidate, head) in candidates.iter().zip([100, 99, 90]) {
		candidate.state.set_head(Some(head));
	}
	let settings = ChoiceSettings::default();
	let random = Random::from_seed(1);
	for _ in 0..20 {
		let needs = Needs { height: Some(100), tip: Some(100), ..needs() };
		assert_eq!(choose(&candidates, &needs, &settings, &random, now).unwrap().index, 0);
		let needs = Needs { tip: Some(100), ..self::needs() };
		assert_ne!(choose(&candidates, &needs, &settings, &random, now).unwrap().index, 2);
	}
}

#[test]
fn no_cover_says_when_there_is_some() {
	let now = Instant::now();
	let rates = CoverRates { requests: 10.0, burst: 100.0, bytes: 1_048_576.0 };
	let one_unit = || ServiceState::new(MeasureSettings::default(), rates);
	let candidates = vec![candidate(0, one_unit())];
	for _ in 0..100 {
		drop(candidates[0].state.start(CLASS, 1, now));
	}
	let settings = ChoiceSettings::default();
	let random = Random::from_seed(1);
	let none = choose(&candidates, &needs(), &settings, &random, now);
	let Err(NoChoice::NoCover { wait }) = none else { panic!("{none:?}") };
	assert!(wait > ms(90) && wait <= ms(101), "{wait:?}");
	assert!(choose(&candidates, &needs(), &settings, &random, now + wait).is_ok());
	let all = [[0; 32]];
	let needs = Needs { without: &all, ..needs() };
	assert_eq!(choose(&candidates, &needs, &settings, &random, now), Err(NoChoice::None));
}

#[test]
fn a_session_keeps_its_service_unless_it_is_much_worse() {
	let now = Instant::now();
	let candidates: Vec<_> = (0..3).map(|n| candidate(n, state())).collect();
	let settings = ChoiceSettings::default();
	let random = Random::from_seed(1);
	let needs = Needs { sticky: Some(1), ..needs() };
	for _ in 0..20 {
		let choice = choose(&candidates, &needs, &settings, &random, now).unwrap();
		assert_eq!((choice.index, choice.reason), (1, Reason::Sticky));
	}
	let ticket = candidates[1].state.start(CLASS, 1, now);
	ticket.finish(Observed::Fault, now);
	assert_ne!(choose(&candidates, &needs, &settings, &random, now).unwrap().index, 1);
}

#[test]
fn refusals_and_cancellations_are_no_failures() {
	let now = Instant::now();
	let service = state();
	for _ in 0..50 {
		service.start(CLASS, 1, now).finish(Observed::Limited { retry_after: None }, now);
		drop(service.start(CLASS, 1, now));
	}
	let figures = service.figures(CLASS, now);
	assert_eq!((figures.gate, figures.pending), (Gate::Closed, 0));
	assert_eq!(figures.success, 1.0);
	assert_eq!(figures.latency, None);
}

#[test]
fn retry_after_is_respected() {
	let now = Instant::now();
	let candidates = vec![candidate(0, state())];
	let limited = Observed::Limited { retry_after: Some(Duration::from_secs(7)) };
	candidates[0].state.start(CLASS, 1, now).finish(limited, now);
	let settings = ChoiceSettings::default();
	let random = Random::from_seed(1);
	let none = choose(&candidates, &needs(), &settings, &random, now);
	assert_eq!(none, Err(NoChoice::NoCover { wait: Duration::from_secs(7) }));
	let later = now + Duration::from_secs(7);
	assert!(choose(&candidates, &needs(), &settings, &random, later).is_ok());
}

#[test]
fn a_breaker_opens_tries_and_closes() {
	let settings = BreakerSettings::default();
	let mut breaker = Breaker::new(settings);
	let mut now = Instant::now();
	for _ in 0..4 {
		breaker.fail(false, now);
	}
	assert_eq!(breaker.gate(now), Gate::Closed);
	breaker.fail(false, now);
	assert_eq!(breaker.gate(now), Gate::Open);
	now += settings.pause;
	assert_eq!(breaker.gate(now), Gate::Trial);
	breaker.start_trial(now);
	assert_eq!(breaker.gate(now), Gate::Open);
	breaker.fail(true, now);
	now += settings.pause;
	assert_eq!(breaker.gate(now), Gate::Open, "the pause doubles");
	now += settings.pause;
	for _ in 0..settings.trials {
		assert_eq!(breaker.gate(now), Gate::Trial);
		breaker.start_trial(now);
		breaker.succeed(true, now);
	}
	assert_eq!(breaker.gate(now), Gate::Closed);
}

#[test]
fn an_average_jumps_to_a_peak_and_forgets_it() {
	let mut average = PeakEwma::new(Duration::from_secs(5));
	let now = Instant::now();
	average.sample(ms(1), now);
	average.sample(ms(100), now);
	assert_eq!(average.get(), Some(0.1));
	for second in 1..60 {
		average.sample(ms(1), now + Duration::from_secs(second));
	}
	assert!(average.get().unwrap() < 0.0011);
	let mut penalty = Penalty::new(Duration::from_secs(2));
	penalty.double(0.25, now);
	penalty.double(0.25, now);
	assert_eq!(penalty.get(now), 0.5);
	assert_eq!(penalty.get(now + Duration::from_secs(60)), 0.0);
}

#[test]
fn a_budget_bounds_extra_requests() {
	let budget = Budget::new(0.05, 0.0, 10.0);
	let now = Instant::now();
	let mut extra = 0;
	for _ in 0..10_000 {
		budget.earn();
		extra += u32::from(budget.spend(now));
	}
	assert!((500..=510).contains(&extra), "{extra}");
}

#[test]
fn a_hedge_waits_for_the_usual_latency_and_at_least_the_floor() {
	let latencies = Latencies::default();
	let settings = HedgeSettings::default();
	assert_eq!(settings.delay(latencies.usual()), ms(200));
	for _ in 0..100 {
		latencies.record(ms(1));
	}
	assert_eq!(settings.delay(latencies.usual()), ms(100));
	for _ in 0..10_000 {
		latencies.record(ms(900));
	}
	let delay = settings.delay(latencies.usual());
	assert!(delay >= ms(900) && delay < ms(1_100), "{delay:?}");
}

#[test]
fn answers_are_judged_by_whose_fault_they_are() {
	let error = |code: i32, message: &str| {
		format!(r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":{code},"message":"{message}"}}}}"#)
	};
	let result = r#"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#.to_owned();
	for (status, body, expected) in [
		(200, result.clone(), Judgement::Found),
		(200, result.replace("\"0x1\"", "null"), Judgement::Empty),
		(500, result.clone(), Judgement::Fault),
		(200, error(3, "execution reverted"), Judgement::CallerError),
		(200, error(-32603, "VM Exception: reverted with reason"), Judgement::CallerError),
		(200, error(-32602, "invalid argument"), Judgement::CallerError),
		(200, error(-32603, "internal error"), Judgement::Suspect),
		(200, error(-32000, "header not found"), Judgement::Suspect),
		(200, error(-32601, "the method x does not exist/is not available"), Judgement::Suspect),
		(500, error(-32000, "insufficient funds"), Judgement::CallerError),
		(503, error(-32000, "insufficient funds"), Judgement::Fault),
		(200, "<html>".into(), Judgement::Fault),
		(402, "{}".into(), Judgement::Refused),
	] {
		let status = StatusCode::from_u16(status).unwrap();
		let answer = crate::rpc::answer(body.as_bytes());
		assert_eq!(judge(status, None, answer.as_ref()), expected, "{body}");
	}
	assert_eq!(
		judge(StatusCode::TOO_MANY_REQUESTS, Some("3"), None),
		Judgement::Limited { retry_after: Some(Duration::from_secs(3)) }
	);
}

#[test]
fn numbers_are_ranked_by_value_in_either_notation() {
	let hex: [&[u8]; 4] = [br#""0x9""#, br#""0x00a""#, br#""0x10""#, b"null"];
	assert_eq!(maximum(&hex), Some(2));
	assert_eq!(median(&hex), Some(1));
	assert_eq!(maximum(&[b"9", b"10"]), Some(1));
	assert_eq!(median(&[b"null", b"{}"]), None);
	let large: [&[u8]; 2] =
		[br#""0xffffffffffffffffffffffffffffffff""#, br#""0x1ffffffffffffffffffffffffffffffff""#];
	assert_eq!(maximum(&large), Some(1));
}

#[test]
fn results_are_compared_by_meaning() {
	for (a, b, expected) in [
		(r#"{"a":"0xAB","b":1}"#, r#"{"b":1,"a":"0xab","c":null}"#, Some(true)),
		(r#"{"a":1}"#, r#"{"a":2}"#, Some(false)),
		("[1,2]", "[2,1]", Some(false)),
		(r#""AB""#, r#""ab""#, Some(false)),
		("{}", r#"{"a":1}"#, Some(false)),
		("[", "[]", None),
	] {
		assert_eq!(same(a.as_bytes(), b.as_bytes()), expected, "{a} {b}");
	}
	assert_eq!(outvoted([b"1", b"2", b"1"]), Some(1));
	assert_eq!(outvoted([b"1", b"2", b"3"]), None);
	assert_eq!(outvoted([b"1", b"1", b"1"]), None);
}

proptest! {
	#[test]
	fn bucket_totals_are_those_of_the_span(
		steps in prop::collection::vec((0..3_000u64, any::<bool>()), 1..200)
	) {
		let span = Duration::from_secs(10);
		let mut buckets = Buckets::new(span);
		let mut now = Instant::now();
		let mut events = Vec::new();
		for (wait, first) in steps {
			now += ms(wait);
			if first { buckets.add_first(now) } else { buckets.add_second(now) }
			events.push((now, first));
			let (a, b) = buckets.totals(now);
			let within = |first: bool, span: Duration| {
				events.iter().filter(|(at, kind)| *kind == first && now - *at < span).count() as u32
			};
			// Exact up to the length of one bucket.
			prop_assert!(a <= within(true, span + ms(1)) && a >= within(true, span - ms(1_000)));
			prop_assert!(b <= within(false, span + ms(1)) && b >= within(false, span - ms(1_000)));
		}
	}

	#[test]
	fn a_choice_is_never_an_operator_that_was_asked(
		asked in prop::collection::vec(0..4u8, 0..4),
		faults in prop::collection::vec(0..4usize, 0..60),
		seed: u64,
	) {
		let now = Instant::now();
		let candidates: Vec<_> = (0..4).map(|n| candidate(n, state())).collect();
		for index in faults {
			candidates[index].state.start(CLASS, 1, now).finish(Observed::Fault, now);
		}
		let without: Vec<Account> = asked.iter().map(|n| [*n; 32]).collect();
		let needs = Needs { without: &without, ..needs() };
		let random = Random::from_seed(seed);
		let choice = choose(&candidates, &needs, &ChoiceSettings::default(), &random, now);
		match choice {
			Ok(choice) => prop_assert!(!asked.contains(&(choice.index as u8))),
			Err(_) => prop_assert!((0..4).all(|n| asked.contains(&n))),
		}
	}
}

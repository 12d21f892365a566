// SPDX-License-Identifier: Apache-2.0

#![allow(clippy::arithmetic_side_effects)]

use super::*;
use http::StatusCode;
use proptest::prelude::*;
use std::{
	collections::BinaryHeap,
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

/// Behaviour of an operator in a simulation.
#[derive(Clone, Copy)]
enum Behaviour {
	/// Answers after a latency.
	Answers(Duration),
	/// Fails at once.
	Fails,
	/// Fails at once in a share of the requests.
	FailsAtTimes(f64),
	/// Answers quickly until a time, then refuses connections.
	DiesAt(Duration),
}

/// Result of a simulation.
#[derive(Debug, Default)]
struct Totals {
	/// Requests sent to each operator, mirrored ones included.
	sent: Vec<u32>,
	/// Requests of callers whose last attempt each operator failed.
	failed: u32,
	/// Latencies of callers, in microseconds.
	latencies: Vec<u64>,
}

impl Totals {
	fn share(&self, index: usize) -> f64 {
		f64::from(self.sent[index]) / f64::from(self.sent.iter().sum::<u32>())
	}

	fn p99(&mut self) -> u64 {
		self.latencies.sort_unstable();
		self.latencies[self.latencies.len() * 99 / 100]
	}
}

/// End of a request under way, ordered by time.
struct End {
	at: Instant,
	ticket: Ticket,
	observed: Observed,
}

impl PartialEq for End {
	fn eq(&self, other: &Self) -> bool {
		self.at == other.at
	}
}
impl Eq for End {}
impl PartialOrd for End {
	fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
		Some(self.cmp(other))
	}
}
impl Ord for End {
	fn cmp(&self, other: &Self) -> std::cmp::Ordering {
		other.at.cmp(&self.at)
	}
}

struct Simulation {
	candidates: Vec<Candidate>,
	behaviours: Vec<Behaviour>,
	settings: ChoiceSettings,
	random: Random,
	start: Instant,
	ends: BinaryHeap<End>,
	totals: Totals,
}

impl Simulation {
	fn new(behaviours: &[Behaviour]) -> Self {
		Self {
			candidates: (0..behaviours.len()).map(|n| candidate(n as u8, state())).collect(),
			behaviours: behaviours.to_vec(),
			settings: ChoiceSettings::default(),
			random: Random::from_seed(7),
			start: Instant::now(),
			ends: BinaryHeap::new(),
			totals: Totals { sent: vec![0; behaviours.len()], ..Totals::default() },
		}
	}

	/// Send to a candidate; returns the latency and the success.
	fn send(&mut self, index: usize, now: Instant) -> (Duration, bool) {
		self.totals.sent[index] += 1;
		let (latency, ok) = match self.behaviours[index] {
			// A spread of 20 %.
			Behaviour::Answers(latency) => {
				(latency.mul_f64(0.9 + self.random.below(200) as f64 / 1_000.0), true)
			},
			Behaviour::Fails => (Duration::from_micros(100), false),
			Behaviour::FailsAtTimes(share) => {
				if self.random.chance(share) {
					(Duration::from_micros(100), false)
				} else {
					(ms(1), true)
				}
			},
			Behaviour::DiesAt(time) => (ms(1), now < self.start + time),
		};
		let observed = if ok { Observed::Answer } else { Observed::Fault };
		let ticket = self.candidates[index].state.start(CLASS, 1, now);
		self.ends.push(End { at: now + latency, ticket, observed });
		(latency, ok)
	}

	/// Requests at a rate for a time, each with up to three attempts.
	fn run(mut self, per_second: u64, seconds: u64) -> Totals {
		for number in 0..per_second * seconds {
			let begin = self.start + Duration::from_micros(number * 1_000_000 / per_second);
			let mut now = begin;
			let mut without = Vec::new();
			let mut done = false;
			for _ in 0..3 {
				while self.ends.peek().is_some_and(|end| end.at <= now) {
					let end = self.ends.pop().unwrap();
					end.ticket.finish(end.observed, end.at);
				}
				let needs = Needs { without: &without, mirror: without.is_empty(), ..needs() };
				let Ok(choice) =
					choose(&self.candidates, &needs, &self.settings, &self.random, now)
				else {
					break;
				};
				if let Some(mirror) = choice.mirror {
					self.send(mirror, now);
				}
				let (latency, ok) = self.send(choice.index, now);
				now += latency;
				without.push(self.candidates[choice.index].account);
				if ok {
					done = true;
					break;
				}
			}
			self.totals.failed += u32::from(!done);
			self.totals.latencies.push(now.duration_since(begin).as_micros() as u64);
		}
		self.totals
	}
}

#[test]
fn healthy_operators_share_the_traffic() {
	let answers = Behaviour::Answers(ms(2));
	let totals = Simulation::new(&[answers, answers, answers]).run(1_000, 20);
	for index in 0..3 {
		assert!((0.15..=0.65).contains(&totals.share(index)), "{:?}", totals.sent);
	}
	assert_eq!(totals.failed, 0);
}

#[test]
fn a_slow_operator_gets_its_floor_and_no_caller_waits() {
	let (fast, slow) = (Behaviour::Answers(ms(2)), Behaviour::Answers(ms(20)));
	let mut healthy = Simulation::new(&[fast, fast, fast]).run(1_000, 20);
	let mut totals = Simulation::new(&[fast, fast, slow]).run(1_000, 20);
	assert!((0.008..0.02).contains(&totals.share(2)), "{:?}", totals.sent);
	assert!(totals.p99() <= healthy.p99() * 2);
}

#[test]
fn fast_errors_get_under_two_percent() {
	let fast = Behaviour::Answers(ms(2));
	let totals = Simulation::new(&[fast, fast, Behaviour::Fails]).run(1_000, 20);
	assert!(totals.share(2) < 0.02, "{:?}", totals.sent);
	assert_eq!(totals.failed, 0);
}

#[test]
fn an_operator_that_fails_at_times_gets_little() {
	let fast = Behaviour::Answers(ms(2));
	let totals = Simulation::new(&[fast, fast, Behaviour::FailsAtTimes(0.3)]).run(1_000, 20);
	assert!(totals.share(2) < 0.1, "{:?}", totals.sent);
	assert_eq!(totals.failed, 0);
}

#[test]
fn no_request_fails_when_one_of_three_dies() {
	let fast = Behaviour::Answers(ms(2));
	let totals =
		Simulation::new(&[fast, fast, Behaviour::DiesAt(Duration::from_secs(5))]).run(1_000, 20);
	assert_eq!(totals.failed, 0);
}

#[test]
fn an_operator_keeps_below_its_cap_while_others_are_as_good() {
	let totals =
		Simulation::new(&[Behaviour::Answers(ms(2)), Behaviour::Answers(ms(3))]).run(1_000, 20);
	assert!(totals.share(0) <= 0.67, "{:?}", totals.sent);
	// Not for the price of making callers wait.
	let totals =
		Simulation::new(&[Behaviour::Answers(ms(2)), Behaviour::Answers(ms(40))]).run(100, 20);
	assert!(totals.share(0) > 0.9, "{:?}", totals.sent);
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
		let needs = Needs { tip: Some(100), ..super::tests::needs() };
		assert_ne!(choose(&candidates, &needs, &settings, &random, now).unwrap().index, 2);
	}
}

#[test]
fn no_cover_says_when_there_is_some() {
	let now = Instant::now();
	let one_unit = || ServiceState::new(MeasureSettings::default(), CoverRates::rpc(1));
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
	assert_eq!(latencies.delay(&settings), ms(200));
	for _ in 0..100 {
		latencies.record(ms(1));
	}
	assert_eq!(latencies.delay(&settings), ms(100));
	for _ in 0..10_000 {
		latencies.record(ms(900));
	}
	let delay = latencies.delay(&settings);
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
		assert_eq!(judge(status, None, body.as_bytes()), expected, "{body}");
	}
	assert_eq!(
		judge(StatusCode::TOO_MANY_REQUESTS, Some("3"), b""),
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

fn settings() -> TipSettings {
	TipSettings::for_block_time(Duration::from_secs(6))
}

#[test]
fn a_tip_waits_for_most_operators_at_first() {
	let mut tip = Tip::new(settings());
	let now = Instant::now();
	assert_eq!(tip.report([9; 32], 1_000_000, 3, now), None);
	assert_eq!(tip.report([1; 32], 100, 3, now), Some(100));
	// An operator alone is served after a while.
	let mut tip = Tip::new(settings());
	assert_eq!(tip.report([1; 32], 100, 3, now), None);
	assert_eq!(tip.report([1; 32], 100, 3, now + Duration::from_secs(3)), Some(100));
}

#[test]
fn a_tip_follows_a_chain_that_was_reset() {
	let mut tip = Tip::new(settings());
	let mut now = Instant::now();
	tip.report([1; 32], 1_000, 2, now);
	assert_eq!(tip.report([2; 32], 1_000, 2, now), Some(1_000));
	for height in 0..10 {
		now += Duration::from_secs(6);
		tip.report([1; 32], height, 2, now);
		assert_eq!(tip.report([2; 32], height, 2, now), Some(1_000));
	}
	for height in 10..13 {
		now += Duration::from_secs(6);
		tip.report([1; 32], height, 2, now);
		tip.report([2; 32], height, 2, now);
	}
	assert_eq!(tip.served(), Some(12));
}

#[test]
fn an_operator_that_stands_still_does_not_hold_the_tip() {
	let mut tip = Tip::new(settings());
	let mut now = Instant::now();
	for height in 100..130 {
		tip.report([1; 32], 100, 2, now);
		tip.report([2; 32], height, 2, now);
		now += Duration::from_secs(6);
	}
	assert!(tip.served().unwrap() >= 125, "{:?}", tip.served());
}

#[test]
fn sessions_see_what_a_fast_operator_showed_but_no_lie() {
	let sessions = Sessions::new(10, Duration::from_secs(60));
	let session = sessions.get(1);
	session.saw(105);
	assert_eq!(session.latest(100, 106), 105);
	session.saw(1_000_000);
	assert_eq!(session.latest(100, 106), 106);
	assert_eq!(sessions.get(1).height(), 1_000_000);
	assert_eq!(sessions.get(2).height(), 0);
}

proptest! {
	/// Two honest operators within a block of the chain and one liar, in any order.
	#[test]
	fn one_liar_of_three_never_moves_the_tip(
		lies in prop::collection::vec(prop_oneof![any::<u64>(), 0..2_000u64], 60),
		late in prop::collection::vec((0..2u64, 0..2u64, 0..3usize), 60),
	) {
		let mut tip = Tip::new(settings());
		let mut now = Instant::now();
		let mut last = 0;
		for (step, (lie, (one, two, place))) in lies.into_iter().zip(late).enumerate() {
			let height = 1_000 + step as u64;
			let mut reports = vec![([1; 32], height - one), ([2; 32], height - two)];
			reports.insert(place, ([3; 32], lie));
			for (account, height) in reports {
				tip.report(account, height, 3, now);
			}
			let served = tip.served().unwrap();
			prop_assert!(served <= height, "{} above {}", served, height);
			prop_assert!(served + 4 >= height, "{} far below {}", served, height);
			prop_assert!(served >= last, "time went back");
			last = served;
			now += Duration::from_secs(6);
		}
	}

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

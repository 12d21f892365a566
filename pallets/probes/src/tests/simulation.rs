// SPDX-License-Identifier: Apache-2.0

//! Simulation of probers of every kind side by side: the reward of each, its neglect, and the
//! verdicts on the market that they report on.
//!
//! 100 probers and 50 services of 20 operators that fail at any moment. A probe starts at random
//! within the first four fifths of a round, so honest probers do not all see an outage in the same
//! round. The environment variable `ROUNDS` is the length of each simulation. Run with
//! `--no-capture` to see the tables.

use super::judging::blank;
use crate::{mock::up, *};
use surety_primitives::{WindowTerms, report::Finding, tiers};

const PROBERS: usize = 100;
const SERVICES: usize = 50;
/// Number of operators: the first has 12 services, the others two each.
const OPERATORS: usize = 20;
const WINDOW: u32 = 1_440;
const SESSION: u32 = 240;
/// Part of a round in which probes start.
const SPAN: f64 = 0.8;
/// Mean number of rounds that a service is up and down at a time.
const UP_FOR: f64 = 720.0;
const DOWN_FOR: f64 = 8.0;
const UPTIMES: [u32; 4] = [9_990, 9_950, 9_900, 9_800];
/// Service of which liars report the opposite.
const VICTIM: usize = 30;
/// Shares as they are in production.
const RULE: DutyRule =
	DutyRule { min_share: Perbill::from_percent(80), min_caught: Perbill::from_percent(60) };

/// Findings of all services, as a report has them.
type Report = [u8; SERVICES];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
	/// Probes everything.
	Honest,
	/// Reports the majority of the round before.
	Copier,
	/// Reports all up.
	AlwaysUp,
	/// Probes a third of the services, another one each round, and copies the rest.
	Rational,
	/// Probes everything, and reports the opposite of one service.
	Liar,
}
const KINDS: [Kind; 5] = [Kind::Honest, Kind::Copier, Kind::AlwaysUp, Kind::Rational, Kind::Liar];

/// Deterministic source of numbers.
struct Random(u64);
impl Random {
	/// Number from 0 to 1.
	fn unit(&mut self) -> f64 {
		self.0 ^= self.0 << 13;
		self.0 ^= self.0 >> 7;
		self.0 ^= self.0 << 17;
		(self.0 >> 11) as f64 / (1u64 << 53) as f64
	}
	/// Exponentially distributed time with this mean.
	fn wait(&mut self, mean: f64) -> f64 {
		-mean * (1.0 - self.unit()).ln()
	}
}

fn operator_of(service: usize) -> u32 {
	let first = SERVICES - 2 * (OPERATORS - 1);
	if service < first { 0 } else { 1 + (service - first) as u32 / 2 }
}

/// True state of a service. Times are in rounds.
struct Service {
	up: bool,
	/// Time of the next change.
	next: f64,
	/// Round of the last change that no verdict shows yet.
	unseen: Option<u32>,
	/// Rounds of the window in which no probe can have found the service up, and in which some
	/// probe can have found it down.
	sure: u16,
	possible: u16,
}

/// Course of a service in one round: the state at the beginning, and the times of its changes.
struct Course {
	up: bool,
	changes: Vec<f64>,
}
impl Course {
	fn is_up_at(&self, time: f64) -> bool {
		self.up
			== self.changes.iter().take_while(|change| **change <= time).count().is_multiple_of(2)
	}
	/// True if all probes find the same.
	fn is_steady(&self, round: u32) -> bool {
		self.changes.iter().all(|change| *change >= f64::from(round) + SPAN)
	}
}

impl Service {
	fn live(&mut self, round: u32, random: &mut Random) -> Course {
		let mut course = Course { up: self.up, changes: Vec::new() };
		while self.next < f64::from(round) + 1.0 {
			course.changes.push(self.next);
			self.up = !self.up;
			self.next += random.wait(if self.up { UP_FOR } else { DOWN_FOR });
			self.unseen = Some(round);
		}
		course
	}
}

fn byte(up_now: bool) -> u8 {
	if up_now { up() } else { Finding::Down }.to_byte()
}

/// Results of all probers of a kind.
#[derive(Clone, Copy, Default)]
struct Account {
	sessions: u32,
	earned: f64,
	tally: DutyTally,
}
impl Account {
	fn note(&mut self, tally: &DutyTally) {
		self.sessions += 1;
		self.earned += f64::from(tally.earned(RULE).deconstruct()) / 1e9;
		self.tally.add(tally);
	}
	fn earned(&self) -> f64 {
		self.earned / f64::from(self.sessions.max(1))
	}
}

/// Results of the market.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Market {
	breaches: u32,
	/// Tiers above the possible ones, and below the certain ones.
	false_breaches: u32,
	missed_breaches: u32,
	/// Verdicts against what all honest probers see.
	invented: u32,
	hidden: u32,
	/// Changes found in their round, in the next one, and later.
	found: [u32; 3],
	/// Changes undone in the same round.
	fleeting: u32,
}

struct Simulation {
	kinds: Vec<Kind>,
	random: Random,
	services: Vec<Service>,
	rows: Vec<Row<u64>>,
	reports: Vec<Report>,
	/// Report of a round in which all probes find the same as the majority of the round before.
	calm: Option<Report>,
	/// Majority of the round before.
	majority: Report,
	targets: Vec<Option<DueTarget>>,
	/// Input and result of the last folding: most rounds are the same again.
	last: Option<(Vec<Report>, Vec<Option<DueTarget>>, Vec<FoldedVerdict>, Vec<DutyTally>)>,
	duty: Vec<DutyTally>,
	accounts: [Account; KINDS.len()],
	market: Market,
}

impl Simulation {
	/// Set up a simulation with so many probers of these kinds. All others are honest.
	fn new(others: &[(Kind, usize)]) -> Self {
		let others: Vec<Kind> = others.iter().flat_map(|(kind, n)| vec![*kind; *n]).collect();
		let honest = vec![Kind::Honest; PROBERS - others.len()];
		let mut random = Random(0x5eed_5eed_5eed);
		let services = (0..SERVICES).map(|_| Service {
			up: true,
			next: random.wait(UP_FOR),
			unseen: None,
			sure: 0,
			possible: 0,
		});
		let services = services.collect();
		let (row, _) = blank(true);
		let rows = (0..SERVICES).map(|service| {
			let uptime = Perbill::from_rational(UPTIMES[service % UPTIMES.len()], 10_000);
			let allowance =
				BreachKind::COUNTED.map(|kind| tiers::allowance(kind, uptime, WINDOW as u16));
			Row { terms: WindowTerms { allowance, multiplier: 1 }, ..row.clone() }
		});
		let target = |service| DueTarget { operator: operator_of(service), ..DueTarget::default() };
		Self {
			kinds: [honest, others].concat(),
			random,
			services,
			rows: rows.collect(),
			reports: vec![[0; SERVICES]; PROBERS],
			calm: None,
			majority: [byte(true); SERVICES],
			targets: (0..SERVICES).map(|service| Some(target(service))).collect(),
			last: None,
			duty: vec![DutyTally::default(); PROBERS],
			accounts: Default::default(),
			market: Market::default(),
		}
	}

	fn run(mut self, rounds: u32) -> ([Account; KINDS.len()], Market) {
		for round in 1..=rounds {
			if round.is_multiple_of(WINDOW) {
				self.close_window(round / WINDOW);
			}
			let courses: Vec<Course> = self
				.services
				.iter_mut()
				.map(|service| service.live(round, &mut self.random))
				.collect();
			self.report(round, &courses);
			self.fold();
			self.judge(round, &courses);
			if round.is_multiple_of(SESSION) {
				for (kind, tally) in self.kinds.iter().zip(&mut self.duty) {
					self.accounts[*kind as usize].note(&core::mem::take(tally));
				}
			}
		}
		(self.accounts, self.market)
	}

	fn close_window(&mut self, window: u32) {
		for (row, service) in self.rows.iter_mut().zip(&mut self.services) {
			self.market.breaches += u32::from(row.tiers[0].is_some());
			row.reset(window);
			(service.sure, service.possible) = (0, 0);
		}
	}

	fn report(&mut self, round: u32, courses: &[Course]) {
		let mut steady: Report = [0; SERVICES];
		let mut changing = Vec::new();
		for (service, course) in courses.iter().enumerate() {
			steady[service] = byte(course.up);
			if !course.is_steady(round) {
				changing.push(service);
			}
		}
		let calm = Some(steady).filter(|steady| changing.is_empty() && *steady == self.majority);
		// Then all reports are those of the round before.
		if calm.is_some() && calm == self.calm {
			return;
		}
		self.calm = calm;
		for (prober, kind) in self.kinds.iter().enumerate() {
			let mut seen = steady;
			for service in &changing {
				let start = f64::from(round) + SPAN * self.random.unit();
				seen[*service] = byte(courses[*service].is_up_at(start));
			}
			match kind {
				Kind::Honest => (),
				Kind::Copier => seen = self.majority,
				Kind::AlwaysUp => seen = [byte(true); SERVICES],
				Kind::Rational => {
					for service in (0..SERVICES)
						.filter(|service| !(service + prober + round as usize).is_multiple_of(3))
					{
						seen[service] = self.majority[service];
					}
				},
				Kind::Liar => seen[VICTIM] = byte(seen[VICTIM] != byte(true)),
			}
			self.reports[prober] = seen;
		}
	}

	/// Fold the reports, unless they are those of the round before.
	fn fold(&mut self) {
		let same = self.last.as_ref().is_some_and(|(reports, targets, ..)| {
			targets == &self.targets && reports == &self.reports
		});
		if !same {
			let mut votes = Votes {
				committed: (0..PROBERS as u8).fold(0, |mask, prober| mask | bit(prober)),
				reports: self.reports.iter().map(|report| Some(report.as_slice())).collect(),
				blind: 0,
			};
			votes.find_blind(SERVICES, || (0..SERVICES).map(|s| Some(operator_of(s))).collect());
			let mut duty = votes.attendance();
			let verdicts = votes.fold_page(0, &self.targets, &mut duty);
			for (service, majority) in self.majority.iter_mut().enumerate() {
				let ups =
					self.reports.iter().filter(|report| report[service] == byte(true)).count();
				*majority = byte(2 * ups >= PROBERS);
			}
			self.last = Some((self.reports.clone(), self.targets.clone(), verdicts, duty));
		}
		let Some((.., duty)) = &self.last else { return };
		for (sum, round) in self.duty.iter_mut().zip(duty) {
			sum.add(round);
		}
	}

	fn judge(&mut self, round: u32, courses: &[Course]) {
		let context = RoundContext {
			round,
			window_rounds: WINDOW as u16,
			round_blocks: 10,
			stalled: false,
			active: true,
			health: Default::default(),
		};
		let Some((_, _, verdicts, _)) = &self.last else { return };
		let market = &mut self.market;
		for (at, folded) in verdicts.iter().enumerate() {
			let (row, service, course) = (&mut self.rows[at], &mut self.services[at], &courses[at]);
			let verdict = row.judge(&context, *folded).verdict;
			if let Some(target) = &mut self.targets[at] {
				target.before = Some(verdict);
			}
			let (is_up, is_down) =
				(matches!(verdict, Verdict::Up { .. }), verdict == Verdict::Down);
			let steady = course.is_steady(round);
			market.invented += u32::from(steady && course.up && !is_up);
			market.hidden += u32::from(steady && !course.up && !is_down);
			service.sure += u16::from(steady && !course.up);
			service.possible += u16::from(!steady || !course.up);
			let reached =
				|rounds: u16| tiers::reached(rounds, row.terms.allowance[0], context.window_rounds);
			market.missed_breaches += u32::from(row.tiers[0] < reached(service.sure));
			market.false_breaches += u32::from(row.tiers[0] > reached(service.possible));
			market.false_breaches += u32::from(row.tiers[1].is_some() || row.tiers[2].is_some());
			// A change is found as soon as the verdict shows the present state.
			if let Some(since) = service.unseen
				&& (if service.up { is_up } else { is_down })
			{
				let late = round - since;
				if late == 0 && course.changes.len().is_multiple_of(2) {
					market.fleeting += 1;
				} else {
					market.found[(late as usize).min(2)] += 1;
				}
				service.unseen = None;
			}
		}
	}
}

fn percent(part: u64, whole: u64) -> f64 {
	if whole == 0 { 100.0 } else { 100.0 * part as f64 / whole as f64 }
}

/// Simulate a market with so many probers of these kinds, and print a line for each kind.
fn simulate(others: &[(Kind, usize)], rounds: u32) -> ([Account; KINDS.len()], Market) {
	let simulation = Simulation::new(others);
	let numbers = KINDS.map(|kind| simulation.kinds.iter().filter(|of| **of == kind).count());
	let (accounts, market) = simulation.run(rounds);
	let honest = accounts[0].earned();
	for ((kind, n), account) in
		KINDS.iter().zip(numbers).zip(&accounts).filter(|((_, n), _)| *n > 0)
	{
		let DutyTally { judged, agreed, fell, fell_caught, rose, rose_caught, .. } = account.tally;
		println!(
			"{:<9} {n:>4} {:>7.1} {:>10.2} {:>9.1} {:>9.1} {:>8.1}",
			format!("{kind:?}"),
			100.0 * account.earned() / honest,
			percent(agreed, judged),
			percent(fell_caught, fell),
			percent(rose_caught, rose),
			(fell + rose) as f64 / (SHARE as f64) / f64::from(account.sessions),
		);
	}
	let Market { breaches, false_breaches, missed_breaches, invented, hidden, found, fleeting } =
		market;
	let all: u32 = found.iter().sum();
	let share = |at: usize| percent(found[at].into(), all.into());
	println!(
		"          windows in breach {breaches}, false {false_breaches}, missed {missed_breaches}; \
		 verdicts invented {invented}, hidden {hidden}; of {all} changes found at once {:.1} %, \
		 a round late {:.1} %, later {}; {fleeting} fleeting\n",
		share(0),
		share(1),
		found[2],
	);
	(accounts, market)
}

#[test]
fn work_is_paid_and_lies_change_no_verdict() {
	let rounds: u32 =
		std::env::var("ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(4 * WINDOW);
	println!("{PROBERS} probers, {SERVICES} services of {OPERATORS} operators, {rounds} rounds");
	println!(
		"{:<9} {:>4} {:>7} {:>10} {:>9} {:>9} {:>8}",
		"prober", "n", "earned", "agreement", "fell", "rose", "changes"
	);
	println!("{:>22} {:>10} {:>9} {:>9} {:>8}", "% of honest", "%", "caught %", "caught %", "a s.");
	use Kind::*;
	let mut markets: Vec<Vec<(Kind, usize)>> = vec![vec![]];
	for kind in [Copier, AlwaysUp, Rational, Liar] {
		markets.extend([1, 10, 20, 33].map(|n| vec![(kind, n)]));
	}
	markets.push(vec![(Copier, 8), (AlwaysUp, 8), (Rational, 8), (Liar, 9)]);
	for others in markets {
		let (accounts, market) = simulate(&others, rounds);
		let Market { breaches, false_breaches, missed_breaches, invented, hidden, found, .. } =
			market;
		assert!(breaches > 0);
		assert_eq!((false_breaches, missed_breaches, invented, hidden), (0, 0, 0, 0), "{others:?}");
		assert_eq!(found[2], 0, "every change is found within a round, {others:?}");
		let of = |kind: Kind| &accounts[kind as usize];
		let honest = of(Honest);
		assert!(honest.earned() > 0.75, "{others:?}");
		for (kind, _) in &others {
			let earned = of(*kind).earned() / honest.earned();
			match kind {
				Copier | AlwaysUp => assert!(earned == 0.0, "{others:?}"),
				Rational => assert!(earned < 0.1, "{others:?}"),
				// A liar does all the work, and gains nothing by the lie.
				Liar => assert!(earned <= 1.0, "{others:?}"),
				Honest => (),
			}
		}
	}
}

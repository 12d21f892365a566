// SPDX-License-Identifier: Apache-2.0

//! Probers that lie, alone or together: no false breach, and none missed.

use crate::{mock::*, *};
use surety_primitives::{Severity, WindowTerms, report::Finding, tiers};

const DOWN: Finding = Finding::Down;
const LIAR: u16 = 3;

/// Run four windows in which 1 of 4 probers lies. Service 1 is always up, service 2 has an outage
/// in the third window, service 3 answers wrong in the fourth, service 4 is idle. The liar knows
/// what the honest probers see.
fn one_of_four(attends: Attend, lie: impl Fn(u32, Finding) -> Finding) {
	build_and_execute(4, || {
		for service in 1..=4 {
			list(service, service.into());
		}
		for service in 1..=3 {
			activate(service).unwrap();
		}
		let truth = |round: u32, service: u32| match service {
			2 if (25..=30).contains(&round) => DOWN,
			3 if (38..=40).contains(&round) => Finding::Bad(ms(50)),
			_ => up(),
		};
		run_rounds_with(
			50,
			|prober, _| if prober == LIAR { attends } else { Attend::Fully },
			|prober, round, service| {
				let truth = truth(round, service);
				if prober == LIAR { lie(round, truth) } else { truth }
			},
		);
		let breaches: Vec<_> =
			Tiers::get().into_iter().map(|(t, b)| (t, b.round, b.kind, b.severity)).collect();
		use BreachKind::*;
		use Severity::*;
		assert_eq!(
			breaches,
			vec![
				(listed(2), 26, Downtime, Low),
				(listed(2), 27, Downtime, Medium),
				(listed(2), 30, Downtime, High),
				(listed(3), 39, BadData, Low),
				(listed(3), 40, BadData, Medium),
			]
		);
		// No lie stopped a meter: all other rounds are billed.
		assert_eq!([1, 2, 3].map(|s| row(s).meter.blocks), [48 * 5, 42 * 5, 45 * 5]);
	});
}

fn liar_duty() -> DutyTally {
	Probes::duty(account(LIAR)).unwrap()
}

/// Check the duty of a liar after ten judged rounds in which one service of four is down.
fn with_duty(
	attends: Attend,
	lie: impl Fn(u32, Finding) -> Finding,
	check: impl FnOnce(DutyTally),
) {
	build_and_execute(4, || {
		for service in 1..=4 {
			list(service, service.into());
			activate(service).unwrap();
		}
		run_rounds_with(
			12,
			|prober, _| if prober == LIAR { attends } else { Attend::Fully },
			|prober, round, service| {
				let truth = if service == 2 { DOWN } else { up() };
				if prober == LIAR { lie(round, truth) } else { truth }
			},
		);
		let honest = Probes::duty(account(0)).unwrap();
		let all = 40 * SHARE;
		assert_eq!(
			(honest.rounds, honest.accepted, honest.judged, honest.agreed),
			(10, 10, all, all)
		);
		check(liar_duty());
		end_session();
		Offences::take();
	});
}

#[test]
fn a_liar_that_reports_all_down_changes_nothing() {
	one_of_four(Attend::Fully, |_, _| DOWN);
	with_duty(
		Attend::Fully,
		|_, _| DOWN,
		|duty| {
			assert_eq!(
				(duty.rounds, duty.revealed, duty.accepted),
				(10, 10, 0),
				"its reports are blind"
			);
		},
	);
}

#[test]
fn a_liar_that_reports_all_up_changes_nothing() {
	one_of_four(Attend::Fully, |_, _| up());
	with_duty(
		Attend::Fully,
		|_, _| up(),
		|duty| {
			assert_eq!((duty.accepted, duty.judged, duty.agreed), (10, 40 * SHARE, 30 * SHARE));
		},
	);
}

#[test]
fn a_liar_that_reports_the_opposite_changes_nothing() {
	let opposite = |_: u32, truth: Finding| if truth == DOWN { up() } else { Finding::Bad(ms(1)) };
	one_of_four(Attend::Fully, opposite);
	with_duty(Attend::Fully, opposite, |duty| {
		assert_eq!((duty.accepted, duty.judged, duty.agreed), (10, 40 * SHARE, 0));
	});
}

#[test]
fn a_liar_that_abstains_changes_nothing() {
	one_of_four(Attend::Fully, |_, _| Finding::Abstained);
	with_duty(
		Attend::Fully,
		|_, _| Finding::Abstained,
		|duty| {
			let tally = (duty.accepted, duty.judged, duty.agreed);
			assert_eq!(tally, (10, 40 * SHARE, 0), "abstaining earns nothing");
		},
	);
}

#[test]
fn a_liar_that_doubts_everything_changes_nothing() {
	one_of_four(Attend::Fully, |_, _| Finding::InDoubt);
	with_duty(
		Attend::Fully,
		|_, _| Finding::InDoubt,
		|duty| assert_eq!((duty.accepted, duty.judged, duty.agreed), (10, 40 * SHARE, 0)),
	);
}

#[test]
fn a_liar_that_misses_every_proof_changes_nothing() {
	one_of_four(Attend::Fully, |_, _| Finding::NoProof);
	assert!(Proofs::get().is_empty());
}

#[test]
fn a_liar_that_skips_everything_changes_nothing() {
	one_of_four(Attend::Fully, |_, _| Finding::Skipped);
	with_duty(
		Attend::Fully,
		|_, _| Finding::Skipped,
		|duty| assert_eq!((duty.judged, duty.agreed), (40 * SHARE, 0)),
	);
}

#[test]
fn a_liar_that_reports_all_slow_changes_nothing() {
	one_of_four(
		Attend::Fully,
		|_, truth| if truth == up() { Finding::Up(ms(9_000)) } else { truth },
	);
}

#[test]
fn a_prober_that_never_reveals_changes_nothing() {
	one_of_four(Attend::CommitOnly, |_, truth| truth);
	with_duty(
		Attend::CommitOnly,
		|_, truth| truth,
		|duty| {
			assert_eq!((duty.rounds, duty.committed, duty.revealed, duty.accepted), (10, 10, 0, 0));
		},
	);
}

#[test]
fn a_prober_that_never_commits_changes_nothing() {
	one_of_four(Attend::Not, |_, truth| truth);
	with_duty(
		Attend::Not,
		|_, truth| truth,
		|duty| {
			assert_eq!((duty.rounds, duty.committed, duty.accepted), (10, 0, 0));
		},
	);
}

#[test]
fn a_copied_commit_cannot_be_revealed() {
	build_and_execute(4, || {
		list_active(1, 1);
		list(2, 2);
		let mut copied = 0;
		for _ in 0..10 {
			next_round();
			next_block();
			let now = round();
			for prober in 0..3 {
				commit(now, prober, report_of(now, &|_| up())).unwrap();
			}
			// The liar takes the hash of prober 0 as its own.
			let Some(Sent::Committed(hash)) = Reports::<Test>::get(now, 0) else { panic!() };
			Probes::commit(authorized(), now, LIAR, hash, no_signature()).unwrap();
			to_reveals();
			if now > 1 {
				for prober in 0..3 {
					reveal(now - 1, prober).unwrap();
				}
				let bytes = report_of(now - 1, &|_| up()).try_into().unwrap();
				let tried = Probes::reveal(authorized(), now - 1, LIAR, salt(now - 1, 0), bytes);
				assert_eq!(tried, Err(Error::<Test>::WrongReveal.into()));
				copied += 1;
			}
			while offset() != 4 {
				next_block();
			}
		}
		assert_eq!(copied, 9);
		assert!(Tiers::get().is_empty());
		assert_eq!(row(1).counters.up, 8);
		let duty = liar_duty();
		assert_eq!((duty.rounds, duty.committed, duty.revealed), (8, 8, 0));
	});
}

#[test]
fn a_liar_in_every_session_changes_nothing() {
	build_and_execute(4, || {
		list_active(1, 1);
		list_active(2, 2);
		for session in 0u16..6 {
			session_of(session * 4..session * 4 + 4);
			run_rounds(
				5,
				|prober, _, service| {
					if prober == session % 4 && service == 1 { DOWN } else { up() }
				},
			);
			end_session();
			Probes::do_try_state().unwrap();
		}
		assert!(Tiers::get().is_empty());
		assert_eq!(row(1).meter.blocks, 28 * 5);
	});
}

/// Deterministic source of numbers.
struct Random(u64);
impl Random {
	/// Number below `bound`.
	fn below(&mut self, bound: u64) -> u64 {
		self.0 ^= self.0 << 13;
		self.0 ^= self.0 >> 7;
		self.0 ^= self.0 << 17;
		self.0 % bound
	}
}

/// Lie that the colluders agree on for a round; `None` for no report.
fn lie_of_round(
	random: &mut Random,
) -> impl Fn(&mut Random, usize, Finding) -> Option<Finding> + use<> {
	let (kind, victim) = (random.below(11), random.below(4) as usize);
	move |random, service, truth| match kind {
		// Down for one, down for all, up for all, wrong for all.
		0 => Some(if service == victim { DOWN } else { truth }),
		1 => Some(DOWN),
		2 => Some(up()),
		3 => Some(Finding::Bad(ms(1))),
		// Slow; silent; abstaining; in doubt of one or all; without proof; random bytes.
		4 => Some(Finding::Up(ms(30_000))),
		5 => None,
		6 => Some(Finding::Abstained),
		7 => Some(if service == victim { Finding::InDoubt } else { truth }),
		8 => Some(Finding::InDoubt),
		9 => Some(Finding::NoProof),
		_ => Some(Finding::from_byte(random.below(256) as u8)),
	}
}

/// Messages of 21 probers in a round, of which the first 6 collude: a flag for the commit, and the
/// revealed report. All, some or none of the colluders take part. One honest report in a hundred is
/// missing as well, half of those without a commit. But two thirds commit, without which no round
/// is measured.
fn messages(random: &mut Random, truth: impl Fn(usize) -> Finding) -> Vec<(bool, Option<Vec<u8>>)> {
	let lie = lie_of_round(random);
	let attendance = random.below(4);
	let mut absences = 21 - 14;
	(0..21)
		.map(|prober| {
			let (says, commits) = if prober < 6 {
				let commits = match attendance {
					0 => false,
					1 => random.below(2) > 0,
					_ => true,
				};
				((0..4).map(|s| lie(random, s, truth(s)).map(Finding::to_byte)).collect(), commits)
			} else {
				let honest =
					(random.below(100) > 0).then(|| (0..4).map(|s| truth(s).to_byte()).collect());
				let commits = honest.is_some() || random.below(2) > 0;
				(honest, commits)
			};
			if !commits && absences > 0 {
				absences -= 1;
				return (false, None);
			}
			(true, says)
		})
		.collect()
}

/// In 100,000 rounds in windows of a day, although one honest report in a hundred is missing.
#[test]
fn six_colluders_of_21_cause_no_false_breach_and_hide_none() {
	const ROUNDS: u32 = 100_000;
	const WINDOW: u16 = 1_440;
	let uptime = Perbill::from_rational(999u32, 1_000u32);
	let allowance = BreachKind::COUNTED.map(|kind| tiers::allowance(kind, uptime, WINDOW));
	assert_eq!(allowance, [1, 72, 1]);
	let mut random = Random(0x5eed_5eed_5eed);
	let mut rows: Vec<Row<u64>> = vec![];
	build_and_execute(1, || {
		list(1, 1);
		rows = vec![row(1); 4];
	});
	for row in &mut rows {
		row.terms = WindowTerms { allowance, multiplier: 1 };
	}
	let targets = [0, 1, 2, 3].map(|operator| Some(DueTarget { operator, ..DueTarget::default() }));
	let (mut expected, mut breached, mut unclear) = (0u32, 0u32, 0u32);
	for round in 1..ROUNDS {
		let window = round / u32::from(WINDOW);
		let at = round % u32::from(WINDOW);
		for row in rows.iter_mut().filter(|row| row.window != window) {
			row.reset(window);
		}
		// Service 3 is down for 20 rounds in every fifth window; all others are always up.
		let out = window % 5 == 4 && (700..720).contains(&at);
		let truth = |service: usize| if service == 3 && out { DOWN } else { up() };
		let sent = messages(&mut random, truth);
		let committed = (0u8..).zip(&sent).filter(|(_, (committed, _))| *committed);
		let mut votes = Votes {
			committed: committed.fold(0, |mask, (prober, _)| mask | bit(prober)),
			reports: sent.iter().map(|(_, report)| report.as_deref()).collect(),
			blind: 0,
		};
		votes.find_blind(4, || vec![Some(0), Some(1), Some(2), Some(3)]);
		let folded = votes.fold_page(0, &targets, &mut []);
		let context = RoundContext {
			round,
			window_rounds: WINDOW,
			round_blocks: 10,
			stalled: false,
			active: true,
			health: Default::default(),
		};
		for (service, (row, folded)) in rows.iter_mut().zip(&folded).enumerate() {
			let update = row.judge(&context, *folded);
			match update.verdict {
				Verdict::Up { latency } => {
					assert_eq!(truth(service), up(), "hid an outage in round {round}");
					assert_eq!(latency, ms(40), "moved the median in round {round}");
				},
				Verdict::Unclear | Verdict::Unmeasured => unclear += 1,
				other => {
					assert_eq!(
						(service, truth(service)),
						(3, DOWN),
						"invented {other:?} in round {round}"
					);
				},
			}
			for tier in update.tiers {
				assert_eq!((service, tier.kind), (3, BreachKind::Downtime));
				assert!(out, "a false breach in round {round}");
				breached += 1;
			}
		}
		// Low to Critical: at 2, 3, 6 and 11 rounds.
		if out && at == 719 {
			expected += 4;
		}
	}
	assert_eq!(breached, expected);
	assert!(expected >= 4 * 13);
	assert!(unclear < 100, "{unclear} of {ROUNDS} rounds, four services each, lacked a verdict");
	assert!(rows.iter().all(|row| row.meter.through == ROUNDS - 1));
}

/// Behaviour of a colluder in a round.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Trick {
	/// Report the agreed lie.
	Lie,
	/// Commit to the lie, and never reveal it.
	CommitOnly,
	/// Send nothing.
	StayAway,
	/// Copy the commit of an honest prober, and reveal the same report.
	Copy,
	/// Commit to one report and reveal another.
	Switch,
}
const TRICKS: [Trick; 5] =
	[Trick::Lie, Trick::CommitOnly, Trick::StayAway, Trick::Copy, Trick::Switch];

/// Colluders among 21 probers, who play another trick each in every round.
struct Collusion {
	random: Random,
	/// Tricks of the current round.
	tricks: [Trick; COLLUDERS as usize],
	/// Reveals that were refused.
	refused: u32,
}
const COLLUDERS: u16 = 6;

impl Collusion {
	/// Commit by new tricks, where honest probers see `truth`.
	fn commit(&mut self, now: RoundIndex, truth: impl Fn(Target) -> Finding) {
		// The lie is about all services, or about one.
		let lies = [DOWN, Finding::Bad(ms(1)), up(), Finding::Abstained, Finding::InDoubt];
		let lie = lies[self.random.below(5) as usize];
		let victim = self.random.below(4) as u32;
		let says = |target: Target| {
			if victim == 0 || target == listed(victim) { lie } else { truth(target) }
		};
		self.tricks = self.tricks.map(|_| TRICKS[self.random.below(5) as usize]);
		for (prober, trick) in (0u16..).zip(self.tricks) {
			match trick {
				Trick::StayAway => {},
				Trick::Copy => {
					let Some(Sent::Committed(hash)) = Reports::<Test>::get(now, COLLUDERS) else {
						panic!("prober 6 committed")
					};
					Probes::commit(authorized(), now, prober, hash, no_signature()).unwrap();
				},
				_ => commit(now, prober, report_of(now, &says)).unwrap(),
			}
		}
	}

	/// Reveal by the tricks of that round, where the honest probers sent `honest`.
	fn reveal(&mut self, round: RoundIndex, tricks: &[Trick], honest: &Report) {
		for (prober, trick) in (0u16..).zip(tricks) {
			let of = match trick {
				Trick::Lie => {
					reveal(round, prober).unwrap();
					continue;
				},
				Trick::CommitOnly | Trick::StayAway => continue,
				Trick::Copy => COLLUDERS,
				Trick::Switch => prober,
			};
			let mut report = honest.clone();
			if *trick == Trick::Switch {
				// No lie has this latency.
				report.iter_mut().for_each(|byte| *byte = Finding::Up(ms(77)).to_byte());
			}
			let tried = Probes::reveal(authorized(), round, prober, salt(round, of), report);
			assert_eq!(tried, Err(Error::<Test>::WrongReveal.into()));
			self.refused += 1;
		}
	}
}

/// Copied and switched reports are refused.
#[test]
fn six_colluders_of_21_gain_nothing_through_the_calls() {
	const ROUNDS: u32 = 2_000;
	let random = Random(0x0dd_5eed);
	let mut collusion = Collusion { random, tricks: [Trick::Lie; COLLUDERS as usize], refused: 0 };
	build_and_execute(21, || {
		for service in 1..=3 {
			list_active(service, service.into());
		}
		list(4, 4);
		// Service 3 is down from the fifth to the twelfth round of every fifth window.
		let out = |round: u32| round / 12 % 5 == 4 && round % 12 >= 4;
		let seen = |round: u32, target| if target == listed(3) && out(round) { DOWN } else { up() };
		let mut expected = vec![];
		for _ in 0..ROUNDS {
			next_round();
			next_block();
			let now = round();
			for prober in COLLUDERS..21 {
				commit(now, prober, report_of(now, &|target| seen(now, target))).unwrap();
			}
			let before = collusion.tricks;
			collusion.commit(now, |target| seen(now, target));
			to_reveals();
			let last = now - 1;
			if last > 0 {
				for prober in COLLUDERS..21 {
					reveal(last, prober).unwrap();
				}
				let honest = report_of(last, &|target| seen(last, target));
				collusion.reveal(last, &before, &honest.try_into().unwrap());
			}
			while offset() != 4 {
				next_block();
			}
			// The rounds up to the one before the last are judged.
			use Severity::*;
			match (now.checked_sub(2), now.saturating_sub(2) % 12) {
				(Some(judged), 5) if out(judged) => expected.push((listed(3), judged, Low)),
				(Some(judged), 6) if out(judged) => expected.push((listed(3), judged, Medium)),
				(Some(judged), 9) if out(judged) => expected.push((listed(3), judged, High)),
				_ => {},
			}
			if now.is_multiple_of(50) {
				Probes::do_try_state().unwrap();
			}
		}
		let reached: Vec<_> =
			Tiers::get().into_iter().map(|(target, t)| (target, t.round, t.severity)).collect();
		assert_eq!(reached, expected);
		assert!(expected.len() >= 3 * 30);
		assert!(collusion.refused > ROUNDS);
		assert_eq!(row(1).meter.blocks, (ROUNDS - 2) * 5);
	});
}

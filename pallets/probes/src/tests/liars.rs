//! Probers that lie, together or alone: no false breach, and none missed.

use crate::{
	Ballots, Hearing, SHARE, Subject,
	mock::*,
	types::{Row, bit},
};
use sp_runtime::Perbill;
use surety_primitives::{BreachKind, Frozen, Probing, Severity, Verdict, report::Finding, tiers};

const DOWN: Finding = Finding::Down;
const LIAR: u16 = 3;

/// 1 of 4 probers lies for four windows. Service 1 is always up, service 2 has an outage in the
/// third window, service 3 answers wrong in the fourth, service 4 is idle. What the honest see is
/// given to the liar, who attends as told.
fn one_of_four(attends: Attend, lie: impl Fn(u32, Finding) -> Finding) {
	build_and_execute(4, || {
		for service in 1..=4 {
			list(service, service.into());
		}
		for service in 1..=3 {
			Probes::heat(service).unwrap();
		}
		let truth = |round: u32, service: u32| match service {
			2 if (25..=30).contains(&round) => DOWN,
			3 if (38..=40).contains(&round) => Finding::Bad(ms(50)),
			_ => up(),
		};
		play_with(
			50,
			|prober, _| if prober == LIAR { attends } else { Attend::Fully },
			|prober, round, service| {
				let truth = truth(round, service);
				if prober == LIAR { lie(round, truth) } else { truth }
			},
		);
		let breaches: Vec<_> =
			Breaches::get().into_iter().map(|(s, b)| (s, b.round, b.kind, b.severity)).collect();
		use BreachKind::*;
		use Severity::*;
		assert_eq!(
			breaches,
			vec![
				(2, 26, Downtime, Low),
				(2, 27, Downtime, Medium),
				(2, 30, Downtime, High),
				(3, 39, BadData, Low),
				(3, 40, BadData, Medium),
			]
		);
		// Nobody paid for a lie either: the meters ran in all other rounds.
		assert_eq!([1, 2, 3].map(|s| row(s).meter.blocks), [48 * 5, 42 * 5, 45 * 5]);
	});
}

fn liar_duty() -> crate::DutyTally {
	Probes::duty(account(LIAR)).unwrap()
}

/// The duty of a liar after ten judged rounds in which one service of four is down.
fn with_duty(
	attends: Attend,
	lie: impl Fn(u32, Finding) -> Finding,
	check: impl FnOnce(crate::DutyTally),
) {
	build_and_execute(4, || {
		for service in 1..=4 {
			list(service, service.into());
			Probes::heat(service).unwrap();
		}
		play_with(
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
fn always_down() {
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
fn always_up() {
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
fn always_the_opposite() {
	let opposite = |_: u32, truth: Finding| if truth == DOWN { up() } else { Finding::Bad(ms(1)) };
	one_of_four(Attend::Fully, opposite);
	with_duty(Attend::Fully, opposite, |duty| {
		assert_eq!((duty.accepted, duty.judged, duty.agreed), (10, 40 * SHARE, 0));
	});
}

#[test]
fn always_abstaining() {
	one_of_four(Attend::Fully, |_, _| Finding::Abstained);
	with_duty(
		Attend::Fully,
		|_, _| Finding::Abstained,
		|duty| {
			let told = (duty.accepted, duty.judged, duty.agreed);
			assert_eq!(told, (10, 40 * SHARE, 0), "abstaining earns nothing");
		},
	);
}

#[test]
fn always_in_doubt() {
	one_of_four(Attend::Fully, |_, _| Finding::InDoubt);
	with_duty(
		Attend::Fully,
		|_, _| Finding::InDoubt,
		|duty| assert_eq!((duty.accepted, duty.judged, duty.agreed), (10, 40 * SHARE, 0)),
	);
}

#[test]
fn always_without_proof() {
	one_of_four(Attend::Fully, |_, _| Finding::NoProof);
	assert!(Disproven::get().is_empty());
}

#[test]
fn always_skipping() {
	one_of_four(Attend::Fully, |_, _| Finding::Skipped);
	with_duty(
		Attend::Fully,
		|_, _| Finding::Skipped,
		|duty| assert_eq!((duty.judged, duty.agreed), (40 * SHARE, 0)),
	);
}

#[test]
fn always_slow() {
	one_of_four(
		Attend::Fully,
		|_, truth| if truth == up() { Finding::Up(ms(9_000)) } else { truth },
	);
}

#[test]
fn never_revealing() {
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
fn never_committing() {
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
fn copying_anothers_commit() {
	build_and_execute(4, || {
		list_hot(1, 1);
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
			let Some(crate::Sent::Committed(hash)) = crate::Reports::<Test>::get(now, 0) else {
				panic!()
			};
			Probes::commit(authorized(), now, LIAR, hash, no_signature()).unwrap();
			to_reveals();
			if now > 1 {
				for prober in 0..3 {
					reveal(now - 1, prober).unwrap();
				}
				let bytes = report_of(now - 1, &|_| up()).try_into().unwrap();
				let tried = Probes::reveal(authorized(), now - 1, LIAR, salt(now - 1, 0), bytes);
				assert_eq!(tried, Err(crate::Error::<Test>::WrongReveal.into()));
				copied += 1;
			}
			while offset() != 4 {
				next_block();
			}
		}
		assert_eq!(copied, 9);
		assert!(Breaches::get().is_empty());
		assert_eq!(row(1).counters.up, 8);
		let duty = liar_duty();
		assert_eq!((duty.rounds, duty.committed, duty.revealed), (8, 8, 0));
	});
}

#[test]
fn liars_may_come_and_go_with_the_session() {
	build_and_execute(4, || {
		list_hot(1, 1);
		list_hot(2, 2);
		for session in 0u16..6 {
			session_of(session * 4..session * 4 + 4);
			play(
				5,
				|prober, _, service| {
					if prober == session % 4 && service == 1 { DOWN } else { up() }
				},
			);
			end_session();
			Probes::do_try_state().unwrap();
		}
		assert!(Breaches::get().is_empty());
		assert_eq!(row(1).meter.blocks, 28 * 5);
	});
}

/// A small deterministic source of numbers.
struct Dice(u64);
impl Dice {
	fn roll(&mut self, sides: u64) -> u64 {
		self.0 ^= self.0 << 13;
		self.0 ^= self.0 >> 7;
		self.0 ^= self.0 << 17;
		self.0 % sides
	}
}

/// What the colluders agree on for a round.
fn plot(dice: &mut Dice) -> impl Fn(&mut Dice, usize, Finding) -> Option<Finding> + use<> {
	let (kind, victim) = (dice.roll(11), dice.roll(4) as usize);
	move |dice, service, truth| match kind {
		// Down for one, down for all, up for all, wrong for all.
		0 => Some(if service == victim { DOWN } else { truth }),
		1 => Some(DOWN),
		2 => Some(up()),
		3 => Some(Finding::Bad(ms(1))),
		// Slow; silent; abstaining; in doubt of one or all; without proof; anything.
		4 => Some(Finding::Up(ms(30_000))),
		5 => None,
		6 => Some(Finding::Abstained),
		7 => Some(if service == victim { Finding::InDoubt } else { truth }),
		8 => Some(Finding::InDoubt),
		9 => Some(Finding::NoProof),
		_ => Some(Finding::from_byte(dice.roll(256) as u8)),
	}
}

/// What 21 probers of which the first 6 collude send in a round: who committed, and the reports
/// that are revealed. The colluders all come, or as each likes, or none does. One honest report in
/// a hundred is missing as well, and half of these were not committed to either; but two thirds
/// commit, without which no round is measured.
fn ballots(dice: &mut Dice, truth: impl Fn(usize) -> Finding) -> Vec<(bool, Option<Vec<u8>>)> {
	let lie = plot(dice);
	let mood = dice.roll(4);
	let mut may_stay_away = 21 - 14;
	(0..21)
		.map(|prober| {
			let (says, comes) = if prober < 6 {
				let comes = match mood {
					0 => false,
					1 => dice.roll(2) > 0,
					_ => true,
				};
				((0..4).map(|s| lie(dice, s, truth(s)).map(Finding::to_byte)).collect(), comes)
			} else {
				let honest =
					(dice.roll(100) > 0).then(|| (0..4).map(|s| truth(s).to_byte()).collect());
				let comes = honest.is_some() || dice.roll(2) > 0;
				(honest, comes)
			};
			if !comes && may_stay_away > 0 {
				may_stay_away -= 1;
				return (false, None);
			}
			(true, says)
		})
		.collect()
}

/// 21 probers of which 6 collude, 100,000 rounds in windows of a day: no false breach and none
/// missed, although one honest report in a hundred is missing as well.
#[test]
fn six_of_twenty_one_for_a_hundred_thousand_rounds() {
	const ROUNDS: u32 = 100_000;
	const WINDOW: u16 = 1_440;
	let uptime = Perbill::from_rational(999u32, 1_000u32);
	let allowance = BreachKind::COUNTED.map(|kind| tiers::allowance(kind, uptime, WINDOW));
	assert_eq!(allowance, [1, 72, 1]);
	let mut dice = Dice(0x5eed_5eed_5eed);
	let mut rows: Vec<Row<u64>> = vec![];
	build_and_execute(1, || {
		list(1, 1);
		rows = vec![row(1); 4];
	});
	for row in &mut rows {
		row.frozen = Frozen { allowance, multiplier: 1 };
	}
	let subjects = [0, 1, 2, 3].map(|operator| Some(Subject { operator, ..Subject::default() }));
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
		let sent = ballots(&mut dice, truth);
		let committed = (0u8..).zip(&sent).filter(|(_, (committed, _))| *committed);
		let mut ballots = Ballots {
			committed: committed.fold(0, |mask, (prober, _)| mask | bit(prober)),
			reports: sent.iter().map(|(_, report)| report.as_deref()).collect(),
			blind: 0,
		};
		ballots.find_blind(4, || vec![Some(0), Some(1), Some(2), Some(3)]);
		let rulings = ballots.decide(0, &subjects, &mut []);
		let hearing = Hearing {
			round,
			window_rounds: WINDOW,
			round_blocks: 10,
			stalled: false,
			hot: true,
			health: Default::default(),
		};
		for (service, (row, ruling)) in rows.iter_mut().zip(&rulings).enumerate() {
			let judgement = row.judge(&hearing, *ruling);
			match judgement.verdict.unwrap() {
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
			for breach in judgement.breaches {
				assert_eq!((service, breach.kind), (3, BreachKind::Downtime));
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

/// What a colluder does in a round that goes through the pallet.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Trick {
	/// Report what was agreed on.
	Lie,
	/// Commit to that, and say no more.
	CommitOnly,
	/// Not even commit.
	StayAway,
	/// Commit to what an honest prober committed to, and reveal the very same.
	Copy,
	/// Commit to one report and reveal another.
	Switch,
}
const TRICKS: [Trick; 5] =
	[Trick::Lie, Trick::CommitOnly, Trick::StayAway, Trick::Copy, Trick::Switch];

/// The same through the pallet: 21 probers of which 6 collude, all invariants checked. What is
/// copied or switched is refused, and nothing is gained by it.
#[test]
fn six_of_twenty_one_through_the_pallet() {
	const ROUNDS: u32 = 2_000;
	const COLLUDERS: u16 = 6;
	let mut dice = Dice(0x0dd_5eed);
	build_and_execute(21, || {
		for service in 1..=3 {
			list_hot(service, service.into());
		}
		list(4, 4);
		// Service 3 is down from the fifth to the twelfth round of every fifth window.
		let out = |round: u32| round / 12 % 5 == 4 && round % 12 >= 4;
		let truth = |round: u32, service: u32| if service == 3 && out(round) { DOWN } else { up() };
		let mut tricks = [Trick::Lie; COLLUDERS as usize];
		let (mut refused, mut expected) = (0u32, vec![]);
		for _ in 0..ROUNDS {
			next_round();
			next_block();
			let now = round();
			for prober in COLLUDERS..21 {
				commit(now, prober, report_of(now, &|service| truth(now, service))).unwrap();
			}
			// What they agreed on they say of all services, or of one.
			let lies = [DOWN, Finding::Bad(ms(1)), up(), Finding::Abstained, Finding::InDoubt];
			let lie = lies[dice.roll(5) as usize];
			let victim = dice.roll(4) as u32;
			let says =
				|service| if victim == 0 || victim == service { lie } else { truth(now, service) };
			let before = tricks;
			tricks = tricks.map(|_| TRICKS[dice.roll(5) as usize]);
			for (prober, trick) in (0u16..).zip(tricks) {
				match trick {
					Trick::StayAway => {},
					Trick::Copy => {
						let Some(crate::Sent::Committed(hash)) =
							crate::Reports::<Test>::get(now, COLLUDERS)
						else {
							panic!("prober 6 committed")
						};
						Probes::commit(authorized(), now, prober, hash, no_signature()).unwrap();
					},
					_ => commit(now, prober, report_of(now, &says)).unwrap(),
				}
			}
			to_reveals();
			let last = now - 1;
			if last > 0 {
				for prober in COLLUDERS..21 {
					reveal(last, prober).unwrap();
				}
				let honest: crate::Report =
					report_of(last, &|service| truth(last, service)).try_into().unwrap();
				for (prober, trick) in (0u16..).zip(before) {
					let of = match trick {
						Trick::Lie => {
							reveal(last, prober).unwrap();
							continue;
						},
						Trick::CommitOnly | Trick::StayAway => continue,
						Trick::Copy => COLLUDERS,
						Trick::Switch => prober,
					};
					let mut report = honest.clone();
					if trick == Trick::Switch {
						// No lie has this latency.
						report.iter_mut().for_each(|byte| *byte = Finding::Up(ms(77)).to_byte());
					}
					let tried = Probes::reveal(authorized(), last, prober, salt(last, of), report);
					assert_eq!(tried, Err(crate::Error::<Test>::WrongReveal.into()));
					refused += 1;
				}
			}
			while offset() != 4 {
				next_block();
			}
			// Judged are the rounds up to the one before the last.
			use Severity::*;
			match (now.checked_sub(2), now.saturating_sub(2) % 12) {
				(Some(judged), 5) if out(judged) => expected.push((3, judged, Low)),
				(Some(judged), 6) if out(judged) => expected.push((3, judged, Medium)),
				(Some(judged), 9) if out(judged) => expected.push((3, judged, High)),
				_ => {},
			}
			if now.is_multiple_of(50) {
				Probes::do_try_state().unwrap();
			}
		}
		let breaches: Vec<_> =
			Breaches::get().into_iter().map(|(s, b)| (s, b.round, b.severity)).collect();
		assert_eq!(breaches, expected);
		assert!(expected.len() >= 3 * 30);
		assert!(refused > ROUNDS);
		assert_eq!(row(1).meter.blocks, (ROUNDS - 2) * 5);
	});
}

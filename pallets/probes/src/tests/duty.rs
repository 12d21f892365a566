// SPDX-License-Identifier: Apache-2.0

//! Duty: the rewards of a session, and the offence of neglect.

use crate::{mock::*, *};
use proptest::prelude::*;
use sp_staking::offence::Offence;
use surety_primitives::report::Finding;

const DOWN: Finding = Finding::Down;

fn native(who: AccountId) -> u128 {
	Balances::free_balance(who)
}

fn usd(who: AccountId) -> u128 {
	Assets::balance(USD, who)
}

fn rewards() -> Vec<(AssetId, u128, u32)> {
	let paid = System::events().into_iter().filter_map(|record| match record.event {
		RuntimeEvent::Probes(Event::RewardsPaid { asset, amount, probers, .. }) => {
			Some((asset, amount, probers))
		},
		_ => None,
	});
	paid.collect()
}

fn failed() -> Vec<(AccountId, DutyTally)> {
	let failed = System::events().into_iter().filter_map(|record| match record.event {
		RuntimeEvent::Probes(Event::DutyFailed { prober, tally, .. }) => Some((prober, tally)),
		_ => None,
	});
	failed.collect()
}

/// List five services with units, each of an operator of its own.
fn list_five() {
	(1..=5).for_each(|service| list_active(service, service.into()));
}

/// Service 1 is down in every fourth round and the one after it; all others are always up.
fn changing(round: RoundIndex, service: ServiceId) -> Finding {
	if service == 1 && round % 4 < 2 { DOWN } else { up() }
}

/// Findings of [`changing`], the same for all probers.
fn seen(_: u16, round: RoundIndex, service: ServiceId) -> Finding {
	changing(round, service)
}

/// Findings of prober 3 by `says`. All others are honest.
fn but_prober_3(
	says: impl Fn(RoundIndex, ServiceId) -> Finding,
) -> impl Fn(u16, RoundIndex, ServiceId) -> Finding {
	move |prober, round, service| {
		if prober == 3 { says(round, service) } else { changing(round, service) }
	}
}

#[test]
fn the_pot_is_shared_in_proportion_to_accepted_reports() {
	build_and_execute(4, || {
		list_five();
		// Prober 3 misses two of ten rounds.
		run_rounds_with(
			12,
			|prober, round| if prober == 3 && round > 8 { Attend::Not } else { Attend::Fully },
			seen,
		);
		end_session();
		// 1,000,000 over 38 reports; the pot keeps its minimum balance and the dust.
		let part = |reports: u128| 1_000_000 * reports / 38;
		assert_eq!(
			[0, 1, 2, 3].map(|p| native(account(p))),
			[part(10), part(10), part(10), part(8)]
		);
		assert_eq!(native(POT), 1_000_010 - 3 * part(10) - part(8));
		// Of the asset the pot has 500 above its minimum of 1.
		assert_eq!([0, 3].map(|p| usd(account(p))), [500 * 10 / 38, 500 * 8 / 38]);
		assert_eq!(
			rewards(),
			vec![
				(AssetId::Native, 3 * part(10) + part(8), 4),
				(AssetId::Local(USD), 3 * (500 * 10 / 38) + 500 * 8 / 38, 4),
			]
		);
		let total: u128 = (0..4).map(|p| usd(account(p))).sum::<u128>() + usd(POT);
		assert_eq!(total, 501, "nothing is made or lost");
		assert!(Offences::get().is_empty());
		// A new session starts from nothing.
		assert_eq!(Probes::duty(account(0)), None);
	});
}

#[test]
fn below_the_rule_there_is_no_reward_and_silence_is_an_offence() {
	build_and_execute(4, || {
		list_active(1, 1);
		list_active(2, 2);
		run_rounds_with(
			12,
			|prober, round| {
				if prober == 1 && round % 2 == 0 { Attend::CommitOnly } else { Attend::Fully }
			},
			// Service 2 is down in a round that all report. Prober 2 is wrong about service 1.
			|prober, round, service| match service {
				1 if prober == 2 => Finding::Bad(ms(1)),
				2 if round == 5 => DOWN,
				_ => up(),
			},
		);
		end_session();
		assert_eq!([1, 2].map(|p| native(account(p))), [0, 0]);
		// Their part stays in the pot: the others get no more for it.
		let part = 1_000_000 * 10 / 35;
		assert_eq!([0, 3].map(|p| native(account(p))), [part, part]);
		assert_eq!(native(POT), 1_000_010 - 2 * part);
		assert_eq!(Offences::get(), vec![(0, vec![account(1)])]);
		let tallies = failed();
		assert_eq!(tallies.len(), 1);
		assert_eq!(tallies[0].0, account(1));
		assert_eq!(tallies[0].1.participation(), Perbill::from_percent(50));
	});
}

/// Regression: a copy of the reports of the round before once met nearly all of the duty.
#[test]
fn copying_the_round_before_earns_nothing() {
	build_and_execute(4, || {
		list_five();
		run_rounds(42, but_prober_3(|round, service| changing(round - 1, service)));
		let copier = Probes::duty(account(3)).unwrap();
		// The copier agrees with nine of ten verdicts, and reports in every round.
		assert_eq!(copier.participation(), Perbill::one());
		assert_eq!((copier.agreed, copier.judged), (40 * 5 * SHARE - 20 * SHARE, 40 * 5 * SHARE));
		assert_eq!((copier.fell, copier.fell_caught), (10 * SHARE, 0));
		assert_eq!((copier.rose, copier.rose_caught), (10 * SHARE, 0));
		end_session();
		assert_eq!(native(account(3)), 0);
		// Each honest prober earns all of its part. The copier's part stays in the pot.
		assert_eq!([0, 1, 2].map(|p| native(account(p))), [250_000; 3]);
		assert_eq!(native(POT), 250_010);
		assert!(Offences::get().is_empty());
	});
}

#[test]
fn reporting_all_up_earns_nothing() {
	build_and_execute(4, || {
		list_five();
		run_rounds(42, but_prober_3(|_, _| up()));
		let lazy = Probes::duty(account(3)).unwrap();
		assert_eq!((lazy.fell_caught, lazy.rose_caught), (0, lazy.rose), "all changes to up");
		assert!(lazy.agreement() > Perbill::from_percent(89));
		end_session();
		assert_eq!([2, 3].map(|p| native(account(p))), [250_000, 0]);
		assert!(Offences::get().is_empty());
	});
}

/// Regression: an operator that answered one prober in each round in which it was down to all others
/// once had it slashed and chilled for an outage that it could not see.
#[test]
fn an_operator_with_another_face_for_a_prober_costs_it_the_pay_and_no_bond() {
	build_and_execute(4, || {
		list_active(1, 1);
		// Down in every other round, but for prober 3, whom it answers.
		run_rounds(42, |prober, round, _| if prober != 3 && round % 2 == 0 { DOWN } else { up() });
		let victim = Probes::duty(account(3)).unwrap();
		assert!(victim.fell >= 10 * SHARE && victim.fell_caught == 0);
		assert!(victim.agreement() < Perbill::from_percent(80));
		end_session();
		assert_eq!([0, 3].map(|p| native(account(p))), [250_000, 0]);
		assert!(Offences::get().is_empty() && failed().is_empty());
	});
	build_and_execute(4, || {
		list_active(1, 1);
		// Down for prober 3 only, whose reports are blind: it finds the whole market down.
		run_rounds(42, |prober, _, _| if prober == 3 { DOWN } else { up() });
		let victim = Probes::duty(account(3)).unwrap();
		assert_eq!((victim.accepted, victim.revealed), (0, victim.rounds));
		end_session();
		assert!(Offences::get().is_empty() && failed().is_empty());
	});
}

#[test]
fn catching_a_share_of_the_changes_earns_that_share() {
	build_and_execute(4, || {
		list_five();
		// Of six changes away from up prober 3 misses two, of six back none.
		run_rounds(
			26,
			but_prober_3(|round, service| match round {
				8 | 16 => up(),
				_ => changing(round, service),
			}),
		);
		let tally = Probes::duty(account(3)).unwrap();
		assert_eq!((tally.fell, tally.fell_caught), (6 * SHARE, 4 * SHARE));
		assert_eq!(tally.rose_caught, tally.rose);
		end_session();
		assert_eq!(native(account(3)), Perbill::from_rational(2u32, 3u32).mul_floor(250_000));
		assert_eq!(native(account(0)), 250_000);
		assert!(Offences::get().is_empty());
	});
}

#[test]
fn a_session_without_a_change_pays_nothing_and_keeps_the_pot() {
	build_and_execute(4, || {
		list_five();
		// Service 1 is down from the first round on, so no change is known.
		let still = |_: u16, _: u32, service: u32| if service == 1 { DOWN } else { up() };
		run_rounds(12, still);
		end_session();
		assert!(rewards().is_empty() && Offences::get().is_empty());
		assert_eq!(native(POT), 1_000_010);
		// A change to up alone pays nothing either: a report of all up catches it.
		start_session(4);
		run_rounds(12, |_, _, _| up());
		let tally = Probes::duty(account(0)).unwrap();
		assert_eq!((tally.fell, tally.rose, tally.rose_caught), (0, SHARE, SHARE));
		end_session();
		assert!(rewards().is_empty() && Offences::get().is_empty());
		assert_eq!(native(POT), 1_000_010);
		// A later session with a change pays out all of the pot.
		start_session(4);
		run_rounds(12, |_, round, service| if service == 1 && round == 30 { DOWN } else { up() });
		end_session();
		assert_eq!((0..4).map(|p| native(account(p))).collect::<Vec<_>>(), [250_000; 4]);
	});
}

#[test]
fn a_change_by_announced_maintenance_does_not_count() {
	build_and_execute(4, || {
		list_five();
		Probes::set_maintenance(listed(1), 4, 4);
		// Down during the maintenance, and up after it.
		run_rounds(
			12,
			|_, round, service| if service == 1 && (4..8).contains(&round) { DOWN } else { up() },
		);
		let tally = Probes::duty(account(0)).unwrap();
		assert_eq!(row(1).counters.excused, 4);
		assert_eq!((tally.fell, tally.rose), (0, 0));
	});
}

#[test]
fn a_change_since_an_older_round_does_not_count() {
	build_and_execute(4, || {
		(1..=3).for_each(|service| list(service, service.into()));
		run_up(3);
		// Up in round 1, while idle. Down from round 4 on, the first one judged while active.
		for service in 1..=3 {
			activate(service).unwrap();
		}
		assert_eq!(row(1).last.map(|(round, _)| round), Some(1));
		run_rounds(4, |_, _, service| if service == 1 { DOWN } else { up() });
		assert_eq!((row(1).last.map(|(round, _)| round), row(1).counters.down), (Some(5), 2));
		let tally = Probes::duty(account(0)).unwrap();
		assert_eq!((tally.judged, tally.fell), (6 * SHARE, 0));
	});
}

const RULE: DutyRule =
	DutyRule { min_share: Perbill::from_percent(60), min_caught: Perbill::from_percent(60) };

/// Tally of a session of 10 rounds without a fault.
fn faultless() -> DutyTally {
	DutyTally {
		rounds: 10,
		committed: 10,
		revealed: 10,
		accepted: 10,
		judged: 100 * SHARE,
		agreed: 100 * SHARE,
		fell: 10 * SHARE,
		fell_caught: 10 * SHARE,
		rose: 10 * SHARE,
		rose_caught: 10 * SHARE,
	}
}

#[test]
fn exactly_the_shares_of_the_rule_are_enough() {
	let earned =
		|tally: DutyTally| (tally.earned(RULE).deconstruct() / 10_000_000, tally.is_neglect(RULE));
	assert_eq!(earned(faultless()), (100, false));
	assert_eq!(earned(DutyTally { accepted: 6, ..faultless() }), (100, false));
	assert_eq!(earned(DutyTally { accepted: 5, revealed: 6, ..faultless() }), (0, false), "blind");
	assert_eq!(earned(DutyTally { accepted: 5, revealed: 5, ..faultless() }), (0, true));
	assert_eq!(earned(DutyTally { agreed: 60 * SHARE, ..faultless() }), (100, false));
	assert_eq!(earned(DutyTally { agreed: 60 * SHARE - 1, ..faultless() }), (0, false));
	assert_eq!(
		earned(DutyTally { judged: 0, agreed: 0, ..faultless() }),
		(100, false),
		"no verdict"
	);
	// The smaller share of the two directions counts.
	assert_eq!(earned(DutyTally { fell_caught: 6 * SHARE, ..faultless() }), (60, false));
	assert_eq!(earned(DutyTally { fell_caught: 6 * SHARE - 1, ..faultless() }), (0, false));
	assert_eq!(earned(DutyTally { rose_caught: 7 * SHARE, ..faultless() }), (70, false));
	assert_eq!(earned(DutyTally { rose_caught: 6 * SHARE - 1, ..faultless() }), (0, false));
	assert_eq!(
		earned(DutyTally { rose: 0, rose_caught: 0, ..faultless() }),
		(100, false),
		"still down"
	);
	assert_eq!(earned(DutyTally { fell: 0, fell_caught: 0, ..faultless() }), (0, false));
	// With fewer rounds there is no neglect.
	let absent = DutyTally { rounds: MIN_ROUNDS - 1, accepted: 0, revealed: 0, ..faultless() };
	assert_eq!(earned(absent), (0, false));
	assert_eq!(earned(DutyTally { rounds: MIN_ROUNDS, ..absent }), (0, true));
	assert_eq!(earned(DutyTally::default()), (0, false));
}

proptest! {
	/// No prober earns more than its share of caught changes in either direction, and a prober that
	/// must answer for the session earns nothing.
	#[test]
	fn rewards_never_exceed_the_share_of_changes_caught(
		counts in proptest::array::uniform4((0u64..20_000, 0u64..20_000)),
		rounds in 0u32..20,
		missed in 0u32..20,
	) {
		let [judged, fell, rose, _] = counts.map(|(a, b)| (a.max(b), a.min(b)));
		let accepted = rounds.saturating_sub(missed);
		let tally = DutyTally {
			rounds,
			committed: rounds,
			revealed: rounds,
			accepted,
			judged: judged.0,
			agreed: judged.1,
			fell: fell.0,
			fell_caught: fell.1,
			rose: rose.0,
			rose_caught: rose.1,
		};
		let earned = tally.earned(RULE);
		prop_assert!(!(tally.is_neglect(RULE) && earned > Perbill::zero()));
		if earned > Perbill::zero() {
			prop_assert!(fell.0 > 0);
			prop_assert!(earned <= Perbill::from_rational(fell.1, fell.0));
			prop_assert!(rose.0 == 0 || earned <= Perbill::from_rational(rose.1, rose.0));
			prop_assert!(earned >= RULE.min_caught);
		}
	}
}

#[test]
fn a_session_of_few_rounds_is_no_neglect() {
	build_and_execute(4, || {
		list_five();
		let attends = |prober: u16, _: u32| if prober == 0 { Attend::Not } else { Attend::Fully };
		run_rounds_with(MIN_ROUNDS + 1, attends, seen);
		assert_eq!(Probes::duty(account(0)).unwrap().rounds, MIN_ROUNDS - 1);
		end_session();
		assert!(Offences::get().is_empty());
		assert_eq!(native(account(0)), 0);
		assert!(native(account(1)) > 0);
		run_rounds_with(MIN_ROUNDS, attends, seen);
		end_session();
		assert_eq!(Offences::get(), vec![(1, vec![account(0)])]);
	});
}

/// Run a session in which some probers do not report.
fn session_without(absent: &[u16]) {
	run_rounds_with(
		8,
		|prober, _| if absent.contains(&prober) { Attend::Not } else { Attend::Fully },
		|_, _, _| up(),
	);
	end_session();
	start_session(4);
}

#[test]
fn a_prober_that_neglects_three_sessions_in_a_row_is_chilled() {
	build_and_execute(4, || {
		list(1, 1);
		session_without(&[0, 1]);
		session_without(&[0]);
		assert!(Chilled::get().is_empty());
		session_without(&[0, 1]);
		assert_eq!(Chilled::get(), [account(0)]);
		// Prober 1 did its duty in between.
		session_without(&[1]);
		assert_eq!(Chilled::get(), [account(0)]);
		assert_eq!(Neglects::<Test>::get().into_inner(), [(account(1), 2)]);
		session_without(&[1]);
		assert_eq!(Chilled::get(), [account(0), account(1)]);
		session_without(&[]);
		assert!(Neglects::<Test>::get().is_empty());
	});
}

#[test]
fn a_limit_of_zero_chills_nobody() {
	build_and_execute(4, || {
		NeglectSessions::set(0);
		list(1, 1);
		for _ in 0..4 {
			session_without(&[0]);
		}
		assert_eq!(Neglects::<Test>::get().into_inner(), [(account(0), 4)]);
		assert!(Chilled::get().is_empty());
	});
}

#[test]
fn a_prober_that_left_is_not_reported_for_the_next_session() {
	build_and_execute(4, || {
		list(1, 1);
		run_rounds(8, |_, _, _| up());
		end_session();
		session_of(4..8);
		// The old probers are named only by the two rounds that were open.
		run_rounds_with(8, |_, _| Attend::Not, |_, _, _| up());
		assert_eq!(Probes::duty(account(0)).unwrap().rounds, 2);
		end_session();
		assert_eq!(Offences::get(), vec![(1, (4..8).map(account).collect())]);
	});
}

#[test]
fn only_validators_of_the_session_are_reported() {
	build_and_execute(4, || {
		list(1, 1);
		run_rounds_with(
			8,
			|prober, _| if prober < 2 { Attend::Not } else { Attend::Fully },
			|_, _, _| up(),
		);
		Validators::mutate(|validators| validators.retain(|who| *who != account(0)));
		end_session();
		assert_eq!(failed().len(), 2);
		assert_eq!(Offences::get(), vec![(0, vec![account(1)])]);
	});
}

#[test]
fn a_reward_that_cannot_be_paid_stays_in_the_pot() {
	build_and_execute(4, || {
		list_five();
		// A new account cannot begin below the minimum balance of 10.
		Balances::force_set_balance(RuntimeOrigin::root(), POT, 10 + 8).unwrap();
		Balances::force_set_balance(RuntimeOrigin::root(), account(0), 10).unwrap();
		run_rounds(8, seen);
		end_session();
		assert_eq!(native(account(0)), 12);
		assert_eq!(native(account(1)), 0);
		assert_eq!(native(POT), 16);
		assert_eq!(rewards()[0], (AssetId::Native, 2, 1));
	});
}

#[test]
fn an_empty_pot_or_a_session_without_targets_pays_nothing() {
	build_and_execute(4, || {
		run_up(8);
		end_session();
		assert!(rewards().is_empty());
		assert!(Offences::get().is_empty(), "nothing was due");
		assert_eq!(native(POT), 1_000_010);
		list_five();
		RewardAssets::set(vec![]);
		Balances::force_set_balance(RuntimeOrigin::root(), POT, 10).unwrap();
		run_rounds(8, seen);
		assert!(
			Probes::duty(account(0)).unwrap().caught() == Perbill::one(),
			"they would be paid otherwise"
		);
		end_session();
		assert!(rewards().is_empty());
	});
}

#[test]
fn reward_assets_take_turns() {
	build_and_execute(4, || {
		list_five();
		RewardAssets::set(vec![AssetId::Local(1), AssetId::Local(USD)]);
		run_rounds(8, seen);
		end_session();
		assert_eq!(rewards().iter().map(|r| r.0).collect::<Vec<_>>(), [AssetId::Native]);
		run_rounds(8, seen);
		end_session();
		assert!(rewards().iter().any(|r| r.0 == AssetId::Local(USD)));
	});
}

#[test]
fn neglect_costs_the_same_share_whatever_the_number_of_offenders() {
	let slash = Perbill::from_percent(1);
	let offence =
		ProberNeglect { session_index: 3, validator_set_count: 4, offenders: vec![1u64], slash };
	assert_eq!([1, 4].map(|n| offence.slash_fraction(n)), [slash; 2]);
	assert_eq!((offence.session_index(), offence.slot(), offence.validator_set_count()), (3, 3, 4));
	assert_eq!(offence.offenders(), vec![1]);
}

#[test]
fn validators_beyond_the_maximum_do_not_probe() {
	build_and_execute(0, || {
		start_session(101);
		assert_eq!(ProberSet::<Test>::get().len(), 100);
	});
}

#[test]
fn a_session_is_judged_by_the_rule_of_its_first_block() {
	let attend = |prober: u16, round: u32| {
		if prober == 3 && (9..13).contains(&round) { Attend::Not } else { Attend::Fully }
	};
	// Prober 2 misses one of three changes away from up.
	let says = |prober: u16, round: u32, service: u32| {
		if prober == 2 && round % 12 == 8 { up() } else { changing(round, service) }
	};
	build_and_execute(4, || {
		list_five();
		run_rounds_with(14, attend, says);
		// Prober 3 reported in 8 of 12 rounds. The new rule demands all of them, and all changes of
		// prober 2, but the session began with a milder one.
		Rule::set(DutyRule { min_share: Perbill::one(), min_caught: Perbill::one() });
		end_session();
		assert!(failed().is_empty());
		assert!([2, 3].iter().all(|p| native(account(*p)) > 0));
		let earned = [0, 2, 3].map(|p| native(account(p)));
		start_session(4);
		run_rounds_with(
			12,
			|prober, round| if prober == 3 && round > 22 { Attend::Not } else { Attend::Fully },
			says,
		);
		let tally = Probes::duty(account(2)).unwrap();
		assert!(tally.caught() > RULE.min_caught && tally.caught() < Perbill::one());
		end_session();
		let failed: Vec<_> = failed().into_iter().map(|(who, _)| who).collect();
		assert_eq!(failed, [account(3)]);
		let now = [0, 2, 3].map(|p| native(account(p)));
		assert!(now[0] > earned[0]);
		assert_eq!(now[1..], earned[1..]);
	});
}

#[test]
fn a_session_without_a_stored_rule_takes_the_current_one() {
	build_and_execute(4, || {
		list_five();
		SessionRule::<Test>::kill();
		run_rounds(12, seen);
		end_session();
		assert_eq!(native(account(0)), 250_000);
	});
}

//! What a session of probing earns, and what neglect leads to.

use crate::{DutyTally, Event, MIN_ROUNDS, ProberNeglect, mock::*};
use sp_runtime::Perbill;
use sp_staking::offence::Offence;
use surety_primitives::{AssetId, report::Finding};

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

#[test]
fn the_pot_is_shared_by_accepted_reports() {
	build_and_execute(4, || {
		list(1, 1);
		// Prober 3 misses two of ten rounds.
		play_with(
			12,
			|prober, round| if prober == 3 && round > 8 { Attend::Not } else { Attend::Fully },
			|_, _, _| up(),
		);
		end_session();
		// 1,000,000 over 38 reports; the pot keeps its minimum balance and the dust.
		let part = |reports: u128| 1_000_000 * reports / 38;
		assert_eq!([0, 1, 2, 3].map(|p| native(account(p))), [part(10), part(10), part(10), part(8)]);
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
fn below_the_least_duty_there_is_no_reward_but_an_offence() {
	build_and_execute(4, || {
		list_hot(1, 1);
		list_hot(2, 2);
		play_with(
			12,
			|prober, round| if prober == 1 && round % 2 == 0 { Attend::CommitOnly } else { Attend::Fully },
			// Prober 2 is wrong about half of the services.
			|prober, _, service| if prober == 2 && service == 1 { Finding::Bad(ms(1)) } else { up() },
		);
		end_session();
		assert_eq!([1, 2].map(|p| native(account(p))), [0, 0]);
		// What they would have earned stays in the pot: the others get no more for it.
		let part = 1_000_000 * 10 / 35;
		assert_eq!([0, 3].map(|p| native(account(p))), [part, part]);
		assert_eq!(native(POT), 1_000_010 - 2 * part);
		assert_eq!(Offences::get(), vec![(0, vec![account(1), account(2)])]);
		let tallies = failed();
		assert_eq!(tallies[0].0, account(1));
		assert_eq!(tallies[0].1.participation(), Perbill::from_percent(50));
		assert_eq!(tallies[1].1.agreement(), Perbill::from_percent(50));
	});
}

#[test]
fn exactly_the_least_duty_is_enough() {
	let tally = |accepted, rounds, agreed, judged| DutyTally {
		rounds,
		committed: accepted,
		revealed: accepted,
		accepted,
		judged,
		agreed,
	};
	let least = Perbill::from_percent(60);
	assert!(tally(6, 10, 60, 100).meets(least));
	assert!(!tally(5, 10, 100, 100).meets(least));
	assert!(!tally(10, 10, 59, 100).meets(least));
	assert!(tally(0, 0, 0, 0).meets(least));
	assert!(tally(10, 10, 0, 0).meets(least), "nothing had a verdict");
}

#[test]
fn a_session_of_few_rounds_is_held_against_nobody() {
	build_and_execute(4, || {
		list(1, 1);
		let attends = |prober: u16, _: u32| if prober == 0 { Attend::Not } else { Attend::Fully };
		play_with(MIN_ROUNDS + 1, attends, |_, _, _| up());
		assert_eq!(Probes::duty(account(0)).unwrap().rounds, MIN_ROUNDS - 1);
		end_session();
		assert!(Offences::get().is_empty());
		assert_eq!(native(account(0)), 0);
		assert!(native(account(1)) > 0);
		play_with(MIN_ROUNDS, attends, |_, _, _| up());
		end_session();
		assert_eq!(Offences::get(), vec![(1, vec![account(0)])]);
	});
}

#[test]
fn who_left_the_set_is_not_reported_for_the_next_session() {
	build_and_execute(4, || {
		list(1, 1);
		play(8, |_, _, _| up());
		end_session();
		session_of(4..8);
		// Six rounds after, but the old probers are named only by those that were open.
		play_with(8, |_, _| Attend::Not, |_, _, _| up());
		assert_eq!(Probes::duty(account(0)).unwrap().rounds, 2);
		end_session();
		assert_eq!(Offences::get(), vec![(1, (4..8).map(account).collect())]);
	});
}

#[test]
fn only_validators_of_the_session_are_reported() {
	build_and_execute(4, || {
		list(1, 1);
		play_with(8, |prober, _| if prober < 2 { Attend::Not } else { Attend::Fully }, |_, _, _| up());
		Validators::mutate(|validators| validators.retain(|who| *who != account(0)));
		end_session();
		assert_eq!(failed().len(), 2);
		assert_eq!(Offences::get(), vec![(0, vec![account(1)])]);
	});
}

#[test]
fn a_reward_that_cannot_be_taken_stays_in_the_pot() {
	build_and_execute(4, || {
		list(1, 1);
		// An account that exists for no other reason cannot begin below the minimum balance of 10.
		Balances::force_set_balance(RuntimeOrigin::root(), POT, 10 + 8).unwrap();
		Balances::force_set_balance(RuntimeOrigin::root(), account(0), 10).unwrap();
		play_up(8);
		end_session();
		assert_eq!(native(account(0)), 12);
		assert_eq!(native(account(1)), 0);
		assert_eq!(native(POT), 16);
		assert_eq!(rewards()[0], (AssetId::Native, 2, 1));
	});
}

#[test]
fn an_empty_pot_and_an_idle_session_pay_nothing() {
	build_and_execute(4, || {
		play_up(8);
		end_session();
		assert!(rewards().is_empty());
		assert!(Offences::get().is_empty(), "nothing was due");
		assert_eq!(native(POT), 1_000_010);
		list(1, 1);
		RewardAssets::set(vec![]);
		Balances::force_set_balance(RuntimeOrigin::root(), POT, 10).unwrap();
		play_up(8);
		end_session();
		assert!(rewards().is_empty());
	});
}

#[test]
fn the_assets_take_turns() {
	build_and_execute(4, || {
		list(1, 1);
		RewardAssets::set(vec![AssetId::Local(1), AssetId::Local(USD)]);
		play_up(6);
		end_session();
		assert_eq!(rewards().iter().map(|r| r.0).collect::<Vec<_>>(), [AssetId::Native]);
		play_up(6);
		end_session();
		assert!(rewards().iter().any(|r| r.0 == AssetId::Local(USD)));
	});
}

#[test]
fn neglect_is_recorded_and_not_slashed() {
	let offence = ProberNeglect { session_index: 3, validator_set_count: 4, offenders: vec![1u64] };
	assert_eq!(offence.slash_fraction(1), Perbill::zero());
	assert_eq!((offence.session_index(), offence.slot(), offence.validator_set_count()), (3, 3, 4));
	assert_eq!(offence.offenders(), vec![1]);
}

#[test]
fn more_validators_than_can_probe_are_left_out() {
	build_and_execute(0, || {
		start_session(101);
		assert_eq!(crate::ProberSet::<Test>::get().len(), 100);
	});
}

#[test]
fn a_session_is_paid_by_the_least_duty_of_its_first_block() {
	let attend = |prober: u16, round: u32| {
		if prober == 3 && round > 8 { Attend::Not } else { Attend::Fully }
	};
	build_and_execute(4, || {
		list(1, 1);
		play_with(12, attend, |_, _, _| up());
		// Prober 3 came to 8 of 10 rounds. Now all would be asked of it, but the session began with
		// less.
		MinDuty::set(Perbill::one());
		end_session();
		assert!(failed().is_empty() && native(account(3)) > 0);
		start_session(4);
		play_with(
			12,
			|prober, round| if prober == 3 && round > 20 { Attend::Not } else { Attend::Fully },
			|_, _, _| up(),
		);
		end_session();
		assert_eq!(failed().iter().map(|(who, _)| *who).collect::<Vec<_>>(), [account(3)]);
	});
}

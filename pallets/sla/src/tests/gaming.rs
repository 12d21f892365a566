//! What somebody might try, and that it does not pay.

use super::*;

fn wealth(asset: AssetId, who: AccountId) -> Balance {
	Money::total(asset, &who)
}

#[test]
fn an_agreement_opened_during_an_outage_gets_nothing_of_it() {
	ExtBuilder::build_and_execute(|| {
		let victim = open_counting(OTHER, SERVICE, 1);
		// Down since this round, but the last verdict is still the one of two rounds ago.
		let late = open(TENANT, SERVICE, 10);
		breach(SERVICE, None, Low);
		breach(SERVICE, Some(Low), Medium);
		breach(SERVICE, Some(Medium), High);
		turn(SERVICE, 3);
		assert_eq!((owed(victim), owed(late)), (300, 0));
		verdict(SERVICE, 3 * R, Verdict::Down);
		assert_noop!(Sla::open_agreement(signed(TENANT), SERVICE, 1, DEPOSIT, 0), Error::<Test>::NotUp);
	});
}

#[test]
fn opening_just_before_a_windows_edge_gets_nothing_of_the_window_and_at_most_the_price_of_the_next() {
	ExtBuilder::build_and_execute(|| {
		open_counting(OTHER, SERVICE, 1);
		at_round(4 * R - 1);
		let wealth_before = wealth(NATIVE, TENANT);
		let id = open(TENANT, SERVICE, 1);
		// Window 3 is judged to its end only after window 4 began.
		at_round(4 * R);
		Sla::breached(
			SERVICE,
			surety_primitives::Breached {
				window: 3,
				round: 4 * R - 1,
				kind: BreachKind::Downtime,
				before: None,
				severity: Critical,
				counters: Default::default(),
				frozen: surety_primitives::Frozen { multiplier: 3, ..Default::default() },
			},
		);
		turn(SERVICE, 3);
		assert_eq!(owed(id), 0);
		for kind in BreachKind::COUNTED {
			breach_with(SERVICE, kind, None, Critical, 3);
		}
		assert_eq!(owed(id), WINDOW_PRICE);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		at_round(4 * R + 2);
		World::work_agenda();
		assert!(wealth(NATIVE, TENANT) <= wealth_before, "the first window is paid all the same");
	});
}

#[test]
fn closing_in_the_block_of_a_breach_gains_nothing() {
	ExtBuilder::build_and_execute(|| {
		let stays = open(OTHER, SERVICE, 1);
		let leaves = open_counting(TENANT, SERVICE, 1);
		let before = wealth(NATIVE, TENANT);
		breach(SERVICE, None, Low);
		assert_ok!(Sla::close_agreement(signed(TENANT), leaves));
		at_round(3 * R + 2);
		World::work_agenda();
		assert_eq!(wealth(NATIVE, TENANT), before - WINDOW_PRICE + 60, "what everybody pays and gets");
		assert_eq!(owed(stays), 60);
		// And opening again is a new first window, to be paid for whatever happens.
		let again = open(TENANT, SERVICE, 1);
		breach(SERVICE, Some(Low), Medium);
		assert_eq!(owed(again), 0);
	});
}

#[test]
fn breaching_against_oneself_as_tenant_loses() {
	ExtBuilder::build_and_execute(|| {
		let wealth_before = wealth(NATIVE, OPERATOR);
		let id = open_counting(OPERATOR, SERVICE, 10);
		for kind in BreachKind::COUNTED {
			breach_with(SERVICE, kind, None, Critical, 3);
		}
		assert_eq!(owed(id), 10 * WINDOW_PRICE);
		assert_ok!(Sla::claim(signed(OPERATOR), id));
		let lost = wealth_before - wealth(NATIVE, OPERATOR);
		let penalty = free(NATIVE, TREASURY) - MINIMUM;
		assert_eq!(lost, penalty + MINIMUM, "all that is not the account of the credits");
		assert!(penalty > 10 * WINDOW_PRICE / 10);
	});
}

#[test]
fn a_cheap_agreement_with_oneself_does_not_lower_what_others_get() {
	ExtBuilder::build_and_execute(|| {
		relist(SERVICE, |s| s.price = 1);
		open(OPERATOR, SERVICE, 1);
		relist(SERVICE, |s| s.price = PRICE);
		let id = open(TENANT, SERVICE, 1);
		relist(SERVICE, |s| s.price = 2);
		open_counting(OPERATOR, SERVICE, 1);
		breach(SERVICE, None, Critical);
		assert_eq!(owed(id), WINDOW_PRICE);
	});
}

#[test]
fn poking_settlement_every_block_earns_no_dust() {
	let run = |poke: bool| {
		ExtBuilder::build().execute_with(|| {
			relist(SERVICE, |s| s.terms.credit = [1, 2, 4, 7]);
			open(OTHER, SERVICE, 7);
			let id = open_counting(TENANT, SERVICE, 3);
			for round in 3 * R..4 * R {
				at_round(round);
				breach_with(SERVICE, BreachKind::BadData, None, Low, 1);
				for _ in 0..L {
					if poke {
						assert_ok!(Sla::settle(signed(TENANT), id));
					}
					System::set_block_number(System::block_number() + 1);
				}
			}
			assert_ok!(Sla::settle(signed(TENANT), id));
			(wealth(NATIVE, TENANT), wealth(NATIVE, OPERATOR), Pots::<Test>::get(NATIVE))
		})
	};
	assert_eq!(run(true), run(false));
}

#[test]
fn a_blocked_tenant_stops_no_sweep() {
	ExtBuilder::build_and_execute(|| {
		let ids = [open(OTHER, LOCAL_SERVICE, 1), open(THIRD, LOCAL_SERVICE, 1)];
		let blocked = open_counting(TENANT, LOCAL_SERVICE, 1);
		breach(LOCAL_SERVICE, None, Low);
		block(TENANT);
		Sla::on_idle(0, Weight::MAX);
		assert_eq!((owed(ids[0]), owed(ids[1]), owed(blocked)), (0, 0, 60));
		assert_ok!(Sla::settle(signed(THIRD), blocked));
		assert_eq!(owed(blocked), 60);
		breach(LOCAL_SERVICE, Some(Low), Medium);
		assert_eq!(owed(blocked), 120);
		unblock(TENANT);
		Sla::on_idle(0, Weight::MAX);
		Sla::on_idle(0, Weight::MAX);
		assert_eq!(owed(blocked), 0);
	});
}

#[test]
fn giving_notice_at_the_start_of_an_outage_frees_nobody() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 1);
		assert_ok!(Sla::close_agreement(signed(OPERATOR), id));
		at_round(4 * R);
		turn(SERVICE, 3);
		breach(SERVICE, None, Critical);
		assert_eq!(owed(id), WINDOW_PRICE);
	});
}

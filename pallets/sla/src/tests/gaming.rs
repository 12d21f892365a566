//! Tricks that do not pay.

use super::*;

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
		assert_noop!(
			Sla::open_agreement(signed(TENANT), SERVICE, 1, u128::MAX, DEPOSIT, NO_COVER),
			Error::<Test>::NotUp
		);
	});
}

#[test]
fn opening_just_before_a_windows_edge_gets_nothing_of_the_window() {
	ExtBuilder::build_and_execute(|| {
		open_counting(OTHER, SERVICE, 1);
		at_round(4 * R - 1);
		let id = open(TENANT, SERVICE, 1);
		// Window 3 is judged to its end only after window 4 began.
		at_round(4 * R + 1);
		breach_in(4 * R - 1, SERVICE, BreachKind::Downtime, None, Critical, 1);
		turn(SERVICE, 3);
		at_round(5 * R);
		assert_eq!((owed(id), Sla::agreement(id).unwrap().reserved), (0, 0));
		breach(SERVICE, None, Low);
		assert_eq!(owed(id), 60);
	});
}

#[test]
fn opening_again_after_a_breach_is_a_new_first_window() {
	ExtBuilder::build_and_execute(|| {
		let stays = open(OTHER, SERVICE, 1);
		let leaves = open_counting(TENANT, SERVICE, 1);
		breach(SERVICE, None, Low);
		assert_ok!(Sla::close_agreement(signed(TENANT), leaves));
		finish(3 * R);
		let again = open(TENANT, SERVICE, 1);
		breach(SERVICE, Some(Low), Medium);
		assert_eq!((owed(stays), owed(again)), (120, 0));
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
		at_round(3 * R + 3);
		breach(SERVICE, None, Critical);
		assert_eq!(owed(id), WINDOW_PRICE);
	});
}

#[test]
fn poking_settlement_every_block_earns_no_dust() {
	let run = |poke: bool| {
		ExtBuilder::build().execute_with(|| {
			promise(SERVICE, WindowShare::from_rational(1, 1_300), COVER);
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
			assert_ok!(Sla::do_try_state());
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

#[test]
fn raising_the_price_after_a_sale_changes_neither_credit_nor_exposure() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 1);
		relist(SERVICE, |s| s.price = 1);
		assert_eq!(World::exposure(SERVICE), reserve(PRICE, COVER));
		breach(SERVICE, None, High);
		assert_eq!(owed(id), 300);
	});
}

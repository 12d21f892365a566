// SPDX-License-Identifier: Apache-2.0

//! Tricks that do not pay.

use super::*;

#[test]
fn an_agreement_opened_during_an_outage_gets_nothing_of_it() {
	build_and_execute(|| {
		let victim = open_counting(OTHER, SERVICE, 1);
		outage(SERVICE, COUNTING + 1..COUNTING + 7);
		pass_rounds(1);
		// Down in this round, but the last verdict is still that of the round two before.
		let late = open(TENANT, SERVICE, 10);
		at_round(4 * R + 2);
		assert_eq!((owed(victim), owed(late)), (300, 0));
		assert_eq!(reserved(late), 0);
		outage(SERVICE, [4 * R + 3]);
		pass_rounds(3);
		assert_noop!(try_open(TENANT, SERVICE, 1, DEPOSIT), Error::<Test>::NotUp);
	});
}

#[test]
fn opening_just_before_a_windows_edge_gets_nothing_of_the_window() {
	build_and_execute(|| {
		open_counting(OTHER, SERVICE, 1);
		at_round(4 * R - 1);
		let id = open(TENANT, SERVICE, 1);
		// Window 3 is judged to its end only after window 4 began.
		at_round(4 * R + 1);
		breach(SERVICE, None, Critical);
		at_round(5 * R + 2);
		assert_eq!((owed(id), reserved(id)), (0, 0));
		breach(SERVICE, None, Low);
		assert_eq!(owed(id), 60);
	});
}

#[test]
fn opening_again_after_a_breach_is_a_new_first_window() {
	build_and_execute(|| {
		let stays = open(OTHER, SERVICE, 1);
		let leaves = open_counting(TENANT, SERVICE, 1);
		breach(SERVICE, None, Low);
		assert_ok!(Sla::close_agreement(signed(TENANT), leaves));
		finish(COUNTING);
		let again = open(TENANT, SERVICE, 1);
		breach(SERVICE, Some(Low), Medium);
		assert_eq!((owed(stays), owed(again)), (120, 0));
	});
}

#[test]
fn a_cheap_agreement_with_oneself_does_not_lower_what_others_get() {
	build_and_execute(|| {
		relist(SERVICE, |listing| listing.price = 1);
		open(OPERATOR, SERVICE, 1);
		relist(SERVICE, |listing| listing.price = PRICE);
		let id = open(TENANT, SERVICE, 1);
		relist(SERVICE, |listing| listing.price = 2);
		open_counting(OPERATOR, SERVICE, 1);
		breach(SERVICE, None, Critical);
		assert_eq!(owed(id), WINDOW_PRICE);
	});
}

#[test]
fn poking_settlement_every_block_earns_no_dust() {
	let run = |poke: bool| {
		new_test_ext().execute_with(|| {
			promise(SERVICE, WindowShare::from_rational(1, 1_300), COVER);
			open(OTHER, SERVICE, 7);
			let id = open_counting(TENANT, SERVICE, 3);
			for _ in 0..R {
				breach_with(SERVICE, BreachKind::BadData, None, Low, 1);
				for _ in 0..L {
					if poke {
						assert_ok!(Sla::settle(signed(TENANT), id));
					}
					Kit::next_block();
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
	build_and_execute(|| {
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
	build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 1);
		assert_ok!(Sla::close_agreement(signed(OPERATOR), id));
		outage(SERVICE, COUNTING + 1..4 * R);
		at_round(4 * R + 1);
		assert_eq!(owed(id), 300);
		breach(SERVICE, Some(High), Critical);
		assert_eq!(owed(id), WINDOW_PRICE);
	});
}

#[test]
fn raising_the_price_after_a_sale_changes_neither_credit_nor_exposure() {
	build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 1);
		relist(SERVICE, |listing| listing.price = 1);
		assert_eq!(exposure(SERVICE), reserve(PRICE, COVER));
		breach(SERVICE, None, High);
		assert_eq!(owed(id), 300);
	});
}

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
		assert_noop!(
			Sla::open_agreement(signed(TENANT), SERVICE, 1, u128::MAX, DEPOSIT, 0),
			Error::<Test>::NotUp
		);
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
		at_round(5 * R + 1);
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
		at_round(4 * R + 1);
		World::work_agenda();
		let paid = 2 * WINDOW_PRICE - Balance::from(L) * PRICE;
		assert_eq!(wealth(NATIVE, TENANT), before - paid + 60, "windows 2 and 3");
		assert_eq!(owed(stays), 60);
		// And opening again is a new first window, to be paid for whatever happens.
		let again = open(TENANT, SERVICE, 1);
		breach(SERVICE, None, Medium);
		assert_eq!(owed(again), 0);
	});
}

/// A tenant opens just before window 3, and induces an outage over its end that costs the whole price of it. The
/// clock is at `round` of window 4 afterwards, of whose rounds none is judged that the outage goes on in.
fn outage_over_an_edge(round: RoundIndex) -> (AgreementId, Balance) {
	at_round(3 * R - 1);
	let before = wealth(NATIVE, TENANT);
	let id = open(TENANT, SERVICE, 1);
	at_round(4 * R + 1);
	turn(SERVICE, 2);
	breach_in(4 * R - 1, SERVICE, BreachKind::Downtime, None, Critical, 1);
	turn(SERVICE, 3);
	assert_eq!(owed(id), WINDOW_PRICE);
	at_round(round);
	(id, before)
}

#[test]
fn closing_after_two_outages_around_an_edge_costs_the_second_window() {
	ExtBuilder::build_and_execute(|| {
		let (id, before) = outage_over_an_edge(4 * R + 2);
		breach_in(4 * R, SERVICE, BreachKind::Downtime, None, Critical, 1);
		assert_eq!(owed(id), 2 * WINDOW_PRICE, "of two windows, when it paid little more than one");
		events();
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		let (round, reason) = (5 * R - 1, CloseReason::TenantClosed);
		assert_eq!(events(), [Event::AgreementEnding { agreement: id, round, reason, code: 1_001 }]);
		assert_noop!(Sla::close_agreement(signed(TENANT), id), Error::<Test>::AlreadyEnding);
		at_round(round + 2);
		World::work_agenda();
		assert!(Agreements::<Test>::get(id).is_none());
		assert!(wealth(NATIVE, TENANT) <= before, "no profit");
	});
}

#[test]
fn closing_before_the_second_outage_is_judged_pays_for_the_rounds_stayed_only() {
	ExtBuilder::build_and_execute(|| {
		let (id, before) = outage_over_an_edge(4 * R + 1);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		let reason = CloseReason::TenantClosed;
		assert_eq!(agreement(id).state, AgreementState::Closing { round: 4 * R + 1, reason });
		at_round(4 * R + 2);
		breach_in(4 * R, SERVICE, BreachKind::Downtime, None, Critical, 1);
		let two_rounds = 2 * Balance::from(L) * PRICE;
		// Whoever asks: it is settled at the end.
		let held = wealth(NATIVE, TENANT);
		assert_eq!(owed(id), WINDOW_PRICE + two_rounds);
		assert_ok!(Sla::settle(signed(TENANT), id));
		assert_noop!(Sla::claim(signed(TENANT), id), Error::<Test>::PaidAtItsEnd);
		Sla::on_idle(0, Weight::MAX);
		assert!(wealth(NATIVE, TENANT) <= held);
		at_round(4 * R + 3);
		assert_eq!(state(SERVICE).carry, 0);
		events();
		World::work_agenda();
		assert!(matches!(events()[0], Event::AgreementClosed { credited, .. }
			if credited == WINDOW_PRICE + two_rounds));
		assert_eq!(state(SERVICE).carry, WINDOW_PRICE - two_rounds, "the rest pays the next credits");
		assert!(wealth(NATIVE, TENANT) <= before, "no profit");
	});
}

#[test]
fn letting_the_deposit_run_out_after_two_outages_pays_for_the_rounds_stayed_only() {
	ExtBuilder::build_and_execute(|| {
		open(OTHER, SERVICE, 1);
		at_round(3 * R - 1);
		let before = wealth(NATIVE, TENANT);
		let id = NextAgreement::<Test>::get();
		// Two rounds more than a window.
		let deposit = WINDOW_PRICE + 2 * Balance::from(L) * PRICE;
		assert_ok!(Sla::open_agreement(signed(TENANT), SERVICE, 1, u128::MAX, deposit, 0));
		at_round(4 * R + 2);
		turn(SERVICE, 2);
		breach_in(4 * R - 1, SERVICE, BreachKind::Downtime, None, Critical, 1);
		turn(SERVICE, 3);
		breach_in(4 * R, SERVICE, BreachKind::Downtime, None, Critical, 1);
		let round = Balance::from(L) * PRICE;
		assert_eq!(owed(id), WINDOW_PRICE + round, "one round of the window is judged");
		for _ in 0..2 {
			let _ = Sla::settle(signed(TENANT), id);
			let _ = Sla::claim(signed(TENANT), id);
			Sla::on_idle(0, Weight::MAX);
		}
		assert_eq!(agreement(id).credited, WINDOW_PRICE + round);
		World::decide_end(id, 4 * R + 1, CloseReason::FundsExhausted);
		at_round(4 * R + 3);
		assert_eq!(owed(id), round);
		events();
		World::work_agenda();
		assert!(matches!(events()[0], Event::AgreementClosed { credited, .. }
			if credited == WINDOW_PRICE + 2 * round));
		assert!(wealth(NATIVE, TENANT) <= before, "no profit");
	});
}

#[test]
fn with_more_funds_a_credit_is_paid_at_once() {
	ExtBuilder::build_and_execute(|| {
		let id = NextAgreement::<Test>::get();
		let deposit = WINDOW_PRICE + MINIMUM;
		assert_ok!(Sla::open_agreement(signed(TENANT), SERVICE, 1, u128::MAX, deposit, 0));
		at_round(3 * R);
		turn(SERVICE, 2);
		breach(SERVICE, None, High);
		assert_noop!(Sla::claim(signed(TENANT), id), Error::<Test>::NothingOwed);
		// Ten rounds are judged, and it takes 13 more to the end of window 3.
		let needed = (10 + 13) * Balance::from(L) * PRICE - deposit;
		for (more, owes) in [(needed - 1, 0), (1, 300)] {
			assert_ok!(Sla::top_up(signed(TENANT), id, more));
			assert_eq!(owed(id), owes);
		}
		assert_ok!(Sla::claim(signed(TENANT), id));
	});
}

#[test]
fn settling_before_closing_makes_no_difference() {
	let run = |settle: bool| {
		ExtBuilder::build().execute_with(|| {
			let (id, _) = outage_over_an_edge(4 * R + 2);
			breach_in(4 * R, SERVICE, BreachKind::Downtime, None, High, 1);
			if settle {
				assert_ok!(Sla::settle(signed(TENANT), id));
			}
			assert_ok!(Sla::close_agreement(signed(TENANT), id));
			at_round(5 * R + 1);
			World::work_agenda();
			assert_ok!(Sla::do_try_state());
			wealth(NATIVE, TENANT)
		})
	};
	assert_eq!(run(true), run(false));
}

#[test]
fn an_honest_tenant_that_closes_early_gets_what_is_due() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 2);
		breach(SERVICE, None, High);
		at_round(4 * R + 5);
		turn(SERVICE, 3);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		at_round(4 * R + 7);
		breach_in(4 * R + 4, SERVICE, BreachKind::Downtime, None, Low, 1);
		breach_in(4 * R + 5, SERVICE, BreachKind::Downtime, Some(Low), Medium, 1);
		events();
		World::work_agenda();
		// All of window 3, and in window 4 less than the price of its six rounds.
		assert!(
			matches!(events()[0], Event::AgreementClosed { credited, .. } if credited == 2 * (300 + 120))
		);
		assert_eq!(Pots::<Test>::get(NATIVE).carry, 0);
	});
}

#[test]
fn units_that_do_not_count_yet_close_with_the_current_round() {
	ExtBuilder::build_and_execute(|| {
		open_counting(OTHER, SERVICE, 1);
		let id = open(TENANT, SERVICE, 1);
		breach(SERVICE, None, Low);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		let reason = CloseReason::TenantClosed;
		assert_eq!(agreement(id).state, AgreementState::Closing { round: 3 * R, reason });
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

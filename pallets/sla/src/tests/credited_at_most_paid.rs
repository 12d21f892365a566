//! Credited in all <= paid in all: per agreement and lease, at every moment, whatever the terms. So
//! nobody ends above zero by an outage, bought, faked or induced, with the operator's help or
//! against it.

use super::*;

/// Promise of the most generous terms for any breach.
const GENEROUS: WindowShare = WindowShare::from_u32(30);

/// A service that promises 30 windows' prices for any breach. The pot is alive, so that nobody pays
/// for that.
fn generous() {
	promise(SERVICE, GENEROUS, GENEROUS);
	open(THIRD, SIBLING, 1);
	events();
}

/// Play a game; its tenant and its operator, alone or together, have no more than before. Says what
/// was paid and credited by what closed.
fn play(game: impl FnOnce()) -> Vec<(Balance, Balance)> {
	let (tenant, operator) = (wealth(NATIVE, TENANT), wealth(NATIVE, OPERATOR));
	game();
	assert!(wealth(NATIVE, TENANT) <= tenant, "the tenant gained");
	let both = tenant + operator;
	assert!(wealth(NATIVE, TENANT) + wealth(NATIVE, OPERATOR) <= both, "they gained together");
	let closed = closed();
	assert!(closed.iter().all(|(paid, credited)| credited <= paid));
	closed
}

#[test]
fn credit_becomes_due_as_the_agreement_pays() {
	ExtBuilder::build_and_execute(|| {
		promise(SERVICE, GENEROUS, GENEROUS + COVER);
		at_round(3 * R - 1);
		let id = open(TENANT, SERVICE, 1);
		at_round(3 * R + 2);
		turn(SERVICE, 2);
		assert_eq!(
			breach_in(3 * R, SERVICE, BreachKind::Downtime, None, Low, 1).credited,
			30 * WINDOW_PRICE
		);
		// Round 3 R is billed.
		let round = PRICE * Balance::from(L);
		let mut got = 0;
		for (judged, paid) in [(1, 1), (1, 1), (2, 2), (5, 5), (12, 12), (30, 30)] {
			at_round(3 * R + judged + 1);
			assert_eq!(owed(id), (paid * round) - got);
			assert_eq!(Sla::agreement(id).unwrap().reserved, 30 * WINDOW_PRICE - paid * round);
			if got < paid * round {
				assert_ok!(Sla::claim(signed(THIRD), id));
			}
			got = agreement(id).credited;
			assert_eq!(got, paid * round);
			assert_noop!(Sla::claim(signed(THIRD), id), Error::<Test>::NothingOwed);
			assert_ok!(Sla::do_try_state());
		}
	});
}

#[test]
fn more_funds_do_not_make_credit_due() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 1);
		breach_with(SERVICE, BreachKind::Downtime, None, Critical, 3);
		assert_eq!(owed(id), 500);
		assert_ok!(Sla::top_up(signed(TENANT), id, 100_000));
		assert_eq!(owed(id), 500);
	});
}

#[test]
fn bought_in_the_last_round_before_a_day_of_outage() {
	ExtBuilder::build_and_execute(|| {
		generous();
		at_round(3 * R - 1);
		let treasury = free(NATIVE, TREASURY);
		let all = play(|| {
			let id = open(TENANT, SERVICE, 2);
			let mut sweep = Sweep::of(SERVICE);
			sweep.judge(3 * R, 4 * R + 4, |_| true);
			assert!(Agreements::<Test>::get(id).is_none(), "it ended for cause");
		});
		assert_eq!(all, [(0, 0)], "nothing was billed, so nothing is credited");
		// All that the breach took is the treasury's once the service has a window again, or is
		// gone.
		assert_ok!(Sla::forget(SERVICE));
		assert_eq!(free(NATIVE, TREASURY), treasury + 60 * WINDOW_PRICE * 11 / 10);
	});
}

#[test]
fn a_day_of_outage_that_ends_a_service_as_dead_not_at_its_cover() {
	ExtBuilder::build_and_execute(|| {
		promise(SERVICE, WindowShare::from_u32(2), GENEROUS);
		open(THIRD, SIBLING, 1);
		events();
		at_round(3 * R - 1);
		let all = play(|| {
			open(TENANT, SERVICE, 2);
			let mut sweep = Sweep::of(SERVICE);
			// Up once, so that it stays; dead at the turn.
			sweep.judge(3 * R, 4 * R + 4, |round| round > 3 * R && round < 4 * R);
			assert!(state(SERVICE).ends.is_some());
			let last = 2 * R + TestClock::round();
			sweep.judge(4 * R + 4, last, |_| true);
		});
		let round = 2 * PRICE * Balance::from(L);
		// Round 3 R, and the first three of the next window.
		assert_eq!(all, [(4 * round, 4 * round)]);
	});
}

#[test]
fn short_outages_on_three_windows_in_a_row() {
	for (credit, cover) in [(tenths(10), COVER), (GENEROUS, GENEROUS * WindowShare::from_u32(9))] {
		ExtBuilder::build_and_execute(|| {
			promise(SERVICE, credit, cover);
			open(THIRD, SIBLING, 1);
			at_round(3 * R - 1);
			events();
			let all = play(|| {
				let id = open(TENANT, SERVICE, 2);
				let mut sweep = Sweep::of(SERVICE);
				// Two rounds of each window: one more than allowed.
				sweep.judge(3 * R, 6 * R, |round| round % R < 2);
				let _ = Sla::close_agreement(signed(TENANT), id);
				sweep.judge(6 * R, 6 * R + 4, |_| false);
				assert!(Agreements::<Test>::get(id).is_none());
			});
			let (paid, credited) = all[0];
			assert_eq!(paid, credited, "for nothing, as promised, and no more");
		});
	}
}

#[test]
fn a_stale_up_of_an_idle_listing_sells_nothing() {
	ExtBuilder::build_and_execute(|| {
		generous();
		play(|| {
			let Some((_, was_up)) = ProbedAs::get()[&SERVICE].last else { panic!("probed") };
			let open =
				|| Sla::open_agreement(signed(TENANT), SERVICE, 1, u128::MAX, DEPOSIT, NO_COVER);
			// Down for long, but idle and not probed since.
			verdict(SERVICE, 2 * R - FRESH_ROUNDS - 1, was_up);
			assert_noop!(open(), Error::<Test>::VerdictTooOld);
			// Fresh enough, and down since: the first window is not credited, nor paid.
			verdict(SERVICE, 2 * R - FRESH_ROUNDS, was_up);
			assert_ok!(open());
			let mut sweep = Sweep::of(SERVICE);
			sweep.judge(2 * R + 1, 4 * R, |_| true);
		});
	});
}

#[test]
fn closing_in_the_block_of_a_breach() {
	ExtBuilder::build_and_execute(|| {
		generous();
		let all = play(|| {
			let id = open_counting(TENANT, SERVICE, 1);
			breach(SERVICE, None, Low);
			assert_ok!(Sla::close_agreement(signed(TENANT), id));
			finish(3 * R);
		});
		assert_eq!(all, [(WINDOW_PRICE, WINDOW_PRICE)]);
	});
}

#[test]
fn a_tenant_that_leaves_as_soon_as_it_counts() {
	for settles in [false, true] {
		ExtBuilder::build_and_execute(|| {
			generous();
			at_round(3 * R - 1);
			let all = play(|| {
				let id = open(TENANT, SERVICE, 1);
				let mut sweep = Sweep::of(SERVICE);
				// The third round of an outage is the first one over the terms, and takes 30
				// windows.
				sweep.judge(3 * R, 3 * R + 4, |round| round > 3 * R);
				assert_eq!(state(SERVICE).index, GENEROUS);
				if settles {
					assert_ok!(Sla::settle(signed(TENANT), id));
				}
				let _ = Sla::close_agreement(signed(TENANT), id);
				sweep.judge(3 * R + 4, 4 * R, |_| false);
				assert!(Agreements::<Test>::get(id).is_none());
			});
			// The cover is used up: the meter stopped, and with it what is prepaid.
			let paid = all[0].0;
			assert_eq!(all, [(paid, paid)]);
			assert!(paid < WINDOW_PRICE);
		});
	}
}

#[test]
fn a_tenant_that_leaves_of_its_own_will_pays_a_window_and_gets_no_more() {
	ExtBuilder::build_and_execute(|| {
		promise(SERVICE, GENEROUS, GENEROUS * WindowShare::from_u32(3));
		open(THIRD, SIBLING, 1);
		events();
		at_round(3 * R - 1);
		let all = play(|| {
			let id = open(TENANT, SERVICE, 1);
			let mut sweep = Sweep::of(SERVICE);
			sweep.judge(3 * R, 3 * R + 3, |round| round > 3 * R);
			assert_ok!(Sla::close_agreement(signed(TENANT), id));
			sweep.judge(3 * R + 3, 4 * R, |_| false);
		});
		// Two rounds were down.
		let paid = WINDOW_PRICE - 2 * PRICE * Balance::from(L);
		assert_eq!(all, [(paid, paid)]);
	});
}

#[test]
fn letting_the_deposit_run_out_after_an_outage() {
	ExtBuilder::build_and_execute(|| {
		generous();
		let all = play(|| {
			let id = open_counting(TENANT, SERVICE, 1);
			breach(SERVICE, None, Low);
			World::decide_end(id, 3 * R + 1, CloseReason::FundsExhausted);
			finish(3 * R + 1);
		});
		assert_eq!(all, [(WINDOW_PRICE, WINDOW_PRICE)], "the cover was used up with round 3 R");
	});
}

#[test]
fn terms_that_somebody_else_agreed_to_in_the_operators_name() {
	ExtBuilder::build_and_execute(|| {
		let lease = 7;
		let service = list_lease(lease, NATIVE);
		promise(service, GENEROUS, GENEROUS);
		at_round(3 * R - 1);
		let all = play(|| {
			World::begin_lease(TENANT, lease, DEPOSIT).unwrap();
			events();
			let mut sweep = Sweep::of(service);
			sweep.judge(3 * R, 3 * R + 6, |round| round > 3 * R);
			assert!(Leased::get().is_empty(), "at its cover");
		});
		let (paid, credited) = all[0];
		assert!(paid <= 2 * PRICE * Balance::from(L));
		assert_eq!(paid, credited);
	});
}

#[test]
fn an_operator_that_is_its_own_tenant_loses_penalty_and_spare() {
	ExtBuilder::build_and_execute(|| {
		generous();
		let before = wealth(NATIVE, OPERATOR);
		let id = open_counting(OPERATOR, SERVICE, 10);
		let record = breach(SERVICE, None, Critical);
		assert_ok!(Sla::close_agreement(signed(OPERATOR), id));
		finish(3 * R);
		let spare = record.credited - 10 * WINDOW_PRICE;
		assert_eq!(state(SERVICE).spare, spare);
		assert_eq!(wealth(NATIVE, OPERATOR), before - spare - record.penalty);
	});
}

#[test]
fn settling_often_or_never_makes_no_difference() {
	let run = |settle: bool| {
		ExtBuilder::build().execute_with(|| {
			generous();
			let id = open_counting(TENANT, SERVICE, 3);
			breach(SERVICE, None, Low);
			for round in 3 * R..3 * R + 9 {
				at_round(round);
				if settle {
					let _ = Sla::claim(signed(TENANT), id);
				}
			}
			let _ = Sla::close_agreement(signed(TENANT), id);
			finish(3 * R + 9);
			assert!(Agreements::<Test>::get(id).is_none());
			assert_ok!(Sla::do_try_state());
			(wealth(NATIVE, TENANT), Pots::<Test>::get(NATIVE))
		})
	};
	assert_eq!(run(true), run(false));
}

// SPDX-License-Identifier: Apache-2.0

//! Credited in all <= paid in all: per agreement and lease, at every moment, whatever the terms. So
//! nobody gains by an outage, bought, faked or induced, with the operator's help or against it.

use super::*;

/// Promise of the most generous terms for any breach.
const GENEROUS: WindowShare = WindowShare::from_u32(30);
/// First round of window 3; agreements are opened in the round before it.
const FIRST: RoundIndex = 3 * R;

/// Let a service promise `credit` for any breach, up to `cover`. The pot is alive, so that nobody
/// pays for that.
fn promises(credit: WindowShare, cover: WindowShare) {
	promise(SERVICE, credit, cover);
	open(THIRD, SIBLING, 1);
	events();
}

fn generous() {
	promises(GENEROUS, GENEROUS);
}

/// Run rounds up to `round`, with idle space in each.
fn run_to(round: RoundIndex) {
	while Timing::round() < round {
		pass_rounds(1);
		Sla::on_idle(0, Weight::MAX);
		assert_ok!(Sla::do_try_state());
	}
}

/// Play a game, after which its tenant and its operator, alone or together, have no more than
/// before. Returns the sums paid and credited by the agreements that closed.
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
	build_and_execute(|| {
		promise(SERVICE, GENEROUS, GENEROUS + COVER);
		at_round(FIRST - 1);
		let id = open(TENANT, SERVICE, 1);
		at_round(FIRST + 2);
		assert_eq!(breach(SERVICE, None, Low).credited, 30 * WINDOW_PRICE);
		// The first round is billed.
		let mut got = 0;
		for rounds in [1, 1, 2, 5, 12, 30] {
			at_round(FIRST + rounds + 1);
			let paid = Balance::from(rounds) * ROUND_PRICE;
			assert_eq!(owed(id), paid - got);
			assert_eq!(reserved(id), 30 * WINDOW_PRICE - paid);
			if got < paid {
				assert_ok!(Sla::claim(signed(THIRD), id));
			}
			got = agreement(id).credited;
			assert_eq!(got, paid);
			assert_noop!(Sla::claim(signed(THIRD), id), Error::<Test>::NothingOwed);
			assert_ok!(Sla::do_try_state());
		}
	});
}

#[test]
fn more_funds_do_not_make_credit_due() {
	build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 1);
		breach_with(SERVICE, BreachKind::Downtime, None, Critical, 3);
		assert_eq!(owed(id), 600);
		assert_ok!(Sla::top_up(signed(TENANT), id, 100_000));
		assert_eq!(owed(id), 600);
	});
}

#[test]
fn bought_in_the_last_round_before_a_day_of_outage() {
	build_and_execute(|| {
		generous();
		at_round(FIRST - 1);
		outage(SERVICE, FIRST..4 * R + 4);
		let treasury = free(NATIVE, TREASURY);
		let all = play(|| {
			let id = open(TENANT, SERVICE, 2);
			run_to(4 * R + 4);
			assert!(is_gone(id), "it ended for cause");
		});
		assert_eq!(all, [(0, 0)], "nothing was billed, so nothing is credited");
		// All that the breach took is the treasury's once the service is gone.
		assert_ok!(Operators::remove_service(signed(THIRD), id_of(SERVICE)));
		assert_eq!(free(NATIVE, TREASURY), treasury + 60 * WINDOW_PRICE * 11 / 10);
	});
}

#[test]
fn a_day_of_outage_that_ends_a_service_as_dead_not_at_its_cover() {
	build_and_execute(|| {
		promises(WindowShare::from_u32(2), GENEROUS);
		at_round(FIRST - 1);
		// Up once; dead at the end of the window.
		outage(SERVICE, FIRST + 1..4 * R);
		let all = play(|| {
			open(TENANT, SERVICE, 2);
			run_to(4 * R + 2);
			assert!(state(SERVICE).ends.is_some());
			outage(SERVICE, 4 * R + 3..5 * R);
			run_to(5 * R);
		});
		// The first round, and three of the next window.
		assert_eq!(all, [(8 * ROUND_PRICE, 8 * ROUND_PRICE)]);
	});
}

#[test]
fn short_outages_on_three_windows_in_a_row() {
	for (credit, cover) in [(tenths(10), COVER), (GENEROUS, GENEROUS * WindowShare::from_u32(9))] {
		build_and_execute(|| {
			promises(credit, cover);
			at_round(FIRST - 1);
			// Two rounds of each window: one more than allowed.
			outage(SERVICE, (FIRST..6 * R).filter(|round| round % R < 2));
			let all = play(|| {
				let id = open(TENANT, SERVICE, 2);
				run_to(6 * R);
				let _ = Sla::close_agreement(signed(TENANT), id);
				run_to(6 * R + 4);
				assert!(is_gone(id));
			});
			let (paid, credited) = all[0];
			assert!(paid > 0);
			assert_eq!(paid, credited, "for nothing, as promised, and no more");
		});
	}
}

#[test]
fn a_stale_up_of_an_idle_listing_sells_nothing() {
	build_and_execute(|| {
		generous();
		play(|| {
			let Some((_, was_up)) = probed(SERVICE).last else { panic!("probed") };
			// Down for long, but idle and not probed since.
			set_last_verdict(SERVICE, 2 * R - FRESH_ROUNDS - 1, was_up);
			assert_noop!(try_open(TENANT, SERVICE, 1, DEPOSIT), Error::<Test>::VerdictTooOld);
			// Fresh enough, and down since: the first window is not credited, nor paid.
			set_last_verdict(SERVICE, 2 * R - FRESH_ROUNDS, was_up);
			open(TENANT, SERVICE, 1);
			outage(SERVICE, 2 * R + 1..4 * R);
			run_to(4 * R);
		});
	});
}

#[test]
fn closing_in_the_block_of_a_breach() {
	build_and_execute(|| {
		generous();
		let all = play(|| {
			let id = open_counting(TENANT, SERVICE, 1);
			breach(SERVICE, None, Low);
			assert_ok!(Sla::close_agreement(signed(TENANT), id));
			finish(COUNTING);
		});
		// The cover is used up with the fourteenth round.
		assert_eq!(all, [(14 * ROUND_PRICE, 14 * ROUND_PRICE)]);
	});
}

#[test]
fn a_tenant_that_leaves_as_soon_as_it_counts() {
	for settles in [false, true] {
		build_and_execute(|| {
			generous();
			at_round(FIRST - 1);
			outage(SERVICE, FIRST + 1..FIRST + 4);
			let all = play(|| {
				let id = open(TENANT, SERVICE, 1);
				// The second bad round is the first one over the terms, and takes 30 windows.
				at_round(FIRST + 4);
				assert_eq!(state(SERVICE).index, GENEROUS);
				if settles {
					assert_ok!(Sla::settle(signed(TENANT), id));
				}
				let _ = Sla::close_agreement(signed(TENANT), id);
				run_to(4 * R);
				assert!(is_gone(id));
			});
			// The cover is used up: the meter stopped, and with it the prepaid sum.
			let paid = all[0].0;
			assert_eq!(all, [(paid, paid)]);
			assert!(paid < WINDOW_PRICE);
		});
	}
}

#[test]
fn a_tenant_that_leaves_of_its_own_will_pays_a_window_and_gets_no_more() {
	build_and_execute(|| {
		promises(GENEROUS, GENEROUS * WindowShare::from_u32(3));
		at_round(FIRST - 1);
		outage(SERVICE, FIRST + 1..FIRST + 3);
		let all = play(|| {
			let id = open(TENANT, SERVICE, 1);
			at_round(FIRST + 4);
			assert_eq!(state(SERVICE).index, GENEROUS);
			assert_ok!(Sla::close_agreement(signed(TENANT), id));
			run_to(4 * R);
		});
		// Two rounds were down.
		let paid = WINDOW_PRICE - 2 * ROUND_PRICE;
		assert_eq!(all, [(paid, paid)]);
	});
}

#[test]
fn letting_the_deposit_run_out_after_an_outage() {
	build_and_execute(|| {
		promises(GENEROUS, GENEROUS * WindowShare::from_u32(3));
		// Fourteen rounds and two blocks.
		let deposit = 14 * ROUND_PRICE + 2 * PRICE;
		let all = play(|| {
			assert_ok!(try_open(TENANT, SERVICE, 1, deposit));
			at_round(COUNTING);
			breach(SERVICE, None, Low);
			run_to(COUNTING + 4);
		});
		assert_eq!(all, [(deposit, deposit)]);
	});
}

#[test]
fn terms_that_somebody_else_agreed_to_in_the_operators_name() {
	build_and_execute(|| {
		let lease = list_lease(7, NATIVE);
		promise(lease, GENEROUS, GENEROUS);
		at_round(FIRST - 1);
		outage(lease, FIRST + 1..FIRST + 3);
		let all = play(|| {
			begin_lease(TENANT, 7, DEPOSIT).unwrap();
			events();
			run_to(FIRST + 8);
			assert!(Leased::get().is_empty(), "at its cover");
		});
		assert_eq!(FailedLeases::get(), [(7, (FIRST + 4, CloseReason::Terminated))]);
		assert_eq!(all, [(3 * ROUND_PRICE, 3 * ROUND_PRICE)]);
	});
}

#[test]
fn an_operator_that_is_its_own_tenant_loses_penalty_spare_and_fee() {
	build_and_execute(|| {
		generous();
		let before = wealth(NATIVE, OPERATOR);
		let id = open_counting(OPERATOR, SERVICE, 10);
		let record = breach(SERVICE, None, Critical);
		assert_ok!(Sla::close_agreement(signed(OPERATOR), id));
		finish(COUNTING);
		let paid = 14 * 10 * ROUND_PRICE;
		let spare = record.credited - paid;
		assert_eq!(state(SERVICE).spare, spare);
		assert_eq!(wealth(NATIVE, OPERATOR), before - spare - record.penalty - paid / 20);
	});
}

#[test]
fn settling_often_or_never_makes_no_difference() {
	let run = |settle: bool| {
		new_test_ext().execute_with(|| {
			generous();
			let id = open_counting(TENANT, SERVICE, 3);
			breach(SERVICE, None, Low);
			for _ in 0..2 {
				pass_rounds(1);
				if settle {
					let _ = Sla::claim(signed(TENANT), id);
				}
			}
			let _ = Sla::close_agreement(signed(TENANT), id);
			finish(COUNTING + 2);
			assert!(is_gone(id));
			assert_ok!(Sla::do_try_state());
			(wealth(NATIVE, TENANT), Pots::<Test>::get(NATIVE))
		})
	};
	assert_eq!(run(true), run(false));
}

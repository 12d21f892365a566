// SPDX-License-Identifier: Apache-2.0

//! Opening an agreement and adding to it.

use super::*;
use pallet_surety_operators::Error as OperatorError;
use pallet_surety_probes::Error as ProbesError;
use std::collections::BTreeSet;
use surety_primitives::AgreementInspect as _;

fn try_with(units: u32, deposit: Balance, min_cover: WindowShare) -> DispatchResult {
	let service = id_of(SERVICE);
	let opened = Sla::open_agreement(signed(TENANT), service, units, u128::MAX, deposit, min_cover);
	opened.map(drop).map_err(|refused| refused.error)
}

#[test]
fn a_tenant_pays_for_the_pot_the_slot_and_the_asset_only_if_it_is_the_first_or_pays_in_one() {
	build_and_execute(|| {
		let open = |target| {
			let service = id_of(target);
			let opened =
				Sla::open_agreement(signed(TENANT), service, 1, u128::MAX, DEPOSIT, NO_COVER);
			opened.unwrap().actual_weight
		};
		let weight = |a, f| Some(<() as WeightInfo>::open_agreement(a, f));
		for (target, a) in [(SERVICE, 0), (LOCAL_SERVICE, 1)] {
			assert_eq!(open(target), None, "all of it");
			assert_eq!(open(target), weight(a, 0));
		}
		assert_eq!(open(SIBLING), weight(0, 1), "the first of its service");
		assert_eq!(open(SIBLING), weight(0, 0));

		let top_up = |id| Sla::top_up(signed(TENANT), id, 5).unwrap().actual_weight;
		assert_eq!([0, 2].map(top_up), [Some(<() as WeightInfo>::top_up_native()), None]);
	});
}

#[test]
fn a_tenant_pays_no_more_than_the_price_it_saw() {
	build_and_execute(|| {
		let open = |max_price| {
			Sla::open_agreement(signed(TENANT), id_of(SERVICE), 1, max_price, DEPOSIT, NO_COVER)
		};
		let set_price = |price| {
			let service = id_of(SERVICE);
			let operator = signed(OPERATOR);
			Operators::update_service(operator, service, None, None, Some(price), None, None)
		};
		assert_ok!(set_price(PRICE + 1));
		assert_noop!(open(PRICE), Error::<Test>::PriceRose);
		assert_ok!(open(PRICE + 1));
		// A price that fell is the tenant's luck.
		assert_ok!(set_price(PRICE));
		assert_ok!(open(PRICE + 1));
	});
}

#[test]
fn an_agreement_reserves_exposure_and_starts_its_stream() {
	build_and_execute(|| {
		let operator = free(NATIVE, OPERATOR);
		let id = open(TENANT, SERVICE, 3);

		assert_eq!(exposure(SERVICE), reserve(3 * PRICE, COVER));
		assert_eq!(units(SERVICE), 3);
		let stored = agreement(id);
		assert_eq!((stored.base, stored.rate), (Base::Window(2), 3 * PRICE));
		assert_eq!((stored.state, stored.credited), (AgreementState::Open, 0));
		assert_eq!(stored.opened_at, Timing::now());
		let account = pallet_surety_escrow::Accounts::<Test>::get(stored.escrow).unwrap();
		let pallet_surety_escrow::Terms::Stream(terms) = account.terms else { panic!("streams") };
		assert_eq!((terms.meter, terms.rate), (SERVICE, 30));
		assert_eq!(terms.prepaid, 3 * WINDOW_PRICE, "the first window is prepaid");
		assert_eq!((stream(id).paid, stream(id).held), (0, DEPOSIT));
		assert_eq!(free(NATIVE, OPERATOR), operator, "but not paid out before it is served");
		assert!(probed(SERVICE).active);
		assert_eq!(
			events(),
			[Event::AgreementOpened {
				agreement: id,
				tenant: TENANT,
				target: SERVICE,
				units: 3,
				rate: 3 * PRICE,
				asset: NATIVE,
				deposit: Some(DEPOSIT),
			}]
		);
	});
}

#[test]
fn the_first_agreement_in_an_asset_keeps_the_pot_alive() {
	build_and_execute(|| {
		let before = free(LOCAL, TENANT);
		open(TENANT, LOCAL_SERVICE, 1);
		assert_eq!(free(LOCAL, Sla::pot()), MINIMUM);
		assert_eq!(free(LOCAL, TENANT), before - DEPOSIT - MINIMUM);
		let before = free(LOCAL, OTHER);
		open(OTHER, LOCAL_SERVICE, 1);
		assert_eq!(free(LOCAL, OTHER), before - DEPOSIT);
	});
}

#[test]
fn a_pot_that_was_endowed_costs_the_tenant_nothing() {
	build_and_execute(|| {
		assert_ok!(Balances::transfer_allow_death(signed(THIRD), Sla::pot(), MINIMUM));
		let before = free(NATIVE, TENANT);
		open(TENANT, SERVICE, 1);
		assert_eq!(free(NATIVE, TENANT), before - DEPOSIT);
	});
}

#[test]
fn a_call_that_makes_no_sense_is_refused() {
	build_and_execute(|| {
		assert_noop!(try_with(0, DEPOSIT, NO_COVER), Error::<Test>::ZeroUnits);
		assert_noop!(try_open(TENANT, UNKNOWN, 1, DEPOSIT), OperatorError::<Test>::UnknownService);
		assert_noop!(
			Sla::open_agreement(RuntimeOrigin::root(), 0, 1, u128::MAX, DEPOSIT, NO_COVER),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn compute_is_sold_by_lease() {
	build_and_execute(|| {
		assert_noop!(try_open(TENANT, COMPUTE, 1, DEPOSIT), Error::<Test>::SoldByLease);
	});
}

#[test]
fn a_service_that_takes_no_units_says_why() {
	build_and_execute(|| {
		assert_ok!(Operators::pause_service(signed(OPERATOR), id_of(SERVICE)));
		assert_noop!(try_with(1, DEPOSIT, NO_COVER), OperatorError::<Test>::ServicePaused);
		assert_ok!(Operators::resume_service(signed(OPERATOR), id_of(SERVICE)));
		assert_ok!(Operators::deactivate(signed(OPERATOR)));
		assert_noop!(try_with(1, DEPOSIT, NO_COVER), OperatorError::<Test>::OperatorInactive);
	});
}

#[test]
fn only_a_service_whose_last_verdict_is_up_takes_units() {
	let [fast, slow] = [100, 400].map(LatencyBucket::from_millis);
	let refused = [
		([Finding::Down; 2], Verdict::Down),
		([Finding::Bad(fast); 2], Verdict::Bad),
		([Finding::Stale(fast); 2], Verdict::Stale),
		([up(), Finding::Down], Verdict::Unclear),
		([Finding::InDoubt; 2], Verdict::Excused),
	];
	build_and_execute(|| {
		for (findings, verdict) in refused {
			let round = Timing::round() + 1;
			find(SERVICE, [round], findings);
			at_round(round + 2);
			assert_eq!(probed(SERVICE).last, Some((round, verdict)));
			assert_noop!(try_with(1, DEPOSIT, NO_COVER), Error::<Test>::NotUp);
		}
		let round = Timing::round() + 1;
		silence([round]);
		at_round(round + 2);
		assert_eq!(probed(SERVICE).last, Some((round, Verdict::Unmeasured)));
		assert_noop!(try_with(1, DEPOSIT, NO_COVER), Error::<Test>::NotUp);
		let round = Timing::round() + 1;
		find(SERVICE, [round], [Finding::Up(slow); 2]);
		at_round(round + 2);
		assert_ok!(try_with(1, DEPOSIT, NO_COVER));
		// A listing that was never probed.
		let fresh = list(NATIVE);
		assert_noop!(try_open(TENANT, fresh, 1, DEPOSIT), Error::<Test>::NotUp);
	});
}

#[test]
fn units_are_sold_on_a_fresh_verdict_only_of_idle_services_too() {
	build_and_execute(|| {
		let Some((_, was_up)) = probed(SERVICE).last else { panic!("probed") };
		for active in [false, true] {
			set_last_verdict(SERVICE, 2 * R - FRESH_ROUNDS - 1, was_up);
			assert_noop!(try_with(1, DEPOSIT, NO_COVER), Error::<Test>::VerdictTooOld);
			set_last_verdict(SERVICE, 2 * R - FRESH_ROUNDS, was_up);
			assert_eq!(probed(SERVICE).active, active);
			assert_ok!(try_with(1, DEPOSIT, NO_COVER));
		}
	});
}

#[test]
fn units_are_limited_by_the_capacity() {
	build_and_execute(|| {
		relist(SERVICE, |listing| listing.capacity = 10);
		open(TENANT, SERVICE, 7);
		assert_noop!(try_with(4, DEPOSIT, NO_COVER), Error::<Test>::OverCapacity { left: 3 });
		assert_eq!(Sla::service_status(SERVICE).unwrap().available, 3);
		relist(SERVICE, |listing| listing.capacity = 1_000_000);
		assert_noop!(
			try_with(u32::MAX, DEPOSIT, NO_COVER),
			Error::<Test>::OverCapacity { left: u16::MAX }
		);
		relist(SERVICE, |listing| listing.capacity = 10);
		open(TENANT, SERVICE, 3);
	});
}

#[test]
fn units_are_limited_by_the_bond_of_all_services_in_the_asset() {
	build_and_execute(|| {
		unbond_to(NATIVE, 14_000);
		open(TENANT, SIBLING, 1);
		// 11,360 are left, and a unit takes 2,640.
		assert_noop!(try_with(5, DEPOSIT, NO_COVER), Error::<Test>::BondTooSmall { units: 4 });
		assert_eq!(Sla::service_status(SERVICE).unwrap().available, 4);
		open(TENANT, SERVICE, 4);
		assert_noop!(try_with(1, DEPOSIT, NO_COVER), Error::<Test>::BondTooSmall { units: 0 });
		// Another asset's bond is another bond.
		open(TENANT, LOCAL_SERVICE, 5);
	});
}

#[test]
fn the_deposit_is_at_least_a_window_and_the_minimum_balance() {
	build_and_execute(|| {
		let min_deposit = 2 * WINDOW_PRICE + MINIMUM;
		assert_noop!(try_with(2, min_deposit - 1, NO_COVER), Error::<Test>::DepositUnderOneWindow);
		assert_ok!(try_with(2, min_deposit, NO_COVER));
	});
}

#[test]
fn a_deposit_that_the_tenant_has_not_changes_nothing() {
	build_and_execute(|| {
		assert_noop!(try_with(1, FUNDS * 2, NO_COVER), TokenError::FundsUnavailable);
	});
}

#[test]
fn taken_slots_change_nothing() {
	build_and_execute(|| {
		fill_slots(Probes::occupancy().slots);
		assert_noop!(try_with(1, DEPOSIT, NO_COVER), ProbesError::<Test>::RoundsFull);
	});
}

#[test]
fn a_tenant_asks_for_the_cover_that_must_be_left() {
	build_and_execute(|| {
		let bit = WindowShare::from_inner(1);
		assert_noop!(try_with(1, DEPOSIT, COVER + bit), Error::<Test>::CoverTooLow);
		open_counting(TENANT, SERVICE, 1);
		breach(SERVICE, None, High);
		assert_eq!(Sla::service_status(SERVICE).unwrap().cover, tenths(35));
		assert_noop!(try_with(1, DEPOSIT, tenths(35) + bit), Error::<Test>::CoverTooLow);
		assert_ok!(try_with(1, DEPOSIT, tenths(35)));
		assert_eq!(exposure(SERVICE), reserve(2 * PRICE, tenths(35)));
	});
}

#[test]
fn numbers_too_large_are_refused() {
	build_and_execute(|| {
		let blocks = Balance::from(L * R);
		let price = |price| relist(SERVICE, |listing| listing.price = price);
		price(Balance::MAX);
		assert_noop!(try_with(2, DEPOSIT, NO_COVER), ArithmeticError::Overflow);
		price(Balance::MAX / blocks + 1);
		assert_noop!(try_with(1, Balance::MAX, NO_COVER), ArithmeticError::Overflow);
		price(Balance::MAX / blocks);
		assert_noop!(try_with(1, Balance::MAX, NO_COVER), ArithmeticError::Overflow);
		price(Balance::MAX / blocks / 2);
		assert_noop!(try_with(1, Balance::MAX, NO_COVER), ArithmeticError::Overflow);
		price(Balance::MAX / blocks / 5);
		let none = Error::<Test>::BondTooSmall { units: 0 };
		assert_noop!(try_with(1, Balance::MAX, NO_COVER), none);
		price(PRICE);
		relist(SERVICE, |listing| listing.terms.cover = WindowShare::max_value());
		let none = Error::<Test>::BondTooSmall { units: 0 };
		assert_noop!(try_with(1, DEPOSIT, NO_COVER), none);
		relist(SERVICE, |listing| listing.terms.cover = COVER);
		NextAgreement::<Test>::put(AgreementId::MAX);
		assert_noop!(try_with(1, DEPOSIT, NO_COVER), Error::<Test>::TooManyAgreements);
	});
}

#[test]
fn verdicts_that_are_many_windows_late_stop_sales() {
	build_and_corrupt(|| {
		let stall = |window: u32| {
			stall_to(window * R);
			set_last_verdict(SERVICE, Timing::round(), Verdict::Up { latency: LatencyBucket::MAX });
		};
		for window in 2..2 + MAX_PENDING {
			stall(window);
			open(TENANT, SERVICE, 1);
		}
		stall(2 + MAX_PENDING);
		assert_noop!(try_with(1, DEPOSIT, NO_COVER), Error::<Test>::JudgingBehind);
		Sla::window_closed(SERVICE, 2, &Default::default());
		open(TENANT, SERVICE, 1);
	});
}

#[test]
fn the_tenant_adds_to_the_deposit() {
	build_and_execute(|| {
		let id = open(TENANT, SERVICE, 1);
		events();
		assert_ok!(Sla::top_up(signed(TENANT), id, 500));
		assert_eq!(stream(id).held, DEPOSIT + 500);
		assert_eq!(events(), [Event::ToppedUp { agreement: id, amount: 500 }]);
		assert_noop!(Sla::top_up(signed(TENANT), id, 0), Error::<Test>::ZeroAmount);
		assert_noop!(Sla::top_up(signed(OTHER), id, 500), Error::<Test>::NotTenant);
		assert_noop!(Sla::top_up(signed(TENANT), 99, 500), Error::<Test>::UnknownAgreement);
		assert_noop!(Sla::top_up(signed(TENANT), id, FUNDS), TokenError::FundsUnavailable);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		assert_noop!(Sla::top_up(signed(TENANT), id, 500), Error::<Test>::AgreementEnding);
	});
}

#[test]
fn tenants_find_their_agreements() {
	build_and_execute(|| {
		let mine: BTreeSet<_> = (0..5).map(|_| open(TENANT, SERVICE, 1)).collect();
		let others = open(OTHER, SERVICE, 1);
		assert_eq!(Sla::agreements_of(OTHER, None, 10), [others]);
		let first = Sla::agreements_of(TENANT, None, 3);
		let rest = Sla::agreements_of(TENANT, first.last().copied(), 3);
		assert_eq!((first.len(), rest.len()), (3, 2));
		assert_eq!(first.into_iter().chain(rest).collect::<BTreeSet<_>>(), mine);
		let status = Sla::agreement(others).unwrap();
		assert_eq!(status.stream.unwrap().held, DEPOSIT);
		assert_eq!((status.owed, status.agreement.tenant), (0, OTHER));
		assert_eq!(Sla::agreement(99), None);
		assert_eq!(Sla::service_status(UNKNOWN), None);
	});
}

#[test]
fn a_target_lists_its_agreements_until_they_are_closed() {
	build_and_execute(|| {
		let page = |start_after, limit| Sla::agreements_at(SERVICE, start_after, limit);
		assert!(page(None, 10).is_empty());
		let mine: Vec<_> =
			[TENANT, OTHER, TENANT].into_iter().map(|who| open(who, SERVICE, 1)).collect();
		let other = open(TENANT, SIBLING, 1);
		let first = page(None, 2);
		let rest = page(first.last().copied(), 2);
		let mut all = [first, rest].concat();
		all.sort_unstable();
		assert_eq!(all, mine);
		assert_eq!(Sla::agreements_at(SIBLING, None, 10), [other]);

		end(mine[1]);
		let mut left = page(None, 10);
		left.sort_unstable();
		assert_eq!(left, [mine[0], mine[2]]);
	});
}

#[test]
fn the_fee_of_a_window_is_on_what_was_paid_of_one_windows_price() {
	build_and_execute(|| {
		let id = open(TENANT, SERVICE, 2);
		let facts = Sla::facts(id).unwrap();
		assert_eq!((facts.tenant, facts.operator, facts.target), (TENANT, OPERATOR, SERVICE));
		assert_eq!((facts.units, facts.asset, facts.opened), (2, NATIVE, 2));
		assert_eq!(Sla::window_fee(id), Some(0), "nothing was paid yet");
		at_round(2 * R + 6);
		let due = stream(id).due;
		assert!((1..2 * WINDOW_PRICE).contains(&due));
		assert_eq!(Sla::window_fee(id), Some(due / 20), "what is due counts as paid");
		assert_ok!(Sla::settle(signed(TENANT), id));
		assert_eq!((stream(id).paid, Sla::window_fee(id)), (due, Some(due / 20)));
		at_round(5 * R);
		assert!(stream(id).paid + stream(id).due > 2 * WINDOW_PRICE);
		assert_eq!(Sla::window_fee(id), Some(2 * WINDOW_PRICE / 20));
		end(id);
		assert_eq!((Sla::facts(id), Sla::window_fee(id)), (None, None));
	});
}

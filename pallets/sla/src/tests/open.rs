//! Opening an agreement and adding to it.

use super::*;

fn try_open(units: u32, deposit: Balance, min_cover: WindowShare) -> DispatchResult {
	let opened = Sla::open_agreement(signed(TENANT), SERVICE, units, u128::MAX, deposit, min_cover);
	opened.map(drop).map_err(|refused| refused.error)
}

#[test]
fn only_the_first_agreement_of_an_asset_pays_for_the_pot() {
	ExtBuilder::build_and_execute(|| {
		let open = |service| {
			let opened =
				Sla::open_agreement(signed(TENANT), service, 1, u128::MAX, DEPOSIT, NO_COVER);
			opened.unwrap().actual_weight
		};
		for service in [SERVICE, LOCAL_SERVICE] {
			assert_eq!(open(service), None, "all of it");
			assert_eq!(open(service), Some(<() as WeightInfo>::open_agreement()));
		}
	});
}

#[test]
fn a_tenant_pays_no_more_than_the_price_it_saw() {
	ExtBuilder::build_and_execute(|| {
		let open = |max_price| {
			Sla::open_agreement(signed(TENANT), SERVICE, 1, max_price, DEPOSIT, NO_COVER)
		};
		relist(SERVICE, |service| service.price += 1);
		assert_noop!(open(PRICE), Error::<Test>::PriceRose);
		assert_ok!(open(PRICE + 1));
		// A price that fell is the tenant's luck.
		relist(SERVICE, |service| service.price -= 1);
		assert_ok!(open(PRICE + 1));
	});
}

#[test]
fn an_agreement_reserves_exposure_and_starts_its_stream() {
	ExtBuilder::build_and_execute(|| {
		let operator = free(NATIVE, OPERATOR);
		let id = open(TENANT, SERVICE, 3);

		assert_eq!(World::exposure(SERVICE), reserve(3 * PRICE, COVER));
		assert_eq!(Sla::units(SERVICE), 3);
		let stored = agreement(id);
		assert_eq!((stored.base, stored.rate), (Base::Window(2), 3 * PRICE));
		assert_eq!((stored.state, stored.credited), (AgreementState::Open, 0));
		assert_eq!(stored.opened_at, 2 * R * L);
		let stream = Streams::get()[&stored.escrow].clone();
		assert_eq!((stream.rate, stream.prepaid), (30, 1_800), "the first window is prepaid");
		assert_eq!((stream.paid, stream.held), (0, DEPOSIT));
		assert_eq!(free(NATIVE, OPERATOR), operator, "but not paid out before it is served");
		assert!(ProbedAs::get()[&SERVICE].hot);
		assert_eq!(
			events(),
			[Event::AgreementOpened {
				agreement: id,
				tenant: TENANT,
				service: SERVICE,
				units: 3,
				rate: 3 * PRICE,
				asset: NATIVE,
				deposit: DEPOSIT,
			}]
		);
	});
}

#[test]
fn the_first_agreement_in_an_asset_keeps_the_pot_alive() {
	ExtBuilder::build_and_execute(|| {
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
	ExtBuilder::build_and_execute(|| {
		assert_ok!(Balances::transfer_allow_death(signed(THIRD), Sla::pot(), MINIMUM));
		let before = free(NATIVE, TENANT);
		open(TENANT, SERVICE, 1);
		assert_eq!(free(NATIVE, TENANT), before - DEPOSIT);
	});
}

#[test]
fn a_call_that_makes_no_sense_is_refused() {
	ExtBuilder::build_and_execute(|| {
		assert_noop!(try_open(0, DEPOSIT, NO_COVER), Error::<Test>::ZeroUnits);
		assert_noop!(
			Sla::open_agreement(signed(TENANT), 99, 1, u128::MAX, DEPOSIT, NO_COVER),
			Error::<Test>::UnknownService
		);
		assert_noop!(
			Sla::open_agreement(RuntimeOrigin::root(), SERVICE, 1, u128::MAX, DEPOSIT, NO_COVER),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn compute_is_sold_by_lease() {
	ExtBuilder::build_and_execute(|| {
		relist(SERVICE, |s| s.kind = surety_primitives::ServiceKind::Compute);
		assert_noop!(try_open(1, DEPOSIT, NO_COVER), Error::<Test>::SoldByLease);
	});
}

#[test]
fn a_service_that_takes_no_units_says_why() {
	ExtBuilder::build_and_execute(|| {
		Shut::set(&[SERVICE].into());
		assert_noop!(try_open(1, DEPOSIT, NO_COVER), DispatchError::Other("paused"));
	});
}

#[test]
fn only_a_service_whose_last_verdict_is_up_takes_units() {
	ExtBuilder::build_and_execute(|| {
		for bad in [
			Verdict::Down,
			Verdict::Bad,
			Verdict::Stale,
			Verdict::Unclear,
			Verdict::Unmeasured,
			Verdict::Excused,
		] {
			verdict(SERVICE, 22, bad);
			assert_noop!(try_open(1, DEPOSIT, NO_COVER), Error::<Test>::NotUp);
		}
		change!(ProbedAs, |map| map.remove(&SERVICE));
		assert_noop!(try_open(1, DEPOSIT, NO_COVER), Error::<Test>::NotUp);
	});
}

#[test]
fn units_are_sold_on_a_fresh_verdict_only_of_idle_services_too() {
	ExtBuilder::build_and_execute(|| {
		let Some((_, was_up)) = ProbedAs::get()[&SERVICE].last else { panic!("probed") };
		for active in [false, true] {
			verdict(SERVICE, 2 * R - FRESH_ROUNDS - 1, was_up);
			assert_noop!(try_open(1, DEPOSIT, NO_COVER), Error::<Test>::VerdictTooOld);
			verdict(SERVICE, 2 * R - FRESH_ROUNDS, was_up);
			assert_eq!(ProbedAs::get()[&SERVICE].hot, active);
			assert_ok!(try_open(1, DEPOSIT, NO_COVER));
		}
	});
}

#[test]
fn units_are_limited_by_the_capacity() {
	ExtBuilder::build_and_execute(|| {
		relist(SERVICE, |s| s.capacity = 10);
		open(TENANT, SERVICE, 7);
		assert_noop!(try_open(4, DEPOSIT, NO_COVER), Error::<Test>::OverCapacity { left: 3 });
		assert_eq!(Sla::service_status(SERVICE).unwrap().available, 3);
		relist(SERVICE, |s| s.capacity = 1_000_000);
		assert_noop!(
			try_open(u32::MAX, DEPOSIT, NO_COVER),
			Error::<Test>::OverCapacity { left: u16::MAX }
		);
		relist(SERVICE, |s| s.capacity = 10);
		open(TENANT, SERVICE, 3);
	});
}

#[test]
fn units_are_limited_by_the_bond_of_all_services_in_the_asset() {
	ExtBuilder::build_and_execute(|| {
		lose_bond(NATIVE, 14_000);
		open(TENANT, SIBLING, 1);
		// 11,360 are left, and a unit takes 2,640.
		assert_noop!(try_open(5, DEPOSIT, NO_COVER), Error::<Test>::BondTooSmall { units: 4 });
		assert_eq!(Sla::service_status(SERVICE).unwrap().available, 4);
		open(TENANT, SERVICE, 4);
		assert_noop!(try_open(1, DEPOSIT, NO_COVER), Error::<Test>::BondTooSmall { units: 0 });
		// Another asset's bond is another bond.
		open(TENANT, LOCAL_SERVICE, 5);
	});
}

#[test]
fn the_deposit_is_at_least_a_window_and_the_minimum_balance() {
	ExtBuilder::build_and_execute(|| {
		let least = 2 * WINDOW_PRICE + MINIMUM;
		assert_noop!(try_open(2, least - 1, NO_COVER), Error::<Test>::DepositUnderOneWindow);
		assert_ok!(try_open(2, least, NO_COVER));
	});
}

#[test]
fn a_deposit_that_the_tenant_has_not_changes_nothing() {
	ExtBuilder::build_and_execute(|| {
		assert_noop!(try_open(1, FUNDS * 2, NO_COVER), TokenError::FundsUnavailable);
	});
}

#[test]
fn full_pages_change_nothing() {
	ExtBuilder::build_and_execute(|| {
		PagesFull::set(&true);
		assert_noop!(try_open(1, DEPOSIT, NO_COVER), DispatchError::Other("pages full"));
	});
}

#[test]
fn a_tenant_asks_for_the_cover_that_must_be_left() {
	ExtBuilder::build_and_execute(|| {
		let bit = WindowShare::from_inner(1);
		assert_noop!(try_open(1, DEPOSIT, COVER + bit), Error::<Test>::CoverTooLow);
		open_counting(TENANT, SERVICE, 1);
		breach(SERVICE, None, High);
		assert_eq!(Sla::service_status(SERVICE).unwrap().cover, tenths(35));
		assert_noop!(try_open(1, DEPOSIT, tenths(35) + bit), Error::<Test>::CoverTooLow);
		assert_ok!(try_open(1, DEPOSIT, tenths(35)));
		assert_eq!(World::exposure(SERVICE), reserve(2 * PRICE, tenths(35)));
	});
}

#[test]
fn numbers_too_large_are_refused() {
	ExtBuilder::build_and_execute(|| {
		let blocks = Balance::from(L * R);
		relist(SERVICE, |s| s.price = Balance::MAX);
		assert_noop!(try_open(2, DEPOSIT, NO_COVER), ArithmeticError::Overflow);
		relist(SERVICE, |s| s.price = Balance::MAX / blocks + 1);
		assert_noop!(try_open(1, Balance::MAX, NO_COVER), ArithmeticError::Overflow);
		relist(SERVICE, |s| s.price = Balance::MAX / blocks);
		assert_noop!(try_open(1, Balance::MAX, NO_COVER), ArithmeticError::Overflow);
		relist(SERVICE, |s| s.price = Balance::MAX / blocks / 2);
		assert_noop!(try_open(1, Balance::MAX, NO_COVER), ArithmeticError::Overflow);
		relist(SERVICE, |s| s.price = Balance::MAX / blocks / 5);
		assert_noop!(try_open(1, Balance::MAX, NO_COVER), Error::<Test>::BondTooSmall { units: 0 });
		relist(SERVICE, |s| s.price = PRICE);
		relist(SERVICE, |s| s.terms.cover = WindowShare::max_value());
		assert_noop!(try_open(1, DEPOSIT, NO_COVER), Error::<Test>::BondTooSmall { units: 0 });
		relist(SERVICE, |s| s.terms.cover = COVER);
		NextAgreement::<Test>::put(AgreementId::MAX);
		assert_noop!(try_open(1, DEPOSIT, NO_COVER), Error::<Test>::TooManyAgreements);
	});
}

#[test]
fn verdicts_that_are_many_windows_late_stop_sales() {
	ExtBuilder::build_and_execute(|| {
		for window in 2..2 + MAX_PENDING {
			at_round(window * R);
			open(TENANT, SERVICE, 1);
		}
		at_round((2 + MAX_PENDING) * R);
		assert_noop!(try_open(1, DEPOSIT, NO_COVER), Error::<Test>::JudgingBehind);
		turn(SERVICE, 2);
		open(TENANT, SERVICE, 1);
	});
}

#[test]
fn the_tenant_adds_to_the_deposit() {
	ExtBuilder::build_and_execute(|| {
		let id = open(TENANT, SERVICE, 1);
		events();
		assert_ok!(Sla::top_up(signed(TENANT), id, 500));
		assert_eq!(Streams::get()[&agreement(id).escrow].held, DEPOSIT + 500);
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
	ExtBuilder::build_and_execute(|| {
		let mine: std::collections::BTreeSet<_> =
			(0..5).map(|_| open(TENANT, SERVICE, 1)).collect();
		let others = open(OTHER, SERVICE, 1);
		assert_eq!(Sla::agreements_of(OTHER, None, 10), [others]);
		let first = Sla::agreements_of(TENANT, None, 3);
		let rest = Sla::agreements_of(TENANT, first.last().copied(), 3);
		assert_eq!((first.len(), rest.len()), (3, 2));
		assert_eq!(first.into_iter().chain(rest).collect::<std::collections::BTreeSet<_>>(), mine);
		let status = Sla::agreement(others).unwrap();
		assert_eq!(status.stream.unwrap().held, DEPOSIT);
		assert_eq!((status.owed, status.agreement.tenant), (0, OTHER));
		assert_eq!(Sla::agreement(99), None);
		assert_eq!(Sla::service_status(99), None);
	});
}

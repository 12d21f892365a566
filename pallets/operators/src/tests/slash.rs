//! Exposure is reserved, and bond is taken.

use super::prelude::*;
use frame_support::traits::{
	LockableCurrency, WithdrawReasons,
	tokens::{Fortitude, Preservation},
};

fn usd_service() -> ServiceId {
	Draft { asset: USD, ..Draft::default() }.listed(ALICE)
}

#[test]
fn exposure_is_reserved_up_to_the_active_bond() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let (a, b) = (usd_service(), usd_service());
		assert_ok!(Operators::set_exposure(a, 600));
		assert_eq!((Operators::exposure(a), Operators::free_bond(a)), (600, 400));
		assert_noop!(Operators::set_exposure(b, 401), Fault::InsufficientBond);
		assert_noop!(Operators::set_exposure(b, Balance::MAX), Fault::InsufficientBond);
		assert_ok!(Operators::set_exposure(b, 400));
		assert_eq!(bond_of(ALICE, USD).exposure, 1_000);
		assert_ok!(Operators::set_exposure(a, 0));
		assert_eq!(bond_of(ALICE, USD).exposure, 400);
		assert!(!Exposures::<Test>::contains_key(a));
	});
}

#[test]
fn exposure_of_one_asset_takes_nothing_of_another() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let (usd, native) = (usd_service(), Draft::default().listed(ALICE));
		assert_ok!(Operators::set_exposure(usd, 1_000));
		assert_eq!(Operators::free_bond(native), 2 * MIN_BOND);
		assert_ok!(Operators::set_exposure(native, 2 * MIN_BOND));
	});
}

#[test]
fn exposure_needs_a_service() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Operators::set_exposure(404, 0), Fault::UnknownService);
		assert_eq!(Operators::free_bond(404), 0);
	});
}

#[test]
fn lowering_exposure_always_works() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = usd_service();
		assert_ok!(Operators::set_exposure(id, 1_000));
		Operators::slash(id, 700, &POT, 0);
		// 300 are left: still too much, but less than before.
		assert_ok!(Operators::set_exposure(id, 500));
		assert_noop!(Operators::set_exposure(id, 501), Fault::InsufficientBond);
		assert_ok!(Operators::set_exposure(id, 300));
	});
}

#[test]
fn a_slash_pays_the_credit_and_then_the_treasury() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = usd_service();
		let slashed = Operators::slash(id, 200, &POT, 20);
		assert_eq!(slashed, Slashed { credit: 200, penalty: 20 });
		assert_eq!((total(POT, USD), total(TREASURY, USD)), (200, 20));
		assert_eq!(total(ALICE, USD), START - 220);
		assert_eq!(bond_of(ALICE, USD).active, 780);
		assert_eq!(SlashedOf::<Test>::get(ALICE, USD), 220);
		assert_eq!(Totals::<Test>::get(USD), AssetTotals { bonded: 780, slashed: 220 });
		assert_eq!(Count::<Test>::get().slashed, 1);
		happened(Event::BondSlashed {
			operator: ALICE,
			service: id,
			asset: USD,
			credit: 200,
			penalty: 20,
			unpaid: 0,
		});
		// The same operator is counted once.
		Operators::slash(id, 10, &POT, 0);
		assert_eq!(Count::<Test>::get().slashed, 1);
	});
}

#[test]
fn a_slash_takes_the_active_bond_first_and_then_the_newest_chunk() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = usd_service();
		for (block, amount) in [(1, 300), (2, 200), (3, 100)] {
			run_to(block);
			assert_ok!(Operators::unbond(signed(ALICE), USD, amount));
		}
		let amounts = || {
			let bond = bond_of(ALICE, USD);
			(bond.active, bond.chunks.iter().map(|chunk| chunk.amount).collect::<Vec<_>>())
		};
		Operators::slash(id, 150, &POT, 0);
		assert_eq!(amounts(), (250, vec![300, 200, 100]));
		Operators::slash(id, 300, &POT, 0);
		assert_eq!(amounts(), (0, vec![300, 200, 50]));
		Operators::slash(id, 50, &POT, 0);
		assert_eq!(amounts(), (0, vec![300, 200]));
		Operators::slash(id, 210, &POT, 70);
		assert_eq!(amounts(), (0, vec![220]));
		assert_eq!(held_bond(ALICE, USD), 220);
	});
}

#[test]
fn a_slash_takes_the_chunk_first_that_unlocks_last() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = usd_service();
		assert_ok!(Operators::unbond(signed(ALICE), USD, 600));
		run_to(2);
		UnbondingPeriod::set(10);
		assert_ok!(Operators::unbond(signed(ALICE), USD, 400));
		// Unbonded later, but withdrawn earlier: it is not the newest.
		Operators::slash(id, 500, &POT, 50);
		let left =
			[Chunk { amount: 400, unlock_at: 12 }, Chunk { amount: 50, unlock_at: 1 + UNBONDING }];
		assert_eq!(bond_of(ALICE, USD).chunks.to_vec(), left);
	});
}

#[test]
fn rent_is_taken_like_a_slash_but_is_none() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = usd_service();
		assert_ok!(Operators::unbond(signed(ALICE), USD, 300));
		assert_eq!(Operators::charge(id, 750, &POT), 750);
		let event = |amount, unpaid| Event::RentPaid {
			operator: ALICE,
			service: id,
			asset: USD,
			amount,
			unpaid,
		};
		happened(event(750, 0));
		assert_eq!((total(POT, USD), total(ALICE, USD)), (750, START - 750));
		assert_eq!((bond_of(ALICE, USD).active, bond_of(ALICE, USD).unbonding()), (0, 250));
		assert_eq!(Totals::<Test>::get(USD), AssetTotals { bonded: 250, slashed: 0 });
		assert!(!SlashedOf::<Test>::contains_key(ALICE, USD));
		assert_eq!(Count::<Test>::get().slashed, 0);

		// What there is, and no more.
		assert_eq!(Operators::charge(id, 300, &POT), 250);
		happened(event(250, 50));
		assert!(!Bonds::<Test>::contains_key(ALICE, USD));
		assert_eq!(Operators::charge(id, 300, &POT), 0);
		happened(event(0, 300));
	});
}

#[test]
fn rent_that_can_not_be_delivered_stays_in_the_bond() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = usd_service();
		let refused = |amount| {
			assert_eq!(Operators::charge(id, amount, &POT), 0);
			let event = Event::RentPaid {
				operator: ALICE,
				service: id,
				asset: USD,
				amount: 0,
				unpaid: amount,
			};
			happened(event);
		};
		// The pot has no account in USD: 4 are below the minimum balance of 5.
		refused(4);
		assert_eq!(Operators::charge(id, 5, &POT), 5);
		assert_ok!(Assets::block(signed(ADMIN), USD_ID, POT));
		refused(Balance::MAX);
		assert_eq!(bond_of(ALICE, USD).active, 995);
		System::reset_events();
		assert_eq!((Operators::charge(id, 0, &POT), Operators::charge(404, 5, &POT)), (0, 0));
		assert!(System::events().is_empty());
	});
}

#[test]
fn a_frozen_account_does_not_protect_its_bond_from_rent() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = usd_service();
		assert_ok!(Assets::freeze(signed(ADMIN), USD_ID, ALICE));
		assert_eq!(Operators::charge(id, 1_000, &POT), 1_000);
	});
}

#[test]
fn a_slash_beyond_the_bond_moves_what_there_is_the_credit_first() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = usd_service();
		assert_eq!(Operators::slash(id, 900, &POT, 500), Slashed { credit: 900, penalty: 100 });
		happened(Event::BondSlashed {
			operator: ALICE,
			service: id,
			asset: USD,
			credit: 900,
			penalty: 100,
			unpaid: 400,
		});
		assert!(!Bonds::<Test>::contains_key(ALICE, USD));
		assert_eq!(Operators::slash(id, 5, &POT, 5), Slashed::default());
		assert_eq!(Operators::slash(404, 5, &POT, 5), Slashed::default());
	});
}

#[test]
fn a_frozen_account_does_not_protect_its_bond() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let (usd, native) = (usd_service(), Draft::default().listed(ALICE));
		assert_ok!(Assets::freeze(signed(ADMIN), USD_ID, ALICE));
		Balances::set_lock(*b"mine    ", &ALICE, Balance::MAX, WithdrawReasons::all());
		assert_eq!(Operators::slash(usd, 1_000, &POT, 0).credit, 1_000);
		assert_eq!(
			Operators::slash(native, 1_500, &POT, 500),
			Slashed { credit: 1_500, penalty: 500 }
		);
		let spendable =
			<Balances as frame_support::traits::fungible::Inspect<u64>>::reducible_balance(
				&ALICE,
				Preservation::Expendable,
				Fortitude::Polite,
			);
		assert_eq!(spendable, 0, "the lock was there");
	});
}

#[test]
fn what_can_not_be_delivered_stays_in_the_bond() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = usd_service();
		// The treasury has no account in USD: 4 are below the minimum balance of 5.
		assert_eq!(Operators::slash(id, 100, &POT, 4), Slashed { credit: 100, penalty: 0 });
		assert_eq!(bond_of(ALICE, USD).active, 900);
		assert_ok!(Assets::block(signed(ADMIN), USD_ID, POT));
		assert_eq!(Operators::slash(id, 100, &POT, 10), Slashed { credit: 0, penalty: 10 });
		happened(Event::BondSlashed {
			operator: ALICE,
			service: id,
			asset: USD,
			credit: 0,
			penalty: 10,
			unpaid: 100,
		});
		assert_eq!(bond_of(ALICE, USD).active, 890);
		assert_eq!(SlashedOf::<Test>::get(ALICE, USD), 110);
	});
}

#[test]
fn a_slash_below_the_minimum_stops_sales_until_there_is_more_bond() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let (usd, native) = (usd_service(), Draft::default().listed(ALICE));
		Operators::slash(usd, MIN_ASSET_BOND + 1, &POT, 0);
		assert_noop!(Operators::ensure_open(usd), Fault::BondBelowMinimum);
		assert_noop!(
			Draft { asset: USD, ..Draft::at("b.com") }.list(ALICE),
			Fault::BondBelowMinimum
		);
		assert_ok!(Operators::ensure_open(native));
		assert_ok!(Operators::bond_more(signed(ALICE), USD, 1));
		assert_ok!(Operators::ensure_open(usd));

		// Below the native minimum nothing is sold at all.
		Operators::slash(native, MIN_BOND + 1, &POT, 0);
		assert_noop!(Operators::ensure_open(native), Fault::BondBelowMinimum);
		assert_noop!(Operators::ensure_open(usd), Fault::BondBelowMinimum);
	});
}

#[test]
fn the_record_of_slashes_outlives_the_operator() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE);
		let id = Draft::default().listed(ALICE);
		Operators::slash(id, 2 * MIN_BOND, &POT, 0);
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_ok!(Operators::remove_service(signed(ALICE), id));
		assert_ok!(Operators::retire(signed(ALICE)));
		assert!(Operators::operator(ALICE).is_none());
		assert_eq!(SlashedOf::<Test>::get(ALICE, AssetId::Native), 2 * MIN_BOND);
		assert_eq!(Count::<Test>::get().slashed, 1);
	});
}

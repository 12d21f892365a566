// SPDX-License-Identifier: Apache-2.0

//! Exposure, slashes and rent.

use super::prelude::*;
use frame_support::traits::{
	LockableCurrency, WithdrawReasons,
	tokens::{Fortitude, Preservation},
};

fn usd_service() -> Target {
	Target::Service(Draft { asset: USD, ..Draft::default() }.listed(ALICE))
}

fn native_service() -> Target {
	Target::Service(Draft::default().listed(ALICE))
}

#[test]
fn exposure_is_reserved_up_to_the_active_bond() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let (a, b) = (usd_service(), usd_service());
		assert_ok!(set_exposure(a, 600));
		assert_eq!((Operators::exposure(a), free_bond(a)), (600, 400));
		assert_noop!(set_exposure(b, 401), Error::InsufficientBond);
		assert_noop!(set_exposure(b, Balance::MAX), Error::InsufficientBond);
		assert_ok!(set_exposure(b, 400));
		assert_eq!(bond_of(ALICE, USD).exposure, 1_000);
		assert_ok!(set_exposure(a, 0));
		assert_eq!(bond_of(ALICE, USD).exposure, 400);
		assert!(!Exposures::<Test>::contains_key(a));
	});
}

#[test]
fn exposure_in_one_asset_takes_no_bond_in_another() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let (usd, native) = (usd_service(), native_service());
		assert_ok!(set_exposure(usd, 1_000));
		assert_eq!(free_bond(native), 2 * MIN_BOND);
		assert_ok!(set_exposure(native, 2 * MIN_BOND));
	});
}

#[test]
fn lowering_exposure_always_succeeds() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let target = usd_service();
		assert_ok!(set_exposure(target, 1_000));
		slash(target, 700, 0);
		// 300 are left: still too much, but less than before.
		assert_ok!(set_exposure(target, 500));
		assert_noop!(set_exposure(target, 501), Error::InsufficientBond);
		assert_ok!(set_exposure(target, 300));
	});
}

#[test]
fn a_slash_pays_the_credit_and_then_the_penalty() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let target = usd_service();
		let slashed = slash(target, 200, 20);
		assert_eq!(slashed, Slashed { credit: 200, penalty: 20 });
		assert_eq!((total(POT, USD), total(TREASURY, USD)), (200, 20));
		assert_eq!(total(ALICE, USD), START - 220);
		assert_eq!(bond_of(ALICE, USD).active, 780);
		assert_eq!(SlashedOf::<Test>::get(ALICE, USD), 220);
		assert_eq!(Totals::<Test>::get(USD), AssetTotals { bonded: 780, slashed: 220 });
		assert_eq!(Count::<Test>::get().slashed, 1);
		assert_emitted(Event::BondSlashed {
			operator: ALICE,
			target,
			asset: USD,
			credit: 200,
			penalty: 20,
			unpaid: 0,
		});
		// The same operator is counted once.
		slash(target, 10, 0);
		assert_eq!(Count::<Test>::get().slashed, 1);
	});
}

#[test]
fn a_slash_takes_the_active_bond_first_and_then_the_newest_chunk() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let target = usd_service();
		for (block, amount) in [(1, 300), (2, 200), (3, 100)] {
			run_to(block);
			assert_ok!(Operators::unbond(signed(ALICE), USD, amount));
		}
		let amounts = || {
			let bond = bond_of(ALICE, USD);
			(bond.active, bond.chunks.iter().map(|chunk| chunk.amount).collect::<Vec<_>>())
		};
		slash(target, 150, 0);
		assert_eq!(amounts(), (250, vec![300, 200, 100]));
		slash(target, 300, 0);
		assert_eq!(amounts(), (0, vec![300, 200, 50]));
		slash(target, 50, 0);
		assert_eq!(amounts(), (0, vec![300, 200]));
		slash(target, 210, 70);
		assert_eq!(amounts(), (0, vec![220]));
		assert_eq!(held_bond(ALICE, USD), 220);
	});
}

#[test]
fn a_slash_takes_first_the_chunk_that_unlocks_last() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let target = usd_service();
		assert_ok!(Operators::unbond(signed(ALICE), USD, 600));
		run_to(2);
		UnbondingPeriod::set(10);
		assert_ok!(Operators::unbond(signed(ALICE), USD, 400));
		// Unbonded later but withdrawn earlier, the second chunk is not the newest.
		slash(target, 500, 50);
		let left =
			[Chunk { amount: 400, unlock_at: 12 }, Chunk { amount: 50, unlock_at: 1 + UNBONDING }];
		assert_eq!(bond_of(ALICE, USD).chunks.to_vec(), left);
	});
}

#[test]
fn rent_is_taken_like_a_slash_but_is_not_recorded_as_one() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let target = usd_service();
		assert_ok!(Operators::unbond(signed(ALICE), USD, 300));
		assert_eq!(charge(target, 750), 750);
		let event = |amount, unpaid| Event::RentPaid {
			operator: ALICE,
			target,
			asset: USD,
			amount,
			unpaid,
		};
		assert_emitted(event(750, 0));
		assert_eq!((total(POT, USD), total(ALICE, USD)), (750, START - 750));
		assert_eq!((bond_of(ALICE, USD).active, bond_of(ALICE, USD).unbonding()), (0, 250));
		assert_eq!(Totals::<Test>::get(USD), AssetTotals { bonded: 250, slashed: 0 });
		assert!(!SlashedOf::<Test>::contains_key(ALICE, USD));
		assert_eq!(Count::<Test>::get().slashed, 0);

		// No more than the bond has.
		assert_eq!(charge(target, 300), 250);
		assert_emitted(event(250, 50));
		assert!(!Bonds::<Test>::contains_key(ALICE, USD));
		assert_eq!(charge(target, 300), 0);
		assert_emitted(event(0, 300));
	});
}

#[test]
fn undeliverable_rent_stays_in_the_bond() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let target = usd_service();
		let refused = |amount| {
			assert_eq!(charge(target, amount), 0);
			let event =
				Event::RentPaid { operator: ALICE, target, asset: USD, amount: 0, unpaid: amount };
			assert_emitted(event);
		};
		// The pot has no account in USD: 4 are below the minimum balance of 5.
		refused(4);
		assert_eq!(charge(target, 5), 5);
		assert_ok!(Assets::block(signed(ADMIN), USD_ID, POT));
		refused(Balance::MAX);
		assert_eq!(bond_of(ALICE, USD).active, 995);
		System::reset_events();
		assert_eq!(charge(target, 0), 0);
		assert!(System::events().is_empty());
	});
}

#[test]
fn a_freeze_does_not_protect_bond_from_rent() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let target = usd_service();
		assert_ok!(Assets::freeze(signed(ADMIN), USD_ID, ALICE));
		assert_eq!(charge(target, 1_000), 1_000);
	});
}

#[test]
fn a_slash_beyond_the_bond_moves_all_of_it_the_credit_first() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let target = usd_service();
		assert_eq!(slash(target, 900, 500), Slashed { credit: 900, penalty: 100 });
		assert_emitted(Event::BondSlashed {
			operator: ALICE,
			target,
			asset: USD,
			credit: 900,
			penalty: 100,
			unpaid: 400,
		});
		assert!(!Bonds::<Test>::contains_key(ALICE, USD));
		assert_eq!(slash(target, 5, 5), Slashed::default());
	});
}

#[test]
fn a_freeze_or_a_lock_does_not_protect_bond_from_a_slash() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let (usd, native) = (usd_service(), native_service());
		assert_ok!(Assets::freeze(signed(ADMIN), USD_ID, ALICE));
		Balances::set_lock(*b"mine    ", &ALICE, Balance::MAX, WithdrawReasons::all());
		assert_eq!(slash(usd, 1_000, 0).credit, 1_000);
		assert_eq!(slash(native, 1_500, 500), Slashed { credit: 1_500, penalty: 500 });
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
fn an_undeliverable_slash_stays_in_the_bond() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let target = usd_service();
		// The treasury has no account in USD: 4 are below the minimum balance of 5.
		assert_eq!(slash(target, 100, 4), Slashed { credit: 100, penalty: 0 });
		assert_eq!(bond_of(ALICE, USD).active, 900);
		assert_ok!(Assets::block(signed(ADMIN), USD_ID, POT));
		assert_eq!(slash(target, 100, 10), Slashed { credit: 0, penalty: 10 });
		assert_emitted(Event::BondSlashed {
			operator: ALICE,
			target,
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
		let (usd, native) = (usd_service(), native_service());
		let (usd_id, native_id) = (usd.service().unwrap(), native.service().unwrap());
		slash(usd, MIN_ASSET_BOND + 1, 0);
		assert_noop!(Operators::sellable(usd_id), Error::BondBelowMinimum);
		assert_noop!(
			Draft { asset: USD, ..Draft::at("b.com") }.list(ALICE),
			Error::BondBelowMinimum
		);
		assert_ok!(Operators::sellable(native_id));
		assert_ok!(Operators::bond_more(signed(ALICE), USD, 1));
		assert_ok!(Operators::sellable(usd_id));

		// Below the native minimum nothing is sold in any asset.
		slash(native, MIN_BOND + 1, 0);
		assert_noop!(Operators::sellable(native_id), Error::BondBelowMinimum);
		assert_noop!(Operators::sellable(usd_id), Error::BondBelowMinimum);
	});
}

#[test]
fn the_record_of_slashes_outlives_the_operator() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE);
		let id = Draft::default().listed(ALICE);
		slash(Target::Service(id), 2 * MIN_BOND, 0);
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_ok!(Operators::remove_service(signed(ALICE), id));
		assert_ok!(Operators::retire(signed(ALICE)));
		assert!(operator(ALICE).is_none());
		assert_eq!(SlashedOf::<Test>::get(ALICE, AssetId::Native), 2 * MIN_BOND);
		assert_eq!(Count::<Test>::get().slashed, 1);
	});
}

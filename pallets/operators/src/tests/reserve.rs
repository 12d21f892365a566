// SPDX-License-Identifier: Apache-2.0

//! Bond reserved for bids, released and forfeited.

use super::prelude::*;

#[test]
fn reserve_takes_free_bond_only() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft { asset: USD, ..Draft::default() }.listed(ALICE);
		assert_ok!(set_exposure(Target::Service(id), 300));
		assert_noop!(Operators::reserve(&ALICE, USD, 701), Error::InsufficientBond);
		assert_noop!(Operators::reserve(&ALICE, USD, Balance::MAX), Error::InsufficientBond);
		assert_ok!(Operators::reserve(&ALICE, USD, 400));
		assert_ok!(Operators::reserve(&ALICE, USD, 200));
		assert_eq!(Operators::reserved(&ALICE, USD), 600);
		let bond = bond_of(ALICE, USD);
		assert_eq!((bond.active, bond.exposure, bond.free()), (1_000, 900, 100));
		assert_noop!(set_exposure(Target::Service(id), 401), Error::InsufficientBond);
		assert_noop!(Operators::unbond(signed(ALICE), USD, 101), Error::BondReserved);
		// Bond in one asset backs nothing in another.
		assert_eq!(Operators::reserved(&ALICE, AssetId::Native), 0);
		assert_eq!(bond_of(ALICE, AssetId::Native).exposure, 0);
	});
}

#[test]
fn reserve_without_a_bond_fails() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Operators::reserve(&BOB, USD, 1), Error::InsufficientBond);
		assert_ok!(Operators::reserve(&BOB, USD, 0));
		assert!(!Bonds::<Test>::contains_key(BOB, USD));
		assert!(!Reserved::<Test>::contains_key(BOB, USD));
	});
}

#[test]
fn released_bond_is_free_again() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_ok!(Operators::reserve(&ALICE, USD, 600));
		Operators::unreserve(&ALICE, USD, 250);
		assert_eq!((Operators::reserved(&ALICE, USD), bond_of(ALICE, USD).exposure), (350, 350));
		Operators::unreserve(&ALICE, USD, 350);
		Operators::unreserve(&ALICE, USD, 0);
		assert!(!Reserved::<Test>::contains_key(ALICE, USD));
		assert_ok!(Operators::unbond(signed(ALICE), USD, 1_000));
	});
}

#[test]
fn forfeited_bond_goes_to_the_treasury() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft { asset: USD, ..Draft::default() }.listed(ALICE);
		assert_ok!(set_exposure(Target::Service(id), 400));
		assert_ok!(Operators::reserve(&ALICE, USD, 600));
		assert_eq!(Operators::forfeit(&ALICE, USD, 250), 250);
		assert_eq!((total(TREASURY, USD), total(ALICE, USD)), (250, START - 250));
		let bond = bond_of(ALICE, USD);
		assert_eq!((bond.active, bond.exposure, Operators::reserved(&ALICE, USD)), (750, 750, 350));
		assert_eq!(SlashedOf::<Test>::get(ALICE, USD), 250);
		assert_eq!(Totals::<Test>::get(USD), AssetTotals { bonded: 750, slashed: 250 });
		assert_eq!(Count::<Test>::get().slashed, 1);
		assert_emitted(Event::BondForfeited {
			operator: ALICE,
			asset: USD,
			amount: 250,
			unpaid: 0,
		});
		// Forfeiting nothing emits no event.
		System::reset_events();
		assert_eq!(Operators::forfeit(&ALICE, USD, 0), 0);
		assert!(System::events().is_empty());
	});
}

#[test]
fn a_forfeit_takes_what_a_slash_left_unbonding_bond_included() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft { asset: USD, ..Draft::default() }.listed(ALICE);
		assert_ok!(Operators::reserve(&ALICE, USD, 600));
		assert_ok!(Operators::unbond(signed(ALICE), USD, 100));
		slash(Target::Service(id), 700, 0);
		assert_eq!(bond_of(ALICE, USD).held(), 300);
		assert_eq!(Operators::forfeit(&ALICE, USD, 600), 300);
		assert_emitted(Event::BondForfeited {
			operator: ALICE,
			asset: USD,
			amount: 300,
			unpaid: 300,
		});
		assert!(!Bonds::<Test>::contains_key(ALICE, USD));
		assert!(!Reserved::<Test>::contains_key(ALICE, USD));
	});
}

#[test]
fn an_undeliverable_forfeit_stays_in_the_bond_and_is_free() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_ok!(Operators::reserve(&ALICE, USD, 4));
		// The treasury has no account in USD: 4 are below the minimum balance of 5.
		assert_eq!(Operators::forfeit(&ALICE, USD, 4), 0);
		assert_emitted(Event::BondForfeited { operator: ALICE, asset: USD, amount: 0, unpaid: 4 });
		let bond = bond_of(ALICE, USD);
		assert_eq!((bond.active, bond.exposure), (1_000, 0));
		assert!(!SlashedOf::<Test>::contains_key(ALICE, USD));
	});
}

#[test]
fn a_freeze_does_not_protect_bond_from_a_forfeit() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_ok!(Operators::reserve(&ALICE, USD, 600));
		assert_ok!(Assets::freeze(signed(ADMIN), USD_ID, ALICE));
		assert_eq!(Operators::forfeit(&ALICE, USD, 600), 600);
	});
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "Defensive")]
fn releasing_more_than_was_reserved_is_a_defensive_failure() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_ok!(Operators::reserve(&ALICE, USD, 5));
		Operators::unreserve(&ALICE, USD, 6);
	});
}

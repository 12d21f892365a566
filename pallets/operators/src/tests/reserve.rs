//! Bond is reserved for bids, given back, and forfeited.

use super::prelude::*;

#[test]
fn bond_is_reserved_as_far_as_nothing_else_reserves_it() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft { asset: USD, ..Draft::default() }.listed(ALICE);
		assert_ok!(Operators::set_exposure(id, 300));
		assert_noop!(Operators::reserve(&ALICE, USD, 701), Fault::InsufficientBond);
		assert_noop!(Operators::reserve(&ALICE, USD, Balance::MAX), Fault::InsufficientBond);
		assert_ok!(Operators::reserve(&ALICE, USD, 400));
		assert_ok!(Operators::reserve(&ALICE, USD, 200));
		assert_eq!(Operators::reserved(&ALICE, USD), 600);
		let bond = bond_of(ALICE, USD);
		assert_eq!((bond.active, bond.exposure, bond.free()), (1_000, 900, 100));
		assert_noop!(Operators::set_exposure(id, 401), Fault::InsufficientBond);
		assert_noop!(Operators::unbond(signed(ALICE), USD, 101), Fault::BondReserved);
		// Bond in one asset stands for nothing in another.
		assert_eq!(Operators::reserved(&ALICE, AssetId::Native), 0);
		assert_eq!(bond_of(ALICE, AssetId::Native).exposure, 0);
	});
}

#[test]
fn who_has_no_bond_reserves_none() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Operators::reserve(&BOB, USD, 1), Fault::InsufficientBond);
		assert_ok!(Operators::reserve(&BOB, USD, 0));
		assert!(!Bonds::<Test>::contains_key(BOB, USD));
		assert!(!Reserved::<Test>::contains_key(BOB, USD));
	});
}

#[test]
fn what_is_given_back_is_free_again() {
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
fn what_is_forfeited_goes_to_the_treasury() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft { asset: USD, ..Draft::default() }.listed(ALICE);
		assert_ok!(Operators::set_exposure(id, 400));
		assert_ok!(Operators::reserve(&ALICE, USD, 600));
		assert_eq!(Operators::forfeit(&ALICE, USD, 250), 250);
		assert_eq!((total(TREASURY, USD), total(ALICE, USD)), (250, START - 250));
		let bond = bond_of(ALICE, USD);
		assert_eq!((bond.active, bond.exposure, Operators::reserved(&ALICE, USD)), (750, 750, 350));
		assert_eq!(SlashedOf::<Test>::get(ALICE, USD), 250);
		assert_eq!(Totals::<Test>::get(USD), AssetTotals { bonded: 750, slashed: 250 });
		assert_eq!(Count::<Test>::get().slashed, 1);
		happened(Event::BondForfeited { operator: ALICE, asset: USD, amount: 250, unpaid: 0 });
		// Of nothing, nothing, and nobody hears of it.
		System::reset_events();
		assert_eq!(Operators::forfeit(&ALICE, USD, 0), 0);
		assert!(System::events().is_empty());
	});
}

#[test]
fn a_forfeit_takes_what_a_slash_has_left_unbonding_bond_last() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft { asset: USD, ..Draft::default() }.listed(ALICE);
		assert_ok!(Operators::reserve(&ALICE, USD, 600));
		assert_ok!(Operators::unbond(signed(ALICE), USD, 100));
		Operators::slash(id, 700, &POT, 0);
		assert_eq!(bond_of(ALICE, USD).held(), 300);
		assert_eq!(Operators::forfeit(&ALICE, USD, 600), 300);
		happened(Event::BondForfeited { operator: ALICE, asset: USD, amount: 300, unpaid: 300 });
		assert!(!Bonds::<Test>::contains_key(ALICE, USD));
		assert!(!Reserved::<Test>::contains_key(ALICE, USD));
	});
}

#[test]
fn a_forfeit_that_can_not_be_delivered_stays_in_the_bond_and_is_free() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_ok!(Operators::reserve(&ALICE, USD, 4));
		// The treasury has no account in USD: 4 are below the minimum balance of 5.
		assert_eq!(Operators::forfeit(&ALICE, USD, 4), 0);
		happened(Event::BondForfeited { operator: ALICE, asset: USD, amount: 0, unpaid: 4 });
		let bond = bond_of(ALICE, USD);
		assert_eq!((bond.active, bond.exposure), (1_000, 0));
		assert!(!SlashedOf::<Test>::contains_key(ALICE, USD));
	});
}

#[test]
fn a_frozen_account_does_not_protect_what_it_forfeits() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_ok!(Operators::reserve(&ALICE, USD, 600));
		assert_ok!(Assets::freeze(signed(ADMIN), USD_ID, ALICE));
		assert_eq!(Operators::forfeit(&ALICE, USD, 600), 600);
	});
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "Defensive")]
fn giving_back_more_than_was_reserved_is_a_fault_of_the_chain() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_ok!(Operators::reserve(&ALICE, USD, 5));
		Operators::unreserve(&ALICE, USD, 6);
	});
}

//! What other pallets and clients ask the registry.

use super::prelude::*;

#[test]
fn a_service_is_open_only_if_everything_is() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_noop!(Operators::ensure_open(404), Fault::UnknownService);
		let id = Draft::default().listed(ALICE);
		assert_ok!(Operators::ensure_open(id));
		// The minimum of this moment holds, not the one of the listing.
		NativeMinBond::set(2 * MIN_BOND + 1);
		assert_noop!(Operators::ensure_open(id), Fault::BondBelowMinimum);
	});
}

#[test]
fn other_pallets_and_clients_read_the_same_minimum_bond() {
	ExtBuilder::default().build_and_execute(|| {
		NativeMinBond::set(7);
		for (asset, minimum) in
			[(AssetId::Native, Some(7)), (USD, Some(MIN_ASSET_BOND)), (EUR, None)]
		{
			assert_eq!(<Operators as Registry<AccountId>>::min_bond(asset), minimum);
			assert_eq!(Operators::min_bond(asset), minimum);
		}
	});
}

#[test]
fn view_functions_say_what_storage_says() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft { asset: USD, ..Draft::default() }.listed(ALICE);
		assert_ok!(Operators::set_exposure(id, 200));
		let bond = Operators::bond(ALICE, USD);
		assert_eq!(
			(bond.active, bond.exposure, bond.held(), bond.free()),
			(1_000, 200, 1_000, 800)
		);
		assert_eq!(Pallet::<Test>::free_bond(id), 800);
		assert_eq!(Operators::services_of(ALICE), [id]);
		assert!(Operators::operator(BOB).is_none());
		assert_eq!(<Operators as Registry<u64>>::treasury(), TREASURY);
	});
}

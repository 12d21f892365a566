// SPDX-License-Identifier: Apache-2.0

//! Builders for the operators pallet.

use crate::{
	Kit, TestRuntime,
	chain::{Operators, System},
};
use frame::{prelude::*, testing_prelude::*};
use pallet_surety_operators::{NextServiceId, Services};
use surety_primitives::{
	AssetId, Balance, Region, Service, ServiceId, ServiceKind, ServiceStatus, TermsInput,
	WindowShare,
};

/// Bond of an operator of a test, in each asset.
pub const BOND: Balance = 100_000;
/// Price of a listing of a test, per unit and billable block.
pub const PRICE: Balance = 10;

/// Listing of a test: valid in every part.
#[derive(Clone, Debug)]
pub struct Listing {
	/// Kind of the service.
	pub kind: ServiceKind,
	/// URL of the endpoint.
	pub endpoint: String,
	/// Units that can be sold in all.
	pub capacity: u32,
	/// Price per unit and billable block.
	pub price: Balance,
	/// Asset of the price.
	pub asset: AssetId,
	/// Terms.
	pub terms: TermsInput,
}

impl Default for Listing {
	/// A VPN at a price of [`PRICE`] native tokens. One bad round of twelve is allowed; breaches
	/// credit 10 %, 20 %, 50 % and 100 % of a window's price, four windows' prices at most.
	fn default() -> Self {
		Self {
			kind: ServiceKind::Vpn { key: [7; 32] },
			endpoint: "http://127.0.0.1:8080/".into(),
			capacity: 100,
			price: PRICE,
			asset: AssetId::Native,
			terms: TermsInput {
				min_uptime: 900_000_000,
				max_latency_ms: 250,
				max_head_lag: 8,
				credit: [10, 20, 50, 100].map(|percent| WindowShare::from_rational(percent, 100)),
				cover: WindowShare::from_u32(4),
			},
		}
	}
}

impl Listing {
	/// Listing in an asset.
	pub fn of(asset: AssetId) -> Self {
		Self { asset, ..Self::default() }
	}

	/// Listing of rented compute.
	pub fn compute() -> Self {
		Self { kind: ServiceKind::Compute, ..Self::default() }
	}

	/// The same listing with another price.
	pub fn price(self, price: Balance) -> Self {
		Self { price, ..self }
	}

	/// The same listing with other terms.
	pub fn terms(self, change: impl FnOnce(&mut TermsInput)) -> Self {
		let mut terms = self.terms.clone();
		change(&mut terms);
		Self { terms, ..self }
	}
}

impl<T: TestRuntime> Kit<T> {
	/// Signed origin.
	pub fn signed(who: u64) -> OriginFor<T> {
		frame_system::RawOrigin::Signed(who).into()
	}

	/// Register an operator with a bond of [`BOND`] in the native token, and in `asset`.
	pub fn register(who: u64, asset: AssetId) {
		let name = b"operator".to_vec().try_into().unwrap();
		assert_ok!(Operators::<T>::register(Self::signed(who), BOND, name, Default::default()));
		if asset != AssetId::Native {
			assert_ok!(Operators::<T>::bond_more(Self::signed(who), asset, BOND));
		}
	}

	/// List a service. Returns the outcome of the call.
	pub fn try_list(who: u64, listing: Listing) -> DispatchResult {
		let Listing { kind, endpoint, capacity, price, asset, terms } = listing;
		Operators::<T>::list_service(
			Self::signed(who),
			kind,
			endpoint.into_bytes().try_into().unwrap(),
			Region::new(*b"DE").unwrap(),
			capacity,
			price,
			asset,
			terms,
			[0; 32],
			Default::default(),
		)
	}

	/// List a service, successfully. It is active at once unless the chain requires a proof of
	/// control.
	pub fn list(who: u64, listing: Listing) -> ServiceId {
		let id = NextServiceId::<T>::get();
		assert_ok!(Self::try_list(who, listing));
		id
	}

	/// Build blocks until the probers have found the proof of control of a service.
	pub fn prove_control(id: ServiceId) {
		let active = || Self::listing(id).status == ServiceStatus::Active;
		Self::run_until("the proof of control is found", active);
	}

	/// Register an operator and list a service.
	pub fn operator(who: u64, listing: Listing) -> ServiceId {
		Self::register(who, listing.asset);
		Self::list(who, listing)
	}

	/// Listing of a service.
	pub fn listing(id: ServiceId) -> Service<u64> {
		Services::<T>::get(id).expect("the service is listed")
	}

	/// Active bond of an operator.
	pub fn bond(who: u64, asset: AssetId) -> Balance {
		pallet_surety_operators::Bonds::<T>::get(who, asset).active
	}

	/// Approve an asset, created with [`crate::MINIMUM`] as its minimum balance.
	pub fn approve_asset(asset: u32, min_bond: Balance) {
		let root = || OriginFor::<T>::from(frame_system::RawOrigin::Root);
		let id = <T as pallet_assets::Config>::AssetIdParameter::from(asset);
		assert_ok!(pallet_assets::Pallet::<T>::force_create(
			root(),
			id,
			T::Lookup::unlookup(crate::ADMIN),
			true,
			crate::MINIMUM,
		));
		assert_ok!(Operators::<T>::approve_asset(root(), asset, min_bond));
	}

	/// Forget all events.
	pub fn reset_events() {
		System::<T>::reset_events();
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Tests by topic.

#![allow(clippy::arithmetic_side_effects)]

mod admin;
mod bond;
mod hosts;
mod leases;
mod lifecycle;
mod listing;
mod random_calls;
mod registration;
mod reserve;
mod slash;
mod try_state;
mod updates;

/// Imports and helpers of all tests.
mod prelude {
	// The pallet, not its storage map of the same name.
	pub use crate::mock::Operators;
	pub use crate::{mock::*, types::*, *};
	pub use frame::testing_prelude::*;
	pub use surety_primitives::{
		AssetId, BondReserve, Bonding, CloseReason, LeaseRegistry, Networks as _, OnProof,
		ProofOutcome::{self, Found, Lost, NotFound},
		Registry, SlaTerms, Slashed,
	};

	/// Errors of the pallet.
	pub type Error = crate::Error<Test>;

	pub fn assert_emitted(event: Event<Test>) {
		System::assert_has_event(event.into());
	}

	/// Listing of a target, which must exist.
	pub fn listing(target: Target) -> ServiceOf<Test> {
		Operators::listing(target).unwrap()
	}

	pub fn set_exposure(target: Target, amount: Balance) -> DispatchResult {
		Operators::set_exposure(target, &listing(target), amount)
	}

	pub fn free_bond(target: Target) -> Balance {
		Operators::free_bond(&listing(target))
	}

	/// Slash the bond behind a target; credits go to the pot.
	pub fn slash(target: Target, credit: Balance, penalty: Balance) -> Slashed {
		Operators::slash(target, &listing(target), credit, &POT, penalty)
	}

	/// Charge rent for the pot. Returns the amount that the pot received.
	pub fn charge(target: Target, amount: Balance) -> Balance {
		let listing = listing(target);
		let before = total(POT, listing.asset);
		Operators::charge(target, &listing, amount, &POT);
		total(POT, listing.asset) - before
	}
}

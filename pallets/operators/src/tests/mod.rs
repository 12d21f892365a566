//! Tests by topic.

#![allow(clippy::arithmetic_side_effects)]

mod bond;
mod ending;
mod governance;
mod hosts;
mod leases;
mod listing;
mod operators;
mod property;
mod reading;
mod reserve;
mod slash;
mod try_state;
mod updating;

/// What the tests use all over.
mod prelude {
	// The pallet, not its map of the same name.
	pub use crate::mock::Operators;
	pub use crate::{mock::*, types::*, *};
	pub use frame::testing_prelude::*;
	pub use surety_primitives::{
		AssetId, Balance, BondReserve, Bonding, CloseReason, Endpoint, Funds as _, LEASES_FROM,
		LeaseId, LeaseRegistry, Name, NetworkId, Registry, RoundIndex, ServiceId, ServiceKind,
		ServiceStatus, SlaTerms, Slashed, service_of_lease,
	};

	/// The error of a set of the pallet's errors.
	pub type Fault = Error<Test>;

	pub fn happened(event: Event<Test>) {
		System::assert_has_event(event.into());
	}
}

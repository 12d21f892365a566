// SPDX-License-Identifier: Apache-2.0

//! Traits that other pallets call.

use crate::{Config, Pallet, WeightInfo};
use frame::prelude::*;
use surety_primitives::{
	End, EscrowOwner, Inventory, LeaseId, OnLeaseFailed, OnStreamEnd, ServiceId, StreamEnd,
};

impl<T: Config> Inventory for Pallet<T> {
	fn forget(service: ServiceId) -> DispatchResult {
		Self::forget_inventory(service)
	}
}

impl<T: Config> OnLeaseFailed for Pallet<T> {
	fn on_lease_failed(lease: LeaseId, end: End) -> Weight {
		Self::fail_lease(lease, end);
		T::WeightInfo::lease_failed()
	}
}

impl<T: Config> OnStreamEnd for Pallet<T> {
	fn ending(owner: EscrowOwner, end: End) -> Weight {
		let EscrowOwner::Replica { order, index } = owner else { return Weight::zero() };
		Self::stream_ending(order, index, end);
		T::WeightInfo::ending()
	}

	fn ended(owner: EscrowOwner, end: StreamEnd) -> Weight {
		let EscrowOwner::Replica { order, index } = owner else { return Weight::zero() };
		T::WeightInfo::ended().saturating_add(Self::stream_ended(order, index, end))
	}

	fn suspended(owner: EscrowOwner, end: StreamEnd) -> Weight {
		let EscrowOwner::Replica { order, index } = owner else { return Weight::zero() };
		T::WeightInfo::suspended().saturating_add(Self::stream_suspended(order, index, end))
	}

	fn max_weight() -> Weight {
		T::WeightInfo::ending()
			.saturating_add(T::WeightInfo::ended().max(T::WeightInfo::suspended()))
	}
}

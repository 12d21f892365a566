//! Traits by which other pallets ask and notify this one.

use crate::*;
use surety_primitives::{
	Capacity, CloseReason, EscrowOwner, LeaseId, OnEscrowEnd, OnLease, RoundIndex, ServiceId,
	StreamEnd,
};

impl<T: Config> Capacity for Pallet<T> {
	fn forget(service: ServiceId) -> DispatchResult {
		Self::forget_capacity(service)
	}

	fn in_use(service: ServiceId) -> bool {
		CapacityOf::<T>::get(service).is_some_and(|inventory| !inventory.used.is_zero())
	}
}

impl<T: Config> OnLease for Pallet<T> {
	fn unhealthy(lease: LeaseId, round: RoundIndex) {
		Self::fail(lease, round, CloseReason::Unhealthy);
	}

	fn terminated(lease: LeaseId, at: RoundIndex, reason: CloseReason) {
		Self::fail(lease, at, reason);
	}
}

impl<T: Config> OnEscrowEnd for Pallet<T> {
	fn ending(owner: EscrowOwner, round: RoundIndex, reason: CloseReason) {
		if let EscrowOwner::Replica { order, index } = owner {
			Self::stream_ending(order, index, (round, reason));
		}
	}

	fn ended(owner: EscrowOwner, end: StreamEnd) {
		if let EscrowOwner::Replica { order, index } = owner {
			Self::stream_ended(order, index, end);
		}
	}

	fn parked(owner: EscrowOwner, end: StreamEnd) {
		if let EscrowOwner::Replica { order, index } = owner {
			Self::stream_parked(order, index, end);
		}
	}
}

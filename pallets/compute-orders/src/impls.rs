//! Traits implemented for other pallets, and reads for the runtime API.

use crate::*;
use alloc::vec::Vec;
use surety_primitives::{
	End, EscrowOwner, Inventory, LeaseId, OnLeaseFailed, OnStreamEnd, OrderId, ServiceId,
	StreamEnd, Streams, page_size,
};

impl<T: Config> Inventory for Pallet<T> {
	fn forget(service: ServiceId) -> DispatchResult {
		Self::forget_resources(service)
	}
}

impl<T: Config> OnLeaseFailed for Pallet<T> {
	fn on_lease_failed(lease: LeaseId, end: End) -> Weight {
		Self::fail(lease, end);
		T::WeightInfo::marked()
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

impl<T: Config> Pallet<T> {
	/// A lease with its order's tenant and asset, and its stream while it runs.
	pub fn lease(id: LeaseId) -> Option<LeaseStatus<T::AccountId>> {
		let lease = Leases::<T>::get(id)?;
		let order = Orders::<T>::get(lease.order)?;
		let replica = order.replicas.get(usize::from(lease.replica))?;
		let stream = if lease.is_running() { T::Escrow::stream(replica.escrow) } else { None };
		Some(LeaseStatus { lease, tenant: order.tenant, asset: order.asset, stream })
	}

	/// Bids that stand on an order, in order of their services.
	pub fn bids_of(order: OrderId) -> Vec<(ServiceId, BidOf<T>)> {
		let mut bids: Vec<_> = Bids::<T>::iter_prefix(order).collect();
		bids.sort_unstable_by_key(|(service, _)| *service);
		bids
	}

	/// Leases that an account pays for or runs, in no particular order, those after `start_after`
	/// (`None`: from the start), at most `limit` and 128 of them.
	pub fn leases_of(
		account: T::AccountId,
		start_after: Option<LeaseId>,
		limit: u32,
	) -> Vec<LeaseId> {
		let keys = match start_after {
			Some(id) => {
				let from = LeasesOf::<T>::hashed_key_for(&account, id);
				LeasesOf::<T>::iter_key_prefix_from(account, from)
			},
			None => LeasesOf::<T>::iter_key_prefix(account),
		};
		keys.take(page_size(limit)).collect()
	}
}

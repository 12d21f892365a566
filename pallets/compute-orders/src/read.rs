//! The read side. Nothing here writes.

use crate::*;
use alloc::vec::Vec;
use surety_primitives::{Escrow, LeaseId, OrderId, ServiceId, page_size};

impl<T: Config> Pallet<T> {
	pub(crate) fn read_lease(id: LeaseId) -> Option<LeaseStatus<T::AccountId>> {
		let lease = Leases::<T>::get(id)?;
		let order = Orders::<T>::get(lease.order)?;
		let replica = order.replicas.get(usize::from(lease.replica))?;
		let stream = if lease.is_running() { T::Escrow::stream(replica.escrow) } else { None };
		Some(LeaseStatus { lease, tenant: order.tenant, asset: order.asset, stream })
	}

	pub(crate) fn read_bids(order: OrderId) -> Vec<(ServiceId, BidOf<T>)> {
		let mut bids: Vec<_> = Bids::<T>::iter_prefix(order).collect();
		bids.sort_unstable_by_key(|(service, _)| *service);
		bids
	}

	pub(crate) fn read_leases_of(
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

	pub(crate) fn read_orders(
		start_after: Option<OrderId>,
		limit: u32,
	) -> Vec<(OrderId, OrderOf<T>)> {
		let orders = match start_after {
			Some(id) => Orders::<T>::iter_from(Orders::<T>::hashed_key_for(id)),
			None => Orders::<T>::iter(),
		};
		orders.take(page_size(limit)).collect()
	}
}

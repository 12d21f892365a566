// SPDX-License-Identifier: Apache-2.0

//! Checks of the invariants that the module documentation numbers.

use crate::*;
use alloc::collections::BTreeMap;
use frame_support::sp_runtime::TryRuntimeError;
use surety_primitives::Streams;

/// Sums over bids and leases.
struct Sums<AccountId> {
	used: BTreeMap<ServiceId, Resources>,
	reserved: BTreeMap<(AccountId, AssetId), Balance>,
	deposits: BTreeMap<(AccountId, bool), Balance>,
	entries: usize,
	leases: usize,
}

impl<AccountId: Ord + Clone> Sums<AccountId> {
	fn add_used(&mut self, service: ServiceId, part: &Resources) {
		let sum = self.used.entry(service).or_default();
		// The GPU classes are compared apart.
		*sum = sum.with(part).unwrap_or_default();
	}
	fn add_reserved(&mut self, who: &AccountId, asset: AssetId, amount: Balance) {
		let sum = self.reserved.entry((who.clone(), asset)).or_default();
		*sum = sum.saturating_add(amount);
	}
	fn add_deposit(&mut self, who: &AccountId, bid: bool, amount: Balance) {
		let sum = self.deposits.entry((who.clone(), bid)).or_default();
		*sum = sum.saturating_add(amount);
	}
}

impl<T: Config> Pallet<T> {
	/// Check the invariants of this pallet.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut sums = Sums {
			used: BTreeMap::new(),
			reserved: BTreeMap::new(),
			deposits: BTreeMap::new(),
			entries: 0,
			leases: 0,
		};
		for (id, order) in Orders::<T>::iter() {
			Self::check_order(id, &order, &mut sums)?;
		}
		let stray = Bids::<T>::iter_keys().any(|(order, _)| !Orders::<T>::contains_key(order));
		ensure!(!stray, "7: a bid on no order");
		ensure!(Leases::<T>::iter_keys().count() == sums.leases, "5: a lease of no order");
		ensure!(
			LeasesOf::<T>::iter_keys().count() == sums.leases.saturating_mul(2),
			"6: an index of no lease"
		);
		ensure!(Agenda::<T>::iter_keys().count() == sums.entries, "4: an entry of nothing");
		Self::check_inventories(&sums)?;
		for ((who, asset), sum) in &sums.reserved {
			ensure!(
				T::Bonding::reserved(who, *asset) == *sum,
				"2: the reserved bond is not the sum"
			);
		}
		for ((who, bid), sum) in &sums.deposits {
			let reason = if *bid { HoldReason::Bid } else { HoldReason::Order };
			let held = T::Funds::held(AssetId::Native, reason.into(), who);
			ensure!(held == *sum, "3: the deposits on hold are not the sum");
		}
		Ok(())
	}

	fn check_order(
		id: OrderId,
		order: &OrderOf<T>,
		sums: &mut Sums<T::AccountId>,
	) -> Result<(), TryRuntimeError> {
		ensure!(id < NextOrder::<T>::get(), "8: id beyond the next");
		sums.add_deposit(&order.tenant, false, order.storage_deposit);
		let bids = Self::check_bids(id, order, sums)?;
		ensure!(
			order.is_over() == order.closed_at.is_some(),
			"7: over without the block in which it was closed"
		);
		let waits = order.next_wake().is_some() || (order.is_over() && bids > 0);
		if let Some((lane, block)) = order.wake {
			ensure!(lane == order.lane(), "4: an entry in another lane");
			Self::check_entry((lane, block), Entry::Order(id), sums)?;
		}
		ensure!(
			waits == order.wake.is_some(),
			"4: an order that waits without an entry, or the reverse"
		);
		if let (Some(next), Some((_, wake))) = (order.next_wake(), order.wake) {
			ensure!(next <= wake, "4: an order whose entry is too early");
		}

		for (index, replica) in (0u8..).zip(&order.replicas) {
			Self::check_replica(index, replica, order)?;
		}
		let placements: usize =
			order.replicas.iter().map(|replica| usize::from(replica.placements)).sum();
		let declined = |id: &&LeaseId| {
			Leases::<T>::get(*id).is_some_and(|lease| {
				matches!(lease.state, LeaseState::Closed { reason: CloseReason::Declined, .. })
			})
		};
		let counted = order.leases.iter().filter(|id| !declined(id)).count();
		ensure!(placements == counted, "5: leases are miscounted");
		for lease_id in &order.leases {
			let lease = Leases::<T>::get(lease_id).ok_or("5: a lease is lost")?;
			ensure!(lease.order == id, "5: a lease of another order");
			Self::check_lease(*lease_id, &lease, order, sums)?;
		}
		Ok(())
	}

	/// Check the bids of an order. Returns their number.
	fn check_bids(
		id: OrderId,
		order: &OrderOf<T>,
		sums: &mut Sums<T::AccountId>,
	) -> Result<u32, TryRuntimeError> {
		let mut bids = 0u32;
		for (service, bid) in Bids::<T>::iter_prefix(id) {
			bids = bids.saturating_add(1);
			ensure!(bid.left > 0 && bid.left <= bid.replicas, "7: a bid that can take no replica");
			sums.add_deposit(&bid.operator, true, bid.deposit);
			let each = bid.exposure.saturating_add(bid.penalty);
			sums.add_reserved(
				&bid.operator,
				order.asset,
				each.saturating_mul(Balance::from(bid.left)),
			);
			let part =
				order.resources.times(bid.left).ok_or("1: a bid for more than there can be")?;
			sums.add_used(service, &part);
		}
		ensure!(bids == order.bids && bids <= T::MaxBids::get(), "7: bids are miscounted");
		Ok(bids)
	}

	fn check_replica(
		index: u8,
		replica: &ReplicaOf<T>,
		order: &OrderOf<T>,
	) -> Result<(), TryRuntimeError> {
		ensure!(u32::from(replica.placements) <= MAX_PLACEMENTS, "5: too many leases of a replica");
		ensure!(
			!replica.state.is_closed() || replica.funds == 0,
			"5: a replica that is over has funds"
		);
		let Some(lease_id) = replica.state.lease() else { return Ok(()) };
		let lease = Leases::<T>::get(lease_id).ok_or("5: a replica at no lease")?;
		ensure!(order.leases.contains(&lease_id), "5: a replica at a lease of another order");
		ensure!(replica.lease == Some(lease_id), "5: a replica at a lease that is not its last");
		ensure!(lease.replica == index, "5: a replica at another's lease");
		ensure!(
			!replica.failed.contains(&lease.operator),
			"5: placed at an operator that failed it"
		);
		if lease.is_running() {
			let stream = T::Escrow::stream(replica.escrow).ok_or("5: a lease without a stream")?;
			let last = replica.term.map(|term| term.last);
			ensure!(
				last.is_some() && stream.last == last,
				"5: a stream that does not end with its term"
			);
			ensure!(replica.failover_price.is_some(), "5: a lease without a failover price");
		}
		Ok(())
	}

	fn check_lease(
		id: LeaseId,
		lease: &LeaseOf<T>,
		order: &OrderOf<T>,
		sums: &mut Sums<T::AccountId>,
	) -> Result<(), TryRuntimeError> {
		ensure!(id < NextLease::<T>::get(), "8: id beyond the next");
		sums.leases = sums.leases.saturating_add(1);
		ensure!(
			LeasesOf::<T>::contains_key(&order.tenant, id),
			"6: a lease without its tenant's index"
		);
		ensure!(
			LeasesOf::<T>::contains_key(&lease.operator, id),
			"6: a lease without its operator's index"
		);
		let replica =
			order.replicas.get(usize::from(lease.replica)).ok_or("5: a lease of no replica")?;
		let current = replica.state.lease() == Some(id);
		ensure!(current != lease.is_closed(), "5: a lease that is not over and not its replica's");
		sums.add_reserved(&lease.operator, order.asset, lease.reserved);
		match lease.state {
			LeaseState::Starting { ready_by, .. } => {
				Self::check_entry((Lane::Starting, ready_by), Entry::Lease(id), sums)?;
				let full = lease.exposure.saturating_add(lease.penalty);
				ensure!(
					lease.reserved == full && lease.ready.is_none(),
					"2: a start reserves too little"
				);
			},
			LeaseState::Running { .. } => {
				ensure!(lease.reserved == lease.penalty, "2: a lease without its penalty");
				ensure!(lease.ready.is_some(), "5: a lease that runs and was never ready");
			},
			LeaseState::Closed { .. } => {
				ensure!(lease.reserved == 0, "2: a lease that is over reserves bond");
				return Ok(());
			},
		}
		sums.add_used(lease.service, &order.resources);
		Ok(())
	}

	fn check_entry(
		(lane, block): (Lane, BlockNumber),
		entry: Entry,
		sums: &mut Sums<T::AccountId>,
	) -> Result<(), TryRuntimeError> {
		sums.entries = sums.entries.saturating_add(1);
		ensure!(Agenda::<T>::contains_key((lane, block), entry), "4: an entry is lost");
		ensure!(
			Cursor::<T>::get(lane).is_none_or(|cursor| cursor <= block),
			"4: an entry that is never reached"
		);
		Ok(())
	}

	fn check_inventories(sums: &Sums<T::AccountId>) -> Result<(), TryRuntimeError> {
		let mut known = 0usize;
		for (service, inventory) in Inventories::<T>::iter() {
			let mut used = sums.used.get(&service).cloned().unwrap_or_default();
			if sums.used.contains_key(&service) {
				known = known.saturating_add(1);
			}
			used.gpu_class = inventory.used.gpu_class.clone();
			ensure!(inventory.used == used, "1: the used resources are not the sum");
			ensure!(
				inventory.total.without(&inventory.used).is_some(),
				"1: more is used than there is"
			);
			ensure!(
				Servers::<T>::get(inventory.server) == Some(service),
				"1: a server that backs another service"
			);
		}
		ensure!(known == sums.used.len(), "1: used, but not declared");
		ensure!(
			Servers::<T>::iter_keys().count() == Inventories::<T>::iter_keys().count(),
			"1: a server of no service"
		);
		Ok(())
	}
}

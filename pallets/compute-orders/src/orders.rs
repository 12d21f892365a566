// SPDX-License-Identifier: Apache-2.0

//! Calls of tenants: place, cancel, extend, top up and remove an order.

use crate::*;
use alloc::vec::Vec;
use frame_support::storage::with_storage_layer;
use surety_primitives::{
	AssetId, Balance, BlockNumber, BondReserve, Clock, CloseReason, EscrowOwner, Funds, OrderId,
	Registry, RoundIndex, SlaTerms, Streams, TermsInput,
	credit::window_price,
	order_price::{self, min_deposit},
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_place_order(tenant: T::AccountId, new: NewOrder) -> DispatchResult {
		Self::check_request(&new)?;
		let check = |terms: TermsInput| terms.check::<T::Clock>(T::MaxCredit::get());
		let terms = new.terms.clone().map(check).transpose().map_err(Error::<T>::InvalidTerms)?;
		Self::check_price(new.asset, new.max_price)?;
		let within = new.failover_price.is_none_or(|price| price <= new.max_price);
		ensure!(within, Error::<T>::FailoverAboveMax);
		let now = T::Clock::now();
		let ahead = new.bid_deadline.saturating_sub(now);
		ensure!(ahead >= T::Clock::round_blocks(), Error::<T>::DeadlineTooSoon);
		ensure!(ahead <= T::MaxBidBlocks::get(), Error::<T>::DeadlineTooFar);
		ensure!(new.duration > 0, Error::<T>::ZeroDuration);
		ensure!(new.duration <= T::MaxDuration::get(), Error::<T>::DurationTooLong);
		let rounds = Self::rounds_of(new.duration);
		let duration = T::Clock::round_start(rounds);
		let minimum = T::Funds::minimum(new.asset);
		let min_deposit = min_deposit(new.max_price, T::Clock::window_blocks(), duration, minimum)
			.ok_or(Error::<T>::PriceOverflow)?;
		ensure!(new.deposit >= min_deposit, Error::<T>::DepositTooLow);

		let id = NextOrder::<T>::get();
		NextOrder::<T>::put(id.checked_add(1).ok_or(Error::<T>::TooManyOrders)?);
		let storage_deposit = T::OrderDeposit::get();
		T::Funds::hold(AssetId::Native, HoldReason::Order.into(), &tenant, storage_deposit)?;
		let mut replicas = BoundedVec::new();
		for index in 0..new.quantity {
			let owner = EscrowOwner::Replica { order: id, index };
			let escrow =
				T::Escrow::hold(owner, tenant.clone(), tenant.clone(), new.asset, new.deposit)?;
			let state = ReplicaState::Waiting { until: new.bid_deadline, wait: Wait::Bidding };
			let replica = Replica {
				escrow,
				funds: new.deposit,
				paid: 0,
				lease: None,
				placements: 0,
				failed: BoundedVec::new(),
				failover_price: None,
				term: None,
				state,
			};
			replicas.try_push(replica).map_err(|_| Error::<T>::BadQuantity)?;
		}
		Self::deposit_event(Event::OrderPlaced {
			order: id,
			tenant: tenant.clone(),
			asset: new.asset,
			quantity: new.quantity,
			rounds,
			bid_deadline: new.bid_deadline,
		});
		Self::put_order(
			id,
			Self::order_from(tenant, new, terms, duration, storage_deposit, replicas),
		);
		Ok(())
	}

	fn order_from(
		tenant: T::AccountId,
		new: NewOrder,
		terms: Option<SlaTerms>,
		duration: BlockNumber,
		storage_deposit: Balance,
		replicas: BoundedVec<ReplicaOf<T>, ConstU32<MAX_REPLICAS>>,
	) -> OrderOf<T> {
		Order {
			tenant,
			asset: new.asset,
			resources: new.resources,
			image: new.image,
			digest: new.digest,
			ports: new.ports,
			env_hash: new.env_hash,
			max_price: new.max_price,
			failover_price: new.failover_price,
			regions: new.regions,
			min_trust: new.min_trust,
			duration,
			bid_deadline: new.bid_deadline,
			auto_match: new.auto_match,
			withdrawn: false,
			terms,
			deposit: new.deposit,
			storage_deposit,
			placed_at: T::Clock::now(),
			bids: 0,
			replicas,
			leases: BoundedVec::new(),
			wake: None,
			closed_at: None,
		}
	}

	/// Check the fields of an order that need no storage.
	fn check_request(new: &NewOrder) -> Result<(), Error<T>> {
		ensure!(!new.resources.is_zero(), Error::<T>::NoResources);
		Self::check_gpu_class(&new.resources)?;
		let printable = new.image.iter().all(u8::is_ascii_graphic);
		ensure!(printable && !new.image.is_empty(), Error::<T>::BadImage);
		let repeated = |at: usize, port: &Port| {
			new.ports.iter().skip(at.saturating_add(1)).any(|other| other == port)
		};
		let bad = new
			.ports
			.iter()
			.enumerate()
			.any(|(at, port)| port.container == 0 || repeated(at, port));
		ensure!(!bad, Error::<T>::BadPorts);
		let repeated =
			|at: usize, region| new.regions.iter().skip(at.saturating_add(1)).any(|r| r == region);
		let bad = new
			.regions
			.iter()
			.enumerate()
			.any(|(at, region)| !region.is_valid() || repeated(at, region));
		ensure!(!bad, Error::<T>::BadRegions);
		ensure!((1..=MAX_REPLICAS).contains(&u32::from(new.quantity)), Error::<T>::BadQuantity);
		Ok(())
	}

	/// Check a price: above zero, in an approved asset, and the price of a window does not
	/// overflow.
	pub(crate) fn check_price(asset: AssetId, price: Balance) -> Result<(), Error<T>> {
		ensure!(price > 0, Error::<T>::ZeroPrice);
		ensure!(T::Registry::min_bond(asset).is_some(), Error::<T>::AssetNotApproved);
		ensure!(window_price::<T::Clock>(price).is_some(), Error::<T>::PriceOverflow);
		Ok(())
	}

	/// Price of a window, or of `duration` blocks if those are fewer.
	pub(crate) fn price_ahead(price: Balance, duration: BlockNumber) -> Option<Balance> {
		order_price::price_ahead(price, T::Clock::window_blocks(), duration)
	}

	/// Rounds of a number of blocks, rounded up.
	pub(crate) fn rounds_of(blocks: BlockNumber) -> RoundIndex {
		order_price::rounds_of(blocks, T::Clock::round_blocks())
	}

	pub(crate) fn do_cancel_order(who: T::AccountId, id: OrderId) -> DispatchResult {
		let mut order = Self::order_of_tenant(&who, id)?;
		let waiting: Vec<u8> = order
			.waiting()
			.filter(|(_, _, wait)| wait.takes_bids())
			.map(|(index, ..)| index)
			.collect();
		ensure!(!waiting.is_empty(), Error::<T>::NothingWaiting);
		order.withdrawn = true;
		Self::deposit_event(Event::OrderCancelled { order: id });
		for index in waiting {
			Self::try_close_replica(id, &mut order, index, CloseReason::TenantClosed)?;
		}
		Self::put_order(id, order);
		Ok(())
	}

	pub(crate) fn do_extend(
		who: T::AccountId,
		id: OrderId,
		index: u8,
		blocks: BlockNumber,
	) -> DispatchResult {
		let mut order = Self::order_of_tenant(&who, id)?;
		ensure!(blocks > 0, Error::<T>::ZeroDuration);
		let replica =
			order.replicas.get_mut(usize::from(index)).ok_or(Error::<T>::UnknownReplica)?;
		let (ReplicaState::Placed(lease_id), Some(mut term)) = (replica.state, replica.term) else {
			return Err(Error::<T>::NotRunning.into());
		};
		let mut lease = Leases::<T>::get(lease_id).ok_or(Error::<T>::UnknownLease)?;
		let LeaseState::Running { since } = lease.state else {
			return Err(Error::<T>::NotRunning.into());
		};
		ensure!(blocks <= T::MaxDuration::get(), Error::<T>::DurationTooLong);
		term.last = term.last.saturating_add(Self::rounds_of(blocks));
		let all = term.last.saturating_sub(term.since);
		ensure!(all <= Self::rounds_of(T::MaxDuration::get()), Error::<T>::DurationTooLong);
		replica.term = Some(term);

		// The prepaid sum and the penalty grow with the term as long as it is shorter than a
		// window.
		let penalty = Self::penalty_of(lease.price, T::Clock::round_start(all))?;
		let more = penalty.saturating_sub(lease.penalty);
		if more > 0 {
			T::Bonding::reserve(&lease.operator, order.asset, more)?;
			lease.penalty = lease.penalty.saturating_add(more);
			lease.reserved = lease.reserved.saturating_add(more);
		}
		let rounds = term.last.saturating_sub(T::Clock::round_at(since));
		let prepaid = Self::prepaid(lease.price, replica.funds, rounds)?;
		// Refused once the end is decided: an operator that gave notice is free of the lease in
		// time.
		T::Escrow::extend(replica.escrow, term.last, prepaid)?;
		Leases::<T>::insert(lease_id, lease);
		Self::put_order(id, order);
		Self::deposit_event(Event::Extended { order: id, replica: index, last_round: term.last });
		Ok(())
	}

	pub(crate) fn do_top_up(
		who: T::AccountId,
		id: OrderId,
		index: u8,
		amount: Balance,
	) -> DispatchResult {
		let mut order = Self::order_of_tenant(&who, id)?;
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let replica =
			order.replicas.get_mut(usize::from(index)).ok_or(Error::<T>::UnknownReplica)?;
		ensure!(!replica.state.is_closed(), Error::<T>::ReplicaOver);
		T::Escrow::top_up(replica.escrow, amount)?;
		replica.funds = replica.funds.saturating_add(amount);
		Self::put_order(id, order);
		Self::deposit_event(Event::ToppedUp { order: id, replica: index, amount });
		Ok(())
	}

	/// Remove an order. Returns the number of leases and bids that were removed with it.
	pub(crate) fn do_remove_order(id: OrderId) -> Result<(u32, u32), DispatchError> {
		let mut order = Orders::<T>::get(id).ok_or(Error::<T>::UnknownOrder)?;
		let closed_at = order.closed_at.ok_or(Error::<T>::OrderNotOver)?;
		let until = closed_at.saturating_add(T::KeepBlocks::get());
		ensure!(T::Clock::now() >= until, Error::<T>::OrderKept);
		let bids = order.bids;
		Self::remove_bids(id, &mut order);
		Self::move_entry(id, &mut order, None);
		let mut leases = 0u32;
		for lease_id in &order.leases {
			leases = leases.saturating_add(1);
			if let Some(lease) = Leases::<T>::take(lease_id) {
				LeasesOf::<T>::remove(&lease.operator, lease_id);
			}
			LeasesOf::<T>::remove(&order.tenant, lease_id);
		}
		Self::release_deposit(HoldReason::Order, &order.tenant, order.storage_deposit);
		Orders::<T>::remove(id);
		Self::deposit_event(Event::OrderRemoved { order: id });
		Ok((leases, bids))
	}

	/// Order that `who` placed.
	pub(crate) fn order_of_tenant(who: &T::AccountId, id: OrderId) -> Result<OrderOf<T>, Error<T>> {
		let order = Orders::<T>::get(id).ok_or(Error::<T>::UnknownOrder)?;
		ensure!(order.tenant == *who, Error::<T>::NotTenant);
		Ok(order)
	}

	/// Release a deposit.
	pub(crate) fn release_deposit(reason: HoldReason, who: &T::AccountId, amount: Balance) {
		let done =
			with_storage_layer(|| T::Funds::release(AssetId::Native, reason.into(), who, amount));
		if let Err(error) = done {
			defensive!("a deposit is on hold until it is released", error);
		}
	}
}

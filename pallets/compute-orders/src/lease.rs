//! What the parties do with a lease: report it ready, decline it, close it.

use crate::*;
use surety_primitives::{
	Balance, BlockNumber, BondReserve, Clock, CloseReason, Endpoint, Escrow, LeaseAgreements, LeaseId,
	LeaseRegistry, RoundIndex, service_of_lease,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_report_ready(
		who: T::AccountId,
		id: LeaseId,
		health: Endpoint,
		access: Access,
	) -> DispatchResult {
		let (mut lease, mut order) = Self::lease_of_operator(&who, id)?;
		let (_, ready_by) = Self::start_window_of(&lease)?;
		let now = T::Clock::now();
		ensure!(now < ready_by, Error::<T>::TooLate);
		ensure!(core::str::from_utf8(&access).is_ok(), Error::<T>::BadAccess);
		let round = T::Clock::round();
		let rounds = Self::rounds_of(order.duration);
		let replica = Self::replica_mut(&mut order, lease.replica)?;
		let term = replica.term.unwrap_or(Term { since: round, last: round.saturating_add(rounds) });
		replica.term = Some(term);
		let (escrow, funds) = (replica.escrow, replica.funds);
		let prepaid = Self::prepaid(lease.price, funds, term.last.saturating_sub(round))?;

		// From reserved for a bid to reserved for a service: there must not be a moment with both.
		T::Bonding::unreserve(&who, order.asset, lease.exposure);
		lease.reserved = lease.reserved.saturating_sub(lease.exposure);
		T::Registry::list_lease(id, lease.service, health.clone(), lease.price, lease.terms.clone())?;
		let agreement = T::Agreements::open(id, &order.tenant, escrow)?;
		lease.agreement = Some(agreement);
		lease.health = health;
		lease.access = access;
		lease.state = LeaseState::Running { since: now, last_round: term.last };
		let (price, order_id) = (lease.price, lease.order);
		// Stored before the stream is: that may tell of its end as soon as it runs.
		Self::put_lease(id, lease, Some(T::Clock::round_start(term.last)));
		Self::put_order(order_id, order);
		T::Escrow::start(escrow, who, service_of_lease(id), price, prepaid)?;
		Self::deposit_event(Event::LeaseReady { lease: id, agreement, last_round: term.last });
		Ok(())
	}

	/// Until when a lease that starts may be declined, and by when it must be ready.
	fn start_window_of(lease: &LeaseOf<T>) -> Result<(BlockNumber, BlockNumber), Error<T>> {
		match lease.state {
			LeaseState::Starting { fetch_until, ready_by } => Ok((fetch_until, ready_by)),
			LeaseState::Closed { .. } => Err(Error::<T>::LeaseOver),
			LeaseState::Running { .. } | LeaseState::Ending { .. } => Err(Error::<T>::AlreadyReady),
		}
	}

	/// What is not refunded if the tenant leaves: a window or what is left of the time, as far as the funds go
	/// beyond one block.
	fn prepaid(price: Balance, funds: Balance, rounds: RoundIndex) -> Result<Balance, Error<T>> {
		let ahead =
			Self::price_ahead(price, T::Clock::round_start(rounds)).ok_or(Error::<T>::PriceOverflow)?;
		Ok(ahead.min(funds.saturating_sub(price)))
	}

	pub(crate) fn do_decline(who: T::AccountId, id: LeaseId) -> DispatchResult {
		let (lease, mut order) = Self::lease_of_operator(&who, id)?;
		let (fetch_until, _) = Self::start_window_of(&lease)?;
		ensure!(T::Clock::now() < fetch_until, Error::<T>::FetchWindowOver);
		let order_id = lease.order;
		// It does not count as a placement: else operators in league could use them all up for free.
		let replica = Self::replica_mut(&mut order, lease.replica)?;
		replica.placements = replica.placements.saturating_sub(1);
		Self::give_up_start(id, lease, &mut order, CloseReason::Declined);
		Self::put_order(order_id, order);
		Ok(())
	}

	pub(crate) fn do_close_lease(who: T::AccountId, id: LeaseId, at_once: bool) -> DispatchResult {
		let lease = Leases::<T>::get(id).ok_or(Error::<T>::UnknownLease)?;
		let order = Orders::<T>::get(lease.order).ok_or(Error::<T>::UnknownOrder)?;
		if order.tenant == who {
			Self::close_by_tenant(id, lease, order)
		} else if lease.operator == who {
			Self::close_by_operator(id, lease, order, at_once)
		} else {
			Err(Error::<T>::NotParty.into())
		}
	}

	/// With this round, and no other operator follows.
	fn close_by_tenant(id: LeaseId, mut lease: LeaseOf<T>, mut order: OrderOf<T>) -> DispatchResult {
		let order_id = lease.order;
		let index = lease.replica;
		let replica = Self::replica_mut(&mut order, index)?;
		let escrow = replica.escrow;
		let now = T::Clock::round();
		let mut end = (now, CloseReason::TenantClosed);
		match lease.state {
			LeaseState::Closed { .. } => return Err(Error::<T>::LeaseOver.into()),
			LeaseState::Starting { .. } => {
				Self::finish_unused(id, lease, &mut order, CloseReason::TenantClosed);
				Self::try_close_replica(order_id, &mut order, usize::from(index), CloseReason::TenantClosed)?;
				Self::put_order(order_id, order);
				return Ok(());
			},
			LeaseState::Running { .. } => {},
			LeaseState::Ending { round, reason } => {
				let failing = matches!(replica.state, ReplicaState::Failing(_));
				ensure!(failing, Error::<T>::AlreadyEnding);
				// The sooner end says in which round and why; that the replica ends too is the tenant's.
				if round <= now {
					end = (round, reason);
				}
			},
		}
		replica.state = ReplicaState::Closing(id);
		T::Escrow::end(escrow, now, CloseReason::TenantClosed)?;
		// The entry of a failure that is not carried out yet stays.
		let next = lease.wake.filter(|_| lease.pending_failure().is_some());
		let (round, reason) = end;
		lease.state = LeaseState::Ending { round, reason };
		Self::tell_ending(id, &lease, end);
		Self::put_lease(id, lease, next);
		Self::put_order(order_id, order);
		Ok(())
	}

	/// With notice, or with this round for the price of failing it. The next bid takes over.
	fn close_by_operator(
		id: LeaseId,
		mut lease: LeaseOf<T>,
		mut order: OrderOf<T>,
		at_once: bool,
	) -> DispatchResult {
		let order_id = lease.order;
		let asset = order.asset;
		let replica = Self::replica_mut(&mut order, lease.replica)?;
		let now = T::Clock::round();
		let notice = T::NoticeWindows::get().saturating_mul(u32::from(T::Clock::window_rounds()));
		let round = if at_once { now } else { now.saturating_add(notice) };
		match lease.state {
			LeaseState::Closed { .. } => return Err(Error::<T>::LeaseOver.into()),
			LeaseState::Starting { .. } => return Err(Error::<T>::NotRunning.into()),
			LeaseState::Running { last_round, .. } => {
				ensure!(round < last_round, Error::<T>::NoticePastEnd);
			},
			LeaseState::Ending { round: stands, .. } => {
				let failing = matches!(replica.state, ReplicaState::Failing(_));
				ensure!(failing && at_once && round < stands, Error::<T>::AlreadyEnding);
			},
		}
		let reason = CloseReason::OperatorClosed;
		replica.state = ReplicaState::Failing(id);
		T::Escrow::park(replica.escrow, round, reason)?;
		if at_once {
			Self::forfeit(id, &mut lease, asset);
		}
		lease.state = LeaseState::Ending { round, reason };
		Self::tell_ending(id, &lease, (round, reason));
		Self::drop_bid(order_id, &mut order, lease.service);
		Self::put_lease(id, lease, None);
		Self::put_order(order_id, order);
		Ok(())
	}

	/// The end of a lease is decided.
	pub(crate) fn tell_ending(id: LeaseId, lease: &LeaseOf<T>, (round, reason): (RoundIndex, CloseReason)) {
		if let Some(agreement) = lease.agreement {
			T::Agreements::ending(agreement, round, reason);
		}
		Self::deposit_event(Event::LeaseEnding { lease: id, round, reason, code: reason.code() });
	}

	/// A lease that `who` runs, and its order.
	fn lease_of_operator(who: &T::AccountId, id: LeaseId) -> Result<(LeaseOf<T>, OrderOf<T>), Error<T>> {
		let lease = Leases::<T>::get(id).ok_or(Error::<T>::UnknownLease)?;
		ensure!(lease.operator == *who, Error::<T>::NotOperator);
		let order = Orders::<T>::get(lease.order).ok_or(Error::<T>::UnknownOrder)?;
		Ok((lease, order))
	}

	pub(crate) fn replica_mut(order: &mut OrderOf<T>, index: u8) -> Result<&mut ReplicaOf<T>, Error<T>> {
		order.replicas.get_mut(usize::from(index)).ok_or(Error::<T>::UnknownReplica)
	}
}

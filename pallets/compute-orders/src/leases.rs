// SPDX-License-Identifier: Apache-2.0

//! Calls of the parties to a lease: report it ready, decline it, close it.

use crate::*;
use alloc::vec::Vec;
use surety_primitives::{
	Balance, BlockNumber, BondReserve, Clock, CloseReason, Endpoint, LeaseAgreements, LeaseId,
	LeaseRegistry, Registry, RoundIndex, SlaTerms, StreamStart, Streams, Target, page_size,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_report_ready(
		who: T::AccountId,
		id: LeaseId,
		health: Endpoint,
		access: Access,
		foreign_terms: bool,
	) -> DispatchResult {
		let (mut lease, mut order) = Self::lease_of_operator(&who, id)?;
		let (_, ready_by) = Self::start_window_of(&lease)?;
		let now = T::Clock::now();
		ensure!(now < ready_by, Error::<T>::TooLate);
		ensure!(core::str::from_utf8(&access).is_ok(), Error::<T>::BadAccess);
		let service = T::Registry::listing(Target::Service(lease.service))
			.ok_or(Error::<T>::UnknownService)?;
		ensure!(
			foreign_terms || Self::covers(&service.terms, &lease.terms),
			Error::<T>::ForeignTerms
		);
		let round = T::Clock::round();
		let rounds = Self::rounds_of(order.duration);
		let failover_price = order.failover_price.unwrap_or(lease.price);
		let replica = Self::replica_mut(&mut order, lease.replica)?;
		let term =
			replica.term.unwrap_or(Term { since: round, last: round.saturating_add(rounds) });
		replica.term = Some(term);
		replica.failover_price.get_or_insert(failover_price);
		let (escrow, funds) = (replica.escrow, replica.funds);
		let prepaid = Self::prepaid(lease.price, funds, term.last.saturating_sub(round))?;

		// The exposure of the agreement replaces the reserve of the bid: the bond need not cover
		// both.
		T::Bonding::unreserve(&who, order.asset, lease.exposure);
		lease.reserved = lease.reserved.saturating_sub(lease.exposure);
		let listing =
			T::Registry::list(id, service, health.clone(), lease.price, lease.terms.clone())?;
		let agreement =
			T::Agreements::open(id, &listing, &order.tenant, escrow, lease.penalty_share)?;
		Self::forget_start(id, &lease);
		lease.ready = Some(ReadyReport { agreement, health, access });
		lease.state = LeaseState::Running { since: now };
		let stream = StreamStart {
			payee: who,
			meter: Target::Lease(id),
			rate: lease.price,
			prepaid,
			last: term.last,
			trial_until: round.saturating_add(T::TrialRounds::get()),
		};
		Self::put_order(lease.order, order);
		Leases::<T>::insert(id, lease);
		T::Escrow::start(escrow, stream)?;
		Self::deposit_event(Event::LeaseReady { lease: id, agreement, last_round: term.last });
		Ok(())
	}

	/// True if the terms of a service include those of a lease. The service may have raised its
	/// cover since the bid.
	pub(crate) fn covers(own: &SlaTerms, terms: &SlaTerms) -> bool {
		terms.cover <= own.cover && SlaTerms { cover: own.cover, ..terms.clone() } == *own
	}

	/// Ends of the fetch window and the start window of a lease that starts.
	fn start_window_of(lease: &LeaseOf<T>) -> Result<(BlockNumber, BlockNumber), Error<T>> {
		match lease.state {
			LeaseState::Starting { fetch_until, ready_by } => Ok((fetch_until, ready_by)),
			LeaseState::Closed { .. } => Err(Error::<T>::LeaseOver),
			LeaseState::Running { .. } => Err(Error::<T>::AlreadyReady),
		}
	}

	/// Part of the funds that pays the first blocks and is not refunded to a tenant who leaves
	/// after the trial: the price of a window, or of `rounds` if those are fewer, but never the
	/// last block's price of the funds.
	pub(crate) fn prepaid(
		price: Balance,
		funds: Balance,
		rounds: RoundIndex,
	) -> Result<Balance, Error<T>> {
		let ahead = Self::price_ahead(price, T::Clock::round_start(rounds))
			.ok_or(Error::<T>::PriceOverflow)?;
		Ok(ahead.min(funds.saturating_sub(price)))
	}

	pub(crate) fn do_decline(who: T::AccountId, id: LeaseId) -> DispatchResult {
		let (lease, mut order) = Self::lease_of_operator(&who, id)?;
		let (fetch_until, _) = Self::start_window_of(&lease)?;
		ensure!(T::Clock::now() < fetch_until, Error::<T>::FetchWindowOver);
		let order_id = lease.order;
		// Not counted as a placement: otherwise colluding operators could use all of them up for
		// free.
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

	/// Close a lease with this round, and its replica. An end that is decided and sooner keeps its
	/// round and reason.
	fn close_by_tenant(id: LeaseId, lease: LeaseOf<T>, mut order: OrderOf<T>) -> DispatchResult {
		let (order_id, index) = (lease.order, lease.replica);
		let escrow = Self::replica_mut(&mut order, index)?.escrow;
		let reason = CloseReason::TenantClosed;
		match lease.state {
			LeaseState::Closed { .. } => return Err(Error::<T>::LeaseOver.into()),
			LeaseState::Starting { .. } => {
				Self::finish_unstarted(id, lease, &mut order, reason);
				Self::try_close_replica(order_id, &mut order, index, reason)?;
				Self::put_order(order_id, order);
			},
			LeaseState::Running { .. } => {
				let stream = T::Escrow::stream(escrow).ok_or(Error::<T>::LeaseOver)?;
				let now = T::Clock::round();
				let closes =
					stream.ending.is_some_and(|(stands, _)| stands <= now && !stream.suspends);
				ensure!(!closes, Error::<T>::AlreadyEnding);
				let end = T::Escrow::end(escrow, now, reason)?;
				Self::deposit_ending(id, end);
			},
		}
		Ok(())
	}

	/// Close a lease with notice, or with this round for the penalty. The next bid takes over, if
	/// time is left then.
	fn close_by_operator(
		id: LeaseId,
		mut lease: LeaseOf<T>,
		mut order: OrderOf<T>,
		at_once: bool,
	) -> DispatchResult {
		match lease.state {
			LeaseState::Closed { .. } => return Err(Error::<T>::LeaseOver.into()),
			LeaseState::Starting { .. } => return Err(Error::<T>::NotRunning.into()),
			LeaseState::Running { .. } => {},
		}
		let replica = Self::replica_mut(&mut order, lease.replica)?;
		let (escrow, term) = (replica.escrow, replica.term);
		let now = T::Clock::round();
		let notice = T::NoticeWindows::get().saturating_mul(u32::from(T::Clock::window_rounds()));
		let round = if at_once { now } else { now.saturating_add(notice) };
		// A decided end stops extensions, so notice makes sense in the last rounds too.
		let round = term.map_or(round, |term| round.min(term.last));
		let stream = T::Escrow::stream(escrow).ok_or(Error::<T>::LeaseOver)?;
		ensure!(stream.ending.is_none_or(|(stands, _)| round < stands), Error::<T>::AlreadyEnding);
		let end = T::Escrow::suspend(escrow, round, CloseReason::OperatorClosed)?;
		if at_once {
			lease.left_at_once = true;
			Leases::<T>::insert(id, lease);
		}
		Self::deposit_ending(id, end);
		Ok(())
	}

	/// Lease that `who` runs, and its order.
	fn lease_of_operator(
		who: &T::AccountId,
		id: LeaseId,
	) -> Result<(LeaseOf<T>, OrderOf<T>), Error<T>> {
		let lease = Leases::<T>::get(id).ok_or(Error::<T>::UnknownLease)?;
		ensure!(lease.operator == *who, Error::<T>::NotOperator);
		let order = Orders::<T>::get(lease.order).ok_or(Error::<T>::UnknownOrder)?;
		Ok((lease, order))
	}

	/// Replica of an order.
	pub(crate) fn replica_mut(
		order: &mut OrderOf<T>,
		index: u8,
	) -> Result<&mut ReplicaOf<T>, Error<T>> {
		order.replicas.get_mut(usize::from(index)).ok_or(Error::<T>::UnknownReplica)
	}

	/// Lease with the tenant and the asset of its order, and its stream while it runs.
	pub fn lease(id: LeaseId) -> Option<LeaseStatus<T::AccountId>> {
		let lease = Leases::<T>::get(id)?;
		let order = Orders::<T>::get(lease.order)?;
		let replica = order.replicas.get(usize::from(lease.replica))?;
		let stream = if lease.is_running() { T::Escrow::stream(replica.escrow) } else { None };
		Some(LeaseStatus { lease, tenant: order.tenant, asset: order.asset, stream })
	}

	/// Leases that an account pays for or runs, in no particular order: those after `start_after`
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

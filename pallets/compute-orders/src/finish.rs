//! How leases and replicas end, and how one lease follows another.

use crate::*;
use frame_support::{storage::with_storage_layer, traits::Defensive};
use surety_primitives::{
	AssetId, Balance, BondReserve, Clock, CloseReason, Escrow, LeaseAgreements, LeaseId, LeaseRegistry,
	OrderId, Probing, ReputationSink, RoundIndex, StreamEnd, service_of_lease,
};

impl<T: Config> Pallet<T> {
	/// A lease that another pallet or an entry of the agenda names, and its order. Both are stored until the order
	/// has been over for a while, and nobody names them later than that.
	pub(crate) fn lease_with_order(id: LeaseId) -> Option<(LeaseOf<T>, OrderOf<T>)> {
		let lease = Self::known_lease(id)?;
		let order = Self::known_order(lease.order)?;
		Some((lease, order))
	}

	fn known_lease(id: LeaseId) -> Option<LeaseOf<T>> {
		Leases::<T>::get(id).defensive_proof("a lease that is not stored")
	}

	fn known_order(id: OrderId) -> Option<OrderOf<T>> {
		Orders::<T>::get(id).defensive_proof("an order that is not stored")
	}

	fn known_replica(order: &mut OrderOf<T>, index: u8) -> Option<&mut ReplicaOf<T>> {
		order.replicas.get_mut(usize::from(index)).defensive_proof("a replica that its order does not have")
	}

	/// A lease was not ready in time.
	pub(crate) fn never_ready(id: LeaseId, mut lease: LeaseOf<T>, mut order: OrderOf<T>) {
		let order_id = lease.order;
		let index = usize::from(lease.replica);
		let Some(replica) = Self::known_replica(&mut order, lease.replica) else { return };
		let term = replica.term;
		if term.is_some_and(|term| term.last <= T::Clock::round()) {
			// The time of the replica cut the start window short: that is nobody's fault.
			Self::finish_unused(id, lease, &mut order, CloseReason::Expired);
			Self::close_replica(order_id, &mut order, index, CloseReason::Expired);
		} else {
			// Without room in the rounds nobody could have been ready.
			if T::Probing::has_room() {
				Self::forfeit(id, &mut lease, order.asset);
				T::Reputation::lease_failed(&lease.operator, id, CloseReason::NeverReady);
			}
			Self::give_up_start(id, lease, &mut order, CloseReason::NeverReady);
		}
		Self::put_order(order_id, order);
	}

	/// A lease that never ran is over; the next bid takes over.
	pub(crate) fn give_up_start(id: LeaseId, lease: LeaseOf<T>, order: &mut OrderOf<T>, reason: CloseReason) {
		let index = usize::from(lease.replica);
		Self::finish_unused(id, lease, order, reason);
		Self::seek_next(order, index, reason);
	}

	/// A replica waits for the next look at the bids that stand.
	fn seek_next(order: &mut OrderOf<T>, index: usize, reason: CloseReason) {
		if let Some(replica) = order.replicas.get_mut(index) {
			let until = Self::soonest(Lane::Urgent);
			replica.state = ReplicaState::Waiting { until, wait: Wait::Replacing(reason) };
		}
	}

	/// The last round of a lease begins.
	pub(crate) fn expire(id: LeaseId, mut lease: LeaseOf<T>, mut order: OrderOf<T>, round: RoundIndex) {
		let order_id = lease.order;
		let Some(replica) = Self::known_replica(&mut order, lease.replica) else { return };
		let escrow = replica.escrow;
		replica.state = ReplicaState::Closing(id);
		let reason = CloseReason::Expired;
		lease.state = LeaseState::Ending { round, reason };
		Self::tell_ending(id, &lease, (round, reason));
		Self::put_lease(id, lease, None);
		Self::put_order(order_id, order);
		if T::Clock::round() > round {
			// The agenda is behind: what comes after its time is not billed.
			T::Probing::end_meter(service_of_lease(id), round);
		}
		if let Err(error) = with_storage_layer(|| T::Escrow::end(escrow, round, reason)) {
			Self::without_stream(id, order_id, (round, reason), error);
		}
	}

	/// A lease failed or was credited up to its cap in a round that is being judged. Its meter stops with that
	/// round. The rest is done when its entry is looked at. If its operator's doing has decided a later end, this
	/// one takes its place. An end by the tenant's doing stays.
	pub(crate) fn mark_failed(id: LeaseId, round: RoundIndex, reason: CloseReason) {
		let Some((mut lease, mut order)) = Self::lease_with_order(id) else { return };
		let order_id = lease.order;
		let Some(replica) = Self::known_replica(&mut order, lease.replica) else { return };
		let overtakes = match lease.state {
			LeaseState::Running { .. } => true,
			LeaseState::Ending { round: stands, .. } => {
				round < stands && matches!(replica.state, ReplicaState::Failing(_))
			},
			LeaseState::Starting { .. } | LeaseState::Closed { .. } => false,
		};
		if !overtakes {
			return;
		}
		replica.state = ReplicaState::Failing(id);
		T::Probing::end_meter(service_of_lease(id), round);
		lease.state = LeaseState::Ending { round, reason };
		Self::put_lease(id, lease, Some(Self::soonest(Lane::Urgent)));
		Self::put_order(order_id, order);
	}

	/// Do what follows from [`Self::mark_failed`]: park the stream, and let who failed pay.
	pub(crate) fn carry_out_failure(
		id: LeaseId,
		mut lease: LeaseOf<T>,
		mut order: OrderOf<T>,
		round: RoundIndex,
		reason: CloseReason,
	) {
		let order_id = lease.order;
		let Some(replica) = Self::known_replica(&mut order, lease.replica) else { return };
		let escrow = replica.escrow;
		Self::punish(id, &mut lease, order.asset, reason);
		Self::drop_bid(order_id, &mut order, lease.service);
		Self::tell_ending(id, &lease, (round, reason));
		Self::put_lease(id, lease, None);
		Self::put_order(order_id, order);
		if let Err(error) = with_storage_layer(|| T::Escrow::park(escrow, round, reason)) {
			Self::without_stream(id, order_id, (round, reason), error);
		}
	}

	/// Who fails a running lease pays for it and is remembered for it. One that was credited up to its cap too:
	/// a cap of nothing must not make failing free.
	fn punish(id: LeaseId, lease: &mut LeaseOf<T>, asset: AssetId, reason: CloseReason) {
		if matches!(reason, CloseReason::Unhealthy | CloseReason::Terminated) {
			Self::forfeit(id, lease, asset);
			T::Reputation::lease_failed(&lease.operator, id, reason);
		}
	}

	/// Escrow has no such stream: it ended without a word, which it never does. Nothing would ever come to end
	/// the lease, so it ends here; the money is where escrow says it is.
	fn without_stream(
		id: LeaseId,
		order_id: OrderId,
		(round, reason): (RoundIndex, CloseReason),
		error: DispatchError,
	) {
		log::error!(target: LOG, "stream of lease {id} cannot end: {error:?}");
		let Some(lease) = Self::known_lease(id) else { return };
		let end = StreamEnd { reason, round, paid: 0, fee: 0, refunded: 0 };
		Self::stream_ended(order_id, lease.replica, end);
	}

	/// The fixed share of its own bid goes from the operator's bond to the treasury, once.
	pub(crate) fn forfeit(id: LeaseId, lease: &mut LeaseOf<T>, asset: AssetId) {
		let amount = lease.penalty.min(lease.reserved);
		if amount == 0 {
			return;
		}
		lease.reserved = lease.reserved.saturating_sub(amount);
		let moved = T::Bonding::forfeit(&lease.operator, asset, amount);
		lease.forfeited = lease.forfeited.saturating_add(moved);
		let operator = lease.operator.clone();
		Self::deposit_event(Event::PenaltyPaid { lease: id, operator, amount: moved });
	}

	/// A lease that never ran is over: nothing was paid, and the funds of its replica are all there.
	pub(crate) fn finish_unused(id: LeaseId, lease: LeaseOf<T>, order: &mut OrderOf<T>, reason: CloseReason) {
		let refunded = order.replicas.get(usize::from(lease.replica)).map_or(0, |replica| replica.funds);
		let round = T::Clock::round();
		Self::finish(id, lease, order, StreamEnd { reason, round, paid: 0, fee: 0, refunded });
	}

	/// A lease is over: give back what it reserves. What becomes of its replica is the caller's.
	fn finish(id: LeaseId, mut lease: LeaseOf<T>, order: &mut OrderOf<T>, end: StreamEnd) {
		let StreamEnd { reason, round, paid, refunded, .. } = end;
		let (order_id, index) = (lease.order, lease.replica);
		Self::free_capacity(lease.service, &order.resources);
		T::Bonding::unreserve(&lease.operator, order.asset, lease.reserved);
		lease.reserved = 0;
		if let Some(replica) = order.replicas.get_mut(usize::from(index)) {
			replica.paid = replica.paid.saturating_add(paid);
			if by_operator(reason) {
				// As many as its order may have leases, declined ones included.
				let _ = replica.failed.try_push(lease.operator.clone());
			}
		}
		if by_operator(reason) {
			Self::drop_bid(order_id, order, lease.service);
		}
		lease.state = LeaseState::Closed { round, reason };
		(lease.paid, lease.refunded) = (paid, refunded);
		Self::put_lease(id, lease, None);
		Self::deposit_event(Event::LeaseClosed {
			lease: id,
			order: order_id,
			replica: index,
			reason,
			code: reason.code(),
			paid,
			refunded,
		});
	}

	/// A lease whose stream is over.
	fn finish_streamed(id: LeaseId, order: &mut OrderOf<T>, end: StreamEnd) -> CloseReason {
		let Some(mut lease) = Self::known_lease(id) else { return end.reason };
		// A failure that was found and not carried out yet is why it ends, whatever escrow came upon first; and
		// a meter that escrow saw end was ended here, for a better reason.
		let pending = lease.pending_failure().is_some();
		let reason = match lease.ending() {
			Some((_, marked)) if pending || end.reason == CloseReason::ServiceRetired => marked,
			_ => end.reason,
		};
		if pending {
			Self::punish(id, &mut lease, order.asset, reason);
			Self::drop_bid(lease.order, order, lease.service);
		}
		let end = StreamEnd { reason, ..end };
		if let Some(agreement) = lease.agreement {
			T::Agreements::ended(agreement, end);
			T::Registry::remove_lease(id);
		}
		Self::finish(id, lease, order, end);
		reason
	}

	/// Escrow decided an end by itself.
	pub(crate) fn stream_ending(order_id: OrderId, index: u8, round: RoundIndex, reason: CloseReason) {
		let Some(mut order) = Self::known_order(order_id) else { return };
		let Some(replica) = Self::known_replica(&mut order, index) else { return };
		// A replica that is over has no lease any more: there is nothing left to end.
		let Some(id) = replica.state.lease() else { return };
		let Some(mut lease) = Self::known_lease(id) else { return };
		if !matches!(lease.state, LeaseState::Running { .. } | LeaseState::Ending { .. }) {
			return;
		}
		replica.state = ReplicaState::Closing(id);
		let failed = lease.pending_failure();
		let next = lease.wake.filter(|_| failed.is_some());
		let (round, reason) = failed.unwrap_or((round, reason));
		lease.state = LeaseState::Ending { round, reason };
		Self::tell_ending(id, &lease, (round, reason));
		Self::put_lease(id, lease, next);
		Self::put_order(order_id, order);
	}

	/// The account of a replica is closed, whoever wanted it.
	pub(crate) fn stream_ended(order_id: OrderId, index: u8, end: StreamEnd) {
		let Some(mut order) = Self::known_order(order_id) else { return };
		let Some(replica) = Self::known_replica(&mut order, index) else { return };
		let state = replica.state;
		if state.is_closed() {
			return;
		}
		let reason = match state.lease() {
			Some(lease) => Self::finish_streamed(lease, &mut order, end),
			None => end.reason,
		};
		Self::set_closed(order_id, &mut order, usize::from(index), reason, end.refunded);
		Self::put_order(order_id, order);
	}

	/// The stream of a replica is paid and a lump again.
	pub(crate) fn stream_parked(order_id: OrderId, index: u8, end: StreamEnd) {
		let Some(mut order) = Self::known_order(order_id) else { return };
		let Some(replica) = Self::known_replica(&mut order, index) else { return };
		let state = replica.state;
		// Nor is there anything to park.
		let Some(lease) = state.lease() else { return };
		replica.funds = end.refunded;
		let reason = Self::finish_streamed(lease, &mut order, end);
		let index = usize::from(index);
		if matches!(state, ReplicaState::Closing(_)) {
			Self::close_replica(order_id, &mut order, index, CloseReason::TenantClosed);
		} else {
			Self::seek_next(&mut order, index, reason);
		}
		Self::put_order(order_id, order);
	}

	/// Refund a replica whose funds are a lump. Fails if a dispute locks them.
	pub(crate) fn try_close_replica(
		order_id: OrderId,
		order: &mut OrderOf<T>,
		index: usize,
		reason: CloseReason,
	) -> DispatchResult {
		let replica = order.replicas.get(index).ok_or(Error::<T>::UnknownReplica)?;
		let (escrow, refunded) = (replica.escrow, replica.funds);
		with_storage_layer(|| T::Escrow::close_lump(escrow, 0, reason))?;
		Self::set_closed(order_id, order, index, reason, refunded);
		Ok(())
	}

	/// Refund a replica whose funds are a lump; as long as a dispute locks them, try again every round.
	pub(crate) fn close_replica(
		order_id: OrderId,
		order: &mut OrderOf<T>,
		index: usize,
		reason: CloseReason,
	) {
		if Self::try_close_replica(order_id, order, index, reason).is_err()
			&& let Some(replica) = order.replicas.get_mut(index)
		{
			let until = T::Clock::now().saturating_add(T::Clock::round_blocks());
			replica.state = ReplicaState::Waiting { until, wait: Wait::Locked(reason) };
		}
	}

	fn set_closed(
		order_id: OrderId,
		order: &mut OrderOf<T>,
		index: usize,
		reason: CloseReason,
		refunded: Balance,
	) {
		let Some(replica) = order.replicas.get_mut(index) else { return };
		replica.state = ReplicaState::Closed { reason, at: T::Clock::now() };
		replica.funds = 0;
		let paid = replica.paid;
		let index = u8::try_from(index).unwrap_or(u8::MAX);
		let code = reason.code();
		Self::deposit_event(Event::ReplicaClosed {
			order: order_id,
			replica: index,
			reason,
			code,
			paid,
			refunded,
		});
	}
}

//! Ends of leases and replicas, and how one lease follows another.
//!
//! Escrow owns the end of every lease that runs: this pallet asks for one and learns of the one
//! that stands. All that follows from an end happens once, when escrow reports that the stream is
//! paid.

use crate::*;
use frame::prelude::defensive;
use frame_support::{storage::with_storage_layer, traits::Defensive};
use surety_primitives::{
	AssetId, Balance, BondReserve, Clock, CloseReason, End, LeaseAgreements, LeaseId,
	LeaseRegistry, OrderId, ReputationSink, Slots, StreamEnd,
};

impl<T: Config> Pallet<T> {
	/// A lease that another pallet or an entry of the agenda names, and its order. Both are stored
	/// until the order has been over for a while, and nobody names them later than that.
	fn lease_with_order(id: LeaseId) -> Option<(LeaseOf<T>, OrderOf<T>)> {
		let lease = Leases::<T>::get(id).defensive_proof("a lease that is not stored")?;
		let order = Self::known_order(lease.order)?;
		Some((lease, order))
	}

	fn known_order(id: OrderId) -> Option<OrderOf<T>> {
		Orders::<T>::get(id).defensive_proof("an order that is not stored")
	}

	fn known_replica(order: &mut OrderOf<T>, index: u8) -> Option<&mut ReplicaOf<T>> {
		order
			.replicas
			.get_mut(usize::from(index))
			.defensive_proof("a replica that its order does not have")
	}

	/// A lease was not ready in time.
	pub(crate) fn never_ready(id: LeaseId) {
		let Some((lease, mut order)) = Self::lease_with_order(id) else { return };
		let (order_id, index) = (lease.order, usize::from(lease.replica));
		let Some(replica) = Self::known_replica(&mut order, lease.replica) else { return };
		if replica.is_out_of_time(T::Clock::round()) {
			// The time of the replica cut the start window short: that is nobody's fault.
			Self::finish_unused(id, lease, &mut order, CloseReason::Expired);
			Self::close_replica(order_id, &mut order, index, CloseReason::Expired);
		} else {
			Self::give_up_start(id, lease, &mut order, CloseReason::NeverReady);
		}
		Self::put_order(order_id, order);
	}

	/// A lease that never ran is over; the next bid takes over.
	pub(crate) fn give_up_start(
		id: LeaseId,
		lease: LeaseOf<T>,
		order: &mut OrderOf<T>,
		reason: CloseReason,
	) {
		let index = usize::from(lease.replica);
		Self::finish_unused(id, lease, order, reason);
		Self::seek_next(order, index, reason);
	}

	/// A replica waits for the next look at the bids that stand.
	fn seek_next(order: &mut OrderOf<T>, index: usize, reason: CloseReason) {
		if let Some(replica) = order.replicas.get_mut(index) {
			let lane = if replica.term.is_some() { Lane::Urgent } else { Lane::Matches };
			let until = Self::soonest(lane);
			replica.state = ReplicaState::Waiting { until, wait: Wait::Replacing(reason) };
		}
	}

	/// End a running lease for its operator's doing, with its meter: its stream is suspended for the
	/// next operator. Constant work, called inside mandatory sweeps.
	pub(crate) fn fail(id: LeaseId, (round, reason): End) {
		let Some((lease, mut order)) = Self::lease_with_order(id) else { return };
		if !lease.is_running() {
			return;
		}
		let Some(replica) = Self::known_replica(&mut order, lease.replica) else { return };
		match with_storage_layer(|| T::Escrow::suspend(replica.escrow, round, reason)) {
			Ok(end) => Self::report_ending(id, end),
			Err(error) => {
				defensive!("a lease that runs has a stream", error);
			},
		}
	}

	/// The end of a lease is decided.
	pub(crate) fn report_ending(id: LeaseId, (round, reason): End) {
		Self::deposit_event(Event::LeaseEnding { lease: id, round, reason, code: reason.code() });
	}

	/// True if the operator pays for this end of a lease and is remembered for it.
	fn is_failure(lease: &LeaseOf<T>, reason: CloseReason) -> bool {
		match reason {
			// A cover of next to nothing must not make failing free.
			CloseReason::Unhealthy | CloseReason::Terminated | CloseReason::RentUnpaid => true,
			CloseReason::OperatorClosed => lease.left_at_once,
			// Without room in the rounds nobody could have been ready.
			CloseReason::NeverReady => {
				!T::Slots::was_full_since(T::Clock::round_at(lease.placed_at))
			},
			_ => false,
		}
	}

	/// The penalty for failing a lease goes from the operator's bond to the treasury.
	fn forfeit(id: LeaseId, lease: &mut LeaseOf<T>, asset: AssetId) {
		let amount = lease.penalty.min(lease.reserved);
		if amount == 0 {
			return;
		}
		lease.reserved = lease.reserved.saturating_sub(amount);
		lease.forfeited = T::Bonding::forfeit(&lease.operator, asset, amount);
		let operator = lease.operator.clone();
		Self::deposit_event(Event::PenaltyPaid { lease: id, operator, amount: lease.forfeited });
	}

	/// A lease that never ran is over: nothing was paid, and the funds of its replica are all
	/// there.
	pub(crate) fn finish_unused(
		id: LeaseId,
		lease: LeaseOf<T>,
		order: &mut OrderOf<T>,
		reason: CloseReason,
	) {
		let refunded =
			order.replicas.get(usize::from(lease.replica)).map_or(0, |replica| replica.funds);
		let round = T::Clock::round();
		// Without an agreement no other pallet is called.
		let _ =
			Self::finish(id, lease, order, StreamEnd { reason, round, paid: 0, fee: 0, refunded });
	}

	/// Close a lease: its operator answers for it, and its reserved bond is released. The caller
	/// decides on its replica. Returns the weight of the calls into other pallets.
	fn finish(
		id: LeaseId,
		mut lease: LeaseOf<T>,
		order: &mut OrderOf<T>,
		end: StreamEnd,
	) -> Weight {
		let mut weight = Weight::zero();
		let StreamEnd { reason, round, paid, refunded, .. } = end;
		let (order_id, index) = (lease.order, lease.replica);
		if let Some(agreement) = lease.agreement {
			weight = T::Agreements::close(agreement, end).saturating_add(T::Registry::remove(id));
		}
		if Self::is_failure(&lease, reason) {
			Self::forfeit(id, &mut lease, order.asset);
			T::Reputation::lease_failed(&lease.operator, id, reason);
		}
		Self::free_capacity(lease.service, &order.resources);
		T::Bonding::unreserve(&lease.operator, order.asset, lease.reserved);
		lease.reserved = 0;
		Self::forget_start(id, &lease);
		if let Some(replica) = order.replicas.get_mut(usize::from(index)) {
			replica.paid = replica.paid.saturating_add(paid);
			if reason.is_operators() {
				// As many as its order may have leases, declined ones included.
				let _ = replica.failed.try_push(lease.operator.clone());
			}
		}
		if reason.is_operators() {
			Self::drop_bid(order_id, order, lease.service);
		}
		lease.state = LeaseState::Closed { round, reason };
		(lease.paid, lease.refunded) = (paid, refunded);
		Leases::<T>::insert(id, lease);
		Self::deposit_event(Event::LeaseClosed {
			lease: id,
			order: order_id,
			replica: index,
			reason,
			code: reason.code(),
			paid,
			refunded,
		});
		weight
	}

	/// Escrow decided an end by itself.
	pub(crate) fn stream_ending(order_id: OrderId, index: u8, end: End) {
		let Some(mut order) = Self::known_order(order_id) else { return };
		let Some(replica) = Self::known_replica(&mut order, index) else { return };
		if let Some(id) = replica.state.lease() {
			Self::report_ending(id, end);
		}
	}

	/// Close a replica whose account is closed, whatever the reason. Returns the weight of the calls
	/// into other pallets.
	pub(crate) fn stream_ended(order_id: OrderId, index: u8, end: StreamEnd) -> Weight {
		let Some(mut order) = Self::known_order(order_id) else { return Weight::zero() };
		let Some(replica) = Self::known_replica(&mut order, index) else { return Weight::zero() };
		let state = replica.state;
		if state.is_closed() {
			return Weight::zero();
		}
		let weight = Self::finish_current(state, &mut order, end);
		Self::set_closed(order_id, &mut order, usize::from(index), end.reason, end.refunded);
		Self::put_order(order_id, order);
		weight
	}

	/// Seek the next operator for a replica whose stream is paid and a one-off hold again. Returns
	/// the weight of the calls into other pallets.
	pub(crate) fn stream_suspended(order_id: OrderId, index: u8, end: StreamEnd) -> Weight {
		let Some(mut order) = Self::known_order(order_id) else { return Weight::zero() };
		let Some(replica) = Self::known_replica(&mut order, index) else { return Weight::zero() };
		let state = replica.state;
		if state.lease().is_none() {
			return Weight::zero();
		}
		replica.funds = end.refunded;
		let weight = Self::finish_current(state, &mut order, end);
		Self::seek_next(&mut order, usize::from(index), end.reason);
		Self::put_order(order_id, order);
		weight
	}

	/// Close the lease that a replica has, if it has one.
	fn finish_current(state: ReplicaState, order: &mut OrderOf<T>, end: StreamEnd) -> Weight {
		state
			.lease()
			.and_then(|id| {
				let lease = Leases::<T>::get(id).defensive_proof("a lease that is not stored")?;
				Some(Self::finish(id, lease, order, end))
			})
			.unwrap_or_default()
	}

	/// Refund a replica whose funds are a one-off hold. Fails if a dispute locks them.
	pub(crate) fn try_close_replica(
		order_id: OrderId,
		order: &mut OrderOf<T>,
		index: usize,
		reason: CloseReason,
	) -> DispatchResult {
		let replica = order.replicas.get(index).ok_or(Error::<T>::UnknownReplica)?;
		let (escrow, refunded) = (replica.escrow, replica.funds);
		with_storage_layer(|| T::Escrow::refund(escrow, reason))?;
		Self::set_closed(order_id, order, index, reason, refunded);
		Ok(())
	}

	/// Refund a replica whose funds are a one-off hold; as long as a dispute locks them, try again every
	/// round.
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

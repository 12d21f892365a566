// SPDX-License-Identifier: Apache-2.0

//! Ends of leases and replicas, and the replacement of a lease by the next.
//!
//! Escrow owns the end of every lease that runs: this pallet asks for an end, and escrow returns
//! the one that stands. All consequences of an end happen once, when escrow reports that the stream
//! is paid.

use crate::*;
use frame::log;
use frame_support::{storage::with_storage_layer, traits::Defensive};
use surety_primitives::{
	AssetId, Balance, BondReserve, Clock, CloseReason, End, LeaseAgreements, LeaseId,
	LeaseRegistry, OrderId, ReputationSink, Slots, StreamEnd,
};

impl<T: Config> Pallet<T> {
	/// Lease that another pallet or an entry of the agenda names, and its order. Both are stored
	/// until the order has been over for a while; nothing names them later than that.
	fn lease_with_order(id: LeaseId) -> Option<(LeaseOf<T>, OrderOf<T>)> {
		let lease = Leases::<T>::get(id).defensive_proof("a lease that is not stored")?;
		let order = Self::known_order(lease.order)?;
		Some((lease, order))
	}

	/// Order that escrow or an entry of the agenda names.
	fn known_order(id: OrderId) -> Option<OrderOf<T>> {
		Orders::<T>::get(id).defensive_proof("an order that is not stored")
	}

	/// Replica that escrow or a lease names.
	fn known_replica(order: &mut OrderOf<T>, index: u8) -> Option<&mut ReplicaOf<T>> {
		order
			.replicas
			.get_mut(usize::from(index))
			.defensive_proof("a replica that its order does not have")
	}

	/// Close a lease that was not ready in time.
	pub(crate) fn never_ready(id: LeaseId) {
		let Some((lease, mut order)) = Self::lease_with_order(id) else { return };
		let (order_id, index) = (lease.order, lease.replica);
		let Some(replica) = Self::known_replica(&mut order, index) else { return };
		if replica.is_out_of_time(T::Clock::round()) {
			// The end of the term cut the start window short: nobody failed.
			Self::finish_unstarted(id, lease, &mut order, CloseReason::Expired);
			Self::close_replica(order_id, &mut order, index, CloseReason::Expired);
		} else {
			Self::give_up_start(id, lease, &mut order, CloseReason::NeverReady);
		}
		Self::put_order(order_id, order);
	}

	/// Close a lease that never ran, and seek the next operator.
	pub(crate) fn give_up_start(
		id: LeaseId,
		lease: LeaseOf<T>,
		order: &mut OrderOf<T>,
		reason: CloseReason,
	) {
		let index = lease.replica;
		Self::finish_unstarted(id, lease, order, reason);
		Self::seek_next(order, index, reason);
	}

	/// Let a replica wait for the next match with the standing bids.
	fn seek_next(order: &mut OrderOf<T>, index: u8, reason: CloseReason) {
		if let Some(replica) = order.replicas.get_mut(usize::from(index)) {
			let lane = if replica.term.is_some() { Lane::Urgent } else { Lane::Matches };
			let until = Self::soonest(lane);
			replica.state = ReplicaState::Waiting { until, wait: Wait::Replacing(reason) };
		}
	}

	/// End a running lease for its operator's doing, with its meter. Its stream is suspended for
	/// the next operator. Constant work, called inside mandatory sweeps.
	pub(crate) fn fail_lease(id: LeaseId, (round, reason): End) {
		let Some((lease, mut order)) = Self::lease_with_order(id) else { return };
		if !lease.is_running() {
			return;
		}
		let Some(replica) = Self::known_replica(&mut order, lease.replica) else { return };
		match with_storage_layer(|| T::Escrow::suspend(replica.escrow, round, reason)) {
			Ok(end) => Self::deposit_ending(id, end),
			Err(error) => {
				defensive!("a lease that runs has a stream", error);
			},
		}
	}

	/// Report the decided end of a lease.
	pub(crate) fn deposit_ending(id: LeaseId, (round, reason): End) {
		Self::deposit_event(Event::LeaseEnding { lease: id, round, reason, code: reason.code() });
	}

	/// True if the operator pays for this end of a lease, and its reputation records it.
	fn is_failure(lease: &LeaseOf<T>, reason: CloseReason) -> bool {
		match reason {
			// Failing has a price of its own: a cover of next to nothing must not make it free.
			CloseReason::Unhealthy | CloseReason::Terminated | CloseReason::RentUnpaid => true,
			CloseReason::OperatorClosed => lease.left_at_once,
			// Without a free slot nobody could have been ready.
			CloseReason::NeverReady => {
				!T::Slots::was_full_since(T::Clock::round_at(lease.placed_at))
			},
			_ => false,
		}
	}

	/// Pay the penalty for failing a lease out of the operator's bond to the treasury.
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

	/// Close a lease that never ran: nothing was paid, and the funds of its replica are complete.
	pub(crate) fn finish_unstarted(
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

	/// Close a lease: collect the penalty for a failure, and release its reserved bond. The caller
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
		if let Some(report) = &lease.ready {
			weight =
				T::Agreements::close(report.agreement, end).saturating_add(T::Registry::remove(id));
		}
		if Self::is_failure(&lease, reason) {
			Self::forfeit(id, &mut lease, order.asset);
			T::Reputation::lease_failed(&lease.operator, id, reason);
		}
		Self::release_resources(lease.service, &order.resources);
		T::Bonding::unreserve(&lease.operator, order.asset, lease.reserved);
		lease.reserved = 0;
		Self::forget_start(id, &lease);
		if let Some(replica) = order.replicas.get_mut(usize::from(index)) {
			replica.paid = replica.paid.saturating_add(paid);
			if reason.is_operators() {
				// The list has room for the operators of all leases that the order may have.
				let _ = replica.failed.try_push(lease.operator.clone());
			}
		}
		if reason.is_operators() {
			Self::remove_bid(order_id, order, lease.service);
		}
		lease.state = LeaseState::Closed { round, reason, paid, refunded };
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

	/// Report an end that escrow decided.
	pub(crate) fn stream_ending(order_id: OrderId, index: u8, end: End) {
		let Some(mut order) = Self::known_order(order_id) else { return };
		let Some(replica) = Self::known_replica(&mut order, index) else { return };
		if let Some(id) = replica.state.lease() {
			Self::deposit_ending(id, end);
		}
	}

	/// Close a replica whose account is closed, whatever the reason. Returns the weight of the
	/// calls into other pallets.
	pub(crate) fn stream_ended(order_id: OrderId, index: u8, end: StreamEnd) -> Weight {
		let Some(mut order) = Self::known_order(order_id) else { return Weight::zero() };
		let Some(replica) = Self::known_replica(&mut order, index) else { return Weight::zero() };
		let state = replica.state;
		if state.is_closed() {
			return Weight::zero();
		}
		let weight = Self::finish_current(state, &mut order, end);
		Self::set_closed(order_id, &mut order, index, end.reason, end.refunded);
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
		Self::seek_next(&mut order, index, end.reason);
		Self::put_order(order_id, order);
		weight
	}

	/// Close the current lease of a replica, if it has one.
	fn finish_current(state: ReplicaState, order: &mut OrderOf<T>, end: StreamEnd) -> Weight {
		state
			.lease()
			.and_then(|id| {
				let lease = Leases::<T>::get(id).defensive_proof("a lease that is not stored")?;
				Some(Self::finish(id, lease, order, end))
			})
			.unwrap_or_default()
	}

	/// Refund and close a replica whose funds are a one-off hold. Fails if a dispute locks them.
	pub(crate) fn try_close_replica(
		order_id: OrderId,
		order: &mut OrderOf<T>,
		index: u8,
		reason: CloseReason,
	) -> DispatchResult {
		let replica = Self::replica_mut(order, index)?;
		let (escrow, refunded) = (replica.escrow, replica.funds);
		with_storage_layer(|| T::Escrow::refund(escrow, reason))?;
		Self::set_closed(order_id, order, index, reason, refunded);
		Ok(())
	}

	/// Refund and close a replica whose funds are a one-off hold. As long as a dispute locks them,
	/// the agenda tries again every round.
	pub(crate) fn close_replica(
		order_id: OrderId,
		order: &mut OrderOf<T>,
		index: u8,
		reason: CloseReason,
	) {
		if let Err(error) = Self::try_close_replica(order_id, order, index, reason)
			&& let Some(replica) = order.replicas.get_mut(usize::from(index))
		{
			log::debug!(target: LOG_TARGET, "order {order_id}: no refund of {index}: {error:?}");
			let until = T::Clock::now().saturating_add(T::Clock::round_blocks());
			replica.state = ReplicaState::Waiting { until, wait: Wait::Locked(reason) };
		}
	}

	/// Set a replica closed whose funds are settled.
	fn set_closed(
		order_id: OrderId,
		order: &mut OrderOf<T>,
		index: u8,
		reason: CloseReason,
		refunded: Balance,
	) {
		let Some(replica) = order.replicas.get_mut(usize::from(index)) else { return };
		replica.state = ReplicaState::Closed { reason, at: T::Clock::now() };
		replica.funds = 0;
		let paid = replica.paid;
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

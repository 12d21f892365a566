// SPDX-License-Identifier: Apache-2.0

//! Agenda: deadlines of orders and leases take effect in the block that they fall in.
//!
//! Each order that time can change and each lease that starts has one entry. The state at that time
//! decides on the action. Each lane has a bound of its own: a flood of orders, or of leases that
//! are never ready, does not delay the replica that needs the next operator. Entries of one block
//! and lane beyond [`Config::TasksPerBlock`] wait for the next blocks, oldest first. The ends of
//! leases that run are not here: escrow owns them.

use crate::*;
use alloc::vec::Vec;
use surety_primitives::{BlockNumber, Clock, LeaseId, OrderId, agenda};

impl<T: Config> Pallet<T> {
	/// Process the entries that are due up to this block, within the bounds.
	pub(crate) fn process_agenda() -> Weight {
		Lane::ALL
			.into_iter()
			.map(Self::process_lane)
			.fold(Weight::zero(), |sum, weight| sum.saturating_add(weight))
	}

	/// Process the due entries of a lane.
	pub(crate) fn process_lane(lane: Lane) -> Weight {
		let now = T::Clock::now();
		let first = Cursor::<T>::get(lane).unwrap_or(now);
		// New entries of this work go to the next block.
		Cursor::<T>::insert(lane, now.saturating_add(1));
		let mut weight = Weight::zero();
		let walked = agenda::walk(first, now, T::TasksPerBlock::get(), |block, room| {
			let tasks: Vec<_> =
				Agenda::<T>::iter_key_prefix((lane, block)).take(room as usize).collect();
			let taken = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
			for task in tasks {
				Agenda::<T>::remove((lane, block), task);
				weight = weight.saturating_add(match task {
					Entry::Order(id) => Self::process_order(id),
					Entry::Lease(id) => {
						Self::never_ready(id);
						T::WeightInfo::never_ready()
					},
				});
			}
			taken
		});
		Cursor::<T>::insert(lane, walked.next);
		weight.saturating_add(T::WeightInfo::agenda(walked.blocks))
	}

	/// First block whose agenda can still take an entry: this one, unless it is processed already.
	pub(crate) fn soonest(lane: Lane) -> BlockNumber {
		let now = T::Clock::now();
		Cursor::<T>::get(lane).unwrap_or(now.saturating_add(1)).max(now)
	}

	/// Move the entry of an order.
	pub(crate) fn move_entry(
		id: OrderId,
		order: &mut OrderOf<T>,
		next: Option<(Lane, BlockNumber)>,
	) {
		if let Some(at) = order.wake {
			Agenda::<T>::remove(at, Entry::Order(id));
		}
		if let Some(at) = next {
			Agenda::<T>::insert(at, Entry::Order(id), ());
		}
		order.wake = next;
	}

	/// Store an order, and move its entry to the lane and block that follow from its state.
	pub(crate) fn put_order(id: OrderId, mut order: OrderOf<T>) {
		let over = order.is_over();
		if over && order.closed_at.is_none() {
			order.closed_at = Some(T::Clock::now());
			Self::deposit_event(Event::OrderOver { order: id });
		}
		let lane = order.lane();
		let soonest = Self::soonest(lane);
		let next = if over {
			// The standing bids are removed.
			(order.bids > 0).then_some(soonest)
		} else {
			order.next_wake().map(|block| block.max(soonest))
		};
		Self::move_entry(id, &mut order, next.map(|block| (lane, block)));
		Orders::<T>::insert(id, order);
	}

	/// Add the entry of a lease that starts: it must be ready by that block.
	pub(crate) fn await_ready(id: LeaseId, ready_by: BlockNumber) {
		Agenda::<T>::insert((Lane::Starting, ready_by), Entry::Lease(id), ());
	}

	/// Remove the entry of a lease that no longer starts.
	pub(crate) fn forget_start(id: LeaseId, lease: &LeaseOf<T>) {
		if let LeaseState::Starting { ready_by, .. } = lease.state {
			Agenda::<T>::remove((Lane::Starting, ready_by), Entry::Lease(id));
		}
	}
}

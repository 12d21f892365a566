//! When an order or a lease is looked at: what has a deadline happens by itself, at the block it falls in.
//!
//! Each order and lease that time can change has one entry, and knows the block it is in. An entry only says
//! "look"; what is done follows from the state then. There are two lanes: leases and replicas that lost theirs
//! are urgent, the deadlines of bids are not, and a flood of orders holds up other orders only. Entries of one
//! block and lane beyond [`Config::TasksPerBlock`] wait for the next blocks, oldest first.

use crate::*;
use alloc::vec::Vec;
use frame::prelude::defensive;
use surety_primitives::{BlockNumber, Clock, LeaseId, OrderId, agenda};

impl<T: Config> Pallet<T> {
	/// Work off what is due up to this block, within the bounds.
	pub(crate) fn work_agenda() -> Weight {
		Self::work_lane(Lane::Urgent).saturating_add(Self::work_lane(Lane::Matches))
	}

	pub(crate) fn work_lane(lane: Lane) -> Weight {
		let now = T::Clock::now();
		let most = T::TasksPerBlock::get();
		let first = Cursor::<T>::get(lane).unwrap_or(now);
		// What this work itself puts on the agenda goes to the next block.
		Cursor::<T>::insert(lane, now.saturating_add(1));
		let mut weight = Weight::zero();
		let walked = agenda::walk(first, now, most, |block, room| {
			let tasks: Vec<_> = Agenda::<T>::iter_key_prefix((lane, block)).take(room as usize).collect();
			let taken = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
			for task in tasks {
				// Another task of this block may have moved it to a later one.
				if Agenda::<T>::take((lane, block), task).is_none() {
					continue;
				}
				weight = weight.saturating_add(match task {
					Entry::Order(id) => Self::look(id),
					Entry::Lease(id) => Self::wake_lease(id),
				});
			}
			taken
		});
		Cursor::<T>::insert(lane, walked.next);
		weight.saturating_add(T::WeightInfo::agenda(walked.blocks))
	}

	/// First block whose agenda can still take an entry: this one, if it is not worked off yet.
	pub(crate) fn soonest(lane: Lane) -> BlockNumber {
		let now = T::Clock::now();
		Cursor::<T>::get(lane).unwrap_or(now.saturating_add(1)).max(now)
	}

	/// Move the entry of a task from where it is to where it belongs.
	pub(crate) fn move_entry(task: Entry, wake: &mut Option<BlockNumber>, next: Option<(Lane, BlockNumber)>) {
		if let Some(block) = *wake {
			// Only an order changes its lane.
			if let Entry::Order(_) = task {
				Agenda::<T>::remove((Lane::Matches, block), task);
			}
			Agenda::<T>::remove((Lane::Urgent, block), task);
		}
		if let Some(at) = next {
			Agenda::<T>::insert(at, task, ());
		}
		*wake = next.map(|(_, block)| block);
	}

	/// Store an order with its entry where it belongs.
	pub(crate) fn put_order(id: OrderId, mut order: OrderOf<T>) {
		let over = order.is_over();
		if over && order.closed_at.is_none() {
			order.closed_at = Some(T::Clock::now());
			Self::deposit_event(Event::OrderOver { order: id });
		}
		let lane = order.lane();
		let soonest = Self::soonest(lane);
		let next = if over {
			// The bids that still stand are given back.
			(order.bids > 0).then_some(soonest)
		} else {
			order.next_look().map(|block| block.max(soonest))
		};
		let mut wake = order.wake;
		Self::move_entry(Entry::Order(id), &mut wake, next.map(|block| (lane, block)));
		order.wake = wake;
		Orders::<T>::insert(id, order);
	}

	/// Store a lease that is to be looked at in block `next`.
	pub(crate) fn put_lease(id: LeaseId, mut lease: LeaseOf<T>, next: Option<BlockNumber>) {
		let mut wake = lease.wake;
		let next = next.map(|block| (Lane::Urgent, block.max(Self::soonest(Lane::Urgent))));
		Self::move_entry(Entry::Lease(id), &mut wake, next);
		lease.wake = wake;
		Leases::<T>::insert(id, lease);
	}

	/// Look at a lease whose entry was just taken off.
	pub(crate) fn wake_lease(id: LeaseId) -> Weight {
		let Some((mut lease, order)) = Self::lease_with_order(id) else {
			return T::WeightInfo::never_ready();
		};
		lease.wake = None;
		match lease.state {
			LeaseState::Starting { .. } => {
				Self::never_ready(id, lease, order);
				T::WeightInfo::never_ready()
			},
			LeaseState::Running { last_round, .. } => {
				Self::expire(id, lease, order, last_round);
				T::WeightInfo::expire()
			},
			LeaseState::Ending { round, reason } => {
				Self::carry_out_failure(id, lease, order, round, reason);
				T::WeightInfo::fail()
			},
			LeaseState::Closed { .. } => {
				defensive!("an entry of a lease that is over");
				T::WeightInfo::never_ready()
			},
		}
	}
}

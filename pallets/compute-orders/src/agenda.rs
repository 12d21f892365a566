//! Agenda: deadlines of orders and leases take effect by themselves, at the block they fall in.
//!
//! Each order that time can change and each lease that starts has one entry. An entry only says
//! "look"; what is done follows from the state then. The lanes are bounded each for itself: a flood
//! of orders, or of leases that are never ready, does not hold up the replica that needs the next
//! operator. Entries of one block and lane beyond [`Config::TasksPerBlock`] wait for the next
//! blocks, oldest first. The ends of leases that run are not here: escrow owns them.

use crate::*;
use alloc::vec::Vec;
use surety_primitives::{BlockNumber, Clock, LeaseId, OrderId, agenda};

impl<T: Config> Pallet<T> {
	/// Work off what is due up to this block, within the bounds.
	pub(crate) fn work_agenda() -> Weight {
		Lane::ALL
			.into_iter()
			.map(Self::work_lane)
			.fold(Weight::zero(), |sum, weight| sum.saturating_add(weight))
	}

	pub(crate) fn work_lane(lane: Lane) -> Weight {
		let now = T::Clock::now();
		let most = T::TasksPerBlock::get();
		let first = Cursor::<T>::get(lane).unwrap_or(now);
		// What this work itself puts on the agenda goes to the next block.
		Cursor::<T>::insert(lane, now.saturating_add(1));
		let mut weight = Weight::zero();
		let walked = agenda::walk(first, now, most, |block, room| {
			let tasks: Vec<_> =
				Agenda::<T>::iter_key_prefix((lane, block)).take(room as usize).collect();
			let taken = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
			for task in tasks {
				Agenda::<T>::remove((lane, block), task);
				weight = weight.saturating_add(match task {
					Entry::Order(id) => Self::look(id),
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

	/// First block whose agenda can still take an entry: this one, if it is not worked off yet.
	pub(crate) fn soonest(lane: Lane) -> BlockNumber {
		let now = T::Clock::now();
		Cursor::<T>::get(lane).unwrap_or(now.saturating_add(1)).max(now)
	}

	/// Move the entry of an order to where it belongs.
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
		Self::move_entry(id, &mut order, next.map(|block| (lane, block)));
		Orders::<T>::insert(id, order);
	}

	/// A lease must be ready by its last block: the entry waits there, and nowhere else, until it
	/// is.
	pub(crate) fn await_ready(id: LeaseId, ready_by: BlockNumber) {
		Agenda::<T>::insert((Lane::Starting, ready_by), Entry::Lease(id), ());
	}

	/// A lease starts no more.
	pub(crate) fn forget_start(id: LeaseId, lease: &LeaseOf<T>) {
		if let LeaseState::Starting { ready_by, .. } = lease.state {
			Agenda::<T>::remove((Lane::Starting, ready_by), Entry::Lease(id));
		}
	}
}

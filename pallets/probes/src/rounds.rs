//! The start of a round: its snapshot, its due pages, and the capacity for them.

use crate::{
	Capacity, ColdTurn, Config, Due, DueList, DuePages, Error, Event, Hot, MAX_DUE, MIN_DUE,
	PageId, PageInfos, Pallet, ProberSet, Progress, Queued, ROWS, Slots, SlotsOf, Snapshot,
	Snapshots, WeightInfo, bit, due_services,
};
use alloc::vec::Vec;
use frame_support::{
	BoundedVec, ensure,
	traits::{Get, Time, ValidatorSet},
	weights::Weight,
};
use sp_runtime::DispatchResult;
use surety_primitives::{Clock, JUDGED_AFTER, RoundIndex, ServiceId};

/// Empty cold pages that the turn skips at most in one round.
const MAX_SKIPPED: u32 = 32;

/// Which of the due pages it is that names a slot.
pub fn position(due: &[Due], page: PageId, slot: u8) -> Option<u32> {
	let at = due.iter().position(|due| due.page == page && due.mask & bit(slot) != 0);
	at.and_then(|at| u32::try_from(at).ok())
}

impl<T: Config> Pallet<T> {
	/// Whole pages that a round of this window has capacity for.
	pub(crate) fn capacity() -> u32 {
		match Capacity::<T>::get() {
			// Before the chain's first round.
			0 => Self::wanted_capacity(),
			pages => pages,
		}
	}

	/// `DueServices` as pages, within the bounds.
	fn wanted_capacity() -> u32 {
		T::DueServices::get().checked_div(ROWS).unwrap_or(0).clamp(MIN_DUE, MAX_DUE)
	}

	/// Hot pages there can be: one page of capacity is always left to the cold ones.
	pub(crate) fn hot_pages() -> u32 {
		Self::capacity().saturating_sub(1)
	}

	/// The capacity for a window that begins: as governance wants it, but never less than what is
	/// sold needs. Returns the pages looked at.
	fn fix_capacity() -> u32 {
		let mut looked = 0u32;
		let used = Hot::<T>::mutate(|hot| {
			while let Some(last) = hot.pages.checked_sub(1) {
				looked = looked.saturating_add(1);
				if PageInfos::<T>::get(PageId::Hot(last)).taken != 0 {
					break;
				}
				hot.pages = last;
			}
			hot.pages
		});
		Capacity::<T>::put(Self::wanted_capacity().max(used.saturating_add(1)));
		looked
	}

	/// Freeze a round, in its first block.
	pub(crate) fn open_round(round: RoundIndex) -> Weight {
		let starts = T::Clock::window_start(T::Clock::window_of(round)) == round;
		let fixes = starts || !Capacity::<T>::exists();
		let looked = if fixes { Self::fix_capacity() } else { 0 };
		let probers = ProberSet::<T>::get();
		let n = u32::try_from(probers.len()).unwrap_or(u32::MAX);
		let (due, pages) = Self::due_pages(round);
		let snapshot = Snapshot {
			session: T::ValidatorSet::session_index(),
			started: T::Time::now(),
			health: T::Health::get().clamped(),
			services: due_services(&due),
			probers,
		};
		Snapshots::<T>::insert(round, snapshot);
		DuePages::<T>::insert(round, due);
		let weight = T::WeightInfo::open_round(n, pages);
		weight.saturating_add(T::DbWeight::get().reads(looked.into()))
	}

	/// Every hot page with a due row; then as many cold pages as fit: up to a quarter of them, at
	/// least one, from the queue, and the others in turns. Returns the pages looked at, too.
	fn due_pages(round: RoundIndex) -> (DueList, u32) {
		let capacity = usize::try_from(Self::capacity()).unwrap_or(usize::MAX);
		let hot = Hot::<T>::get().pages;
		let mut due: Vec<Due> =
			(0..hot).filter_map(|page| Self::due_page(PageId::Hot(page))).collect();
		let fits = u32::try_from(capacity.saturating_sub(due.len())).unwrap_or(0);
		// One that fits alone is from the queue in every other round, or a full queue would stop
		// the turns.
		let from_queue = if fits == 1 { round & 1 } else { fits.div_euclid(4).max(1) };
		let queued = Self::take_queued(from_queue);
		due.extend(queued.iter().copied().filter_map(Self::due_page));
		let pages = Self::cold_pages();
		let mut turn = ColdTurn::<T>::get();
		let mut looked = hot.saturating_add(from_queue);
		for _ in 0..pages.min(fits.saturating_add(MAX_SKIPPED)) {
			if due.len() >= capacity {
				break;
			}
			turn = if turn >= pages { 0 } else { turn };
			let page = PageId::Cold(turn);
			if !queued.contains(&page) {
				due.extend(Self::due_page(page));
			}
			turn = turn.saturating_add(1);
			looked = looked.saturating_add(1);
		}
		ColdTurn::<T>::put(turn);
		(BoundedVec::truncate_from(due), looked)
	}

	/// A page as a round that is opened now has it; `None` without a due row.
	fn due_page(page: PageId) -> Option<Due> {
		let mask = PageInfos::<T>::get(page).due;
		(mask != 0).then_some(Due { page, mask })
	}

	/// Take up to so many pages from the queue, those that wait longest.
	fn take_queued(most: u32) -> Vec<PageId> {
		let mut queue = Queued::<T>::get();
		let taken = queue.len().min(usize::try_from(most).unwrap_or(usize::MAX));
		if taken == 0 {
			return Vec::new();
		}
		let pages = queue.drain(..taken).map(PageId::Cold).collect();
		Queued::<T>::put(queue);
		pages
	}

	/// Have the page of an idle service probed in one of the next rounds.
	pub(crate) fn queue_probe(service: ServiceId) -> DispatchResult {
		let Slots { cold, hot } = SlotsOf::<T>::get(service).ok_or(Error::<T>::NotListed)?;
		ensure!(hot.is_none(), Error::<T>::AlreadyDue);
		let due =
			Self::due_page(PageId::Cold(cold.page)).is_some_and(|due| due.mask & cold.bit() != 0);
		ensure!(due, Error::<T>::NotProbed);
		if Self::cold_pages() <= Self::capacity().saturating_sub(Hot::<T>::get().pages) {
			return Ok(());
		}
		Queued::<T>::try_mutate(|queue| {
			if !queue.contains(&cold.page) {
				queue.try_push(cold.page).map_err(|_| Error::<T>::QueueFull)?;
				Self::deposit_event(Event::ProbeQueued { service, page: cold.page });
			}
			Ok(())
		})
	}

	/// The last round that names a slot and whose sweep 2 has yet to pass the page.
	pub(crate) fn last_naming(page: PageId, slot: u8) -> Option<RoundIndex> {
		let progress = Progress::<T>::get();
		let judging = progress.judged.saturating_add(1);
		let now = T::Clock::round();
		(judging.max(now.saturating_sub(JUDGED_AFTER))..=now).rev().find(|round| {
			let at = position(&DuePages::<T>::get(round), page, slot);
			at.is_some_and(|at| *round > judging || at >= progress.pages)
		})
	}
}

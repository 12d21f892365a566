// SPDX-License-Identifier: Apache-2.0

//! Rounds: the snapshot and due pages at the start, the capacity for them, and the close.

use crate::*;
use alloc::vec::Vec;

/// Maximum number of empty idle pages that the turn skips in one round.
const MAX_SKIPPED: u32 = 32;

/// Position among the due pages of the one that names a slot.
pub fn position(due: &[Due], page: PageId, slot: u8) -> Option<u32> {
	let at = due.iter().position(|due| due.page == page && due.mask & bit(slot) != 0);
	at.and_then(|at| u32::try_from(at).ok())
}

impl<T: Config> Pallet<T> {
	/// Work of a block. The first block of a round opens the round. The first one after the last
	/// reveals counts the reports of the round before the last, and those after it judge the pages.
	pub(crate) fn begin_block() -> Weight {
		let now = T::Clock::now();
		let round: RoundIndex = T::Clock::round_at(now);
		match now.saturating_sub(T::Clock::round_start(round)) {
			0 => Self::open_round(round),
			1..COMMIT_GRACE => T::WeightInfo::idle(),
			COMMIT_GRACE => round.checked_sub(2).map_or(Weight::zero(), Self::count_round),
			_ => Self::judge_some(round),
		}
	}

	/// Whole pages that a round of this window has capacity for.
	pub(crate) fn capacity() -> u32 {
		match Capacity::<T>::get() {
			Some(pages) => pages,
			// Before the first round of the chain.
			None => Self::wanted_capacity(),
		}
	}

	/// `DueServices` as pages, within the bounds.
	fn wanted_capacity() -> u32 {
		T::DueServices::get().checked_div(ROWS).unwrap_or(0).clamp(MIN_DUE, MAX_DUE)
	}

	/// Maximum number of active pages: one page of capacity is always left to the idle ones.
	pub(crate) fn active_pages() -> u32 {
		Self::capacity().saturating_sub(1)
	}

	/// Fix the capacity for a window that begins: the wanted one, or what the sold units need if
	/// that is more. Returns the number of pages looked at.
	fn fix_capacity() -> u32 {
		let mut looked = 0u32;
		let used = Active::<T>::mutate(|active| {
			while let Some(last) = active.pages.checked_sub(1) {
				looked = looked.saturating_add(1);
				if PageInfos::<T>::get(PageId::Active(last)).taken != 0 {
					break;
				}
				active.pages = last;
			}
			active.pages
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
			targets: due_targets(&due),
			probers,
		};
		Snapshots::<T>::insert(round, snapshot);
		DuePages::<T>::insert(round, due);
		let weight = T::WeightInfo::open_round(n, pages);
		weight.saturating_add(T::DbWeight::get().reads(looked.into()))
	}

	/// Due pages of a round, and the number of pages looked at: every active page with a due row,
	/// then as many idle pages as fit. Up to a quarter of those, at least one, come from the queue
	/// of requested probes, and the others in turn.
	fn due_pages(round: RoundIndex) -> (DueList, u32) {
		let capacity = usize::try_from(Self::capacity()).unwrap_or(usize::MAX);
		let active = Active::<T>::get().pages;
		let mut due: Vec<Due> =
			(0..active).filter_map(|page| Self::due_page(PageId::Active(page))).collect();
		let fits = u32::try_from(capacity.saturating_sub(due.len())).unwrap_or(0);
		// If a single one fits, every other round takes it from the queue: a full queue would stop
		// the turns otherwise.
		let from_queue = if fits == 1 { round & 1 } else { fits.div_euclid(4).max(1) };
		let queued = Self::take_queued(from_queue);
		due.extend(queued.iter().copied().filter_map(Self::due_page));
		let pages = Self::idle_pages();
		let mut turn = IdleTurn::<T>::get();
		let mut looked = active.saturating_add(from_queue);
		for _ in 0..pages.min(fits.saturating_add(MAX_SKIPPED)) {
			if due.len() >= capacity {
				break;
			}
			turn = if turn >= pages { 0 } else { turn };
			let page = PageId::Idle(turn);
			if !queued.contains(&page) {
				due.extend(Self::due_page(page));
			}
			turn = turn.saturating_add(1);
			looked = looked.saturating_add(1);
		}
		IdleTurn::<T>::put(turn);
		(BoundedVec::truncate_from(due), looked)
	}

	/// Page as a round that is opened now has it; `None` without a due row.
	fn due_page(page: PageId) -> Option<Due> {
		let mask = PageInfos::<T>::get(page).due;
		(mask != 0).then_some(Due { page, mask })
	}

	/// Take the oldest pages out of the queue of requested probes, at most `max`.
	fn take_queued(max: u32) -> Vec<PageId> {
		let mut queue = Queued::<T>::get();
		let taken = queue.len().min(usize::try_from(max).unwrap_or(usize::MAX));
		if taken == 0 {
			return Vec::new();
		}
		let pages = queue.drain(..taken).map(PageId::Idle).collect();
		Queued::<T>::put(queue);
		pages
	}

	/// Queue the page of an idle service for one of the next rounds.
	pub(crate) fn queue_probe(service: ServiceId) -> DispatchResult {
		let slots = SlotsOf::<T>::get(Target::Service(service)).ok_or(Error::<T>::NotListed)?;
		let TargetSlots { idle, active } = slots;
		ensure!(active.is_none(), Error::<T>::AlreadyDue);
		let due =
			Self::due_page(PageId::Idle(idle.page)).is_some_and(|due| due.mask & idle.bit() != 0);
		ensure!(due, Error::<T>::NotProbed);
		if Self::idle_pages() <= Self::capacity().saturating_sub(Active::<T>::get().pages) {
			return Ok(());
		}
		Queued::<T>::try_mutate(|queue| {
			if !queue.contains(&idle.page) {
				queue.try_push(idle.page).map_err(|_| Error::<T>::QueueFull)?;
				Self::deposit_event(Event::ProbeQueued { service, page: idle.page });
			}
			Ok(())
		})
	}

	/// Close a round whose pages are all judged: forget its reports, and count the duty.
	pub(crate) fn close_round(
		round: RoundIndex,
		snapshot: &Snapshot<T::AccountId>,
		duty: &[DutyTally],
		progress: Sweep,
	) {
		(0u16..).take(snapshot.probers.len()).for_each(|index| Reports::<T>::remove(round, index));
		Self::note_duty(snapshot, duty);
		Snapshots::<T>::remove(round);
		DuePages::<T>::remove(round);
		Counting::<T>::kill();
		Progress::<T>::put(Sweep { judged: round, ..Default::default() });
		let RoundTally { up, down, bad, stale, unclear, unmeasured, excused } = progress.tally;
		Self::deposit_event(Event::RoundClosed {
			round,
			up,
			down,
			bad,
			stale,
			unclear,
			unmeasured,
			excused,
		});
	}

	/// State of the measurement in the block being built.
	pub(crate) fn current_status() -> RoundStatus {
		let round = T::Clock::round();
		let now = T::Clock::now();
		let last = |back: RoundIndex| round.saturating_sub(back);
		RoundStatus {
			round,
			offset: now.saturating_sub(T::Clock::round_start(round)),
			commits_from: match commit_phase::<T::Clock>(last(1), now) {
				Phase::Open => last(1),
				_ => round,
			},
			reveals: [last(2), last(1)]
				.into_iter()
				.find(|round| reveal_phase::<T::Clock>(*round, now) == Phase::Open),
			judged: Progress::<T>::get().judged,
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Pages: the rows in their slots.
//!
//! A slot is given away again only after every round whose snapshot names it is closed. An idle
//! slot waits in a queue with the last such round. An active row stays in its slot, in the state
//! [`RowState::Leaving`], until the judging passes it.

use crate::*;
use surety_primitives::WindowSummary;

pub(crate) type RowOf<T> = Row<<T as frame_system::Config>::AccountId>;
pub(crate) type PageOf<T> = Page<<T as frame_system::Config>::AccountId>;

/// Put a row into a slot, or free the slot.
pub(crate) fn put<AccountId>(page: &mut Page<AccountId>, slot: u8, row: Option<Row<AccountId>>) {
	while page.len() <= usize::from(slot) {
		if page.try_push(None).is_err() {
			return;
		}
	}
	if let Some(place) = page.get_mut(usize::from(slot)) {
		*place = row;
	}
}

impl<T: Config> Pallet<T> {
	/// Row in a slot.
	pub(crate) fn row(id: PageId, slot: u8) -> Option<RowOf<T>> {
		Pages::<T>::get(id).get(usize::from(slot)).cloned().flatten()
	}

	/// Change the row in a slot.
	pub(crate) fn with_row<R>(
		id: PageId,
		slot: u8,
		change: impl FnOnce(&mut RowOf<T>) -> R,
	) -> Option<R> {
		Pages::<T>::mutate(id, |page: &mut PageOf<T>| {
			page.get_mut(usize::from(slot)).and_then(Option::as_mut).map(change)
		})
	}

	/// Set the due bit of a slot, and the taken bit if one is given.
	pub(crate) fn set_due(id: PageId, place: Place, due: bool, taken: Option<bool>) {
		PageInfos::<T>::mutate(id, |info| {
			let set =
				|mask: u128, on: bool| if on { mask | place.bit() } else { mask & !place.bit() };
			info.due = set(info.due, due);
			info.taken = taken.map_or(info.taken, |taken| set(info.taken, taken));
		});
	}

	/// Row in which a target is probed, and its place: the active row while the target has units.
	pub(crate) fn probed_row(target: Target) -> Option<(PageId, Place, RowOf<T>)> {
		let slots = SlotsOf::<T>::get(target)?;
		let (id, place) = match slots.active {
			Some(active) => (PageId::Active(active.page), active),
			None => (PageId::Idle(slots.idle.page), slots.idle),
		};
		Some((id, place, Self::row(id, place.slot)?))
	}

	/// Idle pages that were ever used.
	pub(crate) fn idle_pages() -> u32 {
		Idle::<T>::get().end.div_ceil(ROWS)
	}

	/// Take an idle slot: the one freed first if its rounds are closed, otherwise a new one.
	pub(crate) fn take_idle() -> Option<Place> {
		Idle::<T>::mutate(|slots| {
			if slots.head < slots.tail
				&& let Some((place, last)) = FreeIdle::<T>::get(slots.head)
				&& last <= Progress::<T>::get().judged
			{
				FreeIdle::<T>::remove(slots.head);
				slots.head = slots.head.saturating_add(1);
				return Some(place);
			}
			if slots.end >= MAX_IDLE_PAGES.saturating_mul(ROWS) {
				return None;
			}
			let place = Place::nth(slots.end);
			slots.end = slots.end.saturating_add(1);
			Some(place)
		})
	}

	/// Give an idle slot back, to be taken once the current round is closed.
	pub(crate) fn free_idle(place: Place) {
		Idle::<T>::mutate(|slots: &mut IdleSlots| {
			FreeIdle::<T>::insert(slots.tail, (place, T::Clock::round()));
			slots.tail = slots.tail.saturating_add(1);
		});
	}

	/// First free active slot, so that active rows fill as few pages as they can.
	pub(crate) fn find_active() -> Option<Place> {
		let page = Active::<T>::get().full.first_absent();
		let info: PageInfo = PageInfos::<T>::get(PageId::Active(page));
		let slot = u8::try_from(info.taken.trailing_ones()).ok()?;
		(page < Self::active_pages() && u32::from(slot) < ROWS).then_some(Place { page, slot })
	}

	/// Take a free active slot.
	pub(crate) fn take_active(place: Place) {
		let id = PageId::Active(place.page);
		Self::set_due(id, place, true, Some(true));
		let full = PageInfos::<T>::get(id).taken == u128::MAX;
		Active::<T>::mutate(|active| {
			active.taken = active.taken.saturating_add(1);
			active.pages = active.pages.max(place.page.saturating_add(1));
			active.full.set(place.page, full);
		});
	}

	/// Give slots of an active page back, and note the last round in which all were taken.
	pub(crate) fn free_active(page: u32, slots: u32) {
		let Occupancy { taken, slots: all } = <Self as Slots>::occupancy();
		Active::<T>::mutate(|active: &mut ActiveSlots| {
			if taken >= all {
				active.full_until = Some(T::Clock::round());
			}
			active.taken = taken.saturating_sub(slots);
			active.full.set(page, false);
		});
	}

	/// Last round that names a slot and whose judging has yet to pass the page.
	pub(crate) fn last_naming(page: PageId, slot: u8) -> Option<RoundIndex> {
		let progress = Progress::<T>::get();
		let judging = progress.judged.saturating_add(1);
		let now = T::Clock::round();
		(judging.max(now.saturating_sub(JUDGED_AFTER))..=now).rev().find(|round| {
			let at = position(&DuePages::<T>::get(round), page, slot);
			at.is_some_and(|at| *round > judging || at >= progress.pages)
		})
	}

	/// Close the window of a row: append it to the ring and report it to the scores, unless no
	/// round of it was judged. Returns the weight of the handler.
	pub(crate) fn close_window(
		operator: &T::AccountId,
		target: Target,
		summary: &WindowSummary,
	) -> Weight {
		if summary.counters.judged() == 0 {
			return Weight::zero();
		}
		Windows::<T>::mutate(target, |ring: &mut Ring| {
			if ring.is_full() {
				ring.remove(0);
			}
			if ring.try_push(*summary).is_err() {
				defensive!("room was made");
			}
		});
		T::Reputation::window(operator, target, summary)
	}

	/// Take the counters out of an idle row that is activated: those of the current window go
	/// along, an older window is closed. Returns the row as it was, counting `window`.
	pub(crate) fn hand_over(row: &mut RowOf<T>, window: WindowIndex) -> RowOf<T> {
		if row.window < window {
			Self::close_window(&row.operator, row.target, &row.summary());
			row.reset(window);
		}
		let before = row.clone();
		row.reset(row.window);
		before
	}
}

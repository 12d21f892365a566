//! Slots: where a listing is while it is listed (cold) and while it has units (hot).
//!
//! A slot is given away again only after every round whose snapshot names it is closed. A cold slot
//! waits in a queue with that round; a hot row stays in its slot, marked `gone`, until sweep 2
//! passes it.

use crate::{
	ColdCursor, ColdSlots, Config, Error, FreeCold, Hot, HotSlots, MAX_COLD_PAGES, Page, PageId,
	PageInfo, PageInfos, Pages, Pallet, Place, Progress, ROWS, Ring, Row, Slots, SlotsOf, Windows,
};
use frame_support::{defensive, ensure, traits::DefensiveOption};
use sp_runtime::{DispatchError, DispatchResult};
use surety_primitives::{
	Clock, CloseReason, Judge, Meter, MeterReading, Metered, Occupancy, Probed, Probing, Registry,
	ReputationSink, RoundIndex, ServiceId, ServiceStatus, WindowIndex, WindowSummary,
};

type RowOf<T> = Row<<T as frame_system::Config>::AccountId>;
type PageOf<T> = Page<<T as frame_system::Config>::AccountId>;

/// Put a row into a slot, or free it.
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
	/// The row in a slot.
	pub(crate) fn row(id: PageId, slot: u8) -> Option<RowOf<T>> {
		Pages::<T>::get(id).get(usize::from(slot)).cloned().flatten()
	}

	/// Change the row in a slot.
	fn with_row<R>(id: PageId, slot: u8, change: impl FnOnce(&mut RowOf<T>) -> R) -> Option<R> {
		Pages::<T>::mutate(id, |page: &mut PageOf<T>| {
			page.get_mut(usize::from(slot)).and_then(Option::as_mut).map(change)
		})
	}

	/// Change the due bit of a slot, and the taken bit with it if told.
	fn set_due(id: PageId, place: Place, due: bool, taken: Option<bool>) {
		PageInfos::<T>::mutate(id, |info| {
			let set =
				|mask: u128, on: bool| if on { mask | place.bit() } else { mask & !place.bit() };
			info.due = set(info.due, due);
			info.taken = taken.map_or(info.taken, |taken| set(info.taken, taken));
		});
	}

	/// The row that is probed for a service and its page: the hot one while it has units.
	pub(crate) fn active_row(service: ServiceId) -> Option<(PageId, Place, RowOf<T>)> {
		let slots = SlotsOf::<T>::get(service)?;
		let (id, place) = match slots.hot {
			Some(hot) => (PageId::Hot(hot.page), hot),
			None => (PageId::Cold(slots.cold.page), slots.cold),
		};
		Some((id, place, Self::row(id, place.slot)?))
	}

	/// Cold pages that were ever used.
	pub(crate) fn cold_pages() -> u32 {
		ColdCursor::<T>::get().end.div_ceil(ROWS)
	}

	/// Take a cold slot: the one freed longest ago if its rounds are closed, else a new one.
	fn take_cold() -> Option<Place> {
		ColdCursor::<T>::mutate(|slots| {
			if slots.head < slots.tail
				&& let Some((place, last)) = FreeCold::<T>::get(slots.head)
				&& last <= Progress::<T>::get().judged
			{
				FreeCold::<T>::remove(slots.head);
				slots.head = slots.head.saturating_add(1);
				return Some(place);
			}
			if slots.end >= MAX_COLD_PAGES.saturating_mul(ROWS) {
				return None;
			}
			let place = Place::nth(slots.end);
			slots.end = slots.end.saturating_add(1);
			Some(place)
		})
	}

	/// Give a cold slot back, to be taken once the current round is closed.
	fn free_cold(place: Place) {
		ColdCursor::<T>::mutate(|slots: &mut ColdSlots| {
			FreeCold::<T>::insert(slots.tail, (place, T::Clock::round()));
			slots.tail = slots.tail.saturating_add(1);
		});
	}

	/// The first free hot slot, so that hot rows fill as few pages as they can.
	fn find_hot() -> Option<Place> {
		let page = Hot::<T>::get().full.first_absent();
		let info: PageInfo = PageInfos::<T>::get(PageId::Hot(page));
		let slot = u8::try_from(info.taken.trailing_ones()).ok()?;
		(page < Self::hot_pages() && u32::from(slot) < ROWS).then_some(Place { page, slot })
	}

	/// Take a free hot slot.
	fn take_hot(place: Place) {
		let id = PageId::Hot(place.page);
		Self::set_due(id, place, true, Some(true));
		let full = PageInfos::<T>::get(id).taken == u128::MAX;
		Hot::<T>::mutate(|hot| {
			hot.taken = hot.taken.saturating_add(1);
			hot.pages = hot.pages.max(place.page.saturating_add(1));
			hot.full.set(place.page, full);
		});
	}

	/// Give slots of a hot page back, and note until when all were taken.
	pub(crate) fn free_hot(page: u32, slots: u32) {
		let Occupancy { taken, slots: all } = <Self as Probing>::occupancy();
		Hot::<T>::mutate(|hot: &mut HotSlots| {
			if taken >= all {
				hot.full_until = Some(T::Clock::round());
			}
			hot.taken = taken.saturating_sub(slots);
			hot.full.set(page, false);
		});
	}

	/// The window of a row is over: into the ring and to the scores, unless no round of it was
	/// judged.
	pub(crate) fn close_window(
		operator: &T::AccountId,
		service: ServiceId,
		summary: &WindowSummary,
	) {
		if summary.counters.judged() == 0 {
			return;
		}
		Windows::<T>::mutate(service, |ring: &mut Ring| {
			if ring.is_full() {
				ring.remove(0);
			}
			if ring.try_push(*summary).is_err() {
				defensive!("room was made");
			}
		});
		T::Reputation::window(operator, service, summary);
	}

	/// A row that rests gives up its counts: those of the current window go along, an older window
	/// is closed. Returns the row as it was, counting `window`.
	fn hand_over(row: &mut RowOf<T>, window: WindowIndex) -> RowOf<T> {
		if row.window < window {
			Self::close_window(&row.operator, row.service, &row.summary());
			row.reset(window);
		}
		let before = row.clone();
		row.reset(row.window);
		before
	}
}

impl<T: Config> Probing for Pallet<T> {
	fn list(service: ServiceId) -> DispatchResult {
		ensure!(!SlotsOf::<T>::contains_key(service), Error::<T>::AlreadyListed);
		let listing = T::Registry::service(service).ok_or(Error::<T>::UnknownService)?;
		let place = Self::take_cold().ok_or(Error::<T>::NoSlot)?;
		let round = T::Clock::round();
		let row = Row {
			service,
			operator: listing.operator,
			max_latency: listing.terms.max_latency,
			joined: round.saturating_add(1),
			gone: None,
			dormant: false,
			unproven: listing.status == ServiceStatus::Unproven,
			maintenance_from: 0,
			maintenance_rounds: 0,
			window: T::Clock::window_of(round),
			counters: Default::default(),
			earlier: Default::default(),
			latencies: Default::default(),
			last: None,
			frozen: Default::default(),
			tiers: [None; 3],
			meter: Default::default(),
			meter_end: None,
			health: Default::default(),
		};
		let id = PageId::Cold(place.page);
		Pages::<T>::mutate(id, |page| put(page, place.slot, Some(row)));
		Self::set_due(id, place, true, None);
		SlotsOf::<T>::insert(service, Slots { cold: place, hot: None });
		Ok(())
	}

	fn unproven(service: ServiceId) {
		let Some(Slots { cold, hot }) = SlotsOf::<T>::get(service) else { return };
		let id = PageId::Cold(cold.page);
		let round = T::Clock::round();
		Self::with_row(id, cold.slot, |row| {
			row.unproven = true;
			row.last = None;
			// What was found in the rounds that are open may be of where it was before.
			row.joined = round.saturating_add(1);
			row.dormant = hot.is_some();
		});
		Self::set_due(id, cold, hot.is_none(), None);
	}

	fn unlist(service: ServiceId) {
		Self::cool(service);
		let Some(Slots { cold, .. }) = SlotsOf::<T>::take(service) else { return };
		let id = PageId::Cold(cold.page);
		if let Some(row) = Self::row(id, cold.slot) {
			Self::close_window(&row.operator, service, &row.summary());
		}
		Pages::<T>::mutate(id, |page| put(page, cold.slot, None));
		Self::set_due(id, cold, false, None);
		Self::free_cold(cold);
		Windows::<T>::remove(service);
	}

	fn heat(service: ServiceId) -> Result<Occupancy, DispatchError> {
		let slots = SlotsOf::<T>::get(service).ok_or(Error::<T>::NotListed)?;
		if slots.hot.is_some() {
			return Ok(<Self as Probing>::occupancy());
		}
		let place = Self::find_hot().ok_or(Error::<T>::RoundsFull)?;
		let frozen = T::Judge::heated(service);
		let round = T::Clock::round();
		let window = T::Clock::window_of(round);
		let cold_id = PageId::Cold(slots.cold.page);
		let before = Self::with_row(cold_id, slots.cold.slot, |row| {
			let before = Self::hand_over(row, window);
			row.dormant = true;
			before
		});
		let before = before.defensive_ok_or(Error::<T>::NotListed)?;
		Self::set_due(cold_id, slots.cold, false, None);
		let row = Row {
			joined: round.saturating_add(1),
			dormant: false,
			earlier: before.all_counters(),
			counters: Default::default(),
			frozen,
			tiers: [None; 3],
			meter: MeterReading { blocks: 0, through: round, recent: 0 },
			meter_end: None,
			health: Default::default(),
			..before
		};
		let id = PageId::Hot(place.page);
		Pages::<T>::mutate(id, |page| put(page, place.slot, Some(row)));
		Self::take_hot(place);
		SlotsOf::<T>::insert(service, Slots { hot: Some(place), ..slots });
		Ok(<Self as Probing>::occupancy())
	}

	fn cool(service: ServiceId) {
		let Some(slots) = SlotsOf::<T>::get(service) else { return };
		let Some(place) = slots.hot else { return };
		let round = T::Clock::round();
		let id = PageId::Hot(place.page);
		let named = Self::last_naming(id, place.slot);
		let before = Pages::<T>::mutate(id, |page| {
			let row = page.get_mut(usize::from(place.slot))?;
			let before = row.clone()?;
			*row = row.take().filter(|_| named.is_some()).map(|row| Row { gone: named, ..row });
			Some(before)
		});
		Self::set_due(id, place, false, Some(named.is_some()));
		if named.is_none() {
			Self::free_hot(place.page, 1);
		}
		SlotsOf::<T>::insert(service, Slots { hot: None, ..slots });
		let Some(before) = before else {
			defensive!("a hot slot has its row");
			return;
		};
		let cold_id = PageId::Cold(slots.cold.page);
		Self::with_row(cold_id, slots.cold.slot, |row| {
			*row = Row {
				joined: round.saturating_add(1),
				counters: before.all_counters(),
				earlier: Default::default(),
				frozen: Default::default(),
				tiers: [None; 3],
				meter: Default::default(),
				meter_end: None,
				health: Default::default(),
				..before
			};
		});
		Self::set_due(cold_id, slots.cold, true, None);
	}

	fn occupancy() -> Occupancy {
		Occupancy { taken: Hot::<T>::get().taken, slots: Self::hot_pages().saturating_mul(ROWS) }
	}

	fn was_full_since(round: RoundIndex) -> bool {
		let Occupancy { taken, slots } = <Self as Probing>::occupancy();
		taken >= slots || Hot::<T>::get().full_until >= Some(round)
	}

	fn end_meter(service: ServiceId, at: RoundIndex, reason: CloseReason) {
		let Some(place) = SlotsOf::<T>::get(service).and_then(|slots| slots.hot) else { return };
		let id = PageId::Hot(place.page);
		let over = Self::with_row(id, place.slot, |row| {
			let stands = row.meter_end.filter(|(end, _)| *end <= at);
			row.meter_end = stands.or(Some((at, reason)));
			row.is_over(row.meter.through)
		});
		// Normally the sweep takes the row out of the rounds once it judged `at`. If it has, the
		// rounds that are open still name the slot, but not for this row: see `Row::is_due`.
		if over == Some(true) {
			Self::set_due(id, place, false, None);
		}
	}

	fn set_maintenance(service: ServiceId, from: RoundIndex, rounds: u16) {
		let Some((id, place, _)) = Self::active_row(service) else { return };
		Self::with_row(id, place.slot, |row| {
			row.maintenance_from = from;
			row.maintenance_rounds = rounds;
		});
	}

	fn probed(service: ServiceId) -> Option<Probed> {
		let (id, _, row) = Self::active_row(service)?;
		Some(Probed {
			last: row.last,
			window: row.window,
			counters: row.counters,
			hot: id.is_hot(),
		})
	}

	fn judged_round() -> RoundIndex {
		Progress::<T>::get().judged
	}
}

impl<T: Config> Meter for Pallet<T> {
	fn meter(service: ServiceId) -> Option<Metered> {
		let (.., row) = Self::active_row(service).filter(|(id, ..)| id.is_hot())?;
		Some(Metered { reading: row.meter, end: row.meter_end })
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Traits that other pallets call.

use crate::*;
use frame::traits::DefensiveOption;
use surety_primitives::{
	Counters, Meter, MeterReading, Metered, ProbeHistory, ProbeStatus, ServiceStatus, WindowTerms,
};

impl<T: Config> Probing<T::AccountId> for Pallet<T> {
	fn list(target: Target, listing: &Service<T::AccountId>) -> DispatchResult {
		ensure!(!SlotsOf::<T>::contains_key(target), Error::<T>::AlreadyListed);
		let place = Self::take_idle().ok_or(Error::<T>::NoSlot)?;
		let round = T::Clock::round();
		let row = Row {
			target,
			operator: listing.operator.clone(),
			max_latency: listing.terms.max_latency,
			joined: round.saturating_add(1),
			state: RowState::Due,
			unproven: listing.status == ServiceStatus::Unproven,
			maintenance: None,
			window: T::Clock::window_of(round),
			counters: Default::default(),
			earlier: Default::default(),
			latencies: Default::default(),
			last: None,
			terms: Default::default(),
			tiers: [None; 3],
			meter: Default::default(),
			meter_end: None,
			health: Default::default(),
		};
		let id = PageId::Idle(place.page);
		Pages::<T>::mutate(id, |page| pages::put(page, place.slot, Some(row)));
		Self::set_due(id, place, true, None);
		SlotsOf::<T>::insert(target, TargetSlots { idle: place, active: None });
		Ok(())
	}

	fn unlist(target: Target) {
		<Self as Slots>::deactivate(target);
		let Some(TargetSlots { idle, .. }) = SlotsOf::<T>::take(target) else { return };
		let id = PageId::Idle(idle.page);
		if let Some(row) = Self::row(id, idle.slot) {
			Self::close_window(&row.operator, target, &row.summary());
		}
		Pages::<T>::mutate(id, |page| pages::put(page, idle.slot, None));
		Self::set_due(id, idle, false, None);
		Self::free_idle(idle);
		Windows::<T>::remove(target);
	}

	fn reset_proof(id: ServiceId) {
		let Some(TargetSlots { idle, active }) = SlotsOf::<T>::get(Target::Service(id)) else {
			return;
		};
		let page = PageId::Idle(idle.page);
		let round = T::Clock::round();
		Self::with_row(page, idle.slot, |row| {
			row.unproven = true;
			row.last = None;
			// The findings of the open rounds may be of the former endpoint.
			row.joined = round.saturating_add(1);
			row.state = if active.is_some() { RowState::Activated } else { RowState::Due };
		});
		Self::set_due(page, idle, active.is_none(), None);
	}

	fn set_maintenance(target: Target, from: RoundIndex, rounds: u16) {
		let Some((id, place, _)) = Self::probed_row(target) else { return };
		let maintenance = (rounds > 0).then_some(Maintenance { from, rounds });
		Self::with_row(id, place.slot, |row| row.maintenance = maintenance);
	}

	fn end_meter(target: Target, at: RoundIndex, reason: CloseReason) {
		let Some(place) = SlotsOf::<T>::get(target).and_then(|slots| slots.active) else { return };
		let id = PageId::Active(place.page);
		let over = Self::with_row(id, place.slot, |row| {
			let stands = row.meter_end.filter(|(end, _)| *end <= at);
			row.meter_end = stands.or(Some((at, reason)));
			row.is_over(row.meter.through)
		});
		// As a rule the judging takes the row out of later rounds once it has judged `at`. If it
		// has already, the open rounds still name the slot, but not for this row: see
		// `Row::is_due`.
		if over == Some(true) {
			Self::set_due(id, place, false, None);
		}
	}

	fn judged_round() -> RoundIndex {
		Progress::<T>::get().judged
	}
}

impl<T: Config> Slots for Pallet<T> {
	fn activate(target: Target, terms: WindowTerms) -> Result<Occupancy, DispatchError> {
		let slots = SlotsOf::<T>::get(target).ok_or(Error::<T>::NotListed)?;
		if slots.active.is_some() {
			return Ok(<Self as Slots>::occupancy());
		}
		let place = Self::find_active().ok_or(Error::<T>::RoundsFull)?;
		let round = T::Clock::round();
		let window = T::Clock::window_of(round);
		let idle_id = PageId::Idle(slots.idle.page);
		let before = Self::with_row(idle_id, slots.idle.slot, |row| {
			let before = Self::hand_over(row, window);
			row.state = RowState::Activated;
			before
		});
		let before = before.defensive_ok_or(Error::<T>::NotListed)?;
		Self::set_due(idle_id, slots.idle, false, None);
		let row = Row {
			joined: round.saturating_add(1),
			state: RowState::Due,
			earlier: before.all_counters(),
			counters: Default::default(),
			terms,
			tiers: [None; 3],
			meter: MeterReading { blocks: 0, through: round, recent: 0 },
			meter_end: None,
			health: Default::default(),
			..before
		};
		let id = PageId::Active(place.page);
		Pages::<T>::mutate(id, |page| pages::put(page, place.slot, Some(row)));
		Self::take_active(place);
		SlotsOf::<T>::insert(target, TargetSlots { active: Some(place), ..slots });
		Ok(<Self as Slots>::occupancy())
	}

	fn deactivate(target: Target) {
		let Some(slots) = SlotsOf::<T>::get(target) else { return };
		let Some(place) = slots.active else { return };
		let round = T::Clock::round();
		let id = PageId::Active(place.page);
		let named = Self::last_naming(id, place.slot);
		let before = Pages::<T>::mutate(id, |page| {
			let row = page.get_mut(usize::from(place.slot))?;
			let before = row.take()?;
			*row = named.map(|until| Row { state: RowState::Leaving { until }, ..before.clone() });
			Some(before)
		});
		Self::set_due(id, place, false, Some(named.is_some()));
		if named.is_none() {
			Self::free_active(place.page, 1);
		}
		SlotsOf::<T>::insert(target, TargetSlots { active: None, ..slots });
		let Some(before) = before else {
			defensive!("an active slot has its row");
			return;
		};
		let idle_id = PageId::Idle(slots.idle.page);
		Self::with_row(idle_id, slots.idle.slot, |row| {
			*row = Row {
				joined: round.saturating_add(1),
				counters: before.all_counters(),
				earlier: Default::default(),
				terms: Default::default(),
				tiers: [None; 3],
				meter: Default::default(),
				meter_end: None,
				health: Default::default(),
				..before
			};
		});
		Self::set_due(idle_id, slots.idle, true, None);
	}

	fn occupancy() -> Occupancy {
		let taken = Active::<T>::get().taken;
		Occupancy { taken, slots: Self::active_pages().saturating_mul(ROWS) }
	}

	fn was_full_since(round: RoundIndex) -> bool {
		let Occupancy { taken, slots } = <Self as Slots>::occupancy();
		taken >= slots || Active::<T>::get().full_until >= Some(round)
	}

	fn status(target: Target) -> Option<ProbeStatus> {
		let (id, _, row) = Self::probed_row(target)?;
		Some(ProbeStatus {
			last: row.last,
			window: row.window,
			counters: row.counters,
			active: id.is_active(),
		})
	}
}

impl<T: Config> Meter for Pallet<T> {
	fn meter(target: Target) -> Option<Metered> {
		let (.., row) = Self::probed_row(target).filter(|(id, ..)| id.is_active())?;
		Some(Metered { reading: row.meter, end: row.meter_end })
	}
}

impl<T: Config> ProbeHistory for Pallet<T> {
	fn closed_window(target: Target, window: WindowIndex) -> Option<Counters> {
		let closed = Windows::<T>::get(target).into_iter().rev().find(|it| it.window == window)?;
		Some(closed.counters)
	}
}

impl<T: Config> BoundToRuntimeAppPublic for Pallet<T> {
	type Public = ProberId;
}

/// A new session changes the probers from the next snapshot on. Open rounds keep theirs.
impl<T: Config> OneSessionHandler<T::AccountId> for Pallet<T> {
	type Key = ProberId;

	fn on_genesis_session<'a, I>(validators: I)
	where
		I: Iterator<Item = (&'a T::AccountId, ProberId)> + 'a,
	{
		Self::set_probers(validators);
	}

	fn on_new_session<'a, I>(_changed: bool, validators: I, _queued: I)
	where
		I: Iterator<Item = (&'a T::AccountId, ProberId)> + 'a,
	{
		Self::set_probers(validators);
	}

	fn on_before_session_ending() {
		Self::end_duty(T::ValidatorSet::session_index());
	}

	fn on_disabled(_validator: u32) {}
}

//! How agreements end, and what the registry asks of them.

use crate::{credit::credit_between, open::ends_before, *};
use frame_support::{defensive, storage::with_storage_layer};
use surety_primitives::{EscrowOwner, OnEscrowEnd, Service, StreamEnd};

/// Breaches that are looked back at when an end is executed: the tiers of all kinds in the window of the last
/// round, and in one more in case the end is executed late.
pub(crate) const LOOK_BACK: u32 = 24;

impl<T: Config> OnEscrowEnd for Pallet<T> {
	fn ending(owner: EscrowOwner, round: RoundIndex, reason: CloseReason) {
		match owner {
			EscrowOwner::Agreement(id) => Self::note_ending(id, round, reason),
			// Its owner says so by `LeaseAgreements`.
			EscrowOwner::Replica { .. } => {},
		}
	}

	fn ended(owner: EscrowOwner, end: StreamEnd) {
		match owner {
			EscrowOwner::Agreement(id) => Self::finish(id, end),
			EscrowOwner::Replica { .. } => {},
		}
	}

	/// Agreements are not parked, and what is parked is no agreement's.
	fn parked(_: EscrowOwner, _: StreamEnd) {}
}

impl<T: Config> Pallet<T> {
	/// Decide the end of an agreement.
	pub(crate) fn end_stream(
		id: AgreementId,
		agreement: &Agreement<T::AccountId>,
		at: RoundIndex,
		reason: CloseReason,
	) -> DispatchResult {
		T::Escrow::end(agreement.escrow, at, reason)?;
		Self::note_ending(id, at, reason);
		Ok(())
	}

	/// Mark an agreement as ending; an earlier end stands.
	pub(crate) fn note_ending(id: AgreementId, round: RoundIndex, reason: CloseReason) {
		Agreements::<T>::mutate_extant(id, |agreement| {
			if ends_before(&agreement.state, round) {
				let reason = Self::reason_for(agreement.service, reason);
				agreement.state = AgreementState::Closing { round, reason };
				Self::deposit_event(Event::AgreementEnding {
					agreement: id,
					round,
					reason,
					code: reason.code(),
				});
			}
		});
	}

	/// An agreement is over: credit it for the last time, take its units out, tell of it and pay.
	pub(crate) fn finish(id: AgreementId, end: StreamEnd) {
		let Some(mut agreement) = Agreements::<T>::get(id) else {
			defensive!("a stream ends before its agreement");
			return;
		};
		if matches!(agreement.state, AgreementState::Closed { .. }) {
			defensive!("a stream ends once");
			return;
		}
		let reason = Self::reason_for(agreement.service, end.reason);
		let info = T::Registry::service(agreement.service);
		Self::remove_units(&mut agreement, info.as_ref(), end.round, reason);
		agreement.state = AgreementState::Closed { round: end.round, reason };
		Self::deposit_event(Event::AgreementClosed {
			agreement: id,
			service: agreement.service,
			tenant: agreement.tenant.clone(),
			reason,
			code: reason.code(),
			paid: end.paid,
			refunded: end.refunded,
			credited: agreement.credited,
		});
		if Self::pay(id, &mut agreement).is_err() {
			Self::deposit_event(Event::CreditClaimable {
				agreement: id,
				tenant: agreement.tenant.clone(),
				amount: agreement.claimable,
			});
		}
		if let Some(info) = info {
			T::Reputation::engagement(id, &info.operator, &agreement.tenant, agreement.asset, end.fee);
		}
		Self::store(id, agreement);
	}

	/// End an agreement whose service's meter has stopped. Says whether it did. A lease's stream is its owner's
	/// to end.
	pub(crate) fn end_with_service(id: AgreementId, agreement: &Agreement<T::AccountId>) -> bool {
		if agreement.lease.is_some() {
			return false;
		}
		let Some(at) = T::Probing::ended(agreement.service) else { return false };
		if at > T::Probing::judged_round() || !ends_before(&agreement.state, at) {
			return false;
		}
		let reason = Self::reason_for(agreement.service, CloseReason::ServiceRetired);
		Self::end_stream(id, agreement, at, reason).is_ok()
	}

	/// The reason as this pallet knows it: to escrow, a meter that stops is a service that was retired.
	fn reason_for(service: ServiceId, reason: CloseReason) -> CloseReason {
		match reason {
			CloseReason::ServiceRetired if Services::<T>::get(service).is_some_and(|s| s.terminated) => {
				CloseReason::Terminated
			},
			reason => reason,
		}
	}

	/// Credit an agreement for the last time, up to the end of `round`, and take its units out.
	fn remove_units(
		agreement: &mut Agreement<T::AccountId>,
		info: Option<&Service<T::AccountId>>,
		round: RoundIndex,
		reason: CloseReason,
	) {
		let service = agreement.service;
		let Some(mut state) = Services::<T>::get(service) else {
			defensive!("units belong to a known service");
			return;
		};
		Self::resolve(agreement);
		let price = agreement.price;
		let removed = match agreement.base {
			Base::Window(window) => state.remove_pending(price, window, agreement.units),
			Base::Index(base) => {
				let now = state.index_at_price(price);
				let last = Self::last_index(agreement, &state, round, reason).max(base);
				Self::credit_up_to(agreement, base, last);
				Self::carry_over(&mut state, credit_between(agreement.units, last, now));
				state.remove_active(price, agreement.units)
			},
		};
		if !removed {
			defensive!("the units of an agreement are counted");
		}
		if let Some(info) = info {
			Self::lower_exposure(service, &state, &info.terms, 0);
		}
		let idle = state.units == 0;
		Services::<T>::insert(service, state);
		if idle {
			T::Probing::cool(service);
		}
	}

	/// Index up to which an agreement is credited that ends with `round`. A tenant that leaves gets no more for
	/// its last window than the rounds cost that it stayed for. Nor does that of a lease, which a few bad rounds
	/// end at once: else an outage of three rounds would earn the price of a window.
	pub(crate) fn last_index(
		agreement: &Agreement<T::AccountId>,
		state: &ServiceState,
		round: RoundIndex,
		reason: CloseReason,
	) -> Balance {
		let (start, last) = Self::indices(agreement, state, round);
		if !is_limited(reason) && agreement.lease.is_none() {
			return last;
		}
		let first = T::Clock::window_start(T::Clock::window_of(round));
		last.min(start.saturating_add(Self::price_of_rounds(agreement.price, first, round)))
	}

	/// What a unit costs in the rounds `first ..= last`, all of them billed.
	pub(crate) fn price_of_rounds(price: Balance, first: RoundIndex, last: RoundIndex) -> Balance {
		let rounds = last.saturating_add(1).saturating_sub(first);
		let blocks = rounds.saturating_mul(T::Clock::round_blocks());
		price.saturating_mul(Balance::from(blocks))
	}

	/// Indices of an agreement's tariff at the start of the window of `round` and at the end of `round`, by the
	/// breaches since. If an end is executed late and the service was in breach again meanwhile, what was taken
	/// for units that were gone is nobody's credit.
	fn indices(
		agreement: &Agreement<T::AccountId>,
		state: &ServiceState,
		round: RoundIndex,
	) -> (Balance, Balance) {
		let price = agreement.price;
		let now = state.index_at_price(price);
		let (mut start, mut last) = (now, now);
		let first = T::Clock::window_start(T::Clock::window_of(round));
		if state.last_rise < first {
			return (start, last);
		}
		for back in 1..=LOOK_BACK {
			let number = state.breaches.checked_sub(back);
			let Some(breach) = number.and_then(|n| Breaches::<T>::get(agreement.service, n)) else { break };
			if breach.round < first {
				break;
			}
			let Some(rise) = breach.rises.iter().find(|r| r.price == price) else { continue };
			start = rise.before;
			if breach.round > round {
				last = rise.before;
			}
		}
		(start, last)
	}

	/// What was set aside for an agreement and is not due to it pays later credits of the service.
	fn carry_over(state: &mut ServiceState, amount: Balance) {
		if amount == 0 {
			return;
		}
		state.carry = state.carry.saturating_add(amount);
		Pots::<T>::mutate(state.asset, |pot| {
			pot.owed = pot.owed.saturating_sub(amount);
			pot.carry = pot.carry.saturating_add(amount);
		});
	}
}

/// Whether an agreement that ends for this reason is credited in its last window only for the rounds of it: the
/// moment was its tenant's to choose.
pub(crate) fn is_limited(reason: CloseReason) -> bool {
	matches!(reason, CloseReason::TenantClosed | CloseReason::FundsExhausted | CloseReason::Expired)
}

impl<T: Config> surety_primitives::Agreements for Pallet<T> {
	fn units(service: ServiceId) -> u32 {
		Services::<T>::get(service).map_or(0, |s| s.units)
	}

	fn cap_raised(service: ServiceId, cap: Balance) -> DispatchResult {
		let Some(state) = Services::<T>::get(service).filter(|s| s.units > 0) else { return Ok(()) };
		let exposure = Self::exposure_of(&state, cap).ok_or(ArithmeticError::Overflow)?;
		T::Bonding::set_exposure(service, exposure)
	}

	/// Claims that could not be delivered stay: they must not keep the operator's deposit.
	fn forget(service: ServiceId) -> DispatchResult {
		let state = Services::<T>::get(service);
		ensure!(state.as_ref().is_none_or(|s| s.units == 0), Error::<T>::UnitsLeft);
		T::Reputation::forget_service(service);
		let Some(state) = state else { return Ok(()) };
		if state.carry > 0 {
			// What the treasury cannot take stays in the pot and is owed to nobody.
			let _ = with_storage_layer(|| {
				T::Funds::transfer(state.asset, &Self::pot(), &T::Registry::treasury(), state.carry)
			});
			Pots::<T>::mutate(state.asset, |pot| pot.carry = pot.carry.saturating_sub(state.carry));
		}
		let first = state.breaches.saturating_sub(T::MaxBreaches::get());
		for number in first..state.breaches {
			Breaches::<T>::remove(service, number);
		}
		Services::<T>::remove(service);
		Ok(())
	}
}

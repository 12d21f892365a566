//! Ends of agreements, and the questions of the registry.

use crate::*;
use frame_support::{defensive, storage::with_storage_layer};
use surety_primitives::{EscrowOwner, OnEscrowEnd, Service, StreamEnd};

impl<T: Config> OnEscrowEnd for Pallet<T> {
	fn ending(owner: EscrowOwner, round: RoundIndex, reason: CloseReason) {
		match owner {
			EscrowOwner::Agreement(id) => Self::note_ending(id, round, reason),
			// The owner of the lease notifies.
			EscrowOwner::Replica { .. } => {},
		}
	}

	fn ended(owner: EscrowOwner, end: StreamEnd) {
		match owner {
			EscrowOwner::Agreement(id) => Self::finish(id, end),
			EscrowOwner::Replica { .. } => {},
		}
	}

	/// Streams of agreements are never parked.
	fn parked(_: EscrowOwner, _: StreamEnd) {}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn note_ending(agreement: AgreementId, round: RoundIndex, reason: CloseReason) {
		Self::deposit_event(Event::AgreementEnding {
			agreement,
			round,
			reason,
			code: reason.code(),
		});
	}

	/// Credit an agreement that is over for the last time, take it out of its service, and pay.
	pub(crate) fn finish(id: AgreementId, end: StreamEnd) {
		let Some(mut agreement) =
			Agreements::<T>::get(id).filter(|agreement| !agreement.is_closed())
		else {
			defensive!("a stream ends once, and before its agreement");
			return;
		};
		let StreamEnd { reason, round, paid, refunded, fee } = end;
		let info = T::Registry::service(agreement.service);
		Self::remove_agreement(&mut agreement, info.as_ref(), paid);
		agreement.state = AgreementState::Closed { round, reason };
		Self::deposit_event(Event::AgreementClosed {
			agreement: id,
			service: agreement.service,
			tenant: agreement.tenant.clone(),
			reason,
			code: reason.code(),
			paid,
			refunded,
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
			T::Reputation::engagement(id, &info.operator, &agreement.tenant, agreement.asset, fee);
		}
		Self::store(id, agreement);
	}

	/// Credit an agreement up to what it has `paid` in all; what it was promised beyond that is
	/// nobody's.
	fn remove_agreement(
		agreement: &mut Agreement<T::AccountId>,
		info: Option<&Service<T::AccountId>>,
		paid: Balance,
	) {
		let service = agreement.service;
		let Some(mut state) = Services::<T>::get(service) else {
			defensive!("an agreement belongs to a known service");
			return;
		};
		Self::resolve(agreement);
		let (units, rate, slot) = (agreement.units, agreement.rate, state.slot);
		let removed = match agreement.base {
			Base::Window(window) => state.remove_pending(window, units, rate),
			Base::Index(_) => {
				Self::credit_up_to(agreement, &mut state, paid);
				let beyond = Self::promised(agreement, &state).saturating_sub(agreement.credited);
				Self::spare(&mut state, beyond);
				state.remove_active(units, rate)
			},
		};
		if !removed {
			defensive!("an agreement is counted in its service");
		}
		if state.active == 0 {
			// Roundings of those that are gone.
			let rest = state.set_aside;
			Self::spare(&mut state, rest);
		}
		let idle = state.units == 0;
		if let Some(slot) = slot.filter(|_| idle) {
			// As it was before: the last agreement has paid its fees of these rounds.
			state.slot = None;
			Self::release_slot(service, &slot);
		}
		if let Some(info) = info {
			Self::lower_exposure(service, &state, info.terms.cover);
		}
		Services::<T>::insert(service, state);
		if idle {
			T::Probing::cool(service);
		}
	}

	/// Turn what was set aside into what is due to no agreement.
	fn spare(state: &mut ServiceState, amount: Balance) {
		let amount = amount.min(state.set_aside);
		if amount == 0 {
			return;
		}
		state.set_aside = state.set_aside.saturating_sub(amount);
		state.spare = state.spare.saturating_add(amount);
		Pots::<T>::mutate(state.asset, |pot| {
			pot.owed = pot.owed.saturating_sub(amount);
			pot.spare = pot.spare.saturating_add(amount);
		});
	}

	/// Give to the treasury what is due to no agreement. If it cannot take it, it stays where it
	/// is.
	pub(crate) fn sweep_spare(state: &mut ServiceState) {
		let amount = state.spare;
		if amount == 0 {
			return;
		}
		let moved = with_storage_layer(|| {
			T::Funds::transfer(state.asset, &Self::pot(), &T::Registry::treasury(), amount)
		});
		if moved.is_ok() {
			state.spare = 0;
			Pots::<T>::mutate(state.asset, |pot| pot.spare = pot.spare.saturating_sub(amount));
		}
	}
}

impl<T: Config> surety_primitives::Agreements for Pallet<T> {
	fn units(service: ServiceId) -> u32 {
		Services::<T>::get(service).map_or(0, |s| s.units)
	}

	fn cover_raised(service: ServiceId, cover: WindowShare) -> DispatchResult {
		let Some(state) = Services::<T>::get(service).filter(|s| s.units > 0) else {
			return Ok(());
		};
		let exposure = state.exposure::<T::Clock>(cover).ok_or(ArithmeticError::Overflow)?;
		T::Bonding::set_exposure(service, exposure)
	}

	/// Claims that could not be delivered stay: they must not keep the operator's deposit.
	fn forget(service: ServiceId) -> DispatchResult {
		ensure!(Self::units(service) == 0, Error::<T>::UnitsLeft);
		T::Reputation::forget_service(service);
		let Some(mut state) = Services::<T>::take(service) else { return Ok(()) };
		Self::sweep_spare(&mut state);
		// What the treasury cannot take stays in the pot and is owed to nobody.
		Pots::<T>::mutate(state.asset, |pot| pot.spare = pot.spare.saturating_sub(state.spare));
		let first = state.breaches.saturating_sub(T::MaxBreaches::get());
		for number in first..state.breaches {
			Breaches::<T>::remove(service, number);
		}
		Ok(())
	}
}

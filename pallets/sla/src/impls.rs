// SPDX-License-Identifier: Apache-2.0

//! Traits that other pallets call.

use crate::{Breaches, Config, Error, Pallet, Pots, Rules, Targets, WeightInfo};
use frame::prelude::*;
use frame_support::storage::with_storage_layer;
use surety_primitives::{
	AgreementFacts, AgreementId, AgreementInspect, Agreements, Balance, Counters, End, EscrowId,
	EscrowOwner, LeaseAgreements, LeaseId, OnAgreementEnd, OnJudged, OnStreamEnd, Registry,
	ReputationSink, Service, ServiceId, SlaTerms, StreamEnd, Streams, Target, TierReached,
	WindowClosed, WindowIndex, WindowShare, credit::exposure,
};

impl<T: Config> OnJudged for Pallet<T> {
	fn window_closed(target: Target, window: WindowIndex, since_sold: &Counters) -> WindowClosed {
		let (next, end) = Self::close_window(target, window, since_sold);
		WindowClosed { next, end, weight: T::WeightInfo::window_closed() }
	}

	fn tier_reached(target: Target, tier: TierReached) -> (Option<End>, Weight) {
		(Self::apply_tier(target, &tier), T::WeightInfo::tier_reached())
	}
}

impl<T: Config> Agreements for Pallet<T> {
	fn units(id: ServiceId) -> u32 {
		Self::units_of(Target::Service(id))
	}

	fn exposure_under(id: ServiceId, cover: WindowShare) -> Result<Option<Balance>, DispatchError> {
		let state = Targets::<T>::get(Target::Service(id)).filter(|state| state.units > 0);
		let Some(state) = state else { return Ok(None) };
		let exposure = state.exposure::<T::Clock>(cover).ok_or(ArithmeticError::Overflow)?;
		Ok(Some(exposure))
	}

	/// Claims that could not be delivered stay: they must not keep the operator's deposit.
	fn forget(target: Target) -> DispatchResult {
		ensure!(Self::units_of(target) == 0, Error::<T>::UnitsLeft);
		T::Reputation::forget(target);
		let Some(mut state) = Targets::<T>::take(target) else { return Ok(()) };
		Self::sweep_spare(&mut state);
		// Spare that the treasury cannot take stays in the pot and is owed to nobody.
		Pots::<T>::mutate(state.asset, |pot| pot.spare = pot.spare.saturating_sub(state.spare));
		let oldest = state.breaches.saturating_sub(T::MaxBreaches::get());
		for number in oldest..state.breaches {
			Breaches::<T>::remove(target, number);
		}
		Ok(())
	}

	fn forget_weight() -> Weight {
		T::WeightInfo::forget()
	}
}

impl<T: Config> LeaseAgreements<T::AccountId> for Pallet<T> {
	fn open(
		lease: LeaseId,
		listing: &Service<T::AccountId>,
		tenant: &T::AccountId,
		escrow: EscrowId,
		penalty_share: Perbill,
	) -> Result<AgreementId, DispatchError> {
		let rules = Rules { penalty_share, ..Self::current_rules() };
		with_storage_layer(|| Self::open_lease(lease, listing, tenant, escrow, &rules))
	}

	fn exposure(terms: &SlaTerms, price: Balance) -> Option<(Perbill, Balance)> {
		let share = Self::current_rules().penalty_share;
		Some((share, exposure::<T::Clock>(price, terms.cover, share)?))
	}

	fn close(agreement: AgreementId, end: StreamEnd) -> Weight {
		let handler = Self::finalize(agreement, end);
		T::WeightInfo::ended().saturating_add(handler)
	}
}

impl<T: Config> AgreementInspect<T::AccountId> for Pallet<T> {
	fn facts(id: AgreementId) -> Option<AgreementFacts<T::AccountId>> {
		let agreement = Self::open_agreement_of(id)?;
		let listing = T::Registry::listing(agreement.target)?;
		Some(Self::facts_of(&agreement, &listing))
	}

	fn window_fee(id: AgreementId) -> Option<Balance> {
		let agreement = Self::open_agreement_of(id)?;
		let stream = T::Escrow::stream(agreement.escrow)?;
		Some(Self::fee_of_window(&agreement, stream.paid.saturating_add(stream.due)))
	}
}

/// The owner of a lease notifies of the end of its stream itself, by [`LeaseAgreements::close`].
impl<T: Config> OnStreamEnd for Pallet<T> {
	fn ending(owner: EscrowOwner, end: End) -> Weight {
		match owner {
			EscrowOwner::Agreement(id) => {
				Self::deposit_ending(id, end);
				T::WeightInfo::ending()
			},
			EscrowOwner::Replica { .. } => Weight::zero(),
		}
	}

	fn ended(owner: EscrowOwner, end: StreamEnd) -> Weight {
		match owner {
			EscrowOwner::Agreement(id) => {
				let handler = Self::finalize(id, end);
				T::WeightInfo::ended().saturating_add(handler)
			},
			EscrowOwner::Replica { .. } => Weight::zero(),
		}
	}

	/// Streams of agreements are never suspended.
	fn suspended(_: EscrowOwner, _: StreamEnd) -> Weight {
		Weight::zero()
	}

	fn max_weight() -> Weight {
		let ended = T::WeightInfo::ended().saturating_add(T::OnAgreementEnd::max_weight());
		T::WeightInfo::ending().max(ended)
	}
}

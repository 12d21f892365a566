//! Open, top up and close an agreement.

use crate::*;
use surety_primitives::{AgreementId, EscrowId, EscrowOwner, NewStream, Probed, Service, SlaTerms, Verdict};

impl<T: Config> Pallet<T> {
	/// Account that holds the credits.
	pub fn pot() -> T::AccountId {
		POT.into_account_truncating()
	}

	pub(crate) fn do_open(
		tenant: T::AccountId,
		service: ServiceId,
		units: u32,
		deposit: Balance,
		min_cover: Balance,
	) -> DispatchResult {
		ensure!(units > 0, Error::<T>::ZeroUnits);
		let info = T::Registry::service(service).ok_or(Error::<T>::UnknownService)?;
		T::Registry::ensure_open(service)?;
		let mut state = Services::<T>::get(service).unwrap_or_else(|| ServiceState::new(info.asset));
		Self::ensure_up(&state, T::Probing::probed(service))?;

		let left = info.capacity.saturating_sub(state.units);
		ensure!(units <= left, Error::<T>::OverCapacity { left: shown(left) });
		let (rate, prepaid) = Self::price_of(&info, units)?;
		let least = prepaid.checked_add(T::Funds::minimum(info.asset)).ok_or(ArithmeticError::Overflow)?;
		ensure!(deposit >= least, Error::<T>::DepositUnderOneWindow);
		let cover = info.terms.credit_cap.saturating_sub(state.index_at_price(info.price));
		ensure!(cover >= min_cover, Error::<T>::CoverTooLow);

		let round = T::Clock::round();
		let window = T::Clock::window_of(round);
		let first = state.units == 0;
		if first {
			state.hot_since = round;
		}
		state.add_pending(info.price, window, units).ok_or(Error::<T>::TooManyPrices)?;
		Self::reserve(service, &state, &info.terms, cover)?;
		Services::<T>::insert(service, state);
		if first {
			T::Probing::heat(service)?;
		}
		Self::ensure_pot(info.asset, &tenant)?;

		let agreement = Self::next_id()?;
		ByTenant::<T>::insert(&tenant, agreement, ());
		Agreements::<T>::insert(
			agreement,
			Agreement {
				tenant: tenant.clone(),
				service,
				units,
				asset: info.asset,
				price: info.price,
				// Known below: a stream may tell its owner of an end as soon as it is open.
				escrow: EscrowId::MAX,
				opened_at: T::Clock::now(),
				base: Base::Window(window),
				claimable: 0,
				credited: 0,
				state: AgreementState::Open,
			},
		);
		Self::deposit_event(Event::AgreementOpened {
			agreement,
			tenant: tenant.clone(),
			service,
			units,
			price: info.price,
			asset: info.asset,
			deposit,
		});
		let escrow = T::Escrow::open_stream(NewStream {
			owner: EscrowOwner::Agreement(agreement),
			payer: tenant,
			payee: info.operator,
			asset: info.asset,
			meter: service,
			rate,
			deposit,
			prepaid,
		})?;
		Agreements::<T>::mutate_extant(agreement, |a| a.escrow = escrow);
		Ok(())
	}

	/// An outage must not be bought into. A service that is probed every round has a fresh verdict, unless
	/// it only just became so; an idle one takes turns and shows its last.
	fn ensure_up(state: &ServiceState, probed: Option<Probed>) -> DispatchResult {
		let Some(Probed { last: Some((round, Verdict::Up { .. })), hot, .. }) = probed else {
			return Err(Error::<T>::NotUp.into());
		};
		let oldest = T::Clock::round().saturating_sub(FRESH_ROUNDS);
		let settled = hot && state.units > 0 && state.hot_since < oldest;
		ensure!(!settled || round >= oldest, Error::<T>::VerdictTooOld);
		Ok(())
	}

	/// What `units` cost per billable block and per window.
	fn price_of(info: &Service<T::AccountId>, units: u32) -> Result<(Balance, Balance), ArithmeticError> {
		let rate = info.price.checked_mul(Balance::from(units)).ok_or(ArithmeticError::Overflow)?;
		let window =
			rate.checked_mul(Balance::from(T::Clock::window_blocks())).ok_or(ArithmeticError::Overflow)?;
		Ok((rate, window))
	}

	/// Raise the exposure of a service to what its units are promised.
	fn reserve(service: ServiceId, state: &ServiceState, terms: &SlaTerms, cover: Balance) -> DispatchResult {
		let needed = Self::exposure_of(state, terms.credit_cap).ok_or(ArithmeticError::Overflow)?;
		let more = needed.saturating_sub(T::Bonding::exposure(service));
		let free = T::Bonding::free_bond(service);
		if more > free {
			return Err(Error::<T>::BondTooSmall { units: shown(Self::coverable(free, cover)) }.into());
		}
		T::Bonding::set_exposure(service, needed)
	}

	/// Bond that must be reserved for the units of a service: all the credit they may still get under
	/// `cap`, and the penalty on it.
	pub(crate) fn exposure_of(state: &ServiceState, cap: Balance) -> Option<Balance> {
		let promised = state.promised(cap)?;
		promised.checked_add(T::PenaltyShare::get().mul_ceil(promised))
	}

	/// Units that `free` bond covers if each may still get `cover`.
	pub(crate) fn coverable(free: Balance, cover: Balance) -> u32 {
		let each = cover.saturating_add(T::PenaltyShare::get().mul_ceil(cover));
		free.checked_div(each).map_or(u32::MAX, |units| u32::try_from(units).unwrap_or(u32::MAX))
	}

	/// The pot must be alive before anything is slashed into it, or a small credit would be lost.
	fn ensure_pot(asset: AssetId, tenant: &T::AccountId) -> DispatchResult {
		let minimum = T::Funds::minimum(asset);
		if Pots::<T>::contains_key(asset) {
			return Ok(());
		}
		let pot = Self::pot();
		if T::Funds::total(asset, &pot) < minimum {
			T::Funds::transfer(asset, tenant, &pot, minimum)?;
		}
		Pots::<T>::insert(asset, Pot { owed: 0, carry: 0, reserve: minimum });
		Ok(())
	}

	fn next_id() -> Result<AgreementId, Error<T>> {
		NextAgreement::<T>::try_mutate(|next| {
			let id = *next;
			*next = id.checked_add(1).ok_or(Error::<T>::TooManyAgreements)?;
			Ok(id)
		})
	}

	pub(crate) fn do_top_up(who: T::AccountId, id: AgreementId, amount: Balance) -> DispatchResult {
		let agreement = Agreements::<T>::get(id).ok_or(Error::<T>::UnknownAgreement)?;
		ensure!(agreement.tenant == who, Error::<T>::NotTenant);
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		ensure!(agreement.state == AgreementState::Open, Error::<T>::AgreementEnding);
		T::Escrow::top_up(agreement.escrow, amount)?;
		Self::deposit_event(Event::ToppedUp { agreement: id, amount });
		Ok(())
	}

	pub(crate) fn do_close(who: T::AccountId, id: AgreementId) -> DispatchResult {
		let agreement = Agreements::<T>::get(id).ok_or(Error::<T>::UnknownAgreement)?;
		let round = T::Clock::round();
		let (at, reason) = if agreement.tenant == who {
			(round, CloseReason::TenantClosed)
		} else if T::Registry::service(agreement.service).is_some_and(|s| s.operator == who) {
			let notice = T::NoticeWindows::get().saturating_mul(u32::from(T::Clock::window_rounds()));
			(round.saturating_add(notice), CloseReason::OperatorClosed)
		} else {
			return Err(Error::<T>::NotParty.into());
		};
		ensure!(ends_before(&agreement.state, at), Error::<T>::AlreadyEnding);
		Self::end_stream(id, &agreement, at, reason)
	}
}

/// Whether an end after round `at` would be earlier than what is decided.
pub(crate) fn ends_before(state: &AgreementState, at: RoundIndex) -> bool {
	match state {
		AgreementState::Open => true,
		AgreementState::Closing { round, .. } => at < *round,
		AgreementState::Closed { .. } => false,
	}
}

/// A number of units as an error can show it.
fn shown(units: u32) -> u16 {
	u16::try_from(units).unwrap_or(u16::MAX)
}

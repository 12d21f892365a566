//! Open, top up and close an agreement.

use crate::*;
use surety_primitives::{
	AgreementId, EscrowId, EscrowOwner, NewStream, Probed, Service, ServiceKind, SlaTerms, Verdict,
};

impl<T: Config> Pallet<T> {
	/// Account that holds the credits.
	pub fn pot() -> T::AccountId {
		POT.into_account_truncating()
	}

	pub(crate) fn do_open(
		tenant: T::AccountId,
		service: ServiceId,
		units: u32,
		max_price: Balance,
		deposit: Balance,
		min_cover: Balance,
	) -> DispatchResult {
		ensure!(units > 0, Error::<T>::ZeroUnits);
		let info = T::Registry::service(service).ok_or(Error::<T>::UnknownService)?;
		ensure!(info.kind != ServiceKind::Compute, Error::<T>::SoldByLease);
		T::Registry::ensure_open(service)?;
		ensure!(info.price <= max_price, Error::<T>::PriceRose);
		let state = Services::<T>::get(service).unwrap_or_else(|| ServiceState::new(info.asset));
		Self::ensure_up(&state, T::Probing::probed(service))?;

		let left = info.capacity.saturating_sub(state.units);
		ensure!(units <= left, Error::<T>::OverCapacity { left: shown(left) });
		let (rate, prepaid) = Self::price_of(&info, units)?;
		let least_price = T::Registry::least_window_price(info.asset).unwrap_or_default();
		ensure!(prepaid >= least_price, Error::<T>::BelowMinimumPrice);
		let least = prepaid.checked_add(T::Funds::minimum(info.asset)).ok_or(ArithmeticError::Overflow)?;
		ensure!(deposit >= least, Error::<T>::DepositUnderOneWindow);
		let cover = info.terms.credit_cap.saturating_sub(state.index_at_price(info.price));
		ensure!(cover >= min_cover, Error::<T>::CoverTooLow);

		Self::add_units(service, &info, state, units)?;
		Self::ensure_pot(info.asset, &tenant)?;
		// Its escrow is known below: a stream may tell its owner of an end as soon as it is open.
		let draft = Self::draft(&tenant, service, &info, units);
		let agreement = Self::enlist(draft, deposit)?;
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

	/// Reserve exposure for new units of a service, and have it probed every round.
	pub(crate) fn add_units(
		service: ServiceId,
		info: &Service<T::AccountId>,
		mut state: ServiceState,
		units: u32,
	) -> DispatchResult {
		let cover = info.terms.credit_cap.saturating_sub(state.index_at_price(info.price));
		let round = T::Clock::round();
		let first = state.units == 0;
		if first {
			state.hot_since = round;
		}
		let window = T::Clock::window_of(round);
		state.add_pending(info.price, window, units).ok_or(Error::<T>::TooManyPrices)?;
		Self::reserve(service, &state, &info.terms, cover)?;
		Services::<T>::insert(service, state);
		if first { T::Probing::heat(service) } else { Ok(()) }
	}

	/// An agreement that is opened now, without its escrow.
	pub(crate) fn draft(
		tenant: &T::AccountId,
		service: ServiceId,
		info: &Service<T::AccountId>,
		units: u32,
	) -> Agreement<T::AccountId> {
		Agreement {
			tenant: tenant.clone(),
			service,
			units,
			asset: info.asset,
			price: info.price,
			escrow: EscrowId::MAX,
			lease: None,
			opened_at: T::Clock::now(),
			base: Base::Window(T::Clock::window_of(T::Clock::round())),
			claimable: 0,
			credited: 0,
			state: AgreementState::Open,
		}
	}

	/// Write a new agreement down and tell of it.
	pub(crate) fn enlist(
		agreement: Agreement<T::AccountId>,
		deposit: Balance,
	) -> Result<AgreementId, DispatchError> {
		let id = Self::next_id()?;
		ByTenant::<T>::insert(&agreement.tenant, id, ());
		Self::deposit_event(Event::AgreementOpened {
			agreement: id,
			tenant: agreement.tenant.clone(),
			service: agreement.service,
			units: agreement.units,
			price: agreement.price,
			asset: agreement.asset,
			deposit,
		});
		Agreements::<T>::insert(id, agreement);
		Ok(id)
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
		Self::with_penalty(state.promised(cap)?)
	}

	/// A promised credit and the penalty on it. `None` if that overflows.
	pub(crate) fn with_penalty(promised: Balance) -> Option<Balance> {
		promised.checked_add(T::PenaltyShare::get().mul_ceil(promised))
	}

	/// Units that `free` bond covers if each may still get `cover`.
	pub(crate) fn coverable(free: Balance, cover: Balance) -> u32 {
		let each = cover.saturating_add(T::PenaltyShare::get().mul_ceil(cover));
		free.checked_div(each).map_or(u32::MAX, |units| u32::try_from(units).unwrap_or(u32::MAX))
	}

	/// The pot must be alive before anything is slashed into it, or a small credit would be lost.
	pub(crate) fn ensure_pot(asset: AssetId, tenant: &T::AccountId) -> DispatchResult {
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
		ensure!(agreement.lease.is_none(), Error::<T>::BelongsToLease);
		ensure!(agreement.tenant == who, Error::<T>::NotTenant);
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		ensure!(agreement.state == AgreementState::Open, Error::<T>::AgreementEnding);
		T::Escrow::top_up(agreement.escrow, amount)?;
		Self::deposit_event(Event::ToppedUp { agreement: id, amount });
		Ok(())
	}

	pub(crate) fn do_close(who: T::AccountId, id: AgreementId) -> DispatchResult {
		let agreement = Agreements::<T>::get(id).ok_or(Error::<T>::UnknownAgreement)?;
		ensure!(agreement.lease.is_none(), Error::<T>::BelongsToLease);
		let round = T::Clock::round();
		let (at, reason) = if agreement.tenant == who {
			(Self::last_for_tenant(&agreement, round), CloseReason::TenantClosed)
		} else if T::Registry::service(agreement.service).is_some_and(|s| s.operator == who) {
			let notice = T::NoticeWindows::get().saturating_mul(u32::from(T::Clock::window_rounds()));
			(round.saturating_add(notice), CloseReason::OperatorClosed)
		} else {
			return Err(Error::<T>::NotParty.into());
		};
		ensure!(ends_before(&agreement.state, at), Error::<T>::AlreadyEnding);
		Self::end_stream(id, &agreement, at, reason)
	}

	/// Last round of an agreement that its tenant closes in `round`: who was credited in a window pays for all
	/// of it, or two outages around a window's edge would pay twice what the rounds between them cost.
	fn last_for_tenant(agreement: &Agreement<T::AccountId>, round: RoundIndex) -> RoundIndex {
		let window = T::Clock::window_of(round);
		let credited = Self::base_of(agreement).is_some()
			&& Services::<T>::get(agreement.service)
				.is_some_and(|s| s.window == window && s.credited_in_window(agreement.price) > 0);
		if !credited {
			return round;
		}
		T::Clock::window_start(window.saturating_add(1)).saturating_sub(1).max(round)
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

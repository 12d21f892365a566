//! Open, top up and close an agreement.

use crate::*;
use surety_primitives::{
	EscrowId, EscrowOwner, NewStream, Service, ServiceKind, ServiceStatus, Verdict,
	credit::{exposure, window_price},
};

/// True if an asset was sold in for the first time, so that its pot had to be endowed.
pub(crate) type PotEndowed = bool;

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
		min_cover: WindowShare,
	) -> Result<PotEndowed, DispatchError> {
		ensure!(units > 0, Error::<T>::ZeroUnits);
		let info = T::Registry::service(service).ok_or(Error::<T>::UnknownService)?;
		ensure!(info.kind != ServiceKind::Compute, Error::<T>::SoldByLease);
		T::Registry::ensure_open(service)?;
		ensure!(info.price <= max_price, Error::<T>::PriceRose);
		Self::ensure_up(service)?;
		let state = Services::<T>::get(service).unwrap_or_else(|| ServiceState::new(info.asset));

		let left = info.capacity.saturating_sub(state.units);
		ensure!(units <= left, Error::<T>::OverCapacity { left: shown(left) });
		let rate = info.price.checked_mul(Balance::from(units)).ok_or(ArithmeticError::Overflow)?;
		let prepaid = window_price::<T::Clock>(rate).ok_or(ArithmeticError::Overflow)?;
		let least =
			prepaid.checked_add(T::Funds::minimum(info.asset)).ok_or(ArithmeticError::Overflow)?;
		ensure!(deposit >= least, Error::<T>::DepositUnderOneWindow);
		ensure!(state.left_of(info.terms.cover) >= min_cover, Error::<T>::CoverTooLow);

		let rules = Self::rules_now();
		Self::add_agreement(service, &info, state, units, rate, &rules)?;
		let endowed = Self::ensure_pot(info.asset, &tenant)?;
		let agreement = Self::next_id()?;
		let escrow = T::Escrow::open_stream(NewStream {
			owner: EscrowOwner::Agreement(agreement),
			payer: tenant.clone(),
			payee: info.operator.clone(),
			asset: info.asset,
			meter: service,
			rate,
			deposit,
			prepaid,
			fee: rules.fee,
		})?;
		Self::enlist(agreement, Self::draft(tenant, service, &info, units, rate, escrow), deposit);
		Ok(endowed)
	}

	/// Count a new agreement of a service and reserve its exposure. The first one takes a slot, in
	/// which the service is probed every round, and reserves the rents of it and the exposure, all
	/// by `rules`.
	pub(crate) fn add_agreement(
		service: ServiceId,
		info: &Service<T::AccountId>,
		mut state: ServiceState,
		units: u32,
		rate: Balance,
		rules: &Rules,
	) -> DispatchResult {
		let window = T::Clock::window_of(T::Clock::round());
		let first = state.units == 0;
		state.add(window, units, rate).ok_or(Error::<T>::JudgingBehind)?;
		if first {
			state.ends = None;
			state.penalty_share = rules.penalty_share;
			// The pages ask by which measures to judge, so it must be known to them first.
			Services::<T>::insert(service, &state);
			let slot = Self::slot(info.asset, rate, T::Probing::heat(service)?, rules);
			// Else whoever wants the slots filled buys what costs less than its slot. A lease was
			// bid for.
			let pays = window_price::<T::Clock>(rate).is_none_or(|price| price >= slot.rent);
			ensure!(pays || info.status == ServiceStatus::Leased, Error::<T>::BelowRent);
			state.slot = Some(slot);
		}
		let needed =
			state.exposure::<T::Clock>(info.terms.cover).ok_or(ArithmeticError::Overflow)?;
		// It may need less: what was reserved before its cover was used up and its units were gone.
		T::Bonding::set_exposure(service, needed).map_err(|_| {
			let rents = state.slot.filter(|_| first).map_or(0, |slot| slot.reserve());
			let free = T::Bonding::free_bond(service).saturating_sub(rents);
			Error::<T>::BondTooSmall { units: shown(Self::coverable(free, info, &state)) }
		})?;
		Services::<T>::insert(service, state);
		Ok(())
	}

	/// Units that `free` bond covers at the listed price.
	pub(crate) fn coverable(
		free: Balance,
		info: &Service<T::AccountId>,
		state: &ServiceState,
	) -> u32 {
		let left = state.left_of(info.terms.cover);
		let each =
			exposure::<T::Clock>(info.price, left, state.penalty_share).unwrap_or(Balance::MAX);
		free.checked_div(each).map_or(u32::MAX, |units| u32::try_from(units).unwrap_or(u32::MAX))
	}

	/// An agreement that is opened now, not that of a lease.
	pub(crate) fn draft(
		tenant: T::AccountId,
		service: ServiceId,
		info: &Service<T::AccountId>,
		units: u32,
		rate: Balance,
		escrow: EscrowId,
	) -> Agreement<T::AccountId> {
		Agreement {
			tenant,
			service,
			units,
			asset: info.asset,
			rate,
			escrow,
			lease: None,
			opened_at: T::Clock::now(),
			base: Base::Window(T::Clock::window_of(T::Clock::round())),
			claimable: 0,
			credited: 0,
			state: AgreementState::Open,
		}
	}

	/// Store a new agreement and announce it.
	pub(crate) fn enlist(id: AgreementId, agreement: Agreement<T::AccountId>, deposit: Balance) {
		ByTenant::<T>::insert(&agreement.tenant, id, ());
		Self::deposit_event(Event::AgreementOpened {
			agreement: id,
			tenant: agreement.tenant.clone(),
			service: agreement.service,
			units: agreement.units,
			rate: agreement.rate,
			asset: agreement.asset,
			deposit,
		});
		Agreements::<T>::insert(id, agreement);
	}

	/// An outage must not be bought into: the last verdict is `Up` and fresh, of idle services too.
	fn ensure_up(service: ServiceId) -> DispatchResult {
		let last = T::Probing::probed(service).and_then(|probed| probed.last);
		let Some((round, Verdict::Up { .. })) = last else { return Err(Error::<T>::NotUp.into()) };
		let oldest = T::Clock::round().saturating_sub(FRESH_ROUNDS);
		ensure!(round >= oldest, Error::<T>::VerdictTooOld);
		Ok(())
	}

	/// The pot must be alive before anything is slashed into it, or a small credit would be lost.
	pub(crate) fn ensure_pot(
		asset: AssetId,
		tenant: &T::AccountId,
	) -> Result<PotEndowed, DispatchError> {
		if Pots::<T>::contains_key(asset) {
			return Ok(false);
		}
		let minimum = T::Funds::minimum(asset);
		let pot = Self::pot();
		if T::Funds::total(asset, &pot) < minimum {
			T::Funds::transfer(asset, tenant, &pot, minimum)?;
		}
		Pots::<T>::insert(asset, Pot { owed: 0, spare: 0, reserve: minimum });
		Ok(true)
	}

	pub(crate) fn next_id() -> Result<AgreementId, Error<T>> {
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
		let stream = T::Escrow::stream(agreement.escrow);
		ensure!(stream.is_some_and(|stream| stream.ending.is_none()), Error::<T>::AgreementEnding);
		T::Escrow::top_up(agreement.escrow, amount)?;
		Self::deposit_event(Event::ToppedUp { agreement: id, amount });
		Ok(())
	}

	pub(crate) fn do_close(who: T::AccountId, id: AgreementId) -> DispatchResult {
		let agreement = Agreements::<T>::get(id).ok_or(Error::<T>::UnknownAgreement)?;
		ensure!(agreement.lease.is_none(), Error::<T>::BelongsToLease);
		let round = T::Clock::round();
		let (at, reason) = if agreement.tenant == who {
			(round, CloseReason::TenantClosed)
		} else if T::Registry::service(agreement.service).is_some_and(|s| s.operator == who) {
			let notice =
				T::NoticeWindows::get().saturating_mul(u32::from(T::Clock::window_rounds()));
			(round.saturating_add(notice), CloseReason::OperatorClosed)
		} else {
			return Err(Error::<T>::NotParty.into());
		};
		let stands = T::Escrow::stream(agreement.escrow).ok_or(Error::<T>::AgreementEnding)?.ending;
		ensure!(stands.is_none_or(|(stands, _)| at < stands), Error::<T>::AlreadyEnding);
		let (round, reason) = T::Escrow::end(agreement.escrow, at, reason)?;
		Self::note_ending(id, round, reason);
		Ok(())
	}
}

/// A number of units as an error can show it.
fn shown(units: u32) -> u16 {
	u16::try_from(units).unwrap_or(u16::MAX)
}

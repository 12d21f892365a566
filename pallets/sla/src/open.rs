//! Open, top up and close an agreement.

use crate::*;
use surety_primitives::{
	EscrowId, EscrowOwner, NewStream, Service, ServiceKind, ServiceStatus, Verdict,
	credit::{cost_of, window_price, with_penalty},
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
		min_cover: WindowShare,
	) -> DispatchResult {
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
		let least = prepaid.checked_add(T::Funds::minimum(info.asset)).ok_or(ArithmeticError::Overflow)?;
		ensure!(deposit >= least, Error::<T>::DepositUnderOneWindow);
		ensure!(state.left_of(info.terms.cover) >= min_cover, Error::<T>::CoverTooLow);

		let rules = Self::rules_now();
		Self::add_agreement(service, &info, state, units, rate, rules.penalty_share)?;
		Self::ensure_pot(info.asset, &tenant)?;
		// Its escrow is known below: a stream may notify its owner of an end as soon as it is open.
		let draft = Self::draft(&tenant, service, &info, units, rate);
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

	/// Count a new agreement of a service and reserve its exposure. The first one takes a slot, in
	/// which the service is probed every round, and reserves the rents of it and the exposure by
	/// `penalty_share`.
	pub(crate) fn add_agreement(
		service: ServiceId,
		info: &Service<T::AccountId>,
		mut state: ServiceState,
		units: u32,
		rate: Balance,
		penalty_share: Perbill,
	) -> DispatchResult {
		let window = T::Clock::window_of(T::Clock::round());
		let first = state.units == 0;
		state.add(window, units, rate).ok_or(Error::<T>::JudgingBehind)?;
		if first {
			state.ends = None;
			state.penalty_share = penalty_share;
			// The pages ask by which measures to judge, so it must be known to them first.
			Services::<T>::insert(service, &state);
			let slot = Self::slot(info.asset, rate, T::Probing::heat(service)?, &Self::rules_now());
			// Else whoever wants the slots filled buys what costs less than its slot. A lease was
			// bid for.
			let pays = window_price::<T::Clock>(rate).is_none_or(|price| price >= slot.rent);
			ensure!(pays || info.status == ServiceStatus::Leased, Error::<T>::BelowRent);
			state.slot = Some(slot);
		}
		let needed = state.exposure::<T::Clock>(info.terms.cover).ok_or(ArithmeticError::Overflow)?;
		let reserved = T::Bonding::exposure(service);
		let free = T::Bonding::free_bond(service);
		if needed.saturating_sub(reserved) > free {
			let rents = state.slot.filter(|_| first).map_or(0, |slot| slot.reserve());
			let units = Self::coverable(free.saturating_sub(rents), info, &state);
			return Err(Error::<T>::BondTooSmall { units: shown(units) }.into());
		}
		// It may need less: what was reserved before its cover was used up and its units were gone.
		T::Bonding::set_exposure(service, needed)?;
		Services::<T>::insert(service, state);
		Ok(())
	}

	/// Units that `free` bond covers at the listed price.
	pub(crate) fn coverable(free: Balance, info: &Service<T::AccountId>, state: &ServiceState) -> u32 {
		let each = window_price::<T::Clock>(info.price)
			.and_then(|price| cost_of(price, state.left_of(info.terms.cover)))
			.and_then(|cost| with_penalty(cost, state.penalty_share))
			.unwrap_or(Balance::MAX);
		free.checked_div(each).map_or(u32::MAX, |units| u32::try_from(units).unwrap_or(u32::MAX))
	}

	/// An agreement that is opened now, without its escrow.
	pub(crate) fn draft(
		tenant: &T::AccountId,
		service: ServiceId,
		info: &Service<T::AccountId>,
		units: u32,
		rate: Balance,
	) -> Agreement<T::AccountId> {
		Agreement {
			tenant: tenant.clone(),
			service,
			units,
			asset: info.asset,
			rate,
			escrow: EscrowId::MAX,
			lease: None,
			opened_at: T::Clock::now(),
			base: Base::Window(T::Clock::window_of(T::Clock::round())),
			claimable: 0,
			credited: 0,
			state: AgreementState::Open,
		}
	}

	/// Store a new agreement and announce it.
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
			rate: agreement.rate,
			asset: agreement.asset,
			deposit,
		});
		Agreements::<T>::insert(id, agreement);
		Ok(id)
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
	pub(crate) fn ensure_pot(asset: AssetId, tenant: &T::AccountId) -> DispatchResult {
		let minimum = T::Funds::minimum(asset);
		if Pots::<T>::contains_key(asset) {
			return Ok(());
		}
		let pot = Self::pot();
		if T::Funds::total(asset, &pot) < minimum {
			T::Funds::transfer(asset, tenant, &pot, minimum)?;
		}
		Pots::<T>::insert(asset, Pot { owed: 0, spare: 0, reserve: minimum });
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
			let notice = T::NoticeWindows::get().saturating_mul(u32::from(T::Clock::window_rounds()));
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

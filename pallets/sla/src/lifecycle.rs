// SPDX-License-Identifier: Apache-2.0

//! Begin and end of agreements: open, top up, close.

use crate::{
	Agreement, AgreementPage, AgreementState, AgreementStatus, Agreements, Base, ByTarget,
	ByTenant, Config, Error, Event, FRESH_ROUNDS, NextAgreement, Pallet, Rules, ServiceView,
	TargetState, Targets, WeightInfo,
};
use frame::prelude::*;
use surety_primitives::{
	AgreementFacts, AgreementId, Balance, Bonding, Clock, CloseReason, End, EscrowId, EscrowOwner,
	Funds, LeaseId, NewStream, OnAgreementEnd, Registry, ReputationSink, Service, ServiceId,
	ServiceKind, Slots, StreamEnd, Streams, Target, Verdict, WindowShare,
	credit::{exposure, window_price},
	page_size,
};

/// Opening.
impl<T: Config> Pallet<T> {
	pub(crate) fn do_open(
		tenant: T::AccountId,
		service: ServiceId,
		units: u32,
		max_price: Balance,
		deposit: Balance,
		min_cover: WindowShare,
	) -> DispatchResultWithPostInfo {
		ensure!(units > 0, Error::<T>::ZeroUnits);
		let listing = T::Registry::sellable(service)?;
		let target = Target::Service(service);
		ensure!(listing.kind != ServiceKind::Compute, Error::<T>::SoldByLease);
		ensure!(listing.price <= max_price, Error::<T>::PriceRose);
		Self::ensure_up(target)?;
		let state = Targets::<T>::get(target).unwrap_or_else(|| TargetState::new(listing.asset));

		let left = listing.capacity.saturating_sub(state.units);
		ensure!(units <= left, Error::<T>::OverCapacity { left: shown(left) });
		let rate =
			listing.price.checked_mul(Balance::from(units)).ok_or(ArithmeticError::Overflow)?;
		let prepaid = window_price::<T::Clock>(rate).ok_or(ArithmeticError::Overflow)?;
		let min_deposit = prepaid
			.checked_add(T::Funds::minimum(listing.asset))
			.ok_or(ArithmeticError::Overflow)?;
		ensure!(deposit >= min_deposit, Error::<T>::DepositUnderOneWindow);
		ensure!(state.left_of(listing.terms.cover) >= min_cover, Error::<T>::CoverTooLow);

		let first = state.units == 0;
		let rules = Self::current_rules();
		Self::add_agreement(target, &listing, state, units, rate, &rules)?;
		let endowed = Self::ensure_pot(listing.asset, &tenant)?;
		let id = Self::next_id()?;
		let escrow = T::Escrow::open(NewStream {
			owner: EscrowOwner::Agreement(id),
			payer: tenant.clone(),
			payee: listing.operator.clone(),
			asset: listing.asset,
			meter: target,
			rate,
			deposit,
			prepaid,
			fee: rules.fee,
		})?;
		let agreement = Self::new_agreement(tenant, target, &listing, units, rate, escrow);
		Self::insert_agreement(id, agreement, Some(deposit));
		// The pot is endowed once in the life of an asset.
		let weight = T::WeightInfo::open_agreement(listing.asset.is_local().into(), first.into());
		Ok((!endowed).then_some(weight).into())
	}

	/// Open the agreement behind a lease: one unit at the listed price.
	pub(crate) fn open_lease(
		lease: LeaseId,
		listing: &Service<T::AccountId>,
		tenant: &T::AccountId,
		escrow: EscrowId,
		rules: &Rules,
	) -> Result<AgreementId, DispatchError> {
		let target = Target::Lease(lease);
		let state = Targets::<T>::get(target).unwrap_or_else(|| TargetState::new(listing.asset));
		let rate = listing.price;
		Self::add_agreement(target, listing, state, 1, rate, rules)?;
		// Not from the tenant: an operator whose tenant lacks funds would pay for being late.
		Self::ensure_pot(listing.asset, &listing.operator)?;
		let id = Self::next_id()?;
		let agreement = Self::new_agreement(tenant.clone(), target, listing, 1, rate, escrow);
		Self::insert_agreement(id, agreement, None);
		Ok(id)
	}

	/// Count a new agreement in its target and reserve its exposure. The first agreement takes a
	/// slot, and reserves the rents of it with the exposure, all by `rules`.
	fn add_agreement(
		target: Target,
		listing: &Service<T::AccountId>,
		mut state: TargetState,
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
			let terms = Self::first_window_terms(rules, &listing.terms, &state);
			let occupancy = T::Slots::activate(target, terms)?;
			let slot = Self::new_slot(listing.asset, rate, occupancy, rules);
			// Else anyone could fill the slots by agreements that cost less than their slots. The
			// bid for a lease considers the rent.
			let pays = window_price::<T::Clock>(rate).is_none_or(|price| price >= slot.rent);
			ensure!(pays || target.lease().is_some(), Error::<T>::BelowRent);
			state.slot = Some(slot);
		}
		let needed =
			state.exposure::<T::Clock>(listing.terms.cover).ok_or(ArithmeticError::Overflow)?;
		// Less may be needed than is reserved, if the cover was used up and the units were gone.
		T::Bonding::set_exposure(target, listing, needed).map_err(|_| {
			let rents = state.slot.filter(|_| first).map_or(0, |slot| slot.reserve());
			let free = T::Bonding::free_bond(listing).saturating_sub(rents);
			Error::<T>::BondTooSmall { units: shown(Self::coverable(free, listing, &state)) }
		})?;
		Targets::<T>::insert(target, state);
		Ok(())
	}

	/// Units that `free` bond covers at the listed price.
	fn coverable(free: Balance, listing: &Service<T::AccountId>, state: &TargetState) -> u32 {
		let left = state.left_of(listing.terms.cover);
		let each =
			exposure::<T::Clock>(listing.price, left, state.penalty_share).unwrap_or(Balance::MAX);
		free.checked_div(each).map_or(u32::MAX, |units| u32::try_from(units).unwrap_or(u32::MAX))
	}

	/// Agreement that is opened in this block.
	fn new_agreement(
		tenant: T::AccountId,
		target: Target,
		listing: &Service<T::AccountId>,
		units: u32,
		rate: Balance,
		escrow: EscrowId,
	) -> Agreement<T::AccountId> {
		Agreement {
			tenant,
			target,
			units,
			asset: listing.asset,
			rate,
			escrow,
			opened_at: T::Clock::now(),
			base: Base::Window(T::Clock::window_of(T::Clock::round())),
			claimable: 0,
			credited: 0,
			state: AgreementState::Open,
		}
	}

	/// Store a new agreement and report it.
	fn insert_agreement(
		id: AgreementId,
		agreement: Agreement<T::AccountId>,
		deposit: Option<Balance>,
	) {
		ByTenant::<T>::insert(&agreement.tenant, id, ());
		ByTarget::<T>::insert(agreement.target, id, ());
		Self::deposit_event(Event::AgreementOpened {
			agreement: id,
			tenant: agreement.tenant.clone(),
			target: agreement.target,
			units: agreement.units,
			rate: agreement.rate,
			asset: agreement.asset,
			deposit,
		});
		Agreements::<T>::insert(id, agreement);
	}

	/// Fail unless the last verdict is `Up` and fresh, so that nobody buys into an outage.
	fn ensure_up(target: Target) -> DispatchResult {
		let last = T::Slots::status(target).and_then(|status| status.last);
		let Some((round, Verdict::Up { .. })) = last else { return Err(Error::<T>::NotUp.into()) };
		let oldest = T::Clock::round().saturating_sub(FRESH_ROUNDS);
		ensure!(round >= oldest, Error::<T>::VerdictTooOld);
		Ok(())
	}

	fn next_id() -> Result<AgreementId, Error<T>> {
		NextAgreement::<T>::try_mutate(|next| {
			let id = *next;
			*next = id.checked_add(1).ok_or(Error::<T>::TooManyAgreements)?;
			Ok(id)
		})
	}

	pub(crate) fn do_top_up(
		who: T::AccountId,
		id: AgreementId,
		amount: Balance,
	) -> DispatchResultWithPostInfo {
		let agreement = Agreements::<T>::get(id).ok_or(Error::<T>::UnknownAgreement)?;
		ensure!(agreement.target.lease().is_none(), Error::<T>::BelongsToLease);
		ensure!(agreement.tenant == who, Error::<T>::NotTenant);
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let stream = T::Escrow::stream(agreement.escrow);
		ensure!(stream.is_some_and(|stream| stream.ending.is_none()), Error::<T>::AgreementEnding);
		T::Escrow::top_up(agreement.escrow, amount)?;
		Self::deposit_event(Event::ToppedUp { agreement: id, amount });
		let native = (!agreement.asset.is_local()).then(T::WeightInfo::top_up_native);
		Ok(native.into())
	}
}

/// Closing.
impl<T: Config> Pallet<T> {
	pub(crate) fn do_close(who: T::AccountId, id: AgreementId) -> DispatchResult {
		let agreement = Agreements::<T>::get(id).ok_or(Error::<T>::UnknownAgreement)?;
		ensure!(agreement.target.lease().is_none(), Error::<T>::BelongsToLease);
		let round = T::Clock::round();
		let is_operator = || {
			T::Registry::listing(agreement.target).is_some_and(|listing| listing.operator == who)
		};
		let (at, reason) = if agreement.tenant == who {
			(round, CloseReason::TenantClosed)
		} else if is_operator() {
			let notice =
				T::NoticeWindows::get().saturating_mul(u32::from(T::Clock::window_rounds()));
			(round.saturating_add(notice), CloseReason::OperatorClosed)
		} else {
			return Err(Error::<T>::NotParty.into());
		};
		let stands = T::Escrow::stream(agreement.escrow).ok_or(Error::<T>::AgreementEnding)?.ending;
		ensure!(stands.is_none_or(|(stands, _)| at < stands), Error::<T>::AlreadyEnding);
		let end = T::Escrow::end(agreement.escrow, at, reason)?;
		Self::deposit_ending(id, end);
		Ok(())
	}

	pub(crate) fn deposit_ending(agreement: AgreementId, (round, reason): End) {
		let code = reason.code();
		Self::deposit_event(Event::AgreementEnding { agreement, round, reason, code });
	}

	/// Credit an agreement that is over for the last time, remove it from its target, and pay.
	/// Returns the weight of the handler.
	pub(crate) fn finalize(id: AgreementId, end: StreamEnd) -> Weight {
		let Some(mut agreement) = Self::open_agreement_of(id) else {
			defensive!("a stream ends once, and before its agreement");
			return Weight::zero();
		};
		let StreamEnd { reason, round, paid, refunded, fee } = end;
		let listing = T::Registry::listing(agreement.target);
		Self::remove_agreement(&mut agreement, listing.as_ref(), paid);
		ByTarget::<T>::remove(agreement.target, id);
		agreement.state = AgreementState::Closed { round, reason };
		Self::deposit_event(Event::AgreementClosed {
			agreement: id,
			target: agreement.target,
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
		let mut weight = Weight::zero();
		if let Some(listing) = listing {
			let (operator, tenant) = (&listing.operator, &agreement.tenant);
			T::Reputation::engagement(id, operator, tenant, agreement.asset, fee);
			let window_fee = Self::fee_of_window(&agreement, paid);
			let facts = Self::facts_of(&agreement, &listing);
			weight = T::OnAgreementEnd::agreement_ended(id, facts, round, window_fee);
		}
		Self::store(id, agreement);
		weight
	}

	/// Remove an agreement from its target and credit it up to the sum it has `paid`. The last one
	/// gives back the slot.
	fn remove_agreement(
		agreement: &mut Agreement<T::AccountId>,
		listing: Option<&Service<T::AccountId>>,
		paid: Balance,
	) {
		let target = agreement.target;
		let Some(mut state) = Targets::<T>::get(target) else {
			defensive!("an agreement belongs to a known target");
			return;
		};
		Self::resolve_base(agreement);
		let (units, rate, slot) = (agreement.units, agreement.rate, state.slot);
		let removed = match agreement.base {
			Base::Window(window) => state.remove_pending(window, units, rate),
			Base::Index(_) => {
				Self::credit_up_to(agreement, &mut state, paid);
				let beyond = Self::promised(agreement, &state).saturating_sub(agreement.credited);
				Self::make_spare(&mut state, beyond);
				state.remove_counting(units, rate)
			},
		};
		if !removed {
			defensive!("an agreement is counted in its target");
		}
		if state.counting == 0 {
			// Rounding rests of the agreements that are gone.
			let rest = state.set_aside;
			Self::make_spare(&mut state, rest);
		}
		let idle = state.units == 0;
		if idle {
			state.slot = None;
		}
		if let Some(listing) = listing {
			// With the rate before the removal: the last agreement has paid fees in these rounds.
			if let Some(slot) = slot.filter(|_| idle) {
				Self::release_slot(target, listing, &slot);
			}
			Self::lower_exposure(target, listing, &state);
		}
		Targets::<T>::insert(target, state);
		if idle {
			T::Slots::deactivate(target);
		}
	}

	/// Write an agreement back. A closed one is removed with its last claim.
	pub(crate) fn store(id: AgreementId, agreement: Agreement<T::AccountId>) {
		if agreement.is_closed() && agreement.claimable == 0 {
			Agreements::<T>::remove(id);
			ByTenant::<T>::remove(&agreement.tenant, id);
		} else {
			Agreements::<T>::insert(id, agreement);
		}
	}
}

/// Status of agreements and targets.
impl<T: Config> Pallet<T> {
	/// Agreement with its owed credit and its stream.
	pub fn agreement(id: AgreementId) -> Option<AgreementStatus<T::AccountId>> {
		let agreement = Agreements::<T>::get(id)?;
		let stream = if agreement.is_closed() { None } else { T::Escrow::stream(agreement.escrow) };
		let (owed, reserved) = Self::owed(&agreement);
		Some(AgreementStatus { owed, reserved, stream, agreement })
	}

	/// Agreements of a tenant in no particular order, those after `start_after` (`None`: from the
	/// start), at most `limit` and 128 of them.
	pub fn agreements_of(
		tenant: T::AccountId,
		start_after: Option<AgreementId>,
		limit: u32,
	) -> AgreementPage {
		let keys = match start_after {
			Some(id) => {
				let from = ByTenant::<T>::hashed_key_for(&tenant, id);
				ByTenant::<T>::iter_key_prefix_from(tenant, from)
			},
			None => ByTenant::<T>::iter_key_prefix(tenant),
		};
		keys.take(page_size(limit)).collect()
	}

	/// Agreements of a target that are not closed, in no particular order, those after
	/// `start_after` (`None`: from the start), at most `limit` and 128 of them.
	pub fn agreements_at(
		target: Target,
		start_after: Option<AgreementId>,
		limit: u32,
	) -> AgreementPage {
		let keys = match start_after {
			Some(id) => {
				let from = ByTarget::<T>::hashed_key_for(target, id);
				ByTarget::<T>::iter_key_prefix_from(target, from)
			},
			None => ByTarget::<T>::iter_key_prefix(target),
		};
		keys.take(page_size(limit)).collect()
	}

	/// Agreement that is not over.
	pub(crate) fn open_agreement_of(id: AgreementId) -> Option<Agreement<T::AccountId>> {
		Agreements::<T>::get(id).filter(|agreement| !agreement.is_closed())
	}

	/// Facts of an agreement with its listing.
	pub(crate) fn facts_of(
		agreement: &Agreement<T::AccountId>,
		listing: &Service<T::AccountId>,
	) -> AgreementFacts<T::AccountId> {
		AgreementFacts {
			tenant: agreement.tenant.clone(),
			operator: listing.operator.clone(),
			target: agreement.target,
			class: listing.kind.class(),
			units: agreement.units,
			asset: agreement.asset,
			opened: T::Clock::window_of(T::Clock::round_at(agreement.opened_at)),
		}
	}

	/// Platform's fee on the sum that an agreement has `paid`, of at most one window's price.
	pub(crate) fn fee_of_window(agreement: &Agreement<T::AccountId>, paid: Balance) -> Balance {
		let price = window_price::<T::Clock>(agreement.rate).unwrap_or(Balance::MAX);
		Self::current_rules().fee.share.mul_floor(paid.min(price))
	}

	/// Units of a target that are sold and not closed.
	pub(crate) fn units_of(target: Target) -> u32 {
		Targets::<T>::get(target).map_or(0, |state| state.units)
	}

	pub(crate) fn status_of(target: Target) -> Option<ServiceView> {
		let listing = T::Registry::listing(target)?;
		let state = Targets::<T>::get(target);
		let known = state.clone().unwrap_or_else(|| TargetState::new(listing.asset));
		let cover = known.left_of(listing.terms.cover);
		// The first sale reserves at the current penalty share.
		let penalty_share =
			if known.units > 0 { known.penalty_share } else { Self::current_rules().penalty_share };
		let known = TargetState { penalty_share, ..known };
		let covered = Self::coverable(T::Bonding::free_bond(&listing), &listing, &known);
		let available = listing.capacity.saturating_sub(known.units).min(covered);
		Some(ServiceView { state, cover, exposure: T::Bonding::exposure(target), available })
	}
}

/// Number of units as an error can show it.
fn shown(units: u32) -> u16 {
	u16::try_from(units).unwrap_or(u16::MAX)
}

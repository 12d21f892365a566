//! What tenants are owed, and how it is paid.

use crate::{end::is_limited, *};
use frame_support::storage::with_storage_layer;

impl<T: Config> Pallet<T> {
	/// Credit that an agreement is owed, in base units: of one that runs what may be paid now; of one that is
	/// ending what it gets at its end by what is judged so far.
	pub(crate) fn owed(agreement: &Agreement<T::AccountId>) -> Balance {
		let due = || {
			let base = Self::base_of(agreement)?;
			let state = Services::<T>::get(agreement.service)?;
			let index = match agreement.state {
				AgreementState::Open => Self::payable_index(agreement, &state),
				AgreementState::Closing { round, reason } => {
					Self::last_index(agreement, &state, round, reason)
				},
				AgreementState::Closed { .. } => base,
			};
			Some(credit_between(agreement.units, base, index))
		};
		agreement.claimable.saturating_add(due().unwrap_or_default())
	}

	/// What the pot keeps for an agreement: all that its index rose since its base, whether it will be due or
	/// not, and what it can claim.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub(crate) fn set_aside(agreement: &Agreement<T::AccountId>) -> Balance {
		let risen = match (agreement.state, Self::base_of(agreement), Services::<T>::get(agreement.service)) {
			(AgreementState::Open | AgreementState::Closing { .. }, Some(base), Some(state)) => {
				credit_between(agreement.units, base, state.index_at_price(agreement.price))
			},
			_ => 0,
		};
		agreement.claimable.saturating_add(risen)
	}

	/// Index from which an agreement is credited. `None` while its units do not count.
	pub(crate) fn base_of(agreement: &Agreement<T::AccountId>) -> Option<Balance> {
		match agreement.base {
			Base::Index(index) => Some(index),
			Base::Window(window) => {
				WindowBase::<T>::get((agreement.service, window, agreement.price)).map(|start| start.index)
			},
		}
	}

	/// Index up to which an agreement that runs may be paid now: all of it if it is certain to stay to the end of
	/// the window, else no more of the window's credits than the judged rounds of it cost. Its tenant keeps no
	/// more than that should it end in the next round by the tenant's doing.
	fn payable_index(agreement: &Agreement<T::AccountId>, state: &ServiceState) -> Balance {
		let price = agreement.price;
		let index = state.index_at_price(price);
		let start = index.saturating_sub(state.credited_in_window(price));
		let first = T::Clock::window_start(state.window);
		let earned = Self::price_of_rounds(price, first, T::Probing::judged_round());
		let safe = index.min(start.saturating_add(earned));
		if safe == index || Self::stays_for(agreement, state.window) { index } else { safe }
	}

	/// Whether an agreement cannot end within a window by its tenant's doing: to close it takes to the end of a
	/// window that was credited, and the deposit lasts. When a lease ends is its owner's to say.
	fn stays_for(agreement: &Agreement<T::AccountId>, window: WindowIndex) -> bool {
		if agreement.lease.is_some() {
			return false;
		}
		let end = T::Clock::window_start(window.saturating_add(1));
		let rounds = end.saturating_sub(1).saturating_sub(T::Probing::judged_round());
		let blocks = rounds.saturating_mul(T::Clock::round_blocks());
		T::Escrow::stream(agreement.escrow).is_some_and(|stream| stream.blocks_left >= blocks)
	}

	/// Whether credits are settled as they come. Not when it ends by the tenant's doing, since they are limited
	/// then, and not after the last round is judged, since later breaches are none of its: both are seen to at the
	/// end.
	fn accrues(agreement: &Agreement<T::AccountId>) -> bool {
		match agreement.state {
			AgreementState::Open => true,
			AgreementState::Closing { round, reason } => {
				!is_limited(reason) && round > T::Probing::judged_round()
			},
			AgreementState::Closed { .. } => false,
		}
	}

	/// Read the agreement's base once its window is closed.
	pub(crate) fn resolve(agreement: &mut Agreement<T::AccountId>) {
		let Base::Window(window) = agreement.base else { return };
		let key = (agreement.service, window, agreement.price);
		WindowBase::<T>::mutate_exists(key, |slot| {
			let Some(start) = slot else { return };
			agreement.base = Base::Index(start.index);
			start.agreements = start.agreements.saturating_sub(1);
			if start.agreements == 0 {
				*slot = None;
			}
		});
	}

	/// Make claimable what an agreement was credited since its base.
	fn accrue(agreement: &mut Agreement<T::AccountId>) {
		if !Self::accrues(agreement) {
			return;
		}
		Self::resolve(agreement);
		let Base::Index(base) = agreement.base else { return };
		let Some(state) = Services::<T>::get(agreement.service) else { return };
		let index = Self::payable_index(agreement, &state).max(base);
		Self::credit_up_to(agreement, base, index);
	}

	/// Make claimable what `from .. to` of the index is for an agreement.
	pub(crate) fn credit_up_to(agreement: &mut Agreement<T::AccountId>, from: Balance, to: Balance) {
		let credit = credit_between(agreement.units, from, to);
		agreement.base = Base::Index(to);
		agreement.claimable = agreement.claimable.saturating_add(credit);
		agreement.credited = agreement.credited.saturating_add(credit);
	}

	/// Pay what is claimable. On failure nothing moved and it stays claimable.
	pub(crate) fn pay(
		id: AgreementId,
		agreement: &mut Agreement<T::AccountId>,
	) -> Result<Balance, DispatchError> {
		let amount = agreement.claimable;
		if amount == 0 {
			return Ok(0);
		}
		with_storage_layer(|| T::Funds::transfer(agreement.asset, &Self::pot(), &agreement.tenant, amount))?;
		agreement.claimable = 0;
		Pots::<T>::mutate(agreement.asset, |pot| pot.owed = pot.owed.saturating_sub(amount));
		Self::deposit_event(Event::CreditPaid { agreement: id, tenant: agreement.tenant.clone(), amount });
		Ok(amount)
	}

	/// Write an agreement back; a closed one goes with its last claim.
	pub(crate) fn store(id: AgreementId, agreement: Agreement<T::AccountId>) {
		if matches!(agreement.state, AgreementState::Closed { .. }) && agreement.claimable == 0 {
			Agreements::<T>::remove(id);
			ByTenant::<T>::remove(&agreement.tenant, id);
		} else {
			Agreements::<T>::insert(id, agreement);
		}
	}

	/// Pay the credit of an agreement. Writes only what changed; a payment that cannot be delivered
	/// leaves it claimable.
	fn settle_credit(
		id: AgreementId,
		agreement: &mut Agreement<T::AccountId>,
	) -> Result<Balance, DispatchError> {
		let before = agreement.clone();
		Self::accrue(agreement);
		let paid = Self::pay(id, agreement);
		if *agreement != before {
			Self::store(id, agreement.clone());
		}
		paid
	}

	pub(crate) fn do_settle(id: AgreementId) -> DispatchResult {
		let mut agreement = Agreements::<T>::get(id).ok_or(Error::<T>::UnknownAgreement)?;
		let credited = Self::settle_credit(id, &mut agreement).unwrap_or(0);
		let paid = if Self::end_with_service(id, &agreement) {
			// The agenda of escrow bills it to its end and refunds the rest.
			0
		} else if matches!(agreement.state, AgreementState::Closed { .. }) {
			0
		} else {
			// A stream that cannot be paid now (disputed) does not hold back the credit.
			match with_storage_layer(|| T::Escrow::settle(agreement.escrow)) {
				Ok(paid) => paid,
				Err(error) if credited == 0 => return Err(error),
				Err(_) => 0,
			}
		};
		Self::deposit_event(Event::Settled { agreement: id, paid, credited });
		Ok(())
	}

	pub(crate) fn do_claim(id: AgreementId) -> DispatchResult {
		let mut agreement = Agreements::<T>::get(id).ok_or(Error::<T>::UnknownAgreement)?;
		let paid = Self::settle_credit(id, &mut agreement)?;
		if paid == 0 {
			let waits = Self::owed(&agreement) > 0;
			return Err(if waits { Error::<T>::PaidAtItsEnd } else { Error::<T>::NothingOwed }.into());
		}
		Ok(())
	}

	/// One step of the round robin: pay the credit, and end an agreement whose service has ended. Nothing
	/// in it stops the next.
	pub(crate) fn settle_step(id: AgreementId) {
		let Some(mut agreement) = Agreements::<T>::get(id) else { return };
		let _ = Self::settle_credit(id, &mut agreement);
		Self::end_with_service(id, &agreement);
	}
}

/// `units x (to - from)` in base units.
pub(crate) fn credit_between(units: u32, from: Balance, to: Balance) -> Balance {
	Balance::from(units).saturating_mul(to.saturating_sub(from))
}

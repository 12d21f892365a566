//! What tenants are owed, and how it is paid.

use crate::*;
use frame_support::storage::with_storage_layer;

impl<T: Config> Pallet<T> {
	/// Credit that an agreement is owed, in base units.
	pub(crate) fn owed(agreement: &Agreement<T::AccountId>) -> Balance {
		agreement.claimable.saturating_add(Self::accrued(agreement))
	}

	/// Credit since the agreement's base, not settled yet.
	fn accrued(agreement: &Agreement<T::AccountId>) -> Balance {
		if matches!(agreement.state, AgreementState::Closed { .. }) {
			return 0;
		}
		let base = match agreement.base {
			Base::Index(index) => Some(index),
			Base::Window(window) => {
				WindowBase::<T>::get((agreement.service, window, agreement.price)).map(|start| start.index)
			},
		};
		base.map_or(0, |base| credit_between(agreement.units, base, Self::index_of(agreement, base)))
	}

	/// Index of the agreement's tariff, at least `base`.
	fn index_of(agreement: &Agreement<T::AccountId>, base: Balance) -> Balance {
		Services::<T>::get(agreement.service).map_or(base, |s| s.index_at_price(agreement.price).max(base))
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
		if matches!(agreement.state, AgreementState::Closed { .. }) {
			return;
		}
		Self::resolve(agreement);
		if let Base::Index(base) = agreement.base {
			let index = Self::index_of(agreement, base);
			Self::credit_up_to(agreement, base, index);
		}
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
		ensure!(paid > 0, Error::<T>::NothingOwed);
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

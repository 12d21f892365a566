//! Credits: what tenants are owed, and how it is paid.

use crate::*;
use frame_support::storage::with_storage_layer;
use surety_primitives::credit::{credit_of, window_price};

impl<T: Config> Pallet<T> {
	/// All credit that breaches promised an agreement so far, in base units, whether it has paid
	/// for it or not: `floor(rate x blocks of a window x (index - base))`.
	pub(crate) fn promised(agreement: &Agreement<T::AccountId>, state: &ServiceState) -> Balance {
		let Some(base) = Self::base_of(agreement) else { return 0 };
		let price = window_price::<T::Clock>(agreement.rate).unwrap_or(Balance::MAX);
		credit_of(price, state.index.saturating_sub(base))
	}

	/// Credit that is due to an agreement by what it has paid and is not delivered, and the credit
	/// promised beyond it. Both in base units.
	pub(crate) fn owed(agreement: &Agreement<T::AccountId>) -> (Balance, Balance) {
		let Some(state) = Services::<T>::get(agreement.service).filter(|_| !agreement.is_closed())
		else {
			return (agreement.claimable, 0);
		};
		let paid = T::Escrow::stream(agreement.escrow).map_or(0, |s| s.paid.saturating_add(s.due));
		let promised = Self::promised(agreement, &state);
		let due = promised.min(paid).saturating_sub(agreement.credited);
		let beyond = promised.saturating_sub(agreement.credited).saturating_sub(due);
		(agreement.claimable.saturating_add(due), beyond)
	}

	/// Index from which an agreement is credited. `None` while it does not count.
	pub(crate) fn base_of(agreement: &Agreement<T::AccountId>) -> Option<WindowShare> {
		match agreement.base {
			Base::Index(index) => Some(index),
			Base::Window(window) => {
				WindowBase::<T>::get(agreement.service, window).map(|start| start.index)
			},
		}
	}

	/// Read the agreement's base once its window is closed.
	pub(crate) fn resolve(agreement: &mut Agreement<T::AccountId>) {
		let Base::Window(window) = agreement.base else { return };
		WindowBase::<T>::mutate_exists(agreement.service, window, |slot| {
			let Some(start) = slot else { return };
			agreement.base = Base::Index(start.index);
			start.agreements = start.agreements.saturating_sub(1);
			if start.agreements == 0 {
				*slot = None;
			}
		});
	}

	/// Make claimable what is promised to an agreement, up to what it has paid in all. Returns
	/// whether it was anything: then `state` changed too.
	pub(crate) fn credit_up_to(
		agreement: &mut Agreement<T::AccountId>,
		state: &mut ServiceState,
		paid: Balance,
	) -> bool {
		let promised = Self::promised(agreement, state);
		let credit = promised.min(paid).saturating_sub(agreement.credited).min(state.set_aside);
		agreement.credited = agreement.credited.saturating_add(credit);
		agreement.claimable = agreement.claimable.saturating_add(credit);
		state.set_aside = state.set_aside.saturating_sub(credit);
		credit > 0
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
		with_storage_layer(|| {
			T::Funds::transfer(agreement.asset, &Self::pot(), &agreement.tenant, amount)
		})?;
		agreement.claimable = 0;
		Pots::<T>::mutate(agreement.asset, |pot| pot.owed = pot.owed.saturating_sub(amount));
		Self::deposit_event(Event::CreditPaid {
			agreement: id,
			tenant: agreement.tenant.clone(),
			amount,
		});
		Ok(amount)
	}

	/// Write an agreement back; a closed one goes with its last claim.
	pub(crate) fn store(id: AgreementId, agreement: Agreement<T::AccountId>) {
		if agreement.is_closed() && agreement.claimable == 0 {
			Agreements::<T>::remove(id);
			ByTenant::<T>::remove(&agreement.tenant, id);
		} else {
			Agreements::<T>::insert(id, agreement);
		}
	}

	/// Pay what an agreement owes both ways: its stream, `always` or only if there is a
	/// reason to, and the credit by what the stream has paid. Writes only what changed; a credit that cannot be
	/// delivered stays claimable. Returns what was paid of each.
	///
	/// A stream that cannot be paid now (disputed) does not hold back the credit. Once its service
	/// has ended, paying it makes escrow end it.
	fn settle_both(
		id: AgreementId,
		mut agreement: Agreement<T::AccountId>,
		always: bool,
	) -> (Result<Balance, DispatchError>, Result<Balance, DispatchError>) {
		let before = agreement.clone();
		let mut stream = Ok(0);
		if !agreement.is_closed()
			&& let Some(mut state) = Services::<T>::get(agreement.service)
		{
			Self::resolve(&mut agreement);
			let promised = Self::promised(&agreement, &state) > agreement.credited;
			// First the payment: it is the measure of the credit.
			if always || promised || T::Probing::ended(agreement.service).is_some() {
				stream = with_storage_layer(|| T::Escrow::settle(agreement.escrow));
			}
			let paid = || T::Escrow::stream(agreement.escrow).map_or(0, |stream| stream.paid);
			let paid = if promised { paid() } else { 0 };
			if Self::credit_up_to(&mut agreement, &mut state, paid) {
				Services::<T>::insert(agreement.service, state);
			}
		}
		let credited = Self::pay(id, &mut agreement);
		if agreement != before {
			Self::store(id, agreement);
		}
		(stream, credited)
	}

	pub(crate) fn do_settle(id: AgreementId) -> DispatchResult {
		let agreement = Agreements::<T>::get(id).ok_or(Error::<T>::UnknownAgreement)?;
		let (stream, credited) = Self::settle_both(id, agreement, true);
		let credited = credited.unwrap_or(0);
		let paid = match stream {
			Err(error) if credited == 0 => return Err(error),
			stream => stream.unwrap_or(0),
		};
		Self::deposit_event(Event::Settled { agreement: id, paid, credited });
		Ok(())
	}

	pub(crate) fn do_claim(id: AgreementId) -> DispatchResult {
		let agreement = Agreements::<T>::get(id).ok_or(Error::<T>::UnknownAgreement)?;
		let (_, credited) = Self::settle_both(id, agreement, true);
		ensure!(credited? > 0, Error::<T>::NothingOwed);
		Ok(())
	}

	/// One step of the round robin. An agreement that is promised nothing costs no more than
	/// reading it, its service and the service's meter.
	pub(crate) fn settle_step(id: AgreementId) {
		if let Some(agreement) = Agreements::<T>::get(id) {
			// Nothing in it stops the next.
			let _ = Self::settle_both(id, agreement, false);
		}
	}
}

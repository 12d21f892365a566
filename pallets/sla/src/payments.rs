// SPDX-License-Identifier: Apache-2.0

//! Credits of tenants: promised, owed and paid; the pot; the round robin in `on_idle`.

use crate::{
	Agreement, Agreements, Base, Config, Cursor, Error, Event, LOG_TARGET, POT, Pallet, Pot, Pots,
	TargetState, Targets, WeightInfo, WindowBase,
};
use alloc::vec::Vec;
use frame::{log, prelude::*};
use frame_support::{storage::with_storage_layer, weights::WeightMeter};
use surety_primitives::{
	AgreementId, AssetId, Balance, Funds, Meter, Streams, WindowShare,
	credit::{credit_of, window_price},
};

/// True if an asset was sold in for the first time, so that the pot was endowed.
pub(crate) type PotEndowed = bool;

/// Outcome of a settlement.
struct Settlement {
	/// Base units paid by the stream.
	paid: Result<Balance, DispatchError>,
	/// Base units credited.
	credited: Result<Balance, DispatchError>,
	/// True if an end of the stream is decided, or one that the payment may have decided: the
	/// target has ended.
	ending: bool,
}

/// Amounts.
impl<T: Config> Pallet<T> {
	/// Credit that breaches promised an agreement so far, in base units, paid for or not:
	/// `floor(rate x blocks of a window x (index - base))`.
	pub(crate) fn promised(agreement: &Agreement<T::AccountId>, state: &TargetState) -> Balance {
		let Some(base) = Self::base_of(agreement) else { return 0 };
		let price = window_price::<T::Clock>(agreement.rate).unwrap_or(Balance::MAX);
		credit_of(price, state.index.saturating_sub(base))
	}

	/// Credit of an agreement that is due by the sum it has paid and was not delivered, and the
	/// credit promised beyond that. Both in base units.
	pub(crate) fn owed(agreement: &Agreement<T::AccountId>) -> (Balance, Balance) {
		let Some(state) = Targets::<T>::get(agreement.target).filter(|_| !agreement.is_closed())
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
	fn base_of(agreement: &Agreement<T::AccountId>) -> Option<WindowShare> {
		match agreement.base {
			Base::Index(index) => Some(index),
			Base::Window(window) => {
				WindowBase::<T>::get(agreement.target, window).map(|start| start.index)
			},
		}
	}

	/// Read the base of an agreement once its window is closed.
	pub(crate) fn resolve_base(agreement: &mut Agreement<T::AccountId>) {
		let Base::Window(window) = agreement.base else { return };
		WindowBase::<T>::mutate_exists(agreement.target, window, |entry| {
			let Some(start) = entry else { return };
			agreement.base = Base::Index(start.index);
			start.agreements = start.agreements.saturating_sub(1);
			if start.agreements == 0 {
				*entry = None;
			}
		});
	}
}

/// Payments.
impl<T: Config> Pallet<T> {
	/// Make the promised credit of an agreement claimable, up to the sum it has `paid`. True if
	/// that was any: then `state` changed too.
	pub(crate) fn credit_up_to(
		agreement: &mut Agreement<T::AccountId>,
		state: &mut TargetState,
		paid: Balance,
	) -> bool {
		let promised = Self::promised(agreement, state);
		let credit = promised.min(paid).saturating_sub(agreement.credited).min(state.set_aside);
		agreement.credited = agreement.credited.saturating_add(credit);
		agreement.claimable = agreement.claimable.saturating_add(credit);
		state.set_aside = state.set_aside.saturating_sub(credit);
		credit > 0
	}

	/// Pay the claimable credit. On failure nothing moves and it stays claimable.
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

	/// Pay what an agreement owes both ways: its stream, `always` or only with a reason, and the
	/// credit by the sum that the stream has paid. Writes only what changed.
	///
	/// A stream that cannot pay now (disputed) does not hold back the credit. The stream of a
	/// target that has ended is ended by the payment.
	fn settle_both(
		id: AgreementId,
		mut agreement: Agreement<T::AccountId>,
		always: bool,
	) -> Settlement {
		let before = agreement.clone();
		let mut paid = Ok(0);
		let mut ending = false;
		if !agreement.is_closed()
			&& let Some(mut state) = Targets::<T>::get(agreement.target)
		{
			Self::resolve_base(&mut agreement);
			let promised = Self::promised(&agreement, &state) > agreement.credited;
			let has_ended = T::Slots::meter(agreement.target).is_some_and(|m| m.end.is_some());
			let mut stream = None;
			// The payment comes first: it is the measure of the credit.
			if always || promised || has_ended {
				paid = with_storage_layer(|| T::Escrow::settle(agreement.escrow));
				stream = T::Escrow::stream(agreement.escrow);
			}
			ending = has_ended || stream.as_ref().is_some_and(|stream| stream.ending.is_some());
			let in_all = stream.map_or(0, |stream| stream.paid);
			if Self::credit_up_to(&mut agreement, &mut state, in_all) {
				Targets::<T>::insert(agreement.target, state);
			}
		}
		let credited = Self::pay(id, &mut agreement);
		if agreement != before {
			Self::store(id, agreement);
		}
		Settlement { paid, credited, ending }
	}

	/// Most that a settlement may take: an end that is decided by it takes as much as in a sweep.
	pub(crate) fn max_settle_weight() -> Weight {
		T::WeightInfo::settle(1, 1).max(T::WeightInfo::sweep_step())
	}

	/// Weight of a settlement. `None` is the maximum.
	fn settle_weight(asset: AssetId, credited: Balance, ending: bool) -> Option<Weight> {
		let weight = T::WeightInfo::settle(asset.is_local().into(), (credited > 0).into());
		(!ending).then_some(weight)
	}

	pub(crate) fn do_settle(id: AgreementId) -> DispatchResultWithPostInfo {
		let agreement = Agreements::<T>::get(id).ok_or(Error::<T>::UnknownAgreement)?;
		let asset = agreement.asset;
		let Settlement { paid, credited, ending } = Self::settle_both(id, agreement, true);
		let credited = credited.unwrap_or(0);
		let paid = match paid {
			Err(error) if credited == 0 => return Err(error.into()),
			paid => paid.unwrap_or(0),
		};
		Self::deposit_event(Event::Settled { agreement: id, paid, credited });
		Ok(Self::settle_weight(asset, credited, ending).into())
	}

	pub(crate) fn do_claim(id: AgreementId) -> DispatchResultWithPostInfo {
		let agreement = Agreements::<T>::get(id).ok_or(Error::<T>::UnknownAgreement)?;
		let asset = agreement.asset;
		let Settlement { credited, ending, .. } = Self::settle_both(id, agreement, true);
		let credited = credited?;
		ensure!(credited > 0, Error::<T>::NothingOwed);
		Ok(Self::settle_weight(asset, credited, ending).into())
	}
}

/// Round robin in `on_idle`. It only hastens payments: nothing that has a deadline depends on it.
impl<T: Config> Pallet<T> {
	/// Settle the next few agreements.
	pub(crate) fn settle_some(remaining: Weight) -> Weight {
		let mut meter = WeightMeter::with_limit(remaining);
		if meter.try_consume(T::WeightInfo::sweep_base()).is_err() {
			return meter.consumed();
		}
		let step = T::WeightInfo::sweep_step();
		let room = meter.remaining().checked_div_per_component(&step).unwrap_or(u64::MAX);
		let count = u32::try_from(room).unwrap_or(u32::MAX).min(T::SettlePerBlock::get());
		if count == 0 {
			return meter.consumed();
		}

		let ids: Vec<AgreementId> = match Cursor::<T>::get() {
			Some(last) => Agreements::<T>::iter_keys_from(Agreements::<T>::hashed_key_for(last)),
			None => Agreements::<T>::iter_keys(),
		}
		.take(usize::try_from(count).unwrap_or(0))
		.collect();
		let full = u32::try_from(ids.len()).is_ok_and(|n| n == count);
		match ids.last().filter(|_| full) {
			Some(last) => Cursor::<T>::put(last),
			None => Cursor::<T>::kill(),
		}
		for id in ids {
			meter.consume(step);
			Self::settle_step(id);
		}
		meter.consumed()
	}

	/// Settle one agreement. One that is promised nothing costs no more than reading it, its target
	/// and the meter of the target.
	pub(crate) fn settle_step(id: AgreementId) {
		if let Some(agreement) = Agreements::<T>::get(id) {
			// A failure must not stop the next one.
			let _ = Self::settle_both(id, agreement, false);
		}
	}
}

/// Pot.
impl<T: Config> Pallet<T> {
	/// Account that holds the credits.
	pub fn pot() -> T::AccountId {
		POT.into_account_truncating()
	}

	/// Endow the pot with the minimum balance of an asset before anything is slashed into it, or
	/// a small credit would be lost. `payer` pays, unless somebody endowed the account before.
	pub(crate) fn ensure_pot(
		asset: AssetId,
		payer: &T::AccountId,
	) -> Result<PotEndowed, DispatchError> {
		if Pots::<T>::contains_key(asset) {
			return Ok(false);
		}
		let minimum = T::Funds::minimum(asset);
		let pot = Self::pot();
		if T::Funds::total(asset, &pot) < minimum {
			T::Funds::transfer(asset, payer, &pot, minimum)?;
		}
		Pots::<T>::insert(asset, Pot { owed: 0, spare: 0, reserve: minimum });
		Ok(true)
	}

	/// Turn credit that was set aside into spare.
	pub(crate) fn make_spare(state: &mut TargetState, amount: Balance) {
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

	/// Give spare to the treasury. If the treasury cannot take it, it stays in the pot.
	pub(crate) fn sweep_spare(state: &mut TargetState) {
		let amount = state.spare;
		if amount == 0 {
			return;
		}
		let moved = with_storage_layer(|| {
			T::Funds::transfer(state.asset, &Self::pot(), &T::Treasury::get(), amount)
		});
		if let Err(error) = moved {
			log::warn!(target: LOG_TARGET, "the treasury cannot take {amount}: {error:?}");
			return;
		}
		state.spare = 0;
		Pots::<T>::mutate(state.asset, |pot| pot.spare = pot.spare.saturating_sub(amount));
	}
}

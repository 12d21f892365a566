//! Exposure is reserved, and bond is taken.

use crate::{LOG, pallet::*, types::*};
use frame::prelude::*;
use frame_support::storage::with_storage_layer;
use surety_primitives::{AssetId, Balance, Bonding, Funds, ServiceId, Slashed};

impl<T: Config> Bonding<T::AccountId> for Pallet<T> {
	fn exposure(service: ServiceId) -> Balance {
		Exposures::<T>::get(service)
	}

	fn set_exposure(id: ServiceId, amount: Balance) -> DispatchResult {
		let service = Self::find(id).ok_or(Error::<T>::UnknownService)?;
		let mut bond = Bonds::<T>::get(&service.operator, service.asset);
		let before = Exposures::<T>::get(id);
		let others = bond.exposure.defensive_saturating_sub(before);
		// Sums of what is at most the active bond; whatever overflows is not covered either.
		let sum = others.checked_add(amount).ok_or(Error::<T>::InsufficientBond)?;
		ensure!(amount <= before || sum <= bond.active, Error::<T>::InsufficientBond);
		bond.exposure = sum;
		Self::put_bond(&service.operator, service.asset, bond);
		if amount == 0 {
			Exposures::<T>::remove(id);
		} else {
			Exposures::<T>::insert(id, amount);
		}
		Ok(())
	}

	fn free_bond(service: ServiceId) -> Balance {
		Self::find(service)
			.map(|service| Bonds::<T>::get(&service.operator, service.asset).free())
			.unwrap_or(0)
	}

	fn slash(
		id: ServiceId,
		credit: Balance,
		credit_to: &T::AccountId,
		penalty: Balance,
	) -> Slashed {
		let Some(service) = Self::find(id) else {
			return Slashed::default();
		};
		let (operator, asset) = (service.operator, service.asset);
		let mut bond = Bonds::<T>::get(&operator, asset);
		let credited = Self::pay_from_bond(&operator, asset, &mut bond, credit, credit_to);
		let penalised =
			Self::pay_from_bond(&operator, asset, &mut bond, penalty, &T::Treasury::get());
		let moved = credited.saturating_add(penalised);
		Self::put_bond(&operator, asset, bond);
		Self::record_slash(&operator, asset, moved);
		let unpaid = credit.saturating_add(penalty).saturating_sub(moved);
		Self::deposit_event(Event::BondSlashed {
			operator,
			service: id,
			asset,
			credit: credited,
			penalty: penalised,
			unpaid,
		});
		Slashed { credit: credited, penalty: penalised }
	}

	fn charge(id: ServiceId, amount: Balance, to: &T::AccountId) -> Balance {
		let Some(service) = Self::find(id).filter(|_| amount > 0) else {
			return 0;
		};
		let (operator, asset) = (service.operator, service.asset);
		let mut bond = Bonds::<T>::get(&operator, asset);
		let moved = Self::pay_from_bond(&operator, asset, &mut bond, amount, to);
		Self::put_bond(&operator, asset, bond);
		Totals::<T>::mutate(asset, |totals| totals.bonded = totals.bonded.saturating_sub(moved));
		let unpaid = amount.saturating_sub(moved);
		Self::deposit_event(Event::RentPaid {
			operator,
			service: id,
			asset,
			amount: moved,
			unpaid,
		});
		moved
	}
}

impl<T: Config> Pallet<T> {
	/// Move up to `amount` of a bond, which the caller stores, to `to`, and return how much: all
	/// that there is of it or nothing, as a payment that can't be delivered (receiver blocked, or
	/// left below the minimum balance) leaves the bond where it is.
	pub(crate) fn pay_from_bond(
		operator: &T::AccountId,
		asset: AssetId,
		bond: &mut BondOf<T>,
		amount: Balance,
		to: &T::AccountId,
	) -> Balance {
		let amount = amount.min(bond.held());
		if amount == 0 {
			return 0;
		}
		// The layer undoes what a failing transfer has written: a slash runs outside of any call.
		let paid = with_storage_layer(|| {
			T::Funds::pay_held(asset, bond_reason::<T>(), operator, to, amount)
		});
		if let Err(error) = paid {
			log::warn!(target: LOG, "{amount} of a bond in {asset:?} not delivered: {error:?}");
			return 0;
		}
		bond.take(amount);
		amount
	}

	/// Add to the sums what was taken of a bond.
	pub(crate) fn record_slash(operator: &T::AccountId, asset: AssetId, moved: Balance) {
		if moved == 0 {
			return;
		}
		// Reads one key at most: whether there is any.
		if SlashedOf::<T>::iter_key_prefix(operator).next().is_none() {
			Count::<T>::mutate(|count| count.slashed = count.slashed.saturating_add(1));
		}
		SlashedOf::<T>::mutate(operator, asset, |sum| *sum = sum.saturating_add(moved));
		Totals::<T>::mutate(asset, |totals| {
			totals.bonded = totals.bonded.saturating_sub(moved);
			totals.slashed = totals.slashed.saturating_add(moved);
		});
	}
}

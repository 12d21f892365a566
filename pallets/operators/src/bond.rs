// SPDX-License-Identifier: Apache-2.0

//! Bonds: active, unbonding and reserved, and what is taken out of them.

use crate::{LOG_TARGET, pallet::*, types::*};
use frame::prelude::*;
use frame_support::storage::with_storage_layer;
use surety_primitives::{AssetId, Balance, Clock, Funds, Target};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_bond_more(
		who: T::AccountId,
		asset: AssetId,
		amount: Balance,
	) -> DispatchResult {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		Self::operator_of(&who)?;
		// An operator with bond in a revoked asset may need more of it for the services that it
		// has listed.
		ensure!(
			Self::is_listable(asset) || Bonds::<T>::contains_key(&who, asset),
			Error::<T>::AssetNotApproved
		);
		Self::increase_bond(&who, asset, amount)
	}

	/// Put `amount` on hold as active bond.
	pub(crate) fn increase_bond(
		who: &T::AccountId,
		asset: AssetId,
		amount: Balance,
	) -> DispatchResult {
		T::Funds::hold(asset, bond_reason::<T>(), who, amount)?;
		let mut bond = Bonds::<T>::get(who, asset);
		bond.active = bond.active.checked_add(amount).ok_or(ArithmeticError::Overflow)?;
		Bonds::<T>::insert(who, asset, bond);
		Totals::<T>::mutate(asset, |totals| totals.bonded = totals.bonded.saturating_add(amount));
		Self::deposit_event(Event::Bonded { operator: who.clone(), asset, amount });
		Ok(())
	}

	pub(crate) fn do_unbond(who: T::AccountId, asset: AssetId, amount: Balance) -> DispatchResult {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		Self::operator_of(&who)?;
		let mut bond = Bonds::<T>::get(&who, asset);
		ensure!(amount <= bond.free(), Error::<T>::BondReserved);
		let left = bond.active.saturating_sub(amount);
		if asset == AssetId::Native {
			let services = ServicesOf::<T>::decode_len(&who).unwrap_or(0);
			ensure!(
				left >= T::MinBond::get() || (left == 0 && services == 0),
				Error::<T>::BondBelowMinimum
			);
		}
		let unlock_at = T::Clock::now().saturating_add(T::UnbondingPeriod::get());
		bond.active = left;
		bond.add_chunk(Chunk { amount, unlock_at }).map_err(|()| Error::<T>::TooManyChunks)?;
		Bonds::<T>::insert(&who, asset, bond);
		Self::deposit_event(Event::Unbonded { operator: who, asset, amount, unlock_at });
		Ok(())
	}

	pub(crate) fn do_withdraw_unbonded(who: T::AccountId, asset: AssetId) -> DispatchResult {
		Self::operator_of(&who)?;
		let mut bond = Bonds::<T>::get(&who, asset);
		let amount = bond.take_matured(T::Clock::now());
		ensure!(amount > 0, Error::<T>::NothingToWithdraw);
		// A slash may have left less active bond than is reserved; then unbonding bond stays too.
		ensure!(bond.exposure <= bond.active, Error::<T>::BondReserved);
		T::Funds::release(asset, bond_reason::<T>(), &who, amount)?;
		Self::store_bond(&who, asset, bond);
		Totals::<T>::mutate(asset, |totals| totals.bonded = totals.bonded.saturating_sub(amount));
		Self::deposit_event(Event::Withdrawn { operator: who.clone(), asset, amount });
		Self::remove_if_retired(&who);
		Ok(())
	}

	/// Store a bond, or remove its entry if it is empty.
	pub(crate) fn store_bond(who: &T::AccountId, asset: AssetId, bond: BondOf<T>) {
		if bond.is_empty() {
			Bonds::<T>::remove(who, asset);
		} else {
			Bonds::<T>::insert(who, asset, bond);
		}
	}

	/// Ensure that the native bond, which every operator needs, and the bond in `asset`, which pays
	/// credits, are at their minimum.
	pub(crate) fn ensure_bonded(who: &T::AccountId, asset: AssetId) -> Result<(), Error<T>> {
		ensure!(
			Bonds::<T>::get(who, AssetId::Native).active >= T::MinBond::get(),
			Error::<T>::BondBelowMinimum
		);
		if asset != AssetId::Native {
			let minimum = Self::min_bond(asset).ok_or(Error::<T>::AssetNotApproved)?;
			ensure!(Bonds::<T>::get(who, asset).active >= minimum, Error::<T>::BondBelowMinimum);
		}
		Ok(())
	}

	/// Set the exposure of a target, and with it the exposure of its operator's bond.
	pub(crate) fn do_set_exposure(
		target: Target,
		listing: &ServiceOf<T>,
		amount: Balance,
	) -> DispatchResult {
		let mut bond = Bonds::<T>::get(&listing.operator, listing.asset);
		let before = Exposures::<T>::get(target);
		let others = bond.exposure.defensive_saturating_sub(before);
		// The sum is at most the active bond, so an amount that overflows is not covered either.
		let sum = others.checked_add(amount).ok_or(Error::<T>::InsufficientBond)?;
		ensure!(amount <= before || sum <= bond.active, Error::<T>::InsufficientBond);
		bond.exposure = sum;
		Self::store_bond(&listing.operator, listing.asset, bond);
		if amount == 0 {
			Exposures::<T>::remove(target);
		} else {
			Exposures::<T>::insert(target, amount);
		}
		Ok(())
	}

	/// Take `amount` out of the reserve of bids, and so out of the exposure of the bond, which the
	/// caller stores. Returns the amount taken: all of it, unless the caller lost count.
	pub(crate) fn take_reserved(
		operator: &T::AccountId,
		asset: AssetId,
		bond: &mut BondOf<T>,
		amount: Balance,
	) -> Balance {
		let reserved = Reserved::<T>::get(operator, asset);
		if amount > reserved {
			defensive!("more bond is released than was reserved");
		}
		let left = reserved.saturating_sub(amount);
		if left == 0 {
			Reserved::<T>::remove(operator, asset);
		} else {
			Reserved::<T>::insert(operator, asset, left);
		}
		let taken = reserved.saturating_sub(left);
		bond.exposure = bond.exposure.defensive_saturating_sub(taken);
		taken
	}

	/// Move up to `amount` of a bond, which the caller stores, to `to`. Returns the amount moved:
	/// all that the bond has of it, or nothing, as a payment that cannot be delivered (receiver
	/// blocked, or left below the minimum balance) leaves the bond as it is.
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
		// The layer rolls back the writes of a failed transfer: a slash runs outside of any call.
		let paid = with_storage_layer(|| {
			T::Funds::pay_held(asset, bond_reason::<T>(), operator, to, amount)
		});
		if let Err(error) = paid {
			log::warn!(
				target: LOG_TARGET,
				"{amount} of a bond in {asset:?} not delivered: {error:?}"
			);
			return 0;
		}
		bond.take(amount);
		amount
	}

	/// Add a slash to the totals.
	pub(crate) fn record_slash(operator: &T::AccountId, asset: AssetId, moved: Balance) {
		if moved == 0 {
			return;
		}
		// `next` reads one key at most: enough to see that the operator was slashed before.
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

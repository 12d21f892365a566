//! Bond comes in, starts to leave, and leaves.

use crate::{pallet::*, types::*};
use frame::prelude::*;
use surety_primitives::{AssetId, Balance, Clock, Funds};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_bond_more(
		who: T::AccountId,
		asset: AssetId,
		amount: Balance,
	) -> DispatchResult {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		Self::operator_of(&who)?;
		// Who has bond in a revoked asset may need more of it for what is listed.
		ensure!(
			Self::is_listable(asset) || Bonds::<T>::contains_key(&who, asset),
			Error::<T>::AssetNotApproved
		);
		Self::add_bond(&who, asset, amount)
	}

	/// Put `amount` on hold as active bond.
	pub(crate) fn add_bond(who: &T::AccountId, asset: AssetId, amount: Balance) -> DispatchResult {
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
		// A slash may have left less active bond than is reserved; then what is on its way out stays too.
		ensure!(bond.exposure <= bond.active, Error::<T>::BondReserved);
		T::Funds::release(asset, bond_reason::<T>(), &who, amount)?;
		Self::put_bond(&who, asset, bond);
		Totals::<T>::mutate(asset, |totals| totals.bonded = totals.bonded.saturating_sub(amount));
		Self::deposit_event(Event::Withdrawn { operator: who.clone(), asset, amount });
		Self::leave_if_done(&who);
		Ok(())
	}

	/// Store a bond, or forget it if nothing is left of it.
	pub(crate) fn put_bond(who: &T::AccountId, asset: AssetId, bond: BondOf<T>) {
		if bond.is_empty() {
			Bonds::<T>::remove(who, asset);
		} else {
			Bonds::<T>::insert(who, asset, bond);
		}
	}

	/// Whether services may be listed in an asset now.
	pub(crate) fn is_listable(asset: AssetId) -> bool {
		match asset {
			AssetId::Native => true,
			AssetId::Local(id) => Approvals::<T>::get(id).is_some_and(|approval| approval.listable),
		}
	}

	/// The native bond is what makes an operator, the one in the service's asset what pays its credits:
	/// both must be at their minimum.
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
}

//! Bond is reserved for bids, given back, and forfeited.

use crate::{pallet::*, types::*};
use frame::prelude::*;
use surety_primitives::{AssetId, Balance, BondReserve};

impl<T: Config> BondReserve<T::AccountId> for Pallet<T> {
	fn reserve(operator: &T::AccountId, asset: AssetId, amount: Balance) -> DispatchResult {
		if amount == 0 {
			return Ok(());
		}
		let mut bond = Bonds::<T>::get(operator, asset);
		ensure!(amount <= bond.free(), Error::<T>::InsufficientBond);
		bond.exposure = bond.exposure.saturating_add(amount);
		Bonds::<T>::insert(operator, asset, bond);
		Reserved::<T>::mutate(operator, asset, |reserved| {
			*reserved = reserved.saturating_add(amount)
		});
		Ok(())
	}

	fn unreserve(operator: &T::AccountId, asset: AssetId, amount: Balance) {
		let mut bond = Bonds::<T>::get(operator, asset);
		Self::take_reserved(operator, asset, &mut bond, amount);
		Self::put_bond(operator, asset, bond);
	}

	fn forfeit(operator: &T::AccountId, asset: AssetId, amount: Balance) -> Balance {
		let mut bond = Bonds::<T>::get(operator, asset);
		// Never more than was reserved: the rest of the bond stands for something else.
		let amount = Self::take_reserved(operator, asset, &mut bond, amount);
		if amount == 0 {
			return 0;
		}
		let moved = Self::pay_from_bond(operator, asset, &mut bond, amount, &T::Treasury::get());
		Self::put_bond(operator, asset, bond);
		Self::record_slash(operator, asset, moved);
		Self::deposit_event(Event::BondForfeited {
			operator: operator.clone(),
			asset,
			amount: moved,
			unpaid: amount.saturating_sub(moved),
		});
		moved
	}

	fn reserved(operator: &T::AccountId, asset: AssetId) -> Balance {
		Reserved::<T>::get(operator, asset)
	}
}

impl<T: Config> Pallet<T> {
	/// Take `amount` out of what is reserved and so out of the exposure of the bond, which the caller stores.
	/// Says how much of it there was: all of it, unless the caller lost count.
	fn take_reserved(
		operator: &T::AccountId,
		asset: AssetId,
		bond: &mut BondOf<T>,
		amount: Balance,
	) -> Balance {
		let reserved = Reserved::<T>::get(operator, asset);
		if amount > reserved {
			frame_support::defensive!("more bond is given back than was reserved");
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
}

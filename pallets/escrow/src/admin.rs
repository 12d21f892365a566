// SPDX-License-Identifier: Apache-2.0

//! Governance calls.

use crate::pallet::*;
use crate::{AccountOf, types::Terms};
use frame::prelude::*;
use surety_primitives::{Balance, Clock, CloseReason, EscrowId, OnStreamEnd};

impl<T: Config> Pallet<T> {
	/// End or close an account. Returns the weight of the notification.
	pub(crate) fn do_force_close(id: EscrowId, to_payee: Balance) -> Result<Weight, DispatchError> {
		let account = Accounts::<T>::get(id).ok_or(Error::<T>::UnknownEscrow)?;
		let owner = account.owner;
		let frozen = account.frozen > 0;
		if account.is_closed() {
			ensure!(to_payee == 0, Error::<T>::NotEnoughHeld);
			Self::write_off(id, account)?;
			return Ok(Weight::zero());
		}
		if account.terms == Terms::OneOff {
			if frozen {
				Self::thaw(id, 0)?;
			}
			let end = Self::close_hold(id, to_payee, CloseReason::Governance)?;
			return Ok(T::OnStreamEnd::ended(owner, end));
		}
		if frozen {
			Self::thaw(id, to_payee)?;
		} else {
			ensure!(to_payee == 0, Error::<T>::NotFrozen);
		}
		let (end, changed) = Self::stop_by(id, T::Clock::round(), CloseReason::Governance, false)?;
		Ok(if changed { T::OnStreamEnd::ending(owner, end) } else { Weight::zero() })
	}

	/// Write off the claim of a closed account: all held funds go back to the payer.
	pub(crate) fn write_off(id: EscrowId, mut account: AccountOf<T>) -> DispatchResult {
		let amount = account.held;
		Self::release(id, &mut account, amount)?;
		Accounts::<T>::remove(id);
		Self::deposit_event(Event::WrittenOff { escrow: id, amount });
		Ok(())
	}
}

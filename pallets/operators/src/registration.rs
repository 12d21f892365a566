// SPDX-License-Identifier: Apache-2.0

//! Registration, identity and status of operators.

use crate::{pallet::*, types::*};
use frame::prelude::*;
use surety_primitives::{AssetId, Balance, Clock, Name, Uri};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register(
		who: T::AccountId,
		bond: Balance,
		name: Name,
		contact: Uri,
	) -> DispatchResult {
		ensure!(!Operators::<T>::contains_key(&who), Error::<T>::AlreadyRegistered);
		ensure!(bond >= T::MinBond::get(), Error::<T>::BondBelowMinimum);
		Self::check_identity(&name, &contact)?;
		Operators::<T>::insert(
			&who,
			Operator { name, contact, status: OperatorStatus::Active, since: T::Clock::now() },
		);
		Count::<T>::mutate(|count| {
			count.operators = count.operators.saturating_add(1);
			count.active = count.active.saturating_add(1);
		});
		Self::deposit_event(Event::OperatorRegistered { operator: who.clone(), bond });
		Self::increase_bond(&who, AssetId::Native, bond)
	}

	pub(crate) fn do_set_identity(who: T::AccountId, name: Name, contact: Uri) -> DispatchResult {
		Self::check_identity(&name, &contact)?;
		let mut operator = Self::operator_of(&who)?;
		operator.name = name;
		operator.contact = contact;
		Operators::<T>::insert(&who, operator);
		Self::deposit_event(Event::IdentitySet { operator: who });
		Ok(())
	}

	pub(crate) fn do_deactivate(who: T::AccountId) -> DispatchResult {
		let operator = Self::operator_of(&who)?;
		ensure!(operator.status == OperatorStatus::Active, Error::<T>::OperatorInactive);
		Self::set_status(&who, operator, OperatorStatus::Inactive);
		Self::deposit_event(Event::OperatorDeactivated { operator: who });
		Ok(())
	}

	pub(crate) fn do_activate(who: T::AccountId) -> DispatchResult {
		let operator = Self::operator_of(&who)?;
		ensure!(operator.status != OperatorStatus::Active, Error::<T>::OperatorActive);
		Self::ensure_bonded(&who, AssetId::Native)?;
		Self::set_status(&who, operator, OperatorStatus::Active);
		Self::deposit_event(Event::OperatorActivated { operator: who });
		Ok(())
	}

	pub(crate) fn do_retire(who: T::AccountId) -> DispatchResult {
		let operator = Self::operator_of(&who)?;
		ensure!(operator.status != OperatorStatus::Retiring, Error::<T>::OperatorRetiring);
		ensure!(ServicesOf::<T>::decode_len(&who).unwrap_or(0) == 0, Error::<T>::HasServices);
		Self::set_status(&who, operator, OperatorStatus::Retiring);
		Self::deposit_event(Event::OperatorRetiring { operator: who.clone() });
		Self::remove_if_retired(&who);
		Ok(())
	}

	/// Remove an operator that is retiring and has no bond left.
	pub(crate) fn remove_if_retired(who: &T::AccountId) {
		let retiring = Operators::<T>::get(who)
			.is_some_and(|operator| operator.status == OperatorStatus::Retiring);
		// `next` reads one key at most: enough to see that there is a bond.
		if !retiring || Bonds::<T>::iter_key_prefix(who).next().is_some() {
			return;
		}
		Operators::<T>::remove(who);
		Count::<T>::mutate(|count| count.operators = count.operators.saturating_sub(1));
		Self::deposit_event(Event::OperatorLeft { operator: who.clone() });
	}

	fn set_status(who: &T::AccountId, mut operator: Operator, status: OperatorStatus) {
		Count::<T>::mutate(|count| match (operator.status, status) {
			(OperatorStatus::Active, OperatorStatus::Active) => {},
			(OperatorStatus::Active, _) => count.active = count.active.saturating_sub(1),
			(_, OperatorStatus::Active) => count.active = count.active.saturating_add(1),
			_ => {},
		});
		operator.status = status;
		Operators::<T>::insert(who, operator);
	}

	pub(crate) fn operator_of(who: &T::AccountId) -> Result<Operator, Error<T>> {
		Operators::<T>::get(who).ok_or(Error::<T>::NotOperator)
	}

	fn check_identity(name: &[u8], contact: &[u8]) -> Result<(), Error<T>> {
		Self::check_name(name)?;
		Self::check_text(contact)
	}

	/// Check that a text is UTF-8 that clients can show: control characters would let a name
	/// repaint a terminal.
	pub(crate) fn check_text(text: &[u8]) -> Result<(), Error<T>> {
		let text = core::str::from_utf8(text).map_err(|_| Error::<T>::BadText)?;
		ensure!(!text.chars().any(char::is_control), Error::<T>::BadText);
		Ok(())
	}

	/// Check a text that must not be empty.
	pub(crate) fn check_name(name: &[u8]) -> Result<(), Error<T>> {
		ensure!(!name.is_empty(), Error::<T>::BadText);
		Self::check_text(name)
	}
}

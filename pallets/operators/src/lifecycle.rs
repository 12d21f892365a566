// SPDX-License-Identifier: Apache-2.0

//! End and removal of services.

use crate::{pallet::*, types::*};
use frame::prelude::*;
use surety_primitives::{
	Agreements, AssetId, Clock, CloseReason, Funds, Inventory, Probing, RoundIndex, ServiceId,
	ServiceStatus, Target,
};

impl<T: Config> Pallet<T> {
	/// Retire a service. `owner` is `None` for governance.
	pub(crate) fn do_retire_service(owner: Option<T::AccountId>, id: ServiceId) -> DispatchResult {
		let (service, reason) = match owner {
			Some(who) => (Self::owned(&who, id)?, CloseReason::ServiceRetired),
			None => (Self::listed(id)?, CloseReason::Governance),
		};
		let notice =
			if T::Agreements::units(id) == 0 { 0 } else { u32::from(T::Clock::window_rounds()) };
		let at = T::Clock::round().saturating_add(notice);
		ensure!(Self::set_ending(id, service, at, false), Error::<T>::ServiceEnding);
		T::Probing::end_meter(Target::Service(id), at, reason);
		Ok(())
	}

	/// Set a service to end after round `at`. Returns false, and changes nothing, if it ends by
	/// then already. The caller ends the meter.
	pub(crate) fn set_ending(
		id: ServiceId,
		mut service: ServiceOf<T>,
		at: RoundIndex,
		for_cause: bool,
	) -> bool {
		if matches!(service.status, ServiceStatus::Ending { at: earlier } if earlier <= at) {
			return false;
		}
		service.status = ServiceStatus::Ending { at };
		Services::<T>::insert(id, service);
		Self::deposit_event(Event::ServiceEnding { service: id, at, for_cause });
		true
	}

	pub(crate) fn do_remove_service(id: ServiceId) -> DispatchResult {
		let service = Self::listed(id)?;
		let ServiceStatus::Ending { at } = service.status else {
			return Err(Error::<T>::ServiceNotEnding.into());
		};
		ensure!(at <= T::Probing::judged_round(), Error::<T>::EndNotJudged);
		ensure!(T::Agreements::units(id) == 0, Error::<T>::UnitsSold);
		let target = Target::Service(id);
		// The inventory comes first: it may refuse.
		T::Inventory::forget(id)?;
		// Unlisting closes the running window, which others record: they forget only after that.
		T::Probing::unlist(target);
		T::Agreements::forget(target)?;
		Self::do_set_exposure(target, &service, 0)?;

		let operator = service.operator;
		let Listing { deposit, place, .. } =
			Listings::<T>::take(id).ok_or(Error::<T>::UnknownService)?;
		T::Funds::release(AssetId::Native, deposit_reason::<T>(), &operator, deposit)?;
		Services::<T>::remove(id);
		ServicesOf::<T>::mutate_exists(&operator, |ids| {
			if let Some(ids) = ids {
				ids.retain(|listed| *listed != id);
			}
			if ids.as_ref().is_some_and(|ids| ids.is_empty()) {
				*ids = None;
			}
		});
		if let Some(origin) = Self::origin_of(&service.endpoint) {
			Self::leave_place(&operator, &origin.host, place);
		}
		if let Some(network) = service.kind.network() {
			NetworkUse::<T>::mutate_exists(network, decrement);
		}
		Count::<T>::mutate(|count| count.services = count.services.saturating_sub(1));
		Self::deposit_event(Event::ServiceRemoved { service: id, operator, deposit });
		Ok(())
	}
}

//! Services end and are removed.

use crate::{pallet::*, types::*};
use frame::prelude::*;
use surety_primitives::{
	Agreements, AssetId, Bonding, Capacity, Clock, CloseReason, Funds, Probing, RoundIndex,
	ServiceId, ServiceStatus,
};

impl<T: Config> Pallet<T> {
	/// `owner` is `None` for governance.
	pub(crate) fn do_retire_service(owner: Option<T::AccountId>, id: ServiceId) -> DispatchResult {
		let (service, reason) = match owner {
			Some(who) => (Self::owned(&who, id)?, CloseReason::ServiceRetired),
			None => (Self::listed(id)?, CloseReason::Governance),
		};
		let notice =
			if T::Agreements::units(id) == 0 { 0 } else { u32::from(T::Clock::window_rounds()) };
		let at = T::Clock::round().saturating_add(notice);
		ensure!(Self::end_service(id, service, at, reason), Error::<T>::ServiceEnding);
		Ok(())
	}

	/// End a service after round `at`, unless it ends by then anyway. Returns whether it was
	/// changed.
	pub(crate) fn end_service(
		id: ServiceId,
		mut service: ServiceOf<T>,
		at: RoundIndex,
		reason: CloseReason,
	) -> bool {
		if matches!(service.status, ServiceStatus::Ending { at: earlier } if earlier <= at) {
			return false;
		}
		service.status = ServiceStatus::Ending { at };
		Services::<T>::insert(id, service);
		T::Probing::end_meter(id, at, reason);
		let for_cause = reason == CloseReason::Terminated;
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
		// First of all: it may refuse, and what follows is not its to see.
		T::Capacity::forget(id)?;
		// Leaving the pages closes the running window, which others may note down: only then are they to
		// forget.
		T::Probing::unlist(id);
		T::Agreements::forget(id)?;
		Self::set_exposure(id, 0)?;

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
		if let Some(target) = Self::target_of(&service.endpoint) {
			Self::leave_place(&operator, &target.host, place);
		}
		if let Some(network) = service.kind.network() {
			NetworkUse::<T>::mutate_exists(network, one_less);
		}
		Count::<T>::mutate(|count| count.services = count.services.saturating_sub(1));
		Self::deposit_event(Event::ServiceRemoved { service: id, operator, deposit });
		Ok(())
	}
}

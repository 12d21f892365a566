//! Listings change: endpoint, capacity, price, metadata, cover, pause, maintenance.

use crate::{MAX_NOTICE_WINDOWS, pallet::*, types::*};
use frame::prelude::*;
use surety_primitives::{
	Agreements, Capacity, Clock, Endpoint, Probing, RoundIndex, ServiceId, ServiceKind,
	ServiceStatus, WindowShare,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_update(who: T::AccountId, id: ServiceId, changes: Changes) -> DispatchResult {
		let mut service = Self::owned_and_going_on(&who, id)?;
		ensure!(!changes.is_empty(), Error::<T>::NothingToUpdate);
		service.capacity = changes.capacity.unwrap_or(service.capacity);
		service.price = changes.price.unwrap_or(service.price);
		Self::check_amounts(service.price, service.capacity, service.terms.cover)?;
		ensure!(service.capacity >= T::Agreements::units(id), Error::<T>::CapacityBelowSold);
		if let Some(uri) = changes.metadata_uri {
			Self::check_text(&uri)?;
			service.metadata_uri = uri;
		}
		service.metadata_hash = changes.metadata_hash.unwrap_or(service.metadata_hash);
		if let Some(endpoint) = changes.endpoint {
			Self::move_endpoint(id, &mut service, endpoint)?;
			Self::deposit_event(Event::EndpointChanged { service: id, status: service.status });
		}
		let (capacity, price) = (service.capacity, service.price);
		Services::<T>::insert(id, service);
		Self::deposit_event(Event::ServiceUpdated { service: id, capacity, price });
		Ok(())
	}

	/// Control is proven per target. A service with units does not move to an unproven one: its probing
	/// must not stop to be judged because the operator says so.
	fn move_endpoint(
		id: ServiceId,
		service: &mut ServiceOf<T>,
		endpoint: Endpoint,
	) -> DispatchResult {
		let target = Self::check_endpoint(&endpoint)?;
		let before = Self::target_of(&service.endpoint);
		let moved = before.as_ref() != Some(&target);
		if moved && service.kind == ServiceKind::Compute {
			// Its leases are on the server that it has now.
			ensure!(!T::Capacity::in_use(id), Error::<T>::CapacityInUse);
			// What that server has is for whoever has it next to declare.
			T::Capacity::forget(id)?;
		}
		if moved && T::Clock::proof_of_control() {
			ensure!(T::Agreements::units(id) == 0, Error::<T>::UnitsSold);
			service.status = ServiceStatus::Unproven;
		}
		if service.status == ServiceStatus::Unproven {
			// Also where it has not moved: the proof is asked for again after the probers gave it up.
			T::Probing::unproven(id);
		}
		let mut listing = Listings::<T>::get(id).ok_or(Error::<T>::UnknownService)?;
		// Left first: a move within a full host is no new listing on it.
		if let Some(before) = before {
			Self::leave_place(&service.operator, &before.host, listing.place);
		}
		listing.place = Self::take_place(&service.operator, &target.host, service.status)?;
		Listings::<T>::insert(id, listing);
		service.endpoint = endpoint;
		Ok(())
	}

	pub(crate) fn do_raise_cover(
		who: T::AccountId,
		id: ServiceId,
		cover: WindowShare,
	) -> DispatchResult {
		let mut service = Self::owned_and_going_on(&who, id)?;
		ensure!(cover > service.terms.cover, Error::<T>::CoverMayOnlyRise);
		Self::check_amounts(service.price, service.capacity, cover)?;
		T::Agreements::cover_raised(id, cover)?;
		service.terms.cover = cover;
		Services::<T>::insert(id, service);
		Self::deposit_event(Event::CoverRaised { service: id, cover });
		Ok(())
	}

	pub(crate) fn do_pause(who: T::AccountId, id: ServiceId) -> DispatchResult {
		let mut service = Self::owned_and_going_on(&who, id)?;
		match service.status {
			ServiceStatus::Active => service.status = ServiceStatus::Paused,
			ServiceStatus::Paused => return Err(Error::<T>::ServicePaused.into()),
			ServiceStatus::Unproven => return Err(Error::<T>::ServiceUnproven.into()),
			ServiceStatus::Ending { .. } => return Err(Error::<T>::ServiceEnding.into()),
			ServiceStatus::Leased => return Err(Error::<T>::ServiceLeased.into()),
		}
		Services::<T>::insert(id, service);
		Self::deposit_event(Event::ServicePaused { service: id });
		Ok(())
	}

	pub(crate) fn do_resume(who: T::AccountId, id: ServiceId) -> DispatchResult {
		let mut service = Self::owned_and_going_on(&who, id)?;
		ensure!(service.status == ServiceStatus::Paused, Error::<T>::ServiceNotPaused);
		service.status = ServiceStatus::Active;
		Services::<T>::insert(id, service);
		Self::deposit_event(Event::ServiceResumed { service: id });
		Ok(())
	}

	pub(crate) fn do_announce_maintenance(
		who: T::AccountId,
		id: ServiceId,
		from: RoundIndex,
		rounds: u16,
	) -> DispatchResult {
		// A lease is down when its machine is: it has maintenance of its own, announced to its tenant.
		let lease = LeaseServices::<T>::get(id);
		match &lease {
			Some(lease) => ensure!(lease.operator == who, Error::<T>::NotOwner),
			None => drop(Self::owned_and_going_on(&who, id)?),
		}
		let window = T::Clock::window_rounds();
		let notice = from.checked_sub(T::Clock::round()).ok_or(Error::<T>::MaintenanceTooSoon)?;
		ensure!(rounds > 0, Error::<T>::ZeroRounds);
		ensure!(notice >= u32::from(window), Error::<T>::MaintenanceTooSoon);
		ensure!(
			notice <= u32::from(window).saturating_mul(MAX_NOTICE_WINDOWS),
			Error::<T>::MaintenanceTooFar
		);
		let most = T::MaxMaintenanceShare::get().mul_floor(u32::from(window));
		ensure!(u32::from(rounds) <= most, Error::<T>::MaintenanceTooLong);

		let before = match lease {
			Some(_) => LeaseMaintenance::<T>::get(id),
			None => Listings::<T>::get(id).ok_or(Error::<T>::UnknownService)?.maintenance,
		};
		// Until the last round of the one before is judged, its rounds must still be found excused.
		let over = before.is_none_or(|before| before.last() <= T::Probing::judged_round());
		ensure!(over, Error::<T>::MaintenanceAnnounced);
		let maintenance = Maintenance { from, rounds };
		match lease {
			Some(_) => LeaseMaintenance::<T>::insert(id, maintenance),
			None => {
				Listings::<T>::mutate_extant(id, |listing| listing.maintenance = Some(maintenance))
			},
		}
		T::Probing::set_maintenance(id, from, rounds);
		Self::deposit_event(Event::MaintenanceAnnounced { service: id, from, rounds });
		Ok(())
	}

	/// A service that `who` lists and that is not ending.
	fn owned_and_going_on(who: &T::AccountId, id: ServiceId) -> Result<ServiceOf<T>, Error<T>> {
		let service = Self::owned(who, id)?;
		ensure!(!matches!(service.status, ServiceStatus::Ending { .. }), Error::<T>::ServiceEnding);
		Ok(service)
	}
}

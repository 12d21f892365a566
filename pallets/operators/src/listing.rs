// SPDX-License-Identifier: Apache-2.0

//! Listing of services, changes to listings, and maintenance.

use crate::{MAX_NOTICE_WINDOWS, pallet::*, types::*};
use frame::prelude::*;
use surety_primitives::{
	Agreements, AssetId, Balance, Clock, Endpoint, EndpointRules, Funds, Inventory, Probing,
	RoundIndex, Service, ServiceId, ServiceKind, ServiceStatus, Target, WindowShare,
	credit::{cost_of, window_price},
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_list(who: T::AccountId, new: NewService) -> DispatchResult {
		let operator = Self::operator_of(&who)?;
		ensure!(operator.status == OperatorStatus::Active, Error::<T>::OperatorInactive);
		ensure!(new.region.is_valid(), Error::<T>::BadRegion);
		Self::check_text(&new.metadata_uri)?;
		Self::check_amounts(new.price, new.capacity, new.terms.cover)?;
		ensure!(Self::is_listable(new.asset), Error::<T>::AssetNotApproved);
		Self::ensure_bonded(&who, new.asset)?;
		let origin = Self::check_endpoint(&new.endpoint)?;
		Self::check_kind(&new.kind)?;

		let id = NextServiceId::<T>::get();
		NextServiceId::<T>::put(id.checked_add(1).ok_or(Error::<T>::NoMoreIds)?);
		ServicesOf::<T>::try_append(&who, id).map_err(|()| Error::<T>::TooManyServices)?;
		let status = Self::initial_status();
		let place = Self::take_place(&who, &origin.host, status)?;
		if let Some(network) = new.kind.network() {
			NetworkUse::<T>::mutate(network, |services| *services = services.saturating_add(1));
		}
		Count::<T>::mutate(|count| count.services = count.services.saturating_add(1));
		let deposit = T::ServiceDeposit::get();
		T::Funds::hold(AssetId::Native, deposit_reason::<T>(), &who, deposit)?;
		let since = T::Clock::now();
		let listing = Listing { deposit, since, maintenance: None, place: Some(place) };
		Listings::<T>::insert(id, listing);

		let service = Self::service_from(who.clone(), new, status);
		let max_latency_us = service.terms.max_latency.edge_micros();
		T::Probing::list(Target::Service(id), &service)?;
		Services::<T>::insert(id, service);
		Self::deposit_event(Event::ServiceListed {
			service: id,
			operator: who,
			status,
			max_latency_us,
		});
		Ok(())
	}

	fn service_from(
		operator: T::AccountId,
		new: NewService,
		status: ServiceStatus,
	) -> ServiceOf<T> {
		Service {
			operator,
			kind: new.kind,
			endpoint: new.endpoint,
			region: new.region,
			capacity: new.capacity,
			price: new.price,
			asset: new.asset,
			terms: new.terms,
			metadata_hash: new.metadata_hash,
			metadata_uri: new.metadata_uri,
			status,
		}
	}

	/// Check that the products that other pallets compute fit in a balance: a window's price of all
	/// units, and the exposure of all units, of which the penalty share (at most the whole) is a
	/// part.
	pub(crate) fn check_amounts(
		price: Balance,
		capacity: u32,
		cover: WindowShare,
	) -> Result<(), Error<T>> {
		ensure!(capacity > 0, Error::<T>::ZeroCapacity);
		ensure!(price > 0, Error::<T>::ZeroPrice);
		let window = price
			.checked_mul(Balance::from(capacity))
			.and_then(window_price::<T::Clock>)
			.ok_or(Error::<T>::PriceOverflow)?;
		cost_of(window, cover)
			.and_then(|all| all.checked_mul(2))
			.ok_or(Error::<T>::CreditOverflow)?;
		Ok(())
	}

	fn check_kind(kind: &ServiceKind) -> Result<(), Error<T>> {
		match kind {
			ServiceKind::Rpc { network } => {
				ensure!(Networks::<T>::contains_key(network), Error::<T>::UnknownNetwork);
				Ok(())
			},
			ServiceKind::Inference { model } => Self::check_name(model),
			ServiceKind::Compute | ServiceKind::Vpn { .. } => Ok(()),
		}
	}

	pub(crate) fn do_update(who: T::AccountId, id: ServiceId, changes: Changes) -> DispatchResult {
		let mut service = Self::owned_unless_ending(&who, id)?;
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

	/// Move a service, which the caller stores, to another endpoint. Control is proven per origin.
	/// A service with units does not move to an unproven origin: the operator must not be able to
	/// stop its verdicts.
	fn move_endpoint(
		id: ServiceId,
		service: &mut ServiceOf<T>,
		endpoint: Endpoint,
	) -> DispatchResult {
		let origin = Self::check_endpoint(&endpoint)?;
		let before = Self::origin_of(&service.endpoint);
		let moved = before.as_ref() != Some(&origin);
		if moved && service.kind == ServiceKind::Compute {
			// Bids and leases are on the present server; the next one has resources of its own.
			T::Inventory::forget(id)?;
		}
		if moved && T::Clock::proof_required() {
			ensure!(T::Agreements::units(id) == 0, Error::<T>::UnitsSold);
			service.status = ServiceStatus::Unproven;
		}
		if service.status == ServiceStatus::Unproven {
			// Also without a move: the operator asks for the search again after it was given up.
			T::Probing::reset_proof(id);
		}
		let mut listing = Listings::<T>::get(id).ok_or(Error::<T>::UnknownService)?;
		// The old place is left first: a move within a full host takes no further place.
		if let Some(before) = before {
			Self::leave_place(&service.operator, &before.host, listing.place);
		}
		listing.place = Some(Self::take_place(&service.operator, &origin.host, service.status)?);
		Listings::<T>::insert(id, listing);
		service.endpoint = endpoint;
		Ok(())
	}

	pub(crate) fn do_raise_cover(
		who: T::AccountId,
		id: ServiceId,
		cover: WindowShare,
	) -> DispatchResult {
		let mut service = Self::owned_unless_ending(&who, id)?;
		ensure!(cover > service.terms.cover, Error::<T>::CoverMayOnlyRise);
		Self::check_amounts(service.price, service.capacity, cover)?;
		if let Some(exposure) = T::Agreements::exposure_under(id, cover)? {
			Self::do_set_exposure(Target::Service(id), &service, exposure)?;
		}
		service.terms.cover = cover;
		Services::<T>::insert(id, service);
		Self::deposit_event(Event::CoverRaised { service: id, cover });
		Ok(())
	}

	pub(crate) fn do_pause(who: T::AccountId, id: ServiceId) -> DispatchResult {
		let mut service = Self::owned_unless_ending(&who, id)?;
		Self::ensure_active(service.status)?;
		service.status = ServiceStatus::Paused;
		Services::<T>::insert(id, service);
		Self::deposit_event(Event::ServicePaused { service: id });
		Ok(())
	}

	pub(crate) fn do_resume(who: T::AccountId, id: ServiceId) -> DispatchResult {
		let mut service = Self::owned_unless_ending(&who, id)?;
		ensure!(service.status == ServiceStatus::Paused, Error::<T>::ServiceNotPaused);
		service.status = ServiceStatus::Active;
		Services::<T>::insert(id, service);
		Self::deposit_event(Event::ServiceResumed { service: id });
		Ok(())
	}

	pub(crate) fn do_announce_maintenance(
		who: T::AccountId,
		target: Target,
		from: RoundIndex,
		rounds: u16,
	) -> DispatchResult {
		let before = Self::last_maintenance(&who, target)?;
		let window = T::Clock::window_rounds();
		let notice = from.checked_sub(T::Clock::round()).ok_or(Error::<T>::MaintenanceTooSoon)?;
		ensure!(rounds > 0, Error::<T>::ZeroRounds);
		ensure!(notice >= u32::from(window), Error::<T>::MaintenanceTooSoon);
		ensure!(
			notice <= u32::from(window).saturating_mul(MAX_NOTICE_WINDOWS),
			Error::<T>::MaintenanceTooFar
		);
		let max_rounds = T::MaxMaintenanceShare::get().mul_floor(u32::from(window));
		ensure!(u32::from(rounds) <= max_rounds, Error::<T>::MaintenanceTooLong);
		// The rounds announced before are excused only as long as the row names them.
		let over = before.is_none_or(|before| before.last() <= T::Probing::judged_round());
		ensure!(over, Error::<T>::MaintenanceAnnounced);

		let maintenance = Maintenance { from, rounds };
		match target {
			Target::Service(id) => {
				Listings::<T>::mutate_extant(id, |listing| listing.maintenance = Some(maintenance))
			},
			Target::Lease(id) => LeaseMaintenance::<T>::insert(id, maintenance),
		}
		T::Probing::set_maintenance(target, from, rounds);
		Self::deposit_event(Event::MaintenanceAnnounced { target, from, rounds });
		Ok(())
	}

	/// Maintenance that `who` announced last for a target of its own.
	fn last_maintenance(
		who: &T::AccountId,
		target: Target,
	) -> Result<Option<Maintenance>, Error<T>> {
		match target {
			Target::Service(id) => {
				Self::owned_unless_ending(who, id)?;
				let listing = Listings::<T>::get(id).ok_or(Error::<T>::UnknownService)?;
				Ok(listing.maintenance)
			},
			Target::Lease(id) => {
				let lease = Leases::<T>::get(id).ok_or(Error::<T>::UnknownService)?;
				ensure!(lease.operator == *who, Error::<T>::NotOwner);
				Ok(LeaseMaintenance::<T>::get(id))
			},
		}
	}

	/// Ensure that a status is `Active`; the error names the status.
	pub(crate) fn ensure_active(status: ServiceStatus) -> Result<(), Error<T>> {
		match status {
			ServiceStatus::Active => Ok(()),
			ServiceStatus::Paused => Err(Error::<T>::ServicePaused),
			ServiceStatus::Unproven => Err(Error::<T>::ServiceUnproven),
			ServiceStatus::Ending { .. } => Err(Error::<T>::ServiceEnding),
			ServiceStatus::Leased => Err(Error::<T>::ServiceLeased),
		}
	}

	/// Listed service.
	pub(crate) fn listed(id: ServiceId) -> Result<ServiceOf<T>, Error<T>> {
		Services::<T>::get(id).ok_or(Error::<T>::UnknownService)
	}

	/// Service that `who` listed.
	pub(crate) fn owned(who: &T::AccountId, id: ServiceId) -> Result<ServiceOf<T>, Error<T>> {
		let service = Self::listed(id)?;
		ensure!(service.operator == *who, Error::<T>::NotOwner);
		Ok(service)
	}

	/// Service that `who` listed and that is not ending.
	fn owned_unless_ending(who: &T::AccountId, id: ServiceId) -> Result<ServiceOf<T>, Error<T>> {
		let service = Self::owned(who, id)?;
		ensure!(!matches!(service.status, ServiceStatus::Ending { .. }), Error::<T>::ServiceEnding);
		Ok(service)
	}
}

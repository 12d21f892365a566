//! What other pallets and clients ask the registry.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use frame::prelude::*;
use surety_primitives::{
	Agreements, AssetId, Balance, Clock, CloseReason, LEASES_FROM, Network, NetworkId, Registry,
	RoundIndex, Service, ServiceId, ServiceStatus, endpoint::Host,
};

impl<T: Config> Registry<T::AccountId> for Pallet<T> {
	fn service(id: ServiceId) -> Option<Service<T::AccountId>> {
		Self::find(id)
	}

	fn ensure_open(id: ServiceId) -> DispatchResult {
		let service = Self::find(id).ok_or(Error::<T>::UnknownService)?;
		match service.status {
			ServiceStatus::Active => {},
			ServiceStatus::Unproven => return Err(Error::<T>::ServiceUnproven.into()),
			ServiceStatus::Paused => return Err(Error::<T>::ServicePaused.into()),
			ServiceStatus::Ending { .. } => return Err(Error::<T>::ServiceEnding.into()),
			ServiceStatus::Leased => return Err(Error::<T>::ServiceLeased.into()),
		}
		let operator = Self::operator_of(&service.operator)?;
		ensure!(operator.status == OperatorStatus::Active, Error::<T>::OperatorInactive);
		Self::ensure_bonded(&service.operator, service.asset)?;
		Ok(())
	}

	fn network(id: NetworkId) -> Option<Network> {
		Networks::<T>::get(id)
	}

	fn networks() -> Vec<NetworkId> {
		Networks::<T>::iter_keys().take(64).collect()
	}

	fn proven(id: ServiceId) {
		let Some((mut service, mut listing, host)) = Self::unproven_at(id) else { return };
		service.status = ServiceStatus::Active;
		let Ok(place) = Self::take_place(&service.operator, &host, service.status) else {
			// The bound protects the host also from those who control a part of it.
			Self::deposit_event(Event::HostFull { service: id, host });
			return;
		};
		Self::leave_place(&service.operator, &host, listing.place);
		listing.place = place;
		Listings::<T>::insert(id, listing);
		Services::<T>::insert(id, service);
		Self::deposit_event(Event::ServiceProven { service: id });
	}

	fn unfound(id: ServiceId) {
		let Some((service, mut listing, host)) = Self::unproven_at(id) else { return };
		Self::leave_place(&service.operator, &host, listing.place);
		listing.place = HostPlace::None;
		Listings::<T>::insert(id, listing);
	}

	fn disproven(id: ServiceId) {
		let proven = |status| matches!(status, ServiceStatus::Active | ServiceStatus::Paused);
		let Some(mut service) = Services::<T>::get(id).filter(|service| proven(service.status))
		else {
			return;
		};
		if !T::Clock::proof_of_control() || T::Agreements::units(id) > 0 {
			return;
		}
		let Some(mut listing) = Listings::<T>::get(id).defensive() else { return };
		let Some(target) = Self::target_of(&service.endpoint) else { return };
		Self::leave_place(&service.operator, &target.host, listing.place);
		service.status = ServiceStatus::Unproven;
		// It is counted even where the operator has as many there as it may: nothing new is listed.
		UnprovenHosts::<T>::mutate(&service.operator, &target.host, |count| {
			*count = count.saturating_add(1)
		});
		listing.place = HostPlace::Unproven;
		Listings::<T>::insert(id, listing);
		Services::<T>::insert(id, service);
		Self::deposit_event(Event::ProofLost { service: id });
	}

	fn terminate(id: ServiceId, at: RoundIndex) {
		// A lease is not among these: its owner ends it.
		if let Some(service) = Services::<T>::get(id) {
			Self::end_service(id, service, at, CloseReason::Terminated);
		}
	}

	fn treasury() -> T::AccountId {
		T::Treasury::get()
	}

	fn min_bond(asset: AssetId) -> Option<Balance> {
		// The view function: an inherent function comes before one of a trait.
		Self::min_bond(asset)
	}
}

impl<T: Config> Pallet<T> {
	/// An unproven service, its listing, and the host that its endpoint is on.
	fn unproven_at(id: ServiceId) -> Option<(ServiceOf<T>, Listing, Host)> {
		let service =
			Services::<T>::get(id).filter(|service| service.status == ServiceStatus::Unproven)?;
		let listing = Listings::<T>::get(id).defensive()?;
		let host = Self::target_of(&service.endpoint)?.host;
		Some((service, listing, host))
	}

	/// A service, listed by an operator or the one that a lease is.
	pub(crate) fn find(id: ServiceId) -> Option<ServiceOf<T>> {
		if id < LEASES_FROM { Services::<T>::get(id) } else { LeaseServices::<T>::get(id) }
	}
}

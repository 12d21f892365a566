// SPDX-License-Identifier: Apache-2.0

//! Endpoints, places of listings at hosts, and proofs of control.

use crate::{pallet::*, types::*};
use frame::prelude::*;
use surety_primitives::{
	Agreements, EndpointRules, ServiceId, ServiceStatus,
	endpoint::{self, Fault, Host, Origin},
};

impl<T: Config> Pallet<T> {
	/// Origin (scheme, host, port) of an endpoint that may be listed.
	pub(crate) fn check_endpoint(url: &[u8]) -> Result<Origin, Error<T>> {
		let origin =
			endpoint::check(url, T::Clock::private_allowed()).map_err(Self::endpoint_error)?;
		// At most MAX_LABELS reads.
		let denied = endpoint::lineage(&origin.host).any(DeniedHosts::<T>::contains_key);
		ensure!(!denied, Error::<T>::HostDenied);
		Ok(origin)
	}

	/// Origin of a listed endpoint, which was checked when it was listed.
	pub(crate) fn origin_of(url: &[u8]) -> Option<Origin> {
		endpoint::origin(url).ok().defensive()
	}

	pub(crate) fn endpoint_error(fault: Fault) -> Error<T> {
		match fault {
			Fault::Scheme => Error::<T>::EndpointNotHttp,
			Fault::Characters => Error::<T>::EndpointCharacters,
			Fault::Credentials => Error::<T>::EndpointHasCredentials,
			Fault::Query => Error::<T>::EndpointHasQuery,
			Fault::Fragment => Error::<T>::EndpointHasFragment,
			Fault::Host => Error::<T>::EndpointHost,
			Fault::Port => Error::<T>::EndpointPort,
			Fault::Private => Error::<T>::EndpointPrivate,
			Fault::Ipv6 => Error::<T>::EndpointIpv6,
		}
	}

	/// Status of a listing at a host that its operator has not proven control of.
	pub(crate) fn initial_status() -> ServiceStatus {
		if T::Clock::proof_required() { ServiceStatus::Unproven } else { ServiceStatus::Active }
	}

	/// Count a listing of this status at a host. An unproven listing is counted per operator, so
	/// that nobody takes the places of the account that controls the host.
	pub(crate) fn take_place(
		who: &T::AccountId,
		host: &Host,
		status: ServiceStatus,
	) -> Result<HostPlace, Error<T>> {
		let unbounded = T::Clock::private_allowed();
		if status == ServiceStatus::Unproven {
			let taken = UnprovenHosts::<T>::get(who, host);
			ensure!(unbounded || taken < T::MaxUnprovenPerHost::get(), Error::<T>::TooManyUnproven);
			UnprovenHosts::<T>::insert(who, host, taken.saturating_add(1));
			Ok(HostPlace::Unproven)
		} else {
			let taken = Hosts::<T>::get(host);
			ensure!(unbounded || taken < T::MaxPerHost::get(), Error::<T>::HostFull);
			Hosts::<T>::insert(host, taken.saturating_add(1));
			Ok(HostPlace::Proven)
		}
	}

	/// Undo [`Self::take_place`].
	pub(crate) fn leave_place(who: &T::AccountId, host: &Host, place: Option<HostPlace>) {
		match place {
			Some(HostPlace::Proven) => Hosts::<T>::mutate_exists(host, decrement),
			Some(HostPlace::Unproven) => UnprovenHosts::<T>::mutate_exists(who, host, decrement),
			None => {},
		}
	}

	/// Activate an unproven service whose proof of control was found.
	pub(crate) fn proof_found(id: ServiceId) {
		let Some((mut service, mut listing, host)) = Self::unproven(id) else { return };
		service.status = ServiceStatus::Active;
		let Ok(place) = Self::take_place(&service.operator, &host, service.status) else {
			// The bound protects the host also from the accounts that control a part of it.
			Self::deposit_event(Event::HostFull { service: id, host });
			return;
		};
		Self::leave_place(&service.operator, &host, listing.place);
		listing.place = Some(place);
		Listings::<T>::insert(id, listing);
		Services::<T>::insert(id, service);
		Self::deposit_event(Event::ServiceProven { service: id });
	}

	/// Release the place of an unproven service whose proof was not found in a whole window.
	pub(crate) fn proof_not_found(id: ServiceId) {
		let Some((service, mut listing, host)) = Self::unproven(id) else { return };
		Self::leave_place(&service.operator, &host, listing.place);
		listing.place = None;
		Listings::<T>::insert(id, listing);
	}

	/// Make an active or paused service unproven whose proof is gone, unless its units are sold.
	pub(crate) fn proof_lost(id: ServiceId) {
		let proven = |status| matches!(status, ServiceStatus::Active | ServiceStatus::Paused);
		let Some(mut service) = Services::<T>::get(id).filter(|service| proven(service.status))
		else {
			return;
		};
		if !T::Clock::proof_required() || T::Agreements::units(id) > 0 {
			return;
		}
		let Some(mut listing) = Listings::<T>::get(id).defensive() else { return };
		let Some(origin) = Self::origin_of(&service.endpoint) else { return };
		Self::leave_place(&service.operator, &origin.host, listing.place);
		service.status = ServiceStatus::Unproven;
		// Counted even beyond the bound of unproven listings: nothing new is listed.
		UnprovenHosts::<T>::mutate(&service.operator, &origin.host, |count| {
			*count = count.saturating_add(1)
		});
		listing.place = Some(HostPlace::Unproven);
		Listings::<T>::insert(id, listing);
		Services::<T>::insert(id, service);
		Self::deposit_event(Event::ProofLost { service: id });
	}

	/// Unproven service, its listing, and the host of its endpoint.
	fn unproven(id: ServiceId) -> Option<(ServiceOf<T>, Listing, Host)> {
		let service =
			Services::<T>::get(id).filter(|service| service.status == ServiceStatus::Unproven)?;
		let listing = Listings::<T>::get(id).defensive()?;
		let host = Self::origin_of(&service.endpoint)?.host;
		Some((service, listing, host))
	}
}

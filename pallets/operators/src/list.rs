//! Services are listed, and what they must look like.

use crate::{pallet::*, types::*};
use frame::prelude::*;
use surety_primitives::{
	Balance, Clock, Funds, LEASES_FROM, Probing, Service, ServiceId, ServiceKind, ServiceStatus,
	TermsFault, WindowShare,
	credit::{cost_of, window_price},
	endpoint::{self, Fault, Host, Target},
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
		let target = Self::check_endpoint(&new.endpoint)?;
		Self::check_kind(&new.kind)?;

		let id = NextServiceId::<T>::get();
		ensure!(id < LEASES_FROM, Error::<T>::NoMoreIds);
		NextServiceId::<T>::put(id.saturating_add(1));
		ServicesOf::<T>::try_append(&who, id).map_err(|()| Error::<T>::TooManyServices)?;
		let status = Self::first_status();
		let place = Self::take_place(&who, &target.host, status)?;
		if let Some(network) = new.kind.network() {
			NetworkUse::<T>::mutate(network, |services| *services = services.saturating_add(1));
		}
		Count::<T>::mutate(|count| count.services = count.services.saturating_add(1));
		let deposit = T::ServiceDeposit::get();
		T::Funds::hold(surety_primitives::AssetId::Native, deposit_reason::<T>(), &who, deposit)?;
		Listings::<T>::insert(
			id,
			Listing { deposit, since: T::Clock::now(), maintenance: None, place },
		);

		let max_latency_us = new.terms.max_latency.edge_micros();
		Services::<T>::insert(id, Self::service_from(who.clone(), new, status));
		T::Probing::list(id)?;
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

	/// Status of an endpoint that nobody has proven control of.
	pub(crate) fn first_status() -> ServiceStatus {
		if T::Clock::proof_of_control() { ServiceStatus::Unproven } else { ServiceStatus::Active }
	}

	pub(crate) fn terms_error(fault: TermsFault) -> Error<T> {
		match fault {
			TermsFault::Uptime => Error::<T>::TermsUptime,
			TermsFault::Latency => Error::<T>::TermsLatency,
			TermsFault::ZeroCover => Error::<T>::TermsZeroCover,
			TermsFault::CreditsFall => Error::<T>::TermsCreditsFall,
			TermsFault::CreditAboveCover => Error::<T>::TermsCreditAboveCover,
			TermsFault::CreditAboveMost => Error::<T>::TermsCreditAboveMost,
		}
	}

	/// Whatever others multiply later must fit in a balance: a window's price of all units, and the exposure
	/// of all units, of which the penalty share (at most the whole) is a part.
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

	/// Where an endpoint points, if it may be listed.
	pub(crate) fn check_endpoint(url: &[u8]) -> Result<Target, Error<T>> {
		let target =
			endpoint::check(url, T::Clock::private_endpoints()).map_err(Self::endpoint_error)?;
		// At most MAX_LABELS reads.
		let denied = endpoint::lineage(&target.host).any(DeniedHosts::<T>::contains_key);
		ensure!(!denied, Error::<T>::HostDenied);
		Ok(target)
	}

	/// Where the endpoint of a listed service points: it was checked when it was listed.
	pub(crate) fn target_of(url: &[u8]) -> Option<Target> {
		endpoint::target(url).ok().defensive()
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

	/// Count a listing of this status at a host: an unproven one against its operator only, so that
	/// nobody takes the places of whoever controls the host.
	pub(crate) fn take_place(
		who: &T::AccountId,
		host: &Host,
		status: ServiceStatus,
	) -> Result<HostPlace, Error<T>> {
		let unbounded = T::Clock::private_endpoints();
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
	pub(crate) fn leave_place(who: &T::AccountId, host: &Host, place: HostPlace) {
		match place {
			HostPlace::Proven => Hosts::<T>::mutate_exists(host, one_less),
			HostPlace::Unproven => UnprovenHosts::<T>::mutate_exists(who, host, one_less),
			HostPlace::None => {},
		}
	}

	/// A service that an operator listed, none that is a lease.
	pub(crate) fn listed(id: ServiceId) -> Result<ServiceOf<T>, Error<T>> {
		ensure!(
			id < LEASES_FROM || !LeaseServices::<T>::contains_key(id),
			Error::<T>::ServiceLeased
		);
		Services::<T>::get(id).ok_or(Error::<T>::UnknownService)
	}

	/// A service that `who` lists.
	pub(crate) fn owned(who: &T::AccountId, id: ServiceId) -> Result<ServiceOf<T>, Error<T>> {
		let service = Self::listed(id)?;
		ensure!(service.operator == *who, Error::<T>::NotOwner);
		Ok(service)
	}
}

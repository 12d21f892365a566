//! What other pallets and clients ask the registry.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use frame::prelude::*;
use surety_primitives::{
	AssetId, Balance, LEASES_FROM, Network, NetworkId, Registry, RoundIndex, Service, ServiceId,
	ServiceStatus,
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
		let Some(mut service) = Services::<T>::get(id) else { return };
		if service.status == ServiceStatus::Unproven {
			service.status = ServiceStatus::Active;
			Services::<T>::insert(id, service);
			Self::deposit_event(Event::ServiceProven { service: id });
		}
	}

	fn terminate(id: ServiceId, at: RoundIndex) {
		// A lease is not among these: its owner ends it.
		if let Some(service) = Services::<T>::get(id) {
			Self::end_service(id, service, at, true);
		}
	}

	fn treasury() -> T::AccountId {
		T::Treasury::get()
	}

	fn in_min_bonds(asset: AssetId, amount: Balance) -> Balance {
		let minimum = Self::minimum_bond(asset).unwrap_or(0);
		amount.saturating_mul(1_000_000_000).checked_div(minimum).unwrap_or(0)
	}

	fn least_window_price(asset: AssetId) -> Option<Balance> {
		Some(T::MinWindowShare::get().mul_ceil(Self::minimum_bond(asset)?))
	}
}

impl<T: Config> Pallet<T> {
	/// A service, listed by an operator or the one that a lease is.
	pub(crate) fn find(id: ServiceId) -> Option<ServiceOf<T>> {
		if id < LEASES_FROM { Services::<T>::get(id) } else { LeaseServices::<T>::get(id) }
	}
}

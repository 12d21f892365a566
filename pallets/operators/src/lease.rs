//! Leases become services and cease to be.

use crate::{pallet::*, types::*};
use frame::prelude::*;
use frame_support::{defensive, storage::with_storage_layer};
use surety_primitives::{
	Agreements, Balance, Bonding, Endpoint, LEASES_FROM, LeaseId, LeaseRegistry, Probing, Service,
	ServiceId, ServiceKind, ServiceStatus, SlaTerms, service_of_lease,
};

impl<T: Config> LeaseRegistry<T::AccountId> for Pallet<T> {
	fn list_lease(
		lease: LeaseId,
		parent: ServiceId,
		endpoint: Endpoint,
		price: Balance,
		terms: SlaTerms,
	) -> DispatchResult {
		// Above that the identifiers of two leases would be one.
		ensure!(lease < LEASES_FROM, Error::<T>::NoMoreIds);
		let id = service_of_lease(lease);
		ensure!(!LeaseServices::<T>::contains_key(id), Error::<T>::LeaseListed);
		let parent = Self::parent_of_leases(parent)?;
		Self::check_amounts(price, 1, terms.cover)?;
		let target = Self::check_endpoint(&endpoint)?;
		ensure!(
			Self::target_of(&parent.endpoint).as_ref() == Some(&target),
			Error::<T>::LeaseEndpointElsewhere
		);
		let service = Service {
			endpoint,
			capacity: 1,
			price,
			terms,
			status: ServiceStatus::Leased,
			..parent
		};
		// The pages read the service that they take in, and may have no slot for it.
		with_storage_layer(|| {
			LeaseServices::<T>::insert(id, service);
			T::Probing::list(id)
		})
	}

	fn remove_lease(lease: LeaseId) {
		let id = service_of_lease(lease);
		if !LeaseServices::<T>::contains_key(id) {
			return;
		}
		// In this order for the same reason as in removing a listing.
		T::Probing::unlist(id);
		if let Err(error) = T::Agreements::forget(id) {
			// Its owner says that it is over: nothing would ever come to remove it later.
			defensive!("agreement of a lease that is over", error);
		}
		if let Err(error) = Self::set_exposure(id, 0) {
			defensive!("lowering exposure always works", error);
		}
		LeaseServices::<T>::remove(id);
		LeaseMaintenance::<T>::remove(id);
	}
}

impl<T: Config> Pallet<T> {
	/// A service under which leases may be listed. Whether it sells any more is the business of the orders:
	/// what is ready now was sold before.
	fn parent_of_leases(id: ServiceId) -> Result<ServiceOf<T>, Error<T>> {
		let parent = Self::listed(id)?;
		ensure!(parent.kind == ServiceKind::Compute, Error::<T>::NotCompute);
		ensure!(parent.status != ServiceStatus::Unproven, Error::<T>::ServiceUnproven);
		Ok(parent)
	}
}

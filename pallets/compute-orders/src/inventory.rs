// SPDX-License-Identifier: Apache-2.0

//! Inventories of `Compute` services: declaration, reservation, removal.

use crate::*;
use frame::hashing::blake2_256;
use surety_primitives::{
	Registry, Resources, ServiceId, ServiceKind, ServiceStatus, Target, endpoint,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_declare_capacity(
		who: T::AccountId,
		service: ServiceId,
		total: Resources,
	) -> DispatchResult {
		let listing =
			T::Registry::listing(Target::Service(service)).ok_or(Error::<T>::UnknownService)?;
		ensure!(listing.kind == ServiceKind::Compute, Error::<T>::NotCompute);
		ensure!(listing.operator == who, Error::<T>::NotOperator);
		Self::check_gpu_class(&total)?;
		ensure!(total.gpus == 0 || !total.gpu_class.is_empty(), Error::<T>::BadGpuClass);
		let before = Inventories::<T>::get(service);
		if total.is_zero() {
			ensure!(before.is_some(), Error::<T>::NoResources);
			Self::forget_inventory(service)?;
			Self::deposit_event(Event::CapacityDeclared { service, total });
			return Ok(());
		}
		match listing.status {
			ServiceStatus::Active | ServiceStatus::Paused => {},
			// Otherwise anybody could take the server of somebody else by listing its address.
			ServiceStatus::Unproven => return Err(Error::<T>::NotProven.into()),
			// Otherwise a service that sells nothing any more could keep a server from the service
			// that follows it.
			ServiceStatus::Ending { .. } | ServiceStatus::Leased => {
				return Err(Error::<T>::ServiceOver.into());
			},
		}
		let server = Self::server_of(&listing.endpoint).ok_or(Error::<T>::ServerMoved)?;
		let mut used = Resources::default();
		if let Some(before) = before {
			used = before.used;
			ensure!(used.is_zero() || before.server == server, Error::<T>::CapacityInUse);
			Servers::<T>::remove(before.server);
		}
		let taken = Servers::<T>::get(server).is_some_and(|other| other != service);
		ensure!(!taken, Error::<T>::ServerTaken);
		if used.gpus == 0 {
			used.gpu_class = total.gpu_class.clone();
		}
		ensure!(total.without(&used).is_some(), Error::<T>::CapacityBelowUsed);
		Servers::<T>::insert(server, service);
		Inventories::<T>::insert(service, Inventory { total: total.clone(), used, server });
		Self::deposit_event(Event::CapacityDeclared { service, total });
		Ok(())
	}

	/// Check a GPU class: lower-case letters, digits and dashes, and only with GPUs.
	pub(crate) fn check_gpu_class(resources: &Resources) -> Result<(), Error<T>> {
		let class = &resources.gpu_class;
		let plain =
			class.iter().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == b'-');
		ensure!(plain && (resources.gpus > 0 || class.is_empty()), Error::<T>::BadGpuClass);
		Ok(())
	}

	/// Server of an endpoint.
	pub(crate) fn server_of(url: &[u8]) -> Option<ServerId> {
		let origin = endpoint::origin(url).ok()?;
		Some(blake2_256(&(origin.host, origin.port, origin.secure).encode()))
	}

	/// Reserve resources of a service.
	pub(crate) fn reserve_resources(service: ServiceId, part: &Resources) -> Result<(), Error<T>> {
		let mut inventory = Inventories::<T>::get(service).ok_or(Error::<T>::NoCapacityDeclared)?;
		ensure!(inventory.free().without(part).is_some(), Error::<T>::NotEnoughCapacity);
		inventory.used = inventory.used.with(part).ok_or(Error::<T>::NotEnoughCapacity)?;
		Inventories::<T>::insert(service, inventory);
		Ok(())
	}

	/// Release resources that [`Self::reserve_resources`] reserved.
	pub(crate) fn release_resources(service: ServiceId, part: &Resources) {
		Inventories::<T>::mutate_extant(service, |inventory| {
			if let Some(used) = inventory.used.without(part) {
				inventory.used = used;
			} else {
				defensive!("more resources are released than were reserved");
			}
		});
	}

	/// Remove the inventory of a service, unless some of it is in use.
	pub(crate) fn forget_inventory(service: ServiceId) -> DispatchResult {
		if let Some(inventory) = Inventories::<T>::get(service) {
			ensure!(inventory.used.is_zero(), Error::<T>::CapacityInUse);
			Servers::<T>::remove(inventory.server);
			Inventories::<T>::remove(service);
		}
		Ok(())
	}
}

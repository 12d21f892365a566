// SPDX-License-Identifier: Apache-2.0

//! Traits that other pallets call.

use crate::{WeightInfo, pallet, pallet::*, types::*};
use alloc::vec::Vec;
use frame::prelude::*;
use surety_primitives::{
	Agreements, AssetId, Balance, BondReserve, Bonding, Endpoint, LeaseId, LeaseRegistry, Network,
	NetworkId, Networks, OnProof, Probing, ProofOutcome, Registry, RoundIndex, Service, ServiceId,
	ServiceKind, ServiceStatus, SlaTerms, Slashed, Target,
};

/// Networks that [`Networks::ids`] returns at most.
const MAX_NETWORK_IDS: usize = 64;

impl<T: Config> Registry<T::AccountId> for Pallet<T> {
	fn listing(target: Target) -> Option<ServiceOf<T>> {
		match target {
			Target::Service(id) => Services::<T>::get(id),
			Target::Lease(id) => Leases::<T>::get(id),
		}
	}

	fn sellable(id: ServiceId) -> Result<ServiceOf<T>, DispatchError> {
		let service = Self::listed(id)?;
		Self::ensure_active(service.status)?;
		let operator = Self::operator_of(&service.operator)?;
		ensure!(operator.status == OperatorStatus::Active, Error::<T>::OperatorInactive);
		Self::ensure_bonded(&service.operator, service.asset)?;
		Ok(service)
	}

	fn terminate(id: ServiceId, at: RoundIndex) -> Weight {
		if let Some(service) = Services::<T>::get(id) {
			Self::set_ending(id, service, at, true);
		}
		T::WeightInfo::terminate()
	}

	fn min_bond(asset: AssetId) -> Option<Balance> {
		// The view function: an inherent function takes precedence over one of a trait.
		Self::min_bond(asset)
	}
}

impl<T: Config> Networks for Pallet<T> {
	fn network(id: NetworkId) -> Option<Network> {
		pallet::Networks::<T>::get(id)
	}

	fn ids() -> Vec<NetworkId> {
		pallet::Networks::<T>::iter_keys().take(MAX_NETWORK_IDS).collect()
	}
}

impl<T: Config> OnProof for Pallet<T> {
	fn on_proof(id: ServiceId, outcome: ProofOutcome) -> Weight {
		match outcome {
			ProofOutcome::Found => Self::proof_found(id),
			ProofOutcome::NotFound => Self::proof_not_found(id),
			ProofOutcome::Lost => Self::proof_lost(id),
		}
		T::WeightInfo::on_proof()
	}
}

impl<T: Config> LeaseRegistry<T::AccountId> for Pallet<T> {
	/// The parent may be paused or ending: the lease was sold before.
	fn list(
		lease: LeaseId,
		parent: ServiceOf<T>,
		endpoint: Endpoint,
		price: Balance,
		terms: SlaTerms,
	) -> Result<ServiceOf<T>, DispatchError> {
		ensure!(!Leases::<T>::contains_key(lease), Error::<T>::LeaseListed);
		ensure!(parent.kind == ServiceKind::Compute, Error::<T>::NotCompute);
		ensure!(parent.status != ServiceStatus::Unproven, Error::<T>::ServiceUnproven);
		ensure!(parent.status != ServiceStatus::Leased, Error::<T>::ServiceLeased);
		Self::check_amounts(price, 1, terms.cover)?;
		let origin = Self::check_endpoint(&endpoint)?;
		ensure!(
			Self::origin_of(&parent.endpoint).as_ref() == Some(&origin),
			Error::<T>::LeaseEndpointElsewhere
		);
		let listing = Service {
			endpoint,
			capacity: 1,
			price,
			terms,
			status: ServiceStatus::Leased,
			..parent
		};
		T::Probing::list(Target::Lease(lease), &listing)?;
		Leases::<T>::insert(lease, &listing);
		Ok(listing)
	}

	fn remove(lease: LeaseId) -> Weight {
		let Some(listing) = Leases::<T>::get(lease) else {
			return T::DbWeight::get().reads(1);
		};
		let target = Target::Lease(lease);
		// Unlisting closes the running window, which others record: they forget only after that.
		T::Probing::unlist(target);
		if let Err(error) = T::Agreements::forget(target) {
			// The lease is over: no later call would remove the listing.
			defensive!("agreement of a lease that is over", error);
		}
		if let Err(error) = Self::do_set_exposure(target, &listing, 0) {
			defensive!("lowering exposure always succeeds", error);
		}
		Leases::<T>::remove(lease);
		LeaseMaintenance::<T>::remove(lease);
		T::WeightInfo::remove_lease().saturating_add(T::Agreements::forget_weight())
	}
}

impl<T: Config> Bonding<T::AccountId> for Pallet<T> {
	fn exposure(target: Target) -> Balance {
		Exposures::<T>::get(target)
	}

	fn set_exposure(target: Target, listing: &ServiceOf<T>, amount: Balance) -> DispatchResult {
		Self::do_set_exposure(target, listing, amount)
	}

	fn free_bond(listing: &ServiceOf<T>) -> Balance {
		Bonds::<T>::get(&listing.operator, listing.asset).free()
	}

	fn slash(
		target: Target,
		listing: &ServiceOf<T>,
		credit: Balance,
		credit_to: &T::AccountId,
		penalty: Balance,
	) -> Slashed {
		let (operator, asset) = (&listing.operator, listing.asset);
		let mut bond = Bonds::<T>::get(operator, asset);
		let credited = Self::pay_from_bond(operator, asset, &mut bond, credit, credit_to);
		let penalised =
			Self::pay_from_bond(operator, asset, &mut bond, penalty, &T::Treasury::get());
		let moved = credited.saturating_add(penalised);
		Self::store_bond(operator, asset, bond);
		Self::record_slash(operator, asset, moved);
		let unpaid = credit.saturating_add(penalty).saturating_sub(moved);
		Self::deposit_event(Event::BondSlashed {
			operator: operator.clone(),
			target,
			asset,
			credit: credited,
			penalty: penalised,
			unpaid,
		});
		Slashed { credit: credited, penalty: penalised }
	}

	fn charge(target: Target, listing: &ServiceOf<T>, amount: Balance, to: &T::AccountId) {
		if amount == 0 {
			return;
		}
		let (operator, asset) = (&listing.operator, listing.asset);
		let mut bond = Bonds::<T>::get(operator, asset);
		let moved = Self::pay_from_bond(operator, asset, &mut bond, amount, to);
		Self::store_bond(operator, asset, bond);
		Totals::<T>::mutate(asset, |totals| totals.bonded = totals.bonded.saturating_sub(moved));
		Self::deposit_event(Event::RentPaid {
			operator: operator.clone(),
			target,
			asset,
			amount: moved,
			unpaid: amount.saturating_sub(moved),
		});
	}
}

impl<T: Config> BondReserve<T::AccountId> for Pallet<T> {
	fn reserve(operator: &T::AccountId, asset: AssetId, amount: Balance) -> DispatchResult {
		if amount == 0 {
			return Ok(());
		}
		let mut bond = Bonds::<T>::get(operator, asset);
		ensure!(amount <= bond.free(), Error::<T>::InsufficientBond);
		bond.exposure = bond.exposure.saturating_add(amount);
		Bonds::<T>::insert(operator, asset, bond);
		Reserved::<T>::mutate(operator, asset, |reserved| {
			*reserved = reserved.saturating_add(amount)
		});
		Ok(())
	}

	fn unreserve(operator: &T::AccountId, asset: AssetId, amount: Balance) {
		let mut bond = Bonds::<T>::get(operator, asset);
		Self::take_reserved(operator, asset, &mut bond, amount);
		Self::store_bond(operator, asset, bond);
	}

	fn forfeit(operator: &T::AccountId, asset: AssetId, amount: Balance) -> Balance {
		let mut bond = Bonds::<T>::get(operator, asset);
		// Never more than was reserved: the rest of the bond backs other obligations.
		let amount = Self::take_reserved(operator, asset, &mut bond, amount);
		if amount == 0 {
			return 0;
		}
		let moved = Self::pay_from_bond(operator, asset, &mut bond, amount, &T::Treasury::get());
		Self::store_bond(operator, asset, bond);
		Self::record_slash(operator, asset, moved);
		Self::deposit_event(Event::BondForfeited {
			operator: operator.clone(),
			asset,
			amount: moved,
			unpaid: amount.saturating_sub(moved),
		});
		moved
	}

	fn reserved(operator: &T::AccountId, asset: AssetId) -> Balance {
		Reserved::<T>::get(operator, asset)
	}
}

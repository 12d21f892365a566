//! Agreements behind leases, for the owner of the leases.

use crate::*;
use frame_support::storage::with_storage_layer;
use surety_primitives::{
	EscrowId, LeaseAgreements, LeaseId, ServiceStatus, SlaTerms, StreamEnd, credit::exposure,
	service_of_lease,
};

impl<T: Config> LeaseAgreements<T::AccountId> for Pallet<T> {
	fn open(
		lease: LeaseId,
		tenant: &T::AccountId,
		escrow: EscrowId,
		penalty_share: Perbill,
	) -> Result<AgreementId, DispatchError> {
		with_storage_layer(|| Self::open_lease(lease, tenant, escrow, penalty_share))
	}

	fn exposure(terms: &SlaTerms, price: Balance) -> Option<(Perbill, Balance)> {
		let share = Self::rules_now().penalty_share;
		Some((share, exposure::<T::Clock>(price, terms.cover, share)?))
	}

	fn ended(agreement: AgreementId, end: StreamEnd) {
		Self::finish(agreement, end);
	}
}

impl<T: Config> Pallet<T> {
	/// One unit of a lease for its tenant. Whether the lease may begin is its owner's to decide.
	fn open_lease(
		lease: LeaseId,
		tenant: &T::AccountId,
		escrow: EscrowId,
		penalty_share: Perbill,
	) -> Result<AgreementId, DispatchError> {
		let service = service_of_lease(lease);
		let info = T::Registry::service(service).ok_or(Error::<T>::UnknownService)?;
		ensure!(info.status == ServiceStatus::Leased, Error::<T>::NotLeased);
		let state = Services::<T>::get(service).unwrap_or_else(|| ServiceState::new(info.asset));
		let rules = Rules { penalty_share, ..Self::rules_now() };
		Self::add_agreement(service, &info, state, 1, info.price, &rules)?;
		// Not from the tenant: an operator whose tenant lacks funds would pay for being late.
		Self::ensure_pot(info.asset, &info.operator)?;
		let draft = Self::draft(tenant.clone(), service, &info, 1, info.price, escrow);
		let id = Self::next_id()?;
		// The deposit is the order's.
		Self::enlist(id, Agreement { lease: Some(lease), ..draft }, 0);
		Ok(id)
	}
}

//! The agreements behind leases, as the owner of the leases uses them.

use crate::*;
use frame_support::storage::with_storage_layer;
use surety_primitives::{
	EscrowId, LeaseAgreements, LeaseId, ServiceStatus, SlaTerms, StreamEnd, service_of_lease,
};

impl<T: Config> LeaseAgreements<T::AccountId> for Pallet<T> {
	fn open(lease: LeaseId, tenant: &T::AccountId, escrow: EscrowId) -> Result<AgreementId, DispatchError> {
		with_storage_layer(|| Self::open_lease(lease, tenant, escrow))
	}

	fn exposure(terms: &SlaTerms) -> Option<Balance> {
		Self::with_penalty(terms.credit_cap)
	}

	fn ending(agreement: AgreementId, round: RoundIndex, reason: CloseReason) {
		Self::note_ending(agreement, round, reason);
	}

	fn ended(agreement: AgreementId, end: StreamEnd) {
		Self::finish(agreement, end);
	}
}

impl<T: Config> Pallet<T> {
	/// One unit of a lease for its tenant. Whether the lease may begin is its owner's to say.
	fn open_lease(
		lease: LeaseId,
		tenant: &T::AccountId,
		escrow: EscrowId,
	) -> Result<AgreementId, DispatchError> {
		let service = service_of_lease(lease);
		let info = T::Registry::service(service).ok_or(Error::<T>::UnknownService)?;
		ensure!(info.status == ServiceStatus::Leased, Error::<T>::NotLeased);
		let state = Services::<T>::get(service).unwrap_or_else(|| ServiceState::new(info.asset));
		Self::add_units(service, &info, state, 1)?;
		// Not from the tenant: whoever cannot start for want of its funds would pay for being late.
		Self::ensure_pot(info.asset, &info.operator)?;
		let draft = Self::draft(tenant, service, &info, 1);
		// The deposit is the order's.
		Self::enlist(Agreement { escrow, lease: Some(lease), ..draft }, 0)
	}
}

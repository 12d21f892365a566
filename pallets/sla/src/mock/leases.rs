// SPDX-License-Identifier: Apache-2.0

//! Stand-in for the owner of the leases: it lists a lease, opens its agreement, starts its stream,
//! and takes all of it away when the stream is over.

use super::*;
use frame_support::storage::with_storage_layer;
use std::collections::BTreeMap;
use surety_primitives::{
	Agreements as _, AssetId, CloseReason, LeaseAgreements, LeaseId, LeaseRegistry, OnLeaseFailed,
	OnStreamEnd, OneOffHolds, StreamEnd, StreamStart,
};

parameter_types! {
	/// Agreements of the leases that run.
	pub storage Leased: BTreeMap<LeaseId, AgreementId> = BTreeMap::new();
	/// Ends of leases that probing notified of.
	pub storage FailedLeases: Vec<(LeaseId, End)> = Vec::new();
}

pub struct LeaseOwner;

/// The stream of a lease ends with its meter, so nothing is left to do.
impl OnLeaseFailed for LeaseOwner {
	fn on_lease_failed(lease: LeaseId, end: End) -> Weight {
		let mut failed = FailedLeases::get();
		failed.push((lease, end));
		FailedLeases::set(&failed);
		Weight::zero()
	}
}

impl OnStreamEnd for LeaseOwner {
	fn ending(_: EscrowOwner, _: End) -> Weight {
		Weight::zero()
	}

	fn ended(owner: EscrowOwner, end: StreamEnd) -> Weight {
		if let EscrowOwner::Replica { order: lease, .. } = owner {
			remove_lease(lease, end);
		}
		Weight::zero()
	}

	/// No other operator takes over: the rest is refunded.
	fn suspended(owner: EscrowOwner, end: StreamEnd) -> Weight {
		if let EscrowOwner::Replica { order: lease, .. } = owner {
			let escrow = agreement(Leased::get()[&lease]).escrow;
			remove_lease(lease, end);
			Escrow::refund(escrow, end.reason).unwrap();
		}
		Weight::zero()
	}

	fn max_weight() -> Weight {
		Weight::zero()
	}
}

fn remove_lease(lease: LeaseId, end: StreamEnd) {
	let mut leased = Leased::get();
	let agreement = leased.remove(&lease).expect("runs");
	Leased::set(&leased);
	<Sla as LeaseAgreements<AccountId>>::close(agreement, end);
	<Operators as LeaseRegistry<AccountId>>::remove(lease);
}

/// List a lease of [`OPERATOR`] with the terms that services are listed with.
pub fn list_lease(lease: LeaseId, asset: AssetId) -> Target {
	let parent = listing(if asset == NATIVE { COMPUTE } else { LOCAL_COMPUTE });
	let (endpoint, terms) = (parent.endpoint.clone(), parent.terms.clone());
	<Operators as LeaseRegistry<_>>::list(lease, parent, endpoint, PRICE, terms).unwrap();
	Target::Lease(lease)
}

/// Begin a listed lease: the deposit is held, and becomes the stream of its agreement.
pub fn begin_lease(
	tenant: AccountId,
	lease: LeaseId,
	deposit: Balance,
) -> Result<AgreementId, DispatchError> {
	with_storage_layer(|| {
		let target = Target::Lease(lease);
		let listing = listing(target);
		let owner = EscrowOwner::Replica { order: lease, index: 0 };
		let escrow =
			<Escrow as OneOffHolds<_>>::hold(owner, tenant, OPERATOR, listing.asset, deposit)?;
		let share = Share::get();
		let agreement = <Sla as LeaseAgreements<_>>::open(lease, &listing, &tenant, escrow, share)?;
		let round = Timing::round();
		let stream = StreamStart {
			payee: OPERATOR,
			meter: target,
			rate: listing.price,
			prepaid: 0,
			last: round + 100 * R,
			trial_until: round,
		};
		<Escrow as OneOffHolds<_>>::start(escrow, stream)?;
		let mut leased = Leased::get();
		leased.insert(lease, agreement);
		Leased::set(&leased);
		Ok(agreement)
	})
}

/// List and begin a lease; returns its agreement.
pub fn begin(tenant: AccountId, lease: LeaseId, asset: AssetId) -> AgreementId {
	list_lease(lease, asset);
	begin_lease(tenant, lease, DEPOSIT).unwrap()
}

/// End a lease with `round`.
pub fn end_lease(lease: LeaseId, round: RoundIndex, reason: CloseReason) {
	let escrow = agreement(Leased::get()[&lease]).escrow;
	Escrow::end(escrow, round, reason).unwrap();
}

/// Units of a listed service.
pub fn units(target: Target) -> u32 {
	Sla::units(id_of(target))
}

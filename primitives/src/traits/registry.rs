// SPDX-License-Identifier: Apache-2.0

//! Traits implemented by `operators`.

use crate::{
	AssetId, Balance, Endpoint, LeaseId, Network, NetworkId, RoundIndex, Service, ServiceId,
	SlaTerms, Target,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::{DispatchError, DispatchResult, Weight};

/// Registry of listings.
pub trait Registry<AccountId> {
	/// Listing of a service or a lease, until it is removed.
	fn listing(target: Target) -> Option<Service<AccountId>>;
	/// Listing of a service whose units may be sold now: the service is active, and its operator
	/// is active and bonded at or above the minimum. The error names the condition that fails.
	fn sellable(id: ServiceId) -> Result<Service<AccountId>, DispatchError>;
	/// End a service for cause: no new units, `Ending { at }`. Does nothing if it already ends
	/// earlier. The caller ends its meter.
	fn terminate(id: ServiceId, at: RoundIndex) -> Weight;
	/// Minimum bond of an operator in an asset, in base units. Governance holds the minimum bonds
	/// of all assets to be worth the same. `None` if the asset is not approved.
	fn min_bond(asset: AssetId) -> Option<Balance>;
}

/// Networks that `Rpc` services serve.
pub trait Networks {
	/// A network.
	fn network(id: NetworkId) -> Option<Network>;
	/// All networks, at most 64; for off-chain use.
	fn ids() -> Vec<NetworkId>;
}

/// Outcome of the probers' search for a listing's proof of control.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProofOutcome {
	/// The proof is at the endpoint's host: an unproven service becomes active.
	Found,
	/// The proof was asked for through a whole window and never found: an unproven listing gives
	/// its place at the host free.
	NotFound,
	/// The proof of an idle service that answers badly is gone: an active or paused service
	/// becomes unproven, unless units are sold. The probers ask for the proof from then on.
	Lost,
}

/// Handler of proofs of control.
pub trait OnProof {
	/// Apply an outcome. Does nothing for a service in any other state than the outcome names.
	fn on_proof(id: ServiceId, outcome: ProofOutcome) -> Weight;
}

/// Listings of leases.
pub trait LeaseRegistry<AccountId> {
	/// List a lease that is ready, under the `Compute` service `parent` of its operator: it is
	/// probed from the next round on. `endpoint` must have the origin (scheme, host, port) of the
	/// parent's endpoint, where the operator has proven its control. `price` is in base units per
	/// billable block; capacity is one unit.
	fn list(
		lease: LeaseId,
		parent: Service<AccountId>,
		endpoint: Endpoint,
		price: Balance,
		terms: SlaTerms,
	) -> Result<Service<AccountId>, DispatchError>;
	/// Remove the listing of a lease that is over and whose agreement is closed. Does nothing for
	/// a lease that was never listed.
	fn remove(lease: LeaseId) -> Weight;
}

/// Bond reserved for bids. It counts into the exposure of the bond as that of services does.
pub trait BondReserve<AccountId> {
	/// Reserve active bond, or fail if too little of it is free.
	fn reserve(operator: &AccountId, asset: AssetId, amount: Balance) -> DispatchResult;
	/// Release what was reserved.
	fn unreserve(operator: &AccountId, asset: AssetId, amount: Balance);
	/// Release what was reserved and take up to as much of the bond for the treasury. Returns the
	/// amount moved.
	fn forfeit(operator: &AccountId, asset: AssetId, amount: Balance) -> Balance;
	/// Base units reserved.
	fn reserved(operator: &AccountId, asset: AssetId) -> Balance;
}

/// Amounts that a slash moved.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct Slashed {
	/// Base units that went to the account of the tenants' credits.
	pub credit: Balance,
	/// Base units that went to the treasury.
	pub penalty: Balance,
}

/// Bond behind listings. Per operator and asset, the sum of the exposures of its listings and bids
/// is never above the active bond when exposure is reserved or bond is unbonded.
///
/// The caller passes the listing that it has read, so that a call decodes it once.
pub trait Bonding<AccountId> {
	/// Base units of the bond that are reserved for a target.
	fn exposure(target: Target) -> Balance;
	/// Set the exposure of a target. Raising fails if the active bond does not cover it; lowering
	/// always succeeds.
	fn set_exposure(
		target: Target,
		listing: &Service<AccountId>,
		amount: Balance,
	) -> DispatchResult;
	/// Base units of active bond in the listing's asset that nothing reserves.
	fn free_bond(listing: &Service<AccountId>) -> Balance;
	/// Take up to `credit` for `credit_to` and then up to `penalty` for the treasury out of the
	/// bond: active bond first, then the newest unbonding chunk. Moves what there is; never fails.
	/// The caller lowers the exposure.
	fn slash(
		target: Target,
		listing: &Service<AccountId>,
		credit: Balance,
		credit_to: &AccountId,
		penalty: Balance,
	) -> Slashed;
	/// Take up to `amount` of rent out of the bond for `to`, in the order of [`Self::slash`]. Rent
	/// is a price and no punishment. Moves what there is; never fails. The caller lowers the
	/// exposure.
	fn charge(target: Target, listing: &Service<AccountId>, amount: Balance, to: &AccountId);
}

// SPDX-License-Identifier: Apache-2.0

//! Types that the registry stores and takes beside the shared ones of `surety_primitives`.

use crate::{Config, HoldReason};
use alloc::{string::String, vec::Vec};
use frame::prelude::*;
use surety_primitives::{
	AssetId, Balance, BlockNumber, Endpoint, Name, Protocol, Region, RoundIndex, Service,
	ServiceKind, SlaTerms, Uri,
};

/// Bond of an operator in one asset, bounded by the runtime's limits.
pub type BondOf<T> = Bond<<T as Config>::MaxUnbondingChunks>;
/// Listing of this runtime.
pub type ServiceOf<T> = Service<<T as frame_system::Config>::AccountId>;

/// Hold reason of a bond.
pub(crate) fn bond_reason<T: Config>() -> T::RuntimeHoldReason {
	HoldReason::Bond.into()
}

/// Hold reason of a listing's deposit.
pub(crate) fn deposit_reason<T: Config>() -> T::RuntimeHoldReason {
	HoldReason::ServiceDeposit.into()
}

/// State of an operator.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub enum OperatorStatus {
	/// Lists services and takes new units.
	Active,
	/// Takes no new units and lists nothing; agreements go on.
	Inactive,
	/// Has no services; removed with its last bond.
	Retiring,
}

/// Account with a bond that lists services.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Operator {
	/// Display name, UTF-8.
	pub name: Name,
	/// Contact details, UTF-8; may be empty.
	pub contact: Uri,
	/// State.
	pub status: OperatorStatus,
	/// Block of its registration.
	pub since: BlockNumber,
}

/// Unbonding part of a bond: slashable until it is withdrawn.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct Chunk {
	/// Base units of the bond's asset.
	pub amount: Balance,
	/// First block in which it can be withdrawn.
	pub unlock_at: BlockNumber,
}

/// Bond of one operator in one asset. On hold: `active` and all `chunks`.
#[derive(
	CloneNoBound,
	DebugNoBound,
	Decode,
	DefaultNoBound,
	Encode,
	EqNoBound,
	MaxEncodedLen,
	PartialEqNoBound,
	TypeInfo,
)]
#[scale_info(skip_type_params(MaxChunks))]
pub struct Bond<MaxChunks: Get<u32>> {
	/// Base units that back services, leases and bids.
	pub active: Balance,
	/// Base units of `active` that are reserved: the exposures of services and leases, and the
	/// reserve of bids.
	pub exposure: Balance,
	/// Unbonding chunks in the order of `unlock_at`: the newest, which unlocks last, at the end.
	pub chunks: BoundedVec<Chunk, MaxChunks>,
}

impl<MaxChunks: Get<u32>> Bond<MaxChunks> {
	/// Base units of all unbonding chunks.
	pub fn unbonding(&self) -> Balance {
		self.chunks.iter().fold(0, |sum, chunk| sum.saturating_add(chunk.amount))
	}

	/// Base units on hold, all of them slashable.
	pub fn held(&self) -> Balance {
		self.active.saturating_add(self.unbonding())
	}

	/// Active base units that nothing reserves.
	pub fn free(&self) -> Balance {
		self.active.saturating_sub(self.exposure)
	}

	/// True if the bond holds and reserves nothing.
	pub fn is_empty(&self) -> bool {
		self.active == 0 && self.exposure == 0 && self.chunks.is_empty()
	}

	/// Remove the chunks that can be withdrawn at `now` and return their sum.
	pub(crate) fn take_matured(&mut self, now: BlockNumber) -> Balance {
		let before = self.unbonding();
		self.chunks.retain(|chunk| chunk.unlock_at > now);
		before.saturating_sub(self.unbonding())
	}

	/// Insert a chunk in its order, or add it to the chunk of the same block. Fails if the list is
	/// full.
	pub(crate) fn add_chunk(&mut self, new: Chunk) -> Result<(), ()> {
		// The new chunk is not always the last: the unbonding period may have been lowered.
		match self.chunks.binary_search_by_key(&new.unlock_at, |chunk| chunk.unlock_at) {
			Ok(at) => {
				if let Some(chunk) = self.chunks.get_mut(at) {
					chunk.amount = chunk.amount.saturating_add(new.amount);
				}
				Ok(())
			},
			Err(at) => self.chunks.try_insert(at, new).map_err(drop),
		}
	}

	/// Remove `amount`, at most what is [`held`](Self::held): active bond first, then the newest
	/// chunk.
	pub(crate) fn take(&mut self, amount: Balance) {
		let from_active = amount.min(self.active);
		self.active = self.active.saturating_sub(from_active);
		let mut left = amount.saturating_sub(from_active);
		while left > 0 {
			let Some(newest) = self.chunks.last_mut() else { break };
			let part = left.min(newest.amount);
			newest.amount = newest.amount.saturating_sub(part);
			left = left.saturating_sub(part);
			if newest.amount == 0 {
				self.chunks.pop();
			}
		}
	}
}

/// Registry's own record of a service, beside the [`Service`] that other pallets read.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct Listing {
	/// Planck of the operator on hold until the service is removed.
	pub deposit: Balance,
	/// Block of the listing.
	pub since: BlockNumber,
	/// Maintenance announced last.
	pub maintenance: Option<Maintenance>,
	/// Place at the host of its endpoint. `None` after the probers searched a whole window for the
	/// proof of control and did not find it.
	pub place: Option<HostPlace>,
}

/// Place of a listing at the host of its endpoint.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub enum HostPlace {
	/// Control is proven, or need not be. Counted per host.
	Proven,
	/// Control is yet to be proven. Counted per operator and host.
	Unproven,
}

/// Decrement a stored count, which has no entry at zero.
pub(crate) fn decrement(count: &mut Option<u32>) {
	*count = count.and_then(|n| n.checked_sub(1)).filter(|n| *n > 0);
}

/// Announced maintenance: rounds in which a target may be down without it counting.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct Maintenance {
	/// First round.
	pub from: RoundIndex,
	/// Number of rounds, at least one.
	pub rounds: u16,
}

impl Maintenance {
	/// Last round.
	pub fn last(&self) -> RoundIndex {
		self.from.saturating_add(u32::from(self.rounds)).saturating_sub(1)
	}
}

/// Approval of an asset by governance.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct Approval {
	/// Base units that an operator must have bonded to sell units in this asset.
	pub min_bond: Balance,
	/// True if new services may be listed in the asset; false once it is revoked.
	pub listable: bool,
}

/// Sums over all operators, per asset.
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
pub struct AssetTotals {
	/// Base units on hold as bond, unbonding chunks included.
	pub bonded: Balance,
	/// Base units ever slashed.
	pub slashed: Balance,
}

/// Counts of operators and services.
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
pub struct Counts {
	/// Registered operators.
	pub operators: u32,
	/// Active operators.
	pub active: u32,
	/// Listed services.
	pub services: u32,
	/// Accounts that were ever slashed, removed operators included.
	pub slashed: u32,
}

/// Service to list, as the call gives it.
pub(crate) struct NewService {
	pub kind: ServiceKind,
	pub endpoint: Endpoint,
	pub region: Region,
	pub capacity: u32,
	pub price: Balance,
	pub asset: AssetId,
	pub terms: SlaTerms,
	pub metadata_hash: [u8; 32],
	pub metadata_uri: Uri,
}

/// Changes to a service, as the call gives them.
#[derive(Default)]
pub(crate) struct Changes {
	pub endpoint: Option<Endpoint>,
	pub capacity: Option<u32>,
	pub price: Option<Balance>,
	pub metadata_hash: Option<[u8; 32]>,
	pub metadata_uri: Option<Uri>,
}

impl Changes {
	pub(crate) fn is_empty(&self) -> bool {
		self.endpoint.is_none()
			&& self.capacity.is_none()
			&& self.price.is_none()
			&& self.metadata_hash.is_none()
			&& self.metadata_uri.is_none()
	}
}

/// Network of a chain spec.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct GenesisNetwork {
	/// Unique lower-case name.
	pub name: String,
	/// JSON-RPC dialect.
	pub protocol: Protocol,
	/// True for the network of this chain itself.
	pub own: bool,
	/// Reference endpoints.
	pub anchors: Vec<String>,
}

/// Policy for the assets that governance may approve, implemented by the runtime for its assets
/// pallet.
pub trait AssetPolicy {
	/// Succeed only if the asset exists, is sufficient and has no private owner, issuer, admin or
	/// freezer: nobody may be able to freeze a bond, block a credit or mint the asset that credits
	/// are paid in.
	fn ensure_approvable(asset: u32) -> DispatchResult;
}

/// Benchmark set-up that the pallet's own interfaces do not offer.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper<AccountId> {
	/// Mint `amount` base units of `asset` for `who`.
	fn fund(asset: AssetId, who: &AccountId, amount: Balance);
	/// Create an asset that [`AssetPolicy`] accepts.
	fn create_asset() -> u32;
	/// Declare the resources of a `Compute` service.
	fn declare_capacity(service: surety_primitives::ServiceId);
	/// Activate the row of a service.
	fn activate(service: surety_primitives::ServiceId);
	/// Sell a unit of a service without reserving its exposure.
	fn sell_unit(service: surety_primitives::ServiceId);
}

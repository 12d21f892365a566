//! What the registry stores and takes beside the shared types of `surety_primitives`.

use crate::{Config, HoldReason};
use alloc::string::String;
use frame::prelude::*;
use serde::{Deserialize, Serialize};
use surety_primitives::{
	AssetId, Balance, BlockNumber, Endpoint, Name, Protocol, Region, RoundIndex, Service,
	ServiceKind, SlaTerms, Uri,
};

/// The bond of an operator in one asset, bounded by the runtime's limits.
pub type BondOf<T> = Bond<<T as Config>::MaxUnbondingChunks>;
/// A listing of this runtime.
pub type ServiceOf<T> = Service<<T as frame_system::Config>::AccountId>;
/// The reason under which a bond is on hold.
pub(crate) fn bond_reason<T: Config>() -> T::RuntimeHoldReason {
	HoldReason::Bond.into()
}
/// The reason under which a listing's deposit is on hold.
pub(crate) fn deposit_reason<T: Config>() -> T::RuntimeHoldReason {
	HoldReason::ServiceDeposit.into()
}

/// Where an operator is in its life.
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
	/// Takes no new units and lists nothing; what is sold goes on.
	Inactive,
	/// Has no services and is gone once its last bond is withdrawn.
	Retiring,
}

/// An account with a bond that lists services.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Operator {
	/// Display name, UTF-8.
	pub name: Name,
	/// How to reach it: whatever it says, UTF-8.
	pub contact: Uri,
	/// Place in its life.
	pub status: OperatorStatus,
	/// Block in which it registered.
	pub since: BlockNumber,
}

/// Bond on its way out: slashable until it is withdrawn.
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

/// The bond of one operator in one asset. On hold: `active` and all `chunks`.
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
	/// Base units that stand behind services, leases and bids.
	pub active: Balance,
	/// Base units of `active` that are reserved: the exposures of services and leases, and what is reserved
	/// for bids.
	pub exposure: Balance,
	/// What is on its way out, in the order of `unlock_at`: the newest, which unlocks last, at the
	/// end.
	pub chunks: BoundedVec<Chunk, MaxChunks>,
}

impl<MaxChunks: Get<u32>> Bond<MaxChunks> {
	/// Base units on their way out.
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

	/// Whether nothing is left to remember.
	pub fn is_empty(&self) -> bool {
		self.active == 0 && self.exposure == 0 && self.chunks.is_empty()
	}

	/// Remove the chunks that can be withdrawn at `now` and say what they sum up to.
	pub(crate) fn take_matured(&mut self, now: BlockNumber) -> Balance {
		let before = self.unbonding();
		self.chunks.retain(|chunk| chunk.unlock_at > now);
		before.saturating_sub(self.unbonding())
	}

	/// Add a chunk in its order, to the one of its block if there is one. Fails if there are as
	/// many as there may be.
	pub(crate) fn add_chunk(&mut self, new: Chunk) -> Result<(), ()> {
		// Not always the last: the unbonding period may have been lowered.
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

	/// Remove `amount`, at most what is [`held`](Self::held): active bond first, then the newest chunk.
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

/// What the registry keeps of a listing beside the [`Service`] that others read.
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
	/// Block in which it was listed.
	pub since: BlockNumber,
	/// The last maintenance announced.
	pub maintenance: Option<Maintenance>,
	/// Place at the host of its endpoint.
	pub place: HostPlace,
}

/// Place of a listing among those that a host carries.
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
	/// Among the proven ones, or control need not be proven.
	Proven,
	/// Among those that the operator has yet to prove.
	Unproven,
	/// None: the probers looked for the proof through a whole window and found none.
	None,
}

/// Count one less, without an entry for none.
pub(crate) fn one_less(count: &mut Option<u32>) {
	*count = count.and_then(|n| n.checked_sub(1)).filter(|n| *n > 0);
}

/// Rounds in which a service may be down without it counting.
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
	/// How many rounds, at least one.
	pub rounds: u16,
}

impl Maintenance {
	/// Last round of it.
	pub fn last(&self) -> RoundIndex {
		self.from.saturating_add(u32::from(self.rounds)).saturating_sub(1)
	}
}

/// An asset that governance approved.
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
	/// Whether new services may be listed in it; what is listed goes on when it is revoked.
	pub listable: bool,
}

/// What all operators together have, per asset.
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

/// How many there are.
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
	/// Those of them that are active.
	pub active: u32,
	/// Listed services.
	pub services: u32,
	/// Accounts that were ever slashed, gone ones included.
	pub slashed: u32,
}

/// A service to list, as the call gives it.
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

/// What changes of a service, as the call gives it.
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

/// A network in the chain spec.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct GenesisNetwork {
	/// Unique lower-case name.
	pub name: String,
	/// Dialect.
	pub protocol: Protocol,
	/// Whether it is the network of this chain itself.
	pub own: bool,
	/// Reference endpoints.
	pub anchors: alloc::vec::Vec<String>,
}

/// Which assets governance may approve. The runtime answers for its assets pallet.
pub trait AssetPolicy {
	/// Fails unless the asset exists, is sufficient and has no private owner, issuer, admin or freezer:
	/// nobody may be able to freeze a bond, block a credit or print what the credits are paid in.
	fn ensure_approvable(asset: u32) -> DispatchResult;
}

/// What the benchmarks cannot do through the pallet's own interfaces.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper<AccountId> {
	/// Give `who` `amount` base units more of `asset`.
	fn fund(asset: AssetId, who: &AccountId, amount: Balance);
	/// Create an asset that [`AssetPolicy`] lets pass.
	fn create_asset() -> u32;
	/// Have the operator of a `Compute` service declare what its server has.
	fn declare_capacity(service: surety_primitives::ServiceId);
	/// Have a unit of a service sold, whose credits were not covered by the bond yet.
	fn sell_unit(service: surety_primitives::ServiceId);
}

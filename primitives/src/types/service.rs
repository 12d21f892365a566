// SPDX-License-Identifier: Apache-2.0

//! Listing of a service: kind, endpoint, region, price and terms.

use super::{AssetId, Balance, Endpoint, MAX_ANCHORS, Name, NetworkId, Region, RoundIndex, Uri};
use crate::{LatencyBucket, WindowShare, json};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::Perbill;

/// Product of a service; decides how it is probed.
#[derive(
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase", tag = "class")]
pub enum ServiceKind {
	/// JSON-RPC of a network.
	Rpc {
		/// The network, by whose dialect and anchors answers are judged.
		network: NetworkId,
	},
	/// Rented compute.
	Compute,
	/// AI inference.
	Inference {
		/// Model the endpoint must list.
		#[serde(with = "json")]
		model: Name,
	},
	/// VPN.
	Vpn {
		/// ed25519 public key with which its agent signs its health.
		#[serde(with = "json")]
		key: [u8; 32],
	},
}
impl ServiceKind {
	/// Network of an `Rpc` service.
	pub fn network(&self) -> Option<NetworkId> {
		match self {
			Self::Rpc { network } => Some(*network),
			_ => None,
		}
	}
	/// Kind without its parameter, to filter by.
	pub fn class(&self) -> ServiceClass {
		match self {
			Self::Rpc { .. } => ServiceClass::Rpc,
			Self::Compute => ServiceClass::Compute,
			Self::Inference { .. } => ServiceClass::Inference,
			Self::Vpn { .. } => ServiceClass::Vpn,
		}
	}
}

/// Service kind without its parameter.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub enum ServiceClass {
	/// JSON-RPC of any network.
	Rpc,
	/// Rented compute.
	Compute,
	/// AI inference.
	Inference,
	/// VPN.
	Vpn,
}

/// JSON-RPC dialect of a network.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub enum Protocol {
	/// `eth_*` methods.
	Ethereum,
	/// `chain_*` methods of a Substrate chain.
	Substrate,
}

/// Network that `Rpc` services serve.
#[derive(
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub struct Network {
	/// Unique lower-case name, as in the node's `--anchor NAME=URL`.
	#[serde(with = "json")]
	pub name: Name,
	/// Dialect.
	pub protocol: Protocol,
	/// True for the network of this very chain: answers are judged by the prober's own state and no
	/// anchor is needed.
	pub own: bool,
	/// Reference endpoints that probers compare answers with; two of them must agree.
	#[serde(with = "json")]
	pub anchors: BoundedVec<Endpoint, ConstU32<MAX_ANCHORS>>,
}

impl Network {
	/// True if `name` can be the name of a network: lower-case ASCII letters, digits and `-`.
	pub fn is_name(name: &[u8]) -> bool {
		let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
		(1..=Name::bound()).contains(&name.len()) && name.iter().all(plain)
	}
}

/// Terms of a service. Immutable but for the cover, which may only rise.
#[derive(
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub struct SlaTerms {
	/// Share of a window's rounds in which the service must not be down or stale.
	#[serde(rename = "minUptimePerbill")]
	pub min_uptime: Perbill,
	/// Latency above which answers are slow.
	#[serde(rename = "maxLatencyMs")]
	pub max_latency: LatencyBucket,
	/// Blocks an `Rpc` service may be behind the head of its network before it is stale.
	pub max_head_lag: u32,
	/// Credit for `Low`, `Medium`, `High`, `Critical` as a share of the price of one window;
	/// non-decreasing.
	pub credit: [WindowShare; 4],
	/// Maximum of all credits of the service, in windows' prices.
	pub cover: WindowShare,
}

/// Status of a service.
///
/// ```text
/// Unproven -> Active <-> Paused        pause takes no new units, probing goes on
///    |          |          |
///    +----------+----------+--> Ending { at } -> (removed once `at` is judged and no units are left)
/// ```
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase", tag = "name")]
pub enum ServiceStatus {
	/// Waits for probers to read the proof of control at the endpoint's host.
	Unproven,
	/// Takes new units.
	Active,
	/// Takes no new units; the operator's choice.
	Paused,
	/// Retired or terminated for cause: the meter stops after round `at`.
	Ending {
		/// Last round that is billed and judged.
		at: RoundIndex,
	},
	/// Lease of one tenant and not for sale, from the round in which it is ready until it is over.
	Leased,
}

/// Listing of a service or a lease.
#[derive(
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub struct Service<AccountId> {
	/// Operator, whose bond covers it.
	pub operator: AccountId,
	/// Kind.
	pub kind: ServiceKind,
	/// http(s) URL that probers and tenants reach.
	#[serde(with = "json")]
	pub endpoint: Endpoint,
	/// Region.
	pub region: Region,
	/// Units that can be sold in all.
	pub capacity: u32,
	/// Price per unit and billable block, in base units of `asset`; holds for new agreements.
	#[serde(with = "json")]
	pub price: Balance,
	/// Asset of price, deposit, bond, credit and exposure.
	pub asset: AssetId,
	/// Terms.
	pub terms: SlaTerms,
	/// Hash of the metadata document.
	#[serde(with = "json")]
	pub metadata_hash: [u8; 32],
	/// Location of the metadata document.
	#[serde(with = "json")]
	pub metadata_uri: Uri,
	/// Status.
	pub status: ServiceStatus,
}

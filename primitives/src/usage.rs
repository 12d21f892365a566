// SPDX-License-Identifier: Apache-2.0

//! Usage statements: cumulative counts of what an agreement was served, signed by one side.
//!
//! The tenant's gateway and the operator's edge each sign their own view. Nothing is negotiated,
//! since volume pays nobody: the chain takes the minimum of both sides as agreed.

use crate::{AgreementId, LatencyBucket, WindowIndex};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::traits::{BlakeTwo256, Hash as _};

/// Hash of the chain's blocks and of statements.
pub type Hash = <BlakeTwo256 as sp_runtime::traits::Hash>::Output;

/// First bytes of every signed usage statement.
pub const USAGE_DOMAIN: &[u8] = b"surety/usage/1";

/// Lanes per side of an agreement: a tenant may run this many gateways at once, an operator this
/// many edges, each with counts and sequence numbers of its own.
pub const MAX_LANES: u8 = 8;

/// Party of an agreement that a statement speaks for.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	Hash,
	MaxEncodedLen,
	Ord,
	PartialEq,
	PartialOrd,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub enum Side {
	/// The tenant, through its gateway.
	Tenant,
	/// The operator, through its edge.
	Operator,
}

/// Counts of one lane in one window, from the window's start.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub struct UsageCounts {
	/// Requests; each call of a JSON-RPC batch is one.
	pub requests: u64,
	/// Requests with an answer of the service, errors of the caller included: a reverted call is an
	/// answer.
	pub ok: u64,
	/// Requests without an answer, or with an error of the service.
	pub lost: u64,
	/// Answers slower than the latency that the terms promise; a part of `ok`.
	pub slow: u64,
	/// Bytes of all answers' bodies.
	pub bytes: u64,
}

/// What one side saw of an agreement's use, cumulative in a window and lane.
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
pub struct UsageStatement {
	/// Hash of the chain's genesis block.
	pub genesis: Hash,
	/// The agreement.
	pub agreement: AgreementId,
	/// Window of the counts.
	pub window: WindowIndex,
	/// Party that signs.
	pub side: Side,
	/// Lane, below [`MAX_LANES`].
	pub lane: u8,
	/// Number of the statement in its window and lane, from 1. A later one replaces an earlier one.
	pub seq: u32,
	/// The counts.
	pub counts: UsageCounts,
	/// Median latency of the answers. `None` without answers.
	pub p50: Option<LatencyBucket>,
	/// 95th percentile of the latency of the answers. `None` without answers.
	pub p95: Option<LatencyBucket>,
	/// [`hash`](Self::hash) of the other side's latest statement for the window and lane.
	pub seen: Option<Hash>,
}

impl UsageStatement {
	/// Bytes that are signed: [`USAGE_DOMAIN`] and the statement in SCALE.
	pub fn payload(&self) -> Vec<u8> {
		[USAGE_DOMAIN, &self.encode()].concat()
	}

	/// Hash of the signed bytes, by which the other side refers to the statement.
	pub fn hash(&self) -> Hash {
		BlakeTwo256::hash(&self.payload())
	}
}

/// Statement with its signature by the party, or by an account that may report for it.
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
pub struct SignedUsage<AccountId, Signature> {
	/// The statement.
	pub statement: UsageStatement,
	/// Account whose key signed: the party itself or its `Report` proxy.
	pub reporter: AccountId,
	/// Signature of [`UsageStatement::payload`].
	pub signature: Signature,
}

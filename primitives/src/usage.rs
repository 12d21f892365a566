// SPDX-License-Identifier: Apache-2.0

//! Usage statements: cumulative counts of what an agreement was served, signed by one side.
//!
//! The tenant's gateway and the operator's edge each sign their own view. Nothing is negotiated,
//! since volume pays nobody: the chain takes the lower of both sides as agreed.

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

/// Gap between the two sides below which their counts agree, in requests.
pub const GAP_REQUESTS: u64 = 16;

/// The same as a share of the larger count: one in this many.
pub const GAP_SHARE: u64 = 100;

impl UsageCounts {
	/// True if the counts can be those of one stream of requests: an answer and a loss are both
	/// requests, and a slow answer is an answer. Requests that wait for their answer are neither.
	pub fn is_consistent(&self) -> bool {
		let done = self.ok.checked_add(self.lost);
		done.is_some_and(|done| done <= self.requests) && self.slow <= self.ok
	}

	/// True if no counter is below that of `earlier`.
	pub fn continues(&self, earlier: &Self) -> bool {
		self.requests >= earlier.requests
			&& self.ok >= earlier.ok
			&& self.lost >= earlier.lost
			&& self.slow >= earlier.slow
			&& self.bytes >= earlier.bytes
	}

	/// Sum with the counts of another lane.
	pub fn plus(&self, other: &Self) -> Self {
		Self {
			requests: self.requests.saturating_add(other.requests),
			ok: self.ok.saturating_add(other.ok),
			lost: self.lost.saturating_add(other.lost),
			slow: self.slow.saturating_add(other.slow),
			bytes: self.bytes.saturating_add(other.bytes),
		}
	}

	/// True if the requests or the answers of the two sides differ by more than [`GAP_REQUESTS`]
	/// and by more than one in [`GAP_SHARE`].
	pub fn differs_from(&self, other: &Self) -> bool {
		is_gap(self.requests, other.requests) || is_gap(self.ok, other.ok)
	}
}

fn is_gap(one: u64, other: u64) -> bool {
	let share = one.max(other).checked_div(GAP_SHARE).unwrap_or(0);
	one.abs_diff(other) > share.max(GAP_REQUESTS)
}

/// Use of an agreement in a window that both sides signed.
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
pub struct AgreedUsage {
	/// Requests.
	pub requests: u64,
	/// Requests with an answer, at most all of them.
	pub ok: u64,
	/// Bytes of the answers.
	pub bytes: u64,
}

impl AgreedUsage {
	/// The fewest requests of both sides, at most `max_requests`, each with the answers and bytes
	/// that it has on average in the lower view. So a side that leaves out requests does not
	/// raise the share of answers above the one that the other side signed.
	pub fn of(tenant: &UsageCounts, operator: &UsageCounts, max_requests: u64) -> Self {
		let requests = tenant.requests.min(operator.requests).min(max_requests);
		// At most the count itself, since neither side has fewer requests.
		let part = |count: u64, of: u64| {
			let product = u128::from(count).saturating_mul(u128::from(requests));
			product.checked_div(u128::from(of)).and_then(|part| u64::try_from(part).ok())
		};
		let lower = |count: fn(&UsageCounts) -> u64| {
			let both = [tenant, operator].map(|side| part(count(side), side.requests));
			both.into_iter().flatten().min().unwrap_or(0)
		};
		Self { requests, ok: lower(|side| side.ok), bytes: lower(|side| side.bytes) }
	}
}

/// Use of an agreement as one side saw it, cumulative in a window and lane.
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

/// Relation of the two views of a window.
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
pub enum Match {
	/// One side has no view that counts, so nothing is agreed.
	OneSided,
	/// The views are close.
	Close,
	/// The views differ by more than 16 requests and by more than one percent. The minimum counts.
	Contested,
}

/// Comparison of the agreed use of a window with the verdicts of the probers.
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
pub enum Comparison {
	/// Too little weight, or too few rounds were measured.
	Unknown,
	/// Tenants were served about as well as probers.
	Consistent,
	/// Tenants were served far worse than probers.
	Discrepant,
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn counts(requests: u64, ok: u64, lost: u64) -> UsageCounts {
		UsageCounts { requests, ok, lost, slow: 0, bytes: ok.saturating_mul(100) }
	}

	fn statement() -> UsageStatement {
		UsageStatement {
			genesis: Hash::repeat_byte(7),
			agreement: 1,
			window: 2,
			side: Side::Operator,
			lane: 3,
			seq: 4,
			counts: UsageCounts { requests: 5, ok: 4, lost: 1, slow: 2, bytes: 6 },
			p50: Some(LatencyBucket::from_millis(10)),
			p95: None,
			seen: None,
		}
	}

	/// Gateways and edges of other versions sign these bytes.
	#[test]
	fn the_signed_bytes_are_fixed() {
		let bucket = LatencyBucket::from_millis(10).encode();
		let number = |n: u64| n.to_le_bytes().to_vec();
		let expected = [
			b"surety/usage/1".to_vec(),
			[7; 32].to_vec(),
			1u32.to_le_bytes().to_vec(),
			2u32.to_le_bytes().to_vec(),
			[1, 3].to_vec(),
			4u32.to_le_bytes().to_vec(),
			[5, 4, 1, 2, 6].map(number).concat(),
			[[1].to_vec(), bucket, [0, 0].to_vec()].concat(),
		];
		assert_eq!(statement().payload(), expected.concat());
	}

	#[test]
	fn every_field_changes_the_signed_bytes() {
		let changes: [fn(&mut UsageStatement); 14] = [
			|s| s.genesis = Hash::zero(),
			|s| s.agreement = 9,
			|s| s.window = 9,
			|s| s.side = Side::Tenant,
			|s| s.lane = 0,
			|s| s.seq = 9,
			|s| s.counts.requests = 9,
			|s| s.counts.ok = 9,
			|s| s.counts.lost = 9,
			|s| s.counts.slow = 9,
			|s| s.counts.bytes = 9,
			|s| s.p50 = None,
			|s| s.p95 = Some(LatencyBucket::from_millis(10)),
			|s| s.seen = Some(Hash::zero()),
		];
		for (n, change) in changes.into_iter().enumerate() {
			let mut changed = statement();
			change(&mut changed);
			assert_ne!(changed.payload(), statement().payload(), "{n}");
			assert_ne!(changed.hash(), statement().hash(), "{n}");
		}
	}

	#[test]
	fn counts_of_one_stream_add_up() {
		assert!(counts(10, 8, 2).is_consistent());
		assert!(counts(10, 8, 1).is_consistent(), "one request waits");
		assert!(!counts(10, 8, 3).is_consistent());
		assert!(!counts(u64::MAX, u64::MAX, 1).is_consistent());
		let slow = |slow| UsageCounts { slow, ..counts(10, 8, 2) };
		assert!(slow(8).is_consistent() && !slow(9).is_consistent());
	}

	#[test]
	fn a_gap_of_16_or_one_percent_is_none() {
		let of = |requests| counts(requests, requests, 0);
		assert!(!of(0).differs_from(&of(16)) && of(0).differs_from(&of(17)));
		assert!(!of(9_900).differs_from(&of(10_000)) && of(9_899).differs_from(&of(10_000)));
		assert!(counts(100, 50, 0).differs_from(&counts(100, 67, 0)), "answers differ");
	}

	#[test]
	fn counts_above_the_units_shrink_in_proportion() {
		let most = counts(2_000, 1_000, 0);
		let agreed = AgreedUsage::of(&most, &most, 500);
		assert_eq!(agreed, AgreedUsage { requests: 500, ok: 250, bytes: 25_000 });
	}

	#[test]
	fn requests_that_a_side_leaves_out_do_not_raise_the_success() {
		let agreed = AgreedUsage::of(&counts(1_000, 500, 500), &counts(600, 600, 0), 10_000);
		assert_eq!(agreed, AgreedUsage { requests: 600, ok: 300, bytes: 30_000 });
		let late = AgreedUsage::of(&counts(500, 500, 0), &counts(1_000, 1_000, 0), 10_000);
		assert_eq!((late.requests, late.ok), (500, 500), "a late report is no loss");
	}

	fn any_counts() -> impl Strategy<Value = UsageCounts> {
		(any::<u64>(), any::<u64>(), any::<u64>()).prop_map(|(requests, ok, bytes)| UsageCounts {
			requests,
			ok: ok.min(requests),
			bytes,
			..Default::default()
		})
	}

	proptest! {
		/// Neither side alone can raise the agreed figures.
		#[test]
		fn agreed_is_at_most_what_each_side_signed(
			tenant in any_counts(),
			operator in any_counts(),
			max: u64,
		) {
			let agreed = AgreedUsage::of(&tenant, &operator, max);
			prop_assert!(agreed.ok <= agreed.requests && agreed.requests <= max);
			for side in [tenant, operator] {
				prop_assert!(agreed.requests <= side.requests);
				prop_assert!(agreed.ok <= side.ok);
				prop_assert!(agreed.bytes <= side.bytes);
				let [agreed, signed] = [(agreed.ok, side.requests), (side.ok, agreed.requests)]
					.map(|(a, b)| u128::from(a).saturating_mul(u128::from(b)));
				prop_assert!(agreed <= signed, "the share of answers is at most that of each side");
			}
			prop_assert_eq!(agreed, AgreedUsage::of(&operator, &tenant, max));
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! SLA terms as a caller gives them, and their bounds.

use crate::{Clock, LatencyBucket, SlaTerms, WindowShare};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::PalletError;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::{PerThing, Perbill, traits::Zero};

/// SLA terms as a caller gives them.
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
pub struct TermsInput {
	/// Share of a window's rounds in which the service must not be down or stale, in parts per
	/// billion: 999,000,000 is 99.9 %.
	pub min_uptime: u32,
	/// Latency above which answers are slow, in milliseconds: from 1 to a tenth of a round, which
	/// is as long as a prober waits when its rounds are full, and never above 55,108. Rounded UP to
	/// the next edge of a latency bucket, as that limit is.
	pub max_latency_ms: u32,
	/// Blocks an `Rpc` service may be behind the head of its network before it is stale.
	pub max_head_lag: u32,
	/// Credit for a `Low`, `Medium`, `High` and `Critical` breach as a share of the price of one
	/// window: 1,000,000,000 is the whole price. Each at least the one before it, at most the
	/// cover, and at most `MaxCredit` (30 windows at genesis).
	pub credit: [WindowShare; 4],
	/// Maximum of all credits of the service, in windows' prices: 1,000,000,000 is the price of
	/// one. Not zero.
	pub cover: WindowShare,
}

/// Fault of terms, nested in the errors of the pallets that take terms.
#[derive(
	Clone, Copy, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PalletError, PartialEq, TypeInfo,
)]
pub enum TermsFault {
	/// `min_uptime` is above 1,000,000,000 parts per billion.
	Uptime,
	/// `max_latency_ms` is zero, or above the time that a prober waits: a tenth of a round, rounded
	/// up to the edge of a latency bucket, and 55,108 ms at most.
	Latency,
	/// `cover` is zero. It is in parts of 1,000,000,000 of the price of one window.
	ZeroCover,
	/// `credit` falls from a milder to a graver severity.
	CreditsFall,
	/// A credit is above `cover`. Both are in parts of 1,000,000,000 of the price of one window.
	CreditAboveCover,
	/// A credit is above the parameter `MaxCredit`. Both are in parts of 1,000,000,000 of the price
	/// of one window.
	CreditAboveMax,
}

impl TermsInput {
	/// Check the terms, and round the latency up to the edge of its bucket. No credit may be above
	/// `max_credit`.
	pub fn check<C: Clock>(self, max_credit: WindowShare) -> Result<SlaTerms, TermsFault> {
		self.check_at(C::slot_ms().saturating_mul(u64::from(C::round_blocks())), max_credit)
	}

	/// As [`Self::check`], on a chain whose rounds last `round_ms` milliseconds.
	pub fn check_at(self, round_ms: u64, max_credit: WindowShare) -> Result<SlaTerms, TermsFault> {
		let Self { min_uptime, max_latency_ms, max_head_lag, credit, cover } = self;
		if min_uptime > Perbill::ACCURACY {
			return Err(TermsFault::Uptime);
		}
		let min_uptime = Perbill::from_parts(min_uptime);
		// A prober waits a tenth of a round when its rounds are full: above that, every answer
		// would be down and none slow.
		let longest = LatencyBucket::from_micros(round_ms.saturating_mul(100));
		let max_latency = LatencyBucket::from_millis(max_latency_ms);
		let in_range = max_latency_ms > 0 && u64::from(max_latency_ms) <= slowest_ms();
		if !in_range || max_latency > longest {
			return Err(TermsFault::Latency);
		}
		if cover.is_zero() {
			return Err(TermsFault::ZeroCover);
		}
		if !credit.is_sorted() {
			return Err(TermsFault::CreditsFall);
		}
		if credit.iter().any(|credit| *credit > cover) {
			return Err(TermsFault::CreditAboveCover);
		}
		if credit.iter().any(|credit| *credit > max_credit) {
			return Err(TermsFault::CreditAboveMax);
		}
		Ok(SlaTerms { min_uptime, max_latency, max_head_lag, credit, cover })
	}
}

/// Highest latency that terms can name, in milliseconds.
fn slowest_ms() -> u64 {
	LatencyBucket::MAX.edge_micros().checked_div(1_000).unwrap_or(0)
}

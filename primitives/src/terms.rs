//! SLA terms as a caller gives them, and what they must look like.

use crate::{Balance, Clock, LatencyBucket, SlaTerms, shared};
use sp_runtime::{PerThing, Perbill};

shared! {
	/// SLA terms as a caller gives them.
	pub struct TermsInput {
		/// Share of a window's rounds in which the service must not be down or stale, in parts per billion:
		/// 999,000,000 is 99.9 %.
		pub min_uptime: u32,
		/// Answers above this are slow. Milliseconds, from 1 to a tenth of a round, which is as long as a prober
		/// waits when its rounds are full (and never above 55,108); rounded UP to the next edge of a latency
		/// bucket, as that limit is.
		pub max_latency_ms: u32,
		/// Blocks an `Rpc` service may be behind the head of its network before it is stale.
		pub max_head_lag: u32,
		/// Credit per unit in base units for a `Low`, `Medium`, `High` and `Critical` breach: each at least
		/// the one before it and at most the cap.
		pub credit: [Balance; 4],
		/// All that one unit can ever be credited, in base units; not zero.
		pub credit_cap: Balance,
	}
}

/// What is wrong with terms.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TermsFault {
	/// An uptime of more than the whole.
	Uptime,
	/// A latency of zero, or longer than a prober waits.
	Latency,
	/// A cap of zero.
	ZeroCap,
	/// Credits fall with severity.
	CreditsFall,
	/// A credit is above the cap.
	CreditAboveCap,
}

impl TermsInput {
	/// The terms as they are stored, the latency rounded up to the edge of its bucket.
	pub fn check<C: Clock>(self) -> Result<SlaTerms, TermsFault> {
		let Self { min_uptime, max_latency_ms, max_head_lag, credit, credit_cap } = self;
		if min_uptime > Perbill::ACCURACY {
			return Err(TermsFault::Uptime);
		}
		let min_uptime = Perbill::from_parts(min_uptime);
		// A prober gives up after that: all above it would be down, none slow.
		let longest = LatencyBucket::from_micros(C::longest_latency_ms().saturating_mul(1_000));
		let max_latency = LatencyBucket::from_millis(max_latency_ms);
		let in_range = max_latency_ms > 0 && u64::from(max_latency_ms) <= slowest_ms();
		if !in_range || max_latency > longest {
			return Err(TermsFault::Latency);
		}
		if credit_cap == 0 {
			return Err(TermsFault::ZeroCap);
		}
		if !credit.is_sorted() {
			return Err(TermsFault::CreditsFall);
		}
		if credit.iter().any(|credit| *credit > credit_cap) {
			return Err(TermsFault::CreditAboveCap);
		}
		Ok(SlaTerms { min_uptime, max_latency, max_head_lag, credit, credit_cap })
	}
}

/// The slowest latency that terms can name, in milliseconds.
fn slowest_ms() -> u64 {
	LatencyBucket::MAX.edge_micros().checked_div(1_000).unwrap_or(0)
}

// SPDX-License-Identifier: Apache-2.0

//! Plain types that the roles and other rooms share with the ledger.

use super::{Histogram, Refusal};
use sp_runtime::{AccountId32, MultiSignature};
use std::{sync::Arc, time::Duration};
use surety_primitives::{
	AgreementId, WindowIndex,
	usage::{Hash, MAX_LANES, Side, SignedUsage, UsageCounts},
};

/// Statement with its signature.
pub type Signed = SignedUsage<AccountId32, MultiSignature>;

/// Two statements with one number and different contents, the proof of an equivocation.
pub type Equivocation = (Signed, Signed);

/// Time as the chain and the machine's clock give it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Moment {
	/// Window of the chain's finalized head.
	pub window: WindowIndex,
	/// Time since that window's start.
	pub elapsed: Duration,
	/// Length of a window.
	pub length: Duration,
	/// Seconds of the machine's clock since 1970.
	pub unix: u64,
}

/// Source of [`Moment`]s; the chain's room implements it.
pub trait Clock: Send + Sync {
	/// The time, `None` until the chain was read.
	fn now(&self) -> Option<Moment>;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
	fn now(&self) -> Option<Moment> {
		(**self).now()
	}
}

/// Rights to speak for a party, refreshed from the chain; the chain's room implements it. Called
/// with a lock held, so it answers from memory.
pub trait Reporters: Send + Sync {
	/// True if `key` is the party at that side of the agreement, or its `Report` proxy. `None` as
	/// long as the chain was not asked: nothing new is accepted then, and nothing held is dropped.
	fn may_report(&self, agreement: AgreementId, side: Side, key: &AccountId32) -> Option<bool>;
}

/// Settings of a [`Ledger`](super::Ledger).
#[derive(Clone, Debug)]
pub struct LedgerSettings {
	/// Hash of the chain's genesis block.
	pub genesis: Hash,
	/// Side that this process speaks for.
	pub side: Side,
	/// Lane of this process, below [`MAX_LANES`]. No other process of the party may use it.
	pub lane: u8,
	/// Processes of the party. With one, a statement of the other side that has seen an unknown
	/// statement is refused. With more, it may be that of another lane: it is taken, and counts
	/// neither for nor against the other side.
	pub lanes: u8,
	/// Longest time between two statements while requests are served. Shorter in short windows: at
	/// most a 24th of the window.
	pub interval: Duration,
	/// Requests after which a statement is signed although the interval is not over.
	pub requests: u64,
	/// Maximum number of agreements.
	pub max_agreements: usize,
}

impl LedgerSettings {
	/// Settings of a party that runs one process.
	pub fn new(genesis: Hash, side: Side) -> Self {
		Self {
			genesis,
			side,
			lane: 0,
			lanes: 1,
			interval: Duration::from_secs(10),
			requests: 50_000,
			max_agreements: 16_384,
		}
	}

	/// Interval in windows of a length.
	pub fn interval_in(&self, length: Duration) -> Duration {
		let short = length.checked_div(24).unwrap_or_default().max(Duration::from_secs(1));
		self.interval.min(short)
	}

	/// The other side.
	pub fn other_side(&self) -> Side {
		match self.side {
			Side::Tenant => Side::Operator,
			Side::Operator => Side::Tenant,
		}
	}

	/// True if the lane exists.
	pub(super) fn is_valid(&self) -> bool {
		self.lane < MAX_LANES && self.lane < self.lanes && self.lanes <= MAX_LANES
	}
}

/// Something that the operator of the process should see.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
	/// The other side answered, but did not countersign for [`MAX_STRIKES`](super::MAX_STRIKES)
	/// exchanges. It loses evidence; nothing else follows. At most once per agreement and window.
	Uncountersigned(AgreementId, WindowIndex),
	/// The other side does not answer. At most once per agreement and window.
	Silent(AgreementId, WindowIndex),
	/// The other side signed two contents for one number. Its lane is void for the window, the
	/// proof is held for the report.
	Equivocated(AgreementId, WindowIndex),
	/// The other side returned a statement of this lane that an earlier life of this process
	/// signed: its counts are continued.
	Recovered(AgreementId, WindowIndex),
	/// Another process signs with this lane. Nothing is signed for the agreement until the next
	/// window; give each process a lane of its own.
	LaneTaken(AgreementId, WindowIndex),
	/// A statement is no longer held, since its reporter's right was revoked.
	Revoked(AgreementId, AccountId32),
	/// This process' own key may not report for the agreement. At most once per agreement and
	/// window.
	NotAReporter(AgreementId, WindowIndex),
	/// The store could not be read and was set aside; counts are recovered from the other sides.
	StoreSetAside(String),
	/// The store could not be written; statements wait until it can.
	StoreFailed(String),
}

/// Totals since the start of the process, for metrics.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Totals {
	/// Statements signed.
	pub signed: u64,
	/// Statements of other sides that are or were held.
	pub accepted: u64,
	/// Refused statements of other sides, by the index of the reason in [`Refusal::ALL`].
	pub refused: [u64; Refusal::ALL.len()],
	/// Own statements that other sides refused, likewise.
	pub refused_by_others: [u64; Refusal::ALL.len()],
	/// Exchanges without an answer.
	pub silent: u64,
	/// Agreements and windows in which the other side did not countersign.
	pub uncountersigned: u64,
	/// Equivocations found.
	pub equivocations: u64,
	/// Statements that the chain took.
	pub reported: u64,
	/// Writes of the store that failed.
	pub store_failures: u64,
}

/// View of one agreement in one window, for status and metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct UsageView {
	/// The agreement.
	pub agreement: AgreementId,
	/// The window.
	pub window: WindowIndex,
	/// Counts of this process, unsigned ones included.
	pub own: UsageCounts,
	/// Latency of this process' answers.
	pub latency: Histogram,
	/// Sum of the other side's latest statements over its lanes. `None` without one.
	pub other: Option<UsageCounts>,
	/// Requests and answers that both sides signed, if each side has one lane.
	pub agreed: Option<(u64, u64)>,
	/// True if the two sides' requests are further apart than the chain tolerates.
	pub contested: bool,
	/// True if the other side has seen the latest counts that this process signed.
	pub countersigned: bool,
	/// True if the other side did not countersign for too long.
	pub marked: bool,
	/// True if the other side does not answer.
	pub silent: bool,
}

/// Statements of an agreement's closed window.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Evidence {
	/// The agreement.
	pub agreement: AgreementId,
	/// The window.
	pub window: WindowIndex,
	/// Latest statement of each lane that this process holds, its own first.
	pub statements: Vec<Signed>,
}

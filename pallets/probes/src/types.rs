//! Stored types, and the arithmetic on it that needs no storage.

use frame::prelude::*;
use frame_support::{BoundedVec, traits::ConstU32};
use serde::{Deserialize, Serialize};
use sp_runtime::Perbill;
use sp_staking::SessionIndex;
use surety_primitives::{
	CloseReason, Counters, Frozen, LatencyBucket, MeterReading, RoundIndex, ServiceId, Severity,
	Verdict, WindowIndex, WindowSummary, crypto::ProberId,
};

/// Slots of a page; a page's due slots are the bits of a `u128`.
pub const ROWS: u32 = 128;
/// Least pages due in one round: a hot one and a cold one.
pub const MIN_DUE: u32 = 2;
/// Most pages due in one round.
pub const MAX_DUE: u32 = 512;
/// Most bytes of a report, which is most services due in one round.
pub const MAX_REPORT: u32 = 65_536;
const _: () = assert!(MAX_DUE * ROWS == MAX_REPORT);
/// Most probers that a snapshot can name; a set of them is the bits of a `u128`.
pub const MAX_PROBERS: u32 = 128;
/// Most accounts in the duty list: a session's probers and those of the one before, whose last
/// rounds are folded in this one.
pub const MAX_DUTY: u32 = 256;
/// Windows that the ring of a service keeps.
pub const RING: u32 = 24;
/// Different latency buckets that a histogram keeps apart.
pub const HISTOGRAM: u32 = 32;
/// Most bytes of an encoded page: ParityDB splits larger values.
pub const PAGE_BYTES: usize = 32_760;
/// Most cold pages, so most listings are 128 times this.
pub const MAX_COLD_PAGES: u32 = 65_536;
/// Rounds for which the root of the accepted reveals is kept: a week of minutes.
pub const ROOTS_KEPT: RoundIndex = 10_080;
/// What the findings of a prober at all services of one operator in one page and round count in
/// its duty.
pub const SHARE: u64 = 1_000;

/// Judged rounds that the health of a lease remembers.
pub const HEALTH_ROUNDS: u8 = 32;
/// Most cold pages that wait for a probe on demand.
pub const MAX_QUEUED: u32 = 64;

/// Bytes of a report.
pub type Report = BoundedVec<u8, ConstU32<MAX_REPORT>>;
/// Cold pages that wait for a probe on demand, the one that waits longest first.
pub type Queue = BoundedVec<u32, ConstU32<MAX_QUEUED>>;
/// The last windows of a service, the newest last.
pub type Ring = BoundedVec<WindowSummary, ConstU32<RING>>;
/// One page of rows; a slot past its end is free.
pub type Page<AccountId> = BoundedVec<Option<Row<AccountId>>, ConstU32<ROWS>>;
/// The probers of a session.
pub type Probers<AccountId> = BoundedVec<Prober<AccountId>, ConstU32<MAX_PROBERS>>;

/// A page.
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
	Ord,
	PartialEq,
	PartialOrd,
	Serialize,
	TypeInfo,
)]
pub enum PageId {
	/// Services with units: due every round.
	Hot(u32),
	/// Every listing has a slot here; due in turns.
	Cold(u32),
}
impl PageId {
	/// True if its rows have meters and can breach.
	pub fn is_hot(self) -> bool {
		matches!(self, Self::Hot(_))
	}
}

/// A slot of the hot or of the cold pages.
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
pub struct Place {
	/// Index of the page.
	pub page: u32,
	/// Slot in it, below 128.
	pub slot: u8,
}
impl Place {
	/// The `n`th slot.
	pub fn nth(n: u32) -> Self {
		let slot = u8::try_from(n.checked_rem(ROWS).unwrap_or(0)).unwrap_or(0);
		Self { page: n.checked_div(ROWS).unwrap_or(0), slot }
	}
	/// The bit of its slot.
	pub fn bit(self) -> u128 {
		bit(self.slot)
	}
}

/// Bit `slot` of a mask.
pub fn bit(slot: u8) -> u128 {
	1u128.checked_shl(u32::from(slot)).unwrap_or(0)
}

/// Indices of the bits set, lowest first.
pub fn bits(mask: u128) -> impl Iterator<Item = u8> {
	(0u8..128).filter(move |slot| mask & bit(*slot) != 0)
}

/// Slots of a listing.
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
pub struct Slots {
	/// From listing to unlisting.
	pub cold: Place,
	/// While it has units.
	pub hot: Option<Place>,
}

/// Bits of a page that the snapshot needs, so that it need not read the page.
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
pub struct PageInfo {
	/// Slots that are due when the page is.
	pub due: u128,
	/// Hot pages: slots that are not free, those of services that cooled and whose rounds are
	/// open included.
	pub taken: u128,
}

/// A set of hot pages.
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
pub struct PageSet([u128; PageSet::WORDS]);
impl PageSet {
	const WORDS: usize = (MAX_DUE / u128::BITS) as usize;

	/// Add or remove a page; one past the last there can be is left out.
	pub fn set(&mut self, page: u32, on: bool) {
		let (word, bit) = Self::place(page);
		if let Some(word) = self.0.get_mut(word) {
			*word = if on { *word | bit } else { *word & !bit };
		}
	}
	/// The lowest page that is not in the set.
	pub fn first_absent(&self) -> u32 {
		let full = self.0.iter().take_while(|word| **word == u128::MAX).count();
		let rest = self.0.get(full).map_or(0, |word| word.trailing_ones());
		u32::try_from(full).unwrap_or(0).saturating_mul(u128::BITS).saturating_add(rest)
	}
	fn place(page: u32) -> (usize, u128) {
		let word = page.checked_div(u128::BITS).and_then(|word| usize::try_from(word).ok());
		let bit = page.checked_rem(u128::BITS).and_then(|bit| u8::try_from(bit).ok());
		(word.unwrap_or(usize::MAX), bit.map_or(0, self::bit))
	}
}

/// The slots of the hot pages.
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
pub struct HotSlots {
	/// Slots that are not free: the `taken` bits of all hot pages.
	pub taken: u32,
	/// Hot pages up to the last one with a slot that is not free; those that emptied since the
	/// window began are among them.
	pub pages: u32,
	/// Hot pages without a free slot, so that one is found by two reads.
	pub full: PageSet,
	/// Last round in which all were taken, noted when one was given back.
	pub full_until: Option<RoundIndex>,
}

/// The slots of the cold pages: all below `end` are taken but for those in the queue
/// `head..tail`.
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
pub struct ColdSlots {
	/// First slot never used.
	pub end: u32,
	/// Oldest entry of the queue of freed slots.
	pub head: u32,
	/// One past its newest entry.
	pub tail: u32,
}

/// Number of rounds per latency bucket in a window. Sorted by bucket; exact until more than 32
/// different buckets were seen, from where on a new one counts as the next slower one known.
#[derive(
	Clone,
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
pub struct Histogram(BoundedVec<(LatencyBucket, u16), ConstU32<HISTOGRAM>>);
impl Histogram {
	/// Count a latency `times` times.
	pub fn add(&mut self, bucket: LatencyBucket, times: u16) {
		let at = match self.0.binary_search_by_key(&bucket, |(b, _)| *b) {
			Ok(at) => at,
			Err(at) if self.0.len() < HISTOGRAM as usize => {
				if self.0.try_insert(at, (bucket, 0)).is_err() {
					return;
				}
				at
			},
			Err(at) => at.min(self.0.len().saturating_sub(1)),
		};
		if let Some((_, count)) = self.0.get_mut(at) {
			*count = count.saturating_add(times);
		}
	}
	/// Latencies counted.
	pub fn total(&self) -> u32 {
		self.0.iter().fold(0u32, |sum, (_, n)| sum.saturating_add(u32::from(*n)))
	}
	/// The 95th percentile; the fastest bucket if nothing was counted.
	pub fn p95(&self) -> LatencyBucket {
		let rank = self.total().saturating_mul(95).div_ceil(100);
		let mut seen = 0u32;
		for (bucket, count) in &self.0 {
			seen = seen.saturating_add(u32::from(*count));
			if seen >= rank {
				return *bucket;
			}
		}
		LatencyBucket::default()
	}
}

/// Rule by which a lease is unhealthy: of its last `of` judged rounds, `bad` were down, bad or
/// stale. A round that says nothing of the lease (unclear, unmeasured, excused) is not among
/// them.
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
pub struct HealthRule {
	/// Bad rounds, at most 32; 0 for never.
	pub bad: u8,
	/// Judged rounds, from `bad` to 32.
	pub of: u8,
}
impl HealthRule {
	/// The nearest rule within the bounds. It keeps the number of bad rounds if that is at most 32.
	pub fn clamped(self) -> Self {
		let bad = self.bad.min(HEALTH_ROUNDS);
		Self { bad, of: self.of.clamp(bad, HEALTH_ROUNDS) }
	}
}

/// Health of a lease.
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
pub struct LeaseHealth {
	/// Its last 32 judged rounds, the newest in the lowest bit. 1 is down, bad or stale; 0 is
	/// up, or a round before its first.
	pub recent: u32,
	/// The owner of leases was notified, and the lease was not healthy since.
	pub notified: bool,
}
impl LeaseHealth {
	/// Add a judged round.
	pub fn note(&mut self, bad: bool) {
		self.recent = self.recent.wrapping_shl(1) | u32::from(bad);
	}
	/// Bad rounds among those that a rule looks at.
	pub fn bad(&self, rule: HealthRule) -> u32 {
		let older = u32::from(HEALTH_ROUNDS.saturating_sub(rule.of));
		(self.recent & u32::MAX.checked_shr(older).unwrap_or(0)).count_ones()
	}
	/// True if a rule calls it unhealthy.
	pub fn is_unhealthy(&self, rule: HealthRule) -> bool {
		rule.bad > 0 && self.bad(rule) >= u32::from(rule.bad)
	}
}

/// A service in a page: all that judging a round needs.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Row<AccountId> {
	/// Which service.
	pub service: ServiceId,
	/// Account that serves.
	pub operator: AccountId,
	/// Answers above this bucket are slow.
	pub max_latency: LatencyBucket,
	/// First round in which it is due.
	pub joined: RoundIndex,
	/// Hot rows: the service cooled; the slot is free once this round is closed.
	pub gone: Option<RoundIndex>,
	/// Cold rows: it rests, because the service is hot or because no proof of control was found
	/// through a whole window.
	pub dormant: bool,
	/// Waits for the first `Up`, which proves control of the endpoint.
	pub unproven: bool,
	/// First round of announced maintenance.
	pub maintenance_from: RoundIndex,
	/// Its rounds.
	pub maintenance_rounds: u16,
	/// Window that the counters count.
	pub window: WindowIndex,
	/// Rounds of that window by verdict; of a hot row, those since it became hot.
	pub counters: Counters,
	/// Hot rows: rounds of the window in which it became hot, from before that.
	pub earlier: Counters,
	/// Latencies of the `Up` rounds of the window, those of `earlier` included.
	pub latencies: Histogram,
	/// Last verdict and its round.
	pub last: Option<(RoundIndex, Verdict)>,
	/// Hot rows: what the window is judged by.
	pub frozen: Frozen,
	/// Hot rows: tier reached in the window, per `BreachKind::COUNTED`.
	pub tiers: [Option<Severity>; 3],
	/// Hot rows: the meter.
	pub meter: MeterReading,
	/// Hot rows: round after which the meter stops for good, and why.
	pub meter_end: Option<(RoundIndex, CloseReason)>,
	/// Hot rows of leases: their health.
	pub health: LeaseHealth,
}
impl<AccountId> Row<AccountId> {
	/// True if `round`, which names its slot, is a round of this row.
	pub fn is_due(&self, round: RoundIndex) -> bool {
		!self.dormant
			&& self.gone.is_none()
			&& self.joined <= round
			&& self.meter_end.is_none_or(|(end, _)| round <= end)
	}
	/// True if no round after `round` is judged, because the meter stops.
	pub fn is_over(&self, round: RoundIndex) -> bool {
		self.meter_end.is_some_and(|(end, _)| end <= round)
	}
	/// True if the window that it counts, which began with round `first`, is over without a trace
	/// of the proof of control: it was unproven in all of it, was measured, and was never `Up`.
	pub fn is_unfound(&self, first: RoundIndex) -> bool {
		let counters = self.all_counters();
		self.unproven && self.joined <= first && counters.measured() > 0 && counters.up == 0
	}
	/// True if `round` is announced maintenance.
	pub fn is_maintained(&self, round: RoundIndex) -> bool {
		let since = round.checked_sub(self.maintenance_from);
		since.is_some_and(|rounds| rounds < u32::from(self.maintenance_rounds))
	}
	/// All rounds counted in the window, from before it became hot too.
	pub fn all_counters(&self) -> Counters {
		sum(self.earlier, self.counters)
	}
	/// The window so far.
	pub fn summary(&self) -> WindowSummary {
		WindowSummary {
			window: self.window,
			counters: self.all_counters(),
			latency_p95: self.latencies.p95(),
		}
	}
	/// Begin to count `window`.
	pub fn reset(&mut self, window: WindowIndex) {
		self.window = window;
		self.counters = Counters::default();
		self.earlier = Counters::default();
		self.latencies = Histogram::default();
		self.tiers = [None; 3];
	}
}

/// The rounds of two parts of a window.
pub fn sum(a: Counters, b: Counters) -> Counters {
	Counters {
		up: a.up.saturating_add(b.up),
		down: a.down.saturating_add(b.down),
		bad: a.bad.saturating_add(b.bad),
		stale: a.stale.saturating_add(b.stale),
		unclear: a.unclear.saturating_add(b.unclear),
		unmeasured: a.unmeasured.saturating_add(b.unmeasured),
		excused: a.excused.saturating_add(b.excused),
		slow: a.slow.saturating_add(b.slow),
	}
}

/// A validator doing its probing duty.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Prober<AccountId> {
	/// Account that is rewarded.
	pub account: AccountId,
	/// Session key that signs its commits.
	pub key: ProberId,
}

/// A page that is due in a round.
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
pub struct Due {
	/// Which page.
	pub page: PageId,
	/// Its due slots: one byte of the report each, lowest slot first.
	pub mask: u128,
}

/// The due pages of a round in the order of the report, the hot ones first.
pub type DueList = BoundedVec<Due, ConstU32<MAX_DUE>>;

/// Services due in these pages.
pub fn due_services(due: &[Due]) -> u32 {
	due.iter().fold(0u32, |sum, due| sum.saturating_add(due.mask.count_ones()))
}

/// Frame of a round that all in it is checked against, fixed in its first block.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Snapshot<AccountId> {
	/// Session of the probers.
	pub session: SessionIndex,
	/// Timestamp in ms of the block before the round's first.
	pub started: u64,
	/// Rule that the leases are judged by.
	pub health: HealthRule,
	/// Services due, which is the length of a report.
	pub services: u32,
	/// All probers; their place here is the index they commit with.
	pub probers: Probers<AccountId>,
}
impl<AccountId> Snapshot<AccountId> {
	/// Index and entry of a session key.
	pub fn find(&self, key: &ProberId) -> Option<(u16, &Prober<AccountId>)> {
		(0u16..).zip(&self.probers).find(|(_, prober)| prober.key == *key)
	}
}

/// Message of a prober for a round.
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
pub enum Sent {
	/// The hash of its report.
	Committed([u8; 32]),
	/// The report that has the hash.
	Revealed(Report),
}

/// A round whose reports are all there, while its pages are judged.
#[derive(
	Clone,
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
pub struct Counted {
	/// The chain stalled: nothing is billed.
	pub stalled: bool,
	/// Probers whose report is blind and dropped.
	pub blind: u128,
	/// Addition of the round to the duty of each prober, in their order.
	pub duty: BoundedVec<DutyTally, ConstU32<MAX_PROBERS>>,
}

/// Services of a round by verdict.
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
pub struct RoundTally {
	/// `Up`.
	pub up: u32,
	/// `Down`.
	pub down: u32,
	/// `Bad`.
	pub bad: u32,
	/// `Stale`.
	pub stale: u32,
	/// `Unclear`.
	pub unclear: u32,
	/// `Unmeasured`.
	pub unmeasured: u32,
	/// `Excused`.
	pub excused: u32,
}
impl RoundTally {
	/// Count one.
	pub fn note(&mut self, verdict: Verdict) {
		let slot = match verdict {
			Verdict::Up { .. } => &mut self.up,
			Verdict::Down => &mut self.down,
			Verdict::Bad => &mut self.bad,
			Verdict::Stale => &mut self.stale,
			Verdict::Unclear => &mut self.unclear,
			Verdict::Unmeasured => &mut self.unmeasured,
			Verdict::Excused => &mut self.excused,
		};
		*slot = slot.saturating_add(1);
	}
}

/// Progress of sweep 2.
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
pub struct Sweep {
	/// Last round that is judged for every service.
	pub judged: RoundIndex,
	/// Pages of the next round that are judged already.
	pub pages: u32,
	/// Their services.
	pub services: u32,
	/// Their verdicts.
	pub tally: RoundTally,
}

/// A prober's duty in a session so far.
///
/// Findings count per operator, not per service: what a prober said of all services of one
/// operator in one page and round adds up to 1,000, whatever their number.
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
pub struct DutyTally {
	/// Rounds in which there was something to probe.
	pub rounds: u32,
	/// Of those, with its commit.
	pub committed: u32,
	/// And with its report.
	pub revealed: u32,
	/// And not dropped as blind.
	pub accepted: u32,
	/// Findings of accepted reports at services for which the round had a verdict, in
	/// thousandths of an operator.
	pub judged: u64,
	/// Of those, that said what the verdict says.
	pub agreed: u64,
	/// Findings of accepted reports at services that were up in the round before and are not any
	/// more, in thousandths of an operator.
	pub fell: u64,
	/// Of those, that said what the verdict says.
	pub fell_caught: u64,
	/// Findings of accepted reports at services that were not up in the round before and are
	/// again.
	pub rose: u64,
	/// Of those, that said so.
	pub rose_caught: u64,
}
impl DutyTally {
	/// Add another one.
	pub fn add(&mut self, other: &Self) {
		self.rounds = self.rounds.saturating_add(other.rounds);
		self.committed = self.committed.saturating_add(other.committed);
		self.revealed = self.revealed.saturating_add(other.revealed);
		self.accepted = self.accepted.saturating_add(other.accepted);
		self.judged = self.judged.saturating_add(other.judged);
		self.agreed = self.agreed.saturating_add(other.agreed);
		self.fell = self.fell.saturating_add(other.fell);
		self.fell_caught = self.fell_caught.saturating_add(other.fell_caught);
		self.rose = self.rose.saturating_add(other.rose);
		self.rose_caught = self.rose_caught.saturating_add(other.rose_caught);
	}
}

/// Shares that a prober must reach to be paid, and not to answer for neglect.
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
pub struct DutyRule {
	/// Of its rounds with an accepted report, and of its findings that agree with the verdict.
	pub least: Perbill,
	/// Of the changes of verdict that it caught.
	pub caught: Perbill,
}

/// State of measuring.
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
pub struct RoundStatus {
	/// Round of the block being built.
	pub round: RoundIndex,
	/// Blocks since its first one.
	pub offset: u32,
	/// Oldest round that takes commits; the others up to the current one do too.
	pub commits_from: RoundIndex,
	/// Round that takes reveals, if one does.
	pub reveals: Option<RoundIndex>,
	/// Last round judged for every service.
	pub judged: RoundIndex,
}

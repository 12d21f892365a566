// SPDX-License-Identifier: Apache-2.0

//! Stored types, and the arithmetic on them that needs no storage.

use frame::prelude::*;
use surety_primitives::{RoundIndex, WindowSummary};

mod page;
mod round;
mod row;

pub use page::*;
pub use round::*;
pub use row::*;

/// Slots of a page. The due slots of a page are the bits of a `u128`.
pub const ROWS: u32 = 128;
/// Minimum number of due pages in a round: an active one and an idle one.
pub const MIN_DUE: u32 = 2;
/// Maximum number of due pages in a round.
pub const MAX_DUE: u32 = 512;
/// Maximum number of bytes of a report, which is the maximum number of due targets in a round.
pub const MAX_REPORT: u32 = 65_536;
const _: () = assert!(MAX_DUE * ROWS == MAX_REPORT);
/// Maximum number of probers in a snapshot. A set of probers is the bits of a `u128`.
pub const MAX_PROBERS: u32 = 128;
/// Maximum number of accounts in the duty list: the probers of a session, and those of the session
/// before, whose last rounds are judged in this one.
pub const MAX_DUTY: u32 = 256;
/// Closed windows that are kept per target.
pub const RING: u32 = 24;
/// Maximum number of different latency buckets in a histogram.
pub const HISTOGRAM: u32 = 32;
/// Maximum number of bytes of an encoded page: ParityDB splits larger values.
pub const PAGE_BYTES: usize = 32_760;
/// Maximum number of idle pages. There are at most 128 times as many listings.
pub const MAX_IDLE_PAGES: u32 = 65_536;
/// Rounds for which the root of the revealed reports is kept: a week of minutes.
pub const ROOTS_KEPT: RoundIndex = 10_080;
/// Weight in a prober's duty of all targets of one operator in one page and round.
pub const SHARE: u64 = 1_000;
/// Judged rounds in the memory of a lease's health.
pub const HEALTH_ROUNDS: u8 = 32;
/// Maximum number of idle pages in the queue of requested probes.
pub const MAX_QUEUED: u32 = 64;

/// Bytes of a report: one per due target.
pub type Report = BoundedVec<u8, ConstU32<MAX_REPORT>>;
/// Idle pages with a requested probe, the oldest request first.
pub type Queue = BoundedVec<u32, ConstU32<MAX_QUEUED>>;
/// Last closed windows of a target, the newest last.
pub type Ring = BoundedVec<WindowSummary, ConstU32<RING>>;
/// Rows of a page. A slot past the end is free.
pub type Page<AccountId> = BoundedVec<Option<Row<AccountId>>, ConstU32<ROWS>>;
/// Probers of a session.
pub type Probers<AccountId> = BoundedVec<Prober<AccountId>, ConstU32<MAX_PROBERS>>;
/// Due pages of a round in the order of the report, the active ones first.
pub type DueList = BoundedVec<Due, ConstU32<MAX_DUE>>;

// SPDX-License-Identifier: Apache-2.0

//! Usage of agreements: counts, statements that both sides sign, and their way to the chain.
//!
//! ```text
//!  worker --> Meter --+                                      +-- Meter <-- worker
//!                     v                                      v
//!  gateway:        Ledger -- offer: own + copy of theirs --> Ledger        :edge
//!                     ^  <-- answer: own + copy of theirs --    ^
//!                     |                                         |
//!                     +---- report_usage after the window ------+
//! ```
//!
//! # Terminology
//!
//! | word | meaning |
//! |---|---|
//! | meter | counters of an agreement since the start of the process |
//! | book | one agreement in one window: own counts and statements, and those of the other side |
//! | lane | one process of a party; its statements have counts and numbers of their own |
//! | copy | latest statement of the receiver that the sender holds, returned to it |
//! | countersigned | the other side signed a statement that has seen the own latest counts |
//! | life | a process from its start to its end; the store connects lives |
//!
//! # Rules
//!
//! - **Both roles** sign their own counts every 10 s, every 50,000 requests and at the turn of the
//!   window. The chain takes the lower of both.
//! - **Restart**: a statement leaves the process only after it is on disk. Counts since the last
//!   one, at most one interval, are lost.
//! - **Lost store**: the other side returns a copy of the own latest statement, and its counts are
//!   continued if the key is still the same. Numbers come from the clock, so none is used twice
//!   even if the copy is old.
//! - **Silence** of the other side: own statements go on and are reported alone.
//! - **Refusal** to countersign: that side loses evidence and is marked once per window. Nothing in
//!   this module can cut service.
//! - **Equivocation**, two contents for one number: the view of that side is void for the window,
//!   and both statements are reported as the proof.
//! - **Clock skew**: statements of the window before and after the own one are taken, others
//!   refused. A clock that goes back does not turn a window back.
//! - **Stolen key**: once the chain no longer names the key, its statements are refused and those
//!   held are dropped, so that the party's next key can follow.
//! - **Lost, doubled or reordered messages** change nothing but the time of the next statement:
//!   counts are cumulative.
//! - **Two processes in one lane**: found by the first copy that this process did not sign; it
//!   then signs nothing more for the agreement in that window, unless the key of the other one is
//!   revoked.
//!
//! # Assumptions
//!
//! The machine's clock does not go back across a restart with a lost store; if it does, the copy
//! that the other side returns has a number above the own ones, and signing stops for the window.

mod book;
mod counts;
mod exchange;
mod key;
mod ledger;
mod meter;
mod peer;
mod report;
mod state;
mod store;
mod types;
mod view;
mod wire;

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;

pub use book::MAX_STRIKES;
pub use exchange::{
	Courier, CourierError, ExchangeHandle, Exchanges, Reply, answer_exchanges, exchange, exchanges,
	keep,
};
pub use key::{ReportKey, verify};
pub use ledger::Ledger;
pub use meter::{Histogram, Meter, Reading};
pub use report::{MAX_BATCH, OnChain, ReportSettings, ReportTask, Submit, SubmitError, plan};
pub use store::{FileStore, Store, StoreError};
pub use types::{
	Clock, Equivocation, Event, Evidence, LedgerSettings, Moment, Reporters, Signed, Totals,
	UsageView,
};
pub use wire::{
	Answer, CONTENT_TYPE, MAX_ENTRIES, MAX_MESSAGE, Offer, PATH, Refusal, VERSION, WireError,
	decode, encode,
};

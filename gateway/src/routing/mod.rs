// SPDX-License-Identifier: Apache-2.0

//! Choice of operators, of what the chain says and what the gateway measures.
//!
//! Everything here is logic without input and output. Time is an argument.

mod breaker;
mod buckets;
mod budget;
mod choose;
mod combine;
mod cover;
mod ewma;
mod hedge;
mod judge;
mod random;
mod service;
mod session;
#[cfg(test)]
mod tests;
mod tip;

pub use breaker::{Breaker, BreakerSettings, Gate};
pub use buckets::Buckets;
pub use budget::Budget;
pub use choose::{Account, Candidate, Choice, ChoiceSettings, Needs, NoChoice, Reason, choose};
pub use combine::{maximum, median, outvoted, same};
pub use cover::{Cover, CoverRates};
pub use ewma::{PeakEwma, Penalty};
pub use hedge::{HedgeSettings, Latencies};
pub use judge::{Judgement, judge};
pub use random::Random;
pub use service::{Figures, LoadClass, MeasureSettings, Observed, ServiceState, Ticket};
pub use session::{Session, SessionKey, Sessions};
pub use tip::{Tip, TipSettings};

// SPDX-License-Identifier: Apache-2.0

//! The two roles as processes: from a configuration to a role that serves.
//!
//! ```text
//!  front: workers ---- requests ---> gateway::Worker | edge::EdgeHandler
//!  control thread ---- market -----> services with tokens | agreements
//!                      heads, usage statements, their exchange and report
//!  background thread - chain, purchases, control listener
//! ```
//!
//! | file | part |
//! |---|---|
//! | `clock.rs`, `parties.rs` | time and parties, as usage statements need them |
//! | `statements.rs` | the ledger from the first snapshot of the market on |
//! | `control.rs` | thread beside the workers |
//! | `gateway/`, `edge/` | the roles |

mod clock;
mod control;
mod edge;
mod gateway;
mod parties;
mod statements;
mod telemetry;
#[cfg(test)]
mod tests;

pub use edge::EdgeRole;
pub use gateway::GatewayRole;

use crate::background::StartError;
use std::{io, path::Path, time::SystemTime};

/// Seconds since 1970.
fn unix_now() -> u64 {
	SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// Make the directory of what must survive a restart.
fn make_directory(data: &Path) -> Result<(), StartError> {
	std::fs::create_dir_all(data).map_err(failure(&format!("data {}", data.display())))
}

/// Failure of the machine, with its purpose.
fn failure(what: &str) -> impl FnOnce(io::Error) -> StartError {
	let what = what.to_owned();
	move |error| StartError::Io { what, error }
}

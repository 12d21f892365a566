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
//! | `settings.rs`, `status.rs` | settings and status, as far as both roles have the same |
//! | `background.rs`, `control.rs` | the two threads beside the workers |
//! | `clock.rs`, `parties.rs`, `reports.rs` | the chain, as usage statements need it |
//! | `statements.rs` | the ledger from the first snapshot of the market on |
//! | `gateway/`, `edge/` | the roles |

mod background;
mod clock;
mod control;
mod edge;
mod gateway;
mod parties;
mod reports;
mod settings;
mod statements;
mod status;
#[cfg(test)]
mod tests;

pub use background::{Background, RolePages, StartError};
pub use edge::EdgeRole;
pub use gateway::GatewayRole;

use std::{io, path::Path};

/// Make the directory of what must survive a restart.
fn make_directory(data: &Path) -> Result<(), StartError> {
	std::fs::create_dir_all(data).map_err(failure(&format!("data {}", data.display())))
}

/// Failure of the machine, with its purpose.
fn failure(what: &str) -> impl FnOnce(io::Error) -> StartError {
	let what = what.to_owned();
	move |error| StartError::Io { what, error }
}

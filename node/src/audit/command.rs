// SPDX-License-Identifier: Apache-2.0

//! The `audit` subcommand.

use super::{chain::Chain, collect::collect, error::Error, verify::verify};
use codec::Encode;
use sc_cli::{CliConfiguration, DatabaseParams, PruningParams, SharedParams};
use std::path::PathBuf;
use surety_primitives::Target;
use surety_runtime::BlockNumber;

/// Audit commands. The node that uses the same database must be stopped. A running node offers the
/// same over RPC.
#[derive(Debug, clap::Subcommand)]
pub enum AuditCmd {
	/// Collect the evidence of a breach, judge the target again, and print the statement.
	///
	/// Requires the states of the breach's window: an archive node, or a window within the last 256
	/// blocks.
	Breach(BreachCmd),

	/// Verify a bundle against this node's chain, and print the statement.
	Verify(VerifyCmd),
}

/// Collect the evidence of a breach.
#[derive(Debug, clap::Args)]
pub struct BreachCmd {
	/// Target in breach: `service:ID` or `lease:ID`. An ID alone is that of a service.
	#[arg(value_parser = parse_target)]
	pub target: Target,

	/// Number of the breach, counted per target from 0.
	pub number: u32,

	/// Block whose state has the breach, if it has been removed since. By default the last
	/// finalized block.
	#[arg(long, value_name = "BLOCK")]
	pub at: Option<BlockNumber>,

	/// Output file for the bundle, with which another node can verify the statement.
	#[arg(long, value_name = "FILE")]
	pub out: Option<PathBuf>,

	/// Database.
	#[clap(flatten)]
	pub database: DatabaseArgs,
}

/// Verify a bundle.
#[derive(Debug, clap::Args)]
pub struct VerifyCmd {
	/// File with the bundle.
	pub file: PathBuf,

	/// Database.
	#[clap(flatten)]
	pub database: DatabaseArgs,
}

/// Database of the node.
#[derive(Debug, clap::Args)]
pub struct DatabaseArgs {
	#[allow(missing_docs)]
	#[clap(flatten)]
	pub shared_params: SharedParams,

	#[allow(missing_docs)]
	#[clap(flatten)]
	pub pruning_params: PruningParams,

	#[allow(missing_docs)]
	#[clap(flatten)]
	pub database_params: DatabaseParams,
}

/// Parse `service:ID`, `lease:ID` or the ID of a service.
fn parse_target(text: &str) -> Result<Target, String> {
	let (kind, id) = text.split_once(':').unwrap_or(("service", text));
	let id = id.parse().map_err(|error| format!("{id:?} is not an ID: {error}"))?;
	match kind {
		"service" => Ok(Target::Service(id)),
		"lease" => Ok(Target::Lease(id)),
		_ => Err("expected `service:ID` or `lease:ID`".into()),
	}
}

impl AuditCmd {
	fn database(&self) -> &DatabaseArgs {
		match self {
			Self::Breach(cmd) => &cmd.database,
			Self::Verify(cmd) => &cmd.database,
		}
	}

	/// Run the command on `chain`.
	pub fn run<C: Chain>(&self, chain: &C) -> sc_cli::Result<()> {
		let failed = |error: Error| sc_cli::Error::Input(error.to_string());
		match self {
			Self::Breach(BreachCmd { target, number, at, out, .. }) => {
				let (bundle, statement) = collect(chain, *target, *number, *at).map_err(failed)?;
				if let Some(out) = out {
					std::fs::write(out, bundle.encode())?;
				}
				print!("{statement}");
			},
			Self::Verify(VerifyCmd { file, .. }) => {
				print!("{}", verify(chain, &std::fs::read(file)?).map_err(failed)?);
			},
		}
		Ok(())
	}
}

impl CliConfiguration for AuditCmd {
	fn shared_params(&self) -> &SharedParams {
		&self.database().shared_params
	}

	fn pruning_params(&self) -> Option<&PruningParams> {
		Some(&self.database().pruning_params)
	}

	fn database_params(&self) -> Option<&DatabaseParams> {
		Some(&self.database().database_params)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_target_is_a_service_or_a_lease() {
		assert_eq!(parse_target("5"), Ok(Target::Service(5)));
		assert_eq!(parse_target("service:5"), Ok(Target::Service(5)));
		assert_eq!(parse_target("lease:3"), Ok(Target::Lease(3)));
		for malformed in ["", "lease", "lease:", "lease:x", "order:3", "lease:-1", "4294967296"] {
			assert!(parse_target(malformed).is_err(), "{malformed}");
		}
	}
}

//! The `audit` subcommand.

use super::{Chain, collect, verify};
use codec::Encode;
use sc_cli::{CliConfiguration, DatabaseParams, PruningParams, SharedParams};
use std::path::PathBuf;
use surety_primitives::ServiceId;
use surety_runtime::BlockNumber;

/// Work on a bundle. The node that uses the same database must be stopped; a running one is asked over RPC.
#[derive(Debug, clap::Subcommand)]
pub enum AuditCmd {
	/// Collect the evidence of a breach, judge it again, and print the statement.
	///
	/// Needs the states of the breach's window: an archive node's, or within the last 256 blocks.
	Breach(BreachCmd),

	/// Verify a bundle against this node's chain, and print the statement.
	Verify(VerifyCmd),
}

/// Collect the evidence of a breach.
#[derive(Debug, clap::Args)]
pub struct BreachCmd {
	/// Service that breached; lease `n` is service 2147483648 + `n`.
	pub service: ServiceId,

	/// Number of the breach among those of the service, from 0.
	pub number: u32,

	/// Block that remembers the breach, if the chain has forgotten it since. By default the last finalized one.
	#[arg(long, value_name = "BLOCK")]
	pub at: Option<BlockNumber>,

	/// File to write the bundle to, by which another node verifies the statement.
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

impl AuditCmd {
	fn database(&self) -> &DatabaseArgs {
		match self {
			Self::Breach(cmd) => &cmd.database,
			Self::Verify(cmd) => &cmd.database,
		}
	}

	/// Do it with this chain.
	pub fn run<C: Chain>(&self, chain: &C) -> sc_cli::Result<()> {
		let failed = |error: super::Error| sc_cli::Error::Input(error.to_string());
		match self {
			Self::Breach(BreachCmd { service, number, at, out, .. }) => {
				let (bundle, statement) = collect(chain, *service, *number, *at).map_err(failed)?;
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

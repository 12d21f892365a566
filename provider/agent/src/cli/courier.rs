// SPDX-License-Identifier: Apache-2.0

//! `surety-provider courier`.

use super::{Failure, NodeArgs};
use crate::client::{Chain, Courier};
use std::path::PathBuf;
use surety_gateway::{
	config::{LogFormat, LogSection},
	telemetry::start_log,
};
use surety_primitives::LeaseId;
use tokio::{
	signal::unix::{self, SignalKind},
	task::LocalSet,
};

/// Flags of `courier`.
#[derive(Clone, Debug, clap::Args)]
pub struct CourierArgs {
	/// Chain and network.
	#[command(flatten)]
	pub node: NodeArgs,

	/// Directory with the private parts of the orders.
	#[arg(long, value_name = "DIR", default_value = "surety-courier")]
	pub state: PathBuf,

	/// Lease whose operator confirmed that it has a new key: release to it, once.
	#[arg(long, value_name = "LEASE")]
	pub allow_new_key: Option<LeaseId>,

	/// Form of log lines.
	#[arg(long, value_enum, default_value_t)]
	pub log_format: LogFormat,

	/// Filter of the log.
	#[arg(long, value_name = "FILTER", default_value = "info")]
	pub log: String,
}

pub(super) async fn run(args: &CourierArgs) -> Result<(), Failure> {
	start_log(&LogSection { format: args.log_format, filter: args.log.clone() })?;
	let mut terminate = unix::signal(SignalKind::terminate())?;
	let mut interrupt = unix::signal(SignalKind::interrupt())?;
	let tasks = LocalSet::new();
	let delivering = async {
		let network = args.node.network()?;
		let chain = Chain::connect(&args.node.nodes).await?;
		let courier = Courier::open(chain, network, &args.state)?;
		if let Some(lease) = args.allow_new_key
			&& !courier.allow_new_key(lease)?
		{
			return Err(format!("lease {lease} was not released to any key yet").into());
		}
		tracing::info!(state = %args.state.display(), "the courier follows the chain");
		courier.run().await;
		Ok::<(), Failure>(())
	};
	tokio::select! {
		outcome = tasks.run_until(delivering) => outcome,
		_ = terminate.recv() => Ok(()),
		_ = interrupt.recv() => Ok(()),
	}
}

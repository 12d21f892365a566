// SPDX-License-Identifier: Apache-2.0

//! Command line.
//!
//! | file | part |
//! |---|---|
//! | `args.rs` | commands, and flags above the configuration file |
//! | `init.rs` | writes a commented configuration |
//! | `vpn.rs` | configuration of a tunnel, for a tenant |
//! | `table.rs` | status as a live table in the terminal |
//! | `tenant.rs` | flags of the commands of tenants |
//! | `order.rs`, `courier.rs` | orders from compose files, and their private parts |
//! | `access.rs`, `shell.rs` | log, statistics, restart and shell of a lease |
//! | `terminal.rs` | terminal of the user |

mod access;
mod args;
mod courier;
mod init;
mod order;
mod shell;
mod table;
mod tenant;
mod terminal;
#[cfg(test)]
mod tests;
mod vpn;

pub use access::{LogsArgs, OneArgs};
pub use args::{Cli, Command, CommonArgs, InitArgs, StatusArgs};
pub use courier::CourierArgs;
pub use init::{InitError, filled, write_config};
pub use order::OrderArgs;
pub use shell::ShellArgs;
pub use table::{fetch_status, render, show_status};
pub use tenant::{LeaseArgs, NodeArgs, TenantArgs};
pub use vpn::VpnArgs;

use crate::{agent::Agent, config::ProviderConfig, doctor};
use std::{error::Error, future::Future, process::ExitCode, sync::Arc};
use surety_engine::{Access, Engine};
use surety_gateway::telemetry::start_log;
use tokio::signal::unix::{self, SignalKind};

/// Reason why the program ends with an error.
type Failure = Box<dyn Error>;

/// Run a command.
///
/// - `connect`: makes the container engine of a configuration.
pub fn execute<E, F>(cli: Cli, connect: impl FnOnce(ProviderConfig) -> F) -> ExitCode
where
	E: Engine + Access,
	F: Future<Output = Result<E, String>>,
{
	match dispatch(cli, connect) {
		Ok(code) => code,
		Err(error) => {
			eprintln!("surety-provider: {error}");
			ExitCode::FAILURE
		},
	}
}

fn dispatch<E, F>(cli: Cli, connect: impl FnOnce(ProviderConfig) -> F) -> Result<ExitCode, Failure>
where
	E: Engine + Access,
	F: Future<Output = Result<E, String>>,
{
	match cli.command {
		Command::Run(args) => {
			block_on(run(&args, connect))??;
			Ok(ExitCode::SUCCESS)
		},
		Command::Doctor { common, json } => block_on(examine(&common, json, connect))?,
		Command::Status(args) => {
			block_on(show_status(&args))??;
			Ok(ExitCode::SUCCESS)
		},
		Command::Order(args) => done(block_on(order::run(&args))?),
		Command::Courier(args) => done(block_on(courier::run(&args))?),
		Command::Logs(args) => done(block_on(local(access::logs(&args)))?),
		Command::Shell(args) => block_on(local(shell::run(&args)))?,
		Command::Stats(args) => done(block_on(local(access::stats(&args)))?),
		Command::Restart(args) => done(block_on(local(access::restart(&args)))?),
		Command::Vpn(args) => {
			println!("{}", block_on(vpn::run(&args))??);
			Ok(ExitCode::SUCCESS)
		},
		Command::Init(args) => {
			let path = init::run(&args)?;
			if let Some(key) = init::listing_key(&path)? {
				println!("Key for the listing of the VPN, a service of the kind Vpn: {key}");
			}
			println!("{} is written. Next: surety-provider doctor --config {0}", path.display());
			Ok(ExitCode::SUCCESS)
		},
	}
}

/// Run the agent until the process is asked to end.
async fn run<E, F>(
	args: &CommonArgs,
	connect: impl FnOnce(ProviderConfig) -> F,
) -> Result<(), Failure>
where
	E: Engine + Access,
	F: Future<Output = Result<E, String>>,
{
	let config = args.config()?;
	start_log(&config.log)?;
	let mut hangup = unix::signal(SignalKind::hangup())?;
	let mut terminate = unix::signal(SignalKind::terminate())?;
	let mut interrupt = unix::signal(SignalKind::interrupt())?;
	let start = async {
		let engine = Arc::new(connect(config.clone()).await?);
		Ok::<_, Failure>(Agent::start(&config, engine).await?)
	};
	let mut agent = tokio::select! {
		agent = start => agent?,
		_ = terminate.recv() => return Ok(()),
		_ = interrupt.recv() => return Ok(()),
	};
	tracing::info!(listen = %agent.public(), control = %agent.control(), "the agent serves");
	let failure = loop {
		tokio::select! {
			_ = hangup.recv() => match args.config() {
				Ok(config) => match agent.reload(&config) {
					Ok(()) => tracing::info!("the configuration was read again"),
					Err(error) => tracing::error!(%error, "the configuration in use stays"),
				},
				Err(error) => tracing::error!(%error, "the configuration in use stays"),
			},
			_ = terminate.recv() => break None,
			_ = interrupt.recv() => break None,
			failure = agent.failure() => break Some(failure),
		}
	};
	tracing::info!("ending; the containers go on");
	agent.stop().await;
	failure.map_or(Ok(()), |failure| Err(failure.into()))
}

async fn examine<E, F>(
	args: &CommonArgs,
	json: bool,
	connect: impl FnOnce(ProviderConfig) -> F,
) -> Result<ExitCode, Failure>
where
	E: Engine + Access,
	F: Future<Output = Result<E, String>>,
{
	let config = args.config()?;
	let engine = connect(config.clone()).await.map(Arc::new);
	let findings = doctor::examine(&config, engine).await;
	if json {
		println!("{}", serde_json::to_string_pretty(&findings.0)?);
	} else {
		for finding in &findings.0 {
			println!("{finding}");
		}
	}
	Ok(if findings.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn done(outcome: Result<(), Failure>) -> Result<ExitCode, Failure> {
	outcome.map(|()| ExitCode::SUCCESS)
}

/// Run what belongs to one thread.
async fn local<F: Future>(future: F) -> F::Output {
	tokio::task::LocalSet::new().run_until(future).await
}

fn block_on<F: Future>(future: F) -> std::io::Result<F::Output> {
	let runtime =
		tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
	Ok(runtime.block_on(future))
}

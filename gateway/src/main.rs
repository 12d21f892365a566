// SPDX-License-Identifier: Apache-2.0

//! Program `surety-gateway`.

use clap::Parser;
use sp_core::H256;
use std::process::ExitCode;
use surety_gateway::{
	access::Secret,
	background::{Background, StartError},
	cli::{Cli, Command, Role},
	config::{EDGE_EXAMPLE, GATEWAY_EXAMPLE, LogSection},
	telemetry::{show_status, start_log},
};
use tokio::signal::unix::{SignalKind, signal};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Reason why the program ends with an error.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
	match run(Cli::parse()) {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("surety-gateway: {error}");
			ExitCode::FAILURE
		},
	}
}

fn run(cli: Cli) -> Result<(), Failure> {
	match cli.command {
		Command::Gateway(args) => {
			let config = args.config()?;
			serve(&config.log, || Background::of_gateway(&config))
		},
		Command::Edge(args) => {
			let config = args.config()?;
			serve(&config.log, || Background::of_edge(&config))
		},
		Command::Status(args) => Ok(block_on(show_status(&args))??),
		Command::ExampleConfig { role } => {
			let text = match role {
				Role::Gateway => GATEWAY_EXAMPLE,
				Role::Edge => EDGE_EXAMPLE,
			};
			print!("{text}");
			Ok(())
		},
		Command::NewKey { name } => new_key(&name),
	}
}

/// Run a role until the process is asked to end.
fn serve(
	log: &LogSection,
	start: impl FnOnce() -> Result<Background, StartError>,
) -> Result<(), Failure> {
	start_log(log)?;
	let background = start()?;
	tracing::info!(control = %background.control, "started");
	block_on(until_asked_to_end())??;
	tracing::info!("ending");
	drop(background);
	Ok(())
}

async fn until_asked_to_end() -> std::io::Result<()> {
	let mut terminate = signal(SignalKind::terminate())?;
	let mut interrupt = signal(SignalKind::interrupt())?;
	tokio::select! {
		_ = terminate.recv() => (),
		_ = interrupt.recv() => (),
	}
	Ok(())
}

fn block_on<F: Future>(future: F) -> std::io::Result<F::Output> {
	let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
	Ok(runtime.block_on(future))
}

/// Print a random API key, and its hash for the configuration file.
fn new_key(name: &str) -> Result<(), Failure> {
	let key = Secret::generate().ok_or("this machine gives no random bytes")?;
	println!("# The key, shown only once: {}", key.expose());
	println!("[[access.key]]");
	println!("name = {name:?}");
	println!("blake2 = \"{:?}\"", H256(key.hash()));
	Ok(())
}

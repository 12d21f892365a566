// SPDX-License-Identifier: Apache-2.0

//! Program `surety-gateway`.

use clap::Parser;
use sp_core::H256;
use std::{process::ExitCode, time::Duration};
use surety_gateway::{
	access::Secret,
	cli::{Cli, Command, EdgeArgs, GatewayArgs, Role},
	config::{EDGE_EXAMPLE, GATEWAY_EXAMPLE},
	roles::{EdgeRole, GatewayRole},
	telemetry::{show_status, start_log},
};
use tokio::signal::unix::{self, SignalKind};

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
		Command::Gateway(args) => block_on(gateway(&args))?,
		Command::Edge(args) => block_on(edge(&args))?,
		Command::Status(args) => {
			let every = (!args.once).then(|| Duration::from_secs(args.every));
			Ok(block_on(show_status(args.control, every, args.json))??)
		},
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

/// Run a gateway until the process is asked to end.
async fn gateway(args: &GatewayArgs) -> Result<(), Failure> {
	let config = args.config()?;
	start_log(&config.log)?;
	let mut signals = Signals::new()?;
	let role = tokio::select! {
		role = GatewayRole::start(&config) => role?,
		() = signals.end() => return Ok(()),
	};
	let control = role.background().control.map(tracing::field::display);
	tracing::info!(listen = %role.local_addr(), control, "the gateway serves");
	while signals.next().await == Signal::Reload {
		match args.config() {
			Ok(config) => role.reload(&config),
			Err(error) => tracing::error!(%error, "the configuration in use stays"),
		}
	}
	tracing::info!("ending");
	role.stop();
	Ok(())
}

/// Run an edge until the process is asked to end.
async fn edge(args: &EdgeArgs) -> Result<(), Failure> {
	let config = args.config()?;
	start_log(&config.log)?;
	let mut signals = Signals::new()?;
	let role = EdgeRole::start(&config)?;
	let control = role.background().control.map(tracing::field::display);
	tracing::info!(listen = %role.local_addr(), control, "the edge serves");
	while signals.next().await == Signal::Reload {
		role.reload();
	}
	tracing::info!("ending");
	role.stop();
	Ok(())
}

/// Wish of the one who runs the process.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Signal {
	Reload,
	End,
}

/// Signals of the process.
struct Signals {
	hangup: unix::Signal,
	terminate: unix::Signal,
	interrupt: unix::Signal,
}

impl Signals {
	fn new() -> std::io::Result<Self> {
		Ok(Self {
			hangup: unix::signal(SignalKind::hangup())?,
			terminate: unix::signal(SignalKind::terminate())?,
			interrupt: unix::signal(SignalKind::interrupt())?,
		})
	}

	async fn next(&mut self) -> Signal {
		tokio::select! {
			_ = self.hangup.recv() => Signal::Reload,
			_ = self.terminate.recv() => Signal::End,
			_ = self.interrupt.recv() => Signal::End,
		}
	}

	/// Wait for the wish to end, before there is anything to reload.
	async fn end(&mut self) {
		while self.next().await != Signal::End {}
	}
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

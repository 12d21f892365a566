// SPDX-License-Identifier: Apache-2.0

//! Commands, and flags above the configuration file.

use super::{CourierArgs, LogsArgs, OneArgs, OrderArgs, ShellArgs, VpnArgs};
use crate::config::ProviderConfig;
use sp_runtime::AccountId32;
use std::{net::SocketAddr, path::PathBuf};
use surety_gateway::config::{ConfigError, KeySource, LogFormat, RoleConfig, Sure, Url, load};
use surety_vpn::tunnel::Endpoint;

/// Agent of an operator: bids on orders, runs their containers, and answers the validators.
#[derive(Debug, clap::Parser)]
#[command(name = "surety-provider", version)]
pub struct Cli {
	/// Command.
	#[command(subcommand)]
	pub command: Command,
}

/// Commands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
	/// Write a commented configuration file.
	Init(Box<InitArgs>),
	/// Examine the set-up: what validators would say, and why no bid would be made.
	Doctor {
		/// Flags above the file.
		#[command(flatten)]
		common: Box<CommonArgs>,
		/// Print JSON.
		#[arg(long)]
		json: bool,
	},
	/// Run the agent. SIGHUP reads the configuration again; containers outlive the agent.
	Run(Box<CommonArgs>),
	/// Show the state of a running agent as a live table.
	Status(StatusArgs),
	/// Tenant: get the WireGuard configuration of an agreement, for `wg-quick`.
	Vpn(VpnArgs),
	/// Tenant: show a compose file as an order with its cost, or submit it.
	Order(OrderArgs),
	/// Tenant: bring the private parts of orders to the operators that are chosen.
	Courier(CourierArgs),
	/// Tenant: show the log of a lease.
	Logs(LogsArgs),
	/// Tenant: run a command in the container of a lease.
	Shell(ShellArgs),
	/// Tenant: show what a lease uses.
	Stats(OneArgs),
	/// Tenant: restart the application of a lease.
	Restart(OneArgs),
}

/// Flags above the configuration file.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CommonArgs {
	/// Configuration file, as `surety-provider init` writes it.
	#[arg(long, value_name = "FILE")]
	pub config: Option<PathBuf>,

	/// URL of a node of the chain. May be repeated, your own node first.
	#[arg(long = "node", value_name = "URL")]
	pub nodes: Vec<Url>,

	/// Account of the operator. That of the key if left out.
	#[arg(long, value_name = "ACCOUNT")]
	pub operator: Option<AccountId32>,

	/// File with the secret URI of the key, of a proxy of the type `Operate`.
	#[arg(long, value_name = "FILE")]
	pub key_file: Option<PathBuf>,

	/// Directory of what must survive a restart.
	#[arg(long, value_name = "DIR")]
	pub data: Option<PathBuf>,

	/// Address of the public listener.
	#[arg(long, value_name = "IP:PORT")]
	pub listen: Option<SocketAddr>,

	/// Address of the control listener (status page, `/status`, `/metrics`, `/health`).
	#[arg(long, value_name = "IP:PORT")]
	pub control: Option<SocketAddr>,

	/// Socket of the engine's Docker API.
	#[arg(long, value_name = "PATH")]
	pub socket: Option<PathBuf>,

	/// Make no bids: only run the leases that are there.
	#[arg(long)]
	pub no_bids: bool,

	/// Form of log lines.
	#[arg(long, value_enum)]
	pub log_format: Option<LogFormat>,

	/// Filter of the log, such as `info,surety_provider::bidder=debug`.
	#[arg(long, value_name = "FILTER")]
	pub log: Option<String>,
}

impl CommonArgs {
	/// The file with the flags above it, checked.
	pub fn config(&self) -> Result<ProviderConfig, ConfigError> {
		let mut config: ProviderConfig =
			self.config.as_deref().map_or_else(|| Ok(ProviderConfig::default()), load)?;
		if !self.nodes.is_empty() {
			config.chain.nodes.clone_from(&self.nodes);
		}
		set_some(&mut config.operator.account, &self.operator);
		if let Some(file) = &self.key_file {
			config.operator.key = KeySource { file: Some(file.clone()), ..KeySource::default() };
		}
		set(&mut config.data, &self.data);
		set_some(&mut config.front.listen, &self.listen);
		set_some(&mut config.control.listen, &self.control);
		set(&mut config.engine.socket, &self.socket);
		config.bid.enabled &= !self.no_bids;
		set(&mut config.log.format, &self.log_format);
		set(&mut config.log.filter, &self.log);
		config.validate()?;
		Ok(config)
	}
}

fn set<T: Clone>(field: &mut T, flag: &Option<T>) {
	if let Some(value) = flag {
		field.clone_from(value);
	}
}

fn set_some<T: Clone>(field: &mut Option<T>, flag: &Option<T>) {
	if flag.is_some() {
		field.clone_from(flag);
	}
}

/// Answers for a new configuration. Those that are missing are asked for at a terminal.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct InitArgs {
	/// File to write. An existing one is kept, and named in the error.
	#[arg(long, value_name = "FILE", default_value = "provider.toml")]
	pub config: PathBuf,

	/// URL of a node of the chain. May be repeated, your own node first.
	#[arg(long = "node", value_name = "URL")]
	pub nodes: Vec<Url>,

	/// Account of the operator.
	#[arg(long, value_name = "ACCOUNT")]
	pub operator: Option<AccountId32>,

	/// File with the secret URI of the key, of a proxy of the type `Operate`.
	#[arg(long, value_name = "FILE")]
	pub key_file: Option<PathBuf>,

	/// Address of the public listener.
	#[arg(long, value_name = "IP:PORT")]
	pub listen: Option<SocketAddr>,

	/// Socket of the engine's Docker API. That of the only engine here if left out.
	#[arg(long, value_name = "PATH")]
	pub socket: Option<PathBuf>,

	/// Share of the machine to sell, in percent.
	#[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=100))]
	pub percent: Option<u32>,

	/// Price of a CPU in SURE per hour.
	#[arg(long, value_name = "SURE")]
	pub cpu: Option<Sure>,

	/// Price of a GiB of memory in SURE per hour.
	#[arg(long, value_name = "SURE")]
	pub memory: Option<Sure>,

	/// Address of a VPN exit to sell, over UDP. The key for its listing is printed.
	#[arg(long, value_name = "HOST:PORT")]
	pub vpn: Option<Endpoint>,

	/// Ask nothing: defaults for what is missing.
	#[arg(long)]
	pub yes: bool,
}

/// Flags of `status`.
#[derive(Clone, Debug, clap::Args)]
pub struct StatusArgs {
	/// Control listener of the agent.
	#[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:9647")]
	pub control: SocketAddr,

	/// Seconds between two looks.
	#[arg(long, value_name = "SECONDS", default_value_t = 2)]
	#[arg(value_parser = clap::value_parser!(u64).range(1..=3_600))]
	pub every: u64,

	/// Show it once.
	#[arg(long)]
	pub once: bool,

	/// Print JSON, once.
	#[arg(long)]
	pub json: bool,
}

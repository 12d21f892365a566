// SPDX-License-Identifier: Apache-2.0

//! Command line: the roles, and their flags above the configuration file.

use crate::config::{
	ConfigError, EdgeConfig, GatewayConfig, KeySource, LogFormat, LogSection, NetworkSection,
	RoleConfig, Secret, Sure, Url, load,
};
use sp_runtime::AccountId32;
use std::{net::SocketAddr, path::PathBuf};
use surety_primitives::{Region, ServiceId};

/// Gateway of the Surety market: one URL in front of every operator, and the door of an operator's
/// server.
#[derive(Debug, clap::Parser)]
#[command(name = "surety-gateway", version)]
pub struct Cli {
	/// Role or command.
	#[command(subcommand)]
	pub command: Command,
}

/// Roles and commands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
	/// Stand in front of dApps and route their requests to operators.
	Gateway(Box<GatewayArgs>),

	/// Stand in front of an operator's server and let tenants in.
	Edge(Box<EdgeArgs>),

	/// Show the state of a running gateway or edge as a live table.
	Status(StatusArgs),

	/// Print a commented configuration file with the defaults.
	ExampleConfig {
		/// Role.
		role: Role,
	},

	/// Make an API key: prints the key once, and the lines for the configuration file.
	NewKey {
		/// Name of the key.
		name: String,
	},
}

/// Roles.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Role {
	/// In front of dApps.
	Gateway,
	/// In front of an operator's server.
	Edge,
}

/// Flags that both roles have.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CommonArgs {
	/// Configuration file. `surety-gateway example-config` prints one.
	#[arg(long, value_name = "FILE")]
	pub config: Option<PathBuf>,

	/// URL of a node of the chain. May be repeated, your own node first.
	#[arg(long = "node", value_name = "URL")]
	pub nodes: Vec<Url>,

	/// Directory of what must survive a restart.
	#[arg(long, value_name = "DIR")]
	pub data: Option<PathBuf>,

	/// Address of the public listener.
	#[arg(long, value_name = "IP:PORT")]
	pub listen: Option<SocketAddr>,

	/// Address of the control listener (`/metrics`, `/status`, `/health`).
	#[arg(long, value_name = "IP:PORT")]
	pub control: Option<SocketAddr>,

	/// Threads that serve requests; 0 is one per core.
	#[arg(long, value_name = "N")]
	pub threads: Option<usize>,

	/// Form of log lines.
	#[arg(long, value_enum)]
	pub log_format: Option<LogFormat>,

	/// Filter of the log, such as `info,surety_gateway::routing=debug`.
	#[arg(long, value_name = "FILTER")]
	pub log: Option<String>,
}

impl CommonArgs {
	fn read<C: RoleConfig>(&self) -> Result<C, ConfigError> {
		self.config.as_deref().map_or_else(|| Ok(C::default()), load)
	}

	fn apply_log(&self, log: &mut LogSection) {
		set(&mut log.format, &self.log_format);
		set(&mut log.filter, &self.log);
	}
}

/// Take the value of a flag, if it is given.
fn set<T: Clone>(field: &mut T, flag: &Option<T>) {
	if let Some(value) = flag {
		field.clone_from(value);
	}
}

/// Take the value of a flag for a field that may be empty.
fn set_some<T: Clone>(field: &mut Option<T>, flag: &Option<T>) {
	if flag.is_some() {
		field.clone_from(flag);
	}
}

/// Flags of the role `gateway`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct GatewayArgs {
	/// Flags of both roles.
	#[command(flatten)]
	pub common: CommonArgs,

	/// Key of the tenant or of its `Buy` proxy, as a secret URI. Other users of the machine see it:
	/// better `--tenant-file`, or the environment variable SURETY_TENANT.
	#[arg(long, value_name = "URI", conflicts_with = "tenant_file")]
	pub tenant: Option<Secret>,

	/// File with the key of the tenant or of its `Buy` proxy.
	#[arg(long, value_name = "FILE")]
	pub tenant_file: Option<PathBuf>,

	/// Account of the tenant, if the key is that of a proxy.
	#[arg(long = "for", value_name = "ACCOUNT")]
	pub tenant_account: Option<AccountId32>,

	/// Network to serve. May be repeated.
	#[arg(long = "network", value_name = "NAME")]
	pub networks: Vec<String>,

	/// Wished rate of each network of the command line, in method-weighted requests per second.
	#[arg(long, value_name = "N")]
	pub rate: Option<u32>,

	/// Wished number of different operators of each network of the command line.
	#[arg(long, value_name = "N")]
	pub operators: Option<u32>,

	/// Region to buy in, for each network of the command line. May be repeated.
	#[arg(long = "region", value_name = "CC", value_parser = region)]
	pub regions: Vec<Region>,

	/// Lowest score of an operator to buy from, for each network of the command line.
	#[arg(long, value_name = "0..100")]
	pub min_score: Option<u8>,

	/// Highest price per unit and block, in SURE, for each network of the command line.
	#[arg(long, value_name = "SURE")]
	pub max_price: Option<Sure>,

	/// Most that is spent in all, in SURE, deposits included.
	#[arg(long, value_name = "SURE")]
	pub budget: Option<Sure>,

	/// Most that all agreements together may cost in a window, in SURE.
	#[arg(long, value_name = "SURE")]
	pub budget_per_window: Option<Sure>,

	/// Explain purchases without making them.
	#[arg(long)]
	pub dry_run: bool,
}

fn region(text: &str) -> Result<Region, String> {
	Region::try_from(text.to_owned())
}

impl GatewayArgs {
	/// The configuration file with the flags above it, checked.
	pub fn config(&self) -> Result<GatewayConfig, ConfigError> {
		let mut config: GatewayConfig = self.common.read()?;
		let common = &self.common;
		if !common.nodes.is_empty() {
			config.chain.nodes.clone_from(&common.nodes);
		}
		set(&mut config.data, &common.data);
		set_some(&mut config.front.listen, &common.listen);
		set(&mut config.front.threads, &common.threads);
		set_some(&mut config.control.listen, &common.control);
		common.apply_log(&mut config.log);
		let key = self.tenant.clone().map(KeySource::from);
		let file =
			self.tenant_file.clone().map(|file| KeySource { file: Some(file), ..<_>::default() });
		set(&mut config.tenant.key, &key.or(file));
		if !config.tenant.key.is_given() && std::env::var_os(TENANT_ENV).is_some() {
			config.tenant.key = KeySource { env: Some(TENANT_ENV.into()), ..<_>::default() };
		}
		set_some(&mut config.tenant.account, &self.tenant_account);
		for name in &self.networks {
			self.apply_network(&mut config.networks, name);
		}
		set(&mut config.budget.total, &self.budget);
		set_some(&mut config.budget.per_window, &self.budget_per_window);
		config.budget.dry_run |= self.dry_run;
		config.validate()?;
		Ok(config)
	}

	fn apply_network(&self, networks: &mut Vec<NetworkSection>, name: &str) {
		let at = networks.iter().position(|network| network.name == name).unwrap_or_else(|| {
			networks.push(NetworkSection::named(name));
			networks.len().saturating_sub(1)
		});
		let Some(network) = networks.get_mut(at) else { return };
		set(&mut network.rate, &self.rate);
		set(&mut network.operators, &self.operators);
		set(&mut network.min_score, &self.min_score);
		set_some(&mut network.max_price, &self.max_price);
		if !self.regions.is_empty() {
			network.regions.clone_from(&self.regions);
		}
	}
}

/// Environment variable with the key of the tenant.
pub const TENANT_ENV: &str = "SURETY_TENANT";
/// Environment variable with the key of the operator's `Report` proxy.
pub const OPERATOR_ENV: &str = "SURETY_OPERATOR";

/// Flags of the role `edge`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct EdgeArgs {
	/// Flags of both roles.
	#[command(flatten)]
	pub common: CommonArgs,

	/// Account of the operator.
	#[arg(long, value_name = "ACCOUNT")]
	pub operator: Option<AccountId32>,

	/// Key of the operator or of its `Report` proxy, as a secret URI. Other users of the machine
	/// see it: better `--key-file`, or the environment variable SURETY_OPERATOR.
	#[arg(long, value_name = "URI", conflicts_with = "key_file")]
	pub key: Option<Secret>,

	/// File with the key of the operator or of its `Report` proxy.
	#[arg(long, value_name = "FILE")]
	pub key_file: Option<PathBuf>,

	/// Server behind the edge.
	#[arg(long, value_name = "URL")]
	pub backend: Option<Url>,

	/// Service to serve; may be repeated. All services of the operator if left out.
	#[arg(long = "service", value_name = "ID")]
	pub services: Vec<ServiceId>,
}

impl EdgeArgs {
	/// The configuration file with the flags above it, checked.
	pub fn config(&self) -> Result<EdgeConfig, ConfigError> {
		let mut config: EdgeConfig = self.common.read()?;
		let common = &self.common;
		if !common.nodes.is_empty() {
			config.chain.nodes.clone_from(&common.nodes);
		}
		set(&mut config.data, &common.data);
		set_some(&mut config.front.listen, &common.listen);
		set(&mut config.front.threads, &common.threads);
		set_some(&mut config.control.listen, &common.control);
		common.apply_log(&mut config.log);
		set_some(&mut config.operator.account, &self.operator);
		let key = self.key.clone().map(KeySource::from);
		let file =
			self.key_file.clone().map(|file| KeySource { file: Some(file), ..<_>::default() });
		set(&mut config.operator.key, &key.or(file));
		if !config.operator.key.is_given() && std::env::var_os(OPERATOR_ENV).is_some() {
			config.operator.key = KeySource { env: Some(OPERATOR_ENV.into()), ..<_>::default() };
		}
		set_some(&mut config.backend, &self.backend);
		for id in &self.services {
			let is_listed = config.services.iter().any(|service| service.id == *id);
			let backend = config.backend.clone().filter(|_| !is_listed);
			config.services.extend(backend.map(|backend| crate::config::ServiceSection {
				id: *id,
				backend,
				host: None,
				path: None,
				protocol: None,
				models: Vec::new(),
				backend_key: KeySource::default(),
			}));
		}
		config.validate()?;
		Ok(config)
	}
}

/// Flags of the command `status`.
#[derive(Clone, Debug, clap::Args)]
pub struct StatusArgs {
	/// Address of the control listener.
	#[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:9645")]
	pub control: SocketAddr,

	/// Seconds between updates.
	#[arg(long, value_name = "SECS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3_600))]
	pub every: u64,

	/// Print one table and exit.
	#[arg(long)]
	pub once: bool,

	/// Print the JSON and exit.
	#[arg(long, conflicts_with = "once")]
	pub json: bool,
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::config::UNIT;
	use clap::{CommandFactory, Parser};

	fn gateway(args: &[&str]) -> Result<GatewayConfig, ConfigError> {
		let line = ["surety-gateway", "gateway"].iter().chain(args);
		match Cli::try_parse_from(line).unwrap().command {
			Command::Gateway(args) => args.config(),
			other => panic!("{other:?}"),
		}
	}

	#[test]
	fn the_command_line_is_consistent() {
		Cli::command().debug_assert();
	}

	#[test]
	fn a_key_a_network_and_a_budget_are_enough() {
		let config = gateway(&[
			"--node=ws://127.0.0.1:9944",
			"--tenant=//Alice",
			"--network=ethereum",
			"--budget=10",
		])
		.unwrap();
		assert_eq!(config.networks, [NetworkSection::named("ethereum")]);
		assert_eq!(config.budget.total.0, 10 * UNIT);
		assert_eq!(config.tenant.key, KeySource::from_uri("//Alice"));
		assert!(!format!("{config:?}").contains("//Alice"));
		let error = gateway(&["--node=ws://n", "--network=ethereum", "--budget=10"]).unwrap_err();
		assert!(error.to_string().contains("--tenant"), "{error}");
	}

	#[test]
	fn flags_win_over_the_file() {
		let dir = tempfile::tempdir().unwrap();
		let file = dir.path().join("gateway.toml");
		let text = "[chain]\nnodes = [\"http://a\"]\n[tenant]\nkey = \"//Bob\"\n[[network]]\n\
		            name = \"ethereum\"\nrate = 7\noperators = 2\n[[network]]\nname = \"other\"\n";
		std::fs::write(&file, text).unwrap();
		let file = format!("--config={}", file.display());
		let config = gateway(&[
			&file,
			"--node=http://b",
			"--network=ethereum",
			"--rate=50",
			"--region=DE",
			"--listen=127.0.0.1:1",
			"--dry-run",
		])
		.unwrap();
		assert_eq!(config.chain.nodes, ["http://b".parse().unwrap()]);
		assert_eq!(config.listen().port(), 1);
		assert!(config.budget.dry_run);
		let rates: Vec<_> = config.networks.iter().map(|n| (n.rate, n.operators)).collect();
		assert_eq!(rates, [(50, 2), (10, 3)]);
	}

	#[test]
	fn services_of_the_command_line_share_its_backend() {
		let line = ["surety-gateway", "edge", "--backend=http://b", "--service=3", "--service=4"];
		let Command::Edge(args) = Cli::try_parse_from(line).unwrap().command else { panic!() };
		let config = args.config().unwrap();
		let ids: Vec<_> = config.services.iter().map(|service| service.id).collect();
		assert_eq!(ids, [3, 4]);
	}
}

//! Command line.

use crate::audit::AuditCmd;
use hyper::Uri;
use sc_cli::{CliConfiguration, RunCmd};
use std::{
	net::{Ipv4Addr, Ipv6Addr},
	str::FromStr,
};
use surety_primitives::{MAX_ANCHORS, MAX_ENDPOINT, MAX_NAME, endpoint};

// The SDK's default, the fork-aware pool, gives what an off-chain worker sends to the view of one fork only, and
// does not gossip it while there is another: reports missed their rounds (docs/decisions.md).
/// Command line of the node.
#[derive(Debug, clap::Parser)]
#[command(mut_arg("pool_type", |arg| arg.default_value("single-state")))]
pub struct Cli {
	/// What to do, if not to run the node.
	#[command(subcommand)]
	pub subcommand: Option<Subcommand>,

	/// How to run the node.
	#[clap(flatten)]
	pub run: RunCmd,

	/// How to probe.
	#[clap(flatten)]
	pub probing: ProbingParams,

	/// Do not measure this machine at the start.
	///
	/// It takes some 3 s, and a validator that is too slow is warned. Chains for development are never measured.
	#[arg(long)]
	pub no_hardware_benchmarks: bool,

	/// Watch over the free space for the database.
	#[clap(flatten)]
	pub storage: sc_storage_monitor::StorageMonitorParams,
}

impl Cli {
	/// Check what one argument alone cannot show.
	pub fn validate(&self) -> sc_cli::Result<()> {
		self.probing.validate()?;
		let role = self.run.role(self.run.is_dev()?)?;
		if role.is_authority() && !self.run.offchain_worker(&role)?.enabled {
			return Err(sc_cli::Error::Input(
				"A validator probes by its off-chain worker, and earns nothing and offends if it does not: leave out \
				 `--offchain-worker never`, or run without `--validator`"
					.into(),
			));
		}
		Ok(())
	}
}

/// How a validator probes.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ProbingParams {
	/// Reference endpoint of a network that probed answers are compared with, e.g.
	/// `ethereum=https://rpc.example`.
	///
	/// May be given several times, up to 8 times for one network. Two anchors of a network must agree
	/// before an answer is judged; your own come before those the chain lists. An anchor on this machine
	/// or network is fine if its URL has an IP address or `localhost` in it.
	#[arg(long = "anchor", value_name = "NETWORK=URL")]
	pub anchors: Vec<Anchor>,

	/// IPv4 address that probes leave from, so that those who are probed do not learn the p2p address.
	#[arg(long, value_name = "IP")]
	pub probe_egress: Option<Ipv4Addr>,

	/// Host that this node does not probe: it abstains on services there. May be given several times.
	#[arg(long = "probe-deny", value_name = "HOST")]
	pub probe_deny: Vec<Host>,
}

impl ProbingParams {
	fn validate(&self) -> Result<(), String> {
		for anchor in &self.anchors {
			let same = self.anchors.iter().filter(|other| other.network == anchor.network).count();
			if same > usize::try_from(MAX_ANCHORS).unwrap_or(usize::MAX) {
				return Err(format!("--anchor: more than {MAX_ANCHORS} for {}", anchor.network));
			}
		}
		if let Some(egress) = self.probe_egress {
			std::net::UdpSocket::bind((egress, 0))
				.map_err(|error| format!("--probe-egress: cannot use {egress}: {error}"))?;
		}
		Ok(())
	}
}

/// A reference endpoint of a network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Anchor {
	/// Name of the network.
	pub network: String,
	/// The URL as it was given.
	pub url: String,
	/// The URL.
	pub uri: Uri,
}

impl Anchor {
	/// The host in lower case, as the off-chain worker compares it.
	pub fn host(&self) -> String {
		self.uri.host().unwrap_or_default().to_ascii_lowercase()
	}
}

impl FromStr for Anchor {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let (network, url) = text.split_once('=').ok_or("expected NETWORK=URL")?;
		let longest = |max: u32| usize::try_from(max).unwrap_or(usize::MAX);
		if network.is_empty() || network.len() > longest(MAX_NAME) {
			return Err(format!("the network's name must have 1 to {MAX_NAME} bytes"));
		}
		if network.chars().any(|c| c.is_whitespace() || c.is_uppercase()) {
			return Err("the network's name must be in lower case, without spaces".into());
		}
		if url.len() > longest(MAX_ENDPOINT) {
			return Err(format!("the URL is longer than {MAX_ENDPOINT} bytes"));
		}
		let uri: Uri = url.parse().map_err(|error| format!("not a URL: {error}"))?;
		if !matches!(uri.scheme_str(), Some("http" | "https")) {
			return Err("the URL must begin with http:// or https://".into());
		}
		match uri.authority() {
			Some(authority) if authority.host().is_empty() => {
				return Err("the URL has no host".into());
			},
			Some(authority) if authority.as_str().contains('@') => {
				return Err("the URL must not contain credentials".into());
			},
			Some(authority) if authority.host().starts_with('[') => {
				return Err("probes use IPv4 only: give an IPv4 address or a name".into());
			},
			_ => (),
		}
		Ok(Self { network: network.into(), url: url.into(), uri })
	}
}

/// A host name or address as a listing names it: the form in which the off-chain worker compares it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Host(pub String);

impl FromStr for Host {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let bare_v6 = text.parse::<Ipv6Addr>().is_ok();
		let host = if bare_v6 { format!("[{text}]") } else { text.into() };
		let host = endpoint::normalise(host.as_bytes()).map_err(|fault| fault.to_string())?;
		String::from_utf8(host.into_inner()).map(Self).map_err(|error| error.to_string())
	}
}

/// What else the binary does.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
	/// Key management.
	#[command(subcommand)]
	Key(sc_cli::KeySubcommand),

	/// Build a chain specification (`export-chain-spec` is the newer form).
	BuildSpec(sc_cli::BuildSpecCmd),

	/// Export a chain specification.
	ExportChainSpec(sc_cli::ExportChainSpecCmd),

	/// Validate a block again.
	CheckBlock(sc_cli::CheckBlockCmd),

	/// Export blocks.
	ExportBlocks(sc_cli::ExportBlocksCmd),

	/// Export the state of a block into a chain specification.
	ExportState(sc_cli::ExportStateCmd),

	/// Import blocks.
	ImportBlocks(sc_cli::ImportBlocksCmd),

	/// Remove the whole chain.
	PurgeChain(sc_cli::PurgeChainCmd),

	/// Go back to an earlier block.
	Revert(sc_cli::RevertCmd),

	/// Show best and finalized block of the database.
	ChainInfo(sc_cli::ChainInfoCmd),

	/// Audit a breach of terms.
	#[command(subcommand)]
	Audit(AuditCmd),
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;
	use sc_cli::{SubstrateCli, TransactionPoolType};

	fn parse(args: &[&str]) -> Result<Cli, clap::Error> {
		Cli::try_from_iter(["surety-node"].iter().chain(args))
	}

	#[test]
	fn the_command_line_is_sound() {
		Cli::command().debug_assert();
	}

	#[test]
	fn the_pool_is_the_single_state_one_unless_another_is_asked_for() {
		let pool = |args: &[&str]| parse(args).unwrap().run.pool_config.pool_type;
		assert!(matches!(pool(&["--dev"]), TransactionPoolType::SingleState));
		assert!(matches!(pool(&["--pool-type=fork-aware"]), TransactionPoolType::ForkAware));
	}

	#[test]
	fn a_validator_without_off_chain_worker_is_refused() {
		let check = |args: &[&str]| parse(args).unwrap().validate();
		for validator in ["--validator", "--dev", "--alice"] {
			let error = check(&[validator, "--offchain-worker=never"]).unwrap_err().to_string();
			assert!(error.contains("--offchain-worker never"), "{error}");
			check(&[validator]).unwrap();
			check(&[validator, "--offchain-worker=always"]).unwrap();
		}
		check(&["--offchain-worker=never"]).unwrap();
	}

	#[test]
	fn anchors_and_hosts_are_read() {
		let cli = parse(&[
			"--dev",
			"--anchor=ethereum=http://127.0.0.1:8545/?key=a=b",
			"--anchor",
			"polkadot=https://rpc.example",
			"--probe-deny=Bad.Example",
			"--probe-deny=2001:DB8:0::1",
			"--probe-deny=[2001:db8::2]",
			"--probe-deny=8.8.8.8",
			"--probe-egress=127.0.0.1",
		])
		.unwrap();
		let probing = cli.probing;
		let anchors: Vec<_> =
			probing.anchors.iter().map(|a| (a.network.as_str(), a.url.as_str())).collect();
		assert_eq!(
			anchors,
			[("ethereum", "http://127.0.0.1:8545/?key=a=b"), ("polkadot", "https://rpc.example")]
		);
		assert_eq!(probing.anchors[0].host(), "127.0.0.1");
		let denied: Vec<_> = probing.probe_deny.iter().map(|host| host.0.as_str()).collect();
		assert_eq!(denied, ["bad.example", "[2001:db8::1]", "[2001:db8::2]", "8.8.8.8"]);
		assert_eq!(probing.validate(), Ok(()));
	}

	#[test]
	fn anchors_that_make_no_sense_are_refused() {
		let long = format!("a=http://{}/", "a".repeat(260));
		for anchor in [
			"ethereum",
			"=http://a/",
			"Ethereum=http://a/",
			"my net=http://a/",
			"a=",
			"a=ftp://a/",
			"a=/path",
			"a=http://user:password@a/",
			"a=http:///",
			"a=http://[::1]:8545/",
			&long,
		] {
			assert!(parse(&["--anchor", anchor]).is_err(), "{anchor}");
		}
	}

	#[test]
	fn hosts_that_are_no_hosts_are_refused() {
		for host in
			["", "http://a", "a:80", "a/b", "a b", "a..b", "a_b", "127.1", "256.1.1.1", "[::1"]
		{
			assert!(parse(&["--probe-deny", host]).is_err(), "{host}");
		}
	}

	#[test]
	fn what_one_argument_cannot_show_is_checked_too() {
		let anchors = vec!["a=http://a/".parse().unwrap(); 9];
		let probing = ProbingParams { anchors, ..Default::default() };
		assert!(probing.validate().unwrap_err().contains("more than 8"));
		let egress = Some("192.0.2.1".parse().unwrap());
		let probing = ProbingParams { probe_egress: egress, ..Default::default() };
		assert!(probing.validate().unwrap_err().contains("192.0.2.1"));
	}
}

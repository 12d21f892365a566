// SPDX-License-Identifier: Apache-2.0

//! Command line interface.

use crate::audit::AuditCmd;
use hyper::Uri;
use sc_cli::{CliConfiguration, RunCmd};
use std::{
	net::{Ipv4Addr, Ipv6Addr, SocketAddrV4},
	str::FromStr,
};
use surety_primitives::{MAX_ANCHORS, MAX_ENDPOINT, MAX_NAME, Network, endpoint};

/// Command line of the node.
// The SDK's default, the fork-aware pool, submits an off-chain worker's transactions to the view of
// one fork only and does not gossip them while there is another: reports missed their rounds
// (docs/adr/0023-single-state-pool.md).
#[derive(Debug, clap::Parser)]
#[command(mut_arg("pool_type", |arg| arg.default_value("single-state")))]
pub struct Cli {
	/// Command. Without one the node runs.
	#[command(subcommand)]
	pub subcommand: Option<Subcommand>,

	/// Node parameters.
	#[clap(flatten)]
	pub run: RunCmd,

	/// Probing parameters.
	#[clap(flatten)]
	pub probing: ProbingParams,

	/// Skip the hardware measurement at the start.
	///
	/// The measurement takes about 3 s and warns a validator that is too slow. Development and
	/// local chains always skip it.
	#[arg(long)]
	pub no_hardware_benchmarks: bool,

	/// Limits on free disk space.
	#[clap(flatten)]
	pub storage: sc_storage_monitor::StorageMonitorParams,
}

impl Cli {
	/// Check combinations of arguments.
	pub fn validate(&self) -> sc_cli::Result<()> {
		self.probing.validate()?;
		let role = self.run.role(self.run.is_dev()?)?;
		if role.is_authority() && !self.run.offchain_worker(&role)?.enabled {
			return Err(sc_cli::Error::Input(
				"A validator must run its off-chain worker: without probing it earns nothing and \
				 commits an offence. Remove `--offchain-worker never`, or run without `--validator`"
					.into(),
			));
		}
		Ok(())
	}
}

/// Probing parameters of a validator.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ProbingParams {
	/// Reference endpoint (anchor) of a network, e.g. `ethereum=https://rpc.example`.
	///
	/// Answers of probed services are compared with those of the anchors. May be repeated, up to 8
	/// times per network. Two anchors of a network must agree before an answer is judged, and your
	/// own are asked before those listed on chain. An anchor on this machine or local network is
	/// allowed if its URL contains an IP address or `localhost`.
	///
	/// Everybody on the machine sees the flags of a process. Anchors whose URL has a key go into
	/// the environment variable `SURETY_ANCHORS`, with spaces between them.
	#[arg(long = "anchor", value_name = "NETWORK=URL")]
	pub anchors: Vec<Anchor>,

	/// IPv4 source address of probes, so that probed services do not learn the p2p address.
	#[arg(long, value_name = "IP")]
	pub probe_egress: Option<Ipv4Addr>,

	/// UDP port for probes of VPNs. The internet must reach it.
	///
	/// A probe sends a datagram through the tunnel to this port. By default it is the UDP port of
	/// the same number as the p2p port, at the address of `--probe-egress`. Without a port this
	/// node abstains on VPNs.
	#[arg(long, value_name = "IP:PORT")]
	pub probe_udp: Option<SocketAddrV4>,

	/// Public address of the UDP port for probes of VPNs, where a NAT forwards it.
	#[arg(long, value_name = "IP:PORT")]
	pub probe_udp_public: Option<SocketAddrV4>,

	/// Host that this node does not probe. It abstains on services there. May be repeated.
	#[arg(long = "probe-deny", value_name = "HOST")]
	pub probe_deny: Vec<Host>,
}

impl ProbingParams {
	/// Variable with anchors that are not seen by everybody on the machine.
	const ANCHORS: &str = "SURETY_ANCHORS";

	/// Add the anchors of the environment, after those of the flags.
	pub fn add_environment(&mut self) -> Result<(), String> {
		self.add_anchors(&std::env::var(Self::ANCHORS).unwrap_or_default())
	}

	fn add_anchors(&mut self, anchors: &str) -> Result<(), String> {
		for anchor in anchors.split_whitespace() {
			// The anchor stays out of the log.
			let anchor = anchor.parse().map_err(|error| format!("{}: {error}", Self::ANCHORS))?;
			self.anchors.push(anchor);
		}
		Ok(())
	}

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
		if let Some(public) = self.probe_udp_public
			&& (public.port() == 0 || public.ip().is_unspecified())
		{
			return Err(format!("--probe-udp-public: {public} is not a socket address"));
		}
		Ok(())
	}
}

/// Reference endpoint of a network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Anchor {
	/// Name of the network.
	pub network: String,
	/// URL as given.
	pub url: String,
	/// Parsed URL.
	pub uri: Uri,
}

impl Anchor {
	/// Host in lower case, as compared by the off-chain worker.
	pub fn host(&self) -> String {
		self.uri.host().unwrap_or_default().to_ascii_lowercase()
	}
}

impl FromStr for Anchor {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let (network, url) = text.split_once('=').ok_or("expected NETWORK=URL")?;
		if !Network::is_name(network.as_bytes()) {
			return Err(format!(
				"a network's name is 1 to {MAX_NAME} lower-case letters, digits and hyphens"
			));
		}
		if url.len() > usize::try_from(MAX_ENDPOINT).unwrap_or(usize::MAX) {
			return Err(format!("the URL is longer than {MAX_ENDPOINT} bytes"));
		}
		let uri: Uri = url.parse().map_err(|error| format!("not a URL: {error}"))?;
		if !matches!(uri.scheme_str(), Some("http" | "https")) {
			return Err("the URL must start with http:// or https://".into());
		}
		match uri.authority() {
			Some(authority) if authority.host().is_empty() => {
				return Err("the URL has no host".into());
			},
			Some(authority) if authority.as_str().contains('@') => {
				return Err("the URL must not contain credentials".into());
			},
			Some(authority) if authority.host().starts_with('[') => {
				return Err("probes use IPv4 only: use an IPv4 address or a name".into());
			},
			_ => (),
		}
		Ok(Self { network: network.into(), url: url.into(), uri })
	}
}

/// Host name or address, in the form of a listing and as compared by the off-chain worker.
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

/// Commands.
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

	/// Delete the chain database.
	PurgeChain(sc_cli::PurgeChainCmd),

	/// Revert the chain to an earlier block.
	Revert(sc_cli::RevertCmd),

	/// Show the best and the finalized block.
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
	fn the_command_line_is_consistent() {
		Cli::command().debug_assert();
	}

	#[test]
	fn audit_is_a_subcommand() {
		let cli = parse(&["audit", "verify", "breach.audit"]).unwrap();
		assert!(matches!(cli.subcommand, Some(Subcommand::Audit(_))));
	}

	#[test]
	fn the_default_pool_is_the_single_state_one() {
		let pool = |args: &[&str]| parse(args).unwrap().run.pool_config.pool_type;
		assert!(matches!(pool(&["--dev"]), TransactionPoolType::SingleState));
		assert!(matches!(pool(&["--pool-type=fork-aware"]), TransactionPoolType::ForkAware));
	}

	#[test]
	fn a_validator_without_off_chain_worker_is_rejected() {
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
	fn anchors_and_hosts_are_parsed() {
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
	fn the_udp_port_is_parsed() {
		let port = parse(&["--probe-udp=0.0.0.0:4000", "--probe-udp-public=5.5.2.2:4001"]);
		let port = port.unwrap().probing;
		assert_eq!(port.probe_udp, Some("0.0.0.0:4000".parse().unwrap()));
		assert_eq!(port.probe_udp_public, Some("5.5.2.2:4001".parse().unwrap()));
		assert_eq!(port.validate(), Ok(()));
		for malformed in ["4000", "a:1", "[::1]:1", "5.5.2.2"] {
			assert!(parse(&["--probe-udp", malformed]).is_err(), "{malformed}");
		}
		for none in ["0.0.0.0:1", "5.5.2.2:0"] {
			let port = parse(&["--probe-udp-public", none]).unwrap().probing;
			assert!(port.validate().unwrap_err().contains("--probe-udp-public"), "{none}");
		}
	}

	#[test]
	fn anchors_of_the_environment_come_after_those_of_the_flags() {
		let mut probing = parse(&["--anchor=a=http://one.example/"]).unwrap().probing;
		probing.add_anchors("").unwrap();
		probing.add_anchors(" a=http://two.example/?key=1\n b=https://three.example").unwrap();
		let urls: Vec<&str> = probing.anchors.iter().map(|anchor| anchor.url.as_str()).collect();
		assert_eq!(
			urls,
			["http://one.example/", "http://two.example/?key=1", "https://three.example"]
		);
		let error = probing.add_anchors("a=http://ok.example b").unwrap_err();
		assert!(error.contains("SURETY_ANCHORS: expected NETWORK=URL"), "{error}");
	}

	#[test]
	fn malformed_anchors_are_rejected() {
		let long = format!("a=http://{}/", "a".repeat(260));
		for anchor in [
			"ethereum",
			"=http://a/",
			"Ethereum=http://a/",
			"my net=http://a/",
			"my_net=http://a/",
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
	fn malformed_hosts_are_rejected() {
		for host in
			["", "http://a", "a:80", "a/b", "a b", "a..b", "a_b", "127.1", "256.1.1.1", "[::1"]
		{
			assert!(parse(&["--probe-deny", host]).is_err(), "{host}");
		}
	}

	#[test]
	fn combinations_of_arguments_are_checked() {
		let anchors = vec!["a=http://a/".parse().unwrap(); 9];
		let probing = ProbingParams { anchors, ..Default::default() };
		assert!(probing.validate().unwrap_err().contains("more than 8"));
		let egress = Some("192.0.2.1".parse().unwrap());
		let probing = ProbingParams { probe_egress: egress, ..Default::default() };
		assert!(probing.validate().unwrap_err().contains("192.0.2.1"));
	}
}

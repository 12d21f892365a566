// SPDX-License-Identifier: Apache-2.0

//! Table of the VPN, and the settings of its exit.

use super::ProviderConfig;
use crate::vpn::ListingKey;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use surety_gateway::config::{ConfigError, within};
use surety_vpn::{
	exit::{Egress, Net, Pool, Settings, Trials},
	tunnel::Endpoint,
};

/// Most entries of a list.
const MAX_ENTRIES: usize = 256;
/// Lowest port that probers take from an answer.
const MIN_PORT: u16 = 1_024;

/// VPN exit.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct VpnSection {
	/// Address that peers connect to. Without it no exit runs.
	pub endpoint: Option<Endpoint>,
	/// UDP port to listen on. That of the endpoint if left out.
	pub port: Option<u16>,
	/// Name of the TUN device.
	pub interface: String,
	/// Network namespace to run in.
	pub namespace: Option<String>,
	/// IPv4 addresses inside the tunnels.
	pub pool_ipv4: Option<Net>,
	/// IPv6 addresses inside the tunnels.
	pub pool_ipv6: Option<Net>,
	/// MTU inside the tunnels.
	pub mtu: u16,
	/// DNS servers that peers are told.
	pub dns: Vec<IpAddr>,
	/// TCP and UDP ports that peers do not reach.
	pub closed_ports: Vec<u16>,
	/// Private networks that peers reach.
	pub open: Vec<Net>,
	/// Connections of one peer at a time.
	pub max_connections: u32,
	/// Address under which IPv4 leaves.
	pub egress_ipv4: Option<Ipv4Addr>,
	/// Address under which IPv6 leaves.
	pub egress_ipv6: Option<Ipv6Addr>,
	/// Trials at a time.
	pub trials: usize,
	/// Trials at a time of one network.
	pub trials_per_network: usize,
}

impl Default for VpnSection {
	fn default() -> Self {
		let trials = Trials::default();
		Self {
			endpoint: None,
			port: None,
			interface: "surety0".into(),
			namespace: None,
			pool_ipv4: Net::new([10, 66, 0, 0].into(), 16),
			pool_ipv6: Net::new([0xfd66, 0x5375, 0x7265, 0, 0, 0, 0, 0].into(), 64),
			mtu: 1_420,
			dns: vec![[9, 9, 9, 9].into(), [1, 1, 1, 1].into()],
			closed_ports: vec![25],
			open: Vec::new(),
			max_connections: 4_096,
			egress_ipv4: None,
			egress_ipv6: None,
			trials: trials.max,
			trials_per_network: trials.max_of_network,
		}
	}
}

impl ProviderConfig {
	/// Settings of the VPN's exit. `None` if none is to run.
	pub fn vpn_exit(&self) -> Result<Option<Settings>, ConfigError> {
		let vpn = &self.vpn;
		let Some(endpoint) = vpn.endpoint.clone() else { return Ok(None) };
		within("vpn.closed-ports", vpn.closed_ports.len(), 0, MAX_ENTRIES)?;
		within("vpn.open", vpn.open.len(), 0, MAX_ENTRIES)?;
		within("vpn.trials-per-network", vpn.trials_per_network, 1, vpn.trials.max(1))?;
		if endpoint.port() < MIN_PORT {
			let reason = "validators take no port below 1024";
			return Err(ConfigError::invalid("vpn.endpoint", reason));
		}
		let missing = |field| move || ConfigError::invalid(field, "name a network");
		let pool = Pool {
			ipv4: vpn.pool_ipv4.ok_or_else(missing("vpn.pool-ipv4"))?,
			ipv6: vpn.pool_ipv6.ok_or_else(missing("vpn.pool-ipv6"))?,
		};
		let directory = ListingKey::directory(&self.data);
		let port = vpn.port.unwrap_or(endpoint.port());
		let settings = Settings {
			namespace: vpn.namespace.clone(),
			mtu: vpn.mtu,
			dns: vpn.dns.clone(),
			egress: Egress {
				closed_ports: vpn.closed_ports.clone(),
				open: vpn.open.clone(),
				max_connections: vpn.max_connections,
				ipv4: vpn.egress_ipv4,
				ipv6: vpn.egress_ipv6,
			},
			trials: Trials {
				max: vpn.trials,
				max_of_network: vpn.trials_per_network,
				..Trials::default()
			},
			..Settings::new(&vpn.interface, directory, port, endpoint, pool)
		};
		settings.check().map_err(|error| ConfigError::invalid("vpn", error.to_string()))?;
		Ok(Some(settings))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use surety_gateway::config::parse;

	fn exit(text: &str) -> Result<Option<Settings>, ConfigError> {
		parse::<ProviderConfig>(text).unwrap().vpn_exit()
	}

	#[test]
	fn an_exit_runs_if_its_endpoint_is_named() {
		assert!(exit("").unwrap().is_none());
		let settings = exit("data = '/d'\n[vpn]\nendpoint = 'vpn.example:51820'").unwrap().unwrap();
		assert_eq!((settings.port, settings.directory.to_str()), (51_820, Some("/d/vpn")));
		assert_eq!(settings.egress.closed_ports, [25]);
		let behind_a_nat = exit("[vpn]\nendpoint = 'a:51820'\nport = 1234").unwrap().unwrap();
		assert_eq!((behind_a_nat.port, behind_a_nat.endpoint.port()), (1_234, 51_820));
	}

	#[test]
	fn what_cannot_be_sold_is_refused_with_its_field() {
		let fault = |line: &str| {
			let text = format!("[vpn]\nendpoint = 'a:51820'\n{line}");
			exit(&text).unwrap_err().to_string()
		};
		assert!(fault("interface = 'a b'").starts_with("vpn"));
		assert!(fault("pool-ipv4 = '11.0.0.0/16'").contains("pool"));
		assert!(fault("mtu = 9000").contains("MTU"));
		assert!(fault("trials-per-network = 0").starts_with("vpn.trials-per-network"));
		let low = exit("[vpn]\nendpoint = 'a:80'").unwrap_err().to_string();
		assert!(low.contains("1024"), "{low}");
		for bad in ["endpoint = 'a'", "endpoint = 'a:1\\nPostUp = x'", "pools = 1"] {
			assert!(parse::<ProviderConfig>(&format!("[vpn]\n{bad}")).is_err(), "{bad}");
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Node side of probing: hardened HTTP for the off-chain worker, command line settings, and
//! metrics.
//! Endpoint URLs come from strangers. The transport keeps such a URL from turning the validators
//! against this node, its neighbours or a third party.
//!
//! | module | responsibility |
//! |---|---|
//! | `address_filter` | addresses that a probe may connect to |
//! | `resolver` | DNS |
//! | `budget` | requests that one address may receive |
//! | `connector` | resolve, check, and connect to the checked address |
//! | `tls` | certificate checks, and threads for handshakes |
//! | `bodies` | bounded memory for response bodies |
//! | `transport` | resources shared by all requests of a node |
//! | `requests` | HTTP requests of one run of the off-chain worker |
//! | `exchange` | one request and its response |
//! | `tunnel` | proofs of VPNs over UDP |
//! | `externalities` | host side of a run of the off-chain worker |
//! | `settings` | anchors and denied hosts, passed through the local storage |
//! | `metrics`, `anchors`, `reports`, `verdicts` | Prometheus metrics |
//! | `readiness` | warnings for a validator that cannot probe |

mod address_filter;
mod anchors;
mod bodies;
mod budget;
mod clock;
mod connector;
mod exchange;
mod externalities;
mod failure;
mod metrics;
mod readiness;
mod reports;
mod requests;
mod resolver;
mod settings;
#[cfg(test)]
mod tests;
mod tls;
mod transport;
mod tunnel;
mod verdicts;

pub use metrics::Metrics;
pub use readiness::watch as watch_readiness;
pub use reports::watch as watch_reports;
pub use settings::forget_begun;
pub use tunnel::{Tunnels, watch as watch_tunnels};
pub use verdicts::{VerdictMetrics, watch as watch_verdicts};

use crate::cli::ProbingParams;
use address_filter::AddressFilter;
use externalities::ProbeExternalities;
use requests::HttpRequests;
use resolver::{DnsConfig, Resolver};
use sc_network::{Multiaddr, config::NetworkConfiguration, multiaddr::Protocol};
use sc_offchain::NetworkProvider;
use settings::PrivateAnchors;
use sp_core::offchain::{OffchainStorage, OffchainWorkerExt};
use sp_externalities::Extension;
use std::{
	collections::HashSet,
	net::{IpAddr, Ipv4Addr, SocketAddrV4},
	sync::Arc,
};
use transport::{Limits, Transport};

/// Log target.
const LOG_TARGET: &str = "surety::node";

/// Factory of the externalities for each run of the off-chain worker.
pub struct Probing {
	transport: Arc<Transport>,
	network: Arc<dyn NetworkProvider + Send + Sync>,
	/// Addresses that the operator configured as public.
	public: HashSet<IpAddr>,
	is_validator: bool,
}

impl Probing {
	/// Store the settings and create the transport. `private` allows probes to private addresses.
	pub fn new(
		params: &ProbingParams,
		private: bool,
		storage: Option<&mut impl OffchainStorage>,
		network: Arc<dyn NetworkProvider + Send + Sync>,
		addresses: &NetworkConfiguration,
		is_validator: bool,
		metrics: Metrics,
	) -> std::io::Result<Self> {
		let private_anchors =
			if private { PrivateAnchors::default() } else { PrivateAnchors::of(&params.anchors) };
		if let Some(storage) = storage {
			settings::store(storage, params, &private_anchors);
		}
		let own = params.anchors.iter().map(|anchor| (anchor.network.as_str(), &anchor.uri));
		metrics.track_anchors(own);
		let mut transport = Transport::new(
			Resolver::new(DnsConfig::default())?,
			tls::client(tls::public_roots())?,
			params.probe_egress,
			Limits::default(),
			metrics,
			private_anchors.trusted,
		)?;
		if is_validator {
			transport.tunnels = tunnels(params, &addresses.listen_addresses, &transport)?;
		}
		Ok(Self {
			transport: Arc::new(transport),
			network,
			public: ips(&addresses.public_addresses),
			is_validator,
		})
	}

	/// UDP port for proofs of VPNs; `None` if the node has none.
	pub fn tunnels(&self) -> Option<Arc<Tunnels>> {
		self.transport.tunnels.clone()
	}

	/// Extension for one run. It replaces the SDK's standard extension.
	pub fn extension(&self, private: bool) -> Box<dyn Extension> {
		// Addresses reported by peers are left out: a lying peer could have a service refused.
		let mut own = ips(&self.network.listen_addresses());
		own.extend(&self.public);
		let filter = AddressFilter { private, own: Arc::new(own) };
		Box::new(OffchainWorkerExt::new(ProbeExternalities {
			http: HttpRequests::new(self.transport.clone(), filter),
			network: self.network.clone(),
			is_validator: self.is_validator,
		}))
	}
}

/// Bind the UDP port for proofs of VPNs. By default it has the number of the p2p port, so that each
/// node on a machine has its own, and may be taken: then the node abstains on VPNs.
fn tunnels(
	params: &ProbingParams,
	listen_addresses: &[Multiaddr],
	transport: &Transport,
) -> std::io::Result<Option<Arc<Tunnels>>> {
	let p2p_port = listen_addresses
		.iter()
		.flat_map(|address| address.iter())
		.find_map(|part| if let Protocol::Tcp(port) = part { Some(port) } else { None });
	let ip = params.probe_egress.unwrap_or(Ipv4Addr::UNSPECIFIED);
	let default = SocketAddrV4::new(ip, p2p_port.unwrap_or(0));
	let address = params.probe_udp.unwrap_or(default);
	let (handle, metrics) = (&transport.handle, transport.metrics.clone());
	match Tunnels::bind(address, params.probe_udp_public, handle, metrics) {
		Ok(tunnels) => Ok(Some(Arc::new(tunnels))),
		Err(error) if params.probe_udp.is_some() => {
			let reason = format!("--probe-udp: cannot use {address}: {error}");
			Err(std::io::Error::new(error.kind(), reason))
		},
		Err(error) => {
			log::warn!(
				target: LOG_TARGET,
				"This validator abstains on VPNs: UDP port {address} cannot be used ({error}). Give another \
				 one with --probe-udp",
			);
			Ok(None)
		},
	}
}

fn ips(addresses: &[Multiaddr]) -> HashSet<IpAddr> {
	addresses
		.iter()
		.flat_map(|address| address.iter())
		.filter_map(|part| match part {
			Protocol::Ip4(address) => Some(address.into()),
			Protocol::Ip6(address) => Some(address.into()),
			_ => None,
		})
		.collect()
}

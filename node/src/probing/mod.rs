//! The node's side of probing: a transport for the off-chain worker's HTTP that a stranger's URL cannot
//! turn against anybody, settings from the command line, and metrics.
//!
//! | file | what is there |
//! |---|---|
//! | `address.rs` | which addresses a probe may connect to |
//! | `names.rs` | addresses of names |
//! | `budget.rs` | how many requests an address gets |
//! | `connector.rs` | resolve, check, connect to the checked address |
//! | `tls.rs` | certificates, and threads for handshakes |
//! | `bodies.rs` | memory for answers |
//! | `transport.rs` | the HTTP requests of a run of the off-chain worker, with their caps |
//! | `externalities.rs` | the host side of that run |
//! | `settings.rs` | anchors and denied hosts, handed over through the local storage |
//! | `metrics.rs`, `reports.rs` | what Prometheus shows |
//! | `readiness.rs` | what keeps this validator from probing |

mod address;
mod bodies;
mod budget;
mod connector;
mod externalities;
mod metrics;
mod names;
mod readiness;
mod reports;
mod settings;
#[cfg(test)]
mod tests;
mod tls;
mod transport;

pub use metrics::Metrics;
pub use readiness::watch as watch_readiness;
pub use reports::watch as watch_reports;

use crate::cli::ProbingParams;
use connector::Rules;
use externalities::ProbeExternalities;
use names::{Names, Source};
use sc_network::{Multiaddr, multiaddr::Protocol};
use sc_offchain::NetworkProvider;
use settings::PrivateAnchors;
use sp_core::offchain::{OffchainStorage, OffchainWorkerExt};
use sp_externalities::Extension;
use std::{collections::HashSet, net::IpAddr, sync::Arc};
use transport::{Http, Limits, Transport};

/// Target of what is logged.
const LOG: &str = "surety::node";

/// What every run of the off-chain worker is given.
pub struct Probing {
	transport: Arc<Transport>,
	network: Arc<dyn NetworkProvider + Send + Sync>,
	/// Addresses that the operator of this node says it has.
	public: HashSet<IpAddr>,
	is_validator: bool,
}

impl Probing {
	/// Store the settings and make the transport. `private` says whether the chain lets probes go to private
	/// addresses.
	pub fn new(
		params: &ProbingParams,
		private: bool,
		storage: Option<&mut impl OffchainStorage>,
		network: Arc<dyn NetworkProvider + Send + Sync>,
		public_addresses: &[Multiaddr],
		is_validator: bool,
		metrics: Metrics,
	) -> std::io::Result<Self> {
		let private_anchors =
			if private { PrivateAnchors::default() } else { PrivateAnchors::of(&params.anchors) };
		if let Some(storage) = storage {
			settings::store(storage, params, &private_anchors);
		}
		let transport = Transport::new(
			Names::new(Source::default())?,
			tls::client(tls::public_roots())?,
			params.probe_egress,
			Limits::default(),
			metrics,
			private_anchors.trusted,
		)?;
		Ok(Self {
			transport: Arc::new(transport),
			network,
			public: ips(public_addresses),
			is_validator,
		})
	}

	/// The extension for one run. It takes the place of the standard one.
	pub fn extension(&self, private: bool) -> Box<dyn Extension> {
		// Not the addresses that peers say they see this node at: a peer could lie to have a service refused.
		let mut own = ips(&self.network.listen_addresses());
		own.extend(&self.public);
		let rules = Rules { private, own: Arc::new(own) };
		Box::new(OffchainWorkerExt::new(ProbeExternalities {
			http: Http::new(self.transport.clone(), rules),
			network: self.network.clone(),
			is_validator: self.is_validator,
		}))
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

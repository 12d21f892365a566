// SPDX-License-Identifier: Apache-2.0

//! VPN: sells the exit of `surety-vpn` by the agreements of the chain.
//!
//! ```text
//!  POST <endpoint>/trial --+                          +--> Exit: peers, rates, firewall
//!  POST <endpoint>/peers --+--> routes --> desk ------+
//!                                           |
//!  finalized blocks --> ledger: own listings, agreements, rights, probers
//!                          |
//!                          +--> keeper: starts the exit again, ends peers of closed agreements
//! ```
//!
//! | file | part |
//! |---|---|
//! | `routes.rs` | HTTP: paths, bounds, statuses |
//! | `desk.rs` | decisions on requests, signed answers |
//! | `refusal.rs` | reasons for which a request is refused |
//! | `ledger.rs` | the chain as the desk asks it |
//! | `keeper.rs` | the exit over its failures, the ends of peers, the status |
//! | `key.rs` | ed25519 key of the listing |
//! | `client.rs` | a tenant's side: asks, checks the answer against the listing |
//!
//! # Terminology
//!
//! | word | meaning |
//! |---|---|
//! | own service | service of the operator whose listing has this machine's key |
//! | peer | WireGuard key that the exit lets in: of an agreement, or of a trial |
//! | trial | peer of anybody, for a minute and some KiB |
//!
//! # Requests
//!
//! | path | body | answer |
//! |---|---|---|
//! | `POST <endpoint>/trial` | `{"key":"<base64>"}` | [`SignedAnswer`] |
//! | `POST <endpoint>/peers` | [`SignedRequest`] | the same |
//! | `GET /.well-known/surety/<service>` | | proof of control |
//!
//! [`SignedAnswer`]: surety_vpn::claims::SignedAnswer
//!
//! A refusal is `{"error":"<reason>"}`. What is not known of the chain is never held to be absent:
//! peers stay as long as the chain cannot be read.

mod client;
mod desk;
mod keeper;
mod key;
mod ledger;
mod refusal;
mod routes;
mod status;

pub use client::{ClientError, Granted, request};
pub(crate) use client::{complaint, is_at, is_by};
pub use desk::{Desk, SignedRequest, UNIT_BITS, is_open};
pub use key::{KeyError, ListingKey};
pub(crate) use ledger::vpn_services;
pub use ledger::{ChainLedger, Ledger, Market, OwnService, Unknown};
pub use refusal::Refusal;
pub use routes::Route;
pub use status::{VpnPeer, VpnStatus};

use crate::chain::Follower;
use parking_lot::Mutex;
use std::{path::Path, sync::Arc};
use surety_vpn::exit::Settings;
use tokio::{runtime::Handle, task::JoinSet};

/// VPN of an agent.
pub struct Vpn {
	desk: Arc<Desk>,
	settings: Settings,
	status: Mutex<VpnStatus>,
	/// Runtime of the agent. Changes of the exit run there, so that a client that goes away cancels
	/// none of them.
	runtime: Handle,
}

impl Vpn {
	/// VPN without an exit yet. To be called inside the agent's runtime.
	pub fn new(settings: Settings, key: ListingKey, ledger: Arc<dyn Ledger>) -> Arc<Self> {
		let status = VpnStatus {
			listing_key: key.to_string(),
			endpoint: settings.endpoint.to_string(),
			error: Some("the exit has not started yet".into()),
			..VpnStatus::default()
		};
		Arc::new(Self {
			desk: Arc::new(Desk::new(key, ledger)),
			settings,
			status: Mutex::new(status),
			runtime: Handle::current(),
		})
	}

	/// VPN of an agent that follows the chain, with its tasks.
	///
	/// - `data`: directory of the agent. The key of the listing is in it, or is made there.
	///
	/// Errors: [`KeyError`].
	pub fn start(
		settings: Settings,
		data: &Path,
		follower: Arc<Follower>,
		tasks: &mut JoinSet<()>,
	) -> Result<Arc<Self>, KeyError> {
		let key = ListingKey::open(data)?;
		tracing::info!(key = %key, "listings of the kind Vpn with this key are served here");
		let snapshots = follower.subscribe();
		let ledger = Arc::new(ChainLedger::new(follower, key.public()));
		let vpn = Self::new(settings, key, ledger);
		tasks.spawn(vpn.clone().keep());
		tasks.spawn(vpn.clone().follow(snapshots));
		Ok(vpn)
	}

	/// State, at most some seconds old.
	pub fn status(&self) -> VpnStatus {
		self.status.lock().clone()
	}

	/// Settings of the exit.
	pub fn settings(&self) -> &Settings {
		&self.settings
	}

	/// Stop the exit, and remove its device and rules. Peers come back with the next agent.
	pub async fn stop(&self) {
		if let Some(exit) = self.desk.set_exit(None)
			&& let Err(error) = exit.stop().await
		{
			tracing::warn!(%error, "the VPN exit did not stop in order");
		}
	}
}

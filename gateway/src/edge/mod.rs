// SPDX-License-Identifier: Apache-2.0

//! Role `edge`: stands in front of an operator's server.
//!
//! ```text
//!            token ----> agreement, units ----+
//!  client -- prober's token ------------------+--> rate --> server
//!            nothing --> trial by network ----+              |
//!                                                            v
//!            402, 429, ... of the edge            answer, counted for the agreement
//! ```
//!
//! Tenants are let in up to their units, strangers at a trial rate of at most a twentieth of the
//! service's units. JSON-RPC calls are weighed and counted one by one, answers of models by their
//! tokens; anything else passes as it is, streams included. A missing countersignature never cuts service.
//!
//! An [`Edge`] has no globals, so a process can run several, and embed one beside other things:
//! the market comes as a snapshot in an `ArcSwap`, everything else through the traits of `ports.rs`.

mod admission;
mod backend;
mod counts;
mod credential;
mod gates;
mod handler;
mod identify;
mod inference;
mod market;
mod ports;
mod probers;
mod refusal;
mod settings;
#[cfg(test)]
mod tests;
mod websocket;
mod well_known;

pub use admission::Admission;
pub use counts::{Count, EdgeCounts};
pub use handler::EdgeHandler;
pub use market::{EdgeAgreement, EdgeMarket, EdgeService};
pub use ports::{Counter, Inferred, OwnKeysOnly, Rights, Usage};
pub use probers::{Allowance, Probers, is_near};
pub use refusal::Refusal;
pub use settings::{EdgeSettings, Trial};
pub use websocket::Subscriptions;
pub use well_known::WELL_KNOWN;

use crate::front::{self, Front, FrontCounts, FrontError};
use arc_swap::ArcSwap;
use gates::Gates;
use handler::Shared;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use websocket::EdgeWebSocket;

/// Edge that serves. Dropping it closes all connections at once.
pub struct Edge {
	front: Front,
	counts: Arc<EdgeCounts>,
	subscriptions: Subscriptions,
}

impl Edge {
	/// Start to serve a market that is kept up to date from outside.
	///
	/// Errors: [`FrontError`].
	pub fn start(
		settings: EdgeSettings,
		market: Arc<ArcSwap<EdgeMarket>>,
		rights: Arc<dyn Rights>,
		usage: Arc<dyn Usage>,
	) -> Result<Self, FrontError> {
		let front_settings = settings.front.clone();
		let counts = Arc::new(EdgeCounts::default());
		let subscriptions = Subscriptions::default();
		let gates = Gates::new(&settings);
		let shared =
			Arc::new(Shared { settings, market, rights, usage, gates, counts: counts.clone() });
		let of_workers = subscriptions.clone();
		let front = front::serve(front_settings, move |_| {
			EdgeHandler::new(shared.clone(), EdgeWebSocket::new(of_workers.clone()))
		})?;
		Ok(Self { front, counts, subscriptions })
	}

	/// Address of the public listener.
	pub fn local_addr(&self) -> SocketAddr {
		self.front.local_addr()
	}

	/// Counts of requests.
	pub fn counts(&self) -> &Arc<EdgeCounts> {
		&self.counts
	}

	/// Subscriptions of all parties.
	pub fn subscriptions(&self) -> &Subscriptions {
		&self.subscriptions
	}

	/// Counts of connections.
	pub fn front_counts(&self) -> Arc<FrontCounts> {
		self.front.counts()
	}

	/// Load changed certificates.
	///
	/// Errors: [`FrontError`]; the certificate in use stays.
	pub fn reload(&self) -> Result<(), FrontError> {
		self.front.reload()
	}

	/// Let requests in progress end, as [`Front::shutdown`]. Blocks.
	pub fn shutdown(self, grace: Duration) -> bool {
		self.front.shutdown(grace)
	}
}

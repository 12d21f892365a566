// SPDX-License-Identifier: Apache-2.0

//! Services of models and of JSON-RPC: the edge of the gateway, in the agent's process.
//!
//! The edge has a listener, a thread that follows the chain and usage statements of its own. It
//! knows nothing of leases, and a fault of a model's server touches no container. Its status and
//! metrics are on the agent's control listener.

use crate::config::ProviderConfig;
use std::net::SocketAddr;
use surety_gateway::roles::{EdgeRole, RolePages, StartError};

/// Edge that serves.
pub struct Inference {
	role: EdgeRole,
	pages: RolePages,
}

impl Inference {
	/// Start the edge of a configuration. `None` if it has none.
	///
	/// Errors: [`StartError`]. Nothing runs on after an error.
	pub fn start(config: &ProviderConfig) -> Result<Option<Self>, StartError> {
		let Some(section) = &config.inference else { return Ok(None) };
		let role = EdgeRole::embed(&section.edge(config)?)?;
		tracing::info!(listen = %role.local_addr(), "the edge serves");
		let pages = role.background().pages();
		Ok(Some(Self { role, pages }))
	}

	/// Address of the listener.
	pub fn local_addr(&self) -> SocketAddr {
		self.role.local_addr()
	}

	/// Status, health and metrics.
	pub fn pages(&self) -> RolePages {
		self.pages.clone()
	}

	/// Load changed certificates.
	pub fn reload(&self) {
		self.role.reload();
	}

	/// Let requests in progress end, and store what is left. Blocks.
	pub fn stop(self) {
		self.role.stop();
	}
}

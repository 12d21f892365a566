// SPDX-License-Identifier: Apache-2.0

//! HTTP of the agent, on the front of the gateway.
//!
//! | listener | path | answer |
//! |---|---|---|
//! | public | `/`, and the path of the endpoint | 200: what validators ask of a `Compute` service |
//! | public | `/leases/<id>` | health of a lease |
//! | public | `/.well-known/surety/<service>` | proof of control |
//! | public | `/.well-known/surety/keys`, `/leases/<id>/..` | tenants: see [`tenants`] |
//! | public | `<endpoint>/trial`, `<endpoint>/peers` | `POST`: peers of a VPN, see [`crate::vpn`] |
//! | control | `/` | page for people |
//! | control | `/status`, `/metrics`, `/health` | the same for programs |
//!
//! The control listener has no access check: keep it on loopback. It has the public pages too.

mod handler;
mod metrics;
mod page;
mod status;
pub mod tenants;
#[cfg(test)]
mod tests;

pub use handler::AgentHandler;
pub use page::render;
pub use status::{AgentStatus, BidStatus, LeaseStatus, ServiceStatus, advice};
pub use tenants::Tenants;

use crate::{
	chain::Follower,
	reconcile::{Observer, Rules},
	store::Store,
	vpn::Vpn,
};
use std::{sync::Arc, time::Instant};
use surety_engine::Capacity;
use surety_gateway::{
	front::{Front, FrontError, FrontSettings, serve},
	roles::RolePages,
};

/// A value that is asked for when it is needed.
pub type Current<T> = Box<dyn Fn() -> T + Send + Sync>;

/// Parts that the pages show.
pub struct Pages {
	/// The chain.
	pub follower: Arc<Follower>,
	/// Database.
	pub store: Arc<Store>,
	/// Answers of the engine.
	pub observer: Arc<Observer>,
	/// Bounds of the reconciler.
	pub rules: Current<Rules>,
	/// The machine.
	pub machine: Current<Option<Capacity>>,
	/// VPN, if one is sold.
	pub vpn: Option<Arc<Vpn>>,
	/// The edge.
	pub edge: Option<RolePages>,
	/// Account of the key.
	pub key: String,
	/// Time of the start.
	pub started: Instant,
}

/// The two listeners.
pub struct Server {
	/// What validators and tenants reach.
	pub public: Front,
	/// What the operator reaches.
	pub control: Front,
}

impl Server {
	/// Serve.
	///
	/// Errors: [`FrontError`]. Nothing runs on after an error.
	pub fn start(
		pages: Arc<Pages>,
		tenants: Arc<Tenants>,
		public: FrontSettings,
		control: FrontSettings,
	) -> Result<Self, FrontError> {
		let handler = move |control| {
			let (pages, tenants) = (pages.clone(), tenants.clone());
			move |_| AgentHandler::new(pages.clone(), tenants.clone(), control)
		};
		let public = serve(public, handler(false))?;
		let control = serve(control, handler(true))?;
		Ok(Self { public, control })
	}
}

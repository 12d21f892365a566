// SPDX-License-Identifier: Apache-2.0

//! Compose files: docker-compose of one service, with a section `x-surety:`.
//!
//! | key | goes to |
//! |---|---|
//! | `services.<name>.image` | order: name, and digest behind `@sha256:` |
//! | `..ports` | order: ports of the container; the agent chooses those of the host |
//! | `..deploy.resources.limits.cpus`, `.memory` | order |
//! | `..deploy.resources.reservations.devices` | order: number of GPUs |
//! | `x-surety.storage`, `.bandwidth`, `.gpu_class` | order |
//! | `x-surety.asset`, `.max_price`, `.failover_price`, `.deposit` | order |
//! | `x-surety.duration`, `.bidding`, `.match`, `.quantity`, `.regions`, `.min_trust`, `.terms` | order |
//! | `..entrypoint`, `..command`, `..environment`, `..env_file` | manifest |
//! | `..configs`, `..secrets`, and `configs`, `secrets` at the top | manifest: files |
//! | `x-surety.registry` | manifest: login |
//! | `version`, `name` | nowhere: they say nothing about the container |
//!
//! Every other key is refused with its place and what to use instead. Variables (`${NAME}`) are not
//! replaced; `$$` stands for `$`.
//!
//! ```yaml
//! services:
//!   web:
//!     image: nginx:1.27
//!     ports: ["80"]
//!     deploy: {resources: {limits: {cpus: "0.5", memory: 256M}}}
//! x-surety:
//!   max_price: 0.02 SURE    # per replica and block
//!   duration: 24h
//! ```

mod error;
mod fields;
mod files;
mod image;
mod keys;
mod market;
mod service;
mod units;
mod words;
mod write;
mod yaml;

pub use error::{ComposeError, FaultKind, Position};
pub use files::{Directory, Files, NoFiles};
pub use image::ImageName;
pub use units::{SURE, Span, show_amount, show_millis};
pub(crate) use units::{show_cpus, show_share};
pub use write::{WriteError, write};
pub use yaml::{MAX_DEPTH, MAX_DOCUMENT, MAX_KEY, MAX_NODES};

use crate::manifest::Manifest;
use fields::Item;
use keys::Section;
use pallet_surety_compute_orders::{Ports, Regions};
use std::collections::BTreeMap;
use surety_primitives::{AssetId, Balance, Resources, TermsInput, TrustLevel};

/// Deposit of a replica.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deposit {
	/// Price of all of the time at the maximum price.
	Full,
	/// As little as the chain takes: the funds may run out before the time is over.
	Minimum,
	/// Amount in base units.
	Exact(Balance),
}

/// Compose file that was read: the order in human units, and the manifest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Compose {
	/// Name of the service.
	pub service: String,
	/// Image.
	pub image: ImageName,
	/// Ports.
	pub ports: Ports,
	/// Resources of each replica.
	pub resources: Resources,
	/// Asset of all amounts.
	pub asset: AssetId,
	/// Maximum price of a replica per billable block, in base units.
	pub max_price: Balance,
	/// Maximum price at which a bid takes over by itself.
	pub failover_price: Option<Balance>,
	/// Deposit of a replica.
	pub deposit: Deposit,
	/// Time that each replica runs.
	pub duration: Span,
	/// Time for which bids are taken; `None` for three rounds.
	pub bidding: Option<Span>,
	/// True to take the best bids at the deadline.
	pub auto_match: bool,
	/// Replicas.
	pub quantity: u8,
	/// Regions; empty for any.
	pub regions: Regions,
	/// Minimum trust level of a bidder.
	pub min_trust: TrustLevel,
	/// Terms; `None` for those of the bidder's service.
	pub terms: Option<TermsInput>,
	/// Private part.
	pub manifest: Manifest,
	/// Places of values that only the chain can judge, by the key of `x-surety`.
	pub(crate) places: BTreeMap<&'static str, Position>,
}

/// Keys whose values are judged against the parameters of the chain.
pub(crate) const JUDGED: [&str; 5] = ["max_price", "duration", "bidding", "deposit", "terms"];

/// Read a compose file.
///
/// - `files`: source of `env_file`, `file` and `password_file`.
pub fn parse(bytes: &[u8], files: &dyn Files) -> Result<Compose, ComposeError> {
	let root = yaml::read(bytes)?;
	let document = Item { path: String::new(), key_at: root.at, node: &root };
	let document = document.fields(Section::Document)?;
	for key in ["version", "name"] {
		document.get(key).map(|item| item.text()).transpose()?;
	}
	let services = document.require("services", "..")?;
	let mut entries = services.entries()?.into_iter();
	let Some((name, item)) = entries.next() else {
		return Err(services.fault(FaultKind::Missing, "no service is described", "describe one"));
	};
	if let Some((_, second)) = entries.next() {
		let problem = "an order has one service";
		return Err(ComposeError::new(
			FaultKind::Unsupported,
			second.key_at,
			second.path,
			problem,
			"place one order per service",
		));
	}
	let service = item.fields(Section::Service)?;
	let surety = document.require("x-surety", "..")?.fields(Section::Surety)?;

	let service::Public { image, ports, mut resources } = service::public(&service)?;
	let market = market::market(&surety, &mut resources, files)?;
	let mut manifest = service::private(&document, &service, files)?;
	manifest.login = market.login;
	manifest.check().map_err(|fault| item.fault(FaultKind::Value, fault.to_string(), ""))?;
	let place = |key| (key, surety.get(key).map_or(surety.at, |item| item.node.at));
	Ok(Compose {
		service: name.to_owned(),
		image,
		ports,
		resources,
		asset: market.asset,
		max_price: market.max_price,
		failover_price: market.failover_price,
		deposit: market.deposit,
		duration: market.duration,
		bidding: market.bidding,
		auto_match: market.auto_match,
		quantity: market.quantity,
		regions: market.regions,
		min_trust: market.min_trust,
		terms: market.terms,
		manifest,
		places: JUDGED.map(place).into(),
	})
}

#[cfg(test)]
mod tests;

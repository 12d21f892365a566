// SPDX-License-Identifier: Apache-2.0

//! Container of an order.

use super::View;
use crate::chain::LeaseView;
use std::fmt;
use surety_engine::{Port, Protocol, Resources, Spec};
use surety_primitives::PortProtocol;
use surety_runtime_api::OrderInfo;

/// Reason why the container of a lease is not known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SpecGap {
	/// Its tenant has not released the private part.
	PrivatePart,
	/// No container can be as the order asks.
	Impossible(String),
}

impl fmt::Display for SpecGap {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::PrivatePart => f.write_str("the tenant has not released the private part"),
			Self::Impossible(reason) => f.write_str(reason),
		}
	}
}

/// Container of a lease.
pub fn spec_of(view: &View<'_>, lease: &LeaseView) -> Result<Spec, SpecGap> {
	let impossible = |reason: &str| SpecGap::Impossible(reason.into());
	let order = lease.order.as_ref().ok_or_else(|| impossible("the chain has no such order"))?;
	let image = pinned_image(order).map_err(SpecGap::Impossible)?;
	let private = (view.private)(lease.info.id);
	if order.env_hash.is_some() && private.is_none() {
		return Err(SpecGap::PrivatePart);
	}
	let private = private.unwrap_or_default();
	let asked = &order.resources;
	let bandwidth_mbps = match asked.bandwidth_mbit {
		0 => view.rules.default_bandwidth,
		asked => asked,
	};
	Ok(Spec {
		lease: lease.info.id,
		image,
		login: private.login,
		command: private.command,
		args: private.args,
		env: private.env,
		files: private.files,
		resources: Resources {
			cpu_milli: asked.cpu_milli,
			memory_mib: asked.memory_mib,
			storage_gib: asked.storage_gib,
			bandwidth_mbps,
			gpus: asked.gpus,
		},
		gpu_class: String::from_utf8_lossy(&asked.gpu_class).into_owned(),
		ports: ports_of(order),
	})
}

/// Ports that an order publishes.
pub(super) fn ports_of<AccountId>(order: &OrderInfo<AccountId>) -> Vec<Port> {
	let port = |port: &surety_primitives::Port| {
		let protocol = match port.protocol {
			PortProtocol::Tcp => Protocol::Tcp,
			PortProtocol::Udp => Protocol::Udp,
		};
		Port { protocol, number: port.container }
	};
	order.ports.iter().map(port).collect()
}

/// Reference of the image of an order, pinned to its digest if it names one.
pub fn pinned_image<AccountId>(order: &OrderInfo<AccountId>) -> Result<String, String> {
	let image = std::str::from_utf8(&order.image).map_err(|_| "the image is no text")?;
	let well_formed = image.bytes().all(|byte| byte.is_ascii_graphic()) && !image.is_empty();
	if !well_formed {
		return Err("the image is no reference".into());
	}
	let Some(digest) = order.digest else { return Ok(image.into()) };
	let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
	let (name, pinned) = image.split_once('@').unwrap_or((image, ""));
	if !pinned.is_empty() && pinned != format!("sha256:{digest}") {
		return Err(format!("the image names the digest {pinned}, and the order sha256:{digest}"));
	}
	// The tag begins after the last slash: before it a colon is a port of the registry.
	let path = name.rfind('/').map_or(0, |slash| slash.saturating_add(1));
	let tag = name.get(path..).and_then(|last| last.find(':'));
	let name = tag.and_then(|tag| name.get(..path.saturating_add(tag))).unwrap_or(name);
	Ok(format!("{name}@sha256:{digest}"))
}

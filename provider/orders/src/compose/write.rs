// SPDX-License-Identifier: Apache-2.0

//! Compose file of an order and its manifest: the inverse of reading one and placing its order.

use super::units::{show_amount, show_cpus, show_share};
use crate::{hex, manifest::Manifest};
use pallet_surety_compute_orders::NewOrder;
use std::{error::Error, fmt, fmt::Write as _};
use surety_primitives::{AssetId, BlockNumber, PortProtocol, TermsInput};
use zeroize::Zeroizing;

/// Reason why an order has no compose file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum WriteError {
	/// The name of the image is no text.
	Image,
	/// The file at this path is no text.
	Binary(String),
	/// The deadline is not after the block.
	Deadline,
}

impl fmt::Display for WriteError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Image => f.write_str("the name of the image is no text"),
			Self::Binary(path) => write!(f, "the file {path:?} is no text"),
			Self::Deadline => f.write_str("the bid deadline is not in the future"),
		}
	}
}

impl Error for WriteError {}

/// Write the compose file that orders the same from block `now` on. It holds the secrets of the
/// manifest.
pub fn write(
	order: &NewOrder,
	manifest: &Manifest,
	now: BlockNumber,
) -> Result<Zeroizing<String>, WriteError> {
	let mut out = Zeroizing::new(String::new());
	let bidding = order.bid_deadline.checked_sub(now).ok_or(WriteError::Deadline)?;
	service(&mut out, order, manifest)?;
	let mut number = 0usize;
	if !manifest.files.is_empty() {
		line(&mut out, "configs:");
	}
	for (path, content) in &manifest.files {
		let text = std::str::from_utf8(content.expose());
		let text = text.map_err(|_| WriteError::Binary(path.clone()))?;
		line(&mut out, &format!("  file{number}:"));
		line(&mut out, &Zeroizing::new(format!("    content: {}", *quoted(text))));
		number = number.saturating_add(1);
	}
	surety(&mut out, order, manifest, bidding);
	Ok(out)
}

fn line(out: &mut String, text: &str) {
	out.push_str(text);
	out.push('\n');
}

fn service(out: &mut String, order: &NewOrder, manifest: &Manifest) -> Result<(), WriteError> {
	let image = std::str::from_utf8(&order.image).map_err(|_| WriteError::Image)?;
	let digest = order.digest.map(|digest| format!("@sha256:{}", hex::encode(&digest)));
	line(out, "services:\n  main:");
	let name = format!("{image}{}", digest.unwrap_or_default());
	line(out, &format!("    image: {}", *quoted(&name)));
	let words = [("entrypoint", &manifest.entrypoint), ("command", &manifest.command)];
	for (key, words) in words.into_iter().filter(|(_, words)| !words.is_empty()) {
		line(out, &format!("    {key}:"));
		for word in words {
			line(out, &Zeroizing::new(format!("      - {}", *quoted(word.expose()))));
		}
	}
	if !manifest.environment.is_empty() {
		line(out, "    environment:");
	}
	for (name, value) in &manifest.environment {
		let value = quoted(value.expose());
		line(out, &Zeroizing::new(format!("      {}: {}", *quoted(name), *value)));
	}
	if !manifest.files.is_empty() {
		line(out, "    configs:");
	}
	for (number, path) in manifest.files.keys().enumerate() {
		line(out, &format!("      - source: file{number}\n        target: {}", *quoted(path)));
	}
	if !order.ports.is_empty() {
		line(out, "    ports:");
	}
	for port in &order.ports {
		let protocol = match port.protocol {
			PortProtocol::Tcp => "tcp",
			PortProtocol::Udp => "udp",
		};
		line(out, &format!("      - \"{}/{protocol}\"", port.container));
	}
	deploy(out, order);
	Ok(())
}

fn deploy(out: &mut String, order: &NewOrder) {
	let resources = &order.resources;
	let limits = [
		("cpus", resources.cpu_milli, show_cpus(resources.cpu_milli)),
		("memory", resources.memory_mib, format!("{}M", resources.memory_mib)),
	];
	let limits: Vec<_> = limits.into_iter().filter(|(_, value, _)| *value > 0).collect();
	if limits.is_empty() && resources.gpus == 0 {
		return;
	}
	line(out, "    deploy:\n      resources:");
	if !limits.is_empty() {
		line(out, "        limits:");
	}
	for (key, _, value) in limits {
		line(out, &format!("          {key}: \"{value}\""));
	}
	if resources.gpus > 0 {
		line(out, "        reservations:\n          devices:");
		line(out, "            - capabilities: [gpu]");
		line(out, &format!("              count: {}", resources.gpus));
	}
}

fn surety(out: &mut String, order: &NewOrder, manifest: &Manifest, bidding: BlockNumber) {
	let native = order.asset == AssetId::Native;
	let resources = &order.resources;
	line(out, "x-surety:");
	let mut put = |key: &str, value: String| line(out, &format!("  {key}: {value}"));
	put("asset", String::from(order.asset));
	put("max_price", show_amount(order.max_price, native));
	if let Some(price) = order.failover_price {
		put("failover_price", show_amount(price, native));
	}
	put("deposit", show_amount(order.deposit, native));
	put("duration", format!("{} blocks", order.duration));
	put("bidding", format!("{bidding} blocks"));
	put("match", if order.auto_match { "best" } else { "manual" }.into());
	put("quantity", order.quantity.to_string());
	put("min_trust", u8::from(order.min_trust).to_string());
	if !order.regions.is_empty() {
		let codes: Vec<_> = order.regions.iter().map(|region| String::from(*region)).collect();
		put("regions", format!("[{}]", codes.join(", ")));
	}
	if resources.storage_gib > 0 {
		put("storage", format!("{}G", resources.storage_gib));
	}
	if resources.bandwidth_mbit > 0 {
		put("bandwidth", format!("{}Mbit/s", resources.bandwidth_mbit));
	}
	if !resources.gpu_class.is_empty() {
		put("gpu_class", quoted(&String::from_utf8_lossy(&resources.gpu_class)).to_string());
	}
	if let Some(terms) = &order.terms {
		write_terms(out, terms);
	}
	if let Some(login) = &manifest.login {
		let (user, password) = (quoted(&login.user), quoted(login.password.expose()));
		line(out, "  registry:");
		line(out, &format!("    user: {}", *user));
		line(out, &Zeroizing::new(format!("    password: {}", *password)));
	}
}

fn write_terms(out: &mut String, terms: &TermsInput) {
	line(out, "  terms:");
	line(out, &format!("    min_uptime: {}", show_share(terms.min_uptime.into())));
	line(out, &format!("    max_latency: {}ms", terms.max_latency_ms));
	line(out, &format!("    max_head_lag: {}", terms.max_head_lag));
	line(out, &format!("    cover: {}", show_share(terms.cover.into_inner())));
	line(out, "    credit:");
	for (key, credit) in ["low", "medium", "high", "critical"].iter().zip(&terms.credit) {
		line(out, &format!("      {key}: {}", show_share(credit.into_inner())));
	}
}

/// Text in double quotes, with `$$` for `$`.
fn quoted(text: &str) -> Zeroizing<String> {
	let mut out = Zeroizing::new(String::with_capacity(text.len().saturating_mul(2)));
	out.push('"');
	for letter in text.chars() {
		match letter {
			'"' => out.push_str("\\\""),
			'\\' => out.push_str("\\\\"),
			'\n' => out.push_str("\\n"),
			'\t' => out.push_str("\\t"),
			'$' => out.push_str("$$"),
			' '..='~' => out.push(letter),
			// A string takes everything.
			_ => drop(write!(out, "\\U{:08X}", u32::from(letter))),
		}
	}
	out.push('"');
	out
}

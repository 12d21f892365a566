// SPDX-License-Identifier: Apache-2.0

//! Firewall of what tenants run: an nft table of the agent's own.
//!
//! The table is replaced as a whole in one transaction, so that there is no moment without rules,
//! and applying it twice changes nothing. It sits before the rules of the engines (priority -10)
//! and only ever drops more than they do: an `accept` here ends this table, not theirs.
//!
//! Guests (bridges of leases, or the interface of a VPN) reach the public internet and a resolver.
//! They reach neither the host, nor each other, nor any private or reserved range. From outside
//! only published ports come in. All of it holds for IPv6 too.

use crate::{Cidr, EngineError, command};
use parking_lot::Mutex;
use std::{
	collections::{BTreeMap, BTreeSet},
	fmt::Write,
	net::IpAddr,
};

/// Rules of a table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rules {
	/// Name of the table, in the family `inet`.
	pub table: String,
	/// Interface of the guests. A `*` at the end stands for any rest.
	pub interface: String,
	/// Ranges that guests do not reach.
	pub forbidden: Vec<Cidr>,
	/// Ports (TCP and UDP) that guests do not reach.
	pub forbidden_ports: BTreeSet<u16>,
	/// Resolvers that guests reach although they are in a forbidden range.
	pub resolvers: Vec<IpAddr>,
	/// True if the host answers DNS of the guests, as the resolver of podman's networks does.
	pub host_dns: bool,
	/// True if published ports (destination NAT) of guests come in.
	pub published: bool,
	/// Ranges of guests that leave with the host's address.
	pub masquerade: Vec<Cidr>,
	/// Bandwidth in Mbit/s in each direction by interface.
	pub rates: BTreeMap<String, u32>,
}

impl Rules {
	/// Rules of guests on an interface that reach the public internet only, without mail.
	pub fn new(table: impl Into<String>, interface: impl Into<String>) -> Self {
		Self {
			table: table.into(),
			interface: interface.into(),
			forbidden: crate::cidr::forbidden(&[]),
			forbidden_ports: BTreeSet::from([25]),
			resolvers: Vec::new(),
			host_dns: false,
			published: false,
			masquerade: Vec::new(),
			rates: BTreeMap::new(),
		}
	}

	fn check(&self) -> Result<(), EngineError> {
		let word = |text: &str| {
			!text.is_empty()
				&& text.len() <= 31
				&& text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
		};
		let interface = self.interface.strip_suffix('*').unwrap_or(&self.interface);
		if word(&self.table) && word(interface) && self.rates.keys().all(|name| word(name)) {
			return Ok(());
		}
		Err(EngineError::Refused("firewall: a name of a table or interface is not plain".into()))
	}

	/// The table as a script for `nft -f`.
	pub fn script(&self) -> String {
		let guest = format!("\"{}\"", self.interface);
		let mut out = String::new();
		let table = &self.table;
		let _ =
			writeln!(out, "table inet {table}\ndelete table inet {table}\ntable inet {table} {{");
		self.sets(&mut out);
		self.input(&mut out, &guest);
		self.forward(&mut out, &guest);
		self.limits(&mut out);
		if !self.masquerade.is_empty() {
			out.push_str(
				"chain source {\ntype nat hook postrouting priority 100; policy accept;\n",
			);
			for range in &self.masquerade {
				let family = if range.is_v4() { "ip" } else { "ip6" };
				let _ = writeln!(out, "{family} saddr {range} oifname != {guest} masquerade");
			}
			out.push_str("}\n");
		}
		out.push_str("}\n");
		out
	}

	fn sets(&self, out: &mut String) {
		for (name, kind, v4) in
			[("forbidden4", "ipv4_addr", true), ("forbidden6", "ipv6_addr", false)]
		{
			let ranges = self.forbidden.iter().filter(|range| range.is_v4() == v4);
			let list: Vec<String> = ranges.map(ToString::to_string).collect();
			let _ = write!(out, "set {name} {{\ntype {kind}\nflags interval\nauto-merge\n");
			if !list.is_empty() {
				let _ = writeln!(out, "elements = {{ {} }}", list.join(", "));
			}
			out.push_str("}\n");
		}
	}

	/// From guests to the host.
	fn input(&self, out: &mut String, guest: &str) {
		out.push_str("chain input {\ntype filter hook input priority -10; policy accept;\n");
		let _ = writeln!(out, "iifname {guest} jump host\n}}\nchain host {{");
		out.push_str("ct state established,related accept\n");
		if self.host_dns {
			out.push_str("fib daddr . iif type local udp dport 53 accept\n");
			out.push_str("fib daddr . iif type local tcp dport 53 accept\n");
		}
		// Without neighbour discovery there is no IPv6 at all.
		out.push_str("icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\ndrop\n}\n");
	}

	/// From and to guests through the host.
	fn forward(&self, out: &mut String, guest: &str) {
		out.push_str("chain forward {\ntype filter hook forward priority -10; policy accept;\n");
		let _ = writeln!(out, "iifname {guest} jump rate_up");
		let _ = writeln!(out, "oifname {guest} jump rate_down");
		let _ = writeln!(out, "iifname {guest} jump leave");
		let _ = writeln!(out, "oifname {guest} jump enter\n}}\nchain leave {{");
		let _ = writeln!(out, "oifname {guest} drop");
		out.push_str("ct state established,related accept\n");
		for address in &self.resolvers {
			let family = if address.is_ipv4() { "ip" } else { "ip6" };
			let _ = writeln!(out, "{family} daddr {address} udp dport 53 accept");
			let _ = writeln!(out, "{family} daddr {address} tcp dport 53 accept");
		}
		out.push_str("ip daddr @forbidden4 drop\nip6 daddr @forbidden6 drop\n");
		let ports: Vec<String> = self.forbidden_ports.iter().map(ToString::to_string).collect();
		if !ports.is_empty() {
			let ports = ports.join(", ");
			let _ = writeln!(out, "tcp dport {{ {ports} }} drop\nudp dport {{ {ports} }} drop");
		}
		out.push_str("}\nchain enter {\nct state established,related accept\n");
		if self.published {
			out.push_str("ct status dnat accept\n");
		}
		out.push_str("drop\n}\n");
	}

	/// Bandwidth: a token bucket of a fifth of a second per direction. The excess is dropped, and
	/// TCP adapts to it.
	fn limits(&self, out: &mut String) {
		for (chain, direction) in [("rate_up", "iifname"), ("rate_down", "oifname")] {
			let _ = writeln!(out, "chain {chain} {{");
			for (interface, mbps) in &self.rates {
				let rate = u64::from(*mbps).saturating_mul(125).max(1);
				let burst = rate.div_ceil(5).max(64);
				let _ = writeln!(
					out,
					"{direction} \"{interface}\" limit rate over {rate} kbytes/second burst {burst} \
					 kbytes drop"
				);
			}
			out.push_str("}\n");
		}
	}
}

/// Table in the kernel.
#[derive(Debug, Default)]
pub struct Firewall {
	/// Rules that were applied last, and the kernel's listing of them.
	applied: Mutex<Option<(Rules, String)>>,
	/// One transaction at a time.
	turn: tokio::sync::Mutex<()>,
}

impl Firewall {
	/// Firewall that has not applied anything yet.
	pub fn new() -> Self {
		Self::default()
	}

	/// Apply rules unless exactly these are in the kernel. Somebody who flushes the table, or changes
	/// a rule of it, is overruled.
	pub async fn ensure(&self, rules: &Rules) -> Result<(), EngineError> {
		rules.check()?;
		let _turn = self.turn.lock().await;
		if self.holds(rules).await? {
			return Ok(());
		}
		let output = command::run("nft", &["-f", "-"], Some(&rules.script())).await?;
		if !output.success {
			let reason: String = output.stderr.trim().chars().take(500).collect();
			return Err(EngineError::Refused(format!("nft refused the firewall: {reason}")));
		}
		let listing = list(&rules.table).await?.ok_or_else(|| {
			EngineError::Refused("nft took the firewall, but the table is not there".into())
		})?;
		*self.applied.lock() = Some((rules.clone(), listing));
		tracing::info!(table = rules.table, guests = rules.interface, "firewall applied");
		Ok(())
	}

	/// True if exactly these rules are in the kernel, as far as this process has applied them.
	pub async fn holds(&self, rules: &Rules) -> Result<bool, EngineError> {
		let expected = match &*self.applied.lock() {
			Some((applied, listing)) if applied == rules => listing.clone(),
			_ => return Ok(false),
		};
		Ok(list(&rules.table).await? == Some(expected))
	}

	/// Rules that were applied last.
	pub fn applied(&self) -> Option<Rules> {
		self.applied.lock().as_ref().map(|(rules, _)| rules.clone())
	}

	/// Remove the table, for an agent that is taken off the machine.
	pub async fn remove(&self, table: &str) -> Result<(), EngineError> {
		Rules::new(table, "x").check()?;
		let _turn = self.turn.lock().await;
		let script = format!("table inet {table}\ndelete table inet {table}\n");
		let output = command::run("nft", &["-f", "-"], Some(&script)).await?;
		*self.applied.lock() = None;
		if output.success {
			return Ok(());
		}
		Err(EngineError::Refused(format!("nft: {}", output.stderr.trim())))
	}
}

/// Listing of a table without counters, or none if there is no such table.
async fn list(table: &str) -> Result<Option<String>, EngineError> {
	let output = command::run("nft", &["-s", "list", "table", "inet", table], None).await?;
	Ok(output.success.then_some(output.stdout))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn rules() -> Rules {
		let mut rules = Rules::new("surety", "suretyb-*");
		rules.host_dns = true;
		rules.published = true;
		rules.resolvers = vec!["10.0.0.2".parse().unwrap(), "fd00::53".parse().unwrap()];
		rules.rates = BTreeMap::from([("suretyb-1".into(), 100), ("suretyb-ff".into(), 1)]);
		rules.masquerade = vec!["10.9.0.0/24".parse().unwrap()];
		rules
	}

	#[test]
	fn a_script_replaces_the_table_as_a_whole() {
		let script = rules().script();
		assert!(script.starts_with("table inet surety\ndelete table inet surety\n"));
		let position = |text: &str| script.find(text).unwrap_or_else(|| panic!("{text}"));
		// A resolver in a private range is reached before private ranges are dropped.
		assert!(position("ip daddr 10.0.0.2 udp dport 53 accept") < position("@forbidden4 drop"));
		// Neighbours are dropped before an established connection is let through.
		assert!(position("chain leave {\noifname \"suretyb-*\" drop") > 0);
		assert!(position("limit rate over 12500 kbytes/second burst 2500 kbytes drop") > 0);
	}

	#[test]
	fn names_that_would_be_script_are_refused() {
		for (table, interface) in [("a b", "x"), ("a", "x\" drop"), ("a;", "x"), ("", "x")] {
			assert!(Rules::new(table, interface).check().is_err());
		}
		let mut rates = rules();
		rates.rates.insert("x\" accept".into(), 1);
		assert!(rates.check().is_err());
	}
}

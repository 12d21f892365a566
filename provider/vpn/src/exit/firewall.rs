// SPDX-License-Identifier: Apache-2.0

//! Rules around the TUN device, in a table of their own.
//!
//! - Nothing that comes out of a tunnel reaches the host, another peer, or an address that is not
//!   on the public internet, over IPv4 and IPv6 alike.
//! - Nobody opens a connection to a peer.
//! - What goes out has the host's address, and nothing else goes out.
//!
//! Chains come before those of others. Another table may still drop what this one lets pass: a
//! host whose own firewall forwards nothing by default (Docker's does) needs an exception there.

use super::{fault::ExitError, namespace::Namespace, settings::Settings};
use std::{
	fmt::Write,
	net::IpAddr,
	sync::atomic::{AtomicBool, Ordering::Relaxed},
};

/// IPv4 networks that are not on the public internet, and metadata servers at public addresses.
const CLOSED_V4: [&str; 16] = [
	"0.0.0.0/8",
	"10.0.0.0/8",
	"100.64.0.0/10",
	"127.0.0.0/8",
	"168.63.129.16/32",
	"169.254.0.0/16",
	"172.16.0.0/12",
	"192.0.0.0/24",
	"192.0.2.0/24",
	"192.88.99.0/24",
	"192.168.0.0/16",
	"198.18.0.0/15",
	"198.51.100.0/24",
	"203.0.113.0/24",
	"224.0.0.0/4",
	"240.0.0.0/4",
];
/// Part of IPv6 that is in use on the internet.
const OPEN_V6: &str = "2000::/3";
/// Networks in it that are not: protocol assignments with Teredo, documentation, 6to4.
const CLOSED_V6: [&str; 4] = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

/// Firewall of an exit. Its table is removed by [`Firewall::remove`] or when it is dropped.
pub struct Firewall {
	namespace: Namespace,
	table: String,
	/// Text that puts up the rules.
	rules: String,
	is_up: AtomicBool,
}

impl Firewall {
	/// Put up the rules, in place of those that an earlier run left.
	pub async fn new(settings: &Settings, namespace: &Namespace) -> Result<Self, ExitError> {
		let table = table(settings);
		let rules = [removal(&table), rules(settings)].concat();
		namespace.command("nft", &["-f", "-"], &rules).await?;
		Ok(Self { namespace: namespace.clone(), table, rules, is_up: true.into() })
	}

	/// Put the rules up again if somebody has removed them, as a reload of the host's own firewall
	/// may do. Returns true if they were gone.
	pub async fn restore(&self) -> Result<bool, ExitError> {
		let tables = self.namespace.command("nft", &["list", "tables", "inet"], "").await?;
		if tables.lines().any(|line| line.split_whitespace().last() == Some(&self.table)) {
			return Ok(false);
		}
		self.namespace.command("nft", &["-f", "-"], &self.rules).await?;
		Ok(true)
	}

	/// Remove the rules.
	pub async fn remove(&self) -> Result<(), ExitError> {
		self.namespace.command("nft", &["-f", "-"], &removal(&self.table)).await?;
		self.is_up.store(false, Relaxed);
		Ok(())
	}
}

impl Drop for Firewall {
	fn drop(&mut self) {
		if self.is_up.load(Relaxed) {
			self.namespace.command_blocking("nft", &removal(&self.table));
		}
	}
}

fn table(settings: &Settings) -> String {
	format!("surety_vpn_{}", settings.interface.replace('-', "_"))
}

/// Removal of a table that may not exist.
fn removal(table: &str) -> String {
	format!("add table inet {table}\ndelete table inet {table}\n")
}

/// Rules of an exit.
pub fn rules(settings: &Settings) -> String {
	let Settings { interface: tun, pool, egress, .. } = settings;
	let (table, v4, v6) = (table(settings), pool.ipv4, pool.ipv6);
	let size = pool.last();
	let max = egress.max_connections;
	let mut rules = format!(
		"table inet {table} {{\n\
		 set closed4 {{ type ipv4_addr; flags interval; auto-merge; elements = {{ {} }}; }}\n\
		 set closed6 {{ type ipv6_addr; flags interval; auto-merge; elements = {{ {} }}; }}\n\
		 set flows4 {{ type ipv4_addr; size {size}; flags dynamic; }}\n\
		 set flows6 {{ type ipv6_addr; size {size}; flags dynamic; }}\n\
		 chain input {{ type filter hook input priority filter - 5; policy accept;\n\
		 iifname \"{tun}\" counter drop\n\
		 }}\n\
		 chain output {{ type filter hook output priority filter - 5; policy accept;\n\
		 oifname \"{tun}\" meta l4proto {{ icmp, ipv6-icmp }} accept\n\
		 oifname \"{tun}\" counter drop\n\
		 }}\n\
		 chain forward {{ type filter hook forward priority filter - 5; policy accept;\n\
		 oifname \"{tun}\" tcp flags syn / syn,rst tcp option maxseg size set rt mtu\n\
		 oifname \"{tun}\" iifname != \"{tun}\" ct state established,related accept\n\
		 oifname \"{tun}\" counter drop\n\
		 iifname \"{tun}\" jump egress\n\
		 }}\n\
		 chain egress {{\n\
		 meta nfproto ipv4 ip saddr != {v4} counter drop\n\
		 meta nfproto ipv6 ip6 saddr != {v6} counter drop\n\
		 ct state invalid counter drop\n\
		 meta l4proto != {{ tcp, udp, icmp, ipv6-icmp }} counter drop\n",
		CLOSED_V4.join(", "),
		CLOSED_V6.join(", "),
	);
	// Written to a string, which does not fail.
	for port in &egress.closed_ports {
		let _ = writeln!(
			rules,
			"meta l4proto {{ tcp, udp }} th dport {port} counter reject with icmpx admin-prohibited"
		);
	}
	for family in ["ip", "ip6"] {
		let number = if family == "ip" { 4 } else { 6 };
		let _ = writeln!(
			rules,
			"ct state new meta nfproto ipv{number} add @flows{number} {{ {family} saddr ct count \
			 over {max} }} counter drop"
		);
	}
	for net in &egress.open {
		let family = if net.is_ipv4() { "ip" } else { "ip6" };
		let _ = writeln!(rules, "{family} daddr {net} accept");
	}
	let leave = |address: Option<IpAddr>| {
		address.map_or("masquerade".into(), |address| format!("snat to {address}"))
	};
	let leave_v4 = leave(egress.ipv4.map(IpAddr::V4));
	let leave_v6 = leave(egress.ipv6.map(IpAddr::V6));
	let _ = write!(
		rules,
		"ip daddr @closed4 counter reject with icmpx admin-prohibited\n\
		 ip6 daddr != {OPEN_V6} counter reject with icmpx admin-prohibited\n\
		 ip6 daddr @closed6 counter reject with icmpx admin-prohibited\n\
		 }}\n\
		 chain postrouting {{ type nat hook postrouting priority srcnat; policy accept;\n\
		 ip saddr {v4} oifname != \"{tun}\" {leave_v4}\n\
		 ip6 saddr {v6} oifname != \"{tun}\" {leave_v6}\n\
		 }}\n\
		 }}\n"
	);
	rules
}

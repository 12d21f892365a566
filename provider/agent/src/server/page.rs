// SPDX-License-Identifier: Apache-2.0

//! Page for people: one file without outside resources or scripts.

use super::{AgentStatus, BidStatus, LeaseStatus, ServiceStatus};
use crate::vpn::VpnStatus;
use std::fmt::Write;
use surety_gateway::telemetry::AgreementStatus;

/// Style of the page.
const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;\
padding:0 1rem;color:#1d2430;background:#fff}h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;\
margin:2rem 0 .5rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem \
.6rem;border-bottom:1px solid #dfe3ea;vertical-align:top}th{font-weight:600;color:#566174;\
font-size:.85rem}td.n{text-align:right;font-variant-numeric:tabular-nums}.muted{color:#566174}\
.ok{color:#116b3a}.bad{color:#a3201d;font-weight:600}ul{margin:.3rem 0;padding-left:1.2rem}\
.wrap{overflow-x:auto}@media(prefers-color-scheme:dark){body{color:#e6e9ef;background:#14181f}\
th,td{border-color:#2c333f}th,.muted{color:#9aa5b8}.ok{color:#5fd08f}.bad{color:#ff8a80}}";

/// The page.
pub fn render(status: &AgentStatus) -> String {
	let mut page = String::with_capacity(16 << 10);
	let title = if status.name.is_empty() { "surety-provider" } else { &status.name };
	// A string takes everything.
	let _ = write!(
		page,
		"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport \
		 content=\"width=device-width\"><meta http-equiv=refresh content=10><title>{0}</title>\
		 <style>{STYLE}</style><h1>{0}</h1><p class=muted>{1} · score {2} · block {3} · {4} \
		 container(s) · up {5} · version {6}</p>",
		escape(title),
		escape(status.operator.as_deref().unwrap_or("operator not known yet")),
		status.score,
		status.chain.block.map_or("-".into(), |block| block.to_string()),
		status.engine.containers,
		duration(status.uptime_secs),
		escape(&status.version),
	);
	advice(&mut page, &status.advice);
	let bonds = status.bonds.iter().map(|(asset, active, reserved)| {
		let earned = status.earned.get(asset).map_or("0", String::as_str);
		vec![text(asset), amount(active), amount(reserved), amount(earned)]
	});
	table(&mut page, "Money", &["Asset", "Bond", "Reserved", "Paid for leases"], bonds);
	let leases = status.leases.iter().map(lease);
	let head = [
		"Lease", "Image", "Phase", "Health", "Verdict", "Window", "Credited", "Price", "Paid",
		"Trouble",
	];
	table(&mut page, "Leases", &head, leases);
	let head = ["Order", "State", "Price", "Why", "When"];
	let bids = status.bids.iter().map(|one| bid(one, status.now_ms));
	table(&mut page, "Bids", &head, bids);
	if let Some(one) = &status.vpn {
		vpn(&mut page, one, status.now_ms);
	}
	let head = ["Service", "Endpoint", "Status", "Verdict", "Window", "Credited", "CPU", "Memory"];
	table(&mut page, "Services", &head, status.services.iter().map(service));
	if let Some(edge) = &status.edge {
		let head = [
			"Agreement",
			"Service",
			"Tenant",
			"Units",
			"Requests",
			"Limited",
			"Lost",
			"Tokens",
			"p95",
		];
		table(&mut page, "Agreements", &head, edge.agreements.iter().map(agreement));
	}
	let history = status.history.iter().map(|entry| {
		vec![ago(status.now_ms, entry.at_ms), text(&entry.subject), text(&entry.text)]
	});
	table(&mut page, "History", &["When", "Subject", "Event"], history);
	page
}

fn advice(page: &mut String, advice: &[String]) {
	if advice.is_empty() {
		page.push_str("<p class=ok>Nothing to do.</p>");
		return;
	}
	page.push_str("<h2>What to do next</h2><ul>");
	for one in advice {
		let _ = write!(page, "<li>{}", escape(one));
	}
	page.push_str("</ul>");
}

/// A table; a sentence if it has no rows. Cells are HTML.
fn table(page: &mut String, title: &str, head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
	let _ = write!(page, "<h2>{title}</h2>");
	let mut rows = rows.peekable();
	if rows.peek().is_none() {
		page.push_str("<p class=muted>None.</p>");
		return;
	}
	page.push_str("<div class=wrap><table><tr>");
	for cell in head {
		let _ = write!(page, "<th>{cell}");
	}
	for row in rows {
		page.push_str("<tr>");
		for cell in row {
			page.push_str(&cell);
		}
	}
	page.push_str("</table></div>");
}

fn lease(lease: &LeaseStatus) -> Vec<String> {
	let health = lease.health.as_ref().map_or(text("over"), |health| {
		let class = if health.state.is_up() { "ok" } else { "bad" };
		let state = format!("{:?}", health.state).to_lowercase();
		let code = health.exit_code.map_or(String::new(), |code| format!(", exit code {code}"));
		format!("<td class={class}>{state}{code}")
	});
	vec![
		text(&format!("{} (order {}.{})", lease.id, lease.order, lease.replica)),
		text(&lease.image),
		text(&lease.phase),
		health,
		text(lease.verdict.as_deref().unwrap_or("-")),
		text(&lease.window),
		text(&lease.credited),
		amount(&lease.price),
		amount(&lease.paid),
		text(lease.error.as_deref().unwrap_or("")),
	]
}

fn bid(bid: &BidStatus, now_ms: u64) -> Vec<String> {
	let outcome = &bid.outcome;
	vec![
		text(&bid.order.to_string()),
		text(&format!("{:?}", outcome.state).to_lowercase()),
		amount(&outcome.price.map_or("-".into(), |price| price.to_string())),
		text(&outcome.why),
		ago(now_ms, outcome.at_ms),
	]
}

fn service(service: &ServiceStatus) -> Vec<String> {
	let (free, total) = (&service.free, &service.total);
	vec![
		text(&service.id.to_string()),
		text(&service.endpoint),
		text(&service.status),
		text(service.verdict.as_deref().unwrap_or("-")),
		text(&service.window),
		text(&service.credited),
		text(&format!("{} of {} mCPU free", free.cpu_milli, total.cpu_milli)),
		text(&format!("{} of {} MiB free", free.memory_mib, total.memory_mib)),
	]
}

fn vpn(page: &mut String, vpn: &VpnStatus, now_ms: u64) {
	let state = match (&vpn.error, &vpn.exit_key) {
		(Some(error), _) => format!("<span class=bad>does not run: {}</span>", escape(error)),
		(None, key) => {
			format!("<span class=ok>runs</span>, key {}", escape(key.as_deref().unwrap_or("-")))
		},
	};
	let _ = write!(
		page,
		"<h2>VPN</h2><p>The exit at {} {state}.<p class=muted>Key of the listing {} · \
		 {} peer(s) · {} trial(s) · {} received · {} sent",
		escape(&vpn.endpoint),
		escape(&vpn.listing_key),
		vpn.agreements,
		vpn.trials,
		bytes(vpn.up),
		bytes(vpn.down),
	);
	let head = ["Agreement", "Cap", "Received", "Sent", "Above the cap", "Last handshake"];
	let rows = vpn.peers.iter().map(|peer| {
		vec![
			text(&peer.agreement.to_string()),
			amount(&format!("{} Mbit/s", peer.megabits)),
			amount(&bytes(peer.up)),
			amount(&bytes(peer.down)),
			amount(&format!("{} packet(s)", peer.dropped)),
			ago(now_ms, peer.seen_ms),
		]
	});
	table(page, "Peers of the VPN", &head, rows);
}

/// An amount of bytes, in the largest unit of which there are ten.
fn bytes(bytes: u64) -> String {
	let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
	let found = units.into_iter().find(|(_, shift)| bytes >> shift >= 10);
	found.map_or(format!("{bytes} B"), |(unit, shift)| format!("{} {unit}", bytes >> shift))
}

fn agreement(one: &AgreementStatus) -> Vec<String> {
	vec![
		text(&one.agreement.map_or("without".into(), |id| id.to_string())),
		text(&one.agreement.map_or("-".into(), |_| one.service.to_string())),
		text(&one.tenant),
		amount(&one.units.to_string()),
		amount(&one.calls.to_string()),
		amount(&one.limited.to_string()),
		amount(&one.lost.to_string()),
		amount(&one.tokens.to_string()),
		amount(&one.p95_ms.map_or("-".into(), |ms| format!("{ms:.0} ms"))),
	]
}

fn text(text: &str) -> String {
	format!("<td>{}", escape(text))
}

fn amount(amount: &str) -> String {
	format!("<td class=n>{}", escape(amount))
}

fn ago(now_ms: u64, at_ms: u64) -> String {
	let seconds = now_ms.saturating_sub(at_ms).checked_div(1_000).unwrap_or(0);
	text(&format!("{} ago", duration(seconds)))
}

fn duration(seconds: u64) -> String {
	let of = |unit: u64| seconds.checked_div(unit).unwrap_or(0);
	match seconds {
		0..120 => format!("{seconds} s"),
		120..7_200 => format!("{} min", of(60)),
		7_200..172_800 => format!("{} h", of(3_600)),
		_ => format!("{} days", of(86_400)),
	}
}

/// Text that HTML shows as it is.
fn escape(text: &str) -> String {
	let mut escaped = String::with_capacity(text.len());
	for c in text.chars().take(2_000) {
		match c {
			'&' => escaped.push_str("&amp;"),
			'<' => escaped.push_str("&lt;"),
			'>' => escaped.push_str("&gt;"),
			'"' => escaped.push_str("&quot;"),
			'\'' => escaped.push_str("&#39;"),
			c if c.is_control() => escaped.push(' '),
			c => escaped.push(c),
		}
	}
	escaped
}

// SPDX-License-Identifier: Apache-2.0

//! Status as a live table in the terminal.

use super::{AgreementStatus, NetworkStatus, ServiceStatus, Status, fetch_status};
use crate::chain::{BuyerReport, ChainReport};
use std::{
	fmt::Write,
	io::{self, IsTerminal, Write as _},
	net::SocketAddr,
	time::Duration,
};

/// Longest time for a status.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Widest cell.
const MAX_CELL: usize = 28;
/// Purchases and notes that are shown.
const SHOWN: usize = 6;

/// Show the status of the process that has its control listener at an address.
///
/// - `every`: time between updates, until the reader ends. `None`: it is shown once. JSON and what
///   goes into no terminal are never updated.
pub async fn show_status(
	control: SocketAddr,
	every: Option<Duration>,
	json: bool,
) -> io::Result<()> {
	let every = every.filter(|_| !json && io::stdout().is_terminal());
	loop {
		let status = fetch_status(control, TIMEOUT).await;
		let text = match &status {
			Ok(status) if json => format!("{}\n", serde_json::to_string_pretty(status)?),
			Ok(status) => render(status),
			Err(error) => format!("{control}: {error}\n"),
		};
		let mut out = io::stdout().lock();
		let Some(every) = every else {
			out.write_all(text.as_bytes())?;
			return status.map(drop);
		};
		// From the top left corner; the rest of each line, and of the screen, is cleared.
		let text = text.replace('\n', "\x1b[K\n");
		write!(out, "\x1b[H{text}\x1b[J")?;
		out.flush()?;
		drop(out);
		tokio::time::sleep(every).await;
	}
}

/// The status as text.
pub fn render(status: &Status) -> String {
	let mut text = String::new();
	let mut line = |line: String| {
		text.push_str(&line);
		text.push('\n');
	};
	line(format!(
		"surety-gateway {}  {}  {}  up {}",
		plain(&status.role),
		plain(&status.version),
		plain(&status.listen),
		duration(status.uptime_secs),
	));
	let front = &status.front;
	line(format!(
		"connections {} ({} WebSocket)  at work {}  requests {}  refused {}",
		front.connections, front.websockets, front.active, front.requests, front.refused,
	));
	status.chain.iter().flat_map(chain).for_each(&mut line);
	status.buyer.iter().flat_map(buyer).for_each(&mut line);
	let usage = &status.usage;
	line(format!(
		"usage  signed {}  taken {}  refused {}  silent {}  reported {}  contested {}{}",
		usage.signed,
		usage.taken,
		usage.refused,
		usage.silent,
		usage.reported,
		usage.contested,
		usage.error.as_deref().map_or(String::new(), |error| format!("  {}", plain(error))),
	));
	for table in
		[networks(&status.networks), services(&status.services), agreements(&status.agreements)]
	{
		if !table.is_empty() {
			text.push('\n');
			text.push_str(&table);
		}
	}
	text
}

fn chain(chain: &ChainReport) -> Vec<String> {
	let number = |number: Option<u32>| number.map_or("-".into(), |number| number.to_string());
	let mut lines = vec![format!(
		"chain  block {}  round {}  window {} ({} rounds left)",
		number(chain.block),
		number(chain.round),
		number(chain.window),
		number(chain.rounds_left),
	)];
	if let Some(error) = &chain.error {
		let seconds = chain.silent_ms.checked_div(1_000).unwrap_or(0);
		lines.push(format!("  the last snapshot is kept: {}  ({seconds} s)", plain(error)));
	}
	lines.extend(chain.nodes.iter().map(|node| {
		format!(
			"  {} {}  {:?}  {}{}",
			if node.leader { '*' } else { ' ' },
			plain(&node.node),
			node.standing,
			number(node.finalized),
			node.error.as_deref().map_or(String::new(), |error| format!("  {}", plain(error))),
		)
	}));
	lines
}

fn buyer(buyer: &BuyerReport) -> Vec<String> {
	let mut lines = vec![format!(
		"budget {} SURE  spent or on hold {}  per window {}{}",
		buyer.budget,
		buyer.committed,
		buyer.per_window,
		if buyer.dry_run { "  (dry run)" } else { "" },
	)];
	lines.extend(
		buyer.stopped.iter().map(|reason| format!("  nothing is bought: {}", plain(reason))),
	);
	lines.extend(buyer.notes.iter().take(SHOWN).map(|note| format!("  {}", plain(note))));
	lines.extend(buyer.purchases.iter().take(SHOWN).map(|one| {
		format!("  round {}: {}: {}", one.round, plain(&one.action), plain(&one.outcome))
	}));
	lines
}

fn networks(networks: &[NetworkStatus]) -> String {
	let rows = networks.iter().map(|one| {
		[
			one.name.clone(),
			optional(one.head),
			optional(one.finalized),
			one.calls.to_string(),
			one.failed.to_string(),
			percent(one.cached, one.calls),
			one.saved.clone(),
			one.retried.to_string(),
			one.hedged.to_string(),
			format!("{}/{}", one.disagreed, one.compared),
			one.subscriptions.to_string(),
			optional(one.overhead_us_p99),
		]
	});
	let head = [
		"network", "head", "final", "calls", "failed", "cached", "saved", "retry", "hedge",
		"differ", "subs", "p99 us",
	];
	grid(head, rows)
}

fn services(services: &[ServiceStatus]) -> String {
	let rows = services.iter().map(|one| {
		[
			optional(one.service),
			one.operator.clone(),
			one.network.clone(),
			one.state.clone(),
			format!("{:.1}", one.share_percent),
			one.calls.to_string(),
			one.lost.to_string(),
			one.slow.to_string(),
			milliseconds(one.p50_ms),
			milliseconds(one.p95_ms),
			optional(one.head),
			format!("{}{}", one.score, if one.discrepant { "!" } else { "" }),
			one.price.clone(),
			optional(one.agreement),
			one.units.to_string(),
			optional(one.blocks_left),
			one.why.clone(),
		]
	});
	let head = [
		"service",
		"operator",
		"network",
		"state",
		"%",
		"calls",
		"lost",
		"slow",
		"p50",
		"p95",
		"head",
		"score",
		"price",
		"agreement",
		"units",
		"blocks",
		"why",
	];
	grid(head, rows)
}

fn agreements(agreements: &[AgreementStatus]) -> String {
	let rows = agreements.iter().map(|one| {
		[
			one.agreement.map_or("trial".into(), |id| id.to_string()),
			one.service.to_string(),
			one.tenant.clone(),
			one.units.to_string(),
			one.calls.to_string(),
			one.limited.to_string(),
			one.lost.to_string(),
			one.bytes.to_string(),
			one.tokens.to_string(),
			milliseconds(one.p95_ms),
			one.subscriptions.to_string(),
		]
	});
	let head = [
		"agreement",
		"service",
		"tenant",
		"units",
		"calls",
		"limited",
		"lost",
		"bytes",
		"tokens",
		"p95",
		"subs",
	];
	grid(head, rows)
}

/// A table with columns as wide as their widest cell; empty without rows.
fn grid<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
	let rows: Vec<[String; N]> = rows.map(|row| row.map(|cell| cut(&cell))).collect();
	if rows.is_empty() {
		return String::new();
	}
	let head = head.map(str::to_owned);
	let mut widths = [0usize; N];
	for row in std::iter::once(&head).chain(&rows) {
		for (width, cell) in widths.iter_mut().zip(row) {
			*width = (*width).max(cell.chars().count());
		}
	}
	let mut text = String::new();
	for row in std::iter::once(&head).chain(&rows) {
		let mut line = String::new();
		for (width, cell) in widths.iter().zip(row) {
			// A string takes everything.
			let _ = write!(line, "{cell:<width$}  ");
		}
		text.push_str(line.trim_end());
		text.push('\n');
	}
	text
}

/// Text without characters that a terminal would act on.
fn plain(text: &str) -> String {
	text.chars().filter(|c| !c.is_control()).take(240).collect()
}

fn cut(text: &str) -> String {
	let text = plain(text);
	match text.char_indices().nth(MAX_CELL) {
		Some((end, _)) => format!("{}~", text.get(..end).unwrap_or_default()),
		None => text,
	}
}

fn optional<T: ToString>(value: Option<T>) -> String {
	value.map_or("-".into(), |value| value.to_string())
}

fn milliseconds(value: Option<f64>) -> String {
	value.map_or("-".into(), |value| format!("{value:.1}"))
}

fn percent(part: u64, of: u64) -> String {
	match part.saturating_mul(100).checked_div(of) {
		Some(percent) => format!("{percent} %"),
		None => "-".into(),
	}
}

fn duration(seconds: u64) -> String {
	let part =
		|unit: u64, of: u64| seconds.checked_div(unit).unwrap_or(0).checked_rem(of).unwrap_or(0);
	let days = seconds.checked_div(86_400).unwrap_or(0);
	let time = format!("{:02}:{:02}:{:02}", part(3_600, 24), part(60, 60), part(1, 60));
	if days > 0 { format!("{days}d {time}") } else { time }
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_status_is_a_table() {
		let service = ServiceStatus {
			service: Some(5),
			operator: "ac\x1b[31mme".into(),
			network: "ethereum".into(),
			share_percent: 33.333,
			why: "x".repeat(100),
			..ServiceStatus::default()
		};
		let network = NetworkStatus { calls: 8, cached: 2, ..NetworkStatus::default() };
		let status = Status {
			role: "gateway".into(),
			uptime_secs: 90_061,
			chain: Some(ChainReport { error: Some("no node".into()), ..ChainReport::default() }),
			buyer: Some(BuyerReport { notes: vec!["ethereum: a note".into()], ..<_>::default() }),
			networks: vec![network],
			services: vec![service],
			..Status::default()
		};
		let text = render(&status);
		for part in ["up 1d 01:01:01", "no node", "a note", "25 %", "33.3", "ac[31mme", "xxx~"] {
			assert!(text.contains(part), "{part} is not in\n{text}");
		}
		assert!(!text.contains('\x1b'));
		assert!(!text.contains("tenant"), "tables without rows are left out");
	}

	#[test]
	fn a_status_of_another_version_is_shown() {
		let status: Status = serde_json::from_str(r#"{"role":"edge","new":1}"#).unwrap();
		assert!(render(&status).contains("edge"));
	}
}

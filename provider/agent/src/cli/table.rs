// SPDX-License-Identifier: Apache-2.0

//! Status as a live table in the terminal.

use super::StatusArgs;
use crate::server::AgentStatus;
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use std::{
	fmt::Write,
	io::{self, IsTerminal, Write as _},
	net::SocketAddr,
	time::Duration,
};
use tokio::net::TcpStream;

/// Longest time for a status, and the longest one.
const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_STATUS: usize = 16 << 20;
/// Widest cell.
const MAX_CELL: usize = 48;
/// Bids and events that are shown.
const SHOWN: usize = 10;

/// Show the status of an agent until the reader ends.
pub async fn show_status(args: &StatusArgs) -> io::Result<()> {
	let is_live = !args.once && !args.json && io::stdout().is_terminal();
	loop {
		let status = fetch_status(args.control).await;
		let text = match &status {
			Ok(status) if args.json => format!("{}\n", serde_json::to_string_pretty(status)?),
			Ok(status) => render(status),
			Err(error) => format!("{}: {error}; is the agent running?\n", args.control),
		};
		let mut out = io::stdout().lock();
		if !is_live {
			out.write_all(text.as_bytes())?;
			return status.map(drop);
		}
		// From the top left corner; the rest of each line, and of the screen, is cleared.
		let text = text.replace('\n', "\x1b[K\n");
		write!(out, "\x1b[H{text}\x1b[J")?;
		out.flush()?;
		drop(out);
		tokio::time::sleep(Duration::from_secs(args.every)).await;
	}
}

/// Read the status of the agent that has its control listener at an address.
pub async fn fetch_status(control: SocketAddr) -> io::Result<AgentStatus> {
	let fetching = async {
		let stream = TcpStream::connect(control).await?;
		let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
			.await
			.map_err(io::Error::other)?;
		let connection = tokio::spawn(connection);
		let request = Request::get("/status")
			.header(header::HOST, control.to_string())
			.body(Empty::<Bytes>::new())
			.map_err(io::Error::other)?;
		let response = sender.send_request(request).await.map_err(io::Error::other)?;
		let body = Limited::new(response.into_body(), MAX_STATUS).collect().await;
		connection.abort();
		let body = body.map_err(io::Error::other)?.to_bytes();
		serde_json::from_slice(&body).map_err(io::Error::other)
	};
	let status = tokio::time::timeout(TIMEOUT, fetching).await;
	status.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// The status as text.
pub fn render(status: &AgentStatus) -> String {
	let mut text = String::new();
	let operator = status.operator.as_deref().unwrap_or("-");
	// A string takes everything.
	let _ = writeln!(
		text,
		"surety-provider {}  {}  {}  score {}  up {} s",
		plain(&status.version),
		plain(&status.name),
		plain(operator),
		status.score,
		status.uptime_secs,
	);
	let block = status.chain.block.map_or("-".into(), |block| block.to_string());
	let _ =
		writeln!(text, "chain  block {block}  engine  {} container(s)", status.engine.containers);
	for error in status.chain.error.iter().chain(&status.engine.error) {
		let _ = writeln!(text, "  {}", plain(error));
	}
	for (asset, active, reserved) in &status.bonds {
		let earned = status.earned.get(asset).map_or("0", String::as_str);
		let _ = writeln!(
			text,
			"{}  bond {}  reserved {}  paid for leases {}",
			plain(asset),
			plain(active),
			plain(reserved),
			plain(earned),
		);
	}
	for one in &status.advice {
		let _ = writeln!(text, "* {}", plain(one));
	}
	let leases = status.leases.iter().map(|lease| {
		let health = lease.health.as_ref();
		let health = health.map_or("-".into(), |one| format!("{:?}", one.state).to_lowercase());
		[
			lease.id.to_string(),
			lease.order.to_string(),
			lease.image.clone(),
			health,
			lease.verdict.clone().unwrap_or("-".into()),
			lease.price.clone(),
			lease.paid.clone(),
			lease.phase.clone(),
			lease.error.clone().unwrap_or_default(),
		]
	});
	let head =
		["lease", "order", "image", "health", "verdict", "price", "paid", "phase", "trouble"];
	grid(&mut text, head, leases);
	let peers = status.vpn.iter().flat_map(|vpn| &vpn.peers).take(SHOWN).map(|peer| {
		let age = status.now_ms.saturating_sub(peer.seen_ms).checked_div(1_000).unwrap_or(0);
		[
			peer.agreement.to_string(),
			format!("{} Mbit/s", peer.megabits),
			peer.up.to_string(),
			peer.down.to_string(),
			peer.dropped.to_string(),
			format!("{age} s"),
		]
	});
	grid(&mut text, ["agreement", "cap", "bytes in", "bytes out", "dropped", "handshake"], peers);
	let agreements = status.edge.iter().flat_map(|edge| &edge.agreements).map(|one| {
		[
			one.agreement.map_or("without".into(), |id| id.to_string()),
			one.agreement.map_or("-".into(), |_| one.service.to_string()),
			one.units.to_string(),
			one.calls.to_string(),
			one.limited.to_string(),
			one.lost.to_string(),
			one.tokens.to_string(),
			one.tenant.clone(),
		]
	});
	let head = ["agreement", "service", "units", "requests", "limited", "lost", "tokens", "tenant"];
	grid(&mut text, head, agreements);
	let bids = status.bids.iter().take(SHOWN).map(|bid| {
		let outcome = &bid.outcome;
		[
			bid.order.to_string(),
			format!("{:?}", outcome.state).to_lowercase(),
			outcome.price.map_or("-".into(), |price| price.to_string()),
			outcome.why.clone(),
		]
	});
	grid(&mut text, ["order", "bid", "price", "why"], bids);
	let history = status.history.iter().take(SHOWN).map(|entry| {
		let age = status.now_ms.saturating_sub(entry.at_ms).checked_div(1_000).unwrap_or(0);
		[format!("{age} s"), entry.subject.clone(), entry.text.clone()]
	});
	grid(&mut text, ["ago", "subject", "event"], history);
	text
}

/// A table with columns as wide as their widest cell; nothing without rows. The last column is not
/// cut.
fn grid<const N: usize>(
	text: &mut String,
	head: [&str; N],
	rows: impl Iterator<Item = [String; N]>,
) {
	let last = N.saturating_sub(1);
	let cell = |(index, cell): (usize, String)| {
		let cell = plain(&cell);
		match cell.char_indices().nth(MAX_CELL) {
			Some((end, _)) if index < last => format!("{}~", cell.get(..end).unwrap_or_default()),
			_ => cell,
		}
	};
	let mut all = vec![head.map(str::to_owned).to_vec()];
	all.extend(rows.map(|row| row.into_iter().enumerate().map(cell).collect::<Vec<_>>()));
	if all.len() < 2 {
		return;
	}
	let mut widths = [0usize; N];
	for row in &all {
		for (width, cell) in widths.iter_mut().zip(row) {
			*width = (*width).max(cell.chars().count());
		}
	}
	text.push('\n');
	for row in &all {
		let mut line = String::new();
		for (index, (width, cell)) in widths.iter().zip(row).enumerate() {
			if index < last {
				let _ = write!(line, "{cell:<width$}  ");
			} else {
				line.push_str(cell);
			}
		}
		text.push_str(line.trim_end());
		text.push('\n');
	}
}

/// Text without characters that a terminal would act on.
fn plain(text: &str) -> String {
	text.chars().filter(|c| !c.is_control()).take(400).collect()
}

// SPDX-License-Identifier: Apache-2.0

//! `surety-provider logs`, `stats` and `restart`: a tenant's access to its leases.

use super::{Failure, LeaseArgs};
use crate::{
	client::{Chain, ClientError, Event, Events, Remote, token},
	server::tenants::unix_seconds,
	time::now_ms,
};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use std::{
	io::{self, Write},
	time::Duration,
};
use surety_engine::Usage;
use surety_gateway::chain::KeySigner;
use surety_orders::access::Right;
use surety_primitives::LeaseId;

/// Attempts in a row to go on with a log.
const ATTEMPTS: u32 = 10;
/// Most lines of one second that are remembered, so that none is shown twice.
const MAX_REPEATED: usize = 10_000;
/// Time between the two looks of which the use of processors is computed.
const SAMPLE: Duration = Duration::from_secs(1);

/// Flags of `logs`.
#[derive(Clone, Debug, clap::Args)]
pub struct LogsArgs {
	/// Lease.
	pub lease: LeaseId,

	/// Chain and key.
	#[command(flatten)]
	pub access: LeaseArgs,

	/// Wait for more.
	#[arg(long, short)]
	pub follow: bool,

	/// Number of lines from the end; all if left out.
	#[arg(long, short = 'n', value_name = "LINES")]
	pub tail: Option<u32>,

	/// Lines since a time such as `2026-11-29T19:27:35Z`, or since a span such as `10m` ago.
	#[arg(long, value_name = "TIME", value_parser = since)]
	pub since: Option<u32>,

	/// Show the time of each line.
	#[arg(long, short)]
	pub timestamps: bool,
}

/// Flags of `stats` and `restart`.
#[derive(Clone, Debug, clap::Args)]
pub struct OneArgs {
	/// Lease.
	pub lease: LeaseId,

	/// Chain and key.
	#[command(flatten)]
	pub access: LeaseArgs,
}

fn since(text: &str) -> Result<u32, String> {
	let now = now_ms().checked_div(1_000).unwrap_or(0);
	let units = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];
	let span = units.into_iter().find_map(|(unit, seconds): (_, u64)| {
		text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(seconds)
	});
	let seconds = match span {
		Some(span) => u32::try_from(now.saturating_sub(span)).ok(),
		None => unix_seconds(text),
	};
	seconds.ok_or_else(|| "a time such as 2026-11-29T19:27:35Z, or a span such as 10m".into())
}

/// Agent of a lease, and the right to reach it.
pub(super) struct Door {
	lease: LeaseId,
	chain: Chain,
	signer: KeySigner,
	/// The agent.
	pub remote: Remote,
}

impl Door {
	pub async fn open(lease: LeaseId, args: &LeaseArgs) -> Result<Self, Failure> {
		let (signer, network) = (args.signer()?, args.node.network()?);
		let chain = Chain::connect(&args.node.nodes).await?;
		let info = chain.lease(lease).await?;
		let remote = Remote::new(chain.server(&info).await?, &network);
		if remote.is_plain() && !args.node.allow_private {
			eprintln!(
				"surety-provider: {} is not encrypted: others on the way can read along",
				remote.server()
			);
		}
		Ok(Self { lease, chain, signer, remote })
	}

	/// Fresh token for a right.
	pub fn token(&self, right: Right) -> Result<String, ClientError> {
		token(&self.signer, self.chain.genesis(), self.lease, right)
	}

	/// Path of a right.
	pub fn path(&self, right: Right) -> String {
		format!("/leases/{}/{}", self.lease, right.name())
	}

	async fn ask(&self, method: Method, right: Right) -> Result<Bytes, ClientError> {
		let token = self.token(right)?;
		self.remote.ask(method, &self.path(right), Some(&token), Bytes::new()).await
	}
}

/// Line of a log.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
pub struct Line {
	/// `stdout` or `stderr`.
	pub stream: String,
	/// Time as the engine has it.
	pub time: String,
	/// Text with its end of the line.
	pub text: String,
}

/// Lines of the last second, which are sent again after a cut.
#[derive(Debug, Default)]
pub struct Seen {
	time: String,
	lines: Vec<Line>,
	/// Lines of that second that may still be repetitions.
	repeated: Vec<Line>,
}

impl Seen {
	/// Id to go on from.
	pub fn last(&self) -> Option<&str> {
		(!self.time.is_empty()).then_some(&*self.time)
	}

	/// The stream begins again.
	pub fn cut(&mut self) {
		self.repeated = self.lines.clone();
	}

	/// True if a line is to be shown.
	pub fn is_new(&mut self, line: &Line) -> bool {
		// An engine without times repeats nothing that could be recognised.
		if line.time != self.time {
			self.repeated.clear();
			self.lines.clear();
			self.time.clone_from(&line.time);
		} else if let Some(at) = self.repeated.iter().position(|seen| seen == line) {
			self.repeated.remove(at);
			return false;
		}
		if self.lines.len() < MAX_REPEATED {
			self.lines.push(line.clone());
		}
		true
	}
}

pub(super) async fn logs(args: &LogsArgs) -> Result<(), Failure> {
	let door = Door::open(args.lease, &args.access).await?;
	let mut query = vec![format!("follow={}", u8::from(args.follow))];
	query.extend(args.tail.map(|tail| format!("tail={tail}")));
	query.extend(args.since.map(|since| format!("since={since}")));
	let path = format!("{}?{}", door.path(Right::Logs), query.join("&"));
	let (mut seen, mut failures) = (Seen::default(), 0_u32);
	loop {
		let before = seen.last().map(str::to_owned);
		let error = match follow(&door, &path, args.timestamps, &mut seen).await {
			Ok(Cut::End) => return Ok(()),
			Ok(Cut::Right) => return Err("the lease is over, or the right was revoked".into()),
			Ok(Cut::Other) => None,
			Err(error) => Some(error),
		};
		// A pipe that is closed is how a reader ends.
		if let Some(Broken::Output(error)) = &error {
			let is_pipe = error.kind() == io::ErrorKind::BrokenPipe;
			return if is_pipe { Ok(()) } else { Err(error.to_string().into()) };
		}
		let is_final = matches!(&error, Some(Broken::Agent(ClientError::Refused(401..=410, ..))));
		failures = if seen.last() == before.as_deref() { failures.saturating_add(1) } else { 0 };
		if let Some(Broken::Agent(error)) = error
			&& (!args.follow || is_final || failures >= ATTEMPTS)
		{
			return Err(error.into());
		}
		if failures >= ATTEMPTS || !args.follow {
			return Err("the log broke off".into());
		}
		tokio::time::sleep(Duration::from_secs(1 << failures.min(4))).await;
		seen.cut();
	}
}

/// End of a stream.
enum Cut {
	End,
	Right,
	Other,
}

enum Broken {
	Agent(ClientError),
	Output(io::Error),
}

async fn follow(door: &Door, path: &str, timestamps: bool, seen: &mut Seen) -> Result<Cut, Broken> {
	let token = door.token(Right::Logs).map_err(Broken::Agent)?;
	let response = door.remote.stream(path, &token, seen.last()).await.map_err(Broken::Agent)?;
	let mut events = Events::new(response.into_body());
	loop {
		let Some(Event { event, data, .. }) = events.next().await.map_err(Broken::Agent)? else {
			return Ok(Cut::Other);
		};
		match event.as_str() {
			"log" => {
				let line: Line = serde_json::from_str(&data)
					.map_err(|_| Broken::Agent(ClientError::Malformed("no line of a log")))?;
				if seen.is_new(&line) {
					show(&line, timestamps).map_err(Broken::Output)?;
				}
			},
			"end" if data.contains("\"end\"") => return Ok(Cut::End),
			"end" if data.contains("\"right\"") => return Ok(Cut::Right),
			"end" => return Ok(Cut::Other),
			_ => {},
		}
	}
}

fn show(line: &Line, timestamps: bool) -> io::Result<()> {
	let time = if timestamps { format!("{} ", line.time) } else { String::new() };
	if line.stream == "stderr" {
		let mut out = io::stderr().lock();
		return write!(out, "{time}{}", line.text);
	}
	let mut out = io::stdout().lock();
	write!(out, "{time}{}", line.text)?;
	out.flush()
}

pub(super) async fn restart(args: &OneArgs) -> Result<(), Failure> {
	#[derive(Deserialize)]
	struct Form {
		outcome: String,
	}
	let door = Door::open(args.lease, &args.access).await?;
	let answer = door.ask(Method::POST, Right::Restart).await?;
	let form: Form = serde_json::from_slice(&answer)?;
	let outcome = match form.outcome.as_str() {
		"restarted" => "was restarted",
		_ => "had exited, and is started at once",
	};
	println!("The application of lease {} {outcome}.", args.lease);
	Ok(())
}

pub(super) async fn stats(args: &OneArgs) -> Result<(), Failure> {
	let door = Door::open(args.lease, &args.access).await?;
	let first: Usage = serde_json::from_slice(&door.ask(Method::GET, Right::Stats).await?)?;
	tokio::time::sleep(SAMPLE).await;
	let usage: Usage = serde_json::from_slice(&door.ask(Method::GET, Right::Stats).await?)?;
	print!("{}", table(&first, &usage));
	Ok(())
}

/// Use of resources in words.
pub fn table(first: &Usage, last: &Usage) -> String {
	let mib = |bytes: u64| format!("{} MiB", bytes.checked_div(1 << 20).unwrap_or(0));
	let passed = last.at_ms.saturating_sub(first.at_ms).saturating_mul(10_000);
	let cpu = last.cpu_ns.saturating_sub(first.cpu_ns).checked_div(passed).unwrap_or(0);
	format!(
		"CPU      {cpu} %\nMemory   {} of {}\nDisk     {} of {}\nNetwork  {} in, {} out\n\
		 Processes {}\n",
		mib(last.memory_bytes),
		mib(last.memory_limit),
		mib(last.disk_bytes),
		mib(last.disk_limit),
		mib(last.received_bytes),
		mib(last.sent_bytes),
		last.pids,
	)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn line(time: &str, text: &str) -> Line {
		Line { stream: "stdout".into(), time: time.into(), text: text.into() }
	}

	#[test]
	fn lines_that_are_sent_again_are_shown_once() {
		let mut seen = Seen::default();
		assert!(seen.is_new(&line("1", "a")) && seen.is_new(&line("2", "b")));
		assert!(seen.is_new(&line("2", "b")) && seen.is_new(&line("2", "c")));
		assert_eq!(seen.last(), Some("2"));
		seen.cut();
		for (text, is_new) in [("b", false), ("b", false), ("c", false), ("b", true), ("d", true)] {
			assert_eq!(seen.is_new(&line("2", text)), is_new, "{text}");
		}
		seen.cut();
		assert!(seen.is_new(&line("3", "b")));
	}

	#[test]
	fn use_is_shown_in_units() {
		let first = Usage { cpu_ns: 0, at_ms: 1_000, ..Usage::default() };
		let last = Usage { cpu_ns: 500_000_000, at_ms: 2_000, memory_bytes: 3 << 20, ..first };
		let text = table(&first, &last);
		assert!(text.contains("CPU      50 %") && text.contains("3 MiB"), "{text}");
	}

	#[test]
	fn spans_and_times_are_taken() {
		assert_eq!(since("2026-11-29T19:27:35Z"), Ok(1_795_980_455));
		assert!(since("10m").unwrap() > 1_700_000_000);
		assert!(since("yesterday").is_err());
	}
}

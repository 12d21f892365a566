// SPDX-License-Identifier: Apache-2.0

//! Command line.

use crate::{chain::Chain, drive::mix::Mix};
use clap::{Parser, Subcommand, ValueEnum};
use std::{net::SocketAddr, time::Duration};

/// Result with any error, which ends the run.
pub type Res<T> = Result<T, Box<dyn std::error::Error>>;

/// Load on a JSON-RPC proxy, with each answer verified.
#[derive(Parser)]
pub struct Args {
	/// Role of this process.
	#[command(subcommand)]
	pub task: Task,
}

/// Role of a process.
#[derive(Subcommand)]
pub enum Task {
	/// Serve a chain whose blocks follow from the clock.
	Serve(ServeArgs),
	/// Send requests and verify the answers.
	Drive(DriveArgs),
	/// Hold subscriptions of new heads and verify their order.
	Subscribe(SubscribeArgs),
}

/// The chain. Processes with the same values know the same blocks at any time.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct ChainArgs {
	/// Time of the first block, in ms of the Unix epoch.
	#[arg(long, default_value_t = 1_767_225_600_000)]
	pub epoch: u64,
	/// Time between two blocks.
	#[arg(long, default_value = "2s", value_parser = duration)]
	pub period: Duration,
	/// Blocks between the head and the last finalized block.
	#[arg(long, default_value_t = 32)]
	pub finality: u64,
}

impl ChainArgs {
	/// The chain of these arguments.
	pub fn chain(self) -> Chain {
		Chain::new(Duration::from_millis(self.epoch), self.period, self.finality)
	}
}

/// Arguments of `serve`.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeArgs {
	/// Address to listen on.
	#[arg(long, default_value = "127.0.0.1:9100")]
	pub listen: SocketAddr,
	#[command(flatten)]
	pub chain: ChainArgs,
	/// Time between a request and its answer; it varies by a fifth in both directions.
	#[arg(long, default_value = "0ms", value_parser = duration)]
	pub delay: Duration,
	/// Error to all requests: an HTTP status such as 503, or a JSON-RPC code such as -32603.
	#[arg(long, allow_hyphen_values = true)]
	pub fail: Option<i64>,
	/// Blocks that the reported head is ahead of the chain's.
	#[arg(long, default_value_t = 0, allow_hyphen_values = true)]
	pub lie: i64,
	/// End the process after this time, in the middle of its answers.
	#[arg(long, value_parser = duration)]
	pub die_after: Option<Duration>,
}

/// Loop in which requests are sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Arrivals {
	/// Open loop: one request every so often, whatever became of the ones before.
	Uniform,
	/// Open loop: random arrivals that do not depend on each other.
	Poisson,
	/// Closed loop: each connection sends as soon as it has its answer.
	Closed,
}

/// Arguments of `drive`.
#[derive(Clone, Debug, clap::Args)]
pub struct DriveArgs {
	/// URL to send requests to.
	pub url: String,
	#[command(flatten)]
	pub chain: ChainArgs,
	/// Loop in which requests are sent.
	#[arg(long, value_enum, default_value = "closed")]
	pub arrivals: Arrivals,
	/// Requests per second of an open loop.
	#[arg(long, default_value_t = 1_000.0)]
	pub rate: f64,
	/// Connections.
	#[arg(long, default_value_t = 64)]
	pub connections: usize,
	/// Threads, each with an equal part of the connections and of the rate.
	#[arg(long, default_value_t = 1)]
	pub threads: usize,
	/// Time without a measurement at the start.
	#[arg(long, default_value = "500ms", value_parser = duration)]
	pub warm_up: Duration,
	/// Measured time.
	#[arg(long, default_value = "3s", value_parser = duration)]
	pub time: Duration,
	/// Time after which an answer counts as lost.
	#[arg(long, default_value = "10s", value_parser = duration)]
	pub timeout: Duration,
	/// Requests and their shares, such as `call=8,block=2` or `call:10000` for answers of 10 kB.
	#[arg(long, default_value = "call")]
	pub mix: Mix,
	/// Headers of all requests, as `name: value`.
	#[arg(long = "header")]
	pub headers: Vec<String>,
	/// Verify only the HTTP status, for servers with one fixed answer.
	#[arg(long)]
	pub status_only: bool,
	/// Blocks that an answer may be behind the head.
	#[arg(long, default_value_t = 5)]
	pub max_lag: u64,
	/// Number that the contents of the requests start from. Two runs with different numbers have no
	/// request in common.
	#[arg(long, default_value_t = 1)]
	pub seed: u64,
	/// Print JSON instead of tables.
	#[arg(long)]
	pub json: bool,
}

/// Arguments of `subscribe`.
#[derive(Clone, Debug, clap::Args)]
pub struct SubscribeArgs {
	/// URL to subscribe at, with the scheme `ws` or `http`.
	pub url: String,
	#[command(flatten)]
	pub chain: ChainArgs,
	/// Subscribers, one connection each.
	#[arg(long, default_value_t = 10_000)]
	pub connections: usize,
	/// Handshakes at a time.
	#[arg(long, default_value_t = 100)]
	pub handshakes: usize,
	/// Time that all subscribers must be connected within.
	#[arg(long, default_value = "60s", value_parser = duration)]
	pub connect_within: Duration,
	/// Measured time after that.
	#[arg(long, default_value = "20s", value_parser = duration)]
	pub time: Duration,
	/// Headers of all handshakes, as `name: value`.
	#[arg(long = "header")]
	pub headers: Vec<String>,
	/// Print JSON instead of tables.
	#[arg(long)]
	pub json: bool,
}

/// Parse a time such as `500us`, `20ms`, `3s` or `10m`.
pub fn duration(text: &str) -> Result<Duration, String> {
	let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
	let (number, unit) = text.split_at(split);
	let seconds = match unit {
		"us" => 1e-6,
		"ms" => 1e-3,
		"s" => 1.0,
		"m" => 60.0,
		"h" => 3_600.0,
		_ => return Err("a number with one of the units us, ms, s, m, h".into()),
	};
	let number: f64 = number.parse().map_err(|error| format!("{error}"))?;
	Duration::try_from_secs_f64(number * seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn times_have_units() {
		assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1_500)));
		assert_eq!(duration("200us"), Ok(Duration::from_micros(200)));
		assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
		for wrong in ["", "5", "-1s", "s", "1d"] {
			assert!(duration(wrong).is_err(), "{wrong}");
		}
	}
}

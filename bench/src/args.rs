// SPDX-License-Identifier: Apache-2.0

//! Command line.

use clap::{Parser, Subcommand, ValueEnum};
use pallet_surety_probes::{MAX_DUE, MIN_DUE, ROWS};
use std::path::PathBuf;

/// Result with any error, which ends the run.
pub type Res<T> = Result<T, Box<dyn std::error::Error>>;

/// Subcommand of the child process.
pub const FILL: &str = "fill";

/// Section of the benchmark.
#[derive(Clone, Copy, Eq, PartialEq, ValueEnum)]
pub enum Section {
	/// Services and agreements.
	Scale,
	/// A breach of many agreements.
	Breach,
	/// Orders and leases.
	Compute,
	/// Services that are due in every round.
	Due,
	/// Transactions of users in full blocks.
	Throughput,
	/// Reads and writes of single keys.
	Storage,
}

/// Measure the time of blocks at scale, on ParityDB in a temporary folder.
#[derive(Parser)]
pub struct Args {
	/// Sections to run.
	#[arg(
		long,
		value_enum,
		value_delimiter = ',',
		default_value = "scale,breach,compute,due,throughput,storage"
	)]
	pub only: Vec<Section>,
	/// Numbers of services; there are ten times as many agreements. The section `storage` takes the
	/// largest.
	#[arg(long, value_delimiter = ',', default_value = "1000,10000,100000", value_parser = clap::value_parser!(u32).range(1..=400_000))]
	pub services: Vec<u32>,
	/// Numbers of probers. The default is 4 and 21, and in the section `due` also 100.
	#[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=100))]
	pub probers: Vec<u32>,
	/// Rounds of ten blocks to measure. Four windows are 48 rounds.
	#[arg(long, default_value_t = 52, value_parser = clap::value_parser!(u32).range(1..))]
	pub rounds: u32,
	/// Warm-up rounds: caches fill, the first rounds are judged, and the database processes its
	/// initial writes.
	#[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(4..))]
	pub warm_up: u32,
	/// Agreements of the service that is compared with a service with a single agreement; 0 skips
	/// the comparison.
	#[arg(long, default_value_t = 100_000)]
	pub breach_agreements: u32,
	/// Numbers of orders that wait for bids. Orders that are matched during the measurement are
	/// added to the last.
	#[arg(long, value_delimiter = ',', default_value = "0,100000", value_parser = clap::value_parser!(u32).range(..=1_000_000))]
	pub orders: Vec<u32>,
	/// Leases per order, all closed.
	#[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(..=56))]
	pub leases_per_order: u32,
	/// Running leases where there are orders. They replace services that are probed every round.
	#[arg(long, default_value_t = 960, value_parser = clap::value_parser!(u32).range(..=1_900))]
	pub running: u32,
	/// Services beside the orders; there are ten times as many agreements.
	#[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=400_000))]
	pub compute_services: u32,
	/// Numbers of services that are due in every round, in whole pages of 128.
	#[arg(long, value_delimiter = ',', default_value = "2048,8192,32768", value_parser = pages)]
	pub due: Vec<u32>,
	/// Rounds to measure for each number of due services.
	#[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..))]
	pub due_rounds: u32,
	/// Full blocks to measure for each kind of transaction, and blocks of writes.
	#[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
	pub full_blocks: u32,
	/// Wasm of a plain chain whose transfers are measured beside ours.
	#[arg(long)]
	pub template: Option<PathBuf>,
	/// Check the invariants of every pallet in each filled state (slow for large states).
	#[arg(long)]
	pub check: bool,
	/// Folder of the databases, which are removed at the end.
	#[arg(long, default_value_os_t = std::env::temp_dir())]
	pub dir: PathBuf,
	#[command(subcommand)]
	pub task: Option<Task>,
}

impl Args {
	/// Numbers of probers of a section.
	pub fn probers(&self, section: Section) -> &[u32] {
		match (&self.probers[..], section) {
			([], Section::Due) => &[4, 21, 100],
			([], _) => &[4, 21],
			(given, _) => given,
		}
	}
}

/// Task of a child process.
#[derive(Subcommand)]
pub enum Task {
	/// Fill a state and write it.
	#[command(hide = true, name = FILL)]
	Fill {
		/// Index among the states that the other arguments select.
		nth: usize,
		/// Folder of the databases.
		into: PathBuf,
	},
}

/// Parse a number of due services, in whole pages.
fn pages(arg: &str) -> Result<u32, String> {
	let due: u32 = arg.parse().map_err(|error| format!("{error}"))?;
	let fits = due.is_multiple_of(ROWS) && (MIN_DUE..=MAX_DUE).contains(&(due / ROWS));
	fits.then_some(due).ok_or_else(|| {
		format!("a multiple of {ROWS} from {} to {}", MIN_DUE * ROWS, MAX_DUE * ROWS)
	})
}

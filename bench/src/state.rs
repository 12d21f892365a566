// SPDX-License-Identifier: Apache-2.0

//! States to measure. A child process fills each state and writes its databases, so that the
//! measuring process has the memory of a node: filling the largest state takes gigabytes, which a
//! process does not return, and blocks are slower in a process that holds them.

use crate::{
	args::{Args, FILL, Res, Section},
	chain::{self, Chain},
	fill::{self, Matches, Orders, Plan},
	process::{peak_memory, settle},
	throughput::{AGREEMENTS, SERVICES, TRADERS},
};
use clap::ValueEnum;
use std::{
	path::{Path, PathBuf},
	process::Command,
	time::Instant,
};
use surety_primitives::RoundIndex;
use tempfile::TempDir;

/// State selected by the arguments.
#[derive(Clone, Copy, Debug)]
pub enum State {
	/// Number of services, with ten times as many agreements.
	Scale(u32),
	/// A service with many agreements and one with a single agreement.
	Breach,
	/// Index of the number of orders.
	Compute(usize),
	/// Number of services due in every round.
	Due(u32),
	/// Services, and accounts that send transactions.
	Throughput,
	/// Number of services, as of a scale.
	Storage(u32),
}

impl State {
	/// Selected states, in the order of measurement.
	pub fn all(args: &Args) -> Vec<Self> {
		let of = |section: &Section| match section {
			Section::Scale => args.services.iter().copied().map(Self::Scale).collect(),
			Section::Breach => vec![Self::Breach; usize::from(args.breach_agreements > 0)],
			Section::Compute => (0..args.orders.len()).map(Self::Compute).collect::<Vec<_>>(),
			Section::Due => args.due.iter().copied().map(Self::Due).collect(),
			Section::Throughput => vec![Self::Throughput],
			Section::Storage => {
				args.services.iter().copied().max().map(Self::Storage).into_iter().collect()
			},
		};
		Section::value_variants()
			.iter()
			.filter(|section| args.only.contains(section))
			.flat_map(of)
			.collect()
	}

	/// True if a follower imports the blocks.
	fn is_followed(self) -> bool {
		matches!(self, Self::Throughput)
	}

	/// Contents of the state.
	pub fn plan(self, args: &Args) -> Plan {
		match self {
			Self::Scale(services) | Self::Storage(services) => Plan::scale(services),
			Self::Breach => Plan::breach(args.breach_agreements),
			Self::Compute(n) => Plan::compute(args.compute_services, orders(args, n)),
			Self::Due(due) => Plan::due(due),
			Self::Throughput => Plan::throughput(SERVICES, AGREEMENTS, TRADERS),
		}
	}

	/// Numbers of probers with which the state is measured.
	pub fn probers(self, args: &Args) -> &[u32] {
		match self {
			Self::Breach => args.probers(Section::Breach).get(..1).unwrap_or_default(),
			Self::Throughput => args.probers(Section::Throughput).get(..1).unwrap_or_default(),
			Self::Storage(_) => args.probers(Section::Storage).get(..1).unwrap_or_default(),
			Self::Scale(_) => args.probers(Section::Scale),
			Self::Compute(_) => args.probers(Section::Compute),
			Self::Due(_) => args.probers(Section::Due),
		}
	}
}

/// Fill the `nth` state and write it to a database in `into` for each number of probers.
pub fn write(args: &Args, nth: usize, into: &Path) -> Res<()> {
	let state = *State::all(args).get(nth).ok_or("there is no such state")?;
	let plan = state.plan(args);
	let start = Instant::now();
	let max_probers = state.probers(args).iter().copied().max().unwrap_or(1);
	let filled = fill::fill(&plan, max_probers as usize, args.check)?;
	eprintln!("  filled: {} keys in {:.0} s", filled.top.len(), start.elapsed().as_secs_f64());
	for (n, probers) in state.probers(args).iter().enumerate() {
		let start = Instant::now();
		let storage = fill::with_probers(&filled, &plan, *probers as usize)?;
		let write = if state.is_followed() { chain::write_followed } else { chain::write };
		write(storage, &path(into, n))?;
		let seconds = start.elapsed().as_secs_f64();
		eprintln!(
			"  {probers} probers: written in {seconds:.0} s; peak memory so far {} MiB",
			peak_memory() >> 10
		);
	}
	Ok(())
}

/// Databases of a state, removed when dropped.
pub struct Databases {
	dir: TempDir,
}

impl Databases {
	/// Run a child process that fills the `nth` state.
	fn fill(args: &Args, nth: usize) -> Res<Self> {
		let dir = tempfile::Builder::new().prefix("surety-bench-").tempdir_in(&args.dir)?;
		let mut child = Command::new(std::env::current_exe()?);
		child.args(std::env::args_os().skip(1)).arg(FILL).arg(nth.to_string()).arg(dir.path());
		let status = child.status()?;
		if !status.success() {
			return Err(format!("the process that fills the state ended with {status}").into());
		}
		Ok(Self { dir })
	}

	/// Folder of the database with the `nth` number of probers.
	pub fn path(&self, nth: usize) -> PathBuf {
		path(self.dir.path(), nth)
	}

	/// Open the chain with the `nth` number of probers.
	pub fn open(
		&self,
		nth: usize,
		probers: u32,
		down: fn(RoundIndex) -> &'static [usize],
	) -> Res<Chain> {
		let chain = Chain::open(&self.path(nth), fill::probers(probers as usize), down)?;
		eprintln!(
			"  {probers} probers: the database is idle after {:.0} s",
			settle().as_secs_f64()
		);
		Ok(chain)
	}
}

/// Fill the selected ones of `states`.
pub fn fill_all(
	args: &Args,
	states: &[State],
	mut pick: impl FnMut(State) -> bool,
) -> Res<Vec<Databases>> {
	let picked = (0..).zip(states).filter(|(_, state)| pick(**state)).map(|(nth, _)| nth);
	picked.map(|nth| Databases::fill(args, nth)).collect()
}

/// Open the chains with the `nth` number of probers. All services stay up.
pub fn open_all(databases: &[Databases], nth: usize, probers: u32) -> Res<Vec<Chain>> {
	databases.iter().map(|databases| databases.open(nth, probers, |_| &[])).collect()
}

/// Folder of the database with the `nth` number of probers.
fn path(dir: &Path, nth: usize) -> PathBuf {
	dir.join(nth.to_string())
}

/// Orders and leases of the `n`th state. The matched orders are added to the last state.
pub fn orders(args: &Args, n: usize) -> Orders {
	let open = args.orders.get(n).copied().unwrap_or(0);
	// Twice as many rounds, since only one block of each says anything about matches.
	let matches = Matches { from: args.warm_up + args.rounds, rounds: 2 * args.rounds };
	Orders {
		open,
		leases_each: args.leases_per_order,
		running: if open > 0 { args.running } else { 0 },
		matches: (n + 1 == args.orders.len()).then_some(matches),
	}
}

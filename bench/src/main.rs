// SPDX-License-Identifier: Apache-2.0

//! `surety-bench`: time of blocks at scale. The program fills the state of a chain with services,
//! agreements, orders and leases, writes it to ParityDB, and builds and imports blocks without user
//! transactions while every round is committed and revealed. Progress goes to stderr, the tables to
//! stdout. Times are not asserted.
//!
//! Six sections: `scale` varies the number of services and agreements, `breach` compares a breach
//! of many agreements with that of a single one, `compute` adds orders and leases and then matches
//! orders, `due` varies the number of services that are probed in every round, `throughput` fills
//! blocks with transactions of users, beside the same blocks of a plain chain, `storage` reads and
//! writes single keys.
//!
//! | module | responsibility |
//! |---|---|
//! | `args` | command line |
//! | `state` | states to measure, and the process that fills one |
//! | `fill` | contents of a state |
//! | `fill::orders` | orders and leases of a state |
//! | `compute` | section on orders and leases |
//! | `due` | section on due services |
//! | `throughput` | section on transactions of users |
//! | `storage` | section on reads and writes of keys |
//! | `chain` | building, importing and measuring blocks |
//! | `process` | processor time and memory of this process |
//! | `table` | summaries and tables |

// The benchmark is not part of the chain and may stop on an error.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

mod args;
mod chain;
mod compute;
mod due;
mod fill;
mod process;
mod state;
mod storage;
mod table;
mod throughput;

use args::{Args, Res, Section, Task};
use chain::{Chain, JUDGE_AT, Kind, Sample};
use clap::Parser;
use fill::WINDOW_ROUNDS;
use state::State;
use table::{
	CELLS, Chart, Summary, Table, change, print_changes, print_due, print_kinds, print_terms,
};

/// Rounds in which breaches are measured: three windows, so that no session ends.
const BREACH_ROUNDS: u32 = 3 * WINDOW_ROUNDS as u32;

/// Size of a chain and its measurements.
struct Measured {
	services: u32,
	agreements: usize,
	probers: u32,
	samples: Vec<Sample>,
	writes: [f64; 2],
}

fn main() -> Res<()> {
	let args = Args::parse();
	if let Some(Task::Fill { nth, into }) = &args.task {
		return state::write(&args, *nth, into);
	}
	let states = State::all(&args);
	let scales = scale(&args, &states)?;
	let breaches = breach(&args, &states)?;
	let computes = compute::measure(&args, &states)?;
	let dues = due::measure(&args, &states)?;
	let throughput = throughput::measure(&args, &states)?;
	let storage = storage::measure(&args, &states)?;
	print_scale(&scales);
	breaches.iter().for_each(print_breach);
	compute::print(&computes);
	due::print(&dues);
	throughput::print(throughput.as_ref());
	storage::print(storage.as_ref());
	Ok(())
}

/// Measure the states of services and agreements with each number of probers, side by side.
fn scale(args: &Args, states: &[State]) -> Res<Vec<Measured>> {
	let mut sizes = Vec::new();
	let databases = state::fill_all(args, states, |state| match state {
		State::Scale(services) => {
			let agreements = state.plan(args).agreements.len();
			eprintln!("{services} services, {agreements} agreements");
			sizes.push((services, agreements));
			true
		},
		_ => false,
	})?;
	let mut all = Vec::new();
	if databases.is_empty() {
		return Ok(all);
	}
	for (n, probers) in args.probers(Section::Scale).iter().enumerate() {
		let mut chains = state::open_all(&databases, n, *probers)?;
		chain::run_all(&mut chains, args.warm_up)?;
		let writes = chains.iter_mut().map(Chain::writes).collect::<Res<Vec<_>>>()?;
		let samples = chain::run_all(&mut chains, args.warm_up + 2 + args.rounds)?;
		for (((services, agreements), writes), samples) in
			sizes.iter().copied().zip(writes).zip(samples)
		{
			all.push(Measured { services, agreements, probers: *probers, samples, writes });
		}
	}
	Ok(all)
}

/// Measure breaches. A service with many agreements and one with a single agreement are down for a
/// round in turns.
fn breach(args: &Args, states: &[State]) -> Res<Option<Measured>> {
	// Agreements count from the second window on.
	const FROM: u32 = WINDOW_ROUNDS as u32 + 1;
	/// Both services are active, in the first two slots of the report's first page.
	fn down(round: u32) -> &'static [usize] {
		match round {
			..FROM => &[],
			// Up in at least half of the rounds, so that neither is ended for cause.
			_ => [&[0][..], &[], &[1], &[]][round as usize % 4],
		}
	}
	let databases = state::fill_all(args, states, |state| matches!(state, State::Breach))?;
	let Some(database) = databases.first() else { return Ok(None) };
	let plan = State::Breach.plan(args);
	let (services, agreements) = (plan.services, plan.agreements.len() - 1);
	let probers = State::Breach.probers(args).first().copied().unwrap_or(4);
	let mut chain = database.open(0, probers, down)?;
	// After the first breach of many agreements, every block pays credits alike.
	chain.run(FROM + 3)?;
	let samples = chain.run(FROM + 3 + BREACH_ROUNDS)?;
	chain.check()?;
	Ok(Some(Measured { services, agreements, probers, samples, writes: [0.0; 2] }))
}

fn print_scale(all: &[Measured]) {
	if all.is_empty() {
		return;
	}
	print_terms();
	print_due();
	let charts: Vec<Chart> = all
		.iter()
		.map(|m| Chart {
			size: vec![m.services.to_string(), m.agreements.to_string(), m.probers.to_string()],
			samples: &m.samples,
		})
		.collect();
	print_kinds(&["services", "agreements", "probers"], &charts);
	let pairs = all.windows(2).filter(|pair| pair[0].probers == pair[1].probers).map(|pair| {
		let size = vec![
			pair[0].probers.to_string(),
			pair[0].services.to_string(),
			pair[1].services.to_string(),
		];
		(size, &pair[0].samples[..], &pair[1].samples[..])
	});
	print_changes(&["probers", "services from", "to"], pairs);
	print_writes(all);
}

fn print_writes(all: &[Measured]) {
	let mut table = Table::new(&["services", "probers", "per commit", "per reveal"]);
	for m in all {
		let [commit, reveal] = m.writes.map(|writes| format!("{writes:.2}"));
		table.row(vec![m.services.to_string(), m.probers.to_string(), commit, reveal]);
	}
	println!("Storage keys written by a transaction of a prober, beyond those of its block:\n");
	table.print();
}

fn print_breach(m: &Measured) {
	println!(
		"A breach, by the agreements of its service. {} probers, {} services. The compared blocks \
		 judge the same page.\n",
		m.probers, m.services,
	);
	let of =
		|breaches: [u32; 2]| {
			Summary::of(m.samples.iter().filter(|s| {
				s.offset == JUDGE_AT && s.kind == Kind::Judge && s.breaches == breaches
			}))
		};
	let mut table = Table::new(&[&["agreements"][..], &CELLS[..]].concat());
	let (none, one, many) = (of([0, 0]), of([1, 0]), of([0, 1]));
	for (name, summary) in [
		("no breach".to_string(), &none),
		("1".to_string(), &one),
		(m.agreements.to_string(), &many),
	] {
		if let Some(summary) = summary {
			table.row([vec![name], summary.cells()].concat());
		}
	}
	table.print();
	if let (Some(one), Some(many)) = (one, many) {
		let change = change(one.import[0], many.import[0]);
		println!(
			"  The median import with {} agreements differs by {change} from that with 1.\n",
			m.agreements
		);
	}
}

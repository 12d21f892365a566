// SPDX-License-Identifier: Apache-2.0

//! Orders and leases: time of blocks with many of them, and cost of a match.

use crate::{
	args::{Args, Res, Section},
	chain,
	chain::{Kind, Sample},
	fill::{BIDDERS, IDLE_AT, Matches, Orders},
	state,
	state::State,
	table::{Chart, Summary, Table, percent, print_changes, print_due, print_kinds, print_terms},
};

/// Size of a chain and its measurements.
pub struct Measured {
	services: u32,
	orders: Orders,
	probers: u32,
	/// Blocks without due orders.
	samples: Vec<Sample>,
	/// Blocks of rounds that may have matches.
	matches: Vec<Sample>,
}

/// Measure the states of orders and leases with each number of probers, side by side, and then
/// matches in the last state.
pub fn measure(args: &Args, states: &[State]) -> Res<Vec<Measured>> {
	let mut sizes = Vec::new();
	let databases = state::fill_all(args, states, |state| match state {
		State::Compute(n) => {
			let orders = state::orders(args, n);
			eprintln!(
				"{} open orders, {} leases, {} of them running",
				orders.open,
				orders.leases(),
				orders.running
			);
			sizes.push(orders);
			true
		},
		_ => false,
	})?;
	let mut all = Vec::new();
	if databases.is_empty() {
		return Ok(all);
	}
	for (n, probers) in args.probers(Section::Compute).iter().enumerate() {
		let mut chains = state::open_all(&databases, n, *probers)?;
		chain::run_all(&mut chains, args.warm_up)?;
		let samples = chain::run_all(&mut chains, args.warm_up + args.rounds)?;
		for ((orders, samples), chain) in sizes.iter().copied().zip(samples).zip(&mut chains) {
			let matches = match &orders.matches {
				Some(matches) => measure_matches(chain, matches)?,
				None => Vec::new(),
			};
			let services = args.compute_services;
			all.push(Measured { services, orders, probers: *probers, samples, matches });
		}
	}
	Ok(all)
}

/// Run the rounds with matches. All orders must have been matched in their blocks; otherwise the
/// measurement is meaningless.
fn measure_matches(chain: &mut chain::Chain, matches: &Matches) -> Res<Vec<Sample>> {
	let samples = chain.run(matches.from + matches.rounds)?;
	chain.check()?;
	let matching = samples.iter().filter(|sample| sample.offset == IDLE_AT);
	for (n, sample) in (0..).zip(matching) {
		let (orders, replicas) = Matches::nth(n);
		if sample.leases != orders * replicas {
			return Err(format!(
				"{} leases awarded by {orders} x {replicas} replicas",
				sample.leases
			)
			.into());
		}
	}
	Ok(samples)
}

/// Print the tables.
pub fn print(all: &[Measured]) {
	if all.is_empty() {
		return;
	}
	println!(
		"Orders and leases. All leases are closed except the running ones, which are probed every \
		 round."
	);
	print_terms();
	print_due();
	let charts: Vec<Chart> = all
		.iter()
		.map(|m| Chart {
			size: [m.services, m.orders.open, m.orders.leases(), m.orders.running, m.probers]
				.map(|n| n.to_string())
				.to_vec(),
			samples: &m.samples,
		})
		.collect();
	print_kinds(&["services", "open orders", "leases", "running", "probers"], &charts);
	let pairs = all.windows(2).filter(|pair| pair[0].probers == pair[1].probers).map(|pair| {
		let sizes = pair.iter().flat_map(|m| [m.orders.open, m.orders.leases()]);
		let size = std::iter::once(pair[0].probers).chain(sizes).map(|n| n.to_string()).collect();
		(size, &pair[0].samples[..], &pair[1].samples[..])
	});
	print_changes(&["probers", "orders from", "leases", "orders to", "leases"], pairs);
	print_matches(all);
}

/// Print the additional time and weight of a block with matches and without a sweep.
fn print_matches(all: &[Measured]) {
	let head = [
		"open orders",
		"probers",
		"matched",
		"replicas",
		"blocks",
		"build p50",
		"import p50",
		"weight max",
	];
	let more =
		["import/weight", "more build", "more import", "more weight", "import/weight of it", "p95"];
	let mut table = Table::new(&[&head[..], &more].concat());
	for m in all {
		let of = |leases: u32| {
			let matching =
				|s: &&Sample| s.kind == Kind::Idle && s.offset == IDLE_AT && s.leases == leases;
			Summary::of(m.matches.iter().filter(matching))
		};
		let Some(none) = of(0) else { continue };
		for (orders, replicas) in (0..4).map(Matches::nth) {
			let Some(some) = of(orders * replicas) else { continue };
			let size = [m.orders.open, m.probers, orders, replicas].map(|n| n.to_string());
			let ms = |ms: f64| format!("{ms:.2}");
			let mut row = size.to_vec();
			row.extend([
				some.blocks.to_string(),
				ms(some.build[0]),
				ms(some.import[0]),
				ms(some.weight),
			]);
			row.push(percent(some.share[0]));
			let (build, import) = (some.build[0] - none.build[0], some.import[0] - none.import[0]);
			let weight = some.weight - none.weight;
			if orders > 0 {
				let slow = some.import[1] - none.import[0];
				row.extend([
					ms(build),
					ms(import),
					ms(weight),
					percent(import / weight),
					percent(slow / weight),
				]);
			}
			table.row(row);
		}
	}
	if table.is_empty() {
		return;
	}
	println!(
		"Orders matched in the second block of a round, which has no sweep, each with {BIDDERS} \
		 bids."
	);
	println!(
		"On the right, the increase over the median (p95: of the slowest) and over the largest \
		 weight of such\n  blocks without matches:\n"
	);
	table.print();
}

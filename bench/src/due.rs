// SPDX-License-Identifier: Apache-2.0

//! Services that are due in every round: time of blocks by their number and by that of the probers.

use crate::{
	args::{Args, Res, Section},
	chain::{self, Sample},
	fill::{block_limit, timings},
	state::{self, State},
	table::{Chart, Summary, Table, by_kind, percent, print_kinds, print_terms},
};
use pallet_surety_probes::ROWS;

/// Rounds before the measurement: the first rounds are judged, and caches fill.
const WARM_UP: u32 = 6;

/// Measurements of a chain.
pub struct Measured {
	due: u32,
	probers: u32,
	samples: Vec<Sample>,
}

/// Measure all states with each number of probers, side by side.
pub fn measure(args: &Args, states: &[State]) -> Res<Vec<Measured>> {
	let mut sizes = Vec::new();
	let databases = state::fill_all(args, states, |state| match state {
		State::Due(due) => {
			eprintln!("{due} services due in every round");
			sizes.push(due);
			true
		},
		_ => false,
	})?;
	let mut all = Vec::new();
	if databases.is_empty() {
		return Ok(all);
	}
	for (n, probers) in args.probers(Section::Due).iter().copied().enumerate() {
		let mut chains = state::open_all(&databases, n, probers)?;
		chain::run_all(&mut chains, WARM_UP)?;
		let samples = chain::run_all(&mut chains, WARM_UP + args.due_rounds)?;
		for ((due, samples), chain) in sizes.iter().copied().zip(samples).zip(&chains) {
			if chain.due()? != due {
				return Err(format!("{} services are due, not {due}", chain.due()?).into());
			}
			all.push(Measured { due, probers, samples });
		}
	}
	Ok(all)
}

/// Print the tables.
pub fn print(all: &[Measured]) {
	if all.is_empty() {
		return;
	}
	println!(
		"Services due in every round: all have an agreement except those of one page of {ROWS}."
	);
	print_terms();
	println!(
		"All reports of a round are in two blocks: commits in the first block of the next round, \
		 reveals in the fifth.\n"
	);
	print_blocks(all);
	println!("By the kind of block:\n");
	let charts: Vec<Chart> = all
		.iter()
		.map(|m| Chart {
			size: vec![m.due.to_string(), m.probers.to_string()],
			samples: &m.samples,
		})
		.collect();
	print_kinds(&["due", "probers"], &charts);
}

/// Print the share of a slot that blocks take. Blocks that close windows or start sessions are
/// separate.
fn print_blocks(all: &[Measured]) {
	let head = [
		"due",
		"probers",
		"blocks",
		"build p50",
		"p95",
		"import p50",
		"p95",
		"of slot",
		"of limit",
	];
	let slowest = ["slowest", "import p50", "p95", "of limit"];
	let more = ["kB of block p50", "max", "kB of reports per round", "weight max", "of limit"];
	let closing = ["closing: import max", "weight max", "of limit"];
	let mut table = Table::new(&[&head[..], &slowest, &more, &closing].concat());
	all.iter().filter_map(row).for_each(|row| table.row(row));
	println!(
		"Blocks that neither close windows nor start a session; `of slot` and `of limit` refer to \
		 the p95 of import.\n  On the right, the other blocks:\n"
	);
	table.print();
}

/// Row of a chain; `None` if nothing was measured.
fn row(m: &Measured) -> Option<Vec<String>> {
	let limit = block_limit() as f64 / 1e9;
	let ms = |ms: f64| format!("{ms:.2}");
	let kb = |bytes: usize| format!("{:.1}", bytes as f64 / 1_000.0);
	let usual = || m.samples.iter().filter(|s| !s.kind.closes());
	let blocks = Summary::of(usual())?;
	let kinds = by_kind(usual()).into_iter();
	let kinds = kinds.filter_map(|(kind, samples)| Some((kind, Summary::of(samples)?)));
	let (kind, slow) = kinds.max_by(|(_, a), (_, b)| a.import[1].total_cmp(&b.import[1]))?;
	let mut bytes: Vec<usize> = usual().map(|s| s.bytes).collect();
	bytes.sort_unstable();
	let rounds = m.samples.len() / timings().round_blocks as usize;
	let reports: usize = m.samples.iter().map(|s| s.report_bytes).sum();
	let mut row = vec![
		m.due.to_string(),
		m.probers.to_string(),
		blocks.blocks.to_string(),
		ms(blocks.build[0]),
		ms(blocks.build[1]),
		ms(blocks.import[0]),
		ms(blocks.import[1]),
		percent(blocks.import[1] / timings().slot_ms as f64),
		percent(blocks.import[1] / limit),
		kind.name().to_string(),
		ms(slow.import[0]),
		ms(slow.import[1]),
		percent(slow.import[1] / limit),
		kb(bytes.get(bytes.len() / 2).copied().unwrap_or(0)),
		kb(bytes.last().copied().unwrap_or(0)),
		kb(reports / rounds.max(1)),
		ms(blocks.weight),
		percent(blocks.weight / limit),
	];
	let closing = || m.samples.iter().filter(|s| s.kind.closes());
	if let (Some(blocks), Some(longest)) =
		(Summary::of(closing()), closing().map(|s| s.import).max())
	{
		row.extend([
			ms(longest.as_secs_f64() * 1_000.0),
			ms(blocks.weight),
			percent(blocks.weight / limit),
		]);
	}
	Some(row)
}

// SPDX-License-Identifier: Apache-2.0

//! Tables on the terminal.

use crate::{
	chain::{Kind, Sample},
	fill::{self, DUE, WINDOW_ROUNDS, timings},
};
use std::{collections::BTreeMap, time::Duration};

/// Table with a head, each column as wide as its widest cell.
pub struct Table {
	rows: Vec<Vec<String>>,
}

impl Table {
	/// Table with these columns.
	pub fn new(head: &[&str]) -> Self {
		Self { rows: vec![head.iter().map(|cell| cell.to_string()).collect()] }
	}

	/// Add a row.
	pub fn row(&mut self, cells: Vec<String>) {
		self.rows.push(cells);
	}

	/// True if the table has only its head.
	pub fn is_empty(&self) -> bool {
		self.rows.len() < 2
	}

	/// Print the table. Cells that start like a number are aligned to the right.
	pub fn print(&self) {
		let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
		let widths: Vec<usize> = (0..columns)
			.map(|column| {
				self.rows
					.iter()
					.filter_map(|row| row.get(column))
					.map(String::len)
					.max()
					.unwrap_or(0)
			})
			.collect();
		for (n, row) in self.rows.iter().enumerate() {
			let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
				let body = self.rows.get(1).and_then(|row| row.get(column)).unwrap_or(cell);
				let number = body.starts_with(|c: char| c.is_ascii_digit() || c == '-');
				if number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
			});
			println!("  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
			if n == 0 {
				println!(
					"  {}",
					widths.iter().map(|w| "-".repeat(*w)).collect::<Vec<_>>().join("  ")
				);
			}
		}
		println!();
	}
}

/// Summary of some blocks.
pub struct Summary {
	/// Number of blocks.
	pub blocks: usize,
	/// Build times in ms: median and 95th percentile.
	pub build: [f64; 2],
	/// Import times in ms: median and 95th percentile.
	pub import: [f64; 2],
	/// Finalization times in ms: median and 95th percentile.
	pub finalize: [f64; 2],
	/// Largest weight in ms.
	pub weight: f64,
	/// Import time as a share of the weight: median and 95th percentile.
	pub share: [f64; 2],
	/// Median of the changed keys.
	pub keys: usize,
}

impl Summary {
	/// Summary of `samples`; `None` if there are none.
	pub fn of<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Option<Self> {
		let samples: Vec<&Sample> = samples.into_iter().collect();
		let spread = |of: &dyn Fn(&Sample) -> f64| {
			let values = sorted(samples.iter().map(|s| of(s)));
			[at(&values, 50), at(&values, 95)]
		};
		let times = |of: fn(&Sample) -> Duration| spread(&|s| of(s).as_secs_f64() * 1_000.0);
		let mut keys: Vec<usize> = samples.iter().map(|s| s.keys).collect();
		keys.sort_unstable();
		let weight = |s: &Sample| s.weight as f64 / 1e9;
		(!samples.is_empty()).then(|| Self {
			blocks: samples.len(),
			build: times(|s| s.build),
			import: times(|s| s.import),
			finalize: times(|s| s.finalize),
			weight: samples.iter().map(|s| weight(s)).fold(0.0, f64::max),
			share: spread(&|s| s.import.as_secs_f64() * 1_000.0 / weight(s)),
			keys: keys.get(keys.len() / 2).copied().unwrap_or(0),
		})
	}

	/// Last cells of every table.
	pub fn cells(&self) -> Vec<String> {
		let ms = |[p50, p95]: [f64; 2]| [format!("{p50:.2}"), format!("{p95:.2}")];
		let limit = fill::block_limit() as f64 / 1e9;
		[
			vec![self.blocks.to_string()],
			ms(self.build).into(),
			ms(self.import).into(),
			ms(self.finalize).into(),
		]
		.concat()
		.into_iter()
		.chain([
			self.keys.to_string(),
			format!("{:.1}", self.weight),
			percent(self.weight / limit),
			percent(self.share[0]),
			percent(self.share[1]),
		])
		.collect()
	}
}

/// Heads of [`Summary::cells`].
pub const CELLS: [&str; 12] = [
	"blocks",
	"build p50",
	"p95",
	"import p50",
	"p95",
	"finalize p50",
	"p95",
	"keys p50",
	"weight max",
	"of limit",
	"import/weight p50",
	"p95",
];

/// Measurements of a chain.
pub struct Chart<'a> {
	/// Size of the chain.
	pub size: Vec<String>,
	/// Its blocks.
	pub samples: &'a [Sample],
}

/// Print the times of blocks by their kind. `head` names the columns of the size.
pub fn print_kinds(head: &[&str], charts: &[Chart]) {
	let mut table = Table::new(&[head, &["block"], &CELLS].concat());
	for chart in charts {
		let mut row = |name: &str, summary: Option<Summary>| {
			if let Some(summary) = summary {
				let cells = summary.cells();
				table.row([&chart.size[..], &[name.to_string()], &cells[..]].concat());
			}
		};
		row("all", Summary::of(chart.samples));
		for (kind, samples) in by_kind(chart.samples) {
			row(kind.name(), Summary::of(samples));
		}
	}
	table.print();
}

/// Print the change of times from one chain to another. `head` names the columns of the sizes.
pub fn print_changes<'a>(
	head: &[&str],
	pairs: impl Iterator<Item = (Vec<String>, &'a [Sample], &'a [Sample])>,
) {
	let mut table =
		Table::new(&[head, &["block", "build p50", "p95", "import p50", "p95"]].concat());
	for (size, from, to) in pairs {
		let of = |samples: &[Sample], which: fn(Kind) -> bool| {
			Summary::of(samples.iter().filter(|s| which(s.kind)))
		};
		let rows: [(&str, fn(Kind) -> bool); 3] = [
			("all", |_| true),
			("no window closes", |kind| !kind.closes()),
			(Kind::Idle.name(), |kind| kind == Kind::Idle),
		];
		for (name, which) in rows {
			if let (Some(a), Some(b)) = (of(from, which), of(to, which)) {
				let changes = [(a.build, b.build), (a.import, b.import)]
					.iter()
					.flat_map(|(a, b)| [change(a[0], b[0]), change(a[1], b[1])])
					.collect::<Vec<_>>();
				table.row([&size[..], &[name.to_string()], &changes].concat());
			}
		}
	}
	if !table.is_empty() {
		println!("Change with size:\n");
		table.print();
	}
}

/// Relative change from `from` to `to`.
pub fn change(from: f64, to: f64) -> String {
	format!("{:+.1} %", (to / from - 1.0) * 100.0)
}

/// Samples by kind.
pub fn by_kind<'a>(
	samples: impl IntoIterator<Item = &'a Sample>,
) -> BTreeMap<Kind, Vec<&'a Sample>> {
	let mut kinds: BTreeMap<Kind, Vec<&Sample>> = BTreeMap::new();
	for sample in samples {
		kinds.entry(sample.kind).or_default().push(sample);
	}
	kinds
}

/// Share in percent.
pub fn percent(share: f64) -> String {
	format!("{:.1} %", share * 100.0)
}

/// Percentile of sorted values, by nearest rank.
pub fn at(sorted: &[f64], percentile: usize) -> f64 {
	let rank = (sorted.len() * percentile).div_ceil(100).max(1);
	sorted.get(rank - 1).copied().unwrap_or(0.0)
}

pub fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
	let mut values: Vec<f64> = values.collect();
	values.sort_by(f64::total_cmp);
	values
}

/// Median; 0 without values.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
	at(&sorted(values), 50)
}

/// Print the conditions common to all measurements.
pub fn print_terms() {
	let limit = fill::block_limit() as f64 / 1e9;
	println!(
		"Blocks without user transactions. Times and weights in ms; the weight limit of a block is \
		 {limit:.0} ms."
	);
	println!(
		"Production timing, except for windows of {WINDOW_ROUNDS} rounds of {} blocks.",
		timings().round_blocks
	);
}

/// Print the number of due services where it is not measured.
pub fn print_due() {
	println!(
		"Up to {DUE} services are due in a round: fewer than genesis allows, as in earlier \
		 tables.\n"
	);
}

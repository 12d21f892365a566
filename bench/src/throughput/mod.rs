// SPDX-License-Identifier: Apache-2.0

//! Throughput: blocks full of one kind of transaction, all signed before. The blocks of each kind
//! are in the second block of a round, which has no sweep. Transfers are measured beside those of a
//! plain chain, a block of each in turn. Imports are those of a node that built none of the blocks.
//!
//! | module | responsibility |
//! |---|---|
//! | `load` | signed transactions |
//! | `template` | state of the plain chain |

mod load;
mod template;

use crate::{
	args::{Args, Res, Section},
	chain::{Chain, Loaded},
	fill::{self, block_limit, timings},
	process::settle,
	state::{self, State},
	table::{Table, median, percent},
};
use load::{Load, Traders};
use pallet_surety_sla as sla;
use surety_primitives::AgreementId;
use surety_runtime::Runtime;

/// Services whose units are sold.
pub const SERVICES: u32 = 1_024;
/// Agreements that were there before.
pub const AGREEMENTS: u32 = 100 * SERVICES;
/// Accounts that send transactions, each at most one in a block: more than fit into a block.
pub const TRADERS: u32 = 16_384;
/// Full blocks of each kind before the measurement: caches fill.
const WARM_UP: u32 = 1;

/// Measured blocks.
pub struct Measured {
	ours: Vec<(Load, Vec<Loaded>)>,
	/// Transfers of the plain chain, after each of ours.
	template: Vec<Loaded>,
	/// Seconds in which blocks without transactions are built and imported.
	empty: [f64; 2],
}

/// Fill blocks with transactions, if the section is selected.
pub fn measure(args: &Args, states: &[State]) -> Res<Option<Measured>> {
	let databases = state::fill_all(args, states, |state| {
		let picked = matches!(state, State::Throughput);
		if picked {
			eprintln!("{SERVICES} services, {AGREEMENTS} agreements, {TRADERS} more accounts");
		}
		picked
	})?;
	let Some(probers) = args.probers(Section::Throughput).first() else { return Ok(None) };
	let Some(databases) = databases.first() else { return Ok(None) };
	let probers = fill::probers(*probers as usize);
	let mut chain = Chain::open_followed(&databases.path(0), probers)?;
	settle();
	chain.run(args.warm_up)?;
	let empty = empty(&mut chain, args.full_blocks)?;
	let mut traders = Traders::new(&chain)?;
	let peer = args.template.as_deref().map(|wasm| template::open(wasm, &args.dir)).transpose()?;
	let mut peer = match peer {
		Some((chain, dir)) => Some((Traders::new(&chain)?, chain, dir)),
		None => None,
	};

	let turns = WARM_UP + args.full_blocks;
	let mut template = Vec::new();
	let mut opened = Vec::new();
	let mut first = 0..AGREEMENTS;
	let mut ours = Vec::new();
	for load in Load::ALL {
		eprintln!("  {turns} blocks of {}", load.name());
		if matches!(load, Load::Open(_)) {
			opened.clear();
		}
		let mut blocks = Vec::new();
		for turn in 0..turns {
			chain.run_to_idle()?;
			let next = next_agreement(&chain)?;
			let block = match load {
				// Every second agreement is paid in the native token.
				Load::FirstSettle => traders.fill(&mut chain, load, first.clone().step_by(2))?,
				Load::Transfer | Load::Open(_) => traders.fill(&mut chain, load, next..)?,
				// Those that were opened in the same turn.
				Load::TopUp(_) | Load::Settle(_) => {
					let ids = opened.get(turn as usize).cloned().unwrap_or_default();
					traders.fill(&mut chain, load, ids)?
				},
			};
			match load {
				Load::FirstSettle => first.start += 2 * block.sent as AgreementId,
				Load::Open(_) => opened.push(next..next_agreement(&chain)?),
				_ => (),
			}
			blocks.push(block);
			if let (Load::Transfer, Some((traders, chain, _))) = (load, &mut peer) {
				template.push(traders.fill(chain, load, 0..)?);
			}
		}
		ours.push((load, blocks.split_off(WARM_UP as usize)));
	}
	chain.finish_round()?;
	let template = template.split_off(template.len().min(WARM_UP as usize));
	Ok(Some(Measured { ours, template, empty }))
}

/// Median seconds in which blocks without transactions are built and imported.
fn empty(chain: &mut Chain, blocks: u32) -> Res<[f64; 2]> {
	let mut all = Vec::new();
	for _ in 0..blocks {
		chain.run_to_idle()?;
		all.push(chain.loaded(&[])?);
	}
	Ok([
		median(all.iter().map(|block| block.build.as_secs_f64())),
		median(all.iter().map(|block| block.import.as_secs_f64())),
	])
}

fn next_agreement(chain: &Chain) -> Res<AgreementId> {
	let key = sla::NextAgreement::<Runtime>::hashed_key().to_vec();
	Ok(chain.read(key)?.unwrap_or_default())
}

/// Median of each figure of some blocks, per transaction: changed keys, and microseconds.
struct PerTransaction {
	keys: f64,
	weight: f64,
	build: f64,
	import: f64,
}

impl PerTransaction {
	fn of(blocks: &[Loaded], [empty_build, empty_import]: [f64; 2]) -> Self {
		let each = |seconds: &dyn Fn(&Loaded) -> f64| {
			1e6 * median(blocks.iter().map(|block| seconds(block) / block.sent.max(1) as f64))
		};
		Self {
			keys: each(&|block| block.keys as f64 / 1e6),
			weight: each(&|block| block.weight as f64 / 1e12),
			build: each(&|block| block.build.as_secs_f64() - empty_build),
			import: each(&|block| block.import.as_secs_f64() - empty_import),
		}
	}
}

/// Print the tables.
pub fn print(measured: Option<&Measured>) {
	let Some(Measured { ours, template, empty }) = measured else { return };
	let slot = timings().slot_ms as f64 / 1_000.0;
	println!(
		"Transactions of users. Every block takes as many as its weight allows, a block every \
		 {slot} s. Times and\n  weights of one transaction in us, less those of a block without \
		 any. `keys` is the number of changed\n  storage keys, `of slot` the import of the whole \
		 block. Weights allow {:.0} ms in a block.\n",
		block_limit() as f64 / 1e9,
	);
	let mut table = Table::new(&[
		"network",
		"transaction",
		"blocks",
		"in a block",
		"per s",
		"keys",
		"weight",
		"build",
		"import",
		"import/weight",
		"block import ms",
		"of slot",
		"import of template's",
	]);
	let plain = (!template.is_empty()).then(|| PerTransaction::of(template, *empty));
	let rows = ours
		.iter()
		.map(|(load, blocks)| ("surety", *load, &blocks[..]))
		.chain(plain.as_ref().map(|_| ("template", Load::Transfer, &template[..])));
	for (network, load, blocks) in rows {
		let one = PerTransaction::of(blocks, *empty);
		let sent = blocks.iter().map(|block| block.sent).min().unwrap_or(0);
		let import = median(blocks.iter().map(|block| block.import.as_secs_f64()));
		let beside = plain.as_ref().filter(|_| load == Load::Transfer);
		table.row(vec![
			network.into(),
			load.name().into(),
			blocks.len().to_string(),
			sent.to_string(),
			format!("{:.0}", sent as f64 / slot),
			format!("{:.1}", one.keys),
			format!("{:.1}", one.weight),
			format!("{:.1}", one.build),
			format!("{:.1}", one.import),
			percent(one.import / one.weight),
			format!("{:.0}", import * 1_000.0),
			percent(import / slot),
			beside.map_or(String::new(), |plain| format!("{:.2}", one.import / plain.import)),
		]);
	}
	table.print();
}

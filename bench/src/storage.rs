// SPDX-License-Identifier: Apache-2.0

//! Storage: what a read and a write of a key cost on the largest state, apart from the execution of
//! a block. The runtime's `DbWeight` prices them.
//!
//! Keys are chosen evenly from the whole state. Each pass reads keys of its own, after others have
//! filled the upper levels of the trie's cache. A write is its share of what a block of
//! [`WRITES`] changed keys takes after its execution, which has read them: the new root, the commit
//! of the block, and the finalization of its parent, which puts nodes into the database and removes
//! those of an old state.

use crate::{
	args::{Args, Res},
	chain::{self, Backend},
	process::{cpu_time, drop_page_cache, settle},
	state,
	table::{Table, at, median, sorted},
};
use sc_client_api::{Backend as _, BlockImportOperation, NewBlockState, TrieCacheContext};
use sp_blockchain::HeaderBackend;
use sp_io::hashing::twox_64;
use sp_runtime::{StateVersion, generic::Digest, traits::Header as _};
use sp_state_machine::{Backend as _, IterArgs};
use std::{
	path::Path,
	sync::Arc,
	time::{Duration, Instant},
};
use surety_runtime::{
	BlockNumber, Hash,
	opaque::{Block, Header},
};

type State = <Backend as sc_client_api::Backend<Block>>::State;

/// Keys of each pass of reads, and as many that are read before it.
const READS: usize = 20_000;
/// Changed keys of a block: about those of a block full of transactions.
const WRITES: usize = 10_000;
/// States that the database keeps. Every measured block removes an older one.
const KEPT_STATES: u32 = 2;
/// Blocks before the measurement: from then on each removes a state.
const WARM_UP: u32 = KEPT_STATES + 2;

/// Parts of a write, in the order of a block.
const PARTS: [&str; 4] = ["root", "commit", "finalize", "background"];

/// Measured times.
pub struct Measured {
	keys: usize,
	/// Microseconds of each read, by the place of the nodes.
	reads: Vec<(&'static str, Vec<f64>)>,
	/// Microseconds of each part per key, of each block.
	writes: Vec<[f64; 4]>,
}

/// Measure reads and writes, if the section is selected.
pub fn measure(args: &Args, states: &[state::State]) -> Res<Option<Measured>> {
	let databases =
		state::fill_all(args, states, |state| matches!(state, state::State::Storage(_)))?;
	let Some(databases) = databases.first() else { return Ok(None) };
	let path = databases.path(0);

	let blocks = WARM_UP + args.full_blocks;
	let (keys, sample) = sample(&path, 4 * READS + blocks as usize * WRITES)?;
	let mut sample = &sample[..];
	let mut next = |count: usize| {
		let (taken, rest) = sample.split_at(count.min(sample.len()));
		sample = rest;
		taken
	};

	let mut reads = Vec::new();
	if drop_page_cache() {
		let store = Store::open(&path)?;
		store.read(next(READS))?;
		reads.push(("the disk", store.read(next(READS))?));
	} else {
		eprintln!("  only root can empty the page cache: no reads from the disk");
	}
	// Whole files are read ahead, as on a node whose memory holds the database.
	read_files(&path)?;
	let mut store = Store::open(&path)?;
	store.read(next(READS))?;
	let pass = next(READS);
	reads.push(("the kernel's page cache", store.read(pass)?));
	reads.push(("the trie's cache", store.read(pass)?));

	let mut writes = Vec::new();
	for _ in 0..blocks {
		writes.push(store.write(next(WRITES))?);
	}
	Ok(Some(Measured { keys, reads, writes: writes.split_off(WARM_UP as usize) }))
}

/// Number of keys of the state in the database at `path`, and `count` of them in random order.
fn sample(path: &Path, count: usize) -> Res<(usize, Vec<Vec<u8>>)> {
	let store = Store::open(path)?;
	let state = store.state()?;
	let mut all = Vec::new();
	for key in state.keys(IterArgs::default())? {
		all.push(key.map_err(|error| error.to_string())?);
	}
	let total = all.len();
	all.sort_by_cached_key(|key| twox_64(key));
	all.truncate(count);
	if all.len() < count {
		return Err(format!("a state of {total} keys is too small: give more --services").into());
	}
	Ok((total, all))
}

/// Read all files of a folder, so that they are in the page cache.
fn read_files(path: &Path) -> Res<()> {
	for entry in std::fs::read_dir(path)? {
		let path = entry?.path();
		if path.is_dir() {
			read_files(&path)?;
		} else {
			std::io::copy(&mut std::fs::File::open(path)?, &mut std::io::sink())?;
		}
	}
	Ok(())
}

/// Database without a runtime on it.
struct Store {
	backend: Arc<Backend>,
	parent: (BlockNumber, Hash),
}

impl Store {
	fn open(path: &Path) -> Res<Self> {
		let backend = chain::backend(path, KEPT_STATES)?;
		let info = backend.blockchain().info();
		settle();
		Ok(Self { backend, parent: (info.best_number, info.best_hash) })
	}

	fn state(&self) -> Res<State> {
		Ok(self.backend.state_at(self.parent.1, TrieCacheContext::Trusted)?)
	}

	/// Read each key. Returns the microseconds of each.
	fn read(&self, keys: &[Vec<u8>]) -> Res<Vec<f64>> {
		let state = self.state()?;
		let mut times = Vec::with_capacity(keys.len());
		for key in keys {
			let start = Instant::now();
			std::hint::black_box(value(&state, key)?);
			times.push(start.elapsed().as_secs_f64() * 1e6);
		}
		Ok(times)
	}

	/// Add a block that changes each key. Returns the microseconds of [`PARTS`] per key.
	fn write(&mut self, keys: &[Vec<u8>]) -> Res<[f64; 4]> {
		let state = self.state()?;
		let mut changed = Vec::with_capacity(keys.len());
		for key in keys {
			let mut value = value(&state, key)?;
			match value.last_mut() {
				Some(byte) => *byte = byte.wrapping_add(1),
				None => value.push(0),
			}
			changed.push((key.clone(), value));
		}
		let cpu = cpu_time();
		let begin = Instant::now();
		let delta = changed.iter().map(|(key, value)| (&key[..], Some(&value[..])));
		let (root, nodes) = state.storage_root(delta, StateVersion::V1);
		let root_time = begin.elapsed();

		let (number, parent) = (self.parent.0 + 1, self.parent.1);
		let header = Header::new(number, Hash::default(), root, parent, Digest::default());
		let hash = header.hash();
		let start = Instant::now();
		let mut block = self.backend.begin_operation()?;
		self.backend.begin_state_operation(&mut block, parent)?;
		block.set_block_data(header, Some(Vec::new()), None, None, NewBlockState::Best, true)?;
		block.update_db_storage(nodes)?;
		self.backend.commit_operation(block)?;
		let commit = start.elapsed();

		let start = Instant::now();
		if number > 1 {
			self.backend.finalize_block(parent, None)?;
		}
		let finalize = start.elapsed();
		self.parent = (number, hash);
		drop(state);
		let inline = begin.elapsed();
		settle();
		let background = cpu_time().saturating_sub(cpu).saturating_sub(inline);
		Ok([root_time, commit, finalize, background]
			.map(|time: Duration| time.as_secs_f64() * 1e6 / keys.len() as f64))
	}
}

/// Value of a key of the state.
fn value(state: &State, key: &[u8]) -> Res<Vec<u8>> {
	let value = state.storage(key).map_err(|error| error.to_string())?;
	Ok(value.ok_or("the key is in the state")?)
}

/// Print the tables.
pub fn print(measured: Option<&Measured>) {
	let Some(Measured { keys, reads, writes }) = measured else { return };
	println!("Storage of {keys} keys. Microseconds of a read, by where its nodes are:\n");
	let mut table = Table::new(&["read from", "keys", "mean", "p50", "p99"]);
	for (place, times) in reads {
		let mean = times.iter().sum::<f64>() / times.len().max(1) as f64;
		let times_sorted = sorted(times.iter().copied());
		table.row(vec![
			(*place).into(),
			times.len().to_string(),
			format!("{mean:.1}"),
			format!("{:.1}", at(&times_sorted, 50)),
			format!("{:.1}", at(&times_sorted, 99)),
		]);
	}
	table.print();
	println!(
		"Microseconds of a write, in blocks of {WRITES}: medians of {} blocks. The background's are \
		 of\n  processor time, after the block.\n",
		writes.len(),
	);
	let mut table = Table::new(&[&PARTS[..], &["before the next block"]].concat());
	let parts: Vec<f64> =
		(0..PARTS.len()).map(|part| median(writes.iter().map(|block| block[part]))).collect();
	let inline = median(writes.iter().map(|block| block[..3].iter().sum()));
	table.row(parts.iter().chain([&inline]).map(|time| format!("{time:.1}")).collect());
	table.print();
}

// SPDX-License-Identifier: Apache-2.0

//! Chain on ParityDB that is built and imported block by block, with probers that commit to a
//! report in every round and reveal it.
//!
//! Each block is built by the wasm runtime as an author would, and then executed a second time by
//! importing it as a block from the network. The import goes straight into the client, since BABE's
//! checks of a header are unrelated to the market. The previous block is then finalized, which
//! writes its state.
//!
//! The author of a block has read in advance what its import reads. Where that matters, a follower
//! with a database of its own imports the block too, and its time counts.

use crate::{
	args::Res,
	fill::{IDLE_AT, WINDOW_ROUNDS, timings},
	process::{peak_memory, sync},
};
use codec::{Decode, Encode};
use frame_support::{dispatch::DispatchClass, storage::StoragePrefixedMap};
use frame_system::offchain::CreateAuthorizedTransaction;
use pallet_surety_compute_orders as compute;
use pallet_surety_probes as probes;
use pallet_surety_sla as sla;
use sc_block_builder::{BlockBuilderBuilder, BuiltBlock};
use sc_chain_spec::GenesisBlockBuilder;
use sc_client_api::{Finalizer, StorageProvider, execution_extensions::ExecutionExtensions};
use sc_client_db::{BlocksPruning, DatabaseSettings, DatabaseSource, PruningMode};
use sc_consensus::{BlockImport, BlockImportParams, ForkChoiceStrategy, ImportResult};
use sc_executor::WasmExecutor;
use sp_blockchain::{ApplyExtrinsicFailed, HeaderBackend};
use sp_consensus::BlockOrigin;
use sp_consensus_babe::{
	BABE_ENGINE_ID, Slot,
	digests::{PreDigest, SecondaryPlainPreDigest},
};
use sp_core::{
	Pair, sr25519,
	storage::{Storage, StorageKey},
	traits::CallContext,
};
use sp_io::hashing::twox_128;
use sp_runtime::{Digest, DigestItem, OpaqueExtrinsic, traits::Block as _};
use sp_version::RuntimeVersion;
use std::{
	path::{Path, PathBuf},
	sync::Arc,
	time::{Duration, Instant},
};
use surety_primitives::{LatencyBucket, RoundIndex, ServiceId, Target, Verdict, report::Finding};
use surety_runtime::{
	AccountId, BlockNumber, Hash, Runtime, RuntimeApi, RuntimeCall, UncheckedExtrinsic,
	opaque::Block,
};

type Executor = WasmExecutor<sp_io::SubstrateHostFunctions>;
/// Database of a chain.
pub type Backend = sc_service::TFullBackend<Block>;
type Client = sc_service::TFullClient<Block, RuntimeApi, Executor>;

/// Slot of block 0.
const GENESIS_SLOT: u64 = 1_000_000;
/// Offset in a round of the block with the reveals of the previous round.
const REVEAL_AT: u32 = probes::REVEAL_OFFSET;
/// Offset in a round of the block that counts the reports of the round before the previous one.
const COUNT_AT: u32 = probes::COMMIT_GRACE;
/// Offset in a round of the first block that judges.
pub const JUDGE_AT: u32 = COUNT_AT + 1;
/// States kept by the database, and bytes of its trie cache: the node's defaults.
const KEPT_STATES: u32 = 256;
const TRIE_CACHE: usize = 1 << 30;

/// Work of a block, beyond that of every block.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
	/// First block of a round: snapshot, and the commits of all probers to the previous round.
	Open,
	/// No work: the second block of a round, and blocks at its end after all pages are judged.
	Idle,
	/// Counts the reports.
	Count,
	/// Judges pages.
	Judge,
	/// Judges pages; all probers reveal.
	JudgeAndReveals,
	/// Judges idle listings without a turn in this window yet, and closes their last window.
	JudgeIdleTurn,
	/// Judges the first round of a window: all rows close a window.
	JudgeTurn,
	/// First block of a session, which may take its whole weight.
	Session,
}

impl Kind {
	/// True if windows close or a session starts: 6 % of these blocks, and one in 2,000 in
	/// production.
	pub fn closes(self) -> bool {
		matches!(self, Self::JudgeIdleTurn | Self::JudgeTurn | Self::Session)
	}

	/// Name in the tables.
	pub fn name(self) -> &'static str {
		match self {
			Self::Open => "snapshot, all commits",
			Self::Idle => "no sweep",
			Self::Count => "count",
			Self::Judge => "judge",
			Self::JudgeAndReveals => "judge, all reveals",
			Self::JudgeIdleTurn => "judge, idle page closes windows",
			Self::JudgeTurn => "judge, all windows close",
			Self::Session => "a session begins",
		}
	}
}

/// Measurement of one block.
#[derive(Clone, Debug)]
pub struct Sample {
	/// Work of the block.
	pub kind: Kind,
	/// Time to build it.
	pub build: Duration,
	/// Time to import it.
	pub import: Duration,
	/// Time to finalize the previous block.
	pub finalize: Duration,
	/// Consumed weight in picoseconds.
	pub weight: u64,
	/// Number of storage keys changed.
	pub keys: usize,
	/// Bytes of the extrinsics.
	pub bytes: usize,
	/// Bytes of the commits and reveals.
	pub report_bytes: usize,
	/// Offset in the round.
	pub offset: u32,
	/// Number of breaches of services 0 and 1.
	pub breaches: [u32; 2],
	/// Number of leases awarded.
	pub leases: u32,
}

/// Measurement of a block with transactions.
#[derive(Clone, Debug)]
pub struct Loaded {
	/// Number of transactions that it took.
	pub sent: usize,
	/// Time to build it.
	pub build: Duration,
	/// Time to import it.
	pub import: Duration,
	/// Weight of its normal transactions in picoseconds.
	pub weight: u64,
	/// Number of storage keys changed.
	pub keys: usize,
}

/// Chain with its probers.
pub struct Chain {
	client: Arc<Client>,
	/// Node that builds nothing.
	follower: Option<Client>,
	probers: Vec<sr25519::Pair>,
	genesis: Hash,
	parent: (BlockNumber, Hash),
	/// Commits and reveals that did not fit into a block yet.
	waiting: Vec<OpaqueExtrinsic>,
	/// Positions in the report that are down in a round.
	down: fn(RoundIndex) -> &'static [usize],
}

/// Folders of the author and of its follower.
fn followed(dir: &Path) -> [PathBuf; 2] {
	["author", "follower"].map(|name| dir.join(name))
}

/// Write a state as the genesis of two new databases in `dir`, of an author and of its follower.
pub fn write_followed(state: Storage, dir: &Path) -> Res<()> {
	let [author, follower] = followed(dir);
	write(state.clone(), &author)?;
	write(state, &follower)
}

/// Write a state as the genesis of a new database at `dir`.
pub fn write(state: Storage, dir: &Path) -> Res<()> {
	client(Some(state), dir)?;
	// Pending writes of the kernel would disturb the measurement.
	Ok(sync()?)
}

/// Database at `dir`, which keeps this number of states.
pub fn backend(dir: &Path, kept_states: u32) -> Res<Arc<Backend>> {
	Ok(sc_service::new_db_backend(DatabaseSettings {
		trie_cache_maximum_size: Some(TRIE_CACHE),
		state_pruning: Some(PruningMode::blocks_pruning(kept_states)),
		source: DatabaseSource::ParityDb { path: dir.into() },
		blocks_pruning: BlocksPruning::KeepFinalized,
		pruning_filters: Vec::new(),
		metrics_registry: None,
	})?)
}

/// Client of a database at `dir` that was written before, and its genesis.
fn open(dir: &Path) -> Res<(Client, Hash)> {
	let client = client(None, dir)?;
	let info = client.info();
	if info.best_number != 0 {
		let blocks = info.best_number;
		return Err(format!("{} is not new: it has {blocks} blocks", dir.display()).into());
	}
	Ok((client, info.genesis_hash))
}

/// Client of the database at `dir`. A new database needs the state of its genesis.
fn client(genesis: Option<Storage>, dir: &Path) -> Res<Client> {
	let backend = backend(dir, KEPT_STATES)?;
	let executor: Executor = sc_service::new_wasm_executor(&Default::default());
	let genesis = GenesisBlockBuilder::new_with_storage(
		genesis.unwrap_or_default(),
		true,
		backend.clone(),
		executor.clone(),
	)?;
	Ok(sc_service::new_client(
		backend,
		executor.clone(),
		genesis,
		Default::default(),
		Default::default(),
		ExecutionExtensions::new(None, Arc::new(executor)),
		Box::new(sp_core::testing::TaskExecutor::new()),
		None,
		None,
		Default::default(),
	)?)
}

/// [`Chain::run`] for several chains, one round of each in turn. The speed of a machine varies over
/// seconds or minutes, which then affects all chains alike.
pub fn run_all(chains: &mut [Chain], until: RoundIndex) -> Res<Vec<Vec<Sample>>> {
	let start = Instant::now();
	let mut all = vec![Vec::new(); chains.len()];
	let mut round = chains.first().map_or(until, |chain| chain.parent.0 / timings().round_blocks);
	while round < until {
		round += 1;
		for (chain, samples) in chains.iter_mut().zip(&mut all) {
			samples.extend(chain.run(round)?);
		}
	}
	chains.iter().try_for_each(Chain::check)?;
	let blocks: usize = all.iter().map(Vec::len).sum();
	eprintln!(
		"    {blocks} blocks in {:.0} s; peak memory so far {} MiB",
		start.elapsed().as_secs_f64(),
		peak_memory() >> 10,
	);
	Ok(all)
}

impl Chain {
	/// Open the chain of a database that was written before.
	pub fn open(
		dir: &Path,
		probers: Vec<sr25519::Pair>,
		down: fn(RoundIndex) -> &'static [usize],
	) -> Res<Self> {
		let (client, genesis) = open(dir)?;
		Ok(Self {
			client: Arc::new(client),
			follower: None,
			probers,
			genesis,
			parent: (0, genesis),
			waiting: Vec::new(),
			down,
		})
	}

	/// Open the chain of an author and its follower.
	pub fn open_followed(dir: &Path, probers: Vec<sr25519::Pair>) -> Res<Self> {
		let [author, follower] = followed(dir);
		let mut chain = Self::open(&author, probers, |_| &[])?;
		chain.follower = Some(open(&follower)?.0);
		Ok(chain)
	}

	/// Build, import and measure blocks up to the last one before round `until`.
	pub fn run(&mut self, until: RoundIndex) -> Res<Vec<Sample>> {
		let mut samples = Vec::new();
		while self.parent.0 + 1 < until * timings().round_blocks {
			samples.push(self.block()?);
		}
		Ok(samples)
	}

	/// Storage keys that a commit and a reveal each write, beyond those of their block: the keys
	/// changed by a block with those of all probers, less the keys changed by the same block
	/// without them. Advances by two rounds.
	pub fn writes(&mut self) -> Res<[f64; 2]> {
		let (mut commit, mut reveal) = (0.0, 0.0);
		let until = self.parent.0 + 2 * timings().round_blocks;
		while self.parent.0 < until {
			let reports = self.reports()?;
			if !reports.is_empty() {
				let (with, sent) = self.build(&reports)?;
				let (without, _) = self.build(&[])?;
				let each = (changed(&with) as f64 - changed(&without) as f64) / sent as f64;
				*(if self.offset() == REVEAL_AT { &mut reveal } else { &mut commit }) = each;
			}
			self.block()?;
		}
		Ok([commit, reveal])
	}

	/// Check that rounds are judged as reported; otherwise the measurement is meaningless.
	pub fn check(&self) -> Res<()> {
		let judged: probes::Sweep =
			self.read(probes::Progress::<Runtime>::hashed_key().to_vec())?.unwrap_or_default();
		let round = self.parent.0 / timings().round_blocks;
		if judged.judged + 2 != round {
			return Err(
				format!("in round {round} round {} is the last judged", judged.judged).into()
			);
		}
		let mut pages = 0;
		while let Some(page) = self.active_page(pages)? {
			for (place, row) in ((pages * probes::ROWS) as usize..).zip(&page) {
				let Some(row) = row else { continue };
				let down = (self.down)(judged.judged).contains(&place);
				let fits = match row.last {
					Some((round, Verdict::Up { .. })) => round == judged.judged && !down,
					Some((round, Verdict::Down)) => round == judged.judged && down,
					_ => false,
				};
				if !fits {
					return Err(format!("{:?} was judged {:?}", row.target, row.last).into());
				}
			}
			pages += 1;
		}
		if pages == 0 {
			return Err("no service has units".into());
		}
		Ok(())
	}

	/// Page of rows that are probed every round.
	fn active_page(&self, page: u32) -> Res<Option<probes::Page<AccountId>>> {
		self.read(probes::Pages::<Runtime>::hashed_key_for(probes::PageId::Active(page)))
	}

	/// Number of services due in the round of the last block.
	pub fn due(&self) -> Res<u32> {
		Ok(self.snapshot(self.parent.0 / timings().round_blocks)?.targets)
	}

	fn snapshot(&self, round: RoundIndex) -> Res<probes::Snapshot<AccountId>> {
		let snapshot = self.read(probes::Snapshots::<Runtime>::hashed_key_for(round))?;
		Ok(snapshot.ok_or("the round has a snapshot")?)
	}

	/// Offset in the round of the next block.
	fn offset(&self) -> u32 {
		(self.parent.0 + 1) % timings().round_blocks
	}

	fn block(&mut self) -> Res<Sample> {
		let reports = self.reports()?;
		self.waiting.extend(reports);
		let before = (self.breaches()?, self.leases()?);

		let start = Instant::now();
		let (built, sent) = self.build(&self.waiting)?;
		let build = start.elapsed();
		let report_bytes =
			self.waiting.drain(..sent).map(|extrinsic| extrinsic.encoded_size()).sum();
		let kind = self.kind(&built, sent);
		let keys = changed(&built);

		let bytes = built.block.extrinsics().iter().map(Encode::encoded_size).sum();
		let offset = self.offset();
		let [import, finalize] = self.import(built)?;

		let after = self.breaches()?;
		let breaches = [after[0] - before.0[0], after[1] - before.0[1]];
		let leases = self.leases()? - before.1;
		let weight = self.weight()?.total().ref_time();
		Ok(Sample {
			kind,
			build,
			import,
			finalize,
			weight,
			keys,
			bytes,
			report_bytes,
			offset,
			breaches,
			leases,
		})
	}

	/// Build and import blocks until the next one has no work for probing and begins no session.
	pub fn run_to_idle(&mut self) -> Res<()> {
		while self.offset() != IDLE_AT || self.begins_session() {
			self.block()?;
		}
		Ok(())
	}

	/// True if the next block is the first of a session.
	fn begins_session(&self) -> bool {
		self.parent.0 > 0 && self.parent.0.is_multiple_of(timings().epoch_blocks)
	}

	/// Build and import the rest of the round, and check what was judged.
	pub fn finish_round(&mut self) -> Res<()> {
		self.run(self.parent.0 / timings().round_blocks + 1)?;
		self.check()
	}

	/// Build, import and measure a block with as many of `load` as it takes.
	pub fn loaded(&mut self, load: &[OpaqueExtrinsic]) -> Res<Loaded> {
		let start = Instant::now();
		let (built, sent) = self.build(load)?;
		let build = start.elapsed();
		let keys = changed(&built);
		let [import, _] = self.import(built)?;
		let weight = self.weight()?.get(DispatchClass::Normal).ref_time();
		Ok(Loaded { sent, build, import, weight, keys })
	}

	/// Import a block, and finalize its parent. Returns the time of both, of the follower if there
	/// is one.
	fn import(&mut self, built: BuiltBlock<Block>) -> Res<[Duration; 2]> {
		let (_, parent) = self.parent;
		let mut times = import(&self.client, &built.block, parent)?;
		if let Some(follower) = &self.follower {
			times = import(follower, &built.block, parent)?;
		}
		self.parent = (built.block.header().number, built.block.hash());
		Ok(times)
	}

	/// Weight consumed by the last block.
	fn weight(&self) -> Res<frame_system::ConsumedWeight> {
		let key = frame_system::BlockWeight::<Runtime>::hashed_key().to_vec();
		Ok(self.read(key)?.unwrap_or_default())
	}

	/// Hash of the genesis block, and version of the runtime: what a transaction is signed for.
	pub fn identity(&self) -> Res<(Hash, RuntimeVersion)> {
		let version = self.client.runtime_version_at(self.parent.1, CallContext::Offchain)?;
		Ok((self.genesis, version))
	}

	/// Kind of the next block, given its number of reports.
	fn kind(&self, built: &BuiltBlock<Block>, sent: usize) -> Kind {
		let number = self.parent.0 + 1;
		let windows = touched(built, &probes::Windows::<Runtime>::final_prefix());
		let pages = touched(built, &probes::Pages::<Runtime>::final_prefix());
		let judged = (number / timings().round_blocks).checked_sub(2);
		let turns = judged.is_some_and(|judged| judged % u32::from(WINDOW_ROUNDS) == 0);
		match self.offset() {
			_ if self.begins_session() => Kind::Session,
			0 => Kind::Open,
			IDLE_AT => Kind::Idle,
			COUNT_AT => Kind::Count,
			_ if windows > 0 && turns => Kind::JudgeTurn,
			_ if windows > 0 => Kind::JudgeIdleTurn,
			_ if sent > 0 => Kind::JudgeAndReveals,
			_ if pages == 0 => Kind::Idle,
			_ => Kind::Judge,
		}
	}

	/// Build a block as an author does, with as many of the reports as fit. Also returns their
	/// number.
	fn build(&self, reports: &[OpaqueExtrinsic]) -> Res<(BuiltBlock<Block>, usize)> {
		let (number, hash) = self.parent;
		let slot = Slot::from(GENESIS_SLOT + u64::from(number) + 1);
		let digest =
			PreDigest::SecondaryPlain(SecondaryPlainPreDigest { authority_index: 0, slot });
		let logs = vec![DigestItem::PreRuntime(BABE_ENGINE_ID, digest.encode())];
		let mut inherents = sp_inherents::InherentData::new();
		let now = sp_timestamp::Timestamp::new(*slot * timings().slot_ms);
		inherents.put_data(sp_timestamp::INHERENT_IDENTIFIER, &now)?;

		let mut builder = BlockBuilderBuilder::new(self.client.as_ref())
			.on_parent_block(hash)
			.with_parent_block_number(number)
			.with_inherent_digests(Digest { logs })
			.build()?;
		for extrinsic in builder.create_inherents(inherents)? {
			builder.push(extrinsic)?;
		}
		let mut sent = 0;
		for extrinsic in reports {
			match builder.push(extrinsic.clone()) {
				Err(sp_blockchain::Error::ApplyExtrinsicFailed(
					ApplyExtrinsicFailed::Validity(full),
				)) if full.exhausted_resources() => {
					break;
				},
				pushed => pushed?,
			}
			sent += 1;
		}
		Ok((builder.build()?, sent))
	}

	/// Transactions of the probers for the next block, for the round that is over.
	fn reports(&self) -> Res<Vec<OpaqueExtrinsic>> {
		let round = (self.parent.0 + 1) / timings().round_blocks;
		match (self.offset(), round.checked_sub(1)) {
			// The round of the genesis block has no snapshot.
			(0, Some(round @ 1..)) => self.commits(round),
			(REVEAL_AT, Some(round @ 1..)) => self.reveals(round),
			_ => Ok(Vec::new()),
		}
	}

	fn commits(&self, round: RoundIndex) -> Res<Vec<OpaqueExtrinsic>> {
		let snapshot = self.snapshot(round)?;
		let commit = |(n, pair): (usize, &sr25519::Pair)| {
			let key = pair.public().into();
			let (index, _) = snapshot.find(&key).ok_or("every prober is in the snapshot")?;
			let report = self.report(&snapshot, round, n)?;
			let hash = probes::commit_hash(self.genesis.as_ref(), round, &key, &salt(n), &report);
			let signature =
				pair.sign(&probes::commit_payload(self.genesis.as_ref(), round, &hash)).into();
			authorized(probes::Call::commit { round, index, hash, signature })
		};
		self.probers.iter().enumerate().map(commit).collect()
	}

	fn reveals(&self, round: RoundIndex) -> Res<Vec<OpaqueExtrinsic>> {
		let snapshot = self.snapshot(round)?;
		let reveal = |(n, pair): (usize, &sr25519::Pair)| {
			let (index, _) =
				snapshot.find(&pair.public().into()).ok_or("every prober is in the snapshot")?;
			let report = self.report(&snapshot, round, n)?;
			let report = report.try_into().map_err(|_| "a report is not too long")?;
			authorized(probes::Call::reveal { round, index, salt: salt(n), report })
		};
		self.probers.iter().enumerate().map(reveal).collect()
	}

	/// Report of the `n`th prober. Latencies differ between services, probers and rounds.
	fn report(
		&self,
		snapshot: &probes::Snapshot<AccountId>,
		round: RoundIndex,
		n: usize,
	) -> Res<Vec<u8>> {
		const FASTEST_MS: u32 = 20;
		const LATENCIES: usize = 100;
		let up = |ms| Finding::Up(LatencyBucket::from_millis(ms)).to_byte();
		let ups: Vec<u8> = (FASTEST_MS..).map(up).take(LATENCIES).collect();
		let from = (round as usize + n) % LATENCIES;
		let mut report: Vec<u8> =
			ups.iter().copied().cycle().skip(from).take(snapshot.targets as usize).collect();
		for place in (self.down)(round) {
			*report.get_mut(*place).ok_or("the report is long enough")? = Finding::Down.to_byte();
		}
		Ok(report)
	}

	/// Number of breaches of services 0 and 1 so far.
	fn breaches(&self) -> Res<[u32; 2]> {
		let of = |service: ServiceId| -> Res<u32> {
			let target = Target::Service(service);
			let state: Option<sla::TargetState> =
				self.read(sla::Targets::<Runtime>::hashed_key_for(target))?;
			Ok(state.map_or(0, |state| state.breaches))
		};
		Ok([of(0)?, of(1)?])
	}

	/// Number of leases awarded so far.
	fn leases(&self) -> Res<u32> {
		Ok(self.read(compute::NextLease::<Runtime>::hashed_key().to_vec())?.unwrap_or(0))
	}

	/// Value of a storage key after the last block.
	pub fn read<T: Decode>(&self, key: Vec<u8>) -> Res<Option<T>> {
		let value = self.client.storage(self.parent.1, &StorageKey(key))?;
		Ok(value.map(|data| T::decode(&mut data.0.as_slice())).transpose()?)
	}
}

/// Import a block as one from the network, and finalize its parent. Returns the time of both.
fn import(client: &Client, block: &Block, parent: Hash) -> Res<[Duration; 2]> {
	let (header, body) = block.clone().deconstruct();
	let number = header.number;
	let mut params = BlockImportParams::new(BlockOrigin::NetworkBroadcast, header);
	params.body = Some(body);
	params.fork_choice = Some(ForkChoiceStrategy::LongestChain);
	let start = Instant::now();
	let imported = futures::executor::block_on(client.import_block(params))?;
	let import = start.elapsed();
	if !matches!(imported, ImportResult::Imported(_)) {
		return Err(format!("block {number} was not imported: {imported:?}").into());
	}
	let start = Instant::now();
	client.finalize_block(parent, None, false)?;
	Ok([import, start.elapsed()])
}

/// Salt of the `n`th prober.
fn salt(n: usize) -> [u8; 32] {
	[n as u8; 32]
}

/// Transaction in the form of the validators' off-chain workers.
fn authorized(call: probes::Call<Runtime>) -> Res<OpaqueExtrinsic> {
	let extension = <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_extension();
	let extrinsic = UncheckedExtrinsic::new_transaction(call.into(), extension);
	Ok(OpaqueExtrinsic::try_from_encoded_extrinsic(&extrinsic.encode())?)
}

/// Number of storage keys that a block changes. The system pallet stores each transaction during
/// the execution of its block and then removes it, so that these keys never reach the database.
fn changed(built: &BuiltBlock<Block>) -> usize {
	let transient = [twox_128(b"System"), twox_128(b"ExtrinsicData")].concat();
	built
		.storage_changes
		.main_storage_changes
		.iter()
		.filter(|(key, _)| !key.starts_with(&transient))
		.count()
}

/// Number of changed storage keys with this prefix.
fn touched(built: &BuiltBlock<Block>, prefix: &[u8]) -> usize {
	built
		.storage_changes
		.main_storage_changes
		.iter()
		.filter(|(key, _)| key.starts_with(prefix))
		.count()
}

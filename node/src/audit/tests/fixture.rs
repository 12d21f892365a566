// SPDX-License-Identifier: Apache-2.0

//! In-memory chain of the real runtime with four probers that commit and reveal.

use crate::{
	audit::{Chain, error::Error},
	client::{Executor, FullBackend, FullClient},
};
use codec::{Decode, Encode};
use frame_support::assert_ok;
use pallet_surety_compute_orders as compute;
use pallet_surety_operators as operators;
use pallet_surety_probes as probes;
use pallet_surety_sla as sla;
use sc_chain_spec::GenesisBlockBuilder;
use sc_client_api::execution_extensions::ExecutionExtensions;
use sp_consensus_babe::{
	BABE_ENGINE_ID, Slot,
	digests::{PreDigest, SecondaryPlainPreDigest},
};
use sp_core::{Pair, storage::StateVersion};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie};
use sp_runtime::{
	BuildStorage, Digest, DigestItem,
	traits::{BlakeTwo256, Dispatchable, Header as _},
};
use sp_state_machine::{
	Backend, InMemoryBackend, IterArgs, StorageProof, TestExternalities, prove_read_on_trie_backend,
};
use std::{collections::BTreeMap, sync::Arc};
use surety_primitives::{
	AssetId, Balance, Clock, LatencyBucket, Resources, RoundIndex, ServiceId, ServiceKind, Slots,
	Target, TermsInput, TrustLevel, Verdict, WindowShare, report::Finding,
};
use surety_runtime::*;

const PROBERS: [Sr25519Keyring; 4] = [Alice, Bob, Charlie, Dave];
/// First slot of the chain.
const GENESIS_SLOT: u64 = 1_000_000;
/// Price of a unit per block, in planck.
const PRICE: Balance = UNIT / 10;
const ENDPOINT: &[u8] = b"http://127.0.0.1:8080/";

/// Chain with all states in memory.
#[derive(Clone, Default)]
pub struct MemoryChain {
	pub blocks: Vec<(Header, InMemoryBackend<BlakeTwo256>)>,
	/// First block whose state is available.
	pub pruned: BlockNumber,
	/// Number of blocks at the end that are not finalized.
	pub pending: usize,
}

impl MemoryChain {
	fn at(&self, block: BlockNumber) -> Result<&(Header, InMemoryBackend<BlakeTwo256>), Error> {
		self.blocks.get(block as usize).ok_or(Error::UnknownBlock(block))
	}

	fn state(&self, block: BlockNumber) -> Result<&InMemoryBackend<BlakeTwo256>, Error> {
		if block < self.pruned { Err(Error::Pruned(block)) } else { Ok(&self.at(block)?.1) }
	}

	/// Change a value in the state after a block.
	pub fn forge<T: Decode + Encode>(
		&mut self,
		block: BlockNumber,
		key: Vec<u8>,
		change: impl FnOnce(&mut T),
	) {
		let (header, state) = &mut self.blocks[block as usize];
		let mut value = T::decode(&mut &*state.storage(&key).unwrap().unwrap()).unwrap();
		change(&mut value);
		state.insert(vec![(None, vec![(key, Some(value.encode()))])], StateVersion::V1);
		header.set_state_root(*state.root());
	}
}

impl Chain for MemoryChain {
	fn genesis(&self) -> Hash {
		self.blocks[0].0.hash()
	}

	fn finalized(&self) -> BlockNumber {
		(self.blocks.len() - 1 - self.pending) as BlockNumber
	}

	fn header(&self, block: BlockNumber) -> Result<Header, Error> {
		Ok(self.at(block)?.0.clone())
	}

	fn read(&self, block: BlockNumber, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
		self.state(block)?.storage(key).map_err(Error::Database)
	}

	fn keys(&self, block: BlockNumber, prefix: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
		let mut args = IterArgs::default();
		args.prefix = Some(prefix);
		let keys = self.state(block)?.keys(args).map_err(Error::Database)?;
		keys.collect::<Result<_, _>>().map_err(Error::Database)
	}

	fn prove(&self, block: BlockNumber, keys: &[Vec<u8>]) -> Result<StorageProof, Error> {
		Ok(prove_read_on_trie_backend(self.state(block)?, keys).unwrap())
	}
}

/// Behaviour of a prober.
#[derive(Clone, Copy)]
pub enum ProberBehaviour {
	/// Reports the finding of the endpoint.
	Honest,
	/// Reports every target as up.
	AlwaysUp,
	/// Commits but does not reveal.
	NeverReveals,
}

/// Market on an in-memory chain.
pub struct MarketFixture {
	pub ext: TestExternalities<BlakeTwo256>,
	pub chain: MemoryChain,
	pub endpoints: BTreeMap<Target, Finding>,
	pub behaviour: [ProberBehaviour; 4],
	reports: BTreeMap<(RoundIndex, u16), ([u8; 32], Vec<u8>)>,
}

fn up() -> Finding {
	Finding::Up(LatencyBucket::from_millis(20))
}

fn account(who: Sr25519Keyring) -> AccountId {
	who.to_account_id()
}

/// Terms with credits from an eighth of a window's price to all of it.
fn terms(min_uptime: u32) -> TermsInput {
	let credit =
		[125, 250, 500, 1_000].map(|thousandths| WindowShare::from_inner(thousandths * 1_000_000));
	TermsInput {
		min_uptime,
		max_latency_ms: 250,
		max_head_lag: 0,
		credit,
		cover: WindowShare::from_u32(3),
	}
}

fn merge(base: &mut serde_json::Value, patch: serde_json::Value) {
	match (base, patch) {
		(serde_json::Value::Object(base), serde_json::Value::Object(patch)) => {
			for (key, value) in patch {
				merge(base.entry(key).or_insert(serde_json::Value::Null), value);
			}
		},
		(base, patch) => *base = patch,
	}
}

impl MarketFixture {
	pub fn new() -> Self {
		let patch = genesis::preset(&"local_testnet".into()).unwrap();
		let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).unwrap();
		merge(&mut config, serde_json::from_slice(&patch).unwrap());
		let config: RuntimeGenesisConfig = serde_json::from_value(config).unwrap();
		let mut ext: TestExternalities<BlakeTwo256> = config.build_storage().unwrap().into();
		let state = ext.as_backend();
		let nothing = Hash::default();
		let genesis = Header::new(0, nothing, *state.root(), nothing, Digest::default());
		let chain = MemoryChain { blocks: vec![(genesis, state)], ..Default::default() };
		let (endpoints, reports) = (BTreeMap::new(), BTreeMap::new());
		Self { ext, chain, endpoints, behaviour: [ProberBehaviour::Honest; 4], reports }
	}

	/// Operator with a service and two paying tenants, at the start of a window that counts for
	/// both.
	pub fn market(min_uptime: u32) -> (Self, Target) {
		let mut fixture = Self::new();
		let service = fixture.list(ServiceKind::Vpn { key: [7; 32] }, min_uptime);
		let window_blocks =
			Balance::from(fixture.ext.execute_with(<Timing as Clock>::window_blocks));
		for (tenant, units) in [(Ferdie, 1u32), (Dave, 2)] {
			let deposit = PRICE * Balance::from(units) * 5 * window_blocks;
			let min_cover = WindowShare::default();
			let max_price = Balance::MAX;
			fixture.call(
				tenant,
				sla::Call::open_agreement { service, units, max_price, deposit, min_cover },
			);
		}
		fixture.next_window();
		(fixture, Target::Service(service))
	}

	/// Running lease that counts.
	pub fn lease() -> (Self, Target) {
		let mut fixture = Self::new();
		let service = fixture.list(ServiceKind::Compute, 900_000_000);
		let resources = Resources { cpu_milli: 2_000, memory_mib: 4_096, ..Default::default() };
		fixture.call(Eve, compute::Call::declare_capacity { service, total: resources.clone() });
		let blocks = 240;
		let order = compute::NewOrder {
			asset: AssetId::Native,
			resources,
			image: b"docker.io/library/nginx:1.27".to_vec().try_into().unwrap(),
			digest: None,
			ports: Default::default(),
			env_hash: None,
			max_price: PRICE,
			failover_price: None,
			regions: Default::default(),
			min_trust: TrustLevel::One,
			quantity: 1,
			duration: blocks,
			bid_deadline: fixture.number() + 12,
			auto_match: true,
			terms: Some(terms(900_000_000)),
			deposit: PRICE * Balance::from(2 * blocks),
		};
		fixture.call(Ferdie, compute::Call::place_order { order: Box::new(order) });
		let (order, lease) = (0, 0);
		let bid = compute::Call::place_bid {
			order,
			service,
			price: PRICE,
			replicas: 1,
			foreign_terms: true,
		};
		fixture.call(Eve, bid);
		fixture.run_until(|| compute::Leases::<Runtime>::contains_key(lease));
		let health = [ENDPOINT, b"leases/0"].concat().try_into().unwrap();
		let access = b"tcp://203.0.113.7:30080".to_vec().try_into().unwrap();
		fixture
			.call(Eve, compute::Call::report_ready { lease, health, access, foreign_terms: true });
		fixture.next_window();
		(fixture, Target::Lease(lease))
	}

	/// Register an operator, list a service, and wait until it is up.
	fn list(&mut self, kind: ServiceKind, min_uptime: u32) -> ServiceId {
		let name = b"operator".to_vec().try_into().unwrap();
		self.call(
			Eve,
			operators::Call::register { bond: 1_000 * UNIT, name, contact: Default::default() },
		);
		let service = self.ext.execute_with(operators::NextServiceId::<Runtime>::get);
		self.call(
			Eve,
			operators::Call::list_service {
				kind,
				endpoint: ENDPOINT.to_vec().try_into().unwrap(),
				region: surety_primitives::Region::new(*b"DE").unwrap(),
				capacity: 100,
				price: PRICE,
				asset: AssetId::Native,
				terms: terms(min_uptime),
				metadata_hash: [0; 32],
				metadata_uri: Default::default(),
			},
		);
		self.run_until(|| {
			let status = Probes::status(Target::Service(service));
			let last = status.and_then(|status| status.last);
			matches!(last, Some((_, Verdict::Up { .. })))
		});
		service
	}

	/// Advance to the first block of the next window.
	fn next_window(&mut self) {
		let number = self.number();
		let window = |block| Timing::window_of(Timing::round_at(block));
		self.run_until(|| window(System::block_number()) > window(number));
	}

	pub fn number(&self) -> BlockNumber {
		(self.chain.blocks.len() - 1) as BlockNumber
	}

	/// Build a block with the probers' transactions and a call.
	pub fn block(&mut self, call: Option<(Sr25519Keyring, RuntimeCall)>) {
		let number = self.number() + 1;
		let slot = Slot::from(GENESIS_SLOT + u64::from(number));
		let digest =
			PreDigest::SecondaryPlain(SecondaryPlainPreDigest { authority_index: 0, slot });
		let logs = vec![DigestItem::PreRuntime(BABE_ENGINE_ID, digest.encode())];
		let parent = self.chain.blocks.last().unwrap().0.hash();
		let nothing = Hash::default();
		let header = Header::new(number, nothing, nothing, parent, Digest { logs });
		let Self { ext, endpoints, behaviour, reports, .. } = self;
		let header = ext.execute_with(|| {
			Executive::initialize_block(&header);
			let now = *slot * Timing::slot_ms();
			let time = RuntimeCall::Timestamp(pallet_timestamp::Call::set { now });
			assert_ok!(Executive::apply_extrinsic(UncheckedExtrinsic::new_bare(time)).unwrap());
			let round = Timing::round_at(number);
			match number - Timing::round_start(round) {
				1 => Self::commits(round, endpoints, behaviour, reports),
				4 if round > 0 => Self::reveals(round - 1, behaviour, reports),
				_ => (),
			}
			if let Some((who, call)) = call {
				assert_ok!(call.dispatch(RuntimeOrigin::signed(account(who))));
			}
			Executive::finalize_block()
		});
		self.ext.commit_all().unwrap();
		let state = self.ext.as_backend();
		assert_eq!(state.root(), header.state_root());
		self.chain.blocks.push((header, state));
	}

	pub fn call(&mut self, who: Sr25519Keyring, call: impl Into<RuntimeCall>) {
		self.block(Some((who, call.into())));
	}

	/// Build blocks until `done`.
	pub fn run_until(&mut self, mut done: impl FnMut() -> bool) {
		let last = self.number() + 400;
		while !self.ext.execute_with(&mut done) {
			assert!(self.number() < last, "the condition is not met in time");
			self.block(None);
		}
	}

	/// Advance to one block after breach `number` of a target.
	pub fn breach(&mut self, target: Target, number: u32) -> sla::Breach {
		let record = || sla::Breaches::<Runtime>::get(target, number);
		self.run_until(|| record().is_some());
		let breach = self.ext.execute_with(record).unwrap();
		self.block(None);
		breach
	}

	/// Blocks before and after the judgement of a breach, which the last proofs of a bundle cover.
	pub fn judged(&self, target: Target, number: u32) -> [BlockNumber; 2] {
		let key = sla::Breaches::<Runtime>::hashed_key_for(target, number);
		let known = |block: &BlockNumber| self.chain.read(*block, &key).unwrap().is_some();
		let block = (0..).find(known).unwrap();
		[block - 1, block]
	}

	fn submit(call: RuntimeCall) {
		let extension = <Runtime as frame_system::offchain::CreateAuthorizedTransaction<
			RuntimeCall,
		>>::create_extension();
		let extrinsic = UncheckedExtrinsic::new_transaction(call, extension);
		assert_ok!(Executive::apply_extrinsic(extrinsic).unwrap());
	}

	/// Probers of a round with their index.
	fn indexed_probers(round: RoundIndex) -> Vec<(usize, u16, Sr25519Keyring)> {
		let Some(snapshot) = probes::Snapshots::<Runtime>::get(round) else { return Vec::new() };
		let indexed_probers = PROBERS.iter().enumerate();
		indexed_probers
			.map(|(n, who)| (n, snapshot.find(&who.public().into()).unwrap().0, *who))
			.collect()
	}

	fn commits(
		round: RoundIndex,
		endpoints: &BTreeMap<Target, Finding>,
		behaviour: &[ProberBehaviour; 4],
		reports: &mut BTreeMap<(RoundIndex, u16), ([u8; 32], Vec<u8>)>,
	) {
		let due = probes::DuePages::<Runtime>::get(round).into_iter().flat_map(|due| {
			let page = probes::Pages::<Runtime>::get(due.page);
			let rows =
				probes::bits(due.mask).map(|slot| page[usize::from(slot)].clone().unwrap().target);
			rows.collect::<Vec<_>>()
		});
		let due: Vec<Target> = due.collect();
		for (n, index, who) in Self::indexed_probers(round) {
			let finding = |target| match behaviour[n] {
				ProberBehaviour::AlwaysUp => up(),
				_ => endpoints.get(target).copied().unwrap_or_else(up),
			};
			let report: Vec<u8> = due.iter().map(finding).map(Finding::to_byte).collect();
			let (salt, key) = ([index as u8; 32], who.public().into());
			let genesis = System::block_hash(0);
			let hash = probes::commit_hash(genesis.as_ref(), round, &key, &salt, &report);
			let payload = probes::commit_payload(genesis.as_ref(), round, &hash);
			let signature = who.pair().sign(&payload).into();
			Self::submit(probes::Call::commit { round, index, hash, signature }.into());
			reports.insert((round, index), (salt, report));
		}
	}

	fn reveals(
		round: RoundIndex,
		behaviour: &[ProberBehaviour; 4],
		reports: &mut BTreeMap<(RoundIndex, u16), ([u8; 32], Vec<u8>)>,
	) {
		for (n, index, _) in Self::indexed_probers(round) {
			let Some((salt, report)) = reports.remove(&(round, index)) else { continue };
			if !matches!(behaviour[n], ProberBehaviour::NeverReveals) {
				let report = report.try_into().unwrap();
				Self::submit(probes::Call::reveal { round, index, salt, report }.into());
			}
		}
	}
}

/// Keys and values of a state.
type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

/// Changes from one state to the next.
fn changes(before: &Pairs, now: &Pairs) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
	let gone = before.keys().filter(|key| !now.contains_key(*key));
	let new = now.iter().filter(|(key, value)| before.get(*key) != Some(*value));
	gone.map(|key| (key.clone(), None))
		.chain(new.map(|(key, value)| (key.clone(), Some(value.clone()))))
		.collect()
}

/// Client of a node database with the chain. `states` limits the number of states kept.
pub fn database(chain: &MemoryChain, states: Option<u32>, dir: &std::path::Path) -> FullClient {
	use sc_client_api::{
		BlockImportOperation as _, NewBlockState, TrieCacheContext, backend::Backend as _,
	};
	use sc_client_db::{BlocksPruning, DatabaseSettings, DatabaseSource, PruningMode};
	let backend: Arc<FullBackend> = sc_service::new_db_backend(DatabaseSettings {
		trie_cache_maximum_size: Some(1 << 20),
		state_pruning: Some(states.map_or(PruningMode::ArchiveAll, PruningMode::blocks_pruning)),
		source: DatabaseSource::ParityDb { path: dir.into() },
		blocks_pruning: BlocksPruning::KeepAll,
		pruning_filters: Vec::new(),
		metrics_registry: None,
	})
	.unwrap();
	let mut before = Pairs::new();
	for (header, state) in &chain.blocks {
		let pairs = state.pairs(IterArgs::default()).unwrap();
		let now: Pairs = pairs.collect::<Result<_, _>>().unwrap();
		let changes = changes(&before, &now);
		let mut operation = backend.begin_operation().unwrap();
		let root = if *header.number() == 0 {
			let storage = sp_core::storage::Storage {
				top: now.clone(),
				children_default: Default::default(),
			};
			operation.set_genesis_state(storage, true, StateVersion::V1).unwrap()
		} else {
			let parent = *header.parent_hash();
			backend.begin_state_operation(&mut operation, parent).unwrap();
			let state = backend.state_at(parent, TrieCacheContext::Trusted).unwrap();
			let delta = changes.iter().map(|(key, value)| (key.as_slice(), value.as_deref()));
			let (root, nodes) = state.storage_root(delta, StateVersion::V1);
			operation.update_db_storage(nodes).unwrap();
			operation.update_storage(changes, Vec::new()).unwrap();
			root
		};
		assert_eq!(root, *header.state_root());
		let state = NewBlockState::Final;
		operation
			.set_block_data(header.clone(), Some(Vec::new()), None, None, state, true)
			.unwrap();
		backend.commit_operation(operation).unwrap();
		before = now;
	}
	let executor: Executor = sc_service::new_wasm_executor(&Default::default());
	// Unused, since the database has a genesis block.
	let genesis = GenesisBlockBuilder::new_with_storage(
		Default::default(),
		true,
		backend.clone(),
		executor.clone(),
	);
	sc_service::new_client(
		backend,
		executor.clone(),
		genesis.unwrap(),
		Default::default(),
		Default::default(),
		ExecutionExtensions::new(None, Arc::new(executor)),
		Box::new(sp_core::testing::TaskExecutor::new()),
		None,
		None,
		Default::default(),
	)
	.unwrap()
}

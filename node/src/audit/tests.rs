//! Audits on a chain in memory: the real runtime, block by block, with four probers that commit and reveal.

use super::{Bundle, Chain, Error, Statement, bundle::BlockProof, collect, verify};
use crate::service::{Executor, FullBackend, FullClient};
use codec::{Decode, Encode};
use frame_support::assert_ok;
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
	Balance, BreachKind, Clock, LatencyBucket, RoundIndex, ServiceId, Severity, Verdict, WindowShare,
	report::Finding,
};
use surety_runtime::*;

const PROBERS: [Sr25519Keyring; 4] = [Alice, Bob, Charlie, Dave];
/// First slot of the chain.
const GENESIS_SLOT: u64 = 1_000_000;

/// A chain whose states are all kept in memory.
#[derive(Clone, Default)]
struct MemoryChain {
	blocks: Vec<(Header, InMemoryBackend<BlakeTwo256>)>,
	/// First block whose state is there.
	pruned: BlockNumber,
	/// Blocks at the end that are not finalized.
	pending: usize,
}

impl MemoryChain {
	fn at(&self, block: BlockNumber) -> Result<&(Header, InMemoryBackend<BlakeTwo256>), Error> {
		self.blocks.get(block as usize).ok_or(Error::UnknownBlock(block))
	}

	fn state(&self, block: BlockNumber) -> Result<&InMemoryBackend<BlakeTwo256>, Error> {
		if block < self.pruned { Err(Error::Pruned(block)) } else { Ok(&self.at(block)?.1) }
	}

	/// Change a value in the state after a block as if the chain had decided otherwise.
	fn forge<T: Decode + Encode>(&mut self, block: BlockNumber, key: Vec<u8>, change: impl FnOnce(&mut T)) {
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

/// What a prober does in a round.
#[derive(Clone, Copy)]
enum Conduct {
	/// Reports what the endpoint does.
	Honest,
	/// Says up of everything.
	AlwaysUp,
	/// Commits and does not reveal.
	NeverReveals,
}

/// The market in memory.
struct World {
	ext: TestExternalities<BlakeTwo256>,
	chain: MemoryChain,
	endpoints: BTreeMap<ServiceId, Finding>,
	conduct: [Conduct; 4],
	reports: BTreeMap<(RoundIndex, u16), ([u8; 32], Vec<u8>)>,
}

fn up() -> Finding {
	Finding::Up(LatencyBucket::from_millis(20))
}

fn account(who: Sr25519Keyring) -> AccountId {
	who.to_account_id()
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

impl World {
	fn new() -> Self {
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
		Self { ext, chain, endpoints, conduct: [Conduct::Honest; 4], reports }
	}

	/// An operator with a service that two tenants have paid for, at the start of a window that counts for both.
	fn market(min_uptime: u32) -> (Self, ServiceId) {
		let mut world = Self::new();
		let name = b"operator".to_vec().try_into().unwrap();
		world.call(Eve, operators::Call::register { bond: 1_000 * UNIT, name, contact: Default::default() });
		let service = world.ext.execute_with(operators::NextServiceId::<Runtime>::get);
		let credit =
			[125, 250, 500, 1_000].map(|thousandths| WindowShare::from_inner(thousandths * 1_000_000));
		world.call(
			Eve,
			operators::Call::list_service {
				kind: surety_primitives::ServiceKind::Vpn { key: [7; 32] },
				endpoint: b"http://127.0.0.1:8080/".to_vec().try_into().unwrap(),
				region: surety_primitives::Region::new(*b"DE").unwrap(),
				capacity: 100,
				price: UNIT / 10,
				asset: surety_primitives::AssetId::Native,
				terms: operators::TermsInput {
					min_uptime,
					max_latency_ms: 250,
					max_head_lag: 8,
					credit,
					cover: WindowShare::from_u32(3),
				},
				metadata_hash: [0; 32],
				metadata_uri: Default::default(),
			},
		);
		world.until(|| {
			let last = <Probes as surety_primitives::Probing>::probed(service).and_then(|probed| probed.last);
			matches!(last, Some((_, Verdict::Up { .. })))
		});
		let window_blocks = Balance::from(world.ext.execute_with(<Timing as Clock>::window_blocks));
		for (tenant, units) in [(Ferdie, 1u32), (Dave, 2)] {
			let deposit = UNIT / 10 * Balance::from(units) * 5 * window_blocks;
			let min_cover = WindowShare::default();
			let max_price = Balance::MAX;
			world.call(tenant, sla::Call::open_agreement { service, units, max_price, deposit, min_cover });
		}
		let opened = world.round();
		let window = |round| Timing::window_of(round);
		world.until(move || window(Timing::round()) > window(opened));
		(world, service)
	}

	fn number(&self) -> BlockNumber {
		(self.chain.blocks.len() - 1) as BlockNumber
	}

	fn round(&mut self) -> RoundIndex {
		let number = self.number();
		self.ext.execute_with(|| Timing::round_at(number))
	}

	/// Build a block with the probers' messages and a call.
	fn block(&mut self, call: Option<(Sr25519Keyring, RuntimeCall)>) {
		let number = self.number() + 1;
		let slot = Slot::from(GENESIS_SLOT + u64::from(number));
		let digest = PreDigest::SecondaryPlain(SecondaryPlainPreDigest { authority_index: 0, slot });
		let logs = vec![DigestItem::PreRuntime(BABE_ENGINE_ID, digest.encode())];
		let parent = self.chain.blocks.last().unwrap().0.hash();
		let nothing = Hash::default();
		let header = Header::new(number, nothing, nothing, parent, Digest { logs });
		let Self { ext, endpoints, conduct, reports, .. } = self;
		let header = ext.execute_with(|| {
			Executive::initialize_block(&header);
			let now = *slot * Timing::slot_ms();
			let time = RuntimeCall::Timestamp(pallet_timestamp::Call::set { now });
			assert_ok!(Executive::apply_extrinsic(UncheckedExtrinsic::new_bare(time)).unwrap());
			let round = Timing::round_at(number);
			match number - Timing::round_start(round) {
				1 => Self::commits(round, endpoints, conduct, reports),
				4 if round > 0 => Self::reveals(round - 1, conduct, reports),
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

	fn call(&mut self, who: Sr25519Keyring, call: impl Into<RuntimeCall>) {
		self.block(Some((who, call.into())));
	}

	/// Build blocks until it is so.
	fn until(&mut self, mut done: impl FnMut() -> bool) {
		let last = self.number() + 400;
		while !self.ext.execute_with(&mut done) {
			assert!(self.number() < last, "waited in vain");
			self.block(None);
		}
	}

	/// Go on to breach `number` of a service, and some blocks further.
	fn breach(&mut self, service: ServiceId, number: u32) -> sla::Breach {
		self.until(|| sla::Breaches::<Runtime>::contains_key(service, number));
		self.block(None);
		self.ext.execute_with(|| sla::Breaches::<Runtime>::get(service, number).unwrap())
	}

	/// The blocks that a bundle's last proofs are of: before and after a breach was judged.
	fn judged(&self, service: ServiceId, number: u32) -> [BlockNumber; 2] {
		let key = sla::Breaches::<Runtime>::hashed_key_for(service, number);
		let known = |block: &BlockNumber| self.chain.read(*block, &key).unwrap().is_some();
		let block = (0..).find(known).unwrap();
		[block - 1, block]
	}

	fn submit(call: RuntimeCall) {
		let extension =
			<Runtime as frame_system::offchain::CreateAuthorizedTransaction<RuntimeCall>>::create_extension();
		let extrinsic = UncheckedExtrinsic::new_transaction(call, extension);
		assert_ok!(Executive::apply_extrinsic(extrinsic).unwrap());
	}

	/// The probers of a round with their index.
	fn seats(round: RoundIndex) -> Vec<(usize, u16, Sr25519Keyring)> {
		let Some(snapshot) = probes::Snapshots::<Runtime>::get(round) else { return Vec::new() };
		let seats = PROBERS.iter().enumerate();
		seats.map(|(n, who)| (n, snapshot.find(&who.public().into()).unwrap().0, *who)).collect()
	}

	fn commits(
		round: RoundIndex,
		endpoints: &BTreeMap<ServiceId, Finding>,
		conduct: &[Conduct; 4],
		reports: &mut BTreeMap<(RoundIndex, u16), ([u8; 32], Vec<u8>)>,
	) {
		let due = probes::DuePages::<Runtime>::get(round).into_iter().flat_map(|due| {
			let page = probes::Pages::<Runtime>::get(due.page);
			let rows = probes::bits(due.mask).map(|slot| page[usize::from(slot)].clone().unwrap().service);
			rows.collect::<Vec<_>>()
		});
		let due: Vec<ServiceId> = due.collect();
		for (n, index, who) in Self::seats(round) {
			let says = |service| match conduct[n] {
				Conduct::AlwaysUp => up(),
				_ => endpoints.get(service).copied().unwrap_or_else(up),
			};
			let report: Vec<u8> = due.iter().map(says).map(Finding::to_byte).collect();
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
		conduct: &[Conduct; 4],
		reports: &mut BTreeMap<(RoundIndex, u16), ([u8; 32], Vec<u8>)>,
	) {
		for (n, index, _) in Self::seats(round) {
			let Some((salt, report)) = reports.remove(&(round, index)) else { continue };
			if !matches!(conduct[n], Conduct::NeverReveals) {
				let report = report.try_into().unwrap();
				Self::submit(probes::Call::reveal { round, index, salt, report }.into());
			}
		}
	}
}

/// A bundle of a breach of downtime, with a prober that says up and one that never reveals.
fn downtime() -> (World, ServiceId, Bundle, Statement) {
	let (mut world, service) = World::market(900_000_000);
	world.conduct = [Conduct::Honest, Conduct::Honest, Conduct::NeverReveals, Conduct::AlwaysUp];
	world.endpoints.insert(service, Finding::Down);
	world.breach(service, 0);
	let (bundle, statement) = collect(&world.chain, service, 0, None).unwrap();
	(world, service, bundle, statement)
}

#[test]
fn a_breach_is_collected_and_verified_by_a_node_that_has_only_headers() {
	let (world, service, bundle, statement) = downtime();
	println!("{statement}");
	let breach = {
		let mut world = world;
		let breach = world.ext.execute_with(|| sla::Breaches::<Runtime>::get(service, 0).unwrap());
		// All states but the last are gone.
		world.chain.pruned = world.number();
		let verified = verify(&world.chain, &bundle.encode()).unwrap();
		assert_eq!(verified.text, statement.text);
		let error = collect(&world.chain, service, 0, None).unwrap_err();
		assert!(matches!(error, Error::Pruned(_)), "{error}");
		assert!(error.to_string().ends_with("is pruned: ask an archive node"), "{error}");
		breach
	};
	assert_eq!((breach.kind, breach.severity), (BreachKind::Downtime, Severity::Low));
	assert_eq!(statement.rounds.len(), usize::from(breach.counters.down));
	let round = &statement.rounds[0];
	assert_eq!((round.committed, round.revealed, round.verdict.as_str()), (4, 3, "down"));
	assert_eq!(round.findings["down"].len(), 2);
	assert_eq!(statement.credited, breach.credited.to_string());
	assert_eq!(statement.penalty, breach.penalty.to_string());
	let credits: Balance = statement.agreements.iter().map(|a| a.now.parse::<Balance>().unwrap()).sum();
	assert_eq!((statement.agreements.len(), credits), (2, breach.credited));
	assert!(statement.text.ends_with("\nverified\n"));
	assert!(statement.text.lines().all(|line| line.chars().count() <= 100), "{}", statement.text);
}

#[test]
fn every_changed_byte_of_a_bundle_is_refused() {
	let (world, _, bundle, _) = downtime();
	let bytes = bundle.encode();
	let half = bytes.len() / 2;
	let refuse = |range: std::ops::Range<usize>| {
		let mut changed = bytes.clone();
		for at in range {
			for mask in [0x01, 0x80] {
				changed[at] ^= mask;
				assert!(verify(&world.chain, &changed).is_err(), "byte {at} ^ {mask:#x}");
				changed[at] ^= mask;
			}
		}
		assert!(verify(&world.chain, &changed).is_ok());
	};
	std::thread::scope(|threads| {
		threads.spawn(|| refuse(0..half));
		refuse(half..bytes.len());
	});
	for length in (0..bytes.len()).step_by(97) {
		assert!(verify(&world.chain, &bytes[..length]).is_err(), "cut at {length}");
	}
	assert!(verify(&world.chain, &[bytes.as_slice(), &[0]].concat()).is_err(), "a byte more");
}

#[test]
fn a_bundle_of_another_chain_service_or_number_is_refused() {
	let (mut world, service, bundle, _) = downtime();
	let refused = |bundle: &Bundle| verify(&world.chain, &bundle.encode()).unwrap_err();
	let other = Bundle { genesis: Hash::repeat_byte(1), ..bundle.clone() };
	assert_eq!(refused(&other), Error::OtherChain);
	let other = Bundle { service: service + 1, ..bundle.clone() };
	assert!(matches!(refused(&other), Error::Incomplete(_) | Error::Mismatch(_)));
	let other = Bundle { number: 1, ..bundle.clone() };
	assert!(matches!(refused(&other), Error::Incomplete(_) | Error::Mismatch(_)));
	let other = Bundle { agreements: vec![0], ..bundle.clone() };
	assert!(matches!(refused(&other), Error::Mismatch(_)));
	let other = Bundle { agreements: vec![0, 1, 1], ..bundle.clone() };
	assert!(matches!(refused(&other), Error::Mismatch(_)));
	// The same blocks on a fork.
	let block = bundle.judged.block;
	world.chain.forge(
		block,
		sla::Services::<Runtime>::hashed_key_for(service),
		|state: &mut sla::ServiceState| {
			state.breaches += 1;
		},
	);
	assert_eq!(verify(&world.chain, &bundle.encode()).unwrap_err(), Error::OtherBlock(block));
}

#[test]
fn a_proof_with_a_node_more_or_less_is_refused() {
	let (world, _, bundle, _) = downtime();
	let refused = |bundle: &Bundle| verify(&world.chain, &bundle.encode()).unwrap_err();
	let of = |bundle: &mut Bundle, place: usize, nodes: StorageProof| {
		let proof: &mut BlockProof = bundle.rounds.get_mut(place).unwrap_or(&mut bundle.judged);
		proof.nodes = nodes;
		proof.block
	};
	for place in 0..=bundle.rounds.len() {
		let proof = bundle.rounds.get(place).unwrap_or(&bundle.judged);
		let nodes: Vec<Vec<u8>> = proof.nodes.iter_nodes().cloned().collect();
		let mut more = bundle.clone();
		let block = of(&mut more, place, StorageProof::new(nodes.iter().cloned().chain([b"more".to_vec()])));
		assert_eq!(refused(&more), Error::Superfluous(block));
		for gone in 0..nodes.len() {
			let rest = nodes.iter().enumerate().filter(|(n, _)| *n != gone).map(|(_, node)| node.clone());
			let mut less = bundle.clone();
			let block = of(&mut less, place, StorageProof::new(rest));
			assert_eq!(refused(&less), Error::Incomplete(block));
		}
	}
	// More of the true state is too much as well.
	let mut more = bundle.clone();
	let key = probes::ProberSet::<Runtime>::hashed_key().to_vec();
	let proof = world.chain.prove(bundle.judged.block, &[key]).unwrap();
	let block = of(&mut more, usize::MAX, StorageProof::merge([bundle.judged.nodes.clone(), proof]));
	assert_eq!(refused(&more), Error::Superfluous(block));
	// A round less, and a round twice.
	let mut less = bundle.clone();
	less.rounds.remove(0);
	assert!(matches!(refused(&less), Error::Mismatch(_)));
	let mut twice = bundle.clone();
	twice.rounds.insert(0, bundle.rounds[0].clone());
	assert!(matches!(refused(&twice), Error::Mismatch(_)));
}

#[test]
fn a_record_that_does_not_follow_from_the_reports_is_refused() {
	let (world, service, ..) = downtime();
	let [before, block] = world.judged(service, 0);
	let forged = |change: fn(&mut sla::Breach)| {
		let mut chain = world.chain.clone();
		chain.forge(block, sla::Breaches::<Runtime>::hashed_key_for(service, 0), change);
		// What the chain remembers is what it recorded.
		collect(&chain, service, 0, Some(block)).unwrap_err()
	};
	let changes: [fn(&mut sla::Breach); 13] = [
		|breach| breach.window += 1,
		|breach| breach.kind = BreachKind::Slow,
		|breach| breach.before = Some(Severity::Low),
		|breach| breach.severity = Severity::Medium,
		|breach| breach.counters.up += 1,
		|breach| breach.allowance += 1,
		|breach| breach.multiplier += 1,
		|breach| breach.demanded = WindowShare::from_u32(1),
		|breach| breach.rate += 1,
		|breach| breach.index_before = WindowShare::from_inner(1),
		|breach| breach.index_after = WindowShare::from_inner(1),
		|breach| breach.credited += 1,
		|breach| breach.penalty += 1,
	];
	for (n, change) in changes.into_iter().enumerate() {
		assert!(matches!(forged(change), Error::Mismatch(_)), "{n}: {}", forged(change));
	}
	// A report that is not the one that was revealed.
	let mut chain = world.chain.clone();
	let round = world.chain.blocks[block as usize].0.number() / 6 - 2;
	chain.forge(
		before,
		probes::Reports::<Runtime>::hashed_key_for(round, 0u16),
		|sent: &mut probes::Sent| {
			let probes::Sent::Revealed(report) = sent else { panic!("prober 0 revealed") };
			report[0] ^= 1;
		},
	);
	let error = collect(&chain, service, 0, None).unwrap_err();
	assert_eq!(error, Error::Mismatch(format!("the reports of round {round} have another root")));
}

#[test]
fn a_root_that_the_chain_keeps_otherwise_is_refused() {
	let (mut world, _, bundle, statement) = downtime();
	let key = probes::RevealRoots::<Runtime>::hashed_key_for(statement.rounds[0].round);
	let last = world.number();
	world.chain.forge(last, key, |root: &mut Hash| *root = Hash::repeat_byte(1));
	let error = verify(&world.chain, &bundle.encode()).unwrap_err();
	assert!(error.to_string().contains("another root"), "{error}");
}

#[test]
fn a_breach_that_is_not_final_is_refused() {
	let (mut world, service, bundle, _) = downtime();
	let [_, block] = world.judged(service, 0);
	world.chain.pending = (world.number() + 1 - block) as usize;
	assert_eq!(verify(&world.chain, &bundle.encode()).unwrap_err(), Error::NotFinal(block));
	let error = collect(&world.chain, service, 0, None).unwrap_err();
	assert_eq!(error, Error::NoBreach(service, 0, block - 1));
	let error = collect(&world.chain, service, 0, Some(block)).unwrap_err();
	assert_eq!(error, Error::NotFinal(block));
}

#[test]
fn every_tier_and_kind_is_audited() {
	// Not one bad round is allowed: the first tier fires with the first round of a window, whose counters
	// begin in the block that judges it.
	let (mut world, service) = World::market(1_000_000_000);
	world.endpoints.insert(service, Finding::Down);
	let mut seen = Vec::new();
	let mut number = 0;
	for (finding, breaches) in [
		(Finding::Down, 3),
		(Finding::Bad(LatencyBucket::from_millis(20)), 2),
		(Finding::Up(LatencyBucket::from_millis(500)), 1),
	] {
		world.endpoints.insert(service, finding);
		for _ in 0..breaches {
			let breach = world.breach(service, number);
			let (bundle, statement) = collect(&world.chain, service, number, None).unwrap();
			assert_eq!(bundle.rounds.len(), usize::from(breach.counters.against(breach.kind)));
			assert_eq!(statement.index_after, breach.index_after.into_inner().to_string());
			if number == 0 {
				assert_eq!(breach.round, statement.first_round, "the window began in the block that judged");
			}
			seen.push((breach.kind, breach.before, breach.severity, breach.multiplier));
			number += 1;
		}
	}
	use BreachKind::*;
	use Severity::*;
	assert!(seen.contains(&(Downtime, None, Low, 1)));
	assert!(seen.contains(&(Downtime, Some(Low), Medium, 1)));
	assert!(seen.iter().any(|(kind, ..)| *kind == BadData));
	assert!(seen.iter().any(|(kind, ..)| *kind == Slow));
}

#[test]
fn the_subcommand_writes_a_bundle_and_verifies_it() {
	use crate::cli::{Cli, Subcommand};
	use sc_cli::SubstrateCli;
	let (world, service, bundle, _) = downtime();
	let dir = tempfile::tempdir().unwrap();
	let file = dir.path().join("breach.audit");
	let run = |args: &[&str]| {
		let args = ["surety-node", "audit"].iter().chain(args);
		let Some(Subcommand::Audit(cmd)) = Cli::try_from_iter(args).unwrap().subcommand else {
			panic!("not an audit")
		};
		cmd.run(&world.chain)
	};
	let file = file.to_str().unwrap();
	run(&["breach", &service.to_string(), "0", "--out", file, "--base-path", "nowhere", "--chain", "local"])
		.unwrap();
	assert_eq!(std::fs::read(file).unwrap(), bundle.encode());
	run(&["verify", file]).unwrap();
	std::fs::write(file, b"").unwrap();
	assert!(run(&["verify", file]).unwrap_err().to_string().contains("not a bundle"));
	assert!(
		run(&["breach", &service.to_string(), "1"]).unwrap_err().to_string().contains("knows no breach 1")
	);
}

#[tokio::test]
async fn only_the_owner_of_a_node_collects_over_rpc_and_everybody_verifies() {
	use crate::rpc::audit::{Audit, AuditRpcServer};
	use sc_rpc::DenyUnsafe;
	let (world, service, bundle, statement) = downtime();
	let mut methods: jsonrpsee::Methods = Audit::new(Arc::new(world.chain)).into_rpc().into();
	let collect = (service, 0);
	methods.extensions_mut().insert(DenyUnsafe::Yes);
	let refused = methods.call::<_, serde_json::Value>("surety_auditBreach", collect).await.unwrap_err();
	assert!(refused.to_string().contains("unsafe"), "{refused}");
	let hex = sp_core::Bytes(bundle.encode());
	let verified: serde_json::Value = methods.call("surety_verifyAudit", [hex.clone()]).await.unwrap();
	assert_eq!(verified, serde_json::to_value(&statement).unwrap());
	methods.extensions_mut().insert(DenyUnsafe::No);
	let collected: serde_json::Value = methods.call("surety_auditBreach", collect).await.unwrap();
	assert_eq!(collected["bundle"], serde_json::to_value(&hex).unwrap());
	assert_eq!(collected["statement"], verified);
	let forged = sp_core::Bytes(Bundle { number: 1, ..bundle }.encode());
	let error = methods.call::<_, serde_json::Value>("surety_verifyAudit", [forged]).await.unwrap_err();
	assert!(error.to_string().contains("9002"), "{error}");
}

/// The chain in a node's database, which keeps so many states, and a client of it.
fn database(chain: &MemoryChain, states: Option<u32>, dir: &std::path::Path) -> FullClient {
	use sc_client_api::{BlockImportOperation as _, NewBlockState, TrieCacheContext, backend::Backend as _};
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
	let mut before = BTreeMap::new();
	for (header, state) in &chain.blocks {
		let pairs = state.pairs(IterArgs::default()).unwrap();
		let now: BTreeMap<Vec<u8>, Vec<u8>> = pairs.collect::<Result<_, _>>().unwrap();
		let gone =
			before.keys().filter(|key| !now.contains_key(*key)).map(|key: &Vec<u8>| (key.clone(), None));
		let new = now.iter().filter(|(key, value)| before.get(*key) != Some(*value));
		let changes: Vec<_> =
			gone.chain(new.map(|(key, value)| (key.clone(), Some(value.clone())))).collect();
		let mut operation = backend.begin_operation().unwrap();
		let root = if *header.number() == 0 {
			let storage =
				sp_core::storage::Storage { top: now.clone(), children_default: Default::default() };
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
		operation.set_block_data(header.clone(), Some(Vec::new()), None, None, state, true).unwrap();
		backend.commit_operation(operation).unwrap();
		before = now;
	}
	let executor: Executor = sc_service::new_wasm_executor(&Default::default());
	// Not asked for: the database has a genesis block.
	let genesis =
		GenesisBlockBuilder::new_with_storage(Default::default(), true, backend.clone(), executor.clone());
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

#[test]
fn a_node_audits_with_its_database_and_says_what_it_pruned() {
	let (world, service, bundle, _) = downtime();
	let dir = tempfile::tempdir().unwrap();
	let archive = database(&world.chain, None, &dir.path().join("archive"));
	let (collected, _) = collect(&archive, service, 0, None).unwrap();
	assert_eq!(collected, bundle);
	drop(archive);

	// The state after the last block alone.
	let pruned = database(&world.chain, Some(1), &dir.path().join("pruned"));
	verify(&pruned, &bundle.encode()).unwrap();
	let error = collect(&pruned, service, 0, None).unwrap_err();
	assert!(matches!(error, Error::Pruned(_)), "{error}");
	let unknown = BlockProof { block: world.number() + 1, ..bundle.judged.clone() };
	let error = verify(&pruned, &Bundle { judged: unknown, ..bundle }.encode()).unwrap_err();
	assert_eq!(error, Error::NotFinal(world.number() + 1));
	assert_eq!(Chain::header(&pruned, world.number() + 1), Err(Error::UnknownBlock(world.number() + 1)));
}

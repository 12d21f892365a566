// SPDX-License-Identifier: Apache-2.0

//! Fixture: a whole chain in memory. The real runtime runs block by block through `Executive`. Four
//! probers commit and reveal as the real ones do; the test decides their reports.

use crate::{bonds::set_keys, invariants};
use codec::Encode;
use frame_support::{
	assert_ok, dispatch::DispatchResultWithPostInfo, migrations::MultiStepMigrator as _,
};
use pallet_surety_probes as probes;
use sp_consensus_babe::{
	BABE_ENGINE_ID, Slot,
	digests::{PreDigest, SecondaryPlainPreDigest},
};
use sp_core::{Pair, sr25519};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	BuildStorage, Digest, DigestItem,
	traits::{Dispatchable, Header as _},
};
use std::collections::BTreeMap;
use surety_primitives::{
	AssetId, Balance, Clock, LatencyBucket, RoundIndex, Target, report::Finding,
};
use surety_runtime::*;

/// First slot of the test chains.
const GENESIS_SLOT: u64 = 1_000_000;

/// Behaviour of a prober.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
	/// Reports the state of the endpoint.
	Honest,
	/// Reports the same finding for every service.
	Always(Finding),
	/// Does not reach one target.
	Misses(Target),
	/// Commits the hash of another prober, and tries to reveal the report of that prober.
	Copies(usize),
	/// Reveals a report that differs in every byte from the committed one.
	RevealsWrong,
	/// Commits and does not reveal.
	NeverReveals,
	/// Neither commits nor reveals.
	Absent,
}

/// Chain with its probers.
pub struct Fixture {
	ext: sp_io::TestExternalities,
	parent: Header,
	/// Number of slots that passed without a block.
	skipped: u64,
	/// State of each endpoint; `Up` at 20 ms if there is no entry.
	pub endpoints: BTreeMap<Target, Finding>,
	/// Behaviour of each prober.
	pub conduct: [Conduct; 4],
	/// All probing keys that each prober has had, the newest last.
	keys: [Vec<sr25519::Pair>; 4],
	/// Salts and reports of the rounds that are not revealed yet, by round and prober.
	reports: BTreeMap<(RoundIndex, usize), ([u8; 32], Vec<u8>)>,
}

/// Finding of an endpoint that is up at 20 ms.
pub fn up() -> Finding {
	Finding::Up(LatencyBucket::from_millis(20))
}

/// Account of a keyring member.
pub fn account(who: Sr25519Keyring) -> AccountId {
	who.to_account_id()
}

/// Probers: the validators, by their accounts. A network may have fewer of them.
pub const PROBERS: [Sr25519Keyring; 4] =
	[Sr25519Keyring::Alice, Sr25519Keyring::Bob, Sr25519Keyring::Charlie, Sr25519Keyring::Dave];

impl Fixture {
	/// Local test network at its genesis.
	pub fn new() -> Self {
		Self::with_preset("local_testnet")
	}

	/// Network of a preset at its genesis.
	pub fn with_preset(preset: &str) -> Self {
		Self::with_changes(preset, serde_json::json!({}))
	}

	/// Network of a preset with changes to its genesis.
	pub fn with_changes(preset: &str, changes: serde_json::Value) -> Self {
		let patch = genesis::preset(&preset.into()).expect("the preset exists");
		let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).expect("serializes");
		merge(&mut config, serde_json::from_slice(&patch).expect("the preset is JSON"));
		merge(&mut config, changes);
		let config: RuntimeGenesisConfig = serde_json::from_value(config).expect("the preset fits");
		let mut ext: sp_io::TestExternalities =
			config.build_storage().expect("genesis builds").into();
		let parent = ext.execute_with(|| {
			Header::new(
				0,
				Default::default(),
				Default::default(),
				Default::default(),
				Default::default(),
			)
		});
		// Genesis endows the first six members of the keyring; tests need two more.
		ext.execute_with(|| {
			use frame_support::traits::{
				fungible::Mutate as _,
				fungibles::{Inspect as _, Mutate as _},
			};
			for who in [Sr25519Keyring::One, Sr25519Keyring::Two] {
				assert_ok!(Balances::mint_into(&account(who), 100_000 * UNIT));
				if Assets::asset_exists(genesis::SBTC) {
					assert_ok!(Assets::mint_into(genesis::SBTC, &account(who), 100_000_000_000));
				}
			}
		});
		Self {
			ext,
			parent,
			skipped: 0,
			endpoints: BTreeMap::new(),
			conduct: [Conduct::Honest; 4],
			keys: PROBERS.map(|who| vec![who.pair()]),
			reports: BTreeMap::new(),
		}
	}

	/// Read or change the state between two blocks.
	pub fn peek<R>(&mut self, f: impl FnOnce() -> R) -> R {
		self.ext.execute_with(f)
	}

	/// Let `slots` pass without a block: the chain stalls.
	pub fn stall(&mut self, slots: u64) {
		self.skipped += slots;
	}

	/// Round of the last block.
	pub fn round(&mut self) -> RoundIndex {
		let number = *self.parent.number();
		self.peek(|| Timing::round_at(number))
	}

	/// Build one block: hooks, timestamp, the probers' transactions, then `calls`.
	pub fn block_with<R>(&mut self, calls: impl FnOnce() -> R) -> R {
		let number = self.parent.number() + 1;
		let slot = Slot::from(GENESIS_SLOT + u64::from(number) + self.skipped);
		let authority_index = self.peek(Self::author);
		let digest = PreDigest::SecondaryPlain(SecondaryPlainPreDigest { authority_index, slot });
		let header = Header::new(
			number,
			Default::default(),
			Default::default(),
			self.parent.hash(),
			Digest { logs: vec![DigestItem::PreRuntime(BABE_ENGINE_ID, digest.encode())] },
		);
		let (endpoints, conduct) = (self.endpoints.clone(), self.conduct);
		let (reports, keys) = (&mut self.reports, &self.keys);
		let (header, result) = self.ext.execute_with(|| {
			Executive::initialize_block(&header);
			let now = *slot * Timing::slot_ms();
			let time = RuntimeCall::Timestamp(pallet_timestamp::Call::set { now });
			Executive::apply_extrinsic(UncheckedExtrinsic::new_bare(time))
				.expect("valid")
				.expect("applied");
			// During a migration of several blocks no transaction is let in.
			if !MultiBlockMigrations::ongoing() {
				Self::submit_reports(number, &endpoints, &conduct, keys, reports);
			}
			let result = calls();
			(Executive::finalize_block(), result)
		});
		self.parent = header;
		// Signatures have random nonces. Without their root the hashes, from which draws are made,
		// are the same in every run.
		self.parent.set_extrinsics_root(Default::default());
		self.ext.commit_all().expect("storage commits");
		result
	}

	/// Index of the author of the next block: the first prober that is in the set and not disabled.
	fn author() -> u32 {
		let (set, disabled) = (Session::validators(), Session::disabled_validators());
		let index = |who: &Sr25519Keyring| set.iter().position(|v| *v == account(*who));
		let enabled = |index: &u32| !disabled.contains(index);
		let mut authors = PROBERS.iter().filter_map(index).map(|index| index as u32);
		authors.find(enabled).expect("a prober may author")
	}

	/// Build one block.
	pub fn block(&mut self) {
		self.block_with(|| ());
	}

	/// Build blocks to the first one of the next round, `rounds` times.
	pub fn rounds(&mut self, rounds: u32) {
		for _ in 0..rounds {
			let from = self.round();
			while self.round() == from {
				self.block();
			}
		}
	}

	/// Build blocks until `done` is true. Panics after `limit` rounds.
	pub fn until(&mut self, what: &str, limit: u32, mut done: impl FnMut() -> bool) {
		let last = self.round() + limit;
		while !self.ext.execute_with(&mut done) {
			assert!(self.round() <= last, "not within {limit} rounds: {what}");
			self.block();
		}
	}

	/// Dispatch a call by an account in a block of its own. A call that fails must not change the
	/// state.
	pub fn call(
		&mut self,
		who: Sr25519Keyring,
		call: impl Into<RuntimeCall>,
	) -> DispatchResultWithPostInfo {
		let call = call.into();
		self.block_with(|| {
			let before = sp_io::storage::root(sp_core::storage::StateVersion::V1);
			let result = call.clone().dispatch(RuntimeOrigin::signed(account(who)));
			let after = sp_io::storage::root(sp_core::storage::StateVersion::V1);
			if result.is_err() {
				assert_eq!(before, after, "a call that fails changes nothing: {call:?}");
			}
			result
		})
	}

	/// Apply a signed transaction through the whole pipeline, in a block of its own: extensions,
	/// nonce, fees. The outer error is that of the pool, the inner one that of the call.
	pub fn signed(
		&mut self,
		who: Sr25519Keyring,
		call: impl Into<RuntimeCall>,
	) -> Result<
		sp_runtime::DispatchResult,
		sp_runtime::transaction_validity::TransactionValidityError,
	> {
		let call = call.into();
		self.block_with(|| Self::apply_signed(who, call))
	}

	/// Apply a signed transaction in the block that is being built.
	pub fn apply_signed(
		who: Sr25519Keyring,
		call: RuntimeCall,
	) -> Result<
		sp_runtime::DispatchResult,
		sp_runtime::transaction_validity::TransactionValidityError,
	> {
		let mut extension = <Runtime as frame_system::offchain::CreateAuthorizedTransaction<
			RuntimeCall,
		>>::create_extension();
		extension.6 = frame_system::CheckNonce::from(System::account_nonce(account(who)));
		let payload = sp_runtime::generic::SignedPayload::new(call.clone(), extension.clone())?;
		let signature = payload.using_encoded(|bytes| who.pair().sign(bytes));
		let address = sp_runtime::MultiAddress::Id(account(who));
		Executive::apply_extrinsic(UncheckedExtrinsic::new_signed(
			call,
			address,
			signature.into(),
			extension,
		))
	}

	/// Check the invariants of every pallet.
	pub fn check(&mut self) {
		self.ext.execute_with(invariants::check);
	}

	/// Balance of an account in an asset, free and on hold.
	pub fn total(&mut self, asset: AssetId, who: Sr25519Keyring) -> Balance {
		use surety_primitives::Funds;
		self.peek(|| configs::assets::MarketFunds::total(asset, &account(who)))
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

impl Fixture {
	/// Submit the transactions of the four off-chain workers: commits in the second block of a
	/// round, reveals in the fifth block of the next one.
	fn submit_reports(
		number: BlockNumber,
		endpoints: &BTreeMap<Target, Finding>,
		conduct: &[Conduct; 4],
		keys: &[Vec<sr25519::Pair>; 4],
		reports: &mut BTreeMap<(RoundIndex, usize), ([u8; 32], Vec<u8>)>,
	) {
		let round = Timing::round_at(number);
		let offset = number - Timing::round_start(round);
		if offset == 1 {
			Self::submit_commits(round, endpoints, conduct, keys, reports);
		}
		if offset == probes::REVEAL_OFFSET && round > 0 {
			Self::submit_reveals(round - 1, conduct, keys, reports);
			reports.retain(|(r, _), _| *r + 3 > round);
		}
	}

	/// Targets due in a round, in the order of the report, with their operators; `None` where a
	/// listing is gone.
	fn due(round: RoundIndex) -> Vec<Option<(Target, AccountId)>> {
		probes::DuePages::<Runtime>::get(round)
			.iter()
			.flat_map(|due| {
				let page = probes::Pages::<Runtime>::get(due.page);
				probes::bits(due.mask)
					.map(move |slot| page.get(usize::from(slot)).cloned().flatten())
					.map(|row| row.map(|row| (row.target, row.operator)))
					.collect::<Vec<_>>()
			})
			.collect()
	}

	fn submit_commits(
		round: RoundIndex,
		endpoints: &BTreeMap<Target, Finding>,
		conduct: &[Conduct; 4],
		keys: &[Vec<sr25519::Pair>; 4],
		reports: &mut BTreeMap<(RoundIndex, usize), ([u8; 32], Vec<u8>)>,
	) {
		let due = Self::due(round);
		if due.is_empty() {
			return;
		}
		for (index, conduct) in conduct.iter().enumerate() {
			if *conduct == Conduct::Absent {
				continue;
			}
			let Some((pair, position)) = Self::prober_index(round, &keys[index]) else { continue };
			let own = account(PROBERS[index]);
			let report: Vec<u8> = due
				.iter()
				.map(|due| {
					let Some((service, operator)) = due else { return Finding::Skipped };
					match conduct {
						_ if *operator == own => Finding::Skipped,
						Conduct::Always(finding) => *finding,
						Conduct::Misses(missed) if missed == service => Finding::Down,
						_ => endpoints.get(service).copied().unwrap_or_else(up),
					}
				})
				.map(Finding::to_byte)
				.collect();
			let salt = [index as u8 + 1; 32];
			reports.insert((round, index), (salt, report.clone()));
			let genesis = System::block_hash(0);
			let hash = match conduct {
				Conduct::Copies(of) => {
					let (_, victim) =
						Self::prober_index(round, &keys[*of]).expect("the victim probes");
					match probes::Reports::<Runtime>::get(round, victim) {
						Some(probes::Sent::Committed(hash)) => hash,
						other => panic!("the victim commits before its copier: {other:?}"),
					}
				},
				_ => probes::commit_hash(
					genesis.as_ref(),
					round,
					&pair.public().into(),
					&salt,
					&report,
				),
			};
			let payload = probes::commit_payload(genesis.as_ref(), round, &hash);
			let signature = pair.sign(&payload).into();
			let call = probes::Call::commit { round, index: position, hash, signature };
			assert_ok!(Self::submit(call.into()));
		}
	}

	fn submit_reveals(
		round: RoundIndex,
		conduct: &[Conduct; 4],
		keys: &[Vec<sr25519::Pair>; 4],
		reports: &BTreeMap<(RoundIndex, usize), ([u8; 32], Vec<u8>)>,
	) {
		for (index, conduct) in conduct.iter().enumerate() {
			let Some((salt, report)) = reports.get(&(round, index)).cloned() else { continue };
			let Some((_, position)) = Self::prober_index(round, &keys[index]) else { continue };
			let reveal = |salt, report: Vec<u8>| {
				let report = report.try_into().expect("a report is not too long");
				Self::submit(probes::Call::reveal { round, index: position, salt, report }.into())
			};
			match conduct {
				Conduct::NeverReveals | Conduct::Absent => (),
				Conduct::Copies(of) => {
					let (salt, report) =
						reports.get(&(round, *of)).cloned().expect("the victim reports");
					assert!(reveal(salt, report).is_err(), "a copied commit cannot be revealed");
				},
				Conduct::RevealsWrong => {
					let down = Finding::Down.to_byte();
					let wrong = report
						.iter()
						.map(|b| if *b == down { up().to_byte() } else { down })
						.collect();
					assert!(
						reveal(salt, wrong).is_err(),
						"only the committed report can be revealed"
					);
				},
				Conduct::Honest | Conduct::Always(_) | Conduct::Misses(_) => {
					assert_ok!(reveal(salt, report));
				},
			}
		}
	}

	/// Key and index of a prober in the snapshot of a round.
	fn prober_index(round: RoundIndex, keys: &[sr25519::Pair]) -> Option<(sr25519::Pair, u16)> {
		let snapshot = probes::Snapshots::<Runtime>::get(round).expect("the round has a snapshot");
		keys.iter().find_map(|pair| {
			let key = surety_primitives::crypto::ProberId::from(pair.public());
			Some((pair.clone(), snapshot.find(&key)?.0))
		})
	}

	/// Give a prober another probing key. It keeps its other session keys.
	pub fn rotate_prober(&mut self, index: usize, key: sr25519::Pair) {
		let who = PROBERS[index];
		assert_ok!(self.call(who, set_keys(who, &who.pair(), &key)));
		self.keys[index].push(key);
	}

	/// Apply an authorized transaction through the whole pipeline, as in a real block.
	pub fn submit(call: RuntimeCall) -> Result<(), String> {
		let extension = <Runtime as frame_system::offchain::CreateAuthorizedTransaction<
			RuntimeCall,
		>>::create_extension();
		Executive::apply_extrinsic(UncheckedExtrinsic::new_transaction(call, extension))
			.map_err(|e| format!("{e:?}"))?
			.map_err(|e| format!("{e:?}"))
	}
}

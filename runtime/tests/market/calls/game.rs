// SPDX-License-Identifier: Apache-2.0

//! Game of random calls on one chain: blocks with calls of every pallet from every origin, while
//! endpoints fail and probers misbehave. The seed decides everything.

use super::{
	corpus::Corpus,
	number,
	pool::{PARTIES, Pool},
	values::{Types, Values},
	watch,
};
use crate::{
	fixture::{Conduct, Fixture, up},
	fuzz::{self, Random},
	invariants,
	orders::party,
};
use codec::{DecodeAll, Encode};
use frame_support::{assert_ok, dispatch::DispatchClass, traits::Get};
use pallet_assets::BalanceOnHold as _;
use pallet_proxy::Call as Proxies;
use pallet_surety_compute_orders as compute;
use pallet_surety_operators as operators;
use sp_core::storage::StateVersion;
use sp_keyring::Sr25519Keyring;
use sp_runtime::traits::Dispatchable;
use std::collections::BTreeMap;
use surety_primitives::{AssetId, LatencyBucket, Target, report::Finding};
use surety_runtime::{configs::accounts::ProxyType, *};

/// Calls of a block.
pub const CALLS_PER_BLOCK: u64 = 32;
/// Blocks after which the invariants are checked, unless they are after every call.
const CHECKED_EVERY: u32 = 4;

/// Sender of a call.
#[derive(Clone, Debug)]
pub enum Sender {
	/// Dispatched with an origin.
	Origin(OriginCaller),
	/// Signed transaction, with the extensions and the fee.
	Signed(Sr25519Keyring),
	/// Transaction without a signature, as sent by off-chain workers.
	Unsigned { bare: bool },
}

impl Sender {
	/// True if the sender is not an account that signs.
	fn is_privileged(&self) -> bool {
		let signed = |caller: &OriginCaller| {
			matches!(caller, OriginCaller::system(frame_system::RawOrigin::Signed(_)))
		};
		match self {
			Self::Origin(caller) => !signed(caller),
			Self::Signed(_) => false,
			Self::Unsigned { .. } => true,
		}
	}

	pub fn account(who: AccountId) -> Self {
		Self::Origin(frame_system::RawOrigin::Signed(who).into())
	}
}

/// Call with its sender.
#[derive(Clone, Debug)]
pub struct Sent {
	pub sender: Sender,
	pub call: RuntimeCall,
}

/// One block.
#[derive(Clone, Debug)]
pub struct Step {
	/// Slots without a block before it.
	stall: u64,
	endpoint: Option<(Target, Finding)>,
	conduct: [Conduct; 4],
	pub calls: Vec<Sent>,
}

/// Chain of a game.
pub struct Board {
	pub chain: Fixture,
	money: [Balance; 2],
	steps: u32,
	/// True if the invariants are checked after every call.
	strict: bool,
}

impl Board {
	/// Market with a proxy for each party.
	pub fn new(asset: AssetId) -> Self {
		watch::start();
		let mut chain = fuzz::market(asset);
		chain.block_with(|| {
			for (n, other) in PARTIES.iter().zip(PARTIES.iter().skip(1)) {
				for proxy_type in [ProxyType::Any, ProxyType::Operate, ProxyType::Report] {
					let delegate = party(*other).into();
					let call = Proxies::add_proxy { delegate, proxy_type, delay: 0 };
					let call: RuntimeCall = call.into();
					assert_ok!(call.dispatch(RuntimeOrigin::signed(party(*n))));
				}
			}
		});
		let money = chain.peek(issuance);
		let strict = number("FUZZ_STRICT").is_some_and(|value| value > 0);
		Self { chain, money, steps: 0, strict }
	}

	/// Build a block. Returns for each call whether it succeeded. Panics if anything is wrong.
	pub fn play(&mut self, step: &Step) -> Vec<bool> {
		let (chain, strict, money) = (&mut self.chain, self.strict, self.money);
		chain.stall(step.stall);
		chain.conduct = step.conduct;
		if let Some((target, finding)) = step.endpoint {
			chain.endpoints.insert(target, finding);
		}
		let session = chain.peek(Session::current_index);
		let done = chain.block_with(|| {
			let calls = step.calls.iter().enumerate().map(|call| {
				let done = apply(call);
				if strict {
					check(money);
				}
				done
			});
			calls.collect()
		});
		chain.peek(|| {
			let mut hooks = System::block_weight().get(DispatchClass::Mandatory).ref_time();
			let limit = <Runtime as frame_system::Config>::BlockWeights::get().max_block.ref_time();
			if Session::current_index() != session {
				// The block of a new session counts as full.
				hooks = hooks.saturating_sub(limit);
			}
			assert!(hooks <= limit, "hooks weigh {hooks} of {limit}");
		});
		let defensive = watch::fired();
		assert!(defensive.is_empty(), "defensive: {defensive:?}");
		self.steps += 1;
		if self.steps.is_multiple_of(CHECKED_EVERY) {
			self.check();
		}
		done
	}

	/// Check the invariants of all pallets, and the money.
	pub fn check(&mut self) {
		self.chain.peek(|| check(self.money));
	}
}

/// Check the invariants of all pallets, and the money, over the state that is current.
fn check(money: [Balance; 2]) {
	invariants::check();
	assert_eq!(issuance(), money, "money in == money out + held");
	assert_eq!(held_by_all(), money, "the accounts have what was issued");
}

/// Tokens of the native and of the test asset.
fn issuance() -> [Balance; 2] {
	let supply = pallet_assets::Asset::<Runtime>::get(genesis::SBTC).map(|asset| asset.supply);
	[Balances::total_issuance(), supply.expect("the test asset exists")]
}

/// Sums of what all accounts have, free and on hold.
fn held_by_all() -> [Balance; 2] {
	let accounts: Vec<_> = frame_system::Account::<Runtime>::iter().collect();
	let native = accounts.iter().map(|(_, account)| account.data.free + account.data.reserved);
	let free = pallet_assets::Account::<Runtime>::iter_prefix_values(genesis::SBTC)
		.map(|account| account.balance);
	let held =
		accounts.iter().filter_map(|(who, _)| AssetsHolder::balance_on_hold(genesis::SBTC, who));
	[native.sum(), free.sum::<Balance>() + held.sum::<Balance>()]
}

/// Apply a call in the block that is being built.
fn apply((place, sent): (usize, &Sent)) -> bool {
	let call = sent.call.clone();
	match &sent.sender {
		Sender::Origin(caller) => {
			// The root is expensive: of the first call only.
			let root = || (place == 0).then(|| sp_io::storage::root(StateVersion::V1));
			let before = root();
			let done = call.dispatch(RuntimeOrigin::from(caller.clone())).is_ok();
			assert!(done || before == root(), "a call that fails changes nothing");
			done
		},
		Sender::Signed(who) => matches!(Fixture::apply_signed(*who, call), Ok(Ok(()))),
		Sender::Unsigned { bare: false } => Fixture::submit(call).is_ok(),
		Sender::Unsigned { bare: true } => {
			let bare = UncheckedExtrinsic::new_bare(call);
			matches!(Executive::apply_extrinsic(bare), Ok(Ok(())))
		},
	}
}

/// Game in progress.
pub struct Game<'a> {
	pub board: Board,
	types: &'a Types,
	pool: Pool,
	corpus: Corpus,
	random: Random,
	asset: AssetId,
	/// Calls sent and calls that succeeded, by their indices.
	pub tally: BTreeMap<[u8; 2], (u64, u64)>,
}

/// Asset of the game with a seed.
pub fn asset_of(seed: u64) -> AssetId {
	if seed.is_multiple_of(2) { AssetId::Native } else { AssetId::Local(genesis::SBTC) }
}

impl<'a> Game<'a> {
	pub fn new(types: &'a Types, seed: u64) -> Self {
		let asset = asset_of(seed);
		let mut board = Board::new(asset);
		let corpus = Corpus::new(&mut board.chain, asset);
		let (pool, random, tally) = (Pool::new(), Random(seed), BTreeMap::new());
		Self { board, types, pool, corpus, random, asset, tally }
	}

	/// Next block of the game.
	pub fn step(&mut self) -> Step {
		self.board.chain.peek(|| self.pool.refresh());
		let mut calls = Vec::new();
		for _ in 0..CALLS_PER_BLOCK {
			calls.extend(self.sent());
		}
		let stall = if self.random.below(200) == 0 { 60 } else { 0 };
		let (endpoint, conduct) = (self.endpoint(), [(); 4].map(|()| self.conduct()));
		Step { stall, endpoint, conduct, calls }
	}

	/// Play a step, and learn from it.
	pub fn play(&mut self, step: &Step) {
		let done = self.board.play(step);
		for (sent, done) in step.calls.iter().zip(done) {
			let bytes = sent.call.encode();
			let count = self.tally.entry([bytes[0], bytes[1]]).or_default();
			count.0 += 1;
			count.1 += u64::from(done);
			if done {
				self.corpus.keep(sent.sender.clone(), bytes, &mut self.random);
			}
		}
	}

	fn conduct(&mut self) -> Conduct {
		match self.random.below(24) {
			0 => Conduct::Absent,
			1 => Conduct::NeverReveals,
			2 => Conduct::Always(Finding::Down),
			3 => Conduct::RevealsWrong,
			_ => Conduct::Honest,
		}
	}

	fn endpoint(&mut self) -> Option<(Target, Finding)> {
		if self.random.below(4) > 0 {
			return None;
		}
		let targets: Vec<Target> = self.board.chain.peek(|| {
			let services = operators::Services::<Runtime>::iter_keys().map(Target::Service);
			services.chain(compute::Leases::<Runtime>::iter_keys().map(Target::Lease)).collect()
		});
		let finding = match self.random.below(6) {
			0 | 1 => Finding::Down,
			2 => Finding::Bad(LatencyBucket::from_millis(20)),
			3 => Finding::Up(LatencyBucket::from_millis(900)),
			_ => up(),
		};
		Some((self.random.pick(&targets)?, finding))
	}

	fn sent(&mut self) -> Option<Sent> {
		// Calls that fit the state of the market keep it alive.
		if self.random.below(12) == 0 {
			let (chain, random) = (&mut self.board.chain, &mut self.random);
			let (who, call) = fuzz::random_call(chain, random, self.asset)?;
			return Some(Sent { sender: Sender::account(who), call });
		}
		let Self { types, pool, corpus, random, .. } = self;
		let call = &types.calls[random.below(types.calls.len() as u64) as usize];
		let known = if random.below(8) < 5 { corpus.pick(call.index, random) } else { None };
		let (sender, bytes) = match known {
			Some((sender, bytes)) => {
				let sender =
					if random.below(4) > 0 { sender } else { random_sender(types, pool, random)? };
				let privileged = sender.is_privileged();
				let rate = 2 + random.below(30);
				let values = Values::new(types, pool, random, privileged);
				(sender, values.like(&bytes, rate)?)
			},
			None => {
				let sender = random_sender(types, pool, random)?;
				let privileged = sender.is_privileged();
				let values = Values::new(types, pool, random, privileged);
				(sender, values.call_of(call)?)
			},
		};
		let call = RuntimeCall::decode_all(&mut &bytes[..]).ok()?;
		Some(Sent { sender, call })
	}
}

fn random_sender(types: &Types, pool: &Pool, random: &mut Random) -> Option<Sender> {
	Some(match random.below(32) {
		0..=3 => Sender::Origin(frame_system::RawOrigin::Root.into()),
		4 | 5 => {
			let origin = Values::new(types, pool, random, true).origin()?;
			Sender::Origin(OriginCaller::decode_all(&mut &origin[..]).ok()?)
		},
		6 | 7 => Sender::Signed(pool.named(random)),
		8 => Sender::Unsigned { bare: random.below(2) == 0 },
		_ => Sender::account(pool.signer(random)),
	})
}

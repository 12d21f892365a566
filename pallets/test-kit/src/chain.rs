// SPDX-License-Identifier: Apache-2.0

//! Test externalities, and the blocks, rounds and windows of a test.

use crate::probing;
use core::marker::PhantomData;
use frame::{prelude::*, testing_prelude::*, traits::*};
use pallet_surety_timing::{TimingPreset, Timings};
use surety_primitives::{
	AssetId, Balance, BlockNumber, Clock, Probing, RoundIndex, Verdict, WindowIndex,
};

/// Operator of the services of a test.
pub const OPERATOR: u64 = 1;
/// Operator besides [`OPERATOR`].
pub const OTHER_OPERATOR: u64 = 2;
/// Tenant of a test.
pub const TENANT: u64 = 11;
/// Tenant besides [`TENANT`].
pub const OTHER_TENANT: u64 = 12;
/// Account without a role.
pub const STRANGER: u64 = 13;
/// Account of the treasury.
pub const TREASURY: u64 = 90;
/// Owner, issuer and admin of the assets.
pub const ADMIN: u64 = 91;
/// Account of the pot that probers are paid from.
pub const PROBER_POT: u64 = 92;
/// Account of the pot that credits are paid from, where a mock chooses it.
pub const CREDIT_POT: u64 = 93;

/// Approved asset of the tests.
pub const LOCAL: AssetId = AssetId::Local(1);
/// Minimum balance of an account, in the native token (as the mock configures it) and in [`LOCAL`].
pub const MINIMUM: Balance = 10;
/// Balance of each account from 1 to 20, in the native token and in [`LOCAL`].
pub const FUNDS: Balance = 1_000_000;
/// Minimum bond in [`LOCAL`], equal to the default of the native token.
pub const MIN_BOND: Balance = 1_000;

/// Runtime of a test with the clock, the operators pallet and the probes pallet.
pub trait TestRuntime:
	frame_system::Config<AccountId = u64>
	+ pallet_balances::Config<Balance = Balance>
	+ pallet_assets::Config<AssetId = u32, Balance = Balance>
	+ pallet_surety_timing::Config
	+ pallet_surety_operators::Config
	+ pallet_surety_probes::Config
{
	/// Pallets whose hooks run in every block: `AllPalletsWithSystem`.
	type Pallets: OnInitialize<BlockNumberFor<Self>>
		+ OnIdle<BlockNumberFor<Self>>
		+ OnFinalize<BlockNumberFor<Self>>;

	/// Check the invariants of all pallets. Panics with the one that fails.
	fn check_invariants();
}

/// State in which a test starts.
#[derive(Clone, Debug)]
pub struct Genesis {
	/// Settings of the clock.
	pub timings: Timings,
	/// Balances in the native token and in [`LOCAL`].
	pub funds: Vec<(u64, Balance)>,
	/// Number of probers.
	pub probers: u16,
}

impl Default for Genesis {
	/// A development chain: 5 blocks to a round, 12 rounds to a window, private endpoints allowed,
	/// no proof of control. Accounts 1 to 20 have [`FUNDS`], the pots and the treasury the minimum.
	fn default() -> Self {
		let accounts = (1..=20).map(|who| (who, FUNDS));
		let pots = [TREASURY, PROBER_POT, CREDIT_POT].map(|who| (who, MINIMUM));
		Self {
			timings: TimingPreset::dev(),
			funds: accounts.chain(pots).collect(),
			probers: probing::PROBERS,
		}
	}
}

/// Fixtures of a test runtime.
pub struct Kit<T>(PhantomData<T>);

impl<T: TestRuntime> Kit<T> {
	/// Test externality at block 1, in round 0, with a session of probers.
	pub fn new_test_ext() -> TestState {
		Self::test_ext(Genesis::default())
	}

	/// Test externality with another genesis.
	pub fn test_ext(genesis: Genesis) -> TestState {
		let Genesis { timings, funds, probers } = genesis;
		let AssetId::Local(local) = LOCAL else { unreachable!() };
		let mut storage = frame_system::GenesisConfig::<T>::default().build_storage().unwrap();
		pallet_surety_timing::GenesisConfig::<T> { timings, ..Default::default() }
			.assimilate_storage(&mut storage)
			.unwrap();
		pallet_balances::GenesisConfig::<T> { balances: funds.clone(), ..Default::default() }
			.assimilate_storage(&mut storage)
			.unwrap();
		pallet_assets::GenesisConfig::<T> {
			assets: vec![(local, ADMIN, true, MINIMUM)],
			accounts: funds.into_iter().map(|(who, amount)| (local, who, amount)).collect(),
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		pallet_surety_operators::GenesisConfig::<T> {
			assets: vec![(local, MIN_BOND)],
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();

		let mut ext: TestState = storage.into();
		ext.execute_with(|| {
			// Block 0 has no events.
			System::<T>::set_block_number(1u32.into());
			probing::reset();
			Self::start_session(probers);
		});
		ext
	}

	/// Run a test, and check the invariants of all pallets after it.
	pub fn build_and_execute<R>(test: impl FnOnce() -> R) -> R {
		Self::build_and_execute_with(Genesis::default(), test)
	}

	/// Run a test from another genesis, and check the invariants of all pallets after it.
	pub fn build_and_execute_with<R>(genesis: Genesis, test: impl FnOnce() -> R) -> R {
		Self::test_ext(genesis).execute_with(|| {
			let result = test();
			T::check_invariants();
			result
		})
	}

	/// Number of the current block.
	pub fn block() -> BlockNumber {
		Timing::<T>::now()
	}

	/// Round of the current block.
	pub fn round() -> RoundIndex {
		Timing::<T>::round()
	}

	/// Blocks of the current round before the current one.
	pub fn offset() -> u32 {
		Self::block() - Timing::<T>::round_start(Self::round())
	}

	/// Window of the current round.
	pub fn window() -> WindowIndex {
		Timing::<T>::window_of(Self::round())
	}

	/// Last round that is judged for every target.
	pub fn judged_round() -> RoundIndex {
		<Probes<T> as Probing<u64>>::judged_round()
	}

	/// Build the next block: the rest of the current one (`on_idle`, `on_finalize`),
	/// `on_initialize` of the next, and the reports of the probers. Returns the weight of
	/// `on_initialize`.
	pub fn next_block() -> Weight {
		let block = System::<T>::block_number();
		T::Pallets::on_idle(block, Weight::MAX);
		T::Pallets::on_finalize(block);
		let block = block + 1u32.into();
		System::<T>::set_block_number(block);
		let weight = T::Pallets::on_initialize(block);
		Self::send_reports();
		weight
	}

	/// Build `n` blocks.
	pub fn run_blocks(n: u32) {
		Self::run_to_block(Self::block() + n);
	}

	/// Build blocks up to block `n`.
	pub fn run_to_block(n: BlockNumber) {
		while Self::block() < n {
			Self::next_block();
		}
	}

	/// Build blocks up to the first block of a round that is `n` rounds later.
	pub fn run_rounds(n: u32) {
		Self::run_to_round(Self::round() + n);
	}

	/// Build blocks up to the first block of `round`.
	pub fn run_to_round(round: RoundIndex) {
		Self::run_to_block(Timing::<T>::round_start(round));
	}

	/// Build blocks up to the first block of a window that is `n` windows later.
	pub fn run_windows(n: u32) {
		Self::run_to_window(Self::window() + n);
	}

	/// Build blocks up to the first block of `window`.
	pub fn run_to_window(window: WindowIndex) {
		Self::run_to_round(Timing::<T>::window_start(window));
	}

	/// Build blocks until `round` is judged for every target.
	pub fn run_to_judged(round: RoundIndex) {
		Self::run_until("the round is judged", || Self::judged_round() >= round);
	}

	/// Build blocks until `condition` holds, for two windows at most.
	pub fn run_until(what: &str, condition: impl Fn() -> bool) {
		let limit = Self::block() + 2 * Timing::<T>::window_blocks();
		while !condition() {
			assert!(Self::block() < limit, "still not: {what}");
			Self::next_block();
		}
	}

	/// Last verdict on a target.
	pub fn verdict(target: surety_primitives::Target) -> Option<Verdict> {
		let status = <Probes<T> as surety_primitives::Slots>::status(target)?;
		status.last.map(|(_, verdict)| verdict)
	}
}

pub(crate) type System<T> = frame_system::Pallet<T>;
pub(crate) type Timing<T> = pallet_surety_timing::Pallet<T>;
pub(crate) type Operators<T> = pallet_surety_operators::Pallet<T>;
pub(crate) type Probes<T> = pallet_surety_probes::Pallet<T>;

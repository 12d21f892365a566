// SPDX-License-Identifier: Apache-2.0

//! Runtime with the real pallets that this one meets, with real money: timing, operators, probes,
//! sla, escrow and reputation. Probers report the findings of [`neighbours`].

#![allow(clippy::arithmetic_side_effects)]

use crate::{self as pallet_surety_compute_orders, *};
use frame::testing_prelude::*;
use frame_support::storage::with_storage_layer;
use pallet_surety_timing::TimingPreset;
use std::collections::BTreeSet;
use surety_primitives::{
	AssetId, CloseReason, EscrowId, LatencyBucket, RoundIndex, Service, SlaTerms, Target,
	TermsInput, TrustLevel, WindowShare,
};
use surety_test_kit::{AnyAsset, BlockTime, Genesis, ProberSet, TestRuntime};

mod actions;
mod neighbours;
mod orders;
pub use actions::*;
pub use neighbours::*;
pub use orders::*;

pub type AccountId = u64;
type Block = MockBlockU32<Test>;
pub type Kit = surety_test_kit::Kit<Test>;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Timing: pallet_surety_timing,
		Balances: pallet_balances,
		Assets: pallet_assets,
		AssetsHolder: pallet_assets_holder,
		Operators: pallet_surety_operators,
		Probes: pallet_surety_probes,
		Sla: pallet_surety_sla,
		Escrow: pallet_surety_escrow,
		Reputation: pallet_surety_reputation,
		ComputeOrders: pallet_surety_compute_orders,
	}
);

pub use surety_test_kit::{
	ADMIN, LOCAL, MINIMUM, OTHER_TENANT as OTHER, PROBER_POT as FEES, TENANT, TREASURY,
};

/// Blocks of a round.
pub const L: u32 = TimingPreset::dev().round_blocks;
/// Rounds of a window.
pub const R: u32 = TimingPreset::dev().window_rounds as u32;
/// Blocks of a window.
pub const W: u32 = L * R;
pub const MAX_PRICE: Balance = 100;
/// Credits of most terms, in percent of a window's price.
pub const CREDIT: [u32; 4] = [10, 20, 50, 100];
/// Cover of most terms, in windows' prices.
pub const COVER: u32 = 2;
/// Bond of an operator in each asset.
pub const BOND: Balance = 1_000_000;
/// Free balance of an account in each asset, in which a test starts.
pub const FUNDS: Balance = 1_000_000;
pub const DEPOSIT: Balance = 30_000;
/// Blocks from an order to its deadline, in most tests.
pub const BIDDING: u32 = 20;
/// Blocks that an order runs, in most tests: 30 rounds.
pub const DURATION: u32 = 150;

pub const OPERATORS: [AccountId; 4] = [1, 2, 3, 4];
/// Token of the chain; [`LOCAL`] is the asset of the assets pallet.
pub const NATIVE: AssetId = AssetId::Native;

pub const ESCROW_HOLD: RuntimeHoldReason =
	RuntimeHoldReason::Escrow(pallet_surety_escrow::HoldReason::Escrow);
pub const ORDER_HOLD: RuntimeHoldReason =
	RuntimeHoldReason::ComputeOrders(crate::HoldReason::Order);
pub const BID_HOLD: RuntimeHoldReason = RuntimeHoldReason::ComputeOrders(crate::HoldReason::Bid);

pub type EscrowError = pallet_surety_escrow::Error<Test>;
pub type OperatorsError = pallet_surety_operators::Error<Test>;
pub type ProbesError = pallet_surety_probes::Error<Test>;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

surety_test_kit::money!(MINIMUM);
surety_test_kit::authorized_transactions!();

impl pallet_surety_timing::Config for Test {}

parameter_types! {
	/// Share of credits that operators pay on top.
	pub storage PenaltyShare: Perbill = Perbill::from_percent(10);
	pub storage MaxCredit: WindowShare = WindowShare::from_u32(30);
	pub storage TasksAtOnce: u32 = 10;
	pub storage BidsAtOnce: u32 = 8;
	pub storage TrialRounds: RoundIndex = 2;
	pub const PlatformFee: Perbill = Perbill::from_percent(5);
	pub const ProberShare: Perbill = Perbill::from_percent(60);
	pub const OrderDeposit: Balance = 500;
	pub const BidDeposit: Balance = 50;
	/// Three bad rounds of the last four.
	pub const Health: pallet_surety_probes::HealthRule =
		pallet_surety_probes::HealthRule { bad: 3, of: 4 };
}

#[derive_impl(pallet_surety_operators::config_preludes::TestDefaultConfig)]
impl pallet_surety_operators::Config for Test {
	type Clock = Timing;
	type Probing = Probes;
	type Agreements = Sla;
	type Inventory = ComputeOrders;
	type Funds = Money;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type AssetPolicy = AnyAsset;
	type Treasury = ConstU64<TREASURY>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = surety_test_kit::NoBenchmarks;
}

#[derive_impl(pallet_surety_probes::config_preludes::TestDefaultConfig)]
impl pallet_surety_probes::Config for Test {
	type Clock = Timing;
	type Time = BlockTime<Test>;
	type Registry = Operators;
	type OnJudged = Sla;
	type OnLeaseFailed = ComputeOrders;
	type Reputation = Reputation;
	type ValidatorSet = ProberSet;
	type ReportNeglect = ();
	type Funds = Money;
	type Pot = ConstU64<FEES>;
	type Health = Health;
	/// One active page of slots.
	type DueServices = ConstU32<256>;
}

#[derive_impl(pallet_surety_sla::config_preludes::TestDefaultConfig)]
impl pallet_surety_sla::Config for Test {
	type Clock = Timing;
	type Registry = Operators;
	type Bonding = Operators;
	type Slots = Probes;
	type Escrow = Escrow;
	type Reputation = Reputation;
	type Funds = Money;
	type Treasury = ConstU64<TREASURY>;
	type ProberPot = ConstU64<FEES>;
	type PenaltyShare = PenaltyShare;
	type PlatformFee = PlatformFee;
	type ProberShare = ProberShare;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = surety_test_kit::NoBenchmarks;
}

/// All fees go to [`FEES`], so that [`TREASURY`] has the penalties.
#[derive_impl(pallet_surety_escrow::config_preludes::TestDefaultConfig)]
impl pallet_surety_escrow::Config for Test {
	type Funds = Money;
	type Clock = Timing;
	type Meter = Probes;
	type OnStreamEnd = (Sla, ComputeOrders);
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type PlatformFee = PlatformFee;
	type ProberShare = ProberShare;
	type ProberPot = ConstU64<FEES>;
	type Treasury = ConstU64<FEES>;
	type AgendaPerBlock = ConstU32<50>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = surety_test_kit::NoBenchmarks;
}

#[derive_impl(pallet_surety_reputation::config_preludes::TestDefaultConfig)]
impl pallet_surety_reputation::Config for Test {
	type Clock = Timing;
	type RatingScale = surety_test_kit::RatingScale<100>;
}

#[derive_impl(pallet_surety_compute_orders::config_preludes::TestDefaultConfig)]
impl pallet_surety_compute_orders::Config for Test {
	type Funds = Money;
	type Clock = Timing;
	type Registry = Operators;
	type MaxCredit = MaxCredit;
	type Bonding = Operators;
	type Slots = Probes;
	type Escrow = Escrow;
	type Agreements = Sla;
	type Reputation = Reputation;
	type Randomness = BlockRandomness;
	type OrderDeposit = OrderDeposit;
	type BidDeposit = BidDeposit;
	type TrialRounds = TrialRounds;
	type MaxBids = BidsAtOnce;
	type TasksPerBlock = TasksAtOnce;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = BenchmarkSetup;
}

/// Another number in every block.
pub struct BlockRandomness;
impl Randomness<H256, u32> for BlockRandomness {
	fn random(subject: &[u8]) -> (H256, u32) {
		let now = System::block_number();
		(H256(frame::hashing::blake2_256(&(subject, now).encode())), now)
	}
}

impl TestRuntime for Test {
	type Pallets = AllPalletsWithSystem;

	fn check_invariants() {
		assert_ok!(Operators::do_try_state());
		assert_ok!(Probes::do_try_state());
		assert_ok!(Sla::do_try_state());
		assert_ok!(Escrow::do_try_state());
		assert_ok!(Reputation::do_try_state());
		assert_ok!(ComputeOrders::do_try_state());
	}
}

/// Fixture: each operator has a service in the token and one in the asset, with an inventory. A
/// test starts with window 2.
pub struct ExtBuilder;
impl ExtBuilder {
	pub fn build() -> TestState {
		let mut funds: Vec<_> = [TENANT, OTHER].map(|who| (who, FUNDS)).into();
		funds.extend(OPERATORS.map(|who| (who, BOND + FUNDS)));
		funds.extend([TREASURY, ADMIN, FEES, Sla::pot()].map(|who| (who, MINIMUM)));
		let mut ext = Kit::test_ext(Genesis { funds, ..Default::default() });
		ext.execute_with(|| {
			reset_findings();
			for who in OPERATORS {
				register(who, BOND);
				assert_ok!(Operators::bond_more(signed(who), LOCAL, BOND));
				for asset in [NATIVE, LOCAL] {
					list(service_of(who, asset), who, asset);
				}
			}
			run_to(2 * W);
			for who in OPERATORS {
				for asset in [NATIVE, LOCAL] {
					assert_ok!(declare(who, service_of(who, asset), plenty()));
				}
			}
			forget_events();
		});
		ext
	}

	/// Run a test. The invariants of all pallets hold after it, and no money came or went.
	pub fn build_and_execute(test: impl FnOnce()) {
		Self::build().execute_with(|| {
			let issued = issuance();
			test();
			check(issued);
		});
	}

	/// Run a test that skips blocks of the neighbours, or changes what they store. Only the
	/// invariants of this pallet hold after it.
	pub fn build_and_stall(test: impl FnOnce()) {
		Self::build().execute_with(|| {
			test();
			assert_ok!(ComputeOrders::do_try_state());
		});
	}

	/// Run a test with the token and with the asset.
	pub fn with_each_asset(test: impl Fn(AssetId)) {
		for asset in [NATIVE, LOCAL] {
			Self::build_and_execute(|| test(asset));
		}
	}
}

pub fn issuance() -> [Balance; 2] {
	[NATIVE, LOCAL].map(Money::issuance)
}

/// Check the invariants of all pallets and between them.
pub fn check(issued: [Balance; 2]) {
	Test::check_invariants();
	assert_eq!(issuance(), issued, "money came or went");
	// Every lease that runs is listed and has exposure, and no other.
	let running: BTreeSet<_> =
		Leases::<Test>::iter().filter(|(_, lease)| lease.is_running()).map(|(id, _)| id).collect();
	let listed: BTreeSet<_> = pallet_surety_operators::Leases::<Test>::iter_keys().collect();
	assert_eq!(running, listed);
	let exposed: BTreeSet<_> = pallet_surety_operators::Exposures::<Test>::iter_keys()
		.filter_map(|target| match target {
			Target::Lease(id) => Some(id),
			Target::Service(_) => None,
		})
		.collect();
	assert!(exposed.is_subset(&running));
	// Every replica that is not over has funds on hold.
	for (_, order) in Orders::<Test>::iter() {
		for replica in &order.replicas {
			let holds = pallet_surety_escrow::Accounts::<Test>::contains_key(replica.escrow);
			assert_eq!(holds, !replica.state.is_closed());
		}
	}
}

/// Run to a block with the hooks of all pallets and the reports of the probers.
pub fn run_to(block: BlockNumber) {
	Kit::run_to_block(block);
}

pub fn run(blocks: BlockNumber) {
	Kit::run_blocks(blocks);
}

pub fn run_to_round(round: RoundIndex) {
	Kit::run_to_round(round);
}

pub fn now() -> BlockNumber {
	System::block_number()
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub fn total(asset: AssetId, who: AccountId) -> Balance {
	Money::total(asset, &who)
}

/// Benchmark set-up with services of new operators.
#[cfg(feature = "runtime-benchmarks")]
pub struct BenchmarkSetup;

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<AccountId> for BenchmarkSetup {
	fn asset() -> AssetId {
		LOCAL
	}
	fn fund(asset: AssetId, who: &AccountId, amount: Balance) {
		use frame::token::{fungible::Mutate as _, fungibles::Mutate as _};
		assert_ok!(Balances::mint_into(who, MINIMUM));
		let _: Balance = match asset {
			AssetId::Native => Balances::mint_into(who, amount).unwrap(),
			AssetId::Local(id) => Assets::mint_into(id, who, amount).unwrap(),
		};
	}
	fn compute_service(n: u32) -> ServiceId {
		let who = 1_000 + AccountId::from(n);
		for asset in [NATIVE, LOCAL] {
			Self::fund(asset, &who, 20_000 * BOND);
		}
		register(who, 10_000 * BOND);
		assert_ok!(Operators::bond_more(signed(who), LOCAL, 10_000 * BOND));
		let id = 1_000 + n;
		list(id, who, LOCAL);
		id
	}
	fn health(service: ServiceId) -> Endpoint {
		health_of(service)
	}
}

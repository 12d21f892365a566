// SPDX-License-Identifier: Apache-2.0

//! Runtime with the real clock, operators, probes, escrow and reputation. Stand-ins for sla record
//! what they are called with.

use crate as surety_test_kit;
use crate::*;
use frame::testing_prelude::*;
use surety_primitives::{
	Agreements, Balance, Counters, End, EscrowOwner, OnJudged, OnStreamEnd, ServiceId, StreamEnd,
	Target, TierReached, WindowClosed, WindowIndex, WindowShare, WindowTerms,
};

type AccountId = u64;
type Block = MockBlockU32<Test>;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Timing: pallet_surety_timing,
		Balances: pallet_balances,
		Assets: pallet_assets,
		AssetsHolder: pallet_assets_holder,
		Operators: pallet_surety_operators,
		Probes: pallet_surety_probes,
		Escrow: pallet_surety_escrow,
		Reputation: pallet_surety_reputation,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

surety_test_kit::money!(MINIMUM);
surety_test_kit::authorized_transactions!();

impl pallet_surety_timing::Config for Test {}

#[derive_impl(pallet_surety_operators::config_preludes::TestDefaultConfig)]
impl pallet_surety_operators::Config for Test {
	type Clock = Timing;
	type Probing = Probes;
	type Agreements = NoAgreements;
	type Inventory = NoLeases;
	type Funds = Money;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type AssetPolicy = AnyAsset;
	type Treasury = ConstU64<TREASURY>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = NoBenchmarks;
}

#[derive_impl(pallet_surety_probes::config_preludes::TestDefaultConfig)]
impl pallet_surety_probes::Config for Test {
	type Clock = Timing;
	type Time = BlockTime<Test>;
	type Registry = Operators;
	type OnJudged = RecordingJudge;
	type OnLeaseFailed = NoLeases;
	type Reputation = Reputation;
	type ValidatorSet = ProberSet;
	type ReportNeglect = ();
	type Funds = Money;
	type Pot = ConstU64<PROBER_POT>;
}

parameter_types! {
	pub const PlatformFee: Perbill = Perbill::from_percent(5);
	pub const ProberShare: Perbill = Perbill::from_percent(50);
	/// Tiers that were reached.
	pub static Tiers: Vec<(Target, TierReached)> = vec![];
	/// Streams that ended.
	pub static Ended: Vec<(EscrowOwner, StreamEnd)> = vec![];
}

#[derive_impl(pallet_surety_escrow::config_preludes::TestDefaultConfig)]
impl pallet_surety_escrow::Config for Test {
	type Funds = Money;
	type Clock = Timing;
	type Meter = Probes;
	type OnStreamEnd = RecordingOwner;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type PlatformFee = PlatformFee;
	type ProberShare = ProberShare;
	type ProberPot = ConstU64<PROBER_POT>;
	type Treasury = ConstU64<TREASURY>;
	type AgendaPerBlock = ConstU32<10>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = NoBenchmarks;
}

#[derive_impl(pallet_surety_reputation::config_preludes::TestDefaultConfig)]
impl pallet_surety_reputation::Config for Test {
	type Clock = Timing;
	type RatingScale = RatingScale<10_000>;
}

/// Rules of every window: one bad round of each kind is allowed.
pub const TERMS: WindowTerms = WindowTerms { allowance: [1; 3], multiplier: 1 };

pub struct RecordingJudge;
impl OnJudged for RecordingJudge {
	fn window_closed(_: Target, _: WindowIndex, _: &Counters) -> WindowClosed {
		WindowClosed { next: TERMS, end: None, weight: Weight::zero() }
	}
	fn tier_reached(target: Target, tier: TierReached) -> (Option<End>, Weight) {
		Tiers::mutate(|tiers| tiers.push((target, tier)));
		(None, Weight::zero())
	}
}

pub struct NoAgreements;
impl Agreements for NoAgreements {
	fn units(_: ServiceId) -> u32 {
		0
	}
	fn exposure_under(_: ServiceId, _: WindowShare) -> Result<Option<Balance>, DispatchError> {
		Ok(None)
	}
	fn forget(_: Target) -> DispatchResult {
		Ok(())
	}
	fn forget_weight() -> Weight {
		Weight::zero()
	}
}

pub struct RecordingOwner;
impl OnStreamEnd for RecordingOwner {
	fn ending(_: EscrowOwner, _: End) -> Weight {
		Weight::zero()
	}
	fn ended(owner: EscrowOwner, end: StreamEnd) -> Weight {
		Ended::mutate(|ended| ended.push((owner, end)));
		Weight::zero()
	}
	fn suspended(_: EscrowOwner, _: StreamEnd) -> Weight {
		Weight::zero()
	}
	fn max_weight() -> Weight {
		Weight::zero()
	}
}

impl TestRuntime for Test {
	type Pallets = AllPalletsWithSystem;

	fn check_invariants() {
		Timing::do_try_state().unwrap();
		Operators::do_try_state().unwrap();
		Probes::do_try_state().unwrap();
		Escrow::do_try_state().unwrap();
		Reputation::do_try_state().unwrap();
	}
}

pub type Kit = surety_test_kit::Kit<Test>;

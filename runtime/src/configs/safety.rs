// SPDX-License-Identifier: Apache-2.0

//! Configurations of pauses, the safe mode, and multi-block migrations.

use crate::{
	configs::governance::{CommitteeMajority, ScheduledWeight},
	governance::{
		Days,
		safety::{self, AlwaysCallable, EnterSafeMode},
	},
	*,
};
use frame_support::{
	parameter_types,
	traits::{ConstU32, EitherOf, MapSuccess},
};
use frame_system::{EnsureRoot, EnsureRootWithSuccess};
use sp_runtime::traits::Replace;

impl pallet_tx_pause::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	// Pauses go through `Safety`, which ends them.
	#[cfg(not(feature = "runtime-benchmarks"))]
	type PauseOrigin = frame_support::traits::NeverEnsureOrigin<()>;
	#[cfg(not(feature = "runtime-benchmarks"))]
	type UnpauseOrigin = frame_support::traits::NeverEnsureOrigin<()>;
	#[cfg(feature = "runtime-benchmarks")]
	type PauseOrigin = EnsureRoot<AccountId>;
	#[cfg(feature = "runtime-benchmarks")]
	type UnpauseOrigin = EnsureRoot<AccountId>;
	type WhitelistedCalls = AlwaysCallable;
	type MaxNameLen = ConstU32<64>;
	type WeightInfo = crate::weights::pallet_tx_pause::WeightInfo<Runtime>;
}

impl safety::Config for Runtime {
	type CommitteeOrigin = CommitteeMajority;
	type MaxPause = Days<1>;
}

parameter_types! {
	/// Nobody buys a safe mode.
	pub const NoDeposit: Option<Balance> = None;
	pub const NoRelease: Option<BlockNumber> = None;
}

/// Entry into the safe mode: a day by the committee, a week by root.
type ForceEnter = EitherOf<
	EnsureRootWithSuccess<AccountId, Days<7>>,
	MapSuccess<CommitteeMajority, Replace<Days<1>>>,
>;

impl pallet_safe_mode::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WhitelistedCalls = AlwaysCallable;
	type EnterDuration = Days<1>;
	type ExtendDuration = Days<1>;
	type EnterDepositAmount = NoDeposit;
	type ExtendDepositAmount = NoDeposit;
	type ForceEnterOrigin = ForceEnter;
	// The committee enters again, if it must: each time is an act of its own.
	type ForceExtendOrigin = EnsureRootWithSuccess<AccountId, Days<7>>;
	type ForceExitOrigin = EitherOf<EnsureRoot<AccountId>, CommitteeMajority>;
	type ForceDepositOrigin = EnsureRoot<AccountId>;
	type Notify = ();
	type ReleaseDelay = NoRelease;
	type WeightInfo = pallet_safe_mode::weights::SubstrateWeight<Runtime>;
}

impl pallet_migrations::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	#[cfg(not(feature = "runtime-benchmarks"))]
	type Migrations = crate::migrations::MultiBlock;
	#[cfg(feature = "runtime-benchmarks")]
	type Migrations = pallet_migrations::mock_helpers::MockedMigrations;
	type CursorMaxLen = ConstU32<65_536>;
	type IdentifierMaxLen = ConstU32<256>;
	type MigrationStatusHandler = ();
	type FailedMigrationHandler = EnterSafeMode;
	type MaxServiceWeight = ScheduledWeight;
	type WeightInfo = crate::weights::pallet_migrations::WeightInfo<Runtime>;
}

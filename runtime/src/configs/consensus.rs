// SPDX-License-Identifier: Apache-2.0

//! Configurations of BABE, GRANDPA, sessions, offences and staking.

use crate::{
	configs::{governance::StakingAdmin, market::ToTreasury},
	validators::*,
	*,
};
use frame_support::{
	parameter_types,
	traits::{ConstU32, Nothing},
};
use pallet_staking::{
	FilterHistoricalOffences, FixedNominationsQuota, UnitIdentificationOf,
	UseNominatorsAndValidatorsMap, UseValidatorsMap,
};
use pallet_surety_timing as timing;
use sp_staking::currency_to_vote::SaturatingCurrencyToVote;

/// Maximum number of validators.
pub const MAX_VALIDATORS: u32 = 100;
/// Number of eras whose validators staking remembers.
const HISTORY_ERAS: u32 = 84;

// A bond that answers for an offence is one that staking remembers.
const _: () = assert!(HISTORY_ERAS > timing::MAX_BONDING_ERAS);

parameter_types! {
	pub const KeyDeposit: Balance = UNIT / 10;
}

/// Blocks within which the report of an equivocation is valid.
type ReportLongevity = timing::BondingBlocks<Runtime>;
/// Reports of offences within the bonding period, as long as the offender's bond answers for them.
type RecentOffences = FilterHistoricalOffences<Staking, Offences>;

impl pallet_authorship::Config for Runtime {
	type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Babe>;
	type EventHandler = Staking;
}

impl pallet_babe::Config for Runtime {
	type EpochDuration = timing::EpochLength<Runtime>;
	type ExpectedBlockTime = timing::ExpectedBlockTime<Runtime>;
	type EpochChangeTrigger = pallet_babe::ExternalTrigger;
	type DisabledValidators = Session;
	type WeightInfo = ();
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
	type MaxNominators = ConstU32<0>;
	type KeyOwnerProof = sp_session::MembershipProof;
	type EquivocationReportSystem =
		pallet_babe::EquivocationReportSystem<Self, RecentOffences, KeyOwners, ReportLongevity>;
}

impl pallet_grandpa::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
	type MaxNominators = ConstU32<0>;
	type MaxSetIdSessionEntries = timing::BondingSessions<Runtime>;
	type KeyOwnerProof = sp_session::MembershipProof;
	type EquivocationReportSystem =
		pallet_grandpa::EquivocationReportSystem<Self, RecentOffences, KeyOwners, ReportLongevity>;
}

impl pallet_session::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	type ValidatorIdOf = sp_runtime::traits::ConvertInto;
	type ShouldEndSession = Babe;
	type NextSessionRotation = Babe;
	type SessionManager = pallet_session::historical::NoteHistoricalRoot<Self, ElectedValidators>;
	type SessionHandler = <SessionKeys as sp_runtime::traits::OpaqueKeys>::KeyTypeIdProviders;
	type Keys = SessionKeys;
	type DisablingStrategy = DisableEquivocators;
	type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type KeyDeposit = KeyDeposit;
}

impl pallet_session::historical::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type FullIdentification = ();
	type FullIdentificationOf = UnitIdentificationOf<Self>;
}

impl pallet_offences::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type IdentificationTuple = pallet_session::historical::IdentificationTuple<Self>;
	type OnOffenceHandler = Staking;
}

impl pallet_authority_discovery::Config for Runtime {
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
}

/// Sizes of the sets in the benchmarks of staking.
pub struct StakingBenchmarks;
impl pallet_staking::BenchmarkingConfig for StakingBenchmarks {
	type MaxValidators = ConstU32<1_000>;
	type MaxNominators = ConstU32<1_000>;
}

/// Staking as the rule of the validator set only: no nominators, no inflation. Probers are paid by
/// `Probes`, out of fees and rents.
impl pallet_staking::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeHoldReason = RuntimeHoldReason;
	type OldCurrency = Balances;
	type Currency = Balances;
	type CurrencyBalance = Balance;
	type UnixTime = Timestamp;
	// Bonds of an election are 128-bit numbers: nothing is rounded.
	type CurrencyToVote = SaturatingCurrencyToVote;
	type ElectionProvider = TopByBond;
	type GenesisElectionProvider = TopByBond;
	type NominationsQuota = FixedNominationsQuota<1>;
	type HistoryDepth = ConstU32<HISTORY_ERAS>;
	type RewardRemainder = ();
	type Slash = ToTreasury;
	type Reward = ();
	type EraPayout = ();
	type SessionsPerEra = timing::EraSessions<Runtime>;
	type BondingDuration = timing::BondingEras<Runtime>;
	type SlashDeferDuration = timing::SlashDeferEras<Runtime>;
	type AdminOrigin = StakingAdmin;
	type SessionInterface = Self;
	type NextNewSession = Session;
	type MaxExposurePageSize = ConstU32<64>;
	type MaxValidatorSet = ConstU32<MAX_VALIDATORS>;
	type VoterList = UseNominatorsAndValidatorsMap<Self>;
	type TargetList = UseValidatorsMap<Self>;
	type MaxUnlockingChunks = ConstU32<32>;
	type MaxControllersInDeprecationBatch = ConstU32<100>;
	type EventListeners = ();
	type Filter = Nothing;
	type BenchmarkingConfig = StakingBenchmarks;
	type WeightInfo = pallet_staking::weights::SubstrateWeight<Runtime>;
}

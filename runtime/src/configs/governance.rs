// SPDX-License-Identifier: Apache-2.0

//! Configurations of referenda, the technical committee, the treasury, and the parameters.

use crate::{
	configs::{assets::Transfers, market},
	governance::{
		Days,
		origins::{self, Spender},
		schedule::NextFree,
		tracks::Tracks,
		voting::VotingCurrency,
	},
	parameters::{self, RuntimeParameters, RuntimeParametersKey},
	*,
};
use frame_support::{
	PalletId, parameter_types,
	traits::{
		AsEnsureOriginWithArg, ConstU32, EitherOf, EnsureOrigin, EnsureOriginWithArg,
		EqualPrivilegeOnly, LinearStoragePrice,
		fungible::HoldConsideration,
		tokens::{UnityOrOuterConversion, currency::ActiveIssuanceOf, pay::PayAssetFromAccount},
	},
	weights::Weight,
};
use frame_system::{EnsureRoot, EnsureRootWithSuccess, EnsureSigned};
use sp_core::Get;
use sp_runtime::{Perbill, Permill, traits::AccountIdLookup};
use surety_primitives::AssetId;

/// Origin of root: a referendum of the root track or of the whitelisted track; sudo, on dev and
/// local networks only.
type Root = EnsureRoot<AccountId>;

/// Origin that governs the market: its parameters, assets, networks and hosts, and listings.
pub type Governance = EitherOf<Root, origins::MarketAdmin>;

/// Origin that governs the validator set.
pub type StakingAdmin = EitherOf<Root, origins::StakingAdmin>;

/// Technical committee.
pub type Committee = pallet_collective::Instance1;

/// Origin of two thirds of the technical committee.
pub type CommitteeMajority = pallet_collective::EnsureProportionAtLeast<AccountId, Committee, 2, 3>;

/// Origin that changes a parameter: that of the parameter's group.
pub struct ParameterAdmin;

impl EnsureOriginWithArg<RuntimeOrigin, RuntimeParametersKey> for ParameterAdmin {
	type Success = ();

	fn try_origin(origin: RuntimeOrigin, key: &RuntimeParametersKey) -> Result<(), RuntimeOrigin> {
		match key {
			RuntimeParametersKey::Operators(_)
			| RuntimeParametersKey::Market(_)
			| RuntimeParametersKey::Compute(_) => Governance::try_origin(origin),
			RuntimeParametersKey::Probing(_) => {
				EitherOf::<Root, origins::ProbingAdmin>::try_origin(origin)
			},
		}
		.map(drop)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin(_: &RuntimeParametersKey) -> Result<RuntimeOrigin, ()> {
		Ok(RuntimeOrigin::root())
	}
}

impl pallet_parameters::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeParameters = RuntimeParameters;
	type AdminOrigin = ParameterAdmin;
	type WeightInfo = crate::weights::pallet_parameters::WeightInfo<Runtime>;
}

impl parameters::genesis::Config for Runtime {}

impl pallet_sudo::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type WeightInfo = crate::weights::pallet_sudo::WeightInfo<Runtime>;
}

parameter_types! {
	pub const PreimageBaseDeposit: Balance = UNIT;
	pub const PreimageByteDeposit: Balance = 10 * MICRO;
	pub const PreimageHoldReason: RuntimeHoldReason =
		RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
}

impl pallet_preimage::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = crate::weights::pallet_preimage::WeightInfo<Runtime>;
	type Currency = Balances;
	type ManagerOrigin = Root;
	type Consideration = HoldConsideration<
		AccountId,
		Balances,
		PreimageHoldReason,
		LinearStoragePrice<PreimageBaseDeposit, PreimageByteDeposit, Balance>,
	>;
}

/// Part of a block that scheduled calls may fill, beside the hooks of the market.
const SCHEDULED_RATIO: Perbill = Perbill::from_percent(25);

/// Weight of the scheduled calls of a block, and of a call that the committee carries out.
pub struct ScheduledWeight;
impl Get<Weight> for ScheduledWeight {
	fn get() -> Weight {
		let block = <Runtime as frame_system::Config>::BlockWeights::get().max_block;
		Weight::from_parts(
			SCHEDULED_RATIO.mul_floor(block.ref_time()),
			SCHEDULED_RATIO.mul_floor(block.proof_size()),
		)
	}
}

impl pallet_scheduler::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type PalletsOrigin = OriginCaller;
	type RuntimeCall = RuntimeCall;
	type MaximumWeight = ScheduledWeight;
	type ScheduleOrigin = Root;
	type OriginPrivilegeCmp = EqualPrivilegeOnly;
	type MaxScheduledPerBlock = ConstU32<50>;
	type WeightInfo = crate::weights::pallet_scheduler::WeightInfo<Runtime>;
	type Preimages = Preimage;
	type BlockNumberProvider = System;
}

impl origins::Config for Runtime {}

parameter_types! {
	pub const SubmissionDeposit: Balance = 10 * UNIT;
	pub const AlarmInterval: BlockNumber = 1;
}

impl pallet_referenda::Config for Runtime {
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = crate::weights::pallet_referenda::WeightInfo<Runtime>;
	type Scheduler = NextFree;
	type Currency = Balances;
	type SubmitOrigin = AsEnsureOriginWithArg<EnsureSigned<AccountId>>;
	type CancelOrigin = EitherOf<Root, origins::ReferendumCanceller>;
	type KillOrigin = EitherOf<Root, origins::ReferendumKiller>;
	type Slash = Treasury;
	type Votes = pallet_conviction_voting::VotesOf<Runtime>;
	type Tally = pallet_conviction_voting::TallyOf<Runtime>;
	type SubmissionDeposit = SubmissionDeposit;
	type MaxQueued = ConstU32<100>;
	type UndecidingTimeout = Days<14>;
	type AlarmInterval = AlarmInterval;
	type Tracks = Tracks;
	type Preimages = Preimage;
	type BlockNumberProvider = System;
}

impl pallet_conviction_voting::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = crate::weights::pallet_conviction_voting::WeightInfo<Runtime>;
	type Currency = VotingCurrency;
	type Polls = Referenda;
	// The treasury does not vote.
	type MaxTurnout = ActiveIssuanceOf<Balances, AccountId>;
	type MaxVotes = ConstU32<256>;
	// As long as the longest enactment, and longer than what a loan for a vote is worth.
	type VoteLockingPeriod = Days<7>;
	type BlockNumberProvider = System;
	type VotingHooks = ();
}

impl pallet_whitelist::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type WhitelistOrigin = EitherOf<Root, CommitteeMajority>;
	type DispatchWhitelistedOrigin = EitherOf<Root, origins::WhitelistedCaller>;
	type Preimages = Preimage;
	type DeferredDispatchExpiration = Days<28>;
	type BlockNumberProvider = System;
	type WeightInfo = crate::weights::pallet_whitelist::WeightInfo<Runtime>;
}

impl pallet_collective::Config<Committee> for Runtime {
	type RuntimeOrigin = RuntimeOrigin;
	type Proposal = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type MotionDuration = Days<3>;
	type MaxProposals = ConstU32<20>;
	type MaxMembers = ConstU32<32>;
	type DefaultVote = pallet_collective::PrimeDefaultVote;
	type WeightInfo = crate::weights::pallet_collective::WeightInfo<Runtime>;
	type SetMembersOrigin = Root;
	type MaxProposalWeight = ScheduledWeight;
	type DisapproveOrigin = Root;
	type KillOrigin = Root;
	type Consideration = ();
}

parameter_types! {
	pub const TreasuryId: PalletId = PalletId(*b"surety/t");
	pub const MaxBalance: Balance = Balance::MAX;
	pub const NoBurn: Permill = Permill::zero();
}

/// Native token, whose rate is one.
pub struct Native;
impl frame_support::traits::Contains<AssetId> for Native {
	fn contains(asset: &AssetId) -> bool {
		*asset == AssetId::Native
	}
}

impl pallet_treasury::Config for Runtime {
	type Currency = Balances;
	type RejectOrigin = EitherOf<Root, origins::Treasurer>;
	type RuntimeEvent = RuntimeEvent;
	type SpendPeriod = Days<1>;
	type Burn = NoBurn;
	type PalletId = TreasuryId;
	type BurnDestination = ();
	type WeightInfo = pallet_treasury::weights::SubstrateWeight<Runtime>;
	type SpendFunds = ();
	// The deprecated `spend_local` is refused: `spend` pays every asset.
	type MaxApprovals = ConstU32<0>;
	type SpendOrigin = EitherOf<EnsureRootWithSuccess<AccountId, MaxBalance>, Spender>;
	type AssetKind = AssetId;
	type Beneficiary = AccountId;
	type BeneficiaryLookup = AccountIdLookup<AccountId, ()>;
	type Paymaster = PayAssetFromAccount<Transfers, market::TreasuryAccount>;
	type BalanceConverter = UnityOrOuterConversion<Native, AssetRate>;
	type PayoutPeriod = Days<30>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
	type BlockNumberProvider = System;
}

impl pallet_asset_rate::Config for Runtime {
	type WeightInfo = crate::weights::pallet_asset_rate::WeightInfo<Runtime>;
	type RuntimeEvent = RuntimeEvent;
	type CreateOrigin = EitherOf<Root, origins::Treasurer>;
	type RemoveOrigin = EitherOf<Root, origins::Treasurer>;
	type UpdateOrigin = EitherOf<Root, origins::Treasurer>;
	type Currency = Balances;
	type AssetKind = AssetId;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

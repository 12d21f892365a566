//! The market: operators, probes, agreements, escrow, reputation.

use crate::{
	configs::{assets::MarketFunds, consensus::MAX_VALIDATORS, governance::Governance},
	parameters::{market, operators, probing},
	*,
};
use alloc::vec::Vec;
use frame_support::{
	PalletId, parameter_types,
	traits::{ConstU32, tokens::imbalance::ResolveTo},
	weights::Weight,
};
use pallet_surety_sla::weights::WeightInfo as _;
use sp_runtime::{
	DispatchError, DispatchResult, traits::AccountIdConversion, transaction_validity::TransactionPriority,
};
use surety_primitives::AssetId;

/// Blocks of a day of production.
pub const DAYS_OF_PRODUCTION: BlockNumber = 14_400;

parameter_types! {
	/// Penalties, transaction fees and the treasury's share of the platform fee.
	pub Treasury: AccountId = PalletId(*b"surety/t").into_account_truncating();
	/// The probers' share of the platform fee, until it is paid out.
	pub ProberPot: AccountId = PalletId(*b"surety/d").into_account_truncating();
}

/// Transaction fees and dust go to the treasury.
pub type ToTreasury = ResolveTo<Treasury, Balances>;

/// Governance may approve an asset that is sufficient and in nobody's private hands: its owner, issuer,
/// admin and freezer must all be the treasury, which has no key.
pub struct NoPrivateHands;
impl pallet_surety_operators::AssetPolicy for NoPrivateHands {
	fn ensure_approvable(asset: u32) -> DispatchResult {
		let details =
			pallet_assets::Asset::<Runtime>::get(asset).ok_or(DispatchError::Other("no such asset"))?;
		frame_support::ensure!(details.is_sufficient, DispatchError::Other("the asset is not sufficient"));
		let treasury = Treasury::get();
		let roles = [&details.owner, &details.issuer, &details.admin, &details.freezer];
		frame_support::ensure!(
			roles.into_iter().all(|role| *role == treasury),
			DispatchError::Other("the asset has an owner, issuer, admin or freezer beside the treasury")
		);
		Ok(())
	}
}

impl pallet_surety_operators::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Clock = Timing;
	type Probing = Probes;
	type Agreements = Sla;
	type Funds = MarketFunds;
	type GovernanceOrigin = Governance;
	type AssetPolicy = NoPrivateHands;
	type Treasury = Treasury;
	type MinBond = operators::MinimumBond;
	type UnbondingPeriod = operators::UnbondingPeriod;
	type ServiceDeposit = operators::ServiceDeposit;
	type MaxPerHost = ConstU32<32>;
	type MaxMaintenanceShare = operators::MaintenanceShare;
	type MaxServicesPerOperator = ConstU32<1_024>;
	type MaxUnbondingChunks = ConstU32<32>;
	type WeightInfo = pallet_surety_operators::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_surety_sla::Config for Runtime {
	type Clock = Timing;
	type Registry = Operators;
	type Bonding = Operators;
	type Probing = Probes;
	type Escrow = Escrow;
	type Reputation = Reputation;
	type Funds = MarketFunds;
	type PenaltyShare = market::PenaltyShare;
	type EscalationWindows = market::EscalationWindows;
	type MaxMultiplier = market::MaxMultiplier;
	type NoticeWindows = ConstU32<1>;
	type MaxBreaches = ConstU32<64>;
	type SettlePerBlock = ConstU32<32>;
	type WeightInfo = pallet_surety_sla::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_surety_escrow::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Funds = MarketFunds;
	type Clock = Timing;
	type Meter = Probes;
	type OnEnd = Sla;
	type OnEndWeight = OnStreamEnd;
	type GovernanceOrigin = Governance;
	type PlatformFee = market::PlatformFee;
	type ProberShare = market::ProberShare;
	type ProberPot = ProberPot;
	type Treasury = Treasury;
	type AgendaPerBlock = ConstU32<50>;
	type WeightInfo = pallet_surety_escrow::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_surety_reputation::Config for Runtime {
	type Clock = Timing;
	type HalfLife = ConstU32<30>;
	type WeightInfo = pallet_surety_reputation::weights::SubstrateWeight<Runtime>;
}

/// What the end of a stream costs its owner.
pub struct OnStreamEnd;
impl sp_core::Get<Weight> for OnStreamEnd {
	fn get() -> Weight {
		<Runtime as pallet_surety_sla::Config>::WeightInfo::ended()
	}
}

/// What a window's turn costs agreements and reputation, per row.
pub struct OnWindowTurn;
impl sp_core::Get<Weight> for OnWindowTurn {
	fn get() -> Weight {
		use pallet_surety_reputation::weights::WeightInfo as _;
		<Runtime as pallet_surety_sla::Config>::WeightInfo::window_turned()
			.saturating_add(<Runtime as pallet_surety_reputation::Config>::WeightInfo::window())
	}
}

/// What a breach costs agreements, bond and reputation.
pub struct OnBreach;
impl sp_core::Get<Weight> for OnBreach {
	fn get() -> Weight {
		<Runtime as pallet_surety_sla::Config>::WeightInfo::breached()
	}
}

/// Assets that probers are rewarded in: those that governance approved.
pub struct ApprovedAssets;
impl sp_core::Get<Vec<AssetId>> for ApprovedAssets {
	fn get() -> Vec<AssetId> {
		/// Most of them; governance approves a handful.
		const MOST: usize = 16;
		pallet_surety_operators::Approvals::<Runtime>::iter_keys().take(MOST).map(AssetId::Local).collect()
	}
}

parameter_types! {
	pub const ProbePriority: TransactionPriority = TransactionPriority::MAX / 2;
}

impl pallet_surety_probes::Config for Runtime {
	type Clock = Timing;
	type Time = Timestamp;
	type Registry = Operators;
	type Judge = Sla;
	type Reputation = Reputation;
	type Randomness = pallet_babe::RandomnessFromOneEpochAgo<Runtime>;
	type ValidatorSet = Historical;
	type ReportNeglect = Offences;
	type Funds = MarketFunds;
	type Pot = ProberPot;
	type RewardAssets = ApprovedAssets;
	type MaxProbers = ConstU32<MAX_VALIDATORS>;
	type MaxCommittee = pallet_surety_timing::MaxCommittee<Runtime>;
	type MaxProbesPerRound = pallet_surety_timing::MaxProbesPerRound<Runtime>;
	type MinDuty = probing::MinDuty;
	type UnsignedPriority = ProbePriority;
	type TurnWeight = OnWindowTurn;
	type BreachWeight = OnBreach;
	type WeightInfo = pallet_surety_probes::weights::SubstrateWeight<Runtime>;
}

// SPDX-License-Identifier: Apache-2.0

//! Configurations of the market: operators, probes, agreements, escrow, reputation, compute orders,
//! usage.

use crate::{
	configs::{
		accounts::ProxyType,
		assets::{MarketFunds, Transfers},
		consensus::MAX_VALIDATORS,
		governance::{Governance, TreasuryId},
	},
	parameters::{compute, market, operators, probing},
	validators::{NEGLECT_SLASH, StakingCandidates},
	*,
};
use alloc::vec::Vec;
use frame_support::{
	PalletId, parameter_types,
	traits::{
		ConstU8, ConstU32, ConstU64, Randomness,
		fungibles::Inspect,
		tokens::{DepositConsequence, Provenance, WithdrawConsequence, imbalance::ResolveTo},
	},
};
use frame_system::EnsureRoot;
use sp_runtime::{
	DispatchError, DispatchResult, Perbill,
	traits::{AccountIdConversion, Convert},
	transaction_validity::TransactionPriority,
};
use surety_primitives::{AssetId, Reporters};

/// Blocks of a day on a production network.
pub const DAYS_OF_PRODUCTION: BlockNumber = 14_400;

parameter_types! {
	/// Account of the treasury: receives penalties, transaction fees, dust and its share of the
	/// platform fee.
	pub TreasuryAccount: AccountId = TreasuryId::get().into_account_truncating();
	/// Account that holds rents and the probers' share of the platform fee until they are paid out.
	pub ProberPot: AccountId = PalletId(*b"surety/d").into_account_truncating();
}

/// Handler of transaction fees and dust: pays them to the treasury.
pub type ToTreasury = ResolveTo<TreasuryAccount, Balances>;

/// Policy for the assets that governance may approve: sufficient, and controlled by no private key.
/// Owner, issuer, admin and freezer must all be the treasury, which has no key. The accounts of the
/// chain must be neither frozen nor blocked by an earlier owner, or credits could not be delivered.
pub struct KeylessAssets;
impl KeylessAssets {
	/// True if an account can receive and pay.
	fn is_usable(asset: AssetId, who: &AccountId) -> bool {
		let minimum = Transfers::minimum_balance(asset);
		let receives = Transfers::can_deposit(asset, who, minimum, Provenance::Extant);
		let balance = Transfers::total_balance(asset, who);
		receives == DepositConsequence::Success
			&& (balance == 0
				|| Transfers::can_withdraw(asset, who, balance) != WithdrawConsequence::Frozen)
	}
}
impl pallet_surety_operators::AssetPolicy for KeylessAssets {
	fn ensure_approvable(asset: u32) -> DispatchResult {
		let details = pallet_assets::Asset::<Runtime>::get(asset)
			.ok_or(DispatchError::Other("the asset does not exist"))?;
		frame_support::ensure!(
			details.is_sufficient,
			DispatchError::Other("the asset is not sufficient")
		);
		let treasury = TreasuryAccount::get();
		let roles = [&details.owner, &details.issuer, &details.admin, &details.freezer];
		frame_support::ensure!(
			roles.into_iter().all(|role| *role == treasury),
			DispatchError::Other(
				"owner, issuer, admin or freezer of the asset is not the treasury"
			)
		);
		let own = [treasury, ProberPot::get(), Sla::pot()];
		frame_support::ensure!(
			own.iter().all(|who| Self::is_usable(AssetId::Local(asset), who)),
			DispatchError::Other(
				"the asset, or an account of the chain in it, is frozen or blocked"
			)
		);
		Ok(())
	}
}

impl pallet_surety_operators::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Clock = Timing;
	type Probing = Probes;
	type Agreements = Sla;
	type Inventory = ComputeOrders;
	type Funds = MarketFunds;
	type GovernanceOrigin = Governance;
	type AssetPolicy = KeylessAssets;
	type Treasury = TreasuryAccount;
	type MinBond = operators::MinimumBond;
	type MaxCredit = market::MaxCredit;
	type UnbondingPeriod = operators::UnbondingPeriod;
	type ServiceDeposit = operators::ServiceDeposit;
	type MaxPerHost = ConstU32<32>;
	type MaxUnprovenPerHost = ConstU32<4>;
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
	type Slots = Probes;
	type Escrow = Escrow;
	type Reputation = Reputation;
	type OnAgreementEnd = Usage;
	type Funds = MarketFunds;
	type Treasury = TreasuryAccount;
	type PenaltyShare = market::PenaltyShare;
	type RentBase = market::RentBase;
	type RentPeak = market::RentPeak;
	type PlatformFee = market::PlatformFee;
	type ProberShare = market::ProberShare;
	type ProberPot = ProberPot;
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
	type OnStreamEnd = (Sla, ComputeOrders);
	// It decides who gets the money of others.
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type PlatformFee = market::PlatformFee;
	type ProberShare = market::ProberShare;
	type ProberPot = ProberPot;
	type Treasury = TreasuryAccount;
	type AgendaPerBlock = ConstU32<50>;
	type WeightInfo = pallet_surety_escrow::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_surety_reputation::Config for Runtime {
	type Clock = Timing;
	type HalfLife = ConstU32<30>;
	type RatingScale = RatingScale;
	type RatingWindows = ConstU32<7>;
	type EpochWindows = ConstU32<7>;
	type MaxPairWeight = MaxPairWeight;
	type ForgetPerBlock = ConstU32<50>;
	type WeightInfo = pallet_surety_reputation::weights::SubstrateWeight<Runtime>;
}

/// Fee at which a rating has half of its maximum weight: a hundredth of the minimum bond in the
/// asset. The minimum bonds make assets comparable without a price.
pub struct RatingScale;
impl Convert<AssetId, Option<Balance>> for RatingScale {
	fn convert(asset: AssetId) -> Option<Balance> {
		Operators::min_bond(asset)?.checked_div(100)
	}
}

impl pallet_surety_compute_orders::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Funds = MarketFunds;
	type Clock = Timing;
	type Registry = Operators;
	type Bonding = Operators;
	type Slots = Probes;
	type Escrow = Escrow;
	type Agreements = Sla;
	type Reputation = Reputation;
	type Randomness = ParentRandomness;
	type MaxCredit = market::MaxCredit;
	type OrderDeposit = compute::OrderDeposit;
	type BidDeposit = compute::BidDeposit;
	type StartPenalty = compute::StartPenalty;
	type FetchBlocks = compute::FetchBlocks;
	type StartBlocks = compute::StartBlocks;
	type ReopenBlocks = compute::ReopenBlocks;
	type MaxBidBlocks = compute::MaxBidBlocks;
	type MaxDuration = compute::MaxDuration;
	type KeepBlocks = compute::KeepBlocks;
	type TrialRounds = compute::TrialRounds;
	type NoticeWindows = ConstU32<1>;
	type MaxBids = ConstU32<32>;
	type TasksPerBlock = ConstU32<8>;
	type WeightInfo = pallet_surety_compute_orders::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_surety_usage::Config for Runtime {
	type Clock = Timing;
	type Agreements = Sla;
	type Reporters = ReportProxies;
	type Probed = Probes;
	type Signature = Signature;
	type FeeScale = UsageScale;
	type MinRequests = ConstU64<100>;
	// Three pairs of full weight.
	type MinWeight = ConstU64<{ 3 * pallet_surety_usage::ONE }>;
	type MinCoverage = UsageCoverage;
	type Margin = UsageMargin;
	type ClearWindows = ConstU8<2>;
	type ForgetPerBlock = ConstU32<50>;
	type WeightInfo = pallet_surety_usage::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Helper;
}

/// Fee per window at which the use of an agreement has its full weight: a hundred-thousandth of the
/// minimum bond in the asset. At a fee of 5 % that is twice the least rent of a slot in turnover.
pub struct UsageScale;
impl Convert<AssetId, Option<Balance>> for UsageScale {
	fn convert(asset: AssetId) -> Option<Balance> {
		Operators::min_bond(asset)?.checked_div(100_000)
	}
}

/// Accounts that sign usage statements: the party, and its `Report` proxies without a delay.
pub struct ReportProxies;
impl Reporters<AccountId> for ReportProxies {
	fn may_report(party: &AccountId, reporter: &AccountId) -> bool {
		if party == reporter {
			return true;
		}
		let (proxies, _) = pallet_proxy::Proxies::<Runtime>::get(party);
		let named = |proxy_type, delay| proxy_type == ProxyType::Report && delay == 0;
		proxies.iter().any(|it| it.delegate == *reporter && named(it.proxy_type, it.delay))
	}
}

/// Randomness for draws among equal bids: that of the parent block. Its author could only withhold
/// it by giving up the block.
pub struct ParentRandomness;
impl Randomness<Hash, BlockNumber> for ParentRandomness {
	fn random(subject: &[u8]) -> (Hash, BlockNumber) {
		let (random, at) = pallet_babe::ParentBlockRandomness::<Runtime>::random(subject);
		(random.unwrap_or_else(System::parent_hash), at)
	}
}

/// Assets that probers are rewarded in: the approved ones.
pub struct ApprovedAssets;
impl sp_core::Get<Vec<AssetId>> for ApprovedAssets {
	fn get() -> Vec<AssetId> {
		/// Maximum number of assets; governance approves a few.
		const MAX_ASSETS: usize = 16;
		pallet_surety_operators::Approvals::<Runtime>::iter_keys()
			.take(MAX_ASSETS)
			.map(AssetId::Local)
			.collect()
	}
}

parameter_types! {
	/// Distance of the tenants' success below the probes' share of `Up` that flags a service.
	pub const UsageMargin: Perbill = Perbill::from_percent(10);
	/// Share of a service's sold units whose agreements must weigh for a comparison.
	pub const UsageCoverage: Perbill = Perbill::from_percent(25);
	/// Maximum weight of all ratings between two accounts in one epoch together, as a share of a
	/// window.
	pub const MaxPairWeight: Perbill = Perbill::from_percent(25);
	pub const NeglectSlash: Perbill = NEGLECT_SLASH;
	pub const ProbePriority: TransactionPriority = TransactionPriority::MAX / 2;
}

/// Rule for the health of leases, from the current parameters. A round keeps the rule that it began
/// with.
pub struct Health;
impl sp_core::Get<pallet_surety_probes::HealthRule> for Health {
	fn get() -> pallet_surety_probes::HealthRule {
		pallet_surety_probes::HealthRule {
			bad: probing::UnhealthyRounds::get(),
			of: probing::HealthRounds::get(),
		}
	}
}

/// Rule for the duty of probers, from the current parameters. A session keeps the rule that it
/// began with.
pub struct Duty;
impl sp_core::Get<pallet_surety_probes::DutyRule> for Duty {
	fn get() -> pallet_surety_probes::DutyRule {
		pallet_surety_probes::DutyRule {
			min_share: probing::MinDuty::get(),
			min_caught: probing::MinCaught::get(),
		}
	}
}

impl pallet_surety_probes::Config for Runtime {
	type Clock = Timing;
	type Time = Timestamp;
	type Registry = Operators;
	type OnJudged = Sla;
	type Reputation = Reputation;
	type ValidatorSet = Historical;
	type ReportNeglect = pallet_staking::FilterHistoricalOffences<Staking, Offences>;
	type Candidates = StakingCandidates;
	type NeglectSlash = NeglectSlash;
	type NeglectSessions = probing::NeglectSessions;
	type Funds = MarketFunds;
	type Pot = ProberPot;
	type RewardAssets = ApprovedAssets;
	type MaxProbers = ConstU32<MAX_VALIDATORS>;
	type DueServices = probing::DueServices;
	type DutyRule = Duty;
	type UnsignedPriority = ProbePriority;
	type OnLeaseFailed = ComputeOrders;
	type Health = Health;
	type WeightInfo = pallet_surety_probes::weights::SubstrateWeight<Runtime>;
}

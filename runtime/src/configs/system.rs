// SPDX-License-Identifier: Apache-2.0

//! Configurations of system, clock and transactions.

use crate::{
	configs::market,
	weights::{
		block_weights::BlockExecutionWeight, extrinsic_weights::ExtrinsicBaseWeight,
		frame_system_extensions, pallet_transaction_payment as payment,
	},
	*,
};
use core::marker::PhantomData;
use frame_support::{
	derive_impl,
	dispatch::DispatchClass,
	parameter_types,
	traits::{ConstU8, ConstU32, Contains, InsideBoth},
	weights::{
		ConstantMultiplier, RuntimeDbWeight, Weight, WeightToFee, constants::ParityDbWeight,
	},
};
use frame_system::{
	ExtensionsWeightInfo,
	limits::{BlockLength, BlockWeights},
};
use pallet_transaction_payment::{
	FungibleAdapter, Multiplier, TargetedFeeAdjustment, WeightInfo as _,
};
use sp_core::Get;
use sp_runtime::{FixedPointNumber, Perbill, Perquintill, generic::Era, traits::AccountIdLookup};

/// Share of a block that normal transactions may fill. The rest is left for hooks and reports.
const NORMAL_RATIO: Perbill = Perbill::from_percent(75);
/// Expected share of a block that `on_initialize` takes.
const ON_INITIALIZE_RATIO: Perbill = Perbill::from_percent(10);
/// Maximum length of a block in bytes.
const MAX_BLOCK_BYTES: u32 = 5 * 1024 * 1024;

/// Weight of a signed transaction beside its call and its extensions.
///
/// [`ExtrinsicBaseWeight`] is measured with transactions that carry all extensions, and the weight
/// of each extension is charged too. So the computation of the extensions is taken off the base:
/// what is charged for a transaction without effect is what one takes.
fn transaction_base() -> Weight {
	struct NoDatabase;
	impl Get<RuntimeDbWeight> for NoDatabase {
		fn get() -> RuntimeDbWeight {
			RuntimeDbWeight { read: 0, write: 0 }
		}
	}
	type Checks = frame_system_extensions::Measured<NoDatabase>;
	type Payment = payment::Measured<NoDatabase>;
	[
		Checks::check_non_zero_sender(),
		Checks::check_spec_version(),
		Checks::check_tx_version(),
		Checks::check_genesis(),
		Checks::check_mortality_mortal_transaction(),
		Checks::check_nonce(),
		Checks::check_weight(),
		Payment::charge_transaction_payment(),
		Checks::weight_reclaim(),
	]
	.into_iter()
	.fold(ExtrinsicBaseWeight::get(), |base, extension| base.saturating_sub(extension))
}

/// Weight limits of a block. Compute is half of the slot, so that one wasm serves slots of any
/// length.
pub struct SlotBlockWeights;
impl Get<BlockWeights> for SlotBlockWeights {
	fn get() -> BlockWeights {
		let max =
			Weight::from_parts(pallet_surety_timing::BlockRefTime::<Runtime>::get(), u64::MAX);
		let part = |all: u64| NORMAL_RATIO.mul_floor(all);
		let normal = Weight::from_parts(part(max.ref_time()), part(max.proof_size()));
		BlockWeights::builder()
			.base_block(BlockExecutionWeight::get())
			.for_class(DispatchClass::all(), |w| w.base_extrinsic = transaction_base())
			.for_class(DispatchClass::Normal, |w| w.max_total = Some(normal))
			.for_class(DispatchClass::Operational, |w| {
				w.max_total = Some(max);
				w.reserved = Some(max.saturating_sub(normal));
			})
			.avg_block_initialization(ON_INITIALIZE_RATIO)
			.build_or_panic()
	}
}

parameter_types! {
	pub const BlockHashCount: BlockNumber = 4_096;
	pub const Version: RuntimeVersion = VERSION;
	pub RuntimeBlockLength: BlockLength = BlockLength::builder()
		.max_length(MAX_BLOCK_BYTES)
		.modify_max_length_for_class(DispatchClass::Normal, |max| {
			*max = NORMAL_RATIO.mul_floor(MAX_BLOCK_BYTES)
		})
		.build();
	pub const SS58Prefix: u8 = 42;
}

/// Calls that are permitted at any time. Refused are
///
/// - `staking.nominate`: validators are elected by their own bonds, so that whoever runs a prober
///   answers for it with tokens of its own;
/// - `staking.reap_stash`: it pays nothing, and its sender chooses its weight.
pub struct Permitted;
impl Contains<RuntimeCall> for Permitted {
	fn contains(call: &RuntimeCall) -> bool {
		use pallet_staking::Call::{nominate, reap_stash};
		!matches!(call, RuntimeCall::Staking(nominate { .. } | reap_stash { .. }))
	}
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
	type BaseCallFilter = InsideBoth<Permitted, InsideBoth<SafeMode, TxPause>>;
	type Block = Block;
	type AccountId = AccountId;
	type Nonce = Nonce;
	type Hash = Hash;
	type Hashing = BlakeTwo256;
	type Lookup = AccountIdLookup<AccountId, ()>;
	type BlockHashCount = BlockHashCount;
	type BlockWeights = SlotBlockWeights;
	type BlockLength = RuntimeBlockLength;
	type DbWeight = ParityDbWeight;
	type Version = Version;
	type AccountData = pallet_balances::AccountData<Balance>;
	type SingleBlockMigrations = crate::migrations::SingleBlock;
	type MultiBlockMigrator = MultiBlockMigrations;
	type SystemWeightInfo = crate::weights::frame_system::WeightInfo<Runtime>;
	type ExtensionsWeightInfo = crate::weights::frame_system_extensions::WeightInfo<Runtime>;
	type SS58Prefix = SS58Prefix;
	type MaxConsumers = ConstU32<64>;
}

impl pallet_surety_timing::Config for Runtime {}

impl pallet_timestamp::Config for Runtime {
	type Moment = u64;
	type OnTimestampSet = Babe;
	type MinimumPeriod = pallet_surety_timing::MinimumPeriod<Runtime>;
	type WeightInfo = crate::weights::pallet_timestamp::WeightInfo<Runtime>;
}

/// Fee by weight: a transfer costs about a thousandth of a SURE on an idle chain.
pub struct RefTimeToFee<T>(PhantomData<T>);
impl<T> WeightToFee for RefTimeToFee<T> {
	type Balance = Balance;
	fn weight_to_fee(weight: &Weight) -> Balance {
		/// Planck per base extrinsic weight.
		const FEE_OF_BASE: Balance = MILLI / 2;
		let base = Balance::from(ExtrinsicBaseWeight::get().ref_time()).max(1);
		Balance::from(weight.ref_time()).saturating_mul(FEE_OF_BASE).checked_div(base).unwrap_or(0)
	}
}

parameter_types! {
	pub const TransactionByteFee: Balance = MICRO;
	pub const TargetBlockFullness: Perquintill = Perquintill::from_percent(25);
	pub AdjustmentVariable: Multiplier = Multiplier::saturating_from_rational(75, 1_000_000);
	pub MinimumMultiplier: Multiplier = Multiplier::saturating_from_rational(1, 10u128);
	pub MaximumMultiplier: Multiplier = Multiplier::saturating_from_integer(100_000u128);
}

impl pallet_transaction_payment::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type OnChargeTransaction = FungibleAdapter<Balances, market::ToTreasury>;
	type WeightToFee = RefTimeToFee<Runtime>;
	type LengthToFee = ConstantMultiplier<Balance, TransactionByteFee>;
	type FeeMultiplierUpdate = TargetedFeeAdjustment<
		Self,
		TargetBlockFullness,
		AdjustmentVariable,
		MinimumMultiplier,
		MaximumMultiplier,
	>;
	type OperationalFeeMultiplier = ConstU8<5>;
	type WeightInfo = crate::weights::pallet_transaction_payment::WeightInfo<Runtime>;
}

impl<C> frame_system::offchain::CreateTransactionBase<C> for Runtime
where
	RuntimeCall: From<C>,
{
	type Extrinsic = UncheckedExtrinsic;
	type RuntimeCall = RuntimeCall;
}

impl<C> frame_system::offchain::CreateBare<C> for Runtime
where
	RuntimeCall: From<C>,
{
	fn create_bare(call: RuntimeCall) -> UncheckedExtrinsic {
		UncheckedExtrinsic::new_bare(call)
	}
}

impl<C> frame_system::offchain::CreateTransaction<C> for Runtime
where
	RuntimeCall: From<C>,
{
	type Extension = TxExtension;
	fn create_transaction(call: RuntimeCall, extension: TxExtension) -> UncheckedExtrinsic {
		UncheckedExtrinsic::new_transaction(call, extension)
	}
}

impl<C> frame_system::offchain::CreateAuthorizedTransaction<C> for Runtime
where
	RuntimeCall: From<C>,
{
	/// Extensions of an authorized call, which has neither signer nor nonce nor fee: the values
	/// here are placeholders.
	fn create_extension() -> TxExtension {
		(
			frame_system::AuthorizeCall::new(),
			frame_system::CheckNonZeroSender::new(),
			frame_system::CheckSpecVersion::new(),
			frame_system::CheckTxVersion::new(),
			frame_system::CheckGenesis::new(),
			frame_system::CheckMortality::from(Era::Immortal),
			frame_system::CheckNonce::from(0),
			frame_system::CheckWeight::new(),
			pallet_transaction_payment::ChargeTransactionPayment::from(0),
			frame_metadata_hash_extension::CheckMetadataHash::new(false),
			frame_system::WeightReclaim::new(),
		)
	}
}

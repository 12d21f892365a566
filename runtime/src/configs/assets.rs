// SPDX-License-Identifier: Apache-2.0

//! Balances and assets, and the unions of both that the pallets of the market use.

use crate::{configs::market, governance::voting::VoterFunds, *};
use frame_support::{
	parameter_types,
	traits::{AsEnsureOriginWithArg, ConstU32, fungible::UnionOf},
};
use frame_system::{EnsureRoot, EnsureSigned};
use surety_primitives::{AssetId, MultiAssetFunds, SplitAsset};

parameter_types! {
	pub const ExistentialDeposit: Balance = EXISTENTIAL_DEPOSIT;
	pub const AssetDeposit: Balance = 10 * UNIT;
	pub const AssetAccountDeposit: Balance = UNIT / 10;
	pub const MetadataDepositBase: Balance = UNIT / 10;
	pub const MetadataDepositPerByte: Balance = MILLI;
	pub const ApprovalDeposit: Balance = MILLI;
}

impl pallet_balances::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeHoldReason = RuntimeHoldReason;
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type Balance = Balance;
	type DustRemoval = market::ToTreasury;
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
	type ReserveIdentifier = [u8; 8];
	type FreezeIdentifier = RuntimeFreezeReason;
	type MaxLocks = ConstU32<50>;
	type MaxReserves = ConstU32<50>;
	type MaxFreezes = ConstU32<0>;
	type DoneSlashHandler = ();
	type WeightInfo = crate::weights::pallet_balances::WeightInfo<Runtime>;
}

impl pallet_assets::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Balance = Balance;
	type RemoveItemsLimit = ConstU32<1_000>;
	type AssetId = u32;
	type AssetIdParameter = codec::Compact<u32>;
	type ReserveData = ();
	type Currency = Balances;
	type CreateOrigin = AsEnsureOriginWithArg<EnsureSigned<AccountId>>;
	type ForceOrigin = EnsureRoot<AccountId>;
	type AssetDeposit = AssetDeposit;
	type AssetAccountDeposit = AssetAccountDeposit;
	type MetadataDepositBase = MetadataDepositBase;
	type MetadataDepositPerByte = MetadataDepositPerByte;
	type ApprovalDeposit = ApprovalDeposit;
	type StringLimit = ConstU32<50>;
	type Freezer = ();
	type Holder = AssetsHolder;
	type Extra = ();
	type CallbackHandle = ();
	type AssetIdAllocator = ();
	type WeightInfo = crate::weights::pallet_assets::WeightInfo<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

impl pallet_assets_holder::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeHoldReason = RuntimeHoldReason;
}

/// Transfers of native and local assets.
pub type Transfers = UnionOf<Balances, Assets, SplitAsset, AssetId, AccountId>;
/// Holds of native and local assets.
pub type Holds = UnionOf<Balances, AssetsHolder, SplitAsset, AssetId, AccountId>;
/// Transfers and holds of native and local assets behind one trait, in step with votes.
pub type MarketFunds = VoterFunds<MultiAssetFunds<Transfers, Holds>>;

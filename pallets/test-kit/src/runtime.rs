// SPDX-License-Identifier: Apache-2.0

//! Parts of the configuration of a test runtime.

use crate::{prober_account, probing};
use core::marker::PhantomData;
use frame::prelude::*;
use frame_support::traits::{Time, ValidatorSet, ValidatorSetWithIdentification};
use pallet_surety_operators::AssetPolicy;
use sp_staking::SessionIndex;
use surety_primitives::{
	AssetId, Balance, Clock, End, Inventory, LeaseId, OnLeaseFailed, ServiceId,
};

/// Real money for a mock: the `Config` of `Balances`, `Assets` and `AssetsHolder` for the runtime
/// `Test`, and the type `Money`, the `Funds` of native tokens and assets. `FreeMoney` is its part
/// without holds. `$minimum` is the minimum balance of an account in native tokens, in base units.
///
/// The names of a mock must be in scope: `Test`, `AccountId`, `Balance`, the pallets, and those
/// that `frame::testing_prelude` exports.
#[macro_export]
macro_rules! money {
	($minimum:expr) => {
		#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
		impl pallet_balances::Config for Test {
			type Balance = Balance;
			type ExistentialDeposit = ConstU128<{ $minimum }>;
			type AccountStore = System;
		}

		#[derive_impl(pallet_assets::config_preludes::TestDefaultConfig)]
		impl pallet_assets::Config for Test {
			type Balance = Balance;
			type Currency = Balances;
			type CreateOrigin =
				frame::traits::AsEnsureOriginWithArg<frame_system::EnsureSigned<AccountId>>;
			type ForceOrigin = frame_system::EnsureRoot<AccountId>;
			type Holder = AssetsHolder;
		}

		impl pallet_assets_holder::Config for Test {
			type RuntimeEvent = RuntimeEvent;
			type RuntimeHoldReason = RuntimeHoldReason;
		}

		/// Native tokens and assets that are free.
		pub type FreeMoney = $crate::__union!(Assets);

		/// Native tokens and assets, free and on hold.
		pub type Money =
			surety_primitives::MultiAssetFunds<FreeMoney, $crate::__union!(AssetsHolder)>;
	};
}

/// Native tokens beside the assets of `$assets`.
#[doc(hidden)]
#[macro_export]
macro_rules! __union {
	($assets:ident) => {
		frame::token::fungible::UnionOf<
			Balances,
			$assets,
			surety_primitives::SplitAsset,
			surety_primitives::AssetId,
			AccountId,
		>
	};
}

/// Transactions without a signer for the runtime `Test`, which the probes pallet's `Config` asks
/// for.
#[macro_export]
macro_rules! authorized_transactions {
	() => {
		impl<LocalCall> frame_system::offchain::CreateTransactionBase<LocalCall> for Test
		where
			RuntimeCall: From<LocalCall>,
		{
			type RuntimeCall = RuntimeCall;
			type Extrinsic = $crate::TestXt<RuntimeCall, frame_system::AuthorizeCall<Test>>;
		}
		impl<LocalCall> frame_system::offchain::CreateTransaction<LocalCall> for Test
		where
			RuntimeCall: From<LocalCall>,
		{
			type Extension = frame_system::AuthorizeCall<Test>;
			fn create_transaction(
				call: RuntimeCall,
				extension: Self::Extension,
			) -> Self::Extrinsic {
				$crate::TestXt::new_transaction(call, extension)
			}
		}
		impl<LocalCall> frame_system::offchain::CreateAuthorizedTransaction<LocalCall> for Test
		where
			RuntimeCall: From<LocalCall>,
		{
			fn create_extension() -> Self::Extension {
				frame_system::AuthorizeCall::new()
			}
		}
	};
}

/// Timestamps of a chain that never stalls: a slot per block.
pub struct BlockTime<T>(PhantomData<T>);
impl<T: pallet_surety_timing::Config> Time for BlockTime<T> {
	type Moment = u64;

	fn now() -> u64 {
		let clock = pallet_surety_timing::Pallet::<T>::now();
		u64::from(clock) * pallet_surety_timing::Pallet::<T>::slot_ms()
	}
}

/// Validators of the session: the probers of the kit.
pub struct ProberSet;
impl ValidatorSet<u64> for ProberSet {
	type ValidatorId = u64;
	type ValidatorIdOf = frame::traits::ConvertInto;

	fn session_index() -> SessionIndex {
		0
	}
	fn validators() -> Vec<u64> {
		(0..probing::prober_count()).map(prober_account).collect()
	}
}
impl ValidatorSetWithIdentification<u64> for ProberSet {
	type Identification = u64;
	type IdentificationOf = frame::traits::ConvertInto;
}

/// Policy under which governance may approve any asset.
pub struct AnyAsset;
impl AssetPolicy for AnyAsset {
	fn ensure_approvable(_: u32) -> DispatchResult {
		Ok(())
	}
}

/// Fee at which a rating has half of its maximum weight: `SCALE` base units of any asset.
pub struct RatingScale<const SCALE: Balance>;
impl<const SCALE: Balance> Convert<AssetId, Option<Balance>> for RatingScale<SCALE> {
	fn convert(_: AssetId) -> Option<Balance> {
		Some(SCALE)
	}
}

/// Stand-in for the compute-orders pallet in a runtime without it.
pub struct NoLeases;
impl Inventory for NoLeases {
	fn forget(_: ServiceId) -> DispatchResult {
		Ok(())
	}
}
impl OnLeaseFailed for NoLeases {
	fn on_lease_failed(_: LeaseId, _: End) -> Weight {
		Weight::zero()
	}
}

/// Benchmark set-up of neighbours whose benchmarks do not run on the mock.
pub struct NoBenchmarks;
#[cfg(feature = "runtime-benchmarks")]
impl pallet_surety_operators::BenchmarkHelper<u64> for NoBenchmarks {
	fn fund(_: AssetId, _: &u64, _: Balance) {
		panic!("the benchmarks of operators run with its own mock")
	}
	fn create_asset() -> u32 {
		panic!("the benchmarks of operators run with its own mock")
	}
	fn declare_capacity(_: ServiceId) {
		panic!("the benchmarks of operators run with its own mock")
	}
	fn sell_unit(_: ServiceId) {
		panic!("the benchmarks of operators run with its own mock")
	}
	fn activate(_: ServiceId) {
		panic!("the benchmarks of operators run with its own mock")
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl pallet_surety_escrow::BenchmarkHelper<u64> for NoBenchmarks {
	fn fund(_: &u64, _: Balance) -> AssetId {
		panic!("the benchmarks of escrow run with its own mock")
	}
	fn metered() -> surety_primitives::Target {
		panic!("the benchmarks of escrow run with its own mock")
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl pallet_surety_sla::benchmarking::BenchmarkHelper<u64> for NoBenchmarks {
	fn open_service(_: bool) -> ServiceId {
		panic!("the benchmarks of sla run with its own mock")
	}
	fn listed_lease() -> LeaseId {
		panic!("the benchmarks of sla run with its own mock")
	}
	fn fund(_: AssetId, _: &u64, _: Balance) {
		panic!("the benchmarks of sla run with its own mock")
	}
	fn judge_through(_: u32) {
		panic!("the benchmarks of sla run with its own mock")
	}
	fn end_meter(_: surety_primitives::Target, _: u32) {
		panic!("the benchmarks of sla run with its own mock")
	}
}

//! What the chains that pallets are tested on have in common. Only for tests.

#![no_std]

/// Real money for a mock: `Balances`, `Assets` and `AssetsHolder` of the runtime `Test`, and the type `Money`,
/// the `Funds` of native tokens and assets; `FreeMoney` is the part that knows no holds. `$minimum` is the
/// least balance of an account in native tokens, in base units.
///
/// The names of a mock must be in scope: `Test`, `AccountId`, `Balance`, the pallets, and what
/// `frame::testing_prelude` exports.
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

// SPDX-License-Identifier: Apache-2.0

//! One trait over every asset.
//!
//! The SDK needs two unions for it: pallet-assets has transfers, its holder pallet has holds, and
//! neither has both, so [`MultiAssetFunds`] joins `UnionOf<Balances, Assets, ..>` with
//! `UnionOf<Balances, AssetsHolder, ..>`.

use crate::{AssetId, Balance};
use core::marker::PhantomData;
use frame_support::traits::{
	fungibles::{self, hold},
	tokens::{Fortitude, Precision, Preservation, Restriction},
};
use sp_runtime::{DispatchError, DispatchResult};

/// Holds and transfers of native and approved assets. Every method conserves funds: an amount
/// leaves one place and arrives at another in full, or not at all.
pub trait Funds<AccountId> {
	/// Reason of a hold.
	type Reason: Copy;

	/// Put free balance on hold. Fails if `who` would fall below the asset's minimum.
	fn hold(
		asset: AssetId,
		reason: Self::Reason,
		who: &AccountId,
		amount: Balance,
	) -> DispatchResult;
	/// Return held balance to the free balance of its owner.
	fn release(
		asset: AssetId,
		reason: Self::Reason,
		who: &AccountId,
		amount: Balance,
	) -> DispatchResult;
	/// Move held balance of `from` to the free balance of `to`, even past a freeze, which must not
	/// protect a bond. Fails if `to` cannot take it (blocked, or left below the minimum).
	fn pay_held(
		asset: AssetId,
		reason: Self::Reason,
		from: &AccountId,
		to: &AccountId,
		amount: Balance,
	) -> DispatchResult;
	/// Move free balance. `from` may be emptied but not killed while it has holds.
	fn transfer(
		asset: AssetId,
		from: &AccountId,
		to: &AccountId,
		amount: Balance,
	) -> DispatchResult;
	/// Balance of `who` on hold for `reason`.
	fn held(asset: AssetId, reason: Self::Reason, who: &AccountId) -> Balance;
	/// Free balance that `who` can spend.
	fn spendable(asset: AssetId, who: &AccountId) -> Balance;
	/// Balance of `who`, held and free.
	fn total(asset: AssetId, who: &AccountId) -> Balance;
	/// Minimum balance of an account.
	fn minimum(asset: AssetId) -> Balance;
	/// Total issuance of an asset.
	fn issuance(asset: AssetId) -> Balance;
}

/// [`Funds`] from a union that transfers and a union that holds.
pub struct MultiAssetFunds<Transfers, Holds>(PhantomData<(Transfers, Holds)>);

impl<AccountId, Transfers, Holds> Funds<AccountId> for MultiAssetFunds<Transfers, Holds>
where
	AccountId: Eq,
	Transfers: fungibles::Mutate<AccountId, AssetId = AssetId, Balance = Balance>,
	Holds: hold::Mutate<AccountId, AssetId = AssetId, Balance = Balance>,
	Holds::Reason: Copy,
{
	type Reason = Holds::Reason;

	fn hold(
		asset: AssetId,
		reason: Self::Reason,
		who: &AccountId,
		amount: Balance,
	) -> DispatchResult {
		Holds::hold(asset, &reason, who, amount)
	}

	fn release(
		asset: AssetId,
		reason: Self::Reason,
		who: &AccountId,
		amount: Balance,
	) -> DispatchResult {
		Holds::release(asset, &reason, who, amount, Precision::Exact).map(drop)
	}

	fn pay_held(
		asset: AssetId,
		reason: Self::Reason,
		from: &AccountId,
		to: &AccountId,
		amount: Balance,
	) -> DispatchResult {
		let moved = Holds::transfer_on_hold(
			asset,
			&reason,
			from,
			to,
			amount,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)?;
		if moved == amount {
			Ok(())
		} else {
			Err(DispatchError::Token(sp_runtime::TokenError::FundsUnavailable))
		}
	}

	fn transfer(
		asset: AssetId,
		from: &AccountId,
		to: &AccountId,
		amount: Balance,
	) -> DispatchResult {
		Transfers::transfer(asset, from, to, amount, Preservation::Expendable).map(drop)
	}

	fn held(asset: AssetId, reason: Self::Reason, who: &AccountId) -> Balance {
		Holds::balance_on_hold(asset, &reason, who)
	}

	fn spendable(asset: AssetId, who: &AccountId) -> Balance {
		Transfers::reducible_balance(asset, who, Preservation::Expendable, Fortitude::Polite)
	}

	fn total(asset: AssetId, who: &AccountId) -> Balance {
		Transfers::total_balance(asset, who)
	}

	fn minimum(asset: AssetId) -> Balance {
		Transfers::minimum_balance(asset)
	}

	fn issuance(asset: AssetId) -> Balance {
		Transfers::total_issuance(asset)
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Voting power: the whole balance of an account but what the market holds of it.
//!
//! Votes lock tokens, and the market pays tenants and operators out of holds. In `Balances` a lock
//! lies over the whole balance: held funds keep it as well as free ones. Left alone, a voter could
//! transfer its free funds away, because the market's holds kept the lock, and then pay the holds
//! out: both receivers would vote again with the same tokens. Three rules prevent that:
//!
//! 1. What the market holds does not vote ([`VotingCurrency::total_balance`]).
//! 2. The market holds no locked funds ([`VoterFunds::hold`]).
//! 3. The lock of a voter is what it votes with *and* what the market holds, at any time: it grows
//!    and shrinks with the holds. So it always lies on as many tokens outside of the market as
//!    vote.
//!
//! The third rule costs an account that does not vote nothing: the market reads from the account's
//! balance, which it writes anyway, that there is no lock.

use crate::{AccountId, Balance, Balances, BlockNumber, Runtime, RuntimeHoldReason, System};
use core::marker::PhantomData;
use frame_support::{
	ensure,
	traits::{
		Currency, ExistenceRequirement, LockIdentifier, LockableCurrency, ReservableCurrency,
		SignedImbalance, WithdrawReasons,
		fungible::Inspect,
		tokens::{
			BalanceStatus, DepositConsequence, Fortitude, Preservation, Provenance,
			WithdrawConsequence,
		},
	},
};
use sp_runtime::{DispatchError, DispatchResult, TokenError};
use surety_primitives::{AssetId, Funds};

/// Id of the lock of the voting pallet.
const VOTING_LOCK: LockIdentifier = *b"pyconvot";

/// True if funds on hold for this reason may be paid to somebody else.
fn is_of_the_market(reason: &RuntimeHoldReason) -> bool {
	matches!(
		reason,
		RuntimeHoldReason::Operators(_)
			| RuntimeHoldReason::Escrow(_)
			| RuntimeHoldReason::ComputeOrders(_)
	)
}

/// Planck of an account that the market holds.
pub fn held_by_market(who: &AccountId) -> Balance {
	pallet_balances::Holds::<Runtime>::get(who)
		.iter()
		.filter(|hold| is_of_the_market(&hold.id))
		.fold(0, |sum, hold| sum.saturating_add(hold.amount))
}

/// Planck that the lock of a voter lies on; `None` without a lock.
pub fn voting_lock(who: &AccountId) -> Option<Balance> {
	if System::account(who).data.frozen == 0 {
		return None;
	}
	let locks = pallet_balances::Locks::<Runtime>::get(who);
	locks.iter().find(|lock| lock.id == VOTING_LOCK).map(|lock| lock.amount)
}

/// Balances as the voting pallet sees them.
pub struct VotingCurrency;

impl LockableCurrency<AccountId> for VotingCurrency {
	type Moment = BlockNumber;
	type MaxLocks = <Balances as LockableCurrency<AccountId>>::MaxLocks;

	fn set_lock(id: LockIdentifier, who: &AccountId, amount: Balance, reasons: WithdrawReasons) {
		Balances::set_lock(id, who, amount.saturating_add(held_by_market(who)), reasons);
	}

	fn extend_lock(id: LockIdentifier, who: &AccountId, amount: Balance, reasons: WithdrawReasons) {
		Balances::extend_lock(id, who, amount.saturating_add(held_by_market(who)), reasons);
	}

	fn remove_lock(id: LockIdentifier, who: &AccountId) {
		Balances::remove_lock(id, who);
	}
}

impl Currency<AccountId> for VotingCurrency {
	type Balance = Balance;
	type PositiveImbalance = <Balances as Currency<AccountId>>::PositiveImbalance;
	type NegativeImbalance = <Balances as Currency<AccountId>>::NegativeImbalance;

	/// Voting power of an account.
	fn total_balance(who: &AccountId) -> Balance {
		<Balances as Currency<_>>::total_balance(who).saturating_sub(held_by_market(who))
	}
	fn can_slash(who: &AccountId, value: Balance) -> bool {
		<Balances as Currency<_>>::can_slash(who, value)
	}
	fn total_issuance() -> Balance {
		<Balances as Currency<AccountId>>::total_issuance()
	}
	fn active_issuance() -> Balance {
		<Balances as Currency<AccountId>>::active_issuance()
	}
	fn minimum_balance() -> Balance {
		<Balances as Currency<AccountId>>::minimum_balance()
	}
	fn burn(amount: Balance) -> Self::PositiveImbalance {
		<Balances as Currency<AccountId>>::burn(amount)
	}
	fn issue(amount: Balance) -> Self::NegativeImbalance {
		<Balances as Currency<AccountId>>::issue(amount)
	}
	fn free_balance(who: &AccountId) -> Balance {
		<Balances as Currency<_>>::free_balance(who)
	}
	fn ensure_can_withdraw(
		who: &AccountId,
		amount: Balance,
		reasons: WithdrawReasons,
		new_balance: Balance,
	) -> DispatchResult {
		<Balances as Currency<_>>::ensure_can_withdraw(who, amount, reasons, new_balance)
	}
	fn transfer(
		source: &AccountId,
		dest: &AccountId,
		value: Balance,
		requirement: ExistenceRequirement,
	) -> DispatchResult {
		<Balances as Currency<_>>::transfer(source, dest, value, requirement)
	}
	fn slash(who: &AccountId, value: Balance) -> (Self::NegativeImbalance, Balance) {
		<Balances as Currency<_>>::slash(who, value)
	}
	fn deposit_into_existing(
		who: &AccountId,
		value: Balance,
	) -> Result<Self::PositiveImbalance, DispatchError> {
		<Balances as Currency<_>>::deposit_into_existing(who, value)
	}
	fn deposit_creating(who: &AccountId, value: Balance) -> Self::PositiveImbalance {
		<Balances as Currency<_>>::deposit_creating(who, value)
	}
	fn withdraw(
		who: &AccountId,
		value: Balance,
		reasons: WithdrawReasons,
		liveness: ExistenceRequirement,
	) -> Result<Self::NegativeImbalance, DispatchError> {
		<Balances as Currency<_>>::withdraw(who, value, reasons, liveness)
	}
	fn make_free_balance_be(
		who: &AccountId,
		balance: Balance,
	) -> SignedImbalance<Balance, Self::PositiveImbalance> {
		<Balances as Currency<_>>::make_free_balance_be(who, balance)
	}
}

impl ReservableCurrency<AccountId> for VotingCurrency {
	fn can_reserve(who: &AccountId, value: Balance) -> bool {
		Balances::can_reserve(who, value)
	}
	fn slash_reserved(who: &AccountId, value: Balance) -> (Self::NegativeImbalance, Balance) {
		Balances::slash_reserved(who, value)
	}
	fn reserved_balance(who: &AccountId) -> Balance {
		Balances::reserved_balance(who)
	}
	fn reserve(who: &AccountId, value: Balance) -> DispatchResult {
		Balances::reserve(who, value)
	}
	fn unreserve(who: &AccountId, value: Balance) -> Balance {
		Balances::unreserve(who, value)
	}
	fn repatriate_reserved(
		slashed: &AccountId,
		beneficiary: &AccountId,
		value: Balance,
		status: BalanceStatus,
	) -> Result<Balance, DispatchError> {
		Balances::repatriate_reserved(slashed, beneficiary, value, status)
	}
}

impl Inspect<AccountId> for VotingCurrency {
	type Balance = Balance;

	fn total_issuance() -> Balance {
		<Balances as Inspect<AccountId>>::total_issuance()
	}
	fn active_issuance() -> Balance {
		<Balances as Inspect<AccountId>>::active_issuance()
	}
	fn minimum_balance() -> Balance {
		<Balances as Inspect<AccountId>>::minimum_balance()
	}
	fn total_balance(who: &AccountId) -> Balance {
		<Self as Currency<AccountId>>::total_balance(who)
	}
	fn balance(who: &AccountId) -> Balance {
		Balances::balance(who)
	}
	fn reducible_balance(who: &AccountId, keep: Preservation, force: Fortitude) -> Balance {
		Balances::reducible_balance(who, keep, force)
	}
	fn can_deposit(who: &AccountId, amount: Balance, from: Provenance) -> DepositConsequence {
		Balances::can_deposit(who, amount, from)
	}
	fn can_withdraw(who: &AccountId, amount: Balance) -> WithdrawConsequence<Balance> {
		Balances::can_withdraw(who, amount)
	}
}

/// Funds of the market, which hold nothing that is locked, and keep the locks of voters in step
/// with their holds.
pub struct VoterFunds<Inner>(PhantomData<Inner>);

impl<Inner> VoterFunds<Inner> {
	/// Change the lock of a voter after the market's hold of it has changed.
	fn move_lock(asset: AssetId, who: &AccountId, change: impl FnOnce(Balance) -> Balance) {
		if asset == AssetId::Native
			&& let Some(amount) = voting_lock(who)
		{
			let reasons = WithdrawReasons::except(WithdrawReasons::RESERVE);
			Balances::set_lock(VOTING_LOCK, who, change(amount), reasons);
		}
	}
}

impl<Inner: Funds<AccountId>> Funds<AccountId> for VoterFunds<Inner> {
	type Reason = Inner::Reason;

	fn hold(
		asset: AssetId,
		reason: Self::Reason,
		who: &AccountId,
		amount: Balance,
	) -> DispatchResult {
		if asset == AssetId::Native && voting_lock(who).is_some() {
			ensure!(amount <= Inner::spendable(asset, who), TokenError::Frozen);
		}
		Inner::hold(asset, reason, who, amount)?;
		Self::move_lock(asset, who, |lock| lock.saturating_add(amount));
		Ok(())
	}

	fn release(
		asset: AssetId,
		reason: Self::Reason,
		who: &AccountId,
		amount: Balance,
	) -> DispatchResult {
		Inner::release(asset, reason, who, amount)?;
		Self::move_lock(asset, who, |lock| lock.saturating_sub(amount));
		Ok(())
	}

	fn pay_held(
		asset: AssetId,
		reason: Self::Reason,
		from: &AccountId,
		to: &AccountId,
		amount: Balance,
	) -> DispatchResult {
		Inner::pay_held(asset, reason, from, to, amount)?;
		Self::move_lock(asset, from, |lock| lock.saturating_sub(amount));
		Ok(())
	}

	fn transfer(
		asset: AssetId,
		from: &AccountId,
		to: &AccountId,
		amount: Balance,
	) -> DispatchResult {
		Inner::transfer(asset, from, to, amount)
	}
	fn held(asset: AssetId, reason: Self::Reason, who: &AccountId) -> Balance {
		Inner::held(asset, reason, who)
	}
	fn spendable(asset: AssetId, who: &AccountId) -> Balance {
		Inner::spendable(asset, who)
	}
	fn total(asset: AssetId, who: &AccountId) -> Balance {
		Inner::total(asset, who)
	}
	fn minimum(asset: AssetId) -> Balance {
		Inner::minimum(asset)
	}
	fn issuance(asset: AssetId) -> Balance {
		Inner::issuance(asset)
	}
}

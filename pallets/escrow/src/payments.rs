// SPDX-License-Identifier: Apache-2.0

//! Payments, refunds and claims. A payment that cannot be delivered changes nothing and stays due;
//! it stops neither other payments nor the agenda. A suspension moves the amount due only: the rest
//! stays on hold.

use crate::{
	AccountOf,
	pallet::{Accounts, Config, Error, Event, HoldReason, NextId, Pallet},
	types::{Paid, State, Terms},
};
use frame::prelude::*;
use frame_support::storage::with_storage_layer;
use surety_primitives::{Balance, CloseReason, EscrowId, Funds, RoundIndex, StreamEnd};

/// Receiver of a payment.
#[derive(Clone, Copy)]
enum Party {
	Payee,
	Probers,
	Treasury,
}

impl<T: Config> Pallet<T> {
	/// Deliver the amount due as far as possible. The fee is paid after the payee's part. Returns
	/// the amount that moved.
	pub(crate) fn pay_out(id: EscrowId, account: &mut AccountOf<T>) -> Balance {
		let before = account.paid;
		let shares = account.shares();
		if Self::pay(account, Party::Payee, shares.payee.saturating_sub(before.payee)) {
			Self::pay(account, Party::Probers, shares.probers.saturating_sub(before.probers));
			Self::pay(account, Party::Treasury, shares.treasury.saturating_sub(before.treasury));
		}
		Self::report_paid(id, before, account.paid)
	}

	/// Close an account: pay the amount due and refund the rest. The account stays only if somebody
	/// could not be paid.
	pub(crate) fn close(
		id: EscrowId,
		account: &mut AccountOf<T>,
		round: RoundIndex,
		reason: CloseReason,
	) -> StreamEnd {
		let due = account.due_at_end(round, reason);
		account.state = State::Closed { due };
		let end = Self::end_of(account, round, reason);
		Self::move_entry(id, account, None);
		Self::deliver(id, account);
		let (code, paid, refunded) = (reason.code(), end.paid, end.refunded);
		Self::deposit_event(match account.terms {
			Terms::Stream(_) => Event::Closed { escrow: id, round, reason, code, paid, refunded },
			Terms::OneOff => Event::HoldClosed { escrow: id, reason, code, paid, refunded },
		});
		if account.held > 0 {
			Self::deposit_event(Event::ClaimLeft { escrow: id, held: account.held });
		}
		end
	}

	/// Suspend a stream: pay the amount due and keep the rest as a one-off hold. A claim is split
	/// off into a closed account. `None` if no id is left for the claim; then only payments have
	/// happened.
	pub(crate) fn suspend_now(
		id: EscrowId,
		account: &mut AccountOf<T>,
		round: RoundIndex,
		reason: CloseReason,
	) -> Option<StreamEnd> {
		let end = Self::end_of(account, round, reason);
		Self::pay_at_last(id, account);
		let claim = if account.outstanding() > 0 { Some(account.claim()) } else { None };
		let claim_id = match &claim {
			Some(claim) => Some(Self::insert_new(claim)?),
			None => None,
		};
		account.suspend(end.refunded);
		Accounts::<T>::insert(id, account.clone());
		let (code, paid, left) = (reason.code(), end.paid, end.refunded);
		Self::deposit_event(Event::Suspended {
			escrow: id,
			round,
			reason,
			code,
			paid,
			left,
			claim: claim_id,
		});
		if let (Some(escrow), Some(claim)) = (claim_id, claim) {
			Self::deposit_event(Event::ClaimLeft { escrow, held: claim.held });
		}
		Some(end)
	}

	/// End that the owner is notified of, with the amounts due now.
	fn end_of(account: &AccountOf<T>, round: RoundIndex, reason: CloseReason) -> StreamEnd {
		let (paid, fee) = (account.due(), account.shares().fee());
		StreamEnd { reason, round, paid, fee, refunded: account.deposited.saturating_sub(paid) }
	}

	/// Store an account under the next id. `None` if no id is left.
	fn insert_new(account: &AccountOf<T>) -> Option<EscrowId> {
		let id = NextId::<T>::get();
		NextId::<T>::put(id.checked_add(1)?);
		Accounts::<T>::insert(id, account);
		Some(id)
	}

	/// Deliver the amount due for the last time. The part that a pot cannot take goes to the payee,
	/// because a fee must not keep an account alive. Returns the amount that moved.
	fn pay_at_last(id: EscrowId, account: &mut AccountOf<T>) -> Balance {
		let moved = Self::pay_out(id, account);
		if account.paid.payee < account.shares().payee {
			return moved;
		}
		let before = account.paid;
		Self::pay(account, Party::Payee, account.outstanding());
		moved.saturating_add(Self::report_paid(id, before, account.paid))
	}

	/// Deliver the funds of a closed account, and remove it if none are left. Returns the amount
	/// that moved to payee and fee.
	pub(crate) fn deliver(id: EscrowId, account: &mut AccountOf<T>) -> Balance {
		let moved = Self::pay_at_last(id, account);
		let rest = account.held.saturating_sub(account.outstanding());
		// A refund that fails stays on hold, and the next `settle` tries again.
		let _ = Self::release(id, account, rest);
		if account.held == 0 {
			Accounts::<T>::remove(id);
		} else {
			Accounts::<T>::insert(id, account.clone());
		}
		moved
	}

	/// Refund held funds to the payer.
	pub(crate) fn release(
		id: EscrowId,
		account: &mut AccountOf<T>,
		amount: Balance,
	) -> DispatchResult {
		if amount == 0 {
			return Ok(());
		}
		with_storage_layer(|| {
			T::Funds::release(account.asset, HoldReason::Escrow.into(), &account.payer, amount)
		})
		.map_err(|_| Error::<T>::Undeliverable)?;
		account.held = account.held.saturating_sub(amount);
		account.refunded = account.refunded.saturating_add(amount);
		Self::deposit_event(Event::Refunded { escrow: id, amount });
		Ok(())
	}

	/// Pay `amount` to `to`. True if it arrived, or if it was zero. At most the outstanding amount
	/// is paid: a fee that the payee got instead of a pot is not paid again.
	fn pay(account: &mut AccountOf<T>, to: Party, amount: Balance) -> bool {
		let amount = amount.min(account.outstanding());
		if amount == 0 {
			return true;
		}
		if amount > account.held.saturating_sub(account.frozen) {
			defensive!("more is due than is held and not frozen");
			return false;
		}
		let payee = match to {
			Party::Payee => account.payee.clone(),
			Party::Probers => T::ProberPot::get(),
			Party::Treasury => T::Treasury::get(),
		};
		let moved = with_storage_layer(|| {
			T::Funds::pay_held(
				account.asset,
				HoldReason::Escrow.into(),
				&account.payer,
				&payee,
				amount,
			)
		});
		if moved.is_err() {
			return false;
		}
		let paid = match to {
			Party::Payee => &mut account.paid.payee,
			Party::Probers => &mut account.paid.probers,
			Party::Treasury => &mut account.paid.treasury,
		};
		*paid = paid.saturating_add(amount);
		account.held = account.held.saturating_sub(amount);
		true
	}

	fn report_paid(id: EscrowId, before: Paid, after: Paid) -> Balance {
		let paid = after.total().saturating_sub(before.total());
		if paid > 0 {
			let fee = after.fee().saturating_sub(before.fee());
			Self::deposit_event(Event::Settled { escrow: id, paid, fee });
		}
		paid
	}
}

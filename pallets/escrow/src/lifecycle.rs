// SPDX-License-Identifier: Apache-2.0

//! Opening, end, close, freeze and thaw of accounts.

use crate::{
	AccountOf,
	pallet::{Accounts, Config, Error, Event, HoldReason, NextId, Pallet},
	types::{Account, Paid, State, Terms},
};
use frame::{prelude::*, traits::DefensiveOption};
use surety_primitives::{
	AssetId, Balance, Clock, CloseReason, End, EscrowId, EscrowOwner, Fee, Funds, Meter, Metered,
	RoundIndex, StreamEnd, Target,
};

impl<T: Config> Pallet<T> {
	/// An account that is not closed.
	pub(crate) fn live(id: EscrowId) -> Result<AccountOf<T>, Error<T>> {
		let account = Accounts::<T>::get(id).ok_or(Error::<T>::UnknownEscrow)?;
		ensure!(!account.is_closed(), Error::<T>::AlreadyClosed);
		Ok(account)
	}

	/// A stream that is not closed.
	pub(crate) fn live_stream(id: EscrowId) -> Result<AccountOf<T>, Error<T>> {
		let account = Self::live(id)?;
		ensure!(matches!(account.terms, Terms::Stream(_)), Error::<T>::NotAStream);
		Ok(account)
	}

	/// Check that a stream can be paid out of `deposit` by a meter. Returns the meter.
	pub(crate) fn ensure_can_stream(
		meter: Target,
		rate: Balance,
		deposit: Balance,
		prepaid: Balance,
	) -> Result<Metered, Error<T>> {
		ensure!(rate > 0, Error::<T>::ZeroRate);
		ensure!(deposit >= rate, Error::<T>::DepositBelowRate);
		ensure!(prepaid <= deposit, Error::<T>::PrepaidAboveDeposit);
		let metered = T::Meter::meter(meter).ok_or(Error::<T>::NoMeter)?;
		ensure!(metered.end.is_none(), Error::<T>::MeterEnded);
		Ok(metered)
	}

	/// Decide the end of a stream, after which the account is closed or, if it `suspends`, a
	/// one-off hold again. Returns the end that stands now, and true if it is a new one.
	///
	/// The sooner of the known end and the requested one gives round and reason. A request to close
	/// prevails over one to suspend, in any order. A round that was read off the meter stays
	/// billed, so no end is sooner. The runs are bounded before the meter is read, so no round
	/// after the end is billed, however late the request comes.
	pub(crate) fn stop_by(
		id: EscrowId,
		at: RoundIndex,
		reason: CloseReason,
		suspends: bool,
	) -> Result<(End, bool), DispatchError> {
		let mut account = Self::live_stream(id)?;
		let Terms::Stream(stream) = &account.terms else {
			return Err(Error::<T>::NotAStream.into());
		};
		let at = at.max(stream.read);
		let meter = Self::meter_of(&account);
		let known = match (Self::known_end(&account, meter), stream.last()) {
			// The term is over before `at` and can no longer be extended.
			(State::Open, Some(last)) if last < at => State::expired(last),
			(known, _) => known,
		};
		let before = account.state;
		account.state = State::stopping(at, reason, suspends).unless(known);
		if account.state != before {
			let known = Self::touch_by(&mut account, meter);
			// The end of the funds is known only after the meter is read.
			let state = Self::due_end(&account, known).unwrap_or(known);
			Self::decide(id, &mut account, state);
			Self::reschedule(id, &mut account, state);
			Accounts::<T>::insert(id, &account);
		}
		let end = account.state.end().defensive_ok_or(Error::<T>::NotAStream)?;
		Ok((end, account.state != before))
	}

	/// Close a one-off hold.
	pub(crate) fn close_hold(
		id: EscrowId,
		to_payee: Balance,
		reason: CloseReason,
	) -> Result<StreamEnd, DispatchError> {
		let mut account = Self::live(id)?;
		ensure!(account.terms == Terms::OneOff, Error::<T>::NotAHold);
		ensure!(account.frozen == 0, Error::<T>::FrozenFunds);
		ensure!(to_payee <= account.available(), Error::<T>::NotEnoughHeld);
		account.awarded = account.awarded.saturating_add(to_payee);
		Ok(Self::close(id, &mut account, T::Clock::round(), reason))
	}

	/// Put funds on hold. Returns the id and the account, which the caller stores.
	pub(crate) fn hold_for(
		owner: EscrowOwner,
		payer: T::AccountId,
		payee: T::AccountId,
		asset: AssetId,
		amount: Balance,
		fee: Fee,
		terms: Terms,
	) -> Result<(EscrowId, AccountOf<T>), DispatchError> {
		let id = NextId::<T>::get();
		NextId::<T>::put(id.checked_add(1).ok_or(ArithmeticError::Overflow)?);
		T::Funds::hold(asset, HoldReason::Escrow.into(), &payer, amount)?;
		let account = Account {
			owner,
			payer,
			payee,
			asset,
			deposited: amount,
			held: amount,
			frozen: 0,
			awarded: 0,
			paid: Paid::default(),
			refunded: 0,
			fee,
			terms,
			state: State::Open,
		};
		Ok((id, account))
	}

	/// Freeze `amount` of the held funds for a dispute: they are neither paid nor refunded. While
	/// funds are frozen, the stream is not billed and does not end.
	pub fn freeze(id: EscrowId, amount: Balance) -> DispatchResult {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let mut account = Self::live(id)?;
		let known = Self::touch(&mut account);
		ensure!(amount <= account.available(), Error::<T>::NotEnoughHeld);
		account.frozen = account.frozen.saturating_add(amount);
		if let Terms::Stream(stream) = &mut account.terms {
			stream.stop(T::Clock::round());
		}
		Self::reschedule(id, &mut account, known);
		Accounts::<T>::insert(id, account);
		Self::deposit_event(Event::Frozen { escrow: id, amount });
		Ok(())
	}

	/// Thaw all funds that [`Self::freeze`] froze. `to_payee` of them, fee included, are awarded to
	/// the payee.
	pub fn thaw(id: EscrowId, to_payee: Balance) -> DispatchResult {
		let mut account = Self::live(id)?;
		ensure!(account.frozen > 0, Error::<T>::NotFrozen);
		ensure!(to_payee <= account.frozen, Error::<T>::NotEnoughHeld);
		let known = Self::touch(&mut account);
		if let Terms::Stream(stream) = &mut account.terms {
			let until = known.end().map(|(round, _)| round).or(stream.last());
			stream.resume(T::Clock::round(), until).ok_or(Error::<T>::JudgingBehind)?;
		}
		let unlocked = account.frozen;
		account.awarded = account.awarded.saturating_add(to_payee);
		account.frozen = 0;
		Self::pay_out(id, &mut account);
		Self::reschedule(id, &mut account, known);
		Accounts::<T>::insert(id, account);
		Self::deposit_event(Event::Thawed { escrow: id, amount: unlocked, to_payee });
		Ok(())
	}
}

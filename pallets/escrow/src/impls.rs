// SPDX-License-Identifier: Apache-2.0

//! Traits that other pallets call. No method notifies its caller: owners are notified from the
//! agenda.

use crate::{
	pallet::{Accounts, Config, Error, Event, HoldReason, Pallet},
	types::{Stream, Term, Terms},
};
use frame::prelude::*;
use frame_support::storage::with_storage_layer;
use surety_primitives::{
	AssetId, Balance, Clock, CloseReason, End, EscrowId, EscrowOwner, Fee, Funds, NewStream,
	OneOffHolds, RoundIndex, StreamInfo, StreamStart, Streams,
};

impl<T: Config> Streams<T::AccountId> for Pallet<T> {
	fn open(new: NewStream<T::AccountId>) -> Result<EscrowId, DispatchError> {
		let NewStream { owner, payer, payee, asset, meter, rate, deposit, prepaid, fee } = new;
		let metered = Self::ensure_can_stream(meter, rate, deposit, prepaid)?;
		with_storage_layer(|| {
			let terms = Terms::Stream(Stream::new(meter, rate, prepaid, T::Clock::round(), None));
			let (id, mut account) =
				Self::hold_for(owner, payer.clone(), payee.clone(), asset, deposit, fee, terms)?;
			Self::deposit_event(Event::StreamOpened {
				escrow: id,
				payer,
				payee,
				asset,
				meter,
				rate,
				deposit,
				prepaid,
			});
			let known = Self::touch_by(&mut account, Some(metered));
			Self::reschedule(id, &mut account, known);
			Accounts::<T>::insert(id, account);
			Ok(id)
		})
	}

	fn top_up(id: EscrowId, amount: Balance) -> DispatchResult {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let mut account = Self::live(id)?;
		let known = Self::touch(&mut account);
		ensure!(known.end().is_none() || known.suspends(), Error::<T>::Ending);
		account.deposited =
			account.deposited.checked_add(amount).ok_or(ArithmeticError::Overflow)?;
		account.held = account.held.checked_add(amount).ok_or(ArithmeticError::Overflow)?;
		with_storage_layer(|| {
			T::Funds::hold(account.asset, HoldReason::Escrow.into(), &account.payer, amount)
		})?;
		Self::reschedule(id, &mut account, known);
		Accounts::<T>::insert(id, account);
		Self::deposit_event(Event::ToppedUp { escrow: id, amount });
		Ok(())
	}

	fn settle(id: EscrowId) -> Result<Balance, DispatchError> {
		let mut account = Accounts::<T>::get(id).ok_or(Error::<T>::UnknownEscrow)?;
		if account.is_closed() {
			return Ok(Self::deliver(id, &mut account));
		}
		let known = Self::touch(&mut account);
		let moved = Self::pay_out(id, &mut account);
		Self::reschedule(id, &mut account, known);
		Accounts::<T>::insert(id, account);
		Ok(moved)
	}

	fn end(id: EscrowId, at: RoundIndex, reason: CloseReason) -> Result<End, DispatchError> {
		Self::stop_by(id, at, reason, false).map(|(end, _)| end)
	}

	fn stream(id: EscrowId) -> Option<StreamInfo> {
		let mut account = Self::live_stream(id).ok()?;
		Self::touch(&mut account);
		let Terms::Stream(stream) = &account.terms else { return None };
		Some(StreamInfo {
			held: account.held,
			paid: account.paid.total(),
			due: account.outstanding(),
			blocks_left: account.funded().saturating_sub(stream.billed),
			ending: account.state.end(),
			suspends: account.state.suspends(),
			last: stream.last(),
		})
	}
}

impl<T: Config> OneOffHolds<T::AccountId> for Pallet<T> {
	fn hold(
		owner: EscrowOwner,
		payer: T::AccountId,
		payee: T::AccountId,
		asset: AssetId,
		amount: Balance,
	) -> Result<EscrowId, DispatchError> {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let fee = Fee { share: T::PlatformFee::get(), to_probers: T::ProberShare::get() };
		with_storage_layer(|| {
			let (id, account) = Self::hold_for(
				owner,
				payer.clone(),
				payee.clone(),
				asset,
				amount,
				fee,
				Terms::OneOff,
			)?;
			Accounts::<T>::insert(id, account);
			Self::deposit_event(Event::HoldOpened { escrow: id, payer, payee, asset, amount });
			Ok(id)
		})
	}

	fn start(id: EscrowId, stream: StreamStart<T::AccountId>) -> DispatchResult {
		let StreamStart { payee, meter, rate, prepaid, last, trial_until } = stream;
		let mut account = Self::live(id)?;
		ensure!(account.terms == Terms::OneOff, Error::<T>::NotAHold);
		ensure!(account.frozen == 0, Error::<T>::FrozenFunds);
		ensure!(account.is_untouched(), Error::<T>::HoldTouched);
		let deposit = account.held;
		let metered = Self::ensure_can_stream(meter, rate, deposit, prepaid)?;
		let round = T::Clock::round();
		ensure!(last > round, Error::<T>::LastRoundNotLater);
		account.payee = payee.clone();
		let term = Term { last, trial_until };
		account.terms = Terms::Stream(Stream::new(meter, rate, prepaid, round, Some(term)));
		let known = Self::touch_by(&mut account, Some(metered));
		Self::reschedule(id, &mut account, known);
		let (payer, asset) = (account.payer.clone(), account.asset);
		Accounts::<T>::insert(id, account);
		Self::deposit_event(Event::StreamStarted {
			escrow: id,
			payer,
			payee,
			asset,
			meter,
			rate,
			deposit,
			prepaid,
			last_round: last,
			trial_until,
		});
		Ok(())
	}

	fn extend(id: EscrowId, last: RoundIndex, prepaid: Balance) -> DispatchResult {
		let mut account = Self::live_stream(id)?;
		let meter = Self::meter_of(&account);
		let (known, funds) = (Self::known_end(&account, meter), account.for_meter());
		let Terms::Stream(stream) = &mut account.terms else {
			return Err(Error::<T>::NotAStream.into());
		};
		let stands = stream.last().ok_or(Error::<T>::NoLastRound)?;
		ensure!(stands > T::Clock::round(), Error::<T>::LastRoundReached);
		ensure!(known.end().is_none(), Error::<T>::Ending);
		ensure!(last > stands, Error::<T>::LastRoundNotLater);
		let prepaid = prepaid.max(stream.prepaid);
		ensure!(prepaid <= funds, Error::<T>::PrepaidAboveDeposit);
		stream.prepaid = prepaid;
		stream.extend(last);
		let known = Self::touch_by(&mut account, meter);
		Self::reschedule(id, &mut account, known);
		Accounts::<T>::insert(id, account);
		Self::deposit_event(Event::Extended { escrow: id, last_round: last, prepaid });
		Ok(())
	}

	fn suspend(id: EscrowId, at: RoundIndex, reason: CloseReason) -> Result<End, DispatchError> {
		Self::stop_by(id, at, reason, true).map(|(end, _)| end)
	}

	fn refund(id: EscrowId, reason: CloseReason) -> DispatchResult {
		Self::close_hold(id, 0, reason).map(drop)
	}
}

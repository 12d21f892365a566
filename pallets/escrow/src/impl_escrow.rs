//! The pallet as other pallets use it. Nothing here calls back its caller: ends are told from the
//! agenda.

use crate::{
	AccountOf,
	pallet::{Accounts, Config, Error, Event, HoldReason, NextId, Pallet},
	types::{Account, Paid, State, Stream, Term, Terms},
};
use frame::prelude::{ArithmeticError, DispatchError, DispatchResult, ensure};
use frame_support::{
	storage::with_storage_layer,
	traits::{DefensiveOption, Get},
};
use surety_primitives::{
	AssetId, Balance, Clock, CloseReason, Escrow, EscrowId, EscrowOwner, Fee, Funds, Meter,
	Metered, NewStream, OnEscrowEnd, RoundIndex, ServiceId, Started, StreamEnd, StreamInfo,
};

/// Round after which a stream ends, and why.
type End = (RoundIndex, CloseReason);

impl<T: Config> Escrow<T::AccountId> for Pallet<T> {
	fn open_stream(new: NewStream<T::AccountId>) -> Result<EscrowId, DispatchError> {
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

	fn start(id: EscrowId, stream: Started<T::AccountId>) -> DispatchResult {
		let Started { payee, meter, rate, prepaid, last, trial_until } = stream;
		let mut account = Self::live(id)?;
		ensure!(account.terms == Terms::Lump, Error::<T>::NotALump);
		ensure!(account.frozen == 0, Error::<T>::FrozenFunds);
		ensure!(account.is_untouched(), Error::<T>::LumpTouched);
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

	fn park(id: EscrowId, at: RoundIndex, reason: CloseReason) -> Result<End, DispatchError> {
		Self::stop_by(id, at, reason, true).map(|(end, _)| end)
	}

	fn top_up(id: EscrowId, amount: Balance) -> DispatchResult {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let mut account = Self::live(id)?;
		let known = Self::touch(&mut account);
		ensure!(known.end().is_none() || known.parks(), Error::<T>::Ending);
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

	fn freeze(id: EscrowId, amount: Balance) -> DispatchResult {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let mut account = Self::live(id)?;
		let known = Self::touch(&mut account);
		ensure!(amount <= account.unlocked(), Error::<T>::NotEnoughHeld);
		account.frozen = account.frozen.saturating_add(amount);
		if let Terms::Stream(stream) = &mut account.terms {
			stream.stop(T::Clock::round());
		}
		Self::reschedule(id, &mut account, known);
		Accounts::<T>::insert(id, account);
		Self::deposit_event(Event::Frozen { escrow: id, amount });
		Ok(())
	}

	fn thaw(id: EscrowId, to_payee: Balance) -> DispatchResult {
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

	fn open_lump(
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
				Terms::Lump,
			)?;
			Accounts::<T>::insert(id, account);
			Self::deposit_event(Event::LumpOpened { escrow: id, payer, payee, asset, amount });
			Ok(id)
		})
	}

	fn close_lump(id: EscrowId, to_payee: Balance, reason: CloseReason) -> DispatchResult {
		Self::close_lump_by(id, to_payee, reason).map(drop)
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
			parks: account.state.parks(),
			last: stream.last(),
		})
	}
}

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

	/// A stream may be paid out of `deposit` by a meter, which is returned. The first block is paid
	/// by what is prepaid, if anything is.
	fn ensure_can_stream(
		meter: ServiceId,
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

	/// Decide the end of a stream, after which it is closed or, if it `parks`, is a lump again.
	/// Returns the end that stands now, and whether that is a new one.
	///
	/// The sooner of the end that is known already and the one asked for says in which round and
	/// why; who wants the stream closed is stronger than who wants it parked, whoever comes first.
	/// A round that was read off the meter stays billed, so no end is sooner than that. The runs
	/// are bounded before the meter is read, so nothing after the end is billed, however late it is
	/// asked for.
	pub(crate) fn stop_by(
		id: EscrowId,
		at: RoundIndex,
		reason: CloseReason,
		parks: bool,
	) -> Result<(End, bool), DispatchError> {
		let mut account = Self::live_stream(id)?;
		let Terms::Stream(stream) = &account.terms else {
			return Err(Error::<T>::NotAStream.into());
		};
		let at = at.max(stream.read);
		let meter = Self::meter_of(&account);
		let known = match (Self::known_end(&account, meter), stream.last()) {
			// Its time is over before that, which can no longer be put off.
			(State::Open, Some(last)) if last < at => State::expired(last),
			(known, _) => known,
		};
		let before = account.state;
		account.state = State::stopping(at, reason, parks).unless(known);
		if account.state != before {
			let known = Self::touch_by(&mut account, meter);
			// Funds that have run out are known only now.
			let state = Self::due_end(&account, known).unwrap_or(known);
			Self::decide(id, &mut account, state);
			Self::reschedule(id, &mut account, state);
			Accounts::<T>::insert(id, &account);
		}
		let end = account.state.end().defensive_ok_or(Error::<T>::NotAStream)?;
		Ok((end, account.state != before))
	}

	/// Close a lump.
	pub(crate) fn close_lump_by(
		id: EscrowId,
		to_payee: Balance,
		reason: CloseReason,
	) -> Result<StreamEnd, DispatchError> {
		let mut account = Self::live(id)?;
		ensure!(account.terms == Terms::Lump, Error::<T>::NotALump);
		ensure!(account.frozen == 0, Error::<T>::FrozenFunds);
		ensure!(to_payee <= account.unlocked(), Error::<T>::NotEnoughHeld);
		account.awarded = account.awarded.saturating_add(to_payee);
		Ok(Self::close(id, &mut account, T::Clock::round(), reason))
	}

	/// Give up what could not be delivered to the payee of a closed account: all that is held goes
	/// back to the payer.
	pub(crate) fn write_off(id: EscrowId, mut account: AccountOf<T>) -> DispatchResult {
		let amount = account.held;
		Self::refund(id, &mut account, amount)?;
		Accounts::<T>::remove(id);
		Self::deposit_event(Event::WrittenOff { escrow: id, amount });
		Ok(())
	}

	fn hold_for(
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

	/// End or close an account by governance.
	pub(crate) fn do_force_close(id: EscrowId, to_payee: Balance) -> DispatchResult {
		let account = Accounts::<T>::get(id).ok_or(Error::<T>::UnknownEscrow)?;
		let owner = account.owner;
		let frozen = account.frozen > 0;
		if account.is_closed() {
			ensure!(to_payee == 0, Error::<T>::NotEnoughHeld);
			return Self::write_off(id, account);
		}
		if account.terms == Terms::Lump {
			if frozen {
				Self::thaw(id, 0)?;
			}
			let end = Self::close_lump_by(id, to_payee, CloseReason::Governance)?;
			T::OnEnd::ended(owner, end);
			return Ok(());
		}
		if frozen {
			Self::thaw(id, to_payee)?;
		} else {
			ensure!(to_payee == 0, Error::<T>::NotFrozen);
		}
		let (end, changed) = Self::stop_by(id, T::Clock::round(), CloseReason::Governance, false)?;
		if changed {
			let (round, reason) = end;
			T::OnEnd::ending(owner, round, reason);
		}
		Ok(())
	}
}

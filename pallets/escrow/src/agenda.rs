// SPDX-License-Identifier: Apache-2.0

//! Agenda of the streams: ends are decided and carried out in the block that they fall in.
//!
//! Each stream that can change with time has one entry, at the earliest block in which it may have
//! work, and stores where. An entry only asks for a look at the stream. The work follows from the
//! meter, and mostly it is a later entry. Entries of one block and lane beyond
//! [`Config::AgendaPerBlock`] wait for the next blocks, oldest first. The billed amount does not
//! depend on that wait.
//!
//! There are two lanes. A stream whose end is decided, or was found to be due, is urgent; a look at
//! an open stream is not. Opening many streams, or keeping many whose service is never up, is
//! cheap, so looks must not delay an end. Ends that a look finds to be due take the room that the
//! urgent lane has left in the block. So a block decides or carries out at most
//! [`Config::AgendaPerBlock`] ends in all.
//!
//! A late look does not change the bill. A known end bounds a stream before its meter is read: the
//! last round of the term from the first block on, the end of the meter whenever the account is
//! touched. If funds have run out, no more is due than there is. Rounds that were judged meanwhile
//! and were down postpone that end, as they should. But while a look waits, the operator serves
//! unpaid, and rounds that the meter has forgotten favour the payer. Therefore looks that only
//! read, which are most of them, are spread over rounds ([`SPREAD_ROUNDS`]).

use crate::{
	AccountOf,
	metering::round_before,
	pallet::{Accounts, Agenda, Config, Cursor, Event, Pallet},
	types::{Lane, SPREAD_ROUNDS, State, Terms},
	weights::WeightInfo,
};
use alloc::vec::Vec;
use frame::prelude::*;
use surety_primitives::{
	BlockNumber, Clock, CloseReason, EscrowId, JUDGED_AFTER, Meter, Metered, OnStreamEnd,
	RoundIndex, StreamEnd, agenda,
};

/// Outcome for a stream whose end was carried out.
enum Outcome {
	Closed(StreamEnd),
	Suspended(StreamEnd),
}

impl<T: Config> Pallet<T> {
	/// Work off the entries that are due, within the bounds. Returns the weight.
	pub(crate) fn work_agenda() -> Weight {
		let mut room = T::AgendaPerBlock::get();
		let urgent = Self::work_lane(Lane::Urgent, &mut room);
		urgent.saturating_add(Self::work_lane(Lane::Looks, &mut room))
	}

	/// Work off a lane, with `room` for that many ends in this block. Returns the weight.
	pub(crate) fn work_lane(lane: Lane, room: &mut u32) -> Weight {
		let now = T::Clock::now();
		let max = T::AgendaPerBlock::get();
		let first = Cursor::<T>::get(lane).unwrap_or(now);
		let mut weight = Weight::zero();
		let walked = agenda::walk(first, now, max, |block, left| {
			let ids: Vec<_> =
				Agenda::<T>::iter_key_prefix((lane, block)).take(left as usize).collect();
			let taken = u32::try_from(ids.len()).unwrap_or(u32::MAX);
			for id in ids {
				Agenda::<T>::remove((lane, block), id);
				weight = weight.saturating_add(Self::wake(id, room));
			}
			taken
		});
		Cursor::<T>::insert(lane, walked.next);
		weight.saturating_add(T::WeightInfo::agenda(walked.blocks))
	}

	/// Look at a stream whose entry was just removed: decide its end, close or suspend it, or
	/// schedule the next look. The owner is notified last: first of an end that it did not ask for,
	/// then that the end was carried out. Returns the weight.
	///
	/// Without `room`, an end is left for the next block. The urgent lane always has room, because
	/// it wakes no more streams than that.
	pub(crate) fn wake(id: EscrowId, room: &mut u32) -> Weight {
		let look = T::WeightInfo::wake_read();
		let Some(mut account) = Accounts::<T>::get(id) else {
			defensive!("an entry without an account");
			return look;
		};
		if let Terms::Stream(stream) = &mut account.terms {
			stream.wake = None;
		}
		let known = Self::touch(&mut account);
		let decided = Self::due_end(&account, known);
		if decided.is_some() || Self::finished(&account).is_some() {
			let Some(left) = room.checked_sub(1) else {
				let next = T::Clock::now().saturating_add(1);
				Self::move_entry(id, &mut account, Some((Lane::Looks, next)));
				Accounts::<T>::insert(id, account);
				return look;
			};
			*room = left;
		}
		if let Some(state) = decided {
			Self::decide(id, &mut account, state);
		}
		let owner = account.owner;
		let outcome = Self::carry_out(id, &mut account);
		if outcome.is_none() {
			let known = account.state;
			Self::reschedule(id, &mut account, known);
			Accounts::<T>::insert(id, account);
		}
		let mut weight = match &outcome {
			Some(Outcome::Closed(_)) => T::WeightInfo::wake(),
			Some(Outcome::Suspended(_)) => T::WeightInfo::wake_suspending(),
			None => look,
		};
		if let Some(end) = decided.and_then(|state| state.end()) {
			weight = weight.saturating_add(T::OnStreamEnd::ending(owner, end));
		}
		match outcome {
			Some(Outcome::Closed(end)) => weight.saturating_add(T::OnStreamEnd::ended(owner, end)),
			Some(Outcome::Suspended(end)) => {
				weight.saturating_add(T::OnStreamEnd::suspended(owner, end))
			},
			None => weight,
		}
	}

	/// Close or suspend a stream if all rounds up to its end are judged and no funds are frozen.
	fn carry_out(id: EscrowId, account: &mut AccountOf<T>) -> Option<Outcome> {
		let (round, reason) = Self::finished(account)?;
		if account.state.suspends()
			&& let Some(end) = Self::suspend_now(id, account, round, reason)
		{
			return Some(Outcome::Suspended(end));
		}
		Some(Outcome::Closed(Self::close(id, account, round, reason)))
	}

	/// Read the meter up to the known end, and bill the rounds. Returns the state with that end.
	pub(crate) fn touch(account: &mut AccountOf<T>) -> State {
		let meter = Self::meter_of(account);
		Self::touch_by(account, meter)
	}

	/// [`Self::touch`] with a meter that was read before.
	pub(crate) fn touch_by(account: &mut AccountOf<T>, meter: Option<Metered>) -> State {
		let known = Self::known_end(account, meter);
		if let (Terms::Stream(stream), false) = (&mut account.terms, known.is_closed()) {
			if let Some((round, _)) = known.end() {
				stream.stop(round);
			}
			stream.note(meter.map(|meter| meter.reading), T::Clock::round_blocks());
		}
		known
	}

	/// Meter that an account is paid by. The read decodes a page of rows, so it is done once per
	/// touch.
	pub(crate) fn meter_of(account: &AccountOf<T>) -> Option<Metered> {
		match &account.terms {
			Terms::Stream(stream) if !account.is_closed() => T::Meter::meter(stream.meter),
			_ => None,
		}
	}

	/// Store a decided end: no round after it is billed.
	pub(crate) fn decide(id: EscrowId, account: &mut AccountOf<T>, state: State) {
		let Some((round, reason)) = state.end() else {
			defensive!("no end to decide");
			return;
		};
		if let Terms::Stream(stream) = &mut account.terms {
			stream.stop(round);
		}
		account.state = state;
		let code = reason.code();
		Self::deposit_event(if state.suspends() {
			Event::SuspensionDecided { escrow: id, round, reason, code }
		} else {
			Event::EndDecided { escrow: id, round, reason, code }
		});
	}

	/// End of a stream, if all rounds up to it are judged and no funds are frozen.
	fn finished(account: &AccountOf<T>) -> Option<(RoundIndex, CloseReason)> {
		match &account.terms {
			Terms::Stream(stream) if stream.runs.is_empty() && account.frozen == 0 => {
				account.state.end()
			},
			_ => None,
		}
	}

	/// State of an account with the end that is known before its meter is read: the decided one or,
	/// if sooner, the end of the meter or the last round of the term, once it has come.
	///
	/// A stream that was a one-off hold is suspended by the end of its meter, unless it is to be
	/// closed. A meter that is gone without an end ends the stream with the last round that was
	/// read.
	pub(crate) fn known_end(account: &AccountOf<T>, meter: Option<Metered>) -> State {
		let Terms::Stream(stream) = &account.terms else { return account.state };
		if account.is_closed() {
			return account.state;
		}
		let (open, last) = (account.state == State::Open, stream.last());
		let meter = match meter {
			Some(meter) => meter.end,
			None => open.then_some((stream.read, CloseReason::ServiceRetired)),
		};
		let meter = meter.map(|(round, reason)| (round.max(stream.read), reason));
		let stands = account.end_round().or(last);
		match (meter, last) {
			(Some((round, reason)), _) if stands.is_none_or(|stands| round < stands) => {
				State::stopping(round, reason, account.state.suspends() || (open && last.is_some()))
			},
			(_, Some(last)) if open && last <= T::Clock::round() => State::expired(last),
			_ => account.state,
		}
	}

	/// End that is to be decided now, given the known one: that, or the end of the funds if it is
	/// sooner. Without funds the stream is closed, not suspended.
	pub(crate) fn due_end(account: &AccountOf<T>, known: State) -> Option<State> {
		let funds = Self::horizon(account)
			.filter(|horizon| *horizon <= T::Clock::now())
			.map(round_before::<T::Clock>)
			.filter(|round| known.end().is_none_or(|(stands, _)| *round < stands));
		match funds {
			Some(round) => Some(State::stopping(round, CloseReason::FundsExhausted, false)),
			None if known == account.state => None,
			None => Some(known),
		}
	}

	/// First block that the funds may not pay for. `None` while the stream is frozen, or if its
	/// rounds end before its funds.
	pub(crate) fn horizon(account: &AccountOf<T>) -> Option<BlockNumber> {
		match &account.terms {
			Terms::Stream(stream) if account.frozen == 0 => {
				stream.horizon::<T::Clock>(account.funded())
			},
			_ => None,
		}
	}

	/// Move the entry of a stream to its next block, given the known end.
	pub(crate) fn reschedule(id: EscrowId, account: &mut AccountOf<T>, known: State) {
		let next = Self::next_wake(id, account, known);
		Self::move_entry(id, account, next);
	}

	pub(crate) fn move_entry(
		id: EscrowId,
		account: &mut AccountOf<T>,
		next: Option<(Lane, BlockNumber)>,
	) {
		let Terms::Stream(stream) = &mut account.terms else { return };
		if stream.wake == next {
			return;
		}
		if let Some(at) = stream.wake {
			Agenda::<T>::remove(at, id);
		}
		if let Some(at) = next {
			Agenda::<T>::insert(at, id, ());
		}
		stream.wake = next;
	}

	/// Earliest block after this one in which a stream may have work, and its lane. `None` if only
	/// a call can change the account: it is closed with a claim, or frozen with all rounds read.
	fn next_wake(
		id: EscrowId,
		account: &AccountOf<T>,
		known: State,
	) -> Option<(Lane, BlockNumber)> {
		let Terms::Stream(stream) = &account.terms else { return None };
		if account.is_closed() {
			return None;
		}
		let next = T::Clock::now().saturating_add(1);
		if Self::finished(account).is_some() || Self::due_end(account, known).is_some() {
			// A stream that waits for room keeps its place, or calls of `settle` would postpone its
			// end.
			let place = stream.wake.filter(|(lane, block)| *lane == Lane::Urgent && *block < next);
			return Some(place.unwrap_or((Lane::Urgent, next)));
		}
		let ends = account.end_round().is_some();
		let lane = if ends { Lane::Urgent } else { Lane::Looks };
		let spread = |rounds: RoundIndex| match lane {
			Lane::Urgent => 0,
			Lane::Looks => {
				id.checked_rem(T::Clock::round_blocks().saturating_mul(rounds)).unwrap_or(0)
			},
		};
		// No decision waits for this read: the end of the funds is foreseen for the worst case
		// without it, and every settlement, query or end reads the meter first.
		let read = stream.unread().map(|round| {
			let judged = T::Clock::round_start(round.saturating_add(JUDGED_AFTER));
			let due = judged.saturating_add(spread(SPREAD_ROUNDS));
			// Judging is late: look again when the next round begins.
			let again = || T::Clock::round_start(T::Clock::round().saturating_add(1));
			if due < next { again().saturating_add(spread(1)) } else { due }
		});
		let time = stream.last().filter(|_| !ends).map(T::Clock::round_start);
		let funds = Self::horizon(account);
		funds.into_iter().chain(read).chain(time).min().map(|block| (lane, block.max(next)))
	}
}

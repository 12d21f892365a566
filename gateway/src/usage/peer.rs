// SPDX-License-Identifier: Apache-2.0

//! Statements of the other side: offers, answers, and the checks on both.

use super::{
	Answer, Event, Ledger, Moment, Offer, Refusal, Signed, WireError,
	book::{Book, CopyFate, Place},
	key,
	ledger::{State, is_pause},
	wire,
};
use std::time::Duration;
use surety_primitives::{AgreementId, WindowIndex, usage::MAX_LANES};

/// Intervals after a window's turn in which exchanges go on, so that a side that turns later gets
/// to send its last counts.
const SETTLE: u32 = 6;

/// Longest time between two tries to reach a side that does not answer.
const MAX_BACKOFF: u64 = 120;

/// Seconds after which an exchange without a result may start again.
const GIVE_UP: u64 = 30;

/// Exchanges without an answer in a row that make the other side silent.
const SILENT_AFTER: u32 = 3;

impl Ledger {
	/// Answer a message of offers.
	///
	/// Errors: [`WireError`] if it is no such message. A refused statement is no error, but an
	/// answer.
	pub fn receive(&self, message: &[u8], now: &Moment) -> Result<Vec<u8>, WireError> {
		let offers: Vec<Offer> = wire::decode(message)?;
		let mut answers: Vec<Answer> = Vec::new();
		for offer in &offers {
			// A stranger costs one check of a signature, or one question to the chain, per message.
			let stops = |refusal: &Refusal| matches!(refusal, Refusal::Signature | Refusal::NotYet);
			let before = answers.last().and_then(|answer| answer.refusal).filter(stops);
			answers.push(match before {
				Some(refusal) => refused(offer, refusal),
				None => self.answer(offer, now),
			});
		}
		Ok(wire::encode(&answers))
	}

	/// Messages of offers that are due, by agreement. Each is to be sent to the other side once,
	/// and its result to be passed to [`conclude`](Self::conclude).
	pub fn offers(&self, now: &Moment) -> Vec<(AgreementId, Vec<u8>)> {
		let interval = self.settings.interval_in(now.length);
		let mut state = self.lock();
		let window = state.window;
		let is_settling = now.window == window && now.elapsed < interval.saturating_mul(SETTLE);
		let mut messages = Vec::new();
		for (id, account) in state.accounts.iter_mut() {
			if is_pause(now.unix, account.next_exchange, MAX_BACKOFF) {
				continue;
			}
			let offers: Vec<Offer> = account
				.books
				.values_mut()
				.filter_map(|book| {
					let since = now.unix.abs_diff(book.offered_at);
					let is_again = since >= interval.as_secs() && book.window < window;
					offer(book, is_settling && is_again, now.unix)
				})
				.collect();
			if !offers.is_empty() {
				account.next_exchange = now.unix.saturating_add(GIVE_UP);
				messages.push((*id, wire::encode(&offers)));
			}
		}
		messages
	}

	/// Take the answer to an offer, or the lack of one.
	///
	/// Errors: [`WireError`] if the answer is none; it then counts as no answer.
	pub fn conclude(
		&self,
		agreement: AgreementId,
		message: Option<&[u8]>,
		now: &Moment,
	) -> Result<(), WireError> {
		let interval = self.settings.interval_in(now.length);
		match message.map(wire::decode::<Answer>).transpose() {
			Ok(Some(answers)) => {
				let mut state = self.lock();
				if let Some(account) = state.accounts.get_mut(&agreement) {
					account.failures = 0;
					account.next_exchange = now.unix.saturating_add(interval.as_secs().min(2));
				}
				drop(state);
				let own = answers.into_iter().filter(|answer| answer.agreement == agreement);
				own.for_each(|answer| self.take_answer(&answer, now));
				Ok(())
			},
			Ok(None) => {
				self.note_silence(agreement, interval, now);
				Ok(())
			},
			Err(error) => {
				self.note_silence(agreement, interval, now);
				Err(error)
			},
		}
	}

	fn answer(&self, offer: &Offer, now: &Moment) -> Answer {
		let statement = &offer.statement.statement;
		let (agreement, window) = (statement.agreement, statement.window);
		let acked = self.acked(agreement, window);
		let result = self.take(agreement, window, &offer.statement, offer.copy.as_ref(), now);
		if let Err(refusal) = result {
			let mut state = self.lock();
			count(&mut state.totals.refused, refusal);
			if !refusal.is_of_a_party() {
				return refused(offer, refusal);
			}
		}
		let mut state = self.lock();
		// Replays by a third party must not mark the other side, so only news counts.
		if result == Ok(Place::Next) {
			judge(&mut state, agreement, window, acked, self.settings.lanes == 1);
		}
		let book = book(&mut state, agreement, window);
		Answer {
			agreement,
			window,
			refusal: result.err(),
			statement: book.as_ref().and_then(|book| book.released.clone()),
			copy: book.and_then(|book| book.latest_of_lane(statement.lane).cloned()),
		}
	}

	fn take_answer(&self, answer: &Answer, now: &Moment) {
		let (agreement, window) = (answer.agreement, answer.window);
		let acked = self.acked(agreement, window);
		self.take_copy(agreement, window, answer.copy.as_ref());
		let taken =
			answer.statement.as_ref().map(|signed| self.take(agreement, window, signed, None, now));
		if let Some(Err(refusal)) = taken {
			count(&mut self.lock().totals.refused, refusal);
		}
		let mut state = self.lock();
		if let Some(refusal) = answer.refusal {
			count(&mut state.totals.refused_by_others, refusal);
		}
		if let Some(book) = book(&mut state, agreement, window) {
			if answer.refusal != Some(Refusal::NotYet) {
				book.delivered = book.delivered.max(book.offered);
			}
			book.silent = false;
			let is_of_a_party = answer.refusal.is_some_and(Refusal::is_of_a_party);
			book.resign |= is_of_a_party && book.strikes < super::MAX_STRIKES;
		}
		judge(&mut state, agreement, window, acked, self.settings.lanes == 1);
	}

	/// Take a statement of the other side and its copy of an own one.
	fn take(
		&self,
		agreement: AgreementId,
		window: WindowIndex,
		signed: &Signed,
		copy: Option<&Signed>,
		now: &Moment,
	) -> Result<Place, Refusal> {
		self.screen(agreement, window, signed, now)?;
		let statement = &signed.statement;
		let was_known = self.find(agreement, window, signed) == Ok(Place::Known);
		if !was_known {
			let side = self.settings.other_side();
			match self.reporters.may_report(agreement, side, &signed.reporter) {
				Some(true) => {},
				Some(false) => return Err(Refusal::Reporter),
				None => return Err(Refusal::NotYet),
			}
			if !key::verify(signed) {
				return Err(Refusal::Signature);
			}
		}
		self.take_copy(agreement, window, copy);
		let all_own_known = self.settings.lanes == 1;
		let mut state = self.lock();
		let account = state.accounts.get_mut(&agreement).ok_or(Refusal::Agreement)?;
		let book = account.books.entry(window).or_insert_with(|| Book::new(window, now.unix));
		let place = book.place(signed, all_own_known)?;
		match &place {
			Place::Known => {},
			// Dropped meanwhile, so the signature was not checked.
			_ if was_known => return Err(Refusal::Stale),
			Place::Next => {
				book.hold(signed.clone());
				state.totals.accepted = state.totals.accepted.saturating_add(1);
				state.note_change();
			},
			Place::Conflict(held) => {
				book.make_void(statement.lane);
				state.totals.equivocations = state.totals.equivocations.saturating_add(1);
				state.keep_proof(((**held).clone(), signed.clone()));
				state.notify(Event::Equivocated(agreement, window));
				state.note_change();
				return Err(Refusal::Equivocation);
			},
		}
		Ok(place)
	}

	/// Checks that need no signature.
	fn screen(
		&self,
		agreement: AgreementId,
		window: WindowIndex,
		signed: &Signed,
		now: &Moment,
	) -> Result<(), Refusal> {
		let statement = &signed.statement;
		let mut state = self.lock();
		state.turn(now);
		if statement.genesis != self.settings.genesis {
			return Err(Refusal::Genesis);
		}
		if statement.agreement != agreement || !state.accounts.contains_key(&agreement) {
			return Err(Refusal::Agreement);
		}
		if statement.side != self.settings.other_side() {
			return Err(Refusal::Side);
		}
		if statement.lane >= MAX_LANES {
			return Err(Refusal::Lane);
		}
		if statement.window != window || window.abs_diff(state.window) > 1 {
			return Err(Refusal::Window);
		}
		if !statement.counts.is_consistent() {
			return Err(Refusal::Counts);
		}
		Ok(())
	}

	fn find(
		&self,
		agreement: AgreementId,
		window: WindowIndex,
		signed: &Signed,
	) -> Result<Place, Refusal> {
		let mut state = self.lock();
		let book = book(&mut state, agreement, window).ok_or(Refusal::Window)?;
		book.place(signed, self.settings.lanes == 1)
	}

	/// Take the other side's copy of an own statement. One that this lane did not sign is ignored.
	fn take_copy(&self, agreement: AgreementId, window: WindowIndex, copy: Option<&Signed>) {
		let Some(copy) = copy else { return };
		let statement = &copy.statement;
		let settings = &self.settings;
		let is_own = statement.genesis == settings.genesis
			&& (statement.agreement, statement.window) == (agreement, window)
			&& (statement.side, statement.lane) == (settings.side, settings.lane)
			&& statement.counts.is_consistent();
		let is_known = book(&mut self.lock(), agreement, window)
			.is_none_or(|book| book.remembers(&statement.hash()));
		if !is_own || is_known {
			return;
		}
		let right = self.reporters.may_report(agreement, settings.side, &copy.reporter);
		let is_own_key = copy.reporter == self.key.account();
		if !right.unwrap_or(is_own_key) || !key::verify(copy) {
			return;
		}
		let mut state = self.lock();
		let Some(book) = book(&mut state, agreement, window) else { return };
		let was_taken = book.taken.is_some();
		match book.take_copy(copy, &self.key.account()) {
			CopyFate::Known => {},
			CopyFate::Recovered => {
				state.notify(Event::Recovered(agreement, window));
				state.note_change();
			},
			CopyFate::Taken if was_taken => {},
			CopyFate::Taken => {
				state.notify(Event::LaneTaken(agreement, window));
				state.note_change();
			},
		}
	}

	fn acked(&self, agreement: AgreementId, window: WindowIndex) -> Option<u64> {
		book(&mut self.lock(), agreement, window).and_then(|book| book.acked)
	}

	fn note_silence(&self, agreement: AgreementId, interval: Duration, now: &Moment) {
		let mut state = self.lock();
		state.totals.silent = state.totals.silent.saturating_add(1);
		let window = state.window;
		let Some(account) = state.accounts.get_mut(&agreement) else { return };
		account.failures = account.failures.saturating_add(1);
		let longer = 1u64.checked_shl(account.failures.min(16)).unwrap_or(u64::MAX);
		let wait = interval.as_secs().max(1).saturating_mul(longer).min(MAX_BACKOFF);
		// Never so long that a window's last statement misses the report.
		let wait = wait.min(now.length.as_secs().div_euclid(8).max(1));
		account.next_exchange = now.unix.saturating_add(wait);
		let is_silent = account.failures >= SILENT_AFTER;
		if let Some(book) = account.books.get_mut(&window)
			&& is_silent
			&& !std::mem::replace(&mut book.silent, true)
		{
			state.notify(Event::Silent(agreement, window));
		}
	}
}

/// Offer of a book: its latest statement if the other side has not answered for it, or if it is to
/// be offered again.
fn offer(book: &mut Book, is_again: bool, unix: u64) -> Option<Offer> {
	let statement = book.released.clone()?;
	if statement.statement.seq <= book.delivered && !is_again {
		return None;
	}
	(book.offered, book.offered_at) = (statement.statement.seq, unix);
	Some(Offer { statement, copy: book.latest_of_other().cloned() })
}

/// Answer to an offer of a stranger.
fn refused(offer: &Offer, refusal: Refusal) -> Answer {
	let statement = &offer.statement.statement;
	Answer {
		agreement: statement.agreement,
		window: statement.window,
		refusal: Some(refusal),
		statement: None,
		copy: None,
	}
}

fn book(state: &mut State, agreement: AgreementId, window: WindowIndex) -> Option<&mut Book> {
	state.accounts.get_mut(&agreement)?.books.get_mut(&window)
}

/// Judge an exchange that had an answer.
fn judge(
	state: &mut State,
	agreement: AgreementId,
	window: WindowIndex,
	acked: Option<u64>,
	all_own_known: bool,
) {
	let book = book(state, agreement, window);
	if book.is_some_and(|book| book.judge_exchange(acked, all_own_known)) {
		state.totals.uncountersigned = state.totals.uncountersigned.saturating_add(1);
		state.notify(Event::Uncountersigned(agreement, window));
	}
}

fn count(counts: &mut [u64], refusal: Refusal) {
	let index = Refusal::ALL.iter().position(|one| *one == refusal);
	if let Some(count) = index.and_then(|index| counts.get_mut(index)) {
		*count = count.saturating_add(1);
	}
}

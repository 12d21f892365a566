// SPDX-License-Identifier: Apache-2.0

//! All agreements of one process: windows, own statements and their way to the disk.

use super::{
	Equivocation, Event, LedgerSettings, Meter, Moment, ReportKey, Reporters, Signed, Store,
	StoreError, Totals,
	book::{Author, Book, Cadence, Draft},
	state,
};
use parking_lot::{Mutex, MutexGuard, RwLock};
use std::{
	collections::{BTreeMap, HashMap, VecDeque, btree_map::Entry},
	sync::Arc,
};
use surety_primitives::{AgreementId, LatencyBucket, WindowIndex};

/// Events that wait to be taken; older ones are dropped.
const MAX_EVENTS: usize = 1_024;

/// Proofs of equivocations that wait to be reported.
const MAX_PROOFS: usize = 64;

/// Seconds from the start until the first statement, so that its number is above those of an
/// earlier life that ended in the same second.
const QUIET: u64 = 2;

/// Seconds until a failed write of the store is tried again.
const STORE_RETRY: u64 = 5;

/// One agreement.
pub(super) struct Account {
	pub meter: Arc<Meter>,
	/// True while the agreement is used; a closed account goes with its last window.
	pub is_open: bool,
	/// Books by window: the previous, the current, and the next if the other side has turned.
	pub books: BTreeMap<WindowIndex, Book>,
	/// Second from which on the next exchange may start.
	pub next_exchange: u64,
	/// Exchanges without an answer in a row.
	pub failures: u32,
}

impl Account {
	pub fn new(meter: Arc<Meter>) -> Self {
		Self { meter, is_open: true, books: BTreeMap::new(), next_exchange: 0, failures: 0 }
	}
}

/// Everything behind the lock.
pub(super) struct State {
	pub window: WindowIndex,
	pub accounts: BTreeMap<AgreementId, Account>,
	pub proofs: Vec<Equivocation>,
	pub events: VecDeque<Event>,
	pub totals: Totals,
	/// Last window whose statements the store may have lost.
	lost_through: Option<WindowIndex>,
	opened: u64,
	/// Changes since the start, and how many of them are on disk.
	pub changes: u64,
	saved: u64,
	saved_at: u64,
	retry_at: u64,
}

impl State {
	pub fn new(window: WindowIndex, unix: u64) -> Self {
		Self {
			window,
			accounts: BTreeMap::new(),
			proofs: Vec::new(),
			events: VecDeque::new(),
			totals: Totals::default(),
			lost_through: None,
			opened: unix,
			changes: 0,
			saved: 0,
			saved_at: unix,
			retry_at: 0,
		}
	}

	pub fn notify(&mut self, event: Event) {
		if self.events.len() >= MAX_EVENTS {
			self.events.pop_front();
		}
		self.events.push_back(event);
	}

	pub fn note_change(&mut self) {
		self.changes = self.changes.saturating_add(1);
	}

	pub fn keep_proof(&mut self, proof: Equivocation) {
		if self.proofs.len() < MAX_PROOFS {
			self.proofs.push(proof);
		}
	}

	/// Turn to the window of a moment. A clock that goes back does not turn back.
	pub fn turn(&mut self, now: &Moment) {
		if now.window > self.window {
			self.window = now.window;
			let oldest = now.window.saturating_sub(1);
			for account in self.accounts.values_mut() {
				let reading = account.meter.read();
				for (window, book) in account.books.iter_mut() {
					if *window < now.window && book.start.is_some() && book.end.is_none() {
						book.end = Some(reading.clone());
					}
				}
				account.books.retain(|window, _| *window >= oldest);
				if account.is_open {
					let book = account
						.books
						.entry(now.window)
						.or_insert_with(|| Book::new(now.window, now.unix));
					book.start = Some(reading);
					book.signed_at = now.unix;
				}
			}
			self.accounts.retain(|_, account| account.is_open || !account.books.is_empty());
			self.proofs.retain(|(first, _)| first.statement.window >= oldest);
			self.note_change();
		}
	}

	/// Book of a window of an account, made if it is missing.
	fn open_book(&mut self, agreement: AgreementId, window: WindowIndex, unix: u64) {
		let is_current = window == self.window;
		let may_be_lost = self.lost_through.is_some_and(|last| window <= last);
		let Some(account) = self.accounts.get_mut(&agreement) else { return };
		let book = account.books.entry(window).or_insert_with(|| {
			let mut book = Book::new(window, unix);
			book.resign = may_be_lost;
			book.recovered = may_be_lost;
			book
		});
		if is_current && book.start.is_none() {
			book.start = Some(account.meter.read());
		}
	}
}

/// Usage of all agreements of one process: own counts and statements, and those of the other sides.
///
/// Thread-safe. Workers only touch the [`Meter`]s; every other call belongs to the control thread
/// or to a thread for blocking work.
pub struct Ledger {
	pub(super) settings: LedgerSettings,
	pub(super) key: ReportKey,
	pub(super) reporters: Arc<dyn Reporters>,
	meters: RwLock<HashMap<AgreementId, Arc<Meter>>>,
	state: Mutex<State>,
	/// Held while statements are signed and written, so that there is one writer.
	store: Mutex<Box<dyn Store>>,
}

impl Ledger {
	/// Ledger that continues from its store. A corrupt store is set aside: counts then come back
	/// from the other sides, and no number is used twice.
	///
	/// Errors: [`StoreError`]; among them [`StoreError::Foreign`] for a store of another chain,
	/// side or lane.
	pub fn open(
		settings: LedgerSettings,
		key: ReportKey,
		reporters: Arc<dyn Reporters>,
		mut store: Box<dyn Store>,
		now: &Moment,
	) -> Result<Self, StoreError> {
		if !settings.is_valid() {
			return Err(StoreError::Lane(settings.lane));
		}
		let loaded = store.load().and_then(|body| {
			body.map(|body| state::decode(&settings, &body, now.unix)).transpose()
		});
		let mut state = match loaded {
			Ok(Some(state)) => state,
			Ok(None) => {
				let mut state = State::new(now.window, now.unix);
				state.lost_through = Some(now.window);
				state
			},
			Err(error) if error.is_unreadable() => {
				store.set_aside()?;
				let mut state = State::new(now.window, now.unix);
				state.lost_through = Some(now.window);
				state.notify(Event::StoreSetAside(error.to_string()));
				state
			},
			Err(error) => return Err(error),
		};
		state.turn(now);
		let meters = state.accounts.iter().map(|(id, account)| (*id, account.meter.clone()));
		let meters = RwLock::new(meters.collect());
		let state = Mutex::new(state);
		Ok(Self { settings, key, reporters, meters, state, store: Mutex::new(store) })
	}

	/// Settings.
	pub fn settings(&self) -> &LedgerSettings {
		&self.settings
	}

	/// Meter of an agreement that is open, for a worker that has not got it yet.
	pub fn meter(&self, agreement: AgreementId) -> Option<Arc<Meter>> {
		self.meters.read().get(&agreement).cloned()
	}

	/// Open an agreement and return its meter; the same one if it is open. `max_latency` is the
	/// latency of the terms. `None` above the maximum number of agreements: its requests are served
	/// uncounted.
	pub fn open_agreement(
		&self,
		agreement: AgreementId,
		max_latency: LatencyBucket,
		now: &Moment,
	) -> Option<Arc<Meter>> {
		let mut state = self.lock();
		state.turn(now);
		let is_full = state.accounts.len() >= self.settings.max_agreements;
		let account = match state.accounts.entry(agreement) {
			Entry::Occupied(known) => known.into_mut(),
			Entry::Vacant(_) if is_full => return None,
			Entry::Vacant(new) => new.insert(Account::new(Arc::new(Meter::new(max_latency)))),
		};
		account.is_open = true;
		account.meter.set_max_latency(max_latency);
		let meter = account.meter.clone();
		let window = state.window;
		state.open_book(agreement, window, now.unix);
		if let Some(previous) = window.checked_sub(1)
			&& state.lost_through == Some(window)
		{
			state.open_book(agreement, previous, now.unix);
		}
		self.meters.write().insert(agreement, meter.clone());
		Some(meter)
	}

	/// Close an agreement that has ended. Its statements stay until they had time to be reported.
	pub fn close_agreement(&self, agreement: AgreementId) {
		self.meters.write().remove(&agreement);
		if let Some(account) = self.lock().accounts.get_mut(&agreement) {
			account.is_open = false;
		}
	}

	/// Window that the ledger has turned to.
	pub fn window(&self) -> WindowIndex {
		self.lock().window
	}

	/// Agreements that are open.
	pub fn agreements(&self) -> Vec<AgreementId> {
		self.meters.read().keys().copied().collect()
	}

	/// Turn the window, sign what is due, write the store, and let the statements leave. Blocks
	/// while the disk works. Returns the number of statements signed.
	pub fn tick(&self, now: &Moment) -> usize {
		self.sign_due(now, false)
	}

	/// [`tick`](Self::tick) that signs all that is unsigned, before the process ends.
	pub fn finish(&self, now: &Moment) -> usize {
		self.sign_due(now, true)
	}

	/// Events since they were last taken.
	pub fn take_events(&self) -> Vec<Event> {
		self.lock().events.drain(..).collect()
	}

	/// Totals since the start.
	pub fn totals(&self) -> Totals {
		self.lock().totals.clone()
	}

	/// Note statements that the chain took.
	pub(super) fn note_reported(&self, count: usize) {
		let count = u64::try_from(count).unwrap_or(u64::MAX);
		let totals = &mut self.lock().totals;
		totals.reported = totals.reported.saturating_add(count);
	}

	/// Proofs of equivocations that are not reported yet.
	pub fn proofs(&self) -> Vec<Equivocation> {
		self.lock().proofs.clone()
	}

	/// Forget a proof that was reported, or that the chain refused.
	pub fn forget_proof(&self, proof: &Equivocation) {
		let mut state = self.lock();
		state.proofs.retain(|held| held != proof);
		state.note_change();
	}

	pub(super) fn lock(&self) -> MutexGuard<'_, State> {
		self.state.lock()
	}

	fn sign_due(&self, now: &Moment, force: bool) -> usize {
		let mut store = self.store.lock();
		let drafts = self.drafts(now, force);
		let signed: Vec<_> = drafts
			.into_iter()
			.map(|(id, draft)| (id, self.key.sign(draft.statement.clone()), draft))
			.collect();
		let interval = self.settings.interval_in(now.length).as_secs();
		let (body, changes, count) = {
			let mut state = self.lock();
			let count = stage(&mut state, signed);
			let is_late = now.unix.abs_diff(state.saved_at) >= interval;
			let has_staged = state
				.accounts
				.values()
				.any(|account| account.books.values().any(|book| book.staged.is_some()));
			let is_wanted = has_staged || (state.changes != state.saved && (is_late || force));
			let is_pause = is_pause(now.unix, state.retry_at, STORE_RETRY);
			if !is_wanted || (is_pause && !force) {
				return count;
			}
			(state::encode(&self.settings, &state), state.changes, count)
		};
		let result = store.save(&body);
		let mut state = self.lock();
		match result {
			Ok(()) => {
				let books = state.accounts.values_mut().flat_map(|a| a.books.values_mut());
				books.for_each(Book::release);
				(state.saved, state.saved_at) = (changes, now.unix);
			},
			Err(error) => {
				state.retry_at = now.unix.saturating_add(STORE_RETRY);
				state.totals.store_failures = state.totals.store_failures.saturating_add(1);
				state.notify(Event::StoreFailed(error.to_string()));
			},
		}
		count
	}

	/// Turn the window, forget revoked reporters, and draft what is due.
	fn drafts(&self, now: &Moment, force: bool) -> Vec<(AgreementId, Draft)> {
		let mut state = self.lock();
		state.turn(now);
		let cadence = Cadence {
			unix: now.unix,
			interval: self.settings.interval_in(now.length).as_secs(),
			requests: self.settings.requests,
			window: state.window,
			force,
		};
		let is_quiet = is_pause(now.unix, state.opened.saturating_add(QUIET), QUIET);
		let (side, other) = (self.settings.side, self.settings.other_side());
		let own = self.key.account();
		let mut drafts = Vec::new();
		let mut events = Vec::new();
		for (id, account) in state.accounts.iter_mut() {
			let reading = account.meter.read();
			let max_latency = account.meter.max_latency();
			let author = Author {
				genesis: self.settings.genesis,
				agreement: *id,
				side,
				lane: self.settings.lane,
			};
			for book in account.books.values_mut() {
				let gone =
					book.forget(|key| self.reporters.may_report(*id, other, key) != Some(false));
				events.extend(gone.into_iter().map(|key| Event::Revoked(*id, key)));
				book.taken.take_if(|key| self.reporters.may_report(*id, side, key) == Some(false));
				let draft = book.draft(author, cadence, &reading, max_latency);
				let Some(draft) = draft.filter(|_| !is_quiet) else { continue };
				match self.reporters.may_report(*id, side, &own) {
					Some(true) => drafts.push((*id, draft)),
					Some(false) if !std::mem::replace(&mut book.not_reporter, true) => {
						events.push(Event::NotAReporter(*id, book.window));
					},
					Some(false) | None => {},
				}
			}
		}
		events.into_iter().for_each(|event| state.notify(event));
		drafts
	}
}

/// True before the end of a pause of at most `longest` seconds. An end further away was set before
/// the machine's clock went back, and no longer counts.
pub(super) fn is_pause(unix: u64, until: u64, longest: u64) -> bool {
	unix < until && until.abs_diff(unix) <= longest
}

/// Put signed statements into their books. Returns how many were taken.
fn stage(state: &mut State, signed: Vec<(AgreementId, Signed, Draft)>) -> usize {
	let mut count = 0usize;
	for (id, signed, draft) in signed {
		let window = signed.statement.window;
		let book = state.accounts.get_mut(&id).and_then(|account| account.books.get_mut(&window));
		if book.is_some_and(|book| book.stage(draft, signed)) {
			count = count.saturating_add(1);
		}
	}
	if count != 0 {
		state.totals.signed =
			state.totals.signed.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
		state.note_change();
	}
	count
}

// SPDX-License-Identifier: Apache-2.0

//! Two parties, their disks and rights, and time as a number.

use crate::usage::{
	Answer, Clock, Event, Evidence, FileStore, Ledger, LedgerSettings, Meter, Moment, Offer,
	Refusal, ReportKey, Reporters, Signed, Store, StoreError, UsageView, wire,
};
use parking_lot::Mutex;
use sp_core::{Pair, ed25519, sr25519};
use sp_runtime::{
	AccountId32,
	traits::{BlakeTwo256, Hash as _},
};
use std::{
	collections::HashSet,
	io,
	path::Path,
	sync::{
		Arc,
		atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
	},
	time::Duration,
};
use surety_primitives::{
	AgreementId, LatencyBucket,
	usage::{Hash, Side, UsageCounts, UsageStatement},
};

/// Seconds of a window.
pub const WINDOW: u64 = 600;
/// Agreement of the two parties.
pub const DEAL: AgreementId = 7;
/// Second of the machine's clock at time 0.
const EPOCH: u64 = 1_800_000_000;

pub fn genesis() -> Hash {
	Hash::repeat_byte(9)
}

/// Moment of a time in seconds.
pub fn at(time: u64) -> Moment {
	skewed(time, 0)
}

/// Moment of a time in seconds, with a chain that is some seconds ahead or behind.
pub fn skewed(time: u64, skew: i64) -> Moment {
	let chain = time.checked_add_signed(skew).unwrap();
	Moment {
		window: (chain / WINDOW) as u32,
		elapsed: Duration::from_secs(chain % WINDOW),
		length: Duration::from_secs(WINDOW),
		unix: EPOCH + time,
	}
}

/// Clock of tasks, set by hand.
#[derive(Clone, Default)]
pub struct HandClock(Arc<AtomicU64>);

impl HandClock {
	pub fn set(&self, time: u64) {
		self.0.store(time, SeqCst);
	}
}

impl Clock for HandClock {
	fn now(&self) -> Option<Moment> {
		Some(at(self.0.load(SeqCst)))
	}
}

/// Rights as the chain gives them.
#[derive(Default)]
pub struct Rights(Mutex<HashSet<(AgreementId, Side, AccountId32)>>, AtomicBool);

impl Rights {
	pub fn grant(&self, side: Side, key: &ReportKey) {
		[DEAL, DEAL + 1].into_iter().for_each(|deal| self.grant_for(deal, side, key));
	}

	pub fn grant_for(&self, deal: AgreementId, side: Side, key: &ReportKey) {
		self.0.lock().insert((deal, side, key.account()));
	}

	/// Answer nothing, as before the chain was asked.
	pub fn make_unknown(&self, is_unknown: bool) {
		self.1.store(is_unknown, SeqCst);
	}

	pub fn revoke(&self, key: &ReportKey) {
		self.0.lock().retain(|(_, _, account)| *account != key.account());
	}
}

impl Reporters for Rights {
	fn may_report(&self, agreement: AgreementId, side: Side, key: &AccountId32) -> Option<bool> {
		let is_known = !self.1.load(SeqCst);
		is_known.then(|| self.0.lock().contains(&(agreement, side, key.clone())))
	}
}

/// Disk that can lose its content, go back, and fail.
#[derive(Clone, Default)]
pub struct Disk(Arc<Mutex<DiskState>>);

#[derive(Default)]
pub struct DiskState {
	pub content: Option<Vec<u8>>,
	pub history: Vec<Vec<u8>>,
	pub fails: bool,
}

impl Disk {
	pub fn with<T>(&self, change: impl FnOnce(&mut DiskState) -> T) -> T {
		change(&mut self.0.lock())
	}
}

impl Store for Disk {
	fn load(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
		Ok(self.0.lock().content.clone())
	}

	fn save(&mut self, body: &[u8]) -> Result<(), StoreError> {
		self.with(|disk| {
			if disk.fails {
				return Err(StoreError::Io("disk".into(), io::Error::other("full")));
			}
			disk.content = Some(body.to_vec());
			disk.history.push(body.to_vec());
			Ok(())
		})
	}

	fn set_aside(&mut self) -> Result<(), StoreError> {
		self.with(|disk| disk.content = None);
		Ok(())
	}
}

/// One side of the agreement: a process, its disk and its key.
pub struct Party {
	pub key: ReportKey,
	pub settings: LedgerSettings,
	pub disk: Disk,
	pub rights: Arc<Rights>,
	pub ledger: Arc<Ledger>,
	pub meter: Arc<Meter>,
}

impl Party {
	pub fn new(side: Side, rights: &Arc<Rights>, now: &Moment) -> Self {
		let key = key(if side == Side::Tenant { "tenant" } else { "operator" });
		rights.grant(side, &key);
		let mut settings = LedgerSettings::new(genesis(), side);
		settings.requests = 1_000;
		Self::start(key, settings, Disk::default(), rights, now)
	}

	pub fn start(
		key: ReportKey,
		settings: LedgerSettings,
		disk: Disk,
		rights: &Arc<Rights>,
		now: &Moment,
	) -> Self {
		let (ledger, meter) = open(&key, &settings, Box::new(disk.clone()), rights, now);
		Self { key, settings, disk, rights: rights.clone(), ledger, meter }
	}

	/// End the process without notice and start it again.
	pub fn restart(&mut self, now: &Moment) {
		let store = Box::new(self.disk.clone());
		(self.ledger, self.meter) = open(&self.key, &self.settings, store, &self.rights, now);
	}

	/// Serve requests in 3 ms each, 10 bytes each.
	pub fn serve(&self, ok: u64) {
		(0..ok).for_each(|_| self.meter.answered(10, Duration::from_millis(3)));
	}

	pub fn lose(&self, lost: u64) {
		(0..lost).for_each(|_| self.meter.lost(0));
	}

	/// Latest statement that may leave the process, for a window.
	pub fn released(&self, window: u32) -> Option<Signed> {
		let state = self.ledger.lock();
		state.accounts.get(&DEAL)?.books.get(&window)?.released.clone()
	}

	/// Latest statement of the other side's first lane that the process holds.
	pub fn held(&self, window: u32) -> Option<Signed> {
		let state = self.ledger.lock();
		state.accounts.get(&DEAL)?.books.get(&window)?.latest_of_lane(0).cloned()
	}

	pub fn view(&self, window: u32) -> UsageView {
		let mut views = self.ledger.views().into_iter();
		views.find(|view| (view.agreement, view.window) == (DEAL, window)).expect("a book")
	}

	pub fn requests(&self, window: u32) -> u64 {
		self.view(window).own.requests
	}

	pub fn evidence(&self) -> Vec<Evidence> {
		self.ledger.evidence()
	}

	/// Answers to offers, as a receiver.
	pub fn ask(&self, offers: &[Offer], now: &Moment) -> Vec<Answer> {
		wire::decode(&self.ledger.receive(&wire::encode(offers), now).unwrap()).unwrap()
	}

	/// Answer to one statement without a copy.
	pub fn offer(&self, statement: Signed, now: &Moment) -> Answer {
		self.ask(&[Offer { statement, copy: None }], now).remove(0)
	}

	pub fn refusal(&self, statement: Signed, now: &Moment) -> Option<Refusal> {
		self.offer(statement, now).refusal
	}

	pub fn events(&self) -> Vec<Event> {
		self.ledger.take_events()
	}
}

pub fn open(
	key: &ReportKey,
	settings: &LedgerSettings,
	store: Box<dyn Store>,
	rights: &Arc<Rights>,
	now: &Moment,
) -> (Arc<Ledger>, Arc<Meter>) {
	let ledger = Ledger::open(settings.clone(), key.clone(), rights.clone(), store, now);
	let ledger = Arc::new(ledger.expect("the store is readable"));
	let meter = ledger.open_agreement(DEAL, LatencyBucket::from_millis(250), now).unwrap();
	(ledger, meter)
}

pub fn open_files(party: &Party, directory: &Path, now: &Moment) -> (Arc<Ledger>, Arc<Meter>) {
	let store = FileStore::open(directory, "usage").unwrap();
	open(&party.key, &party.settings, Box::new(store), &party.rights, now)
}

/// Key of a name. Ed25519, since its signatures are cheaper in a build without optimisation.
pub fn key(name: &str) -> ReportKey {
	ed25519::Pair::from_seed(&seed(name)).into()
}

pub fn sr25519_key(name: &str) -> ReportKey {
	sr25519::Pair::from_seed(&seed(name)).into()
}

fn seed(name: &str) -> [u8; 32] {
	BlakeTwo256::hash(name.as_bytes()).0
}

/// A tenant's gateway and an operator's edge, both started at a time.
pub fn pair(time: u64) -> (Party, Party) {
	let rights = Arc::new(Rights::default());
	let gateway = Party::new(Side::Tenant, &rights, &at(time));
	let edge = Party::new(Side::Operator, &rights, &at(time));
	(gateway, edge)
}

/// Run both processes for some seconds, over a channel that loses nothing.
pub fn run(gateway: &Party, edge: &Party, from: u64, seconds: u64) -> u64 {
	for time in from..from + seconds {
		let now = at(time);
		gateway.ledger.tick(&now);
		edge.ledger.tick(&now);
		exchange(gateway, edge, &now);
	}
	from + seconds
}

/// One exchange, if one is due.
pub fn exchange(gateway: &Party, edge: &Party, now: &Moment) {
	for (agreement, message) in gateway.ledger.offers(now) {
		let answer = edge.ledger.receive(&message, now).unwrap();
		gateway.ledger.conclude(agreement, Some(&answer), now).unwrap();
	}
}

/// Statement of a side with some requests, all answered.
pub fn statement(side: Side, window: u32, seq: u32, requests: u64) -> UsageStatement {
	UsageStatement {
		genesis: genesis(),
		agreement: DEAL,
		window,
		side,
		lane: 0,
		seq,
		counts: UsageCounts { requests, ok: requests, lost: 0, slow: 0, bytes: requests },
		p50: None,
		p95: None,
		seen: None,
	}
}

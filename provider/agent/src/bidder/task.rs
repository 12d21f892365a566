// SPDX-License-Identifier: Apache-2.0

//! Task that declares capacity, asks for images and makes bids.

use super::{
	BidRules, BidView, CapacityRules, Decision, ImageState, Images, Step, decide, to_declare,
};
use crate::{
	chain::{BondRules, Call, Snapshot, Submitter},
	reconcile::{Calls, Driver, Observer},
	store::{BidOutcome, BidState, Entry, Store, StoreError},
	time::now_ms,
};
use parking_lot::{Mutex, RwLock};
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::{
		Arc,
		atomic::{AtomicU32, Ordering::Relaxed},
	},
	time::Duration,
};
use surety_engine::{Capacity, Engine};
use surety_primitives::{OrderId, WindowIndex};
use tokio::sync::watch;

/// Longest time for an answer about an image or the machine.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Images that are asked for in a pass.
const MAX_INSPECTED: usize = 4;
/// Oldest answer of the engine with which bids are made.
const RECENT_MS: u64 = 30_000;
/// Time for which an order is left alone after the chain refused a bid.
const REFUSAL_MS: u64 = 60_000;
/// Time between two questions about the machine, and about the rules of the bond.
const MACHINE_MS: u64 = 60_000;
const BOND_MS: u64 = 60_000;

/// Settings of a bidder.
#[derive(Clone, Debug, PartialEq)]
pub struct BidderSettings {
	/// Rules; `None`: no bids are made.
	pub rules: Option<BidRules>,
	/// Resources to declare; `None`: nothing is declared.
	pub capacity: Option<CapacityRules>,
	/// True if the key is the operator's own and not that of a proxy.
	pub own_key: bool,
}

/// Parts that a bidder works with.
pub struct BidderInputs<E> {
	/// Container engine.
	pub engine: Arc<E>,
	/// Sender of calls, and reader of the chain's rules.
	pub calls: Arc<Submitter>,
	/// Database.
	pub store: Arc<Store>,
	/// Answers of the engine.
	pub observer: Arc<Observer>,
	/// Snapshots of the chain.
	pub snapshots: watch::Receiver<Option<Arc<Snapshot>>>,
	/// Driver of the leases, whose calls come first.
	pub driver: Arc<Driver<E>>,
}

/// Bidder.
pub struct Bidder<E> {
	inputs: BidderInputs<E>,
	settings: RwLock<BidderSettings>,
	machine: Mutex<Option<(u64, Capacity)>>,
	/// Rules of the bond, or the reason why there are none, with time and window of the answer.
	bond: Mutex<(u64, WindowIndex, Result<BondRules, String>)>,
	images: Mutex<Images>,
	refusals: Mutex<BTreeMap<OrderId, (u64, String)>>,
	/// Block of the last call that had an effect. Snapshots before it do not show that.
	settled: AtomicU32,
}

impl<E: Engine> Bidder<E> {
	/// Bidder with these parts.
	pub fn new(inputs: BidderInputs<E>, settings: BidderSettings) -> Arc<Self> {
		Arc::new(Self {
			inputs,
			settings: RwLock::new(settings),
			machine: Mutex::default(),
			bond: Mutex::new((0, 0, Err("they were not read yet".into()))),
			images: Mutex::default(),
			refusals: Mutex::default(),
			settled: AtomicU32::new(0),
		})
	}

	/// Replace the settings, after a reload of the configuration.
	pub fn set(&self, settings: BidderSettings) {
		*self.settings.write() = settings;
	}

	/// The machine, as the engine last described it.
	pub fn machine(&self) -> Option<Capacity> {
		self.machine.lock().as_ref().map(|(_, machine)| machine.clone())
	}

	/// Bid until `stop` is true.
	pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
		let mut snapshots = self.inputs.snapshots.clone();
		loop {
			let snapshot = snapshots.borrow_and_update().clone();
			if let Some(snapshot) = snapshot {
				tokio::select! {
					outcome = self.pass(&snapshot) => if let Err(error) = outcome {
						tracing::error!(%error, "bids");
					},
					_ = stop.wait_for(|stop| *stop) => return,
				}
			}
			tokio::select! {
				changed = snapshots.changed() => if changed.is_err() { return },
				_ = stop.wait_for(|stop| *stop) => return,
			}
		}
	}

	/// One pass over all services and orders.
	async fn pass(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
		self.ask_machine().await;
		if snapshot.head.number < self.settled.load(Relaxed) {
			return Ok(());
		}
		let settings = self.settings.read().clone();
		if let (Some(capacity), Some(machine)) = (&settings.capacity, self.machine()) {
			for (id, service) in &snapshot.services {
				if let Some(total) = to_declare(capacity, &machine, service) {
					let call = Call::DeclareCapacity { service: *id, total };
					// A failure is in the log, and the next pass tries again.
					let _ = self.make(&call, &format!("service {id}")).await;
				}
			}
		}
		let Some(rules) = &settings.rules else { return Ok(()) };
		self.ask_bond(snapshot).await;
		let decisions = self.decide(snapshot, rules, settings.own_key);
		self.inspect(&decisions).await;
		let mut outcomes = Vec::new();
		let before = self.inputs.store.bids()?;
		for decision in decisions {
			let outcome = self.follow(&decision).await;
			let known = before.get(&decision.order);
			let is_same = known.is_some_and(|known| {
				let stands = outcome.state == BidState::Standing;
				known.state == outcome.state || (known.state == BidState::Won && stands)
			});
			let is_same = is_same
				&& known.is_some_and(|known| {
					known.state == BidState::Won
						|| (known.price == outcome.price && known.why == outcome.why)
				});
			if !is_same {
				outcomes.push((decision.order, outcome));
			}
		}
		outcomes.extend(results(snapshot, &before));
		self.inputs.store.save_bids(&outcomes)
	}

	fn decide(&self, snapshot: &Snapshot, rules: &BidRules, own_key: bool) -> Vec<Decision> {
		let now_ms = now_ms();
		let images: BTreeMap<String, ImageState> = self.images.lock().states(now_ms);
		let machine = self.machine();
		let last = self.inputs.observer.last().map_or(0, |seen| seen.began_ms);
		let silent = now_ms.saturating_sub(last);
		let refusals = self.refusals.lock().clone();
		let why = format!("has not answered for {} s", silent.checked_div(1_000).unwrap_or(0));
		let machine = match &machine {
			Some(machine) if silent <= RECENT_MS => Ok(machine),
			_ => Err(why.as_str()),
		};
		let bond = self.bond.lock().2.clone();
		let view = BidView {
			snapshot,
			rules,
			bond: bond.as_ref().map_err(String::as_str),
			images: &images,
			machine,
			refusals: &refusals,
			own_key,
			now_ms,
		};
		decide(&view)
	}

	async fn ask_machine(&self) {
		let now_ms = now_ms();
		let is_recent = self
			.machine
			.lock()
			.as_ref()
			.is_some_and(|(at, _)| now_ms.saturating_sub(*at) < MACHINE_MS);
		if is_recent {
			return;
		}
		match tokio::time::timeout(TIMEOUT, self.inputs.engine.capacity()).await {
			Ok(Ok(machine)) => *self.machine.lock() = Some((now_ms, machine)),
			Ok(Err(error)) => tracing::warn!(%error, "the machine is not known"),
			Err(_) => tracing::warn!("the engine does not describe the machine in time"),
		}
	}

	/// Read the rules of the bond: at the start of a window, and once in a while, for rents follow
	/// the number of leases on the chain.
	async fn ask_bond(&self, snapshot: &Snapshot) {
		let (now_ms, window) = (now_ms(), snapshot.clock.window);
		{
			let (at_ms, of, rules) = &*self.bond.lock();
			if rules.is_ok() && *of == window && now_ms.saturating_sub(*at_ms) < BOND_MS {
				return;
			}
		}
		let reading = BondRules::read(self.inputs.calls.transactions(), snapshot);
		let rules = match tokio::time::timeout(TIMEOUT, reading).await {
			Ok(rules) => rules,
			Err(_) => Err(format!("0 answers in {} s", TIMEOUT.as_secs())),
		};
		let mut bond = self.bond.lock();
		if let Err(error) = &rules
			&& bond.2.as_ref() != Err(error)
		{
			tracing::warn!(error, "the chain's rules of the bond cannot be read");
		}
		*bond = (now_ms, window, rules);
	}

	async fn inspect(&self, decisions: &[Decision]) {
		let wanted = decisions.iter().filter_map(|decision| match &decision.step {
			Step::Inspect { image } => Some(image.as_str()),
			_ => None,
		});
		let wanted: BTreeSet<&str> = wanted.collect();
		let ask = wanted.into_iter().take(MAX_INSPECTED).map(|image| async move {
			let answer = self.inputs.engine.inspect_image(image, None);
			if let Ok(answer) = tokio::time::timeout(TIMEOUT, answer).await {
				self.images.lock().learn(image, answer, now_ms());
			}
		});
		futures::future::join_all(ask).await;
	}

	/// Make the call of a decision.
	async fn follow(&self, decision: &Decision) -> BidOutcome {
		let Decision { order, step, why } = decision;
		let order = *order;
		let outcome = |state, price| BidOutcome { at_ms: now_ms(), state, price, why: why.clone() };
		let (call, done) = match *step {
			Step::Refuse | Step::Inspect { .. } => return outcome(BidState::Refused, None),
			Step::Keep { price } => return outcome(BidState::Standing, Some(price)),
			Step::Bid { service, price, replicas, foreign_terms } => (
				Call::PlaceBid { order, service, price, replicas, foreign_terms },
				outcome(BidState::Standing, Some(price)),
			),
			Step::Update { service, price } => (
				Call::UpdateBid { order, service, price },
				outcome(BidState::Standing, Some(price)),
			),
			Step::Withdraw { service } => {
				(Call::WithdrawBid { order, service }, outcome(BidState::Withdrawn, None))
			},
		};
		match self.make(&call, why).await {
			Ok(()) => done,
			Err(error) => {
				let until = now_ms().saturating_add(REFUSAL_MS);
				let mut refusals = self.refusals.lock();
				refusals.retain(|_, (until, _)| now_ms() < *until);
				refusals.insert(order, (until, error.clone()));
				BidOutcome {
					why: format!("{error}, after: {why}"),
					..outcome(BidState::Refused, None)
				}
			},
		}
	}

	/// Make a call once no lease needs its turn.
	async fn make(&self, call: &Call, why: &str) -> Result<(), String> {
		while self.inputs.driver.is_submitting() {
			tokio::time::sleep(Duration::from_millis(100)).await;
		}
		tracing::info!("{call}: {why}");
		let outcome = Calls::submit(&*self.inputs.calls, call).await;
		let outcome = outcome.map(|block| self.settled.store(block, Relaxed));
		let text = match &outcome {
			Ok(()) => format!("{call}: {why}"),
			Err(error) => {
				tracing::warn!(error, "{call}");
				format!("{call}: {error}")
			},
		};
		let entry = match call {
			Call::PlaceBid { order, .. }
			| Call::UpdateBid { order, .. }
			| Call::WithdrawBid { order, .. } => Entry::of_order(*order, now_ms(), text),
			_ => Entry { at_ms: now_ms(), subject: "capacity".into(), text },
		};
		if let Err(error) = self.inputs.store.note(&entry) {
			tracing::error!(%error, "the history is not on disk");
		}
		outcome
	}
}

/// Results of standing bids: won, or lost to another.
fn results(
	snapshot: &Snapshot,
	before: &BTreeMap<OrderId, BidOutcome>,
) -> Vec<(OrderId, BidOutcome)> {
	let standing = before.iter().filter(|(_, outcome)| outcome.state == BidState::Standing);
	let mut results = Vec::new();
	for (order, outcome) in standing {
		let lease = snapshot.leases.values().find(|lease| lease.info.order == *order);
		let is_standing = snapshot.bids.keys().any(|(of, _)| of == order);
		let (state, why) = match lease {
			Some(lease) => (
				BidState::Won,
				format!("lease {} at {} per block", lease.info.id, lease.info.price),
			),
			// A bid of this moment may not be in the snapshot yet.
			None if !is_standing && snapshot.seen_ms > outcome.at_ms => {
				let best = snapshot.rivals.get(order);
				let best =
					best.map_or("0 bids are left".into(), |best| format!("others rank at {best}"));
				(BidState::Lost, format!("the bid is gone: {best}"))
			},
			None => continue,
		};
		results
			.push((*order, BidOutcome { at_ms: snapshot.seen_ms, state, why, ..outcome.clone() }));
	}
	results
}

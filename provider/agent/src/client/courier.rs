// SPDX-License-Identifier: Apache-2.0

//! Courier: brings private parts to the operators that the chain chose, again after a failover.
//!
//! Level-based: at each finalized block it looks at the leases of its orders, and asks the agent of
//! each whether it awaits the private part. So a restart, a lost answer and an agent that lost its
//! disk are all the same case. What is decided about keys is noted on disk before anything is sent.
//!
//! ```text
//! pending part --- order with its hash ---> state of the order
//! lease, not over --- agent: awaited? ---> recipients document, checked ---> release ---> agent
//! ```

use super::{Chain, ClientError, Network, Remote};
use crate::{private::ManifestState, time::now_ms};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use sp_runtime::AccountId32;
use std::{
	cell::RefCell,
	collections::{BTreeMap, BTreeSet},
	path::Path,
	rc::Rc,
	time::Duration,
};
use surety_orders::{
	courier::{Award, StateDirectory},
	manifest::DOCUMENT_PATH,
};
use surety_primitives::{LeaseId, OrderId};
use surety_runtime_api::{LeaseInfo, LeasePhase, OrderInfo};
use tokio::{sync::Semaphore, task::JoinSet};

/// Pause between two looks at the chain.
const TURN: Duration = Duration::from_secs(1);
/// Longest pause between two attempts while a lease starts, and while it runs, in milliseconds.
const MAX_PAUSE_STARTING: u64 = 15_000;
const MAX_PAUSE_RUNNING: u64 = 300_000;
/// Milliseconds after which an agent that has the private part is asked again.
const RECHECK: u64 = 300_000;
/// Deliveries at a time.
const DELIVERIES: usize = 16;
/// Milliseconds between two searches for the orders of pending parts.
const SEARCH: u64 = 3_000;

/// Outcome of a delivery.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Delivered {
	/// The agent took the release.
	Released,
	/// The agent has the private part already.
	Present,
}

/// Attempts at a lease.
#[derive(Clone, Debug, Default)]
struct Attempts {
	is_running: bool,
	failures: u32,
	next_ms: u64,
	/// Last failure, which is logged once.
	said: String,
}

/// Courier of a tenant.
pub struct Courier {
	chain: Chain,
	network: Network,
	states: StateDirectory,
	attempts: RefCell<BTreeMap<LeaseId, Attempts>>,
	said: RefCell<BTreeSet<String>>,
	searched_ms: RefCell<u64>,
	permits: Semaphore,
}

impl Courier {
	/// Courier of the orders in a directory.
	pub fn open(chain: Chain, network: Network, state: &Path) -> Result<Rc<Self>, ClientError> {
		Ok(Rc::new(Self {
			states: StateDirectory::open(state)?,
			chain,
			network,
			attempts: RefCell::default(),
			said: RefCell::default(),
			searched_ms: RefCell::default(),
			permits: Semaphore::new(DELIVERIES),
		}))
	}

	/// Allow the next release of a lease to go to another key than the last one. False if it was not
	/// released yet.
	pub fn allow_new_key(&self, lease: LeaseId) -> Result<bool, ClientError> {
		for order in self.states.orders(self.chain.genesis())? {
			let Some(mut state) = self.states.load(self.chain.genesis(), order)? else { continue };
			if state.forget_release(lease).is_some() {
				self.states.save(&state)?;
				return Ok(true);
			}
		}
		Ok(false)
	}

	/// Deliver for ever. Runs in a `LocalSet`.
	pub async fn run(self: Rc<Self>) {
		let mut running = JoinSet::new();
		loop {
			if let Err(error) = self.turn(&mut running).await {
				self.say(&format!("the chain cannot be read: {error}"));
			}
			while running.try_join_next().is_some() {}
			tokio::time::sleep(TURN).await;
		}
	}

	/// Look at the chain once, and begin what is due.
	async fn turn(self: &Rc<Self>, running: &mut JoinSet<()>) -> Result<(), ClientError> {
		self.chain.poll().await?;
		self.adopt().await?;
		let mut alive = BTreeSet::new();
		for id in self.states.orders(self.chain.genesis())? {
			let Some(order) = self.chain.order(id).await? else {
				self.say(&format!(
					"the chain has order {id} no longer; its private part stays in {}",
					self.states.file(self.chain.genesis(), id).display()
				));
				continue;
			};
			if order.replicas.iter().all(|replica| replica.closed_code.is_some()) {
				self.states.remove(self.chain.genesis(), id)?;
				tracing::info!(order = id, "the order is over: its private part is removed");
				continue;
			}
			for lease in order.replicas.iter().filter_map(|replica| replica.lease) {
				alive.insert(lease);
				self.begin(&order, lease, running);
			}
		}
		self.attempts.borrow_mut().retain(|lease, one| one.is_running || alive.contains(lease));
		Ok(())
	}

	/// Find the orders of private parts that were pending.
	async fn adopt(&self) -> Result<(), ClientError> {
		let now = now_ms();
		if now.saturating_sub(*self.searched_ms.borrow()) < SEARCH {
			return Ok(());
		}
		*self.searched_ms.borrow_mut() = now;
		let (pending, faults) = self.states.pending(self.chain.genesis())?;
		for fault in faults {
			self.say(&fault.to_string());
		}
		for one in pending {
			if let Some(order) = self.chain.order_of_hash(&one.tenant, &one.env_hash()).await? {
				self.states.adopt(&one, order)?;
				tracing::info!(order, "the order of a private part is on the chain");
			}
		}
		Ok(())
	}

	fn begin(
		self: &Rc<Self>,
		order: &OrderInfo<AccountId32>,
		lease: LeaseId,
		running: &mut JoinSet<()>,
	) {
		{
			let mut attempts = self.attempts.borrow_mut();
			let attempts = attempts.entry(lease).or_default();
			if attempts.is_running || now_ms() < attempts.next_ms {
				return;
			}
			attempts.is_running = true;
		}
		let (courier, order) = (self.clone(), order.clone());
		running.spawn_local(async move {
			let outcome = {
				let _permit = courier.permits.acquire().await;
				courier.deliver(&order, lease).await
			};
			courier.settle(order.id, lease, outcome);
		});
	}

	fn settle(
		&self,
		order: OrderId,
		lease: LeaseId,
		outcome: Result<(Delivered, String), (bool, ClientError)>,
	) {
		let mut attempts = self.attempts.borrow_mut();
		let attempts = attempts.entry(lease).or_default();
		attempts.is_running = false;
		match outcome {
			Ok((delivered, to)) => {
				if delivered == Delivered::Released {
					tracing::info!(lease, order, to, "the private part is released");
				}
				let next_ms = now_ms().saturating_add(RECHECK);
				*attempts = Attempts { next_ms, ..Attempts::default() };
			},
			Err((_, ClientError::LeaseOver(_))) => {
				attempts.next_ms = now_ms().saturating_add(MAX_PAUSE_STARTING);
			},
			Err((starts, error)) => {
				attempts.failures = attempts.failures.saturating_add(1);
				let longest = if starts { MAX_PAUSE_STARTING } else { MAX_PAUSE_RUNNING };
				let pause = 1_000_u64.saturating_mul(1 << attempts.failures.min(10)).min(longest);
				attempts.next_ms = now_ms().saturating_add(pause);
				let text = error.to_string();
				if attempts.said != text {
					tracing::warn!(lease, order, "not released: {text}");
					attempts.said = text;
				}
			},
		}
	}

	/// Deliver to the agent of a lease, if it awaits the private part. An error comes with the
	/// urgency: true while the lease starts.
	async fn deliver(
		&self,
		order: &OrderInfo<AccountId32>,
		lease: LeaseId,
	) -> Result<(Delivered, String), (bool, ClientError)> {
		let info = self.chain.lease(lease).await.map_err(|error| (true, error))?;
		let starts = matches!(info.phase, LeasePhase::Starting { .. });
		self.bring(order, &info).await.map_err(|error| (starts, error))
	}

	async fn bring(
		&self,
		order: &OrderInfo<AccountId32>,
		info: &LeaseInfo<AccountId32>,
	) -> Result<(Delivered, String), ClientError> {
		let remote = Remote::new(self.chain.server(info).await?, &self.network);
		let path = format!("/leases/{}/manifest", info.id);
		let answer = remote.ask(Method::GET, &path, None, Bytes::new()).await?;
		if state_of(&answer)? != ManifestState::Awaited {
			return Ok((Delivered::Present, remote.server()));
		}
		let document = remote.ask(Method::GET, DOCUMENT_PATH, None, Bytes::new()).await?;
		let proxies = self.chain.operating(&info.operator).await?;
		let award = Award {
			genesis: *self.chain.genesis(),
			order: info.order,
			env_hash: order.env_hash,
			lease: info.id,
			replica: info.replica,
			operator: info.operator.clone(),
			over: false,
		};
		let now = now_ms().checked_div(1_000).unwrap_or(0);
		let Some(mut state) = self.states.load(self.chain.genesis(), info.order)? else {
			return Err(ClientError::LeaseOver(info.id));
		};
		let may_sign = |signer: &AccountId32| proxies.contains(signer);
		let release = state.release(&award, &document, now, may_sign)?;
		// What is not noted could later go to another key.
		self.states.save(&state)?;
		let answer = remote.ask(Method::POST, &path, None, release.sealed.into()).await?;
		match state_of(&answer)? {
			ManifestState::Stored => Ok((Delivered::Released, remote.server())),
			_ => Err(ClientError::Malformed("that it has not stored the private part")),
		}
	}

	/// Say something once.
	fn say(&self, text: &str) {
		let mut said = self.said.borrow_mut();
		if said.len() < 1_000 && said.insert(text.to_owned()) {
			tracing::warn!("{text}");
		}
	}
}

fn state_of(answer: &[u8]) -> Result<ManifestState, ClientError> {
	#[derive(Deserialize)]
	struct Form {
		state: ManifestState,
	}
	let form: Result<Form, _> = serde_json::from_slice(answer);
	Ok(form.map_err(|_| ClientError::Malformed("no state of a private part"))?.state)
}

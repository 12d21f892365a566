// SPDX-License-Identifier: Apache-2.0

//! WebSocket of the edge: a relay to the server, within the units of the agreement.

use super::{Admission, EdgeSettings, Refusal, admission::Client, settings::is_denied};
use crate::{
	access::Wait,
	front::Body,
	rpc::{Call, Failure, MethodTable, Outcome, outcome},
	upstream::{Pool, WebSocketLimits, websocket},
	websocket::{
		Connections, Gate, Outgoing, Quota, RelayLimits, Reservation, Verdict, accept, clock, open,
		relay,
	},
};
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use parking_lot::Mutex;
use std::{
	collections::HashMap,
	net::IpAddr,
	rc::Rc,
	sync::{Arc, Weak},
	time::Duration,
};
use surety_primitives::AgreementId;

/// Connections of one host without an agreement, and of all such hosts together. Each is one to the
/// server too, and many servers take no more than a hundred.
const HOST_CONNECTIONS: usize = 4;
const STRANGER_CONNECTIONS: usize = 32;
/// Time between two looks at the agreement of a connection.
const CHECK: Duration = Duration::from_secs(2);

/// Party whose subscriptions, and connections, are bounded together.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Party {
	Agreement(AgreementId),
	Stranger(IpAddr),
}

type Quotas = Mutex<HashMap<Party, Weak<Quota>>>;

/// Subscriptions of all parties, shared by the workers.
#[derive(Clone, Debug)]
pub struct Subscriptions {
	quotas: Arc<Quotas>,
	connections: Arc<Quotas>,
	/// Connections of all strangers.
	strangers: Arc<Quota>,
}

impl Default for Subscriptions {
	fn default() -> Self {
		let strangers = Quota::new(STRANGER_CONNECTIONS);
		Self { quotas: Arc::default(), connections: Arc::default(), strangers }
	}
}

impl Subscriptions {
	/// Subscriptions of an agreement now.
	pub fn used(&self, agreement: AgreementId) -> usize {
		let quota = self.quotas.lock().get(&Party::Agreement(agreement)).and_then(Weak::upgrade);
		quota.map_or(0, |quota| quota.used())
	}

	/// Subscriptions without an agreement now.
	pub fn used_by_strangers(&self) -> usize {
		let quotas = self.quotas.lock();
		let strangers = quotas.iter().filter(|(party, _)| matches!(party, Party::Stranger(_)));
		let quotas = strangers.filter_map(|(_, quota)| quota.upgrade());
		quotas.fold(0, |sum, quota| sum.saturating_add(quota.used()))
	}

	fn of(&self, admission: &Admission) -> Arc<Quota> {
		match party(admission) {
			Some(party) => quota(&self.quotas, party, Vec::new()),
			None => Quota::new(0),
		}
	}

	/// Place for another connection, if the party has one left.
	fn connection(&self, admission: &Admission) -> Option<Reservation> {
		let party = party(admission)?;
		let (limit, within) = match party {
			Party::Agreement(_) => {
				let own = usize::try_from(admission.subscriptions()).unwrap_or(usize::MAX);
				(own.max(HOST_CONNECTIONS), Vec::new())
			},
			Party::Stranger(_) => (HOST_CONNECTIONS, vec![Arc::clone(&self.strangers)]),
		};
		let quota = quota(&self.connections, party, within);
		quota.set_limit(limit);
		quota.reserve()
	}
}

fn party(admission: &Admission) -> Option<Party> {
	match &admission.client {
		Client::Tenant { agreement, .. } => Some(Party::Agreement(agreement.id)),
		Client::Trial(address) => Some(Party::Stranger(crate::front::host_of(*address))),
		// Its token is for single requests.
		Client::Prober(_) => None,
	}
}

fn quota(quotas: &Quotas, party: Party, within: Vec<Arc<Quota>>) -> Arc<Quota> {
	let mut quotas = quotas.lock();
	if let Some(quota) = quotas.get(&party).and_then(Weak::upgrade) {
		return quota;
	}
	// As many as there are connections remain.
	quotas.retain(|_, quota| quota.strong_count() > 0);
	let quota = Quota::within(0, within);
	quotas.insert(party, Arc::downgrade(&quota));
	quota
}

/// Switch to WebSocket, for one worker.
pub struct EdgeWebSocket {
	/// The same for all workers.
	subscriptions: Subscriptions,
	open: Rc<Connections>,
}

impl EdgeWebSocket {
	/// Switch of one worker.
	pub fn new(subscriptions: Subscriptions) -> Self {
		Self { subscriptions, open: Rc::default() }
	}

	/// Answer the request of a client that was let in. The service's server is behind `pool`.
	///
	/// - `target`: path and query below the server's own path.
	pub async fn switch(
		&self,
		admission: Admission,
		pool: Rc<Pool>,
		target: String,
		mut request: Request<Incoming>,
	) -> Response<Body> {
		let quota = self.subscriptions.of(&admission);
		let Some(place) = self.subscriptions.connection(&admission) else {
			admission.shared.counts.limited.add(1);
			return Refusal::limited(Wait::For(CHECK), None).response(None);
		};
		let (response, upgrade) = match accept(&mut request) {
			Ok(accepted) => accepted,
			Err(error) => return error.response(),
		};
		let headers = HeaderMap::new();
		let limits = WebSocketLimits::default();
		let timeout = admission.shared.settings.upstream.connect.timeout;
		let server = match websocket(pool.connector(), &target, &headers, &limits, timeout).await {
			Ok(server) => server,
			Err(error) => {
				tracing::debug!(%error, "no WebSocket of the server");
				return Refusal::from(&error).response(None);
			},
		};
		let connections = self.open.clone();
		tokio::task::spawn_local(async move {
			let shared = admission.shared.clone();
			let EdgeSettings { websocket: settings, scan, answer_timeout, .. } = &shared.settings;
			let Ok(client) = open(upgrade, settings).await else { return };
			let outgoing = Outgoing::new(settings.max_unsent);
			let _entered = connections.enter(outgoing.clone());
			let limits = RelayLimits { scan: *scan, answer_timeout: *answer_timeout };
			let own = Quota::within(shared.settings.max_subscriptions, vec![Arc::clone(&quota)]);
			let gate = RelayGate { admission, quota, own, _place: place };
			relay(client, server, &gate, &outgoing, settings, &limits).await;
		});
		response
	}

	/// End all connections; the edge shuts down.
	pub async fn close(&self) {
		self.open.close().await;
	}
}

/// Access and counting of one connection.
struct RelayGate {
	admission: Admission,
	/// Subscriptions of the agreement.
	quota: Arc<Quota>,
	/// Those of the connection.
	own: Arc<Quota>,
	_place: Reservation,
}

impl Gate for RelayGate {
	fn admit(&self, calls: &[Call<'_>]) -> Verdict {
		if calls.iter().any(|call| is_denied(call.method)) {
			return Verdict::Refuse(Failure::MethodNotFound);
		}
		let table = self.admission.service.protocol.map(MethodTable::of);
		let weight = calls.iter().fold(0u64, |sum, call| {
			sum.saturating_add(table.map_or(1, |table| table.get(call.method).weight.into()))
		});
		let requests = u64::try_from(calls.len()).unwrap_or(u64::MAX);
		match self.admission.admit(requests, weight) {
			Ok(()) => Verdict::Pass,
			Err(Refusal::Limited { retry_after, .. }) => Verdict::Refuse(Failure::RateLimited {
				retry_after: Duration::from_secs(retry_after),
			}),
			Err(Refusal::TooLarge(reason)) => Verdict::Refuse(Failure::TooLarge(reason)),
			Err(_) => Verdict::Refuse(Failure::Internal),
		}
	}

	fn reserve(&self) -> Option<Reservation> {
		let limit = usize::try_from(self.admission.subscriptions()).unwrap_or(usize::MAX);
		// The units of the agreement may have changed.
		self.quota.set_limit(limit);
		self.own.reserve()
	}

	fn answered(&self, answer: Option<&[u8]>, latency: Duration) {
		let bytes = answer.map_or(0, |answer| u64::try_from(answer.len()).unwrap_or(u64::MAX));
		if answer.is_some_and(|answer| outcome(answer) != Outcome::Invalid) {
			self.admission.answered(1, bytes, latency);
		} else {
			self.admission.lost(1, bytes);
		}
	}

	fn notified(&self, bytes: usize) {
		self.admission.streamed(u64::try_from(bytes).unwrap_or(u64::MAX));
	}

	async fn ended(&self) {
		while self.admission.is_alive() {
			clock::sleep(CHECK).await;
		}
	}
}

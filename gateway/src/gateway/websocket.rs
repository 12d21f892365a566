// SPDX-License-Identifier: Apache-2.0

//! WebSocket of the gateway: calls go the way of all calls, subscriptions are shared.

use super::{
	Gateway, Network, Worker,
	access::Client,
	attempt::now,
	observer::Served,
	upstreams::{Agreement, Member},
	worker::failed,
};
use crate::{
	access::{TOKEN_HEADER, UnitLimits},
	front::Body,
	routing::{LoadClass, Needs, Random},
	rpc::{Call, Failure, Outcome, block::Tag, json::hex, outcome},
	subscriptions::{
		self, Calls, Candidate, ConnectFault, Fanout, Hub, HubSettings, LineFault, Link, Observer,
		Sources, SubscriptionSettings,
	},
	upstream::{Connector, WebSocketLimits, websocket},
	websocket::{Connections, Ending, Outgoing, Quota, accept, clock, open},
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use std::{io, rc::Rc, sync::Arc, time::Duration};
use surety_primitives::{ServiceClass, ServiceId};

/// Services that are candidates for a subscription.
const MAX_CANDIDATES: usize = 8;
/// Subscriptions at a service without an agreement: of a stranger, or of the configuration.
const STRANGER: usize = 4;
const CONFIGURED: usize = 1_024;
/// Time between two looks at the key of a connection.
const CHECK: Duration = Duration::from_secs(1);
/// Blocks above the served head that a head may be, beside those of the time between two looks.
const AHEAD: u64 = 16;
/// Time in which an operator may be ahead of what the others reported.
const AHEAD_TIME: Duration = Duration::from_secs(30);

/// Settings of WebSockets.
#[derive(Clone, Debug, Default)]
pub struct SocketSettings {
	/// Clients.
	pub clients: SubscriptionSettings,
	/// Shared subscriptions.
	pub hub: HubSettings,
	/// Connections to operators.
	pub operators: WebSocketLimits,
}

/// WebSockets of all workers.
#[derive(Clone)]
pub struct Sockets {
	hub: Hub,
	sources: Arc<Operators>,
	settings: SocketSettings,
}

impl Sockets {
	/// Shared subscriptions, on a thread of their own.
	///
	/// Errors: the system has no thread left.
	pub fn start(gateway: Arc<Gateway>, settings: SocketSettings) -> io::Result<Self> {
		let sources = Arc::new(Operators { gateway, limits: settings.operators });
		let hub = Hub::start(Arc::clone(&sources), settings.hub.clone())?;
		Ok(Self { hub, sources, settings })
	}

	/// Switch of one worker, made on its thread.
	pub fn worker(&self) -> GatewayWebSocket {
		let worker = subscriptions::Worker {
			calls: Rc::new(Clients),
			fanout: Fanout::new(self.hub.clone()),
			sources: Arc::clone(&self.sources),
			settings: self.settings.clients.clone(),
		};
		GatewayWebSocket { worker: Rc::new(worker), open: Rc::default() }
	}
}

/// Switch to WebSocket, for one worker.
pub struct GatewayWebSocket {
	worker: Rc<subscriptions::Worker<Clients, Operators>>,
	open: Rc<Connections>,
}

impl GatewayWebSocket {
	/// Answer the request of a client that was let in.
	pub(super) fn switch(
		&self,
		worker: &Worker,
		network: &Arc<Network>,
		client: Client,
		mut request: Request<Incoming>,
	) -> Response<Body> {
		match (network.settings.heads, accept(&mut request)) {
			(Some(protocol), Ok((response, upgrade))) => {
				let session = Session::new(worker, network, client);
				let of = subscriptions::Network {
					name: network.settings.name.as_str().into(),
					protocol,
					block_time: network.known_block_time().clone(),
				};
				let (own, connections) = (Rc::clone(&self.worker), Rc::clone(&self.open));
				tokio::task::spawn_local(async move {
					let settings = &own.settings.websocket;
					let Ok(socket) = open(upgrade, settings).await else { return };
					let outgoing = Outgoing::new(settings.max_unsent);
					let _entered = connections.enter(Rc::clone(&outgoing));
					let revoked = session.revoked(&outgoing);
					let own = Rc::clone(&own);
					let served = subscriptions::serve(
						own,
						Arc::new(of),
						session,
						socket,
						Rc::clone(&outgoing),
					);
					tokio::select! {
						_ = served => {},
						() = revoked => {},
					}
				});
				response
			},
			(None, _) => failed(&Failure::NotFound("this network has no WebSocket"), b""),
			(_, Err(error)) => error.response(),
		}
	}

	/// End all connections; the front shuts down.
	pub(super) async fn close(&self) {
		self.open.close().await;
	}
}

/// Client of one connection.
struct Session {
	worker: Worker,
	network: Arc<Network>,
	client: Client,
	quota: Arc<Quota>,
}

impl Session {
	fn new(worker: &Worker, network: &Arc<Network>, client: Client) -> Self {
		let mut all = vec![Arc::clone(&network.subscriptions)];
		all.extend(worker.gateway().access.subscriptions(&client));
		let quota = Quota::within(usize::MAX, all);
		Self { worker: worker.clone(), network: Arc::clone(network), client, quota }
	}
}

impl Session {
	/// End the connection once the client's key is no longer valid. Never completes.
	fn revoked(&self, outgoing: &Rc<Outgoing>) -> impl Future<Output = ()> + use<> {
		let (gateway, client) = (Arc::clone(self.worker.gateway()), self.client.clone());
		let outgoing = Rc::clone(outgoing);
		async move {
			if client.key.is_some() {
				while gateway.access.is_alive(&client) {
					clock::sleep(CHECK).await;
				}
				outgoing.end(Ending::Key);
			}
			std::future::pending().await
		}
	}
}

/// Calls of clients, which the role answers as those over HTTP.
struct Clients;

impl Calls for Clients {
	type Session = Session;

	async fn call(&self, session: &Session, message: Bytes) -> Bytes {
		let Session { worker, network, client, .. } = session;
		worker.answer(network, client, &message).await.unwrap_or_default()
	}

	fn admit(&self, session: &Session, call: &Call<'_>) -> Result<(), Failure> {
		let network = &session.network;
		if !network.settings.filter.allows(call.method) {
			return Err(Failure::MethodNotFound);
		}
		let weight = network.methods().get(call.method).weight;
		session.worker.gateway().access.charge(&session.client, call.method, weight)
	}

	fn quota(&self, session: &Session) -> Arc<Quota> {
		Arc::clone(&session.quota)
	}

	fn sent(&self, session: &Session, bytes: usize) {
		let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
		session.worker.gateway().access.sent(&session.client, bytes);
	}
}

/// Services as upstreams of subscriptions.
struct Operators {
	gateway: Arc<Gateway>,
	limits: WebSocketLimits,
}

/// Agreement that pays for a connection: the largest one, since a connection has one token.
fn paying(member: &Member) -> Option<&Agreement> {
	member.spec.agreements.iter().max_by_key(|one| (one.units, std::cmp::Reverse(one.id)))
}

fn max_subscriptions(member: &Member) -> usize {
	let Some(agreement) = paying(member) else {
		return if member.spec.private { CONFIGURED } else { STRANGER };
	};
	let limits = UnitLimits::of(ServiceClass::Rpc).map(|unit| unit.times(agreement.units));
	let subscriptions = limits.map_or(0, |limits| limits.subscriptions);
	usize::try_from(subscriptions).unwrap_or(usize::MAX)
}

impl Operators {
	/// Services of a network in the order in which calls would choose them, one of each operator.
	fn ranked(&self, network: &Network) -> Vec<Arc<Member>> {
		let random = Random::new();
		let settings = &self.gateway.settings.choice;
		let (mut ranked, mut accounts) = (Vec::new(), Vec::new());
		while ranked.len() < MAX_CANDIDATES {
			let needs = Needs {
				class: LoadClass::Light,
				weight: 1,
				height: None,
				tip: network.heads.latest(),
				without: &accounts,
				sticky: None,
				mirror: false,
			};
			let Ok(chosen) = network.group.choose(&needs, None, settings, &random, now()) else {
				break;
			};
			accounts.push(chosen.member.spec.account);
			ranked.push(chosen.member);
		}
		ranked
	}
}

impl Sources for Operators {
	fn candidates(&self, network: &str) -> Vec<Candidate> {
		let Some(network) = self.gateway.network(network) else { return Vec::new() };
		let candidate = |member: Arc<Member>| Candidate {
			service: member.spec.service.to_string().into(),
			operator: hex(&member.spec.account).into(),
			max_subscriptions: max_subscriptions(&member),
		};
		self.ranked(network).into_iter().map(candidate).collect()
	}

	async fn connect(&self, network: &str, candidate: &Candidate) -> Result<Link, ConnectFault> {
		let id: Option<ServiceId> = candidate.service.parse().ok();
		let member = id.and_then(|id| self.gateway.service(id));
		let network = self.gateway.network(network).cloned();
		let (Some(member), Some(network)) = (member, network) else {
			return Err(ConnectFault("the service is gone".into()));
		};
		let connect = self.gateway.settings.upstream_of(&member.spec).connect;
		let timeout = connect.timeout.saturating_mul(2);
		let connector = Connector::new(member.spec.endpoint.clone(), connect);
		let agreement = paying(&member).cloned();
		let mut headers = HeaderMap::new();
		for (name, value) in &member.spec.headers {
			headers.insert(name.clone(), value.clone());
		}
		if let Some(token) = agreement.as_ref().and_then(|agreement| agreement.token.clone()) {
			headers.insert(TOKEN_HEADER, token);
		}
		let opened = websocket(&connector, "/", &headers, &self.limits, timeout).await;
		let socket = opened.map_err(|error| {
			// An operator without WebSocket may well answer calls.
			tracing::debug!(service = member.label(), %error, "no WebSocket of the operator");
			ConnectFault(error.to_string())
		})?;
		let gateway = Arc::clone(&self.gateway);
		let observer = Rc::new(Line { gateway, network, member, agreement });
		Ok(Link { socket: Box::new(socket), observer })
	}
}

/// Counting of a connection to an operator.
struct Line {
	gateway: Arc<Gateway>,
	network: Arc<Network>,
	member: Arc<Member>,
	agreement: Option<Agreement>,
}

impl Line {
	fn agreement(&self) -> Option<surety_primitives::AgreementId> {
		self.agreement.as_ref().map(|agreement| agreement.id)
	}
}

impl Observer for Line {
	fn head(&self, number: u64) -> bool {
		let now = now();
		self.member.state.set_head(Some(number));
		self.network.observe(self.member.spec.account, Tag::Latest, number, now);
		let block_ms = self.network.block_time().as_millis().max(1);
		let late = AHEAD_TIME.as_millis().checked_div(block_ms).unwrap_or(0);
		let ahead = AHEAD.saturating_add(u64::try_from(late).unwrap_or(u64::MAX));
		let tip = self.network.heads.latest().filter(|_| self.network.is_current(now));
		let plausible = tip.is_none_or(|tip| number <= tip.saturating_add(ahead));
		if plausible {
			self.network.heads.announce(number);
		}
		plausible
	}

	fn answered(&self, answer: Option<&[u8]>, latency: Duration) {
		let valid = answer.filter(|answer| outcome(answer) != Outcome::Invalid);
		let slow = latency > self.member.spec.max_latency;
		let bytes = answer.map_or(0, |answer| u64::try_from(answer.len()).unwrap_or(u64::MAX));
		let served = if valid.is_some() { Served::Ok { slow } } else { Served::Lost };
		self.gateway.observer.served(&self.member, self.agreement(), served, latency, bytes);
		self.member.state.take_bytes(bytes, now());
	}

	fn notified(&self, bytes: usize) {
		let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
		self.gateway.observer.streamed(&self.member, self.agreement(), bytes);
		self.member.state.take_bytes(bytes, now());
	}

	fn failed(&self, fault: LineFault) {
		let (service, network) = (self.member.label(), &self.network.settings.name);
		tracing::info!(service, network, %fault, "the WebSocket of the operator is over");
		if fault == LineFault::Contradiction {
			self.member.state.note_comparison(false);
		}
		// A connection that ends well is no fault of calls.
		if fault != LineFault::Closed {
			self.member.state.blame(LoadClass::Light, now());
		}
	}
}

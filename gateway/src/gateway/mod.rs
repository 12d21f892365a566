// SPDX-License-Identifier: Apache-2.0

//! The role `gateway`: one URL in front of every operator.
//!
//! A [`Gateway`] is shared by all threads. Each worker of the front has a [`Worker`] that answers
//! requests with connections of its own; [`watch`] runs on a thread beside them and follows the
//! operators' heads.
//!
//! A JSON-RPC call goes through these steps: access, scan, table of methods, block (a tag becomes
//! the number or hash that is served for it), cache, coalescing, choice of an operator, retry and
//! hedge, judgement of the answer, cache.

mod access;
mod attempt;
mod call;
mod compare;
mod explain;
mod fetch;
mod keep;
mod large;
mod login;
mod network;
mod observer;
mod passthrough;
mod settings;
mod several;
mod status;
#[cfg(test)]
pub(crate) mod tests;
mod upstreams;
mod watch;
mod websocket;
mod worker;

pub use access::{Access, Client};
pub use login::LoginService;
pub use network::{Network, NetworkCounts};
pub use observer::{Observer, Served};
pub use settings::{GatewaySettings, MethodFilter, NetworkSettings};
pub use status::ServiceStatus;
pub use upstreams::{Agreement, Group, Member, Members, Serves, UpstreamSpec, Upstreams};
pub use watch::watch;
pub use websocket::{GatewayWebSocket, SocketSettings, Sockets};
pub use worker::Worker;

use crate::{
	cache::{AnswerCache, Flights},
	routing::{ServiceState, Sessions},
};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use serde_json::Value;
use std::{
	collections::{HashMap, HashSet},
	sync::Arc,
};
use surety_primitives::ServiceId;

/// State of the role, shared by all threads.
pub struct Gateway {
	settings: GatewaySettings,
	networks: Vec<Arc<Network>>,
	models: ArcSwap<HashMap<String, Arc<Group>>>,
	services: ArcSwap<HashMap<ServiceId, Arc<Member>>>,
	offers: ArcSwap<HashMap<String, Value>>,
	/// Measurements by service; they outlive a change of the description.
	states: Mutex<HashMap<ServiceId, Arc<ServiceState>>>,
	cache: Option<AnswerCache>,
	flights: Arc<Flights<fetch::Landed>>,
	sessions: Sessions,
	access: Access,
	observer: Arc<dyn Observer>,
	memory: Arc<large::Memory>,
	login: Option<Arc<LoginService>>,
}

impl Gateway {
	/// Gateway without services.
	pub fn new(
		settings: GatewaySettings,
		networks: Vec<NetworkSettings>,
		access: Access,
		login: Option<Arc<LoginService>>,
		observer: Arc<dyn Observer>,
	) -> Arc<Self> {
		let networks = networks
			.into_iter()
			.zip(0u32..)
			.map(|(network, index)| Arc::new(Network::new(network, index, &settings)))
			.collect();
		let (sessions, idle) = settings.sessions;
		Arc::new(Self {
			networks,
			models: ArcSwap::default(),
			services: ArcSwap::default(),
			offers: ArcSwap::default(),
			states: Mutex::default(),
			cache: settings.cache.map(AnswerCache::new),
			flights: Arc::default(),
			sessions: Sessions::new(sessions, idle),
			access,
			observer,
			memory: large::Memory::new(settings.max_memory),
			login,
			settings,
		})
	}

	/// Network of a name; of an empty name, the only one.
	pub fn network(&self, name: &str) -> Option<&Arc<Network>> {
		match (name, self.networks.as_slice()) {
			("", [only]) => Some(only),
			(name, all) => all.iter().find(|network| network.settings.name == name),
		}
	}

	/// All networks.
	pub fn networks(&self) -> &[Arc<Network>] {
		&self.networks
	}

	/// Service of a number.
	pub fn service(&self, id: ServiceId) -> Option<Arc<Member>> {
		self.services.load().get(&id).cloned()
	}

	/// Service of a label: its id on chain, or the name of an operator of the configuration. Of
	/// several with one name it is the first.
	pub fn service_of(&self, label: &str) -> Option<Arc<Member>> {
		let services = self.services.load();
		let found = match label.parse::<ServiceId>() {
			Ok(id) => services.get(&id).filter(|member| !member.spec.configured),
			Err(_) => services
				.values()
				.filter(|member| member.spec.configured && member.spec.operator == label)
				.max_by_key(|member| member.spec.service),
		};
		found.cloned()
	}

	/// The services changed: agreements, scores, endpoints or tokens. Measurements of services that
	/// stay are kept.
	pub fn set_upstreams(&self, upstreams: Upstreams) {
		let mut states = self.states.lock();
		let mut services = HashMap::new();
		for spec in upstreams.services {
			let state = states
				.entry(spec.service)
				.or_insert_with(|| ServiceState::new(self.settings.measure, spec.rates));
			state.set_rates(spec.rates);
			services.insert(spec.service, Arc::new(Member::new(spec, Arc::clone(state))));
		}
		states.retain(|service, _| services.contains_key(service));
		drop(states);
		let of = |serves: &Serves| {
			let mut all: Vec<Arc<Member>> =
				services.values().filter(|member| member.spec.serves == *serves).cloned().collect();
			all.sort_by_key(|member| member.spec.service);
			Members::new(all)
		};
		for network in &self.networks {
			let members = of(&Serves::Network(network.settings.name.clone()));
			let accounts: HashSet<_> =
				members.all.iter().map(|member| member.spec.account).collect();
			network.group.set_members(members);
			network.retain(|account| accounts.contains(account));
		}
		let before = self.models.load();
		let mut models = HashMap::new();
		for member in services.values() {
			let Serves::Model(name) = &member.spec.serves else { continue };
			models.entry(name.clone()).or_insert_with(|| {
				let group = before.get(name).cloned();
				let group = group.unwrap_or_else(|| Arc::new(Group::new(&self.settings)));
				group.set_members(of(&member.spec.serves));
				group
			});
		}
		self.models.store(Arc::new(models));
		self.services.store(Arc::new(services));
		self.offers.store(Arc::new(upstreams.offers));
	}

	/// Offer by which a network or model is served.
	fn offer(&self, name: &str) -> Value {
		let offers = self.offers.load();
		offers.get(name).cloned().unwrap_or_else(|| serde_json::json!({ "network": name }))
	}
}

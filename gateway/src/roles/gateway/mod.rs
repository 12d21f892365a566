// SPDX-License-Identifier: Apache-2.0

//! The role `gateway` as a process.

mod catalogue;
mod courier;
mod observer;
mod settings;
mod status;
#[cfg(test)]
mod tests;
mod tokens;

use super::{
	clock::RoleClock,
	control::{ControlThread, next_round},
	failure, make_directory,
	parties::{Parties, PartyBook},
	statements::{ReportWay, Statements},
};
use crate::{
	access::KeyStore,
	chain::{Answering, Chain, KeySigner, Market},
	config::GatewayConfig,
	front::{Front, serve},
	gateway::{Gateway, NetworkSettings, Observer, Sockets, Worker, watch},
	roles::background::{Background, StartError},
	roles::settings::front_settings,
	upstream::PoolSettings,
	usage::exchange,
};
use arc_swap::ArcSwap;
use catalogue::{Builder, Configured, Described};
use courier::{EdgeCourier, Edges};
use observer::RoleObserver;
use sp_core::H256;
use status::GatewayStatus;
use std::{
	collections::HashMap,
	net::SocketAddr,
	sync::{Arc, atomic::AtomicBool},
	time::Duration,
};
use surety_primitives::{ServiceId, usage::Side};
use tokens::Tokens;

/// Time after which services are looked at again without a new snapshot: tokens end.
const AGAIN: Duration = Duration::from_secs(60);
/// Share of answers below which a service that routing leaves alone does not answer us.
const LEAST_SUCCESS: f64 = 0.5;

/// Gateway that serves.
pub struct GatewayRole {
	// In the order of their end.
	front: Front,
	control: ControlThread,
	statements: Arc<Statements>,
	background: Background,
	keys: Arc<KeyStore>,
	grace: Duration,
}

impl GatewayRole {
	/// Start a gateway. Waits for the chain if the configuration does not say enough to serve.
	///
	/// Errors: [`StartError`]. Nothing runs on after an error.
	pub async fn start(config: &GatewayConfig) -> Result<Self, StartError> {
		make_directory(&config.data)?;
		let settings = settings::gateway(config)?;
		let configured = catalogue::configured(config)?;
		let front_settings = front_settings(&config.front, config.listen(), &[])?;
		let courier_settings = courier::settings(&config.upstream)?;
		let keys = settings::key_store(config)?;
		let background = Background::of_gateway(config)?;
		let market = first_market(config, background.chain.as_ref()).await;
		let genesis = config.chain.genesis.or(market.as_ref().map(|market| market.genesis));
		let genesis = genesis.unwrap_or_default();
		let (networks, unknown) = networks(config, market.as_deref())?;
		let names = networks.iter().map(|network| network.name.clone());
		let observer = RoleObserver::new(Arc::clone(&background.metrics), names);
		let access = settings::access(config, &keys);
		let login = settings::login(&config.access, &keys, genesis)?;
		let observing = Arc::clone(&observer) as Arc<dyn Observer>;
		let gateway = Gateway::new(settings, networks, access, login, observing);
		let statements = statements(config, &background, &configured);
		let mut following = Following {
			config: config.clone(),
			configured,
			genesis,
			tokens: Tokens::new(background.reporter.clone()),
			chain: background.chain.clone(),
			gateway: Arc::clone(&gateway),
			observer: Arc::clone(&observer),
			statements: Arc::clone(&statements),
			described: Arc::default(),
			edges: Edges::default(),
			courier: courier_settings,
			reports: ReportWay::of(&background),
			answering: Arc::clone(&background.answering),
		};
		// The operators of the configuration are there from the first request on.
		following.follow(market.as_deref());
		let described = Arc::clone(&following.described);
		let own = Arc::clone(&gateway);
		let sockets = Sockets::start(Arc::clone(&own), settings::sockets(config))
			.map_err(failure("thread of the subscriptions"))?;
		let front = serve(front_settings, move |_| {
			Worker::with_sockets(Arc::clone(&own), Some(sockets.worker()))
		})
		.map_err(StartError::Front)?;
		let watched = Arc::clone(&gateway);
		let control = ControlThread::start(move || async move {
			tokio::join!(watch(watched), following.run());
		});
		let control = control.map_err(failure("control thread"))?;
		background.set_role(Arc::new(GatewayStatus {
			gateway,
			front: front.counts(),
			address: front.local_addr(),
			observer,
			statements: Arc::clone(&statements),
			described,
			chain: background.chain.clone(),
			unknown,
			ready: AtomicBool::new(false),
		}));
		let grace = Duration::from_secs(config.front.shutdown_secs);
		Ok(Self { front, control, statements, background, keys, grace })
	}

	/// Address of the public listener.
	pub fn local_addr(&self) -> SocketAddr {
		self.front.local_addr()
	}

	/// Background with the control listener.
	pub fn background(&self) -> &Background {
		&self.background
	}

	/// Load changed certificates, and the API keys of the configuration.
	pub fn reload(&self, config: &GatewayConfig) {
		if let Err(error) = self.front.reload() {
			tracing::error!(%error, "the certificate in use stays");
		}
		match settings::keys(&config.access) {
			Ok(keys) => self.keys.configure(keys),
			Err(error) => tracing::error!(%error, "the API keys in use stay"),
		}
	}

	/// Let requests in progress end, sign and store what is left. Blocks.
	pub fn stop(self) {
		if !self.front.shutdown(self.grace) {
			tracing::warn!("requests were still in progress at the end");
		}
		drop(self.control);
		self.statements.finish();
	}
}

/// First snapshot of the market, if something is missing without it: a dialect, or the genesis that
/// the text of a login names.
async fn first_market(config: &GatewayConfig, chain: Option<&Arc<Chain>>) -> Option<Arc<Market>> {
	let chain = chain?;
	let needs_dialect = config.networks.iter().any(|network| network.protocol.is_none());
	let needs_genesis = config.access.login_domain.is_some() && config.chain.genesis.is_none();
	if !needs_dialect && !needs_genesis {
		return chain.market();
	}
	let mut rounds = chain.rounds();
	loop {
		if let Some(market) = chain.market() {
			return Some(market);
		}
		// The sender lives as long as the chain.
		if rounds.changed().await.is_err() {
			return None;
		}
	}
}

/// Settings of the networks that can be served, and the names of the others.
fn networks(
	config: &GatewayConfig,
	market: Option<&Market>,
) -> Result<(Vec<NetworkSettings>, Vec<String>), StartError> {
	let (mut networks, mut unknown) = (Vec::new(), Vec::new());
	for section in &config.networks {
		match settings::network(section, market)? {
			Some(settings) => networks.push(settings),
			None => {
				let name = &section.name;
				tracing::error!(name, "the chain knows no such network: it is not served");
				unknown.push(name.clone());
			},
		}
	}
	Ok((networks, unknown))
}

/// Statements of the tenant's side.
fn statements(
	config: &GatewayConfig,
	background: &Background,
	configured: &[Configured],
) -> Arc<Statements> {
	let account = |key: &KeySigner| key.account().clone();
	let tenant = config.tenant.account.clone();
	let tenant = tenant.or_else(|| background.reporter.as_ref().map(account));
	let parties: HashMap<_, _> = configured
		.iter()
		.filter_map(|one| one.agreement().zip(tenant.clone()))
		.map(|(id, tenant)| (id, Parties::configured(tenant, None)))
		.collect();
	let parties = PartyBook::new(parties, background.reporters.clone());
	Statements::new(
		&config.usage,
		Side::Tenant,
		&config.data,
		background.reporter.clone(),
		RoleClock::new(background.chain.as_ref()),
		parties,
	)
}

/// Task that follows the market.
struct Following {
	config: GatewayConfig,
	configured: Vec<Configured>,
	genesis: H256,
	tokens: Tokens,
	chain: Option<Arc<Chain>>,
	gateway: Arc<Gateway>,
	observer: Arc<RoleObserver>,
	statements: Arc<Statements>,
	described: Arc<ArcSwap<HashMap<ServiceId, Described>>>,
	edges: Edges,
	courier: PoolSettings,
	reports: ReportWay,
	answering: Answering,
}

impl Following {
	async fn run(mut self) {
		let mut rounds = self.chain.as_ref().map(|chain| chain.rounds());
		loop {
			let market = self.chain.as_ref().and_then(|chain| chain.market());
			self.open_ledger(market.as_deref());
			self.follow(market.as_deref());
			self.tell_buyer();
			if !next_round(&mut rounds, AGAIN).await {
				return;
			}
		}
	}

	/// Open the ledger as soon as the chain was read, and start its tasks.
	fn open_ledger(&self, market: Option<&Market>) {
		// The store is of one chain, so nothing is opened on a guess.
		let genesis = match (&self.chain, market) {
			(Some(_), None) => return,
			(_, Some(market)) => market.genesis,
			(None, None) => self.genesis,
		};
		let Some(ledger) = self.statements.open(genesis) else { return };
		let courier = EdgeCourier::new(Arc::clone(&self.edges), self.courier.clone());
		let clock = self.statements.clock().clone();
		tokio::task::spawn_local(exchange(Arc::clone(&ledger), clock, courier));
		self.statements.spawn_tasks(&ledger, &self.reports);
	}

	/// Tell the buyer which services answer.
	fn tell_buyer(&self) {
		let networks = self.gateway.networks();
		let services = networks.iter().flat_map(|network| network.services());
		let answers = services.filter_map(|service| {
			let is_silent = !service.serving && service.success < LEAST_SUCCESS;
			let answers = service.share > 0.0 && service.success >= LEAST_SUCCESS;
			(is_silent || answers).then_some((service.service, answers))
		});
		self.answering.store(Arc::new(answers.collect()));
	}

	/// Take over a snapshot. Agreements are counted before they are used.
	fn follow(&mut self, market: Option<&Market>) {
		if let Some(market) = market {
			self.genesis = market.genesis;
			self.statements.parties().follow(market);
		}
		let catalogue = Builder {
			config: &self.config,
			configured: &self.configured,
			genesis: self.genesis,
			tokens: &mut self.tokens,
		}
		.build(market);
		let used = catalogue.agreements.iter().map(|(id, used)| (*id, used.max_latency));
		self.observer.set_meters(self.statements.set_agreements(used));
		self.observer.set_services(&catalogue);
		self.described.store(Arc::new(catalogue.described));
		self.edges.store(Arc::new(catalogue.agreements));
		self.gateway.set_upstreams(catalogue.upstreams);
	}
}

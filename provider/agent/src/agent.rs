// SPDX-License-Identifier: Apache-2.0

//! The agent as a process: from a configuration to tasks that run.

use crate::{
	bidder::{Bidder, BidderInputs},
	chain::{Follower, Rights, Submitter},
	config::ProviderConfig,
	inference::Inference,
	private::OperatorKeys,
	reconcile::{Driver, Inputs, Observer},
	server::{Pages, Server, Tenants},
	store::{OpenError, Store},
	vpn::{KeyError, Vpn},
};
use parking_lot::Mutex;
use sp_core::H256;
use std::{
	collections::BTreeSet,
	fmt, io,
	net::SocketAddr,
	sync::Arc,
	time::{Duration, Instant},
};
use surety_engine::{Access, Engine};
use surety_gateway::{
	chain::{NodeError, Nodes},
	config::ConfigError,
	front::FrontError,
	roles::StartError,
};
use surety_orders::manifest::IdentityError;
use tokio::{sync::watch, task::JoinSet};

/// Pause before the nodes are asked for their chain again.
const PAUSE: Duration = Duration::from_secs(1);

/// Reason why the agent does not start.
#[derive(Debug)]
pub enum AgentError {
	/// The configuration cannot be used.
	Config(ConfigError),
	/// A node's URL cannot be used.
	Node(NodeError),
	/// The database cannot be used.
	Store(OpenError),
	/// The key of the VPN's listing cannot be used.
	Vpn(KeyError),
	/// The keys of the operator, to which tenants encrypt, cannot be used.
	Keys(IdentityError),
	/// A listener cannot be had.
	Front(FrontError),
	/// The edge cannot start.
	Inference(StartError),
	/// The machine gives no threads or signals.
	Io(io::Error),
}

impl fmt::Display for AgentError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Config(error) => error.fmt(f),
			Self::Node(error) => write!(f, "chain.nodes: {error}"),
			Self::Store(error) => error.fmt(f),
			Self::Vpn(error) => error.fmt(f),
			Self::Keys(error) => error.fmt(f),
			Self::Front(error) => error.fmt(f),
			Self::Inference(error) => write!(f, "inference: {error}"),
			Self::Io(error) => error.fmt(f),
		}
	}
}

impl std::error::Error for AgentError {}

impl From<ConfigError> for AgentError {
	fn from(error: ConfigError) -> Self {
		Self::Config(error)
	}
}

/// Agent that runs.
pub struct Agent<E> {
	server: Server,
	inference: Option<Inference>,
	driver: Arc<Driver<E>>,
	bidder: Arc<Bidder<E>>,
	own_key: bool,
	tasks: JoinSet<()>,
	stop: watch::Sender<bool>,
	grace: Duration,
	/// Pages, for those who ask inside the process.
	pub pages: Arc<Pages>,
}

impl<E: Engine + Access> Agent<E> {
	/// Start an agent, as soon as a node tells its chain: the database belongs to one.
	///
	/// Errors: [`AgentError`]. Nothing runs on after an error.
	pub async fn start(config: &ProviderConfig, engine: Arc<E>) -> Result<Self, AgentError> {
		let (signer, account) = config.signer()?;
		let key = signer.account().to_string();
		let nodes = Arc::new(Nodes::new(&config.chain).map_err(AgentError::Node)?);
		let genesis = genesis(&nodes).await;
		let opened = Store::open(&config.data, &shown(&genesis)).map_err(AgentError::Store)?;
		if let Some((path, reason)) = opened.damaged {
			tracing::error!(
				path = %path.display(),
				reason,
				"the database was damaged: it is kept aside, and a fresh one is in use"
			);
		}
		let store = Arc::new(opened.store);
		let observer = Arc::new(Observer::default());
		let follower = Follower::new(
			nodes.clone(),
			account.clone(),
			remembered(store.clone(), observer.clone()),
		);
		let keys = OperatorKeys::open(&config.data, signer.clone(), account.clone(), genesis.0);
		let keys = Arc::new(keys.map_err(AgentError::Keys)?);
		let settings = config.driver();
		let calls = Arc::new(Submitter::new(nodes, signer, account, settings.timeouts.submit));
		let own_key = *calls.rights() == Rights::Own;
		let inputs = Inputs {
			engine: engine.clone(),
			calls: calls.clone(),
			store: store.clone(),
			observer: observer.clone(),
			snapshots: follower.subscribe(),
		};
		let driver = Driver::new(inputs, settings);
		let inputs = BidderInputs {
			engine: engine.clone(),
			calls,
			store: store.clone(),
			observer: observer.clone(),
			snapshots: follower.subscribe(),
			driver: driver.clone(),
		};
		let bidder = Bidder::new(inputs, config.bidder(own_key)?);
		let mut tasks = JoinSet::new();
		let vpn = match config.vpn_exit()? {
			Some(settings) => Vpn::start(settings, &config.data, follower.clone(), &mut tasks)
				.map(Some)
				.map_err(AgentError::Vpn)?,
			None => None,
		};
		let inference = Inference::start(config).map_err(AgentError::Inference)?;
		let pages = Arc::new(Pages {
			follower: follower.clone(),
			vpn,
			store,
			observer: observer.clone(),
			rules: {
				let driver = driver.clone();
				Box::new(move || driver.rules())
			},
			machine: {
				let bidder = bidder.clone();
				Box::new(move || bidder.machine())
			},
			edge: inference.as_ref().map(Inference::pages),
			key,
			started: Instant::now(),
		});
		let tenants = Tenants::new(
			keys,
			engine.clone(),
			follower.clone(),
			pages.store.clone(),
			observer.clone(),
		);
		let (public, control) = (config.public_front(), config.control_front());
		let server = Server::start(pages.clone(), tenants, public, control);
		let server = server.map_err(AgentError::Front)?;
		let (stop, stopped) = watch::channel(false);
		tasks.spawn(async move { follower.follow().await });
		let every = Duration::from_millis(config.engine.observe_ms);
		let timeout = Duration::from_millis(config.engine.timeout_ms);
		tasks.spawn(async move { observer.run(&*engine, every, timeout).await });
		tasks.spawn(driver.clone().run(stopped.clone()));
		tasks.spawn(bidder.clone().run(stopped));
		let grace = Duration::from_secs(config.front.shutdown_secs.min(10));
		Ok(Self { server, inference, driver, bidder, own_key, tasks, stop, grace, pages })
	}

	/// Address of the public listener.
	pub fn public(&self) -> SocketAddr {
		self.server.public.local_addr()
	}

	/// Address of the edge, if there is one.
	pub fn edge(&self) -> Option<SocketAddr> {
		self.inference.as_ref().map(Inference::local_addr)
	}

	/// Address of the control listener.
	pub fn control(&self) -> SocketAddr {
		self.server.control.local_addr()
	}

	/// Take over rules, prices, policies and certificates. Listeners, nodes, key and engine stay.
	pub fn reload(&self, config: &ProviderConfig) -> Result<(), AgentError> {
		let bidder = config.bidder(self.own_key)?;
		self.driver.set_rules(config.rules());
		self.bidder.set(bidder);
		let exit = config.vpn_exit()?;
		if exit.as_ref() != self.pages.vpn.as_ref().map(|vpn| vpn.settings()) {
			tracing::warn!("the part [vpn] has changed: it counts from the next start on");
		}
		if let Some(inference) = &self.inference {
			inference.reload();
		}
		self.server.public.reload().map_err(AgentError::Front)
	}

	/// Stop. Containers go on: the next agent finds them. A task that panicked ends the agent too.
	pub async fn stop(mut self) {
		self.stop.send_replace(true);
		// Transactions and engine actions in progress: the next agent finds what they did.
		self.tasks.shutdown().await;
		let Server { public, control } = self.server;
		let (grace, inference) = (self.grace, self.inference);
		let ending = tokio::task::spawn_blocking(move || {
			drop(control);
			if let Some(inference) = inference {
				inference.stop();
			}
			public.shutdown(grace)
		});
		if !ending.await.unwrap_or(false) {
			tracing::warn!("requests were still in progress at the end");
		}
		if let Some(vpn) = &self.pages.vpn {
			vpn.stop().await;
		}
	}

	/// Wait until a task ends, which none does unless it panics.
	pub async fn failure(&mut self) -> String {
		match self.tasks.join_next().await {
			Some(Err(error)) => format!("a task panicked: {error}"),
			_ => "a task ended".into(),
		}
	}
}

/// A hash with all its digits.
fn shown(hash: &H256) -> String {
	format!("{hash:?}")
}

/// Genesis of the chain, once a node tells it.
async fn genesis(nodes: &Nodes) -> H256 {
	let mut is_told = false;
	loop {
		if let Err(error) = nodes.poll(Instant::now()).await
			&& !std::mem::replace(&mut is_told, true)
		{
			tracing::warn!(%error, "waiting for a node of the chain");
		}
		if let Some(genesis) = nodes.genesis() {
			return genesis;
		}
		tokio::time::sleep(PAUSE).await;
	}
}

/// Leases and orders to ask for even if no list of the chain has them.
fn remembered(store: Arc<Store>, observer: Arc<Observer>) -> crate::chain::Remembered {
	let last = Mutex::new(BTreeSet::new());
	Box::new(move || {
		let seen = observer.last();
		let containers = seen.iter().flat_map(|seen| seen.containers.keys().copied());
		let leases: BTreeSet<_> = store.memory().keys().copied().chain(containers).collect();
		// A disk that fails for a moment must not hide bids.
		let mut orders = last.lock();
		match store.bids() {
			Ok(bids) => {
				let standing = bids.into_iter().filter(|(_, bid)| {
					use crate::store::BidState::{Standing, Won};
					matches!(bid.state, Standing | Won)
				});
				*orders = standing.map(|(order, _)| order).collect();
			},
			Err(error) => tracing::error!(%error, "bids"),
		}
		(leases, orders.clone())
	})
}

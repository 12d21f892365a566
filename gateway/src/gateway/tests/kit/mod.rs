// SPDX-License-Identifier: Apache-2.0

//! Operators, a gateway in front of them, and a client.

mod client;
mod operator;

pub use client::{Client, Reply};
pub use operator::{Behaviour, Operator, Seen, hash};

use crate::{
	access::KeyStore,
	front::{Front, FrontSettings, Listener, serve},
	gateway::{watch as follow, *},
	routing::CoverRates,
	upstream::{ConnectSettings, PoolSettings, client_config},
};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc, thread::JoinHandle, time::Duration};
use surety_primitives::{AgreementId, Protocol};
use tokio::sync::watch;

/// Account of an operator by its place.
pub fn account(index: usize) -> [u8; 32] {
	[index as u8 + 1; 32]
}

pub fn spec(index: usize, address: SocketAddr, serves: Serves) -> UpstreamSpec {
	UpstreamSpec {
		service: index as u32 + 1,
		configured: false,
		account: account(index),
		operator: format!("operator-{index}"),
		endpoint: format!("http://{address}/rpc").parse().unwrap(),
		serves,
		agreements: vec![Agreement {
			id: index as u32,
			units: 1,
			token: Some("srt1_test".parse().unwrap()),
		}],
		headers: Vec::new(),
		price: 1.0,
		score: 1.0,
		near: true,
		discrepant: false,
		max_lag: 5,
		max_latency: Duration::from_secs(1),
		rates: CoverRates::unlimited(),
		private: true,
	}
}

/// Access without keys.
pub fn open() -> Access {
	Access::new(Arc::new(KeyStore::open(Vec::new(), None, 0).unwrap()), true)
}

/// Observer that does nothing.
pub struct NoObserver;

impl Observer for NoObserver {
	fn served(&self, _: &Member, _: Option<AgreementId>, _: Served, _: Duration, _: u64) {}

	fn streamed(&self, _: &Member, _: Option<AgreementId>, _: u64) {}

	fn called(&self, _: &str, _: Duration, _: Option<Duration>) {}
}

/// Operators, a gateway in front of them, and its address.
pub struct Scene {
	pub operators: Vec<Operator>,
	pub gateway: Arc<Gateway>,
	pub front: Front,
	watching: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

pub fn settings() -> GatewaySettings {
	let mut connect = ConnectSettings::new(client_config(None).unwrap());
	connect.timeout = Duration::from_secs(3);
	let mut settings = GatewaySettings::new(PoolSettings::new(connect));
	settings.compare_share = 0.0;
	settings
}

pub struct Options {
	pub operators: usize,
	pub settings: GatewaySettings,
	pub serves: Serves,
	pub protocol: Protocol,
	pub rates: CoverRates,
	pub watch: bool,
	/// Clients may switch to WebSocket.
	pub sockets: bool,
	pub access: Access,
	pub login: Option<Arc<LoginService>>,
	pub observer: Arc<dyn Observer>,
}

impl Default for Options {
	fn default() -> Self {
		Self {
			operators: 3,
			settings: settings(),
			serves: Serves::Network("ethereum".into()),
			protocol: Protocol::Ethereum,
			rates: CoverRates::unlimited(),
			watch: false,
			sockets: false,
			access: open(),
			login: None,
			observer: Arc::new(NoObserver),
		}
	}
}

impl Scene {
	pub fn new(options: Options) -> Self {
		let operators: Vec<Operator> = (0..options.operators).map(|_| Operator::start()).collect();
		let network = NetworkSettings::new("ethereum", options.protocol, Duration::from_secs(12));
		let gateway = Gateway::new(
			options.settings,
			vec![network],
			options.access,
			options.login,
			options.observer,
		);
		let services = operators
			.iter()
			.enumerate()
			.map(|(index, operator)| UpstreamSpec {
				rates: options.rates,
				..spec(index, operator.address, options.serves.clone())
			})
			.collect();
		let offers = [("ethereum".to_owned(), json!({ "service": 7, "price": "1" }))].into();
		gateway.set_upstreams(Upstreams { services, offers });
		let own = Arc::clone(&gateway);
		let front = FrontSettings {
			listeners: vec![Listener::plain("127.0.0.1:0".parse().unwrap())],
			workers: 2,
			..FrontSettings::default()
		};
		let sockets = options
			.sockets
			.then(|| Sockets::start(Arc::clone(&own), SocketSettings::default()).unwrap());
		let front = serve(front, move |_| {
			Worker::with_sockets(Arc::clone(&own), sockets.as_ref().map(Sockets::worker))
		})
		.unwrap();
		let mut scene = Self { operators, gateway, front, watching: None };
		if options.watch {
			scene.watch();
		} else if options.protocol == Protocol::Ethereum {
			scene.all_at(100, 0);
		}
		scene
	}

	pub fn three() -> Self {
		Self::new(Options::default())
	}

	fn watch(&mut self) {
		let gateway = Arc::clone(&self.gateway);
		let (stop, mut stopped) = watch::channel(false);
		let thread = std::thread::spawn(move || {
			let runtime =
				tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
			let local = tokio::task::LocalSet::new();
			local.block_on(&runtime, async move {
				tokio::select! {
					() = follow(gateway) => {},
					_ = stopped.wait_for(|stop| *stop) => {},
				}
			});
		});
		self.watching = Some((stop, thread));
	}

	/// All operators are at a head, and the gateway knows.
	pub fn all_at(&self, number: u64, fork: u8) {
		let bytes = |number: u64| {
			let mut hash = [0; 32];
			hash[23..31].copy_from_slice(&number.to_be_bytes());
			hash[31] = fork;
			hash
		};
		let network = self.gateway.network("ethereum").unwrap();
		let now = std::time::Instant::now();
		let head = crate::rpc::Block { number, hash: bytes(number), parent: bytes(number - 1) };
		for (index, operator) in self.operators.iter().enumerate() {
			operator.set(|behaviour| (behaviour.head, behaviour.fork) = (number, fork));
			self.gateway.service(index as u32 + 1).unwrap().state.set_head(Some(number));
			network.observe(account(index), crate::rpc::block::Tag::Finalized, number - 10, now);
		}
		// The first one for the served height, the second for the hash.
		for _ in 0..2 {
			for index in 0..self.operators.len() {
				network.observe_head(account(index), head, now);
			}
		}
	}

	pub fn client(&self) -> Client {
		Client::connect(self.front.local_addr())
	}

	/// One call over a connection of its own.
	pub fn call(&self, method: &str, params: Value) -> Reply {
		self.client().call(method, params)
	}

	/// Requests of a method at all operators.
	pub fn count(&self, method: &str) -> usize {
		self.operators.iter().map(|operator| operator.count(method)).sum()
	}
}

impl Drop for Scene {
	fn drop(&mut self) {
		if let Some((stop, thread)) = self.watching.take() {
			stop.send_replace(true);
			let _ = thread.join();
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Tenants and attackers against the real server, with an engine in this process.

mod access;
pub mod engine;
mod shells;
mod streams;

use super::*;
use crate::{
	client::{ClientError, Network, Remote},
	reconcile::Rules,
	server::{Pages, Server},
	store::Record,
	test_kit::{closed, lease, operator, snapshot},
};
use engine::LocalEngine;
use std::{
	future::Future,
	io::{Read, Write},
	net::TcpStream,
	time::Instant,
};
use surety_engine::{Observed, State};
use surety_gateway::{
	chain::{KeySigner, Nodes},
	config::ChainSection,
	front::FrontSettings,
};
use surety_orders::access::{AccessToken, Rights, mint};
use surety_primitives::CloseReason;
use surety_runtime_api::LeasePhase;

pub const GENESIS: [u8; 32] = [7; 32];

pub struct Kit {
	pub server: Server,
	pub pages: Arc<Pages>,
	pub engine: Arc<LocalEngine>,
	pub directory: tempfile::TempDir,
}

pub fn key(name: &str) -> KeySigner {
	KeySigner::from_uri(&format!("//{name}")).unwrap()
}

/// Token of a key for lease 1, valid for some seconds.
pub fn token(name: &str, right: Right, seconds: u64) -> String {
	let rights = Rights::new([right]).unwrap();
	forged(name, &GENESIS, 1, rights, now_secs() + seconds)
}

pub fn forged(name: &str, genesis: &[u8; 32], lease: u32, rights: Rights, until: u64) -> String {
	let signer = key(name);
	let account = signer.account().clone();
	let token = AccessToken::new(genesis, lease, rights, until, account).unwrap();
	mint(&token, |bytes| signer.sign(bytes))
}

impl Kit {
	pub fn start() -> Self {
		Self::at(tempfile::tempdir().unwrap())
	}

	pub fn at(directory: tempfile::TempDir) -> Self {
		let store = Arc::new(Store::open(directory.path(), "0x07").unwrap().store);
		let nodes = Arc::new(Nodes::new(&ChainSection::default()).unwrap());
		let follower = Follower::new(nodes, operator(), Box::new(Default::default));
		let pages = Arc::new(Pages {
			follower: follower.clone(),
			store: store.clone(),
			observer: Arc::default(),
			rules: Box::new(Rules::default),
			machine: Box::new(|| None),
			vpn: None,
			edge: None,
			key: "key".into(),
			started: Instant::now(),
		});
		let keys = OperatorKeys::open(directory.path(), key("Proxy"), operator(), GENESIS);
		let engine = Arc::new(LocalEngine::default());
		let observer = pages.observer.clone();
		let keys = Arc::new(keys.unwrap());
		let tenants = Tenants::new(keys, engine.clone(), follower, store, observer);
		let settings = || FrontSettings { workers: 1, ..FrontSettings::default() };
		let server = Server::start(pages.clone(), tenants, settings(), settings()).unwrap();
		let kit = Self { server, pages, engine, directory };
		kit.run(State::Running);
		kit
	}

	/// Lease 1 of the tenant is in a state.
	pub fn run(&self, state: State) {
		let mut snapshot = snapshot(100, now_ms());
		let mut view = lease(1, LeasePhase::Running { since: 90, last_round: 500 });
		view.info.tenant = key("Tenant").account().clone();
		snapshot.leases.insert(1, view);
		self.pages.follower.publish(snapshot);
		self.pages.store.save(&[(1, Some(Record::new(1, 1, 0, 1, 0)))]).unwrap();
		let observed = Observed {
			lease: 1,
			state,
			digest: None,
			ports: Default::default(),
			missing: Vec::new(),
			at_ms: 0,
		};
		self.pages.observer.publish(now_ms(), Ok(vec![observed]));
	}

	/// The lease is over.
	pub fn end(&self) {
		let mut snapshot = snapshot(101, now_ms());
		let mut view = lease(1, closed(CloseReason::TenantClosed));
		view.info.tenant = key("Tenant").account().clone();
		snapshot.leases.insert(1, view);
		self.pages.follower.publish(snapshot);
	}

	/// Make a request, and read the whole answer: status and JSON.
	pub fn ask(&self, method: &str, path: &str, token: &str) -> (u16, serde_json::Value) {
		self.send(method, path, &format!("authorization: Bearer {token}\r\n"), b"")
	}

	pub fn send(
		&self,
		method: &str,
		path: &str,
		headers: &str,
		body: &[u8],
	) -> (u16, serde_json::Value) {
		let mut stream = TcpStream::connect(self.server.public.local_addr()).unwrap();
		stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
		let length = body.len();
		let head = format!(
			"{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\
			 content-length: {length}\r\n\r\n"
		);
		stream.write_all(head.as_bytes()).unwrap();
		// A refusal may come before the end of the body.
		let _ = stream.write_all(body);
		let mut answer = Vec::new();
		let _ = stream.read_to_end(&mut answer);
		let answer = String::from_utf8_lossy(&answer).into_owned();
		let status = answer.split(' ').nth(1).unwrap_or("0").parse().unwrap();
		let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
		(status, serde_json::from_str(body).unwrap_or_default())
	}

	/// Status and name of a refusal.
	pub fn refusal(&self, method: &str, path: &str, token: &str) -> (u16, String) {
		let (status, body) = self.ask(method, path, token);
		(status, body["error"].as_str().unwrap_or_default().to_owned())
	}

	pub fn remote(&self) -> Remote {
		let server = format!("http://{}", self.server.public.local_addr());
		Remote::new(server.parse().unwrap(), &Network::new(None, true).unwrap())
	}
}

/// Run a client on one thread.
pub fn client<F: Future>(test: F) -> F::Output {
	let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
	tokio::task::LocalSet::new().block_on(&runtime, test)
}

/// Wait for a condition, with a generous bound.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
	let began = Instant::now();
	while !condition() {
		assert!(began.elapsed() < Duration::from_secs(60), "never happened: {what}");
		tokio::time::sleep(Duration::from_millis(10)).await;
	}
}

pub fn refused(error: &ClientError) -> (u16, &str) {
	match error {
		ClientError::Refused(status, name, _) => (*status, name),
		other => panic!("{other:?}"),
	}
}

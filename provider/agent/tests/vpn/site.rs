// SPDX-License-Identifier: Apache-2.0

//! VPN of an agent behind its HTTP, with an exit in a laboratory of network namespaces.

use crate::{
	book::{Book, SERVICE, genesis, signer},
	lab::Lab,
};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use sp_core::{Pair, ed25519};
use std::{
	io::{Read, Write},
	net::TcpStream,
	sync::Arc,
	time::{Duration, SystemTime},
};
use surety_gateway::front::{Body, Front, FrontSettings, Handler, Peer, serve};
use surety_provider::{
	client::{Network, ask, below},
	vpn::{ListingKey, SignedRequest, Vpn},
};
use surety_vpn::{
	claims::{Answer, PeerRequest, Scope, SignedAnswer},
	exit::Settings,
	keys::{Key, Secret},
};
use tokio::task::JoinHandle;

/// Scope of all claims.
pub const SCOPE: Scope = Scope { genesis: [7; 32], service: SERVICE };
/// Seed of the key of the listing.
pub const SEED: [u8; 32] = [5; 32];

struct Door(Arc<Vpn>);

impl Handler for Door {
	async fn handle(&self, peer: Peer, request: Request<Incoming>) -> Response<Body> {
		match self.0.route(&request) {
			Some(route) => self.0.serve(route, peer, request).await,
			None => {
				let mut answer = Response::new(Body::empty());
				*answer.status_mut() = StatusCode::NOT_FOUND;
				answer
			},
		}
	}
}

/// Milliseconds since 1970.
pub fn now() -> u64 {
	SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as u64
}

/// VPN with its HTTP.
pub struct Site {
	pub vpn: Arc<Vpn>,
	front: Front,
	keeper: JoinHandle<()>,
}

impl Site {
	/// Start, and wait until the exit runs.
	pub async fn start(settings: Settings, book: &Arc<Book>) -> Self {
		assert_eq!(SCOPE.genesis, genesis().0);
		let vpn = Vpn::new(settings, ListingKey::from_seed(&SEED), book.clone());
		let keeper = tokio::spawn(vpn.clone().keep());
		let of_front = vpn.clone();
		let settings = FrontSettings { workers: 1, ..FrontSettings::default() };
		let front = serve(settings, move |_| Door(of_front.clone())).unwrap();
		while !vpn.status().running {
			tokio::time::sleep(Duration::from_millis(50)).await;
		}
		Self { vpn, front, keeper }
	}

	/// Stop the exit for good, and go on to answer.
	pub async fn halt(&self) {
		self.keeper.abort();
		while !self.keeper.is_finished() {
			tokio::time::sleep(Duration::from_millis(10)).await;
		}
		self.vpn.stop().await;
	}

	/// Stop as an agent does.
	pub async fn stop(self) {
		self.halt().await;
		drop(self.front);
	}

	/// `POST` to the endpoint.
	pub async fn post(&self, path: &str, body: String) -> (u16, String) {
		let endpoint = format!("http://{}/vpn", self.front.local_addr());
		let (network, time) = (Network::new(None, true).unwrap(), Duration::from_secs(30));
		let url = below(&endpoint, path);
		let (status, body) = ask(&url, Some(body), &network, 4_096, time).await.unwrap();
		(status, String::from_utf8(body.to_vec()).unwrap())
	}

	/// `GET` of a path.
	pub async fn get(&self, path: &str) -> (u16, String) {
		self.exchange(format!("GET {path} HTTP/1.1\r\n"), String::new()).await
	}

	/// Exchange of a request whose first lines are given.
	pub async fn exchange(&self, head: String, body: String) -> (u16, String) {
		let address = self.front.local_addr();
		let exchange = move || {
			let mut stream = TcpStream::connect(address).unwrap();
			let length = body.len();
			let rest = format!("host: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
			stream.write_all([head, rest, body].concat().as_bytes()).unwrap();
			let mut answer = String::new();
			stream.read_to_string(&mut answer).unwrap();
			let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
			(status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
		};
		tokio::task::spawn_blocking(exchange).await.unwrap()
	}

	/// Ask for a peer with a request that `//Alice` signs.
	pub async fn ask(&self, agreement: u32, key: Key) -> (u16, String) {
		let request = PeerRequest { agreement, key, issued: now() };
		self.post("/peers", signed(&request, "//Alice", &SCOPE)).await
	}

	/// Configuration of a fresh peer, checked as a tenant checks it.
	pub async fn granted(&self, agreement: u32) -> (Secret, Answer) {
		let secret = Secret::generate().unwrap();
		let (status, body) = self.ask(agreement, secret.public()).await;
		assert_eq!(status, 200, "{body}");
		let answer = open(&body, Some(agreement), &secret.public());
		(secret, answer)
	}

	/// Give a namespace the tunnel of an agreement.
	pub async fn connect(&self, lab: &mut Lab, name: &str, agreement: u32) {
		let (secret, answer) = self.granted(agreement).await;
		lab.connect(name, &secret, &answer.tunnel);
	}
}

/// Body of a request that an account signs.
pub fn signed(request: &PeerRequest, uri: &str, scope: &Scope) -> String {
	let signer = signer(uri);
	let signature = signer.sign(&request.message(scope));
	let signed = SignedRequest::new(*request, signer.account().clone(), &signature);
	serde_json::to_string(&signed).unwrap()
}

/// Answer, checked against the key of the listing.
pub fn open(body: &str, agreement: Option<u32>, key: &Key) -> Answer {
	let listed = ListingKey::from_seed(&SEED).public();
	let verify = |signature: &[u8; 64], message: &[u8]| {
		let key = ed25519::Public::from_raw(listed);
		ed25519::Pair::verify(&ed25519::Signature::from_raw(*signature), message, &key)
	};
	SignedAnswer::open(body.as_bytes(), &SCOPE, agreement, key, now(), verify).unwrap()
}

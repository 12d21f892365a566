// SPDX-License-Identifier: Apache-2.0

//! Proofs of VPNs: host side of the pseudo requests of `surety_prober::tunnel`.
//!
//! All proofs share one UDP port. The nonce of a proof is sent through the tunnel to that port, so
//! the internet must reach it.

mod port;
mod watch;

pub use watch::watch;

use super::{
	LOG_TARGET,
	address_filter::AddressFilter,
	bodies::BodyHandle,
	connector::Connector,
	exchange::{Answer, Draft},
	metrics::{Metrics, ProofStage},
};
use codec::{DecodeAll, Encode};
use hyper::{Method, Uri};
use port::PortWatch;
use std::{
	io,
	net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::Duration,
};
use surety_primitives::endpoint;
use surety_prober::tunnel::{KEY_URL, KeyPair, Outcome, ProofRequest, SCHEME};
use surety_vpn::{
	client::{Failure, Hub, Limits, Proof, Target},
	keys::{self, Key, Secret},
};
use tokio::{
	runtime::Handle,
	sync::oneshot,
	time::{Instant, timeout_at},
};

/// Maximum number of concurrent proofs, each with at most 64 KiB of datagrams.
const MAX_PROOFS: usize = 1_024;
/// Maximum time of a proof: that of its three stages.
const MAX_TIME: Duration = Duration::from_secs(13);
/// Status of a node that cannot judge any exit.
const UNAVAILABLE: u16 = 503;

/// True for the scheme of the pseudo requests.
pub fn is_pseudo(uri: &Uri) -> bool {
	uri.scheme_str() == Some(SCHEME)
}

/// True for a pseudo request that exists.
pub fn is_known(method: &Method, uri: &Uri) -> bool {
	match *method {
		Method::GET => uri.host() == KEY_URL.split("://").nth(1) && uri.port().is_none(),
		_ => uri.port_u16().is_some_and(|port| port > 0),
	}
}

/// UDP port for proofs.
pub struct Tunnels {
	hub: Hub,
	local: SocketAddrV4,
	/// Address at which the internet reaches the port, if the operator configured one.
	public: Option<SocketAddrV4>,
	port: Mutex<PortWatch>,
	metrics: Metrics,
}

impl Tunnels {
	/// Bind the port. `public` is its address behind a NAT that forwards it.
	pub fn bind(
		address: SocketAddrV4,
		public: Option<SocketAddrV4>,
		runtime: &Handle,
		metrics: Metrics,
	) -> io::Result<Self> {
		let socket = UdpSocket::bind(address)?;
		socket.set_nonblocking(true)?;
		let local = SocketAddrV4::new(*address.ip(), socket.local_addr()?.port());
		let _entered = runtime.enter();
		let hub = Hub::new(tokio::net::UdpSocket::from_std(socket)?, MAX_PROOFS);
		Ok(Self { hub, local, public, port: Mutex::default(), metrics })
	}

	fn port(&self) -> MutexGuard<'_, PortWatch> {
		self.port.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Socket address to which an exit at `to` sends the nonce, or the reason why there is none.
	fn reflector(&self, to: Ipv4Addr, private: bool) -> Result<SocketAddrV4, String> {
		if let Some(public) = self.public {
			return Ok(public);
		}
		let ip = match *self.local.ip() {
			ip if ip.is_unspecified() => {
				source_of(to).map_err(|error| format!("no route to {to}: {error}"))?
			},
			ip => ip,
		};
		match endpoint::forbidden(ip.into()) {
			Some(reason) if !(private && reason.is_private()) => Err(format!(
				"the address {ip} of this machine is not on the internet ({reason}): forward UDP \
				 port {} to it and give its public address with --probe-udp-public",
				self.local.port()
			)),
			_ => Ok(SocketAddrV4::new(ip, self.local.port())),
		}
	}

	/// Reason why the internet cannot reach the port, as far as this machine can know. `private`
	/// allows private addresses.
	pub fn fault(&self, private: bool) -> Option<String> {
		// Any public address: nothing is sent to it.
		let fault = self.reflector(Ipv4Addr::new(1, 1, 1, 1), private).err();
		fault.or_else(|| {
			self.port().is_closed().then(|| {
				format!("UDP port {} seems closed: open it in the firewall", self.local.port())
			})
		})
	}

	/// Ask an exit for a proof. `None` if nothing can be said about it.
	async fn prove(
		&self,
		request: ProofRequest,
		address: SocketAddrV4,
		filter: AddressFilter,
		limits: Limits,
	) -> Option<Outcome> {
		let ProofRequest { service, exit, secret, address: inside } = request;
		// With a weak key no handshake succeeds.
		let Ok(exit) = Key::new(exit) else { return Some(Outcome::NoHandshake) };
		let reflector = self.reflector(*address.ip(), filter.private);
		let reflector = reflector
			.inspect_err(
				|reason| log::debug!(target: LOG_TARGET, "no proof of {address}: {reason}"),
			)
			.ok()?;
		let target = Target {
			exit,
			endpoint: address.into(),
			secret: Secret::new(secret),
			address: inside.into(),
			reflector,
		};
		let allows = move |to| matches!(to, IpAddr::V4(to) if filter.refuse(to).is_none());
		let result = self.hub.prove(target, limits, allows).await;
		log::debug!(target: LOG_TARGET, "service {service}, exit {address}: {result:?}");
		match result {
			Err(Failure::Local(_) | Failure::NoHandshake) => (),
			Err(Failure::NoNonce { .. }) => self.port().on_silence(service),
			Ok(_) | Err(Failure::NoAnswer { .. } | Failure::Forbidden(_)) => {
				if self.port().on_nonce() {
					log::info!(target: LOG_TARGET, "UDP port {} is open again", self.local.port());
				}
			},
		}
		match result {
			Ok(Proof { handshake, nonce, .. }) => {
				Some(Outcome::Proof { handshake: micros(handshake), nonce: micros(nonce) })
			},
			Err(Failure::NoHandshake) => Some(Outcome::NoHandshake),
			Err(Failure::NoNonce { .. }) if self.port().is_closed() => None,
			Err(Failure::NoNonce { .. }) => Some(Outcome::NoNonce),
			Err(Failure::NoAnswer { .. }) => Some(Outcome::NoAnswer),
			Err(Failure::Forbidden(_)) => Some(Outcome::ForbiddenEgress),
			Err(Failure::Local(_)) => None,
		}
	}
}

fn micros(time: Duration) -> u32 {
	u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

/// Own address from which datagrams to `to` leave.
fn source_of(to: Ipv4Addr) -> io::Result<Ipv4Addr> {
	let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
	socket.connect((to, 9))?;
	match socket.local_addr()? {
		SocketAddr::V4(local) => Ok(*local.ip()),
		SocketAddr::V6(_) => Err(io::ErrorKind::AddrNotAvailable.into()),
	}
}

/// Resources of one pseudo request.
pub struct PseudoExchange {
	/// Resolves and checks the host of an exit.
	pub connector: Connector,
	/// Port for proofs; `None` if the node has none.
	pub tunnels: Option<Arc<Tunnels>>,
	/// Receives the body of the answer.
	pub body: BodyHandle,
	/// Deadline set by the off-chain worker.
	pub deadline: Option<Instant>,
}

impl PseudoExchange {
	/// Answer the request. Without an address of the exit there is no answer.
	pub async fn run(self, draft: Draft, to: oneshot::Sender<Answer>) {
		let Some(tunnels) = self.tunnels.clone() else {
			let _ = to.send(self.answer::<()>(None));
			return;
		};
		let answer = if draft.method == Method::GET {
			self.answer(key_pair())
		} else {
			let end = earliest(MAX_TIME, self.deadline);
			let (stage, outcome) = match timeout_at(end, self.prove(&tunnels, &draft, end)).await {
				Err(_) => (ProofStage::Timeout, Err(())),
				Ok(Err(())) => (ProofStage::Unreachable, Err(())),
				Ok(Ok(outcome)) => (ProofStage::of(outcome), Ok(outcome)),
			};
			tunnels.metrics.proof(stage);
			let Ok(outcome) = outcome else { return };
			self.answer(outcome)
		};
		// The receiver is gone if the worker stopped waiting.
		let _ = to.send(answer);
	}

	/// Ask the exit of the request for a proof. Fails if no address of it may be reached.
	async fn prove(
		&self,
		tunnels: &Tunnels,
		draft: &Draft,
		end: Instant,
	) -> Result<Option<Outcome>, ()> {
		// A worker of another version.
		let Ok(request) = ProofRequest::decode_all(&mut draft.body.as_slice()) else {
			return Ok(None);
		};
		let host = draft.uri.host().ok_or(())?;
		let port = draft.uri.port_u16().ok_or(())?;
		let admitted = self.connector.admit(host).await;
		let (address, permit) = admitted.map_err(|failure| {
			log::debug!(target: LOG_TARGET, "{}: {failure}", draft.uri);
		})?;
		let address = SocketAddrV4::new(address, port);
		let limits = limits(end.saturating_duration_since(Instant::now()));
		let filter = self.connector.filter.clone();
		let outcome = tunnels.prove(request, address, filter, limits).await;
		if let (Some(Outcome::Proof { .. }), Some(mut permit)) = (outcome, permit) {
			permit.on_success(false);
		}
		Ok(outcome)
	}

	/// Answer with this body, or that the node cannot judge.
	fn answer<T: Encode>(self, body: Option<T>) -> Answer {
		let body = body.and_then(|body| {
			self.body.append(&body.encode()).ok()?;
			Some(self.body)
		});
		let status = if body.is_some() { 200 } else { UNAVAILABLE };
		Answer { status, headers: Vec::new(), body }
	}
}

/// Fresh key pair. `None` if the machine has no randomness.
fn key_pair() -> Option<KeyPair> {
	let secret = keys::random()
		.inspect_err(|error| log::warn!(target: LOG_TARGET, "no key for proofs: {error}"))
		.ok()?;
	Some(KeyPair { secret, public: *Secret::new(secret).public().bytes() })
}

fn earliest(time: Duration, deadline: Option<Instant>) -> Instant {
	let now = Instant::now();
	let end = now.checked_add(time).unwrap_or(now);
	deadline.map_or(end, |deadline| deadline.min(end))
}

/// Times of a proof that has `left` in all. A stage has at most half of it, so that a failed one is
/// named in time.
fn limits(left: Duration) -> Limits {
	let Limits { handshake, nonce, answer, resend } = Limits::default();
	let share = |parts: u32| left.checked_div(parts).unwrap_or_default();
	let stage = |time: Duration| time.min(share(2).saturating_sub(share(32)));
	Limits {
		handshake: stage(handshake),
		nonce: stage(nonce),
		answer: stage(answer),
		resend: resend.min(share(8)),
	}
}

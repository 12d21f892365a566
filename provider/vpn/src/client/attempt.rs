// SPDX-License-Identifier: Apache-2.0

//! One proof as a state machine: it is given datagrams and the time, and returns datagrams.

use super::{Failure, Limits, Proof, Target, inner};
use crate::keys::random;
use gotatun::{
	noise::{
		Tunn, TunnResult,
		errors::WireGuardError::{NoCurrentSession, WrongIndex},
		index_table::IndexTable,
		rate_limiter::RateLimiter,
	},
	packet::{Packet, WgKind},
	tun::MtuWatcher,
};
use std::{
	io,
	net::{SocketAddr, SocketAddrV4},
	sync::Arc,
	time::{Duration, Instant},
};

/// Datagrams of the endpoint that are looked into. The rest of a flood is ignored.
const MAX_OPENED: u32 = 64;
/// Copies of the nonce.
const MAX_COPIES: usize = 8;
/// Bytes by which a nonce is known as one of this attempt.
pub(super) const TAG: usize = 16;
/// Bytes that differ from copy to copy.
const COPY: usize = 8;
/// Maximum number of bytes after a nonce, so that not all have one length.
const MAX_FILL: u8 = 200;
/// MTU inside the tunnel, for the padding of its packets.
const MTU: u16 = 1_280;

/// Datagrams to send.
pub type Datagrams = Vec<(SocketAddr, Vec<u8>)>;

/// Next step of an attempt.
#[derive(Debug)]
pub enum Step {
	/// Wait for a datagram until this moment, then call [`Attempt::on_time`].
	Wait(Instant),
	/// The end.
	Done(Result<Proof, Failure>),
}

/// Copy of the nonce.
struct Copy {
	mark: [u8; COPY],
	sent: Instant,
}

enum Stage {
	Handshake,
	Nonce { handshake: Duration },
	Answer { handshake: Duration, egress: SocketAddr, nonce: Duration, sent: Instant },
	Done(Proof),
}

/// Proof in progress.
pub struct Attempt {
	target: Target,
	limits: Limits,
	tunnel: Tunn,
	filter: RateLimiter,
	/// Socket address inside the tunnel.
	inside: SocketAddrV4,
	tag: [u8; TAG],
	fill: Vec<u8>,
	/// Answer that the reflector sends.
	answer: [u8; TAG],
	started: Instant,
	stage: Stage,
	/// End of the stage.
	deadline: Instant,
	/// Moment of the next copy.
	resend: Instant,
	copies: Vec<Copy>,
	opened: u32,
}

impl Attempt {
	/// New attempt, with random bytes of the machine.
	pub fn new(target: Target, limits: Limits, now: Instant) -> io::Result<Self> {
		let filter = || RateLimiter::new(&target.secret.public().point(), u64::MAX);
		let tunnel = Tunn::new(
			target.secret.scalar(),
			target.exit.point(),
			None,
			None,
			IndexTable::from_os_rng(),
			Arc::new(filter()),
		);
		let [high, low, length] = random()?;
		// An ephemeral port.
		let port = u16::from_be_bytes([high, low]) | 0x8000;
		let fill: [u8; MAX_FILL as usize] = random()?;
		let fill = fill.into_iter().take((length % MAX_FILL).into()).collect();
		Ok(Self {
			inside: SocketAddrV4::new(target.address, port),
			filter: filter(),
			target,
			limits,
			tunnel,
			tag: random()?,
			fill,
			answer: random()?,
			started: now,
			stage: Stage::Handshake,
			deadline: after(now, limits.handshake),
			resend: now,
			copies: Vec::new(),
			opened: 0,
		})
	}

	/// First bytes of every nonce of this attempt, by which a shared socket finds it.
	pub fn tag(&self) -> [u8; TAG] {
		self.tag
	}

	/// Address of the exit.
	pub fn endpoint(&self) -> SocketAddr {
		self.target.endpoint
	}

	/// The next step, with the datagrams to send before. Call it first of all, after each datagram,
	/// and when the wait is over.
	pub fn on_time(&mut self, now: Instant) -> (Datagrams, Step) {
		if let Stage::Done(proof) = self.stage {
			return (Vec::new(), Step::Done(Ok(proof)));
		}
		if now >= self.deadline {
			return (Vec::new(), Step::Done(Err(self.failure())));
		}
		let mut out = Vec::new();
		if now >= self.resend {
			self.resend = after(now, self.limits.resend);
			out.extend(self.send(now));
		}
		(out, Step::Wait(self.deadline.min(self.resend)))
	}

	/// Take a datagram that arrived at the socket.
	pub fn on_datagram(&mut self, from: SocketAddr, bytes: &[u8], now: Instant) {
		if bytes.get(..TAG) == Some(&self.tag) {
			self.on_nonce(from, bytes, now);
		} else if from == self.target.endpoint && self.opened < MAX_OPENED {
			self.on_sealed(from, bytes, now);
		}
	}

	fn failure(&self) -> Failure {
		match self.stage {
			Stage::Nonce { handshake } => Failure::NoNonce { handshake },
			Stage::Answer { handshake, egress, nonce, .. } => {
				Failure::NoAnswer { handshake, egress, nonce }
			},
			Stage::Handshake | Stage::Done(_) => Failure::NoHandshake,
		}
	}

	/// The datagram of the stage.
	fn send(&mut self, now: Instant) -> Option<(SocketAddr, Vec<u8>)> {
		match self.stage {
			Stage::Handshake => {
				let packet = self.tunnel.format_handshake_initiation(true)?;
				Some((self.target.endpoint, bytes_of(packet.into())))
			},
			Stage::Nonce { .. } => {
				let mark = random().ok().filter(|_| self.copies.len() < MAX_COPIES)?;
				let payload = [self.tag.as_slice(), &mark, &self.fill].concat();
				let number = u16::from_be_bytes([mark[0], mark[1]]);
				let packet = inner::build(self.inside, self.target.reflector, number, &payload)?;
				let packet = Packet::copy_from(packet.as_slice());
				let mut mtu = MtuWatcher::new(MTU);
				let sealed = self.tunnel.handle_outgoing_packet(packet, Some(&mut mtu))?;
				self.copies.push(Copy { mark, sent: now });
				Some((self.target.endpoint, bytes_of(sealed)))
			},
			Stage::Answer { egress, .. } => Some((egress, self.answer.to_vec())),
			Stage::Done(_) => None,
		}
	}

	fn enter(&mut self, stage: Stage, time: Duration, now: Instant) {
		self.stage = stage;
		self.deadline = after(now, time);
		self.resend = now;
	}

	/// A datagram with the tag, which the exit alone has seen.
	fn on_nonce(&mut self, from: SocketAddr, bytes: &[u8], now: Instant) {
		let mark = bytes.get(TAG..TAG.saturating_add(COPY));
		let copy = self.copies.iter().find(|copy| mark == Some(&copy.mark));
		if let (Stage::Nonce { handshake }, Some(copy)) = (&self.stage, copy) {
			let (handshake, sent) = (*handshake, copy.sent);
			let nonce = now.saturating_duration_since(sent);
			let stage = Stage::Answer { handshake, egress: from, nonce, sent };
			self.enter(stage, self.limits.answer, now);
		}
	}

	/// A datagram of the exit's endpoint.
	fn on_sealed(&mut self, from: SocketAddr, bytes: &[u8], now: Instant) {
		// Length and type cost nothing: an answer to a handshake, a cookie, or data.
		let is_expected = matches!(
			(bytes.first(), &self.stage),
			(Some(2 | 3), Stage::Handshake) | (Some(4), Stage::Nonce { .. } | Stage::Answer { .. })
		);
		if !is_expected {
			return;
		}
		let Ok(packet) = self.filter.verify_packet(from, Packet::copy_from(bytes)) else { return };
		let is_cookie = matches!(packet, WgKind::CookieReply(_));
		let result = self.tunnel.handle_incoming_packet(packet);
		// Somebody who only pretends to be the endpoint knows neither key nor index, and must not
		// use up what the exit may send.
		if !matches!(result, TunnResult::Err(NoCurrentSession | WrongIndex)) {
			self.opened = self.opened.saturating_add(1);
		}
		match result {
			// The handshake is done; its keepalive is not needed, since data follows at once.
			TunnResult::WriteToNetwork(WgKind::Data(_)) => {
				let handshake = now.saturating_duration_since(self.started);
				self.enter(Stage::Nonce { handshake }, self.limits.nonce, now);
			},
			// The exit is busy and wants the handshake again, with its cookie.
			TunnResult::Done if is_cookie => self.resend = now,
			TunnResult::WriteToTunnel(packet) => self.on_packet(&packet, now),
			_ => {},
		}
	}

	/// A packet out of the tunnel.
	fn on_packet(&mut self, packet: &[u8], now: Instant) {
		let (reflector, inside) = (self.target.reflector, self.inside);
		let Stage::Answer { handshake, egress, nonce, sent } = self.stage else { return };
		if inner::parse(packet) == Some((reflector, inside, &self.answer)) {
			let round_trip = now.saturating_duration_since(sent);
			self.stage = Stage::Done(Proof { handshake, egress, nonce, round_trip });
		}
	}
}

fn bytes_of(packet: WgKind) -> Vec<u8> {
	Packet::from(packet).to_vec()
}

fn after(now: Instant, time: Duration) -> Instant {
	now.checked_add(time).unwrap_or(now)
}

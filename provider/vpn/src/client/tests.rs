// SPDX-License-Identifier: Apache-2.0

//! Proofs against exits on real sockets, honest and hostile ones.

#![allow(clippy::arithmetic_side_effects)]

use super::*;
use gotatun::{
	noise::{Tunn, TunnResult, index_table::IndexTable, rate_limiter::RateLimiter},
	packet::{Packet, WgKind},
};
use std::sync::Arc;
use tokio::net::UdpSocket;

const PEER: [u8; 32] = [1; 32];
const EXIT: [u8; 32] = [2; 32];
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 2);

/// Conduct of an exit.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Conduct {
	/// Forwards in both directions.
	Honest,
	/// Asks for a cookie first.
	Busy,
	/// Shakes hands and forwards nothing.
	Idle,
	/// Forwards, but brings no answers back.
	OneWay,
	/// Sends the nonce with other bytes after the tag.
	Forger,
	/// Sends the answer before it was given one.
	Guesser,
	/// Answers with rubbish under its own address.
	Flood,
	/// Drops the first copy of everything.
	Lossy,
}

const SHORT: Duration = Duration::from_millis(700);
const LONG: Duration = Duration::from_secs(60);

/// Limits with much time for a stage that must succeed, on a machine that is busy with other tests.
fn limits() -> Limits {
	Limits { handshake: LONG, nonce: LONG, answer: LONG, resend: Duration::from_millis(100) }
}

/// Limits with little time for the stage at which this exit fails.
fn limits_of(conduct: Conduct) -> Limits {
	match conduct {
		Conduct::Honest | Conduct::Busy | Conduct::Lossy => limits(),
		Conduct::Idle | Conduct::Forger => Limits { nonce: SHORT, ..limits() },
		Conduct::OneWay | Conduct::Guesser => Limits { answer: SHORT, ..limits() },
		Conduct::Flood => Limits { handshake: SHORT, ..limits() },
	}
}

async fn socket() -> UdpSocket {
	UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

fn address_v4(socket: &UdpSocket) -> SocketAddrV4 {
	let SocketAddr::V4(address) = socket.local_addr().unwrap() else { panic!("IPv4") };
	address
}

/// Start an exit. Returns its endpoint and its address on the internet.
async fn exit(conduct: Conduct) -> (SocketAddr, SocketAddr) {
	// Two addresses of loopback, as an exit may leave by another than it is reached at.
	let internet = UdpSocket::bind("127.0.0.2:0").await.unwrap();
	let socket = socket().await;
	let addresses = (socket.local_addr().unwrap(), internet.local_addr().unwrap());
	tokio::spawn(serve(conduct, socket, internet));
	addresses
}

async fn serve(conduct: Conduct, socket: UdpSocket, internet: UdpSocket) {
	let (secret, peer) = (Secret::new(EXIT), Secret::new(PEER).public());
	let limit = if conduct == Conduct::Busy { 0 } else { 100 };
	let filter = Arc::new(RateLimiter::new(&secret.public().point(), limit));
	let table = IndexTable::from_os_rng();
	let mut tunnel =
		Tunn::new(secret.scalar(), peer.point(), None, None, table, Arc::clone(&filter));
	let (mut client, mut inside, mut seen) = (None, None, 0);
	let (mut bytes, mut back) = ([0; MAX_DATAGRAM], [0; MAX_DATAGRAM]);
	loop {
		tokio::select! {
			Ok((length, from)) = socket.recv_from(&mut bytes) => {
				client = Some(from);
				seen += 1;
				if conduct == Conduct::Flood {
					for kind in [1, 2, 3, 4, 9] {
						let rubbish = [[kind].as_slice(), &[0; 99]].concat();
						let _ = socket.send_to(&rubbish, from).await;
					}
					continue;
				}
				if conduct == Conduct::Lossy && (seen == 1 || seen == 3) {
					continue;
				}
				let packet = Packet::copy_from(&bytes[..length]);
				let result = match filter.verify_packet(from, packet) {
					Ok(packet) => tunnel.handle_incoming_packet(packet),
					Err(result) => result,
				};
				match result {
					TunnResult::WriteToNetwork(packet) => {
						socket.send_to(&Packet::from(packet), from).await.unwrap();
					},
					TunnResult::WriteToTunnel(packet) => {
						let Some((peer, to, payload)) = inner::parse(&packet) else { continue };
						inside = Some((peer, to));
						let mut payload = payload.to_vec();
						match conduct {
							Conduct::Idle => continue,
							Conduct::Forger => payload[20] ^= 1,
							Conduct::Guesser => {
								let packet = inner::build(to, peer, 1, &[0; 16]).unwrap();
								let packet = Packet::copy_from(packet.as_slice());
								let sealed = tunnel.handle_outgoing_packet(packet, None).unwrap();
								socket.send_to(&Packet::from(sealed), from).await.unwrap();
							},
							_ => {},
						}
						internet.send_to(&payload, SocketAddr::V4(to)).await.unwrap();
					},
					_ => {},
				}
			},
			Ok((length, _)) = internet.recv_from(&mut back) => {
				let (Some(client), Some((peer, to))) = (client, inside) else { continue };
				if matches!(conduct, Conduct::OneWay | Conduct::Guesser) {
					continue;
				}
				let packet = inner::build(to, peer, 1, &back[..length]).unwrap();
				let packet = Packet::copy_from(packet.as_slice());
				let sealed = tunnel.handle_outgoing_packet(packet, None);
				if let Some(sealed @ WgKind::Data(_)) = sealed {
					socket.send_to(&Packet::from(sealed), client).await.unwrap();
				}
			},
		}
	}
}

fn target(endpoint: SocketAddr, reflector: SocketAddrV4) -> Target {
	let exit = Secret::new(EXIT).public();
	Target { exit, endpoint, secret: Secret::new(PEER), address: ADDRESS, reflector }
}

/// Outcome at an exit, and its address on the internet.
async fn outcome(conduct: Conduct) -> (Result<Proof, Failure>, SocketAddr) {
	let (endpoint, egress) = exit(conduct).await;
	let mut own = socket().await;
	let reflector = address_v4(&own);
	(prove(&mut own, target(endpoint, reflector), limits_of(conduct)).await, egress)
}

#[tokio::test]
async fn an_honest_exit_is_proven_with_its_address() {
	for conduct in [Conduct::Honest, Conduct::Busy, Conduct::Lossy] {
		let (proof, egress) = outcome(conduct).await;
		let proof = proof.unwrap();
		assert_eq!(proof.egress, egress);
		assert!(proof.round_trip >= proof.nonce);
	}
}

#[tokio::test]
async fn an_exit_that_only_shakes_hands_is_found() {
	for conduct in [Conduct::Idle, Conduct::Forger] {
		let (proof, _) = outcome(conduct).await;
		assert!(matches!(proof, Err(Failure::NoNonce { .. })), "{proof:?}");
	}
}

#[tokio::test]
async fn an_exit_that_brings_nothing_back_is_found() {
	for conduct in [Conduct::OneWay, Conduct::Guesser] {
		let (proof, address) = outcome(conduct).await;
		let Err(Failure::NoAnswer { egress, .. }) = proof else { panic!("{proof:?}") };
		assert_eq!(egress, address);
	}
}

#[tokio::test]
async fn a_wrong_key_silence_and_a_flood_are_no_handshake() {
	let (proof, _) = outcome(Conduct::Flood).await;
	assert_eq!(proof, Err(Failure::NoHandshake));

	let limits = limits_of(Conduct::Flood);
	let mut own = socket().await;
	let silent = socket().await;
	let reflector = address_v4(&own);
	let asked = target(silent.local_addr().unwrap(), reflector);
	assert_eq!(prove(&mut own, asked, limits).await, Err(Failure::NoHandshake));

	let (endpoint, _) = exit(Conduct::Honest).await;
	let other = Target { exit: Secret::new([3; 32]).public(), ..target(endpoint, reflector) };
	assert_eq!(prove(&mut own, other, limits).await, Err(Failure::NoHandshake));
}

#[tokio::test]
async fn strangers_do_not_disturb_a_proof() {
	let (endpoint, egress) = exit(Conduct::Honest).await;
	let mut own = socket().await;
	let (reflector, stranger) = (address_v4(&own), socket().await);
	let flood = tokio::spawn(async move {
		loop {
			for kind in 0..6 {
				let _ = stranger.send_to(&[kind; 1_500], reflector).await;
			}
			tokio::task::yield_now().await;
		}
	});
	let proof = prove(&mut own, target(endpoint, reflector), limits()).await;
	flood.abort();
	assert_eq!(proof.unwrap().egress, egress);
}

#[tokio::test]
async fn proofs_share_one_socket() {
	let own = socket().await;
	let reflector = address_v4(&own);
	let hub = Hub::new(own, 3);
	let ask = async |conduct| {
		let (endpoint, egress) = exit(conduct).await;
		let target = target(endpoint, reflector);
		(hub.prove(target, limits_of(conduct), |_| true).await, egress)
	};
	let (good, idle, other) =
		tokio::join!(ask(Conduct::Honest), ask(Conduct::Idle), ask(Conduct::Honest));
	assert_eq!(good.0.unwrap().egress, good.1);
	assert_eq!(other.0.unwrap().egress, other.1);
	assert!(matches!(idle.0, Err(Failure::NoNonce { .. })));
}

#[tokio::test]
async fn proofs_at_once_are_bounded_and_leave_room_when_they_end() {
	let own = socket().await;
	let reflector = address_v4(&own);
	let hub = Hub::new(own, 1);
	let silent = socket().await;
	let far = silent.local_addr().unwrap();
	let ask = |endpoint, limits| hub.prove(target(endpoint, reflector), limits, |_| true);
	let (first, second) =
		tokio::join!(ask(far, limits_of(Conduct::Flood)), ask(far, limits_of(Conduct::Flood)));
	assert_eq!(first, Err(Failure::NoHandshake));
	assert!(matches!(second, Err(Failure::Local(_))), "{second:?}");
	let (endpoint, egress) = exit(Conduct::Honest).await;
	assert_eq!(ask(endpoint, limits()).await.unwrap().egress, egress);
}

#[tokio::test]
async fn no_datagram_is_sent_to_a_forbidden_address() {
	let own = socket().await;
	let reflector = address_v4(&own);
	let hub = Hub::new(own, 1);
	let (endpoint, egress) = exit(Conduct::Honest).await;
	let proof =
		hub.prove(target(endpoint, reflector), limits(), move |to| to == endpoint.ip()).await;
	assert_eq!(proof, Err(Failure::Forbidden(egress.ip())));
	let proof = hub.prove(target(endpoint, reflector), limits(), |_| false).await;
	assert_eq!(proof, Err(Failure::Forbidden(endpoint.ip())));
}

#[tokio::test]
async fn nothing_is_known_if_nothing_was_sent() {
	let mut own = socket().await;
	let reflector = address_v4(&own);
	// A socket on loopback reaches no other network.
	let far = "93.184.216.34:9".parse().unwrap();
	let proof = prove(&mut own, target(far, reflector), limits_of(Conduct::Flood)).await;
	assert!(matches!(proof, Err(Failure::Local(_))), "{proof:?}");
}

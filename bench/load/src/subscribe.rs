// SPDX-License-Identifier: Apache-2.0

//! WebSocket subscribers of new heads. Each checks that it gets every block once and in order.

use crate::{
	args::{Res, SubscribeArgs},
	chain::{self, Chain, hash},
	http::{self, split_url},
	poll::Poll,
	report::{histogram, nanos, percentiles, print_latency},
	websocket::{self, KEY, Kind, derive_accept_key, handshake},
};
use hdrhistogram::Histogram;
use serde::Deserialize;
use serde_json::json;
use std::{
	collections::BTreeMap,
	io::{self, Read, Write},
	net::{SocketAddr, TcpStream, ToSocketAddrs},
	time::{Duration, Instant},
};

/// Bytes that one read takes at most.
const READ: usize = 256 << 10;
/// Longest incomplete message that is kept, in bytes.
const MAX_INPUT: usize = 1 << 20;
/// Request of a subscription.
const SUBSCRIBE: &[u8] =
	br#"{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}"#;

/// Progress of a subscriber.
enum Phase {
	/// The handshake was sent.
	Handshake,
	/// The subscription was asked for.
	Asked,
	/// Blocks arrive.
	Subscribed { id: String, last: Option<u64> },
}

/// One subscriber.
struct Subscriber {
	stream: TcpStream,
	input: Vec<u8>,
	phase: Phase,
}

/// Message of the server.
#[derive(Deserialize)]
struct Message<'a> {
	#[serde(borrow)]
	result: Option<&'a str>,
	#[serde(borrow)]
	params: Option<Notification<'a>>,
}

/// Notification of a subscription.
#[derive(Deserialize)]
struct Notification<'a> {
	#[serde(borrow)]
	subscription: &'a str,
	#[serde(borrow)]
	result: Header<'a>,
}

/// Header of a block.
#[derive(Deserialize)]
struct Header<'a> {
	number: &'a str,
	hash: &'a str,
}

/// Counts of all subscribers.
struct Counts {
	subscribed: usize,
	notifications: u64,
	faults: BTreeMap<&'static str, u64>,
	/// Time from that of the block until the notification.
	delay: Histogram<u64>,
	measuring: bool,
}

impl Counts {
	fn fault(&mut self, name: &'static str) {
		*self.faults.entry(name).or_default() += 1;
	}
}

/// Connect all subscribers, measure, and print the report.
pub fn run(args: SubscribeArgs) -> Res<()> {
	let (host, path) = split_url(&args.url)?;
	let to = host.to_socket_addrs()?.next().ok_or("the host has no address")?;
	let hello = handshake(&host, &path, &args.headers);
	let chain = args.chain.chain();
	let mut poll = Poll::new()?;
	let mut counts = Counts {
		subscribed: 0,
		notifications: 0,
		faults: BTreeMap::new(),
		delay: histogram(3)?,
		measuring: false,
	};
	let mut subscribers: Vec<Option<Subscriber>> = Vec::with_capacity(args.connections);
	let mut failed = 0;
	let mut ready = Vec::new();
	let mut scratch = vec![0; READ];
	let start = Instant::now();
	let mut end = start + args.connect_within;
	let mut connected_in = None;
	while Instant::now() < end {
		if connected_in.is_none() {
			let open = subscribers.len() - failed - counts.subscribed;
			if subscribers.len() < args.connections && open < args.handshakes {
				let slot = subscribers.len();
				let subscriber = connect(to, &hello, &poll, slot as u64);
				if let Err(error) = &subscriber {
					eprintln!("subscriber {slot}: {error}");
					counts.fault("no connection");
					failed += 1;
				}
				subscribers.push(subscriber.ok());
			} else if counts.subscribed + failed >= args.connections {
				connected_in = Some(start.elapsed());
				counts.measuring = true;
				end = Instant::now() + args.time;
			}
		}
		let busy = connected_in.is_none() && subscribers.len() < args.connections;
		let until = if busy { Instant::now() + Duration::from_micros(50) } else { end };
		poll.wait(Some(until), &mut ready)?;
		for event in &ready {
			let slot = event.token as usize;
			let Some(subscriber) = &mut subscribers[slot] else { continue };
			if let Err(fault) = subscriber.read(&mut scratch, &chain, &mut counts) {
				counts.fault(fault);
				failed += 1;
				if matches!(subscriber.phase, Phase::Subscribed { .. }) {
					counts.subscribed -= 1;
				}
				subscribers[slot] = None;
			}
		}
	}
	print(&args, &counts, connected_in);
	Ok(())
}

/// Open a connection and send its handshake.
fn connect(to: SocketAddr, hello: &str, poll: &Poll, token: u64) -> io::Result<Subscriber> {
	let mut stream = TcpStream::connect_timeout(&to, Duration::from_secs(5))?;
	stream.set_nodelay(true)?;
	stream.write_all(hello.as_bytes())?;
	stream.set_nonblocking(true)?;
	poll.add(&stream, token)?;
	Ok(Subscriber { stream, input: Vec::new(), phase: Phase::Handshake })
}

impl Subscriber {
	/// Read once, and handle the messages that are complete.
	fn read(
		&mut self,
		scratch: &mut [u8],
		chain: &Chain,
		counts: &mut Counts,
	) -> Result<(), &'static str> {
		match self.stream.read(scratch) {
			Ok(0) => return Err("closed by the server"),
			Ok(length) => self.input.extend_from_slice(&scratch[..length]),
			Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
			Err(_) => return Err("connection reset"),
		}
		let mut input = std::mem::take(&mut self.input);
		let mut from = 0;
		if matches!(self.phase, Phase::Handshake) {
			match http::response(&input, false).map_err(|_| "no HTTP")? {
				Some(answer) if answer.status == 101 => {
					if answer.websocket != Some(&derive_accept_key(KEY.as_bytes())) {
						return Err("wrong handshake");
					}
					from = answer.length;
					self.phase = Phase::Asked;
					self.send(Kind::Text, SUBSCRIBE)?;
				},
				Some(_) => return Err("handshake refused"),
				None => (),
			}
		}
		while !matches!(self.phase, Phase::Handshake) {
			let frame = websocket::read(&mut input, from).map_err(|_| "no frame")?;
			let Some(frame) = frame else { break };
			let payload = &input[frame.payload];
			match frame.kind {
				Kind::Text => self.message(payload, chain, counts)?,
				Kind::Ping => self.send(Kind::Pong, payload)?,
				Kind::Pong => (),
				Kind::Close => return Err("closed by the server"),
			}
			from = frame.end;
		}
		input.drain(..from);
		if input.len() > MAX_INPUT {
			return Err("message too long");
		}
		// 10,000 buffers are kept small.
		if input.is_empty() {
			input = Vec::new();
		}
		self.input = input;
		Ok(())
	}

	/// Send a short message. The socket has room for it.
	fn send(&mut self, kind: Kind, payload: &[u8]) -> Result<(), &'static str> {
		let mut bytes = Vec::new();
		websocket::write(&mut bytes, kind, payload, true);
		self.stream.write_all(&bytes).map_err(|_| "cannot write")
	}

	/// Check a message.
	fn message(
		&mut self,
		payload: &[u8],
		chain: &Chain,
		counts: &mut Counts,
	) -> Result<(), &'static str> {
		let message: Message<'_> = serde_json::from_slice(payload).map_err(|_| "no JSON-RPC")?;
		match (&mut self.phase, message) {
			(Phase::Asked, Message { result: Some(id), .. }) => {
				self.phase = Phase::Subscribed { id: id.to_string(), last: None };
				counts.subscribed += 1;
				Ok(())
			},
			(Phase::Asked, _) => Err("subscription refused"),
			(Phase::Subscribed { id, last }, Message { params: Some(notification), .. }) => {
				let now = chain::now();
				let Notification { subscription, result: Header { number, hash: named } } =
					notification;
				if subscription != id {
					return Err("another subscription");
				}
				let digits = number.strip_prefix("0x").ok_or("no number")?;
				let number = u64::from_str_radix(digits, 16).map_err(|_| "no number")?;
				if number > chain.head(now) {
					counts.fault("head ahead of the chain");
				} else if named != hash(number) {
					counts.fault("wrong hash");
				}
				match *last {
					Some(last) if number <= last => counts.fault("a block twice or out of order"),
					Some(last) if number > last + 1 => counts.fault("blocks left out"),
					_ => (),
				}
				*last = Some(number);
				if counts.measuring {
					counts.notifications += 1;
					let delay = now.saturating_sub(chain.time_of(number));
					counts.delay.saturating_record(nanos(delay));
				}
				Ok(())
			},
			_ => Err("unexpected message"),
		}
	}
}

fn print(args: &SubscribeArgs, counts: &Counts, connected_in: Option<Duration>) {
	if args.json {
		let report = json!({
			"wanted": args.connections,
			"subscribed": counts.subscribed,
			"connectedIn": connected_in.map(|time| time.as_secs_f64()),
			"notifications": counts.notifications,
			"delay": percentiles(&counts.delay),
			"faults": counts.faults,
		});
		println!("{report}");
		return;
	}
	println!("  subscribed {} of {}", counts.subscribed, args.connections);
	match connected_in {
		Some(time) => println!("  connected  in {:.1} s", time.as_secs_f64()),
		None => println!("  connected  not all within {:?}", args.connect_within),
	}
	println!("  notified   {}", counts.notifications);
	print_latency(&counts.delay);
	for (fault, count) in &counts.faults {
		println!("  failed     {count} x {fault}");
	}
}

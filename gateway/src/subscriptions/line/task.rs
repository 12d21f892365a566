// SPDX-License-Identifier: Apache-2.0

//! Task of a line: requests out, answers and notifications in.

use super::{Command, LineFault, LineSettings, Link, Network, Receivers, State};
use crate::{
	rpc::{Block, request},
	subscriptions::{
		block::Head,
		inbox::Inbox,
		source::{Answer, Observer, Socket},
	},
	websocket::{
		Incoming,
		clock::{Instant, Ticker, timeout},
		methods::Family,
	},
};
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use std::{collections::HashMap, rc::Rc, sync::Arc, time::Duration};
use surety_primitives::Protocol;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// Time for a request to leave.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Calls without an answer.
const MAX_PENDING: usize = 4_096;
/// Notifications kept for a subscription whose id is not known yet.
const MAX_ORPHANS: usize = 64;
/// Token of the line's own subscription.
const OWN: u64 = u64::MAX;

type Beginning = oneshot::Sender<Answer>;

/// Subscription of the upstream.
struct Upstream {
	family: Family,
	params: Bytes,
	/// Id of the upstream as raw JSON; `None` until it has answered.
	id: Option<Bytes>,
	receivers: Receivers,
	/// Callers that wait for the answer.
	beginning: Vec<(u64, Beginning)>,
}

enum Pending {
	Call(oneshot::Sender<Answer>),
	/// Key of the subscription.
	Begin(u64),
	/// Nobody waits.
	Ignored,
}

/// State of the task.
pub struct Task {
	socket: Box<dyn Socket>,
	observer: Rc<dyn Observer>,
	network: Arc<Network>,
	settings: LineSettings,
	state: Rc<State>,
	next_id: u64,
	pending: HashMap<u64, (Pending, Instant)>,
	upstreams: HashMap<u64, Upstream>,
	orphans: Vec<(Bytes, Bytes)>,
	heads: Rc<Inbox>,
	last: Option<Block>,
	highest: Option<u64>,
	block_at: Instant,
	heard: Instant,
	/// Notifications and bytes in this second.
	second: (u32, usize),
}

type Outcome = Result<(), LineFault>;

impl Task {
	pub fn new(
		link: Link,
		network: Arc<Network>,
		settings: LineSettings,
		state: Rc<State>,
	) -> Self {
		let now = Instant::now();
		Self {
			socket: link.socket,
			observer: link.observer,
			network,
			settings,
			state,
			next_id: 1,
			pending: HashMap::new(),
			upstreams: HashMap::new(),
			orphans: Vec::new(),
			heads: Inbox::new(),
			last: None,
			highest: None,
			block_at: now,
			heard: now,
			second: (0, 0),
		}
	}

	/// Runs until the line is over or has no users.
	pub async fn run(mut self, commands: mpsc::UnboundedReceiver<Command>, watch_heads: bool) {
		let fault = self.serve(commands, watch_heads).await;
		if let Err(fault) = fault {
			self.state.fault.set(Some(fault));
			self.observer.failed(fault);
			tracing::debug!(network = %self.network.name, %fault, "upstream of subscriptions left");
		} else {
			self.state.fault.set(Some(LineFault::Closed));
		}
		let fault = self.state.fault.get().unwrap_or(LineFault::Closed);
		for upstream in self.upstreams.values() {
			for (_, _, inbox) in upstream.receivers.borrow().iter() {
				inbox.close(fault);
			}
		}
		for (pending, since) in self.pending.values() {
			if !matches!(pending, Pending::Ignored) {
				self.observer.answered(None, since.elapsed());
			}
		}
		self.pending.clear();
		self.upstreams.clear();
		let _ = timeout(Duration::from_secs(1), self.socket.close()).await;
	}

	async fn serve(
		&mut self,
		mut commands: mpsc::UnboundedReceiver<Command>,
		watch_heads: bool,
	) -> Outcome {
		let mut tick = Ticker::new(Duration::from_secs(1));
		let mut pinged = Instant::now();
		if watch_heads {
			let (family, params) = heads(self.network.protocol);
			let inbox = self.heads.clone();
			let (answer, _) = oneshot::channel();
			let begin =
				Command::Begin { family, params, token: OWN, tag: 0, inbox, share: true, answer };
			self.command(begin).await?;
		}
		loop {
			tokio::select! {
				command = commands.recv() => match command {
					Some(command) => self.command(command).await?,
					None => return Ok(()),
				},
				message = self.socket.next() => {
					let Some(Ok(message)) = message else { return Err(LineFault::Closed) };
					self.heard = Instant::now();
					match message {
						Message::Text(text) => self.message(text.into())?,
						// Subscribers get text, and one that is none would end their connections.
						Message::Binary(bytes) if std::str::from_utf8(&bytes).is_err() => {
							return Err(LineFault::Malformed);
						},
						Message::Binary(bytes) => self.message(bytes)?,
						Message::Close(_) => return Err(LineFault::Closed),
						Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {
							self.count(0)?;
						},
					}
				},
				head = self.heads.next() => self.head(head?.1)?,
				() = tick.tick() => {
					self.second = (0, 0);
					self.watch(watch_heads)?;
					self.end_unused().await?;
					if pinged.elapsed() >= self.settings.ping_interval {
						pinged = Instant::now();
						self.send(Message::Ping(Bytes::new())).await?;
					}
				},
			}
		}
	}

	fn watch(&mut self, watch_heads: bool) -> Outcome {
		if self.heard.elapsed() > self.settings.silence {
			return Err(LineFault::Silent);
		}
		let limit = self
			.network
			.block_time
			.get()
			.map(|time| time.saturating_mul(self.settings.stuck_after));
		if watch_heads && limit.is_some_and(|limit| self.block_at.elapsed() > limit) {
			return Err(LineFault::Stuck);
		}
		// A caller that gave up leaves an entry until the answer comes, if it ever does.
		let timeout = self.settings.answer_timeout;
		let observer = &self.observer;
		let mut unanswered = false;
		self.pending.retain(|_, (pending, since)| {
			let late = since.elapsed() > timeout;
			if late && !matches!(pending, Pending::Ignored) {
				observer.answered(None, since.elapsed());
				unanswered |= matches!(pending, Pending::Begin(_));
			}
			!late
		});
		if unanswered { Err(LineFault::Unanswered) } else { Ok(()) }
	}

	async fn send(&mut self, message: Message) -> Outcome {
		match timeout(SEND_TIMEOUT, self.socket.send(message)).await {
			Ok(Ok(())) => Ok(()),
			Ok(Err(_)) => Err(LineFault::Closed),
			Err(_) => Err(LineFault::Stalled),
		}
	}

	async fn request(&mut self, method: &str, params: &[u8], pending: Pending) -> Outcome {
		if self.pending.len() >= MAX_PENDING {
			return Err(LineFault::Unanswered);
		}
		let id = self.next_id;
		self.next_id = id.wrapping_add(1);
		let text = request(id.to_string().as_bytes(), method, params);
		let text = Utf8Bytes::try_from(text).map_err(|_| LineFault::Malformed)?;
		self.pending.insert(id, (pending, Instant::now()));
		self.send(Message::Text(text)).await
	}

	async fn command(&mut self, command: Command) -> Outcome {
		match command {
			Command::Call { method, params, answer } => {
				self.request(&method, &params, Pending::Call(answer)).await
			},
			Command::Begin { family, params, token, tag, inbox, share, answer } => {
				let known = self.upstreams.values_mut().find(|upstream| {
					share && upstream.family == family && upstream.params == params
				});
				if let Some(upstream) = known {
					upstream.receivers.borrow_mut().push((token, tag, inbox));
					match &upstream.id {
						Some(id) => {
							let _ = answer.send(Ok(id.clone()));
						},
						None => upstream.beginning.push((token, answer)),
					}
					return Ok(());
				}
				let receivers = Receivers::new(vec![(token, tag, inbox)]);
				let beginning = vec![(token, answer)];
				let key = self.next_id;
				let upstream =
					Upstream { family, params: params.clone(), id: None, receivers, beginning };
				self.upstreams.insert(key, upstream);
				self.count_subscriptions();
				self.request(family.begin(), &params, Pending::Begin(key)).await
			},
			Command::End { token } => self.end(token).await,
			Command::Close(fault) => Err(fault),
		}
	}

	async fn end(&mut self, token: u64) -> Outcome {
		for upstream in self.upstreams.values_mut() {
			upstream.receivers.borrow_mut().retain(|(known, ..)| *known != token);
			upstream.beginning.retain(|(known, _)| *known != token);
		}
		self.end_unused().await
	}

	/// Ends subscriptions without receivers. One that the upstream has not answered yet waits.
	async fn end_unused(&mut self) -> Outcome {
		let unused: Vec<u64> = self
			.upstreams
			.iter()
			.filter(|(_, upstream)| upstream.receivers.borrow().is_empty() && upstream.id.is_some())
			.map(|(key, _)| *key)
			.collect();
		for key in unused {
			let Some(upstream) = self.upstreams.remove(&key) else { continue };
			self.count_subscriptions();
			let Some(id) = upstream.id else { continue };
			let params = [b"[", &id[..], b"]"].concat();
			self.request(upstream.family.end(), &params, Pending::Ignored).await?;
		}
		Ok(())
	}

	fn count_subscriptions(&self) {
		self.state.subscriptions.set(self.upstreams.len());
	}

	/// Counts a frame against the limits of a second.
	fn count(&mut self, bytes: usize) -> Outcome {
		self.second.0 = self.second.0.saturating_add(1);
		self.second.1 = self.second.1.saturating_add(bytes);
		let flood = self.second.0 > self.settings.max_notifications
			|| self.second.1 > self.settings.max_bytes;
		if flood { Err(LineFault::Flood) } else { Ok(()) }
	}

	fn message(&mut self, text: Bytes) -> Outcome {
		self.count(text.len())?;
		match Incoming::read(&text).ok_or(LineFault::Malformed)? {
			Incoming::Answer { id, result } => {
				let id = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok());
				let Some((pending, since)) = id.and_then(|id: u64| self.pending.remove(&id)) else {
					return Ok(());
				};
				self.observer.answered(Some(&text), since.elapsed());
				let answer = match result {
					Ok(result) => Ok(text.slice_ref(result)),
					Err(error) => Err(text.slice_ref(error)),
				};
				self.answer(pending, answer)
			},
			Incoming::Notification { subscription, result } => {
				self.observer.notified(text.len());
				if result.is_empty() {
					return Ok(());
				}
				let (subscription, result) = (text.slice_ref(subscription), text.slice_ref(result));
				self.notify(subscription, result);
				Ok(())
			},
			Incoming::Other => Ok(()),
		}
	}

	fn answer(&mut self, pending: Pending, answer: Answer) -> Outcome {
		match pending {
			Pending::Call(caller) => {
				let _ = caller.send(answer);
			},
			Pending::Ignored => {},
			Pending::Begin(key) => match answer {
				Ok(id) => self.begun(key, id),
				Err(error) => {
					let Some(upstream) = self.upstreams.remove(&key) else { return Ok(()) };
					self.count_subscriptions();
					if upstream.receivers.borrow().iter().any(|(token, ..)| *token == OWN) {
						// Without heads there is no subscription that could be resumed.
						return Err(LineFault::Unanswered);
					}
					for (_, waiting) in upstream.beginning {
						let _ = waiting.send(Err(error.clone()));
					}
				},
			},
		}
		Ok(())
	}

	fn begun(&mut self, key: u64, id: Bytes) {
		let Some(upstream) = self.upstreams.get_mut(&key) else { return };
		upstream.id = Some(id.clone());
		for (_, waiting) in upstream.beginning.drain(..) {
			let _ = waiting.send(Ok(id.clone()));
		}
		// Some servers send the first event in front of the answer.
		for (subscription, event) in std::mem::take(&mut self.orphans) {
			if subscription == id {
				deliver(&upstream.receivers, &event);
			}
		}
	}

	fn notify(&mut self, subscription: Bytes, event: Bytes) {
		let known =
			self.upstreams.values().find(|upstream| upstream.id.as_ref() == Some(&subscription));
		match known {
			Some(upstream) => deliver(&upstream.receivers, &event),
			None => {
				let beginning = self.upstreams.values().any(|upstream| upstream.id.is_none());
				if beginning && self.orphans.len() < MAX_ORPHANS {
					self.orphans.push((subscription, event));
				}
			},
		}
	}

	fn head(&mut self, body: Bytes) -> Outcome {
		let head = match self.network.protocol {
			Protocol::Ethereum => Head::ethereum(body),
			Protocol::Substrate => Head::substrate(body),
		};
		let block = head.ok_or(LineFault::Malformed)?.block;
		if !self.observer.head(block.number) {
			return Err(LineFault::Implausible);
		}
		let follows = self.last.is_some_and(|last| {
			last.hash == block.parent && last.number.checked_add(1) == Some(block.number)
		});
		let reached = self.state.consecutive.get();
		if follows || reached == 0 {
			self.state.consecutive.set(reached.saturating_add(1));
		} else if reached < self.settings.proven_after {
			self.state.consecutive.set(1);
		}
		self.last = Some(block);
		if self.highest.is_none_or(|highest| block.number > highest) {
			self.highest = Some(block.number);
			self.block_at = Instant::now();
		}
		Ok(())
	}
}

fn deliver(receivers: &Receivers, event: &Bytes) {
	for (_, tag, inbox) in receivers.borrow().iter() {
		inbox.push(*tag, event.clone());
	}
}

/// Subscription to the best heads of a protocol.
pub fn heads(protocol: Protocol) -> (Family, Bytes) {
	match protocol {
		Protocol::Ethereum => (Family::Ethereum, Bytes::from_static(br#"["newHeads"]"#)),
		Protocol::Substrate => (Family::NewHeads, Bytes::from_static(b"[]")),
	}
}

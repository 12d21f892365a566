// SPDX-License-Identifier: Apache-2.0

//! Connection to one upstream, shared by subscriptions and the calls that belong to them.
//!
//! A line watches the heads of its upstream itself: it is proven after three consecutive blocks,
//! and over when no block comes for five times the time between blocks.

mod task;

pub use task::heads;

use super::{
	inbox::Inbox,
	source::{Answer, Candidate, LineFault, Link},
	topic::Network,
};
use crate::websocket::{clock::timeout, methods::Family};
use bytes::Bytes;
use std::{
	borrow::Cow,
	cell::{Cell, RefCell},
	rc::Rc,
	sync::Arc,
	time::Duration,
};
use tokio::sync::{mpsc, oneshot};

/// Settings of lines.
#[derive(Clone, Debug)]
pub struct LineSettings {
	/// Time for an answer.
	pub answer_timeout: Duration,
	/// Time between pings.
	pub ping_interval: Duration,
	/// Time without a sign of life after which the connection is over.
	pub silence: Duration,
	/// Times between blocks without a new one after which the connection is over.
	pub stuck_after: u32,
	/// Consecutive blocks that prove an upstream.
	pub proven_after: u32,
	/// Notifications in a second.
	pub max_notifications: u32,
	/// Bytes of messages in a second.
	pub max_bytes: usize,
}

impl Default for LineSettings {
	fn default() -> Self {
		Self {
			answer_timeout: Duration::from_secs(10),
			ping_interval: Duration::from_secs(15),
			silence: Duration::from_secs(40),
			stuck_after: 5,
			proven_after: 3,
			max_notifications: 20_000,
			max_bytes: 64 << 20,
		}
	}
}

enum Command {
	Call {
		method: Cow<'static, str>,
		params: Bytes,
		answer: oneshot::Sender<Answer>,
	},
	Begin {
		family: Family,
		params: Bytes,
		token: u64,
		tag: u8,
		inbox: Rc<Inbox>,
		/// Receive the events of an equal subscription that exists.
		share: bool,
		answer: oneshot::Sender<Answer>,
	},
	End {
		token: u64,
	},
	/// Waits until everything that was sent before is handled.
	Close(LineFault),
}

/// State that the line's task keeps for its users.
#[derive(Default)]
struct State {
	fault: Cell<Option<LineFault>>,
	/// Consecutive blocks seen.
	consecutive: Cell<u32>,
	/// Subscriptions on the connection.
	subscriptions: Cell<usize>,
	tokens: Cell<u64>,
}

/// Connection to one upstream.
pub struct Line {
	/// The upstream.
	pub candidate: Candidate,
	network: Arc<Network>,
	settings: LineSettings,
	commands: mpsc::UnboundedSender<Command>,
	state: Rc<State>,
}

/// Subscription on a line. Dropping it ends it.
pub struct Subscription {
	/// Id of the upstream as raw JSON.
	pub id: Bytes,
	token: u64,
	commands: mpsc::UnboundedSender<Command>,
}

impl Drop for Subscription {
	fn drop(&mut self) {
		// The line may be over: then there is nothing to end.
		let _ = self.commands.send(Command::End { token: self.token });
	}
}

/// Reason why a subscription did not begin.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum BeginError {
	/// The upstream answered with this error object.
	Refused(Bytes),
	/// The line is over.
	Line(LineFault),
}

impl Line {
	/// Line over a new connection, served by a local task.
	///
	/// - `watch_heads`: prove the upstream by its heads, and leave it when they cease.
	pub fn open(
		link: Link,
		candidate: Candidate,
		network: Arc<Network>,
		settings: LineSettings,
		watch_heads: bool,
	) -> Rc<Self> {
		let (commands, received) = mpsc::unbounded_channel();
		let state = Rc::new(State::default());
		let task = task::Task::new(link, network.clone(), settings.clone(), state.clone());
		tokio::task::spawn_local(task.run(received, watch_heads));
		Rc::new(Self { candidate, network, settings, commands, state })
	}

	/// Network of the upstream.
	pub fn network(&self) -> &Arc<Network> {
		&self.network
	}

	/// Reason why the line is over, if it is.
	pub fn fault(&self) -> Option<LineFault> {
		self.state.fault.get()
	}

	/// True if the upstream sent enough consecutive blocks.
	pub fn is_proven(&self) -> bool {
		self.state.consecutive.get() >= self.settings.proven_after
	}

	/// Subscriptions on the connection.
	pub fn subscriptions(&self) -> usize {
		self.state.subscriptions.get()
	}

	/// Ends the line because of a fault that a user found.
	pub fn close(&self, fault: LineFault) {
		let _ = self.commands.send(Command::Close(fault));
	}

	/// Calls a method.
	///
	/// Errors: the line is over, or the upstream does not answer.
	pub async fn call(
		&self,
		method: impl Into<Cow<'static, str>>,
		params: impl Into<Bytes>,
	) -> Result<Answer, LineFault> {
		let (answer, answered) = oneshot::channel();
		let command = Command::Call { method: method.into(), params: params.into(), answer };
		self.exchange(command, answered).await
	}

	/// Begins a subscription whose events go into an inbox under a tag.
	///
	/// - `share`: receive the events of an equal subscription, if there is one, from now on.
	///
	/// Errors: [`BeginError`].
	pub async fn begin(
		&self,
		family: Family,
		params: Bytes,
		tag: u8,
		inbox: Rc<Inbox>,
		share: bool,
	) -> Result<Subscription, BeginError> {
		let token = self.state.tokens.get();
		self.state.tokens.set(token.wrapping_add(1));
		let (answer, answered) = oneshot::channel();
		let command = Command::Begin { family, params, token, tag, inbox, share, answer };
		// Made first: a caller that gives up ends what it began.
		let commands = self.commands.clone();
		let mut subscription = Subscription { id: Bytes::new(), token, commands };
		match self.exchange(command, answered).await {
			Ok(Ok(id)) => {
				subscription.id = id;
				Ok(subscription)
			},
			Ok(Err(error)) => Err(BeginError::Refused(error)),
			Err(fault) => Err(BeginError::Line(fault)),
		}
	}

	async fn exchange<T>(
		&self,
		command: Command,
		answered: oneshot::Receiver<T>,
	) -> Result<T, LineFault> {
		let over = || self.fault().unwrap_or(LineFault::Closed);
		self.commands.send(command).map_err(|_| over())?;
		match timeout(self.settings.answer_timeout, answered).await {
			Ok(Ok(answer)) => Ok(answer),
			Ok(Err(_)) => Err(over()),
			Err(_) => Err(LineFault::Unanswered),
		}
	}
}

/// Receivers of one subscription of the upstream.
type Receivers = RefCell<Vec<(u64, u8, Rc<Inbox>)>>;

// SPDX-License-Identifier: Apache-2.0

//! Upstreams of subscriptions, as the role provides them.

use bytes::Bytes;
use futures::{Sink, Stream};
use std::{fmt, future::Future, rc::Rc, sync::Arc, time::Duration};
use tokio_tungstenite::tungstenite::{Error, Message};

/// Connection to a server, on which WebSocket messages are exchanged.
pub trait Socket:
	Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin
{
}

impl<T> Socket for T where
	T: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin
{
}

/// Service that can be an upstream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Candidate {
	/// The service, by its id on the chain.
	pub service: Arc<str>,
	/// Its operator: a failover goes to another one if it can.
	pub operator: Arc<str>,
	/// Subscriptions that the agreement covers on one connection.
	pub max_subscriptions: usize,
}

/// Counting of a connection, and judgement of what it says.
pub trait Observer {
	/// The upstream announced a head. False if that cannot be: the upstream is left.
	fn head(&self, number: u64) -> bool;

	/// A call was answered, or lost: `None` without an answer.
	fn answered(&self, answer: Option<&[u8]>, latency: Duration);

	/// A notification arrived.
	fn notified(&self, bytes: usize);

	/// The connection is over, for a reason that is the upstream's.
	fn failed(&self, fault: LineFault);
}

/// Connection with its observer.
pub struct Link {
	/// The connection.
	pub socket: Box<dyn Socket>,
	/// Its observer.
	pub observer: Rc<dyn Observer>,
}

/// Reason why a connection to an upstream could not be made, in words for logs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConnectFault(pub String);

impl fmt::Display for ConnectFault {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.0)
	}
}

impl std::error::Error for ConnectFault {}

/// Upstreams of all networks.
pub trait Sources: Send + Sync + 'static {
	/// Services of a network that may be used now, the preferred one first.
	fn candidates(&self, network: &str) -> Vec<Candidate>;

	/// Connects to a service.
	///
	/// Errors: there is no connection; bounded in time.
	fn connect(
		&self,
		network: &str,
		candidate: &Candidate,
	) -> impl Future<Output = Result<Link, ConnectFault>>;
}

/// Reason why a connection to an upstream is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LineFault {
	/// The upstream closed, or the connection broke.
	Closed,
	/// No sign of life.
	Silent,
	/// No new block for several times the time between blocks.
	Stuck,
	/// The upstream did not take what was sent to it.
	Stalled,
	/// More notifications than any chain has.
	Flood,
	/// A message that is no answer and no notification, or a head that is none.
	Malformed,
	/// A head that cannot be.
	Implausible,
	/// A call that every upstream answers was not answered, or with an error.
	Unanswered,
	/// The upstream contradicts what clients have seen.
	Contradiction,
}

impl fmt::Display for LineFault {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Closed => "closed",
			Self::Silent => "no sign of life",
			Self::Stuck => "no new block",
			Self::Stalled => "takes no requests",
			Self::Flood => "flood of notifications",
			Self::Malformed => "malformed message",
			Self::Implausible => "implausible head",
			Self::Unanswered => "a call was not answered",
			Self::Contradiction => "contradicts what was sent before",
		})
	}
}

/// Answer to a call: result or error object as raw JSON.
pub type Answer = Result<Bytes, Bytes>;

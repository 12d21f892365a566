// SPDX-License-Identifier: Apache-2.0

//! Interfaces of the role to access control and to observers.

use super::upstreams::Member;
use crate::{
	front::Peer,
	routing::SessionKey,
	rpc::Failure,
	websocket::Quota,
};
use http::HeaderMap;
use std::{
	any::Any,
	hash::{BuildHasher, RandomState},
	sync::Arc,
	time::Duration,
};
use surety_primitives::AgreementId;

/// Use that a client asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Use<'a> {
	/// JSON-RPC of a network.
	Network(&'a str),
	/// OpenAI's API.
	Models,
	/// A single service.
	Service(surety_primitives::ServiceId),
}

/// Client that was let in.
#[derive(Clone)]
pub struct Client {
	/// Session: the same for all requests of a client.
	pub session: SessionKey,
	/// Data that [`Access`] keeps for [`Access::charge`].
	pub grant: Option<Arc<dyn Any + Send + Sync>>,
}

/// Access control.
pub trait Access: Send + Sync {
	/// Let a client in.
	///
	/// - `key`: key of the path `/k/KEY/..`. Keys in `Authorization` and `X-Api-Key` are in
	///   `headers`.
	///
	/// Errors: [`Failure::Unauthorized`], [`Failure::Forbidden`], [`Failure::RateLimited`].
	fn admit(
		&self,
		peer: &Peer,
		headers: &HeaderMap,
		key: Option<&str>,
		used: Use<'_>,
	) -> Result<Client, Failure>;

	/// Count a call of a client; `method` is empty for plain HTTP.
	///
	/// Errors: [`Failure::RateLimited`], [`Failure::Forbidden`] if the key does not allow the
	/// method.
	fn charge(&self, client: &Client, method: &str, weight: u16) -> Result<(), Failure>;

	/// Count the bytes of an answer to a client.
	fn sent(&self, client: &Client, bytes: u64) {
		let _ = (client, bytes);
	}

	/// Subscriptions that a client may have at a time, over all its connections. `None`: no bound.
	fn subscriptions(&self, client: &Client) -> Option<Arc<Quota>> {
		let _ = client;
		None
	}

	/// False once a client must not be served any more: its key was removed or changed, or has
	/// expired.
	fn is_alive(&self, client: &Client) -> bool {
		let _ = client;
		true
	}

	/// True if a header carries a key of ours, which no operator may see.
	fn is_key(&self, value: &str) -> bool {
		let _ = value;
		false
	}
}

/// Everyone is let in, without limits. A session is an address.
#[derive(Debug, Default)]
pub struct OpenAccess(RandomState);

impl Access for OpenAccess {
	fn admit(
		&self,
		peer: &Peer,
		_: &HeaderMap,
		_: Option<&str>,
		_: Use<'_>,
	) -> Result<Client, Failure> {
		let session = self.0.hash_one(peer.address.ip());
		Ok(Client { session, grant: None })
	}

	fn charge(&self, _: &Client, _: &str, _: u16) -> Result<(), Failure> {
		Ok(())
	}
}

/// End of a request to a service, as usage statements count it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Served {
	/// The service answered; errors of the caller's making are answers.
	Ok {
		/// Later than the terms promise.
		slow: bool,
	},
	/// No answer, or an error of the service.
	Lost,
	/// Given up by us before the answer. A request, neither answered nor lost.
	Cancelled,
}

/// Observer of what is served: usage statements and metrics.
pub trait Observer: Send + Sync {
	/// A request to a service ended. Retries, hedges, copies and health requests are requests.
	///
	/// - `agreement`: the one that pays.
	/// - `latency`: time to the answer, or to the end without one.
	/// - `bytes`: length of the answer's body.
	fn served(
		&self,
		member: &Member,
		agreement: Option<AgreementId>,
		served: Served,
		latency: Duration,
		bytes: u64,
	);

	/// Bytes of a service that belong to no request of their own: notifications.
	fn streamed(&self, member: &Member, agreement: Option<AgreementId>, bytes: u64);

	/// A call of a client ended. `upstream` is the time that the operator took, `None` if none was
	/// asked.
	fn called(&self, network: &str, whole: Duration, upstream: Option<Duration>);
}

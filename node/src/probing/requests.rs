// SPDX-License-Identifier: Apache-2.0

//! HTTP requests of the off-chain worker: host side of `sp_runtime::offchain::http`.
//!
//! ```text
//!  worker's thread                       probe runtime (dedicated threads)
//!  ---------------                       ----------------------------------
//!  start, add_header, write_body         -
//!  first wait, or end of the body  --->  resolve, check, connect, TLS, send
//!  wait        <--- complete response -  status, headers, body up to the limit, elapsed time
//!  read_body                             -
//! ```
//!
//! Every request uses its own connection, so the measured time is that of a new tenant, and no
//! endpoint delays another. Redirects are not followed.
//!
//! The measured time ends with the last byte of the body and excludes the time a handshake waits
//! for a free thread. The body of a response that is not a success is discarded.

use super::{
	address_filter::AddressFilter,
	budget::Budget,
	clock::{instant, now},
	connector::Connector,
	exchange::{Answer, Draft, Exchange},
	transport::Transport,
	tunnel::{self, PseudoExchange},
};
use futures::{
	FutureExt,
	future::{AbortHandle, Abortable},
};
use hyper::{
	HeaderMap, Method, Uri,
	header::{HeaderName, HeaderValue},
	http::uri::Scheme,
};
use sp_core::offchain::{HttpError, HttpRequestId, HttpRequestStatus, Timestamp};
use std::{collections::HashMap, sync::Arc};
use tokio::{sync::oneshot, time::timeout_at};

/// Aborts the task of a request when dropped.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
	fn drop(&mut self) {
		self.0.abort();
	}
}

struct Sent {
	answer: oneshot::Receiver<Answer>,
	task: AbortOnDrop,
}

struct Answered {
	answer: Answer,
	/// Bytes of the body that were read.
	read: usize,
}

enum State {
	Drafted(Draft),
	Sent(Sent),
	Answered(Answered),
}

/// Requests of one run of the off-chain worker. Dropping them aborts those in flight.
pub struct HttpRequests {
	transport: Arc<Transport>,
	filter: AddressFilter,
	budget: Arc<Budget>,
	next: u16,
	requests: HashMap<u16, State>,
}

impl HttpRequests {
	/// Create an empty set. `filter` checks every address.
	pub fn new(transport: Arc<Transport>, filter: AddressFilter) -> Self {
		let budget = Arc::new(Budget::new(transport.known.clone()));
		Self { transport, filter, budget, next: 0, requests: HashMap::new() }
	}

	/// Transport, shared with other runs.
	#[cfg(test)]
	pub fn transport(&self) -> Arc<Transport> {
		self.transport.clone()
	}

	/// `http_request_start`. Only `GET` and `POST`, only http(s) URLs with a host and without
	/// credentials, and the pseudo requests for proofs of VPNs.
	pub fn start(&mut self, method: &str, uri: &str) -> Result<HttpRequestId, ()> {
		let method = match method {
			"GET" => Method::GET,
			"POST" => Method::POST,
			_ => return Err(()),
		};
		let uri = Uri::try_from(uri).map_err(drop)?;
		let http = uri.scheme() == Some(&Scheme::HTTP) || uri.scheme() == Some(&Scheme::HTTPS);
		let authority = uri.authority().ok_or(())?;
		let pseudo = tunnel::is_pseudo(&uri) && tunnel::is_known(&method, &uri);
		if !(http || pseudo) || authority.host().is_empty() || authority.as_str().contains('@') {
			return Err(());
		}
		let id = self.free_id().ok_or(())?;
		let draft = Draft { method, uri, headers: HeaderMap::new(), body: Vec::new() };
		self.requests.insert(id, State::Drafted(draft));
		Ok(HttpRequestId(id))
	}

	fn free_id(&mut self) -> Option<u16> {
		let id = (0..=u16::MAX)
			.map(|ahead| self.next.wrapping_add(ahead))
			.find(|id| !self.requests.contains_key(id))?;
		self.next = id.wrapping_add(1);
		Some(id)
	}

	/// `http_request_add_header`. Headers are appended, never replaced.
	pub fn add_header(&mut self, id: HttpRequestId, name: &str, value: &str) -> Result<(), ()> {
		let Some(State::Drafted(draft)) = self.requests.get_mut(&id.0) else {
			return Err(());
		};
		let name = HeaderName::try_from(name).map_err(drop)?;
		let value = HeaderValue::try_from(value).map_err(drop)?;
		draft.headers.append(name, value);
		Ok(())
	}

	/// `http_request_write_body`. Chunks are collected, and an empty chunk sends the request. The
	/// request is aborted at the deadline, after which the worker no longer waits for it.
	pub fn write_body(
		&mut self,
		id: HttpRequestId,
		chunk: &[u8],
		deadline: Option<Timestamp>,
	) -> Result<(), HttpError> {
		let Some(State::Drafted(draft)) = self.requests.get_mut(&id.0) else {
			return Err(HttpError::Invalid);
		};
		if chunk.is_empty() {
			self.send(id.0, deadline);
			return Ok(());
		}
		if draft.body.len().saturating_add(chunk.len()) > self.transport.limits.request_bytes {
			self.requests.remove(&id.0);
			return Err(HttpError::IoError);
		}
		draft.body.extend_from_slice(chunk);
		Ok(())
	}

	/// `http_response_wait`. A failed request is destroyed; a request that is not ready is kept.
	pub fn wait(
		&mut self,
		ids: &[HttpRequestId],
		deadline: Option<Timestamp>,
	) -> Vec<HttpRequestStatus> {
		let until = instant(deadline);
		// All requests are sent before the first wait, so that they run concurrently.
		for id in ids {
			self.send(id.0, None);
		}
		let handle = self.transport.handle.clone();
		ids.iter().map(|id| handle.block_on(self.settle(id.0, until))).collect()
	}

	async fn settle(&mut self, id: u16, until: Option<tokio::time::Instant>) -> HttpRequestStatus {
		let Sent { mut answer, task } = match self.requests.remove(&id) {
			Some(State::Sent(sent)) => sent,
			Some(State::Answered(answered)) => {
				let status = answered.answer.status;
				self.requests.insert(id, State::Answered(answered));
				return HttpRequestStatus::Finished(status);
			},
			_ => return HttpRequestStatus::Invalid,
		};
		match before(until, &mut answer).await {
			None => {
				self.requests.insert(id, State::Sent(Sent { answer, task }));
				HttpRequestStatus::DeadlineReached
			},
			Some(Err(_)) => HttpRequestStatus::IoError,
			Some(Ok(answer)) => {
				let status = answer.status;
				self.requests.insert(id, State::Answered(Answered { answer, read: 0 }));
				HttpRequestStatus::Finished(status)
			},
		}
	}

	/// `http_response_headers`. Empty while there is no response.
	pub fn headers(&mut self, id: HttpRequestId) -> Vec<(Vec<u8>, Vec<u8>)> {
		// A wait until now picks up a response that has arrived.
		self.wait(&[id], Some(now()));
		match self.requests.get(&id.0) {
			Some(State::Answered(answered)) => answered.answer.headers.clone(),
			_ => Vec::new(),
		}
	}

	/// `http_response_read_body`. `Ok(0)` marks the end. The end and an `IoError` destroy the
	/// request.
	pub fn read_body(
		&mut self,
		id: HttpRequestId,
		buffer: &mut [u8],
		deadline: Option<Timestamp>,
	) -> Result<usize, HttpError> {
		match self.wait(&[id], deadline).first() {
			Some(HttpRequestStatus::Finished(_)) => {},
			Some(HttpRequestStatus::DeadlineReached) => return Err(HttpError::DeadlineReached),
			Some(HttpRequestStatus::IoError) => return Err(HttpError::IoError),
			Some(HttpRequestStatus::Invalid) | None => return Err(HttpError::Invalid),
		}
		let Some(State::Answered(Answered { answer, read })) = self.requests.get_mut(&id.0) else {
			return Err(HttpError::Invalid);
		};
		let taken = answer.body.as_ref().map_or(Some(0), |body| body.read(*read, buffer));
		*read = read.saturating_add(taken.unwrap_or(0));
		match taken {
			Some(taken) if taken > 0 || buffer.is_empty() => Ok(taken),
			taken => {
				self.requests.remove(&id.0);
				taken.ok_or(HttpError::IoError)
			},
		}
	}

	/// Send a request that is still a draft.
	fn send(&mut self, id: u16, deadline: Option<Timestamp>) {
		if !matches!(self.requests.get(&id), Some(State::Drafted(_))) {
			return;
		}
		let Some(State::Drafted(draft)) = self.requests.remove(&id) else {
			return;
		};
		let transport = &self.transport;
		let trusted = transport.trusted.contains(&draft.uri);
		let mut filter = self.filter.clone();
		filter.private |= trusted;
		let (answer_to, answer) = oneshot::channel();
		let connector = Connector {
			filter,
			budget: (!trusted).then(|| self.budget.clone()),
			egress: transport.egress,
			resolver: transport.resolver.clone(),
			lookup_timeout: transport.limits.lookup,
			connect_timeout: transport.limits.connect,
		};
		let (body, deadline) = (transport.bodies.open(), instant(deadline));
		let (abort, registration) = AbortHandle::new_pair();
		let work = if tunnel::is_pseudo(&draft.uri) {
			let tunnels = transport.tunnels.clone();
			PseudoExchange { connector, tunnels, body, deadline }.run(draft, answer_to).boxed()
		} else {
			let handshaker = transport.handshaker.clone();
			let attempt = transport.metrics.begin(&draft.uri);
			Exchange { connector, handshaker, limits: transport.limits, body, deadline }
				.run(draft, attempt, answer_to)
				.boxed()
		};
		transport.handle.spawn(Abortable::new(work, registration));
		self.requests.insert(id, State::Sent(Sent { answer, task: AbortOnDrop(abort) }));
	}
}

/// Output of `work`, or `None` at `until`. Output that is ready is returned even after the
/// deadline.
async fn before<F: Future>(until: Option<tokio::time::Instant>, work: F) -> Option<F::Output> {
	match until {
		None => Some(work.await),
		Some(until) => timeout_at(until, work).await.ok(),
	}
}

// SPDX-License-Identifier: Apache-2.0

//! One request to one service.

use super::{
	GatewaySettings, large,
	observer::Served,
	upstreams::{Agreement, Member},
	worker::Worker,
};
use crate::{
	access::TOKEN_HEADER,
	routing::{Judgement, LoadClass, Observed, Ticket, judge},
	rpc::{self, BlockHash, Failure, Shape, json},
	upstream::{Call, UpstreamError},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::{
	sync::Arc,
	time::{Duration, Instant},
};

/// Header that joins spans of a trace.
pub(super) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Refusals in a row that a new agreement explains: some blocks, at their growing intervals.
const NEW_REFUSALS: u32 = 5;

/// Current time of the runtime, which tests can stop.
pub(super) fn now() -> Instant {
	tokio::time::Instant::now().into_std()
}

/// Request that may go to several services.
#[derive(Clone, Debug)]
pub(super) struct Payload {
	/// Method's name.
	pub method: String,
	/// Class of the method.
	pub class: LoadClass,
	/// Weight of the call.
	pub weight: u32,
	/// True if a repetition changes nothing.
	pub idempotent: bool,
	/// Form of a result with data.
	pub shape: Shape,
	/// Hash that a result must be, where the request determines it.
	pub hash: Option<BlockHash>,
	/// Bytes of an answer.
	pub max_bytes: usize,
	/// Id under which the call is sent, as raw JSON.
	pub id: Bytes,
	/// JSON-RPC request.
	pub body: Bytes,
	/// `traceparent` of the client.
	pub trace: Option<HeaderValue>,
}

/// Answer of a service.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
	/// Service.
	pub member: Arc<Member>,
	/// Class of the method.
	pub class: LoadClass,
	/// Judgement.
	pub judgement: Judgement,
	/// JSON-RPC answer; empty without one.
	pub body: Bytes,
	/// Time that the service took.
	pub latency: Duration,
	/// True if the service may have processed the request.
	pub sent: bool,
	/// Failure for the caller if nothing better comes.
	pub failure: Option<Failure>,
}

/// Request that is counted however it ends.
pub(super) struct Account {
	worker: Worker,
	member: Arc<Member>,
	/// Agreement that pays.
	agreement: Option<Agreement>,
	ticket: Option<Ticket>,
	/// Time of the answer, if it is not that of the end.
	answered: Option<Instant>,
}

impl Account {
	/// Request that is about to be sent.
	pub fn open(
		worker: &Worker,
		member: &Arc<Member>,
		class: LoadClass,
		weight: u32,
		now: Instant,
	) -> Self {
		let ticket = Some(member.state.start(class, weight, now));
		let agreement = member.next_agreement(weight).cloned();
		let (worker, member) = (worker.clone(), Arc::clone(member));
		Self { worker, member, agreement, ticket, answered: None }
	}

	/// Add the headers that each request to a service carries.
	pub fn add_headers(&self, headers: &mut HeaderMap) {
		for (name, value) in &self.member.spec.headers {
			headers.insert(name.clone(), value.clone());
		}
		if let Some(token) = self.token() {
			headers.insert(TOKEN_HEADER, token.clone());
		}
	}

	/// Token of the agreement.
	pub fn token(&self) -> Option<&HeaderValue> {
		self.agreement.as_ref()?.token.as_ref()
	}

	/// The answer begins: its latency is that of now, even if it goes on for long.
	pub fn answer(&mut self) {
		self.answered = Some(now());
	}

	/// The request ended. Returns its latency.
	pub fn close(mut self, observed: Observed, bytes: u64) -> Duration {
		let Some(ticket) = self.ticket.take() else { return Duration::ZERO };
		let now = self.answered.unwrap_or_else(now);
		let latency = now.saturating_duration_since(ticket.started());
		ticket.finish(observed, now);
		self.member.state.take_bytes(bytes, now);
		let served = match observed {
			Observed::Answer => Served::Ok { slow: latency > self.member.spec.max_latency },
			// Nothing is lost while an edge does not know the agreement yet.
			Observed::Refused if self.member.state.refusals() <= NEW_REFUSALS => Served::Cancelled,
			Observed::Fault | Observed::Limited { .. } | Observed::Refused => Served::Lost,
			Observed::Cancelled => Served::Cancelled,
		};
		self.report(served, latency, bytes);
		latency
	}

	fn report(&self, served: Served, latency: Duration, bytes: u64) {
		let observer = &self.worker.gateway().observer;
		let agreement = self.agreement.as_ref().map(|agreement| agreement.id);
		observer.served(&self.member, agreement, served, latency, bytes);
	}
}

impl Drop for Account {
	fn drop(&mut self) {
		if let Some(ticket) = self.ticket.take() {
			self.report(Served::Cancelled, now().saturating_duration_since(ticket.started()), 0);
		}
	}
}

/// Send a JSON-RPC call to a service and judge its answer.
///
/// - `at`: the present. Reading the clock for every purpose would be a fiftieth of a call's cost.
pub(super) async fn attempt(
	worker: Worker,
	member: Arc<Member>,
	payload: Arc<Payload>,
	timeout: Duration,
	at: Instant,
) -> Attempt {
	let pool = worker.pool(&member);
	let account = Account::open(&worker, &member, payload.class, payload.weight, at);
	let call = Call {
		headers: &member.spec.headers,
		own: [(TOKEN_HEADER, account.token()), (TRACEPARENT, payload.trace.as_ref())],
		body: &payload.body,
	};
	let max = payload.max_bytes;
	let answer = if payload.class == LoadClass::Heavy {
		let memory = &worker.gateway().memory;
		Box::pin(large::send(&pool, &call, timeout, max, memory)).await
	} else {
		pool.call(&call, payload.idempotent, timeout, max).await
	};
	let mut attempt = Attempt {
		judgement: Judgement::Fault,
		body: Bytes::new(),
		latency: Duration::ZERO,
		sent: true,
		failure: None,
		class: payload.class,
		member: Arc::clone(&member),
	};
	let observed = match answer {
		Ok(answer) => {
			let retry_after = answer.headers().get(header::RETRY_AFTER);
			let retry_after = retry_after.and_then(|value| value.to_str().ok());
			let parts = rpc::answer(answer.body());
			attempt.judgement = judge(answer.status(), retry_after, parts.as_ref());
			if is_answer(attempt.judgement) && !parts.is_some_and(|parts| fits(&parts, &payload)) {
				attempt.judgement = Judgement::Fault;
			}
			attempt.body = answer.into_body();
			match attempt.judgement {
				Judgement::Fault => {
					attempt.failure = Some(Failure::BadAnswer);
					Observed::Fault
				},
				Judgement::Limited { retry_after } => {
					// Its body is no answer to the call: the request was not processed.
					attempt.sent = false;
					Observed::Limited { retry_after }
				},
				Judgement::Refused => {
					attempt.sent = false;
					Observed::Refused
				},
				_ => Observed::Answer,
			}
		},
		Err(error) => {
			attempt.sent = error.sent();
			let (failure, observed) = failed(&error);
			attempt.failure = failure;
			observed
		},
	};
	let bytes = u64::try_from(attempt.body.len()).unwrap_or(u64::MAX);
	attempt.latency = account.close(observed, bytes);
	attempt
}

/// Failure for the caller, and what it says of the service.
pub(super) fn failed(error: &UpstreamError) -> (Option<Failure>, Observed) {
	match error {
		// Our own limits.
		UpstreamError::Busy => (None, Observed::Cancelled),
		UpstreamError::Request(_) => (Some(Failure::Internal), Observed::Cancelled),
		// A large answer may be what was asked for: the service is to blame only if another one's
		// is smaller.
		UpstreamError::TooLarge => (Some(Failure::AnswerTooLarge), Observed::Cancelled),
		UpstreamError::Timeout { .. } => (Some(Failure::Timeout), Observed::Fault),
		UpstreamError::Malformed(_) | UpstreamError::Closed { .. } => {
			(Some(Failure::BadAnswer), Observed::Fault)
		},
		UpstreamError::Resolve
		| UpstreamError::Forbidden(_)
		| UpstreamError::Connect(_)
		| UpstreamError::Tls(_)
		| UpstreamError::Refused(_) => (None, Observed::Fault),
	}
}

/// True if an answer can be one to a request: it has the request's id, and its result has the form
/// of the method's or is `null`.
///
/// A result is the hash that its request determines, if it determines one: a false one would leave
/// the caller waiting for a transaction that does not exist.
fn fits(answer: &rpc::Answer<'_>, payload: &Payload) -> bool {
	let result = answer.result.filter(|_| answer.error.is_none());
	let first = result.and_then(|result| result.first().copied());
	let has_shape = first.is_none_or(|first| first == b'n' || payload.shape.fits(first));
	let has_hash = |result, hash| json::hash(result).is_some_and(|found: BlockHash| found == hash);
	answer.id == Some(&payload.id)
		&& has_shape
		&& result.zip(payload.hash).is_none_or(|(result, hash)| has_hash(result, hash))
}

/// True if a judgement is about a JSON-RPC answer.
pub(super) fn is_answer(judgement: Judgement) -> bool {
	matches!(
		judgement,
		Judgement::Found | Judgement::Empty | Judgement::CallerError | Judgement::Suspect
	)
}

/// Bytes that an answer of a class may have: light methods have small ones.
pub(super) fn max_bytes(settings: &GatewaySettings, class: LoadClass) -> usize {
	let most = match class {
		LoadClass::Light | LoadClass::Write => 8 << 20,
		LoadClass::Medium => 16 << 20,
		LoadClass::Heavy => usize::MAX,
	};
	settings.max_answer.min(most)
}

/// Time for one attempt: long compared with the usual latency, so that an operator that hangs does
/// not use up the time of the whole call.
///
/// - `usual`: usual latency of the class.
pub(super) fn attempt_timeout(
	usual: Option<Duration>,
	class: LoadClass,
	left: Duration,
) -> Duration {
	let half = left.checked_div(2).unwrap_or(left);
	let usual = usual.unwrap_or(Duration::from_millis(500));
	let least = match class {
		LoadClass::Light => Duration::from_secs(2),
		LoadClass::Medium => Duration::from_secs(5),
		LoadClass::Heavy | LoadClass::Write => half,
	};
	usual.saturating_mul(10).max(least).min(half.max(Duration::from_millis(50))).min(left)
}

// SPDX-License-Identifier: Apache-2.0

//! One request and its response.

use super::{
	LOG_TARGET, bodies::BodyHandle, connector::Connector, failure::Failure, metrics::Attempt,
	tls::TlsHandshaker, transport::Limits,
};
use http_body_util::{BodyExt, Full};
use hyper::{
	HeaderMap, Method, Request, Response, Uri,
	body::{Body, Bytes, Incoming},
	client::conn::http1,
	header::{HOST, HeaderValue},
	http::uri::Scheme,
	rt::{Read, Write},
};
use hyper_util::rt::TokioIo;
use std::{
	sync::Arc,
	time::{Duration, Instant},
};
use surety_prober::{ELAPSED_HEADER, RESERVED_PREFIX};
use tokio::{sync::oneshot, task::JoinSet, time::timeout_at};

/// Request that has not been sent yet.
pub struct Draft {
	/// Method.
	pub method: Method,
	/// URL.
	pub uri: Uri,
	/// Headers, without `Host`.
	pub headers: HeaderMap,
	/// Body.
	pub body: Vec<u8>,
}

/// Complete response.
pub struct Answer {
	/// Status code.
	pub status: u16,
	/// Headers.
	pub headers: Vec<(Vec<u8>, Vec<u8>)>,
	/// Body; `None` if the status is not a success.
	pub body: Option<BodyHandle>,
}

/// Resources of one request.
pub struct Exchange {
	/// Opens the connection.
	pub connector: Connector,
	/// Performs the TLS handshake.
	pub handshaker: Arc<TlsHandshaker>,
	/// Limits of the request.
	pub limits: Limits,
	/// Receives the response body.
	pub body: BodyHandle,
	/// Deadline set by the off-chain worker.
	pub deadline: Option<tokio::time::Instant>,
}

impl Exchange {
	/// Perform the request and pass the response to `to`. Failures are logged and counted.
	pub async fn run(self, draft: Draft, attempt: Attempt, to: oneshot::Sender<Answer>) {
		let uri = draft.uri.clone();
		let began = attempt.began();
		let end = began.checked_add(self.limits.total).unwrap_or(began).into();
		let end = self.deadline.map_or(end, |deadline| deadline.min(end));
		match timeout_at(end, self.ask(draft, began)).await.unwrap_or(Err(Failure::Timeout)) {
			Err(failure) => {
				log::debug!(target: LOG_TARGET, "{uri}: {failure}");
				attempt.failed(failure.cause());
			},
			Ok((answer, elapsed)) => {
				attempt.received(elapsed);
				match answer.status {
					300..=399 => attempt.failed(Failure::REDIRECT),
					400..=599 => attempt.failed(Failure::STATUS),
					_ => attempt.answered(),
				}
				// The receiver is gone if the worker stopped waiting.
				let _ = to.send(answer);
			},
		}
	}

	/// Connect, send, and receive the complete response. Also returns the elapsed time.
	async fn ask(self, draft: Draft, began: Instant) -> Result<(Answer, Duration), Failure> {
		let (stream, mut permit) = self.connector.connect(&draft.uri).await?;
		// The set drives the connection and drops it together with the request.
		let mut driver = JoinSet::new();
		let mut queued = Duration::ZERO;
		let response = if draft.uri.scheme() == Some(&Scheme::HTTPS) {
			let (stream, waited) = self.handshaker.handshake(&draft.uri, stream).await?;
			queued = waited;
			if let Some(permit) = &mut permit {
				permit.on_success(true);
			}
			send(TokioIo::new(stream), self.limits, draft, &mut driver).await?
		} else {
			send(TokioIo::new(stream), self.limits, draft, &mut driver).await?
		};
		let status = response.status();
		let (parts, incoming) = response.into_parts();
		let mut body = None;
		if status.is_success() {
			receive(incoming, self.limits.body_bytes, &self.body).await?;
			body = Some(self.body);
			if let Some(permit) = &mut permit {
				permit.on_success(false);
			}
		}
		let elapsed = began.elapsed().saturating_sub(queued);
		let headers = worker_headers(&parts.headers, elapsed);
		Ok((Answer { status: status.as_u16(), headers, body }, elapsed))
	}
}

/// Send the request over `stream` and wait for the head of the response.
async fn send(
	stream: impl Read + Write + Unpin + Send + 'static,
	limits: Limits,
	draft: Draft,
	driver: &mut JoinSet<()>,
) -> Result<Response<Incoming>, Failure> {
	let Draft { method, uri, headers, body } = draft;
	let (mut sender, connection) = http1::Builder::new()
		.max_buf_size(limits.head_bytes.max(8_192))
		.max_header_size(limits.head_bytes)
		.max_headers(limits.headers)
		.handshake(stream)
		.await
		.map_err(|_| Failure::Http)?;
	driver.spawn(async move {
		// An error of the connection also shows in the response.
		let _ = connection.await;
	});

	let authority = uri.authority().map(|a| a.as_str()).unwrap_or_default();
	let host = HeaderValue::try_from(authority).map_err(|_| Failure::Http)?;
	let mut request = Request::new(Full::new(Bytes::from(body)));
	*request.method_mut() = method;
	*request.uri_mut() = match uri.path_and_query() {
		Some(path) => Uri::from(path.clone()),
		None => Uri::from_static("/"),
	};
	*request.headers_mut() = headers;
	request.headers_mut().insert(HOST, host);
	sender.send_request(request).await.map_err(|_| Failure::Http)
}

/// Response headers as the worker sees them: reserved names of the remote are removed, and the
/// measured time is added.
fn worker_headers(remote: &HeaderMap, elapsed: Duration) -> Vec<(Vec<u8>, Vec<u8>)> {
	let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
	remote
		.iter()
		.filter(|(name, _)| !name.as_str().starts_with(RESERVED_PREFIX))
		.map(|(name, value)| (name.as_str().as_bytes().to_vec(), value.as_bytes().to_vec()))
		.chain([(ELAPSED_HEADER.as_bytes().to_vec(), micros.to_string().into_bytes())])
		.collect()
}

/// Receive the complete body, up to `limit` bytes.
async fn receive(mut body: Incoming, limit: u64, to: &BodyHandle) -> Result<(), Failure> {
	// An announced length over the limit is refused before anything is read.
	if body.size_hint().lower() > limit {
		return Err(Failure::Oversize);
	}
	let mut left = limit;
	while let Some(frame) = body.frame().await {
		let Ok(bytes) = frame.map_err(|_| Failure::Http)?.into_data() else {
			continue;
		};
		left = u64::try_from(bytes.len())
			.ok()
			.and_then(|length| left.checked_sub(length))
			.ok_or(Failure::Oversize)?;
		to.append(&bytes)?;
	}
	Ok(())
}

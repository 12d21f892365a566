// SPDX-License-Identifier: Apache-2.0

//! Clock and HTTP client of the host behind a trait, so that tests can replace them.

use alloc::{string::String, vec, vec::Vec};
use sp_core::offchain::{HttpError, HttpRequestId, HttpRequestStatus, Timestamp};
use sp_runtime::offchain::http::Request as HostRequest;
use surety_primitives::prober_token::TOKEN_HEADER;

/// HTTP request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
	/// URL.
	pub url: String,
	/// JSON body of a POST; `None` for a GET.
	pub post: Option<Vec<u8>>,
	/// Headers in order. `content-type` is sent with a POST only.
	pub headers: &'static [(&'static str, &'static str)],
	/// Token of the prober, in a header of its own. `None` unless the service refused the same
	/// request.
	pub token: Option<String>,
	/// Use of the response body.
	pub body_use: BodyUse,
}

/// Use of a response body. The body is read to its end in any case, and a body over the limit is a
/// failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BodyUse {
	/// Read and discard, up to this many bytes.
	Discard(usize),
	/// Read and keep, up to this many bytes.
	Keep(usize),
}

impl BodyUse {
	/// Maximum length of the body in bytes.
	pub fn limit(self) -> usize {
		match self {
			Self::Discard(limit) | Self::Keep(limit) => limit,
		}
	}
}

/// Clock and HTTP client. Times are in unix ms.
pub trait Http {
	/// Current time.
	fn now(&mut self) -> u64;
	/// Block until `time`.
	fn sleep_until(&mut self, time: u64);
	/// Send a request. An error is final.
	fn send(&mut self, request: &Request, deadline: u64) -> Result<HttpRequestId, ()>;
	/// Block until all requests have a status line, or until the deadline. Returns one status each.
	fn wait(&mut self, ids: &[HttpRequestId], deadline: u64) -> Vec<HttpRequestStatus>;
	/// Headers of a response.
	fn headers(&mut self, id: HttpRequestId) -> Vec<(Vec<u8>, Vec<u8>)>;
	/// Read the next part of a body; 0 at its end.
	fn read(
		&mut self,
		id: HttpRequestId,
		buffer: &mut [u8],
		deadline: u64,
	) -> Result<usize, HttpError>;
}

/// Implementation on the host functions.
pub struct Host;

impl Http for Host {
	fn now(&mut self) -> u64 {
		sp_io::offchain::timestamp().unix_millis()
	}

	fn sleep_until(&mut self, time: u64) {
		sp_io::offchain::sleep_until(Timestamp::from_unix_millis(time));
	}

	fn send(&mut self, request: &Request, deadline: u64) -> Result<HttpRequestId, ()> {
		let deadline = Timestamp::from_unix_millis(deadline);
		let headers = request
			.headers
			.iter()
			.filter(|(name, _)| request.post.is_some() || *name != "content-type")
			.copied()
			.chain(request.token.as_deref().map(|token| (TOKEN_HEADER, token)));
		let pending = match &request.post {
			None => {
				let request = HostRequest::get(&request.url).deadline(deadline);
				headers
					.fold(request, |request, (name, value)| request.add_header(name, value))
					.send()
			},
			Some(body) => {
				let request =
					HostRequest::post(&request.url, vec![body.as_slice()]).deadline(deadline);
				headers
					.fold(request, |request, (name, value)| request.add_header(name, value))
					.send()
			},
		};
		pending.map(|p| p.id).map_err(drop)
	}

	fn wait(&mut self, ids: &[HttpRequestId], deadline: u64) -> Vec<HttpRequestStatus> {
		sp_io::offchain::http_response_wait(ids, Some(Timestamp::from_unix_millis(deadline)))
	}

	fn headers(&mut self, id: HttpRequestId) -> Vec<(Vec<u8>, Vec<u8>)> {
		sp_io::offchain::http_response_headers(id)
	}

	fn read(
		&mut self,
		id: HttpRequestId,
		buffer: &mut [u8],
		deadline: u64,
	) -> Result<usize, HttpError> {
		let deadline = Some(Timestamp::from_unix_millis(deadline));
		let read = sp_io::offchain::http_response_read_body(id, buffer, deadline)?;
		Ok(usize::try_from(read).unwrap_or(usize::MAX).min(buffer.len()))
	}
}

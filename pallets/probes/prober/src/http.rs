//! The host's HTTP client and clock behind a trait, so that tests run on a clock of their own.

use alloc::{string::String, vec, vec::Vec};
use sp_core::offchain::{HttpError, HttpRequestId, HttpRequestStatus, Timestamp};
use sp_runtime::offchain::http::Request;

/// A request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ask {
	/// URL.
	pub url: String,
	/// JSON to POST; `None` is a GET.
	pub post: Option<Vec<u8>>,
	/// Headers, in this order; `content-type` is sent with a POST only.
	pub headers: &'static [(&'static str, &'static str)],
	/// Use of the answer's body.
	pub keep: Keep,
}

/// Use of an answer's body. Either way it is read to its end, and one that is longer than the
/// limit is no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Keep {
	/// Only counted, up to this many bytes.
	Nothing(usize),
	/// Kept, up to this many bytes.
	All(usize),
}

impl Keep {
	/// Longest body in bytes.
	pub fn limit(self) -> usize {
		match self {
			Self::Nothing(limit) | Self::All(limit) => limit,
		}
	}
}

/// A clock and an HTTP client. Times are unix ms.
pub trait Http {
	/// The time.
	fn now(&mut self) -> u64;
	/// Block until then.
	fn sleep_until(&mut self, time: u64);
	/// Send a request. An error means that it never will be.
	fn send(&mut self, ask: &Ask, deadline: u64) -> Result<HttpRequestId, ()>;
	/// Block until all of these have a status line, or until the deadline: one status each.
	fn wait(&mut self, ids: &[HttpRequestId], deadline: u64) -> Vec<HttpRequestStatus>;
	/// Headers of an answer.
	fn headers(&mut self, id: HttpRequestId) -> Vec<(Vec<u8>, Vec<u8>)>;
	/// Read on in a body; 0 is its end.
	fn read(
		&mut self,
		id: HttpRequestId,
		buffer: &mut [u8],
		deadline: u64,
	) -> Result<usize, HttpError>;
}

/// The host's.
pub struct Host;

impl Http for Host {
	fn now(&mut self) -> u64 {
		sp_io::offchain::timestamp().unix_millis()
	}

	fn sleep_until(&mut self, time: u64) {
		sp_io::offchain::sleep_until(Timestamp::from_unix_millis(time));
	}

	fn send(&mut self, ask: &Ask, deadline: u64) -> Result<HttpRequestId, ()> {
		let deadline = Timestamp::from_unix_millis(deadline);
		let headers =
			ask.headers.iter().filter(|(name, _)| ask.post.is_some() || *name != "content-type");
		let pending = match &ask.post {
			None => {
				let request = Request::get(&ask.url).deadline(deadline);
				headers
					.fold(request, |request, (name, value)| request.add_header(name, value))
					.send()
			},
			Some(body) => {
				let request = Request::post(&ask.url, vec![body.as_slice()]).deadline(deadline);
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

// SPDX-License-Identifier: Apache-2.0

//! Large answers: their bytes are counted from the first one read to the last one sent, so that
//! many of them at once end in errors and not in an exhausted machine.

use crate::{
	front::Body,
	upstream::{Call, Pool, UpstreamError},
};
use bytes::{Bytes, BytesMut};
use http::Response;
use http_body_util::BodyExt;
use std::{
	rc::Rc,
	sync::{
		Arc,
		atomic::{AtomicU64, Ordering},
	},
	time::Duration,
};

/// Bytes of large answers that are in memory.
#[derive(Debug)]
pub(super) struct Memory {
	used: AtomicU64,
	max: u64,
}

/// Part of the memory, given back when it is dropped.
struct Held {
	memory: Arc<Memory>,
	bytes: u64,
}

impl Memory {
	pub fn new(max: u64) -> Arc<Self> {
		Arc::new(Self { used: AtomicU64::new(0), max })
	}
}

impl Held {
	fn new(memory: &Arc<Memory>) -> Self {
		Self { memory: Arc::clone(memory), bytes: 0 }
	}

	/// Take more. `false` if there is no more.
	fn grow(&mut self, bytes: usize) -> bool {
		let more = u64::try_from(bytes).unwrap_or(u64::MAX);
		let before = self.memory.used.fetch_add(more, Ordering::Relaxed);
		self.bytes = self.bytes.saturating_add(more);
		before.saturating_add(more) <= self.memory.max
	}
}

impl Drop for Held {
	fn drop(&mut self) {
		self.memory.used.fetch_sub(self.bytes, Ordering::Relaxed);
	}
}

/// Answer whose memory is given back with the last reference to it.
struct Owned {
	body: Bytes,
	_held: Held,
}

impl AsRef<[u8]> for Owned {
	fn as_ref(&self) -> &[u8] {
		&self.body
	}
}

/// Send a call and read its whole answer within the memory.
///
/// Errors: [`UpstreamError`]; [`UpstreamError::Busy`] if the memory is used up.
pub(super) async fn send(
	pool: &Rc<Pool>,
	call: &Call<'_>,
	timeout: Duration,
	max_bytes: usize,
	memory: &Arc<Memory>,
) -> Result<Response<Bytes>, UpstreamError> {
	let whole = async {
		let response = pool.stream(call, timeout).await?;
		let (parts, body) = response.into_parts();
		Ok(Response::from_parts(parts, read(body, max_bytes, memory).await?))
	};
	let late = UpstreamError::Timeout { sent: true };
	tokio::time::timeout(timeout, whole).await.unwrap_or(Err(late))
}

async fn read(
	mut body: Body,
	max_bytes: usize,
	memory: &Arc<Memory>,
) -> Result<Bytes, UpstreamError> {
	let mut held = Held::new(memory);
	let mut read = BytesMut::new();
	while let Some(frame) = body.frame().await {
		let frame = frame.map_err(|_| UpstreamError::Closed { sent: true })?;
		let Ok(data) = frame.into_data() else { continue };
		if read.len().saturating_add(data.len()) > max_bytes {
			return Err(UpstreamError::TooLarge);
		}
		if !held.grow(data.len()) {
			return Err(UpstreamError::Busy);
		}
		read.extend_from_slice(&data);
	}
	Ok(Bytes::from_owner(Owned { body: read.freeze(), _held: held }))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test]
	async fn memory_is_held_as_long_as_the_answer() {
		let memory = Memory::new(100);
		let body = || Body::from(vec![b'x'; 60]);
		let first = read(body(), 1_000, &memory).await.unwrap();
		let part = first.slice(10..20);
		drop(first);
		assert_eq!(memory.used.load(Ordering::Relaxed), 60);
		assert_eq!(read(body(), 1_000, &memory).await, Err(UpstreamError::Busy));
		assert_eq!(read(body(), 50, &memory).await, Err(UpstreamError::TooLarge));
		assert_eq!(memory.used.load(Ordering::Relaxed), 60);
		drop(part);
		assert_eq!(memory.used.load(Ordering::Relaxed), 0);
		assert_eq!(read(body(), 1_000, &memory).await.unwrap().len(), 60);
	}
}

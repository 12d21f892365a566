// SPDX-License-Identifier: Apache-2.0

//! Response bodies in bounded memory, until the worker reads them.

use super::failure::Failure;
use std::{
	cmp::Reverse,
	collections::HashMap,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// BodyStore that are being received or wait to be read.
///
/// When their total length exceeds the limit, the longest body is evicted. Oversized responses thus
/// never evict a short one.
pub struct BodyStore {
	limit: usize,
	stored: Mutex<Stored>,
}

#[derive(Default)]
struct Stored {
	bytes: usize,
	next: u64,
	bodies: HashMap<u64, Vec<u8>>,
}

impl Stored {
	fn remove(&mut self, id: u64) {
		let length = self.bodies.remove(&id).map_or(0, |body| body.len());
		self.bytes = self.bytes.saturating_sub(length);
	}
}

impl BodyStore {
	/// Empty store of at most `limit` bytes.
	pub fn new(limit: usize) -> Self {
		Self { limit, stored: Mutex::default() }
	}

	/// Create an empty body.
	pub fn open(self: &Arc<Self>) -> BodyHandle {
		let mut stored = self.stored();
		let id = stored.next;
		stored.next = id.wrapping_add(1);
		stored.bodies.insert(id, Vec::new());
		BodyHandle { bodies: self.clone(), id }
	}

	fn stored(&self) -> MutexGuard<'_, Stored> {
		self.stored.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// Handle of a body in a [`BodyStore`]. Dropping it frees the memory.
pub struct BodyHandle {
	bodies: Arc<BodyStore>,
	id: u64,
}

impl BodyHandle {
	/// Append bytes. Fails if the body is evicted, now or before.
	pub fn append(&self, bytes: &[u8]) -> Result<(), Failure> {
		let mut stored = self.bodies.stored();
		stored.bodies.get_mut(&self.id).ok_or(Failure::Oversize)?.extend_from_slice(bytes);
		stored.bytes = stored.bytes.saturating_add(bytes.len());
		while stored.bytes > self.bodies.limit {
			let longest = stored.bodies.iter().max_by_key(|(id, body)| (body.len(), Reverse(**id)));
			let Some((id, _)) = longest else { break };
			let id = *id;
			stored.remove(id);
		}
		stored.bodies.contains_key(&self.id).then_some(()).ok_or(Failure::Oversize)
	}

	/// Copy bytes from offset `at` into `buffer`. Returns their number, or `None` if the body was
	/// evicted.
	pub fn read(&self, at: usize, buffer: &mut [u8]) -> Option<usize> {
		let stored = self.bodies.stored();
		let rest = stored.bodies.get(&self.id)?.get(at..).unwrap_or_default();
		for (to, from) in buffer.iter_mut().zip(rest) {
			*to = *from;
		}
		Some(rest.len().min(buffer.len()))
	}
}

impl Drop for BodyHandle {
	fn drop(&mut self) {
		self.bodies.stored().remove(self.id);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_body_is_read_in_parts() {
		let body = Arc::new(BodyStore::new(10)).open();
		body.append(b"abc").unwrap();
		body.append(b"de").unwrap();
		let mut buffer = [0; 4];
		assert_eq!((body.read(0, &mut buffer), &buffer), (Some(4), b"abcd"));
		assert_eq!((body.read(4, &mut buffer), buffer[0]), (Some(1), b'e'));
		assert_eq!(body.read(5, &mut buffer), Some(0));
	}

	#[test]
	fn the_longest_body_is_evicted() {
		let bodies = Arc::new(BodyStore::new(10));
		let (short, long, late) = (bodies.open(), bodies.open(), bodies.open());
		short.append(b"abc").unwrap();
		long.append(b"12345").unwrap();
		late.append(b"xyz").unwrap();
		assert_eq!(long.read(0, &mut [0; 8]), None);
		assert_eq!(long.append(b"6"), Err(Failure::Oversize));
		assert_eq!(short.read(0, &mut [0; 8]), Some(3));
		assert_eq!(late.append(b"-and-more"), Err(Failure::Oversize));
		assert_eq!(bodies.stored().bytes, 3);
	}

	#[test]
	fn memory_is_free_when_a_body_is_dropped() {
		let bodies = Arc::new(BodyStore::new(10));
		for _ in 0..3 {
			bodies.open().append(&[0; 10]).unwrap();
		}
		assert_eq!(bodies.stored().bytes, 0);
	}
}

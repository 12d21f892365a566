//! Bodies of answers until the worker reads them, in bounded memory.

use super::connector::Failure;
use std::{
	cmp::Reverse,
	collections::HashMap,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// All bodies that are being received or wait to be read.
///
/// When together they are over the cap, the longest is given up: whoever sends much makes room for those who send
/// little, so no number of bloated answers costs anybody a short one.
pub struct Bodies {
	cap: usize,
	kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
	bytes: usize,
	next: u64,
	bodies: HashMap<u64, Vec<u8>>,
}

impl Kept {
	fn remove(&mut self, id: u64) {
		let length = self.bodies.remove(&id).map_or(0, |body| body.len());
		self.bytes = self.bytes.saturating_sub(length);
	}
}

impl Bodies {
	/// None yet, and never more than `cap` bytes of them.
	pub fn new(cap: usize) -> Self {
		Self { cap, kept: Mutex::default() }
	}

	/// A new body, empty.
	pub fn open(self: &Arc<Self>) -> KeptBody {
		let mut kept = self.kept();
		let id = kept.next;
		kept.next = id.wrapping_add(1);
		kept.bodies.insert(id, Vec::new());
		KeptBody { bodies: self.clone(), id }
	}

	fn kept(&self) -> MutexGuard<'_, Kept> {
		self.kept.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// One of [`Bodies`]. Dropped, its memory is free.
pub struct KeptBody {
	bodies: Arc<Bodies>,
	id: u64,
}

impl KeptBody {
	/// Add to its end. Fails if it was given up, now or before.
	pub fn append(&self, bytes: &[u8]) -> Result<(), Failure> {
		let mut kept = self.bodies.kept();
		kept.bodies.get_mut(&self.id).ok_or(Failure::Oversize)?.extend_from_slice(bytes);
		kept.bytes = kept.bytes.saturating_add(bytes.len());
		while kept.bytes > self.bodies.cap {
			let longest = kept.bodies.iter().max_by_key(|(id, body)| (body.len(), Reverse(**id)));
			let Some((id, _)) = longest else { break };
			let id = *id;
			kept.remove(id);
		}
		kept.bodies.contains_key(&self.id).then_some(()).ok_or(Failure::Oversize)
	}

	/// Copy what lies from `at` on, as far as `buffer` holds it; how many bytes. `None` if it was given up.
	pub fn read(&self, at: usize, buffer: &mut [u8]) -> Option<usize> {
		let kept = self.bodies.kept();
		let rest = kept.bodies.get(&self.id)?.get(at..).unwrap_or_default();
		for (to, from) in buffer.iter_mut().zip(rest) {
			*to = *from;
		}
		Some(rest.len().min(buffer.len()))
	}
}

impl Drop for KeptBody {
	fn drop(&mut self) {
		self.bodies.kept().remove(self.id);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_body_is_read_in_parts() {
		let body = Arc::new(Bodies::new(10)).open();
		body.append(b"abc").unwrap();
		body.append(b"de").unwrap();
		let mut buffer = [0; 4];
		assert_eq!((body.read(0, &mut buffer), &buffer), (Some(4), b"abcd"));
		assert_eq!((body.read(4, &mut buffer), buffer[0]), (Some(1), b'e'));
		assert_eq!(body.read(5, &mut buffer), Some(0));
	}

	#[test]
	fn the_longest_makes_room() {
		let bodies = Arc::new(Bodies::new(10));
		let (short, long, late) = (bodies.open(), bodies.open(), bodies.open());
		short.append(b"abc").unwrap();
		long.append(b"12345").unwrap();
		late.append(b"xyz").unwrap();
		assert_eq!(long.read(0, &mut [0; 8]), None);
		assert_eq!(long.append(b"6"), Err(Failure::Oversize));
		assert_eq!(short.read(0, &mut [0; 8]), Some(3));
		assert_eq!(late.append(b"-and-more"), Err(Failure::Oversize));
		assert_eq!(bodies.kept().bytes, 3);
	}

	#[test]
	fn memory_is_free_when_a_body_is_dropped() {
		let bodies = Arc::new(Bodies::new(10));
		for _ in 0..3 {
			bodies.open().append(&[0; 10]).unwrap();
		}
		assert_eq!(bodies.kept().bytes, 0);
	}
}

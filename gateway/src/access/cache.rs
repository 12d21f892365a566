// SPDX-License-Identifier: Apache-2.0

//! Tokens that were verified, so that a signature is checked once and not per request.

use ahash::HashMap;

/// Verified tokens by their text, of one worker.
///
/// Two generations: when the young one is full it becomes the old one, whose entries come back when
/// they are used. Only verified tokens are kept, so strangers cannot displace them.
#[derive(Debug)]
pub struct RecentTokens<T> {
	young: HashMap<Box<str>, T>,
	old: HashMap<Box<str>, T>,
	per_generation: usize,
}

impl<T: Clone> RecentTokens<T> {
	/// Empty cache.
	///
	/// - `capacity`: maximum number of entries.
	pub fn new(capacity: usize) -> Self {
		Self {
			young: HashMap::default(),
			old: HashMap::default(),
			per_generation: capacity.div_ceil(2).max(1),
		}
	}

	/// Entry of a text.
	pub fn get(&mut self, text: &str) -> Option<T> {
		if let Some(found) = self.young.get(text) {
			return Some(found.clone());
		}
		let (text, found) = self.old.remove_entry(text)?;
		self.put(text, found.clone());
		Some(found)
	}

	/// Keep an entry.
	pub fn insert(&mut self, text: &str, value: T) {
		self.put(text.into(), value);
	}

	/// Forget an entry.
	pub fn remove(&mut self, text: &str) {
		self.young.remove(text);
		self.old.remove(text);
	}

	fn put(&mut self, text: Box<str>, value: T) {
		if self.young.len() >= self.per_generation {
			self.old = std::mem::take(&mut self.young);
		}
		self.young.insert(text, value);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_cache_is_bounded_and_keeps_what_is_used() {
		let mut recent = RecentTokens::new(10);
		recent.insert("used", 0);
		for n in 1..100 {
			recent.insert(&n.to_string(), n);
			assert_eq!(recent.get("used"), Some(0));
			assert!(recent.young.len() + recent.old.len() <= 10);
		}
		assert!(recent.get("1").is_none());
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Tokens that were verified, so that a signature is checked once and not per request.

use super::{Token, TokenError, token};
use std::{cell::RefCell, collections::HashMap, sync::Arc};

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
			young: HashMap::new(),
			old: HashMap::new(),
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

	/// Number of entries.
	pub fn len(&self) -> usize {
		self.young.len().saturating_add(self.old.len())
	}

	/// True if there is no entry.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}

	fn put(&mut self, text: Box<str>, value: T) {
		if self.young.len() >= self.per_generation {
			self.old = std::mem::take(&mut self.young);
		}
		self.young.insert(text, value);
	}
}

/// Check of tokens of one worker, with a cache.
#[derive(Debug)]
pub struct TokenCache {
	genesis: [u8; 8],
	recent: RefCell<RecentTokens<Arc<Token>>>,
}

impl TokenCache {
	/// Empty cache for tokens of a chain.
	pub fn new(genesis: [u8; 8], capacity: usize) -> Self {
		Self { genesis, recent: RefCell::new(RecentTokens::new(capacity)) }
	}

	/// Token of a text if it was verified before and is still valid.
	pub fn known(&self, text: &str, now: u64) -> Option<Arc<Token>> {
		let mut recent = self.recent.borrow_mut();
		let token = recent.get(text)?;
		if token.check(&self.genesis, now).is_err() {
			recent.remove(text);
			return None;
		}
		Some(token)
	}

	/// Verify a token and keep it.
	///
	/// Errors: those of [`verify`](super::verify).
	pub fn verify(&self, text: &str, now: u64) -> Result<Arc<Token>, TokenError> {
		if let Some(token) = self.known(text, now) {
			return Ok(token);
		}
		let token = Arc::new(token::verify(text, &self.genesis, now)?);
		self.recent.borrow_mut().insert(text, token.clone());
		Ok(token)
	}

	/// Number of tokens that are kept.
	pub fn len(&self) -> usize {
		self.recent.borrow().len()
	}

	/// True if no token is kept.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::access::{Share, mint};
	use sp_core::{Pair, sr25519};

	fn text(agreement: u32, not_after: u64) -> String {
		let pair = sr25519::Pair::from_string("//Tenant", None).unwrap();
		let reporter = pair.public().into();
		let token = Token { genesis: [0; 8], agreement, not_after, share: Share::ALL, reporter };
		mint(&token, |bytes| pair.sign(bytes).into())
	}

	#[test]
	fn a_verified_token_is_known_until_it_expires() {
		let cache = TokenCache::new([0; 8], 10);
		let text = text(1, 5_000);
		assert!(cache.known(&text, 4_000).is_none());
		let token = cache.verify(&text, 4_000).unwrap();
		assert!(Arc::ptr_eq(&token, &cache.known(&text, 4_000).unwrap()));
		assert!(cache.known(&text, 6_000).is_none());
		assert!(cache.is_empty());
		assert_eq!(cache.verify(&text, 6_000), Err(TokenError::Expired));
	}

	#[test]
	fn refused_tokens_are_not_kept() {
		let cache = TokenCache::new([0; 8], 10);
		let good = text(1, 5_000);
		let mut bad = good.clone();
		bad.replace_range(20..21, if &good[20..21] == "A" { "B" } else { "A" });
		assert!(cache.verify(&bad, 4_000).is_err());
		assert!(cache.is_empty());
	}

	#[test]
	fn the_cache_is_bounded_and_keeps_what_is_used() {
		let mut recent = RecentTokens::new(10);
		recent.insert("used", 0);
		for n in 1..100 {
			recent.insert(&n.to_string(), n);
			assert_eq!(recent.get("used"), Some(0));
			assert!(recent.len() <= 10);
		}
		assert!(recent.get("1").is_none());
	}
}

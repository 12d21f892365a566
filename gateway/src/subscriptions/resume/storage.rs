// SPDX-License-Identifier: Apache-2.0

//! Storage of a Substrate chain: a change is sent once, whichever upstream reports it.

use super::Fault;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::BTreeMap};

#[derive(Deserialize, Serialize)]
struct ChangeSet<'a> {
	#[serde(borrow)]
	block: Cow<'a, str>,
	#[serde(borrow)]
	changes: Vec<(Cow<'a, str>, &'a RawValue)>,
}

/// State machine of a subscription to storage.
pub struct Storage {
	values: BTreeMap<String, String>,
	block: Option<String>,
	bytes: usize,
	max_bytes: usize,
}

impl Storage {
	/// Machine that remembers values of at most `max_bytes`.
	pub fn new(max_bytes: usize) -> Self {
		Self { values: BTreeMap::new(), block: None, bytes: 0, max_bytes }
	}

	/// Hash of the last block with a change, as text.
	pub fn block(&self) -> Option<&str> {
		self.block.as_deref()
	}

	/// Takes a set of changes and returns the part that is new, if any.
	///
	/// Errors: the set is malformed, or more than can be remembered.
	pub fn change(&mut self, body: Bytes) -> Result<Option<Bytes>, Fault> {
		let set: ChangeSet<'_> = serde_json::from_slice(&body).map_err(|_| Fault::Malformed)?;
		let total = set.changes.len();
		let mut fresh = Vec::new();
		for (key, value) in set.changes {
			let known = self.values.get(key.as_ref());
			if known.is_some_and(|known| known == value.get()) {
				continue;
			}
			let released = known.map_or(0, |known| known.len().saturating_add(key.len()));
			let taken = key.len().saturating_add(value.get().len());
			self.bytes = self.bytes.saturating_sub(released).saturating_add(taken);
			if self.bytes > self.max_bytes {
				return Err(Fault::Flood);
			}
			self.values.insert(key.as_ref().into(), value.get().into());
			fresh.push((key, value));
		}
		if fresh.is_empty() {
			return Ok(None);
		}
		self.block = Some(set.block.as_ref().into());
		if fresh.len() == total {
			return Ok(Some(body));
		}
		let part = ChangeSet { block: set.block, changes: fresh };
		Ok(Some(serde_json::to_vec(&part).map_err(|_| Fault::Malformed)?.into()))
	}

	/// All values at the last block: the first notification of a client that joins.
	pub fn all(&self) -> Option<Bytes> {
		let changes = self
			.values
			.iter()
			.map(|(key, value)| Some((Cow::from(key), serde_json::from_str(value).ok()?)))
			.collect::<Option<Vec<_>>>()?;
		let set = ChangeSet { block: Cow::from(self.block.as_ref()?), changes };
		Some(serde_json::to_vec(&set).ok()?.into())
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Database of the agent: one file that survives a kill at any moment.
//!
//! | file | part |
//! |---|---|
//! | `record.rs` | memory of a lease |
//! | `private.rs` | private part of an order, as its tenant gave it |
//! | `history.rs` | entries of the history of bids and leases |
//! | `open.rs` | opening: permissions, version, chain, what to do with a damaged file |
//!
//! Nothing here is needed to know what is due: that comes from the chain and from the engine. The
//! database keeps what neither knows, such as attempts, manifests and reasons. Without it an agent
//! goes on with the leases that it finds.

mod history;
mod open;
mod private;
mod record;
#[cfg(test)]
mod tests;

pub use history::{BidOutcome, BidState, Entry};
pub use open::{OpenError, Opened, StoreError};
pub use private::{MAX_PRIVATE, Private};
pub use record::{Ended, Exit, Record};

use open::{BIDS, HISTORY, META, PRIVATE, RECORDS, Table};
use parking_lot::Mutex;
use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata};
use serde::{Serialize, de::DeserializeOwned};
use std::{
	collections::BTreeMap,
	path::{Path, PathBuf},
};
use surety_engine::{LeaseId, Observed};
use surety_primitives::OrderId;

/// Entries of the history that are kept.
const MAX_HISTORY: u64 = 4_096;
/// Orders whose last decision is kept.
const MAX_BIDS: u64 = 4_096;

/// Memory of all leases, as decisions read it.
pub type Memory = BTreeMap<LeaseId, Record>;

/// Database of the agent.
pub struct Store {
	database: Database,
	path: PathBuf,
	memory: Mutex<Memory>,
}

/// Right of an access token that was used: nonce, right, and the end of the token in seconds.
pub type UsedRight = (String, String, u64);

impl Store {
	/// Open `agent.redb` in a directory, which is made if it is missing. A damaged file is moved
	/// aside, and a fresh one takes its place: see [`Opened::damaged`].
	///
	/// - `genesis`: chain of the database.
	///
	/// Errors: [`OpenError`].
	pub fn open(directory: &Path, genesis: &str) -> Result<Opened, OpenError> {
		open::open(directory, genesis)
	}

	/// Path of the file.
	pub fn path(&self) -> &Path {
		&self.path
	}

	/// Memory of all leases.
	pub fn memory(&self) -> Memory {
		self.memory.lock().clone()
	}

	/// Memory of a lease.
	pub fn record(&self, lease: LeaseId) -> Option<Record> {
		self.memory.lock().get(&lease).cloned()
	}

	/// Change the memory of leases, on disk before it returns. `None` forgets a lease. The private
	/// part goes as soon as the chain has finalized the end of the lease, or nothing is left of it. A
	/// disk that fails stops no lease: the memory of the process changes anyway.
	pub fn save(&self, changes: &[(LeaseId, Option<Record>)]) -> Result<(), StoreError> {
		if changes.is_empty() {
			return Ok(());
		}
		{
			let mut memory = self.memory.lock();
			for (lease, record) in changes {
				match record {
					Some(record) => memory.insert(*lease, record.clone()),
					None => memory.remove(lease),
				};
			}
		}
		let is_over = |record: &Option<Record>| {
			let Some(record) = record else { return true };
			record.removed || record.ended.is_some_and(|ended| ended.code.is_some())
		};
		let write = self.database.begin_write()?;
		{
			let mut records = write.open_table(RECORDS)?;
			let mut private = write.open_table(PRIVATE)?;
			for (lease, record) in changes {
				match record {
					Some(record) => {
						records.insert(lease, bytes(record)?.as_slice())?;
					},
					None => drop(records.remove(lease)?),
				}
				if is_over(record) {
					private.remove(lease)?;
				}
			}
		}
		write.commit()?;
		Ok(())
	}

	/// Keep the private part of a lease.
	///
	/// Errors: [`StoreError::TooLarge`] above [`MAX_PRIVATE`] bytes.
	pub fn save_private(&self, lease: LeaseId, private: &Private) -> Result<(), StoreError> {
		let value = bytes(private)?;
		if value.len() > MAX_PRIVATE {
			return Err(StoreError::TooLarge(value.len()));
		}
		let write = self.database.begin_write()?;
		write.open_table(PRIVATE)?.insert(lease, value.as_slice())?;
		write.commit()?;
		Ok(())
	}

	/// Private part of a lease, if its tenant has released it.
	pub fn private(&self, lease: LeaseId) -> Result<Option<Private>, StoreError> {
		let read = self.database.begin_read()?;
		read.open_table(PRIVATE)?.get(lease)?.map(|value| parse(value.value())).transpose()
	}

	/// Keep the rights of access tokens that were used, so that a restart allows no replay.
	pub fn save_used(&self, used: &[UsedRight]) -> Result<(), StoreError> {
		self.save_meta("used", &used)
	}

	/// Rights of access tokens that were used before the restart.
	pub fn used(&self) -> Result<Vec<UsedRight>, StoreError> {
		let read = self.database.begin_read()?;
		let used = read.open_table(META)?.get("used")?.map(|value| parse(value.value()));
		Ok(used.transpose()?.unwrap_or_default())
	}

	/// Keep the last decision on an order.
	pub fn save_bids(&self, outcomes: &[(OrderId, BidOutcome)]) -> Result<(), StoreError> {
		if outcomes.is_empty() {
			return Ok(());
		}
		let write = self.database.begin_write()?;
		{
			let mut table = write.open_table(BIDS)?;
			for (order, outcome) in outcomes {
				table.insert(order, bytes(outcome)?.as_slice())?;
			}
			while table.len()? > MAX_BIDS {
				table.pop_first()?;
			}
		}
		write.commit()?;
		Ok(())
	}

	/// Last decisions by order.
	pub fn bids(&self) -> Result<BTreeMap<OrderId, BidOutcome>, StoreError> {
		let read = self.database.begin_read()?;
		let table = read.open_table(BIDS)?;
		let entry = |pair: Result<_, redb::StorageError>| {
			let (key, value): (redb::AccessGuard<u32>, redb::AccessGuard<&[u8]>) = pair?;
			Ok((key.value(), parse(value.value())?))
		};
		table.iter()?.map(entry).collect()
	}

	/// Add an entry to the history. The oldest ones are dropped.
	pub fn note(&self, entry: &Entry) -> Result<(), StoreError> {
		let write = self.database.begin_write()?;
		{
			let mut table = write.open_table(HISTORY)?;
			let next = table.last()?.map_or(0, |(key, _)| key.value().saturating_add(1));
			table.insert(next, bytes(entry)?.as_slice())?;
			while table.len()? > MAX_HISTORY {
				table.pop_first()?;
			}
		}
		write.commit()?;
		Ok(())
	}

	/// Last entries of the history, newest first.
	pub fn history(&self, limit: usize) -> Result<Vec<Entry>, StoreError> {
		let read = self.database.begin_read()?;
		let table = read.open_table(HISTORY)?;
		let newest = table.iter()?.rev().take(limit);
		newest.map(|pair| parse(pair?.1.value())).collect()
	}

	/// Keep the last observation. It is information for people after a restart, never the base of
	/// a decision.
	pub fn save_observation(&self, observed: &[Observed]) -> Result<(), StoreError> {
		self.save_meta("observation", &observed)
	}

	/// Last observation before the restart.
	pub fn observation(&self) -> Result<Option<Vec<Observed>>, StoreError> {
		let read = self.database.begin_read()?;
		read.open_table(META)?.get("observation")?.map(|value| parse(value.value())).transpose()
	}

	fn save_meta<T: Serialize>(&self, key: &str, value: &T) -> Result<(), StoreError> {
		let write = self.database.begin_write()?;
		write.open_table(META)?.insert(key, bytes(value)?.as_slice())?;
		write.commit()?;
		Ok(())
	}
}

fn bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
	serde_json::to_vec(value).map_err(|error| StoreError::Unreadable(error.to_string()))
}

fn parse<T: DeserializeOwned>(value: &[u8]) -> Result<T, StoreError> {
	// The position only: a value may be a secret.
	serde_json::from_slice(value).map_err(|error| {
		StoreError::Unreadable(format!("line {}, column {}", error.line(), error.column()))
	})
}

/// Everything of a table that can be read.
fn all<T: DeserializeOwned>(
	database: &Database,
	table: Table,
) -> Result<BTreeMap<u32, T>, StoreError> {
	let read = database.begin_read()?;
	let table = read.open_table(table)?;
	let mut found = BTreeMap::new();
	for pair in table.iter()? {
		let (key, value) = pair?;
		found.insert(key.value(), parse(value.value())?);
	}
	Ok(found)
}

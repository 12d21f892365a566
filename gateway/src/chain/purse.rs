// SPDX-License-Identifier: Apache-2.0

//! Amounts that this gateway has spent, or put on hold to be spent, over its whole life.
//!
//! The chain forgets an agreement that is over, so its cost is kept in a file. A file that cannot
//! be read stops purchases: counting from zero would spend the budget twice.

use super::Market;
use crate::files;
use serde::{Deserialize, Serialize};
use std::{
	collections::BTreeMap,
	fmt, fs, io,
	path::{Path, PathBuf},
};
use surety_primitives::{AgreementId, Balance, BlockNumber, json};

/// Name of the file.
const FILE: &str = "purchases.json";
/// Largest file in bytes.
const MAX_FILE: u64 = 16 << 20;

/// Reason why the spent amounts are not known.
#[derive(Debug)]
pub enum PurseError {
	/// The file cannot be read or written.
	Io {
		/// The file.
		path: PathBuf,
		/// Cause.
		error: io::Error,
	},
	/// The file is damaged.
	Damaged {
		/// The file.
		path: PathBuf,
		/// Cause.
		reason: String,
	},
	/// The file belongs to another chain or tenant.
	Foreign {
		/// The file.
		path: PathBuf,
	},
	/// Another process spends from the file.
	Locked {
		/// The file.
		path: PathBuf,
	},
}

impl fmt::Display for PurseError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
			Self::Damaged { path, reason } => write!(
				f,
				"{} is damaged ({reason}): repair it, or remove it to count from zero",
				path.display()
			),
			Self::Foreign { path } => write!(
				f,
				"{} is of another chain or tenant: use another data directory, or remove it",
				path.display()
			),
			Self::Locked { path } => {
				write!(f, "{} is in use by another process, which does the buying", path.display())
			},
		}
	}
}

impl std::error::Error for PurseError {}

/// An agreement that counts.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
	/// On hold when it was last seen.
	#[serde(with = "json")]
	held: Balance,
	/// Paid when it was last seen.
	#[serde(with = "json")]
	paid: Balance,
	/// Due and not paid when it was last seen.
	#[serde(with = "json")]
	due: Balance,
	/// Price per billable block.
	#[serde(with = "json")]
	rate: Balance,
	/// Block in which it was last seen.
	seen: BlockNumber,
}

impl Entry {
	/// Spent or still to be spent.
	fn committed(&self) -> Balance {
		self.held.saturating_add(self.paid)
	}

	/// Most that it can have cost, now that the chain no longer has it.
	fn final_cost(&self, block: BlockNumber) -> Balance {
		let unseen = self.rate.saturating_mul(block.saturating_sub(self.seen).into());
		self.paid.saturating_add(self.due).saturating_add(unseen).min(self.committed())
	}
}

/// Amount of a transaction whose outcome the snapshots do not show yet.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Pending {
	/// Amount in planck.
	#[serde(with = "json")]
	pub amount: Balance,
	/// Snapshots from this block on show the outcome.
	pub until: BlockNumber,
}

#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Book {
	version: u32,
	genesis: String,
	tenant: String,
	/// Cost of agreements that are over.
	#[serde(with = "json")]
	closed: Balance,
	agreements: BTreeMap<AgreementId, Entry>,
	pending: Option<Pending>,
}

/// Amounts that this gateway has spent.
#[derive(Debug)]
pub struct Purse {
	path: Option<PathBuf>,
	book: Book,
	/// Held as long as the purse: two processes that each know half of the spending would spend
	/// more than the budget.
	_lock: Option<fs::File>,
}

impl Purse {
	/// Purse of a tenant on a chain, kept in a directory. Without a directory it is forgotten with
	/// the process.
	pub fn open(dir: Option<&Path>, genesis: &str, tenant: &str) -> Result<Self, PurseError> {
		let path = dir.map(|dir| dir.join(FILE));
		let lock = path.as_deref().map(lock).transpose()?;
		let fresh = || Book {
			version: 1,
			genesis: genesis.into(),
			tenant: tenant.into(),
			..<_>::default()
		};
		let book = match path.as_deref().map(read).transpose()?.flatten() {
			Some(book) => book,
			None => fresh(),
		};
		let path_of = || path.clone().unwrap_or_default();
		if book.version != 1 {
			let reason = format!("version {}", book.version);
			return Err(PurseError::Damaged { path: path_of(), reason });
		}
		if book.genesis != genesis || book.tenant != tenant {
			return Err(PurseError::Foreign { path: path_of() });
		}
		Ok(Self { path, book, _lock: lock })
	}

	/// Amount that is spent or on hold, with what a running transaction may add.
	pub fn committed(&self) -> Balance {
		let open = self.book.agreements.values().map(Entry::committed);
		let pending = self.book.pending.map_or(0, |pending| pending.amount);
		open.fold(self.book.closed, Balance::saturating_add).saturating_add(pending)
	}

	/// True while a transaction runs whose outcome the snapshots do not show.
	pub fn is_pending(&self) -> bool {
		self.book.pending.is_some()
	}

	/// Take over what a snapshot shows. `counts` says which agreements count; one that counted once
	/// counts for ever.
	pub fn observe(&mut self, market: &Market, counts: impl Fn(AgreementId) -> bool) {
		let block = market.head.number;
		for (id, agreement) in &market.agreements {
			if !counts(*id) && !self.book.agreements.contains_key(id) {
				continue;
			}
			let entry = Entry {
				held: agreement.held,
				paid: agreement.paid,
				due: agreement.due,
				rate: agreement.rate,
				seen: block,
			};
			self.book.agreements.insert(*id, entry);
		}
		let closed = &mut self.book.closed;
		self.book.agreements.retain(|id, entry| {
			let is_open = market.agreements.contains_key(id);
			if !is_open {
				*closed = closed.saturating_add(entry.final_cost(block));
			}
			is_open
		});
		if self.book.pending.is_some_and(|pending| block >= pending.until) {
			self.book.pending = None;
		}
	}

	/// Count the amount of a transaction that is about to be sent, until the snapshots show its
	/// outcome.
	pub fn reserve(&mut self, amount: Balance, until: BlockNumber) -> Result<(), PurseError> {
		self.book.pending = Some(Pending { amount, until });
		self.save()
	}

	/// The outcome of the transaction is in this block.
	pub fn included(&mut self, block: BlockNumber) -> Result<(), PurseError> {
		if let Some(pending) = &mut self.book.pending {
			pending.until = block;
		}
		self.save()
	}

	/// Amount of transactions whose outcome the snapshots do not show.
	pub fn pending(&self) -> Option<Pending> {
		self.book.pending
	}

	/// The last transaction had no effect: back to the amount that waited before.
	pub fn restore(&mut self, before: Option<Pending>) -> Result<(), PurseError> {
		self.book.pending = before;
		self.save()
	}

	/// Write the file, so that it survives a crash.
	pub fn save(&self) -> Result<(), PurseError> {
		let Some(path) = &self.path else { return Ok(()) };
		let fault = |error| PurseError::Io { path: path.clone(), error };
		let bytes =
			serde_json::to_vec_pretty(&self.book).map_err(io::Error::other).map_err(fault)?;
		let made = path.parent().map_or(Ok(()), fs::create_dir_all);
		made.and_then(|()| files::replace(path, &bytes)).map_err(fault)
	}
}

/// Lock of the file, in a directory that is made if it is missing.
fn lock(path: &Path) -> Result<fs::File, PurseError> {
	let made = path.parent().map_or(Ok(()), fs::create_dir_all);
	let lock = made.and_then(|()| files::lock(path));
	let lock = lock.map_err(|error| PurseError::Io { path: path.into(), error })?;
	lock.ok_or_else(|| PurseError::Locked { path: path.into() })
}

fn read(path: &Path) -> Result<Option<Book>, PurseError> {
	let damaged = |reason: String| PurseError::Damaged { path: path.into(), reason };
	let bytes = match files::read_if_there(path, MAX_FILE) {
		Ok(Some(bytes)) => bytes,
		Ok(None) => return Ok(None),
		Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
			return Err(damaged(error.to_string()));
		},
		Err(error) => return Err(PurseError::Io { path: path.into(), error }),
	};
	serde_json::from_slice(&bytes).map(Some).map_err(|error| damaged(error.to_string()))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::chain::tests::{agreement, market};

	fn purse(dir: Option<&Path>) -> Result<Purse, PurseError> {
		Purse::open(dir, "0x01", "alice")
	}

	#[test]
	fn a_closed_agreement_costs_what_it_may_have_paid() {
		let mut purse = purse(None).unwrap();
		let mut market = market(100);
		let one = surety_runtime_api::AgreementInfo {
			held: 80,
			paid: 20,
			due: 5,
			rate: 2,
			..agreement(1, 5)
		};
		market.agreements.insert(1, one);
		purse.observe(&market, |_| true);
		assert_eq!(purse.committed(), 100);
		market.agreements.clear();
		market.head.number = 103;
		purse.observe(&market, |_| true);
		assert_eq!(purse.committed(), 20 + 5 + 3 * 2);
	}

	#[test]
	fn a_closed_agreement_never_costs_more_than_its_deposit() {
		let mut purse = purse(None).unwrap();
		let mut market = market(100);
		let one = surety_runtime_api::AgreementInfo {
			held: 80,
			paid: 20,
			due: 5,
			rate: 2,
			..agreement(1, 5)
		};
		market.agreements.insert(1, one);
		purse.observe(&market, |_| true);
		market.agreements.clear();
		market.head.number = 100_000;
		purse.observe(&market, |_| true);
		assert_eq!(purse.committed(), 100);
	}

	#[test]
	fn agreements_that_do_not_count_are_left_out() {
		let mut purse = purse(None).unwrap();
		let mut market = market(1);
		market.agreements.insert(1, agreement(1, 5));
		purse.observe(&market, |_| false);
		assert_eq!(purse.committed(), 0);
	}

	#[test]
	fn a_running_transaction_counts_over_a_restart() {
		let dir = tempfile::tempdir().unwrap();
		let mut one = purse(Some(dir.path())).unwrap();
		one.reserve(7, 164).unwrap();
		drop(one);
		let mut two = purse(Some(dir.path())).unwrap();
		assert_eq!((two.committed(), two.is_pending()), (7, true));
		two.observe(&market(163), |_| true);
		assert_eq!(two.committed(), 7);
		two.observe(&market(164), |_| true);
		assert_eq!((two.committed(), two.is_pending()), (0, false));
	}

	#[test]
	fn two_processes_do_not_spend_the_same_budget() {
		let dir = tempfile::tempdir().unwrap();
		let one = purse(Some(dir.path())).unwrap();
		assert!(matches!(purse(Some(dir.path())), Err(PurseError::Locked { .. })));
		drop(one);
		purse(Some(dir.path())).unwrap();
	}

	#[test]
	fn a_damaged_or_foreign_file_stops_purchases() {
		let dir = tempfile::tempdir().unwrap();
		purse(Some(dir.path())).unwrap().save().unwrap();
		let foreign = Purse::open(Some(dir.path()), "0x02", "alice");
		assert!(matches!(foreign, Err(PurseError::Foreign { .. })));
		for text in ["", "{}", "{\"version\":2}", "null"] {
			std::fs::write(dir.path().join(FILE), text).unwrap();
			let error = purse(Some(dir.path())).unwrap_err();
			assert!(matches!(error, PurseError::Damaged { .. }), "{text}: {error}");
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! States of orders on the disk: one file per order, readable by its owner only, replaced as a
//! whole.
//!
//! ```text
//! name:  <first 16 digits of the genesis hash>-<order>.order
//! magic (8) | blake2-256 of all that follows (32) | version (1) | state in SCALE
//! ```
//!
//! The new content goes to a file beside it, is synchronised to the disk, and takes the name in one
//! step; then the directory is synchronised. After a crash the file is the old one or the new one. A
//! lock keeps a second process out of the directory.

use super::{
	OrderState,
	file::{self, VERSION},
};
use crate::hex;
use codec::DecodeAll;
use std::{
	error::Error,
	fmt,
	fs::{self, File, TryLockError},
	io,
	os::unix::fs::OpenOptionsExt,
	path::{Path, PathBuf},
};
use surety_primitives::OrderId;

const MAGIC: &[u8; 8] = b"srtorder";
/// Most orders that are listed.
const MAX_ORDERS: usize = 10_000;

/// Reason why a state cannot be used.
#[derive(Debug)]
pub enum StateError {
	/// The operating system refused.
	Io(PathBuf, io::Error),
	/// Another process has the directory open.
	Locked(PathBuf),
	/// Others than the owner may read the file or the directory.
	Exposed(PathBuf),
	/// Not a plain file.
	NotAFile(PathBuf),
	/// The content is not what was written.
	Corrupt(PathBuf),
	/// A later release wrote the file.
	Version(PathBuf, u8),
	/// An order has a state already.
	Exists(PathBuf),
}

impl fmt::Display for StateError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
			Self::Locked(path) => {
				write!(f, "{} is in use by another process; stop it first", path.display())
			},
			Self::Exposed(path) => write!(
				f,
				"others may read {}, which holds secrets; run `chmod go= {}`, and change the \
				 secrets if somebody did",
				path.display(),
				path.display()
			),
			Self::NotAFile(path) => write!(f, "{} is not a plain file", path.display()),
			Self::Corrupt(path) => write!(
				f,
				"{} is damaged; restore it from a copy, or place the order again",
				path.display()
			),
			Self::Version(path, version) => write!(
				f,
				"{} has version {version}, known is {VERSION}; use a later release",
				path.display()
			),
			Self::Exists(path) => write!(f, "{} exists already", path.display()),
		}
	}
}

impl Error for StateError {}

/// Directory of states, locked against other processes.
#[derive(Debug)]
pub struct StateDirectory {
	path: PathBuf,
	_lock: File,
}

impl StateDirectory {
	/// Open a directory, which is made with mode 0700 if it is missing.
	pub fn open(path: &Path) -> Result<Self, StateError> {
		let io = |error| StateError::Io(path.to_owned(), error);
		file::private_directory(path)?;
		let lock_path = path.join("lock");
		let mut options = File::options();
		options.create(true).truncate(false).write(true).mode(0o600);
		let lock = options.open(&lock_path).map_err(io)?;
		lock.try_lock().map_err(|error| match error {
			TryLockError::WouldBlock => StateError::Locked(path.to_owned()),
			TryLockError::Error(error) => StateError::Io(lock_path.clone(), error),
		})?;
		Ok(Self { path: path.to_owned(), _lock: lock })
	}

	/// The directory.
	pub fn path(&self) -> &Path {
		&self.path
	}

	/// Path of an order's file.
	pub fn file(&self, genesis: &[u8; 32], order: OrderId) -> PathBuf {
		let chain: String = hex::encode(genesis).chars().take(16).collect();
		self.path.join(format!("{chain}-{order}.order"))
	}

	/// Orders of a chain that have a state, in order.
	pub fn orders(&self, genesis: &[u8; 32]) -> Result<Vec<OrderId>, StateError> {
		let io = |error| StateError::Io(self.path.clone(), error);
		let chain: String = hex::encode(genesis).chars().take(16).collect();
		let mut orders = Vec::new();
		for entry in fs::read_dir(&self.path).map_err(io)? {
			let name = entry.map_err(io)?.file_name();
			let number: Option<OrderId> = name.to_str().and_then(|name| {
				let rest = name.strip_prefix(chain.as_str())?.strip_prefix('-')?;
				rest.strip_suffix(".order")?.parse().ok()
			});
			orders.extend(number);
			if orders.len() >= MAX_ORDERS {
				break;
			}
		}
		orders.sort_unstable();
		Ok(orders)
	}

	/// State of an order. `None` without one.
	pub fn load(
		&self,
		genesis: &[u8; 32],
		order: OrderId,
	) -> Result<Option<OrderState>, StateError> {
		let path = self.file(genesis, order);
		let Some(body) = file::read(&path, MAGIC)? else { return Ok(None) };
		let corrupt = || StateError::Corrupt(path.clone());
		let state = OrderState::decode_all(&mut body.as_slice()).map_err(|_| corrupt())?;
		let own = (state.genesis, state.order) == (*genesis, order);
		if own && state.manifest.check().is_ok() { Ok(Some(state)) } else { Err(corrupt()) }
	}

	/// Replace the state of an order. On return it survives a crash.
	pub fn save(&self, state: &OrderState) -> Result<(), StateError> {
		file::write(&self.file(&state.genesis, state.order), MAGIC, state)
	}

	/// Save the first state of an order.
	pub fn create(&self, state: &OrderState) -> Result<(), StateError> {
		let path = self.file(&state.genesis, state.order);
		if fs::symlink_metadata(&path).is_ok() {
			return Err(StateError::Exists(path));
		}
		self.save(state)
	}

	/// Remove the state of an order that is over. False if there is none.
	pub fn remove(&self, genesis: &[u8; 32], order: OrderId) -> Result<bool, StateError> {
		file::remove(&self.file(genesis, order))
	}
}

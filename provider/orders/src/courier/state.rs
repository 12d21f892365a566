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

use super::OrderState;
use crate::{
	hex,
	manifest::{MAX_MANIFEST, blake2_256},
};
use codec::{DecodeAll, Encode};
use std::{
	error::Error,
	fmt,
	fs::{self, File, TryLockError},
	io::{self, Read, Write},
	os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
	path::{Path, PathBuf},
};
use surety_primitives::OrderId;
use zeroize::Zeroizing;

const MAGIC: &[u8; 8] = b"srtorder";
const VERSION: u8 = 1;
/// Longest file: a manifest, and 64 releases to 8 keys each.
const MAX_FILE: usize = MAX_MANIFEST + 256 * 1024;
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
		fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io)?;
		if fs::metadata(path).map_err(io)?.permissions().mode() & 0o077 != 0 {
			return Err(StateError::Exposed(path.to_owned()));
		}
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
		let io = |error| StateError::Io(path.clone(), error);
		let metadata = match fs::symlink_metadata(&path) {
			Ok(metadata) => metadata,
			Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
			Err(error) => return Err(io(error)),
		};
		if !metadata.is_file() {
			return Err(StateError::NotAFile(path));
		}
		if metadata.permissions().mode() & 0o077 != 0 {
			return Err(StateError::Exposed(path));
		}
		let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
		if length > MAX_FILE {
			return Err(StateError::Corrupt(path));
		}
		let limit = u64::try_from(MAX_FILE).unwrap_or(u64::MAX).saturating_add(1);
		let mut content = Zeroizing::new(Vec::with_capacity(length.saturating_add(1)));
		let file = File::open(&path).map_err(io)?;
		file.take(limit).read_to_end(&mut content).map_err(io)?;
		let corrupt = || StateError::Corrupt(path.clone());
		let rest = content.strip_prefix(MAGIC).ok_or_else(corrupt)?;
		let (sum, versioned) = rest.split_at_checked(32).ok_or_else(corrupt)?;
		if blake2_256(versioned) != sum {
			return Err(corrupt());
		}
		let (version, mut body) = versioned.split_first().ok_or_else(corrupt)?;
		if *version != VERSION {
			return Err(StateError::Version(path, *version));
		}
		let state = OrderState::decode_all(&mut body).map_err(|_| corrupt())?;
		let own = (state.genesis, state.order) == (*genesis, order);
		if own && state.manifest.check().is_ok() { Ok(Some(state)) } else { Err(corrupt()) }
	}

	/// Replace the state of an order. On return it survives a crash.
	pub fn save(&self, state: &OrderState) -> Result<(), StateError> {
		let path = self.file(&state.genesis, state.order);
		let size = state.encoded_size().saturating_add(64);
		let mut body = Zeroizing::new(Vec::with_capacity(size));
		body.push(VERSION);
		state.encode_to(&mut *body);
		let beside = path.with_extension("new");
		let written = (|| {
			match fs::remove_file(&beside) {
				Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
				_ => {},
			}
			let mut options = File::options();
			let mut file = options.create_new(true).write(true).mode(0o600).open(&beside)?;
			file.write_all(MAGIC)?;
			file.write_all(&blake2_256(&body))?;
			file.write_all(&body)?;
			file.sync_all()?;
			fs::rename(&beside, &path)?;
			File::open(&self.path)?.sync_all()
		})();
		written.map_err(|error| StateError::Io(path, error))
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
		let path = self.file(genesis, order);
		match fs::remove_file(&path) {
			Ok(()) => Ok(true),
			Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
			Err(error) => Err(StateError::Io(path, error)),
		}
	}
}

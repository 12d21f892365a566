// SPDX-License-Identifier: Apache-2.0

//! Opening of the database.

use super::{Memory, Store, all, bytes, parse};
use parking_lot::Mutex;
use redb::{Database, DatabaseError, ReadableDatabase, StorageError, TableDefinition};
use std::{
	fmt,
	fs::{self, OpenOptions, Permissions},
	io,
	os::unix::fs::{OpenOptionsExt, PermissionsExt},
	path::{Path, PathBuf},
};

/// Version of the tables.
const VERSION: u32 = 1;
/// Bytes of the file that are kept in memory.
const CACHE: usize = 8 << 20;
/// Damaged files that are kept aside.
const MAX_ASIDE: u32 = 100;

/// Table with JSON by id.
pub(super) type Table = TableDefinition<'static, u32, &'static [u8]>;
/// Version, chain, last observation.
pub(super) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
/// Records by lease.
pub(super) const RECORDS: Table = TableDefinition::new("records");
/// Private parts by lease.
pub(super) const PRIVATE: Table = TableDefinition::new("private");
/// Last decisions by order.
pub(super) const BIDS: Table = TableDefinition::new("bids");
/// History by number.
pub(super) const HISTORY: TableDefinition<u64, &[u8]> = TableDefinition::new("history");

/// Reason why a read or a write of the database failed.
#[derive(Debug)]
pub enum StoreError {
	/// The file cannot be read or written: check the disk, and the space on it.
	Database(Box<redb::Error>),
	/// A value is not one of this version; the place in it.
	Unreadable(String),
	/// The private part of an order is larger than allowed, in bytes.
	TooLarge(usize),
}

impl fmt::Display for StoreError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Database(error) => write!(f, "database: {error}; check the disk"),
			Self::Unreadable(place) => write!(f, "database: a value cannot be read ({place})"),
			Self::TooLarge(bytes) => {
				write!(f, "{bytes} bytes are more than {} allowed", super::MAX_PRIVATE)
			},
		}
	}
}

impl std::error::Error for StoreError {}

macro_rules! from_redb {
	($($error:ident),*) => { $(
		impl From<redb::$error> for StoreError {
			fn from(error: redb::$error) -> Self {
				Self::Database(Box::new(error.into()))
			}
		}
	)* };
}

from_redb!(DatabaseError, TransactionError, TableError, CommitError, StorageError);

/// Reason why there is no database.
#[derive(Debug)]
pub enum OpenError {
	/// The operating system refused.
	Io(PathBuf, io::Error),
	/// Another agent has it open. Stop that one first.
	InUse(PathBuf),
	/// A later version of the agent wrote it. Update, or start with another directory.
	Version {
		/// The file.
		path: PathBuf,
		/// Its version.
		version: u32,
	},
	/// It is of another chain. Start with another directory.
	OtherChain {
		/// The file.
		path: PathBuf,
		/// Genesis of that chain.
		genesis: String,
	},
	/// A fresh file cannot be used either.
	Store(PathBuf, StoreError),
}

impl fmt::Display for OpenError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
			Self::InUse(path) => {
				write!(f, "{} is in use: stop the other agent first", path.display())
			},
			Self::Version { path, version } => write!(
				f,
				"{} has version {version}, known is {VERSION}: update the agent, or start with \
				 another directory",
				path.display()
			),
			Self::OtherChain { path, genesis } => write!(
				f,
				"{} is of the chain {genesis}: start with another directory",
				path.display()
			),
			Self::Store(path, error) => write!(f, "{}: {error}", path.display()),
		}
	}
}

impl std::error::Error for OpenError {}

/// A database, and the damaged one that it replaced.
pub struct Opened {
	/// The database.
	pub store: Store,
	/// Damaged file that was moved aside, and its fault.
	pub damaged: Option<(PathBuf, String)>,
}

/// Reason to stop, or to go on with a fresh file.
enum Fault {
	Stop(OpenError),
	Damaged(String),
}

pub(super) fn open(directory: &Path, genesis: &str) -> Result<Opened, OpenError> {
	let io = |path: &Path| {
		let path = path.to_owned();
		move |error| OpenError::Io(path, error)
	};
	fs::create_dir_all(directory).map_err(io(directory))?;
	let path = directory.join("agent.redb");
	match try_open(&path, genesis) {
		Ok(store) => Ok(Opened { store, damaged: None }),
		Err(Fault::Stop(error)) => Err(error),
		Err(Fault::Damaged(reason)) => {
			let aside = free_name(&path);
			fs::rename(&path, &aside).map_err(io(&path))?;
			match try_open(&path, genesis) {
				Ok(store) => Ok(Opened { store, damaged: Some((aside, reason)) }),
				Err(Fault::Stop(error)) => Err(error),
				Err(Fault::Damaged(reason)) => {
					Err(OpenError::Store(path, StoreError::Unreadable(reason)))
				},
			}
		},
	}
}

fn free_name(path: &Path) -> PathBuf {
	let name = |number: u32| path.with_extension(format!("redb.damaged-{number}"));
	(1..MAX_ASIDE).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(MAX_ASIDE))
}

fn try_open(path: &Path, genesis: &str) -> Result<Store, Fault> {
	let stop = |error| Fault::Stop(OpenError::Io(path.to_owned(), error));
	// Before anything is in it: it will have manifests.
	let mut options = OpenOptions::new();
	options.create(true).truncate(false).read(true).write(true).mode(0o600);
	drop(options.open(path).map_err(stop)?);
	fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(stop)?;
	let database = database(path)?;
	let damaged = |error: StoreError| Fault::Damaged(error.to_string());
	let memory = prepare(&database, path, genesis).map_err(|fault| match fault {
		Ok(error) => Fault::Stop(error),
		Err(error) => damaged(error),
	})?;
	Ok(Store { database, path: path.to_owned(), memory: Mutex::new(memory) })
}

/// The file as a database.
fn database(path: &Path) -> Result<Database, Fault> {
	// A file that is cut or overwritten makes some readers panic.
	let opened =
		std::panic::catch_unwind(|| Database::builder().set_cache_size(CACHE).create(path));
	match opened {
		Ok(Ok(database)) => Ok(database),
		Ok(Err(DatabaseError::DatabaseAlreadyOpen)) => {
			Err(Fault::Stop(OpenError::InUse(path.to_owned())))
		},
		Ok(Err(DatabaseError::Storage(StorageError::Io(error))))
			if !matches!(
				error.kind(),
				io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
			) =>
		{
			Err(Fault::Stop(OpenError::Io(path.to_owned(), error)))
		},
		Ok(Err(error)) => Err(Fault::Damaged(error.to_string())),
		Err(_) => Err(Fault::Damaged("not a database".into())),
	}
}

/// Check version and chain, make the tables, and load the memory.
fn prepare(
	database: &Database,
	path: &Path,
	genesis: &str,
) -> Result<Memory, Result<OpenError, StoreError>> {
	let known = head(database).map_err(Err)?;
	if let Some((version, chain)) = known {
		let path = path.to_owned();
		if version > VERSION {
			return Err(Ok(OpenError::Version { path, version }));
		}
		if chain != genesis {
			return Err(Ok(OpenError::OtherChain { path, genesis: chain }));
		}
	}
	write_head(database, genesis).map_err(Err)?;
	all(database, RECORDS).map_err(Err)
}

/// Version and chain of a database; `None` of a fresh one.
fn head(database: &Database) -> Result<Option<(u32, String)>, StoreError> {
	let read = database.begin_read()?;
	let table = match read.open_table(META) {
		Ok(table) => table,
		Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
		Err(error) => return Err(error.into()),
	};
	table.get("head")?.map(|value| parse(value.value())).transpose()
}

fn write_head(database: &Database, genesis: &str) -> Result<(), StoreError> {
	let write = database.begin_write()?;
	write.open_table(META)?.insert("head", bytes(&(VERSION, genesis))?.as_slice())?;
	write.open_table(RECORDS)?;
	write.open_table(PRIVATE)?;
	write.open_table(BIDS)?;
	write.open_table(HISTORY)?;
	write.commit()?;
	Ok(())
}

// SPDX-License-Identifier: Apache-2.0

//! Store of a ledger: one file, replaced as a whole.
//!
//! ```text
//! magic (8) | blake2-256 of all that follows (32) | version (1) | body
//! ```

use crate::files;
use sp_runtime::traits::{BlakeTwo256, Hash as _};
use std::{
	fmt,
	fs::{self, File},
	io,
	path::{Path, PathBuf},
};

const MAGIC: &[u8; 8] = b"srtusage";

/// Version of the body, the byte before it.
const VERSION: u8 = 1;

/// Maximum length of the file. 16,384 agreements in three windows need less.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// Reason why a store cannot be used.
#[derive(Debug)]
pub enum StoreError {
	/// The operating system refused.
	Io(PathBuf, io::Error),
	/// Another process has the store open.
	Locked(PathBuf),
	/// The content is not what was written.
	Corrupt(&'static str),
	/// A later release wrote the file.
	Version(u8),
	/// The content is of another chain, side or lane.
	Foreign,
	/// The lane of the settings is not below the number of lanes, or there are too many.
	Lane(u8),
}

impl StoreError {
	/// True if the content is of no use, and the ledger may start without it.
	pub fn is_unreadable(&self) -> bool {
		matches!(self, Self::Corrupt(_))
	}
}

impl fmt::Display for StoreError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
			Self::Locked(path) => write!(
				f,
				"{} is in use by another process; give each process a lane of its own",
				path.display()
			),
			Self::Corrupt(reason) => write!(f, "corrupt store of usage statements: {reason}"),
			Self::Version(version) => {
				write!(f, "store of usage statements has version {version}, known is {VERSION}")
			},
			Self::Foreign => {
				f.write_str("store of usage statements is of another chain, side or lane")
			},
			Self::Lane(lane) => write!(f, "no lane {lane} for usage statements"),
		}
	}
}

impl std::error::Error for StoreError {}

/// Durable place of one value.
pub trait Store: Send {
	/// The value last saved. `None` if there never was one.
	fn load(&mut self) -> Result<Option<Vec<u8>>, StoreError>;
	/// Replace the value. On return it survives a crash.
	fn save(&mut self, body: &[u8]) -> Result<(), StoreError>;
	/// Move an unreadable value out of the way, keeping it for inspection.
	fn set_aside(&mut self) -> Result<(), StoreError>;
}

/// Store in a directory, locked against other processes.
#[derive(Debug)]
pub struct FileStore {
	file: PathBuf,
	_lock: File,
}

impl FileStore {
	/// Open `<name>.bin` in a directory, which is made if it is missing.
	pub fn open(directory: &Path, name: &str) -> Result<Self, StoreError> {
		let at = |path: &Path| {
			let path = path.to_owned();
			move |error| StoreError::Io(path, error)
		};
		fs::create_dir_all(directory).map_err(at(directory))?;
		let file = directory.join(format!("{name}.bin"));
		let lock = files::lock(&file).map_err(at(&file))?;
		let lock = lock.ok_or_else(|| StoreError::Locked(file.clone()))?;
		Ok(Self { file, _lock: lock })
	}

	fn io<T>(&self, result: io::Result<T>) -> Result<T, StoreError> {
		result.map_err(|error| StoreError::Io(self.file.clone(), error))
	}
}

impl Store for FileStore {
	fn load(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
		let content = match files::read_if_there(&self.file, MAX_FILE) {
			Ok(Some(content)) => content,
			Ok(None) => return Ok(None),
			Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
				return Err(StoreError::Corrupt("too long"));
			},
			Err(error) => return self.io(Err(error)),
		};
		unwrap_body(&content).map(|body| Some(body.to_vec()))
	}

	fn save(&mut self, body: &[u8]) -> Result<(), StoreError> {
		self.io(files::replace(&self.file, &wrap(body)))
	}

	fn set_aside(&mut self) -> Result<(), StoreError> {
		self.io(fs::rename(&self.file, self.file.with_extension("corrupt")))
	}
}

/// Content of the file for a body.
fn wrap(body: &[u8]) -> Vec<u8> {
	let versioned = [&[VERSION], body].concat();
	[MAGIC.as_slice(), BlakeTwo256::hash(&versioned).as_bytes(), &versioned].concat()
}

fn unwrap_body(content: &[u8]) -> Result<&[u8], StoreError> {
	let rest = content.strip_prefix(MAGIC).ok_or(StoreError::Corrupt("no magic"))?;
	let (sum, versioned) = rest.split_at_checked(32).ok_or(StoreError::Corrupt("cut short"))?;
	if BlakeTwo256::hash(versioned).as_bytes() != sum {
		return Err(StoreError::Corrupt("checksum"));
	}
	match versioned.split_first() {
		Some((&VERSION, body)) => Ok(body),
		Some((version, _)) => Err(StoreError::Version(*version)),
		None => Err(StoreError::Corrupt("cut short")),
	}
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
	use super::*;

	fn store() -> (tempfile::TempDir, FileStore) {
		let directory = tempfile::tempdir().unwrap();
		let store = FileStore::open(directory.path(), "usage").unwrap();
		(directory, store)
	}

	#[test]
	fn a_saved_value_is_loaded_by_the_next_process() {
		let (directory, mut store) = store();
		assert!(store.load().unwrap().is_none());
		store.save(b"first").unwrap();
		store.save(b"second").unwrap();
		drop(store);
		let mut store = FileStore::open(directory.path(), "usage").unwrap();
		assert_eq!(store.load().unwrap().unwrap(), b"second");
	}

	#[test]
	fn a_second_process_is_refused() {
		let (directory, _store) = store();
		let second = FileStore::open(directory.path(), "usage");
		assert!(matches!(second, Err(StoreError::Locked(_))));
		assert!(FileStore::open(directory.path(), "other").is_ok());
	}

	#[test]
	fn any_changed_byte_is_found() {
		let (_directory, mut store) = store();
		store.save(b"body").unwrap();
		let good = fs::read(&store.file).unwrap();
		for at in 0..good.len() {
			let mut bad = good.clone();
			bad[at] ^= 1;
			fs::write(&store.file, bad).unwrap();
			assert!(store.load().unwrap_err().is_unreadable(), "byte {at}");
		}
	}

	#[test]
	fn any_cut_is_found() {
		let (_directory, mut store) = store();
		store.save(b"body").unwrap();
		let good = fs::read(&store.file).unwrap();
		for length in 0..good.len() {
			fs::write(&store.file, &good[..length]).unwrap();
			assert!(store.load().unwrap_err().is_unreadable(), "length {length}");
		}
	}

	#[test]
	fn a_file_of_a_later_release_is_named_and_not_discarded() {
		let (_directory, mut store) = store();
		let versioned = [&[VERSION + 1], b"body".as_slice()].concat();
		let sum = BlakeTwo256::hash(&versioned);
		fs::write(&store.file, [MAGIC.as_slice(), sum.as_bytes(), &versioned].concat()).unwrap();
		let error = store.load().unwrap_err();
		assert!(matches!(error, StoreError::Version(2)) && !error.is_unreadable());
	}

	#[test]
	fn a_corrupt_file_is_kept_beside() {
		let (directory, mut store) = store();
		fs::write(&store.file, b"garbage").unwrap();
		assert!(store.load().is_err());
		store.set_aside().unwrap();
		assert!(store.load().unwrap().is_none());
		assert_eq!(fs::read(directory.path().join("usage.corrupt")).unwrap(), b"garbage");
	}

	#[test]
	fn a_crash_before_the_rename_keeps_the_old_value() {
		let (directory, mut store) = store();
		store.save(b"old").unwrap();
		fs::write(directory.path().join("usage.new"), b"half of the n").unwrap();
		assert_eq!(store.load().unwrap().unwrap(), b"old");
	}
}

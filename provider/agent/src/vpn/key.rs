// SPDX-License-Identifier: Apache-2.0

//! ed25519 key of the listing: the chain names it, the agent signs answers with it.

use sp_core::{Pair, ed25519};
use std::{
	fmt,
	fs::{self, DirBuilder, File, OpenOptions},
	io::{self, Read, Write},
	os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
	path::{Path, PathBuf},
};

/// Longest file of a key, in bytes.
const MAX_FILE: u64 = 256;

/// Reason why there is no key.
#[derive(Debug)]
pub enum KeyError {
	/// The file cannot be read or written.
	Io(PathBuf, io::Error),
	/// Others can read the file.
	Open(PathBuf),
	/// The file holds no key.
	Malformed(PathBuf),
}

impl fmt::Display for KeyError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
			Self::Open(path) => {
				write!(f, "others can read the key of the listing: chmod 600 {}", path.display())
			},
			Self::Malformed(path) => write!(
				f,
				"{} holds no key: restore it; a new key needs a new listing",
				path.display()
			),
		}
	}
}

impl std::error::Error for KeyError {}

/// Key of the listing. Neither logged nor serialised.
#[derive(Clone)]
pub struct ListingKey(ed25519::Pair);

impl ListingKey {
	/// Key of a seed.
	pub fn from_seed(seed: &[u8; 32]) -> Self {
		Self(ed25519::Pair::from_seed(seed))
	}

	/// Directory of the VPN below that of the agent.
	pub fn directory(data: &Path) -> PathBuf {
		data.join("vpn")
	}

	/// File of the key, below the directory of the agent.
	pub fn path(data: &Path) -> PathBuf {
		Self::directory(data).join("listing.key")
	}

	/// Key of an agent's directory, made if there is none.
	///
	/// Errors: [`KeyError`]. A file that cannot be used is never replaced: the listing has its key.
	pub fn open(data: &Path) -> Result<Self, KeyError> {
		let path = Self::path(data);
		let fault = |error| KeyError::Io(path.clone(), error);
		match File::open(&path) {
			Ok(file) => Self::read(&path, &file),
			Err(error) if error.kind() == io::ErrorKind::NotFound => {
				let directory = Self::directory(data);
				let mut builder = DirBuilder::new();
				builder.recursive(true).mode(0o700).create(&directory).map_err(fault)?;
				Self::make(&path, &directory).map_err(fault)
			},
			Err(error) => Err(fault(error)),
		}
	}

	fn read(path: &Path, file: &File) -> Result<Self, KeyError> {
		let fault = |error| KeyError::Io(path.to_owned(), error);
		if file.metadata().map_err(fault)?.permissions().mode() & 0o077 != 0 {
			return Err(KeyError::Open(path.to_owned()));
		}
		let mut text = String::new();
		file.take(MAX_FILE).read_to_string(&mut text).map_err(fault)?;
		let seed = text.trim().strip_prefix("0x").and_then(seed_of);
		let seed = seed.ok_or_else(|| KeyError::Malformed(path.to_owned()))?;
		Ok(Self::from_seed(&seed))
	}

	/// A crash leaves the whole file or none.
	fn make(path: &Path, directory: &Path) -> io::Result<Self> {
		let seed = surety_vpn::keys::random::<32>()?;
		let beside = path.with_extension("new");
		let mut options = OpenOptions::new();
		let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
		file.set_permissions(fs::Permissions::from_mode(0o600))?;
		writeln!(file, "0x{}", hex(&seed))?;
		file.sync_all()?;
		fs::rename(&beside, path)?;
		File::open(directory)?.sync_all()?;
		Ok(Self::from_seed(&seed))
	}

	/// Public key, as the listing names it.
	pub fn public(&self) -> [u8; 32] {
		self.0.public().0
	}

	/// Sign bytes.
	pub fn sign(&self, message: &[u8]) -> [u8; 64] {
		self.0.sign(message).0
	}
}

/// The public key in hexadecimal digits.
impl fmt::Display for ListingKey {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "0x{}", hex(&self.public()))
	}
}

impl fmt::Debug for ListingKey {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "ListingKey(of {self})")
	}
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of hexadecimal digits.
pub(super) fn unhex(digits: &str) -> Option<Vec<u8>> {
	if !digits.len().is_multiple_of(2) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
		return None;
	}
	let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
	digits.as_bytes().chunks(2).map(byte).collect()
}

fn seed_of(digits: &str) -> Option<[u8; 32]> {
	unhex(digits)?.try_into().ok()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_key_is_made_once_and_kept_private() {
		let directory = tempfile::tempdir().unwrap();
		let data = directory.path().join("data");
		let key = ListingKey::open(&data).unwrap();
		assert_eq!(ListingKey::open(&data).unwrap().public(), key.public());
		let path = ListingKey::path(&data);
		assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
		let secret = fs::read_to_string(&path).unwrap();
		assert!(!format!("{key:?} {key}").contains(secret.trim()));
		fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
		let refused = ListingKey::open(&data).unwrap_err().to_string();
		assert!(refused.contains("chmod 600"), "{refused}");
	}

	#[test]
	fn a_file_that_is_no_key_is_never_replaced() {
		let directory = tempfile::tempdir().unwrap();
		ListingKey::open(directory.path()).unwrap();
		let path = ListingKey::path(directory.path());
		for bad in ["", "0x", "0x00", &format!("0x{}", "g".repeat(64)), &"0".repeat(64)] {
			fs::write(&path, bad).unwrap();
			let error = ListingKey::open(directory.path()).unwrap_err();
			assert!(matches!(error, KeyError::Malformed(_)), "{bad}: {error}");
			assert_eq!(fs::read_to_string(&path).unwrap(), bad);
		}
	}
}

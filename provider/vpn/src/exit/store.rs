// SPDX-License-Identifier: Apache-2.0

//! Files of an exit: its key, and the peers of agreements.
//!
//! Addresses of tenants on the internet are never written: an exit that was restarted learns them
//! with the next handshake.

use super::{fault::ExitError, pool::Index};
use crate::{
	AgreementId,
	keys::{Key, Secret},
};
use serde::{Deserialize, Serialize};
use std::{
	fs::{self, DirBuilder, File, OpenOptions},
	io::{self, Read, Write},
	os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
	path::{Path, PathBuf},
};

/// Maximum length of the file of peers, in bytes.
const MAX_BYTES: u64 = 64 * 1_024 * 1_024;
const VERSION: u32 = 1;

/// Peer of an agreement, as it is stored.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StoredPeer {
	/// Agreement.
	pub agreement: AgreementId,
	/// Key of the peer.
	pub key: Key,
	/// Moment of signing of its request, in ms since 1970.
	pub issued: u64,
	/// Index of its addresses.
	pub index: Index,
	/// Bits a second in each direction.
	pub bits: u64,
	/// Bytes from the peer.
	pub up: u64,
	/// Bytes to the peer.
	pub down: u64,
	/// Last handshake, or admission, in ms since 1970.
	pub seen: u64,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Contents {
	version: u32,
	peers: Vec<StoredPeer>,
}

/// Directory of an exit.
#[derive(Clone, Debug)]
pub struct Store(PathBuf);

impl Store {
	/// Directory, made if it is missing.
	pub fn open(directory: &Path) -> Result<Self, ExitError> {
		let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
		made.map_err(|error| fault(directory, &error))?;
		Ok(Self(directory.to_path_buf()))
	}

	/// Key of the exit, made if there is none.
	pub fn secret(&self) -> Result<Secret, ExitError> {
		let path = self.0.join("wireguard.key");
		let fail = |reason: &str| ExitError::Store(path.clone(), reason.into());
		let Some(text) = read(&path, 1_024)? else {
			let secret = Secret::generate().map_err(|error| fault(&path, &error))?;
			let text = format!("{}\n", secret.expose());
			write(&path, text.as_bytes()).map_err(|error| fault(&path, &error))?;
			return Ok(secret);
		};
		let mode = fs::metadata(&path).map_err(|error| fault(&path, &error))?.permissions().mode();
		if mode & 0o077 != 0 {
			return Err(fail("others can read the key: chmod 600, or remove it to get a new one"));
		}
		let text = std::str::from_utf8(&text).unwrap_or_default();
		text.trim().parse().map_err(|_| fail("not a WireGuard key: restore it, or remove it"))
	}

	/// Peers of agreements; none if there is no file.
	pub fn peers(&self) -> Result<Vec<StoredPeer>, ExitError> {
		let path = self.path();
		let Some(bytes) = read(&path, MAX_BYTES)? else { return Ok(Vec::new()) };
		let contents: Contents = serde_json::from_slice(&bytes).map_err(|error| {
			ExitError::Store(path.clone(), format!("damaged ({error}): restore it, or remove it"))
		})?;
		if contents.version != VERSION {
			let reason = format!("version {}, not {VERSION}: of another release", contents.version);
			return Err(ExitError::Store(path, reason));
		}
		Ok(contents.peers)
	}

	/// Replace the peers, all or nothing.
	pub fn save(&self, peers: Vec<StoredPeer>) -> Result<(), ExitError> {
		let path = self.path();
		let bytes = serde_json::to_vec(&Contents { version: VERSION, peers })
			.map_err(|error| ExitError::Store(path.clone(), error.to_string()))?;
		write(&path, &bytes).map_err(|error| fault(&path, &error))
	}

	fn path(&self) -> PathBuf {
		self.0.join("peers.json")
	}
}

fn fault(path: &Path, error: &io::Error) -> ExitError {
	ExitError::Store(path.to_path_buf(), error.to_string())
}

fn read(path: &Path, max: u64) -> Result<Option<Vec<u8>>, ExitError> {
	let file = match File::open(path) {
		Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
		opened => opened.map_err(|error| fault(path, &error))?,
	};
	let mut bytes = Vec::new();
	let length = file.take(max.saturating_add(1)).read_to_end(&mut bytes);
	let length = length.map_err(|error| fault(path, &error))?;
	if u64::try_from(length).unwrap_or(u64::MAX) > max {
		return Err(ExitError::Store(
			path.to_path_buf(),
			"too long: restore it, or remove it".into(),
		));
	}
	Ok(Some(bytes))
}

/// Write a file beside the old one, which it then replaces: a crash leaves one of both.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
	let new = path.with_extension("new");
	let mut file =
		OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
	// The mode of `open` does not change that of a file that a crash left.
	file.set_permissions(fs::Permissions::from_mode(0o600))?;
	file.write_all(bytes)?;
	file.sync_all()?;
	fs::rename(&new, path)?;
	match path.parent() {
		Some(directory) => File::open(directory)?.sync_all(),
		None => Ok(()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn store() -> (tempfile::TempDir, Store) {
		let directory = tempfile::tempdir().unwrap();
		let store = Store::open(&directory.path().join("vpn")).unwrap();
		(directory, store)
	}

	fn stored(agreement: AgreementId) -> StoredPeer {
		let key = Secret::generate().unwrap().public();
		StoredPeer { agreement, key, issued: 1, index: 2, bits: 1, up: 2, down: 3, seen: 4 }
	}

	#[test]
	fn the_key_is_kept_and_private() {
		let (_directory, store) = store();
		let secret = store.secret().unwrap();
		assert_eq!(store.secret().unwrap().public(), secret.public());
		let path = store.0.join("wireguard.key");
		assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
		fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
		let refused = store.secret().unwrap_err().to_string();
		assert!(refused.contains("chmod 600") && !refused.contains(&secret.expose()), "{refused}");
	}

	#[test]
	fn peers_are_kept_and_a_crash_changes_nothing() {
		let (_directory, store) = store();
		assert_eq!(store.peers().unwrap(), []);
		let peers = vec![stored(1), stored(2)];
		store.save(peers.clone()).unwrap();
		// A crash in the middle of the next write.
		fs::write(store.0.join("peers.new"), b"{\"version\":1,\"pee").unwrap();
		assert_eq!(store.peers().unwrap(), peers);
		store.save(vec![]).unwrap();
		assert_eq!(store.peers().unwrap(), []);
	}

	#[test]
	fn a_damaged_file_is_an_error_that_says_what_to_do() {
		let (_directory, store) = store();
		for bad in ["", "{}", "{\"version\":2,\"peers\":[]}", "[]"] {
			fs::write(store.path(), bad).unwrap();
			let reason = store.peers().unwrap_err().to_string();
			assert!(reason.contains("peers.json"), "{reason}");
		}
		fs::write(store.0.join("wireguard.key"), "x").unwrap();
		fs::set_permissions(store.0.join("wireguard.key"), fs::Permissions::from_mode(0o600))
			.unwrap();
		assert!(store.secret().is_err());
	}
}

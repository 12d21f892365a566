// SPDX-License-Identifier: Apache-2.0

//! Files with secrets: readable by their owner only, checked by a hash, replaced as a whole.

use super::StateError;
use crate::manifest::{MAX_MANIFEST, blake2_256};
use codec::Encode;
use std::{
	fs::{self, File},
	io::{self, Read, Write},
	os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
	path::Path,
};
use zeroize::Zeroizing;

pub(super) const VERSION: u8 = 1;
/// Longest file: a manifest, and 64 releases to 8 keys each.
const MAX_FILE: usize = MAX_MANIFEST + 256 * 1024;

/// Make a directory with mode 0700 if it is missing, and check that it is private.
pub(super) fn private_directory(path: &Path) -> Result<(), StateError> {
	let io = |error| StateError::Io(path.to_owned(), error);
	fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io)?;
	if fs::metadata(path).map_err(io)?.permissions().mode() & 0o077 != 0 {
		return Err(StateError::Exposed(path.to_owned()));
	}
	Ok(())
}

/// Content of a file without magic, hash and version. `None` if there is no such file.
pub(super) fn read(path: &Path, magic: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, StateError> {
	let io = |error| StateError::Io(path.to_owned(), error);
	let metadata = match fs::symlink_metadata(path) {
		Ok(metadata) => metadata,
		Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
		Err(error) => return Err(io(error)),
	};
	if !metadata.is_file() {
		return Err(StateError::NotAFile(path.to_owned()));
	}
	if metadata.permissions().mode() & 0o077 != 0 {
		return Err(StateError::Exposed(path.to_owned()));
	}
	let corrupt = || StateError::Corrupt(path.to_owned());
	let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
	if length > MAX_FILE {
		return Err(corrupt());
	}
	let limit = u64::try_from(MAX_FILE).unwrap_or(u64::MAX).saturating_add(1);
	let mut content = Zeroizing::new(Vec::with_capacity(length.saturating_add(1)));
	let file = File::open(path).map_err(io)?;
	file.take(limit).read_to_end(&mut content).map_err(io)?;
	let rest = content.strip_prefix(magic).ok_or_else(corrupt)?;
	let (sum, versioned) = rest.split_at_checked(32).ok_or_else(corrupt)?;
	if blake2_256(versioned) != sum {
		return Err(corrupt());
	}
	let (version, body) = versioned.split_first().ok_or_else(corrupt)?;
	if *version != VERSION {
		return Err(StateError::Version(path.to_owned(), *version));
	}
	Ok(Some(Zeroizing::new(body.to_vec())))
}

/// Write a file in one step. On return it survives a crash.
pub(super) fn write(path: &Path, magic: &[u8], value: &impl Encode) -> Result<(), StateError> {
	let size = value.encoded_size().saturating_add(64);
	let mut body = Zeroizing::new(Vec::with_capacity(size));
	body.push(VERSION);
	value.encode_to(&mut *body);
	let beside = path.with_extension("new");
	let written = (|| {
		match fs::remove_file(&beside) {
			Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
			_ => {},
		}
		let mut options = File::options();
		let mut file = options.create_new(true).write(true).mode(0o600).open(&beside)?;
		file.write_all(magic)?;
		file.write_all(&blake2_256(&body))?;
		file.write_all(&body)?;
		file.sync_all()?;
		fs::rename(&beside, path)?;
		path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
	})();
	written.map_err(|error| StateError::Io(path.to_owned(), error))
}

/// Remove a file. False if there is none.
pub(super) fn remove(path: &Path) -> Result<bool, StateError> {
	match fs::remove_file(path) {
		Ok(()) => Ok(true),
		Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
		Err(error) => Err(StateError::Io(path.to_owned(), error)),
	}
}

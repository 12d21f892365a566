// SPDX-License-Identifier: Apache-2.0

//! Files: bounded reading, replacement that a crash leaves whole, and locks between processes.

use std::{
	fs::{self, File, OpenOptions, TryLockError},
	io::{self, Read, Write},
	path::Path,
};

/// Content of a file.
///
/// Errors: those of the system; [`io::ErrorKind::FileTooLarge`] above `max` bytes.
pub fn read(path: &Path, max: u64) -> io::Result<Vec<u8>> {
	let mut content = Vec::new();
	File::open(path)?.take(max.saturating_add(1)).read_to_end(&mut content)?;
	if u64::try_from(content.len()).is_ok_and(|length| length > max) {
		let reason = format!("larger than {max} bytes");
		return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
	}
	Ok(content)
}

/// [`read`] of a file that need not exist.
pub fn read_if_there(path: &Path, max: u64) -> io::Result<Option<Vec<u8>>> {
	match read(path, max) {
		Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
		content => content.map(Some),
	}
}

/// [`read`] of a text.
///
/// Errors: also [`io::ErrorKind::InvalidData`] for what is not UTF-8.
pub fn read_text(path: &Path, max: u64) -> io::Result<String> {
	String::from_utf8(read(path, max)?)
		.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Replace the content of a file, which only its owner reads: a new file beside it is on the disk
/// before it takes the name, so that a crash leaves one of both.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
	let beside = path.with_extension("new");
	let mut options = OpenOptions::new();
	options.write(true).create(true).truncate(true);
	#[cfg(unix)]
	std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
	let mut file = options.open(&beside)?;
	file.write_all(content)?;
	file.sync_all()?;
	fs::rename(&beside, path)?;
	let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
	File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

/// Lock of a file, held by a file beside it until the returned value is dropped. `None` if another
/// process has it.
pub fn lock(path: &Path) -> io::Result<Option<File>> {
	let beside = path.with_extension("lock");
	let file = File::options().create(true).truncate(false).write(true).open(beside)?;
	match file.try_lock() {
		Ok(()) => Ok(Some(file)),
		Err(TryLockError::WouldBlock) => Ok(None),
		Err(TryLockError::Error(error)) => Err(error),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_file_is_replaced_and_read_up_to_its_limit() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("a.json");
		assert_eq!(read_if_there(&path, 3).unwrap(), None);
		for content in [&b"first"[..], b"abc"] {
			replace(&path, content).unwrap();
		}
		assert_eq!(read(&path, 3).unwrap(), b"abc");
		assert_eq!(read(&path, 2).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
		assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Files that a compose file names.

use std::{
	fs::File,
	io::Read,
	path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Source of the files that a compose file names.
pub trait Files {
	/// Content of a file, at most `max` bytes. The error is shown to the user.
	fn read(&self, path: &str, max: usize) -> Result<Zeroizing<Vec<u8>>, String>;
}

/// Files below the directory of the compose file. Paths that lead out of it are refused, by links
/// too: a compose file of somebody else must not send private files to an operator.
#[derive(Clone, Debug)]
pub struct Directory(PathBuf);

impl Directory {
	/// Directory of a compose file.
	pub fn new(path: impl Into<PathBuf>) -> Self {
		Self(path.into())
	}
}

impl Files for Directory {
	fn read(&self, path: &str, max: usize) -> Result<Zeroizing<Vec<u8>>, String> {
		let root = self.0.canonicalize().map_err(|e| format!("{}: {e}", self.0.display()))?;
		let full = root.join(Path::new(path)).canonicalize().map_err(|e| e.to_string())?;
		if !full.starts_with(&root) {
			return Err("it is outside of the directory of the compose file; copy it there".into());
		}
		let facts = full.metadata().map_err(|e| e.to_string())?;
		if !facts.is_file() {
			return Err("it is not a plain file".into());
		}
		let limit = u64::try_from(max).unwrap_or(u64::MAX);
		if facts.len() > limit {
			return Err(format!("it has more than {max} bytes"));
		}
		let capacity = usize::try_from(facts.len()).unwrap_or(0).saturating_add(1);
		let mut content = Zeroizing::new(Vec::with_capacity(capacity));
		let file = File::open(&full).map_err(|e| e.to_string())?;
		file.take(limit.saturating_add(1)).read_to_end(&mut content).map_err(|e| e.to_string())?;
		if content.len() > max {
			return Err(format!("it has more than {max} bytes"));
		}
		Ok(content)
	}
}

/// No files at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Files for NoFiles {
	fn read(&self, _: &str, _: usize) -> Result<Zeroizing<Vec<u8>>, String> {
		Err("files are not available here; write the content into the compose file".into())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::fs;

	#[test]
	fn files_of_the_directory_are_read_and_no_others() {
		let root = tempfile::tempdir().unwrap();
		let inside = root.path().join("inside");
		fs::create_dir_all(inside.join("more")).unwrap();
		fs::write(inside.join("more/a"), b"content").unwrap();
		fs::write(root.path().join("secret"), b"secret").unwrap();
		std::os::unix::fs::symlink("../secret", inside.join("link")).unwrap();
		let files = Directory::new(&inside);
		assert_eq!(*files.read("./more/a", 7).unwrap(), b"content");
		assert_eq!(*files.read("more/../more/a", 7).unwrap(), b"content");
		for wrong in ["../secret", "link", "/etc/hostname", "more", "missing", "a\0b", ""] {
			assert!(files.read(wrong, 100).is_err(), "{wrong}");
		}
		assert!(files.read("more/a", 6).unwrap_err().contains("more than 6 bytes"));
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Secret keys of an operator, to which tenants encrypt releases.
//!
//! The file has the form of `age-keygen`: one `AGE-SECRET-KEY-1..` per line, the current one first,
//! and comments behind `#`. It is made at the first start, readable by its owner only. A file that is
//! damaged is never replaced: what was encrypted to its keys could not be opened any more.

use super::{Binding, MAX_RECIPIENTS, OpenError, Opened, open};
use age::{secrecy::ExposeSecret, x25519};
use std::{
	error::Error,
	fmt,
	fs::{self, File},
	io::{self, Read, Write},
	os::unix::fs::{OpenOptionsExt, PermissionsExt},
	path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Longest file in bytes.
const MAX_FILE: u64 = 16 * 1024;

/// Reason why the keys cannot be used.
#[derive(Debug)]
pub enum IdentityError {
	/// The operating system refused.
	Io(PathBuf, io::Error),
	/// Others than the owner may read the file.
	Exposed(PathBuf),
	/// A line is neither a key nor a comment, or there are no keys, or too many.
	Malformed(PathBuf),
}

impl fmt::Display for IdentityError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
			Self::Exposed(path) => write!(
				f,
				"others may read {0}, which has secret keys; run `chmod go= {0}`, and if somebody did \
				 read it, put a new key of `age-keygen` into its first line",
				path.display()
			),
			Self::Malformed(path) => write!(
				f,
				"{} has not 1 to {MAX_RECIPIENTS} lines AGE-SECRET-KEY-1..; restore it from a copy, \
				 or move it aside to begin with a new key",
				path.display()
			),
		}
	}
}

impl Error for IdentityError {}

/// Secret keys of an operator, the current one first. No log shows them.
pub struct Identities(Vec<x25519::Identity>);

impl fmt::Debug for Identities {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "Identities({})", self.0.len())
	}
}

impl Identities {
	/// Keys of a file, which is made with a new key if it is missing.
	///
	/// Errors: [`IdentityError`]. An existing file is never changed.
	pub fn load_or_create(path: &Path) -> Result<Self, IdentityError> {
		match fs::symlink_metadata(path) {
			Ok(_) => Self::load(path),
			Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(path),
			Err(error) => Err(IdentityError::Io(path.to_owned(), error)),
		}
	}

	fn load(path: &Path) -> Result<Self, IdentityError> {
		let io = |error| IdentityError::Io(path.to_owned(), error);
		let file = File::open(path).map_err(io)?;
		let metadata = file.metadata().map_err(io)?;
		let malformed = || IdentityError::Malformed(path.to_owned());
		if !metadata.is_file() || metadata.len() > MAX_FILE {
			return Err(malformed());
		}
		if metadata.permissions().mode() & 0o077 != 0 {
			return Err(IdentityError::Exposed(path.to_owned()));
		}
		let mut text = Zeroizing::new(String::with_capacity(16 * 1024));
		file.take(MAX_FILE).read_to_string(&mut text).map_err(io)?;
		let lines = text.lines().map(str::trim);
		let keys = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
		let keys: Result<Vec<x25519::Identity>, _> = keys.map(str::parse).collect();
		let keys = keys.map_err(|_| malformed())?;
		let fits = (1..=MAX_RECIPIENTS).contains(&keys.len());
		if fits { Ok(Self(keys)) } else { Err(malformed()) }
	}

	fn create(path: &Path) -> Result<Self, IdentityError> {
		let io = |error| IdentityError::Io(path.to_owned(), error);
		let key = x25519::Identity::generate();
		let mut text = Zeroizing::new(String::with_capacity(256));
		text.push_str(
			"# Key of this operator, to which tenants encrypt private parts of orders.\n",
		);
		text.push_str(&format!("# public key: {}\n", key.to_public()));
		text.push_str(key.to_string().expose_secret());
		text.push('\n');
		// A file that was cut by a crash must not look like a damaged key.
		let beside = path.with_extension("new");
		match fs::remove_file(&beside) {
			Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
			_ => {},
		}
		let written = (|| {
			let mut options = File::options();
			let mut file = options.create_new(true).write(true).mode(0o600).open(&beside)?;
			file.write_all(text.as_bytes())?;
			file.sync_all()?;
			// A link fails if another process was faster; a rename would replace its key.
			fs::hard_link(&beside, path)?;
			fs::remove_file(&beside)?;
			path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
		})();
		written.map_err(io)?;
		Ok(Self(vec![key]))
	}

	/// Public keys, for the recipients document.
	pub fn recipients(&self) -> Vec<String> {
		self.0.iter().map(|key| key.to_public().to_string()).collect()
	}

	/// Decrypt a blob, as [`open`] does.
	pub fn open(
		&self,
		sealed: &[u8],
		expected: &Binding,
		env_hash: &[u8; 32],
	) -> Result<Opened, OpenError> {
		open(sealed, &self.0, expected, env_hash)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_key_of_the_first_start_is_found_again() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("operator.agekey");
		let first = Identities::load_or_create(&path).unwrap();
		assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
		assert_eq!(Identities::load_or_create(&path).unwrap().recipients(), first.recipients());
		assert!(!format!("{first:?}").contains("SECRET"));
		// A new key in front of the old one.
		let other = Identities::load_or_create(&directory.path().join("other")).unwrap();
		let text = fs::read_to_string(directory.path().join("other")).unwrap();
		let both = text + &fs::read_to_string(&path).unwrap();
		fs::write(&path, both).unwrap();
		let both = Identities::load_or_create(&path).unwrap().recipients();
		assert_eq!(both, [other.recipients(), first.recipients()].concat());
	}

	#[test]
	fn a_file_that_is_exposed_or_damaged_is_refused_and_kept() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("operator.agekey");
		Identities::load_or_create(&path).unwrap();
		fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
		assert!(matches!(Identities::load_or_create(&path), Err(IdentityError::Exposed(_))));
		fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
		for text in ["", "# nothing\n", "AGE-SECRET-KEY-1QQ\n", "hunter2\n"] {
			fs::write(&path, text).unwrap();
			let error = Identities::load_or_create(&path).unwrap_err();
			assert!(matches!(error, IdentityError::Malformed(_)));
			assert!(!error.to_string().contains("hunter2"));
			assert_eq!(fs::read_to_string(&path).unwrap(), text);
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Private part of an order: entry point, arguments, environment, files, login at the registry.
//!
//! The order on the chain carries a hash of salt and manifest only. Its operators receive both,
//! encrypted, and check them against the hash, so neither side can claim another manifest later.
//!
//! ```text
//! bytes    = SCALE(version u8 = 1, entry point, command, environment, files, login)
//! env_hash = blake2-256("surety/manifest/1" | salt 32 | bytes)
//! ```
//!
//! SCALE and not JSON: it is the codec of the chain, takes files of any bytes, and has one form per
//! value once maps are sorted, which [`Manifest::from_bytes`] enforces. Canonical JSON would need
//! rules for escapes, numbers and base64 on top.

pub(crate) mod document;
mod identity;
mod seal;
mod secret;

pub use document::{
	DOCUMENT_DOMAIN, DOCUMENT_PATH, DocumentError, MAX_DOCUMENT_BYTES, MAX_DOCUMENT_LIFETIME,
	MAX_RECIPIENTS, RecipientsDocument, SignedRecipients,
};
pub use identity::{Identities, IdentityError};
pub use seal::{Binding, MAX_SEALED, OpenError, Opened, SealError, open, seal};
pub use secret::{SecretBytes, SecretText};

use codec::{Decode, DecodeAll, Encode};
use sp_runtime::traits::{BlakeTwo256, Hash as _};
use std::{collections::BTreeMap, error::Error, fmt};
use zeroize::{Zeroize, Zeroizing};

/// First bytes of what the hash is taken of.
pub const HASH_DOMAIN: &[u8] = b"surety/manifest/1";
/// Longest manifest in bytes.
pub const MAX_MANIFEST: usize = 1024 * 1024;
/// Most arguments, with the entry point.
pub const MAX_ARGUMENTS: usize = 512;
/// Longest argument or variable in bytes: Linux takes 128 KiB with the byte at the end.
pub const MAX_TEXT: usize = 128 * 1024 - 1;
/// Most variables.
pub const MAX_VARIABLES: usize = 512;
/// Most files.
pub const MAX_FILES: usize = 64;
/// Longest path of a file in bytes.
pub const MAX_PATH: usize = 1_024;

const VERSION: u8 = 1;

/// Login at the registry of the image.
#[derive(Clone, Decode, Encode, Eq, PartialEq)]
pub struct Login {
	/// User.
	pub user: String,
	/// Password or token.
	pub password: SecretText,
}

impl fmt::Debug for Login {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("Login(..)")
	}
}

/// Private part of an order.
#[derive(Clone, Decode, Default, Encode, Eq, PartialEq)]
pub struct Manifest {
	/// Entry point. That of the image if empty.
	pub entrypoint: Vec<SecretText>,
	/// Arguments. Those of the image if empty.
	pub command: Vec<SecretText>,
	/// Environment.
	pub environment: BTreeMap<String, SecretText>,
	/// Files by absolute path in the container.
	pub files: BTreeMap<String, SecretBytes>,
	/// Login at the registry.
	pub login: Option<Login>,
}

/// Numbers only.
impl fmt::Debug for Manifest {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Manifest")
			.field("entrypoint", &self.entrypoint.len())
			.field("command", &self.command.len())
			.field("environment", &self.environment.len())
			.field("files", &self.files.len())
			.field("login", &self.login.is_some())
			.finish()
	}
}

/// Fault of a manifest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ManifestFault {
	/// Not a manifest of a known version in its canonical form.
	Malformed,
	/// More bytes, arguments, variables or files than allowed.
	TooLarge,
	/// An argument, a variable or the login has a zero byte or is too long.
	Text,
	/// A variable's name is not letters, digits and `_`, or begins with a digit.
	Name,
	/// A file's path is not absolute and plain, is inside `/dev`, `/proc` or `/sys`, or inside
	/// another file.
	Path,
}

impl fmt::Display for ManifestFault {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Malformed => f.write_str("not a manifest of a known version"),
			Self::TooLarge => write!(
				f,
				"the private part is too large: at most {MAX_MANIFEST} bytes, {MAX_ARGUMENTS} \
				 arguments, {MAX_VARIABLES} variables and {MAX_FILES} files"
			),
			Self::Text => write!(
				f,
				"an argument, a variable or the login has a zero byte or more than {MAX_TEXT} bytes"
			),
			Self::Name => f.write_str(
				"the name of a variable is letters, digits and `_`, with no digit at the front",
			),
			Self::Path => f.write_str(
				"the path of a file is absolute and plain, outside of /dev, /proc and /sys, and \
				 not inside another file",
			),
		}
	}
}

impl Error for ManifestFault {}

/// Salt of a manifest's hash.
#[derive(Clone, Decode, Encode, Eq, PartialEq)]
pub struct Salt([u8; 32]);

impl Salt {
	/// Random salt. `None` if the machine has no random bytes.
	pub fn random() -> Option<Self> {
		let mut bytes = [0; 32];
		getrandom::fill(&mut bytes).ok()?;
		Some(Self(bytes))
	}

	/// Salt of known bytes.
	pub fn from_bytes(bytes: [u8; 32]) -> Self {
		Self(bytes)
	}
}

impl fmt::Debug for Salt {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("Salt(..)")
	}
}

impl Drop for Salt {
	fn drop(&mut self) {
		self.0.zeroize();
	}
}

impl Manifest {
	/// True if nothing is in it, so that an order needs no hash.
	pub fn is_empty(&self) -> bool {
		*self == Self::default()
	}

	/// Canonical bytes.
	pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
		// Of the final size, so that no copy is left behind by growing.
		let size = self.encoded_size().saturating_add(1);
		let mut bytes = Zeroizing::new(Vec::with_capacity(size));
		VERSION.encode_to(&mut *bytes);
		self.encode_to(&mut *bytes);
		bytes
	}

	/// Manifest of its canonical bytes, checked.
	pub fn from_bytes(bytes: &[u8]) -> Result<Self, ManifestFault> {
		if bytes.len() > MAX_MANIFEST {
			return Err(ManifestFault::TooLarge);
		}
		let Some((&VERSION, mut body)) = bytes.split_first() else {
			return Err(ManifestFault::Malformed);
		};
		let manifest = Self::decode_all(&mut body).map_err(|_| ManifestFault::Malformed)?;
		if *manifest.to_bytes() != bytes {
			return Err(ManifestFault::Malformed);
		}
		manifest.check()?;
		Ok(manifest)
	}

	/// Check the bounds.
	pub fn check(&self) -> Result<(), ManifestFault> {
		let arguments = self.entrypoint.len().saturating_add(self.command.len());
		if arguments > MAX_ARGUMENTS
			|| self.environment.len() > MAX_VARIABLES
			|| self.files.len() > MAX_FILES
			|| self.encoded_size() >= MAX_MANIFEST
		{
			return Err(ManifestFault::TooLarge);
		}
		let plain = |text: &str, extra: usize| {
			!text.contains('\0') && text.len().saturating_add(extra) <= MAX_TEXT
		};
		let login = self.login.iter().all(|login| {
			plain(&login.user, 0)
				&& plain(login.password.expose(), 0)
				&& !login.user.is_empty()
				&& !login.user.contains(':')
		});
		let mut arguments = self.entrypoint.iter().chain(&self.command);
		let mut variables = self.environment.iter();
		if !login
			|| !arguments.all(|text| plain(text.expose(), 0))
			|| !variables.all(|(name, value)| plain(value.expose(), name.len().saturating_add(1)))
		{
			return Err(ManifestFault::Text);
		}
		if !self.environment.keys().all(|name| is_variable(name)) {
			return Err(ManifestFault::Name);
		}
		let nested = |path: &String| {
			let inside = |(at, _): (usize, char)| path.get(..at);
			let mut parents =
				path.match_indices('/').skip(1).filter_map(|(at, _)| inside((at, '/')));
			parents.any(|parent| self.files.contains_key(parent))
		};
		if !self.files.keys().all(|path| is_path(path) && !nested(path)) {
			return Err(ManifestFault::Path);
		}
		Ok(())
	}

	/// Hash that the order carries as `env_hash`.
	pub fn hash(&self, salt: &Salt) -> [u8; 32] {
		hash_bytes(salt, &self.to_bytes())
	}
}

/// Hash of canonical bytes.
pub(crate) fn hash_bytes(salt: &Salt, bytes: &[u8]) -> [u8; 32] {
	let size = HASH_DOMAIN.len().saturating_add(32).saturating_add(bytes.len());
	let mut all = Zeroizing::new(Vec::with_capacity(size));
	all.extend_from_slice(HASH_DOMAIN);
	all.extend_from_slice(&salt.0);
	all.extend_from_slice(bytes);
	blake2_256(&all)
}

pub(crate) fn blake2_256(bytes: &[u8]) -> [u8; 32] {
	BlakeTwo256::hash(bytes).0
}

/// True if a text can be the name of a variable.
pub(crate) fn is_variable(name: &str) -> bool {
	let mut letters = name.bytes();
	let first = letters.next();
	first.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
		&& letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
		&& name.len() <= 256
}

/// True if a text is an absolute, plain path at which a file may be put.
pub(crate) fn is_path(path: &str) -> bool {
	let Some(rest) = path.strip_prefix('/') else { return false };
	let plain = |part: &str| !matches!(part, "" | "." | "..");
	let kernel = matches!(rest.split('/').next(), Some("dev" | "proc" | "sys"));
	path.len() <= MAX_PATH && !kernel && rest.split('/').all(plain) && !path.contains(['\0', '\n'])
}

#[cfg(test)]
pub(crate) mod tests;

// SPDX-License-Identifier: Apache-2.0

//! Keys, which no log shows.

use super::ConfigError;
use crate::files;
use serde::Deserialize;
use std::{fmt, path::PathBuf};

/// Largest file of a secret in bytes.
const MAX_SECRET: u64 = 4_096;

/// Text that no log shows.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(String);

impl Secret {
	/// Guard a text.
	pub fn new(text: impl Into<String>) -> Self {
		Self(text.into())
	}

	/// The text. Never log it.
	pub fn expose(&self) -> &str {
		&self.0
	}
}

impl std::str::FromStr for Secret {
	type Err = std::convert::Infallible;

	fn from_str(text: &str) -> Result<Self, Self::Err> {
		Ok(Self::new(text))
	}
}

impl fmt::Debug for Secret {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("Secret(..)")
	}
}

/// Place of a key: one of a secret URI, a file with it, or an environment variable with it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, from = "KeyForm")]
pub struct KeySource {
	/// Secret URI, such as `//Alice` or a mnemonic.
	pub uri: Option<Secret>,
	/// File whose first line is the secret URI.
	pub file: Option<PathBuf>,
	/// Environment variable with the secret URI.
	pub env: Option<String>,
}

/// A key in TOML: a string is the URI itself.
#[derive(Deserialize)]
#[serde(untagged)]
enum KeyForm {
	Uri(String),
	Place(KeyPlace),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyPlace {
	file: Option<PathBuf>,
	env: Option<String>,
}

impl From<KeyForm> for KeySource {
	fn from(form: KeyForm) -> Self {
		match form {
			KeyForm::Uri(uri) => Self::from_uri(uri),
			KeyForm::Place(KeyPlace { file, env }) => Self { uri: None, file, env },
		}
	}
}

impl From<Secret> for KeySource {
	fn from(uri: Secret) -> Self {
		Self { uri: Some(uri), ..Self::default() }
	}
}

impl KeySource {
	/// Key by its secret URI.
	pub fn from_uri(uri: impl Into<String>) -> Self {
		Self::from(Secret::new(uri))
	}

	/// True if a place is given.
	pub fn is_given(&self) -> bool {
		self.uri.is_some() || self.file.is_some() || self.env.is_some()
	}

	/// Read the secret URI. `field` names the key in errors, which never show the secret.
	pub fn read(&self, field: &str) -> Result<Secret, ConfigError> {
		let invalid = |reason: String| ConfigError::invalid(field, reason);
		let text = match (&self.uri, &self.file, &self.env) {
			(Some(uri), None, None) => uri.expose().to_owned(),
			(None, Some(file), None) => {
				let name = file.display();
				files::read_text(file, MAX_SECRET).map_err(|e| invalid(format!("{name}: {e}")))?
			},
			(None, None, Some(env)) => std::env::var(env)
				.map_err(|_| invalid(format!("the environment variable {env} is not set")))?,
			(None, None, None) => return Err(invalid("no key is given".into())),
			_ => return Err(invalid("more than one of uri, file and env".into())),
		};
		let line = text.lines().next().unwrap_or_default().trim();
		if line.is_empty() {
			return Err(invalid("the key is empty".into()));
		}
		Ok(Secret::new(line))
	}
}

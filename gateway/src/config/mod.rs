// SPDX-License-Identifier: Apache-2.0

//! Configuration of both roles: a TOML file, with flags of the command line above it.
//!
//! | file | part |
//! |---|---|
//! | `gateway.rs`, `edge.rs` | the file of each role |
//! | `sections.rs` | tables that both roles have |
//! | `serving.rs` | tables about the way in which a gateway serves |
//! | `values.rs` | amounts, URLs and other values with a form of their own |
//! | `secret.rs` | keys, which no log shows |
//! | `gateway.toml`, `edge.toml` | commented files, printed by `example-config` |
//!
//! Every field has a default that works, but for those that name an account, a network or a
//! backend. Unknown fields are errors. Times end in `-ms` or `-secs`, sizes in `-bytes`.

mod edge;
mod gateway;
mod secret;
mod sections;
mod serving;
#[cfg(test)]
mod tests;
mod values;

pub use edge::*;
pub use gateway::*;
pub use secret::*;
pub use sections::*;
pub use serving::*;
pub use values::*;

use crate::files;
use serde::de::DeserializeOwned;
use std::{fmt, io, path::Path};

/// Commented configuration of the role `gateway`, with the defaults.
pub const GATEWAY_EXAMPLE: &str = include_str!("gateway.toml");
/// Commented configuration of the role `edge`, with the defaults.
pub const EDGE_EXAMPLE: &str = include_str!("edge.toml");

/// Largest configuration file in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Reason why a configuration cannot be used.
#[derive(Debug)]
pub enum ConfigError {
	/// The file cannot be read.
	Unreadable {
		/// The file.
		path: String,
		/// Cause.
		error: io::Error,
	},
	/// The file is no TOML, has an unknown field or a value out of form.
	Malformed {
		/// The file.
		path: String,
		/// Cause, with the line.
		error: String,
	},
	/// A field has a value that cannot be used.
	Invalid {
		/// The field, as in the file.
		field: String,
		/// Cause.
		reason: String,
	},
}

impl ConfigError {
	/// Fault of a field.
	pub fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
		Self::Invalid { field: field.into(), reason: reason.into() }
	}
}

impl fmt::Display for ConfigError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Unreadable { path, error } => write!(f, "cannot read {path}: {error}"),
			Self::Malformed { path, error } => write!(f, "{path}: {error}"),
			Self::Invalid { field, reason } => write!(f, "{field}: {reason}"),
		}
	}
}

impl std::error::Error for ConfigError {}

/// Configuration of a role.
pub trait RoleConfig: Default + DeserializeOwned {
	/// Check the values against each other and against their bounds.
	fn validate(&self) -> Result<(), ConfigError>;
}

/// Read a configuration file, without checking it: flags may still change it.
pub fn load<C: RoleConfig>(path: &Path) -> Result<C, ConfigError> {
	let name = path.display().to_string();
	let text = files::read_text(path, MAX_FILE)
		.map_err(|error| ConfigError::Unreadable { path: name.clone(), error })?;
	parse(&text).map_err(|error| ConfigError::Malformed { path: name, error })
}

/// Read a configuration from the text of a file. The error has the line, but never a value of the
/// file, which may be a key.
pub fn parse<C: DeserializeOwned>(text: &str) -> Result<C, String> {
	toml::from_str(text).map_err(|error: toml::de::Error| {
		let start = error.span().map_or(0, |span| span.start);
		let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count();
		format!("line {}: {}", line.saturating_add(1), without_strings(error.message()))
	})
}

/// A message of the parser without the strings of the file.
fn without_strings(message: &str) -> String {
	let mut rest = message;
	let mut shown = String::new();
	while let Some((before, after)) = rest.split_once("string \"") {
		shown.push_str(before);
		shown.push_str("a string");
		rest = after.rsplit_once('"').map_or("", |(_, rest)| rest);
	}
	shown.push_str(rest);
	shown
}

/// Check a number against its bounds, both included.
pub fn within<N: PartialOrd + fmt::Display>(
	field: &str,
	value: N,
	least: N,
	most: N,
) -> Result<(), ConfigError> {
	if value < least || value > most {
		let reason = format!("{value} is not in {least}..={most}");
		return Err(ConfigError::invalid(field, reason));
	}
	Ok(())
}

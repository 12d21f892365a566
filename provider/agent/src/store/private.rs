// SPDX-License-Identifier: Apache-2.0

//! Private part of an order, as its tenant gave it to the operator.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};
use surety_engine::Login;

/// Largest private part in bytes, as it is stored.
pub const MAX_PRIVATE: usize = 4 << 20;

/// Rule by which a container whose application has exited is started again.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartRule {
	/// Always.
	#[default]
	Always,
	/// After an exit code other than 0, or for want of memory.
	OnFailure,
	/// Never.
	No,
}

/// Private part of an order: what the chain has the hash of only.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Private {
	/// Entry point. That of the image if empty.
	pub command: Vec<String>,
	/// Arguments. Those of the image if empty.
	pub args: Vec<String>,
	/// Environment.
	pub env: BTreeMap<String, String>,
	/// Files by absolute path in the container.
	pub files: BTreeMap<String, Vec<u8>>,
	/// Login at the image's registry.
	pub login: Option<Login>,
	/// Rule after an exit.
	pub restart: RestartRule,
}

// Secrets stay out of logs.
impl fmt::Debug for Private {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Private")
			.field("env", &self.env.len())
			.field("files", &self.files.len())
			.field("login", &self.login.is_some())
			.field("restart", &self.restart)
			.finish_non_exhaustive()
	}
}

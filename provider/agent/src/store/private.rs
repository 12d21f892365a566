// SPDX-License-Identifier: Apache-2.0

//! Private part of an order, as its tenant gave it to the operator.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};
use surety_engine::Login;
use surety_orders::manifest::{Manifest, SecretText};

/// Largest private part in bytes, as it is stored: a manifest whose every byte needs an escape.
pub const MAX_PRIVATE: usize = 8 << 20;

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
	#[serde(with = "encoded")]
	pub files: BTreeMap<String, Vec<u8>>,
	/// Login at the image's registry.
	pub login: Option<Login>,
}

// Secrets stay out of logs.
impl fmt::Debug for Private {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Private")
			.field("env", &self.env.len())
			.field("files", &self.files.len())
			.field("login", &self.login.is_some())
			.finish_non_exhaustive()
	}
}

impl From<&Manifest> for Private {
	fn from(manifest: &Manifest) -> Self {
		let texts = |texts: &[SecretText]| {
			texts.iter().map(|text| text.expose().to_owned()).collect::<Vec<_>>()
		};
		let env = manifest.environment.iter();
		let files = manifest.files.iter();
		Self {
			command: texts(&manifest.entrypoint),
			args: texts(&manifest.command),
			env: env.map(|(name, value)| (name.clone(), value.expose().to_owned())).collect(),
			files: files.map(|(path, bytes)| (path.clone(), bytes.expose().to_vec())).collect(),
			login: manifest.login.as_ref().map(|login| Login {
				user: login.user.clone(),
				password: login.password.expose().to_owned(),
			}),
		}
	}
}

/// Files in base64.
mod encoded {
	use base64::{Engine, engine::general_purpose::STANDARD};
	use serde::{Deserialize, Deserializer, Serializer, de::Error};
	use std::collections::BTreeMap;

	pub fn serialize<S: Serializer>(
		files: &BTreeMap<String, Vec<u8>>,
		serializer: S,
	) -> Result<S::Ok, S::Error> {
		serializer.collect_map(files.iter().map(|(path, bytes)| (path, STANDARD.encode(bytes))))
	}

	pub fn deserialize<'de, D: Deserializer<'de>>(
		deserializer: D,
	) -> Result<BTreeMap<String, Vec<u8>>, D::Error> {
		let files = BTreeMap::<String, String>::deserialize(deserializer)?;
		let decoded = |(path, text): (String, String)| {
			// The text itself is a secret.
			let bytes = STANDARD.decode(text).map_err(|_| D::Error::custom("no base64"))?;
			Ok((path, bytes))
		};
		files.into_iter().map(decoded).collect()
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Manifests of images: those of OCI and of Docker's second schema.

use crate::{EngineError, reference::is_digest};
use serde::Deserialize;

/// Media types of manifests, as a request's `Accept`.
pub(super) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
	application/vnd.docker.distribution.manifest.list.v2+json, \
	application/vnd.oci.image.manifest.v1+json, \
	application/vnd.docker.distribution.manifest.v2+json";

/// Layers of an image; overlay file systems take some 128.
const LAYERS: usize = 256;
/// Entries of an index.
const ENTRIES: usize = 256;

fn wrong(reason: impl Into<String>) -> EngineError {
	EngineError::Image(reason.into())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
	schema_version: u32,
	manifests: Option<Vec<Entry>>,
	config: Option<Descriptor>,
	layers: Option<Vec<Descriptor>>,
}

#[derive(Deserialize)]
struct Entry {
	digest: String,
	platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
	os: String,
	architecture: String,
}

#[derive(Deserialize)]
struct Descriptor {
	digest: String,
	size: u64,
}

/// Index or manifest.
pub(super) enum Document {
	/// Manifests by platform.
	Index(Index),
	/// Manifest of one image.
	Image(Manifest),
}

/// Manifests by platform.
pub(super) struct Index(Vec<Entry>);

/// Manifest of one image.
pub(super) struct Manifest {
	config: String,
	sizes: Vec<u64>,
}

/// Read an index or a manifest.
pub(super) fn parse(body: &[u8]) -> Result<Document, EngineError> {
	let raw: Raw = serde_json::from_slice(body)
		.map_err(|e| wrong(format!("the manifest is not understood: {e}")))?;
	if raw.schema_version != 2 {
		return Err(wrong(format!("manifests of schema {} are not taken", raw.schema_version)));
	}
	match (raw.manifests, raw.config, raw.layers) {
		(Some(entries), None, None) if entries.len() <= ENTRIES => {
			Ok(Document::Index(Index(entries)))
		},
		(None, Some(config), Some(layers)) if layers.len() <= LAYERS => {
			if !is_digest(&config.digest) || !layers.iter().all(|layer| is_digest(&layer.digest)) {
				return Err(wrong("the manifest names a digest that is not sha256"));
			}
			let sizes = layers.iter().map(|layer| layer.size).collect();
			Ok(Document::Image(Manifest { config: config.digest, sizes }))
		},
		(Some(_), None, None) | (None, Some(_), Some(_)) => {
			Err(wrong(format!("the manifest has more than {LAYERS} layers or entries")))
		},
		_ => Err(wrong("the document is neither an index nor a manifest of an image")),
	}
}

impl Index {
	/// Digest of the manifest for a platform. Variants (`arm64/v8`) are left to the engine: the
	/// first one is taken.
	pub fn choose(&self, os: &str, architecture: &str) -> Result<String, EngineError> {
		let fits = |entry: &&Entry| {
			let platform = entry.platform.as_ref();
			platform.is_some_and(|p| p.os == os && p.architecture == architecture)
		};
		match self.0.iter().find(fits) {
			Some(entry) if is_digest(&entry.digest) => Ok(entry.digest.clone()),
			Some(_) => Err(wrong("the index names a digest that is not sha256")),
			None => Err(wrong(format!("the image is not built for {os}/{architecture}"))),
		}
	}
}

impl Manifest {
	/// Digest of the configuration.
	pub fn config(&self) -> &str {
		&self.config
	}

	/// Compressed bytes of all layers.
	pub fn bytes(&self) -> Result<u64, EngineError> {
		self.sizes
			.iter()
			.try_fold(0u64, |sum, size| sum.checked_add(*size))
			.ok_or_else(|| wrong("the manifest's sizes are beyond all bounds"))
	}
}

/// Operating system and architecture by an image's configuration.
pub(super) fn platform(body: &[u8]) -> Result<(String, String), EngineError> {
	serde_json::from_slice::<Platform>(body)
		.map(|platform| (platform.os, platform.architecture))
		.map_err(|e| wrong(format!("the image's configuration is not understood: {e}")))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn digest(c: char) -> String {
		format!("sha256:{}", c.to_string().repeat(64))
	}

	#[test]
	fn an_index_yields_the_manifest_for_the_platform() {
		let index = format!(
			r#"{{"schemaVersion":2,"manifests":[
				{{"digest":"{}","platform":{{"os":"linux","architecture":"arm64"}}}},
				{{"digest":"{}","platform":{{"os":"linux","architecture":"amd64"}}}},
				{{"digest":"x"}}]}}"#,
			digest('a'),
			digest('b')
		);
		let Ok(Document::Index(index)) = parse(index.as_bytes()) else { panic!("no index") };
		assert_eq!(index.choose("linux", "amd64").unwrap(), digest('b'));
		assert!(index.choose("linux", "riscv64").unwrap_err().to_string().contains("riscv64"));
	}

	#[test]
	fn sizes_are_added_without_wrapping() {
		let manifest = |a: u64, b: u64| {
			format!(
				r#"{{"schemaVersion":2,"config":{{"digest":"{d}","size":1}},"layers":[
					{{"digest":"{d}","size":{a}}},{{"digest":"{d}","size":{b}}}]}}"#,
				d = digest('c')
			)
		};
		let Ok(Document::Image(image)) = parse(manifest(40, 2).as_bytes()) else { panic!() };
		assert_eq!(image.bytes().unwrap(), 42);
		let Ok(Document::Image(image)) = parse(manifest(u64::MAX, 2).as_bytes()) else { panic!() };
		assert!(image.bytes().is_err());
	}

	#[test]
	fn other_documents_are_refused() {
		for text in [
			"",
			"[]",
			"{}",
			r#"{"schemaVersion":1,"fsLayers":[]}"#,
			r#"{"schemaVersion":2}"#,
			r#"{"schemaVersion":2,"manifests":[],"config":{"digest":"x","size":1},"layers":[]}"#,
			r#"{"schemaVersion":2,"config":{"digest":"../x","size":1},"layers":[]}"#,
			r#"{"schemaVersion":2,"config":{"digest":"x","size":-1},"layers":[]}"#,
		] {
			assert!(parse(text.as_bytes()).is_err(), "{text}");
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Names of images.

use crate::EngineError;
use std::{fmt, str::FromStr};

/// Name of an image: registry, repository, and a tag or a digest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reference {
	/// Registry by name, with its port if it has one, such as `docker.io` or `127.0.0.1:5000`.
	pub registry: String,
	/// Repository, such as `library/nginx`.
	pub repository: String,
	/// Tag; ignored where there is a digest.
	pub tag: String,
	/// Digest, such as `sha256:..`.
	pub digest: Option<String>,
}

impl Reference {
	/// Tag or digest, as a registry is asked for it.
	pub fn selector(&self) -> &str {
		self.digest.as_deref().unwrap_or(&self.tag)
	}

	/// Name of the repository with a digest.
	pub fn pinned(&self, digest: &str) -> String {
		format!("{}/{}@{digest}", self.registry, self.repository)
	}
}

/// True for `sha256:` and 64 hexadecimal digits, the only digest that registries use.
pub(crate) fn is_digest(text: &str) -> bool {
	text.strip_prefix("sha256:").is_some_and(|hex| {
		hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
	})
}

fn is_repository(text: &str) -> bool {
	let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
	!text.is_empty()
		&& text.len() <= 200
		&& text.split('/').all(|part| {
			part.bytes().next().is_some_and(plain)
				&& part.bytes().next_back().is_some_and(plain)
				&& part.bytes().all(|b| plain(b) || b"._-".contains(&b))
				&& !part.contains("..")
		})
}

fn is_tag(text: &str) -> bool {
	let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
	!text.is_empty()
		&& text.len() <= 128
		&& text.bytes().next().is_some_and(word)
		&& text.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

fn is_registry(text: &str) -> bool {
	let (host, port) = match text.rsplit_once(':') {
		Some((host, port)) => (host, Some(port)),
		None => (text, None),
	};
	!host.is_empty()
		&& host.len() <= 253
		&& !host.starts_with(['-', '.'])
		&& !host.contains("..")
		&& host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
		&& port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

impl FromStr for Reference {
	type Err = EngineError;

	fn from_str(text: &str) -> Result<Self, EngineError> {
		let wrong = |why: &str| {
			let shown: String = text.chars().take(300).collect();
			EngineError::Image(format!("{shown:?} is no image name: {why}"))
		};
		let (rest, digest) = match text.split_once('@') {
			Some((rest, digest)) => (rest, Some(digest)),
			None => (text, None),
		};
		if digest.is_some_and(|digest| !is_digest(digest)) {
			return Err(wrong("the digest is not sha256 and 64 hexadecimal digits"));
		}
		// The first part is a registry if it looks like a host, as in Docker.
		let (registry, path) = match rest.split_once('/') {
			Some((first, path))
				if first.contains('.') || first.contains(':') || first == "localhost" =>
			{
				(first, path)
			},
			_ => ("docker.io", rest),
		};
		let (repository, tag) = match path.rsplit_once(':') {
			Some((repository, tag)) => (repository, tag),
			None => (path, "latest"),
		};
		if !is_registry(registry) {
			return Err(wrong("the registry is not a host with an optional port"));
		}
		if !is_tag(tag) {
			return Err(wrong("the tag has other characters than letters, digits and _.-"));
		}
		let registry = if registry == "index.docker.io" { "docker.io" } else { registry };
		let repository = match registry {
			"docker.io" if !repository.contains('/') => format!("library/{repository}"),
			_ => repository.to_string(),
		};
		if !is_repository(&repository) {
			return Err(wrong("the repository is not lower-case parts joined by slashes"));
		}
		Ok(Self {
			registry: registry.to_ascii_lowercase(),
			repository,
			tag: tag.to_string(),
			digest: digest.map(String::from),
		})
	}
}

impl fmt::Display for Reference {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match &self.digest {
			Some(digest) => write!(f, "{}/{}@{digest}", self.registry, self.repository),
			None => write!(f, "{}/{}:{}", self.registry, self.repository, self.tag),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn names_are_read_as_docker_reads_them() {
		let long = |text: &str| text.parse::<Reference>().unwrap().to_string();
		assert_eq!(long("nginx"), "docker.io/library/nginx:latest");
		assert_eq!(long("bitnami/redis:7"), "docker.io/bitnami/redis:7");
		assert_eq!(long("localhost/app"), "localhost/app:latest");
		assert_eq!(long("127.0.0.1:5000/a/b:1"), "127.0.0.1:5000/a/b:1");
		assert_eq!(long("Ghcr.io/a/b"), "ghcr.io/a/b:latest");
		let digest = format!("sha256:{}", "a".repeat(64));
		assert_eq!(long(&format!("nginx:1@{digest}")), format!("docker.io/library/nginx@{digest}"));
	}

	#[test]
	fn what_is_no_name_is_refused() {
		for text in [
			"",
			"/",
			"nginx@sha256:abc",
			"UPPER/case",
			"a..b/c",
			"-x.io/a",
			"x.io:99999/a",
			"x.io:0/a",
			"x.io/a:ta g",
			"x.io/../etc",
			"x.io/a?b",
			"x.io/a\r\nHost: b",
			"http://x.io/a",
		] {
			assert!(text.parse::<Reference>().is_err(), "{text}");
		}
	}

	proptest! {
		#[test]
		fn any_name_that_is_taken_is_plain(text in "\\PC{0,80}") {
			if let Ok(reference) = text.parse::<Reference>() {
				let shown = reference.to_string();
				prop_assert!(shown.bytes().all(|b| b.is_ascii_graphic()));
				prop_assert_eq!(shown.parse::<Reference>().unwrap().to_string(), shown);
			}
		}
	}
}

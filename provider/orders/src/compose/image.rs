// SPDX-License-Identifier: Apache-2.0

//! References of images: full names, so that every operator means the same registry.

use super::units::integer;
use crate::hex;

/// Longest name, as on the chain.
const MAX_NAME: usize = pallet_surety_compute_orders::MAX_IMAGE as usize;

/// Image of an order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ImageName {
	/// Full name with the tag, such as `docker.io/library/nginx:1.27`.
	pub name: String,
	/// SHA-256 digest.
	pub digest: Option<[u8; 32]>,
}

/// Read a reference as docker does: without a registry it is on `docker.io`, there without a user in
/// `library`. A tag or a digest is required.
pub fn image(text: &str) -> Result<ImageName, String> {
	let (rest, digest) = match text.split_once('@') {
		None => (text, None),
		Some((rest, digest)) => {
			let digits = digest.strip_prefix("sha256:").and_then(hex::decode_32);
			let digest =
				digits.ok_or("a digest is `sha256:` and 64 lower-case hexadecimal digits")?;
			(rest, Some(digest))
		},
	};
	let slash = rest.rfind('/').map_or(0, |at| at.saturating_add(1));
	let (path, last) = rest.split_at_checked(slash).unwrap_or(("", rest));
	let (last, tag) = match last.split_once(':') {
		None => (last, None),
		Some((last, tag)) => (last, Some(tag)),
	};
	if !tag.is_none_or(is_tag) {
		return Err("a tag is letters, digits, `_`, `.` and `-`".into());
	}
	if tag.is_none() && digest.is_none() {
		return Err("the image has neither tag nor digest; write `:latest` if you mean it".into());
	}
	let repository = format!("{path}{last}");
	let (registry, repository) = match repository.split_once('/') {
		Some((first, more)) if first.contains(['.', ':']) || first == "localhost" => {
			(first.to_owned(), more.to_owned())
		},
		Some(_) => ("docker.io".into(), repository),
		None => ("docker.io".into(), format!("library/{repository}")),
	};
	if !is_registry(&registry) {
		return Err("the registry is a host name, and a port after `:`".into());
	}
	if !repository.split('/').all(is_component) {
		return Err(
			"the name of an image is lower-case letters and digits with single `.`, `_` or `-`"
				.into(),
		);
	}
	let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
	let name = format!("{registry}/{repository}{tag}");
	if name.len() > MAX_NAME {
		return Err(format!("the full name of the image has more than {MAX_NAME} bytes"));
	}
	Ok(ImageName { name, digest })
}

fn is_tag(tag: &str) -> bool {
	let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
	let first = tag.bytes().next().is_some_and(word);
	first && tag.len() <= 128 && tag.bytes().all(|byte| word(byte) || matches!(byte, b'.' | b'-'))
}

fn is_registry(registry: &str) -> bool {
	let (host, port) = match registry.split_once(':') {
		None => (registry, None),
		Some((host, port)) => (host, Some(port)),
	};
	let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
	let label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
	let port = port.is_none_or(|port| integer::<u16>(port).is_some_and(|port| port > 0));
	host.bytes().all(plain) && host.split('.').all(label) && port
}

/// True for lower-case letters and digits, between them one of `.`, `_`, `__` or dashes.
fn is_component(component: &str) -> bool {
	let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
	let allowed = |byte: u8| alphanumeric(byte) || matches!(byte, b'.' | b'_' | b'-');
	let ends = component.bytes().next().is_some_and(alphanumeric)
		&& component.bytes().last().is_some_and(alphanumeric);
	let separators = component.split(|c: char| c.is_ascii_alphanumeric());
	let single =
		|run: &str| matches!(run, "" | "." | "_" | "__") || run.bytes().all(|byte| byte == b'-');
	ends && component.bytes().all(allowed) && separators.into_iter().all(single)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn short_names_are_completed() {
		for (text, name) in [
			("nginx:1.27", "docker.io/library/nginx:1.27"),
			("bitnami/redis:7", "docker.io/bitnami/redis:7"),
			("ghcr.io/a/b/c:v1", "ghcr.io/a/b/c:v1"),
			("localhost:5000/app:1", "localhost:5000/app:1"),
			("registry.example:443/app:1", "registry.example:443/app:1"),
			("my__app/x--y:A_.-", "docker.io/my__app/x--y:A_.-"),
		] {
			let found = image(text).unwrap();
			assert_eq!((found.name.as_str(), found.digest), (name, None));
			assert_eq!(image(name), Ok(found));
		}
	}

	#[test]
	fn a_digest_is_split_off() {
		let digits = "ab".repeat(32);
		let found = image(&format!("nginx@sha256:{digits}")).unwrap();
		assert_eq!(
			(found.name.as_str(), found.digest),
			("docker.io/library/nginx", Some([0xab; 32]))
		);
		assert!(image(&format!("nginx:1@sha256:{digits}")).is_ok());
		for wrong in [digits.to_uppercase(), "ab".into(), format!("{digits}0")] {
			assert!(image(&format!("nginx@sha256:{wrong}")).is_err());
		}
		assert!(image(&format!("nginx@sha512:{digits}")).is_err());
	}

	#[test]
	fn other_names_are_refused() {
		for text in [
			"",
			"nginx",
			":1",
			"Nginx:1",
			"a b:1",
			"a//b:1",
			"/a:1",
			"a/:1",
			"a:",
			"a:-1",
			"a..b:1",
			"a-:1",
			"-a:1",
			"a___b:1",
			"exa_mple.com/a:1",
			"host:0/a:1",
			"host:99999/a:1",
			"-x.com/a:1",
			"https://x.com/a:1",
			"é:1",
			"a:é",
		] {
			assert!(image(text).is_err(), "{text}");
		}
		assert!(image(&format!("{}:1", "a".repeat(256))).is_err());
	}

	proptest! {
		#[test]
		fn arbitrary_texts_never_panic_and_names_are_stable(text in "\\PC{0,40}|[a-z:/@.-]{0,30}") {
			if let Ok(found) = image(&text)
				&& found.digest.is_none()
			{
				prop_assert_eq!(image(&found.name.clone()), Ok(found));
			}
		}
	}
}

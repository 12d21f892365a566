// SPDX-License-Identifier: Apache-2.0

//! Proof of control: a hash served by the endpoint's host.

use crate::json;
use alloc::{format, string::String};
use surety_primitives::ServiceId;

/// URL of the proof: `scheme://host[:port]/.well-known/surety/<service>`. `None` if the endpoint is
/// not an http(s) URL or contains credentials.
pub fn control_url(endpoint: &str, service: ServiceId) -> Option<String> {
	let (scheme, rest) = endpoint.split_once("://")?;
	let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
	let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
	let good = known && !authority.is_empty() && !authority.contains('@');
	good.then(|| format!("{scheme}://{authority}/.well-known/surety/{service}"))
}

/// True if the file contains the expected hash: 64 hex digits, optionally with `0x`, quotes and
/// surrounding white space.
pub fn is_proof(served: &[u8], expected: &[u8; 32]) -> bool {
	let text = served.trim_ascii();
	let text = text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\"")).unwrap_or(text);
	json::hex(text.trim_ascii()).as_ref() == Some(expected)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use surety_primitives::endpoint::control_hash;

	#[test]
	fn the_file_is_at_the_root_of_the_host() {
		for (endpoint, url) in [
			("https://a.org/x/y", Some("https://a.org/.well-known/surety/7")),
			("http://a.org:8080", Some("http://a.org:8080/.well-known/surety/7")),
			("http://[::1]:80/x", Some("http://[::1]:80/.well-known/surety/7")),
			("https://a.org?x=/y", Some("https://a.org/.well-known/surety/7")),
			("https://a.org#x", Some("https://a.org/.well-known/surety/7")),
			("https://me:pw@a.org/", None),
			("https:///x", None),
			("ftp://a.org", None),
			("a.org", None),
			("", None),
		] {
			assert_eq!(control_url(endpoint, 7).as_deref(), url, "{endpoint}");
		}
	}

	#[test]
	fn only_the_right_hash_is_a_proof_in_any_form() {
		let hash = |genesis: u8, operator: u8, service: u32, endpoint: &[u8]| {
			control_hash(&[genesis; 32], &[operator; 32], service, endpoint)
		};
		let expected = hash(1, 2, 7, b"https://a.org/v1");
		let digits: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
		for form in [
			digits.clone(),
			digits.to_uppercase(),
			format!("0x{digits}"),
			format!(" 0x{digits}\n"),
			format!("\"0x{digits}\"\r\n"),
			format!("\"{digits}\""),
		] {
			assert!(is_proof(form.as_bytes(), &expected), "{form}");
		}
		for other in [
			hash(9, 2, 7, b"https://a.org/v1"),
			hash(1, 9, 7, b"https://a.org/v1"),
			hash(1, 2, 9, b"https://a.org/v1"),
			hash(1, 2, 7, b"https://b.org/v1"),
		] {
			assert!(!is_proof(digits.as_bytes(), &other));
		}
		for junk in [
			"",
			"0x",
			&digits[..62],
			&format!("{digits}00"),
			&format!("{digits} {digits}"),
			"<html></html>",
		] {
			assert!(!is_proof(junk.as_bytes(), &expected), "{junk}");
		}
	}

	proptest! {
		#[test]
		fn arbitrary_bytes_are_no_proof(served: Vec<u8>, endpoint: String, expected: [u8; 32]) {
			prop_assert!(!is_proof(&served, &expected));
			let _ = control_url(&endpoint, 7);
		}
	}
}

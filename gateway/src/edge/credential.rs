// SPDX-License-Identifier: Apache-2.0

//! Credentials in a request, none of which reaches the server behind the edge.

use crate::access::{TOKEN_HEADER, TOKEN_PREFIX, bearer};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use surety_primitives::prober_token;

/// Header with a prober's token.
pub const PROBER_HEADER: HeaderName = HeaderName::from_static(prober_token::TOKEN_HEADER);
/// First part of a path with a token.
const PATH: &str = "/k/";

/// Credentials that a client shows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Credentials<'a> {
	/// Token of an agreement.
	pub token: Option<&'a str>,
	/// Token of a prober.
	pub prober: Option<&'a str>,
	/// Bytes of the path that belong to the token.
	pub path_length: usize,
}

impl<'a> Credentials<'a> {
	/// Credentials of a request: of its path, else of `X-Surety-Token`, else a bearer token. Other
	/// bearer tokens are the server's business.
	pub fn of(path: &'a str, headers: &'a HeaderMap) -> Self {
		let header = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
		// It counts requests, and a connection that switches is more than one.
		let prober = header(&PROBER_HEADER).filter(|_| !headers.contains_key(header::UPGRADE));
		if let Some((token, path_length)) = in_path(path) {
			return Self { token: Some(token), prober, path_length };
		}
		let bearer =
			|| header(&header::AUTHORIZATION).and_then(|value| bearer(value, TOKEN_PREFIX));
		Self { token: header(&TOKEN_HEADER).or_else(bearer), prober, path_length: 0 }
	}
}

/// True if a header holds a credential of ours.
pub fn is_credential(name: &HeaderName, value: &HeaderValue) -> bool {
	*name == TOKEN_HEADER
		|| *name == PROBER_HEADER
		|| (*name == header::AUTHORIZATION
			&& value.to_str().is_ok_and(|text| bearer(text, TOKEN_PREFIX).is_some()))
}

fn in_path(path: &str) -> Option<(&str, usize)> {
	let rest = path.strip_prefix(PATH).filter(|rest| rest.starts_with(TOKEN_PREFIX))?;
	let length = rest.find(['/', '?']).unwrap_or(rest.len());
	Some((rest.get(..length)?, PATH.len().saturating_add(length)))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
		pairs
			.iter()
			.map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
			.collect()
	}

	#[test]
	fn a_token_is_found_in_path_and_headers() {
		let none = HeaderMap::new();
		let found = Credentials::of("/k/srt1_abc/x?y", &none);
		assert_eq!((found.token, found.path_length), (Some("srt1_abc"), 11));
		assert_eq!(Credentials::of("/k/srt1_abc", &none).path_length, 11);
		assert_eq!(Credentials::of("/k/srt1_abc?y", &none).token, Some("srt1_abc"));
		let bearer = headers(&[("authorization", "bearer  srt1_abc")]);
		assert_eq!(Credentials::of("/", &bearer).token, Some("srt1_abc"));
		let both = headers(&[("authorization", "Bearer srt1_b"), ("x-surety-token", "srt1_a")]);
		assert_eq!(Credentials::of("/", &both).token, Some("srt1_a"));
		assert_eq!(Credentials::of("/k/srt1_p", &both).token, Some("srt1_p"));
		let prober = headers(&[("x-surety-prober", "p")]);
		assert_eq!(Credentials::of("/", &prober).prober, Some("p"));
		let upgrade = headers(&[("x-surety-prober", "p"), ("upgrade", "websocket")]);
		assert_eq!(Credentials::of("/", &upgrade).prober, None);
	}

	#[test]
	fn credentials_of_the_server_are_left_alone() {
		let own = headers(&[("authorization", "Bearer sk-123")]);
		assert_eq!(Credentials::of("/k/else", &own), Credentials::default());
		assert!(!is_credential(&header::AUTHORIZATION, &own["authorization"]));
		let ours = headers(&[("authorization", "Bearer srt1_x"), ("x-surety-token", "x")]);
		assert!(ours.iter().all(|(name, value)| is_credential(name, value)));
	}

	proptest! {
		#[test]
		fn the_path_is_always_cut_at_a_character(path in "/(k/)?(srt1_)?\\PC{0,30}") {
			let found = HeaderMap::new();
			let found = Credentials::of(&path, &found);
			prop_assert!(path.get(found.path_length..).is_some());
		}
	}
}

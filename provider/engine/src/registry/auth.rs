// SPDX-License-Identifier: Apache-2.0

//! Authorization at registries: `Basic`, or a token of the server that the registry names.

use super::http::Http;
use crate::{EngineError, Login};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;

/// Challenge of a registry (`WWW-Authenticate`).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Challenge {
	/// User and password with every request.
	Basic,
	/// A token of another server.
	Bearer {
		/// Server.
		realm: String,
		/// Name of the registry at that server.
		service: Option<String>,
	},
}

impl Challenge {
	/// Read a header. Unknown schemes are none.
	pub fn parse(text: &str) -> Option<Self> {
		let (scheme, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
		if scheme.eq_ignore_ascii_case("basic") {
			return Some(Self::Basic);
		}
		if !scheme.eq_ignore_ascii_case("bearer") {
			return None;
		}
		let (mut realm, mut service, mut rest) = (None, None, rest.trim());
		while let Some((key, value)) = rest.split_once('=') {
			let (value, behind) = match value.strip_prefix('"') {
				Some(quoted) => quoted.split_once('"')?,
				None => value.split_once(',').unwrap_or((value, "")),
			};
			match key.trim().to_ascii_lowercase().as_str() {
				"realm" => realm = Some(value.to_string()),
				"service" => service = Some(value.to_string()),
				_ => {},
			}
			rest = behind.trim_start().trim_start_matches(',').trim_start();
		}
		Some(Self::Bearer { realm: realm?, service })
	}
}

/// Percent-encoding of a value in a query.
fn encode(text: &str) -> String {
	text.bytes()
		.map(|b| match b {
			b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
				char::from(b).to_string()
			},
			_ => format!("%{b:02X}"),
		})
		.collect()
}

/// Value of `Authorization` with a login.
pub(super) fn basic(login: &Login) -> String {
	format!("Basic {}", STANDARD.encode(format!("{}:{}", login.user, login.password)))
}

#[derive(Deserialize)]
struct Token {
	token: Option<String>,
	access_token: Option<String>,
}

/// Answer a challenge: the value of `Authorization` for reading a repository.
pub(super) async fn answer(
	http: &Http,
	challenge: &Challenge,
	repository: &str,
	login: Option<&Login>,
) -> Result<String, EngineError> {
	let (realm, service) = match (challenge, login) {
		(Challenge::Basic, Some(login)) => return Ok(basic(login)),
		(Challenge::Basic, None) => {
			return Err(EngineError::Image("the registry wants a login; none was given".into()));
		},
		(Challenge::Bearer { realm, service }, _) => (realm, service),
	};
	let joint = if realm.contains('?') { '&' } else { '?' };
	let scope = encode(&format!("repository:{repository}:pull"));
	let mut url = format!("{realm}{joint}scope={scope}");
	if let Some(service) = service {
		url.push_str(&format!("&service={}", encode(service)));
	}
	let answer = http.get(&url, "application/json", login.map(basic).as_deref(), 256 << 10).await?;
	match answer.status.as_u16() {
		200 => {},
		429 | 500.. => {
			let status = answer.status;
			return Err(EngineError::Unavailable(format!("the token server answers {status}")));
		},
		status => {
			return Err(EngineError::Image(format!(
				"the registry's token server refuses the login ({status})"
			)));
		},
	}
	let token: Token = serde_json::from_slice(&answer.body)
		.map_err(|_| EngineError::Image("the registry's token is not JSON".into()))?;
	let token = token.token.or(token.access_token).filter(|t| !t.is_empty());
	token
		.map(|token| format!("Bearer {token}"))
		.ok_or_else(|| EngineError::Image("the registry's token server sent no token".into()))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn challenges_are_read() {
		let bearer = |realm: &str, service: Option<&str>| {
			Some(Challenge::Bearer { realm: realm.into(), service: service.map(Into::into) })
		};
		assert_eq!(
			Challenge::parse(
				r#"Bearer realm="https://a.io/token",service="r, x",scope="a:b:pull""#
			),
			bearer("https://a.io/token", Some("r, x"))
		);
		assert_eq!(Challenge::parse("bearer realm=https://a.io"), bearer("https://a.io", None));
		assert_eq!(Challenge::parse(r#"Basic realm="x""#), Some(Challenge::Basic));
		assert_eq!(Challenge::parse("Basic"), Some(Challenge::Basic));
		for text in ["", "Bearer", "Bearer service=\"x\"", "Bearer realm=\"x", "Negotiate x"] {
			assert_eq!(Challenge::parse(text), None, "{text}");
		}
	}

	#[test]
	fn a_scope_cannot_add_parameters() {
		assert_eq!(encode("a&b=c d/é"), "a%26b%3Dc%20d%2F%C3%A9");
	}
}

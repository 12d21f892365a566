// SPDX-License-Identifier: Apache-2.0

//! API keys of a gateway's clients: secrets, of which only hashes are stored, and their rules.

use super::{Cost, Limiter, Rate, UnitLimits, random};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sp_runtime::{
	AccountId32,
	traits::{BlakeTwo256, Hash},
};
use std::{error::Error, fmt};

/// First characters of a key.
pub const PREFIX: &str = "srk1_";
/// Longest key that is hashed.
const MAX_TEXT: usize = 256;

/// Key as its owner knows it. Shown once, when it is made.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(String);

impl Secret {
	/// New key of 32 random bytes. `None` if the machine has none.
	pub fn generate() -> Option<Self> {
		Some(Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random::<32>()?))))
	}

	/// Text for its owner.
	pub fn expose(&self) -> &str {
		&self.0
	}

	/// Hash that is stored.
	pub fn hash(&self) -> [u8; 32] {
		BlakeTwo256::hash(self.0.as_bytes()).0
	}
}

impl fmt::Debug for Secret {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("Secret")
	}
}

/// True if a list names a method, by its name or by the begin of it and `*`.
pub fn names_method(list: &[impl AsRef<str>], method: &str) -> bool {
	list.iter().any(|pattern| match pattern.as_ref().strip_suffix('*') {
		Some(begin) => method.starts_with(begin),
		None => pattern.as_ref() == method,
	})
}

/// Token or key with a prefix, as a bearer in the header `Authorization`.
pub fn bearer<'a>(value: &'a str, prefix: &str) -> Option<&'a str> {
	let (scheme, text) = value.split_once(' ')?;
	let text = text.trim();
	(scheme.eq_ignore_ascii_case("bearer") && text.starts_with(prefix)).then_some(text)
}

/// Hash of a key that a client sent. `None` if it is too long for one.
pub fn hash_of(text: &str) -> Option<[u8; 32]> {
	(text.len() <= MAX_TEXT).then(|| BlakeTwo256::hash(text.as_bytes()).0)
}

/// Rules of a key. An empty list allows everything.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct KeyRules {
	/// Name for people.
	pub name: String,
	/// Account that got it by a login.
	pub account: Option<AccountId32>,
	/// End of its validity, seconds since 1970.
	pub not_after: Option<u64>,
	/// Weighted requests per second. `None`: not limited.
	pub requests_per_second: Option<u64>,
	/// Weighted requests at once; ten seconds of the rate if missing.
	pub burst: Option<u64>,
	/// Bytes of answers per second. `None`: not limited.
	pub bytes_per_second: Option<u64>,
	/// Subscriptions at a time. `None`: those of the gateway.
	pub subscriptions: Option<u32>,
	/// Networks by name.
	pub networks: Vec<String>,
	/// Methods, each a name or the begin of one and `*`.
	pub methods: Vec<String>,
	/// Origins of pages, as `scheme://host[:port]`. A list refuses callers that are no page.
	pub origins: Vec<String>,
}

/// Key that is in use.
#[derive(Debug)]
pub struct ApiKey {
	/// Rules.
	pub rules: KeyRules,
	/// Hash of the key, its name in this process.
	pub hash: [u8; 32],
	limits: Option<UnitLimits>,
	limiter: Limiter,
}

/// Reason why a key is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyError {
	/// No key was sent.
	Missing,
	/// No such key.
	Unknown,
	/// Its validity is over.
	Expired,
	/// Not for pages of this origin.
	Origin,
	/// Not for this network.
	Network,
	/// Not for this method.
	Method,
	/// Over its limit.
	Limited(super::Wait),
}

impl KeyError {}

impl fmt::Display for KeyError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Missing => "API key required",
			Self::Unknown => "unknown API key",
			Self::Expired => "API key expired",
			Self::Origin => "API key not allowed for this origin",
			Self::Network => "API key not allowed for this network",
			Self::Method => "API key not allowed for this method",
			Self::Limited(_) => "over the limit of the API key",
		})
	}
}

impl Error for KeyError {}

impl ApiKey {
	/// Key with rules.
	pub fn new(hash: &[u8; 32], rules: KeyRules) -> Self {
		// A limit of bytes alone leaves requests free.
		const FREE: Rate = Rate { per_second: u64::MAX, burst: u64::MAX };
		let requests = rules.requests_per_second.map(|per_second| Rate {
			per_second,
			burst: rules.burst.unwrap_or(per_second.saturating_mul(10)),
		});
		let bytes = rules.bytes_per_second.map(UnitLimits::bytes);
		let limits = (requests.is_some() || bytes.is_some()).then_some(UnitLimits {
			requests: requests.unwrap_or(FREE),
			bytes,
			tokens: None,
			subscriptions: rules.subscriptions.unwrap_or(u32::MAX),
		});
		Self { rules, hash: *hash, limits, limiter: Limiter::default() }
	}

	/// True if its validity is over.
	///
	/// - `now`: seconds since 1970.
	pub fn has_expired(&self, now: u64) -> bool {
		self.rules.not_after.is_some_and(|end| end < now)
	}

	/// Check everything that does not depend on the request's body.
	///
	/// - `origin`: header of the request.
	/// - `now`: seconds since 1970.
	pub fn check(&self, network: &str, origin: Option<&str>, now: u64) -> Result<(), KeyError> {
		if self.has_expired(now) {
			return Err(KeyError::Expired);
		}
		let listed = |list: &[String], item: &str| list.iter().any(|one| one == item);
		let origins = &self.rules.origins;
		if !origins.is_empty() && !origin.is_some_and(|origin| listed(origins, origin)) {
			return Err(KeyError::Origin);
		}
		let networks = &self.rules.networks;
		if !networks.is_empty() && !listed(networks, network) {
			return Err(KeyError::Network);
		}
		Ok(())
	}

	/// Check a method.
	pub fn check_method(&self, method: &str) -> Result<(), KeyError> {
		let methods = &self.rules.methods;
		if methods.is_empty() || names_method(methods, method) {
			Ok(())
		} else {
			Err(KeyError::Method)
		}
	}

	/// False if requests and bytes are free, so that the clock need not be read.
	pub fn is_limited(&self) -> bool {
		self.limits.is_some()
	}

	/// Let requests in if they are within the limit.
	///
	/// - `weight`: sum of the weights of the requests' methods.
	/// - `now`: as of [`nanos_now`](super::nanos_now).
	pub fn admit(&self, weight: u64, now: u64) -> Result<(), KeyError> {
		match &self.limits {
			None => Ok(()),
			Some(limits) => {
				self.limiter.admit(limits, Cost::of(weight), now).map_err(KeyError::Limited)
			},
		}
	}

	/// Count bytes of an answer.
	pub fn sent(&self, bytes: u64, now: u64) {
		if let Some(limits) = &self.limits {
			self.limiter.sent(limits, bytes, now);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn key(rules: KeyRules) -> ApiKey {
		ApiKey::new(&[7; 32], rules)
	}

	#[test]
	fn a_secret_is_long_and_is_not_shown() {
		let secret = Secret::generate().unwrap();
		assert!(secret.expose().starts_with("srk1_") && secret.expose().len() == 48);
		assert_ne!(secret, Secret::generate().unwrap());
		assert_eq!(format!("{secret:?}"), "Secret");
		assert_eq!(hash_of(secret.expose()), Some(secret.hash()));
		assert_eq!(hash_of(&"x".repeat(257)), None);
	}

	#[test]
	fn empty_rules_allow_everything() {
		let key = key(KeyRules::default());
		assert_eq!(key.check("ethereum", None, u64::MAX), Ok(()));
		assert_eq!(key.check_method("eth_call"), Ok(()));
		assert_eq!(key.admit(u64::MAX, 0), Ok(()));
	}

	#[test]
	fn lists_allow_only_what_they_name() {
		let key = key(KeyRules {
			not_after: Some(100),
			networks: vec!["ethereum".into()],
			methods: vec!["eth_get*".into(), "net_version".into()],
			origins: vec!["https://a.org".into()],
			..KeyRules::default()
		});
		let page = Some("https://a.org");
		assert_eq!(key.check("ethereum", page, 100), Ok(()));
		assert_eq!(key.check("ethereum", page, 101), Err(KeyError::Expired));
		assert_eq!(key.check("kusama", page, 0), Err(KeyError::Network));
		assert_eq!(key.check("ethereum", None, 0), Err(KeyError::Origin));
		assert_eq!(key.check("ethereum", Some("https://a.org.evil"), 0), Err(KeyError::Origin));
		assert_eq!(key.check_method("eth_getLogs"), Ok(()));
		assert_eq!(key.check_method("net_version"), Ok(()));
		assert_eq!(key.check_method("net_versions"), Err(KeyError::Method));
		assert_eq!(key.check_method("eth_call"), Err(KeyError::Method));
	}

	#[test]
	fn limits_are_those_of_the_key() {
		let key = key(KeyRules {
			requests_per_second: Some(2),
			bytes_per_second: Some(1_000),
			..KeyRules::default()
		});
		assert_eq!(key.admit(20, 0), Ok(()));
		let refused = key.admit(1, 0).unwrap_err();
		assert!(matches!(refused, KeyError::Limited(wait) if wait.retry_after() == Some(1)));
		key.sent(12_000, 0);
		let KeyError::Limited(wait) = key.admit(1, 1_000_000_000).unwrap_err() else { panic!() };
		assert_eq!(wait.retry_after(), Some(1));
	}

	#[test]
	fn a_limit_of_bytes_leaves_requests_free() {
		let key = key(KeyRules { bytes_per_second: Some(1_000), ..KeyRules::default() });
		for _ in 0..10_000 {
			assert_eq!(key.admit(1_000, 0), Ok(()));
		}
		key.sent(20_000, 0);
		assert!(key.admit(1, 0).is_err());
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Tables about the way in which a gateway serves: connections, choice of operators, cache, access.

use super::{ConfigError, within};
use serde::{Deserialize, Serialize};
use sp_runtime::AccountId32;
use std::path::PathBuf;

/// Connections to operators.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct UpstreamSection {
	/// Longest time to connect, TLS included.
	pub connect_timeout_ms: u64,
	/// Longest time for an answer.
	pub timeout_ms: u64,
	/// Connections to one operator, per thread.
	pub max_connections: usize,
	/// Idle time after which a connection is closed.
	pub idle_secs: u64,
	/// PEM file of further root certificates.
	pub extra_roots: Option<PathBuf>,
}

impl Default for UpstreamSection {
	fn default() -> Self {
		Self {
			connect_timeout_ms: 3_000,
			timeout_ms: 30_000,
			max_connections: 256,
			idle_secs: 60,
			extra_roots: None,
		}
	}
}

impl UpstreamSection {
	pub(crate) fn validate(&self) -> Result<(), ConfigError> {
		within("upstream.connect-timeout-ms", self.connect_timeout_ms, 10, 120_000)?;
		within("upstream.timeout-ms", self.timeout_ms, 10, 3_600_000)?;
		within("upstream.max-connections", self.max_connections, 1, 100_000)?;
		within("upstream.idle-secs", self.idle_secs, 1, 86_400)
	}
}

/// Choice of operators.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RoutingSection {
	/// Lowest score of an operator, 0 to 100. Operators below are used only if no other is left.
	pub min_score: u8,
	/// Largest share of a network's requests that one operator gets, in percent.
	pub max_share_percent: u8,
	/// Least share of requests that an operator gets, so that it can show that it is well again, in
	/// percent.
	pub explore_percent: u8,
	/// Attempts of a request, the first included.
	pub attempts: u32,
	/// Retries per hundred requests, so that an outage is not made worse.
	pub retry_percent: u32,
	/// Requests per hundred that are also sent to a second operator when the first is slow.
	pub hedge_percent: u32,
	/// Least time before a request is sent to a second operator.
	pub hedge_floor_ms: u64,
	/// Answers per hundred thousand that are compared with another operator's.
	pub compare_per_100k: u32,
	/// Blocks that an operator may be behind the served head; its terms if left out.
	pub max_head_lag: Option<u32>,
	/// Time between health requests to an operator.
	pub health_secs: u64,
	/// Block times without a block after which a shared subscription moves to another operator.
	pub silent_blocks: u32,
	/// Longest answer to a JSON-RPC call.
	pub max_answer_bytes: usize,
}

impl Default for RoutingSection {
	fn default() -> Self {
		Self {
			min_score: 0,
			max_share_percent: 65,
			explore_percent: 1,
			attempts: 3,
			retry_percent: 20,
			hedge_percent: 5,
			hedge_floor_ms: 100,
			compare_per_100k: 100,
			max_head_lag: None,
			health_secs: 3,
			silent_blocks: 5,
			max_answer_bytes: 64 << 20,
		}
	}
}

impl RoutingSection {
	pub(crate) fn validate(&self) -> Result<(), ConfigError> {
		within("routing.min-score", self.min_score, 0, 100)?;
		within("routing.max-share-percent", self.max_share_percent, 10, 100)?;
		within("routing.explore-percent", self.explore_percent, 0, 20)?;
		within("routing.attempts", self.attempts, 1, 16)?;
		within("routing.retry-percent", self.retry_percent, 0, 100)?;
		within("routing.hedge-percent", self.hedge_percent, 0, 50)?;
		within("routing.hedge-floor-ms", self.hedge_floor_ms, 1, 60_000)?;
		within("routing.compare-per-100k", self.compare_per_100k, 0, 100_000)?;
		within("routing.health-secs", self.health_secs, 1, 600)?;
		within("routing.silent-blocks", self.silent_blocks, 2, 1_000)?;
		within("routing.max-answer-bytes", self.max_answer_bytes, 1_024, 4 << 30)
	}
}

/// Cache of answers.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CacheSection {
	/// Bytes of all answers; 0 turns the cache off.
	pub max_bytes: u64,
	/// Longest answer that is kept.
	pub max_entry_bytes: usize,
}

impl Default for CacheSection {
	fn default() -> Self {
		Self { max_bytes: 256 << 20, max_entry_bytes: 4 << 20 }
	}
}

impl CacheSection {
	pub(crate) fn validate(&self) -> Result<(), ConfigError> {
		within("cache.max-bytes", self.max_bytes, 0, 1 << 44)?;
		within("cache.max-entry-bytes", self.max_entry_bytes, 64, 1 << 30)
	}
}

/// Access of clients.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AccessSection {
	/// Serve clients without a key. If left out: on a loopback address yes, but for pages of other
	/// origins than this machine's and those of the front; on any other address no.
	pub open: Option<bool>,
	/// API keys.
	#[serde(rename = "key")]
	pub keys: Vec<KeySection>,
	/// Domain that the text of a wallet login names. Without it there is no login.
	pub login_domain: Option<String>,
	/// Accounts that may log in; none is any.
	pub login_accounts: Vec<AccountId32>,
	/// Time that a key of a login is valid.
	pub login_secs: u64,
	/// Method-weighted requests per second of a key without a rate of its own; 0 is any.
	pub rate: u32,
	/// Burst of that rate.
	pub burst: u32,
}

impl Default for AccessSection {
	fn default() -> Self {
		Self {
			open: None,
			keys: Vec::new(),
			login_domain: None,
			login_accounts: Vec::new(),
			login_secs: 86_400,
			rate: 0,
			burst: 100,
		}
	}
}

impl AccessSection {
	pub(crate) fn validate(&self) -> Result<(), ConfigError> {
		within("access.key", self.keys.len(), 0, 100_000)?;
		for key in &self.keys {
			let is_hash = key.blake2.len() == 66 && key.blake2.starts_with("0x");
			if !is_hash || !key.blake2.chars().skip(2).all(|c| c.is_ascii_hexdigit()) {
				let reason = format!("key {}: blake2 is not 0x and 64 digits", key.name);
				return Err(ConfigError::invalid("access.key.blake2", reason));
			}
		}
		within("access.login-secs", self.login_secs, 60, 31_536_000)
	}
}

/// An API key. The file has its hash only; `surety-gateway new-key` makes one.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct KeySection {
	/// Name, shown in metrics and logs.
	pub name: String,
	/// BLAKE2b-256 of the key.
	pub blake2: String,
	/// Method-weighted requests per second; that of `access.rate` if left out.
	pub rate: Option<u32>,
	/// Burst of that rate.
	pub burst: Option<u32>,
	/// Networks that the key may use; none is all.
	#[serde(default)]
	pub networks: Vec<String>,
	/// Methods that the key may use, in the form of `allow-methods`; none is all.
	#[serde(default)]
	pub methods: Vec<String>,
	/// Origins of web pages that may use the key; none is all.
	#[serde(default)]
	pub origins: Vec<String>,
}

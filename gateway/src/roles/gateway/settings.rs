// SPDX-License-Identifier: Apache-2.0

//! Settings of the gateway, its networks and its access, from the configuration.

use crate::{
	access::{KeyRules, KeyStore, Login, LoginSettings},
	cache::CacheSettings,
	chain::Market,
	config::{AccessSection, ConfigError, GatewayConfig, KeySection, NetworkSection},
	files,
	gateway::{
		Access, GatewaySettings, LoginService, MethodFilter, NetworkSettings, SocketSettings,
	},
	roles::background::StartError,
	roles::settings::{pool_settings, websocket_settings},
	routing::{ChoiceSettings, HedgeSettings},
	rpc::{Method, MethodTable, ScanLimits},
	subscriptions::{HubSettings, LineSettings, SubscriptionSettings},
	upstream::{PoolSettings, WebSocketLimits},
};
use serde::Deserialize;
use sp_core::H256;
use std::{borrow::Cow, path::Path, sync::Arc, time::Duration};
use surety_primitives::Protocol;

/// Page that nodes of Substrate serve by default too.
const EXPLORER: &str = "https://polkadot.js.org";
/// File of keys that logins made.
const KEYS: &str = "keys.json";
/// Keys of logins at a time.
const MAX_KEYS: usize = 100_000;
/// Unused connections to one operator that a worker keeps.
const MAX_IDLE: usize = 64;
/// Largest file of methods.
const MAX_METHODS: u64 = 1 << 20;

/// Share of a whole in percent.
fn percent(part: impl Into<f64>) -> f64 {
	part.into() / 100.0
}

/// Settings of the gateway.
pub(super) fn gateway(config: &GatewayConfig) -> Result<GatewaySettings, StartError> {
	let GatewayConfig { front, upstream, routing, cache, .. } = config;
	let pool = pool_settings(upstream)?;
	let defaults = GatewaySettings::new(PoolSettings { max_idle: MAX_IDLE, ..pool });
	let hedge = HedgeSettings {
		floor: Duration::from_millis(routing.hedge_floor_ms),
		share: percent(routing.hedge_percent),
		..HedgeSettings::default()
	};
	let choice = ChoiceSettings {
		score_floor: percent(routing.min_score),
		floor: percent(routing.explore_percent),
		cap: percent(routing.max_share_percent),
		..ChoiceSettings::default()
	};
	let cache = (cache.max_bytes > 0).then(|| CacheSettings {
		bytes: cache.max_bytes,
		entry_bytes: cache.max_entry_bytes,
		..CacheSettings::default()
	});
	Ok(GatewaySettings {
		scan: ScanLimits { batch: front.max_batch, ..ScanLimits::default() },
		max_body: front.max_body_bytes,
		body_timeout: Duration::from_millis(front.body_timeout_ms),
		max_answer: routing.max_answer_bytes,
		timeout: Duration::from_millis(upstream.timeout_ms),
		attempts: routing.attempts,
		retry_share: percent(routing.retry_percent),
		compare_share: f64::from(routing.compare_per_100k) / 100_000.0,
		hedge,
		choice,
		cache,
		poll_interval: Duration::from_secs(routing.health_secs),
		..defaults
	})
}

/// Settings of WebSockets.
pub(super) fn sockets(config: &GatewayConfig) -> SocketSettings {
	let section = &config.websocket;
	let stuck_after = config.routing.silent_blocks;
	let line = LineSettings { stuck_after, ..LineSettings::default() };
	let clients = SubscriptionSettings {
		websocket: websocket_settings(section),
		scan: ScanLimits { batch: config.front.max_batch, ..ScanLimits::default() },
		line: line.clone(),
		max_subscriptions: section.max_subscriptions,
		..SubscriptionSettings::default()
	};
	let hub = HubSettings { line, ..HubSettings::default() };
	SocketSettings { clients, hub, operators: WebSocketLimits::default() }
}

/// Settings of a network. `None` if its dialect is not configured and the chain does not know it.
pub(super) fn network(
	section: &NetworkSection,
	market: Option<&Market>,
) -> Result<Option<NetworkSettings>, StartError> {
	let known = market.and_then(|market| market.network(&section.name));
	let Some(protocol) = section.protocol.or(known.map(|info| info.network.protocol)) else {
		return Ok(None);
	};
	let own = market.filter(|_| known.is_some_and(|info| info.network.own));
	let own = own.map(|market| market.clock.slot_ms);
	let block_ms = section.block_ms.or(own).unwrap_or(match protocol {
		Protocol::Ethereum => 12_000,
		Protocol::Substrate => 6_000,
	});
	let mut settings =
		NetworkSettings::new(&section.name, protocol, Duration::from_millis(block_ms));
	settings.measures_block_time = section.block_ms.is_none();
	settings.filter =
		MethodFilter { allow: section.allow_methods.clone(), deny: section.deny_methods.clone() };
	if let Some(file) = &section.methods {
		let table = MethodTable::of(protocol).extended(methods(file)?);
		let table = table.map_err(|fault| unusable(file, &fault))?;
		settings.methods = Cow::Owned(table);
	}
	Ok(Some(settings))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MethodFile {
	#[serde(default)]
	method: Vec<Method>,
}

fn unusable(file: &Path, fault: &dyn std::fmt::Display) -> StartError {
	let reason = format!("{}: {fault}", file.display());
	StartError::Config(ConfigError::invalid("network.methods", reason))
}

fn methods(file: &Path) -> Result<Vec<Method>, StartError> {
	let text = files::read_text(file, MAX_METHODS).map_err(|error| unusable(file, &error))?;
	let file = toml::from_str::<MethodFile>(&text).map_err(|error| unusable(file, &error))?;
	Ok(file.method)
}

/// Hashes and rules of the configured keys.
pub(super) fn keys(section: &AccessSection) -> Result<Vec<([u8; 32], KeyRules)>, ConfigError> {
	section.keys.iter().map(|key| Ok((hash_of(key)?, rules(section, key)))).collect()
}

fn hash_of(key: &KeySection) -> Result<[u8; 32], ConfigError> {
	let hash: Result<H256, _> = key.blake2.parse();
	hash.map(|hash| hash.0).map_err(|_| {
		let reason = format!("key {}: blake2 is not 0x and 64 digits", key.name);
		ConfigError::invalid("access.key.blake2", reason)
	})
}

fn rules(section: &AccessSection, key: &KeySection) -> KeyRules {
	let rate = key.rate.or((section.rate > 0).then_some(section.rate));
	// The burst of all keys belongs to the rate of all keys.
	let burst = key.burst.or(key.rate.is_none().then_some(section.burst));
	KeyRules {
		name: key.name.clone(),
		requests_per_second: rate.map(u64::from),
		burst: burst.filter(|_| rate.is_some()).map(u64::from),
		networks: key.networks.clone(),
		methods: key.methods.clone(),
		origins: key.origins.clone(),
		..KeyRules::default()
	}
}

/// Store of the configured keys and those of logins.
pub(super) fn key_store(config: &GatewayConfig) -> Result<Arc<KeyStore>, StartError> {
	let path = config.access.login_domain.is_some().then(|| config.data.join(KEYS));
	let store = KeyStore::open(keys(&config.access)?, path, MAX_KEYS).map_err(StartError::Keys)?;
	Ok(Arc::new(store))
}

/// Logins, if they are configured.
pub(super) fn login(
	section: &AccessSection,
	store: &Arc<KeyStore>,
	genesis: H256,
) -> Result<Option<Arc<LoginService>>, StartError> {
	let Some(domain) = &section.login_domain else { return Ok(None) };
	let random = || StartError::Io {
		what: "login".into(),
		error: std::io::Error::other("this machine gives no random bytes"),
	};
	let login = Login::new(LoginSettings::new(domain, genesis)).ok_or_else(random)?;
	let rate = (section.rate > 0).then_some(u64::from(section.rate));
	let rules = KeyRules {
		requests_per_second: rate,
		burst: rate.map(|_| section.burst.into()),
		..KeyRules::default()
	};
	let accounts = section.login_accounts.iter().cloned().collect();
	Ok(Some(LoginService::new(login, Arc::clone(store), accounts, section.login_secs, rules)))
}

/// Access by keys. A gateway that is open only because no other machine reaches it serves no pages
/// of strangers in a browser of this one.
pub(super) fn access(config: &GatewayConfig, keys: &Arc<KeyStore>) -> Access {
	let access = Access::new(Arc::clone(keys), is_open(config));
	if config.access.open.is_some() {
		return access;
	}
	let listed = config.front.cors_origins.iter().cloned();
	access.own_pages_only(listed.chain([EXPLORER.to_owned()]).collect())
}

/// True if clients without a key are served.
fn is_open(config: &GatewayConfig) -> bool {
	config.access.open.unwrap_or(config.listen().ip().is_loopback())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{chain::tests::market, config::parse};

	fn config(text: &str) -> GatewayConfig {
		parse(text).unwrap()
	}

	#[test]
	fn sections_become_settings() {
		let text = "[front]\nmax-batch = 7\n[upstream]\ntimeout-ms = 1500\n[cache]\nmax-bytes = 0\n\
			[routing]\nmin-score = 20\nhedge-percent = 10\ncompare-per-100k = 50\nhealth-secs = 9\n";
		let settings = gateway(&config(text)).unwrap();
		assert_eq!((settings.scan.batch, settings.timeout.as_millis()), (7, 1_500));
		assert!(settings.cache.is_none());
		assert_eq!((settings.choice.score_floor, settings.hedge.share), (0.2, 0.1));
		assert_eq!((settings.compare_share, settings.poll_interval.as_secs()), (0.000_5, 9));
	}

	#[test]
	fn the_dialect_is_configured_or_that_of_the_chain() {
		let market = market(10);
		let of = |section: &NetworkSection, market| network(section, market).unwrap();
		let named = NetworkSection::named("ethereum");
		assert!(of(&named, None).is_none());
		let settings = of(&named, Some(&market)).unwrap();
		assert_eq!(settings.heads, Some(Protocol::Ethereum));
		assert!(settings.measures_block_time);
		let other = NetworkSection {
			protocol: Some(Protocol::Substrate),
			block_ms: Some(500),
			..NetworkSection::named("other")
		};
		let settings = of(&other, Some(&market)).unwrap();
		assert_eq!(settings.heads, Some(Protocol::Substrate));
		assert_eq!((settings.block_time.as_millis(), settings.measures_block_time), (500, false));
	}

	#[test]
	fn methods_of_a_file_are_added() {
		let dir = tempfile::tempdir().unwrap();
		let file = dir.path().join("methods.toml");
		let section = NetworkSection {
			protocol: Some(Protocol::Ethereum),
			methods: Some(file.clone()),
			..NetworkSection::named("ethereum")
		};
		assert!(network(&section, None).is_err(), "no file");
		std::fs::write(&file, "[[method]]\nname = \"my_method\"\nclass = \"read\"\nweight = 9\n")
			.unwrap();
		let settings = network(&section, None).unwrap().unwrap();
		assert_eq!(settings.methods.get("my_method").weight, 9);
		assert_eq!(
			settings.methods.get("eth_call"),
			MethodTable::of(Protocol::Ethereum).get("eth_call")
		);
		for wrong in ["[[method]]\nname = \"x\"\nweight = 0\n", "[[methods]]\n", "x"] {
			std::fs::write(&file, wrong).unwrap();
			let error = network(&section, None).unwrap_err().to_string();
			assert!(error.contains("network.methods"), "{error}");
		}
	}

	#[test]
	fn keys_have_their_own_rules_or_those_of_all() {
		let hash = format!("0x{}", "07".repeat(32));
		let text = format!(
			"[access]\nrate = 5\nburst = 9\n[[access.key]]\nname = \"a\"\nblake2 = \"{hash}\"\n\
			[[access.key]]\nname = \"b\"\nblake2 = \"{hash}\"\nrate = 70\nmethods = [\"eth_*\"]\n"
		);
		let keys = keys(&config(&text).access).unwrap();
		let rates: Vec<_> =
			keys.iter().map(|(_, rules)| (rules.requests_per_second, rules.burst)).collect();
		assert_eq!(rates, [(Some(5), Some(9)), (Some(70), None)]);
		assert_eq!(keys[0].0, [7; 32]);
		assert_eq!(keys[1].1.methods, ["eth_*"]);
	}

	#[test]
	fn a_gateway_is_open_on_loopback_only() {
		assert!(is_open(&config("")));
		assert!(!is_open(&config("[front]\nlisten = \"0.0.0.0:1\"")));
		assert!(!is_open(&config("[access]\nopen = false")));
		assert!(is_open(&config("[front]\nlisten = \"0.0.0.0:1\"\n[access]\nopen = true")));
	}
}

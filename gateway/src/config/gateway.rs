// SPDX-License-Identifier: Apache-2.0

//! The file of the role `gateway`.

use super::{
	AccessSection, CacheSection, ChainSection, ConfigError, ControlSection, FrontSection,
	KeySource, LogSection, RoleConfig, RoutingSection, Secret, Sure, UpstreamSection, Url,
	UsageSection, WebSocketSection, loopback, within,
};
use serde::{Deserialize, Serialize};
use sp_runtime::AccountId32;
use std::{collections::HashSet, net::SocketAddr, path::PathBuf};
use surety_primitives::{AgreementId, MAX_NAME, Protocol, Region};

/// Configuration of the role `gateway`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GatewayConfig {
	/// Directory of what must survive a restart: purchases, usage statements, API keys.
	pub data: PathBuf,
	/// Nodes of the chain. Without any, only the operators listed here are used.
	pub chain: ChainSection,
	/// Account that pays.
	pub tenant: TenantSection,
	/// Amounts that may be spent.
	pub budget: BudgetSection,
	/// Networks that are served.
	#[serde(rename = "network")]
	pub networks: Vec<NetworkSection>,
	/// Operators that are used without an agreement on chain.
	#[serde(rename = "operator")]
	pub operators: Vec<OperatorSection>,
	/// Models that are served under `/v1`.
	#[serde(rename = "model")]
	pub models: Vec<ModelSection>,
	/// The public listener.
	pub front: FrontSection,
	/// The control listener.
	pub control: ControlSection,
	/// Connections to operators.
	pub upstream: UpstreamSection,
	/// Choice of operators.
	pub routing: RoutingSection,
	/// Cache of answers.
	pub cache: CacheSection,
	/// Access of clients.
	pub access: AccessSection,
	/// WebSocket connections of clients.
	pub websocket: WebSocketSection,
	/// Usage statements.
	pub usage: UsageSection,
	/// Log.
	pub log: LogSection,
}

impl Default for GatewayConfig {
	fn default() -> Self {
		Self {
			data: "surety-gateway-data".into(),
			chain: ChainSection::default(),
			tenant: TenantSection::default(),
			budget: BudgetSection::default(),
			networks: Vec::new(),
			operators: Vec::new(),
			models: Vec::new(),
			front: FrontSection::default(),
			control: ControlSection::default(),
			upstream: UpstreamSection::default(),
			routing: RoutingSection::default(),
			cache: CacheSection::default(),
			access: AccessSection::default(),
			websocket: WebSocketSection::default(),
			usage: UsageSection::default(),
			log: LogSection::default(),
		}
	}
}

impl GatewayConfig {
	/// Address of the public listener.
	pub fn listen(&self) -> SocketAddr {
		self.front.listen.unwrap_or(loopback(8_645))
	}

	/// Address of the control listener.
	pub fn control(&self) -> SocketAddr {
		self.control.listen.unwrap_or(loopback(9_645))
	}
}

impl RoleConfig for GatewayConfig {
	fn validate(&self) -> Result<(), ConfigError> {
		self.chain.validate()?;
		self.budget.validate()?;
		self.front.validate()?;
		self.upstream.validate()?;
		self.routing.validate()?;
		self.cache.validate()?;
		self.access.validate()?;
		self.websocket.validate()?;
		self.usage.validate()?;
		within("network", self.networks.len(), 0, 64)?;
		let mut names = HashSet::new();
		for network in &self.networks {
			network.validate()?;
			if !names.insert(&network.name) {
				let reason = format!("{} is listed twice", network.name);
				return Err(ConfigError::invalid("network.name", reason));
			}
		}
		within("model", self.models.len(), 0, 256)?;
		within("operator", self.operators.len(), 0, 1_024)?;
		for operator in &self.operators {
			operator.validate()?;
			let known = operator.network.as_ref().is_none_or(|network| names.contains(network));
			if !known {
				let reason =
					format!("operator {} serves no [[network]] of this file", operator.name);
				return Err(ConfigError::invalid("operator.network", reason));
			}
		}
		let has_key = self.tenant.key.is_given() || self.tenant.report_key.is_given();
		let paid = self.operators.iter().find(|operator| operator.agreement.is_some());
		if let Some(operator) = paid.filter(|_| !has_key) {
			let reason =
				format!("the agreement of operator {} needs the tenant's key", operator.name);
			return Err(ConfigError::invalid("operator.agreement", reason));
		}
		let unknown = self.networks.iter().find(|network| network.protocol.is_none());
		if let Some(network) = unknown.filter(|_| self.chain.nodes.is_empty()) {
			let reason = format!("name the dialect of {}: there is no chain to ask", network.name);
			return Err(ConfigError::invalid("network.protocol", reason));
		}
		let has_chain = !self.chain.nodes.is_empty();
		if !has_chain && self.operators.is_empty() {
			let reason = "no node of the chain and no [[operator]]: there is nothing to serve from";
			return Err(ConfigError::invalid("chain.nodes", reason));
		}
		if has_chain && !self.tenant.key.is_given() && self.tenant.account.is_none() {
			let reason = "give the tenant's key (--tenant), or its account to use its agreements";
			return Err(ConfigError::invalid("tenant", reason));
		}
		if self.budget.total.0 > 0 && !self.tenant.key.is_given() {
			let reason = "spending needs the key of the tenant or of its Buy proxy";
			return Err(ConfigError::invalid("tenant.key", reason));
		}
		if self.networks.is_empty() && self.models.is_empty() && self.operators.is_empty() {
			let reason = "name at least one network (--network), [[model]] or [[operator]]";
			return Err(ConfigError::invalid("network", reason));
		}
		Ok(())
	}
}

/// Account that pays for services.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TenantSection {
	/// Key that signs purchases: of the tenant itself, or of its `Buy` proxy.
	#[serde(skip_serializing)]
	pub key: KeySource,
	/// Account of the tenant, if the key is that of a proxy.
	pub account: Option<AccountId32>,
	/// Key that signs tokens and usage statements: of the tenant or of its `Report` proxy. The key
	/// above if left out.
	#[serde(skip_serializing)]
	pub report_key: KeySource,
}

/// Amounts that may be spent on agreements, in SURE. Fees of transactions come on top.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct BudgetSection {
	/// Most that this gateway spends in all, deposits that are still on hold included. 0 buys
	/// nothing and uses the agreements that exist.
	pub total: Sure,
	/// Most that all agreements together may cost in a window; the total if left out.
	pub per_window: Option<Sure>,
	/// Windows that a deposit pays for. At least 1, as the chain demands.
	pub prepay_windows: u32,
	/// Rest of a deposit, in hundredths of a window, below which it is topped up.
	pub top_up_percent: u32,
	/// Least cover that a service must still have, in hundredths of a window's price.
	pub min_cover_percent: u32,
	/// Explain purchases without making them.
	pub dry_run: bool,
}

impl Default for BudgetSection {
	fn default() -> Self {
		Self {
			total: Sure(0),
			per_window: None,
			prepay_windows: 2,
			top_up_percent: 75,
			min_cover_percent: 100,
			dry_run: false,
		}
	}
}

impl BudgetSection {
	fn validate(&self) -> Result<(), ConfigError> {
		within("budget.prepay-windows", self.prepay_windows, 1, 1_000)?;
		within("budget.top-up-percent", self.top_up_percent, 10, 10_000)?;
		let most = self.prepay_windows.saturating_mul(100);
		within("budget.top-up-percent", self.top_up_percent, 10, most)?;
		within("budget.min-cover-percent", self.min_cover_percent, 0, 100_000)
	}
}

/// A network that is served at `/NAME`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct NetworkSection {
	/// Name, as on chain.
	pub name: String,
	/// Dialect. That of the network on chain if left out.
	pub protocol: Option<Protocol>,
	/// Time between blocks; guides the cache and the watchdogs. Measured if left out.
	pub block_ms: Option<u64>,
	/// Wished rate in method-weighted requests per second, served even while one operator fails.
	pub rate: u32,
	/// Wished number of different operators.
	pub operators: u32,
	/// Regions to buy in; none is any.
	pub regions: Vec<Region>,
	/// Lowest score of an operator, 0 to 100.
	pub min_score: u8,
	/// Highest price per unit and block; none is any.
	pub max_price: Option<Sure>,
	/// Methods that are served; none is all. A `*` at the end takes every ending.
	pub allow_methods: Vec<String>,
	/// Methods that are refused, in the same form. They win over `allow-methods`.
	pub deny_methods: Vec<String>,
	/// TOML file with rules of methods beside the built-in ones.
	pub methods: Option<PathBuf>,
	/// Use services at the rate of strangers as long as there is no agreement.
	pub trial: bool,
}

impl Default for NetworkSection {
	fn default() -> Self {
		Self {
			name: String::new(),
			protocol: None,
			block_ms: None,
			rate: 10,
			operators: 3,
			regions: Vec::new(),
			min_score: 0,
			max_price: None,
			allow_methods: Vec::new(),
			deny_methods: Vec::new(),
			methods: None,
			trial: false,
		}
	}
}

impl NetworkSection {
	/// Network of a name, with the defaults.
	pub fn named(name: impl Into<String>) -> Self {
		Self { name: name.into(), ..Self::default() }
	}

	fn validate(&self) -> Result<(), ConfigError> {
		let longest = usize::try_from(MAX_NAME).unwrap_or(usize::MAX);
		let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
		let reserved = ["k", "v1", "service", "login"].contains(&self.name.as_str());
		if self.name.is_empty() || self.name.len() > longest || !self.name.chars().all(plain) {
			let reason = format!("{:?} is no name: a-z, 0-9, -, _ and .", self.name);
			return Err(ConfigError::invalid("network.name", reason));
		}
		if reserved {
			let reason = format!("{} is a path of the gateway itself", self.name);
			return Err(ConfigError::invalid("network.name", reason));
		}
		within("network.rate", self.rate, 1, 10_000_000)?;
		within("network.operators", self.operators, 1, 64)?;
		within("network.min-score", self.min_score, 0, 100)?;
		within("network.block-ms", self.block_ms.unwrap_or(1_000), 50, 3_600_000)
	}
}

/// Operator that is used without an agreement on chain: a node of your own, or one that you pay
/// otherwise.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OperatorSection {
	/// Name, shown in headers, metrics and the log, and in paths to plain HTTP.
	pub name: String,
	/// URL of its endpoint.
	pub url: Url,
	/// Network that it serves.
	pub network: Option<String>,
	/// Model that it serves.
	pub model: Option<String>,
	/// Agreement that its edge knows: requests carry its token, and its use is counted and signed.
	/// Needs the tenant's key.
	pub agreement: Option<AgreementId>,
	/// Headers added to each request, such as an API key.
	#[serde(default, skip_serializing)]
	pub headers: Vec<HeaderSection>,
	/// Price relative to the other operators of this file.
	#[serde(default = "one")]
	pub price: u32,
	/// Score, 0 to 100.
	#[serde(default = "full_score")]
	pub score: u8,
	/// Most method-weighted requests per second; none is any.
	pub rate: Option<u32>,
	/// Latency above which an answer is slow.
	#[serde(default = "max_latency")]
	pub max_latency_ms: u32,
}

impl OperatorSection {
	fn validate(&self) -> Result<(), ConfigError> {
		let longest = usize::try_from(MAX_NAME).unwrap_or(usize::MAX);
		let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
		let is_id = self.name.chars().all(|c| c.is_ascii_digit());
		if is_id || self.name.len() > longest || !self.name.chars().all(plain) {
			let reason = format!("{:?} is no name: a-z, A-Z, 0-9, -, _ and .", self.name);
			return Err(ConfigError::invalid("operator.name", reason));
		}
		Ok(())
	}
}

fn one() -> u32 {
	1
}

fn full_score() -> u8 {
	100
}

fn max_latency() -> u32 {
	1_000
}

/// Header of a request.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HeaderSection {
	/// Name.
	pub name: String,
	/// Value.
	#[serde(deserialize_with = "read_secret")]
	pub value: Secret,
}

fn read_secret<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
	String::deserialize(from).map(Secret::new)
}

/// Model that is served under `/v1`, in the form of OpenAI's API.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ModelSection {
	/// Name, as on chain and in requests.
	pub name: String,
	/// Units to buy, at as many operators.
	#[serde(default = "one")]
	pub units: u32,
	/// Wished number of different operators.
	#[serde(default = "one")]
	pub operators: u32,
	/// Highest price per unit and block; none is any.
	pub max_price: Option<Sure>,
}

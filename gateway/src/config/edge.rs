// SPDX-License-Identifier: Apache-2.0

//! The file of the role `edge`.

use super::{
	ChainSection, ConfigError, ControlSection, FrontSection, KeySource, LogSection, RoleConfig,
	UpstreamSection, Url, UsageSection, WebSocketSection, loopback, within,
};
use serde::{Deserialize, Serialize};
use sp_runtime::AccountId32;
use std::{collections::HashSet, net::SocketAddr, path::PathBuf};
use surety_primitives::{AgreementId, Protocol, ServiceId};

/// Configuration of the role `edge`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct EdgeConfig {
	/// Directory of what must survive a restart: usage statements.
	pub data: PathBuf,
	/// Nodes of the chain. Without any, only the agreements listed here are served.
	pub chain: ChainSection,
	/// Account whose services are served.
	pub operator: OperatorAccountSection,
	/// Server behind the edge, for services without a `[[service]]` of their own.
	pub backend: Option<Url>,
	/// Services with a server of their own.
	#[serde(rename = "service")]
	pub services: Vec<ServiceSection>,
	/// Agreements that are served without the chain.
	#[serde(rename = "agreement")]
	pub agreements: Vec<AgreementSection>,
	/// Requests without an agreement.
	pub trial: TrialSection,
	/// Services of models.
	pub inference: InferenceSection,
	/// The public listener.
	pub front: FrontSection,
	/// The control listener.
	pub control: ControlSection,
	/// Connections to the backend.
	pub upstream: UpstreamSection,
	/// WebSocket connections of clients.
	pub websocket: WebSocketSection,
	/// Usage statements.
	pub usage: UsageSection,
	/// Log.
	pub log: LogSection,
}

impl Default for EdgeConfig {
	fn default() -> Self {
		Self {
			data: "surety-edge-data".into(),
			chain: ChainSection::default(),
			operator: OperatorAccountSection::default(),
			backend: None,
			services: Vec::new(),
			agreements: Vec::new(),
			trial: TrialSection::default(),
			inference: InferenceSection::default(),
			front: FrontSection::default(),
			control: ControlSection::default(),
			upstream: UpstreamSection::default(),
			websocket: WebSocketSection::default(),
			usage: UsageSection::default(),
			log: LogSection::default(),
		}
	}
}

impl EdgeConfig {
	/// Address of the public listener.
	pub fn listen(&self) -> SocketAddr {
		self.front.listen.unwrap_or(loopback(8_646))
	}

	/// Address of the control listener.
	pub fn control(&self) -> SocketAddr {
		self.control.listen.unwrap_or(loopback(9_646))
	}
}

impl RoleConfig for EdgeConfig {
	fn validate(&self) -> Result<(), ConfigError> {
		self.chain.validate()?;
		self.trial.validate()?;
		within("inference.timeout-secs", self.inference.timeout_secs, 1, 86_400)?;
		self.front.validate()?;
		self.upstream.validate()?;
		self.websocket.validate()?;
		self.usage.validate()?;
		within("service", self.services.len(), 0, 1_024)?;
		within("agreement", self.agreements.len(), 0, 65_536)?;
		let mut ids = HashSet::new();
		for service in &self.services {
			within("service.models", service.models.len(), 0, 256)?;
			if !ids.insert(service.id) {
				let reason = format!("{} is listed twice", service.id);
				return Err(ConfigError::invalid("service.id", reason));
			}
		}
		if self.backend.is_none() && self.services.is_empty() {
			let reason = "name the server behind the edge (--backend URL)";
			return Err(ConfigError::invalid("backend", reason));
		}
		let has_operator = self.operator.account.is_some() || self.operator.key.is_given();
		if !self.chain.nodes.is_empty() && !has_operator {
			let reason = "name the operator's account (--operator), or its key";
			return Err(ConfigError::invalid("operator.account", reason));
		}
		if self.chain.nodes.is_empty() && self.services.is_empty() {
			let reason = "without a node of the chain, list the services that are served";
			return Err(ConfigError::invalid("service", reason));
		}
		Ok(())
	}
}

/// Account whose services are served.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct OperatorAccountSection {
	/// Account of the operator. That of the key if left out.
	pub account: Option<AccountId32>,
	/// Key that signs usage statements and reports: of the operator or, better, of its `Report`
	/// proxy. Without it nothing is countersigned.
	#[serde(skip_serializing)]
	pub key: KeySource,
}

/// A service with a server of its own.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceSection {
	/// Id on chain.
	pub id: ServiceId,
	/// Server behind the edge.
	pub backend: Url,
	/// Host name by which requests for it are recognised, if several services share the listener.
	pub host: Option<String>,
	/// First part of the path by which they are recognised; it is removed.
	pub path: Option<String>,
	/// Dialect, by which calls are counted. That of its network on chain if left out.
	pub protocol: Option<Protocol>,
	/// Models of a service of models, in addition to the one of its listing. Without a listing,
	/// and without any here, all that the server has.
	#[serde(default)]
	pub models: Vec<String>,
	/// Key of the server, which is sent as `Authorization: Bearer KEY`.
	#[serde(default, skip_serializing)]
	pub backend_key: KeySource,
}

/// Services of models.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct InferenceSection {
	/// Longest time for an answer, or for the begin of one that streams.
	pub timeout_secs: u64,
}

impl Default for InferenceSection {
	fn default() -> Self {
		Self { timeout_secs: 600 }
	}
}

/// An agreement that is served without the chain.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AgreementSection {
	/// Id.
	pub id: AgreementId,
	/// Service.
	pub service: ServiceId,
	/// Account whose key signs its tokens and statements.
	pub tenant: AccountId32,
	/// Units.
	pub units: u32,
}

/// Requests without an agreement. Probers come this way too, so a service that refuses them is
/// down.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TrialSection {
	/// Serve them.
	pub enabled: bool,
	/// Method-weighted requests per second of one /24 (IPv4) or /64 (IPv6).
	pub rate: u32,
	/// Burst of that rate.
	pub burst: u32,
	/// Largest share of the sold and unsold units together, in percent.
	pub max_share_percent: u8,
	/// Address ranges of proxies whose `X-Forwarded-For` is believed, such as `10.0.0.0/8`.
	pub trusted_proxies: Vec<String>,
}

impl Default for TrialSection {
	fn default() -> Self {
		Self {
			enabled: true,
			rate: 2,
			burst: 16,
			max_share_percent: 5,
			trusted_proxies: Vec::new(),
		}
	}
}

impl TrialSection {
	fn validate(&self) -> Result<(), ConfigError> {
		within("trial.rate", self.rate, 1, 1_000_000)?;
		within("trial.burst", self.burst, 1, 1_000_000)?;
		within("trial.max-share-percent", self.max_share_percent, 1, 100)?;
		within("trial.trusted-proxies", self.trusted_proxies.len(), 0, 64)
	}
}

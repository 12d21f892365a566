// SPDX-License-Identifier: Apache-2.0

//! The table of the edge: services of models, and of JSON-RPC.

use super::ProviderConfig;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use surety_gateway::config::{
	ConfigError, EdgeConfig, FrontSection, InferenceSection as Models, KeySource,
	OperatorAccountSection, RoleConfig, ServiceSection, TrialSection, UpstreamSection,
	UsageSection, within,
};

/// Services behind an edge in this process: it lets in tenants up to their units, and counts.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct InferenceSection {
	/// Address and port of the edge, beside the agent's own.
	pub listen: SocketAddr,
	/// Longest time for an answer of a model, or for the begin of one that streams.
	pub timeout_secs: u64,
	/// Services with their servers.
	#[serde(rename = "service")]
	pub services: Vec<ServiceSection>,
	/// Key that signs usage statements: of a proxy of the type `Report`. Without it nothing is
	/// countersigned.
	#[serde(skip_serializing)]
	pub report_key: KeySource,
	/// Requests without an agreement.
	pub trial: TrialSection,
	/// Limits of the listener. Address and certificate are those above and the agent's.
	pub front: FrontSection,
	/// Connections to the servers.
	pub upstream: UpstreamSection,
	/// Usage statements.
	pub usage: UsageSection,
}

impl Default for InferenceSection {
	fn default() -> Self {
		Self {
			listen: SocketAddr::from(([127, 0, 0, 1], 8_646)),
			timeout_secs: Models::default().timeout_secs,
			services: Vec::new(),
			report_key: KeySource::default(),
			trial: TrialSection::default(),
			front: FrontSection::default(),
			upstream: UpstreamSection::default(),
			usage: UsageSection::default(),
		}
	}
}

impl InferenceSection {
	/// Configuration of the edge.
	///
	/// Errors: the agent's key cannot be read.
	pub fn edge(&self, config: &ProviderConfig) -> Result<EdgeConfig, ConfigError> {
		let account = match &config.operator.account {
			Some(account) => account.clone(),
			None => config.signer()?.1,
		};
		let mut front = self.front.clone();
		front.listen = Some(self.listen);
		if front.tls_certificate.is_none() {
			front.tls_certificate = config.front.tls_certificate.clone();
			front.tls_key = config.front.tls_key.clone();
		}
		Ok(EdgeConfig {
			data: config.data.join("edge"),
			chain: config.chain.clone(),
			operator: OperatorAccountSection {
				account: Some(account),
				key: self.report_key.clone(),
			},
			services: self.services.clone(),
			trial: self.trial.clone(),
			inference: Models { timeout_secs: self.timeout_secs },
			front,
			upstream: self.upstream.clone(),
			usage: self.usage.clone(),
			..EdgeConfig::default()
		})
	}

	/// Check the values against their bounds.
	pub fn validate(&self, config: &ProviderConfig) -> Result<(), ConfigError> {
		within("inference.service", self.services.len(), 1, 1_024)?;
		for service in &self.services {
			let backend = service.backend.to_string();
			if service.protocol.is_none() && backend.trim_end_matches('/').ends_with("/v1") {
				let reason = "name the server without /v1, which is part of the requests";
				return Err(ConfigError::invalid("inference.service.backend", reason));
			}
		}
		let named = |error| match error {
			ConfigError::Invalid { field, reason } => {
				ConfigError::invalid(format!("inference.{field}"), reason)
			},
			other => other,
		};
		self.edge(config)?.validate().map_err(named)
	}
}

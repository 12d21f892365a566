// SPDX-License-Identifier: Apache-2.0

//! Configuration of the agent: a TOML file, with flags of the command line above it.
//!
//! | file | part |
//! |---|---|
//! | `sections.rs` | tables of the file |
//! | `vpn.rs` | table of the VPN |
//! | `inference.rs` | the table of the edge |
//! | `convert.rs` | from the tables to the settings of the parts |
//! | `provider.toml` | commented file, written by `surety-provider init` |

mod convert;
mod inference;
mod sections;
#[cfg(test)]
mod tests;
mod vpn;

pub use inference::InferenceSection;
pub use sections::*;
pub use vpn::*;

use serde::{Deserialize, Serialize};
use sp_runtime::AccountId32;
use std::{net::SocketAddr, path::PathBuf};
use surety_gateway::{
	chain::KeySigner,
	config::{
		ChainSection, ConfigError, ControlSection, FrontSection, KeySource, LogSection, RoleConfig,
		within,
	},
};

/// Commented configuration, with the defaults.
pub const EXAMPLE: &str = include_str!("provider.toml");

/// Configuration of the agent.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProviderConfig {
	/// Directory of what must survive a restart.
	pub data: PathBuf,
	/// Nodes of the chain.
	pub chain: ChainSection,
	/// Account of the operator, and the key of the agent.
	pub operator: OperatorSection,
	/// The public listener.
	pub front: FrontSection,
	/// The control listener.
	pub control: ControlSection,
	/// Container engine.
	pub engine: EngineSection,
	/// Leases.
	pub lease: LeaseSection,
	/// Resources to declare.
	pub capacity: CapacitySection,
	/// Bids.
	pub bid: BidSection,
	/// VPN exit.
	pub vpn: VpnSection,
	/// Services of models and of JSON-RPC, behind an edge in this process.
	#[serde(alias = "edge", skip_serializing_if = "Option::is_none")]
	pub inference: Option<InferenceSection>,
	/// Log.
	pub log: LogSection,
}

impl Default for ProviderConfig {
	fn default() -> Self {
		Self {
			data: "surety-provider-data".into(),
			chain: ChainSection::default(),
			operator: OperatorSection::default(),
			front: FrontSection::default(),
			control: ControlSection::default(),
			engine: EngineSection::default(),
			lease: LeaseSection::default(),
			capacity: CapacitySection::default(),
			bid: BidSection::default(),
			vpn: VpnSection::default(),
			inference: None,
			log: LogSection::default(),
		}
	}
}

/// Account of the operator, and the key of the agent.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct OperatorSection {
	/// Account of the operator. That of the key if left out.
	pub account: Option<AccountId32>,
	/// Key that signs: of a proxy of the type `Operate`. The bond's own key stays elsewhere.
	#[serde(skip_serializing)]
	pub key: KeySource,
}

impl ProviderConfig {
	/// Address of the public listener.
	pub fn listen(&self) -> SocketAddr {
		self.front.listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8_647)))
	}

	/// Address of the control listener.
	pub fn control(&self) -> SocketAddr {
		self.control.listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 9_647)))
	}

	/// Key of the agent, and the account of the operator.
	pub fn signer(&self) -> Result<(KeySigner, AccountId32), ConfigError> {
		let signer = KeySigner::from_source(&self.operator.key, "operator.key")?;
		let account = self.operator.account.clone().unwrap_or_else(|| signer.account().clone());
		Ok((signer, account))
	}
}

impl RoleConfig for ProviderConfig {
	fn validate(&self) -> Result<(), ConfigError> {
		self.chain.validate()?;
		self.front.validate()?;
		if self.chain.nodes.is_empty() {
			let reason = "name a node of the chain (--node URL)";
			return Err(ConfigError::invalid("chain.nodes", reason));
		}
		if !self.operator.key.is_given() {
			let reason = "name the key of the agent (--key-file FILE)";
			return Err(ConfigError::invalid("operator.key", reason));
		}
		let EngineSection { observe_ms, timeout_ms, fetch_secs, fetches, .. } = self.engine;
		within("engine.observe-ms", observe_ms, 100, 60_000)?;
		within("engine.timeout-ms", timeout_ms, 100, 600_000)?;
		within("engine.fetch-secs", fetch_secs, 1, 86_400)?;
		within("engine.fetches", fetches, 1, 64)?;
		let LeaseSection { observation_secs, decline_margin, max_image_gib, .. } = self.lease;
		within("lease.observation-secs", observation_secs, 1, 300)?;
		within("lease.decline-margin", decline_margin, 1, 1_000)?;
		within("lease.max-image-gib", max_image_gib, 1, 1_024)?;
		within("lease.keep-failed-hours", self.lease.keep_failed_hours, 1, 8_760)?;
		within("lease.keep-orphans-hours", self.lease.keep_orphans_hours, 24, 8_760)?;
		if observation_secs.saturating_mul(1_000) <= observe_ms {
			let reason = "must be longer than engine.observe-ms";
			return Err(ConfigError::invalid("lease.observation-secs", reason));
		}
		within("engine.pids", self.engine.pids, 1, 1 << 20)?;
		self.engine()?;
		if let Some(inference) = &self.inference {
			inference.validate(self)?;
		}
		within("capacity.percent", self.capacity.percent, 1, 100)?;
		let BidSection { load_percent, margin_percent, step_percent, .. } = self.bid;
		within("bid.load-percent", load_percent, 0, 10_000)?;
		within("bid.margin-percent", margin_percent, 0, 10_000)?;
		within("bid.step-percent", step_percent, 0, 100)?;
		within("bid.min-tenant-score", self.bid.min_tenant_score, 0, 100)?;
		within("bid.allow-images", self.bid.allow_images.len(), 0, 1_024)?;
		within("bid.deny-images", self.bid.deny_images.len(), 0, 1_024)?;
		self.vpn_exit().map(drop)
	}
}

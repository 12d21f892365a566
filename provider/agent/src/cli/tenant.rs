// SPDX-License-Identifier: Apache-2.0

//! Flags of the commands of tenants.

use crate::client::Network;
use sp_runtime::AccountId32;
use std::path::{Path, PathBuf};
use surety_gateway::{
	chain::KeySigner,
	config::{ConfigError, KeySource, Url},
	upstream::TlsError,
};

/// Chain and network.
#[derive(Clone, Debug, clap::Args)]
pub struct NodeArgs {
	/// URL of a node of the chain. May be repeated, your own node first.
	#[arg(long = "node", value_name = "URL", default_value = "ws://127.0.0.1:9944")]
	pub nodes: Vec<Url>,

	/// Connect to agents on private addresses too, as on a test network.
	#[arg(long)]
	pub allow_private: bool,

	/// PEM file with certificates to trust beside those of the public roots.
	#[arg(long, value_name = "FILE")]
	pub ca: Option<PathBuf>,
}

impl NodeArgs {
	/// Way of connections to agents.
	pub fn network(&self) -> Result<Network, TlsError> {
		Network::new(self.ca.as_deref(), self.allow_private)
	}
}

/// Chain and key of a tenant.
#[derive(Clone, Debug, clap::Args)]
pub struct TenantArgs {
	/// URL of a node of the chain. May be repeated, your own node first.
	#[arg(long = "node", value_name = "URL", default_value = "ws://127.0.0.1:9944")]
	pub nodes: Vec<Url>,

	/// File with the secret URI of the tenant's key, or of its `Buy` proxy.
	#[arg(long, value_name = "FILE")]
	pub key_file: Option<PathBuf>,

	/// Tenant, if the key is that of a proxy.
	#[arg(long, value_name = "ACCOUNT")]
	pub tenant: Option<AccountId32>,
}

impl TenantArgs {
	/// Key, if one is given.
	pub fn signer(&self) -> Result<Option<KeySigner>, ConfigError> {
		self.key_file.as_deref().map(key).transpose()
	}
}

/// Lease, chain and key of a tenant who wants to reach it.
#[derive(Clone, Debug, clap::Args)]
pub struct LeaseArgs {
	/// Chain and network.
	#[command(flatten)]
	pub node: NodeArgs,

	/// File with the secret URI of the tenant's key, or of its `Report` proxy.
	#[arg(long, value_name = "FILE")]
	pub key_file: PathBuf,
}

impl LeaseArgs {
	/// The key.
	pub fn signer(&self) -> Result<KeySigner, ConfigError> {
		key(&self.key_file)
	}
}

pub(super) fn key(file: &Path) -> Result<KeySigner, ConfigError> {
	let source = KeySource { file: Some(file.to_owned()), ..KeySource::default() };
	KeySigner::from_source(&source, "--key-file")
}

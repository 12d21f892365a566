// SPDX-License-Identifier: Apache-2.0

//! Chain specifications built into the node. Their genesis is defined by the runtime's presets.
//!
//! `development`, `local` and `rehearsal` start as they are, with public keys. `staging` and `mainnet`
//! are templates, which start only once they are filled in.

use crate::template;
use sc_chain_spec::{ChainSpecBuilder, ChainSpecExtension, ChainType, Properties};
use serde::{Deserialize, Serialize};
use surety_runtime::{WASM_BINARY, genesis::STAGING_RUNTIME_PRESET, opaque::Block};

/// Extensions of a chain specification.
#[derive(ChainSpecExtension, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Extensions {
	/// Required hashes of certain blocks.
	pub fork_blocks: sc_client_api::ForkBlocks<Block>,
	/// Hashes of blocks that must not be imported.
	pub bad_blocks: sc_client_api::BadBlocks<Block>,
	/// Checkpoint for light clients, filled in by `sync_state_genSyncSpec`.
	pub light_sync_state: sc_sync_state_rpc::LightSyncStateExtension,
}

/// Chain specification of a Surety chain.
pub type ChainSpec = sc_service::GenericChainSpec<Extensions>;

/// Built-in chain.
struct BuiltIn {
	id: &'static str,
	name: &'static str,
	chain_type: ChainType,
	preset: &'static str,
}

/// Development chain: one validator, blocks of one second, private endpoints allowed.
pub fn development() -> Result<ChainSpec, String> {
	build(BuiltIn {
		id: "surety_dev",
		name: "Surety Development",
		chain_type: ChainType::Development,
		preset: "development",
	})
}

/// Local testnet: several validators on one machine, blocks of two seconds, private endpoints
/// allowed.
pub fn local() -> Result<ChainSpec, String> {
	build(BuiltIn {
		id: "surety_local",
		name: "Surety Local Testnet",
		chain_type: ChainType::Local,
		preset: "local_testnet",
	})
}

/// Rehearsal of production on one machine: production's clock and parameters with the public keys
/// of the local testnet.
pub fn rehearsal() -> Result<ChainSpec, String> {
	build(BuiltIn {
		id: "surety_rehearsal",
		name: "Surety Rehearsal",
		chain_type: ChainType::Local,
		preset: STAGING_RUNTIME_PRESET,
	})
}

/// Template of the staging network, which production's upgrades are tried on.
pub fn staging() -> Result<ChainSpec, String> {
	unfilled("surety_staging", "Surety Staging")
}

/// Template of production's network.
pub fn mainnet() -> Result<ChainSpec, String> {
	unfilled("surety", "Surety")
}

/// Names of the templates on the command line.
pub const TEMPLATES: [&str; 2] = ["staging", "mainnet"];

fn build(BuiltIn { id, name, chain_type, preset }: BuiltIn) -> Result<ChainSpec, String> {
	Ok(builder(id, name, chain_type)?.with_genesis_config_preset_name(preset).build())
}

fn unfilled(id: &str, name: &str) -> Result<ChainSpec, String> {
	Ok(builder(id, name, ChainType::Live)?
		.with_boot_nodes(template::boot_nodes()?)
		.with_genesis_config_patch(template::genesis(STAGING_RUNTIME_PRESET)?)
		.build())
}

/// Parts that all chains have. Protocol id and fork id are those of one chain only: nodes of two
/// networks never speak to each other, even if their genesis blocks are equal.
fn builder(
	id: &str,
	name: &str,
	chain_type: ChainType,
) -> Result<ChainSpecBuilder<Extensions>, String> {
	let wasm = WASM_BINARY.ok_or("The node was built without the runtime's wasm")?;
	Ok(ChainSpec::builder(wasm, Extensions::default())
		.with_name(name)
		.with_id(id)
		.with_chain_type(chain_type)
		.with_protocol_id(id)
		.with_fork_id(id)
		.with_properties(properties()))
}

/// Token and address format shown by wallets.
fn properties() -> Properties {
	Properties::from_iter([
		("tokenSymbol".to_string(), "SURE".into()),
		("tokenDecimals".to_string(), 12.into()),
		("ss58Format".to_string(), 42.into()),
	])
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_runtime::BuildStorage;
	use std::collections::BTreeSet;

	#[test]
	fn every_chain_has_a_genesis() {
		for spec in [development(), local(), rehearsal()] {
			let spec = spec.unwrap();
			assert!(!spec.build_storage().unwrap().top.is_empty(), "{}", spec.id());
			assert!(spec.as_json(true).unwrap().contains(spec.id()));
		}
	}

	#[test]
	fn every_chain_has_protocols_of_its_own() {
		let specs = [development(), local(), rehearsal(), staging(), mainnet()].map(Result::unwrap);
		let protocols: BTreeSet<_> = specs.iter().map(|spec| spec.protocol_id().unwrap()).collect();
		let forks: BTreeSet<_> = specs.iter().map(|spec| spec.fork_id().unwrap()).collect();
		assert_eq!([protocols.len(), forks.len()], [specs.len(); 2]);
	}
}

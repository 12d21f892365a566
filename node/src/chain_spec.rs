// SPDX-License-Identifier: Apache-2.0

//! Chain specifications built into the node. Their genesis is defined by the runtime's presets.

use sc_chain_spec::{ChainSpecExtension, ChainType, Properties};
use serde::{Deserialize, Serialize};
use surety_runtime::{WASM_BINARY, opaque::Block};

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

/// Staging chain: the parameters of production before there is a production chain.
pub fn staging() -> Result<ChainSpec, String> {
	build(BuiltIn {
		id: "surety_staging",
		name: "Surety Staging",
		chain_type: ChainType::Live,
		preset: "staging",
	})
}

fn build(BuiltIn { id, name, chain_type, preset }: BuiltIn) -> Result<ChainSpec, String> {
	let wasm = WASM_BINARY.ok_or("The node was built without the runtime's wasm")?;
	Ok(ChainSpec::builder(wasm, Extensions::default())
		.with_name(name)
		.with_id(id)
		.with_chain_type(chain_type)
		.with_protocol_id(id)
		.with_properties(properties())
		.with_genesis_config_preset_name(preset)
		.build())
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

	#[test]
	fn every_chain_has_a_genesis() {
		for spec in [development(), local(), staging()] {
			let spec = spec.unwrap();
			assert!(!spec.build_storage().unwrap().top.is_empty(), "{}", spec.id());
			assert!(spec.as_json(true).unwrap().contains(spec.id()));
		}
	}
}

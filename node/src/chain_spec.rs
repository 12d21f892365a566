//! The chains the node knows by name. Their genesis is in the runtime's presets.

use sc_chain_spec::{ChainSpecExtension, ChainType, Properties};
use serde::{Deserialize, Serialize};
use surety_runtime::{WASM_BINARY, opaque::Block};

/// What a chain spec holds beside genesis.
#[derive(ChainSpecExtension, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Extensions {
	/// Hashes that certain block numbers must have.
	pub fork_blocks: sc_client_api::ForkBlocks<Block>,
	/// Blocks that must not be imported.
	pub bad_blocks: sc_client_api::BadBlocks<Block>,
	/// Where light clients start: filled in by `sync_state_genSyncSpec`.
	pub light_sync_state: sc_sync_state_rpc::LightSyncStateExtension,
}

/// Chain spec of a Surety chain.
pub type ChainSpec = sc_service::GenericChainSpec<Extensions>;

/// A chain with the built-in runtime.
struct Known {
	id: &'static str,
	name: &'static str,
	chain_type: ChainType,
	preset: &'static str,
}

/// One validator, blocks of a second, probes may go to private addresses.
pub fn development() -> Result<ChainSpec, String> {
	build(Known {
		id: "surety_dev",
		name: "Surety Development",
		chain_type: ChainType::Development,
		preset: "development",
	})
}

/// Validators on one machine, blocks of two seconds, probes may go to private addresses.
pub fn local() -> Result<ChainSpec, String> {
	build(Known {
		id: "surety_local",
		name: "Surety Local Testnet",
		chain_type: ChainType::Local,
		preset: "local_testnet",
	})
}

/// The parameters of production, before there is a production chain.
pub fn staging() -> Result<ChainSpec, String> {
	build(Known {
		id: "surety_staging",
		name: "Surety Staging",
		chain_type: ChainType::Live,
		preset: "staging",
	})
}

fn build(Known { id, name, chain_type, preset }: Known) -> Result<ChainSpec, String> {
	let wasm = WASM_BINARY.ok_or("This binary was built without the runtime's wasm")?;
	Ok(ChainSpec::builder(wasm, Extensions::default())
		.with_name(name)
		.with_id(id)
		.with_chain_type(chain_type)
		.with_protocol_id(id)
		.with_properties(properties())
		.with_genesis_config_preset_name(preset)
		.build())
}

/// How wallets show amounts and addresses.
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

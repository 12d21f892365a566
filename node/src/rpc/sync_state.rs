// SPDX-License-Identifier: Apache-2.0

//! Specification with a checkpoint, for light clients.

use crate::client::FullClient;
use jsonrpsee::{
	RpcModule,
	core::RegisterMethodError,
	types::{ErrorObjectOwned, Params},
};
use sc_client_api::HeaderBackend;
use sc_sync_state_rpc::{SyncState, SyncStateApiServer};
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use surety_runtime::{Hash, opaque::Block};
use tokio::sync::Mutex;

type FullSyncState = SyncState<Block, FullClient>;

/// Specifications of the last finalized block that one was asked for, plain and raw.
///
/// For each the whole specification is parsed and printed, and of one that is not raw the genesis is
/// built. So one is made at a time, and kept until the next block is final.
struct Made {
	state: Arc<FullSyncState>,
	client: Arc<FullClient>,
	last: Arc<Mutex<Last>>,
}

/// A finalized block, and its specifications by whether they are raw.
type Last = (Hash, BTreeMap<bool, Value>);

/// Parameter, by place or by name.
#[derive(Deserialize)]
#[serde(untagged)]
enum Raw {
	Placed((bool,)),
	Named { raw: bool },
}

impl Raw {
	fn of(params: &Params<'_>) -> Result<bool, ErrorObjectOwned> {
		Ok(match params.parse()? {
			Self::Placed((raw,)) | Self::Named { raw } => raw,
		})
	}
}

impl Made {
	async fn get(&self, raw: bool) -> Result<Value, ErrorObjectOwned> {
		let mut last = self.last.clone().lock_owned().await;
		let finalized = self.client.info().finalized_hash;
		if last.0 != finalized {
			*last = (finalized, BTreeMap::new());
		}
		if let Some(made) = last.1.get(&raw) {
			return Ok(made.clone());
		}
		let state = self.state.clone();
		let handle = tokio::runtime::Handle::current();
		// The lock goes with it: a caller that hangs up does not end it.
		let making = tokio::task::spawn_blocking(move || {
			let made = handle.block_on(state.system_gen_sync_spec(raw))?;
			last.1.insert(raw, made.clone());
			Ok(made)
		});
		making.await.map_err(internal)?
	}
}

fn internal(error: impl ToString) -> ErrorObjectOwned {
	ErrorObjectOwned::owned(
		jsonrpsee::types::error::INTERNAL_ERROR_CODE,
		error.to_string(),
		None::<()>,
	)
}

/// The SDK's `sync_state_genSyncSpec`, made once for each finalized block.
pub fn sync_state(
	state: FullSyncState,
	client: Arc<FullClient>,
) -> Result<RpcModule<impl Send + Sync + 'static>, RegisterMethodError> {
	let mut module = RpcModule::new(Made { state: Arc::new(state), client, last: Arc::default() });
	module.register_async_method("sync_state_genSyncSpec", |params, made, _| async move {
		made.get(Raw::of(&params)?).await
	})?;
	Ok(module)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_parameter_is_read_by_place_and_by_name() {
		for (text, raw) in [("[true]", true), ("[false]", false), (r#"{"raw":true}"#, true)] {
			assert_eq!(Raw::of(&Params::new(Some(text))).unwrap(), raw, "{text}");
		}
		for text in ["[]", "[1]", r#"{"raw":"yes"}"#, "{}"] {
			assert!(Raw::of(&Params::new(Some(text))).is_err(), "{text}");
		}
		assert!(Raw::of(&Params::new(None)).is_err());
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Accounts as parameters.

use crate::client::{FullClient, FullPool};
use jsonrpsee::{
	RpcModule,
	core::{RegisterMethodError, RpcResult},
};
use serde::{Deserialize, Deserializer, de::Error};
use sp_core::crypto::Ss58Codec;
use std::sync::Arc;
use substrate_frame_rpc_system::{System, SystemApiServer};
use surety_runtime::{AccountId, Nonce, opaque::Block};

/// Longest address in characters. An account has 47 to 49.
const MAX_LENGTH: usize = 64;

/// Account of a parameter, as an SS58 address.
///
/// Addresses are decoded in quadratic time, and the SDK does that before it looks at their length: a
/// single request with a text of some hundred thousand characters would keep a core busy for minutes.
#[derive(Clone)]
pub struct Account(AccountId);

impl<'de> Deserialize<'de> for Account {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		let text = String::deserialize(deserializer)?;
		if text.len() > MAX_LENGTH {
			return Err(D::Error::custom("an address has at most 64 characters"));
		}
		let account = AccountId::from_ss58check(&text);
		account.map(Self).map_err(|error| D::Error::custom(format!("no address: {error:?}")))
	}
}

impl Account {
	/// The account.
	pub fn id(&self) -> AccountId {
		self.0.clone()
	}
}

type FullSystem = System<FullPool, FullClient, Block>;

/// The SDK's `system_accountNextIndex` and `system_dryRun`, of which the first reads an [`Account`].
pub fn system(system: FullSystem) -> Result<RpcModule<FullSystem>, RegisterMethodError> {
	const NAME: &str = "system_accountNextIndex";
	const ALIAS: &str = "account_nextIndex";
	let mut module = system.into_rpc();
	module.remove_method(NAME);
	module.remove_method(ALIAS);
	module.register_async_method(NAME, |params, system: Arc<FullSystem>, _| async move {
		let account: Account = params.one()?;
		let next: RpcResult<Nonce> = system.nonce(account.id()).await;
		next
	})?;
	module.register_alias(ALIAS, NAME)?;
	Ok(module)
}

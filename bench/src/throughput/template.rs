// SPDX-License-Identifier: Apache-2.0

//! State of a plain chain: its wasm, and the accounts that send transactions.

use super::TRADERS;
use crate::{
	args::Res,
	chain::{self, Chain},
	fill,
};
use codec::Encode;
use frame_system::AccountInfo;
use pallet_balances::AccountData;
use sp_core::{
	Pair,
	storage::{Storage, well_known_keys::CODE},
};
use std::path::Path;
use surety_primitives::Balance;
use surety_runtime::{AccountId, Nonce, Runtime};
use tempfile::TempDir;

/// Open a new chain of this wasm, with its folder in `dir`, which is removed when dropped. Accounts
/// are stored as by our own runtime.
pub fn open(wasm: &Path, dir: &Path) -> Res<(Chain, TempDir)> {
	let code = std::fs::read(wasm).map_err(|error| format!("{}: {error}", wasm.display()))?;
	let mut storage = Storage::default();
	storage.top.insert(CODE.to_vec(), code);
	let data = AccountData { free: fill::TRADER_BALANCE, ..Default::default() };
	let info =
		AccountInfo::<Nonce, AccountData<Balance>> { providers: 1, data, ..Default::default() };
	for pair in fill::traders(TRADERS) {
		let account = AccountId::from(pair.public().0);
		storage
			.top
			.insert(frame_system::Account::<Runtime>::hashed_key_for(account), info.encode());
	}
	let issued = fill::TRADER_BALANCE * Balance::from(TRADERS);
	let key = pallet_balances::TotalIssuance::<Runtime>::hashed_key().to_vec();
	storage.top.insert(key, issued.encode());
	let folder = tempfile::Builder::new().prefix("surety-bench-").tempdir_in(dir)?;
	chain::write(storage, folder.path())?;
	Ok((Chain::open(folder.path(), Vec::new(), |_| &[])?, folder))
}

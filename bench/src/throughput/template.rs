// SPDX-License-Identifier: Apache-2.0

//! State of a plain chain: its wasm, and the accounts that send transactions.

use super::TRADERS;
use crate::{
	args::Res,
	chain::{self, Chain},
	fill,
};
use sp_core::storage::well_known_keys::CODE;
use sp_runtime::BuildStorage;
use std::path::Path;
use surety_runtime::BalancesConfig;
use tempfile::TempDir;

/// Open a new chain of this wasm, with its folder in `dir`, which is removed when dropped. Accounts
/// are stored as by our own runtime.
pub fn open(wasm: &Path, dir: &Path) -> Res<(Chain, TempDir)> {
	let code = std::fs::read(wasm).map_err(|error| format!("{}: {error}", wasm.display()))?;
	let balances = fill::trader_balances(TRADERS);
	let mut storage = BalancesConfig { balances, ..Default::default() }.build_storage()?;
	storage.top.insert(CODE.to_vec(), code);
	let folder = tempfile::Builder::new().prefix("surety-bench-").tempdir_in(dir)?;
	chain::write_followed(storage, folder.path())?;
	Ok((Chain::open_followed(folder.path(), Vec::new())?, folder))
}

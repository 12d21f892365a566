// SPDX-License-Identifier: Apache-2.0

//! Private parts of orders that are being placed.
//!
//! Whoever places an order writes one before it is submitted, so that no crash loses the salt. The
//! courier finds the order on the chain by its hash, which nobody else can make, and adopts it.

use super::{OrderState, StateDirectory, StateError, file};
use crate::{
	hex,
	manifest::{Manifest, Salt},
};
use codec::{Decode, DecodeAll, Encode};
use sp_runtime::AccountId32;
use std::{
	fs,
	path::{Path, PathBuf},
};
use surety_primitives::OrderId;

const MAGIC: &[u8; 8] = b"srtpend.";
/// Most of them that are listed.
const MAX_PENDING: usize = 1_000;

/// Private part of an order that is being placed.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Pending {
	/// Hash of the chain's genesis block.
	pub genesis: [u8; 32],
	/// Account that pays for the order.
	pub tenant: AccountId32,
	/// Seconds since 1970 at which it was written.
	pub at: u64,
	/// Salt.
	pub salt: Salt,
	/// Manifest.
	pub manifest: Manifest,
}

impl Pending {
	/// Hash that the order carries.
	pub fn env_hash(&self) -> [u8; 32] {
		self.manifest.hash(&self.salt)
	}

	fn file(&self, directory: &Path) -> PathBuf {
		let short = |bytes: &[u8; 32]| hex::encode(bytes).chars().take(16).collect::<String>();
		directory.join(format!("{}-{}.pending", short(&self.genesis), short(&self.env_hash())))
	}

	/// Write it into the directory of a courier, which may be running. On return it survives a
	/// crash. Returns the path of the file.
	pub fn write(&self, directory: &Path) -> Result<PathBuf, StateError> {
		file::private_directory(directory)?;
		let path = self.file(directory);
		file::write(&path, MAGIC, self)?;
		Ok(path)
	}
}

impl StateDirectory {
	/// Private parts of a chain whose orders are not known yet. One that cannot be used is given as
	/// an error beside the others.
	pub fn pending(
		&self,
		genesis: &[u8; 32],
	) -> Result<(Vec<Pending>, Vec<StateError>), StateError> {
		let io = |error| StateError::Io(self.path().to_owned(), error);
		let chain: String = hex::encode(genesis).chars().take(16).collect();
		let (mut found, mut faults) = (Vec::new(), Vec::new());
		for entry in fs::read_dir(self.path()).map_err(io)?.take(MAX_PENDING.saturating_mul(16)) {
			let path = entry.map_err(io)?.path();
			let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
			if !name.starts_with(&chain) || !name.ends_with(".pending") {
				continue;
			}
			match read(&path) {
				Ok(Some(pending)) if pending.genesis == *genesis => found.push(pending),
				Ok(_) => {},
				Err(fault) => faults.push(fault),
			}
			if found.len() >= MAX_PENDING {
				break;
			}
		}
		Ok((found, faults))
	}

	/// Make a pending part the state of its order, which must have its hash.
	pub fn adopt(&self, pending: &Pending, order: OrderId) -> Result<OrderState, StateError> {
		let state = match self.load(&pending.genesis, order)? {
			// The process ended between the two steps below.
			Some(state) if state.manifest.hash(&state.salt) == pending.env_hash() => state,
			_ => {
				let (salt, manifest) = (pending.salt.clone(), pending.manifest.clone());
				let state = OrderState::new(pending.genesis, order, salt, manifest);
				self.create(&state)?;
				state
			},
		};
		self.forget(pending)?;
		Ok(state)
	}

	/// Remove a pending part, such as one whose order was never placed.
	pub fn forget(&self, pending: &Pending) -> Result<bool, StateError> {
		file::remove(&pending.file(self.path()))
	}
}

fn read(path: &Path) -> Result<Option<Pending>, StateError> {
	let Some(body) = file::read(path, MAGIC)? else { return Ok(None) };
	let corrupt = || StateError::Corrupt(path.to_owned());
	let pending = Pending::decode_all(&mut body.as_slice()).map_err(|_| corrupt())?;
	pending.manifest.check().map_err(|_| corrupt())?;
	Ok(Some(pending))
}

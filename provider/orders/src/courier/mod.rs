// SPDX-License-Identifier: Apache-2.0

//! Courier: makes releases of a stored manifest for the operators that the chain chose.
//!
//! ```text
//!  state of an order (manifest, salt, releases so far)
//!  award, as the finalized chain has it                  --> release for that operator, or a reason
//!  recipients document that the operator serves              not to
//! ```
//!
//! The courier has no network: its caller reads the chain, fetches the document, delivers the
//! release, and stores the state before it delivers.
//!
//! **One key per lease.** What was released for a lease to one set of recipients is released again to
//! the same recipients or some of them only. A stolen proxy key that signs another document gains
//! nothing for leases that run; an operator that really changed its key asks its tenant, who
//! allows it once ([`OrderState::forget_release`]).

mod file;
mod pending;
mod state;

pub use pending::Pending;
pub use state::{StateDirectory, StateError};

use crate::manifest::{Binding, DocumentError, Manifest, Salt, SealError, SignedRecipients, seal};
use codec::{Decode, Encode};
use sp_runtime::AccountId32;
use std::{collections::BTreeMap, error::Error, fmt};
use surety_primitives::{LeaseId, OrderId};

/// Most leases of an order, as on the chain.
const MAX_RELEASES: usize = pallet_surety_compute_orders::MAX_LEASES as usize;

/// Stored private part of an order, and the releases of it.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct OrderState {
	/// Hash of the chain's genesis block.
	pub genesis: [u8; 32],
	/// The order.
	pub order: OrderId,
	/// Salt.
	pub salt: Salt,
	/// Manifest.
	pub manifest: Manifest,
	/// Releases so far by lease.
	releases: BTreeMap<LeaseId, Released>,
}

/// Release that was made.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Released {
	/// Index of the replica.
	pub replica: u8,
	/// Operator of the lease.
	pub operator: AccountId32,
	/// Recipients that it was encrypted to, sorted.
	pub recipients: Vec<String>,
	/// Seconds since 1970 of the first release.
	pub at: u64,
}

/// Lease as the finalized chain has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Award {
	/// Hash of the chain's genesis block.
	pub genesis: [u8; 32],
	/// The order.
	pub order: OrderId,
	/// Commitment of the order.
	pub env_hash: Option<[u8; 32]>,
	/// The lease.
	pub lease: LeaseId,
	/// Index of its replica, from 0.
	pub replica: u8,
	/// Its operator.
	pub operator: AccountId32,
	/// True once the lease is over.
	pub over: bool,
}

/// Manifest encrypted for the operator of a lease. Nobody else can read it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Release {
	/// The lease.
	pub lease: LeaseId,
	/// The operator.
	pub operator: AccountId32,
	/// Age file.
	pub sealed: Vec<u8>,
}

/// Reason why nothing is released.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ReleaseError {
	/// The award is of another chain than the state.
	WrongChain,
	/// The award is of another order than the state.
	OtherOrder,
	/// The order on the chain commits to another manifest, or to none.
	OtherManifest,
	/// The lease is over.
	LeaseOver,
	/// The lease was awarded to another operator or replica before: the award cannot be right.
	AwardChanged,
	/// The document is not that of the chosen operator, expired, or not signed by it.
	Document(DocumentError),
	/// The lease was released before to other keys. Ask the operator; then allow the new key once.
	OtherKey,
	/// More leases than an order can have.
	TooMany,
	/// The encryption failed.
	Seal(SealError),
}

impl fmt::Display for ReleaseError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::WrongChain => "the award is of another chain; check the node",
			Self::OtherOrder => "the award is of another order",
			Self::OtherManifest => "the order on the chain commits to another manifest",
			Self::LeaseOver => "the lease is over; wait for the next award",
			Self::AwardChanged => {
				"the lease was awarded to another operator before; check the node"
			},
			Self::OtherKey => {
				"the lease was released to another key of the operator before; ask the operator, \
				 and allow the new key if it confirms it"
			},
			Self::TooMany => "an order has no more leases than this",
			Self::Document(error) => return error.fmt(f),
			Self::Seal(error) => return error.fmt(f),
		})
	}
}

impl Error for ReleaseError {}

impl OrderState {
	/// State of an order that was placed.
	pub fn new(genesis: [u8; 32], order: OrderId, salt: Salt, manifest: Manifest) -> Self {
		Self { genesis, order, salt, manifest, releases: BTreeMap::new() }
	}

	/// Releases so far by lease.
	pub fn releases(&self) -> &BTreeMap<LeaseId, Released> {
		&self.releases
	}

	/// Encrypt the manifest for the operator of a lease, and note it. The same award and document
	/// give a release again, so a delivery that failed is repeated.
	///
	/// Store the state before the release is delivered: what is not noted could later go to
	/// another key.
	///
	/// - `document`: as the operator serves it.
	/// - `now`: seconds since 1970.
	/// - `may_sign`: true if an account is a proxy of the operator that may sign for it.
	pub fn release(
		&mut self,
		award: &Award,
		document: &[u8],
		now: u64,
		may_sign: impl FnOnce(&AccountId32) -> bool,
	) -> Result<Release, ReleaseError> {
		self.check(award)?;
		let signed = SignedRecipients::parse(document).map_err(ReleaseError::Document)?;
		signed
			.verify(&self.genesis, &award.operator, now, may_sign)
			.map_err(ReleaseError::Document)?;
		let mut recipients = signed.document.recipients;
		recipients.sort_unstable();
		match self.releases.get(&award.lease) {
			Some(before)
				if (before.replica, &before.operator) != (award.replica, &award.operator) =>
			{
				return Err(ReleaseError::AwardChanged);
			},
			Some(before) if !recipients.iter().all(|key| before.recipients.contains(key)) => {
				return Err(ReleaseError::OtherKey);
			},
			None if self.releases.len() >= MAX_RELEASES => return Err(ReleaseError::TooMany),
			_ => {},
		}
		let binding = Binding {
			genesis: self.genesis,
			order: self.order,
			replica: award.replica,
			operator: award.operator.clone(),
		};
		let sealed =
			seal(&self.manifest, &self.salt, &binding, &recipients).map_err(ReleaseError::Seal)?;
		self.releases.entry(award.lease).or_insert_with(|| Released {
			replica: award.replica,
			operator: award.operator.clone(),
			recipients,
			at: now,
		});
		Ok(Release { lease: award.lease, operator: award.operator.clone(), sealed })
	}

	fn check(&self, award: &Award) -> Result<(), ReleaseError> {
		if award.genesis != self.genesis {
			return Err(ReleaseError::WrongChain);
		}
		if award.order != self.order {
			return Err(ReleaseError::OtherOrder);
		}
		if award.env_hash != Some(self.manifest.hash(&self.salt)) {
			return Err(ReleaseError::OtherManifest);
		}
		if award.over {
			return Err(ReleaseError::LeaseOver);
		}
		Ok(())
	}

	/// Forget the keys that a lease was released to: the next release may be to another key.
	/// Returns the release that was forgotten.
	pub fn forget_release(&mut self, lease: LeaseId) -> Option<Released> {
		self.releases.remove(&lease)
	}
}

#[cfg(test)]
mod tests;

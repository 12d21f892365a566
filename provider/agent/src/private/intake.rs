// SPDX-License-Identifier: Apache-2.0

//! Releases that tenants' couriers bring.

use super::OperatorKeys;
use crate::{
	chain::{Follower, LeaseView},
	store::{Private, Store, StoreError},
};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};
use surety_engine::LeaseId;
use surety_orders::manifest::OpenError;
use surety_primitives::OrderId;

/// State of the private part of a lease.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ManifestState {
	/// The order has none.
	None,
	/// The container waits for it.
	Awaited,
	/// It is here.
	Stored,
}

/// Reason why a release is not taken.
#[derive(Debug)]
pub enum IntakeError {
	/// The chain was not read yet, or no node answers. Try again.
	NoChain,
	/// No lease of this operator, as the finalized chain has it. Right after an award: try again.
	UnknownLease,
	/// The lease is over.
	LeaseOver,
	/// The order has no private part.
	NoPrivatePart,
	/// The release is not one for this lease.
	Release(OpenError),
	/// The disk failed. Try again.
	Store(StoreError),
}

impl fmt::Display for IntakeError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::NoChain => f.write_str("the agent has not read the chain yet; try again"),
			Self::UnknownLease => f.write_str(
				"no lease of this operator; right after an award, try again when it is finalized",
			),
			Self::LeaseOver => f.write_str("the lease is over"),
			Self::NoPrivatePart => f.write_str("the order of the lease has no private part"),
			Self::Release(error) => error.fmt(f),
			Self::Store(_) => f.write_str("the agent cannot store it; try again"),
		}
	}
}

impl std::error::Error for IntakeError {}

impl IntakeError {
	/// Name, for programs.
	pub fn name(&self) -> &'static str {
		match self {
			Self::NoChain => "noChain",
			Self::UnknownLease => "unknownLease",
			Self::LeaseOver => "leaseOver",
			Self::NoPrivatePart => "noPrivatePart",
			Self::Release(OpenError::TooLarge) => "tooLarge",
			Self::Release(OpenError::Malformed) => "malformed",
			Self::Release(OpenError::OtherRecipient) => "otherRecipient",
			Self::Release(OpenError::Chain) => "otherChain",
			Self::Release(OpenError::OtherOrder) => "otherOrder",
			Self::Release(OpenError::OtherOperator) => "otherOperator",
			Self::Release(OpenError::Hash) => "otherManifest",
			Self::Release(OpenError::Manifest(_)) => "invalidManifest",
			Self::Store(_) => "notStored",
		}
	}
}

/// Receiver of releases.
pub struct Intake {
	keys: Arc<OperatorKeys>,
	follower: Arc<Follower>,
	store: Arc<Store>,
}

impl Intake {
	/// Receiver for the leases of an operator.
	pub fn new(keys: Arc<OperatorKeys>, follower: Arc<Follower>, store: Arc<Store>) -> Self {
		Self { keys, follower, store }
	}

	/// Keys of the operator.
	pub fn keys(&self) -> &OperatorKeys {
		&self.keys
	}

	/// State of the private part of a lease.
	pub fn state(&self, lease: LeaseId) -> Result<ManifestState, IntakeError> {
		Ok(match self.place(lease)? {
			Place::None => ManifestState::None,
			Place::Awaited { .. } => ManifestState::Awaited,
			Place::Stored => ManifestState::Stored,
		})
	}

	/// Take a release. The reconciler finds it with its next plan. A release of a lease that has its
	/// private part is the same one, and is not looked at.
	///
	/// Blocks for the time of a decryption and a write to the disk.
	pub fn take(&self, lease: LeaseId, sealed: &[u8]) -> Result<ManifestState, IntakeError> {
		let (order, replica, env_hash) = match self.place(lease)? {
			Place::None => return Err(IntakeError::NoPrivatePart),
			Place::Stored => return Ok(ManifestState::Stored),
			Place::Awaited { order, replica, env_hash } => (order, replica, env_hash),
		};
		let opened = self.keys.open_release(sealed, (order, replica), &env_hash);
		let opened = opened.map_err(IntakeError::Release)?;
		let private = Private::from(&opened.manifest);
		self.store.save_private(lease, &private).map_err(|error| {
			tracing::error!(lease, %error, "a private part cannot be stored");
			IntakeError::Store(error)
		})?;
		tracing::info!(lease, order, "the tenant has released the private part");
		Ok(ManifestState::Stored)
	}

	fn place(&self, lease: LeaseId) -> Result<Place, IntakeError> {
		let snapshot = self.follower.snapshot().ok_or(IntakeError::NoChain)?;
		let view: &LeaseView = snapshot.leases.get(&lease).ok_or(IntakeError::UnknownLease)?;
		if view.is_over() {
			return Err(IntakeError::LeaseOver);
		}
		let env_hash = view.order.as_ref().and_then(|order| order.env_hash);
		let Some(env_hash) = env_hash else { return Ok(Place::None) };
		let stored = self.store.private(lease).unwrap_or_else(|error| {
			// It is released again.
			tracing::error!(lease, %error, "a private part cannot be read");
			None
		});
		Ok(match stored {
			Some(_) => Place::Stored,
			None => Place::Awaited { order: view.info.order, replica: view.info.replica, env_hash },
		})
	}
}

/// Private part of a lease, as chain and store have it.
enum Place {
	None,
	Awaited { order: OrderId, replica: u8, env_hash: [u8; 32] },
	Stored,
}

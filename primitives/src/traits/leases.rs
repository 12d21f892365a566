// SPDX-License-Identifier: Apache-2.0

//! Traits implemented by `compute-orders`.

use crate::{End, LeaseId, ServiceId};
use sp_runtime::{DispatchResult, Weight};

/// Inventory of `Compute` services.
pub trait Inventory {
	/// Forget the resources of a service that is removed or moves to another server. Fails while
	/// bids or leases use any of them.
	fn forget(id: ServiceId) -> DispatchResult;
}

/// Handler of leases that fail.
pub trait OnLeaseFailed {
	/// End a lease for its operator's doing: its meter ends with `end`. Called inside mandatory
	/// sweeps: constant work, cannot fail. Does nothing for a lease that does not run.
	fn on_lease_failed(lease: LeaseId, end: End) -> Weight;
}

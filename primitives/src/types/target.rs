// SPDX-License-Identifier: Apache-2.0

//! Target of probes.

use super::{LeaseId, ServiceId};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Target of probes: it has a row in the pages, a meter, exposure, agreements and breaches.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	Ord,
	PartialEq,
	PartialOrd,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase")]
pub enum Target {
	/// Service that an operator listed.
	Service(ServiceId),
	/// Lease that runs: its health URL is probed on behalf of its one tenant.
	Lease(LeaseId),
}

impl Target {
	/// The listed service, unless it is a lease.
	pub fn service(self) -> Option<ServiceId> {
		match self {
			Self::Service(id) => Some(id),
			Self::Lease(_) => None,
		}
	}

	/// The lease, unless it is a listed service.
	pub fn lease(self) -> Option<LeaseId> {
		match self {
			Self::Service(_) => None,
			Self::Lease(id) => Some(id),
		}
	}
}

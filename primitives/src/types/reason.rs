// SPDX-License-Identifier: Apache-2.0

//! Reasons for the end of an agreement, an order or a lease.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Reason for the end of an agreement, an order or a lease, by the party that caused it.
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
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub enum CloseReason {
	/// Tenant (1xxx): closed it.
	TenantClosed,
	/// Tenant (1xxx): let the deposit run out.
	FundsExhausted,
	/// Operator (2xxx): gave notice.
	OperatorClosed,
	/// Operator (2xxx): retired the service.
	ServiceRetired,
	/// Operator (2xxx): credited up to the cover or dead for a window, terminated for cause.
	Terminated,
	/// Network (3xxx): closed by governance or a dispute.
	Governance,
	/// Tenant (1xxx): the duration that the order asked for is over.
	Expired,
	/// Operator (2xxx): the lease was bad in too many of its last rounds.
	Unhealthy,
	/// Operator (2xxx): the lease was not ready within the start window.
	NeverReady,
	/// Operator (2xxx): declined the lease within the image-fetch window.
	Declined,
	/// Network (3xxx): no bid could take it.
	NoBids,
	/// Operator (2xxx): the bond could not reserve the rent of the slot for another window.
	RentUnpaid,
}
impl CloseReason {
	/// Stable code for clients. The thousands name the party: 1 tenant, 2 operator, 3 network.
	pub fn code(self) -> u16 {
		match self {
			Self::TenantClosed => 1_001,
			Self::FundsExhausted => 1_002,
			Self::OperatorClosed => 2_001,
			Self::ServiceRetired => 2_002,
			Self::Terminated => 2_003,
			Self::Governance => 3_001,
			Self::Expired => 1_003,
			Self::Unhealthy => 2_004,
			Self::NeverReady => 2_005,
			Self::Declined => 2_006,
			Self::NoBids => 3_002,
			Self::RentUnpaid => 2_007,
		}
	}
	/// True if the operator caused the end (2xxx).
	pub fn is_operators(self) -> bool {
		self.code().checked_div(1_000) == Some(2)
	}
	/// True if the prepaid amount is due although the meter did not earn it: only if the tenant
	/// closed the stream.
	pub fn keeps_prepaid(self) -> bool {
		self == Self::TenantClosed
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Clients rely on the codes.
	#[test]
	fn codes_of_reasons_do_not_change() {
		use CloseReason::*;
		let codes = [
			(TenantClosed, 1_001),
			(FundsExhausted, 1_002),
			(Expired, 1_003),
			(OperatorClosed, 2_001),
			(ServiceRetired, 2_002),
			(Terminated, 2_003),
			(Unhealthy, 2_004),
			(NeverReady, 2_005),
			(Declined, 2_006),
			(RentUnpaid, 2_007),
			(Governance, 3_001),
			(NoBids, 3_002),
		];
		for (reason, code) in codes {
			assert_eq!(reason.code(), code, "{reason:?}");
		}
	}
}

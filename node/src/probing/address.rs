//! Which addresses a probe may connect to.
//!
//! An endpoint is a URL that a stranger wrote. Without this check it could aim every validator at its own
//! machine, its neighbours or the metadata server of its cloud. The check is made on the very address that
//! is then connected to, so a name that resolves differently the second time gains nothing. What is no place on
//! the public internet is listed in `surety_primitives::endpoint`; what is this node's own, only it knows.

use std::{fmt, net::Ipv4Addr};
use surety_primitives::endpoint::Reason;

/// Why an address is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
	/// It is no place on the public internet.
	Special(Reason),
	/// It is one of this very node.
	Own,
	/// It is IPv6, which not every prober has: what one of them cannot reach must not be judged by the others.
	V6,
}

impl Refusal {
	/// Whether a chain that allows private endpoints (dev, local testnet) lets probes go there all the same.
	pub fn is_private(self) -> bool {
		match self {
			Self::Special(reason) => reason.is_private(),
			Self::Own => true,
			Self::V6 => false,
		}
	}
}

impl fmt::Display for Refusal {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Special(reason) => reason.fmt(f),
			Self::Own => f.write_str("address of this node"),
			Self::V6 => f.write_str("IPv6"),
		}
	}
}

/// Whether `address` belongs to an interface of this machine. A socket can be bound to no other address.
pub fn is_own(address: Ipv4Addr) -> bool {
	let can_bind = |address: Ipv4Addr| std::net::UdpSocket::bind((address, 0)).is_ok();
	// With `ip_nonlocal_bind` on, every bind succeeds and says nothing; an address that nobody can own
	// (documentation) shows it.
	can_bind(address) && !can_bind(Ipv4Addr::new(192, 0, 2, 1))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn own_addresses_are_known() {
		assert!(is_own("127.0.0.1".parse().unwrap()));
		assert!(!is_own("1.1.1.1".parse().unwrap()));
	}
}

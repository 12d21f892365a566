// SPDX-License-Identifier: Apache-2.0

//! Filter of the addresses that a probe may connect to.
//!
//! A stranger writes the URL of an endpoint, and could aim every validator at its own machine, its
//! neighbours or the metadata server of its cloud. The filter is applied to the very address that
//! is then connected to, so a name that resolves differently the second time gains nothing.
//! Addresses outside the public internet are listed in `surety_primitives::endpoint`; the node's
//! own addresses are known only to the node.

use std::{
	collections::HashSet,
	fmt,
	net::{IpAddr, Ipv4Addr},
	sync::Arc,
};
use surety_primitives::endpoint::{self, Reason};

/// Reason for which an address is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
	/// The address is not part of the public internet.
	Special(Reason),
	/// The address belongs to this node.
	Own,
	/// The address is IPv6. Not every prober has IPv6, and an endpoint that one of them cannot
	/// reach must not be judged by the others.
	V6,
}

impl Refusal {
	/// True if a chain that allows private endpoints (dev, local testnet) permits the address.
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

/// Rules that addresses are checked against.
#[derive(Clone, Default)]
pub struct AddressFilter {
	/// True if the chain allows probes to private addresses.
	pub private: bool,
	/// Listen addresses of this node, in addition to those of its interfaces.
	pub own: Arc<HashSet<IpAddr>>,
}

impl AddressFilter {
	/// Reason for which a probe must not connect to `address`.
	pub fn refuse(&self, address: Ipv4Addr) -> Option<Refusal> {
		endpoint::forbidden(address.into())
			.map(Refusal::Special)
			.or_else(|| {
				(self.own.contains(&address.into()) || is_own(address)).then_some(Refusal::Own)
			})
			.filter(|refusal| !(self.private && refusal.is_private()))
	}
}

/// True if `address` belongs to an interface of this machine. A socket can be bound to no other
/// address.
fn is_own(address: Ipv4Addr) -> bool {
	let can_bind = |address: Ipv4Addr| std::net::UdpSocket::bind((address, 0)).is_ok();
	// With `ip_nonlocal_bind` every bind succeeds and proves nothing. A documentation address,
	// which no machine owns, reveals that setting.
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

	#[test]
	fn own_addresses_are_refused_unless_private_ones_are_allowed() {
		let listens_at: Ipv4Addr = "93.184.216.34".parse().unwrap();
		let own = Arc::new(HashSet::from([listens_at.into()]));
		let public = AddressFilter { private: false, own: own.clone() };
		assert_eq!(public.refuse(listens_at), Some(Refusal::Own));
		assert_eq!(
			public.refuse("127.0.0.1".parse().unwrap()),
			Some(Refusal::Special(Reason::Loopback))
		);
		assert_eq!(public.refuse("1.1.1.1".parse().unwrap()), None);
		let private = AddressFilter { private: true, own };
		assert_eq!(private.refuse(listens_at), None);
		assert_eq!(private.refuse("127.0.0.1".parse().unwrap()), None);
		assert_eq!(
			private.refuse("169.254.169.254".parse().unwrap()),
			Some(Refusal::Special(Reason::Metadata))
		);
	}
}

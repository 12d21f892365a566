// SPDX-License-Identifier: Apache-2.0

//! State of the VPN, as people and programs are shown it. Where a tenant is on the internet is not
//! part of it.

use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use surety_primitives::{AgreementId, ServiceId};
use surety_vpn::exit::PeerStatus;

/// Peers that are shown, those with the most traffic first.
const SHOWN: usize = 500;
/// Bits of a megabit.
const MEGABIT: u64 = 1_000_000;

/// State of the VPN.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VpnStatus {
	/// True while the exit runs.
	pub running: bool,
	/// Reason for which it does not.
	pub error: Option<String>,
	/// Key of the listing.
	pub listing_key: String,
	/// WireGuard key of the exit, while it runs.
	pub exit_key: Option<String>,
	/// Address that peers connect to.
	pub endpoint: String,
	/// Own services.
	pub services: Vec<ServiceId>,
	/// Trials at the moment.
	pub trials: usize,
	/// Peers of agreements.
	pub agreements: usize,
	/// Bytes from the peers of agreements that are there.
	pub up: u64,
	/// Bytes to them.
	pub down: u64,
	/// The peers with the most traffic.
	pub peers: Vec<VpnPeer>,
}

/// Peer of an agreement.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VpnPeer {
	/// Agreement.
	pub agreement: AgreementId,
	/// Cap in Mbit/s, in each direction.
	pub megabits: u64,
	/// Bytes from the peer.
	pub up: u64,
	/// Bytes to the peer.
	pub down: u64,
	/// Packets above the cap.
	pub dropped: u64,
	/// Last handshake, or admission, in milliseconds since the Unix epoch.
	pub seen_ms: u64,
}

impl VpnStatus {
	/// What to do next, if there is something.
	pub fn advice(&self) -> Option<String> {
		if let Some(error) = &self.error {
			return Some(format!("The VPN exit does not run: {error}."));
		}
		self.services.is_empty().then(|| {
			format!(
				"No listing has the key of the VPN: operators.listService(Vpn {{ key: {} }}, ..).",
				self.listing_key
			)
		})
	}

	/// Take over the peers of an exit.
	pub(super) fn take(&mut self, peers: &[PeerStatus]) {
		let mut shown: Vec<VpnPeer> = peers
			.iter()
			.filter_map(|peer| {
				Some(VpnPeer {
					agreement: peer.agreement?,
					megabits: peer.bits.checked_div(MEGABIT).unwrap_or(0),
					up: peer.up,
					down: peer.down,
					dropped: peer.dropped,
					seen_ms: peer.seen,
				})
			})
			.collect();
		self.agreements = shown.len();
		self.trials = peers.len().saturating_sub(shown.len());
		self.up = shown.iter().fold(0, |sum, peer| sum.saturating_add(peer.up));
		self.down = shown.iter().fold(0, |sum, peer| sum.saturating_add(peer.down));
		shown.sort_by_key(|peer| (Reverse(peer.up.saturating_add(peer.down)), peer.agreement));
		shown.truncate(SHOWN);
		self.peers = shown;
	}
}

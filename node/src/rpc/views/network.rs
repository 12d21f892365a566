//! The chain as a whole.

use super::{amount, asset, text};
use surety_primitives::{AssetId, Balance, Network, NetworkId, Protocol};
use surety_runtime_api as api;

views! {
	/// Amount of an asset.
	pub struct AmountView {
		/// `native` or `local:7`.
		pub asset: String,
		/// Base units.
		pub amount: String,
	}

	/// The chain at a glance.
	pub struct NetworkStatusView {
		/// Registered operators.
		pub operators: u32,
		/// Of them active.
		pub active: u32,
		/// Operators that were ever slashed, gone ones included.
		pub slashed_operators: u32,
		/// Listed services.
		pub services: u32,
		/// Of them with units.
		pub hot: u32,
		/// Slashed so far.
		pub slashed: Vec<AmountView>,
		/// Bonded now.
		pub bonded: Vec<AmountView>,
		/// Mean score of operators, 0 to 100.
		pub average_score: u8,
		/// Last round judged.
		pub judged_round: u32,
	}

	/// A network that `rpc` services serve.
	pub struct NetworkView {
		/// Id.
		pub id: NetworkId,
		/// Name, as in `--anchor NAME=URL`.
		pub name: String,
		/// `ethereum` or `substrate`.
		pub protocol: &'static str,
		/// Whether it is this very chain's.
		pub own: bool,
		/// Its listed anchors.
		pub anchors: Vec<String>,
	}
}

impl From<api::NetworkStatus> for NetworkStatusView {
	fn from(status: api::NetworkStatus) -> Self {
		let amounts = |amounts: Vec<(AssetId, Balance)>| {
			amounts
				.into_iter()
				.map(|(of, sum)| AmountView { asset: asset(of), amount: amount(sum) })
				.collect()
		};
		Self {
			operators: status.operators,
			active: status.active,
			slashed_operators: status.slashed_operators,
			services: status.services,
			hot: status.hot,
			slashed: amounts(status.slashed),
			bonded: amounts(status.bonded),
			average_score: status.average_score,
			judged_round: status.judged_round,
		}
	}
}

impl From<(NetworkId, Network)> for NetworkView {
	fn from((id, network): (NetworkId, Network)) -> Self {
		Self {
			id,
			name: text(&network.name),
			protocol: match network.protocol {
				Protocol::Ethereum => "ethereum",
				Protocol::Substrate => "substrate",
			},
			own: network.own,
			anchors: network.anchors.iter().map(|anchor| text(anchor)).collect(),
		}
	}
}

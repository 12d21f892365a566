//! Operators.

use super::{amount, asset, text};
use surety_runtime::AccountId;
use surety_runtime_api as api;

views! {
	/// Bond of an operator in one asset.
	pub struct BondView {
		/// `native` or `local:7`.
		pub asset: String,
		/// Slashable and reservable.
		pub active: String,
		/// Reserved for services.
		pub exposure: String,
		/// Waiting to be withdrawn.
		pub unbonding: String,
	}

	/// Performance score with its parts, each 0 to 100.
	pub struct PerformanceView {
		/// The score.
		pub score: u8,
		/// Uptime against 99.9 %.
		pub uptime: u8,
		/// Correctness against 99 %.
		pub correctness: u8,
		/// Latency against 250 ms.
		pub latency: u8,
	}

	/// An operator.
	pub struct OperatorView {
		/// Account.
		pub account: AccountId,
		/// Display name.
		pub name: String,
		/// Contact.
		pub contact: String,
		/// Whether its services take new units.
		pub active: bool,
		/// Bonds by asset.
		pub bonds: Vec<BondView>,
		/// Its services.
		pub services: Vec<u32>,
		/// Score, 0 to 100.
		pub score: u8,
		/// Trust level, 1 to 5.
		pub trust: u8,
		/// Reliability score, 0 to 100.
		pub reliability: u8,
		/// Performance score.
		pub performance: PerformanceView,
	}
}

impl From<api::OperatorInfo<AccountId>> for OperatorView {
	fn from(info: api::OperatorInfo<AccountId>) -> Self {
		let api::Performance { score, uptime, correctness, latency } = info.performance;
		Self {
			account: info.account,
			name: text(&info.name),
			contact: text(&info.contact),
			active: info.active,
			bonds: info
				.bonds
				.into_iter()
				.map(|bond| BondView {
					asset: asset(bond.asset),
					active: amount(bond.active),
					exposure: amount(bond.exposure),
					unbonding: amount(bond.unbonding),
				})
				.collect(),
			services: info.services,
			score: info.score,
			trust: super::level(info.trust),
			reliability: info.reliability,
			performance: PerformanceView { score, uptime, correctness, latency },
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use surety_primitives::AssetId;

	#[test]
	fn amounts_survive_javascript() {
		let view = BondView {
			asset: asset(AssetId::Native),
			active: amount(u128::MAX),
			exposure: amount(0),
			unbonding: amount(1),
		};
		assert_eq!(
			serde_json::to_value(view).unwrap(),
			serde_json::json!({
				"asset": "native",
				"active": "340282366920938463463374607431768211455",
				"exposure": "0",
				"unbonding": "1",
			})
		);
	}
}

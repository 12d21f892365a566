// SPDX-License-Identifier: Apache-2.0

//! Configurations of batches, multisigs and proxies, by which accounts act for others.

use crate::*;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	parameter_types,
	traits::{ConstU32, InstanceFilter},
};
use scale_info::TypeInfo;

impl pallet_utility::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PalletsOrigin = OriginCaller;
	type WeightInfo = crate::weights::pallet_utility::WeightInfo<Runtime>;
}

parameter_types! {
	pub const MultisigDepositBase: Balance = UNIT / 10;
	pub const MultisigDepositFactor: Balance = UNIT / 100;
	pub const ProxyDepositBase: Balance = UNIT / 10;
	pub const ProxyDepositFactor: Balance = UNIT / 100;
}

impl pallet_multisig::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type DepositBase = MultisigDepositBase;
	type DepositFactor = MultisigDepositFactor;
	type MaxSignatories = ConstU32<32>;
	type WeightInfo = crate::weights::pallet_multisig::WeightInfo<Runtime>;
	type BlockNumberProvider = System;
}

/// Permissions of a proxy.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	Ord,
	PartialEq,
	PartialOrd,
	TypeInfo,
)]
pub enum ProxyType {
	/// Any call.
	#[default]
	Any,
	/// Any call but those of `Balances` and `Assets`.
	NonTransfer,
	/// Calls that run services: list, change, pause and end them, bid, report a lease ready,
	/// decline it, end leases and agreements. The proxy takes out neither bond nor balance, but
	/// puts deposits on hold and may incur penalties. It accepts no terms of an order but those of
	/// the account's own services.
	Operate,
	/// Calls that buy services: open, top up and close agreements, place orders, accept bids,
	/// extend, top up and close leases, rate. The proxy spends the account's balance on services,
	/// and on nothing else.
	Buy,
	/// Calls that rotate session keys.
	SessionKeys,
	/// The call that reports use. The account may sign usage statements for its principal: that is
	/// the key of a gateway or an edge. It buys, sells and moves nothing, and batches nothing.
	Report,
	/// Calls of `Staking`, and those that rotate session keys: the proxy runs the validator of an
	/// account whose key stays offline. It takes out no bond but to the account's own balance.
	Staking,
	/// Calls by which a holder of tokens governs: votes, delegations, referenda, preimages and
	/// motions of the committee. The proxy locks tokens and puts deposits on hold, and moves
	/// nothing.
	Governance,
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	fn filter(&self, call: &RuntimeCall) -> bool {
		match self {
			Self::Any => true,
			Self::NonTransfer => !matches!(call, RuntimeCall::Balances(_) | RuntimeCall::Assets(_)),
			// The calls of a batch are filtered again.
			Self::Operate => matches!(call, RuntimeCall::Utility(_)) || operates(call),
			Self::Buy => matches!(call, RuntimeCall::Utility(_)) || buys(call),
			Self::SessionKeys => matches!(call, RuntimeCall::Session(_)),
			Self::Report => {
				matches!(call, RuntimeCall::Usage(pallet_surety_usage::Call::report_usage { .. }))
			},
			Self::Staking => matches!(
				call,
				RuntimeCall::Staking(_) | RuntimeCall::Session(_) | RuntimeCall::Utility(_)
			),
			Self::Governance => matches!(
				call,
				RuntimeCall::ConvictionVoting(_)
					| RuntimeCall::Referenda(_)
					| RuntimeCall::Preimage(_)
					| RuntimeCall::TechnicalCommittee(_)
					| RuntimeCall::Treasury(_)
					| RuntimeCall::Whitelist(_)
					| RuntimeCall::Utility(_)
			),
		}
	}

	fn is_superset(&self, other: &Self) -> bool {
		match (self, other) {
			(a, b) if a == b => true,
			(Self::Any, _) => true,
			(_, Self::Any) => false,
			(Self::NonTransfer, _) => true,
			(Self::Staking, Self::SessionKeys) => true,
			_ => false,
		}
	}
}

/// Calls of the daily business of an operator. Calls that concern its bond or its registration are
/// not among them.
fn operates(call: &RuntimeCall) -> bool {
	use pallet_surety_compute_orders::Call as Orders;
	use pallet_surety_operators::Call as Registry;
	match call {
		RuntimeCall::Operators(call) => matches!(
			call,
			Registry::activate {}
				| Registry::deactivate {}
				| Registry::list_service { .. }
				| Registry::update_service { .. }
				| Registry::raise_cover { .. }
				| Registry::pause_service { .. }
				| Registry::resume_service { .. }
				| Registry::retire_service { .. }
				| Registry::remove_service { .. }
				| Registry::announce_maintenance { .. }
		),
		RuntimeCall::ComputeOrders(call) => matches!(
			call,
			Orders::declare_capacity { .. }
				// Terms of an order may promise more than the owner of the bond agreed to.
				| Orders::place_bid { foreign_terms: false, .. }
				| Orders::update_bid { .. }
				| Orders::withdraw_bid { .. }
				| Orders::report_ready { foreign_terms: false, .. }
				| Orders::decline { .. }
				| Orders::close_lease { .. }
		),
		RuntimeCall::Sla(call) => matches!(call, pallet_surety_sla::Call::close_agreement { .. }),
		RuntimeCall::Probes(call) => {
			matches!(call, pallet_surety_probes::Call::request_probe { .. })
		},
		_ => false,
	}
}

/// Calls of a tenant.
fn buys(call: &RuntimeCall) -> bool {
	use pallet_surety_compute_orders::Call as Orders;
	use pallet_surety_sla::Call as Agreements;
	match call {
		RuntimeCall::Sla(call) => matches!(
			call,
			Agreements::open_agreement { .. }
				| Agreements::top_up { .. }
				| Agreements::settle { .. }
				| Agreements::close_agreement { .. }
				| Agreements::claim { .. }
		),
		RuntimeCall::ComputeOrders(call) => matches!(
			call,
			Orders::place_order { .. }
				| Orders::cancel_order { .. }
				| Orders::accept_bid { .. }
				| Orders::close_lease { .. }
				| Orders::extend { .. }
				| Orders::top_up { .. }
				| Orders::remove_order { .. }
		),
		RuntimeCall::Reputation(call) => {
			matches!(call, pallet_surety_reputation::Call::rate { .. })
		},
		RuntimeCall::Probes(call) => {
			matches!(call, pallet_surety_probes::Call::request_probe { .. })
		},
		_ => false,
	}
}

impl pallet_proxy::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type ProxyType = ProxyType;
	type ProxyDepositBase = ProxyDepositBase;
	type ProxyDepositFactor = ProxyDepositFactor;
	type MaxProxies = ConstU32<32>;
	type WeightInfo = crate::weights::pallet_proxy::WeightInfo<Runtime>;
	type MaxPending = ConstU32<32>;
	type CallHasher = sp_runtime::traits::BlakeTwo256;
	type AnnouncementDepositBase = ProxyDepositBase;
	type AnnouncementDepositFactor = ProxyDepositFactor;
	type BlockNumberProvider = System;
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Decode;
	use frame_support::traits::GetCallMetadata;
	use std::collections::BTreeSet;

	/// Names of all calls that a proxy may make. A call is decoded from zeros, which are valid
	/// arguments of every call that matters here.
	fn passing(proxy: ProxyType) -> BTreeSet<String> {
		let calls = (0..=u8::MAX).flat_map(|pallet| {
			(0..=u8::MAX).filter_map(move |call| {
				let bytes = [[pallet, call].as_slice(), &[0; 1_024]].concat();
				RuntimeCall::decode(&mut bytes.as_slice()).ok()
			})
		});
		let names = calls.filter(|call| proxy.filter(call)).map(|call| {
			let name = call.get_call_metadata();
			format!("{}.{}", name.pallet_name, name.function_name)
		});
		names.collect()
	}

	/// Check the calls that a proxy may make, per pallet, without batches.
	fn assert_pass(proxy: ProxyType, expected: &[(&str, &[&str])]) {
		let expected: BTreeSet<_> = expected
			.iter()
			.flat_map(|(pallet, calls)| calls.iter().map(move |call| format!("{pallet}.{call}")))
			.collect();
		let mut found = passing(proxy);
		found.retain(|name| !name.starts_with("Utility."));
		assert_eq!(found, expected, "{proxy:?}");
		assert!(expected.is_subset(&passing(ProxyType::Any)));
	}

	#[test]
	fn an_operating_proxy_runs_services_and_moves_no_bond() {
		assert_pass(
			ProxyType::Operate,
			&[
				(
					"ComputeOrders",
					&[
						"declare_capacity",
						"place_bid",
						"update_bid",
						"withdraw_bid",
						"report_ready",
						"decline",
						"close_lease",
					],
				),
				(
					"Operators",
					&[
						"activate",
						"deactivate",
						"list_service",
						"update_service",
						"raise_cover",
						"pause_service",
						"resume_service",
						"retire_service",
						"remove_service",
						"announce_maintenance",
					],
				),
				("Probes", &["request_probe"]),
				("Sla", &["close_agreement"]),
			],
		);
	}

	#[test]
	fn a_buying_proxy_buys_and_rates() {
		assert_pass(
			ProxyType::Buy,
			&[
				(
					"ComputeOrders",
					&[
						"place_order",
						"cancel_order",
						"accept_bid",
						"close_lease",
						"extend",
						"top_up",
						"remove_order",
					],
				),
				("Probes", &["request_probe"]),
				("Reputation", &["rate"]),
				("Sla", &["open_agreement", "top_up", "settle", "close_agreement", "claim"]),
			],
		);
	}

	#[test]
	fn a_proxy_for_session_keys_does_nothing_else() {
		let found: Vec<_> = passing(ProxyType::SessionKeys).into_iter().collect();
		assert_eq!(found, ["Session.purge_keys", "Session.set_keys"]);
	}

	#[test]
	fn a_proxy_for_staking_bonds_and_rotates_keys() {
		let found = passing(ProxyType::Staking);
		for call in ["Staking.bond", "Staking.validate", "Staking.chill", "Session.set_keys"] {
			assert!(found.contains(call), "{call}");
		}
		let pallets = ["Staking.", "Session.", "Utility."];
		assert!(found.iter().all(|name| pallets.iter().any(|pallet| name.starts_with(pallet))));
	}

	#[test]
	fn a_proxy_for_governance_votes_and_moves_nothing() {
		let found = passing(ProxyType::Governance);
		for call in [
			"ConvictionVoting.vote",
			"ConvictionVoting.delegate",
			"Referenda.submit",
			"Preimage.note_preimage",
			"TechnicalCommittee.vote",
		] {
			assert!(found.contains(call), "{call}");
		}
		for pallet in ["Balances.", "Assets.", "Staking.", "Operators.", "Sla.", "Proxy."] {
			assert!(!found.iter().any(|name| name.starts_with(pallet)), "{pallet}");
		}
	}

	#[test]
	fn a_proxy_for_reports_does_nothing_else() {
		let found: Vec<_> = passing(ProxyType::Report).into_iter().collect();
		assert_eq!(found, ["Usage.report_usage"]);
	}

	#[test]
	fn a_proxy_without_transfers_may_do_all_but_move_balances() {
		let refused: BTreeSet<_> =
			passing(ProxyType::Any).difference(&passing(ProxyType::NonTransfer)).cloned().collect();
		for call in ["Balances.transfer_allow_death", "Balances.transfer_all", "Assets.transfer"] {
			assert!(refused.contains(call), "{call}");
		}
		let money = |name: &String| name.starts_with("Balances.") || name.starts_with("Assets.");
		assert!(refused.iter().all(money));
	}

	#[test]
	fn a_proxy_type_passes_no_more_calls_than_its_superset() {
		use ProxyType::*;
		for (large, small) in [
			(Any, NonTransfer),
			(NonTransfer, Operate),
			(NonTransfer, Buy),
			(NonTransfer, SessionKeys),
			(NonTransfer, Report),
			(NonTransfer, Staking),
			(NonTransfer, Governance),
			(Staking, SessionKeys),
		] {
			assert!(large.is_superset(&small) && !small.is_superset(&large));
			assert!(passing(small).is_subset(&passing(large)), "{small:?} in {large:?}");
		}
		assert!(!Operate.is_superset(&Buy) && !Buy.is_superset(&Operate));
		assert!(!Operate.is_superset(&Report) && !Buy.is_superset(&Report));
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Calls of an operator that sells compute, by the names of the metadata.

use serde::{Deserialize, Serialize};
use sp_runtime::AccountId32;
use std::fmt;
use subxt::{
	dynamic::Value,
	ext::scale_value::Composite,
	tx::{DynamicPayload, dynamic},
};
use surety_primitives::{Balance, LeaseId, OrderId, Resources, ServiceId};

/// Payload of a call.
type Payload = DynamicPayload<Composite<()>>;

/// Way in which the agent's key may act for the operator.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Rights {
	/// The key is the operator's own.
	Own,
	/// The key is a proxy of the type `Operate`.
	Operate(AccountId32),
}

/// Call of an operator.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Call {
	/// Declare the resources of a service.
	DeclareCapacity {
		/// Service.
		service: ServiceId,
		/// All of its resources.
		total: Resources,
	},
	/// Bid on an order.
	PlaceBid {
		/// Order.
		order: OrderId,
		/// Service that bids.
		service: ServiceId,
		/// Base units per replica and billable block.
		price: Balance,
		/// Replicas.
		replicas: u8,
		/// Accept terms that the service does not promise. Refused to an `Operate` proxy.
		foreign_terms: bool,
	},
	/// Change the price of a bid.
	UpdateBid {
		/// Order.
		order: OrderId,
		/// Service that bids.
		service: ServiceId,
		/// Base units per replica and billable block.
		price: Balance,
	},
	/// Withdraw a bid.
	WithdrawBid {
		/// Order.
		order: OrderId,
		/// Service that bids.
		service: ServiceId,
	},
	/// Report a lease ready.
	ReportReady {
		/// Lease.
		lease: LeaseId,
		/// URL at which validators ask for it.
		health: String,
		/// Text by which the tenant reaches it.
		access: String,
		/// As in the bid.
		foreign_terms: bool,
	},
	/// Decline a lease within its fetch window.
	Decline {
		/// Lease.
		lease: LeaseId,
	},
}

impl fmt::Display for Call {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::DeclareCapacity { service, .. } => {
				write!(f, "declare the capacity of service {service}")
			},
			Self::PlaceBid { order, price, replicas, .. } => {
				write!(f, "bid {price} on order {order} for {replicas} replica(s)")
			},
			Self::UpdateBid { order, price, .. } => write!(f, "bid {price} now on order {order}"),
			Self::WithdrawBid { order, .. } => write!(f, "withdraw the bid on order {order}"),
			Self::ReportReady { lease, .. } => write!(f, "report lease {lease} ready"),
			Self::Decline { lease } => write!(f, "decline lease {lease}"),
		}
	}
}

impl Call {
	/// Payload for a key with these rights.
	pub(super) fn payload(&self, rights: &Rights) -> Payload {
		let (name, arguments) = self.arguments();
		let call = dynamic("ComputeOrders", name, Composite::named(arguments));
		match rights {
			Rights::Own => call,
			Rights::Operate(real) => proxied(call, real),
		}
	}

	fn arguments(&self) -> (&'static str, Vec<(&'static str, Value)>) {
		match self {
			Self::DeclareCapacity { service, total } => (
				"declare_capacity",
				vec![("service", number(*service)), ("total", resources(total))],
			),
			Self::PlaceBid { order, service, price, replicas, foreign_terms } => (
				"place_bid",
				vec![
					("order", number(*order)),
					("service", number(*service)),
					("price", number(*price)),
					("replicas", number(*replicas)),
					("foreign_terms", Value::bool(*foreign_terms)),
				],
			),
			Self::UpdateBid { order, service, price } => (
				"update_bid",
				vec![
					("order", number(*order)),
					("service", number(*service)),
					("price", number(*price)),
				],
			),
			Self::WithdrawBid { order, service } => {
				("withdraw_bid", vec![("order", number(*order)), ("service", number(*service))])
			},
			Self::ReportReady { lease, health, access, foreign_terms } => (
				"report_ready",
				vec![
					("lease", number(*lease)),
					("health", Value::from_bytes(health)),
					("access", Value::from_bytes(access)),
					("foreign_terms", Value::bool(*foreign_terms)),
				],
			),
			Self::Decline { lease } => ("decline", vec![("lease", number(*lease))]),
		}
	}
}

fn number(number: impl Into<u128>) -> Value {
	Value::u128(number.into())
}

fn resources(of: &Resources) -> Value {
	Value::named_composite([
		("cpu_milli", number(of.cpu_milli)),
		("memory_mib", number(of.memory_mib)),
		("storage_gib", number(of.storage_gib)),
		("bandwidth_mbit", number(of.bandwidth_mbit)),
		("gpus", number(of.gpus)),
		("gpu_class", Value::from_bytes(&of.gpu_class)),
	])
}

fn proxied(call: Payload, real: &AccountId32) -> Payload {
	let real = Value::unnamed_variant("Id", [Value::from_bytes(real)]);
	let kind = Value::unnamed_variant("Some", [Value::unnamed_variant("Operate", [])]);
	let arguments = [("real", real), ("force_proxy_type", kind), ("call", call.into_value())];
	dynamic("Proxy", "proxy", Composite::named(arguments))
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_runtime::{
		codec::Encode,
		scale_info::{MetaType, PortableRegistry, Registry},
	};
	use subxt::ext::scale_value::scale::encode_as_type;

	#[test]
	fn resources_are_encoded_as_their_type() {
		let mut registry = Registry::new();
		let id = registry.register_type(&MetaType::new::<Resources>()).id;
		let registry: PortableRegistry = registry.into();
		let value = Resources {
			cpu_milli: 1_500,
			memory_mib: 2,
			storage_gib: 3,
			bandwidth_mbit: 4,
			gpus: 5,
			gpu_class: b"h100".to_vec().try_into().unwrap(),
		};
		let mut bytes = Vec::new();
		encode_as_type(&resources(&value), id, &registry, &mut bytes).unwrap();
		assert_eq!(bytes, value.encode());
	}

	#[test]
	fn a_proxy_makes_the_call_for_the_operator() {
		let call = Call::Decline { lease: 7 };
		assert_eq!(call.payload(&Rights::Own).call_name(), "decline");
		let proxied = call.payload(&Rights::Operate(AccountId32::new([1; 32])));
		assert_eq!((proxied.pallet_name(), proxied.call_name()), ("Proxy", "proxy"));
		let text = format!("{:?}", proxied.call_data());
		assert!(text.contains("decline") && text.contains("Operate"), "{text}");
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Calls of this chain, by the names of the metadata.

use sp_core::H256;
use sp_runtime::{AccountId32, MultiSignature};
use subxt::{
	dynamic::Value,
	ext::scale_value::{Composite, Primitive},
	tx::{DynamicPayload, dynamic},
};
use surety_primitives::{
	AgreementId, Balance, LatencyBucket, ServiceId, WindowShare,
	usage::{Side, SignedUsage, UsageCounts, UsageStatement},
};

/// A call with its arguments.
pub type Call = DynamicPayload<Composite<()>>;

fn number(number: impl Into<u128>) -> Value {
	Value::u128(number.into())
}

fn named<const N: usize>(fields: [(&str, Value); N]) -> Composite<()> {
	Composite::named(fields)
}

/// `sla.open_agreement`.
pub fn open_agreement(
	service: ServiceId,
	units: u32,
	max_price: Balance,
	deposit: Balance,
	min_cover: WindowShare,
) -> Call {
	let arguments = named([
		("service", number(service)),
		("units", number(units)),
		("max_price", number(max_price)),
		("deposit", number(deposit)),
		("min_cover", number(min_cover.into_inner())),
	]);
	dynamic("Sla", "open_agreement", arguments)
}

/// `sla.top_up`.
pub fn top_up(agreement: AgreementId, amount: Balance) -> Call {
	dynamic("Sla", "top_up", named([("agreement", number(agreement)), ("amount", number(amount))]))
}

/// `probes.request_probe`.
pub fn request_probe(service: ServiceId) -> Call {
	dynamic("Probes", "request_probe", named([("service", number(service))]))
}

/// `usage.report_usage`.
pub fn report_usage(statements: &[SignedUsage<AccountId32, MultiSignature>]) -> Call {
	let statements = Value::unnamed_composite(statements.iter().map(signed));
	dynamic("Usage", "report_usage", named([("statements", statements)]))
}

/// `usage.report_equivocation`.
pub fn report_equivocation(
	first: &SignedUsage<AccountId32, MultiSignature>,
	second: &SignedUsage<AccountId32, MultiSignature>,
) -> Call {
	let arguments = named([("first", signed(first)), ("second", signed(second))]);
	dynamic("Usage", "report_equivocation", arguments)
}

/// The call, made by a `Buy` proxy for `real`.
pub fn proxied(call: Call, real: &AccountId32) -> Call {
	let real = Value::unnamed_variant("Id", [account(real)]);
	let kind = some(Value::unnamed_variant("Buy", []));
	let arguments = [("real", real), ("force_proxy_type", kind), ("call", call.into_value())];
	dynamic("Proxy", "proxy", named(arguments))
}

fn account(account: &AccountId32) -> Value {
	Value::from_bytes(account)
}

fn some(value: Value) -> Value {
	Value::unnamed_variant("Some", [value])
}

fn option(value: Option<Value>) -> Value {
	value.map_or_else(|| Value::unnamed_variant("None", []), some)
}

fn signed(usage: &SignedUsage<AccountId32, MultiSignature>) -> Value {
	let (kind, bytes) = match &usage.signature {
		MultiSignature::Ed25519(signature) => ("Ed25519", signature.0.to_vec()),
		MultiSignature::Sr25519(signature) => ("Sr25519", signature.0.to_vec()),
		MultiSignature::Ecdsa(signature) => ("Ecdsa", signature.0.to_vec()),
		MultiSignature::Eth(signature) => ("Eth", signature.0.to_vec()),
	};
	Value::named_composite([
		("statement", statement(&usage.statement)),
		("reporter", account(&usage.reporter)),
		("signature", Value::unnamed_variant(kind, [Value::from_bytes(bytes)])),
	])
}

fn statement(statement: &UsageStatement) -> Value {
	let side = match statement.side {
		Side::Tenant => "Tenant",
		Side::Operator => "Operator",
	};
	let hash = |hash: H256| Value::from_bytes(hash);
	let bucket = |bucket: LatencyBucket| Value::unnamed_composite([number(bucket.index())]);
	Value::named_composite([
		("genesis", hash(statement.genesis)),
		("agreement", number(statement.agreement)),
		("window", number(statement.window)),
		("side", Value::unnamed_variant(side, [])),
		("lane", number(statement.lane)),
		("seq", number(statement.seq)),
		("counts", counts(&statement.counts)),
		("p50", option(statement.p50.map(bucket))),
		("p95", option(statement.p95.map(bucket))),
		("seen", option(statement.seen.map(hash))),
	])
}

fn counts(counts: &UsageCounts) -> Value {
	let UsageCounts { requests, ok, lost, slow, bytes } = *counts;
	let count = |count: u64| Value::primitive(Primitive::u128(count.into()));
	Value::named_composite([
		("requests", count(requests)),
		("ok", count(ok)),
		("lost", count(lost)),
		("slow", count(slow)),
		("bytes", count(bytes)),
	])
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::chain::KeySigner;
	use proptest::prelude::*;
	use sp_runtime::{
		codec::Encode,
		scale_info::{MetaType, PortableRegistry, Registry, TypeInfo},
	};
	use subxt::ext::scale_value::scale::encode_as_type;

	type Usage = SignedUsage<AccountId32, MultiSignature>;

	fn registry<T: TypeInfo + 'static>() -> (u32, PortableRegistry) {
		let mut registry = Registry::new();
		let id = registry.register_type(&MetaType::new::<T>()).id;
		(id, registry.into())
	}

	fn usage(seq: u32, requests: u64, p95: Option<u8>, uri: &str) -> Usage {
		let signer = KeySigner::from_uri(uri).unwrap();
		let statement = UsageStatement {
			genesis: H256::repeat_byte(7),
			agreement: 5,
			window: 9,
			side: Side::Operator,
			lane: 3,
			seq,
			counts: UsageCounts { requests, ok: 2, lost: 3, slow: 4, bytes: u64::MAX },
			p50: None,
			p95: p95.and_then(LatencyBucket::from_index),
			seen: p95.map(H256::repeat_byte),
		};
		let signature = signer.sign(&statement.payload());
		SignedUsage { statement, reporter: signer.account().clone(), signature }
	}

	proptest! {
		/// The value encodes to the very bytes that the primitives encode to.
		#[test]
		fn a_statement_is_encoded_as_its_type(
			seq in any::<u32>(),
			requests in any::<u64>(),
			p95 in proptest::option::of(0u8..64),
			uri in prop_oneof![Just("//A"), Just("ed25519://A"), Just("ecdsa://A")],
		) {
			let (id, registry) = registry::<Usage>();
			let usage = usage(seq, requests, p95, uri);
			let mut bytes = Vec::new();
			encode_as_type(&signed(&usage), id, &registry, &mut bytes).unwrap();
			prop_assert_eq!(bytes, usage.encode());
		}
	}

	#[test]
	fn a_proxied_call_has_the_call_inside() {
		let alice = KeySigner::from_uri("//Alice").unwrap();
		let call = proxied(top_up(5, 7), alice.account());
		assert_eq!((call.pallet_name(), call.call_name()), ("Proxy", "proxy"));
		let text = format!("{:?}", call.call_data());
		assert!(text.contains("top_up") && text.contains("Buy"), "{text}");
	}
}

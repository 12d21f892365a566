// SPDX-License-Identifier: Apache-2.0

//! Subscriptions that clients share: events, parameters in one form, and the key of each.

use crate::{
	rpc::{Failure, json},
	websocket::methods::Family,
};
use bytes::Bytes;
use serde_json::Value;
use std::{
	sync::{
		Arc,
		atomic::{AtomicU64, Ordering},
	},
	time::Duration,
};
use surety_primitives::Protocol;

/// Bytes of the parameters of a subscription.
const MAX_PARAMS: usize = 64 * 1024;

/// Network, as subscriptions know it.
#[derive(Clone, Debug)]
pub struct Network {
	/// Name in URLs and in the configuration.
	pub name: Arc<str>,
	/// Dialect.
	pub protocol: Protocol,
	/// Time between blocks. While it is unknown no upstream is left for its silence.
	pub block_time: BlockTime,
}

/// Time between two blocks, which may become known while subscriptions run.
#[derive(Clone, Debug, Default)]
pub struct BlockTime(Arc<AtomicU64>);

impl BlockTime {
	/// Time that is known.
	pub fn known(time: Duration) -> Self {
		let known = Self::default();
		known.set(time);
		known
	}

	/// The time is known from now on, to the millisecond.
	pub fn set(&self, time: Duration) {
		let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
		self.0.store(ms, Ordering::Relaxed);
	}

	/// The time, if it is known.
	pub fn get(&self) -> Option<Duration> {
		let ms = self.0.load(Ordering::Relaxed);
		(ms > 0).then(|| Duration::from_millis(ms))
	}
}

/// Events of a subscription, which decide how it is resumed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Topic {
	/// Best heads.
	NewHeads,
	/// Heads of all branches.
	AllHeads,
	/// Finalized heads.
	FinalizedHeads,
	/// Logs of a filter.
	Logs,
	/// Pending transactions.
	PendingTransactions,
	/// Storage under keys.
	Storage,
	/// Version of the runtime.
	RuntimeVersion,
	/// A value that changes, or anything else: repeated values are left out.
	Latest,
}

/// Key of a shared subscription.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Key {
	/// The network's name.
	pub network: Arc<str>,
	/// Family of methods.
	pub family: Family,
	/// Events.
	pub topic: Topic,
	/// Parameters in one form.
	pub params: Bytes,
}

impl Key {
	/// Key of a subscription to a network, of a family that clients share. `None` for families
	/// whose subscriptions belong to one client.
	///
	/// Errors: parameters that no server accepts, or that would subscribe to everything.
	pub fn new(network: &Network, family: Family, params: &[u8]) -> Option<Result<Self, Failure>> {
		let shared = match family {
			Family::Ethereum => ethereum(params),
			Family::NewHeads => Ok((Topic::NewHeads, Bytes::from_static(b"[]"))),
			Family::AllHeads => Ok((Topic::AllHeads, Bytes::from_static(b"[]"))),
			Family::FinalizedHeads => Ok((Topic::FinalizedHeads, Bytes::from_static(b"[]"))),
			Family::RuntimeVersion => Ok((Topic::RuntimeVersion, Bytes::from_static(b"[]"))),
			Family::Storage => storage(params),
			Family::Grandpa | Family::Beefy => Ok((Topic::Latest, Bytes::from_static(b"[]"))),
			Family::SubmitAndWatch
			| Family::TransactionWatch
			| Family::ChainHead
			| Family::ArchiveStorage
			| Family::ArchiveStorageDiff => return None,
		};
		Some(shared.map(|(topic, params)| Self {
			network: network.name.clone(),
			family,
			topic,
			params,
		}))
	}
}

type Shared = Result<(Topic, Bytes), Failure>;

fn parse(params: &[u8]) -> Result<Vec<Value>, Failure> {
	if params.len() > MAX_PARAMS {
		return Err(Failure::TooLarge("the subscription's parameters"));
	}
	serde_json::from_slice(params).map_err(|_| Failure::InvalidParams("an array is expected"))
}

fn canonical(topic: Topic, params: &[Value]) -> Shared {
	serde_json::to_vec(params).map(|params| (topic, params.into())).map_err(|_| Failure::Internal)
}

fn ethereum(params: &[u8]) -> Shared {
	let params = parse(params)?;
	let (topic, expected) = match params.first().and_then(Value::as_str) {
		Some("newHeads") => (Topic::NewHeads, 1),
		Some("logs") => (Topic::Logs, 2),
		Some("newPendingTransactions") => (Topic::PendingTransactions, 2),
		Some("syncing") => (Topic::Latest, 1),
		_ => return Err(Failure::InvalidParams("no such subscription")),
	};
	let params = params.get(..params.len().min(expected)).unwrap_or_default();
	// Anything else would be another subscription to the same.
	if topic == Topic::PendingTransactions && params.get(1).is_some_and(|full| !full.is_boolean()) {
		return Err(Failure::InvalidParams("a boolean is expected"));
	}
	if topic == Topic::Logs && params.get(1).is_some_and(|filter| !filter.is_object()) {
		return Err(Failure::InvalidParams("a filter is an object"));
	}
	canonical(topic, params)
}

fn storage(params: &[u8]) -> Shared {
	let params = parse(params)?;
	// Without keys a server sends every change of the whole state.
	let keys = params.first().and_then(Value::as_array).filter(|keys| !keys.is_empty());
	let Some(keys) = keys else { return Err(Failure::InvalidParams("keys are required")) };
	if !keys.iter().all(Value::is_string) {
		return Err(Failure::InvalidParams("keys are strings"));
	}
	canonical(Topic::Storage, params.get(..1).unwrap_or_default())
}

/// Parameters of `eth_getLogs` for the logs of one block under the filter of a subscription.
pub fn block_filter(params: &[u8], block: &str) -> Option<Bytes> {
	let filter = json::elements(params, 2)?.get(1).copied().unwrap_or(b"{}");
	let Value::Object(mut filter) = serde_json::from_slice(filter).ok()? else { return None };
	filter.retain(|name, _| name == "address" || name == "topics");
	filter.insert("blockHash".into(), block.into());
	serde_json::to_vec(&[filter]).ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn key(family: Family, params: &str) -> Result<Key, Failure> {
		let network = Network {
			name: "n".into(),
			protocol: Protocol::Ethereum,
			block_time: BlockTime::default(),
		};
		Key::new(&network, family, params.as_bytes()).unwrap()
	}

	#[test]
	fn equal_subscriptions_share_a_key() {
		let one = key(Family::Ethereum, r#"["logs", {"address":"0x1","topics":[]}]"#).unwrap();
		let two = key(Family::Ethereum, r#"["logs",{ "address" : "0x1", "topics":[] }]"#).unwrap();
		let other = key(Family::Ethereum, r#"["logs",{"address":"0x2"}]"#).unwrap();
		assert_eq!(one, two);
		assert_ne!(one, other);
		assert_eq!(one.topic, Topic::Logs);
	}

	#[test]
	fn subscriptions_to_nothing_or_everything_are_refused() {
		for params in ["[]", r#"["nothing"]"#, r#"["logs",7]"#, r#"{"a":1}"#] {
			assert!(key(Family::Ethereum, params).is_err(), "{params}");
		}
		for params in ["[]", "[[]]", "[null]", "[[1]]", ""] {
			assert!(key(Family::Storage, params).is_err(), "{params}");
		}
		let large = format!(r#"[["0x{}"]]"#, "0".repeat(MAX_PARAMS));
		assert!(key(Family::Storage, &large).is_err());
	}

	#[test]
	fn the_filter_of_a_block_keeps_addresses_and_topics() {
		let params = br#"["logs",{"address":"0x1","fromBlock":"0x0","topics":[null]}]"#;
		let filter: Value = serde_json::from_slice(&block_filter(params, "0xff").unwrap()).unwrap();
		assert_eq!(
			filter,
			serde_json::json!([{ "address": "0x1", "topics": [null], "blockHash": "0xff" }])
		);
		assert!(block_filter(br#"["logs"]"#, "0xff").is_some());
	}
}

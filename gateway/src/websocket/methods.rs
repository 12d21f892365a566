// SPDX-License-Identifier: Apache-2.0

//! Methods that begin and end subscriptions, as both protocols name them.

use crate::rpc::json::{Reader, elements, member, plain_string};
use surety_primitives::Protocol;

/// Family of methods with one kind of notification.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Family {
	/// `eth_subscribe`; the first parameter says to which events.
	Ethereum,
	/// Best heads.
	NewHeads,
	/// Heads of all branches.
	AllHeads,
	/// Finalized heads.
	FinalizedHeads,
	/// Storage under given keys.
	Storage,
	/// Version of the runtime.
	RuntimeVersion,
	/// Submission of an extrinsic, legacy.
	SubmitAndWatch,
	/// Submission of a transaction.
	TransactionWatch,
	/// Follow of the chain's head.
	ChainHead,
	/// Storage of an archive.
	ArchiveStorage,
	/// Changes of storage in an archive.
	ArchiveStorageDiff,
	/// Justifications of GRANDPA.
	Grandpa,
	/// Justifications of BEEFY.
	Beefy,
}

/// Place of a method in its family.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verb {
	/// Begins a subscription.
	Begin,
	/// Ends one, named by the first parameter.
	End,
	/// Belongs to one, named by the first parameter.
	Use,
}

/// Methods: first the one that begins, by which upstreams are asked.
const METHODS: &[(Family, &[&str], &[&str], &str)] = &[
	(Family::Ethereum, &["eth_subscribe"], &["eth_unsubscribe"], "eth_subscription"),
	(
		Family::NewHeads,
		&["chain_subscribeNewHeads", "chain_subscribeNewHead", "subscribe_newHead"],
		&["chain_unsubscribeNewHeads", "chain_unsubscribeNewHead", "unsubscribe_newHead"],
		"chain_newHead",
	),
	(
		Family::AllHeads,
		&["chain_subscribeAllHeads"],
		&["chain_unsubscribeAllHeads"],
		"chain_allHead",
	),
	(
		Family::FinalizedHeads,
		&["chain_subscribeFinalizedHeads", "chain_subscribeFinalisedHeads"],
		&["chain_unsubscribeFinalizedHeads", "chain_unsubscribeFinalisedHeads"],
		"chain_finalizedHead",
	),
	(Family::Storage, &["state_subscribeStorage"], &["state_unsubscribeStorage"], "state_storage"),
	(
		Family::RuntimeVersion,
		&["state_subscribeRuntimeVersion", "chain_subscribeRuntimeVersion"],
		&["state_unsubscribeRuntimeVersion", "chain_unsubscribeRuntimeVersion"],
		"state_runtimeVersion",
	),
	(
		Family::SubmitAndWatch,
		&["author_submitAndWatchExtrinsic"],
		&["author_unwatchExtrinsic"],
		"author_extrinsicUpdate",
	),
	(
		Family::TransactionWatch,
		&["transactionWatch_v1_submitAndWatch"],
		&["transactionWatch_v1_unwatch"],
		"transactionWatch_v1_watchEvent",
	),
	(
		Family::ChainHead,
		&["chainHead_v1_follow"],
		&["chainHead_v1_unfollow"],
		"chainHead_v1_followEvent",
	),
	(
		Family::ArchiveStorage,
		&["archive_v1_storage"],
		&["archive_v1_stopStorage"],
		"archive_v1_storageEvent",
	),
	(
		Family::ArchiveStorageDiff,
		&["archive_v1_storageDiff"],
		&["archive_v1_storageDiff_stopStorageDiff"],
		"archive_v1_storageDiffEvent",
	),
	(
		Family::Grandpa,
		&["grandpa_subscribeJustifications"],
		&["grandpa_unsubscribeJustifications"],
		"grandpa_justifications",
	),
	(
		Family::Beefy,
		&["beefy_subscribeJustifications"],
		&["beefy_unsubscribeJustifications"],
		"beefy_justifications",
	),
];

impl Family {
	/// Family of a method and its place there. `None` for a method without a subscription.
	pub fn of(method: &str) -> Option<(Self, Verb)> {
		// All but a few methods are no subscription's: none of those names lacks these.
		if !method.contains("ubscribe") && !method.contains("_v1_") && !method.contains("atch") {
			return None;
		}
		for (family, begin, end, _) in METHODS {
			if begin.contains(&method) {
				return Some((*family, Verb::Begin));
			}
			if end.contains(&method) {
				return Some((*family, Verb::End));
			}
		}
		method.starts_with("chainHead_v1_").then_some((Self::ChainHead, Verb::Use))
	}

	fn row(
		self,
	) -> &'static (Self, &'static [&'static str], &'static [&'static str], &'static str) {
		const NONE: (Family, &[&str], &[&str], &str) = (Family::Ethereum, &[], &[], "");
		METHODS.iter().find(|(family, ..)| *family == self).unwrap_or(&NONE)
	}

	/// Dialect of the family's events.
	pub fn protocol(self) -> Protocol {
		match self {
			Self::Ethereum => Protocol::Ethereum,
			_ => Protocol::Substrate,
		}
	}

	/// Method that begins a subscription.
	pub fn begin(self) -> &'static str {
		self.row().1.first().copied().unwrap_or_default()
	}

	/// Method that ends a subscription.
	pub fn end(self) -> &'static str {
		self.row().2.first().copied().unwrap_or_default()
	}

	/// Method of notifications.
	pub fn notification(self) -> &'static str {
		self.row().3
	}

	/// True if a notification with this result is the last one, after which the server has
	/// forgotten the subscription.
	pub fn is_last(self, result: &[u8]) -> bool {
		let event = || member(result, b"event").and_then(plain_string);
		match self {
			Self::SubmitAndWatch => ends_extrinsic(result),
			Self::TransactionWatch => {
				matches!(event(), Some("finalized" | "error" | "invalid" | "dropped"))
			},
			Self::ChainHead => event() == Some("stop"),
			Self::ArchiveStorage => matches!(event(), Some("storageDone" | "storageError")),
			Self::ArchiveStorageDiff => {
				matches!(event(), Some("storageDiffDone" | "storageDiffError"))
			},
			_ => false,
		}
	}
}

/// A status is a word, or an object with one member.
fn ends_extrinsic(result: &[u8]) -> bool {
	const LAST: [&[u8]; 5] = [b"finalized", b"finalityTimeout", b"usurped", b"dropped", b"invalid"];
	if let Some(word) = plain_string(result) {
		return LAST.contains(&word.as_bytes());
	}
	let mut reader = Reader::new(result, 1);
	matches!(reader.open(b'{', b'}'), Ok(true))
		&& reader.key().is_ok_and(|key| LAST.contains(&key.raw))
}

/// First parameter as raw JSON.
pub fn first(params: &[u8]) -> Option<&[u8]> {
	elements(params, 16)?.first().copied()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn methods_have_their_place() {
		assert_eq!(Family::of("eth_subscribe"), Some((Family::Ethereum, Verb::Begin)));
		assert_eq!(Family::of("subscribe_newHead"), Some((Family::NewHeads, Verb::Begin)));
		assert_eq!(
			Family::of("author_unwatchExtrinsic"),
			Some((Family::SubmitAndWatch, Verb::End))
		);
		assert_eq!(Family::of("chainHead_v1_call"), Some((Family::ChainHead, Verb::Use)));
		assert_eq!(Family::of("eth_call"), None);
		assert_eq!(Family::of("archive_v1_body"), None);
		for (family, begin, end, _) in METHODS {
			assert_eq!((family.begin(), family.end()), (begin[0], end[0]));
			for name in begin.iter().chain(*end) {
				assert_eq!(Family::of(name).unwrap().0, *family, "{name}");
			}
		}
	}

	#[test]
	fn last_events_are_known() {
		let watch = Family::SubmitAndWatch;
		assert!(watch.is_last(br#"{"finalized":"0x01"}"#) && watch.is_last(br#""invalid""#));
		assert!(!watch.is_last(br#"{"inBlock":"0x01"}"#) && !watch.is_last(br#""ready""#));
		assert!(Family::ChainHead.is_last(br#"{"event":"stop"}"#));
		assert!(!Family::ChainHead.is_last(br#"{"event":"newBlock"}"#));
		assert!(!Family::Ethereum.is_last(br#"{"event":"stop"}"#));
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Search for a watched transaction in the blocks, after its upstream was lost.

use crate::{
	rpc::{
		BlockHash, answer,
		json::{elements, hash, hex, member, plain_string, quantity},
		request,
	},
	subscriptions::{
		client::{Calls, Client},
		resume::{Watch, WatchEvent, WatchNeed},
	},
	websocket::{
		clock::sleep,
		methods::{Family, first},
	},
};
use bytes::Bytes;
use std::{rc::Weak, time::Duration};

/// Time between two looks at a chain whose time between blocks is not known.
const BLOCK_TIME: Duration = Duration::from_secs(6);
/// Extrinsics of a block.
const MAX_EXTRINSICS: usize = 65_536;

/// Transaction that was submitted.
pub struct Submission {
	/// Text in hexadecimal, lower case.
	extrinsic: String,
	/// Best block when it was submitted.
	at: u64,
	/// Block that was reported last.
	reported: Option<BlockHash>,
}

impl Submission {
	/// Submission by the parameters of the call, when `best` was the best header. `None` if either
	/// is malformed: then there is nothing to search for.
	pub fn new(params: &[u8], best: Option<Bytes>) -> Option<Self> {
		let extrinsic = first(params).and_then(plain_string)?.to_ascii_lowercase();
		let at = quantity(member(&best?, b"number")?)?;
		Some(Self { extrinsic, at, reported: None })
	}

	/// Takes an event of the upstream.
	pub fn observe(&mut self, event: &[u8]) {
		if let Some(block) = member(event, b"inBlock") {
			self.reported = hash(block);
		} else if member(event, b"retracted").is_some() {
			self.reported = None;
		} else if let Some(block) = member(event, b"block") {
			self.reported = member(block, b"hash").and_then(hash);
		}
	}

	/// Searches until the transaction's end is known, or the client is gone.
	pub async fn track<C: Calls, S>(
		self,
		client: &Weak<Client<C, S>>,
		family: Family,
		send: impl Fn(&[u8]),
	) {
		let Some((patience, pause)) = client.upgrade().map(|client| {
			let pause = client.network.block_time.get().unwrap_or(BLOCK_TIME);
			(client.worker.settings.watch_patience, pause)
		}) else {
			return;
		};
		let mut machine = Watch::new(self.at, self.reported, patience);
		let mut events = Vec::new();
		let mut first = true;
		while let Some(need) = machine.need() {
			match need {
				WatchNeed::Numbers => {
					if !std::mem::take(&mut first) {
						sleep(pause).await;
					}
					if let Some((best, finalized)) = numbers(client).await {
						machine.numbers(best, finalized, &mut events);
					}
				},
				WatchNeed::Block(number) => {
					let block = self.block(client, number).await;
					machine.block(number, block, &mut events);
				},
			}
			for event in events.drain(..) {
				send(render(family, &event).as_bytes());
			}
			if client.strong_count() == 0 {
				return;
			}
		}
	}

	/// Hash of a block, and the transaction's position there.
	async fn block<C: Calls, S>(
		&self,
		client: &Weak<Client<C, S>>,
		number: u64,
	) -> Option<(BlockHash, Option<usize>)> {
		let found = call(client, "chain_getBlockHash", format!("[{number}]")).await?;
		let block_hash = hash(&found)?;
		let block = call(client, "chain_getBlock", format!(r#"["{}"]"#, hex(&block_hash))).await?;
		let extrinsics = member(member(&block, b"block")?, b"extrinsics")?;
		let index = elements(extrinsics, MAX_EXTRINSICS)?.into_iter().position(|extrinsic| {
			plain_string(extrinsic).is_some_and(|text| text.eq_ignore_ascii_case(&self.extrinsic))
		});
		Some((block_hash, index))
	}
}

async fn numbers<C: Calls, S>(client: &Weak<Client<C, S>>) -> Option<(u64, u64)> {
	let number = |header: Bytes| quantity(member(&header, b"number")?);
	let best = call(client, "chain_getHeader", "[]".into()).await.and_then(number)?;
	let finalized = call(client, "chain_getFinalizedHead", "[]".into()).await?;
	let header = call(client, "chain_getHeader", format!("[{}]", plain(&finalized)?)).await?;
	Some((best, number(header)?))
}

fn plain(hash: &[u8]) -> Option<&str> {
	plain_string(hash)?;
	std::str::from_utf8(hash).ok()
}

/// Result of a call through the role, which chooses an operator. `None` without one.
async fn call<C: Calls, S>(
	client: &Weak<Client<C, S>>,
	method: &str,
	params: String,
) -> Option<Bytes> {
	let client = client.upgrade()?;
	let message = request(b"0", method, params.as_bytes());
	let body = client.worker.calls.call(&client.session, message.into()).await;
	let result = answer(&body)?.result?;
	(result != b"null").then(|| body.slice_ref(result))
}

fn render(family: Family, event: &WatchEvent) -> String {
	let legacy = family == Family::SubmitAndWatch;
	let block = |name: &str, hash: &BlockHash, index: usize| {
		let hash = hex(hash);
		format!(r#"{{"event":"{name}","block":{{"hash":"{hash}","index":{index}}}}}"#)
	};
	match event {
		WatchEvent::InBlock(hash, _) if legacy => format!(r#"{{"inBlock":"{}"}}"#, hex(hash)),
		WatchEvent::Retracted(hash) if legacy => format!(r#"{{"retracted":"{}"}}"#, hex(hash)),
		WatchEvent::Finalized(hash, _) if legacy => format!(r#"{{"finalized":"{}"}}"#, hex(hash)),
		WatchEvent::Dropped if legacy => r#""dropped""#.into(),
		WatchEvent::InBlock(hash, index) => block("bestChainBlockIncluded", hash, *index),
		WatchEvent::Retracted(_) => r#"{"event":"bestChainBlockIncluded","block":null}"#.into(),
		WatchEvent::Finalized(hash, index) => block("finalized", hash, *index),
		WatchEvent::Dropped => r#"{"event":"dropped","error":"not found in the blocks"}"#.into(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_submission_follows_what_was_reported() {
		let best = Bytes::from_static(br#"{"number":"0x10"}"#);
		let mut submission = Submission::new(br#"["0xABcd"]"#, Some(best)).unwrap();
		assert_eq!((submission.extrinsic.as_str(), submission.at), ("0xabcd", 16));
		let block = hex(&[7; 32]);
		submission.observe(br#""ready""#);
		assert_eq!(submission.reported, None);
		submission.observe(format!(r#"{{"inBlock":"{block}"}}"#).as_bytes());
		assert_eq!(submission.reported, Some([7; 32]));
		submission.observe(format!(r#"{{"retracted":"{block}"}}"#).as_bytes());
		assert_eq!(submission.reported, None);
		let event = format!(
			r#"{{"event":"bestChainBlockIncluded","block":{{"hash":"{block}","index":1}}}}"#
		);
		submission.observe(event.as_bytes());
		assert_eq!(submission.reported, Some([7; 32]));
		submission.observe(br#"{"event":"bestChainBlockIncluded","block":null}"#);
		assert_eq!(submission.reported, None);
	}

	#[test]
	fn events_are_written_as_nodes_write_them() {
		let event = WatchEvent::Finalized([1; 32], 4);
		let legacy = render(Family::SubmitAndWatch, &event);
		assert!(Family::SubmitAndWatch.is_last(legacy.as_bytes()), "{legacy}");
		let modern = render(Family::TransactionWatch, &event);
		assert!(Family::TransactionWatch.is_last(modern.as_bytes()), "{modern}");
		assert!(modern.contains(r#""index":4"#));
		for family in [Family::SubmitAndWatch, Family::TransactionWatch] {
			assert!(family.is_last(render(family, &WatchEvent::Dropped).as_bytes()));
			let retracted = render(family, &WatchEvent::Retracted([1; 32]));
			assert!(!family.is_last(retracted.as_bytes()));
		}
	}
}

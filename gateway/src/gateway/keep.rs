// SPDX-License-Identifier: Apache-2.0

//! Answers that go into the cache, and for how long.

use super::{call::Prepared, fetch::Fetched, network::Network};
use crate::{
	cache::Validity,
	routing::Judgement,
	rpc::{
		self, BlockHash, CachePolicy,
		json::{self, member, quantity},
	},
};
use bytes::Bytes;
use std::time::{Duration, Instant};

/// Time for which a constant of a network is kept: a wrong one must not last forever.
const CONSTANT: Duration = Duration::from_secs(600);
/// Shortest time for which an answer of the head is kept if no block comes.
const LEAST_HEAD: Duration = Duration::from_secs(2);

/// Result and validity of an answer that may be kept. Errors and results without data never are.
pub(super) fn keep(
	network: &Network,
	prepared: &Prepared,
	fetched: &Fetched,
	now: Instant,
) -> Option<(Bytes, Validity)> {
	if fetched.judgement != Judgement::Found {
		return None;
	}
	let result = rpc::answer(&fetched.body)?.result?;
	let after = |time: Duration| now.checked_add(time);
	let validity = match prepared.method.cache {
		CachePolicy::Never => return None,
		CachePolicy::Forever => Validity::Until(after(CONSTANT)?),
		CachePolicy::Hash => Validity::Always,
		CachePolicy::Block if prepared.by_hash => Validity::Always,
		CachePolicy::Block => {
			let number = prepared.number?;
			let validity = at_block(network, number, prepared.hash)?;
			// The answer itself may be of another fork than the one agreed on.
			match (validity, hash_in(result, number)) {
				(Validity::Block { hash, .. }, Some(other)) if hash != other => return None,
				_ => validity,
			}
		},
		CachePolicy::Answer => {
			let (number, hash) = block_in(result)?;
			match network.heads.hash_at(number) {
				Some(known) if known == hash => Validity::Block { number, hash },
				Some(_) => return None,
				None if is_final(network, number) => Validity::Always,
				None => return None,
			}
		},
		CachePolicy::Head => {
			let number = prepared.tip?;
			let time = network.block_time().saturating_mul(2).max(LEAST_HEAD);
			Validity::Head { number, until: after(time)? }
		},
	};
	// A copy: the answer's own memory is not kept for as long as the cache keeps the result.
	Some((Bytes::copy_from_slice(result), validity))
}

/// Validity of an answer at a height: the hash must be the same as when the call was sent.
fn at_block(network: &Network, number: u64, before: Option<BlockHash>) -> Option<Validity> {
	match (before, network.heads.hash_at(number)) {
		(Some(before), Some(hash)) if before == hash => Some(Validity::Block { number, hash }),
		(None, None) if is_final(network, number) => Some(Validity::Always),
		_ => None,
	}
}

fn is_final(network: &Network, number: u64) -> bool {
	network.heads.finalized().is_some_and(|finalized| number <= finalized)
}

/// Hash that a result says the block of this number has, if it is a block or part of one.
fn hash_in(result: &[u8], number: u64) -> Option<BlockHash> {
	let own = member(result, b"number").and_then(quantity) == Some(number);
	let name: &[u8] = if own { b"hash" } else { b"blockHash" };
	json::hash(member(result, name)?)
}

/// Number and hash of the block that a result is of.
fn block_in(result: &[u8]) -> Option<(u64, BlockHash)> {
	let number = quantity(member(result, b"blockNumber")?)?;
	Some((number, json::hash(member(result, b"blockHash")?)?))
}

/// Number of the block that an answer names, for the session.
pub(super) fn block_of(prepared: &Prepared, fetched: &Fetched) -> Option<u64> {
	if prepared.method.cache != CachePolicy::Answer || fetched.judgement != Judgement::Found {
		return None;
	}
	block_in(member(&fetched.body, b"result")?).map(|(number, _)| number)
}

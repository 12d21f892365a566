// SPDX-License-Identifier: Apache-2.0

//! Reports of validators that author two blocks in one slot.
//!
//! `sc-consensus-babe` 0.60 reports them too, from headers whose seals it has cut off, which the
//! runtime refuses as a proof. Its report would take the place of the right one in the pool, so it
//! is discarded ([`Discard`]).

use crate::client::{FullClient, FullPool};
use futures::StreamExt;
use sc_client_api::{BlockchainEvents, HeaderBackend};
use sc_consensus_babe::find_pre_digest;
use sc_transaction_pool_api::{LocalTransactionPool, OffchainTransactionPoolFactory, error::Error};
use sp_api::{ApiError, ApiExt, ProvideRuntimeApi};
use sp_consensus_babe::{
	AuthorityId, AuthorityIndex, BabeApi, EquivocationProof, OpaqueKeyOwnershipProof, Slot,
};
use sp_runtime::traits::Header as _;
use std::{collections::BTreeMap, sync::Arc};
use surety_runtime::opaque::{Block, Header};

/// Slots whose headers are kept. A block that arrives later than that is not compared.
const SLOTS_KEPT: usize = 128;

/// Pool that takes transactions and forgets them.
pub struct Discard;

impl LocalTransactionPool for Discard {
	type Block = Block;
	type Hash = surety_runtime::Hash;
	type Error = Error;

	fn submit_local(
		&self,
		_: surety_runtime::Hash,
		_: <Block as sp_runtime::traits::Block>::Extrinsic,
	) -> Result<surety_runtime::Hash, Error> {
		Ok(Default::default())
	}
}

/// Sealed headers of the last slots, the first that each authority made.
#[derive(Default)]
struct Seen(BTreeMap<Slot, BTreeMap<AuthorityIndex, (Header, Reported)>>);

/// True once the authority was reported for the slot.
type Reported = bool;

impl Seen {
	/// Note a header. Returns the first one of its author in its slot if that is another one, once
	/// per slot.
	fn note(&mut self, slot: Slot, author: AuthorityIndex, header: &Header) -> Option<Header> {
		let headers = self.0.entry(slot).or_default();
		let (first, reported) = headers.entry(author).or_insert_with(|| (header.clone(), false));
		let is_new = first != header && !*reported;
		*reported |= is_new;
		let first = is_new.then(|| first.clone());
		while self.0.len() > SLOTS_KEPT {
			self.0.pop_first();
		}
		first
	}
}

/// Compare all blocks that are imported, and report equivocations to the runtime.
pub async fn report(client: Arc<FullClient>, pool: Arc<FullPool>) {
	let pool = OffchainTransactionPoolFactory::new(pool);
	let mut seen = Seen::default();
	let mut blocks = client.every_import_notification_stream();
	while let Some(block) = blocks.next().await {
		let second = block.header;
		let Ok(digest) = find_pre_digest::<Block>(&second) else { continue };
		let (slot, author) = (digest.slot(), digest.authority_index());
		let Some(first) = seen.note(slot, author, &second) else { continue };
		match submit(&client, &pool, slot, author, first, second) {
			Ok(true) => log::info!("reported authority {author}: two blocks in slot {slot}"),
			Ok(false) => log::debug!("authority {author} of slot {slot} is in no known set"),
			Err(error) => log::warn!("authority {author} of slot {slot} is not reported: {error}"),
		}
	}
}

/// Submit a report. Returns false if no state has a proof that the author is a validator.
fn submit(
	client: &FullClient,
	pool: &OffchainTransactionPoolFactory<Block>,
	slot: Slot,
	author: AuthorityIndex,
	first: Header,
	second: Header,
) -> Result<bool, ApiError> {
	let (parent, best) = (*second.parent_hash(), client.info().best_hash);
	// The state of the parent knows the keys of the epoch, unless the slot begins the epoch.
	for at in [parent, best] {
		let Some((offender, proof)) = key_proof(client, at, slot, author)? else { continue };
		let equivocation =
			EquivocationProof { offender, slot, first_header: first, second_header: second };
		let mut api = client.runtime_api();
		api.register_extension(pool.offchain_transaction_pool(best));
		let submitted =
			api.submit_report_equivocation_unsigned_extrinsic(best, equivocation, proof)?;
		return Ok(submitted.is_some());
	}
	Ok(false)
}

/// Key of an author, and the proof that it is a validator's, by the state of a block of the slot's
/// epoch.
fn key_proof(
	client: &FullClient,
	at: surety_runtime::Hash,
	slot: Slot,
	author: AuthorityIndex,
) -> Result<Option<(AuthorityId, OpaqueKeyOwnershipProof)>, ApiError> {
	let api = client.runtime_api();
	let epoch = api.current_epoch(at)?;
	let in_epoch = u64::from(slot).checked_sub(epoch.start_slot.into());
	if in_epoch.is_none_or(|slots| slots >= epoch.duration) {
		return Ok(None);
	}
	let index = usize::try_from(author).unwrap_or(usize::MAX);
	let Some((offender, _)) = epoch.authorities.get(index) else { return Ok(None) };
	let proof = api.generate_key_ownership_proof(at, slot, offender.clone())?;
	Ok(proof.map(|proof| (offender.clone(), proof)))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn header(number: u32) -> Header {
		Header::new(
			number,
			Default::default(),
			Default::default(),
			Default::default(),
			Default::default(),
		)
	}

	#[test]
	fn a_second_block_of_an_author_in_a_slot_is_returned_once() {
		let mut seen = Seen::default();
		let slot = Slot::from(7);
		assert_eq!(seen.note(slot, 0, &header(1)), None);
		assert_eq!(seen.note(slot, 0, &header(1)), None, "the same block again");
		assert_eq!(seen.note(slot, 1, &header(2)), None, "another author");
		assert_eq!(seen.note(Slot::from(8), 0, &header(3)), None, "another slot");
		assert_eq!(seen.note(slot, 0, &header(4)), Some(header(1)));
		assert_eq!(seen.note(slot, 0, &header(5)), None, "reported already");
	}

	#[test]
	fn old_slots_are_forgotten() {
		let mut seen = Seen::default();
		for slot in 0..=SLOTS_KEPT as u64 {
			assert_eq!(seen.note(Slot::from(slot), 0, &header(1)), None);
		}
		assert_eq!(seen.0.len(), SLOTS_KEPT);
		assert_eq!(seen.note(Slot::from(0), 0, &header(2)), None);
	}
}

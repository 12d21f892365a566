// SPDX-License-Identifier: Apache-2.0

//! Collection of a bundle from the states of a chain.

use super::{
	bundle::{Bundle, VERSION},
	chain::Chain,
	error::{Error, mismatch},
	fold::{self, JudgedRound},
	state::{ChainState, State},
	statement::Statement,
	verify::verify,
};
use codec::{Decode, Encode};
use frame_support::storage::StoragePrefixedMap;
use pallet_surety_sla::{self as sla, Breach};
use surety_primitives::{AgreementId, Target};
use surety_runtime::{BlockNumber, Runtime};

/// Collect and verify the evidence of breach `number` of a target. `at` is a block whose state has
/// the breach, by default the last finalized one.
///
/// The chain must have the states of two rounds after each round of the breach's window.
pub fn collect<C: Chain>(
	chain: &C,
	target: Target,
	number: u32,
	at: Option<BlockNumber>,
) -> Result<(Bundle, Statement), Error> {
	let at = at.unwrap_or_else(|| chain.finalized());
	let known = ChainState::new(chain, at);
	let known: &dyn State = &known;
	let breach: Option<Breach> =
		known.get(sla::Breaches::<Runtime>::hashed_key_for(target, number))?;
	let breach = breach.ok_or(Error::NoBreach(target, number, at))?;

	let blocks = counted_rounds(chain, target, &breach)?;
	let before = blocks.last().map(|round| round.block.saturating_sub(1));
	let before = before.ok_or_else(|| mismatch("no round counts"))?;
	let agreements = credited(chain, before, target, &breach)?;
	let rounds: Vec<ChainState<C>> =
		blocks.iter().map(|round| ChainState::new(chain, round.block.saturating_sub(1))).collect();
	let judged = ChainState::new(chain, before.saturating_add(1));
	// The proofs cover every key that is read here.
	let states: Vec<&dyn State> = rounds.iter().map(|state| -> &dyn State { state }).collect();
	fold::examine(chain.genesis(), target, number, &agreements, &states, &judged)?;
	let rounds = rounds.into_iter().map(ChainState::prove).collect::<Result<_, _>>()?;
	let (genesis, judged) = (chain.genesis(), judged.prove()?);
	let bundle = Bundle { version: VERSION, genesis, target, number, agreements, rounds, judged };
	let statement = verify(chain, &bundle.encode())?;
	Ok((bundle, statement))
}

/// Rounds up to the breach that count against the allowance.
fn counted_rounds<C: Chain>(
	chain: &C,
	target: Target,
	breach: &Breach,
) -> Result<Vec<JudgedRound>, Error> {
	let clock = fold::timings(&ChainState::new(chain, chain.finalized()))?;
	let mut counted: Vec<JudgedRound> = Vec::new();
	for round in breach.window.saturating_mul(clock.window_rounds.into())..=breach.round {
		let state = ChainState::new(chain, fold::counting_block(&clock, round));
		let Some(before) = fold::block_before_judging(&state, &clock, target, round)? else {
			continue;
		};
		let Some(judged) = fold::judge(&ChainState::new(chain, before), chain.genesis(), target)?
		else {
			continue;
		};
		// The counters restart when a target gets units again.
		counted.retain(|earlier| earlier.joined == judged.joined);
		if fold::counts(&judged, breach.kind) {
			counted.push(judged);
		}
	}
	Ok(counted)
}

/// Agreements that a breach credits, in ascending order.
fn credited<C: Chain>(
	chain: &C,
	before: BlockNumber,
	target: Target,
	breach: &Breach,
) -> Result<Vec<AgreementId>, Error> {
	let state = ChainState::new(chain, before);
	let mut credited = Vec::new();
	for key in chain.keys(before, &sla::Agreements::<Runtime>::final_prefix())? {
		// The hasher appends the plain id to the key.
		let id = key.get(key.len().saturating_sub(size_of::<AgreementId>())..).unwrap_or_default();
		let Ok(id) = AgreementId::decode(&mut &*id) else { continue };
		let Some(agreement) = fold::agreement_of(&state, id, target)? else { continue };
		if fold::base(&state, &agreement, breach)?.is_some() {
			credited.push(id);
		}
	}
	credited.sort_unstable();
	Ok(credited)
}

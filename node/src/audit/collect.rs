//! Collection of a bundle from the states of a chain.

use super::{
	Bundle, Chain, Error, Statement,
	bundle::VERSION,
	fold::{self, JudgedRound},
	mismatch,
	state::{Live, State},
	verify,
};
use codec::{Decode, Encode};
use frame_support::storage::StoragePrefixedMap;
use pallet_surety_sla::{self as sla, Breach};
use surety_primitives::{AgreementId, ServiceId};
use surety_runtime::{BlockNumber, Runtime};

/// Collect what breach `number` of a service follows from, and verify it. `at` is a block that remembers the
/// breach, the last finalized one if left out.
///
/// It needs the states of two rounds after each round of the breach's window.
pub fn collect<C: Chain>(
	chain: &C,
	service: ServiceId,
	number: u32,
	at: Option<BlockNumber>,
) -> Result<(Bundle, Statement), Error> {
	let at = at.unwrap_or_else(|| chain.finalized());
	let known = Live::new(chain, at);
	let known: &dyn State = &known;
	let breach: Option<Breach> =
		known.get(sla::Breaches::<Runtime>::hashed_key_for(service, number))?;
	let breach = breach.ok_or(Error::NoBreach(service, number, at))?;

	let blocks = counted_rounds(chain, service, &breach)?;
	let before = blocks.last().map(|round| round.block.saturating_sub(1));
	let before = before.ok_or_else(|| mismatch("no round counts"))?;
	let agreements = credited(chain, before, service, &breach)?;
	let rounds: Vec<Live<C>> =
		blocks.iter().map(|round| Live::new(chain, round.block.saturating_sub(1))).collect();
	let judged = Live::new(chain, before.saturating_add(1));
	// Every key that this reads goes into the proofs.
	let states: Vec<&dyn State> = rounds.iter().map(|state| -> &dyn State { state }).collect();
	fold::examine(chain.genesis(), service, number, &agreements, &states, &judged)?;
	let rounds = rounds.into_iter().map(Live::prove).collect::<Result<_, _>>()?;
	let (genesis, judged) = (chain.genesis(), judged.prove()?);
	let bundle = Bundle { version: VERSION, genesis, service, number, agreements, rounds, judged };
	let statement = verify(chain, &bundle.encode())?;
	Ok((bundle, statement))
}

/// The rounds up to the breach that count against its allowance.
fn counted_rounds<C: Chain>(
	chain: &C,
	service: ServiceId,
	breach: &Breach,
) -> Result<Vec<JudgedRound>, Error> {
	let clock = fold::timings(&Live::new(chain, chain.finalized()))?;
	let mut counted: Vec<JudgedRound> = Vec::new();
	for round in breach.window.saturating_mul(clock.window_rounds.into())..=breach.round {
		let state = Live::new(chain, fold::counting_block(&clock, round));
		let Some(before) = fold::block_before_judging(&state, &clock, service, round)? else {
			continue;
		};
		let Some(judged) = fold::judge(&Live::new(chain, before), chain.genesis(), service)? else {
			continue;
		};
		// The counters begin anew when a service gets units again.
		counted.retain(|earlier| earlier.joined == judged.joined);
		if fold::counts(&judged, breach.kind) {
			counted.push(judged);
		}
	}
	Ok(counted)
}

/// The agreements that a breach credits, in rising order.
fn credited<C: Chain>(
	chain: &C,
	before: BlockNumber,
	service: ServiceId,
	breach: &Breach,
) -> Result<Vec<AgreementId>, Error> {
	let state = Live::new(chain, before);
	let mut credited = Vec::new();
	for key in chain.keys(before, &sla::Agreements::<Runtime>::final_prefix())? {
		// The hasher leaves the id readable at the end.
		let id = key.get(key.len().saturating_sub(size_of::<AgreementId>())..).unwrap_or_default();
		let Ok(id) = AgreementId::decode(&mut &*id) else { continue };
		let Some(agreement) = fold::agreement_of(&state, id, service)? else { continue };
		if fold::base(&state, &agreement, breach)?.is_some() {
			credited.push(id);
		}
	}
	credited.sort_unstable();
	Ok(credited)
}

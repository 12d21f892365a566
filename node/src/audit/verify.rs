//! Verification of a bundle against a node's own chain.

use super::{
	Bundle, Chain, Error, Statement,
	bundle::BlockProof,
	fold, mismatch,
	state::{Live, Proven, State},
};
use pallet_surety_probes::RevealRoots;
use surety_runtime::{Hash, Runtime};

/// Verify a bundle. The node needs the headers of the blocks in it, not their states.
pub fn verify<C: Chain>(chain: &C, bytes: &[u8]) -> Result<Statement, Error> {
	let bundle = Bundle::read(bytes)?;
	if bundle.genesis != chain.genesis() {
		return Err(Error::OtherChain);
	}
	let rounds =
		bundle.rounds.iter().map(|proof| proven(chain, proof)).collect::<Result<Vec<_>, _>>()?;
	let judged = proven(chain, &bundle.judged)?;
	let states: Vec<&dyn State> = rounds.iter().map(|state| -> &dyn State { state }).collect();
	let Bundle { genesis, service, number, ref agreements, .. } = bundle;
	let facts = fold::examine(genesis, service, number, agreements, &states, &judged)?;
	rounds.into_iter().chain([judged]).try_for_each(Proven::finish)?;
	// The node's own memory of the roots, as long as it goes back.
	let now = Live::new(chain, chain.finalized());
	let now: &dyn State = &now;
	for round in &facts.rounds {
		let root: Option<Hash> = now.get(RevealRoots::<Runtime>::hashed_key_for(round.round))?;
		if root.is_some_and(|root| root != round.root) {
			return Err(mismatch(format!("the chain keeps another root of round {}", round.round)));
		}
	}
	Ok(Statement::of(&facts, genesis))
}

/// The state that a proof shows, if its block is a finalized one of the chain.
fn proven<C: Chain>(chain: &C, proof: &BlockProof) -> Result<Proven, Error> {
	if proof.block > chain.finalized() {
		return Err(Error::NotFinal(proof.block));
	}
	let header = chain.header(proof.block)?;
	if header.hash() != proof.hash {
		return Err(Error::OtherBlock(proof.block));
	}
	Proven::new(header.state_root, proof)
}

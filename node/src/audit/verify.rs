// SPDX-License-Identifier: Apache-2.0

//! Verification of a bundle against the node's own chain.

use super::{
	bundle::{BlockProof, Bundle},
	chain::Chain,
	error::{Error, mismatch},
	fold,
	state::{ChainState, ProvenState, State},
	statement::Statement,
};
use pallet_surety_probes::RevealRoots;
use surety_runtime::{Hash, Runtime};

/// Verify a bundle. The node needs the headers of its blocks, but not their states.
pub fn verify<C: Chain>(chain: &C, bytes: &[u8]) -> Result<Statement, Error> {
	let bundle = Bundle::read(bytes)?;
	if bundle.genesis != chain.genesis() {
		return Err(Error::OtherChain);
	}
	let rounds =
		bundle.rounds.iter().map(|proof| proven(chain, proof)).collect::<Result<Vec<_>, _>>()?;
	let judged = proven(chain, &bundle.judged)?;
	let states: Vec<&dyn State> = rounds.iter().map(|state| -> &dyn State { state }).collect();
	let Bundle { genesis, target, number, ref agreements, .. } = bundle;
	let facts = fold::examine(genesis, target, number, agreements, &states, &judged)?;
	rounds.into_iter().chain([judged]).try_for_each(ProvenState::finish)?;
	// Roots that the chain still stores must match.
	let now = ChainState::new(chain, chain.finalized());
	let now: &dyn State = &now;
	for round in &facts.rounds {
		let root: Option<Hash> = now.get(RevealRoots::<Runtime>::hashed_key_for(round.round))?;
		if root.is_some_and(|root| root != round.root) {
			return Err(mismatch(format!("the chain keeps another root of round {}", round.round)));
		}
	}
	Ok(Statement::of(&facts, genesis))
}

/// State shown by a proof, if its block is finalized.
fn proven<C: Chain>(chain: &C, proof: &BlockProof) -> Result<ProvenState, Error> {
	if proof.block > chain.finalized() {
		return Err(Error::NotFinal(proof.block));
	}
	let header = chain.header(proof.block)?;
	if header.hash() != proof.hash {
		return Err(Error::OtherBlock(proof.block));
	}
	ProvenState::new(header.state_root, proof)
}

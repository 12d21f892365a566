// SPDX-License-Identifier: Apache-2.0

//! Comparison of a recorded breach with the repeated judgement.

use crate::audit::{
	error::{Error, mismatch},
	state::State,
};
use pallet_surety_sla::{self as sla, Breach, TargetState, allowance_of, demanded, raised};
use pallet_surety_timing::types::Timings;
use sp_runtime::traits::{Saturating, Zero};
use surety_primitives::{
	AgreementId, Balance, Service, SlaTerms, Target, TierReached, WindowShare, credit::cost_of,
};
use surety_runtime::{AccountId, Hash, Runtime};

use super::{
	credit::{Credit, credit},
	round::{JudgedRound, counts, judge, listing, timings},
};

/// A breach and the facts that it follows from.
#[derive(Clone, Debug)]
pub struct Facts {
	/// Timing parameters of the chain.
	pub clock: Timings,
	/// Service or lease in breach.
	pub target: Target,
	/// Number of the breach.
	pub number: u32,
	/// Listing of the target.
	pub listing: Service<AccountId>,
	/// Breach as recorded by the chain.
	pub breach: Breach,
	/// Rounds that count against the allowance, in order.
	pub rounds: Vec<JudgedRound>,
	/// Credit demanded by tier and multiplier, limited by the cover, in base units.
	pub cost: Balance,
	/// Penalty on the credited amount, in base units.
	pub penalty: Balance,
	/// Credits of the agreements.
	pub credits: Vec<Credit>,
}

/// Judge a breach again and compare it with the record, field by field.
///
/// `rounds` are the states before the blocks that judged the counted rounds, `judged` is the state
/// after the last of these blocks, and `agreements` are the credited ones.
pub fn examine(
	genesis: Hash,
	target: Target,
	number: u32,
	agreements: &[AgreementId],
	rounds: &[&dyn State],
	judged: &dyn State,
) -> Result<Facts, Error> {
	let state = *rounds.last().ok_or_else(|| mismatch("no round counts"))?;
	let record = sla::Breaches::<Runtime>::hashed_key_for(target, number);
	let breach: Breach = judged.require(&record, "breach of this target and number")?;
	let known: Option<Breach> = state.get(&record)?;
	equal("block that recorded the breach", known.is_none(), true)?;
	equal("block that judged", state.block().saturating_add(1), judged.block())?;
	let clock = timings(state)?;
	let listing = listing(state, target)?;

	let rounds = rounds.iter().map(|state| judge_counted(*state, genesis, target));
	let rounds = rounds.collect::<Result<Vec<JudgedRound>, Error>>()?;
	let last = check_counts(&rounds, &breach)?;
	let tier = last.tiers.iter().find(|found| found.kind == breach.kind);
	let tier = tier.ok_or_else(|| mismatch("no tier was passed"))?;
	compare(&breach, tier)?;
	equal("demanded credit", breach.demanded, demanded(&listing.terms, tier))?;

	let window_blocks =
		Balance::from(clock.round_blocks).saturating_mul(clock.window_rounds.into());
	let price = |rate: Balance| rate.checked_mul(window_blocks).unwrap_or(Balance::MAX);
	let key = sla::Targets::<Runtime>::hashed_key_for(target);
	let sold: [TargetState; 2] =
		[state.require(&key, "agreements")?, judged.require(&key, "agreements")?];
	let (cost, penalty) = check_money(&listing.terms, &breach, price(breach.rate), &sold)?;
	if !agreements.is_sorted_by(|a, b| a < b) {
		return Err(mismatch("the agreements are not in order"));
	}
	let credits = agreements
		.iter()
		.map(|id| credit(state, &clock, *id, target, &breach, &last.meter, &price));
	let credits = credits.collect::<Result<Vec<Credit>, Error>>()?;
	// The sum of the rates shows that no agreement is missing.
	let rates = credits.iter().fold(0, |sum: Balance, credit| sum.saturating_add(credit.rate));
	equal("sum of the rates", breach.rate, rates)?;
	Ok(Facts { clock, target, number, listing, breach, rounds, cost, penalty, credits })
}

/// Judge a round that must have been judged.
fn judge_counted(state: &dyn State, genesis: Hash, target: Target) -> Result<JudgedRound, Error> {
	let block = state.block().saturating_add(1);
	let round = judge(state, genesis, target)?;
	round.ok_or_else(|| mismatch(format!("block {block} does not judge the target")))
}

/// Compare the index, the credit and the penalty of a breach with the target's state before and
/// after the block. Returns the credit and the penalty that are due.
fn check_money(
	terms: &SlaTerms,
	breach: &Breach,
	price: Balance,
	[before, after]: &[TargetState; 2],
) -> Result<(Balance, Balance), Error> {
	equal("index before", breach.index_before, before.index)?;
	let cost = cost(terms, breach, price);
	if breach.credited > cost {
		return Err(mismatch(format!("{} were credited, {cost} are due", breach.credited)));
	}
	let index = raised(breach.index_before, rise(terms, breach), cost, breach.credited);
	equal("index after", breach.index_after, index)?;
	equal("index after the block", breach.index_after, after.index)?;
	let penalty = after.penalty_share.mul_floor(breach.credited);
	if breach.penalty > penalty {
		let taken = breach.penalty;
		return Err(mismatch(format!("a penalty of {taken} was taken, {penalty} is due")));
	}
	Ok((cost, penalty))
}

fn equal<T: PartialEq + std::fmt::Debug>(name: &str, recorded: T, found: T) -> Result<(), Error> {
	if recorded == found {
		Ok(())
	} else {
		Err(mismatch(format!("{name}: {recorded:?} recorded, {found:?} found")))
	}
}

/// Check that no counted round is missing: each round starts with the count that the previous one
/// left. Returns the last round.
fn check_counts<'a>(rounds: &'a [JudgedRound], breach: &Breach) -> Result<&'a JudgedRound, Error> {
	let last = rounds.last().ok_or_else(|| mismatch("no round counts"))?;
	for (count, round) in (0u16..).zip(rounds) {
		if !counts(round, breach.kind) {
			return Err(mismatch(format!("round {} does not count", round.round)));
		}
		equal("rounds counted before", round.before.against(breach.kind), count)?;
		equal("window of a counted round", round.window, breach.window)?;
		equal("first round of the units", round.joined, last.joined)?;
	}
	Ok(last)
}

/// Compare the record of a breach with the tier that was found.
fn compare(breach: &Breach, found: &TierReached) -> Result<(), Error> {
	equal("window", breach.window, found.window)?;
	equal("round", breach.round, found.round)?;
	equal("kind", breach.kind, found.kind)?;
	equal("tier before", breach.before, found.before)?;
	equal("tier", breach.severity, found.severity)?;
	equal("counters", breach.counters, found.counters)?;
	equal("allowance", breach.allowance, allowance_of(found))?;
	equal("multiplier", breach.multiplier, found.terms.multiplier.max(1))
}

/// Rise of the index that a breach demands, limited by the remaining cover.
fn rise(terms: &SlaTerms, breach: &Breach) -> WindowShare {
	if breach.rate == 0 {
		return WindowShare::zero();
	}
	breach.demanded.min(terms.cover.saturating_sub(breach.index_before))
}

/// Cost of that rise in base units. `price` is the price per window of the agreements that count.
fn cost(terms: &SlaTerms, breach: &Breach, price: Balance) -> Balance {
	cost_of(price, rise(terms, breach)).unwrap_or(Balance::MAX)
}

// SPDX-License-Identifier: Apache-2.0

//! Choice of a service for one request.
//!
//! Services that can't serve the request are left out; of the others, the better of two random
//! ones is taken. The cost is `max(latency x (pending + 1), penalty) x price / score`.

use super::{
	breaker::Gate,
	random::Random,
	service::{Figures, LoadClass, ServiceState},
};
use std::{
	sync::Arc,
	time::{Duration, Instant},
};

/// Account of an operator's bond: what makes two operators different.
pub type Account = [u8; 32];

/// Service that may be chosen.
#[derive(Clone, Debug)]
pub struct Candidate {
	/// Account of the operator's bond.
	pub account: Account,
	/// Price of a unit relative to the others, such as base units per block.
	pub price: f64,
	/// Score of the service on the chain, from 0 to 1.
	pub score: f64,
	/// True if the service is in a region that is preferred, or none is.
	pub near: bool,
	/// True if the service is ranked down: the chain calls it discrepant.
	pub discrepant: bool,
	/// Most blocks behind the served tip.
	pub max_lag: u64,
	/// Measurements.
	pub state: Arc<ServiceState>,
}

/// Rules of the choice.
#[derive(Clone, Copy, Debug)]
pub struct ChoiceSettings {
	/// Lowest score.
	pub score_floor: f64,
	/// Share of traffic that each operator gets at least.
	pub floor: f64,
	/// Share of traffic that each operator gets at most, unless the others are much worse.
	pub cap: f64,
	/// Factor of cost above which another service is much worse.
	pub much_worse: f64,
	/// Requests within the span of the shares, below which floor and cap don't apply.
	pub least: u32,
}

impl Default for ChoiceSettings {
	fn default() -> Self {
		Self { score_floor: 0.5, floor: 0.01, cap: 0.65, much_worse: 3.0, least: 40 }
	}
}

/// Needs of a request.
#[derive(Clone, Copy, Debug)]
pub struct Needs<'a> {
	/// Class of the method.
	pub class: LoadClass,
	/// Weight of the call.
	pub weight: u32,
	/// Height that the service must have reached.
	pub height: Option<u64>,
	/// Served tip of the network.
	pub tip: Option<u64>,
	/// Operators that must not be chosen: they have been asked already.
	pub without: &'a [Account],
	/// Candidate to prefer, by index: the one of the session's last request.
	pub sticky: Option<usize>,
	/// True if a copy of the request may be sent to a service under trial, its answer unused.
	pub mirror: bool,
}

/// Reason of a choice, for the answer's headers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
	/// Better of two.
	BetterOfTwo,
	/// The only one that can serve the request.
	Only,
	/// The one of the session's last request.
	Sticky,
	/// Next in line for its smallest share of traffic.
	Floor,
	/// The best one has reached its largest share of traffic.
	Cap,
	/// No service passes all filters: the best one of those with cover.
	Relaxed,
}

impl Reason {
	/// Name in headers and metrics.
	pub fn name(self) -> &'static str {
		match self {
			Self::BetterOfTwo => "better-of-two",
			Self::Only => "only",
			Self::Sticky => "sticky",
			Self::Floor => "floor",
			Self::Cap => "cap",
			Self::Relaxed => "relaxed",
		}
	}
}

/// Chosen service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Choice {
	/// Index of the candidate.
	pub index: usize,
	/// Reason.
	pub reason: Reason,
	/// Candidate to send a copy to: a service whose breaker is open is tried at no risk for the
	/// caller.
	pub mirror: Option<usize>,
}

/// No service can be chosen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoChoice {
	/// There is no candidate, or all have been asked.
	None,
	/// No agreement covers the call now.
	NoCover {
		/// Time until one does.
		wait: Duration,
	},
}

/// Candidate with what the choice depends on.
struct Rated {
	index: usize,
	account: Account,
	cost: f64,
	sent: u32,
	gate: Gate,
	fits: bool,
}

/// Choose a service.
///
/// Errors: [`NoChoice::None`] without candidates, [`NoChoice::NoCover`] if no agreement covers the
/// weight. Never for other reasons: filters that leave nothing are ignored.
///
/// Complexity: linear in the candidates, one lock for each.
pub fn choose(
	candidates: &[Candidate],
	needs: &Needs<'_>,
	settings: &ChoiceSettings,
	random: &Random,
	now: Instant,
) -> Result<Choice, NoChoice> {
	let mut wait: Option<Duration> = None;
	let mut rated = Vec::with_capacity(candidates.len());
	let mut figures = Vec::with_capacity(candidates.len());
	for (index, candidate) in candidates.iter().enumerate() {
		if needs.without.contains(&candidate.account) {
			continue;
		}
		let (until, headroom) = candidate.state.cover(needs.weight, now);
		if !until.is_zero() {
			wait = Some(wait.map_or(until, |wait| wait.min(until)));
			continue;
		}
		figures.push((index, candidate.state.figures(needs.class, now), headroom));
	}
	let guess = figures.iter().filter_map(|(_, figures, _)| figures.latency).reduce(f64::min);
	let cheapest = figures
		.iter()
		.filter_map(|(index, ..)| candidates.get(*index))
		.map(|candidate| candidate.price)
		.fold(f64::INFINITY, f64::min);
	for (index, figures, headroom) in &figures {
		let Some(candidate) = candidates.get(*index) else { continue };
		rated.push(Rated {
			index: *index,
			account: candidate.account,
			cost: cost(candidate, figures, *headroom, guess, cheapest),
			sent: figures.sent,
			gate: figures.gate,
			fits: fits(candidate, needs, settings),
		});
	}
	if rated.is_empty() {
		return Err(wait.map_or(NoChoice::None, |wait| NoChoice::NoCover { wait }));
	}
	Ok(pick(&rated, needs, settings, random))
}

/// Cost of a candidate in seconds.
fn cost(
	candidate: &Candidate,
	figures: &Figures,
	headroom: f64,
	guess: Option<f64>,
	cheapest: f64,
) -> f64 {
	// A service without a measurement is taken for as fast as the fastest, so that it gets one.
	let latency = figures.latency.or(guess).unwrap_or(0.05).max(0.000_05);
	let load = latency * (f64::from(figures.pending) + 1.0);
	// Relative to the cheapest and bounded: a price must not outweigh everything else.
	let price = if candidate.price > 0.0 && cheapest > 0.0 {
		(candidate.price / cheapest).clamp(1.0, 4.0)
	} else {
		1.0
	};
	// Scores are lower bounds: of a new operator it says nothing yet. Bounded like the price.
	let score = (0.25 + 0.75 * candidate.score.clamp(0.0, 1.0))
		* if candidate.discrepant { 0.25 } else { 1.0 };
	// Failures weigh more than their share, since each costs the caller a second attempt.
	let success = figures.success.clamp(0.05, 1.0).powi(4);
	load.max(figures.penalty) * price / (score * success * headroom.max(0.05))
}

/// True if a candidate passes the filters that may be ignored, apart from the breaker.
fn fits(candidate: &Candidate, needs: &Needs<'_>, settings: &ChoiceSettings) -> bool {
	let head = candidate.state.head();
	let reached = match (needs.height, head) {
		(Some(height), Some(head)) => head >= height,
		_ => true,
	};
	let current = match (needs.tip, head) {
		(Some(tip), Some(head)) => head.saturating_add(candidate.max_lag) >= tip,
		_ => true,
	};
	reached && current && candidate.near && candidate.score >= settings.score_floor
}

fn pick(rated: &[Rated], needs: &Needs<'_>, settings: &ChoiceSettings, random: &Random) -> Choice {
	let trial = rated.iter().find(|one| one.gate == Gate::Trial);
	let healthy: Vec<&Rated> =
		rated.iter().filter(|one| one.fits && one.gate == Gate::Closed).collect();
	let mut mirror = None;
	if needs.mirror && !healthy.is_empty() {
		mirror = trial.map(|one| one.index);
	}
	if healthy.is_empty() {
		// Never an empty pool. A breaker that is open outweighs the other filters.
		let pool: Vec<&Rated> = match rated.iter().filter(|one| one.gate != Gate::Open).collect() {
			pool if !Vec::is_empty(&pool) => pool,
			_ => rated.iter().collect(),
		};
		let index = cheapest(&pool).map_or(0, |one| one.index);
		return Choice { index, reason: Reason::Relaxed, mirror: None };
	}
	if let [only] = healthy.as_slice() {
		return Choice { index: only.index, reason: Reason::Only, mirror };
	}
	let best = cheapest(&healthy).map_or(f64::INFINITY, |one| one.cost);
	let near_best = |one: &Rated| one.cost <= best * settings.much_worse;
	if let Some(sticky) = healthy.iter().find(|one| needs.sticky == Some(one.index))
		&& near_best(sticky)
	{
		return Choice { index: sticky.index, reason: Reason::Sticky, mirror };
	}
	let total: u32 = rated.iter().fold(0, |sum, one| sum.saturating_add(one.sent));
	let shares = total >= settings.least;
	let share = |account: &Account| {
		let sent = rated
			.iter()
			.filter(|one| one.account == *account)
			.fold(0u32, |sum, one| sum.saturating_add(one.sent));
		f64::from(sent) / f64::from(total.max(1))
	};
	if shares && let Some(starved) = healthy.iter().find(|one| share(&one.account) < settings.floor)
	{
		// A much worse service gets its share in copies, so that no caller waits for it.
		if near_best(starved) {
			return Choice { index: starved.index, reason: Reason::Floor, mirror };
		}
		if needs.mirror && mirror.is_none() {
			mirror = Some(starved.index);
		}
	}
	let Some(winner) = better_of_two(&healthy, random).or_else(|| cheapest(&healthy)) else {
		return Choice { index: 0, reason: Reason::Relaxed, mirror: None };
	};
	if shares && share(&winner.account) > settings.cap {
		let others: Vec<&Rated> = healthy
			.iter()
			.copied()
			.filter(|one| one.account != winner.account && near_best(one))
			.collect();
		if let Some(other) = cheapest(&others) {
			return Choice { index: other.index, reason: Reason::Cap, mirror };
		}
	}
	Choice { index: winner.index, reason: Reason::BetterOfTwo, mirror }
}

fn cheapest<'a>(pool: &[&'a Rated]) -> Option<&'a Rated> {
	pool.iter().copied().min_by(|a, b| a.cost.total_cmp(&b.cost))
}

/// Cheaper of two different random ones.
fn better_of_two<'a>(pool: &[&'a Rated], random: &Random) -> Option<&'a Rated> {
	let first = random.below(pool.len());
	let shift = random.below(pool.len().saturating_sub(1)).saturating_add(1);
	let second = first.saturating_add(shift).checked_rem(pool.len())?;
	let (a, b) = (pool.get(first)?, pool.get(second)?);
	Some(if b.cost < a.cost { b } else { a })
}

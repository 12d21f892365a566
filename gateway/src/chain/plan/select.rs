// SPDX-License-Identifier: Apache-2.0

//! Offers of the market, their ranking, and the reasons against them.

use super::{Memory, Rules, Wish};
use crate::chain::{Market, ServiceView};
use sp_runtime::AccountId32;
use std::{collections::BTreeMap, fmt};
use surety_primitives::{AssetId, Balance, ServiceClass, ServiceId};

/// Age of the last verdict in rounds up to which a service can be bought, with two rounds to spare
/// for the transaction: the chain takes 8.
const FRESH_ROUNDS: u32 = 6;
/// Lowest score that the ranking tells apart.
const LEAST_SCORE: u8 = 5;

/// An offer with its place in the ranking.
#[derive(Clone, Debug)]
pub(super) struct Ranked {
	pub service: ServiceId,
	pub operator: AccountId32,
	pub price: Balance,
	pub score: u8,
	pub reliability: u8,
	pub region: String,
	pub units_left: u32,
	pub is_discrepant: bool,
	/// True if it can be bought now; otherwise a fresh verdict is needed first.
	pub is_fresh: bool,
	cost: Balance,
}

/// Reason against an offer.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Refusal {
	Own,
	OtherAsset,
	NotForSale,
	Region,
	Score,
	Price,
	SoldOut,
	Cover,
	Down,
	Avoided,
	Failing,
}

impl fmt::Display for Refusal {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Own => "own",
			Self::OtherAsset => "in another asset",
			Self::NotForSale => "not for sale",
			Self::Region => "in another region",
			Self::Score => "with too low a score",
			Self::Price => "too expensive",
			Self::SoldOut => "sold out",
			Self::Cover => "with too little cover",
			Self::Down => "not up",
			Self::Avoided => "avoided for some rounds",
			Self::Failing => "up for the validators, not for us",
		})
	}
}

/// Number of offers by the reason against them.
#[derive(Debug, Default)]
pub(super) struct Refusals(BTreeMap<Refusal, u32>);

impl fmt::Display for Refusals {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		if self.0.is_empty() {
			return f.write_str("none");
		}
		for (index, (reason, count)) in self.0.iter().enumerate() {
			let separator = if index == 0 { "" } else { ", " };
			write!(f, "{separator}{count} {reason}")?;
		}
		Ok(())
	}
}

/// Offers that a wish could buy.
pub(super) fn offers_for(
	market: &Market,
	wish: &Wish,
	rules: &Rules,
	memory: &Memory,
) -> (Vec<Ranked>, Refusals) {
	let mut offers = Vec::new();
	let mut refusals = Refusals::default();
	for view in market.services.values().filter(|view| wish.is_about(market, view)) {
		match offer(market, wish, rules, memory, view) {
			Ok(offer) => offers.push(offer),
			Err(reason) => {
				let count = refusals.0.entry(reason).or_default();
				*count = count.saturating_add(1);
			},
		}
	}
	(offers, refusals)
}

fn offer(
	market: &Market,
	wish: &Wish,
	rules: &Rules,
	memory: &Memory,
	view: &ServiceView,
) -> Result<Ranked, Refusal> {
	let summary = &view.summary;
	let listing = &summary.listing;
	let ensure = |holds: bool, refusal: Refusal| if holds { Ok(()) } else { Err(refusal) };
	ensure(listing.operator != rules.tenant, Refusal::Own)?;
	ensure(listing.asset == AssetId::Native, Refusal::OtherAsset)?;
	ensure(summary.open && listing.kind.class() != ServiceClass::Compute, Refusal::NotForSale)?;
	ensure(wish.regions.is_empty() || wish.regions.contains(&listing.region), Refusal::Region)?;
	ensure(summary.score >= wish.min_score, Refusal::Score)?;
	ensure(wish.max_price.is_none_or(|max| listing.price <= max), Refusal::Price)?;
	let status = view.status.as_ref();
	let coverable = status.map_or(u32::MAX, |status| status.coverable_units);
	let units_left = listing.capacity.saturating_sub(summary.units).min(coverable);
	ensure(units_left > 0, Refusal::SoldOut)?;
	let cover = status.map_or(listing.terms.cover, |status| status.cover);
	ensure(cover >= rules.min_cover, Refusal::Cover)?;
	let round = market.clock.round;
	let is_avoided = memory.avoided.get(&summary.id).is_some_and(|until| round < *until);
	ensure(!is_avoided, Refusal::Avoided)?;
	ensure(!memory.failing.contains(&summary.id), Refusal::Failing)?;
	// An idle service is probed in turns only, so an old verdict says little.
	let age = view.up_age(round);
	let is_fresh = age.is_some_and(|age| age <= FRESH_ROUNDS);
	let last = summary.last_verdict.map(|last| round.saturating_sub(last.round));
	let is_known_down = age.is_none() && last.is_some_and(|age| age <= FRESH_ROUNDS);
	ensure(!is_known_down, Refusal::Down)?;
	let is_discrepant = is_discrepant(view);
	Ok(Ranked {
		service: summary.id,
		operator: listing.operator.clone(),
		price: listing.price,
		score: summary.score,
		reliability: status.map_or(0, |status| status.reliability),
		region: String::from(listing.region),
		units_left,
		is_discrepant,
		is_fresh,
		cost: cost_of(listing.price, summary.score, is_discrepant),
	})
}

/// True if the usage of a service contradicts its verdicts.
pub(super) fn is_discrepant(view: &ServiceView) -> bool {
	view.summary.discrepant
}

/// Price weighted by quality: twice the score is worth four times the price, and a discrepant
/// service a quarter.
pub(super) fn cost_of(price: Balance, score: u8, is_discrepant: bool) -> Balance {
	let score = Balance::from(score.max(LEAST_SCORE));
	let quality = score.saturating_mul(score);
	let weighted = price.max(1).saturating_mul(10_000).checked_div(quality).unwrap_or(Balance::MAX);
	weighted.saturating_mul(if is_discrepant { 4 } else { 1 })
}

/// Offers by cost, the best first; of equal ones the oldest service.
pub(super) fn rank(mut offers: Vec<Ranked>) -> Vec<Ranked> {
	offers.sort_by_key(|offer| (offer.cost, offer.service));
	offers
}

// SPDX-License-Identifier: Apache-2.0

//! Decisions to buy: a pure function of the market, the wishes and the amounts spent.
//!
//! Of the agreements that exist, the best ones that fulfil a wish are kept and topped up. What is
//! missing is bought: first from operators without an agreement, by price and quality. A wish is
//! fulfilled if it has its number of operators, and its rate even without its largest operator.

mod select;
#[cfg(test)]
mod tests;
mod types;

use super::Market;
use crate::config::Sure;
use select::{Ranked, Refusals, offers_for, rank};
use sp_runtime::AccountId32;
use std::collections::BTreeMap;
use surety_primitives::Balance;
pub use types::*;

/// Most agreements that one plan opens for a wish. The next round goes on.
const MAX_OPENED: usize = 4;
/// Most fresh verdicts that one plan asks for.
const MAX_PROBES: usize = 2;

/// Plan the purchases of a round. Never takes more than the rules allow.
pub fn plan(market: &Market, wishes: &[Wish], rules: &Rules, memory: &Memory) -> Plan {
	let mut plan = Planner::new(market, rules, memory);
	plan.count_existing(wishes);
	for wish in wishes {
		plan.keep(wish);
	}
	for wish in wishes {
		plan.fulfil(wish);
	}
	plan.plan
}

/// Amounts that may still be taken, and the decisions so far.
struct Planner<'a> {
	market: &'a Market,
	rules: &'a Rules,
	memory: &'a Memory,
	/// Left of the budget in all.
	left: Balance,
	/// Left of the budget of a window, beside the agreements that exist.
	window_left: Balance,
	/// Left of the budget of a window for agreements that are kept.
	keep_left: Balance,
	/// Units by operator that each wish keeps.
	kept: BTreeMap<String, BTreeMap<AccountId32, u32>>,
	plan: Plan,
}

impl<'a> Planner<'a> {
	fn new(market: &'a Market, rules: &'a Rules, memory: &'a Memory) -> Self {
		let per_window = rules.per_window.min(rules.total);
		Self {
			market,
			rules,
			memory,
			left: rules.total.saturating_sub(memory.committed),
			window_left: per_window,
			keep_left: per_window,
			kept: BTreeMap::new(),
			plan: Plan::default(),
		}
	}

	/// Take the cost of every agreement that exists from the budget of a window, those that run out
	/// included.
	fn count_existing(&mut self, wishes: &[Wish]) {
		for agreement in self.market.agreements.values() {
			let view = agreement.target.service().and_then(|id| self.market.services.get(&id));
			let is_wished =
				view.is_some_and(|view| wishes.iter().any(|wish| wish.is_about(self.market, view)));
			if is_wished && self.market.is_live(agreement) {
				let cost = agreement.rate.saturating_mul(self.window_blocks());
				self.window_left = self.window_left.saturating_sub(cost);
			}
		}
	}

	fn note(&mut self, wish: &Wish, text: String) {
		self.plan.notes.push(format!("{}: {text}", wish.name));
	}

	fn window_blocks(&self) -> Balance {
		self.market.window_blocks().into()
	}

	/// Choose the agreements that fulfil a wish, and top them up.
	fn keep(&mut self, wish: &Wish) {
		let holdings = self.rank_holdings(wish);
		let operators: BTreeMap<_, _> =
			holdings.iter().map(|held| (held.operator.clone(), ())).collect();
		let reachable = u32::try_from(operators.len()).unwrap_or(u32::MAX).min(wish.operators);
		let mut kept: BTreeMap<AccountId32, u32> = BTreeMap::new();
		for held in holdings {
			if wish.is_fulfilled(&kept, reachable) {
				let agreement = held.agreement;
				self.note(wish, format!("agreement {agreement} is not needed: it runs out"));
				continue;
			}
			let cost = held.rate.saturating_mul(self.window_blocks());
			if cost > self.keep_left {
				let (agreement, cost) = (held.agreement, Sure(cost));
				let left = Sure(self.keep_left);
				let text = format!(
					"agreement {agreement} runs out: it costs {cost} SURE a window, and {left} are left"
				);
				self.note(wish, text);
				continue;
			}
			self.keep_left = self.keep_left.saturating_sub(cost);
			let units = kept.entry(held.operator.clone()).or_default();
			*units = units.saturating_add(held.units);
			self.top_up(wish, &held);
		}
		self.kept.insert(wish.name.clone(), kept);
	}

	/// Usable agreements of a wish, the best first.
	fn rank_holdings(&mut self, wish: &Wish) -> Vec<Holding> {
		let mut holdings = Vec::new();
		let agreements: Vec<_> = self.market.agreements.values().collect();
		for agreement in agreements {
			let Some(view) =
				agreement.target.service().and_then(|id| self.market.services.get(&id))
			else {
				continue;
			};
			if !wish.is_about(self.market, view) {
				continue;
			}
			match Holding::usable(self.market, wish, self.memory, agreement, view) {
				Ok(holding) => holdings.push(holding),
				Err(reason) => self.note(wish, format!("agreement {}: {reason}", agreement.id)),
			}
		}
		holdings.sort_by_key(|held| (held.cost, held.agreement));
		holdings
	}

	fn top_up(&mut self, wish: &Wish, held: &Holding) {
		let percent = u64::from(self.rules.top_up_percent);
		let window = u64::from(self.market.window_blocks());
		let threshold = window.saturating_mul(percent).checked_div(100).unwrap_or(0);
		if u64::from(held.blocks_left) >= threshold || held.rate == 0 {
			return;
		}
		let target = window.saturating_mul(self.rules.prepay_windows.into());
		let blocks = target.saturating_sub(held.blocks_left.into());
		let wanted = held.rate.saturating_mul(blocks.into());
		let affordable = self.left.checked_div(held.rate).unwrap_or(0).min(blocks.into());
		let amount = held.rate.saturating_mul(affordable).min(wanted);
		let round = held.rate.saturating_mul(self.market.clock.round_blocks.into());
		if amount < round || amount == 0 {
			let agreement = held.agreement;
			let left = Sure(self.left);
			let text = format!(
				"agreement {agreement} cannot be topped up: {left} SURE are left of the budget"
			);
			self.note(wish, text);
			return;
		}
		self.left = self.left.saturating_sub(amount);
		let because = format!(
			"{}: {} blocks are left of the deposit, under {} % of a window; {} SURE for {} more",
			wish.name,
			held.blocks_left,
			self.rules.top_up_percent,
			Sure(amount),
			affordable,
		);
		let action = Action::TopUp { agreement: held.agreement, amount };
		self.plan.decisions.push(Decision { wish: wish.name.clone(), action, because });
	}

	/// Buy what a wish is missing.
	fn fulfil(&mut self, wish: &Wish) {
		let mut kept = self.kept.remove(&wish.name).unwrap_or_default();
		let (offers, refusals) = offers_for(self.market, wish, self.rules, self.memory);
		let mut ranked = rank(offers);
		let is_fresh = |offer: &&Ranked| offer.is_fresh;
		let sellers = ranked.iter().filter(is_fresh).map(|offer| offer.operator.clone());
		let reachable: BTreeMap<_, _> =
			sellers.chain(kept.keys().cloned()).map(|operator| (operator, ())).collect();
		let reachable = u32::try_from(reachable.len()).unwrap_or(u32::MAX).min(wish.operators);
		let mut opened = 0usize;
		while !wish.is_fulfilled(&kept, reachable) && opened < MAX_OPENED {
			let Some(at) = self.next_offer(wish, &kept, reachable, &ranked) else { break };
			let offer = ranked.remove(at);
			let bought = self.open(wish, &kept, reachable, &offer, ranked.first(), &refusals);
			let units = kept.entry(offer.operator.clone()).or_default();
			*units = units.saturating_add(bought);
			opened = opened.saturating_add(1);
		}
		// Operators that could serve, but whose last verdict is too old to buy from them.
		let missing = !wish.is_fulfilled(&kept, wish.operators);
		let stale =
			ranked.iter().filter(|offer| !offer.is_fresh && !kept.contains_key(&offer.operator));
		let is_probed = |service| {
			let until = self.memory.probed.get(&service);
			until.is_some_and(|until| self.market.clock.round < *until)
		};
		let stale = stale.map(|offer| offer.service).filter(|service| !is_probed(*service));
		let probes: Vec<_> = stale.take(MAX_PROBES).collect();
		for service in probes.into_iter().filter(|_| missing) {
			let because = format!("{}: the last verdict is too old to buy", wish.name);
			let action = Action::RequestProbe { service };
			self.plan.decisions.push(Decision { wish: wish.name.clone(), action, because });
		}
		if missing && opened == 0 {
			let have = kept.len();
			let text = format!(
				"{have} of {} operators, {} of {} units; refused offers: {refusals}",
				wish.operators,
				kept.values().fold(0u32, |sum, units| sum.saturating_add(*units)),
				wish.units,
			);
			self.note(wish, text);
		}
	}

	/// Best offer of which at least one unit can be paid: of a new operator while one can be had,
	/// then of any.
	fn next_offer(
		&self,
		wish: &Wish,
		kept: &BTreeMap<AccountId32, u32>,
		reachable: u32,
		ranked: &[Ranked],
	) -> Option<usize> {
		let can_buy =
			|offer: &Ranked| offer.is_fresh && self.units(wish, kept, reachable, offer) > 0;
		let is_new = |offer: &Ranked| !kept.contains_key(&offer.operator);
		let wants_new = u32::try_from(kept.len()).unwrap_or(u32::MAX) < reachable;
		let new = ranked.iter().position(|offer| wants_new && is_new(offer) && can_buy(offer));
		let wants_units = wish.missing_units(kept, reachable) > 0;
		new.or_else(|| ranked.iter().position(|offer| wants_units && can_buy(offer)))
	}

	/// Units to buy of an offer: those that are missing, as far as they are for sale and can be
	/// paid.
	fn units(
		&self,
		wish: &Wish,
		kept: &BTreeMap<AccountId32, u32>,
		reachable: u32,
		offer: &Ranked,
	) -> u32 {
		let wanted = wish.units_of_next(kept, reachable).min(offer.units_left);
		let window = offer.price.saturating_mul(self.window_blocks());
		if window == 0 {
			return wanted;
		}
		let deposits = self.left.saturating_sub(self.rules.minimum_balance);
		let by_window = self.window_left.checked_div(window).unwrap_or(0);
		let by_total = deposits.checked_div(window).unwrap_or(0);
		let payable = u32::try_from(by_window.min(by_total)).unwrap_or(u32::MAX);
		wanted.min(payable)
	}

	/// Decide to open an agreement. Gives its units, 0 if it cannot be paid.
	fn open(
		&mut self,
		wish: &Wish,
		kept: &BTreeMap<AccountId32, u32>,
		reachable: u32,
		offer: &Ranked,
		next: Option<&Ranked>,
		refusals: &Refusals,
	) -> u32 {
		let units = self.units(wish, kept, reachable, offer);
		let rate = offer.price.saturating_mul(units.into());
		let window = rate.saturating_mul(self.window_blocks());
		let least = window.saturating_add(self.rules.minimum_balance);
		let wished = window
			.saturating_mul(self.rules.prepay_windows.into())
			.saturating_add(self.rules.minimum_balance);
		let deposit = wished.min(self.left);
		if units == 0 || deposit < least {
			return 0;
		}
		self.left = self.left.saturating_sub(deposit);
		self.window_left = self.window_left.saturating_sub(window);
		let next = next.map_or(String::new(), |next| {
			format!(
				"; next best: service {} at {} SURE, score {}",
				next.service,
				Sure(next.price),
				next.score
			)
		});
		let because = format!(
			"{}: {} unit(s) for {} units with {} operator(s), at {} SURE per unit and block, score {}, \
			 reliability {}, {}{}{next}; refused offers: {refusals}; deposit {} SURE",
			wish.name,
			units,
			wish.units,
			reachable,
			Sure(offer.price),
			offer.score,
			offer.reliability,
			offer.region,
			if offer.is_discrepant { ", discrepant" } else { "" },
			Sure(deposit),
		);
		let action = Action::Open {
			service: offer.service,
			units,
			max_price: offer.price,
			deposit,
			min_cover: self.rules.min_cover,
		};
		self.plan.decisions.push(Decision { wish: wish.name.clone(), action, because });
		units
	}
}

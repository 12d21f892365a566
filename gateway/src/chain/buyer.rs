// SPDX-License-Identifier: Apache-2.0

//! Task that makes the planned purchases, one after the other, each until its outcome is final.

use super::{
	Chain, Market, Purse, PurseError, TransactionError, Transactions, open_agreement,
	plan::{Action, Decision, Memory, Plan, Product, Rules, Wish, plan},
	proxied, request_probe, top_up,
};
use crate::config::{GatewayConfig, Sure};
use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};
use sp_runtime::AccountId32;
use std::{
	collections::{BTreeMap, BTreeSet, VecDeque},
	path::PathBuf,
	sync::Arc,
};
use surety_primitives::{BlockNumber, RoundIndex, ServiceClass, ServiceId, Unit, WindowShare};
use tracing::{error, info, warn};

/// Decisions that the status remembers.
const REMEMBERED: usize = 32;
/// Rounds for which a service is left alone after a refusal that passes by itself.
const SHORT_PAUSE: u32 = 2;
/// Rounds for which a service is left alone after any other refusal, and purchases rest after one
/// that is not the service's.
const LONG_PAUSE: u32 = 10;
/// Rounds in a row in which a service does not answer us, after which it is replaced: an outage is
/// the validators' to find, and the market's to credit.
const FAILING_ROUNDS: u32 = 5;
/// Most times that the pause of a service doubles when it refuses again.
const MAX_DOUBLED: u32 = 8;
/// Blocks that the finalized block may advance while a transaction is built.
const SLACK: u32 = 16;

/// A decision with its outcome, as the status shows it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Purchase {
	/// Round in which it was decided.
	pub round: RoundIndex,
	/// Action, in words.
	pub action: String,
	/// Reason, in words.
	pub because: String,
	/// Outcome, in words.
	pub outcome: String,
}

/// State of purchases, as the status shows it. Amounts are in SURE.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BuyerReport {
	/// True if nothing is really bought.
	pub dry_run: bool,
	/// Budget in all.
	pub budget: Sure,
	/// Spent or on hold.
	pub committed: Sure,
	/// Cost of all agreements in a window.
	pub per_window: Sure,
	/// Reason why nothing is bought at all.
	pub stopped: Option<String>,
	/// Reasons against further purchases, by wish.
	pub notes: Vec<String>,
	/// Last decisions, the newest first.
	pub purchases: VecDeque<Purchase>,
}

/// Units that serve a rate of method-weighted requests per second.
fn units_for(rate: u32) -> u32 {
	match ServiceClass::Rpc.unit() {
		Unit::Rpc { requests_per_second, .. } => rate.div_ceil(requests_per_second.max(1)),
		_ => 1,
	}
}

/// Wishes of a configuration.
pub fn wishes(config: &GatewayConfig) -> Vec<Wish> {
	let networks = config.networks.iter().map(|network| Wish {
		name: network.name.clone(),
		product: Product::Network(network.name.clone()),
		units: units_for(network.rate),
		operators: network.operators,
		regions: network.regions.clone(),
		min_score: network.min_score,
		max_price: network.max_price.map(|price| price.0),
	});
	let models = config.models.iter().map(|model| Wish {
		name: model.name.clone(),
		product: Product::Model(model.name.clone()),
		units: model.units,
		operators: model.operators,
		regions: Vec::new(),
		min_score: 0,
		max_price: model.max_price.map(|price| price.0),
	});
	networks.chain(models).collect()
}

/// Rules of a configuration. The minimum balance is the chain's.
pub fn rules(config: &GatewayConfig, tenant: AccountId32) -> Rules {
	let budget = &config.budget;
	Rules {
		total: budget.total.0,
		per_window: budget.per_window.unwrap_or(budget.total).0,
		prepay_windows: budget.prepay_windows,
		top_up_percent: budget.top_up_percent,
		min_cover: WindowShare::from_rational(budget.min_cover_percent.into(), 100),
		minimum_balance: 0,
		tenant,
	}
}

/// Settings of a [`Buyer`].
pub struct BuyerSettings {
	/// Things to buy.
	pub wishes: Vec<Wish>,
	/// Bounds.
	pub rules: Rules,
	/// Sender with the key that signs.
	pub transactions: Arc<Transactions>,
	/// Directory of the purse.
	pub data: Option<PathBuf>,
	/// Explain only.
	pub dry_run: bool,
}

/// True for services that answer this tenant, false for those that do not. Without requests in the
/// last seconds a service is left out.
pub type Answering = Arc<ArcSwap<BTreeMap<ServiceId, bool>>>;

/// Buyer of agreements.
pub struct Buyer {
	chain: Arc<Chain>,
	settings: BuyerSettings,
	memory: Memory,
	/// Times that a service refused a purchase or fell silent since it last answered: each costs.
	refusals: BTreeMap<ServiceId, u32>,
	answering: Answering,
	/// Rounds in a row in which a service was up and did not answer us.
	silences: BTreeMap<ServiceId, u32>,
	purse: Option<Purse>,
	/// First round in which purchases go on after a refusal that is not a service's.
	rests_until: RoundIndex,
	report: Arc<ArcSwap<BuyerReport>>,
	noted: Vec<String>,
}

impl Buyer {
	/// Buyer on a chain.
	pub fn new(chain: Arc<Chain>, settings: BuyerSettings) -> Self {
		let report = BuyerReport {
			dry_run: settings.dry_run,
			budget: Sure(settings.rules.total),
			..BuyerReport::default()
		};
		Self {
			chain,
			settings,
			memory: Memory::default(),
			refusals: BTreeMap::new(),
			answering: Answering::default(),
			silences: BTreeMap::new(),
			purse: None,
			rests_until: 0,
			report: Arc::new(ArcSwap::from_pointee(report)),
			noted: Vec::new(),
		}
	}

	/// State of purchases, shared with the status.
	pub fn report(&self) -> Arc<ArcSwap<BuyerReport>> {
		self.report.clone()
	}

	/// Services that answer, to be kept up to date by who asks them.
	pub fn answering(&self) -> Answering {
		self.answering.clone()
	}

	/// Buy in every round, for ever.
	pub async fn run(mut self) {
		let mut rounds = self.chain.rounds();
		loop {
			if let Some(market) = self.chain.market() {
				self.round(&market).await;
			}
			if rounds.changed().await.is_err() {
				return;
			}
		}
	}

	async fn round(&mut self, market: &Market) {
		if let Err(reason) = self.prepare(market).await {
			self.stop(reason);
			return;
		}
		let Some(purse) = &mut self.purse else { return };
		let counted = counted(market, &self.settings.wishes);
		purse.observe(market, |id| counted.contains(&id));
		if let Err(error) = purse.save() {
			self.stop(error.to_string());
			return;
		}
		let is_pending = purse.is_pending();
		self.memory.committed = purse.committed();
		let round = market.clock.round;
		self.memory.avoided.retain(|_, until| *until > round);
		self.memory.probed.retain(|_, until| *until > round);
		self.listen(market);
		let plan = plan(market, &self.settings.wishes, &self.settings.rules, &self.memory);
		self.show(market, &plan);
		if self.settings.dry_run || is_pending || round < self.rests_until {
			return;
		}
		let mut has_bought = false;
		for decision in plan.decisions {
			let is_done = self.make(market, &decision).await;
			has_bought |= is_done;
			if !is_done && self.rests_until > round {
				break;
			}
		}
		if has_bought {
			self.chain.refresh();
		}
	}

	/// Count the rounds in which a service is up for the validators and silent for this tenant. One
	/// that serves probers alone keeps its verdicts, so nobody but its tenants can leave it.
	fn listen(&mut self, market: &Market) {
		let (round, answering) = (market.clock.round, self.answering.load_full());
		let is_up = |id: &ServiceId| {
			market.services.get(id).is_some_and(|view| view.up_age(round).is_some())
		};
		self.silences.retain(|id, _| answering.get(id) == Some(&false) && is_up(id));
		for (id, answers) in answering.iter().filter(|(id, _)| is_up(id)) {
			if *answers {
				self.refusals.remove(id);
				continue;
			}
			let rounds = self.silences.entry(*id).or_default();
			*rounds = rounds.saturating_add(1);
			if *rounds == FAILING_ROUNDS {
				self.avoid(round, *id, LONG_PAUSE);
			}
		}
		let is_failing = |(_, rounds): &(&ServiceId, &u32)| **rounds >= FAILING_ROUNDS;
		self.memory.failing = self.silences.iter().filter(is_failing).map(|(id, _)| *id).collect();
	}

	/// Leave a service alone, for longer each time.
	fn avoid(&mut self, round: RoundIndex, service: ServiceId, rounds: u32) {
		let refusals = self.refusals.entry(service).or_default();
		let pause = rounds.saturating_mul(1 << (*refusals).min(MAX_DOUBLED));
		*refusals = refusals.saturating_add(1);
		self.memory.avoided.insert(service, round.saturating_add(pause));
	}

	/// Open the purse and learn the minimum balance.
	async fn prepare(&mut self, market: &Market) -> Result<(), String> {
		if self.purse.is_none() {
			let genesis = format!("{:?}", market.genesis);
			let tenant = self.settings.rules.tenant.to_string();
			let dir = self.settings.data.as_deref();
			let purse = Purse::open(dir, &genesis, &tenant).map_err(|error| error.to_string())?;
			self.purse = Some(purse);
		}
		if self.settings.rules.minimum_balance == 0 {
			let minimum = self.settings.transactions.minimum_balance().await;
			self.settings.rules.minimum_balance =
				minimum.map_err(|error| error.to_string())?.max(1);
		}
		Ok(())
	}

	fn stop(&self, reason: String) {
		let before = self.report.load();
		if before.stopped.as_ref() != Some(&reason) {
			error!(reason, "nothing is bought");
		}
		let report = BuyerReport { stopped: Some(reason), ..BuyerReport::clone(&before) };
		self.report.store(Arc::new(report));
	}

	/// Log what is new in a plan, and show it in the status.
	fn show(&mut self, market: &Market, plan: &Plan) {
		for note in plan.notes.iter().filter(|note| !self.noted.contains(note)) {
			info!(round = market.clock.round, "{note}");
		}
		self.noted.clone_from(&plan.notes);
		let before = self.report.load();
		let is_wished = counted(market, &self.settings.wishes);
		let rates = market.agreements.values().filter(|one| is_wished.contains(&one.id));
		let rate = rates.fold(0u128, |sum, agreement| sum.saturating_add(agreement.rate));
		let mut report = BuyerReport {
			committed: Sure(self.memory.committed),
			per_window: Sure(rate.saturating_mul(market.window_blocks().into())),
			stopped: None,
			notes: plan.notes.clone(),
			..BuyerReport::clone(&before)
		};
		if self.settings.dry_run {
			report.purchases.clear();
			for decision in &plan.decisions {
				let Decision { action, because, .. } = decision;
				let is_new = !before.purchases.iter().any(|one| one.action == action.to_string());
				if is_new {
					info!(round = market.clock.round, "would {action} ({because})");
				}
				report.purchases.push_back(Purchase {
					round: market.clock.round,
					action: action.to_string(),
					because: because.clone(),
					outcome: "dry run".into(),
				});
			}
		}
		self.report.store(Arc::new(report));
	}

	fn record(&self, round: RoundIndex, decision: &Decision, outcome: &str) {
		let mut report = BuyerReport::clone(&self.report.load());
		let (action, because) = (decision.action.to_string(), decision.because.clone());
		report.purchases.push_front(Purchase { round, action, because, outcome: outcome.into() });
		report.purchases.truncate(REMEMBERED);
		if let Some(purse) = &self.purse {
			report.committed = Sure(purse.committed());
		}
		self.report.store(Arc::new(report));
	}

	/// Make a decision. True if it has had its effect.
	async fn make(&mut self, market: &Market, decision: &Decision) -> bool {
		let round = market.clock.round;
		info!(round, "{} ({})", decision.action, decision.because);
		if let Action::RequestProbe { service } = decision.action {
			self.memory.probed.insert(service, round.saturating_add(LONG_PAUSE));
		}
		match self.carry_out(&decision.action).await {
			Ok(Ok(block)) => {
				info!(round, block, "done: {}", decision.action);
				self.record(round, decision, &format!("in block {block}"));
				true
			},
			Ok(Err(error)) => {
				warn!(round, %error, "{}", decision.action);
				self.learn(round, &decision.action, &error);
				self.record(round, decision, &error.to_string());
				false
			},
			Err(error) => {
				self.rests_until = round.saturating_add(LONG_PAUSE);
				self.stop(error.to_string());
				false
			},
		}
	}

	async fn carry_out(
		&mut self,
		action: &Action,
	) -> Result<Result<BlockNumber, TransactionError>, PurseError> {
		let call = match *action {
			Action::Open { service, units, max_price, deposit, min_cover } => {
				open_agreement(service, units, max_price, deposit, min_cover)
			},
			Action::TopUp { agreement, amount } => top_up(agreement, amount),
			Action::RequestProbe { service } => request_probe(service),
		};
		let tenant = &self.settings.rules.tenant;
		let is_proxy = self.settings.transactions.signer().account() != tenant;
		let call = if is_proxy { proxied(call, tenant) } else { call };
		let Some(purse) = &mut self.purse else { return Ok(Err(TransactionError::Expired)) };
		// One amount waits at a time: with the ones before, whose snapshot is still to come.
		let before = purse.pending();
		let waiting = before.map_or(0, |before| before.amount).saturating_add(action.amount());
		let used = self.chain.nodes().used().map_or(0, |head| head.number);
		let last = used.saturating_add(super::MORTALITY).saturating_add(SLACK);
		purse.reserve(waiting, last)?;
		match self.settings.transactions.execute(&call).await {
			Ok(block) => {
				purse.included(block.number)?;
				Ok(Ok(block.number))
			},
			Err(error) => {
				purse.restore(before)?;
				Ok(Err(error))
			},
		}
	}

	/// Leave a service alone after its refusal, or rest if another one would be refused too.
	fn learn(&mut self, round: RoundIndex, action: &Action, error: &TransactionError) {
		let (Action::Open { service, .. }, TransactionError::Failed(name)) = (action, error) else {
			self.rests_until = round.saturating_add(SHORT_PAUSE);
			return;
		};
		match pause_after(name) {
			Pause::Service(rounds) => self.avoid(round, *service, rounds),
			Pause::All(rounds) => self.rests_until = round.saturating_add(rounds),
		}
	}
}

/// Consequence of a refusal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Pause {
	/// The service is left alone for some rounds.
	Service(u32),
	/// Nothing is bought for some rounds.
	All(u32),
}

fn pause_after(error: &str) -> Pause {
	let name = error.rsplit("::").next().unwrap_or_default();
	let is_of_market = ["Sla::", "Operators::", "Probes::"].iter().any(|p| error.starts_with(p));
	match name {
		"PriceRose" | "NotUp" | "VerdictTooOld" | "JudgingBehind" => Pause::Service(SHORT_PAUSE),
		_ if is_of_market => Pause::Service(LONG_PAUSE),
		// Missing funds, or a proxy that may not buy.
		_ => Pause::All(LONG_PAUSE),
	}
}

/// Agreements that count against the budget: those about a wish.
fn counted(market: &Market, wishes: &[Wish]) -> BTreeSet<u32> {
	let is_wished = |id: Option<ServiceId>| {
		let view = id.and_then(|id| market.services.get(&id));
		view.is_some_and(|view| wishes.iter().any(|wish| wish.is_about(market, view)))
	};
	let agreements = market.agreements.values();
	agreements.filter(|one| is_wished(one.target.service())).map(|one| one.id).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn refusals_have_their_pauses() {
		assert_eq!(pause_after("Sla::PriceRose"), Pause::Service(SHORT_PAUSE));
		assert_eq!(pause_after("Sla::BelowRent"), Pause::Service(LONG_PAUSE));
		assert_eq!(pause_after("Probes::AllSlotsTaken"), Pause::Service(LONG_PAUSE));
		assert_eq!(pause_after("Proxy::NotProxy"), Pause::All(LONG_PAUSE));
		assert_eq!(pause_after("Token error: Funds are unavailable."), Pause::All(LONG_PAUSE));
	}
}

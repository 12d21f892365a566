// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::chain::{
	Purse,
	tests::{ROUND_BLOCKS, account, agreement, market, service},
};
use proptest::prelude::*;
use std::sync::Arc;
use surety_primitives::{AssetId, CloseReason, Counters, ServiceStatus, Verdict, WindowShare};
use surety_runtime_api::{AgreementInfo, Ending};

/// Blocks of a window of the test market.
const WINDOW: u128 = 60;

fn wish(units: u32, operators: u32) -> Wish {
	Wish {
		name: "ethereum".into(),
		product: Product::Network("ethereum".into()),
		units,
		operators,
		regions: Vec::new(),
		min_score: 0,
		max_price: None,
	}
}

fn rules(total: u128) -> Rules {
	Rules {
		total,
		per_window: total,
		prepay_windows: 2,
		top_up_percent: 75,
		min_cover: WindowShare::from_u32(1),
		minimum_balance: 10,
		tenant: account(1),
	}
}

fn add(market: &mut Market, id: u32, operator: u8, price: u128) {
	let view = service(id, operator, price, market);
	market.services.insert(id, Arc::new(view));
}

fn change(market: &mut Market, id: u32, change: impl FnOnce(&mut crate::chain::ServiceView)) {
	change(Arc::make_mut(market.services.get_mut(&id).unwrap()));
}

fn opened(plan: &Plan) -> Vec<(u32, u32)> {
	let open = |decision: &Decision| match decision.action {
		Action::Open { service, units, .. } => Some((service, units)),
		_ => None,
	};
	plan.decisions.iter().filter_map(open).collect()
}

/// Three operators, one service each, the first the cheapest.
fn three() -> Market {
	let mut market = market(600);
	add(&mut market, 1, 11, 100);
	add(&mut market, 2, 12, 200);
	add(&mut market, 3, 13, 300);
	market
}

#[test]
fn different_operators_are_bought_with_one_to_spare() {
	let plan = plan(&three(), &[wish(4, 3)], &rules(1_000_000), &Memory::default());
	assert_eq!(opened(&plan), [(1, 2), (2, 2), (3, 2)]);
	let Action::Open { deposit, max_price, .. } = plan.decisions[0].action else { panic!() };
	assert_eq!((deposit, max_price), (100 * 2 * WINDOW * 2 + 10, 100));
	assert!(plan.decisions[0].because.contains("next best"), "{}", plan.decisions[0].because);
}

#[test]
fn a_market_with_one_operator_serves_all_of_the_rate() {
	let mut market = market(600);
	add(&mut market, 1, 11, 100);
	let plan = plan(&market, &[wish(4, 3)], &rules(1_000_000), &Memory::default());
	assert_eq!(opened(&plan), [(1, 4)]);
}

#[test]
fn a_fulfilled_wish_buys_nothing() {
	let mut market = three();
	for id in 1..=3 {
		market.agreements.insert(id, AgreementInfo { units: 2, ..agreement(id, id) });
	}
	let plan = plan(&market, &[wish(4, 3)], &rules(1_000_000), &Memory::default());
	assert_eq!(plan, Plan::default());
}

#[test]
fn who_serves_the_validators_and_not_the_tenant_is_replaced() {
	let mut market = three();
	for id in 1..=2 {
		market
			.agreements
			.insert(id, AgreementInfo { units: 4, blocks_left: 1, ..agreement(id, id) });
	}
	let memory = Memory { failing: [1].into(), ..Memory::default() };
	let plan = plan(&market, &[wish(4, 2)], &rules(1_000_000), &memory);
	assert_eq!(opened(&plan), [(3, 4)]);
	let topped = plan.decisions.iter().filter_map(|decision| match decision.action {
		Action::TopUp { agreement, .. } => Some(agreement),
		_ => None,
	});
	assert_eq!(topped.collect::<Vec<_>>(), [2]);
	let reason = "agreement 1: up for the validators, not for us";
	assert!(plan.notes.iter().any(|note| note.contains(reason)), "{:?}", plan.notes);
}

#[test]
fn quality_is_worth_its_price() {
	let mut market = three();
	change(&mut market, 1, |view| view.summary.score = 20);
	change(&mut market, 2, |view| view.summary.discrepant = true);
	let plan = plan(&market, &[wish(1, 1)], &rules(1_000_000), &Memory::default());
	assert_eq!(opened(&plan), [(3, 1)]);
}

#[test]
fn unfit_offers_are_refused_and_explained() {
	for (reason, spoil) in [
		("not for sale", (|v| v.summary.open = false) as fn(&mut crate::chain::ServiceView)),
		("in another asset", |v| v.summary.listing.asset = AssetId::Local(1)),
		("too expensive", |v| v.summary.listing.price = 1_000),
		("with too low a score", |v| v.summary.score = 9),
		("sold out", |v| v.summary.units = 100),
		("sold out", |v| v.status.as_mut().unwrap().coverable_units = 0),
		("with too little cover", |v| v.status.as_mut().unwrap().cover = WindowShare::from_u32(0)),
		("not up", |v| v.summary.last_verdict = Some((118, Verdict::Down).into())),
		("own", |v| v.summary.listing.operator = account(1)),
	] {
		let mut market = market(600);
		add(&mut market, 1, 11, 100);
		change(&mut market, 1, spoil);
		let wish = Wish { min_score: 10, max_price: Some(500), ..wish(1, 1) };
		let plan = plan(&market, &[wish], &rules(1_000_000), &Memory::default());
		assert_eq!(opened(&plan), [], "{reason}");
		assert!(plan.notes[0].contains(reason), "{reason}: {:?}", plan.notes);
	}
}

#[test]
fn an_old_verdict_is_renewed_before_buying() {
	let mut market = market(600);
	add(&mut market, 1, 11, 100);
	let latency = Default::default();
	change(&mut market, 1, |v| v.summary.last_verdict = Some((50, Verdict::Up { latency }).into()));
	let wishes = [wish(1, 1)];
	let plan = |memory: &Memory| super::plan(&market, &wishes, &rules(1_000_000), memory).decisions;
	let decisions = plan(&Memory::default());
	assert_eq!(decisions[0].action, Action::RequestProbe { service: 1 });
	let memory = Memory { probed: [(1, 121)].into(), ..Memory::default() };
	assert_eq!(plan(&memory), []);
}

#[test]
fn a_service_that_refused_is_left_alone_for_a_while() {
	let memory = |until| Memory { avoided: [(1, until)].into(), ..Memory::default() };
	let plan = |memory| plan(&three(), &[wish(1, 1)], &rules(1_000_000), &memory);
	assert_eq!(opened(&plan(memory(121))), [(2, 1)]);
	assert_eq!(opened(&plan(memory(120))), [(1, 1)]);
}

#[test]
fn deposits_are_topped_up_in_time() {
	let mut market = three();
	let low = AgreementInfo { rate: 100, blocks_left: 44, ..agreement(1, 1) };
	market.agreements.insert(1, low.clone());
	let wishes = [wish(1, 1)];
	let action = |market: &Market, total| {
		plan(market, &wishes, &rules(total), &Memory::default())
			.decisions
			.first()
			.map(|d| d.action.clone())
	};
	let amount = 100 * (2 * WINDOW - 44);
	assert_eq!(action(&market, 1_000_000), Some(Action::TopUp { agreement: 1, amount }));
	// As far as the budget goes, in whole blocks.
	assert_eq!(action(&market, 6_050), Some(Action::TopUp { agreement: 1, amount: 6_000 }));
	market.agreements.insert(1, AgreementInfo { blocks_left: 45, ..low });
	assert_eq!(action(&market, 1_000_000), None);
}

/// Of a service that was down for most of the window a new agreement would look the same.
#[test]
fn an_agreement_is_kept_once_its_service_is_back() {
	let mut market = three();
	change(&mut market, 1, |view| {
		let counters = Counters { up: 1, down: 5, ..Counters::default() };
		view.status.as_mut().unwrap().counters = counters;
	});
	market.agreements.insert(1, AgreementInfo { rate: 100, ..agreement(1, 1) });
	let plan = plan(&market, &[wish(1, 1)], &rules(1_000_000), &Memory::default());
	assert_eq!(opened(&plan), []);
}

#[test]
fn an_ending_or_dead_agreement_is_replaced_and_not_topped_up() {
	let ending = |agreement: &mut AgreementInfo<AccountId32>, _: &mut Market| {
		agreement.ending = Some(Ending::from((121, CloseReason::OperatorClosed)));
	};
	let dead = |_: &mut AgreementInfo<AccountId32>, market: &mut Market| {
		change(market, 1, |view| {
			let counters = Counters { up: 1, down: 5, ..Counters::default() };
			view.status.as_mut().unwrap().counters = counters;
			view.summary.last_verdict = Some((118, Verdict::Down).into());
		});
	};
	let retired = |_: &mut AgreementInfo<AccountId32>, market: &mut Market| {
		change(market, 1, |view| {
			view.summary.listing.status = ServiceStatus::Ending { at: 121 };
			view.summary.open = false;
		});
	};
	type Spoil<'a> = &'a dyn Fn(&mut AgreementInfo<AccountId32>, &mut Market);
	for (case, spoil) in [&ending as Spoil<'_>, &dead, &retired].into_iter().enumerate() {
		let mut market = three();
		let mut low = AgreementInfo { rate: 100, blocks_left: 3, ..agreement(1, 1) };
		spoil(&mut low, &mut market);
		market.agreements.insert(1, low);
		let plan = plan(&market, &[wish(1, 1)], &rules(1_000_000), &Memory::default());
		let opened = opened(&plan);
		assert!(
			matches!(opened[..], [(1 | 2, 1)]) && plan.decisions.len() == 1,
			"{case}: {opened:?}"
		);
		assert!(case == 0 || opened[0].0 == 2, "{case}: {opened:?}");
	}
}

#[test]
fn agreements_beyond_the_wish_run_out() {
	let mut market = three();
	for id in 1..=3 {
		market
			.agreements
			.insert(id, AgreementInfo { rate: 100, blocks_left: 3, ..agreement(id, id) });
	}
	let plan = plan(&market, &[wish(1, 1)], &rules(1_000_000), &Memory::default());
	let actions: Vec<_> = plan.decisions.iter().map(|decision| &decision.action).collect();
	assert!(matches!(actions[..], [Action::TopUp { agreement: 1, .. }]), "{actions:?}");
	assert!(plan.notes.iter().any(|note| note.contains("not needed")), "{:?}", plan.notes);
}

#[test]
fn agreements_with_one_service_count_together() {
	let mut market = market(600);
	add(&mut market, 1, 11, 100);
	market.agreements.insert(1, AgreementInfo { rate: 100, ..agreement(1, 1) });
	let buy = |market: &Market| {
		opened(&plan(market, &[wish(3, 1)], &rules(1_000_000), &Memory::default()))
	};
	assert_eq!(buy(&market), [(1, 2)]);
	market.agreements.insert(2, AgreementInfo { units: 2, rate: 200, ..agreement(2, 1) });
	assert_eq!(buy(&market), []);
}

#[test]
fn a_small_budget_buys_what_it_can_pay() {
	let plan = |total| plan(&three(), &[wish(4, 3)], &rules(total), &Memory::default());
	// Two windows of two units, then no window of the next.
	assert_eq!(opened(&plan(100 * 2 * WINDOW * 2 + 10)), [(1, 2)]);
	// One window of one unit.
	assert_eq!(opened(&plan(100 * WINDOW + 10)), [(1, 1)]);
	let poor = plan(100 * WINDOW + 9);
	assert_eq!(opened(&poor), []);
	assert!(!poor.notes.is_empty());
}

#[test]
fn the_budget_of_a_window_bounds_the_rate() {
	let rules = Rules { per_window: 100 * 3 * WINDOW, ..rules(1_000_000) };
	let plan = plan(&three(), &[wish(4, 3)], &rules, &Memory::default());
	assert_eq!(opened(&plan), [(1, 2)]);
}

#[derive(Clone, Debug)]
struct Offer {
	operator: u8,
	price: u128,
	score: u8,
	capacity: u32,
}

fn offers() -> impl Strategy<Value = Vec<Offer>> {
	let offer = (10u8..16, 0u128..500, 0u8..=100, 0u32..6)
		.prop_map(|(operator, price, score, capacity)| Offer { operator, price, score, capacity });
	proptest::collection::vec(offer, 0..10)
}

/// Events of a round: services that die, agreements that end, shares of blocks that are paid.
#[derive(Clone, Debug)]
struct Event {
	dead: u32,
	ended: Option<u32>,
	paid: bool,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
	let event = (0u32..12, proptest::option::weighted(0.2, 1u32..12), any::<bool>())
		.prop_map(|(dead, ended, paid)| Event { dead, ended, paid });
	proptest::collection::vec(event, 1..60)
}

/// A chain in small: agreements that pay by the block, in truth.
struct Ledger {
	market: Market,
	next: u32,
	/// Deposits taken from the tenant, less refunds.
	taken: u128,
}

impl Ledger {
	fn new(offers: &[Offer]) -> Self {
		let mut market = market(600);
		for (id, offer) in (1u32..).zip(offers) {
			add(&mut market, id, offer.operator, offer.price);
			change(&mut market, id, |view| {
				view.summary.score = offer.score;
				view.summary.listing.capacity = offer.capacity;
			});
		}
		Self { market, next: 1, taken: 0 }
	}

	fn apply(&mut self, action: &Action) {
		match *action {
			Action::Open { service, units, max_price, deposit, .. } => {
				let price = self.market.services[&service].summary.listing.price;
				assert!(price <= max_price);
				let rate = price * u128::from(units);
				assert!(deposit >= rate * WINDOW + 10, "the chain would refuse the deposit");
				let blocks = deposit.checked_div(rate).unwrap_or(9_999).min(9_999);
				let blocks_left = u32::try_from(blocks).unwrap();
				let opened = AgreementInfo {
					units,
					rate,
					held: deposit,
					blocks_left,
					..agreement(self.next, service)
				};
				self.market.agreements.insert(self.next, opened);
				change(&mut self.market, service, |view| view.summary.units += units);
				self.next += 1;
				self.taken += deposit;
			},
			Action::TopUp { agreement, amount } => {
				let agreement = self.market.agreements.get_mut(&agreement).unwrap();
				assert!(amount > 0 && agreement.ending.is_none());
				agreement.held += amount;
				agreement.blocks_left += u32::try_from(amount / agreement.rate).unwrap();
				self.taken += amount;
			},
			Action::RequestProbe { .. } => (),
		}
	}

	fn pass(&mut self, event: &Event) {
		let block = self.market.head.number + ROUND_BLOCKS;
		let clock = market(block).clock;
		(self.market.head.number, self.market.clock) = (block, clock.clone());
		let latency = Default::default();
		for (id, view) in &mut self.market.services {
			let verdict = if *id == event.dead { Verdict::Down } else { Verdict::Up { latency } };
			Arc::make_mut(view).summary.last_verdict = Some((clock.round - 2, verdict).into());
		}
		let mut over = Vec::new();
		for (id, agreement) in &mut self.market.agreements {
			if event.paid {
				let blocks = ROUND_BLOCKS.min(agreement.blocks_left);
				let amount = agreement.rate * u128::from(blocks);
				agreement.paid += amount;
				agreement.held -= amount;
				agreement.blocks_left -= blocks;
			}
			if event.ended == Some(*id) {
				agreement.ending =
					Some(Ending::from((clock.round + 2, CloseReason::OperatorClosed)));
			}
			let is_over = agreement.ending.is_some_and(|ending| ending.round < clock.round);
			if is_over || agreement.blocks_left == 0 {
				over.push(*id);
			}
		}
		for id in over {
			let agreement = self.market.agreements.remove(&id).unwrap();
			self.taken -= agreement.held;
			let service = agreement.target.service().unwrap();
			change(&mut self.market, service, |view| view.summary.units -= agreement.units);
		}
	}
}

proptest! {
	/// One plan takes no more than the budget, and no more in a window than it may.
	#[test]
	fn a_plan_keeps_within_the_budget(
		offers in offers(),
		units in 1u32..8,
		operators in 1u32..6,
		total in 0u128..300_000,
		per_window in 0u128..100_000,
		committed in 0u128..300_000,
	) {
		let ledger = Ledger::new(&offers);
		let rules = Rules { per_window, ..rules(total) };
		let memory = Memory { committed, ..Memory::default() };
		let plan = plan(&ledger.market, &[wish(units, operators)], &rules, &memory);
		let amounts: u128 = plan.decisions.iter().map(|decision| decision.action.amount()).sum();
		prop_assert!(amounts <= total.saturating_sub(committed));
		let windows: u128 = plan.decisions.iter().map(|decision| match decision.action {
			Action::Open { units, max_price, .. } => max_price * u128::from(units) * WINDOW,
			_ => 0,
		}).sum();
		prop_assert!(windows <= per_window);
	}

	/// Over many rounds with outages, ends and refunds, the deposits that the tenant has in the
	/// chain, and what was paid, never exceed the budget; and what the purse knows is never less.
	#[test]
	fn the_budget_is_kept_for_ever(
		offers in offers(),
		events in events(),
		units in 1u32..5,
		operators in 1u32..5,
		total in 0u128..200_000,
	) {
		let mut ledger = Ledger::new(&offers);
		let mut purse = Purse::open(None, "0x", "alice").unwrap();
		let rules = rules(total);
		for event in events {
			purse.observe(&ledger.market, |_| true);
			let memory = Memory { committed: purse.committed(), ..Memory::default() };
			let wishes = [wish(units, operators)];
			for decision in plan(&ledger.market, &wishes, &rules, &memory).decisions {
				ledger.apply(&decision.action);
			}
			prop_assert!(ledger.taken <= total, "{} of {total}", ledger.taken);
			purse.observe(&ledger.market, |_| true);
			prop_assert!(purse.committed() >= ledger.taken);
			prop_assert!(purse.committed() <= total);
			ledger.pass(&event);
		}
	}
}

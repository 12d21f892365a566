// SPDX-License-Identifier: Apache-2.0

//! Decisions on all orders; pure.

use super::{BidRules, ImageState, Quote, price::load, review::review};
use crate::{
	chain::{BondRules, ServiceView, Snapshot, terms_cover, windows},
	reconcile::pinned_image,
};
use sp_runtime::AccountId32;
use std::collections::BTreeMap;
use surety_engine::Capacity;
use surety_primitives::{AssetId, Balance, OrderId, Resources, ServiceId};
use surety_runtime_api::OrderInfo;

/// Blocks that a bid needs to be included.
const INCLUSION: u32 = 2;

/// Everything that decisions are made on.
#[derive(Clone, Copy)]
pub struct BidView<'a> {
	/// Finalized state of the chain.
	pub snapshot: &'a Snapshot,
	/// Rules.
	pub rules: &'a BidRules,
	/// Rules by which the chain reserves bond; the reason if they cannot be read.
	pub bond: Result<&'a BondRules, &'a str>,
	/// What is known about images.
	pub images: &'a BTreeMap<String, ImageState>,
	/// The machine; the reason if its engine does not answer.
	pub machine: Result<&'a Capacity, &'a str>,
	/// Last refusals of the chain by order, with the time until which they hold.
	pub refusals: &'a BTreeMap<OrderId, (u64, String)>,
	/// True if the key may accept foreign terms.
	pub own_key: bool,
	/// Milliseconds since the Unix epoch.
	pub now_ms: u64,
}

impl BidView<'_> {
	/// Least change of a price that is worth a transaction.
	pub(super) fn step_of(&self, price: Balance) -> Balance {
		price.saturating_mul(self.rules.step_percent.into()).div_ceil(100)
	}
}

/// Step of a decision.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
	/// Bid.
	Bid {
		/// Service.
		service: ServiceId,
		/// Base units per replica and block.
		price: Balance,
		/// Replicas.
		replicas: u8,
		/// Accept foreign terms.
		foreign_terms: bool,
	},
	/// Change the price of the bid.
	Update {
		/// Service.
		service: ServiceId,
		/// Base units per replica and block.
		price: Balance,
	},
	/// Withdraw the bid.
	Withdraw {
		/// Service.
		service: ServiceId,
	},
	/// Leave the bid as it is.
	Keep {
		/// Its price.
		price: Balance,
	},
	/// No bid.
	Refuse,
	/// Ask for the image first.
	Inspect {
		/// The image.
		image: String,
	},
}

/// Decision on an order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decision {
	/// The order.
	pub order: OrderId,
	/// Step.
	pub step: Step,
	/// Reason, in one sentence of numbers.
	pub why: String,
}

/// Amounts that the decisions of a pass have not used up.
struct Left {
	bond: BTreeMap<AssetId, Balance>,
	free: BTreeMap<ServiceId, Resources>,
}

/// Decisions on all orders that take bids, or that there is a bid on; oldest first.
pub fn decide(view: &BidView<'_>) -> Vec<Decision> {
	let snapshot = view.snapshot;
	let assets = snapshot.operator.iter().flat_map(|operator| &operator.bonds);
	let bond = assets.map(|bond| (bond.asset, spare_bond(view, bond.asset))).collect();
	let free = snapshot.services.iter().map(|(id, service)| (*id, service.free())).collect();
	let mut left = Left { bond, free };
	let mut decisions = Vec::new();
	for order in snapshot.orders.values() {
		let own = snapshot.bids.range((order.id, 0)..=(order.id, ServiceId::MAX)).next();
		let decision = match own {
			Some(((_, service), bid)) => Some(review(view, order, *service, *bid)),
			None if order.bids_until.is_some() => Some(consider(view, order, &mut left)),
			None => None,
		};
		if let Some((step, why)) = decision {
			decisions.push(Decision { order: order.id, step, why });
		}
	}
	decisions
}

/// Bond that a new bid may reserve: what is free, but for the reserve of the operator and for the
/// rents of leases that are to come.
pub(super) fn spare_bond(view: &BidView<'_>, asset: AssetId) -> Balance {
	let snapshot = view.snapshot;
	let bid: Balance = snapshot.bids.values().map(|bid| Balance::from(bid.left)).sum();
	let starting = snapshot.leases.values().filter(|lease| lease.start_window().is_some()).count();
	let slots = bid.saturating_add(u128::try_from(starting).unwrap_or(Balance::MAX));
	let slot = view.bond.map_or(0, |rules| rules.slot);
	let reserve = slot.saturating_mul(slots).saturating_add(view.rules.bond_reserve);
	snapshot.free_bond(asset).saturating_sub(reserve)
}

/// Image and reasons against an order that do not depend on the service.
pub(super) fn wanted(
	view: &BidView<'_>,
	order: &OrderInfo<AccountId32>,
) -> Result<String, (Step, String)> {
	let refuse = |why: String| (Step::Refuse, why);
	let image = pinned_image(order).map_err(|why| refuse(format!("image: {why}")))?;
	let score = view.snapshot.tenants.get(&order.tenant).map_or(0, |tenant| tenant.score);
	if let Some(why) = view.rules.policy.refuses(order, score, &image) {
		return Err(refuse(why));
	}
	let machine = view
		.machine
		.map_err(|why| refuse(format!("0 containers can be started: the engine {why}")))?;
	match view.images.get(&image) {
		None => Err((Step::Inspect { image }, "its image is looked at first".into())),
		Some(ImageState::Known(facts)) => {
			let max = view.rules.policy.max_image_bytes;
			if facts.bytes > max {
				return Err(refuse(format!(
					"the image has {} bytes, the limit is {max}",
					facts.bytes
				)));
			}
			let platform = format!("linux/{}", architecture());
			if !facts.platform.starts_with(&platform) {
				return Err(refuse(format!(
					"the image is for {}, 1 machine of {} is here",
					facts.platform, machine.engine
				)));
			}
			Ok(image)
		},
		// Only the tenant's login opens it, and that comes after the award.
		Some(ImageState::Denied(_)) if order.env_hash.is_some() => Ok(image),
		Some(ImageState::Denied(why)) => Err(refuse(format!("0 manifests of the image: {why}"))),
		Some(ImageState::Unavailable(why)) => {
			Err(refuse(format!("0 answers of the registry: {why}")))
		},
	}
}

/// Name of this machine's architecture, as images have it.
fn architecture() -> &'static str {
	match std::env::consts::ARCH {
		"x86_64" => "amd64",
		"aarch64" => "arm64",
		other => other,
	}
}

/// An order without a bid.
fn consider(view: &BidView<'_>, order: &OrderInfo<AccountId32>, left: &mut Left) -> (Step, String) {
	match offer(view, order, left) {
		Ok(decision) | Err(decision) => decision,
	}
}

fn offer(
	view: &BidView<'_>,
	order: &OrderInfo<AccountId32>,
	left: &mut Left,
) -> Result<(Step, String), (Step, String)> {
	let snapshot = view.snapshot;
	let refuse = |why: String| (Step::Refuse, why);
	if let Some((_, error)) = view.refusals.get(&order.id).filter(|(until, _)| view.now_ms < *until)
	{
		return Err(refuse(format!("1 bid was refused by the chain: {error}")));
	}
	let block = snapshot.block_at(view.now_ms);
	let until = order.bids_until.unwrap_or(0);
	if until <= block.saturating_add(INCLUSION) {
		return Err(refuse(format!("bids are matched in block {until}, and it is {block}")));
	}
	let operator = snapshot.operator.as_ref();
	let operator = operator.ok_or_else(|| refuse("0 operators have this account".into()))?;
	let (trust, asked) = (u8::from(operator.trust), u8::from(order.min_trust));
	if !operator.active || trust < asked || order.tenant == snapshot.account {
		return Err(refuse(format!(
			"trust level {trust} of {asked}, active: {}, own order: {}",
			operator.active,
			order.tenant == snapshot.account
		)));
	}
	wanted(view, order)?;
	let formula = view.rules.formulas.get(&order.asset);
	let formula = formula.ok_or_else(|| refuse("0 prices are set for its asset".into()))?;
	let bond_rules = view.bond.map_err(|why| refuse(format!("0 rules of the bond: {why}")))?;
	let (id, service) = choose(view, order, left).map_err(refuse)?;
	let own = &service.detail.service.listing.terms;
	let terms = order.terms.as_ref().unwrap_or(own);
	let foreign_terms = !terms_cover(own, terms);
	if foreign_terms && !(view.rules.policy.foreign_terms && view.own_key) {
		return Err(refuse(format!(
			"its terms, with a cover of {}, are not those of service {id}, with one of {}",
			windows(terms.cover),
			windows(own.cover)
		)));
	}
	let free = left.free.get(&id).cloned().unwrap_or_default();
	let quantity = order.replicas.iter().filter(|one| one.closed_code.is_none()).count();
	let mut replicas = u8::try_from(quantity).unwrap_or(u8::MAX).max(1);
	while replicas > 1 && rest(&free, order, replicas).is_none() {
		replicas = replicas.saturating_sub(1);
	}
	let bond = left.bond.get(&order.asset).copied().unwrap_or(0);
	let overflow = || refuse("1 price overflows".into());
	loop {
		let rest = rest(&free, order, replicas).ok_or_else(overflow)?;
		let used = load(&service.total(), &rest);
		let quote = formula.quote(&order.resources, used, snapshot.clock.slot_ms);
		let quote = quote.ok_or_else(overflow)?;
		let price = target(view, order, quote).map_err(|why| refuse(why.clone()))?;
		let blocks = snapshot.window_blocks();
		let each = bond_rules.of_bid(price, terms, order.duration, blocks);
		let each = each.and_then(|each| each.checked_add(bond_rules.slot));
		let needed = each.and_then(|each| each.checked_mul(replicas.into()));
		let needed = needed.ok_or_else(overflow)?;
		if needed <= bond {
			left.bond.insert(order.asset, bond.saturating_sub(needed));
			left.free.insert(id, rest);
			let why = format!(
				"{price} per block is between the cost {} and {} with the margin, at {} % load \
				 and below the order's {}; {needed} of {bond} bond",
				quote.cost,
				quote.ceiling,
				used.checked_div(10).unwrap_or(0),
				order.max_price
			);
			return Ok((Step::Bid { service: id, price, replicas, foreign_terms }, why));
		}
		if replicas == 1 {
			return Err(refuse(format!("it needs {needed} base units of bond, {bond} are free")));
		}
		replicas = replicas.saturating_sub(1);
	}
}

fn rest(free: &Resources, order: &OrderInfo<AccountId32>, replicas: u8) -> Option<Resources> {
	free.without(&order.resources.times(replicas)?)
}

/// Service with room for a replica, the one with the lowest load first.
fn choose<'a>(
	view: &BidView<'a>,
	order: &OrderInfo<AccountId32>,
	left: &Left,
) -> Result<(ServiceId, &'a ServiceView), String> {
	let mut why = "0 services are listed for compute".to_owned();
	let mut best: Option<(u32, ServiceId, &ServiceView)> = None;
	for (id, service) in &view.snapshot.services {
		let listing = &service.detail.service.listing;
		let region = listing.region;
		let policy = &view.rules.policy.regions;
		let in_region = order.regions.is_empty() || order.regions.contains(&region);
		let free = left.free.get(id).cloned().unwrap_or_default();
		if !service.detail.service.open {
			why = format!("service {id} takes no new units now: {:?}", listing.status);
		} else if listing.asset != order.asset {
			why = format!("service {id} is listed in another asset, 0 others are");
		} else if !in_region || !(policy.is_empty() || policy.contains(&region)) {
			let region = String::from(region);
			why = format!("service {id} is in {region}, which is not one of the regions");
		} else if rest(&free, order, 1).is_none() || !fits(view.machine, &order.resources) {
			let asked = &order.resources;
			why = format!(
				"it asks for {} mCPU, {} MiB, {} GiB, {} GPUs; service {id} has {}, {}, {}, {}",
				asked.cpu_milli,
				asked.memory_mib,
				asked.storage_gib,
				asked.gpus,
				free.cpu_milli,
				free.memory_mib,
				free.storage_gib,
				free.gpus
			);
		} else {
			let used = load(&service.total(), &free);
			if best.is_none_or(|(lowest, ..)| used < lowest) {
				best = Some((used, *id, service));
			}
		}
	}
	best.map(|(_, id, service)| (id, service)).ok_or(why)
}

/// True if a replica fits into the machine as it is, whatever was declared.
fn fits(machine: Result<&Capacity, &str>, asked: &Resources) -> bool {
	machine.is_ok_and(|machine| {
		let total = &machine.total;
		asked.cpu_milli <= total.cpu_milli
			&& asked.memory_mib <= total.memory_mib
			&& asked.storage_gib <= total.storage_gib
			&& asked.gpus <= total.gpus
	})
}

/// Price to bid: with the full margin, or just below the best bid of others.
pub(super) fn target(
	view: &BidView<'_>,
	order: &OrderInfo<AccountId32>,
	quote: Quote,
) -> Result<Balance, String> {
	let highest = quote.ceiling.min(order.max_price);
	if highest < quote.cost {
		let Quote { cost, .. } = quote;
		return Err(format!("it pays at most {} per block, the cost is {cost}", order.max_price));
	}
	let Some(limit) = limit(view, order) else { return Ok(highest) };
	// A rival that answers with one planck less loses a whole step to each of our answers.
	let below = limit.saturating_sub(view.step_of(limit));
	Ok(below.clamp(quote.cost, highest))
}

/// Highest price with which a bid of this operator comes before all others.
pub(super) fn limit(view: &BidView<'_>, order: &OrderInfo<AccountId32>) -> Option<Balance> {
	let score = view.snapshot.operator.as_ref().map_or(0, |operator| operator.score);
	let divisor = 300u128.saturating_sub(score.min(100).into());
	let rival = view.snapshot.rivals.get(&order.id)?;
	rival.saturating_sub(1).checked_mul(200)?.checked_div(divisor)
}

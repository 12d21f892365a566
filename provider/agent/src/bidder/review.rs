// SPDX-License-Identifier: Apache-2.0

//! Decisions on orders with a bid: keep it, change its price, withdraw it.

use super::{
	BidView, Formula, ImageState, Quote, Step,
	decide::{limit, spare_bond, target, wanted},
	price::load,
};
use crate::{chain::OwnBid, reconcile::pinned_image};
use sp_runtime::AccountId32;
use surety_primitives::{Balance, ServiceId};
use surety_runtime_api::OrderInfo;

/// An order with a bid.
pub(super) fn review(
	view: &BidView<'_>,
	order: &OrderInfo<AccountId32>,
	service: ServiceId,
	bid: OwnBid,
) -> (Step, String) {
	let is_locked = view.snapshot.is_locked(order, view.now_ms);
	let withdraw = |why: String| {
		if is_locked {
			return (Step::Keep { price: bid.price }, format!("{why}, but bids are locked"));
		}
		(Step::Withdraw { service }, why)
	};
	match wanted(view, order) {
		Ok(_) => (),
		// Trouble that passes is no reason to give a bid up.
		Err((Step::Inspect { .. }, why)) => return (Step::Keep { price: bid.price }, why),
		Err((_, why)) => {
			let passes = view.machine.is_err()
				|| matches!(
					pinned_image(order).ok().and_then(|image| view.images.get(&image)),
					Some(ImageState::Unavailable(_))
				);
			if passes {
				return (Step::Keep { price: bid.price }, why);
			}
			return withdraw(why);
		},
	}
	let Some(quote) = quote_of(view, order, service) else {
		return withdraw(format!("service {service} has no price for it any more"));
	};
	let price = match target(view, order, quote) {
		Ok(price) => price,
		Err(why) => return withdraw(why),
	};
	let in_bounds = bid.price >= quote.cost && bid.price <= quote.ceiling;
	let leads = limit(view, order).is_none_or(|limit| bid.price <= limit);
	let is_near = bid.price.abs_diff(price) <= view.step_of(bid.price);
	if in_bounds && is_near && (leads || bid.price <= price) {
		let why = format!(
			"{} per block is within {} % of {price}, the best price now",
			bid.price, view.rules.step_percent
		);
		return (Step::Keep { price: bid.price }, why);
	}
	if price == bid.price || (price > bid.price && is_locked) {
		let why = format!("{} per block cannot be raised to {price} now", bid.price);
		return (Step::Keep { price: bid.price }, why);
	}
	if price > bid.price && !has_bond(view, order, service, bid, price) {
		let why = format!("{} per block stays: the bond does not allow {price}", bid.price);
		return (Step::Keep { price: bid.price }, why);
	}
	let why = format!(
		"from {} to {price} per block: the cost is {}, with the margin {}, others are at {}",
		bid.price,
		quote.cost,
		quote.ceiling,
		view.snapshot.rivals.get(&order.id).map_or("-".into(), ToString::to_string)
	);
	(Step::Update { service, price }, why)
}

fn quote_of(
	view: &BidView<'_>,
	order: &OrderInfo<AccountId32>,
	service: ServiceId,
) -> Option<Quote> {
	let formula: &Formula = view.rules.formulas.get(&order.asset)?;
	let service = view.snapshot.services.get(&service)?;
	// The chain has reserved the bid.
	let used = load(&service.total(), &service.free());
	formula.quote(&order.resources, used, view.snapshot.clock.slot_ms)
}

fn has_bond(
	view: &BidView<'_>,
	order: &OrderInfo<AccountId32>,
	service: ServiceId,
	bid: OwnBid,
	price: Balance,
) -> bool {
	let Some(service) = view.snapshot.services.get(&service) else { return false };
	let Ok(rules) = view.bond else { return false };
	let terms = order.terms.as_ref().unwrap_or(&service.detail.service.listing.terms);
	let blocks = view.snapshot.window_blocks();
	let bond = |price| {
		let each = rules.of_bid(price, terms, order.duration, blocks)?;
		each.checked_mul(bid.left.into())
	};
	let free = spare_bond(view, order.asset);
	bond(price)
		.zip(bond(bid.price))
		.is_some_and(|(after, before)| after.saturating_sub(before) <= free)
}

// SPDX-License-Identifier: Apache-2.0

//! Wishes, rules and decisions.

use super::select::{cost_of, is_discrepant};
use crate::{
	chain::{Market, ServiceView},
	config::Sure,
};
use sp_runtime::AccountId32;
use std::{
	collections::{BTreeMap, BTreeSet},
	fmt,
};
use surety_primitives::{
	AgreementId, Balance, Region, RoundIndex, ServiceId, ServiceKind, ServiceStatus, WindowShare,
};
use surety_runtime_api::AgreementInfo;

/// Rounds before the end of an agreement from which it no longer counts.
const NOTICE_ROUNDS: u32 = 3;
/// Measured rounds of a window from which a service can be found dead.
const MEASURED_ROUNDS: u16 = 4;

/// Kind of service that a wish is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Product {
	/// JSON-RPC of a network, by name.
	Network(String),
	/// A model.
	Model(String),
}

/// Something to buy.
#[derive(Clone, Debug)]
pub struct Wish {
	/// Name in explanations.
	pub name: String,
	/// Kind of service.
	pub product: Product,
	/// Units that must be served even without the largest operator.
	pub units: u32,
	/// Wished number of different operators.
	pub operators: u32,
	/// Regions; none is any.
	pub regions: Vec<Region>,
	/// Lowest score of an operator.
	pub min_score: u8,
	/// Highest price per unit and block; none is any.
	pub max_price: Option<Balance>,
}

impl Wish {
	/// True if a service is of the kind.
	pub fn is_about(&self, market: &Market, view: &ServiceView) -> bool {
		match (&self.product, &view.summary.listing.kind) {
			(Product::Network(name), ServiceKind::Rpc { network }) => {
				market.network(name).is_some_and(|info| info.id == *network)
			},
			(Product::Model(name), ServiceKind::Inference { .. }) => {
				view.model().as_ref() == Some(name)
			},
			_ => false,
		}
	}

	/// True if these units by operator fulfil the wish, when `reachable` operators can be had.
	pub(super) fn is_fulfilled(&self, kept: &BTreeMap<AccountId32, u32>, reachable: u32) -> bool {
		let operators = u32::try_from(kept.len()).unwrap_or(u32::MAX);
		operators >= reachable.max(1) && self.missing_units(kept, reachable) == 0
	}

	/// Units that are missing. With several operators the largest one may fail.
	pub(super) fn missing_units(&self, kept: &BTreeMap<AccountId32, u32>, reachable: u32) -> u32 {
		let total = kept.values().fold(0u32, |sum, units| sum.saturating_add(*units));
		let largest = kept.values().copied().max().unwrap_or(0);
		let safe = if reachable >= 2 { total.saturating_sub(largest) } else { total };
		self.units.saturating_sub(safe)
	}

	/// Units to buy of the next operator: an even share, but at most those that are missing once
	/// every operator is there.
	pub(super) fn units_of_next(&self, kept: &BTreeMap<AccountId32, u32>, reachable: u32) -> u32 {
		let others = reachable.saturating_sub(1).max(1);
		let share = self.units.div_ceil(others).max(1);
		let operators = u32::try_from(kept.len()).unwrap_or(u32::MAX);
		if operators < reachable {
			return share;
		}
		share.min(self.missing_units(kept, reachable).max(1))
	}
}

/// Bounds of purchases.
#[derive(Clone, Debug)]
pub struct Rules {
	/// Most that is spent in all, in planck.
	pub total: Balance,
	/// Most that all kept agreements together may cost in a window.
	pub per_window: Balance,
	/// Windows that a deposit pays for.
	pub prepay_windows: u32,
	/// Rest of a deposit, in hundredths of a window, below which it is topped up.
	pub top_up_percent: u32,
	/// Least cover that a service must still have.
	pub min_cover: WindowShare,
	/// Minimum balance of the native token, which a deposit has on top.
	pub minimum_balance: Balance,
	/// Account of the tenant, whose own services are not bought.
	pub tenant: AccountId32,
}

/// State of purchases beside the market.
#[derive(Clone, Debug, Default)]
pub struct Memory {
	/// Amount that is spent or on hold.
	pub committed: Balance,
	/// Services that refused a purchase, and the first round in which they are tried again.
	pub avoided: BTreeMap<ServiceId, RoundIndex>,
	/// Services of which a fresh verdict was asked for, and the first round in which it may be asked
	/// for again.
	pub probed: BTreeMap<ServiceId, RoundIndex>,
	/// Services that are up for the validators and have not answered this tenant for some rounds.
	pub failing: BTreeSet<ServiceId>,
}

/// Something to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
	/// Open an agreement.
	Open {
		/// Service.
		service: ServiceId,
		/// Units.
		units: u32,
		/// Highest price per unit and block.
		max_price: Balance,
		/// Deposit.
		deposit: Balance,
		/// Least cover that must be left.
		min_cover: WindowShare,
	},
	/// Add to a deposit.
	TopUp {
		/// Agreement.
		agreement: AgreementId,
		/// Amount.
		amount: Balance,
	},
	/// Ask for a fresh verdict.
	RequestProbe {
		/// Service.
		service: ServiceId,
	},
}

impl Action {
	/// Amount that it takes from the budget.
	pub fn amount(&self) -> Balance {
		match self {
			Self::Open { deposit, .. } => *deposit,
			Self::TopUp { amount, .. } => *amount,
			Self::RequestProbe { .. } => 0,
		}
	}
}

impl fmt::Display for Action {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Open { service, units, deposit, .. } => {
				write!(
					f,
					"open {units} unit(s) of service {service}, deposit {} SURE",
					Sure(*deposit)
				)
			},
			Self::TopUp { agreement, amount } => {
				write!(f, "top up agreement {agreement} by {} SURE", Sure(*amount))
			},
			Self::RequestProbe { service } => write!(f, "request a probe of service {service}"),
		}
	}
}

/// Something to do, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decision {
	/// Wish that it serves.
	pub wish: String,
	/// Action.
	pub action: Action,
	/// Reason, in words and numbers.
	pub because: String,
}

/// Decisions of a round, and why others were not made.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plan {
	/// Decisions, in the order in which they are made.
	pub decisions: Vec<Decision>,
	/// Reasons against further ones.
	pub notes: Vec<String>,
}

/// An agreement that can serve a wish.
#[derive(Clone, Debug)]
pub(super) struct Holding {
	pub agreement: AgreementId,
	pub operator: AccountId32,
	pub units: u32,
	pub rate: Balance,
	pub blocks_left: u32,
	pub cost: Balance,
}

/// Reason why an agreement does not count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unusable {
	Ending,
	ServiceEnding,
	Dead,
	Failing,
	Score,
	Price,
}

impl fmt::Display for Unusable {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Ending => "it ends, and is replaced",
			Self::ServiceEnding => "its service ends, and is replaced",
			Self::Dead => "down, as in most rounds of this window: replaced, and not topped up",
			Self::Failing => "up for the validators, not for us: replaced, and not topped up",
			Self::Score => "the score is too low: replaced, and not topped up",
			Self::Price => "too expensive: replaced, and not topped up",
		})
	}
}

impl Holding {
	/// The agreement, if it can serve the wish for some time.
	pub fn usable(
		market: &Market,
		wish: &Wish,
		memory: &Memory,
		agreement: &AgreementInfo<AccountId32>,
		view: &ServiceView,
	) -> Result<Self, Unusable> {
		let round = market.clock.round;
		let soon = round.saturating_add(NOTICE_ROUNDS);
		if agreement.ending.is_some_and(|ending| ending.round <= soon) {
			return Err(Unusable::Ending);
		}
		match view.summary.listing.status {
			ServiceStatus::Active | ServiceStatus::Paused | ServiceStatus::Unproven => (),
			ServiceStatus::Ending { at } if at > soon => (),
			ServiceStatus::Ending { .. } | ServiceStatus::Leased => {
				return Err(Unusable::ServiceEnding);
			},
		}
		// One that is back counts again. Else it would be bought anew, which its last verdict allows.
		let is_down = view.up_age(round).is_none();
		let is_dead = view.status.as_ref().filter(|_| is_down).is_some_and(|status| {
			let measured = status.counters.measured();
			let up = u32::from(status.counters.up);
			measured >= MEASURED_ROUNDS && up.saturating_mul(2) < u32::from(measured)
		});
		if is_dead {
			return Err(Unusable::Dead);
		}
		if memory.failing.contains(&view.summary.id) {
			return Err(Unusable::Failing);
		}
		if view.summary.score < wish.min_score {
			return Err(Unusable::Score);
		}
		let price = agreement.rate.checked_div(agreement.units.max(1).into()).unwrap_or(0);
		if wish.max_price.is_some_and(|max| price > max) {
			return Err(Unusable::Price);
		}
		Ok(Self {
			agreement: agreement.id,
			operator: view.operator().clone(),
			units: agreement.units,
			rate: agreement.rate,
			blocks_left: agreement.blocks_left,
			cost: cost_of(price, view.summary.score, is_discrepant(view)),
		})
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Bids: which orders, at which price, and why not.
//!
//! | file | part |
//! |---|---|
//! | `price.rs` | formula of the price |
//! | `policy.rs` | orders that the operator wants: regions, tenants, images |
//! | `decide.rs` | decisions on all orders, and first bids; pure |
//! | `review.rs` | decisions on orders with a bid; pure |
//! | `images.rs` | facts about images, asked before a bid |
//! | `capacity.rs` | resources to declare |
//! | `task.rs` | task that makes the calls |
//!
//! Every decision says in one sentence why, with the numbers that it rests on. Capacity and bond
//! are counted over all decisions of a pass, so that no bid is made that could not be served.

mod capacity;
mod decide;
mod images;
mod policy;
mod price;
mod review;
mod task;
#[cfg(test)]
mod tests;

pub use capacity::{CapacityRules, to_declare};
pub use decide::{BidView, Decision, Step, decide};
pub use images::{ImageState, Images};
pub use policy::{Policy, matches_pattern};
pub use price::{Formula, Quote};
pub use task::{Bidder, BidderInputs, BidderSettings};

use std::collections::BTreeMap;
use surety_primitives::{AssetId, Balance};

/// Rules of the bidder.
#[derive(Clone, Debug, PartialEq)]
pub struct BidRules {
	/// Formula of the price by asset. Orders in other assets are refused.
	pub formulas: BTreeMap<AssetId, Formula>,
	/// Orders that the operator wants.
	pub policy: Policy,
	/// Bond that is never used, in base units.
	pub bond_reserve: Balance,
	/// Change of the price in percent below which a bid that leads is left as it is, and by which
	/// the best bid of others is undercut.
	pub step_percent: u32,
}

// SPDX-License-Identifier: Apache-2.0

//! Order of a compose file on a chain, and its cost before it is signed.
//!
//! Deposit and times are computed by [`surety_primitives::order_price`], as the chain does when it
//! takes the order.

mod explain;

use crate::{
	compose::{Compose, ComposeError, Deposit, FaultKind, show_amount, show_millis},
	manifest::Salt,
};
use pallet_surety_compute_orders::{Image, NewOrder};
use surety_primitives::{
	AssetId, Balance, BlockNumber, RoundIndex, WindowShare,
	order_price::{min_deposit, price_ahead, rounds_of},
};

/// Blocks between reading the chain and the block that has the order, for which the deadline must
/// leave room.
const INCLUSION_BLOCKS: BlockNumber = 2;
/// Rounds for which bids are taken unless the file says otherwise.
const BIDDING_ROUNDS: u32 = 3;

/// Parameters of a chain that orders are judged by.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChainRules {
	/// Milliseconds from one block to the next.
	pub slot_ms: u64,
	/// Blocks of a round.
	pub round_blocks: u32,
	/// Rounds of a window.
	pub window_rounds: u16,
	/// Maximum number of blocks from an order to its bid deadline.
	pub max_bid_blocks: BlockNumber,
	/// Maximum number of blocks that a replica runs.
	pub max_duration: BlockNumber,
	/// Blocks in which new bids are taken when an operator failed.
	pub reopen_blocks: BlockNumber,
	/// Blocks for which an order that is over is kept.
	pub keep_blocks: BlockNumber,
	/// Rounds of the trial.
	pub trial_rounds: RoundIndex,
	/// Highest credit for one breach.
	pub max_credit: WindowShare,
	/// Planck on hold for an order.
	pub order_deposit: Balance,
	/// Minimum balance of the order's asset.
	pub minimum_balance: Balance,
}

impl ChainRules {
	/// Blocks of a window.
	pub fn window_blocks(&self) -> BlockNumber {
		self.round_blocks.saturating_mul(u32::from(self.window_rounds))
	}

	/// Milliseconds of a number of blocks.
	pub fn millis(&self, blocks: BlockNumber) -> u64 {
		self.slot_ms.saturating_mul(u64::from(blocks))
	}
}

/// Cost of an order. Amounts are in base units of its asset, for one replica unless they say
/// otherwise.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Quote {
	/// Asset of the amounts.
	pub asset: AssetId,
	/// Replicas.
	pub quantity: u8,
	/// Rounds that a replica runs.
	pub rounds: RoundIndex,
	/// Blocks that a replica runs: those of the rounds.
	pub duration: BlockNumber,
	/// Least deposit that the chain takes.
	pub min_deposit: Balance,
	/// Deposit.
	pub deposit: Balance,
	/// Deposits of all replicas.
	pub held: Balance,
	/// Planck on hold for the order, whatever the asset.
	pub order_deposit: Balance,
	/// Most that a replica can cost: all blocks at the maximum price, or the deposit if that is less.
	pub max_cost: Balance,
	/// Most that all replicas can cost.
	pub max_cost_all: Balance,
	/// Blocks that the deposit pays for at the maximum price, at most the duration.
	pub paid_blocks: BlockNumber,
	/// Most that a tenant pays who leaves after the trial, but within a window.
	pub leaving_cost: Balance,
	/// Block in which bids are matched.
	pub bid_deadline: BlockNumber,
	/// Blocks until then.
	pub bidding: BlockNumber,
}

impl Compose {
	/// The order of this file, and its cost.
	///
	/// - `now`: number of the chain's best block.
	/// - `salt`: of the manifest's hash; keep it with the manifest. Unused if the file has no
	///   private part.
	pub fn order(
		&self,
		rules: &ChainRules,
		now: BlockNumber,
		salt: &Salt,
	) -> Result<(NewOrder, Quote), ComposeError> {
		let quote = self.quote(rules, now)?;
		let terms = self.terms.clone();
		if let Some(terms) = &terms {
			let round_ms = rules.millis(rules.round_blocks);
			let checked = terms.clone().check_at(round_ms, rules.max_credit);
			checked.map_err(|fault| self.fault("terms", explain::terms_fault(fault, rules)))?;
		}
		let image = self.image.name.as_bytes().to_vec();
		let image = Image::try_from(image)
			.map_err(|_| self.fault("image", "the name of the image is too long"))?;
		let order = NewOrder {
			asset: self.asset,
			resources: self.resources.clone(),
			image,
			digest: self.image.digest,
			ports: self.ports.clone(),
			env_hash: (!self.manifest.is_empty()).then(|| self.manifest.hash(salt)),
			max_price: self.max_price,
			failover_price: self.failover_price,
			regions: self.regions.clone(),
			min_trust: self.min_trust,
			quantity: self.quantity,
			duration: self.blocks(rules)?,
			bid_deadline: quote.bid_deadline,
			auto_match: self.auto_match,
			terms,
			deposit: quote.deposit,
		};
		Ok((order, quote))
	}

	/// Blocks that the file asks for, before the chain rounds them up to whole rounds.
	fn blocks(&self, rules: &ChainRules) -> Result<BlockNumber, ComposeError> {
		let longest = rules.max_duration;
		let blocks = self.duration.blocks(rules.slot_ms).filter(|blocks| *blocks <= longest);
		let longest = format!("{longest} blocks ({})", show_millis(rules.millis(longest)));
		let blocks = blocks
			.ok_or_else(|| self.fault("duration", format!("a replica runs at most {longest}")))?;
		if blocks == 0 {
			return Err(self.fault("duration", "a replica runs at least one block"));
		}
		Ok(blocks)
	}

	fn quote(&self, rules: &ChainRules, now: BlockNumber) -> Result<Quote, ComposeError> {
		let too_high = || self.fault("max_price", "the price is so high that sums overflow");
		let window = rules.window_blocks();
		let rounds = rounds_of(self.blocks(rules)?, rules.round_blocks);
		let duration = rounds.saturating_mul(rules.round_blocks);
		price_ahead(self.max_price, window, window).ok_or_else(too_high)?;
		let least = min_deposit(self.max_price, window, duration, rules.minimum_balance);
		let least = least.ok_or_else(too_high)?;
		let full = self.max_price.checked_mul(Balance::from(duration)).ok_or_else(too_high)?;
		let deposit = match self.deposit {
			Deposit::Full => full.max(least),
			Deposit::Minimum => least,
			Deposit::Exact(deposit) => deposit,
		};
		if deposit < least {
			let native = self.asset == AssetId::Native;
			let least = show_amount(least, native);
			return Err(self.fault("deposit", format!("a replica needs at least {least}")));
		}
		let max_cost = full.min(deposit);
		let quantity = Balance::from(self.quantity);
		let bidding = self.bidding_blocks(rules)?;
		let no_block = || self.fault("bidding", "the chain has no such block");
		Ok(Quote {
			asset: self.asset,
			quantity: self.quantity,
			rounds,
			duration,
			min_deposit: least,
			deposit,
			held: deposit.checked_mul(quantity).ok_or_else(too_high)?,
			order_deposit: rules.order_deposit,
			max_cost,
			max_cost_all: max_cost.checked_mul(quantity).ok_or_else(too_high)?,
			paid_blocks: max_cost
				.checked_div(self.max_price)
				.and_then(|blocks| BlockNumber::try_from(blocks).ok())
				.unwrap_or(duration)
				.min(duration),
			leaving_cost: price_ahead(self.max_price, window, duration)
				.ok_or_else(too_high)?
				.min(max_cost),
			bid_deadline: now.checked_add(bidding).ok_or_else(no_block)?,
			bidding,
		})
	}

	fn bidding_blocks(&self, rules: &ChainRules) -> Result<BlockNumber, ComposeError> {
		let least = rules.round_blocks.saturating_add(INCLUSION_BLOCKS);
		let Some(span) = self.bidding else {
			let rounds = rules.round_blocks.saturating_mul(BIDDING_ROUNDS);
			return Ok(rounds.min(rules.max_bid_blocks).max(least));
		};
		let shown = |blocks| format!("{blocks} blocks ({})", show_millis(rules.millis(blocks)));
		let blocks = span.blocks(rules.slot_ms).unwrap_or(BlockNumber::MAX);
		if blocks < least {
			let problem = format!("bids are taken for at least {}", shown(least));
			return Err(self.fault("bidding", problem));
		}
		if blocks > rules.max_bid_blocks {
			let problem = format!("bids are taken for at most {}", shown(rules.max_bid_blocks));
			return Err(self.fault("bidding", problem));
		}
		Ok(blocks)
	}

	fn fault(&self, key: &'static str, problem: impl Into<String>) -> ComposeError {
		let at = self.places.get(key).copied().unwrap_or_default();
		ComposeError::new(FaultKind::Value, at, format!("x-surety.{key}"), problem, "")
	}
}

#[cfg(test)]
mod tests;

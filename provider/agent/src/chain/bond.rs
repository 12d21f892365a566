// SPDX-License-Identifier: Apache-2.0

//! Rules by which the chain reserves bond for a bid and for its lease, read by their names in the
//! chain's metadata.

use super::Snapshot;
use sp_runtime::Perbill;
use subxt::{
	client::OnlineClientAtBlock,
	config::SubstrateConfig,
	dynamic::{At, Value, storage, view_function_call},
};
use surety_gateway::chain::Transactions;
use surety_primitives::{
	Balance, BlockNumber, Occupancy, SlaTerms,
	credit::{cost_of, with_penalty},
	rent::rent,
};

/// Windows whose rents a lease reserves when it is ready, as in the pallet of agreements.
const RENTS_RESERVED: Balance = 3;
/// Penalty for failing a lease that the runtime has until governance sets another one.
const START_PENALTY: Perbill = Perbill::from_percent(10);

/// Client at a block.
type AtBlock = OnlineClientAtBlock<SubstrateConfig>;

/// Rules by which the chain reserves bond in the native asset.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct BondRules {
	/// Penalty as a share of every credit.
	pub penalty: Perbill,
	/// Penalty for failing a lease, as a share of its price for a window.
	pub start_penalty: Perbill,
	/// Base units for the rents of the next slot. Reserved when a lease is ready, not by the bid.
	pub slot: Balance,
}

impl BondRules {
	/// Read the rules of the window of a snapshot.
	///
	/// Errors: the failure in words.
	pub async fn read(transactions: &Transactions, snapshot: &Snapshot) -> Result<Self, String> {
		let client = transactions.client().await.map_err(text)?;
		let at = client.at_block(snapshot.head.hash).await.map_err(text)?;
		let [penalty, base, peak] = window_rules(&at, snapshot.clock.window).await?;
		let start_penalty = start_penalty(&at).await?.unwrap_or(START_PENALTY);
		let native = Value::unnamed_variant("Native", []);
		let min_bond = view(&at, "Operators", "min_bond", vec![native]).await?;
		let min_bond =
			min_bond.at(0).ok_or("Operators.min_bond has no value for the native asset")?;
		let min_bond = number(min_bond).ok_or("Operators.min_bond is no number")?;
		let taken = view(&at, "Probes", "occupancy", Vec::new()).await?;
		let member =
			|name| taken.at(name).and_then(number32).ok_or("Probes.occupancy is not known");
		let (taken, slots) = (member("taken")?.saturating_add(1), member("slots")?);
		let slot = rent(min_bond, base, peak, Occupancy { taken, slots });
		Ok(Self { penalty, start_penalty, slot: slot.saturating_mul(RENTS_RESERVED) })
	}

	/// Bond that a bid reserves for one replica: credits up to the cover with the penalty on them,
	/// and the penalty for failing the lease. `None` if it overflows.
	pub fn of_bid(
		&self,
		price: Balance,
		terms: &SlaTerms,
		duration: BlockNumber,
		window_blocks: BlockNumber,
	) -> Option<Balance> {
		let window = price.checked_mul(window_blocks.into())?;
		let exposure = with_penalty(cost_of(window, terms.cover)?, self.penalty)?;
		let ahead = price.checked_mul(window_blocks.min(duration).into())?;
		exposure.checked_add(self.start_penalty.mul_ceil(ahead))
	}
}

/// Penalty on credits, and base and peak of rents, of a window.
async fn window_rules(at: &AtBlock, window: u32) -> Result<[Perbill; 3], String> {
	let address = storage::<(u32,), Value>("Sla", "WindowRules");
	let found = at.storage().try_fetch(address, (window,)).await.map_err(text)?;
	let found = found.ok_or_else(|| format!("Sla.WindowRules has no window {window}"))?;
	let rules = found.decode().map_err(text)?;
	let share = |name| rules.at(name).and_then(number32).map(Perbill::from_parts);
	let all = share("penalty_share").zip(share("rent_base")).zip(share("rent_peak"));
	let ((penalty, base), peak) = all.ok_or("Sla.WindowRules are of another form")?;
	Ok([penalty, base, peak])
}

/// Penalty for failing a lease, if governance has set it.
async fn start_penalty(at: &AtBlock) -> Result<Option<Perbill>, String> {
	let unit = Value::unnamed_composite([]);
	let key = Value::unnamed_variant("StartPenalty", [unit]);
	let key = Value::unnamed_variant("Compute", [key]);
	let address = storage::<(Value,), Value>("Parameters", "Parameters");
	let found = at.storage().try_fetch(address, (key,)).await.map_err(text)?;
	let Some(found) = found else { return Ok(None) };
	let value = found.decode().map_err(text)?;
	let share = number32(&value).ok_or("Parameters.StartPenalty is no share")?;
	Ok(Some(Perbill::from_parts(share)))
}

async fn view(
	at: &AtBlock,
	pallet: &str,
	function: &str,
	arguments: Vec<Value>,
) -> Result<Value, String> {
	let call = view_function_call::<_, Value>(pallet, function, arguments);
	at.view_functions().call(call).await.map_err(text)
}

/// Number within any depth of types with a single member.
fn number(value: &Value) -> Option<Balance> {
	value.as_u128().or_else(|| number(value.at(0)?))
}

fn number32(value: &Value) -> Option<u32> {
	number(value)?.try_into().ok()
}

fn text(error: impl ToString) -> String {
	error.to_string()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::test_kit::terms;

	#[test]
	fn a_bid_reserves_credits_up_to_the_cover_and_two_penalties() {
		let rules = BondRules {
			penalty: Perbill::from_percent(10),
			start_penalty: Perbill::from_percent(20),
			slot: 7,
		};
		// Windows of 60 blocks: 3 of them and a tenth on top, and a fifth of one.
		assert_eq!(rules.of_bid(100, &terms(), 600, 60), Some(18_000 + 1_800 + 1_200));
		assert_eq!(rules.of_bid(u128::MAX, &terms(), 600, 60), None);
	}

	#[test]
	fn numbers_are_found_in_wrapping_types() {
		let share = Value::unnamed_composite([Value::u128(5)]);
		let variant = Value::unnamed_variant("Compute", [Value::unnamed_variant("A", [share])]);
		assert_eq!(number32(&variant), Some(5));
		assert_eq!(number32(&Value::u128(1 << 40)), None);
		assert_eq!(number(&Value::string("5")), None);
	}
}

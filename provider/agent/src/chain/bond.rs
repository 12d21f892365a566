// SPDX-License-Identifier: Apache-2.0

//! Rules by which the chain reserves bond for a bid and for its lease, read by their names in the
//! chain's metadata.

use super::Snapshot;
use codec::{Decode, DecodeAll, Encode};
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
		let min_bond: Option<Balance> = view(&at, "Operators", "min_bond", vec![native]).await?;
		let min_bond = min_bond.ok_or("the native asset has no minimum bond")?;
		let Occupancy { taken, slots } = view(&at, "Probes", "occupancy", Vec::new()).await?;
		let taken = taken.saturating_add(1);
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

/// Answer of a view function.
async fn view<T: Decode>(
	at: &AtBlock,
	pallet: &str,
	function: &str,
	arguments: Vec<Value>,
) -> Result<T, String> {
	let fault = |reason: &str| format!("{pallet}.{function}: {reason}");
	let call = view_function_call::<_, Value>(pallet, function, arguments);
	let views = at.view_functions();
	let question = views.encode_args(call).map_err(|error| fault(&error.to_string()))?;
	let question = wrapped(&question).ok_or_else(|| fault("it has no id"))?;
	let answer = views.call_raw(Some(&question)).await;
	let answer = answer.map_err(|error| fault(&error.to_string()))?;
	unwrapped(&answer).map_err(fault)
}

/// Question as the chain takes it: the id, and a list of the bytes of the arguments. Subxt 0.51
/// leaves out the length of the list, and takes the bytes of the answer for the value.
fn wrapped(question: &[u8]) -> Option<Vec<u8>> {
	let (id, arguments) = question.split_at_checked(32)?;
	Some([id, &arguments.to_vec().encode()].concat())
}

/// Value in the answer of a view function: `Ok` of the bytes of the value, or an error.
fn unwrapped<T: Decode>(mut answer: &[u8]) -> Result<T, &'static str> {
	let is_ok = u8::decode(&mut answer).is_ok_and(|variant| variant == 0);
	let bytes = Vec::<u8>::decode(&mut answer).ok().filter(|_| is_ok);
	let bytes = bytes.ok_or("the chain refused the question")?;
	T::decode_all(&mut bytes.as_slice()).map_err(|_| "the answer is of another form")
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
	fn answers_of_view_functions_are_unwrapped() {
		let answer = Ok::<_, ()>(Some(5u128).encode()).encode();
		assert_eq!(unwrapped::<Option<u128>>(&answer), Ok(Some(5)));
		assert!(unwrapped::<Option<u128>>(&Err::<(), _>(0u8).encode()).is_err());
		assert!(unwrapped::<u128>(&answer).is_err(), "one byte is left");
		assert!(unwrapped::<u128>(&[]).is_err());
	}

	#[test]
	fn arguments_of_view_functions_are_a_list_of_bytes() {
		let question = wrapped(&[[7; 32].as_slice(), &[0]].concat());
		assert_eq!(question, Some([[7; 32].as_slice(), &[4, 0]].concat()));
		assert_eq!(wrapped(&[7; 31]), None);
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

// SPDX-License-Identifier: Apache-2.0

//! Formula of the price.

use surety_primitives::{Balance, Resources};

/// Milliseconds of an hour.
const HOUR: u128 = 3_600_000;
/// Thousandths.
const MILLI: u128 = 1_000;

/// Formula of the price of a replica, in base units per hour.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Formula {
	/// Lowest price, whatever is asked for.
	pub floor: Balance,
	/// Per CPU.
	pub cpu: Balance,
	/// Per GiB of memory.
	pub memory: Balance,
	/// Per GiB of storage.
	pub storage: Balance,
	/// Per GPU.
	pub gpu: Balance,
	/// Per 100 Mbit/s of bandwidth.
	pub bandwidth: Balance,
	/// Percentage that a full machine adds; a half full one adds half of it.
	pub load_percent: u32,
	/// Percentage above the cost at which is bid if nobody else does. No bid is above it.
	pub margin_percent: u32,
}

/// Bounds of the price of a replica, in base units per block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quote {
	/// Lowest price that is worth it.
	pub cost: Balance,
	/// Highest price: the cost and the margin.
	pub ceiling: Balance,
}

impl Formula {
	/// Bounds of the price of a replica. `None` if the sum overflows.
	///
	/// - `load`: thousandths of the machine that are in use, the replica included.
	/// - `slot_ms`: milliseconds of a block.
	pub fn quote(&self, asked: &Resources, load: u32, slot_ms: u64) -> Option<Quote> {
		let part = |price: Balance, amount: u32, unit: u128| {
			Some(price.checked_mul(amount.into())?.div_ceil(unit))
		};
		let sum = part(self.cpu, asked.cpu_milli, 1_000)?
			.checked_add(part(self.memory, asked.memory_mib, 1_024)?)?
			.checked_add(part(self.storage, asked.storage_gib, 1)?)?
			.checked_add(part(self.gpu, asked.gpus.into(), 1)?)?
			.checked_add(part(self.bandwidth, asked.bandwidth_mbit, 100)?)?
			.max(self.floor);
		let load = u128::from(load.min(1_000)).checked_mul(self.load_percent.into())?;
		let loaded = sum.checked_mul(load.checked_add(100u128.checked_mul(MILLI)?)?)?;
		let hourly = loaded.div_ceil(100u128.checked_mul(MILLI)?);
		let cost = hourly.checked_mul(slot_ms.into())?.div_ceil(HOUR).max(1);
		let margin = cost.checked_mul(self.margin_percent.into())?.checked_div(100)?;
		Some(Quote { cost, ceiling: cost.checked_add(margin)? })
	}
}

/// Thousandths of a machine that are in use, by the resource that is used most.
pub(super) fn load(total: &Resources, free: &Resources) -> u32 {
	let share = |total: u32, free: u32| {
		let used = u64::from(total.saturating_sub(free)).saturating_mul(1_000);
		used.checked_div(total.into()).unwrap_or(0)
	};
	let most = [
		share(total.cpu_milli, free.cpu_milli),
		share(total.memory_mib, free.memory_mib),
		share(total.storage_gib, free.storage_gib),
		share(total.bandwidth_mbit, free.bandwidth_mbit),
		share(total.gpus.into(), free.gpus.into()),
	];
	most.into_iter().max().and_then(|most| u32::try_from(most).ok()).unwrap_or(1_000)
}

//! The round robin in `on_idle`. It only hastens payments: nothing that has a deadline depends on
//! it.

use crate::*;
use alloc::vec::Vec;
use frame_support::weights::WeightMeter;

impl<T: Config> Pallet<T> {
	/// Settle the credits of the next few agreements.
	pub(crate) fn settle_some(remaining: Weight) -> Weight {
		let mut meter = WeightMeter::with_limit(remaining);
		if meter.try_consume(T::WeightInfo::sweep_base()).is_err() {
			return meter.consumed();
		}
		let step = T::WeightInfo::sweep_step();
		let room = meter.remaining().checked_div_per_component(&step).unwrap_or(u64::MAX);
		let count = u32::try_from(room).unwrap_or(u32::MAX).min(T::SettlePerBlock::get());
		if count == 0 {
			return meter.consumed();
		}

		let ids: Vec<AgreementId> = match Cursor::<T>::get() {
			Some(last) => Agreements::<T>::iter_keys_from(Agreements::<T>::hashed_key_for(last)),
			None => Agreements::<T>::iter_keys(),
		}
		.take(usize::try_from(count).unwrap_or(0))
		.collect();
		let full = u32::try_from(ids.len()).is_ok_and(|n| n == count);
		match ids.last().filter(|_| full) {
			Some(last) => Cursor::<T>::put(last),
			None => Cursor::<T>::kill(),
		}
		for id in ids {
			meter.consume(step);
			Self::settle_step(id);
		}
		meter.consumed()
	}
}

//! Rent of slots: what is sold is probed by every validator in every round.

use crate::*;
use surety_primitives::{Counters, Occupancy, rent::rent};

impl<T: Config> Pallet<T> {
	/// The slot that a service takes at this occupancy, with `rate` sold.
	pub(crate) fn slot(asset: AssetId, rate: Balance, occupancy: Occupancy, rules: &Rules) -> Slot {
		let min_bond = T::Registry::min_bond(asset).unwrap_or_default();
		Slot {
			rent: rent(min_bond, rules.rent_base, rules.rent_peak, occupancy),
			renewed: true,
			least_rate: rate,
			fee_share: rules.fee_share,
		}
	}

	/// Take a window's rent out of the bond, less the platform's fees of the rounds in `counters`.
	/// A window that has begun is owed as a whole, or slots would be held for nothing by coming and
	/// going.
	pub(crate) fn collect_rent(service: ServiceId, slot: &Slot, counters: &Counters) {
		let billed = u32::from(counters.up.saturating_add(counters.unmeasured));
		let due = slot.due(billed.saturating_mul(T::Clock::round_blocks()));
		if due > 0 {
			// The reserve: lowering what is reserved always works, and `charge` takes active bond
			// first.
			let reserved = T::Bonding::exposure(service);
			Self::set_lower(service, reserved.saturating_sub(slot.rent));
			T::Bonding::charge(service, due, &T::ProberPot::get());
		}
	}

	/// Collect the rent of a window that is judged and reserve that of the one after the next, by
	/// the rules of the next, which has begun. Returns whether the bond covers it: else the slot is
	/// given back with the next window.
	pub(crate) fn renew_slot(
		service: ServiceId,
		state: &mut ServiceState,
		cover: WindowShare,
		counters: &Counters,
		rules: &Rules,
	) -> bool {
		let Some(slot) = state.slot else { return true };
		Self::collect_rent(service, &slot, counters);
		let next = Slot { renewed: true, least_rate: state.rate, fee_share: rules.fee_share, ..slot };
		let shares = [rules.penalty_share, state.penalty_share];
		for penalty_share in shares {
			let renewed = ServiceState { slot: Some(next), penalty_share, ..state.clone() };
			let needed = renewed.exposure::<T::Clock>(cover);
			if needed.is_some_and(|needed| T::Bonding::set_exposure(service, needed).is_ok()) {
				*state = renewed;
				return true;
			}
		}
		// Nothing is left to pay with if its end is carried out late.
		let rent = if slot.renewed { slot.rent } else { 0 };
		state.slot = Some(Slot { renewed: false, rent, ..next });
		Self::lower_exposure(service, state, cover);
		false
	}
}

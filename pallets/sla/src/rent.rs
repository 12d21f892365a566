// SPDX-License-Identifier: Apache-2.0

//! Rent of slots: a target with units is probed by every validator in every round.

use crate::{Config, Pallet, RENTS_RESERVED, Rules, SlotRent, TargetState};
use frame::prelude::*;
use surety_primitives::{
	AssetId, Balance, Bonding, Clock, Counters, JUDGED_AFTER, Occupancy, Registry, RoundIndex,
	Service, Slots, Target, WindowIndex, credit::exposure, rent::rent,
};

impl<T: Config> Pallet<T> {
	/// Rent of a slot per window at this occupancy, in base units of an asset.
	fn rent_at(asset: AssetId, occupancy: Occupancy, rules: &Rules) -> Balance {
		let min_bond = T::Registry::min_bond(asset).unwrap_or_default();
		rent(min_bond, rules.rent_base, rules.rent_peak, occupancy)
	}

	/// Rent of the slot that a target takes at this occupancy, with `rate` sold.
	pub(crate) fn new_slot(
		asset: AssetId,
		rate: Balance,
		occupancy: Occupancy,
		rules: &Rules,
	) -> SlotRent {
		let rent = Self::rent_at(asset, occupancy, rules);
		SlotRent::new(rent, T::Clock::round(), rate, rules.fee.share)
	}

	/// Take the rent of the rounds through `last` out of the bond, less the platform's fees of the
	/// rounds in `counters`.
	fn collect_rent(
		target: Target,
		listing: &Service<T::AccountId>,
		slot: &SlotRent,
		last: RoundIndex,
		counters: &Counters,
	) {
		let billed = u32::from(counters.up.saturating_add(counters.unmeasured));
		let due = slot.due::<T::Clock>(last, billed.saturating_mul(T::Clock::round_blocks()));
		if due > 0 {
			// Out of the reserve: `charge` takes active bond first, and lowering an exposure always
			// works.
			let exposure = T::Bonding::exposure(target).saturating_sub(due);
			Self::set_lower_exposure(target, listing, exposure);
			T::Bonding::charge(target, listing, due, &T::ProberPot::get());
		}
	}

	/// Collect the rent of a slot that is given back. The slot is held until the rounds are judged
	/// that name it.
	pub(crate) fn release_slot(target: Target, listing: &Service<T::AccountId>, slot: &SlotRent) {
		let counters = T::Slots::status(target).map(|status| status.counters).unwrap_or_default();
		let last = T::Clock::round().saturating_add(JUDGED_AFTER);
		Self::collect_rent(target, listing, slot, last, &counters);
	}

	/// Collect the rent of a window that is judged, and reserve the rents of up to
	/// [`RENTS_RESERVED`] windows by the rules of the next one, which has begun. Rents fall with
	/// the occupancy and never rise. Returns the number of windows whose rents are reserved, the
	/// one that has begun included.
	pub(crate) fn renew_slot(
		target: Target,
		listing: &Service<T::AccountId>,
		state: &mut TargetState,
		window: WindowIndex,
		rules: &Rules,
		counters: &Counters,
	) -> u8 {
		let Some(slot) = state.slot else {
			defensive!("a target with units has a slot");
			return RENTS_RESERVED;
		};
		let next = window.saturating_add(1);
		let last = T::Clock::window_start(next).saturating_sub(1);
		Self::collect_rent(target, listing, &slot, last, counters);
		let held = SlotRent {
			rent: slot.rent.min(Self::rent_at(state.asset, T::Slots::occupancy(), rules)),
			reserved: slot.reserved.saturating_sub(1),
			paid_through: slot.paid_through.max(last),
			least_rate: state.rate,
			fee_share: slot.fee_share.min(rules.fee.share),
		};
		// As many rents as the bond covers, with the penalty share of the next window if the bond
		// covers that too.
		let max_exposure =
			T::Bonding::exposure(target).saturating_add(T::Bonding::free_bond(listing));
		let left = state.left_of(listing.terms.cover);
		let renewed = (held.reserved.max(1)..=RENTS_RESERVED)
			.rev()
			.map(|reserved| SlotRent { reserved, ..held })
			.flat_map(|slot| [rules.penalty_share, state.penalty_share].map(|share| (slot, share)))
			.find_map(|(slot, share)| {
				let needed =
					exposure::<T::Clock>(state.rate, left, share)?.checked_add(slot.reserve())?;
				(needed <= max_exposure).then_some((slot, share, needed))
			});
		let Some((slot, penalty_share, needed)) = renewed else {
			state.slot = Some(held);
			Self::lower_exposure(target, listing, state);
			return held.reserved;
		};
		state.slot = Some(slot);
		state.penalty_share = penalty_share;
		if T::Bonding::set_exposure(target, listing, needed).is_err() {
			defensive!("what is reserved and what is free can be reserved");
		}
		slot.reserved
	}
}

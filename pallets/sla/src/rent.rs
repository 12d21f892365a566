//! Rent of slots: what is sold is probed by every validator in every round.

use crate::*;
use frame_support::defensive;
use surety_primitives::{Counters, JUDGED_AFTER, Occupancy, credit::exposure, rent::rent};

impl<T: Config> Pallet<T> {
	/// Rent per window of a slot at this occupancy, in base units of an asset.
	fn rent_at(asset: AssetId, occupancy: Occupancy, rules: &Rules) -> Balance {
		let min_bond = T::Registry::min_bond(asset).unwrap_or_default();
		rent(min_bond, rules.rent_base, rules.rent_peak, occupancy)
	}

	/// The slot that a service takes at this occupancy, with `rate` sold.
	pub(crate) fn slot(asset: AssetId, rate: Balance, occupancy: Occupancy, rules: &Rules) -> Slot {
		Slot {
			rent: Self::rent_at(asset, occupancy, rules),
			reserved: RENTS_RESERVED,
			paid_through: T::Clock::round(),
			least_rate: rate,
			fee_share: rules.fee.share,
		}
	}

	/// Take the rent of the rounds through `last` out of the bond, less the platform's fees of the
	/// rounds in `counters`.
	fn collect_rent(service: ServiceId, slot: &Slot, last: RoundIndex, counters: &Counters) {
		let billed = u32::from(counters.up.saturating_add(counters.unmeasured));
		let due = slot.due::<T::Clock>(last, billed.saturating_mul(T::Clock::round_blocks()));
		if due > 0 {
			// The reserve: lowering what is reserved always works, and `charge` takes active bond
			// first.
			let exposure = T::Bonding::exposure(service);
			Self::set_lower(service, exposure.saturating_sub(due));
			T::Bonding::charge(service, due, &T::ProberPot::get());
		}
	}

	/// Collect the rent of a slot that is given back, by the rounds in which it was held: it is not
	/// free before the rounds that name it are judged.
	pub(crate) fn release_slot(service: ServiceId, slot: &Slot) {
		let counters =
			T::Probing::probed(service).map(|probed| probed.counters).unwrap_or_default();
		let last = T::Clock::round().saturating_add(JUDGED_AFTER);
		Self::collect_rent(service, slot, last, &counters);
	}

	/// Collect the rent of a window that is judged and reserve as many as there should be, by the
	/// rules of the next, which has begun. Rents fall with the occupancy and never rise. Returns
	/// the windows that are reserved, the one that has begun included.
	pub(crate) fn renew_slot(
		service: ServiceId,
		state: &mut ServiceState,
		cover: WindowShare,
		window: WindowIndex,
		rules: &Rules,
		counters: &Counters,
	) -> u8 {
		let Some(slot) = state.slot else { return RENTS_RESERVED };
		let next = window.saturating_add(1);
		let last = T::Clock::window_start(next).saturating_sub(1);
		Self::collect_rent(service, &slot, last, counters);
		let held = Slot {
			rent: slot.rent.min(Self::rent_at(state.asset, T::Probing::occupancy(), rules)),
			reserved: slot.reserved.saturating_sub(1),
			paid_through: slot.paid_through.max(last),
			least_rate: state.rate,
			fee_share: slot.fee_share.min(rules.fee.share),
		};
		// As many rents as can be reserved, by the penalty share of now if there is bond for it.
		let reserved = T::Bonding::exposure(service);
		let most = reserved.saturating_add(T::Bonding::free_bond(service));
		let left = state.left_of(cover);
		let renewed = (held.reserved.max(1)..=RENTS_RESERVED)
			.rev()
			.map(|reserved| Slot { reserved, ..held })
			.flat_map(|slot| [rules.penalty_share, state.penalty_share].map(|share| (slot, share)))
			.find_map(|(slot, share)| {
				let needed =
					exposure::<T::Clock>(state.rate, left, share)?.checked_add(slot.reserve())?;
				(needed <= most).then_some((slot, share, needed))
			});
		let Some((slot, penalty_share, needed)) = renewed else {
			state.slot = Some(held);
			Self::lower_exposure(service, state, cover);
			return held.reserved;
		};
		state.slot = Some(slot);
		state.penalty_share = penalty_share;
		if T::Bonding::set_exposure(service, needed).is_err() {
			defensive!("what is reserved and what is free can be reserved");
		}
		slot.reserved
	}
}

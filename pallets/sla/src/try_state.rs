// SPDX-License-Identifier: Apache-2.0

//! Invariants of the state.

use crate::{
	Agreements, Base, Breaches, ByTarget, ByTenant, Config, NextAgreement, Pallet, Pots,
	TargetState, Targets, WindowBase,
};
use alloc::{collections::BTreeMap, vec::Vec};
use frame::{deps::sp_runtime::TryRuntimeError, prelude::*, traits::Zero};
use surety_primitives::{
	AssetId, Balance, Bonding, Funds, Registry, Service, Streams, Target, WindowIndex,
};

/// Sums over the agreements of a target.
#[derive(Default)]
struct Sums {
	units: u32,
	counting: Balance,
	/// Rates and numbers of agreements by window.
	pending: BTreeMap<WindowIndex, (Balance, u32)>,
	/// Promised and not credited.
	promised: Balance,
}

impl<T: Config> Pallet<T> {
	/// Check the invariants that the documentation of the crate lists.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_pots()?;
		Self::check_sums()?;
		for (target, state) in Targets::<T>::iter() {
			Self::check_history(target, &state)?;
			let Some(listing) = T::Registry::listing(target) else {
				return Err("10: target with state and without a listing".into());
			};
			Self::check_promises(target, &state, &listing)?;
		}
		Self::check_agreements()
	}

	fn check_pots() -> Result<(), TryRuntimeError> {
		let mut sums = BTreeMap::<AssetId, (Balance, Balance)>::new();
		for agreement in Agreements::<T>::iter_values() {
			let (owed, _) = sums.entry(agreement.asset).or_default();
			*owed = owed.saturating_add(agreement.claimable);
		}
		for state in Targets::<T>::iter_values() {
			let (owed, spare) = sums.entry(state.asset).or_default();
			*owed = owed.saturating_add(state.set_aside);
			*spare = spare.saturating_add(state.spare);
		}
		for asset in sums.keys() {
			ensure!(Pots::<T>::contains_key(asset), "1: an asset in use has no pot");
		}
		for (asset, pot) in Pots::<T>::iter() {
			let all = pot.owed.saturating_add(pot.spare).saturating_add(pot.reserve);
			ensure!(
				T::Funds::total(asset, &Self::pot()) >= all,
				"1: the balance of the pot does not cover it"
			);
			let sums = sums.get(&asset).copied().unwrap_or_default();
			ensure!(sums == (pot.owed, pot.spare), "2: the pot owes credit that nobody is owed");
		}
		Ok(())
	}

	fn check_sums() -> Result<(), TryRuntimeError> {
		let mut sums = Self::sums_and_bases()?;
		for (target, state) in Targets::<T>::iter() {
			let found = sums.remove(&target).unwrap_or_default();
			ensure!(found.units == state.units, "3: units are not those of the agreements");
			ensure!(
				found.counting == state.counting,
				"3: rates that count are not those of the agreements"
			);
			let pending: BTreeMap<_, _> =
				state.pending.iter().map(|p| (p.window, (p.rate, p.agreements))).collect();
			ensure!(found.pending == pending, "3: pending rates are not those of the agreements");
			let rate =
				pending.values().fold(state.counting, |sum, (rate, _)| sum.saturating_add(*rate));
			ensure!(state.rate == rate, "3: rates are not those of the agreements");
			ensure!(
				state.slot.is_some() == (state.units > 0),
				"3: a slot without units, or units without a slot"
			);
			ensure!(
				found.promised <= state.set_aside,
				"2: an agreement is promised more than was set aside"
			);
		}
		ensure!(sums.is_empty(), "3: an agreement without a target");
		Ok(())
	}

	/// Sums over the agreements that are open, by target. Checks their credits and bases.
	fn sums_and_bases() -> Result<BTreeMap<Target, Sums>, TryRuntimeError> {
		let mut sums = BTreeMap::<Target, Sums>::new();
		let mut waiting = BTreeMap::<(Target, WindowIndex), u32>::new();
		for a in Agreements::<T>::iter_values().filter(|a| !a.is_closed()) {
			let paid = T::Escrow::stream(a.escrow).map_or(0, |stream| stream.paid);
			ensure!(a.credited <= paid, "5: credited more than was paid");
			let sum = sums.entry(a.target).or_default();
			sum.units = sum.units.saturating_add(a.units);
			match a.base {
				Base::Window(w) if !WindowBase::<T>::contains_key(a.target, w) => {
					let p = sum.pending.entry(w).or_default();
					*p = (p.0.saturating_add(a.rate), p.1.saturating_add(1));
					continue;
				},
				Base::Window(w) => {
					let n = waiting.entry((a.target, w)).or_default();
					*n = n.saturating_add(1);
				},
				Base::Index(base) => {
					let index = Targets::<T>::get(a.target).map_or(Zero::zero(), |s| s.index);
					ensure!(base <= index, "5: a base is above the index");
				},
			}
			sum.counting = sum.counting.saturating_add(a.rate);
			if let Some(state) = Targets::<T>::get(a.target) {
				let promised = Self::promised(&a, &state).saturating_sub(a.credited);
				sum.promised = sum.promised.saturating_add(promised);
			}
		}
		for (target, window, start) in WindowBase::<T>::iter() {
			let waits = waiting.remove(&(target, window));
			ensure!(
				waits == Some(start.agreements),
				"4: the base of a window is not read by its agreements"
			);
		}
		Ok(sums)
	}

	fn check_promises(
		target: Target,
		state: &TargetState,
		listing: &Service<T::AccountId>,
	) -> Result<(), TryRuntimeError> {
		let cover = listing.terms.cover;
		ensure!(state.index <= cover, "5: the index passed the cover");
		let needed = state.exposure::<T::Clock>(cover).ok_or("6: an exposure overflows")?;
		ensure!(
			T::Bonding::exposure(target) >= needed,
			"6: promised credit or rent is not reserved"
		);
		Ok(())
	}

	fn check_history(target: Target, state: &TargetState) -> Result<(), TryRuntimeError> {
		let mut numbers: Vec<u32> = Breaches::<T>::iter_key_prefix(target).collect();
		numbers.sort_unstable();
		let oldest = state.breaches.saturating_sub(T::MaxBreaches::get());
		ensure!(
			numbers.iter().copied().eq(oldest..state.breaches),
			"9: the history is not that of the last breaches"
		);
		Ok(())
	}

	fn check_agreements() -> Result<(), TryRuntimeError> {
		let (mut count, mut open) = (0usize, 0usize);
		for (id, agreement) in Agreements::<T>::iter() {
			count = count.saturating_add(1);
			ensure!(id < NextAgreement::<T>::get(), "7: an id that was not given out");
			ensure!(
				agreement.target.lease().is_none() || agreement.units == 1,
				"8: the agreement of a lease is not one unit"
			);
			ensure!(
				ByTenant::<T>::contains_key(&agreement.tenant, id),
				"7: an agreement that its tenant does not have"
			);
			ensure!(
				agreement.claimable > 0 || !agreement.is_closed(),
				"7: a closed agreement without a claim"
			);
			if !agreement.is_closed() {
				open = open.saturating_add(1);
				ensure!(
					ByTarget::<T>::contains_key(agreement.target, id),
					"7: an agreement that its target does not have"
				);
			}
		}
		ensure!(
			ByTarget::<T>::iter_keys().count() == open,
			"7: a target has an agreement that is not open"
		);
		ensure!(
			ByTenant::<T>::iter_keys().count() == count,
			"7: a tenant has an agreement that does not exist"
		);
		Ok(())
	}
}

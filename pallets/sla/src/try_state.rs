//! The invariants of this pallet.
//!
//! 1. The pot has at least what is owed, what is spare and the reserve.
//! 2. The pot owes what is set aside for services and what is claimable; what is spare is that of
//!    the services. What is set aside for a service covers all that its agreements are promised and
//!    not credited.
//! 3. Units and rates of a service are the sums over its agreements, by window; one with units has
//!    a slot.
//! 4. Every base that a closed window left behind has exactly the agreements that wait for it.
//! 5. No index passes the cover, no agreement's base the index, and no agreement is credited more
//!    than it paid.
//! 6. All the credit that agreements may still get is reserved, and the rents.
//! 7. Tenants' lists name exactly their agreements; closed agreements have a claim; ids are below
//!    the next.
//! 8. The agreement of a lease is one unit of the service that the lease is, and no other is of
//!    that service.
//! 9. A service has its last `MaxBreaches` breaches and no others.
//! 10. A service with state here is listed.

use crate::{pallet::Agreements, *};
use alloc::{collections::BTreeMap, vec::Vec};
use frame::traits::Zero;
use frame_support::sp_runtime::TryRuntimeError;
use surety_primitives::{Service, lease_of_service};

/// Sums over the agreements of a service.
#[derive(Default)]
struct Counted {
	units: u32,
	active: Balance,
	/// Rates and numbers of agreements by window.
	pending: BTreeMap<WindowIndex, (Balance, u32)>,
	/// Promised and not credited.
	promised: Balance,
}

impl<T: Config> Pallet<T> {
	/// Check the invariants.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::try_state_pots()?;
		Self::try_state_units()?;
		for (id, state) in Services::<T>::iter() {
			Self::try_state_history(id, &state)?;
			// A service that has no units may be gone from the registry only together with its
			// state.
			let Some(info) = T::Registry::service(id) else {
				return Err("10: service state without a listing".into());
			};
			Self::try_state_index(id, &state, &info)?;
		}
		Self::try_state_tenants()
	}

	fn try_state_pots() -> Result<(), TryRuntimeError> {
		let mut sums = BTreeMap::<AssetId, (Balance, Balance)>::new();
		for agreement in Agreements::<T>::iter_values() {
			let (owed, _) = sums.entry(agreement.asset).or_default();
			*owed = owed.saturating_add(agreement.claimable);
		}
		for state in Services::<T>::iter_values() {
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
				"1: the pot has less than it owes"
			);
			let sums = sums.get(&asset).copied().unwrap_or_default();
			ensure!(sums == (pot.owed, pot.spare), "2: the pot owes what nobody is owed");
		}
		Ok(())
	}

	fn try_state_units() -> Result<(), TryRuntimeError> {
		let mut counted = BTreeMap::<ServiceId, Counted>::new();
		let mut waiting = BTreeMap::<(ServiceId, WindowIndex), u32>::new();
		for a in Agreements::<T>::iter_values().filter(|a| !a.is_closed()) {
			let paid = T::Escrow::stream(a.escrow).map_or(0, |stream| stream.paid);
			ensure!(a.credited <= paid, "5: credited more than was paid");
			let sum = counted.entry(a.service).or_default();
			sum.units = sum.units.saturating_add(a.units);
			match a.base {
				Base::Window(w) if !WindowBase::<T>::contains_key(a.service, w) => {
					let p = sum.pending.entry(w).or_default();
					*p = (p.0.saturating_add(a.rate), p.1.saturating_add(1));
					continue;
				},
				Base::Window(w) => {
					let n = waiting.entry((a.service, w)).or_default();
					*n = n.saturating_add(1);
				},
				Base::Index(base) => {
					let index = Services::<T>::get(a.service).map_or(Zero::zero(), |s| s.index);
					ensure!(base <= index, "5: an agreement's base above the index");
				},
			}
			sum.active = sum.active.saturating_add(a.rate);
			if let Some(state) = Services::<T>::get(a.service) {
				let promised = Self::promised(&a, &state).saturating_sub(a.credited);
				sum.promised = sum.promised.saturating_add(promised);
			}
		}
		for (service, window, start) in WindowBase::<T>::iter() {
			let waits = waiting.remove(&(service, window));
			ensure!(waits == Some(start.agreements), "4: a window's base nobody waits for");
		}
		for (id, state) in Services::<T>::iter() {
			let found = counted.remove(&id).unwrap_or_default();
			ensure!(found.units == state.units, "3: units are not those of the agreements");
			ensure!(
				found.active == state.active,
				"3: rates that count are not those of the agreements"
			);
			let pending: BTreeMap<_, _> =
				state.pending.iter().map(|p| (p.window, (p.rate, p.agreements))).collect();
			ensure!(found.pending == pending, "3: pending rates are not those of the agreements");
			let rate =
				pending.values().fold(state.active, |sum, (rate, _)| sum.saturating_add(*rate));
			ensure!(state.rate == rate, "3: rates are not those of the agreements");
			ensure!(
				state.slot.is_some() == (state.units > 0),
				"3: a slot without units, or units without"
			);
			ensure!(
				found.promised <= state.set_aside,
				"2: an agreement is promised more than was set aside"
			);
		}
		ensure!(counted.is_empty(), "3: an agreement without a service");
		Ok(())
	}

	fn try_state_index(
		id: ServiceId,
		state: &ServiceState,
		info: &Service<T::AccountId>,
	) -> Result<(), TryRuntimeError> {
		let cover = info.terms.cover;
		ensure!(state.index <= cover, "5: the index passed the cover");
		let needed = state.exposure::<T::Clock>(cover).ok_or("6: what is promised overflows")?;
		ensure!(T::Bonding::exposure(id) >= needed, "6: promised credit or rent is not reserved");
		Ok(())
	}

	fn try_state_history(id: ServiceId, state: &ServiceState) -> Result<(), TryRuntimeError> {
		let mut numbers: Vec<u32> = Breaches::<T>::iter_key_prefix(id).collect();
		numbers.sort_unstable();
		let oldest = state.breaches.saturating_sub(T::MaxBreaches::get());
		ensure!(
			numbers.iter().copied().eq(oldest..state.breaches),
			"9: the history is not that of the last breaches"
		);
		Ok(())
	}

	fn try_state_tenants() -> Result<(), TryRuntimeError> {
		let mut count = 0usize;
		for (id, agreement) in Agreements::<T>::iter() {
			count = count.saturating_add(1);
			ensure!(id < NextAgreement::<T>::get(), "7: an id that was not given out");
			ensure!(
				agreement.lease == lease_of_service(agreement.service)
					&& (agreement.lease.is_none() || agreement.units == 1),
				"8: an agreement that is not its lease's one unit"
			);
			ensure!(
				ByTenant::<T>::contains_key(&agreement.tenant, id),
				"7: an agreement its tenant has not"
			);
			ensure!(
				agreement.claimable > 0 || !agreement.is_closed(),
				"7: a closed agreement without a claim"
			);
		}
		ensure!(
			ByTenant::<T>::iter_keys().count() == count,
			"7: a tenant has an agreement that is not"
		);
		Ok(())
	}
}

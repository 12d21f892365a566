//! The invariants of this pallet.
//!
//! 1. The pot has at least the credits owed, the carry and the reserve.
//! 2. What is owed is the sum of what is set aside for the agreements: all that their indices rose, of which an
//!    ending one may get less and none gets more. The carry is that of the services.
//! 3. Units of a service are those of its tariffs and those of its agreements, by price and by window.
//! 4. Every base that a closed window left behind has exactly the agreements that wait for it.
//! 5. No index passes the cap, no tariff's index the service's, no agreement's base its tariff's index, and no
//!    window's credits its price.
//! 6. All the credit that units may still get is reserved.
//! 7. Tenants' lists name exactly their agreements; closed agreements have a claim; ids are below the next.
//! 8. The agreement of a lease is one unit of the service that the lease is, and no other is of that service.
//! 9. A service has its last `MaxBreaches` breaches and no others.
//! 10. What has state here is listed.

use crate::{pallet::Agreements, *};
use alloc::{collections::BTreeMap, vec::Vec};
use frame_support::sp_runtime::TryRuntimeError;
use surety_primitives::{Service, lease_of_service};

/// Units and agreements that count, and those that are pending by window, of a service at a price.
#[derive(Default)]
struct Counted {
	active: u32,
	pending: BTreeMap<WindowIndex, (u32, u32)>,
}

impl<T: Config> Pallet<T> {
	/// Check the invariants.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::try_state_pots()?;
		Self::try_state_units()?;
		for (id, state) in Services::<T>::iter() {
			Self::try_state_history(id, &state)?;
			// A service that has no units may be gone from the registry only together with its state.
			let Some(info) = T::Registry::service(id) else {
				return Err("10: service state without a listing".into());
			};
			Self::try_state_index(id, &state, &info)?;
		}
		Self::try_state_tenants()
	}

	fn try_state_pots() -> Result<(), TryRuntimeError> {
		let mut owed = BTreeMap::<AssetId, Balance>::new();
		for agreement in Agreements::<T>::iter_values() {
			let set_aside = Self::set_aside(&agreement);
			ensure!(Self::owed(&agreement) <= set_aside, "2: an agreement is owed more than was set aside");
			let sum = owed.entry(agreement.asset).or_default();
			*sum = sum.saturating_add(set_aside);
		}
		let mut carry = BTreeMap::<AssetId, Balance>::new();
		for state in Services::<T>::iter_values() {
			let sum = carry.entry(state.asset).or_default();
			*sum = sum.saturating_add(state.carry);
		}
		for asset in owed.keys().chain(carry.keys()) {
			ensure!(Pots::<T>::contains_key(asset), "1: an asset in use has no pot");
		}
		for (asset, pot) in Pots::<T>::iter() {
			let all = pot.owed.saturating_add(pot.carry).saturating_add(pot.reserve);
			ensure!(T::Funds::total(asset, &Self::pot()) >= all, "1: the pot has less than it owes");
			ensure!(
				owed.get(&asset).copied().unwrap_or(0) == pot.owed,
				"2: credits owed are not those of the agreements"
			);
			ensure!(
				carry.get(&asset).copied().unwrap_or(0) == pot.carry,
				"2: the carry is not that of the services"
			);
		}
		Ok(())
	}

	fn try_state_units() -> Result<(), TryRuntimeError> {
		let mut counted = BTreeMap::<(ServiceId, Balance), Counted>::new();
		let mut waiting = BTreeMap::<(ServiceId, WindowIndex, Balance), u32>::new();
		for a in Agreements::<T>::iter_values() {
			if matches!(a.state, AgreementState::Closed { .. }) {
				continue;
			}
			let at_price = counted.entry((a.service, a.price)).or_default();
			match a.base {
				Base::Window(w) if !WindowBase::<T>::contains_key((a.service, w, a.price)) => {
					let p = at_price.pending.entry(w).or_default();
					*p = (p.0.saturating_add(a.units), p.1.saturating_add(1));
				},
				base => {
					match base {
						Base::Window(w) => {
							let n = waiting.entry((a.service, w, a.price)).or_default();
							*n = n.saturating_add(1);
						},
						Base::Index(base) => {
							let index =
								Services::<T>::get(a.service).map_or(0, |s| s.index_at_price(a.price));
							ensure!(base <= index, "5: an agreement's base above the index");
						},
					}
					at_price.active = at_price.active.saturating_add(a.units);
				},
			}
		}
		for (key, start) in WindowBase::<T>::iter() {
			ensure!(waiting.remove(&key) == Some(start.agreements), "4: a window's base nobody waits for");
		}
		for (id, state) in Services::<T>::iter() {
			let sold = state.tariffs.iter().fold(0u32, |sum, t| sum.saturating_add(t.units()));
			ensure!(state.units == sold, "3: units are not those of the tariffs");
			for tariff in &state.tariffs {
				ensure!(tariff.units() > 0, "3: a tariff without units");
				let found = counted.remove(&(id, tariff.price)).unwrap_or_default();
				ensure!(found.active == tariff.active, "3: units that count are not those of the agreements");
				let pending: BTreeMap<_, _> =
					tariff.pending.iter().map(|p| (p.window, (p.units, p.agreements))).collect();
				ensure!(found.pending == pending, "3: pending units are not those of the agreements");
			}
		}
		ensure!(counted.is_empty(), "3: an agreement without a tariff");
		Ok(())
	}

	fn try_state_index(
		id: ServiceId,
		state: &ServiceState,
		info: &Service<T::AccountId>,
	) -> Result<(), TryRuntimeError> {
		let cap = info.terms.credit_cap;
		ensure!(state.index <= cap, "5: the index passed the cap");
		let blocks = Balance::from(T::Clock::window_blocks());
		for tariff in &state.tariffs {
			ensure!(tariff.index <= state.index, "5: a tariff's index above the service's");
			ensure!(
				tariff.window_credit <= tariff.price.saturating_mul(blocks),
				"5: a window's credits above its price"
			);
		}
		let promised = state.promised(cap).ok_or("6: what is promised overflows")?;
		ensure!(T::Bonding::exposure(id) >= promised, "6: promised credit is not reserved");
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
			ensure!(ByTenant::<T>::contains_key(&agreement.tenant, id), "7: an agreement its tenant has not");
			ensure!(
				agreement.claimable > 0 || !matches!(agreement.state, AgreementState::Closed { .. }),
				"7: a closed agreement without a claim"
			);
		}
		ensure!(ByTenant::<T>::iter_keys().count() == count, "7: a tenant has an agreement that is not");
		Ok(())
	}
}

//! What follows from verdicts: windows that turn, and breaches.

use crate::*;
use alloc::vec::Vec;
use frame::arithmetic::{Rounding, helpers_128bit::multiply_by_rational_with_rounding};
use frame_support::defensive;
use surety_primitives::{
	BreachKind, Breached, Frozen, Judge, SlaTerms, WindowSummary, lease_of_service, tiers,
};

/// What a breach takes, before it is known what the bond can pay.
struct Demand {
	/// Rise per tariff, in base units per unit.
	rises: Vec<Balance>,
	/// All credits.
	credit: Balance,
	/// What the severity demands beyond the window's price, of all units that count.
	excess: Balance,
}

impl<T: Config> Judge for Pallet<T> {
	fn window_turned(service: ServiceId, closed: &WindowSummary) -> Frozen {
		let next = closed.window.saturating_add(1);
		let dead = closed.counters.is_dead(T::Clock::window_rounds());
		let (mut weight, mut ends) = (0, false);
		Services::<T>::mutate_extant(service, |state| {
			Self::turn(service, state, next);
			state.begin_window(next);
			let exposure = T::Bonding::exposure(service);
			weight = T::Registry::in_min_bonds(state.asset, state.aged_exposure.min(exposure));
			state.aged_exposure = exposure;
			// A lease that is down fails long before, but not one that answers half of the probers.
			ends = dead && state.units > 0 && !state.terminated;
			state.terminated |= ends;
		});
		if ends {
			Self::terminate(service);
		}
		Self::freeze(service, next, weight)
	}

	fn heated(service: ServiceId) -> Frozen {
		// Probed every round from the next one on; none of its exposure is a window old.
		let window = T::Clock::window_of(T::Clock::round().saturating_add(1));
		Self::freeze(service, window, 0)
	}

	fn breached(service: ServiceId, breached: Breached) {
		let Some(info) = T::Registry::service(service) else {
			defensive!("a judged service is listed");
			return;
		};
		// Nobody ever had units of it: nothing to pay, nothing to remember.
		let Some(mut state) = Services::<T>::get(service) else { return };
		// A row that became hot with the first round of a window has no turn of the window before.
		Self::turn(service, &mut state, breached.window);
		state.begin_window(breached.window);
		state.note_breach(breached.window);

		let number = state.breaches;
		state.breaches = number.saturating_add(1);
		let breach = Self::punish(service, &info.terms, &mut state, &breached);
		let at_cap = breach.credited > 0 && state.index >= info.terms.credit_cap && !state.terminated;
		state.terminated |= at_cap;
		Services::<T>::insert(service, state);

		Breaches::<T>::insert(service, number, &breach);
		if let Some(oldest) = number.checked_sub(T::MaxBreaches::get()) {
			Breaches::<T>::remove(service, oldest);
		}
		T::Reputation::breach(&info.operator, service, breached.kind, breached.severity);
		Self::deposit_event(Event::Breached { service, number, breach });
		if at_cap {
			Self::terminate(service);
		}
	}
}

impl<T: Config> Pallet<T> {
	/// End a service for cause. The rounds that have begun are still billed and judged.
	fn terminate(service: ServiceId) {
		let at = T::Clock::round();
		T::Registry::terminate(service, at);
		T::Probing::end_meter(service, at);
		Self::deposit_event(Event::ServiceTerminated { service, at });
		if let Some(lease) = lease_of_service(service) {
			T::Leases::terminated(lease, at);
		}
	}

	/// Fix the bases of the units that were opened before `window`, and let them count.
	fn turn(service: ServiceId, state: &mut ServiceState, window: WindowIndex) {
		state.turn(window, |price, opened, start| {
			WindowBase::<T>::insert((service, opened, price), start);
		});
	}

	/// What `window` is judged by. What pays no credit risks nothing in an outage, and weighs nothing there.
	fn freeze(service: ServiceId, window: WindowIndex, weight: Balance) -> Frozen {
		let rounds = T::Clock::window_rounds();
		let terms = T::Registry::service(service).map(|info| info.terms);
		let allowance = match &terms {
			Some(terms) => BreachKind::COUNTED.map(|kind| tiers::allowance(kind, terms.min_uptime, rounds)),
			None => [u16::MAX; 3],
		};
		let pays = terms.is_some_and(|terms| terms.credit.last().is_some_and(|most| *most > 0));
		let weight = if pays { weight } else { 0 };
		let repeated = Services::<T>::get(service)
			.map_or(0, |s| s.breached_before(window, T::EscalationWindows::get().min(u64::BITS)));
		let multiplier =
			u8::try_from(repeated.saturating_add(1)).unwrap_or(u8::MAX).min(T::MaxMultiplier::get()).max(1);
		Frozen { allowance, multiplier, weight }
	}

	/// Take the credit and the penalty out of the bond and raise the index by what moved.
	fn punish(service: ServiceId, terms: &SlaTerms, state: &mut ServiceState, breached: &Breached) -> Breach {
		let demanded = demanded_per_unit(terms, breached);
		let demand = Self::demand(state, terms, demanded);
		let exposure = T::Bonding::exposure(service);
		let from_carry = state.carry.min(demand.credit);
		let from_bond = demand.credit.saturating_sub(from_carry);

		// Where the index and the exposure will be if the bond pays all of it.
		let mut paid = state.clone();
		raise(&mut paid, &demand.rises);
		let released =
			exposure.saturating_sub(Self::lowered(&paid, terms, exposure.saturating_sub(from_bond)));

		// Never more than this breach releases and what nothing reserves: the other promises of the
		// operator stay covered, even if the penalty share was changed since the exposure was reserved.
		let penalty = T::PenaltyShare::get()
			.mul_floor(demand.credit)
			.saturating_add(demand.excess)
			.min(released.saturating_add(T::Bonding::free_bond(service)).saturating_sub(from_bond));
		let slashed = if from_bond > 0 || penalty > 0 {
			T::Bonding::slash(service, from_bond, &Self::pot(), penalty)
		} else {
			Default::default()
		};

		let available = from_carry.saturating_add(slashed.credit);
		let mut rises = demand.rises;
		if available < demand.credit {
			for rise in &mut rises {
				*rise = multiply_by_rational_with_rounding(*rise, available, demand.credit, Rounding::Down)
					.unwrap_or(0);
			}
		}
		let index_before = state.index;
		let units = state.active_units();
		let (recorded, credited) = raise(state, &rises);
		if credited > 0 {
			state.last_rise = breached.round;
		}
		state.carry = state.carry.saturating_add(slashed.credit).saturating_sub(credited);
		Pots::<T>::mutate(state.asset, |pot| {
			pot.owed = pot.owed.saturating_add(credited);
			pot.carry = pot.carry.saturating_add(slashed.credit).saturating_sub(credited);
		});
		Self::lower_exposure(service, state, terms, slashed.credit);

		Breach {
			window: breached.window,
			round: breached.round,
			kind: breached.kind,
			before: breached.before,
			severity: breached.severity,
			counters: breached.counters,
			allowance: allowance_of(breached),
			multiplier: breached.frozen.multiplier.max(1),
			demanded,
			units,
			index_before,
			index_after: state.index,
			rises: BoundedVec::truncate_from(recorded),
			credited,
			slashed: slashed.credit,
			penalty: slashed.penalty,
		}
	}

	/// What a demand per unit comes to, under the cap and under the price of the window at each price.
	fn demand(state: &ServiceState, terms: &SlaTerms, demanded: Balance) -> Demand {
		let blocks = Balance::from(T::Clock::window_blocks());
		let mut demand = Demand { rises: Vec::new(), credit: 0, excess: 0 };
		for tariff in &state.tariffs {
			let units = Balance::from(tariff.active);
			let wanted = demanded.min(terms.credit_cap.saturating_sub(tariff.index));
			let limit = tariff.price.saturating_mul(blocks).saturating_sub(tariff.window_credit);
			let rise = if units == 0 { 0 } else { wanted.min(limit) };
			demand.rises.push(rise);
			demand.credit = demand.credit.saturating_add(units.saturating_mul(rise));
			let excess = units.saturating_mul(wanted.saturating_sub(rise));
			demand.excess = demand.excess.saturating_add(excess);
		}
		demand
	}

	/// Exposure that a service needs, at most `most`: a penalty share that was raised since it was reserved
	/// must not take what others reserved.
	fn lowered(state: &ServiceState, terms: &SlaTerms, most: Balance) -> Balance {
		Self::exposure_of(state, terms.credit_cap).map_or(most, |e| e.min(most))
	}

	/// Give back the part of the exposure that is not needed any more, at least what was `used` of it.
	pub(crate) fn lower_exposure(service: ServiceId, state: &ServiceState, terms: &SlaTerms, used: Balance) {
		let now = T::Bonding::exposure(service);
		let exposure = Self::lowered(state, terms, now.saturating_sub(used));
		if exposure < now && T::Bonding::set_exposure(service, exposure).is_err() {
			defensive!("lowering an exposure always works");
		}
	}
}

/// Difference of the credits of the two tiers times the multiplier.
fn demanded_per_unit(terms: &SlaTerms, breached: &Breached) -> Balance {
	let credit = |severity: surety_primitives::Severity| {
		terms.credit.get(severity.index()).copied().unwrap_or_default()
	};
	credit(breached.severity)
		.saturating_sub(breached.before.map_or(0, credit))
		.saturating_mul(Balance::from(breached.frozen.multiplier.max(1)))
}

/// The allowance of the breached kind; kinds that are not counted allow none.
fn allowance_of(breached: &Breached) -> u16 {
	BreachKind::COUNTED
		.iter()
		.zip(breached.frozen.allowance)
		.find(|(kind, _)| **kind == breached.kind)
		.map_or(0, |(_, allowance)| allowance)
}

/// Raise the tariffs' indices. Returns what happened to those with units that count, and the sum of
/// the credits.
fn raise(state: &mut ServiceState, rises: &[Balance]) -> (Vec<Rise>, Balance) {
	let mut recorded = Vec::new();
	let mut credited: Balance = 0;
	for (tariff, rise) in state.tariffs.iter_mut().zip(rises) {
		let before = tariff.index;
		tariff.index = before.saturating_add(*rise);
		tariff.window_credit = tariff.window_credit.saturating_add(*rise);
		state.index = state.index.max(tariff.index);
		if tariff.active > 0 {
			credited = credited.saturating_add(Balance::from(tariff.active).saturating_mul(*rise));
			recorded.push(Rise { price: tariff.price, units: tariff.active, before, after: tariff.index });
		}
	}
	(recorded, credited)
}

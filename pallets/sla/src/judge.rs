//! Consequences of verdicts: windows that turn, and breaches.

use crate::*;
use frame::traits::Zero;
use frame_support::defensive;
use surety_primitives::{
	BreachKind, Breached, Counters, Fee, Frozen, Judge, SlaTerms,
	credit::{cost_of, window_price},
	lease_of_service, tiers,
};

impl<T: Config> Judge for Pallet<T> {
	fn window_turned(service: ServiceId, window: WindowIndex, since_sold: &Counters) -> Frozen {
		let next = window.saturating_add(1);
		let terms = T::Registry::service(service).map(|info| info.terms);
		let mut state = Services::<T>::get(service).filter(|state| state.units > 0);
		let rules = Self::rules(next);
		if let (Some(state), Some(terms)) = (&mut state, &terms) {
			Self::turn(service, state, next);
			Self::sweep_spare(state);
			let reserved =
				Self::renew_slot(service, state, terms.cover, window, &rules, since_sold);
			let now = T::Clock::round();
			let ends = if since_sold.is_dead(T::Clock::window_rounds()) {
				// A lease that is down fails long before, but not one that answers half of the
				// probers.
				Some((now, CloseReason::Terminated))
			} else if reserved < 2 {
				// The rent of the window that has begun is reserved, of no later one.
				let last = T::Clock::window_start(next.saturating_add(1)).saturating_sub(1);
				Some((last.max(now), CloseReason::RentUnpaid))
			} else {
				None
			};
			if (2..RENTS_RESERVED).contains(&reserved) {
				Self::deposit_event(Event::RentShort { service, reserved });
			}
			let ends = ends.filter(|(at, _)| state.ends.is_none_or(|stands| *at < stands));
			state.ends = ends.map(|(at, _)| at).or(state.ends);
			Services::<T>::insert(service, &*state);
			if let Some((at, reason)) = ends {
				Self::terminate(service, at, reason);
			}
		}
		Self::freeze(next, &rules, terms.as_ref(), state.as_ref())
	}

	fn heated(service: ServiceId) -> Frozen {
		// Probed every round from the next one on. That may be the first of a window whose rules are
		// not known yet: then by those of now.
		let window = T::Clock::window_of(T::Clock::round().saturating_add(1));
		let terms = T::Registry::service(service).map(|info| info.terms);
		let state = Services::<T>::get(service);
		Self::freeze(window, &Self::rules_now(), terms.as_ref(), state.as_ref())
	}

	fn breached(service: ServiceId, breached: Breached) {
		let Some(info) = T::Registry::service(service) else {
			defensive!("a judged service is listed");
			return;
		};
		// Nobody ever had units of it: nothing to pay, nothing to remember.
		let Some(mut state) = Services::<T>::get(service) else { return };
		// A row that became active with the first round of a window has no turn of the one before.
		Self::turn(service, &mut state, breached.window);
		state.note_breach(breached.window);

		let number = state.breaches;
		state.breaches = number.saturating_add(1);
		let breach = Self::punish(service, &info.terms, &mut state, &breached);
		let now = T::Clock::round();
		let exhausted = breach.index_after > breach.index_before
			&& state.index >= info.terms.cover
			&& state.ends.is_none_or(|stands| now < stands);
		if exhausted {
			state.ends = Some(now);
		}
		Services::<T>::insert(service, state);

		Breaches::<T>::insert(service, number, &breach);
		if let Some(oldest) = number.checked_sub(T::MaxBreaches::get()) {
			Breaches::<T>::remove(service, oldest);
		}
		T::Reputation::breach(&info.operator, service, breached.kind, breached.severity);
		Self::deposit_event(Event::Breached { service, number, breach });
		if exhausted {
			Self::terminate(service, now, CloseReason::Terminated);
		}
	}
}

impl<T: Config> Pallet<T> {
	/// End a service for its operator's doing, with round `at`. The rounds until then are billed
	/// and judged.
	fn terminate(service: ServiceId, at: RoundIndex, reason: CloseReason) {
		// First the meter, whose reason is that of every stream.
		T::Probing::end_meter(service, at, reason);
		T::Registry::terminate(service, at);
		Self::deposit_event(Event::ServiceTerminated { service, at, reason, code: reason.code() });
		if let Some(lease) = lease_of_service(service) {
			T::Leases::terminated(lease, at, reason);
		}
	}

	/// Keep the parameters of a window in its first block.
	pub(crate) fn begin_window() -> Weight {
		let round = T::Clock::round();
		let window = T::Clock::window_of(round);
		let first = T::Clock::round_start(T::Clock::window_start(window));
		// Block 0 is genesis.
		if T::Clock::now() != first.max(1) {
			return Weight::zero();
		}
		WindowRules::<T>::insert(window, Self::current_rules());
		if let Some(old) = window.checked_sub(MAX_PENDING) {
			WindowRules::<T>::remove(old);
		}
		T::WeightInfo::begin_window()
	}

	/// Parameters of now.
	fn current_rules() -> Rules {
		Rules {
			penalty_share: T::PenaltyShare::get(),
			fee: Fee { share: T::PlatformFee::get(), to_probers: T::ProberShare::get() },
			escalation_windows: T::EscalationWindows::get(),
			max_multiplier: T::MaxMultiplier::get(),
			rent_base: T::RentBase::get(),
			rent_peak: T::RentPeak::get(),
		}
	}

	/// Parameters that a window is judged by: those of now if it has not begun.
	pub(crate) fn rules(window: WindowIndex) -> Rules {
		WindowRules::<T>::get(window).unwrap_or_else(Self::current_rules)
	}

	/// Parameters of this window, by which agreements are opened in it.
	pub(crate) fn rules_now() -> Rules {
		Self::rules(T::Clock::window_of(T::Clock::round()))
	}

	/// Fix the bases of the agreements that were opened before `window`, and let them count.
	fn turn(service: ServiceId, state: &mut ServiceState, window: WindowIndex) {
		state.turn(window, |opened, start| WindowBase::<T>::insert(service, opened, start));
	}

	/// Measures that `window` is judged by under `rules`.
	fn freeze(
		window: WindowIndex,
		rules: &Rules,
		terms: Option<&SlaTerms>,
		state: Option<&ServiceState>,
	) -> Frozen {
		rules.frozen(window, T::Clock::window_rounds(), terms, state)
	}

	/// Take the credit and the penalty out of the bond and raise the index by what moved.
	fn punish(
		service: ServiceId,
		terms: &SlaTerms,
		state: &mut ServiceState,
		breached: &Breached,
	) -> Breach {
		let demanded = demanded(terms, breached);
		let index_before = state.index;
		let rise =
			if state.active == 0 { Zero::zero() } else { demanded.min(state.left_of(terms.cover)) };
		let price = window_price::<T::Clock>(state.active).unwrap_or(Balance::MAX);
		let cost = cost_of(price, rise).unwrap_or(Balance::MAX);

		// Never more than this breach releases and what nothing reserves: the other promises of the
		// operator, and the next rent, stay covered.
		let exposure = T::Bonding::exposure(service);
		state.index = index_before.saturating_add(rise);
		let budget = exposure
			.saturating_sub(Self::lowered(exposure, state, terms.cover))
			.saturating_add(T::Bonding::free_bond(service));
		let credit = cost.min(budget);
		let penalty = state.penalty_share.mul_floor(credit).min(budget.saturating_sub(credit));
		let slashed = if credit > 0 || penalty > 0 {
			T::Bonding::slash(service, credit, &Self::pot(), penalty)
		} else {
			Default::default()
		};
		state.index = raised(index_before, rise, cost, slashed.credit);
		state.set_aside = state.set_aside.saturating_add(slashed.credit);
		Pots::<T>::mutate(state.asset, |pot| pot.owed = pot.owed.saturating_add(slashed.credit));
		Self::lower_exposure(service, state, terms.cover);

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
			rate: state.active,
			index_before,
			index_after: state.index,
			credited: slashed.credit,
			penalty: slashed.penalty,
		}
	}

	/// Exposure that a service needs, at most what is reserved.
	fn lowered(exposure: Balance, state: &ServiceState, cover: WindowShare) -> Balance {
		state.exposure::<T::Clock>(cover).map_or(exposure, |needed| needed.min(exposure))
	}

	/// Give back the part of the exposure that is not needed any more.
	pub(crate) fn lower_exposure(service: ServiceId, state: &ServiceState, cover: WindowShare) {
		Self::set_lower(service, Self::lowered(T::Bonding::exposure(service), state, cover));
	}

	/// Set the exposure to an amount that is not above what is reserved.
	pub(crate) fn set_lower(service: ServiceId, exposure: Balance) {
		if T::Bonding::set_exposure(service, exposure).is_err() {
			defensive!("lowering an exposure always works");
		}
	}
}

impl Rules {
	/// Measures that `window`, of so many rounds, is judged by.
	pub fn frozen(
		&self,
		window: WindowIndex,
		rounds: u16,
		terms: Option<&SlaTerms>,
		state: Option<&ServiceState>,
	) -> Frozen {
		let allowance = match terms {
			Some(terms) => {
				BreachKind::COUNTED.map(|kind| tiers::allowance(kind, terms.min_uptime, rounds))
			},
			None => [u16::MAX; 3],
		};
		let among = self.escalation_windows.min(u64::BITS);
		let repeated = state.map_or(0, |state| state.breached_before(window, among));
		let multiplier = u8::try_from(repeated.saturating_add(1))
			.unwrap_or(u8::MAX)
			.min(self.max_multiplier)
			.max(1);
		Frozen { allowance, multiplier }
	}
}

/// Index after a breach that is to raise it by `rise` at a cost of `cost` base units, of which `taken` came out of
/// the bond.
pub fn raised(index: WindowShare, rise: WindowShare, cost: Balance, taken: Balance) -> WindowShare {
	if taken >= cost {
		return index.saturating_add(rise);
	}
	let part = WindowShare::checked_from_rational(taken, cost).unwrap_or_default();
	index.saturating_add(part.saturating_mul(rise))
}

/// Difference of the credits of the two tiers times the multiplier, in windows' prices.
pub fn demanded(terms: &SlaTerms, breached: &Breached) -> WindowShare {
	let credit = |severity: surety_primitives::Severity| {
		terms.credit.get(severity.index()).copied().unwrap_or_default()
	};
	credit(breached.severity)
		.saturating_sub(breached.before.map_or(Zero::zero(), credit))
		.saturating_mul(WindowShare::from_u32(u32::from(breached.frozen.multiplier.max(1))))
}

/// The allowance of the breached kind; kinds that are not counted allow none.
pub fn allowance_of(breached: &Breached) -> u16 {
	BreachKind::COUNTED
		.iter()
		.zip(breached.frozen.allowance)
		.find(|(kind, _)| **kind == breached.kind)
		.map_or(0, |(_, allowance)| allowance)
}

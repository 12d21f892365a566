// SPDX-License-Identifier: Apache-2.0

//! Consequences of verdicts: windows that close, breaches, and the rules that both are judged by.

use crate::{
	Breach, BreachPage, Breaches, Config, Event, MAX_PENDING, Pallet, Pots, RENTS_RESERVED, Rules,
	TargetState, Targets, WeightInfo, WindowBase, WindowRules, allowance_of, demanded, raised,
};
use frame::{prelude::*, traits::Zero};
use surety_primitives::{
	Balance, Bonding, Clock, CloseReason, Counters, End, Fee, Registry, ReputationSink, Service,
	SlaTerms, Target, TierReached, WindowIndex, WindowShare, WindowTerms,
	credit::{cost_of, window_price},
	page_size,
};

/// Rules.
impl<T: Config> Pallet<T> {
	/// Store the rules of a window in its first block.
	pub(crate) fn begin_window() -> Weight {
		let round = T::Clock::round();
		let window = T::Clock::window_of(round);
		let first = T::Clock::round_start(T::Clock::window_start(window));
		// Block 0 is genesis.
		if T::Clock::now() != first.max(1) {
			return Weight::zero();
		}
		WindowRules::<T>::insert(window, Self::parameters());
		if let Some(old) = window.checked_sub(MAX_PENDING) {
			WindowRules::<T>::remove(old);
		}
		T::WeightInfo::begin_window()
	}

	/// Parameters of this moment.
	fn parameters() -> Rules {
		Rules {
			penalty_share: T::PenaltyShare::get(),
			fee: Fee { share: T::PlatformFee::get(), to_probers: T::ProberShare::get() },
			escalation_windows: T::EscalationWindows::get(),
			max_multiplier: T::MaxMultiplier::get(),
			rent_base: T::RentBase::get(),
			rent_peak: T::RentPeak::get(),
		}
	}

	/// Rules of a window; the parameters of this moment if it has not begun.
	pub(crate) fn rules_of(window: WindowIndex) -> Rules {
		WindowRules::<T>::get(window).unwrap_or_else(Self::parameters)
	}

	/// Rules of the current window, by which agreements are opened in it.
	pub(crate) fn current_rules() -> Rules {
		Self::rules_of(T::Clock::window_of(T::Clock::round()))
	}

	/// Rules that the first window of a target is judged by, which becomes active now. The row is
	/// due from the next round on. If that is the first of a window, the rules of the window are
	/// not known yet and the current ones stand in.
	pub(crate) fn first_window_terms(
		rules: &Rules,
		terms: &SlaTerms,
		state: &TargetState,
	) -> WindowTerms {
		let window = T::Clock::window_of(T::Clock::round().saturating_add(1));
		rules.window_terms(window, T::Clock::window_rounds(), Some(terms), Some(state))
	}
}

/// Windows.
impl<T: Config> Pallet<T> {
	/// Close a window of a target all of whose rounds are judged: fix bases, give spare to the
	/// treasury, collect the rent, and end the target if it was dead or cannot pay another rent.
	/// Returns the rules of the next window, and the end.
	pub(crate) fn close_window(
		target: Target,
		window: WindowIndex,
		since_sold: &Counters,
	) -> (WindowTerms, Option<End>) {
		let next = window.saturating_add(1);
		let rules = Self::rules_of(next);
		let listing = T::Registry::listing(target);
		let mut state = Targets::<T>::get(target).filter(|state| state.units > 0);
		let mut end = None;
		if let (Some(state), Some(listing)) = (&mut state, &listing) {
			Self::fix_bases(target, state, next);
			Self::sweep_spare(state);
			let reserved = Self::renew_slot(target, listing, state, window, &rules, since_sold);
			if (2..RENTS_RESERVED).contains(&reserved) {
				Self::deposit_event(Event::RentShort { target, reserved });
			}
			end = Self::end_with_window(next, reserved, since_sold)
				.filter(|(at, _)| state.ends.is_none_or(|stands| *at < stands));
			if let Some(end) = end {
				Self::note_end(target, state, end);
			}
			Targets::<T>::insert(target, &*state);
		}
		let terms = listing.as_ref().map(|listing| &listing.terms);
		let rounds = T::Clock::window_rounds();
		(rules.window_terms(next, rounds, terms, state.as_ref()), end)
	}

	/// End of a target after the window before `next`, if there is a cause for it.
	fn end_with_window(next: WindowIndex, reserved: u8, since_sold: &Counters) -> Option<End> {
		let now = T::Clock::round();
		if since_sold.is_dead(T::Clock::window_rounds()) {
			// A lease that is down fails long before, but not one that answers half of the
			// probers.
			return Some((now, CloseReason::Terminated));
		}
		if reserved >= 2 {
			return None;
		}
		// The rent of the window that has begun is reserved, that of no later one.
		let last = T::Clock::window_start(next.saturating_add(1)).saturating_sub(1);
		Some((last.max(now), CloseReason::RentUnpaid))
	}

	/// Record an end for the operator's doing and report it. The rounds until then are billed and
	/// judged.
	fn note_end(target: Target, state: &mut TargetState, end: End) {
		let (at, reason) = end;
		state.ends = Some(at);
		let code = reason.code();
		Self::deposit_event(Event::ServiceTerminated { target, at, reason, code });
	}

	/// Fix the bases of the agreements that were opened before `window`, and let them count.
	fn fix_bases(target: Target, state: &mut TargetState, window: WindowIndex) {
		state.close_windows(window, |opened, start| {
			WindowBase::<T>::insert(target, opened, start);
		});
	}
}

/// Breaches.
impl<T: Config> Pallet<T> {
	/// Pay and record a breach. Returns the end of the target if its cover is used up.
	pub(crate) fn apply_tier(target: Target, tier: &TierReached) -> Option<End> {
		let Some(listing) = T::Registry::listing(target) else {
			defensive!("a judged target is listed");
			return None;
		};
		// A target that never had units: nothing to pay, nothing to remember.
		let mut state = Targets::<T>::get(target)?;
		// The window before is never closed for a row that became active with the first round of
		// this one.
		Self::fix_bases(target, &mut state, tier.window);
		state.record_breach(tier.window);

		let number = state.breaches;
		state.breaches = number.saturating_add(1);
		let breach = Self::pay_breach(target, &listing, &mut state, tier);
		Breaches::<T>::insert(target, number, &breach);
		if let Some(oldest) = number.checked_sub(T::MaxBreaches::get()) {
			Breaches::<T>::remove(target, oldest);
		}
		T::Reputation::breach(&listing.operator, target, tier.kind, tier.severity);
		let exhausted =
			breach.index_after > breach.index_before && state.index >= listing.terms.cover;
		Self::deposit_event(Event::Breached { target, number, breach });

		let now = T::Clock::round();
		let end = Some((now, CloseReason::Terminated))
			.filter(|_| exhausted && state.ends.is_none_or(|stands| now < stands));
		if let Some(end) = end {
			Self::note_end(target, &mut state, end);
		}
		Targets::<T>::insert(target, state);
		end
	}

	/// Take the credit and the penalty of a breach out of the bond, and raise the index by the
	/// amount that moved.
	fn pay_breach(
		target: Target,
		listing: &Service<T::AccountId>,
		state: &mut TargetState,
		tier: &TierReached,
	) -> Breach {
		let cover = listing.terms.cover;
		let demanded = demanded(&listing.terms, tier);
		let index_before = state.index;
		let rise =
			if state.counting == 0 { Zero::zero() } else { demanded.min(state.left_of(cover)) };
		let price = window_price::<T::Clock>(state.counting).unwrap_or(Balance::MAX);
		let cost = cost_of(price, rise).unwrap_or(Balance::MAX);

		// At most the exposure that this breach releases and the free bond: the other promises of
		// the operator, and the next rents, stay covered.
		let exposure = T::Bonding::exposure(target);
		state.index = index_before.saturating_add(rise);
		let budget = exposure
			.saturating_sub(Self::needed_of(exposure, state, cover))
			.saturating_add(T::Bonding::free_bond(listing));
		let credit = cost.min(budget);
		let penalty = state.penalty_share.mul_floor(credit).min(budget.saturating_sub(credit));
		let slashed = if credit > 0 || penalty > 0 {
			T::Bonding::slash(target, listing, credit, &Self::pot(), penalty)
		} else {
			Default::default()
		};
		state.index = raised(index_before, rise, cost, slashed.credit);
		state.set_aside = state.set_aside.saturating_add(slashed.credit);
		Pots::<T>::mutate(state.asset, |pot| pot.owed = pot.owed.saturating_add(slashed.credit));
		Self::lower_exposure(target, listing, state);

		Breach {
			window: tier.window,
			round: tier.round,
			kind: tier.kind,
			before: tier.before,
			severity: tier.severity,
			counters: tier.counters,
			allowance: allowance_of(tier),
			multiplier: tier.terms.multiplier.max(1),
			demanded,
			rate: state.counting,
			index_before,
			index_after: state.index,
			credited: slashed.credit,
			penalty: slashed.penalty,
		}
	}

	/// Part of `exposure` that a target still needs.
	fn needed_of(exposure: Balance, state: &TargetState, cover: WindowShare) -> Balance {
		state.exposure::<T::Clock>(cover).map_or(exposure, |needed| needed.min(exposure))
	}

	/// Release the part of the exposure that is not needed any more.
	pub(crate) fn lower_exposure(
		target: Target,
		listing: &Service<T::AccountId>,
		state: &TargetState,
	) {
		let needed = Self::needed_of(T::Bonding::exposure(target), state, listing.terms.cover);
		Self::set_lower_exposure(target, listing, needed);
	}

	/// Set the exposure to an amount that is not above the one that is reserved.
	pub(crate) fn set_lower_exposure(
		target: Target,
		listing: &Service<T::AccountId>,
		amount: Balance,
	) {
		if T::Bonding::set_exposure(target, listing, amount).is_err() {
			defensive!("lowering an exposure always works");
		}
	}

	/// Breaches of a target, oldest first, from the one after number `start_after` on (`None`: from
	/// the oldest that is kept), at most `limit` and 128 of them.
	pub fn breach_history(target: Target, start_after: Option<u32>, limit: u32) -> BreachPage {
		let count = Targets::<T>::get(target).map_or(0, |state| state.breaches);
		let oldest = count.saturating_sub(T::MaxBreaches::get());
		let first = start_after.map_or(0, |n| n.saturating_add(1)).max(oldest);
		let page = (first..count).take(page_size(limit));
		page.filter_map(|n| Some((n, Breaches::<T>::get(target, n)?))).collect()
	}
}

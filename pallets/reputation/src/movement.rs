//! What moves scores. Called inside mandatory sweeps: constant work, and nothing here can fail.

use crate::{Cause, Config, Event, Operators, Pallet, Role, Services, Standing};
use frame::traits::Get;
use surety_primitives::{
	BreachKind, Clock, ReputationSink, ServiceId, Severity, WindowIndex, WindowSummary, score::Evidence,
};

impl<T: Config> ReputationSink<T::AccountId> for Pallet<T> {
	fn window(operator: &T::AccountId, service: ServiceId, summary: &WindowSummary) {
		let WindowSummary { window, counters, latency_p95 } = *summary;
		if counters.measured() == 0 {
			return;
		}
		let at = window.max(Self::last_window());

		Services::<T>::mutate(service, |entry| {
			let standing = entry.get_or_insert_default();
			standing.roll(at, T::HalfLife::get());
			standing.quality = standing.quality.with_window(&counters, latency_p95);
		});
		let cause = Cause::Window { service, window };
		Self::move_score(operator, at, cause, |standing| standing.count(&counters, latency_p95));
	}

	fn breach(operator: &T::AccountId, service: ServiceId, kind: BreachKind, severity: Severity) {
		let cause = Cause::Breach { service, kind, severity };
		Self::move_score(operator, Self::last_window(), cause, |standing| {
			standing.evidence = standing.evidence.and(Evidence::of_breach(severity));
		});
	}

	fn forget_service(service: ServiceId) {
		Services::<T>::remove(service);
	}
}

impl<T: Config> Pallet<T> {
	/// Bring an operator to window `at`, apply a movement, and tell of it.
	fn move_score(operator: &T::AccountId, at: WindowIndex, cause: Cause, apply: impl FnOnce(&mut Standing)) {
		let rounds = T::Clock::window_rounds();
		let mut standing = Operators::<T>::get(operator).unwrap_or_default();
		let mut before = standing.shown;

		// The window before this one is no idle one: its decay is part of this movement.
		let idle = at.saturating_sub(standing.window).saturating_sub(1);
		standing.roll(at, rounds, T::HalfLife::get());
		let rolled = standing.score(rounds);
		if idle > 0 && rolled != before {
			Self::tell(operator, Cause::Idle { windows: idle }, before, rolled);
			before = rolled;
		}

		apply(&mut standing);
		standing.shown = standing.score(rounds);
		if standing.shown != before || matches!(cause, Cause::Breach { .. }) {
			Self::tell(operator, cause, before, standing.shown);
		}
		Operators::<T>::insert(operator, standing);
	}

	fn tell(account: &T::AccountId, cause: Cause, before: u8, after: u8) {
		Self::deposit_event(Event::Moved {
			account: account.clone(),
			role: Role::Operator,
			cause,
			before,
			after,
		});
	}
}

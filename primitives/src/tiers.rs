// SPDX-License-Identifier: Apache-2.0

//! Allowances of a window and the tiers at which a breach fires.
//!
//! Terms allow `A` bad rounds in a window of `R` rounds. The tier with multiplier `m` fires when
//! the count of bad rounds reaches `max(m * A, A + m)`, capped by `R`; `m` is 1, 2, 5, 10 for `Low`
//! to `Critical`. Each tier pays the difference to the one before. Terms that allow the whole
//! window (`A >= R`) never breach.

use crate::{BreachKind, Severity};
use sp_runtime::{PerThing, Perbill};

/// Share of a window's rounds that may be slow or unclear.
pub const SLOW_SHARE: Perbill = Perbill::from_percent(5);

/// Bad rounds of a window that the terms allow: `floor((1 - min_uptime) * rounds)` for downtime,
/// `floor(5 % * rounds)` but at least 1 for slow ones, since the round in which an outage begins or
/// ends is unclear by nature; 1 for wrong answers, none for misbehaviour.
pub fn allowance(kind: BreachKind, min_uptime: Perbill, window_rounds: u16) -> u16 {
	match kind {
		BreachKind::Downtime => share_of(min_uptime.left_from_one(), window_rounds),
		BreachKind::Slow => share_of(SLOW_SHARE, window_rounds).max(1),
		BreachKind::BadData => 1,
		BreachKind::Misbehaviour => 0,
	}
}

fn share_of(share: Perbill, rounds: u16) -> u16 {
	u16::try_from(share.mul_floor(u32::from(rounds))).unwrap_or(rounds)
}

/// Count of bad rounds at which `severity` fires; `None` if the allowance is the whole window.
pub fn threshold(severity: Severity, allowance: u16, window_rounds: u16) -> Option<u16> {
	if allowance >= window_rounds {
		return None;
	}
	let m = severity.multiplier();
	Some(allowance.saturating_mul(m).max(allowance.saturating_add(m)).min(window_rounds))
}

/// Highest severity that a count has reached, `None` while the allowance holds.
pub fn reached(count: u16, allowance: u16, window_rounds: u16) -> Option<Severity> {
	Severity::ALL
		.into_iter()
		.rev()
		.find(|s| threshold(*s, allowance, window_rounds).is_some_and(|t| count >= t))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn one_bad_round_a_day_is_allowed_at_99_9_percent() {
		// A day of one-minute rounds at 99.9 %: one bad round is allowed.
		let a = allowance(BreachKind::Downtime, Perbill::from_rational(999u32, 1000u32), 1_440);
		assert_eq!(a, 1);
		let tiers = Severity::ALL.map(|s| threshold(s, a, 1_440));
		assert_eq!(tiers, [Some(2), Some(3), Some(6), Some(11)]);
	}

	#[test]
	fn a_slow_round_is_allowed_however_short_the_window() {
		let slow = |rounds| allowance(BreachKind::Slow, Perbill::one(), rounds);
		assert_eq!([12, 39, 40, 1_440].map(slow), [1, 1, 2, 72]);
	}

	#[test]
	fn no_allowance_breaches_at_the_first_bad_round() {
		assert_eq!(reached(0, 0, 12), None);
		assert_eq!(reached(1, 0, 12), Some(Severity::Low));
		assert_eq!(reached(12, 0, 12), Some(Severity::Critical));
	}

	#[test]
	fn terms_without_a_promise_never_breach() {
		assert_eq!(allowance(BreachKind::Downtime, Perbill::zero(), 12), 12);
		assert_eq!(reached(12, 12, 12), None);
	}

	proptest! {
		#[test]
		fn tiers_rise_and_start_above_the_allowance(a in 0u16..2_000, rounds in 1u16..2_000, count in 0u16..2_000) {
			let t: Vec<_> = Severity::ALL.iter().filter_map(|s| threshold(*s, a, rounds)).collect();
			prop_assert!(t.windows(2).all(|w| w[0] <= w[1]));
			prop_assert!(t.iter().all(|t| *t > a && *t <= rounds));
			if count <= a { prop_assert_eq!(reached(count, a, rounds), None); }
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Arithmetic on the counts of statements; all of it saturates.

use surety_primitives::usage::UsageCounts;

/// Sum of two counts.
pub(super) fn plus(a: &UsageCounts, b: &UsageCounts) -> UsageCounts {
	each(a, b, u64::saturating_add)
}

/// Part of one count above another.
pub(super) fn minus(a: &UsageCounts, b: &UsageCounts) -> UsageCounts {
	each(a, b, u64::saturating_sub)
}

/// The higher of each counter.
pub(super) fn highest(a: &UsageCounts, b: &UsageCounts) -> UsageCounts {
	each(a, b, u64::max)
}

fn each(a: &UsageCounts, b: &UsageCounts, op: impl Fn(u64, u64) -> u64) -> UsageCounts {
	UsageCounts {
		requests: op(a.requests, b.requests),
		ok: op(a.ok, b.ok),
		lost: op(a.lost, b.lost),
		slow: op(a.slow, b.slow),
		bytes: op(a.bytes, b.bytes),
	}
}

/// True if a counter is lower than before.
pub(super) fn falls(before: &UsageCounts, after: &UsageCounts) -> bool {
	highest(before, after) != *after
}

/// True if the counters of one statement agree with each other.
pub(super) fn is_consistent(counts: &UsageCounts) -> bool {
	counts.ok.checked_add(counts.lost).is_some_and(|sum| sum <= counts.requests)
		&& counts.slow <= counts.ok
}

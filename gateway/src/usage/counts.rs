// SPDX-License-Identifier: Apache-2.0

//! Arithmetic on the counts of statements, beside that of the primitives; all of it saturates.

use surety_primitives::usage::UsageCounts;

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

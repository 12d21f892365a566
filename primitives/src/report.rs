// SPDX-License-Identifier: Apache-2.0

//! Finding of a prober in one byte. A report is one such byte per due target.
//!
//! ```text
//!   bit  7 6   5 4 3 2 1 0
//!        status  latency bucket        status: 0 up, 1 down, 2 bad, 3 stale
//!        0 1   0 0 0 0 0 0             down
//!        0 1   1 1 1 1 0 0             no proof of control although it is asked for
//!        0 1   1 1 1 1 0 1             in doubt: no answer, but too many anchors failed too
//!        0 1   1 1 1 1 1 0             abstained: not probed, or no reference to judge by
//!        0 1   1 1 1 1 1 1             skipped: the target is the prober's own
//! ```
//!
//! Every other `down` byte has no meaning and reads as abstained, so an invalid byte counts for
//! nothing.

use crate::LatencyBucket;

/// Finding of one prober at one target.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Finding {
	/// Answered right within the deadline.
	Up(LatencyBucket),
	/// No usable answer: DNS, TLS, refused, timeout, forbidden address, oversize, redirect,
	/// 4xx/5xx.
	Down,
	/// Answered, but wrong.
	Bad(LatencyBucket),
	/// Answered right, but too far behind the head of its network.
	Stale(LatencyBucket),
	/// Answered, but the proof of control is missing or wrong. Counts as [`Self::Bad`].
	NoProof,
	/// No usable answer, but so many anchors of all networks failed as well that the fault may be
	/// the prober's own.
	InDoubt,
	/// No finding: the prober did not probe the target, or has no reference to judge by.
	Abstained,
	/// The target belongs to the prober.
	Skipped,
}

const STATUS_SHIFT: u8 = 6;
const BUCKET_MASK: u8 = 0b0011_1111;
const UP: u8 = 0;
const DOWN: u8 = 1;
const BAD: u8 = 2;
const STALE: u8 = 3;
const DOWN_BYTE: u8 = DOWN << STATUS_SHIFT;
const NO_PROOF_BYTE: u8 = DOWN_BYTE | 0b11_1100;
const IN_DOUBT_BYTE: u8 = DOWN_BYTE | 0b11_1101;
const ABSTAINED_BYTE: u8 = DOWN_BYTE | 0b11_1110;
const SKIPPED_BYTE: u8 = DOWN_BYTE | 0b11_1111;

impl Finding {
	/// Pack into the byte of a report.
	pub fn to_byte(self) -> u8 {
		let pack = |status: u8, bucket: LatencyBucket| (status << STATUS_SHIFT) | bucket.index();
		match self {
			Self::Up(b) => pack(UP, b),
			Self::Down => DOWN_BYTE,
			Self::Bad(b) => pack(BAD, b),
			Self::Stale(b) => pack(STALE, b),
			Self::NoProof => NO_PROOF_BYTE,
			Self::InDoubt => IN_DOUBT_BYTE,
			Self::Abstained => ABSTAINED_BYTE,
			Self::Skipped => SKIPPED_BYTE,
		}
	}

	/// Read the byte of a report. A byte without meaning is `Abstained`.
	pub fn from_byte(byte: u8) -> Self {
		let Some(bucket) = LatencyBucket::from_index(byte & BUCKET_MASK) else {
			return Self::Abstained;
		};
		match byte >> STATUS_SHIFT {
			UP => Self::Up(bucket),
			BAD => Self::Bad(bucket),
			STALE => Self::Stale(bucket),
			_ if byte == DOWN_BYTE => Self::Down,
			_ if byte == NO_PROOF_BYTE => Self::NoProof,
			_ if byte == IN_DOUBT_BYTE => Self::InDoubt,
			_ if byte == SKIPPED_BYTE => Self::Skipped,
			_ => Self::Abstained,
		}
	}

	/// True if the finding is a vote on the target.
	pub fn counts(self) -> bool {
		!matches!(self, Self::InDoubt | Self::Abstained | Self::Skipped)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_finding_survives_the_byte() {
		let buckets = || (0..crate::latency::BUCKETS).filter_map(LatencyBucket::from_index);
		let all =
			buckets().flat_map(|b| [Finding::Up(b), Finding::Bad(b), Finding::Stale(b)]).chain([
				Finding::Down,
				Finding::NoProof,
				Finding::InDoubt,
				Finding::Abstained,
				Finding::Skipped,
			]);
		for finding in all {
			assert_eq!(Finding::from_byte(finding.to_byte()), finding);
		}
	}

	#[test]
	fn a_byte_without_meaning_counts_for_nothing() {
		let known = (0..=u8::MAX).filter(|b| Finding::from_byte(*b).to_byte() == *b).count();
		assert_eq!(known, 3 * 64 + 5);
		assert!(!Finding::from_byte(0b0100_0001).counts());
	}
}

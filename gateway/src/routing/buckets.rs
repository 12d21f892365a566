// SPDX-License-Identifier: Apache-2.0

//! Exact counts over a sliding span of time, in buckets of equal length.

use std::time::{Duration, Instant};

const BUCKETS: usize = 10;

/// Two counts over the last ten bucket lengths.
#[derive(Clone, Debug)]
pub struct Buckets {
	length: Duration,
	counts: [[u32; 2]; BUCKETS],
	totals: [u32; 2],
	/// Bucket that is being filled, and the time at which it ends.
	current: usize,
	end: Option<Instant>,
}

impl Buckets {
	/// Empty counts over a span.
	pub fn new(span: Duration) -> Self {
		let length = span.checked_div(BUCKETS as u32).unwrap_or(span);
		Self {
			length: length.max(Duration::from_millis(1)),
			counts: [[0; 2]; BUCKETS],
			totals: [0; 2],
			current: 0,
			end: None,
		}
	}

	/// Drop the buckets that have left the span.
	fn turn(&mut self, now: Instant) {
		let Some(mut end) = self.end else {
			self.end = now.checked_add(self.length);
			return;
		};
		let mut turned = 0usize;
		while now >= end && turned < BUCKETS {
			self.current = self.current.wrapping_add(1) % BUCKETS;
			if let Some(bucket) = self.counts.get_mut(self.current) {
				for (total, count) in self.totals.iter_mut().zip(bucket.iter_mut()) {
					*total = total.saturating_sub(*count);
					*count = 0;
				}
			}
			end = end.checked_add(self.length).unwrap_or(now);
			turned = turned.saturating_add(1);
		}
		// After a pause longer than the span the buckets start anew at `now`.
		self.end = if now >= end { now.checked_add(self.length) } else { Some(end) };
	}

	fn add(&mut self, now: Instant, index: usize) {
		self.turn(now);
		let bucket = self.counts.get_mut(self.current).and_then(|bucket| bucket.get_mut(index));
		if let (Some(count), Some(total)) = (bucket, self.totals.get_mut(index))
			&& let Some(more) = total.checked_add(1)
		{
			// The total bounds each count.
			*count = count.saturating_add(1);
			*total = more;
		}
	}

	/// Count one of the first kind.
	pub fn add_first(&mut self, now: Instant) {
		self.add(now, 0);
	}

	/// Count one of the second kind.
	pub fn add_second(&mut self, now: Instant) {
		self.add(now, 1);
	}

	/// Both counts.
	pub fn totals(&mut self, now: Instant) -> (u32, u32) {
		self.turn(now);
		let [first, second] = self.totals;
		(first, second)
	}

	/// Forget everything.
	pub fn clear(&mut self) {
		self.counts = [[0; 2]; BUCKETS];
		self.totals = [0; 2];
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Conversions between the off-chain worker's timestamps and the runtime's instants.

use sp_core::offchain::Timestamp;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Current time of off-chain workers.
pub fn now() -> Timestamp {
	let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	Timestamp::from_unix_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Time left until `deadline`.
pub fn until(deadline: Timestamp) -> Duration {
	Duration::from_millis(deadline.diff(&now()).millis())
}

/// Instant of `deadline`. A deadline beyond the range of the clock counts as none.
pub fn instant(deadline: Option<Timestamp>) -> Option<tokio::time::Instant> {
	deadline.and_then(|deadline| Instant::now().checked_add(until(deadline))).map(Into::into)
}

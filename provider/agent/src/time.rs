// SPDX-License-Identifier: Apache-2.0

//! Wall clock.

use std::time::SystemTime;

/// Milliseconds since the Unix epoch.
pub fn now_ms() -> u64 {
	let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
	u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

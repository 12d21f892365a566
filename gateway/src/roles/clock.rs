// SPDX-License-Identifier: Apache-2.0

//! Clock of usage statements.

use crate::{
	access::unix_now,
	chain::Chain,
	usage::{Clock, Moment},
};
use std::{
	sync::Arc,
	time::{Duration, Instant},
};

/// Window of a role without a chain, the same as in production.
const DAY: Duration = Duration::from_secs(86_400);

/// Clock of a role.
#[derive(Clone)]
pub(super) enum RoleClock {
	/// Windows of the chain.
	Chain(Arc<Chain>),
	/// Windows of the machine's clock.
	Machine(Duration),
}

impl RoleClock {
	/// Clock by the chain, or without one.
	pub fn new(chain: Option<&Arc<Chain>>) -> Self {
		chain.map_or(Self::Machine(DAY), |chain| Self::Chain(Arc::clone(chain)))
	}
}

impl Clock for RoleClock {
	fn now(&self) -> Option<Moment> {
		match self {
			Self::Chain(chain) => {
				let (window, elapsed, length) = chain.market()?.window_at(Instant::now());
				Some(Moment { window, elapsed, length, unix: unix_now() })
			},
			Self::Machine(length) => {
				let unix = unix_now();
				let seconds = length.as_secs().max(1);
				let window = unix.checked_div(seconds).unwrap_or(0);
				let elapsed = Duration::from_secs(unix.checked_rem(seconds).unwrap_or(0));
				let window = u32::try_from(window).unwrap_or(u32::MAX);
				Some(Moment { window, elapsed, length: *length, unix })
			},
		}
	}
}

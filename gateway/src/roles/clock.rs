// SPDX-License-Identifier: Apache-2.0

//! Clock of usage statements.

use super::unix_now;
use crate::{
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
		let unix = unix_now();
		let (window, elapsed, length) = match self {
			Self::Chain(chain) => chain.market()?.window_at(Instant::now()),
			Self::Machine(length) => {
				let seconds = length.as_secs().max(1);
				let window = unix.checked_div(seconds).unwrap_or(0);
				let elapsed = Duration::from_secs(unix.checked_rem(seconds).unwrap_or(0));
				(u32::try_from(window).unwrap_or(u32::MAX), elapsed, *length)
			},
		};
		Some(Moment { window, elapsed, length, unix })
	}
}

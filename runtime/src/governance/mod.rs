// SPDX-License-Identifier: Apache-2.0

//! Governance by the holders of the token: origins, tracks, voting power, and the means of the
//! technical committee in an emergency.
//!
//! | file | what is there |
//! |---|---|
//! | `origins.rs` | origins that a referendum can have beside root |
//! | `tracks.rs` | periods, deposits and curves per origin |
//! | `voting.rs` | voting power, which leaves out what the market holds |
//! | `schedule.rs` | scheduler of referenda, which moves tasks of a full block to the next one |
//! | `safety.rs` | calls that stay callable in any emergency, pauses with a time limit |

pub mod origins;
pub mod safety;
pub mod schedule;
pub mod tracks;
pub mod voting;

use crate::{BlockNumber, Timing};
use sp_core::{Get, TypedGet};
use surety_primitives::Clock;

/// Minutes of a day.
const DAY: u32 = 24 * 60;

/// Blocks of a number of minutes, at least one. Governance counts in windows: one is a day on a
/// production network, and a minute or two on a test network, so that a referendum can be watched.
fn minutes(number: u32) -> BlockNumber {
	let blocks = u64::from(Timing::window_blocks()).saturating_mul(number.into());
	BlockNumber::try_from(blocks.div_ceil(DAY.into())).unwrap_or(BlockNumber::MAX).max(1)
}

/// Blocks of `N` days of governance.
pub struct Days<const N: u32>;

impl<const N: u32> Days<N> {
	/// Number of blocks.
	pub fn blocks() -> BlockNumber {
		minutes(N.saturating_mul(DAY))
	}
}

impl<const N: u32> Get<BlockNumber> for Days<N> {
	fn get() -> BlockNumber {
		Self::blocks()
	}
}

impl<const N: u32> TypedGet for Days<N> {
	type Type = BlockNumber;
	fn get() -> BlockNumber {
		Self::blocks()
	}
}

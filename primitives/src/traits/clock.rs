// SPDX-License-Identifier: Apache-2.0

//! Traits implemented by `timing`.

use crate::{BlockNumber, RoundIndex, WindowIndex};

/// Rounds from one that is probed to the first in whose blocks all of it is judged: its reports
/// are revealed in the next round and judged in the one after. As long, the slot of a row that is
/// gone may still be named.
pub const JUDGED_AFTER: RoundIndex = 3;

/// Clock of the chain. All of it is fixed at genesis, none of it is ever zero.
pub trait Clock {
	/// Number of the block being built.
	fn now() -> BlockNumber;
	/// Milliseconds from one block to the next.
	fn slot_ms() -> u64;
	/// Blocks of a round, at least 5.
	fn round_blocks() -> u32;
	/// Rounds of a window, at least 1.
	fn window_rounds() -> u16;

	/// Round of a block.
	fn round_at(block: BlockNumber) -> RoundIndex {
		block.checked_div(Self::round_blocks()).unwrap_or(0)
	}
	/// Round of the block being built.
	fn round() -> RoundIndex {
		Self::round_at(Self::now())
	}
	/// First block of a round.
	fn round_start(round: RoundIndex) -> BlockNumber {
		round.saturating_mul(Self::round_blocks())
	}
	/// Window of a round.
	fn window_of(round: RoundIndex) -> WindowIndex {
		round.checked_div(u32::from(Self::window_rounds())).unwrap_or(0)
	}
	/// First round of a window.
	fn window_start(window: WindowIndex) -> RoundIndex {
		window.saturating_mul(u32::from(Self::window_rounds()))
	}
	/// Blocks of a window.
	fn window_blocks() -> BlockNumber {
		Self::round_blocks().saturating_mul(u32::from(Self::window_rounds()))
	}
}

/// Rules for endpoints, fixed at genesis.
pub trait EndpointRules {
	/// True if endpoints may be on loopback and private addresses (dev and local networks).
	fn private_allowed() -> bool;
	/// True if a listing must prove control of its endpoint's host before it becomes active.
	fn proof_required() -> bool;
}

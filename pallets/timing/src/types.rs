// SPDX-License-Identifier: Apache-2.0

//! Settings of the clock, their bounds, and the presets of the three kinds of chain.

use frame::prelude::*;
use serde::{Deserialize, Serialize};
use surety_primitives::{BlockNumber, RoundIndex, WindowIndex};

/// Minimum blocks of a round: reveals open in the fifth block of the next round.
pub const MIN_ROUND_BLOCKS: u32 = 5;
/// Minimum length of a slot in milliseconds.
pub const MIN_SLOT_MS: u64 = 1_000;
/// Maximum number of eras for which a bond stays locked. The staking pallet remembers the
/// validators of a few eras more.
pub const MAX_BONDING_ERAS: u32 = 80;

/// Settings of the clock, fixed at genesis.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Timings {
	/// Milliseconds from one block to the next, at least 1,000.
	pub slot_ms: u64,
	/// Blocks of a BABE epoch, which is also a session. At least a round.
	pub epoch_blocks: u32,
	/// Blocks of a round, at least 5.
	pub round_blocks: u32,
	/// Rounds of a window, at least 1.
	pub window_rounds: u16,
	/// True if endpoints may be on loopback and private addresses.
	pub private_endpoints: bool,
	/// True if a listing must prove control of its endpoint's host before it becomes active.
	pub proof_of_control: bool,
}

impl Timings {
	/// Check the bounds. The error names the bound that is broken.
	pub fn check(&self) -> Result<(), &'static str> {
		let rules = [
			(self.slot_ms >= MIN_SLOT_MS, "slotMs: a slot takes at least 1000 ms"),
			(self.round_blocks >= MIN_ROUND_BLOCKS, "roundBlocks: a round has at least 5 blocks"),
			(
				self.epoch_blocks >= self.round_blocks,
				"epochBlocks: an epoch is at least as long as a round",
			),
			(self.window_rounds >= 1, "windowRounds: a window has at least 1 round"),
			(
				self.round_blocks.checked_mul(u32::from(self.window_rounds)).is_some(),
				"windowRounds: the blocks of a window must fit in 32 bits",
			),
		];
		rules.into_iter().find(|(kept, _)| !kept).map_or(Ok(()), |(_, rule)| Err(rule))
	}
}

impl Default for Timings {
	fn default() -> Self {
		TimingPreset::production()
	}
}

/// Settings of eras, fixed at genesis.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EraTimings {
	/// Sessions of an era, at least 1.
	pub sessions: u32,
	/// Eras from the unbonding of a validator's bond to its withdrawal, 2 to 80. An offence can be
	/// reported as long.
	pub bonding: u32,
	/// Whole eras between that of an offence and the slash, at most `bonding` less 2: a bond
	/// that unbonds is free when its last era is planned, a session before that era begins.
	/// Governance may cancel the slash before.
	pub slash_defer: u32,
}

impl EraTimings {
	/// Check the bounds. The error names the bound that is broken.
	pub fn check(&self) -> Result<(), &'static str> {
		let rules = [
			(self.sessions >= 1, "sessions: an era has at least 1 session"),
			(
				(2..=MAX_BONDING_ERAS).contains(&self.bonding),
				"bonding: a bond stays locked for 2 to 80 eras",
			),
			(
				self.slash_defer.saturating_add(1) < self.bonding,
				"slashDefer: a slash comes before the bond is free",
			),
		];
		rules.into_iter().find(|(kept, _)| !kept).map_or(Ok(()), |(_, rule)| Err(rule))
	}

	/// Sessions for which a bond answers for an offence.
	pub fn bonding_sessions(&self) -> u64 {
		u64::from(self.bonding).saturating_mul(self.sessions.into())
	}
}

impl Default for EraTimings {
	fn default() -> Self {
		TimingPreset::production_eras()
	}
}

/// Settings of the three kinds of chain.
///
/// | | dev | local | production |
/// |---|---|---|---|
/// | slot | 1 s | 2 s | 6 s |
/// | epoch | 60 blocks (1 min) | 60 blocks (2 min) | 600 blocks (1 h) |
/// | round | 5 blocks (5 s) | 6 blocks (12 s) | 10 blocks (1 min) |
/// | window | 12 rounds (1 min) | 12 rounds (2.4 min) | 1,440 rounds (1 day) |
/// | private endpoints | yes | yes | no |
/// | proof of control | no | no | yes |
/// | era | 1 session (1 min) | 1 session (2 min) | 6 sessions (6 h) |
/// | bonding | 4 eras (4 min) | 4 eras (8 min) | 28 eras (7 days) |
/// | slash after | 1 era | 1 era | 27 eras |
pub struct TimingPreset;

impl TimingPreset {
	/// Chain of one validator on one machine.
	pub const fn dev() -> Timings {
		Timings {
			slot_ms: 1_000,
			epoch_blocks: 60,
			round_blocks: 5,
			window_rounds: 12,
			private_endpoints: true,
			proof_of_control: false,
		}
	}

	/// Chain of a few validators on one machine.
	pub const fn local() -> Timings {
		Timings { slot_ms: 2_000, round_blocks: 6, ..Self::dev() }
	}

	/// Public chain.
	pub const fn production() -> Timings {
		Timings {
			slot_ms: 6_000,
			epoch_blocks: 600,
			round_blocks: 10,
			window_rounds: 1_440,
			private_endpoints: false,
			proof_of_control: true,
		}
	}

	/// Eras of a chain on one machine.
	pub const fn test_eras() -> EraTimings {
		EraTimings { sessions: 1, bonding: 4, slash_defer: 1 }
	}

	/// Eras of a public chain.
	pub const fn production_eras() -> EraTimings {
		EraTimings { sessions: 6, bonding: 28, slash_defer: 26 }
	}
}

/// Place of a block in its round and window.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct ClockReading {
	/// Number of the block.
	pub block: BlockNumber,
	/// Round of the block.
	pub round: RoundIndex,
	/// Blocks of the round before this one.
	pub round_offset: u32,
	/// Window of the round.
	pub window: WindowIndex,
	/// Rounds of the window before this one.
	pub window_offset: u32,
	/// First block of the next round.
	pub next_round_at: BlockNumber,
	/// First block of the next window.
	pub next_window_at: BlockNumber,
}

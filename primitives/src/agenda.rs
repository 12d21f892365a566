// SPDX-License-Identifier: Apache-2.0

//! Walk through an agenda: a bounded number of due entries, oldest block first.
//!
//! Each pallet keeps its own entries and its own cursor. This module has only the order in which a
//! block processes them, and the bounds at which it stops.

use crate::BlockNumber;

/// Maximum number of blocks of an agenda that one block processes. More than one, so that a backlog
/// shrinks.
pub const MAX_BLOCKS_WALKED: u32 = 16;

/// Result of a walk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Walked {
	/// First block that may still have entries.
	pub next: BlockNumber,
	/// Number of blocks that were read.
	pub blocks: u32,
}

/// Process at most `limit` entries of the blocks from `first` to `now`, oldest first. `process`
/// gets a block and the number of entries that it may still take, and returns the number that it
/// took. If that is less, the block has no more entries.
pub fn walk(
	first: BlockNumber,
	now: BlockNumber,
	limit: u32,
	mut process: impl FnMut(BlockNumber, u32) -> u32,
) -> Walked {
	let (mut next, mut blocks, mut room) = (first, 0u32, limit);
	while next <= now && blocks < MAX_BLOCKS_WALKED && room > 0 {
		blocks = blocks.saturating_add(1);
		let taken = process(next, room);
		if taken < room {
			next = next.saturating_add(1);
		}
		room = room.saturating_sub(taken);
	}
	Walked { next, blocks }
}

#[cfg(test)]
mod tests {
	#![allow(clippy::arithmetic_side_effects)]

	use super::*;

	/// Walk over blocks with these numbers of entries, from block 0 on. Returns the number taken of
	/// each block, too.
	fn over(entries: &mut [u32], now: BlockNumber, limit: u32) -> (Walked, Vec<u32>) {
		let mut taken = vec![];
		let walked = walk(0, now, limit, |block, room| {
			let there = entries.get_mut(block as usize).map_or(0, |there| {
				let some = room.min(*there);
				*there -= some;
				some
			});
			taken.push(there);
			there
		});
		(walked, taken)
	}

	#[test]
	fn entries_past_the_limit_stay_where_they_are() {
		let mut entries = [1, 4, 2];
		assert_eq!(over(&mut entries, 2, 3), (Walked { next: 1, blocks: 2 }, vec![1, 2]));
		assert_eq!(entries, [0, 2, 2]);
	}

	#[test]
	fn a_block_that_fills_the_limit_is_read_again() {
		assert_eq!(over(&mut [3, 1], 1, 3), (Walked { next: 0, blocks: 1 }, vec![3]));
	}

	#[test]
	fn blocks_to_come_are_not_read() {
		assert_eq!(over(&mut [1, 1, 1], 1, 9), (Walked { next: 2, blocks: 2 }, vec![1, 1]));
		assert_eq!(walk(5, 4, 9, |_, _| unreachable!()), Walked { next: 5, blocks: 0 });
	}

	#[test]
	fn the_number_of_empty_blocks_is_bounded() {
		let (walked, _) = over(&mut [], 1_000, 9);
		assert_eq!(walked, Walked { next: MAX_BLOCKS_WALKED, blocks: MAX_BLOCKS_WALKED });
	}
}

//! The walk through an agenda: what is due up to now, block by block, so much and no more. Each pallet keeps its
//! own entries and its own cursor; this is only the order in which a block works them off, and when it stops.

use crate::BlockNumber;

/// Most blocks of an agenda that one block works through. More than one, so that a backlog is caught up.
pub const MAX_BLOCKS_WALKED: u32 = 16;

/// How far a walk came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Walked {
	/// First block that is not worked off.
	pub next: BlockNumber,
	/// Blocks that were looked into.
	pub blocks: u32,
}

/// Work off at most `most` entries from block `first` to block `now`, oldest first. `work` is given a block and how
/// many entries may still be taken, and says how many it took; fewer than it may, and the block is done with.
pub fn walk(
	first: BlockNumber,
	now: BlockNumber,
	most: u32,
	mut work: impl FnMut(BlockNumber, u32) -> u32,
) -> Walked {
	let (mut next, mut blocks, mut room) = (first, 0u32, most);
	while next <= now && blocks < MAX_BLOCKS_WALKED && room > 0 {
		blocks = blocks.saturating_add(1);
		let taken = work(next, room);
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

	/// Walk over blocks with so many entries each, from block 0 on. Returns what was taken of each, too.
	fn over(entries: &mut [u32], now: BlockNumber, most: u32) -> (Walked, Vec<u32>) {
		let mut taken = vec![];
		let walked = walk(0, now, most, |block, room| {
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
	fn what_there_is_no_room_for_waits_where_it_is() {
		let mut entries = [1, 4, 2];
		assert_eq!(over(&mut entries, 2, 3), (Walked { next: 1, blocks: 2 }, vec![1, 2]));
		assert_eq!(entries, [0, 2, 2]);
	}

	#[test]
	fn a_block_that_fills_the_room_may_have_more() {
		assert_eq!(over(&mut [3, 1], 1, 3), (Walked { next: 0, blocks: 1 }, vec![3]));
	}

	#[test]
	fn nothing_that_is_to_come_is_looked_into() {
		assert_eq!(over(&mut [1, 1, 1], 1, 9), (Walked { next: 2, blocks: 2 }, vec![1, 1]));
		assert_eq!(walk(5, 4, 9, |_, _| unreachable!()), Walked { next: 5, blocks: 0 });
	}

	#[test]
	fn empty_blocks_are_bounded_too() {
		let (walked, _) = over(&mut [], 1_000, 9);
		assert_eq!(walked, Walked { next: MAX_BLOCKS_WALKED, blocks: MAX_BLOCKS_WALKED });
	}
}

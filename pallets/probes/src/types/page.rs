// SPDX-License-Identifier: Apache-2.0

//! Pages, and the slots in them.

use crate::{MAX_DUE, ROWS};
use frame::prelude::*;
use surety_primitives::RoundIndex;

/// Identifier of a page.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	Ord,
	PartialEq,
	PartialOrd,
	TypeInfo,
)]
pub enum PageId {
	/// Page of targets with units: due in every round.
	Active(u32),
	/// Page of listings, in which every target has a slot: due in turn.
	Idle(u32),
}
impl PageId {
	/// True if the rows of the page have meters and tiers.
	pub fn is_active(self) -> bool {
		matches!(self, Self::Active(_))
	}
}

/// Slot of the active or of the idle pages.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct Place {
	/// Index of the page.
	pub page: u32,
	/// Slot in the page, below 128.
	pub slot: u8,
}
impl Place {
	/// Slot number `n`, counted over all pages.
	pub fn nth(n: u32) -> Self {
		let slot = u8::try_from(n.checked_rem(ROWS).unwrap_or(0)).unwrap_or(0);
		Self { page: n.checked_div(ROWS).unwrap_or(0), slot }
	}
	/// Bit of the slot in a mask of the page.
	pub fn bit(self) -> u128 {
		bit(self.slot)
	}
}

/// Bit `slot` of a mask.
pub fn bit(slot: u8) -> u128 {
	1u128.checked_shl(u32::from(slot)).unwrap_or(0)
}

/// Indices of the set bits, lowest first.
pub fn bits(mask: u128) -> impl Iterator<Item = u8> {
	(0u8..128).filter(move |slot| mask & bit(*slot) != 0)
}

/// Slots of a target.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct TargetSlots {
	/// Slot from listing to unlisting.
	pub idle: Place,
	/// Slot while the target has units.
	pub active: Option<Place>,
}

/// Masks of a page that the snapshot needs, kept apart so that the snapshot reads no page.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct PageInfo {
	/// Slots that are due when the page is.
	pub due: u128,
	/// Active pages: slots that are not free, those included that an open round still names.
	pub taken: u128,
}

/// Set of active pages.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct PageSet([u128; PageSet::WORDS]);
impl PageSet {
	const WORDS: usize = (MAX_DUE / u128::BITS) as usize;

	/// Add or remove a page. A page past the last possible one is ignored.
	pub fn set(&mut self, page: u32, on: bool) {
		let (word, bit) = Self::place(page);
		if let Some(word) = self.0.get_mut(word) {
			*word = if on { *word | bit } else { *word & !bit };
		}
	}
	/// Lowest page that is not in the set.
	pub fn first_absent(&self) -> u32 {
		let full = self.0.iter().take_while(|word| **word == u128::MAX).count();
		let rest = self.0.get(full).map_or(0, |word| word.trailing_ones());
		u32::try_from(full).unwrap_or(0).saturating_mul(u128::BITS).saturating_add(rest)
	}
	fn place(page: u32) -> (usize, u128) {
		let word = page.checked_div(u128::BITS).and_then(|word| usize::try_from(word).ok());
		let bit = page.checked_rem(u128::BITS).and_then(|bit| u8::try_from(bit).ok());
		(word.unwrap_or(usize::MAX), bit.map_or(0, self::bit))
	}
}

/// Use of the active pages.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct ActiveSlots {
	/// Slots that are not free: the `taken` bits of all active pages.
	pub taken: u32,
	/// Active pages up to the last one with a slot that is not free. Pages that emptied since the
	/// window began are among them.
	pub pages: u32,
	/// Active pages without a free slot, so that two reads find a free one.
	pub full: PageSet,
	/// Last round in which all slots were taken, noted when one was freed.
	pub full_until: Option<RoundIndex>,
}

/// Use of the idle pages: all slots below `end` are taken but for those in the queue `head..tail`.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct IdleSlots {
	/// First slot that was never used.
	pub end: u32,
	/// Oldest entry of the queue of freed slots.
	pub head: u32,
	/// One past the newest entry of that queue.
	pub tail: u32,
}

//! The start of a round: its snapshot, and the committees that the snapshot's seed draws.

use crate::{
	ColdTurn, Config, Due, Error, Event, LAG, MAX_DUE, MAX_PROBERS, PageId, PageInfo, PageInfos, Pallet,
	Prober, ProberSet, Progress, Queued, ROWS, Slots, SlotsOf, Snapshot, Snapshots, WeightInfo, bits,
};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{
	BoundedVec, ensure,
	traits::{ConstU32, Get, Randomness, Time, ValidatorSet},
	weights::Weight,
};
use sp_io::hashing::blake2_256;
use sp_runtime::DispatchResult;
use surety_primitives::{Clock, RoundIndex, ServiceId};

/// Randomness subject and domain of the seed.
const SEED: &[u8] = b"surety:round-seed";
/// Domain of the draws.
const DRAW: &[u8] = b"surety:committee";
/// Empty cold pages that the turn skips at most in one round.
const MAX_SKIPPED: u32 = 32;

/// The committee of a page: all of `probers`, or `size` of them drawn by the seed. Bit `i` is
/// prober `i`.
pub fn committee(seed: &[u8; 32], round: RoundIndex, page: PageId, probers: usize, size: u32) -> u128 {
	let probers = probers.min(MAX_PROBERS as usize);
	let all = (0..probers).filter_map(|i| u8::try_from(i).ok());
	let size = usize::try_from(size).unwrap_or(usize::MAX);
	if probers <= size {
		return all.fold(0u128, |mask, i| mask | crate::bit(i));
	}
	// Fisher-Yates from the front, as far as it is needed. A draw is 32 bits of hash reduced to at
	// most 128 values: its bias is below one in 2^25.
	let mut order: Vec<u8> = all.collect();
	let mut mask = 0u128;
	let mut draws = Draws { seed, round, page, block: [0; 32], used: 8, count: 0 };
	for i in 0..size {
		let left = u32::try_from(probers.saturating_sub(i)).unwrap_or(u32::MAX);
		let step = draws.next().checked_rem(left).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
		order.swap(i, i.saturating_add(step));
		mask |= order.get(i).map_or(0, |prober| crate::bit(*prober));
	}
	mask
}

/// A stream of 32-bit numbers from the seed.
struct Draws<'a> {
	seed: &'a [u8; 32],
	round: RoundIndex,
	page: PageId,
	block: [u8; 32],
	used: usize,
	count: u32,
}
impl Draws<'_> {
	fn next(&mut self) -> u32 {
		if self.used >= 8 {
			self.block = blake2_256(&(DRAW, self.seed, self.round, self.page, self.count).encode());
			self.count = self.count.saturating_add(1);
			self.used = 0;
		}
		let at = self.used.saturating_mul(4);
		self.used = self.used.saturating_add(1);
		let bytes = self.block.get(at..at.saturating_add(4)).and_then(|b| b.try_into().ok());
		bytes.map_or(0, u32::from_le_bytes)
	}
}

impl<AccountId> Snapshot<AccountId> {
	/// Probers of each due page, in order.
	pub fn committees(&self, round: RoundIndex) -> Vec<u128> {
		self.due.iter().map(|due| self.committee_of(round, due)).collect()
	}

	/// Probers of a due page.
	pub fn committee_of(&self, round: RoundIndex, due: &Due) -> u128 {
		let size = if due.full { MAX_PROBERS } else { self.committee };
		committee(&self.seed, round, due.page, self.probers.len(), size)
	}

	/// True if all probers probe a due page.
	pub fn is_full(&self, due: &Due) -> bool {
		due.full || u32::try_from(self.probers.len()).is_ok_and(|n| n <= self.committee)
	}

	/// Bytes of the report of the prober with this index.
	pub fn report_len(&self, round: RoundIndex, index: u16) -> u32 {
		let member = u8::try_from(index).map_or(0, crate::bit);
		self.due
			.iter()
			.filter(|due| self.committee_of(round, due) & member != 0)
			.fold(0u32, |sum, due| sum.saturating_add(due.mask.count_ones()))
	}

	/// Which of the due pages it is that names a slot.
	pub fn position(&self, page: PageId, slot: u8) -> Option<u32> {
		let at = self.due.iter().position(|due| due.page == page && due.mask & crate::bit(slot) != 0);
		at.and_then(|at| u32::try_from(at).ok())
	}

	/// Index and entry of a session key.
	pub fn find(&self, key: &surety_primitives::crypto::ProberId) -> Option<(u16, &Prober<AccountId>)> {
		(0u16..).zip(&self.probers).find(|(_, prober)| prober.key == *key)
	}
}

impl<T: Config> Pallet<T> {
	/// Whole pages that a round has capacity for.
	pub(crate) fn capacity() -> u32 {
		T::MaxProbesPerRound::get().checked_div(ROWS).unwrap_or(0).min(MAX_DUE)
	}

	/// Hot pages there can be: one page of capacity is always left to the cold ones.
	pub(crate) fn hot_pages() -> u32 {
		Self::capacity().saturating_sub(1)
	}

	/// Freeze a round, in its first block.
	pub(crate) fn open_round(round: RoundIndex) -> Weight {
		let probers = ProberSet::<T>::get();
		let n = u32::try_from(probers.len()).unwrap_or(u32::MAX);
		// Nothing else goes into it: the hash of a block, say, is its author's to choose by signing
		// it again.
		let (random, _) = T::Randomness::random(SEED);
		let seed = blake2_256(&(SEED, random, round).encode());
		let snapshot = Snapshot {
			session: T::ValidatorSet::session_index(),
			seed,
			started: T::Time::now(),
			committee: T::MaxCommittee::get(),
			health: T::Health::get().clamped(),
			probers,
			due: Self::due_pages(round),
		};
		Snapshots::<T>::insert(round, snapshot);
		T::WeightInfo::open_round(n)
	}

	/// Every hot page with a due row; then as many cold pages as fit: up to a quarter of them, at
	/// least one, from the queue, and the others in turns.
	fn due_pages(round: RoundIndex) -> BoundedVec<Due, ConstU32<MAX_DUE>> {
		let (mut due, fits) = Self::due_hot();
		// One that fits alone is from the queue in every other round, or a full queue would stop
		// the turns.
		let from_queue = if fits == 1 { round & 1 } else { fits.div_euclid(4).max(1) };
		due.extend(Self::take_queued(from_queue).into_iter().filter_map(Self::due_page));
		let left =
			|due: &Vec<Due>| Self::capacity().saturating_sub(u32::try_from(due.len()).unwrap_or(u32::MAX));
		let pages = Self::cold_pages();
		let mut turn = ColdTurn::<T>::get();
		for _ in 0..pages.min(left(&due).saturating_add(MAX_SKIPPED)) {
			if left(&due) == 0 {
				break;
			}
			turn = if turn >= pages { 0 } else { turn };
			let page = PageId::Cold(turn);
			if due.iter().all(|due| due.page != page) {
				due.extend(Self::due_page(page));
			}
			turn = turn.saturating_add(1);
		}
		ColdTurn::<T>::put(turn);
		BoundedVec::truncate_from(due)
	}

	/// Hot pages with a due row, and the number of cold pages that fit into a round besides them.
	fn due_hot() -> (Vec<Due>, u32) {
		let due: Vec<Due> =
			(0..Self::hot_pages()).filter_map(|page| Self::due_page(PageId::Hot(page))).collect();
		let fits = Self::capacity().saturating_sub(u32::try_from(due.len()).unwrap_or(u32::MAX));
		(due, fits)
	}

	/// A page as a round that is opened now has it; `None` without a due row.
	fn due_page(page: PageId) -> Option<Due> {
		let PageInfo { due: mask, critical: full, .. } = PageInfos::<T>::get(page);
		(mask != 0).then_some(Due { page, mask, full })
	}

	/// Take up to so many pages from the queue, those that wait longest.
	fn take_queued(most: u32) -> Vec<PageId> {
		let mut queue = Queued::<T>::get();
		let taken = queue.len().min(usize::try_from(most).unwrap_or(usize::MAX));
		if taken == 0 {
			return Vec::new();
		}
		let pages = queue.drain(..taken).map(PageId::Cold).collect();
		Queued::<T>::put(queue);
		pages
	}

	/// Have the page of an idle service probed in one of the next rounds.
	pub(crate) fn queue_probe(service: ServiceId) -> DispatchResult {
		let Slots { cold, hot } = SlotsOf::<T>::get(service).ok_or(Error::<T>::NotListed)?;
		ensure!(hot.is_none(), Error::<T>::AlreadyDue);
		let due = Self::due_page(PageId::Cold(cold.page)).is_some_and(|due| due.mask & cold.bit() != 0);
		ensure!(due, Error::<T>::NotProbed);
		let (_, fits) = Self::due_hot();
		if Self::cold_pages() <= fits {
			return Ok(());
		}
		Queued::<T>::try_mutate(|queue| {
			if !queue.contains(&cold.page) {
				queue.try_push(cold.page).map_err(|_| Error::<T>::QueueFull)?;
				Self::deposit_event(Event::ProbeQueued { service, page: cold.page });
			}
			Ok(())
		})
	}

	/// The last round that names a slot and whose sweep 2 has yet to pass the page.
	pub(crate) fn last_naming(page: PageId, slot: u8) -> Option<RoundIndex> {
		let progress = Progress::<T>::get();
		let judging = progress.judged.saturating_add(1);
		let now = T::Clock::round();
		(judging.max(now.saturating_sub(u32::from(LAG)))..=now).rev().find(|round| {
			let at = Snapshots::<T>::get(round).and_then(|snapshot| snapshot.position(page, slot));
			at.is_some_and(|at| *round > judging || at >= progress.pages)
		})
	}

	/// Due slots that a prober probes in a round, page by page, for the off-chain worker.
	pub(crate) fn assigned(
		snapshot: &Snapshot<T::AccountId>,
		round: RoundIndex,
		index: u16,
	) -> Vec<(PageId, Vec<u8>)> {
		let member = u8::try_from(index).map_or(0, crate::bit);
		let mine = snapshot.due.iter().filter(|due| snapshot.committee_of(round, due) & member != 0);
		mine.map(|due| (due.page, bits(due.mask).collect())).collect()
	}
}

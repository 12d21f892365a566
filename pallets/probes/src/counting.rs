// SPDX-License-Identifier: Apache-2.0

//! Count of the reports of a round, once no more can come: attendance, blind reports, and the root
//! of all revealed reports.

use crate::*;
use alloc::{collections::BTreeMap, vec::Vec};

/// Rounds that are open at once: the current one, the one whose reports are revealed, and the one
/// that is judged.
const OPEN_ROUNDS: usize = 3;

/// Messages of a round, in the order of the probers.
pub(crate) struct RoundReports(Vec<Option<Sent>>);

impl RoundReports {
	/// Read the messages of so many probers.
	pub(crate) fn read<T: Config>(round: RoundIndex, probers: usize) -> Self {
		Self((0u16..).take(probers).map(|index| Reports::<T>::get(round, index)).collect())
	}

	/// Votes of the round, of which the reports of `blind` are dropped.
	pub(crate) fn votes(&self, blind: u128) -> Votes<'_> {
		let reports = self.0.iter().map(|sent| match sent {
			Some(Sent::Revealed(report)) => Some(report.as_slice()),
			_ => None,
		});
		let committed = (0u8..).zip(&self.0).filter(|(_, sent)| sent.is_some());
		Votes {
			committed: committed.fold(0, |mask, (prober, _)| mask | bit(prober)),
			reports: reports.collect(),
			blind,
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Count the reports of a round, in the first block after its last reveal.
	pub(crate) fn count_round(round: RoundIndex) -> Weight {
		let forgotten = Self::forget_unjudged(round);
		let Some(snapshot) = Snapshots::<T>::get(round) else {
			// The first round of the chain, or one that began during a migration.
			Progress::<T>::put(Sweep { judged: round, ..Default::default() });
			return T::WeightInfo::idle().saturating_add(forgotten);
		};
		let due = DuePages::<T>::get(round);
		let reports = RoundReports::read::<T>(round, snapshot.probers.len());
		let stalled = Self::is_stalled(round, &snapshot);
		let mut votes = reports.votes(0);
		if !stalled {
			let active: Vec<Due> =
				due.iter().take_while(|due| due.page.is_active()).copied().collect();
			let targets = usize::try_from(due_targets(&active)).unwrap_or(usize::MAX);
			votes.find_blind(targets, || Self::owners(round, &active));
		}
		Self::keep_root(round, &snapshot, &votes);
		let counts = !stalled && snapshot.targets > 0;
		let duty = if counts { votes.attendance() } else { Vec::new() };
		Counting::<T>::put(Counted {
			stalled,
			blind: votes.blind,
			duty: BoundedVec::truncate_from(duty),
		});
		T::WeightInfo::count_round(
			u32::try_from(reports.0.len()).unwrap_or(u32::MAX),
			snapshot.targets,
		)
		.saturating_add(forgotten)
	}

	/// Forget the rounds before this one that are not judged: those that were open when a migration
	/// of several blocks began, three at most. They have no verdicts, and nobody is billed for them.
	fn forget_unjudged(round: RoundIndex) -> Weight {
		let first = Progress::<T>::get().judged.saturating_add(1);
		let mut weight = Weight::zero();
		for open in (first..round).take(OPEN_ROUNDS) {
			let Some(snapshot) = Snapshots::<T>::take(open) else { continue };
			let probers = u16::try_from(snapshot.probers.len()).unwrap_or(u16::MAX);
			(0..probers).for_each(|index| Reports::<T>::remove(open, index));
			DuePages::<T>::remove(open);
			weight = weight.saturating_add(T::WeightInfo::close_round(probers.into()));
		}
		if first < round {
			Counting::<T>::kill();
			Progress::<T>::put(Sweep { judged: round.saturating_sub(1), ..Default::default() });
		}
		weight
	}

	/// True if the blocks of a round took more than three times as long as they should have, by the
	/// timestamps of the block before the round and of its last block.
	fn is_stalled(round: RoundIndex, snapshot: &Snapshot<T::AccountId>) -> bool {
		let Some(next) = Snapshots::<T>::get(round.saturating_add(1)) else { return false };
		let nominal = T::Clock::slot_ms().saturating_mul(u64::from(T::Clock::round_blocks()));
		next.started.saturating_sub(snapshot.started) > nominal.saturating_mul(3)
	}

	/// Operators of the targets at the due slots of these pages, numbered.
	fn owners(round: RoundIndex, due: &[Due]) -> Vec<Option<u32>> {
		let mut known: BTreeMap<T::AccountId, u32> = BTreeMap::new();
		let mut owners = Vec::new();
		for due in due {
			let page = Pages::<T>::get(due.page);
			for slot in bits(due.mask) {
				let row = page.get(usize::from(slot)).and_then(Option::as_ref);
				let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
				let owner = row.filter(|row| row.is_due(round)).map(|row| row.operator.clone());
				owners.push(owner.map(|operator| *known.entry(operator).or_insert(next)));
			}
		}
		owners
	}

	/// Keep the root of the revealed reports of a round, and forget the oldest one.
	fn keep_root(round: RoundIndex, snapshot: &Snapshot<T::AccountId>, votes: &Votes) {
		let genesis = Self::genesis();
		let revealed = (0u16..).zip(&snapshot.probers).zip(&votes.reports);
		let leaves = revealed.filter_map(|((index, prober), report)| {
			let blind = votes.blind & u8::try_from(index).map_or(0, bit) != 0;
			Some(reveal_leaf(genesis.as_ref(), round, index, &prober.key, blind, (*report)?))
		});
		RevealRoots::<T>::insert(round, reveals_root(leaves.collect()));
		if let Some(old) = round.checked_sub(ROOTS_KEPT) {
			RevealRoots::<T>::remove(old);
		}
	}
}

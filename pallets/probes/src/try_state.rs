// SPDX-License-Identifier: Apache-2.0

//! Invariants between blocks, numbered as in the documentation of the pallet.

use crate::{pages::PageOf, reports::reveals_end, *};
use alloc::collections::{BTreeMap, BTreeSet};
use frame::deps::sp_runtime::TryRuntimeError;
use surety_primitives::tiers;

type Check = Result<(), TryRuntimeError>;
type AllPages<T> = BTreeMap<PageId, PageOf<T>>;

fn row_at<AccountId>(
	pages: &BTreeMap<PageId, Page<AccountId>>,
	id: PageId,
	slot: u8,
) -> Option<&Row<AccountId>> {
	pages.get(&id)?.get(usize::from(slot))?.as_ref()
}

impl<T: Config> Pallet<T> {
	/// Check all invariants.
	pub fn do_try_state() -> Check {
		let pages: AllPages<T> = Pages::<T>::iter().collect();
		Self::check_slots(&pages)?;
		Self::check_pages(&pages)?;
		Self::check_free(&pages)?;
		Self::check_reports()?;
		Self::check_rounds()?;
		Self::check_queue()?;
		Self::check_duty()
	}

	fn check_slots(pages: &AllPages<T>) -> Check {
		for (target, slots) in SlotsOf::<T>::iter() {
			let idle = row_at(pages, PageId::Idle(slots.idle.page), slots.idle.slot);
			let idle = idle.ok_or("1: a listing has no idle row")?;
			ensure!(idle.target == target, "1: an idle slot holds another target");
			let right = match idle.state {
				RowState::Due => slots.active.is_none(),
				RowState::Activated => slots.active.is_some(),
				RowState::ProofNotFound => slots.active.is_none() && idle.unproven,
				RowState::Leaving { .. } => false,
			};
			ensure!(right, "1: an idle row is in another state than its target");
			if let Some(active) = slots.active {
				let active = row_at(pages, PageId::Active(active.page), active.slot)
					.ok_or("1: an active target has no row")?;
				ensure!(active.target == target, "1: an active slot holds another target");
				ensure!(active.state == RowState::Due, "1: the row of an active target is not due");
			}
		}
		Ok(())
	}

	/// True if a target has the row in its slots.
	fn is_known(id: PageId, slot: u8, target: Target) -> bool {
		SlotsOf::<T>::get(target).is_some_and(|slots| match id {
			PageId::Idle(page) => slots.idle == Place { page, slot },
			PageId::Active(page) => slots.active == Some(Place { page, slot }),
		})
	}

	fn check_pages(pages: &AllPages<T>) -> Check {
		let mut found = ActiveSlots::default();
		for (id, page) in pages {
			let id = *id;
			ensure!(page.encoded_size() <= PAGE_BYTES, "8: a page is too large");
			let (mut due, mut taken) = (0u128, 0u128);
			for (slot, row) in (0u8..).zip(page.iter()) {
				let Some(row) = row else { continue };
				taken |= bit(slot);
				let known = Self::is_known(id, slot, row.target);
				ensure!(known != row.is_leaving(), "1: a row belongs to no listing");
				if row.state == RowState::Due && !row.is_over(row.meter.through) {
					due |= bit(slot);
				}
				if !row.is_leaving() {
					Self::check_row(id, row)?;
				}
			}
			let info = PageInfos::<T>::get(id);
			ensure!(info.due == due, "2: due bits differ from the rows");
			ensure!(!id.is_active() || info.taken == taken, "2: taken bits differ from the rows");
			if let PageId::Active(page) = id {
				// A page that emptied stays, past the last one too.
				ensure!(
					taken == 0 || page < Self::active_pages(),
					"6: more active targets than fit"
				);
				found.taken = found.taken.saturating_add(taken.count_ones());
				found.full.set(page, taken == u128::MAX);
				if taken != 0 {
					found.pages = found.pages.max(page.saturating_add(1));
				}
			}
		}
		Self::check_active(&found)
	}

	/// Compare the use of the active pages with the rows found.
	fn check_active(found: &ActiveSlots) -> Check {
		let active = Active::<T>::get();
		ensure!(active.taken == found.taken, "2: the taken active slots are not counted");
		ensure!(active.full == found.full, "2: the full active pages are not known");
		ensure!(active.pages >= found.pages, "2: an active page is past the last one");
		ensure!(active.pages <= Self::active_pages(), "6: more active targets than fit");
		ensure!(
			active.full_until <= Some(T::Clock::round()),
			"2: the slots were full in a later round"
		);
		Ok(())
	}

	fn check_row(id: PageId, row: &Row<T::AccountId>) -> Check {
		let rounds = T::Clock::window_rounds();
		let all = row.all_counters();
		ensure!(
			u32::from(all.up) == row.latencies.total(),
			"7: latencies differ from the up rounds"
		);
		ensure!(all.slow <= all.up, "7: more slow rounds than up ones");
		ensure!(all.judged() <= rounds, "7: more rounds judged than a window has");
		let lease = row.target.lease().is_some();
		let healthy = row.health == LeaseHealth::default();
		ensure!(
			healthy || (id.is_active() && lease),
			"10: a row that is no active lease has health"
		);
		if !id.is_active() {
			ensure!(row.meter_end.is_none(), "10: an idle row has an end of its meter");
			return Ok(());
		}
		let first = row.joined.max(T::Clock::window_start(row.window));
		let judged = row.meter.through.saturating_add(1).saturating_sub(first);
		ensure!(u32::from(row.counters.judged()) <= judged, "7: more rounds counted than judged");
		let kinds = BreachKind::COUNTED.into_iter().zip(row.terms.allowance).zip(row.tiers);
		for ((kind, allowance), tier) in kinds {
			let reached = tiers::reached(row.counters.against(kind), allowance, rounds);
			ensure!(tier <= reached, "7: a tier is above the counters");
		}
		Ok(())
	}

	fn check_free(pages: &AllPages<T>) -> Check {
		let slots = Idle::<T>::get();
		let mut free = BTreeSet::new();
		for at in slots.head..slots.tail {
			let (place, _) = FreeIdle::<T>::get(at).ok_or("3: a gap in the queue of free slots")?;
			ensure!(free.insert((place.page, place.slot)), "3: a slot is free twice");
			let row = row_at(pages, PageId::Idle(place.page), place.slot);
			ensure!(row.is_none(), "3: a free slot is taken");
		}
		let queued = FreeIdle::<T>::iter_keys().count();
		ensure!(queued == free.len(), "3: free slots outside the queue");
		let used = SlotsOf::<T>::iter().count().saturating_add(free.len());
		ensure!(u32::try_from(used) == Ok(slots.end), "3: an idle slot is lost");
		Ok(())
	}

	fn check_reports() -> Check {
		for (round, index, sent) in Reports::<T>::iter() {
			let snapshot = Snapshots::<T>::get(round).ok_or("4: a report of no open round")?;
			ensure!(
				usize::from(index) < snapshot.probers.len(),
				"4: a report from outside the snapshot"
			);
			if let Sent::Revealed(report) = sent {
				let right = u32::try_from(report.len()) == Ok(snapshot.targets);
				ensure!(right, "4: a report of the wrong length");
			}
		}
		Ok(())
	}

	fn check_rounds() -> Check {
		let now = T::Clock::round();
		let progress = Progress::<T>::get();
		let capacity = Self::capacity();
		for (round, snapshot) in Snapshots::<T>::iter() {
			ensure!(round > progress.judged && round <= now, "5: a snapshot of no open round");
			let due = DuePages::<T>::get(round);
			let pages: BTreeSet<PageId> = due.iter().map(|due| due.page).collect();
			ensure!(pages.len() == due.len(), "6: a page is due twice");
			let sorted = due.is_sorted_by_key(|due| !due.page.is_active());
			ensure!(sorted, "6: active pages do not come first");
			ensure!(due_targets(&due) == snapshot.targets, "6: the due targets are not counted");
			let fits = u32::try_from(pages.len()).is_ok_and(|n| n <= capacity);
			ensure!(
				fits || T::Clock::window_of(round) != T::Clock::window_of(now),
				"6: over capacity"
			);
		}
		let open: BTreeSet<RoundIndex> = Snapshots::<T>::iter_keys().collect();
		let named: BTreeSet<RoundIndex> = DuePages::<T>::iter_keys().collect();
		ensure!(open == named, "5: due pages of other rounds than the open ones");
		let judging = progress.judged.saturating_add(1);
		let counted =
			open.contains(&judging) && T::Clock::now() >= reveals_end::<T::Clock>(judging);
		ensure!(counted == Counting::<T>::exists(), "5: another round is counted");
		Ok(())
	}

	fn check_queue() -> Check {
		let queue = Queued::<T>::get();
		let queued: BTreeSet<&u32> = queue.iter().collect();
		ensure!(queued.len() == queue.len(), "6: a page is queued twice");
		ensure!(
			queue.iter().all(|page| *page < Self::idle_pages()),
			"6: a queued page does not exist"
		);
		Ok(())
	}

	fn check_duty() -> Check {
		let mut seen = BTreeSet::new();
		for (account, tally) in Duty::<T>::get() {
			ensure!(seen.insert(account.encode()), "9: a prober is counted twice");
			let chain = [tally.accepted, tally.revealed, tally.committed, tally.rounds];
			ensure!(chain.is_sorted(), "9: duty is no chain of subsets");
			ensure!(tally.agreed <= tally.judged, "9: more findings agreed than were judged");
			let changes = tally.fell.saturating_add(tally.rose);
			ensure!(changes <= tally.judged.saturating_mul(2), "9: more changes than findings");
			let caught = tally.fell_caught <= tally.fell && tally.rose_caught <= tally.rose;
			ensure!(caught, "9: more changes caught than there were");
		}
		Ok(())
	}
}

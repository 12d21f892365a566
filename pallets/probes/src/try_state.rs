//! Invariants between blocks. Numbers in the messages are those of this list:
//!
//! 1. A listing and its slots name each other; a hot service has a hot row and a resting cold one,
//!    and no other rests but an unproven one.
//! 2. The due and taken bits of a page say what its rows say, and the taken hot slots are counted.
//! 3. A slot is free or taken, not both: the queue of freed cold slots and the rows do not overlap.
//! 4. At most one report per prober and round, none from outside the snapshot, each of the right
//!    length.
//! 5. Open rounds have a snapshot and their due pages, closed ones neither. A round is being judged
//!    if and only if it is counted.
//! 6. A round's due services are within capacity, and hot services within what is left to them. No
//!    page waits twice for a probe on demand, and each is a cold page.
//! 7. Counters sum to the rounds judged: of a hot row exactly those of its window, and its
//!    latencies to the `Up` ones; a tier is never above what the counters reach.
//! 8. Every page fits the database.
//! 9. Duty is a chain of subsets: accepted within revealed within committed within rounds.
//! 10. Only hot rows of leases have health, and only hot rows an end of the meter.

use crate::{
	Config, DuePages, Duty, FreeCold, Hot, LeaseHealth, PAGE_BYTES, Page, PageId, PageInfos,
	PageSet, Pages, Pallet, Place, Progress, Queued, Reports, Row, Sent, SlotsOf, Snapshots, bit,
	due_services, report::reveals_end,
};
use alloc::collections::{BTreeMap, BTreeSet};
use codec::Encode;
use frame_support::ensure;
use sp_runtime::TryRuntimeError;
use surety_primitives::{BreachKind, Clock, RoundIndex, ServiceId, lease_of_service, tiers};

type Check = Result<(), TryRuntimeError>;
type AllPages<T> = BTreeMap<PageId, Page<<T as frame_system::Config>::AccountId>>;

fn row_at<AccountId>(
	pages: &BTreeMap<PageId, Page<AccountId>>,
	id: PageId,
	slot: u8,
) -> Option<&Row<AccountId>> {
	pages.get(&id)?.get(usize::from(slot))?.as_ref()
}

impl<T: Config> Pallet<T> {
	/// Check everything.
	pub fn do_try_state() -> Check {
		let pages: AllPages<T> = Pages::<T>::iter().collect();
		Self::check_slots(&pages)?;
		Self::check_pages(&pages)?;
		Self::check_free(&pages)?;
		Self::check_reports()?;
		Self::check_rounds()?;
		Self::check_duty()
	}

	fn check_slots(pages: &AllPages<T>) -> Check {
		for (service, slots) in SlotsOf::<T>::iter() {
			let cold = row_at(pages, PageId::Cold(slots.cold.page), slots.cold.slot);
			let cold = cold.ok_or("1: a listing has no cold row")?;
			ensure!(cold.service == service, "1: a cold slot holds another service");
			let rests = slots.hot.is_some() || (cold.dormant && cold.unproven);
			ensure!(cold.dormant == rests, "1: a cold row rests only while hot or unproven");
			if let Some(hot) = slots.hot {
				let hot = row_at(pages, PageId::Hot(hot.page), hot.slot)
					.ok_or("1: a hot service has no row")?;
				ensure!(
					hot.service == service && hot.gone.is_none(),
					"1: a hot slot holds another service"
				);
				ensure!(!hot.dormant, "1: a hot row rests");
			}
		}
		Ok(())
	}

	/// True if the registry of slots knows a row.
	fn is_known(id: PageId, slot: u8, service: ServiceId) -> bool {
		SlotsOf::<T>::get(service).is_some_and(|slots| match id {
			PageId::Cold(page) => slots.cold == Place { page, slot },
			PageId::Hot(page) => slots.hot == Some(Place { page, slot }),
		})
	}

	fn check_pages(pages: &AllPages<T>) -> Check {
		let (mut hot_taken, mut hot_pages, mut hot_full) = (0u32, 0u32, PageSet::default());
		for (id, page) in pages {
			let id = *id;
			ensure!(page.encoded_size() <= PAGE_BYTES, "8: a page is too large");
			let (mut due, mut taken) = (0u128, 0u128);
			for (slot, row) in (0u8..).zip(page.iter()) {
				let Some(row) = row else { continue };
				taken |= bit(slot);
				let known = Self::is_known(id, slot, row.service);
				ensure!(known == row.gone.is_none(), "1: a row belongs to no listing");
				if row.gone.is_none() && !row.dormant && !row.is_over(row.meter.through) {
					due |= bit(slot);
				}
				if row.gone.is_none() {
					Self::check_row(id, row)?;
				}
			}
			let info = PageInfos::<T>::get(id);
			ensure!(info.due == due, "2: due bits differ from the rows");
			ensure!(!id.is_hot() || info.taken == taken, "2: taken bits differ from the rows");
			if let PageId::Hot(page) = id {
				// A page that emptied stays, past the last one too.
				ensure!(taken == 0 || page < Self::hot_pages(), "6: more hot services than fit");
				hot_taken = hot_taken.saturating_add(taken.count_ones());
				hot_full.set(page, taken == u128::MAX);
				if taken != 0 {
					hot_pages = hot_pages.max(page.saturating_add(1));
				}
			}
		}
		let hot = Hot::<T>::get();
		ensure!(hot.taken == hot_taken, "2: the taken hot slots are not counted");
		ensure!(hot.full == hot_full, "2: the full hot pages are not known");
		ensure!(hot.pages >= hot_pages, "2: a hot page is past the last one");
		ensure!(hot.pages <= Self::hot_pages(), "6: more hot services than fit");
		ensure!(
			hot.full_until <= Some(T::Clock::round()),
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
		let lease = lease_of_service(row.service).is_some();
		let healthy = row.health == LeaseHealth::default();
		ensure!(healthy || (id.is_hot() && lease), "10: health of what is no hot lease");
		if !id.is_hot() {
			ensure!(row.meter_end.is_none(), "10: the end of a meter that is none");
			return Ok(());
		}
		let first = row.joined.max(T::Clock::window_start(row.window));
		let judged = row.meter.through.saturating_add(1).saturating_sub(first);
		ensure!(
			u32::from(row.counters.judged()) == judged,
			"7: counters differ from the rounds judged"
		);
		let kinds = BreachKind::COUNTED.into_iter().zip(row.frozen.allowance).zip(row.tiers);
		for ((kind, allowance), tier) in kinds {
			let reached = tiers::reached(row.counters.against(kind), allowance, rounds);
			ensure!(tier <= reached, "7: a tier is above the counters");
		}
		Ok(())
	}

	fn check_free(pages: &AllPages<T>) -> Check {
		let cursor = crate::ColdCursor::<T>::get();
		let mut free = BTreeSet::new();
		for at in cursor.head..cursor.tail {
			let (place, _) = FreeCold::<T>::get(at).ok_or("3: a gap in the queue of free slots")?;
			ensure!(free.insert((place.page, place.slot)), "3: a slot is free twice");
			let row = row_at(pages, PageId::Cold(place.page), place.slot);
			ensure!(row.is_none(), "3: a free slot is taken");
		}
		let queued = FreeCold::<T>::iter_keys().count();
		ensure!(queued == free.len(), "3: free slots outside the queue");
		let used = SlotsOf::<T>::iter().count().saturating_add(free.len());
		ensure!(u32::try_from(used) == Ok(cursor.end), "3: a cold slot is lost");
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
				let right = u32::try_from(report.len()) == Ok(snapshot.services);
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
			let sorted = due.is_sorted_by_key(|due| !due.page.is_hot());
			ensure!(sorted, "6: hot pages do not come first");
			ensure!(due_services(&due) == snapshot.services, "6: the due services are not counted");
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
		ensure!(counted == crate::Counting::<T>::exists(), "5: another round is counted");
		let queue = Queued::<T>::get();
		let queued: BTreeSet<&u32> = queue.iter().collect();
		ensure!(queued.len() == queue.len(), "6: a page waits twice");
		ensure!(
			queue.iter().all(|page| *page < Self::cold_pages()),
			"6: a page waits that is none"
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

//! Every invariant fails when state is corrupted.

use crate::{
	ColdCursor, Counting, Due, DueList, DuePages, Duty, DutyTally, FreeCold, Hot, LeaseHealth,
	PageId, PageInfos, Pages, Place, Progress, Queued, Reports, Row, Sent, SlotsOf, Snapshots,
	mock::*,
};
use frame_support::assert_err;
use sp_runtime::DispatchError;
use surety_primitives::{CloseReason, Probing, Severity};

/// A state with everything in it: hot and cold rows, a freed slot, open rounds, reports and duty.
fn corrupt(expected: &'static str, corrupt: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		start_session(4);
		for service in 1..=4 {
			list(service, service.into());
		}
		Probes::heat(1).unwrap();
		play_up(4);
		Probes::unlist(4);
		next_round();
		next_block();
		commit(round(), 0, vec![0; 3]).unwrap();
		Probes::do_try_state().unwrap();
		corrupt();
		assert_err!(Probes::do_try_state(), DispatchError::Other(expected));
	});
}

fn with_row(id: PageId, slot: usize, change: impl FnOnce(&mut Row<AccountId>)) {
	Pages::<Test>::mutate(id, |page| change(page[slot].as_mut().unwrap()));
}

const HOT: PageId = PageId::Hot(0);
const COLD: PageId = PageId::Cold(0);

#[test]
fn slots_and_listings() {
	corrupt("1: a listing has no cold row", || Pages::<Test>::mutate(COLD, |page| page[1] = None));
	corrupt("1: a cold slot holds another service", || with_row(COLD, 1, |row| row.service = 9));
	corrupt("1: a cold row rests only while hot or unproven", || {
		with_row(COLD, 0, |row| row.dormant = false)
	});
	corrupt("1: a cold row rests only while hot or unproven", || {
		with_row(COLD, 1, |row| row.dormant = true)
	});
	corrupt("2: due bits differ from the rows", || {
		with_row(COLD, 1, |row| (row.dormant, row.unproven) = (true, true));
	});
	corrupt("1: a hot row rests", || with_row(HOT, 0, |row| row.dormant = true));
	corrupt("1: a hot service has no row", || Pages::<Test>::mutate(HOT, |page| page[0] = None));
	corrupt("1: a hot slot holds another service", || with_row(HOT, 0, |row| row.service = 2));
	corrupt("1: a row belongs to no listing", || SlotsOf::<Test>::remove(2));
}

#[test]
fn due_and_taken_bits() {
	corrupt("2: due bits differ from the rows", || {
		PageInfos::<Test>::mutate(COLD, |info| info.due |= 1)
	});
	corrupt("2: due bits differ from the rows", || {
		PageInfos::<Test>::mutate(HOT, |info| info.due = 0)
	});
	corrupt("2: taken bits differ from the rows", || {
		PageInfos::<Test>::mutate(HOT, |info| info.taken = 3)
	});
	corrupt("2: the taken hot slots are not counted", || Hot::<Test>::mutate(|hot| hot.taken = 2));
	corrupt("2: the full hot pages are not known", || {
		Hot::<Test>::mutate(|hot| hot.full.set(0, true))
	});
	corrupt("2: the full hot pages are not known", || {
		Hot::<Test>::mutate(|hot| hot.full.set(511, true))
	});
	corrupt("2: a hot page is past the last one", || Hot::<Test>::mutate(|hot| hot.pages = 0));
	corrupt("6: more hot services than fit", || Hot::<Test>::mutate(|hot| hot.pages = 4));
	corrupt("2: the slots were full in a later round", || {
		Hot::<Test>::mutate(|hot| hot.full_until = Some(round() + 1));
	});
}

#[test]
fn free_slots() {
	corrupt("3: a gap in the queue of free slots", || FreeCold::<Test>::remove(0));
	corrupt("3: a slot is free twice", || {
		FreeCold::<Test>::insert(1, (Place { page: 0, slot: 3 }, 0));
		ColdCursor::<Test>::mutate(|cursor| cursor.tail = 2);
	});
	corrupt("3: a free slot is taken", || {
		FreeCold::<Test>::insert(0, (Place { page: 0, slot: 1 }, 0));
	});
	corrupt("3: free slots outside the queue", || {
		FreeCold::<Test>::insert(7, (Place { page: 0, slot: 3 }, 0));
	});
	corrupt("3: a cold slot is lost", || ColdCursor::<Test>::mutate(|cursor| cursor.end += 1));
}

#[test]
fn reports_are_from_the_snapshot() {
	corrupt("4: a report of no open round", || {
		Reports::<Test>::insert(99, 0, Sent::Committed([0; 32]))
	});
	corrupt("4: a report from outside the snapshot", || {
		Reports::<Test>::insert(round(), 4, Sent::Committed([0; 32]));
	});
	corrupt("4: a report of the wrong length", || {
		Reports::<Test>::insert(round(), 1, Sent::Revealed(vec![0; 9].try_into().unwrap()));
	});
}

#[test]
fn rounds() {
	corrupt("5: a snapshot of no open round", || {
		Snapshots::<Test>::insert(99, snapshot(round()));
	});
	corrupt("5: a snapshot of no open round", || {
		Progress::<Test>::mutate(|progress| progress.judged += 1);
	});
	corrupt("5: due pages of other rounds than the open ones", || {
		DuePages::<Test>::insert(99, DuePages::<Test>::get(round()));
	});
	corrupt("5: another round is counted", || Counting::<Test>::put(crate::Counted::default()));
	// A round that is counted and not judged.
	let counted = |expected: &'static str, corrupt: &dyn Fn(u32)| {
		new_test_ext().execute_with(|| {
			start_session(4);
			list(1, 1);
			play_up(3);
			to_counted();
			Probes::do_try_state().unwrap();
			corrupt(round() - 2);
			assert_err!(Probes::do_try_state(), DispatchError::Other(expected));
		});
	};
	counted("5: another round is counted", &|_| Counting::<Test>::kill());
	counted("4: a report of no open round", &|round| Snapshots::<Test>::remove(round));
	counted("5: a snapshot of no open round", &|round| {
		// As if its reports had been removed, and it had not been closed.
		(0..4).for_each(|prober| Reports::<Test>::remove(round, prober));
		Progress::<Test>::mutate(|progress| progress.judged = round);
	});
}

/// Change the due pages of the current round, and count their services anew.
fn with_due(change: impl FnOnce(&mut DueList)) {
	DuePages::<Test>::mutate(round(), |due| {
		change(due);
		let services = crate::due_services(due);
		Snapshots::<Test>::mutate(round(), |snapshot| {
			snapshot.as_mut().unwrap().services = services
		});
	});
}

#[test]
fn capacity() {
	corrupt("6: a page is due twice", || with_due(|due| due.try_push(due[0]).unwrap()));
	corrupt("6: hot pages do not come first", || with_due(|due| due.as_mut().reverse()));
	corrupt("6: the due services are not counted", || {
		Snapshots::<Test>::mutate(round(), |snapshot| snapshot.as_mut().unwrap().services += 1);
	});
	corrupt("6: over capacity", || {
		with_due(|due| {
			for page in 10..13 {
				due.try_push(Due { page: PageId::Cold(page), mask: 1 }).unwrap();
			}
		});
	});
	corrupt("6: a page waits twice", || {
		Queued::<Test>::put(crate::Queue::truncate_from(vec![0, 0]))
	});
	corrupt("6: a page waits that is none", || {
		Queued::<Test>::put(crate::Queue::truncate_from(vec![1]))
	});
	corrupt("6: more hot services than fit", || {
		let page = Pages::<Test>::take(HOT);
		Pages::<Test>::insert(PageId::Hot(3), page);
		PageInfos::<Test>::insert(PageId::Hot(3), PageInfos::<Test>::take(HOT));
		SlotsOf::<Test>::mutate(1, |slots| {
			slots.as_mut().unwrap().hot = Some(Place { page: 3, slot: 0 });
		});
	});
}

#[test]
fn counters() {
	corrupt("7: latencies differ from the up rounds", || {
		with_row(COLD, 1, |row| row.counters.up += 1)
	});
	corrupt("7: more slow rounds than up ones", || with_row(COLD, 1, |row| row.counters.slow = 5));
	corrupt("7: more rounds judged than a window has", || {
		with_row(COLD, 1, |row| row.counters.down = 12)
	});
	corrupt("7: counters differ from the rounds judged", || {
		with_row(HOT, 0, |row| row.counters.down += 1)
	});
	corrupt("7: a tier is above the counters", || {
		with_row(HOT, 0, |row| row.tiers[0] = Some(Severity::Low));
	});
}

#[test]
fn health_and_meters() {
	let ill = LeaseHealth { recent: 1, notified: false };
	let expected = "10: health of what is no hot lease";
	corrupt(expected, || with_row(HOT, 0, |row| row.health = ill));
	corrupt("10: the end of a meter that is none", || {
		with_row(COLD, 1, |row| row.meter_end = Some((round() + 9, CloseReason::Terminated)));
	});
	new_test_ext().execute_with(|| {
		let lease = list_lease(5, 1);
		with_row(HOT, 0, |row| row.health = ill);
		Probes::do_try_state().unwrap();
		Probes::cool(lease);
		Probes::do_try_state().unwrap();
		with_row(COLD, 0, |row| row.health = ill);
		assert_err!(Probes::do_try_state(), DispatchError::Other(expected));
	});
}

#[test]
fn a_page_at_its_largest_fits() {
	// 8 cannot be broken through the types: the bound is on the type, and `integrity_test` compares
	// it.
	assert!(
		<crate::Page<AccountId> as codec::MaxEncodedLen>::max_encoded_len() <= crate::PAGE_BYTES
	);
	type Wide = crate::Page<sp_runtime::AccountId32>;
	assert!(<Wide as codec::MaxEncodedLen>::max_encoded_len() <= crate::PAGE_BYTES);
}

#[test]
fn duty() {
	let tally = |change: fn(&mut DutyTally)| {
		Duty::<Test>::mutate(|duty| change(&mut duty[0].1));
	};
	corrupt("9: duty is no chain of subsets", || tally(|tally| tally.accepted += 1));
	corrupt("9: duty is no chain of subsets", || tally(|tally| tally.committed = 0));
	corrupt("9: more findings agreed than were judged", || tally(|tally| tally.agreed += 1));
	corrupt("9: more changes than findings", || {
		tally(|tally| (tally.fell, tally.rose) = (tally.judged, tally.judged + 1));
	});
	corrupt("9: more changes caught than there were", || tally(|tally| tally.fell_caught = 1));
	corrupt("9: more changes caught than there were", || tally(|tally| tally.rose_caught = 1));
	corrupt("9: a prober is counted twice", || {
		Duty::<Test>::mutate(|duty| {
			let first = duty[0];
			duty.try_push(first).unwrap();
		});
	});
}

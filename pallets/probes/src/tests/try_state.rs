// SPDX-License-Identifier: Apache-2.0

//! Every invariant fails when state is corrupted.

use crate::{mock::*, *};
use frame::testing_prelude::*;
use surety_primitives::Severity;

/// Corrupt a state with everything in it: active and idle rows, a freed slot, open rounds, reports
/// and duty. The error must be the expected one.
fn corrupt(expected: &'static str, corrupt: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		start_session(4);
		for service in 1..=4 {
			list(service, service.into());
		}
		activate(1).unwrap();
		run_up(4);
		Probes::unlist(listed(4));
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

const ACTIVE: PageId = PageId::Active(0);
const IDLE: PageId = PageId::Idle(0);

#[test]
fn slots_and_targets_that_differ_are_found() {
	corrupt("1: a listing has no idle row", || Pages::<Test>::mutate(IDLE, |page| page[1] = None));
	corrupt("1: an idle slot holds another target", || {
		with_row(IDLE, 1, |row| row.target = listed(9))
	});
	// A lease with the same number is another target.
	corrupt("1: an idle slot holds another target", || {
		with_row(IDLE, 1, |row| row.target = Target::Lease(2))
	});
	// Row 0 is of an active target, row 1 of an idle one that is proven.
	let leaving = RowState::Leaving { until: 9 };
	for (row, states) in [
		(0, [RowState::Due, RowState::ProofNotFound, leaving]),
		(1, [RowState::Activated, RowState::ProofNotFound, leaving]),
	] {
		for state in states {
			corrupt("1: an idle row is in another state than its target", || {
				with_row(IDLE, row, |row| row.state = state)
			});
		}
	}
	corrupt("2: due bits differ from the rows", || {
		with_row(IDLE, 1, |row| (row.state, row.unproven) = (RowState::ProofNotFound, true));
	});
	for state in [RowState::Activated, RowState::ProofNotFound, leaving] {
		corrupt("1: the row of an active target is not due", || {
			with_row(ACTIVE, 0, |row| row.state = state)
		});
	}
	corrupt("1: an active target has no row", || {
		Pages::<Test>::mutate(ACTIVE, |page| page[0] = None)
	});
	corrupt("1: an active slot holds another target", || {
		with_row(ACTIVE, 0, |row| row.target = listed(2))
	});
	corrupt("1: a row belongs to no listing", || SlotsOf::<Test>::remove(listed(2)));
}

#[test]
fn bits_and_rows_that_differ_are_found() {
	corrupt("2: due bits differ from the rows", || {
		PageInfos::<Test>::mutate(IDLE, |info| info.due |= 1)
	});
	corrupt("2: due bits differ from the rows", || {
		PageInfos::<Test>::mutate(ACTIVE, |info| info.due = 0)
	});
	corrupt("2: taken bits differ from the rows", || {
		PageInfos::<Test>::mutate(ACTIVE, |info| info.taken = 3)
	});
	let active = |change: fn(&mut ActiveSlots)| Active::<Test>::mutate(change);
	corrupt("2: the taken active slots are not counted", || active(|slots| slots.taken = 2));
	corrupt("2: the full active pages are not known", || active(|slots| slots.full.set(0, true)));
	corrupt("2: the full active pages are not known", || active(|slots| slots.full.set(511, true)));
	corrupt("2: an active page is past the last one", || active(|slots| slots.pages = 0));
	corrupt("6: more active targets than fit", || active(|slots| slots.pages = 4));
	corrupt("2: the slots were full in a later round", || {
		active(|slots| slots.full_until = Some(round() + 1));
	});
}

#[test]
fn free_slots_that_are_taken_or_lost_are_found() {
	corrupt("3: a gap in the queue of free slots", || FreeIdle::<Test>::remove(0));
	corrupt("3: a slot is free twice", || {
		FreeIdle::<Test>::insert(1, (Place { page: 0, slot: 3 }, 0));
		Idle::<Test>::mutate(|slots| slots.tail = 2);
	});
	corrupt("3: a free slot is taken", || {
		FreeIdle::<Test>::insert(0, (Place { page: 0, slot: 1 }, 0));
	});
	corrupt("3: free slots outside the queue", || {
		FreeIdle::<Test>::insert(7, (Place { page: 0, slot: 3 }, 0));
	});
	corrupt("3: an idle slot is lost", || Idle::<Test>::mutate(|slots| slots.end += 1));
}

#[test]
fn reports_outside_of_the_snapshot_are_found() {
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
fn rounds_that_are_neither_open_nor_closed_are_found() {
	corrupt("5: a snapshot of no open round", || {
		Snapshots::<Test>::insert(99, snapshot(round()));
	});
	corrupt("5: a snapshot of no open round", || {
		Progress::<Test>::mutate(|progress| progress.judged += 1);
	});
	corrupt("5: due pages of other rounds than the open ones", || {
		DuePages::<Test>::insert(99, DuePages::<Test>::get(round()));
	});
	corrupt("5: another round is counted", || Counting::<Test>::put(Counted::default()));
	// Of a round that is counted and not judged.
	let counted = |expected: &'static str, corrupt: &dyn Fn(u32)| {
		new_test_ext().execute_with(|| {
			start_session(4);
			list(1, 1);
			run_up(3);
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

/// Change the due pages of the current round, and count their targets again.
fn with_due(change: impl FnOnce(&mut DueList)) {
	DuePages::<Test>::mutate(round(), |due| {
		change(due);
		let targets = due_targets(due);
		Snapshots::<Test>::mutate(round(), |snapshot| snapshot.as_mut().unwrap().targets = targets);
	});
}

#[test]
fn pages_over_capacity_or_queued_twice_are_found() {
	corrupt("6: a page is due twice", || with_due(|due| due.try_push(due[0]).unwrap()));
	corrupt("6: active pages do not come first", || with_due(|due| due.as_mut().reverse()));
	corrupt("6: the due targets are not counted", || {
		Snapshots::<Test>::mutate(round(), |snapshot| snapshot.as_mut().unwrap().targets += 1);
	});
	corrupt("6: over capacity", || {
		with_due(|due| {
			for page in 10..13 {
				due.try_push(Due { page: PageId::Idle(page), mask: 1 }).unwrap();
			}
		});
	});
	corrupt("6: a page is queued twice", || Queued::<Test>::put(Queue::truncate_from(vec![0, 0])));
	corrupt("6: a queued page does not exist", || {
		Queued::<Test>::put(Queue::truncate_from(vec![1]))
	});
	corrupt("6: more active targets than fit", || {
		let page = Pages::<Test>::take(ACTIVE);
		Pages::<Test>::insert(PageId::Active(3), page);
		PageInfos::<Test>::insert(PageId::Active(3), PageInfos::<Test>::take(ACTIVE));
		SlotsOf::<Test>::mutate(listed(1), |slots| {
			slots.as_mut().unwrap().active = Some(Place { page: 3, slot: 0 });
		});
	});
}

#[test]
fn counters_that_differ_from_the_rounds_are_found() {
	corrupt("7: latencies differ from the up rounds", || {
		with_row(IDLE, 1, |row| row.counters.up += 1)
	});
	corrupt("7: more slow rounds than up ones", || with_row(IDLE, 1, |row| row.counters.slow = 5));
	corrupt("7: more rounds judged than a window has", || {
		with_row(IDLE, 1, |row| row.counters.down = 12)
	});
	corrupt("7: more rounds counted than judged", || {
		with_row(ACTIVE, 0, |row| row.counters.down += 1)
	});
	corrupt("7: a tier is above the counters", || {
		with_row(ACTIVE, 0, |row| row.tiers[0] = Some(Severity::Low));
	});
}

#[test]
fn health_and_ends_of_other_rows_are_found() {
	let ill = LeaseHealth { recent: 1 };
	let expected = "10: a row that is no active lease has health";
	corrupt(expected, || with_row(ACTIVE, 0, |row| row.health = ill));
	corrupt("10: an idle row has an end of its meter", || {
		with_row(IDLE, 1, |row| row.meter_end = Some((round() + 9, CloseReason::Terminated)));
	});
	new_test_ext().execute_with(|| {
		let lease = list_lease(5, 1);
		with_row(ACTIVE, 0, |row| row.health = ill);
		Probes::do_try_state().unwrap();
		Probes::deactivate(lease);
		Probes::do_try_state().unwrap();
		with_row(IDLE, 0, |row| row.health = ill);
		assert_err!(Probes::do_try_state(), DispatchError::Other(expected));
	});
}

#[test]
fn the_largest_page_fits_the_database() {
	// 8 cannot be broken through the types: the bound is on the type, and `integrity_test` compares
	// it.
	assert!(Page::<AccountId>::max_encoded_len() <= PAGE_BYTES);
	assert!(Page::<frame::deps::sp_runtime::AccountId32>::max_encoded_len() <= PAGE_BYTES);
}

#[test]
fn duty_that_is_no_chain_of_subsets_is_found() {
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

// SPDX-License-Identifier: Apache-2.0

//! Invariants fail on corrupted state.

use super::*;

/// Check that corrupted state fails with this message.
fn fails(message: &str, corrupt: impl FnOnce(AgreementId)) {
	build_and_execute(|| {
		let id = open_paid(TENANT, 2);
		report_both(id, 1, counts(1_000, 900));
		Kit::run_windows(1);
		report_both(id, 1, counts(1_000, 900));
		report(id, Tenant, 2, counts(1_000, 900));
		let lane = UsageStatement { lane: 1, ..statement(id, Tenant, 1, counts(0, 0)) };
		assert_ok!(send(vec![signed(lane)]));
		assert_ok!(Usage::do_try_state());
		hypothetically!({
			corrupt(id);
			let fault = Usage::do_try_state().unwrap_err();
			assert_eq!(fault, DispatchError::Other(Box::leak(message.into())));
		});
	});
}

fn record(change: impl FnOnce(&mut Record<u64>)) -> impl FnOnce(AgreementId) {
	|id| Records::<Test>::mutate(id, |record| change(record.as_mut().unwrap()))
}

fn newest(change: impl FnOnce(&mut WindowUsage)) -> impl FnOnce(AgreementId) {
	record(|record| change(record.windows.last_mut().unwrap()))
}

fn lanes(change: impl FnOnce(&mut Lanes)) -> impl FnOnce(AgreementId) {
	newest(|usage| {
		let View::Signed(lanes) = &mut usage.tenant else { panic!("signed") };
		change(lanes)
	})
}

fn service(change: impl FnOnce(&mut ServiceUsage)) -> impl FnOnce(AgreementId) {
	|_| Services::<Test>::mutate(SERVICE, |usage| change(usage.as_mut().unwrap()))
}

fn pair(change: impl FnOnce(&mut PairWeights)) -> impl FnOnce(AgreementId) {
	|_| Pairs::<Test>::mutate(OPERATOR, TENANT, change)
}

#[test]
fn invariant_1_fails_for_windows_of_a_record() {
	fails("1: a record without window and end", record(|it| it.windows.clear()));
	fails("1: windows that do not rise", newest(|it| it.window -= 1));
	fails("1: a window to come", newest(|it| it.window += 1));
	fails("1: a window before the agreement was opened", record(|it| it.facts.opened = 9));
	let kind = surety_primitives::ServiceClass::Vpn;
	fails("1: a record of an agreement that is not counted", record(|it| it.facts.class = kind));
}

#[test]
fn invariant_2_fails_for_lanes() {
	fails("2: lanes that do not rise", lanes(|it| it[1].lane = 0));
	fails("2: a lane out of range", lanes(|it| it[1].lane = 8));
	fails("2: a statement without a number", lanes(|it| it[0].seq = 0));
	fails("2: counts that do not add up", lanes(|it| it[0].counts.lost += 1));
}

#[test]
fn invariant_3_fails_for_a_share_of_other_views() {
	let wrong = "3: a share that does not follow from the views";
	fails(wrong, newest(|it| it.share.agreed.ok += 1));
	fails(wrong, newest(|it| it.share.matched = Match::Contested));
	fails(wrong, newest(|it| it.operator = View::Void));
	fails("3: a weight above that of a pair", newest(|it| it.share.weight = ONE + 1));
	fails(
		"3: a weight of too few requests",
		newest(|it| {
			it.operator = View::Void;
			it.share.agreed = AgreedUsage::default();
			it.share.matched = Match::OneSided;
		}),
	);
}

#[test]
fn invariant_4_fails_for_totals_that_are_no_sums() {
	let wrong = "4: totals are not the sums over the records";
	fails(wrong, service(|it| it.open[0].agreed.bytes += 1));
	fails(wrong, service(|it| it.open[1].buckets[0] += 1));
	fails(wrong, service(|it| it.open[1].agreements += 1));
	fails("4: an open window of a record without totals", service(|it| _ = it.open.pop()));
	fails(wrong, Records::<Test>::remove);
}

#[test]
fn invariant_5_fails_for_the_weight_of_a_pair() {
	fails("5: a pair above its weight", pair(|it| it[0].used = ONE + 1));
	fails("5: a pair is not the sum of its agreements", pair(|it| it[0].used -= 1));
	fails("5: windows of a pair that do not rise", pair(|it| it.clear()));
	fails("5: windows of a pair that do not rise", pair(|it| it[1].window -= 1));
	fails("5: a weight of no pair", |_| Pairs::<Test>::remove(OPERATOR, TENANT));
}

#[test]
fn invariant_6_fails_for_windows_of_a_service() {
	let closed = |window, ok| ClosedWindow {
		window,
		agreed: AgreedUsage { requests: 10, ok, bytes: 0 },
		agreements: 1,
		one_sided: 0,
		contested: 0,
		weight: 0,
		weighted_ok: 0,
		comparison: Comparison::Unknown,
	};
	let insert = |entry| service(move |it| it.closed.try_push(entry).unwrap());
	fails("6: windows that do not rise", insert(closed(3, 1)));
	fails("6: more answers than requests", insert(closed(1, 11)));
	fails("6: a service without a window", |_| {
		Services::<Test>::insert(99, ServiceUsage::default());
	});
	fails("6: a window to come", |_| {
		let closed = vec![closed(99, 1)].try_into().unwrap();
		Services::<Test>::insert(99, ServiceUsage { closed, ..Default::default() });
	});
}

#[test]
fn invariant_7_fails_for_the_queue() {
	let entry = |window, expiry| move |_| Expiring::<Test>::insert(window, expiry, ());
	let unqueue = |expiry: fn(AgreementId) -> Expiry<u64>| {
		move |id| {
			let found = Expiring::<Test>::iter_keys().find(|(_, it)| *it == expiry(id)).unwrap();
			Expiring::<Test>::remove(found.0, found.1);
		}
	};
	fails("7: the cursor is after the current window", |_| ExpiryCursor::<Test>::put(99));
	fails("7: an entry that the cursor passed", entry(0, Expiry::Service(SERVICE)));
	fails("7: an entry of nothing", entry(9, Expiry::Agreement(99)));
	fails("7: an entry of nothing", entry(9, Expiry::Pair(TENANT, OPERATOR)));
	fails("7: an entry of nothing", entry(9, Expiry::Service(99)));
	fails("7: an entry that is due too late", |id| {
		unqueue(Expiry::Agreement)(id);
		Expiring::<Test>::insert(99, Expiry::Agreement(id), ());
	});
	fails("7: two entries of one subject", |id| {
		let until = Records::<Test>::get(id).unwrap().until();
		Expiring::<Test>::insert(until, Expiry::Agreement(id), ());
		Expiring::<Test>::insert(until - 1, Expiry::Agreement(id), ());
	});
	fails("7: a record that is never removed", unqueue(Expiry::Agreement));
	fails("7: a pair that is never removed", unqueue(|_| Expiry::Pair(OPERATOR, TENANT)));
	fails("7: a service that is never removed", unqueue(|_| Expiry::Service(SERVICE)));
}

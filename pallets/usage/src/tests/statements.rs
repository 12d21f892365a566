// SPDX-License-Identifier: Apache-2.0

//! Which statements are accepted, and for which reason the others are not.

use super::*;
use sp_runtime::testing::TestSignature;
use surety_primitives::ServiceKind;
use surety_test_kit::Listing;

#[test]
fn a_statement_of_either_side_is_stored_and_reported() {
	build_and_execute(|| {
		let id = open(TENANT, 1);
		for side in [Tenant, Operator] {
			let counts = counts(200, 190);
			report(id, side, 1, counts);
			assert_eq!(
				events(),
				[Event::Reported { agreement: id, window: 1, side, lane: 0, seq: 1, counts }]
			);
			assert_eq!(current(id).view(side).sum(), Some(counts));
		}
	});
}

#[test]
fn each_reason_refuses_and_changes_nothing() {
	build_and_execute(|| {
		let id = open(TENANT, 1);
		report(id, Tenant, 3, counts(100, 90));
		Kit::run_windows(1);
		report(id, Tenant, 3, counts(100, 90));
		let good = statement(id, Tenant, 4, counts(100, 90));
		let cases: [(Refusal, fn(&mut UsageStatement)); 14] = [
			(Refusal::WrongGenesis, |s| s.genesis = Default::default()),
			(Refusal::UnknownLane, |s| s.lane = 8),
			(Refusal::Inconsistent, |s| s.counts.lost += 1),
			(Refusal::Inconsistent, |s| s.counts.slow = s.counts.ok + 1),
			(Refusal::TooEarly, |s| s.window += 1),
			(Refusal::TooLate, |s| s.window -= 2),
			(Refusal::UnknownAgreement, |s| s.agreement = 99),
			(Refusal::Outdated, |s| s.seq = 3),
			(Refusal::Outdated, |s| (s.lane, s.seq) = (1, 0)),
			(Refusal::CounterFell, |s| s.counts.requests -= 1),
			(Refusal::CounterFell, |s| s.counts.ok -= 1),
			(Refusal::CounterFell, |s| s.counts.lost -= 1),
			(Refusal::CounterFell, |s| s.counts.bytes -= 1),
			(Refusal::CounterFell, |s| (s.window, s.counts.bytes) = (1, 0)),
		];
		for (n, (reason, change)) in cases.into_iter().enumerate() {
			let mut bad = good.clone();
			change(&mut bad);
			if matches!(reason, Refusal::CounterFell) {
				// The other counters make room for the one that fell.
				bad.counts.requests = bad.counts.requests.max(bad.counts.ok + bad.counts.lost);
				if bad.counts.requests == 100 && bad.counts == good.counts {
					bad.counts = UsageCounts { requests: 99, ok: 89, ..bad.counts };
				}
			}
			let party = TENANT;
			assert_eq!(refusal(signed_by(party, bad)), Some(reason), "case {n}");
		}
		assert_eq!(refusal(signed(good)), None);
	});
}

#[test]
fn a_statement_needs_the_signature_of_a_reporter_of_its_side() {
	build_and_execute(|| {
		let id = open(TENANT, 1);
		let good = statement(id, Tenant, 1, counts(10, 10));
		assert_eq!(refusal(signed_by(OPERATOR, good.clone())), Some(Refusal::NotReporter));
		assert_eq!(refusal(signed_by(STRANGER, good.clone())), Some(Refusal::NotReporter));
		let forged = SignedUsageOf::<Test> {
			signature: TestSignature(STRANGER, good.payload()),
			..signed(good.clone())
		};
		assert_eq!(refusal(forged), Some(Refusal::BadSignature));
		let mut changed = signed(good.clone());
		changed.statement.counts.bytes += 1;
		assert_eq!(refusal(changed), Some(Refusal::BadSignature));
		let as_operator = UsageStatement { side: Operator, ..good };
		assert_eq!(refusal(signed_by(TENANT, as_operator)), Some(Refusal::NotReporter));
	});
}

#[test]
fn a_named_reporter_signs_until_its_name_is_withdrawn() {
	build_and_execute(|| {
		let id = open(TENANT, 1);
		Named::mutate(|named| named.insert((TENANT, STRANGER)));
		let one = signed_by(STRANGER, statement(id, Tenant, 1, counts(10, 10)));
		assert_ok!(send(vec![one]));
		Named::take();
		let two = signed_by(STRANGER, statement(id, Tenant, 2, counts(10, 10)));
		assert_eq!(refusal(two), Some(Refusal::NotReporter));
		// A statement of a stolen key stands, and the party goes on above it.
		report(id, Tenant, 2, counts(20, 20));
	});
}

#[test]
fn a_window_is_reported_until_the_next_one_is_over() {
	build_and_execute(|| {
		let id = open(TENANT, 1);
		let first = signed(statement(id, Tenant, 1, counts(10, 10)));
		Kit::run_to_block(3 * 60 - 1);
		assert_eq!(Usage::current_window(), 2);
		assert_eq!(refusal(first.clone()), None);
		Kit::run_blocks(1);
		assert_eq!(refusal(first), Some(Refusal::TooLate));
	});
}

#[test]
fn a_window_before_the_agreement_cannot_be_reported() {
	build_and_execute(|| {
		Kit::run_windows(1);
		let id = open(TENANT, 1);
		let early = UsageStatement { window: 1, ..statement(id, Tenant, 1, counts(10, 10)) };
		assert_eq!(refusal(signed(early)), Some(Refusal::OutsideAgreement));
	});
}

#[test]
fn services_without_a_rate_of_requests_are_not_counted() {
	build_and_execute(|| {
		let vpn = Kit::list(OPERATOR, Listing::default());
		assert!(matches!(Kit::listing(vpn).kind, ServiceKind::Vpn { .. }));
		Kit::run_windows(1);
		let id = open_at(TENANT, vpn, 1);
		let one = signed(statement(id, Tenant, 1, counts(10, 10)));
		assert_eq!(refusal(one), Some(Refusal::NotCounted));
	});
}

#[test]
fn one_bad_statement_does_not_stop_the_others() {
	build_and_execute(|| {
		let id = open(TENANT, 1);
		let good = |seq| signed(statement(id, Tenant, seq, counts(10, 10)));
		let bad = signed_by(STRANGER, statement(id, Tenant, 2, counts(10, 10)));
		assert_ok!(send(vec![bad, good(2), good(1), good(3)]));
		let refused = |index, reason| Event::Refused { index, agreement: id, reason };
		let accepted = |seq| Event::Reported {
			agreement: id,
			window: 1,
			side: Tenant,
			lane: 0,
			seq,
			counts: counts(10, 10),
		};
		assert_eq!(
			events(),
			[
				refused(0, Refusal::NotReporter),
				accepted(2),
				refused(2, Refusal::Outdated),
				accepted(3),
			]
		);
	});
}

#[test]
fn a_batch_without_a_good_statement_fails_by_its_first() {
	build_and_execute(|| {
		let id = open(TENANT, 1);
		let unknown = signed_by(TENANT, statement(99, Tenant, 1, counts(10, 10)));
		let foreign = signed_by(STRANGER, statement(id, Tenant, 1, counts(10, 10)));
		assert_noop!(send(vec![foreign, unknown]), Error::<Test>::Refused(Refusal::NotReporter));
		assert_noop!(send(vec![]), Error::<Test>::NoStatements);
		let batch = Default::default();
		assert_noop!(Usage::report_usage(RuntimeOrigin::none(), batch), BadOrigin);
	});
}

#[test]
fn a_call_pays_for_every_statement() {
	let weight = |n: usize| {
		let one = signed_by(
			TENANT,
			UsageStatement {
				genesis: Default::default(),
				agreement: 0,
				window: 0,
				side: Tenant,
				lane: 0,
				seq: 0,
				counts: Default::default(),
				p50: None,
				p95: None,
				seen: None,
			},
		);
		let statements = vec![one; n].try_into().unwrap();
		let info = Call::<Test>::report_usage { statements }.get_dispatch_info();
		assert_eq!(info.pays_fee, Pays::Yes);
		info.call_weight.ref_time()
	};
	let each = weight(2) - weight(1);
	assert!(each > 0 && weight(64) == weight(1) + 63 * each);
}

#[test]
fn lanes_count_apart_and_add_up() {
	build_and_execute(|| {
		let id = open(TENANT, 1);
		for lane in [3, 0, 7] {
			let requests = 100 + u64::from(lane);
			let statement =
				UsageStatement { lane, ..statement(id, Tenant, 1, counts(requests, 90)) };
			assert_ok!(send(vec![signed(statement)]));
		}
		let usage = current(id);
		let View::Signed(lanes) = &usage.tenant else { panic!("signed") };
		assert_eq!(lanes.iter().map(|lane| lane.lane).collect::<Vec<_>>(), [0, 3, 7]);
		let sum = usage.tenant.sum().unwrap();
		assert_eq!((sum.requests, sum.ok), (310, 270));
	});
}

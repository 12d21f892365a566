// SPDX-License-Identifier: Apache-2.0

//! Two different statements with one number.

use super::*;

fn prove(first: &SignedUsageOf<Test>, second: &SignedUsageOf<Test>) -> DispatchResult {
	let origin = RuntimeOrigin::signed(STRANGER);
	Usage::report_equivocation(origin, Box::new(first.clone()), Box::new(second.clone()))
}

#[test]
fn the_view_of_a_side_that_equivocates_is_void() {
	build_and_execute(|| {
		let id = open_paid(TENANT, 2);
		report_both(id, 1, counts(1_000, 990));
		assert!(totals().weight > 0);
		let one = signed(statement(id, Operator, 2, counts(1_100, 1_100)));
		let two = signed(statement(id, Operator, 2, counts(1_200, 1_100)));
		events();
		assert_ok!(prove(&one, &two));
		let window = Usage::current_window();
		assert_eq!(
			events(),
			[Event::Equivocated { agreement: id, window, side: Operator, lane: 0, seq: 2 }]
		);
		assert_eq!(current(id).operator, View::Void);
		assert_eq!(current(id).share.matched, Match::OneSided);
		assert_eq!((totals().agreed, totals().weight), (AgreedUsage::default(), 0));
		// The other side goes on, and so does the next window.
		report(id, Tenant, 2, counts(1_100, 1_000));
		assert_eq!(refusal(one.clone()), Some(Refusal::Voided));
		assert_noop!(prove(&one, &two), Error::<Test>::Refused(Refusal::Voided));
		Kit::run_windows(1);
		report_both(id, 1, counts(10, 10));
		assert_eq!(totals().agreed.requests, 10);
	});
}

#[test]
fn an_equivocation_can_be_proven_before_anything_was_reported() {
	build_and_execute(|| {
		let id = open(TENANT, 2);
		let one = signed(statement(id, Tenant, 1, counts(1, 1)));
		let two = signed(statement(id, Tenant, 1, counts(2, 2)));
		assert_ok!(prove(&two, &one));
		assert_eq!(refusal(one), Some(Refusal::Voided));
	});
}

#[test]
fn statements_that_differ_in_place_prove_nothing() {
	build_and_execute(|| {
		let (id, other) = (open(TENANT, 2), open(TENANT, 2));
		let one = signed(statement(id, Tenant, 1, counts(1, 1)));
		assert_noop!(prove(&one, &one), Error::<Test>::NoEquivocation);
		let places: [fn(&mut UsageStatement); 4] =
			[|s| s.seq = 2, |s| s.lane = 1, |s| s.window = 0, |s| s.side = Operator];
		for place in places {
			let mut two = statement(id, Tenant, 1, counts(2, 2));
			place(&mut two);
			assert_noop!(prove(&one, &signed(two)), Error::<Test>::NoEquivocation);
		}
		let two = signed(statement(other, Tenant, 1, counts(2, 2)));
		assert_noop!(prove(&one, &two), Error::<Test>::NoEquivocation);
	});
}

#[test]
fn nobody_else_can_make_a_side_equivocate() {
	build_and_execute(|| {
		let id = open(TENANT, 2);
		let one = signed(statement(id, Tenant, 1, counts(1, 1)));
		let forged = signed_by(OPERATOR, statement(id, Tenant, 1, counts(2, 2)));
		for (first, second) in [(&one, &forged), (&forged, &one)] {
			assert_noop!(prove(first, second), Error::<Test>::Refused(Refusal::NotReporter));
		}
		let mut changed = one.clone();
		changed.statement.counts.bytes = 9;
		assert_noop!(prove(&one, &changed), Error::<Test>::Refused(Refusal::BadSignature));
		// A lie about the chain is no proof on this one.
		let mut elsewhere = statement(id, Tenant, 1, counts(2, 2));
		elsewhere.genesis = Default::default();
		assert_noop!(
			prove(&one, &signed(elsewhere)),
			Error::<Test>::Refused(Refusal::WrongGenesis)
		);
	});
}

// SPDX-License-Identifier: Apache-2.0

//! Agreements that end, and removal of what is not needed any more.

use super::*;
use surety_primitives::{CloseReason, Streams as _};

/// End an agreement with the current round, and run until it is closed.
fn end(id: AgreementId) {
	let escrow = pallet_surety_sla::Agreements::<Test>::get(id).unwrap().escrow;
	let round = Kit::round();
	assert_ok!(Escrow::end(escrow, round, CloseReason::Governance));
	Kit::run_until("the agreement is closed", || {
		!pallet_surety_sla::Agreements::<Test>::contains_key(id)
	});
}

#[test]
fn an_agreement_that_is_over_can_be_reported_to_the_end_of_the_next_window() {
	build_and_execute(|| {
		let id = open_paid(TENANT, 2);
		let window = Usage::current_window();
		let last = statement(id, Tenant, 1, counts(1_000, 1_000));
		end(id);
		assert_eq!(Usage::current_window(), window);
		assert!(<Sla as AgreementInspect<AccountId>>::facts(id).is_none());
		report_both(id, 1, counts(1_000, 1_000));
		assert_eq!(usage_of(id, window).share.weight, 2 * UNIT_WEIGHT, "by the fee that it paid");

		Kit::run_windows(1);
		let after = statement(id, Tenant, 1, counts(1, 1));
		assert_eq!(refusal(signed(after)), Some(Refusal::OutsideAgreement));
		assert_ok!(send(vec![signed(UsageStatement {
			seq: 2,
			counts: counts(1_001, 1_001),
			..last.clone()
		})]));
		let later = UsageStatement { seq: 3, ..last };
		Kit::run_windows(1);
		assert_eq!(refusal(signed_by(TENANT, later.clone())), Some(Refusal::TooLate));
		Kit::run_blocks(3);
		assert!(!Records::<Test>::contains_key(id));
		let window = Usage::current_window() - 1;
		let gone = UsageStatement { window, ..later };
		assert_eq!(refusal(signed_by(TENANT, gone)), Some(Refusal::UnknownAgreement));
	});
}

/// The last round of a window ends the agreement, and is judged in the next one.
#[test]
fn reports_between_an_end_and_its_closing_stay() {
	build_and_execute(|| {
		let id = open_paid(TENANT, 2);
		let window = Usage::current_window();
		Kit::run_to_round(Timing::window_start(window + 1) - 1);
		let escrow = pallet_surety_sla::Agreements::<Test>::get(id).unwrap().escrow;
		assert_ok!(Escrow::end(escrow, Kit::round(), CloseReason::Governance));
		Kit::run_windows(1);
		assert!(pallet_surety_sla::Agreements::<Test>::contains_key(id), "not judged yet");
		report_both(id, 1, counts(10, 10));
		Kit::run_until("the agreement is closed", || {
			!pallet_surety_sla::Agreements::<Test>::contains_key(id)
		});
		let record = Records::<Test>::get(id).unwrap();
		assert_eq!(record.ended.unwrap().window, window);
		assert_eq!(record.windows.last().unwrap().window, window + 1);
		check();
		let more = statement(id, Tenant, 2, counts(11, 11));
		assert_eq!(refusal(signed(more)), Some(Refusal::OutsideAgreement));
	});
}

#[test]
fn an_end_without_reports_leaves_a_record_for_a_window_more() {
	build_and_execute(|| {
		let id = open(TENANT, 1);
		end(id);
		let record = Records::<Test>::get(id).unwrap();
		assert_eq!((record.ended.unwrap().window, record.windows.len()), (1, 0));
		Kit::run_to_window(3);
		Kit::run_blocks(3);
		assert!(!Records::<Test>::contains_key(id));
		assert_eq!(Expiring::<Test>::iter().count(), 0);
	});
}

#[test]
fn services_that_are_not_counted_leave_nothing() {
	build_and_execute(|| {
		let vpn = Kit::list(OPERATOR, surety_test_kit::Listing::default());
		Kit::run_windows(1);
		let id = open_at(TENANT, vpn, 1);
		end(id);
		assert!(!Records::<Test>::contains_key(id));
	});
}

#[test]
fn records_are_removed_when_their_windows_are_closed() {
	build_and_execute(|| {
		let id = open_paid(TENANT, 5);
		report_both(id, 1, counts(1_000, 1_000));
		let window = Usage::current_window();
		Kit::run_to_window(window + 2);
		Kit::run_blocks(4);
		assert!(!Records::<Test>::contains_key(id));
		assert!(!Pairs::<Test>::contains_key(OPERATOR, TENANT));
		assert!(Services::<Test>::contains_key(SERVICE), "its history is shown");
		// The agreement is open and starts over.
		report_both(id, 1, counts(500, 500));
		assert_eq!(totals().agreed.requests, 500);

		let window = Usage::current_window();
		Kit::run_to_window(window + HISTORY + 1);
		Kit::run_blocks(8);
		assert_eq!(Services::<Test>::iter().count(), 0);
		assert_eq!(Pairs::<Test>::iter().count(), 0);
	});
}

#[test]
fn records_in_use_are_kept() {
	build_and_execute(|| {
		let id = open_paid(TENANT, 5);
		for _ in 0..6 {
			report_both(id, 1, counts(1_000, 1_000));
			Kit::run_windows(1);
			assert_eq!(Records::<Test>::iter().count(), 1);
			assert_eq!(Pairs::<Test>::iter().count(), 1);
			assert_eq!(Expiring::<Test>::iter().count(), 3, "each is queued once");
			check();
		}
	});
}

#[test]
fn a_block_without_room_removes_nothing() {
	build_and_execute(|| {
		let id = open_paid(TENANT, 5);
		report_both(id, 1, counts(1_000, 1_000));
		// The other pallets would miss the blocks that are left out.
		hypothetically!({
			System::set_block_number(System::block_number() + 3 * 60);
			assert_eq!(Usage::remove_expired(Weight::zero()), Weight::zero());
			let base = <Test as Config>::WeightInfo::expire_base();
			for _ in 0..9 {
				assert_eq!(Usage::remove_expired(base), base);
			}
			assert!(Records::<Test>::contains_key(id));
			while ExpiryCursor::<Test>::get() < Usage::current_window() {
				Usage::remove_expired(Weight::MAX);
			}
			assert!(!Records::<Test>::contains_key(id));
		});
	});
}

//! Every way in which an agreement ends.

use super::*;

/// Judge through `round` and let escrow close what is due.
fn finish(round: u32) {
	at_round(round + 2);
	World::work_agenda();
}

#[test]
fn a_tenant_closes_with_the_current_round() {
	ExtBuilder::build_and_execute(|| {
		let before = free(NATIVE, TENANT);
		let id = open(TENANT, SERVICE, 1);
		events();
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		let (round, reason) = (2 * R, CloseReason::TenantClosed);
		assert_eq!(agreement(id).state, AgreementState::Closing { round, reason });
		assert_eq!(events(), [Event::AgreementEnding { agreement: id, round, reason, code: 1_001 }]);
		assert_noop!(Sla::close_agreement(signed(TENANT), id), Error::<Test>::AlreadyEnding);
		assert_eq!(Sla::units(SERVICE), 1, "its units count until the round is judged");

		finish(round);
		assert_eq!(
			events(),
			[Event::AgreementClosed {
				agreement: id,
				service: SERVICE,
				tenant: TENANT,
				reason,
				code: 1_001,
				paid: WINDOW_PRICE,
				refunded: DEPOSIT - WINDOW_PRICE,
				credited: 0,
			}]
		);
		assert_eq!(free(NATIVE, TENANT), before - WINDOW_PRICE - MINIMUM);
		assert!(Agreements::<Test>::get(id).is_none());
		assert!(Sla::agreements_of(TENANT, None, 1).is_empty());
		assert_eq!((Sla::units(SERVICE), World::exposure(SERVICE)), (0, 0));
		assert!(!ProbedAs::get()[&SERVICE].hot);
	});
}

#[test]
fn an_operator_gives_a_window_of_notice_which_the_tenant_may_cut_short() {
	ExtBuilder::build_and_execute(|| {
		let id = open(TENANT, SERVICE, 1);
		assert_ok!(Sla::close_agreement(signed(OPERATOR), id));
		let (round, reason) = (3 * R, CloseReason::OperatorClosed);
		assert_eq!(agreement(id).state, AgreementState::Closing { round, reason });
		assert_noop!(Sla::close_agreement(signed(OPERATOR), id), Error::<Test>::AlreadyEnding);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		let (round, reason) = (2 * R, CloseReason::TenantClosed);
		assert_eq!(agreement(id).state, AgreementState::Closing { round, reason });
		assert_noop!(Sla::close_agreement(signed(OPERATOR), id), Error::<Test>::AlreadyEnding);
	});
}

#[test]
fn nobody_else_closes_an_agreement() {
	ExtBuilder::build_and_execute(|| {
		let id = open(TENANT, SERVICE, 1);
		assert_noop!(Sla::close_agreement(signed(OTHER), id), Error::<Test>::NotParty);
		assert_noop!(Sla::close_agreement(signed(OTHER), 99), Error::<Test>::UnknownAgreement);
	});
}

#[test]
fn a_closing_agreement_is_credited_to_the_end_of_its_round() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 2);
		let stays = open(OTHER, SERVICE, 1);
		at_round(3 * R + 1);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		breach(SERVICE, None, Low);
		let before = free(NATIVE, TENANT);
		let refund = Streams::get()[&agreement(id).escrow].held;
		events();
		finish(3 * R + 1);
		let events = events();
		assert!(matches!(events[0], Event::AgreementClosed { credited: 120, .. }));
		assert_eq!(events[1], Event::CreditPaid { agreement: id, tenant: TENANT, amount: 120 });
		// Thirteen of its rounds are billed.
		let due = 20 * Balance::from((R + 1) * L);
		assert_eq!(free(NATIVE, TENANT), before + refund - due + 120);
		assert_eq!(Sla::units(SERVICE), 1);
		assert!(ProbedAs::get()[&SERVICE].hot);
		assert_eq!(owed(stays), 0);
	});
}

#[test]
fn an_end_that_is_executed_late_pays_no_later_credit() {
	ExtBuilder::build_and_execute(|| {
		let stays = open(OTHER, SERVICE, 1);
		let id = open_counting(TENANT, SERVICE, 2);
		at_round(3 * R + 1);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		breach(SERVICE, None, Low);
		at_round(3 * R + 2);
		breach(SERVICE, Some(Low), Medium);
		breach(SERVICE, Some(Medium), High);
		let before = state(SERVICE);
		events();
		finish(3 * R + 2);
		assert!(matches!(events()[0], Event::AgreementClosed { credited: 120, .. }));
		assert_eq!(owed(stays), 300);
		// What was taken for its units pays the next credits.
		assert_eq!((before.carry, state(SERVICE).carry), (0, 480));
		let bonded = bond(NATIVE);
		breach(SERVICE, Some(High), Critical);
		assert_eq!((owed(stays), state(SERVICE).carry), (600, 180));
		assert_eq!(bond(NATIVE), bonded - 30, "only the penalty");
	});
}

#[test]
fn nothing_is_settled_for_rounds_after_the_last_one() {
	for reason in [CloseReason::Governance, CloseReason::FundsExhausted, CloseReason::TenantClosed] {
		ExtBuilder::build_and_execute(|| {
			let id = open_counting(TENANT, SERVICE, 2);
			at_round(3 * R + 4);
			World::decide_end(id, 3 * R + 1, reason);
			let judged = |round, before, severity| {
				breach_in(round, SERVICE, BreachKind::Downtime, before, severity, 1);
			};
			// Judged through the last round, and then the one after, before the end is carried out.
			judged(3 * R + 1, None, Low);
			judged(3 * R + 2, Some(Low), Medium);
			let before = free(NATIVE, TENANT);
			assert_eq!(owed(id), 120);
			assert_ok!(Sla::settle(signed(TENANT), id));
			assert_noop!(Sla::claim(signed(TENANT), id), Error::<Test>::PaidAtItsEnd);
			Sla::on_idle(0, Weight::MAX);
			assert_eq!((free(NATIVE, TENANT), owed(id)), (before, 120));
			events();
			World::work_agenda();
			assert!(matches!(events()[0], Event::AgreementClosed { credited: 120, .. }));
			assert_eq!(Sla::forget(SERVICE), Ok(()));
			assert_eq!(free(NATIVE, TREASURY), MINIMUM + 2 * 2 * 6 + 120, "penalties, and what was not due");
		});
	}
}

#[test]
fn credit_of_a_running_end_is_settled_until_its_last_round_is_judged() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 1);
		assert_ok!(Sla::close_agreement(signed(OPERATOR), id));
		breach(SERVICE, None, Low);
		assert_ok!(Sla::claim(signed(THIRD), id));
		at_round(4 * R + 2);
		assert_eq!(Judged::get(), 4 * R);
		breach_in(4 * R, SERVICE, BreachKind::Downtime, None, Low, 1);
		assert_noop!(Sla::claim(signed(THIRD), id), Error::<Test>::PaidAtItsEnd);
	});
}

#[test]
fn the_end_of_every_agreement_is_told_to_reputation() {
	ExtBuilder::build_and_execute(|| {
		let by_tenant = open(TENANT, SERVICE, 1);
		let local = open(OTHER, LOCAL_SERVICE, 1);
		assert_ok!(Sla::close_agreement(signed(TENANT), by_tenant));
		finish(2 * R);
		World::decide_end(local, 3 * R, CloseReason::Governance);
		finish(3 * R);
		let rounds = Balance::from(R * L);
		assert_eq!(
			Engaged::get(),
			[
				(by_tenant, OPERATOR, TENANT, NATIVE, WINDOW_PRICE / 20),
				(local, OPERATOR, OTHER, LOCAL, PRICE * rounds / 20),
			]
		);
	});
}

#[test]
fn an_agreement_that_never_counted_is_closed_without_credit() {
	ExtBuilder::build_and_execute(|| {
		let stays = open_counting(OTHER, SERVICE, 1);
		let id = open(TENANT, SERVICE, 2);
		let also = open(THIRD, SERVICE, 4);
		breach(SERVICE, None, Low);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		finish(3 * R);
		assert!(Agreements::<Test>::get(id).is_none());
		let now = state(SERVICE);
		assert_eq!((now.units, now.active_units(), now.tariffs[0].pending[0].units), (5, 1, 4));
		assert_eq!((owed(stays), owed(also)), (60, 0));
	});
}

#[test]
fn the_end_that_escrow_decides_is_marked() {
	ExtBuilder::build_and_execute(|| {
		let id = open(TENANT, SERVICE, 1);
		events();
		World::decide_end(id, 30, CloseReason::FundsExhausted);
		let reason = CloseReason::FundsExhausted;
		assert_eq!(events(), [Event::AgreementEnding { agreement: id, round: 30, reason, code: 1_002 }]);
		assert_noop!(Sla::top_up(signed(TENANT), id, 5), Error::<Test>::AgreementEnding);
		// A later end does not replace it.
		Sla::ending(EscrowOwner::Agreement(id), 31, CloseReason::Governance);
		assert_eq!(agreement(id).state, AgreementState::Closing { round: 30, reason });
		assert!(events().is_empty());
	});
}

#[test]
fn a_retired_service_ends_its_agreements_for_anyone_who_asks() {
	ExtBuilder::build_and_execute(|| {
		let id = open(TENANT, SERVICE, 1);
		change!(MeterEnds, |map| map.insert(SERVICE, 30));
		at_round(31);
		assert_ok!(Sla::settle(signed(THIRD), id));
		assert_eq!(agreement(id).state, AgreementState::Open, "round 30 is not judged yet");
		assert_ok!(Sla::top_up(signed(TENANT), id, 5));
		at_round(32);
		assert_ok!(Sla::settle(signed(THIRD), id));
		let reason = CloseReason::ServiceRetired;
		assert_eq!(agreement(id).state, AgreementState::Closing { round: 30, reason });
		World::work_agenda();
		assert!(Agreements::<Test>::get(id).is_none());
	});
}

#[test]
fn a_terminated_service_ends_its_agreements_in_the_round_robin() {
	ExtBuilder::build_and_execute(|| {
		relist(SERVICE, |s| s.terms.credit_cap = 300);
		let id = open_counting(TENANT, SERVICE, 1);
		let notified = open(OTHER, SERVICE, 1);
		assert_ok!(Sla::close_agreement(signed(OPERATOR), notified));
		breach(SERVICE, None, High);
		at_round(3 * R + 2);
		Sla::settle_some(Weight::MAX);
		let reason = CloseReason::Terminated;
		for id in [id, notified] {
			assert_eq!(agreement(id).state, AgreementState::Closing { round: 3 * R, reason });
		}
		assert_eq!(owed(id), 0, "and is paid");
		World::work_agenda();
		assert_eq!(Sla::units(SERVICE), 0);
		assert_ok!(Sla::forget(SERVICE));
	});
}

#[test]
fn escrow_learns_of_a_terminated_service_only_that_its_meter_stopped() {
	ExtBuilder::build_and_execute(|| {
		relist(SERVICE, |s| s.terms.credit_cap = 300);
		let id = open_counting(TENANT, SERVICE, 1);
		breach(SERVICE, None, High);
		World::decide_end(id, 3 * R, CloseReason::ServiceRetired);
		events();
		finish(3 * R);
		let closed = events().remove(0);
		assert!(matches!(
			closed,
			Event::AgreementClosed { reason: CloseReason::Terminated, code: 2_003, .. }
		));
	});
}

#[test]
fn the_cap_rises_if_the_bond_covers_it() {
	ExtBuilder::build_and_execute(|| {
		assert_ok!(Sla::cap_raised(SERVICE, CAP * 1_000_000));
		open(TENANT, SERVICE, 2);
		assert_ok!(Sla::cap_raised(SERVICE, CAP + 1_000));
		assert_eq!(World::exposure(SERVICE), 2 * (CAP + 1_000) * 11 / 10);
		assert_noop!(Sla::cap_raised(SERVICE, BOND), DispatchError::Other("bond too small"));
		assert_noop!(Sla::cap_raised(SERVICE, Balance::MAX), ArithmeticError::Overflow);
	});
}

#[test]
fn a_service_is_forgotten_once_it_has_no_units() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 3);
		assert_noop!(Sla::forget(SERVICE), Error::<Test>::UnitsLeft);
		lose_bond(NATIVE, 101);
		breach(SERVICE, None, Low);
		assert_eq!(state(SERVICE).carry, 2);
		World::decide_end(id, 3 * R, CloseReason::Governance);
		finish(3 * R);
		let treasury = free(NATIVE, TREASURY);
		assert_ok!(Sla::forget(SERVICE));
		assert_eq!(free(NATIVE, TREASURY), treasury + 2, "what was carried over");
		assert_eq!(Forgotten::get(), [SERVICE]);
		assert_eq!((Services::<Test>::iter().count(), Breaches::<Test>::iter().count()), (0, 0));
		assert_ok!(Sla::forget(99));
	});
}

#[test]
fn an_undelivered_claim_does_not_keep_a_service() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, LOCAL_SERVICE, 1);
		breach(LOCAL_SERVICE, None, Low);
		block(TENANT);
		events();
		World::decide_end(id, 3 * R, CloseReason::Governance);
		// Escrow cannot deliver the refund either, and keeps it.
		finish(3 * R);
		let round = 3 * R;
		assert_eq!(agreement(id).state, AgreementState::Closed { round, reason: CloseReason::Governance });
		assert!(events().contains(&Event::CreditClaimable { agreement: id, tenant: TENANT, amount: 60 }));
		assert_ok!(Sla::forget(LOCAL_SERVICE));
		change!(Listings, |map| map.remove(&LOCAL_SERVICE));
		assert!(Sla::agreement(id).unwrap().stream.is_none());

		unblock(TENANT);
		let before = free(LOCAL, TENANT);
		assert_ok!(Sla::claim(signed(THIRD), id));
		assert_eq!(free(LOCAL, TENANT), before + 60);
		assert!(Agreements::<Test>::get(id).is_none());
	});
}

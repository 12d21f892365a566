//! Every way in which an agreement ends.

use super::*;

#[test]
fn a_tenant_closes_with_the_current_round() {
	ExtBuilder::build_and_execute(|| {
		let before = free(NATIVE, TENANT);
		let id = open(TENANT, SERVICE, 1);
		events();
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		let (round, reason) = (2 * R, CloseReason::TenantClosed);
		assert_eq!(ending(id), Some((round, reason)));
		assert_eq!(
			events(),
			[Event::AgreementEnding { agreement: id, round, reason, code: 1_001 }]
		);
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
		assert_eq!(ending(id), Some((round, reason)));
		assert_noop!(Sla::close_agreement(signed(OPERATOR), id), Error::<Test>::AlreadyEnding);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		let (round, reason) = (2 * R, CloseReason::TenantClosed);
		assert_eq!(ending(id), Some((round, reason)));
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
fn what_an_ended_agreement_may_not_have_goes_to_the_treasury_at_the_turn() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 2);
		let stays = open(OTHER, SERVICE, 1);
		assert_eq!(breach_with(SERVICE, BreachKind::Downtime, None, Critical, 2).credited, 2_400);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		events();
		finish(3 * R);
		// Twelve rounds are billed.
		assert_eq!(closed(), [(1_200, 1_200)]);
		assert_eq!(state(SERVICE).spare, 1_200);
		assert_eq!(Pots::<Test>::get(NATIVE), Pot { owed: 0, spare: 1_200, reserve: MINIMUM });

		// It pays nobody else's credits.
		at_round(4 * R);
		let (bonded, treasury) = (bond(NATIVE), free(NATIVE, TREASURY));
		turn(SERVICE, 3);
		assert_eq!((bond(NATIVE), free(NATIVE, TREASURY)), (bonded, treasury + 1_200));
		assert_eq!((state(SERVICE).spare, Pots::<Test>::get(NATIVE).spare), (0, 0));
		breach(SERVICE, None, Low);
		assert_eq!((owed(stays), bond(NATIVE)), (60, bonded - 66));
	});
}

#[test]
fn spare_that_the_treasury_cannot_take_waits_for_the_next_turn() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, LOCAL_SERVICE, 2);
		open(OTHER, LOCAL_SERVICE, 1);
		breach_with(LOCAL_SERVICE, BreachKind::Downtime, None, Critical, 2);
		assert_ok!(Sla::close_agreement(signed(TENANT), id));
		finish(3 * R);
		let spare = state(LOCAL_SERVICE).spare;
		block(TREASURY);
		turn(LOCAL_SERVICE, 3);
		assert_eq!((state(LOCAL_SERVICE).spare, Pots::<Test>::get(LOCAL).spare), (spare, spare));
		assert_ok!(Sla::do_try_state());
		unblock(TREASURY);
		let treasury = free(LOCAL, TREASURY);
		turn(LOCAL_SERVICE, 4);
		assert_eq!((free(LOCAL, TREASURY), state(LOCAL_SERVICE).spare), (treasury + spare, 0));
	});
}

#[test]
fn the_end_of_every_agreement_is_told_to_reputation() {
	ExtBuilder::build_and_execute(|| {
		let by_tenant = open(TENANT, SERVICE, 1);
		let local = open(OTHER, LOCAL_SERVICE, 1);
		assert_ok!(Sla::close_agreement(signed(TENANT), by_tenant));
		finish(2 * R);
		end(local, 3 * R);
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
		assert_eq!((now.units, now.active, now.pending[0].rate), (5, PRICE, 4 * PRICE));
		assert_eq!((owed(stays), owed(also)), (60, 0));
	});
}

#[test]
fn the_end_that_escrow_decides_is_announced() {
	ExtBuilder::build_and_execute(|| {
		let id = open(TENANT, SERVICE, 1);
		events();
		let (round, reason) = (30, CloseReason::FundsExhausted);
		World::decide_end(id, round, reason);
		assert_eq!(
			events(),
			[Event::AgreementEnding { agreement: id, round, reason, code: 1_002 }]
		);
		assert_noop!(Sla::top_up(signed(TENANT), id, 5), Error::<Test>::AgreementEnding);
		assert_eq!(Sla::agreement(id).unwrap().stream.unwrap().ending, Some((round, reason)));
	});
}

#[test]
fn a_retired_service_ends_its_agreements_for_anyone_who_asks() {
	ExtBuilder::build_and_execute(|| {
		let id = open(TENANT, SERVICE, 1);
		let (round, reason) = (30, CloseReason::ServiceRetired);
		World::end_meter(SERVICE, round, reason);
		at_round(31);
		assert_ok!(Sla::settle(signed(THIRD), id));
		assert_eq!(ending(id), None, "round 30 is not judged yet");
		assert_ok!(Sla::top_up(signed(TENANT), id, 5));
		at_round(32);
		events();
		assert_ok!(Sla::settle(signed(THIRD), id));
		assert_eq!(ending(id), Some((round, reason)));
		assert_eq!(
			events()[0],
			Event::AgreementEnding { agreement: id, round, reason, code: 2_002 }
		);
		World::work_agenda();
		assert!(Agreements::<Test>::get(id).is_none());
	});
}

#[test]
fn a_terminated_service_ends_its_agreements_in_the_round_robin() {
	ExtBuilder::build_and_execute(|| {
		relist(SERVICE, |s| s.terms.cover = tenths(5));
		let id = open_counting(TENANT, SERVICE, 1);
		let notified = open(OTHER, SERVICE, 1);
		assert_ok!(Sla::close_agreement(signed(OPERATOR), notified));
		breach(SERVICE, None, High);
		at_round(3 * R + 2);
		Sla::settle_some(Weight::MAX);
		for id in [id, notified] {
			assert_eq!(ending(id), Some((3 * R, CloseReason::Terminated)));
		}
		assert_eq!(owed(id), 0, "and is paid");
		World::work_agenda();
		assert_eq!(Sla::units(SERVICE), 0);
		assert_ok!(Sla::forget(SERVICE));
	});
}

#[test]
fn the_reason_of_an_end_is_that_of_the_meter() {
	ExtBuilder::build_and_execute(|| {
		relist(SERVICE, |s| s.terms.cover = tenths(5));
		open_counting(TENANT, SERVICE, 1);
		breach(SERVICE, None, High);
		World::end_meter(SERVICE, 4 * R, CloseReason::ServiceRetired);
		events();
		finish(3 * R);
		assert!(matches!(
			events()[0],
			Event::AgreementClosed { reason: CloseReason::Terminated, code: 2_003, .. }
		));
	});
}

#[test]
fn the_cover_rises_if_the_bond_covers_it() {
	ExtBuilder::build_and_execute(|| {
		let raise = |windows| Sla::cover_raised(SERVICE, WindowShare::from_u32(windows));
		assert_ok!(raise(1_000_000));
		open_counting(TENANT, SERVICE, 2);
		breach(SERVICE, None, High);
		assert_ok!(raise(6));
		assert_eq!(World::exposure(SERVICE), reserve(2 * PRICE, tenths(55)));
		assert_noop!(raise(1_000), DispatchError::Other("bond too small"));
		relist(SERVICE, |s| s.terms.cover = WindowShare::from_u32(6));
		// The rents stay reserved.
		let slot = Slot {
			rent: 70,
			reserved: 2,
			paid_through: 3 * R,
			least_rate: 0,
			fee_share: Perbill::zero(),
		};
		Services::<Test>::mutate_extant(SERVICE, |s| s.slot = Some(slot));
		assert_ok!(raise(7));
		assert_eq!(World::exposure(SERVICE), reserve(2 * PRICE, tenths(65)) + 140);
		Services::<Test>::mutate_extant(SERVICE, |s| s.rate = Balance::MAX);
		assert_noop!(raise(8), ArithmeticError::Overflow);
		Services::<Test>::mutate_extant(SERVICE, |s| s.rate = 2 * PRICE);
	});
}

#[test]
fn a_service_is_forgotten_once_it_has_no_units() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 3);
		assert_noop!(Sla::forget(SERVICE), Error::<Test>::UnitsLeft);
		breach_with(SERVICE, BreachKind::Downtime, None, Critical, 2);
		end(id, 3 * R);
		// Twelve rounds of 150 were paid, and 3,600 taken.
		assert_eq!(state(SERVICE).spare, 1_800);
		let treasury = free(NATIVE, TREASURY);
		assert_ok!(Sla::forget(SERVICE));
		assert_eq!(free(NATIVE, TREASURY), treasury + 1_800);
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
		// Escrow cannot deliver the refund either, and keeps it.
		end(id, 3 * R);
		let round = 3 * R;
		assert_eq!(
			agreement(id).state,
			AgreementState::Closed { round, reason: CloseReason::Governance }
		);
		assert!(events().contains(&Event::CreditClaimable {
			agreement: id,
			tenant: TENANT,
			amount: 60
		}));
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

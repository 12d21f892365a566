//! Paying what is due and what is owed.

use super::*;

#[test]
fn settling_pays_both_ways_for_anyone_who_asks() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 2);
		breach(SERVICE, None, Low);
		at_round(3 * R + 6);
		let (operator, tenant) = (free(NATIVE, OPERATOR), free(NATIVE, TENANT));
		events();
		assert_ok!(Sla::settle(signed(THIRD), id));
		// Rounds 25 to 40 are billed.
		assert_eq!(free(NATIVE, OPERATOR), operator + 20 * 5 * 16);
		assert_eq!(free(NATIVE, TENANT), tenant + 120);
		assert_eq!(
			events(),
			[
				Event::CreditPaid { agreement: id, tenant: TENANT, amount: 120 },
				Event::Settled { agreement: id, paid: 1_600, credited: 120 },
			]
		);
		assert_eq!((owed(id), agreement(id).credited), (0, 120));
		assert_noop!(Sla::settle(signed(THIRD), 99), Error::<Test>::UnknownAgreement);
	});
}

#[test]
fn a_claim_pays_credit_or_says_why_not() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, LOCAL_SERVICE, 2);
		assert_noop!(Sla::claim(signed(TENANT), id), Error::<Test>::NothingOwed);
		assert_noop!(Sla::claim(signed(TENANT), 99), Error::<Test>::UnknownAgreement);
		breach(LOCAL_SERVICE, None, Low);
		block(TENANT);
		assert!(Sla::claim(signed(TENANT), id).is_err());
		assert_eq!(owed(id), 120);
		unblock(TENANT);
		assert_ok!(Sla::claim(signed(TENANT), id));
		assert_noop!(Sla::claim(signed(TENANT), id), Error::<Test>::NothingOwed);
	});
}

#[test]
fn a_credit_of_what_was_paid_is_not_held_back_by_a_dispute_over_the_stream() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 2);
		assert_ok!(Sla::settle(signed(THIRD), id));
		Disputed::set(&[agreement(id).escrow].into());
		assert_noop!(Sla::settle(signed(THIRD), id), DispatchError::Other("disputed"));
		breach(SERVICE, None, Low);
		assert_ok!(Sla::settle(signed(THIRD), id));
		assert_eq!(owed(id), 0);
	});
}

#[test]
fn a_credit_below_the_minimum_of_a_missing_account_waits() {
	ExtBuilder::build_and_execute(|| {
		promise(LOCAL_SERVICE, WindowShare::from_rational(1, 200), COVER);
		let id = open_counting(TENANT, LOCAL_SERVICE, 1);
		breach(LOCAL_SERVICE, None, Low);
		Agreements::<Test>::mutate_extant(id, |a| a.tenant = 77);
		ByTenant::<Test>::remove(TENANT, id);
		ByTenant::<Test>::insert(77, id, ());
		assert_eq!(owed(id), 3);
		assert_noop!(Sla::claim(signed(THIRD), id), TokenError::BelowMinimum);
		for _ in 0..3 {
			breach(LOCAL_SERVICE, None, Low);
		}
		assert_ok!(Sla::claim(signed(THIRD), id));
		assert_eq!(free(LOCAL, 77), 12);
	});
}

#[test]
fn the_round_robin_visits_everybody_a_few_a_block() {
	ExtBuilder::build_and_execute(|| {
		let mut ids: Vec<_> = (0..6).map(|_| open(OTHER, SERVICE, 1)).collect();
		ids.push(open_counting(TENANT, SERVICE, 1));
		breach(SERVICE, None, Low);
		let unpaid = || ids.iter().filter(|id| owed(**id) > 0).count();
		let mut left = Vec::new();
		for _ in 0..3 {
			Sla::on_idle(0, Weight::MAX);
			left.push(unpaid());
		}
		assert_eq!(left, [4, 1, 0]);
		assert_eq!(Cursor::<Test>::get(), None, "the turn is over");
		breach(SERVICE, Some(Low), Medium);
		Sla::on_idle(0, Weight::MAX);
		assert_eq!(unpaid(), 4);
	});
}

#[test]
fn the_round_robin_stays_within_the_weight_that_is_left() {
	ExtBuilder::build_and_execute(|| {
		for _ in 0..3 {
			open(OTHER, SERVICE, 1);
		}
		open_counting(TENANT, SERVICE, 1);
		breach(SERVICE, None, Low);
		let (base, step) = (<() as WeightInfo>::sweep_base(), <() as WeightInfo>::sweep_step());
		let owed = || Pots::<Test>::get(NATIVE).owed;
		for (limit, pays) in
			[(Weight::zero(), 0), (base, 0), (base + step, 60), (base + step * 2, 120)]
		{
			let before = owed();
			let used = Sla::on_idle(0, limit);
			assert!(used.all_lte(limit));
			assert_eq!(before - owed(), pays);
		}
	});
}

#[test]
fn the_round_robin_goes_on_where_an_agreement_is_gone() {
	ExtBuilder::build_and_execute(|| {
		let ids: Vec<_> = (0..5).map(|_| open(OTHER, SERVICE, 1)).collect();
		Sla::on_idle(0, Weight::MAX);
		let last = Cursor::<Test>::get().unwrap();
		assert_ok!(Sla::close_agreement(signed(OTHER), last));
		finish(2 * R);
		at_round(3 * R);
		turn(SERVICE, 2);
		breach(SERVICE, None, Low);
		Sla::on_idle(0, Weight::MAX);
		let paid = ids.iter().filter(|id| **id != last && owed(**id) == 0).count();
		assert_eq!(paid, 2, "the two that come after it");
	});
}

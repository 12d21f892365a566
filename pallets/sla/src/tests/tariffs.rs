//! Units at different prices.

use super::*;

fn reprice(price: Balance) {
	relist(SERVICE, |s| s.price = price);
}

#[test]
fn a_new_price_holds_for_new_agreements() {
	ExtBuilder::build_and_execute(|| {
		let old = open(TENANT, SERVICE, 1);
		reprice(20);
		let new = open(TENANT, SERVICE, 1);
		assert_eq!((agreement(old).price, agreement(new).price), (10, 20));
		assert_eq!(Streams::get()[&agreement(new).escrow].rate, 20);
	});
}

#[test]
fn each_price_limits_its_own_credits() {
	ExtBuilder::build_and_execute(|| {
		reprice(2);
		let cheap = open(OTHER, SERVICE, 1);
		reprice(PRICE);
		let dear = open_counting(TENANT, SERVICE, 2);
		let record = breach(SERVICE, None, High);
		assert_eq!((owed(cheap), owed(dear)), (120, 600), "120 is the price of the cheap one's window");
		assert_eq!((record.index_after, record.credited), (300, 720));
		assert_eq!(record.penalty, 72 + 180);
		assert_eq!(state(SERVICE).index_at_price(2), 120);
		assert_eq!(World::exposure(SERVICE), (1_880 + 2 * 1_700) * 11 / 10);
	});
}

#[test]
fn a_new_price_starts_at_the_index_of_the_service() {
	ExtBuilder::build_and_execute(|| {
		open_counting(TENANT, SERVICE, 1);
		breach(SERVICE, None, High);
		reprice(30);
		let id = open(OTHER, SERVICE, 1);
		at_round(4 * R);
		turn(SERVICE, 3);
		breach(SERVICE, None, Low);
		assert_eq!((owed(id), state(SERVICE).index_at_price(30)), (60, 360));
	});
}

#[test]
fn a_price_is_forgotten_with_its_last_unit_and_the_index_is_not() {
	ExtBuilder::build_and_execute(|| {
		let id = open_counting(TENANT, SERVICE, 1);
		reprice(2);
		open(OTHER, SERVICE, 1);
		breach(SERVICE, None, High);
		World::decide_end(id, 3 * R, CloseReason::Governance);
		at_round(3 * R + 2);
		World::work_agenda();
		let now = state(SERVICE);
		assert_eq!(now.tariffs.iter().map(|t| (t.price, t.index)).collect::<Vec<_>>(), [(2, 0)]);
		assert_eq!((now.index, now.index_at_price(PRICE)), (300, 300));
	});
}

#[test]
fn a_service_has_units_at_eight_prices_at_most() {
	ExtBuilder::build_and_execute(|| {
		for price in 1..=8 {
			reprice(price);
			open(TENANT, SERVICE, 1);
		}
		reprice(9);
		assert_noop!(
			Sla::open_agreement(signed(TENANT), SERVICE, 1, u128::MAX, DEPOSIT, 0),
			Error::<Test>::TooManyPrices
		);
		reprice(8);
		open(TENANT, SERVICE, 1);
	});
}

#[test]
fn a_bond_that_cannot_pay_is_shared_in_proportion() {
	ExtBuilder::build_and_execute(|| {
		reprice(2);
		let cheap = open(OTHER, SERVICE, 1);
		reprice(PRICE);
		let dear = open_counting(TENANT, SERVICE, 1);
		// 120 and 300 are demanded.
		lose_bond(NATIVE, 100);
		let record = breach(SERVICE, None, High);
		assert_eq!((owed(cheap), owed(dear)), (28, 71));
		assert_eq!((record.slashed, record.credited, state(SERVICE).carry), (100, 99, 1));
	});
}

// SPDX-License-Identifier: Apache-2.0

//! Bonding, unbonding and withdrawing.

use super::prelude::*;

#[test]
fn bond_more_makes_the_first_bond_in_an_approved_asset() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE);
		assert_ok!(Operators::bond_more(signed(ALICE), USD, 300));
		assert_ok!(Operators::bond_more(signed(ALICE), AssetId::Native, 7));
		assert_eq!(held_bond(ALICE, USD), 300);
		assert_eq!(held_bond(ALICE, AssetId::Native), 2 * MIN_BOND + 7);
		assert_eq!(Totals::<Test>::get(USD), AssetTotals { bonded: 300, slashed: 0 });
		assert_eq!(Totals::<Test>::get(AssetId::Native).bonded, 2 * MIN_BOND + 7);
		assert_emitted(Event::Bonded { operator: ALICE, asset: USD, amount: 300 });
	});
}

#[test]
fn bond_in_an_asset_that_is_not_approved_is_refused() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_noop!(Operators::bond_more(signed(ALICE), EUR, 100), Error::AssetNotApproved);
		assert_noop!(
			Operators::bond_more(signed(ALICE), AssetId::Local(404), 100),
			Error::AssetNotApproved
		);
		assert_noop!(Operators::bond_more(signed(ALICE), USD, 0), Error::ZeroAmount);
		assert_noop!(Operators::bond_more(signed(ALICE), USD, START), TokenError::FundsUnavailable);
	});
}

#[test]
fn in_a_revoked_asset_only_an_existing_bond_can_grow() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		register(BOB);
		assert_ok!(Operators::revoke_asset(root(), USD_ID));
		assert_ok!(Operators::bond_more(signed(ALICE), USD, 100));
		assert_noop!(Operators::bond_more(signed(BOB), USD, 100), Error::AssetNotApproved);
	});
}

#[test]
fn unbonded_bond_is_withdrawn_after_the_unbonding_period() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let free = Money::spendable(USD, &ALICE);
		assert_ok!(Operators::unbond(signed(ALICE), USD, 300));
		assert_emitted(Event::Unbonded {
			operator: ALICE,
			asset: USD,
			amount: 300,
			unlock_at: 1 + UNBONDING,
		});
		assert_eq!(bond_of(ALICE, USD).active, 2 * MIN_ASSET_BOND - 300);
		assert_eq!(held_bond(ALICE, USD), 2 * MIN_ASSET_BOND);

		run_to(UNBONDING);
		assert_noop!(Operators::withdraw_unbonded(signed(ALICE), USD), Error::NothingToWithdraw);
		run_to(1 + UNBONDING);
		assert_ok!(Operators::withdraw_unbonded(signed(ALICE), USD));
		assert_emitted(Event::Withdrawn { operator: ALICE, asset: USD, amount: 300 });
		assert_eq!(Money::spendable(USD, &ALICE), free + 300);
		assert_eq!(Totals::<Test>::get(USD).bonded, 2 * MIN_ASSET_BOND - 300);
		assert_noop!(Operators::withdraw_unbonded(signed(ALICE), USD), Error::NothingToWithdraw);
	});
}

#[test]
fn only_due_chunks_are_withdrawn() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_ok!(Operators::unbond(signed(ALICE), USD, 100));
		run_to(11);
		assert_ok!(Operators::unbond(signed(ALICE), USD, 200));
		run_to(1 + UNBONDING);
		assert_ok!(Operators::withdraw_unbonded(signed(ALICE), USD));
		assert_emitted(Event::Withdrawn { operator: ALICE, asset: USD, amount: 100 });
		assert_eq!(
			bond_of(ALICE, USD).chunks.to_vec(),
			[Chunk { amount: 200, unlock_at: 11 + UNBONDING }]
		);
	});
}

#[test]
fn chunks_are_bounded_and_those_of_one_block_are_merged() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		for block in 1..=MAX_CHUNKS {
			run_to(block);
			assert_ok!(Operators::unbond(signed(ALICE), USD, 1));
			assert_ok!(Operators::unbond(signed(ALICE), USD, 2));
		}
		let amounts =
			bond_of(ALICE, USD).chunks.iter().map(|chunk| chunk.amount).collect::<Vec<_>>();
		assert_eq!(amounts, vec![3; MAX_CHUNKS as usize]);
		run_to(MAX_CHUNKS + 1);
		assert_noop!(Operators::unbond(signed(ALICE), USD, 1), Error::TooManyChunks);
	});
}

#[test]
fn chunks_stay_in_order_when_the_unbonding_period_is_lowered() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let unbond = |amount| Operators::unbond(signed(ALICE), USD, amount).unwrap();
		let chunks = || {
			bond_of(ALICE, USD)
				.chunks
				.into_iter()
				.map(|c| (c.amount, c.unlock_at))
				.collect::<Vec<_>>()
		};
		unbond(100);
		run_to(2);
		UnbondingPeriod::set(10);
		unbond(20);
		assert_eq!(chunks(), [(20, 12), (100, 1 + UNBONDING)]);
		Operators::do_try_state().unwrap();
		// A chunk of the same block is added to, wherever it is in the list.
		UnbondingPeriod::set(UNBONDING - 1);
		unbond(7);
		run_to(3);
		UnbondingPeriod::set(9);
		unbond(1);
		assert_eq!(chunks(), [(21, 12), (107, 1 + UNBONDING)]);
		run_to(12);
		assert_ok!(Operators::withdraw_unbonded(signed(ALICE), USD));
		assert_eq!(chunks(), [(107, 1 + UNBONDING)]);
	});
}

#[test]
fn reserved_bond_cannot_be_unbonded() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft { asset: USD, ..Draft::default() }.listed(ALICE);
		assert_ok!(set_exposure(Target::Service(id), 600));
		assert_noop!(Operators::unbond(signed(ALICE), USD, 401), Error::BondReserved);
		assert_ok!(Operators::unbond(signed(ALICE), USD, 400));
		assert_noop!(Operators::unbond(signed(ALICE), USD, 1), Error::BondReserved);
		assert_noop!(Operators::unbond(signed(ALICE), USD, 0), Error::ZeroAmount);
	});
}

#[test]
fn native_bond_below_the_minimum_must_be_zero_and_without_services() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let unbond = |amount| Operators::unbond(signed(ALICE), AssetId::Native, amount);
		assert_noop!(unbond(MIN_BOND + 1), Error::BondBelowMinimum);
		let id = Draft::default().listed(ALICE);
		assert_noop!(unbond(2 * MIN_BOND), Error::BondBelowMinimum);
		assert_ok!(unbond(MIN_BOND));
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_noop!(unbond(MIN_BOND), Error::BondBelowMinimum);
		assert_ok!(Operators::remove_service(signed(ALICE), id));
		assert_ok!(unbond(MIN_BOND));
		assert_eq!(bond_of(ALICE, AssetId::Native).active, 0);
	});
}

#[test]
fn withdrawal_is_refused_while_exposure_is_not_funded() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft { asset: USD, ..Draft::default() }.listed(ALICE);
		assert_ok!(Operators::unbond(signed(ALICE), USD, 300));
		assert_ok!(set_exposure(Target::Service(id), 700));
		slash(Target::Service(id), 100, 0);
		run_to(1 + UNBONDING);
		assert_noop!(Operators::withdraw_unbonded(signed(ALICE), USD), Error::BondReserved);
		assert_ok!(set_exposure(Target::Service(id), 600));
		assert_ok!(Operators::withdraw_unbonded(signed(ALICE), USD));
	});
}

// SPDX-License-Identifier: Apache-2.0

//! Registration, identity and status of operators.

use super::prelude::*;

#[test]
fn register_holds_the_bond_and_counts_the_operator() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Operators::register(signed(ALICE), MIN_BOND, text("Älice"), text("")));
		assert_eq!(held_bond(ALICE, AssetId::Native), MIN_BOND);
		assert_eq!(bond_of(ALICE, AssetId::Native).active, MIN_BOND);
		let operator = operator(ALICE).unwrap();
		assert_eq!((operator.status, operator.since), (OperatorStatus::Active, 1));
		assert_eq!(
			Count::<Test>::get(),
			Counts { operators: 1, active: 1, services: 0, slashed: 0 }
		);
		assert_emitted(Event::OperatorRegistered { operator: ALICE, bond: MIN_BOND });
		assert_emitted(Event::Bonded { operator: ALICE, asset: AssetId::Native, amount: MIN_BOND });
	});
}

#[test]
fn register_is_refused_below_the_minimum_bond_and_twice() {
	ExtBuilder::default().build_and_execute(|| {
		let register = |bond| Operators::register(signed(ALICE), bond, text("A"), text(""));
		assert_noop!(register(MIN_BOND - 1), Error::BondBelowMinimum);
		assert_noop!(register(START), TokenError::FundsUnavailable);
		assert_ok!(register(MIN_BOND));
		assert_noop!(register(MIN_BOND), Error::AlreadyRegistered);
	});
}

#[test]
fn names_and_contacts_must_be_printable_text() {
	ExtBuilder::default().operators(&[BOB]).build_and_execute(|| {
		let broken: Name = vec![0xff, 0xfe].try_into().unwrap();
		for (name, contact) in [
			(text(""), text("")),
			(broken, text("")),
			(text("red\u{1b}[31m"), text("")),
			(text("A"), text("line\nbreak")),
		] {
			assert_noop!(
				Operators::register(signed(ALICE), MIN_BOND, name.clone(), contact.clone()),
				Error::BadText
			);
			assert_noop!(Operators::set_identity(signed(BOB), name, contact), Error::BadText);
		}
	});
}

#[test]
fn an_operator_changes_its_identity() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_ok!(Operators::set_identity(signed(ALICE), text("New"), text("new@example.com")));
		let operator = operator(ALICE).unwrap();
		assert_eq!((operator.name, operator.contact), (text("New"), text("new@example.com")));
		assert_emitted(Event::IdentitySet { operator: ALICE });
		assert_noop!(Operators::set_identity(signed(BOB), text("B"), text("")), Error::NotOperator);
	});
}

#[test]
fn an_inactive_operator_lists_and_sells_nothing() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		assert_ok!(Operators::deactivate(signed(ALICE)));
		assert_emitted(Event::OperatorDeactivated { operator: ALICE });
		assert_eq!(Count::<Test>::get().active, 0);
		assert_noop!(Operators::deactivate(signed(ALICE)), Error::OperatorInactive);
		assert_noop!(Draft::at("b.com").list(ALICE), Error::OperatorInactive);
		assert_noop!(Operators::sellable(id), Error::OperatorInactive);

		assert_ok!(Operators::activate(signed(ALICE)));
		assert_emitted(Event::OperatorActivated { operator: ALICE });
		assert_eq!(Count::<Test>::get().active, 1);
		assert_noop!(Operators::activate(signed(ALICE)), Error::OperatorActive);
		assert_ok!(Operators::sellable(id));
	});
}

#[test]
fn activate_needs_the_minimum_bond() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_ok!(Operators::deactivate(signed(ALICE)));
		assert_ok!(Operators::unbond(signed(ALICE), AssetId::Native, 2 * MIN_BOND));
		assert_noop!(Operators::activate(signed(ALICE)), Error::BondBelowMinimum);
		assert_ok!(Operators::bond_more(signed(ALICE), AssetId::Native, MIN_BOND));
		assert_ok!(Operators::activate(signed(ALICE)));
	});
}

#[test]
fn only_operators_change_status_and_bond() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Operators::deactivate(signed(ALICE)), Error::NotOperator);
		assert_noop!(Operators::activate(signed(ALICE)), Error::NotOperator);
		assert_noop!(Operators::retire(signed(ALICE)), Error::NotOperator);
		assert_noop!(Operators::bond_more(signed(ALICE), AssetId::Native, 1), Error::NotOperator);
		assert_noop!(Operators::unbond(signed(ALICE), AssetId::Native, 1), Error::NotOperator);
		assert_noop!(
			Operators::withdraw_unbonded(signed(ALICE), AssetId::Native),
			Error::NotOperator
		);
		assert_noop!(Draft::default().list(ALICE), Error::NotOperator);
	});
}

#[test]
fn a_retiring_operator_is_removed_with_its_last_bond() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_ok!(Operators::retire(signed(ALICE)));
		assert_emitted(Event::OperatorRetiring { operator: ALICE });
		assert_eq!(Count::<Test>::get().active, 0);
		assert_noop!(Operators::retire(signed(ALICE)), Error::OperatorRetiring);
		assert_noop!(Draft::default().list(ALICE), Error::OperatorInactive);

		assert_ok!(Operators::unbond(signed(ALICE), AssetId::Native, 2 * MIN_BOND));
		assert_ok!(Operators::unbond(signed(ALICE), USD, 2 * MIN_ASSET_BOND));
		run_to(1 + UNBONDING);
		assert_ok!(Operators::withdraw_unbonded(signed(ALICE), AssetId::Native));
		assert!(operator(ALICE).is_some(), "the bond in USD is still there");
		assert_ok!(Operators::withdraw_unbonded(signed(ALICE), USD));
		assert!(operator(ALICE).is_none());
		assert_emitted(Event::OperatorLeft { operator: ALICE });
		assert_eq!(Count::<Test>::get(), Counts::default());
		assert_eq!(Money::spendable(USD, &ALICE), START);

		register(ALICE);
	});
}

#[test]
fn an_operator_without_bond_is_removed_by_retire() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE);
		assert_ok!(Operators::unbond(signed(ALICE), AssetId::Native, 2 * MIN_BOND));
		run_to(1 + UNBONDING);
		assert_ok!(Operators::withdraw_unbonded(signed(ALICE), AssetId::Native));
		assert!(operator(ALICE).is_some(), "not retiring yet");
		assert_ok!(Operators::retire(signed(ALICE)));
		assert!(operator(ALICE).is_none());
	});
}

#[test]
fn retire_is_refused_with_services_and_undone_by_activate() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		assert_noop!(Operators::retire(signed(ALICE)), Error::HasServices);
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_noop!(Operators::retire(signed(ALICE)), Error::HasServices);
		assert_ok!(Operators::remove_service(signed(ALICE), id));
		assert_ok!(Operators::retire(signed(ALICE)));
		assert_noop!(Operators::deactivate(signed(ALICE)), Error::OperatorInactive);
		assert_ok!(Operators::activate(signed(ALICE)));
		assert_eq!(operator(ALICE).unwrap().status, OperatorStatus::Active);
	});
}

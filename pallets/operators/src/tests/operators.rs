//! Operators come, change their standing, and leave.

use super::prelude::*;

#[test]
fn registering_takes_the_bond_and_counts_the_operator() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Operators::register(signed(ALICE), MIN_BOND, text("Älice"), text("")));
		assert_eq!(held_bond(ALICE, AssetId::Native), MIN_BOND);
		assert_eq!(bond_of(ALICE, AssetId::Native).active, MIN_BOND);
		let operator = Operators::operator(ALICE).unwrap();
		assert_eq!((operator.status, operator.since), (OperatorStatus::Active, 1));
		assert_eq!(
			Count::<Test>::get(),
			Counts { operators: 1, active: 1, services: 0, slashed: 0 }
		);
		happened(Event::OperatorRegistered { operator: ALICE, bond: MIN_BOND });
		happened(Event::Bonded { operator: ALICE, asset: AssetId::Native, amount: MIN_BOND });
	});
}

#[test]
fn registering_is_refused_below_the_minimum_and_twice() {
	ExtBuilder::default().build_and_execute(|| {
		let register = |bond| Operators::register(signed(ALICE), bond, text("A"), text(""));
		assert_noop!(register(MIN_BOND - 1), Fault::BondBelowMinimum);
		assert_noop!(register(START), TokenError::FundsUnavailable);
		assert_ok!(register(MIN_BOND));
		assert_noop!(register(MIN_BOND), Fault::AlreadyRegistered);
	});
}

#[test]
fn names_are_text_that_can_be_shown() {
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
				Fault::BadText
			);
			assert_noop!(Operators::set_identity(signed(BOB), name, contact), Fault::BadText);
		}
	});
}

#[test]
fn an_operator_changes_its_identity() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_ok!(Operators::set_identity(signed(ALICE), text("New"), text("new@example.com")));
		let operator = Operators::operator(ALICE).unwrap();
		assert_eq!((operator.name, operator.contact), (text("New"), text("new@example.com")));
		happened(Event::IdentitySet { operator: ALICE });
		assert_noop!(Operators::set_identity(signed(BOB), text("B"), text("")), Fault::NotOperator);
	});
}

#[test]
fn an_inactive_operator_lists_and_sells_nothing() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		assert_ok!(Operators::deactivate(signed(ALICE)));
		happened(Event::OperatorDeactivated { operator: ALICE });
		assert_eq!(Count::<Test>::get().active, 0);
		assert_noop!(Operators::deactivate(signed(ALICE)), Fault::OperatorInactive);
		assert_noop!(Draft::at("b.com").list(ALICE), Fault::OperatorInactive);
		assert_noop!(Operators::ensure_open(id), Fault::OperatorInactive);

		assert_ok!(Operators::activate(signed(ALICE)));
		happened(Event::OperatorActivated { operator: ALICE });
		assert_eq!(Count::<Test>::get().active, 1);
		assert_noop!(Operators::activate(signed(ALICE)), Fault::OperatorActive);
		assert_ok!(Operators::ensure_open(id));
	});
}

#[test]
fn activating_takes_the_minimum_bond() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_ok!(Operators::deactivate(signed(ALICE)));
		assert_ok!(Operators::unbond(signed(ALICE), AssetId::Native, 2 * MIN_BOND));
		assert_noop!(Operators::activate(signed(ALICE)), Fault::BondBelowMinimum);
		assert_ok!(Operators::bond_more(signed(ALICE), AssetId::Native, MIN_BOND));
		assert_ok!(Operators::activate(signed(ALICE)));
	});
}

#[test]
fn standing_is_for_operators_only() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Operators::deactivate(signed(ALICE)), Fault::NotOperator);
		assert_noop!(Operators::activate(signed(ALICE)), Fault::NotOperator);
		assert_noop!(Operators::retire(signed(ALICE)), Fault::NotOperator);
		assert_noop!(Operators::bond_more(signed(ALICE), AssetId::Native, 1), Fault::NotOperator);
		assert_noop!(Operators::unbond(signed(ALICE), AssetId::Native, 1), Fault::NotOperator);
		assert_noop!(
			Operators::withdraw_unbonded(signed(ALICE), AssetId::Native),
			Fault::NotOperator
		);
		assert_noop!(Draft::default().list(ALICE), Fault::NotOperator);
	});
}

#[test]
fn a_retiring_operator_is_gone_with_its_last_bond() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		assert_ok!(Operators::retire(signed(ALICE)));
		happened(Event::OperatorRetiring { operator: ALICE });
		assert_eq!(Count::<Test>::get().active, 0);
		assert_noop!(Operators::retire(signed(ALICE)), Fault::OperatorRetiring);
		assert_noop!(Draft::default().list(ALICE), Fault::OperatorInactive);

		assert_ok!(Operators::unbond(signed(ALICE), AssetId::Native, 2 * MIN_BOND));
		assert_ok!(Operators::unbond(signed(ALICE), USD, 2 * MIN_ASSET_BOND));
		run_to(1 + UNBONDING);
		assert_ok!(Operators::withdraw_unbonded(signed(ALICE), AssetId::Native));
		assert!(Operators::operator(ALICE).is_some(), "the bond in USD is still there");
		assert_ok!(Operators::withdraw_unbonded(signed(ALICE), USD));
		assert!(Operators::operator(ALICE).is_none());
		happened(Event::OperatorLeft { operator: ALICE });
		assert_eq!(Count::<Test>::get(), Counts::default());
		assert_eq!(Money::spendable(USD, &ALICE), START);

		register(ALICE);
	});
}

#[test]
fn an_operator_without_any_bond_leaves_at_once() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE);
		assert_ok!(Operators::unbond(signed(ALICE), AssetId::Native, 2 * MIN_BOND));
		run_to(1 + UNBONDING);
		assert_ok!(Operators::withdraw_unbonded(signed(ALICE), AssetId::Native));
		assert!(Operators::operator(ALICE).is_some(), "it has not retired");
		assert_ok!(Operators::retire(signed(ALICE)));
		assert!(Operators::operator(ALICE).is_none());
	});
}

#[test]
fn retiring_is_refused_with_services_and_can_be_undone() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		assert_noop!(Operators::retire(signed(ALICE)), Fault::HasServices);
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_noop!(Operators::retire(signed(ALICE)), Fault::HasServices);
		assert_ok!(Operators::remove_service(signed(ALICE), id));
		assert_ok!(Operators::retire(signed(ALICE)));
		assert_noop!(Operators::deactivate(signed(ALICE)), Fault::OperatorInactive);
		assert_ok!(Operators::activate(signed(ALICE)));
		assert_eq!(Operators::operator(ALICE).unwrap().status, OperatorStatus::Active);
	});
}

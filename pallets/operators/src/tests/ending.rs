//! Services end and are removed.

use super::prelude::*;

const WINDOW: RoundIndex = WINDOW_ROUNDS as RoundIndex;

#[test]
fn without_units_a_service_ends_with_this_round() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		run_to(3 * ROUND_BLOCKS);
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_eq!(status(id), ServiceStatus::Ending { at: 3 });
		assert_eq!(MeterEnds::get().get(&id), Some(&(3, CloseReason::ServiceRetired)));
		happened(Event::ServiceEnding { service: id, at: 3, for_cause: false });
		assert_noop!(Operators::ensure_open(id), Fault::ServiceEnding);
		assert_noop!(Operators::pause_service(signed(ALICE), id), Fault::ServiceEnding);
		assert_noop!(Operators::resume_service(signed(ALICE), id), Fault::ServiceEnding);
		assert_noop!(Operators::raise_cover(signed(ALICE), id, percent(99)), Fault::ServiceEnding);
		assert_noop!(Operators::retire_service(signed(ALICE), id), Fault::ServiceEnding);
	});
}

#[test]
fn with_units_a_service_ends_after_a_window() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		sell(id, 1);
		run_to(3 * ROUND_BLOCKS);
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_eq!(status(id), ServiceStatus::Ending { at: 3 + WINDOW });
		run_to(4 * ROUND_BLOCKS);
		assert_noop!(Operators::retire_service(signed(ALICE), id), Fault::ServiceEnding);
		// The tenants left: nobody needs the notice any more.
		sell(id, 0);
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_eq!(status(id), ServiceStatus::Ending { at: 4 });
		assert_eq!(MeterEnds::get().get(&id), Some(&(4, CloseReason::ServiceRetired)));
	});
}

#[test]
fn only_the_owner_or_governance_retires_a_service() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		assert_noop!(Operators::retire_service(signed(BOB), id), Fault::NotOwner);
		assert_noop!(Operators::retire_service(signed(ALICE), 404), Fault::UnknownService);
		assert_noop!(Operators::retire_service(root(), 404), Fault::UnknownService);
		assert_noop!(
			Operators::retire_service(RuntimeOrigin::none(), id),
			DispatchError::BadOrigin
		);
		assert_ok!(Operators::retire_service(root(), id));
		assert_eq!(status(id), ServiceStatus::Ending { at: 0 });
		// No doing of the operator.
		assert_eq!(MeterEnds::get().get(&id), Some(&(0, CloseReason::Governance)));
	});
}

#[test]
fn termination_for_cause_only_brings_the_end_forward() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		Operators::terminate(id, 7);
		happened(Event::ServiceEnding { service: id, at: 7, for_cause: true });
		Operators::terminate(id, 9);
		assert_eq!(status(id), ServiceStatus::Ending { at: 7 });
		Operators::terminate(id, 5);
		assert_eq!(status(id), ServiceStatus::Ending { at: 5 });
		assert_eq!(MeterEnds::get().get(&id), Some(&(5, CloseReason::Terminated)));
		Operators::terminate(404, 5);
		assert!(!MeterEnds::get().contains_key(&404));
	});
}

#[test]
fn anyone_removes_a_service_that_is_over_and_the_operator_gets_the_deposit() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let (gone, stays) = (Draft::at("a.com").listed(ALICE), Draft::at("b.com").listed(ALICE));
		run_to(3 * ROUND_BLOCKS);
		// What was held is what is released, whatever a deposit is now.
		ServiceDeposit::set(DEPOSIT * 10);
		let remove = |id| Operators::remove_service(signed(CAROL), id);
		assert_noop!(remove(gone), Fault::ServiceNotEnding);
		assert_noop!(remove(404), Fault::UnknownService);
		assert_ok!(Operators::retire_service(signed(ALICE), gone));
		JudgedRound::set(2);
		assert_noop!(remove(gone), Fault::EndNotJudged);
		JudgedRound::set(3);
		sell(gone, 1);
		assert_noop!(remove(gone), Fault::UnitsSold);
		sell(gone, 0);
		InUse::mutate(|used| used.insert(gone));
		assert_noop!(remove(gone), DispatchError::Other("capacity is in use"));
		assert!(InPages::get().contains(&gone), "refused before anything was changed");
		InUse::set(Default::default());
		Owed::mutate(|owed| owed.insert(gone));
		assert_noop!(remove(gone), DispatchError::Other("credits are owed"));
		Owed::set(Default::default());
		// The stub's memory is not rolled back with the storage.
		InPages::mutate(|pages| pages.insert(gone));
		assert_ok!(Operators::set_exposure(gone, 40));

		assert_ok!(remove(gone));
		happened(Event::ServiceRemoved { service: gone, operator: ALICE, deposit: DEPOSIT });
		assert_eq!(held_deposit(ALICE), DEPOSIT);
		assert!(Operators::service(gone).is_none());
		assert_eq!(Operators::services_of(ALICE), [stays]);
		assert_eq!(InPages::get().into_iter().collect::<Vec<_>>(), [stays]);
		assert_eq!(Forgotten::get(), [gone]);
		assert_eq!(GivenUp::get().last(), Some(&gone));
		assert_eq!(Operators::exposure(gone), 0);
		assert_eq!(bond_of(ALICE, AssetId::Native).exposure, 0);
		assert_eq!(NetworkUse::<Test>::get(NETWORK), 1);
		assert_noop!(remove(gone), Fault::UnknownService);
	});
}

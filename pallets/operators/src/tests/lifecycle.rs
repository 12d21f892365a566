// SPDX-License-Identifier: Apache-2.0

//! End and removal of services.

use super::prelude::*;

const WINDOW: RoundIndex = WINDOW_ROUNDS as RoundIndex;

#[test]
fn a_service_without_units_ends_with_this_round() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		run_to(3 * ROUND_BLOCKS);
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_eq!(status(id), ServiceStatus::Ending { at: 3 });
		assert_eq!(
			MeterEnds::get().get(&Target::Service(id)),
			Some(&(3, CloseReason::ServiceRetired))
		);
		assert_emitted(Event::ServiceEnding { service: id, at: 3, for_cause: false });
		assert_noop!(Operators::sellable(id), Error::ServiceEnding);
		assert_noop!(Operators::pause_service(signed(ALICE), id), Error::ServiceEnding);
		assert_noop!(Operators::resume_service(signed(ALICE), id), Error::ServiceEnding);
		assert_noop!(Operators::raise_cover(signed(ALICE), id, percent(99)), Error::ServiceEnding);
		assert_noop!(Operators::retire_service(signed(ALICE), id), Error::ServiceEnding);
	});
}

#[test]
fn a_service_with_units_ends_after_a_window() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		sell(id, 1);
		run_to(3 * ROUND_BLOCKS);
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_eq!(status(id), ServiceStatus::Ending { at: 3 + WINDOW });
		run_to(4 * ROUND_BLOCKS);
		assert_noop!(Operators::retire_service(signed(ALICE), id), Error::ServiceEnding);
		// Without tenants no notice is needed.
		sell(id, 0);
		assert_ok!(Operators::retire_service(signed(ALICE), id));
		assert_eq!(status(id), ServiceStatus::Ending { at: 4 });
		assert_eq!(
			MeterEnds::get().get(&Target::Service(id)),
			Some(&(4, CloseReason::ServiceRetired))
		);
	});
}

#[test]
fn only_the_owner_or_governance_retires_a_service() {
	ExtBuilder::default().operators(&[ALICE, BOB]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		assert_noop!(Operators::retire_service(signed(BOB), id), Error::NotOwner);
		assert_noop!(Operators::retire_service(signed(ALICE), 404), Error::UnknownService);
		assert_noop!(Operators::retire_service(root(), 404), Error::UnknownService);
		assert_noop!(
			Operators::retire_service(RuntimeOrigin::none(), id),
			DispatchError::BadOrigin
		);
		assert_ok!(Operators::retire_service(root(), id));
		assert_eq!(status(id), ServiceStatus::Ending { at: 0 });
		// The reason is not the operator's.
		assert_eq!(MeterEnds::get().get(&Target::Service(id)), Some(&(0, CloseReason::Governance)));
	});
}

#[test]
fn termination_for_cause_never_delays_the_end() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let id = Draft::default().listed(ALICE);
		Operators::terminate(id, 7);
		assert_emitted(Event::ServiceEnding { service: id, at: 7, for_cause: true });
		Operators::terminate(id, 9);
		assert_eq!(status(id), ServiceStatus::Ending { at: 7 });
		Operators::terminate(id, 5);
		assert_eq!(status(id), ServiceStatus::Ending { at: 5 });
		Operators::terminate(404, 5);
		// The caller ends the meter.
		assert!(MeterEnds::get().is_empty());
	});
}

#[test]
fn anyone_removes_an_ended_service_and_the_deposit_is_released() {
	ExtBuilder::default().operators(&[ALICE]).build_and_execute(|| {
		let (gone, stays) = (Draft::at("a.com").listed(ALICE), Draft::at("b.com").listed(ALICE));
		run_to(3 * ROUND_BLOCKS);
		// The amount held is released, not the deposit of today.
		ServiceDeposit::set(DEPOSIT * 10);
		let remove = |id| Operators::remove_service(signed(CAROL), id);
		assert_noop!(remove(gone), Error::ServiceNotEnding);
		assert_noop!(remove(404), Error::UnknownService);
		assert_ok!(Operators::retire_service(signed(ALICE), gone));
		JudgedRound::set(2);
		assert_noop!(remove(gone), Error::EndNotJudged);
		JudgedRound::set(3);
		sell(gone, 1);
		assert_noop!(remove(gone), Error::UnitsSold);
		sell(gone, 0);
		InUse::mutate(|used| used.insert(gone));
		assert_noop!(remove(gone), DispatchError::Other("resources are in use"));
		assert!(Rows::get().contains(&Target::Service(gone)), "refused before any change");
		InUse::set(Default::default());
		Owed::mutate(|owed| owed.insert(Target::Service(gone)));
		assert_noop!(remove(gone), DispatchError::Other("credits are owed"));
		Owed::set(Default::default());
		// The memory of the stub is not rolled back with the storage.
		Rows::mutate(|rows| rows.insert(Target::Service(gone)));
		assert_ok!(set_exposure(Target::Service(gone), 40));

		assert_ok!(remove(gone));
		assert_emitted(Event::ServiceRemoved { service: gone, operator: ALICE, deposit: DEPOSIT });
		assert_eq!(held_deposit(ALICE), DEPOSIT);
		assert!(Operators::listing(Target::Service(gone)).is_none());
		assert_eq!(services_of(ALICE), [stays]);
		assert_eq!(Rows::get(), [Target::Service(stays)].into());
		assert_eq!(Forgotten::get(), [Target::Service(gone)]);
		assert_eq!(ForgottenInventories::get().last(), Some(&gone));
		assert_eq!(Operators::exposure(Target::Service(gone)), 0);
		assert_eq!(bond_of(ALICE, AssetId::Native).exposure, 0);
		assert_eq!(NetworkUse::<Test>::get(NETWORK), 1);
		assert_noop!(remove(gone), Error::UnknownService);
	});
}

#[test]
fn the_weight_of_a_removal_includes_the_history_of_breaches() {
	let call = Call::<Test>::remove_service { service: 0 };
	let own = <() as WeightInfo>::remove_service();
	let expected = own.saturating_add(AgreementsStub::forget_weight());
	assert_eq!(call.get_dispatch_info().call_weight, expected);
}

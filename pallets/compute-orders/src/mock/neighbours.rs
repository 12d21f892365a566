// SPDX-License-Identifier: Apache-2.0

//! Services, findings of the probers, slots, scores, and the events of all pallets.

use super::*;
use pallet_surety_reputation::{Cause, OperatorRecord};
use std::collections::BTreeSet;
use surety_primitives::{
	BondReserve as _, End, Meter as _, OnLeaseFailed as _, Probing as _, ReputationInspect as _,
	Slots as _, WindowTerms, report::Finding, score::Evidence,
};
use surety_test_kit::{Listing, up};

parameter_types! {
	/// Rounds in which all probers find a lease down; it is up in all others.
	pub static Outages: BTreeSet<(LeaseId, RoundIndex)> = BTreeSet::new();
	/// Events that were removed from the system pallet.
	pub static EventLog: Vec<RuntimeEvent> = vec![];
	/// Targets that only fill slots.
	pub storage Fillers: Vec<Target> = vec![];
}

/// Forget the findings of an earlier test, and let the probers report those of this one.
pub fn reset_findings() {
	Outages::take();
	Kit::set_findings(|_, round, target| match target {
		Target::Lease(id) if Outages::get().contains(&(id, round)) => Finding::Down,
		_ => up(),
	});
}

/// A lease is down from this round on, for so many rounds.
pub fn outage(id: LeaseId, from: RoundIndex, rounds: u32) {
	Outages::mutate(|all| all.extend((from..from + rounds).map(|round| (id, round))));
}

/// A lease is down from the next round on, until the probers have found it unhealthy.
pub fn fail(id: LeaseId) {
	let round = Timing::round() + 1;
	outage(id, round, 6);
	run_to_round(round + 5);
}

/// Carry out an end for the operator's doing, as probing does.
pub fn carry_out(id: LeaseId, (at, reason): End) {
	Probes::end_meter(Target::Lease(id), at, reason);
	ComputeOrders::on_lease_failed(id, (at, reason));
}

/// End of the meter of a lease, if it is decided.
pub fn meter_end(id: LeaseId) -> Option<End> {
	Probes::meter(Target::Lease(id)).and_then(|meter| meter.end)
}

/// Register an operator with a bond in the token.
pub fn register(who: AccountId, bond: Balance) {
	let name = b"operator".to_vec().try_into().unwrap();
	assert_ok!(Operators::register(signed(who), bond, name, Default::default()));
}

/// Service of an operator in an asset: 1 to 4 in the token, 11 to 14 in the asset.
pub fn service_of(operator: AccountId, asset: AssetId) -> ServiceId {
	operator as ServiceId + if asset == NATIVE { 0 } else { 10 }
}

/// List a `Compute` service on a server of its own, under this id.
pub fn list(id: ServiceId, operator: AccountId, asset: AssetId) {
	use pallet_surety_operators::NextServiceId;
	let next = NextServiceId::<Test>::get();
	NextServiceId::<Test>::put(id);
	let endpoint = String::from_utf8(endpoint_of(id).into_inner()).unwrap();
	let listing = Listing {
		endpoint,
		capacity: 1,
		price: 1,
		asset,
		terms: own_terms(),
		..Listing::compute()
	};
	assert_eq!(Kit::list(operator, listing), id);
	NextServiceId::<Test>::put(next.max(id + 1));
}

/// Change a listing in storage.
pub fn relist(id: ServiceId, f: impl FnOnce(&mut Service<AccountId>)) {
	pallet_surety_operators::Services::<Test>::mutate_extant(id, f);
}

/// Move the endpoint of a service to a server.
pub fn move_to(id: ServiceId, server: u32) {
	relist(id, |service| service.endpoint = endpoint_of(server));
}

/// Pause or resume a service.
pub fn set_paused(id: ServiceId, paused: bool) {
	let who = signed(Kit::listing(id).operator);
	let _ =
		if paused { Operators::pause_service(who, id) } else { Operators::resume_service(who, id) };
}

pub fn endpoint_of(service: ServiceId) -> Endpoint {
	format!("http://127.0.0.1:{}/", 9_000 + service).into_bytes().try_into().unwrap()
}

pub fn health_of(service: ServiceId) -> Endpoint {
	format!("http://127.0.0.1:{}/health", 9_000 + service).into_bytes().try_into().unwrap()
}

/// Listing of a lease that runs.
pub fn listing(id: LeaseId) -> Service<AccountId> {
	pallet_surety_operators::Leases::<Test>::get(id).expect("listed")
}

/// Bond that the agreement of a lease reserves.
pub fn exposure_of(id: LeaseId) -> Balance {
	pallet_surety_operators::Exposures::<Test>::get(Target::Lease(id))
}

/// Bond that bids and leases of an operator reserve beside agreements.
pub fn reserved(who: AccountId, asset: AssetId) -> Balance {
	Operators::reserved(&who, asset)
}

/// Make the current parameters the rules of the current window, as if it began again.
pub fn begin_window_again() {
	let _ = pallet_surety_sla::WindowRules::<Test>::clear(u32::MAX, None);
}

/// Agreement of a lease that was ready.
pub fn agreement(id: LeaseId) -> pallet_surety_sla::Agreement<AccountId> {
	let agreement = lease(id).ready.expect("it was ready").agreement;
	pallet_surety_sla::Agreements::<Test>::get(agreement).expect("it is not over")
}

/// Base units paid and reason, as the closed agreement of a lease reported them. `None` until it is
/// closed.
pub fn agreement_closed(id: LeaseId) -> Option<(Balance, CloseReason)> {
	let expected = lease(id).ready.expect("it was ready").agreement;
	let ends: Vec<_> = all_events()
		.into_iter()
		.filter_map(|event| match event {
			RuntimeEvent::Sla(pallet_surety_sla::Event::AgreementClosed {
				agreement,
				paid,
				reason,
				..
			}) if agreement == expected => Some((paid, reason)),
			_ => None,
		})
		.collect();
	assert!(ends.len() <= 1, "an agreement closes once");
	ends.first().copied()
}

/// Failed leases that the reputation pallet has recorded.
pub fn failures() -> Vec<(AccountId, LeaseId, CloseReason)> {
	all_events()
		.into_iter()
		.filter_map(|event| match event {
			RuntimeEvent::Reputation(pallet_surety_reputation::Event::Moved {
				account,
				cause: Cause::LeaseFailed { lease, reason },
				..
			}) => Some((account, lease, reason)),
			_ => None,
		})
		.collect()
}

/// Give an operator the evidence for this score, or for the nearest one below. Returns its score.
pub fn set_score(who: AccountId, score: u8) -> u8 {
	let evidence = |alpha| Evidence { alpha, beta: 0 };
	let (mut low, mut high) = (0, surety_primitives::score::MAX_EVIDENCE);
	// The score rises with the good evidence: find the most that is not above the target.
	while low < high {
		let middle = (low + high).div_ceil(2);
		if evidence(middle).score() <= score { low = middle } else { high = middle - 1 }
	}
	let evidence = evidence(low);
	let window = Timing::window_of(Timing::round());
	let last_score = evidence.score();
	let record = OperatorRecord { window, evidence, last_score, ..Default::default() };
	pallet_surety_reputation::Operators::<Test>::insert(who, record);
	Reputation::score(&who)
}

/// First lease id of the targets that only fill slots.
const FILLERS: u32 = 1_000_000;

/// Take all slots that are free.
pub fn fill_slots() {
	let mut fillers = Fillers::get();
	let listing = Kit::listing(service_of(OPERATORS[0], NATIVE));
	while Probes::occupancy().taken < Probes::occupancy().slots {
		let target = Target::Lease(FILLERS + fillers.len() as u32);
		assert_ok!(Probes::list(target, &listing));
		let rules = WindowTerms { allowance: [u16::MAX; 3], multiplier: 1 };
		assert_ok!(Probes::activate(target, rules));
		fillers.push(target);
	}
	Fillers::set(&fillers);
}

/// Release the slots that [`fill_slots`] took.
pub fn release_slots() {
	for target in Fillers::get() {
		Probes::unlist(target);
	}
	Fillers::set(&vec![]);
}

/// Move the events of the system pallet to the log.
pub fn reset_events() {
	let events = System::events().into_iter().map(|record| record.event);
	EventLog::mutate(|log| log.extend(events));
	System::reset_events();
}

/// Forget all events.
pub fn forget_events() {
	System::reset_events();
	EventLog::take();
}

/// Events of all pallets since the test began.
pub fn all_events() -> Vec<RuntimeEvent> {
	reset_events();
	EventLog::get()
}

/// Events of this pallet since the last call, or since [`reset_events`].
pub fn events() -> Vec<Event<Test>> {
	let own = |record: frame_system::EventRecord<RuntimeEvent, H256>| match record.event {
		RuntimeEvent::ComputeOrders(event) => Some(event),
		_ => None,
	};
	let events = System::events().into_iter().filter_map(own).collect();
	reset_events();
	events
}

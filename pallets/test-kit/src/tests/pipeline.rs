// SPDX-License-Identifier: Apache-2.0

//! From the findings of probers to verdicts, payments and scores.

use super::mock::*;
use crate::{BOND, FUNDS, Genesis, LOCAL, Listing, MINIMUM, OPERATOR, PRICE, TENANT, up};
use frame::testing_prelude::*;
use pallet_surety_timing::{TimingPreset, Timings};
use surety_primitives::{
	AssetId, Balance, CloseReason, EscrowOwner, Fee, LatencyBucket, Meter, NewStream,
	ReputationInspect, ServiceId, ServiceStatus, Severity, Slots, Streams, Target, Verdict,
	report::Finding,
};

fn listed() -> ServiceId {
	Kit::operator(OPERATOR, Listing::default())
}

/// Activate the row of a service and open a stream that its meter pays.
fn sell(service: ServiceId, deposit: Balance) -> u32 {
	let target = Target::Service(service);
	assert_ok!(Probes::activate(target, TERMS));
	<Escrow as Streams<u64>>::open(NewStream {
		owner: EscrowOwner::Agreement(0),
		payer: TENANT,
		payee: OPERATOR,
		asset: AssetId::Native,
		meter: target,
		rate: PRICE,
		deposit,
		prepaid: 0,
		fee: Fee { share: PlatformFee::get(), to_probers: ProberShare::get() },
	})
	.unwrap()
}

#[test]
fn verdicts_follow_the_findings_of_the_probers() {
	Kit::build_and_execute(|| {
		let service = listed();
		let target = Target::Service(service);
		assert_eq!(Kit::verdict(target), None);
		Kit::run_rounds(3);
		let last = Kit::run_round(|_| up());
		Kit::run_to_judged(last);
		let latency = LatencyBucket::from_millis(40);
		assert_eq!(Kit::verdict(target), Some(Verdict::Up { latency }));

		let last = Kit::outage(target, 2);
		Kit::run_to_judged(last);
		assert_eq!(Kit::verdict(target), Some(Verdict::Down));
		Kit::run_to_judged(last + 1);
		assert_eq!(Kit::verdict(target), Some(Verdict::Up { latency }));
	});
}

#[test]
fn an_outage_is_not_billed_and_reaches_a_tier() {
	Kit::build_and_execute(|| {
		let service = listed();
		let target = Target::Service(service);
		let escrow = sell(service, 10_000);
		let first = Kit::round() + 1;
		Kit::run_rounds(4);
		let last = Kit::outage(target, 2);
		Kit::run_to_judged(last + 1);

		let rounds = last + 1 - first + 1 - 2;
		let due = Balance::from(rounds * TimingPreset::dev().round_blocks) * PRICE;
		assert_eq!(Probes::meter(target).unwrap().reading.through, last + 1);
		assert_eq!(<Escrow as Streams<u64>>::settle(escrow), Ok(due));
		let tiers: Vec<_> = Tiers::get().into_iter().map(|(_, tier)| tier.severity).collect();
		assert_eq!(tiers, [Severity::Low]);

		assert_ok!(<Escrow as Streams<u64>>::end(escrow, Kit::round(), CloseReason::TenantClosed));
		Kit::run_until("the stream is closed", || !Ended::get().is_empty());
		Probes::deactivate(target);
		assert_eq!(Ended::get()[0].1.reason, CloseReason::TenantClosed);
	});
}

#[test]
fn a_closed_window_moves_the_score_of_the_operator() {
	Kit::build_and_execute(|| {
		let service = listed();
		assert_ok!(Probes::activate(Target::Service(service), TERMS));
		Kit::run_windows(2);
		Kit::run_rounds(3);
		assert!(<Reputation as ReputationInspect<u64>>::score(&OPERATOR) > 0);
		Probes::deactivate(Target::Service(service));
	});
}

#[test]
fn each_prober_has_findings_of_its_own() {
	Kit::build_and_execute(|| {
		let target = Target::Service(listed());
		Kit::set_findings(|prober, _, _| if prober < 2 { up() } else { Finding::Down });
		let last = Kit::round() + 3;
		Kit::run_to_judged(last);
		assert_eq!(Kit::verdict(target), Some(Verdict::Unclear));
		// Without a quorum there is no verdict on the service.
		Kit::set_absent(0..3);
		Kit::run_to_judged(Kit::round() + 1);
		assert_eq!(Kit::verdict(target), Some(Verdict::Unmeasured));
	});
}

#[test]
fn probers_find_the_proof_of_control() {
	let timings = Timings { proof_of_control: true, ..TimingPreset::dev() };
	Kit::build_and_execute_with(Genesis { timings, ..Default::default() }, || {
		let service = listed();
		assert_eq!(Kit::listing(service).status, ServiceStatus::Unproven);
		Kit::prove_control(service);
	});
}

#[test]
fn assets_can_be_approved_and_bonded() {
	Kit::build_and_execute(|| {
		Kit::approve_asset(2, 500);
		let issuance = Kit::issuance(LOCAL);
		let service = Kit::operator(OPERATOR, Listing::of(LOCAL));
		assert_eq!(Kit::listing(service).asset, LOCAL);
		assert_eq!(Kit::bond(OPERATOR, LOCAL), BOND);
		let reason = pallet_surety_operators::HoldReason::Bond;
		assert_eq!(Kit::held(LOCAL, reason, OPERATOR), BOND);
		assert_eq!(Kit::spendable(LOCAL, OPERATOR), FUNDS - BOND - MINIMUM);
		assert_eq!(Kit::total(LOCAL, OPERATOR), FUNDS);
		assert_eq!(Kit::issuance(LOCAL), issuance);
		let events = Kit::take_events::<pallet_surety_operators::Event<Test>>();
		assert!(
			!events.is_empty() && Kit::events::<pallet_surety_operators::Event<Test>>().is_empty()
		);
	});
}

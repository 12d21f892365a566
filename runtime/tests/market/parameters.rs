// SPDX-License-Identifier: Apache-2.0

//! A parameter that governance changes, at any block, changes neither credit nor payment of a round
//! that has begun.

use crate::{actors::*, fixture::Fixture, orders};
use codec::{Decode, Encode};
use frame_support::{assert_ok, traits::dynamic_params::AggregatedKeyValue};
use pallet_surety_compute_orders as compute;
use pallet_surety_sla as sla;
use proptest::prelude::*;
use sp_runtime::{Perbill, traits::Dispatchable};
use std::collections::BTreeSet;
use surety_primitives::{
	AgreementId, AssetId, Balance, Clock, LeaseId, Meter, Probing, ServiceId, Streams as _, Target,
	WindowShare, report::Finding,
};
use surety_runtime::{
	parameters::{
		compute::{self as c},
		market::{self as m},
		operators::{self as o},
		probing::{self as p},
	},
	*,
};

type Key = <RuntimeParameters as AggregatedKeyValue>::Key;
type RuntimeParameters = surety_runtime::parameters::RuntimeParameters;

/// Every parameter, set to a value within its range.
fn all(value: u32) -> Vec<RuntimeParameters> {
	let share = Perbill::from_percent(value % 101);
	let few = value % 40;
	let amount = Balance::from(value) * UNIT / 1_000 + 1;
	macro_rules! set {
		($group:ident, $module:ident, $($name:ident = $value:expr),* $(,)?) => {
			[$(RuntimeParameters::$group($module::Parameters::$name($module::$name, Some($value)))),*]
		};
	}
	let operators = set!(
		Operators,
		o,
		MinimumBond = amount,
		UnbondingPeriod = few,
		ServiceDeposit = amount,
		MaintenanceShare = share
	);
	let market = set!(
		Market,
		m,
		PlatformFee = share,
		ProberShare = share,
		PenaltyShare = share,
		EscalationWindows = few,
		MaxMultiplier = (few + 1) as u8,
		MaxCredit = WindowShare::from_u32(few),
		RentBase = share,
		RentPeak = share
	);
	let probing = set!(
		Probing,
		p,
		MinDuty = share,
		UnhealthyRounds = (few % 5) as u8,
		HealthRounds = (few % 32 + 1) as u8,
		DueServices = few * 128,
		MinCaught = share,
		NeglectSessions = few
	);
	let compute = set!(
		Compute,
		c,
		OrderDeposit = amount,
		BidDeposit = amount,
		StartPenalty = share,
		FetchBlocks = few,
		StartBlocks = few,
		ReopenBlocks = few,
		MaxBidBlocks = few + 6,
		MaxDuration = few + 6,
		KeepBlocks = few,
		TrialRounds = few
	);
	operators.into_iter().chain(market).chain(probing).chain(compute).collect()
}

#[test]
fn the_property_test_changes_every_parameter() {
	let known: BTreeSet<Vec<u8>> =
		all(1).into_iter().map(|change| change.into_parts().0.encode()).collect();
	let there_are: BTreeSet<Vec<u8>> = (0..=u8::MAX)
		.flat_map(|group| (0..=u8::MAX).map(move |key| vec![group, key]))
		.filter_map(|bytes| Key::decode(&mut bytes.as_slice()).ok())
		.map(|key| key.encode())
		.collect();
	assert_eq!(known, there_are);
}

/// A service with two tenants and a lease, in the first window in which credits count.
struct Scenario {
	chain: Fixture,
	service: ServiceId,
	agreements: Vec<AgreementId>,
	lease: LeaseId,
}

/// Credits and payments so far.
#[derive(Debug, Eq, PartialEq)]
struct Ledger {
	meters: Vec<Option<u32>>,
	indices: Vec<WindowShare>,
	breaches: Vec<sla::Breach>,
	/// Paid or due, and promised credit, of each agreement.
	agreements: Vec<(Balance, Balance)>,
	lease_ends: Option<(u32, surety_primitives::CloseReason)>,
}

impl Scenario {
	fn new(asset: AssetId) -> Self {
		let mut chain = Fixture::new();
		let service = chain.operator(asset);
		let tenant = orders::funded(&mut chain, 0);
		let bidder = orders::operator(&mut chain, 1, asset);
		let machine = orders::machine(&mut chain, &bidder, 9_001, 2, asset);
		let new = orders::new_order(&mut chain, asset);
		let order = orders::place(&mut chain, &tenant, new);
		assert_ok!(orders::call_as(
			&mut chain,
			&bidder,
			orders::bid(order, machine, orders::price(asset))
		));
		let lease = orders::awarded(&mut chain, order, None);
		orders::ready(&mut chain, lease);
		let agreements =
			vec![chain.open(TENANT, service, 2, 8), chain.open(OTHER_TENANT, service, 1, 8)];
		chain.next_window();
		let of_lease =
			chain.peek(|| compute::Leases::<Runtime>::get(lease).unwrap().ready).unwrap().agreement;
		Self { chain, service, agreements: [agreements, vec![of_lease]].concat(), lease }
	}

	/// Build blocks until all rounds through `round` are judged, and read the ledger.
	fn ledger(&mut self, round: u32) -> Ledger {
		self.chain.until("it is judged", 8, move || Probes::judged_round() >= round);
		let targets = [Target::Service(self.service), Target::Lease(self.lease)];
		let (agreements, lease) = (self.agreements.clone(), self.lease);
		self.chain.peek(|| {
			let blocks = Timing::round_blocks();
			let lease = compute::Leases::<Runtime>::get(lease).unwrap();
			let order = compute::Orders::<Runtime>::get(lease.order).unwrap();
			let escrow = order.replicas[0].escrow;
			let ends = match lease.state {
				compute::LeaseState::Closed { round, reason, .. } => Some((round, reason)),
				_ => Escrow::stream(escrow).and_then(|stream| stream.ending),
			};
			Ledger {
				meters: targets
					.map(|target| Probes::meter(target)?.reading.at_least(round, blocks))
					.to_vec(),
				indices: targets
					.map(|id| sla::Targets::<Runtime>::get(id).map(|s| s.index).unwrap_or_default())
					.to_vec(),
				breaches: targets
					.iter()
					.flat_map(|id| Sla::breach_history(*id, None, 64))
					.map(|(_, breach)| breach)
					.filter(|breach| breach.round <= round)
					.collect(),
				agreements: agreements
					.iter()
					.map(|id| {
						let Some(status) = Sla::agreement(*id) else { return (0, 0) };
						let stream = status.stream;
						let paid = stream.map_or(0, |s| s.paid + s.due);
						let credit = status.agreement.credited + status.owed + status.reserved
							- status.agreement.claimable;
						(paid, credit)
					})
					.collect(),
				lease_ends: ends.filter(|(at, _)| *at <= round),
			}
		})
	}
}

/// Outages of the service and of the lease: first round after the set-up, and number of rounds.
#[derive(Clone, Debug)]
struct Outages {
	service: (u32, u32),
	lease: (u32, u32),
}

/// Run to `block` blocks after the set-up, change a parameter there, and return the ledger of the
/// round of that block.
fn run(asset: AssetId, outages: &Outages, block: u32, change: Option<RuntimeParameters>) -> Ledger {
	let mut scenario = Scenario::new(asset);
	let first = scenario.chain.round();
	let down =
		|round: u32, (from, rounds): (u32, u32)| (from..from + rounds).contains(&(round - first));
	let mut at = 0;
	let round = loop {
		let round = scenario.chain.round();
		for (target, outage) in [
			(Target::Service(scenario.service), outages.service),
			(Target::Lease(scenario.lease), outages.lease),
		] {
			match down(round, outage) {
				true => drop(scenario.chain.endpoints.insert(target, Finding::Down)),
				false => drop(scenario.chain.endpoints.remove(&target)),
			}
		}
		if at == block {
			break round;
		}
		scenario.chain.block();
		at += 1;
	};
	// The block of the change, or an empty one in its place, belongs to the round that is compared.
	let round = scenario.chain.block_with(|| {
		if let Some(change) = change.clone() {
			let call = pallet_parameters::Call::set_parameter { key_value: change };
			assert_ok!(RuntimeCall::from(call).dispatch(RuntimeOrigin::root()));
		}
		Timing::round().max(round)
	});
	let ledger = scenario.ledger(round);
	scenario.chain.check();
	ledger
}

proptest! {
	#![proptest_config(ProptestConfig {
		cases: 10,
		max_shrink_iters: 40,
		..ProptestConfig::default()
	})]

	#[test]
	fn no_parameter_touches_a_round_that_has_begun(
		local in any::<bool>(),
		service in (0u32..14, 0u32..8),
		lease in (0u32..14, 0u32..8),
		block in 6u32..90,
		values in proptest::collection::vec((any::<prop::sample::Index>(), any::<u32>()), 4),
	) {
		let asset = if local { AssetId::Local(genesis::SBTC) } else { AssetId::Native };
		let outages = Outages { service, lease };
		let without = run(asset, &outages, block, None);
		for (which, value) in values {
			let change = which.get(&all(value)).clone();
			let with = run(asset, &outages, block, Some(change.clone()));
			prop_assert_eq!(&with, &without, "{:?} at block {} of {:?}", change, block, outages);
		}
	}
}

/// Each parameter is changed once while an outage is judged at the edge of a window.
#[test]
fn a_parameter_set_at_a_windows_edge_changes_no_begun_round() {
	let outages = Outages { service: (8, 8), lease: (9, 4) };
	// Rounds of the second window in which the last rounds of the first window, and then those of
	// the second, are judged.
	for block in [12 * 6 + 4, 12 * 6 + 14] {
		let without = run(AssetId::Native, &outages, block, None);
		assert!(!without.breaches.is_empty());
		for change in all(37) {
			let with = run(AssetId::Native, &outages, block, Some(change.clone()));
			assert_eq!(with, without, "{change:?} at block {block}");
		}
	}
}

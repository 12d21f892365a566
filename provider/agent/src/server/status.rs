// SPDX-License-Identifier: Apache-2.0

//! Status of the agent: what people ask about.

use super::Pages;
use crate::{
	chain::{FollowerReport, LeaseView, Snapshot, windows},
	reconcile::{Health, ObservationReport, Rules, health_of},
	store::{BidOutcome, BidState, Entry, Record},
	vpn::VpnStatus,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use surety_engine::{Capacity, LeaseId};
use surety_gateway::{roles::RolePages, telemetry::Status as EdgeStatus};
use surety_primitives::{OrderId, Resources, ServiceId};
use surety_runtime_api::LeasePhase;

/// Entries of the history that are shown.
const SHOWN: usize = 100;
/// Decisions on orders that are shown.
const SHOWN_BIDS: usize = 200;

/// Status of the agent.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AgentStatus {
	/// Version of the program.
	pub version: String,
	/// Milliseconds since the Unix epoch.
	pub now_ms: u64,
	/// Seconds since the start.
	pub uptime_secs: u64,
	/// Account of the operator.
	pub operator: Option<String>,
	/// Name of the operator.
	pub name: String,
	/// Score, 0 to 100.
	pub score: u8,
	/// Account of the key.
	pub key: String,
	/// Bonds: asset, active, reserved, in base units.
	pub bonds: Vec<(String, String, String)>,
	/// Connection to the chain.
	pub chain: FollowerReport,
	/// Engine.
	pub engine: ObservationReport,
	/// Machine.
	pub machine: Option<Capacity>,
	/// Services.
	pub services: Vec<ServiceStatus>,
	/// Leases that the agent remembers, newest first.
	pub leases: Vec<LeaseStatus>,
	/// Decisions on orders, newest first.
	pub bids: Vec<BidStatus>,
	/// The edge, with the agreements of services of models and of JSON-RPC.
	pub edge: Option<EdgeStatus>,
	/// Paid for leases so far, fee included, by asset, in base units.
	pub earned: BTreeMap<String, String>,
	/// VPN, if one is sold.
	pub vpn: Option<VpnStatus>,
	/// Events, newest first.
	pub history: Vec<Entry>,
	/// What to do next.
	pub advice: Vec<String>,
}

/// A service.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceStatus {
	/// Id.
	pub id: ServiceId,
	/// Endpoint.
	pub endpoint: String,
	/// Status of the listing.
	pub status: String,
	/// True if it takes new units.
	pub open: bool,
	/// Last verdict.
	pub verdict: Option<String>,
	/// Declared resources.
	pub total: Resources,
	/// Resources that nothing reserves.
	pub free: Resources,
	/// Rounds of the live window, by verdict.
	pub window: String,
	/// Breaches in the remembered windows and credits so far, in windows' prices.
	pub credited: String,
}

/// A lease.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LeaseStatus {
	/// Id.
	pub id: LeaseId,
	/// Order.
	pub order: OrderId,
	/// Replica.
	pub replica: u8,
	/// Image.
	pub image: String,
	/// Phase on chain.
	pub phase: String,
	/// Health as validators are told; `None` if it is over.
	pub health: Option<Health>,
	/// Price per block, in base units.
	pub price: String,
	/// Paid so far, in base units.
	pub paid: String,
	/// Taken from the bond for failing it, in base units.
	pub forfeited: String,
	/// Last verdict.
	pub verdict: Option<String>,
	/// Rounds of the live window, by verdict.
	pub window: String,
	/// Credits so far, in windows' prices.
	pub credited: String,
	/// Restarts after exits in a row.
	pub exits: u32,
	/// Last failure.
	pub error: Option<String>,
}

/// Decision on an order.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BidStatus {
	/// Order.
	pub order: OrderId,
	/// The decision.
	#[serde(flatten)]
	pub outcome: BidOutcome,
}

impl AgentStatus {
	/// Status now.
	pub fn of(pages: &Pages, now_ms: u64) -> Self {
		let rules = (pages.rules)();
		let last = pages.observer.last();
		let health = |record: &Record| health_of(record, last.as_deref(), &rules, now_ms);
		let snapshot = pages.follower.snapshot();
		let memory = pages.store.memory();
		let mut leases: Vec<_> = memory
			.values()
			.rev()
			.map(|record| {
				let view = snapshot.as_ref().and_then(|one| one.leases.get(&record.lease));
				lease_status(record, view, &health)
			})
			.collect();
		leases.sort_by_key(|lease| lease.health.is_none());
		let mut status = Self {
			version: env!("CARGO_PKG_VERSION").into(),
			now_ms,
			uptime_secs: pages.started.elapsed().as_secs(),
			key: pages.key.clone(),
			chain: pages.follower.report(),
			engine: pages.observer.report(),
			machine: (pages.machine)(),
			leases,
			bids: bids(pages),
			vpn: pages.vpn.as_ref().map(|vpn| vpn.status()),
			edge: pages.edge.as_ref().map(RolePages::status),
			history: pages.store.history(SHOWN).unwrap_or_default(),
			..Self::default()
		};
		if let Some(snapshot) = &snapshot {
			status.take(snapshot);
		}
		status.advice = advice(&status, &rules);
		status
	}

	fn take(&mut self, snapshot: &Snapshot) {
		self.operator = Some(snapshot.account.to_string());
		if let Some(operator) = &snapshot.operator {
			self.name = String::from_utf8_lossy(&operator.name).into_owned();
			self.score = operator.score;
			let bond = |bond: &surety_runtime_api::BondInfo| {
				(String::from(bond.asset), bond.active.to_string(), bond.exposure.to_string())
			};
			self.bonds = operator.bonds.iter().map(bond).collect();
		}
		let service = |(id, view): (&ServiceId, &crate::chain::ServiceView)| {
			let service = &view.detail.service;
			ServiceStatus {
				id: *id,
				endpoint: view.endpoint(),
				status: format!("{:?}", service.listing.status),
				open: service.open,
				verdict: service.last_verdict.map(|verdict| format!("{:?}", verdict.verdict)),
				total: view.total(),
				free: view.free(),
				window: rounds(&view.detail.status.counters),
				credited: windows(view.detail.status.index),
			}
		};
		self.services = snapshot.services.iter().map(service).collect();
		let mut earned: BTreeMap<String, u128> = BTreeMap::new();
		for lease in snapshot.leases.values() {
			let sum = earned.entry(lease.info.asset.into()).or_default();
			*sum = sum.saturating_add(lease.info.paid);
		}
		self.earned = earned.into_iter().map(|(asset, sum)| (asset, sum.to_string())).collect();
	}
}

fn rounds(counters: &surety_primitives::Counters) -> String {
	format!(
		"{} up, {} down, {} bad, {} stale, {} unclear",
		counters.up, counters.down, counters.bad, counters.stale, counters.unclear
	)
}

fn lease_status(
	record: &Record,
	view: Option<&LeaseView>,
	health: &dyn Fn(&Record) -> Health,
) -> LeaseStatus {
	let mut status = LeaseStatus {
		id: record.lease,
		order: record.order,
		replica: record.replica,
		phase: "not on chain".into(),
		health: record.ended.is_none().then(|| health(record)),
		exits: record.exits,
		error: record.error.clone(),
		..LeaseStatus::default()
	};
	let Some(view) = view else { return status };
	let info = &view.info;
	status.phase = match &info.phase {
		LeasePhase::Starting { fetch_until, ready_by } => {
			format!("starts: decline before block {fetch_until}, ready before {ready_by}")
		},
		LeasePhase::Running { last_round, .. } => format!("runs up to round {last_round}"),
		LeasePhase::Ending { ending } => {
			format!("ends with round {}: {:?} ({})", ending.round, ending.reason, ending.code)
		},
		LeasePhase::Closed { ending } => format!("over: {:?} ({})", ending.reason, ending.code),
	};
	let order = view.order.as_ref();
	status.image =
		order.map(|order| String::from_utf8_lossy(&order.image).into_owned()).unwrap_or_default();
	status.price = info.price.to_string();
	status.paid = info.paid.to_string();
	status.forfeited = info.forfeited.to_string();
	status.verdict = info.last_verdict.map(|verdict| format!("{:?}", verdict.verdict));
	if let Some(detail) = &view.detail {
		status.window = rounds(&detail.status.counters);
		status.credited = windows(detail.status.index);
	}
	status
}

fn bids(pages: &Pages) -> Vec<BidStatus> {
	let bids = pages.store.bids().unwrap_or_default().into_iter();
	let mut bids: Vec<_> = bids.map(|(order, outcome)| BidStatus { order, outcome }).collect();
	bids.sort_by_key(|bid| std::cmp::Reverse((bid.outcome.at_ms, bid.order)));
	bids.truncate(SHOWN_BIDS);
	bids
}

/// What to do next, the most urgent first.
pub fn advice(status: &AgentStatus, rules: &Rules) -> Vec<String> {
	let mut advice = Vec::new();
	let age = |at_ms: u64| status.now_ms.saturating_sub(at_ms);
	match &status.chain.error {
		Some(error) => advice.push(format!("The chain cannot be read ({error}): check the nodes.")),
		None if status.chain.block.is_none() => advice.push("Wait for the first block.".into()),
		None => (),
	}
	if status.engine.at_ms.is_none_or(|at| age(at) > rules.observation_ms) {
		let error = status.engine.error.as_deref().unwrap_or("no answer yet");
		advice.push(format!("The engine does not answer ({error}): all leases count as failed."));
	}
	if status.chain.block.is_some() && status.bonds.is_empty() {
		advice.push("Register the operator with a bond: operators.register.".into());
	} else if status.chain.block.is_some() && status.services.is_empty() {
		advice.push("List a service of the kind Compute: operators.listService.".into());
	}
	for service in status.services.iter().filter(|service| !service.open) {
		advice.push(format!(
			"Service {} takes no new units ({}, last verdict {}): run `surety-provider doctor`.",
			service.id,
			service.status,
			service.verdict.as_deref().unwrap_or("none yet")
		));
	}
	let agreements = status.edge.iter().flat_map(|edge| &edge.agreements);
	for one in agreements.filter(|one| one.lost > one.calls.checked_div(10).unwrap_or(0)) {
		advice.push(format!(
			"The server behind service {} fails: {} of {} requests of agreement {} had no answer.",
			one.service,
			one.lost,
			one.calls,
			one.agreement.map_or("-".into(), |id| id.to_string())
		));
	}
	for lease in &status.leases {
		let failed = lease.health.as_ref().is_some_and(|health| !health.state.is_up());
		if failed {
			let error = lease.error.as_deref().unwrap_or("no failure is known");
			advice.push(format!("Lease {} has failed: {error}.", lease.id));
		}
	}
	for limit in status.machine.iter().flat_map(|machine| &machine.unenforced) {
		advice.push(format!("The engine does not enforce: {limit}."));
	}
	advice.extend(status.vpn.as_ref().and_then(VpnStatus::advice));
	let won = |bid: &&BidStatus| matches!(bid.outcome.state, BidState::Won | BidState::Standing);
	if let Some(bid) = status.bids.first()
		&& status.bids.iter().find(won).is_none()
	{
		advice.push(format!("No bid stands; the last order was refused: {}.", bid.outcome.why));
	}
	advice
}

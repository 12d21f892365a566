// SPDX-License-Identifier: Apache-2.0

//! Endpoint, proof of control and leases, as validators ask and by their own judge.

use super::{Findings, models};
use crate::{
	chain::Snapshot,
	client::{self, Network},
};
use bytes::Bytes;
use serde_json::json;
use sp_runtime::AccountId32;
use std::time::Duration;
use surety_gateway::chain::{Nodes, Reader};
use surety_primitives::{Service, ServiceId, ServiceKind, endpoint, endpoint::control_hash};
use surety_prober::{Grade, control_url, is_proof, judge_lease};

/// Largest answer of an endpoint, and of an agent.
const MAX_ENDPOINT: usize = 256 << 10;
const MAX_AGENT: usize = 4 << 10;

/// Answer of an endpoint.
pub(super) struct Answer {
	pub status: u16,
	pub body: Bytes,
	pub ms: u128,
}

pub(super) async fn examine(nodes: &Nodes, snapshot: &Snapshot, findings: &mut Findings) {
	let round_ms = snapshot.clock.slot_ms.saturating_mul(snapshot.clock.round_blocks.into());
	// A prober waits as long when its rounds are full.
	let patience = Duration::from_millis(round_ms.checked_div(10).unwrap_or(6_000).max(100));
	let params = json!(["SuretyApi_private_endpoints", "0x", snapshot.head.hash]);
	let private: Result<String, _> = nodes.read(snapshot.head.number, "state_call", &params).await;
	let allows_private = private.is_ok_and(|answer| answer == "0x01");
	let reader = Reader::at(nodes, snapshot.head);
	for id in snapshot.operator.iter().flat_map(|operator| &operator.services) {
		let listing = match reader.service(*id).await {
			Ok(Some(detail)) => detail.service.listing,
			Ok(None) => continue,
			Err(error) => {
				findings.warn("service", format!("service {id} cannot be read: {error}."));
				continue;
			},
		};
		let url = String::from_utf8_lossy(&listing.endpoint).into_owned();
		if let Err(fault) = endpoint::check(&listing.endpoint, allows_private) {
			findings.fail("endpoint", format!("{url}: {fault}; validators do not ask it."));
			continue;
		}
		let limit = u128::from(listing.terms.max_latency.edge_micros()).div_ceil(1_000);
		let found = match &listing.kind {
			// The agent's part asks for a trial; a network's nodes are judged against anchors.
			ServiceKind::Vpn { .. } | ServiceKind::Rpc { .. } => None,
			ServiceKind::Compute => Some(page(&url, patience).await),
			ServiceKind::Inference { model } => {
				Some(models::judge(&url, &String::from_utf8_lossy(model), patience).await)
			},
		};
		match found {
			Some(Ok(ms)) if ms > limit => findings.warn(
				"endpoint",
				format!("service {id} is up and slow: {ms} ms, the terms say {limit}."),
			),
			Some(Ok(ms)) => findings.ok("endpoint", format!("service {id} is up, in {ms} ms.")),
			Some(Err(why)) => findings.fail("endpoint", format!("service {id} is {why} ({url}).")),
			None => {},
		}
		proof(snapshot, *id, &listing, patience, findings).await;
	}
	for lease in snapshot.leases.values().filter(|lease| lease.is_ready()) {
		let url = String::from_utf8_lossy(&lease.info.health).into_owned();
		let id = lease.info.id;
		let verdict = match ask(&url, None, patience, MAX_AGENT).await {
			Err(error) => Err(format!("down: {error}")),
			Ok(answer) if !(200..300).contains(&answer.status) => {
				Err(format!("down: HTTP status {}", answer.status))
			},
			Ok(answer) => match judge_lease(&answer.body, id) {
				Some(Grade::Correct) => Ok(answer.ms),
				None => Err("down: the agent says that it failed".into()),
				Some(_) => Err("bad: not the answer of this lease".into()),
			},
		};
		match verdict {
			Ok(ms) => findings.ok("lease", format!("lease {id} is up, in {ms} ms.")),
			Err(why) => findings.fail("lease", format!("lease {id} is {why} ({url}).")),
		}
	}
}

/// Time in ms of the answer of an endpoint, or the verdict on it.
async fn page(url: &str, patience: Duration) -> Result<u128, String> {
	match ask(url, None, patience, MAX_ENDPOINT).await {
		Ok(Answer { status: 200..=299, ms, .. }) => Ok(ms),
		Ok(answer) => Err(format!("down: HTTP status {}", answer.status)),
		Err(error) => Err(format!("down: {error}; is the agent running, and the port open?")),
	}
}

async fn proof(
	snapshot: &Snapshot,
	id: ServiceId,
	listing: &Service<AccountId32>,
	patience: Duration,
	findings: &mut Findings,
) {
	let url = String::from_utf8_lossy(&listing.endpoint);
	let Some(proof) = control_url(&url, id) else { return };
	let operator: &[u8] = listing.operator.as_ref();
	let expected = control_hash(&snapshot.genesis.0, operator, id, &listing.endpoint);
	match ask(&proof, None, patience, MAX_AGENT).await {
		Ok(answer) if answer.status == 200 && is_proof(&answer.body, &expected) => {
			findings.ok("proof", format!("service {id}: the proof of control is served."));
		},
		Ok(answer) => {
			let digits: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
			let text = format!(
				"service {id}: HTTP status {} and no proof; {proof} must answer {digits}.",
				answer.status
			);
			findings.fail("proof", text);
		},
		Err(error) => findings.fail("proof", format!("service {id}: {error} at {proof}.")),
	}
}

/// Ask within the bounds of a prober.
///
/// - `json`: body of a `POST`; `GET` without one.
pub(super) async fn ask(
	url: &str,
	json: Option<String>,
	patience: Duration,
	max: usize,
) -> Result<Answer, String> {
	let began = std::time::Instant::now();
	let network = Network::new(None, true).map_err(|error| error.to_string())?;
	let (status, body) = client::ask(url, json, &network, max, patience).await?;
	Ok(Answer { status, body, ms: began.elapsed().as_millis() })
}

// SPDX-License-Identifier: Apache-2.0

//! Endpoint, proof of control and leases, as validators ask and by their own judge.

use super::Findings;
use crate::chain::{ServiceView, Snapshot};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::time::Duration;
use surety_gateway::{
	chain::Nodes,
	upstream::{ConnectSettings, Connector, Endpoint, client_config},
};
use surety_primitives::{endpoint, endpoint::control_hash};
use surety_prober::{Grade, control_url, is_proof, judge_lease};

/// Largest answer of an endpoint, and of an agent.
const MAX_ENDPOINT: usize = 256 << 10;
const MAX_AGENT: usize = 4 << 10;

/// Answer of an endpoint.
struct Answer {
	status: u16,
	body: Bytes,
	ms: u128,
}

pub(super) async fn examine(nodes: &Nodes, snapshot: &Snapshot, findings: &mut Findings) {
	let round_ms = snapshot.clock.slot_ms.saturating_mul(snapshot.clock.round_blocks.into());
	// A prober waits as long when its rounds are full.
	let patience = Duration::from_millis(round_ms.checked_div(10).unwrap_or(6_000).max(100));
	let params = json!(["SuretyApi_private_endpoints", "0x", snapshot.head.hash]);
	let private: Result<String, _> = nodes.read(snapshot.head.number, "state_call", &params).await;
	let allows_private = private.is_ok_and(|answer| answer == "0x01");
	for service in snapshot.services.values() {
		let url = service.endpoint();
		if let Err(fault) = endpoint::check(url.as_bytes(), allows_private) {
			findings.fail("endpoint", format!("{url}: {fault}; validators do not ask it."));
			continue;
		}
		listed(service, &url, patience, findings).await;
		proof(snapshot, service, &url, patience, findings).await;
	}
	for lease in snapshot.leases.values().filter(|lease| lease.is_ready()) {
		let url = String::from_utf8_lossy(&lease.info.health).into_owned();
		let id = lease.info.id;
		let verdict = match get(&url, patience, MAX_AGENT).await {
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

async fn listed(service: &ServiceView, url: &str, patience: Duration, findings: &mut Findings) {
	let id = service.detail.service.id;
	match get(url, patience, MAX_ENDPOINT).await {
		Ok(Answer { status: 200..=299, ms, .. }) => {
			let limit = service.detail.service.listing.terms.max_latency;
			let limit_ms = u128::from(limit.edge_micros()).checked_div(1_000).unwrap_or(0);
			if ms > limit_ms {
				let text =
					format!("service {id} is up and slow: {ms} ms, the terms say {limit_ms}.");
				findings.warn("endpoint", text);
			} else {
				findings.ok("endpoint", format!("service {id} is up, in {ms} ms."));
			}
		},
		Ok(answer) => findings.fail(
			"endpoint",
			format!("service {id} is down: HTTP status {} at {url}.", answer.status),
		),
		Err(error) => findings.fail(
			"endpoint",
			format!(
				"service {id} is down: {error} at {url}; is the agent running, and the port open?"
			),
		),
	}
}

async fn proof(
	snapshot: &Snapshot,
	service: &ServiceView,
	url: &str,
	patience: Duration,
	findings: &mut Findings,
) {
	let listing = &service.detail.service.listing;
	let id = service.detail.service.id;
	let Some(proof) = control_url(url, id) else { return };
	let operator: &[u8] = listing.operator.as_ref();
	let expected = control_hash(&snapshot.genesis.0, operator, id, &listing.endpoint);
	match get(&proof, patience, MAX_AGENT).await {
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

/// `GET` with the bounds of a prober. Redirects are not followed.
async fn get(url: &str, patience: Duration, max: usize) -> Result<Answer, String> {
	let began = std::time::Instant::now();
	let exchange = exchange(url, max);
	let (status, body) = tokio::time::timeout(patience, exchange)
		.await
		.map_err(|_| format!("no answer in {} ms", patience.as_millis()))??;
	Ok(Answer { status, body, ms: began.elapsed().as_millis() })
}

async fn exchange(url: &str, max: usize) -> Result<(u16, Bytes), String> {
	let endpoint: Endpoint = url.parse().map_err(text)?;
	let authority = endpoint.authority().clone();
	let uri: http::Uri = url.parse().map_err(text)?;
	let path = uri.path_and_query().map_or("/", |path| path.as_str());
	let mut settings = ConnectSettings::new(client_config(None).map_err(text)?);
	settings.allow_private = true;
	let stream = Connector::new(endpoint, settings).connect().await.map_err(text)?;
	let (mut sender, connection) =
		hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
	let request = Request::get(path)
		.header(header::HOST, authority)
		.header(header::CONNECTION, "close")
		.body(Empty::<Bytes>::new())
		.map_err(text)?;
	let answer = async {
		let response = sender.send_request(request).await.map_err(text)?;
		let status = response.status().as_u16();
		let body = Limited::new(response.into_body(), max).collect().await.map_err(text)?;
		Ok((status, body.to_bytes()))
	};
	tokio::pin!(answer);
	tokio::pin!(connection);
	tokio::select! {
		answer = &mut answer => answer,
		ended = &mut connection => {
			ended.map_err(text)?;
			answer.await
		},
	}
}

fn text(error: impl ToString) -> String {
	error.to_string()
}

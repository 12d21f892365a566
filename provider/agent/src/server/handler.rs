// SPDX-License-Identifier: Apache-2.0

//! Routes.

use super::{
	AgentStatus, Pages, metrics, render,
	tenants::{Route, Tenants},
};
use crate::{chain::Snapshot, reconcile::health_of, store::Record, time::now_ms};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use serde::Serialize;
use sp_runtime::codec::Encode;
use std::{sync::Arc, time::Duration};
use surety_engine::LeaseId;
use surety_gateway::{
	front::{Body, Handler, Peer},
	roles::RolePages,
};
use surety_primitives::{ServiceId, endpoint::control_hash};
use tokio::sync::watch;

/// Path of the proofs of control.
const WELL_KNOWN: &str = "/.well-known/surety/";
/// Oldest snapshot with which the agent is healthy, in milliseconds.
const MAX_SILENCE_MS: u64 = 120_000;
/// Time between two looks at what is left when the listener ends.
const LOOK: Duration = Duration::from_millis(20);

/// Handler of one listener.
pub struct AgentHandler {
	pages: Arc<Pages>,
	tenants: Arc<Tenants>,
	control: bool,
	/// True once the listener ends.
	stop: watch::Sender<bool>,
}

impl AgentHandler {
	/// Handler of the public listener, or of the control listener.
	pub fn new(pages: Arc<Pages>, tenants: Arc<Tenants>, control: bool) -> Self {
		Self { pages, tenants, control, stop: watch::Sender::new(false) }
	}

	fn answer(&self, path: &str) -> Response<Body> {
		if self.control
			&& let Some(answer) = self.control(path)
		{
			return answer;
		}
		if let Some(lease) = path.strip_prefix("/leases/") {
			return self.health(lease);
		}
		if let Some(service) = path.strip_prefix(WELL_KNOWN) {
			return self.proof(service);
		}
		if path == "/" || self.is_endpoint(path) {
			return page(StatusCode::OK, "text/plain", "surety-provider\n".into());
		}
		not_found()
	}

	fn control(&self, path: &str) -> Option<Response<Body>> {
		let answer = match path {
			"/" => html(render(&AgentStatus::of(&self.pages, now_ms()))),
			"/status" => json(StatusCode::OK, &AgentStatus::of(&self.pages, now_ms())),
			"/metrics" => {
				let mut text = metrics::encode(&AgentStatus::of(&self.pages, now_ms()));
				text.extend(self.pages.edge.as_ref().map(RolePages::metrics));
				page(StatusCode::OK, "text/plain; version=0.0.4", text.into())
			},
			"/health" => self.own_health(),
			_ => return None,
		};
		Some(answer)
	}

	/// Health of the process: it can decide, and act.
	fn own_health(&self) -> Response<Body> {
		#[derive(Serialize)]
		struct Report {
			healthy: bool,
			reasons: Vec<String>,
		}
		let now_ms = now_ms();
		let mut reasons = Vec::new();
		let age = |at_ms: u64| now_ms.saturating_sub(at_ms);
		match self.pages.follower.snapshot() {
			Some(snapshot) if age(snapshot.seen_ms) <= MAX_SILENCE_MS => (),
			Some(_) => reasons.push("no new finalized block; check the nodes".to_owned()),
			None => reasons.push("the chain was not read yet; check the nodes".into()),
		}
		let last = self.pages.observer.last();
		let limit = (self.pages.rules)().observation_ms;
		if last.is_none_or(|last| age(last.began_ms) > limit) {
			reasons.push("the engine does not answer; leases count as failed".into());
		}
		let edge = self.pages.edge.as_ref().map(RolePages::health);
		if let Some(edge) = edge.filter(|edge| !edge.healthy) {
			reasons.extend(edge.reasons.into_iter().map(|reason| format!("edge: {reason}")));
		}
		let healthy = reasons.is_empty();
		let status = if healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
		json(status, &Report { healthy, reasons })
	}

	fn health(&self, lease: &str) -> Response<Body> {
		let Some(lease) = canonical(lease) else { return not_found() };
		let Some(record) = self.record(lease) else { return not_found() };
		let last = self.pages.observer.last();
		let health = health_of(&record, last.as_deref(), &(self.pages.rules)(), now_ms());
		json(StatusCode::OK, &health)
	}

	/// Memory of a lease that is not over. A lease that only the chain knows is one too.
	fn record(&self, lease: LeaseId) -> Option<Record> {
		let record = self.pages.store.record(lease);
		match record {
			Some(record) => record.ended.is_none().then_some(record),
			None => {
				let snapshot = self.pages.follower.snapshot()?;
				let view = snapshot.leases.get(&lease).filter(|lease| !lease.is_over())?;
				let info = &view.info;
				Some(Record::new(lease, info.order, info.replica, info.service, snapshot.seen_ms))
			},
		}
	}

	fn proof(&self, service: &str) -> Response<Body> {
		let proof = canonical(service).zip(self.pages.follower.snapshot());
		match proof.and_then(|(service, snapshot)| proof_of(&snapshot, service)) {
			Some(proof) => page(StatusCode::OK, "text/plain", proof.into()),
			None => not_found(),
		}
	}

	fn is_endpoint(&self, path: &str) -> bool {
		let snapshot = self.pages.follower.snapshot();
		snapshot.is_some_and(|snapshot| {
			snapshot.services.values().any(|service| {
				let endpoint = service.endpoint();
				let rest = endpoint.split_once("://").map_or("", |(_, rest)| rest);
				let listed = rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/");
				listed.trim_end_matches('/') == path.trim_end_matches('/')
			})
		})
	}
}

/// Proof that the operator controls the host of a service: 64 hexadecimal digits.
pub fn proof_of(snapshot: &Snapshot, service: ServiceId) -> Option<String> {
	let listing = &snapshot.services.get(&service)?.detail.service.listing;
	let operator = listing.operator.encode();
	let hash = control_hash(&snapshot.genesis.0, &operator, service, &listing.endpoint);
	Some(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A number in its one form: no sign, no leading zeros.
pub(super) fn canonical(text: &str) -> Option<u32> {
	text.parse::<u32>().ok().filter(|number| number.to_string() == text)
}

impl Handler for AgentHandler {
	async fn handle(&self, peer: Peer, request: Request<Incoming>) -> Response<Body> {
		if let Some(vpn) = &self.pages.vpn
			&& let Some(route) = vpn.route(&request)
		{
			return vpn.serve(route, peer, request).await;
		}
		if let Some(route) = Route::of(request.uri().path()) {
			return self.tenants.serve(peer, request, route, self.stop.subscribe()).await;
		}
		if !matches!(*request.method(), Method::GET | Method::HEAD) {
			let mut answer =
				page(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "GET only\n".into());
			answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
			return answer;
		}
		self.answer(request.uri().path())
	}

	async fn close(&self) {
		self.stop.send_replace(true);
		// Logs and shells say so to their clients.
		while self.stop.receiver_count() > 0 {
			tokio::time::sleep(LOOK).await;
		}
	}
}

fn not_found() -> Response<Body> {
	page(StatusCode::NOT_FOUND, "text/plain", "no such page\n".into())
}

fn html(text: String) -> Response<Body> {
	let mut answer = page(StatusCode::OK, "text/html; charset=utf-8", text.into());
	let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
	let headers = answer.headers_mut();
	headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
	answer
}

fn json<T: Serialize>(status: StatusCode, value: &T) -> Response<Body> {
	match serde_json::to_string(value) {
		Ok(text) => page(status, "application/json", text.into()),
		Err(error) => {
			page(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", error.to_string().into())
		},
	}
}

fn page(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
	let mut response = Response::new(body);
	*response.status_mut() = status;
	let headers = response.headers_mut();
	headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
	headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
	headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
	response
}

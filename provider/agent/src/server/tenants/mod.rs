// SPDX-License-Identifier: Apache-2.0

//! Access of tenants to their leases, by signed short tokens, and the intake of private parts.
//!
//! | method and path | right | answer |
//! |---|---|---|
//! | GET `/.well-known/surety/keys` | none | recipients document |
//! | GET `/leases/<id>/manifest` | none | `{"state": "none" / "awaited" / "stored"}` |
//! | POST `/leases/<id>/manifest` | none | takes a release, an age file of at most 1 MiB |
//! | GET `/leases/<id>/logs` | logs | server-sent events: `logs.rs` |
//! | GET `/leases/<id>/stats` | stats | use of resources |
//! | POST `/leases/<id>/restart` | restart | restarts the application |
//! | GET `/leases/<id>/shell` | shell | WebSocket to a process: `shell.rs` |
//!
//! Tokens come in the header `Authorization: Bearer srl1_..`, see [`surety_orders::access`]. A refusal
//! is JSON with a name for programs and a message that says what to do next.
//!
//! | bound | value |
//! |---|---|
//! | log streams, shells, statistics, restarts of a lease at a time | 4, 4, 2, 1 |
//! | restarts | one in ten seconds |
//! | releases on their way, of one address and in all | 2, 16 |
//! | refused tokens of one address | 30 in a minute |
//! | a log stream | 1 hour; 16 MiB and then 4 MiB/s |
//! | a shell | 8 hours, 30 minutes without a byte in either direction |

mod admission;
mod channel;
mod gates;
mod logs;
mod manifest;
mod query;
mod refusal;
mod restart;
mod shell;
#[cfg(test)]
pub(super) mod tests;
mod time;

pub use admission::{Admission, Admitted};
pub use channel::Channel;
pub use refusal::Refusal;
pub use time::unix_seconds;

use crate::{
	chain::Follower,
	private::{Intake, OperatorKeys},
	reconcile::Observer,
	store::Store,
	time::now_ms,
};
use gates::{Bound, Slots};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use std::{net::IpAddr, sync::Arc, time::Duration};
use surety_engine::{Access, LeaseId};
use surety_gateway::front::{Body, Peer};
use surety_orders::{access::Right, manifest::DOCUMENT_PATH};
use tokio::sync::watch;

/// Longest time for a restart or for statistics.
const ENGINE: Duration = Duration::from_secs(60);

/// Parts that serve tenants.
pub struct Tenants {
	intake: Arc<Intake>,
	admission: Admission,
	access: Arc<dyn Access>,
	store: Arc<Store>,
	observer: Arc<Observer>,
	gates: Arc<Slots<(LeaseId, Right)>>,
	uploads: Arc<Slots<IpAddr>>,
}

/// Request of a tenant, by its path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Route {
	Keys,
	Manifest(LeaseId),
	Access(LeaseId, Right),
}

impl Route {
	/// Route of a path. Paths have one form only: what climbs, is encoded or has zeros in front of
	/// its number is none.
	pub fn of(path: &str) -> Option<Self> {
		if path == DOCUMENT_PATH {
			return Some(Self::Keys);
		}
		let (lease, verb) = path.strip_prefix("/leases/")?.split_once('/')?;
		let lease = super::handler::canonical(lease)?;
		if verb == "manifest" {
			return Some(Self::Manifest(lease));
		}
		verb.parse().ok().map(|right| Self::Access(lease, right))
	}

	fn takes(self, method: &Method) -> Result<(), &'static str> {
		let is_get = *method == Method::GET;
		let (allowed, is_taken) = match self {
			Self::Keys => ("GET, HEAD", is_get || *method == Method::HEAD),
			Self::Manifest(_) => ("GET, POST", is_get || *method == Method::POST),
			Self::Access(_, Right::Restart) => ("POST", *method == Method::POST),
			Self::Access(..) => ("GET", is_get),
		};
		if is_taken { Ok(()) } else { Err(allowed) }
	}
}

impl Tenants {
	/// Parts that serve the tenants of an operator.
	pub fn new(
		keys: Arc<OperatorKeys>,
		access: Arc<dyn Access>,
		follower: Arc<Follower>,
		store: Arc<Store>,
		observer: Arc<Observer>,
	) -> Arc<Self> {
		let genesis = *keys.genesis();
		Arc::new(Self {
			intake: Arc::new(Intake::new(keys, follower.clone(), store.clone())),
			admission: Admission::new(genesis, follower, store.clone()),
			access,
			store,
			observer,
			gates: Slots::new(1_024),
			uploads: Slots::new(16),
		})
	}

	/// Answer a request. `stop` turns true when the listener ends.
	pub(super) async fn serve(
		self: &Arc<Self>,
		peer: Peer,
		request: Request<Incoming>,
		route: Route,
		stop: watch::Receiver<bool>,
	) -> Response<Body> {
		let answer = match route.takes(request.method()) {
			Err(allowed) => Err(Refusal::Method(allowed)),
			Ok(()) => self.route(peer, request, route, stop).await,
		};
		answer.unwrap_or_else(Refusal::response)
	}

	async fn route(
		self: &Arc<Self>,
		peer: Peer,
		request: Request<Incoming>,
		route: Route,
		stop: watch::Receiver<bool>,
	) -> Result<Response<Body>, Refusal> {
		let (lease, right) = match route {
			Route::Keys => return Ok(text_json(self.intake.keys().document(now_secs()))),
			Route::Manifest(lease) => return self.manifest(peer, request, lease).await,
			Route::Access(lease, right) => (lease, right),
		};
		let token = request.headers().get(header::AUTHORIZATION);
		let admitted = self.admission.admit(peer.address.ip(), token, lease, right);
		let admitted = admitted.await?;
		let bound = match right {
			Right::Logs | Right::Shell => Bound { open: 4, pause_ms: 0 },
			Right::Stats => Bound { open: 2, pause_ms: 200 },
			Right::Restart => Bound { open: 1, pause_ms: 10_000 },
		};
		let entered = self.gates.enter((lease, right), bound, now_ms()).map_err(Refusal::Busy)?;
		// After the gate: a right that is used up was used.
		self.admission.use_up(&admitted)?;
		match right {
			Right::Logs => self.logs(request, admitted, entered, stop).await,
			Right::Shell => self.shell(request, admitted, entered, stop).await,
			Right::Stats => {
				let usage = within(ENGINE, self.access.usage(lease)).await?;
				drop(entered);
				Ok(text_json(serde_json::to_string(&usage).unwrap_or_default()))
			},
			Right::Restart => {
				let outcome = self.restart(lease).await?;
				drop(entered);
				Ok(text_json(format!("{{\"outcome\":\"{outcome}\"}}")))
			},
		}
	}
}

/// Wait until the listener ends.
async fn stopped(stop: &mut watch::Receiver<bool>) {
	// Its sender ends with it.
	let _ = stop.wait_for(|stop| *stop).await;
}

/// Seconds since 1970.
fn now_secs() -> u64 {
	now_ms().checked_div(1_000).unwrap_or(0)
}

async fn within<T>(time: Duration, answer: surety_engine::Answer<'_, T>) -> Result<T, Refusal> {
	match tokio::time::timeout(time, answer).await {
		Ok(answer) => answer.map_err(Refusal::Engine),
		Err(_) => {
			let reason = format!("no answer in {} s", time.as_secs());
			Err(Refusal::Engine(surety_engine::EngineError::Unavailable(reason)))
		},
	}
}

fn text_json(text: String) -> Response<Body> {
	of_kind(StatusCode::OK, "application/json", text)
}

fn of_kind(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response<Body> {
	let mut response = Response::new(body.into());
	*response.status_mut() = status;
	let headers = response.headers_mut();
	headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
	headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
	headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
	response
}

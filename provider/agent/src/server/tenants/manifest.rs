// SPDX-License-Identifier: Apache-2.0

//! Releases over HTTP.

use super::{Refusal, Tenants, gates::Bound, text_json};
use crate::time::now_ms;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use serde_json::json;
use std::{sync::Arc, time::Duration};
use surety_engine::LeaseId;
use surety_gateway::front::{Body, Peer, host_of, read_body};
use surety_orders::manifest::MAX_SEALED;

/// Longest time for a release to arrive.
const UPLOAD: Duration = Duration::from_secs(30);

impl Tenants {
	pub(super) async fn manifest(
		self: &Arc<Self>,
		peer: Peer,
		request: Request<Incoming>,
		lease: LeaseId,
	) -> Result<Response<Body>, Refusal> {
		// Nothing is read for a lease that has no need of it.
		let mut state = self.intake.state(lease).map_err(Refusal::Intake)?;
		if *request.method() == Method::POST {
			let bound = Bound { open: 2, pause_ms: 0 };
			let entered = self.uploads.enter(host_of(peer.address.ip()), bound, now_ms());
			let _entered = entered.map_err(Refusal::Busy)?;
			let sealed = read_body(request.into_body(), MAX_SEALED, UPLOAD).await;
			let sealed = sealed.map_err(Refusal::Body)?;
			let intake = self.intake.clone();
			let taken = tokio::task::spawn_blocking(move || intake.take(lease, &sealed)).await;
			state = taken.map_err(|_| Refusal::Disk)?.map_err(Refusal::Intake)?;
		}
		Ok(text_json(json!({ "state": state }).to_string()))
	}
}

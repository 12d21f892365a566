// SPDX-License-Identifier: Apache-2.0

//! Pages of the edge itself: the proof of control, and the exchange of usage statements.

use super::{Refusal, handler::EdgeHandler};
use crate::{
	access::nanos_now,
	front::{Body, Peer, read_body},
	usage,
};
use http::{HeaderValue, Method, Request, Response, header};
use hyper::body::Incoming;
use surety_primitives::ServiceId;

/// Path of the pages.
pub const WELL_KNOWN: &str = "/.well-known/surety/";

impl EdgeHandler {
	/// Answer a request for a page of the edge.
	///
	/// - `page`: rest of the path.
	pub(super) async fn well_known(
		&self,
		page: &str,
		peer: Peer,
		request: Request<Incoming>,
	) -> Response<Body> {
		if usage::PATH.strip_prefix(WELL_KNOWN) == Some(page) && request.method() == Method::POST {
			return self.exchange(peer, request).await;
		}
		let service: Option<ServiceId> = page.parse().ok();
		let reads = request.method() == Method::GET || request.method() == Method::HEAD;
		let market = self.shared.market.load();
		match service.filter(|_| reads).and_then(|service| market.proof(service)) {
			Some(proof) => page_of("text/plain", proof.into()),
			None => self.refuse(&Refusal::NotFound, None),
		}
	}

	async fn exchange(&self, peer: Peer, request: Request<Incoming>) -> Response<Body> {
		let shared = &self.shared;
		if let Err(wait) = shared.gates.admit_exchange(peer.address.ip(), nanos_now()) {
			shared.counts.limited.add(1);
			return self.refuse(&Refusal::limited(wait, None), None);
		}
		let body = request.into_body();
		let message = match read_body(body, usage::MAX_MESSAGE, shared.settings.body_timeout).await
		{
			Ok(message) => message,
			Err(error) => return self.refuse(&error.into(), None),
		};
		shared.counts.exchanges.add(1);
		let (status, answer) = shared.usage.exchange(message).await;
		let kind = if status.is_success() { usage::CONTENT_TYPE } else { "text/plain" };
		let mut response = page_of(kind, answer.into());
		*response.status_mut() = status;
		response
	}
}

fn page_of(content_type: &'static str, body: Body) -> Response<Body> {
	let mut response = Response::new(body);
	let headers = response.headers_mut();
	headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
	headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
	response
}

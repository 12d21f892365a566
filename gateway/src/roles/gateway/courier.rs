// SPDX-License-Identifier: Apache-2.0

//! Way of usage statements to the edges.

use super::catalogue::Used;
use crate::{
	config::UpstreamSection,
	roles::background::StartError,
	roles::settings::pool_settings,
	upstream::{Endpoint, Pool, PoolSettings},
	usage::{CONTENT_TYPE, Courier, CourierError, MAX_MESSAGE, PATH},
};
use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use std::{
	cell::RefCell,
	collections::{HashMap, HashSet},
	rc::Rc,
	sync::Arc,
	time::Duration,
};
use surety_primitives::AgreementId;

/// Time for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Connections to one edge: an exchange is small and seldom.
const MAX_CONNECTIONS: usize = 4;

/// Agreements in use, shared with the task that follows the market.
pub(super) type Edges = Arc<ArcSwap<HashMap<AgreementId, Used>>>;

/// Connections to the edges of the agreements in use.
pub(super) struct EdgeCourier {
	edges: Edges,
	settings: PoolSettings,
	pools: RefCell<HashMap<Endpoint, Rc<Pool>>>,
}

/// Settings of the connections to edges.
pub(super) fn settings(section: &UpstreamSection) -> Result<PoolSettings, StartError> {
	let settings = pool_settings(section)?;
	Ok(PoolSettings { max_connections: MAX_CONNECTIONS, max_idle: 1, ..settings })
}

impl EdgeCourier {
	/// Courier to edges. Its methods need a local runtime.
	pub fn new(edges: Edges, settings: PoolSettings) -> Self {
		Self { edges, settings, pools: RefCell::default() }
	}

	fn pool(&self, used: &Used) -> Rc<Pool> {
		let mut pools = self.pools.borrow_mut();
		if let Some(pool) = pools.get(&used.edge) {
			return Rc::clone(pool);
		}
		// Edges that are no longer used.
		let edges = self.edges.load();
		let current: HashSet<&Endpoint> = edges.values().map(|used| &used.edge).collect();
		pools.retain(|edge, _| current.contains(edge));
		let mut settings = self.settings.clone();
		settings.connect.allow_private = used.private;
		let pool = Pool::new(used.edge.clone(), settings);
		pools.insert(used.edge.clone(), Rc::clone(&pool));
		pool
	}
}

impl Courier for EdgeCourier {
	async fn deliver(
		&self,
		agreement: AgreementId,
		message: Vec<u8>,
	) -> Result<Bytes, CourierError> {
		let used = self.edges.load().get(&agreement).cloned();
		let used = used.ok_or_else(|| CourierError("the agreement is over".into()))?;
		let mut request = Request::new(Bytes::from(message));
		*request.method_mut() = Method::POST;
		*request.uri_mut() = Uri::from_static(PATH);
		let kind = HeaderValue::from_static(CONTENT_TYPE);
		request.headers_mut().insert(header::CONTENT_TYPE, kind);
		let answer = self.pool(&used).send(request, TIMEOUT, MAX_MESSAGE).await;
		let answer = answer.map_err(|error| CourierError(error.to_string()))?;
		match answer.status() {
			StatusCode::OK => Ok(answer.into_body()),
			status => Err(CourierError(format!("status {status}"))),
		}
	}
}

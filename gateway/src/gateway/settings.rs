// SPDX-License-Identifier: Apache-2.0

//! Settings of the role.

use super::UpstreamSpec;
use crate::{
	access::names_method,
	cache::CacheSettings,
	routing::{ChoiceSettings, HedgeSettings, MeasureSettings},
	rpc::{MethodTable, ScanLimits},
	upstream::PoolSettings,
};
use std::{borrow::Cow, time::Duration};

/// Settings of the role `gateway`.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
	/// Connections of a worker to one operator.
	pub upstream: PoolSettings,
	/// Bounds on a JSON-RPC request.
	pub scan: ScanLimits,
	/// Bytes of a request's body.
	pub max_body: usize,
	/// Time for a request's body.
	pub body_timeout: Duration,
	/// Bytes of one answer of an operator.
	pub max_answer: usize,
	/// Bytes of large answers that all workers hold at a time. A call beyond fails with 503.
	pub max_memory: u64,
	/// Bytes of the answers of one batch.
	pub max_batch_answer: usize,
	/// Calls of a batch that are under way at once.
	pub batch_concurrency: usize,
	/// Time for a call, with all its attempts.
	pub timeout: Duration,
	/// Time until the answer of a service that is no JSON-RPC begins.
	pub stream_timeout: Duration,
	/// Attempts of a call, the first included.
	pub attempts: u32,
	/// Retries per request.
	pub retry_share: f64,
	/// Mirrored and compared requests per request.
	pub mirror_share: f64,
	/// Share of answers that are compared with another operator's.
	pub compare_share: f64,
	/// Operators that are asked at once for a nonce, a price or the broadcast of a transaction.
	pub fan_out: usize,
	/// Rules of hedging.
	pub hedge: HedgeSettings,
	/// Rules of the choice of operators.
	pub choice: ChoiceSettings,
	/// Constants of measurements.
	pub measure: MeasureSettings,
	/// Rules of the cache. `None` turns it off.
	pub cache: Option<CacheSettings>,
	/// Sessions remembered, and the time for which one is without a request.
	pub sessions: (u64, Duration),
	/// Longest time between two questions for an operator's head. Fast chains are asked more often.
	pub poll_interval: Duration,
}

impl GatewaySettings {
	/// Settings of the connections to a service.
	pub(super) fn upstream_of(&self, spec: &UpstreamSpec) -> PoolSettings {
		let mut upstream = self.upstream.clone();
		upstream.connect.allow_private = spec.private;
		upstream
	}

	/// Settings with the defaults.
	pub fn new(upstream: PoolSettings) -> Self {
		Self {
			upstream,
			scan: ScanLimits::default(),
			max_body: 2 << 20,
			body_timeout: Duration::from_secs(30),
			max_answer: 64 << 20,
			max_memory: 512 << 20,
			max_batch_answer: 16 << 20,
			batch_concurrency: 16,
			timeout: Duration::from_secs(30),
			stream_timeout: Duration::from_secs(300),
			attempts: 3,
			retry_share: 0.2,
			mirror_share: 0.05,
			compare_share: 0.001,
			fan_out: 3,
			hedge: HedgeSettings::default(),
			choice: ChoiceSettings::default(),
			measure: MeasureSettings::default(),
			cache: Some(CacheSettings::default()),
			sessions: (100_000, Duration::from_secs(600)),
			poll_interval: Duration::from_secs(3),
		}
	}
}

/// Network that is served at `/NAME`.
#[derive(Clone, Debug)]
pub struct NetworkSettings {
	/// Name.
	pub name: String,
	/// Methods.
	pub methods: Cow<'static, MethodTable>,
	/// Way in which operators are asked for their head. `None`: they are not.
	pub heads: Option<surety_primitives::Protocol>,
	/// Time from one block to the next.
	pub block_time: Duration,
	/// True if that is a guess, to be replaced by what is measured.
	pub measures_block_time: bool,
	/// Methods that are served.
	pub filter: MethodFilter,
}

impl NetworkSettings {
	/// Network of a dialect, with all its methods.
	pub fn new(name: &str, protocol: surety_primitives::Protocol, block_time: Duration) -> Self {
		Self {
			name: name.to_owned(),
			methods: Cow::Borrowed(MethodTable::of(protocol)),
			heads: Some(protocol),
			block_time,
			measures_block_time: false,
			filter: MethodFilter::default(),
		}
	}
}

/// List of methods that are allowed, and of methods that are not. A `*` at the end of a name takes
/// every ending.
#[derive(Clone, Debug, Default)]
pub struct MethodFilter {
	/// Methods that are allowed; none is all.
	pub allow: Vec<String>,
	/// Methods that are refused, even if they are allowed.
	pub deny: Vec<String>,
}

impl MethodFilter {
	/// True if a method is allowed.
	pub fn allows(&self, method: &str) -> bool {
		let is_allowed = self.allow.is_empty() || names_method(&self.allow, method);
		is_allowed && !names_method(&self.deny, method)
	}
}

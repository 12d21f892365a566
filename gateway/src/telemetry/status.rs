// SPDX-License-Identifier: Apache-2.0

//! Status of the process, served as JSON at `/status` and shown by `surety-gateway status`.
//!
//! Fields that a reader does not know are ignored, and missing ones are empty, so the table of one
//! version can show a process of another.

use crate::chain::{BuyerReport, ChainReport};
use serde::{Deserialize, Serialize};
use surety_primitives::{AgreementId, ServiceId};

/// Status of a gateway or an edge.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status {
	/// `gateway` or `edge`.
	pub role: String,
	/// Version of the program.
	pub version: String,
	/// Seconds since the start.
	pub uptime_secs: u64,
	/// The public listener.
	pub listen: String,
	/// Connection to the chain; none without nodes.
	pub chain: Option<ChainReport>,
	/// Purchases; none without a budget.
	pub buyer: Option<BuyerReport>,
	/// Public listener.
	pub front: FrontStatus,
	/// Networks and models.
	pub networks: Vec<NetworkStatus>,
	/// Services behind a gateway.
	pub services: Vec<ServiceStatus>,
	/// Agreements behind an edge.
	pub agreements: Vec<AgreementStatus>,
	/// Usage statements.
	pub usage: UsageStatus,
}

/// The public listener.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FrontStatus {
	/// Open connections.
	pub connections: u64,
	/// WebSocket connections among them.
	pub websockets: u64,
	/// Requests at work.
	pub active: u64,
	/// HTTP requests since the start.
	pub requests: u64,
	/// Requests and connections refused by limits since the start.
	pub refused: u64,
}

/// A network or a model that is served.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NetworkStatus {
	/// Name.
	pub name: String,
	/// Head that is served.
	pub head: Option<u64>,
	/// Finalized block that is served.
	pub finalized: Option<u64>,
	/// Calls since the start.
	pub calls: u64,
	/// Calls without an answer.
	pub failed: u64,
	/// Calls answered from the cache.
	pub cached: u64,
	/// Price of the calls that the cache answered, in SURE.
	pub saved: String,
	/// Calls that were sent to a second operator.
	pub hedged: u64,
	/// Calls that were sent again after a failure.
	pub retried: u64,
	/// Answers that were compared between operators.
	pub compared: u64,
	/// Comparisons that found a difference.
	pub disagreed: u64,
	/// Subscriptions of clients.
	pub subscriptions: u64,
	/// 99th percentile of the gateway's own share of the latency, in microseconds.
	pub overhead_us_p99: Option<u64>,
}

/// A service behind a gateway.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceStatus {
	/// Id on chain; none of an operator of the configuration.
	pub service: Option<ServiceId>,
	/// Name of the operator.
	pub operator: String,
	/// Network or model.
	pub network: String,
	/// Region.
	pub region: String,
	/// Agreement that pays.
	pub agreement: Option<AgreementId>,
	/// Units of the agreement.
	pub units: u32,
	/// Blocks that the deposit still pays for.
	pub blocks_left: Option<u32>,
	/// Score, 0 to 100.
	pub score: u8,
	/// Price per unit and block, in SURE.
	pub price: String,
	/// `serving`, `probing`, `open` (of the breaker), `lagging`, `over rate`, ..
	pub state: String,
	/// Reason for the state, in words.
	pub why: String,
	/// Share of the network's calls in the last minutes, in percent.
	pub share_percent: f64,
	/// Calls since the start.
	pub calls: u64,
	/// Calls without an answer.
	pub lost: u64,
	/// Answers later than the terms promise.
	pub slow: u64,
	/// Calls at work.
	pub pending: u64,
	/// Median latency in milliseconds.
	pub p50_ms: Option<f64>,
	/// 95th percentile of the latency in milliseconds.
	pub p95_ms: Option<f64>,
	/// Head of the operator.
	pub head: Option<u64>,
	/// True if its usage contradicts its verdicts.
	pub discrepant: bool,
}

/// An agreement behind an edge.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AgreementStatus {
	/// Id; none of the trial.
	pub agreement: Option<AgreementId>,
	/// Service.
	pub service: ServiceId,
	/// Account of the tenant.
	pub tenant: String,
	/// Units.
	pub units: u32,
	/// Calls since the start.
	pub calls: u64,
	/// Calls above the rate.
	pub limited: u64,
	/// Calls without an answer.
	pub lost: u64,
	/// Bytes of the answers.
	pub bytes: u64,
	/// Tokens of models, of prompts and answers together.
	pub tokens: u64,
	/// 95th percentile of the latency in milliseconds.
	pub p95_ms: Option<f64>,
	/// Subscriptions.
	pub subscriptions: u64,
}

/// Usage statements.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UsageStatus {
	/// Account of the key that signs; none without a key.
	pub reporter: Option<String>,
	/// Lane.
	pub lane: u8,
	/// Statements signed since the start.
	pub signed: u64,
	/// Statements of the other side that were taken.
	pub taken: u64,
	/// Statements of the other side that were refused.
	pub refused: u64,
	/// Agreements whose other side gives no statements.
	pub silent: u64,
	/// Statements reported to the chain.
	pub reported: u64,
	/// Agreements whose sides differ.
	pub contested: u64,
	/// Last failure.
	pub error: Option<String>,
}

/// Health of the process: unhealthy is one that should get no traffic.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Health {
	/// True if requests can be served.
	pub healthy: bool,
	/// Reasons against it, and warnings.
	pub reasons: Vec<String>,
}

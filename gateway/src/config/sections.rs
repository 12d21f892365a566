// SPDX-License-Identifier: Apache-2.0

//! Tables that both roles have.

use super::{ConfigError, Url, within};
use serde::{Deserialize, Serialize};
use sp_core::H256;
use std::{
	net::{Ipv4Addr, SocketAddr},
	path::PathBuf,
};

/// Loopback address with a port.
pub(crate) fn loopback(port: u16) -> SocketAddr {
	SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Nodes of the chain.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ChainSection {
	/// URLs of nodes, in order of trust. The most advanced one that agrees with the others is
	/// asked. Your own node should be first.
	pub nodes: Vec<Url>,
	/// Hash of the genesis block. Nodes of another chain are refused; if left out, the chain of the
	/// first node that answers is taken.
	pub genesis: Option<H256>,
	/// Longest time for an answer of a node.
	pub timeout_ms: u64,
	/// Largest answer of a node.
	pub max_answer_bytes: usize,
}

impl Default for ChainSection {
	fn default() -> Self {
		Self { nodes: Vec::new(), genesis: None, timeout_ms: 10_000, max_answer_bytes: 16 << 20 }
	}
}

impl ChainSection {
	/// Check the values against their bounds.
	pub fn validate(&self) -> Result<(), ConfigError> {
		within("chain.nodes", self.nodes.len(), 0, 16)?;
		within("chain.timeout-ms", self.timeout_ms, 100, 120_000)?;
		within("chain.max-answer-bytes", self.max_answer_bytes, 64 << 10, 256 << 20)
	}
}

/// The public listener.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct FrontSection {
	/// Address and port. If left out, `127.0.0.1:8645` for a gateway and `127.0.0.1:8646` for an
	/// edge.
	pub listen: Option<SocketAddr>,
	/// Threads that serve requests; 0 is one per core.
	pub threads: usize,
	/// PEM file of the certificate chain. With it the listener speaks TLS. Both files are read
	/// again when they change.
	pub tls_certificate: Option<PathBuf>,
	/// PEM file of the certificate's private key.
	pub tls_key: Option<PathBuf>,
	/// Origins of web pages that may read answers; `*` is every page.
	pub cors_origins: Vec<String>,
	/// Open connections in all.
	pub max_connections: usize,
	/// Open connections of one IP address.
	pub max_connections_per_ip: usize,
	/// Requests at work in all.
	pub max_requests: usize,
	/// Longest request body.
	pub max_body_bytes: usize,
	/// Longest head of a request.
	pub max_header_bytes: usize,
	/// Most calls in a JSON-RPC batch.
	pub max_batch: usize,
	/// Longest time for the head of a request.
	pub header_timeout_ms: u64,
	/// Longest time for the body of a request.
	pub body_timeout_ms: u64,
	/// Longest idle time of a connection.
	pub idle_timeout_secs: u64,
	/// Longest time for running requests when the process is asked to end.
	pub shutdown_secs: u64,
}

impl Default for FrontSection {
	fn default() -> Self {
		Self {
			listen: None,
			threads: 0,
			tls_certificate: None,
			tls_key: None,
			cors_origins: vec!["*".into()],
			max_connections: 20_000,
			max_connections_per_ip: 2_048,
			max_requests: 10_000,
			max_body_bytes: 2 << 20,
			max_header_bytes: 16 << 10,
			max_batch: 100,
			header_timeout_ms: 10_000,
			body_timeout_ms: 30_000,
			idle_timeout_secs: 120,
			shutdown_secs: 30,
		}
	}
}

impl FrontSection {
	/// Check the values against their bounds.
	pub fn validate(&self) -> Result<(), ConfigError> {
		if self.tls_certificate.is_some() != self.tls_key.is_some() {
			let reason = "TLS needs both tls-certificate and tls-key";
			return Err(ConfigError::invalid("front.tls-key", reason));
		}
		within("front.threads", self.threads, 0, 1_024)?;
		within("front.max-connections", self.max_connections, 1, 10_000_000)?;
		within("front.max-connections-per-ip", self.max_connections_per_ip, 1, 10_000_000)?;
		within("front.max-requests", self.max_requests, 1, 10_000_000)?;
		within("front.max-body-bytes", self.max_body_bytes, 1_024, 1 << 30)?;
		within("front.max-header-bytes", self.max_header_bytes, 1_024, 1 << 20)?;
		within("front.max-batch", self.max_batch, 1, 10_000)?;
		within("front.header-timeout-ms", self.header_timeout_ms, 100, 300_000)?;
		within("front.body-timeout-ms", self.body_timeout_ms, 100, 3_600_000)?;
		within("front.idle-timeout-secs", self.idle_timeout_secs, 1, 86_400)?;
		within("front.shutdown-secs", self.shutdown_secs, 0, 3_600)
	}
}

/// The control listener: `/metrics`, `/status`, `/health`. It has no access check, so keep it
/// private.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ControlSection {
	/// Address and port. If left out, `127.0.0.1:9645` for a gateway and `127.0.0.1:9646` for an
	/// edge.
	pub listen: Option<SocketAddr>,
}

/// WebSocket connections of clients.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct WebSocketSection {
	/// Most subscriptions of one connection.
	pub max_subscriptions: usize,
	/// Longest message of a client.
	pub max_message_bytes: usize,
	/// Most bytes that wait for a client that reads slowly, before it is disconnected.
	pub max_waiting_bytes: usize,
	/// Time between pings.
	pub ping_secs: u64,
}

impl Default for WebSocketSection {
	fn default() -> Self {
		Self {
			max_subscriptions: 256,
			max_message_bytes: 2 << 20,
			max_waiting_bytes: 4 << 20,
			ping_secs: 30,
		}
	}
}

impl WebSocketSection {
	/// Check the values against their bounds.
	pub fn validate(&self) -> Result<(), ConfigError> {
		within("websocket.max-subscriptions", self.max_subscriptions, 1, 100_000)?;
		within("websocket.max-message-bytes", self.max_message_bytes, 1_024, 256 << 20)?;
		within("websocket.max-waiting-bytes", self.max_waiting_bytes, 4_096, 1 << 30)?;
		within("websocket.ping-secs", self.ping_secs, 1, 3_600)
	}
}

/// Usage statements.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct UsageSection {
	/// Sign, exchange and report statements.
	pub enabled: bool,
	/// Lane, 0 to 7: each gateway of a tenant, and each edge of an operator, has one of its own.
	pub lane: u8,
	/// Number of the party's gateways or edges, each with its lane.
	pub lanes: u8,
	/// Time between statements.
	pub exchange_secs: u64,
	/// Requests of an agreement after which a statement is signed without waiting.
	pub exchange_requests: u64,
	/// Report statements to the chain. Someone with a `Report` proxy, or the party itself, pays the
	/// fee.
	pub report: bool,
	/// Least requests of an agreement in a window that are worth the fee of a report.
	pub report_min_requests: u64,
}

impl Default for UsageSection {
	fn default() -> Self {
		Self {
			enabled: true,
			lane: 0,
			lanes: 1,
			exchange_secs: 10,
			exchange_requests: 50_000,
			report: true,
			report_min_requests: 1,
		}
	}
}

impl UsageSection {
	/// Check the values against their bounds.
	pub fn validate(&self) -> Result<(), ConfigError> {
		within("usage.lanes", self.lanes, 1, surety_primitives::usage::MAX_LANES)?;
		within("usage.lane", self.lane, 0, self.lanes.saturating_sub(1))?;
		within("usage.exchange-secs", self.exchange_secs, 1, 3_600)?;
		within("usage.exchange-requests", self.exchange_requests, 1, u64::MAX)
	}
}

/// Form of log lines.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
	/// For people.
	#[default]
	Text,
	/// One JSON object per line.
	Json,
}

/// Log.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LogSection {
	/// Form of the lines.
	pub format: LogFormat,
	/// Filter as of `RUST_LOG`, such as `info,surety_gateway::routing=debug`.
	pub filter: String,
}

impl Default for LogSection {
	fn default() -> Self {
		Self { format: LogFormat::Text, filter: "info".into() }
	}
}

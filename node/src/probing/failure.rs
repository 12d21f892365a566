// SPDX-License-Identifier: Apache-2.0

//! Failures of a request.

use super::address_filter::Refusal;
use std::{fmt, net::IpAddr};

/// Reason for which a request has no usable response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
	/// The name has no address, or no name server answered in time.
	Dns,
	/// At least one address of the name is forbidden to probes.
	Forbidden(IpAddr, Refusal),
	/// The budget of unverified names at the address is used up.
	Budget,
	/// No address accepted the connection.
	Connect,
	/// The TLS handshake failed: certificate, name or protocol.
	Tls,
	/// The response is not HTTP/1.1, is broken, or has headers over the limit.
	Http,
	/// The body is over its limit, or was evicted as the longest one.
	Oversize,
	/// The request was not complete in time.
	Timeout,
}

impl Failure {
	/// Cause of a request that was dropped before its response.
	pub const ABANDONED: &str = "abandoned";
	/// Cause of a redirect.
	pub const REDIRECT: &str = "redirect";
	/// Cause of a response with an error status.
	pub const STATUS: &str = "status";
	/// Metric labels of all causes.
	pub const CAUSES: [&str; 11] = [
		Self::ABANDONED,
		Self::REDIRECT,
		Self::STATUS,
		"dns",
		"forbidden",
		"budget",
		"connect",
		"tls",
		"http",
		"oversize",
		"timeout",
	];

	/// Metric label of the cause.
	pub fn cause(&self) -> &'static str {
		match self {
			Self::Dns => "dns",
			Self::Forbidden(..) => "forbidden",
			Self::Budget => "budget",
			Self::Connect => "connect",
			Self::Tls => "tls",
			Self::Http => "http",
			Self::Oversize => "oversize",
			Self::Timeout => "timeout",
		}
	}
}

impl fmt::Display for Failure {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Forbidden(address, refusal) => write!(f, "{address} is refused: {refusal}"),
			other => f.write_str(other.cause()),
		}
	}
}

impl std::error::Error for Failure {}

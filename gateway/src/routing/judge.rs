// SPDX-License-Identifier: Apache-2.0

//! Judgement of a service's answer: whose fault an error is, and if another operator may know
//! better.

use crate::rpc::{Answer, Outcome, error_message};
use http::StatusCode;
use std::time::Duration;

/// Judgement of one answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Judgement {
	/// Result with data.
	Found,
	/// Result without data: final only if another operator has none either.
	Empty,
	/// Error of the caller's making, such as a revert: an answer.
	CallerError,
	/// Error that may be this service's alone: a block or a method that it lacks. It counts
	/// against the service only if another one answers.
	Suspect,
	/// No answer: the service failed.
	Fault,
	/// The service refused for its rate limit.
	Limited {
		/// Time of its `Retry-After`.
		retry_after: Option<Duration>,
	},
	/// The service refused our token, or says that no agreement covers the call.
	Refused,
}

/// Judge an answer over HTTP.
///
/// - `retry_after`: value of the header.
/// - `answer`: parts of the body. `None` if it is no answer of JSON-RPC.
pub fn judge(
	status: StatusCode,
	retry_after: Option<&str>,
	answer: Option<&Answer<'_>>,
) -> Judgement {
	match status {
		StatusCode::TOO_MANY_REQUESTS => {
			return Judgement::Limited { retry_after: retry_after.and_then(seconds) };
		},
		StatusCode::UNAUTHORIZED | StatusCode::PAYMENT_REQUIRED | StatusCode::FORBIDDEN => {
			return Judgement::Refused;
		},
		StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
			return Judgement::Fault;
		},
		_ => {},
	}
	let Some(answer) = answer else { return Judgement::Fault };
	match answer.outcome() {
		Outcome::Result { empty } if status.is_success() => {
			if empty {
				Judgement::Empty
			} else {
				Judgement::Found
			}
		},
		Outcome::Error { code } => {
			error(code, answer.error.and_then(error_message).unwrap_or_default())
		},
		Outcome::Result { .. } | Outcome::Invalid => Judgement::Fault,
	}
}

/// Whole seconds of `Retry-After`. A date is read as none.
fn seconds(value: &str) -> Option<Duration> {
	value.trim().parse().ok().map(Duration::from_secs)
}

/// Words in messages of nodes that lack a block, its state or a method.
const MISSING: [&str; 14] = [
	"header not found",
	"block not found",
	"unknown block",
	"unknownblock",
	"missing trie node",
	"state already discarded",
	"state is not available",
	"state not available",
	"historical state",
	"pruned",
	"method not found",
	"not supported",
	"does not exist/is not available",
	"header was not found",
];

fn error(code: i64, message: &str) -> Judgement {
	let message = message.get(..message.len().min(512)).unwrap_or_default().to_ascii_lowercase();
	// Hardhat reverts with the code of an internal error.
	if message.contains("revert") {
		return Judgement::CallerError;
	}
	if MISSING.iter().any(|words| message.contains(words)) {
		return Judgement::Suspect;
	}
	match code {
		// Internal error, method not found, resource unavailable, limit exceeded.
		-32603 | -32601 | -32002 | -32005 => Judgement::Suspect,
		_ => Judgement::CallerError,
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Errors of our own: JSON-RPC code, HTTP status and body of each.
//!
//! An answer to a single call carries the HTTP status of its error. Errors inside a batch leave
//! the status at 200.

use super::scan::ScanError;
use bytes::Bytes;
use http::StatusCode;
use std::{borrow::Cow, time::Duration};

/// Reason why a call has no answer of a service.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
	/// The body is not JSON.
	Parse,
	/// The body is no call. The text says why.
	Invalid(&'static str),
	/// The method does not exist here.
	MethodNotFound,
	/// The parameters don't fit the method. The text says why.
	InvalidParams(&'static str),
	/// A fault of our own.
	Internal,
	/// No valid token, key or signature.
	Unauthorized(&'static str),
	/// The key does not allow this. The text says what.
	Forbidden(&'static str),
	/// No agreement covers the call. The value names what to buy.
	PaymentRequired(serde_json::Value),
	/// No such network, service or path.
	NotFound(&'static str),
	/// The client was too slow with its request.
	RequestTimeout,
	/// The request is larger than the limit, nests too deep or has too many calls.
	TooLarge(&'static str),
	/// A limit on the rate is reached.
	RateLimited {
		/// Time after which a call of this weight passes.
		retry_after: Duration,
	},
	/// The service answered with nothing of use.
	BadAnswer,
	/// The answer is larger than the limit.
	AnswerTooLarge,
	/// No operator is left that could answer.
	NoOperator {
		/// Time after which an attempt has a chance.
		retry_after: Duration,
	},
	/// No operator answered in time.
	Timeout,
}

impl Failure {
	/// JSON-RPC code: those of the specification and of EIP-1474, else from -32030.
	pub fn code(&self) -> i32 {
		match self {
			Self::Parse => -32700,
			Self::Invalid(_) | Self::TooLarge(_) | Self::RequestTimeout => -32600,
			Self::MethodNotFound => -32601,
			Self::InvalidParams(_) => -32602,
			Self::Internal => -32603,
			Self::NotFound(_) => -32001,
			Self::NoOperator { .. } => -32002,
			Self::RateLimited { .. } => -32005,
			Self::Unauthorized(_) => -32030,
			Self::Forbidden(_) => -32035,
			Self::PaymentRequired(_) => -32031,
			Self::BadAnswer => -32032,
			Self::Timeout => -32033,
			Self::AnswerTooLarge => -32034,
		}
	}

	/// HTTP status of the answer to a single call. An unknown method and wrong parameters are
	/// errors of JSON-RPC alone: clients read their code only under 200.
	pub fn status(&self) -> StatusCode {
		match self {
			Self::Parse | Self::Invalid(_) => StatusCode::BAD_REQUEST,
			Self::MethodNotFound | Self::InvalidParams(_) => StatusCode::OK,
			Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
			Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
			Self::Forbidden(_) => StatusCode::FORBIDDEN,
			Self::PaymentRequired(_) => StatusCode::PAYMENT_REQUIRED,
			Self::NotFound(_) => StatusCode::NOT_FOUND,
			Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
			Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
			Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
			Self::BadAnswer | Self::AnswerTooLarge => StatusCode::BAD_GATEWAY,
			Self::NoOperator { .. } => StatusCode::SERVICE_UNAVAILABLE,
			Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
		}
	}

	/// Sentence for the caller.
	pub fn message(&self) -> Cow<'static, str> {
		match self {
			Self::Parse => "parse error: the body is not JSON".into(),
			Self::Invalid(reason) => format!("invalid request: {reason}").into(),
			Self::MethodNotFound => "method not found".into(),
			Self::InvalidParams(reason) => format!("invalid params: {reason}").into(),
			Self::Internal => "internal error".into(),
			Self::Unauthorized(reason) => format!("unauthorized: {reason}").into(),
			Self::Forbidden(reason) => format!("forbidden: {reason}").into(),
			Self::PaymentRequired(_) => "no agreement covers this call".into(),
			Self::NotFound(subject) => format!("not found: {subject}").into(),
			Self::RequestTimeout => "the request did not arrive in time".into(),
			Self::TooLarge(reason) => format!("request too large: {reason}").into(),
			Self::RateLimited { .. } => "rate limit reached".into(),
			Self::BadAnswer => "the operators' answers were invalid".into(),
			Self::AnswerTooLarge => "the answer is larger than the limit: ask for less".into(),
			Self::NoOperator { .. } => "no operator is available".into(),
			Self::Timeout => "no operator answered in time".into(),
		}
	}

	/// Whole seconds for the header `Retry-After`, rounded up and at least 1.
	pub fn retry_after(&self) -> Option<u64> {
		match self {
			Self::RateLimited { retry_after } | Self::NoOperator { retry_after } => {
				let rest = u64::from(retry_after.subsec_nanos() > 0);
				Some(retry_after.as_secs().saturating_add(rest).max(1))
			},
			_ => None,
		}
	}

	/// JSON-RPC body. `id` is raw JSON; an empty one is written as `null`.
	pub fn body(&self, id: &[u8]) -> Bytes {
		let mut error = serde_json::json!({ "code": self.code(), "message": self.message() });
		let data = match self {
			Self::PaymentRequired(offer) => Some(offer.clone()),
			_ => self.retry_after().map(|seconds| serde_json::json!({ "retryAfter": seconds })),
		};
		if let (Some(data), Some(error)) = (data, error.as_object_mut()) {
			error.insert("data".into(), data);
		}
		let mut out = Vec::with_capacity(160);
		out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
		out.extend_from_slice(if id.is_empty() { b"null" } else { id });
		out.extend_from_slice(br#","error":"#);
		out.extend_from_slice(error.to_string().as_bytes());
		out.push(b'}');
		out.into()
	}
}

impl From<ScanError<'_>> for Failure {
	fn from(error: ScanError<'_>) -> Self {
		match error {
			ScanError::Parse => Self::Parse,
			ScanError::TooDeep => Self::TooLarge("it nests too deep"),
			ScanError::TooManyCalls => Self::TooLarge("the batch has too many calls"),
			ScanError::Invalid(refusal) => Self::Invalid(refusal.reason),
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Refusals of requests of tenants.

use super::of_kind;
use crate::private::IntakeError;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;
use std::time::Duration;
use surety_engine::EngineError;
use surety_gateway::front::{Body, BodyError};
use surety_orders::{access::AccessError, manifest::OpenError};

/// Longest text of an engine that a tenant sees, in characters.
const MAX_REASON: usize = 300;

/// Reason why a request of a tenant is refused.
#[derive(Debug)]
pub enum Refusal {
	/// The path takes other methods only.
	Method(&'static str),
	/// The request has no token in its header.
	NoToken,
	/// The token is refused.
	Token(AccessError),
	/// The agent has not read the chain yet, or no node answers.
	NoChain,
	/// No lease of this operator.
	UnknownLease,
	/// The lease is over: its former tenant has no access.
	LeaseOver,
	/// The signer is neither the tenant nor its `Report` proxy.
	NotTenant,
	/// Too many refused tokens from this address.
	TooManyFailures,
	/// Too much at a time; try again after this time.
	Busy(Duration),
	/// The query cannot be read.
	Query(String),
	/// The request asks for no WebSocket, or for none of version 13.
	NoWebSocket(String),
	/// The body is too large, too slow or cut.
	Body(BodyError),
	/// The release is not taken.
	Intake(IntakeError),
	/// The engine refused, or does not answer.
	Engine(EngineError),
	/// The disk of the agent failed.
	Disk,
}

impl Refusal {
	/// True for what only somebody without the right to it sends.
	pub fn is_suspect(&self) -> bool {
		matches!(self, Self::NoToken | Self::Token(_) | Self::NotTenant)
	}

	fn name(&self) -> &'static str {
		match self {
			Self::Method(_) => "method",
			Self::NoToken => "noToken",
			Self::Token(error) => match error {
				AccessError::Malformed => "malformedToken",
				AccessError::Chain => "otherChain",
				AccessError::Lease => "otherLease",
				AccessError::Expired => "expired",
				AccessError::Lifetime => "lifetime",
				AccessError::Right => "right",
				AccessError::Signature => "signature",
				AccessError::Used => "used",
				AccessError::Full => "tokensFull",
			},
			Self::NoChain => "noChain",
			Self::UnknownLease => "unknownLease",
			Self::LeaseOver => "leaseOver",
			Self::NotTenant => "notTenant",
			Self::TooManyFailures => "tooManyFailures",
			Self::Busy(_) => "busy",
			Self::Query(_) => "query",
			Self::NoWebSocket(_) => "noWebSocket",
			Self::Body(_) => "body",
			Self::Intake(error) => error.name(),
			Self::Engine(EngineError::Unavailable(_)) => "engineUnavailable",
			Self::Engine(_) => "engineRefused",
			Self::Disk => "notStored",
		}
	}

	fn status(&self) -> StatusCode {
		match self {
			Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
			Self::NoToken => StatusCode::UNAUTHORIZED,
			Self::Token(error) => match error {
				AccessError::Right => StatusCode::FORBIDDEN,
				AccessError::Full => StatusCode::SERVICE_UNAVAILABLE,
				_ => StatusCode::UNAUTHORIZED,
			},
			Self::NoChain | Self::Disk => StatusCode::SERVICE_UNAVAILABLE,
			Self::UnknownLease => StatusCode::NOT_FOUND,
			Self::LeaseOver => StatusCode::GONE,
			Self::NotTenant => StatusCode::FORBIDDEN,
			Self::TooManyFailures | Self::Busy(_) => StatusCode::TOO_MANY_REQUESTS,
			Self::Query(_) => StatusCode::BAD_REQUEST,
			Self::NoWebSocket(_) => StatusCode::UPGRADE_REQUIRED,
			Self::Body(BodyError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
			Self::Body(BodyError::Timeout) => StatusCode::REQUEST_TIMEOUT,
			Self::Body(BodyError::Failed(_)) => StatusCode::BAD_REQUEST,
			Self::Intake(error) => match error {
				IntakeError::NoChain | IntakeError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
				IntakeError::UnknownLease => StatusCode::NOT_FOUND,
				IntakeError::LeaseOver => StatusCode::GONE,
				IntakeError::NoPrivatePart => StatusCode::CONFLICT,
				IntakeError::Release(OpenError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
				IntakeError::Release(_) => StatusCode::UNPROCESSABLE_ENTITY,
			},
			Self::Engine(EngineError::Unavailable(_)) => StatusCode::BAD_GATEWAY,
			Self::Engine(_) => StatusCode::CONFLICT,
		}
	}

	fn message(&self) -> String {
		match self {
			Self::Method(allowed) => format!("{allowed} only"),
			Self::NoToken => {
				"an access token is needed: Authorization: Bearer srl1_..; `surety-provider logs` and \
				 its siblings make one"
					.into()
			},
			Self::Token(error) => error.to_string(),
			Self::NoChain => "the agent has not read the chain yet; try again".into(),
			Self::UnknownLease => "no lease of this operator".into(),
			Self::LeaseOver => "the lease is over".into(),
			Self::NotTenant => {
				"the token is signed neither by the tenant of the lease nor by its Report proxy".into()
			},
			Self::TooManyFailures => {
				"too many refused tokens from this address; try again in a minute".into()
			},
			Self::Busy(time) => format!(
				"too much of this lease at a time; try again in {} s, or close another one",
				time.as_secs().max(1)
			),
			Self::Query(reason) | Self::NoWebSocket(reason) => reason.clone(),
			Self::Body(error) => error.to_string(),
			Self::Intake(error) => error.to_string(),
			// Reasons of a machine in trouble are for its operator.
			Self::Engine(EngineError::Unavailable(_)) => {
				"the operator's container engine does not answer; try again".into()
			},
			Self::Engine(EngineError::Image(reason) | EngineError::Refused(reason)) => {
				reason.chars().take(MAX_REASON).collect()
			},
			Self::Disk => "the agent cannot store what it must not forget; try again".into(),
		}
	}

	/// The response.
	pub fn response(self) -> Response<Body> {
		if let Self::Engine(EngineError::Unavailable(reason)) = &self {
			tracing::warn!(reason, "a tenant's request had no answer of the engine");
		}
		let text = json!({ "error": self.name(), "message": self.message() }).to_string();
		let mut response = of_kind(self.status(), "application/json", text);
		let headers = response.headers_mut();
		match &self {
			Self::Method(allowed) => {
				headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
			},
			Self::NoToken | Self::Token(_) => {
				headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
			},
			Self::Busy(time) => {
				headers.insert(header::RETRY_AFTER, HeaderValue::from(time.as_secs().max(1)));
			},
			Self::TooManyFailures => {
				headers.insert(header::RETRY_AFTER, HeaderValue::from(60));
			},
			_ => {},
		}
		response
	}
}

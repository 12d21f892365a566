// SPDX-License-Identifier: Apache-2.0

//! Answers of the edge itself, to JSON-RPC calls and to other requests.

use crate::{
	access::Wait,
	front::{self, Body, BodyError},
	rpc::Failure,
	upstream::UpstreamError,
};
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// Reason why a request is not answered by the server.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
	/// The request is not valid JSON-RPC, or its method is not served. The id is raw JSON.
	Call(Failure, Vec<u8>),
	/// The body broke off.
	Body,
	/// The body came too slowly.
	BodyTimeout,
	/// The request is larger than allowed.
	TooLarge(&'static str),
	/// The token is not valid.
	Unauthorized(&'static str),
	/// No agreement covers the request. The value names what to buy.
	Payment(&'static str, Value),
	/// No such service or page.
	NotFound,
	/// The service has no such model.
	Model(String),
	/// A field of a request to a model has no value that can be used.
	Field(&'static str, &'static str),
	/// Over a rate.
	Limited {
		/// Seconds after which the same request fits.
		retry_after: u64,
		/// Offer of a higher rate.
		offer: Option<Value>,
	},
	/// Something has to be read from the chain first.
	NotReady,
	/// The client wants to switch to WebSocket, and the service is plain HTTP: there would be
	/// nothing by which to limit and count.
	NoUpgrade,
	/// All connections to the server are in use.
	Busy,
	/// The server cannot be reached, or its answer is not valid.
	BadGateway,
	/// The server does not answer in time.
	Timeout,
}

impl From<&UpstreamError> for Refusal {
	fn from(error: &UpstreamError) -> Self {
		match error {
			UpstreamError::Busy => Self::Busy,
			UpstreamError::Timeout { .. } => Self::Timeout,
			UpstreamError::Request(reason) => Self::TooLarge(reason),
			_ => Self::BadGateway,
		}
	}
}

impl From<BodyError> for Refusal {
	fn from(error: BodyError) -> Self {
		match error {
			BodyError::TooLarge => Self::TooLarge("the body is longer than allowed"),
			BodyError::Timeout => Self::BodyTimeout,
			BodyError::Failed(_) => Self::Body,
		}
	}
}

impl Refusal {
	/// Refusal because of a rate.
	pub fn limited(wait: Wait, offer: Option<Value>) -> Self {
		match wait.retry_after() {
			Some(retry_after) => Self::Limited { retry_after, offer },
			None => Self::TooLarge("it weighs more than the burst"),
		}
	}

	/// HTTP status.
	pub fn status(&self) -> StatusCode {
		match self {
			Self::Call(failure, _) => failure.status(),
			Self::Body | Self::Field(..) => StatusCode::BAD_REQUEST,
			Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
			Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
			Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
			Self::Payment(..) => StatusCode::PAYMENT_REQUIRED,
			Self::NotFound | Self::Model(_) => StatusCode::NOT_FOUND,
			Self::Limited { .. } => StatusCode::TOO_MANY_REQUESTS,
			Self::NotReady | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
			Self::NoUpgrade => StatusCode::NOT_IMPLEMENTED,
			Self::BadGateway => StatusCode::BAD_GATEWAY,
			Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
		}
	}

	/// Code of JSON-RPC, equal to that of [`Failure`] for the same reason.
	fn code(&self) -> i32 {
		match self {
			Self::Call(failure, _) => failure.code(),
			Self::Body | Self::BodyTimeout | Self::TooLarge(_) | Self::Field(..) => -32600,
			Self::NotFound | Self::NoUpgrade | Self::Model(_) => -32001,
			Self::NotReady | Self::Busy => -32002,
			Self::Limited { .. } => -32005,
			Self::Unauthorized(_) => -32030,
			Self::Payment(..) => -32031,
			Self::BadGateway => -32032,
			Self::Timeout => -32033,
		}
	}

	fn message(&self) -> String {
		match self {
			Self::Call(failure, _) => failure.message().into_owned(),
			Self::Body => "the body broke off".into(),
			Self::BodyTimeout => "the body came too slowly".into(),
			Self::TooLarge(reason) => format!("request too large: {reason}"),
			Self::Unauthorized(reason) => format!("unauthorized: {reason}"),
			Self::Payment(reason, _) => format!("payment required: {reason}"),
			Self::NotFound => "no such service".into(),
			Self::Model(model) => format!("no such model: {model}"),
			Self::Field(field, reason) => format!("{field}: {reason}"),
			Self::Limited { .. } => "rate limit reached".into(),
			Self::NotReady => "the chain is being read".into(),
			Self::NoUpgrade => {
				"no WebSocket: this service is plain HTTP, whose requests are counted one by one"
					.into()
			},
			Self::Busy => "the service is overloaded".into(),
			Self::BadGateway => "the service is down or its answer invalid".into(),
			Self::Timeout => "the service did not answer in time".into(),
		}
	}

	fn retry_after(&self) -> Option<u64> {
		match self {
			Self::Call(failure, _) => failure.retry_after(),
			Self::Limited { retry_after, .. } => Some(*retry_after),
			Self::NotReady | Self::Busy => Some(1),
			_ => None,
		}
	}

	fn data(&self) -> Option<Value> {
		match self {
			Self::Payment(_, offer) => Some(json!({ "offer": offer })),
			Self::Limited { retry_after, offer: Some(offer) } => {
				Some(json!({ "retryAfter": retry_after, "offer": offer }))
			},
			_ => self.retry_after().map(|seconds| json!({ "retryAfter": seconds })),
		}
	}

	/// Response to a client.
	///
	/// - `call`: id of the JSON-RPC call as raw JSON, empty if unknown. `None` if the request is
	///   none.
	pub fn response(&self, call: Option<&[u8]>) -> Response<Body> {
		let mut error = json!({ "code": self.code(), "message": self.message() });
		if let (Some(data), Some(error)) = (self.data(), error.as_object_mut()) {
			error.insert("data".into(), data);
		}
		let id = match self {
			Self::Call(_, id) => Some(id.as_slice()),
			_ => call,
		};
		let body = match id {
			None => json!({ "error": error }).to_string(),
			Some(id) => {
				let id = std::str::from_utf8(id).ok().filter(|id| !id.is_empty()).unwrap_or("null");
				format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#)
			},
		};
		self.finish(body)
	}

	/// Response in the form of OpenAI's errors, which its clients show.
	pub fn of_model(&self) -> Response<Body> {
		let (kind, code) = match self {
			Self::Unauthorized(_) => ("authentication_error", "invalid_api_key"),
			Self::Payment(..) => ("insufficient_quota", "insufficient_quota"),
			Self::Limited { .. } => ("rate_limit_error", "rate_limit_exceeded"),
			Self::Model(_) => ("invalid_request_error", "model_not_found"),
			Self::NotFound => ("invalid_request_error", "unknown_url"),
			_ if self.status().is_client_error() => ("invalid_request_error", "invalid_request"),
			_ => ("server_error", "service_unavailable"),
		};
		let param = match self {
			Self::Model(_) => Some("model"),
			Self::Field(field, _) => Some(*field),
			_ => None,
		};
		let mut error =
			json!({ "message": self.message(), "type": kind, "param": param, "code": code });
		if let (Some(data), Some(error)) = (self.data(), error.as_object_mut()) {
			error.insert("data".into(), data);
		}
		self.finish(json!({ "error": error }).to_string())
	}

	/// Response with a body, and the headers that belong to the reason.
	fn finish(&self, body: String) -> Response<Body> {
		let mut response = front::json(self.status(), body);
		let headers = response.headers_mut();
		if let Some(seconds) = self.retry_after() {
			headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
		}
		if matches!(self, Self::Unauthorized(_)) {
			let realm = HeaderValue::from_static("Bearer realm=\"surety\"");
			headers.insert(header::WWW_AUTHENTICATE, realm);
		}
		response
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn parts(response: &Response<Body>) -> (u16, Value) {
		let body = serde_json::from_slice(response.body().as_full().unwrap()).unwrap();
		(response.status().as_u16(), body)
	}

	#[test]
	fn a_call_gets_its_id_back() {
		let (status, body) = parts(&Refusal::Timeout.response(Some(b"\"a\"")));
		assert_eq!(
			(status, &body["id"], &body["error"]["code"]),
			(504, &json!("a"), &json!(-32033))
		);
		assert_eq!(parts(&Refusal::Busy.response(Some(b""))).1["id"], Value::Null);
		let parse = Refusal::Call(Failure::Parse, Vec::new());
		assert_eq!(parts(&parse.response(None)).1["error"]["code"], -32700);
		let (status, body) = parts(&Refusal::NotFound.response(None));
		assert_eq!((status, body.get("jsonrpc")), (404, None));
	}

	#[test]
	fn clients_of_models_are_answered_in_their_form() {
		let (status, body) = parts(&Refusal::Model("a\"b".into()).of_model());
		let error = &body["error"];
		assert_eq!((status, &error["code"]), (404, &json!("model_not_found")));
		assert_eq!(error["message"], "no such model: a\"b");
		let limited = Refusal::Limited { retry_after: 3, offer: None }.of_model();
		assert_eq!(limited.headers()["retry-after"], "3");
		assert_eq!(parts(&limited).1["error"]["type"], "rate_limit_error");
		assert_eq!(parts(&Refusal::BadGateway.of_model()).1["error"]["type"], "server_error");
	}

	#[test]
	fn payment_names_the_offer_and_a_limit_the_time() {
		let offer = json!({ "service": 7 });
		let payment = Refusal::Payment("no agreement", offer.clone()).response(None);
		let (status, body) = parts(&payment);
		assert_eq!((status, &body["error"]["data"]["offer"]), (402, &offer));
		let limited = Refusal::Limited { retry_after: 3, offer: Some(offer) }.response(None);
		assert_eq!(limited.headers()["retry-after"], "3");
		let (status, body) = parts(&limited);
		assert_eq!((status, &body["error"]["data"]["offer"]["service"]), (429, &json!(7)));
		assert_eq!(Refusal::limited(Wait::Never, None).status(), 413);
		let unauthorized = Refusal::Unauthorized("x").response(None);
		assert!(unauthorized.headers().contains_key("www-authenticate"));
	}
}

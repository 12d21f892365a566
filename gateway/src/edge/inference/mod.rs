// SPDX-License-Identifier: Apache-2.0

//! Service of models, in front of any server of OpenAI's API.
//!
//! ```text
//!  POST /v1/chat/completions, /v1/completions, /v1/embeddings
//!   request.rs   model, bound, stream: what it may cost
//!   admission    a request, and tokens set aside
//!   server       the body as it came, the usage of a stream asked for
//!   events.rs    events as they pass; usage.rs: whole answers
//!   meter.rs     tokens used instead of those set aside, times, outcome
//! ```
//!
//! Tokens are counted by the server: in `usage` of an answer, or of the last event of a stream.
//! Where it tells none, each event with text is a token, and four bytes of text are. An agreement
//! whose tokens are not all paid gets 429; an answer itself is never cut short, so it may overdraw.
//! Strangers and probers get short answers.

mod events;
mod meter;
mod request;
mod usage;

use super::{Admission, Refusal, admission::Client, backend, handler::EdgeHandler};
use crate::{
	access::Cost,
	front::{Body, Peer},
	rpc::json::{elements, member},
};
use bytes::Bytes;
use events::Events;
use http::{Request, Response, StatusCode, Uri, header, request::Parts};
use hyper::body::Incoming;
use meter::{End, Meter, Metered, Reading};
use request::{Asked, Route};
use usage::{Tokens, Window};

/// Tokens of an answer without an agreement that names no bound.
const STRANGERS_ANSWER: u64 = 256;
/// Most tokens of a prober's request.
const PROBERS_TOKENS: u64 = 2_000;
/// Models of a list that are read.
const MAX_MODELS: usize = 4_096;

impl EdgeHandler {
	/// Answer a request to a service of models.
	pub(super) async fn infer(
		&self,
		admission: Admission,
		peer: Peer,
		target: Uri,
		request: Request<Incoming>,
	) -> Response<Body> {
		match self.try_infer(admission, peer, target, request).await {
			Ok(response) => response,
			Err(refusal) => self.refuse_model(&refusal),
		}
	}

	async fn try_infer(
		&self,
		admission: Admission,
		peer: Peer,
		target: Uri,
		request: Request<Incoming>,
	) -> Result<Response<Body>, Refusal> {
		let path = target.path().to_owned();
		let route = Route::of(request.method(), &path).ok_or(Refusal::NotFound)?;
		let (parts, body) = request.into_parts();
		match route {
			Route::Models => self.models(admission, peer, target, parts).await,
			Route::Model(name) => {
				let name = name.replace("%2F", "/").replace("%2f", "/");
				check(&admission.service.models, &name)?;
				self.models(admission, peer, target, parts).await
			},
			Route::Chat | Route::Completion | Route::Embedding => {
				let body = self.body(body).await?;
				self.complete(admission, peer, route, target, parts, body).await
			},
		}
	}

	/// A list of models, or one of them.
	async fn models(
		&self,
		admission: Admission,
		peer: Peer,
		target: Uri,
		parts: Parts,
	) -> Result<Response<Body>, Refusal> {
		admission.admit(1, 1)?;
		let is_list = target.path() == "/v1/models";
		let asked = Asked::default();
		let mut meter = Meter::new(admission, &asked, 0);
		let response = self.send(&mut meter, peer, target, parts, Bytes::new()).await?;
		let is_answer = is_answer(response.status());
		let end = if is_answer { End::Plain } else { End::Lost };
		let Some(body) = response.body().as_full() else {
			let reading = Reading::Plain(is_answer);
			return Ok(response.map(|body| Body::new(Metered::new(body, reading, meter))));
		};
		meter.end(end, length(body));
		let models = &meter.admission().service.models;
		let listed = (is_list && response.status() == StatusCode::OK && !models.is_empty())
			.then(|| only(models, body))
			.flatten();
		Ok(match listed {
			Some(listed) => response.map(|_| listed.into()),
			None => response,
		})
	}

	/// A completion or an embedding.
	async fn complete(
		&self,
		admission: Admission,
		peer: Peer,
		route: Route<'_>,
		target: Uri,
		parts: Parts,
		body: Bytes,
	) -> Result<Response<Body>, Refusal> {
		let mut asked = Asked::read(route, &body)?;
		check(&admission.service.models, &asked.model)?;
		if !matches!(admission.client, Client::Tenant { .. }) {
			asked.bind(STRANGERS_ANSWER);
		}
		let tokens = asked.reserve();
		if matches!(admission.client, Client::Prober(_)) && tokens > PROBERS_TOKENS {
			return Err(Refusal::TooLarge("more tokens than a prober needs"));
		}
		admission.admit_cost(1, Cost { weight: 1, tokens })?;
		let mut meter = Meter::new(admission, &asked, tokens);
		let response = self.send(&mut meter, peer, target, parts, asked.body(body)).await?;
		let status = response.status();
		let whole = match response.body().as_full() {
			Some(body) => Some(body.clone()),
			None if hyper::body::Body::is_end_stream(response.body()) => Some(Bytes::new()),
			None => None,
		};
		let Some(whole) = whole else {
			let reading = match status {
				StatusCode::OK if is_event_stream(&response) => {
					Reading::Events(Events::new(!asked.wants_usage))
				},
				StatusCode::OK => Reading::Long(Window::default()),
				status => Reading::Plain(is_answer(status)),
			};
			return Ok(response.map(|body| Body::new(Metered::new(body, reading, meter))));
		};
		let end = match status {
			StatusCode::OK if whole.trim_ascii_start().starts_with(b"{") => {
				End::Answered(Tokens::of_answer(&whole, meter.prompt()))
			},
			StatusCode::OK => End::Lost,
			status if is_answer(status) => End::Plain,
			_ => End::Lost,
		};
		meter.end(end, length(&whole));
		Ok(response)
	}

	/// Send a request to the server, and return its answer with the name of the service. A request
	/// that is dropped meanwhile is dropped at the server too.
	async fn send(
		&self,
		meter: &mut Meter,
		peer: Peer,
		target: Uri,
		parts: Parts,
		body: Bytes,
	) -> Result<Response<Body>, Refusal> {
		let service = meter.admission().service.clone();
		let mut request = backend::pass(target, parts, peer, body);
		// Answers are read, and they are short.
		request.headers_mut().remove(header::ACCEPT_ENCODING);
		if let Some(authorization) = &service.authorization {
			request.headers_mut().insert(header::AUTHORIZATION, authorization.clone());
		}
		let settings = &self.shared.settings;
		let pool = self.pool(&service);
		let answer = pool.fetch(&request, settings.model_timeout, settings.buffered, false).await;
		match answer {
			Ok(response) => {
				meter.head();
				Ok(backend::respond(response, meter.admission()))
			},
			Err(error) => {
				tracing::debug!(service = service.id, %error, "no answer of the model's server");
				meter.end(End::Lost, 0);
				Err(Refusal::from(&error))
			},
		}
	}
}

/// Check that a service has a model.
fn check(models: &[String], model: &str) -> Result<(), Refusal> {
	if models.is_empty() || models.iter().any(|one| one == model) {
		return Ok(());
	}
	Err(match model {
		"" => Refusal::Field("model", "name one of GET /v1/models"),
		model => Refusal::Model(model.into()),
	})
}

/// A list of models without those that are not listed on chain. `None` if it is none.
fn only(models: &[String], body: &[u8]) -> Option<Vec<u8>> {
	let id = |model: &[u8]| serde_json::from_slice::<String>(member(model, b"id")?).ok();
	let all = elements(member(body, b"data")?, MAX_MODELS)?;
	let kept: Vec<_> =
		all.into_iter().filter(|model| id(model).is_some_and(|id| models.contains(&id))).collect();
	let mut list = br#"{"object":"list","data":["#.to_vec();
	list.extend_from_slice(&kept.join(&b","[..]));
	list.extend_from_slice(b"]}");
	Some(list)
}

/// True if a status is that of an answer, errors of the client included.
fn is_answer(status: StatusCode) -> bool {
	backend::is_answer(status, None, backend::Expected::Any)
}

fn is_event_stream(response: &Response<Body>) -> bool {
	let kind = response.headers().get(header::CONTENT_TYPE);
	kind.and_then(|kind| kind.to_str().ok()).is_some_and(|kind| {
		kind.get(.."text/event-stream".len())
			.is_some_and(|kind| kind.eq_ignore_ascii_case("text/event-stream"))
	})
}

fn length(body: &Bytes) -> u64 {
	u64::try_from(body.len()).unwrap_or(u64::MAX)
}

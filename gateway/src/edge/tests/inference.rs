// SPDX-License-Identifier: Apache-2.0

//! Services of models: what they cost, and what clients and their server see of each other.

use super::{
	probers::{VISIT, keys},
	*,
};
use http_body_util::{BodyExt, StreamBody};
use std::sync::atomic::AtomicBool;
use surety_primitives::ServiceClass;

/// Server of OpenAI's API. The name of the model says what it does.
#[derive(Clone, Default)]
struct Model {
	/// Headers and bodies of the requests that were sent to it.
	seen: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
	/// A stream was dropped before its end.
	dropped: Arc<AtomicBool>,
}

/// Notes that it was dropped.
struct Place(Arc<AtomicBool>);

impl Drop for Place {
	fn drop(&mut self) {
		self.0.store(true, Relaxed);
	}
}

impl Handler for Model {
	async fn handle(&self, _: Peer, request: Request<Incoming>) -> Response<Body> {
		let (parts, body) = request.into_parts();
		let body = read_body(body, 10 << 20, LONG).await.unwrap();
		if parts.uri.path() == "/v1/models" {
			return with(
				200,
				r#"{"models":[],"data":[{"id":"m"},{"id":"hidden"}],"object":"list"}"#,
			);
		}
		let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
		self.seen.lock().push((parts.headers, asked.clone()));
		let usage = json!({ "prompt_tokens": 10, "completion_tokens": 30, "total_tokens": 40 });
		if parts.uri.path() == "/v1/embeddings" {
			let usage = json!({ "prompt_tokens": 10, "total_tokens": 10 });
			let vector = vec![0.123_456; 100_000];
			let answer = json!({ "data": [{ "embedding": vector }], "usage": usage });
			return with(200, &answer.to_string());
		}
		match asked["user"].as_str().unwrap_or_default() {
			"overloaded" => return with(429, "{}"),
			"faulty" => return with(400, r#"{"error":{"message":"what?"}}"#),
			"never" => std::future::pending().await,
			_ => {},
		}
		if asked["stream"] == true {
			let place = Place(self.dropped.clone());
			let events = events_of(&asked, &usage);
			let endless = asked["user"] == "endless";
			let events = futures::stream::unfold((0, place), move |(n, place)| {
				let event = if endless {
					Some(format!("data: {}\n\n", json!({ "x": "y".repeat(10_000) })))
				} else {
					events.get(n).cloned()
				};
				async move {
					let event = event?;
					Some((Ok::<_, std::io::Error>(Frame::data(Bytes::from(event))), (n + 1, place)))
				}
			});
			return Response::builder()
				.header("content-type", "text/event-stream; charset=utf-8")
				.body(Body::new(StreamBody::new(events)))
				.unwrap();
		}
		let message = json!({ "role": "assistant", "content": "four words of text" });
		let mut answer = json!({ "model": "m", "choices": [{ "message": message }] });
		if asked["user"] != "uncounted" {
			answer["usage"] = usage;
		}
		with(200, &answer.to_string())
	}
}

fn events_of(asked: &Value, usage: &Value) -> Vec<String> {
	let delta = |text: &str| json!({ "choices": [{ "delta": { "content": text } }] });
	let mut events = vec![delta("one"), delta(" two"), delta(" three")];
	if asked["user"] == "breaks" {
		events.push(json!({ "error": { "message": "out of memory" } }));
	}
	if asked["stream_options"]["include_usage"] == true && asked["user"] != "uncounted" {
		events.push(json!({ "choices": [], "usage": usage }));
	}
	let events = events.iter().map(|event| format!("data: {event}\n\n"));
	events.chain(["data: [DONE]\n\n".into()]).collect()
}

/// Edge with a server of models behind it.
struct Scene {
	world: World,
	model: Model,
	_server: crate::front::Front,
}

fn scene(settings: EdgeSettings) -> Scene {
	let world = start(settings);
	world.rights.probers.lock().extend(keys());
	let model = Model::default();
	let served = model.clone();
	let server = serve(loopback(), move |_| served.clone()).unwrap();
	let backend: Endpoint = format!("http://{}", server.local_addr()).parse().unwrap();
	let of_models = |service| EdgeService {
		class: ServiceClass::Inference,
		protocol: None,
		endpoint: "https://edge.org".into(),
		models: vec!["m".into()],
		backend: backend.clone(),
		authorization: Some("Bearer of-the-server".parse().unwrap()),
		..service
	};
	world.change(of_models, |same| same);
	Scene { world, model, _server: server }
}

const CHAT: &str = "/v1/chat/completions";

fn ask(fields: Value) -> String {
	let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "hi" }] });
	body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
	body.to_string()
}

impl Scene {
	/// Tokens of an agreement.
	fn tokens(&self, agreement: AgreementId) -> u64 {
		self.world.book.0.lock().entry(agreement).or_default().tokens.load(Relaxed)
	}

	async fn post(&self, tenant: Option<&str>, body: &str) -> Answer {
		let header = tenant.map(|name| {
			let agreement = if name == "Alice" { 1 } else { 2 };
			("authorization", format!("Bearer {}", token(agreement, name)))
		});
		let header = header.as_ref().map(|(name, value)| (*name, value.as_str()));
		self.world.client().post(CHAT, header.as_slice(), body).await
	}
}

#[test]
fn an_answer_costs_what_its_server_counts() {
	let scene = scene(settings());
	local(async {
		let answer = scene.post(Some("Alice"), &ask(json!({ "tools": [{ "x": 1 }] }))).await;
		assert_eq!(answer.status, 200);
		assert_eq!(answer.body["usage"]["total_tokens"], 40);
		assert_eq!((scene.tokens(1), scene.tokens(2)), (40, 0));
		let uncounted = scene.post(Some("Bob"), &ask(json!({ "user": "uncounted" }))).await;
		assert!(uncounted.body.get("usage").is_none());
		assert!((20..60).contains(&scene.tokens(2)), "{}", scene.tokens(2));
		let seen = scene.model.seen.lock();
		let (headers, body) = &seen[0];
		assert_eq!((&body["tools"], body.get("stream_options")), (&json!([{ "x": 1 }]), None));
		assert_eq!(body.get("max_tokens"), None, "tenants' requests have no bound of ours");
		assert_eq!(headers["authorization"], "Bearer of-the-server");
		assert!(!headers.contains_key("accept-encoding"));
	});
	assert_eq!(scene.world.book.of(1).0, 1);
	let inferred = scene.world.book.1.lock();
	assert_eq!((inferred[0].client, inferred[0].prompt), ("tenant", 10));
	assert!(inferred[0].per_second.is_some() && inferred[0].first_token.is_none());
}

#[test]
fn a_stream_is_counted_and_its_usage_shown_only_to_those_who_asked() {
	let scene = scene(settings());
	local(async {
		for (wants, user) in [(false, ""), (true, ""), (false, "uncounted")] {
			let body = ask(json!({
				"stream": true, "user": user, "stream_options": { "include_usage": wants },
			}));
			let answer = scene.post(Some("Alice"), &body).await;
			let text = answer.body.as_str().unwrap().to_owned();
			assert_eq!(text.contains("total_tokens"), wants, "{text}");
			assert!(text.contains(" three") && text.ends_with("data: [DONE]\n\n"), "{text}");
		}
		let asked = scene.model.seen.lock();
		assert!(asked.iter().all(|(_, body)| body["stream_options"]["include_usage"] == true));
	});
	let inferred = scene.world.book.1.lock();
	let counted: Vec<_> = inferred.iter().map(|one| one.completion).collect();
	assert_eq!(counted, [30, 30, 4], "13 bytes of text");
	assert!(inferred.iter().all(|one| one.first_token.is_some()));
	assert_eq!(scene.tokens(1), 80 + 4 + inferred[2].prompt);
	assert_eq!(scene.world.book.of(1).0, 3);
}

#[test]
fn a_long_embedding_is_counted_by_its_prompt() {
	let scene = scene(settings());
	local(async {
		let header = format!("Bearer {}", token(1, "Alice"));
		let body = r#"{"model":"m","input":["a","b"]}"#;
		let client = scene.world.client();
		let answer = client.post("/v1/embeddings", &[("authorization", &header)], body).await;
		assert_eq!(answer.body["data"][0]["embedding"].as_array().unwrap().len(), 100_000);
	});
	assert_eq!(scene.tokens(1), 10);
}

#[test]
fn an_agreement_whose_tokens_are_not_paid_waits() {
	let scene = scene(settings());
	local(async {
		// More than one unit has at once: it overdraws, and is given back what was not used.
		let large = ask(json!({ "max_tokens": 30_000 }));
		assert_eq!(scene.post(Some("Alice"), &large).await.status, 200);
		assert_eq!(scene.post(Some("Alice"), &large).await.status, 200);
		let never = ask(json!({ "max_tokens": 30_000, "user": "never" }));
		let waiting = scene.post(Some("Alice"), &never);
		let refused = async {
			while scene.model.seen.lock().len() < 3 {
				tokio::time::sleep(Duration::from_millis(5)).await;
			}
			scene.post(Some("Alice"), &ask(json!({}))).await
		};
		let refused =
			tokio::select! { _ = waiting => unreachable!(), refused = refused => refused };
		assert_eq!(refused.status, 429);
		let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
		assert!((25..=32).contains(&wait), "10,000 tokens at 334 a second: {wait}");
		assert_eq!(refused.body["error"]["code"], "rate_limit_exceeded");
		assert_eq!(scene.post(Some("Bob"), &ask(json!({}))).await.status, 200);
		// The request was given up, so only its prompt is paid.
		while scene.world.edge.counts().cancelled.get() == 0 {
			tokio::time::sleep(Duration::from_millis(5)).await;
		}
		assert_eq!(scene.post(Some("Alice"), &ask(json!({}))).await.status, 200);
	});
}

#[test]
fn strangers_and_probers_get_short_answers() {
	let scene = scene(settings());
	local(async {
		assert_eq!(scene.post(None, &ask(json!({}))).await.status, 200);
		assert_eq!(scene.model.seen.lock()[0].1["max_tokens"], 256);
		let long = ask(json!({ "max_tokens": 10_000 }));
		let refused = scene.post(None, &long).await;
		assert_eq!(
			(refused.status, &refused.body["error"]["type"]),
			(402, &json!("insufficient_quota"))
		);
		assert_eq!(refused.body["error"]["data"]["offer"]["unit"]["tokensPerMinute"], 20_000);
		// Tokens of a network are used up before those of all.
		let mut last = 200;
		for _ in 0..40 {
			last =
				scene.post(None, &ask(json!({ "user": "never", "max_tokens": "x" }))).await.status;
			if last != 400 {
				break;
			}
		}
		assert_eq!(last, 400, "requests that are not valid cost nothing");
		let client = scene.world.client();
		let list = |headers: Vec<(&'static str, String)>| {
			let client = &client;
			async move {
				let headers: Vec<_> =
					headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
				client.get("/v1/models", &headers).await.status
			}
		};
		while list(Vec::new()).await != 429 {}
		let prober = vec![("x-surety-prober", VISIT.signed("Alice"))];
		assert_eq!(list(prober.clone()).await, 200);
		let header = [("x-surety-prober", prober[0].1.as_str())];
		let probe = client.post(CHAT, &header, &ask(json!({ "max_tokens": 12 }))).await;
		assert_eq!(probe.status, 200);
		assert_eq!(client.post(CHAT, &header, &long).await.status, 413);
	});
	assert!(scene.world.book.1.lock().iter().any(|one| one.client == "prober"));
}

#[test]
fn only_listed_models_and_their_api_are_there() {
	let scene = scene(settings());
	local(async {
		let client = scene.world.client();
		let list = client.get("/v1/models", &[]).await;
		assert_eq!(list.body, json!({ "object": "list", "data": [{ "id": "m" }] }));
		let unknown = scene.post(Some("Alice"), &ask(json!({ "model": "hidden" }))).await;
		assert_eq!(
			(unknown.status, &unknown.body["error"]["code"]),
			(404, &json!("model_not_found"))
		);
		assert_eq!(unknown.body["error"]["param"], "model");
		let none = scene.post(Some("Alice"), &ask(json!({ "model": null }))).await;
		assert_eq!((none.status, &none.body["error"]["param"]), (400, &json!("model")));
		for path in ["/v1/models/hidden", "/slots", "/metrics", "/", "/v1/models/../../slots"] {
			assert_eq!(client.get(path, &[]).await.status, 404, "{path}");
		}
		assert!(scene.model.seen.lock().is_empty());
	});
	assert_eq!(scene.tokens(1), 0);
}

#[test]
fn refusals_of_the_server_pass_and_cost_nothing() {
	let scene = scene(settings());
	local(async {
		let faulty = scene.post(Some("Alice"), &ask(json!({ "user": "faulty" }))).await;
		assert_eq!((faulty.status, &faulty.body["error"]["message"]), (400, &json!("what?")));
		assert_eq!(
			scene.post(Some("Alice"), &ask(json!({ "user": "overloaded" }))).await.status,
			429
		);
		let breaks = ask(json!({ "user": "breaks", "stream": true }));
		assert_eq!(scene.post(Some("Alice"), &breaks).await.status, 200);
	});
	assert_eq!(scene.tokens(1), 0);
	let (answered, lost, _) = scene.world.book.of(1);
	assert_eq!((answered, lost), (1, 2), "a failure within a stream is one");
}

#[test]
fn a_dead_server_is_a_bad_gateway_at_once() {
	let Scene { world, model, _server: server } = scene(settings());
	drop(server);
	let scene = Scene { world, model, _server: serve(loopback(), |_| Model::default()).unwrap() };
	local(async {
		let begin = std::time::Instant::now();
		let dead = scene.post(Some("Alice"), &ask(json!({}))).await;
		assert_eq!((dead.status, &dead.body["error"]["type"]), (502, &json!("server_error")));
		assert!(begin.elapsed() < LONG / 2);
	});
	assert_eq!(scene.world.book.of(1).1, 1);
}

#[test]
fn a_client_that_leaves_frees_its_place_at_the_server() {
	let scene = scene(settings());
	local(async {
		let path = format!("/k/{}{CHAT}", token(1, "Alice"));
		let body = Bytes::from(ask(json!({ "user": "endless", "stream": true })));
		let request = Request::post(path).body(body).unwrap();
		let client = scene.world.client();
		let mut body = client.0.stream(&request, LONG).await.unwrap().into_body();
		body.frame().await.unwrap().unwrap();
		assert!(!scene.model.dropped.load(Relaxed));
		drop(body);
		while !scene.model.dropped.load(Relaxed) {
			tokio::time::sleep(Duration::from_millis(5)).await;
		}
	});
	assert_eq!(scene.world.edge.counts().cancelled.get(), 1);
	assert!(scene.tokens(1) > 0, "the server has read the prompt");
}

#[test]
fn a_client_that_does_not_read_holds_its_server_back_and_is_closed() {
	let mut stalls = settings();
	stalls.front.stall_timeout = Duration::from_secs(1);
	let scene = scene(stalls);
	local(async {
		let path = format!("/k/{}{CHAT}", token(1, "Alice"));
		let body = Bytes::from(ask(json!({ "user": "endless", "stream": true })));
		let request = Request::post(path).body(body).unwrap();
		let client = scene.world.client();
		let mut body = client.0.stream(&request, LONG).await.unwrap().into_body();
		body.frame().await.unwrap().unwrap();
		let bytes = || scene.world.edge.counts().bytes.get();
		let mut before = 0;
		// Buffers of sockets and connections fill up.
		while bytes() > before {
			before = bytes();
			tokio::time::sleep(Duration::from_millis(300)).await;
		}
		assert!(before < 64 << 20, "{before}");
		while !scene.model.dropped.load(Relaxed) {
			tokio::time::sleep(Duration::from_millis(20)).await;
		}
	});
}

// SPDX-License-Identifier: Apache-2.0

//! An engine and a registry that answer with malice.

// The lints exempt functions that are tests, not those that help them.
#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used
)]

use std::{
	collections::BTreeMap,
	path::PathBuf,
	sync::Arc,
	time::{Duration, Instant},
};
use surety_engine::{
	ContainerEngine, Engine, EngineError, Login, Resources, Settings, Spec, State, Timeouts,
};
use tokio::{
	io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
	net::{TcpListener, UnixListener},
};

/// Answer to a request.
enum Reply {
	/// Status and body.
	Is(u16, String),
	/// A header or body without end.
	Endless(&'static str),
	/// Nothing, ever.
	Silent,
	/// Bytes that are no HTTP.
	Garbage,
	/// The connection is closed.
	Closed,
}

type Answers = Arc<dyn Fn(&str) -> Reply + Send + Sync>;

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, answers: Answers) {
	let mut head = Vec::new();
	while !head.windows(4).any(|window| window == b"\r\n\r\n") {
		let Ok(byte) = stream.read_u8().await else { return };
		head.push(byte);
	}
	let text = String::from_utf8_lossy(&head).into_owned();
	let _ = match answers(&text) {
		Reply::Is(status, body) => {
			let extra = body.strip_prefix("HEADER ").and_then(|rest| rest.split_once('\n'));
			let (header, body) = match extra {
				Some((header, body)) => (format!("{header}\r\n"), body.to_string()),
				None => (String::new(), body),
			};
			let length = body.len();
			let text =
				format!("HTTP/1.1 {status} X\r\n{header}Content-Length: {length}\r\n\r\n{body}");
			stream.write_all(text.as_bytes()).await
		},
		Reply::Endless(start) => {
			let _ = stream.write_all(start.as_bytes()).await;
			let chunk = "10000\r\n".to_string() + &"1".repeat(0x10000) + "\r\n";
			while stream.write_all(chunk.as_bytes()).await.is_ok() {}
			Ok(())
		},
		Reply::Silent => {
			tokio::time::sleep(Duration::from_secs(600)).await;
			Ok(())
		},
		Reply::Garbage => stream.write_all(b"\x16\x03\x01 not http at all\r\n\r\n").await,
		Reply::Closed => Ok(()),
	};
	let _ = stream.shutdown().await;
}

/// Agent at an engine that answers `answers` by the first line of a request.
fn engine(
	answers: impl Fn(&str) -> Reply + Send + Sync + 'static,
) -> (tempfile::TempDir, ContainerEngine) {
	let dir = tempfile::tempdir().unwrap();
	let socket: PathBuf = dir.path().join("sock");
	let listener = UnixListener::bind(&socket).unwrap();
	let answers: Answers = Arc::new(answers);
	tokio::spawn(async move {
		while let Ok((stream, _)) = listener.accept().await {
			tokio::spawn(answer(stream, answers.clone()));
		}
	});
	let settings = Settings {
		socket,
		data_dir: dir.path().join("data"),
		name: "fake".into(),
		timeouts: Timeouts { request: 1, stop: 0, registry: 2, ..Timeouts::default() },
		..Settings::default()
	};
	let engine = ContainerEngine::open(settings).unwrap();
	(dir, engine)
}

const VERSION: &str = r#"{"ApiVersion":"1.41","Version":"1","Components":[{"Name":"Engine"}]}"#;

/// Answers of a sound engine, but for lists.
fn sound(head: &str, list: &str, rest: Reply) -> Reply {
	match head {
		_ if head.contains(" /version ") => Reply::Is(200, VERSION.into()),
		_ if head.contains("/containers/json") => Reply::Is(200, list.into()),
		_ => rest,
	}
}

fn unknown(result: Result<Vec<surety_engine::Observed>, EngineError>, case: &str) {
	assert!(matches!(result, Err(EngineError::Unavailable(_))), "{case}: {result:?}");
}

#[tokio::test]
async fn without_an_engine_nothing_is_known() {
	let dir = tempfile::tempdir().unwrap();
	let settings = Settings {
		socket: dir.path().join("none"),
		data_dir: dir.path().join("data"),
		..Settings::default()
	};
	unknown(ContainerEngine::open(settings).unwrap().observe().await, "no socket");
}

#[tokio::test]
async fn wrong_answers_are_never_an_absence() {
	for (case, list) in [
		("not JSON", "<html>"),
		("another type", r#"{"containers":[]}"#),
		("numbers for words", r#"[{"Id":7}]"#),
		("cut", r#"[{"Id":"a","#),
		("nothing", ""),
	] {
		let list = list.to_string();
		let (_dir, engine) = engine(move |head| sound(head, &list, Reply::Closed));
		unknown(engine.observe().await, case);
	}
	let nested = "[".repeat(100_000);
	let (_dir, agent) = engine(move |head| sound(head, &nested, Reply::Closed));
	unknown(agent.observe().await, "nested");
}

#[tokio::test]
async fn endless_and_silent_answers_end() {
	let begun = Instant::now();
	for (case, start) in [
		("endless body", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
		("endless head", "HTTP/1.1 200 OK\r\nX: "),
	] {
		let (_dir, agent) = engine(move |_| Reply::Endless(start));
		unknown(agent.observe().await, case);
	}
	let (_dir, agent) = engine(|_| Reply::Silent);
	unknown(agent.observe().await, "silence");
	let (_dir, agent) = engine(|_| Reply::Garbage);
	unknown(agent.observe().await, "garbage");
	let (_dir, agent) = engine(|_| Reply::Closed);
	unknown(agent.observe().await, "closed");
	// Each case is bounded by a second of settings; ten times that is a hang.
	assert!(begun.elapsed() < Duration::from_secs(60));
}

const LISTED: &str = r#"[
	{"Id":"a1","Labels":{"surety.agent":"fake","surety.lease":"1"}},
	{"Id":"a2","Labels":{"surety.agent":"fake","surety.lease":"2"}},
	{"Id":"a3","Labels":{"surety.agent":"other","surety.lease":"3"}},
	{"Id":"a4","Labels":{"surety.agent":"fake","surety.lease":"-4"}},
	{"Id":"a5","Labels":null}]"#;

#[tokio::test]
async fn silence_about_one_container_is_no_silence_about_all() {
	let (_dir, agent) = engine(|head| {
		let rest = match head {
			_ if head.contains("/containers/a1/json") => {
				Reply::Is(200, r#"{"Id":"a1","State":{"Status":"running"}}"#.into())
			},
			_ if head.contains("/info") => Reply::Is(500, "{}".into()),
			_ => Reply::Silent,
		};
		sound(head, LISTED, rest)
	});
	let all = agent.observe().await.unwrap();
	assert_eq!(all.iter().map(|o| o.lease).collect::<Vec<_>>(), [1, 2], "only our own");
	// A container that carries our name, but not our label, is not reported ready.
	assert_eq!(all[0].missing, ["label of this agent"]);
	assert!(matches!(all[1].state, State::Failed { .. }));

	let (_dir, agent) = engine(|head| sound(head, LISTED, Reply::Is(500, "no".into())));
	assert!(agent.observe().await.is_err(), "silence about all of them");
}

#[tokio::test]
async fn a_container_that_vanishes_between_two_requests_is_absent() {
	let (_dir, agent) = engine(|head| {
		let gone = Reply::Is(404, r#"{"message":"No such container"}"#.into());
		sound(head, LISTED, gone)
	});
	let all = agent.observe().await.unwrap();
	assert!(all.iter().all(|observed| observed.state == State::Absent), "{all:?}");
}

#[tokio::test]
async fn an_unavailable_engine_deletes_nothing() {
	let (dir, agent) = engine(|_| Reply::Closed);
	let lease = dir.path().join("data/leases/5");
	std::fs::create_dir_all(&lease).unwrap();
	std::fs::write(lease.join("disk.img"), b"data").unwrap();
	assert!(matches!(agent.remove(5).await, Err(EngineError::Unavailable(_))));
	assert!(matches!(agent.stop(5).await, Err(EngineError::Unavailable(_))));
	assert!(lease.join("disk.img").exists());
}

/// Agent whose registry answers `answers`, by the head of a request and its own address.
async fn registry(
	answers: impl Fn(&str, &str) -> Reply + Send + Sync + 'static,
) -> (tempfile::TempDir, ContainerEngine, String) {
	let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
	let address = listener.local_addr().unwrap().to_string();
	let own = address.clone();
	let answers: Answers = Arc::new(move |head| answers(head, &own));
	tokio::spawn(async move {
		while let Ok((stream, _)) = listener.accept().await {
			tokio::spawn(answer(stream, answers.clone()));
		}
	});
	let dir = tempfile::tempdir().unwrap();
	let settings = Settings {
		socket: dir.path().join("none"),
		data_dir: dir.path().join("data"),
		private_registries: [address.clone()].into(),
		timeouts: Timeouts { registry: 2, ..Timeouts::default() },
		..Settings::default()
	};
	let agent = ContainerEngine::open(settings).unwrap();
	(dir, agent, format!("{address}/app:1"))
}

fn config() -> (String, String) {
	let architecture = match std::env::consts::ARCH {
		"x86_64" => "amd64",
		"aarch64" => "arm64",
		other => other,
	};
	let config = format!(r#"{{"os":"linux","architecture":"{architecture}"}}"#);
	(digest(&config), config)
}

fn digest(text: &str) -> String {
	let hash = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
	let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
	format!("sha256:{hex}")
}

fn manifest() -> String {
	let (config, _) = config();
	format!(
		r#"{{"schemaVersion":2,"config":{{"digest":"{config}","size":9}},
		"layers":[{{"digest":"{config}","size":1000}}]}}"#
	)
}

#[tokio::test]
async fn a_token_is_fetched_with_the_login_and_used() {
	let (_dir, agent, image) = registry(|head, own| {
		if head.starts_with("GET /token?scope=repository%3Aapp%3Apull&service=s ") {
			return match head.contains("authorization: Basic dTpw") {
				true => Reply::Is(200, r#"{"token":"abc"}"#.into()),
				false => Reply::Is(401, String::new()),
			};
		}
		if !head.contains("authorization: Bearer abc") {
			let wants = format!("Bearer realm=\"http://{own}/token\",service=\"s\"");
			return Reply::Is(401, format!("HEADER WWW-Authenticate: {wants}\n"));
		}
		Reply::Is(200, if head.contains("/blobs/") { config().1 } else { manifest() })
	})
	.await;
	let login = Login { user: "u".into(), password: "p".into() };
	let facts = agent.inspect_image(&image, Some(&login)).await.unwrap();
	assert_eq!((facts.bytes, facts.digest), (1000, digest(&manifest())));
	let error = agent.inspect_image(&image, None).await.unwrap_err();
	assert!(matches!(error, EngineError::Image(_)), "{error}");
}

#[tokio::test]
async fn a_login_does_not_follow_a_redirect_to_another_host() {
	let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
	let target = other.local_addr().unwrap().to_string();
	let to = target.clone();
	let (_dir, agent, image) = registry(move |head, _| match head.contains("authorization") {
		true => Reply::Is(307, format!("HEADER Location: http://{to}/stolen\n")),
		false => Reply::Is(401, "HEADER WWW-Authenticate: Basic\n".into()),
	})
	.await;
	let login = Login { user: "u".into(), password: "p".into() };
	// The other host is not one that may be spoken to without TLS, so it sees nothing at all.
	let error = agent.inspect_image(&image, Some(&login)).await.unwrap_err();
	assert!(error.to_string().contains(&target) && error.to_string().contains("HTTPS"), "{error}");
}

#[tokio::test]
async fn redirects_into_private_ranges_are_refused() {
	for target in
		["https://169.254.169.254/latest", "https://localhost:1/", "https://[::1]/", "ftp://x/"]
	{
		let (_dir, agent, image) =
			registry(move |_, _| Reply::Is(307, format!("HEADER Location: {target}\n"))).await;
		let error = agent.inspect_image(&image, None).await.unwrap_err();
		assert!(matches!(error, EngineError::Image(_)), "{target}: {error}");
	}
	let (_dir, agent, image) =
		registry(|_, _| Reply::Is(307, "HEADER Location: /again\n".into())).await;
	let error = agent.inspect_image(&image, None).await.unwrap_err();
	assert!(error.to_string().contains("too often"), "{error}");
}

#[tokio::test]
async fn hostile_registries_cost_neither_memory_nor_time() {
	let begun = Instant::now();
	for start in [
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: ",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
	] {
		let (_dir, agent, image) = registry(move |_, _| Reply::Endless(start)).await;
		agent.inspect_image(&image, None).await.unwrap_err();
	}
	let (_dir, agent, image) = registry(|_, _| Reply::Silent).await;
	let error = agent.inspect_image(&image, None).await.unwrap_err();
	assert!(matches!(error, EngineError::Unavailable(_)), "{error}");
	assert!(begun.elapsed() < Duration::from_secs(60));
}

#[tokio::test]
async fn a_manifest_or_configuration_with_another_digest_is_refused() {
	let (_dir, agent, image) = registry(|head, _| {
		Reply::Is(200, if head.contains("/blobs/") { "{}".into() } else { manifest() })
	})
	.await;
	let error = agent.inspect_image(&image, None).await.unwrap_err();
	assert!(error.to_string().contains("another digest"), "{error}");
	let bare = image.strip_suffix(":1").unwrap();
	let pinned = format!("{bare}@sha256:{}", "0".repeat(64));
	let error = agent.inspect_image(&pinned, None).await.unwrap_err();
	assert!(matches!(error, EngineError::Image(_)), "{error}");
}

#[tokio::test]
async fn a_private_registry_is_spoken_to_only_if_the_operator_names_it() {
	let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
	let dir = tempfile::tempdir().unwrap();
	let settings = Settings { data_dir: dir.path().into(), ..Settings::default() };
	let agent = ContainerEngine::open(settings).unwrap();
	let image = format!("{}/app", listener.local_addr().unwrap());
	let error = agent.inspect_image(&image, None).await.unwrap_err();
	assert!(error.to_string().contains("private-registries"), "{error}");
}

#[tokio::test]
async fn a_specification_beyond_bounds_reaches_no_engine() {
	let (_dir, agent) = engine(|_| panic!("the engine was asked"));
	let spec = Spec {
		lease: 1,
		image: "nginx".into(),
		login: None,
		command: Vec::new(),
		args: Vec::new(),
		env: BTreeMap::new(),
		files: BTreeMap::from([("../../etc/passwd".into(), Vec::new())]),
		resources: Resources { cpu_milli: 100, memory_mib: 64, ..Resources::default() },
		gpu_class: String::new(),
		ports: Vec::new(),
	};
	assert!(matches!(agent.start(&spec).await, Err(EngineError::Refused(_))));
	assert!(matches!(agent.fetch(&spec, 1).await, Err(EngineError::Refused(_))));
}

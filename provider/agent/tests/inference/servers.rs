// SPDX-License-Identifier: Apache-2.0

//! Real servers of models, and the edge in front of them.

use super::{Client, PATIENCE};
use serde_json::Value;
use sp_core::{Pair, sr25519};
use std::{
	fmt::Write,
	net::SocketAddr,
	path::{Path, PathBuf},
	process::Stdio,
};
use surety_gateway::{
	access::{Share, Token, genesis_prefix, mint, unix_now},
	config::{EdgeConfig, RoleConfig, parse},
	roles::EdgeRole,
};
use tokio::{
	io::{AsyncBufReadExt, BufReader},
	process::{Child, Command},
};

/// Name of the chat model, and of the embedding model.
pub const MODEL: &str = "smollm2-135m";
pub const EMBEDDING: &str = "multilingual-e5-small-q4";

/// Server of a model, on a port that it keeps.
pub struct Server {
	program: PathBuf,
	pub port: u16,
	child: Child,
}

impl Server {
	/// llama.cpp's server with one slot. `None`, and a line that says why, where there is none.
	pub async fn chat() -> Option<Self> {
		Self::start(install().await?.join("bin/chat-server")).await
	}

	/// Server of embeddings.
	pub async fn embedding() -> Option<Self> {
		Self::start(install().await?.join("bin/embedding-server")).await
	}

	async fn start(program: PathBuf) -> Option<Self> {
		let (child, port) = spawn(&program, 0).await;
		Some(Self { program, port, child })
	}

	/// End it at once.
	pub async fn kill(&mut self) {
		self.child.kill().await.unwrap();
	}

	/// Start it again on its port.
	pub async fn restart(&mut self) {
		self.child = spawn(&self.program, self.port).await.0;
	}

	/// True while a slot of llama.cpp's server works.
	pub async fn is_busy(&self) -> bool {
		let slots = self.client().get("/slots").await.body;
		let slots = slots.as_array().expect("a list of slots");
		slots.iter().any(|slot| slot["is_processing"] == Value::Bool(true))
	}

	/// Client of the bare server.
	pub fn client(&self) -> Client {
		Client::new(([127, 0, 0, 1], self.port).into(), None)
	}
}

async fn spawn(program: &Path, port: u16) -> (Child, u16) {
	let mut command = Command::new(program);
	command.args(["--port", &port.to_string()]);
	if program.ends_with("chat-server") {
		command.args(["--slots", "1", "--threads", "1"]);
	}
	let mut child = command
		.env("OMP_NUM_THREADS", "1")
		.stdin(Stdio::null())
		.stdout(Stdio::piped())
		.stderr(Stdio::null())
		.kill_on_drop(true)
		.spawn()
		.unwrap();
	let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
	let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("a port");
	let port = line.unwrap().expect("a port").parse().unwrap();
	// It must not stop because nobody reads.
	tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
	(child, port)
}

/// Directory of the models.
async fn install() -> Option<PathBuf> {
	let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/models");
	let output = Command::new(script).output().await.unwrap();
	if !output.status.success() {
		let error = String::from_utf8_lossy(&output.stderr);
		println!("skipped: no models: {}", error.trim());
		return None;
	}
	let output = String::from_utf8(output.stdout).unwrap();
	output.lines().last().map(PathBuf::from)
}

/// Edge with services 5 (chat, agreement 1) and 6 (embeddings, agreement 2), without a chain.
pub struct Edge {
	pub role: EdgeRole,
	_data: tempfile::TempDir,
}

impl Edge {
	pub fn start(chat: Option<&Server>, embedding: Option<&Server>) -> Self {
		Self::before(chat.map(|server| server.port), embedding.map(|server| server.port))
	}

	/// Edge before the servers on these ports.
	pub fn before(chat: Option<u16>, embedding: Option<u16>) -> Self {
		let data = tempfile::tempdir().unwrap();
		let account = sp_runtime::AccountId32::from(alice().public());
		let mut text = format!(
			"data = {:?}\n[front]\nlisten = \"127.0.0.1:0\"\nthreads = 1\nshutdown-secs = 1\n",
			data.path()
		);
		for (port, id, path, model) in
			[(chat, 5, "chat", MODEL), (embedding, 6, "embed", EMBEDDING)]
		{
			let Some(port) = port else { continue };
			write!(
				text,
				"[[service]]\nid = {id}\npath = {path:?}\nbackend = \"http://127.0.0.1:{port}\"\n\
				models = [{model:?}]\n\
				[[agreement]]\nid = {}\nservice = {id}\ntenant = \"{account}\"\nunits = 10\n",
				id - 4,
			)
			.unwrap();
		}
		let config: EdgeConfig = parse(&text).unwrap();
		config.validate().unwrap();
		Self { role: EdgeRole::embed(&config).unwrap(), _data: data }
	}

	/// Client of the agreement with the chat.
	pub fn tenant(&self) -> Client {
		Client::new(self.address(), Some(token(1)))
	}

	/// Client of the agreement with the embeddings.
	pub fn embedding_tenant(&self) -> Client {
		Client::new(self.address(), Some(token(2)))
	}

	pub fn address(&self) -> SocketAddr {
		self.role.local_addr()
	}

	/// Stop it.
	pub async fn stop(self) {
		tokio::task::spawn_blocking(move || self.role.stop()).await.unwrap();
	}
}

fn alice() -> sr25519::Pair {
	sr25519::Pair::from_string("//Alice", None).unwrap()
}

/// Token of Alice for one of her agreements.
fn token(agreement: u32) -> String {
	let token = Token {
		genesis: genesis_prefix(&sp_core::H256::zero()),
		agreement,
		not_after: unix_now() + 3_600,
		share: Share::ALL,
		reporter: alice().public().into(),
	};
	mint(&token, |bytes| alice().sign(bytes).into())
}

// SPDX-License-Identifier: Apache-2.0

//! Shells over WebSocket.
//!
//! | parameter | meaning |
//! |---|---|
//! | `command` | word of the command, once for each; `/bin/sh` without any |
//! | `terminal` | with a terminal |
//! | `columns`, `rows` | its size |
//!
//! Messages are binary. Their first byte is a [`Channel`]. The process ends with the connection, and
//! the connection with the process, whose exit code is sent last.

use super::{Admitted, Channel, Refusal, Tenants, gates::Entered, query, stopped, within};
use bytes::Bytes;
use futures::{SinkExt, StreamExt, stream::SplitSink, stream::SplitStream};
use http::{Request, Response};
use hyper::{
	body::Incoming,
	upgrade::{OnUpgrade, Upgraded},
};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use std::{cell::Cell, rc::Rc, sync::Arc, time::Duration};
use surety_engine::{LeaseId, LogStream, Shell, ShellIo};
use surety_gateway::{
	front::Body,
	websocket::{WebSocketSettings, accept, is_upgrade, open},
};
use surety_orders::access::Right;
use tokio::{
	io::{AsyncWriteExt, WriteHalf},
	sync::watch,
	time::{Instant, sleep, timeout},
};
use tokio_tungstenite::{
	WebSocketStream,
	tungstenite::{
		Message, Utf8Bytes,
		protocol::{CloseFrame, frame::coding::CloseCode},
	},
};

/// Most words of a command, and bytes of all of them.
const MAX_WORDS: usize = 64;
const MAX_COMMAND: usize = 8 << 10;
/// Longest message of a client.
const MAX_MESSAGE: usize = 64 << 10;
/// Longest time until an engine begins a process.
const BEGIN: Duration = Duration::from_secs(30);
/// Longest time that a client has to close after the agent did.
const LINGER: Duration = Duration::from_secs(2);
/// Longest session, and the longest one without a byte.
const LONGEST: Duration = Duration::from_secs(8 * 3_600);
const IDLE: Duration = Duration::from_secs(30 * 60);
/// Time between two looks at the right and at the client.
const TICK: Duration =
	if cfg!(test) { Duration::from_millis(100) } else { Duration::from_secs(10) };
/// Longest time without a sign of life of the client, and for it to take a message.
const SILENCE: Duration = Duration::from_secs(60);
/// Control frames of a client between two looks.
const MAX_CONTROL: u32 = 256;
/// Looks at a process whose output has ended, and the pause between them.
const LOOKS: u32 = 25;
const LOOK: Duration = Duration::from_millis(200);

type Socket = WebSocketStream<TokioIo<Upgraded>>;

#[derive(Clone, Copy, Debug, Deserialize)]
struct Size {
	columns: u16,
	rows: u16,
}

struct Wanted {
	command: Vec<String>,
	terminal: bool,
	size: Size,
}

fn wanted(request: &Request<Incoming>) -> Result<Wanted, Refusal> {
	let size = Size { columns: 0, rows: 0 };
	let mut wanted = Wanted { command: Vec::new(), terminal: false, size };
	for (name, value) in query::parse(request.uri().query())? {
		match name.as_str() {
			"command" => wanted.command.push(value),
			"terminal" => wanted.terminal = query::switch(&name, &value)?,
			"columns" => wanted.size.columns = query::number(&name, &value)?,
			"rows" => wanted.size.rows = query::number(&name, &value)?,
			_ => return Err(query::unknown(&name, "command, terminal, columns and rows")),
		}
	}
	if wanted.command.is_empty() {
		wanted.command.push("/bin/sh".into());
	}
	let bytes = wanted.command.iter().fold(0_usize, |sum, word| sum.saturating_add(word.len()));
	if wanted.command.len() > MAX_WORDS || bytes > MAX_COMMAND {
		let reason = format!("a command has at most {MAX_WORDS} words and {MAX_COMMAND} bytes");
		return Err(Refusal::Query(reason));
	}
	Ok(wanted)
}

impl Tenants {
	pub(super) async fn shell(
		self: &Arc<Self>,
		mut request: Request<Incoming>,
		admitted: Admitted,
		entered: Entered<(LeaseId, Right)>,
		stop: watch::Receiver<bool>,
	) -> Result<Response<Body>, Refusal> {
		let wanted = wanted(&request)?;
		if !is_upgrade(&request) {
			return Err(Refusal::NoWebSocket("a shell is a WebSocket: send Upgrade".into()));
		}
		let (response, upgrade) = accept::<_, Body>(&mut request)
			.map_err(|error| Refusal::NoWebSocket(error.to_string()))?;
		// Before the switch, so that a command that is not there has an answer.
		let (lease, access) = (admitted.lease, &self.access);
		let shell = within(BEGIN, access.shell(lease, &wanted.command, wanted.terminal)).await?;
		tracing::info!(lease, "a shell of the tenant begins");
		let session = Session {
			tenants: self.clone(),
			admitted,
			id: shell.id().to_owned(),
			signs: Rc::default(),
		};
		if wanted.terminal && wanted.size.columns > 0 && wanted.size.rows > 0 {
			session.resize(wanted.size).await;
		}
		tokio::task::spawn_local(async move {
			session.run(upgrade, shell, stop).await;
			drop(entered);
			tracing::info!(lease, "a shell of the tenant has ended");
		});
		Ok(response)
	}
}

/// Reason of the end of a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
	/// The process has ended, or the engine is gone.
	Process,
	/// The client closed, or is gone.
	Client,
	/// The client sent something else than messages of the table.
	Protocol,
	/// Too many control frames.
	Flood,
	/// The client takes nothing, or shows no sign of life.
	Silent,
	/// Nothing happened for half an hour.
	Idle,
	/// The session is eight hours old.
	Time,
	/// The tenant has no right to it any longer.
	Right,
	/// The agent ends.
	Agent,
}

impl End {
	fn close(self) -> (CloseCode, &'static str) {
		match self {
			Self::Process | Self::Client => (CloseCode::Normal, ""),
			Self::Protocol => (CloseCode::Protocol, "not a message of a shell"),
			Self::Flood => (CloseCode::Policy, "too many control frames"),
			Self::Silent => (CloseCode::Away, "no answer to pings"),
			Self::Idle => (CloseCode::Normal, "idle"),
			Self::Time => (CloseCode::Normal, "the longest time of a shell is over"),
			Self::Right => (CloseCode::Policy, "the lease is over, or the right revoked"),
			Self::Agent => (CloseCode::Restart, "the agent restarts"),
		}
	}
}

/// Signs of life.
struct Signs {
	/// Last byte of input or output.
	active: Cell<Instant>,
	/// Last frame of the client.
	heard: Cell<Instant>,
	/// The application does not read, so the client is not heard.
	is_blocked: Cell<bool>,
	control: Cell<u32>,
}

impl Default for Signs {
	fn default() -> Self {
		let now = Cell::new(Instant::now());
		let (is_blocked, control) = (Cell::new(false), Cell::new(0));
		Self { active: now.clone(), heard: now, is_blocked, control }
	}
}

struct Session {
	tenants: Arc<Tenants>,
	admitted: Admitted,
	id: String,
	signs: Rc<Signs>,
}

impl Session {
	async fn run(self, upgrade: OnUpgrade, shell: Shell, mut stop: watch::Receiver<bool>) {
		let settings = WebSocketSettings {
			max_message: MAX_MESSAGE,
			max_frame: MAX_MESSAGE,
			..WebSocketSettings::default()
		};
		let (input, output) = shell.into_parts();
		let mut opened = None;
		let end = match timeout(BEGIN, open(upgrade, &settings)).await {
			Ok(Ok(socket)) => {
				let (mut sink, mut stream) = socket.split();
				let end = tokio::select! {
					end = self.outbound(&mut sink, output) => end,
					end = self.inbound(&mut stream, input) => end,
					end = self.watch() => end,
					() = stopped(&mut stop) => End::Agent,
				};
				opened = Some((sink, stream));
				end
			},
			_ => End::Client,
		};
		if end != End::Process {
			let ending = within(BEGIN, self.tenants.access.end_shell(&self.id)).await;
			if let Err(error) = ending {
				tracing::warn!(lease = self.admitted.lease, ?error, "a shell goes on unattended");
			}
		}
		// A client that does not close keeps its connection for a while, and not the process.
		if let Some((sink, stream)) = opened {
			self.close(sink, stream, end).await;
		}
	}

	async fn close(
		&self,
		mut sink: SplitSink<Socket, Message>,
		mut stream: SplitStream<Socket>,
		end: End,
	) {
		let farewell = async {
			if end == End::Process {
				let exit = self.exit().await;
				sink.send(Channel::Exit.message(exit.as_bytes())).await?;
			}
			let (code, reason) = end.close();
			let reason = Utf8Bytes::from_static(reason);
			sink.send(Message::Close(Some(CloseFrame { code, reason }))).await?;
			// Unread bytes would turn the end into a reset, and the client may lose the frame.
			let _ = timeout(LINGER, async { while let Some(Ok(_)) = stream.next().await {} }).await;
			Ok::<_, tokio_tungstenite::tungstenite::Error>(())
		};
		let _ = timeout(BEGIN, farewell).await;
	}

	/// JSON with the exit code of the process, as soon as the engine has it.
	async fn exit(&self) -> String {
		for _ in 0..LOOKS {
			match within(BEGIN, self.tenants.access.exit_code(&self.id)).await {
				Ok(Some(code)) => return format!("{{\"exitCode\":{code}}}"),
				Ok(None) => sleep(LOOK).await,
				Err(_) => break,
			}
		}
		"{\"exitCode\":null}".into()
	}

	async fn outbound(&self, sink: &mut SplitSink<Socket, Message>, mut output: LogStream) -> End {
		loop {
			let message = tokio::select! {
				chunk = output.next() => match chunk {
					None => return End::Process,
					Some(Err(error)) => {
						tracing::debug!(lease = self.admitted.lease, %error, "a shell broke off");
						return End::Process;
					},
					Some(Ok(chunk)) => {
						self.signs.active.set(Instant::now());
						let channel = if chunk.stderr { Channel::Error } else { Channel::Output };
						channel.message(&chunk.bytes)
					},
				},
				() = sleep(TICK) => Message::Ping(Bytes::new()),
			};
			// The application waits as long as the client does not read.
			match timeout(SILENCE, sink.send(message)).await {
				Ok(Ok(())) => {},
				Ok(Err(_)) => return End::Client,
				Err(_) => return End::Silent,
			}
		}
	}

	async fn inbound(
		&self,
		stream: &mut SplitStream<Socket>,
		mut input: WriteHalf<Box<dyn ShellIo>>,
	) -> End {
		let signs = &self.signs;
		loop {
			// A client that floods must not keep the worker from the others.
			tokio::task::coop::consume_budget().await;
			let message = match stream.next().await {
				Some(Ok(message)) => message,
				_ => return End::Client,
			};
			signs.heard.set(Instant::now());
			let bytes = match message {
				Message::Binary(bytes) => bytes,
				Message::Close(_) => return End::Client,
				Message::Text(_) => return End::Protocol,
				Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {
					let control = signs.control.get().saturating_add(1);
					signs.control.set(control);
					if control > MAX_CONTROL {
						return End::Flood;
					}
					continue;
				},
			};
			let Some((channel, rest)) = bytes.split_first() else { return End::Protocol };
			let written = match Channel::of(*channel) {
				Some(Channel::Input) => {
					signs.active.set(signs.heard.get());
					signs.is_blocked.set(true);
					let written = input.write_all(rest).await;
					let written = written.and(input.flush().await);
					signs.is_blocked.set(false);
					signs.heard.set(Instant::now());
					written
				},
				Some(Channel::Resize) => match serde_json::from_slice(rest) {
					Ok(size) => {
						self.resize(size).await;
						Ok(())
					},
					Err(_) => return End::Protocol,
				},
				Some(Channel::EndOfInput) => input.shutdown().await,
				_ => return End::Protocol,
			};
			// The output tells of the end of the process.
			if written.is_err() {
				std::future::pending::<()>().await;
			}
		}
	}

	async fn resize(&self, size: Size) {
		let (columns, rows) = (size.columns.clamp(1, 1_000), size.rows.clamp(1, 1_000));
		// A terminal of the wrong size is no reason to end.
		let _ = within(BEGIN, self.tenants.access.resize(&self.id, columns, rows)).await;
	}

	/// End of the right, of the client, or of the time.
	async fn watch(&self) -> End {
		let (signs, began) = (&self.signs, Instant::now());
		loop {
			sleep(TICK).await;
			signs.control.set(0);
			if self.tenants.admission.still(&self.admitted).await.is_err() {
				return End::Right;
			}
			if began.elapsed() > LONGEST {
				return End::Time;
			}
			if signs.active.get().elapsed() > IDLE {
				return End::Idle;
			}
			if !signs.is_blocked.get() && signs.heard.get().elapsed() > SILENCE {
				return End::Silent;
			}
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Access of a tenant to its container: logs, a shell, use of resources, a restart.

mod frames;

use crate::{
	ContainerEngine, EngineError, LeaseId, Observed, command, plan,
	volume::Volume,
	wire::{Created, Process, Stats},
};
use bollard::query_parameters::{ResizeExecOptions, RestartContainerOptions};
use bytes::Bytes;
use frames::{Frames, Log, Output};
use futures::{Stream, future::BoxFuture, stream};
use http::Method;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{pin::Pin, time::Duration};
use tokio::{
	io::{AsyncRead, AsyncWrite, WriteHalf},
	time::timeout,
};

/// Bytes of a log that is not followed.
const LOG: usize = 16 << 20;
/// Milliseconds that a process has after the loss of its terminal.
const HANGUP_MS: u64 = 1_000;

/// Part of a log that is asked for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct LogQuery {
	/// True to wait for more.
	pub follow: bool,
	/// Seconds since the epoch from which on.
	pub since: Option<u32>,
	/// Number of last lines.
	pub tail: Option<u32>,
	/// True for a time before each line.
	pub timestamps: bool,
}

/// Piece of a log, at most 64 KiB.
///
/// The engine sends entries, each a line or a part of a long one. A long entry comes in several
/// pieces.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogChunk {
	/// True if it was written to standard error.
	pub stderr: bool,
	/// True if an entry begins here, with its time if that was asked for.
	pub begins: bool,
	/// True if the entry ends here.
	pub ends: bool,
	/// Bytes as the application wrote them.
	pub bytes: Bytes,
}

/// Pieces of a log, or of the output of a process.
pub type LogStream = Pin<Box<dyn Stream<Item = Result<LogChunk, EngineError>> + Send>>;

/// Use of resources.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
	/// Processor time since the start in nanoseconds.
	pub cpu_ns: u64,
	/// Memory in bytes, without the cache of files.
	pub memory_bytes: u64,
	/// Bound of the memory in bytes.
	pub memory_limit: u64,
	/// Bytes received.
	pub received_bytes: u64,
	/// Bytes sent.
	pub sent_bytes: u64,
	/// Bytes on its disk.
	pub disk_bytes: u64,
	/// Size of its disk in bytes.
	pub disk_limit: u64,
	/// Processes.
	pub pids: u64,
	/// Milliseconds since the epoch.
	pub at_ms: u64,
}

/// Connection to a process in a container.
pub trait ShellIo: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ShellIo for T {}

/// Process in a container, with a terminal if it was asked for.
pub struct Shell {
	id: String,
	terminal: bool,
	/// Input and output. Without a terminal the output is framed as logs are.
	pub io: Box<dyn ShellIo>,
}

impl Shell {
	/// Process of an engine.
	///
	/// - `id`: of the process, as the engine knows it.
	pub fn new(id: String, terminal: bool, io: Box<dyn ShellIo>) -> Self {
		Self { id, terminal, io }
	}

	/// Id of the process at the engine.
	pub fn id(&self) -> &str {
		&self.id
	}

	/// Input, and output in pieces. The output of a terminal is all standard output.
	pub fn into_parts(self) -> (WriteHalf<Box<dyn ShellIo>>, LogStream) {
		let (read, write) = tokio::io::split(self.io);
		let output = Output { read, frames: Frames::default(), terminal: self.terminal };
		let output = stream::try_unfold(output, |mut output| async move {
			Ok(output.next().await?.map(|chunk| (chunk, output)))
		});
		(write, Box::pin(output))
	}
}

/// Access of tenants to their containers. Every method but those of streams ends in bounded time.
pub trait Access: Send + Sync + 'static {
	/// Log of a lease. At most 16 MiB, unless it is followed; then until it is dropped.
	fn logs(&self, lease: LeaseId, query: LogQuery) -> Answer<'_, LogStream>;
	/// Run a command in a lease's container, with its rights and bounds.
	fn shell<'a>(
		&'a self,
		lease: LeaseId,
		command: &'a [String],
		terminal: bool,
	) -> Answer<'a, Shell>;
	/// Tell a shell the size of its terminal.
	fn resize<'a>(&'a self, shell: &'a str, columns: u16, rows: u16) -> Answer<'a, ()>;
	/// Exit code of a shell that has ended. `None` while it runs.
	fn exit_code<'a>(&'a self, shell: &'a str) -> Answer<'a, Option<i64>>;
	/// End a shell whose tenant is gone: it loses its terminal, and a moment later its life.
	fn end_shell<'a>(&'a self, shell: &'a str) -> Answer<'a, ()>;
	/// Use of resources by a lease.
	fn usage(&self, lease: LeaseId) -> Answer<'_, Usage>;
	/// Restart a lease's container that runs. Data is kept.
	fn restart(&self, lease: LeaseId) -> Answer<'_, Observed>;
}

/// Answer of an engine that is awaited.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, EngineError>>;

impl Access for ContainerEngine {
	fn logs(&self, lease: LeaseId, query: LogQuery) -> Answer<'_, LogStream> {
		Box::pin(async move {
			let log = self.logs(lease, query).await?;
			Ok(Box::pin(log) as LogStream)
		})
	}

	fn shell<'a>(
		&'a self,
		lease: LeaseId,
		command: &'a [String],
		terminal: bool,
	) -> Answer<'a, Shell> {
		Box::pin(self.shell(lease, command, terminal))
	}

	fn resize<'a>(&'a self, shell: &'a str, columns: u16, rows: u16) -> Answer<'a, ()> {
		Box::pin(self.resize(shell, columns, rows))
	}

	fn exit_code<'a>(&'a self, shell: &'a str) -> Answer<'a, Option<i64>> {
		Box::pin(self.exit_code(shell))
	}

	fn end_shell<'a>(&'a self, shell: &'a str) -> Answer<'a, ()> {
		Box::pin(self.end_shell(shell))
	}

	fn usage(&self, lease: LeaseId) -> Answer<'_, Usage> {
		Box::pin(self.usage(lease))
	}

	fn restart(&self, lease: LeaseId) -> Answer<'_, Observed> {
		Box::pin(self.restart(lease))
	}
}

impl ContainerEngine {
	/// Log of a lease. At most 16 MiB, unless it is followed; then until it is dropped.
	pub async fn logs(
		&self,
		lease: LeaseId,
		query: LogQuery,
	) -> Result<impl Stream<Item = Result<LogChunk, EngineError>> + Send + use<>, EngineError> {
		let name = plan::name(&self.settings, lease);
		let tail = query.tail.map_or("all".into(), |lines| lines.to_string());
		let path = format!(
			"/containers/{name}/logs?stdout=1&stderr=1&follow={}&since={}&timestamps={}&tail={tail}",
			u8::from(query.follow),
			query.since.unwrap_or(0),
			u8::from(query.timestamps),
		);
		let response = self.client.stream(Method::GET, &path, Bytes::new(), None).await?;
		let log = Log {
			body: response.into_body(),
			frames: Frames::default(),
			left: (!query.follow).then_some(LOG),
			silence: Duration::from_secs(self.settings.timeouts.request),
		};
		Ok(stream::try_unfold(log, |mut log| async move {
			Ok(log.next().await?.map(|chunk| (chunk, log)))
		}))
	}

	/// Run a command in a lease's container, with its rights and bounds.
	pub async fn shell(
		&self,
		lease: LeaseId,
		command: &[String],
		terminal: bool,
	) -> Result<Shell, EngineError> {
		let name = plan::name(&self.settings, lease);
		let body = json!({
			"AttachStdin": true,
			"AttachStdout": true,
			"AttachStderr": true,
			"Tty": terminal,
			"Cmd": command,
			"Env": if terminal { vec!["TERM=xterm-256color"] } else { Vec::new() },
		});
		let path = format!("/containers/{name}/exec");
		let created: Created = self.client.docker(Method::POST, &path, Some(&body)).await?;
		let plain = created.id.bytes().all(|b| b.is_ascii_alphanumeric());
		if created.id.is_empty() || !plain {
			return Err(EngineError::Unavailable("the engine's id is not plain".into()));
		}
		let path = format!("/exec/{}/start", created.id);
		let body = json!({ "Detach": false, "Tty": terminal }).to_string();
		let upgrade = Some(("upgrade", "tcp"));
		let response = self.client.stream(Method::POST, &path, body.into(), upgrade).await?;
		let time = Duration::from_secs(self.settings.timeouts.request);
		let upgraded = timeout(time, hyper::upgrade::on(response))
			.await
			.map_err(|_| EngineError::Unavailable("no shell in time".into()))?
			.map_err(|e| EngineError::Unavailable(format!("shell: {e}")))?;
		Ok(Shell::new(created.id, terminal, Box::new(TokioIo::new(upgraded))))
	}

	async fn process(&self, shell: &str) -> Result<Process, EngineError> {
		if shell.is_empty() || !shell.bytes().all(|b| b.is_ascii_alphanumeric()) {
			return Err(EngineError::Refused("no such shell".into()));
		}
		Ok(self.client.docker(Method::GET, &format!("/exec/{shell}/json"), None::<&()>).await?)
	}

	/// Exit code of a shell that has ended. `None` while it runs.
	pub async fn exit_code(&self, shell: &str) -> Result<Option<i64>, EngineError> {
		let process = self.process(shell).await?;
		Ok((!process.running).then_some(process.exit_code))
	}

	/// End a shell whose tenant is gone: it loses its terminal, and a moment later its life. Engines
	/// leave it running otherwise, together with a process of their own outside of the lease's bounds.
	pub async fn end_shell(&self, shell: &str) -> Result<(), EngineError> {
		for signal in ["-HUP", "-KILL"] {
			let process = self.process(shell).await?;
			if !process.running || process.pid <= 1 {
				return Ok(());
			}
			// The number may be another process's by now.
			let path = format!("/proc/{}/cgroup", process.pid);
			let groups = tokio::fs::read_to_string(path).await.unwrap_or_default();
			if process.container_id.len() < 12 || !groups.contains(&process.container_id) {
				return Ok(());
			}
			let pid = process.pid.to_string();
			command::run("sh", &["-c", "kill \"$1\" \"$2\"", "kill", signal, &pid], None).await?;
			tokio::time::sleep(Duration::from_millis(HANGUP_MS)).await;
		}
		Ok(())
	}

	/// Tell a shell the size of its terminal.
	pub async fn resize(&self, shell: &str, columns: u16, rows: u16) -> Result<(), EngineError> {
		if !shell.bytes().all(|b| b.is_ascii_alphanumeric()) {
			return Err(EngineError::Refused("no such shell".into()));
		}
		let identity = self.client.identity().await?;
		let options = ResizeExecOptions { h: rows.into(), w: columns.into() };
		Ok(self.client.call(identity.docker.resize_exec(shell, options)).await?)
	}

	/// Use of resources by a lease.
	pub async fn usage(&self, lease: LeaseId) -> Result<Usage, EngineError> {
		let name = plan::name(&self.settings, lease);
		let path = format!("/containers/{name}/stats?stream=0&one-shot=1");
		let stats: Stats = self.client.docker(Method::GET, &path, None::<&()>).await?;
		let (disk_bytes, disk_limit) =
			Volume::new(&self.records.dir(lease)).usage().await.unwrap_or_default();
		let cache = ["inactive_file", "total_inactive_file"]
			.iter()
			.find_map(|key| stats.memory.stats.get(*key)?.as_u64())
			.unwrap_or(0);
		let sum = |pick: fn(&crate::wire::NetworkStats) -> u64| {
			stats.networks.values().map(pick).fold(0, u64::saturating_add)
		};
		Ok(Usage {
			cpu_ns: stats.cpu.usage.total,
			memory_bytes: stats.memory.usage.saturating_sub(cache),
			memory_limit: stats.memory.limit,
			received_bytes: sum(|n| n.received),
			sent_bytes: sum(|n| n.sent),
			disk_bytes,
			disk_limit,
			pids: stats.pids.current,
			at_ms: crate::engine::now_ms(),
		})
	}

	/// Restart a lease's container as its tenant wishes. Data is kept.
	///
	/// Errors: [`EngineError::Refused`] if it does not run. Only [`start`](crate::Engine::start) puts
	/// firewall and disk in place first.
	pub async fn restart(&self, lease: LeaseId) -> Result<Observed, EngineError> {
		let _turn = self.turn(lease).await?;
		let name = plan::name(&self.settings, lease);
		let runs = self.inspect(&name).await?.is_some_and(|got| got.state.status == "running");
		if !runs {
			return Err(EngineError::Refused("the container does not run".into()));
		}
		let identity = self.client.identity().await?;
		let grace = i32::try_from(self.settings.timeouts.stop).unwrap_or(i32::MAX);
		let options = RestartContainerOptions { t: Some(grace), signal: None };
		self.client.call(identity.docker.restart_container(&name, Some(options))).await?;
		self.records.change(lease, |record| {
			record.boot = crate::state::boot();
			record.failure = None;
			record.stopped = false;
		})?;
		let got = self.inspect(&name).await?;
		self.report(lease, got.as_ref()).await
	}
}

#[cfg(test)]
mod tests;

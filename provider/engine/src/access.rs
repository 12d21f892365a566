// SPDX-License-Identifier: Apache-2.0

//! Access of a tenant to its container: logs, a shell, use of resources, a restart.

use crate::{
	ContainerEngine, EngineError, LeaseId, Observed, plan,
	volume::Volume,
	wire::{Created, Stats},
};
use bollard::query_parameters::{ResizeExecOptions, RestartContainerOptions};
use bytes::{Buf, Bytes, BytesMut};
use futures::{Stream, stream};
use http::Method;
use http_body_util::BodyExt;
use hyper::{body::Incoming, upgrade::Upgraded};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

/// Bytes of a log that is not followed.
const LOG: usize = 16 << 20;
/// Bytes of a chunk.
const CHUNK: usize = 64 << 10;

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
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogChunk {
	/// True if it was written to standard error.
	pub stderr: bool,
	/// Bytes as the application wrote them.
	pub bytes: Bytes,
}

/// Use of resources.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
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

/// Process in a container, with a terminal if it was asked for.
pub struct Shell {
	id: String,
	/// Input and output. Without a terminal the output is framed as logs are.
	pub io: TokioIo<Upgraded>,
}

impl Shell {
	/// Id of the process at the engine.
	pub fn id(&self) -> &str {
		&self.id
	}
}

/// Splitter of the engine's frames: a stream number, three zeros, and a length. No length makes it
/// wait or buffer: what is there is handed on.
#[derive(Default)]
struct Frames {
	buffer: BytesMut,
	left: usize,
	stderr: bool,
}

impl Frames {
	fn next(&mut self) -> Result<Option<LogChunk>, EngineError> {
		while self.left == 0 {
			let Some([kind, 0, 0, 0, a, b, c, d]) = self.buffer.first_chunk::<8>().copied() else {
				if self.buffer.len() < 8 {
					return Ok(None);
				}
				return Err(EngineError::Unavailable("the engine's log is not framed".into()));
			};
			self.buffer.advance(8);
			self.stderr = kind == 2;
			self.left = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
		}
		let size = self.left.min(self.buffer.len()).min(CHUNK);
		if size == 0 {
			return Ok(None);
		}
		self.left = self.left.saturating_sub(size);
		Ok(Some(LogChunk { stderr: self.stderr, bytes: self.buffer.split_to(size).freeze() }))
	}
}

struct Log {
	body: Incoming,
	frames: Frames,
	/// Bytes that may still come; none if it is followed.
	left: Option<usize>,
	silence: Duration,
}

impl Log {
	async fn next(&mut self) -> Result<Option<LogChunk>, EngineError> {
		loop {
			if let Some(chunk) = self.frames.next()? {
				if let Some(left) = &mut self.left {
					if *left < chunk.bytes.len() {
						return Ok(None);
					}
					*left = left.saturating_sub(chunk.bytes.len());
				}
				return Ok(Some(chunk));
			}
			let frame = match self.left {
				// A followed log is silent for as long as the application is.
				None => self.body.frame().await,
				Some(_) => timeout(self.silence, self.body.frame()).await.map_err(|_| {
					EngineError::Unavailable("the engine's log stands still".into())
				})?,
			};
			match frame {
				None => return Ok(None),
				Some(Err(e)) => return Err(EngineError::Unavailable(format!("log: {e}"))),
				Some(Ok(frame)) => {
					self.frames.buffer.extend_from_slice(&frame.into_data().unwrap_or_default());
				},
			}
		}
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
		Ok(Shell { id: created.id, io: TokioIo::new(upgraded) })
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
	pub async fn restart(&self, lease: LeaseId) -> Result<Observed, EngineError> {
		let _turn = self.turn(lease).await?;
		let name = plan::name(&self.settings, lease);
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
mod tests {
	use super::*;

	#[test]
	fn frames_are_split_wherever_they_are_cut() {
		let wire =
			[&[1, 0, 0, 0, 0, 0, 0, 2][..], b"hi", &[2, 0, 0, 0, 0, 0, 0, 3], b"bad"].concat();
		for cut in 0..wire.len() {
			let (mut frames, mut out) = (Frames::default(), Vec::new());
			for part in [&wire[..cut], &wire[cut..]] {
				frames.buffer.extend_from_slice(part);
				while let Some(chunk) = frames.next().unwrap() {
					out.extend(chunk.bytes.iter().map(|byte| (chunk.stderr, *byte)));
				}
			}
			let text: Vec<u8> = out.iter().map(|(_, byte)| *byte).collect();
			assert_eq!((text.as_slice(), out[1].0, out[2].0), (&b"hibad"[..], false, true));
		}
	}

	#[test]
	fn a_frame_that_claims_gigabytes_is_handed_on_in_chunks() {
		let mut frames = Frames::default();
		frames.buffer.extend_from_slice(&[1, 0, 0, 0, 255, 255, 255, 255]);
		frames.buffer.extend_from_slice(&vec![b'x'; CHUNK + 5]);
		assert_eq!(frames.next().unwrap().unwrap().bytes.len(), CHUNK);
		assert_eq!(frames.next().unwrap().unwrap().bytes.len(), 5);
		assert_eq!(frames.next().unwrap(), None);
	}

	#[test]
	fn what_is_not_framed_is_an_error() {
		let mut frames = Frames::default();
		frames.buffer.extend_from_slice(b"plain text without frames");
		assert!(frames.next().is_err());
	}
}

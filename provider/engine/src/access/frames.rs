// SPDX-License-Identifier: Apache-2.0

//! Logs and output of processes, as engines send them, in pieces.

use super::{LogChunk, ShellIo};
use crate::EngineError;
use bytes::{Buf, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::time::Duration;
use tokio::{
	io::{AsyncReadExt, ReadHalf},
	time::timeout,
};

/// Bytes of a chunk.
pub(super) const CHUNK: usize = 64 << 10;
/// Bytes that are read from a process at a time.
const READ: usize = 8 << 10;

/// Splitter of the engine's frames: a stream number, three zeros, and a length. No length makes it
/// wait or buffer: what is there is handed on.
#[derive(Default)]
pub(super) struct Frames {
	pub buffer: BytesMut,
	left: usize,
	stderr: bool,
	begins: bool,
}

impl Frames {
	pub fn next(&mut self) -> Result<Option<LogChunk>, EngineError> {
		while self.left == 0 {
			let Some([kind, 0, 0, 0, a, b, c, d]) = self.buffer.first_chunk::<8>().copied() else {
				if self.buffer.len() < 8 {
					return Ok(None);
				}
				return Err(EngineError::Unavailable("the engine's log is not framed".into()));
			};
			self.buffer.advance(8);
			(self.stderr, self.begins) = (kind == 2, true);
			self.left = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
		}
		let size = self.left.min(self.buffer.len()).min(CHUNK);
		if size == 0 {
			return Ok(None);
		}
		self.left = self.left.saturating_sub(size);
		let begins = std::mem::take(&mut self.begins);
		let bytes = self.buffer.split_to(size).freeze();
		Ok(Some(LogChunk { stderr: self.stderr, begins, ends: self.left == 0, bytes }))
	}

	/// Bytes of a terminal, which are not framed.
	pub fn raw(&mut self) -> Option<LogChunk> {
		let bytes = self.buffer.split_to(self.buffer.len().min(CHUNK)).freeze();
		let chunk = LogChunk { stderr: false, begins: true, ends: true, bytes };
		(!chunk.bytes.is_empty()).then_some(chunk)
	}
}

/// Log as an engine sends it.
pub(super) struct Log {
	pub body: Incoming,
	pub frames: Frames,
	/// Bytes that may still come; none if it is followed.
	pub left: Option<usize>,
	pub silence: Duration,
}

impl Log {
	pub async fn next(&mut self) -> Result<Option<LogChunk>, EngineError> {
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

/// Output of a process.
pub(super) struct Output {
	pub read: ReadHalf<Box<dyn ShellIo>>,
	pub frames: Frames,
	pub terminal: bool,
}

impl Output {
	pub async fn next(&mut self) -> Result<Option<LogChunk>, EngineError> {
		loop {
			let chunk = if self.terminal { self.frames.raw() } else { self.frames.next()? };
			if chunk.is_some() {
				return Ok(chunk);
			}
			self.frames.buffer.reserve(READ);
			match self.read.read_buf(&mut self.frames.buffer).await {
				Ok(0) => return Ok(None),
				Ok(_) => {},
				Err(e) => return Err(EngineError::Unavailable(format!("shell: {e}"))),
			}
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Engine in this process, whose logs and shells do what a test needs.

use bytes::Bytes;
use futures::{StreamExt, stream};
use parking_lot::Mutex;
use std::{
	collections::BTreeMap,
	sync::{
		Arc,
		atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
	},
};
use surety_engine::{
	Access, Answer, EngineError, LeaseId, LogChunk, LogQuery, LogStream, Observed, Shell, State,
	Usage,
};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

/// Log of the engine.
#[derive(Clone, Debug, Default)]
pub enum Log {
	/// Some lines, and silence if it is followed.
	#[default]
	Lines,
	/// Lines without end.
	Flood,
}

/// The engine.
#[derive(Default)]
pub struct LocalEngine {
	pub log: Mutex<Log>,
	/// Queries of logs.
	pub queries: Mutex<Vec<LogQuery>>,
	/// Log streams that are open.
	pub streams: Arc<AtomicUsize>,
	/// Bytes that were taken of floods.
	pub flooded: Arc<AtomicU64>,
	/// Exit codes of shells that have ended.
	pub exits: Arc<Mutex<BTreeMap<String, i64>>>,
	/// Shells that were ended by the agent.
	pub ended: Mutex<Vec<String>>,
	pub sizes: Mutex<Vec<(u16, u16)>>,
	pub restarts: AtomicUsize,
	shells: AtomicUsize,
}

struct Open(Arc<AtomicUsize>);

impl Drop for Open {
	fn drop(&mut self) {
		self.0.fetch_sub(1, Relaxed);
	}
}

fn line(text: &str) -> Result<LogChunk, EngineError> {
	let bytes = Bytes::from(format!("2026-11-29T19:27:35Z {text}\n"));
	Ok(LogChunk { stderr: text == "bad", begins: true, ends: true, bytes })
}

impl Access for LocalEngine {
	fn logs(&self, _: LeaseId, query: LogQuery) -> Answer<'_, LogStream> {
		self.queries.lock().push(query);
		self.streams.fetch_add(1, Relaxed);
		let open = Open(self.streams.clone());
		let log = self.log.lock().clone();
		let flooded = self.flooded.clone();
		let lines = match log {
			Log::Lines => stream::iter(["good", "bad"].map(line)).boxed(),
			Log::Flood => stream::repeat_with(move || {
				let line = line(&"x".repeat(1_000))?;
				flooded.fetch_add(line.bytes.len() as u64, Relaxed);
				Ok(line)
			})
			.boxed(),
		};
		let rest = if query.follow { stream::pending().boxed() } else { stream::empty().boxed() };
		let all = lines.chain(rest).map(move |line| {
			let _ = &open;
			line
		});
		Box::pin(async { Ok(Box::pin(all) as LogStream) })
	}

	fn shell<'a>(&'a self, _: LeaseId, command: &'a [String], terminal: bool) -> Answer<'a, Shell> {
		Box::pin(async move {
			if command.first().is_some_and(|word| word == "missing") {
				return Err(EngineError::Refused("missing: not found".into()));
			}
			let id = format!("shell{}", self.shells.fetch_add(1, Relaxed));
			let (near, far) = tokio::io::duplex(4_096);
			let (exits, name) = (self.exits.clone(), id.clone());
			tokio::spawn(async move {
				let (read, mut write) = tokio::io::split(far);
				let mut lines = BufReader::new(read).lines();
				let mut code = 0;
				while let Ok(Some(line)) = lines.next_line().await {
					if let Some(wanted) = line.strip_prefix("exit ") {
						code = wanted.parse().unwrap();
						break;
					}
					let text = format!("{line}\r\n");
					let frame = match terminal {
						true => text.into_bytes(),
						false => {
							let length = u32::try_from(text.len()).unwrap().to_be_bytes();
							[&[1, 0, 0, 0], &length[..], text.as_bytes()].concat()
						},
					};
					if write.write_all(&frame).await.is_err() {
						break;
					}
				}
				exits.lock().insert(name, code);
			});
			Ok(Shell::new(id, terminal, Box::new(near)))
		})
	}

	fn resize<'a>(&'a self, _: &'a str, columns: u16, rows: u16) -> Answer<'a, ()> {
		self.sizes.lock().push((columns, rows));
		Box::pin(async { Ok(()) })
	}

	fn exit_code<'a>(&'a self, shell: &'a str) -> Answer<'a, Option<i64>> {
		let code = self.exits.lock().get(shell).copied();
		Box::pin(async move { Ok(code) })
	}

	fn end_shell<'a>(&'a self, shell: &'a str) -> Answer<'a, ()> {
		self.ended.lock().push(shell.to_owned());
		Box::pin(async { Ok(()) })
	}

	fn usage(&self, _: LeaseId) -> Answer<'_, Usage> {
		Box::pin(async { Ok(Usage { pids: 3, ..Usage::default() }) })
	}

	fn restart(&self, lease: LeaseId) -> Answer<'_, Observed> {
		self.restarts.fetch_add(1, Relaxed);
		Box::pin(async move {
			Ok(Observed {
				lease,
				state: State::Running,
				digest: None,
				ports: BTreeMap::new(),
				missing: Vec::new(),
				at_ms: 0,
			})
		})
	}
}

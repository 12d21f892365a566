// SPDX-License-Identifier: Apache-2.0

//! Terminal of the user, by `stty`, which every system with a shell has.

use std::{
	io::{self, Read},
	process::{Command, Stdio},
	thread,
};
use tokio::sync::mpsc;

/// Bytes of input that are read at a time.
const READ: usize = 16 << 10;
/// Pieces of input that wait.
const WAITING: usize = 8;

/// Terminal that hands on every key, until it is dropped.
pub struct Raw {
	before: String,
}

impl Raw {
	/// Let the terminal of the standard input hand on every key.
	pub fn enter() -> io::Result<Self> {
		let before = stty(&["-g"])?;
		stty(&["raw", "-echo"])?;
		Ok(Self { before })
	}
}

impl Drop for Raw {
	fn drop(&mut self) {
		// Without it, the user types `reset`.
		let _ = stty(&[&self.before]);
	}
}

/// Columns and rows of the terminal.
pub fn size() -> Option<(u16, u16)> {
	let text = stty(&["size"]).ok()?;
	let (rows, columns) = text.split_once(' ')?;
	let (rows, columns) = (rows.parse().ok()?, columns.parse().ok()?);
	(rows > 0 && columns > 0).then_some((columns, rows))
}

fn stty(args: &[&str]) -> io::Result<String> {
	let mut command = Command::new("stty");
	let output = command.args(args).stdin(Stdio::inherit()).output()?;
	if !output.status.success() {
		let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
		return Err(io::Error::other(format!("stty: {reason}")));
	}
	Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Standard input, in pieces. Its thread ends with the process: a read of a terminal cannot be given
/// up.
pub fn input() -> mpsc::Receiver<Vec<u8>> {
	let (sender, receiver) = mpsc::channel(WAITING);
	thread::spawn(move || {
		let mut stdin = io::stdin().lock();
		let mut buffer = vec![0; READ];
		loop {
			match stdin.read(&mut buffer) {
				Ok(0) => return,
				Ok(length) => {
					let piece = buffer.get(..length).unwrap_or_default().to_vec();
					if sender.blocking_send(piece).is_err() {
						return;
					}
				},
				Err(error) if error.kind() == io::ErrorKind::Interrupted => {},
				Err(_) => return,
			}
		}
	});
	receiver
}

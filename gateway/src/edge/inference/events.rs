// SPDX-License-Identifier: Apache-2.0

//! Events of a streamed answer: they are read as they pass, and the one with the usage is hidden
//! from clients that did not ask for it.

use super::usage::{Tokens, estimate, text_of};
use crate::rpc::json::{elements, member};
use bytes::{Bytes, BytesMut};
use memchr::{memchr_iter, memmem};

/// Longest event that is read. After a longer one the stream passes unread.
const MAX_EVENT: usize = 1 << 20;
/// Answers in one event.
const MAX_CHOICES: usize = 128;

/// Events of a stream.
#[derive(Debug, Default)]
pub struct Events {
	hides_usage: bool,
	/// Begin of an event whose end is not here yet, and bytes of it that were looked through.
	part: BytesMut,
	scanned: usize,
	/// An event was too long.
	is_blind: bool,
	deltas: u64,
	text: u64,
	usage: Option<Tokens>,
	has_failed: bool,
}

impl Events {
	/// Stream of which nothing came yet.
	///
	/// - `hides_usage`: the client did not ask for the usage.
	pub fn new(hides_usage: bool) -> Self {
		Self { hides_usage, ..Self::default() }
	}

	/// Take the next bytes of the server and return those for the client: whole events, so that
	/// they may be empty.
	pub fn push(&mut self, data: Bytes) -> Bytes {
		if self.is_blind {
			return data;
		}
		let (data, scanned) = if self.part.is_empty() {
			(data, 0)
		} else {
			self.part.extend_from_slice(&data);
			(std::mem::take(&mut self.part).freeze(), std::mem::take(&mut self.scanned))
		};
		let mut begin = 0;
		let mut kept = 0;
		let mut output: Option<Vec<u8>> = None;
		let from = scanned.saturating_sub(3);
		for at in memchr_iter(b'\n', data.get(from..).unwrap_or_default()) {
			let at = from.saturating_add(at);
			let Some(end) = blank_line(&data, at) else { continue };
			let event = data.get(begin..end).unwrap_or_default();
			if self.read(event) {
				let output = output.get_or_insert_default();
				output.extend_from_slice(data.get(kept..begin).unwrap_or_default());
				kept = end;
			}
			begin = end;
		}
		if begin < data.len() {
			let rest = data.get(begin..).unwrap_or_default();
			if rest.len() > MAX_EVENT {
				self.is_blind = true;
				begin = data.len();
			} else {
				self.part.extend_from_slice(rest);
				self.scanned = rest.len();
			}
		}
		match output {
			None => data.slice(..begin),
			Some(mut output) => {
				output.extend_from_slice(data.get(kept..begin).unwrap_or_default());
				output.into()
			},
		}
	}

	/// The rest, once the server has ended the stream.
	pub fn finish(&mut self) -> Bytes {
		let rest = std::mem::take(&mut self.part).freeze();
		let is_hidden = !rest.is_empty() && self.read(&rest);
		if is_hidden { Bytes::new() } else { rest }
	}

	/// Number of events with a part of the answer.
	pub fn deltas(&self) -> u64 {
		self.deltas
	}

	/// Tokens of the answer so far, as far as its text says.
	pub fn counted(&self) -> u64 {
		self.deltas.max(estimate(self.text))
	}

	/// Usage, if the server told it.
	pub fn usage(&self) -> Option<Tokens> {
		self.usage
	}

	/// True if the server told a failure.
	pub fn has_failed(&self) -> bool {
		self.has_failed
	}

	/// Read an event. True if it is hidden.
	fn read(&mut self, event: &[u8]) -> bool {
		let Some(data) = data_of(event).filter(|data| data.starts_with(b"{")) else { return false };
		if memmem::find(data, b"\"error\"").is_some()
			&& member(data, b"error").is_some_and(|error| error != b"null")
		{
			self.has_failed = true;
		}
		let choices = member(data, b"choices").and_then(|all| elements(all, MAX_CHOICES));
		let choices = choices.unwrap_or_default();
		let text = choices.iter().map(|choice| text_of(choice)).fold(0, u64::saturating_add);
		if text > 0 {
			self.deltas = self.deltas.saturating_add(1);
			self.text = self.text.saturating_add(text);
		}
		if memmem::find(data, b"\"usage\"").is_none() {
			return false;
		}
		let Some(usage) = member(data, b"usage").and_then(Tokens::read) else { return false };
		// Some servers tell a running total.
		self.usage = Some(usage);
		self.hides_usage && choices.is_empty() && !self.has_failed
	}
}

/// End of the event whose last line ends at a line feed.
fn blank_line(data: &[u8], at: usize) -> Option<usize> {
	let next = at.saturating_add(1);
	match data.get(next..)? {
		[b'\n', ..] => Some(next.saturating_add(1)),
		[b'\r', b'\n', ..] => Some(next.saturating_add(2)),
		_ => None,
	}
}

/// Value of the first line with data.
fn data_of(event: &[u8]) -> Option<&[u8]> {
	let lines = event.split(|byte| *byte == b'\n');
	let data = lines.filter_map(|line| line.strip_prefix(b"data:")).next()?;
	Some(data.trim_ascii())
}

#[cfg(test)]
mod tests;

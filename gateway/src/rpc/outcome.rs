// SPDX-License-Identifier: Apache-2.0

//! Scan of JSON-RPC answers, and answers composed from their parts.

use super::json::{MAX_DEPTH, Reader, Text, member};
use bytes::Bytes;

/// Kind of an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
	/// Result. `empty` if it is `null`, `[]`, `{}`, `""` or `"0x"`: a server may say that of data
	/// that it does not have yet.
	Result {
		/// True if the result holds no data.
		empty: bool,
	},
	/// Error object.
	Error {
		/// Code, 0 if it has none.
		code: i64,
	},
	/// No JSON-RPC answer.
	Invalid,
}

/// Parts of an answer.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Answer<'a> {
	/// Id as raw JSON.
	pub id: Option<&'a [u8]>,
	/// Result as raw JSON.
	pub result: Option<&'a [u8]>,
	/// Error object as raw JSON, unless it is `null`.
	pub error: Option<&'a [u8]>,
}

/// Kind of an answer, read as far as its `result` or `error`.
///
/// A result of `null` is looked behind, since some servers send `"result":null` with an error.
pub fn outcome(body: &[u8]) -> Outcome {
	if !ends_as_object(body) {
		return Outcome::Invalid;
	}
	kind(body).unwrap_or(Outcome::Invalid)
}

fn kind(body: &[u8]) -> Option<Outcome> {
	let mut reader = Reader::new(body, MAX_DEPTH);
	let mut null = false;
	let mut more = reader.open(b'{', b'}').ok()?;
	while more {
		let key = reader.key().ok()?;
		match key.raw {
			b"result" => {
				reader.peek();
				if !reader.rest().starts_with(b"null") {
					return Some(Outcome::Result { empty: starts_empty(reader) });
				}
				null = true;
				reader.value(1).ok()?;
			},
			b"error" => {
				let error = reader.value(1).ok()?;
				if error != b"null" {
					return Some(Outcome::Error { code: error_code(error)? });
				}
			},
			_ => {
				reader.value(1).ok()?;
			},
		}
		more = reader.more(b'}').ok()?;
	}
	reader.end().ok()?;
	null.then_some(Outcome::Result { empty: true })
}

/// True if the last byte that is no white space closes an object: the cheap test against answers
/// that were cut off.
fn ends_as_object(body: &[u8]) -> bool {
	body.trim_ascii_end().last() == Some(&b'}')
}

fn starts_empty(mut reader: Reader<'_>) -> bool {
	match reader.peek() {
		Some(b'[') => matches!(reader.open(b'[', b']'), Ok(false)),
		Some(b'{') => matches!(reader.open(b'{', b'}'), Ok(false)),
		Some(b'"') => reader.rest().starts_with(br#""""#) || reader.rest().starts_with(br#""0x""#),
		_ => false,
	}
}

/// Code of an error object; 0 without a code that fits. `None` if the value is no object.
fn error_code(error: &[u8]) -> Option<i64> {
	if error.first() != Some(&b'{') {
		return None;
	}
	let code = member(error, b"code").and_then(|code| core::str::from_utf8(code).ok());
	Some(code.and_then(|code| code.parse().ok()).unwrap_or(0))
}

/// Message of an error object, as it is written: escapes are untouched.
pub fn error_message(error: &[u8]) -> Option<&str> {
	let text: Text<'_> = Reader::new(member(error, b"message")?, 0).string().ok()?;
	core::str::from_utf8(text.raw).ok()
}

impl Answer<'_> {
	/// Kind of the answer.
	pub fn outcome(&self) -> Outcome {
		match (self.error, self.result) {
			(Some(error), _) => {
				let plain = Reader::new(error, MAX_DEPTH).value(1).is_ok();
				let code = error_code(error).filter(|_| plain);
				code.map_or(Outcome::Invalid, |code| Outcome::Error { code })
			},
			(None, Some(result)) => {
				let empty = result == b"null" || starts_empty(Reader::new(result, MAX_DEPTH));
				Outcome::Result { empty }
			},
			(None, None) => Outcome::Invalid,
		}
	}
}

/// Parts of a whole answer, checked to its end: a part of one would be enough to judge the service
/// by, but its client reads all, and a tail that the gateway has not seen can hold another result,
/// or, within a batch, the answer to a call of which another operator was asked.
///
/// `None` if it is no JSON object in UTF-8, or if another reader could find other parts in it: one
/// occurs twice, or a name is written with escapes or differs from that of a part in case only, or
/// it is a result and an error at once.
pub fn answer(body: &[u8]) -> Option<Answer<'_>> {
	core::str::from_utf8(body).ok()?;
	let mut reader = Reader::new(body, MAX_DEPTH);
	let mut answer = Answer::default();
	let mut more = reader.open(b'{', b'}').ok()?;
	while more {
		let key = reader.key().ok()?;
		let value = reader.value_of_any_depth(1).ok()?;
		let slot = match key.raw {
			b"id" => Some(&mut answer.id),
			b"result" => Some(&mut answer.result),
			b"error" => Some(&mut answer.error),
			other if key.escaped || looks_known(other) => return None,
			_ => None,
		};
		if slot.is_some_and(|slot| slot.replace(value).is_some()) {
			return None;
		}
		more = reader.more(b'}').ok()?;
	}
	reader.end().ok()?;
	if answer.error == Some(b"null") {
		answer.error = None;
	}
	let both = answer.error.is_some() && answer.result.is_some_and(|result| result != b"null");
	(!both).then_some(answer)
}

/// True if a lenient client may take a name for one of a part: Go folds case, and two letters
/// outside ASCII fold to `k` and `s`.
fn looks_known(name: &[u8]) -> bool {
	let parts = [&b"id"[..], b"result", b"error"];
	!name.is_ascii() || parts.iter().any(|part| name.eq_ignore_ascii_case(part))
}

/// Answer under another id. `None` if it has no id.
pub fn replace_id(body: &[u8], id: &[u8]) -> Option<Bytes> {
	let old = member(body, b"id")?;
	// `old` is a part of `body`: its place follows from the addresses.
	let start = old.as_ptr().addr().checked_sub(body.as_ptr().addr())?;
	let head = body.get(..start)?;
	let tail = body.get(start.checked_add(old.len())?..)?;
	let mut out = Vec::with_capacity(body.len().saturating_add(id.len()));
	out.extend_from_slice(head);
	out.extend_from_slice(id);
	out.extend_from_slice(tail);
	Some(out.into())
}

/// Answer of a result.
pub fn compose(id: &[u8], result: &[u8]) -> Bytes {
	let mut out = Vec::with_capacity(result.len().saturating_add(id.len()).saturating_add(40));
	out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
	out.extend_from_slice(if id.is_empty() { b"null" } else { id });
	out.extend_from_slice(br#","result":"#);
	out.extend_from_slice(result);
	out.push(b'}');
	out.into()
}

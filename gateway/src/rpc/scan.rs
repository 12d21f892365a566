// SPDX-License-Identifier: Apache-2.0

//! Scan of JSON-RPC requests: one pass, no allocation for a single call.
//!
//! The scan is stricter than most servers, so that no server reads another call than the gateway
//! saw: a member that occurs twice, a name written with escapes and a name that only differs in
//! case are refused.

use super::json::{Fault, Reader};

/// Bounds on a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ScanLimits {
	/// Deepest nesting of arrays and objects, at most [`super::json::MAX_DEPTH`].
	pub depth: u32,
	/// Calls of a batch.
	pub batch: usize,
	/// Bytes of an id.
	pub id: usize,
	/// Bytes of a method's name.
	pub method: usize,
}

impl Default for ScanLimits {
	fn default() -> Self {
		Self { depth: 64, batch: 100, id: 256, method: 128 }
	}
}

/// One JSON-RPC call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Call<'a> {
	/// Id as raw JSON: a string, a number or `null`. Empty for a notification.
	pub id: &'a [u8],
	/// Method.
	pub method: &'a str,
	/// Parameters as raw JSON: an array or an object. Empty without parameters.
	pub params: &'a [u8],
}

impl Call<'_> {
	/// True if the caller expects no answer.
	pub fn is_notification(&self) -> bool {
		self.id.is_empty()
	}

	/// Request with the same method and parameters under another id, for an upstream. Only what
	/// was scanned is written.
	pub fn to_request(&self, id: &[u8]) -> Vec<u8> {
		request(id, self.method, self.params)
	}
}

/// Request of one call. Empty parameters are left out. `method` must need no escapes.
pub fn request(id: &[u8], method: &str, params: &[u8]) -> Vec<u8> {
	let length = id.len().saturating_add(method.len()).saturating_add(params.len());
	let mut out = Vec::with_capacity(length.saturating_add(48));
	out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
	out.extend_from_slice(id);
	out.extend_from_slice(br#","method":""#);
	out.extend_from_slice(method.as_bytes());
	out.push(b'"');
	if !params.is_empty() {
		out.extend_from_slice(br#","params":"#);
		out.extend_from_slice(params);
	}
	out.push(b'}');
	out
}

/// Value that is JSON but not a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal<'a> {
	/// Id of the refused call as raw JSON, empty if it has none that could be trusted.
	pub id: &'a [u8],
	/// Reason, for the caller.
	pub reason: &'static str,
}

/// Content of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message<'a> {
	/// One call.
	One(Call<'a>),
	/// Batch, at least one entry. An entry that is no call is refused by itself.
	Batch(Vec<Result<Call<'a>, Refusal<'a>>>),
}

/// Reason why a request is refused as a whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ScanError<'a> {
	/// The body is not JSON in UTF-8.
	Parse,
	/// The body nests deeper than the limit.
	TooDeep,
	/// The batch has more calls than the limit.
	TooManyCalls,
	/// The body is JSON but no call, or an empty batch.
	Invalid(Refusal<'a>),
}

impl<'a> ScanError<'a> {
	/// Id to answer under as raw JSON, empty if there is none that could be trusted.
	pub fn id(&self) -> &'a [u8] {
		match self {
			Self::Invalid(refusal) => refusal.id,
			Self::Parse | Self::TooDeep | Self::TooManyCalls => b"",
		}
	}
}

impl From<Fault> for ScanError<'_> {
	fn from(fault: Fault) -> Self {
		match fault {
			Fault::Grammar => Self::Parse,
			Fault::TooDeep => Self::TooDeep,
		}
	}
}

/// Scan a request.
///
/// Complexity: one pass over the body. A batch above the limit is refused at its first call too
/// many.
pub fn scan<'a>(body: &'a [u8], limits: &ScanLimits) -> Result<Message<'a>, ScanError<'a>> {
	if core::str::from_utf8(body).is_err() {
		return Err(ScanError::Parse);
	}
	let mut reader = Reader::new(body, limits.depth);
	let message = match reader.peek() {
		Some(b'[') => Message::Batch(batch(&mut reader, limits)?),
		_ => match call(&mut reader, 0, limits)? {
			Ok(call) => Message::One(call),
			Err(refusal) => {
				reader.end()?;
				return Err(ScanError::Invalid(refusal));
			},
		},
	};
	reader.end()?;
	if matches!(&message, Message::Batch(calls) if calls.is_empty()) {
		return Err(ScanError::Invalid(Refusal { id: b"", reason: "the batch is empty" }));
	}
	Ok(message)
}

type Entry<'a> = Result<Call<'a>, Refusal<'a>>;

fn batch<'a>(
	reader: &mut Reader<'a>,
	limits: &ScanLimits,
) -> Result<Vec<Entry<'a>>, ScanError<'a>> {
	let mut calls = Vec::new();
	if limits.depth == 0 {
		return Err(ScanError::TooDeep);
	}
	let mut more = reader.open(b'[', b']')?;
	while more {
		if calls.len() >= limits.batch {
			return Err(ScanError::TooManyCalls);
		}
		calls.push(call(reader, 1, limits)?);
		more = reader.more(b']')?;
	}
	Ok(calls)
}

/// Members of a call as they are found.
#[derive(Default)]
struct Members<'a> {
	version: Option<&'a [u8]>,
	id: Option<&'a [u8]>,
	method: Option<&'a [u8]>,
	params: Option<&'a [u8]>,
	fault: Option<&'static str>,
}

impl<'a> Members<'a> {
	fn set(&mut self, key: &[u8], escaped: bool, value: &'a [u8]) {
		let slot = match key {
			b"jsonrpc" => &mut self.version,
			b"id" => &mut self.id,
			b"method" => &mut self.method,
			b"params" => &mut self.params,
			other => {
				if escaped || looks_known(other) {
					self.fault.get_or_insert("a member's name is ambiguous");
				}
				return;
			},
		};
		if slot.replace(value).is_some() {
			self.fault.get_or_insert("a member occurs twice");
		}
	}
}

/// True if a lenient server may take a name for one of the four known ones: Go folds case, and two
/// letters outside ASCII fold to `k` and `s`.
fn looks_known(name: &[u8]) -> bool {
	!name.is_ascii()
		|| [&b"jsonrpc"[..], b"id", b"method", b"params"]
			.iter()
			.any(|known| name.eq_ignore_ascii_case(known))
}

fn call<'a>(
	reader: &mut Reader<'a>,
	depth: u32,
	limits: &ScanLimits,
) -> Result<Entry<'a>, ScanError<'a>> {
	if reader.peek() != Some(b'{') {
		reader.value(depth)?;
		return Ok(Err(Refusal { id: b"", reason: "a call is an object" }));
	}
	let inner = depth.saturating_add(1);
	if inner > limits.depth {
		return Err(ScanError::TooDeep);
	}
	let mut members = Members::default();
	let mut more = reader.open(b'{', b'}')?;
	while more {
		let key = reader.key()?;
		let value = reader.value(inner)?;
		members.set(key.raw, key.escaped, value);
		more = reader.more(b'}')?;
	}
	Ok(judge(&members, limits))
}

/// Call of the members found, or the reason why they are none.
fn judge<'a>(members: &Members<'a>, limits: &ScanLimits) -> Entry<'a> {
	let id = match members.id {
		None => &b""[..],
		Some(id) if id.len() > limits.id => {
			return Err(Refusal { id: b"", reason: "the id is too long" });
		},
		Some(id) => match id {
			[b'"' | b'-' | b'0'..=b'9' | b'n', ..] => id,
			_ => return Err(Refusal { id: b"", reason: "an id is a string, a number or null" }),
		},
	};
	let refuse = |reason| Err(Refusal { id, reason });
	if let Some(reason) = members.fault {
		// With two ids there is none to answer under.
		return Err(Refusal { id: b"", reason });
	}
	if members.version != Some(br#""2.0""#) {
		return refuse("the member jsonrpc must be \"2.0\"");
	}
	let method = match members.method {
		Some([b'"', name @ .., b'"']) => name,
		Some(_) => return refuse("the member method must be a string"),
		None => return refuse("the member method is missing"),
	};
	if method.is_empty() || method.len() > limits.method {
		return refuse("the method's name is empty or too long");
	}
	// Printable ASCII without escapes: the name goes into requests, logs and labels of metrics.
	if !method.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'\\') {
		return refuse("the method's name has characters that no method has");
	}
	let Ok(method) = core::str::from_utf8(method) else {
		return refuse("the method's name is not UTF-8");
	};
	let params = match members.params {
		None | Some(b"null") => &b""[..],
		Some(params @ [b'[' | b'{', ..]) => params,
		Some(_) => return refuse("params must be an array or an object"),
	};
	Ok(Call { id, method, params })
}

// SPDX-License-Identifier: Apache-2.0

//! Requests to models: the few fields that decide cost and form of the answer. Everything else of a
//! request passes untouched.
//!
//! The reader is as strict as that of JSON-RPC calls, so that no server reads another request than
//! the edge saw: a field that occurs twice, a name written with escapes and a name that only differs
//! in case are refused.

use crate::{
	edge::Refusal,
	rpc::json::{Fault, Reader, elements},
};
use bytes::Bytes;
use http::Method;
use std::{collections::HashSet, ops::Range};

/// Deepest nesting of a request.
const DEPTH: u32 = 64;
/// Fields of a request.
const MAX_FIELDS: usize = 128;
/// Bytes of the name of a model.
const MAX_MODEL: usize = 256;
/// Answers to one request.
const MAX_CHOICES: u64 = 128;
/// Texts in one request.
const MAX_INPUTS: usize = 2_048;
/// Bytes of text that count as one token, where nobody counts better.
pub const TOKEN_BYTES: u64 = 4;
/// Tokens that a template adds to a prompt.
const TEMPLATE: u64 = 16;
/// Most tokens that a prompt is taken for before it is counted: pictures are long, and few tokens.
const MAX_PROMPT: u64 = 8_192;
/// Tokens of an answer whose request names no bound.
const USUAL_ANSWER: u64 = 1_024;
/// Fields that are read. The last four are names of the bound of an answer: each server knows some
/// of them, so the largest counts.
const READ: [&str; 10] = [
	"model",
	"stream",
	"stream_options",
	"n",
	"best_of",
	"prompt",
	"max_tokens",
	"max_completion_tokens",
	"n_predict",
	"max_output_tokens",
];

/// Part of OpenAI's API that is served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Route<'a> {
	/// `POST /v1/chat/completions`
	Chat,
	/// `POST /v1/completions`
	Completion,
	/// `POST /v1/embeddings`
	Embedding,
	/// `GET /v1/models`
	Models,
	/// `GET /v1/models/ID`
	Model(&'a str),
}

impl<'a> Route<'a> {
	/// Route of a request. Others manage a server, or have nothing to count: none of them is served.
	pub fn of(method: &Method, path: &'a str) -> Option<Self> {
		let path = path.strip_prefix("/v1/")?;
		match (method.as_str(), path) {
			("POST", "chat/completions") => Some(Self::Chat),
			("POST", "completions") => Some(Self::Completion),
			("POST", "embeddings") => Some(Self::Embedding),
			("GET", "models") => Some(Self::Models),
			("GET", _) => path.strip_prefix("models/").map(Self::Model),
			_ => None,
		}
	}
}

/// Request to a model.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Asked {
	/// Name of the model; empty if none is given.
	pub model: String,
	/// The answer is a stream.
	pub stream: bool,
	/// The client wants the usage at the end of a stream.
	pub wants_usage: bool,
	/// Tokens of the prompt, as far as its length says.
	pub prompt: u64,
	/// Bound of each answer. `None`: the server's.
	pub bound: Option<u64>,
	/// Answers, of which each has the bound.
	pub choices: u64,
	/// Changes to the body.
	edits: Vec<(Range<usize>, String)>,
	/// Offset behind the opening brace.
	start: usize,
	/// The object has no fields.
	is_empty: bool,
	/// Values of bounds that bind nothing.
	unbound: Vec<Range<usize>>,
	embeds: bool,
}

impl Asked {
	/// Read a request.
	///
	/// Errors: [`Refusal::Field`], [`Refusal::TooLarge`].
	pub fn read(route: Route<'_>, body: &[u8]) -> Result<Self, Refusal> {
		const NO_JSON: Refusal = Refusal::Field("body", "it is no valid JSON");
		let fault = |fault| match fault {
			Fault::Grammar => NO_JSON,
			Fault::TooDeep => Refusal::TooLarge("it nests too deeply"),
		};
		std::str::from_utf8(body).map_err(|_| NO_JSON)?;
		let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
		let prompt = length.div_ceil(TOKEN_BYTES).min(MAX_PROMPT).saturating_add(TEMPLATE);
		let mut reader = Reader::new(body, DEPTH);
		let at = |reader: &Reader<'_>| body.len().saturating_sub(reader.rest().len());
		reader.peek();
		let start = at(&reader).saturating_add(1);
		let mut more = reader.open(b'{', b'}').map_err(fault)?;
		let mut asked = Self {
			model: String::new(),
			stream: false,
			wants_usage: false,
			prompt,
			bound: None,
			choices: 1,
			edits: Vec::new(),
			start,
			is_empty: !more,
			unbound: Vec::new(),
			embeds: route == Route::Embedding,
		};
		let mut seen = HashSet::new();
		let mut options = None;
		let mut prompts = 1;
		while more {
			let key = reader.key().map_err(fault)?;
			reader.peek();
			let from = at(&reader);
			let value = reader.value(1).map_err(fault)?;
			let range = from..at(&reader);
			let name = Self::name(key.raw, key.escaped)?;
			if seen.len() >= MAX_FIELDS {
				return Err(Refusal::TooLarge("it has too many fields"));
			}
			if !seen.insert(key.raw) {
				return Err(Refusal::Field("body", "a field occurs twice"));
			}
			match name {
				Some("model") => asked.model = model(value)?,
				Some("stream") => asked.stream = flag("stream", value)?,
				Some("stream_options") => options = Some((value, range)),
				Some("n") => asked.choices = asked.choices.max(count("n", value)?.unwrap_or(1)),
				Some("best_of") => {
					asked.choices = asked.choices.max(count("best_of", value)?.unwrap_or(1));
				},
				Some("prompt") => prompts = texts(value)?,
				Some(bound) => match bound_of(bound, value)? {
					Some(tokens) => asked.bound = Some(asked.bound.unwrap_or(0).max(tokens)),
					None => asked.unbound.push(range),
				},
				None => {},
			}
			more = reader.more(b'}').map_err(fault)?;
		}
		reader.end().map_err(fault)?;
		if asked.choices > MAX_CHOICES {
			return Err(Refusal::Field("n", "more answers than are given at once"));
		}
		asked.choices = asked.choices.saturating_mul(prompts);
		asked.read_options(route, options)?;
		Ok(asked)
	}

	/// Name of a field that is read; `None` for others.
	fn name(raw: &[u8], escaped: bool) -> Result<Option<&'static str>, Refusal> {
		let Some(name) = READ.into_iter().find(|name| name.as_bytes().eq_ignore_ascii_case(raw))
		else {
			return if escaped {
				Err(Refusal::Field("body", "the name of a field is written with escapes"))
			} else {
				Ok(None)
			};
		};
		if name.as_bytes() == raw {
			Ok(Some(name))
		} else {
			Err(Refusal::Field("body", "the name of a field is written in capitals"))
		}
	}

	/// Read the options of a stream, and ask for the usage if the client did not.
	fn read_options(
		&mut self,
		route: Route<'_>,
		options: Option<(&[u8], Range<usize>)>,
	) -> Result<(), Refusal> {
		const FIELD: &str = "stream_options";
		if !self.stream || route == Route::Embedding {
			return Ok(());
		}
		const ASK: &str = r#"{"include_usage":true}"#;
		let (value, range) = match options {
			None => {
				// There are fields, since one of them says that it streams.
				let field = format!(r#""{FIELD}":{ASK},"#);
				self.edits.push((self.start..self.start, field));
				return Ok(());
			},
			Some((value, range)) if value == b"null" => {
				self.edits.push((range, ASK.into()));
				return Ok(());
			},
			Some(options) => options,
		};
		let invalid = |_| Refusal::Field(FIELD, "it is no object");
		let mut reader = Reader::new(value, DEPTH);
		let mut more = reader.open(b'{', b'}').map_err(invalid)?;
		let offset = |reader: &Reader<'_>| {
			let within = value.len().saturating_sub(reader.rest().len());
			range.start.saturating_add(within)
		};
		let begin = offset(&reader);
		let is_empty = !more;
		let mut found = None;
		while more {
			let key = reader.key().map_err(invalid)?;
			reader.peek();
			let from = offset(&reader);
			let flag_value = reader.value(1).map_err(invalid)?;
			let is_it = key.raw.eq_ignore_ascii_case(b"include_usage");
			if key.escaped || (is_it && (key.raw != b"include_usage" || found.is_some())) {
				return Err(Refusal::Field(
					FIELD,
					"a field occurs twice or is not written plainly",
				));
			}
			if is_it {
				self.wants_usage = flag(FIELD, flag_value)?;
				found = Some(from..offset(&reader));
			}
			more = reader.more(b'}').map_err(invalid)?;
		}
		match found {
			Some(_) if self.wants_usage => {},
			Some(range) => self.edits.push((range, "true".into())),
			None if is_empty => self.edits.push((range, ASK.into())),
			None => self.edits.push((begin..begin, r#""include_usage":true,"#.into())),
		}
		Ok(())
	}

	/// Tokens to set aside: the prompt, and all answers up to their bound.
	pub fn reserve(&self) -> u64 {
		let answer = if self.embeds { 0 } else { self.bound.unwrap_or(USUAL_ANSWER) };
		self.prompt.saturating_add(answer.saturating_mul(self.choices))
	}

	/// Give the answers a bound, as far as the client gave none.
	pub fn bind(&mut self, tokens: u64) {
		if self.embeds {
			return;
		}
		if self.bound.is_none() && self.unbound.is_empty() {
			let comma = if self.is_empty { "" } else { "," };
			let field = format!(r#""max_tokens":{tokens}{comma}"#);
			self.edits.push((self.start..self.start, field));
		}
		if self.bound.is_none() || !self.unbound.is_empty() {
			self.bound = Some(self.bound.unwrap_or(0).max(tokens));
		}
		let values = self.unbound.drain(..).map(|range| (range, tokens.to_string()));
		self.edits.extend(values);
	}

	/// The body with its changes.
	pub fn body(&self, body: Bytes) -> Bytes {
		if self.edits.is_empty() {
			return body;
		}
		let mut edits: Vec<_> = self.edits.iter().collect();
		edits.sort_by_key(|(range, _)| (range.start, range.end));
		let mut changed = Vec::with_capacity(body.len().saturating_add(128));
		let mut from = 0;
		for (range, text) in edits {
			changed.extend_from_slice(body.get(from..range.start).unwrap_or_default());
			changed.extend_from_slice(text.as_bytes());
			from = range.end;
		}
		changed.extend_from_slice(body.get(from..).unwrap_or_default());
		changed.into()
	}
}

fn model(value: &[u8]) -> Result<String, Refusal> {
	if value == b"null" {
		return Ok(String::new());
	}
	let model: String =
		serde_json::from_slice(value).map_err(|_| Refusal::Field("model", "it is no string"))?;
	if model.len() > MAX_MODEL {
		return Err(Refusal::Field("model", "the name is too long"));
	}
	Ok(model)
}

fn flag(field: &'static str, value: &[u8]) -> Result<bool, Refusal> {
	match value {
		b"true" => Ok(true),
		b"false" | b"null" => Ok(false),
		_ => Err(Refusal::Field(field, "it is neither true nor false")),
	}
}

/// A number of at least one, which servers also take with a fraction of zero.
fn count(field: &'static str, value: &[u8]) -> Result<Option<u64>, Refusal> {
	if value == b"null" {
		return Ok(None);
	}
	let text = std::str::from_utf8(value).unwrap_or_default();
	let number = text.parse::<u64>().ok().filter(|number| *number > 0);
	number.map(Some).ok_or(Refusal::Field(field, "it is no positive whole number"))
}

/// Bound of an answer. Servers take 0 and less for no bound, or for an empty answer.
fn bound_of(field: &'static str, value: &[u8]) -> Result<Option<u64>, Refusal> {
	match value {
		b"0" | b"-1" | b"-2" => Ok(None),
		_ => count(field, value),
	}
}

/// Number of prompts: of a list of texts, or of lists of tokens, its length.
fn texts(value: &[u8]) -> Result<u64, Refusal> {
	if !value.starts_with(b"[") {
		return Ok(1);
	}
	let mut reader = Reader::new(value, DEPTH);
	let is_list = reader.open(b'[', b']').unwrap_or_default();
	if !is_list || !matches!(reader.peek(), Some(b'"' | b'[')) {
		// Tokens of one prompt.
		return Ok(1);
	}
	let prompts = elements(value, MAX_INPUTS).ok_or(Refusal::TooLarge("too many prompts"))?;
	Ok(u64::try_from(prompts.len()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;

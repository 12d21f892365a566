// SPDX-License-Identifier: Apache-2.0

//! Tokens of an answer: as its server counts them, or by the length of its text.

use super::request::TOKEN_BYTES;
use crate::rpc::json::{elements, member};
use bytes::Bytes;
use memchr::memmem;

/// Most tokens of one answer that a server is believed.
const MAX_TOKENS: u64 = 100_000_000;
/// Bytes at the begin and the end of a long answer that are searched for the usage.
const WINDOW: usize = 4_096;
/// Answers to one request that are read.
const MAX_CHOICES: usize = 2_048;

/// Tokens of a prompt and of its answer.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tokens {
	/// Tokens of the prompt.
	pub prompt: u64,
	/// Tokens of the answer.
	pub completion: u64,
}

impl Tokens {
	/// Read the object `usage`.
	pub fn read(usage: &[u8]) -> Option<Self> {
		let number = |name: &[u8]| {
			let text = std::str::from_utf8(member(usage, name)?).ok()?;
			Some(text.parse::<u64>().ok()?.min(MAX_TOKENS))
		};
		let (prompt, completion) = (number(b"prompt_tokens"), number(b"completion_tokens"));
		let total = number(b"total_tokens");
		if prompt.is_none() && completion.is_none() && total.is_none() {
			return None;
		}
		let completion = completion.unwrap_or(0);
		let prompt = prompt.or(total.map(|total| total.saturating_sub(completion)));
		Some(Self { prompt: prompt.unwrap_or(0), completion })
	}

	/// Tokens of a whole answer in JSON.
	///
	/// - `prompt`: tokens of the prompt, if the server does not tell them.
	pub fn of_answer(body: &[u8], prompt: u64) -> Self {
		if let Some(usage) = member(body, b"usage").and_then(Self::read) {
			return usage;
		}
		let choices = member(body, b"choices").and_then(|all| elements(all, MAX_CHOICES));
		let choices = choices.unwrap_or_default();
		let text = choices.iter().map(|choice| text_of(choice)).fold(0, u64::saturating_add);
		Self { prompt, completion: estimate(text) }
	}
}

/// Tokens of a text by its length in bytes.
pub fn estimate(text: u64) -> u64 {
	text.div_ceil(TOKEN_BYTES)
}

/// Bytes of text in an answer, or in a part of one.
pub fn text_of(choice: &[u8]) -> u64 {
	const TEXTS: [&[u8]; 4] = [b"content", b"reasoning_content", b"reasoning", b"refusal"];
	let length = |value: Option<&[u8]>| match value {
		None | Some(b"null") => 0,
		Some(value) if value.starts_with(b"\"") => value.len().saturating_sub(2),
		Some(value) => value.len(),
	};
	let said = member(choice, b"delta").or_else(|| member(choice, b"message"));
	let bytes = match said {
		Some(said) => TEXTS
			.into_iter()
			.chain([&b"tool_calls"[..]])
			.fold(0_usize, |sum, name| sum.saturating_add(length(member(said, name)))),
		None => length(member(choice, b"text")),
	};
	u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Begin and end of an answer that is too long to be kept.
#[derive(Debug, Default)]
pub struct Window {
	begin: Vec<u8>,
	end: Vec<u8>,
}

impl Window {
	/// Take the next bytes.
	pub fn push(&mut self, data: &Bytes) {
		let room = WINDOW.saturating_sub(self.begin.len()).min(data.len());
		self.begin.extend_from_slice(data.get(..room).unwrap_or_default());
		let from = data.len().saturating_sub(WINDOW);
		let last = data.get(from..).unwrap_or_default();
		let surplus = self.end.len().saturating_add(last.len()).saturating_sub(WINDOW);
		self.end.drain(..surplus.min(self.end.len()));
		self.end.extend_from_slice(last);
	}

	/// Usage, if it is near one of the ends.
	pub fn usage(&self) -> Option<Tokens> {
		[&self.end, &self.begin].into_iter().find_map(|text| {
			// Quotes within a text are escaped, so this is the name of a field.
			let at = memmem::rfind(text, b"\"usage\"")?;
			let rest = text.get(at..)?;
			let object =
				rest.get(rest.iter().position(|byte| *byte == b':')?.saturating_add(1)..)?;
			let object = object.trim_ascii_start();
			Tokens::read(object)
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const USAGE: &str = r#""usage":{"prompt_tokens":31,"completion_tokens":4,"total_tokens":35}"#;
	const TOKENS: Tokens = Tokens { prompt: 31, completion: 4 };

	#[test]
	fn the_count_of_the_server_comes_first() {
		let answer = format!(r#"{{"choices":[{{"message":{{"content":"abc"}}}}],{USAGE}}}"#);
		assert_eq!(Tokens::of_answer(answer.as_bytes(), 9), TOKENS);
		let embedding = br#"{"data":[],"usage":{"prompt_tokens":6,"total_tokens":6}}"#;
		assert_eq!(Tokens::of_answer(embedding, 9), Tokens { prompt: 6, completion: 0 });
		let total = br#"{"usage":{"total_tokens":6}}"#;
		assert_eq!(Tokens::of_answer(total, 9).prompt, 6);
		let boundless = br#"{"usage":{"prompt_tokens":18446744073709551615}}"#;
		assert_eq!(Tokens::of_answer(boundless, 9).prompt, MAX_TOKENS);
	}

	#[test]
	fn without_a_count_the_text_counts() {
		for (answer, completion) in [
			(r#"{"choices":[{"message":{"content":"abcdefgh","reasoning":"x"}}]}"#, 3),
			(r#"{"choices":[{"text":"abcd"},{"text":"abcd"}],"usage":null}"#, 2),
			(r#"{"choices":[{"message":{"content":null,"tool_calls":[{"a":"b"}]}}]}"#, 3),
			(r#"{"usage":{"prompt_tokens":-1,"completion_tokens":"x"}}"#, 0),
			("nonsense", 0),
		] {
			let tokens = Tokens::of_answer(answer.as_bytes(), 9);
			assert_eq!(tokens, Tokens { prompt: 9, completion }, "{answer}");
		}
	}

	#[test]
	fn the_usage_of_a_long_answer_is_found_at_either_end() {
		let long = "0.125,".repeat(10_000);
		let at_end = format!(r#"{{"data":[{long}0],{USAGE} }}"#);
		let at_begin = format!(r#"{{{USAGE},"data":[{long}0]}}"#);
		let quoted = format!(r#"{{"data":[{long}0],"text":"\"usage\":{{}}"}}"#);
		for (answer, found) in [(at_end, Some(TOKENS)), (at_begin, Some(TOKENS)), (quoted, None)] {
			for size in [1, 100, 5_000, 100_000] {
				let mut window = Window::default();
				for part in answer.as_bytes().chunks(size) {
					window.push(&Bytes::copy_from_slice(part));
				}
				assert_eq!(window.usage(), found);
			}
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Reader of JSON text that validates and skips, without building values.
//!
//! The grammar is RFC 8259's, the same as `serde_json`'s. Nesting is bounded and costs no stack.

use super::BlockHash;
use memchr::memchr2;

/// Deepest nesting that any reader accepts.
pub const MAX_DEPTH: u32 = 127;

/// Length up to which a string is read word by word.
const SHORT: usize = 64;

/// Reason why a text is not JSON.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
	/// The text breaks JSON's grammar or ends early.
	Grammar,
	/// The text nests deeper than the limit.
	TooDeep,
}

/// Cursor over JSON text. It checks the grammar of what it passes; [`Reader::new`] does not check
/// UTF-8.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
	rest: &'a [u8],
	max_depth: u32,
}

/// String without its quotes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Text<'a> {
	/// Bytes between the quotes, escapes untouched.
	pub raw: &'a [u8],
	/// True if the string has an escape.
	pub escaped: bool,
}

impl<'a> Reader<'a> {
	/// Cursor at the start of a text. `max_depth` is capped at [`MAX_DEPTH`].
	pub fn new(text: &'a [u8], max_depth: u32) -> Self {
		Self { rest: text, max_depth: max_depth.min(MAX_DEPTH) }
	}

	/// Text that is left.
	pub fn rest(&self) -> &'a [u8] {
		self.rest
	}

	/// Next byte that is no white space, not consumed.
	#[inline]
	pub fn peek(&mut self) -> Option<u8> {
		loop {
			match self.rest {
				[b' ' | b'\n' | b'\r' | b'\t', tail @ ..] => self.rest = tail,
				[byte, ..] => return Some(*byte),
				[] => return None,
			}
		}
	}

	/// Consume white space and the next byte.
	#[inline]
	fn token(&mut self) -> Result<u8, Fault> {
		loop {
			match self.rest {
				[b' ' | b'\n' | b'\r' | b'\t', tail @ ..] => self.rest = tail,
				[byte, tail @ ..] => {
					self.rest = tail;
					return Ok(*byte);
				},
				[] => return Err(Fault::Grammar),
			}
		}
	}

	/// Consume white space and one given byte.
	#[inline]
	pub fn expect(&mut self, byte: u8) -> Result<(), Fault> {
		if self.token()? == byte { Ok(()) } else { Err(Fault::Grammar) }
	}

	/// Consume white space to the end; refuse anything else.
	pub fn end(&mut self) -> Result<(), Fault> {
		if self.peek().is_none() { Ok(()) } else { Err(Fault::Grammar) }
	}

	/// Consume a string.
	#[inline]
	pub fn string(&mut self) -> Result<Text<'a>, Fault> {
		self.expect(b'"')?;
		self.string_tail()
	}

	/// Consume a string whose opening quote has been consumed.
	fn string_tail(&mut self) -> Result<Text<'a>, Fault> {
		let start = self.rest;
		let mut escaped = false;
		loop {
			let stop = string_span(self.rest)?;
			let (_, tail) = self.rest.split_at_checked(stop).ok_or(Fault::Grammar)?;
			match tail {
				[b'"', tail @ ..] => {
					let raw = before(start, self.rest, stop);
					self.rest = tail;
					return Ok(Text { raw, escaped });
				},
				[b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', tail @ ..] => {
					escaped = true;
					self.rest = tail;
				},
				[b'\\', b'u', a, b, c, d, tail @ ..]
					if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) =>
				{
					escaped = true;
					self.rest = tail;
				},
				_ => return Err(Fault::Grammar),
			}
		}
	}

	/// Consume the key of a member and its colon.
	#[inline]
	pub fn key(&mut self) -> Result<Text<'a>, Fault> {
		let key = self.string()?;
		self.expect(b':')?;
		Ok(key)
	}

	/// Consume a comma (`true`) or the closing byte of a container (`false`).
	#[inline]
	pub fn more(&mut self, close: u8) -> Result<bool, Fault> {
		match self.token()? {
			b',' => Ok(true),
			byte if byte == close => Ok(false),
			_ => Err(Fault::Grammar),
		}
	}

	/// Consume an opening byte. `false` if the container is empty: its closing byte is consumed
	/// too.
	#[inline]
	pub fn open(&mut self, open: u8, close: u8) -> Result<bool, Fault> {
		self.expect(open)?;
		if self.peek() == Some(close) {
			self.token()?;
			return Ok(false);
		}
		Ok(true)
	}

	/// Consume a value at a nesting of `depth` containers, and return its text.
	#[inline]
	pub fn value(&mut self, depth: u32) -> Result<&'a [u8], Fault> {
		let first = self.peek();
		let start = self.rest;
		if first == Some(b'"') {
			self.string()?;
			return Ok(before(start, self.rest, 0));
		}
		self.skip(depth)?;
		Ok(before(start, self.rest, 0))
	}

	/// Consume a value as [`value`](Self::value) does, however deep it nests. One that is too deep
	/// is read to the end of its brackets, without a check of the grammar within.
	pub fn value_of_any_depth(&mut self, depth: u32) -> Result<&'a [u8], Fault> {
		let start = self.clone();
		match self.value(depth) {
			Err(Fault::TooDeep) => {
				*self = start;
				self.brackets()
			},
			other => other,
		}
	}

	fn brackets(&mut self) -> Result<&'a [u8], Fault> {
		self.peek();
		let start = self.rest;
		let mut open = 0usize;
		loop {
			match self.token()? {
				b'"' => {
					self.string_tail()?;
				},
				b'{' | b'[' => open = open.saturating_add(1),
				b'}' | b']' => open = open.saturating_sub(1),
				_ => {},
			}
			if open == 0 {
				return Ok(before(start, self.rest, 0));
			}
		}
	}

	/// Consume a value. One bit per open container says if it is an object.
	fn skip(&mut self, depth: u32) -> Result<(), Fault> {
		let base = depth;
		let mut depth = depth;
		let mut objects: u128 = 0;
		loop {
			match self.token()? {
				b'"' => {
					self.string_tail()?;
				},
				b'{' => {
					if self.peek() == Some(b'}') {
						self.token()?;
						self.nest(depth)?;
					} else {
						depth = self.nest(depth)?;
						objects = objects << 1 | 1;
						self.key()?;
						continue;
					}
				},
				b'[' => {
					if self.peek() == Some(b']') {
						self.token()?;
						self.nest(depth)?;
					} else {
						depth = self.nest(depth)?;
						objects <<= 1;
						continue;
					}
				},
				b'-' => match self.rest {
					[digit @ b'0'..=b'9', tail @ ..] => {
						self.rest = tail;
						self.number(*digit)?;
					},
					_ => return Err(Fault::Grammar),
				},
				digit @ b'0'..=b'9' => self.number(digit)?,
				b't' => self.literal(b"rue")?,
				b'f' => self.literal(b"alse")?,
				b'n' => self.literal(b"ull")?,
				_ => return Err(Fault::Grammar),
			}
			loop {
				if depth == base {
					return Ok(());
				}
				let object = objects & 1 == 1;
				match self.token()? {
					b',' => {
						if object {
							self.key()?;
						}
						break;
					},
					b'}' if object => {},
					b']' if !object => {},
					_ => return Err(Fault::Grammar),
				}
				objects >>= 1;
				depth = depth.saturating_sub(1);
			}
		}
	}

	/// One container deeper.
	fn nest(&self, depth: u32) -> Result<u32, Fault> {
		if depth < self.max_depth { Ok(depth.saturating_add(1)) } else { Err(Fault::TooDeep) }
	}

	fn literal(&mut self, tail: &[u8]) -> Result<(), Fault> {
		self.rest = self.rest.strip_prefix(tail).ok_or(Fault::Grammar)?;
		Ok(())
	}

	/// Consume a number whose first digit has been consumed.
	fn number(&mut self, first: u8) -> Result<(), Fault> {
		if first != b'0' {
			self.digits();
		}
		if let [b'.', tail @ ..] = self.rest {
			self.rest = tail;
			self.some_digits()?;
		}
		if let [b'e' | b'E', tail @ ..] = self.rest {
			self.rest = match tail {
				[b'+' | b'-', tail @ ..] => tail,
				tail => tail,
			};
			self.some_digits()?;
		}
		Ok(())
	}

	fn digits(&mut self) {
		while let [b'0'..=b'9', tail @ ..] = self.rest {
			self.rest = tail;
		}
	}

	fn some_digits(&mut self) -> Result<(), Fault> {
		let before = self.rest.len();
		self.digits();
		if self.rest.len() < before { Ok(()) } else { Err(Fault::Grammar) }
	}
}

/// Bytes in front of the next quote or backslash.
#[inline]
fn string_span(text: &[u8]) -> Result<usize, Fault> {
	// Most strings are short: a call of memchr costs more than a few words.
	let mut rest = text;
	let mut length = 0usize;
	while length < SHORT {
		let Some((word, tail)) = rest.split_first_chunk::<8>() else { break };
		let special = specials(u64::from_le_bytes(*word));
		if special != 0 {
			let at = special.trailing_zeros().wrapping_shr(3) as usize;
			return match word.get(at) {
				Some(b'"' | b'\\') => Ok(length.saturating_add(at)),
				_ => Err(Fault::Grammar),
			};
		}
		rest = tail;
		length = length.saturating_add(8);
	}
	let stop = memchr2(b'"', b'\\', rest).ok_or(Fault::Grammar)?;
	let span = rest.get(..stop).unwrap_or_default();
	// No early exit, so that the loop is compiled to vector instructions.
	if span.iter().fold(false, |bad, byte| bad | (*byte < 0x20)) {
		return Err(Fault::Grammar);
	}
	Ok(length.saturating_add(stop))
}

/// Word whose lowest set bit is in the first byte that ends a run of plain characters: a quote, a
/// backslash or a control character. Bits above the lowest one mean nothing.
#[inline]
fn specials(word: u64) -> u64 {
	const ONES: u64 = 0x0101_0101_0101_0101;
	const HIGH: u64 = 0x8080_8080_8080_8080;
	let zero = |word: u64| word.wrapping_sub(ONES) & !word;
	let quote = zero(word ^ 0x2222_2222_2222_2222);
	let backslash = zero(word ^ 0x5c5c_5c5c_5c5c_5c5c);
	let control = word.wrapping_sub(0x2020_2020_2020_2020) & !word;
	(quote | backslash | control) & HIGH
}

/// Part of `start` that ends `extra` bytes into `rest`, its suffix.
#[inline]
fn before<'a>(start: &'a [u8], rest: &[u8], extra: usize) -> &'a [u8] {
	let length = start.len().saturating_sub(rest.len()).saturating_add(extra);
	start.get(..length).unwrap_or_default()
}

/// Value of the first member of an object with this name; `None` if there is none or the text is
/// no object up to there.
pub fn member<'a>(object: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
	let mut reader = Reader::new(object, MAX_DEPTH);
	let mut more = reader.open(b'{', b'}').ok()?;
	while more {
		let key = reader.key().ok()?;
		let value = reader.value(1).ok()?;
		if key.raw == name {
			return Some(value);
		}
		more = reader.more(b'}').ok()?;
	}
	None
}

/// Elements of an array as raw text, at most `limit`. `None` if the text is no array or longer.
pub fn elements(array: &[u8], limit: usize) -> Option<Vec<&[u8]>> {
	let mut reader = Reader::new(array, MAX_DEPTH);
	let mut found = Vec::new();
	let mut more = reader.open(b'[', b']').ok()?;
	while more {
		if found.len() >= limit {
			return None;
		}
		found.push(reader.value(1).ok()?);
		more = reader.more(b']').ok()?;
	}
	Some(found)
}

/// Content of a string without escapes. `None` for any other value.
pub fn plain_string(value: &[u8]) -> Option<&str> {
	let mut reader = Reader::new(value, 0);
	let text = reader.string().ok()?;
	if text.escaped {
		return None;
	}
	core::str::from_utf8(text.raw).ok()
}

/// Number of a string `"0x…"` of at most 16 digits.
pub fn quantity(value: &[u8]) -> Option<u64> {
	quantity_of(plain_string(value)?)
}

/// Number `0x…` of at most 16 digits.
pub fn quantity_of(text: &str) -> Option<u64> {
	let digits = text.strip_prefix("0x").filter(|digits| !digits.is_empty())?;
	digits.bytes().try_fold(0u64, |number, digit| {
		let digit = char::from(digit).to_digit(16)?;
		(number >> 60 == 0).then_some(number << 4 | u64::from(digit))
	})
}

/// String `"0x…"` of a number, with its quotes.
pub fn quoted_quantity(number: u64) -> String {
	let digits = (u64::BITS.saturating_sub(number.leading_zeros())).div_ceil(4).max(1);
	let mut text = String::with_capacity(20);
	text.push_str("\"0x");
	for place in (0..digits).rev() {
		let digit = number.wrapping_shr(place.saturating_mul(4)) & 0xf;
		text.extend(u32::try_from(digit).ok().and_then(|digit| char::from_digit(digit, 16)));
	}
	text.push('"');
	text
}

/// Hash of a string `"0x…"`.
pub fn hash(value: &[u8]) -> Option<BlockHash> {
	hash_of(plain_string(value)?)
}

/// Hash `0x…`.
pub fn hash_of(text: &str) -> Option<BlockHash> {
	let mut hash = BlockHash::default();
	hex::decode_to_slice(text.strip_prefix("0x")?, &mut hash).ok()?;
	Some(hash)
}

/// Text of a hash, with `0x`.
pub fn hex(hash: &BlockHash) -> String {
	format!("0x{}", hex::encode(hash))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn numbers_are_written_as_they_are_read() {
		for number in [0, 1, 15, 16, 0x1234_5678, u64::MAX] {
			let text = quoted_quantity(number);
			assert_eq!(text, format!("\"0x{number:x}\""));
			assert_eq!(quantity(text.as_bytes()), Some(number));
		}
		assert_eq!(quantity_of("0x00000000000000000000ff"), Some(255));
	}

	#[test]
	fn odd_numbers_and_hashes_are_refused() {
		for text in ["", "0x", "1f", "0x+1", "0x1ffffffffffffffff", "0xg"] {
			assert_eq!(quantity_of(text), None, "{text}");
		}
		assert_eq!(hash_of(&hex(&[0xab; 32])), Some([0xab; 32]));
		assert_eq!(hash_of("0x00"), None);
		assert_eq!(hash_of(&format!("0x{}", "é".repeat(32))), None);
	}
}

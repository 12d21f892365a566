// SPDX-License-Identifier: Apache-2.0

//! `traceparent` of W3C Trace Context: taken from the client, passed on to the operator.

use http::HeaderMap;
use std::{
	cell::Cell,
	fmt,
	hash::{BuildHasher, Hasher, RandomState},
};

/// Name of the header.
pub const TRACEPARENT: &str = "traceparent";

thread_local! {
	static STATE: Cell<u64> = const { Cell::new(0) };
}

/// Place of a request in a trace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TraceContext {
	trace: u128,
	span: u64,
	flags: u8,
}

impl TraceContext {
	/// Context of a request: that of its header, or none if it has none that can be read.
	pub fn of(headers: &HeaderMap) -> Option<Self> {
		headers.get(TRACEPARENT).and_then(|value| Self::parse(value.as_bytes()))
	}

	/// Context of a new trace that is not sampled.
	pub fn fresh() -> Self {
		let trace = u128::from(random()) << 64 | u128::from(random());
		Self { trace: trace.max(1), span: random().max(1), flags: 0 }
	}

	/// Context of a request that this one causes.
	pub fn child(self) -> Self {
		Self { span: random().max(1), ..self }
	}

	/// Read a header: `00-` and 32, 16 and 2 hexadecimal digits, none of the ids zero. A later
	/// version may have more parts.
	fn parse(value: &[u8]) -> Option<Self> {
		let text = std::str::from_utf8(value).ok()?;
		let mut parts = text.split('-');
		let mut part = |length: usize| parts.next().filter(|part| part.len() == length);
		let version = u8::from_str_radix(hex(part(2)?)?, 16).ok()?;
		let trace = u128::from_str_radix(hex(part(32)?)?, 16).ok()?;
		let span = u64::from_str_radix(hex(part(16)?)?, 16).ok()?;
		let flags = u8::from_str_radix(hex(part(2)?)?, 16).ok()?;
		let is_whole = version != 0 || parts.next().is_none();
		let is_valid = version != 0xff && trace != 0 && span != 0 && is_whole;
		is_valid.then_some(Self { trace, span, flags })
	}
}

/// The text, if it has nothing but lower-case hexadecimal digits.
fn hex(text: &str) -> Option<&str> {
	let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
	text.bytes().all(is_digit).then_some(text)
}

impl fmt::Display for TraceContext {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags)
	}
}

/// A number that differs from the ones before. It guards nothing.
fn random() -> u64 {
	STATE.with(|state| {
		let mut x = state.get();
		while x == 0 {
			// Keys that the standard library draws per thread.
			x = RandomState::new().build_hasher().finish();
		}
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		state.set(x);
		x
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

	#[test]
	fn a_header_is_passed_on_with_a_span_of_its_own() {
		let mut headers = HeaderMap::new();
		assert_eq!(TraceContext::of(&headers), None);
		headers.insert(TRACEPARENT, HEADER.parse().unwrap());
		let context = TraceContext::of(&headers).unwrap();
		assert_eq!(context.to_string(), HEADER);
		let child = context.child().to_string();
		assert_eq!((&child[..36], &child[52..]), (&HEADER[..36], &HEADER[52..]));
		assert_ne!(child[36..52], HEADER[36..52]);
	}

	#[test]
	fn headers_that_cannot_be_read_are_ignored() {
		for text in [
			"",
			"00",
			"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
			"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
			"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
			"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
			"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
			"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
			"00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		] {
			assert_eq!(TraceContext::parse(text.as_bytes()), None, "{text}");
		}
		assert!(TraceContext::parse(format!("01{}-more", &HEADER[2..]).as_bytes()).is_some());
	}

	#[test]
	fn fresh_traces_differ() {
		assert_ne!(TraceContext::fresh(), TraceContext::fresh());
		let fresh = TraceContext::fresh().to_string();
		assert!(TraceContext::parse(fresh.as_bytes()).is_some());
	}
}

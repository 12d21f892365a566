// SPDX-License-Identifier: Apache-2.0

//! Head of an answer: status, headers, and where the body ends.

use super::{Malformed, decoder::Framing};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use std::mem::MaybeUninit;

/// Maximum number of headers.
const MAX_HEADERS: usize = 100;

/// Headers of one connection that are not passed on.
pub const HOP_BY_HOP: [HeaderName; 8] = [
	header::CONNECTION,
	header::TRANSFER_ENCODING,
	header::TE,
	header::TRAILER,
	header::UPGRADE,
	header::PROXY_AUTHENTICATE,
	header::PROXY_AUTHORIZATION,
	HeaderName::from_static("keep-alive"),
];

/// Headers of an answer that are of use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kept {
	/// All, without those of the connection.
	All,
	/// `Retry-After` alone: a map of all headers costs more than their parsing.
	RetryAfter,
}

/// Head of an answer.
#[derive(Debug)]
pub struct Head {
	/// Status.
	pub status: StatusCode,
	/// Headers that are kept.
	pub headers: HeaderMap,
	/// End of the body.
	pub framing: Framing,
	/// True if the connection can be used again after the body.
	pub keep_alive: bool,
}

/// Position after the empty line that ends a head.
///
/// - `seen`: bytes at the front that were searched before.
pub fn end(bytes: &[u8], seen: usize) -> Option<usize> {
	let from = seen.saturating_sub(3);
	let found = memchr::memmem::find(bytes.get(from..)?, b"\r\n\r\n")?;
	Some(found.saturating_add(from).saturating_add(4))
}

/// Parse a head that [`end`] found.
///
/// - `method`: of the request, since an answer to `HEAD` has no body.
/// - `kept`: headers to return. The others are checked all the same.
pub fn parse(bytes: &Bytes, method: &Method, kept: Kept) -> Result<Head, Malformed> {
	let mut storage = [const { MaybeUninit::uninit() }; MAX_HEADERS];
	let mut response = httparse::Response::new(&mut []);
	let parser = httparse::ParserConfig::default();
	match parser.parse_response_with_uninit_headers(&mut response, bytes, &mut storage) {
		// Shorter: a line that ends without carriage return.
		Ok(httparse::Status::Complete(length)) if length == bytes.len() => {},
		Err(httparse::Error::TooManyHeaders) => return Err(Malformed::HeadTooLarge),
		_ => return Err(Malformed::Head),
	}
	let status = response.code.and_then(|code| StatusCode::from_u16(code).ok());
	let status = status.ok_or(Malformed::Head)?;
	let modern = response.version == Some(1);
	let mut headers = match kept {
		Kept::All => HeaderMap::with_capacity(response.headers.len()),
		Kept::RetryAfter => HeaderMap::new(),
	};
	let mut length = None;
	let mut chunked = false;
	let (mut close, mut keep, mut named) = (false, modern, false);
	for field in response.headers.iter() {
		let is = |name: &HeaderName| field.name.eq_ignore_ascii_case(name.as_str());
		if is(&header::CONTENT_LENGTH) {
			if length.replace(number(field.value)?).is_some() {
				return Err(Malformed::Length);
			}
			if *method != Method::HEAD {
				continue;
			}
		} else if is(&header::TRANSFER_ENCODING) {
			if chunked || !modern || !field.value.eq_ignore_ascii_case(b"chunked") {
				return Err(Malformed::Encoding);
			}
			chunked = true;
		} else if is(&header::CONNECTION) {
			for option in field.value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
				if option.eq_ignore_ascii_case(b"close") {
					close = true;
				} else if option.eq_ignore_ascii_case(b"keep-alive") {
					keep = true;
				} else {
					named = true;
				}
			}
		}
		if kept == Kept::RetryAfter && !is(&header::RETRY_AFTER) {
			continue;
		}
		let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| Malformed::Head)?;
		if HOP_BY_HOP.contains(&name) {
			continue;
		}
		let value = HeaderValue::from_maybe_shared(bytes.slice_ref(field.value));
		headers.append(name, value.map_err(|_| Malformed::Head)?);
	}
	if chunked && length.is_some() {
		return Err(Malformed::Length);
	}
	if named && kept == Kept::All {
		for field in response.headers.iter() {
			if field.name.eq_ignore_ascii_case("connection") {
				remove_named(field.value, &mut headers);
			}
		}
	}
	let bodiless = *method == Method::HEAD
		|| status.is_informational()
		|| status == StatusCode::NO_CONTENT
		|| status == StatusCode::NOT_MODIFIED;
	let framing = match length {
		_ if bodiless => Framing::Empty,
		_ if chunked => Framing::Chunked,
		Some(length) => Framing::Length(length),
		None => Framing::UntilClose,
	};
	let keep_alive = keep && !close && framing != Framing::UntilClose;
	Ok(Head { status, headers, framing, keep_alive })
}

/// Remove the headers that the value of a `Connection` header names.
pub fn remove_named(value: &[u8], headers: &mut HeaderMap) {
	for name in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
		if let Ok(name) = HeaderName::from_bytes(name) {
			headers.remove(name);
		}
	}
}

/// Content length: digits only, neither sign nor list.
fn number(value: &[u8]) -> Result<u64, Malformed> {
	let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
	let text = std::str::from_utf8(value).ok().filter(|_| digits && value.len() <= 18);
	text.and_then(|text| text.parse().ok()).ok_or(Malformed::Length)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn parsed(head: &str, method: &Method) -> Result<Head, Malformed> {
		let bytes = Bytes::from(head.to_owned());
		assert_eq!(end(&bytes, 0), Some(bytes.len()));
		let own = parse(&bytes, method, Kept::RetryAfter);
		let all = parse(&bytes, method, Kept::All);
		let rest = |head: &Head| (head.status, head.framing, head.keep_alive);
		assert_eq!(own.as_ref().map(rest), all.as_ref().map(rest));
		all
	}

	fn get(head: &str) -> Result<Head, Malformed> {
		parsed(head, &Method::GET)
	}

	#[test]
	fn the_framing_follows_the_headers() {
		for (head, framing, keep_alive) in [
			("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Framing::Length(5), true),
			("HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n", Framing::Chunked, true),
			("HTTP/1.1 200 OK\r\n\r\n", Framing::UntilClose, false),
			("HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", Framing::Length(0), true),
			("HTTP/1.1 204 No\r\n\r\n", Framing::Empty, true),
			("HTTP/1.1 304 No\r\ncontent-length: 7\r\n\r\n", Framing::Empty, true),
			("HTTP/1.1 100 Go\r\n\r\n", Framing::Empty, true),
			(
				"HTTP/1.1 200 OK\r\nconnection: Close\r\ncontent-length: 1\r\n\r\n",
				{ Framing::Length(1) },
				false,
			),
			("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\n", Framing::Length(1), false),
			(
				"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\n",
				{ Framing::Length(1) },
				true,
			),
		] {
			let head = get(head).unwrap();
			assert_eq!((head.framing, head.keep_alive), (framing, keep_alive));
			assert!(head.headers.is_empty(), "{:?}", head.headers);
		}
	}

	#[test]
	fn an_answer_to_head_keeps_its_length_but_has_no_body() {
		let head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
		let head = parsed(head, &Method::HEAD).unwrap();
		assert_eq!(head.framing, Framing::Empty);
		assert_eq!(head.headers["content-length"], "5");
	}

	#[test]
	fn headers_of_the_connection_are_not_passed_on() {
		let head = get(concat!(
			"HTTP/1.1 200 OK\r\nConnection: keep-alive, x-own\r\nKeep-Alive: timeout=5\r\n",
			"X-Own: 1\r\nTE: x\r\nX-Kept: a\r\nX-Kept: b\r\ncontent-length: 0\r\n\r\n"
		));
		let head = head.unwrap();
		assert!(head.keep_alive);
		assert_eq!(head.headers.len(), 2);
		assert_eq!(head.headers.get_all("x-kept").iter().collect::<Vec<_>>(), ["a", "b"]);
	}

	#[test]
	fn a_call_keeps_the_time_of_a_retry_alone() {
		let head = "HTTP/1.1 429 No\r\nretry-after: 7\r\nx-other: a\r\ncontent-length: 0\r\n\r\n";
		let head = parse(&Bytes::from_static(head.as_bytes()), &Method::POST, Kept::RetryAfter);
		let head = head.unwrap();
		assert_eq!((head.headers.len(), &head.headers["retry-after"]), (1, &"7".parse().unwrap()));
	}

	#[test]
	fn ambiguous_or_broken_heads_are_refused() {
		let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(101));
		for (head, fault) in [
			("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", {
				Malformed::Length
			}),
			("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n", {
				Malformed::Length
			}),
			("HTTP/1.1 200 OK\r\ncontent-length: 1, 1\r\n\r\n", Malformed::Length),
			("HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\n", Malformed::Length),
			("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", Malformed::Length),
			("HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\n", Malformed::Length),
			("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n", Malformed::Length),
			("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n", Malformed::Encoding),
			("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: x\r\n\r\n", {
				Malformed::Encoding
			}),
			("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", Malformed::Encoding),
			("HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n", Malformed::Head),
			("HTTP/1.1 200 OK\r\na : b\r\n\r\n", Malformed::Head),
			("HTTP/1.1 200 OK\r\na: b\n\nc: d\r\n\r\n", Malformed::Head),
			("HTTP/1.1 200 OK\r\na: \0\r\n\r\n", Malformed::Head),
			("HTTP/1.1 99 OK\r\n\r\n", Malformed::Head),
			("HTTP/2 200 OK\r\n\r\n", Malformed::Head),
			("GET / HTTP/1.1\r\n\r\n", Malformed::Head),
			(&many, Malformed::HeadTooLarge),
		] {
			assert_eq!(get(head).map(|_| ()), Err(fault), "{head}");
		}
	}

	#[test]
	fn the_end_is_found_over_any_split() {
		let bytes = b"HTTP/1.1 200 OK\r\na: b\r\n\r\nbody";
		for seen in 0..=bytes.len() {
			let expected = (seen <= 24).then_some(25);
			assert_eq!(end(bytes, seen), expected, "{seen}");
		}
		assert_eq!(end(b"", 0), None);
		assert_eq!(end(b"a", 9), None);
	}

	proptest! {
		#[test]
		fn arbitrary_heads_never_panic(text in "HTTP/1\\.[01] [0-9]{2,3} [ -~\r\n\t]{0,200}") {
			let bytes = Bytes::from(format!("{text}\r\n\r\n"));
			let length = end(&bytes, 0).unwrap();
			for kept in [Kept::All, Kept::RetryAfter] {
				let _ = parse(&bytes.slice(..length), &Method::GET, kept);
			}
		}
	}
}

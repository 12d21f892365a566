// SPDX-License-Identifier: Apache-2.0

//! HTTP/1.1 messages in a buffer. The whole message is read before it is looked at.

use std::{borrow::Cow, ops::Range};

/// Headers that a message may have.
const MAX_HEADERS: usize = 64;

/// Bytes that are no HTTP/1.1 message.
#[derive(Debug, Eq, PartialEq)]
pub struct Malformed(pub &'static str);

/// A complete message.
pub struct Message<'a> {
	/// Status of a response; 0 for a request.
	pub status: u16,
	/// Path of a request; empty for a response.
	pub path: &'a str,
	/// Key of a WebSocket handshake.
	pub websocket: Option<&'a str>,
	/// The body.
	pub body: Cow<'a, [u8]>,
	/// Bytes of the whole message.
	pub length: usize,
	/// True if the connection ends with the message.
	pub close: bool,
}

/// Length of a body, as the head gives it.
enum Length {
	Known(usize),
	Chunked,
	UntilClose,
}

/// Headers that decide where a message ends.
struct Framing<'a> {
	length: Length,
	close: bool,
	websocket: Option<&'a str>,
}

/// Read the response at the start of a buffer; `None` if it is not complete yet. `closed`: nothing
/// follows the buffer.
pub fn response(buffer: &[u8], closed: bool) -> Result<Option<Message<'_>>, Malformed> {
	let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
	let mut head = httparse::Response::new(&mut headers);
	let Some(start) = parsed(head.parse(buffer))? else { return Ok(None) };
	let status = head.code.unwrap_or(0);
	let framing = framing(head.headers, Length::UntilClose)?;
	let length = match status {
		100..200 | 204 | 304 => Length::Known(0),
		_ => framing.length,
	};
	let close = framing.close || matches!(length, Length::UntilClose);
	let body = match length {
		Length::UntilClose if !closed => None,
		Length::UntilClose => Some((Cow::Borrowed(&buffer[start..]), buffer.len())),
		Length::Known(length) => known(buffer, start, length),
		Length::Chunked => chunked(buffer, start)?,
	};
	Ok(body.map(|(body, length)| Message {
		status,
		path: "",
		websocket: framing.websocket,
		body,
		length,
		close,
	}))
}

/// Read the request at the start of a buffer; `None` if it is not complete yet.
pub fn request(buffer: &[u8]) -> Result<Option<Message<'_>>, Malformed> {
	let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
	let mut head = httparse::Request::new(&mut headers);
	let Some(start) = parsed(head.parse(buffer))? else { return Ok(None) };
	let path = head.path.unwrap_or("/");
	let old = head.version == Some(0);
	let framing = framing(head.headers, Length::Known(0))?;
	let body = match framing.length {
		Length::Known(length) => known(buffer, start, length),
		Length::Chunked => chunked(buffer, start)?,
		Length::UntilClose => return Err(Malformed("a request without a length")),
	};
	Ok(body.map(|(body, length)| Message {
		status: 0,
		path,
		websocket: framing.websocket,
		body,
		length,
		close: framing.close || old,
	}))
}

/// End of a head, if it is complete.
fn parsed(
	result: Result<httparse::Status<usize>, httparse::Error>,
) -> Result<Option<usize>, Malformed> {
	match result {
		Ok(httparse::Status::Complete(start)) => Ok(Some(start)),
		Ok(httparse::Status::Partial) => Ok(None),
		Err(_) => Err(Malformed("head")),
	}
}

/// Find the headers that decide where a message ends.
fn framing<'a>(
	headers: &[httparse::Header<'a>],
	default: Length,
) -> Result<Framing<'a>, Malformed> {
	let mut framing = Framing { length: default, close: false, websocket: None };
	for header in headers {
		let text = || std::str::from_utf8(header.value).map_err(|_| Malformed("header"));
		if header.name.eq_ignore_ascii_case("content-length") {
			let length = text()?.parse().map_err(|_| Malformed("content-length"))?;
			framing.length = Length::Known(length);
		} else if header.name.eq_ignore_ascii_case("transfer-encoding") {
			framing.length = Length::Chunked;
		} else if header.name.eq_ignore_ascii_case("connection") {
			framing.close |= header.value.eq_ignore_ascii_case(b"close");
		} else if header.name.eq_ignore_ascii_case("sec-websocket-key")
			|| header.name.eq_ignore_ascii_case("sec-websocket-accept")
		{
			framing.websocket = Some(text()?);
		}
	}
	Ok(framing)
}

/// Body of a known length, and the end of the message.
fn known(buffer: &[u8], start: usize, length: usize) -> Option<(Cow<'_, [u8]>, usize)> {
	let end = start.checked_add(length)?;
	Some((Cow::Borrowed(buffer.get(start..end)?), end))
}

/// Body in chunks, and the end of the message.
fn chunked(buffer: &[u8], start: usize) -> Result<Option<(Cow<'_, [u8]>, usize)>, Malformed> {
	let mut chunks: Vec<Range<usize>> = Vec::new();
	let mut at = start;
	loop {
		let (head, size) = match httparse::parse_chunk_size(buffer.get(at..).unwrap_or_default()) {
			Ok(httparse::Status::Complete(found)) => found,
			Ok(httparse::Status::Partial) => return Ok(None),
			Err(_) => return Err(Malformed("chunk size")),
		};
		let from = at + head;
		let size = usize::try_from(size).map_err(|_| Malformed("chunk size"))?;
		let to = from.checked_add(size).ok_or(Malformed("chunk size"))?;
		if size > 0 {
			chunks.push(from..to);
		}
		match buffer.get(to..).and_then(|rest| rest.get(..2)) {
			Some(b"\r\n") => at = to + 2,
			Some(_) => return Err(Malformed("end of chunk")),
			None => return Ok(None),
		}
		if size == 0 {
			break;
		}
	}
	let body = match &chunks[..] {
		[one] => Cow::Borrowed(&buffer[one.clone()]),
		_ => chunks.into_iter().flat_map(|chunk| &buffer[chunk]).copied().collect(),
	};
	Ok(Some((body, at)))
}

/// Host with port, and path, of a URL with the scheme `http` or `ws`.
pub fn split_url(url: &str) -> Result<(String, String), String> {
	let rest = url
		.strip_prefix("http://")
		.or_else(|| url.strip_prefix("ws://"))
		.ok_or_else(|| format!("{url} begins neither with http:// nor with ws://"))?;
	let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
	let host = if host.contains(':') { host.to_string() } else { format!("{host}:80") };
	let path = if path.is_empty() { "/" } else { path };
	Ok((host, path.to_string()))
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Read a response that comes byte by byte, and the number of bytes that it took.
	fn by_byte(bytes: &[u8]) -> Result<(usize, Vec<u8>), Malformed> {
		for end in 0..=bytes.len() {
			if let Some(message) = response(&bytes[..end], end == bytes.len())? {
				assert_eq!(message.length, end);
				return Ok((end, message.body.to_vec()));
			}
		}
		Err(Malformed("no end"))
	}

	#[test]
	fn a_body_of_known_length_ends_with_it() {
		let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1";
		assert_eq!(by_byte(bytes), Ok((bytes.len() - 8, b"abc".to_vec())));
	}

	#[test]
	fn chunks_are_joined() {
		let bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n";
		assert_eq!(by_byte(bytes), Ok((bytes.len(), b"abc".to_vec())));
		let wrong = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabc\r\n";
		assert_eq!(by_byte(wrong), Err(Malformed("end of chunk")));
	}

	#[test]
	fn a_body_without_a_length_ends_with_the_connection() {
		let bytes = b"HTTP/1.1 200 OK\r\n\r\nabc";
		assert_eq!(by_byte(bytes), Ok((bytes.len(), b"abc".to_vec())));
		assert!(response(bytes, false).unwrap().is_none());
	}

	#[test]
	fn requests_have_a_path_and_a_body() {
		let bytes = b"POST /x HTTP/1.1\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
		let message = request(bytes).unwrap().unwrap();
		assert_eq!((message.path, &message.body[..], message.close), ("/x", &b"{}"[..], true));
	}

	#[test]
	fn urls_have_a_host_and_a_path() {
		let parts = |url| split_url(url).unwrap();
		assert_eq!(parts("ws://a:1/b?c"), ("a:1".into(), "/b?c".into()));
		assert_eq!(parts("http://a"), ("a:80".into(), "/".into()));
		assert!(split_url("https://a").is_err());
	}
}

// SPDX-License-Identifier: Apache-2.0

//! WebSocket frames of short text messages, and the handshake of both sides.

use std::ops::Range;
pub use tungstenite::handshake::derive_accept_key;

/// Longest frame that is read, in bytes.
const MAX_FRAME: usize = 1 << 20;
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// Bytes that are no frame that this program reads.
#[derive(Debug, Eq, PartialEq)]
pub struct Malformed(pub &'static str);

/// Kind of a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
	/// A text message.
	Text,
	/// A ping, to be answered with a pong.
	Ping,
	/// A pong.
	Pong,
	/// The end of the connection.
	Close,
}

/// Frame in a buffer, unmasked in place.
#[derive(Debug, Eq, PartialEq)]
pub struct Frame {
	/// Kind.
	pub kind: Kind,
	/// Payload, as a range of the buffer.
	pub payload: Range<usize>,
	/// End of the frame in the buffer.
	pub end: usize,
}

/// Read the frame at `from` and remove its mask; `None` if it is not complete yet.
pub fn read(buffer: &mut [u8], from: usize) -> Result<Option<Frame>, Malformed> {
	let Some(head) = buffer.get(from..).and_then(|rest| rest.first_chunk::<2>()).copied() else {
		return Ok(None);
	};
	let kind = match head[0] {
		0x81 => Kind::Text,
		0x88 => Kind::Close,
		0x89 => Kind::Ping,
		0x8a => Kind::Pong,
		_ => return Err(Malformed("fragment or unknown frame")),
	};
	let masked = head[1] & 0x80 != 0;
	let extended = match head[1] & 0x7f {
		126 => 2,
		127 => 8,
		_ => 0,
	};
	let mask_at = from + 2 + extended;
	let start = mask_at + if masked { 4 } else { 0 };
	if buffer.len() < start {
		return Ok(None);
	}
	let length = match extended {
		0 => usize::from(head[1] & 0x7f),
		_ => buffer[from + 2..mask_at]
			.iter()
			.fold(0_usize, |sum, byte| sum.saturating_mul(256).saturating_add((*byte).into())),
	};
	if length > MAX_FRAME {
		return Err(Malformed("frame too long"));
	}
	let end = start + length;
	if buffer.len() < end {
		return Ok(None);
	}
	if masked {
		let mask: [u8; 4] = [0, 1, 2, 3].map(|i| buffer[mask_at + i]);
		for (byte, key) in buffer[start..end].iter_mut().zip(mask.iter().cycle()) {
			*byte ^= key;
		}
	}
	Ok(Some(Frame { kind, payload: start..end, end }))
}

/// Write a frame. Clients mask theirs.
pub fn write(into: &mut Vec<u8>, kind: Kind, payload: &[u8], mask: bool) {
	let opcode = match kind {
		Kind::Text => TEXT,
		Kind::Close => CLOSE,
		Kind::Ping => PING,
		Kind::Pong => PONG,
	};
	let bit = if mask { 0x80 } else { 0 };
	into.push(0x80 | opcode);
	match payload.len() {
		length @ 0..=125 => into.push(bit | length as u8),
		length @ 126..=0xffff => {
			into.push(bit | 126);
			into.extend_from_slice(&(length as u16).to_be_bytes());
		},
		length => {
			into.push(bit | 127);
			into.extend_from_slice(&(length as u64).to_be_bytes());
		},
	}
	if mask {
		// A mask of zeros is a mask: the payload stays as it is.
		into.extend_from_slice(&[0; 4]);
	}
	into.extend_from_slice(payload);
}

/// Request that begins a WebSocket connection. The key need not be secret.
pub fn handshake(host: &str, path: &str, headers: &[String]) -> String {
	let more: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
	format!(
		"GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
		 sec-websocket-version: 13\r\nsec-websocket-key: {KEY}\r\n{more}\r\n",
	)
}

/// Key of all handshakes.
pub const KEY: &str = "c3VyZXR5LWxvYWQgdGVzdA==";

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn frames_of_any_length_are_read_back() {
		for length in [0, 1, 125, 126, 65_535, 65_536] {
			for mask in [false, true] {
				let payload = vec![b'x'; length];
				let mut bytes = vec![0; 3];
				write(&mut bytes, Kind::Text, &payload, mask);
				for end in [4, bytes.len() - 1] {
					assert_eq!(read(&mut bytes[..end], 3), Ok(None));
				}
				let frame = read(&mut bytes, 3).unwrap().unwrap();
				assert_eq!((frame.kind, frame.end), (Kind::Text, bytes.len()));
				assert_eq!(&bytes[frame.payload], &payload[..]);
			}
		}
	}

	#[test]
	fn masks_are_removed() {
		let mut bytes = [0x81, 0x82, 1, 2, 3, 4, b'h' ^ 1, b'i' ^ 2];
		let frame = read(&mut bytes, 0).unwrap().unwrap();
		assert_eq!(&bytes[frame.payload], b"hi");
	}

	#[test]
	fn a_frame_of_many_gigabytes_is_refused() {
		let mut bytes = [0x81, 127, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
		assert_eq!(read(&mut bytes, 0), Err(Malformed("frame too long")));
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Framing of bodies, as a state machine over bytes without input or output.

use super::Malformed;
use bytes::{Bytes, BytesMut};

/// Maximum length of the line with a chunk's size, extensions included.
const MAX_SIZE_LINE: usize = 256;
/// Maximum number of hexadecimal digits of a chunk's size, zeros in front included.
const MAX_SIZE_DIGITS: usize = 15;
/// Maximum number of bytes after the last chunk.
const MAX_TRAILER: usize = 8 * 1024;

/// End of a body, as the head says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Framing {
	/// No body.
	Empty,
	/// A number of bytes.
	Length(u64),
	/// Chunks up to the empty one.
	Chunked,
	/// Everything until the connection closes.
	UntilClose,
}

/// Reader of one body.
#[derive(Clone, Debug)]
pub struct Decoder(State);

#[derive(Clone, Debug)]
enum State {
	/// This many bytes are to come.
	Length(u64),
	UntilClose,
	/// The line with a chunk's size.
	Size,
	/// This many bytes of a chunk are to come.
	Chunk(u64),
	/// The end of a line after a chunk.
	ChunkEnd,
	/// Lines after the last chunk, of which this many bytes came.
	Trailer(usize),
	Done,
}

/// Outcome of a step.
#[derive(Debug, Eq, PartialEq)]
pub enum Step {
	/// Bytes of the body.
	Data(Bytes),
	/// More bytes have to be read first.
	More,
	/// The body is complete.
	Done,
}

impl Decoder {
	/// Reader of a body.
	pub fn new(framing: Framing) -> Self {
		Self(match framing {
			Framing::Empty | Framing::Length(0) => State::Done,
			Framing::Length(length) => State::Length(length),
			Framing::Chunked => State::Size,
			Framing::UntilClose => State::UntilClose,
		})
	}

	/// Bytes that are still to come, if the head said so.
	pub fn remaining(&self) -> Option<u64> {
		match self.0 {
			State::Length(length) => Some(length),
			State::Done => Some(0),
			_ => None,
		}
	}

	/// Bytes that come next before the framing has to be looked at.
	pub fn expected(&self) -> u64 {
		match self.0 {
			State::Length(length) | State::Chunk(length) => length,
			_ => 0,
		}
	}

	/// True if the body is complete.
	pub fn is_done(&self) -> bool {
		matches!(self.0, State::Done)
	}

	/// The connection closed. Returns true if that is the end of the body.
	pub fn close(&mut self) -> bool {
		if matches!(self.0, State::UntilClose) {
			self.0 = State::Done;
		}
		self.is_done()
	}

	/// Take bytes of the body from the front of what was read.
	pub fn step(&mut self, read: &mut BytesMut) -> Result<Step, Malformed> {
		loop {
			match &mut self.0 {
				State::Done => return Ok(Step::Done),
				_ if read.is_empty() => return Ok(Step::More),
				State::UntilClose => return Ok(Step::Data(read.split().freeze())),
				State::Length(left) => {
					let data = take(read, left);
					if *left == 0 {
						self.0 = State::Done;
					}
					return Ok(Step::Data(data));
				},
				State::Chunk(left) => {
					let data = take(read, left);
					if *left == 0 {
						self.0 = State::ChunkEnd;
					}
					return Ok(Step::Data(data));
				},
				State::Size => {
					let Some(line) = line(read, MAX_SIZE_LINE, Malformed::ChunkSize)? else {
						return Ok(Step::More);
					};
					self.0 = match size(&line)? {
						0 => State::Trailer(0),
						size => State::Chunk(size),
					};
				},
				State::ChunkEnd => match read.get(..2) {
					Some(b"\r\n") => {
						let _ = read.split_to(2);
						self.0 = State::Size;
					},
					None if read.starts_with(b"\r") => return Ok(Step::More),
					_ => return Err(Malformed::ChunkEnd),
				},
				State::Trailer(so_far) => {
					let room = MAX_TRAILER.saturating_sub(*so_far);
					let Some(line) = line(read, room, Malformed::Trailer)? else {
						return Ok(Step::More);
					};
					*so_far = so_far.saturating_add(line.len()).saturating_add(2);
					if line.is_empty() {
						self.0 = State::Done;
					}
				},
			}
		}
	}
}

/// Take at most `left` bytes.
fn take(read: &mut BytesMut, left: &mut u64) -> Bytes {
	let length = usize::try_from(*left).unwrap_or(usize::MAX).min(read.len());
	*left = left.saturating_sub(length as u64);
	read.split_to(length).freeze()
}

/// Take a line without its end. `None` if it is not here yet.
fn line(read: &mut BytesMut, max: usize, fault: Malformed) -> Result<Option<BytesMut>, Malformed> {
	let Some(end) = memchr::memchr(b'\n', read) else {
		return if read.len() > max { Err(fault) } else { Ok(None) };
	};
	let mut line = read.split_to(end.saturating_add(1));
	let length = line.len().saturating_sub(2);
	if !line.ends_with(b"\r\n") || length > max {
		return Err(fault);
	}
	line.truncate(length);
	Ok(Some(line))
}

/// Size of a chunk from its line. Extensions are ignored.
fn size(line: &[u8]) -> Result<u64, Malformed> {
	let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
	let (number, rest) = line.split_at_checked(digits).ok_or(Malformed::ChunkSize)?;
	let rest = rest.trim_ascii_start();
	let plain = !rest.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t');
	if !(rest.is_empty() || rest.starts_with(b";")) || !plain || digits > MAX_SIZE_DIGITS {
		return Err(Malformed::ChunkSize);
	}
	let number = std::str::from_utf8(number).map_err(|_| Malformed::ChunkSize)?;
	u64::from_str_radix(number, 16).map_err(|_| Malformed::ChunkSize)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	/// Body and the bytes left over, read in pieces that end at `cuts`.
	fn decode(
		framing: Framing,
		bytes: &[u8],
		cuts: impl Fn(usize) -> bool,
	) -> Result<(Vec<u8>, Vec<u8>, bool), Malformed> {
		let mut decoder = Decoder::new(framing);
		let (mut read, mut body) = (BytesMut::new(), Vec::new());
		let mut position = 0;
		loop {
			match decoder.step(&mut read)? {
				Step::Data(data) => body.extend_from_slice(&data),
				Step::Done => {
					read.extend_from_slice(&bytes[position..]);
					return Ok((body, read.to_vec(), true));
				},
				Step::More if position == bytes.len() => {
					let complete = decoder.close();
					return Ok((body, read.to_vec(), complete));
				},
				Step::More => loop {
					read.extend_from_slice(&bytes[position..=position]);
					position += 1;
					if cuts(position) || position == bytes.len() {
						break;
					}
				},
			}
		}
	}

	fn whole(framing: Framing, bytes: &[u8]) -> Result<(Vec<u8>, Vec<u8>, bool), Malformed> {
		let at_once = decode(framing, bytes, |_| false);
		assert_eq!(decode(framing, bytes, |_| true), at_once, "split at every byte");
		at_once
	}

	#[test]
	fn bodies_of_each_framing_are_read_to_their_end() {
		let read = |framing, bytes: &[u8]| whole(framing, bytes).unwrap();
		let expect = |body: &[u8], left: &[u8]| (body.to_vec(), left.to_vec(), true);
		assert_eq!(read(Framing::Empty, b"x"), expect(b"", b"x"));
		assert_eq!(read(Framing::Length(0), b"x"), expect(b"", b"x"));
		assert_eq!(read(Framing::Length(3), b"abcx"), expect(b"abc", b"x"));
		assert_eq!(read(Framing::UntilClose, b"abc"), expect(b"abc", b""));
		assert_eq!(read(Framing::Chunked, b"0\r\n\r\nx"), expect(b"", b"x"));
		assert_eq!(read(Framing::Chunked, b"3\r\nabc\r\n0a;e=1\r\n0123456789\r\n0\r\n\r\n"), {
			expect(b"abc0123456789", b"")
		});
		assert_eq!(read(Framing::Chunked, b"1  \r\na\r\n00\r\nx: y\r\nz: 1\r\n\r\nrest"), {
			expect(b"a", b"rest")
		});
	}

	#[test]
	fn a_body_that_breaks_off_is_not_complete() {
		for (framing, bytes) in [
			(Framing::Length(3), &b"ab"[..]),
			(Framing::Chunked, b""),
			(Framing::Chunked, b"3\r\nab"),
			(Framing::Chunked, b"3\r\nabc\r\n"),
			(Framing::Chunked, b"0\r\n"),
		] {
			assert!(!whole(framing, bytes).unwrap().2, "{framing:?} {bytes:?}");
		}
	}

	#[test]
	fn bad_chunks_are_refused() {
		let long = format!("1;{}", "x".repeat(300));
		for (bytes, fault) in [
			(&b"\r\n"[..], Malformed::ChunkSize),
			(b"-1\r\n", Malformed::ChunkSize),
			(b"+1\r\n", Malformed::ChunkSize),
			(b"0x1\r\n", Malformed::ChunkSize),
			(b" 1\r\n", Malformed::ChunkSize),
			(b"1 1\r\n", Malformed::ChunkSize),
			(b"1\n", Malformed::ChunkSize),
			(b"1;\rx\r\n", Malformed::ChunkSize),
			(b"1000000000000000\r\n", Malformed::ChunkSize),
			(b"0000000000000001\r\n", Malformed::ChunkSize),
			(long.as_bytes(), Malformed::ChunkSize),
			(b"1\r\nab", Malformed::ChunkEnd),
			(b"1\r\na\n", Malformed::ChunkEnd),
			(b"1\r\na\rx", Malformed::ChunkEnd),
			(b"0\r\nx\n", Malformed::Trailer),
		] {
			let refused = decode(Framing::Chunked, bytes, |_| false);
			assert_eq!(refused, Err(fault), "{}", String::from_utf8_lossy(bytes));
		}
	}

	#[test]
	fn an_endless_trailer_is_refused() {
		let lines = b"x: y\r\n".repeat(2_000);
		let bytes = [b"0\r\n".as_slice(), &lines].concat();
		assert_eq!(decode(Framing::Chunked, &bytes, |_| true), Err(Malformed::Trailer));
	}

	proptest! {
		#[test]
		fn chunks_of_any_size_in_pieces_of_any_size_are_one_body(
			chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..8),
			cuts in prop::collection::vec(any::<bool>(), 600),
		) {
			let mut bytes = Vec::new();
			for chunk in &chunks {
				bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
				bytes.extend_from_slice(chunk);
				bytes.extend_from_slice(b"\r\n");
			}
			bytes.extend_from_slice(b"0\r\n\r\nnext");
			let cut = |at: usize| cuts[at % cuts.len()];
			let (body, left, complete) = decode(Framing::Chunked, &bytes, cut).unwrap();
			prop_assert_eq!((body, left), (chunks.concat(), b"next".to_vec()));
			prop_assert!(complete);
		}

		#[test]
		fn arbitrary_bytes_are_judged_alike_in_any_pieces(
			bytes in prop::collection::vec(prop_oneof![
				any::<u8>(), Just(b'\r'), Just(b'\n'), Just(b'1'), Just(b'0'), Just(b';'),
			], 0..200),
			cuts in prop::collection::vec(any::<bool>(), 200),
		) {
			let at_once = decode(Framing::Chunked, &bytes, |_| false);
			let pieces = decode(Framing::Chunked, &bytes, |at| cuts[at % cuts.len()]);
			prop_assert_eq!(at_once, pieces);
		}
	}
}

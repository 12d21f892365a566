// SPDX-License-Identifier: Apache-2.0

//! Messages of shells, as both sides know them.

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Message;

/// First byte of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Channel {
	/// From the client: input.
	Input = 0,
	/// To the client: standard output, and all of a terminal's.
	Output = 1,
	/// To the client: standard error.
	Error = 2,
	/// To the client: JSON with the exit code, the last message.
	Exit = 3,
	/// From the client: JSON with `columns` and `rows`.
	Resize = 4,
	/// From the client: no more input.
	EndOfInput = 5,
}

impl Channel {
	/// Channel of a byte.
	pub fn of(byte: u8) -> Option<Self> {
		use Channel::*;
		[Input, Output, Error, Exit, Resize, EndOfInput].into_iter().find(|one| *one as u8 == byte)
	}

	/// Message of this channel.
	pub fn message(self, bytes: &[u8]) -> Message {
		Message::Binary(Bytes::from([&[self as u8][..], bytes].concat()))
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Reasons why an endpoint gave no answer.

use std::{error::Error, fmt, io};
use surety_primitives::endpoint::Reason;

/// Reason why an endpoint gave no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum UpstreamError {
	/// The host has no address.
	Resolve,
	/// The host's address is not on the public internet, where a stranger's endpoint has to be.
	Forbidden(Reason),
	/// No connection.
	Connect(io::ErrorKind),
	/// No TLS, for example because of the certificate.
	Tls(String),
	/// All connections are in use and too many requests wait for one.
	Busy,
	/// The request cannot be sent over HTTP/1.1.
	Request(&'static str),
	/// No answer in time.
	Timeout {
		/// The request may have been processed.
		sent: bool,
	},
	/// The endpoint closed the connection before the end of its answer.
	Closed {
		/// The request may have been processed.
		sent: bool,
	},
	/// The answer has more bytes than allowed.
	TooLarge,
	/// The answer is not valid HTTP.
	Malformed(Malformed),
	/// The endpoint does not speak WebSocket; it answered with this status.
	Refused(u16),
}

/// Fault of an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Malformed {
	/// Status line or a header is not valid, or a line ends without carriage return.
	Head,
	/// The head has too many bytes or headers.
	HeadTooLarge,
	/// An answer that was not asked for: 101, or too many of 1xx.
	Interim,
	/// `Content-Length` is not a number, is there twice, or contradicts `Transfer-Encoding`.
	Length,
	/// A transfer encoding that is not just `chunked`.
	Encoding,
	/// A chunk's size is not a hexadecimal number, or its line is too long.
	ChunkSize,
	/// A chunk does not end where its size says.
	ChunkEnd,
	/// Too many bytes after the last chunk.
	Trailer,
	/// The WebSocket handshake is not valid.
	Handshake,
}

impl UpstreamError {
	/// True if the request may have been processed. Otherwise it can be sent again, even if it is
	/// not idempotent.
	pub fn sent(&self) -> bool {
		match self {
			Self::Resolve
			| Self::Forbidden(_)
			| Self::Connect(_)
			| Self::Tls(_)
			| Self::Busy
			| Self::Request(_)
			| Self::Refused(_) => false,
			Self::Timeout { sent } | Self::Closed { sent } => *sent,
			Self::TooLarge | Self::Malformed(_) => true,
		}
	}
}

impl fmt::Display for UpstreamError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Resolve => f.write_str("the host has no address"),
			Self::Forbidden(reason) => write!(f, "the host's address is not public: {reason}"),
			Self::Connect(kind) => write!(f, "no connection: {kind}"),
			Self::Tls(error) => write!(f, "no TLS: {error}"),
			Self::Busy => f.write_str("all connections are in use"),
			Self::Request(fault) => write!(f, "the request cannot be sent: {fault}"),
			Self::Timeout { .. } => f.write_str("no answer in time"),
			Self::Closed { .. } => f.write_str("connection closed before the end of the answer"),
			Self::TooLarge => f.write_str("the answer is too large"),
			Self::Malformed(fault) => write!(f, "the answer is malformed: {fault}"),
			Self::Refused(status) => write!(f, "no WebSocket, but status {status}"),
		}
	}
}

impl Error for UpstreamError {}

impl fmt::Display for Malformed {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Head => "head",
			Self::HeadTooLarge => "head too large",
			Self::Interim => "unexpected interim answer",
			Self::Length => "content length",
			Self::Encoding => "transfer encoding",
			Self::ChunkSize => "size of a chunk",
			Self::ChunkEnd => "end of a chunk",
			Self::Trailer => "trailer",
			Self::Handshake => "WebSocket handshake",
		})
	}
}

impl From<Malformed> for UpstreamError {
	fn from(fault: Malformed) -> Self {
		Self::Malformed(fault)
	}
}

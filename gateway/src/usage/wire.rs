// SPDX-License-Identifier: Apache-2.0

//! Messages of the exchange.
//!
//! The gateway posts offers to [`PATH`] of the edge, the answer has one entry per offer in the same
//! order. Both bodies are [`CONTENT_TYPE`]: a version byte, a number of entries in one byte, then
//! the entries in SCALE with nothing behind them. SCALE, because the signed bytes are SCALE: the
//! receiver verifies what it decoded and never re-writes a text.

use super::Signed;
use codec::{Decode, Encode};
use std::fmt;
use surety_primitives::{AgreementId, WindowIndex};

/// Path of the exchange at the edge.
pub const PATH: &str = "/.well-known/surety/usage";

/// Media type of both bodies.
pub const CONTENT_TYPE: &str = "application/vnd.surety.usage";

/// Version of the messages, their first byte.
pub const VERSION: u8 = 1;

/// Maximum number of entries of a message.
pub const MAX_ENTRIES: usize = 8;

/// Maximum length of a message in bytes; entries have at most about 500.
pub const MAX_MESSAGE: usize = 8 * 1024;

/// Latest statement of one side, and what that side holds of the other.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Offer {
	/// Statement of the sender.
	pub statement: Signed,
	/// Latest statement of the receiver that the sender holds for the window, so that a receiver
	/// that lost its store recovers.
	pub copy: Option<Signed>,
}

/// Answer to one [`Offer`].
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Answer {
	/// Agreement of the offer.
	pub agreement: AgreementId,
	/// Window of the offer.
	pub window: WindowIndex,
	/// Reason why the offered statement is not held, if it is not.
	pub refusal: Option<Refusal>,
	/// Latest statement of the answering side. Only for an offer with a valid signature.
	pub statement: Option<Signed>,
	/// Latest statement of the offering side and lane that the answering side holds. Only for an
	/// offer with a valid signature.
	pub copy: Option<Signed>,
}

/// Reason why a statement is refused.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Refusal {
	/// The statement is of another chain.
	Genesis,
	/// The receiver has no such agreement.
	Agreement,
	/// The statement speaks for the receiver's own side.
	Side,
	/// The lane is not below the maximum.
	Lane,
	/// The window is neither the receiver's current one nor next to it.
	Window,
	/// The counts contradict each other.
	Counts,
	/// The reporter may not speak for the side.
	Reporter,
	/// The reporter did not sign the statement.
	Signature,
	/// A later statement of the lane is held.
	Stale,
	/// A counter is below that of an earlier statement.
	Falling,
	/// The statement refers to one that the receiver never signed.
	Seen,
	/// The lane has signed two contents for one number; it is void for the window.
	Equivocation,
	/// The receiver has not yet asked the chain about the reporter; the offer may be repeated.
	NotYet,
}

impl Refusal {
	/// All of them, in the order of their codes.
	pub const ALL: [Self; 13] = [
		Self::Genesis,
		Self::Agreement,
		Self::Side,
		Self::Lane,
		Self::Window,
		Self::Counts,
		Self::Reporter,
		Self::Signature,
		Self::Stale,
		Self::Falling,
		Self::Seen,
		Self::Equivocation,
		Self::NotYet,
	];

	/// Name in logs and metrics.
	pub fn name(self) -> &'static str {
		match self {
			Self::Genesis => "genesis",
			Self::Agreement => "agreement",
			Self::Side => "side",
			Self::Lane => "lane",
			Self::Window => "window",
			Self::Counts => "counts",
			Self::Reporter => "reporter",
			Self::Signature => "signature",
			Self::Stale => "stale",
			Self::Falling => "falling",
			Self::Seen => "seen",
			Self::Equivocation => "equivocation",
			Self::NotYet => "not-yet",
		}
	}

	/// True if the sender has proved that it speaks for its side: the answer may then carry
	/// statements.
	pub fn is_of_a_party(self) -> bool {
		matches!(self, Self::Stale | Self::Falling | Self::Seen | Self::Equivocation)
	}
}

impl fmt::Display for Refusal {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(self.name())
	}
}

/// Reason why a message cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WireError {
	/// Longer than [`MAX_MESSAGE`].
	TooLong,
	/// No entry, or more than [`MAX_ENTRIES`].
	Entries(u8),
	/// Another version than [`VERSION`].
	Version(u8),
	/// Not the SCALE of the entries, or bytes behind them.
	Malformed,
}

impl fmt::Display for WireError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::TooLong => write!(f, "message longer than {MAX_MESSAGE} bytes"),
			Self::Entries(n) => write!(f, "{n} entries, allowed are 1 to {MAX_ENTRIES}"),
			Self::Version(v) => write!(f, "version {v} of usage messages, known is {VERSION}"),
			Self::Malformed => f.write_str("malformed usage message"),
		}
	}
}

impl std::error::Error for WireError {}

/// Message of these entries; entries past [`MAX_ENTRIES`] are left off.
pub fn encode<T: Encode>(entries: &[T]) -> Vec<u8> {
	let entries = entries.get(..MAX_ENTRIES).unwrap_or(entries);
	let mut out = vec![VERSION, u8::try_from(entries.len()).unwrap_or(u8::MAX)];
	entries.iter().for_each(|entry| entry.encode_to(&mut out));
	out
}

/// Entries of a message.
pub fn decode<T: Decode>(message: &[u8]) -> Result<Vec<T>, WireError> {
	if message.len() > MAX_MESSAGE {
		return Err(WireError::TooLong);
	}
	let (version, rest) = message.split_first().ok_or(WireError::Malformed)?;
	if *version != VERSION {
		return Err(WireError::Version(*version));
	}
	let (count, mut rest) = rest.split_first().ok_or(WireError::Malformed)?;
	if *count == 0 || usize::from(*count) > MAX_ENTRIES {
		return Err(WireError::Entries(*count));
	}
	let entries = (0..*count)
		.map(|_| T::decode(&mut rest).map_err(|_| WireError::Malformed))
		.collect::<Result<_, _>>()?;
	if rest.is_empty() { Ok(entries) } else { Err(WireError::Malformed) }
}

// SPDX-License-Identifier: Apache-2.0

//! Reasons for which a request is refused. Each says what to do next.

use http::StatusCode;
use std::fmt;
use surety_vpn::{claims::RequestFault, exit::ExitError};

/// Reason for which a request is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
	/// Not the body that was asked for.
	Form(String),
	/// The body is too large.
	TooLarge,
	/// The body came too slowly.
	TooSlow,
	/// The request was signed at another time.
	Time(RequestFault),
	/// The signature is not that of the account.
	Signature,
	/// The chain has no such agreement of this service, or it is over.
	NoAgreement,
	/// The account may not act for the tenant.
	NoRight,
	/// A newer request of the agreement was answered.
	Replayed,
	/// The key is that of another peer.
	KeyInUse,
	/// The caller's network asks too often.
	Limited,
	/// All trials, of the caller's network or of all, are taken.
	TrialsFull,
	/// The chain cannot be read now.
	Chain,
	/// Too many requests are being answered.
	Busy,
	/// The exit does not run, or has no room.
	NoExit,
}

impl Refusal {
	/// Status of the answer.
	pub fn status(&self) -> StatusCode {
		match self {
			Self::Form(_) => StatusCode::BAD_REQUEST,
			Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
			Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
			Self::Time(_) | Self::Signature => StatusCode::UNAUTHORIZED,
			Self::NoAgreement => StatusCode::PAYMENT_REQUIRED,
			Self::NoRight => StatusCode::FORBIDDEN,
			Self::Replayed | Self::KeyInUse => StatusCode::CONFLICT,
			Self::Limited | Self::TrialsFull => StatusCode::TOO_MANY_REQUESTS,
			Self::Chain | Self::Busy | Self::NoExit => StatusCode::SERVICE_UNAVAILABLE,
		}
	}

	/// Seconds after which asking again makes sense.
	pub fn retry_after(&self) -> Option<u8> {
		match self {
			Self::Limited | Self::Busy => Some(1),
			Self::TrialsFull | Self::Chain | Self::NoExit => Some(10),
			_ => None,
		}
	}
}

impl fmt::Display for Refusal {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Form(reason) => return write!(f, "not the body that is expected: {reason}"),
			Self::TooLarge => "the body is too large",
			Self::TooSlow => "the body came too slowly",
			Self::Time(fault) => return fault.fmt(f),
			Self::Signature => "the signature is not that of the account",
			Self::NoAgreement => {
				"no such agreement of this service, or it is over: open one, wait until it is \
				 finalized"
			},
			Self::NoRight => {
				"the account is neither the tenant of the agreement nor its proxy of the type Buy"
			},
			Self::Replayed => "a newer request of this agreement was answered: sign again",
			Self::KeyInUse => "the key is in use by another peer: make a fresh one",
			Self::Limited => "too many requests of this network: ask again in a second",
			Self::TrialsFull => "all trials are taken: ask again in some seconds",
			Self::Chain => "the chain cannot be read now: ask again in some seconds",
			Self::Busy => "too many requests: ask again in a second",
			Self::NoExit => "the exit does not run or has no room: ask again in some seconds",
		})
	}
}

impl std::error::Error for Refusal {}

impl From<RequestFault> for Refusal {
	fn from(fault: RequestFault) -> Self {
		Self::Time(fault)
	}
}

impl From<ExitError> for Refusal {
	fn from(error: ExitError) -> Self {
		match error {
			ExitError::Replayed => Self::Replayed,
			ExitError::KeyInUse => Self::KeyInUse,
			ExitError::TrialsFull => Self::TrialsFull,
			error => {
				// Strangers are not told about the machine.
				tracing::warn!(%error, "a peer was not admitted");
				Self::NoExit
			},
		}
	}
}

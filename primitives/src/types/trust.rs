// SPDX-License-Identifier: Apache-2.0

//! Trust levels.

use alloc::{format, string::String};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Trust level that derives from a score; in JSON a number from 1 to 5.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	Ord,
	PartialEq,
	PartialOrd,
	Serialize,
	TypeInfo,
)]
#[serde(into = "u8", try_from = "u8")]
pub enum TrustLevel {
	/// Score 0-19, and every new account.
	One,
	/// Score 20-39.
	Two,
	/// Score 40-59.
	Three,
	/// Score 60-79.
	Four,
	/// Score 80-100.
	Five,
}
impl TrustLevel {
	/// Level of a score of 0 to 100.
	pub fn from_score(score: u8) -> Self {
		match score {
			0..=19 => Self::One,
			20..=39 => Self::Two,
			40..=59 => Self::Three,
			60..=79 => Self::Four,
			_ => Self::Five,
		}
	}
}

impl From<TrustLevel> for u8 {
	fn from(level: TrustLevel) -> Self {
		match level {
			TrustLevel::One => 1,
			TrustLevel::Two => 2,
			TrustLevel::Three => 3,
			TrustLevel::Four => 4,
			TrustLevel::Five => 5,
		}
	}
}

impl TryFrom<u8> for TrustLevel {
	type Error = String;

	fn try_from(number: u8) -> Result<Self, String> {
		match number {
			1 => Ok(Self::One),
			2 => Ok(Self::Two),
			3 => Ok(Self::Three),
			4 => Ok(Self::Four),
			5 => Ok(Self::Five),
			_ => Err(format!("trust level {number} is not in 1..=5")),
		}
	}
}

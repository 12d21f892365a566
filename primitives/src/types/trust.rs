//! Trust levels.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Trust level that derives from a score.
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
pub enum TrustLevel {
	/// Score 0-19, and everybody new.
	One,
	/// 20-39.
	Two,
	/// 40-59.
	Three,
	/// 60-79.
	Four,
	/// 80-100.
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

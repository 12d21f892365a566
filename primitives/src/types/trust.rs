//! Trust levels.

use super::shared;

shared! {
	/// Trust level that derives from a score.
	#[derive(Copy, Ord, PartialOrd)]
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

// SPDX-License-Identifier: Apache-2.0

//! Regions.

use alloc::{format, string::String};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Codes that ISO 3166-1 alpha-2 assigns, as of 2026.
const COUNTRIES: &[u8] = b"AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
	CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO \
	FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
	JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
	MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW \
	PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM \
	TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Region of a service: a country code of ISO 3166-1 alpha-2, as two capital letters.
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
#[serde(into = "String", try_from = "String")]
pub struct Region([u8; 2]);
impl Region {
	/// Region of a code. `None` unless the code is assigned to a country.
	pub fn new(code: [u8; 2]) -> Option<Self> {
		COUNTRIES.split(|byte| *byte == b' ').any(|known| known == code).then_some(Self(code))
	}
	/// The two letters.
	pub fn code(self) -> [u8; 2] {
		self.0
	}
	/// True if the code is assigned to a country. A region of a decoded call may have any code.
	pub fn is_valid(self) -> bool {
		Self::new(self.0).is_some()
	}
}

impl From<Region> for String {
	fn from(region: Region) -> Self {
		String::from_utf8_lossy(&region.code()).into_owned()
	}
}

impl TryFrom<String> for Region {
	type Error = String;

	fn try_from(text: String) -> Result<Self, String> {
		let code = text.as_bytes().try_into().ok();
		code.and_then(Self::new).ok_or_else(|| {
			format!("cannot read {text:?} as a region: two capital letters of ISO 3166-1")
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_region_is_a_country() {
		for code in [*b"DE", *b"US", *b"AD", *b"ZW", *b"TW"] {
			assert!(Region::new(code).is_some_and(Region::is_valid));
		}
		for code in [*b"ZZ", *b"UK", *b"de", *b"D1", *b"D ", *b" D", *b"E ", [0, 0]] {
			assert_eq!(Region::new(code), None);
		}
		assert_eq!(
			COUNTRIES.split(|byte| *byte == b' ').filter(|code| code.len() == 2).count(),
			249
		);
	}
}

// SPDX-License-Identifier: Apache-2.0

//! JSON forms of values that JSON has no type for, for `#[serde(with =
//! "surety_primitives::json")]`.
//!
//! | value | JSON |
//! |---|---|
//! | [`Balance`] | decimal string, since the integers of JavaScript end at 2^53 |
//! | bytes of a text | string |
//! | hash or key of 32 bytes | string of `0x` and 64 hexadecimal digits |
//! | `Option` of these | `null` if there is none |

use crate::Balance;
use alloc::{format, string::String, vec::Vec};
use core::fmt::Write;
use frame_support::{BoundedVec, traits::Get};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Value with a JSON form of its own.
pub trait JsonForm: Sized {
	/// Type that JSON knows.
	type Json: for<'de> Deserialize<'de> + Serialize;

	/// The JSON form.
	fn to_json(&self) -> Self::Json;
	/// The value of a JSON form. The error names the form that is no value.
	fn from_json(json: Self::Json) -> Result<Self, String>;
}

/// Serialize the JSON form of a value.
pub fn serialize<T: JsonForm, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
	value.to_json().serialize(to)
}

/// Deserialize a value from its JSON form.
pub fn deserialize<'de, T: JsonForm, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
	T::from_json(T::Json::deserialize(from)?).map_err(D::Error::custom)
}

impl JsonForm for Balance {
	type Json = String;

	fn to_json(&self) -> String {
		format!("{self}")
	}
	fn from_json(json: String) -> Result<Self, String> {
		json.parse().map_err(|_| format!("cannot read {json:?} as an amount in base units"))
	}
}

impl JsonForm for [u8; 32] {
	type Json = String;

	fn to_json(&self) -> String {
		self.iter().fold(String::from("0x"), |mut text, byte| {
			// A string takes everything.
			let _ = write!(text, "{byte:02x}");
			text
		})
	}
	fn from_json(json: String) -> Result<Self, String> {
		let digits = json.strip_prefix("0x").filter(|digits| digits.len() == 64);
		digits
			.and_then(parse_hex)
			.ok_or_else(|| format!("cannot read {json:?} as 0x and 64 hexadecimal digits"))
	}
}

/// The bytes that hexadecimal digits stand for, the missing ones 0.
fn parse_hex(digits: &str) -> Option<[u8; 32]> {
	let mut bytes = [0; 32];
	for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
		let nibbles = pair.iter().map(|digit| char::from(*digit).to_digit(16));
		let value = nibbles.reduce(|high, low| high?.checked_mul(16)?.checked_add(low?))??;
		*byte = u8::try_from(value).ok()?;
	}
	Some(bytes)
}

impl JsonForm for Vec<u8> {
	type Json = String;

	fn to_json(&self) -> String {
		String::from_utf8_lossy(self).into_owned()
	}
	fn from_json(json: String) -> Result<Self, String> {
		Ok(json.into_bytes())
	}
}

impl<MaxLength: Get<u32>> JsonForm for BoundedVec<u8, MaxLength> {
	type Json = String;

	fn to_json(&self) -> String {
		String::from_utf8_lossy(self).into_owned()
	}
	fn from_json(json: String) -> Result<Self, String> {
		let max = MaxLength::get();
		Self::try_from(json.into_bytes()).map_err(|_| format!("text is longer than {max} bytes"))
	}
}

impl<Item: JsonForm, MaxLength: Get<u32>> JsonForm for BoundedVec<Item, MaxLength> {
	type Json = Vec<Item::Json>;

	fn to_json(&self) -> Self::Json {
		self.iter().map(Item::to_json).collect()
	}
	fn from_json(json: Self::Json) -> Result<Self, String> {
		let items = json.into_iter().map(Item::from_json).collect::<Result<Vec<_>, _>>()?;
		let max = MaxLength::get();
		Self::try_from(items).map_err(|_| format!("list is longer than {max} items"))
	}
}

impl<T: JsonForm> JsonForm for Option<T> {
	type Json = Option<T::Json>;

	fn to_json(&self) -> Self::Json {
		self.as_ref().map(T::to_json)
	}
	fn from_json(json: Self::Json) -> Result<Self, String> {
		json.map(T::from_json).transpose()
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use frame_support::traits::ConstU32;

	#[test]
	fn values_survive_their_json_form() {
		for amount in [0, 1, u128::MAX] {
			assert_eq!(Balance::from_json(amount.to_json()), Ok(amount));
			assert_eq!(Option::from_json(Some(amount).to_json()), Ok(Some(amount)));
		}
		assert_eq!(u128::MAX.to_json(), "340282366920938463463374607431768211455");
		let hash: [u8; 32] = core::array::from_fn(|i| u8::try_from(i * 8).unwrap());
		assert!(hash.to_json().starts_with("0x0008101820"));
		assert_eq!(<[u8; 32]>::from_json(hash.to_json()), Ok(hash));
		let name = BoundedVec::<u8, ConstU32<4>>::try_from(b"h100".to_vec()).unwrap();
		assert_eq!(name.to_json(), "h100");
		assert_eq!(BoundedVec::from_json(name.to_json()), Ok(name));
	}

	#[test]
	fn a_form_that_is_no_value_is_named() {
		for text in ["", "-1", "1.5", "340282366920938463463374607431768211456"] {
			assert!(Balance::from_json(text.into()).unwrap_err().contains(text));
		}
		for text in ["0x", "0x12", &"11".repeat(33), &format!("0x{}", "1g".repeat(32))] {
			assert!(<[u8; 32]>::from_json(text.into()).unwrap_err().contains(text));
		}
		let long = BoundedVec::<u8, ConstU32<4>>::from_json("h1000".into()).unwrap_err();
		assert_eq!(long, "text is longer than 4 bytes");
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Untrusted JSON, reduced to the members that matter. Other members are skipped without being
//! stored, so hostile JSON costs no more memory than a few times the body itself. The parser bounds
//! the depth.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Members of objects that are kept.
const KEYS: [&str; 32] = [
	// JSON-RPC
	"id",
	"result",
	"error",
	// Blocks, transactions, receipts and logs
	"number",
	"hash",
	"parentHash",
	"timestamp",
	"stateRoot",
	"extrinsicsRoot",
	"digest",
	"logs",
	"blockHash",
	"blockNumber",
	"transactionHash",
	"transactionIndex",
	"status",
	"gasUsed",
	"address",
	"topics",
	"from",
	"to",
	// Agents
	"lease",
	"state",
	// Inference
	"data",
	"choices",
	"message",
	"content",
	"reasoning",
	"reasoning_content",
	"tool_calls",
	"model",
	"embedding",
];

/// Name under which the parser, with one of its features, passes a number that is not a 64-bit
/// integer.
const NUMBER: &str = "$serde_json::private::Number";

/// Reduced JSON value.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Json {
	/// No value.
	#[default]
	Absent,
	/// `null`.
	Null,
	/// A string.
	Text(String),
	/// Number, with its value if it is an unsigned 64-bit integer.
	Number(Option<u64>),
	/// An array.
	List(Vec<Json>),
	/// Object with those of its members that are in [`KEYS`]. The last of duplicate members counts.
	Object(Vec<(&'static str, Json)>),
	/// `true` or `false`.
	Bool,
}

static ABSENT: Json = Json::Absent;

impl Json {
	/// Member of an object, one of [`KEYS`].
	pub fn get(&self, key: &str) -> &Self {
		debug_assert!(KEYS.contains(&key), "the parser skips {key}: it is not in KEYS");
		match self {
			Self::Object(members) => {
				members.iter().find(|(name, _)| *name == key).map_or(&ABSENT, |(_, value)| value)
			},
			_ => &ABSENT,
		}
	}

	/// String value.
	pub fn text(&self) -> Option<&str> {
		match self {
			Self::Text(text) => Some(text),
			_ => None,
		}
	}

	/// Elements of an array.
	pub fn list(&self) -> Option<&[Self]> {
		match self {
			Self::List(list) => Some(list),
			_ => None,
		}
	}

	/// Unsigned integer value.
	pub fn integer(&self) -> Option<u64> {
		match self {
			Self::Number(number) => *number,
			_ => None,
		}
	}

	/// String value as a hex quantity of at most 64 bits.
	pub fn quantity(&self) -> Option<u64> {
		quantity(self.text()?)
	}

	/// String value as 32 bytes in `0x` hex.
	pub fn hash(&self) -> Option<[u8; 32]> {
		let text = self.text()?;
		text.starts_with("0x").then(|| hex(text.as_bytes())).flatten()
	}

	/// String value as bytes in `0x` hex.
	pub fn bytes(&self) -> Option<Vec<u8>> {
		let digits = self.text()?.strip_prefix("0x")?.as_bytes();
		if digits.len().checked_rem(2) != Some(0) {
			return None;
		}
		digits.chunks_exact(2).map(byte).collect()
	}

	/// True for `null` and for no value.
	pub fn is_none(&self) -> bool {
		matches!(self, Self::Absent | Self::Null)
	}

	/// True for a JSON-RPC error. Some servers send `"error": null` beside a result.
	pub fn is_error(&self) -> bool {
		!self.get("error").is_none()
	}

	/// Id of a JSON-RPC answer.
	pub fn id(&self) -> Option<u64> {
		self.get("id").integer()
	}
}

/// Parse a body. `None` if it is not JSON.
pub fn read(bytes: &[u8]) -> Option<Json> {
	serde_json::from_slice(bytes).ok()
}

/// Parse a hex quantity of at most 64 bits.
pub fn quantity(text: &str) -> Option<u64> {
	let digits = text.strip_prefix("0x")?;
	if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
		return None;
	}
	u64::from_str_radix(digits, 16).ok()
}

/// Parse exactly `N` bytes in hex, with or without `0x`.
pub fn hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
	let digits = text.strip_prefix(b"0x").unwrap_or(text);
	if digits.len() != N.checked_mul(2)? {
		return None;
	}
	let mut out = [0u8; N];
	for (slot, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
		*slot = byte(pair)?;
	}
	Some(out)
}

fn byte(pair: &[u8]) -> Option<u8> {
	let &[high, low] = pair else { return None };
	Some((nibble(high)? << 4) | nibble(low)?)
}

fn nibble(digit: u8) -> Option<u8> {
	char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

/// Lower-case hex with `0x`.
pub fn to_hex(bytes: &[u8]) -> String {
	bytes.iter().fold(String::from("0x"), |text, byte| text + &alloc::format!("{byte:02x}"))
}

/// Member name.
enum Key {
	Kept(&'static str),
	Skipped,
	/// Marker of an object that is in fact a number.
	Number,
}

impl<'de> Deserialize<'de> for Key {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		struct Read;
		impl Visitor<'_> for Read {
			type Value = Key;
			fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
				f.write_str("a name")
			}
			fn visit_str<E>(self, name: &str) -> Result<Key, E> {
				Ok(match KEYS.into_iter().find(|key| *key == name) {
					Some(key) => Key::Kept(key),
					None if name == NUMBER => Key::Number,
					None => Key::Skipped,
				})
			}
		}
		deserializer.deserialize_str(Read)
	}
}

impl<'de> Deserialize<'de> for Json {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		struct Read;
		impl<'de> Visitor<'de> for Read {
			type Value = Json;
			fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
				f.write_str("JSON")
			}
			fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
				Ok(Json::Bool)
			}
			fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
				Ok(Json::Number(None))
			}
			fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
				Ok(Json::Number(Some(number)))
			}
			fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
				Ok(Json::Number(None))
			}
			fn visit_unit<E>(self) -> Result<Json, E> {
				Ok(Json::Null)
			}
			fn visit_str<E>(self, text: &str) -> Result<Json, E> {
				Ok(Json::Text(text.to_owned()))
			}
			fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
				let mut list = Vec::new();
				while let Some(value) = seq.next_element()? {
					list.push(value);
				}
				Ok(Json::List(list))
			}
			fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
				let mut members: Vec<(&'static str, Json)> = Vec::new();
				let mut number = false;
				while let Some(key) = map.next_key()? {
					let Key::Kept(key) = key else {
						number |= matches!(key, Key::Number);
						map.next_value::<IgnoredAny>()?;
						continue;
					};
					let value = map.next_value()?;
					match members.iter_mut().find(|(name, _)| *name == key) {
						Some((_, old)) => *old = value,
						None => members.push((key, value)),
					}
				}
				if number {
					return Ok(Json::Number(None));
				}
				Ok(Json::Object(members))
			}
		}
		deserializer.deserialize_any(Read)
	}
}

#[cfg(test)]
pub mod tests;

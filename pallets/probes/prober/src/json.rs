//! JSON of strangers, read into the few facts that matter. What does not matter is skipped without being
//! kept, so hostile JSON costs no memory beyond a few times the body itself, and depth is bounded by the
//! parser.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Members of objects that are kept; all others are skipped.
const KEYS: [&str; 34] = [
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
	"service",
	"state",
	"signature",
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

/// Name under which the parser hands over a number that is no integer of 64 bits, if one of its features is
/// on.
const NUMBER: &str = "$serde_json::private::Number";

/// A JSON value, as far as it matters.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Fact {
	/// There is no such value.
	#[default]
	Absent,
	/// `null`.
	Null,
	/// A string.
	Text(String),
	/// A number; its value if it is an unsigned integer of 64 bits.
	Number(Option<u64>),
	/// An array.
	List(Vec<Fact>),
	/// An object: of its members those of [`KEYS`]. Of equal names the last one counts.
	Object(Vec<(&'static str, Fact)>),
	/// `true` or `false`.
	Bool,
}

static ABSENT: Fact = Fact::Absent;

impl Fact {
	/// A member of an object.
	pub fn get(&self, key: &str) -> &Self {
		match self {
			Self::Object(members) => {
				members.iter().find(|(name, _)| *name == key).map_or(&ABSENT, |(_, fact)| fact)
			},
			_ => &ABSENT,
		}
	}

	/// The string.
	pub fn text(&self) -> Option<&str> {
		match self {
			Self::Text(text) => Some(text),
			_ => None,
		}
	}

	/// The elements of the array.
	pub fn list(&self) -> Option<&[Self]> {
		match self {
			Self::List(list) => Some(list),
			_ => None,
		}
	}

	/// The unsigned integer.
	pub fn integer(&self) -> Option<u64> {
		match self {
			Self::Number(number) => *number,
			_ => None,
		}
	}

	/// The string as a hex quantity of at most 64 bits.
	pub fn quantity(&self) -> Option<u64> {
		quantity(self.text()?)
	}

	/// The string as 32 bytes in hex, after `0x`.
	pub fn hash(&self) -> Option<[u8; 32]> {
		let text = self.text()?;
		text.starts_with("0x").then(|| hex(text.as_bytes())).flatten()
	}

	/// The string as bytes in hex, after `0x`.
	pub fn bytes(&self) -> Option<Vec<u8>> {
		let digits = self.text()?.strip_prefix("0x")?.as_bytes();
		if digits.len().checked_rem(2) != Some(0) {
			return None;
		}
		digits.chunks_exact(2).map(byte).collect()
	}

	/// True of `null` and of nothing at all.
	pub fn is_none(&self) -> bool {
		matches!(self, Self::Absent | Self::Null)
	}

	/// True of a JSON-RPC answer that is an error. `"error": null` beside a result is how some servers say
	/// that there is none.
	pub fn is_error(&self) -> bool {
		!self.get("error").is_none()
	}

	/// Id of a JSON-RPC answer.
	pub fn id(&self) -> Option<u64> {
		self.get("id").integer()
	}
}

/// Read a body. `None` if it is no JSON.
pub fn read(bytes: &[u8]) -> Option<Fact> {
	serde_json::from_slice(bytes).ok()
}

/// A hex quantity of at most 64 bits.
pub fn quantity(text: &str) -> Option<u64> {
	let digits = text.strip_prefix("0x")?;
	if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
		return None;
	}
	u64::from_str_radix(digits, 16).ok()
}

/// Exactly `N` bytes in hex, with or without `0x`.
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

/// Name of a member.
enum Key {
	Kept(&'static str),
	Skipped,
	/// It is no member, and its object is a number.
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

impl<'de> Deserialize<'de> for Fact {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		struct Read;
		impl<'de> Visitor<'de> for Read {
			type Value = Fact;
			fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
				f.write_str("JSON")
			}
			fn visit_bool<E>(self, _: bool) -> Result<Fact, E> {
				Ok(Fact::Bool)
			}
			fn visit_i64<E>(self, _: i64) -> Result<Fact, E> {
				Ok(Fact::Number(None))
			}
			fn visit_u64<E>(self, number: u64) -> Result<Fact, E> {
				Ok(Fact::Number(Some(number)))
			}
			fn visit_f64<E>(self, _: f64) -> Result<Fact, E> {
				Ok(Fact::Number(None))
			}
			fn visit_unit<E>(self) -> Result<Fact, E> {
				Ok(Fact::Null)
			}
			fn visit_str<E>(self, text: &str) -> Result<Fact, E> {
				Ok(Fact::Text(text.to_owned()))
			}
			fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Fact, A::Error> {
				let mut list = Vec::new();
				while let Some(fact) = seq.next_element()? {
					list.push(fact);
				}
				Ok(Fact::List(list))
			}
			fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fact, A::Error> {
				let mut members: Vec<(&'static str, Fact)> = Vec::new();
				let mut number = false;
				while let Some(key) = map.next_key()? {
					let Key::Kept(key) = key else {
						number |= matches!(key, Key::Number);
						map.next_value::<IgnoredAny>()?;
						continue;
					};
					let fact = map.next_value()?;
					match members.iter_mut().find(|(name, _)| *name == key) {
						Some((_, old)) => *old = fact,
						None => members.push((key, fact)),
					}
				}
				if number {
					return Ok(Fact::Number(None));
				}
				Ok(Fact::Object(members))
			}
		}
		deserializer.deserialize_any(Read)
	}
}

#[cfg(test)]
#[path = "tests/json.rs"]
pub mod tests;

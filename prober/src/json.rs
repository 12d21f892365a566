//! JSON of strangers, read into the few facts that matter. What does not matter is skipped without being
//! kept, so hostile JSON costs no memory beyond the body itself, and depth costs no stack.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Longest string that is kept, in bytes: above a hash in hex and the name of a model.
const MAX_TEXT: usize = 80;
/// Answers of a batch that are looked at.
const MAX_REPLIES: usize = 8;

/// What a JSON-RPC result says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Fact {
	/// There was no result.
	#[default]
	Absent,
	/// `null`.
	Null,
	/// A short string.
	Text(String),
	/// An object, with these members if they are short strings.
	Block {
		/// `number`
		number: Option<String>,
		/// `hash`
		hash: Option<String>,
	},
	/// Anything else.
	Other,
}

impl Fact {
	/// The string as a hex quantity.
	pub fn quantity(&self) -> Option<u64> {
		match self {
			Self::Text(text) => quantity(text),
			_ => None,
		}
	}
}

/// One JSON-RPC answer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reply {
	/// Number of the question, if it is a number.
	pub id: Option<u64>,
	/// What it says.
	pub result: Fact,
	/// Whether it is an error.
	pub error: bool,
}

/// The body of a JSON-RPC answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Body {
	/// To one question.
	One(Reply),
	/// To a batch, in any order.
	Many(Vec<Reply>),
}

/// Read a JSON-RPC answer. `None` if it is no JSON, or not of that shape.
pub fn body(bytes: &[u8]) -> Option<Body> {
	serde_json::from_slice(bytes).ok()
}

/// Ids in the `data` of an OpenAI-style list. `None` if it is no JSON, or not of that shape.
pub fn lists(bytes: &[u8], id: &str) -> Option<bool> {
	serde_json::from_slice::<List>(bytes).ok()?.0.map(|ids| ids.iter().any(|i| i == id))
}

/// What an agent says of a lease.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Health {
	/// Id of the lease, if it is a number.
	pub lease: Option<u64>,
	/// How it is, if that is a short string.
	pub state: Option<String>,
}

/// Read what an agent says of a lease. `None` if it is no JSON object.
pub fn health(bytes: &[u8]) -> Option<Health> {
	serde_json::from_slice(bytes).ok()
}

/// A JSON-RPC hex quantity of at most 64 bits.
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
	for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
		let &[high, low] = pair else { return None };
		*byte = (nibble(high)? << 4) | nibble(low)?;
	}
	Some(out)
}

fn nibble(digit: u8) -> Option<u8> {
	char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

/// Lower-case hex with `0x`.
pub fn to_hex(number: u64) -> String {
	alloc::format!("{number:#x}")
}

/// Every kind of value that a visitor takes for "something else".
macro_rules! otherwise {
	($value:expr, $($visit:ident: $of:ty),+) => {
		fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
			f.write_str("JSON")
		}
		$(fn $visit<E>(self, _: $of) -> Result<Self::Value, E> { Ok($value) })+
	};
}

fn skip_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
	while seq.next_element::<IgnoredAny>()?.is_some() {}
	Ok(())
}

fn skip_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
	while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
	Ok(())
}

/// A short string, or not.
#[derive(Default)]
struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		struct Read;
		impl<'de> Visitor<'de> for Read {
			type Value = Text;
			otherwise!(Text(None), visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64);
			fn visit_unit<E>(self) -> Result<Text, E> {
				Ok(Text(None))
			}
			fn visit_str<E>(self, text: &str) -> Result<Text, E> {
				Ok(Text((text.len() <= MAX_TEXT).then(|| text.to_owned())))
			}
			fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Text, A::Error> {
				skip_seq(seq).map(|()| Text(None))
			}
			fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Text, A::Error> {
				skip_map(map).map(|()| Text(None))
			}
		}
		deserializer.deserialize_any(Read)
	}
}

/// Name of a member; a long one is none that we know.
fn next_key<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<String>, A::Error> {
	Ok(map.next_key::<Text>()?.map(|key| key.0.unwrap_or_default()))
}

impl<'de> Deserialize<'de> for Fact {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		struct Read;
		impl<'de> Visitor<'de> for Read {
			type Value = Fact;
			otherwise!(Fact::Other, visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64);
			fn visit_unit<E>(self) -> Result<Fact, E> {
				Ok(Fact::Null)
			}
			fn visit_str<E>(self, text: &str) -> Result<Fact, E> {
				Ok(if text.len() <= MAX_TEXT { Fact::Text(text.to_owned()) } else { Fact::Other })
			}
			fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Fact, A::Error> {
				skip_seq(seq).map(|()| Fact::Other)
			}
			fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fact, A::Error> {
				let (mut number, mut hash) = (None, None);
				while let Some(key) = next_key(&mut map)? {
					match key.as_str() {
						"number" => number = map.next_value::<Text>()?.0,
						"hash" => hash = map.next_value::<Text>()?.0,
						_ => drop(map.next_value::<IgnoredAny>()?),
					}
				}
				Ok(Fact::Block { number, hash })
			}
		}
		deserializer.deserialize_any(Read)
	}
}

/// A number, or not.
struct Id(Option<u64>);

impl<'de> Deserialize<'de> for Id {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		struct Read;
		impl<'de> Visitor<'de> for Read {
			type Value = Id;
			otherwise!(Id(None), visit_bool: bool, visit_i64: i64, visit_f64: f64, visit_str: &str);
			fn visit_u64<E>(self, id: u64) -> Result<Id, E> {
				Ok(Id(Some(id)))
			}
			fn visit_unit<E>(self) -> Result<Id, E> {
				Ok(Id(None))
			}
			fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Id, A::Error> {
				skip_seq(seq).map(|()| Id(None))
			}
			fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Id, A::Error> {
				skip_map(map).map(|()| Id(None))
			}
		}
		deserializer.deserialize_any(Read)
	}
}

fn reply<'de, A: MapAccess<'de>>(mut map: A) -> Result<Reply, A::Error> {
	let mut reply = Reply::default();
	while let Some(key) = next_key(&mut map)? {
		match key.as_str() {
			"id" => reply.id = map.next_value::<Id>()?.0,
			"result" => reply.result = map.next_value()?,
			// `"error": null` beside a result is how some servers say that there is none.
			"error" => reply.error = map.next_value::<Option<IgnoredAny>>()?.is_some(),
			_ => drop(map.next_value::<IgnoredAny>()?),
		}
	}
	Ok(reply)
}

impl<'de> Deserialize<'de> for Reply {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		struct Read;
		impl<'de> Visitor<'de> for Read {
			type Value = Reply;
			fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
				f.write_str("a JSON-RPC answer")
			}
			fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Reply, A::Error> {
				reply(map)
			}
		}
		deserializer.deserialize_map(Read)
	}
}

impl<'de> Deserialize<'de> for Body {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		struct Read;
		impl<'de> Visitor<'de> for Read {
			type Value = Body;
			fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
				f.write_str("a JSON-RPC answer or a batch of them")
			}
			fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Body, A::Error> {
				reply(map).map(Body::One)
			}
			fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Body, A::Error> {
				let mut replies = Vec::new();
				while replies.len() < MAX_REPLIES {
					match seq.next_element()? {
						Some(reply) => replies.push(reply),
						None => return Ok(Body::Many(replies)),
					}
				}
				skip_seq(seq).map(|()| Body::Many(replies))
			}
		}
		deserializer.deserialize_any(Read)
	}
}

impl<'de> Deserialize<'de> for Health {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		struct Read;
		impl<'de> Visitor<'de> for Read {
			type Value = Health;
			fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
				f.write_str("the health of a lease")
			}
			fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Health, A::Error> {
				let mut health = Health::default();
				while let Some(key) = next_key(&mut map)? {
					match key.as_str() {
						"lease" => health.lease = map.next_value::<Id>()?.0,
						"state" => health.state = map.next_value::<Text>()?.0,
						_ => drop(map.next_value::<IgnoredAny>()?),
					}
				}
				Ok(health)
			}
		}
		deserializer.deserialize_map(Read)
	}
}

/// An OpenAI-style list: the ids in `data`, `None` without a `data`.
struct List(Option<Vec<String>>);

/// The `id` of an object.
struct Named(Option<String>);

/// An array of objects.
struct Ids(Vec<String>);

impl<'de> Deserialize<'de> for List {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		struct Read;
		impl<'de> Visitor<'de> for Read {
			type Value = List;
			fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
				f.write_str("a list of models")
			}
			fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<List, A::Error> {
				let mut data = None;
				while let Some(key) = next_key(&mut map)? {
					match key.as_str() {
						"data" => data = Some(map.next_value::<Ids>()?.0),
						_ => drop(map.next_value::<IgnoredAny>()?),
					}
				}
				Ok(List(data))
			}
		}
		deserializer.deserialize_map(Read)
	}
}

impl<'de> Deserialize<'de> for Ids {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		struct Read;
		impl<'de> Visitor<'de> for Read {
			type Value = Ids;
			fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
				f.write_str("models")
			}
			fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Ids, A::Error> {
				let mut ids = Vec::new();
				while let Some(named) = seq.next_element::<Named>()? {
					ids.extend(named.0);
				}
				Ok(Ids(ids))
			}
		}
		deserializer.deserialize_seq(Read)
	}
}

impl<'de> Deserialize<'de> for Named {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		struct Read;
		impl<'de> Visitor<'de> for Read {
			type Value = Named;
			fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
				f.write_str("a model")
			}
			fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named, A::Error> {
				let mut id = None;
				while let Some(key) = next_key(&mut map)? {
					match key.as_str() {
						"id" => id = map.next_value::<Text>()?.0,
						_ => drop(map.next_value::<IgnoredAny>()?),
					}
				}
				Ok(Named(id))
			}
		}
		deserializer.deserialize_map(Read)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn a_quantity_is_hex_of_at_most_64_bits() {
		for (text, number) in [
			("0x0", Some(0)),
			("0x1f", Some(31)),
			("0x1F", Some(31)),
			("0xffffffffffffffff", Some(u64::MAX)),
			("0x10000000000000000", None),
			("0x", None),
			("1f", None),
			("0x+1", None),
			("0x-1", None),
			("0xg", None),
			("", None),
		] {
			assert_eq!(quantity(text), number, "{text}");
		}
		assert_eq!(to_hex(31), "0x1f");
	}

	#[test]
	fn hex_has_exactly_the_length_that_is_asked_for() {
		assert_eq!(hex::<2>(b"0x01fF"), Some([1, 255]));
		assert_eq!(hex::<2>(b"01ff"), Some([1, 255]));
		for bad in ["0x01f", "0x01ff0", "0x01fg", "", "0x", "0x01ff00"] {
			assert_eq!(hex::<2>(bad.as_bytes()), None, "{bad}");
		}
	}

	#[test]
	fn an_answer_is_read_whatever_the_order_of_its_members() {
		let right = Body::One(Reply { id: Some(1), result: Fact::Text("0x1".into()), error: false });
		for text in [
			r#"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#,
			r#" {"result":"0x1","more":{"a":[1,2,{"id":7}]},"id":1} "#,
			r#"{"result":"0x1","error":null,"id":1}"#,
			r#"{"\u0072esult":"0x1","id":1}"#,
		] {
			assert_eq!(body(text.as_bytes()).as_ref(), Some(&right), "{text}");
		}
	}

	#[test]
	fn a_result_is_read_narrowly() {
		let long = alloc::format!("\"{}\"", "a".repeat(MAX_TEXT + 1));
		for (json, fact) in [
			("null", Fact::Null),
			("true", Fact::Other),
			("12", Fact::Other),
			("[1,[2]]", Fact::Other),
			(long.as_str(), Fact::Other),
			("{}", Fact::Block { number: None, hash: None }),
			(r#"{"number":7,"hash":["0x1"]}"#, Fact::Block { number: None, hash: None }),
			(
				r#"{"number":"0x7","transactions":["0x1"],"hash":"0x2"}"#,
				Fact::Block { number: Some("0x7".into()), hash: Some("0x2".into()) },
			),
		] {
			let text = alloc::format!(r#"{{"id":1,"result":{json}}}"#);
			let want = Body::One(Reply { id: Some(1), result: fact, error: false });
			assert_eq!(body(text.as_bytes()), Some(want), "{json}");
		}
	}

	#[test]
	fn what_is_not_of_the_shape_is_refused() {
		for text in ["", "null", "1", "\"a\"", "[1]", "[[1,\"0x1\"]]", "{", "[{}", "{}x", "\u{feff}{}"] {
			assert_eq!(body(text.as_bytes()), None, "{text}");
		}
		assert_eq!(body(b"\xff\xfe"), None);
		assert_eq!(body(b"[]"), Some(Body::Many(Vec::new())));
	}

	#[test]
	fn depth_costs_no_stack() {
		for open in ["[", "{\"a\":", "{\"result\":", "{\"result\":{\"hash\":", "[{\"result\":["] {
			assert_eq!(body(open.repeat(40_000).as_bytes()), None);
		}
		let nested = alloc::format!(r#"{{"x":{}{},"id":1}}"#, "[".repeat(50_000), "]".repeat(50_000));
		let _ = body(nested.as_bytes());
		let nested = alloc::format!(r#"{{"state":{}{}}}"#, "[".repeat(50_000), "]".repeat(50_000));
		let _ = health(nested.as_bytes());
		let nested = alloc::format!(r#"{{"data":[{{"id":{}{}}}]}}"#, "[".repeat(50_000), "]".repeat(50_000));
		let _ = lists(nested.as_bytes(), "a");
	}

	#[test]
	fn a_batch_of_thousands_keeps_but_a_few() {
		let text = alloc::format!("[{}{{}}]", "{},".repeat(10_000));
		match body(text.as_bytes()) {
			Some(Body::Many(replies)) => assert_eq!(replies.len(), MAX_REPLIES),
			other => panic!("{other:?}"),
		}
	}

	#[test]
	fn a_list_of_models_is_searched() {
		let list = br#"{"object":"list","data":[{"id":"a","object":"model"},{"object":"x"},{"id":"b"}]}"#;
		assert_eq!(lists(list, "b"), Some(true));
		assert_eq!(lists(list, "c"), Some(false));
		assert_eq!(lists(br#"{"data":[]}"#, "a"), Some(false));
		for bad in ["{}", "[]", r#"{"data":{}}"#, r#"{"data":["a"]}"#, "<html>"] {
			assert_eq!(lists(bad.as_bytes(), "a"), None, "{bad}");
		}
	}

	#[test]
	fn the_health_of_a_lease_is_read_narrowly() {
		let is = |json: &str, lease: Option<u64>, state: Option<&str>| {
			let want = Health { lease, state: state.map(Into::into) };
			assert_eq!(health(json.as_bytes()), Some(want), "{json}");
		};
		is(r#"{"lease":7,"state":"running"}"#, Some(7), Some("running"));
		is(r#" {"state":"failed","more":[{"lease":9}],"lease":7} "#, Some(7), Some("failed"));
		is("{}", None, None);
		is(r#"{"lease":"7","state":1}"#, None, None);
		is(r#"{"lease":-7,"state":null}"#, None, None);
		is(r#"{"lease":7.0,"state":["running"]}"#, None, None);
		is(&alloc::format!(r#"{{"lease":{{}},"state":"{}"}}"#, "a".repeat(MAX_TEXT + 1)), None, None);
		for bad in ["", "null", "7", "[]", r#"["running"]"#, "{", r#"{"lease":7}x"#, "<html>"] {
			assert_eq!(health(bad.as_bytes()), None, "{bad}");
		}
	}

	proptest! {
		#[test]
		fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
			let _ = body(&bytes);
			let _ = health(&bytes);
			let _ = lists(&bytes, "a");
			let _ = hex::<32>(&bytes);
		}

		#[test]
		fn near_json_never_panics(text in r#"[\[\]{},:"a-z0-9\\ ]{0,200}"#) {
			let _ = body(text.as_bytes());
			let _ = health(text.as_bytes());
			let _ = lists(text.as_bytes(), "a");
			let _ = quantity(&text);
		}

		#[test]
		fn hex_survives(bytes: [u8; 32]) {
			let text: String = bytes.iter().map(|b| alloc::format!("{b:02x}")).collect();
			prop_assert_eq!(hex::<32>(text.as_bytes()), Some(bytes));
		}
	}
}

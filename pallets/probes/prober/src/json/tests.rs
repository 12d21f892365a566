// SPDX-License-Identifier: Apache-2.0

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
	assert_eq!(to_hex(&[0, 31]), "0x001f");
}

#[test]
fn hex_has_exactly_the_requested_length() {
	assert_eq!(hex::<2>(b"0x01fF"), Some([1, 255]));
	assert_eq!(hex::<2>(b"01ff"), Some([1, 255]));
	for bad in ["0x01f", "0x01ff0", "0x01fg", "", "0x", "0x01ff00"] {
		assert_eq!(hex::<2>(bad.as_bytes()), None, "{bad}");
	}
	let bytes = |text: &str| Json::Text(text.into()).bytes();
	assert_eq!(bytes("0x01ff"), Some(vec![1, 255]));
	assert_eq!(bytes("0x"), Some(vec![]));
	for bad in ["", "01ff", "0x1", "0x1g"] {
		assert_eq!(bytes(bad), None, "{bad}");
	}
}

#[test]
fn members_are_read_in_any_order() {
	for text in [
		r#"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#,
		r#" {"result":"0x1","more":{"a":[1,2,{"id":7}]},"id":1} "#,
		r#"{"result":"0x1","error":null,"id":1}"#,
		r#"{"\u0072esult":"0x1","id":1}"#,
		r#"{"result":"0x2","id":1,"result":"0x1"}"#,
	] {
		let reply = read(text.as_bytes()).unwrap();
		assert_eq!((reply.id(), reply.get("result").quantity()), (Some(1), Some(1)), "{text}");
		assert!(!reply.is_error());
	}
	for text in [r#"{"error":{}}"#, r#"{"error":1,"result":"0x1"}"#] {
		assert!(read(text.as_bytes()).unwrap().is_error(), "{text}");
	}
}

#[test]
fn values_are_reduced_to_their_type() {
	for (json, value) in [
		("null", Json::Null),
		("true", Json::Bool),
		("12", Json::Number(Some(12))),
		("-12", Json::Number(None)),
		("1.5", Json::Number(None)),
		("\"a\"", Json::Text("a".into())),
		("[1,[]]", Json::List(vec![Json::Number(Some(1)), Json::List(vec![])])),
		(
			r#"{"unknown":1,"hash":[{}]}"#,
			Json::Object(vec![("hash", Json::List(vec![Json::Object(vec![])]))]),
		),
	] {
		assert_eq!(read(json.as_bytes()), Some(value), "{json}");
	}
	for text in ["", "{", "[{}", "{}x", "\u{feff}{}", "{1:2}", "<html>"] {
		assert_eq!(read(text.as_bytes()), None, "{text}");
	}
	assert_eq!(read(b"\xff\xfe"), None);
	assert_eq!(Json::Bool.get("hash"), &Json::Absent);
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
	for open in ["[", "{\"a\":", "{\"result\":", "{\"result\":{\"hash\":", "[{\"result\":["] {
		assert_eq!(read(open.repeat(40_000).as_bytes()), None);
	}
	for name in ["x", "result"] {
		let nested = format!(r#"{{"{name}":{}{},"id":1}}"#, "[".repeat(50_000), "]".repeat(50_000));
		let _ = read(nested.as_bytes());
	}
}

/// JSON with the member names that are kept.
pub fn any_json() -> impl Strategy<Value = String> {
	let leaf = prop_oneof![
		Just("null".to_string()),
		Just("true".to_string()),
		any::<i64>().prop_map(|n| n.to_string()),
		any::<f32>().prop_filter("a number", |n| n.is_finite()).prop_map(|n| format!("{n:e}")),
		"(0x)?[0-9a-f]{0,66}".prop_map(|text| format!("\"{text}\"")),
		any::<[u8; 32]>().prop_map(|hash| format!("\"{}\"", to_hex(&hash))),
	];
	leaf.prop_recursive(6, 64, 8, |inner| {
		let name = (0..KEYS.len()).prop_map(|k| KEYS[k]);
		prop_oneof![
			proptest::collection::vec(inner.clone(), 0..6)
				.prop_map(|list| format!("[{}]", list.join(","))),
			proptest::collection::vec((name, inner), 0..8).prop_map(|members| {
				let members: Vec<_> =
					members.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
				format!("{{{}}}", members.join(","))
			}),
		]
	})
}

proptest! {
	#[test]
	fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
		let _ = read(&bytes);
		let _ = hex::<32>(&bytes);
	}

	#[test]
	fn near_json_never_panics(text in r#"[\[\]{},:"a-z0-9\\ ]{0,200}"#) {
		let _ = read(text.as_bytes());
		let _ = quantity(&text);
	}

	#[test]
	fn valid_json_is_read(text in any_json()) {
		prop_assert!(read(text.as_bytes()).is_some(), "{}", text);
	}

	#[test]
	fn hex_round_trips(bytes: [u8; 32]) {
		prop_assert_eq!(hex::<32>(to_hex(&bytes).as_bytes()), Some(bytes));
	}
}

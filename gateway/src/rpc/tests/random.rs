// SPDX-License-Identifier: Apache-2.0

//! Random JSON, against `serde_json`.

use super::limits;
use crate::rpc::{
	block::Parameter,
	json::{Reader, elements, member},
	*,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// JSON of moderate depth.
fn arbitrary_json() -> impl Strategy<Value = Value> {
	let leaf = prop_oneof![
		Just(Value::Null),
		any::<bool>().prop_map(Value::from),
		any::<i64>().prop_map(Value::from),
		any::<f64>().prop_map(Value::from),
		".{0,12}".prop_map(Value::from),
	];
	leaf.prop_recursive(5, 48, 6, |inner| {
		prop_oneof![
			prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
			prop::collection::btree_map(".{0,6}", inner, 0..6)
				.prop_map(|map| Value::Object(map.into_iter().collect())),
		]
	})
}

/// Text near JSON: a value with one byte changed, removed or added.
fn near_json() -> impl Strategy<Value = Vec<u8>> {
	(arbitrary_json(), any::<prop::sample::Index>(), any::<u8>(), 0..4u8).prop_map(
		|(value, place, byte, change)| {
			let mut text = value.to_string().into_bytes();
			let at = place.index(text.len());
			match change {
				0 => text[at] = byte,
				1 => {
					text.remove(at);
				},
				2 => text.insert(at, byte),
				_ => {},
			}
			text
		},
	)
}

proptest! {
	#[test]
	fn the_reader_accepts_what_serde_json_accepts(text in near_json()) {
		let mut reader = Reader::new(&text, json::MAX_DEPTH);
		let ours = core::str::from_utf8(&text).is_ok()
			&& reader.value(0).is_ok()
			&& reader.end().is_ok();
		let theirs = serde_json::from_slice::<&serde_json::value::RawValue>(&text).is_ok();
		prop_assert_eq!(ours, theirs, "{:?}", String::from_utf8_lossy(&text));
	}

	#[test]
	fn scan_and_serde_json_see_the_same_call(
		id in arbitrary_json(), method in "[!-~]{1,20}", params in arbitrary_json(), pretty: bool
	) {
		let value = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
		let text = if pretty { format!("{value:#}") } else { value.to_string() };
		let found = scan(text.as_bytes(), &limits());
		let valid = (id.is_string() && id.to_string().len() <= 256 || id.is_number() || id.is_null())
			&& !method.contains(['"', '\\'])
			&& (params.is_array() || params.is_object() || params.is_null());
		match found {
			Ok(Message::One(call)) => {
				prop_assert!(valid);
				prop_assert_eq!(call.method, method);
				prop_assert_eq!(serde_json::from_slice::<Value>(call.id).unwrap(), id.clone());
				let seen: Value = if call.params.is_empty() {
					Value::Null
				} else {
					serde_json::from_slice(call.params).unwrap()
				};
				prop_assert_eq!(&seen, &params);
				let request: Value = serde_json::from_slice(&call.to_request(b"5")).unwrap();
				prop_assert_eq!(&request["id"], &json!(5));
				prop_assert_eq!(&request["method"], &value["method"]);
			},
			other => prop_assert!(!valid, "{:?}", other),
		}
	}

	#[test]
	fn scans_never_panic(text in prop::collection::vec(any::<u8>(), 0..200), at in 0..4usize) {
		let _ = scan(&text, &limits());
		let _ = outcome(&text);
		let _ = answer(&text);
		let _ = replace_id(&text, b"1");
		let _ = error_message(&text);
		for argument in [
			BlockArgument::Tag { at, optional: true },
			BlockArgument::Hash { at },
			BlockArgument::Number { at },
			BlockArgument::Range { at },
		] {
			let parameter = Parameter::find(&text, argument);
			let _ = parameter.reference();
			let _ = parameter.pin(&|_| Some("1".to_owned()));
		}
	}

	#[test]
	fn an_answer_keeps_its_result_under_another_id(result in arbitrary_json(), first: bool) {
		let text = if first {
			format!(r#"{{"id":1,"result":{result}}}"#)
		} else {
			format!(r#"{{"result":{result},"id":1}}"#)
		};
		let other: Value = serde_json::from_slice(&replace_id(text.as_bytes(), b"\"z\"").unwrap()).unwrap();
		prop_assert_eq!(&other["id"], &json!("z"));
		prop_assert_eq!(&other["result"], &serde_json::from_str::<Value>(&text).unwrap()["result"]);
		let empty = [json!(null), json!([]), json!({}), json!(""), json!("0x")].contains(&result);
		prop_assert_eq!(outcome(text.as_bytes()), Outcome::Result { empty });
		let parts = answer(text.as_bytes()).unwrap();
		let composed: Value = serde_json::from_slice(&compose(b"\"z\"", parts.result.unwrap())).unwrap();
		prop_assert_eq!(&composed["result"], &other["result"]);
	}

	#[test]
	fn members_and_elements_are_those_of_serde_json(value in arbitrary_json()) {
		let text = value.to_string();
		if let Some(object) = value.as_object() {
			for (key, inner) in object {
				let raw = serde_json::to_string(key).unwrap();
				let raw = &raw[1..raw.len() - 1];
				let seen = member(text.as_bytes(), raw.as_bytes()).unwrap();
				prop_assert_eq!(&serde_json::from_slice::<Value>(seen).unwrap(), inner);
			}
		}
		if let Some(array) = value.as_array() {
			prop_assert_eq!(elements(text.as_bytes(), 6).unwrap().len(), array.len());
		}
	}
}

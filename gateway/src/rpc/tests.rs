// SPDX-License-Identifier: Apache-2.0

#![allow(clippy::arithmetic_side_effects)]

use super::{
	block::{BlockReference, RangeEnd, Tag, pin, reference},
	json::{Reader, elements, member},
	*,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use surety_primitives::Protocol;

fn limits() -> ScanLimits {
	ScanLimits::default()
}

fn one(body: &[u8]) -> Call<'_> {
	match scan(body, &limits()) {
		Ok(Message::One(call)) => call,
		other => panic!("{other:?}"),
	}
}

fn refused(body: &str) -> &'static str {
	match scan(body.as_bytes(), &limits()) {
		Err(ScanError::Invalid(refusal)) => refusal.reason,
		other => panic!("{body}: {other:?}"),
	}
}

#[test]
fn a_call_is_found_whatever_the_order_of_its_members() {
	let call = one(
		br#" { "params" : [ 1 , {"a":[]} ] , "method":"eth_call","id" : "x" ,"jsonrpc":"2.0"} "#,
	);
	assert_eq!(call, Call { id: br#""x""#, method: "eth_call", params: br#"[ 1 , {"a":[]} ]"# });
	let call = one(br#"{"jsonrpc":"2.0","method":"m","params":null}"#);
	assert!(call.is_notification());
	assert_eq!(call.params, b"");
}

#[test]
fn members_that_servers_could_read_differently_are_refused() {
	for body in [
		r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"m"}"#,
		r#"{"jsonrpc":"2.0","id":1,"method":"m","method":"n"}"#,
		r#"{"jsonrpc":"2.0","id":1,"method":"m","Method":"n"}"#,
		r#"{"jsonrpc":"2.0","id":1,"method":"m","m\u0065thod":"n"}"#,
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"param\u{17f}\":[]}",
		r#"{"jsonrpc":"2.0","id":1,"method":"m\u0065"}"#,
		r#"{"jsonrpc":"2.0","id":1,"method":"m","params":[],"params":{}}"#,
		r#"{"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"m"}"#,
	] {
		refused(body);
	}
}

#[test]
fn values_of_the_wrong_kind_are_refused_with_the_reason() {
	for (body, reason) in [
		("1", "a call is an object"),
		("{}", "the member jsonrpc must be \"2.0\""),
		("[]", "the batch is empty"),
		(r#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, "the member jsonrpc must be \"2.0\""),
		(r#"{"jsonrpc":"2.0","id":1}"#, "the member method is missing"),
		(r#"{"jsonrpc":"2.0","id":1,"method":7}"#, "the member method must be a string"),
		(r#"{"jsonrpc":"2.0","id":{},"method":"m"}"#, "an id is a string, a number or null"),
		(r#"{"jsonrpc":"2.0","id":true,"method":"m"}"#, "an id is a string, a number or null"),
		(
			r#"{"jsonrpc":"2.0","id":1,"method":"m","params":"x"}"#,
			"params must be an array or an object",
		),
	] {
		assert_eq!(refused(body), reason, "{body}");
	}
}

#[test]
fn an_entry_of_a_batch_is_refused_by_itself() {
	let body = br#"[{"jsonrpc":"2.0","id":1,"method":"a"},1,{"id":3,"method":"c"}]"#;
	let Ok(Message::Batch(calls)) = scan(body, &limits()) else { panic!() };
	assert_eq!(calls.len(), 3);
	assert_eq!(calls[0].as_ref().unwrap().method, "a");
	assert_eq!(calls[1].unwrap_err().id, b"");
	assert_eq!(calls[2].unwrap_err().id, b"3");
}

#[test]
fn depth_batch_and_id_are_bounded() {
	let nested = |depth: usize| {
		let params = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
		format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{params}}}"#)
	};
	assert!(scan(nested(63).as_bytes(), &limits()).is_ok());
	assert_eq!(scan(nested(64).as_bytes(), &limits()), Err(ScanError::TooDeep));
	assert_eq!(scan(nested(1_000_000).as_bytes(), &limits()), Err(ScanError::TooDeep));
	assert_eq!(scan("[".repeat(1_000_000).as_bytes(), &limits()), Err(ScanError::TooDeep));
	let call = r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#;
	let batch = |n| format!("[{}]", vec![call; n].join(","));
	assert!(scan(batch(100).as_bytes(), &limits()).is_ok());
	assert_eq!(scan(batch(101).as_bytes(), &limits()), Err(ScanError::TooManyCalls));
	let id = "1".repeat(257);
	assert_eq!(
		refused(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"m"}}"#)),
		"the id is too long"
	);
}

#[test]
fn what_is_not_json_is_a_parse_error() {
	for body in [
		"",
		" ",
		"{",
		"nul",
		r#"{"jsonrpc":"2.0","id":1,"method":"m"}x"#,
		r#"{"jsonrpc":"2.0","id":01,"method":"m"}"#,
		r#"{"jsonrpc":"2.0","id":1,"method":"m",}"#,
		r#"{"jsonrpc":"2.0","id":1.,"method":"m"}"#,
		"{\"jsonrpc\":\"2.0\",\"id\":\"a\nb\",\"method\":\"m\"}",
		"[1,2",
	] {
		assert_eq!(scan(body.as_bytes(), &limits()), Err(ScanError::Parse), "{body}");
	}
	assert_eq!(scan(b"\xff", &limits()), Err(ScanError::Parse));
}

#[test]
fn outcomes_of_honest_and_odd_servers() {
	let cases: [(&str, Outcome); 15] = [
		(r#"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#, Outcome::Result { empty: false }),
		(r#"{"result":null,"id":1}"#, Outcome::Result { empty: true }),
		(r#"{"result":[ ],"id":1}"#, Outcome::Result { empty: true }),
		(r#"{"result":"0x","id":1}"#, Outcome::Result { empty: true }),
		(r#"{"result":"0x0","id":1}"#, Outcome::Result { empty: false }),
		(r#"{"result":false,"id":1}"#, Outcome::Result { empty: false }),
		(r#"{"id":1,"error":{"code":-32000,"message":"x"}}"#, Outcome::Error { code: -32000 }),
		(r#"{"id":1,"result":null,"error":{"code":3}}"#, Outcome::Error { code: 3 }),
		(r#"{"id":1,"error":null,"result":7}"#, Outcome::Result { empty: false }),
		(r#"{"id":1,"error":{}}"#, Outcome::Error { code: 0 }),
		(r#"{"id":1,"error":"no"}"#, Outcome::Invalid),
		(r#"{"id":1}"#, Outcome::Invalid),
		(r#"{"id":1,"result":"0x1""#, Outcome::Invalid),
		("<html>", Outcome::Invalid),
		("", Outcome::Invalid),
	];
	for (body, expected) in cases {
		assert_eq!(outcome(body.as_bytes()), expected, "{body}");
	}
}

#[test]
fn an_id_is_replaced_wherever_it_stands() {
	let answer = br#"{"result":{"id":5},"id":1}"#;
	assert_eq!(&replace_id(answer, br#""a""#).unwrap()[..], br#"{"result":{"id":5},"id":"a"}"#);
	assert!(has_id(answer, b"1"));
	assert!(!has_id(answer, b"5"));
	assert_eq!(replace_id(b"{}", b"1"), None);
}

#[test]
fn failures_have_codes_statuses_and_bodies_of_json() {
	let failures = [
		(Failure::Parse, 400),
		(Failure::Invalid("x"), 400),
		(Failure::MethodNotFound, 200),
		(Failure::Unauthorized("x"), 401),
		(Failure::PaymentRequired(json!({ "service": 7 })), 402),
		(Failure::NotFound("network"), 404),
		(Failure::TooLarge("x"), 413),
		(Failure::RateLimited { retry_after: std::time::Duration::from_millis(1_200) }, 429),
		(Failure::BadAnswer, 502),
		(Failure::NoOperator { retry_after: std::time::Duration::ZERO }, 503),
		(Failure::Timeout, 504),
	];
	for (failure, status) in failures {
		assert_eq!(failure.status(), status);
		let body: Value = serde_json::from_slice(&failure.body(b"7")).unwrap();
		assert_eq!(body["id"], 7);
		assert_eq!(body["error"]["code"], failure.code());
	}
	let limited = Failure::RateLimited { retry_after: std::time::Duration::from_millis(1_200) };
	assert_eq!(limited.retry_after(), Some(2));
	let body: Value = serde_json::from_slice(&Failure::Parse.body(b"")).unwrap();
	assert_eq!(body["id"], Value::Null);
}

#[test]
fn tables_know_both_dialects_and_refuse_senseless_rows() {
	let table = MethodTable::of(Protocol::Ethereum);
	assert_eq!(table.get("eth_sendRawTransaction").dispatch, Dispatch::Broadcast);
	assert!(!table.get("eth_sendRawTransaction").may_hedge());
	assert_eq!(table.get("eth_call").block, BlockArgument::Tag { at: 1, optional: true });
	assert_eq!(table.get("made_up").class, Class::Unknown);
	assert!(!table.get("made_up").is_idempotent());
	let substrate = MethodTable::of(Protocol::Substrate);
	assert_eq!(substrate.get("surety_service").class, Class::Read);
	assert_eq!(substrate.get("chainHead_v1_call").class, Class::Stateful);
	let row: Method = serde_json::from_value(json!({
		"name": "getSlot", "class": "read", "weight": 3, "cache": "head"
	}))
	.unwrap();
	let own = MethodTable::empty().extended(vec![row]).unwrap();
	assert_eq!(own.get("getSlot").weight, 3);
	let senseless: Method =
		serde_json::from_value(json!({ "name": "x", "class": "write", "cache": "forever" }))
			.unwrap();
	assert_eq!(own.extended(vec![senseless]).err(), Some(RowFault::Cache("x".into())));
	assert!(serde_json::from_value::<Method>(json!({ "name": "x", "wieght": 1 })).is_err());
}

/// All rows of the built-in tables obey the rules for configured rows, except `Hash` without a
/// block argument, which those tables use where the hash is required.
#[test]
fn built_in_rows_obey_the_rules_of_configured_ones() {
	for protocol in [Protocol::Ethereum, Protocol::Substrate] {
		for row in MethodTable::of(protocol).rows() {
			let mut row = row.clone();
			if row.cache == CachePolicy::Hash && row.block == BlockArgument::None {
				row.cache = CachePolicy::Forever;
			}
			MethodTable::empty().extended(vec![row]).unwrap();
		}
	}
}

#[test]
fn the_block_of_a_call_is_found() {
	let at = BlockArgument::Tag { at: 1, optional: true };
	let hash = format!("0x{}", "ab".repeat(32));
	for (params, expected) in [
		(r#"["0xa"]"#.to_owned(), BlockReference::Tag(Tag::Latest)),
		(r#"["0xa",null]"#.into(), BlockReference::Tag(Tag::Latest)),
		(r#"["0xa","safe"]"#.into(), BlockReference::Tag(Tag::Safe)),
		(r#"["0xa","pending"]"#.into(), BlockReference::Pending),
		(r#"["0xa","earliest"]"#.into(), BlockReference::Number(0)),
		(r#"["0xa","0x10"]"#.into(), BlockReference::Number(16)),
		(format!(r#"["0xa","{hash}"]"#), BlockReference::Hash(&hash)),
		(format!(r#"["0xa",{{"blockHash":"{hash}"}}]"#), BlockReference::Hash(&hash)),
		(r#"["0xa",{"blockNumber":"latest"}]"#.into(), BlockReference::Tag(Tag::Latest)),
		("[]".into(), BlockReference::None),
		("{}".into(), BlockReference::None),
		(r#"["0xa",{"blockNumber":{"blockNumber":"0x1"}}]"#.into(), BlockReference::None),
	] {
		assert_eq!(reference(params.as_bytes(), at), expected, "{params}");
	}
	let filter = BlockArgument::Range { at: 0 };
	assert_eq!(
		reference(br#"[{"fromBlock":"0x1"}]"#, filter),
		BlockReference::Range(RangeEnd::Tag(Tag::Latest))
	);
	assert_eq!(
		reference(br#"[{"toBlock":"0x9"}]"#, filter),
		BlockReference::Range(RangeEnd::Number(9))
	);
	assert_eq!(reference(b"", BlockArgument::Hash { at: 0 }), BlockReference::Tag(Tag::Latest));
}

#[test]
fn tags_are_pinned_to_the_served_block() {
	let blocks = |tag| match tag {
		Tag::Latest => Some("\"0x64\"".to_owned()),
		Tag::Safe => Some("\"0x60\"".to_owned()),
		Tag::Finalized => None,
	};
	let tag = BlockArgument::Tag { at: 1, optional: true };
	let filter = BlockArgument::Range { at: 0 };
	let hash = BlockArgument::Hash { at: 1 };
	for (argument, params, expected) in [
		(tag, r#"["a","latest"]"#, Some(r#"["a","0x64"]"#)),
		(tag, r#"["a", "safe" , 1]"#, Some(r#"["a", "0x60" , 1]"#)),
		(tag, r#"["a"]"#, Some(r#"["a","0x64"]"#)),
		(
			tag,
			r#"["latest",{"blockNumber":"latest"}]"#,
			Some(r#"["latest",{"blockNumber":"0x64"}]"#),
		),
		(tag, r#"["a","0x1"]"#, None),
		(tag, r#"["a","finalized"]"#, None),
		(tag, "[]", None),
		(hash, r#"["a"]"#, Some(r#"["a","0x64"]"#)),
		(hash, r#"["a",null]"#, Some(r#"["a","0x64"]"#)),
		(hash, r#"["a","0xff"]"#, None),
		(
			filter,
			r#"[{"topics":[]}]"#,
			Some(r#"[{"topics":[],"fromBlock":"0x64","toBlock":"0x64"}]"#),
		),
		(filter, r#"[{}]"#, Some(r#"[{"fromBlock":"0x64","toBlock":"0x64"}]"#)),
		(
			filter,
			r#"[{"fromBlock":"0x1","toBlock":"latest"}]"#,
			Some(r#"[{"fromBlock":"0x1","toBlock":"0x64"}]"#),
		),
		(filter, r#"[{"fromBlock":"0x1","toBlock":"0x2"}]"#, None),
		(filter, r#"[{"blockHash":"0x1"}]"#, None),
	] {
		let pinned = pin(params.as_bytes(), argument, &blocks);
		assert_eq!(pinned.as_deref(), expected.map(str::as_bytes), "{params}");
	}
	let empty = BlockArgument::Hash { at: 0 };
	assert_eq!(pin(b"", empty, &blocks).as_deref(), Some(&br#"["0x64"]"#[..]));
}

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
			let _ = reference(&text, argument);
			let _ = pin(&text, argument, &|_| Some("1".to_owned()));
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

/// Not a test of behaviour: prints nanoseconds per scan. Run by hand with a profile without debug
/// assertions.
#[test]
#[ignore = "measurement"]
fn time_of_a_scan() {
	let small = br#"{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x407d73d8a49eeb85d32cf465507dd71d507100c1","latest"]}"#.to_vec();
	let string = format!(
		r#"{{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x{}"]}}"#,
		"ab".repeat(5_000)
	)
	.into_bytes();
	let objects = format!(
		r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":[{}]}}"#,
		vec![r#"{"to":"0x1","data":"0xabcdef","n":12345}"#; 320].join(",")
	)
	.into_bytes();
	for (name, body) in [("118 B", small), ("10 kB string", string), ("13 kB objects", objects)] {
		let rounds = 20_000;
		let start = std::time::Instant::now();
		for _ in 0..rounds {
			std::hint::black_box(scan(std::hint::black_box(&body), &limits()).is_ok());
		}
		println!("{name}: {} ns", start.elapsed().as_nanos() / rounds);
	}
}

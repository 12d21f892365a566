// SPDX-License-Identifier: Apache-2.0

#![allow(clippy::arithmetic_side_effects)]

mod block;
mod random;

use super::*;
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
		let whole = answer(body.as_bytes()).map_or(Outcome::Invalid, |answer| answer.outcome());
		assert_eq!(whole, expected, "{body}");
	}
}

#[test]
fn an_id_is_replaced_wherever_it_stands() {
	let answer = br#"{"result":{"id":5},"id":1}"#;
	assert_eq!(&replace_id(answer, br#""a""#).unwrap()[..], br#"{"result":{"id":5},"id":"a"}"#);
	assert_eq!(super::answer(answer).unwrap().id, Some(&b"1"[..]));
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
	let own = MethodTable::of(Protocol::Ethereum).extended(vec![row]).unwrap();
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
		let rows = match protocol {
			Protocol::Ethereum => crate::rpc::ethereum::METHODS,
			Protocol::Substrate => crate::rpc::substrate::METHODS,
		};
		for mut row in rows.iter().cloned() {
			if row.cache == CachePolicy::Hash && row.block == BlockArgument::None {
				row.cache = CachePolicy::Forever;
			}
			MethodTable::of(protocol).extended(vec![row]).unwrap();
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

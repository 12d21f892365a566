// SPDX-License-Identifier: Apache-2.0

//! The `surety_*` methods over the real runtime, with parameters that do not fit: the answer is a
//! result or an error object, and no error comes from a panic, here or in the wasm.

use super::super::{
	audit::{Audit, AuditRpcServer},
	surety::{Surety, SuretyRpcServer},
};
use crate::audit::tests::fixture::{MarketFixture, database};
use jsonrpsee::{RpcModule, types::error::INTERNAL_ERROR_CODE};
use proptest::{
	collection::vec, prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner,
};
use sc_rpc::DenyUnsafe;
use serde_json::{Value, json};
use sp_core::storage::{StateVersion, well_known_keys::CODE};
use sp_runtime::traits::Header as _;
use std::{sync::Arc, time::Duration};

/// Lists of parameters per method.
const LISTS: u32 = 40;

/// Words that some parameter takes, and some that none does.
const WORDS: [&str; 19] = [
	"",
	"0x",
	"0x0",
	"0xzz",
	"-1",
	"1e400",
	"340282366920938463463374607431768211456",
	"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
	"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ",
	"0x0101010101010101010101010101010101010101010101010101010101010101",
	"0x01010101010101010101010101010101010101010101010101010101010101",
	"rpc",
	"native",
	"local:4294967296",
	"DE",
	"\u{0}",
	"\u{202e}\u{1f9a0}\u{fffd}",
	"latest",
	"null",
];
/// Names of members of parameters, and some of none.
const NAMES: [&str; 16] = [
	"service",
	"lease",
	"operator",
	"class",
	"asset",
	"maxPrice",
	"minScore",
	"region",
	"network",
	"tenant",
	"status",
	"fits",
	"cpuMilli",
	"memoryMib",
	"__proto__",
	"",
];

/// JSON of any kind. `hashes` are those of blocks.
fn any_json(hashes: Vec<String>) -> impl Strategy<Value = Value> {
	let numbers = prop_oneof![
		select(vec![json!(0), json!(1), json!(-1), json!(2), json!(128), json!(129)]),
		select(vec![json!(u32::MAX), json!(u64::MAX), json!(i64::MIN), json!(1.5), json!(1e300)]),
		any::<u32>().prop_map(|n| json!(n)),
	];
	let leaf = prop_oneof![
		Just(Value::Null),
		any::<bool>().prop_map(Value::Bool),
		numbers,
		select(WORDS.to_vec()).prop_map(|word| json!(word)),
		select(hashes).prop_map(|hash| json!(hash)),
		any::<String>().prop_map(Value::String),
		vec(any::<u8>(), 0..90).prop_map(|bytes| json!(sp_core::Bytes(bytes))),
		Just(json!("f".repeat(300_000))),
	];
	leaf.prop_recursive(4, 16, 4, |inner| {
		let name = prop_oneof![
			9 => select(NAMES.to_vec()).prop_map(str::to_string),
			1 => any::<String>(),
		];
		let object = vec((name, inner.clone()), 0..4)
			.prop_map(|members| Value::Object(members.into_iter().collect()));
		prop_oneof![vec(inner, 0..4).prop_map(Value::Array), object]
	})
}

/// Parameters: mostly a list, now and then by name or no parameters at all.
fn any_parameters(hashes: Vec<String>) -> impl Strategy<Value = Value> {
	let json = any_json(hashes);
	prop_oneof![8 => vec(json, 0..6).prop_map(Value::Array), 1 => any_json(vec!["0x".into()])]
}

#[tokio::test(flavor = "multi_thread")]
async fn any_parameters_get_a_result_or_an_error_that_is_no_panic() {
	let (mut market, _) = MarketFixture::lease();
	// The chain of the fixture runs natively. Its last state gets the wasm.
	let wasm = surety_runtime::WASM_BINARY.expect("the tests are built with the wasm");
	let (header, state) = market.chain.blocks.last_mut().expect("there are blocks");
	state.insert(vec![(None, vec![(CODE.to_vec(), Some(wasm.to_vec()))])], StateVersion::V1);
	header.set_state_root(*state.root());
	let last = market.chain.blocks.len() - 1;
	let hashes = [0, 1, last].map(|at| format!("{:?}", market.chain.blocks[at].0.hash()));
	let dir = tempfile::tempdir().expect("there is a temporary folder");
	let client = Arc::new(database(&market.chain, None, dir.path()));

	let mut module: RpcModule<()> = RpcModule::new(());
	module.merge(Surety::new(client.clone()).into_rpc()).expect("names are unique");
	module.merge(Audit::new(client).into_rpc()).expect("names are unique");
	module.extensions_mut().insert(DenyUnsafe::No);
	let mut methods: Vec<&str> = module.method_names().collect();
	methods.sort_unstable();
	assert!(methods.len() > 20, "{methods:?}");
	let parameters = any_parameters(hashes.to_vec());
	let mut runner = TestRunner::deterministic();
	let mut results = 0;
	for method in methods {
		for _ in 0..LISTS {
			let params = parameters.new_tree(&mut runner).expect("there are values").current();
			let request = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
			let text = request.to_string();
			let asked = module.raw_json_request(&text, 1);
			let asked = tokio::time::timeout(Duration::from_secs(60), asked).await;
			let Ok((answer, _)) = asked.unwrap_or_else(|_| panic!("no answer: {request}")) else {
				// Not a request: parameters are a list or an object.
				assert!(!params.is_array() && !params.is_object(), "{request}");
				continue;
			};
			let answer: Value = serde_json::from_str(&answer).expect("answers are JSON");
			assert_eq!(answer["id"], 7, "{request}");
			match answer.get("error") {
				None => results += u32::from(answer.get("result").is_some()),
				Some(error) => {
					let code = error["code"].as_i64().expect("errors have a code");
					let message = error["message"].as_str().expect("errors have a message");
					assert_ne!(code, i64::from(INTERNAL_ERROR_CODE), "{request}: {error}");
					for word in ["panic", "trap", "unreachable"] {
						assert!(!message.contains(word), "{request}: {error}");
					}
				},
			}
		}
	}
	assert!(results > 0, "some parameters fit");
}

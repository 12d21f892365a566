// SPDX-License-Identifier: Apache-2.0

//! Operators that die, are slow, fail at once or lie.

use super::kit::*;
use crate::gateway::{Member, Observer, Served};
use parking_lot::Mutex;
use serde_json::json;
use std::{
	sync::{Arc, atomic::Ordering::Relaxed},
	time::Duration,
};
use surety_primitives::AgreementId;

/// Latency beyond what a busy machine adds to the others'.
const SLOW: Duration = Duration::from_secs(1);

/// Different calls, so that none is answered from the cache.
fn load(scene: &Scene, threads: u32, calls: u32, during: impl FnOnce()) {
	std::thread::scope(|scope| {
		for thread in 0..threads {
			scope.spawn(move || {
				let mut client = scene.client();
				for number in 0..calls {
					let params = json!([format!("0x{thread:08x}{number:032x}"), "0x10"]);
					let reply = client.call("eth_getBalance", params);
					assert_eq!((reply.status, reply.result()), (200, json!("0x10")));
				}
			});
		}
		during();
	});
}

#[test]
fn no_read_fails_when_one_of_three_operators_is_killed() {
	let mut scene = Scene::three();
	let mut victim = scene.operators.remove(0);
	for operator in scene.operators.iter().chain([&victim]) {
		operator.set(|behaviour| behaviour.delay = Duration::from_millis(2));
	}
	load(&scene, 8, 100, || {
		while victim.count("eth_getBalance") < 50 {
			std::thread::sleep(Duration::from_millis(1));
		}
		victim.kill();
	});
	assert!(scene.gateway.networks()[0].counts.retried.load(Relaxed) > 0);
}

#[test]
fn fast_errors_get_under_two_percent_of_the_traffic() {
	for fault in [Some(500), None] {
		let scene = Scene::three();
		scene.operators[0].set(|behaviour| {
			behaviour.status = fault;
			behaviour.text = fault.is_none().then_some("{}");
		});
		load(&scene, 2, 500, || {});
		let share = scene.operators[0].count("eth_getBalance");
		assert!(share < 20, "{share} of 1,000");
	}
}

#[test]
fn a_slow_operator_gets_copies_and_no_caller_waits_for_it() {
	let scene = Scene::three();
	scene.operators[0].set(|behaviour| behaviour.delay = SLOW);
	load(&scene, 1, 300, || {});
	let slow = scene.operators[0].count("eth_getBalance");
	assert!(slow < 30, "{slow} of 300");
}

#[test]
fn an_operator_that_hangs_is_hedged() {
	let scene = Scene::three();
	scene.operators[0].set(|behaviour| behaviour.hangs = true);
	load(&scene, 1, 30, || {});
	assert!(scene.gateway.networks()[0].counts.hedged.load(Relaxed) > 0);
}

#[test]
fn a_new_agreement_is_waited_for_until_its_edge_knows_it() {
	let scene = Scene::three();
	let all = |status| {
		scene.operators.iter().for_each(|one| one.set(|behaviour| behaviour.status = status));
	};
	all(Some(402));
	std::thread::scope(|scope| {
		scope.spawn(|| {
			std::thread::sleep(Duration::from_millis(600));
			all(None);
		});
		let reply = scene.client().call("eth_getBalance", json!(["0xaa", "0x10"]));
		assert_eq!((reply.status, reply.result()), (200, json!("0x10")));
	});
}

#[test]
fn refusals_of_all_operators_end_in_an_error_in_time() {
	let mut settings = settings();
	settings.timeout = Duration::from_secs(1);
	let scene = Scene::new(Options { settings, ..Options::default() });
	scene.operators.iter().for_each(|one| one.set(|behaviour| behaviour.status = Some(402)));
	let reply = scene.client().call("eth_getBalance", json!(["0xaa", "0x10"]));
	assert_eq!(reply.status, 429);
	assert!(!reply.header("retry-after").is_empty());
}

#[test]
fn a_limit_of_an_operator_is_respected_for_as_long_as_it_says() {
	let scene = Scene::three();
	scene.operators[0].set(|behaviour| behaviour.status = Some(429));
	load(&scene, 1, 200, || {});
	// Once per worker at most, until the seven seconds are over.
	let asked = scene.operators[0].count("eth_getBalance");
	assert!((1..=2).contains(&asked), "{asked}");
}

#[test]
fn a_lie_about_the_head_is_never_served() {
	let mut settings = settings();
	settings.poll_interval = Duration::from_millis(10);
	let scene = Scene::new(Options { settings, watch: true, ..Options::default() });
	scene.operators[0].set(|behaviour| behaviour.head = 1_000_000);
	let mut client = scene.client();
	let network = scene.gateway.network("ethereum").unwrap();
	while network.heads.latest().is_none() {
		std::thread::sleep(Duration::from_millis(1));
	}
	for height in 100..130 {
		for operator in &scene.operators[1..] {
			operator.set(|behaviour| behaviour.head = height);
		}
		let reply = client.call("eth_blockNumber", json!([]));
		let text = reply.result().as_str().unwrap().to_owned();
		let served = u64::from_str_radix(&text[2..], 16).unwrap();
		assert!(served <= height, "{served} above {height}");
		let balance = client.call("eth_getBalance", json!(["0xaa", "latest"])).result();
		let block = u64::from_str_radix(&balance.as_str().unwrap()[2..], 16).unwrap();
		assert!(block <= height && block >= served, "{block}");
		std::thread::sleep(Duration::from_millis(2));
	}
	// In the end the honest ones are followed.
	while network.heads.latest() != Some(129) {
		std::thread::sleep(Duration::from_millis(1));
	}
	assert_eq!(network.heads.hash_at(129).map(|hash| hash[31]), Some(0));
	while network.heads.finalized() != Some(90) {
		std::thread::sleep(Duration::from_millis(1));
	}
}

#[test]
fn an_answer_of_the_wrong_form_or_size_is_a_fault_of_its_operator() {
	let large: &'static str = Box::leak("x".repeat(20_000).into_boxed_str());
	let cases = [
		(r#"{"jsonrpc":"2.0","id":77,"result":{}}"#, usize::MAX),
		(r#"{"jsonrpc":"2.0","id":78,"result":"0x10"}"#, usize::MAX),
		(r#"{"jsonrpc":"2.0","id":77}"#, usize::MAX),
		(large, 10_000),
	];
	for (text, max) in cases {
		let mut settings = settings();
		settings.max_answer = settings.max_answer.min(max);
		let scene = Scene::new(Options { settings, ..Options::default() });
		scene.operators[0].set(|behaviour| behaviour.text = Some(text));
		load(&scene, 1, 100, || {});
		let asked = scene.operators[0].count("eth_getBalance");
		assert!((1..20).contains(&asked), "{asked} of 100");
	}
}

#[derive(Default)]
struct Log(Mutex<Vec<(u32, Served)>>);

impl Observer for Log {
	fn served(&self, member: &Member, _: Option<AgreementId>, served: Served, _: Duration, _: u64) {
		self.0.lock().push((member.spec.service, served));
	}

	fn streamed(&self, _: &Member, _: Option<AgreementId>, _: u64) {}

	fn called(&self, _: &str, _: Duration, _: Option<Duration>) {}
}

#[test]
fn an_operator_with_wrong_answers_is_found_by_comparison() {
	let mut settings = settings();
	settings.compare_share = 1.0;
	settings.mirror_share = 1.0;
	let scene = Scene::new(Options { settings, ..Options::default() });
	scene.operators[0].set(|behaviour| behaviour.lie = 1);
	let outvoted = || [1, 2, 3].map(|id| scene.gateway.service(id).unwrap().state.comparisons().1);
	let mut client = scene.client();
	for number in 0..200 {
		client.call("eth_getBalance", json!([format!("0x{number:040x}"), "0x10"])).result();
		if outvoted()[0] >= 3 {
			break;
		}
	}
	assert!(outvoted()[0] > 0);
	assert_eq!(outvoted()[1..], [0, 0]);
}

#[test]
fn every_request_to_a_service_is_counted_once() {
	let log = Arc::new(Log::default());
	let observer = Arc::clone(&log) as Arc<dyn Observer>;
	let scene = Scene::new(Options { observer, ..Options::default() });
	scene.operators[0].set(|behaviour| behaviour.status = Some(500));
	load(&scene, 2, 100, || {});
	for _ in 0..200 {
		if log.0.lock().len() == scene.count("eth_getBalance") {
			break;
		}
		std::thread::sleep(Duration::from_millis(10));
	}
	let served = log.0.lock().clone();
	for (index, operator) in scene.operators.iter().enumerate() {
		let of = served.iter().filter(|(service, _)| *service == index as u32 + 1);
		assert_eq!(of.clone().count(), operator.count("eth_getBalance"));
		let lost = of.filter(|(_, served)| *served == Served::Lost).count();
		assert_eq!(lost, if index == 0 { operator.count("eth_getBalance") } else { 0 });
	}
}

/// An operator must not answer calls of a batch that others were asked, nor show its clients another
/// result than the one that is compared.
#[test]
fn an_answer_that_clients_read_otherwise_is_a_fault() {
	for text in [
		r#"{"jsonrpc":"2.0","id":1,"result":"0x10"},{"jsonrpc":"2.0","id":2,"result":"0xbad"}"#,
		r#"{"jsonrpc":"2.0","id":1,"result":"0x10","result":"0xbad"}"#,
		r#"{"jsonrpc":"2.0","id":1,"result":"0x10","\u0072esult":"0xbad"}"#,
		r#"{"jsonrpc":"2.0","id":1,"result":"0x10","Result":"0xbad"}"#,
		r#"{"jsonrpc":"2.0","id":1,"result":"0x10","id":2}"#,
		r#"{"jsonrpc":"2.0","id":1,"result":"0x10","error":{"code":3,"message":"bad"}}"#,
		r#"{"jsonrpc":"2.0","id":1,"result":"0x10"}}"#,
		r#"{"jsonrpc":"2.0","id":1,"result":["0x10}"#,
	] {
		let scene = Scene::three();
		scene.operators[0].set(|behaviour| behaviour.text = Some(text));
		let mut client = scene.client();
		for number in 0..10 {
			let call = |id: u64| {
				let params = json!([format!("0x{number:039x}{id}"), "0x10"]);
				json!({ "jsonrpc": "2.0", "id": id, "method": "eth_getBalance", "params": params })
			};
			let reply = client.post("/ethereum", &json!([call(1), call(2)]).to_string()).json();
			let answer = |id: u64| json!({ "jsonrpc": "2.0", "id": id, "result": "0x10" });
			assert_eq!(reply, json!([answer(1), answer(2)]), "{text}");
		}
		assert!(scene.operators[0].count("eth_getBalance") > 0);
	}
}

/// An error of the caller's making is an answer, and a fast one costs an operator nothing.
#[test]
fn an_operator_with_made_up_errors_or_no_data_loses_its_traffic() {
	type Lie = fn(&mut Behaviour);
	let lies: [Lie; 2] = [
		|behaviour| behaviour.error = Some((3, "execution reverted")),
		|behaviour| behaviour.text = Some(r#"{"jsonrpc":"2.0","id":77,"result":"0x"}"#),
	];
	for lie in lies {
		let mut settings = settings();
		settings.compare_share = 0.01;
		let scene = Scene::new(Options { settings, ..Options::default() });
		scene.operators[0].set(lie);
		for honest in &scene.operators[1..] {
			honest.set(|behaviour| behaviour.delay = Duration::from_millis(2));
		}
		let mut client = scene.client();
		let mut share = |from: u32| {
			let before = scene.operators[0].count("eth_getBalance");
			for number in from..from + 1_000 {
				client.call("eth_getBalance", json!([format!("0x{number:040x}"), "0x10"]));
			}
			scene.operators[0].count("eth_getBalance") - before
		};
		share(0);
		let share = share(1_000);
		assert!(share < 100, "{share} of 1,000");
	}
}

// SPDX-License-Identifier: Apache-2.0

//! A prober that cannot reach its anchors.

use super::*;

/// `count` anchors at `http://<name>0` and so on, of which the first `dead` do not answer.
fn anchors(http: &mut FakeNetwork, name: &str, count: usize, dead: usize) -> Vec<Vec<u8>> {
	let url = |k: usize| format!("http://{name}{k}");
	for k in 0..count {
		match k < dead {
			true => http.serve(&url(k), |_, _| Response::broken(3)),
			false => honest(http, &url(k), HEAD),
		}
	}
	(0..count).map(|k| url(k).into_bytes()).collect()
}

#[test]
fn down_is_in_doubt_if_more_than_half_of_all_anchors_failed() {
	// Anchors of two networks, and the number of failed ones.
	for (of_one, of_other, in_doubt) in [
		((0, 0), (0, 0), false),
		((1, 0), (0, 0), false),
		((1, 1), (0, 0), true),
		((2, 1), (0, 0), false),
		((2, 2), (0, 0), true),
		((3, 1), (0, 0), false),
		((3, 2), (0, 0), true),
		((4, 2), (0, 0), false),
		((4, 3), (0, 0), true),
		// The network of the service has no special weight.
		((2, 2), (2, 0), false),
		((2, 2), (3, 0), false),
		((2, 2), (2, 1), true),
		((2, 0), (3, 3), true),
		((0, 0), (2, 2), true),
		((0, 0), (2, 1), false),
	] {
		let mut http = honest_network();
		http.serve("http://page", |_, _| json(String::new()));
		let one = NetworkRef {
			anchors: anchors(&mut http, "one", of_one.0, of_one.1),
			..network(Protocol::Ethereum, &[])
		};
		let other = anchors(&mut http, "other", of_other.0, of_other.1);
		let other = NetworkRef { id: 2, anchors: other, ..network(Protocol::Substrate, &[]) };
		let lease = lease_at(7, "http://dead");
		let targets =
			[rpc(1, "http://dead", 0), page(2, "http://dead"), lease, page(3, "http://page")];
		let down = if in_doubt { Finding::InDoubt } else { Finding::Down };
		let found = run(&mut http, &targets, &[one, other]);
		assert_eq!(found, [down, down, down, up()], "{of_one:?} {of_other:?}");
	}
}

#[test]
fn failure_of_anchors_in_mid_round_is_noticed() {
	let mut http = empty_network();
	for url in ["http://anchor1", "http://anchor2", "http://service"] {
		http.serve(url, |request, at| match at < T0 + 1_500 {
			true => json(node(request, HEAD, hash, true)),
			false => Response::broken(3),
		});
	}
	let targets: Vec<_> = (0..20).map(|id| rpc(id, "http://service", 0)).collect();
	let findings = run(&mut http, &targets, &[network(Protocol::Ethereum, &ANCHORS)]);
	assert!(findings.contains(&Finding::InDoubt) && findings.contains(&up()));
	assert!(!findings.contains(&Finding::Down), "{findings:?}");
}

#[test]
fn a_service_that_was_not_asked_is_not_in_doubt() {
	let unknown = Assignment { kind: ServiceKind::Rpc { network: 9 }, ..rpc(1, "http://dead", 0) };
	let denied = Assignment { skip: Some(Finding::Abstained), ..page(2, "http://dead") };
	let findings =
		run(&mut empty_network(), &[unknown, denied], &[network(Protocol::Ethereum, &ANCHORS)]);
	assert_eq!(findings, [Finding::Abstained; 2]);
}

/// Response of a captive portal to any request.
fn portal() -> Response {
	json("<html>Please log in</html>".into())
}

/// One assignment of each kind that is judged without a reference, and its finding for junk.
fn uncompared() -> [(Assignment, Finding); 5] {
	let model = b"m".to_vec().try_into().unwrap();
	let proof = |pending| Some(Proof { expected: [1; 32], pending });
	[
		(rpc(1, "http://portal/rpc", 0), bad()),
		(
			Assignment {
				kind: ServiceKind::Inference { model },
				..page(2, "http://portal/models")
			},
			bad(),
		),
		(lease_at(3, "http://portal/lease"), bad()),
		(Assignment { proof: proof(false), ..page(4, "http://portal/page") }, Finding::NoProof),
		(Assignment { proof: proof(true), ..page(5, "http://portal/page") }, Finding::NoProof),
	]
}

#[test]
fn junk_behind_a_captive_portal_is_in_doubt() {
	let other = |anchors: &[&str]| NetworkRef { id: 2, ..network(Protocol::Ethereum, anchors) };
	let dead = ["http://portal/a1", "http://portal/a2"];
	for (networks, in_doubt) in [
		// No anchor of any network answers.
		(vec![network(Protocol::Ethereum, &dead)], true),
		(vec![network(Protocol::Ethereum, &dead[..1])], true),
		(vec![network(Protocol::Ethereum, &[]), other(&dead)], true),
		(vec![network(Protocol::Ethereum, &dead), other(&["http://dead"])], true),
		// One anchor answers, of the network or of another one, which is enough to attribute the
		// junk to the service.
		(vec![network(Protocol::Ethereum, &[dead[0], dead[1], ANCHORS[0]])], false),
		(vec![network(Protocol::Ethereum, &dead), other(&ANCHORS[..1])], false),
		(vec![network(Protocol::Ethereum, &[]), other(&ANCHORS)], false),
		// There are no anchors.
		(vec![network(Protocol::Ethereum, &[])], false),
	] {
		let mut http = honest_network();
		http.serve("http://portal", |_, _| portal());
		let (targets, junk): (Vec<_>, Vec<_>) = uncompared().into_iter().unzip();
		let want = if in_doubt { vec![Finding::InDoubt; junk.len()] } else { junk };
		assert_eq!(run(&mut http, &targets, &networks), want, "{networks:?}");
	}
}

#[test]
fn a_captive_portal_in_mid_round_is_noticed() {
	let mut http = empty_network();
	for url in ["http://anchor1", "http://anchor2", "http://portal"] {
		http.serve(url, |request, at| {
			if at < T0 + 1_500 { json(node(request, HEAD, hash, true)) } else { portal() }
		});
	}
	let of_other =
		|id| Assignment { kind: ServiceKind::Rpc { network: 2 }, ..rpc(id, "http://portal", 0) };
	let targets: Vec<_> = (0..20).map(of_other).collect();
	let other = NetworkRef { id: 2, ..network(Protocol::Ethereum, &[]) };
	let findings = run(&mut http, &targets, &[network(Protocol::Ethereum, &ANCHORS), other]);
	assert!(findings.contains(&Finding::InDoubt));
	assert!(!findings.iter().any(|finding| matches!(finding, Finding::Bad(_))), "{findings:?}");
}

#[test]
fn an_answer_compared_with_a_reference_stays_wrong() {
	let mut http = empty_network();
	http.serve("http://fork", |request, _| json(node(request, HEAD, |n| hash(n + 1), true)));
	let dead = NetworkRef { id: 2, ..network(Protocol::Ethereum, &["http://dead"]) };
	assert_eq!(run(&mut http, &[rpc(1, "http://fork", 0)], &[own(), dead]), [bad()]);
	assert_eq!(http.asked("http://dead"), 0, "no anchor is asked");
}

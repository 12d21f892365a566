//! A prober that doubts itself.

use super::*;

#[test]
fn who_cannot_reach_its_anchors_abstains() {
	let targets = [rpc(1, "http://dead", 0), page(2, "http://dead"), page(3, "http://page")];
	let world = |dead: &[&str]| {
		let mut http = world();
		http.serve("http://page", |_, _| json(String::new()));
		honest(&mut http, "http://anchor3", HEAD);
		for url in dead {
			http.serve(url, |_, _| Response::broken(3));
		}
		http
	};
	let two = [network(Protocol::Ethereum, &ANCHORS)];
	let three = [network(Protocol::Ethereum, &["http://anchor1", "http://anchor2", "http://anchor3"])];
	let (down, abstained) =
		([Finding::Down, Finding::Down, up()], [Finding::Abstained, Finding::Abstained, up()]);
	for (networks, dead, want) in [
		(&two, &[][..], down),
		(&two, &["http://anchor1"], down),
		(&two, &["http://anchor1", "http://anchor2"], abstained),
		(&three, &["http://anchor1"], down),
		(&three, &["http://anchor1", "http://anchor3"], abstained),
	] {
		assert_eq!(run(&mut world(dead), &targets, networks), want, "{dead:?}");
	}
	// Nobody to ask: the chain judges the report.
	assert_eq!(run(&mut world(&[]), &targets, &[]), [Finding::Abstained, Finding::Down, up()]);
}

#[test]
fn trouble_that_begins_in_mid_round_is_noticed() {
	let mut http = Fake::default();
	for url in ["http://anchor1", "http://anchor2", "http://service"] {
		http.serve(url, |ask, at| match at < 1_200 {
			true => json(node(ask, HEAD, hash, true)),
			false => Response::broken(3),
		});
	}
	let targets: Vec<_> = (0..20).map(|id| rpc(id, "http://service", 0)).collect();
	let findings = run(&mut http, &targets, &[network(Protocol::Ethereum, &ANCHORS)]);
	assert!(findings.contains(&Finding::Abstained));
	assert!(!findings.contains(&Finding::Down), "{findings:?}");
}

#[test]
fn trouble_of_one_network_is_not_anothers() {
	let mut http = world();
	for url in ["http://x1", "http://x2"] {
		http.serve(url, |_, _| Response::never());
	}
	let other = NetworkRef { id: 2, ..network(Protocol::Ethereum, &["http://x1", "http://x2"]) };
	let networks = [network(Protocol::Ethereum, &ANCHORS), other];
	let of_other = Target { kind: ServiceKind::Rpc { network: 2 }, ..rpc(2, "http://dead", 0) };
	let targets = [rpc(1, "http://dead", 0), of_other];
	assert_eq!(run(&mut http, &targets, &networks), [Finding::Down, Finding::Abstained]);
}

/// An answer of a portal, whatever is asked.
fn portal() -> Response {
	json("<html>Please log in</html>".into())
}

/// One of each kind whose answers are not compared with a reference, and what it is when it answers junk.
fn uncompared() -> [Target; 4] {
	let model = b"m".to_vec().try_into().unwrap();
	let (_, proof) = operator();
	[
		rpc(1, "http://portal/rpc", 0),
		Target { kind: ServiceKind::Inference { model }, ..page(2, "http://portal/models") },
		page(LEASES_FROM + 3, "http://portal/lease"),
		Target { proof: Some(proof), ..page(4, "http://portal/page") },
	]
}

#[test]
fn behind_a_captive_portal_nobody_is_bad() {
	let other = |anchors: &[&str]| NetworkRef { id: 2, ..network(Protocol::Ethereum, anchors) };
	let dead = ["http://portal/a1", "http://portal/a2"];
	for (networks, want) in [
		// No anchor of any network answers, in whatever way.
		(vec![network(Protocol::Ethereum, &dead)], Finding::Abstained),
		(vec![network(Protocol::Ethereum, &dead[..1])], Finding::Abstained),
		(vec![network(Protocol::Ethereum, &[]), other(&dead)], Finding::Abstained),
		(vec![network(Protocol::Ethereum, &dead), other(&["http://dead"])], Finding::Abstained),
		// One does, of the network or of another one: who stops the others gains nothing.
		(vec![network(Protocol::Ethereum, &[dead[0], dead[1], ANCHORS[0]])], bad()),
		(vec![network(Protocol::Ethereum, &dead), other(&ANCHORS[..1])], bad()),
		(vec![network(Protocol::Ethereum, &[]), other(&ANCHORS)], bad()),
		// Nobody to ask.
		(vec![network(Protocol::Ethereum, &[])], bad()),
	] {
		let mut http = world();
		http.serve("http://portal", |_, _| portal());
		assert_eq!(run(&mut http, &uncompared(), &networks), [want; 4], "{networks:?}");
	}
}

#[test]
fn a_portal_that_comes_in_mid_round_is_noticed() {
	let mut http = Fake::default();
	for url in ["http://anchor1", "http://anchor2", "http://portal"] {
		http.serve(url, |ask, at| if at < 1_200 { json(node(ask, HEAD, hash, true)) } else { portal() });
	}
	let of_other = |id| Target { kind: ServiceKind::Rpc { network: 2 }, ..rpc(id, "http://portal", 0) };
	let targets: Vec<_> = (0..20).map(of_other).collect();
	let other = NetworkRef { id: 2, ..network(Protocol::Ethereum, &[]) };
	let findings = run(&mut http, &targets, &[network(Protocol::Ethereum, &ANCHORS), other]);
	assert!(findings.contains(&Finding::Abstained));
	assert!(!findings.iter().any(|finding| matches!(finding, Finding::Bad(_))), "{findings:?}");
}

#[test]
fn what_was_compared_is_wrong_whatever_the_anchors_do() {
	let mut http = Fake::default();
	http.serve("http://fork", |ask, _| json(node(ask, HEAD, |n| hash(n + 1), true)));
	let dead = NetworkRef { id: 2, ..network(Protocol::Ethereum, &["http://dead"]) };
	assert_eq!(run(&mut http, &[rpc(1, "http://fork", 0)], &[own(), dead]), [bad()]);
	assert_eq!(http.asked("http://dead"), 0, "and nobody is asked for it");
}

// SPDX-License-Identifier: Apache-2.0

use super::*;
use std::sync::atomic::Ordering::Relaxed;
use surety_orders::manifest::MAX_SEALED;

#[test]
fn a_tenant_reads_and_restarts() {
	let kit = Kit::start();
	let (status, body) = kit.ask("GET", "/leases/1/stats", &token("Tenant", Right::Stats, 300));
	assert_eq!((status, &body["pids"]), (200, &3.into()));
	let restart = |token: &str| kit.ask("POST", "/leases/1/restart", token);
	let (status, body) = restart(&token("Tenant", Right::Restart, 300));
	assert_eq!((status, &body["outcome"]), (200, &"restarted".into()));
	assert_eq!(kit.engine.restarts.load(Relaxed), 1);
	let (status, body) = restart(&token("Tenant", Right::Restart, 300));
	assert_eq!((status, &body["error"]), (429, &"busy".into()), "one in ten seconds");
	// A restart keeps nobody from the log.
	let logs = token("Tenant", Right::Logs, 3_600);
	for _ in 0..2 {
		assert_eq!(kit.ask("GET", "/leases/1/logs", &logs).0, 200);
	}
}

#[test]
fn an_application_that_has_exited_is_left_to_the_reconciler() {
	use crate::store::Exit;
	let kit = Kit::start();
	kit.run(State::Exited { code: 1, out_of_memory: false });
	let exit = Some(Exit { code: 1, out_of_memory: false, at_ms: now_ms() });
	let record = Record { exit, exits: 9, ..Record::new(1, 1, 0, 1, 0) };
	kit.pages.store.save(&[(1, Some(record))]).unwrap();
	let (_, body) = kit.ask("POST", "/leases/1/restart", &token("Tenant", Right::Restart, 300));
	assert_eq!(body["outcome"], "scheduled");
	assert_eq!(kit.engine.restarts.load(Relaxed), 0, "the firewall may not be there");
	let record = kit.pages.store.record(1).unwrap();
	assert_eq!((record.exits, record.exit.unwrap().at_ms), (0, 0));
}

#[test]
fn tokens_without_the_right_are_refused_by_name() {
	let kit = Kit::start();
	let now = now_secs();
	let logs = Rights::new([Right::Logs]).unwrap();
	let get = |path: &str, token: &str| kit.refusal("GET", path, token);
	let refused = |status: u16, name: &str| (status, name.to_owned());
	let good = token("Tenant", Right::Logs, 300);
	assert_eq!(get("/leases/1/logs", "junk"), refused(401, "malformedToken"));
	assert_eq!(get("/leases/1/logs", &good[..good.len() - 4]), refused(401, "malformedToken"));
	assert_eq!(kit.send("GET", "/leases/1/logs", "", b"").0, 401);
	assert_eq!(get("/leases/1/stats", &good), refused(403, "right"));
	assert_eq!(get("/leases/2/logs", &good), refused(404, "unknownLease"));
	let other = forged("Tenant", &GENESIS, 2, logs, now + 300);
	assert_eq!(get("/leases/1/logs", &other), refused(401, "otherLease"));
	let other = forged("Tenant", &[8; 32], 1, logs, now + 300);
	assert_eq!(get("/leases/1/logs", &other), refused(401, "otherChain"));
	let late = forged("Tenant", &GENESIS, 1, logs, now - 61);
	assert_eq!(get("/leases/1/logs", &late), refused(401, "expired"));
	let long = forged("Tenant", &GENESIS, 1, logs, now + 7_200);
	assert_eq!(get("/leases/1/logs", &long), refused(401, "lifetime"));
	// A stranger's good signature, while no node tells whether it is a proxy.
	let stranger = token("Stranger", Right::Logs, 300);
	assert_eq!(get("/leases/1/logs", &stranger), refused(503, "noChain"));
	// The tenant's name under another signature.
	let mut account = key("Tenant").account().clone();
	let signer = key("Stranger");
	let claim = AccessToken::new(&GENESIS, 1, logs, now + 300, account.clone()).unwrap();
	let lie = mint(&claim, |bytes| signer.sign(bytes));
	assert_eq!(get("/leases/1/logs", &lie), refused(401, "signature"));
	account = [0; 32].into();
	let claim = AccessToken::new(&GENESIS, 1, logs, now + 300, account).unwrap();
	let lie = mint(&claim, |bytes| signer.sign(bytes));
	assert_eq!(get("/leases/1/logs", &lie), refused(401, "signature"));
	assert_eq!(kit.refusal("POST", "/leases/1/logs", &good), refused(405, "method"));
	assert_eq!(kit.refusal("GET", "/leases/1/restart", &good), refused(405, "method"));
	assert_eq!(get("/leases/1/logs?tail=x", &good), refused(400, "query"));
	assert_eq!(get("/leases/1/logs?cmd=x", &good), refused(400, "query"));
	assert_eq!(kit.engine.queries.lock().len(), 0, "nothing reached the engine");
	// A former tenant.
	kit.end();
	assert_eq!(get("/leases/1/logs", &good), refused(410, "leaseOver"));
}

#[test]
fn a_restart_of_the_agent_allows_no_replay() {
	let kit = Kit::start();
	let once = token("Tenant", Right::Restart, 200);
	assert_eq!(kit.ask("POST", "/leases/1/restart", &once).0, 200);
	let Kit { server, pages, engine, directory } = kit;
	drop(server);
	drop((pages, engine));
	let kit = Kit::at(directory);
	assert_eq!(kit.refusal("POST", "/leases/1/restart", &once), (401, "used".into()));
	assert_eq!(kit.engine.restarts.load(Relaxed), 0);
}

#[test]
fn guesses_are_bounded_by_address() {
	let kit = Kit::start();
	let mut last = 0;
	for _ in 0..40 {
		last = kit.ask("GET", "/leases/1/logs", "junk").0;
	}
	assert_eq!(last, 429);
	// Validators on the same address still get their answers.
	assert_eq!(kit.send("GET", "/leases/1", "", b"").0, 200);
}

#[test]
fn paths_have_one_form() {
	let kit = Kit::start();
	let good = token("Tenant", Right::Logs, 300);
	for path in [
		"/leases/01/logs",
		"/leases/+1/logs",
		"/leases/1/logs/",
		"/leases/1//logs",
		"/leases/1/../1/logs",
		"/leases/1/%6cogs",
		"/leases/1/LOGS",
		"/leases/4294967297/logs",
		"/leases/1/keys",
		"/.well-known/surety/keys/",
		"/.well-known/surety/../surety/keys",
	] {
		assert_eq!(kit.ask("GET", path, &good).0, 404, "{path}");
	}
	assert_eq!(kit.engine.queries.lock().len(), 0);
}

#[test]
fn keys_and_releases_need_no_token_and_are_bounded() {
	let kit = Kit::start();
	let (status, document) = kit.send("GET", "/.well-known/surety/keys", "", b"");
	assert_eq!((status, &document["version"]), (200, &1.into()));
	let (status, body) = kit.send("GET", "/leases/1/manifest", "", b"");
	assert_eq!((status, &body["state"]), (200, &"none".into()));
	let release = |body: &[u8]| {
		let (status, answer) = kit.send("POST", "/leases/1/manifest", "", body);
		(status, answer["error"].as_str().unwrap_or_default().to_owned())
	};
	assert_eq!(release(b"junk"), (409, "noPrivatePart".into()));
	let mut snapshot = (*kit.pages.follower.snapshot().unwrap()).clone();
	let view = snapshot.leases.get_mut(&1).unwrap();
	view.order.as_mut().unwrap().env_hash = Some([1; 32]);
	kit.pages.follower.publish(snapshot);
	assert_eq!(release(b"junk"), (422, "malformed".into()));
	assert_eq!(release(&vec![b'x'; MAX_SEALED + 1]).0, 413);
	let (status, answer) = kit.send("POST", "/leases/2/manifest", "", b"junk");
	assert_eq!((status, &answer["error"]), (404, &"unknownLease".into()));
}

// SPDX-License-Identifier: Apache-2.0

//! API keys and logins.

use super::kit::*;
use crate::{
	access::{KeyRules, KeyStore, Login, LoginSettings, Secret},
	gateway::{Access, LoginService, access::Client},
};
use serde_json::{Value, json};
use sp_core::{H256, Pair, sr25519};
use std::{
	collections::HashSet,
	io::{Read, Write},
	net::TcpStream,
	sync::Arc,
	time::Duration,
};

const CALL: &str = r#"{"jsonrpc":"2.0","id":5,"method":"eth_getBalance","params":["0xaa","0x10"]}"#;

/// Switch to WebSocket with a key. Returns the connection behind the head of the answer.
fn switch(scene: &Scene, key: &Secret) -> TcpStream {
	let mut socket = TcpStream::connect(scene.front.local_addr()).unwrap();
	socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
	let request = format!(
		"GET /k/{}/ethereum HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
		sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		key.expose()
	);
	socket.write_all(request.as_bytes()).unwrap();
	let mut head = Vec::new();
	while !head.ends_with(b"\r\n\r\n") {
		let mut byte = [0];
		socket.read_exact(&mut byte).unwrap();
		head.push(byte[0]);
	}
	assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
	socket
}

/// Code of the close frame, which is the next frame.
fn close_code(socket: &mut TcpStream) -> u16 {
	let mut frame = [0; 4];
	socket.read_exact(&mut frame).unwrap();
	assert_eq!(frame[0], 0x88, "a close frame");
	u16::from_be_bytes([frame[2], frame[3]])
}

#[test]
fn a_connection_ends_with_its_key() {
	let (scene, store) = scene(true, HashSet::new());
	let configured = [1, 2, 3].map(|_| Secret::generate().unwrap());
	let rules = |rate| KeyRules { requests_per_second: rate, ..KeyRules::default() };
	let configure = |kept: &[(&Secret, Option<u64>)]| {
		store.configure(kept.iter().map(|(key, rate)| (key.hash(), rules(*rate))).collect());
	};
	let [kept, changed, removed] = &configured;
	configure(&[(kept, Some(9)), (changed, Some(9)), (removed, None)]);
	let mut stays = switch(&scene, kept);
	let mut ends = [changed, removed].map(|key| switch(&scene, key));
	configure(&[(kept, Some(9)), (changed, None)]);
	assert_eq!(ends.each_mut().map(close_code), [1008; 2]);
	configure(&[]);
	assert_eq!(close_code(&mut stays), 1008);
}

#[test]
fn a_connection_does_not_outlive_the_time_of_its_key() {
	let store = Arc::new(KeyStore::open(Vec::new(), None, 10).unwrap());
	let access = Access::new(Arc::clone(&store), false);
	for (not_after, alive) in [(None, true), (Some(u64::MAX), true), (Some(1), false)] {
		let key = store.issue(KeyRules { not_after, ..KeyRules::default() }, 0).unwrap();
		let grant = store.get(key.expose()).unwrap();
		let client = Client { session: 1, key: Some(grant) };
		assert_eq!(access.is_alive(&client), alive, "{not_after:?}");
	}
}

fn scene(open: bool, accounts: HashSet<sp_runtime::AccountId32>) -> (Scene, Arc<KeyStore>) {
	let store = Arc::new(KeyStore::open(Vec::new(), None, 10).unwrap());
	let login = Login::new(LoginSettings::new("rpc.example.org", H256::zero())).unwrap();
	let rules = KeyRules { methods: vec!["eth_*".into()], ..KeyRules::default() };
	let login = LoginService::new(login, Arc::clone(&store), accounts, 60, rules);
	let scene = Scene::new(Options {
		access: Access::new(Arc::clone(&store), open),
		login: Some(login),
		sockets: true,
		..Options::default()
	});
	(scene, store)
}

#[test]
fn a_key_is_taken_from_path_and_headers_and_its_rules_hold() {
	let (scene, store) = scene(false, HashSet::new());
	let rules = KeyRules {
		requests_per_second: Some(1),
		burst: Some(6),
		networks: vec!["ethereum".into()],
		methods: vec!["eth_getBalance".into()],
		..KeyRules::default()
	};
	let key = store.issue(rules, 0).unwrap();
	let key = key.expose();
	let mut client = scene.client();
	let (bearer, header) = (format!("Authorization: bearer {key}"), format!("X-Api-Key: {key}"));
	let path = format!("/k/{key}/ethereum");
	for (path, headers, status) in [
		("/ethereum", vec![], 401),
		("/ethereum", vec!["X-Api-Key: srk1_other"], 401),
		("/ethereum", vec![bearer.as_str()], 200),
		("/ethereum", vec![header.as_str()], 200),
		(path.as_str(), vec![], 200),
		("/service/1/x", vec![bearer.as_str()], 403),
	] {
		assert_eq!(client.send("POST", path, &headers, CALL).status, status, "{path} {headers:?}");
	}
	let other = CALL.replace("eth_getBalance", "eth_call");
	let reply = client.send("POST", &path, &[], &other);
	assert_eq!((reply.status, &reply.json()["error"]["code"]), (403, &json!(-32035)));
	let statuses: Vec<u16> =
		(0..10).map(|_| client.send("POST", &path, &[], CALL).status).collect();
	assert!(statuses.contains(&429), "{statuses:?}");
}

#[test]
fn a_signature_of_a_wallet_is_a_key_once() {
	let pair = sr25519::Pair::from_seed(&[7; 32]);
	let account = sp_runtime::AccountId32::from(pair.public());
	let (scene, _) = scene(false, [account.clone()].into());
	let mut client = scene.client();
	let challenge = client.send("GET", &format!("/login?address={account}"), &[], "").json();
	let text = challenge["text"].as_str().unwrap();
	let signature = pair.sign(format!("<Bytes>{text}</Bytes>").as_bytes());
	let digits: String = signature.0.iter().map(|byte| format!("{byte:02x}")).collect();
	let body = json!({
		"address": account.to_string(),
		"nonce": challenge["nonce"],
		"signature": format!("0x{digits}"),
	});
	let reply = client.post("/login", &body.to_string());
	assert_eq!(reply.status, 200, "{}", reply.json());
	assert_eq!(reply.header("cache-control"), "no-store");
	let key = format!("X-Api-Key: {}", reply.json()["key"].as_str().unwrap());
	assert_eq!(client.send("POST", "/ethereum", &[&key], CALL).status, 200);
	assert_eq!(client.post("/login", &body.to_string()).status, 401, "replayed");
	for body in [json!({}), json!({ "address": "x", "nonce": "", "signature": "" })] {
		assert_eq!(client.post("/login", &body.to_string()).status, 400);
	}
	let limited = (0..20).any(|_| client.send("GET", "/login?address=x", &[], "").status == 429);
	assert!(limited);
}

#[test]
fn an_open_gateway_needs_no_key_but_refuses_wrong_ones() {
	let (scene, _) = scene(true, HashSet::new());
	let mut client = scene.client();
	assert_eq!(client.post("/ethereum", CALL).status, 200);
	assert_eq!(client.send("POST", "/k/srk1_x/ethereum", &[], CALL).status, 401);
	let reply: Value = client.send("GET", "/login", &[], "").json();
	assert!(reply["error"]["message"].is_string());
}

#[test]
fn the_methods_of_a_key_hold_on_every_path() {
	let (scene, store) = scene(false, HashSet::new());
	let rules = KeyRules { methods: vec!["eth_getBalance".into()], ..KeyRules::default() };
	let key = store.issue(rules, 0).unwrap();
	let other = CALL.replace("eth_getBalance", "eth_sendRawTransaction");
	for (path, status) in [("ethereum", 403), ("service/1", 404), ("service/1/", 404)] {
		let path = format!("/k/{}/{path}", key.expose());
		assert_eq!(scene.client().send("POST", &path, &[], &other).status, status, "{path}");
	}
	assert_eq!(scene.count("eth_sendRawTransaction"), 0);
}

#[test]
fn pages_of_strangers_do_not_use_an_open_gateway_of_this_machine() {
	let store = Arc::new(KeyStore::open(Vec::new(), None, 10).unwrap());
	let key = store.issue(KeyRules::default(), 0).unwrap();
	let access = Access::new(store, true).own_pages_only(vec!["https://a.org".into()]);
	let scene = Scene::new(Options { access, ..Options::default() });
	for (origin, status) in [
		("http://localhost:3000", 200),
		("http://127.0.0.1:8645", 200),
		("http://[::1]:80", 200),
		("https://a.org", 200),
		("chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn", 200),
		("https://evil.org", 401),
		("http://localhost.evil.org:8645", 401),
		("http://evil.org:8645", 401),
		("null", 401),
	] {
		let header = format!("origin: {origin}");
		let reply = scene.client().send("POST", "/ethereum", &[&header], CALL);
		assert_eq!(reply.status, status, "{origin}");
		let key = format!("x-api-key: {}", key.expose());
		let reply = scene.client().send("POST", "/ethereum", &[&header, &key], CALL);
		assert_eq!(reply.status, 200, "{origin}");
	}
	assert_eq!(scene.client().post("/ethereum", CALL).status, 200);
	let proxied = scene.client().send("POST", "/ethereum", &["x-forwarded-for: 1.2.3.4"], CALL);
	assert_eq!(proxied.status, 401);
}

// SPDX-License-Identifier: Apache-2.0

use super::*;
use futures::{SinkExt, StreamExt};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

type Socket = WebSocketStream<surety_gateway::upstream::Stream>;

fn shell() -> String {
	token("Tenant", Right::Shell, 300)
}

async fn open(kit: &Kit, query: &str) -> Socket {
	let path = format!("/leases/1/shell?{query}");
	kit.remote().websocket(&path, &shell()).await.unwrap()
}

/// Next message that is no ping: channel and text.
async fn next(socket: &mut Socket) -> (u8, String) {
	loop {
		match socket.next().await.unwrap().unwrap() {
			Message::Binary(bytes) => {
				return (bytes[0], String::from_utf8_lossy(&bytes[1..]).into_owned());
			},
			Message::Ping(_) => {},
			other => panic!("{other:?}"),
		}
	}
}

/// Code of the close frame.
async fn closed_by(socket: &mut Socket) -> u16 {
	loop {
		match socket.next().await.unwrap().unwrap() {
			Message::Close(Some(frame)) => return frame.code.into(),
			Message::Close(None) => return 1_005,
			_ => {},
		}
	}
}

#[test]
fn a_shell_answers_takes_sizes_and_gives_its_exit_code() {
	let kit = Kit::start();
	client(async {
		for terminal in [0, 1] {
			let mut socket = open(&kit, &format!("terminal={terminal}&columns=80&rows=24")).await;
			socket.send(Channel::Input.message(b"hello\n")).await.unwrap();
			assert_eq!(next(&mut socket).await, (1, "hello\r\n".into()));
			let size = br#"{"columns":132,"rows":50}"#;
			socket.send(Channel::Resize.message(size)).await.unwrap();
			socket.send(Channel::Input.message(b"exit 7\n")).await.unwrap();
			assert_eq!(next(&mut socket).await, (3, "{\"exitCode\":7}".into()));
			assert_eq!(closed_by(&mut socket).await, 1_000);
		}
		assert_eq!(*kit.engine.sizes.lock(), [(132, 50), (80, 24), (132, 50)]);
		assert!(kit.engine.ended.lock().is_empty(), "they ended by themselves");
		// A pipe: the end of the input ends the process.
		let mut socket = open(&kit, "command=cat").await;
		socket.send(Channel::Input.message(b"last\n")).await.unwrap();
		socket.send(Channel::EndOfInput.message(b"")).await.unwrap();
		assert_eq!(next(&mut socket).await, (1, "last\r\n".into()));
		assert_eq!(next(&mut socket).await, (3, "{\"exitCode\":0}".into()));
	});
}

#[test]
fn a_shell_ends_with_its_client_and_with_the_lease() {
	let kit = Kit::start();
	client(async {
		let mut socket = open(&kit, "").await;
		socket.send(Channel::Input.message(b"hello\n")).await.unwrap();
		next(&mut socket).await;
		drop(socket);
		until("the shell is ended", || kit.engine.ended.lock().len() == 1).await;
		let mut socket = open(&kit, "").await;
		kit.end();
		assert_eq!(closed_by(&mut socket).await, 1_008);
		until("the shell is ended", || kit.engine.ended.lock().len() == 2).await;
	});
}

#[test]
fn other_messages_end_a_shell() {
	let kit = Kit::start();
	client(async {
		for (number, message) in [
			Message::text("ls"),
			Message::binary(vec![]),
			Message::binary(vec![9, 1]),
			Message::binary(vec![1, 1]),
			Channel::Resize.message(b"{}"),
		]
		.into_iter()
		.enumerate()
		{
			let mut socket = open(&kit, "").await;
			socket.send(message).await.unwrap();
			assert_eq!(closed_by(&mut socket).await, 1_002, "{number}");
			until("the shell is ended", || kit.engine.ended.lock().len() == number + 1).await;
		}
	});
}

#[test]
fn a_shell_is_refused_by_name() {
	let kit = Kit::start();
	client(async {
		let remote = kit.remote();
		let refuse = async |path: &str, token: &str| {
			let error = remote.websocket(path, token).await.unwrap_err();
			let (status, name) = refused(&error);
			(status, name.to_owned())
		};
		let once = shell();
		let mut socket = remote.websocket("/leases/1/shell", &once).await.unwrap();
		assert_eq!(refuse("/leases/1/shell", &once).await, (401, "used".into()));
		socket.close(None).await.unwrap();
		until("the shell is ended", || kit.engine.ended.lock().len() == 1).await;
		let missing = refuse("/leases/1/shell?command=missing", &shell()).await;
		assert_eq!(missing, (409, "engineRefused".into()));
		let long = format!("/leases/1/shell?command={}", "x".repeat(9_000));
		assert_eq!(refuse(&long, &shell()).await, (400, "query".into()));
		let many = format!("/leases/1/shell?{}", "command=a&".repeat(65));
		assert_eq!(refuse(&many, &shell()).await, (400, "query".into()));
		let logs = token("Tenant", Right::Logs, 300);
		assert_eq!(refuse("/leases/1/shell", &logs).await, (403, "right".into()));
	});
	let refusal = kit.refusal("GET", "/leases/1/shell", &shell());
	assert_eq!(refusal, (426, "noWebSocket".into()));
}

#[test]
fn a_flood_of_input_waits_for_the_application() {
	let kit = Kit::start();
	client(async {
		// The application writes what nobody reads, so it does not read either.
		let mut socket = open(&kit, "").await;
		let line = [vec![b'x'; 10_000], b"\n".to_vec()].concat();
		let flood = async {
			for _ in 0..10_000 {
				if socket.send(Channel::Input.message(&line)).await.is_err() {
					return;
				}
			}
		};
		let stuck = tokio::time::timeout(Duration::from_secs(5), flood).await;
		assert!(stuck.is_err(), "100 MB went somewhere");
		assert_eq!(kit.send("GET", "/leases/1", "", b"").0, 200);
	});
}

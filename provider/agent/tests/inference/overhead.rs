// SPDX-License-Identifier: Apache-2.0

//! Overhead of a stream through the edge, per token, against the bare server.

use super::*;
use std::{net::SocketAddr, time::Instant};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpListener,
};

/// Times of one stream.
struct Times {
	first: Duration,
	whole: Duration,
	tokens: u32,
}

async fn stream(client: &Client, body: &Value) -> Times {
	let begin = Instant::now();
	let mut stream = client.stream(body).await;
	let mut first = None;
	let mut tokens = 0;
	while let Some(event) = stream.next().await {
		let delta = &event.unwrap()["choices"][0]["delta"]["content"];
		if delta.as_str().is_some_and(|text| !text.is_empty()) {
			first.get_or_insert_with(|| begin.elapsed());
			tokens += 1;
		}
	}
	Times { first: first.unwrap(), whole: begin.elapsed(), tokens }
}

fn median(mut values: Vec<f64>) -> f64 {
	values.sort_by(f64::total_cmp);
	values[values.len() / 2]
}

/// Microseconds of each token, and milliseconds to the first one, by turns bare and through the
/// edge, so that both meet the same machine.
async fn compare(name: &str, clients: [&Client; 2], body: &Value, runs: usize) {
	let mut each = [Vec::new(), Vec::new()];
	let mut first = [Vec::new(), Vec::new()];
	for run in 0..=runs {
		for (index, client) in clients.iter().enumerate() {
			let times = stream(client, body).await;
			if run > 0 {
				each[index].push(times.whole.as_secs_f64() * 1e6 / f64::from(times.tokens));
				first[index].push(times.first.as_secs_f64() * 1e3);
			}
		}
	}
	let [bare, edge] = each.map(median);
	let [bare_first, edge_first] = first.map(median);
	println!(
		"{name:<26} {bare:>12.1} {edge:>12.1} {:>10.1} {:>8.3} {bare_first:>10.2} {edge_first:>10.2}",
		edge - bare,
		edge / bare
	);
}

/// A server that streams as fast as it can, or at a steady pace: it shows the edge's own time.
async fn synthetic(pause: Option<Duration>, tokens: usize) -> SocketAddr {
	let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
	let address = listener.local_addr().unwrap();
	let event = r#"data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":" word"}}],"created":1795980612,"id":"chatcmpl-j4Ok6GYPMm74eGFbaMixLuY1WEQBukiq","model":"smollm2-135m","system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}"#;
	let chunk = |text: &str| format!("{:x}\r\n{text}\n\n\r\n", text.len() + 2);
	let (event, done) = (chunk(event), chunk("data: [DONE]"));
	tokio::spawn(async move {
		loop {
			let (mut socket, _) = listener.accept().await.unwrap();
			socket.set_nodelay(true).unwrap();
			let (event, done) = (event.clone(), done.clone());
			tokio::spawn(async move {
				let mut request = vec![0; 64 << 10];
				while socket.read(&mut request).await.is_ok_and(|length| length > 0) {
					let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
						transfer-encoding: chunked\r\n\r\n";
					let mut failed = socket.write_all(head.as_bytes()).await.is_err();
					for _ in 0..tokens {
						failed |= socket.write_all(event.as_bytes()).await.is_err();
						if let Some(pause) = pause {
							tokio::time::sleep(pause).await;
						}
					}
					failed |=
						socket.write_all(format!("{done}0\r\n\r\n").as_bytes()).await.is_err();
					if failed {
						return;
					}
				}
			});
		}
	});
	address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: -- --ignored --nocapture"]
async fn overhead_of_a_stream() {
	let _turn = turn().await;
	println!(
		"{:<26} {:>12} {:>12} {:>10} {:>8} {:>10} {:>10}",
		"server", "bare us/tok", "edge us/tok", "added us", "ratio", "bare ms 1", "edge ms 1"
	);
	let body = ask(json!({ "stream": true, "max_tokens": 100, "ignore_eos": true }));
	for (name, pause, tokens, runs) in [
		("as fast as it can", None, 20_000, 9),
		("a token each 5 ms", Some(Duration::from_millis(5)), 100, 9),
	] {
		let server = synthetic(pause, tokens).await;
		let edge = Edge::before(Some(server.port()), None);
		let bare = Client::new(server, None);
		compare(name, [&bare, &edge.tenant()], &body, runs).await;
		edge.stop().await;
	}
	let Some(chat) = Server::chat().await else { return };
	let edge = Edge::start(Some(&chat), None);
	compare("llama.cpp, SmolLM2-135M", [&chat.client(), &edge.tenant()], &body, 15).await;
	edge.stop().await;
}

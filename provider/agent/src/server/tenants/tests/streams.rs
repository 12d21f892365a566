// SPDX-License-Identifier: Apache-2.0

use super::{engine::Log, *};
use crate::client::Events;
use std::sync::atomic::Ordering::Relaxed;

fn logs() -> String {
	token("Tenant", Right::Logs, 3_600)
}

#[test]
fn a_log_comes_as_events_and_is_followed_until_the_lease_ends() {
	let kit = Kit::start();
	client(async {
		let remote = kit.remote();
		let path = "/leases/1/logs?follow=1&tail=5";
		let response = remote.stream(path, &logs(), None).await.unwrap();
		assert_eq!(response.headers()["content-type"], "text/event-stream");
		let mut events = Events::new(response.into_body());
		for (stream, text) in [("stdout", "good\n"), ("stderr", "bad\n")] {
			let event = events.next().await.unwrap().unwrap();
			let data: serde_json::Value = serde_json::from_str(&event.data).unwrap();
			assert_eq!((&data["stream"], &data["text"]), (&stream.into(), &text.into()));
			assert_eq!(event.id, "2026-11-29T19:27:35Z");
		}
		let query = kit.engine.queries.lock().pop().unwrap();
		assert!(query.follow && query.timestamps && query.tail == Some(5));
		kit.end();
		let event = events.next().await.unwrap().unwrap();
		assert!(event.event == "end" && event.data.contains("right"), "{event:?}");
		assert_eq!(events.next().await.unwrap(), None);
		until("the engine's log is closed", || kit.engine.streams.load(Relaxed) == 0).await;
	});
}

#[test]
fn a_client_that_was_cut_goes_on_from_its_last_line() {
	let kit = Kit::start();
	client(async {
		let path = "/leases/1/logs?tail=5";
		let last = Some("2026-11-29T19:27:35Z");
		let response = kit.remote().stream(path, &logs(), last).await.unwrap();
		let mut events = Events::new(response.into_body());
		let mut kinds = Vec::new();
		while let Some(event) = events.next().await.unwrap() {
			kinds.push(event.event);
		}
		assert_eq!(kinds, ["log", "log", "end"]);
		let query = kit.engine.queries.lock().pop().unwrap();
		assert_eq!((query.since, query.tail, query.follow), (Some(1_795_980_455), None, false));
		let wrong = kit.remote().stream(path, &logs(), Some("junk")).await.unwrap_err();
		assert_eq!(refused(&wrong), (400, "query"));
	});
}

#[test]
fn a_flood_waits_for_a_reader_that_does_not_read() {
	let kit = Kit::start();
	*kit.engine.log.lock() = Log::Flood;
	let mut stream = TcpStream::connect(kit.server.public.local_addr()).unwrap();
	let head = format!(
		"GET /leases/1/logs?follow=1 HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\r\n",
		logs()
	);
	stream.write_all(head.as_bytes()).unwrap();
	let mut first = [0; 1_000];
	stream.read_exact(&mut first).unwrap();
	// The sockets fill, and then nothing is taken of the engine any more.
	let mut before = u64::MAX;
	loop {
		let taken = kit.engine.flooded.load(Relaxed);
		if taken == before {
			break;
		}
		before = taken;
		std::thread::sleep(Duration::from_millis(500));
	}
	assert!(before < 32 << 20, "{before}");
	// Others are served by the same worker meanwhile.
	assert_eq!(kit.send("GET", "/leases/1", "", b"").0, 200);
	drop(stream);
	client(until("the engine's log is closed", || kit.engine.streams.load(Relaxed) == 0));
}

#[test]
fn a_flood_is_slowed_down_for_a_reader_that_reads() {
	let kit = Kit::start();
	*kit.engine.log.lock() = Log::Flood;
	client(async {
		let path = "/leases/1/logs?follow=1";
		let response = kit.remote().stream(path, &logs(), None).await.unwrap();
		let mut events = Events::new(response.into_body());
		let began = Instant::now();
		let mut bytes = 0;
		while bytes < 22 << 20 {
			bytes += events.next().await.unwrap().unwrap().data.len();
		}
		// 16 MiB at once, and 4 MiB in a second after that.
		assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
	});
}

#[test]
fn streams_of_a_lease_are_bounded_and_freed() {
	let kit = Kit::start();
	client(async {
		let path = "/leases/1/logs?follow=1";
		let mut open = Vec::new();
		for _ in 0..4 {
			let remote = kit.remote();
			open.push((remote.stream(path, &logs(), None).await.unwrap(), remote));
		}
		let fifth = kit.remote().stream(path, &logs(), None).await.unwrap_err();
		assert_eq!(refused(&fifth), (429, "busy"));
		drop(open);
		until("the engine's logs are closed", || kit.engine.streams.load(Relaxed) == 0).await;
		assert!(kit.remote().stream(path, &logs(), None).await.is_ok());
	});
}

#[test]
fn the_end_of_the_agent_is_told() {
	let kit = Kit::start();
	client(async {
		let response = kit.remote().stream("/leases/1/logs?follow=1", &logs(), None).await.unwrap();
		let mut events = Events::new(response.into_body());
		events.next().await.unwrap();
		let public = kit.server.public;
		let ending = tokio::task::spawn_blocking(move || public.shutdown(Duration::from_secs(30)));
		let mut last = None;
		while let Some(event) = events.next().await.unwrap() {
			last = Some(event);
		}
		assert!(last.unwrap().data.contains("agent"));
		assert!(ending.await.unwrap(), "in time");
	});
}

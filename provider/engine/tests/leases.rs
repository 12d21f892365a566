// SPDX-License-Identifier: Apache-2.0

//! Life of leases at real engines.

// The lints exempt functions that are tests, not those that help them.
#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used
)]

mod kit;

use kit::*;
use surety_engine::{Engine, EngineError, LogQuery, Port, State};

async fn life(kind: Kind) {
	let mut machine = Machine::new(kind).await;
	let image = Image { volumes: &["/var/data"], programs: &["socat"], ..Image::default() };
	let (image, digest) = machine.registry.push(&image);
	let agent = machine.agent();
	let mut order = spec(
		1,
		&image,
		"echo started $WORD; cat /var/data/seed; socat UDP-LISTEN:53,fork EXEC:cat &
			exec httpd -f -p 80 -h /www",
	);
	order.env.insert("WORD".into(), "a word".into());
	order.files.insert("/www/index.html".into(), b"the page".to_vec());
	order.ports = vec![Port::tcp(80), Port::udp(53)];

	let error = agent.start(&order).await.unwrap_err();
	assert!(matches!(error, EngineError::Image(_)), "not fetched yet: {error}");
	assert_eq!(agent.fetch(&order, ANY).await.unwrap().digest, digest);
	let observed = run(&agent, &order).await;
	assert_eq!(observed.digest.as_deref(), Some(digest.as_str()));
	let port = observed.ports[&Port::tcp(80)];
	until("the page is served", || async { page(port, "/").is_some() }).await;
	assert_eq!(page(port, "/").unwrap(), "the page");
	let udp = observed.ports[&Port::udp(53)];
	until("a datagram is answered", || async { echoes(udp) }).await;
	assert_eq!(log(&agent, 1).await, "started a word\nseeded\n");

	// Nothing is changed by a second start, nor by an agent that starts anew.
	let first = exec(&agent, 1, "touch /tmp/mark; cat /proc/1/stat").await;
	assert_eq!(run(&agent, &order).await.ports, observed.ports);
	let agent = machine.agent();
	let found = look(&agent, 1).await.unwrap();
	assert_eq!((found.state, found.missing), (State::Running, Vec::new()));
	assert_eq!(found.ports, observed.ports);
	let pid = |stat: &str| stat.split(' ').nth(21).map(String::from);
	assert_eq!(pid(&exec(&agent, 1, "cat /proc/1/stat").await), pid(&first), "it was restarted");

	machine.restart_engine().await;
	let agent = machine.agent();
	assert_eq!(look(&agent, 1).await.unwrap().missing, Vec::<String>::new());
	assert_eq!(run(&agent, &order).await.ports, observed.ports);
	assert_eq!(page(port, "/").unwrap(), "the page");

	let usage = agent.usage(1).await.unwrap();
	assert!(usage.memory_bytes > 0 && usage.memory_bytes < 64 << 20, "{usage:?}");
	assert!(usage.sent_bytes > 0 && usage.pids > 0 && usage.cpu_ns > 0, "{usage:?}");
	assert!(usage.disk_limit > 900 << 20 && usage.disk_limit <= 1 << 30, "{usage:?}");

	// A stop keeps data, log and port; a changed order keeps the data too.
	exec(&agent, 1, "echo kept > /var/data/own; echo kept > /own; sync").await;
	agent.stop(1).await.unwrap();
	agent.stop(1).await.unwrap();
	assert!(matches!(look(&agent, 1).await.unwrap().state, State::Failed { .. }));
	assert!(log(&agent, 1).await.starts_with("started"));
	assert!(page(port, "/").is_none());
	assert_eq!(run(&agent, &order).await.ports, observed.ports);
	assert_eq!(exec(&agent, 1, "cat /var/data/own /own").await.matches("kept").count(), 2);
	order.env.insert("WORD".into(), "another word".into());
	assert_eq!(run(&agent, &order).await.ports, observed.ports);
	assert_eq!(exec(&agent, 1, "cat /var/data/own /own").await.matches("kept").count(), 2);
	assert!(log(&agent, 1).await.starts_with("started another word"));
	assert_eq!(agent.restart(1).await.unwrap().state, State::Running);

	agent.remove(1).await.unwrap();
	agent.remove(1).await.unwrap();
	assert_eq!(look(&agent, 1).await, None);
	let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
	assert!(!mounts.contains("/leases/"), "{mounts}");
	assert!(!std::path::Path::new("/sys/class/net/t-1").exists());
	assert!(!machine.settings.data_dir.join("leases/1").exists());
}

#[test]
fn podman_runs_a_lease_over_restarts_and_removes_it() {
	isolated("podman_runs_a_lease_over_restarts_and_removes_it", || life(Kind::Podman));
}

#[test]
fn dockerd_runs_a_lease_over_restarts_and_removes_it() {
	isolated("dockerd_runs_a_lease_over_restarts_and_removes_it", || life(Kind::Dockerd));
}

async fn ends(kind: Kind) {
	let machine = Machine::new(kind).await;
	let (image, _) = machine.registry.push(&Image::default());
	let agent = machine.agent();
	let ended = async |lease, script: &str| {
		start(&agent, &spec(lease, &image, script)).await;
		let state = async || look(&agent, lease).await.unwrap().state;
		until("the end is seen", || async { state().await != State::Running }).await;
		state().await
	};
	let exited = |code, out_of_memory| State::Exited { code, out_of_memory };
	assert_eq!(ended(1, "exit 3").await, exited(3, false));
	assert_eq!(ended(2, "exit 0").await, exited(0, false));
	// A lease may say that it was killed: it is its own word.
	assert_eq!(ended(3, "exit 137").await, exited(137, false));
	assert_eq!(ended(4, "exec tail /dev/zero").await, exited(137, true));

	let mut order = spec(5, &image, "");
	order.command = vec!["/no/such/program".into()];
	order.args = Vec::new();
	assert_eq!(start(&agent, &order).await.state, exited(127, false));
	assert_eq!(look(&machine.agent(), 5).await.unwrap().state, exited(127, false));

	// An ended lease is started again, with its data.
	assert_eq!(
		ended(6, "test -e /done && exit 8; touch /done; sync; exit 7").await,
		exited(7, false)
	);
	assert_eq!(
		ended(6, "test -e /done && exit 8; touch /done; sync; exit 7").await,
		exited(8, false)
	);
	assert_eq!(agent.observe().await.unwrap().len(), 6);
	for lease in 1..=6 {
		agent.remove(lease).await.unwrap();
	}
	assert_eq!(agent.observe().await.unwrap(), Vec::new());
}

#[test]
fn podman_tells_ends_apart() {
	isolated("podman_tells_ends_apart", || ends(Kind::Podman));
}

#[test]
fn dockerd_tells_ends_apart() {
	isolated("dockerd_tells_ends_apart", || ends(Kind::Dockerd));
}

#[test]
fn a_log_is_followed_and_a_shell_talks() {
	isolated("a_log_is_followed_and_a_shell_talks", || async {
		use futures::StreamExt;
		use tokio::io::{AsyncReadExt, AsyncWriteExt};
		let machine = Machine::new(Kind::Dockerd).await;
		let (image, _) = machine.registry.push(&Image::default());
		let agent = machine.agent();
		let script = "echo one; while [ ! -e /go ]; do sleep 0.1; done; echo two >&2; sleep 1000";
		run(&agent, &spec(1, &image, script)).await;
		let query = LogQuery { follow: true, ..LogQuery::default() };
		let mut log = Box::pin(agent.logs(1, query).await.unwrap());
		assert_eq!(&log.next().await.unwrap().unwrap().bytes[..], b"one\n");
		let mut shell = agent.shell(1, &["/bin/sh".into()], true).await.unwrap();
		agent.resize(shell.id(), 99, 33).await.unwrap();
		shell.io.write_all(b"stty size; touch /go; exit\n").await.unwrap();
		let mut out = Vec::new();
		shell.io.read_to_end(&mut out).await.unwrap();
		assert!(String::from_utf8_lossy(&out).contains("33 99"), "{out:?}");
		let chunk = log.next().await.unwrap().unwrap();
		assert!(chunk.stderr && &chunk.bytes[..] == b"two\n");
	});
}

async fn cut(kind: Kind) {
	let machine = Machine::new(kind).await;
	let (image, _) = machine.registry.push(&Image { volumes: &["/var/data"], ..Image::default() });
	let mut order = spec(1, &image, "cat /etc/word; sleep 1000");
	order.files.insert("/etc/word".into(), b"copied\n".to_vec());
	order.ports = vec![Port::tcp(80)];
	machine.agent().fetch(&order, ANY).await.unwrap();
	for milliseconds in [1, 10, 30, 60, 100, 150, 250, 400] {
		// The agent is killed at some step, and another one goes on from there.
		let agent = machine.agent();
		let time = std::time::Duration::from_millis(milliseconds);
		let _ = tokio::time::timeout(time, agent.start(&order)).await;
		let agent = machine.agent();
		assert!(agent.observe().await.unwrap().len() <= 1);
		if milliseconds % 20 == 0 {
			agent.remove(1).await.unwrap();
			agent.fetch(&order, ANY).await.unwrap();
		}
	}
	let agent = machine.agent();
	run(&agent, &order).await;
	until("the file is there", || async { log(&agent, 1).await == "copied\n" }).await;
	agent.remove(1).await.unwrap();
	let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
	assert!(!mounts.contains("/leases/"), "{mounts}");
}

#[test]
fn a_start_at_podman_that_is_cut_is_finished_by_the_next() {
	isolated("a_start_at_podman_that_is_cut_is_finished_by_the_next", || cut(Kind::Podman));
}

#[test]
fn a_start_at_dockerd_that_is_cut_is_finished_by_the_next() {
	isolated("a_start_at_dockerd_that_is_cut_is_finished_by_the_next", || cut(Kind::Dockerd));
}

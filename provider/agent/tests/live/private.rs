// SPDX-License-Identifier: Apache-2.0

//! A tenant with the command line, an operator with the agent, podman and a registry: the private
//! part of an order on its way, and the tenant's access to its container.

use crate::{
	chain::{Node, UNIT, add_proxy, close_lease, free_port, list_service, register},
	kit::{Image, Kind, Machine, Process, WORLD, isolated_for, until},
};
use std::{
	fs,
	io::Write,
	path::{Path, PathBuf},
	process::{Command, Output, Stdio},
};
use surety_gateway::chain::KeySigner;
use surety_runtime_api::LeasePhase;

/// Operator: no validator, for a prober asks no service of its own account.
const OPERATOR: &str = "//Dave";
/// Text that only the tenant and its container may know.
const SECRET: &str = "hunter2-of-the-live-test";

fn provider() -> Command {
	Command::new(env!("CARGO_BIN_EXE_surety-provider"))
}

/// Output of a command, and its exit code.
fn run(command: &mut Command, input: &str) -> (Option<i32>, String, String) {
	let mut child = command
		.stdin(Stdio::piped())
		.stdout(Stdio::piped())
		.stderr(Stdio::piped())
		.spawn()
		.unwrap();
	let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
	let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
	let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
	let (out, err) = (text(stdout), text(stderr));
	println!("{command:?}: {:?}\n{out}{err}", status.code());
	(status.code(), out, err)
}

/// Logs of a directory, which are shown when the test fails.
struct Logs<'a>(&'a Path);

impl Drop for Logs<'_> {
	fn drop(&mut self) {
		if std::thread::panicking() {
			for log in ["agent.log", "courier.log"] {
				println!("{log}\n{}", fs::read_to_string(self.0.join(log)).unwrap_or_default());
			}
		}
	}
}

struct Tenant<'a> {
	url: &'a str,
	dir: &'a Path,
}

impl Tenant<'_> {
	fn key(&self, name: &str) -> PathBuf {
		let file = self.dir.join(format!("{name}.key"));
		fs::write(&file, format!("//{name}\n")).unwrap();
		file
	}

	/// Command of a tenant about lease 0.
	fn about(&self, verb: &str, name: &str, rest: &[&str]) -> Command {
		let mut command = provider();
		command.args([verb, "0", "--allow-private", "--node", self.url, "--key-file"]);
		command.arg(self.key(name)).args(rest);
		command
	}

	fn courier(&self) -> Process {
		let log = self.dir.join("courier.log");
		let mut command = provider();
		command.args(["courier", "--allow-private", "--node", self.url, "--state"]);
		Process::start(command.arg(self.dir.join("state")), &log)
	}
}

fn agent(node: &Node, machine: &Machine, port: u16) -> Process {
	let dir = machine.dir.path();
	let operator = KeySigner::from_uri(OPERATOR).unwrap().account().to_string();
	let key = dir.join("operate.key");
	fs::write(&key, "//Charlie\n").unwrap();
	let config = format!(
		"data = {:?}\n[chain]\nnodes = [{:?}]\n[operator]\naccount = {operator:?}\n\
		 key = {{ file = {key:?} }}\n[front]\nlisten = \"127.0.0.1:{port}\"\n\
		 [control]\nlisten = \"127.0.0.1:{}\"\n\
		 [engine]\nsocket = {:?}\nname = \"t\"\ndns = [\"{WORLD}\"]\n\
		 private-registries = [{:?}]\npids = 64\nreserve-gib = 1\nobserve-ms = 1000\n",
		dir.join("agent"),
		node.url,
		free_port(),
		machine.settings.socket,
		machine.registry.address,
	);
	fs::write(dir.join("provider.toml"), config).unwrap();
	let mut command = provider();
	command.arg("run").arg("--config").arg(dir.join("provider.toml"));
	Process::start(&mut command, &dir.join("agent.log"))
}

fn compose(image: &str) -> String {
	format!(
		"services:
  web:
    image: {image}
    command: [/bin/sh, -c, \"echo the token is $$TOKEN; httpd -f -p 80 -h /www\"]
    environment:
      TOKEN: {SECRET}
    ports: [\"80\"]
    configs:
      - source: page
        target: /www/index.html
    deploy: {{resources: {{limits: {{cpus: \"0.2\", memory: 64M}}}}}}
configs:
  page:
    content: a private page
x-surety:
  max_price: 0.01 SURE
  duration: 10m
  bidding: 40s
  storage: 1G
"
	)
}

#[test]
fn a_private_part_reaches_its_container_and_the_tenant_too() {
	let Ok(program) = std::env::var("SURETY_NODE") else {
		println!("skipped: SURETY_NODE names no node");
		return;
	};
	let name = "private::a_private_part_reaches_its_container_and_the_tenant_too";
	isolated_for(900, name, async || story(&program).await);
}

async fn story(program: &str) {
	let machine = Machine::new(Kind::Podman).await;
	let (image, _) = machine.registry.push(&Image::default());
	let node = Node::start(program).await;
	let (port, dir) = (free_port(), machine.dir.path());
	let _logs = Logs(dir);
	let mut agent_process = agent(&node, &machine, port);
	node.call(OPERATOR, &register(50 * UNIT)).await;
	node.call(OPERATOR, &add_proxy(&KeySigner::from_uri("//Charlie").unwrap())).await;
	node.call(OPERATOR, &list_service(&format!("http://127.0.0.1:{port}"))).await;
	node.until("an open service with capacity", async |head| {
		let service = node.reader(head).service(0).await.ok()??.service;
		(service.open && service.resources.is_some_and(|one| one.total.cpu_milli > 0)).then_some(())
	})
	.await;

	let tenant = Tenant { url: &node.url, dir };
	fs::write(dir.join("compose.yaml"), compose(&image)).unwrap();
	let order = |rest: &[&str]| {
		let mut command = provider();
		command.arg("order").arg(dir.join("compose.yaml")).args(["--node", &node.url]).args(rest);
		run(&mut command, "")
	};
	let (code, out, _) = order(&[]);
	assert!(code == Some(0) && out.contains("Nothing was submitted"), "{out}");
	assert!(out.contains("Cost ") && out.contains("0x") && !out.contains(SECRET), "{out}");
	let (key, state) = (tenant.key("Bob"), dir.join("state"));
	let (key, state) = (key.to_str().unwrap(), state.to_str().unwrap());
	let (code, out, _) = order(&["--submit", "--key-file", key, "--state", state]);
	assert!(code == Some(0) && out.contains("Placed   order 0"), "{out}");
	let courier = tenant.courier();
	let lease = node
		.until("a lease that runs", async |head| {
			let lease = node.lease(head, 0).await?;
			matches!(lease.phase, LeasePhase::Running { .. }).then_some(lease)
		})
		.await;
	println!("lease 0 runs: {:?}", String::from_utf8_lossy(&lease.access));

	let line = format!("the token is {SECRET}");
	let (code, out, _) = run(&mut tenant.about("logs", "Bob", &["-n", "10"]), "");
	assert_eq!((code, out.matches(&line).count()), (Some(0), 1));
	let script = ["-T", "/bin/sh", "-c", "echo in $TOKEN; echo bad >&2; exit 5"];
	let (code, out, err) = run(&mut tenant.about("shell", "Bob", &script), "");
	assert_eq!((code, out, err.contains("bad")), (Some(5), format!("in {SECRET}\n"), true));
	let (code, out, _) = run(&mut tenant.about("shell", "Bob", &["-T"]), "cat /www/index.html\n");
	assert_eq!((code, &*out), (Some(0), "a private page"));
	let (code, _, err) = run(&mut tenant.about("shell", "Bob", &["-T", "missing"]), "");
	assert_ne!(code, Some(0), "{err}");
	let (code, out, _) = run(&mut tenant.about("stats", "Bob", &[]), "");
	assert!(code == Some(0) && out.contains("Processes"), "{out}");
	// A terminal, as the engine gives it.
	let command = format!("{:?}", tenant.about("shell", "Bob", &[])).replace('"', "'");
	let mut terminal = Command::new("script");
	terminal.args(["-qec", &command, "/dev/null"]);
	let (code, out, _) = run(&mut terminal, "[ -t 0 ] && echo a terminal $TOKEN; exit 4\n");
	assert_eq!(code, Some(4), "{out}");
	assert!(out.contains(&format!("a terminal {SECRET}")), "{out}");

	let (code, _, err) = run(&mut tenant.about("logs", "Eve", &[]), "");
	assert!(code == Some(1) && err.contains("neither by the tenant"), "{err}");
	let (code, _, _) = run(&mut tenant.about("restart", "Bob", &[]), "");
	assert_eq!(code, Some(0));
	until("the application runs again", || async {
		let (_, out, _) = run(&mut tenant.about("logs", "Bob", &[]), "");
		out.matches(&line).count() == 2
	})
	.await;

	// Neither side needs the other again after a restart.
	drop(courier);
	agent_process.kill("TERM");
	let _agent = agent(&node, &machine, port);
	let _courier = tenant.courier();
	until("the new agent answers", || async {
		let (code, out, _) = run(&mut tenant.about("logs", "Bob", &[]), "");
		code == Some(0) && out.matches(&line).count() == 2
	})
	.await;
	node.call("//Bob", &close_lease(0)).await;
	node.until("the end of the lease", async |head| {
		let lease = node.lease(head, 0).await?;
		matches!(lease.phase, LeasePhase::Closed { .. }).then_some(())
	})
	.await;
	until("the courier forgets the private part", || async {
		let files = fs::read_dir(state).unwrap().map(|entry| entry.unwrap().file_name());
		files.map(|name| name.to_string_lossy().into_owned()).all(|name| name == "lock")
	})
	.await;
	until("a former tenant is refused", || async {
		run(&mut tenant.about("logs", "Bob", &[]), "").2.contains("over")
	})
	.await;
	for log in ["agent.log", "courier.log"] {
		let text = fs::read_to_string(dir.join(log)).unwrap();
		println!("{log}\n{text}");
		assert!(!text.contains(SECRET), "{log} has the secret");
		assert!(!text.contains("srl1_"), "{log} has a token");
	}
}

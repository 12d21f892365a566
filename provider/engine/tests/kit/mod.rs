// SPDX-License-Identifier: Apache-2.0

//! Engines, registry and internet of a test, in namespaces of their own: nothing of a test is seen
//! on the machine, and all of it ends with it.

#![allow(dead_code)]

mod images;
mod world;

pub use images::*;
pub use world::*;

use futures::StreamExt;
use std::{
	collections::BTreeMap,
	future::Future,
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	time::{Duration, Instant},
};
use surety_engine::{
	ContainerEngine, Engine, LeaseId, LogQuery, Observed, Resources, Settings, Spec, State,
};
use tokio::io::AsyncReadExt;

const MARK: &str = "SURETY_ENGINE_TEST_NAMESPACE";
const PROGRAMS: &[&str] = &[
	"unshare",
	"ip",
	"nft",
	"tar",
	"curl",
	"mkfs.ext4",
	"busybox",
	"docker-registry",
	"podman",
	"dockerd",
];

/// Engine of a test.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
	Podman,
	Dockerd,
}

fn missing() -> Option<String> {
	let output = Command::new("id").arg("-u").output().ok()?;
	if output.stdout.trim_ascii() != b"0" {
		return Some("it needs root".into());
	}
	let has = |program: &&str| {
		let script = format!("PATH=$PATH:/usr/sbin:/sbin command -v {program}");
		Command::new("sh").args(["-c", &script]).output().is_ok_and(|o| o.status.success())
	};
	let lacking = PROGRAMS.iter().find(|program| !has(program))?;
	Some(format!("{lacking} is not installed"))
}

/// Run a test in namespaces of its own, in a process of its own.
pub fn isolated<F: Future<Output = ()>>(name: &str, test: impl FnOnce() -> F) {
	isolated_for(300, name, test);
}

/// The same, for at most a number of seconds.
pub fn isolated_for<F: Future<Output = ()>>(seconds: u32, name: &str, test: impl FnOnce() -> F) {
	if std::env::var_os(MARK).is_some() {
		enter();
		let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
		return runtime.block_on(test());
	}
	if let Some(reason) = missing() {
		eprintln!("skipped {name}: {reason}");
		return;
	}
	let output = Command::new("nice")
		.args(["-n", "19", "timeout", "-k", "5", &seconds.to_string()])
		.args(["unshare", "--net", "--mount", "--pid", "--ipc", "--fork", "--kill-child"])
		.args(["--mount-proc", "--propagation", "private"])
		.arg(std::env::current_exe().unwrap())
		.args(["--exact", name, "--nocapture", "--test-threads", "1"])
		.env(MARK, "1")
		.stdin(Stdio::null())
		.output()
		.unwrap();
	let (out, err) = (output.stdout, output.stderr);
	assert!(
		output.status.success(),
		"{name}: {}\n{}\n{}",
		output.status,
		String::from_utf8_lossy(&out),
		String::from_utf8_lossy(&err)
	);
}

/// Run a shell script that must succeed.
pub fn sh(script: &str) -> String {
	let output = Command::new("sh")
		.args(["-ec", script])
		.env("PATH", format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default()))
		.output()
		.unwrap();
	let err = String::from_utf8_lossy(&output.stderr);
	assert!(output.status.success(), "{script}: {err}");
	String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Wait for a condition, with a generous bound.
pub async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
	let end = Instant::now() + Duration::from_secs(60);
	while !condition().await {
		assert!(Instant::now() < end, "never happened: {what}");
		tokio::time::sleep(Duration::from_millis(100)).await;
	}
}

/// Process that ends with the test.
pub struct Process(Child);

impl Process {
	pub fn start(command: &mut Command, log: &Path) -> Self {
		let file = std::fs::File::options().create(true).append(true).open(log).unwrap();
		let child = command
			.stdin(Stdio::null())
			.stdout(file.try_clone().unwrap())
			.stderr(file)
			.spawn()
			.unwrap();
		Self(child)
	}

	pub fn kill(&mut self, signal: &str) {
		sh(&format!("kill -{signal} {}", self.0.id()));
		self.0.wait().unwrap();
	}
}

impl Drop for Process {
	fn drop(&mut self) {
		let _ = self.0.kill();
		let _ = self.0.wait();
	}
}

/// Machine of a test: an engine, a registry, and the world around it.
pub struct Machine {
	pub kind: Kind,
	pub dir: tempfile::TempDir,
	pub settings: Settings,
	pub registry: Registry,
	engine: Process,
}

impl Machine {
	pub async fn new(kind: Kind) -> Self {
		let dir = tempfile::tempdir().unwrap();
		let registry = Registry::start(dir.path(), 5000, None).await;
		let engine = start_engine(kind, dir.path());
		let settings = Settings {
			socket: dir.path().join("engine.sock"),
			data_dir: dir.path().join("data"),
			name: "t".into(),
			dns: vec![WORLD.parse().unwrap()],
			private_registries: ["127.0.0.1:5000".into(), "127.0.0.1:5001".into()].into(),
			limits: surety_engine::Limits { pids: 64, reserve_gib: 1, ..Default::default() },
			timeouts: surety_engine::Timeouts { stop: 1, ..Default::default() },
			..Settings::default()
		};
		let machine = Self { kind, dir, settings, registry, engine };
		machine.ready().await;
		machine
	}

	async fn ready(&self) {
		let agent = self.agent();
		let log = self.dir.path().join("engine.log");
		let end = Instant::now() + Duration::from_secs(60);
		while let Err(e) = agent.observe().await {
			let log = std::fs::read_to_string(&log).unwrap_or_default();
			assert!(Instant::now() < end, "{e}\n{log}");
			tokio::time::sleep(Duration::from_millis(200)).await;
		}
	}

	/// Agent, as after a restart: it knows what is on disk and at the engine.
	pub fn agent(&self) -> ContainerEngine {
		ContainerEngine::open(self.settings.clone()).unwrap()
	}

	/// End the engine and start it again.
	pub async fn restart_engine(&mut self) {
		self.engine.kill("TERM");
		let agent = self.agent();
		assert!(agent.observe().await.is_err(), "without an engine nothing is known");
		self.engine = start_engine(self.kind, self.dir.path());
		self.ready().await;
	}
}

fn start_engine(kind: Kind, dir: &Path) -> Process {
	let log = dir.join("engine.log");
	let socket = format!("unix://{}", dir.join("engine.sock").display());
	let _ = std::fs::remove_file(dir.join("engine.sock"));
	match kind {
		Kind::Podman => {
			let root = dir.display();
			let conf = format!(
				"[engine]\nruntime=\"runc\"\ncgroup_manager=\"cgroupfs\"\nevents_logger=\"file\"\n\
				 lock_type=\"file\"\ntmp_dir=\"{root}/tmp\"\n\
				 [network]\nnetwork_backend=\"netavark\"\nnetwork_config_dir=\"{root}/nets\"\n"
			);
			std::fs::write(dir.join("containers.conf"), conf).unwrap();
			let conf = format!(
				"[storage]\ndriver=\"overlay\"\ngraphroot=\"{root}/graph\"\nrunroot=\"{root}/run\"\n"
			);
			std::fs::write(dir.join("storage.conf"), conf).unwrap();
			let conf = ["127.0.0.1:5000", "127.0.0.1:5001"]
				.map(|r| format!("[[registry]]\nlocation=\"{r}\"\ninsecure=true\n"))
				.concat();
			std::fs::write(dir.join("registries.conf"), conf).unwrap();
			Process::start(
				Command::new("podman")
					.args(["system", "service", "-t", "0", &socket])
					// conmon leaves files where it was started.
					.current_dir(dir)
					.env("CONTAINERS_CONF", dir.join("containers.conf"))
					.env("CONTAINERS_STORAGE_CONF", dir.join("storage.conf"))
					.env("CONTAINERS_REGISTRIES_CONF", dir.join("registries.conf")),
				&log,
			)
		},
		Kind::Dockerd => Process::start(
			Command::new("dockerd")
				.args(["--bridge", "none", "--live-restore", "-H", &socket])
				.arg("--data-root")
				.arg(dir.join("docker"))
				.arg("--exec-root")
				.arg(dir.join("exec"))
				.arg("-p")
				.arg(dir.join("docker.pid"))
				.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
			&log,
		),
	}
}

/// Specification of a lease that runs a command of the shell.
pub fn spec(lease: LeaseId, image: &str, script: &str) -> Spec {
	Spec {
		lease,
		image: image.into(),
		login: None,
		command: vec!["/bin/sh".into(), "-c".into()],
		args: vec![script.into()],
		env: BTreeMap::new(),
		files: BTreeMap::new(),
		resources: Resources {
			cpu_milli: 500,
			memory_mib: 64,
			storage_gib: 1,
			bandwidth_mbps: 50,
			gpus: 0,
		},
		gpu_class: String::new(),
		ports: Vec::new(),
	}
}

pub const ANY: u64 = 1 << 30;

/// Fetch and start.
pub async fn start(agent: &ContainerEngine, spec: &Spec) -> Observed {
	agent.fetch(spec, ANY).await.unwrap();
	agent.start(spec).await.unwrap()
}

/// Fetch and start a lease that must run as specified.
pub async fn run(agent: &ContainerEngine, spec: &Spec) -> Observed {
	let observed = start(agent, spec).await;
	assert_eq!(observed.state, State::Running, "{observed:?}");
	assert_eq!(observed.missing, Vec::<String>::new(), "{observed:?}");
	observed
}

/// Observation of one lease.
pub async fn look(agent: &ContainerEngine, lease: LeaseId) -> Option<Observed> {
	let all = agent.observe().await.unwrap();
	all.into_iter().find(|observed| observed.lease == lease)
}

/// Output of a command in a lease's container.
pub async fn exec(agent: &ContainerEngine, lease: LeaseId, script: &str) -> String {
	let command = ["/bin/sh", "-c", script].map(String::from);
	let mut shell = agent.shell(lease, &command, true).await.unwrap();
	let mut out = Vec::new();
	let read = shell.io.read_to_end(&mut out);
	let _ = tokio::time::timeout(Duration::from_secs(60), read).await.expect("the command hangs");
	String::from_utf8_lossy(&out).into_owned()
}

/// Log of a lease.
pub async fn log(agent: &ContainerEngine, lease: LeaseId) -> String {
	let log = agent.logs(lease, LogQuery::default()).await.unwrap();
	let chunks: Vec<_> = log.collect().await;
	let bytes = chunks.into_iter().flat_map(|chunk| chunk.unwrap().bytes.to_vec()).collect();
	String::from_utf8(bytes).unwrap()
}

/// Path of the kit's scratch directory in a machine.
pub fn scratch(machine: &Machine, name: &str) -> PathBuf {
	machine.dir.path().join(name)
}

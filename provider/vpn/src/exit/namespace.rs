// SPDX-License-Identifier: Apache-2.0

//! Network namespaces, and programs that run in one.

use super::fault::ExitError;
use nix::sched::{CloneFlags, setns};
use std::{fs::File, io, path::Path, process::Stdio, time::Duration};
use tokio::{
	io::AsyncWriteExt,
	process::{Child, Command},
	runtime::Handle,
	time::timeout,
};

/// Time for a program to end.
const MAX_TIME: Duration = Duration::from_secs(10);
/// Bytes of a complaint that are kept.
const MAX_COMPLAINT: usize = 400;

/// Network namespace: that of the process, or a named one.
#[derive(Clone, Debug)]
pub struct Namespace(pub Option<String>);

impl Namespace {
	/// Run something short in the namespace, on a thread of its own if it is another. Sockets,
	/// devices and processes that it makes belong to the namespace.
	pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, ExitError> {
		let Some(name) = &self.0 else { return Ok(work()) };
		let fault = |error| ExitError::Namespace(name.clone(), error);
		let file = File::open(Path::new("/run/netns").join(name)).map_err(fault)?;
		std::thread::scope(|scope| {
			let thread = scope.spawn(|| {
				setns(&file, CloneFlags::CLONE_NEWNET).map_err(io::Error::from)?;
				Ok(work())
			});
			thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread panicked")))
		})
		.map_err(fault)
	}

	/// Run a program in the namespace, `input` at its standard input. Returns what it prints.
	pub async fn command(
		&self,
		program: &'static str,
		arguments: &[&str],
		input: &str,
	) -> Result<String, ExitError> {
		let command = [&[program], arguments].concat().join(" ");
		let fault = |reason: String| ExitError::Command { command: command.clone(), reason };
		let child = self.spawn(program, arguments)?.map_err(|error| match error.kind() {
			io::ErrorKind::NotFound => missing(program),
			_ => fault(error.to_string()),
		})?;
		match timeout(MAX_TIME, talk(child, input)).await {
			Err(_) => Err(fault("no end within 10 s".into())),
			Ok(Err(error)) => Err(fault(error.to_string())),
			Ok(Ok(output)) if output.status.success() => {
				Ok(String::from_utf8_lossy(&output.stdout).into_owned())
			},
			Ok(Ok(output)) => {
				let complaint = String::from_utf8_lossy(&output.stderr);
				Err(fault(complaint.trim().chars().take(MAX_COMPLAINT).collect()))
			},
		}
	}

	fn spawn(&self, program: &str, arguments: &[&str]) -> Result<io::Result<Child>, ExitError> {
		let runtime = Handle::current();
		self.run(move || {
			let _guard = runtime.enter();
			Command::new(program)
				.args(arguments)
				.stdin(Stdio::piped())
				.stdout(Stdio::piped())
				.stderr(Stdio::piped())
				.kill_on_drop(true)
				.spawn()
		})
	}

	/// Like [`Self::command`] outside of a runtime, without waiting for long: for a destructor.
	pub fn command_blocking(&self, program: &'static str, input: &str) {
		let _ = self.run(|| {
			let child = std::process::Command::new(program)
				.args(["-f", "-"])
				.stdin(Stdio::piped())
				.stdout(Stdio::null())
				.stderr(Stdio::null())
				.spawn();
			let Ok(mut child) = child else { return };
			if let Some(mut stdin) = child.stdin.take() {
				let _ = io::Write::write_all(&mut stdin, input.as_bytes());
			}
			for _ in 0..200 {
				if !matches!(child.try_wait(), Ok(None)) {
					return;
				}
				std::thread::sleep(Duration::from_millis(10));
			}
			let _ = child.kill();
			let _ = child.wait();
		});
	}
}

async fn talk(mut child: Child, input: &str) -> io::Result<std::process::Output> {
	if let Some(mut stdin) = child.stdin.take() {
		stdin.write_all(input.as_bytes()).await?;
	}
	child.wait_with_output().await
}

/// Fault of a program that is not installed.
pub fn missing(program: &'static str) -> ExitError {
	let package = match program {
		"nft" => "nftables",
		"ip" => "iproute2",
		other => other,
	};
	ExitError::Missing { program, package }
}

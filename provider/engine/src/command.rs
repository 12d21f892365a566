// SPDX-License-Identifier: Apache-2.0

//! Programs of the host, run with a bound on time and output.

use crate::EngineError;
use std::{process::Stdio, time::Duration};
use tokio::{
	io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
	process::Command,
	time::timeout,
};

/// Time that a program may take.
const TIME: Duration = Duration::from_secs(60);
/// Output that is kept.
const OUTPUT: u64 = 4 << 20;

/// Output of a program, and its success.
pub(crate) struct Output {
	/// True if the exit code is 0.
	pub success: bool,
	/// Standard output, at most 4 MiB.
	pub stdout: String,
	/// Standard error, at most 4 MiB.
	pub stderr: String,
}

async fn drain(pipe: Option<impl AsyncRead + Unpin>) -> String {
	let mut bytes = Vec::new();
	if let Some(pipe) = pipe {
		let _ = pipe.take(OUTPUT).read_to_end(&mut bytes).await;
	}
	String::from_utf8_lossy(&bytes).into_owned()
}

/// Run a program to its end. The program is killed if it takes more than a minute.
pub(crate) async fn run(
	program: &str,
	args: &[&str],
	input: Option<&str>,
) -> Result<Output, EngineError> {
	let path = std::env::var("PATH").unwrap_or_default();
	let mut child = Command::new(program)
		.args(args)
		// Administration programs are not in every service's path.
		.env("PATH", format!("{path}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"))
		.env("LC_ALL", "C")
		.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
		.stdout(Stdio::piped())
		.stderr(Stdio::piped())
		.kill_on_drop(true)
		.spawn()
		.map_err(|e| EngineError::Refused(format!("{program} cannot be run: {e}; install it")))?;
	let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
	let write = async {
		if let (Some(mut pipe), Some(input)) = (stdin, input) {
			let _ = pipe.write_all(input.as_bytes()).await;
			let _ = pipe.shutdown().await;
		}
	};
	let all = async { tokio::join!(write, drain(stdout), drain(stderr), child.wait()) };
	match timeout(TIME, all).await {
		Ok(((), stdout, stderr, Ok(status))) => {
			Ok(Output { success: status.success(), stdout, stderr })
		},
		Ok((.., Err(e))) => Err(EngineError::Refused(format!("{program}: {e}"))),
		Err(_) => Err(EngineError::Unavailable(format!("{program} took longer than {TIME:?}"))),
	}
}

/// Run a program whose failure is an error.
pub(crate) async fn must(program: &str, args: &[&str]) -> Result<String, EngineError> {
	let output = run(program, args, None).await?;
	if output.success {
		return Ok(output.stdout);
	}
	let reason: String = output.stderr.trim().chars().take(500).collect();
	Err(EngineError::Refused(format!("{program} {}: {reason}", args.join(" "))))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test]
	async fn output_and_failure_of_a_program_are_seen() {
		let output = run("cat", &[], Some("hello")).await.unwrap();
		assert!(output.success && output.stdout == "hello");
		let error = must("ls", &["/nowhere/at/all"]).await.unwrap_err();
		assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
		assert!(run("no-such-program", &[], None).await.is_err());
	}

	#[tokio::test]
	async fn endless_output_ends() {
		let output = run("sh", &["-c", "yes | head -c 9000000"], None).await.unwrap();
		assert_eq!(output.stdout.len() as u64, OUTPUT);
	}
}

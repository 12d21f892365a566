// SPDX-License-Identifier: Apache-2.0

//! `surety-provider shell`: a process in the container of a lease.

use super::{Failure, LeaseArgs, access::Door, terminal};
use crate::{client::ClientError, server::tenants::Channel};
use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use std::{
	io::{self, IsTerminal, Write},
	process::ExitCode,
};
use surety_orders::access::Right;
use surety_primitives::LeaseId;
use tokio::signal::unix::{self, SignalKind};
use tokio_tungstenite::tungstenite::{Error, Message};

/// Flags of `shell`.
#[derive(Clone, Debug, clap::Args)]
pub struct ShellArgs {
	/// Lease.
	pub lease: LeaseId,

	/// Command; `/bin/sh` if left out.
	#[arg(trailing_var_arg = true, allow_hyphen_values = true)]
	pub command: Vec<String>,

	/// Chain and key.
	#[command(flatten)]
	pub access: LeaseArgs,

	/// No terminal, even if there is one here.
	#[arg(long, short = 'T')]
	pub no_terminal: bool,
}

pub(super) async fn run(args: &ShellArgs) -> Result<ExitCode, Failure> {
	let is_here = io::stdin().is_terminal() && io::stdout().is_terminal();
	let terminal = is_here && !args.no_terminal;
	let door = Door::open(args.lease, &args.access).await?;
	let mut query = vec![format!("terminal={}", u8::from(terminal))];
	let size = terminal.then(terminal::size).flatten();
	query.extend(size.map(|(columns, rows)| format!("columns={columns}&rows={rows}")));
	query.extend(args.command.iter().map(|word| format!("command={}", encode(word))));
	let path = format!("{}?{}", door.path(Right::Shell), query.join("&"));
	let socket = door.remote.websocket(&path, &door.token(Right::Shell)?).await?;
	let raw = terminal.then(terminal::Raw::enter).transpose()?;
	let outcome = relay(socket, terminal).await;
	drop(raw);
	let code = outcome?;
	Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}

type Socket = tokio_tungstenite::WebSocketStream<surety_gateway::upstream::Stream>;

/// Hand on both directions until the process ends. Gives its exit code.
async fn relay(socket: Socket, terminal: bool) -> Result<i64, Failure> {
	let (mut sink, mut stream) = socket.split();
	let mut input = terminal::input();
	let mut resized = unix::signal(SignalKind::window_change())?;
	let mut terminate = unix::signal(SignalKind::terminate())?;
	let mut hangup = unix::signal(SignalKind::hangup())?;
	let mut is_open = true;
	loop {
		let message = tokio::select! {
			message = stream.next() => match received(message)? {
				Some(code) => {
					let _ = sink.close().await;
					return Ok(code);
				},
				None => continue,
			},
			piece = input.recv(), if is_open => match piece {
				Some(piece) => Channel::Input.message(&piece),
				None => {
					is_open = false;
					Channel::EndOfInput.message(&[])
				},
			},
			_ = resized.recv(), if terminal => match terminal::size() {
				Some((columns, rows)) => {
					let size = serde_json::json!({ "columns": columns, "rows": rows });
					Channel::Resize.message(size.to_string().as_bytes())
				},
				None => continue,
			},
			_ = terminate.recv() => return Err("ended by a signal".into()),
			_ = hangup.recv() => return Err("ended by a signal".into()),
		};
		if let Err(error) = sink.send(message).await {
			// The reason is in what the agent sent before.
			while let Some(message) = stream.next().await {
				if let Some(code) = received(Some(message))? {
					return Ok(code);
				}
			}
			return Err(broken(&error));
		}
	}
}

/// Take a message of the agent. Gives the exit code with the last one.
fn received(message: Option<Result<Message, Error>>) -> Result<Option<i64>, Failure> {
	#[derive(Deserialize)]
	#[serde(rename_all = "camelCase")]
	struct Exit {
		exit_code: Option<i64>,
	}
	let bytes = match message {
		Some(Ok(Message::Binary(bytes))) => bytes,
		Some(Ok(Message::Close(frame))) => {
			let reason = frame.map(|frame| frame.reason.to_string()).unwrap_or_default();
			let reason: String = reason.chars().filter(|letter| !letter.is_control()).collect();
			let reason = if reason.is_empty() { "closed".into() } else { reason };
			return Err(format!("the agent ended the shell: {reason}").into());
		},
		Some(Ok(_)) => return Ok(None),
		Some(Err(error)) => return Err(broken(&error)),
		None => return Err("the connection to the agent broke off".into()),
	};
	let malformed = || ClientError::Malformed("no message of a shell");
	let (channel, rest) = bytes.split_first().ok_or_else(malformed)?;
	match Channel::of(*channel).ok_or_else(malformed)? {
		Channel::Output => write(io::stdout().lock(), rest)?,
		Channel::Error => write(io::stderr().lock(), rest)?,
		Channel::Exit => {
			let exit: Exit = serde_json::from_slice(rest)?;
			return match exit.exit_code {
				Some(code) => Ok(Some(code)),
				None => {
					Err("the engine of the operator is gone; the exit code is not known".into())
				},
			};
		},
		_ => return Err(malformed().into()),
	}
	Ok(None)
}

fn write(mut out: impl Write, bytes: &[u8]) -> io::Result<()> {
	out.write_all(bytes)?;
	out.flush()
}

fn broken(error: &Error) -> Failure {
	format!("the connection to the agent broke off: {error}").into()
}

/// Text as a value of a query.
fn encode(text: &str) -> String {
	let mut encoded = String::with_capacity(text.len());
	for byte in text.bytes() {
		if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
			encoded.push(char::from(byte));
		} else {
			encoded.push_str(&format!("%{byte:02X}"));
		}
	}
	encoded
}

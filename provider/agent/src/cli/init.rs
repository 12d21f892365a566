// SPDX-License-Identifier: Apache-2.0

//! Writes a commented configuration.

use super::InitArgs;
use crate::{
	config::{EXAMPLE, ProviderConfig, engine_sockets},
	vpn::ListingKey,
};
use std::{
	fmt, fs,
	io::{self, BufRead, IsTerminal, Write},
	os::unix::fs::OpenOptionsExt,
	path::{Path, PathBuf},
	str::FromStr,
};
use surety_gateway::config::parse;

/// Longest answer at a prompt.
const MAX_ANSWER: u64 = 1_024;

/// Reason why there is no configuration.
#[derive(Debug)]
pub enum InitError {
	/// The file exists. Remove it first, or name another one.
	Exists(PathBuf),
	/// The file cannot be written.
	Io(PathBuf, io::Error),
	/// An answer is missing, and there is no terminal to ask at.
	Missing(&'static str),
	/// The answers make no configuration.
	Unusable(String),
}

impl fmt::Display for InitError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Exists(path) => {
				write!(f, "{} exists: remove it first, or name another file", path.display())
			},
			Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
			Self::Missing(flag) => write!(f, "give {flag}: there is no terminal to ask at"),
			Self::Unusable(reason) => f.write_str(reason),
		}
	}
}

impl std::error::Error for InitError {}

pub(super) fn run(args: &InitArgs) -> Result<PathBuf, InitError> {
	let mut args = args.clone();
	let asks = !args.yes && io::stdin().is_terminal();
	if args.nodes.is_empty() {
		args.nodes = vec![ask(asks, "URL of your node", "ws://127.0.0.1:9944", "--node")?];
	}
	if args.operator.is_none() && asks {
		args.operator = optional("Account of the operator (empty: that of the key)")?;
	}
	if args.key_file.is_none() {
		let question = "File with the key of the Operate proxy";
		args.key_file = Some(ask(asks, question, "/etc/surety/operate.key", "--key-file")?);
	}
	if args.listen.is_none() && asks {
		args.listen =
			Some(ask(asks, "Address of the public listener", "0.0.0.0:8647", "--listen")?);
	}
	if args.socket.is_none() {
		args.socket = socket(asks, &engine_sockets())?;
	}
	if args.percent.is_none() && asks {
		args.percent =
			Some(ask(asks, "Share of the machine to sell, in percent", "80", "--percent")?);
	}
	if args.cpu.is_none() && asks {
		args.cpu = Some(ask(asks, "Price of a CPU in SURE per hour", "0.01", "--cpu")?);
	}
	if args.memory.is_none() && asks {
		args.memory = Some(ask(asks, "Price of a GiB of memory per hour", "0.003", "--memory")?);
	}
	write_config(&args.config, &filled(&args)?)?;
	Ok(args.config)
}

/// Public key for the listing of the VPN that a new configuration sells. The key is made.
pub(super) fn listing_key(path: &Path) -> Result<Option<String>, InitError> {
	let unusable = |error: &dyn fmt::Display| InitError::Unusable(error.to_string());
	let text = fs::read_to_string(path).map_err(|error| InitError::Io(path.to_owned(), error))?;
	let config = parse::<ProviderConfig>(&text).map_err(InitError::Unusable)?;
	if config.vpn_exit().map_err(|error| unusable(&error))?.is_none() {
		return Ok(None);
	}
	let key = ListingKey::open(&config.data).map_err(|error| unusable(&error))?;
	Ok(Some(key.to_string()))
}

/// Socket of the engine: the one that is here, that of the answer, or `None` for the default.
fn socket(asks: bool, found: &[PathBuf]) -> Result<Option<PathBuf>, InitError> {
	match found {
		[one] => Ok(Some(one.clone())),
		[first, ..] if asks => {
			ask(asks, "Socket of the engine", &first.display().to_string(), "--socket").map(Some)
		},
		[_, _, ..] => Err(InitError::Missing("--socket")),
		[] => Ok(None),
	}
}

fn line() -> Result<String, InitError> {
	let unusable = |error: io::Error| InitError::Unusable(format!("prompt: {error}"));
	let mut text = String::new();
	io::Read::take(io::stdin().lock(), MAX_ANSWER).read_line(&mut text).map_err(unusable)?;
	Ok(text.trim().to_owned())
}

fn prompt(text: &str) -> Result<(), InitError> {
	print!("{text}: ");
	io::stdout().flush().map_err(|error| InitError::Unusable(format!("prompt: {error}")))
}

/// Ask until the answer can be read. An empty one is the default.
fn ask<T: FromStr>(
	asks: bool,
	question: &str,
	default: &str,
	flag: &'static str,
) -> Result<T, InitError> {
	if !asks {
		return default.parse().map_err(|_| InitError::Missing(flag));
	}
	for _ in 0..5 {
		prompt(&format!("{question} [{default}]"))?;
		let answer = line()?;
		let answer = if answer.is_empty() { default } else { &answer };
		match answer.parse() {
			Ok(value) => return Ok(value),
			Err(_) => println!("{answer:?} cannot be read; for example {default}"),
		}
	}
	Err(InitError::Missing(flag))
}

fn optional<T: FromStr>(question: &str) -> Result<Option<T>, InitError> {
	for _ in 0..5 {
		prompt(question)?;
		let answer = line()?;
		if answer.is_empty() {
			return Ok(None);
		}
		match answer.parse() {
			Ok(value) => return Ok(Some(value)),
			Err(_) => println!("{answer:?} cannot be read"),
		}
	}
	Err(InitError::Missing("--operator"))
}

/// The commented file with the answers in it. It is read back, so that it can be used.
pub fn filled(args: &InitArgs) -> Result<String, InitError> {
	let mut changes: Vec<(&str, &str, String)> = Vec::new();
	let nodes: Vec<_> = args.nodes.iter().map(|node| format!("{:?}", node.to_string())).collect();
	changes.push(("chain", "nodes", format!("[{}]", nodes.join(", "))));
	if let Some(account) = &args.operator {
		changes.push(("operator", "account", format!("{:?}", account.to_string())));
	}
	if let Some(file) = &args.key_file {
		changes.push(("operator", "key", format!("{{ file = {:?} }}", file.display().to_string())));
	}
	if let Some(listen) = args.listen {
		changes.push(("front", "listen", format!("\"{listen}\"")));
	}
	if let Some(socket) = &args.socket {
		changes.push(("engine", "socket", format!("{:?}", socket.display().to_string())));
	}
	if let Some(percent) = args.percent {
		changes.push(("capacity", "percent", percent.to_string()));
	}
	if let Some(endpoint) = &args.vpn {
		changes.push(("vpn", "endpoint", format!("\"{endpoint}\"")));
	}
	for (name, price) in [("cpu", args.cpu), ("memory", args.memory)] {
		if let Some(price) = price {
			changes.push(("bid", name, format!("\"{price}\"")));
		}
	}
	let mut table = "";
	let mut text = String::with_capacity(EXAMPLE.len());
	for line in EXAMPLE.lines() {
		if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
			table = name;
		}
		let key = line.trim_start_matches("# ").split(" = ").next().unwrap_or_default();
		let change = changes.iter().find(|(of, name, _)| *of == table && *name == key);
		match change.filter(|_| line.contains(" = ")) {
			Some((_, name, value)) => text.push_str(&format!("{name} = {value}")),
			None => text.push_str(line),
		}
		text.push('\n');
	}
	parse::<ProviderConfig>(&text).map_err(InitError::Unusable)?;
	Ok(text)
}

/// Write a file that only its owner reads. An existing one is kept.
pub fn write_config(path: &Path, text: &str) -> Result<(), InitError> {
	let fault = |error: io::Error| match error.kind() {
		io::ErrorKind::AlreadyExists => InitError::Exists(path.to_owned()),
		_ => InitError::Io(path.to_owned(), error),
	};
	let mut options = fs::OpenOptions::new();
	let mut file = options.create_new(true).write(true).mode(0o600).open(path).map_err(fault)?;
	file.write_all(text.as_bytes()).map_err(fault)
}

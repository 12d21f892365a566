//! The Surety node: a Substrate node whose off-chain worker probes services through a hardened transport.

mod chain_spec;
mod cli;
mod command;
mod probing;
mod rpc;
mod service;

fn main() -> sc_cli::Result<()> {
	bound_name_lookups();
	command::run()
}

/// A name server that never answers holds a resolver thread until the system gives up: by default 10 s and
/// more, longer than any probe waits. Whoever sets `RES_OPTIONS` knows better.
fn bound_name_lookups() {
	const RES_OPTIONS: &str = "RES_OPTIONS";
	if std::env::var_os(RES_OPTIONS).is_none() {
		// SAFETY: the first thing that `main` does; no other thread runs yet.
		unsafe { std::env::set_var(RES_OPTIONS, "timeout:1 attempts:2") };
	}
}

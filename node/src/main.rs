//! The Surety node: a Substrate node whose off-chain worker probes services through a hardened transport.

// The SDK's errors are as large as they are, and are made once, on the way out.
#![allow(clippy::result_large_err)]

mod audit;
mod chain_spec;
mod cli;
mod command;
mod hardware;
mod probing;
mod rpc;
mod service;

fn main() -> sc_cli::Result<()> {
	command::run()
}

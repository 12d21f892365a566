//! The Surety node: a Substrate node whose off-chain worker probes services through a hardened transport.

mod chain_spec;
mod cli;
mod command;
mod probing;
mod rpc;
mod service;

fn main() -> sc_cli::Result<()> {
	command::run()
}

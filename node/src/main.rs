// SPDX-License-Identifier: Apache-2.0

//! The Surety node: a Substrate node whose off-chain worker probes services through a hardened HTTP
//! transport.

// The size of the SDK's error types is not ours to change, and errors are rare.
#![allow(clippy::result_large_err)]

mod audit;
mod chain_spec;
mod cli;
mod client;
mod command;
mod disk;
mod hardware;
mod probing;
mod rpc;
mod service;
mod template;

fn main() -> std::process::ExitCode {
	match command::run() {
		Ok(()) => std::process::ExitCode::SUCCESS,
		Err(error) => {
			// The text, of which the `Debug` form of a returned error would escape the lines.
			eprintln!("Error: {error}");
			std::process::ExitCode::FAILURE
		},
	}
}

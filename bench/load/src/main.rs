// SPDX-License-Identifier: Apache-2.0

//! `surety-load`: load on a JSON-RPC proxy such as the gateway, and the upstream behind it.
//!
//! `serve` answers for a chain whose blocks follow from the clock, so that `drive` and `subscribe`
//! know every right answer without asking. All three are one thread per core around epoll, since
//! they share the machine with the proxy that is measured.
//!
//! | module | responsibility |
//! |---|---|
//! | `args` | command line |
//! | `chain` | the chain: blocks and answers by the clock |
//! | `poll` | epoll with a timer of nanoseconds |
//! | `http` | HTTP/1.1 messages in a buffer |
//! | `websocket` | frames, and the handshake of both sides |
//! | `serve` | the upstream, with faults that a request turns on and off |
//! | `drive` | requests, in an open or a closed loop |
//! | `subscribe` | WebSocket subscribers of one head |
//! | `report` | summary as a table or as JSON |

// The load generator is not part of the chain and may stop on an error.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

mod args;
mod chain;
mod drive;
mod http;
mod poll;
mod report;
mod serve;
mod subscribe;
mod websocket;

use args::{Args, Res, Task};
use clap::Parser;

fn main() -> Res<()> {
	// 10,000 subscribers are as many sockets.
	fdlimit::raise_fd_limit().ok();
	match Args::parse().task {
		Task::Serve(args) => serve::run(args),
		Task::Drive(args) => drive::run(args),
		Task::Subscribe(args) => subscribe::run(args),
	}
}

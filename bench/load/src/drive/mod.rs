// SPDX-License-Identifier: Apache-2.0

//! Requests with verified answers.
//!
//! In an open loop the latency of a request counts from the time at which it was due, not from the
//! time at which a connection was free to send it: a proxy that stalls is charged with all the
//! requests that it made wait.

mod connection;
pub mod mix;
mod worker;

use crate::{
	args::{Arrivals, DriveArgs, Res},
	report::Report,
};
use std::{fmt, time::Instant};
use worker::Worker;

/// Failure of a request.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Fault {
	/// No connection.
	Connect,
	/// The connection ended before the answer.
	Closed,
	/// No answer in time.
	Timeout,
	/// Bytes that are no HTTP.
	Http,
	/// An HTTP status other than 200.
	Status(u16),
	/// A body that is no answer of JSON-RPC.
	Json,
	/// The answer to another request.
	Id,
	/// A JSON-RPC error.
	Rpc(i64),
	/// A wrong result.
	Result,
	/// A head that the chain does not have yet.
	Ahead,
	/// A head that is too old.
	Behind,
	/// A head before one that the same connection has seen.
	Backwards,
	/// Due, and never sent.
	Unsent,
}

impl fmt::Display for Fault {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Connect => f.write_str("no connection"),
			Self::Closed => f.write_str("connection closed"),
			Self::Timeout => f.write_str("timeout"),
			Self::Http => f.write_str("no HTTP"),
			Self::Status(status) => write!(f, "status {status}"),
			Self::Json => f.write_str("no JSON-RPC"),
			Self::Id => f.write_str("wrong id"),
			Self::Rpc(code) => write!(f, "error {code}"),
			Self::Result => f.write_str("wrong result"),
			Self::Ahead => f.write_str("head ahead of the chain"),
			Self::Behind => f.write_str("head too old"),
			Self::Backwards => f.write_str("head went backwards"),
			Self::Unsent => f.write_str("never sent"),
		}
	}
}

/// Send the requests, and print the report.
pub fn run(args: DriveArgs) -> Res<()> {
	// An open loop of threads without connections would not end.
	let threads = args.threads.clamp(1, args.connections.max(1));
	let start = Instant::now();
	let running: Vec<_> = (0..threads)
		.map(|nth| {
			let args = args.clone();
			std::thread::spawn(move || {
				Worker::new(&args, nth, threads, start)
					.and_then(Worker::run)
					.map_err(|error| error.to_string())
			})
		})
		.collect();
	let mut report = Report::new(args.time)?;
	for thread in running {
		report.add(thread.join().map_err(|_| "a thread panicked")??)?;
	}
	report.rate_wanted = (args.arrivals != Arrivals::Closed).then_some(args.rate);
	if args.json {
		println!("{}", report.json())
	} else {
		report.print()
	}
	Ok(())
}

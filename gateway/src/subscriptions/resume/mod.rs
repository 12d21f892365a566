// SPDX-License-Identifier: Apache-2.0

//! Resumption: state machines that turn the streams of one upstream after another into the one
//! stream that a client sees.
//!
//! Events of upstreams go in, notifications come out. No machine knows time, tasks or sockets:
//! the driver asks a machine for what it wants, fetches it and hands it in. A failover is a call of
//! `rebind`, after which the machine trusts nothing that it had asked for.

mod distinct;
mod heads;
mod logs;
mod storage;
#[cfg(test)]
mod tests;
mod view;
mod watch;

pub use distinct::{Latest, Recent, RuntimeVersions};
pub use heads::{Heads, Mode, Wanted};
pub use logs::{Log, Logs, LogsWanted};
pub use storage::Storage;
pub use view::View;
pub use watch::{Watch, WatchEvent, WatchNeed};

/// Reason not to go on with an upstream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
	/// The upstream finalized another block than the one that clients have seen.
	Conflict,
	/// The upstream announced a block and cannot show its ancestors.
	Unlinked,
	/// The upstream's chain has nothing in common with what clients have seen lately.
	Unrelated,
	/// The upstream sent something that is no event of the subscription.
	Malformed,
	/// The upstream sends more than any chain has.
	Flood,
}

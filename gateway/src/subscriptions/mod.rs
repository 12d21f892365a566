// SPDX-License-Identifier: Apache-2.0

//! Subscriptions of clients: shared upstream, and resumed when an upstream fails.
//!
//! ```text
//! client ── Client ─┐                  ┌─ Line ── upstream
//! client ── Client ─┼─ Fanout ── Feed ─┤
//! client ── Client ─┘  (worker)  (hub) └─ Line ── upstream (standby)
//! ```
//!
//! - A *feed* is one subscription of the process to the events of a network. It runs a state
//!   machine of [`resume`] on one upstream after another.
//! - A *line* is a WebSocket to one upstream. All feeds of a network share a few.
//! - The *fan-out* of a worker hands each notification of a feed to the worker's clients.
//! - A *client* is the service of one WebSocket: ids, limits, and the subscriptions that belong
//!   to one client and have lines of their own (`chainHead_v1`, watched transactions).

pub mod block;
mod client;
mod driver;
mod fanout;
mod feed;
mod hub;
mod inbox;
mod line;
mod lines;
mod own;
pub mod resume;
mod source;
#[cfg(test)]
mod tests;
mod topic;

pub use client::{Calls, SubscriptionSettings, Worker, serve};
pub use fanout::{Fanout, SubscribeError, Subscribed};
pub use hub::{Attachment, Hub, HubSettings, TooManyFeeds};
pub use line::LineSettings;
pub use source::{Answer, Candidate, ConnectFault, LineFault, Link, Observer, Socket, Sources};
pub use topic::{BlockTime, Key, Network, Topic};

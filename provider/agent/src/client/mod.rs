// SPDX-License-Identifier: Apache-2.0

//! A tenant's side: the chain as it is needed to place orders, and agents of operators.
//!
//! | file | part |
//! |---|---|
//! | `chain.rs` | leases, services, proxies and parameters of the chain |
//! | `place.rs` | orders: their rules, call and id |
//! | `remote.rs` | HTTP and WebSocket to the agent of a lease |
//! | `courier.rs` | releases of private parts to the operators that the chain chose |
//! | `ask.rs` | one request to a server |
//! | `events.rs`, `error.rs` | server-sent events, and what may go wrong |
//!
//! Everything that speaks to agents runs on one thread, in a `LocalSet`.

mod ask;
mod chain;
mod courier;
mod error;
mod events;
mod place;
mod remote;

pub use ask::{ask, below};
pub use chain::Chain;
pub use courier::{Courier, Delivered};
pub use error::ClientError;
pub use events::{Event, Events};
pub use place::{PlaceError, Placing, place_call, reader_key};
pub use remote::{Network, Remote, token};

// SPDX-License-Identifier: Apache-2.0

//! Client side of HTTP/1.1: a pool of connections to one endpoint, and WebSocket connections.
//!
//! Servers are strangers. Every length, count and time is bounded, and an answer whose framing is
//! ambiguous is refused. A pool belongs to one worker and takes no locks.

mod connect;
mod connection;
mod decoder;
mod endpoint;
mod error;
mod head;
mod pool;
mod request;
mod streaming;
#[cfg(test)]
mod tests;
mod tls;
mod websocket;

pub use connect::{ConnectSettings, Connector, Stream};
pub use endpoint::{Endpoint, EndpointError, Scheme, climbs};
pub use error::{Malformed, UpstreamError};
pub use pool::{Pool, PoolSettings};
pub use request::{Call, Outgoing, end_connection};
pub use tls::{TlsError, client_config};
pub use websocket::{WebSocketLimits, websocket};

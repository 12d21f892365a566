// SPDX-License-Identifier: Apache-2.0

//! WebSocket connections of clients: handshake, limits, the queue of what is to be sent, and the
//! relay of the edge.
//!
//! A connection lives on one worker. Everything that a client could make grow is bounded: frames,
//! messages, calls in progress, bytes that wait to be sent, control frames, silence.

pub(crate) mod clock;
mod connections;
mod handshake;
mod incoming;
pub mod methods;
mod notification;
mod outgoing;
mod quota;
mod relay;
mod session;
#[cfg(test)]
mod tests;

pub use connections::{Connections, Entered};
pub use handshake::{HandshakeError, accept, is_upgrade, open};
pub use incoming::Incoming;
pub use notification::Notification;
pub use outgoing::{Ending, Outgoing};
pub use quota::{Quota, Reservation};
pub use relay::{Gate, RelayLimits, Verdict, relay};
pub use session::{Service, serve};

use std::time::Duration;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Limits of a client's connection.
#[derive(Clone, Debug)]
pub struct WebSocketSettings {
	/// Bytes of a message of the client.
	pub max_message: usize,
	/// Bytes of a frame of the client.
	pub max_frame: usize,
	/// Bytes that wait to be sent. A client that reads too slowly for this is closed.
	pub max_unsent: usize,
	/// Calls in progress. At the limit the connection is not read.
	pub max_in_flight: usize,
	/// Ping and pong frames of the client in a `ping_interval`.
	pub max_control: u32,
	/// Time between pings.
	pub ping_interval: Duration,
	/// Time without a sign of life after which the client is taken for dead.
	pub silence: Duration,
	/// Time without a call and without a subscription after which the connection is closed.
	pub idle: Duration,
	/// Time that a closing handshake may take.
	pub close_timeout: Duration,
}

impl Default for WebSocketSettings {
	fn default() -> Self {
		Self {
			max_message: 1 << 20,
			max_frame: 1 << 20,
			max_unsent: 4 << 20,
			max_in_flight: 64,
			max_control: 256,
			ping_interval: Duration::from_secs(20),
			silence: Duration::from_secs(50),
			idle: Duration::from_secs(600),
			close_timeout: Duration::from_secs(1),
		}
	}
}

impl WebSocketSettings {
	/// The limits as the protocol implementation takes them. The buffers are small, since there is
	/// one of each per connection.
	pub fn config(&self) -> WebSocketConfig {
		WebSocketConfig::default()
			.read_buffer_size(4 * 1024)
			.write_buffer_size(16 * 1024)
			.max_write_buffer_size(usize::MAX)
			.max_message_size(Some(self.max_message))
			.max_frame_size(Some(self.max_frame))
	}
}

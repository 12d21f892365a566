// SPDX-License-Identifier: Apache-2.0

//! Settings of clients' WebSockets, the same in both roles.

use crate::{config::WebSocketSection, websocket::WebSocketSettings};
use std::time::Duration;

/// Connections of clients.
pub(super) fn clients(section: &WebSocketSection) -> WebSocketSettings {
	let ping = Duration::from_secs(section.ping_secs);
	WebSocketSettings {
		max_message: section.max_message_bytes,
		max_frame: section.max_message_bytes,
		max_unsent: section.max_waiting_bytes,
		ping_interval: ping,
		// Two pings without a sign of life, and some time on the way.
		silence: ping.saturating_mul(5).checked_div(2).unwrap_or(ping),
		..WebSocketSettings::default()
	}
}

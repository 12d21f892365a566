// SPDX-License-Identifier: Apache-2.0

//! WebSocket at the edge: a relay within the units of the agreement.

use crate::{
	config::EdgeConfig,
	edge::{EdgeBuilder, EdgeWebSocket, EdgeWebSocketSettings, Subscriptions},
	roles::websocket,
	upstream::WebSocketLimits,
};
use std::{rc::Rc, time::Duration};

/// Let clients switch to WebSocket.
pub(super) fn mount(
	builder: EdgeBuilder,
	config: &EdgeConfig,
	subscriptions: Subscriptions,
) -> EdgeBuilder {
	let settings = EdgeWebSocketSettings {
		client: websocket::clients(&config.websocket),
		server: WebSocketLimits::default(),
		max_subscriptions: config.websocket.max_subscriptions,
		connect_timeout: Duration::from_millis(config.upstream.connect_timeout_ms),
		answer_timeout: Duration::from_millis(config.upstream.timeout_ms),
	};
	builder.upgrade(move |_| Rc::new(EdgeWebSocket::new(settings.clone(), subscriptions.clone())))
}

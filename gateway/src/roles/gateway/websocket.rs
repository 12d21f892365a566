// SPDX-License-Identifier: Apache-2.0

//! Workers of the gateway, whose clients can switch to WebSocket.

use crate::{
	background::StartError,
	config::GatewayConfig,
	gateway::{Gateway, SocketSettings, Sockets, Upgrade, Worker},
	roles::{failure, websocket},
	rpc::ScanLimits,
	subscriptions::{HubSettings, LineSettings, SubscriptionSettings},
	upstream::WebSocketLimits,
};
use std::{rc::Rc, sync::Arc};

/// Maker of workers.
#[derive(Clone)]
pub(super) struct Workers {
	gateway: Arc<Gateway>,
	sockets: Sockets,
}

fn settings(config: &GatewayConfig) -> SocketSettings {
	let section = &config.websocket;
	let stuck_after = config.routing.silent_blocks;
	let line = LineSettings { stuck_after, ..LineSettings::default() };
	let clients = SubscriptionSettings {
		websocket: websocket::clients(section),
		scan: ScanLimits { batch: config.front.max_batch, ..ScanLimits::default() },
		line: line.clone(),
		max_subscriptions: section.max_subscriptions,
		..SubscriptionSettings::default()
	};
	let hub = HubSettings { line, ..HubSettings::default() };
	SocketSettings { clients, hub, operators: WebSocketLimits::default() }
}

impl Workers {
	/// Workers of a gateway.
	pub fn new(gateway: Arc<Gateway>, config: &GatewayConfig) -> Result<Self, StartError> {
		let sockets = Sockets::start(Arc::clone(&gateway), settings(config));
		let sockets = sockets.map_err(failure("thread of the subscriptions"))?;
		Ok(Self { gateway, sockets })
	}

	/// Worker of a thread, made on that thread.
	pub fn make(&self) -> Worker {
		let upgrade: Rc<dyn Upgrade> = Rc::new(self.sockets.worker());
		Worker::with_upgrade(Arc::clone(&self.gateway), Some(upgrade))
	}
}

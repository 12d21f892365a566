// SPDX-License-Identifier: Apache-2.0

//! WebSocket at the gateway: the place where its handler is mounted.

use crate::{
	config::GatewayConfig,
	gateway::{Gateway, Worker},
};
use std::sync::Arc;

/// Maker of the workers, whose clients can switch to WebSocket.
#[derive(Clone)]
pub(super) struct Workers {
	gateway: Arc<Gateway>,
}

impl Workers {
	/// Workers of a gateway.
	pub fn new(gateway: Arc<Gateway>, _config: &GatewayConfig) -> Self {
		Self { gateway }
	}

	/// Worker of a thread, made on that thread.
	pub fn make(&self) -> Worker {
		Worker::new(Arc::clone(&self.gateway))
	}
}

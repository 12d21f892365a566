// SPDX-License-Identifier: Apache-2.0

//! WebSocket at the edge: the place where its handler is mounted.

use crate::{config::EdgeConfig, edge::EdgeBuilder};

/// Let clients switch to WebSocket.
pub(super) fn mount(builder: EdgeBuilder, _config: &EdgeConfig) -> EdgeBuilder {
	builder
}

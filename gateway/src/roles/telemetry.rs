// SPDX-License-Identifier: Apache-2.0

//! Figures of the public listener, the same in both roles.

use crate::{
	front::FrontCounts,
	telemetry::{FrontMetrics, FrontStatus, follow},
};

/// Names of the classes of statuses.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The listener for the status page.
pub(super) fn front_status(counts: &FrontCounts) -> FrontStatus {
	let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
	FrontStatus {
		connections: number(counts.connections()),
		websockets: number(counts.upgraded()),
		active: number(counts.requests()),
		requests: counts.responses().into_iter().fold(0, u64::saturating_add),
		refused: counts.refused(),
	}
}

/// Take over the counts of the listener into the metrics.
pub(super) fn refresh_front(counts: &FrontCounts, metrics: &FrontMetrics) {
	let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
	metrics.connections.set(number(counts.connections()));
	metrics.websockets.set(number(counts.upgraded()));
	metrics.active.set(number(counts.requests()));
	for (class, count) in CLASSES.iter().zip(counts.responses()) {
		follow(&metrics.requests.with_label_values(&[class]), count);
	}
	for (limit, count) in [
		("connections", counts.refused()),
		("patience", counts.stuck()),
		("handshake", counts.handshakes_failed()),
	] {
		follow(&metrics.refused.with_label_values(&[limit]), count);
	}
}

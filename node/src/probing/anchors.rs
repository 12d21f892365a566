// SPDX-License-Identifier: Apache-2.0

//! Metrics on requests to anchors, so that an anchor that fails is noticed before answers cannot be
//! judged any more.

use hyper::Uri;
use prometheus_endpoint::{Counter, CounterVec, Opts, PrometheusError, Registry, U64, register};
use std::{
	collections::HashMap,
	sync::{Arc, PoisonError, RwLock},
};

/// Anchors tracked at most. Listed ones come and go with governance's decisions.
const MAX_ANCHORS: usize = 1_024;

/// Counters of requests to anchors. Clones share them.
#[derive(Clone)]
pub struct AnchorMetrics {
	requests: CounterVec<U64>,
	by_url: Arc<RwLock<HashMap<Uri, AnchorCounters>>>,
}

/// Counters of one anchor.
#[derive(Clone)]
pub struct AnchorCounters {
	/// Requests with a usable answer.
	pub answered: Counter<U64>,
	/// Requests without.
	pub failed: Counter<U64>,
}

impl AnchorMetrics {
	/// Register the metric.
	pub fn new(registry: &Registry) -> Result<Self, PrometheusError> {
		let opts = Opts::new("surety_anchor_requests_total", "Requests to anchors, by outcome");
		let labels = &["network", "host", "outcome"];
		let requests = register(CounterVec::new(opts, labels)?, registry)?;
		Ok(Self { requests, by_url: Arc::default() })
	}

	/// Count requests to these anchors, given as network and URL. Paths may hold keys, so that only
	/// the host is shown.
	pub fn track<'a>(&self, anchors: impl IntoIterator<Item = (&'a str, &'a Uri)>) {
		let mut by_url = self.by_url.write().unwrap_or_else(PoisonError::into_inner);
		for (network, url) in anchors {
			if by_url.len() >= MAX_ANCHORS || by_url.contains_key(url) {
				continue;
			}
			let host = url.authority().map(|authority| authority.as_str()).unwrap_or_default();
			let of = |outcome| self.requests.with_label_values(&[network, host, outcome]);
			let counters = AnchorCounters { answered: of("answered"), failed: of("failed") };
			by_url.insert(url.clone(), counters);
		}
	}

	/// Counters of the anchor at a URL; `None` if there is none.
	pub fn of(&self, url: &Uri) -> Option<AnchorCounters> {
		self.by_url.read().unwrap_or_else(PoisonError::into_inner).get(url).cloned()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_number_of_anchors_is_bounded_and_keys_are_not_shown() {
		let registry = Registry::new();
		let metrics = AnchorMetrics::new(&registry).unwrap();
		for n in 0..=MAX_ANCHORS {
			let url: Uri = format!("http://host:{n}/secret").parse().unwrap();
			metrics.track([("ethereum", &url)]);
			assert_eq!(metrics.of(&url).is_some(), n < MAX_ANCHORS);
		}
		let families = registry.gather();
		let labels = families
			.iter()
			.flat_map(|family| family.get_metric())
			.flat_map(|metric| metric.get_label().iter().map(|pair| pair.get_value().to_string()));
		assert!(labels.clone().any(|label| label == "host:7"));
		assert!(!labels.clone().any(|label| label.contains("secret")));
	}
}

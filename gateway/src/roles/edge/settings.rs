// SPDX-License-Identifier: Apache-2.0

//! Settings of the edge, from the configuration.

use crate::{
	access::Rate,
	config::{ConfigError, EdgeConfig},
	edge::{EdgeSettings, Trial},
	roles::settings::{front_settings, pool_settings, websocket_settings},
	rpc::ScanLimits,
};
use std::time::Duration;

/// Settings of a configuration.
///
/// Errors: a file or a range of addresses is not usable.
pub fn settings(config: &EdgeConfig) -> Result<EdgeSettings, ConfigError> {
	let EdgeConfig { front, trial, upstream, websocket, .. } = config;
	let listener = front_settings(front, config.listen(), &trial.trusted_proxies)?;
	let rate = Rate { per_second: trial.rate.into(), burst: trial.burst.into() };
	let share = u16::from(trial.max_share_percent).saturating_mul(100);
	let settings = EdgeSettings::new(listener, pool_settings(upstream)?);
	Ok(EdgeSettings {
		trial: trial.enabled.then_some(Trial { rate, share }),
		max_body: front.max_body_bytes,
		body_timeout: Duration::from_millis(front.body_timeout_ms),
		answer_timeout: Duration::from_millis(upstream.timeout_ms),
		model_timeout: Duration::from_secs(config.inference.timeout_secs),
		websocket: websocket_settings(websocket),
		max_subscriptions: websocket.max_subscriptions,
		scan: ScanLimits { batch: front.max_batch, ..ScanLimits::default() },
		..settings
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::config::parse;

	fn config(text: &str) -> EdgeConfig {
		parse(text).unwrap()
	}

	#[test]
	fn the_configuration_sets_limits_and_trials() {
		let text = "backend = 'http://127.0.0.1:1'\n[trial]\nrate = 5\nmax-share-percent = 10\n\
			[front]\nmax-batch = 7\nmax-body-bytes = 2048\n[upstream]\ntimeout-ms = 1500\n";
		let settings = super::settings(&config(text)).unwrap();
		let trial = settings.trial.unwrap();
		assert_eq!((trial.rate.per_second, trial.share), (5, 1_000));
		assert_eq!((settings.scan.batch, settings.max_body), (7, 2_048));
		assert_eq!(settings.answer_timeout, Duration::from_millis(1_500));
		assert!(settings.upstream.connect.allow_private, "a server stands beside its edge");
		let closed = config("backend = 'http://127.0.0.1:1'\n[trial]\nenabled = false\n");
		assert!(super::settings(&closed).unwrap().trial.is_none());
	}
}

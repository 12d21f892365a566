// SPDX-License-Identifier: Apache-2.0

//! Settings of front, pools and WebSockets from the sections of the configuration that both roles have.

use crate::{
	config::{ConfigError, FrontSection, UpstreamSection, WebSocketSection},
	front::{AddressRange, Cors, FrontSettings, Listener, Origins, TlsFiles},
	upstream::{ConnectSettings, PoolSettings, client_config},
	websocket::WebSocketSettings,
};
use std::{net::SocketAddr, time::Duration};

/// Settings of the public listener.
///
/// - `trusted`: ranges of addresses of proxies in front.
///
/// Errors: a range is not valid.
pub fn front_settings(
	section: &FrontSection,
	listen: SocketAddr,
	trusted: &[String],
) -> Result<FrontSettings, ConfigError> {
	let range = |text: &String| {
		text.parse::<AddressRange>()
			.map_err(|error| ConfigError::invalid("trusted-proxies", error.to_string()))
	};
	let files = section.tls_certificate.clone().zip(section.tls_key.clone());
	let tls = files.map(|(certificate, key)| TlsFiles { certificate, key });
	let origins = &section.cors_origins;
	let any = origins.iter().any(|origin| origin == "*");
	let origins = if any { Origins::Any } else { Origins::Only(origins.clone()) };
	let has_pages = !section.cors_origins.is_empty();
	Ok(FrontSettings {
		listeners: vec![Listener { address: listen, tls }],
		workers: section.threads,
		max_connections: section.max_connections,
		max_connections_per_address: section.max_connections_per_ip,
		trusted_proxies: trusted.iter().map(range).collect::<Result<_, _>>()?,
		max_requests: section.max_requests,
		max_head: section.max_header_bytes,
		head_timeout: Duration::from_millis(section.header_timeout_ms),
		idle_timeout: Duration::from_secs(section.idle_timeout_secs),
		cors: has_pages.then_some(Cors { origins, ..Cors::default() }),
		..FrontSettings::default()
	})
}

/// Settings of the connections to operators, or to the servers of one.
///
/// Errors: the file of root certificates is not usable.
pub fn pool_settings(section: &UpstreamSection) -> Result<PoolSettings, ConfigError> {
	let tls = client_config(section.extra_roots.as_deref())
		.map_err(|error| ConfigError::invalid("upstream.extra-roots", error.to_string()))?;
	let timeout = Duration::from_millis(section.connect_timeout_ms);
	let connect = ConnectSettings { timeout, ..ConnectSettings::new(tls) };
	Ok(PoolSettings {
		max_connections: section.max_connections,
		max_idle: section.max_connections,
		idle_timeout: Duration::from_secs(section.idle_secs),
		..PoolSettings::new(connect)
	})
}

/// Settings of the WebSockets of clients.
pub fn websocket_settings(section: &WebSocketSection) -> WebSocketSettings {
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

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn sections_become_settings() {
		let mut section = FrontSection { threads: 3, ..FrontSection::default() };
		let listen = ([127, 0, 0, 1], 7).into();
		let trusted = ["10.0.0.0/8".to_owned()];
		let settings = front_settings(&section, listen, &trusted).unwrap();
		assert_eq!((settings.workers, settings.listeners[0].address), (3, listen));
		assert_eq!(settings.cors, Some(Cors::default()));
		assert!(settings.trusted_proxies[0].contains([10, 1, 2, 3].into()));

		section.cors_origins = vec!["https://a.org".into()];
		section.tls_certificate = Some("cert.pem".into());
		section.tls_key = Some("key.pem".into());
		let settings = front_settings(&section, listen, &[]).unwrap();
		assert_eq!(settings.cors.unwrap().origins, Origins::Only(vec!["https://a.org".into()]));
		assert!(settings.listeners[0].tls.is_some());

		section.cors_origins.clear();
		assert!(front_settings(&section, listen, &[]).unwrap().cors.is_none());
		assert!(front_settings(&section, listen, &["10/8".into()]).is_err());
	}

	#[test]
	fn a_missing_file_of_roots_is_named() {
		let section = UpstreamSection {
			extra_roots: Some("missing.pem".into()),
			..UpstreamSection::default()
		};
		let refused = pool_settings(&section).unwrap_err().to_string();
		assert!(refused.contains("extra-roots") && refused.contains("missing.pem"), "{refused}");
		assert!(!pool_settings(&UpstreamSection::default()).unwrap().connect.allow_private);
	}
}

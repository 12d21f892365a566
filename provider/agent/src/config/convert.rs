// SPDX-License-Identifier: Apache-2.0

//! From the tables of the file to the settings of the parts.

use super::ProviderConfig;
use crate::{
	bidder::{BidRules, BidderSettings, CapacityRules, Formula, Policy},
	reconcile::{DriverSettings, Rules, Timeouts},
};
use std::{collections::BTreeMap, time::Duration};
use surety_engine::{Limits, Settings};
use surety_gateway::{
	config::ConfigError,
	front::{FrontSettings, Listener, TlsFiles},
};
use surety_primitives::{AssetId, Resources};

/// Milliseconds of an hour.
const HOUR: u64 = 3_600_000;

impl ProviderConfig {
	/// Bounds of the reconciler.
	pub fn rules(&self) -> Rules {
		let lease = &self.lease;
		Rules {
			observation_ms: lease.observation_secs.saturating_mul(1_000),
			decline_margin: lease.decline_margin,
			max_image_bytes: lease.max_image_gib.saturating_mul(1 << 30),
			keep_failed_ms: lease.keep_failed_hours.saturating_mul(HOUR),
			keep_orphans_ms: lease.keep_orphans_hours.saturating_mul(HOUR),
			default_bandwidth: lease.default_bandwidth_mbit,
			access_host: lease.access_host.clone(),
			..Rules::default()
		}
	}

	/// Settings of the container engine, whose data are in `engine` of the data directory.
	///
	/// Errors: the field that cannot be used.
	pub fn engine(&self) -> Result<Settings, ConfigError> {
		let data = std::path::absolute(&self.data)
			.map_err(|error| ConfigError::invalid("data", error.to_string()))?;
		let engine = self.engine.clone();
		let settings = Settings {
			socket: engine.socket,
			data_dir: data.join("engine"),
			name: engine.name,
			address: engine.address,
			first_port: engine.first_port,
			last_port: engine.last_port,
			subnets: engine.subnets,
			dns: engine.dns,
			forbidden: engine.forbidden,
			forbidden_ports: engine.forbidden_ports,
			private_registries: engine.private_registries,
			mirrors: engine.mirrors,
			roots: engine.registry_roots,
			runtime: engine.runtime,
			gpus: engine.gpus,
			gpu_class: self.capacity.gpu_class.clone(),
			limits: Limits {
				pids: engine.pids,
				bandwidth_mbps: self.lease.default_bandwidth_mbit,
				unpacked_gib: engine.unpacked_gib,
				reserve_gib: engine.reserve_gib,
				..Limits::default()
			},
			capacity: surety_engine::Resources {
				bandwidth_mbps: self.capacity.bandwidth_mbit,
				..surety_engine::Resources::default()
			},
			timeouts: surety_engine::Timeouts {
				fetch: engine.fetch_secs,
				..surety_engine::Timeouts::default()
			},
			..Settings::default()
		};
		settings.validate().map_err(|reason| ConfigError::invalid("engine", reason))?;
		Ok(settings)
	}

	/// Settings of the driver.
	pub fn driver(&self) -> DriverSettings {
		let timeouts = Timeouts {
			fetch: Duration::from_secs(self.engine.fetch_secs),
			engine: Duration::from_millis(self.engine.timeout_ms),
			..Timeouts::default()
		};
		DriverSettings { rules: self.rules(), timeouts, fetches: self.engine.fetches }
	}

	/// Settings of the bidder.
	///
	/// - `own_key`: true if the key is the operator's own.
	pub fn bidder(&self, own_key: bool) -> Result<BidderSettings, ConfigError> {
		let bid = &self.bid;
		let formula = Formula {
			floor: bid.floor.0,
			cpu: bid.cpu.0,
			memory: bid.memory.0,
			storage: bid.storage.0,
			gpu: bid.gpu.0,
			bandwidth: bid.bandwidth.0,
			load_percent: bid.load_percent,
			margin_percent: bid.margin_percent,
		};
		let policy = Policy {
			regions: bid.regions.clone(),
			min_tenant_score: bid.min_tenant_score,
			allow_images: bid.allow_images.clone(),
			deny_images: bid.deny_images.clone(),
			max_image_bytes: self.rules().max_image_bytes,
			private_parts: bid.private_parts,
			foreign_terms: bid.foreign_terms,
			max_duration: bid.max_duration,
		};
		let rules = BidRules {
			formulas: BTreeMap::from([(AssetId::Native, formula)]),
			policy,
			bond_reserve: bid.bond_reserve.0,
			step_percent: bid.step_percent,
		};
		Ok(BidderSettings {
			rules: bid.enabled.then_some(rules),
			capacity: self.capacity.declare.then(|| self.capacity()).transpose()?,
			own_key,
		})
	}

	fn capacity(&self) -> Result<CapacityRules, ConfigError> {
		let capacity = &self.capacity;
		let class = capacity.gpu_class.as_bytes();
		let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
		let reason = "lower-case letters, digits and dashes, at most 32";
		let invalid = || ConfigError::invalid("capacity.gpu-class", reason);
		if !class.iter().all(plain) {
			return Err(invalid());
		}
		let most = Resources {
			cpu_milli: capacity.cpu_milli,
			memory_mib: capacity.memory_mib,
			storage_gib: capacity.storage_gib,
			bandwidth_mbit: capacity.bandwidth_mbit,
			gpus: capacity.gpus,
			..Resources::default()
		};
		let gpu_class = class.to_vec().try_into().map_err(|_| invalid())?;
		Ok(CapacityRules { percent: capacity.percent, most, gpu_class })
	}

	/// Settings of the public listener.
	pub fn public_front(&self) -> FrontSettings {
		let front = &self.front;
		let tls = front
			.tls_certificate
			.clone()
			.zip(front.tls_key.clone())
			.map(|(certificate, key)| TlsFiles { certificate, key });
		FrontSettings {
			listeners: vec![Listener { address: self.listen(), tls }],
			workers: front.threads.clamp(1, 4),
			max_connections: front.max_connections,
			max_connections_per_address: front.max_connections_per_ip,
			max_requests: front.max_requests,
			max_head: front.max_header_bytes,
			head_timeout: Duration::from_millis(front.header_timeout_ms),
			idle_timeout: Duration::from_secs(front.idle_timeout_secs),
			..FrontSettings::default()
		}
	}

	/// Settings of the control listener.
	pub fn control_front(&self) -> FrontSettings {
		FrontSettings {
			listeners: vec![Listener::plain(self.control())],
			workers: 1,
			max_connections: 64,
			max_connections_per_address: 64,
			max_requests: 64,
			..FrontSettings::default()
		}
	}
}

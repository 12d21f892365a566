// SPDX-License-Identifier: Apache-2.0

//! Settings of an engine.

use crate::{Cidr, Resources};
use serde::{Deserialize, Serialize};
use std::{
	collections::{BTreeMap, BTreeSet},
	net::IpAddr,
	path::PathBuf,
};

/// Settings of an engine. Every field has a default.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
	/// Socket of the engine's Docker API.
	pub socket: PathBuf,
	/// Directory of records and volumes. One agent owns it.
	pub data_dir: PathBuf,
	/// Name of this agent on the machine: label of its containers, prefix of names, and name of its
	/// nft table. At most 6 lower-case letters or digits, because bridges are named with it.
	pub name: String,
	/// Address on which ports are published; all addresses if none.
	pub address: Option<IpAddr>,
	/// First host port for leases.
	pub first_port: u16,
	/// Last host port for leases.
	pub last_port: u16,
	/// Range from which each lease gets a /28.
	pub subnets: Cidr,
	/// Resolvers that containers may ask; those of the host, else public ones, if empty.
	pub dns: Vec<IpAddr>,
	/// Ranges that no lease may reach, besides all private and reserved ones.
	pub forbidden: Vec<Cidr>,
	/// Ports that no lease may reach outside. Mail (25) is blocked unless the list is changed.
	pub forbidden_ports: BTreeSet<u16>,
	/// Registries (`host` or `host:port`) that may have a private address. Plain HTTP is spoken
	/// with those on loopback only.
	pub private_registries: BTreeSet<String>,
	/// Registries that are asked in place of others, by the name in the order, such as
	/// `docker.io` = `mirror.example`.
	pub mirrors: BTreeMap<String, String>,
	/// File with root certificates (PEM) for registries, besides the public ones.
	pub roots: Option<PathBuf>,
	/// OCI runtime, such as `runsc`; the engine's default if none.
	pub runtime: Option<String>,
	/// Names of CDI devices that may be leased, such as `nvidia.com/gpu=0`. One is one GPU.
	pub gpus: Vec<String>,
	/// Class of all of them, such as `h100`.
	pub gpu_class: String,
	/// Capabilities that are left to a container. Servers that start as root and change their user,
	/// as most images do, need the default ones.
	pub capabilities: BTreeSet<String>,
	/// Read-only root file system: only `/tmp`, `/run` and the image's volumes can be written. Many
	/// images do not start with it.
	pub read_only: bool,
	/// Bounds that the order does not name.
	pub limits: Limits,
	/// Resources of the machine that may be leased; all of them where 0. A bandwidth that is larger
	/// than the speed of the link is that speed.
	pub capacity: Resources,
	/// Bounds on time.
	pub timeouts: Timeouts,
}

/// Bounds that the order does not name.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
	/// Processes and threads of a container.
	pub pids: u32,
	/// Open files of a process.
	pub open_files: u32,
	/// Shared memory in MiB; part of the memory.
	pub shm_mib: u32,
	/// Size of a container's log in MiB.
	pub log_mib: u32,
	/// Bandwidth in Mbit/s where the order names none.
	pub bandwidth_mbps: u32,
	/// Size of an unpacked image in GiB.
	pub unpacked_gib: u32,
	/// Space in GiB that a fetch leaves free on the disk.
	pub reserve_gib: u32,
}

/// Bounds on time, in seconds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
	/// A request to the engine.
	pub request: u64,
	/// Grace of a container between its stop signal and its end.
	pub stop: u32,
	/// All requests to a registry for one image.
	pub registry: u64,
	/// Fetch of an image.
	pub fetch: u64,
	/// Silence within a fetch.
	pub silence: u64,
}

impl Default for Settings {
	fn default() -> Self {
		Self {
			socket: "/run/podman/podman.sock".into(),
			data_dir: "/var/lib/surety/engine".into(),
			name: "surety".into(),
			address: None,
			first_port: 30_000,
			last_port: 31_999,
			// RFC 6598 space: neither home networks nor the defaults of engines are in it.
			subnets: Cidr::new(IpAddr::from([100, 96, 0, 0]), 14)
				.unwrap_or_else(|| unreachable!("14 bits fit")),
			dns: Vec::new(),
			forbidden: Vec::new(),
			forbidden_ports: BTreeSet::from([25]),
			private_registries: BTreeSet::new(),
			mirrors: BTreeMap::new(),
			roots: None,
			runtime: None,
			gpus: Vec::new(),
			gpu_class: String::new(),
			capabilities: [
				"CHOWN",
				"DAC_OVERRIDE",
				"FOWNER",
				"KILL",
				"NET_BIND_SERVICE",
				"SETGID",
				"SETUID",
			]
			.map(String::from)
			.into(),
			read_only: false,
			limits: Limits::default(),
			capacity: Resources::default(),
			timeouts: Timeouts::default(),
		}
	}
}

impl Default for Limits {
	fn default() -> Self {
		Self {
			pids: 512,
			open_files: 4_096,
			shm_mib: 64,
			log_mib: 16,
			bandwidth_mbps: 100,
			unpacked_gib: 50,
			reserve_gib: 5,
		}
	}
}

impl Default for Timeouts {
	fn default() -> Self {
		Self { request: 30, stop: 10, registry: 30, fetch: 1_800, silence: 120 }
	}
}

impl Settings {
	/// Check what the types do not say.
	pub fn validate(&self) -> Result<(), String> {
		let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
		if self.name.is_empty() || self.name.len() > 6 || !self.name.chars().all(plain) {
			return Err(format!("name = {:?}: 1 to 6 lower-case letters or digits", self.name));
		}
		if self.first_port < 1024 || self.first_port > self.last_port {
			return Err("first_port: at least 1024 and at most last_port".into());
		}
		if !self.subnets.is_v4() || self.subnets.prefix() > 24 || self.subnets.prefix() < 8 {
			return Err("subnets: an IPv4 range of /8 to /24".into());
		}
		if !self.data_dir.is_absolute() {
			return Err("data_dir: an absolute path".into());
		}
		let capability = |c: &String| c.chars().all(|c| c.is_ascii_uppercase() || c == '_');
		if let Some(wrong) = self.capabilities.iter().find(|c| !capability(c)) {
			return Err(format!("capabilities: {wrong:?} is none; write them as NET_BIND_SERVICE"));
		}
		Ok(())
	}

	/// Resolvers that containers may ask.
	pub fn resolvers(&self) -> Vec<IpAddr> {
		if !self.dns.is_empty() {
			return self.dns.clone();
		}
		let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
		let mut found: Vec<IpAddr> = text
			.lines()
			.filter_map(|line| line.trim().strip_prefix("nameserver"))
			.filter_map(|rest| rest.trim().parse().ok())
			.filter(|address: &IpAddr| !address.is_loopback())
			.take(3)
			.collect();
		if found.is_empty() {
			found = vec![IpAddr::from([1, 1, 1, 1]), IpAddr::from([9, 9, 9, 9])];
		}
		found
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn defaults_are_valid_and_an_empty_file_is_the_defaults() {
		Settings::default().validate().unwrap();
		let parsed: Settings = serde_json::from_str("{}").unwrap();
		assert_eq!(parsed, Settings::default());
		assert!(serde_json::from_str::<Settings>(r#"{"sokcet":"/x"}"#).is_err());
	}

	#[test]
	fn wrong_settings_are_named() {
		let wrong = |change: fn(&mut Settings)| {
			let mut settings = Settings::default();
			change(&mut settings);
			settings.validate().unwrap_err()
		};
		assert!(wrong(|s| s.name = "much-too-long".into()).contains("name"));
		assert!(wrong(|s| s.first_port = 80).contains("first_port"));
		assert!(wrong(|s| s.subnets = "fd00::/16".parse().unwrap()).contains("subnets"));
		assert!(wrong(|s| s.data_dir = "here".into()).contains("data_dir"));
		assert!(wrong(|s| s.capabilities = ["net raw".into()].into()).contains("capabilities"));
	}
}

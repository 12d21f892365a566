// SPDX-License-Identifier: Apache-2.0

//! Tables of the configuration file.

use serde::{Deserialize, Serialize};
use std::{
	collections::{BTreeMap, BTreeSet},
	fs,
	net::IpAddr,
	path::{Path, PathBuf},
};
use surety_engine::{Cidr, Settings};
use surety_gateway::config::Sure;
use surety_primitives::{BlockNumber, Region};

/// Sockets at which engines listen, if nobody said otherwise.
const SOCKETS: [&str; 3] = ["/run/podman/podman.sock", "/run/docker.sock", "/var/run/docker.sock"];

/// Sockets of engines that are on this machine, each once.
pub fn engine_sockets() -> Vec<PathBuf> {
	let mut seen = BTreeSet::new();
	let is_new = |path: &&Path| fs::canonicalize(path).is_ok_and(|real| seen.insert(real));
	SOCKETS.iter().map(Path::new).filter(is_new).map(Path::to_owned).collect()
}

/// Container engine.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct EngineSection {
	/// Socket of the engine's Docker API, podman's or dockerd's.
	pub socket: PathBuf,
	/// Name of the agent on this machine: label of its containers, prefix of their names, and name
	/// of its nft table. Two agents on one machine need different ones.
	pub name: String,
	/// Address on which ports of leases are published; all addresses if left out.
	pub address: Option<IpAddr>,
	/// First host port of leases.
	pub first_port: u16,
	/// Last host port of leases.
	pub last_port: u16,
	/// IPv4 range from which each lease gets a /28.
	pub subnets: Cidr,
	/// Resolvers that leases may ask; those of the host, else public ones, if empty.
	pub dns: Vec<IpAddr>,
	/// Ranges that no lease may reach, besides all private and reserved ones.
	pub forbidden: Vec<Cidr>,
	/// Ports that no lease may reach outside.
	pub forbidden_ports: BTreeSet<u16>,
	/// Registries (`host` or `host:port`) that may have a private address.
	pub private_registries: BTreeSet<String>,
	/// Registries that are asked in place of others, by the name in the order.
	pub mirrors: BTreeMap<String, String>,
	/// PEM file with root certificates for registries, besides the public ones.
	pub registry_roots: Option<PathBuf>,
	/// OCI runtime, such as `runsc`; the engine's default if left out.
	pub runtime: Option<String>,
	/// Names of CDI devices that may be leased, such as `nvidia.com/gpu=0`. One is one GPU.
	pub gpus: Vec<String>,
	/// Processes and threads of a lease.
	pub pids: u32,
	/// Largest unpacked image in GiB.
	pub unpacked_gib: u32,
	/// Space in GiB that is left free on the disk.
	pub reserve_gib: u32,
	/// Time between two observations.
	pub observe_ms: u64,
	/// Longest time for an observation, a start, a stop or a removal.
	pub timeout_ms: u64,
	/// Longest time for the fetch of an image.
	pub fetch_secs: u64,
	/// Images that are fetched at a time.
	pub fetches: usize,
}

impl Default for EngineSection {
	fn default() -> Self {
		let settings = Settings::default();
		Self {
			socket: settings.socket,
			name: settings.name,
			address: settings.address,
			first_port: settings.first_port,
			last_port: settings.last_port,
			subnets: settings.subnets,
			dns: settings.dns,
			forbidden: settings.forbidden,
			forbidden_ports: settings.forbidden_ports,
			private_registries: settings.private_registries,
			mirrors: settings.mirrors,
			registry_roots: settings.roots,
			runtime: settings.runtime,
			gpus: settings.gpus,
			pids: settings.limits.pids,
			unpacked_gib: settings.limits.unpacked_gib,
			reserve_gib: settings.limits.reserve_gib,
			observe_ms: 3_000,
			timeout_ms: 90_000,
			fetch_secs: 600,
			fetches: 4,
		}
	}
}

/// Leases.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LeaseSection {
	/// Oldest observation from which health is told.
	pub observation_secs: u64,
	/// Blocks before the end of the fetch window in which a lease that is not sure to start is
	/// declined.
	pub decline_margin: BlockNumber,
	/// Largest image, compressed.
	pub max_image_gib: u64,
	/// Time for which the data of leases are kept that ended by a failure.
	pub keep_failed_hours: u64,
	/// Time for which containers are kept that the chain does not know.
	pub keep_orphans_hours: u64,
	/// Bandwidth of orders that ask for none.
	pub default_bandwidth_mbit: u32,
	/// Host by which tenants reach published ports. That of the endpoint if left out.
	pub access_host: Option<String>,
}

impl Default for LeaseSection {
	fn default() -> Self {
		Self {
			observation_secs: 15,
			decline_margin: 4,
			max_image_gib: 8,
			keep_failed_hours: 24,
			keep_orphans_hours: 168,
			default_bandwidth_mbit: 100,
			access_host: None,
		}
	}
}

/// Resources to declare.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CapacitySection {
	/// Declare them.
	pub declare: bool,
	/// Share of the machine.
	pub percent: u32,
	/// Most CPUs in thousandths; 0 for the share.
	pub cpu_milli: u32,
	/// Most memory; 0 for the share.
	pub memory_mib: u32,
	/// Most storage; 0 for the share.
	pub storage_gib: u32,
	/// Most bandwidth; 0 for that of the machine.
	pub bandwidth_mbit: u32,
	/// Most GPUs; 0 for all.
	pub gpus: u16,
	/// Class of the GPUs, such as `h100`. Without it none are sold.
	pub gpu_class: String,
}

impl Default for CapacitySection {
	fn default() -> Self {
		Self {
			declare: true,
			percent: 80,
			cpu_milli: 0,
			memory_mib: 0,
			storage_gib: 0,
			bandwidth_mbit: 0,
			gpus: 0,
			gpu_class: String::new(),
		}
	}
}

/// Bids. Prices are in SURE per hour.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct BidSection {
	/// Make bids.
	pub enabled: bool,
	/// Lowest price of a replica.
	pub floor: Sure,
	/// Price of a CPU.
	pub cpu: Sure,
	/// Price of a GiB of memory.
	pub memory: Sure,
	/// Price of a GiB of storage.
	pub storage: Sure,
	/// Price of a GPU.
	pub gpu: Sure,
	/// Price of 100 Mbit/s.
	pub bandwidth: Sure,
	/// Percentage that a full machine adds.
	pub load_percent: u32,
	/// Percentage above the formula at which is bid if nobody else does.
	pub margin_percent: u32,
	/// Change in percent below which a bid stays.
	pub step_percent: u32,
	/// Bond that is never used.
	pub bond_reserve: Sure,
	/// Regions of services that bid; all if empty.
	pub regions: Vec<Region>,
	/// Lowest score of a tenant.
	pub min_tenant_score: u8,
	/// Patterns of images that are taken; all if empty.
	pub allow_images: Vec<String>,
	/// Patterns of images that are not taken.
	pub deny_images: Vec<String>,
	/// Take orders with a private part.
	pub private_parts: bool,
	/// Accept terms that the service does not promise. Needs the operator's own key.
	pub foreign_terms: bool,
	/// Longest duration in blocks; any if 0.
	pub max_duration: BlockNumber,
}

impl Default for BidSection {
	fn default() -> Self {
		let sure = |thousandths: u128| Sure(thousandths.saturating_mul(1_000_000_000));
		Self {
			enabled: true,
			floor: sure(1),
			cpu: sure(10),
			memory: sure(3),
			storage: Sure(20_000_000),
			gpu: sure(1_000),
			bandwidth: sure(1),
			load_percent: 30,
			margin_percent: 25,
			step_percent: 2,
			bond_reserve: Sure(0),
			regions: Vec::new(),
			min_tenant_score: 0,
			allow_images: Vec::new(),
			deny_images: Vec::new(),
			private_parts: true,
			foreign_terms: false,
			max_duration: 0,
		}
	}
}

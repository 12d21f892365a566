// SPDX-License-Identifier: Apache-2.0

//! Answers of engines, as far as they are used.
//!
//! The types of bollard refuse a whole answer for one unknown word, and engines know words that
//! others don't (podman's `stopped` and `initialized`). These take any, and what is absent or
//! `null`, as Go writes what is empty, is the default.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;
use std::collections::BTreeMap;

/// Read an answer.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
	let mut value: Value = serde_json::from_slice(bytes)?;
	strip(&mut value);
	serde_json::from_value(value)
}

/// Remove what is `null`. The parser bounds the depth.
fn strip(value: &mut Value) {
	match value {
		Value::Object(map) => {
			map.retain(|_, value| !value.is_null());
			map.values_mut().for_each(strip);
		},
		Value::Array(list) => list.iter_mut().for_each(strip),
		_ => {},
	}
}

/// Container in a list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Listed {
	pub id: String,
	pub names: Vec<String>,
	pub labels: BTreeMap<String, String>,
}

/// Container as inspected.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Inspected {
	pub id: String,
	pub name: String,
	pub image: String,
	pub state: State,
	pub host_config: HostConfig,
	pub graph_driver: GraphDriver,
	pub config: Config,
	pub network_settings: NetworkSettings,
	pub mounts: Vec<Mount>,
}

/// Container as libpod's API has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Libpod {
	#[serde(rename = "OCIRuntime")]
	pub runtime: String,
}

/// State of a container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct State {
	pub status: String,
	#[serde(rename = "OOMKilled")]
	pub oom_killed: bool,
	pub pid: u32,
	pub exit_code: i64,
	pub error: String,
	pub started_at: String,
	pub finished_at: String,
}

/// Bounds of a container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct HostConfig {
	pub memory: i64,
	pub memory_swap: i64,
	pub nano_cpus: i64,
	pub cpu_quota: i64,
	pub cpu_period: i64,
	pub pids_limit: i64,
	pub security_opt: Vec<String>,
	pub restart_policy: Named,
	pub readonly_rootfs: bool,
	pub privileged: bool,
	pub runtime: String,
	pub port_bindings: BTreeMap<String, Vec<Binding>>,
}

/// Thing with a name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Named {
	pub name: String,
}

/// Host port.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Binding {
	pub host_port: String,
}

/// Storage of a container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct GraphDriver {
	pub name: String,
	pub data: BTreeMap<String, String>,
}

/// Configuration of a container or an image.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Config {
	pub env: Vec<String>,
	pub cmd: Vec<String>,
	#[serde(deserialize_with = "words")]
	pub entrypoint: Vec<String>,
	pub labels: BTreeMap<String, String>,
	pub volumes: BTreeMap<String, Value>,
}

/// Networks of a container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct NetworkSettings {
	pub networks: BTreeMap<String, Value>,
}

/// Mount of a container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Mount {
	pub name: String,
	pub destination: String,
}

/// Image as inspected.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Image {
	pub id: String,
	pub repo_digests: Vec<String>,
	pub os: String,
	pub architecture: String,
	pub size: i64,
	pub config: Config,
}

/// Network as inspected.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Network {
	pub id: String,
	pub name: String,
	pub labels: BTreeMap<String, String>,
}

/// Volumes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Volumes {
	pub volumes: Vec<VolumeEntry>,
}

/// Volume in a list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct VolumeEntry {
	pub name: String,
	pub mountpoint: String,
	pub labels: BTreeMap<String, String>,
}

/// Facts of an engine.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Info {
	#[serde(rename = "NCPU")]
	pub cpus: u32,
	pub mem_total: i64,
	pub driver: String,
	pub docker_root_dir: String,
	pub live_restore_enabled: bool,
	pub memory_limit: bool,
	pub pids_limit: bool,
	#[serde(rename = "CpuCfsQuota")]
	pub cpu_quota: bool,
	pub runtimes: BTreeMap<String, Value>,
}

/// Use of resources.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Stats {
	#[serde(rename = "cpu_stats")]
	pub cpu: CpuStats,
	#[serde(rename = "memory_stats")]
	pub memory: MemoryStats,
	#[serde(rename = "pids_stats")]
	pub pids: PidsStats,
	#[serde(rename = "networks")]
	pub networks: BTreeMap<String, NetworkStats>,
}

/// Processor time.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct CpuStats {
	#[serde(rename = "cpu_usage")]
	pub usage: CpuUsage,
}

/// Processor time in nanoseconds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct CpuUsage {
	#[serde(rename = "total_usage")]
	pub total: u64,
}

/// Memory in bytes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct MemoryStats {
	#[serde(rename = "usage")]
	pub usage: u64,
	#[serde(rename = "limit")]
	pub limit: u64,
	#[serde(rename = "stats")]
	pub stats: BTreeMap<String, Value>,
}

/// Number of processes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct PidsStats {
	#[serde(rename = "current")]
	pub current: u64,
}

/// Bytes of an interface.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct NetworkStats {
	#[serde(rename = "rx_bytes")]
	pub received: u64,
	#[serde(rename = "tx_bytes")]
	pub sent: u64,
}

/// Process that a tenant started in a container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Process {
	pub running: bool,
	pub pid: i64,
	pub exit_code: i64,
	#[serde(rename = "ContainerID")]
	pub container_id: String,
}

/// Thing that was created. Engines disagree about the case of its id.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Created {
	#[serde(alias = "id")]
	pub id: String,
}

/// Podman 4 writes an entry point as one string in libpod's API, and as a list in Docker's.
fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
	#[derive(Deserialize)]
	#[serde(untagged)]
	enum Either {
		List(Vec<String>),
		Line(String),
	}
	Ok(match Either::deserialize(deserializer)? {
		Either::List(list) => list,
		Either::Line(line) => line.split_whitespace().map(String::from).collect(),
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn null_and_unknown_words_are_taken() {
		let inspected: Inspected = read(
			r#"{"State":{"Status":"stopping","OOMKilled":true,"New":1},"Config":null,
				"HostConfig":{"SecurityOpt":null,"PidsLimit":null,"PortBindings":{"80/tcp":null}}}"#
				.as_bytes(),
		)
		.unwrap();
		assert_eq!(inspected.state.status, "stopping");
		assert!(inspected.state.oom_killed && inspected.host_config.security_opt.is_empty());
	}

	#[test]
	fn entry_points_are_taken_in_both_forms() {
		let read = |text: &str| read::<Config>(text.as_bytes()).unwrap().entrypoint;
		assert_eq!(read(r#"{"Entrypoint":["/a","b"]}"#), ["/a", "b"]);
		assert_eq!(read(r#"{"Entrypoint":"/a b"}"#), ["/a", "b"]);
		assert!(read(r#"{"Entrypoint":null}"#).is_empty());
	}
}

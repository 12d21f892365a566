// SPDX-License-Identifier: Apache-2.0

//! Plan of a container: what an engine is asked for, and what is checked afterwards.

use crate::{
	EngineError, LeaseId, Port, Resources, Settings, Spec, files::check_path, record::Record,
	registry::digest_of,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Label with the name of the agent.
pub(crate) const AGENT: &str = "surety.agent";
/// Label with the lease.
pub(crate) const LEASE: &str = "surety.lease";
/// Label with [`Want`], by which a restarted agent knows what a container should be.
pub(crate) const WANT: &str = "surety.want";

/// Bytes of all files of a specification.
const FILES: usize = 16 << 20;
/// Bytes of all variables, and of all arguments.
const WORDS: usize = 256 << 10;
/// Ports of a lease.
const PORTS: usize = 32;

/// Parts of a specification that are checked on every look, without the tenant's secrets.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Want {
	/// Hash of the whole specification.
	pub spec: String,
	/// Digest of the image.
	pub digest: String,
	/// Name of the image at the engine.
	pub pull: String,
	/// Bounds, with the defaults filled in.
	pub resources: Resources,
	/// Host ports by container port.
	pub ports: BTreeMap<Port, u16>,
	/// CDI devices.
	pub gpus: Vec<String>,
	/// Class of them.
	pub gpu_class: String,
	/// Processes.
	pub pids: u32,
	/// Open files.
	pub open_files: u32,
	/// Capabilities.
	pub capabilities: BTreeSet<String>,
	/// OCI runtime.
	pub runtime: Option<String>,
	/// Read-only root file system.
	pub read_only: bool,
}

/// Volume of the image, as a directory of the lease's disk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Place {
	/// Name at the engine.
	pub name: String,
	/// Path in the container.
	pub path: String,
}

/// Plan of a container.
pub(crate) struct Plan<'a> {
	/// Lease, image, command, environment.
	pub spec: &'a Spec,
	/// Settings.
	pub settings: &'a Settings,
	/// Parts that are checked.
	pub want: Want,
	/// Volumes.
	pub places: Vec<Place>,
	/// Resolvers.
	pub resolvers: Vec<String>,
}

/// Name of a lease's container, network and bridge. A bridge has at most 15 characters.
pub(crate) fn name(settings: &Settings, lease: LeaseId) -> String {
	format!("{}-{lease:x}", settings.name)
}

/// Check a specification, which tenants write.
pub(crate) fn check(spec: &Spec) -> Result<(), EngineError> {
	let wrong = |reason: String| Err(EngineError::Refused(reason));
	let words = spec.command.iter().chain(&spec.args);
	if words.clone().any(|word| word.contains('\0')) {
		return wrong("command: an argument holds a zero byte".into());
	}
	if words.clone().map(String::len).fold(0, usize::saturating_add) > WORDS {
		return wrong(format!("command: more than {WORDS} bytes"));
	}
	let plain = |key: &str| !key.is_empty() && !key.contains(['=', '\0']);
	if spec.env.iter().any(|(key, value)| !plain(key) || value.contains('\0')) {
		return wrong("env: a name is empty or holds '=', or there is a zero byte".into());
	}
	let size = |(key, value): (&String, &String)| key.len().saturating_add(value.len());
	if spec.env.iter().map(size).fold(0, usize::saturating_add) > WORDS {
		return wrong(format!("env: more than {WORDS} bytes"));
	}
	if spec.files.values().map(Vec::len).fold(0, usize::saturating_add) > FILES {
		return wrong(format!("files: more than {FILES} bytes"));
	}
	if let Some(Err(reason)) = spec.files.keys().map(|path| check_path(path)).find(Result::is_err) {
		return wrong(reason);
	}
	let ports: BTreeSet<Port> = spec.ports.iter().copied().collect();
	let zero = ports.iter().any(|port| port.number == 0);
	if ports.len() != spec.ports.len() || zero || ports.len() > PORTS {
		return wrong(format!("ports: one is 0 or twice there, or there are more than {PORTS}"));
	}
	if spec.resources.cpu_milli < 10 || spec.resources.memory_mib < 8 {
		return wrong("resources: less than 10 thousandths of a CPU or 8 MiB".into());
	}
	Ok(())
}

impl Want {
	/// Wish for a lease with a record.
	pub fn new(
		spec: &Spec,
		record: &Record,
		settings: &Settings,
		gpus: Vec<String>,
	) -> Result<Self, EngineError> {
		let image =
			record.image.as_ref().filter(|image| image.name == spec.image).ok_or_else(|| {
				EngineError::Image("the image was not fetched; fetch it first".into())
			})?;
		if !spec.gpu_class.is_empty() && spec.gpu_class != settings.gpu_class {
			let (asked, here) = (&spec.gpu_class, &settings.gpu_class);
			let reason = format!("GPUs of the class {asked:?} are asked for, {here:?} are here");
			return Err(EngineError::Refused(reason));
		}
		let mut resources = spec.resources;
		resources.storage_gib = resources.storage_gib.max(1);
		if resources.bandwidth_mbps == 0 {
			resources.bandwidth_mbps = settings.limits.bandwidth_mbps;
		}
		// The login opens the registry and is no part of the container.
		let bare = Spec { login: None, ..spec.clone() };
		let bytes = serde_json::to_vec(&bare)
			.map_err(|e| EngineError::Refused(format!("the specification is not JSON: {e}")))?;
		Ok(Self {
			spec: digest_of(&bytes),
			digest: image.digest.clone(),
			pull: image.pull.clone(),
			resources,
			ports: record.ports.clone(),
			gpu_class: if gpus.is_empty() { String::new() } else { settings.gpu_class.clone() },
			gpus,
			pids: settings.limits.pids,
			open_files: settings.limits.open_files,
			capabilities: settings.capabilities.clone(),
			runtime: settings.runtime.clone(),
			read_only: settings.read_only,
		})
	}

	/// Memory in bytes.
	pub fn memory(&self) -> i64 {
		i64::from(self.resources.memory_mib).saturating_mul(1 << 20)
	}

	/// Processor time in billionths of a CPU.
	pub fn nano_cpus(&self) -> i64 {
		i64::from(self.resources.cpu_milli).saturating_mul(1_000_000)
	}

	/// Microseconds of processor time per 100 ms.
	pub fn quota(&self) -> i64 {
		i64::from(self.resources.cpu_milli).saturating_mul(100)
	}
}

impl Plan<'_> {
	/// Labels.
	pub fn labels(&self) -> Result<BTreeMap<String, String>, EngineError> {
		let want = serde_json::to_string(&self.want)
			.map_err(|e| EngineError::Refused(format!("labels: {e}")))?;
		Ok(BTreeMap::from([
			(AGENT.into(), self.settings.name.clone()),
			(LEASE.into(), self.spec.lease.to_string()),
			(WANT.into(), want),
		]))
	}

	/// Environment as engines of the Docker API take it.
	pub fn env(&self) -> Vec<String> {
		self.spec.env.iter().map(|(key, value)| format!("{key}={value}")).collect()
	}

	/// Directories in memory that a read-only container may write.
	pub fn tmpfs(&self) -> &'static [&'static str] {
		if self.want.read_only { &["/tmp", "/run"] } else { &[] }
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{Login, record::Fetched};

	fn spec() -> Spec {
		Spec {
			lease: 0xffff_ffff,
			image: "nginx".into(),
			login: None,
			command: Vec::new(),
			args: Vec::new(),
			env: BTreeMap::from([("PASSWORD".into(), "hunter2".into())]),
			files: BTreeMap::new(),
			resources: Resources { cpu_milli: 500, memory_mib: 64, ..Resources::default() },
			gpu_class: String::new(),
			ports: vec![Port::tcp(80)],
		}
	}

	fn record() -> Record {
		let image =
			Fetched { name: "nginx".into(), digest: "sha256:a".into(), pull: "docker.io/x".into() };
		Record { image: Some(image), ..Record::default() }
	}

	#[test]
	fn the_longest_name_is_a_name_of_a_bridge() {
		assert_eq!(name(&Settings::default(), u32::MAX).len(), 15);
	}

	#[test]
	fn labels_show_no_secret_and_change_with_the_specification() {
		let settings = Settings::default();
		let want = |spec: &Spec| Want::new(spec, &record(), &settings, Vec::new()).unwrap();
		let first = want(&spec());
		assert!(!serde_json::to_string(&first).unwrap().contains("hunter2"));
		let mut other = spec();
		other.login = Some(Login { user: "u".into(), password: "p".into() });
		assert_eq!(want(&other), first);
		other.env.insert("PASSWORD".into(), "other".into());
		assert_ne!(want(&other).spec, first.spec);
	}

	#[test]
	fn an_image_that_was_not_fetched_is_not_started() {
		let mut other = spec();
		other.image = "redis".into();
		let error = Want::new(&other, &record(), &Settings::default(), Vec::new()).unwrap_err();
		assert!(matches!(error, EngineError::Image(_)), "{error}");
	}

	#[test]
	fn gpus_of_another_class_are_refused() {
		let settings = Settings { gpu_class: "h100".into(), ..Settings::default() };
		let want = |class: &str| {
			let spec = Spec { gpu_class: class.into(), ..spec() };
			Want::new(&spec, &record(), &settings, vec!["nvidia.com/gpu=0".into()])
		};
		assert_eq!(want("").unwrap().gpu_class, "h100");
		assert_eq!(want("h100").unwrap().gpu_class, "h100");
		let error = want("a100").unwrap_err().to_string();
		assert!(error.contains("a100") && error.contains("h100"), "{error}");
	}

	#[test]
	fn specifications_beyond_bounds_are_refused() {
		let refused = |change: fn(&mut Spec)| {
			let mut spec = spec();
			change(&mut spec);
			assert!(check(&spec).is_err(), "{spec:?}");
		};
		check(&spec()).unwrap();
		refused(|s| s.command = vec!["a\0b".into()]);
		refused(|s| s.args = vec!["x".repeat(WORDS + 1)]);
		refused(|s| drop(s.env.insert("A=B".into(), String::new())));
		refused(|s| drop(s.env.insert(String::new(), String::new())));
		refused(|s| drop(s.files.insert("/x".into(), vec![0; FILES + 1])));
		refused(|s| drop(s.files.insert("../x".into(), Vec::new())));
		refused(|s| s.ports = vec![Port::udp(80), Port::udp(80)]);
		refused(|s| s.ports = (1..=33).map(Port::tcp).collect());
		refused(|s| s.ports = vec![Port::udp(0)]);
		refused(|s| s.resources.memory_mib = 0);
	}
}

// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::{
	Port, Resources,
	wire::{Binding, GraphDriver, HostConfig, Named, NetworkSettings},
};
use std::collections::BTreeMap;

fn want() -> Want {
	Want {
		spec: "s".into(),
		digest: "sha256:1".into(),
		pull: "a/b@sha256:1".into(),
		resources: Resources { cpu_milli: 500, memory_mib: 64, ..Resources::default() },
		ports: BTreeMap::from([(Port::tcp(80), 30_000), (Port::udp(53), 30_001)]),
		gpus: Vec::new(),
		gpu_class: String::new(),
		pids: 100,
		open_files: 1_000,
		capabilities: BTreeSet::from(["CHOWN".into(), "NET_BIND_SERVICE".into()]),
		runtime: None,
		read_only: false,
	}
}

fn got() -> Inspected {
	Inspected {
		host_config: HostConfig {
			memory: 64 << 20,
			memory_swap: 64 << 20,
			cpu_quota: 50_000,
			cpu_period: 100_000,
			pids_limit: 100,
			security_opt: vec!["no-new-privileges".into()],
			restart_policy: Named { name: "no".into() },
			port_bindings: BTreeMap::from([
				("80/tcp".into(), vec![Binding { host_port: "30000".into() }]),
				("53/udp".into(), vec![Binding { host_port: "30001".into() }]),
			]),
			..HostConfig::default()
		},
		network_settings: NetworkSettings {
			networks: BTreeMap::from([("s-1".into(), serde_json::Value::Null)]),
		},
		..Inspected::default()
	}
}

#[test]
fn what_an_engine_ignores_is_missing() {
	assert_eq!(described(&want(), &got(), "s-1"), Vec::<String>::new());
	let missing = |change: fn(&mut Inspected)| {
		let mut got = got();
		change(&mut got);
		described(&want(), &got, "s-1")
	};
	assert_eq!(missing(|got| got.host_config.memory = 0), ["memory"]);
	assert_eq!(missing(|got| got.host_config.cpu_quota = 0), ["processor time"]);
	assert_eq!(missing(|got| got.host_config.pids_limit = -1), ["number of processes"]);
	assert_eq!(missing(|got| got.host_config.privileged = true), ["no privileges"]);
	assert_eq!(missing(|got| got.host_config.security_opt.clear()), ["no-new-privileges"]);
	assert_eq!(missing(|got| got.host_config.port_bindings.clear()), ["port 80", "port 53/udp"]);
	assert_eq!(
		missing(|got| {
			let bindings = got.host_config.port_bindings.remove("53/udp").unwrap();
			got.host_config.port_bindings.insert("53/tcp".into(), bindings);
		}),
		["port 53/udp"]
	);
	assert_eq!(
		missing(|got| got.host_config.restart_policy.name = "always".into()),
		["no restart by the engine"]
	);
	assert_eq!(
		missing(|got| drop(
			got.network_settings.networks.insert("bridge".into(), serde_json::Value::Null)
		)),
		["network of its own"]
	);
}

#[test]
fn a_runtime_is_the_one_that_was_asked_for() {
	let gap = |wanted: Option<&str>, used| {
		runtime_gap(&Want { runtime: wanted.map(String::from), ..want() }, used)
	};
	assert_eq!(gap(None, "runc"), None);
	assert_eq!(gap(Some("runsc"), "/usr/bin/runsc"), None);
	for used in ["runc", "oci", ""] {
		assert_eq!(gap(Some("runsc"), used).as_deref(), Some("runtime runsc"));
	}
}

#[test]
fn rights_are_read_from_the_kernel() {
	// CHOWN is bit 0, NET_BIND_SERVICE bit 10.
	let status = |bounding: &str, flags: &str| {
		format!("Name:\tx\nCapBnd:\t{bounding}\nNoNewPrivs:\t{flags}\nSeccomp:\t2\n")
	};
	let gaps = |text: &str| status_gaps(text, &want().capabilities);
	assert_eq!(gaps(&status("0000000000000401", "1")), Vec::<String>::new());
	assert_eq!(gaps(&status("00000000a80425fb", "1")), ["capabilities dropped"]);
	assert_eq!(gaps(&status("0000000000000000", "0")), ["no-new-privileges"]);
	assert_eq!(gaps("").len(), 3);
}

#[test]
fn bounds_are_read_from_both_versions_of_control_groups() {
	let root = tempfile::tempdir().unwrap();
	let write = |path: &str, text: &str| {
		let path = root.path().join(path);
		fs::create_dir_all(path.parent().unwrap()).unwrap();
		fs::write(path, text).unwrap();
	};
	write("memory/a/memory.limit_in_bytes", "67108864\n");
	write("pids/a/pids.max", "100\n");
	write("b/memory.max", "max\n");
	write("b/pids.max", "100\n");
	let old = "4:pids:/a\n3:memory:/a\n0::/\n";
	assert_eq!(cgroup_gaps(old, &want(), root.path()), Vec::<String>::new());
	assert_eq!(cgroup_gaps("0::/b\n", &want(), root.path()), ["memory"]);
}

#[test]
fn only_a_layer_of_an_engines_storage_is_covered() {
	let layer = |name: &str, upper: &str| {
		super::layer(&Inspected {
			graph_driver: GraphDriver {
				name: name.into(),
				data: BTreeMap::from([("UpperDir".into(), upper.into())]),
			},
			..Inspected::default()
		})
	};
	let path = "/var/lib/docker/overlay2/abc/diff";
	assert_eq!(layer("overlay2", path), Some(PathBuf::from("/var/lib/docker/overlay2/abc")));
	assert_eq!(layer("vfs", path), None);
	for path in ["/diff", "/etc/diff", "var/lib/x/y/diff", "/var/lib/docker/overlay2/abc/etc"] {
		assert_eq!(layer("overlay2", path), None, "{path}");
	}
}

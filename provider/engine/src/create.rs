// SPDX-License-Identifier: Apache-2.0

//! Creation of containers, networks and volumes, in the words of each engine.

use crate::{
	EngineError, LeaseId, Settings,
	client::{Client, Failure},
	plan::{AGENT, LEASE, Plan, name},
	wire::{Created, Network, VolumeEntry, Volumes},
};
use bollard::models::{
	ContainerCreateBody, HostConfig, HostConfigLogConfig, Ipam, IpamConfig, Mount, MountType,
	NetworkCreateRequest, PortBinding, ResourcesUlimits, RestartPolicy, RestartPolicyNameEnum,
	VolumeCreateRequest,
};
use http::Method;
use serde_json::{Value, json};
use std::{
	collections::{BTreeMap, HashMap},
	net::{IpAddr, Ipv4Addr},
	path::Path,
};

fn labels(settings: &Settings, lease: LeaseId) -> HashMap<String, String> {
	HashMap::from([(AGENT.into(), settings.name.clone()), (LEASE.into(), lease.to_string())])
}

/// First address of the n-th /28 of a range.
pub(crate) fn subnet(settings: &Settings, number: u32) -> Option<(Ipv4Addr, Ipv4Addr)> {
	let IpAddr::V4(base) = settings.subnets.address() else { return None };
	let first = base.to_bits().checked_add(number.checked_mul(16)?)?;
	Some((Ipv4Addr::from_bits(first), Ipv4Addr::from_bits(first.checked_add(1)?)))
}

/// Networks of this agent by lease; dockerd may have several of one name.
pub(crate) async fn networks(
	client: &Client,
	settings: &Settings,
	lease: LeaseId,
) -> Result<Vec<Network>, EngineError> {
	let all: Vec<Network> = client.docker(Method::GET, "/networks", None::<&()>).await?;
	let name = name(settings, lease);
	Ok(all.into_iter().filter(|network| network.name == name).collect())
}

/// Create the network of a lease unless it is there.
pub(crate) async fn network(
	client: &Client,
	settings: &Settings,
	lease: LeaseId,
	number: u32,
) -> Result<(), Failure> {
	let name = name(settings, lease);
	let (first, gateway) =
		subnet(settings, number).ok_or_else(|| Failure::Down("the subnet is beyond all".into()))?;
	let subnet = format!("{first}/28");
	let identity = client.identity().await?;
	if identity.podman {
		// Docker's API cannot name the bridge of podman 4.
		let body = json!({
			"name": name,
			"driver": "bridge",
			"network_interface": name,
			"dns_enabled": true,
			"ipv6_enabled": false,
			"subnets": [{ "subnet": subnet, "gateway": gateway }],
			"labels": labels(settings, lease),
		});
		let _: Value = client.libpod(Method::POST, "/networks/create", Some(&body)).await?;
		return Ok(());
	}
	let config = IpamConfig {
		subnet: Some(subnet),
		gateway: Some(gateway.to_string()),
		..IpamConfig::default()
	};
	let request = NetworkCreateRequest {
		name: name.clone(),
		driver: Some("bridge".into()),
		ipam: Some(Ipam { config: Some(vec![config]), ..Ipam::default() }),
		enable_ipv6: Some(false),
		options: Some(HashMap::from([("com.docker.network.bridge.name".into(), name)])),
		labels: Some(labels(settings, lease)),
		..NetworkCreateRequest::default()
	};
	client.call(identity.docker.create_network(request)).await.map(|_| ())
}

/// Volumes of this agent.
pub(crate) async fn volumes(
	client: &Client,
	settings: &Settings,
) -> Result<Vec<VolumeEntry>, EngineError> {
	let all: Volumes = client.docker(Method::GET, "/volumes", None::<&()>).await?;
	let own = |volume: &VolumeEntry| volume.labels.get(AGENT) == Some(&settings.name);
	Ok(all.volumes.into_iter().filter(own).collect())
}

/// Create a volume that is a directory of the host. The engine fills it from the image.
pub(crate) async fn volume(
	client: &Client,
	settings: &Settings,
	lease: LeaseId,
	name: &str,
	directory: &Path,
) -> Result<(), Failure> {
	let identity = client.identity().await?;
	let options = HashMap::from([
		("type".to_string(), "none".to_string()),
		("o".to_string(), "bind".to_string()),
		("device".to_string(), directory.display().to_string()),
	]);
	let request = VolumeCreateRequest {
		name: Some(name.into()),
		driver: Some("local".into()),
		driver_opts: Some(options),
		labels: Some(labels(settings, lease)),
		..VolumeCreateRequest::default()
	};
	match client.call(identity.docker.create_volume(request)).await {
		Err(failure) if !failure.is_duplicate() => Err(failure),
		_ => Ok(()),
	}
}

/// Create a container.
pub(crate) async fn container(client: &Client, plan: &Plan<'_>) -> Result<String, EngineError> {
	let name = name(plan.settings, plan.spec.lease);
	let created: Created = if client.identity().await?.podman {
		client.libpod(Method::POST, "/containers/create", Some(&libpod(plan, &name)?)).await?
	} else {
		let path = format!("/containers/create?name={name}");
		client.docker(Method::POST, &path, Some(&docker(plan, &name)?)).await?
	};
	Ok(created.id)
}

fn published(plan: &Plan<'_>) -> String {
	plan.settings.address.map_or(String::new(), |address| address.to_string())
}

/// Body for Docker's API.
fn docker(plan: &Plan<'_>, name: &str) -> Result<ContainerCreateBody, EngineError> {
	let (want, spec, limits) = (&plan.want, plan.spec, &plan.settings.limits);
	let bindings = want.ports.iter().map(|(port, host)| {
		let binding =
			PortBinding { host_ip: Some(published(plan)), host_port: Some(host.to_string()) };
		(port.full(), Some(vec![binding]))
	});
	let mounts = plan.places.iter().map(|place| Mount {
		typ: Some(MountType::VOLUME),
		source: Some(place.name.clone()),
		target: Some(place.path.clone()),
		..Mount::default()
	});
	let ulimit = ResourcesUlimits {
		name: Some("nofile".into()),
		soft: Some(want.open_files.into()),
		hard: Some(want.open_files.into()),
	};
	let devices = (!want.gpus.is_empty()).then(|| {
		vec![bollard::models::DeviceRequest {
			driver: Some("cdi".into()),
			device_ids: Some(want.gpus.clone()),
			..Default::default()
		}]
	});
	let log =
		BTreeMap::from([("max-size", format!("{}m", limits.log_mib)), ("max-file", "1".into())]);
	let host = HostConfig {
		network_mode: Some(name.into()),
		memory: Some(want.memory()),
		memory_swap: Some(want.memory()),
		nano_cpus: Some(want.nano_cpus()),
		pids_limit: Some(want.pids.into()),
		cap_drop: Some(vec!["ALL".into()]),
		cap_add: Some(want.capabilities.iter().cloned().collect()),
		security_opt: Some(vec!["no-new-privileges".into()]),
		readonly_rootfs: Some(want.read_only),
		ulimits: Some(vec![ulimit]),
		shm_size: Some(i64::from(limits.shm_mib).saturating_mul(1 << 20)),
		port_bindings: Some(bindings.collect()),
		mounts: Some(mounts.collect()),
		tmpfs: Some(plan.tmpfs().iter().map(|dir| (dir.to_string(), String::new())).collect()),
		dns: Some(plan.resolvers.clone()),
		restart_policy: Some(RestartPolicy {
			name: Some(RestartPolicyNameEnum::NO),
			maximum_retry_count: None,
		}),
		log_config: Some(HostConfigLogConfig {
			typ: Some("json-file".into()),
			config: Some(log.into_iter().map(|(key, value)| (key.to_string(), value)).collect()),
		}),
		device_requests: devices,
		runtime: want.runtime.clone(),
		..HostConfig::default()
	};
	let list = |words: &[String]| (!words.is_empty()).then(|| words.to_vec());
	Ok(ContainerCreateBody {
		image: Some(want.pull.clone()),
		entrypoint: list(&spec.command),
		cmd: list(&spec.args),
		env: Some(plan.env()),
		labels: Some(plan.labels()?.into_iter().collect()),
		exposed_ports: Some(want.ports.keys().map(|port| port.full()).collect()),
		host_config: Some(host),
		..ContainerCreateBody::default()
	})
}

/// Processes of a user, which are counted over the whole machine and therefore no bound of a lease.
/// Podman asks for a million where nothing is said, and fails where that is more than it may.
fn nproc() -> u64 {
	let text = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
	let line = text.lines().find_map(|line| line.strip_prefix("Max processes"));
	let hard = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
	hard.unwrap_or(u64::MAX).min(1 << 20)
}

/// Body for libpod's API. Docker's API of podman ignores the runtime and CDI devices silently.
fn libpod(plan: &Plan<'_>, name: &str) -> Result<Value, EngineError> {
	let (want, spec, limits) = (&plan.want, plan.spec, &plan.settings.limits);
	let mut networks = serde_json::Map::new();
	networks.insert(name.into(), json!({}));
	let ports = want.ports.iter().map(|(port, host)| {
		json!({
			"container_port": port.number,
			"host_port": host,
			"host_ip": published(plan),
			"protocol": port.protocol.to_string(),
		})
	});
	let volumes = plan.places.iter().map(|place| json!({ "Name": place.name, "Dest": place.path }));
	let tmpfs = plan.tmpfs().iter().map(
		|dir| json!({ "destination": dir, "type": "tmpfs", "source": "tmpfs", "options": ["rw"] }),
	);
	let mut body = json!({
		"name": name,
		"image": want.pull,
		"env": spec.env,
		"labels": plan.labels()?,
		"netns": { "nsmode": "bridge" },
		"Networks": networks,
		"portmappings": ports.collect::<Vec<_>>(),
		"resource_limits": {
			"cpu": { "quota": want.quota(), "period": 100_000 },
			"memory": { "limit": want.memory(), "swap": want.memory() },
			"pids": { "limit": want.pids },
		},
		"cap_drop": ["ALL"],
		"cap_add": want.capabilities,
		"no_new_privileges": true,
		"read_only_filesystem": want.read_only,
		"r_limits": [
			{ "type": "nofile", "soft": want.open_files, "hard": want.open_files },
			{ "type": "nproc", "soft": nproc(), "hard": nproc() },
		],
		"shm_size": i64::from(limits.shm_mib).saturating_mul(1 << 20),
		"log_configuration": {
			"driver": "k8s-file",
			"size": i64::from(limits.log_mib).saturating_mul(1 << 20),
		},
		"restart_policy": "no",
		"systemd": "false",
		"volumes": volumes.collect::<Vec<_>>(),
		"mounts": tmpfs.collect::<Vec<_>>(),
		"devices": want.gpus.iter().map(|gpu| json!({ "path": gpu })).collect::<Vec<_>>(),
	});
	if let Some(map) = body.as_object_mut() {
		if !spec.command.is_empty() {
			map.insert("entrypoint".into(), json!(spec.command));
		}
		if !spec.args.is_empty() {
			map.insert("command".into(), json!(spec.args));
		}
		if let Some(runtime) = &want.runtime {
			map.insert("oci_runtime".into(), json!(runtime));
		}
	}
	Ok(body)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn subnets_follow_each_other() {
		let settings = Settings::default();
		let show = |number| subnet(&settings, number).map(|(a, b)| format!("{a} {b}"));
		assert_eq!(show(0).as_deref(), Some("100.96.0.0 100.96.0.1"));
		assert_eq!(show(17).as_deref(), Some("100.96.1.16 100.96.1.17"));
		assert_eq!(subnet(&settings, u32::MAX), None);
	}
}

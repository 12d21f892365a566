// SPDX-License-Identifier: Apache-2.0

//! Keys of compose files: those that are read, and the advice for those that are not.

/// Mapping of a compose file with keys of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Section {
	Document,
	Service,
	Deploy,
	DeployResources,
	Limits,
	Reservations,
	Device,
	Port,
	Source,
	Mount,
	Surety,
	Terms,
	Credit,
	Registry,
}

impl Section {
	/// Keys that are read.
	pub fn keys(self) -> &'static [&'static str] {
		match self {
			Self::Document => &["version", "name", "services", "configs", "secrets", "x-surety"],
			Self::Service => &[
				"image",
				"command",
				"entrypoint",
				"environment",
				"env_file",
				"configs",
				"secrets",
				"ports",
				"deploy",
			],
			Self::Deploy => &["resources"],
			Self::DeployResources => &["limits", "reservations"],
			Self::Limits => &["cpus", "memory"],
			Self::Reservations => &["devices"],
			Self::Device => &["capabilities", "count"],
			Self::Port => &["target", "protocol"],
			Self::Source => &["file", "content"],
			Self::Mount => &["source", "target"],
			Self::Surety => &[
				"asset",
				"max_price",
				"failover_price",
				"deposit",
				"duration",
				"bidding",
				"match",
				"quantity",
				"regions",
				"min_trust",
				"storage",
				"bandwidth",
				"gpu_class",
				"terms",
				"registry",
			],
			Self::Terms => &["min_uptime", "max_latency", "max_head_lag", "credit", "cover"],
			Self::Credit => &["low", "medium", "high", "critical"],
			Self::Registry => &["user", "password", "password_file"],
		}
	}
}

/// Advice for a key of docker-compose that is not read. `None` for keys that nobody knows.
pub(super) fn instead(section: Section, key: &str) -> Option<&'static str> {
	match section {
		Section::Document => document(key),
		Section::Service => service(key),
		Section::Deploy => deploy(key),
		Section::DeployResources | Section::Device | Section::Port => resources(key),
		Section::Limits | Section::Reservations => limits(key),
		Section::Source | Section::Mount => files(key),
		Section::Surety => surety(key),
		Section::Terms | Section::Credit | Section::Registry => None,
	}
}

fn document(key: &str) -> Option<&'static str> {
	Some(match key {
		"volumes" => "the disk of a lease is `x-surety.storage`; files come by `configs`",
		"networks" => "each lease has a network of its own; leave it out",
		"include" => "write everything into one file",
		"<<" => "merge keys are not supported; write the values out",
		"models" => "order compute here; inference is bought by an agreement",
		_ if key.starts_with("x-") => "only `x-surety` is read; leave other extensions out",
		_ => return None,
	})
}

fn service(key: &str) -> Option<&'static str> {
	Some(match key {
		"build" => "push the image to a registry and name it by `image`",
		"volumes" | "volumes_from" | "tmpfs" | "storage_opt" | "shm_size" => {
			"the disk of a lease is `x-surety.storage`; files come by `configs` and `secrets`"
		},
		"networks" | "network_mode" | "links" | "external_links" | "extra_hosts" | "dns"
		| "dns_search" | "dns_opt" | "hostname" | "domainname" | "mac_address" => {
			"each lease has a network of its own; leave it out"
		},
		"depends_on" => "an order has one service; place one order per service",
		"expose" => "list the port under `ports`",
		"restart" => "a container that ends is started again anyway; leave it out",
		"healthcheck" => "the validators ask the operator's agent; leave it out",
		"cpus" | "cpu_count" | "cpu_percent" | "cpu_quota" | "cpu_period" | "cpu_shares"
		| "cpuset" => "use `deploy.resources.limits.cpus`",
		"mem_limit" | "mem_reservation" | "memswap_limit" | "mem_swappiness" => {
			"use `deploy.resources.limits.memory`"
		},
		"gpus" | "devices" | "runtime" | "device_cgroup_rules" => {
			"use `deploy.resources.reservations.devices` with the capability `gpu`"
		},
		"scale" => "use `x-surety.quantity`",
		"privileged" | "cap_add" | "cap_drop" | "security_opt" | "pid" | "ipc" | "userns_mode"
		| "cgroup" | "cgroup_parent" | "sysctls" | "ulimits" | "group_add" | "pids_limit"
		| "read_only" | "isolation" | "credential_spec" | "oom_kill_disable" | "oom_score_adj"
		| "blkio_config" => "operators fix the rights and limits of containers; leave it out",
		"user" | "working_dir" | "init" | "tty" | "stdin_open" | "stop_signal"
		| "stop_grace_period" | "attach" => "set it in the image, or leave it out",
		"platform" => "the operator checks that the image fits its machine; leave it out",
		"container_name" | "labels" | "label_file" | "annotations" | "profiles" | "logging"
		| "log_driver" | "log_opt" | "pull_policy" | "develop" | "post_start" | "pre_stop"
		| "provider" | "use_api_socket" => "it has no meaning for a lease; leave it out",
		"extends" | "<<" => "write the values out",
		"args" => "use `command`",
		"env" => "use `environment`",
		"x-surety" => "write `x-surety` at the top level of the file",
		_ if key.starts_with("x-") => "only `x-surety` at the top level is read",
		_ => return None,
	})
}

fn deploy(key: &str) -> Option<&'static str> {
	Some(match key {
		"replicas" => "use `x-surety.quantity`",
		"mode" | "endpoint_mode" | "placement" | "labels" | "update_config" | "rollback_config" => {
			"it has no meaning for a lease; leave it out"
		},
		"restart_policy" => "a container that ends is started again anyway; leave it out",
		_ => return None,
	})
}

fn resources(key: &str) -> Option<&'static str> {
	Some(match key {
		"device_ids" => "use `count`: the operator chooses the devices",
		"driver" | "options" => "leave it out; a class of GPUs is `x-surety.gpu_class`",
		"published" | "host_ip" => {
			"the operator's agent chooses the address and the port of the host; leave it out"
		},
		"mode" | "name" | "app_protocol" => "leave it out",
		_ => return None,
	})
}

fn limits(key: &str) -> Option<&'static str> {
	Some(match key {
		"pids" => "operators fix the number of processes; leave it out",
		"cpus" | "memory" => "a lease has what it asks for; use `limits`",
		"devices" => "use `reservations.devices`",
		"generic_resources" => "use `reservations.devices`",
		_ => return None,
	})
}

fn files(key: &str) -> Option<&'static str> {
	Some(match key {
		"external" | "name" | "driver" | "driver_opts" | "template_driver" | "labels" => {
			"give the content by `file` or `content`"
		},
		"environment" => "write it to a file and use `file`",
		"uid" | "gid" | "mode" => "operators fix the owner and the mode of files; leave it out",
		_ => return None,
	})
}

fn surety(key: &str) -> Option<&'static str> {
	Some(match key {
		"price" => "use `max_price`",
		"replicas" => "use `quantity`",
		"region" => "use `regions`, a list",
		"cpus" | "cpu" | "memory" => "use `deploy.resources.limits` of the service",
		"gpus" => "use `deploy.resources.reservations.devices` of the service",
		"digest" => "write it behind the name of the image: `name@sha256:..`",
		"image" | "ports" | "environment" | "command" => "write it into the service",
		"bid_deadline" | "deadline" => "use `bidding`, the time for which bids are taken",
		"auto_match" => "use `match: best` or `match: manual`",
		"disk" => "use `storage`",
		"trust" => "use `min_trust`",
		_ => return None,
	})
}

/// Advice for a key that nobody knows: the nearest known one, or all of them.
pub(super) fn suggestion(section: Section, key: &str) -> String {
	let nearest = section.keys().iter().map(|known| (distance(known, key), known)).min();
	match nearest {
		Some((0..=2, known)) => format!("did you mean `{known}`?"),
		_ => format!("known are: {}", section.keys().join(", ")),
	}
}

/// Number of letters to change, add or remove between two texts, or 9 for long texts.
fn distance(a: &str, b: &str) -> usize {
	if b.len() > 40 {
		return 9;
	}
	let mut row: Vec<usize> = (0..=b.len()).collect();
	for (i, x) in a.bytes().enumerate() {
		let mut next = vec![i.saturating_add(1)];
		for ((above, diagonal), y) in row.iter().skip(1).zip(&row).zip(b.bytes()) {
			let left = next.last().copied().unwrap_or(0);
			let swap = diagonal.saturating_add(usize::from(x != y));
			next.push(above.saturating_add(1).min(left.saturating_add(1)).min(swap));
		}
		row = next;
	}
	row.last().copied().unwrap_or(9)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_misspelt_key_has_a_suggestion() {
		assert_eq!(suggestion(Section::Surety, "max_prize"), "did you mean `max_price`?");
		assert_eq!(suggestion(Section::Service, "comand"), "did you mean `command`?");
		assert!(suggestion(Section::Terms, "sla").starts_with("known are: min_uptime, "));
		assert!(suggestion(Section::Terms, &"x".repeat(256)).starts_with("known are: "));
	}

	#[test]
	fn a_key_is_known_or_has_advice_but_not_both() {
		let sections = [
			Section::Document,
			Section::Service,
			Section::Deploy,
			Section::DeployResources,
			Section::Device,
			Section::Port,
			Section::Source,
			Section::Mount,
			Section::Surety,
		];
		for section in sections {
			for key in section.keys().iter().filter(|key| !key.starts_with("x-")) {
				assert_eq!(instead(section, key), None, "{section:?} {key}");
			}
		}
	}

	#[test]
	fn distances_are_those_of_levenshtein() {
		assert_eq!(distance("kitten", "sitting"), 3);
		assert_eq!([distance("", "abc"), distance("abc", ""), distance("a", "a")], [3, 3, 0]);
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Comparison of a running container with what was wanted: by the engine's word, and by the
//! kernel's where it can be had.

use crate::{
	plan::Want,
	volume::Volume,
	wire::{Image, Inspected},
};
use std::{
	collections::BTreeSet,
	ffi::OsStr,
	fs,
	path::{Path, PathBuf},
};

/// Directory of a container's writable layer, if its storage has one.
pub(crate) fn layer(inspected: &Inspected) -> Option<PathBuf> {
	if !inspected.graph_driver.name.starts_with("overlay") {
		return None;
	}
	let upper = Path::new(inspected.graph_driver.data.get("UpperDir")?);
	// Nothing outside of an engine's storage is ever covered or uncovered.
	let plain = upper.is_absolute() && upper.file_name().is_some_and(|name| name == "diff");
	let parent = upper.parent()?;
	(plain && parent.components().count() > 3).then(|| parent.to_path_buf())
}

/// True if an image is the one with a digest.
pub(crate) fn proves(image: &Image, digest: &str) -> bool {
	image.repo_digests.iter().any(|name| name.rsplit_once('@').is_some_and(|(_, d)| d == digest))
}

/// Parts of the wish that the engine's own description does not show.
pub(crate) fn described(want: &Want, got: &Inspected, network: &str) -> Vec<String> {
	let host = &got.host_config;
	let mut missing = Vec::new();
	let mut check = |good: bool, what: &str| {
		if !good {
			missing.push(what.to_string());
		}
	};
	check(host.memory == want.memory(), "memory");
	check(host.memory_swap == want.memory() || !has_swap(), "memory without swap");
	let by_quota = host.cpu_quota.saturating_mul(1_000_000_000).checked_div(host.cpu_period);
	check(
		host.nano_cpus == want.nano_cpus() || by_quota == Some(want.nano_cpus()),
		"processor time",
	);
	check(host.pids_limit == i64::from(want.pids), "number of processes");
	check(!host.privileged, "no privileges");
	let hardened = host.security_opt.iter().any(|opt| opt.starts_with("no-new-privileges"));
	check(hardened, "no-new-privileges");
	check(host.readonly_rootfs == want.read_only, "read-only root");
	let policy = host.restart_policy.name.as_str();
	check(matches!(policy, "" | "no"), "no restart by the engine");
	for (port, public) in &want.ports {
		let bindings = host.port_bindings.get(&port.full());
		let public = public.to_string();
		let bound = bindings.is_some_and(|b| b.iter().any(|b| b.host_port == public));
		check(bound, &format!("port {port}"));
	}
	let networks = &got.network_settings.networks;
	check(networks.len() == 1 && networks.contains_key(network), "network of its own");
	missing
}

fn has_swap() -> bool {
	fs::read_to_string("/proc/swaps").is_ok_and(|text| text.lines().count() > 1)
}

/// Parts of the wish that the kernel does not show, for a container whose first process is known.
pub(crate) fn real(want: &Want, got: &Inspected, network: &str, volume: &Volume) -> Vec<String> {
	let mut missing = Vec::new();
	if !layer(got).is_some_and(|layer| volume.covers(&layer)) {
		missing.push("storage".into());
	}
	if !Path::new("/sys/class/net").join(network).exists() {
		missing.push("bridge of its own".into());
	}
	let pid = got.state.pid;
	// A sandboxed runtime's first process is the sandbox, with other rights than the container's.
	let sandboxed = want.runtime.as_deref().is_some_and(|r| !matches!(r, "runc" | "crun"));
	if pid > 0 && !sandboxed {
		let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}"));
		if let Ok(status) = read("status") {
			missing.extend(status_gaps(&status, &want.capabilities));
		}
		if let Ok(limits) = read("limits") {
			let line = limits.lines().find(|line| line.starts_with("Max open files"));
			let hard = line.and_then(|line| line.split_whitespace().nth(4)?.parse::<u32>().ok());
			if hard.is_none_or(|hard| hard > want.open_files) {
				missing.push("number of open files".into());
			}
		}
		if let Ok(text) = read("cgroup") {
			missing.extend(cgroup_gaps(&text, want, Path::new("/sys/fs/cgroup")));
		}
	}
	if !want.gpus.is_empty() && (pid == 0 || !has_device(&format!("/proc/{pid}/root/dev"))) {
		missing.push("GPU".into());
	}
	missing
}

/// Gap if another runtime was used than the one that was asked for, by name or by path.
pub(crate) fn runtime_gap(want: &Want, used: &str) -> Option<String> {
	let wanted = want.runtime.as_deref()?;
	let name = |runtime: &'_ str| Path::new(runtime).file_name().map(OsStr::to_owned);
	(name(used) != name(wanted)).then(|| format!("runtime {wanted}"))
}

/// Bits of capabilities, as the kernel numbers them.
fn mask(capabilities: &BTreeSet<String>) -> u64 {
	const NAMES: &[&str] = &[
		"CHOWN",
		"DAC_OVERRIDE",
		"DAC_READ_SEARCH",
		"FOWNER",
		"FSETID",
		"KILL",
		"SETGID",
		"SETUID",
		"SETPCAP",
		"LINUX_IMMUTABLE",
		"NET_BIND_SERVICE",
		"NET_BROADCAST",
		"NET_ADMIN",
		"NET_RAW",
		"IPC_LOCK",
		"IPC_OWNER",
		"SYS_MODULE",
		"SYS_RAWIO",
		"SYS_CHROOT",
	];
	NAMES
		.iter()
		.zip(0u32..)
		.filter(|(name, _)| capabilities.contains(**name))
		.fold(0, |mask, (_, bit)| mask | 1u64.checked_shl(bit).unwrap_or(0))
}

/// Gaps by `/proc/<pid>/status`.
fn status_gaps(status: &str, capabilities: &BTreeSet<String>) -> Vec<String> {
	let field = |name: &str| {
		status.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
	};
	let mut missing = Vec::new();
	let bounding = field("CapBnd").and_then(|hex| u64::from_str_radix(hex, 16).ok());
	let allowed = mask(capabilities);
	if bounding.is_none_or(|bounding| bounding & !allowed != 0) {
		missing.push("capabilities dropped".into());
	}
	if field("NoNewPrivs") != Some("1") {
		missing.push("no-new-privileges".into());
	}
	if field("Seccomp") != Some("2") {
		missing.push("system call filter".into());
	}
	missing
}

/// Gaps by the control groups of a process, in both versions. A file that cannot be read says
/// nothing.
fn cgroup_gaps(text: &str, want: &Want, root: &Path) -> Vec<String> {
	let group = |controller: &str| {
		text.lines().find_map(|line| {
			let mut parts = line.splitn(3, ':');
			let (_, names, path) = (parts.next()?, parts.next()?, parts.next()?);
			let path = path.trim_start_matches('/');
			match (names, controller) {
				("", "") => Some(root.join(path)),
				(_, "") => None,
				_ => names
					.split(',')
					.any(|name| name == controller)
					.then(|| root.join(controller).join(path)),
			}
		})
	};
	let number = |path: Option<PathBuf>, file: &str| -> Option<u64> {
		let text = fs::read_to_string(path?.join(file)).ok()?;
		let word = text.split_whitespace().next()?;
		if word == "max" {
			Some(u64::MAX)
		} else {
			word.parse::<i64>().ok().map(|n| n.unsigned_abs())
		}
	};
	let pick = |old: (&str, &str), new: &str| {
		number(group(old.0), old.1).or_else(|| number(group(""), new))
	};
	let mut missing = Vec::new();
	let mut check = |found: Option<u64>, wanted: u64, what: &str| {
		if found.is_some_and(|found| found > wanted) {
			missing.push(what.to_string());
		}
	};
	let memory = want.memory().unsigned_abs();
	check(pick(("memory", "memory.limit_in_bytes"), "memory.max"), memory, "memory");
	check(pick(("pids", "pids.max"), "pids.max"), want.pids.into(), "number of processes");
	missing
}

/// True if a device directory holds a character device that containers don't have by themselves.
fn has_device(dir: &str) -> bool {
	use std::os::unix::fs::FileTypeExt;
	const ORDINARY: &[&str] =
		&["null", "zero", "full", "random", "urandom", "tty", "console", "ptmx", "pts", "shm"];
	let Ok(entries) = fs::read_dir(dir) else { return false };
	entries.flatten().take(1_000).any(|entry| {
		let name = entry.file_name();
		let Ok(kind) = entry.file_type() else { return false };
		if name.to_str().is_some_and(|name| ORDINARY.contains(&name)) {
			return false;
		}
		// Graphics cards are in a directory (`dri`).
		kind.is_char_device()
			|| kind.is_dir()
				&& fs::read_dir(entry.path()).is_ok_and(|inner| {
					inner
						.flatten()
						.take(1_000)
						.any(|e| e.file_type().is_ok_and(|t| t.is_char_device()))
				})
	})
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;

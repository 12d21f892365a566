// SPDX-License-Identifier: Apache-2.0

//! Capacity of the machine, and the bounds that cannot be enforced on it.

use crate::{
	Capacity, ContainerEngine, EngineError, Resources, command,
	volume::{Volume, space},
	wire::Info,
};
use http::Method;
use std::fs;

const GIB: u64 = 1 << 30;

/// Speed of the link of the default route in Mbit/s. The kernel does not know that of most virtual
/// ones.
fn link_speed() -> Option<u32> {
	let routes = fs::read_to_string("/proc/net/route").ok()?;
	let link = routes.lines().find_map(|line| {
		let mut words = line.split_whitespace();
		let link = words.next()?;
		(words.next()? == "00000000").then_some(link)
	})?;
	let speed = fs::read_to_string(format!("/sys/class/net/{link}/speed")).ok()?;
	speed.trim().parse().ok().filter(|speed| *speed > 0)
}

impl ContainerEngine {
	/// Measure the machine.
	pub(crate) async fn measure(&self) -> Result<Capacity, EngineError> {
		let identity = self.client.identity().await?;
		let info: Info = self.client.docker(Method::GET, "/info", None::<&()>).await?;
		let mut unenforced = Vec::new();
		let mut note = |wrong: bool, text: &str| {
			if wrong {
				unenforced.push(text.to_string());
			}
		};
		note(!info.driver.starts_with("overlay"), "storage: the engine's driver is not overlay");
		let podman = identity.podman;
		note(!podman && !info.memory_limit, "memory: the kernel has no control group for it");
		note(!podman && !info.pids_limit, "processes: the kernel has no control group for them");
		note(!podman && !info.cpu_quota, "processor time: the kernel has no quota for it");
		let live = podman || info.live_restore_enabled;
		note(!live, "restart of dockerd: it ends all leases; set live-restore");
		let swap = fs::read_to_string("/proc/swaps").is_ok_and(|text| text.lines().count() > 1);
		let (v1, v2) = (
			"/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes",
			"/sys/fs/cgroup/cgroup.controllers",
		);
		let accounted = fs::metadata(v1).is_ok() || fs::metadata(v2).is_ok();
		note(swap && !accounted, "memory without swap: boot with swapaccount=1, or without swap");
		if let Some(runtime) = &self.settings.runtime {
			// Podman lists only the runtime that it uses by default.
			let unknown = !podman && !info.runtimes.contains_key(runtime);
			note(unknown, &format!("runtime {runtime}: the engine does not know it"));
		}
		let version = identity.name.rsplit(' ').next().unwrap_or_default();
		let major: u32 = version.split('.').next().and_then(|n| n.parse().ok()).unwrap_or(0);
		let cdi = podman || major >= 25;
		note(!cdi && !self.settings.gpus.is_empty(), "GPUs: dockerd knows CDI since version 25");
		if let Err(e) = self.protect().await {
			note(true, &format!("firewall and bandwidth: {e}"));
		}
		for (program, bound) in [("mkfs.ext4", "storage"), ("losetup", "storage")] {
			let found = command::run(program, &["-V"], None).await.is_ok();
			note(!found, &format!("{bound}: {program} is not installed"));
		}
		Ok(Capacity {
			total: self.total(&info).await?,
			engine: identity.name.clone(),
			address: self.settings.address,
			unenforced,
		})
	}

	async fn total(&self, info: &Info) -> Result<Resources, EngineError> {
		let (free, _) = space(&self.settings.data_dir).await?;
		// Disks are sparse files: what leases have written counts as theirs, not as used up.
		let leased = self
			.records
			.all()
			.keys()
			.map(|lease| Volume::new(&self.records.dir(*lease)).allocated())
			.fold(0, u64::saturating_add);
		let reserve = u64::from(self.settings.limits.reserve_gib).saturating_mul(GIB);
		let disk = free.saturating_add(leased).saturating_sub(reserve).div_euclid(GIB);
		let memory = u64::try_from(info.mem_total).unwrap_or(0).div_euclid(1 << 20);
		let wish = self.settings.capacity;
		let most = |wish: u32, has: u32| if wish == 0 { has } else { wish.min(has) };
		Ok(Resources {
			cpu_milli: most(wish.cpu_milli, info.cpus.saturating_mul(1_000)),
			memory_mib: most(wish.memory_mib, u32::try_from(memory).unwrap_or(u32::MAX)),
			storage_gib: most(wish.storage_gib, u32::try_from(disk).unwrap_or(u32::MAX)),
			bandwidth_mbps: most(wish.bandwidth_mbps, link_speed().unwrap_or(wish.bandwidth_mbps)),
			gpus: u16::try_from(self.settings.gpus.len()).unwrap_or(u16::MAX),
		})
	}
}

//! What orders ask for and services have.

use super::text;
use serde::{Deserialize, Serialize};
use surety_primitives::{MAX_GPU_CLASS, Resources};
use surety_runtime_api as api;

/// Compute resources; what is left out is 0.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ResourcesView {
	/// Thousandths of a CPU.
	pub cpu_milli: u32,
	/// MiB of memory.
	pub memory_mib: u32,
	/// GiB of storage.
	pub storage_gib: u32,
	/// Mbit/s of bandwidth.
	pub bandwidth_mbit: u32,
	/// GPUs.
	pub gpus: u16,
	/// Class of the GPUs; empty for any or none.
	pub gpu_class: String,
}

impl From<Resources> for ResourcesView {
	fn from(r: Resources) -> Self {
		let Resources { cpu_milli, memory_mib, storage_gib, bandwidth_mbit, gpus, gpu_class } = r;
		Self {
			cpu_milli,
			memory_mib,
			storage_gib,
			bandwidth_mbit,
			gpus,
			gpu_class: text(&gpu_class),
		}
	}
}

impl TryFrom<ResourcesView> for Resources {
	type Error = String;

	fn try_from(view: ResourcesView) -> Result<Self, String> {
		let ResourcesView { cpu_milli, memory_mib, storage_gib, bandwidth_mbit, gpus, gpu_class } =
			view;
		let gpu_class = gpu_class
			.into_bytes()
			.try_into()
			.map_err(|_| format!("gpuClass is longer than {MAX_GPU_CLASS} bytes"))?;
		Ok(Self { cpu_milli, memory_mib, storage_gib, bandwidth_mbit, gpus, gpu_class })
	}
}

views! {
	/// Resources of a `compute` service.
	pub struct CapacityView {
		/// All of it.
		pub total: ResourcesView,
		/// Not reserved by bids and leases.
		pub free: ResourcesView,
	}
}

impl From<api::CapacityInfo> for CapacityView {
	fn from(info: api::CapacityInfo) -> Self {
		Self { total: info.total.into(), free: info.free.into() }
	}
}

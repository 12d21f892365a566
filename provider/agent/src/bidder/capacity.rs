// SPDX-License-Identifier: Apache-2.0

//! Resources to declare for a service.

use crate::chain::ServiceView;
use surety_engine::Capacity;
use surety_primitives::{GpuClass, Resources, ServiceStatus};

/// Resources that the operator sells.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CapacityRules {
	/// Percentage of the machine's CPU and memory.
	pub percent: u32,
	/// Most of each resource; 0 for the share of the machine.
	pub most: Resources,
	/// Class of the GPUs, such as `h100`. Without it none are sold.
	pub gpu_class: GpuClass,
}

/// Resources to declare for a service, if they differ from those that are. `None` also if the
/// service takes no declaration now. Never less than is in use.
pub fn to_declare(
	rules: &CapacityRules,
	machine: &Capacity,
	service: &ServiceView,
) -> Option<Resources> {
	let status = service.detail.service.listing.status;
	if !matches!(status, ServiceStatus::Active | ServiceStatus::Paused) {
		return None;
	}
	let total = &machine.total;
	let share = |amount: u32| {
		let share = u64::from(amount).saturating_mul(rules.percent.into()).checked_div(100);
		share.and_then(|share| u32::try_from(share).ok()).unwrap_or(amount)
	};
	let bounded = |share: u32, most: u32| if most == 0 { share } else { share.min(most) };
	let sells_gpus = !rules.gpu_class.is_empty();
	let most_gpus = if rules.most.gpus == 0 { u16::MAX } else { rules.most.gpus };
	let gpus = if sells_gpus { total.gpus.min(most_gpus) } else { 0 };
	let wanted = Resources {
		cpu_milli: bounded(share(total.cpu_milli), rules.most.cpu_milli),
		memory_mib: bounded(share(total.memory_mib), rules.most.memory_mib),
		storage_gib: bounded(share(total.storage_gib), rules.most.storage_gib),
		bandwidth_mbit: bounded(total.bandwidth_mbps, rules.most.bandwidth_mbit),
		gpus,
		gpu_class: if gpus > 0 { rules.gpu_class.clone() } else { GpuClass::default() },
	};
	let declared = service.total();
	let used = declared.without(&service.free()).unwrap_or_default();
	let at_least = |wanted: u32, used: u32| wanted.max(used);
	let wanted = Resources {
		cpu_milli: at_least(wanted.cpu_milli, used.cpu_milli),
		memory_mib: at_least(wanted.memory_mib, used.memory_mib),
		storage_gib: at_least(wanted.storage_gib, used.storage_gib),
		bandwidth_mbit: at_least(wanted.bandwidth_mbit, used.bandwidth_mbit),
		gpus: wanted.gpus.max(used.gpus),
		gpu_class: if used.gpus > 0 { declared.gpu_class.clone() } else { wanted.gpu_class },
	};
	(wanted != declared && !wanted.is_zero()).then_some(wanted)
}

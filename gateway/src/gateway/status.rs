// SPDX-License-Identifier: Apache-2.0

//! Figures of the services of a network at one time, for status pages.

use super::{attempt::now, network::Network, upstreams::Member};
use crate::routing::{Gate, LoadClass};
use surety_primitives::ServiceId;

/// Figures of a service.
#[derive(Clone, Debug)]
pub struct ServiceStatus {
	/// Service.
	pub service: ServiceId,
	/// Name of the operator.
	pub operator: String,
	/// Latest block that it reported.
	pub head: Option<u64>,
	/// Share of answers among answers and failures of all classes within the last seconds.
	pub success: f64,
	/// Share of the network's requests within the last seconds.
	pub share: f64,
	/// Requests under way.
	pub pending: u32,
	/// True if no class of methods is blocked by its breaker.
	pub serving: bool,
	/// Share of the agreement's burst that is left.
	pub headroom: f64,
	/// Answers that were compared, and those that the others contradicted.
	pub compared: (u64, u64),
}

impl Network {
	/// Figures of the services at this time.
	pub fn services(&self) -> Vec<ServiceStatus> {
		let members = self.group.members();
		let total = members.all.iter().fold(0u32, |sum, one| sum.saturating_add(sent(one)));
		members.all.iter().map(|member| service_status(member, total)).collect()
	}
}

fn sent(member: &Member) -> u32 {
	let now = now();
	LoadClass::ALL
		.iter()
		.fold(0, |sum, class| sum.saturating_add(member.state.figures(*class, now).sent))
}

fn service_status(member: &Member, total: u32) -> ServiceStatus {
	let now = now();
	let state = &member.state;
	let figures = LoadClass::ALL.map(|class| state.figures(class, now));
	let (mut all, mut good, mut pending, mut serving) = (0.0, 0.0, 0u32, true);
	for one in figures {
		all += f64::from(one.sent);
		good += f64::from(one.sent) * one.success;
		pending = pending.saturating_add(one.pending);
		serving &= one.gate == Gate::Closed;
	}
	ServiceStatus {
		service: member.spec.service,
		operator: member.spec.operator.clone(),
		head: state.head(),
		success: if all > 0.0 { good / all } else { 1.0 },
		share: if total > 0 { all / f64::from(total) } else { 0.0 },
		pending,
		serving,
		headroom: state.cover(1, now).1,
		compared: state.comparisons(),
	}
}

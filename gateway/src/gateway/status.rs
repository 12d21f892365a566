// SPDX-License-Identifier: Apache-2.0

//! Figures of the role at one time, for status pages.

use super::{Gateway, attempt::now, network::Network, upstreams::Member};
use crate::routing::{Gate, LoadClass};
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};
use surety_primitives::ServiceId;

/// Figures of the role.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
	/// Networks.
	pub networks: Vec<NetworkStatus>,
	/// Bytes in the cache.
	pub cache_bytes: u64,
	/// Answers in the cache.
	pub cache_entries: u64,
	/// Bytes of large answers that are under way.
	pub answer_bytes: u64,
}

/// Figures of a network.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkStatus {
	/// Name.
	pub name: String,
	/// Served latest block.
	pub latest: Option<u64>,
	/// Served final block.
	pub finalized: Option<u64>,
	/// Calls.
	pub calls: u64,
	/// Calls that ended with an error of the gateway.
	pub failed: u64,
	/// Second and later attempts.
	pub retried: u64,
	/// Requests to a second operator because the first was slow.
	pub hedged: u64,
	/// Copies sent to operators under trial.
	pub mirrored: u64,
	/// Answers that were compared between operators.
	pub compared: u64,
	/// Comparisons that found a difference.
	pub disagreed: u64,
	/// Lookups in the cache with an answer.
	pub cache_hits: u64,
	/// Lookups in the cache without an answer.
	pub cache_misses: u64,
	/// Calls that waited for the answer to an equal one.
	pub coalesced: u64,
	/// Subscriptions of clients.
	pub subscriptions: u64,
	/// Weighted requests that needed no operator.
	pub saved_weight: u64,
	/// Price of those, in the unit of the services' prices per block and unit: what their share of
	/// a unit's rate costs for a second, times the block time in seconds. Zero if nothing is known
	/// of prices.
	pub saved_price: f64,
	/// Services.
	pub services: Vec<ServiceStatus>,
}

/// Figures of a service.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceStatus {
	/// Service.
	pub service: ServiceId,
	/// Name of the operator.
	pub operator: String,
	/// Latest block that it reported.
	pub head: Option<u64>,
	/// Average latency in milliseconds, of light methods.
	pub latency_ms: Option<f64>,
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

/// Rate of weighted requests that a unit of class `Rpc` is.
const UNIT_RATE: f64 = 10.0;

impl Gateway {
	/// Figures of the role at this time.
	pub fn status(&self) -> Status {
		let (cache_bytes, cache_entries) = self.cache_size();
		let networks = self.networks().iter().map(|network| network_status(network)).collect();
		let answer_bytes = self.memory.used();
		Status { networks, cache_bytes, cache_entries, answer_bytes }
	}
}

fn network_status(network: &Network) -> NetworkStatus {
	let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
	let members = network.group.members();
	let total: u32 = members.all.iter().fold(0, |sum, one| sum.saturating_add(sent(one)));
	let prices: f64 = members.all.iter().map(|member| member.spec.price).sum();
	let price = prices / (members.all.len().max(1) as f64);
	let saved_weight = get(&network.cache.saved_weight);
	let block = network.block_time().as_secs_f64().max(0.001);
	NetworkStatus {
		name: network.settings.name.clone(),
		latest: network.heads.latest(),
		finalized: network.heads.finalized(),
		calls: get(&network.counts.calls),
		failed: get(&network.counts.failed),
		retried: get(&network.counts.retried),
		hedged: get(&network.counts.hedged),
		mirrored: get(&network.counts.mirrored),
		compared: get(&network.counts.compared),
		disagreed: get(&network.counts.disagreed),
		cache_hits: get(&network.cache.hits),
		cache_misses: get(&network.cache.misses),
		coalesced: get(&network.cache.coalesced),
		subscriptions: u64::try_from(network.subscriptions.used()).unwrap_or(u64::MAX),
		saved_weight,
		saved_price: saved_weight as f64 / UNIT_RATE * price / block,
		services: members.all.iter().map(|member| service_status(member, total)).collect(),
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
	let light = state.figures(LoadClass::Light, now);
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
		latency_ms: light.latency.map(|seconds| seconds * 1_000.0),
		success: if all > 0.0 { good / all } else { 1.0 },
		share: if total > 0 { all / f64::from(total) } else { 0.0 },
		pending,
		serving,
		headroom: state.cover(1, now).1,
		compared: state.comparisons(),
	}
}

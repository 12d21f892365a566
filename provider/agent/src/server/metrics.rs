// SPDX-License-Identifier: Apache-2.0

//! Metrics in the text form of Prometheus, from the status.

use super::AgentStatus;
use crate::store::BidState;
use prometheus::{Encoder, Gauge, GaugeVec, IntGaugeVec, Opts, Registry, TextEncoder};

/// The metrics. Labels are states, and agreements of the peers that the status shows, so their
/// number is bounded.
pub fn encode(status: &AgentStatus) -> String {
	let mut bytes = Vec::new();
	let encoded = collect(status)
		.and_then(|registry| TextEncoder::new().encode(&registry.gather(), &mut bytes));
	if let Err(error) = encoded {
		tracing::error!(%error, "metrics");
	}
	String::from_utf8(bytes).unwrap_or_default()
}

fn collect(status: &AgentStatus) -> Result<Registry, prometheus::Error> {
	let registry = Registry::new();
	let single = |name: &str, help: &str, value: f64| -> Result<(), prometheus::Error> {
		let gauge = Gauge::new(format!("surety_provider_{name}"), help)?;
		gauge.set(value);
		registry.register(Box::new(gauge))
	};
	let family = |name: &str, help: &str, label: &str| -> Result<GaugeVec, prometheus::Error> {
		let gauges = GaugeVec::new(Opts::new(format!("surety_provider_{name}"), help), &[label])?;
		registry.register(Box::new(gauges.clone()))?;
		Ok(gauges)
	};
	let age = |at_ms: Option<u64>| {
		at_ms.map_or(f64::INFINITY, |at| seconds(status.now_ms.saturating_sub(at)))
	};
	single("uptime_seconds", "Time since the start.", number(status.uptime_secs))?;
	let block = status.chain.block.unwrap_or(0);
	single("finalized_block", "Block of the last snapshot.", f64::from(block))?;
	let seen = status.chain.block.map(|_| status.chain.seen_ms);
	single("snapshot_age_seconds", "Age of the last snapshot.", age(seen))?;
	single(
		"observation_age_seconds",
		"Age of the engine's last answer.",
		age(status.engine.at_ms),
	)?;
	single(
		"containers",
		"Containers of leases.",
		f64::from(u32::try_from(status.engine.containers).unwrap_or(u32::MAX)),
	)?;
	let leases = family("leases", "Leases that are not over, by health.", "state")?;
	for state in ["running", "stopped", "failed"] {
		leases.with_label_values(&[state]).set(0.0);
	}
	for health in status.leases.iter().filter_map(|lease| lease.health.as_ref()) {
		leases.with_label_values(&[&format!("{:?}", health.state).to_lowercase()]).inc();
	}
	let bids = family("orders", "Orders by the last decision on them.", "state")?;
	for state in
		[BidState::Refused, BidState::Standing, BidState::Withdrawn, BidState::Won, BidState::Lost]
	{
		let label = format!("{state:?}").to_lowercase();
		let count = status.bids.iter().filter(|bid| bid.outcome.state == state).count();
		let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
		bids.with_label_values(&[&label]).set(count);
	}
	let bonds = family("bond_reserved_share", "Share of the bond that is reserved.", "asset")?;
	for (asset, active, reserved) in &status.bonds {
		let amount = |text: &String| text.parse::<f64>().unwrap_or(0.0);
		let share = if amount(active) > 0.0 { amount(reserved) / amount(active) } else { 1.0 };
		bonds.with_label_values(&[asset]).set(share);
	}
	let earned = family("paid_base_units", "Paid for leases that the chain keeps.", "asset")?;
	for (asset, paid) in &status.earned {
		earned.with_label_values(&[asset]).set(paid.parse().unwrap_or(0.0));
	}
	if let Some(vpn) = &status.vpn {
		single("vpn_up", "1 while the VPN exit runs.", if vpn.running { 1.0 } else { 0.0 })?;
		let peers = family("vpn_peers", "Peers of the VPN.", "kind")?;
		for (kind, count) in [("agreement", vpn.agreements), ("trial", vpn.trials)] {
			let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
			peers.with_label_values(&[kind]).set(count);
		}
		// Of the peers that the status shows, whose number is bounded.
		let bytes =
			Opts::new("surety_provider_vpn_peer_bytes", "Bytes of a peer, of its keys so far.");
		let bytes = IntGaugeVec::new(bytes, &["agreement", "direction"])?;
		registry.register(Box::new(bytes.clone()))?;
		for peer in &vpn.peers {
			let agreement = peer.agreement.to_string();
			for (direction, count) in [("up", peer.up), ("down", peer.down)] {
				let count = i64::try_from(count).unwrap_or(i64::MAX);
				bytes.with_label_values(&[&agreement, direction]).set(count);
			}
		}
	}
	let problems = status.advice.len();
	let problems = f64::from(u32::try_from(problems).unwrap_or(u32::MAX));
	single("advice", "Things for the operator to do.", problems)?;
	Ok(registry)
}

fn number(value: u64) -> f64 {
	u32::try_from(value).map_or(f64::from(u32::MAX), f64::from)
}

fn seconds(ms: u64) -> f64 {
	number(ms) / 1_000.0
}

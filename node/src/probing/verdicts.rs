// SPDX-License-Identifier: Apache-2.0

//! Metrics on verdicts of all validators and on this node's duty, taken from events of finalized
//! blocks.

use super::LOG_TARGET;
use crate::client::{FullBackend, FullClient};
use codec::DecodeAll;
use frame_support::storage::storage_prefix;
use frame_system::EventRecord;
use futures::StreamExt;
use pallet_surety_probes::{Event, Prober, ProberSet};
use prometheus_endpoint::{
	Counter, CounterVec, Gauge, Opts, PrometheusError, Registry, U64, register,
};
use sc_client_api::{BlockchainEvents, StorageKey, StorageProvider};
use sp_api::ProvideRuntimeApi;
use sp_core::sr25519;
use sp_keystore::{Keystore, KeystorePtr};
use std::{collections::BTreeSet, sync::Arc};
use surety_primitives::crypto::PROB;
use surety_runtime::{AccountId, Hash, Runtime, RuntimeEvent, opaque::Block};
use surety_runtime_api::SuretyApi;

/// Verdicts as metric labels, in the order of the event's fields.
const VERDICTS: [&str; 7] = ["up", "down", "bad", "stale", "unclear", "unmeasured", "excused"];

/// Metrics taken from finalized blocks.
pub struct VerdictMetrics {
	round: Gauge<U64>,
	verdicts: CounterVec<U64>,
	duty_failed: Counter<U64>,
	unreadable: Counter<U64>,
}

impl VerdictMetrics {
	/// Register the metrics.
	pub fn new(registry: &Registry) -> Result<Self, PrometheusError> {
		let metrics = Self {
			round: register(
				Gauge::new("surety_round", "Round of the last finalized block")?,
				registry,
			)?,
			verdicts: register(
				CounterVec::new(
					Opts::new("surety_verdicts_total", "Verdicts on services and leases"),
					&["verdict"],
				)?,
				registry,
			)?,
			duty_failed: register(
				Counter::new(
					"surety_duty_failed_total",
					"Sessions in which this validator neglected its duty",
				)?,
				registry,
			)?,
			unreadable: register(
				Counter::new(
					"surety_events_unreadable_total",
					"Finalized blocks whose events only a newer node can read",
				)?,
				registry,
			)?,
		};
		for verdict in VERDICTS {
			metrics.verdicts.with_label_values(&[verdict]);
		}
		Ok(metrics)
	}

	/// Count an event. `own` are the accounts that this node probes for.
	fn count(&self, event: &Event<Runtime>, own: &BTreeSet<AccountId>) {
		match event {
			Event::RoundClosed { up, down, bad, stale, unclear, unmeasured, excused, .. } => {
				let counts = [up, down, bad, stale, unclear, unmeasured, excused];
				for (verdict, count) in VERDICTS.iter().zip(counts) {
					self.verdicts.with_label_values(&[verdict]).inc_by(u64::from(*count));
				}
			},
			Event::DutyFailed { prober, .. } if own.contains(prober) => self.duty_failed.inc(),
			_ => (),
		}
	}
}

/// Watch finalized blocks.
pub async fn watch(client: Arc<FullClient>, keystore: KeystorePtr, metrics: VerdictMetrics) {
	// Accounts of the session that a failed duty belongs to: the event comes when the next session
	// has its own.
	let mut own = BTreeSet::new();
	let mut finalized = client.finality_notification_stream();
	while let Some(notification) = finalized.next().await {
		// While the node syncs, many blocks become final together and their state may be pruned.
		for at in notification.tree_route.iter().chain([&notification.hash]) {
			own.extend(accounts(&client, *at, &keystore));
			match events(&client, *at) {
				Some(Ok(events)) => {
					for record in events {
						if let RuntimeEvent::Probes(event) = record.event {
							metrics.count(&event, &own);
						}
					}
				},
				Some(Err(error)) => {
					log::debug!(target: LOG_TARGET, "events of {at}: {error}");
					metrics.unreadable.inc();
				},
				None => (),
			}
		}
		if let Ok(info) = client.runtime_api().round(notification.hash) {
			metrics.round.set(u64::from(info.round));
		}
	}
}

/// Events of a block; `None` if its state is not there. A runtime that is newer than this node may
/// have events that it does not know.
fn events(
	client: &FullClient,
	at: Hash,
) -> Option<Result<Vec<EventRecord<RuntimeEvent, Hash>>, codec::Error>> {
	let key = storage_prefix(b"System", b"Events").to_vec();
	let data = stored(client, at, key)?;
	Some(DecodeAll::decode_all(&mut data.as_slice()))
}

/// Accounts of the session's probers whose key this node has.
fn accounts(client: &FullClient, at: Hash, keystore: &KeystorePtr) -> Vec<AccountId> {
	let mine = keystore.sr25519_public_keys(PROB);
	if mine.is_empty() {
		return Vec::new();
	}
	let set = stored(client, at, ProberSet::<Runtime>::hashed_key().to_vec());
	let set = set.and_then(|data| Vec::<Prober<AccountId>>::decode_all(&mut data.as_slice()).ok());
	let probers = set.unwrap_or_default().into_iter();
	probers
		.filter(|prober| mine.contains(&sr25519::Public::from(prober.key.clone())))
		.map(|prober| prober.account)
		.collect()
}

fn stored(client: &FullClient, at: Hash, key: Vec<u8>) -> Option<Vec<u8>> {
	let key = StorageKey(key);
	Some(StorageProvider::<Block, FullBackend>::storage(client, at, &key).ok()??.0)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn value(registry: &Registry, name: &str, label: &str) -> f64 {
		let families = registry.gather();
		let family = families.iter().find(|family| family.get_name() == name).unwrap();
		let mut of = family.get_metric().iter().filter(|metric| {
			label.is_empty() || metric.get_label().iter().any(|pair| pair.get_value() == label)
		});
		of.next().unwrap().get_counter().get_value()
	}

	#[test]
	fn verdicts_are_counted_by_kind() {
		let registry = Registry::new();
		let metrics = VerdictMetrics::new(&registry).unwrap();
		let closed = Event::RoundClosed {
			round: 7,
			up: 1,
			down: 2,
			bad: 3,
			stale: 4,
			unclear: 5,
			unmeasured: 6,
			excused: 7,
		};
		metrics.count(&closed, &BTreeSet::new());
		metrics.count(&closed, &BTreeSet::new());
		let counts = VERDICTS.map(|verdict| value(&registry, "surety_verdicts_total", verdict));
		assert_eq!(counts, [2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0]);
	}

	#[test]
	fn only_the_own_duty_counts() {
		let registry = Registry::new();
		let metrics = VerdictMetrics::new(&registry).unwrap();
		let account = |n| AccountId::from([n; 32]);
		let own = BTreeSet::from([account(1), account(2)]);
		for n in [1, 3] {
			let tally = Default::default();
			metrics.count(&Event::DutyFailed { session: 4, prober: account(n), tally }, &own);
		}
		assert_eq!(value(&registry, "surety_duty_failed_total", ""), 1.0);
	}
}

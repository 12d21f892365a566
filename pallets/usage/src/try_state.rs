// SPDX-License-Identifier: Apache-2.0

//! Invariants of the state.

use crate::{
	Config, Expiring, Expiry, ExpiryCursor, ONE, Pairs, Pallet, Record, Records, ServiceUsage,
	Services, Totals, View, WindowUsage,
};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};
use codec::Encode;
use frame::{deps::sp_runtime::TryRuntimeError, prelude::*};
use surety_primitives::{ServiceId, WindowIndex, usage::MAX_LANES};

impl<T: Config> Pallet<T> {
	/// Check the invariants that the documentation of the crate lists.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let current = Self::current_window();
		let mut totals = BTreeMap::<(ServiceId, WindowIndex), Totals>::new();
		let mut pairs = BTreeMap::new();
		for record in Records::<T>::iter_values() {
			Self::check_record(&record, current)?;
			let Some((service, max)) = Self::service_of(&record.facts) else {
				return Err("1: a record of an agreement that is not counted".into());
			};
			for usage in &record.windows {
				Self::check_usage(usage, max)?;
				if usage.window >= Self::oldest_open() {
					let sums = totals.entry((service, usage.window));
					sums.or_insert_with(|| Totals::new(usage.window)).add(&usage.share);
					let pair = (record.facts.operator.clone(), record.facts.tenant.clone());
					let used = pairs.entry((pair.encode(), usage.window)).or_insert(0u64);
					*used = used.saturating_add(usage.share.weight);
				}
			}
		}
		for (service, usage) in Services::<T>::iter() {
			Self::check_service(&usage, current)?;
			for open in usage.open.iter().filter(|open| open.window >= Self::oldest_open()) {
				ensure!(
					totals.remove(&(service, open.window)).as_ref() == Some(open),
					"4: totals are not the sums over the records"
				);
			}
		}
		ensure!(totals.is_empty(), "4: an open window of a record without totals");
		Self::check_pairs(pairs)?;
		Self::check_queue(current)
	}

	fn check_record(
		record: &Record<T::AccountId>,
		current: WindowIndex,
	) -> Result<(), TryRuntimeError> {
		ensure!(
			record.ended.is_some() || !record.windows.is_empty(),
			"1: a record without window and end"
		);
		let windows = || record.windows.iter().map(|usage| usage.window);
		ensure!(windows().is_sorted_by(|a, b| a < b), "1: windows that do not rise");
		ensure!(windows().all(|window| window <= current), "1: a window to come");
		// An end is carried out some rounds after it, so the window of the end need not be the last.
		ensure!(
			windows().all(|window| window >= record.facts.opened),
			"1: a window before the agreement was opened"
		);
		Ok(())
	}

	fn check_usage(usage: &WindowUsage, max: u64) -> Result<(), TryRuntimeError> {
		for view in [&usage.tenant, &usage.operator] {
			let View::Signed(lanes) = view else { continue };
			ensure!(lanes.is_sorted_by(|a, b| a.lane < b.lane), "2: lanes that do not rise");
			for lane in lanes {
				ensure!(lane.lane < MAX_LANES, "2: a lane out of range");
				ensure!(lane.seq > 0, "2: a statement without a number");
				ensure!(lane.counts.is_consistent(), "2: counts that do not add up");
			}
		}
		let (agreed, matched) = usage.compare(max);
		ensure!(
			(usage.share.agreed, usage.share.matched) == (agreed, matched),
			"3: a share that does not follow from the views"
		);
		ensure!(usage.share.weight <= ONE, "3: a weight above that of a pair");
		let weighs = agreed.requests >= T::MinRequests::get();
		ensure!(weighs || usage.share.weight == 0, "3: a weight of too few requests");
		Ok(())
	}

	fn check_service(usage: &ServiceUsage, current: WindowIndex) -> Result<(), TryRuntimeError> {
		let closed = usage.closed.iter().map(|closed| (closed.window, closed.agreed));
		let open = usage.open.iter().map(|open| (open.window, open.agreed));
		let mut last = None;
		for (window, agreed) in closed.chain(open) {
			ensure!(last.is_none_or(|last| last < window), "6: windows that do not rise");
			ensure!(window <= current, "6: a window to come");
			ensure!(agreed.ok <= agreed.requests, "6: more answers than requests");
			last = Some(window);
		}
		ensure!(last.is_some(), "6: a service without a window");
		Ok(())
	}

	fn check_pairs(mut sums: BTreeMap<(Vec<u8>, WindowIndex), u64>) -> Result<(), TryRuntimeError> {
		sums.retain(|_, used| *used > 0);
		for (operator, tenant, weights) in Pairs::<T>::iter() {
			ensure!(
				!weights.is_empty() && weights.is_sorted_by(|a, b| a.window < b.window),
				"5: windows of a pair that do not rise"
			);
			let key = (operator, tenant).encode();
			for weight in weights {
				ensure!(weight.used <= ONE, "5: a pair above its weight");
				if weight.window >= Self::oldest_open() {
					let sum = sums.remove(&(key.clone(), weight.window)).unwrap_or(0);
					ensure!(sum == weight.used, "5: a pair is not the sum of its agreements");
				}
			}
		}
		ensure!(sums.is_empty(), "5: a weight of no pair");
		Ok(())
	}

	fn check_queue(current: WindowIndex) -> Result<(), TryRuntimeError> {
		let cursor = ExpiryCursor::<T>::get();
		ensure!(cursor <= current, "7: the cursor is after the current window");
		let mut records = BTreeSet::new();
		let (mut pairs, mut services) = (BTreeSet::new(), BTreeSet::new());
		for (window, expiry) in Expiring::<T>::iter_keys() {
			ensure!(window >= cursor, "7: an entry that the cursor passed");
			let (last, is_new) = match expiry {
				Expiry::Agreement(id) => {
					let record = Records::<T>::get(id);
					(record.map(|record| record.until()), records.insert(id))
				},
				Expiry::Pair(operator, tenant) => {
					let newest = Pairs::<T>::get(&operator, &tenant).last().map(|it| it.window);
					let until = newest.map(|newest| newest.saturating_add(1));
					(until, pairs.insert((operator, tenant).encode()))
				},
				Expiry::Service(service) => {
					let known = Services::<T>::contains_key(service);
					(known.then_some(current), services.insert(service))
				},
			};
			ensure!(last.is_some(), "7: an entry of nothing");
			ensure!(is_new, "7: two entries of one subject");
			ensure!(last.is_some_and(|last| window <= last), "7: an entry that is due too late");
		}
		// Every entry has a subject of its own, so equal numbers mean that none is missing.
		ensure!(
			records.len() == Records::<T>::iter_keys().count(),
			"7: a record that is never removed"
		);
		ensure!(pairs.len() == Pairs::<T>::iter_keys().count(), "7: a pair that is never removed");
		ensure!(
			services.len() == Services::<T>::iter_keys().count(),
			"7: a service that is never removed"
		);
		Ok(())
	}
}

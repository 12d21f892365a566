// SPDX-License-Identifier: Apache-2.0

//! Recorder of the storage keys that a piece of code reads, from the traces of the state machine.

use frame_support::traits::StorageInfoTrait;
use sp_core::hexdisplay::HexDisplay;
use std::{
	collections::{BTreeMap, BTreeSet},
	fmt,
	sync::{Arc, Mutex},
};
use surety_runtime::AllPalletsWithSystem;
use tracing::{
	Event, Metadata, Subscriber,
	field::{Field, Visit},
	span,
};

/// Distinct keys read while `f` runs, in hexadecimal.
pub fn keys_read<R>(f: impl FnOnce() -> R) -> (R, BTreeSet<String>) {
	let keys = Arc::<Mutex<BTreeSet<String>>>::default();
	let result = tracing::subscriber::with_default(Recorder(keys.clone()), f);
	let keys = std::mem::take(&mut *keys.lock().unwrap());
	(result, keys)
}

/// Number of keys by `Pallet::Item`, without the well-known ones (`:extrinsic_index`).
pub fn by_item(keys: &BTreeSet<String>) -> BTreeMap<String, usize> {
	let mut counts = BTreeMap::new();
	for info in AllPalletsWithSystem::storage_info() {
		let prefix = HexDisplay::from(&info.prefix).to_string();
		let count = keys.iter().filter(|key| key.starts_with(&prefix)).count();
		if count > 0 {
			let [pallet, item] =
				[&info.pallet_name, &info.storage_name].map(|name| String::from_utf8_lossy(name));
			counts.insert(format!("{pallet}::{item}"), count);
		}
	}
	let known = keys.iter().filter(|key| !key.starts_with("3a")).count();
	assert_eq!(counts.values().sum::<usize>(), known, "every key belongs to an item");
	counts
}

struct Recorder(Arc<Mutex<BTreeSet<String>>>);

impl Subscriber for Recorder {
	fn enabled(&self, metadata: &Metadata<'_>) -> bool {
		metadata.target() == "state"
	}
	fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
		span::Id::from_u64(1)
	}
	fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
	fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
	fn event(&self, event: &Event<'_>) {
		let mut read = Read::default();
		event.record(&mut read);
		if let (true, Some(key)) = (read.get, read.key) {
			self.0.lock().unwrap().insert(key);
		}
	}
	fn enter(&self, _: &span::Id) {}
	fn exit(&self, _: &span::Id) {}
}

#[derive(Default)]
struct Read {
	get: bool,
	key: Option<String>,
}

impl Visit for Read {
	fn record_str(&mut self, field: &Field, value: &str) {
		self.get |= field.name() == "method" && value == "Get";
	}
	fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
		if field.name() == "key" {
			self.key = Some(format!("{value:?}"));
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Watch over `defensive!`. In the crates of this workspace it panics in tests; in those of the SDK,
//! which are compiled without assertions, it only writes to the log.

use log::{LevelFilter, Log, Metadata, Record};
use std::cell::RefCell;

thread_local! {
	static FIRED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Watch;

impl Log for Watch {
	fn enabled(&self, metadata: &Metadata<'_>) -> bool {
		metadata.target() == "runtime::defensive"
	}
	fn log(&self, record: &Record<'_>) {
		if self.enabled(record.metadata()) {
			let at = (record.file().unwrap_or_default(), record.line().unwrap_or_default());
			let text = format!("{}:{}: {}", at.0, at.1, record.args());
			FIRED.with_borrow_mut(|fired| fired.push(text));
		}
	}
	fn flush(&self) {}
}

/// Watch this process from now on, and forget what fired before.
pub fn start() {
	// Fails only if this was called before.
	if log::set_logger(&Watch).is_ok() {
		log::set_max_level(LevelFilter::Error);
	}
	fired();
}

/// Messages that fired in this thread since the last call.
pub fn fired() -> Vec<String> {
	FIRED.with_borrow_mut(std::mem::take)
}

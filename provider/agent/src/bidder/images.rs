// SPDX-License-Identifier: Apache-2.0

//! Facts about images, asked before a bid.

use std::collections::BTreeMap;
use surety_engine::{EngineError, ImageFacts};

/// Images that are remembered.
const MAX_IMAGES: usize = 4_096;
/// Milliseconds for which facts hold, and for which a fault does.
const HOLD_MS: u64 = 30 * 60_000;
const FAULT_MS: u64 = 60_000;

/// What is known about an image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ImageState {
	/// Size and platform.
	Known(ImageFacts),
	/// There is no such image, or no access to it.
	Denied(String),
	/// The registry or the engine does not answer.
	Unavailable(String),
}

/// Facts about images, each for a time.
#[derive(Debug, Default)]
pub struct Images {
	known: BTreeMap<String, (u64, ImageState)>,
}

impl Images {
	/// Take the answer of the engine about an image.
	pub fn learn(&mut self, image: &str, answer: Result<ImageFacts, EngineError>, now_ms: u64) {
		let (hold, state) = match answer {
			Ok(facts) => (HOLD_MS, ImageState::Known(facts)),
			Err(EngineError::Image(why)) => (FAULT_MS, ImageState::Denied(why)),
			Err(error) => (FAULT_MS, ImageState::Unavailable(error.to_string())),
		};
		if self.known.len() >= MAX_IMAGES {
			self.known.pop_first();
		}
		self.known.insert(image.into(), (now_ms.saturating_add(hold), state));
	}

	/// What is known now.
	pub fn states(&mut self, now_ms: u64) -> BTreeMap<String, ImageState> {
		self.known.retain(|_, (until, _)| now_ms < *until);
		self.known.iter().map(|(image, (_, state))| (image.clone(), state.clone())).collect()
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Orders that the operator wants.

use surety_primitives::{BlockNumber, Region};
use surety_runtime_api::OrderInfo;

/// Policy of the operator.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Policy {
	/// Bid with services of these regions only; all if empty.
	pub regions: Vec<Region>,
	/// Lowest score of a tenant, 0 to 100. New accounts have 0.
	pub min_tenant_score: u8,
	/// Images of which one pattern must match; all if empty. `*` is any text.
	pub allow_images: Vec<String>,
	/// Images of which no pattern may match.
	pub deny_images: Vec<String>,
	/// Largest image in compressed bytes.
	pub max_image_bytes: u64,
	/// Take orders with a private part.
	pub private_parts: bool,
	/// Accept terms that the service does not promise. An `Operate` proxy cannot.
	pub foreign_terms: bool,
	/// Longest duration in blocks; any if 0.
	pub max_duration: BlockNumber,
}

impl Policy {
	/// Reason against an order that holds for every service. `None` if there is none.
	///
	/// - `score`: score of the tenant.
	pub fn refuses<A>(&self, order: &OrderInfo<A>, score: u8, image: &str) -> Option<String> {
		if score < self.min_tenant_score {
			return Some(format!(
				"the tenant's score is {score}, below {} of the policy",
				self.min_tenant_score
			));
		}
		if order.env_hash.is_some() && !self.private_parts {
			return Some("1 private part is ordered, and the policy takes 0".into());
		}
		if self.max_duration > 0 && order.duration > self.max_duration {
			return Some(format!(
				"it runs {} blocks, more than {} of the policy",
				order.duration, self.max_duration
			));
		}
		if let Some(pattern) = self.deny_images.iter().find(|one| matches_pattern(one, image)) {
			return Some(format!("the image matches 1 denied pattern, {pattern}"));
		}
		let allowed = &self.allow_images;
		if !allowed.is_empty() && !allowed.iter().any(|one| matches_pattern(one, image)) {
			return Some(format!("the image matches 0 of {} allowed patterns", allowed.len()));
		}
		None
	}
}

/// True if a text matches a pattern, in which `*` is any text.
pub fn matches_pattern(pattern: &str, text: &str) -> bool {
	let mut parts = pattern.split('*');
	let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
		return false;
	};
	let mut parts = parts.peekable();
	if parts.peek().is_none() {
		return rest.is_empty();
	}
	while let Some(part) = parts.next() {
		if parts.peek().is_none() {
			return rest.ends_with(part);
		}
		// The first place leaves the most for the others.
		let Some((_, after)) = rest.split_once(part) else { return false };
		rest = after;
	}
	true
}

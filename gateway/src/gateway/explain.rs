// SPDX-License-Identifier: Apache-2.0

//! Headers that say who answered, and why.

use super::{network::Network, upstreams::Member};
use crate::{routing::Reason, rpc::Failure};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::{sync::Arc, time::Duration};

pub(super) const OPERATOR: HeaderName = HeaderName::from_static("x-surety-operator");
pub(super) const SERVICE: HeaderName = HeaderName::from_static("x-surety-service");
const WHY: HeaderName = HeaderName::from_static("x-surety-why");
const CACHE: HeaderName = HeaderName::from_static("x-surety-cache");
pub(super) const ATTEMPTS: HeaderName = HeaderName::from_static("x-surety-attempts");
const HEDGED: HeaderName = HeaderName::from_static("x-surety-hedged");
const HEAD: HeaderName = HeaderName::from_static("x-surety-head");
pub(super) const OVERHEAD: HeaderName = HeaderName::from_static("x-surety-overhead-us");

/// Source of an answer, with regard to the cache.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Source {
	/// An operator.
	#[default]
	Operator,
	/// An operator; the cache had no valid answer.
	Miss,
	/// The cache.
	Hit,
	/// The answer to an equal call that was under way.
	Joined,
	/// The gateway's own knowledge of the heads.
	Known,
}

impl Source {
	fn name(self) -> Option<&'static str> {
		Some(match self {
			Self::Operator => return None,
			Self::Miss => "miss",
			Self::Hit => "hit",
			Self::Joined => "joined",
			Self::Known => "known",
		})
	}
}

/// Explanation of an answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Explanation {
	/// Source.
	pub source: Source,
	/// Service that answered.
	pub member: Option<Arc<Member>>,
	/// Reason of its choice.
	pub reason: Option<Reason>,
	/// Requests to services, one after the other.
	pub attempts: u32,
	/// True if a second operator was asked because the first was slow.
	pub hedged: bool,
	/// Served latest block.
	pub head: Option<u64>,
	/// Time that the service took.
	pub upstream: Option<Duration>,
	/// Error of our own.
	pub failure: Option<Failure>,
	/// Time that the whole call took.
	pub whole: Duration,
}

/// Headers that an answer has with its explanation, and some that the front may add.
pub(super) const HEADERS: usize = 12;

impl Explanation {
	/// Write the headers of the answer. Those of the usual case, one request to one operator
	/// without the cache, are left out: each header costs every client and every answer.
	pub fn write(&self, headers: &mut HeaderMap) {
		if let Some(member) = &self.member {
			headers.insert(OPERATOR, member.operator_header.clone());
			headers.insert(SERVICE, member.service_header.clone());
		}
		if let Some(reason) = self.reason {
			headers.insert(WHY, HeaderValue::from_static(reason.name()));
		}
		if let Some(source) = self.source.name() {
			headers.insert(CACHE, HeaderValue::from_static(source));
		}
		if self.attempts > 1 {
			headers.insert(ATTEMPTS, HeaderValue::from(self.attempts));
		}
		if self.hedged {
			headers.insert(HEDGED, HeaderValue::from_static("1"));
		}
		if let Some(head) = self.head {
			headers.insert(HEAD, HeaderValue::from(head));
		}
		let own = self.whole.saturating_sub(self.upstream.unwrap_or_default()).as_micros();
		headers.insert(OVERHEAD, HeaderValue::from(u64::try_from(own).unwrap_or(u64::MAX)));
	}

	/// Write the served head alone.
	pub fn write_head(network: &Network, headers: &mut HeaderMap) {
		if let Some(head) = network.heads.latest() {
			headers.insert(HEAD, HeaderValue::from(head));
		}
	}
}

//! What is stored of an account, a service and an engagement, and what a movement of a score is made of.

use frame::prelude::*;
use serde::{Deserialize, Serialize};
use surety_primitives::{
	AgreementId, BreachKind, CloseReason, Counters, LatencyBucket, LeaseId, ServiceId, Severity,
	WindowIndex,
	score::{
		Decay, Evidence, MOST_PAID_TENANT, MOST_RATED_OPERATOR, MOST_RATED_TENANT,
		PerformanceParts, Quality, good_and_bad, payment_weight,
	},
};

/// In which role an account has a score.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub enum Role {
	/// It lists services.
	Operator,
	/// It pays for services.
	Tenant,
}

/// What moved a score.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub enum Cause {
	/// The rounds of a closed window of one of its services.
	Window {
		/// The service.
		service: ServiceId,
		/// The window.
		window: WindowIndex,
	},
	/// A breach of one of its services.
	Breach {
		/// The service.
		service: ServiceId,
		/// Which term.
		kind: BreachKind,
		/// How far past the allowance.
		severity: Severity,
	},
	/// Evidence decayed as time passed without a movement.
	Idle {
		/// How many windows.
		windows: u32,
	},
	/// A rating by its counterparty; the event `Rated` that follows says whose and of what weight.
	Rating {
		/// The agreement that was rated.
		agreement: AgreementId,
		/// 1 to 5.
		stars: u8,
	},
	/// A tenant's agreement ended paid.
	Paid {
		/// The agreement.
		agreement: AgreementId,
	},
	/// An operator failed a lease.
	LeaseFailed {
		/// The lease.
		lease: LeaseId,
		/// How.
		reason: CloseReason,
	},
}

impl Cause {
	/// Whether a movement by it is told even if the score stays where it is.
	pub(crate) fn is_told_always(self) -> bool {
		matches!(self, Self::Breach { .. } | Self::LeaseFailed { .. })
	}

	/// Whether the decay of the window before is part of a movement by it: so where a window's rounds or their
	/// consequences move the score. What people say and pay is told apart from decay in full.
	pub(crate) fn closes_a_window(self) -> bool {
		matches!(self, Self::Window { .. } | Self::Breach { .. } | Self::LeaseFailed { .. })
	}
}

/// The record of an account in a role.
pub(crate) trait Record: Default {
	/// The role.
	const ROLE: Role;
	/// Window to which it is decayed.
	fn window(&self) -> WindowIndex;
	/// Go on to `window`, letting evidence decay. Stays where it is if `window` is not later.
	fn roll(&mut self, window: WindowIndex, window_rounds: u16, half_life: u32);
	/// Score of 0 to 100 as of [`Self::window`].
	fn score(&self, window_rounds: u16) -> u8;
	/// Score that the last movement led to.
	fn shown(&self) -> u8;
	/// To change it.
	fn shown_mut(&mut self) -> &mut u8;
	/// What ratings said in [`Self::window`], before it is bounded.
	fn rated(&self) -> Evidence;
	/// To change it.
	fn rated_mut(&mut self) -> &mut Evidence;
}

/// All that is known of an operator. The record of an account is never removed.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Standing {
	/// Window that `good`, `bad` and `rated` count, and to which the rest is decayed.
	pub window: WindowIndex,
	/// Evidence of earlier windows and of all breaches and failed leases, in billionths of a window.
	pub evidence: Evidence,
	/// Good rounds of `window`, all services together.
	pub good: u32,
	/// Bad rounds of `window`, all services together.
	pub bad: u32,
	/// What ratings of `window` said, in billionths of a window. All of them together count a quarter of a
	/// window at most.
	pub rated: Evidence,
	/// What the two read-outs are made of.
	pub quality: Quality,
	/// Score that the last movement led to, 0 to 100. It sinks since then: read the score, not this.
	pub shown: u8,
}

impl Standing {
	/// Add a closed window of a service.
	pub fn count(&mut self, counters: &Counters, latency_p95: LatencyBucket) {
		let (good, bad) = good_and_bad(counters);
		self.good = self.good.saturating_add(u32::from(good));
		self.bad = self.bad.saturating_add(u32::from(bad));
		self.quality = self.quality.with_window(counters, latency_p95);
	}

	fn known(&self, window_rounds: u16) -> Evidence {
		let rounds = Evidence::of_rounds(self.good, self.bad, window_rounds);
		self.evidence.and(rounds).and(self.rated.at_most(MOST_RATED_OPERATOR))
	}
}

impl Record for Standing {
	const ROLE: Role = Role::Operator;

	fn window(&self) -> WindowIndex {
		self.window
	}

	fn roll(&mut self, window: WindowIndex, window_rounds: u16, half_life: u32) {
		let windows = window.saturating_sub(self.window);
		if windows == 0 {
			return;
		}
		let decay = Decay::over(windows, half_life);
		self.evidence = self.known(window_rounds).decayed(decay);
		self.quality = self.quality.decayed(decay);
		self.good = 0;
		self.bad = 0;
		self.rated = Evidence::default();
		self.window = window;
	}

	fn score(&self, window_rounds: u16) -> u8 {
		self.known(window_rounds).score()
	}

	fn shown(&self) -> u8 {
		self.shown
	}

	fn shown_mut(&mut self) -> &mut u8 {
		&mut self.shown
	}

	fn rated(&self) -> Evidence {
		self.rated
	}

	fn rated_mut(&mut self) -> &mut Evidence {
		&mut self.rated
	}
}

/// All that is known of a tenant. The record of an account is never removed.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct TenantStanding {
	/// Window that `rated` and `paid` count, and to which the rest is decayed.
	pub window: WindowIndex,
	/// Evidence of earlier windows, in billionths of a window.
	pub evidence: Evidence,
	/// What ratings of `window` said, in billionths of a window. All of them together count three
	/// quarters of a window at most.
	pub rated: Evidence,
	/// What payments of `window` said, in billionths of a window, a quarter of a window at most.
	pub paid: u64,
	/// Score that the last movement led to, 0 to 100. It sinks since then: read the score, not this.
	pub shown: u8,
}

impl TenantStanding {
	/// Add a payment by the weight of a rating of it.
	pub fn pay(&mut self, weight: u64) {
		self.paid = self.paid.saturating_add(payment_weight(weight)).min(MOST_PAID_TENANT);
	}

	fn known(&self) -> Evidence {
		let paid = Evidence { alpha: self.paid, beta: 0 };
		self.evidence.and(paid).and(self.rated.at_most(MOST_RATED_TENANT))
	}
}

impl Record for TenantStanding {
	const ROLE: Role = Role::Tenant;

	fn window(&self) -> WindowIndex {
		self.window
	}

	fn roll(&mut self, window: WindowIndex, _: u16, half_life: u32) {
		let windows = window.saturating_sub(self.window);
		if windows == 0 {
			return;
		}
		let evidence = self.known().decayed(Decay::over(windows, half_life));
		*self = Self { window, evidence, shown: self.shown, ..Default::default() };
	}

	fn score(&self, _: u16) -> u8 {
		self.known().score()
	}

	fn shown(&self) -> u8 {
		self.shown
	}

	fn shown_mut(&mut self) -> &mut u8 {
		&mut self.shown
	}

	fn rated(&self) -> Evidence {
		self.rated
	}

	fn rated_mut(&mut self) -> &mut Evidence {
		&mut self.rated
	}
}

/// The read-outs of one service.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct ServiceStanding {
	/// Window to which `quality` is decayed.
	pub window: WindowIndex,
	/// What the two read-outs are made of.
	pub quality: Quality,
}

impl ServiceStanding {
	/// Let it decay to `window`. Stays where it is if `window` is not later.
	pub fn roll(&mut self, window: WindowIndex, half_life: u32) {
		let windows = window.saturating_sub(self.window);
		self.quality = self.quality.decayed(Decay::over(windows, half_life));
		self.window = self.window.max(window);
	}
}

/// A performance score and the parts that make it up.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Performance {
	/// 0 to 100.
	pub score: u8,
	/// Uptime, correctness and latency, with what was measured, the target, score and weight of each.
	pub parts: PerformanceParts,
}

impl From<PerformanceParts> for Performance {
	fn from(parts: PerformanceParts) -> Self {
		Self { score: parts.score(), parts }
	}
}

/// An agreement that ended paid and that at least one side has not rated yet.
#[derive(
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct Engagement<AccountId> {
	/// Who served.
	pub operator: AccountId,
	/// Who paid.
	pub tenant: AccountId,
	/// What a rating of it weighs at most, in billionths of a window of evidence.
	pub weight: u64,
	/// Last window in which it can be rated.
	pub until: WindowIndex,
	/// Whether the tenant has rated the operator.
	pub tenant_rated: bool,
	/// Whether the operator has rated the tenant.
	pub operator_rated: bool,
}

impl<AccountId: PartialEq> Engagement<AccountId> {
	/// Whom `who` rates, and in which role. `None` if it is no party.
	pub fn counterparty(&self, who: &AccountId) -> Option<(Role, &AccountId)> {
		if *who == self.tenant {
			Some((Role::Operator, &self.operator))
		} else if *who == self.operator {
			Some((Role::Tenant, &self.tenant))
		} else {
			None
		}
	}

	/// Whether the party in that role has been rated.
	pub fn is_rated(&self, role: Role) -> bool {
		match role {
			Role::Operator => self.tenant_rated,
			Role::Tenant => self.operator_rated,
		}
	}

	/// The party in that role has been rated.
	pub fn note_rated(&mut self, role: Role) {
		match role {
			Role::Operator => self.tenant_rated = true,
			Role::Tenant => self.operator_rated = true,
		}
	}

	/// Whether both sides have rated.
	pub fn is_done(&self) -> bool {
		self.tenant_rated && self.operator_rated
	}
}

/// What one account's ratings of another weighed lately.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub struct PairWeight {
	/// The epoch that is counted; those before are forgotten.
	pub epoch: u32,
	/// What its ratings weighed, in billionths of a window of evidence.
	pub used: u64,
}

/// What is to be forgotten once a window is over.
#[derive(
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
pub enum Expiry<AccountId> {
	/// An agreement that nobody may rate any more.
	Engagement(AgreementId),
	/// What the first's ratings of the second weighed.
	Pair(AccountId, AccountId),
}

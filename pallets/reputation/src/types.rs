// SPDX-License-Identifier: Apache-2.0

//! Records of accounts and targets, engagements, and causes of movements.

use frame::prelude::*;
use surety_primitives::{
	AgreementId, BreachKind, CloseReason, Counters, LatencyBucket, LeaseId, Severity, Target,
	WindowIndex,
	score::{
		Decay, Evidence, MAX_OPERATOR_RATINGS, MAX_TENANT_PAYMENTS, MAX_TENANT_RATINGS,
		PerformanceParts, Quality, good_and_bad, payment_weight,
	},
};

/// Role in which an account has a score.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub enum Role {
	/// Account that lists services.
	Operator,
	/// Account that pays for services.
	Tenant,
}

impl Role {
	/// Role of the other party of an agreement.
	pub fn counterpart(self) -> Self {
		match self {
			Self::Operator => Self::Tenant,
			Self::Tenant => Self::Operator,
		}
	}
}

/// Cause of a movement.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub enum Cause {
	/// Rounds of a closed window of a target of the operator.
	Window {
		/// The target.
		target: Target,
		/// The window.
		window: WindowIndex,
	},
	/// Breach of a target of the operator.
	Breach {
		/// The target.
		target: Target,
		/// Term that was not kept.
		kind: BreachKind,
		/// Distance past the allowance.
		severity: Severity,
	},
	/// Decay of evidence, as time passed without a movement.
	Idle {
		/// Number of windows.
		windows: u32,
	},
	/// Rating by a counterparty. The event `Rated` that follows has its weight and the account
	/// that rated.
	Rating {
		/// Agreement that was rated.
		agreement: AgreementId,
		/// 1 to 5.
		stars: u8,
	},
	/// Payment of a tenant: its agreement ended paid.
	Paid {
		/// The agreement.
		agreement: AgreementId,
	},
	/// Lease that the operator failed.
	LeaseFailed {
		/// The lease.
		lease: LeaseId,
		/// Reason of its end.
		reason: CloseReason,
	},
}

impl Cause {
	/// True if a movement is reported even if it leaves the score where it is.
	pub(crate) fn is_always_reported(self) -> bool {
		matches!(self, Self::Breach { .. } | Self::LeaseFailed { .. })
	}

	/// True if the decay of one window is part of a movement, because the rounds of a window or
	/// their consequences move the score. For ratings and payments, all decay is reported apart.
	pub(crate) fn includes_decay_of_a_window(self) -> bool {
		matches!(self, Self::Window { .. } | Self::Breach { .. } | Self::LeaseFailed { .. })
	}
}

/// Record of an account in a role.
pub(crate) trait ScoreRecord: Default {
	/// The role.
	const ROLE: Role;
	/// Window to which the record is decayed.
	fn window(&self) -> WindowIndex;
	/// Let the evidence decay to `window`. Does nothing if `window` is not later.
	fn decay_to(&mut self, window: WindowIndex, window_rounds: u16, half_life: u32);
	/// Score of 0 to 100 as of [`Self::window`].
	fn score(&self, window_rounds: u16) -> u8;
	/// Score that the last movement led to.
	fn last_score(&self) -> u8;
	/// Set the score that the last movement led to.
	fn set_last_score(&mut self, score: u8);
	/// Ratings of [`Self::window`], before they are capped.
	fn ratings(&self) -> Evidence;
	/// Add a rating to those of [`Self::window`].
	fn add_rating(&mut self, rating: Evidence);
}

/// Record of an operator. Never removed.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct OperatorRecord {
	/// Window of `good_rounds`, `bad_rounds` and `ratings`, to which the rest is decayed.
	pub window: WindowIndex,
	/// Evidence of earlier windows and of all breaches and failed leases, in billionths of a
	/// window.
	pub evidence: Evidence,
	/// Good rounds of `window`, all services together.
	pub good_rounds: u32,
	/// Bad rounds of `window`, all services together.
	pub bad_rounds: u32,
	/// Ratings of `window`, in billionths of a window. Capped at a quarter of a window when the
	/// score is computed.
	pub ratings: Evidence,
	/// Rounds from which reliability and performance are computed.
	pub quality: Quality,
	/// Score that the last movement led to, 0 to 100. The current score may be lower.
	pub last_score: u8,
}

impl OperatorRecord {
	/// Add a closed window of a service.
	pub fn add_window(&mut self, counters: &Counters, latency_p95: LatencyBucket) {
		let (good, bad) = good_and_bad(counters);
		self.good_rounds = self.good_rounds.saturating_add(u32::from(good));
		self.bad_rounds = self.bad_rounds.saturating_add(u32::from(bad));
		self.quality = self.quality.with_window(counters, latency_p95);
	}

	fn total_evidence(&self, window_rounds: u16) -> Evidence {
		let rounds = Evidence::of_rounds(self.good_rounds, self.bad_rounds, window_rounds);
		self.evidence.plus(rounds).plus(self.ratings.capped(MAX_OPERATOR_RATINGS))
	}
}

impl ScoreRecord for OperatorRecord {
	const ROLE: Role = Role::Operator;

	fn window(&self) -> WindowIndex {
		self.window
	}

	fn decay_to(&mut self, window: WindowIndex, window_rounds: u16, half_life: u32) {
		let windows = window.saturating_sub(self.window);
		if windows == 0 {
			return;
		}
		let decay = Decay::over(windows, half_life);
		*self = Self {
			window,
			evidence: self.total_evidence(window_rounds).decayed(decay),
			quality: self.quality.decayed(decay),
			last_score: self.last_score,
			..Default::default()
		};
	}

	fn score(&self, window_rounds: u16) -> u8 {
		self.total_evidence(window_rounds).score()
	}

	fn last_score(&self) -> u8 {
		self.last_score
	}

	fn set_last_score(&mut self, score: u8) {
		self.last_score = score;
	}

	fn ratings(&self) -> Evidence {
		self.ratings
	}

	fn add_rating(&mut self, rating: Evidence) {
		self.ratings = self.ratings.plus(rating);
	}
}

/// Record of a tenant. Never removed.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct TenantRecord {
	/// Window of `ratings` and `payments`, to which the rest is decayed.
	pub window: WindowIndex,
	/// Evidence of earlier windows, in billionths of a window.
	pub evidence: Evidence,
	/// Ratings of `window`, in billionths of a window. Capped at three quarters of a window when
	/// the score is computed.
	pub ratings: Evidence,
	/// Good evidence from payments of `window`, in billionths of a window, at most a quarter of a
	/// window.
	pub payments: u64,
	/// Score that the last movement led to, 0 to 100. The current score may be lower.
	pub last_score: u8,
}

impl TenantRecord {
	/// Add a payment. `weight` is the weight of a rating of it.
	pub fn add_payment(&mut self, weight: u64) {
		let payments = self.payments.saturating_add(payment_weight(weight));
		self.payments = payments.min(MAX_TENANT_PAYMENTS);
	}

	fn total_evidence(&self) -> Evidence {
		let payments = Evidence { alpha: self.payments, beta: 0 };
		self.evidence.plus(payments).plus(self.ratings.capped(MAX_TENANT_RATINGS))
	}
}

impl ScoreRecord for TenantRecord {
	const ROLE: Role = Role::Tenant;

	fn window(&self) -> WindowIndex {
		self.window
	}

	fn decay_to(&mut self, window: WindowIndex, _: u16, half_life: u32) {
		let windows = window.saturating_sub(self.window);
		if windows == 0 {
			return;
		}
		let evidence = self.total_evidence().decayed(Decay::over(windows, half_life));
		*self = Self { window, evidence, last_score: self.last_score, ..Default::default() };
	}

	fn score(&self, _: u16) -> u8 {
		self.total_evidence().score()
	}

	fn last_score(&self) -> u8 {
		self.last_score
	}

	fn set_last_score(&mut self, score: u8) {
		self.last_score = score;
	}

	fn ratings(&self) -> Evidence {
		self.ratings
	}

	fn add_rating(&mut self, rating: Evidence) {
		self.ratings = self.ratings.plus(rating);
	}
}

/// Record of one target.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct TargetRecord {
	/// Window to which `quality` is decayed.
	pub window: WindowIndex,
	/// Rounds from which reliability and performance are computed.
	pub quality: Quality,
}

impl TargetRecord {
	/// Let the record decay to `window`. Does nothing if `window` is not later.
	pub fn decay_to(&mut self, window: WindowIndex, half_life: u32) {
		let windows = window.saturating_sub(self.window);
		self.quality = self.quality.decayed(Decay::over(windows, half_life));
		self.window = self.window.max(window);
	}
}

/// Performance with the parts from which it is computed.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct Performance {
	/// 0 to 100.
	pub score: u8,
	/// Uptime, correctness and latency, each with its measurement, target, score and weight.
	pub parts: PerformanceParts,
}

impl From<PerformanceParts> for Performance {
	fn from(parts: PerformanceParts) -> Self {
		Self { score: parts.score(), parts }
	}
}

/// Agreement that ended paid and that at least one party has not rated yet.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Engagement<AccountId> {
	/// Operator of the agreement.
	pub operator: AccountId,
	/// Tenant of the agreement.
	pub tenant: AccountId,
	/// Maximum weight of a rating, in billionths of a window of evidence.
	pub weight: u64,
	/// Last window in which it can be rated.
	pub until: WindowIndex,
	/// Party that has rated, if one has.
	pub rated_by: Option<Role>,
}

impl<AccountId: PartialEq> Engagement<AccountId> {
	/// Role of an account in the agreement. `None` if it is no party.
	pub fn role_of(&self, who: &AccountId) -> Option<Role> {
		if *who == self.tenant {
			Some(Role::Tenant)
		} else if *who == self.operator {
			Some(Role::Operator)
		} else {
			None
		}
	}

	/// Account of the other party.
	pub fn counterparty(&self, role: Role) -> &AccountId {
		match role {
			Role::Operator => &self.tenant,
			Role::Tenant => &self.operator,
		}
	}
}

/// Weight of one account's ratings of another.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct PairWeight {
	/// Epoch of the last rating.
	pub epoch: u32,
	/// Weight of the ratings in that epoch, in billionths of a window of evidence.
	pub used: u64,
}

/// Entry to remove once a window is over.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub enum Expiry<AccountId> {
	/// Engagement that nobody may rate any more.
	Engagement(AgreementId),
	/// Weight of the first account's ratings of the second.
	Pair(AccountId, AccountId),
}

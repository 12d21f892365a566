// SPDX-License-Identifier: Apache-2.0

//! Views of the two sides, agreed use, totals of services, and reasons to refuse a statement.

use crate::{BUCKETS, HISTORY, ONE};
use frame::prelude::*;
use frame_support::PalletError;
use surety_primitives::{
	AgreementFacts, AgreementId, Balance, Counters, ServiceId, WindowIndex,
	usage::{AgreedUsage, Comparison, MAX_LANES, Match, Side, UsageCounts},
};

/// Reason why a statement counts for nothing.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Encode,
	Eq,
	MaxEncodedLen,
	PalletError,
	PartialEq,
	TypeInfo,
)]
pub enum Refusal {
	/// The statement is of another chain.
	WrongGenesis,
	/// The lane is not below 8.
	UnknownLane,
	/// Answers and losses are more than the requests, or slow answers more than the answers.
	Inconsistent,
	/// The window has not begun.
	TooEarly,
	/// The window after that of the statement is over.
	TooLate,
	/// No agreement has this id, or it ended before the last window.
	UnknownAgreement,
	/// The unit of the service is not counted in requests.
	NotCounted,
	/// The agreement was not open in that window.
	OutsideAgreement,
	/// The reporter is neither the party itself nor its `Report` proxy.
	NotReporter,
	/// The signature is not that of the reporter.
	BadSignature,
	/// The side signed two different statements with one number, so its view of the window is void.
	Voided,
	/// The number is not above that of the last statement of the lane.
	Outdated,
	/// A counter is below that of the last statement of the lane.
	CounterFell,
}

/// Last statement of a lane.
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
pub struct Lane {
	/// The lane, below 8.
	pub lane: u8,
	/// Number of the statement.
	pub seq: u32,
	/// Its counts.
	pub counts: UsageCounts,
}

/// Lanes of one side in a window.
pub type Lanes = BoundedVec<Lane, ConstU32<{ MAX_LANES as u32 }>>;

/// View of one side of a window.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub enum View {
	/// Last statement of each lane, in order of the lanes. Empty while the side is silent.
	Signed(Lanes),
	/// The side signed two different statements with one number.
	Void,
}

impl Default for View {
	fn default() -> Self {
		Self::Signed(Default::default())
	}
}

impl View {
	/// Sum over the lanes. `None` if there is nothing that counts.
	pub fn sum(&self) -> Option<UsageCounts> {
		match self {
			Self::Signed(lanes) if !lanes.is_empty() => {
				let sum = |sum: UsageCounts, lane: &Lane| sum.plus(&lane.counts);
				Some(lanes.iter().fold(UsageCounts::default(), sum))
			},
			_ => None,
		}
	}

	/// Replace the last statement of a lane by a later one.
	pub(crate) fn update(&mut self, new: Lane) -> Result<(), Refusal> {
		let Self::Signed(lanes) = self else { return Err(Refusal::Voided) };
		ensure!(new.seq > 0, Refusal::Outdated);
		match lanes.binary_search_by_key(&new.lane, |lane| lane.lane) {
			Ok(at) => {
				let Some(last) = lanes.get_mut(at) else { return Err(Refusal::UnknownLane) };
				ensure!(new.seq > last.seq, Refusal::Outdated);
				ensure!(new.counts.continues(&last.counts), Refusal::CounterFell);
				*last = new;
				Ok(())
			},
			Err(at) => lanes.try_insert(at, new).map_err(|_| Refusal::UnknownLane),
		}
	}
}

/// Part of an agreement in the totals of its service.
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
pub struct Share {
	/// Use that both sides signed.
	pub agreed: AgreedUsage,
	/// Relation of the views.
	pub matched: Match,
	/// Weight of the agreement's success, in billionths of the weight of a pair.
	pub weight: u64,
	/// Units of the agreement if it has weight, else 0.
	pub units: u32,
}

impl Share {
	/// Weight times the share of answers.
	fn weighted_ok(&self) -> u64 {
		let product = u128::from(self.weight).saturating_mul(u128::from(self.agreed.ok));
		let part = product.checked_div(u128::from(self.agreed.requests)).unwrap_or(0);
		u64::try_from(part).unwrap_or(self.weight)
	}

	/// Bucket of the share of answers: bucket `b` holds those below `(b + 1) / 20`, the last one
	/// all others.
	fn bucket(&self) -> usize {
		let count = u64::try_from(BUCKETS).unwrap_or(u64::MAX);
		let scaled = u128::from(self.agreed.ok).saturating_mul(u128::from(count));
		let bucket = scaled.checked_div(u128::from(self.agreed.requests)).unwrap_or(0);
		usize::try_from(bucket).unwrap_or(BUCKETS).min(BUCKETS.saturating_sub(1))
	}
}

/// Use of an agreement in a window.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct WindowUsage {
	/// The window.
	pub window: WindowIndex,
	/// View of the tenant.
	pub tenant: View,
	/// View of the operator.
	pub operator: View,
	/// Part in the totals of the service.
	pub share: Share,
}

impl WindowUsage {
	/// View of a side.
	pub fn view(&self, side: Side) -> &View {
		match side {
			Side::Tenant => &self.tenant,
			Side::Operator => &self.operator,
		}
	}

	pub(crate) fn view_mut(&mut self, side: Side) -> &mut View {
		match side {
			Side::Tenant => &mut self.tenant,
			Side::Operator => &mut self.operator,
		}
	}

	/// Agreed use and the relation of the views, with so many requests at most.
	pub(crate) fn compare(&self, max_requests: u64) -> (AgreedUsage, Match) {
		let (Some(tenant), Some(operator)) = (self.tenant.sum(), self.operator.sum()) else {
			return (AgreedUsage::default(), Match::OneSided);
		};
		let matched = if tenant.differs_from(&operator) { Match::Contested } else { Match::Close };
		(AgreedUsage::of(&tenant, &operator, max_requests), matched)
	}
}

/// End of an agreement whose last window can still be reported.
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
pub struct Ended {
	/// Window of the last round that was billed.
	pub window: WindowIndex,
	/// Platform's fee on what was paid, of at most one window's price.
	pub window_fee: Balance,
}

/// Record of an agreement: its use in the last two windows.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Record<AccountId> {
	/// Parties, units and target.
	pub facts: AgreementFacts<AccountId>,
	/// End, if the agreement is over.
	pub ended: Option<Ended>,
	/// Use by window, oldest first.
	pub windows: BoundedVec<WindowUsage, ConstU32<2>>,
}

impl<AccountId> Record<AccountId> {
	/// Record without use.
	pub fn new(facts: AgreementFacts<AccountId>) -> Self {
		Self { facts, ended: None, windows: Default::default() }
	}

	/// Party of a side.
	pub fn party(&self, side: Side) -> &AccountId {
		match side {
			Side::Tenant => &self.facts.tenant,
			Side::Operator => &self.facts.operator,
		}
	}

	/// Last window in which one of the record's can be reported.
	pub(crate) fn until(&self) -> WindowIndex {
		let used = self.windows.last().map(|usage| usage.window);
		let last = used.max(self.ended.map(|ended| ended.window));
		last.map_or(0, |last| last.saturating_add(1))
	}
}

/// Totals of a service in a window that can still be reported.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct Totals {
	/// The window.
	pub window: WindowIndex,
	/// Use that both sides signed, over all agreements.
	pub agreed: AgreedUsage,
	/// Agreements with a statement.
	pub agreements: u32,
	/// Agreements of which only one side has a view that counts.
	pub one_sided: u32,
	/// Agreements whose views differ.
	pub contested: u32,
	/// Weight of all agreements, in billionths of the weight of a pair.
	pub weight: u64,
	/// Units of the agreements with weight.
	pub units: u32,
	/// Weight times the share of answers, over all agreements.
	pub weighted_ok: u64,
	/// Weight by the share of answers, in steps of one twentieth.
	pub buckets: [u64; BUCKETS],
}

impl Totals {
	/// Totals before the first statement.
	pub fn new(window: WindowIndex) -> Self {
		Self {
			window,
			agreed: AgreedUsage::default(),
			agreements: 0,
			one_sided: 0,
			contested: 0,
			weight: 0,
			units: 0,
			weighted_ok: 0,
			buckets: [0; BUCKETS],
		}
	}

	/// Add the part of an agreement.
	pub(crate) fn add(&mut self, share: &Share) {
		let AgreedUsage { requests, ok, bytes } = share.agreed;
		self.agreed.requests = self.agreed.requests.saturating_add(requests);
		self.agreed.ok = self.agreed.ok.saturating_add(ok);
		// Units do not bound bytes, so the sum may overflow. It wraps, so that `remove` undoes it.
		self.agreed.bytes = self.agreed.bytes.wrapping_add(bytes);
		self.agreements = self.agreements.saturating_add(1);
		let counts = self.matched(share.matched);
		if let Some(count) = counts {
			*count = count.saturating_add(1);
		}
		self.weight = self.weight.saturating_add(share.weight);
		self.units = self.units.saturating_add(share.units);
		self.weighted_ok = self.weighted_ok.saturating_add(share.weighted_ok());
		if let Some(bucket) = self.buckets.get_mut(share.bucket()) {
			*bucket = bucket.saturating_add(share.weight);
		}
	}

	/// Take the part of an agreement out again.
	pub(crate) fn remove(&mut self, share: &Share) {
		let AgreedUsage { requests, ok, bytes } = share.agreed;
		self.agreed.requests = self.agreed.requests.saturating_sub(requests);
		self.agreed.ok = self.agreed.ok.saturating_sub(ok);
		self.agreed.bytes = self.agreed.bytes.wrapping_sub(bytes);
		self.agreements = self.agreements.saturating_sub(1);
		let counts = self.matched(share.matched);
		if let Some(count) = counts {
			*count = count.saturating_sub(1);
		}
		self.weight = self.weight.saturating_sub(share.weight);
		self.units = self.units.saturating_sub(share.units);
		self.weighted_ok = self.weighted_ok.saturating_sub(share.weighted_ok());
		if let Some(bucket) = self.buckets.get_mut(share.bucket()) {
			*bucket = bucket.saturating_sub(share.weight);
		}
	}

	fn matched(&mut self, matched: Match) -> Option<&mut u32> {
		match matched {
			Match::OneSided => Some(&mut self.one_sided),
			Match::Contested => Some(&mut self.contested),
			Match::Close => None,
		}
	}

	/// Mean share of answers, each agreement by its weight. `None` without weight.
	pub fn success(&self) -> Option<Perbill> {
		(self.weight > 0).then(|| Perbill::from_rational(self.weighted_ok, self.weight))
	}

	/// Upper edge of the median share of answers, each agreement by its weight, the higher one of
	/// two: half of the weight alone says nothing against a service. `None` without weight.
	pub fn median(&self) -> Option<Perbill> {
		if self.weight == 0 {
			return None;
		}
		let (mut below, mut edge) = (0u64, 0u32);
		for bucket in self.buckets {
			below = below.saturating_add(bucket);
			edge = edge.saturating_add(1);
			if below.saturating_mul(2) > self.weight {
				break;
			}
		}
		let count = u32::try_from(BUCKETS).unwrap_or(u32::MAX);
		Some(Perbill::from_rational(edge, count))
	}
}

/// Totals of a service in a window that nobody can report any more.
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
pub struct ClosedWindow {
	/// The window.
	pub window: WindowIndex,
	/// Use that both sides signed, over all agreements.
	pub agreed: AgreedUsage,
	/// Agreements with a statement.
	pub agreements: u32,
	/// Agreements of which only one side had a view that counts.
	pub one_sided: u32,
	/// Agreements whose views differ.
	pub contested: u32,
	/// Weight of all agreements, in billionths of the weight of a pair.
	pub weight: u64,
	/// Weight times the share of answers, over all agreements.
	pub weighted_ok: u64,
	/// Comparison with the verdicts of the probers.
	pub comparison: Comparison,
}

impl ClosedWindow {
	/// Totals as they are when the window closes.
	pub(crate) fn of(totals: &Totals, comparison: Comparison) -> Self {
		Self {
			window: totals.window,
			agreed: totals.agreed,
			agreements: totals.agreements,
			one_sided: totals.one_sided,
			contested: totals.contested,
			weight: totals.weight,
			weighted_ok: totals.weighted_ok,
			comparison,
		}
	}

	/// Mean share of answers, each agreement by its weight. `None` without weight.
	pub fn success(&self) -> Option<Perbill> {
		(self.weight > 0).then(|| Perbill::from_rational(self.weighted_ok, self.weight))
	}
}

/// Standing of a service by the comparisons of its closed windows.
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
pub enum Standing {
	/// No discrepancy is known.
	#[default]
	Consistent,
	/// Tenants were served far worse than probers.
	Discrepant {
		/// Consistent windows since then.
		good: u8,
	},
}

/// Use of a service in its last windows.
#[derive(
	Clone,
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
pub struct ServiceUsage {
	/// Windows that can still be reported, oldest first.
	pub open: BoundedVec<Totals, ConstU32<2>>,
	/// Windows that are closed, oldest first.
	pub closed: BoundedVec<ClosedWindow, ConstU32<HISTORY>>,
	/// Standing.
	pub standing: Standing,
}

impl ServiceUsage {
	/// True if the service is flagged.
	pub fn is_discrepant(&self) -> bool {
		matches!(self.standing, Standing::Discrepant { .. })
	}

	/// True if the state says anything in window `current`: the service was used in the last
	/// [`HISTORY`] windows.
	pub(crate) fn is_recent(&self, current: WindowIndex) -> bool {
		let open = self.open.last().map(|totals| totals.window);
		let newest = open.max(self.closed.last().map(|closed| closed.window));
		newest.is_some_and(|newest| newest.saturating_add(HISTORY) >= current)
	}

	/// Apply the comparison of a window. Returns true if the flag changed.
	pub(crate) fn apply(&mut self, comparison: Comparison, clear_after: u8) -> bool {
		let before = self.is_discrepant();
		self.standing = match (comparison, self.standing) {
			(Comparison::Unknown, standing) => standing,
			(Comparison::Discrepant, _) => Standing::Discrepant { good: 0 },
			(Comparison::Consistent, Standing::Discrepant { good })
				if good.saturating_add(1) < clear_after =>
			{
				Standing::Discrepant { good: good.saturating_add(1) }
			},
			(Comparison::Consistent, _) => Standing::Consistent,
		};
		before != self.is_discrepant()
	}
}

/// Weight that the agreements of a tenant with an operator have together in a window.
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
pub struct PairWindow {
	/// The window.
	pub window: WindowIndex,
	/// Weight in use, in billionths; at most [`ONE`].
	pub used: u64,
}

/// Weights of a pair in the windows that can still be reported, oldest first.
pub type PairWeights = BoundedVec<PairWindow, ConstU32<2>>;

/// Entry to look at once a window is over.
#[derive(
	Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub enum Expiry<AccountId> {
	/// Record of an agreement.
	Agreement(AgreementId),
	/// Weights of an operator and a tenant.
	Pair(AccountId, AccountId),
	/// Totals of a service.
	Service(ServiceId),
}

/// Weight of an agreement with this fee in a window, in billionths of the weight of a pair: in
/// proportion up to `scale`, and [`ONE`] from there on. With a scale of 0 no fee weighs anything.
pub fn weight_of_fee(fee: Balance, scale: Balance) -> u64 {
	let part = Perbill::from_rational(fee.min(scale), scale.max(1));
	if scale == 0 { 0 } else { u64::from(part.deconstruct()).min(ONE) }
}

/// Share of the measured rounds that were up. `None` if less than half of a window of `rounds` was
/// measured.
pub(crate) fn up_share(counters: &Counters, rounds: u16) -> Option<Perbill> {
	let measured = u32::from(counters.measured());
	let enough = measured > 0 && measured.saturating_mul(2) >= u32::from(rounds);
	enough.then(|| Perbill::from_rational(u32::from(counters.up), measured))
}

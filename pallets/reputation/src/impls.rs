// SPDX-License-Identifier: Apache-2.0

//! Traits that other pallets call: movements of scores, and scores.
//!
//! The methods of [`ReputationSink`] run inside mandatory hooks: constant work, no failure.

use crate::{
	Cause, Config, Engagements, OperatorRecord, Pallet, Targets, TenantRecord, WeightInfo,
};
use frame::prelude::*;
use surety_primitives::{
	AgreementId, AssetId, Balance, BreachKind, CloseReason, LeaseId, ReputationInspect,
	ReputationSink, Severity, Target, WindowSummary,
	score::{Evidence, lease_weight, rating_weight},
};

impl<T: Config> ReputationSink<T::AccountId> for Pallet<T> {
	fn window(operator: &T::AccountId, target: Target, summary: &WindowSummary) -> Weight {
		let WindowSummary { window, counters, latency_p95 } = *summary;
		if counters.measured() == 0 {
			return Weight::zero();
		}
		let at = window.max(Self::last_window());

		Targets::<T>::mutate(target, |entry| {
			let record = entry.get_or_insert_default();
			record.decay_to(at, T::HalfLife::get());
			record.quality = record.quality.with_window(&counters, latency_p95);
		});
		let cause = Cause::Window { target, window };
		Self::move_score(operator, at, cause, |record: &mut OperatorRecord| {
			record.add_window(&counters, latency_p95)
		});
		T::WeightInfo::window()
	}

	fn breach(operator: &T::AccountId, target: Target, kind: BreachKind, severity: Severity) {
		let cause = Cause::Breach { target, kind, severity };
		Self::move_score(operator, Self::last_window(), cause, |record: &mut OperatorRecord| {
			record.evidence = record.evidence.plus(Evidence::of_breach(severity));
		});
	}

	fn forget(target: Target) {
		Targets::<T>::remove(target);
	}

	fn engagement(
		agreement: AgreementId,
		operator: &T::AccountId,
		tenant: &T::AccountId,
		asset: AssetId,
		fee: Balance,
	) {
		let scale = if fee == 0 { None } else { T::RatingScale::convert(asset) };
		let weight = rating_weight(fee, scale.unwrap_or(0));
		if weight == 0 || operator == tenant {
			return;
		}
		if Engagements::<T>::contains_key(agreement) {
			defensive!("an agreement ends once");
			return;
		}
		let cause = Cause::Paid { agreement };
		Self::move_score(tenant, Self::last_window(), cause, |record: &mut TenantRecord| {
			record.add_payment(weight)
		});
		Self::open_engagement(agreement, operator.clone(), tenant.clone(), weight);
	}

	fn lease_failed(operator: &T::AccountId, lease: LeaseId, reason: CloseReason) {
		if lease_weight(reason) == 0 {
			return;
		}
		let cause = Cause::LeaseFailed { lease, reason };
		Self::move_score(operator, Self::last_window(), cause, |record: &mut OperatorRecord| {
			record.evidence = record.evidence.plus(Evidence::of_lease(reason));
		});
	}
}

impl<T: Config> ReputationInspect<T::AccountId> for Pallet<T> {
	fn score(account: &T::AccountId) -> u8 {
		Self::score_of::<OperatorRecord>(account)
	}
}

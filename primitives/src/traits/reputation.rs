// SPDX-License-Identifier: Apache-2.0

//! Traits implemented by `reputation`.

use crate::{
	AgreementId, AssetId, Balance, BreachKind, CloseReason, LeaseId, Severity, Target, TrustLevel,
	WindowSummary,
};
use sp_runtime::Weight;

/// Events that move scores.
pub trait ReputationSink<AccountId> {
	/// Record the closed window of a target.
	fn window(operator: &AccountId, target: Target, summary: &WindowSummary) -> Weight;
	/// Record a breach.
	fn breach(operator: &AccountId, target: Target, kind: BreachKind, severity: Severity);
	/// Forget the read-outs of a target that is removed. The operator's history stays.
	fn forget(target: Target);
	/// Record an agreement that is over: both sides may rate each other for a while if anything
	/// was paid. `fee` is the platform's part of it, in base units of `asset`.
	fn engagement(
		agreement: AgreementId,
		operator: &AccountId,
		tenant: &AccountId,
		asset: AssetId,
		fee: Balance,
	);
	/// Record a lease that its operator failed: it never was ready, was unhealthy or ended for
	/// cause, or its operator left it at once.
	fn lease_failed(operator: &AccountId, lease: LeaseId, reason: CloseReason);
}

/// Scores.
pub trait ReputationInspect<AccountId> {
	/// Score of 0 to 100 at the current window; 0 for an account without history.
	fn score(account: &AccountId) -> u8;
	/// Trust level of that score.
	fn trust(account: &AccountId) -> TrustLevel {
		TrustLevel::from_score(Self::score(account))
	}
}

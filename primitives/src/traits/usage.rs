// SPDX-License-Identifier: Apache-2.0

//! Traits that the pallet `usage` needs of the runtime.

/// Accounts that may sign usage statements.
pub trait Reporters<AccountId> {
	/// True if statements of `party` may be signed by the key of `reporter`: its own, or that of an
	/// account that it named for nothing but this.
	fn may_report(party: &AccountId, reporter: &AccountId) -> bool;
}

/// Everybody signs for itself only.
impl<AccountId: PartialEq> Reporters<AccountId> for () {
	fn may_report(party: &AccountId, reporter: &AccountId) -> bool {
		party == reporter
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Traits implemented over the chain's staking.

/// Candidates for the validator set.
pub trait Candidates<AccountId> {
	/// Take validators out of the coming elections until they declare themselves candidates again.
	/// A validator stays if the set would lack candidates without it.
	fn chill(validators: &[AccountId]);
}

impl<AccountId> Candidates<AccountId> for () {
	fn chill(_: &[AccountId]) {}
}

// SPDX-License-Identifier: Apache-2.0

//! Validator set, and the consequences of an offence.
//!
//! The set is that of genesis. Its members rotate their keys with `session.setKeys`. Validators
//! neither bond nor join yet, and are not slashed: an offence is recorded, and if it carries a
//! fraction (equivocation), the offender is disabled for the rest of the session.
//!
//! The first two sessions of a chain differ. No historical root is noted for the validators of
//! genesis, so an equivocation can be reported only during its session. A validator that is
//! disabled in the first session stays disabled through the second.

use crate::{AccountId, Runtime, Session};
use alloc::vec::Vec;
use frame_support::weights::Weight;
use sp_runtime::{Perbill, traits::Convert};
use sp_staking::{
	SessionIndex,
	offence::{OffenceDetails, OffenceSeverity, OnOffenceHandler},
};

/// Full identification of a validator: none, its account is enough.
pub struct UnitIdentification;
impl Convert<AccountId, Option<()>> for UnitIdentification {
	fn convert(_: AccountId) -> Option<()> {
		Some(())
	}
}

/// Session manager with a constant set. The set is returned anew for each session, so that the
/// historical root follows the rotated keys.
pub struct SameValidators;
impl pallet_session::SessionManager<AccountId> for SameValidators {
	fn new_session(_: SessionIndex) -> Option<Vec<AccountId>> {
		let validators = Session::validators();
		(!validators.is_empty()).then_some(validators)
	}
	fn start_session(_: SessionIndex) {}
	fn end_session(_: SessionIndex) {}
}
impl pallet_session::historical::SessionManager<AccountId, ()> for SameValidators {
	fn new_session(index: SessionIndex) -> Option<Vec<(AccountId, ())>> {
		<Self as pallet_session::SessionManager<_>>::new_session(index)
			.map(|validators| validators.into_iter().map(|v| (v, ())).collect())
	}
	fn start_session(_: SessionIndex) {}
	fn end_session(_: SessionIndex) {}
}

/// Offence handler that disables an offender if the offence carries a slash fraction.
pub struct DisableOffender;
impl<Reporter>
	OnOffenceHandler<Reporter, pallet_session::historical::IdentificationTuple<Runtime>, Weight>
	for DisableOffender
{
	fn on_offence(
		offenders: &[OffenceDetails<
			Reporter,
			pallet_session::historical::IdentificationTuple<Runtime>,
		>],
		fractions: &[Perbill],
		session: SessionIndex,
	) -> Weight {
		let current = Session::current_index() == session;
		for (details, fraction) in offenders.iter().zip(fractions) {
			if current && !fraction.is_zero() {
				Session::report_offence(details.offender.0.clone(), OffenceSeverity(*fraction));
			}
		}
		Weight::zero()
	}
}

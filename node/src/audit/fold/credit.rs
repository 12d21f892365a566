// SPDX-License-Identifier: Apache-2.0

//! Credits of the agreements.

use crate::audit::{
	error::{Error, mismatch},
	state::State,
};
use pallet_surety_escrow::{Accounts, Terms};
use pallet_surety_sla::{self as sla, Agreement, Base, Breach, WindowStart};
use pallet_surety_timing::types::Timings;
use serde::Serialize;
use sp_runtime::traits::Saturating;
use surety_primitives::{
	AgreementId, Balance, MeterReading, Target, WindowShare, credit::credit_of, json,
};
use surety_runtime::{AccountId, Runtime};

/// Credit of one agreement by a breach.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Credit {
	/// Agreement.
	pub agreement: AgreementId,
	/// Tenant.
	pub tenant: AccountId,
	/// Units.
	pub units: u32,
	/// Rate in base units per block.
	#[serde(with = "json")]
	pub rate: Balance,
	/// Index from which the agreement is credited.
	pub base: WindowShare,
	/// Amount paid and due so far, in base units. Credits in total never exceed it.
	#[serde(with = "json")]
	pub paid: Balance,
	/// Credit due at once, in base units.
	#[serde(with = "json")]
	pub now: Balance,
	/// Credit that becomes due as the tenant pays more, in base units.
	#[serde(with = "json")]
	pub later: Balance,
}

/// Index from which an agreement is credited. `None` if the agreement does not count in the window
/// of the breach.
pub fn base(
	state: &dyn State,
	agreement: &Agreement<AccountId>,
	breach: &Breach,
) -> Result<Option<WindowShare>, Error> {
	match agreement.base {
		Base::Index(index) => Ok(Some(index)),
		Base::Window(opened) if opened < breach.window => {
			let key = sla::WindowBase::<Runtime>::hashed_key_for(agreement.target, opened);
			let start: Option<WindowStart> = state.get(key)?;
			// A window that the judging block itself closes starts at the index before the breach.
			Ok(Some(start.map_or(breach.index_before, |start| start.index)))
		},
		Base::Window(_) => Ok(None),
	}
}

/// Agreement with this id, if it belongs to the target and is open.
pub fn agreement_of(
	state: &dyn State,
	id: AgreementId,
	target: Target,
) -> Result<Option<Agreement<AccountId>>, Error> {
	let agreement: Option<Agreement<AccountId>> =
		state.get(sla::Agreements::<Runtime>::hashed_key_for(id))?;
	Ok(agreement.filter(|agreement| agreement.target == target && !agreement.is_closed()))
}

/// Credit of an agreement by a breach: its part of the rise, limited by the amount paid up to the
/// round of the breach.
pub fn credit(
	state: &dyn State,
	clock: &Timings,
	id: AgreementId,
	target: Target,
	breach: &Breach,
	meter: &MeterReading,
	price: &dyn Fn(Balance) -> Balance,
) -> Result<Credit, Error> {
	let agreement = agreement_of(state, id, target)?;
	let agreement = agreement
		.ok_or_else(|| mismatch(format!("agreement {id} does not belong to the target")))?;
	let base = base(state, &agreement, breach)?;
	let base = base.ok_or_else(|| mismatch(format!("agreement {id} did not count yet")))?;
	let key = Accounts::<Runtime>::hashed_key_for(agreement.escrow);
	let mut account: pallet_surety_escrow::Account<AccountId> =
		state.require(key, "escrow of an agreement")?;
	if let Terms::Stream(stream) = &mut account.terms {
		stream.note(Some(*meter), clock.round_blocks);
	}
	let paid = account.paid.total().saturating_add(account.outstanding());
	let promised =
		|index: WindowShare| credit_of(price(agreement.rate), index.saturating_sub(base));
	let (before, after) = (promised(breach.index_before), promised(breach.index_after));
	let now = after.min(paid).saturating_sub(before.min(paid));
	Ok(Credit {
		agreement: id,
		tenant: agreement.tenant,
		units: agreement.units,
		rate: agreement.rate,
		base,
		paid,
		now,
		later: after.saturating_sub(before).saturating_sub(now),
	})
}

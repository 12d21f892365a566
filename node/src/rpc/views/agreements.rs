//! Agreements.

use super::{amount, asset};
use surety_primitives::{CloseReason, RoundIndex};
use surety_runtime::AccountId;
use surety_runtime_api as api;

views! {
	/// How an agreement ends.
	pub struct EndingView {
		/// After this round.
		pub round: u32,
		/// Reason: 1xxx tenant, 2xxx operator, 3xxx network.
		pub code: u16,
		/// The reason in words.
		pub reason: String,
	}

	/// An agreement.
	pub struct AgreementView {
		/// Id.
		pub id: u32,
		/// Who pays.
		pub tenant: AccountId,
		/// What for.
		pub service: u32,
		/// Units.
		pub units: u32,
		/// Asset of all amounts.
		pub asset: String,
		/// Price per billable block.
		pub rate: String,
		/// Block it was opened in.
		pub opened_at: u32,
		/// Deposit still on hold.
		pub held: String,
		/// Paid so far.
		pub paid: String,
		/// Due and not yet paid.
		pub due: String,
		/// Billable blocks that the deposit still pays for.
		pub blocks_left: u32,
		/// Credit that is due to the tenant and not delivered.
		pub owed_credit: String,
		/// Credit promised beyond that: it becomes due as the agreement pays.
		pub reserved_credit: String,
		/// Its end, if that is decided.
		pub ending: Option<EndingView>,
	}
}

impl From<(RoundIndex, CloseReason)> for EndingView {
	fn from((round, reason): (RoundIndex, CloseReason)) -> Self {
		Self { round, code: reason.code(), reason: format!("{reason:?}") }
	}
}

impl From<api::AgreementInfo<AccountId>> for AgreementView {
	fn from(info: api::AgreementInfo<AccountId>) -> Self {
		Self {
			id: info.id,
			tenant: info.tenant,
			service: info.service,
			units: info.units,
			asset: asset(info.asset),
			rate: amount(info.rate),
			opened_at: info.opened_at,
			held: amount(info.held),
			paid: amount(info.paid),
			due: amount(info.due),
			blocks_left: info.blocks_left,
			owed_credit: amount(info.owed_credit),
			reserved_credit: amount(info.reserved_credit),
			ending: info.ending.map(Into::into),
		}
	}
}

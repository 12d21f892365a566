//! Events of this pallet.

use frame_support::pallet_macros::pallet_section;

/// The events, imported into the pallet.
#[pallet_section]
mod events {
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A stream was opened; it is billed from the next round on. Amounts in base units of
		/// `asset`.
		StreamOpened {
			/// Id of the account.
			escrow: EscrowId,
			/// Payer.
			payer: T::AccountId,
			/// Payee.
			payee: T::AccountId,
			/// Asset of all amounts.
			asset: AssetId,
			/// Service whose meter it is paid by.
			meter: ServiceId,
			/// Per billable block.
			rate: Balance,
			/// Put on hold, `prepaid` included.
			deposit: Balance,
			/// Pays the first billable blocks, on hold until they are judged. If the tenant closes
			/// the stream (code 1001), only what rounds cost that were judged and not billable is
			/// refunded of it.
			prepaid: Balance,
		},
		/// A lump became a stream of the same funds; it is billed from the next round on. Amounts
		/// in base units of `asset`.
		StreamStarted {
			/// Id of the account.
			escrow: EscrowId,
			/// Payer.
			payer: T::AccountId,
			/// Payee.
			payee: T::AccountId,
			/// Asset of all amounts.
			asset: AssetId,
			/// Service whose meter it is paid by.
			meter: ServiceId,
			/// Per billable block.
			rate: Balance,
			/// On hold, `prepaid` included.
			deposit: Balance,
			/// Pays the first billable blocks, on hold until they are judged. If the tenant closes
			/// the stream (code 1001) after its trial, only what rounds cost that were judged and
			/// not billable is refunded of it.
			prepaid: Balance,
			/// Last round that is billed.
			last_round: RoundIndex,
			/// Last round of the trial.
			trial_until: RoundIndex,
		},
		/// The last round of a stream was put off.
		Extended {
			/// Id of the account.
			escrow: EscrowId,
			/// Last round that is billed.
			last_round: RoundIndex,
			/// Base units that are prepaid now, of the funds since the stream was started.
			prepaid: Balance,
		},
		/// A stream or a lump got more funds.
		ToppedUp {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units put on hold.
			amount: Balance,
		},
		/// The sum that was due was paid.
		Settled {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units that left the hold, fee included.
			paid: Balance,
			/// Base units of it that are fee.
			fee: Balance,
		},
		/// The end of a stream is decided: nothing after `round` is billed, however late it is
		/// carried out. The rest is refunded once that round is judged. Said again if a sooner end
		/// takes its place.
		EndDecided {
			/// Id of the account.
			escrow: EscrowId,
			/// Last round that is billed.
			round: RoundIndex,
			/// Reason of the end.
			reason: CloseReason,
			/// Stable code of the reason; the thousands say whose doing it was: 1 tenant, 2
			/// operator, 3 network.
			code: u16,
		},
		/// The end of a stream is decided, but what is left stays in escrow: nothing after `round`
		/// is billed, and once that round is judged the account is a lump again. Said again if the
		/// service ends sooner. `EndDecided` after this says that the stream is closed instead.
		ParkDecided {
			/// Id of the account.
			escrow: EscrowId,
			/// Last round that is billed.
			round: RoundIndex,
			/// Reason of the end.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
		},
		/// A stream is paid to its end, and what is left stays on hold as a lump until it is
		/// started for somebody else or closed.
		Parked {
			/// Id of the account.
			escrow: EscrowId,
			/// Last round that was billed.
			round: RoundIndex,
			/// Reason of the end.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
			/// Base units for payee and fee in all.
			paid: Balance,
			/// Base units left on hold in this account.
			left: Balance,
			/// Id of the closed account that holds what of `paid` could not be delivered, if
			/// anything.
			claim: Option<EscrowId>,
		},
		/// A stream is closed.
		Closed {
			/// Id of the account.
			escrow: EscrowId,
			/// Last round that was billed.
			round: RoundIndex,
			/// Reason of the end.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
			/// Base units for payee and fee in all.
			paid: Balance,
			/// Base units for the payer.
			refunded: Balance,
		},
		/// A lump was put on hold.
		LumpOpened {
			/// Id of the account.
			escrow: EscrowId,
			/// Payer.
			payer: T::AccountId,
			/// Payee.
			payee: T::AccountId,
			/// Asset of all amounts.
			asset: AssetId,
			/// Base units on hold.
			amount: Balance,
		},
		/// A lump is closed.
		LumpClosed {
			/// Id of the account.
			escrow: EscrowId,
			/// Reason of the end.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
			/// Base units for payee and fee.
			paid: Balance,
			/// Base units for the payer.
			refunded: Balance,
		},
		/// A dispute locked funds: the stream is neither billed nor ended until they are thawed.
		Frozen {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units locked by this.
			amount: Balance,
		},
		/// Nothing is locked any more; billing goes on with the next round.
		Thawed {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units that were locked.
			amount: Balance,
			/// Base units of it granted to the payee, fee included.
			to_payee: Balance,
		},
		/// Held funds went back to the payer.
		Refunded {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units.
			amount: Balance,
		},
		/// The account is closed but somebody could not be paid. `settle` tries again.
		ClaimLeft {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units that stay on hold until then.
			held: Balance,
		},
		/// Governance gave up delivering: what was left went back to the payer.
		WrittenOff {
			/// Id of the account.
			escrow: EscrowId,
			/// Base units.
			amount: Balance,
		},
	}
}

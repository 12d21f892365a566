//! Events of this pallet.

use frame_support::pallet_macros::pallet_section;

/// The events, imported into the pallet.
#[pallet_section]
mod events {
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A tenant opened an agreement, or has one because its lease began. It is billed from the
		/// next round on and credited for breaches from the next window on.
		AgreementOpened {
			/// Its id.
			agreement: AgreementId,
			/// Payer.
			tenant: T::AccountId,
			/// Service; 2^31 + n is lease n.
			service: ServiceId,
			/// Units.
			units: u32,
			/// Base units per billable block, for all units.
			rate: Balance,
			/// Asset of all amounts.
			asset: AssetId,
			/// Put on hold, the price of the first window included; 0 for a lease, whose order has
			/// the deposit.
			deposit: Balance,
		},
		/// The tenant added to the deposit.
		ToppedUp {
			/// The agreement.
			agreement: AgreementId,
			/// Added, in base units.
			amount: Balance,
		},
		/// The end of an agreement is decided: it is billed and credited for the last time with
		/// `round`.
		AgreementEnding {
			/// The agreement.
			agreement: AgreementId,
			/// Last round.
			round: RoundIndex,
			/// Reason.
			reason: CloseReason,
			/// Stable code of the reason: 1xxx tenant, 2xxx operator, 3xxx network.
			code: u16,
		},
		/// An agreement is over and its deposit is back.
		AgreementClosed {
			/// The agreement.
			agreement: AgreementId,
			/// Its service.
			service: ServiceId,
			/// Its tenant.
			tenant: T::AccountId,
			/// Reason.
			reason: CloseReason,
			/// Stable code of the reason: 1xxx tenant, 2xxx operator, 3xxx network.
			code: u16,
			/// Paid for service in all, fee included, in base units.
			paid: Balance,
			/// Given back to the tenant, in base units; or left for the next lease of the same
			/// replica.
			refunded: Balance,
			/// Credited for breaches in all, in base units: at most what was paid.
			credited: Balance,
		},
		/// A term was not kept; the bond was slashed and all agreements of the service are
		/// credited.
		Breached {
			/// The service.
			service: ServiceId,
			/// Number in its history.
			number: u32,
			/// The numbers that explain it.
			breach: Breach,
		},
		/// A service ends for its operator's doing: it was credited up to its cover or was up in
		/// less than half of a window's measured rounds (2003), or its bond could not reserve
		/// another rent (2007): then it ends with the window.
		ServiceTerminated {
			/// The service.
			service: ServiceId,
			/// Last round that is billed.
			at: RoundIndex,
			/// Reason.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
		},
		/// The bond covers the rents of fewer windows than it should. With less than two the service
		/// ends with the window that has begun: bond more, or sell less.
		RentShort {
			/// The service.
			service: ServiceId,
			/// Windows whose rents are reserved, the one that has begun included.
			reserved: u8,
		},
		/// Credit was paid to a tenant.
		CreditPaid {
			/// The agreement.
			agreement: AgreementId,
			/// Receiver.
			tenant: T::AccountId,
			/// Amount in base units.
			amount: Balance,
		},
		/// An agreement closed but its credit could not be delivered; it stays claimable.
		CreditClaimable {
			/// The agreement.
			agreement: AgreementId,
			/// Account that can claim it.
			tenant: T::AccountId,
			/// Amount in base units.
			amount: Balance,
		},
		/// Somebody asked for it: the stream paid what was due, and the tenant got the credit that
		/// was due.
		Settled {
			/// The agreement.
			agreement: AgreementId,
			/// Paid for service, fee included, in base units.
			paid: Balance,
			/// Credit paid to the tenant, in base units.
			credited: Balance,
		},
	}
}

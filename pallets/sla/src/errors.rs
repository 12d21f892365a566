//! Why calls are refused.

use frame_support::pallet_macros::pallet_section;

/// The errors, imported into the pallet.
#[pallet_section]
mod errors {
	#[pallet::error]
	pub enum Error<T> {
		/// No such service.
		UnknownService,
		/// Compute is not sold by the unit: place an order and take a lease.
		SoldByLease,
		/// The service is not the lease of a tenant.
		NotLeased,
		/// The agreement is that of a lease: close the lease or add to its order instead.
		BelongsToLease,
		/// The units cost too little: units x price x blocks of a window must be at least a share of the minimum
		/// bond, because every validator probes the service in every round.
		BelowMinimumPrice,
		/// No such agreement; it may be over.
		UnknownAgreement,
		/// An agreement needs at least one unit.
		ZeroUnits,
		/// The amount must not be zero.
		ZeroAmount,
		/// The last verdict of the service is not `Up`; wait until it answers again.
		NotUp,
		/// The last verdict of the service is too old; wait for the next round to be judged.
		VerdictTooOld,
		/// More units than the service has left. `left` is how many it has, at most 65,535.
		OverCapacity {
			/// Units left.
			left: u16,
		},
		/// The operator's free bond does not cover the credits of so many units. `units` is how many it
		/// covers, at most 65,535.
		BondTooSmall {
			/// Units that could be opened.
			units: u16,
		},
		/// The deposit is below the price of one window (units x price x blocks of a window) plus the
		/// asset's minimum balance.
		DepositUnderOneWindow,
		/// A unit costs more per block than the `max_price` that was given: the operator raised it.
		PriceRose,
		/// What one unit can still be credited (cap - index) is below the `min_cover` asked for.
		CoverTooLow,
		/// The service has units at 8 other prices already (or verdicts are more than 4 windows late); those
		/// of one price must go first.
		TooManyPrices,
		/// The agreement is ending and takes no more funds.
		AgreementEnding,
		/// The agreement ends at that round or earlier already.
		AlreadyEnding,
		/// Only the tenant can do that.
		NotTenant,
		/// Only the tenant or the operator can do that.
		NotParty,
		/// No credit is owed, or none yet: unless the deposit lasts to the end of the window, its credit is paid
		/// as the window goes by.
		NothingOwed,
		/// The agreement is ending: its credit is paid at its end, once its last round is judged.
		PaidAtItsEnd,
		/// The service still has units.
		UnitsLeft,
		/// All ids are used up.
		TooManyAgreements,
	}
}

//! Errors of this pallet.

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
		/// The first agreement of a service must cost at least the rent of the slot that it takes, per
		/// window: buy more units, or wait until fewer slots are taken.
		BelowRent,
		/// No such agreement; it may be over.
		UnknownAgreement,
		/// An agreement needs at least one unit.
		ZeroUnits,
		/// The amount must not be zero.
		ZeroAmount,
		/// The last verdict of the service is not `Up`; wait until it answers again.
		NotUp,
		/// The last verdict of the service is more than 8 rounds old. Of an idle service ask for a
		/// new one with `probes.request_probe`, and wait until it is judged.
		VerdictTooOld,
		/// More units than the service has left. `left` is how many it has, at most 65,535.
		OverCapacity {
			/// Units left.
			left: u16,
		},
		/// The operator's free bond does not cover the credits of so many units, or for the first
		/// of them the rent of a slot for two windows. `units` is how many it covers, at most
		/// 65,535.
		BondTooSmall {
			/// Units that could be opened.
			units: u16,
		},
		/// The deposit is below the price of one window (units x price x blocks of a window) plus
		/// the asset's minimum balance.
		DepositUnderOneWindow,
		/// A unit costs more per block than the `max_price` that was given: the operator raised it.
		PriceRose,
		/// The credit that is left (cover - index) is below the `min_cover` asked for.
		CoverTooLow,
		/// The agreement is ending and takes no more funds.
		AgreementEnding,
		/// The agreement ends at that round or earlier already.
		AlreadyEnding,
		/// Only the tenant can do that.
		NotTenant,
		/// Only the tenant or the operator can do that.
		NotParty,
		/// No credit is due: either none is promised, or it was credited as much as it has paid.
		NothingOwed,
		/// Verdicts are more than four windows late; wait until they are judged.
		JudgingBehind,
		/// The service still has units.
		UnitsLeft,
		/// All ids are used up.
		TooManyAgreements,
	}
}

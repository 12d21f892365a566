//! Errors of this pallet.

use frame_support::pallet_macros::pallet_section;

/// The errors, imported into the pallet.
#[pallet_section]
mod errors {
	#[pallet::error]
	pub enum Error<T> {
		/// There is no order with this id; it may be removed.
		UnknownOrder,
		/// There is no lease with this id; its order may be removed.
		UnknownLease,
		/// This service has no bid on this order.
		UnknownBid,
		/// The order has no replica with this number.
		UnknownReplica,
		/// There is no service with this id.
		UnknownService,
		/// Only the tenant of the order may do this.
		NotTenant,
		/// Only the operator may do this.
		NotOperator,
		/// Only the tenant and the operator of a lease may close it.
		NotParty,
		/// The service is not a `Compute` service. A lease is none either.
		NotCompute,
		/// The service has not declared what it has.
		NoCapacityDeclared,
		/// Bids or leases use what the service has.
		CapacityInUse,
		/// Bids and leases use more than this, or GPUs of another class.
		CapacityBelowUsed,
		/// The service does not have this much free, or not GPUs of this class.
		NotEnoughCapacity,
		/// This server backs the capacity of another service.
		ServerTaken,
		/// The endpoint of the service moved to another server. Declare its capacity again.
		ServerMoved,
		/// The probers did not read the proof of control at the endpoint of the service yet.
		NotProven,
		/// The service is ending: it cannot declare what it has any more.
		ServiceOver,
		/// A GPU class is lower-case letters, digits and dashes, and comes with GPUs only; a service with GPUs
		/// must name one.
		BadGpuClass,
		/// Resources of zero: nothing is asked for or declared.
		NoResources,
		/// The asset is not approved.
		AssetNotApproved,
		/// The image reference must be printable ASCII without spaces, and not empty.
		BadImage,
		/// Port 0, or a port twice.
		BadPorts,
		/// A region that is no code of a country by ISO 3166-1, or a region twice.
		BadRegions,
		/// An order has 1 to 8 replicas, and a bid takes at least one and at most all of them.
		BadQuantity,
		/// The price must be above zero.
		ZeroPrice,
		/// The bid is above the highest price of the order.
		PriceAboveMax,
		/// The failover price is above the highest price of the order.
		FailoverAboveMax,
		/// The bid has this price already.
		SamePrice,
		/// A price or a credit so high that sums of it overflow.
		PriceOverflow,
		/// The terms must pay some credit: the cover is zero.
		TermsZeroCover,
		/// The credits of the terms must not fall with the severity.
		TermsCreditsFall,
		/// A credit of the terms is above their cover.
		TermsCreditAboveCover,
		/// A credit of the terms is above the most that governance allows.
		TermsCreditAboveMost,
		/// The uptime of the terms is above 1,000,000,000 parts per billion.
		TermsUptime,
		/// The latency of the terms is longer than probers wait.
		TermsLatency,
		/// The number of blocks must be above zero.
		ZeroDuration,
		/// Longer than a replica may run in all.
		DurationTooLong,
		/// The bid deadline must be at least a round ahead.
		DeadlineTooSoon,
		/// The bid deadline is too far ahead.
		DeadlineTooFar,
		/// The deposit must pay for a window (or the whole duration, if that is shorter) at the highest price,
		/// plus the asset's minimum balance.
		DepositTooLow,
		/// The amount must be above zero.
		ZeroAmount,
		/// No ids of orders are left.
		TooManyOrders,
		/// No ids of leases are left, or the order had as many as it may have.
		TooManyLeases,
		/// No replica of the order waits for an operator.
		NothingWaiting,
		/// The order takes no bids now.
		NotBidding,
		/// Tenants cannot bid on their own orders.
		OwnOrder,
		/// The service is in another asset than the order.
		WrongAsset,
		/// The order does not allow the region of the service.
		RegionNotAllowed,
		/// The trust level of the operator is below what the order asks for.
		TrustTooLow,
		/// The order or the lease has other terms than the service, and they were not accepted:
		/// `foreign_terms` is false.
		ForeignTerms,
		/// The service has a bid on this order. Update it.
		AlreadyBid,
		/// Another service of the operator bids on this order already: one bid per operator.
		OperatorBid,
		/// The bid asks for more than the `max_price` that was given: it was changed meanwhile.
		PriceRose,
		/// The order has as many bids as it may have.
		TooManyBids,
		/// Bids are matched within a round: they can be lowered, not raised nor withdrawn.
		BidsLocked,
		/// This bid cannot take any replica that waits: its operator failed them before, or their funds do not
		/// pay for a round at this price.
		BidUnfit,
		/// The lease was reported ready before.
		AlreadyReady,
		/// The lease is over.
		LeaseOver,
		/// The start window of the lease is over.
		TooLate,
		/// The access text must be UTF-8.
		BadAccess,
		/// The time in which the lease could be declined for free is over.
		FetchWindowOver,
		/// The lease is not running. A lease that starts is declined, or fails when its window is over.
		NotRunning,
		/// The end of the lease is decided, and this would not be sooner.
		AlreadyEnding,
		/// The replica is over.
		ReplicaOver,
		/// Replicas of the order are not over yet.
		OrderNotOver,
		/// The order is over, but still kept for reading.
		OrderKept,
	}
}

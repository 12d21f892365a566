//! Events of this pallet.

use frame_support::pallet_macros::pallet_section;

/// The events, imported into the pallet.
#[pallet_section]
mod events {
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A service said what it has. All zero: it has nothing to give any more.
		CapacityDeclared {
			/// The service.
			service: ServiceId,
			/// All it has, given away or not.
			total: Resources,
		},
		/// An order was placed and its deposits are on hold.
		OrderPlaced {
			/// Id of the order.
			order: OrderId,
			/// Account that asks and pays.
			tenant: T::AccountId,
			/// Asset of all amounts.
			asset: AssetId,
			/// Replicas.
			quantity: u8,
			/// Rounds that each of them runs: the duration asked for, rounded up.
			rounds: RoundIndex,
			/// Block in which bids are matched.
			bid_deadline: BlockNumber,
		},
		/// The tenant withdrew an order from bidding; its replicas without an operator are closed.
		OrderCancelled {
			/// Id of the order.
			order: OrderId,
		},
		/// The last replica of an order is closed.
		OrderOver {
			/// Id of the order.
			order: OrderId,
		},
		/// An order and its leases are forgotten; the deposit is given back.
		OrderRemoved {
			/// Id of the order.
			order: OrderId,
		},
		/// A bid was placed; capacity and bond are reserved for it.
		BidPlaced {
			/// Order it is for.
			order: OrderId,
			/// Service that bids.
			service: ServiceId,
			/// Its operator.
			operator: T::AccountId,
			/// Base units per replica and billable block.
			price: Balance,
			/// Replicas it can take.
			replicas: u8,
		},
		/// A bid has another price.
		BidUpdated {
			/// Order it is for.
			order: OrderId,
			/// Service that bids.
			service: ServiceId,
			/// Base units per replica and billable block.
			price: Balance,
		},
		/// A bid is gone and nothing is reserved for it any more: withdrawn, or its operator failed a lease of
		/// the order, or the order is over.
		BidWithdrawn {
			/// Order it was for.
			order: OrderId,
			/// Service that bid.
			service: ServiceId,
		},
		/// A bid was taken for a replica: its operator has to start it.
		LeaseAwarded {
			/// Id of the lease.
			lease: LeaseId,
			/// Its order.
			order: OrderId,
			/// Which replica of it.
			replica: u8,
			/// Account that runs it.
			operator: T::AccountId,
			/// Service of the bid.
			service: ServiceId,
			/// Base units per billable block.
			price: Balance,
			/// Score of the operator now.
			score: u8,
			/// First block in which it can no longer be declined for free.
			fetch_until: BlockNumber,
			/// Block at which it has failed if it is not ready.
			ready_by: BlockNumber,
		},
		/// A lease runs: it is probed as service 2^31 + its id, and billed from the next round on.
		LeaseReady {
			/// Id of the lease.
			lease: LeaseId,
			/// Agreement that it is credited by.
			agreement: AgreementId,
			/// Last round of its time.
			last_round: RoundIndex,
		},
		/// The end of a lease is decided: nothing after `round` is billed. A sooner end may still
		/// take its place, and is reported again.
		LeaseEnding {
			/// Id of the lease.
			lease: LeaseId,
			/// Last round that is billed.
			round: RoundIndex,
			/// Why.
			reason: CloseReason,
			/// Stable code of the reason; the thousands say whose doing it was: 1 tenant, 2 operator,
			/// 3 network.
			code: u16,
		},
		/// A lease is over.
		LeaseClosed {
			/// Id of the lease.
			lease: LeaseId,
			/// Its order.
			order: OrderId,
			/// Which replica of it.
			replica: u8,
			/// Why.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
			/// Base units paid for it, fee included.
			paid: Balance,
			/// Base units left: refunded, or on hold for the next operator.
			refunded: Balance,
		},
		/// An operator failed a lease that is closed now, and paid for it out of its bond, to the
		/// treasury.
		PenaltyPaid {
			/// Id of the lease.
			lease: LeaseId,
			/// Its operator.
			operator: T::AccountId,
			/// Base units that moved.
			amount: Balance,
		},
		/// No bid that stands can take over a replica: new ones are welcome.
		ReplicaReopened {
			/// Its order.
			order: OrderId,
			/// Which replica of it.
			replica: u8,
			/// Block in which bids are matched.
			until: BlockNumber,
			/// Why its last lease ended.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
		},
		/// A replica is over and its funds are settled.
		ReplicaClosed {
			/// Its order.
			order: OrderId,
			/// Which replica of it.
			replica: u8,
			/// Why.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
			/// Base units paid for all its leases, fee included.
			paid: Balance,
			/// Base units that went back to the tenant.
			refunded: Balance,
		},
		/// A replica runs longer.
		Extended {
			/// Its order.
			order: OrderId,
			/// Which replica of it.
			replica: u8,
			/// Last round of its time.
			last_round: RoundIndex,
		},
		/// A replica got more funds.
		ToppedUp {
			/// Its order.
			order: OrderId,
			/// Which replica of it.
			replica: u8,
			/// Base units put on hold.
			amount: Balance,
		},
	}
}

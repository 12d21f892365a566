// SPDX-License-Identifier: Apache-2.0

//! Orders, leases and their streams.

use super::*;
use surety_primitives::End;

pub fn new_order(asset: AssetId) -> NewOrder {
	NewOrder {
		asset,
		resources: small(),
		image: b"docker.io/library/nginx:1.27".to_vec().try_into().unwrap(),
		digest: Some([7; 32]),
		ports: vec![Port { container: 80, protocol: PortProtocol::Tcp }].try_into().unwrap(),
		env_hash: Some([9; 32]),
		max_price: MAX_PRICE,
		// Otherwise the bids of most tests, each dearer than the one before, would not take over.
		failover_price: Some(MAX_PRICE),
		regions: Default::default(),
		min_trust: TrustLevel::One,
		quantity: 1,
		duration: DURATION,
		bid_deadline: now() + BIDDING,
		auto_match: true,
		terms: None,
		deposit: DEPOSIT,
	}
}

/// Place an order like [`new_order`], changed.
pub fn place(asset: AssetId, change: impl FnOnce(&mut NewOrder)) -> OrderId {
	let id = NextOrder::<Test>::get();
	let mut new = new_order(asset);
	change(&mut new);
	assert_ok!(try_place(TENANT, new));
	id
}

/// Order of one replica for which the operators bid, the first of them the lowest.
pub fn with_bids(asset: AssetId, operators: &[AccountId]) -> OrderId {
	let id = place(asset, |_| {});
	for (n, who) in operators.iter().enumerate() {
		assert_ok!(bid(*who, id, service_of(*who, asset), 50 + 10 * n as Balance, 1));
	}
	id
}

/// Run to the deadline of an order; returns the lease of its first replica.
pub fn matched(order: OrderId) -> LeaseId {
	run_to(self::order(order).bid_deadline);
	current(order, 0)
}

/// Report a lease ready, as its operator.
pub fn ready(id: LeaseId) {
	let lease = lease(id);
	assert_ok!(try_ready(lease.operator, id, health_of(lease.service)));
}

/// Order whose lease runs, with standing bids of the other operators.
pub fn running(asset: AssetId, operators: &[AccountId]) -> (OrderId, LeaseId) {
	let order = with_bids(asset, operators);
	let lease = matched(order);
	ready(lease);
	(order, lease)
}

pub fn order(id: OrderId) -> OrderOf<Test> {
	Orders::<Test>::get(id).expect("exists")
}

pub fn replica(id: OrderId, index: usize) -> ReplicaOf<Test> {
	order(id).replicas[index].clone()
}

pub fn lease(id: LeaseId) -> LeaseOf<Test> {
	Leases::<Test>::get(id).expect("exists")
}

/// Base units that were paid for a lease that is closed.
pub fn paid(id: LeaseId) -> Balance {
	match lease(id).state {
		LeaseState::Closed { paid, .. } => paid,
		state => panic!("not closed: {state:?}"),
	}
}

/// Base units that a lease left when it was closed.
pub fn refunded(id: LeaseId) -> Balance {
	match lease(id).state {
		LeaseState::Closed { refunded, .. } => refunded,
		state => panic!("not closed: {state:?}"),
	}
}

/// Lease that a replica has now.
pub fn current(id: OrderId, index: usize) -> LeaseId {
	replica(id, index).state.lease().expect("it has a lease")
}

/// Reason for which a replica is over.
pub fn closed(id: OrderId, index: usize) -> Option<CloseReason> {
	match replica(id, index).state {
		ReplicaState::Closed { reason, .. } => Some(reason),
		_ => None,
	}
}

/// Reason for which a lease is over.
pub fn lease_closed(id: LeaseId) -> Option<CloseReason> {
	match lease(id).state {
		LeaseState::Closed { reason, .. } => Some(reason),
		_ => None,
	}
}

pub fn bid_of(order: OrderId, service: ServiceId) -> Option<BidOf<Test>> {
	Bids::<Test>::get(order, service)
}

pub fn used(service: ServiceId) -> Resources {
	Inventories::<Test>::get(service).expect("declared").used
}

/// Escrow account of a replica.
pub fn account(id: OrderId, index: usize) -> pallet_surety_escrow::AccountOf<Test> {
	pallet_surety_escrow::Accounts::<Test>::get(replica(id, index).escrow).expect("it is not over")
}

/// Stream of a replica.
pub fn stream(id: OrderId, index: usize) -> pallet_surety_escrow::types::Stream {
	match account(id, index).terms {
		pallet_surety_escrow::Terms::Stream(stream) => stream,
		pallet_surety_escrow::Terms::OneOff => panic!("a one-off hold"),
	}
}

/// Last round of the trial of a replica.
pub fn trial_until(id: OrderId, index: usize) -> RoundIndex {
	stream(id, index).term.expect("it was started").trial_until
}

/// End of a lease that is decided, and true if its stream is suspended then.
pub fn ending(id: LeaseId) -> Option<(RoundIndex, CloseReason, bool)> {
	let status = ComputeOrders::lease(id).expect("exists");
	let stream = status.stream?;
	stream.ending.map(|(round, reason): End| (round, reason, stream.suspends))
}

/// Lock funds of a replica, as a dispute does.
pub fn dispute(id: OrderId, index: usize) {
	assert_ok!(Escrow::freeze(replica(id, index).escrow, 1));
}

/// End the dispute about a replica; nobody gets anything.
pub fn thaw(id: OrderId, index: usize) {
	assert_ok!(Escrow::thaw(replica(id, index).escrow, 0));
}

/// Close the account of a replica by governance.
pub fn force_close(id: OrderId, index: usize) {
	force_close_escrow(replica(id, index).escrow).unwrap();
}

pub fn force_close_escrow(escrow: EscrowId) -> DispatchResult {
	with_storage_layer(|| {
		Escrow::force_close(RuntimeOrigin::root(), escrow, 0)
			.map(drop)
			.map_err(|failed| failed.error)
	})
}

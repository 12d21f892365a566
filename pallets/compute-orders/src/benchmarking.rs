// SPDX-License-Identifier: Apache-2.0

//! Benchmarks of the calls, of the agenda and its entries, and of the handlers that the mandatory
//! work of other pallets calls.

#![cfg(feature = "runtime-benchmarks")]
#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used
)]

use super::*;
use alloc::vec::Vec;
use frame::benchmarking::prelude::*;
use surety_primitives::{
	AssetId, EscrowOwner, OnLeaseFailed, OnStreamEnd, StreamEnd, Target, TrustLevel,
	agenda::MAX_BLOCKS_WALKED,
};

/// Set-up of other pallets for the benchmarks.
pub trait BenchmarkHelper<AccountId> {
	/// Approved asset that is costliest to move.
	fn asset() -> AssetId;
	/// Give `who` at least `amount` base units of an asset, free, and everything that an account
	/// needs to hold some.
	fn fund(asset: AssetId, who: &AccountId, amount: Balance);
	/// `n`th open `Compute` service in that asset: of an operator of its own with a large bond in
	/// it and free native tokens, on a server of its own, with a cover far below that bond at the
	/// price of the bids.
	fn compute_service(n: u32) -> ServiceId;
	/// URL on the server of such a service.
	fn health(service: ServiceId) -> Endpoint;
}

fn part() -> Resources {
	Resources {
		cpu_milli: 10,
		memory_mib: 10,
		storage_gib: 10,
		bandwidth_mbit: 10,
		..Default::default()
	}
}

fn asset<T: Config>() -> AssetId {
	T::BenchmarkHelper::asset()
}

/// Base units per block, far above the rounding of shares.
const PRICE: Balance = 1_000_000;

fn deposit<T: Config>() -> Balance {
	2 * PRICE * Balance::from(T::Clock::window_blocks()) + T::Funds::minimum(asset::<T>())
}

fn tenant<T: Config>() -> T::AccountId {
	let who: T::AccountId = account("tenant", 0, 0);
	T::BenchmarkHelper::fund(asset::<T>(), &who, 100 * deposit::<T>());
	T::BenchmarkHelper::fund(AssetId::Native, &who, 100 * T::OrderDeposit::get().max(1));
	who
}

fn new_order<T: Config>(quantity: u8) -> NewOrder {
	let round = T::Clock::round_blocks();
	let ports: Vec<_> = (1..=MAX_PORTS as u16)
		.map(|n| Port { container: n, protocol: PortProtocol::Tcp })
		.collect();
	NewOrder {
		asset: asset::<T>(),
		resources: part(),
		image: alloc::vec![b'i'; MAX_IMAGE as usize].try_into().expect("as long as it may be"),
		digest: Some([1; 32]),
		ports: ports.try_into().expect("as many as there may be"),
		env_hash: Some([2; 32]),
		max_price: PRICE,
		failover_price: None,
		regions: Default::default(),
		min_trust: TrustLevel::One,
		quantity,
		duration: (20 * round).min(T::MaxDuration::get()),
		bid_deadline: T::Clock::now() + (3 * round).min(T::MaxBidBlocks::get()),
		auto_match: true,
		terms: None,
		deposit: deposit::<T>(),
	}
}

fn begin<T: Config>() {
	let block = 10 * T::Clock::window_blocks();
	frame_system::Pallet::<T>::set_block_number(block.into());
	for lane in Lane::ALL {
		Cursor::<T>::insert(lane, block + 1);
	}
}

fn order<T: Config>(quantity: u8) -> (T::AccountId, OrderId) {
	begin::<T>();
	let who = tenant::<T>();
	let id = NextOrder::<T>::get();
	Pallet::<T>::do_place_order(who.clone(), new_order::<T>(quantity)).expect("it is in order");
	(who, id)
}

/// `n`th service with an inventory, and its operator.
fn service<T: Config>(n: u32) -> (T::AccountId, ServiceId) {
	let service = T::BenchmarkHelper::compute_service(n);
	let who =
		T::Registry::listing(Target::Service(service)).expect("the helper listed it").operator;
	let total = part().times(u8::MAX).expect("few");
	Pallet::<T>::do_declare_capacity(who.clone(), service, total)
		.expect("it has a server of its own");
	(who, service)
}

fn bid<T: Config>(order: OrderId, n: u32, replicas: u8) -> (T::AccountId, ServiceId) {
	let (who, service) = service::<T>(n);
	Pallet::<T>::do_place_bid(who.clone(), order, service, PRICE, replicas, false)
		.expect("it fits");
	(who, service)
}

/// Lease that starts, of a bid that could take another replica.
fn starting<T: Config>() -> (T::AccountId, T::AccountId, OrderId, LeaseId) {
	let (tenant, order) = order::<T>(2);
	let (operator, service) = bid::<T>(order, 0, 2);
	bid::<T>(order, 1, 1);
	let lease = NextLease::<T>::get();
	Pallet::<T>::do_accept_bid(tenant.clone(), order, service, Balance::MAX)
		.expect("a replica waits");
	(tenant, operator, order, lease)
}

fn health<T: Config>(lease: LeaseId) -> (Endpoint, Access) {
	let service = Leases::<T>::get(lease).expect("awarded").service;
	let access = alloc::vec![b'a'; MAX_ACCESS as usize].try_into().expect("as long as it may be");
	(T::BenchmarkHelper::health(service), access)
}

/// Lease that runs.
fn running<T: Config>() -> (T::AccountId, T::AccountId, OrderId, LeaseId) {
	let (tenant, operator, order, lease) = starting::<T>();
	let (health, access) = health::<T>(lease);
	Pallet::<T>::do_report_ready(operator.clone(), lease, health, access, false)
		.expect("it is in time");
	(tenant, operator, order, lease)
}

/// End of the stream of a lease, if it is decided.
fn end_of<T: Config>(lease: LeaseId) -> Option<(RoundIndex, CloseReason)> {
	Pallet::<T>::lease(lease).and_then(|status| status.stream).and_then(|stream| stream.ending)
}

fn end<T: Config>(reason: CloseReason) -> StreamEnd {
	StreamEnd { reason, round: T::Clock::round(), paid: PRICE, fee: 0, refunded: PRICE }
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn declare_capacity() {
		begin::<T>();
		let (who, service) = service::<T>(0);

		#[extrinsic_call]
		declare_capacity(RawOrigin::Signed(who), service, part());

		assert_eq!(Inventories::<T>::get(service).expect("declared").total, part());
	}

	#[benchmark]
	fn place_order(r: Linear<1, MAX_REPLICAS>) {
		begin::<T>();
		let who = tenant::<T>();
		let new = Box::new(new_order::<T>(r as u8));

		#[extrinsic_call]
		place_order(RawOrigin::Signed(who), new);

		assert_eq!(
			Orders::<T>::get(NextOrder::<T>::get() - 1).expect("placed").replicas.len(),
			r as usize
		);
	}

	#[benchmark]
	fn cancel_order(r: Linear<1, MAX_REPLICAS>) {
		let (who, id) = order::<T>(r as u8);
		bid::<T>(id, 0, 1);

		#[extrinsic_call]
		cancel_order(RawOrigin::Signed(who), id);

		assert!(Orders::<T>::get(id).expect("kept").is_over());
	}

	#[benchmark]
	fn place_bid() {
		let (_, id) = order::<T>(MAX_REPLICAS as u8);
		// The pallet reads all other bids to find one of the same operator.
		for n in 1..T::MaxBids::get() {
			bid::<T>(id, n, 1);
		}
		let (who, service) = service::<T>(0);

		#[extrinsic_call]
		place_bid(RawOrigin::Signed(who), id, service, PRICE, 8, false);

		assert!(Bids::<T>::contains_key(id, service));
	}

	#[benchmark]
	fn update_bid() {
		let (_, id) = order::<T>(MAX_REPLICAS as u8);
		let (who, service) = bid::<T>(id, 0, 8);
		let lower = PRICE - 1;

		#[extrinsic_call]
		update_bid(RawOrigin::Signed(who), id, service, lower);

		assert_eq!(Bids::<T>::get(id, service).expect("stands").price, lower);
	}

	#[benchmark]
	fn withdraw_bid() {
		let (_, id) = order::<T>(MAX_REPLICAS as u8);
		let (who, service) = bid::<T>(id, 0, 8);

		#[extrinsic_call]
		withdraw_bid(RawOrigin::Signed(who), id, service);

		assert!(!Bids::<T>::contains_key(id, service));
	}

	#[benchmark]
	fn accept_bid() {
		let (who, id) = order::<T>(MAX_REPLICAS as u8);
		let (_, service) = bid::<T>(id, 0, 1);

		#[extrinsic_call]
		accept_bid(RawOrigin::Signed(who), id, service, Balance::MAX);

		assert!(!Bids::<T>::contains_key(id, service));
	}

	#[benchmark]
	fn report_ready() {
		let (_, operator, _, lease) = starting::<T>();
		let (health, access) = health::<T>(lease);

		#[extrinsic_call]
		report_ready(RawOrigin::Signed(operator), lease, health, access, false);

		assert!(Leases::<T>::get(lease).expect("runs").is_running());
	}

	#[benchmark]
	fn decline() {
		let (_, operator, _, lease) = starting::<T>();

		#[extrinsic_call]
		decline(RawOrigin::Signed(operator), lease);

		assert!(Leases::<T>::get(lease).expect("kept").is_closed());
	}

	#[benchmark]
	fn close_lease() {
		let (_, operator, _, lease) = running::<T>();

		#[extrinsic_call]
		close_lease(RawOrigin::Signed(operator), lease, true);

		assert!(end_of::<T>(lease).is_some());
	}

	#[benchmark]
	fn extend() {
		// The term is shorter than a window, so the penalty rises.
		let (tenant, _, order, lease) = running::<T>();
		let replica = Leases::<T>::get(lease).expect("runs").replica;

		#[extrinsic_call]
		extend(RawOrigin::Signed(tenant), order, replica, 1);
	}

	#[benchmark]
	fn top_up() {
		let (tenant, _, order, lease) = running::<T>();
		let replica = Leases::<T>::get(lease).expect("runs").replica;

		#[extrinsic_call]
		top_up(RawOrigin::Signed(tenant), order, replica, PRICE);
	}

	#[benchmark]
	fn remove_order(l: Linear<0, MAX_LEASES>, b: Linear<0, { T::MaxBids::get() }>) {
		let (tenant, id) = order::<T>(1);
		for n in 0..b {
			bid::<T>(id, n, 1);
		}
		Pallet::<T>::do_cancel_order(tenant.clone(), id).expect("a replica waits");
		let mut order = Orders::<T>::get(id).expect("kept");
		let operator: T::AccountId = account("operator", 0, 0);
		for lease in 0..l {
			order.leases.try_push(lease).expect("as many as there may be");
			LeasesOf::<T>::insert(&tenant, lease, ());
			LeasesOf::<T>::insert(&operator, lease, ());
			Leases::<T>::insert(lease, closed_lease::<T>(id, operator.clone()));
		}
		Orders::<T>::insert(id, order);
		let later = T::Clock::now() + T::KeepBlocks::get();
		frame_system::Pallet::<T>::set_block_number(later.into());

		#[extrinsic_call]
		remove_order(RawOrigin::Signed(tenant), id);

		assert!(!Orders::<T>::contains_key(id));
	}

	#[benchmark]
	fn agenda(b: Linear<1, MAX_BLOCKS_WALKED>) {
		// The walk starts `b - 1` blocks back and finds nothing.
		begin::<T>();
		let now = T::Clock::now();
		Cursor::<T>::insert(Lane::Urgent, now + 1 - b);

		#[block]
		{
			Pallet::<T>::process_lane(Lane::Urgent);
		}

		assert_eq!(Cursor::<T>::get(Lane::Urgent), Some(now + 1));
	}

	#[benchmark]
	fn process_order(b: Linear<MAX_REPLICAS, { T::MaxBids::get() }>) {
		// Every replica takes the last replica of a bid, whose deposit is released.
		let (_, id) = order::<T>(MAX_REPLICAS as u8);
		for n in 0..b {
			bid::<T>(id, n, 1);
		}
		let block = Orders::<T>::get(id).expect("placed").bid_deadline;
		frame_system::Pallet::<T>::set_block_number(block.into());

		#[block]
		{
			Agenda::<T>::remove((Lane::Matches, block), Entry::Order(id));
			Pallet::<T>::process_order(id);
		}

		let order = Orders::<T>::get(id).expect("matched");
		assert_eq!(order.leases.len(), MAX_REPLICAS as usize);
	}

	#[benchmark]
	fn process_order_without_bids() {
		let (_, id) = order::<T>(MAX_REPLICAS as u8);
		let block = Orders::<T>::get(id).expect("placed").bid_deadline;
		frame_system::Pallet::<T>::set_block_number(block.into());

		#[block]
		{
			Agenda::<T>::remove((Lane::Matches, block), Entry::Order(id));
			Pallet::<T>::process_order(id);
		}

		assert!(Orders::<T>::get(id).expect("kept").is_over());
	}

	#[benchmark]
	fn never_ready() {
		let (.., lease) = starting::<T>();
		let LeaseState::Starting { ready_by, .. } = Leases::<T>::get(lease).expect("starts").state
		else {
			panic!("it starts");
		};

		#[block]
		{
			Agenda::<T>::remove((Lane::Starting, ready_by), Entry::Lease(lease));
			Pallet::<T>::never_ready(lease);
		}

		assert!(Leases::<T>::get(lease).expect("kept").is_closed());
	}

	#[benchmark]
	fn lease_failed() {
		let (.., lease) = running::<T>();

		#[block]
		{
			let end = (T::Clock::round(), CloseReason::Unhealthy);
			<Pallet<T> as OnLeaseFailed>::on_lease_failed(lease, end);
		}

		assert!(end_of::<T>(lease).is_some());
	}

	#[benchmark]
	fn ending() {
		let (.., order, lease) = running::<T>();
		let index = Leases::<T>::get(lease).expect("runs").replica;

		#[block]
		{
			<Pallet<T> as OnStreamEnd>::ending(
				EscrowOwner::Replica { order, index },
				(T::Clock::round(), CloseReason::FundsExhausted),
			);
		}

		// The handler only reports the end.
		assert!(Leases::<T>::get(lease).expect("runs").is_running());
	}

	#[benchmark]
	fn ended() {
		let (.., order, lease) = running::<T>();
		let index = Leases::<T>::get(lease).expect("runs").replica;

		// Worst case: the operator failed the lease and pays.
		#[block]
		{
			let owner = EscrowOwner::Replica { order, index };
			<Pallet<T> as OnStreamEnd>::ended(owner, end::<T>(CloseReason::Unhealthy));
		}

		assert!(T::Registry::listing(Target::Lease(lease)).is_none());
	}

	#[benchmark]
	fn suspended() {
		let (.., order, lease) = running::<T>();
		let index = Leases::<T>::get(lease).expect("runs").replica;

		#[block]
		{
			let owner = EscrowOwner::Replica { order, index };
			<Pallet<T> as OnStreamEnd>::suspended(owner, end::<T>(CloseReason::Unhealthy));
		}

		assert!(Leases::<T>::get(lease).expect("kept").is_closed());
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder::build(), crate::mock::Test);
}

/// Closed lease of maximum size.
fn closed_lease<T: Config>(order: OrderId, operator: T::AccountId) -> LeaseOf<T> {
	let cover = WindowShare::from_u32(1);
	let terms = surety_primitives::SlaTerms {
		min_uptime: Perbill::one(),
		max_latency: surety_primitives::LatencyBucket::MAX,
		max_head_lag: 0,
		credit: [cover; 4],
		cover,
	};
	Lease {
		order,
		replica: 0,
		operator,
		service: 0,
		price: 1,
		terms,
		penalty_share: Perbill::zero(),
		exposure: 0,
		penalty: 0,
		reserved: 0,
		forfeited: 0,
		ready: Some(ReadyReport {
			agreement: 0,
			health: alloc::vec![b'h'; surety_primitives::MAX_ENDPOINT as usize]
				.try_into()
				.expect("maximum length"),
			access: alloc::vec![b'a'; MAX_ACCESS as usize].try_into().expect("maximum length"),
		}),
		placed_at: 0,
		left_at_once: false,
		state: LeaseState::Closed { round: 0, reason: CloseReason::Expired, paid: 0, refunded: 0 },
	}
}

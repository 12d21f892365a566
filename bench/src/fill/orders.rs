// SPDX-License-Identifier: Apache-2.0

//! Orders: those that wait for bids with their closed leases, those with running leases, and those
//! that are matched during the measurement.

use super::{
	BOND, DEPOSIT_WINDOWS, IDLE_AT, PRICE, WINDOW_ROUNDS, dispatched, endpoint, list_one, named,
	region, timings,
};
use crate::args::Res;
use pallet_surety_compute_orders::{
	self as compute, MAX_PLACEMENTS, MAX_REPLICAS, NewOrder, NextLease, NextOrder, Port,
	PortProtocol,
};
use sp_core::storage::Storage;
use sp_state_machine::BasicExternalities;
use surety_primitives::{
	AssetId, Balance, BlockNumber, LeaseId, OrderId, Resources, RoundIndex, ServiceId, ServiceKind,
	TrustLevel,
};
use surety_runtime::{
	AccountId, ComputeOrders, MILLI, Operators, Parameters, Runtime, RuntimeOrigin, UNIT,
	parameters::{RuntimeParameters, compute as parameters},
};

/// Bidding operators, each with one service: the maximum number of bids of an order.
pub const BIDDERS: u32 = 32;

const ORDERS_PER_TENANT: u32 = 10;
const BALANCE: Balance = 100_000 * UNIT;
const MAX_PRICE: Balance = 2 * PRICE;
/// The deadlines of open orders are spread over this many blocks.
const DEADLINES: u32 = 1_000;
/// Orders that are placed before the state in memory drops its removed keys. To find the bids of an
/// order, it steps over every key removed since.
const BATCH: u32 = 5_000;

/// Numbers of orders and leases.
#[derive(Clone, Copy)]
pub struct Orders {
	/// Orders that wait for bids until long after the run.
	pub open: u32,
	/// Closed leases of each open order.
	pub leases_each: u32,
	/// Running leases, with their own orders.
	pub running: u32,
	/// Orders that are matched during the run.
	pub matches: Option<Matches>,
}

impl Orders {
	/// Number of leases, closed or running.
	pub fn leases(&self) -> u32 {
		self.open * self.leases_each + self.running
	}

	fn all(&self) -> u32 {
		self.open
			+ self.running.div_ceil(MAX_REPLICAS)
			+ self.matches.map_or(0, |matches| matches.all())
	}
}

/// Rounds in whose second block orders with the maximum number of bids are matched.
#[derive(Clone, Copy)]
pub struct Matches {
	/// First round.
	pub from: RoundIndex,
	/// Number of rounds.
	pub rounds: u32,
}

impl Matches {
	/// Number of orders matched in the `n`th round, and the replicas of each. In turns: none, the
	/// smallest, the largest, and as many of the largest as a block takes.
	pub fn nth(n: u32) -> (u32, u32) {
		let max = <<Runtime as compute::Config>::TasksPerBlock as sp_core::Get<u32>>::get();
		[(0, 0), (1, 1), (1, MAX_REPLICAS), (max, MAX_REPLICAS)][n as usize % 4]
	}

	fn all(&self) -> u32 {
		(0..self.rounds).map(|n| Self::nth(n).0).sum()
	}
}

/// Balances of bidders and tenants.
pub fn balances(orders: &Orders) -> impl Iterator<Item = (AccountId, Balance)> + use<> {
	let tenants = orders.all().div_ceil(ORDERS_PER_TENANT);
	let bidders = (0..BIDDERS).map(|n| (named("bidder", n), 2 * BOND));
	bidders.chain((0..tenants).map(|n| (named("order tenant", n), BALANCE)))
}

/// List the services of the bidders, with ids from `first` on.
pub fn list_bidders(first: ServiceId) -> Res<()> {
	if <<Runtime as compute::Config>::MaxBids as sp_core::Get<u32>>::get() != BIDDERS {
		return Err("the number of bidders must equal the maximum number of bids".into());
	}
	for n in 0..BIDDERS {
		let name = dispatched(format!("bidder {n}").into_bytes().try_into())?;
		dispatched(Operators::register(bidder(n), BOND, name, Default::default()))?;
		list_one(bidder(n), first + n, ServiceKind::Compute, AssetId::Native)?;
	}
	Ok(())
}

/// Place all orders.
pub fn place(storage: &mut Storage, first: ServiceId, orders: &Orders) -> Res<()> {
	let market = Market { first };
	let far = BasicExternalities::execute_with_storage(storage, || -> Res<BlockNumber> {
		declare(first)?;
		Ok(<<Runtime as compute::Config>::MaxBidBlocks as sp_core::Get<u32>>::get())
	})?;
	for from in (0..orders.open).step_by(BATCH as usize) {
		let until = orders.open.min(from + BATCH);
		let leases = BasicExternalities::execute_with_storage(storage, || -> Res<LeaseId> {
			for n in from..until {
				market.open(orders.leases_each, far - n % DEADLINES)?;
			}
			Ok(NextLease::<Runtime>::get())
		})?;
		eprintln!("    {until} orders, {leases} leases");
	}
	BasicExternalities::execute_with_storage(storage, || {
		let mut left = orders.running;
		while left > 0 {
			let replicas = left.min(MAX_REPLICAS);
			market.run(replicas, far)?;
			left -= replicas;
		}
		match &orders.matches {
			Some(matches) => market.bid_for(matches, far),
			None => Ok(()),
		}
	})
}

/// Declare the capacity of the bidders' machines, which is never exhausted.
fn declare(first: ServiceId) -> Res<()> {
	let max = u32::MAX;
	let total = Resources {
		cpu_milli: max,
		memory_mib: max,
		storage_gib: max,
		bandwidth_mbit: max,
		..Default::default()
	};
	for n in 0..BIDDERS {
		dispatched(ComputeOrders::declare_capacity(bidder(n), first + n, total.clone()))?;
	}
	Ok(())
}

fn bidder(n: u32) -> RuntimeOrigin {
	RuntimeOrigin::signed(named("bidder", n % BIDDERS))
}

/// Tenant of an order, by its number.
fn tenant(order: OrderId) -> RuntimeOrigin {
	RuntimeOrigin::signed(named("order tenant", order / ORDERS_PER_TENANT))
}

/// Market whose bidders have the services from `first` on.
struct Market {
	first: ServiceId,
}

impl Market {
	fn order(&self, quantity: u32, bid_deadline: BlockNumber, windows: u32) -> Res<OrderId> {
		let window_blocks = timings().round_blocks * u32::from(WINDOW_ROUNDS);
		let ports = [80, 443].map(|container| Port { container, protocol: PortProtocol::Tcp });
		let id = NextOrder::<Runtime>::get();
		let order = NewOrder {
			asset: AssetId::Native,
			resources: Resources {
				cpu_milli: 2_000,
				memory_mib: 4_096,
				storage_gib: 40,
				bandwidth_mbit: 100,
				..Default::default()
			},
			image: dispatched(b"docker.io/library/nginx:1.27".to_vec().try_into())?,
			digest: Some([1; 32]),
			ports: dispatched(ports.to_vec().try_into())?,
			env_hash: Some([2; 32]),
			max_price: MAX_PRICE,
			failover_price: None,
			regions: dispatched(vec![region()?].try_into())?,
			min_trust: TrustLevel::One,
			quantity: quantity as u8,
			duration: DEPOSIT_WINDOWS * window_blocks,
			bid_deadline,
			auto_match: true,
			terms: None,
			deposit: MAX_PRICE * Balance::from(windows * window_blocks) + UNIT,
		};
		dispatched(ComputeOrders::place_order(tenant(id), Box::new(order)))?;
		Ok(id)
	}

	fn bid(&self, order: OrderId, n: u32, price: Balance, replicas: u32) -> Res<()> {
		let service = self.first + n % BIDDERS;
		dispatched(ComputeOrders::place_bid(
			bidder(n),
			order,
			service,
			price,
			replicas as u8,
			false,
		))
	}

	fn accept(&self, order: OrderId, n: u32) -> Res<LeaseId> {
		let lease = NextLease::<Runtime>::get();
		dispatched(ComputeOrders::accept_bid(
			tenant(order),
			order,
			self.first + n % BIDDERS,
			Balance::MAX,
		))?;
		Ok(lease)
	}

	/// Place an order with one open replica and several closed ones. Each closed replica had some
	/// leases, which their operators declined until the tenant closed the last.
	fn open(&self, leases: u32, deadline: BlockNumber) -> Res<()> {
		let over = leases.div_ceil(MAX_PLACEMENTS).max(leases.min(2));
		let of = |replica: u32| leases / over + u32::from(replica < leases % over);
		let order = self.order(over + 1, deadline, 1)?;
		for turn in 0..MAX_PLACEMENTS {
			// The first replicas have the most leases, and a bid goes to the first open one.
			let placed = (0..over).filter(|replica| of(*replica) > turn).count() as u32;
			if placed == 0 {
				break;
			}
			let n = order + turn;
			self.bid(order, n, PRICE, placed)?;
			let leases = (0..placed).map(|_| self.accept(order, n)).collect::<Res<Vec<_>>>()?;
			for (replica, lease) in (0..).zip(leases) {
				if of(replica) > turn + 1 {
					dispatched(ComputeOrders::decline(bidder(n), lease))?;
				} else {
					dispatched(ComputeOrders::close_lease(tenant(order), lease, true))?;
				}
			}
		}
		Ok(())
	}

	/// Place an order whose replicas all run, for longer than any run of this program.
	fn run(&self, replicas: u32, deadline: BlockNumber) -> Res<()> {
		let order = self.order(replicas, deadline, DEPOSIT_WINDOWS)?;
		let n = order;
		self.bid(order, n, PRICE, replicas)?;
		for _ in 0..replicas {
			let lease = self.accept(order, n)?;
			let health = endpoint(self.first + n % BIDDERS, &format!("leases/{lease}"));
			let access = b"tcp://203.0.113.7:30080".to_vec();
			let (health, access) = (dispatched(health.try_into())?, dispatched(access.try_into())?);
			dispatched(ComputeOrders::report_ready(bidder(n), lease, health, access, false))?;
		}
		Ok(())
	}

	/// Place orders on which every bidder bids. Awarded leases never start, but have the whole run
	/// to do so.
	fn bid_for(&self, matches: &Matches, far: BlockNumber) -> Res<()> {
		let start = parameters::Parameters::StartBlocks(parameters::StartBlocks, Some(far));
		dispatched(Parameters::set_parameter(
			RuntimeOrigin::root(),
			RuntimeParameters::Compute(start),
		))?;
		for n in 0..matches.rounds {
			// That block has no sweep, so the difference is the cost of the match alone.
			let deadline = (matches.from + n) * timings().round_blocks + IDLE_AT;
			let (orders, replicas) = Matches::nth(n);
			for _ in 0..orders {
				let order = self.order(replicas, deadline, 1)?;
				for n in 0..BIDDERS {
					// All bidders are new to the market, so the price alone ranks their bids. Each
					// bid takes one replica, so winning bids are used up.
					let price = PRICE + Balance::from((n * 7 + order) % BIDDERS) * MILLI / 10;
					self.bid(order, n, price, 1)?;
				}
			}
		}
		Ok(())
	}
}

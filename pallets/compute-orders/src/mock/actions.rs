// SPDX-License-Identifier: Apache-2.0

//! Calls of the users, each in a transaction of its own, and values that they use.

use super::*;

pub fn declare(who: AccountId, service: ServiceId, total: Resources) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::declare_capacity(signed(who), service, total))
}

pub fn try_place(who: AccountId, order: NewOrder) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::place_order(signed(who), Box::new(order)))
}

pub fn cancel(who: AccountId, order: OrderId) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::cancel_order(signed(who), order))
}

/// Bid, and accept the terms of the order.
pub fn bid(
	who: AccountId,
	order: OrderId,
	service: ServiceId,
	price: Balance,
	replicas: u8,
) -> DispatchResult {
	with_storage_layer(|| {
		ComputeOrders::place_bid(signed(who), order, service, price, replicas, true)
	})
}

/// Bid, and accept no terms but those of the service.
pub fn bid_own(
	who: AccountId,
	order: OrderId,
	service: ServiceId,
	price: Balance,
) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::place_bid(signed(who), order, service, price, 1, false))
}

pub fn update_bid(
	who: AccountId,
	order: OrderId,
	service: ServiceId,
	price: Balance,
) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::update_bid(signed(who), order, service, price))
}

pub fn withdraw(who: AccountId, order: OrderId, service: ServiceId) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::withdraw_bid(signed(who), order, service))
}

pub fn accept(who: AccountId, order: OrderId, service: ServiceId) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::accept_bid(signed(who), order, service, Balance::MAX))
}

pub fn try_ready(who: AccountId, lease: LeaseId, health: Endpoint) -> DispatchResult {
	report(who, lease, health, true)
}

pub fn report(
	who: AccountId,
	lease: LeaseId,
	health: Endpoint,
	foreign_terms: bool,
) -> DispatchResult {
	let access = b"ssh root@10.0.0.1".to_vec().try_into().unwrap();
	with_storage_layer(|| {
		ComputeOrders::report_ready(signed(who), lease, health, access, foreign_terms)
	})
}

pub fn decline(who: AccountId, lease: LeaseId) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::decline(signed(who), lease))
}

pub fn close(who: AccountId, lease: LeaseId, at_once: bool) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::close_lease(signed(who), lease, at_once))
}

pub fn extend(who: AccountId, order: OrderId, replica: u8, blocks: BlockNumber) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::extend(signed(who), order, replica, blocks))
}

pub fn top_up(who: AccountId, order: OrderId, replica: u8, amount: Balance) -> DispatchResult {
	with_storage_layer(|| ComputeOrders::top_up(signed(who), order, replica, amount))
}

pub fn remove(who: AccountId, order: OrderId) -> DispatchResult {
	with_storage_layer(|| {
		ComputeOrders::remove_order(signed(who), order).map(drop).map_err(|failed| failed.error)
	})
}

/// Terms of most services.
pub fn terms() -> SlaTerms {
	SlaTerms {
		min_uptime: Perbill::from_percent(90),
		max_latency: LatencyBucket::from_millis(250),
		max_head_lag: 0,
		credit: CREDIT.map(|percent| WindowShare::from_rational(percent.into(), 100)),
		cover: WindowShare::from_u32(COVER),
	}
}

/// [`terms`] as an order gives them.
pub fn own_terms() -> TermsInput {
	let SlaTerms { min_uptime, max_head_lag, credit, cover, .. } = terms();
	TermsInput {
		min_uptime: min_uptime.deconstruct(),
		max_latency_ms: 250,
		max_head_lag,
		credit,
		cover,
	}
}

/// Bond that [`terms`] reserve at this price.
pub fn exposure(price: Balance) -> Balance {
	let cost = Balance::from(COVER) * price * Balance::from(W);
	cost + cost / 10
}

/// Penalty for failing a lease at this price: 10 % of a window.
pub fn penalty(price: Balance) -> Balance {
	price * Balance::from(W) / 10
}

pub fn plenty() -> Resources {
	Resources {
		cpu_milli: 16_000,
		memory_mib: 65_536,
		storage_gib: 1_000,
		bandwidth_mbit: 1_000,
		gpus: 0,
		gpu_class: Default::default(),
	}
}

pub fn small() -> Resources {
	Resources { cpu_milli: 1_000, memory_mib: 1_024, storage_gib: 10, ..Default::default() }
}

pub fn class(name: &str) -> surety_primitives::GpuClass {
	name.as_bytes().to_vec().try_into().unwrap()
}

// SPDX-License-Identifier: Apache-2.0

//! Actions of tenants and operators of the compute market, in one line each. Accounts are numbers,
//! since there are more of them than names in the keyring.

use crate::{
	actors::{CREDIT, Offer, coin},
	fixture::Fixture,
};
use frame_support::{assert_ok, dispatch::DispatchResultWithPostInfo, traits::fungibles::Mutate};
use pallet_surety_compute_orders as compute;
use pallet_surety_operators as operators;
use sp_runtime::traits::Dispatchable;
use surety_primitives::{
	AssetId, Balance, Clock, CloseReason, Funds, LeaseId, OrderId, Resources, ServiceId,
	ServiceKind, Streams as _, TermsInput, TrustLevel, WindowShare,
};
use surety_runtime::{configs::assets::MarketFunds, *};

/// Duration of an order in rounds, unless a test sets another.
pub const ROUNDS: u32 = 40;

/// Account number `n`.
pub fn party(n: u8) -> AccountId {
	AccountId::from([100 + n; 32])
}

/// Account with the same funds as the members of the keyring.
pub fn funded(chain: &mut Fixture, n: u8) -> AccountId {
	let who = party(n);
	chain.peek(|| {
		for (asset, amount) in
			[(AssetId::Native, 100_000 * UNIT), (AssetId::Local(genesis::SBTC), 100_000_000_000)]
		{
			assert_ok!(configs::assets::Transfers::mint_into(asset, &who, amount));
		}
	});
	who
}

/// Dispatch calls by accounts, all in one block.
pub fn call_all(
	chain: &mut Fixture,
	calls: Vec<(AccountId, RuntimeCall)>,
) -> Vec<DispatchResultWithPostInfo> {
	chain.block_with(|| {
		calls.into_iter().map(|(who, call)| call.dispatch(RuntimeOrigin::signed(who))).collect()
	})
}

pub fn call_as(
	chain: &mut Fixture,
	who: &AccountId,
	call: impl Into<RuntimeCall>,
) -> DispatchResultWithPostInfo {
	call_all(chain, vec![(who.clone(), call.into())]).pop().unwrap()
}

pub fn replica_resources() -> Resources {
	Resources { cpu_milli: 2_000, memory_mib: 4_096, ..Default::default() }
}

pub fn price(asset: AssetId) -> Balance {
	coin(asset) / 10
}

/// Register an operator with a bond of 1,000 coins.
pub fn operator(chain: &mut Fixture, n: u8, asset: AssetId) -> AccountId {
	let who = funded(chain, n);
	let (bond, name) = (1_000 * UNIT, b"operator".to_vec().try_into().unwrap());
	assert_ok!(call_as(
		chain,
		&who,
		operators::Call::register { bond, name, contact: Default::default() }
	));
	if asset != AssetId::Native {
		let amount = 1_000 * coin(asset);
		assert_ok!(call_as(chain, &who, operators::Call::bond_more { asset, amount }));
	}
	who
}

pub fn list(port: u32, asset: AssetId) -> RuntimeCall {
	let endpoint = &format!("http://127.0.0.1:{port}/");
	Offer { kind: ServiceKind::Compute, endpoint, ..Offer::of(asset) }.call().into()
}

/// List a machine with room for `replicas`.
pub fn machine(
	chain: &mut Fixture,
	who: &AccountId,
	port: u32,
	replicas: u8,
	asset: AssetId,
) -> ServiceId {
	let service = chain.peek(operators::NextServiceId::<Runtime>::get);
	assert_ok!(call_as(chain, who, list(port, asset)));
	let total = replica_resources().times(replicas).unwrap();
	assert_ok!(call_as(chain, who, compute::Call::declare_capacity { service, total }));
	service
}

pub fn new_order(chain: &mut Fixture, asset: AssetId) -> compute::NewOrder {
	let (now, round, window) =
		chain.peek(|| (System::block_number(), Timing::round_blocks(), Timing::window_blocks()));
	compute::NewOrder {
		asset,
		resources: replica_resources(),
		image: b"docker.io/library/nginx:1.27".to_vec().try_into().unwrap(),
		digest: None,
		ports: Default::default(),
		env_hash: None,
		max_price: 2 * price(asset),
		failover_price: Some(2 * price(asset)),
		regions: Default::default(),
		min_trust: TrustLevel::One,
		quantity: 1,
		duration: ROUNDS * round,
		bid_deadline: now + 2 * round,
		auto_match: true,
		terms: Some(TermsInput {
			min_uptime: 900_000_000,
			max_latency_ms: 250,
			max_head_lag: 0,
			credit: CREDIT,
			cover: WindowShare::from_u32(3),
		}),
		deposit: 2 * price(asset) * Balance::from(ROUNDS * round + window),
	}
}

pub fn place(chain: &mut Fixture, who: &AccountId, order: compute::NewOrder) -> OrderId {
	let id = chain.peek(compute::NextOrder::<Runtime>::get);
	assert_ok!(call_as(chain, who, compute::Call::place_order { order: Box::new(order) }));
	id
}

pub fn bid(order: OrderId, service: ServiceId, price: Balance) -> RuntimeCall {
	compute::Call::place_bid { order, service, price, replicas: 1, foreign_terms: true }.into()
}

/// Base units that a closed lease paid in all.
pub fn paid_in_all(lease: LeaseId) -> Balance {
	match compute::Leases::<Runtime>::get(lease).expect("it is stored").state {
		compute::LeaseState::Closed { paid, .. } => paid,
		state => panic!("lease {lease} is {state:?}"),
	}
}

pub fn lease_of(order: OrderId, replica: usize) -> Option<LeaseId> {
	compute::Orders::<Runtime>::get(order)?.replicas.get(replica)?.state.lease()
}

/// Wait until replica 0 has a lease other than `before`.
pub fn awarded(chain: &mut Fixture, order: OrderId, before: Option<LeaseId>) -> LeaseId {
	awarded_within(chain, order, before, 8)
}

/// Wait at most `limit` rounds until replica 0 has a lease other than `before`.
pub fn awarded_within(
	chain: &mut Fixture,
	order: OrderId,
	before: Option<LeaseId>,
	limit: u32,
) -> LeaseId {
	let lease = move || lease_of(order, 0).filter(|lease| Some(*lease) != before);
	chain.until("the replica has a lease", limit, move || lease().is_some());
	chain.peek(lease).unwrap()
}

pub fn ready_call(chain: &mut Fixture, id: LeaseId) -> (AccountId, RuntimeCall) {
	let lease = chain.peek(|| compute::Leases::<Runtime>::get(id).unwrap());
	let url = chain
		.peek(|| operators::Services::<Runtime>::get(lease.service).unwrap().endpoint.into_inner());
	let health = [&url[..], format!("leases/{id}").as_bytes()].concat().try_into().unwrap();
	let access = b"tcp://203.0.113.7:30080".to_vec().try_into().unwrap();
	(
		lease.operator,
		compute::Call::report_ready { lease: id, health, access, foreign_terms: true }.into(),
	)
}

pub fn ready(chain: &mut Fixture, lease: LeaseId) {
	let call = ready_call(chain, lease);
	assert_ok!(call_all(chain, vec![call]).pop().unwrap());
}

pub fn reason(chain: &mut Fixture, lease: LeaseId) -> Option<CloseReason> {
	chain.peek(|| match compute::Leases::<Runtime>::get(lease)?.state {
		compute::LeaseState::Closed { reason, .. } => Some(reason),
		_ => None,
	})
}

/// Wait at most `limit` rounds until a lease is closed. Returns the reason.
pub fn closed(chain: &mut Fixture, lease: LeaseId, limit: u32) -> CloseReason {
	chain.until("the lease is over", limit, move || {
		compute::Leases::<Runtime>::get(lease).is_some_and(|lease| lease.is_closed())
	});
	reason(chain, lease).unwrap()
}

/// Last round of the time of a running lease.
pub fn last_round(chain: &mut Fixture, lease: LeaseId) -> u32 {
	chain.peek(|| {
		let lease = compute::Leases::<Runtime>::get(lease).unwrap();
		let order = compute::Orders::<Runtime>::get(lease.order).unwrap();
		let escrow = order.replicas[usize::from(lease.replica)].escrow;
		Escrow::stream(escrow).and_then(|stream| stream.last).unwrap()
	})
}

pub fn operator_of(chain: &mut Fixture, lease: LeaseId) -> AccountId {
	chain.peek(|| compute::Leases::<Runtime>::get(lease).unwrap().operator)
}

pub fn is_over(order: OrderId) -> bool {
	compute::Orders::<Runtime>::get(order).is_none_or(|order| order.is_over())
}

pub fn total(chain: &mut Fixture, asset: AssetId, who: &AccountId) -> Balance {
	chain.peek(|| MarketFunds::total(asset, who))
}

//! The read side behind `SuretyApi`: what several pallets know, put together for clients. Nothing here
//! runs in a block.

use crate::*;
use alloc::{collections::BTreeMap, vec::Vec};
use pallet_surety_compute_orders as compute;
use surety_primitives::{
	AgreementId, BreachKind, Clock, LeaseId, MAX_PAGE, Meter, Network, NetworkId, OrderId, Probing,
	Registry, ReputationInspect, Service, ServiceId, ServiceStatus, TrustLevel, page_size,
	service_of_lease, tiers,
};
use surety_runtime_api::{
	AgreementInfo, BidInfo, BondInfo, BreachInfo, CapacityInfo, LeaseInfo, LeasePhase, MAX_SCAN,
	NetworkStatus, OperatorInfo, OrderFilter, OrderInfo, Page, Performance, ReplicaInfo, RoundInfo,
	ServiceDetail, ServiceFilter, ServiceSummary, TenantInfo,
};

/// Highest score that there is.
const MAX_SCORE: u8 = 100;

/// Looks at the ids after `start_after` and below `end`, at most [`MAX_SCAN`] of them, until a page of what `find`
/// makes of them is full. `find` reads of what it refuses no more than it must to refuse it.
fn scan<T>(
	start_after: Option<u32>,
	end: u32,
	limit: u32,
	mut find: impl FnMut(u32) -> Option<T>,
) -> Page<T> {
	let first = start_after.map_or(0, |id| id.saturating_add(1));
	let stop = first.saturating_add(MAX_SCAN).min(end);
	let size = page_size(limit);
	let mut items = Vec::new();
	for id in first..stop {
		let Some(found) = find(id) else { continue };
		items.push(found);
		if items.len() >= size {
			return Page { items, next: (id.saturating_add(1) < end).then_some(id) };
		}
	}
	Page { items, next: (stop < end).then(|| stop.saturating_sub(1)) }
}

/// What is behind a page of ids. If they are as many as it takes, more may follow.
fn page_of<T>(ids: Vec<u32>, limit: u32, read: impl Fn(u32) -> Option<T>) -> Page<T> {
	let next = ids.last().copied().filter(|_| ids.len() >= page_size(limit));
	Page { items: ids.into_iter().filter_map(read).collect(), next }
}

fn summary(
	id: ServiceId,
	service: Service<AccountId>,
	score: u8,
	open: bool,
) -> ServiceSummary<AccountId> {
	ServiceSummary {
		id,
		units: pallet_surety_sla::Services::<Runtime>::get(id).map_or(0, |s| s.units),
		score,
		open,
		last_verdict: <Probes as Probing>::probed(id).and_then(|p| p.last),
		capacity: compute::CapacityOf::<Runtime>::get(id)
			.map(|inventory| CapacityInfo { free: inventory.free(), total: inventory.total }),
		service,
	}
}

fn wanted(filter: &ServiceFilter, service: &Service<AccountId>) -> bool {
	filter.class.is_none_or(|class| class == service.kind.class())
		&& filter.network.is_none_or(|network| Some(network) == service.kind.network())
		&& filter.region.is_none_or(|region| region == service.region)
		&& filter.asset.is_none_or(|asset| asset == service.asset)
		&& filter.max_price.is_none_or(|price| service.price <= price)
		&& (service.status == ServiceStatus::Active || !filter.open_only)
}

/// Services that pass a filter, in order of their ids.
pub fn services(
	filter: &ServiceFilter,
	start_after: Option<ServiceId>,
	limit: u32,
) -> Page<ServiceSummary<AccountId>> {
	let end = pallet_surety_operators::NextServiceId::<Runtime>::get();
	let least = filter.min_score.unwrap_or(0);
	if least > MAX_SCORE {
		return Page { items: Vec::new(), next: None };
	}
	// An operator has up to 1,024 listings: its score is reckoned once.
	let mut scores = BTreeMap::new();
	scan(start_after, end, limit, |id| {
		let service = pallet_surety_operators::Services::<Runtime>::get(id)
			.filter(|service| wanted(filter, service))?;
		let score = *scores.entry(service.operator.clone()).or_insert_with_key(Reputation::score);
		if score < least {
			return None;
		}
		let open = is_open(id, &service);
		(open || !filter.open_only).then(|| summary(id, service, score, open))
	})
}

/// True if new units may be sold now. What its status says already needs no reading.
fn is_open(id: ServiceId, service: &Service<AccountId>) -> bool {
	service.status == ServiceStatus::Active && <Operators as Registry<_>>::ensure_open(id).is_ok()
}

/// A service with its live window.
pub fn service(id: ServiceId) -> Option<ServiceDetail<AccountId>> {
	let listing = <Operators as Registry<_>>::service(id)?;
	let probed = <Probes as Probing>::probed(id).unwrap_or_default();
	let status = Sla::service_status(id)?;
	let allowance = BreachKind::COUNTED
		.map(|kind| tiers::allowance(kind, listing.terms.min_uptime, Timing::window_rounds()));
	Some(ServiceDetail {
		window: probed.window,
		counters: probed.counters,
		allowance,
		meter: <Probes as Meter>::reading(id),
		index: status.state.as_ref().map_or_else(Default::default, |s| s.index),
		cover: status.cover,
		rent: status.state.as_ref().and_then(|s| s.slot).map(|slot| slot.rent),
		exposure: status.exposure,
		coverable_units: status.available,
		reliability: Reputation::service_reliability(id).unwrap_or(0),
		history: Probes::window_ring(id),
		hot: probed.hot,
		summary: {
			let (score, open) = (Reputation::score(&listing.operator), is_open(id, &listing));
			summary(id, listing, score, open)
		},
	})
}

/// Breaches of a service, oldest first.
pub fn breaches(service: ServiceId, start_after: Option<u32>, limit: u32) -> Page<BreachInfo> {
	let found = Sla::breach_history(service, start_after, limit);
	let count = pallet_surety_sla::Services::<Runtime>::get(service).map_or(0, |s| s.breaches);
	let items: Vec<BreachInfo> = found
		.into_iter()
		.map(|(number, b)| BreachInfo {
			number,
			window: b.window,
			round: b.round,
			kind: b.kind,
			before: b.before,
			severity: b.severity,
			counters: b.counters,
			allowance: b.allowance,
			multiplier: b.multiplier,
			demanded: b.demanded,
			rate: b.rate,
			index_before: b.index_before,
			index_after: b.index_after,
			credited: b.credited,
			penalty: b.penalty,
		})
		.collect();
	let next = items.last().map(|b| b.number).filter(|last| last.saturating_add(1) < count);
	Page { items, next }
}

/// An agreement with what is owed.
pub fn agreement(id: AgreementId) -> Option<AgreementInfo<AccountId>> {
	use pallet_surety_sla::AgreementState;
	let status = Sla::agreement(id)?;
	let a = status.agreement;
	let stream = status.stream;
	let ending = match a.state {
		AgreementState::Open => stream.as_ref().and_then(|s| s.ending),
		AgreementState::Closed { round, reason } => Some((round, reason)),
	};
	Some(AgreementInfo {
		id,
		tenant: a.tenant,
		service: a.service,
		units: a.units,
		asset: a.asset,
		rate: a.rate,
		opened_at: a.opened_at,
		held: stream.as_ref().map_or(0, |s| s.held),
		paid: stream.as_ref().map_or(0, |s| s.paid),
		due: stream.as_ref().map_or(0, |s| s.due),
		blocks_left: stream.as_ref().map_or(0, |s| s.blocks_left),
		owed_credit: status.owed,
		reserved_credit: status.reserved,
		ending,
	})
}

/// Agreements of a tenant.
pub fn agreements_of(
	tenant: &AccountId,
	start_after: Option<AgreementId>,
	limit: u32,
) -> Page<AgreementInfo<AccountId>> {
	page_of(Sla::agreements_of(tenant.clone(), start_after, limit), limit, agreement)
}

/// Compute orders that pass a filter, in order of their ids.
pub fn orders(
	filter: &OrderFilter<AccountId>,
	start_after: Option<OrderId>,
	limit: u32,
) -> Page<OrderInfo<AccountId>> {
	scan(start_after, compute::NextOrder::<Runtime>::get(), limit, |id| {
		let order = compute::Orders::<Runtime>::get(id).filter(|order| wants(filter, order))?;
		Some(order_info(id, order))
	})
}

fn wants(filter: &OrderFilter<AccountId>, order: &compute::Order<AccountId>) -> bool {
	filter.asset.is_none_or(|asset| asset == order.asset)
		&& filter.tenant.as_ref().is_none_or(|tenant| *tenant == order.tenant)
		&& filter
			.region
			.is_none_or(|region| order.regions.is_empty() || order.regions.contains(&region))
		&& filter.fits.as_ref().is_none_or(|room| room.without(&order.resources).is_some())
		&& (!filter.open_only || order.bids_until(Timing::now()).is_some())
}

/// A compute order.
pub fn order(id: OrderId) -> Option<OrderInfo<AccountId>> {
	compute::Orders::<Runtime>::get(id).map(|order| order_info(id, order))
}

fn order_info(id: OrderId, order: compute::Order<AccountId>) -> OrderInfo<AccountId> {
	let bids_until = order.bids_until(Timing::now());
	let replica = |replica: &compute::Replica<AccountId>| ReplicaInfo {
		lease: replica.lease,
		held: pallet_surety_escrow::Accounts::<Runtime>::get(replica.escrow)
			.map_or(0, |account| account.held),
		closed: match replica.state {
			compute::ReplicaState::Closed { reason, .. } => Some(reason),
			_ => None,
		},
	};
	OrderInfo {
		id,
		replicas: order.replicas.iter().map(replica).collect(),
		tenant: order.tenant,
		asset: order.asset,
		resources: order.resources,
		image: order.image.into_inner(),
		digest: order.digest,
		ports: order
			.ports
			.iter()
			.map(|port| (port.container, port.protocol == compute::PortProtocol::Udp))
			.collect(),
		env_hash: order.env_hash,
		max_price: order.max_price,
		failover_price: order.failover_price,
		regions: order.regions.into_inner(),
		min_trust: order.min_trust,
		duration: order.duration,
		terms: order.terms,
		auto_match: order.auto_match,
		bids_until,
		bids: order.bids,
	}
}

/// Bids on an order, in order of their services.
pub fn bids(
	order: OrderId,
	start_after: Option<ServiceId>,
	limit: u32,
) -> Page<BidInfo<AccountId>> {
	let mut rest: Vec<_> = ComputeOrders::bids_of(order)
		.into_iter()
		.filter(|(service, _)| start_after.is_none_or(|last| *service > last))
		.collect();
	let size = page_size(limit);
	let more = rest.len() > size;
	rest.truncate(size);
	let items: Vec<_> = rest
		.into_iter()
		.map(|(service, bid)| {
			let score = Reputation::score(&bid.operator);
			BidInfo {
				service,
				price: bid.price,
				left: bid.left,
				score,
				effective_price: compute::effective_price(bid.price, score),
				operator: bid.operator,
			}
		})
		.collect();
	let next = if more { items.last().map(|bid| bid.service) } else { None };
	Page { items, next }
}

/// A lease.
pub fn lease(id: LeaseId) -> Option<LeaseInfo<AccountId>> {
	let compute::LeaseStatus { lease, tenant, asset, stream } = ComputeOrders::lease(id)?;
	let probed_as = service_of_lease(id);
	let agreement = lease.agreement.and_then(Sla::agreement);
	// When and why it ends is escrow's to know.
	let ending = stream.as_ref().and_then(|stream| stream.ending);
	let phase = match (lease.state, ending) {
		(compute::LeaseState::Starting { fetch_until, ready_by }, _) => {
			LeasePhase::Starting { fetch_until, ready_by }
		},
		(compute::LeaseState::Running { .. }, Some((round, reason))) => {
			LeasePhase::Ending { round, reason }
		},
		(compute::LeaseState::Running { since }, None) => {
			let last_round = stream.as_ref().and_then(|stream| stream.last).unwrap_or_default();
			LeasePhase::Running { since, last_round }
		},
		(compute::LeaseState::Closed { round, reason }, _) => {
			LeasePhase::Closed { round, reason, code: reason.code() }
		},
	};
	Some(LeaseInfo {
		id,
		order: lease.order,
		replica: lease.replica,
		tenant,
		operator: lease.operator,
		service: lease.service,
		probed_as,
		price: lease.price,
		asset,
		health: lease.health.into_inner(),
		access: lease.access.into_inner(),
		phase,
		agreement: lease.agreement,
		blocks_left: stream.as_ref().map_or(0, |stream| stream.blocks_left),
		paid: stream.as_ref().map_or(lease.paid, |stream| stream.paid),
		refunded: lease.refunded,
		forfeited: lease.forfeited,
		owed_credit: agreement.map_or(0, |status| status.owed),
		last_verdict: <Probes as Probing>::probed(probed_as).and_then(|probed| probed.last),
	})
}

/// Leases that an account pays for or runs.
pub fn leases_of(
	account: &AccountId,
	start_after: Option<LeaseId>,
	limit: u32,
) -> Page<LeaseInfo<AccountId>> {
	page_of(ComputeOrders::leases_of(account.clone(), start_after, limit), limit, lease)
}

/// Score of an account as a tenant.
pub fn tenant(account: AccountId) -> TenantInfo {
	let score = Reputation::tenant_score(account);
	TenantInfo { score, trust: TrustLevel::from_score(score) }
}

/// An operator.
pub fn operator(account: &AccountId) -> Option<OperatorInfo<AccountId>> {
	use pallet_surety_operators::OperatorStatus;
	let operator = Operators::operator(account.clone())?;
	let bonds = pallet_surety_operators::Bonds::<Runtime>::iter_prefix(account)
		.take(page_size(MAX_PAGE))
		.map(|(asset, bond)| BondInfo {
			asset,
			active: bond.active,
			exposure: bond.exposure,
			unbonding: bond.unbonding(),
		})
		.collect();
	let performance = Reputation::performance(account.clone())
		.map(|p| Performance {
			score: p.score,
			uptime: p.parts.uptime.score,
			correctness: p.parts.correctness.score,
			latency: p.parts.latency.score,
		})
		.unwrap_or_default();
	Some(OperatorInfo {
		name: operator.name.into_inner(),
		contact: operator.contact.into_inner(),
		active: operator.status == OperatorStatus::Active,
		bonds,
		services: Operators::services_of(account.clone()),
		score: Reputation::score(account),
		trust: Reputation::trust(account),
		reliability: Reputation::reliability(account.clone()).unwrap_or(0),
		performance,
		account: account.clone(),
	})
}

/// The chain at a glance.
pub fn network_status() -> NetworkStatus {
	let counts = pallet_surety_operators::Count::<Runtime>::get();
	let totals: Vec<_> =
		pallet_surety_operators::Totals::<Runtime>::iter().take(page_size(MAX_PAGE)).collect();
	let scores: Vec<u32> = pallet_surety_operators::Operators::<Runtime>::iter_keys()
		.take(usize::try_from(MAX_SCAN).unwrap_or(0))
		.map(|who| u32::from(Reputation::score(&who)))
		.collect();
	let sum = scores.iter().fold(0u32, |sum, score| sum.saturating_add(*score));
	let mean = sum.checked_div(u32::try_from(scores.len()).unwrap_or(u32::MAX)).unwrap_or(0);
	NetworkStatus {
		operators: counts.operators,
		active: counts.active,
		slashed_operators: counts.slashed,
		services: counts.services,
		hot: hot_services(),
		slashed: totals.iter().map(|(asset, t)| (*asset, t.slashed)).collect(),
		bonded: totals.iter().map(|(asset, t)| (*asset, t.bonded)).collect(),
		average_score: u8::try_from(mean).unwrap_or(u8::MAX),
		judged_round: <Probes as Probing>::judged_round(),
	}
}

/// Services that are probed every round.
fn hot_services() -> u32 {
	use pallet_surety_probes::{Hot, PageId, PageInfos};
	let pages = Hot::<Runtime>::get().pages;
	(0..pages).map(|page| PageInfos::<Runtime>::get(PageId::Hot(page)).due.count_ones()).sum()
}

/// The clock.
pub fn round() -> RoundInfo {
	let round = Timing::round();
	RoundInfo {
		block: Timing::now(),
		round,
		window: Timing::window_of(round),
		round_blocks: Timing::round_blocks(),
		window_rounds: Timing::window_rounds(),
		slot_ms: Timing::slot_ms(),
		judged_round: <Probes as Probing>::judged_round(),
	}
}

/// Networks that `Rpc` services serve.
pub fn networks() -> Vec<(NetworkId, Network)> {
	pallet_surety_operators::Networks::<Runtime>::iter().take(page_size(MAX_PAGE)).collect()
}

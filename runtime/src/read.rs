// SPDX-License-Identifier: Apache-2.0

//! Read side behind `SuretyApi`: state of several pallets, joined for clients. No function of this
//! file runs in a block.

use crate::*;
use alloc::{collections::BTreeMap, vec::Vec};
use pallet_surety_compute_orders as compute;
use pallet_surety_operators as operators;
use pallet_surety_sla as sla;
use surety_primitives::{
	AgreementId, BreachKind, Clock, CloseReason, LeaseId, MAX_PAGE, Meter, OrderId, Probing,
	Registry, ReputationInspect, Service, ServiceId, ServiceStatus, Slots, Target, TrustLevel,
	page_size, tiers,
};
use surety_runtime_api::{
	AgreementInfo, Allowance, AssetAmount, BidInfo, BondInfo, CapacityInfo, LeaseDetail, LeaseInfo,
	LeasePhase, MAX_SCAN, NetworkInfo, NetworkStatus, NumberedBreach, OperatorInfo, OrderFilter,
	OrderInfo, Page, Performance, ReplicaInfo, RoundInfo, RoundVerdict, ServiceDetail,
	ServiceFilter, ServiceSummary, TargetStatus, TenantInfo,
};

/// Maximum score.
const MAX_SCORE: u8 = 100;

/// Search the ids after `start_after` and below `end`, at most [`MAX_SCAN`] of them, until a page
/// is full. `find` should refuse an entry with as few reads as possible.
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

/// Page of the entries with these ids. A full page names the last id as `next`.
fn page_of<T>(ids: Vec<u32>, limit: u32, read: impl Fn(u32) -> Option<T>) -> Page<T> {
	let next = ids.last().copied().filter(|_| ids.len() >= page_size(limit));
	Page { items: ids.into_iter().filter_map(read).collect(), next }
}

/// Last verdict on a target.
fn last_verdict(target: Target) -> Option<RoundVerdict> {
	<Probes as Slots>::status(target)?.last.map(Into::into)
}

fn summary(
	id: ServiceId,
	listing: Service<AccountId>,
	score: u8,
	open: bool,
) -> ServiceSummary<AccountId> {
	let target = Target::Service(id);
	ServiceSummary {
		id,
		units: sla::Targets::<Runtime>::get(target).map_or(0, |state| state.units),
		unit: listing.kind.class().unit(),
		score,
		open,
		discrepant: Usage::is_discrepant(id),
		last_verdict: last_verdict(target),
		resources: compute::Inventories::<Runtime>::get(id)
			.map(|inventory| CapacityInfo { free: inventory.free(), total: inventory.total }),
		listing,
	}
}

fn service_passes(filter: &ServiceFilter, service: &Service<AccountId>) -> bool {
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
	let end = operators::NextServiceId::<Runtime>::get();
	let min_score = filter.min_score.unwrap_or(0);
	if min_score > MAX_SCORE {
		return Page { items: Vec::new(), next: None };
	}
	// An operator has up to 1,024 listings: its score is computed once.
	let mut scores = BTreeMap::new();
	scan(start_after, end, limit, |id| {
		let service = operators::Services::<Runtime>::get(id)
			.filter(|service| service_passes(filter, service))?;
		let score = *scores.entry(service.operator.clone()).or_insert_with_key(Reputation::score);
		if score < min_score {
			return None;
		}
		let open = is_open(id, &service);
		(open || !filter.open_only).then(|| summary(id, service, score, open))
	})
}

/// True if new units may be sold now. A status other than active needs no further read.
fn is_open(id: ServiceId, service: &Service<AccountId>) -> bool {
	service.status == ServiceStatus::Active && <Operators as Registry<_>>::sellable(id).is_ok()
}

/// Running window, credits and exposure of a target with this listing.
fn target_status(target: Target, listing: &Service<AccountId>) -> Option<TargetStatus> {
	let probed = <Probes as Slots>::status(target).unwrap_or_default();
	let status = Sla::service_status(target)?;
	let [downtime, slow, bad_data] = BreachKind::COUNTED
		.map(|kind| tiers::allowance(kind, listing.terms.min_uptime, Timing::window_rounds()));
	Some(TargetStatus {
		window: probed.window,
		counters: probed.counters,
		allowance: Allowance { downtime, slow, bad_data },
		meter: <Probes as Meter>::meter(target).map(|meter| meter.reading),
		index: status.state.as_ref().map_or_else(Default::default, |state| state.index),
		cover: status.cover,
		rent: status.state.as_ref().and_then(|state| state.slot).map(|slot| slot.rent),
		exposure: status.exposure,
		coverable_units: status.available,
		reliability: Reputation::target_reliability(target).unwrap_or(0),
		history: pallet_surety_probes::Windows::<Runtime>::get(target).into_inner(),
		active: probed.active,
	})
}

/// A service with its running window.
pub fn service(id: ServiceId) -> Option<ServiceDetail<AccountId>> {
	let listing = <Operators as Registry<_>>::listing(Target::Service(id))?;
	let status = target_status(Target::Service(id), &listing)?;
	let (score, open) = (Reputation::score(&listing.operator), is_open(id, &listing));
	Some(ServiceDetail { service: summary(id, listing, score, open), status })
}

/// Listing and running window of a lease.
pub fn lease_detail(id: LeaseId) -> Option<LeaseDetail<AccountId>> {
	let listing = <Operators as Registry<_>>::listing(Target::Lease(id))?;
	let status = target_status(Target::Lease(id), &listing)?;
	Some(LeaseDetail { listing, status })
}

/// Breaches of a target, oldest first.
pub fn breaches(target: Target, start_after: Option<u32>, limit: u32) -> Page<NumberedBreach> {
	let found = Sla::breach_history(target, start_after, limit);
	let count = sla::Targets::<Runtime>::get(target).map_or(0, |state| state.breaches);
	let items: Vec<_> =
		found.into_iter().map(|(number, breach)| NumberedBreach { number, breach }).collect();
	let next = items.last().map(|item| item.number).filter(|last| last.saturating_add(1) < count);
	Page { items, next }
}

/// An agreement with its funds and credits.
pub fn agreement(id: AgreementId) -> Option<AgreementInfo<AccountId>> {
	let status = Sla::agreement(id)?;
	let a = status.agreement;
	let stream = status.stream;
	let ending = match a.state {
		sla::AgreementState::Open => stream.as_ref().and_then(|s| s.ending),
		sla::AgreementState::Closed { round, reason } => Some((round, reason)),
	};
	Some(AgreementInfo {
		id,
		tenant: a.tenant,
		target: a.target,
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
		ending: ending.map(Into::into),
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

/// Agreements of a service that are not over.
pub fn agreements_of_service(
	service: ServiceId,
	start_after: Option<AgreementId>,
	limit: u32,
) -> Page<AgreementInfo<AccountId>> {
	page_of(Sla::agreements_at(Target::Service(service), start_after, limit), limit, agreement)
}

/// Compute orders that pass a filter, in order of their ids.
pub fn orders(
	filter: &OrderFilter<AccountId>,
	start_after: Option<OrderId>,
	limit: u32,
) -> Page<OrderInfo<AccountId>> {
	scan(start_after, compute::NextOrder::<Runtime>::get(), limit, |id| {
		let order =
			compute::Orders::<Runtime>::get(id).filter(|order| order_passes(filter, order))?;
		Some(order_info(id, order))
	})
}

fn order_passes(filter: &OrderFilter<AccountId>, order: &compute::Order<AccountId>) -> bool {
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
	let replica = |replica: &compute::Replica<AccountId>| {
		let closed = match replica.state {
			compute::ReplicaState::Closed { reason, .. } => Some(reason),
			_ => None,
		};
		ReplicaInfo {
			lease: replica.lease,
			held: pallet_surety_escrow::Accounts::<Runtime>::get(replica.escrow)
				.map_or(0, |account| account.held),
			closed_code: closed.map(CloseReason::code),
			closed_reason: closed,
		}
	};
	OrderInfo {
		id,
		replicas: order.replicas.iter().map(replica).collect(),
		tenant: order.tenant,
		asset: order.asset,
		resources: order.resources,
		image: order.image.into_inner(),
		digest: order.digest,
		ports: order.ports.into_inner(),
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
	let ready = lease.ready;
	let agreement = ready.as_ref().map(|ready| ready.agreement);
	let (paid, refunded) = match (lease.state, &stream) {
		(compute::LeaseState::Closed { paid, refunded, .. }, _) => (paid, refunded),
		(_, Some(stream)) => (stream.paid, 0),
		(_, None) => (0, 0),
	};
	// Escrow owns the end of a stream, so the phase follows from it.
	let ending = stream.as_ref().and_then(|stream| stream.ending);
	let phase = match (lease.state, ending) {
		(compute::LeaseState::Starting { fetch_until, ready_by }, _) => {
			LeasePhase::Starting { fetch_until, ready_by }
		},
		(compute::LeaseState::Running { .. }, Some((round, reason))) => {
			LeasePhase::Ending { ending: (round, reason).into() }
		},
		(compute::LeaseState::Running { since }, None) => {
			let last_round = stream.as_ref().and_then(|stream| stream.last).unwrap_or_default();
			LeasePhase::Running { since, last_round }
		},
		(compute::LeaseState::Closed { round, reason, .. }, _) => {
			LeasePhase::Closed { ending: (round, reason).into() }
		},
	};
	Some(LeaseInfo {
		id,
		order: lease.order,
		replica: lease.replica,
		tenant,
		operator: lease.operator,
		service: lease.service,
		price: lease.price,
		asset,
		health: ready.as_ref().map_or_else(Vec::new, |ready| ready.health.to_vec()),
		access: ready.map_or_else(Vec::new, |ready| ready.access.into_inner()),
		owed_credit: agreement.and_then(Sla::agreement).map_or(0, |status| status.owed),
		agreement,
		phase,
		blocks_left: stream.as_ref().map_or(0, |stream| stream.blocks_left),
		paid,
		refunded,
		forfeited: lease.forfeited,
		last_verdict: last_verdict(Target::Lease(id)),
	})
}

/// Leases of an account, as a tenant or as an operator.
pub fn leases_of(
	account: &AccountId,
	start_after: Option<LeaseId>,
	limit: u32,
) -> Page<LeaseInfo<AccountId>> {
	page_of(ComputeOrders::leases_of(account.clone(), start_after, limit), limit, lease)
}

/// Score of an account as a tenant.
pub fn tenant(account: &AccountId) -> TenantInfo {
	let score = Reputation::tenant_score(account);
	TenantInfo { score, trust: TrustLevel::from_score(score) }
}

/// An operator.
pub fn operator(account: &AccountId) -> Option<OperatorInfo<AccountId>> {
	let operator = operators::Operators::<Runtime>::get(account)?;
	let bonds = operators::Bonds::<Runtime>::iter_prefix(account)
		.take(page_size(MAX_PAGE))
		.map(|(asset, bond)| BondInfo {
			asset,
			active: bond.active,
			exposure: bond.exposure,
			unbonding: bond.unbonding(),
		})
		.collect();
	let performance = Reputation::performance(account)
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
		active: operator.status == operators::OperatorStatus::Active,
		bonds,
		services: operators::ServicesOf::<Runtime>::get(account).into_inner(),
		score: Reputation::score(account),
		trust: Reputation::trust(account),
		reliability: Reputation::reliability(account).unwrap_or(0),
		performance,
		account: account.clone(),
	})
}

/// Counts and sums over the whole network.
pub fn network_status() -> NetworkStatus {
	let counts = operators::Count::<Runtime>::get();
	let totals: Vec<_> = operators::Totals::<Runtime>::iter().take(page_size(MAX_PAGE)).collect();
	let scores: Vec<u32> = operators::Operators::<Runtime>::iter_keys()
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
		active_services: active_services(),
		slashed: totals
			.iter()
			.map(|(asset, total)| AssetAmount { asset: *asset, amount: total.slashed })
			.collect(),
		bonded: totals
			.iter()
			.map(|(asset, total)| AssetAmount { asset: *asset, amount: total.bonded })
			.collect(),
		average_score: u8::try_from(mean).unwrap_or(u8::MAX),
		judged_round: <Probes as Probing<_>>::judged_round(),
	}
}

/// Services and leases that are probed in every round.
fn active_services() -> u32 {
	use pallet_surety_probes::{Active, PageId, PageInfos};
	let pages = Active::<Runtime>::get().pages;
	(0..pages).map(|page| PageInfos::<Runtime>::get(PageId::Active(page)).due.count_ones()).sum()
}

/// Clock of the chain: block, round and window.
pub fn round() -> RoundInfo {
	let round = Timing::round();
	RoundInfo {
		block: Timing::now(),
		round,
		window: Timing::window_of(round),
		round_blocks: Timing::round_blocks(),
		window_rounds: Timing::window_rounds(),
		slot_ms: Timing::slot_ms(),
		judged_round: <Probes as Probing<_>>::judged_round(),
	}
}

/// Networks that `Rpc` services serve.
pub fn networks() -> Vec<NetworkInfo> {
	operators::Networks::<Runtime>::iter()
		.take(page_size(MAX_PAGE))
		.map(|(id, network)| NetworkInfo { id, network })
		.collect()
}

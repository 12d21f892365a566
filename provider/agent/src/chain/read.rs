// SPDX-License-Identifier: Apache-2.0

//! Reader of a snapshot at one finalized block.

use super::{LeaseView, OwnBid, ServiceView, Snapshot};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sp_core::H256;
use sp_runtime::AccountId32;
use std::{
	collections::{BTreeMap, BTreeSet},
	fmt,
};
use surety_gateway::chain::{Head, Listed, Nodes, NodesError, Reader};
use surety_primitives::{Balance, BlockNumber, LeaseId, OrderId, ServiceClass, ServiceId};
use surety_runtime_api::{
	BidInfo, LeaseInfo, LeasePhase, OperatorInfo, OrderInfo, Page, ServiceDetail, TenantInfo,
};

/// Calls at a time to a node.
const CALLS: usize = 8;
/// Most open orders that are looked at.
const MAX_ORDERS: usize = 2_048;
/// Most bids of one order that are read.
const MAX_BIDS: u32 = 128;
/// Most blocks by which the best block is believed to be above the finalized one.
const MAX_LAG: u32 = 32;
/// Most leases that are asked for by id.
const MAX_ASKED: usize = 1_024;

/// Reason why there is no snapshot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ReadError {
	/// No node gave an answer.
	Nodes(NodesError),
	/// A list of the chain has entries that this version cannot read, or is too long. Update the
	/// agent.
	Incomplete(&'static str),
}

impl fmt::Display for ReadError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Nodes(error) => error.fmt(f),
			Self::Incomplete(list) => write!(
				f,
				"the {list} of the chain cannot be read in full, so nothing is done: update the agent"
			),
		}
	}
}

impl std::error::Error for ReadError {}

impl From<NodesError> for ReadError {
	fn from(error: NodesError) -> Self {
		Self::Nodes(error)
	}
}

/// Most entries that [`Reader::list`] takes of one list.
const LISTED: usize = 8_192;

fn whole<Item>(listed: Listed<Item>, list: &'static str) -> Result<Vec<Item>, ReadError> {
	if listed.unreadable > 0 || listed.items.len() >= LISTED {
		return Err(ReadError::Incomplete(list));
	}
	Ok(listed.items)
}

/// Read the state of an operator at a finalized block.
///
/// - `known`: leases that the agent remembers. One that is not in the lists is asked for by id.
/// - `bid_on`: orders that the agent remembers a bid on.
/// - `seen_ms`: time at which the block was first seen.
pub async fn read_snapshot(
	nodes: &Nodes,
	head: Head,
	genesis: H256,
	account: &AccountId32,
	known: &BTreeSet<LeaseId>,
	bid_on: &BTreeSet<OrderId>,
	seen_ms: u64,
) -> Result<Snapshot, ReadError> {
	let reader = Reader::at(nodes, head);
	let clock = reader.round().await?;
	let operator = reader.operator(account).await?;
	let services = read_services(&reader, operator.as_ref()).await?;
	let (leases, gone) = read_leases(&reader, account, known).await?;
	let orders = read_orders(&reader, bid_on, &leases).await?;
	let (bids, rivals) = read_bids(&reader, account, &orders).await?;
	let tenants = read_tenants(&reader, &orders).await?;
	let leases = with_orders(&reader, leases, &orders).await?;
	Ok(Snapshot {
		genesis,
		head,
		best: read_best(nodes, head).await?,
		seen_ms,
		clock,
		account: account.clone(),
		operator,
		services,
		leases,
		gone,
		orders,
		bids,
		rivals,
		tenants,
	})
}

/// Number of the best block. Only times are judged by it, so a node that lies cannot do much.
async fn read_best(nodes: &Nodes, head: Head) -> Result<BlockNumber, ReadError> {
	#[derive(Deserialize)]
	struct Header {
		number: String,
	}
	let header: Header = nodes.read(head.number, "chain_getHeader", &json!([])).await?;
	let digits = header.number.trim_start_matches("0x");
	let number = BlockNumber::from_str_radix(digits, 16).unwrap_or(head.number);
	Ok(number.clamp(head.number, head.number.saturating_add(MAX_LAG)))
}

/// Ask about several things at once, some calls at a time.
async fn ask_all<K, T>(
	reader: &Reader<'_>,
	method: &'static str,
	keys: Vec<(K, Value)>,
) -> Result<Vec<(K, T)>, ReadError>
where
	T: DeserializeOwned,
{
	let at = reader.head().hash;
	// Made before the first one is asked: futures that borrow from an iterator are not `Send`.
	let mut calls = Vec::with_capacity(keys.len());
	for (key, of) in keys {
		let params = match of {
			Value::Array(mut of) => {
				of.push(json!(at));
				Value::Array(of)
			},
			of => json!([of, at]),
		};
		calls.push(async move { Ok((key, reader.ask::<T>(method, &params).await?)) });
	}
	stream::iter(calls).buffered(CALLS).try_collect().await
}

async fn read_services(
	reader: &Reader<'_>,
	operator: Option<&OperatorInfo<AccountId32>>,
) -> Result<BTreeMap<ServiceId, ServiceView>, ReadError> {
	let ids = operator.into_iter().flat_map(|operator| operator.services.iter().copied());
	let keys = ids.map(|id| (id, json!(id))).collect();
	let found: Vec<(ServiceId, Option<ServiceDetail<AccountId32>>)> =
		ask_all(reader, "surety_service", keys).await?;
	let compute = |(id, detail): (ServiceId, Option<ServiceDetail<AccountId32>>)| {
		let detail = detail?;
		let is_compute = detail.service.listing.kind.class() == ServiceClass::Compute;
		is_compute.then_some((id, ServiceView { detail }))
	};
	Ok(found.into_iter().filter_map(compute).collect())
}

type Leases = BTreeMap<LeaseId, LeaseInfo<AccountId32>>;

async fn read_leases(
	reader: &Reader<'_>,
	account: &AccountId32,
	known: &BTreeSet<LeaseId>,
) -> Result<(Leases, BTreeSet<LeaseId>), ReadError> {
	let listed = whole(reader.list("surety_leasesOf", json!(account)).await?, "leases")?;
	let own = |lease: &LeaseInfo<AccountId32>| lease.operator == *account;
	let mut leases: Leases =
		listed.into_iter().filter(own).map(|lease| (lease.id, lease)).collect();
	let missing: Vec<_> = known.iter().filter(|id| !leases.contains_key(id)).copied().collect();
	let asked = missing.into_iter().take(MAX_ASKED).map(|id| (id, json!(id))).collect();
	let found: Vec<(LeaseId, Option<LeaseInfo<AccountId32>>)> =
		ask_all(reader, "surety_lease", asked).await?;
	let mut gone = BTreeSet::new();
	for (id, lease) in found {
		match lease.filter(own) {
			Some(lease) => drop(leases.insert(id, lease)),
			None => drop(gone.insert(id)),
		}
	}
	Ok((leases, gone))
}

async fn read_orders(
	reader: &Reader<'_>,
	bid_on: &BTreeSet<OrderId>,
	leases: &Leases,
) -> Result<BTreeMap<OrderId, OrderInfo<AccountId32>>, ReadError> {
	// An order that cannot be read is one not to bid on.
	let open: Listed<OrderInfo<AccountId32>> =
		reader.list("surety_orders", json!({ "openOnly": true })).await?;
	let mut orders: BTreeMap<_, _> =
		open.items.into_iter().take(MAX_ORDERS).map(|order| (order.id, order)).collect();
	// Standing bids on orders that are not open any more still reserve capacity.
	let of_leases = leases.values().map(|lease| lease.order);
	let asked: BTreeSet<_> = of_leases.chain(bid_on.iter().copied()).collect();
	let asked = asked.into_iter().filter(|id| !orders.contains_key(id));
	let asked = asked.map(|id| (id, json!(id))).collect();
	let found: Vec<(OrderId, Option<OrderInfo<AccountId32>>)> =
		ask_all(reader, "surety_order", asked).await?;
	orders.extend(found.into_iter().filter_map(|(id, order)| Some((id, order?))));
	Ok(orders)
}

type Bids = BTreeMap<(OrderId, ServiceId), OwnBid>;

/// Own bids, and the lowest effective price of others by order.
async fn read_bids(
	reader: &Reader<'_>,
	account: &AccountId32,
	orders: &BTreeMap<OrderId, OrderInfo<AccountId32>>,
) -> Result<(Bids, BTreeMap<OrderId, Balance>), ReadError> {
	let with_bids = orders.values().filter(|order| order.bids > 0);
	let keys =
		with_bids.map(|order| (order.id, json!([order.id, Value::Null, MAX_BIDS]))).collect();
	let pages: Vec<(OrderId, Page<BidInfo<AccountId32>>)> =
		ask_all(reader, "surety_bids", keys).await?;
	let (mut own, mut rivals) = (BTreeMap::new(), BTreeMap::new());
	for (order, page) in pages {
		for bid in page.items {
			if bid.operator == *account {
				own.insert((order, bid.service), OwnBid { price: bid.price, left: bid.left });
			} else {
				let lowest = rivals.entry(order).or_insert(bid.effective_price);
				*lowest = bid.effective_price.min(*lowest);
			}
		}
	}
	Ok((own, rivals))
}

async fn read_tenants(
	reader: &Reader<'_>,
	orders: &BTreeMap<OrderId, OrderInfo<AccountId32>>,
) -> Result<BTreeMap<AccountId32, TenantInfo>, ReadError> {
	let open = orders.values().filter(|order| order.bids_until.is_some());
	let accounts: BTreeSet<_> = open.map(|order| order.tenant.clone()).collect();
	let keys = accounts.into_iter().map(|account| (account.clone(), json!(account))).collect();
	Ok(ask_all(reader, "surety_tenant", keys).await?.into_iter().collect())
}

async fn with_orders(
	reader: &Reader<'_>,
	leases: Leases,
	orders: &BTreeMap<OrderId, OrderInfo<AccountId32>>,
) -> Result<BTreeMap<LeaseId, LeaseView>, ReadError> {
	let ready = leases.values().filter(|lease| {
		matches!(lease.phase, LeasePhase::Running { .. } | LeasePhase::Ending { .. })
	});
	let keys: Vec<_> = ready.map(|lease| (lease.id, json!(lease.id))).collect();
	let details: Vec<(LeaseId, _)> = ask_all(reader, "surety_leaseDetail", keys).await?;
	let mut details: BTreeMap<_, _> = details.into_iter().collect();
	let view = |(id, info): (LeaseId, LeaseInfo<AccountId32>)| {
		let order = orders.get(&info.order).cloned();
		let is_over = matches!(info.phase, LeasePhase::Closed { .. });
		if order.is_none() && !is_over {
			return Err(ReadError::Incomplete("orders"));
		}
		Ok((id, LeaseView { info, order, detail: details.remove(&id).flatten() }))
	};
	leases.into_iter().map(view).collect()
}

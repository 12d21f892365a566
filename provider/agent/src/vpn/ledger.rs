// SPDX-License-Identifier: Apache-2.0

//! The chain as the desk asks it, at finalized blocks only.

use super::key::{hex, unhex};
use crate::chain::Follower;
use futures::{StreamExt, TryStreamExt, future::BoxFuture, stream};
use parking_lot::RwLock;
use serde_json::json;
use sp_core::H256;
use sp_io::hashing::{twox_64, twox_128};
use sp_runtime::{AccountId32, codec::Decode};
use std::{
	collections::{BTreeMap, HashSet},
	fmt,
	sync::Arc,
	time::Duration,
};
use surety_gateway::chain::{Head, NodesError, Reader};
use surety_primitives::{AgreementId, Balance, RoundIndex, ServiceId, ServiceKind, endpoint};
use surety_runtime_api::{AgreementInfo, ServiceDetail};

/// Calls at a time to a node.
const CALLS: usize = 8;
/// Longest time for an answer about one agreement or right.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Index of the proxy types that may buy: `Any`, `NonTransfer`, `Buy`.
const BUYING: [u8; 3] = [0, 1, 3];
/// Longest storage value that is read, in bytes: an account has few proxies.
const MAX_PROXIES: usize = 16 * 1_024;

/// The chain gave no answer. Nothing follows from it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unknown(
	/// Cause.
	pub String,
);

impl fmt::Display for Unknown {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.0)
	}
}

impl From<NodesError> for Unknown {
	fn from(error: NodesError) -> Self {
		Self(error.to_string())
	}
}

/// Own service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnService {
	/// Operator on chain.
	pub operator: AccountId32,
	/// Endpoint as listed.
	pub endpoint: String,
}

impl OwnService {
	/// Path of the endpoint, without a slash at its end.
	pub fn path(&self) -> &str {
		let rest = self.endpoint.split_once("://").map_or("", |(_, rest)| rest);
		let path = rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or_default();
		path.trim_end_matches('/')
	}

	/// Host of the endpoint, normalised.
	pub fn host(&self) -> Option<String> {
		let origin = endpoint::origin(self.endpoint.as_bytes()).ok()?;
		Some(String::from_utf8_lossy(&origin.host).into_owned())
	}
}

/// Part of the chain that the desk needs at all times, at one finalized block.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Market {
	/// Hash of the genesis block.
	pub genesis: H256,
	/// Round.
	pub round: RoundIndex,
	/// Own services.
	pub services: BTreeMap<ServiceId, OwnService>,
	/// Keys of the probers.
	pub probers: HashSet<[u8; 32]>,
}

/// The chain as the desk asks it.
pub trait Ledger: Send + Sync {
	/// Market as of the last block that was read. `None` before the first one.
	fn market(&self) -> Option<Arc<Market>>;

	/// Read the market at the last finalized block. It is replaced as a whole or not at all.
	fn refresh(&self) -> BoxFuture<'_, Result<Arc<Market>, Unknown>>;

	/// An agreement at the last finalized block, which never goes back. `None` if the chain has
	/// none of this id.
	fn agreement(
		&self,
		id: AgreementId,
	) -> BoxFuture<'_, Result<Option<AgreementInfo<AccountId32>>, Unknown>>;

	/// True if an account may buy for a tenant: as its proxy, without a delay.
	fn may_buy<'a>(
		&'a self,
		tenant: &'a AccountId32,
		account: &'a AccountId32,
	) -> BoxFuture<'a, Result<bool, Unknown>>;
}

/// Ledger of the blocks that an agent follows.
pub struct ChainLedger {
	follower: Arc<Follower>,
	key: [u8; 32],
	market: RwLock<Option<Arc<Market>>>,
}

impl ChainLedger {
	/// Ledger of the services whose listings have a key.
	pub fn new(follower: Arc<Follower>, key: [u8; 32]) -> Self {
		Self { follower, key, market: RwLock::default() }
	}

	fn head(&self) -> Result<Head, Unknown> {
		let snapshot = self.follower.snapshot();
		snapshot.map(|snapshot| snapshot.head).ok_or_else(no_block)
	}

	/// Read the market at the last finalized block.
	async fn read(&self) -> Result<Arc<Market>, Unknown> {
		let snapshot = self.follower.snapshot().ok_or_else(no_block)?;
		let reader = Reader::at(self.follower.nodes(), snapshot.head);
		let ids = snapshot.operator.iter().flat_map(|operator| operator.services.clone());
		let listings = vpn_services(reader, ids.collect()).await?;
		let own = listings.into_iter().filter(|(_, key, _)| *key == self.key);
		let market = Market {
			genesis: snapshot.genesis,
			round: snapshot.clock.round,
			services: own.map(|(id, _, service)| (id, service)).collect(),
			probers: reader.probers().await?.into_iter().collect(),
		};
		Ok(Arc::new(market))
	}
}

fn no_block() -> Unknown {
	Unknown("no block yet".into())
}

/// Services of the kind `Vpn` among these, each with its key.
pub(crate) async fn vpn_services(
	reader: Reader<'_>,
	ids: Vec<ServiceId>,
) -> Result<Vec<(ServiceId, [u8; 32], OwnService)>, Unknown> {
	let ask = |id: ServiceId| async move {
		let found: Option<ServiceDetail<AccountId32>> = reader.service(id).await?;
		let listing = found.map(|detail| detail.service.listing);
		Ok::<_, Unknown>(listing.and_then(|listing| {
			let ServiceKind::Vpn { key } = listing.kind else { return None };
			let endpoint = String::from_utf8_lossy(&listing.endpoint).into_owned();
			Some((id, key, OwnService { operator: listing.operator, endpoint }))
		}))
	};
	// Made before the first one is asked: futures that borrow from an iterator are not `Send`.
	let asked: Vec<_> = ids.into_iter().map(ask).collect();
	let answers: Vec<_> = stream::iter(asked).buffered(CALLS).try_collect().await?;
	Ok(answers.into_iter().flatten().collect())
}

/// True if an account is a proxy of another that may buy without a delay.
pub(crate) async fn is_buyer(
	reader: Reader<'_>,
	tenant: &AccountId32,
	account: &AccountId32,
) -> Result<bool, Unknown> {
	type Proxies = (Vec<(AccountId32, u8, u32)>, Balance);
	let bytes: &[u8] = tenant.as_ref();
	let path =
		[twox_128(b"Proxy").as_slice(), &twox_128(b"Proxies"), &twox_64(bytes), bytes].concat();
	let params = json!([format!("0x{}", hex(&path)), reader.head().hash]);
	let value: Option<String> = reader.ask("state_getStorage", &params).await?;
	let Some(value) = value else { return Ok(false) };
	let unreadable =
		|| Unknown("the proxies of the tenant cannot be read: update the agent".into());
	let digits = value.strip_prefix("0x").filter(|digits| digits.len() <= MAX_PROXIES);
	let bytes = digits.and_then(unhex).ok_or_else(unreadable)?;
	let (proxies, _) = Proxies::decode(&mut bytes.as_slice()).map_err(|_| unreadable())?;
	Ok(proxies
		.iter()
		.any(|(delegate, kind, delay)| delegate == account && BUYING.contains(kind) && *delay == 0))
}

async fn in_time<T>(asked: impl Future<Output = Result<T, Unknown>>) -> Result<T, Unknown> {
	let late = |_| Unknown(format!("no answer in {} s", TIMEOUT.as_secs()));
	tokio::time::timeout(TIMEOUT, asked).await.map_err(late)?
}

impl Ledger for ChainLedger {
	fn market(&self) -> Option<Arc<Market>> {
		self.market.read().clone()
	}

	fn refresh(&self) -> BoxFuture<'_, Result<Arc<Market>, Unknown>> {
		Box::pin(async move {
			let market = in_time(self.read()).await?;
			*self.market.write() = Some(market.clone());
			Ok(market)
		})
	}

	fn agreement(
		&self,
		id: AgreementId,
	) -> BoxFuture<'_, Result<Option<AgreementInfo<AccountId32>>, Unknown>> {
		Box::pin(in_time(async move {
			let reader = Reader::at(self.follower.nodes(), self.head()?);
			Ok(reader.agreement(id).await?)
		}))
	}

	fn may_buy<'a>(
		&'a self,
		tenant: &'a AccountId32,
		account: &'a AccountId32,
	) -> BoxFuture<'a, Result<bool, Unknown>> {
		Box::pin(in_time(async move {
			let reader = Reader::at(self.follower.nodes(), self.head()?);
			is_buyer(reader, tenant, account).await
		}))
	}
}

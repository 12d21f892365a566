// SPDX-License-Identifier: Apache-2.0

//! The finalized chain, as a tenant needs it.

use super::ClientError;
use serde_json::{Value, json};
use sp_core::H256;
use sp_io::hashing::{blake2_128, twox_64, twox_128};
use sp_runtime::{
	AccountId32,
	codec::{Decode, Encode},
};
use std::{
	collections::BTreeSet,
	sync::Arc,
	time::{Duration, Instant},
};
use surety_gateway::{
	chain::{Head, Listed, NodeError, Nodes, NodesError, Reader},
	config::{ChainSection, Url},
	upstream::Endpoint,
};
use surety_orders::quote::ChainRules;
use surety_primitives::{AssetId, Balance, BlockNumber, LeaseId, OrderId, RoundIndex, WindowShare};
use surety_runtime_api::{LeaseInfo, OrderInfo};

/// Longest time until a node answers at the start.
const CONNECT: Duration = Duration::from_secs(30);
/// Pause between two looks at the nodes.
const PAUSE: Duration = Duration::from_millis(500);
/// Index of the parameters of compute orders, and of those of the market.
const COMPUTE: u8 = 3;
const MARKET: u8 = 1;
/// Proxy types that may sign for an operator: `Any`, `NonTransfer`, `Operate`.
const OPERATING: [u8; 3] = [0, 1, 2];
/// Blocks of a day of the production chain, of which the defaults of the parameters are made.
const DAY: BlockNumber = 14_400;
/// Planck of a token.
const UNIT: Balance = 1_000_000_000_000;

/// The chain.
pub struct Chain {
	nodes: Arc<Nodes>,
	genesis: H256,
}

impl Chain {
	/// The chain of some nodes, once one of them answers.
	pub async fn connect(urls: &[Url]) -> Result<Self, ClientError> {
		let section = ChainSection { nodes: urls.to_vec(), ..ChainSection::default() };
		let nodes = Arc::new(Nodes::new(&section)?);
		let began = Instant::now();
		loop {
			let polled = nodes.poll(Instant::now()).await;
			match (polled, nodes.genesis()) {
				(Ok(_), Some(genesis)) => return Ok(Self { nodes, genesis }),
				(Err(error), _) if began.elapsed() > CONNECT => return Err(error.into()),
				_ => tokio::time::sleep(PAUSE).await,
			}
		}
	}

	/// Nodes.
	pub fn nodes(&self) -> &Arc<Nodes> {
		&self.nodes
	}

	/// Hash of the genesis block.
	pub fn genesis(&self) -> &[u8; 32] {
		&self.genesis.0
	}

	/// Look for a newer finalized block.
	pub async fn poll(&self) -> Result<Head, ClientError> {
		Ok(self.nodes.poll(Instant::now()).await?)
	}

	/// Look for newer finalized blocks for ever.
	pub async fn follow(&self) {
		loop {
			// Its reports are those of the nodes.
			let _ = self.poll().await;
			tokio::time::sleep(PAUSE).await;
		}
	}

	fn head(&self) -> Result<Head, ClientError> {
		self.nodes.used().ok_or(ClientError::Nodes(NodesError::NoNode))
	}

	async fn ask<T: serde::de::DeserializeOwned>(
		&self,
		method: &str,
		of: Value,
	) -> Result<T, ClientError> {
		let head = self.head()?;
		Ok(Reader::at(&self.nodes, head).ask(method, &json!([of, head.hash])).await?)
	}

	/// A lease that is not over.
	pub async fn lease(&self, lease: LeaseId) -> Result<LeaseInfo<AccountId32>, ClientError> {
		let info: Option<LeaseInfo<AccountId32>> = self.ask("surety_lease", json!(lease)).await?;
		let info = info.ok_or(ClientError::NoLease(lease))?;
		match info.phase {
			surety_runtime_api::LeasePhase::Closed { .. } => Err(ClientError::LeaseOver(lease)),
			_ => Ok(info),
		}
	}

	/// An order; `None` if the finalized chain has it not, or no longer.
	pub async fn order(
		&self,
		order: OrderId,
	) -> Result<Option<OrderInfo<AccountId32>>, ClientError> {
		self.ask("surety_order", json!(order)).await
	}

	/// Order of a tenant with a hash of its private part.
	pub async fn order_of_hash(
		&self,
		tenant: &AccountId32,
		env_hash: &[u8; 32],
	) -> Result<Option<OrderId>, ClientError> {
		let reader = Reader::at(&self.nodes, self.head()?);
		let orders: Listed<OrderInfo<AccountId32>> =
			reader.list("surety_orders", json!({ "tenant": tenant })).await?;
		let is_own = |order: &OrderInfo<AccountId32>| {
			order.tenant == *tenant && order.env_hash == Some(*env_hash)
		};
		let found = orders.items.into_iter().find(is_own);
		Ok(found.map(|order| order.id))
	}

	/// Server of the agent that runs a lease.
	pub async fn server(&self, lease: &LeaseInfo<AccountId32>) -> Result<Endpoint, ClientError> {
		let reader = Reader::at(&self.nodes, self.head()?);
		let service = reader.service(lease.service).await?;
		let no_service = || ClientError::Endpoint("its service is gone".into());
		let endpoint = service.ok_or_else(no_service)?.service.listing.endpoint;
		let text = String::from_utf8_lossy(&endpoint).into_owned();
		let endpoint = text.parse::<Endpoint>();
		Ok(endpoint.map_err(|error| ClientError::Endpoint(error.to_string()))?.root())
	}

	/// Proxies of an operator that may sign for it, without a delay.
	pub async fn operating(
		&self,
		operator: &AccountId32,
	) -> Result<BTreeSet<AccountId32>, ClientError> {
		type Proxies = (Vec<(AccountId32, u8, u32)>, Balance);
		let bytes = operator.encode();
		let key = [twox_64(&bytes).to_vec(), bytes].concat();
		let found: Option<Proxies> = self.stored("Proxy", "Proxies", key).await?;
		let proxies = found.map(|(proxies, _)| proxies).unwrap_or_default();
		let may =
			proxies.into_iter().filter(|(_, kind, delay)| OPERATING.contains(kind) && *delay == 0);
		Ok(may.map(|(delegate, ..)| delegate).collect())
	}

	/// Value of a storage map at the finalized block.
	async fn stored<T: Decode>(
		&self,
		pallet: &str,
		item: &str,
		key: Vec<u8>,
	) -> Result<Option<T>, ClientError> {
		let head = self.head()?;
		let mut path = twox_128(pallet.as_bytes()).to_vec();
		path.extend(twox_128(item.as_bytes()));
		path.extend(key);
		let digits: String = path.iter().map(|byte| format!("{byte:02x}")).collect();
		let params = json!([format!("0x{digits}"), head.hash]);
		let value: Option<String> =
			self.nodes.read(head.number, "state_getStorage", &params).await?;
		let Some(value) = value else { return Ok(None) };
		let malformed = || {
			let reason = format!("{pallet}.{item} cannot be read; update this program");
			ClientError::Nodes(NodesError::Node(NodeError::Malformed(reason)))
		};
		let bytes = crate::doctor::unhex(&value).ok_or_else(malformed)?;
		T::decode(&mut bytes.as_slice()).map(Some).map_err(|_| malformed())
	}

	/// Number of the best block.
	pub async fn best(&self) -> Result<BlockNumber, ClientError> {
		#[derive(serde::Deserialize)]
		struct Header {
			number: String,
		}
		let head = self.head()?;
		let header: Header = self.nodes.read(head.number, "chain_getHeader", &json!([])).await?;
		let digits = header.number.trim_start_matches("0x");
		Ok(BlockNumber::from_str_radix(digits, 16).unwrap_or(head.number).max(head.number))
	}

	/// Parameter of the runtime, or its default.
	async fn parameter<T: Decode>(
		&self,
		pallet: u8,
		index: u8,
		default: T,
	) -> Result<T, ClientError> {
		let key = [pallet, index];
		let path = [&blake2_128(&key)[..], &key].concat();
		let found: Option<(u8, u8, T)> = self.stored("Parameters", "Parameters", path).await?;
		Ok(found.map_or(default, |(_, _, value)| value))
	}

	/// Rules by which the chain takes an order.
	///
	/// - `native_minimum`: minimum balance of the native token, in planck.
	pub async fn rules(
		&self,
		asset: AssetId,
		native_minimum: Balance,
	) -> Result<ChainRules, ClientError> {
		let round = Reader::at(&self.nodes, self.head()?).round().await?;
		let minimum_balance = match asset {
			AssetId::Native => native_minimum,
			AssetId::Local(id) => {
				// Four accounts, supply and deposit are in front of it.
				type Details = ([AccountId32; 4], Balance, Balance, Balance);
				let key = [&blake2_128(&id.encode())[..], &id.encode()].concat();
				let details: Option<Details> = self.stored("Assets", "Asset", key).await?;
				details.map_or(0, |details| details.3)
			},
		};
		let max_duration = DAY.saturating_mul(365);
		let blocks = |index, default: BlockNumber| self.parameter(COMPUTE, index, default);
		Ok(ChainRules {
			slot_ms: round.slot_ms,
			round_blocks: round.round_blocks,
			window_rounds: round.window_rounds,
			order_deposit: self.parameter(COMPUTE, 0, UNIT.checked_div(2).unwrap_or(UNIT)).await?,
			reopen_blocks: blocks(5, 100).await?,
			max_bid_blocks: blocks(6, DAY).await?,
			max_duration: blocks(7, max_duration).await?,
			keep_blocks: blocks(8, DAY.saturating_mul(7)).await?,
			trial_rounds: self.parameter::<RoundIndex>(COMPUTE, 9, 30).await?,
			max_credit: self.parameter(MARKET, 5, WindowShare::from_u32(30)).await?,
			minimum_balance,
		})
	}
}

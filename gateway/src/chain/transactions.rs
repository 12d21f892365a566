// SPDX-License-Identifier: Apache-2.0

//! Transactions: signed, given to every good node, and followed in the finalized blocks until their
//! outcome is certain.
//!
//! A transaction is valid for [`MORTALITY`] blocks. When the finalized block is beyond them, it is in
//! one of the blocks or it never will be, so its money cannot be spent twice. No subscription is
//! needed, and a node may fail at any time.

use super::{Call, Head, KeySigner, NodeError, Nodes, NodesError};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use sp_core::H256;
use std::{fmt, sync::Arc, time::Duration};
use subxt::{
	OnlineClient,
	backend::LegacyBackend,
	config::{DefaultExtrinsicParamsBuilder, SubstrateConfig},
	dynamic::Value,
	error::DispatchError,
	events::Phase,
	ext::scale_value::ValueDef,
	rpcs::{
		RpcClient,
		client::{RawRpcFuture, RawRpcSubscription, RpcClientT},
	},
};
use surety_primitives::{Balance, BlockNumber};

/// Blocks for which a transaction is valid.
pub const MORTALITY: u32 = 64;

/// Time between two looks at the finalized blocks.
const PAUSE: Duration = Duration::from_millis(500);

/// Reason why a transaction had no effect, or none that is known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TransactionError {
	/// No node of the chain answers.
	Nodes(NodesError),
	/// The chain has no such call, or takes other arguments.
	Unbuildable(String),
	/// The transaction pools refused it: too little for the fee, or a bad nonce.
	Refused(String),
	/// It is in a block, and the call failed by this error, such as `Sla::PriceRose`.
	Failed(String),
	/// It did not get into a block in its time, and never will.
	Expired,
}

impl fmt::Display for TransactionError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Nodes(error) => error.fmt(f),
			Self::Unbuildable(reason) => write!(f, "cannot be built: {reason}"),
			Self::Refused(reason) => write!(f, "refused by the nodes: {reason}"),
			Self::Failed(error) => write!(f, "failed: {error}"),
			Self::Expired => f.write_str("was not taken into a block in its time"),
		}
	}
}

impl std::error::Error for TransactionError {}

impl From<NodesError> for TransactionError {
	fn from(error: NodesError) -> Self {
		Self::Nodes(error)
	}
}

/// Transaction that the nodes took.
#[derive(Clone, Debug)]
pub struct Sent {
	/// The transaction.
	bytes: Vec<u8>,
	/// Block from whose child on it may be included.
	from: BlockNumber,
}

impl Sent {
	/// Last block that may include it.
	pub fn last_block(&self) -> BlockNumber {
		self.from.saturating_add(MORTALITY)
	}
}

/// Sender of the transactions of one key.
pub struct Transactions {
	nodes: Arc<Nodes>,
	signer: KeySigner,
	client: Mutex<Option<(H256, OnlineClient<SubstrateConfig>)>>,
	/// Nonce after the last one that was used. Held while a transaction is built and sent.
	nonce: tokio::sync::Mutex<Option<u64>>,
}

impl Transactions {
	/// Sender that signs with a key.
	pub fn new(nodes: Arc<Nodes>, signer: KeySigner) -> Self {
		Self { nodes, signer, client: Mutex::new(None), nonce: tokio::sync::Mutex::new(None) }
	}

	/// The key.
	pub fn signer(&self) -> &KeySigner {
		&self.signer
	}

	/// Sign a call, send it, and wait for its outcome in a finalized block. Gives that block.
	pub async fn execute(&self, call: &Call) -> Result<Head, TransactionError> {
		self.outcome(&self.send(call).await?).await
	}

	/// Sign a call and give it to the nodes.
	pub async fn send(&self, call: &Call) -> Result<Sent, TransactionError> {
		let head = self.nodes.used().ok_or(NodesError::NoNode)?;
		let mut last = self.nonce.lock().await;
		let account = json!([self.signer.account()]);
		let next: u64 = self.nodes.read(head.number, "system_accountNextIndex", &account).await?;
		// A node that has not yet seen the last transaction would give its nonce again.
		let nonce = last.map_or(next, |last| last.max(next));
		let bytes = self.sign(call, head, nonce).await?;
		match self.nodes.submit(&bytes).await {
			Ok(()) => *last = nonce.checked_add(1),
			Err(NodesError::Node(NodeError::Refused { code, message })) => {
				// The next one starts from the nonce of the node again.
				*last = None;
				return Err(TransactionError::Refused(format!("{message} ({code})")));
			},
			Err(error) => {
				*last = None;
				return Err(error.into());
			},
		}
		Ok(Sent { bytes, from: head.number })
	}

	/// Wait until the outcome of a transaction is certain. Gives the block that includes it.
	pub async fn outcome(&self, sent: &Sent) -> Result<Head, TransactionError> {
		let mut next = sent.from.saturating_add(1);
		loop {
			let finalized = self.nodes.used().map_or(0, |head| head.number);
			while next <= finalized && next <= sent.last_block() {
				match self.find(next, &sent.bytes).await {
					Ok(Some((head, index))) => match self.dispatched(head, index).await {
						Ok(outcome) => return outcome.map(|()| head),
						Err(error) => tracing::debug!(%error, "events cannot be read yet"),
					},
					Ok(None) => {
						next = next.saturating_add(1);
						continue;
					},
					Err(error) => tracing::debug!(%error, "block cannot be read yet"),
				}
				break;
			}
			if next > sent.last_block() {
				// A nonce that was skipped would block all that follow.
				*self.nonce.lock().await = None;
				return Err(TransactionError::Expired);
			}
			tokio::time::sleep(PAUSE).await;
		}
	}

	async fn sign(&self, call: &Call, head: Head, nonce: u64) -> Result<Vec<u8>, TransactionError> {
		let unbuildable =
			|error: &dyn fmt::Display| TransactionError::Unbuildable(error.to_string());
		let client = self.client().await?;
		let at = client.at_block(head.hash).await.map_err(|error| unbuildable(&error))?;
		let params = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new()
			.mortal(MORTALITY.into())
			.nonce(nonce)
			.build();
		let mut transactions = at.transactions();
		let signed = transactions.create_signed(call, &self.signer, params).await;
		Ok(signed.map_err(|error| unbuildable(&error))?.into_encoded())
	}

	/// Minimum balance of an account in the native token, in planck.
	pub async fn minimum_balance(&self) -> Result<Balance, TransactionError> {
		let head = self.nodes.used().ok_or(NodesError::NoNode)?;
		let unbuildable =
			|error: &dyn fmt::Display| TransactionError::Unbuildable(error.to_string());
		let client = self.client().await?;
		let at = client.at_block(head.hash).await.map_err(|error| unbuildable(&error))?;
		let address = subxt::dynamic::constant::<Balance>("Balances", "ExistentialDeposit");
		at.constants().entry(address).map_err(|error| unbuildable(&error))
	}

	/// Client of the chain for reads by metadata, over the same nodes.
	pub async fn client(&self) -> Result<OnlineClient<SubstrateConfig>, TransactionError> {
		let genesis = self.nodes.genesis().ok_or(NodesError::NoNode)?;
		if let Some((known, client)) = &*self.client.lock()
			&& *known == genesis
		{
			return Ok(client.clone());
		}
		let wire = RpcClient::new(Wire(self.nodes.clone()));
		let backend = Arc::new(LegacyBackend::builder().build(wire));
		let config = SubstrateConfig::builder().set_genesis_hash(genesis).build();
		let client = OnlineClient::from_backend_with_config(config, backend)
			.await
			.map_err(|error| TransactionError::Unbuildable(error.to_string()))?;
		*self.client.lock() = Some((genesis, client.clone()));
		Ok(client)
	}

	/// Place of a transaction in the finalized block of a number.
	async fn find(
		&self,
		number: BlockNumber,
		bytes: &[u8],
	) -> Result<Option<(Head, u32)>, NodesError> {
		#[derive(Deserialize)]
		struct Signed {
			block: Block,
		}
		#[derive(Deserialize)]
		struct Block {
			extrinsics: Vec<String>,
		}
		let missing =
			|what: &str| NodesError::Node(NodeError::Malformed(format!("no {what} of {number}")));
		let hash: Option<H256> =
			self.nodes.read(number, "chain_getBlockHash", &json!([number])).await?;
		let hash = hash.ok_or_else(|| missing("hash"))?;
		let block: Option<Signed> =
			self.nodes.read(number, "chain_getBlock", &json!([hash])).await?;
		let Signed { block } = block.ok_or_else(|| missing("block"))?;
		let wanted = format!("0x{}", hex::encode(bytes));
		let index = block.extrinsics.iter().position(|one| one.eq_ignore_ascii_case(&wanted));
		let index = index.and_then(|index| u32::try_from(index).ok());
		Ok(index.map(|index| (Head { number, hash }, index)))
	}

	/// Outcome of the call of a transaction in a block, that of a proxied call included.
	async fn dispatched(
		&self,
		head: Head,
		index: u32,
	) -> Result<Result<(), TransactionError>, String> {
		let client = self.client().await.map_err(|error| error.to_string())?;
		let at = client.at_block(head.hash).await.map_err(|error| error.to_string())?;
		let events = at.events().fetch().await.map_err(|error| error.to_string())?;
		let metadata = at.metadata();
		let failed = |bytes: &[u8]| {
			let error = DispatchError::decode_from(bytes, metadata.clone());
			Err(TransactionError::Failed(error.map_or_else(|e| e.to_string(), |e| name_of(&e))))
		};
		let mut is_over = false;
		for event in events.iter() {
			let event = event.map_err(|error| error.to_string())?;
			if event.phase() != Phase::ApplyExtrinsic(index) {
				continue;
			}
			match (event.pallet_name(), event.event_name(), event.field_bytes()) {
				("System", "ExtrinsicFailed", bytes) => return Ok(failed(bytes)),
				// A `Result` whose first byte is 1 if it is an error.
				("Proxy", "ProxyExecuted", [1, bytes @ ..]) => return Ok(failed(bytes)),
				("System", "ExtrinsicSuccess", _) => is_over = true,
				_ => (),
			}
		}
		if is_over {
			Ok(Ok(()))
		} else {
			Err("the transaction has no outcome in the events".into())
		}
	}
}

/// Name of an error, with the reason inside it if it has one: `Usage::Refused::Outdated`.
fn name_of(error: &DispatchError) -> String {
	let DispatchError::Module(module) = error else { return error.to_string() };
	let Ok(mut value) = module.as_root_error::<Value<()>>() else {
		return module.details_string();
	};
	let mut names = Vec::new();
	while let ValueDef::Variant(variant) = value.value {
		names.push(variant.name);
		let Some(inner) = variant.values.into_values().next() else { break };
		value = inner;
	}
	names.join("::")
}

/// The nodes as subxt sees them: calls only, no subscriptions.
struct Wire(Arc<Nodes>);

impl RpcClientT for Wire {
	fn request_raw<'a>(
		&'a self,
		method: &'a str,
		params: Option<Box<RawValue>>,
	) -> RawRpcFuture<'a, Box<RawValue>> {
		Box::pin(async move {
			let params = match params {
				Some(params) => params,
				None => {
					RawValue::from_string("[]".into()).map_err(subxt::rpcs::Error::Serialization)?
				},
			};
			let number = self.0.used().map_or(0, |head| head.number);
			self.0.call(number, method, &params).await.map_err(|error| match error {
				NodesError::Node(NodeError::Refused { code, message }) => {
					let code = i32::try_from(code).unwrap_or(i32::MIN);
					let refusal = subxt::rpcs::UserError { code, message, data: None };
					subxt::rpcs::Error::User(refusal)
				},
				other => subxt::rpcs::Error::Client(Box::new(other)),
			})
		})
	}

	fn subscribe_raw<'a>(
		&'a self,
		_: &'a str,
		_: Option<Box<RawValue>>,
		_: &'a str,
	) -> RawRpcFuture<'a, RawRpcSubscription> {
		Box::pin(async {
			Err(subxt::rpcs::Error::User(subxt::rpcs::UserError::method_not_found()))
		})
	}
}

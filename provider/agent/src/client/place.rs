// SPDX-License-Identifier: Apache-2.0

//! Orders: from a compose file to a call, and to the order that it became.

use super::{Chain, ClientError};
use crate::time::now_ms;
use pallet_surety_compute_orders::NewOrder;
use sp_runtime::{AccountId32, codec::Encode};
use std::path::Path;
use subxt::{
	dynamic::Value,
	ext::scale_value::{Composite, scale::decode_as_type},
	tx::dynamic,
};
use surety_gateway::chain::{
	Call, Head, KeySigner, NodesError, TransactionError, Transactions, proxied,
};
use surety_orders::{
	compose::{Compose, ComposeError},
	courier::Pending,
	manifest::Salt,
	quote::{ChainRules, Quote},
};
use surety_primitives::OrderId;

/// Order that is ready to be signed.
pub struct Placing {
	/// Cost.
	pub quote: Quote,
	/// Rules that it was judged by.
	pub rules: ChainRules,
	/// The call.
	pub call: Call,
	/// Bytes of the call, for any other signer.
	pub call_data: Vec<u8>,
	order: NewOrder,
	salt: Salt,
}

/// Reason why there is no order.
#[derive(Debug)]
pub enum PlaceError {
	/// The compose file.
	Compose(ComposeError),
	/// Chain or state.
	Client(ClientError),
}

impl std::fmt::Display for PlaceError {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		match self {
			Self::Compose(error) => error.fmt(f),
			Self::Client(error) => error.fmt(f),
		}
	}
}

impl std::error::Error for PlaceError {}

impl From<ClientError> for PlaceError {
	fn from(error: ClientError) -> Self {
		Self::Client(error)
	}
}

impl From<TransactionError> for PlaceError {
	fn from(error: TransactionError) -> Self {
		Self::Client(error.into())
	}
}

fn unbuildable(reason: impl std::fmt::Display) -> ClientError {
	ClientError::Transaction(TransactionError::Unbuildable(reason.to_string()))
}

impl Placing {
	/// Order of a compose file at the chain's best block.
	///
	/// - `tenant`: account for which a `Buy` proxy signs; `None` if the key is its own.
	pub async fn prepare(
		chain: &Chain,
		compose: &Compose,
		transactions: &Transactions,
		tenant: Option<&AccountId32>,
	) -> Result<Self, PlaceError> {
		let minimum = transactions.minimum_balance().await?;
		let rules = chain.rules(compose.asset, minimum).await?;
		let salt = Salt::random().ok_or(ClientError::Random)?;
		let ordered = compose.order(&rules, chain.best().await?, &salt);
		let (order, quote) = ordered.map_err(PlaceError::Compose)?;
		let head = chain.nodes().used().ok_or(ClientError::Nodes(NodesError::NoNode))?;
		let call = place_call(transactions, head, &order).await?;
		let call = match tenant {
			Some(tenant) => proxied(call, tenant),
			None => call,
		};
		let at = transactions.client().await?.at_block(head.hash).await.map_err(unbuildable)?;
		let call_data = at.transactions().call_data(&call).map_err(unbuildable)?;
		Ok(Self { quote, rules, call, call_data, order, salt })
	}

	/// Keep the private part, sign, submit, and find the order.
	///
	/// - `state`: directory of the courier. Unused without a private part.
	pub async fn submit(
		self,
		chain: &Chain,
		compose: &Compose,
		transactions: &Transactions,
		tenant: &AccountId32,
		state: &Path,
	) -> Result<(Head, Option<OrderId>), ClientError> {
		let Some(env_hash) = self.order.env_hash else {
			return Ok((transactions.execute(&self.call).await?, None));
		};
		let pending = Pending {
			genesis: *chain.genesis(),
			tenant: tenant.clone(),
			at: now_ms().checked_div(1_000).unwrap_or(0),
			salt: self.salt,
			manifest: compose.manifest.clone(),
		};
		// Before it is submitted: without the salt nobody could release it.
		pending.write(state)?;
		let head = transactions.execute(&self.call).await?;
		Ok((head, chain.order_of_hash(tenant, &env_hash).await?))
	}
}

/// `computeOrders.placeOrder`, by the types of the chain's metadata.
///
/// - `at`: block whose metadata count.
pub async fn place_call(
	transactions: &Transactions,
	at: Head,
	order: &NewOrder,
) -> Result<Call, ClientError> {
	let at = transactions.client().await?.at_block(at.hash).await.map_err(unbuildable)?;
	let metadata = at.metadata();
	let update = || unbuildable("the chain takes other orders; update this program");
	let pallet = metadata.pallet_by_name("ComputeOrders").ok_or_else(update)?;
	let variant = pallet.call_variant_by_name("place_order").ok_or_else(update)?;
	let [field] = variant.fields.as_slice() else { return Err(update()) };
	let bytes = order.encode();
	let mut rest = bytes.as_slice();
	let value = decode_as_type(&mut rest, field.ty.id, metadata.types()).map_err(|_| update())?;
	if !rest.is_empty() {
		return Err(update());
	}
	let value: Value = value.remove_context();
	Ok(dynamic("ComputeOrders", "place_order", Composite::named([("order", value)])))
}

/// Key of nobody, for reads by metadata, which need none.
pub fn reader_key() -> Option<KeySigner> {
	KeySigner::from_uri("//surety-provider//reads-only")
}

//! The `surety_*` methods: the runtime's read side as JSON.

use super::views::{
	AgreementView, BidView, BreachView, Filter, LeaseView, NetworkStatusView, NetworkView,
	OperatorView, OrderFilter, OrderView, Page, RoundView, ServiceDetailView, ServiceView,
	StatementView, TenantView,
};
use jsonrpsee::{
	core::RpcResult,
	proc_macros::rpc,
	types::{ErrorObjectOwned, error::INVALID_PARAMS_CODE},
};
use sp_api::{ApiError, ApiRef, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use std::sync::Arc;
use surety_primitives::MAX_PAGE;
use surety_runtime::{AccountId, Hash, opaque::Block};
use surety_runtime_api::SuretyApi;

/// Code of a call that the runtime did not answer: unknown block, or its state is pruned.
const RUNTIME_ERROR: i32 = 9_001;

/// Read side of the chain. Lists are paged: `startAfter` is `next` of the page before, `limit` at most 128.
/// `at` is a block hash, the best block if left out.
#[rpc(server, namespace = "surety")]
pub trait SuretyRpc {
	/// Services that pass a filter.
	#[method(name = "services", blocking)]
	fn services(
		&self,
		filter: Option<Filter>,
		start_after: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<ServiceView>>;

	/// A service with its live window; null if there is none.
	#[method(name = "service", blocking)]
	fn service(&self, id: u32, at: Option<Hash>) -> RpcResult<Option<ServiceDetailView>>;

	/// Breaches of a service, oldest first.
	#[method(name = "breaches", blocking)]
	fn breaches(
		&self,
		service: u32,
		start_after: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<BreachView>>;

	/// An agreement with what is owed; null if there is none.
	#[method(name = "agreement", blocking)]
	fn agreement(&self, id: u32, at: Option<Hash>) -> RpcResult<Option<AgreementView>>;

	/// Agreements of a tenant.
	#[method(name = "agreementsOf", blocking)]
	fn agreements_of(
		&self,
		tenant: AccountId,
		start_after: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<AgreementView>>;

	/// An operator; null if the account is none.
	#[method(name = "operator", blocking)]
	fn operator(&self, account: AccountId, at: Option<Hash>) -> RpcResult<Option<OperatorView>>;

	/// Compute orders that pass a filter.
	#[method(name = "orders", blocking)]
	fn orders(
		&self,
		filter: Option<OrderFilter>,
		start_after: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<OrderView>>;

	/// A compute order; null if there is none.
	#[method(name = "order", blocking)]
	fn order(&self, id: u32, at: Option<Hash>) -> RpcResult<Option<OrderView>>;

	/// Bids on an order that stand, in order of their services.
	#[method(name = "bids", blocking)]
	fn bids(
		&self,
		order: u32,
		start_after: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<BidView>>;

	/// A lease; null if there is none.
	#[method(name = "lease", blocking)]
	fn lease(&self, id: u32, at: Option<Hash>) -> RpcResult<Option<LeaseView>>;

	/// Leases that an account pays for or runs.
	#[method(name = "leasesOf", blocking)]
	fn leases_of(
		&self,
		account: AccountId,
		start_after: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<LeaseView>>;

	/// Score of an account as a tenant.
	#[method(name = "tenant", blocking)]
	fn tenant(&self, account: AccountId, at: Option<Hash>) -> RpcResult<TenantView>;

	/// Amounts that an account has on hold, owes and can claim, and the rule of each.
	#[method(name = "statement", blocking)]
	fn statement(&self, account: AccountId, at: Option<Hash>) -> RpcResult<StatementView>;

	/// The chain at a glance.
	#[method(name = "networkStatus", blocking)]
	fn network_status(&self, at: Option<Hash>) -> RpcResult<NetworkStatusView>;

	/// The clock: block, round, window and their lengths.
	#[method(name = "round", blocking)]
	fn round(&self, at: Option<Hash>) -> RpcResult<RoundView>;

	/// Networks that `rpc` services serve.
	#[method(name = "networks", blocking)]
	fn networks(&self, at: Option<Hash>) -> RpcResult<Vec<NetworkView>>;
}

/// Answers from the state of a client.
pub struct Surety<Client> {
	client: Arc<Client>,
}

impl<Client> Surety<Client> {
	/// Answers from `client`'s state.
	pub fn new(client: Arc<Client>) -> Self {
		Self { client }
	}
}

impl<Client> Surety<Client>
where
	Client: ProvideRuntimeApi<Block> + HeaderBackend<Block>,
{
	fn ask<Answer>(
		&self,
		at: Option<Hash>,
		call: impl Fn(ApiRef<'_, Client::Api>, Hash) -> Result<Answer, ApiError>,
	) -> RpcResult<Answer> {
		let at = at.unwrap_or_else(|| self.client.info().best_hash);
		call(self.client.runtime_api(), at).map_err(|error| {
			ErrorObjectOwned::owned(
				RUNTIME_ERROR,
				format!("The runtime did not answer: {error}"),
				None::<()>,
			)
		})
	}
}

fn invalid(reason: String) -> ErrorObjectOwned {
	ErrorObjectOwned::owned(INVALID_PARAMS_CODE, reason, None::<()>)
}

/// A page's length; the runtime caps it.
fn length(limit: Option<u32>) -> u32 {
	limit.unwrap_or(MAX_PAGE)
}

impl<Client> SuretyRpcServer for Surety<Client>
where
	Client: ProvideRuntimeApi<Block> + HeaderBackend<Block> + Send + Sync + 'static,
	Client::Api: SuretyApi<Block, AccountId>,
{
	fn services(
		&self,
		filter: Option<Filter>,
		start_after: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<ServiceView>> {
		let filter: surety_runtime_api::ServiceFilter =
			filter.unwrap_or_default().try_into().map_err(invalid)?;
		self.ask(at, |api, at| api.services(at, filter.clone(), start_after, length(limit)))
			.map(|page| Page::of(page, Into::into))
	}

	fn service(&self, id: u32, at: Option<Hash>) -> RpcResult<Option<ServiceDetailView>> {
		self.ask(at, |api, at| api.service(at, id)).map(|found| found.map(Into::into))
	}

	fn breaches(
		&self,
		service: u32,
		start_after: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<BreachView>> {
		self.ask(at, |api, at| api.breaches(at, service, start_after, length(limit)))
			.map(|page| Page::of(page, Into::into))
	}

	fn agreement(&self, id: u32, at: Option<Hash>) -> RpcResult<Option<AgreementView>> {
		self.ask(at, |api, at| api.agreement(at, id)).map(|found| found.map(Into::into))
	}

	fn agreements_of(
		&self,
		tenant: AccountId,
		start_after: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<AgreementView>> {
		self.ask(at, |api, at| api.agreements_of(at, tenant.clone(), start_after, length(limit)))
			.map(|page| Page::of(page, Into::into))
	}

	fn operator(&self, account: AccountId, at: Option<Hash>) -> RpcResult<Option<OperatorView>> {
		self.ask(at, |api, at| api.operator(at, account.clone())).map(|found| found.map(Into::into))
	}

	fn orders(
		&self,
		filter: Option<OrderFilter>,
		start_after: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<OrderView>> {
		let filter: surety_runtime_api::OrderFilter<AccountId> =
			filter.unwrap_or_default().try_into().map_err(invalid)?;
		self.ask(at, |api, at| api.orders(at, filter.clone(), start_after, length(limit)))
			.map(|page| Page::of(page, Into::into))
	}

	fn order(&self, id: u32, at: Option<Hash>) -> RpcResult<Option<OrderView>> {
		self.ask(at, |api, at| api.order(at, id)).map(|found| found.map(Into::into))
	}

	fn bids(
		&self,
		order: u32,
		start_after: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<BidView>> {
		self.ask(at, |api, at| api.bids(at, order, start_after, length(limit)))
			.map(|page| Page::of(page, Into::into))
	}

	fn lease(&self, id: u32, at: Option<Hash>) -> RpcResult<Option<LeaseView>> {
		self.ask(at, |api, at| api.lease(at, id)).map(|found| found.map(Into::into))
	}

	fn leases_of(
		&self,
		account: AccountId,
		start_after: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<LeaseView>> {
		self.ask(at, |api, at| api.leases_of(at, account.clone(), start_after, length(limit)))
			.map(|page| Page::of(page, Into::into))
	}

	fn tenant(&self, account: AccountId, at: Option<Hash>) -> RpcResult<TenantView> {
		self.ask(at, |api, at| api.tenant(at, account.clone())).map(Into::into)
	}

	fn statement(&self, account: AccountId, at: Option<Hash>) -> RpcResult<StatementView> {
		self.ask(at, |api, at| api.statement(at, account.clone())).map(Into::into)
	}

	fn network_status(&self, at: Option<Hash>) -> RpcResult<NetworkStatusView> {
		self.ask(at, |api, at| api.network_status(at)).map(Into::into)
	}

	fn round(&self, at: Option<Hash>) -> RpcResult<RoundView> {
		self.ask(at, |api, at| api.round(at)).map(Into::into)
	}

	fn networks(&self, at: Option<Hash>) -> RpcResult<Vec<NetworkView>> {
		self.ask(at, |api, at| api.networks(at))
			.map(|found| found.into_iter().map(Into::into).collect())
	}
}

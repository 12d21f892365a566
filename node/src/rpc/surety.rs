// SPDX-License-Identifier: Apache-2.0

//! The `surety_*` methods: the runtime API as JSON.

use super::account::Account;
use jsonrpsee::{core::RpcResult, proc_macros::rpc, types::ErrorObjectOwned};
use sp_api::{ApiError, ApiRef, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use std::sync::Arc;
use surety_primitives::{AgreementId, LeaseId, MAX_PAGE, OrderId, ServiceId, Target};
use surety_runtime::{AccountId, Hash, opaque::Block};
use surety_runtime_api::{
	AgreementInfo, AgreementUsage, BidInfo, LeaseDetail, LeaseInfo, NetworkInfo, NetworkStatus,
	NumberedBreach, OperatorInfo, OrderFilter, OrderInfo, Page, RoundInfo, RoundProbers,
	ServiceDetail, ServiceFilter, ServiceSummary, Statement, SuretyApi, TenantInfo, UsageInfo,
	UsageOf,
};

/// Code of a call that the runtime did not answer: unknown block, or its state is pruned.
const RUNTIME_ERROR: i32 = 9_001;

/// Read side of the chain, in the types of the [runtime API](surety_runtime_api). Lists are paged:
/// `start_after` is `next` of the page before, `limit` at most 128. `at` is a block hash, the best
/// block if left out.
#[rpc(server, namespace = "surety")]
pub trait SuretyRpc {
	/// Services that pass a filter.
	#[method(name = "services", blocking)]
	fn services(
		&self,
		filter: Option<ServiceFilter>,
		start_after: Option<ServiceId>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<ServiceSummary<AccountId>>>;

	/// A service with its live window; null if there is none.
	#[method(name = "service", blocking)]
	fn service(
		&self,
		id: ServiceId,
		at: Option<Hash>,
	) -> RpcResult<Option<ServiceDetail<AccountId>>>;

	/// Breaches of a service or a lease, oldest first.
	#[method(name = "breaches", blocking)]
	fn breaches(
		&self,
		target: Target,
		start_after: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<NumberedBreach>>;

	/// An agreement with its funds and credits; null if there is none.
	#[method(name = "agreement", blocking)]
	fn agreement(
		&self,
		id: AgreementId,
		at: Option<Hash>,
	) -> RpcResult<Option<AgreementInfo<AccountId>>>;

	/// Agreements of a tenant.
	#[method(name = "agreementsOf", blocking)]
	fn agreements_of(
		&self,
		tenant: Account,
		start_after: Option<AgreementId>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<AgreementInfo<AccountId>>>;

	/// Agreements of a service that are not over.
	#[method(name = "agreementsOfService", blocking)]
	fn agreements_of_service(
		&self,
		service: ServiceId,
		start_after: Option<AgreementId>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<AgreementInfo<AccountId>>>;

	/// Use of a service or an operator in the last windows; null if there was none.
	#[method(name = "usage", blocking)]
	fn usage(&self, of: UsageOf<Account>, at: Option<Hash>) -> RpcResult<Option<UsageInfo>>;

	/// Use of an agreement in the windows that can still be reported, with the statements of both
	/// sides; null if the agreement is over and was not reported, or is not counted in requests.
	#[method(name = "agreementUsage", blocking)]
	fn agreement_usage(
		&self,
		agreement: AgreementId,
		at: Option<Hash>,
	) -> RpcResult<Option<AgreementUsage<AccountId>>>;

	/// True if the key of `reporter` may sign usage statements of `account`.
	#[method(name = "mayReport", blocking)]
	fn may_report(&self, account: Account, reporter: Account, at: Option<Hash>) -> RpcResult<bool>;

	/// Probers of the current round, with their session keys.
	#[method(name = "probers", blocking)]
	fn probers(&self, at: Option<Hash>) -> RpcResult<RoundProbers<AccountId>>;

	/// An operator; null if the account is none.
	#[method(name = "operator", blocking)]
	fn operator(
		&self,
		account: Account,
		at: Option<Hash>,
	) -> RpcResult<Option<OperatorInfo<AccountId>>>;

	/// Compute orders that pass a filter.
	#[method(name = "orders", blocking)]
	fn orders(
		&self,
		filter: Option<OrderFilter<Account>>,
		start_after: Option<OrderId>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<OrderInfo<AccountId>>>;

	/// A compute order; null if there is none.
	#[method(name = "order", blocking)]
	fn order(&self, id: OrderId, at: Option<Hash>) -> RpcResult<Option<OrderInfo<AccountId>>>;

	/// Standing bids on an order, in order of their services.
	#[method(name = "bids", blocking)]
	fn bids(
		&self,
		order: OrderId,
		start_after: Option<ServiceId>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<BidInfo<AccountId>>>;

	/// A lease; null if there is none.
	#[method(name = "lease", blocking)]
	fn lease(&self, id: LeaseId, at: Option<Hash>) -> RpcResult<Option<LeaseInfo<AccountId>>>;

	/// Listing and live window of a lease; null before it is ready and once it is over.
	#[method(name = "leaseDetail", blocking)]
	fn lease_detail(
		&self,
		id: LeaseId,
		at: Option<Hash>,
	) -> RpcResult<Option<LeaseDetail<AccountId>>>;

	/// Leases that an account pays for or runs.
	#[method(name = "leasesOf", blocking)]
	fn leases_of(
		&self,
		account: Account,
		start_after: Option<LeaseId>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<LeaseInfo<AccountId>>>;

	/// Score of an account as a tenant.
	#[method(name = "tenant", blocking)]
	fn tenant(&self, account: Account, at: Option<Hash>) -> RpcResult<TenantInfo>;

	/// Amounts that an account has on hold, owes and can claim, and the rule of each.
	#[method(name = "statement", blocking)]
	fn statement(&self, account: Account, at: Option<Hash>) -> RpcResult<Statement<AccountId>>;

	/// The chain at a glance.
	#[method(name = "networkStatus", blocking)]
	fn network_status(&self, at: Option<Hash>) -> RpcResult<NetworkStatus>;

	/// The clock: block, round, window and their lengths.
	#[method(name = "round", blocking)]
	fn round(&self, at: Option<Hash>) -> RpcResult<RoundInfo>;

	/// Networks that `rpc` services serve.
	#[method(name = "networks", blocking)]
	fn networks(&self, at: Option<Hash>) -> RpcResult<Vec<NetworkInfo>>;
}

/// Server of the methods, which reads the states of a client.
pub struct Surety<Client> {
	client: Arc<Client>,
}

impl<Client> Surety<Client> {
	/// Serve the states of `client`.
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

/// Length of a page; the runtime caps it.
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
		filter: Option<ServiceFilter>,
		start_after: Option<ServiceId>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<ServiceSummary<AccountId>>> {
		let filter = filter.unwrap_or_default();
		self.ask(at, |api, at| api.services(at, filter.clone(), start_after, length(limit)))
	}

	fn service(
		&self,
		id: ServiceId,
		at: Option<Hash>,
	) -> RpcResult<Option<ServiceDetail<AccountId>>> {
		self.ask(at, |api, at| api.service(at, id))
	}

	fn breaches(
		&self,
		target: Target,
		start_after: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<NumberedBreach>> {
		self.ask(at, |api, at| api.breaches(at, target, start_after, length(limit)))
	}

	fn agreement(
		&self,
		id: AgreementId,
		at: Option<Hash>,
	) -> RpcResult<Option<AgreementInfo<AccountId>>> {
		self.ask(at, |api, at| api.agreement(at, id))
	}

	fn agreements_of(
		&self,
		tenant: Account,
		start_after: Option<AgreementId>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<AgreementInfo<AccountId>>> {
		self.ask(at, |api, at| api.agreements_of(at, tenant.id(), start_after, length(limit)))
	}

	fn agreements_of_service(
		&self,
		service: ServiceId,
		start_after: Option<AgreementId>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<AgreementInfo<AccountId>>> {
		self.ask(at, |api, at| api.agreements_of_service(at, service, start_after, length(limit)))
	}

	fn usage(&self, of: UsageOf<Account>, at: Option<Hash>) -> RpcResult<Option<UsageInfo>> {
		let of = match of {
			UsageOf::Service(service) => UsageOf::Service(service),
			UsageOf::Operator(operator) => UsageOf::Operator(operator.id()),
		};
		self.ask(at, |api, at| api.usage(at, of.clone()))
	}

	fn agreement_usage(
		&self,
		agreement: AgreementId,
		at: Option<Hash>,
	) -> RpcResult<Option<AgreementUsage<AccountId>>> {
		self.ask(at, |api, at| api.agreement_usage(at, agreement))
	}

	fn may_report(&self, account: Account, reporter: Account, at: Option<Hash>) -> RpcResult<bool> {
		self.ask(at, |api, at| api.may_report(at, account.id(), reporter.id()))
	}

	fn probers(&self, at: Option<Hash>) -> RpcResult<RoundProbers<AccountId>> {
		self.ask(at, |api, at| api.probers(at))
	}

	fn operator(
		&self,
		account: Account,
		at: Option<Hash>,
	) -> RpcResult<Option<OperatorInfo<AccountId>>> {
		self.ask(at, |api, at| api.operator(at, account.id()))
	}

	fn orders(
		&self,
		filter: Option<OrderFilter<Account>>,
		start_after: Option<OrderId>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<OrderInfo<AccountId>>> {
		let filter = filter.unwrap_or_default();
		let OrderFilter { tenant, region, fits, asset, open_only } = filter;
		let tenant = tenant.map(|tenant| tenant.id());
		let filter = OrderFilter { tenant, region, fits, asset, open_only };
		self.ask(at, |api, at| api.orders(at, filter.clone(), start_after, length(limit)))
	}

	fn order(&self, id: OrderId, at: Option<Hash>) -> RpcResult<Option<OrderInfo<AccountId>>> {
		self.ask(at, |api, at| api.order(at, id))
	}

	fn bids(
		&self,
		order: OrderId,
		start_after: Option<ServiceId>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<BidInfo<AccountId>>> {
		self.ask(at, |api, at| api.bids(at, order, start_after, length(limit)))
	}

	fn lease(&self, id: LeaseId, at: Option<Hash>) -> RpcResult<Option<LeaseInfo<AccountId>>> {
		self.ask(at, |api, at| api.lease(at, id))
	}

	fn lease_detail(
		&self,
		id: LeaseId,
		at: Option<Hash>,
	) -> RpcResult<Option<LeaseDetail<AccountId>>> {
		self.ask(at, |api, at| api.lease_detail(at, id))
	}

	fn leases_of(
		&self,
		account: Account,
		start_after: Option<LeaseId>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Page<LeaseInfo<AccountId>>> {
		self.ask(at, |api, at| api.leases_of(at, account.id(), start_after, length(limit)))
	}

	fn tenant(&self, account: Account, at: Option<Hash>) -> RpcResult<TenantInfo> {
		self.ask(at, |api, at| api.tenant(at, account.id()))
	}

	fn statement(&self, account: Account, at: Option<Hash>) -> RpcResult<Statement<AccountId>> {
		self.ask(at, |api, at| api.statement(at, account.id()))
	}

	fn network_status(&self, at: Option<Hash>) -> RpcResult<NetworkStatus> {
		self.ask(at, |api, at| api.network_status(at))
	}

	fn round(&self, at: Option<Hash>) -> RpcResult<RoundInfo> {
		self.ask(at, |api, at| api.round(at))
	}

	fn networks(&self, at: Option<Hash>) -> RpcResult<Vec<NetworkInfo>> {
		self.ask(at, |api, at| api.networks(at))
	}
}

// SPDX-License-Identifier: Apache-2.0

//! The `surety_*` methods over a mock of the runtime API.

mod malformed;

use super::surety::{Surety, SuretyRpcServer};
use jsonrpsee::{MethodsError, RpcModule, types::error::INVALID_PARAMS_CODE};
use serde_json::{Value, json};
use sp_api::{ApiRef, ProvideRuntimeApi, mock_impl_runtime_apis};
use sp_blockchain::{BlockStatus, HeaderBackend, Info, Result};
use std::sync::Arc;
use surety_primitives::{AssetId, MAX_PAGE, ServiceClass, ServiceId, Target};
use surety_runtime::{AccountId, BlockNumber, Hash, Header, opaque::Block};
use surety_runtime_api::{
	AgreementInfo, NumberedBreach, OrderFilter, OrderInfo, Page, ServiceFilter, ServiceSummary,
	SuretyApi, TenantInfo, UsageInfo, UsageOf,
};

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

/// Runtime API that answers with what it was asked for, as far as an empty page can.
struct MockApi;

mock_impl_runtime_apis! {
	impl SuretyApi<Block, AccountId> for MockApi {
		fn services(
			filter: ServiceFilter,
			start_after: Option<ServiceId>,
			limit: u32,
		) -> Page<ServiceSummary<AccountId>> {
			let expected = ServiceFilter {
				class: Some(ServiceClass::Rpc),
				asset: Some(AssetId::Local(7)),
				max_price: Some(u128::MAX),
				..Default::default()
			};
			let known = filter == expected || filter == ServiceFilter::default();
			Page { items: Vec::new(), next: known.then(|| start_after.unwrap_or(limit)) }
		}

		fn orders(
			filter: OrderFilter<AccountId>,
			_start_after: Option<u32>,
			_limit: u32,
		) -> Page<OrderInfo<AccountId>> {
			let is_alice = filter.tenant == ALICE.parse().ok();
			Page { items: Vec::new(), next: is_alice.then_some(1) }
		}

		fn breaches(
			target: Target,
			_start_after: Option<u32>,
			_limit: u32,
		) -> Page<NumberedBreach> {
			Page { items: Vec::new(), next: target.lease() }
		}

		fn agreements_of_service(
			service: ServiceId,
			start_after: Option<u32>,
			limit: u32,
		) -> Page<AgreementInfo<AccountId>> {
			Page { items: Vec::new(), next: (service == 3).then(|| start_after.unwrap_or(limit)) }
		}

		fn usage(of: UsageOf<AccountId>) -> Option<UsageInfo> {
			let discrepant = match of {
				UsageOf::Service(service) => service == 3,
				UsageOf::Operator(_) => return None,
			};
			Some(UsageInfo { discrepant, windows: Vec::new() })
		}

		fn may_report(account: AccountId, reporter: AccountId) -> bool {
			account == reporter
		}

		fn tenant(_account: AccountId) -> TenantInfo {
			TenantInfo { score: 45, trust: surety_primitives::TrustLevel::Three }
		}
	}
}

/// Client of a chain with one block.
struct MockClient;

impl ProvideRuntimeApi<Block> for MockClient {
	type Api = MockApi;

	fn runtime_api(&self) -> ApiRef<'_, MockApi> {
		MockApi.into()
	}
}

impl HeaderBackend<Block> for MockClient {
	fn header(&self, _hash: Hash) -> Result<Option<Header>> {
		Ok(None)
	}
	fn info(&self) -> Info<Block> {
		Info {
			best_hash: Hash::repeat_byte(1),
			best_number: 0,
			genesis_hash: Hash::repeat_byte(1),
			finalized_hash: Hash::repeat_byte(1),
			finalized_number: 0,
			finalized_state: None,
			number_leaves: 1,
			block_gap: None,
		}
	}
	fn status(&self, _hash: Hash) -> Result<BlockStatus> {
		Ok(BlockStatus::Unknown)
	}
	fn number(&self, _hash: Hash) -> Result<Option<BlockNumber>> {
		Ok(None)
	}
	fn hash(&self, _number: BlockNumber) -> Result<Option<Hash>> {
		Ok(None)
	}
}

async fn call(method: &str, params: &[Value]) -> std::result::Result<Value, MethodsError> {
	let module: RpcModule<_> = Surety::new(Arc::new(MockClient)).into_rpc();
	module.call(method, params.to_vec()).await
}

#[tokio::test]
async fn parameters_reach_the_runtime_api() {
	let filter = json!({
		"class": "rpc", "asset": "local:7", "maxPrice": "340282366920938463463374607431768211455",
	});
	for (method, params, next) in [
		("surety_services", vec![], json!(MAX_PAGE)),
		("surety_services", vec![json!(null), json!(5)], json!(5)),
		("surety_services", vec![filter, json!(null), json!(9)], json!(9)),
		("surety_services", vec![json!({ "class": "vpn" })], json!(null)),
		("surety_orders", vec![json!({ "tenant": ALICE })], json!(1)),
		("surety_agreementsOfService", vec![json!(3), json!(8)], json!(8)),
		("surety_agreementsOfService", vec![json!(3), json!(null), json!(9)], json!(9)),
		("surety_agreementsOfService", vec![json!(4)], json!(null)),
		("surety_breaches", vec![json!({ "lease": 3 })], json!(3)),
		("surety_breaches", vec![json!({ "service": 3 })], json!(null)),
	] {
		let page = call(method, &params).await.unwrap();
		assert_eq!(page, json!({ "items": [], "next": next }), "{method} {params:?}");
	}
	let tenant = call("surety_tenant", &[json!(ALICE)]).await.unwrap();
	assert_eq!(tenant, json!({ "score": 45, "trust": 3 }));
	let usage = call("surety_usage", &[json!({ "service": 3 })]).await.unwrap();
	assert_eq!(usage, json!({ "discrepant": true, "windows": [] }));
	let usage = call("surety_usage", &[json!({ "operator": ALICE })]).await.unwrap();
	assert_eq!(usage, json!(null));
	let may = call("surety_mayReport", &[json!(ALICE), json!(ALICE)]).await.unwrap();
	assert_eq!(may, json!(true));
}

#[tokio::test]
async fn parameters_that_cannot_be_read_are_refused_by_name() {
	for (method, param, words) in [
		("surety_services", json!({ "class": "hotel" }), ["class: ", "hotel"]),
		("surety_services", json!({ "region": "de" }), ["region: ", "de"]),
		("surety_services", json!({ "maxPrice": "-1" }), ["maxPrice: ", "-1"]),
		("surety_services", json!({ "minScore": 300 }), ["minScore: ", "300"]),
		("surety_services", json!({ "colour": "red" }), ["unknown field", "colour"]),
		("surety_orders", json!({ "fits": { "cpu": 1 } }), ["fits: ", "cpu"]),
		("surety_service", json!("first"), ["", "first"]),
		("surety_usage", json!({ "lease": 5 }), ["lease", "`service` or `operator`"]),
		("surety_breaches", json!({ "order": 5 }), ["order", "`service` or `lease`"]),
		("surety_breaches", json!(5), ["", "expected value"]),
	] {
		let error = call(method, std::slice::from_ref(&param)).await.unwrap_err();
		let MethodsError::JsonRpc(error) = error else { panic!("{param}: {error}") };
		assert_eq!(error.code(), INVALID_PARAMS_CODE, "{param}: {error:?}");
		let reason = error.data().map_or("", |data| data.get());
		assert!(words.iter().all(|word| reason.contains(word)), "{param}: {reason}");
	}
}

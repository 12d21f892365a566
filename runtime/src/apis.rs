// SPDX-License-Identifier: Apache-2.0

//! Runtime APIs.

use crate::{validators::KeyOwners, *};
use alloc::vec::Vec;
use frame_support::{
	genesis_builder_helper::{build_state, get_preset},
	traits::KeyOwnerProofSystem,
	weights::Weight,
};
use sp_api::impl_runtime_apis;
use sp_core::crypto::KeyTypeId;
use sp_core::{Get, OpaqueMetadata};
use sp_runtime::{
	ApplyExtrinsicResult,
	traits::Block as BlockT,
	transaction_validity::{TransactionSource, TransactionValidity},
};
use surety_primitives::{AgreementId, LeaseId, OrderId, ServiceId, Target};
use surety_runtime_api::{
	AgreementInfo, AgreementUsage, BidInfo, LeaseDetail, LeaseInfo, NetworkInfo, NetworkStatus,
	NumberedBreach, OperatorInfo, OrderFilter, OrderInfo, Page, RoundInfo, RoundProbers,
	ServiceDetail, ServiceFilter, ServiceSummary, Statement, TenantInfo, UsageInfo, UsageOf,
};

impl_runtime_apis! {
	impl sp_api::Core<Block> for Runtime {
		fn version() -> RuntimeVersion {
			VERSION
		}
		fn execute_block(block: <Block as BlockT>::LazyBlock) {
			Executive::execute_block(block)
		}
		fn initialize_block(header: &<Block as BlockT>::Header) -> sp_runtime::ExtrinsicInclusionMode {
			Executive::initialize_block(header)
		}
	}

	impl sp_api::Metadata<Block> for Runtime {
		fn metadata() -> OpaqueMetadata {
			OpaqueMetadata::new(Runtime::metadata().into())
		}
		fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
			Runtime::metadata_at_version(version)
		}
		fn metadata_versions() -> Vec<u32> {
			Runtime::metadata_versions()
		}
	}

	impl frame_support::view_functions::runtime_api::RuntimeViewFunction<Block> for Runtime {
		fn execute_view_function(
			id: frame_support::view_functions::ViewFunctionId,
			input: Vec<u8>,
		) -> Result<Vec<u8>, frame_support::view_functions::ViewFunctionDispatchError> {
			Runtime::execute_view_function(id, input)
		}
	}

	impl sp_block_builder::BlockBuilder<Block> for Runtime {
		fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
			Executive::apply_extrinsic(extrinsic)
		}
		fn finalize_block() -> <Block as BlockT>::Header {
			Executive::finalize_block()
		}
		fn inherent_extrinsics(data: sp_inherents::InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
			data.create_extrinsics()
		}
		fn check_inherents(
			block: <Block as BlockT>::LazyBlock,
			data: sp_inherents::InherentData,
		) -> sp_inherents::CheckInherentsResult {
			data.check_extrinsics(&block)
		}
	}

	impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
		fn validate_transaction(
			source: TransactionSource,
			tx: <Block as BlockT>::Extrinsic,
			block_hash: <Block as BlockT>::Hash,
		) -> TransactionValidity {
			Executive::validate_transaction(source, tx, block_hash)
		}
	}

	impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
		fn offchain_worker(header: &<Block as BlockT>::Header) {
			Executive::offchain_worker(header)
		}
	}

	impl sp_session::SessionKeys<Block> for Runtime {
		fn generate_session_keys(owner: Vec<u8>, seed: Option<Vec<u8>>) -> sp_session::OpaqueGeneratedSessionKeys {
			SessionKeys::generate(&owner, seed).into()
		}
		fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> {
			SessionKeys::decode_into_raw_public_keys(&encoded)
		}
	}

	impl sp_consensus_babe::BabeApi<Block> for Runtime {
		fn configuration() -> sp_consensus_babe::BabeConfiguration {
			let epoch = Babe::epoch_config().unwrap_or(genesis::EPOCH_CONFIG);
			sp_consensus_babe::BabeConfiguration {
				slot_duration: Babe::slot_duration(),
				epoch_length: <Runtime as pallet_babe::Config>::EpochDuration::get(),
				c: epoch.c,
				authorities: Babe::authorities().to_vec(),
				randomness: Babe::randomness(),
				allowed_slots: epoch.allowed_slots,
			}
		}
		fn current_epoch_start() -> sp_consensus_babe::Slot {
			Babe::current_epoch_start()
		}
		fn current_epoch() -> sp_consensus_babe::Epoch {
			Babe::current_epoch()
		}
		fn next_epoch() -> sp_consensus_babe::Epoch {
			Babe::next_epoch()
		}
		fn generate_key_ownership_proof(
			_slot: sp_consensus_babe::Slot,
			authority_id: sp_consensus_babe::AuthorityId,
		) -> Option<sp_consensus_babe::OpaqueKeyOwnershipProof> {
			use codec::Encode;
			KeyOwners::prove((sp_consensus_babe::KEY_TYPE, authority_id))
				.map(|p| p.encode())
				.map(sp_consensus_babe::OpaqueKeyOwnershipProof::new)
		}
		fn submit_report_equivocation_unsigned_extrinsic(
			equivocation_proof: sp_consensus_babe::EquivocationProof<<Block as BlockT>::Header>,
			key_owner_proof: sp_consensus_babe::OpaqueKeyOwnershipProof,
		) -> Option<()> {
			Babe::submit_unsigned_equivocation_report(equivocation_proof, key_owner_proof.decode()?)
		}
	}

	impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
		fn grandpa_authorities() -> sp_consensus_grandpa::AuthorityList {
			Grandpa::grandpa_authorities()
		}
		fn current_set_id() -> sp_consensus_grandpa::SetId {
			Grandpa::current_set_id()
		}
		fn submit_report_equivocation_unsigned_extrinsic(
			equivocation_proof: sp_consensus_grandpa::EquivocationProof<
				<Block as BlockT>::Hash,
				sp_runtime::traits::NumberFor<Block>,
			>,
			key_owner_proof: sp_consensus_grandpa::OpaqueKeyOwnershipProof,
		) -> Option<()> {
			Grandpa::submit_unsigned_equivocation_report(equivocation_proof, key_owner_proof.decode()?)
		}
		fn generate_key_ownership_proof(
			_set_id: sp_consensus_grandpa::SetId,
			authority_id: sp_consensus_grandpa::AuthorityId,
		) -> Option<sp_consensus_grandpa::OpaqueKeyOwnershipProof> {
			use codec::Encode;
			KeyOwners::prove((sp_consensus_grandpa::KEY_TYPE, authority_id))
				.map(|p| p.encode())
				.map(sp_consensus_grandpa::OpaqueKeyOwnershipProof::new)
		}
	}

	impl sp_authority_discovery::AuthorityDiscoveryApi<Block> for Runtime {
		fn authorities() -> Vec<sp_authority_discovery::AuthorityId> {
			AuthorityDiscovery::authorities()
		}
	}

	impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
		fn account_nonce(account: AccountId) -> Nonce {
			System::account_nonce(account)
		}
	}

	impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance> for Runtime {
		fn query_info(
			uxt: <Block as BlockT>::Extrinsic,
			len: u32,
		) -> pallet_transaction_payment_rpc_runtime_api::RuntimeDispatchInfo<Balance> {
			TransactionPayment::query_info(uxt, len)
		}
		fn query_fee_details(uxt: <Block as BlockT>::Extrinsic, len: u32) -> pallet_transaction_payment::FeeDetails<Balance> {
			TransactionPayment::query_fee_details(uxt, len)
		}
		fn query_weight_to_fee(weight: Weight) -> Balance {
			TransactionPayment::weight_to_fee(weight)
		}
		fn query_length_to_fee(length: u32) -> Balance {
			TransactionPayment::length_to_fee(length)
		}
	}

	impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
		fn build_state(config: Vec<u8>) -> sp_genesis_builder::Result {
			build_state::<RuntimeGenesisConfig>(config)
		}
		fn get_preset(id: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
			get_preset::<RuntimeGenesisConfig>(id, genesis::preset)
		}
		fn preset_names() -> Vec<sp_genesis_builder::PresetId> {
			genesis::preset_names()
		}
	}

	impl surety_runtime_api::SuretyApi<Block, AccountId> for Runtime {
		fn services(
			filter: ServiceFilter,
			start_after: Option<ServiceId>,
			limit: u32,
		) -> Page<ServiceSummary<AccountId>> {
			read::services(&filter, start_after, limit)
		}
		fn service(id: ServiceId) -> Option<ServiceDetail<AccountId>> {
			read::service(id)
		}
		fn breaches(target: Target, start_after: Option<u32>, limit: u32) -> Page<NumberedBreach> {
			read::breaches(target, start_after, limit)
		}
		fn agreement(id: AgreementId) -> Option<AgreementInfo<AccountId>> {
			read::agreement(id)
		}
		fn agreements_of(
			tenant: AccountId,
			start_after: Option<AgreementId>,
			limit: u32,
		) -> Page<AgreementInfo<AccountId>> {
			read::agreements_of(&tenant, start_after, limit)
		}
		fn agreements_of_service(
			service: ServiceId,
			start_after: Option<AgreementId>,
			limit: u32,
		) -> Page<AgreementInfo<AccountId>> {
			read::agreements_of_service(service, start_after, limit)
		}
		fn usage(of: UsageOf<AccountId>) -> Option<UsageInfo> {
			usage::usage(&of)
		}
		fn agreement_usage(agreement: AgreementId) -> Option<AgreementUsage<AccountId>> {
			usage::agreement_usage(agreement)
		}
		fn may_report(account: AccountId, reporter: AccountId) -> bool {
			<configs::market::ReportProxies as surety_primitives::Reporters<_>>::may_report(
				&account, &reporter,
			)
		}
		fn probers() -> RoundProbers<AccountId> {
			usage::probers()
		}
		fn operator(account: AccountId) -> Option<OperatorInfo<AccountId>> {
			read::operator(&account)
		}
		fn network_status() -> NetworkStatus {
			read::network_status()
		}
		fn round() -> RoundInfo {
			read::round()
		}
		fn networks() -> Vec<NetworkInfo> {
			read::networks()
		}
		fn orders(
			filter: OrderFilter<AccountId>,
			start_after: Option<OrderId>,
			limit: u32,
		) -> Page<OrderInfo<AccountId>> {
			read::orders(&filter, start_after, limit)
		}
		fn order(id: OrderId) -> Option<OrderInfo<AccountId>> {
			read::order(id)
		}
		fn bids(
			order: OrderId,
			start_after: Option<ServiceId>,
			limit: u32,
		) -> Page<BidInfo<AccountId>> {
			read::bids(order, start_after, limit)
		}
		fn lease(id: LeaseId) -> Option<LeaseInfo<AccountId>> {
			read::lease(id)
		}
		fn lease_detail(id: LeaseId) -> Option<LeaseDetail<AccountId>> {
			read::lease_detail(id)
		}
		fn leases_of(
			account: AccountId,
			start_after: Option<LeaseId>,
			limit: u32,
		) -> Page<LeaseInfo<AccountId>> {
			read::leases_of(&account, start_after, limit)
		}
		fn tenant(account: AccountId) -> TenantInfo {
			read::tenant(&account)
		}
		fn statement(account: AccountId) -> Statement<AccountId> {
			statement::statement(account)
		}
		fn private_endpoints() -> bool {
			<Timing as surety_primitives::EndpointRules>::private_allowed()
		}
	}

	#[cfg(feature = "try-runtime")]
	impl frame_try_runtime::TryRuntime<Block> for Runtime {
		fn on_runtime_upgrade(checks: frame_try_runtime::UpgradeCheckSelect) -> (Weight, Weight) {
			let weight = Executive::try_runtime_upgrade(checks).unwrap_or_default();
			(weight, <Runtime as frame_system::Config>::BlockWeights::get().max_block)
		}
		fn execute_block(
			block: <Block as BlockT>::LazyBlock,
			state_root_check: bool,
			signature_check: bool,
			select: frame_try_runtime::TryStateSelect,
		) -> Weight {
			Executive::try_execute_block(block, state_root_check, signature_check, select).unwrap_or_default()
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	impl frame_benchmarking::Benchmark<Block> for Runtime {
		fn benchmark_metadata(extra: bool) -> (
			Vec<frame_benchmarking::BenchmarkList>,
			Vec<frame_support::traits::StorageInfo>,
		) {
			benchmarks::metadata(extra)
		}
		fn dispatch_benchmark(
			config: frame_benchmarking::BenchmarkConfig,
		) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, alloc::string::String> {
			benchmarks::dispatch(config)
		}
	}
}

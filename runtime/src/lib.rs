// SPDX-License-Identifier: Apache-2.0

//! Runtime of the Surety solo chain: BABE and GRANDPA, balances and assets, and the pallets of the
//! market.
//!
//! One wasm serves every network. The values that differ between dev, local and production networks
//! (slot, epoch, round, window, block weight) are read from the `Timing` pallet. Genesis sets them
//! once and nobody can change them.
//!
//! Hooks run in the order of the pallet indices. The order is relied on in the market: `Probes`
//! judges a round, then `Escrow` carries out the ends that follow from the verdicts, then
//! `ComputeOrders` places the replicas that lost their lease anew, all in the same block.
//!
//! | folder | what is there |
//! |---|---|
//! | `configs/` | configurations, one file per group of pallets |
//! | `apis.rs` | runtime APIs |
//! | `read.rs` | read side behind `SuretyApi` |
//! | `statement.rs` | statement of an account |
//! | `usage.rs` | read side of usage |
//! | `benchmarks.rs` | benchmark set-up across pallets |
//! | `governance/` | origins, tracks, voting power, emergencies |
//! | `parameters.rs` | parameters that governance may change, and their genesis values |
//! | `genesis.rs` | presets `development`, `local_testnet`, `staging` |
//! | `validators.rs` | election of validators, sessions, consequences of offences |
//! | `migrations.rs` | migrations of a running chain |
//! | `weights/` | measured weights of the SDK's calls |

#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "512"]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

extern crate alloc;

mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
pub mod configs;
pub mod genesis;
pub mod governance;
pub mod migrations;
pub mod parameters;
mod read;
mod statement;
mod usage;
pub mod validators;
pub mod weights;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{
	MultiAddress, MultiSignature, generic, impl_opaque_keys,
	traits::{BlakeTwo256, IdentifyAccount, Verify},
};
use sp_version::RuntimeVersion;

pub use apis::{RUNTIME_API_VERSIONS, RuntimeApi};
pub use surety_primitives::{Balance, BlockNumber};

/// Signature of a transaction.
pub type Signature = MultiSignature;
/// Account id, derived from the public key of the signer.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// Address of an account in calls.
pub type Address = MultiAddress<AccountId, ()>;
/// Number of transactions that an account has sent.
pub type Nonce = u32;
/// Block and storage hash.
pub type Hash = sp_core::H256;
/// Block header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// Block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;

/// Transaction extensions, in the order in which they are checked.
pub type TxExtension = (
	frame_system::AuthorizeCall<Runtime>,
	frame_system::CheckNonZeroSender<Runtime>,
	frame_system::CheckSpecVersion<Runtime>,
	frame_system::CheckTxVersion<Runtime>,
	frame_system::CheckGenesis<Runtime>,
	frame_system::CheckMortality<Runtime>,
	frame_system::CheckNonce<Runtime>,
	frame_system::CheckWeight<Runtime>,
	pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
	frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
	frame_system::WeightReclaim<Runtime>,
);

/// Transaction of this chain.
pub type UncheckedExtrinsic =
	generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;

/// Executor of blocks.
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

/// Types of blocks whose transactions are not decoded.
pub mod opaque {
	use super::*;
	use sp_runtime::OpaqueExtrinsic;

	/// Block header.
	pub type Header = super::Header;
	/// Block of opaque transactions.
	pub type Block = generic::Block<Header, OpaqueExtrinsic>;
}

impl_opaque_keys! {
	/// Session keys of a validator: block production, finality, discovery by other nodes, probing.
	pub struct SessionKeys {
		pub babe: Babe,
		pub grandpa: Grandpa,
		pub authority_discovery: AuthorityDiscovery,
		pub prober: Probes,
	}
}

/// Target of this crate's log messages.
pub const LOG_TARGET: &str = "runtime::surety";

/// One SURE: 12 decimals.
pub const UNIT: Balance = 1_000_000_000_000;
/// Thousandth of a SURE.
pub const MILLI: Balance = UNIT / 1_000;
/// Millionth of a SURE.
pub const MICRO: Balance = MILLI / 1_000;
/// Smallest balance of an account.
pub const EXISTENTIAL_DEPOSIT: Balance = MILLI;

/// Declares the version of this runtime. The number of the rules is a literal, since the
/// declaration is also read without running the code.
macro_rules! version {
	(spec_version: $number:tt) => {
		/// Version of this runtime.
		#[sp_version::runtime_version]
		pub const VERSION: RuntimeVersion = RuntimeVersion {
			spec_name: Cow::Borrowed("surety"),
			impl_name: Cow::Borrowed("surety"),
			authoring_version: 1,
			spec_version: $number,
			impl_version: 1,
			apis: RUNTIME_API_VERSIONS,
			transaction_version: 1,
			system_version: 1,
		};
	};
}

#[cfg(not(feature = "next-version"))]
version!(spec_version: 2);
// One higher: tests upgrade the runtime to itself.
#[cfg(feature = "next-version")]
version!(spec_version: 3);

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;

	// The genesis of the clock is built first, because every other pallet reads it.
	#[runtime::pallet_index(1)]
	pub type Timing = pallet_surety_timing;
	#[runtime::pallet_index(2)]
	pub type Parameters = pallet_parameters;
	#[runtime::pallet_index(3)]
	pub type GenesisParameters = crate::parameters::genesis;

	#[runtime::pallet_index(4)]
	pub type Timestamp = pallet_timestamp;
	// Before `Session`, whose rotation changes the set in which the author is looked up.
	#[runtime::pallet_index(5)]
	pub type Authorship = pallet_authorship;
	#[runtime::pallet_index(6)]
	pub type Babe = pallet_babe;
	#[runtime::pallet_index(7)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(8)]
	pub type TransactionPayment = pallet_transaction_payment;
	#[runtime::pallet_index(9)]
	pub type Assets = pallet_assets;
	#[runtime::pallet_index(10)]
	pub type AssetsHolder = pallet_assets_holder;

	// After `Balances`, and before `Session`, whose genesis asks for the validators of the first two
	// sessions.
	#[runtime::pallet_index(11)]
	pub type Staking = pallet_staking;
	#[runtime::pallet_index(12)]
	pub type Historical = pallet_session::historical;
	#[runtime::pallet_index(13)]
	pub type Session = pallet_session;
	#[runtime::pallet_index(14)]
	pub type Grandpa = pallet_grandpa;
	#[runtime::pallet_index(15)]
	pub type AuthorityDiscovery = pallet_authority_discovery;
	#[runtime::pallet_index(16)]
	pub type Offences = pallet_offences;

	#[runtime::pallet_index(20)]
	pub type Utility = pallet_utility;
	#[runtime::pallet_index(21)]
	pub type Multisig = pallet_multisig;
	#[runtime::pallet_index(22)]
	pub type Proxy = pallet_proxy;
	#[runtime::pallet_index(23)]
	pub type Sudo = pallet_sudo;

	// Governance. `Scheduler` before the market: a parameter that changes in this block is the same
	// for all of its work.
	#[runtime::pallet_index(24)]
	pub type Preimage = pallet_preimage;
	#[runtime::pallet_index(25)]
	pub type Scheduler = pallet_scheduler;
	#[runtime::pallet_index(26)]
	pub type Referenda = pallet_referenda;
	#[runtime::pallet_index(27)]
	pub type ConvictionVoting = pallet_conviction_voting;
	#[runtime::pallet_index(28)]
	pub type Origins = crate::governance::origins;
	#[runtime::pallet_index(29)]
	pub type Whitelist = pallet_whitelist;
	#[runtime::pallet_index(30)]
	pub type TechnicalCommittee = pallet_collective<Instance1>;
	#[runtime::pallet_index(31)]
	pub type Treasury = pallet_treasury;
	#[runtime::pallet_index(32)]
	pub type AssetRate = pallet_asset_rate;

	// Emergencies and upgrades.
	#[runtime::pallet_index(33)]
	pub type TxPause = pallet_tx_pause;
	#[runtime::pallet_index(34)]
	pub type SafeMode = pallet_safe_mode;
	#[runtime::pallet_index(35)]
	pub type Safety = crate::governance::safety;
	#[runtime::pallet_index(36)]
	pub type MultiBlockMigrations = pallet_migrations;

	// The market. `Probes` before `Escrow`: a round is judged before the agenda carries out the
	// ends that follow from its verdicts.
	#[runtime::pallet_index(40)]
	pub type Operators = pallet_surety_operators;
	#[runtime::pallet_index(41)]
	pub type Probes = pallet_surety_probes;
	#[runtime::pallet_index(42)]
	pub type Sla = pallet_surety_sla;
	#[runtime::pallet_index(43)]
	pub type Escrow = pallet_surety_escrow;
	#[runtime::pallet_index(44)]
	pub type Reputation = pallet_surety_reputation;
	// After `Escrow`: a replica whose lease ended in this block is placed anew in the same block.
	#[runtime::pallet_index(45)]
	pub type ComputeOrders = pallet_surety_compute_orders;
	#[runtime::pallet_index(46)]
	pub type Usage = pallet_surety_usage;
}

// SPDX-License-Identifier: Apache-2.0

//! # Operators pallet
//!
//! Registry of operators and their services: bonds, exposures, listings, networks and the assets
//! that services may be listed in. An operator bonds tokens and lists services; the bond pays for
//! promises that are not kept. The word of an operator is never proof that a service is up: the
//! probers alone measure that.
//!
//! ## Terminology
//!
//! - **Operator**: account with a bond that lists services.
//! - **Service**: one listing of an operator. Each names ONE **asset**, in which price, deposit,
//!   bond, credit and exposure are counted.
//! - **Lease**: compute rented to one tenant, probed under a listing of its own beside the
//!   operator's `Compute` service. No call of this pallet lists or removes it.
//! - **Target**: a service or a lease, as the probers see it.
//! - **Bond**: tokens of the operator's own account on hold, slashable. **Active** bond backs
//!   services, leases and bids; an **unbonding chunk** waits for its withdrawal.
//! - **Exposure**: part of the active bond reserved for what a target may still owe its tenants.
//! - **Reserve**: part of the active bond reserved for bids, before there is a lease.
//! - **Free bond**: active bond that neither exposure nor reserve takes.
//! - **Terms**: promised uptime, latency and head lag; the **credit** that a breach pays; the
//!   **cover**, which is all that a service can ever credit.
//! - **Rent**: price of a slot, a row that is probed in every round.
//! - **Place**: position of a listing among those that one host may carry.
//! - **Proof of control**: file at the host of an endpoint that names the chain, the operator and
//!   the listing ([`Pallet::control_proof`]).
//! - **Network**: blockchain that `Rpc` services serve. Its **anchors** are reference endpoints
//!   that answers are compared with.
//!
//! ## Life cycle
//!
//! ```text
//! operator   register -> Active <-> Inactive         deactivate, activate
//!                          |  retire   | retire      all services removed first
//!                          +-----------+-> Retiring  unbond, withdraw_unbonded
//!                                             |      the last bond is withdrawn
//!                                             v
//!                                         (removed)
//!
//! service    list_service -> Unproven -> Active <-> Paused
//!                               |          |          |       retire_service, or for cause
//!                               +----------+----------+-> Ending { at }
//!                                                            |  `at` judged, no units left:
//!                                                            v  remove_service, by anyone
//!                                                        (removed, deposit released)
//!
//! lease      LeaseRegistry::list -> Leased -> LeaseRegistry::remove
//!
//! bond       register, bond_more --> active --unbond--> chunk --withdraw_unbonded--> free balance
//!                                      |                  |
//!                                      +--1st--> slash <--+ 2nd, the newest chunk first
//!
//! bid        reserve -> reserved -> unreserve
//!                          +-> forfeit, to the treasury
//! ```
//!
//! Listing takes a deposit in the native token. Where the chain requires proof of control, a
//! listing stays `Unproven` until the probers find the proof at the endpoint's host. The probers
//! search for it again when an idle service answers badly; a service whose proof is gone is
//! `Unproven` again.
//!
//! Limits protect tenants and third parties:
//!
//! - Below the minimum bond no units are sold and nothing is listed.
//! - An endpoint is a plain http(s) URL on the public internet (unless the chain allows private
//!   ones), not on governance's deny list, and one host carries a bounded number of listings:
//!   nobody can aim the validators at a stranger. Unproven listings are counted per operator and
//!   host, so that nobody takes the places of the account that controls the host; those without a
//!   proof for a whole window have no place and are not probed.
//! - A lease is on the server of its service, and that service does not move to another server
//!   while its resources are in use.
//! - Terms are immutable; only the cover may rise. The latency that terms promise is one that a
//!   prober waits for: a tenth of a round at most.
//!
//! ## Example
//!
//! Credits and cover are shares of the price of one window: 1,000,000,000 is the whole price. A
//! service of 1,000 base units per unit and block costs 14,400,000 in a window of 14,400 blocks.
//! Its terms promise
//!
//! | severity | credit | share | base units per unit |
//! |---|---|---|---|
//! | `Low` | 100,000,000 | 10 % of a window | 1,440,000 |
//! | `Medium` | 500,000,000 | half a window | 7,200,000 |
//! | `High` | 3,000,000,000 | 3 windows | 43,200,000 |
//! | `Critical` | 10,000,000,000 | 10 windows | 144,000,000 |
//! | cover | 30,000,000,000 | 30 windows | 432,000,000 |
//!
//! and no agreement is ever credited more in all than it has paid. Breaches of 30 windows together
//! use up the cover, and the service ends for cause. Until then the bond reserves for each unit the
//! rest of the cover and the penalty on it, at first 475,200,000 base units with a penalty share of
//! 10 %, and one window's rent of the slot.
//!
//! ## Assumptions
//!
//! - The pallet has no hooks that do work. The probes pallet calls [`OnProof`] and
//!   [`Registry::terminate`] in its sweeps and adds the weight that they return; it ends the meter
//!   of a service that it terminates. The sla pallet calls [`Bonding`], the compute-orders pallet
//!   calls [`LeaseRegistry`] and [`BondReserve`].
//! - After [`Bonding::slash`] and [`Bonding::charge`] the caller lowers the exposure to what the
//!   target may still owe: until then invariant 2 may not hold.
//! - [`Probing::unlist`] closes the running window, which sla and reputation record. A target is
//!   therefore forgotten by [`Agreements::forget`] after it is unlisted, and its listing is removed
//!   last.
//! - The genesis of the timing pallet and of the assets pallet is built before that of this pallet.
//!
//! Invariants, as [`Pallet::do_try_state`] checks them:
//!
//! 1. The exposures of an operator's targets in an asset and its reserve for bids sum up to the
//!    exposure of its bond.
//! 2. No bond is exposed beyond its active part.
//! 3. The bond on hold is the active part and the unbonding chunks; chunks are in order and none is
//!    empty.
//! 4. The service deposits on hold are the sum of the deposits of the operator's listings.
//! 5. The index of services by operator, the listings and the services name the same services, each
//!    of a registered operator that is not retiring.
//! 6. The counts per host are those of the places of the listings; an active or paused service has
//!    a place among the proven, an unproven one has not.
//! 7. The counts per network are those of the services, each of a network that exists; every name
//!    leads to its network.
//! 8. Totals and counts are the sums over the entries that they count.
//! 9. Each lease is one leased unit of compute of a registered operator that is not retiring.
//!
//! [`BondReserve`]: surety_primitives::BondReserve
//! [`Bonding`]: surety_primitives::Bonding
//! [`Bonding::charge`]: surety_primitives::Bonding::charge
//! [`Bonding::slash`]: surety_primitives::Bonding::slash
//! [`LeaseRegistry`]: surety_primitives::LeaseRegistry
//! [`OnProof`]: surety_primitives::OnProof
//! [`Registry::terminate`]: surety_primitives::Registry::terminate

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod admin;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod bond;
mod hosts;
mod impls;
mod lifecycle;
mod listing;
#[cfg(test)]
mod mock;
mod registration;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

use alloc::vec::Vec;
use frame::prelude::*;
use surety_primitives::{
	Agreements, AssetId, Balance, BlockNumber, Clock, Endpoint, EndpointRules, Funds, Inventory,
	LeaseId, MAX_ANCHORS, Name, Network, NetworkId, Probing, Protocol, Region, RoundIndex, Service,
	ServiceId, ServiceKind, ServiceStatus, Target, TermsFault, Uri, WindowShare, endpoint,
};

pub use pallet::*;
pub use surety_primitives::{TermsInput, endpoint::Host};
#[cfg(feature = "runtime-benchmarks")]
pub use types::BenchmarkHelper;
pub use types::{
	Approval, AssetPolicy, AssetTotals, Bond, BondOf, Chunk, Counts, GenesisNetwork, HostPlace,
	Listing, Maintenance, Operator, OperatorStatus, ServiceOf,
};
pub use weights::WeightInfo;

/// Log target of this pallet.
const LOG_TARGET: &str = "runtime::surety-operators";

/// Notice at which maintenance can be announced at most, in windows. A target has one open
/// announcement, which must not block the next for good.
pub const MAX_NOTICE_WINDOWS: u32 = 30;

// The code that the macros generate says `expect`, and a listing has many parameters.
#[allow(clippy::expect_used, clippy::too_many_arguments)]
#[frame::pallet]
pub mod pallet {
	use super::*;
	use crate::types::{Changes, NewService};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Default configurations for mocks: `#[derive_impl(config_preludes::TestDefaultConfig)]`.
	pub mod config_preludes {
		use super::*;
		use frame_support::{
			derive_impl, parameter_types, register_default_impl, traits::ConstU128,
		};

		parameter_types! {
			/// Thirty windows' prices.
			pub const MaxCredit: WindowShare = WindowShare::from_u32(30);
			/// A tenth of a window.
			pub const MaxMaintenanceShare: Perbill = Perbill::from_percent(10);
		}

		/// Small bonds and bounds for tests.
		pub struct TestDefaultConfig;

		#[derive_impl(frame_system::config_preludes::TestDefaultConfig, no_aggregated_types)]
		impl frame_system::DefaultConfig for TestDefaultConfig {}

		#[register_default_impl(TestDefaultConfig)]
		impl DefaultConfig for TestDefaultConfig {
			#[inject_runtime_type]
			type RuntimeHoldReason = ();
			type MinBond = ConstU128<1_000>;
			type MaxCredit = MaxCredit;
			type UnbondingPeriod = ConstU32<100>;
			type ServiceDeposit = ConstU128<50>;
			type MaxPerHost = ConstU32<8>;
			type MaxUnprovenPerHost = ConstU32<4>;
			type MaxMaintenanceShare = MaxMaintenanceShare;
			type MaxServicesPerOperator = ConstU32<16>;
			type MaxUnbondingChunks = ConstU32<8>;
			type WeightInfo = ();
		}
	}

	#[pallet::config(with_default)]
	pub trait Config: frame_system::Config {
		/// Overarching hold reason.
		#[pallet::no_default_bounds]
		type RuntimeHoldReason: From<HoldReason> + Copy;

		/// Clock of the chain and its rules for endpoints.
		#[pallet::no_default]
		type Clock: Clock + EndpointRules;

		/// Rows of probed targets.
		#[pallet::no_default]
		type Probing: Probing<Self::AccountId>;

		/// Agreements of services.
		#[pallet::no_default]
		type Agreements: Agreements;

		/// Resources of `Compute` services.
		#[pallet::no_default]
		type Inventory: Inventory;

		/// Holds and transfers of every asset.
		#[pallet::no_default]
		type Funds: Funds<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// Origin that sets networks, approves assets and denies hosts.
		#[pallet::no_default]
		type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Policy for the assets that governance may approve.
		#[pallet::no_default]
		type AssetPolicy: AssetPolicy;

		/// Account that penalties go to.
		#[pallet::no_default]
		type Treasury: Get<Self::AccountId>;

		/// Planck that an operator must have bonded.
		type MinBond: Get<Balance>;

		/// Highest credit that terms may promise for one breach, in windows' prices.
		type MaxCredit: Get<WindowShare>;

		/// Blocks from unbonding to withdrawing.
		type UnbondingPeriod: Get<BlockNumber>;

		/// Planck on hold for each listing.
		type ServiceDeposit: Get<Balance>;

		/// Maximum number of listings at one host, without those whose control is yet to be proven.
		/// Does not apply where private endpoints are allowed. A host is an IPv4 address, an IPv6
		/// address or a name as it is: names below one name are hosts of their own, as the chain
		/// cannot know which of them belong to one owner.
		type MaxPerHost: Get<u32>;

		/// Maximum number of listings of one operator at one host whose control is yet to be
		/// proven. Does not apply where private endpoints are allowed.
		#[pallet::constant]
		type MaxUnprovenPerHost: Get<u32>;

		/// Maximum share of a window's rounds that one announced maintenance takes.
		type MaxMaintenanceShare: Get<Perbill>;

		/// Maximum number of services of one operator. DO NOT REDUCE: stored values must still
		/// decode.
		#[pallet::constant]
		type MaxServicesPerOperator: Get<u32>;

		/// Maximum number of unbonding chunks per operator and asset. DO NOT REDUCE: stored values
		/// must still decode.
		#[pallet::constant]
		type MaxUnbondingChunks: Get<u32>;

		/// Weights of the calls and of the traits that hooks of other pallets call.
		type WeightInfo: WeightInfo;

		/// Benchmark set-up.
		#[cfg(feature = "runtime-benchmarks")]
		#[pallet::no_default]
		type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
	}

	/// Reasons for which tokens of an operator are on hold.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Bond, active or unbonding.
		#[codec(index = 0)]
		Bond,
		/// Deposits of listed services.
		#[codec(index = 1)]
		ServiceDeposit,
	}

	/// Registered operators.
	#[pallet::storage]
	pub type Operators<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Operator>;

	/// Bond per operator and asset. An empty bond has no entry.
	#[pallet::storage]
	pub type Bonds<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Twox64Concat,
		AssetId,
		Bond<T::MaxUnbondingChunks>,
		ValueQuery,
	>;

	/// Base units ever slashed per operator and asset. Stays when the operator leaves.
	#[pallet::storage]
	pub type SlashedOf<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Twox64Concat,
		AssetId,
		Balance,
		ValueQuery,
	>;

	/// Listed services.
	#[pallet::storage]
	pub type Services<T: Config> = StorageMap<_, Twox64Concat, ServiceId, Service<T::AccountId>>;

	/// Deposit, announced maintenance and place of listed services.
	#[pallet::storage]
	pub type Listings<T: Config> = StorageMap<_, Twox64Concat, ServiceId, Listing>;

	/// Listings of leases: status `Leased`, one unit, without a deposit.
	#[pallet::storage]
	pub type Leases<T: Config> = StorageMap<_, Twox64Concat, LeaseId, Service<T::AccountId>>;

	/// Maintenance announced last for a lease.
	#[pallet::storage]
	pub type LeaseMaintenance<T: Config> = StorageMap<_, Twox64Concat, LeaseId, Maintenance>;

	/// Base units of the operator's bond that a target reserves.
	#[pallet::storage]
	pub type Exposures<T: Config> = StorageMap<_, Twox64Concat, Target, Balance, ValueQuery>;

	/// Base units of an operator's bond that its bids reserve. Part of the exposure of the bond.
	#[pallet::storage]
	pub type Reserved<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Twox64Concat,
		AssetId,
		Balance,
		ValueQuery,
	>;

	/// Services of an operator in the order of their listing, without leases.
	#[pallet::storage]
	pub type ServicesOf<T: Config> = StorageMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		BoundedVec<ServiceId, T::MaxServicesPerOperator>,
		ValueQuery,
	>;

	/// Identifier of the next service. Never falls.
	#[pallet::storage]
	pub type NextServiceId<T: Config> = StorageValue<_, ServiceId, ValueQuery>;

	/// Networks that `Rpc` services serve.
	#[pallet::storage]
	pub type Networks<T: Config> = StorageMap<_, Twox64Concat, NetworkId, Network>;

	/// Network by its name.
	#[pallet::storage]
	pub type NetworkByName<T: Config> = StorageMap<_, Blake2_128Concat, Name, NetworkId>;

	/// Number of services that serve a network.
	#[pallet::storage]
	pub type NetworkUse<T: Config> = StorageMap<_, Twox64Concat, NetworkId, u32, ValueQuery>;

	/// Identifier of the next network. Never falls.
	#[pallet::storage]
	pub type NextNetworkId<T: Config> = StorageValue<_, NetworkId, ValueQuery>;

	/// Assets beside the native token that governance approved at some time.
	#[pallet::storage]
	pub type Approvals<T: Config> = StorageMap<_, Twox64Concat, u32, Approval>;

	/// Number of listings at a host whose place is among the proven. Leases take no place: they are
	/// on the host of their service.
	#[pallet::storage]
	pub type Hosts<T: Config> = StorageMap<_, Blake2_128Concat, Host, u32, ValueQuery>;

	/// Number of listings per operator and host whose control is yet to be proven, without those
	/// that the probers no longer search.
	#[pallet::storage]
	pub type UnprovenHosts<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Blake2_128Concat,
		Host,
		u32,
		ValueQuery,
	>;

	/// Hosts that no endpoint may be on, nor on a name below them.
	#[pallet::storage]
	pub type DeniedHosts<T: Config> = StorageMap<_, Blake2_128Concat, Host, ()>;

	/// Sums over all operators, per asset.
	#[pallet::storage]
	pub type Totals<T: Config> = StorageMap<_, Twox64Concat, AssetId, AssetTotals, ValueQuery>;

	/// Number of operators and services.
	#[pallet::storage]
	pub type Count<T: Config> = StorageValue<_, Counts, ValueQuery>;

	/// Networks and approved assets of a new chain.
	#[pallet::genesis_config]
	#[derive(DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Networks, numbered from 0.
		pub networks: Vec<GenesisNetwork>,
		/// Approved assets, and the base units that an operator must have bonded in each.
		pub assets: Vec<(u32, Balance)>,
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		/// Panics on a bad network or asset: such a chain must not come up at all.
		fn build(&self) {
			for network in &self.networks {
				assert!(
					Pallet::<T>::genesis_network(network).is_ok(),
					"bad network {}",
					network.name
				);
			}
			for (asset, min_bond) in &self.assets {
				assert!(
					Pallet::<T>::do_approve_asset(*asset, *min_bond).is_ok(),
					"bad asset {asset}"
				);
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account registered as operator with a first bond.
		OperatorRegistered {
			/// New operator.
			operator: T::AccountId,
			/// First bond, in planck.
			bond: Balance,
		},
		/// An operator changed its display name and contact.
		IdentitySet {
			/// Operator.
			operator: T::AccountId,
		},
		/// An operator became inactive: it takes no new units and lists nothing.
		OperatorDeactivated {
			/// Operator.
			operator: T::AccountId,
		},
		/// An operator is active again.
		OperatorActivated {
			/// Operator.
			operator: T::AccountId,
		},
		/// An operator is retiring: it is removed when its last bond is withdrawn.
		OperatorRetiring {
			/// Operator.
			operator: T::AccountId,
		},
		/// An operator was removed: none of its tokens is on hold any more.
		OperatorLeft {
			/// Former operator.
			operator: T::AccountId,
		},
		/// Tokens went on hold as active bond.
		Bonded {
			/// Operator.
			operator: T::AccountId,
			/// Asset of the bond.
			asset: AssetId,
			/// Base units.
			amount: Balance,
		},
		/// Active bond became an unbonding chunk, slashable until it is withdrawn.
		Unbonded {
			/// Operator.
			operator: T::AccountId,
			/// Asset of the bond.
			asset: AssetId,
			/// Base units.
			amount: Balance,
			/// First block in which the chunk can be withdrawn.
			unlock_at: BlockNumber,
		},
		/// Unbonded tokens went back to the operator's free balance.
		Withdrawn {
			/// Operator.
			operator: T::AccountId,
			/// Asset of the bond.
			asset: AssetId,
			/// Base units.
			amount: Balance,
		},
		/// Bond was slashed for a breach of a target's terms.
		BondSlashed {
			/// Operator.
			operator: T::AccountId,
			/// Service or lease whose terms were breached.
			target: Target,
			/// Asset of all amounts.
			asset: AssetId,
			/// Base units for the tenants.
			credit: Balance,
			/// Base units for the treasury.
			penalty: Balance,
			/// Base units due beyond that, which the bond did not have or could not deliver.
			unpaid: Balance,
		},
		/// Bond that bids had reserved was forfeited to the treasury.
		BondForfeited {
			/// Operator.
			operator: T::AccountId,
			/// Asset of all amounts.
			asset: AssetId,
			/// Base units taken.
			amount: Balance,
			/// Base units due beyond that, which the bond did not have or could not deliver.
			unpaid: Balance,
		},
		/// Rent of a target's slot was taken out of the bond.
		RentPaid {
			/// Operator.
			operator: T::AccountId,
			/// Service or lease in the slot.
			target: Target,
			/// Asset of all amounts.
			asset: AssetId,
			/// Base units taken.
			amount: Balance,
			/// Base units due beyond that, which the bond did not have or could not deliver.
			unpaid: Balance,
		},
		/// A service was listed.
		ServiceListed {
			/// New service.
			service: ServiceId,
			/// Operator.
			operator: T::AccountId,
			/// `Unproven` if control of the host must be proven first, else `Active`.
			status: ServiceStatus,
			/// Latency in microseconds above which answers count as slow: that of the terms,
			/// rounded up to the edge of a latency bucket.
			max_latency_us: u64,
		},
		/// A listing changed. Capacity and price are those that hold now.
		ServiceUpdated {
			/// Service.
			service: ServiceId,
			/// Units that can be sold in all.
			capacity: u32,
			/// Base units per unit and billable block, for new agreements only.
			price: Balance,
		},
		/// The endpoint of a service changed.
		EndpointChanged {
			/// Service.
			service: ServiceId,
			/// Status now: `Unproven` if control of the new host must be proven first.
			status: ServiceStatus,
		},
		/// The cover of a service rose.
		CoverRaised {
			/// Service.
			service: ServiceId,
			/// Cover now, in parts of 1,000,000,000 of the price of one window.
			cover: WindowShare,
		},
		/// The probers found the proof of control of a service, which is active now.
		ServiceProven {
			/// Service.
			service: ServiceId,
		},
		/// The proof of control of an idle service that answers badly is gone. The service is
		/// unproven until the probers find the proof again.
		ProofLost {
			/// Service.
			service: ServiceId,
		},
		/// The probers found the proof of control of a service, but its host carries as many
		/// listings as it may. Once there is room, `update_service` with the service's endpoint
		/// starts the search again.
		HostFull {
			/// Service, still unproven.
			service: ServiceId,
			/// Host of its endpoint.
			host: Host,
		},
		/// A service takes no new units until it is resumed.
		ServicePaused {
			/// Service.
			service: ServiceId,
		},
		/// A paused service takes new units again.
		ServiceResumed {
			/// Service.
			service: ServiceId,
		},
		/// A service is ending: it takes no new units and is billed and judged up to a last round.
		ServiceEnding {
			/// Service.
			service: ServiceId,
			/// Last round that is billed and judged.
			at: RoundIndex,
			/// True if it was terminated because its credits reached the cover, it was down for a
			/// window, or its bond could not reserve the rent; false if it was retired.
			for_cause: bool,
		},
		/// A service was removed and its deposit released.
		ServiceRemoved {
			/// Former service.
			service: ServiceId,
			/// Operator.
			operator: T::AccountId,
			/// Deposit released, in planck.
			deposit: Balance,
		},
		/// Maintenance was announced: its rounds are neither billed nor counted where the target is
		/// down.
		MaintenanceAnnounced {
			/// Service or lease.
			target: Target,
			/// First round.
			from: RoundIndex,
			/// Number of rounds.
			rounds: u16,
		},
		/// A network was created or changed.
		NetworkSet {
			/// Network.
			network: NetworkId,
			/// Its name.
			name: Name,
		},
		/// A network was removed.
		NetworkRemoved {
			/// Former network.
			network: NetworkId,
		},
		/// An asset was approved for listings, or its minimum bond changed.
		AssetApproved {
			/// Identifier in the assets pallet.
			asset: u32,
			/// Base units that an operator must have bonded to sell units in it.
			min_bond: Balance,
		},
		/// An asset was revoked: no more services may be listed in it. Listed services stay.
		AssetRevoked {
			/// Identifier in the assets pallet.
			asset: u32,
		},
		/// A host was denied: no endpoint may be listed on it or on a name below it. Listed
		/// services stay.
		HostDenied {
			/// Host.
			host: Host,
		},
		/// A denied host was allowed again.
		HostAllowed {
			/// Host.
			host: Host,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The account is not registered as operator: call `register`.
		NotOperator,
		/// The account is registered already: use `bond_more` and `set_identity`.
		AlreadyRegistered,
		/// The operator is inactive or retiring: call `activate`.
		OperatorInactive,
		/// The operator is active already.
		OperatorActive,
		/// The operator is retiring already.
		OperatorRetiring,
		/// The operator still has services: retire and remove them first.
		HasServices,
		/// A name, contact, model or metadata URI is not UTF-8 or has control characters in it, or
		/// a name or model is empty.
		BadText,
		/// The amount is zero.
		ZeroAmount,
		/// The operator's bond in the native token, or that in the service's asset, is below the
		/// minimum of the view function `min_bond`: bond more. While services are listed, the
		/// native bond cannot be unbonded below the minimum either.
		BondBelowMinimum,
		/// The amount is above the active bond that nothing reserves, or a slash left less active
		/// bond than is reserved. The storage item `Bonds` has the active and the reserved bond.
		BondReserved,
		/// The free bond does not cover the exposure: bond more.
		InsufficientBond,
		/// The operator has as many unbonding chunks as it may have: withdraw those that are due,
		/// or wait for them.
		TooManyChunks,
		/// No unbonding chunk is due yet.
		NothingToWithdraw,
		/// There is no such service or lease.
		UnknownService,
		/// The service or lease belongs to another operator.
		NotOwner,
		/// The operator has as many services as it may have: retire and remove one first.
		TooManyServices,
		/// All identifiers are used up.
		NoMoreIds,
		/// The service waits for proof of control: serve the hash of the view function
		/// `control_proof` at the endpoint's host, under `/.well-known/surety/<service>`. If the
		/// probers gave up the search, or found the proof while the host was full, call
		/// `update_service` with an endpoint to start the search again.
		ServiceUnproven,
		/// The service is paused: call `resume_service`.
		ServicePaused,
		/// The service is not paused.
		ServiceNotPaused,
		/// The service is retired or terminated: list another.
		ServiceEnding,
		/// The service is not ending: call `retire_service` first.
		ServiceNotEnding,
		/// The last round of the service is not judged yet: wait for two more rounds.
		EndNotJudged,
		/// Units of the service are sold. To remove it, its agreements must be closed and paid
		/// first; to move it where control must be proven, they must be closed.
		UnitsSold,
		/// The listing is the lease of one tenant: it is not for sale, and no lease is listed under
		/// it.
		ServiceLeased,
		/// The lease is listed already.
		LeaseListed,
		/// Leases are listed under `Compute` services only.
		NotCompute,
		/// The endpoint of a lease must have the scheme, host and port of its service's endpoint,
		/// where the operator has proven its control.
		LeaseEndpointElsewhere,
		/// The update names no change.
		NothingToUpdate,
		/// The endpoint must begin with `http://` or `https://` in lower case.
		EndpointNotHttp,
		/// The endpoint may only have printable ASCII in it, without spaces and backslashes.
		EndpointCharacters,
		/// The endpoint must not have a user name or password in it: everybody could read them.
		EndpointHasCredentials,
		/// The endpoint must not have a query string.
		EndpointHasQuery,
		/// The endpoint must not have a fragment.
		EndpointHasFragment,
		/// The host is missing or malformed, or is an IP address in an unusual notation.
		EndpointHost,
		/// The port of the endpoint must be a number from 1 to 65535.
		EndpointPort,
		/// The host is a loopback, private or otherwise not public address or name, which this
		/// chain refuses.
		EndpointPrivate,
		/// The host is an IPv6 address, which not every validator reaches: give a name or an IPv4
		/// address.
		EndpointIpv6,
		/// Governance denied the host or a name above it.
		HostDenied,
		/// The host is not denied.
		HostNotDenied,
		/// The host carries as many listings as it may carry: use another host.
		HostFull,
		/// The operator has as many unproven listings at the host as it may have: prove control of
		/// them, or remove one.
		TooManyUnproven,
		/// The region must be a country code of ISO 3166-1 alpha-2, like `DE`.
		BadRegion,
		/// The capacity must be at least one unit.
		ZeroCapacity,
		/// The capacity is below the units that are sold.
		CapacityBelowSold,
		/// The price must not be zero.
		ZeroPrice,
		/// The price x capacity x blocks of a window is above the largest balance.
		PriceOverflow,
		/// The terms are refused for the nested fault, which is the second byte of the error: 0
		/// `Uptime`, 1 `Latency`, 2 `ZeroCover`, 3 `CreditsFall`, 4 `CreditAboveCover`,
		/// 5 `CreditAboveMax` (the parameter `MaxCredit`).
		InvalidTerms(TermsFault),
		/// Twice the price x capacity x blocks of a window x cover is above the largest balance.
		CreditOverflow,
		/// The cover may only rise: give a higher one.
		CoverMayOnlyRise,
		/// Maintenance takes at least one round.
		ZeroRounds,
		/// Maintenance must be announced at least one window ahead.
		MaintenanceTooSoon,
		/// Maintenance must be announced at most 30 windows ahead.
		MaintenanceTooFar,
		/// The maintenance takes more than the allowed share of a window.
		MaintenanceTooLong,
		/// The maintenance announced before is not over and judged yet: wait for that.
		MaintenanceAnnounced,
		/// There is no such network.
		UnknownNetwork,
		/// Another network has this name.
		NetworkNameTaken,
		/// The name of a network must be 1 to 64 of `a-z`, `0-9` and `-`.
		NetworkName,
		/// Services use the network: it can be removed after the last of them.
		NetworkInUse,
		/// The protocol of this chain's own network must be `Substrate`.
		NetworkOwnProtocol,
		/// Two anchors are the same: they must be different, as two must agree.
		DuplicateAnchor,
		/// The asset is not approved, or was revoked.
		AssetNotApproved,
		/// The asset does not exist or has no minimum balance.
		AssetUnusable,
		/// The minimum bond is below the asset's minimum balance.
		MinBondTooLow,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(
				T::MaxServicesPerOperator::get() > 0,
				"an operator must be able to list a service"
			);
			assert!(T::MaxUnbondingChunks::get() > 0, "an operator must be able to unbond");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Register as operator with a first bond in the native token.
		///
		/// - `bond`: planck, at least the minimum bond; on hold and slashable until withdrawn.
		/// - `name`: display name, 1 to 64 bytes of UTF-8.
		/// - `contact`: contact details, up to 128 bytes of UTF-8; may be empty.
		///
		/// Origin: signed by the account that becomes the operator.
		///
		/// Errors: `AlreadyRegistered`, `BondBelowMinimum`, `BadText`.
		///
		/// Emits: `OperatorRegistered`, `Bonded`.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::register())]
		pub fn register(
			origin: OriginFor<T>,
			#[pallet::compact] bond: Balance,
			name: Name,
			contact: Uri,
		) -> DispatchResult {
			Self::do_register(ensure_signed(origin)?, bond, name, contact)
		}

		/// Increase the active bond in an asset. In an approved asset, this also makes the first
		/// bond.
		///
		/// - `asset`: native token, an approved asset, or one in which there is a bond already.
		/// - `amount`: base units of the asset, above zero; on hold and slashable until withdrawn.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `NotOperator`, `ZeroAmount`, `AssetNotApproved`.
		///
		/// Emits: `Bonded`.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::bond_more())]
		pub fn bond_more(
			origin: OriginFor<T>,
			asset: AssetId,
			#[pallet::compact] amount: Balance,
		) -> DispatchResult {
			Self::do_bond_more(ensure_signed(origin)?, asset, amount)
		}

		/// Unbond a part of the active bond. It can be withdrawn after the unbonding period and
		/// stays slashable until then.
		///
		/// - `asset`: asset of the bond.
		/// - `amount`: base units, above zero and at most the free bond. In the native token, the
		///   minimum bond must be left, or nothing if no services are listed.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `NotOperator`, `ZeroAmount`, `BondReserved`, `BondBelowMinimum`,
		/// `TooManyChunks`.
		///
		/// Emits: `Unbonded`.
		///
		/// Complexity: logarithmic in the unbonding chunks, which are bounded.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::unbond())]
		pub fn unbond(
			origin: OriginFor<T>,
			asset: AssetId,
			#[pallet::compact] amount: Balance,
		) -> DispatchResult {
			Self::do_unbond(ensure_signed(origin)?, asset, amount)
		}

		/// Withdraw all bond in an asset whose unbonding period is over. A retiring operator is
		/// removed with its last bond.
		///
		/// - `asset`: asset of the bond.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `NotOperator`, `NothingToWithdraw`, `BondReserved`.
		///
		/// Emits: `Withdrawn`; `OperatorLeft` if the operator is removed.
		///
		/// Complexity: linear in the unbonding chunks, which are bounded.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::withdraw_unbonded())]
		pub fn withdraw_unbonded(origin: OriginFor<T>, asset: AssetId) -> DispatchResult {
			Self::do_withdraw_unbonded(ensure_signed(origin)?, asset)
		}

		/// Stop taking new units and listing services, until `activate`. Agreements and probes go
		/// on.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `NotOperator`, `OperatorInactive`.
		///
		/// Emits: `OperatorDeactivated`.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::deactivate())]
		pub fn deactivate(origin: OriginFor<T>) -> DispatchResult {
			Self::do_deactivate(ensure_signed(origin)?)
		}

		/// Become active again, also instead of retiring. The native bond must be at the minimum.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `NotOperator`, `OperatorActive`, `BondBelowMinimum`.
		///
		/// Emits: `OperatorActivated`.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::activate())]
		pub fn activate(origin: OriginFor<T>) -> DispatchResult {
			Self::do_activate(ensure_signed(origin)?)
		}

		/// Retire as operator. All services must be removed first. The operator is removed when its
		/// last bond is unbonded and withdrawn, at once if there is none.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `NotOperator`, `OperatorRetiring`, `HasServices`.
		///
		/// Emits: `OperatorRetiring`; `OperatorLeft` if the operator is removed.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::retire())]
		pub fn retire(origin: OriginFor<T>) -> DispatchResult {
			Self::do_retire(ensure_signed(origin)?)
		}

		/// Change display name and contact.
		///
		/// - `name`: display name, 1 to 64 bytes of UTF-8.
		/// - `contact`: contact details, up to 128 bytes of UTF-8; may be empty.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `NotOperator`, `BadText`.
		///
		/// Emits: `IdentitySet`.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::set_identity())]
		pub fn set_identity(origin: OriginFor<T>, name: Name, contact: Uri) -> DispatchResult {
			Self::do_set_identity(ensure_signed(origin)?, name, contact)
		}

		/// List a service. A deposit in the native token is on hold until the service is removed.
		///
		/// - `kind`: product that is sold; it decides on the probes.
		/// - `endpoint`: plain http(s) URL of up to 256 bytes without credentials, query or
		///   fragment, whose host is a name or an IPv4 address. In production the operator proves
		///   control of it by the file that the view function `control_proof` names.
		/// - `region`: ISO 3166-1 alpha-2, two capital letters.
		/// - `capacity`: units that can be sold in all, above zero.
		/// - `price`: base units of `asset` per unit and billable block, above zero.
		/// - `asset`: native token or an approved asset, in which price, deposits, bond, credits
		///   and exposure are counted.
		/// - `terms`: credits and cover are in parts of 1,000,000,000 of the price of one window,
		///   so 1,000,000,000 is one window's price and 30,000,000,000 are thirty. Immutable, but
		///   the cover may rise. Other terms are another service.
		/// - `metadata_hash`: hash of a document about the service.
		/// - `metadata_uri`: address of that document, up to 128 bytes of UTF-8; may be empty.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `InvalidTerms`, `NotOperator`, `OperatorInactive`, `BadRegion`, `BadText`,
		/// `ZeroCapacity`, `ZeroPrice`, `PriceOverflow`, `CreditOverflow`, `AssetNotApproved`,
		/// `BondBelowMinimum`, `Endpoint..`, `HostDenied`, `UnknownNetwork`, `NoMoreIds`,
		/// `TooManyServices`, `TooManyUnproven`, `HostFull`; an error of the probes pallet if every
		/// row is taken.
		///
		/// Emits: `ServiceListed`.
		///
		/// Complexity: linear in the labels of the host, which are bounded.
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::list_service())]
		pub fn list_service(
			origin: OriginFor<T>,
			kind: ServiceKind,
			endpoint: Endpoint,
			region: Region,
			capacity: u32,
			#[pallet::compact] price: Balance,
			asset: AssetId,
			terms: TermsInput,
			metadata_hash: [u8; 32],
			metadata_uri: Uri,
		) -> DispatchResult {
			let operator = ensure_signed(origin)?;
			let terms =
				terms.check::<T::Clock>(T::MaxCredit::get()).map_err(Error::<T>::InvalidTerms)?;
			let new = NewService {
				kind,
				endpoint,
				region,
				capacity,
				price,
				asset,
				terms,
				metadata_hash,
				metadata_uri,
			};
			Self::do_list(operator, new)
		}

		/// Change a listing. `None` leaves a parameter as it is. Kind, region, asset and terms
		/// cannot be changed: list another service.
		///
		/// - `service`: service of the operator.
		/// - `endpoint`: URL as for `list_service`. Where control must be proven, another host,
		///   port or scheme is refused while units are sold, and must be proven again. For a
		///   `Compute` service it is refused while bids or leases use its resources, and its
		///   declared resources are forgotten. Probers that find no proof for a whole window end
		///   the search, and the service gives up its place at the host: any endpoint given for an
		///   unproven service, also the present one, takes a place and starts the search again.
		/// - `capacity`: units that can be sold in all, at least the units sold.
		/// - `price`: base units per unit and billable block, above zero; for new agreements.
		/// - `metadata_hash`, `metadata_uri`: as for `list_service`.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `UnknownService`, `NotOwner`, `ServiceEnding`, `NothingToUpdate`,
		/// `ZeroCapacity`, `ZeroPrice`, `PriceOverflow`, `CreditOverflow`, `CapacityBelowSold`,
		/// `BadText`, `Endpoint..`, `HostDenied`, `UnitsSold`, `TooManyUnproven`, `HostFull`; an
		/// error of the compute-orders pallet if resources are in use.
		///
		/// Emits: `EndpointChanged` if an endpoint is given; `ServiceUpdated`.
		///
		/// Complexity: linear in the labels of the host, which are bounded.
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::update_service())]
		pub fn update_service(
			origin: OriginFor<T>,
			service: ServiceId,
			endpoint: Option<Endpoint>,
			capacity: Option<u32>,
			price: Option<Balance>,
			metadata_hash: Option<[u8; 32]>,
			metadata_uri: Option<Uri>,
		) -> DispatchResult {
			let changes = Changes { endpoint, capacity, price, metadata_hash, metadata_uri };
			Self::do_update(ensure_signed(origin)?, service, changes)
		}

		/// Raise the cover of a service, which is all that it can ever credit. Free bond is
		/// reserved for the units that are sold. The cover cannot be lowered again.
		///
		/// - `service`: service of the operator.
		/// - `cover`: in parts of 1,000,000,000 of the price of one window; above the present one.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `UnknownService`, `NotOwner`, `ServiceEnding`, `CoverMayOnlyRise`,
		/// `CreditOverflow`, `InsufficientBond`.
		///
		/// Emits: `CoverRaised`.
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::raise_cover())]
		pub fn raise_cover(
			origin: OriginFor<T>,
			service: ServiceId,
			cover: WindowShare,
		) -> DispatchResult {
			Self::do_raise_cover(ensure_signed(origin)?, service, cover)
		}

		/// Pause the sale of a service's units. Agreements and probes go on.
		///
		/// - `service`: active service of the operator.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `UnknownService`, `NotOwner`, `ServicePaused`, `ServiceUnproven`,
		/// `ServiceEnding`.
		///
		/// Emits: `ServicePaused`.
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::pause_service())]
		pub fn pause_service(origin: OriginFor<T>, service: ServiceId) -> DispatchResult {
			Self::do_pause(ensure_signed(origin)?, service)
		}

		/// Resume the sale of a paused service's units.
		///
		/// - `service`: paused service of the operator.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `UnknownService`, `NotOwner`, `ServiceNotPaused`, `ServiceEnding`.
		///
		/// Emits: `ServiceResumed`.
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::resume_service())]
		pub fn resume_service(origin: OriginFor<T>, service: ServiceId) -> DispatchResult {
			Self::do_resume(ensure_signed(origin)?, service)
		}

		/// Retire a service, with notice of one window, or with this round if no units are sold.
		/// Until then it is probed, billed and judged. A second call after the units are gone ends
		/// it at once.
		///
		/// - `service`: service of the operator; for governance, any service.
		///
		/// Origin: governance, or signed by the operator.
		///
		/// Errors: `UnknownService`, `NotOwner`, `ServiceEnding`.
		///
		/// Emits: `ServiceEnding`.
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::retire_service())]
		pub fn retire_service(origin: OriginFor<T>, service: ServiceId) -> DispatchResult {
			let owner = match T::GovernanceOrigin::try_origin(origin) {
				Ok(_) => None,
				Err(origin) => Some(ensure_signed(origin)?),
			};
			Self::do_retire_service(owner, service)
		}

		/// Remove a service whose last round is judged, whose agreements are closed and paid, and
		/// whose resources no bid or lease uses. The deposit goes back to the operator.
		///
		/// - `service`: ending service.
		///
		/// Origin: signed by anyone.
		///
		/// Errors: `UnknownService`, `ServiceNotEnding`, `EndNotJudged`, `UnitsSold`; an error of
		/// the compute-orders pallet if resources are in use.
		///
		/// Emits: `ServiceRemoved`.
		///
		/// Complexity: linear in the services of the operator and in the breaches on record, which
		/// are bounded.
		#[pallet::call_index(14)]
		#[pallet::weight(
			T::WeightInfo::remove_service().saturating_add(T::Agreements::forget_weight())
		)]
		pub fn remove_service(origin: OriginFor<T>, service: ServiceId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_remove_service(service)
		}

		/// Announce maintenance of a service or a lease. Rounds of it in which the target is not up
		/// are excused: neither billed nor counted.
		///
		/// - `target`: service or lease of the operator.
		/// - `from`: first round, one to 30 windows ahead.
		/// - `rounds`: number of rounds, from 1 to the allowed share of a window.
		///
		/// Origin: signed by the operator.
		///
		/// Errors: `UnknownService`, `NotOwner`, `ServiceEnding`, `ZeroRounds`,
		/// `MaintenanceTooSoon`, `MaintenanceTooFar`, `MaintenanceTooLong`,
		/// `MaintenanceAnnounced`.
		///
		/// Emits: `MaintenanceAnnounced`.
		#[pallet::call_index(15)]
		#[pallet::weight(T::WeightInfo::announce_maintenance())]
		pub fn announce_maintenance(
			origin: OriginFor<T>,
			target: Target,
			from: RoundIndex,
			rounds: u16,
		) -> DispatchResult {
			Self::do_announce_maintenance(ensure_signed(origin)?, target, from, rounds)
		}

		/// Create a network, or replace one.
		///
		/// - `id`: network to replace; `None` creates one.
		/// - `name`: 1 to 64 of `a-z`, `0-9` and `-`, unique; as in the node's `--anchor NAME=URL`.
		/// - `protocol`: JSON-RPC dialect.
		/// - `own`: true for the network of this chain itself, judged by the probers' own state.
		/// - `anchors`: up to 8 reference endpoints. Two that agree, the probers' own included,
		///   judge answers.
		///
		/// Origin: governance.
		///
		/// Errors: `UnknownNetwork`, `NetworkNameTaken`, `NetworkName`, `NetworkOwnProtocol`,
		/// `Endpoint..`, `DuplicateAnchor`, `NoMoreIds`.
		///
		/// Emits: `NetworkSet`.
		///
		/// Complexity: quadratic in the anchors, which are bounded.
		#[pallet::call_index(16)]
		#[pallet::weight(T::WeightInfo::set_network())]
		pub fn set_network(
			origin: OriginFor<T>,
			id: Option<NetworkId>,
			name: Name,
			protocol: Protocol,
			own: bool,
			anchors: BoundedVec<Endpoint, ConstU32<MAX_ANCHORS>>,
		) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_set_network(id, Network { name, protocol, own, anchors }).map(drop)
		}

		/// Remove a network that no service uses.
		///
		/// - `id`: network.
		///
		/// Origin: governance.
		///
		/// Errors: `UnknownNetwork`, `NetworkInUse`.
		///
		/// Emits: `NetworkRemoved`.
		#[pallet::call_index(17)]
		#[pallet::weight(T::WeightInfo::remove_network())]
		pub fn remove_network(origin: OriginFor<T>, id: NetworkId) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_remove_network(id)
		}

		/// Approve an asset for listings, or change its minimum bond. The asset must be sufficient
		/// and have a minimum balance and no private owner, issuer, admin or freezer.
		///
		/// - `asset`: identifier in the assets pallet.
		/// - `min_bond`: base units that an operator must have bonded to sell units in the asset;
		///   at least its minimum balance.
		///
		/// Origin: governance.
		///
		/// Errors: `AssetUnusable`, `MinBondTooLow`; an error of the asset policy.
		///
		/// Emits: `AssetApproved`.
		#[pallet::call_index(18)]
		#[pallet::weight(T::WeightInfo::approve_asset())]
		pub fn approve_asset(
			origin: OriginFor<T>,
			asset: u32,
			#[pallet::compact] min_bond: Balance,
		) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_approve_asset(asset, min_bond)
		}

		/// Revoke the approval of an asset: no more services can be listed in it. Listed services
		/// stay.
		///
		/// - `asset`: identifier in the assets pallet.
		///
		/// Origin: governance.
		///
		/// Errors: `AssetNotApproved`.
		///
		/// Emits: `AssetRevoked`.
		#[pallet::call_index(19)]
		#[pallet::weight(T::WeightInfo::revoke_asset())]
		pub fn revoke_asset(origin: OriginFor<T>, asset: u32) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_revoke_asset(asset)
		}

		/// Deny a host: no endpoint can be listed on it or on a name below it. Listed services
		/// stay; governance can end them by `retire_service`.
		///
		/// - `host`: name, IPv4 address or IPv6 address in brackets, without scheme, port and path.
		///
		/// Origin: governance.
		///
		/// Errors: `EndpointHost`, `HostDenied`.
		///
		/// Emits: `HostDenied`.
		#[pallet::call_index(20)]
		#[pallet::weight(T::WeightInfo::deny_host())]
		pub fn deny_host(origin: OriginFor<T>, host: Host) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_deny_host(host)
		}

		/// Allow a denied host again.
		///
		/// - `host`: as for `deny_host`.
		///
		/// Origin: governance.
		///
		/// Errors: `EndpointHost`, `HostNotDenied`.
		///
		/// Emits: `HostAllowed`.
		#[pallet::call_index(21)]
		#[pallet::weight(T::WeightInfo::allow_host())]
		pub fn allow_host(origin: OriginFor<T>, host: Host) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_allow_host(host)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Base units that an operator must have bonded in an asset to sell units in it; `None` if
		/// it was never approved. In the native token: the bond that every operator needs.
		pub fn min_bond(asset: AssetId) -> Option<Balance> {
			match asset {
				AssetId::Native => Some(T::MinBond::get()),
				AssetId::Local(id) => Approvals::<T>::get(id).map(|approval| approval.min_bond),
			}
		}

		/// Hash that proves control of a service's endpoint. Serve it as 64 hexadecimal digits at
		/// `/.well-known/surety/<service>` of the endpoint's scheme, host and port. It changes with
		/// the endpoint. `None` if there is no such service; a lease needs no proof.
		pub fn control_proof(service: ServiceId) -> Option<[u8; 32]> {
			let listing = Services::<T>::get(service)?;
			let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
			let operator = listing.operator.encode();
			Some(endpoint::control_hash(genesis.as_ref(), &operator, service, &listing.endpoint))
		}
	}
}

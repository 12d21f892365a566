//! # Operators
//!
//! Registry of operators and their services: bond, exposure, networks and anchors.
//!
//! An **operator** is an account with a **bond**: tokens of its own account on hold, slashable. It lists
//! **services**; each names ONE **asset** in which price, deposit, bond, credit and exposure are counted.
//! The **exposure** of a service is the part of the bond reserved for what it may still owe its tenants.
//! An operator's word is never liveness: whether a service is up, only the probes say.
//!
//! ```text
//! operator   register -> Active <-> Inactive          deactivate, activate
//!                          |  retire   | retire       all services removed first
//!                          +-----------+-> Retiring   unbond, withdraw_unbonded
//!                                             |       the last bond is withdrawn
//!                                             v
//!                                           (gone)
//!
//! service    list_service -> Unproven -> Active <-> Paused
//!                               |          |          |        retire_service, or terminated for cause
//!                               +----------+----------+-> Ending { at }
//!                                                             |  `at` judged, no units left:
//!                                                             v  remove_service, by anyone
//!                                                          (gone, deposit back)
//!
//! bond       register, bond_more --> active --unbond--> chunk --withdraw_unbonded--> free balance
//!                                      |                  |
//!                                      +--1st--> slash <--+ 2nd, the newest chunk first
//! ```
//!
//! Listing takes a deposit in the native token. Where the chain requires proof of control, a listing waits
//! as `Unproven` until the probers read the operator's signature at the endpoint's host.
//!
//! ## Limits that protect others
//!
//! - Sum of the exposures of an operator and asset <= its active bond, whenever exposure is reserved or bond
//!   unbonded; withdrawing checks again. So a promised credit is always funded.
//! - Below the minimum bond no units are sold and nothing is listed.
//! - An endpoint is a plain http(s) URL on the public internet (unless the chain allows private ones), not on
//!   governance's deny list, and one host carries a bounded number of listings: nobody can aim the validators
//!   at a stranger.
//! - Terms are immutable; only the cap of the credits may rise.
//!
//! ## Reading
//!
//! The view functions of this pallet, `Registry` and `Bonding` of `surety_primitives` for other pallets, and
//! the storage maps, which hold nothing but what their docs say.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod bond;
mod end;
mod govern;
mod hooks;
mod list;
#[cfg(test)]
mod mock;
mod read;
mod register;
mod slash;
#[cfg(test)]
mod tests;
pub mod types;
mod update;
pub mod weights;

use alloc::vec::Vec;
use frame::prelude::*;
use surety_primitives::{
	AssetId, Balance, BlockNumber, Bonding, Endpoint, MAX_ANCHORS, Name, Network, NetworkId, Protocol,
	Region, RoundIndex, Service, ServiceId, ServiceKind, ServiceStatus, Uri,
};

pub use surety_primitives::endpoint::Host;
pub use pallet::*;
#[cfg(feature = "runtime-benchmarks")]
pub use types::BenchmarkHelper;
pub use types::{
	Approval, AssetPolicy, AssetTotals, Bond, BondOf, Chunk, Counts, GenesisNetwork, Listing, Maintenance,
	Operator, OperatorStatus, ServiceOf, TermsInput,
};
pub use weights::WeightInfo;

const LOG_TARGET: &str = "runtime::operators";

/// How far ahead maintenance can be announced, in windows: the one announcement that a service may have open
/// must not block it for good.
pub const MAX_NOTICE_WINDOWS: u32 = 30;

// What the macros make of the declarations below says `expect`, and a listing has many parts.
#[allow(clippy::expect_used, clippy::too_many_arguments)]
#[frame::pallet]
pub mod pallet {
	use super::*;
	use crate::types::{Changes, NewService};
	use surety_primitives::{Agreements, Clock, Probing};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// The overarching hold reason.
		type RuntimeHoldReason: From<HoldReason> + Copy;

		/// The chain's clock.
		type Clock: Clock;

		/// The pages of probed services.
		type Probing: Probing;

		/// The agreements on services.
		type Agreements: Agreements;

		/// Holds and transfers of every asset.
		type Funds: surety_primitives::Funds<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// Who sets networks, approves assets and denies hosts.
		type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Which assets governance may approve.
		type AssetPolicy: AssetPolicy;

		/// Where penalties go.
		type Treasury: Get<Self::AccountId>;

		/// Planck that an operator must have bonded.
		type MinBond: Get<Balance>;

		/// Blocks from unbonding to withdrawing.
		type UnbondingPeriod: Get<BlockNumber>;

		/// Planck on hold for each listing.
		type ServiceDeposit: Get<Balance>;

		/// Listings that one host may carry. Does not hold where private endpoints are allowed.
		type MaxPerHost: Get<u32>;

		/// Share of a window's rounds that one announced maintenance may take.
		type MaxMaintenanceShare: Get<Perbill>;

		/// Most services of one operator. DO NOT REDUCE: what is stored must still decode.
		#[pallet::constant]
		type MaxServicesPerOperator: Get<u32>;

		/// Most unbonding chunks per operator and asset. DO NOT REDUCE: what is stored must still decode.
		#[pallet::constant]
		type MaxUnbondingChunks: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;

		/// Helps the benchmarks to tokens.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
	}

	/// Why tokens of an operator are on hold.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Bond: active, or unbonding and not yet withdrawn.
		#[codec(index = 0)]
		Bond,
		/// Deposits of listed services.
		#[codec(index = 1)]
		ServiceDeposit,
	}

	/// Registered operators.
	#[pallet::storage]
	pub type Operators<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Operator>;

	/// Bond per operator and asset, without an entry where there is nothing.
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
	pub type SlashedOf<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, AssetId, Balance, ValueQuery>;

	/// Listed services.
	#[pallet::storage]
	pub type Services<T: Config> = StorageMap<_, Twox64Concat, ServiceId, Service<T::AccountId>>;

	/// Deposit and announcements of listed services.
	#[pallet::storage]
	pub type Listings<T: Config> = StorageMap<_, Twox64Concat, ServiceId, Listing>;

	/// Base units of the operator's bond that a service reserves.
	#[pallet::storage]
	pub type Exposures<T: Config> = StorageMap<_, Twox64Concat, ServiceId, Balance, ValueQuery>;

	/// Services of an operator, in the order in which they were listed.
	#[pallet::storage]
	pub type ServicesOf<T: Config> = StorageMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		BoundedVec<ServiceId, T::MaxServicesPerOperator>,
		ValueQuery,
	>;

	/// Identifier of the next listing. Never falls.
	#[pallet::storage]
	pub type NextServiceId<T: Config> = StorageValue<_, ServiceId, ValueQuery>;

	/// Networks that `Rpc` services serve.
	#[pallet::storage]
	pub type Networks<T: Config> = StorageMap<_, Twox64Concat, NetworkId, Network>;

	/// Network by its name.
	#[pallet::storage]
	pub type NetworkByName<T: Config> = StorageMap<_, Blake2_128Concat, Name, NetworkId>;

	/// Services that serve a network.
	#[pallet::storage]
	pub type NetworkUse<T: Config> = StorageMap<_, Twox64Concat, NetworkId, u32, ValueQuery>;

	/// Identifier of the next network. Never falls.
	#[pallet::storage]
	pub type NextNetworkId<T: Config> = StorageValue<_, NetworkId, ValueQuery>;

	/// Assets beside the native token that governance approved at some time.
	#[pallet::storage]
	pub type Approvals<T: Config> = StorageMap<_, Twox64Concat, u32, Approval>;

	/// Services per host of their endpoint.
	#[pallet::storage]
	pub type Hosts<T: Config> = StorageMap<_, Blake2_128Concat, Host, u32, ValueQuery>;

	/// Hosts that no endpoint may be on, nor on a name below them.
	#[pallet::storage]
	pub type DeniedHosts<T: Config> = StorageMap<_, Blake2_128Concat, Host, ()>;

	/// What all operators together have, per asset.
	#[pallet::storage]
	pub type Totals<T: Config> = StorageMap<_, Twox64Concat, AssetId, AssetTotals, ValueQuery>;

	/// How many operators and services there are.
	#[pallet::storage]
	pub type Count<T: Config> = StorageValue<_, Counts, ValueQuery>;

	/// Networks and approved assets of a new chain.
	#[pallet::genesis_config]
	#[derive(DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Networks, numbered from 0.
		pub networks: Vec<GenesisNetwork>,
		/// Approved assets and the base units that an operator must have bonded in each.
		pub assets: Vec<(u32, Balance)>,
		#[serde(skip)]
		#[allow(missing_docs)]
		pub _config: PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for network in &self.networks {
				assert!(Pallet::<T>::genesis_network(network).is_ok(), "bad network {}", network.name);
			}
			for (asset, min_bond) in &self.assets {
				assert!(Pallet::<T>::do_approve_asset(*asset, *min_bond).is_ok(), "bad asset {asset}");
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account registered as operator with a first bond in planck.
		OperatorRegistered { operator: T::AccountId, bond: Balance },
		/// An operator changed its display name and contact.
		IdentitySet { operator: T::AccountId },
		/// An operator takes no new units and lists nothing until it activates itself.
		OperatorDeactivated { operator: T::AccountId },
		/// An operator is active again.
		OperatorActivated { operator: T::AccountId },
		/// An operator is about to leave: it is gone once its last bond is withdrawn.
		OperatorRetiring { operator: T::AccountId },
		/// An operator left: nothing of it is on hold any more.
		OperatorLeft { operator: T::AccountId },
		/// Base units of an asset went on hold as active bond.
		Bonded { operator: T::AccountId, asset: AssetId, amount: Balance },
		/// Base units of active bond can be withdrawn from block `unlock_at` on. Slashable until then.
		Unbonded { operator: T::AccountId, asset: AssetId, amount: Balance, unlock_at: BlockNumber },
		/// Unbonded base units went back to the operator's free balance.
		Withdrawn { operator: T::AccountId, asset: AssetId, amount: Balance },
		/// Bond was taken for a service: `credit` base units for its tenants and `penalty` for the treasury.
		/// `unpaid` is what was asked for beyond that and the bond did not have or could not deliver.
		BondSlashed {
			operator: T::AccountId,
			service: ServiceId,
			asset: AssetId,
			credit: Balance,
			penalty: Balance,
			unpaid: Balance,
		},
		/// A service was listed. Answers above `max_latency_us` microseconds count as slow: what the terms
		/// asked for, rounded up to the edge of a latency bucket.
		ServiceListed {
			service: ServiceId,
			operator: T::AccountId,
			status: ServiceStatus,
			max_latency_us: u64,
		},
		/// The listing changed; capacity in units and price per unit and billable block as they are now. The
		/// price holds for new agreements only.
		ServiceUpdated { service: ServiceId, capacity: u32, price: Balance },
		/// The endpoint of a service changed. `Unproven` if control of the new host must be proven first.
		EndpointChanged { service: ServiceId, status: ServiceStatus },
		/// The most that one unit can ever be credited rose to `cap` base units.
		CreditCapRaised { service: ServiceId, cap: Balance },
		/// The probers read the operator's proof of control: the service is active.
		ServiceProven { service: ServiceId },
		/// A service takes no new units until it is resumed. Probing and agreements go on.
		ServicePaused { service: ServiceId },
		/// A service takes new units again.
		ServiceResumed { service: ServiceId },
		/// A service ends: round `at` is the last one billed and judged. `for_cause` if it was terminated
		/// because its credits reached the cap, else it was retired.
		ServiceEnding { service: ServiceId, at: RoundIndex, for_cause: bool },
		/// A service is gone and its deposit in planck went back to the operator.
		ServiceRemoved { service: ServiceId, operator: T::AccountId, deposit: Balance },
		/// Rounds `from .. from + rounds` are announced maintenance: being down then counts for nothing and
		/// is not billed.
		MaintenanceAnnounced { service: ServiceId, from: RoundIndex, rounds: u16 },
		/// A network was created or changed.
		NetworkSet { network: NetworkId, name: Name },
		/// A network is gone.
		NetworkRemoved { network: NetworkId },
		/// Services may be listed in an asset; selling units takes a bond of `min_bond` base units in it.
		AssetApproved { asset: u32, min_bond: Balance },
		/// No more services may be listed in an asset. What is listed goes on.
		AssetRevoked { asset: u32 },
		/// No endpoint may be listed on a host or on a name below it. What is listed stays.
		HostDenied { host: Host },
		/// Endpoints may be listed on a host again.
		HostAllowed { host: Host },
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
		/// A name, contact, model or metadata URI is not UTF-8, has control characters in it, or is a name
		/// and empty.
		BadText,
		/// An amount is zero.
		ZeroAmount,
		/// The bond is below the minimum: the operator's in the native token, or the one in the service's
		/// asset. The view function `min_bond` says how much it takes. With services listed, the native bond
		/// can not be unbonded below it either.
		BondBelowMinimum,
		/// More than the active bond that nothing reserves, or a slash left less active bond than is reserved.
		/// The view functions `bond` says what is active and reserved.
		BondReserved,
		/// The active bond does not cover the exposure. The view functions `free_bond` and `coverable_units`
		/// say what is free and for how many units it is enough.
		InsufficientBond,
		/// Too many unbonding chunks: withdraw those that are due, or wait for them.
		TooManyChunks,
		/// Nothing to withdraw: no chunk, or none is due yet.
		NothingToWithdraw,
		/// There is no such service.
		UnknownService,
		/// The service belongs to another operator.
		NotOwner,
		/// The operator has as many services as it may have.
		TooManyServices,
		/// All identifiers are used up.
		NoMoreIds,
		/// The service waits for proof of control: serve the signed file at the endpoint's host.
		ServiceUnproven,
		/// The service is paused.
		ServicePaused,
		/// The service is not paused.
		ServiceNotPaused,
		/// The service is retired or terminated.
		ServiceEnding,
		/// The service is not ending: call `retire_service` first.
		ServiceNotEnding,
		/// The last round of the service is not judged yet: that takes two rounds more.
		EndNotJudged,
		/// Units of the service are sold: for removing it, its agreements must be closed and paid first; for
		/// moving its endpoint where control must be proven, they must be closed.
		UnitsSold,
		/// The update names nothing to change.
		NothingToUpdate,
		/// The endpoint does not begin with `http://` or `https://` (lower case).
		EndpointNotHttp,
		/// The endpoint has a space, a backslash, or anything but printable ASCII in it.
		EndpointCharacters,
		/// The endpoint has a user name or password in it, which everybody could read.
		EndpointHasCredentials,
		/// The endpoint has a query string.
		EndpointHasQuery,
		/// The endpoint has a fragment.
		EndpointHasFragment,
		/// The host is missing or malformed, or is an IP address in an unusual notation.
		EndpointHost,
		/// The port of the endpoint is not a number from 1 to 65535.
		EndpointPort,
		/// The host is a loopback, private or otherwise not public address or name, which this chain refuses.
		EndpointPrivate,
		/// Governance denied the host or a name above it.
		HostDenied,
		/// The host is not denied.
		HostNotDenied,
		/// The host carries as many listings as it may carry.
		HostFull,
		/// The region is not two capital letters (ISO 3166-1 alpha-2).
		BadRegion,
		/// The capacity is zero units.
		ZeroCapacity,
		/// The capacity is below the units already sold.
		CapacityBelowSold,
		/// The price is zero.
		ZeroPrice,
		/// Price x capacity x blocks of a window is more than a balance can be.
		PriceOverflow,
		/// The latency of the terms is not from 1 to 55,108 ms.
		TermsLatency,
		/// The credits of the terms fall from a milder to a graver breach.
		TermsCreditsFall,
		/// A credit of the terms is above the credit cap.
		TermsCreditAboveCap,
		/// The credit cap is zero.
		TermsZeroCap,
		/// Twice the credit cap x capacity is more than a balance can be.
		CreditOverflow,
		/// The credit cap may only rise.
		CapMayOnlyRise,
		/// Maintenance of zero rounds.
		ZeroRounds,
		/// Maintenance must be announced one window ahead.
		MaintenanceTooSoon,
		/// Maintenance is announced more than 30 windows ahead.
		MaintenanceTooFar,
		/// Maintenance takes more than the allowed share of a window.
		MaintenanceTooLong,
		/// The maintenance announced before is not over and judged yet.
		MaintenanceAnnounced,
		/// There is no such network.
		UnknownNetwork,
		/// Another network has this name.
		NetworkNameTaken,
		/// The name of a network must be 1 to 64 of `a-z`, `0-9` and `-`.
		NetworkName,
		/// Services use the network.
		NetworkInUse,
		/// The network of this chain itself speaks Substrate.
		NetworkOwnProtocol,
		/// The same anchor twice: two must agree, so they must be two.
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
			Self::do_integrity_test();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// An operator, until it leaves.
		pub fn operator(who: T::AccountId) -> Option<Operator> {
			Operators::<T>::get(who)
		}

		/// The bond of an operator in an asset: active, reserved, and on its way out.
		pub fn bond(who: T::AccountId, asset: AssetId) -> BondOf<T> {
			Bonds::<T>::get(who, asset)
		}

		/// Base units of bond that selling units in an asset takes; `None` if it was never approved. In the
		/// native token: that every operator needs.
		pub fn min_bond(asset: AssetId) -> Option<Balance> {
			Self::minimum_bond(asset)
		}

		/// Base units of active bond in the service's asset that nothing reserves.
		pub fn free_bond(service: ServiceId) -> Balance {
			<Self as Bonding<T::AccountId>>::free_bond(service)
		}

		/// For how many more units the free bond is enough if each takes `exposure_per_unit` base units
		/// ((cap - index) x (1 + penalty share), rounded up), within the capacity left.
		pub fn coverable_units(service: ServiceId, exposure_per_unit: Balance) -> u32 {
			Self::units_covered(service, exposure_per_unit)
		}

		/// Services of an operator, in the order in which they were listed.
		pub fn services_of(who: T::AccountId) -> Vec<ServiceId> {
			ServicesOf::<T>::get(who).into_inner()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Register as operator with a first bond in the native token.
		///
		/// - `bond`: planck, at least the minimum bond; on hold and slashable until withdrawn.
		/// - `name`: display name, UTF-8.
		/// - `contact`: how to reach you, UTF-8; may be empty.
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

		/// Put more base units of an asset on hold as active bond; also the first bond in an approved asset.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::bond_more())]
		pub fn bond_more(
			origin: OriginFor<T>,
			asset: AssetId,
			#[pallet::compact] amount: Balance,
		) -> DispatchResult {
			Self::do_bond_more(ensure_signed(origin)?, asset, amount)
		}

		/// Start to take base units out of the active bond. They can be withdrawn after the unbonding period
		/// and stay slashable until then. What services reserve stays.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::unbond())]
		pub fn unbond(
			origin: OriginFor<T>,
			asset: AssetId,
			#[pallet::compact] amount: Balance,
		) -> DispatchResult {
			Self::do_unbond(ensure_signed(origin)?, asset, amount)
		}

		/// Take back everything in an asset whose unbonding period is over. A retiring operator is gone with
		/// its last bond.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::withdraw_unbonded())]
		pub fn withdraw_unbonded(origin: OriginFor<T>, asset: AssetId) -> DispatchResult {
			Self::do_withdraw_unbonded(ensure_signed(origin)?, asset)
		}

		/// Take no new units and list nothing, until `activate`. Agreements and probing go on.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::deactivate())]
		pub fn deactivate(origin: OriginFor<T>) -> DispatchResult {
			Self::do_deactivate(ensure_signed(origin)?)
		}

		/// Be active again, also instead of retiring. Takes the minimum bond in the native token.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::activate())]
		pub fn activate(origin: OriginFor<T>) -> DispatchResult {
			Self::do_activate(ensure_signed(origin)?)
		}

		/// Leave: all services must be removed first. The operator is gone once its bonds are unbonded and
		/// withdrawn, at once if they are.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::retire())]
		pub fn retire(origin: OriginFor<T>) -> DispatchResult {
			Self::do_retire(ensure_signed(origin)?)
		}

		/// Change display name and contact.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::set_identity())]
		pub fn set_identity(origin: OriginFor<T>, name: Name, contact: Uri) -> DispatchResult {
			Self::do_set_identity(ensure_signed(origin)?, name, contact)
		}

		/// List a service. Takes a deposit in the native token until it is removed.
		///
		/// - `endpoint`: plain http(s) URL without credentials, query or fragment.
		/// - `region`: ISO 3166-1 alpha-2, two capital letters.
		/// - `capacity`: units that can be sold in all.
		/// - `price`: base units of `asset` per unit and billable block.
		/// - `asset`: in which price, deposits, bond, credits and exposure are.
		/// - `terms`: immutable, but the credit cap may rise. Other terms are another service.
		/// - `metadata_hash`, `metadata_uri`: a document about the service and where it is.
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
			let terms = Self::check_terms(terms)?;
			Self::do_list(
				operator,
				NewService {
					kind,
					endpoint,
					region,
					capacity,
					price,
					asset,
					terms,
					metadata_hash,
					metadata_uri,
				},
			)
		}

		/// Change a listing; what is `None` stays as it is. Kind, region, asset and terms can't change: list
		/// another service.
		///
		/// - `endpoint`: where control must be proven, one with another host, port or scheme is refused while
		///   units are sold, and must be proven again.
		/// - `capacity`: not below the units sold.
		/// - `price`: holds for new agreements.
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

		/// Raise the most that one unit can ever be credited, in base units. Takes free bond for the units
		/// that are sold. There is no way back.
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::raise_credit_cap())]
		pub fn raise_credit_cap(
			origin: OriginFor<T>,
			service: ServiceId,
			#[pallet::compact] cap: Balance,
		) -> DispatchResult {
			Self::do_raise_credit_cap(ensure_signed(origin)?, service, cap)
		}

		/// Take no new units for a service. Probing and agreements go on.
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::pause_service())]
		pub fn pause_service(origin: OriginFor<T>, service: ServiceId) -> DispatchResult {
			Self::do_pause(ensure_signed(origin)?, service)
		}

		/// Take new units for a paused service again.
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::resume_service())]
		pub fn resume_service(origin: OriginFor<T>, service: ServiceId) -> DispatchResult {
			Self::do_resume(ensure_signed(origin)?, service)
		}

		/// End a service: with notice of one window, or with this round if no units are sold. Until then it
		/// is probed, billed and judged. Calling it again once the units are gone ends it at once.
		/// Governance can retire any service.
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::retire_service())]
		pub fn retire_service(origin: OriginFor<T>, service: ServiceId) -> DispatchResult {
			let owner = match T::GovernanceOrigin::try_origin(origin) {
				Ok(_) => None,
				Err(origin) => Some(ensure_signed(origin)?),
			};
			Self::do_retire_service(owner, service)
		}

		/// Remove a service whose last round is judged and whose agreements are closed and paid. Anyone may
		/// call it; the deposit goes back to the operator.
		#[pallet::call_index(14)]
		#[pallet::weight(T::WeightInfo::remove_service())]
		pub fn remove_service(origin: OriginFor<T>, service: ServiceId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_remove_service(service)
		}

		/// Announce that a service may be down in rounds `from .. from + rounds`: such rounds are excused, so
		/// neither billed nor counted. At least one window ahead, for a bounded share of a window, one
		/// announcement at a time.
		#[pallet::call_index(15)]
		#[pallet::weight(T::WeightInfo::announce_maintenance())]
		pub fn announce_maintenance(
			origin: OriginFor<T>,
			service: ServiceId,
			from: RoundIndex,
			rounds: u16,
		) -> DispatchResult {
			Self::do_announce_maintenance(ensure_signed(origin)?, service, from, rounds)
		}

		/// Governance: create a network (`id` is `None`) or replace what is known of one.
		///
		/// - `name`: 1 to 64 of `a-z`, `0-9` and `-`, unique; as in the node's `--anchor NAME=URL`.
		/// - `own`: the network of this chain itself, judged by the probers' own state.
		/// - `anchors`: reference endpoints. Two agreeing ones, the probers' own included, judge answers.
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

		/// Governance: remove a network that no service uses.
		#[pallet::call_index(17)]
		#[pallet::weight(T::WeightInfo::remove_network())]
		pub fn remove_network(origin: OriginFor<T>, id: NetworkId) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_remove_network(id)
		}

		/// Governance: let services be listed in an asset, or change its minimum bond.
		///
		/// The asset must be sufficient, have a minimum balance, and no private owner, issuer, admin or freezer.
		///
		/// - `min_bond`: base units that an operator must have bonded to sell units in it.
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

		/// Governance: let no more services be listed in an asset. What is listed goes on.
		#[pallet::call_index(19)]
		#[pallet::weight(T::WeightInfo::revoke_asset())]
		pub fn revoke_asset(origin: OriginFor<T>, asset: u32) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_revoke_asset(asset)
		}

		/// Governance: let no endpoint be listed on a host or on a name below it. What is listed stays: see
		/// `retire_service`.
		#[pallet::call_index(20)]
		#[pallet::weight(T::WeightInfo::deny_host())]
		pub fn deny_host(origin: OriginFor<T>, host: Host) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_deny_host(host)
		}

		/// Governance: undo `deny_host`.
		#[pallet::call_index(21)]
		#[pallet::weight(T::WeightInfo::allow_host())]
		pub fn allow_host(origin: OriginFor<T>, host: Host) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_allow_host(host)
		}
	}
}

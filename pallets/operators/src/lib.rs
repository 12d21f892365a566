//! # Operators
//!
//! Registry of operators and their services: bond, exposure, networks and anchors.
//!
//! An **operator** is an account with a **bond**: tokens of its own account on hold, slashable. It lists
//! **services**; each names ONE **asset** in which price, deposit, bond, credit and exposure are counted.
//! The **exposure** of a service is the part of the bond reserved for what it may still owe its tenants.
//! `Compute` is sold by the **lease**: each is a service of its own under the operator's listing, and what a
//! bid may come to owe is **reserved** before there is a lease.
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
//! lease      list_lease -> Leased -> remove_lease            by the pallet of the orders, no call of this one
//!
//! bond       register, bond_more --> active --unbond--> chunk --withdraw_unbonded--> free balance
//!                                      |                  |
//!                                      +--1st--> slash <--+ 2nd, the newest chunk first
//!
//! bid        reserve -> reserved -> unreserve                the reserved part of the active bond
//!                          +-> forfeit                       to the treasury
//! ```
//!
//! Listing takes a deposit in the native token. Where the chain requires proof of control, a listing waits
//! as `Unproven` until the probers find its hash at the endpoint's host ([`Pallet::control_proof`]). They ask for
//! it again when an idle listing answers badly, and one whose proof is gone is unproven again.
//!
//! ## Limits that protect others
//!
//! - Sum of the exposures of an operator and asset (services, leases and what is reserved for bids) <= its
//!   active bond, whenever exposure is reserved or bond unbonded; withdrawing checks again. So a promised
//!   credit is always funded.
//! - Below the minimum bond no units are sold and nothing is listed.
//! - An endpoint is a plain http(s) URL on the public internet (unless the chain allows private
//!   ones), not on governance's deny list, and one host carries a bounded number of listings:
//!   nobody can aim the validators at a stranger. Unproven listings are counted per operator and
//!   host only, so nobody takes the places of whoever controls the host; those without a proof for
//!   a whole window have no place and are not probed. A lease is on the very server of its service,
//!   and that one does not move while its capacity is in use.
//! - Terms are immutable; only the cover may rise. The latency they promise is one that a prober
//!   waits for: a tenth of a round at most.
//!
//! ## Terms: a worked example
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
//! and no agreement is ever credited more in all than it has paid. Breaches of 30 windows together use
//! up the cover, and the service ends for cause. Until then the bond reserves for each unit what is
//! left of the cover and the penalty on it, with a penalty share of 10 % at first 475,200,000 base
//! units, and one window's rent of the slot.
//!
//! ## Reading
//!
//! The view functions of this pallet, `Registry`, `LeaseRegistry`, `Bonding` and `BondReserve` of
//! `surety_primitives` for other pallets, and the storage maps, which hold nothing but what their docs say.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod bond;
mod end;
mod errors;
mod events;
mod govern;
mod lease;
mod list;
#[cfg(test)]
mod mock;
mod read;
mod register;
mod reserve;
mod slash;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod update;
pub mod weights;

use alloc::vec::Vec;
use frame::prelude::*;
use frame_support::pallet_macros::import_section;
use surety_primitives::{
	AssetId, Balance, BlockNumber, Bonding, Endpoint, MAX_ANCHORS, Name, Network, NetworkId,
	Protocol, Region, RoundIndex, Service, ServiceId, ServiceKind, ServiceStatus, Uri, WindowShare,
	endpoint,
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

/// Target of what is logged.
const LOG: &str = "surety::operators";

/// How far ahead maintenance can be announced, in windows: the one announcement that a service may have open
/// must not block it for good.
pub const MAX_NOTICE_WINDOWS: u32 = 30;

// What the macros make of the declarations below says `expect`, and a listing has many parts.
#[allow(clippy::expect_used, clippy::too_many_arguments)]
#[import_section(errors::errors)]
#[import_section(events::events)]
#[frame::pallet]
pub mod pallet {
	use super::*;
	use crate::types::{Changes, NewService};
	use surety_primitives::{Agreements, Capacity, Clock, Probing};

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

		/// What `Compute` services have and how much of it is given away.
		type Capacity: Capacity;

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

		/// Most that terms may promise for one breach, in windows' prices.
		type MaxCredit: Get<WindowShare>;

		/// What [`Agreements::forget`] costs at most.
		type ForgetWeight: Get<Weight>;

		/// Blocks from unbonding to withdrawing.
		type UnbondingPeriod: Get<BlockNumber>;

		/// Planck on hold for each listing.
		type ServiceDeposit: Get<Balance>;

		/// Listings that one host may carry, without those whose control is yet to be proven. Does
		/// not hold where private endpoints are allowed. A host is an IPv4 address, an IPv6 address
		/// or a name as it is: names below one name are hosts of their own, as the chain cannot
		/// know which of them belong to one owner.
		type MaxPerHost: Get<u32>;

		/// Listings that an operator may have at one host without having proven its control. Does
		/// not hold where private endpoints are allowed.
		#[pallet::constant]
		type MaxUnprovenPerHost: Get<u32>;

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

	/// Deposit and announcements of listed services.
	#[pallet::storage]
	pub type Listings<T: Config> = StorageMap<_, Twox64Concat, ServiceId, Listing>;

	/// Services that leases are, from `LEASES_FROM` on: status `Leased`, one unit, without a deposit.
	#[pallet::storage]
	pub type LeaseServices<T: Config> =
		StorageMap<_, Twox64Concat, ServiceId, Service<T::AccountId>>;

	/// The last maintenance announced of a lease.
	#[pallet::storage]
	pub type LeaseMaintenance<T: Config> = StorageMap<_, Twox64Concat, ServiceId, Maintenance>;

	/// Base units of the operator's bond that a service or a lease reserves.
	#[pallet::storage]
	pub type Exposures<T: Config> = StorageMap<_, Twox64Concat, ServiceId, Balance, ValueQuery>;

	/// Base units of an operator's bond that are reserved for what is not a service yet: its bids. A part of
	/// the exposure of the bond.
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

	/// Services of an operator, in the order in which they were listed, without leases.
	#[pallet::storage]
	pub type ServicesOf<T: Config> = StorageMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		BoundedVec<ServiceId, T::MaxServicesPerOperator>,
		ValueQuery,
	>;

	/// Identifier of the next listing. Never falls, and never reaches those of leases.
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

	/// Listings per host of their endpoint that have a place among the proven ones. Leases have
	/// none: they are on the host of their service.
	#[pallet::storage]
	pub type Hosts<T: Config> = StorageMap<_, Blake2_128Concat, Host, u32, ValueQuery>;

	/// Listings per operator and host of their endpoint whose control is yet to be proven, without
	/// those that the probers gave up.
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
			match asset {
				AssetId::Native => Some(T::MinBond::get()),
				AssetId::Local(id) => Approvals::<T>::get(id).map(|approval| approval.min_bond),
			}
		}

		/// Base units of active bond in the service's asset that nothing reserves.
		pub fn free_bond(service: ServiceId) -> Balance {
			<Self as Bonding<T::AccountId>>::free_bond(service)
		}

		/// Hash that proves control of a service's endpoint. Serve it as 64 hexadecimal digits at
		/// `/.well-known/surety/<service>` of the endpoint's scheme, host and port. It changes with the
		/// endpoint. `None` if there is no such listing; a lease needs none.
		pub fn control_proof(service: ServiceId) -> Option<[u8; 32]> {
			let listing = Services::<T>::get(service)?;
			let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
			let operator = listing.operator.encode();
			Some(endpoint::control_hash(genesis.as_ref(), &operator, service, &listing.endpoint))
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
		/// - `endpoint`: plain http(s) URL without credentials, query or fragment, whose host is a name or
		///   an IPv4 address. In production its owner proves control by the file that `control_proof` names.
		/// - `region`: ISO 3166-1 alpha-2, two capital letters.
		/// - `capacity`: units that can be sold in all.
		/// - `price`: base units of `asset` per unit and billable block.
		/// - `asset`: in which price, deposits, bond, credits and exposure are.
		/// - `terms`: credits and cover are in parts of 1,000,000,000 of the price of one window,
		///   so 1,000,000,000 is one window's price and 30,000,000,000 are thirty. Immutable, but
		///   the cover may rise. Other terms are another service.
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
			let terms = terms.check::<T::Clock>(T::MaxCredit::get()).map_err(Self::terms_error)?;
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
		/// - `endpoint`: where control must be proven, one with another host, port or scheme is
		///   refused while units are sold, and must be proven again. Of a `Compute` service such a
		///   one is refused while bids or leases use its capacity, and what it had declared is
		///   forgotten. Probers that find no proof for a whole window stop asking for it, and the
		///   service gives its place at the host free: any endpoint given for an unproven service,
		///   also the one it has, takes a place and makes them ask again.
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

		/// Raise all that a service can ever credit. Takes free bond for the units that are sold.
		/// There is no way back.
		///
		/// - `cover`: in parts of 1,000,000,000 of the price of one window; above the present one.
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::raise_cover())]
		pub fn raise_cover(
			origin: OriginFor<T>,
			service: ServiceId,
			cover: WindowShare,
		) -> DispatchResult {
			Self::do_raise_cover(ensure_signed(origin)?, service, cover)
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

		/// Remove a service whose last round is judged, whose agreements are closed and paid, and whose capacity
		/// no bid or lease uses. Anyone may call it; the deposit goes back to the operator.
		#[pallet::call_index(14)]
		#[pallet::weight(T::WeightInfo::remove_service().saturating_add(T::ForgetWeight::get()))]
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

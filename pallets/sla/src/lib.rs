//! # Agreements, breaches, credits
//!
//! A tenant opens an *agreement* for units of a *service*: a stream of its funds that is paid by the
//! service's *meter*, and a claim on the operator's *bond*. When probing finds that the terms were not
//! kept, that is a *breach*: in the same block the credit is taken out of the bond and every agreement of
//! the service is credited, with nobody filing a claim and at a cost that does not depend on how many
//! agreements there are.
//!
//! ## Life of an agreement
//!
//! ```text
//!  open_agreement              the window turns              breach          close_agreement, notice,
//!   (round r, window w)      (w is judged: base fixed)         |             funds out, service ends
//!        |                              |                      |                      |
//!        v                              v                      v                      v
//!   Open, pending ----------------> Open, counts --------> index rises ------> Closing { round }
//!   billed from r + 1           credited from w + 1      pot owes units x rise   counts to the end
//!                                                              |                 of that round
//!                                                              v                      |
//!                         paid by: settle, claim, on_idle round robin                 v
//!                                                              ^         round judged: stream refunded,
//!                                                              |          credited for the last time
//!                                                              |                      |
//!                                                              +--- Closed { .. } <---+---> gone
//!                                                       while a credit cannot be delivered
//! ```
//!
//! Probing a service with units in every round costs all validators, so a slot must be worth it: the units of
//! an agreement cost at least `MinWindowShare` of the minimum bond per window, and a service that was dead for a
//! whole window (up in less than a tenth of the rounds that were measured) ends for cause: who is down pays no
//! fee, so it would hold its slot for nothing, and its tenants. `Compute` services are sold by lease only.
//!
//! ## The index
//!
//! A service has an *index*: what one unit has been credited so far, in base units. A breach raises it and
//! moves `active units x rise` from the bond to the pot of this pallet. An agreement is owed
//! `units x (index - base)`, where its base is the index after the window was judged in which it was
//! opened. So an agreement opened during an outage, or just before a window's edge, gets nothing of what
//! was already going wrong.
//!
//! A window's credits never exceed the window's price. Agreements keep the price they opened at, so units
//! are kept apart by price: a *tariff* per price (at most [`MAX_TARIFFS`]) has its own index and its own
//! limit. Were there one limit for all, the operator could lower everybody's by opening a cheap agreement
//! with itself. The index of the service is that of its highest tariff; a new price starts there.
//!
//! A rise is `min(demanded, cap - index, what is left of the window's price)`, where a severity demands
//! the difference of its credit to the tier paid before in this window and kind, times the multiplier for
//! repeated breaches. What it demands beyond the window's price goes to the treasury, as far as bond
//! is free. At the cap the service is ended for cause.
//!
//! ## What an ending agreement is credited
//!
//! Outages on both sides of a window's edge are two windows' credits. A tenant that induced them and was gone
//! after a few rounds of the second window would get up to twice what it paid. Therefore:
//!
//! * A tenant that closes in a window in which its tariff was credited already stays to the end of that window.
//! * An agreement that ends by the tenant's doing (codes 1xxx: closed, funds out) is credited at the end, and
//!   for the window of its last round no more than the rounds of that window cost through that one.
//! * While the deposit does not last to the end of the window, no more of that window's credit is paid than the
//!   judged rounds of it cost. The rest follows as the window goes by, or at once with a top-up.
//!
//! Nothing is credited for rounds after the last one, however late the end is carried out: once that round is
//! judged, settling waits for the end. What was set aside and is not due becomes carry.
//!
//! ## Leases
//!
//! A lease is a service of its own with one unit, opened and ended by the owner of the lease, who owns its
//! stream too ([`LeaseAgreements`](surety_primitives::LeaseAgreements)). Its agreement is credited like any
//! other, but since it may end in any round, the credit of a window is always paid as the window goes by; the
//! limit above holds if it is closed by the tenant, expires, or runs out of funds. At the cap of a lease its
//! owner is told, and ends it.
//!
//! ## The pot
//!
//! Per asset: `balance >= set aside for agreements + carry + reserve`. The carry is what was taken from a bond
//! and does not divide by the units, or was not due to agreements that ended; it pays the next credits of the
//! service first. The reserve is one minimum balance that keeps the account alive, paid by the first tenant of
//! an asset if nobody endowed the account.
//!
//! A payment that cannot be delivered (a blocked account, an amount below the minimum balance of an account
//! that is gone) stays claimable for good and never stops the payments of others.
//!
//! ## Who calls what
//!
//! Probing calls [`Judge`](surety_primitives::Judge) in its second sweep, the registry asks
//! [`Agreements`](surety_primitives::Agreements), and escrow tells
//! [`OnEscrowEnd`](surety_primitives::OnEscrowEnd); those of replicas are ignored here and come through
//! `LeaseAgreements`. None of what they tell can fail here. The end of every agreement is told to reputation.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod credit;
mod end;
mod errors;
mod events;
mod judge;
mod leases;
#[cfg(test)]
mod mock;
mod open;
mod read;
mod sweep;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

use frame::prelude::*;
use frame_support::{PalletId, pallet_macros::import_section};
use surety_primitives::{
	AgreementId, AssetId, Balance, Bonding, Clock, CloseReason, Escrow, Funds, Meter, OnLease, Probing,
	Registry, ReputationSink, RoundIndex, ServiceId, WindowIndex,
};

/// Account that holds the credits between the breach and the tenant.
pub const POT: PalletId = PalletId(*b"surety/p");
/// Most prices at which a service has units at the same time.
pub const MAX_TARIFFS: u32 = 8;
/// Most windows that are open at the same time because their rounds are not all judged. Verdicts come
/// two rounds late, so a window of one round has up to four.
pub const MAX_PENDING: u32 = 4;
/// A last verdict older than this many rounds says nothing of a service that is probed every round.
pub const FRESH_ROUNDS: u32 = 4;

// The storage macros look up the pallet's own name with `expect`.
#[allow(clippy::expect_used)]
#[import_section(errors::errors)]
#[import_section(events::events)]
#[frame::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// Blocks, rounds and windows.
		type Clock: Clock;

		/// Services and their terms.
		type Registry: Registry<Self::AccountId>;

		/// The operators' bonds, which credits and penalties are taken from.
		type Bonding: Bonding<Self::AccountId>;

		/// The pages of probed services, and their meters.
		type Probing: Probing + Meter;

		/// The tenants' streams.
		type Escrow: Escrow<Self::AccountId>;

		/// Learns of every breach, and of every agreement that is over.
		type Reputation: ReputationSink<Self::AccountId>;

		/// The owner of the leases, who is told when one reaches its cap.
		type Leases: OnLease;

		/// Balances of the pot and of the tenants.
		type Funds: Funds<Self::AccountId>;

		/// Penalty to the treasury as a share of every credit.
		type PenaltyShare: Get<Perbill>;

		/// Windows back from a window whose breaches multiply its credits, at most 64.
		type EscalationWindows: Get<u32>;

		/// Highest multiplier of credits for repeated breaches, at least 1.
		type MaxMultiplier: Get<u8>;

		/// Windows of notice that an operator gives to close an agreement.
		type NoticeWindows: Get<u32>;

		/// Breaches that are remembered of a service; older ones are forgotten.
		#[pallet::constant]
		type MaxBreaches: Get<u32>;

		/// Most agreements that are settled in `on_idle` of one block.
		#[pallet::constant]
		type SettlePerBlock: Get<u32>;

		/// Weights.
		type WeightInfo: WeightInfo;

		/// Prepares the world for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: benchmarking::BenchmarkHelper<Self::AccountId>;
	}

	/// All agreements that are not over, and those closed ones whose credit could not be delivered.
	#[pallet::storage]
	pub type Agreements<T: Config> =
		StorageMap<_, Blake2_128Concat, AgreementId, Agreement<T::AccountId>, OptionQuery>;

	/// Id of the next agreement.
	#[pallet::storage]
	pub type NextAgreement<T: Config> = StorageValue<_, AgreementId, ValueQuery>;

	/// The agreements of a tenant.
	#[pallet::storage]
	pub type ByTenant<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Blake2_128Concat, AgreementId, (), OptionQuery>;

	/// Units, index and history of every service that ever had an agreement.
	#[pallet::storage]
	pub type Services<T: Config> = StorageMap<_, Blake2_128Concat, ServiceId, ServiceState, OptionQuery>;

	/// Service, window, price: the index from which the units count that were opened in that window at
	/// that price. Only where there are such, and only until all of them have read it.
	#[pallet::storage]
	pub type WindowBase<T: Config> = StorageNMap<
		_,
		(
			NMapKey<Blake2_128Concat, ServiceId>,
			NMapKey<Twox64Concat, WindowIndex>,
			NMapKey<Blake2_128Concat, Balance>,
		),
		WindowStart,
		OptionQuery,
	>;

	/// Breaches of a service by number, the last `MaxBreaches` of them.
	#[pallet::storage]
	pub type Breaches<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, ServiceId, Twox64Concat, u32, Breach, OptionQuery>;

	/// What the pot holds, per asset.
	#[pallet::storage]
	pub type Pots<T: Config> = StorageMap<_, Blake2_128Concat, AssetId, Pot, ValueQuery>;

	/// Agreement that `on_idle` settled last; `None` at the start of a turn.
	#[pallet::storage]
	pub type Cursor<T: Config> = StorageValue<_, AgreementId, OptionQuery>;

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			Self::settle_some(remaining)
		}

		fn integrity_test() {
			assert!(T::EscalationWindows::get() <= u64::BITS, "only 64 windows are remembered");
			assert!(T::MaxMultiplier::get() >= 1, "a multiplier below 1 would cancel credits");
			assert!(T::MaxBreaches::get() >= 1, "no history");
			assert!(T::NoticeWindows::get() >= 1, "an operator could end an agreement at once");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Open an agreement for `units` of a service.
		///
		/// `max_price` is the most that a unit may cost per block, in base units: the price you saw, since the
		/// operator may change it before this is in a block.
		///
		/// `deposit` goes on hold in the service's asset and must be at least the price of one window
		/// (units x price x blocks of a window) plus the asset's minimum balance. All of it is paid out by
		/// the meter, so rounds in which the service was down cost nothing. But if you close the agreement
		/// yourself, you pay at least the price of one window; if the operator or the network ends it, what the
		/// meter did not earn is refunded. A service that is dead for a whole window is ended by the network.
		///
		/// The units must cost at least `MinWindowShare` of the minimum bond of the asset per window, or they
		/// are not worth the probing. `Compute` is not sold this way but by lease.
		///
		/// The service must take new units and its last verdict must be `Up`. For a service with units
		/// that verdict is at most 4 rounds old; an idle service is probed in turns, so its last verdict
		/// may be older. `min_cover` is the least that one unit must still be able to get in credits
		/// (cap - index), in base units; give 0 to take any.
		///
		/// The first agreement ever in an asset also pays one minimum balance to the account that holds
		/// the credits, if that has none yet.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::open_agreement())]
		pub fn open_agreement(
			origin: OriginFor<T>,
			service: ServiceId,
			units: u32,
			max_price: Balance,
			deposit: Balance,
			min_cover: Balance,
		) -> DispatchResult {
			let tenant = ensure_signed(origin)?;
			Self::do_open(tenant, service, units, max_price, deposit, min_cover)
		}

		/// Add `amount` to the deposit of one's own agreement, in base units of its asset. Refused once the
		/// agreement is ending, and for a lease, whose order is topped up instead.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::top_up())]
		pub fn top_up(origin: OriginFor<T>, agreement: AgreementId, amount: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_top_up(who, agreement, amount)
		}

		/// Pay what an agreement owes now, both ways: what is due to the operator by the meter, and the
		/// credit that is owed to the tenant. Ends the agreement if its service has ended. Anyone may ask,
		/// as often as they like: amounts do not depend on it. While the deposit does not last to the end of the
		/// window, the credit of that window is paid as the window goes by. Credit of an agreement that the
		/// tenant closed or let run out, or whose last round is judged, is paid at its end.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::settle())]
		pub fn settle(origin: OriginFor<T>, agreement: AgreementId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_settle(agreement)
		}

		/// Close an agreement. As its tenant: with the current round, or with the last round of the current
		/// window if that window was credited already; the event `AgreementEnding` says which. As the operator of
		/// its service: one window of notice. It is billed and credited to the end of its last round, and the
		/// rest of the deposit is refunded once that round is judged.
		///
		/// A tenant who closes pays at least the price of one window in all. It is credited at the end, for its
		/// last window no more than the rounds of that window cost through the last one (price x blocks); the
		/// same holds if the deposit runs out. The agreement of a lease is closed with the lease.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::close_agreement())]
		pub fn close_agreement(origin: OriginFor<T>, agreement: AgreementId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_close(who, agreement)
		}

		/// Pay the credit that is owed to the tenant of an agreement, also after it closed. Unlike `settle`
		/// this says why if the payment cannot be delivered, or waits for the end. Anyone may ask.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::claim())]
		pub fn claim(origin: OriginFor<T>, agreement: AgreementId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_claim(agreement)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// An agreement with the credit it is owed and its stream.
		pub fn agreement(id: AgreementId) -> Option<AgreementStatus<T::AccountId>> {
			Self::read_agreement(id)
		}

		/// Credit that an agreement is owed and was not paid yet, in base units: while it runs, what can be paid
		/// now; once it is ending, what it gets at its end by what is judged so far. `None` if there is no such
		/// agreement.
		pub fn owed_credit(id: AgreementId) -> Option<Balance> {
			Some(Self::owed(&Agreements::<T>::get(id)?))
		}

		/// Units, index, cover, exposure and what is left to sell of a service.
		pub fn service_status(service: ServiceId) -> Option<ServiceView> {
			Self::read_service(service)
		}

		/// Breaches of a service, oldest first, from the one after number `start_after` on (`None`: from the
		/// oldest that is remembered), at most `limit` and 128 of them.
		pub fn breach_history(service: ServiceId, start_after: Option<u32>, limit: u32) -> BreachPage {
			Self::read_breaches(service, start_after, limit)
		}

		/// Agreements of a tenant in no particular order, those after `start_after` (`None`: from the
		/// start), at most `limit` and 128 of them.
		pub fn agreements_of(
			tenant: T::AccountId,
			start_after: Option<AgreementId>,
			limit: u32,
		) -> AgreementPage {
			Self::read_agreements_of(tenant, start_after, limit)
		}
	}
}

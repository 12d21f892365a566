// SPDX-License-Identifier: Apache-2.0

//! # Agreements pallet
//!
//! Service agreements that enforce themselves. A tenant opens an agreement for units of a service:
//! a stream of its funds that is paid by the meter of the service, and a claim on the bond of the
//! operator. When probing finds that the terms were not kept, the credit is taken out of the bond
//! in the same block and all agreements of the service are credited. Nobody files a claim, and the
//! work does not depend on the number of agreements.
//!
//! ## Terminology
//!
//! - **Target**: listed service, or lease that runs. Both are probed and credited alike.
//! - **Agreement**: subscription of a tenant to a target, for a number of units.
//! - **Rate**: base units that an agreement pays per billable block: price times units.
//! - **Window's price**: rate times the blocks of a window. Credits are shares of it.
//! - **Pending, counting**: an agreement is pending through the window in which it was opened, and
//!   counts from the next one on. Breaches credit the agreements that count.
//! - **Index**: sum of the credits of a target so far, in windows' prices.
//! - **Cover**: highest index that the terms allow.
//! - **Base**: index from which an agreement is credited.
//! - **Promised credit**: window's price times (index - base), rounded down.
//! - **Owed credit**: part of the promised credit that is due and not delivered. In all at most the
//!   sum that the agreement has paid.
//! - **Pot**: account that holds credits between the breach and the tenant.
//! - **Spare**: promised credit of an ended agreement that it may not have.
//! - **Slot**: row that is probed in every round because the target has units.
//! - **Rent**: price of a slot per window.
//! - **Tier**: severity of a breach; a counter of bad rounds reaches tiers in order.
//! - **Rules**: parameters of the moment in which a window begins.
//! - **Ended for cause**: ended for the operator's doing: the cover is used up, or the target was
//!   up in less than half of the measured rounds of a window.
//!
//! ## Life cycle
//!
//! ```text
//!  open_agreement              window w is judged          breach         close_agreement, notice,
//!  (round r, window w)            (base fixed)                |           funds out, target ends
//!        |                              |                     |                      |
//!        v                              v                     v                      v
//!  Open, pending ----------------> Open, counts --------> index rises ------> Open, end decided
//!  billed from r + 1           credited from w + 1     pot gets the credit    billed and credited
//!                                                             |               to the last round
//!                                                             v                      |
//!                                        paid by: settle, claim, on_idle             v
//!                                                             ^        last round judged: deposit
//!                                                             |     refunded, credited a last time
//!                                                             |                      |
//!                                                             +--- Closed { .. } <---+---> removed
//!                                                       while a credit cannot be delivered
//! ```
//!
//! `Compute` services are sold by lease only. The agreement behind a lease is opened and closed by
//! the `compute-orders` pallet, which owns the stream of the lease too
//! ([`LeaseAgreements`](surety_primitives::LeaseAgreements)). It is credited like any other.
//!
//! **Index.** A breach raises the index of its target by
//!
//! ```text
//! rise = min((credit of the severity - credit of the tier before) x multiplier, cover - index)
//! ```
//!
//! and moves `ceil(rate x blocks of a window x rise)` from the bond to the pot, where `rate` sums
//! the agreements that count. The base of an agreement is the index after the window was judged in
//! which it was opened. So an agreement that is opened during an outage, or just before the edge
//! of a window, gets nothing of an outage that had begun. At the cover the target ends for cause.
//!
//! **Credited at most paid.** No agreement is credited more than it has paid, at any moment.
//! Whatever the terms, nobody gains by an outage that it bought, faked or induced. Credit beyond
//! the sum paid stays promised and becomes due as the agreement pays. The rest at the end of the
//! agreement is spare, and goes to the treasury when a window of the target is judged.
//!
//! **Rent.** The first units of a target take a slot. Its rent per window follows from the
//! occupancy when the slot is taken, or at the start of a later window if the occupancy is lower
//! then ([`surety_primitives::rent`]). Rent is owed for every round in which the slot is held,
//! whatever the verdicts. The platform's fees on the least rate that was sold through the window
//! count towards it; the rest is taken from the bond and goes to the probers' pot. The first
//! agreement of a service must cost at least its rent, so that nobody fills the slots at the cost
//! of the operators.
//!
//! The rents of [`RENTS_RESERVED`] windows are reserved with the exposure, and another one when a
//! window is judged. [`Event::RentShort`] warns of a bond that cannot do that. A window later, with
//! only the rent of the current window reserved, the target ends with that window.
//!
//! **Delivery.** A payment that cannot be delivered (a blocked account, an amount below the minimum
//! balance of an account that is gone) stays claimable for good and never stops other payments.
//!
//! ## Example
//!
//! A development chain has 12 rounds of 5 blocks to a window. A service costs 10 base units per
//! unit and block, so 600 per unit and window. It promises an uptime of 90 % (one bad round per
//! window is allowed), credits of 10, 20, 50 and 100 % of a window's price, and a cover of 4.
//!
//! 1. A tenant opens an agreement for 2 units in window 2: its rate is 20, its window's price
//!    1,200. The exposure of the service rises by `1,200 x 4`, and a tenth of it for the penalty:
//!    5,280.
//! 2. Window 2 is judged: the base of the agreement is the index, 0.
//! 3. The second round of window 3 in which the service is down reaches the tier `Low`. The index
//!    rises to 0.1, 120 move from the bond to the pot and 12 to the treasury. The agreement is
//!    owed 120, provided that it has paid as much.
//! 4. The third such round reaches the tier `Medium`, which credits 20 %. Of that, 10 % are
//!    credited already: the index rises to 0.2, and another 120 move.
//! 5. In window 4 the multiplier is 2, because a window before it had a breach. The tier `Low`
//!    raises the index by 0.2.
//!
//! ## Assumptions
//!
//! - `probes` calls [`OnJudged`](surety_primitives::OnJudged) inside its mandatory sweep, in the
//!   order of rounds, and carries out the ends that it returns.
//! - `operators` calls [`Agreements`](surety_primitives::Agreements), `compute-orders`
//!   [`LeaseAgreements`](surety_primitives::LeaseAgreements), and `escrow`
//!   [`OnStreamEnd`](surety_primitives::OnStreamEnd). Methods that hooks call are constant work and
//!   cannot fail.
//! - `escrow` alone decides and remembers the end of a stream; this pallet asks for it.
//! - No order of hooks is relied on. Before `on_initialize` of the first block of a window, its
//!   rules read as the current parameters, which are the ones that the hook stores.
//!
//! Invariants, as [`Pallet::do_try_state`] checks them:
//!
//! 1. The balance of the pot covers owed, spare and reserve, in every asset that is in use.
//! 2. The pot owes the amounts that are set aside for targets or claimable, and its spare is that
//!    of the targets. The amount set aside for a target covers the promised credit of its
//!    agreements that they were not credited yet.
//! 3. Units and rates of a target are the sums over its agreements, by window. A target with units
//!    has a slot, and no other does.
//! 4. Every base of a closed window has exactly the agreements that have yet to read it.
//! 5. No index is above the cover, no base above the index, and no agreement is credited more than
//!    it has paid.
//! 6. All credit that agreements may still get is reserved, and so are the rents.
//! 7. The list of a tenant names exactly its agreements, and that of a target exactly those that
//!    are not closed. A closed agreement has a claim, and ids are below the next one.
//! 8. The agreement of a lease is one unit.
//! 9. A target has its last [`Config::MaxBreaches`] breaches and no others.
//! 10. A target with state is listed.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

use frame::prelude::*;
use surety_primitives::{
	AgreementId, AssetId, Balance, Bonding, Clock, CloseReason, Funds, Meter, OnAgreementEnd,
	Registry, ReputationSink, RoundIndex, ServiceId, Slots, Streams, Target, WindowIndex,
	WindowShare,
};

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod impls;
mod judging;
mod lifecycle;
#[cfg(test)]
mod mock;
mod payments;
mod rent;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod types;
pub mod weights;

/// Target of the log.
pub(crate) const LOG_TARGET: &str = "runtime::surety-sla";

/// Account that holds credits between the breach and the tenant.
pub const POT: PalletId = PalletId(*b"surety/p");
/// Maximum number of windows of a target that are not closed at the same time. Verdicts come two
/// rounds late, so with one round to a window there are up to four.
pub const MAX_PENDING: u32 = 4;
/// Windows whose rents a slot reserves. With fewer than two the target ends, so that an operator
/// whose bond became short has a window in which to bond more.
pub const RENTS_RESERVED: u8 = 3;
/// Maximum age in rounds of the last verdict on which units are sold. A row that just became
/// active has the verdict of its idle time, at most 4 rounds old then, until its first active
/// round is judged 3 rounds later.
pub const FRESH_ROUNDS: u32 = 8;

// The storage macros look up the pallet's own name with `expect`.
#[allow(clippy::expect_used)]
#[frame::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Default configurations for tests.
	pub mod config_preludes {
		use super::*;
		use frame_support::{derive_impl, parameter_types, traits::ConstU8};

		parameter_types! {
			pub const PenaltyShare: Perbill = Perbill::from_percent(10);
			/// Slots are free.
			pub const NoRent: Perbill = Perbill::zero();
			pub const PlatformFee: Perbill = Perbill::from_percent(5);
			pub const ProberShare: Perbill = Perbill::from_percent(50);
		}

		/// Configuration of a test runtime, but for the neighbours and the accounts.
		pub struct TestDefaultConfig;

		#[derive_impl(frame_system::config_preludes::TestDefaultConfig, no_aggregated_types)]
		impl frame_system::DefaultConfig for TestDefaultConfig {}

		#[frame_support::register_default_impl(TestDefaultConfig)]
		impl DefaultConfig for TestDefaultConfig {
			type PenaltyShare = PenaltyShare;
			type RentBase = NoRent;
			type RentPeak = NoRent;
			type PlatformFee = PlatformFee;
			type ProberShare = ProberShare;
			type EscalationWindows = ConstU32<4>;
			type MaxMultiplier = ConstU8<3>;
			type NoticeWindows = ConstU32<1>;
			type MaxBreaches = ConstU32<5>;
			type SettlePerBlock = ConstU32<3>;
			type OnAgreementEnd = ();
			type WeightInfo = ();
		}
	}

	#[pallet::config(with_default)]
	pub trait Config: frame_system::Config {
		/// Clock of the chain.
		#[pallet::no_default]
		type Clock: Clock;

		/// Listings and their terms.
		#[pallet::no_default]
		type Registry: Registry<Self::AccountId>;

		/// Bonds of the operators, which credits, penalties and rents are taken from.
		#[pallet::no_default]
		type Bonding: Bonding<Self::AccountId>;

		/// Slots of the targets, and their meters.
		#[pallet::no_default]
		type Slots: Slots + Meter;

		/// Streams of the tenants.
		#[pallet::no_default]
		type Escrow: Streams<Self::AccountId>;

		/// Handler of breaches, and of agreements that are over.
		#[pallet::no_default]
		type Reputation: ReputationSink<Self::AccountId>;

		/// Handler of agreements that are over, which counts their use.
		type OnAgreementEnd: OnAgreementEnd<Self::AccountId>;

		/// Balances of the pot and of the tenants.
		#[pallet::no_default]
		type Funds: Funds<Self::AccountId>;

		/// Account that receives spare credit.
		#[pallet::no_default]
		type Treasury: Get<Self::AccountId>;

		/// Account that probers are rewarded from; receives the rents.
		#[pallet::no_default]
		type ProberPot: Get<Self::AccountId>;

		/// Penalty to the treasury as a share of every credit.
		type PenaltyShare: Get<Perbill>;

		/// Rent of a slot per window as a share of the minimum bond, at any occupancy.
		type RentBase: Get<Perbill>;

		/// Additional rent of the last slot as a share of the minimum bond. Of the other slots it
		/// is this times the eighth power of the occupancy.
		type RentPeak: Get<Perbill>;

		/// Platform's fee as a share of the payments of tenants; it counts towards the rent.
		type PlatformFee: Get<Perbill>;

		/// Share of the platform's fee that goes to the probers' pot.
		type ProberShare: Get<Perbill>;

		/// Number of windows before a window whose breaches multiply its credits. At most 64.
		type EscalationWindows: Get<u32>;

		/// Highest multiplier of credits for repeated breaches. At least 1.
		type MaxMultiplier: Get<u8>;

		/// Windows of notice that an operator gives to close an agreement. At least 1.
		type NoticeWindows: Get<u32>;

		/// Number of breaches of a target that are kept; older ones are removed. At least 1.
		#[pallet::constant]
		type MaxBreaches: Get<u32>;

		/// Maximum number of agreements that are settled in the idle space of one block.
		#[pallet::constant]
		type SettlePerBlock: Get<u32>;

		/// Weights of the calls, the hooks and the methods that other pallets call.
		type WeightInfo: WeightInfo;

		/// Benchmark set-up.
		#[cfg(feature = "runtime-benchmarks")]
		#[pallet::no_default]
		type BenchmarkHelper: benchmarking::BenchmarkHelper<Self::AccountId>;
	}

	/// Agreements that are not over, and closed ones whose credit could not be delivered.
	#[pallet::storage]
	pub type Agreements<T: Config> =
		StorageMap<_, Blake2_128Concat, AgreementId, Agreement<T::AccountId>>;

	/// Id of the next agreement.
	#[pallet::storage]
	pub type NextAgreement<T: Config> = StorageValue<_, AgreementId, ValueQuery>;

	/// Agreements of each tenant.
	#[pallet::storage]
	pub type ByTenant<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Blake2_128Concat, AgreementId, ()>;

	/// Agreements of each target that are not closed.
	#[pallet::storage]
	pub type ByTarget<T: Config> =
		StorageDoubleMap<_, Twox64Concat, Target, Blake2_128Concat, AgreementId, ()>;

	/// Units, index and record of each target that ever had an agreement, until its listing is
	/// removed.
	#[pallet::storage]
	pub type Targets<T: Config> = StorageMap<_, Blake2_128Concat, Target, TargetState>;

	/// Index from which the agreements are credited that were opened in a window of a target.
	/// Exists from the end of the window until all of them have read it.
	#[pallet::storage]
	pub type WindowBase<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, Target, Twox64Concat, WindowIndex, WindowStart>;

	/// Breaches of each target by number, the last `MaxBreaches` of them.
	#[pallet::storage]
	pub type Breaches<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, Target, Twox64Concat, u32, Breach>;

	/// Contents of the pot, by asset.
	#[pallet::storage]
	pub type Pots<T: Config> = StorageMap<_, Blake2_128Concat, AssetId, Pot, ValueQuery>;

	/// Rules of the windows that have begun and may still be judged.
	#[pallet::storage]
	pub type WindowRules<T: Config> = StorageMap<_, Twox64Concat, WindowIndex, Rules>;

	/// Agreement that `on_idle` settled last; `None` at the start of a turn.
	#[pallet::storage]
	pub type Cursor<T: Config> = StorageValue<_, AgreementId>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A tenant opened an agreement, or its lease began. The agreement is billed from the next
		/// round on and credited for breaches from the next window on.
		AgreementOpened {
			/// Id of the agreement.
			agreement: AgreementId,
			/// Payer.
			tenant: T::AccountId,
			/// Service or lease.
			target: Target,
			/// Units.
			units: u32,
			/// Base units per billable block, for all units.
			rate: Balance,
			/// Asset of all amounts.
			asset: AssetId,
			/// Base units on hold, the price of the first window included; `None` for a lease,
			/// whose order has the deposit.
			deposit: Option<Balance>,
		},
		/// The tenant added to the deposit.
		ToppedUp {
			/// The agreement.
			agreement: AgreementId,
			/// Base units added.
			amount: Balance,
		},
		/// The end of an agreement is decided: `round` is the last one that is billed and
		/// credited.
		AgreementEnding {
			/// The agreement.
			agreement: AgreementId,
			/// Last round.
			round: RoundIndex,
			/// Reason.
			reason: CloseReason,
			/// Stable code of the reason: 1xxx tenant, 2xxx operator, 3xxx network.
			code: u16,
		},
		/// An agreement is over and its deposit is refunded.
		AgreementClosed {
			/// The agreement.
			agreement: AgreementId,
			/// Service or lease.
			target: Target,
			/// Tenant.
			tenant: T::AccountId,
			/// Reason.
			reason: CloseReason,
			/// Stable code of the reason: 1xxx tenant, 2xxx operator, 3xxx network.
			code: u16,
			/// Paid in all, fee included, in base units.
			paid: Balance,
			/// Refunded to the tenant, or left for the next lease of the same replica, in base
			/// units.
			refunded: Balance,
			/// Credited for breaches in all, in base units: at most the amount paid.
			credited: Balance,
		},
		/// A term was not kept: the bond is slashed and all agreements of the target that count
		/// are credited.
		Breached {
			/// Service or lease.
			target: Target,
			/// Number of the breach in the history of the target.
			number: u32,
			/// Numbers that explain the breach.
			breach: Breach,
		},
		/// A service or a lease ends for its operator's doing. It was credited up to its cover or
		/// was up in less than half of the measured rounds of a window (2003), or its bond cannot
		/// reserve another rent (2007): then it ends with the window.
		ServiceTerminated {
			/// Service or lease.
			target: Target,
			/// Last round that is billed.
			at: RoundIndex,
			/// Reason.
			reason: CloseReason,
			/// Stable code of the reason.
			code: u16,
		},
		/// The bond covers the rents of fewer windows than are to be reserved. With less than two
		/// the target ends with the window that has begun: bond more, or sell less.
		RentShort {
			/// Service or lease.
			target: Target,
			/// Windows whose rents are reserved, the one that has begun included.
			reserved: u8,
		},
		/// Credit was paid to a tenant.
		CreditPaid {
			/// The agreement.
			agreement: AgreementId,
			/// Receiver.
			tenant: T::AccountId,
			/// Base units paid.
			amount: Balance,
		},
		/// An agreement closed and its credit could not be delivered. The credit stays claimable.
		CreditClaimable {
			/// The agreement.
			agreement: AgreementId,
			/// Account that can claim the credit.
			tenant: T::AccountId,
			/// Base units to claim.
			amount: Balance,
		},
		/// An agreement was settled by a call: its stream paid the amount due, and the tenant got
		/// the credit that was due.
		Settled {
			/// The agreement.
			agreement: AgreementId,
			/// Base units paid by the stream, fee included.
			paid: Balance,
			/// Base units of credit paid to the tenant.
			credited: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// `Compute` is not sold by the unit. Place an order and take a lease.
		SoldByLease,
		/// The agreement is that of a lease. Close the lease, or add to its order.
		BelongsToLease,
		/// The first agreement of a service must cost at least the rent of its slot per window.
		/// Buy more units, or wait until fewer slots are taken.
		BelowRent,
		/// No agreement has this id. It may be over; check the id.
		UnknownAgreement,
		/// An agreement needs units. Give at least one.
		ZeroUnits,
		/// The amount is zero. Give at least one base unit.
		ZeroAmount,
		/// The last verdict of the service is not `Up`. Wait until the service answers again.
		NotUp,
		/// The last verdict of the service is more than 8 rounds old. Ask for a new one with
		/// `probes.request_probe`, and wait until it is judged.
		VerdictTooOld,
		/// The service has fewer units left. Take at most `left` units.
		OverCapacity {
			/// Units left, shown up to 65,535.
			left: u16,
		},
		/// The free bond of the operator does not cover the credits of so many units, or for the
		/// first of them the rents of a slot. Take at most `units` units.
		BondTooSmall {
			/// Units that the free bond covers, shown up to 65,535.
			units: u16,
		},
		/// The deposit is too small. Give at least the price of one window (units x price x blocks
		/// of a window) plus the asset's minimum balance.
		DepositUnderOneWindow,
		/// A unit costs more per block than the `max_price` of the call: the operator raised the
		/// price. Read it again.
		PriceRose,
		/// The cover that is left is below the `min_cover` of the call. Ask for less, or take
		/// another service.
		CoverTooLow,
		/// The end of the agreement is decided, so it takes no more funds. Open a new one.
		AgreementEnding,
		/// The agreement ends with that round or an earlier one already.
		AlreadyEnding,
		/// Only the tenant can do that. Sign with its account.
		NotTenant,
		/// Only the tenant and the operator can do that. Sign with the account of either.
		NotParty,
		/// No credit is due: none is promised, or the agreement was credited as much as it has
		/// paid.
		NothingOwed,
		/// Verdicts are more than four windows late. Wait until they are judged.
		JudgingBehind,
		/// The target still has units. Wait until its agreements are closed.
		UnitsLeft,
		/// All ids of agreements are used up.
		TooManyAgreements,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::begin_window()
		}

		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			Self::settle_some(remaining)
		}

		fn integrity_test() {
			assert!(
				T::EscalationWindows::get() <= u64::BITS,
				"EscalationWindows: only the last 64 windows are known"
			);
			assert!(T::MaxMultiplier::get() >= 1, "MaxMultiplier: 0 would cancel credits");
			assert!(T::MaxBreaches::get() >= 1, "MaxBreaches: no history");
			assert!(
				T::NoticeWindows::get() >= 1,
				"NoticeWindows: an operator could end an agreement at once"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Open an agreement for units of a service.
		///
		/// The deposit goes on hold in the asset of the service and is paid out by the meter, so
		/// rounds in which the service was down cost nothing. If you close the agreement yourself
		/// you pay at least the price of one window, less the rounds in which you were not served;
		/// if the operator or the network ends it, all that the meter did not earn is refunded.
		/// Breaches are credited by the terms, never more in all than you have paid.
		///
		/// The service must be open for sale, and its last verdict `Up` and at most 8 rounds old.
		/// An idle service is probed in turns: ask for a fresh verdict with
		/// `probes.request_probe`. `Compute` is sold by lease.
		///
		/// - `service`: id of the service.
		/// - `units`: number of units, at least 1 and at most those left (view function
		///   `service_status`).
		/// - `max_price`: highest price of a unit per block, in base units: the price that you
		///   saw, because the operator may change it before this call is in a block.
		/// - `deposit`: base units to hold; at least the price of one window (units x price x
		///   blocks of a window) plus the asset's minimum balance.
		/// - `min_cover`: least cover that must be left, in windows' prices: 1,000,000,000 is the
		///   price of one window, 0 takes any.
		///
		/// The first agreement ever in an asset also pays one minimum balance to the pot of the
		/// credits, unless that has one.
		///
		/// Origin: signed by the tenant.
		///
		/// Errors: `ZeroUnits`, `SoldByLease`, `PriceRose`, `NotUp`, `VerdictTooOld`,
		/// `OverCapacity`, `DepositUnderOneWindow`, `CoverTooLow`, `BelowRent`, `BondTooSmall`,
		/// `JudgingBehind`, `TooManyAgreements`; errors of `operators` if the service is not for
		/// sale, of `probes` if every slot is taken, of the asset if funds are missing.
		///
		/// Emits: `AgreementOpened`.
		#[pallet::call_index(0)]
		#[pallet::weight(
			T::WeightInfo::open_agreement(1, 1).saturating_add(T::WeightInfo::endow_pot())
		)]
		pub fn open_agreement(
			origin: OriginFor<T>,
			service: ServiceId,
			units: u32,
			max_price: Balance,
			deposit: Balance,
			min_cover: WindowShare,
		) -> DispatchResultWithPostInfo {
			let tenant = ensure_signed(origin)?;
			Self::do_open(tenant, service, units, max_price, deposit, min_cover)
		}

		/// Add to the deposit of your agreement. A lease is topped up by its order.
		///
		/// - `agreement`: id of the agreement.
		/// - `amount`: base units to add, in the asset of the agreement; not 0.
		///
		/// Origin: signed by the tenant.
		///
		/// Errors: `UnknownAgreement`, `BelongsToLease`, `NotTenant`, `ZeroAmount`,
		/// `AgreementEnding`; errors of the asset if funds are missing.
		///
		/// Emits: `ToppedUp`.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::top_up().max(T::WeightInfo::top_up_native()))]
		pub fn top_up(
			origin: OriginFor<T>,
			agreement: AgreementId,
			amount: Balance,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_top_up(who, agreement, amount)
		}

		/// Pay the amounts that an agreement owes now: to the operator the amount due by the meter,
		/// to the tenant the credit that is due.
		///
		/// Amounts do not depend on the number of calls. The stream of a target that has ended is
		/// ended too.
		///
		/// - `agreement`: id of the agreement.
		///
		/// Origin: signed by anyone.
		///
		/// Errors: `UnknownAgreement`; errors of `escrow` if the stream cannot pay and no credit
		/// is due.
		///
		/// Emits: `Settled`, and `CreditPaid` if a credit was due.
		#[pallet::call_index(2)]
		#[pallet::weight(Pallet::<T>::max_settle_weight())]
		pub fn settle(origin: OriginFor<T>, agreement: AgreementId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_settle(agreement)
		}

		/// Close an agreement: as its tenant with the current round, as the operator of its service
		/// with one window of notice.
		///
		/// The agreement is billed and credited to the end of its last round. The rest of the
		/// deposit is refunded once that round is judged. A tenant who closes pays at least the
		/// price of one window in all, less the judged rounds of it that were not billable. A
		/// lease is closed by its order.
		///
		/// - `agreement`: id of the agreement.
		///
		/// Origin: signed by the tenant or the operator.
		///
		/// Errors: `UnknownAgreement`, `BelongsToLease`, `NotParty`, `AgreementEnding`,
		/// `AlreadyEnding`.
		///
		/// Emits: `AgreementEnding`.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::close_agreement())]
		pub fn close_agreement(origin: OriginFor<T>, agreement: AgreementId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_close(who, agreement)
		}

		/// Pay the credit that is due to the tenant of an agreement, also after the agreement is
		/// closed. Unlike `settle`, this call fails with the cause if the credit cannot be
		/// delivered.
		///
		/// - `agreement`: id of the agreement.
		///
		/// Origin: signed by anyone.
		///
		/// Errors: `UnknownAgreement`, `NothingOwed`; errors of the asset if the tenant cannot
		/// receive the credit.
		///
		/// Emits: `CreditPaid`.
		#[pallet::call_index(4)]
		#[pallet::weight(Pallet::<T>::max_settle_weight())]
		pub fn claim(origin: OriginFor<T>, agreement: AgreementId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_claim(agreement)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Credit that is due to an agreement and was not delivered, in base units. `None` if there
		/// is no such agreement.
		pub fn owed_credit(id: AgreementId) -> Option<Balance> {
			Some(Self::owed(&Agreements::<T>::get(id)?).0)
		}

		/// Units, index, rest of the cover, exposure and units left to sell of a target. `None` if
		/// it is not listed.
		pub fn service_status(target: Target) -> Option<ServiceView> {
			Self::status_of(target)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Parameters that governance changes with `parameters.setParameter`, and their values at genesis.
//!
//! The defaults are those of production. A preset sets other values in [`genesis`]. The
//! documentation of the parameters is part of the metadata: wallets show it.

use crate::{UNIT, configs::market::DAYS_OF_PRODUCTION, *};
use frame_support::dynamic_params::{dynamic_pallet_params, dynamic_params};
use sp_runtime::Perbill;
use surety_primitives::{RoundIndex, WindowShare};

#[dynamic_params(RuntimeParameters, pallet_parameters::Parameters::<Runtime>)]
pub mod dynamic {
	use super::*;

	/// Bonds and listings.
	#[dynamic_pallet_params]
	#[codec(index = 0)]
	pub mod operators {
		/// Minimum native bond of an operator that sells new units, in planck.
		#[codec(index = 0)]
		pub static MinimumBond: Balance = 1_000 * UNIT;
		/// Unbonding period, in blocks from `unbond` to the withdrawal.
		#[codec(index = 1)]
		pub static UnbondingPeriod: BlockNumber = 7 * DAYS_OF_PRODUCTION;
		/// Deposit for each listing, in planck. On hold until the listing is removed.
		#[codec(index = 2)]
		pub static ServiceDeposit: Balance = UNIT;
		/// Maximum share of a window that one announcement of maintenance takes. The share should
		/// be at least one round of the shortest window.
		#[codec(index = 3)]
		pub static MaintenanceShare: Perbill = Perbill::from_percent(10);
	}

	/// Agreements and fees.
	#[dynamic_pallet_params]
	#[codec(index = 1)]
	pub mod market {
		/// Platform fee as a share of the payments of a tenant. Fixed for an escrow account when it
		/// is opened.
		#[codec(index = 0)]
		pub static PlatformFee: Perbill = Perbill::from_percent(5);
		/// Share of the platform fee that goes to the probers. The rest goes to the treasury.
		#[codec(index = 1)]
		pub static ProberShare: Perbill = Perbill::from_percent(50);
		/// Penalty for a breach, as a share of its credit. Taken from the bond in addition to the
		/// credit and paid to the treasury.
		#[codec(index = 2)]
		pub static PenaltyShare: Perbill = Perbill::from_percent(10);
		/// Number of past windows whose breaches raise the multiplier of credits.
		#[codec(index = 3)]
		pub static EscalationWindows: u32 = 7;
		/// Maximum multiplier of credits for repeated breaches.
		#[codec(index = 4)]
		pub static MaxMultiplier: u8 = 4;
		/// Maximum credit that terms promise for one breach, in windows' prices: 1,000,000,000 is
		/// the price of one window.
		#[codec(index = 5)]
		pub static MaxCredit: WindowShare = WindowShare::from_u32(30);
		/// Rent of a slot per window at any occupancy, as a share of the minimum bond.
		#[codec(index = 6)]
		pub static RentBase: Perbill = Perbill::from_parts(100_000);
		/// Additional rent of the last free slot per window, as a share of the minimum bond. For
		/// any other slot it is this share times the eighth power of the occupancy when the slot
		/// was taken.
		#[codec(index = 7)]
		pub static RentPeak: Perbill = Perbill::from_percent(10);
	}

	/// Probing.
	#[dynamic_pallet_params]
	#[codec(index = 2)]
	pub mod probing {
		/// Minimum duty of a prober: the share of the rounds with an accepted report, and of its
		/// findings that agree with the verdicts. A prober below it is not paid; with a report in
		/// fewer rounds, accepted or not, it answers for neglect.
		#[codec(index = 0)]
		pub static MinDuty: Perbill = Perbill::from_percent(80);
		/// Number of bad rounds among the last `HealthRounds` at which a lease is unhealthy and
		/// fails over; 0 for never.
		#[codec(index = 1)]
		pub static UnhealthyRounds: u8 = 15;
		/// Number of last judged rounds that the health of a lease is computed from, at most 32.
		#[codec(index = 2)]
		pub static HealthRounds: u8 = 20;
		/// Maximum number of targets that are probed in a round, in whole pages of 128, from 256 to
		/// 65,536. Applies from the next window on, and is never less than the sold targets need.
		#[codec(index = 3)]
		pub static DueServices: u32 = 8_192;
		/// Minimum share of the changes of verdicts that a prober must catch. A prober below it is
		/// not paid.
		#[codec(index = 4)]
		pub static MinCaught: Perbill = Perbill::from_percent(60);
		/// Number of sessions in a row that a prober neglects before it is no candidate for the
		/// next validator sets any more; 0 for never.
		#[codec(index = 5)]
		pub static NeglectSessions: u32 = 3;
	}

	/// Compute orders.
	#[dynamic_pallet_params]
	#[codec(index = 3)]
	pub mod compute {
		/// Deposit for each order, in planck. On hold until the order is removed.
		#[codec(index = 0)]
		pub static OrderDeposit: Balance = UNIT / 2;
		/// Deposit for each bid, in planck. On hold until the bid is gone.
		#[codec(index = 1)]
		pub static BidDeposit: Balance = UNIT / 20;
		/// Penalty for failing a lease, as a share of its price for a window, or for its whole
		/// duration if that is shorter.
		#[codec(index = 2)]
		pub static StartPenalty: Perbill = Perbill::from_percent(10);
		/// Fetch window, in blocks from the award: an operator that cannot fetch the image may
		/// decline the lease free of charge.
		#[codec(index = 3)]
		pub static FetchBlocks: BlockNumber = 50;
		/// Start window, in blocks from the award: the operator must report the lease ready within
		/// it.
		#[codec(index = 4)]
		pub static StartBlocks: BlockNumber = 150;
		/// Number of blocks in which an order takes new bids after an operator failed and no bid
		/// can take over.
		#[codec(index = 5)]
		pub static ReopenBlocks: BlockNumber = 100;
		/// Maximum bid deadline, in blocks from the order.
		#[codec(index = 6)]
		pub static MaxBidBlocks: BlockNumber = DAYS_OF_PRODUCTION;
		/// Maximum duration of an order, in blocks.
		#[codec(index = 7)]
		pub static MaxDuration: BlockNumber = 365 * DAYS_OF_PRODUCTION;
		/// Number of blocks for which an order is kept after it is over.
		#[codec(index = 8)]
		pub static KeepBlocks: BlockNumber = 7 * DAYS_OF_PRODUCTION;
		/// Trial, in rounds from the start of a lease: a tenant that leaves within it pays the
		/// metered amount only.
		#[codec(index = 9)]
		pub static TrialRounds: RoundIndex = 30;
	}
}

pub use dynamic::*;

#[cfg(feature = "runtime-benchmarks")]
impl Default for RuntimeParameters {
	fn default() -> Self {
		RuntimeParameters::Operators(dynamic::operators::Parameters::MinimumBond(
			dynamic::operators::MinimumBond,
			Some(UNIT),
		))
	}
}

/// Genesis values of the parameters. This pallet has neither calls nor storage. At genesis it
/// writes into the parameters pallet, which has no genesis config of its own.
// The storage macros look up the pallet's own name with `expect`.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod genesis {
	use super::*;
	use frame_support::pallet_prelude::*;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// Configuration: none.
	#[pallet::config]
	pub trait Config: frame_system::Config {}

	/// Genesis values that differ from those of production.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Minimum bond in planck; `None` keeps the default.
		pub minimum_bond: Option<Balance>,
		/// Unbonding period in blocks; `None` keeps the default.
		pub unbonding_period: Option<BlockNumber>,
		/// Fetch window, start window and time for new bids, in blocks; `None` keeps the defaults.
		pub lease_blocks: Option<[BlockNumber; 3]>,
		/// Blocks for which an order is kept after it is over; `None` keeps the default.
		pub keep_orders: Option<BlockNumber>,
		/// Bad rounds at which a lease is unhealthy, and the last rounds among which they are
		/// counted; `None` keeps the defaults.
		pub lease_health: Option<[u8; 2]>,
		/// Trial of a lease in rounds; `None` keeps the default.
		pub trial_rounds: Option<RoundIndex>,
		#[serde(skip)]
		#[doc(hidden)]
		pub phantom: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			use super::dynamic::{compute, operators as op, probing};
			let set = |parameter: RuntimeParameters| {
				let (key, value) =
					frame_support::traits::dynamic_params::AggregatedKeyValue::into_parts(
						parameter,
					);
				if let Some(value) = value {
					pallet_parameters::Parameters::<Runtime>::insert(key, value);
				}
			};
			set(RuntimeParameters::Operators(op::Parameters::MinimumBond(
				op::MinimumBond,
				self.minimum_bond,
			)));
			set(RuntimeParameters::Operators(op::Parameters::UnbondingPeriod(
				op::UnbondingPeriod,
				self.unbonding_period,
			)));
			let [fetch, start, reopen] =
				self.lease_blocks.map_or([None; 3], |blocks| blocks.map(Some));
			for parameter in [
				compute::Parameters::FetchBlocks(compute::FetchBlocks, fetch),
				compute::Parameters::StartBlocks(compute::StartBlocks, start),
				compute::Parameters::ReopenBlocks(compute::ReopenBlocks, reopen),
				compute::Parameters::KeepBlocks(compute::KeepBlocks, self.keep_orders),
				compute::Parameters::TrialRounds(compute::TrialRounds, self.trial_rounds),
			] {
				set(RuntimeParameters::Compute(parameter));
			}
			let [bad, of] = self.lease_health.map_or([None; 2], |rounds| rounds.map(Some));
			for parameter in [
				probing::Parameters::UnhealthyRounds(probing::UnhealthyRounds, bad),
				probing::Parameters::HealthRounds(probing::HealthRounds, of),
			] {
				set(RuntimeParameters::Probing(parameter));
			}
		}
	}
}

//! Parameters that governance may change with `parameters.setParameter`, and their values at genesis.
//!
//! The defaults are those of production; a preset that wants others names them in [`genesis`].

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
		/// Smallest native bond with which an operator may sell new units, in planck.
		#[codec(index = 0)]
		pub static MinimumBond: Balance = 1_000 * UNIT;
		/// Blocks from unbonding to withdrawal.
		#[codec(index = 1)]
		pub static UnbondingPeriod: BlockNumber = 7 * DAYS_OF_PRODUCTION;
		/// Held for each listing, in planck.
		#[codec(index = 2)]
		pub static ServiceDeposit: Balance = UNIT;
		/// Share of a window that may be announced maintenance: at least a round of the shortest window.
		#[codec(index = 3)]
		pub static MaintenanceShare: Perbill = Perbill::from_percent(10);
	}

	/// Agreements and money.
	#[dynamic_pallet_params]
	#[codec(index = 1)]
	pub mod market {
		/// Share of what a tenant pays that goes to probers and treasury; fixed when an escrow is opened.
		#[codec(index = 0)]
		pub static PlatformFee: Perbill = Perbill::from_percent(5);
		/// Share of the platform fee that goes to probers; the rest goes to the treasury.
		#[codec(index = 1)]
		pub static ProberShare: Perbill = Perbill::from_percent(50);
		/// Penalty to the treasury on top of credits, as a share of them.
		#[codec(index = 2)]
		pub static PenaltyShare: Perbill = Perbill::from_percent(10);
		/// Windows back in which breaches raise the multiplier of credits.
		#[codec(index = 3)]
		pub static EscalationWindows: u32 = 7;
		/// Highest multiplier of credits.
		#[codec(index = 4)]
		pub static MaxMultiplier: u8 = 4;
		/// Most that terms may promise for one breach, in windows' prices: 1,000,000,000 is the price of one
		/// window.
		#[codec(index = 5)]
		pub static MaxCredit: WindowShare = WindowShare::from_u32(30);
		/// Rent of a slot per window as a share of the minimum bond, however few slots are taken.
		#[codec(index = 6)]
		pub static RentBase: Perbill = Perbill::from_parts(100_000);
		/// Rent of the last slot beyond that, as a share of the minimum bond. For the others it is this times the
		/// eighth power of the occupancy when they were taken.
		#[codec(index = 7)]
		pub static RentPeak: Perbill = Perbill::from_percent(10);
	}

	/// Probing.
	#[dynamic_pallet_params]
	#[codec(index = 2)]
	pub mod probing {
		/// Share of its reports that a prober must deliver and agree with to be paid and not accused.
		#[codec(index = 0)]
		pub static MinDuty: Perbill = Perbill::from_percent(80);
		/// Bad rounds among the last `HealthRounds` with which a lease is unhealthy; 0 for never.
		#[codec(index = 1)]
		pub static UnhealthyRounds: u8 = 15;
		/// Judged rounds of a lease that its health is told by, at most 32.
		#[codec(index = 2)]
		pub static HealthRounds: u8 = 20;
		/// Most services that are probed in a round, in whole pages of 128, from 256 to 65,536. Holds from the
		/// next window on, and never for less than what is sold needs.
		#[codec(index = 3)]
		pub static DueServices: u32 = 8_192;
		/// Share of the changes of verdict that a prober must catch to be paid and not accused.
		#[codec(index = 4)]
		pub static MinCaught: Perbill = Perbill::from_percent(60);
	}

	/// Compute orders.
	#[dynamic_pallet_params]
	#[codec(index = 3)]
	pub mod compute {
		/// Held for each order until it is removed, in planck.
		#[codec(index = 0)]
		pub static OrderDeposit: Balance = UNIT / 2;
		/// Held for each bid until it is gone, in planck.
		#[codec(index = 1)]
		pub static BidDeposit: Balance = UNIT / 20;
		/// What a bidder pays for a lease that it fails: a share of what its bid costs in a window.
		#[codec(index = 2)]
		pub static StartPenalty: Perbill = Perbill::from_percent(10);
		/// Blocks in which an operator may decline a lease, free of charge: it cannot fetch the image.
		#[codec(index = 3)]
		pub static FetchBlocks: BlockNumber = 50;
		/// Blocks in which an operator must report a lease ready.
		#[codec(index = 4)]
		pub static StartBlocks: BlockNumber = 150;
		/// Blocks for which bids are welcome again when an operator failed and no bid is left.
		#[codec(index = 5)]
		pub static ReopenBlocks: BlockNumber = 100;
		/// Furthest bid deadline, in blocks from the order.
		#[codec(index = 6)]
		pub static MaxBidBlocks: BlockNumber = DAYS_OF_PRODUCTION;
		/// Longest duration of an order, in blocks.
		#[codec(index = 7)]
		pub static MaxDuration: BlockNumber = 365 * DAYS_OF_PRODUCTION;
		/// Blocks for which an order that is over stays readable.
		#[codec(index = 8)]
		pub static KeepBlocks: BlockNumber = 7 * DAYS_OF_PRODUCTION;
		/// First rounds of a lease in which the tenant may leave for what was metered.
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

/// Genesis values of the parameters. It has no calls and no storage of its own: it writes once into the
/// parameters pallet, which has no genesis config.
// The storage macros look up the pallet's own name with `expect`.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod genesis {
	use super::*;
	use frame_support::pallet_prelude::*;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// This pallet needs nothing.
	#[pallet::config]
	pub trait Config: frame_system::Config {}

	/// What a network starts with where it differs from production.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Planck; `None` keeps the default.
		pub minimum_bond: Option<Balance>,
		/// Blocks; `None` keeps the default.
		pub unbonding_period: Option<BlockNumber>,
		/// Blocks in which a lease may be declined, must be ready, and in which bids are welcome again;
		/// `None` keeps the defaults.
		pub lease_blocks: Option<[BlockNumber; 3]>,
		/// Blocks for which an order that is over is kept; `None` keeps the default.
		pub keep_orders: Option<BlockNumber>,
		/// Bad rounds with which a lease is unhealthy, and the last rounds among which they are counted;
		/// `None` keeps the defaults.
		pub lease_health: Option<[u8; 2]>,
		/// Rounds of a lease's trial; `None` keeps the default.
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

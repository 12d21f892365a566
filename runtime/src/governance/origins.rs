// SPDX-License-Identifier: Apache-2.0

//! Origins of referenda beside root. Each has a track of its own, and may do less than root.

pub use pallet::*;

// The macros of the pallet look up its own name with `expect`.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
	use crate::{Balance, UNIT};
	use frame_support::{pallet_prelude::*, traits::OriginTrait};

	/// Configuration: none.
	#[pallet::config]
	pub trait Config: frame_system::Config {}

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// Origins that a referendum can be held for.
	#[derive(
		Clone,
		Copy,
		Debug,
		Decode,
		DecodeWithMemTracking,
		Encode,
		Eq,
		MaxEncodedLen,
		PartialEq,
		TypeInfo,
	)]
	#[pallet::origin]
	pub enum Origin {
		/// Dispatches a call with root's rights that the technical committee has whitelisted.
		WhitelistedCaller,
		/// Cancels slashes of validators before they are applied.
		StakingAdmin,
		/// Spends from the treasury without a limit, and sets the rates of assets.
		Treasurer,
		/// Sets the parameters of operators, agreements and compute orders; approves assets;
		/// registers networks.
		MarketAdmin,
		/// Sets the parameters of probing.
		ProbingAdmin,
		/// Cancels a referendum, and returns its deposits.
		ReferendumCanceller,
		/// Kills a referendum, and slashes its deposits.
		ReferendumKiller,
		/// Spends at most 10,000 SURE from the treasury at once.
		SmallSpender,
		/// Spends at most 100,000 SURE from the treasury at once.
		BigSpender,
	}

	macro_rules! ensure_origins {
		($($(#[$doc:meta])* $name:ident,)+) => {
			$(
				$(#[$doc])*
				pub struct $name;
				impl<O> EnsureOrigin<O> for $name
				where
					O: OriginTrait + From<Origin>,
					for<'a> &'a O::PalletsOrigin: TryInto<&'a Origin>,
				{
					type Success = ();
					fn try_origin(o: O) -> Result<(), O> {
						let is_this = matches!(o.caller().try_into(), Ok(Origin::$name));
						if is_this { Ok(()) } else { Err(o) }
					}
					#[cfg(feature = "runtime-benchmarks")]
					fn try_successful_origin() -> Result<O, ()> {
						Ok(O::from(Origin::$name))
					}
				}
			)+
		};
	}

	ensure_origins! {
		/// Ensures [`Origin::WhitelistedCaller`].
		WhitelistedCaller,
		/// Ensures [`Origin::StakingAdmin`].
		StakingAdmin,
		/// Ensures [`Origin::Treasurer`].
		Treasurer,
		/// Ensures [`Origin::MarketAdmin`].
		MarketAdmin,
		/// Ensures [`Origin::ProbingAdmin`].
		ProbingAdmin,
		/// Ensures [`Origin::ReferendumCanceller`].
		ReferendumCanceller,
		/// Ensures [`Origin::ReferendumKiller`].
		ReferendumKiller,
	}

	/// Ensures an origin that spends from the treasury. Its success is the most it may spend at
	/// once, in planck.
	pub struct Spender;
	impl<O> EnsureOrigin<O> for Spender
	where
		O: OriginTrait + From<Origin>,
		for<'a> &'a O::PalletsOrigin: TryInto<&'a Origin>,
	{
		type Success = Balance;
		fn try_origin(o: O) -> Result<Balance, O> {
			let most = match o.caller().try_into() {
				Ok(Origin::SmallSpender) => Some(10_000 * UNIT),
				Ok(Origin::BigSpender) => Some(100_000 * UNIT),
				Ok(Origin::Treasurer) => Some(Balance::MAX),
				_ => None,
			};
			most.ok_or(o)
		}
		#[cfg(feature = "runtime-benchmarks")]
		fn try_successful_origin() -> Result<O, ()> {
			Ok(O::from(Origin::Treasurer))
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Emergencies: calls that can be paused, and those that stay callable whatever happens.
//!
//! The technical committee pauses a call (`safety.pause`) or all of them (`safeMode.forceEnter`),
//! for a day of governance at most; then they are callable again without anybody's doing. Neither
//! reaches [`ALWAYS_CALLABLE`]: blocks are built, rounds measured and judged, misbehaviour is
//! reported, everybody can leave and take out what is owed, and referenda go on and are enacted, by
//! which the holders of the token change the committee or the code.

use crate::{Runtime, RuntimeCall, SafeMode, governance::Days};
use frame_support::{
	migrations::{FailedMigrationHandler, FailedMigrationHandling},
	traits::{Contains, GetCallMetadata},
};

pub use pallet::*;

/// Calls that no pause and no safe mode refuses, by pallet. An empty list means all calls of the
/// pallet.
///
/// Calls that carry other calls are among them: the calls inside are looked at again.
pub const ALWAYS_CALLABLE: &[(&str, &[&str])] = &[
	// Inherents: there is no block without them.
	("Timestamp", &["set"]),
	// Evidence of misbehaviour.
	("Babe", &["plan_config_change", "report_equivocation", "report_equivocation_unsigned"]),
	("Grandpa", &["note_stalled", "report_equivocation", "report_equivocation_unsigned"]),
	// Measurement. A paused report would pass the pool and fail in every block.
	("Probes", &["commit", "reveal"]),
	// Governance, and the way out of the emergency.
	("System", &["apply_authorized_upgrade", "authorize_upgrade", "remark", "remark_with_event"]),
	("Preimage", &[]),
	("Scheduler", &[]),
	("Referenda", &[]),
	("ConvictionVoting", &[]),
	("Whitelist", &[]),
	("TechnicalCommittee", &[]),
	("Treasury", &[]),
	("TxPause", &[]),
	("SafeMode", &[]),
	("Safety", &[]),
	("MultiBlockMigrations", &[]),
	("Sudo", &[]),
	// Calls of the tracks. Nobody else may make them, and a pause on the block of their enactment
	// would be a veto of the committee.
	("Parameters", &[]),
	("AssetRate", &[]),
	// Envelopes.
	("Utility", &[]),
	("Multisig", &[]),
	("Proxy", &["proxy", "proxy_announced", "remove_proxies", "remove_proxy"]),
	// Validators leave, stand again if they were chilled meanwhile, and rotate keys that are no
	// longer theirs alone.
	(
		"Staking",
		&[
			"cancel_deferred_slash",
			"chill",
			"chill_other",
			"deprecate_controller_batch",
			"manual_slash",
			"restore_ledger",
			"set_min_commission",
			"unbond",
			"validate",
			"withdraw_unbonded",
		],
	),
	("Session", &["purge_keys", "set_keys"]),
	// Operators and tenants leave, and take out what is owed to them.
	(
		"Operators",
		&[
			"allow_host",
			"approve_asset",
			"bond_more",
			"deactivate",
			"deny_host",
			"pause_service",
			"remove_network",
			"remove_service",
			"retire",
			"retire_service",
			"revoke_asset",
			"set_network",
			"unbond",
			"withdraw_unbonded",
		],
	),
	("Sla", &["claim", "close_agreement", "settle"]),
	("Escrow", &["settle"]),
	// An operator that could not report a lease ready would be penalized for it.
	(
		"ComputeOrders",
		&["cancel_order", "close_lease", "decline", "remove_order", "report_ready", "withdraw_bid"],
	),
];

/// True if the call is one of [`ALWAYS_CALLABLE`].
pub fn is_always_callable(pallet: &str, call: &str) -> bool {
	ALWAYS_CALLABLE
		.iter()
		.filter(|(name, _)| *name == pallet)
		.any(|(_, calls)| calls.is_empty() || calls.contains(&call))
}

/// Filter of the calls that stay callable, for pauses and for the safe mode.
pub struct AlwaysCallable;

impl Contains<RuntimeCall> for AlwaysCallable {
	fn contains(call: &RuntimeCall) -> bool {
		let name = call.get_call_metadata();
		is_always_callable(name.pallet_name, name.function_name)
	}
}

impl Contains<pallet_tx_pause::RuntimeCallNameOf<Runtime>> for AlwaysCallable {
	fn contains((pallet, call): &pallet_tx_pause::RuntimeCallNameOf<Runtime>) -> bool {
		match (core::str::from_utf8(pallet), core::str::from_utf8(call)) {
			(Ok(pallet), Ok(call)) => is_always_callable(pallet, call),
			_ => false,
		}
	}
}

/// Handler of a multi-block migration that failed. Transactions are let in again, or nobody could
/// ever send the next upgrade; but in safe mode for a week, so that only governance and those who
/// leave act on the state that the migration left behind.
pub struct EnterSafeMode;

impl FailedMigrationHandler for EnterSafeMode {
	fn failed(migration: Option<u32>) -> FailedMigrationHandling {
		log::error!(
			target: crate::LOG_TARGET,
			"migration {migration:?} failed: safe mode, until governance sends the next upgrade",
		);
		let week = Days::<7>::blocks();
		let entered = if SafeMode::is_entered() {
			<SafeMode as frame_support::traits::SafeMode>::extend(week)
		} else {
			<SafeMode as frame_support::traits::SafeMode>::enter(week)
		};
		if entered.is_err() {
			frame_support::defensive!("safe mode is entered, or extended if it was before");
		}
		FailedMigrationHandling::ForceUnstuck
	}
}

/// Pauses of single calls by the technical committee, with a time limit, and by root without one.
// The macros of the pallet look up its own name with `expect`.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use frame_support::{
		pallet_prelude::*,
		sp_runtime::Saturating,
		traits::{TransactionPause, TransactionPauseError},
	};
	use frame_system::pallet_prelude::*;
	use pallet_tx_pause::{RuntimeCallNameOf, WeightInfo as _};

	type TxPause<T> = pallet_tx_pause::Pallet<T>;

	/// Maximum number of pauses with a time limit at once.
	pub const MAX_PAUSES: u32 = 32;

	/// Configuration.
	#[pallet::config]
	pub trait Config:
		frame_system::Config<RuntimeCall: GetCallMetadata> + pallet_tx_pause::Config
	{
		/// Origin that pauses calls for [`Self::MaxPause`].
		type CommitteeOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Maximum length of a pause by the committee, in blocks.
		type MaxPause: Get<BlockNumberFor<Self>>;
	}

	/// Version of the storage layout.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Calls that the committee has paused, and the blocks from which they are callable again.
	#[pallet::storage]
	pub type Pauses<T: Config> = StorageValue<
		_,
		BoundedVec<(RuntimeCallNameOf<T>, BlockNumberFor<T>), ConstU32<MAX_PAUSES>>,
		ValueQuery,
	>;

	#[pallet::event]
	#[pallet::generate_deposit(fn deposit_event)]
	pub enum Event<T: Config> {
		/// The committee paused a call.
		PausedUntil {
			/// Pallet and call, by name.
			call: RuntimeCallNameOf<T>,
			/// Block from which it is callable again.
			until: BlockNumberFor<T>,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The runtime has no call of this name. Names are those of the metadata, such as
		/// `Operators` and `list_service`.
		UnknownCall,
		/// The call is paused already. A pause cannot be prolonged before it is over.
		AlreadyPaused,
		/// The call is not paused.
		NotPaused,
		/// The call cannot be paused: it stays callable in any emergency.
		Unpausable,
		/// 32 calls are paused with a time limit, which is the maximum.
		TooManyPauses,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(now: BlockNumberFor<T>) -> Weight {
			let read = T::DbWeight::get().reads(1);
			let pauses = Pauses::<T>::get();
			if pauses.iter().all(|(_, until)| *until > now) {
				return read;
			}
			let (over, rest): (Vec<_>, Vec<_>) =
				pauses.into_iter().partition(|(_, until)| *until <= now);
			let number = u64::try_from(over.len()).unwrap_or(u64::MAX);
			Pauses::<T>::put(BoundedVec::truncate_from(rest));
			for (call, _) in over {
				if <TxPause<T> as TransactionPause>::unpause(call).is_err() {
					frame_support::defensive!("no call is unpaused but by this pallet");
				}
			}
			<T as pallet_tx_pause::Config>::WeightInfo::unpause()
				.saturating_mul(number)
				.saturating_add(T::DbWeight::get().reads_writes(1, 1))
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Pause a call: no account can send it. Root's own calls pass.
		///
		/// - `call`: pallet and call as the metadata names them, such as `Operators` and
		///   `list_service`.
		///
		/// Origin: two thirds of the technical committee, for a day of governance; or root, until
		/// it unpauses the call.
		///
		/// Errors: `UnknownCall`, `AlreadyPaused`, `Unpausable`, `TooManyPauses`.
		///
		/// Emits: `TxPause.CallPaused`, and `PausedUntil` if the committee pauses.
		#[pallet::call_index(0)]
		#[pallet::weight(
			<T as pallet_tx_pause::Config>::WeightInfo::pause()
				.saturating_add(T::DbWeight::get().reads_writes(1, 1))
		)]
		pub fn pause(origin: OriginFor<T>, call: RuntimeCallNameOf<T>) -> DispatchResult {
			let is_root = Self::ensure_committee_or_root(origin)?;
			ensure!(Self::exists(&call), Error::<T>::UnknownCall);
			<TxPause<T> as TransactionPause>::pause(call.clone()).map_err(Self::named)?;
			if !is_root {
				let until =
					frame_system::Pallet::<T>::block_number().saturating_add(T::MaxPause::get());
				Pauses::<T>::try_append((call.clone(), until))
					.map_err(|()| Error::<T>::TooManyPauses)?;
				Self::deposit_event(Event::PausedUntil { call, until });
			}
			Ok(())
		}

		/// Unpause a call before its time.
		///
		/// - `call`: pallet and call as the metadata names them.
		///
		/// Origin: two thirds of the technical committee, or root. The committee cannot undo a
		/// pause by root.
		///
		/// Errors: `NotPaused`.
		///
		/// Emits: `TxPause.CallUnpaused`.
		#[pallet::call_index(1)]
		#[pallet::weight(
			<T as pallet_tx_pause::Config>::WeightInfo::unpause()
				.saturating_add(T::DbWeight::get().reads_writes(1, 1))
		)]
		pub fn unpause(origin: OriginFor<T>, call: RuntimeCallNameOf<T>) -> DispatchResult {
			let is_root = Self::ensure_committee_or_root(origin)?;
			let had_limit = Pauses::<T>::mutate(|pauses| {
				let before = pauses.len();
				pauses.retain(|(paused, _)| *paused != call);
				pauses.len() < before
			});
			ensure!(is_root || had_limit, Error::<T>::NotPaused);
			<TxPause<T> as TransactionPause>::unpause(call).map_err(Self::named)?;
			Ok(())
		}
	}

	impl<T: Config> Pallet<T> {
		/// True for root, false for the committee.
		fn ensure_committee_or_root(origin: OriginFor<T>) -> Result<bool, DispatchError> {
			match T::CommitteeOrigin::try_origin(origin) {
				Ok(_) => Ok(false),
				Err(origin) => {
					ensure_root(origin)?;
					Ok(true)
				},
			}
		}

		fn exists((pallet, call): &RuntimeCallNameOf<T>) -> bool {
			type Calls<T> = <T as frame_system::Config>::RuntimeCall;
			let has = |names: &[&str], name: &[u8]| names.iter().any(|n| n.as_bytes() == name);
			// The names of the calls of an unknown pallet cannot be asked for.
			has(Calls::<T>::get_module_names(), pallet)
				&& core::str::from_utf8(pallet)
					.is_ok_and(|pallet| has(Calls::<T>::get_call_names(pallet), call))
		}

		fn named(error: TransactionPauseError) -> Error<T> {
			match error {
				TransactionPauseError::NotFound | TransactionPauseError::Unknown => {
					Error::UnknownCall
				},
				TransactionPauseError::Unpausable => Error::Unpausable,
				TransactionPauseError::AlreadyPaused => Error::AlreadyPaused,
				TransactionPauseError::AlreadyUnpaused => Error::NotPaused,
			}
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Validator set: election by bond, sessions between elections, and the consequences of offences.
//!
//! Anybody who bonds the minimum and sets session keys is a candidate. Each era the candidates with
//! the largest bonds are elected. There are no nominators. Rewards are those of probing: staking
//! pays none.
//!
//! - An equivocation of BABE or GRANDPA disables the offender for the rest of the era and slashes
//!   its bond, after a delay in which governance may cancel the slash.
//! - Neglect of the probing duty slashes [`NEGLECT_SLASH`] of the bond, once an era. A prober that
//!   neglects several sessions in a row is chilled: it is no candidate until it validates again.

use crate::{
	AccountId, Balance, BlockNumber, Historical, Runtime, Session, SessionKeys, Staking,
	configs::consensus::MAX_VALIDATORS,
};
use alloc::vec::Vec;
use core::cmp::Reverse;
use frame_election_provider_support::{
	BoundedSupport, BoundedSupportsOf, ElectionProvider, PageIndex,
};
use frame_support::{
	BoundedVec,
	storage::{TransactionOutcome, with_transaction},
	storage_alias,
	traits::{ConstU32, KeyOwnerProofSystem},
	weights::Weight,
};
use pallet_session::{
	SessionManager,
	disabling::{
		DisablingDecision, DisablingStrategy, UpToLimitWithReEnablingDisablingStrategy as UpToLimit,
	},
	historical,
};
use sp_core::crypto::KeyTypeId;
use sp_runtime::{DispatchError, Perbill};
use sp_session::MembershipProof;
use sp_staking::{SessionIndex, StakingInterface, offence::OffenceSeverity};
use surety_primitives::Candidates;

/// Share of its bond that a prober loses for neglect: 0.01 %. Less than the share for any
/// equivocation, by which the two are told apart.
pub const NEGLECT_SLASH: Perbill = Perbill::from_parts(100_000);

// One equivocation among the maximum number of validators costs (3 / n)^2 of the bond.
const _: () = assert!(
	9 * 1_000_000_000 / (MAX_VALIDATORS as u64 * MAX_VALIDATORS as u64)
		> NEGLECT_SLASH.deconstruct() as u64
);

/// Bonds of all candidates with session keys, the largest first. Staking does not ask for session
/// keys, and a validator without them would be dropped from the set without a word.
fn candidates() -> Vec<(AccountId, Balance)> {
	let mut all: Vec<(AccountId, Balance)> = pallet_staking::Validators::<Runtime>::iter_keys()
		.filter(|who| pallet_session::NextKeys::<Runtime>::contains_key(who))
		.filter_map(|who| {
			let bond = Staking::stake(&who).ok()?.active;
			(bond > 0).then_some((who, bond))
		})
		.collect();
	all.sort_unstable_by(|(a, bond_a), (b, bond_b)| {
		(Reverse(bond_a), a).cmp(&(Reverse(bond_b), b))
	});
	all
}

/// Election of the candidates with the largest bonds. Of equal bonds the lower account wins.
///
/// The block in which it runs is that of a change of sessions, which counts as full.
pub struct TopByBond;
impl ElectionProvider for TopByBond {
	type AccountId = AccountId;
	type BlockNumber = BlockNumber;
	type Error = &'static str;
	type MaxWinnersPerPage = ConstU32<MAX_VALIDATORS>;
	type MaxBackersPerWinner = ConstU32<1>;
	type MaxBackersPerWinnerFinal = ConstU32<1>;
	type Pages = ConstU32<1>;
	type DataProvider = Staking;

	fn elect(_page: PageIndex) -> Result<BoundedSupportsOf<Self>, Self::Error> {
		let seats = usize::try_from(Self::desired_targets_checked()?).unwrap_or(usize::MAX);
		let winners = candidates().into_iter().take(seats).map(|(who, bond)| {
			let voters = BoundedVec::truncate_from(alloc::vec![(who.clone(), bond)]);
			(who, BoundedSupport { total: bond, voters })
		});
		let winners: Vec<_> = winners.collect();
		let winners = BoundedVec::try_from(winners).map_err(|_| "more winners than seats")?;
		Ok(winners.into())
	}

	fn duration() -> BlockNumber {
		0
	}
	fn start() -> Result<(), Self::Error> {
		Ok(())
	}
	fn status() -> Result<Option<Weight>, ()> {
		Ok(Some(Weight::zero()))
	}
}

/// Session manager over staking, which returns a set only when an era begins.
///
/// A set is also returned for a session with changed keys. Otherwise the historical root of the
/// sessions until the next era would be that of the old keys, and an equivocation with a new key
/// could not be proven once its session is over. While no key changes the set of GRANDPA stays the
/// same too: each of its changes makes the proofs of warp sync longer.
pub struct ElectedValidators;

impl ElectedValidators {
	/// Validators of the session that begins, if their keys are not those that they began with.
	fn with_changed_keys() -> Option<Vec<AccountId>> {
		let began_with: Vec<(AccountId, SessionKeys)> = Session::queued_keys();
		let mut changed = false;
		let mut validators = Vec::new();
		for (who, keys) in began_with {
			let next = Session::load_keys(&who);
			changed |= next.as_ref() != Some(&keys);
			if next.is_some() {
				validators.push(who);
			}
		}
		(changed && !validators.is_empty()).then_some(validators)
	}
}

impl SessionManager<AccountId> for ElectedValidators {
	fn new_session(index: SessionIndex) -> Option<Vec<AccountId>> {
		<Staking as SessionManager<_>>::new_session(index).or_else(Self::with_changed_keys)
	}
	fn new_session_genesis(index: SessionIndex) -> Option<Vec<AccountId>> {
		<Staking as SessionManager<_>>::new_session_genesis(index)
	}
	fn start_session(index: SessionIndex) {
		KeysInUse::put(BoundedVec::truncate_from(Session::queued_keys()));
		<Staking as SessionManager<_>>::start_session(index);
	}
	fn end_session(index: SessionIndex) {
		<Staking as SessionManager<_>>::end_session(index);
	}
}

/// Validators with their full identification: none, the account is enough.
fn identified(validators: Vec<AccountId>) -> Vec<(AccountId, ())> {
	validators.into_iter().map(|who| (who, ())).collect()
}

impl historical::SessionManager<AccountId, ()> for ElectedValidators {
	fn new_session(index: SessionIndex) -> Option<Vec<(AccountId, ())>> {
		<Self as SessionManager<_>>::new_session(index).map(identified)
	}
	fn new_session_genesis(index: SessionIndex) -> Option<Vec<(AccountId, ())>> {
		<Self as SessionManager<_>>::new_session_genesis(index).map(identified)
	}
	fn start_session(index: SessionIndex) {
		<Self as SessionManager<_>>::start_session(index);
	}
	fn end_session(index: SessionIndex) {
		<Self as SessionManager<_>>::end_session(index);
	}
}

/// Keys that the validators of the session sign with.
#[storage_alias]
type KeysInUse =
	StorageValue<Validators, BoundedVec<(AccountId, SessionKeys), ConstU32<MAX_VALIDATORS>>>;

/// Proofs that a session key is a validator's.
///
/// The SDK proves, and checks proofs of the present session, by the keys that validators announced
/// last. Whoever announces new ones signs with the old ones until the session after next, and could
/// equivocate without a proof. These proofs are by the keys in use.
pub struct KeyOwners;

impl KeyOwners {
	/// Call a function on a state in which the keys in use are those announced.
	fn with_keys_in_use<R>(run: impl FnOnce() -> Option<R>) -> Option<R> {
		let result = with_transaction(|| {
			// None in the session of the upgrade that brings them.
			for (who, keys) in KeysInUse::get().unwrap_or_default() {
				pallet_session::NextKeys::<Runtime>::insert(who, keys);
			}
			TransactionOutcome::Rollback(Ok::<_, DispatchError>(run()))
		});
		result.ok().flatten()
	}
}

impl<Key: AsRef<[u8]>> KeyOwnerProofSystem<(KeyTypeId, Key)> for KeyOwners {
	type Proof = MembershipProof;
	type IdentificationTuple = historical::IdentificationTuple<Runtime>;

	fn prove(key: (KeyTypeId, Key)) -> Option<MembershipProof> {
		Self::with_keys_in_use(|| Historical::prove(key))
	}
	fn check_proof(
		key: (KeyTypeId, Key),
		proof: MembershipProof,
	) -> Option<Self::IdentificationTuple> {
		Self::with_keys_in_use(|| Historical::check_proof(key, proof))
	}
}

/// Disables validators that equivocated, up to a third of the set. Neglect of probing disables
/// nobody: a bad prober may be a good author.
pub struct DisableEquivocators;
impl DisablingStrategy<Runtime> for DisableEquivocators {
	fn decision(
		offender: &AccountId,
		severity: OffenceSeverity,
		disabled: &Vec<(u32, OffenceSeverity)>,
	) -> DisablingDecision {
		if severity.0 <= NEGLECT_SLASH {
			return DisablingDecision { disable: None, reenable: None };
		}
		<UpToLimit<3> as DisablingStrategy<Runtime>>::decision(offender, severity, disabled)
	}
}

/// Candidates of staking.
///
/// Invulnerable validators are not chilled, nor are those without whom less than two thirds of the
/// set, or too few for an election, would stand: neglect on that scale is a fault of the network,
/// and no way for the candidates beside the set into it.
pub struct StakingCandidates;
impl Candidates<AccountId> for StakingCandidates {
	fn chill(validators: &[AccountId]) {
		let set = Session::validators();
		let candidates = candidates();
		let mut standing = candidates.iter().filter(|(who, _)| set.contains(who)).count();
		let mut left = candidates.len();
		let least = usize::try_from(Staking::minimum_validator_count()).unwrap_or(usize::MAX);
		let invulnerable = Staking::invulnerables();
		let may_be_chilled = |who: &&AccountId| {
			candidates.iter().any(|(candidate, _)| candidate == *who) && !invulnerable.contains(who)
		};
		for who in validators.iter().filter(may_be_chilled) {
			let (after, still) =
				(left.saturating_sub(1), standing.saturating_sub(usize::from(set.contains(who))));
			if after < least || still.saturating_mul(3) < set.len().saturating_mul(2) {
				log::warn!(
					target: crate::LOG_TARGET,
					"{who:?} neglects its duty and stays, since the set has too few candidates"
				);
				return;
			}
			if <Staking as StakingInterface>::chill(who).is_ok() {
				(left, standing) = (after, still);
			}
		}
	}
}

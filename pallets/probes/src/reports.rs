// SPDX-License-Identifier: Apache-2.0

//! Commit and reveal: the phases in which reports are accepted, and the hashes that bind them.

use crate::*;
use alloc::vec::Vec;
use frame::deps::sp_runtime::{
	traits::Zero,
	transaction_validity::{
		TransactionSource, TransactionValidityError, TransactionValidityWithRefund,
	},
};
use sp_application_crypto::RuntimeAppPublic;
use sp_core::storage::StateVersion;
use sp_io::hashing::blake2_256;

/// Blocks of the next round in which commits to a round are accepted: probes end with the round,
/// and a commit needs a block to be included in.
pub const COMMIT_GRACE: u32 = 2;
/// Blocks of the next round that pass before reveals open, two more than for commits: a prober that
/// still commits on a competing fork of the last block for commits must not have seen a report.
pub const REVEAL_OFFSET: u32 = COMMIT_GRACE + 2;

/// Place of a block relative to a phase.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
	/// Before the phase.
	Early,
	/// In the phase.
	Open,
	/// After the phase.
	Late,
}
impl Phase {
	fn of(block: u32, first: u32, end: u32) -> Self {
		match block {
			_ if block < first => Self::Early,
			_ if block < end => Self::Open,
			_ => Self::Late,
		}
	}
}

/// First block in which commits to a round are no longer accepted.
pub fn commits_end<C: Clock>(round: RoundIndex) -> u32 {
	C::round_start(round.saturating_add(1)).saturating_add(COMMIT_GRACE)
}

/// First block in which reveals of a round are no longer accepted. It counts the round.
pub fn reveals_end<C: Clock>(round: RoundIndex) -> u32 {
	commits_end::<C>(round.saturating_add(1))
}

/// Phase of the commits to a round that a block is in.
pub fn commit_phase<C: Clock>(round: RoundIndex, block: u32) -> Phase {
	Phase::of(block, C::round_start(round), commits_end::<C>(round))
}

/// Phase of the reveals of a round that a block is in.
pub fn reveal_phase<C: Clock>(round: RoundIndex, block: u32) -> Phase {
	let opens = C::round_start(round.saturating_add(1)).saturating_add(REVEAL_OFFSET);
	Phase::of(block, opens, reveals_end::<C>(round))
}

const COMMIT: &[u8] = b"surety:commit";
const REPORT: &[u8] = b"surety:report";
const ACCEPTED: &[u8] = b"surety:accepted";

/// Content of a commit: the hash of a report, bound to the chain (`genesis`, the hash of the
/// genesis block), the round and the prober. A copied hash is useless to any other prober.
pub fn commit_hash(
	genesis: &[u8],
	round: RoundIndex,
	prober: &ProberId,
	salt: &[u8; 32],
	report: &[u8],
) -> [u8; 32] {
	blake2_256(&(REPORT, genesis, round, prober, salt, report).encode())
}

/// Message of a commit that the session key of the prober signs.
pub fn commit_payload(genesis: &[u8], round: RoundIndex, hash: &[u8; 32]) -> Vec<u8> {
	(COMMIT, genesis, round, hash).encode()
}

/// Leaf of a revealed report in the tree whose root is kept per round: index and key of the prober,
/// a flag for a blind report, and the hash of the bytes.
pub fn reveal_leaf(
	genesis: &[u8],
	round: RoundIndex,
	index: u16,
	prober: &ProberId,
	blind: bool,
	report: &[u8],
) -> Vec<u8> {
	(ACCEPTED, genesis, round, index, prober, blind, blake2_256(report)).encode()
}

/// Root of the reveals of a round: of an ordered trie of their leaves, in the order of the probers.
pub fn reveals_root(leaves: Vec<Vec<u8>>) -> H256 {
	sp_io::trie::blake2_256_ordered_root(leaves, StateVersion::V1)
}

/// Codes of `InvalidTransaction::Custom` by which the pool refuses a report.
pub mod refused {
	/// The round has no snapshot.
	pub const NO_SNAPSHOT: u8 = 1;
	/// The snapshot names no prober with this index.
	pub const NOT_A_PROBER: u8 = 2;
	/// The prober did not commit in the round.
	pub const NO_COMMIT: u8 = 3;
	/// The report does not have one byte per due target.
	pub const WRONG_LENGTH: u8 = 4;
}

impl<T: Config> Pallet<T> {
	/// Hash of the genesis block, as bytes.
	pub(crate) fn genesis() -> T::Hash {
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
	}

	/// Store a commit.
	pub(crate) fn do_commit(round: RoundIndex, index: u16, hash: [u8; 32]) -> DispatchResult {
		Self::check_commit(round, index)?;
		Reports::<T>::insert(round, index, Sent::Committed(hash));
		Ok(())
	}

	/// Put a report in the place of its commit.
	pub(crate) fn do_reveal(
		round: RoundIndex,
		index: u16,
		salt: [u8; 32],
		report: Report,
	) -> DispatchResult {
		let (prober, hash) = Self::check_reveal(round, index, report.len())?;
		let found = commit_hash(Self::genesis().as_ref(), round, &prober.key, &salt, &report);
		ensure!(found == hash, Error::<T>::WrongReveal);
		Reports::<T>::insert(round, index, Sent::Revealed(report));
		Ok(())
	}

	/// Check that the prober with this index may commit to `round` in the block being built.
	pub(crate) fn check_commit(
		round: RoundIndex,
		index: u16,
	) -> Result<Prober<T::AccountId>, Error<T>> {
		Self::ensure_open(commit_phase::<T::Clock>(round, T::Clock::now()))?;
		let (_, prober) = Self::prober_of(round, index)?;
		ensure!(!Reports::<T>::contains_key(round, index), Error::<T>::AlreadyCommitted);
		Ok(prober)
	}

	/// Check that the prober with this index may reveal a report of `len` bytes for `round` in the
	/// block being built. Returns the prober and the hash that it committed to.
	pub(crate) fn check_reveal(
		round: RoundIndex,
		index: u16,
		len: usize,
	) -> Result<(Prober<T::AccountId>, [u8; 32]), Error<T>> {
		Self::ensure_open(reveal_phase::<T::Clock>(round, T::Clock::now()))?;
		let (snapshot, prober) = Self::prober_of(round, index)?;
		let hash = match Reports::<T>::get(round, index) {
			Some(Sent::Committed(hash)) => hash,
			Some(Sent::Revealed(_)) => return Err(Error::<T>::AlreadyRevealed),
			None => return Err(Error::<T>::NoCommit),
		};
		ensure!(u32::try_from(len) == Ok(snapshot.targets), Error::<T>::WrongLength);
		Ok((prober, hash))
	}

	fn ensure_open(phase: Phase) -> Result<(), Error<T>> {
		match phase {
			Phase::Early => Err(Error::<T>::TooEarly),
			Phase::Open => Ok(()),
			Phase::Late => Err(Error::<T>::TooLate),
		}
	}

	fn prober_of(
		round: RoundIndex,
		index: u16,
	) -> Result<(Snapshot<T::AccountId>, Prober<T::AccountId>), Error<T>> {
		let snapshot = Snapshots::<T>::get(round).ok_or(Error::<T>::NoSnapshot)?;
		let prober =
			snapshot.probers.get(usize::from(index)).cloned().ok_or(Error::<T>::NotAProber)?;
		Ok((snapshot, prober))
	}

	/// Refusal by the pool. A report that comes too early is dropped as `Future`, one too many as
	/// `Stale`.
	fn refusal(error: Error<T>) -> TransactionValidityError {
		match error {
			Error::<T>::TooEarly => InvalidTransaction::Future,
			Error::<T>::TooLate | Error::<T>::AlreadyCommitted | Error::<T>::AlreadyRevealed => {
				InvalidTransaction::Stale
			},
			Error::<T>::NoSnapshot => InvalidTransaction::Custom(refused::NO_SNAPSHOT),
			Error::<T>::NotAProber => InvalidTransaction::Custom(refused::NOT_A_PROBER),
			Error::<T>::NoCommit => InvalidTransaction::Custom(refused::NO_COMMIT),
			Error::<T>::WrongLength => InvalidTransaction::Custom(refused::WRONG_LENGTH),
			_ => InvalidTransaction::BadProof,
		}
		.into()
	}

	/// Authorize a commit: the cheap checks come first, the signature last.
	pub(crate) fn authorize_commit(
		_source: TransactionSource,
		round: &RoundIndex,
		index: &u16,
		hash: &[u8; 32],
		signature: &ProberSignature,
	) -> TransactionValidityWithRefund {
		let prober = Self::check_commit(*round, *index).map_err(Self::refusal)?;
		let payload = commit_payload(Self::genesis().as_ref(), *round, hash);
		ensure!(prober.key.verify(&payload, signature), InvalidTransaction::BadProof);
		Self::valid(COMMIT, *round, *index, commits_end::<T::Clock>(*round))
	}

	/// Authorize a reveal without a signature: only the prober knows the report that has the hash.
	pub(crate) fn authorize_reveal(
		_source: TransactionSource,
		round: &RoundIndex,
		index: &u16,
		salt: &[u8; 32],
		report: &Report,
	) -> TransactionValidityWithRefund {
		let (prober, hash) =
			Self::check_reveal(*round, *index, report.len()).map_err(Self::refusal)?;
		let found = commit_hash(Self::genesis().as_ref(), *round, &prober.key, salt, report);
		ensure!(found == hash, InvalidTransaction::BadProof);
		Self::valid(REPORT, *round, *index, reveals_end::<T::Clock>(*round))
	}

	/// Validity of one transaction per phase, round and prober, until the first block of the next
	/// phase.
	fn valid(
		phase: &[u8],
		round: RoundIndex,
		index: u16,
		ends: u32,
	) -> TransactionValidityWithRefund {
		ValidTransaction::with_tag_prefix("SuretyProbes")
			.priority(T::UnsignedPriority::get())
			.and_provides((phase, round, index))
			.longevity(u64::from(ends.saturating_sub(T::Clock::now()).max(1)))
			.propagate(true)
			.build()
			.map(|valid| (valid, Weight::zero()))
	}
}

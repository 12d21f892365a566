//! Commit and reveal: who may send what in which phase, and the hashes that bind it.

use crate::{Config, Error, Pallet, Prober, Report, Reports, Sent, Snapshot, Snapshots};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{ensure, traits::Get, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_application_crypto::RuntimeAppPublic;
use sp_core::{H256, storage::StateVersion};
use sp_io::hashing::blake2_256;
use sp_runtime::{
	traits::Zero,
	transaction_validity::{
		InvalidTransaction, TransactionSource, TransactionValidityError,
		TransactionValidityWithRefund, ValidTransaction,
	},
};
use surety_primitives::{
	Clock, RoundIndex,
	crypto::{ProberId, ProberSignature},
};

/// Blocks of the next round in which commits to a round are accepted: probes end with the round,
/// and a commit needs a block to get into.
pub const COMMIT_GRACE: u32 = 2;
/// Blocks of the next round that pass before reveals open, two more than for commits: whoever still
/// commits on a competing fork of the last block for commits must not have seen a report.
pub const REVEAL_OFFSET: u32 = COMMIT_GRACE + 2;

/// Place of a block relative to a phase.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
	/// It begins later.
	Early,
	/// The block is in it.
	Open,
	/// It is over.
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

/// First block in which commits to a round are not accepted any more.
pub fn commits_end<C: Clock>(round: RoundIndex) -> u32 {
	C::round_start(round.saturating_add(1)).saturating_add(COMMIT_GRACE)
}

/// First block in which reveals of a round are not accepted any more: it is counted in that block.
pub fn reveals_end<C: Clock>(round: RoundIndex) -> u32 {
	commits_end::<C>(round.saturating_add(1))
}

/// If commits to a round are accepted in a block.
pub fn commit_phase<C: Clock>(round: RoundIndex, block: u32) -> Phase {
	Phase::of(block, C::round_start(round), commits_end::<C>(round))
}

/// If reveals of a round are accepted in a block.
pub fn reveal_phase<C: Clock>(round: RoundIndex, block: u32) -> Phase {
	let opens = C::round_start(round.saturating_add(1)).saturating_add(REVEAL_OFFSET);
	Phase::of(block, opens, reveals_end::<C>(round))
}

const COMMIT: &[u8] = b"surety:commit";
const REPORT: &[u8] = b"surety:report";
const ACCEPTED: &[u8] = b"surety:accepted";

/// Content of a commit: the hash of a report, bound to the chain (`genesis`, the genesis block's
/// hash), the round and the prober. A copied hash is useless to any other prober.
pub fn commit_hash(
	genesis: &[u8],
	round: RoundIndex,
	prober: &ProberId,
	salt: &[u8; 32],
	report: &[u8],
) -> [u8; 32] {
	blake2_256(&(REPORT, genesis, round, prober, salt, report).encode())
}

/// Message that the prober's session key signs to commit.
pub fn commit_payload(genesis: &[u8], round: RoundIndex, hash: &[u8; 32]) -> Vec<u8> {
	(COMMIT, genesis, round, hash).encode()
}

/// Leaf of a revealed report in the tree whose root is kept per round: the prober's index and key,
/// if its report is blind, and the hash of its bytes.
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

/// Root of the tree of a round's reveals: an ordered trie of their leaves, in the order of the
/// probers.
pub fn reveals_root(leaves: Vec<Vec<u8>>) -> H256 {
	sp_io::trie::blake2_256_ordered_root(leaves, StateVersion::V1)
}

/// Codes of `InvalidTransaction::Custom` with which the pool refuses a report.
pub mod refused {
	/// The round has no snapshot.
	pub const NO_SNAPSHOT: u8 = 1;
	/// The snapshot names no prober with this index.
	pub const NOT_A_PROBER: u8 = 2;
	/// The prober did not commit in the round.
	pub const NO_COMMIT: u8 = 3;
	/// The report is not as long as its due services.
	pub const WRONG_LENGTH: u8 = 4;
}

impl<T: Config> Pallet<T> {
	/// Hash of the genesis block, as bytes.
	pub(crate) fn genesis() -> T::Hash {
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
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
	/// block being built. Returns the hash that it must have.
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
		ensure!(u32::try_from(len) == Ok(snapshot.services), Error::<T>::WrongLength);
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

	/// Refusal of the pool. A report that comes too early is dropped as `Future`, one too many as
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

	/// Authorize a commit: cheap checks first, the signature last.
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

	/// Authorize a reveal: no signature, only the prober knows what has the committed hash.
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

	/// One per (phase, round, prober), until the first block of the next phase.
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

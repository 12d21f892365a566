//! Duty: the work of each prober in a session, and what it earns or answers for at the session's
//! end.

use crate::{
	Config, Duty, DutyRule, DutyTally, Event, IdentificationTuple, MAX_PROBERS, Pallet, Prober,
	ProberSet, SHARE, SessionRule, Snapshot,
};
use alloc::{collections::BTreeSet, vec, vec::Vec};
use frame_support::{
	BoundedVec,
	traits::{Get, OneSessionHandler, ValidatorSet, ValidatorSetWithIdentification},
};
use sp_runtime::{
	Perbill, Rounding, helpers_128bit::multiply_by_rational_with_rounding, traits::Convert,
};
use sp_staking::{
	SessionIndex,
	offence::{Kind, Offence, ReportOffence},
};
use surety_primitives::{AssetId, Balance, Funds, crypto::ProberId};

/// Rounds below which a session says too little of a prober to hold anything against it.
pub const MIN_ROUNDS: u32 = 5;
/// Changes of verdict in one direction, in thousandths of an operator, below which the share of them
/// that a prober caught is not held against it. An honest prober misses those that come after its
/// probe; of five it misses too many in one session of 200 (tests/simulation.rs), of ten in
/// fewer than one of 1,000.
pub const MIN_CHANGES: u64 = 10 * SHARE;

/// Filed against probers that neglected their duty, at the end of a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProberNeglect<Offender> {
	/// The session that ended.
	pub session_index: SessionIndex,
	/// Validators in it.
	pub validator_set_count: u32,
	/// Those that neglected their duty.
	pub offenders: Vec<Offender>,
}

impl<Offender: Clone> Offence<Offender> for ProberNeglect<Offender> {
	const ID: Kind = *b"surety:neglect..";
	type Slot = SessionIndex;

	fn offenders(&self) -> Vec<Offender> {
		self.offenders.clone()
	}
	fn session_index(&self) -> SessionIndex {
		self.session_index
	}
	fn validator_set_count(&self) -> u32 {
		self.validator_set_count
	}
	fn slot(&self) -> SessionIndex {
		self.session_index
	}
	/// Recorded only: nothing is slashed for it yet.
	fn slash_fraction(&self, _offenders: u32) -> Perbill {
		Perbill::zero()
	}
}

impl DutyTally {
	/// Share of its rounds with an accepted report.
	pub fn participation(&self) -> Perbill {
		share(self.accepted.into(), self.rounds.into())
	}
	/// Share of its findings that agreed with the verdict.
	pub fn agreement(&self) -> Perbill {
		share(self.agreed, self.judged)
	}
	/// Share of the changes of verdict that it caught: the smaller of those away from up and those
	/// back to it. None without one away from up, since who always says up catches all the others;
	/// nor can a copy of the round before catch any.
	pub fn caught(&self) -> Perbill {
		let rose = share(self.rose_caught, self.rose);
		if self.fell == 0 { Perbill::zero() } else { share(self.fell_caught, self.fell).min(rose) }
	}
	/// Part of its reports that is paid.
	pub fn earned(&self, rule: DutyRule) -> Perbill {
		let enough = self.attends(rule) && self.caught() >= rule.caught;
		if enough { self.caught() } else { Perbill::zero() }
	}
	/// True if it must answer for the session.
	pub fn is_neglect(&self, rule: DutyRule) -> bool {
		let blind = |caught: u64, of: u64| of >= MIN_CHANGES && share(caught, of) < rule.caught;
		let slept = blind(self.fell_caught, self.fell) || blind(self.rose_caught, self.rose);
		self.rounds >= MIN_ROUNDS && (!self.attends(rule) || slept)
	}
	fn attends(&self, rule: DutyRule) -> bool {
		self.participation() >= rule.least && self.agreement() >= rule.least
	}
}

/// `part / whole`; all of nothing is enough.
fn share(part: u64, whole: u64) -> Perbill {
	if whole == 0 { Perbill::one() } else { Perbill::from_rational(part, whole) }
}

impl<T: Config> Pallet<T> {
	/// Add a round to the duty of the probers of its snapshot. One value, written once.
	pub(crate) fn note_duty(snapshot: &Snapshot<T::AccountId>, round: &[DutyTally]) {
		if round.is_empty() {
			return;
		}
		Duty::<T>::mutate(|duty| {
			for (at, (prober, tally)) in snapshot.probers.iter().zip(round).enumerate() {
				// While the session lasts the list is in the order of the snapshot.
				let known = match duty.get(at) {
					Some((account, _)) if *account == prober.account => Some(at),
					_ => duty.iter().position(|(account, _)| *account == prober.account),
				};
				match known.and_then(|at| duty.get_mut(at)) {
					Some((_, sum)) => sum.add(tally),
					// A full list (several whole sets in one session) leaves a prober out: it
					// neither earns nor answers for those rounds.
					None => drop(duty.try_push((prober.account.clone(), *tally))),
				}
			}
		});
	}

	/// Reward and report by what the session's folded rounds say; then start over.
	pub(crate) fn end_duty(session: SessionIndex) {
		let duty = Duty::<T>::take();
		// As it was when the session began: its rounds are paid by it.
		let rule = SessionRule::<T>::get().unwrap_or_else(T::DutyRule::get);
		Self::reward(session, &duty, rule);
		let failed: Vec<&(T::AccountId, DutyTally)> =
			duty.iter().filter(|(_, tally)| tally.is_neglect(rule)).collect();
		if failed.is_empty() {
			return;
		}
		for (prober, tally) in &failed {
			Self::deposit_event(Event::DutyFailed {
				session,
				prober: prober.clone(),
				tally: *tally,
			});
		}
		let validators: BTreeSet<Vec<u8>> =
			T::ValidatorSet::validators().iter().map(codec::Encode::encode).collect();
		let offenders: Vec<IdentificationTuple<T>> = failed
			.into_iter()
			.filter_map(|(account, _)| {
				let id = <T::ValidatorSet as ValidatorSet<T::AccountId>>::ValidatorIdOf::convert(account.clone())?;
				let full = <T::ValidatorSet as ValidatorSetWithIdentification<T::AccountId>>::IdentificationOf::convert(id.clone())?;
				// One that left the set with the last session is not reported for this one.
				validators.contains(&codec::Encode::encode(&id)).then_some((id, full))
			})
			.collect();
		if offenders.is_empty() {
			return;
		}
		let validator_set_count = u32::try_from(validators.len()).unwrap_or(u32::MAX);
		let offence = ProberNeglect { session_index: session, validator_set_count, offenders };
		if T::ReportNeglect::report_offence(vec![], offence).is_err() {
			log::debug!(target: crate::LOG, "neglect in session {session} is known already");
		}
	}

	/// Pay out the pot in the native token and in one other asset, the next each session. Each
	/// accepted report has the same part of it, of which its prober earns the share of the changes
	/// of verdict that it caught. The rest stays in the pot for the sessions to come: who makes
	/// another one fail gains no more by it than everybody else. So does all of it in a session
	/// without a change, in which nobody can tell work from a copy.
	fn reward(session: SessionIndex, duty: &[(T::AccountId, DutyTally)], rule: DutyRule) {
		let accepted: u64 =
			duty.iter().fold(0, |sum, (_, tally)| sum.saturating_add(u64::from(tally.accepted)));
		if accepted == 0 {
			return;
		}
		let others = T::RewardAssets::get();
		let turn = usize::try_from(session).ok().and_then(|s| s.checked_rem(others.len()));
		let other =
			turn.and_then(|at| others.get(at).copied()).filter(|asset| *asset != AssetId::Native);
		let pot = T::Pot::get();
		for asset in core::iter::once(AssetId::Native).chain(other) {
			// The pot stays alive.
			let funds = T::Funds::spendable(asset, &pot).saturating_sub(T::Funds::minimum(asset));
			let (mut paid, mut probers): (Balance, u32) = (0, 0);
			for (prober, tally) in duty {
				let whole = multiply_by_rational_with_rounding(
					funds,
					u128::from(tally.accepted),
					u128::from(accepted),
					Rounding::Down,
				);
				let part = tally.earned(rule).mul_floor(whole.unwrap_or(0));
				// A prober that cannot take it (blocked, or below the minimum balance) leaves it in
				// the pot.
				if part > 0 && T::Funds::transfer(asset, &pot, prober, part).is_ok() {
					paid = paid.saturating_add(part);
					probers = probers.saturating_add(1);
				}
			}
			if paid > 0 {
				Self::deposit_event(Event::RewardsPaid { session, asset, amount: paid, probers });
			}
		}
	}

	fn set_probers<'a>(validators: impl Iterator<Item = (&'a T::AccountId, ProberId)>)
	where
		T::AccountId: 'a,
	{
		let most = T::MaxProbers::get().min(MAX_PROBERS);
		let all: Vec<_> =
			validators.map(|(account, key)| Prober { account: account.clone(), key }).collect();
		if u32::try_from(all.len()).is_ok_and(|n| n > most) {
			log::error!(target: crate::LOG, "{} validators, but only the first {most} can probe", all.len());
		}
		let most = usize::try_from(most).unwrap_or(usize::MAX);
		SessionRule::<T>::put(T::DutyRule::get());
		ProberSet::<T>::put(BoundedVec::truncate_from(all.into_iter().take(most).collect()));
	}
}

impl<T: Config> sp_runtime::BoundToRuntimeAppPublic for Pallet<T> {
	type Public = ProberId;
}

/// A new session changes who probes from the next snapshot on; rounds that are open keep theirs.
impl<T: Config> OneSessionHandler<T::AccountId> for Pallet<T> {
	type Key = ProberId;

	fn on_genesis_session<'a, I>(validators: I)
	where
		I: Iterator<Item = (&'a T::AccountId, ProberId)> + 'a,
	{
		Self::set_probers(validators);
	}

	fn on_new_session<'a, I>(_changed: bool, validators: I, _queued: I)
	where
		I: Iterator<Item = (&'a T::AccountId, ProberId)> + 'a,
	{
		Self::set_probers(validators);
	}

	fn on_before_session_ending() {
		Self::end_duty(T::ValidatorSet::session_index());
	}

	fn on_disabled(_validator: u32) {}
}

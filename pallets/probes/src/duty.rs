// SPDX-License-Identifier: Apache-2.0

//! Duty: the work of each prober in a session, its reward, and the offence of neglect.

use crate::*;
use alloc::{collections::BTreeSet, vec, vec::Vec};
use frame::deps::sp_runtime::helpers_128bit::multiply_by_rational_with_rounding;
use sp_staking::offence::{Kind, Offence};

type ValidatorIdOf<T> = <<T as Config>::ValidatorSet as ValidatorSet<
	<T as frame_system::Config>::AccountId,
>>::ValidatorIdOf;
type IdentificationOf<T> = <<T as Config>::ValidatorSet as ValidatorSetWithIdentification<
	<T as frame_system::Config>::AccountId,
>>::IdentificationOf;

/// Minimum number of rounds in a session for a prober to answer for neglect.
pub const MIN_ROUNDS: u32 = 5;

/// Duty of a prober in a session so far.
///
/// Findings count per operator, not per target: the findings of a prober at all targets of one
/// operator in one page and round add up to 1,000, whatever their number.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct DutyTally {
	/// Rounds in which something was due.
	pub rounds: u32,
	/// Rounds of those with a commit of the prober.
	pub committed: u32,
	/// Rounds of those with its report.
	pub revealed: u32,
	/// Rounds of those in which its report was not dropped as blind.
	pub accepted: u32,
	/// Findings of accepted reports at targets with a clear verdict in the round, in thousandths of
	/// an operator.
	pub judged: u64,
	/// Findings of those that agree with the verdict.
	pub agreed: u64,
	/// Findings of accepted reports at targets that were up in the round before and are not any
	/// more, in thousandths of an operator.
	pub fell: u64,
	/// Findings of those that agree with the verdict.
	pub fell_caught: u64,
	/// Findings of accepted reports at targets that were not up in the round before and are again,
	/// in thousandths of an operator.
	pub rose: u64,
	/// Findings of those that agree with the verdict.
	pub rose_caught: u64,
}

/// Shares that a prober must reach to be paid.
#[derive(
	Clone,
	Copy,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Default,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	TypeInfo,
)]
pub struct DutyRule {
	/// Minimum share of the rounds with an accepted report, and of the findings that agree with the
	/// verdict. Below this share of the rounds with a report, accepted or not, it answers for
	/// neglect.
	pub min_share: Perbill,
	/// Minimum share of the changes of verdict that were caught.
	pub min_caught: Perbill,
}

/// Offence of probers that neglected their duty, filed at the end of a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProberNeglect<Offender> {
	/// Session that ended.
	pub session_index: SessionIndex,
	/// Number of validators in the session.
	pub validator_set_count: u32,
	/// Validators that neglected their duty.
	pub offenders: Vec<Offender>,
	/// Share of its bond that each of them loses.
	pub slash: Perbill,
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
	/// The share does not grow with the number of offenders: a fault of the network makes many
	/// probers miss their duty at once.
	fn slash_fraction(&self, _offenders: u32) -> Perbill {
		self.slash
	}
}

impl DutyTally {
	/// Add another tally.
	pub fn add(&mut self, other: &Self) {
		self.rounds = self.rounds.saturating_add(other.rounds);
		self.committed = self.committed.saturating_add(other.committed);
		self.revealed = self.revealed.saturating_add(other.revealed);
		self.accepted = self.accepted.saturating_add(other.accepted);
		self.judged = self.judged.saturating_add(other.judged);
		self.agreed = self.agreed.saturating_add(other.agreed);
		self.fell = self.fell.saturating_add(other.fell);
		self.fell_caught = self.fell_caught.saturating_add(other.fell_caught);
		self.rose = self.rose.saturating_add(other.rose);
		self.rose_caught = self.rose_caught.saturating_add(other.rose_caught);
	}
	/// Share of the rounds with an accepted report.
	pub fn participation(&self) -> Perbill {
		share(self.accepted.into(), self.rounds.into())
	}
	/// Share of the findings that agree with the verdict.
	pub fn agreement(&self) -> Perbill {
		share(self.agreed, self.judged)
	}
	/// Share of the changes of verdict that were caught: the smaller of the shares of those away
	/// from up and of those back to up. Zero without a change away from up, since a prober that
	/// always says up catches all others. A copy of the round before catches no change at all.
	pub fn caught(&self) -> Perbill {
		let rose = share(self.rose_caught, self.rose);
		if self.fell == 0 { Perbill::zero() } else { share(self.fell_caught, self.fell).min(rose) }
	}
	/// Part of the reports that is paid.
	pub fn earned(&self, rule: DutyRule) -> Perbill {
		let enough = self.participation() >= rule.min_share
			&& self.agreement() >= rule.min_share
			&& self.caught() >= rule.min_caught;
		if enough { self.caught() } else { Perbill::zero() }
	}
	/// True if the prober must answer for the session: it was silent. What it found costs the pay
	/// only, since operators can show a prober another face than all others: findings that
	/// disagree, changes that it missed, reports that were dropped as blind.
	pub fn is_neglect(&self, rule: DutyRule) -> bool {
		let reported = share(self.revealed.into(), self.rounds.into());
		self.rounds >= MIN_ROUNDS && reported < rule.min_share
	}
}

/// `part / whole`, which is one if the whole is zero.
fn share(part: u64, whole: u64) -> Perbill {
	if whole == 0 { Perbill::one() } else { Perbill::from_rational(part, whole) }
}

impl<T: Config> Pallet<T> {
	/// Add a round to the duty of the probers of its snapshot: one value, written once.
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
					// A full list (several whole sets in one session) leaves a prober out: the
					// prober neither earns nor answers for those rounds.
					None => drop(duty.try_push((prober.account.clone(), *tally))),
				}
			}
		});
	}

	/// Duty of a prober in this session so far.
	pub(crate) fn duty_of(prober: &T::AccountId) -> Option<DutyTally> {
		Duty::<T>::get().into_iter().find(|(account, _)| account == prober).map(|(_, tally)| tally)
	}

	/// Pay the rewards of a session and file its offence by the judged rounds, then start over.
	pub(crate) fn end_duty(session: SessionIndex) {
		let duty = Duty::<T>::take();
		// The rule of the first block of the session holds for all of its rounds.
		let rule = SessionRule::<T>::get().unwrap_or_else(T::DutyRule::get);
		Self::reward(session, &duty, rule);
		let failed: Vec<&(T::AccountId, DutyTally)> =
			duty.iter().filter(|(_, tally)| tally.is_neglect(rule)).collect();
		for (prober, tally) in &failed {
			Self::deposit_event(Event::DutyFailed {
				session,
				prober: prober.clone(),
				tally: *tally,
			});
		}
		if !failed.is_empty() {
			Self::report_neglect(session, failed.iter().map(|(account, _)| account));
		}
		Self::chill_neglectful(failed.into_iter().map(|(account, _)| account));
	}

	/// Count the sessions in a row that probers neglected, and chill those that neglected too many.
	/// A session without neglect ends the row.
	fn chill_neglectful<'a>(failed: impl Iterator<Item = &'a T::AccountId>)
	where
		T::AccountId: 'a,
	{
		let before = Neglects::<T>::get();
		let sessions = |prober: &T::AccountId| {
			let known = before.iter().find(|(account, _)| account == prober);
			known.map_or(0, |(_, sessions)| *sessions).saturating_add(1)
		};
		let now: Vec<(T::AccountId, u32)> =
			failed.map(|prober| (prober.clone(), sessions(prober))).collect();
		let limit = T::NeglectSessions::get();
		let over: Vec<T::AccountId> = now
			.iter()
			.filter(|(_, sessions)| limit > 0 && *sessions >= limit)
			.map(|(prober, _)| prober.clone())
			.collect();
		if !over.is_empty() {
			T::Candidates::chill(&over);
		}
		if !now.is_empty() || !before.is_empty() {
			Neglects::<T>::put(BoundedVec::truncate_from(now));
		}
	}

	/// File the offence of the probers that neglected their duty in a session.
	fn report_neglect<'a>(session: SessionIndex, failed: impl Iterator<Item = &'a T::AccountId>)
	where
		T::AccountId: 'a,
	{
		let validators: BTreeSet<Vec<u8>> =
			T::ValidatorSet::validators().iter().map(Encode::encode).collect();
		let offenders: Vec<IdentificationTuple<T>> = failed
			.filter_map(|account| {
				let id = ValidatorIdOf::<T>::convert(account.clone())?;
				let full = IdentificationOf::<T>::convert(id.clone())?;
				// A prober that left the set with the last session is not reported for this one.
				validators.contains(&id.encode()).then_some((id, full))
			})
			.collect();
		if offenders.is_empty() {
			return;
		}
		let validator_set_count = u32::try_from(validators.len()).unwrap_or(u32::MAX);
		let offence = ProberNeglect {
			session_index: session,
			validator_set_count,
			offenders,
			slash: T::NeglectSlash::get(),
		};
		if T::ReportNeglect::report_offence(vec![], offence).is_err() {
			log::debug!(target: LOG_TARGET, "neglect in session {session} is reported already");
		}
	}

	/// Pay out the pot in the native token and in one other asset, a different one each session.
	///
	/// Each accepted report has the same part of the pot, of which the prober earns the share of
	/// the changes of verdict that it caught. The rest stays in the pot for later sessions: a
	/// prober that makes another one fail gains no more by it than everybody else. In a session
	/// without a change the whole pot stays, because work cannot be told from a copy.
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
				// The part of a prober that cannot take it (blocked, or below the minimum balance)
				// stays in the pot.
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

	/// Take the validators of a session that begins for its probers, and keep the rule of duty.
	pub(crate) fn set_probers<'a>(validators: impl Iterator<Item = (&'a T::AccountId, ProberId)>)
	where
		T::AccountId: 'a,
	{
		let max = T::MaxProbers::get().min(MAX_PROBERS);
		let all: Vec<_> =
			validators.map(|(account, key)| Prober { account: account.clone(), key }).collect();
		if u32::try_from(all.len()).is_ok_and(|n| n > max) {
			let all = all.len();
			log::error!(target: LOG_TARGET, "{all} validators, of which only {max} can probe");
		}
		let max = usize::try_from(max).unwrap_or(usize::MAX);
		SessionRule::<T>::put(T::DutyRule::get());
		ProberSet::<T>::put(BoundedVec::truncate_from(all.into_iter().take(max).collect()));
	}
}

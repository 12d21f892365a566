// SPDX-License-Identifier: Apache-2.0

//! Folding of the reports of a round into one verdict per due target: pure counting over slices,
//! which the pallet gathers.
//!
//! Fewer than a third of the probers lie. A target gets a verdict only if at least half of the
//! probers say something of it. A verdict then needs two thirds of those, which is a third of all
//! probers and more than the liars are. So liars invent neither an outage nor a recovery nor doubt,
//! and what all honest probers saw is the verdict as soon as all of them reveal.

use crate::{DutyTally, MAX_PROBERS, SHARE, bit};
use alloc::{collections::BTreeMap, vec::Vec};
use surety_primitives::{LatencyBucket, Verdict, latency::BUCKETS, report::Finding};

/// Votes of a round: all that the probers sent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Votes<'a> {
	/// Probers that committed, one bit each.
	pub committed: u128,
	/// Report of each prober of the snapshot that revealed one.
	pub reports: Vec<Option<&'a [u8]>>,
	/// Probers whose report is blind, one bit each.
	pub blind: u128,
}

/// Due target, as far as the folding needs to know it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct DueTarget {
	/// Number of the operator, the same for all targets of one operator in the page.
	pub operator: u32,
	/// Prober that is the operator, whose vote on this target does not count.
	pub own: Option<u8>,
	/// Verdict of the round before. `None` in announced maintenance, where a change is no news.
	pub before: Option<Verdict>,
	/// True without units. Idle listings cost next to nothing, so they decide neither which reports
	/// are blind nor which findings are right.
	pub idle: bool,
}
impl DueTarget {
	fn is_of(&self, prober: u8) -> bool {
		self.own == Some(prober)
	}
}

/// Verdict on a target in a round, as the votes have it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FoldedVerdict {
	/// The verdict, but for announced maintenance, which only the row knows.
	pub verdict: Verdict,
	/// True if two thirds say that the proof of control is missing or wrong.
	pub no_proof: bool,
}
impl From<Verdict> for FoldedVerdict {
	fn from(verdict: Verdict) -> Self {
		Self { verdict, no_proof: false }
	}
}

/// Votes of one prober on the targets of one page.
struct PageVotes<'a> {
	prober: u8,
	bytes: &'a [u8],
	blind: bool,
}
impl PageVotes<'_> {
	fn finding(&self, place: usize) -> Finding {
		self.bytes.get(place).map_or(Finding::Abstained, |byte| Finding::from_byte(*byte))
	}
}

/// `part >= whole * num / den` in whole numbers.
fn at_least(part: usize, num: usize, den: usize, whole: usize) -> bool {
	part.saturating_mul(den) >= whole.saturating_mul(num)
}

impl<'a> Votes<'a> {
	/// Number of probers in the snapshot.
	pub fn probers(&self) -> usize {
		self.reports.len()
	}

	fn revealed(&self) -> usize {
		self.reports.iter().flatten().count()
	}

	/// True if two thirds committed and half revealed. Nothing is measured otherwise.
	pub fn is_quorate(&self) -> bool {
		let committed = usize::try_from(self.committed.count_ones()).unwrap_or(0);
		self.probers() > 0
			&& at_least(committed, 2, 3, self.probers())
			&& at_least(self.revealed(), 1, 2, self.probers())
	}

	/// Addition of the round to the duty of each prober, findings excepted.
	pub fn attendance(&self) -> Vec<DutyTally> {
		let attended = (0u8..).zip(&self.reports).map(|(prober, report)| DutyTally {
			rounds: 1,
			committed: u32::from(self.committed & bit(prober) != 0),
			revealed: u32::from(report.is_some()),
			accepted: u32::from(report.is_some() && self.blind & bit(prober) == 0),
			..Default::default()
		});
		attended.take(MAX_PROBERS as usize).collect()
	}

	/// Find the blind reports: those that find down more than half of the targets that they judge,
	/// of more than half of the operators. No report is blind if two thirds of them are like that.
	///
	/// Only targets with units count: otherwise a list of dead endpoints could have honest reports
	/// dropped. Operators count, and not targets alone: otherwise one operator with many cheap
	/// services that answer some probers only could do the same.
	///
	/// The first `active` bytes of a report are about targets with units. `owners` numbers the
	/// operators of those, the same number for the same operator. It is called only if a report may
	/// be blind.
	pub fn find_blind(&mut self, active: usize, owners: impl FnOnce() -> Vec<Option<u32>>) {
		self.blind = 0;
		let is_dark = |report: &[u8]| {
			let (mut judged, mut down) = (0usize, 0usize);
			for finding in report.iter().take(active).map(|byte| Finding::from_byte(*byte)) {
				judged = judged.saturating_add(usize::from(finding.counts()));
				down = down.saturating_add(usize::from(finding == Finding::Down));
			}
			down.saturating_mul(2) > judged
		};
		let dark: Vec<(u8, &[u8])> = (0u8..)
			.zip(&self.reports)
			.filter_map(|(prober, report)| {
				Some((prober, (*report)?)).filter(|(_, report)| is_dark(report))
			})
			.collect();
		if dark.is_empty() {
			return;
		}
		let owners = owners();
		let blind = || dark.iter().filter(|(_, report)| reaches_few(report, &owners));
		if !at_least(blind().count(), 2, 3, self.revealed()) {
			self.blind = blind().fold(0, |mask, (prober, _)| mask | bit(*prober));
		}
	}

	/// Fold the votes on the targets of one page, whose bytes begin at `from` in a report, and add
	/// the findings to the duty of the probers.
	pub fn fold_page(
		&self,
		from: usize,
		targets: &[Option<DueTarget>],
		duty: &mut [DutyTally],
	) -> Vec<FoldedVerdict> {
		let to = from.saturating_add(targets.len());
		let votes: Vec<PageVotes> = (0u8..)
			.zip(&self.reports)
			.filter_map(|(prober, report)| {
				let bytes = (*report)?.get(from..to)?;
				Some(PageVotes { prober, bytes, blind: self.blind & bit(prober) != 0 })
			})
			.collect();
		let quorate = self.is_quorate();
		let verdicts: Vec<FoldedVerdict> = targets
			.iter()
			.enumerate()
			.map(|(place, target)| match target {
				Some(target) if quorate => fold_target(&votes, place, target, self.probers()),
				_ => Verdict::Unmeasured.into(),
			})
			.collect();
		note_findings(&votes, targets, &verdicts, duty);
		verdicts
	}
}

/// True if a report finds down more than half of the targets with units that it judges, of more
/// than half of the operators.
fn reaches_few(report: &[u8], owners: &[Option<u32>]) -> bool {
	let (mut judged, mut down) = (0usize, 0usize);
	// By operator: true if a target of the operator is down.
	let mut operators = BTreeMap::new();
	for (byte, owner) in report.iter().zip(owners) {
		let (finding, Some(owner)) = (Finding::from_byte(*byte), owner) else { continue };
		if !finding.counts() {
			continue;
		}
		let is_down = finding == Finding::Down;
		judged = judged.saturating_add(1);
		down = down.saturating_add(usize::from(is_down));
		*operators.entry(*owner).or_insert(false) |= is_down;
	}
	let unreached = operators.values().filter(|down| **down).count();
	down.saturating_mul(2) > judged && unreached.saturating_mul(2) > operators.len()
}

/// Number of votes on one target by what they say.
struct TargetTally {
	up: usize,
	down: usize,
	bad: usize,
	stale: usize,
	doubt: usize,
	/// Votes of `bad` that miss the proof of control.
	no_proof: usize,
	/// Blind reports that find the target down. They are no evidence of an outage. But a target
	/// that only a part of the probers reach must not be `Up`: where few targets are listed, the
	/// other part is blind by definition.
	unheard: usize,
	/// Votes of `up` by latency bucket.
	latencies: [u8; BUCKETS as usize],
}
impl TargetTally {
	/// Count the votes at one place of a page. An operator has no vote on its own target.
	fn of(votes: &[PageVotes], place: usize, target: &DueTarget) -> Self {
		let mut tally = Self {
			up: 0,
			down: 0,
			bad: 0,
			stale: 0,
			doubt: 0,
			no_proof: 0,
			unheard: 0,
			latencies: [0; BUCKETS as usize],
		};
		for vote in votes.iter().filter(|vote| !target.is_of(vote.prober)) {
			let finding = vote.finding(place);
			if vote.blind {
				let down = usize::from(finding == Finding::Down);
				tally.unheard = tally.unheard.saturating_add(down);
			} else {
				tally.note(finding);
			}
		}
		tally
	}

	fn note(&mut self, finding: Finding) {
		let counter = match finding {
			Finding::Up(bucket) => {
				if let Some(n) = self.latencies.get_mut(usize::from(bucket.index())) {
					*n = n.saturating_add(1);
				}
				&mut self.up
			},
			Finding::Down => &mut self.down,
			Finding::Bad(_) => &mut self.bad,
			Finding::NoProof => {
				self.no_proof = self.no_proof.saturating_add(1);
				&mut self.bad
			},
			Finding::Stale(_) => &mut self.stale,
			Finding::InDoubt => &mut self.doubt,
			Finding::Abstained | Finding::Skipped => return,
		};
		*counter = counter.saturating_add(1);
	}

	/// Median latency of the votes that say up, the faster one of two.
	fn median(&self) -> LatencyBucket {
		let mut seen = 0usize;
		for (index, n) in self.latencies.iter().enumerate() {
			seen = seen.saturating_add(usize::from(*n));
			if seen.saturating_mul(2) >= self.up {
				let index = u8::try_from(index).unwrap_or(u8::MAX);
				return LatencyBucket::from_index(index).unwrap_or(LatencyBucket::MAX);
			}
		}
		LatencyBucket::MAX
	}
}

/// Verdict at one place of a page of a round with a quorum.
fn fold_target(
	votes: &[PageVotes],
	place: usize,
	target: &DueTarget,
	probers: usize,
) -> FoldedVerdict {
	let tally = TargetTally::of(votes, place, target);
	let TargetTally { up, down, bad, stale, doubt, no_proof, unheard, .. } = tally;
	let counting =
		[up, down, bad, stale, doubt].iter().fold(0usize, |sum, n| sum.saturating_add(*n));
	let heard = counting.saturating_add(unheard);
	let two_thirds = |part: usize| at_least(part, 2, 3, counting);
	let half = |part: usize| part > 0 && at_least(part, 1, 2, probers);
	let verdict = if !half(heard) {
		// The reports are there, but too few say anything. Nobody is known to be at fault.
		Verdict::Excused
	} else if !half(counting) {
		// Blind probers do not reach the target, and those that reach it are too few.
		Verdict::Unclear
	} else if two_thirds(down) {
		Verdict::Down
	} else if two_thirds(bad) {
		Verdict::Bad
	} else if two_thirds(stale) {
		Verdict::Stale
	} else if two_thirds(down.saturating_add(doubt)) {
		Verdict::Excused
	} else if two_thirds(up) && at_least(up, 2, 3, heard) {
		Verdict::Up { latency: tally.median() }
	} else {
		Verdict::Unclear
	};
	FoldedVerdict { verdict, no_proof: verdict == Verdict::Bad && two_thirds(no_proof) }
}

/// True if a finding says the same as the verdict. Abstaining does not, nor does doubt.
fn agrees(finding: Finding, verdict: Verdict) -> bool {
	matches!(
		(finding, verdict),
		(Finding::Up(_), Verdict::Up { .. })
			| (Finding::Down, Verdict::Down)
			| (Finding::Bad(_) | Finding::NoProof, Verdict::Bad)
			| (Finding::Stale(_), Verdict::Stale)
	)
}

/// True for `Up`, false for a verdict against the target, `None` where a verdict says neither.
pub(crate) fn is_up(verdict: Verdict) -> Option<bool> {
	match verdict {
		Verdict::Up { .. } => Some(true),
		Verdict::Down | Verdict::Bad | Verdict::Stale => Some(false),
		Verdict::Unclear | Verdict::Unmeasured | Verdict::Excused => None,
	}
}

/// Findings of one kind at the targets of one operator.
#[derive(Clone, Copy, Default)]
struct Agreement {
	of: u64,
	agreed: u64,
}
impl Agreement {
	fn add(&mut self, agreed: bool) {
		self.of = self.of.saturating_add(1);
		self.agreed = self.agreed.saturating_add(u64::from(agreed));
	}
	/// All findings and those that agreed, in thousandths of an operator.
	fn shares(self) -> (u64, u64) {
		match self.agreed.saturating_mul(SHARE).checked_div(self.of) {
			Some(agreed) => (SHARE, agreed),
			None => (0, 0),
		}
	}
}

/// Count the findings that agree with the verdict, per operator, so that an operator with many
/// targets has no more weight than another. Idle listings do not count: otherwise an operator could
/// list some that answer all probers but one, and have that one fail its duty.
fn note_findings(
	votes: &[PageVotes],
	targets: &[Option<DueTarget>],
	verdicts: &[FoldedVerdict],
	duty: &mut [DutyTally],
) {
	let mut clear: Vec<(&DueTarget, usize, Verdict)> = targets
		.iter()
		.zip(verdicts)
		.enumerate()
		.filter_map(|(place, (target, folded))| Some((target.as_ref()?, place, folded.verdict)))
		.filter(|(target, _, verdict)| !target.idle && is_up(*verdict).is_some())
		.collect();
	clear.sort_by_key(|(target, ..)| target.operator);
	for of_operator in clear.chunk_by(|(a, ..), (b, ..)| a.operator == b.operator) {
		for vote in votes.iter().filter(|vote| !vote.blind) {
			let Some(tally) = duty.get_mut(usize::from(vote.prober)) else { continue };
			let (mut all, mut fell, mut rose) =
				(Agreement::default(), Agreement::default(), Agreement::default());
			for (target, place, verdict) in
				of_operator.iter().filter(|(target, ..)| !target.is_of(vote.prober))
			{
				let agreed = agrees(vote.finding(*place), *verdict);
				all.add(agreed);
				match (target.before.and_then(is_up), is_up(*verdict)) {
					(Some(true), Some(false)) => fell.add(agreed),
					(Some(false), Some(true)) => rose.add(agreed),
					_ => (),
				}
			}
			let mut found = DutyTally::default();
			(found.judged, found.agreed) = all.shares();
			(found.fell, found.fell_caught) = fell.shares();
			(found.rose, found.rose_caught) = rose.shares();
			tally.add(&found);
		}
	}
}

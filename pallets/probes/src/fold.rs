//! From what the probers sent to one ruling per due service. Pure counting over slices; the pallet
//! only gathers the slices.
//!
//! Safety, with fewer than a third of the probers lying. A service gets a verdict only if at least
//! half of the probers say something of it, and then a verdict needs two thirds of those, which is a
//! third of the probers: more than the liars are. So they can neither invent an outage nor a
//! recovery, nor doubt. And what all honest probers saw is the verdict as soon as all of them
//! reveal.

use crate::{DutyTally, MAX_PROBERS, SHARE, bit};
use alloc::{collections::BTreeMap, vec::Vec};
use surety_primitives::{LatencyBucket, Verdict, latency::BUCKETS, report::Finding};

/// All that the probers sent for a round.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ballots<'a> {
	/// Probers that committed, one bit each.
	pub committed: u128,
	/// Report of each prober of the snapshot, if it revealed.
	pub reports: Vec<Option<&'a [u8]>>,
	/// Probers whose report is blind, one bit each.
	pub blind: u128,
}

/// A due service.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Subject {
	/// Its operator; any number that is the same for the same operator of the page.
	pub operator: u32,
	/// The prober that is its operator and must skip it.
	pub own: Option<u8>,
	/// Verdict of the round before, unless a change is no news: in announced maintenance.
	pub before: Option<Verdict>,
	/// It has no units. Idle listings are cheap, so they do not say who is blind, nor who is right.
	pub idle: bool,
}
impl Subject {
	fn is_of(&self, prober: u8) -> bool {
		self.own == Some(prober)
	}
}

/// The decision on a service in a round.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ruling {
	/// The verdict, but for announced maintenance, of which only the row knows.
	pub verdict: Verdict,
	/// Two thirds say that the proof of control is missing or wrong.
	pub disproven: bool,
}
impl From<Verdict> for Ruling {
	fn from(verdict: Verdict) -> Self {
		Self { verdict, disproven: false }
	}
}

/// The bytes of a report that are about one page.
struct Voice<'a> {
	prober: u8,
	bytes: &'a [u8],
	blind: bool,
}
impl Voice<'_> {
	fn finding(&self, place: usize) -> Finding {
		self.bytes.get(place).map_or(Finding::Abstained, |byte| Finding::from_byte(*byte))
	}
}

/// `part >= whole * num / den` in whole numbers.
fn at_least(part: usize, num: usize, den: usize, whole: usize) -> bool {
	part.saturating_mul(den) >= whole.saturating_mul(num)
}

impl<'a> Ballots<'a> {
	/// Probers of the snapshot.
	pub fn probers(&self) -> usize {
		self.reports.len()
	}

	fn revealed(&self) -> usize {
		self.reports.iter().flatten().count()
	}

	/// Two thirds committed and half revealed. Without it nothing is measured.
	pub fn is_quorate(&self) -> bool {
		let committed = usize::try_from(self.committed.count_ones()).unwrap_or(0);
		self.probers() > 0
			&& at_least(committed, 2, 3, self.probers())
			&& at_least(self.revealed(), 1, 2, self.probers())
	}

	/// Addition of the round to the duty of each prober, but for what it found.
	pub fn attendance(&self) -> Vec<DutyTally> {
		let came = (0u8..).zip(&self.reports).map(|(prober, report)| DutyTally {
			rounds: 1,
			committed: u32::from(self.committed & bit(prober) != 0),
			revealed: u32::from(report.is_some()),
			accepted: u32::from(report.is_some() && self.blind & bit(prober) == 0),
			..Default::default()
		});
		came.take(MAX_PROBERS as usize).collect()
	}

	/// Find the blind reports. They say down of more than half of the services that they judge, and
	/// these are of more than half of the operators; unless two thirds of the reports are like that.
	/// Only services with units count: else whoever lists dead endpoints could have honest reports
	/// dropped. And operators count, not services alone: else one with many cheap services that
	/// answer only some could.
	///
	/// The first `hot` bytes of a report are about services with units. `owners` says whose they
	/// are, any number that is the same for the same operator; it is only asked if it matters.
	pub fn find_blind(&mut self, hot: usize, owners: impl FnOnce() -> Vec<Option<u32>>) {
		self.blind = 0;
		let says = |report: &[u8]| {
			let (mut judged, mut down) = (0usize, 0usize);
			for finding in report.iter().take(hot).map(|byte| Finding::from_byte(*byte)) {
				judged = judged.saturating_add(usize::from(finding.counts()));
				down = down.saturating_add(usize::from(finding == Finding::Down));
			}
			down.saturating_mul(2) > judged
		};
		let dark: Vec<(u8, &[u8])> = (0u8..)
			.zip(&self.reports)
			.filter_map(|(prober, report)| {
				Some((prober, (*report)?)).filter(|(_, report)| says(report))
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

	/// Decide on the services of one page, whose bytes begin at `from` in a report, and add to the
	/// probers' duty what they found there.
	pub fn decide(
		&self,
		from: usize,
		subjects: &[Option<Subject>],
		duty: &mut [DutyTally],
	) -> Vec<Ruling> {
		let to = from.saturating_add(subjects.len());
		let voices: Vec<Voice> = (0u8..)
			.zip(&self.reports)
			.filter_map(|(prober, report)| {
				let bytes = (*report)?.get(from..to)?;
				Some(Voice { prober, bytes, blind: self.blind & bit(prober) != 0 })
			})
			.collect();
		let quorate = self.is_quorate();
		let rulings: Vec<Ruling> = subjects
			.iter()
			.enumerate()
			.map(|(place, subject)| match subject {
				Some(subject) if quorate => ruling(&voices, place, subject, self.probers()),
				_ => Verdict::Unmeasured.into(),
			})
			.collect();
		note_findings(&voices, subjects, &rulings, duty);
		rulings
	}
}

/// True if a report says down of more than half of the services with units that it judges, of more
/// than half of the operators.
fn reaches_few(report: &[u8], owners: &[Option<u32>]) -> bool {
	let (mut judged, mut down) = (0usize, 0usize);
	// Of each operator, if one of its services is down.
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

/// The ruling at one place of a page, where the probers are quorate. An operator has no say on its
/// own service.
fn ruling(voices: &[Voice], place: usize, subject: &Subject, probers: usize) -> Ruling {
	let (mut up, mut down, mut bad, mut stale) = (0usize, 0usize, 0usize, 0usize);
	let (mut doubt, mut unheard, mut no_proof) = (0usize, 0usize, 0usize);
	let mut latencies = [0u8; BUCKETS as usize];
	for voice in voices.iter().filter(|voice| !subject.is_of(voice.prober)) {
		let finding = voice.finding(place);
		// A blind report is no evidence of an outage, but neither may a service be `Up` that only a
		// part of the probers reach: where few services are listed, that part is blind by
		// definition.
		if voice.blind {
			unheard = unheard.saturating_add(usize::from(finding == Finding::Down));
			continue;
		}
		let counter = match finding {
			Finding::Up(bucket) => {
				if let Some(n) = latencies.get_mut(usize::from(bucket.index())) {
					*n = n.saturating_add(1);
				}
				&mut up
			},
			Finding::Down => &mut down,
			Finding::Bad(_) => &mut bad,
			Finding::NoProof => {
				no_proof = no_proof.saturating_add(1);
				&mut bad
			},
			Finding::Stale(_) => &mut stale,
			Finding::InDoubt => &mut doubt,
			Finding::Abstained | Finding::Skipped => continue,
		};
		*counter = counter.saturating_add(1);
	}
	let counting =
		[up, down, bad, stale, doubt].iter().fold(0usize, |sum, n| sum.saturating_add(*n));
	let heard = counting.saturating_add(unheard);
	let most = |part: usize| at_least(part, 2, 3, counting);
	let half = |part: usize| part > 0 && at_least(part, 1, 2, probers);
	let verdict = if !half(heard) {
		// The reports are there, but too few say anything: nobody's fault that shows.
		Verdict::Excused
	} else if !half(counting) {
		// So many do not reach it that those who do are too few.
		Verdict::Unclear
	} else if most(down) {
		Verdict::Down
	} else if most(bad) {
		Verdict::Bad
	} else if most(stale) {
		Verdict::Stale
	} else if most(down.saturating_add(doubt)) {
		Verdict::Excused
	} else if most(up) && at_least(up, 2, 3, heard) {
		Verdict::Up { latency: median(&latencies, up) }
	} else {
		Verdict::Unclear
	};
	Ruling { verdict, disproven: verdict == Verdict::Bad && most(no_proof) }
}

/// Median bucket of `total` latencies, the faster one of two.
fn median(latencies: &[u8], total: usize) -> LatencyBucket {
	let mut seen = 0usize;
	for (index, n) in latencies.iter().enumerate() {
		seen = seen.saturating_add(usize::from(*n));
		if seen.saturating_mul(2) >= total {
			let index = u8::try_from(index).unwrap_or(u8::MAX);
			return LatencyBucket::from_index(index).unwrap_or(LatencyBucket::MAX);
		}
	}
	LatencyBucket::MAX
}

/// True if a finding says what the verdict says. Abstaining does not, nor does doubt.
fn agrees(finding: Finding, verdict: Verdict) -> bool {
	matches!(
		(finding, verdict),
		(Finding::Up(_), Verdict::Up { .. })
			| (Finding::Down, Verdict::Down)
			| (Finding::Bad(_) | Finding::NoProof, Verdict::Bad)
			| (Finding::Stale(_), Verdict::Stale)
	)
}

/// If a service is up; `None` where a verdict says neither.
pub(crate) fn is_up(verdict: Verdict) -> Option<bool> {
	match verdict {
		Verdict::Up { .. } => Some(true),
		Verdict::Down | Verdict::Bad | Verdict::Stale => Some(false),
		Verdict::Unclear | Verdict::Unmeasured | Verdict::Excused => None,
	}
}

/// Findings of one kind at the services of one operator.
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
	/// As thousandths of an operator: all, and those that agreed.
	fn shares(self) -> (u64, u64) {
		match self.agreed.saturating_mul(SHARE).checked_div(self.of) {
			Some(agreed) => (SHARE, agreed),
			None => (0, 0),
		}
	}
}

/// Count who said what the verdict says, per operator, so that one with many services has no more
/// weight. Idle listings do not count: else whoever lists some that answer all but one prober could
/// have that one fail its duty.
fn note_findings(
	voices: &[Voice],
	subjects: &[Option<Subject>],
	rulings: &[Ruling],
	duty: &mut [DutyTally],
) {
	let mut clear: Vec<(&Subject, usize, Verdict)> = subjects
		.iter()
		.zip(rulings)
		.enumerate()
		.filter_map(|(place, (subject, ruling))| Some((subject.as_ref()?, place, ruling.verdict)))
		.filter(|(subject, _, verdict)| !subject.idle && is_up(*verdict).is_some())
		.collect();
	clear.sort_by_key(|(subject, ..)| subject.operator);
	for services in clear.chunk_by(|(a, ..), (b, ..)| a.operator == b.operator) {
		for voice in voices.iter().filter(|voice| !voice.blind) {
			let Some(tally) = duty.get_mut(usize::from(voice.prober)) else { continue };
			let (mut all, mut fell, mut rose) =
				(Agreement::default(), Agreement::default(), Agreement::default());
			for (subject, place, verdict) in
				services.iter().filter(|(s, ..)| !s.is_of(voice.prober))
			{
				let agreed = agrees(voice.finding(*place), *verdict);
				all.add(agreed);
				match (subject.before.and_then(is_up), is_up(*verdict)) {
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

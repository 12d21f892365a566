//! Sweep 1: from what the probers sent to one ruling per due service. Pure counting over slices;
//! the pallet only gathers the slices and stores the result.
//!
//! Safety, with fewer than a third of a committee lying. A service gets a verdict only if at least
//! half of its committee says something of it, and then a verdict needs two thirds of those, which
//! is a third of the committee: more than the liars are. So they can neither invent an outage nor a
//! recovery. And what all honest probers saw is the verdict as soon as all of them reveal.

use crate::{
	Config, Due, DutyTally, MAX_REPORT, Outcome, Outcomes, Pages, Pallet, Reports, Ruling, Sent, Snapshot,
	Snapshots, WeightInfo, bit, bits,
};
use alloc::{collections::BTreeMap, vec, vec::Vec};
use frame_support::{BoundedVec, weights::Weight};
use surety_primitives::{
	Balance, Clock, LatencyBucket, NetworkId, RoundIndex, Verdict, latency::BUCKETS, report::Finding,
};

/// Most of a network's exposure that counts per operator: one part of so many.
const OPERATOR_CAP: u128 = 4;
/// Operators that must be down for a correlated outage.
const MIN_OPERATORS: usize = 3;

/// Commit and report of one prober.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ballot<'a> {
	/// True if it committed.
	pub committed: bool,
	/// Its report, if it revealed.
	pub report: Option<&'a [u8]>,
}

/// One due page.
#[derive(Clone, Copy, Debug)]
pub struct Sheet<'a> {
	/// Probers of it: bit `i` is prober `i`.
	pub committee: u128,
	/// The services at its due slots, in the order of the report; `None` where none is (any more).
	pub subjects: &'a [Option<Subject>],
}

/// A due service.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Subject {
	/// Network of an `Rpc` service.
	pub network: Option<NetworkId>,
	/// Its operator; any number that is the same for the same operator.
	pub operator: u32,
	/// The prober that is its operator and must skip it.
	pub own: Option<u8>,
	/// Its weight in its network's outages: exposure in billionths of a minimum bond.
	pub weight: Balance,
	/// It has no units. Idle listings are cheap, so they do not say who is blind, nor who is right.
	pub idle: bool,
}
impl Subject {
	fn is_of(&self, prober: usize) -> bool {
		self.own.is_some_and(|own| usize::from(own) == prober)
	}
}

/// Result of sweep 1.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Folded {
	/// One per due service in the order of the report.
	pub rulings: Vec<Ruling>,
	/// Addition of the round to each prober's duty.
	pub duty: Vec<DutyTally>,
}

/// The bytes of a report that are about one page.
struct Voice<'a> {
	prober: usize,
	bytes: &'a [u8],
	blind: bool,
}

/// Fold a round.
pub fn fold(sheets: &[Sheet], ballots: &[Ballot]) -> Folded {
	let blind = blind(sheets, ballots);
	let mut offsets = vec![0usize; ballots.len()];
	let mut duty = vec![DutyTally::default(); ballots.len()];
	let mut rulings = Vec::new();
	for sheet in sheets {
		let members: Vec<usize> =
			bits(sheet.committee).map(usize::from).filter(|i| *i < ballots.len()).collect();
		let committed = count(&members, |i| ballots.get(i).is_some_and(|b| b.committed));
		let mut voices = Vec::new();
		for prober in &members {
			let Some(offset) = offsets.get_mut(*prober) else { continue };
			let end = offset.saturating_add(sheet.subjects.len());
			let report = ballots.get(*prober).and_then(|b| b.report);
			if let Some(bytes) = report.and_then(|r| r.get(*offset..end)) {
				let blind = blind.get(*prober).copied().unwrap_or(false);
				voices.push(Voice { prober: *prober, bytes, blind });
			}
			*offset = end;
		}
		let quorum = !members.is_empty()
			&& at_least(committed, 2, 3, members.len())
			&& at_least(voices.len(), 1, 2, members.len());
		for (place, subject) in sheet.subjects.iter().enumerate() {
			let ruling = match subject {
				Some(subject) if quorum => verdict(&voices, place, subject, members.len()),
				_ => Verdict::Unmeasured,
			};
			rulings.push(Ruling::Verdict(ruling));
			if let Some(subject) = subject {
				agreement(&voices, place, subject, ruling, &mut duty);
			}
		}
		if sheet.subjects.iter().any(Option::is_some) {
			for prober in &members {
				if let Some(tally) = duty.get_mut(*prober) {
					tally.rounds = 1;
				}
			}
		}
	}
	attendance(ballots, &blind, &mut duty);
	excuse(sheets, &mut rulings);
	Folded { rulings, duty }
}

/// `part >= whole * num / den` in whole numbers.
fn at_least(part: usize, num: usize, den: usize, whole: usize) -> bool {
	part.saturating_mul(den) >= whole.saturating_mul(num)
}

fn count(members: &[usize], is: impl Fn(usize) -> bool) -> usize {
	members.iter().filter(|i| is(**i)).count()
}

/// Services with units that a report says something of, and their operators.
struct Span {
	services: usize,
	/// By the operator's place in the round.
	operators: Vec<bool>,
}
impl Span {
	fn new(operators: usize) -> Self {
		Self { services: 0, operators: vec![false; operators] }
	}
	fn add(&mut self, operator: usize) {
		self.services = self.services.saturating_add(1);
		if let Some(seen) = self.operators.get_mut(operator) {
			*seen = true;
		}
	}
	/// True if it is more than half of `whole`, both by services and by operators.
	fn is_most_of(&self, whole: &Self) -> bool {
		let operators = |span: &Self| span.operators.iter().filter(|seen| **seen).count();
		self.services.saturating_mul(2) > whole.services
			&& operators(self).saturating_mul(2) > operators(whole)
	}
}

/// The operators of the services with units, numbered from 0: one per place of every sheet, and how
/// many.
fn owners(sheets: &[Sheet]) -> (Vec<Vec<Option<usize>>>, usize) {
	let mut known = BTreeMap::new();
	let mut owner = |subject: &Option<Subject>| {
		let subject = subject.filter(|subject| !subject.idle)?;
		let next = known.len();
		Some(*known.entry(subject.operator).or_insert(next))
	};
	let places = sheets.iter().map(|sheet| sheet.subjects.iter().map(&mut owner).collect()).collect();
	(places, known.len())
}

/// Which reports are blind and dropped: those that say down of more than half of the services that
/// they judge, and these services are of more than half of the operators; unless two thirds of the
/// reports are like that. Only services with units count: else whoever lists dead endpoints could
/// have honest reports dropped. And operators count, not services alone: else one with many cheap
/// services that answer only some could.
fn blind(sheets: &[Sheet], ballots: &[Ballot]) -> Vec<bool> {
	let (owners, operators) = owners(sheets);
	let blind: Vec<bool> = ballots
		.iter()
		.enumerate()
		.map(|(prober, ballot)| {
			let Some(report) = ballot.report else { return false };
			let mut offset = 0usize;
			let (mut judged, mut down) = (Span::new(operators), Span::new(operators));
			let member = u8::try_from(prober).map_or(0, bit);
			for (sheet, owners) in sheets.iter().zip(&owners).filter(|(s, _)| s.committee & member != 0) {
				let end = offset.saturating_add(sheet.subjects.len());
				let bytes = report.get(offset..end).unwrap_or_default();
				for (byte, owner) in bytes.iter().zip(owners) {
					let Some(owner) = *owner else { continue };
					let finding = Finding::from_byte(*byte);
					if finding.counts() {
						judged.add(owner);
					}
					if finding == Finding::Down {
						down.add(owner);
					}
				}
				offset = end;
			}
			down.is_most_of(&judged)
		})
		.collect();
	let revealed = ballots.iter().filter(|b| b.report.is_some()).count();
	let so_many = blind.iter().filter(|b| **b).count();
	if at_least(so_many, 2, 3, revealed) { vec![false; ballots.len()] } else { blind }
}

/// The verdict at one place of a page that has a quorum. An operator has no say on its own service.
fn verdict(voices: &[Voice], place: usize, subject: &Subject, committee: usize) -> Verdict {
	let (mut up, mut down, mut bad, mut stale, mut unheard) = (0usize, 0usize, 0usize, 0usize, 0usize);
	let mut latencies = [0u8; BUCKETS as usize];
	for voice in voices.iter().filter(|voice| !subject.is_of(voice.prober)) {
		let finding = voice.bytes.get(place).map_or(Finding::Abstained, |byte| Finding::from_byte(*byte));
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
			Finding::Bad(_) | Finding::NoProof => &mut bad,
			Finding::Stale(_) => &mut stale,
			Finding::InDoubt | Finding::Abstained | Finding::Skipped => continue,
		};
		*counter = counter.saturating_add(1);
	}
	let counting = up.saturating_add(down).saturating_add(bad).saturating_add(stale);
	if counting == 0 || !at_least(counting, 1, 2, committee) {
		return Verdict::Unmeasured;
	}
	let most = |part: usize| at_least(part, 2, 3, counting);
	if most(down) {
		Verdict::Down
	} else if most(bad) {
		Verdict::Bad
	} else if most(stale) {
		Verdict::Stale
	} else if !most(up) {
		Verdict::Unclear
	} else if at_least(up, 2, 3, counting.saturating_add(unheard)) {
		Verdict::Up { latency: median(&latencies, up) }
	} else {
		Verdict::Unmeasured
	}
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

/// Count who said what the verdict says. Abstaining does not agree, nor does skipping what is
/// another's. Idle listings do not count: else whoever lists some that answer all but one prober
/// could have that one fail its duty.
fn agreement(voices: &[Voice], place: usize, subject: &Subject, verdict: Verdict, duty: &mut [DutyTally]) {
	if subject.idle || matches!(verdict, Verdict::Unclear | Verdict::Unmeasured | Verdict::Excused) {
		return;
	}
	for voice in voices.iter().filter(|voice| !voice.blind && !subject.is_of(voice.prober)) {
		let finding = voice.bytes.get(place).map_or(Finding::Abstained, |byte| Finding::from_byte(*byte));
		let agreed = matches!(
			(finding, verdict),
			(Finding::Up(_), Verdict::Up { .. })
				| (Finding::Down, Verdict::Down)
				| (Finding::Bad(_) | Finding::NoProof, Verdict::Bad)
				| (Finding::Stale(_), Verdict::Stale)
		);
		if let Some(tally) = duty.get_mut(voice.prober) {
			tally.judged = tally.judged.saturating_add(1);
			tally.agreed = tally.agreed.saturating_add(u32::from(agreed));
		}
	}
}

/// Count who came, of those who had something to probe.
fn attendance(ballots: &[Ballot], blind: &[bool], duty: &mut [DutyTally]) {
	for ((ballot, blind), tally) in ballots.iter().zip(blind).zip(duty).filter(|(_, t)| t.rounds > 0) {
		tally.committed = u32::from(ballot.committed);
		tally.revealed = u32::from(ballot.report.is_some());
		tally.accepted = u32::from(ballot.report.is_some() && !blind);
	}
}

/// Mark what is down together with its network: services that hold two thirds of the network's
/// exposure, at most a quarter of it per operator, so of at least three operators. The quarter is
/// of all exposure before anything is capped: where one operator dominates a network, nothing is
/// ever excused.
fn excuse(sheets: &[Sheet], rulings: &mut [Ruling]) {
	let mut total: BTreeMap<NetworkId, Balance> = BTreeMap::new();
	let mut down: BTreeMap<NetworkId, BTreeMap<u32, Balance>> = BTreeMap::new();
	let subjects = || sheets.iter().flat_map(|s| s.subjects.iter());
	for (subject, ruling) in subjects().zip(rulings.iter()) {
		let Some(Subject { network: Some(network), operator, weight, .. }) = subject else { continue };
		if *weight == 0 {
			continue;
		}
		let sum = total.entry(*network).or_default();
		*sum = sum.saturating_add(*weight);
		if *ruling == Ruling::Verdict(Verdict::Down) {
			let sum = down.entry(*network).or_default().entry(*operator).or_default();
			*sum = sum.saturating_add(*weight);
		}
	}
	let is_out = |network: &NetworkId| -> bool {
		let (Some(total), Some(down)) = (total.get(network), down.get(network)) else { return false };
		let cap = total.checked_div(OPERATOR_CAP).unwrap_or(0);
		let counted = down.values().fold(0u128, |sum, weight| sum.saturating_add((*weight).min(cap)));
		down.len() >= MIN_OPERATORS && counted.saturating_mul(3) >= total.saturating_mul(2)
	};
	let out: Vec<NetworkId> = down.keys().copied().filter(is_out).collect();
	for (subject, ruling) in subjects().zip(rulings.iter_mut()) {
		let network = subject.as_ref().and_then(|s| s.network);
		if *ruling == Ruling::Verdict(Verdict::Down) && network.is_some_and(|n| out.contains(&n)) {
			*ruling = Ruling::CorrelatedDown;
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Sweep 1 of a round, in the block after its last reveal.
	pub(crate) fn fold_round(round: RoundIndex) -> Weight {
		let Some(snapshot) = Snapshots::<T>::get(round) else { return Weight::zero() };
		let sent: Vec<Option<Sent>> =
			(0u16..).take(snapshot.probers.len()).map(|index| Reports::<T>::take(round, index)).collect();
		let services = snapshot.services();
		let stalled = Self::stalled(round, &snapshot);
		let rulings = if stalled {
			vec![Ruling::Verdict(Verdict::Unmeasured); usize::try_from(services).unwrap_or(0)]
		} else {
			let ballots: Vec<Ballot> = sent
				.iter()
				.map(|sent| match sent {
					None => Ballot::default(),
					Some(Sent::Committed(_)) => Ballot { committed: true, report: None },
					Some(Sent::Revealed(report)) => {
						Ballot { committed: true, report: Some(report.as_slice()) }
					},
				})
				.collect();
			let subjects = Self::subjects(round, &snapshot);
			let committees = snapshot.committees(round);
			let sheets: Vec<Sheet> = committees
				.iter()
				.zip(&subjects)
				.map(|(committee, subjects)| Sheet { committee: *committee, subjects })
				.collect();
			let folded = fold(&sheets, &ballots);
			Self::note_duty(&snapshot, &folded.duty);
			folded.rulings
		};
		let bytes: Vec<u8> =
			rulings.iter().take(MAX_REPORT as usize).map(|ruling| ruling.to_byte()).collect();
		Outcomes::<T>::insert(round, Outcome { rulings: BoundedVec::truncate_from(bytes), stalled });
		T::WeightInfo::fold(u32::try_from(sent.len()).unwrap_or(u32::MAX), services)
	}

	/// True if the blocks of a round took more than three times as long as they should have. The
	/// timestamps are those of the block before the round and of its last block.
	fn stalled(round: RoundIndex, snapshot: &Snapshot<T::AccountId>) -> bool {
		let Some(next) = Snapshots::<T>::get(round.saturating_add(1)) else { return false };
		let nominal = T::Clock::slot_ms().saturating_mul(u64::from(T::Clock::round_blocks()));
		next.started.saturating_sub(snapshot.started) > nominal.saturating_mul(3)
	}

	/// The services at the due slots, page by page.
	fn subjects(round: RoundIndex, snapshot: &Snapshot<T::AccountId>) -> Vec<Vec<Option<Subject>>> {
		let mut operators: BTreeMap<T::AccountId, (u32, Option<u8>)> = BTreeMap::new();
		let mut of_page = |due: &Due| -> Vec<Option<Subject>> {
			let page = Pages::<T>::get(due.page);
			let idle = !due.page.is_hot();
			bits(due.mask)
				.map(|slot| {
					let row = page.get(usize::from(slot))?.as_ref().filter(|row| row.is_due(round))?;
					let next = u32::try_from(operators.len()).unwrap_or(u32::MAX);
					let (operator, own) = *operators.entry(row.operator.clone()).or_insert_with(|| {
						let own = snapshot.probers.iter().position(|p| p.account == row.operator);
						(next, own.and_then(|i| u8::try_from(i).ok()))
					});
					Some(Subject { network: row.network, operator, own, weight: 0, idle })
				})
				.collect()
		};
		snapshot.due.iter().map(&mut of_page).collect()
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Findings of the probers, and rounds.

use super::*;
use pallet_surety_probes::{PageId, Pages, Row, SlotsOf};
use std::collections::{BTreeMap, BTreeSet};
use surety_primitives::{Verdict, report::Finding};

parameter_types! {
	/// Findings of the even and the odd probers by target and round; up where there are none.
	pub static Findings: BTreeMap<(Target, RoundIndex), [Finding; 2]> = BTreeMap::new();
	/// Rounds in which nobody reports.
	pub static Silent: BTreeSet<RoundIndex> = BTreeSet::new();
}

/// All probers find a target down in these rounds.
pub fn outage(target: Target, rounds: impl IntoIterator<Item = RoundIndex>) {
	find(target, rounds, [Finding::Down; 2]);
}

pub fn find(target: Target, rounds: impl IntoIterator<Item = RoundIndex>, findings: [Finding; 2]) {
	Findings::mutate(|all| all.extend(rounds.into_iter().map(|r| ((target, r), findings))));
}

pub fn silence(rounds: impl IntoIterator<Item = RoundIndex>) {
	Silent::mutate(|silent| silent.extend(rounds));
}

/// Forget the findings of an earlier test, and let the probers report those of this one.
pub fn reset_findings() {
	Findings::take();
	Silent::take();
	Kit::set_findings(|prober, round, target| {
		let findings = Findings::get().get(&(target, round)).copied().unwrap_or([up(); 2]);
		findings[usize::from(prober % 2)]
	});
}

/// Build blocks up to the last one of `round`: the round two before it is judged.
pub fn at_round(round: RoundIndex) {
	assert!(Timing::round() <= round, "rounds go forward only");
	for current in Timing::round()..=round {
		let absent =
			if Silent::get().contains(&current) { 0..surety_test_kit::PROBERS } else { 0..0 };
		Kit::set_absent(absent);
		Kit::run_to_block(Timing::round_start(current + 1) - 1);
	}
}

/// Build blocks up to the last one of the round after so many.
pub fn pass_rounds(rounds: u32) {
	at_round(Timing::round() + rounds);
}

/// Build blocks until `round` is judged and the escrow accounts that end with it are closed.
pub fn finish(round: RoundIndex) {
	at_round(round + 3);
}

/// Go to the last block of `round` without building blocks, as if nothing were judged.
pub fn stall_to(round: RoundIndex) {
	System::set_block_number(Timing::round_start(round + 1) - 1);
}

/// Row that is probed for a target.
pub fn row_of(target: Target) -> Row<AccountId> {
	let (id, slot) = place_of(target);
	let page = Pages::<Test>::get(id);
	page[usize::from(slot)].clone().expect("has a row")
}

fn place_of(target: Target) -> (PageId, u8) {
	let slots = SlotsOf::<Test>::get(target).expect("listed");
	match slots.active {
		Some(place) => (PageId::Active(place.page), place.slot),
		None => (PageId::Idle(slots.idle.page), slots.idle.slot),
	}
}

/// Set the last verdict on a target, as if it had not been probed since. In a chain with few
/// listings no row waits that long.
pub fn set_last_verdict(target: Target, round: RoundIndex, verdict: Verdict) {
	let (id, slot) = place_of(target);
	Pages::<Test>::mutate(id, |page| {
		page[usize::from(slot)].as_mut().expect("has a row").last = Some((round, verdict));
	});
}

/// First lease that only fills a slot.
const FILLERS: u32 = 1_000_000;

/// Take slots with rows of no listing until `taken` are taken.
pub fn fill_slots(taken: u32) {
	let now = Probes::occupancy().taken;
	let first = Fillers::get().len() as u32;
	let mut fillers = Fillers::get();
	for n in first..first + taken.saturating_sub(now) {
		let target = Target::Lease(FILLERS + n);
		Probes::list(target, &listing(COMPUTE)).unwrap();
		Probes::activate(target, WindowTerms { allowance: [u16::MAX; 3], multiplier: 1 }).unwrap();
		fillers.push(target);
	}
	Fillers::set(&fillers);
}

/// Give back the slots that [`fill_slots`] took, but `left` of them.
pub fn empty_slots(left: u32) {
	let mut fillers = Fillers::get();
	for target in fillers.split_off(left as usize) {
		Probes::unlist(target);
	}
	Fillers::set(&fillers);
}

parameter_types! {
	pub storage Fillers: Vec<Target> = Vec::new();
}

/// Advance all meters to `round`, billable, without judging anything.
#[cfg(feature = "runtime-benchmarks")]
pub fn advance_meters(round: RoundIndex) {
	let pages: Vec<_> = Pages::<Test>::iter_keys().filter(|page| page.is_active()).collect();
	for page in pages {
		Pages::<Test>::mutate(page, |rows| {
			for row in rows.iter_mut().flatten() {
				for judged in row.meter.through + 1..=round {
					row.meter.advance(judged, true, L);
				}
			}
		});
	}
}

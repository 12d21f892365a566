// SPDX-License-Identifier: Apache-2.0

//! Probing of a round, from start to end.

use crate::{
	Assignment, NetworkRef, Schedule, Tokens,
	anchors::{Anchors, Depth, ReferenceSet},
	client::Client,
	engine::{self, Limits},
	http::Http,
	schedule::{Random, Timetable, concurrency, starts},
	visit::{Criterion, Visit},
};
use alloc::vec::Vec;
use surety_primitives::{NetworkId, report::Finding};

/// Reference sets by network and depth.
type ReferenceSets = Vec<((NetworkId, Depth), ReferenceSet)>;

/// Probe every assignment.
pub fn probe(
	http: &mut impl Http,
	assignments: &[Assignment],
	networks: &[NetworkRef],
	schedule: &Schedule,
	tokens: Tokens<'_>,
	random: [u8; 32],
) -> Vec<Finding> {
	let mut findings: Vec<_> =
		assignments.iter().map(|t| t.skip.unwrap_or(Finding::Abstained)).collect();
	let asked: Vec<usize> =
		assignments.iter().enumerate().filter(|(_, t)| t.skip.is_none()).map(|(i, _)| i).collect();
	if asked.is_empty() {
		return findings;
	}
	let mut random = Random::new(random);
	let anchors = Anchors::new(networks, Client::draw(&mut random));
	let table = Timetable::new(schedule, http.now(), asked.len(), !anchors.is_empty());
	if table.begin > http.now() {
		http.sleep_until(table.begin);
	}
	let mut round =
		Round { http, assignments, networks, anchors, table, concurrency: concurrency(schedule) };
	let reference_sets = round.reference_sets(&asked, &mut random);
	round.visit(asked, &reference_sets, tokens, &mut random, &mut findings);
	round.check_connectivity(&reference_sets, &mut findings);
	findings
}

struct Round<'a, H> {
	http: &'a mut H,
	assignments: &'a [Assignment],
	networks: &'a [NetworkRef],
	anchors: Anchors,
	table: Timetable,
	concurrency: usize,
}

impl<'a, H: Http> Round<'a, H> {
	fn limits(&mut self, until: u64) -> Limits {
		let patience = until.saturating_sub(self.http.now());
		Limits { patience, latest: until, end: until, concurrency: self.concurrency }
	}

	/// Reference sets of the networks in use, from the prober's own state or else from the anchors.
	fn reference_sets(&mut self, asked: &[usize], random: &mut Random) -> ReferenceSets {
		let mut reference_sets = ReferenceSets::new();
		let mut foreign: Vec<(NetworkId, Depth)> = Vec::new();
		for assignment in asked.iter().filter_map(|index| self.assignments.get(*index)) {
			let Some(network) = assignment.kind.network().and_then(|id| self.network(id)) else {
				continue;
			};
			let of = (network.id, Depth::of(assignment.max_head_lag));
			if assignment.target.lease().is_some()
				|| reference_sets.iter().any(|(other, _)| *other == of)
				|| foreign.contains(&of)
			{
				continue;
			}
			match &network.own {
				Some(own) => reference_sets.extend(
					ReferenceSet::own(own, of.1, random).map(|references| (of, references)),
				),
				None if network.anchors.is_empty() => (),
				None => foreign.push(of),
			}
		}
		if !foreign.is_empty() {
			let limits = self.limits(self.table.anchors_part(1, 3));
			let used = |id| foreign.iter().any(|(other, _)| *other == id);
			self.anchors.query_heads(self.http, used, limits, true);
			reference_sets.extend(self.anchors.reference_sets(
				self.http,
				&foreign,
				&self.table,
				self.concurrency,
				random,
			));
		}
		reference_sets
	}

	fn network(&self, id: NetworkId) -> Option<&'a NetworkRef> {
		self.networks.iter().find(|network| network.id == id)
	}

	/// Criterion for an assignment; `None` if its network is unknown.
	fn criterion<'m>(
		&self,
		assignment: &Assignment,
		reference_sets: &'m ReferenceSets,
	) -> Option<Criterion<'m>> {
		if let Some(lease) = assignment.target.lease() {
			return Some(Criterion::Lease(lease));
		}
		let Some(id) = assignment.kind.network() else { return Some(Criterion::Kind) };
		let network = self.network(id)?;
		let of = (id, Depth::of(assignment.max_head_lag));
		let references =
			reference_sets.iter().find(|(other, _)| *other == of).map(|(_, references)| references);
		Some(Criterion::Network(network.protocol, references))
	}

	/// Visit the services, in random order at random times.
	fn visit(
		&mut self,
		mut asked: Vec<usize>,
		reference_sets: &ReferenceSets,
		tokens: Tokens<'_>,
		random: &mut Random,
		findings: &mut [Finding],
	) {
		random.shuffle(&mut asked);
		let times = starts(asked.len(), self.http.now(), self.table.spread_end, random);
		let mut indices = Vec::new();
		let mut conversations = Vec::new();
		let assignments = self.assignments;
		for (index, at) in asked.into_iter().zip(times) {
			let Some(assignment) = assignments.get(index) else { continue };
			let Some(criterion) = self.criterion(assignment, reference_sets) else { continue };
			match Visit::new(assignment, criterion, tokens, random.fork()) {
				Some(visit) => {
					indices.push(index);
					conversations.push((at, visit));
				},
				None => set(findings, index, Finding::Down),
			}
		}
		let Timetable { patience, probes_end: end, .. } = self.table;
		// One turn of tolerance: the last start may be noticed late.
		let latest = end.saturating_sub(patience).saturating_add(engine::TURN);
		let limits = Limits { patience, latest, end, concurrency: self.concurrency };
		let outcomes = engine::run(self.http, conversations, limits);
		for (index, outcome) in indices.into_iter().zip(outcomes) {
			// A service that could not be asked is not judged.
			set(findings, index, outcome.unwrap_or(Finding::Abstained));
		}
	}

	/// If services look down, or wrong without a reference, query the anchors of all networks: the
	/// fault may be the prober's, and then these findings are in doubt.
	fn check_connectivity(&mut self, reference_sets: &ReferenceSets, findings: &mut [Finding]) {
		let may_be_own_fault = |round: &Self, assignment: &Assignment, finding: Finding| {
			assignment.skip.is_none()
				&& match finding {
					Finding::Down => true,
					Finding::Bad(_) | Finding::NoProof => {
						!round.is_compared(assignment, reference_sets)
					},
					_ => false,
				}
		};
		let mut all = self.assignments.iter().zip(findings.iter());
		if !all.any(|(assignment, finding)| may_be_own_fault(self, assignment, *finding)) {
			return;
		}
		let limits = self.limits(self.table.end);
		self.anchors.query_heads(self.http, |_| true, limits, false);
		for (assignment, finding) in self.assignments.iter().zip(findings) {
			if !may_be_own_fault(self, assignment, *finding) {
				continue;
			}
			let cut_off = match finding {
				Finding::Down => self.anchors.majority_failed(),
				// A captive portal answers in place of everyone. All anchors must be affected:
				// otherwise whoever stops some of them could serve junk.
				_ => self.anchors.all_failed(),
			};
			if cut_off {
				*finding = Finding::InDoubt;
			}
		}
	}

	/// True if the answers were compared with references.
	fn is_compared(&self, assignment: &Assignment, reference_sets: &ReferenceSets) -> bool {
		matches!(self.criterion(assignment, reference_sets), Some(Criterion::Network(_, Some(_))))
	}
}

fn set(findings: &mut [Finding], index: usize, finding: Finding) {
	if let Some(slot) = findings.get_mut(index) {
		*slot = finding;
	}
}

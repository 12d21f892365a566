//! A round's probing from beginning to end.

use crate::{
	NetworkRef, REFERENCE_DEPTHS, Schedule, Target,
	anchors::{Anchors, Reference, References, depth_for},
	engine::{self, Limits},
	http::Http,
	schedule::{Random, Timetable, concurrency, starts},
	visit::{Standard, Visit},
};
use alloc::vec::Vec;
use surety_primitives::{NetworkId, lease_of_service, report::Finding};

/// Ask every target and judge the answers.
pub fn probe(
	http: &mut impl Http,
	targets: &[Target],
	networks: &[NetworkRef],
	schedule: &Schedule,
	random: [u8; 32],
) -> Vec<Finding> {
	let mut findings: Vec<_> = targets.iter().map(|t| t.skip.unwrap_or(Finding::Abstained)).collect();
	let asked: Vec<usize> =
		targets.iter().enumerate().filter(|(_, t)| t.skip.is_none()).map(|(i, _)| i).collect();
	if asked.is_empty() {
		return findings;
	}
	let mut round = Round {
		http,
		targets,
		networks,
		anchors: Anchors::of(networks),
		references: Vec::new(),
		concurrency: concurrency(schedule),
	};
	let anchors = round.anchors.has_any(None);
	let table = Timetable::new(schedule, round.http.now(), asked.len(), anchors);
	if table.begin > round.http.now() {
		round.http.sleep_until(table.begin);
	}
	round.find_references(&asked, &table);
	round.visit(asked, &table, Random::new(random), &mut findings);
	round.doubt_oneself(&table, &mut findings);
	findings
}

struct Round<'a, H> {
	http: &'a mut H,
	targets: &'a [Target],
	networks: &'a [NetworkRef],
	anchors: Anchors,
	references: Vec<(NetworkId, References)>,
	concurrency: usize,
}

impl<'a, H: Http> Round<'a, H> {
	fn limits(&mut self, until: u64) -> Limits {
		let patience = until.saturating_sub(self.http.now());
		Limits { patience, end: until, concurrency: self.concurrency }
	}

	/// Ask the anchors of all networks that are in use and not the prober's own.
	fn find_references(&mut self, asked: &[usize], table: &Timetable) {
		let mut wanted: Vec<(NetworkId, [bool; REFERENCE_DEPTHS.len()])> = Vec::new();
		for target in asked.iter().filter_map(|index| self.targets.get(*index)) {
			let foreign = target.kind.network().filter(|id| {
				self.network(*id).is_some_and(|network| network.own.is_none() && !network.anchors.is_empty())
			});
			let Some(id) = foreign else { continue };
			if !wanted.iter().any(|(other, _)| *other == id) {
				wanted.push((id, Default::default()));
			}
			let of_depth = wanted.iter_mut().find(|(other, _)| *other == id);
			if let Some(on) = of_depth.and_then(|(_, depths)| depths.get_mut(depth_for(target.max_head_lag)))
			{
				*on = true;
			}
		}
		if wanted.is_empty() {
			return;
		}
		let half = table.anchors_until.saturating_sub(table.begin).checked_div(2).unwrap_or_default();
		let limits = self.limits(table.anchors_until.saturating_sub(half));
		let used = |id| wanted.iter().any(|(other, _)| *other == id);
		self.anchors.ask_heads(self.http, used, limits);
		let limits = self.limits(table.anchors_until);
		self.references = self.anchors.references(self.http, &wanted, limits);
	}

	fn network(&self, id: NetworkId) -> Option<&'a NetworkRef> {
		self.networks.iter().find(|network| network.id == id)
	}

	/// What a target is held against; `None` if nobody knows its network.
	fn standard(&self, target: &Target) -> Option<Standard> {
		if let Some(lease) = lease_of_service(target.service) {
			return Some(Standard::Lease(lease));
		}
		let Some(id) = target.kind.network() else { return Some(Standard::Kind) };
		let network = self.network(id)?;
		let depth = depth_for(target.max_head_lag);
		let reference = match &network.own {
			Some(own) => {
				let block = own.references.get(depth).or(own.references.last());
				block.map(|(number, hash)| Reference {
					head: own.number.into(),
					number: (*number).into(),
					hash: *hash,
				})
			},
			None => {
				let of_network = self.references.iter().find(|(other, _)| *other == id);
				of_network.and_then(|(_, depths)| depths.get(depth).copied()).flatten()
			},
		};
		Some(Standard::Network(network.protocol, reference))
	}

	/// Ask the services, in random order at times spread evenly.
	fn visit(
		&mut self,
		mut asked: Vec<usize>,
		table: &Timetable,
		mut random: Random,
		findings: &mut [Finding],
	) {
		random.shuffle(&mut asked);
		let times = starts(asked.len(), self.http.now(), table.spread_end, &mut random);
		let mut indices = Vec::new();
		let mut scripts = Vec::new();
		for (index, at) in asked.into_iter().zip(times) {
			let Some(target) = self.targets.get(index) else { continue };
			let Some(standard) = self.standard(target) else { continue };
			match Visit::new(target, standard) {
				Some(visit) => {
					indices.push(index);
					scripts.push((at, visit));
				},
				None => set(findings, index, Finding::Down),
			}
		}
		let limits =
			Limits { patience: table.patience, end: table.probes_end, concurrency: self.concurrency };
		let outcomes = engine::run(self.http, scripts, limits);
		for (index, outcome) in indices.into_iter().zip(outcomes) {
			// One that could not be asked is not judged.
			set(findings, index, outcome.unwrap_or(Finding::Abstained));
		}
	}

	/// Where services look down, or wrong without having been compared with anything, see how the anchors
	/// look: the fault may be the prober's, and then it abstains.
	fn doubt_oneself(&mut self, table: &Timetable, findings: &mut [Finding]) {
		let mut groups: Vec<Option<NetworkId>> = Vec::new();
		for (target, finding) in self.targets.iter().zip(findings.iter()) {
			let Some(group) = self.doubtful(target, *finding) else { continue };
			if !groups.contains(&group) {
				groups.push(group);
			}
		}
		if groups.is_empty() {
			return;
		}
		let asked = |id| groups.contains(&None) || groups.contains(&Some(id));
		let limits = self.limits(table.end);
		self.anchors.ask_heads(self.http, asked, limits);
		for (target, finding) in self.targets.iter().zip(findings) {
			let Some(group) = self.doubtful(target, *finding) else { continue };
			let cut_off = match finding {
				Finding::Down => self.anchors.in_trouble(group),
				// A captive portal answers in everybody's place. More than trouble of a few anchors it must be:
				// else whoever stops them could serve junk.
				_ => self.anchors.none_answers(),
			};
			if cut_off {
				*finding = Finding::Abstained;
			}
		}
	}

	/// Whose anchors are to be asked (all of them for `Some(None)`) before a finding is believed. `None` if
	/// it is believed as it stands.
	fn doubtful(&self, target: &Target, finding: Finding) -> Option<Option<NetworkId>> {
		match finding {
			_ if target.skip.is_some() => None,
			Finding::Down => Some(self.canary(target)),
			Finding::Bad(_) if !self.is_compared(target) => Some(None),
			_ => None,
		}
	}

	/// Whether there is a reference that the target's answers were compared with.
	fn is_compared(&self, target: &Target) -> bool {
		matches!(self.standard(target), Some(Standard::Network(_, Some(_))))
	}

	/// Whose anchors tell whether the prober can reach anything: those of the target's network if it has
	/// any, else all.
	fn canary(&self, target: &Target) -> Option<NetworkId> {
		target.kind.network().filter(|id| self.anchors.has_any(Some(*id)))
	}
}

fn set(findings: &mut [Finding], index: usize, finding: Finding) {
	if let Some(slot) = findings.get_mut(index) {
		*slot = finding;
	}
}

#[cfg(test)]
#[path = "tests/round.rs"]
mod tests;

//! A round's probing from beginning to end.

use crate::{
	NetworkRef, Schedule, Target,
	anchors::{Anchors, Depth, Menu},
	client::Client,
	engine::{self, Limits},
	http::Http,
	schedule::{Random, Timetable, concurrency, starts},
	visit::{Standard, Visit},
};
use alloc::vec::Vec;
use surety_primitives::{NetworkId, lease_of_service, report::Finding};

/// Menus by network and depth.
type Menus = Vec<((NetworkId, Depth), Menu)>;

/// Ask every target and judge the answers.
pub fn probe(
	http: &mut impl Http,
	targets: &[Target],
	networks: &[NetworkRef],
	schedule: &Schedule,
	random: [u8; 32],
) -> Vec<Finding> {
	let mut findings: Vec<_> =
		targets.iter().map(|t| t.skip.unwrap_or(Finding::Abstained)).collect();
	let asked: Vec<usize> =
		targets.iter().enumerate().filter(|(_, t)| t.skip.is_none()).map(|(i, _)| i).collect();
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
		Round { http, targets, networks, anchors, table, concurrency: concurrency(schedule) };
	let menus = round.menus(&asked, &mut random);
	round.visit(asked, &menus, &mut random, &mut findings);
	round.doubt_oneself(&menus, &mut findings);
	findings
}

struct Round<'a, H> {
	http: &'a mut H,
	targets: &'a [Target],
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

	/// Menus of the networks that are in use: from the prober's own state, or else from the
	/// anchors.
	fn menus(&mut self, asked: &[usize], random: &mut Random) -> Menus {
		let mut menus = Menus::new();
		let mut foreign: Vec<(NetworkId, Depth)> = Vec::new();
		for target in asked.iter().filter_map(|index| self.targets.get(*index)) {
			let Some(network) = target.kind.network().and_then(|id| self.network(id)) else {
				continue;
			};
			let of = (network.id, Depth::of(target.max_head_lag));
			if lease_of_service(target.service).is_some()
				|| menus.iter().any(|(other, _)| *other == of)
				|| foreign.contains(&of)
			{
				continue;
			}
			match &network.own {
				Some(own) => menus.extend(Menu::own(own, of.1, random).map(|menu| (of, menu))),
				None if network.anchors.is_empty() => (),
				None => foreign.push(of),
			}
		}
		if !foreign.is_empty() {
			let limits = self.limits(self.table.anchors_part(1, 3));
			let used = |id| foreign.iter().any(|(other, _)| *other == id);
			self.anchors.ask_heads(self.http, used, limits, true);
			menus.extend(self.anchors.menus(
				self.http,
				&foreign,
				&self.table,
				self.concurrency,
				random,
			));
		}
		menus
	}

	fn network(&self, id: NetworkId) -> Option<&'a NetworkRef> {
		self.networks.iter().find(|network| network.id == id)
	}

	/// Standard of a target; `None` if nobody knows its network.
	fn standard<'m>(&self, target: &Target, menus: &'m Menus) -> Option<Standard<'m>> {
		if let Some(lease) = lease_of_service(target.service) {
			return Some(Standard::Lease(lease));
		}
		let Some(id) = target.kind.network() else { return Some(Standard::Kind) };
		let network = self.network(id)?;
		let of = (id, Depth::of(target.max_head_lag));
		let menu = menus.iter().find(|(other, _)| *other == of).map(|(_, menu)| menu);
		Some(Standard::Network(network.protocol, menu))
	}

	/// Ask the services, in random order at random times.
	fn visit(
		&mut self,
		mut asked: Vec<usize>,
		menus: &Menus,
		random: &mut Random,
		findings: &mut [Finding],
	) {
		random.shuffle(&mut asked);
		let times = starts(asked.len(), self.http.now(), self.table.spread_end, random);
		let mut indices = Vec::new();
		let mut scripts = Vec::new();
		let targets = self.targets;
		for (index, at) in asked.into_iter().zip(times) {
			let Some(target) = targets.get(index) else { continue };
			let Some(standard) = self.standard(target, menus) else { continue };
			match Visit::new(target, standard, random.fork()) {
				Some(visit) => {
					indices.push(index);
					scripts.push((at, visit));
				},
				None => set(findings, index, Finding::Down),
			}
		}
		let Timetable { patience, probes_end: end, .. } = self.table;
		// A turn of grace: the last one may be noticed late.
		let latest = end.saturating_sub(patience).saturating_add(engine::TURN);
		let limits = Limits { patience, latest, end, concurrency: self.concurrency };
		let outcomes = engine::run(self.http, scripts, limits);
		for (index, outcome) in indices.into_iter().zip(outcomes) {
			// One that could not be asked is not judged.
			set(findings, index, outcome.unwrap_or(Finding::Abstained));
		}
	}

	/// If services look down, or wrong without having been compared with anything, see how the anchors of all
	/// networks look: the fault may be the prober's, and then those findings are in doubt.
	fn doubt_oneself(&mut self, menus: &Menus, findings: &mut [Finding]) {
		let is_doubtful = |round: &Self, target: &Target, finding: Finding| {
			target.skip.is_none()
				&& match finding {
					Finding::Down => true,
					Finding::Bad(_) | Finding::NoProof => !round.is_compared(target, menus),
					_ => false,
				}
		};
		let mut all = self.targets.iter().zip(findings.iter());
		if !all.any(|(target, finding)| is_doubtful(self, target, *finding)) {
			return;
		}
		let limits = self.limits(self.table.end);
		self.anchors.ask_heads(self.http, |_| true, limits, false);
		for (target, finding) in self.targets.iter().zip(findings) {
			if !is_doubtful(self, target, *finding) {
				continue;
			}
			let cut_off = match finding {
				Finding::Down => self.anchors.in_trouble(),
				// A captive portal answers in everybody's place. More than trouble of a few anchors it must
				// be: else whoever stops them could serve junk.
				_ => self.anchors.none_answers(),
			};
			if cut_off {
				*finding = Finding::InDoubt;
			}
		}
	}

	/// True if there is a menu that the target's answers were compared with.
	fn is_compared(&self, target: &Target, menus: &Menus) -> bool {
		matches!(self.standard(target, menus), Some(Standard::Network(_, Some(_))))
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

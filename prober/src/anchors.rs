//! What services are compared with, and whether the prober itself can reach anything.

use crate::{
	NetworkRef, REFERENCE_DEPTHS,
	engine::{self, Answer, Failure, Limits, Script, Step},
	http::Http,
	judge::{self, BLOCK, HEAD},
	plan,
};
use alloc::{
	string::{String, ToString},
	vec::Vec,
};
use core::str;
use surety_primitives::{NetworkId, Protocol};

/// Most anchors of one network that are asked.
const MAX_ASKED: usize = 16;
/// Anchors that must agree.
const AGREE: usize = 2;

/// A block that a service must know, and how far its network has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reference {
	/// Number of the network's head.
	pub head: u64,
	/// Number of the block whose hash is compared.
	pub number: u64,
	/// Its hash.
	pub hash: [u8; 32],
}

/// Which of [`REFERENCE_DEPTHS`] fits a service whose terms allow this lag: one so deep that a service
/// within its terms has the block.
pub fn depth_for(max_lag: u32) -> usize {
	let last = REFERENCE_DEPTHS.len().saturating_sub(1);
	REFERENCE_DEPTHS.iter().position(|depth| max_lag <= *depth).unwrap_or(last)
}

/// The references of a network, one per depth.
pub type References = [Option<Reference>; REFERENCE_DEPTHS.len()];

/// One anchor and what it said.
struct Anchor {
	network: NetworkId,
	protocol: Protocol,
	url: String,
	head: Option<u64>,
	failed: bool,
}

/// All anchors that the prober has.
pub struct Anchors(Vec<Anchor>);

impl Anchors {
	/// Of all networks. An anchor that a network lists twice counts once.
	pub fn of(networks: &[NetworkRef]) -> Self {
		let mut all: Vec<Anchor> = Vec::new();
		for network in networks {
			let mut urls: Vec<&str> = Vec::new();
			for url in network.anchors.iter().filter_map(|url| str::from_utf8(url).ok()) {
				if urls.len() < MAX_ASKED && !urls.contains(&url) {
					urls.push(url);
				}
			}
			all.extend(urls.into_iter().map(|url| Anchor {
				network: network.id,
				protocol: network.protocol,
				url: url.to_string(),
				head: None,
				failed: false,
			}));
		}
		Self(all)
	}

	/// Whether a network, or else any, has anchors.
	pub fn has_any(&self, network: Option<NetworkId>) -> bool {
		self.group(network).next().is_some()
	}

	fn group(&self, network: Option<NetworkId>) -> impl Iterator<Item = &Anchor> {
		self.0.iter().filter(move |anchor| network.is_none_or(|id| anchor.network == id))
	}

	/// Ask the anchors of some networks for their heads. One that does not answer has failed, for the
	/// whole round.
	pub fn ask_heads(&mut self, http: &mut impl Http, of: impl Fn(NetworkId) -> bool, limits: Limits) {
		let mut asked: Vec<&mut Anchor> =
			self.0.iter_mut().filter(|anchor| of(anchor.network) && !anchor.failed).collect();
		let now = http.now();
		let scripts = asked.iter().map(|a| (now, AskHead { protocol: a.protocol, url: a.url.clone() }));
		let heads = engine::run(http, scripts.collect(), limits);
		for (anchor, head) in asked.iter_mut().zip(heads) {
			// One that could not even be asked has not failed.
			let Some(head) = head else { continue };
			anchor.failed = head.is_none();
			anchor.head = head;
			if anchor.failed {
				log::debug!(target: crate::LOG, "anchor {} of network {} failed", anchor.url, anchor.network);
			}
		}
	}

	/// The references of some networks at the depths wanted of each, from the heads that their anchors said
	/// and the hashes that they say now.
	pub fn references(
		&self,
		http: &mut impl Http,
		wanted: &[(NetworkId, [bool; REFERENCE_DEPTHS.len()])],
		limits: Limits,
	) -> Vec<(NetworkId, References)> {
		let now = http.now();
		let mut asked = Vec::new();
		let mut scripts = Vec::new();
		for (id, depths) in wanted {
			let Some(base) = agreed_height(self.group(Some(*id)).filter_map(|a| a.head)) else { continue };
			for (depth, _) in REFERENCE_DEPTHS.iter().zip(depths).enumerate().filter(|(_, (_, on))| **on) {
				let behind = REFERENCE_DEPTHS.get(depth).copied().unwrap_or_default();
				let number = base.saturating_sub(behind.into());
				for anchor in self.group(Some(*id)) {
					let Some(head) = anchor.head.filter(|head| *head >= number) else { continue };
					asked.push((*id, depth, number, head));
					let url = anchor.url.clone();
					scripts.push((now, AskHash { protocol: anchor.protocol, url, number }));
				}
			}
		}
		let hashes = engine::run(http, scripts, limits);
		let said: Vec<_> = asked.into_iter().zip(hashes).collect();
		let reference = |id: NetworkId, depth: usize| {
			let of = said.iter().filter(|((i, d, ..), _)| (*i, *d) == (id, depth));
			let number = of.clone().map(|((_, _, number, _), _)| *number).next()?;
			let votes = of.filter_map(|((.., head), hash)| Some((*head, (*hash)??))).collect::<Vec<_>>();
			agree(number, &votes)
		};
		wanted.iter().map(|(id, _)| (*id, core::array::from_fn(|depth| reference(*id, depth)))).collect()
	}

	/// Whether there are anchors, and not one of any network has answered properly.
	pub fn none_answers(&self) -> bool {
		!self.0.is_empty() && self.0.iter().all(|anchor| anchor.failed)
	}

	/// Whether so many anchors of a network (or else of all) have failed that the fault is rather the
	/// prober's: at least half of them, and at least two where there are two.
	pub fn in_trouble(&self, network: Option<NetworkId>) -> bool {
		let all = self.group(network).count();
		let failed = self.group(network).filter(|anchor| anchor.failed).count();
		all > 0 && failed >= all.div_ceil(2).max(all.min(AGREE))
	}
}

/// The highest block that at least two anchors claim to have reached: one that runs ahead or stands still
/// does not move it.
fn agreed_height(heads: impl Iterator<Item = u64>) -> Option<u64> {
	let mut heads: Vec<u64> = heads.collect();
	heads.sort_unstable_by(|a, b| b.cmp(a));
	heads.get(AGREE.saturating_sub(1)).copied()
}

/// The hash that most anchors say, at least two of them and more than say any other; its network's head
/// is what they, and only they, have reached. A vote is an anchor's head and hash.
fn agree(number: u64, votes: &[(u64, [u8; 32])]) -> Option<Reference> {
	let count = |hash: &[u8; 32]| votes.iter().filter(|(_, said)| said == hash).count();
	let (_, hash) = votes.iter().max_by_key(|(_, hash)| count(hash))?;
	let most = count(hash);
	let tie = votes.iter().any(|(_, other)| other != hash && count(other) == most);
	if most < AGREE || tie {
		return None;
	}
	let head = agreed_height(votes.iter().filter(|(_, said)| said == hash).map(|(head, _)| *head))?;
	Some(Reference { head, number, hash: *hash })
}

struct AskHead {
	protocol: Protocol,
	url: String,
}

impl Script for AskHead {
	type Out = Option<u64>;

	fn open(&mut self) -> Step<Self::Out> {
		Step::Ask(plan::head(self.protocol, &self.url))
	}

	fn answered(&mut self, answer: Answer) -> Step<Self::Out> {
		let reply = answer.is_success().then(|| judge::one(&answer.body, HEAD)).flatten();
		Step::Done(reply.and_then(|reply| judge::head_of(self.protocol, &reply)))
	}

	fn failed(&mut self, _: Failure) -> Self::Out {
		None
	}
}

struct AskHash {
	protocol: Protocol,
	url: String,
	number: u64,
}

impl Script for AskHash {
	type Out = Option<[u8; 32]>;

	fn open(&mut self) -> Step<Self::Out> {
		Step::Ask(plan::block(self.protocol, &self.url, self.number))
	}

	fn answered(&mut self, answer: Answer) -> Step<Self::Out> {
		let reply = answer.is_success().then(|| judge::one(&answer.body, BLOCK)).flatten();
		let fact = reply.filter(|reply| !reply.error).map(|reply| reply.result);
		Step::Done(fact.and_then(|fact| judge::hash_of(self.protocol, self.number, &fact)))
	}

	fn failed(&mut self, _: Failure) -> Self::Out {
		None
	}
}

#[cfg(test)]
#[path = "tests/anchors.rs"]
mod tests;

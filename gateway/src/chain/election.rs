// SPDX-License-Identifier: Apache-2.0

//! Choice of the node that is asked: pure, so that every kind of liar has a test.

use serde::{Deserialize, Serialize};
use sp_core::H256;
use surety_primitives::BlockNumber;

/// Blocks that a node may be ahead beyond twice the time that has passed.
const SLACK: u32 = 256;

/// A finalized block.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Head {
	/// Number.
	pub number: BlockNumber,
	/// Hash.
	pub hash: H256,
}

/// Answers of a node of the right chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
	/// Place in the configuration.
	pub index: usize,
	/// Finalized block.
	pub head: Head,
	/// Hash at the number of the block that is in use, if the node has it.
	pub at_used: Option<H256>,
	/// Hash at the number that all are compared at.
	pub at_compared: Option<H256>,
}

/// Standing of a node.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
	/// Not asked yet.
	Unknown,
	/// Agrees with the others.
	Good,
	/// Behind the block that is in use.
	Lagging,
	/// Further ahead than time allows.
	Implausible,
	/// Contradicts the larger group.
	Contradicting,
	/// Node of another chain.
	OtherChain,
	/// Gives no answer, or none that can be read.
	Failing,
}

/// Outcome of an election.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Election {
	/// Node to ask, and its finalized block.
	pub leader: Option<(usize, Head)>,
	/// True if the leader's chain does not have the block that is in use.
	pub denies_used: bool,
	/// Standing of each candidate, in their order.
	pub standings: Vec<Standing>,
}

/// Highest number that is plausible `blocks` block times after the used block was taken.
pub(crate) fn plausible(used: Head, blocks: u64) -> u64 {
	let allowed = blocks.saturating_mul(2).saturating_add(SLACK.into());
	u64::from(used.number).saturating_add(allowed)
}

/// Number at which the candidates are compared: the lowest head that is not behind the used one,
/// or the lowest of all.
pub(crate) fn compared_number(heads: &[Head], used: Option<Head>) -> Option<BlockNumber> {
	let numbers = || heads.iter().map(|head| head.number);
	let used = used.map_or(0, |used| used.number);
	numbers().filter(|number| *number >= used).min().or_else(|| numbers().min())
}

/// Elect the node to ask: the most advanced one of the largest group that agrees at the compared
/// number. Of groups of one size the one with the first node of the configuration wins.
pub(crate) fn elect(
	candidates: &[Candidate],
	used: Option<Head>,
	limit: Option<u64>,
	leader: Option<usize>,
) -> Election {
	let is_plausible = |c: &Candidate| limit.is_none_or(|limit| u64::from(c.head.number) <= limit);
	// The pool is never emptied: after a suspension of this machine every node is ahead.
	let any_plausible = candidates.iter().any(is_plausible);
	let counts = |c: &Candidate| !any_plausible || is_plausible(c);
	let size = |hash: Option<H256>| {
		candidates.iter().filter(|c| counts(c) && c.at_compared == hash).count()
	};
	let winner = candidates
		.iter()
		.filter(|c| counts(c) && c.at_compared.is_some())
		.max_by_key(|c| (size(c.at_compared), std::cmp::Reverse(c.index)))
		.and_then(|c| c.at_compared);
	let agrees = |c: &Candidate| counts(c) && c.at_compared.is_some() && c.at_compared == winner;
	let best = candidates
		.iter()
		.filter(|c| agrees(c))
		.max_by_key(|c| (c.head.number, leader == Some(c.index), std::cmp::Reverse(c.index)));
	let denies = |c: &Candidate| {
		used.is_some_and(|used| c.head.number < used.number || c.at_used != Some(used.hash))
	};
	let is_behind = |c: &Candidate| used.is_some_and(|used| c.head.number < used.number);
	let standing = |c: &Candidate| {
		if !counts(c) {
			Standing::Implausible
		} else if agrees(c) && !is_behind(c) {
			Standing::Good
		} else if agrees(c) || c.at_compared.is_none() {
			// A node that lags may not have the compared block.
			Standing::Lagging
		} else {
			Standing::Contradicting
		}
	};
	Election {
		leader: best.map(|c| (c.index, c.head)),
		denies_used: best.is_some_and(denies),
		standings: candidates.iter().map(standing).collect(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn hash(fork: u64, number: u32) -> H256 {
		H256::from_low_u64_be(fork << 32 | u64::from(number))
	}

	fn head(fork: u64, number: u32) -> Head {
		Head { number, hash: hash(fork, number) }
	}

	/// Nodes by fork and height, compared as the nodes would be.
	fn candidates(nodes: &[(u64, u32)], used: Option<Head>) -> Vec<Candidate> {
		let heads: Vec<_> = nodes.iter().map(|(fork, number)| head(*fork, *number)).collect();
		let compared = compared_number(&heads, used).unwrap();
		let at = |(fork, number): (u64, u32), wanted: u32| {
			(number >= wanted).then(|| hash(fork, wanted))
		};
		nodes
			.iter()
			.enumerate()
			.map(|(index, node)| Candidate {
				index,
				head: head(node.0, node.1),
				at_used: used.and_then(|used| at(*node, used.number)),
				at_compared: at(*node, compared),
			})
			.collect()
	}

	#[test]
	fn the_most_advanced_node_is_asked() {
		let nodes = candidates(&[(0, 10), (0, 12), (0, 11)], Some(head(0, 9)));
		let election = elect(&nodes, Some(head(0, 9)), None, None);
		assert_eq!(election.leader, Some((1, head(0, 12))));
		assert!(!election.denies_used);
		assert_eq!(election.standings, [Standing::Good; 3]);
	}

	#[test]
	fn the_leader_stays_while_it_is_as_advanced() {
		let nodes = candidates(&[(0, 12), (0, 12)], None);
		assert_eq!(elect(&nodes, None, None, Some(1)).leader, Some((1, head(0, 12))));
		assert_eq!(elect(&nodes, None, None, None).leader, Some((0, head(0, 12))));
	}

	#[test]
	fn a_node_on_a_fork_of_its_own_is_outvoted() {
		let used = Some(head(0, 9));
		let nodes = candidates(&[(1, 50), (0, 12), (0, 11)], used);
		let election = elect(&nodes, used, None, None);
		assert_eq!(election.leader, Some((1, head(0, 12))));
		assert_eq!(election.standings[0], Standing::Contradicting);
	}

	#[test]
	fn of_two_that_contradict_each_other_the_first_is_believed() {
		let nodes = candidates(&[(0, 12), (1, 50)], None);
		assert_eq!(elect(&nodes, None, None, Some(1)).leader, Some((0, head(0, 12))));
	}

	#[test]
	fn a_node_that_runs_ahead_of_time_is_left_out() {
		let used = Some(head(0, 1_000));
		let limit = Some(plausible(head(0, 1_000), 10));
		let nodes = candidates(&[(0, 5_000), (0, 1_002)], used);
		let election = elect(&nodes, used, limit, Some(0));
		assert_eq!(election.leader, Some((1, head(0, 1_002))));
		assert_eq!(election.standings, [Standing::Implausible, Standing::Good]);
		let alone = candidates(&[(0, 5_000)], used);
		assert_eq!(elect(&alone, used, limit, None).leader, Some((0, head(0, 5_000))));
	}

	#[test]
	fn a_lagging_node_is_not_asked_while_another_is_ahead() {
		let used = Some(head(0, 20));
		let nodes = candidates(&[(0, 7), (0, 21)], used);
		let election = elect(&nodes, used, None, Some(0));
		assert_eq!(election.leader, Some((1, head(0, 21))));
		assert_eq!(election.standings, [Standing::Lagging, Standing::Good]);
	}

	#[test]
	fn a_chain_without_the_used_block_denies_it() {
		let used = Some(head(0, 20));
		for nodes in [vec![(1, 30)], vec![(0, 19)]] {
			let election = elect(&candidates(&nodes, used), used, None, None);
			assert!(election.denies_used, "{nodes:?}");
		}
	}

	#[test]
	fn nobody_is_elected_from_nobody() {
		let election = elect(&[], None, None, None);
		assert_eq!((election.leader, election.denies_used), (None, false));
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Accounts that may report usage for others, answered from memory and refreshed in each round, so
//! that a revoked proxy is refused from the next one on.

use super::{Chain, Reader};
use futures::{StreamExt, stream};
use parking_lot::Mutex;
use sp_runtime::AccountId32;
use std::{collections::HashMap, sync::Arc};
use surety_primitives::RoundIndex;
use tokio::sync::Notify;

/// Most pairs that are remembered.
const MAX_PAIRS: usize = 4_096;
/// Most of them that have no right, or were not asked about yet: strangers can make up any number.
const MAX_WITHOUT: usize = 256;
/// Questions to the chain at once.
const MAX_ASKED: usize = 16;
/// Rounds after which a pair that nobody asked about is forgotten.
const FORGET_ROUNDS: u32 = 64;

/// Party and the account that reports for it.
type Pair = (AccountId32, AccountId32);

#[derive(Clone, Copy, Debug, Default)]
struct Right {
	/// `None` until the chain was asked.
	may: Option<bool>,
	used_in: RoundIndex,
}

/// Accounts that may report for others.
pub struct Reporters {
	chain: Arc<Chain>,
	rights: Mutex<HashMap<Pair, Right>>,
	asked: Notify,
}

impl Reporters {
	/// Rights as of a chain.
	pub fn new(chain: Arc<Chain>) -> Arc<Self> {
		Arc::new(Self { chain, rights: Mutex::default(), asked: Notify::new() })
	}

	/// True if an account may report for a party. The first question about a pair is asked of the
	/// chain, and answered with `None` until the answer is there.
	pub fn may_report(&self, party: &AccountId32, reporter: &AccountId32) -> Option<bool> {
		if party == reporter {
			return Some(true);
		}
		let round = self.chain.market().map_or(0, |market| market.clock.round);
		let mut rights = self.rights.lock();
		let pair = (party.clone(), reporter.clone());
		if !rights.contains_key(&pair) && !make_room(&mut rights) {
			return None;
		}
		let right = rights.entry(pair).or_default();
		right.used_in = round;
		if right.may.is_none() {
			self.asked.notify_one();
		}
		right.may
	}

	/// Ask the chain in every round, and about new pairs at once, for ever.
	pub async fn refresh(&self) {
		let mut rounds = self.chain.rounds();
		loop {
			let is_new_round = tokio::select! {
				changed = rounds.changed() => match changed {
					Ok(()) => true,
					Err(_) => return,
				},
				() = self.asked.notified() => false,
			};
			self.ask(is_new_round).await;
		}
	}

	async fn ask(&self, all: bool) {
		let Some(market) = self.chain.market() else { return };
		let round = market.clock.round;
		let pairs: Vec<Pair> = {
			let mut rights = self.rights.lock();
			let is_used = |right: &Right| right.used_in.saturating_add(FORGET_ROUNDS) >= round;
			rights.retain(|_, right| is_used(right));
			let wanted = rights.iter().filter(|(_, right)| all || right.may.is_none());
			wanted.map(|(pair, _)| pair.clone()).collect()
		};
		let reader = Reader::at(self.chain.nodes(), market.head);
		let mut asked = stream::iter(pairs)
			.map(|pair| async {
				let may = reader.may_report(&pair.0, &pair.1).await;
				(pair, may)
			})
			.buffer_unordered(MAX_ASKED);
		while let Some((pair, may)) = asked.next().await {
			match may {
				Ok(may) => {
					if let Some(right) = self.rights.lock().get_mut(&pair) {
						right.may = Some(may);
					}
				},
				// The rights of before stay, as the market does.
				Err(error) => {
					tracing::debug!(%error, "rights of reporters cannot be read");
					return;
				},
			}
		}
	}
}

/// Make room for a pair. One that has a right is never displaced by one that may have none.
fn make_room(rights: &mut HashMap<Pair, Right>) -> bool {
	let without = |right: &Right| right.may != Some(true);
	if rights.values().filter(|right| without(right)).count() >= MAX_WITHOUT {
		let oldest = rights.iter().filter(|(_, right)| without(right));
		// Those that wait for an answer are kept the longest.
		let oldest = oldest.min_by_key(|(_, right)| (right.may.is_none(), right.used_in));
		if let Some(pair) = oldest.map(|(pair, _)| pair.clone()) {
			rights.remove(&pair);
		}
	}
	rights.len() < MAX_PAIRS
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		chain::{
			Nodes,
			tests::{account, market},
		},
		config::ChainSection,
	};

	#[test]
	fn strangers_displace_neither_a_right_nor_a_question() {
		let chain = Chain::new(Arc::new(Nodes::new(&ChainSection::default()).unwrap()));
		chain.publish(market(500));
		let reporters = Reporters::new(chain);
		let (tenant, proxy) = (account(1), account(2));
		let known = (tenant.clone(), proxy.clone());
		let right = Right { may: Some(true), used_in: 0 };
		reporters.rights.lock().insert(known, right);
		for number in 0..10_000u32 {
			let mut stranger = [9; 32];
			stranger[..4].copy_from_slice(&number.to_le_bytes());
			let answer = reporters.may_report(&tenant, &stranger.into());
			assert_eq!(answer, None, "not asked yet");
		}
		assert!(reporters.rights.lock().len() <= MAX_WITHOUT + 1);
		assert_eq!(reporters.may_report(&tenant, &proxy), Some(true));
		assert_eq!(reporters.may_report(&tenant, &account(3)), None);
		assert!(reporters.rights.lock().contains_key(&(tenant, account(3))));
	}
}

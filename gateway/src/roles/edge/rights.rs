// SPDX-License-Identifier: Apache-2.0

//! Rights as of the chain.

use crate::{
	chain::{Chain, Reporters},
	edge::Rights,
};
use sp_core::sr25519;
use sp_runtime::AccountId32;
use std::sync::Arc;
use surety_primitives::{AgreementId, RoundIndex, crypto::ProberId};

/// Rights as of the chain.
pub struct ChainRights {
	chain: Arc<Chain>,
	reporters: Arc<Reporters>,
}

impl ChainRights {
	/// Rights that the chain's room keeps.
	pub fn new(chain: Arc<Chain>, reporters: Arc<Reporters>) -> Self {
		Self { chain, reporters }
	}
}

impl Rights for ChainRights {
	fn may_report(&self, tenant: &AccountId32, reporter: &AccountId32) -> Option<bool> {
		self.reporters.may_report(tenant, reporter)
	}

	fn round_of(&self, prober: &ProberId) -> Option<RoundIndex> {
		let market = self.chain.market()?;
		let key = sr25519::Public::from(prober.clone()).0;
		market.probers.contains(&key).then_some(market.clock.round)
	}

	fn is_missing(&self, _: AgreementId) {
		self.chain.refresh();
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		chain::{Market, Nodes, tests::market},
		config::ChainSection,
	};
	use sp_core::Pair;
	use surety_primitives::crypto::ProberPair;

	#[test]
	fn probers_are_those_of_the_last_snapshot() {
		let nodes = Nodes::new(&ChainSection::default()).unwrap();
		let chain = Chain::new(Arc::new(nodes));
		let rights = ChainRights::new(chain.clone(), Reporters::new(chain.clone()));
		let prober = |name| ProberPair::from_string(name, None).unwrap().public();
		let (alice, bob) = (prober("//Alice"), prober("//Bob"));
		assert_eq!(rights.round_of(&alice), None);
		let key = sr25519::Public::from(alice.clone()).0;
		chain.publish(Market { probers: [key].into(), ..market(500) });
		assert_eq!((rights.round_of(&alice), rights.round_of(&bob)), (Some(100), None));
	}
}

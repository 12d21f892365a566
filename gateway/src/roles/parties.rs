// SPDX-License-Identifier: Apache-2.0

//! Parties of agreements and the keys that may speak for them, as usage statements need them.

use crate::{
	chain::{self, Market},
	usage::Reporters,
};
use parking_lot::RwLock;
use sp_runtime::AccountId32;
use std::{collections::HashMap, sync::Arc};
use surety_primitives::{AgreementId, WindowIndex, usage::Side};

/// Windows for which the parties of an agreement that is over are remembered: its last window is
/// reported in the next one.
const REMEMBERED: WindowIndex = 3;

/// Parties of an agreement.
#[derive(Clone, Debug)]
pub(super) struct Parties {
	/// Account of the tenant.
	pub tenant: AccountId32,
	/// Account of the operator. `None`: whoever is at the configured address.
	pub operator: Option<AccountId32>,
	/// Last window in which the agreement was in the market.
	seen: WindowIndex,
}

impl Parties {
	/// Parties of a configured agreement, which never ends.
	pub fn configured(tenant: AccountId32, operator: Option<AccountId32>) -> Self {
		Self { tenant, operator, seen: WindowIndex::MAX }
	}
}

/// Parties of all agreements, and the chain's word on proxies.
pub(super) struct PartyBook {
	parties: RwLock<HashMap<AgreementId, Parties>>,
	proxies: Option<Arc<chain::Reporters>>,
}

impl PartyBook {
	/// Parties of configured agreements.
	pub fn new(
		configured: HashMap<AgreementId, Parties>,
		proxies: Option<Arc<chain::Reporters>>,
	) -> Arc<Self> {
		Arc::new(Self { parties: RwLock::new(configured), proxies })
	}

	/// Take over the parties of a snapshot.
	pub fn follow(&self, market: &Market) {
		let window = market.clock.window;
		let mut parties = self.parties.write();
		for (id, agreement) in &market.agreements {
			let Some(operator) = market.party(*id, Side::Operator).cloned() else { continue };
			let tenant = agreement.tenant.clone();
			let of = Parties { tenant, operator: Some(operator), seen: window };
			parties.insert(*id, of);
		}
		parties.retain(|_, of| of.seen.saturating_add(REMEMBERED) >= window);
	}

	/// True if a key is an account's own or that of its `Report` proxy. `None` until the chain was
	/// asked.
	pub fn acts_for(&self, account: &AccountId32, key: &AccountId32) -> Option<bool> {
		match &self.proxies {
			Some(proxies) => proxies.may_report(account, key),
			None => Some(account == key),
		}
	}

	/// Agreements with known parties.
	#[cfg(test)]
	pub fn known(&self) -> std::collections::HashSet<AgreementId> {
		self.parties.read().keys().copied().collect()
	}
}

impl Reporters for PartyBook {
	fn may_report(&self, agreement: AgreementId, side: Side, key: &AccountId32) -> Option<bool> {
		let parties = self.parties.read().get(&agreement).cloned()?;
		let party = match side {
			Side::Tenant => Some(parties.tenant),
			Side::Operator => parties.operator,
		};
		party.map_or(Some(true), |party| self.acts_for(&party, key))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::chain::tests::{account, agreement, market, service};
	use std::collections::HashSet;

	#[test]
	fn parties_outlive_their_agreement_until_it_is_reported() {
		let mut first = market(10);
		let view = service(5, 9, 1, &first);
		first.services.insert(5, Arc::new(view));
		first.agreements.insert(7, agreement(7, 5));
		let book = PartyBook::new(HashMap::new(), None);
		book.follow(&first);
		let may = |side, key: u8| book.may_report(7, side, &account(key));
		assert_eq!(may(Side::Tenant, 1), Some(true));
		assert_eq!(may(Side::Operator, 9), Some(true));
		assert_eq!(may(Side::Operator, 1), Some(false));
		assert_eq!(book.may_report(8, Side::Tenant, &account(1)), None);
		let blocks = first.window_blocks();
		book.follow(&market(10 + blocks));
		assert_eq!(may(Side::Tenant, 1), Some(true));
		book.follow(&market(10 + 4 * blocks));
		assert_eq!(book.known(), HashSet::new());
	}

	#[test]
	fn an_unknown_operator_is_whoever_answers() {
		let of = Parties::configured(account(1), None);
		let book = PartyBook::new([(7, of)].into(), None);
		assert_eq!(book.may_report(7, Side::Operator, &account(3)), Some(true));
		assert_eq!(book.may_report(7, Side::Tenant, &account(3)), Some(false));
		book.follow(&market(1_000_000));
		assert_eq!(book.known(), [7].into());
	}
}

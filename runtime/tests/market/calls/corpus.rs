// SPDX-License-Identifier: Apache-2.0

//! Known calls, from which others are made: some that the tests of the market make, and those that
//! succeeded in the game.

use super::game::Sender;
use crate::{
	actors::Offer,
	bonds::set_keys,
	fixture::Fixture,
	fuzz::Random,
	orders::{bid, list, new_order, party},
};
use codec::Encode;
use pallet_staking as staking;
use pallet_surety_compute_orders as compute;
use pallet_surety_operators as operators;
use pallet_surety_sla as sla;
use sp_keyring::Sr25519Keyring::{Eve, Ferdie};
use std::collections::BTreeMap;
use surety_primitives::{AssetId, ServiceKind, WindowShare};
use surety_runtime::*;

/// Most calls that are kept of one kind.
const PER_CALL: usize = 8;

/// Known calls by the indices of pallet and call.
pub struct Corpus(BTreeMap<[u8; 2], Vec<(Sender, Vec<u8>)>>);

impl Corpus {
	pub fn new(chain: &mut Fixture, asset: AssetId) -> Self {
		let offer = |kind| Offer { kind, ..Offer::of(asset) }.call();
		let order = compute::Call::place_order { order: Box::new(new_order(chain, asset)) };
		let (bond, name) = (1_000 * UNIT, b"operator".to_vec().try_into().unwrap());
		let open = |service| sla::Call::open_agreement {
			service,
			units: 1,
			max_price: u128::MAX,
			deposit: 100 * UNIT,
			min_cover: WindowShare::default(),
		};
		let calls: Vec<(AccountId, RuntimeCall)> = vec![
			(party(1), list(9_001, asset)),
			(party(2), offer(ServiceKind::Vpn { key: [7; 32] }).into()),
			(party(3), offer(ServiceKind::Rpc { network: 0 }).into()),
			(party(0), order.into()),
			(party(1), bid(0, 0, UNIT / 10)),
			(party(0), open(4).into()),
			(party(20), open(5).into()),
			(
				party(50),
				operators::Call::register { bond, name, contact: Default::default() }.into(),
			),
			(Eve.to_account_id(), set_keys(Eve, &Eve.pair(), &Eve.pair()).into()),
			(Ferdie.to_account_id(), set_keys(Ferdie, &Ferdie.pair(), &Ferdie.pair()).into()),
			(
				Eve.to_account_id(),
				staking::Call::bond {
					value: 20_000 * UNIT,
					payee: staking::RewardDestination::Stash,
				}
				.into(),
			),
			(Eve.to_account_id(), staking::Call::validate { prefs: Default::default() }.into()),
		];
		let mut corpus = Self(BTreeMap::new());
		for (who, call) in calls {
			corpus.keep(Sender::account(who), call.encode(), &mut Random(0));
		}
		corpus
	}

	/// Keep a call. If there are enough of its kind, it takes the place of another.
	pub fn keep(&mut self, sender: Sender, call: Vec<u8>, random: &mut Random) {
		let its = self.0.entry([call[0], call[1]]).or_default();
		if its.len() < PER_CALL {
			its.push((sender, call));
		} else {
			its[random.below(PER_CALL as u64) as usize] = (sender, call);
		}
	}

	/// Known call with these indices.
	pub fn pick(&self, index: [u8; 2], random: &mut Random) -> Option<(Sender, Vec<u8>)> {
		random.pick(self.0.get(&index)?)
	}
}

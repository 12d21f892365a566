// SPDX-License-Identifier: Apache-2.0

//! Leaves of random calls: accounts that have funds, ids and blocks near those that exist, hashes
//! that the chain knows, and now and then anything.

use crate::{fixture::PROBERS, fuzz::Random, orders::party};
use pallet_surety_compute_orders as compute;
use pallet_surety_operators as operators;
use pallet_surety_sla as sla;
use sp_keyring::Sr25519Keyring;
use std::{cell::RefCell, collections::VecDeque};
use surety_primitives::Clock as _;
use surety_runtime::{
	configs::market::{ProberPot, TreasuryAccount},
	*,
};

/// Numbers of the accounts of the compute market: operators, tenants, and a stranger.
pub const PARTIES: [u8; 7] = [0, 1, 2, 3, 4, 20, 50];

/// Most hashes that are remembered.
const HASHES: usize = 16;

/// Values that mean something to the chain.
pub struct Pool {
	with_key: Vec<AccountId>,
	without_key: Vec<AccountId>,
	/// Numbers of existing things, near which others are drawn: blocks, rounds, next ids.
	marks: Vec<u64>,
	hashes: RefCell<VecDeque<[u8; 32]>>,
}

impl Pool {
	pub fn new() -> Self {
		let parties = PARTIES.map(party);
		let named = Sr25519Keyring::iter().take(8).map(|who| who.to_account_id());
		Self {
			with_key: parties.into_iter().chain(named).collect(),
			without_key: Vec::new(),
			marks: Vec::new(),
			hashes: RefCell::default(),
		}
	}

	/// Read what the chain knows now.
	pub fn refresh(&mut self) {
		let block = System::block_number();
		self.marks = vec![
			block.into(),
			Timing::round_at(block).into(),
			operators::NextServiceId::<Runtime>::get().into(),
			sla::NextAgreement::<Runtime>::get().into(),
			compute::NextOrder::<Runtime>::get().into(),
			genesis::SBTC.into(),
			pallet_timestamp::Now::<Runtime>::get(),
		];
		let pair = {
			let mut signatories = [party(0), party(1)];
			signatories.sort();
			pallet_multisig::Pallet::<Runtime>::multi_account_id(&signatories, 2)
		};
		let child = pallet_utility::derivative_account_id(party(0), 0);
		self.without_key = vec![TreasuryAccount::get(), ProberPot::get(), Sla::pot(), pair, child];
		self.remember(System::parent_hash().0);
	}

	/// Keep a hash that later calls may name.
	pub fn remember(&self, hash: [u8; 32]) {
		let mut hashes = self.hashes.borrow_mut();
		hashes.push_back(hash);
		if hashes.len() > HASHES {
			hashes.pop_front();
		}
	}

	/// Account with a key, for a signed origin. Validators are among them.
	pub fn signer(&self, random: &mut Random) -> AccountId {
		random.pick(&self.with_key).expect("there are accounts")
	}

	/// Member of the keyring, for a real signature.
	pub fn named(&self, random: &mut Random) -> Sr25519Keyring {
		let more = [Sr25519Keyring::Eve, Sr25519Keyring::Ferdie, Sr25519Keyring::One];
		random.pick(&[&PROBERS[..], &more[..]].concat()).expect("there are members")
	}

	pub fn account(&self, random: &mut Random, with_key: bool) -> AccountId {
		match random.below(16) {
			0 if !with_key => AccountId::from(random.bytes::<32>()),
			1 | 2 if !with_key && !self.without_key.is_empty() => {
				random.pick(&self.without_key).expect("not empty")
			},
			_ => self.signer(random),
		}
	}

	pub fn hash(&self, random: &mut Random) -> [u8; 32] {
		match random.below(4) {
			0 => random.bytes(),
			_ => random.pick(self.hashes.borrow_mut().make_contiguous()).unwrap_or_default(),
		}
	}

	pub fn region(&self, random: &mut Random) -> [u8; 2] {
		match random.below(8) {
			0 => random.bytes(),
			_ => random.pick(&[*b"DE", *b"US", *b"JP"]).expect("not empty"),
		}
	}

	/// Number of `width` bytes.
	pub fn number(&self, random: &mut Random, width: usize) -> u128 {
		let bits = 8 * width.min(16) as u64;
		let mask = u128::MAX >> (128 - bits);
		let number = match (random.below(16), width) {
			(0, _) => u128::from_le_bytes(random.bytes()),
			(1, _) => mask - u128::from(random.below(3)),
			(2, _) => {
				// Around a power of two.
				let power = 1u128 << random.below(bits);
				power.wrapping_sub(1).wrapping_add(u128::from(random.below(3)))
			},
			(3 | 4, 1) => u128::from(random.below(256)),
			(3..=9, 16..) => {
				let unit = random
					.pick(&[UNIT, UNIT / 10, MILLI, MICRO, 1_000_000, 100_000, 100])
					.expect("not empty");
				unit * u128::from(random.below(2_000))
			},
			(3..=6, _) => {
				let mark = random.pick(&self.marks).unwrap_or_default();
				let distance = random.pick(&[1, 1, 6, 40, 300]).expect("not empty");
				u128::from((mark + random.below(2 * distance)).saturating_sub(distance))
			},
			(7, _) => {
				let mark = random.pick(&self.marks).unwrap_or_default();
				u128::from(random.below(mark + 1))
			},
			// Shares in parts per billion, and whole windows' prices.
			(8, 4 | 8) => u128::from(random.below(41)) * 250_000_000,
			_ => u128::from(random.below(8)),
		};
		number & mask
	}

	/// Bytes of any length. The name of the field tells what fits.
	pub fn bytes(&self, random: &mut Random, name: &str) -> Vec<u8> {
		let url = format!("http://127.0.0.1:{}/", 9_000 + random.below(12)).into_bytes();
		match (random.below(8), name) {
			(0, _) => {
				let length = random.pick(&[0, 1, 64, 128, 257, 5_000]).expect("not empty");
				(0..length).map(|_| random.below(256) as u8).collect()
			},
			(1, _) => (0..random.below(9)).map(|_| random.below(256) as u8).collect(),
			(_, "endpoint") => url,
			(2..=4, "health") => [&url[..], &b"leases/0"[..]].concat(),
			(_, "health") => {
				let lease = random.below(8);
				let port = 9_001 + random.below(4);
				format!("http://127.0.0.1:{port}/leases/{lease}").into_bytes()
			},
			(_, "access") => b"tcp://203.0.113.7:30080".to_vec(),
			(_, "image") => b"docker.io/library/nginx:1.27".to_vec(),
			(_, "host") => b"127.0.0.1".to_vec(),
			_ => random
				.pick(&[&b""[..], &b"a"[..], &b"surety"[..], &b"operator"[..], &url[..]])
				.expect("not empty")
				.to_vec(),
		}
	}

	/// Bytes of a fixed length, half of them all alike.
	pub fn fixed_bytes(&self, random: &mut Random, length: usize) -> Vec<u8> {
		if length == 32 && random.below(2) == 0 {
			return self.hash(random).to_vec();
		}
		match random.below(2) {
			0 => vec![random.below(4) as u8; length],
			_ => (0..length).map(|_| random.below(256) as u8).collect(),
		}
	}
}

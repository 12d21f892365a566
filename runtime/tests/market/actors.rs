// SPDX-License-Identifier: Apache-2.0

//! Actions of operators and tenants, in one line each.

use crate::fixture::Fixture;
use frame_support::{assert_ok, dispatch::DispatchResultWithPostInfo};
use pallet_surety_operators as operators;
use pallet_surety_sla as sla;
use sp_keyring::Sr25519Keyring;
use surety_primitives::{
	AgreementId, AssetId, Balance, Bonding, Clock, Probing, Region, ServiceId, ServiceKind,
	Slots as _, Target, Verdict, WindowShare,
};
use surety_runtime::*;

pub const OPERATOR: Sr25519Keyring = Sr25519Keyring::Eve;
pub const TENANT: Sr25519Keyring = Sr25519Keyring::Ferdie;
pub const OTHER_TENANT: Sr25519Keyring = Sr25519Keyring::One;
pub const STRANGER: Sr25519Keyring = Sr25519Keyring::Two;

/// One coin of the asset of a test.
pub fn coin(asset: AssetId) -> Balance {
	match asset {
		AssetId::Native => UNIT,
		AssetId::Local(_) => 1_000_000,
	}
}

/// Credits of `Low` to `Critical`: an eighth to the whole of a window's price.
pub const CREDIT: [WindowShare; 4] = [
	WindowShare::from_inner(125_000_000),
	WindowShare::from_inner(250_000_000),
	WindowShare::from_inner(500_000_000),
	WindowShare::from_inner(1_000_000_000),
];

/// Parameters of a listing. The default costs a tenth of a coin per block and allows one bad round
/// of twelve.
#[derive(Clone)]
pub struct Offer<'a> {
	pub kind: ServiceKind,
	pub endpoint: &'a str,
	pub region: &'static [u8; 2],
	pub capacity: u32,
	pub price: Balance,
	pub asset: AssetId,
	pub terms: operators::TermsInput,
}

impl Offer<'_> {
	pub fn of(asset: AssetId) -> Self {
		let coin = coin(asset);
		Self {
			kind: ServiceKind::Vpn { key: [7; 32] },
			endpoint: "http://127.0.0.1:8080/",
			region: b"DE",
			capacity: 100,
			price: coin / 10,
			asset,
			terms: operators::TermsInput {
				min_uptime: 900_000_000,
				max_latency_ms: 250,
				max_head_lag: 8,
				credit: CREDIT,
				cover: WindowShare::from_u32(3),
			},
		}
	}

	pub fn native() -> Self {
		Self::of(AssetId::Native)
	}

	pub fn call(&self) -> operators::Call<Runtime> {
		operators::Call::list_service {
			kind: self.kind.clone(),
			endpoint: self.endpoint.as_bytes().to_vec().try_into().unwrap(),
			region: Region::new(*self.region).unwrap(),
			capacity: self.capacity,
			price: self.price,
			asset: self.asset,
			terms: self.terms.clone(),
			metadata_hash: [0; 32],
			metadata_uri: Default::default(),
		}
	}
}

impl Fixture {
	/// Register an operator with a bond of 1,000 coins in `asset` and in the native token.
	pub fn register(&mut self, who: Sr25519Keyring, asset: AssetId) {
		let bond = 1_000 * coin(AssetId::Native);
		let name = b"operator".to_vec().try_into().unwrap();
		assert_ok!(
			self.call(who, operators::Call::register { bond, name, contact: Default::default() })
		);
		if asset != AssetId::Native {
			assert_ok!(
				self.call(who, operators::Call::bond_more { asset, amount: 1_000 * coin(asset) })
			);
		}
	}

	/// List a service and wait for its first verdict, which is up.
	pub fn list(&mut self, who: Sr25519Keyring, offer: &Offer) -> ServiceId {
		let id = self.peek(operators::NextServiceId::<Runtime>::get);
		assert_ok!(self.call(who, offer.call()));
		self.until("the first verdict", 6, move || {
			Probes::status(Target::Service(id))
				.and_then(|p| p.last)
				.is_some_and(|(_, v)| matches!(v, Verdict::Up { .. }))
		});
		id
	}

	/// Register an operator with one service.
	pub fn operator(&mut self, asset: AssetId) -> ServiceId {
		self.register(OPERATOR, asset);
		self.list(OPERATOR, &Offer::of(asset))
	}

	/// Price of `units` for `windows`.
	pub fn price(&mut self, service: ServiceId, units: u32, windows: u32) -> Balance {
		self.peek(|| {
			let price = operators::Services::<Runtime>::get(service).unwrap().price;
			price
				* Balance::from(units)
				* Balance::from(Timing::window_blocks())
				* Balance::from(windows)
		})
	}

	pub fn try_open(
		&mut self,
		tenant: Sr25519Keyring,
		service: ServiceId,
		units: u32,
		windows: u32,
	) -> DispatchResultWithPostInfo {
		let deposit = self.price(service, units, windows);
		self.call(
			tenant,
			sla::Call::open_agreement {
				service,
				units,
				max_price: u128::MAX,
				deposit,
				min_cover: WindowShare::default(),
			},
		)
	}

	/// Open an agreement that is paid for some windows.
	pub fn open(
		&mut self,
		tenant: Sr25519Keyring,
		service: ServiceId,
		units: u32,
		windows: u32,
	) -> AgreementId {
		let id = self.peek(sla::NextAgreement::<Runtime>::get);
		assert_ok!(self.try_open(tenant, service, units, windows));
		id
	}

	/// Build blocks to the first round of the next window.
	pub fn next_window(&mut self) {
		let window = |round| Timing::window_of(round);
		let from = self.round();
		let from = self.peek(|| window(from));
		loop {
			self.rounds(1);
			let round = self.round();
			if self.peek(|| window(round)) > from {
				return;
			}
		}
	}

	/// Build blocks until a round is judged for every service.
	pub fn judged(&mut self, round: u32) {
		self.until("the round is judged", 6, move || Probes::judged_round() >= round);
	}

	/// Credit that is owed to a tenant.
	pub fn owed(&mut self, agreement: AgreementId) -> Balance {
		self.peek(|| Sla::owed_credit(agreement).unwrap_or(0))
	}

	/// Credit promised to a tenant in all: delivered, owed, or due once the tenant has paid more.
	pub fn credit(&mut self, agreement: AgreementId) -> Balance {
		let status = self.peek(|| Sla::agreement(agreement).expect("it is there"));
		let stored = status.agreement;
		stored.credited + status.owed + status.reserved - stored.claimable
	}

	/// Credit index of a service, in windows' prices.
	pub fn index(&mut self, service: ServiceId) -> WindowShare {
		self.peek(|| {
			sla::Targets::<Runtime>::get(Target::Service(service))
				.map(|s| s.index)
				.unwrap_or_default()
		})
	}

	/// Credit of `units` of a service for a share of a window's price.
	pub fn share(&mut self, service: ServiceId, units: u32, share: WindowShare) -> Balance {
		surety_primitives::credit::credit_of(self.price(service, units, 1), share)
	}

	/// Breaches of a service so far.
	pub fn breaches(&mut self, service: ServiceId) -> Vec<sla::Breach> {
		self.peek(|| {
			Sla::breach_history(Target::Service(service), None, 64)
				.into_iter()
				.map(|(_, b)| b)
				.collect()
		})
	}

	/// Free bond of the operator of a service.
	pub fn free_bond(&mut self, service: ServiceId) -> Balance {
		self.peek(|| {
			let listing = operators::Services::<Runtime>::get(service).expect("it is listed");
			<Operators as Bonding<_>>::free_bond(&listing)
		})
	}

	/// Active bond of an operator.
	pub fn bond(&mut self, who: Sr25519Keyring, asset: AssetId) -> Balance {
		self.peek(|| operators::Bonds::<Runtime>::get(who.to_account_id(), asset).active)
	}

	/// Events of the last block.
	pub fn events(&mut self) -> Vec<RuntimeEvent> {
		self.peek(|| System::events().into_iter().map(|record| record.event).collect())
	}
}

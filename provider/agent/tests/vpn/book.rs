// SPDX-License-Identifier: Apache-2.0

//! The chain in this process: agreements are entries of a map.

use parking_lot::Mutex;
use sp_core::H256;
use sp_runtime::AccountId32;
use std::{
	collections::{BTreeMap, BTreeSet, HashSet},
	sync::Arc,
};
use surety_gateway::chain::KeySigner;
use surety_primitives::{AgreementId, AssetId, CloseReason, ServiceId, Target};
use surety_provider::vpn::{Ledger, Market, OwnService, Unknown};
use surety_runtime_api::{AgreementInfo, Ending};

/// Own service.
pub const SERVICE: ServiceId = 3;
/// Round of the chain.
pub const ROUND: u32 = 100;

type Answer<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, Unknown>> + Send + 'a>>;

/// The chain.
#[derive(Default)]
pub struct Book {
	/// Agreements.
	pub agreements: Mutex<BTreeMap<AgreementId, AgreementInfo<AccountId32>>>,
	/// Proxies of the type `Buy`: tenant and proxy.
	pub buyers: Mutex<BTreeSet<(AccountId32, AccountId32)>>,
	/// Keys of probers.
	pub probers: Mutex<HashSet<[u8; 32]>>,
	/// True while nothing can be read.
	pub is_gone: Mutex<bool>,
}

/// Key of a development account.
pub fn signer(uri: &str) -> KeySigner {
	KeySigner::from_uri(uri).unwrap()
}

/// Hash of the genesis block.
pub fn genesis() -> H256 {
	H256::repeat_byte(7)
}

impl Book {
	/// Open an agreement of `//Alice`.
	pub fn open(&self, id: AgreementId, service: ServiceId, units: u32) {
		let agreement = AgreementInfo {
			id,
			tenant: signer("//Alice").account().clone(),
			target: Target::Service(service),
			units,
			asset: AssetId::Native,
			rate: 1,
			opened_at: 1,
			held: 1_000,
			paid: 0,
			due: 0,
			blocks_left: 1_000,
			owed_credit: 0,
			reserved_credit: 0,
			ending: None,
		};
		self.agreements.lock().insert(id, agreement);
	}

	/// Decide the end of an agreement.
	pub fn end(&self, id: AgreementId, round: u32) {
		let ending = Ending::from((round, CloseReason::TenantClosed));
		self.agreements.lock().get_mut(&id).unwrap().ending = Some(ending);
	}

	fn read<T>(&self, read: impl FnOnce(&Self) -> T) -> Result<T, Unknown> {
		if *self.is_gone.lock() { Err(Unknown("gone".into())) } else { Ok(read(self)) }
	}

	fn now(&self) -> Arc<Market> {
		let service = OwnService {
			operator: AccountId32::new([9; 32]),
			endpoint: "http://5.5.2.2:8647/vpn".into(),
		};
		Arc::new(Market {
			genesis: genesis(),
			round: ROUND,
			services: [(SERVICE, service)].into(),
			probers: self.probers.lock().clone(),
		})
	}
}

impl Ledger for Book {
	fn market(&self) -> Option<Arc<Market>> {
		Some(self.now())
	}
	fn refresh(&self) -> Answer<'_, Arc<Market>> {
		Box::pin(async { self.read(Self::now) })
	}
	fn agreement(&self, id: AgreementId) -> Answer<'_, Option<AgreementInfo<AccountId32>>> {
		Box::pin(async move { self.read(|book| book.agreements.lock().get(&id).cloned()) })
	}
	fn may_buy<'a>(
		&'a self,
		tenant: &'a AccountId32,
		account: &'a AccountId32,
	) -> Answer<'a, bool> {
		let pair = (tenant.clone(), account.clone());
		Box::pin(async move { self.read(|book| book.buyers.lock().contains(&pair)) })
	}
}

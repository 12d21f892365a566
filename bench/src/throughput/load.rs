// SPDX-License-Identifier: Apache-2.0

//! Signed transactions of users.

use super::{SERVICES, TRADERS};
use crate::{
	args::Res,
	chain::{Chain, Loaded},
	fill::{self, account},
};
use codec::Encode;
use frame_system::{AccountInfo, CheckNonce, EventRecord, offchain::CreateAuthorizedTransaction};
use pallet_balances::AccountData;
use pallet_surety_sla as sla;
use sp_core::{Pair, sr25519};
use sp_io::hashing::twox_128;
use sp_runtime::{OpaqueExtrinsic, generic::SignedPayload, traits::TransactionExtension};
use surety_primitives::{AgreementId, Balance};
use surety_runtime::{
	AccountId, Address, Hash, MILLI, Nonce, Runtime, RuntimeCall, RuntimeEvent, TxExtension,
	UncheckedExtrinsic,
};

/// Amount of a transfer and of a top-up.
const AMOUNT: Balance = MILLI;

/// Asset of an agreement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pays {
	/// The native token.
	Native,
	/// A local asset.
	Asset,
}

/// Kind of transaction, each from an account of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Load {
	/// Settle an agreement that nothing has touched since the database was opened.
	FirstSettle,
	/// Transfer to the next account, which exists.
	Transfer,
	/// Open an agreement; services take turns.
	Open(Pays),
	/// Add to the deposit of an agreement.
	TopUp(Pays),
	/// Settle an agreement, some rounds after its last settlement.
	Settle(Pays),
}

impl Load {
	/// All kinds. Agreements are opened before they are used.
	pub const ALL: [Self; 8] = [
		Self::FirstSettle,
		Self::Transfer,
		Self::Open(Pays::Native),
		Self::TopUp(Pays::Native),
		Self::Settle(Pays::Native),
		Self::Open(Pays::Asset),
		Self::TopUp(Pays::Asset),
		Self::Settle(Pays::Asset),
	];

	/// Name in the tables.
	pub fn name(self) -> &'static str {
		match self {
			Self::FirstSettle => "settle, not in the cache",
			Self::Transfer => "transfer",
			Self::Open(Pays::Native) => "open an agreement",
			Self::TopUp(Pays::Native) => "top up",
			Self::Settle(Pays::Native) => "settle",
			Self::Open(Pays::Asset) => "open, paid in an asset",
			Self::TopUp(Pays::Asset) => "top up, in an asset",
			Self::Settle(Pays::Asset) => "settle, in an asset",
		}
	}

	/// Call of the `n`th transaction of a block.
	fn call(self, n: u32, to: &AccountId, agreement: AgreementId) -> RuntimeCall {
		match self {
			Self::Transfer => pallet_balances::Call::transfer_keep_alive {
				dest: Address::Id(to.clone()),
				value: AMOUNT,
			}
			.into(),
			Self::Open(pays) => sla::Call::open_agreement {
				// Those with odd ids are sold in an asset.
				service: 2 * n % SERVICES + u32::from(pays == Pays::Asset),
				units: 1,
				max_price: fill::PRICE,
				deposit: fill::deposit(),
				min_cover: Default::default(),
			}
			.into(),
			Self::TopUp(_) => sla::Call::top_up { agreement, amount: AMOUNT }.into(),
			Self::FirstSettle | Self::Settle(_) => sla::Call::settle { agreement }.into(),
		}
	}
}

/// Accounts that send transactions on one chain.
pub struct Traders {
	/// Keys with the next nonces.
	all: Vec<(sr25519::Pair, Nonce)>,
	/// Versions of the runtime, and the genesis as the one of the chain and as the block from which
	/// a transaction is valid: signed with it and not sent.
	implicit: <TxExtension as TransactionExtension<RuntimeCall>>::Implicit,
}

impl Traders {
	/// Accounts of a chain on which they have sent nothing yet.
	pub fn new(chain: &Chain) -> Res<Self> {
		let (genesis, version) = chain.identity()?;
		let (spec, transactions) = (version.spec_version, version.transaction_version);
		let implicit = ((), (), spec, transactions, genesis, genesis, (), (), (), None, ());
		let all = fill::traders(TRADERS).into_iter().map(|pair| (pair, 0)).collect();
		Ok(Self { all, implicit })
	}

	/// Fill a block with at most one transaction of each account. `agreements` has an id for each:
	/// that of the agreement that is topped up or settled.
	pub fn fill(
		&mut self,
		chain: &mut Chain,
		load: Load,
		agreements: impl Iterator<Item = AgreementId>,
	) -> Res<Loaded> {
		let signed = self.sign(load, agreements)?;
		let receivers = if load == Load::Transfer { &self.all[..] } else { &[] };
		let before =
			receivers.iter().map(|(pair, _)| free(chain, pair)).collect::<Res<Vec<_>>>()?;
		let loaded = chain.loaded(&signed)?;
		for (_, nonce) in self.all.iter_mut().take(loaded.sent) {
			*nonce += 1;
		}
		match load {
			// The first account that sent nothing received the last transfer.
			Load::Transfer => {
				let (last, _) = self.all.get(loaded.sent).ok_or("one account does not send")?;
				let was = before.get(loaded.sent).copied().unwrap_or_default();
				if free(chain, last)? != was + AMOUNT {
					return Err("the last transfer failed".into());
				}
			},
			_ => all_succeeded(chain)?,
		}
		Ok(loaded)
	}

	/// Transactions of the first accounts, each about one of `ids`. The last account only receives.
	fn sign(&self, load: Load, ids: impl Iterator<Item = u32>) -> Res<Vec<OpaqueExtrinsic>> {
		let receivers = self.all.iter().skip(1);
		let mut signed = Vec::new();
		for (n, (((pair, nonce), (to, _)), id)) in
			self.all.iter().zip(receivers).zip(ids).enumerate()
		{
			let call = load.call(n as u32, &account(to), id);
			let mut extension =
				<Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_extension();
			extension.6 = CheckNonce::from(*nonce);
			let payload = SignedPayload::from_raw(call, extension, self.implicit);
			let signature = payload.using_encoded(|bytes| pair.sign(bytes));
			let (call, extension, _) = payload.deconstruct();
			let address = Address::Id(account(pair));
			let transaction =
				UncheckedExtrinsic::new_signed(call, address, signature.into(), extension);
			signed.push(OpaqueExtrinsic::try_from_encoded_extrinsic(&transaction.encode())?);
		}
		Ok(signed)
	}
}

/// Free balance of an account.
fn free(chain: &Chain, pair: &sr25519::Pair) -> Res<Balance> {
	let key = frame_system::Account::<Runtime>::hashed_key_for(account(pair));
	let info: Option<AccountInfo<Nonce, AccountData<Balance>>> = chain.read(key)?;
	Ok(info.unwrap_or_default().data.free)
}

/// Check that every transaction of the last block did what it says.
fn all_succeeded(chain: &Chain) -> Res<()> {
	let key = [twox_128(b"System"), twox_128(b"Events")].concat();
	let events: Vec<EventRecord<RuntimeEvent, Hash>> = chain.read(key)?.unwrap_or_default();
	for record in events {
		if let RuntimeEvent::System(frame_system::Event::ExtrinsicFailed {
			dispatch_error, ..
		}) = record.event
		{
			return Err(format!("{:?} failed: {dispatch_error:?}", record.phase).into());
		}
	}
	Ok(())
}

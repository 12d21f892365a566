// SPDX-License-Identifier: Apache-2.0

//! Age keys of the operator, and the document that names them.

use parking_lot::Mutex;
use sp_runtime::AccountId32;
use std::path::Path;
use surety_gateway::chain::KeySigner;
use surety_orders::manifest::RecipientsDocument;
use surety_orders::manifest::{Binding, Identities, IdentityError, OpenError, Opened};

/// Name of the file in the data directory.
const FILE: &str = "operator.agekey";
/// Validity of a document in seconds.
const LIFETIME: u64 = 7 * 86_400;
/// Seconds after which a new document is signed.
const RENEWAL: u64 = 3_600;

/// Age keys of the operator, with the key that signs for them.
pub struct OperatorKeys {
	identities: Identities,
	signer: KeySigner,
	operator: AccountId32,
	genesis: [u8; 32],
	/// Last document, and the second from which on a new one is signed.
	document: Mutex<Option<(u64, String)>>,
}

impl OperatorKeys {
	/// Keys of a data directory, made at the first start.
	///
	/// - `signer`: key of the operator, or of its `Operate` proxy.
	pub fn open(
		data: &Path,
		signer: KeySigner,
		operator: AccountId32,
		genesis: [u8; 32],
	) -> Result<Self, IdentityError> {
		let identities = Identities::load_or_create(&data.join(FILE))?;
		Ok(Self { identities, signer, operator, genesis, document: Mutex::default() })
	}

	/// Hash of the chain's genesis block.
	pub fn genesis(&self) -> &[u8; 32] {
		&self.genesis
	}

	/// Recipients document as JSON.
	///
	/// - `now`: seconds since 1970.
	pub fn document(&self, now: u64) -> String {
		let mut last = self.document.lock();
		if let Some((until, text)) = &*last
			&& (until.saturating_sub(RENEWAL)..*until).contains(&now)
		{
			return text.clone();
		}
		let document = RecipientsDocument {
			genesis: self.genesis,
			operator: self.operator.clone(),
			recipients: self.identities.recipients(),
			not_after: now.saturating_add(LIFETIME),
			signer: self.signer.account().clone(),
		};
		// The keys of the file are distinct keys of this kind, so they are not refused.
		let signed = document.sign(|bytes| self.signer.sign(bytes));
		let text = signed.map(|signed| signed.to_json()).unwrap_or_default();
		*last = Some((now.saturating_add(RENEWAL), text.clone()));
		text
	}

	/// Decrypt a release, and check it against its lease.
	pub(super) fn open_release(
		&self,
		sealed: &[u8],
		(order, replica): (u32, u8),
		env_hash: &[u8; 32],
	) -> Result<Opened, OpenError> {
		let operator = self.operator.clone();
		let binding = Binding { genesis: self.genesis, order, replica, operator };
		self.identities.open(sealed, &binding, env_hash)
	}
}

// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::{
	chain::Follower,
	store::Store,
	test_kit::{closed, lease, snapshot},
};
use std::sync::Arc;
use surety_gateway::{
	chain::{KeySigner, Nodes},
	config::ChainSection,
};
use surety_orders::manifest::{
	Binding, DocumentError, Manifest, OpenError, Salt, SecretText, SignedRecipients, seal,
};
use surety_primitives::CloseReason;
use surety_runtime_api::LeasePhase;

const NOW: u64 = 1_800_000_000;
const GENESIS: [u8; 32] = [7; 32];

struct Kit {
	directory: tempfile::TempDir,
	keys: Arc<OperatorKeys>,
	follower: Arc<Follower>,
	store: Arc<Store>,
	intake: Intake,
}

fn signer() -> KeySigner {
	KeySigner::from_uri("//Proxy").unwrap()
}

fn kit() -> Kit {
	let directory = tempfile::tempdir().unwrap();
	let store = Arc::new(Store::open(directory.path(), "0x07").unwrap().store);
	let nodes = Arc::new(Nodes::new(&ChainSection::default()).unwrap());
	let operator = crate::test_kit::operator();
	let follower = Follower::new(nodes, operator.clone(), Box::new(Default::default));
	let keys = OperatorKeys::open(directory.path(), signer(), operator, GENESIS).unwrap();
	let keys = Arc::new(keys);
	let intake = Intake::new(keys.clone(), follower.clone(), store.clone());
	Kit { directory, keys, follower, store, intake }
}

fn manifest() -> Manifest {
	Manifest {
		environment: [("KEY".to_owned(), SecretText::new("hunter2"))].into(),
		command: vec![SecretText::new("serve")],
		..Manifest::default()
	}
}

fn salt() -> Salt {
	Salt::from_bytes([9; 32])
}

impl Kit {
	/// Lease 1 of order 1 starts, with a private part or without.
	fn award(&self, env_hash: Option<[u8; 32]>) {
		let mut snapshot = snapshot(100, 1);
		let mut view = lease(1, LeasePhase::Starting { fetch_until: 115, ready_by: 145 });
		view.order.as_mut().unwrap().env_hash = env_hash;
		snapshot.leases.insert(1, view);
		self.follower.publish(snapshot);
	}

	fn release(&self, change: impl FnOnce(&mut Binding)) -> Vec<u8> {
		let document = SignedRecipients::parse(self.keys.document(NOW).as_bytes()).unwrap();
		let operator = crate::test_kit::operator();
		let mut binding = Binding { genesis: GENESIS, order: 1, replica: 0, operator };
		change(&mut binding);
		seal(&manifest(), &salt(), &binding, &document.document.recipients).unwrap()
	}
}

#[test]
fn the_document_names_the_keys_and_is_signed_by_the_agent() {
	let kit = kit();
	let text = kit.keys.document(NOW);
	let signed = SignedRecipients::parse(text.as_bytes()).unwrap();
	let operator = crate::test_kit::operator();
	let is_proxy = |account: &_| account == signer().account();
	assert_eq!(signed.verify(&GENESIS, &operator, NOW, is_proxy), Ok(()));
	assert_eq!(signed.verify(&GENESIS, &operator, NOW, |_| false), Err(DocumentError::Signer));
	// It is renewed long before it expires, also if the clock goes back.
	assert_eq!(kit.keys.document(NOW + 3_599), text);
	assert_ne!(kit.keys.document(NOW + 3_600), text);
	let back = SignedRecipients::parse(kit.keys.document(NOW - 86_400).as_bytes()).unwrap();
	assert_eq!(back.verify(&GENESIS, &operator, NOW - 86_400, is_proxy), Ok(()));
	// The keys outlive the agent.
	let again = OperatorKeys::open(kit.directory.path(), signer(), operator, GENESIS).unwrap();
	let again = SignedRecipients::parse(again.document(NOW).as_bytes()).unwrap();
	assert_eq!(again.document.recipients, signed.document.recipients);
}

#[test]
fn a_release_is_taken_once_and_again() {
	let kit = kit();
	assert!(matches!(kit.intake.state(1), Err(IntakeError::NoChain)));
	kit.award(Some(manifest().hash(&salt())));
	assert_eq!(kit.intake.state(1).unwrap(), ManifestState::Awaited);
	let release = kit.release(|_| ());
	for _ in 0..2 {
		assert_eq!(kit.intake.take(1, &release).unwrap(), ManifestState::Stored);
	}
	assert_eq!(kit.intake.state(1).unwrap(), ManifestState::Stored);
	let private = kit.store.private(1).unwrap().unwrap();
	assert_eq!(private.env["KEY"], "hunter2");
	assert_eq!((private.args, private.command), (vec!["serve".to_owned()], Vec::new()));
}

#[test]
fn other_releases_are_refused_by_name() {
	let kit = kit();
	let hash = manifest().hash(&salt());
	kit.award(Some(hash));
	let name = |lease, release: &[u8]| kit.intake.take(lease, release).unwrap_err().name();
	assert_eq!(name(2, &kit.release(|_| ())), "unknownLease");
	assert_eq!(name(1, &kit.release(|place| place.order = 2)), "otherOrder");
	assert_eq!(name(1, &kit.release(|place| place.replica = 1)), "otherOrder");
	assert_eq!(name(1, &kit.release(|place| place.genesis = [1; 32])), "otherChain");
	assert_eq!(name(1, &kit.release(|place| place.operator = [8; 32].into())), "otherOperator");
	assert_eq!(name(1, b"junk"), "malformed");
	kit.award(Some([1; 32]));
	assert_eq!(name(1, &kit.release(|_| ())), "otherManifest");
	kit.award(None);
	assert_eq!(kit.intake.state(1).unwrap(), ManifestState::None);
	assert_eq!(name(1, &kit.release(|_| ())), "noPrivatePart");
	let mut snapshot = snapshot(101, 1);
	snapshot.leases.insert(1, lease(1, closed(CloseReason::TenantClosed)));
	kit.follower.publish(snapshot);
	assert_eq!(name(1, &kit.release(|_| ())), "leaseOver");
	assert_eq!(kit.store.private(1).unwrap(), None);
	// Another operator's key.
	let other = tempfile::tempdir().unwrap();
	let operator = crate::test_kit::operator();
	let other = OperatorKeys::open(other.path(), signer(), operator, GENESIS).unwrap();
	let opened = other.open_release(&kit.release(|_| ()), (1, 0), &hash);
	assert_eq!(opened.unwrap_err(), OpenError::OtherRecipient);
}

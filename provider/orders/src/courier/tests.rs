// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::manifest::{
	OpenError,
	document::tests::{GENESIS, NOW, account, signed},
	open,
	tests::{example, manifests},
};
use age::x25519::Identity;
use proptest::prelude::*;
use std::{fs, os::unix::fs::PermissionsExt};

fn state() -> OrderState {
	OrderState::new(GENESIS, 7, Salt::from_bytes([9; 32]), example())
}

fn award() -> Award {
	Award {
		genesis: GENESIS,
		order: 7,
		env_hash: Some(state().manifest.hash(&state().salt)),
		lease: 3,
		replica: 1,
		operator: account("Op"),
		over: false,
	}
}

fn document(operator: &str, key: &Identity) -> Vec<u8> {
	signed(operator, key, operator).to_json().into_bytes()
}

fn place(award: &Award) -> Binding {
	Binding {
		genesis: award.genesis,
		order: award.order,
		replica: award.replica,
		operator: award.operator.clone(),
	}
}

#[test]
fn the_chosen_operator_opens_its_release_and_nobody_else() {
	let (key, other) = (Identity::generate(), Identity::generate());
	let (mut state, award) = (state(), award());
	let release = state.release(&award, &document("Op", &key), NOW, |_| false).unwrap();
	assert_eq!((release.lease, &release.operator), (3, &award.operator));
	let hash = award.env_hash.unwrap();
	let opened = open(&release.sealed, &[key], &place(&award), &hash).unwrap();
	assert_eq!(opened.manifest, example());
	let wrong = open(&release.sealed, &[other], &place(&award), &hash);
	assert_eq!(wrong, Err(OpenError::OtherRecipient));
}

#[test]
fn a_failover_releases_to_the_next_operator() {
	let (first, second) = (Identity::generate(), Identity::generate());
	let mut state = state();
	state.release(&award(), &document("Op", &first), NOW, |_| false).unwrap();
	let next = Award { lease: 4, operator: account("Next"), ..award() };
	let release = state.release(&next, &document("Next", &second), NOW, |_| false).unwrap();
	let hash = next.env_hash.unwrap();
	assert!(open(&release.sealed, &[second], &place(&next), &hash).is_ok());
	assert_eq!(state.releases().keys().copied().collect::<Vec<_>>(), [3, 4]);
	assert_eq!(state.releases()[&4].operator, account("Next"));
}

#[test]
fn an_award_that_does_not_fit_releases_nothing() {
	let key = Identity::generate();
	let document = document("Op", &key);
	let cases: [(fn(&mut Award), ReleaseError); 6] = [
		(|award| award.genesis = [6; 32], ReleaseError::WrongChain),
		(|award| award.order = 8, ReleaseError::OtherOrder),
		(|award| award.env_hash = None, ReleaseError::OtherManifest),
		(|award| award.env_hash = Some([0; 32]), ReleaseError::OtherManifest),
		(|award| award.over = true, ReleaseError::LeaseOver),
		(
			|award| award.operator = account("Next"),
			ReleaseError::Document(DocumentError::OtherOperator),
		),
	];
	for (change, expected) in cases {
		let (mut state, mut award) = (state(), award());
		change(&mut award);
		assert_eq!(state.release(&award, &document, NOW, |_| true), Err(expected));
		assert!(state.releases().is_empty());
	}
}

#[test]
fn a_document_that_is_expired_or_forged_releases_nothing() {
	let key = Identity::generate();
	let mut state = state();
	let good = document("Op", &key);
	let late = state.release(&award(), &good, NOW + 4_000, |_| true);
	assert_eq!(late, Err(ReleaseError::Document(DocumentError::Expired)));
	let forged = signed("Op", &key, "Mallory").to_json();
	let refused = state.release(&award(), forged.as_bytes(), NOW, |_| false);
	assert_eq!(refused, Err(ReleaseError::Document(DocumentError::Signer)));
	let refused = state.release(&award(), b"<html>", NOW, |_| true);
	assert_eq!(refused, Err(ReleaseError::Document(DocumentError::Malformed)));
	assert!(state.releases().is_empty());
}

#[test]
fn a_lease_is_released_to_one_key_only() {
	let (key, other) = (Identity::generate(), Identity::generate());
	let mut state = state();
	let first = state.release(&award(), &document("Op", &key), NOW, |_| false).unwrap();
	let again = state.release(&award(), &document("Op", &key), NOW + 9, |_| false).unwrap();
	assert_ne!(first.sealed, again.sealed, "each encryption has a key of its own");
	assert_eq!(state.releases()[&3].at, NOW);
	let refused = state.release(&award(), &document("Op", &other), NOW, |_| false);
	assert_eq!(refused, Err(ReleaseError::OtherKey));
	let moved = Award { operator: account("Next"), ..award() };
	let refused = state.release(&moved, &document("Next", &other), NOW, |_| false);
	assert_eq!(refused, Err(ReleaseError::AwardChanged));
	assert!(state.forget_release(3).is_some() && state.forget_release(3).is_none());
	assert!(state.release(&award(), &document("Op", &other), NOW, |_| false).is_ok());
}

#[test]
fn a_state_is_loaded_by_the_next_process_and_readable_by_its_owner_only() {
	let root = tempfile::tempdir().unwrap();
	let path = root.path().join("orders");
	let directory = StateDirectory::open(&path).unwrap();
	assert!(matches!(StateDirectory::open(&path), Err(StateError::Locked(_))));
	let mut state = state();
	directory.create(&state).unwrap();
	assert!(matches!(directory.create(&state), Err(StateError::Exists(_))));
	let key = Identity::generate();
	state.release(&award(), &document("Op", &key), NOW, |_| false).unwrap();
	directory.save(&state).unwrap();
	drop(directory);
	let directory = StateDirectory::open(&path).unwrap();
	assert_eq!(directory.load(&GENESIS, 7).unwrap(), Some(state));
	assert_eq!(directory.load(&GENESIS, 8).unwrap(), None);
	assert_eq!(directory.orders(&GENESIS).unwrap(), [7]);
	assert!(directory.orders(&[1; 32]).unwrap().is_empty());
	let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
	assert_eq!(mode(directory.file(&GENESIS, 7)), 0o600);
	assert_eq!(mode(path), 0o700);
	assert!(directory.remove(&GENESIS, 7).unwrap());
	assert!(!directory.remove(&GENESIS, 7).unwrap());
}

#[test]
fn a_state_that_others_may_read_or_replace_is_refused() {
	let root = tempfile::tempdir().unwrap();
	let path = root.path().join("orders");
	let directory = StateDirectory::open(&path).unwrap();
	directory.save(&state()).unwrap();
	let file = directory.file(&GENESIS, 7);
	fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
	assert!(matches!(directory.load(&GENESIS, 7), Err(StateError::Exposed(_))));
	fs::remove_file(&file).unwrap();
	std::os::unix::fs::symlink("/etc/hostname", &file).unwrap();
	assert!(matches!(directory.load(&GENESIS, 7), Err(StateError::NotAFile(_))));
	drop(directory);
	fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
	assert!(matches!(StateDirectory::open(&path), Err(StateError::Exposed(_))));
}

#[test]
fn changed_cut_or_swapped_files_are_found() {
	let root = tempfile::tempdir().unwrap();
	let directory = StateDirectory::open(&root.path().join("orders")).unwrap();
	directory.save(&state()).unwrap();
	let file = directory.file(&GENESIS, 7);
	let good = fs::read(&file).unwrap();
	for at in 0..good.len() {
		let mut bad = good.clone();
		bad[at] ^= 1;
		fs::write(&file, &bad).unwrap();
		assert!(matches!(directory.load(&GENESIS, 7), Err(StateError::Corrupt(_))), "byte {at}");
		fs::write(&file, &good[..at]).unwrap();
		assert!(matches!(directory.load(&GENESIS, 7), Err(StateError::Corrupt(_))), "length {at}");
	}
	fs::write(&file, &good).unwrap();
	fs::rename(&file, directory.file(&GENESIS, 8)).unwrap();
	assert!(matches!(directory.load(&GENESIS, 8), Err(StateError::Corrupt(_))));
}

#[test]
fn a_crash_before_the_rename_keeps_the_old_state() {
	let root = tempfile::tempdir().unwrap();
	let directory = StateDirectory::open(&root.path().join("orders")).unwrap();
	directory.save(&state()).unwrap();
	fs::write(directory.file(&GENESIS, 7).with_extension("new"), b"half").unwrap();
	assert_eq!(directory.load(&GENESIS, 7).unwrap(), Some(state()));
	directory.save(&state()).unwrap();
	assert_eq!(directory.orders(&GENESIS).unwrap(), [7]);
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(32))]

	#[test]
	fn any_manifest_reaches_its_operator(manifest in manifests(), replica in 0u8..8, salt: [u8; 32]) {
		let key = Identity::generate();
		let mut state = OrderState::new(GENESIS, 7, Salt::from_bytes(salt), manifest.clone());
		let hash = manifest.hash(&state.salt);
		let award = Award { env_hash: Some(hash), replica, ..award() };
		let release = state.release(&award, &document("Op", &key), NOW, |_| false).unwrap();
		let opened = open(&release.sealed, &[key], &place(&award), &hash).unwrap();
		prop_assert_eq!(opened.manifest, manifest);
	}

	#[test]
	fn arbitrary_documents_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
		prop_assert!(state().release(&award(), &bytes, NOW, |_| true).is_err());
	}
}

#[test]
fn a_part_that_is_pending_survives_until_its_order_is_known() {
	let directory = tempfile::tempdir().unwrap();
	let path = directory.path().join("state");
	let pending = Pending {
		genesis: GENESIS,
		tenant: account("Tenant"),
		at: NOW,
		salt: Salt::from_bytes([9; 32]),
		manifest: example(),
	};
	// Also while a courier has the directory open.
	let states = StateDirectory::open(&path).unwrap();
	let file = pending.write(&path).unwrap();
	assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
	pending.write(&path).unwrap();
	fs::write(path.join(file.file_name().unwrap()).with_extension("x.pending"), "junk").unwrap();
	let (found, faults) = states.pending(&GENESIS).unwrap();
	assert_eq!(found, std::slice::from_ref(&pending));
	assert!(matches!(faults.as_slice(), [] | [StateError::Exposed(_) | StateError::Corrupt(_)]));
	assert_eq!(states.pending(&[1; 32]).unwrap().0, []);
	assert_eq!(states.adopt(&pending, 7).unwrap(), state());
	assert_eq!(states.load(&GENESIS, 7).unwrap(), Some(state()));
	assert_eq!(states.pending(&GENESIS).unwrap().0, []);
	// A crash between both steps.
	pending.write(&path).unwrap();
	assert_eq!(states.adopt(&pending, 7).unwrap(), state());
	assert_eq!(states.pending(&GENESIS).unwrap().0, []);
}

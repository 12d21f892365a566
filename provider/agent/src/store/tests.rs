// SPDX-License-Identifier: Apache-2.0

use super::*;
use std::{
	fs,
	os::unix::fs::PermissionsExt,
	process::{Command, Stdio},
};
use surety_engine::Login;

const GENESIS: &str = "0x01";

fn open(directory: &Path) -> Store {
	let opened = Store::open(directory, GENESIS).unwrap();
	assert_eq!(opened.damaged, None);
	opened.store
}

fn record(lease: LeaseId) -> Record {
	Record { error: Some("e".into()), failures: 3, ..Record::new(lease, 5, 1, 2, 1_000) }
}

fn secret() -> Private {
	let login = Some(Login { user: "me".into(), password: "hunter2".into() });
	Private { login, env: [("KEY".into(), "hunter2".into())].into(), ..Private::default() }
}

#[test]
fn everything_is_there_after_a_restart() {
	let directory = tempfile::tempdir().unwrap();
	let outcome =
		BidOutcome { at_ms: 1, state: BidState::Standing, price: Some(7), why: "w".into() };
	{
		let store = open(directory.path());
		store.save(&[(7, Some(record(7))), (8, Some(record(8)))]).unwrap();
		store.save(&[(8, None)]).unwrap();
		store.save_private(7, &secret()).unwrap();
		store.save_bids(&[(3, outcome.clone())]).unwrap();
		store.note(&Entry::of_lease(7, 1, "a")).unwrap();
		store.note(&Entry::of_order(3, 2, "b")).unwrap();
	}
	let store = open(directory.path());
	assert_eq!(store.memory(), Memory::from([(7, record(7))]));
	assert_eq!(store.private(7).unwrap(), Some(secret()));
	assert_eq!(store.bids().unwrap(), BTreeMap::from([(3, outcome)]));
	let texts: Vec<_> = store.history(10).unwrap().into_iter().map(|entry| entry.text).collect();
	assert_eq!(texts, ["b", "a"]);
}

#[test]
fn a_lease_that_is_forgotten_leaves_no_secret() {
	let directory = tempfile::tempdir().unwrap();
	let store = open(directory.path());
	store.save(&[(7, Some(record(7)))]).unwrap();
	store.save_private(7, &secret()).unwrap();
	store.save(&[(7, None)]).unwrap();
	assert_eq!(store.private(7).unwrap(), None);
}

#[test]
fn a_private_part_goes_with_the_finalized_end() {
	let directory = tempfile::tempdir().unwrap();
	let store = open(directory.path());
	let ended = |code| Record { ended: Some(Ended { code, at_ms: 1 }), ..record(7) };
	store.save_private(7, &secret()).unwrap();
	store.save(&[(7, Some(record(7)))]).unwrap();
	// Nodes that deny the lease may be wrong.
	store.save(&[(7, Some(ended(None)))]).unwrap();
	assert_eq!(store.private(7).unwrap(), Some(secret()));
	store.save(&[(7, Some(ended(Some(2_001))))]).unwrap();
	assert_eq!(store.private(7).unwrap(), None);
	drop(store);
	assert_eq!(open(directory.path()).private(7).unwrap(), None);
}

#[test]
fn the_largest_manifest_fits_whatever_its_bytes_are() {
	use surety_orders::manifest::{MAX_MANIFEST, Manifest, SecretBytes, SecretText};
	let directory = tempfile::tempdir().unwrap();
	let store = open(directory.path());
	let mut files = Manifest::default();
	files.files.insert("/a".into(), SecretBytes::new(vec![0xff; MAX_MANIFEST - 100]));
	let mut texts = Manifest::default();
	for _ in 0..8 {
		texts.command.push(SecretText::new("\u{1}".repeat(MAX_MANIFEST / 8 - 100)));
	}
	for manifest in [files, texts] {
		manifest.check().unwrap();
		let private = Private::from(&manifest);
		store.save_private(7, &private).unwrap();
		assert_eq!(store.private(7).unwrap(), Some(private));
	}
}

#[test]
fn secrets_are_not_shown_and_the_file_is_private() {
	let directory = tempfile::tempdir().unwrap();
	let store = open(directory.path());
	assert!(!format!("{:?}", secret()).contains("hunter2"));
	let mode = fs::metadata(store.path()).unwrap().permissions().mode();
	assert_eq!(mode & 0o777, 0o600);
	let large = Private { args: vec!["x".repeat(MAX_PRIVATE)], ..Private::default() };
	assert!(matches!(store.save_private(7, &large), Err(StoreError::TooLarge(_))));
}

#[test]
fn a_damaged_file_is_kept_aside_and_named() {
	let directory = tempfile::tempdir().unwrap();
	let path = open(directory.path()).path().to_owned();
	for junk in [b"not a database at all".to_vec(), vec![0xff; 8_192], vec![b'x'; 1]] {
		fs::write(&path, &junk).unwrap();
		let Opened { store, damaged } = Store::open(directory.path(), GENESIS).unwrap();
		let (aside, reason) = damaged.unwrap();
		assert!(!reason.is_empty());
		assert_eq!(fs::read(aside).unwrap(), junk);
		store.save(&[(7, Some(record(7)))]).unwrap();
	}
	assert_eq!(open(directory.path()).memory().len(), 1);
}

#[test]
fn another_agent_chain_or_version_is_refused() {
	let directory = tempfile::tempdir().unwrap();
	let store = open(directory.path());
	let refusal = |genesis| Store::open(directory.path(), genesis).map(|_| ()).unwrap_err();
	assert!(matches!(refusal(GENESIS), OpenError::InUse(_)));
	drop(store);
	assert!(matches!(refusal("0x02"), OpenError::OtherChain { .. }));
	let store = open(directory.path());
	store.save_meta("head", &(99, GENESIS)).unwrap();
	drop(store);
	assert!(matches!(refusal(GENESIS), OpenError::Version { version: 99, .. }));
}

/// Child of the next test: writes until it is killed.
#[test]
#[ignore = "is run by another test"]
fn child_that_writes() {
	let Ok(directory) = std::env::var("SURETY_STORE_DIRECTORY") else { return };
	let store = open(Path::new(&directory));
	for number in 0.. {
		store.save(&[(number, Some(record(number)))]).unwrap();
		println!("saved {number}");
	}
}

#[test]
fn what_was_saved_survives_a_kill() {
	use std::io::{BufRead, BufReader};
	let directory = tempfile::tempdir().unwrap();
	for _ in 0..3 {
		let mut child = Command::new(std::env::current_exe().unwrap())
			.args(["--ignored", "--nocapture", "child_that_writes"])
			.env("SURETY_STORE_DIRECTORY", directory.path())
			.stdout(Stdio::piped())
			.stderr(Stdio::null())
			.spawn()
			.unwrap();
		let lines = BufReader::new(child.stdout.take().unwrap()).lines();
		let saved = lines.map_while(Result::ok).filter_map(|line| {
			line.split_once("saved ").and_then(|(_, number)| number.parse::<u32>().ok())
		});
		let last = saved.take(20).last().unwrap();
		child.kill().unwrap();
		child.wait().unwrap();
		let memory = open(directory.path()).memory();
		assert!((0..=last).all(|number| memory.get(&number) == Some(&record(number))));
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Single cases.

use super::*;

#[test]
fn a_far_head_of_a_liar_is_a_fault_and_not_sent() {
	let mut machine = Heads::new(Mode::Best, 64);
	let mut out = Vec::new();
	let block =
		|number, hash, parent| head(&Block { number, hash: [hash; 32], parent: [parent; 32] });
	machine.head(block(10, 1, 0), &mut out).unwrap();
	assert_eq!(machine.head(block(1_000_000, 9, 8), &mut out), Err(Fault::Unrelated));
	machine.head(block(12, 3, 2), &mut out).unwrap();
	assert_eq!(machine.found(vec![block(11, 7, 1)], &mut out), Err(Fault::Unlinked));
	machine.rebind();
	machine.head(block(11, 2, 1), &mut out).unwrap();
	assert_eq!(out.iter().map(|head| head.block.number).collect::<Vec<_>>(), [10, 11]);
}

#[test]
fn the_first_block_is_sent_only_if_it_is_announced() {
	let block = |number: u8| {
		head(&Block { number: number.into(), hash: [number; 32], parent: [number - 1; 32] })
	};
	let sent = |heads: &[u8]| {
		let (mut machine, mut out) = (Heads::new(Mode::Best, 64), Vec::new());
		machine.begin(block(10).block);
		for number in heads {
			machine.head(block(*number), &mut out).unwrap();
			while let Some(wanted) = machine.wanted() {
				machine.found(vec![block(wanted.number as u8)], &mut out).unwrap();
			}
		}
		out.iter().map(|head| head.block.number).collect::<Vec<_>>()
	};
	assert_eq!(sent(&[10, 11, 10]), [10, 11]);
	assert_eq!(sent(&[9, 11, 10]), [11]);
	// Heads that were lost together with the first upstream are fetched.
	assert_eq!(sent(&[13]), [11, 12, 13]);
}

#[test]
fn another_finalized_block_is_a_conflict() {
	let mut machine = Heads::new(Mode::Finalized, 64);
	let mut out = Vec::new();
	let block =
		|number, hash, parent| head(&Block { number, hash: [hash; 32], parent: [parent; 32] });
	machine.head(block(10, 1, 0), &mut out).unwrap();
	assert_eq!(machine.head(block(10, 2, 0), &mut out), Err(Fault::Conflict));
	assert_eq!(machine.head(block(11, 3, 2), &mut out), Err(Fault::Conflict));
	machine.head(block(9, 7, 6), &mut out).unwrap();
	assert_eq!(out.len(), 1);
}

#[test]
fn storage_sends_differences_only() {
	let mut machine = Storage::new(1_000);
	let set = |block: &str, changes: &str| {
		bytes::Bytes::from(format!(r#"{{"block":"{block}","changes":{changes}}}"#))
	};
	let first = set("0x01", r#"[["0xaa","0x11"],["0xbb",null]]"#);
	assert_eq!(machine.change(first.clone()).unwrap(), Some(first));
	// Another upstream repeats everything, with one value that changed meanwhile.
	let again = set("0x02", r#"[["0xaa","0x11"],["0xbb","0x22"]]"#);
	let sent = machine.change(again).unwrap().unwrap();
	assert_eq!(sent, set("0x02", r#"[["0xbb","0x22"]]"#));
	assert_eq!(machine.change(set("0x03", r#"[["0xaa","0x11"]]"#)).unwrap(), None);
	assert_eq!(machine.block(), Some("0x02"));
	assert_eq!(machine.all().unwrap(), set("0x02", r#"[["0xaa","0x11"],["0xbb","0x22"]]"#));
	let large = set("0x04", &format!(r#"[["0xcc","0x{}"]]"#, "00".repeat(600)));
	assert_eq!(machine.change(large), Err(Fault::Flood));
}

#[test]
fn runtime_versions_never_go_back() {
	let mut machine = RuntimeVersions::default();
	let version = |spec: u32| bytes::Bytes::from(format!(r#"{{"specVersion":{spec}}}"#));
	assert_eq!(machine.insert(&version(7)), Ok(true));
	assert_eq!(machine.insert(&version(7)), Ok(false));
	assert_eq!(machine.insert(&version(6)), Ok(false));
	assert_eq!(machine.insert(&version(8)), Ok(true));
	assert_eq!(machine.insert(&bytes::Bytes::from_static(b"{}")), Err(Fault::Malformed));
}

#[test]
fn pending_transactions_are_sent_once() {
	let mut machine = Recent::new(2);
	assert!(machine.insert(br#""0x01""#));
	assert!(!machine.insert(br#""0x01""#));
	assert!(machine.insert(br#"{"hash":"0x02","gas":"0x1"}"#));
	assert!(!machine.insert(br#"{"gas":"0x1","hash":"0x02"}"#));
	// The memory is bounded.
	assert!(machine.insert(br#""0x03""#));
	assert!(machine.insert(br#""0x01""#));
}

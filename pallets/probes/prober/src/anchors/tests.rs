// SPDX-License-Identifier: Apache-2.0

#![allow(clippy::arithmetic_side_effects)]

use super::*;
use proptest::prelude::*;

const A: [u8; 32] = [1; 32];
const B: [u8; 32] = [2; 32];

#[test]
fn two_anchors_must_agree_and_outnumber_others() {
	for (what, votes, want) in [
		("empty_network", vec![], None),
		("one alone", vec![(100, A)], None),
		("two that agree", vec![(100, A), (99, A)], Some((99, A))),
		("two that do not", vec![(100, A), (99, B)], None),
		("two against one", vec![(100, A), (500, B), (99, A)], Some((99, A))),
		("two against two", vec![(100, A), (99, A), (98, B), (97, B)], None),
		("three against two", vec![(100, A), (99, A), (98, A), (97, B), (96, B)], Some((99, A))),
		("one runs ahead", vec![(9_999, A), (99, A), (98, A)], Some((99, A))),
		("one stands still", vec![(100, A), (99, A), (91, A)], Some((99, A))),
	] {
		assert_eq!(agree(&votes), want, "{what}");
	}
}

#[test]
fn the_height_is_reached_by_two_anchors() {
	assert_eq!(agreed_height([].into_iter()), None);
	assert_eq!(agreed_height([7].into_iter()), None);
	assert_eq!(agreed_height([7, 9].into_iter()), Some(7));
	assert_eq!(agreed_height([7, 9, u64::MAX].into_iter()), Some(9));
}

#[test]
fn depths_exceed_the_lag_and_cover_their_range() {
	for lag in [0, 8, 9, 256] {
		assert!(*Depth::of(lag).range().start() >= lag, "{lag}");
	}
	for depth in [Depth::Near, Depth::Deep] {
		let mut random = Random::new([3; 32]);
		let drawn: Vec<u64> =
			(0..5_000).map(|_| 10_000 - depth.draw(10_000, &mut random)).collect();
		for behind in depth.range() {
			assert!(drawn.contains(&behind.into()), "{behind}");
		}
		assert!(
			drawn.iter().all(|behind| depth.range().contains(&u32::try_from(*behind).unwrap()))
		);
		for head in 0..300 {
			let number = depth.draw(head, &mut random);
			assert!(number == 0 || head - number >= u64::from(*depth.range().start()));
		}
	}
}

#[test]
fn state_is_requested_only_where_every_node_keeps_it() {
	// Depth, and age of the block in s at the start and at the end of the round.
	for (depth, now, end, kept) in [
		(10, 120, 180, true),
		(63, 756, 816, true),
		(63, 126, 186, true),
		(63, 63, 123, false),
		(8, 2, 62, false),
		(100, 1_200, 1_200, true),
		(101, 1_212, 1_212, false),
		(0, 0, 60, false),
		(10, 0, 60, false),
	] {
		let begin = 1_000_000_000;
		let time = begin - now * 1_000;
		assert_eq!(
			keeps_state(depth, time, begin, time + end * 1_000),
			kept,
			"{depth} {now} {end}"
		);
	}
	// A clock behind the block's time.
	assert!(!keeps_state(10, 2_000, 1_000, 61_000));
}

#[test]
fn fields_of_a_transaction_are_encoded_anew() {
	let transaction = |to: &str| {
		let text = format!(
			r#"{{"hash":"0x{}","from":"0x{}","to":{to}}}"#,
			"EE".repeat(32),
			"Aa".repeat(20)
		);
		crate::json::read(text.as_bytes()).unwrap()
	};
	let good = format!("\"0x{}\"", "CC".repeat(20));
	for (to, address) in [
		(good.as_str(), Some(format!("0x{}", "cc".repeat(20)))),
		("null", None),
		("7", None),
		("\"0xcc\"", None),
		(r#""0xcc\"}],\"id\":7""#, None),
	] {
		for seed in 0..8 {
			let mut random = Random::new([seed; 32]);
			let tasks = content_tasks(7, A, Some(&transaction(to)), true, &mut random);
			let [
				Task::Logs { address: of, .. },
				Task::Receipt(hash),
				Task::Balance { address: account, .. },
			] = &tasks[..]
			else {
				panic!("{tasks:?}")
			};
			assert_eq!((of, *hash), (&address, [0xee; 32]), "{to}");
			assert!(
				*account == format!("0x{}", "aa".repeat(20)) || Some(account) == address.as_ref(),
				"{account}"
			);
		}
	}
	let of_empty = content_tasks(7, A, None, true, &mut Random::new(A));
	assert!(matches!(&of_empty[..], [Task::Logs { address: None, .. }, Task::Balance { .. }]));
}

#[test]
fn more_than_half_of_all_anchors_decide_on_failure() {
	for (all, enough) in
		[(0, None), (1, Some(1)), (2, Some(2)), (3, Some(2)), (4, Some(3)), (5, Some(3))]
	{
		for failed in 0..=all {
			let urls = (0..all).map(|k| format!("http://{k}").into_bytes()).collect();
			let network =
				NetworkRef { id: 1, protocol: Protocol::Ethereum, own: None, anchors: urls };
			let mut anchors = Anchors::new(&[network], Client::draw(&mut Random::new([1; 32])));
			anchors.all.iter_mut().take(failed).for_each(|anchor| anchor.failed = true);
			let trouble = enough.is_some_and(|enough| failed >= enough);
			assert_eq!(anchors.majority_failed(), trouble, "{failed} of {all}");
			assert_eq!(anchors.all_failed(), all > 0 && failed == all);
		}
	}
}

#[test]
fn a_duplicate_anchor_counts_once() {
	let url = |host: &str| host.as_bytes().to_vec();
	let network = |id| NetworkRef {
		id,
		protocol: Protocol::Ethereum,
		own: None,
		anchors: vec![url("http://a"), url("http://a"), url("http://b"), b"\xff".to_vec()],
	};
	let client = || Client::draw(&mut Random::new([1; 32]));
	let anchors = Anchors::new(&[network(1), network(2)], client());
	assert_eq!(anchors.group(1).count(), 2);
	let many = (0..100).map(|k| url(&std::format!("http://{k}"))).collect();
	let anchors = Anchors::new(&[NetworkRef { anchors: many, ..network(1) }], client());
	assert_eq!(anchors.all.len(), MAX_ASKED);
}

proptest! {
	/// One liar among agreeing anchors changes neither the hash nor raises the head above theirs.
	#[test]
	fn one_lying_anchor_has_no_influence(
		honest in proptest::collection::vec(90u64..200, 2..6),
		lie in any::<u64>(),
		right_hash: bool,
	) {
		let mut votes: Vec<_> = honest.iter().map(|head| (*head, A)).collect();
		votes.push((lie, if right_hash { A } else { B }));
		let (head, digest) = agree(&votes).unwrap();
		prop_assert_eq!(digest, A);
		prop_assert!(head <= *honest.iter().max().unwrap());
		prop_assert!(head >= agreed_height(honest.into_iter()).unwrap());
	}
}

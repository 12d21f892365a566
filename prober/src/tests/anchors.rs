use super::*;
use proptest::prelude::*;

const A: [u8; 32] = [1; 32];
const B: [u8; 32] = [2; 32];

fn reference(head: u64, hash: [u8; 32]) -> Option<Reference> {
	Some(Reference { head, number: 90, hash })
}

#[test]
fn two_anchors_must_agree_and_be_more_than_any_others() {
	for (what, votes, want) in [
		("nobody", vec![], None),
		("one alone", vec![(100, A)], None),
		("two that agree", vec![(100, A), (99, A)], reference(99, A)),
		("two that do not", vec![(100, A), (99, B)], None),
		("two against one", vec![(100, A), (500, B), (99, A)], reference(99, A)),
		("two against two", vec![(100, A), (99, A), (98, B), (97, B)], None),
		("three against two", vec![(100, A), (99, A), (98, A), (97, B), (96, B)], reference(99, A)),
		("one runs ahead", vec![(9_999, A), (99, A), (98, A)], reference(99, A)),
		("one stands still", vec![(100, A), (99, A), (91, A)], reference(99, A)),
	] {
		assert_eq!(agree(90, &votes), want, "{what}");
	}
}

#[test]
fn the_height_is_what_two_have_reached() {
	assert_eq!(agreed_height([].into_iter()), None);
	assert_eq!(agreed_height([7].into_iter()), None);
	assert_eq!(agreed_height([7, 9].into_iter()), Some(7));
	assert_eq!(agreed_height([7, 9, u64::MAX].into_iter()), Some(9));
}

#[test]
fn the_depth_leaves_room_for_the_lag() {
	assert_eq!([0, 8, 9, 256, 257, u32::MAX].map(depth_for), [0, 0, 1, 1, 1, 1]);
}

fn anchors(failed: &[(NetworkId, bool)]) -> Anchors {
	let anchor = |(network, failed): &(NetworkId, bool)| Anchor {
		network: *network,
		protocol: Protocol::Ethereum,
		url: String::new(),
		head: None,
		failed: *failed,
	};
	Anchors(failed.iter().map(anchor).collect())
}

#[test]
fn half_of_the_anchors_and_at_least_two_mean_trouble() {
	for (all, enough) in [(0, None), (1, Some(1)), (2, Some(2)), (3, Some(2)), (4, Some(2)), (5, Some(3))] {
		for failed in 0..=all {
			let anchors = anchors(&(0..all).map(|k| (1, k < failed)).collect::<Vec<_>>());
			let trouble = enough.is_some_and(|enough| failed >= enough);
			assert_eq!(anchors.in_trouble(Some(1)), trouble, "{failed} of {all}");
			assert_eq!(anchors.in_trouble(None), trouble, "{failed} of {all}");
			assert!(!anchors.in_trouble(Some(2)));
		}
	}
}

#[test]
fn an_anchor_that_is_listed_twice_counts_once() {
	let url = |host: &str| host.as_bytes().to_vec();
	let network = |id| NetworkRef {
		id,
		protocol: Protocol::Ethereum,
		own: None,
		anchors: vec![url("http://a"), url("http://a"), url("http://b"), b"\xff".to_vec()],
	};
	let anchors = Anchors::of(&[network(1), network(2)]);
	assert_eq!(anchors.group(Some(1)).count(), 2);
	let many = (0..100).map(|k| url(&std::format!("http://{k}"))).collect();
	let anchors = Anchors::of(&[NetworkRef { anchors: many, ..network(1) }]);
	assert_eq!(anchors.group(None).count(), MAX_ASKED);
}

proptest! {
	/// One liar among anchors that agree moves nothing: not the hash, and the head not past theirs.
	#[test]
	fn one_liar_moves_nothing(
		honest in proptest::collection::vec(90u64..200, 2..6),
		lie in any::<u64>(),
		right_hash: bool,
	) {
		let mut votes: Vec<_> = honest.iter().map(|head| (*head, A)).collect();
		votes.push((lie, if right_hash { A } else { B }));
		let found = agree(90, &votes).unwrap();
		prop_assert_eq!(found.hash, A);
		prop_assert!(found.head <= *honest.iter().max().unwrap());
		prop_assert!(found.head >= agreed_height(honest.into_iter()).unwrap());
	}
}

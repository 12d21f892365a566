// SPDX-License-Identifier: Apache-2.0

#![allow(clippy::arithmetic_side_effects)]

use super::*;
use crate::rpc::Block;
use proptest::prelude::*;
use std::time::Duration;

fn hash(number: u64, fork: u8) -> BlockHash {
	let mut hash = [fork; 32];
	hash[..8].copy_from_slice(&number.to_be_bytes());
	hash
}

fn head(number: u64, fork: u8) -> Block {
	Block { number, hash: hash(number, fork), parent: hash(number.saturating_sub(1), fork) }
}

fn heads(latest: u64, finalized: u64) -> Heads {
	let heads = Heads::default();
	heads.serve(Some(latest), None, Some(finalized));
	heads
}

fn block(number: u64, fork: u8) -> Validity {
	Validity::Block { number, hash: hash(number, fork) }
}

struct Fixture {
	cache: AnswerCache,
	heads: Heads,
	stats: CacheStats,
	key: Key,
	now: Instant,
}

impl Fixture {
	fn new(heads: Heads) -> Self {
		Self {
			cache: AnswerCache::new(CacheSettings::default()),
			heads,
			stats: CacheStats::default(),
			key: key(0, "eth_call", b"[1]").unwrap(),
			now: Instant::now(),
		}
	}

	fn put(&self, validity: Validity) {
		self.cache.insert(self.key.clone(), Bytes::from_static(b"1"), 7, validity);
	}

	fn hit(&self) -> bool {
		self.cache.get(&self.key, &self.heads, &self.stats, self.now).is_some()
	}
}

#[test]
fn white_space_and_empty_parameters_make_no_other_key() {
	let same = |a: &[u8], b: &[u8]| key(1, "m", a) == key(1, "m", b);
	assert!(same(br#"["a b", 1]"#, b"[ \"a b\" ,\n1]"));
	assert!(!same(br#"["a b"]"#, br#"["ab"]"#));
	assert!(same(br#"["a\" b", 1]"#, br#"["a\" b",1]"#));
	assert!(!same(br#"["a\" b"]"#, br#"["a\"b"]"#));
	assert!(same(b"", b"[ ]"));
	assert!(same(b"", b"[]"));
	assert_ne!(key(1, "m", b"[1]"), key(2, "m", b"[1]"));
	assert_ne!(key(1, "m", b"[1]"), key(1, "n", b"[1]"));
	assert_eq!(key(1, "m", &[b'1'; 20_000]), None);
}

#[test]
fn an_answer_is_valid_while_its_block_is_in_the_chain() {
	let test = Fixture::new(heads(100, 90));
	test.heads.note([1; 32], head(100, 0));
	test.put(block(100, 0));
	assert!(test.hit());
	test.heads.note([1; 32], head(100, 1));
	assert!(!test.hit());
	test.heads.note([1; 32], head(100, 0));
	assert!(test.hit());
	assert_eq!(test.stats.hits.load(Ordering::Relaxed), 2);
}

#[test]
fn an_answer_of_the_losing_fork_is_invalid_even_when_the_height_is_final() {
	let test = Fixture::new(heads(100, 90));
	test.heads.note([1; 32], head(100, 0));
	test.put(block(100, 0));
	test.heads.note([1; 32], head(101, 1));
	test.heads.serve(Some(101), None, Some(101));
	assert!(!test.hit());
}

#[test]
fn a_final_answer_stays_valid_when_its_block_is_no_longer_recent() {
	let test = Fixture::new(heads(100, 90));
	test.heads.note([1; 32], head(100, 0));
	test.put(block(100, 0));
	test.heads.serve(Some(101), None, Some(100));
	assert!(test.hit());
	test.heads.serve(Some(10_000), None, Some(9_990));
	test.heads.note([1; 32], head(10_000, 0));
	assert_eq!(test.heads.hash_at(100), None);
	assert!(test.hit());
}

#[test]
fn an_answer_of_the_head_ends_with_the_next_block() {
	let test = Fixture::new(heads(100, 90));
	test.put(Validity::Head { number: 100, until: test.now + Duration::from_secs(60) });
	assert!(test.hit());
	test.heads.serve(Some(101), None, None);
	assert!(!test.hit());
}

#[test]
fn answers_of_a_service_that_lied_are_no_longer_valid() {
	let test = Fixture::new(heads(100, 90));
	test.put(Validity::Always);
	test.cache.distrust(8);
	assert!(test.hit());
	test.cache.distrust(7);
	assert!(!test.hit());
	test.put(Validity::Always);
	assert!(test.hit(), "answers from now on count again");
}

#[test]
fn the_cache_is_bounded_in_bytes() {
	let settings = CacheSettings { bytes: 100_000, entry_bytes: 10_000, ..Default::default() };
	let cache = AnswerCache::new(settings);
	for number in 0..1_000u64 {
		let key = key(0, "m", &number.to_be_bytes()).unwrap();
		cache.insert(key, Bytes::from(vec![b'1'; 1_000]), 1, Validity::Always);
	}
	cache.entries.run_pending_tasks();
	assert!(cache.entries.weighted_size() <= 100_000);
	let large = key(0, "large", b"").unwrap();
	cache.insert(large.clone(), Bytes::from(vec![b'1'; 10_001]), 1, Validity::Always);
	let stats = CacheStats::default();
	assert!(cache.get(&large, &Heads::default(), &stats, Instant::now()).is_none());
}

/// Answers of 70 bytes, each a slice of a buffer of 16 KiB as connections read them, and keys of 100:
/// the memory of the process grows by no more than the bound and a quarter.
#[test]
fn many_small_answers_stay_within_the_bytes_of_the_bound() {
	const BOUND: u64 = 64 << 20;
	let resident = || {
		let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
		4_096 * statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap()
	};
	let cache = AnswerCache::new(CacheSettings { bytes: BOUND, ..Default::default() });
	let before = resident();
	for number in 0..400_000u64 {
		let params = format!("[\"0x{number:080x}\"]");
		let key = key(0, "eth_method", params.as_bytes()).unwrap();
		let buffer = Bytes::from(vec![b'1'; 16_384]);
		cache.insert(key, buffer.slice(200..270), 1, Validity::Always);
	}
	cache.entries.run_pending_tasks();
	let (grown, entries) = (resident() - before, cache.entries.entry_count());
	println!("{grown} bytes, {entries} entries: {} each", grown / entries);
	assert!(grown < BOUND + BOUND / 4, "{grown} bytes");
	assert!(grown > BOUND / 2, "{grown} bytes: the price of an entry is too high");
}

#[test]
fn one_operator_of_three_does_not_change_a_hash() {
	let heads = heads(100, 90);
	for account in 0..2 {
		heads.note([account; 32], head(100, 0));
	}
	heads.note([2; 32], head(100, 9));
	assert_eq!(heads.hash_at(100), Some(hash(100, 0)));
	assert_eq!(heads.hash_at(99), Some(hash(99, 0)));
	// Far away from the tip its word is not kept.
	heads.note([2; 32], head(1_000_000, 9));
	assert_eq!(heads.hash_at(1_000_000), None);
	assert_eq!(heads.hash_at(100), Some(hash(100, 0)));
	// Without a majority no hash is known.
	heads.retain(|account| *account != [1; 32]);
	assert_eq!(heads.hash_at(100), None);
}

#[test]
fn a_reorganisation_makes_all_lower_blocks_unknown() {
	let heads = heads(105, 90);
	for number in 100..=105 {
		heads.note([1; 32], head(number, 0));
	}
	assert_eq!(heads.hash_at(101), Some(hash(101, 0)));
	heads.note([1; 32], head(104, 1));
	assert_eq!(heads.hash_at(105), None);
	assert_eq!(heads.hash_at(104), Some(hash(104, 1)));
	assert_eq!(heads.hash_at(103), Some(hash(103, 1)));
	assert_eq!(heads.hash_at(102), None);
}

#[test]
fn finalized_is_never_above_latest() {
	let heads = heads(100, 1_000);
	assert_eq!(heads.finalized(), Some(100));
	assert_eq!(heads.safe(), Some(100));
	heads.serve(None, None, Some(5));
	assert_eq!(heads.finalized(), None);
}

#[tokio::test]
async fn equal_calls_get_the_answer_of_one() {
	let flights = Arc::new(Flights::<u32>::default());
	let key = key(0, "m", b"").unwrap();
	let Join::Lead(leader) = flights.join(&key).await else { panic!() };
	let waiting: Vec<_> = (0..10)
		.map(|_| {
			let (flights, key) = (Arc::clone(&flights), key.clone());
			tokio::spawn(async move { matches!(flights.join(&key).await, Join::Done(5)) })
		})
		.collect();
	tokio::task::yield_now().await;
	leader.land(5);
	for one in waiting {
		assert!(one.await.unwrap());
	}
	assert!(flights.len() == 0);
	assert!(matches!(flights.join(&key).await, Join::Lead(_)));
}

#[tokio::test]
async fn a_leader_that_leaves_hands_over() {
	let flights = Arc::new(Flights::<u32>::default());
	let key = key(0, "m", b"").unwrap();
	let Join::Lead(leader) = flights.join(&key).await else { panic!() };
	let waiting: Vec<_> = (0..5)
		.map(|_| {
			let (flights, key) = (Arc::clone(&flights), key.clone());
			tokio::spawn(async move {
				match flights.join(&key).await {
					Join::Lead(leader) => {
						leader.land(9);
						9
					},
					Join::Done(value) => value,
				}
			})
		})
		.collect();
	tokio::task::yield_now().await;
	drop(leader);
	for one in waiting {
		assert_eq!(one.await.unwrap(), 9);
	}
	assert!(flights.len() == 0);
}

#[tokio::test]
async fn a_flight_that_all_left_is_forgotten() {
	let flights = Arc::new(Flights::<u32>::default());
	let key = key(0, "m", b"").unwrap();
	let Join::Lead(leader) = flights.join(&key).await else { panic!() };
	let waiting = {
		let (flights, key) = (Arc::clone(&flights), key.clone());
		tokio::spawn(async move { drop(flights.join(&key).await) })
	};
	tokio::task::yield_now().await;
	waiting.abort();
	let _ = waiting.await;
	drop(leader);
	assert!(flights.len() == 0);
}

proptest! {
	/// Random reports of three operators, of which one lies. Whatever the honest two agree on is
	/// known or unknown, never wrong.
	#[test]
	fn a_hash_is_never_that_of_a_single_liar(
		steps in prop::collection::vec((0..3u8, 0..4u64, 0..3u8), 1..100)
	) {
		let heads = heads(100, 90);
		// Forks of the honest ones; the liar's is 9.
		for account in 0..2 {
			heads.note([account; 32], head(100, 0));
		}
		for (account, back, fork) in steps {
			if account == 2 {
				heads.note([2; 32], head(100 - back, 9));
			} else {
				heads.note([account; 32], head(100, 0));
				let _ = fork;
			}
			prop_assert_eq!(heads.hash_at(100), Some(hash(100, 0)));
		}
	}

	#[test]
	fn keys_are_equal_exactly_for_equal_json(a in "[ \\[\\]\"x\\\\1,]{0,8}", b in "[ \\[\\]\"x\\\\1,]{0,8}") {
		let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
		if let (Some(left), Some(right)) = (parse(&a), parse(&b)) {
			let keys = key(0, "m", a.as_bytes()) == key(0, "m", b.as_bytes());
			// Equal values may be written in two ways; different ones never share a key.
			prop_assert!(!keys || left == right, "{} {}", a, b);
		}
	}
}

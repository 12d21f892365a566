// SPDX-License-Identifier: Apache-2.0

//! Rates of tenants, strangers and failed tokens.

use super::*;

#[test]
fn a_tenant_is_kept_within_its_units_and_others_are_not_affected() {
	let world = start(settings());
	local(async {
		let client = world.client();
		let (alice, bob) = (token(1, "Alice"), token(2, "Bob"));
		let mut refused = None;
		for _ in 0..400 {
			let answer = client.call(Some(&alice), "eth_blockNumber").await;
			if answer.status != 200 {
				refused = Some(answer);
				break;
			}
		}
		let refused = refused.expect("one unit has a burst of 100");
		assert_eq!((refused.status, refused.code()), (429, -32005));
		assert_eq!(refused.headers["retry-after"], "1");
		assert_eq!(refused.body["id"], 1);
		assert!(world.requests() >= 100);
		assert_eq!(client.call(Some(&bob), "eth_blockNumber").await.status, 200);
		assert!(world.book.of(1).0 >= 100);
	});
}

#[test]
fn a_batch_weighs_what_its_calls_weigh() {
	let world = start(settings());
	local(async {
		let client = world.client();
		let alice = token(1, "Alice");
		let headers = [("x-surety-token", alice.as_str())];
		let batch =
			|method: &str, calls: usize| format!("[{}]", vec![call(method); calls].join(","));
		assert_eq!(client.post("/", &headers, &batch("eth_blockNumber", 60)).await.status, 200);
		let over = client.post("/", &headers, &batch("eth_blockNumber", 60)).await;
		assert_eq!(over.status, 429);
		let heavy = batch("eth_getLogs", 100);
		assert_eq!(client.post("/", &headers, &heavy).await.status, 413);
		let stranger = client.post("/", &[], &heavy).await;
		assert_eq!((stranger.status, stranger.code()), (402, -32031));
		assert_eq!(world.book.of(1).0, 60, "each call of a batch is a request");
		assert_eq!((world.book.limited(1), world.book.limited(2)), (160, 0));
	});
}

#[test]
fn answers_are_paid_in_bytes_too() {
	let world = start(settings());
	local(async {
		let client = world.client();
		let alice = token(1, "Alice");
		let mut served = 0;
		while client.call(Some(&alice), "test_large").await.status == 200 {
			served += 1;
			assert!(served < 60, "one unit has 1 MiB a second");
		}
		assert!(served >= 10, "{served}");
		assert!(world.book.of(1).2 > 10 << 20);
	});
}

#[test]
fn a_share_of_an_agreement_has_its_own_limit() {
	let world = start(settings());
	local(async {
		let client = world.client();
		let tenth = Share::new(1_000).unwrap();
		let share = token_with(1, "Alice", tenth, unix_now() + 3_600);
		let mut served = 0;
		while client.call(Some(&share), "eth_blockNumber").await.status == 200 {
			served += 1;
			assert!(served < 60, "a tenth of a burst of 100");
		}
		assert!(served >= 10);
		assert_eq!(client.call(Some(&token(1, "Alice")), "eth_blockNumber").await.status, 200);
	});
}

#[test]
fn a_stranger_over_the_trial_rate_is_shown_the_offer() {
	let world = start(settings());
	local(async {
		let client = world.client();
		let mut refused = None;
		for _ in 0..60 {
			let answer = client.call(None, "eth_blockNumber").await;
			if answer.status != 200 {
				refused = Some(answer);
				break;
			}
		}
		let refused = refused.expect("trials have a burst of 16");
		assert_eq!((refused.status, refused.code()), (429, -32005));
		assert!(refused.headers.contains_key("retry-after"));
		assert_eq!(refused.body["error"]["data"]["offer"]["service"], 7);
		// A tenant of the same network is not a stranger.
		assert_eq!(client.call(Some(&token(1, "Alice")), "eth_blockNumber").await.status, 200);
	});
	let counts = world.edge.counts();
	assert_eq!((counts.trial_limited.get(), counts.limited.get()), (1, 1));
}

#[test]
fn a_flood_of_forged_tokens_is_limited_and_known_tokens_pass() {
	let world = start(settings());
	local(async {
		let client = world.client();
		let alice = token(1, "Alice");
		assert_eq!(client.call(Some(&alice), "eth_blockNumber").await.status, 200);
		let mut last = 401;
		for parts in 1..200 {
			let token = Token {
				genesis: genesis_prefix(&GENESIS),
				agreement: 1,
				not_after: unix_now(),
				share: Share::new(parts).unwrap(),
				reporter: account("Alice"),
			};
			let forged = mint(&token, |_| sr25519::Signature::default().into());
			last = client.call(Some(&forged), "eth_blockNumber").await.status;
			if last == 429 {
				break;
			}
		}
		assert_eq!(last, 429);
		assert_eq!(client.call(Some(&alice), "eth_blockNumber").await.status, 200);
	});
}

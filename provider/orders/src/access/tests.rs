// SPDX-License-Identifier: Apache-2.0

use super::*;
use proptest::prelude::*;
use sp_core::{Pair, ecdsa, ed25519, sr25519};
use sp_runtime::{MultiSigner, traits::IdentifyAccount};

const NOW: u64 = 1_800_000_000;
const GENESIS: [u8; 32] = [7; 32];

fn rights(list: &[Right]) -> Rights {
	Rights::new(list.iter().copied()).unwrap()
}

fn token(signer: AccountId32, list: &[Right], seconds: u64) -> AccessToken {
	AccessToken::new(&GENESIS, 42, rights(list), NOW + seconds, signer).unwrap()
}

fn signed<P: Pair>(list: &[Right], seconds: u64) -> (AccessToken, String)
where
	MultiSigner: From<P::Public>,
	MultiSignature: From<P::Signature>,
{
	let pair = P::from_string("//Tenant", None).unwrap();
	let token = token(MultiSigner::from(pair.public()).into_account(), list, seconds);
	let text = mint(&token, |bytes| pair.sign(bytes).into());
	(token, text)
}

#[test]
fn a_token_of_each_kind_of_key_is_verified() {
	let list = [Right::Logs, Right::Stats];
	for (token, text) in [
		signed::<sr25519::Pair>(&list, 600),
		signed::<ed25519::Pair>(&list, 600),
		signed::<ecdsa::Pair>(&list, 600),
	] {
		assert!(text.starts_with("srl1_") && text.len() <= MAX_TEXT);
		for right in list {
			assert_eq!(verify(&text, &GENESIS, 42, right, NOW), Ok(token.clone()));
		}
		for right in [Right::Shell, Right::Restart] {
			assert_eq!(verify(&text, &GENESIS, 42, right, NOW), Err(AccessError::Right));
		}
	}
}

#[test]
fn time_chain_and_lease_are_checked() {
	let (token, text) = signed::<sr25519::Pair>(&[Right::Logs], 600);
	let end = token.not_after;
	let at = |now| verify(&text, &GENESIS, 42, Right::Logs, now).map(drop);
	assert_eq!(at(end + MAX_SKEW), Ok(()));
	assert_eq!(at(end + MAX_SKEW + 1), Err(AccessError::Expired));
	assert_eq!(at(end - MAX_LIFETIME - MAX_SKEW), Ok(()));
	assert_eq!(at(end - MAX_LIFETIME - MAX_SKEW - 1), Err(AccessError::Lifetime));
	assert_eq!((at(0), at(u64::MAX)), (Err(AccessError::Lifetime), Err(AccessError::Expired)));
	let other = verify(&text, &[8; 32], 42, Right::Logs, NOW);
	assert_eq!(other, Err(AccessError::Chain));
	assert_eq!(verify(&text, &GENESIS, 43, Right::Logs, NOW), Err(AccessError::Lease));
}

#[test]
fn a_shell_is_granted_for_minutes_only() {
	let (_, text) = signed::<sr25519::Pair>(&[Right::Logs, Right::Shell], 600);
	assert_eq!(verify(&text, &GENESIS, 42, Right::Logs, NOW), Err(AccessError::Lifetime));
	let (_, text) = signed::<sr25519::Pair>(&[Right::Shell], MAX_LIFETIME_ONCE);
	assert!(verify(&text, &GENESIS, 42, Right::Shell, NOW).is_ok());
}

#[test]
fn another_key_or_purpose_does_not_sign() {
	let other = sr25519::Pair::from_string("//Other", None).unwrap();
	let (token, _) = signed::<sr25519::Pair>(&[Right::Logs], 60);
	let text = mint(&token, |bytes| other.sign(bytes).into());
	assert_eq!(verify(&text, &GENESIS, 42, Right::Logs, NOW), Err(AccessError::Signature));
	let tenant = sr25519::Pair::from_string("//Tenant", None).unwrap();
	for domain in [&b""[..], b"surety/token/1"] {
		let text = mint(&token, |_| tenant.sign(&[domain, &token.claims()].concat()).into());
		assert_eq!(verify(&text, &GENESIS, 42, Right::Logs, NOW), Err(AccessError::Signature));
	}
}

#[test]
fn a_right_to_act_is_used_once_and_a_right_to_read_often() {
	let mut used = UsedTokens::new(10);
	let token = token([1; 32].into(), &[Right::Logs, Right::Shell, Right::Restart], 60);
	for _ in 0..3 {
		assert_eq!(used.admit(&token, Right::Logs, NOW), Ok(()));
	}
	assert!(used.is_empty());
	assert_eq!(used.admit(&token, Right::Shell, NOW), Ok(()));
	assert_eq!(used.admit(&token, Right::Shell, NOW), Err(AccessError::Used));
	assert_eq!(used.admit(&token, Right::Restart, NOW), Ok(()));
	assert_eq!(used.admit(&token, Right::Stats, NOW), Err(AccessError::Right));
	assert_eq!(used.len(), 2);
}

#[test]
fn a_full_memory_refuses_and_recovers() {
	let mut used = UsedTokens::new(1);
	let mut admit = |now| {
		let token = token([1; 32].into(), &[Right::Shell], 60);
		used.admit(&token, Right::Shell, now)
	};
	assert_eq!(admit(NOW), Ok(()));
	assert_eq!(admit(NOW + 60 + MAX_SKEW), Err(AccessError::Full));
	assert_eq!(admit(NOW + 60 + MAX_SKEW + 1), Ok(()));
}

#[test]
fn rights_have_names() {
	for right in Right::ALL {
		assert_eq!(right.name().parse(), Ok(right));
	}
	assert!("exec".parse::<Right>().is_err());
	assert_eq!(Rights::new([]), None);
}

#[test]
fn other_texts_are_no_tokens() {
	let (_, text) = signed::<sr25519::Pair>(&[Right::Logs], 60);
	for other in [
		String::new(),
		"srl1_".into(),
		text.replace("srl1_", "srt1_"),
		format!("{text}AA"),
		format!("{text}="),
		format!("{text}{}", "A".repeat(100_000)),
		text[..text.len() - 4].into(),
	] {
		let found = verify(&other, &GENESIS, 42, Right::Logs, NOW);
		assert_eq!(found, Err(AccessError::Malformed), "{other:.40}");
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn every_changed_byte_is_noticed(at in 0usize..136, by in 1u8..) {
		let (_, text) = signed::<ed25519::Pair>(&[Right::Logs], 60);
		let mut bytes = URL_SAFE_NO_PAD.decode(&text[PREFIX.len()..]).unwrap();
		let at = at % bytes.len();
		bytes[at] ^= by;
		let changed = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&bytes));
		prop_assert!(verify(&changed, &GENESIS, 42, Right::Logs, NOW).is_err());
	}

	#[test]
	fn arbitrary_texts_never_panic(text in "(srl1_)?[A-Za-z0-9_-]{0,200}|\\PC{0,40}") {
		prop_assert!(verify(&text, &GENESIS, 42, Right::Logs, NOW).is_err());
	}

	#[test]
	fn claims_survive_the_way(lease: u32, not_after: u64, bits in 1u8..=15, nonce: [u8; 16], key: [u8; 32]) {
		let rights = Rights(bits);
		let signer = key.into();
		let token = AccessToken { genesis: [7; 8], lease, not_after, rights, nonce, signer };
		let signature = MultiSignature::Sr25519(sr25519::Signature::default());
		let text = mint(&token, |_| signature.clone());
		prop_assert_eq!(AccessToken::parse(&text), Ok((token, signature)));
	}
}

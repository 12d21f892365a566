// SPDX-License-Identifier: Apache-2.0

//! Operator, bond, rights and balance of the key.

use super::{Findings, unhex};
use crate::chain::{Snapshot, windows};
use serde_json::json;
use sp_io::hashing::{blake2_128, twox_64, twox_128};
use sp_runtime::{
	AccountId32,
	codec::{Decode, Encode},
};
use surety_gateway::{
	chain::{KeySigner, Nodes},
	config::Sure,
};
use surety_primitives::{AssetId, Balance, ServiceStatus};

/// Balance below which fees may run out soon, in planck.
const LOW_BALANCE: Balance = 100_000_000_000;
/// Index of the proxy types that may operate: `Any`, `NonTransfer`, `Operate`.
const OPERATING: [u8; 3] = [0, 1, 2];

pub(super) async fn examine(
	nodes: &Nodes,
	snapshot: &Snapshot,
	signer: &KeySigner,
	findings: &mut Findings,
) {
	let Some(operator) = &snapshot.operator else {
		findings.fail(
			"operator",
			format!(
				"{} is not registered: operators.register(bond, name, contact).",
				snapshot.account
			),
		);
		return;
	};
	let name = String::from_utf8_lossy(&operator.name);
	if operator.active {
		findings.ok("operator", format!("{name:?} is active, with a score of {}.", operator.score));
	} else {
		findings.fail("operator", format!("{name:?} is not active: operators.activate()."));
	}
	rights(nodes, snapshot, signer, findings).await;
	balance(nodes, snapshot, signer.account(), "key", findings).await;
	if *signer.account() != snapshot.account {
		balance(nodes, snapshot, &snapshot.account, "operator", findings).await;
	}
	let free = snapshot.free_bond(AssetId::Native);
	let text = format!("{} SURE of the bond are free", Sure(free));
	if free == 0 {
		findings.fail("bond", format!("{text}: operators.bondMore(asset, amount)."));
	} else {
		findings.ok("bond", format!("{text}."));
	}
	services(snapshot, findings);
}

fn services(snapshot: &Snapshot, findings: &mut Findings) {
	let listed = snapshot.operator.as_ref().map_or(0, |operator| operator.services.len());
	match (snapshot.services.len(), listed) {
		(0, 0) => findings.fail("service", "0 services are listed: operators.listService."),
		(0, _) => findings
			.warn("service", "0 services of the kind Compute are listed: no bids will be made."),
		_ => {},
	}
	for (id, service) in &snapshot.services {
		let listing = &service.detail.service.listing;
		let cover = windows(service.detail.status.cover);
		let verdict = service.detail.service.last_verdict;
		let verdict = verdict.map_or("none yet".into(), |verdict| format!("{:?}", verdict.verdict));
		let text =
			format!("service {id}: the cover left is {cover} windows, the last verdict {verdict}");
		match listing.status {
			ServiceStatus::Active if service.detail.service.open => {
				findings.ok("service", format!("{text}; it takes bids."));
			},
			ServiceStatus::Active => findings.warn(
				"service",
				format!(
					"{text}: it takes no bids until a fresh verdict is Up (probes.requestProbe)."
				),
			),
			ServiceStatus::Unproven => findings.fail(
				"service",
				format!("{text}: validators have not found the proof of control yet."),
			),
			status => findings.warn("service", format!("{text}: it is {status:?}.")),
		}
	}
}

/// Storage of a map whose key is an account.
async fn stored<T: Decode>(
	nodes: &Nodes,
	snapshot: &Snapshot,
	pallet: &str,
	item: &str,
	key: Vec<u8>,
) -> Option<T> {
	let mut path = twox_128(pallet.as_bytes()).to_vec();
	path.extend(twox_128(item.as_bytes()));
	path.extend(key);
	let digits: String = path.iter().map(|byte| format!("{byte:02x}")).collect();
	let params = json!([format!("0x{digits}"), snapshot.head.hash]);
	let value: Option<String> =
		nodes.read(snapshot.head.number, "state_getStorage", &params).await.ok()?;
	T::decode(&mut unhex(&value?)?.as_slice()).ok()
}

async fn rights(nodes: &Nodes, snapshot: &Snapshot, signer: &KeySigner, findings: &mut Findings) {
	let operator = &snapshot.account;
	if signer.account() == operator {
		findings.warn(
			"rights",
			"the operator's own key is on this machine: use a proxy of the type Operate, \
			 proxy.addProxy(delegate, Operate, 0).",
		);
		return;
	}
	let bytes = operator.encode();
	let key = [twox_64(&bytes).to_vec(), bytes].concat();
	type Proxies = (Vec<(AccountId32, u8, u32)>, Balance);
	let found: Option<Proxies> = stored(nodes, snapshot, "Proxy", "Proxies", key).await;
	let proxies = found.map(|(proxies, _)| proxies).unwrap_or_default();
	let own = proxies.iter().filter(|(delegate, ..)| delegate == signer.account());
	let of_type = |wanted: u8| own.clone().any(|(_, kind, delay)| *kind == wanted && *delay == 0);
	if of_type(2) {
		findings.ok("rights", "the key is a proxy of the type Operate, without a delay.");
	} else if OPERATING.into_iter().any(of_type) {
		findings.warn(
			"rights",
			"the key is a proxy with more rights than Operate: it may cost the bond.",
		);
	} else {
		findings.fail(
			"rights",
			format!(
				"the key is none of {} proxies without a delay: proxy.addProxy({}, Operate, 0).",
				proxies.len(),
				signer.account()
			),
		);
	}
}

async fn balance(
	nodes: &Nodes,
	snapshot: &Snapshot,
	account: &AccountId32,
	whose: &str,
	findings: &mut Findings,
) {
	// Nonce and reference counts, then the free balance.
	type Info = (u32, u32, u32, u32, Balance);
	let bytes = account.encode();
	let key = [blake2_128(&bytes).to_vec(), bytes].concat();
	let info: Option<Info> = stored(nodes, snapshot, "System", "Account", key).await;
	let free = info.map_or(0, |info| info.4);
	let use_of = if whose == "key" { "fees" } else { "deposits of bids" };
	let text = format!("{} SURE are free for {use_of} at the {whose}", Sure(free));
	if free == 0 {
		findings.fail("balance", format!("{text}: send some to {account}."));
	} else if free < LOW_BALANCE {
		findings.warn("balance", format!("{text}: send some to {account} soon."));
	} else {
		findings.ok("balance", format!("{text}."));
	}
}

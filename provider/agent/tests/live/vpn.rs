// SPDX-License-Identifier: Apache-2.0

//! The VPN of an agent on a real chain: its listing, rights of proxies, and what a tenant and the
//! doctor are told.

use crate::{OPERATOR, chain::*, config, engine::LocalEngine};
use std::{sync::Arc, time::Duration};
use surety_gateway::chain::KeySigner;
use surety_provider::{
	agent::Agent,
	client::{Network, ask, below},
	doctor,
	vpn::{ChainLedger, ClientError, Ledger, ListingKey, request},
};
use surety_vpn::{
	claims::{Scope, SignedAnswer},
	keys::Secret,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exit_is_served_by_its_listing() {
	let Ok(program) = std::env::var("SURETY_NODE") else {
		println!("skipped: SURETY_NODE names no node");
		return;
	};
	let directory = tempfile::tempdir().unwrap();
	let (port, control, tunnel) = (free_port(), free_port(), free_port());
	let node = Node::start(&program).await;
	let mut config = config(&node, port, control, directory.path());
	config.vpn.endpoint = Some(format!("127.0.0.1:{tunnel}").parse().unwrap());
	config.vpn.interface = format!("svpn{}", std::process::id());
	config.vpn.pool_ipv4 = Some("10.97.64.0/20".parse().unwrap());
	let settings = config.vpn_exit().unwrap().unwrap();
	if let Some(obstacle) = surety_vpn::exit::Exit::obstacles(&settings).first() {
		println!("skipped: {obstacle}");
		return;
	}
	let key = ListingKey::open(directory.path()).unwrap();
	let agent = Agent::start(&config, Arc::new(LocalEngine::default())).await.unwrap();
	let endpoint = format!("http://127.0.0.1:{port}/vpn");
	node.call(OPERATOR, &register(50 * UNIT)).await;
	node.call(OPERATOR, &list_vpn([9; 32], &format!("{endpoint}/other"))).await;
	node.call(OPERATOR, &list_vpn(key.public(), &endpoint)).await;
	let pages = agent.pages.clone();
	let status = || pages.vpn.as_ref().unwrap().status();
	node.until("the listing at the exit", async |_| {
		(status().running && status().services == [1]).then_some(())
	})
	.await;

	let bob = KeySigner::from_uri("//Bob").unwrap();
	let [ferdie, eve] = ["//Ferdie", "//Eve"].map(|uri| KeySigner::from_uri(uri).unwrap());
	let ledger = ChainLedger::new(pages.follower.clone(), key.public());
	assert_eq!(ledger.may_buy(bob.account(), ferdie.account()).await, Ok(false));
	node.call("//Bob", &add_proxy_of(&ferdie, "Buy")).await;
	node.call("//Bob", &add_proxy(&eve)).await;
	node.until("the proxies", async |_| {
		(ledger.may_buy(bob.account(), ferdie.account()).await == Ok(true)).then_some(())
	})
	.await;
	assert_eq!(ledger.may_buy(bob.account(), eve.account()).await, Ok(false));
	assert_eq!(ledger.may_buy(ferdie.account(), bob.account()).await, Ok(false));
	assert_eq!(ledger.agreement(7).await, Ok(None));

	let secret = Secret::generate().unwrap();
	let body = serde_json::json!({ "key": secret.public() }).to_string();
	let (network, time) = (Network::new(None, true).unwrap(), Duration::from_secs(30));
	let trial = below(&endpoint, "/trial");
	let (code, body) = ask(&trial, Some(body), &network, 4_096, time).await.unwrap();
	assert_eq!(code, 200, "{}", String::from_utf8_lossy(&body));
	let genesis = pages.follower.snapshot().unwrap().genesis.0;
	let scope = Scope { genesis, service: 1 };
	let now = surety_provider::time::now_ms();
	let verify = |signature: &[u8; 64], message: &[u8]| key.sign(message) == *signature;
	SignedAnswer::open(&body, &scope, None, &secret.public(), now, verify).unwrap();

	let section = config.chain.clone();
	let nodes = surety_gateway::chain::Nodes::new(&section).unwrap();
	let head = nodes.poll(std::time::Instant::now()).await.unwrap();
	let refused = request(&nodes, head, &bob, 1, 7, &network).await.unwrap_err();
	assert!(matches!(refused, ClientError::NoAgreement(7)), "{refused}");
	let refused = request(&nodes, head, &bob, 9, 7, &network).await.unwrap_err();
	assert!(matches!(refused, ClientError::NoService(9)), "{refused}");

	let findings = doctor::examine(&config, Ok(Arc::new(LocalEngine::default()))).await;
	let of_vpn: Vec<_> = findings.0.iter().filter(|finding| finding.check == "vpn").collect();
	for finding in &of_vpn {
		println!("{finding}");
	}
	assert_eq!(of_vpn.len(), 3);
	assert!(of_vpn.iter().all(|finding| finding.level == doctor::Level::Ok));
	let name = config.vpn.interface.clone();
	agent.stop().await;
	let left = std::process::Command::new("nft").args(["list", "tables"]).output().unwrap();
	assert!(!String::from_utf8_lossy(&left.stdout).contains(&name));
}

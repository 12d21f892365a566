// SPDX-License-Identifier: Apache-2.0

//! Markets made by hand, and nodes that answer from a script.

mod node;

use super::*;
use node::{Blocks, FakeNode, Shared, nodes};
use serde_json::{Value, json};
use sp_core::H256;
use sp_runtime::{AccountId32, Perbill};
use std::{
	collections::{BTreeMap, HashSet},
	sync::Arc,
	time::{Duration, Instant},
};
use surety_primitives::{usage::Side, *};
use surety_runtime_api::*;

pub(crate) const WINDOW_ROUNDS: u16 = 12;
pub(crate) const ROUND_BLOCKS: u32 = 5;

pub(crate) fn account(id: u8) -> AccountId32 {
	AccountId32::new([id; 32])
}

/// Market without services at a block.
pub(crate) fn market(block: u32) -> Market {
	let round = block / ROUND_BLOCKS;
	let network = NetworkInfo {
		id: 3,
		network: Network {
			name: b"ethereum".to_vec().try_into().unwrap(),
			protocol: Protocol::Ethereum,
			own: false,
			anchors: Default::default(),
		},
	};
	Market {
		genesis: H256::repeat_byte(1),
		head: Head { number: block, hash: H256::from_low_u64_be(block.into()) },
		clock: RoundInfo {
			block,
			round,
			window: round / u32::from(WINDOW_ROUNDS),
			round_blocks: ROUND_BLOCKS,
			window_rounds: WINDOW_ROUNDS,
			slot_ms: 1_000,
			judged_round: round.saturating_sub(2),
		},
		read_at: Instant::now(),
		private_endpoints: false,
		networks: vec![network],
		services: BTreeMap::new(),
		agreements: BTreeMap::new(),
		names: BTreeMap::new(),
		probers: HashSet::new(),
		unreadable: 0,
	}
}

/// Service of an operator that is up and has nothing sold.
pub(crate) fn service(id: ServiceId, operator: u8, price: Balance, market: &Market) -> ServiceView {
	let listing = Service {
		operator: account(operator),
		kind: ServiceKind::Rpc { network: 3 },
		endpoint: b"https://rpc.example.com/".to_vec().try_into().unwrap(),
		region: Region::new(*b"DE").unwrap(),
		capacity: 100,
		price,
		asset: AssetId::Native,
		terms: SlaTerms {
			min_uptime: Perbill::from_perthousand(999),
			max_latency: LatencyBucket::from_millis(250),
			max_head_lag: 3,
			credit: [WindowShare::from_u32(1); 4],
			cover: WindowShare::from_u32(30),
		},
		metadata_hash: [0; 32],
		metadata_uri: Default::default(),
		status: ServiceStatus::Active,
	};
	let latency = LatencyBucket::from_millis(20);
	let last = (market.clock.round.saturating_sub(2), Verdict::Up { latency });
	let summary = ServiceSummary {
		id,
		unit: listing.kind.class().unit(),
		listing,
		units: 0,
		score: 80,
		open: true,
		discrepant: false,
		last_verdict: Some(last.into()),
		resources: None,
	};
	let status = TargetStatus {
		window: market.clock.window,
		counters: Counters::default(),
		allowance: Allowance { downtime: 1, slow: 1, bad_data: 1 },
		meter: None,
		index: WindowShare::from_u32(0),
		cover: WindowShare::from_u32(30),
		rent: None,
		exposure: 0,
		coverable_units: 100,
		reliability: 99,
		history: Vec::new(),
		active: true,
	};
	ServiceView { summary, status: Some(status), read_in: market.clock.round }
}

/// Agreement of one unit, full of funds.
pub(crate) fn agreement(id: AgreementId, service: ServiceId) -> AgreementInfo<AccountId32> {
	AgreementInfo {
		id,
		tenant: account(1),
		target: Target::Service(service),
		units: 1,
		asset: AssetId::Native,
		rate: 1,
		opened_at: 0,
		held: 1_000,
		paid: 0,
		due: 0,
		blocks_left: 1_000,
		owed_credit: 0,
		reserved_credit: 0,
		ending: None,
	}
}

#[test]
fn a_window_is_counted_on_within_its_length() {
	let market = market(607);
	let at = |seconds| market.window_at(market.read_at + Duration::from_secs(seconds));
	let length = Duration::from_secs(60);
	assert_eq!(at(0), (10, Duration::from_secs(7), length));
	assert_eq!(at(13), (10, Duration::from_secs(20), length));
	assert_eq!(at(900), (10, length, length));
}

#[test]
fn the_sides_of_an_agreement_have_their_accounts() {
	let mut market = market(10);
	let view = service(5, 7, 9, &market);
	market.services.insert(5, Arc::new(view));
	market.agreements.insert(1, agreement(1, 5));
	assert_eq!(market.party(1, Side::Tenant), Some(&account(1)));
	assert_eq!(market.party(1, Side::Operator), Some(&account(7)));
	assert_eq!(market.party(2, Side::Tenant), None);
}

fn after(seconds: u64) -> Instant {
	Instant::now() + Duration::from_secs(seconds)
}

#[tokio::test]
async fn the_most_advanced_node_is_followed_through_failures() {
	let (a, b) = (FakeNode::at(10), FakeNode::at(12));
	let nodes = nodes(&[&a, &b]).await;
	assert_eq!(nodes.poll(after(0)).await.unwrap().number, 12);
	assert!(nodes.report()[1].leader);
	// The leader answers nonsense: the other one is behind, so the block stays.
	b.lock().nonsense = Some("<html>".into());
	assert_eq!(nodes.poll(after(1)).await.unwrap().number, 12);
	assert_eq!(nodes.report()[1].standing, Standing::Failing);
	a.lock().blocks.finalized = 13;
	assert_eq!(nodes.poll(after(2)).await.unwrap().number, 13);
	assert!(nodes.report()[0].leader);
	// It comes back, further than the other.
	b.lock().nonsense = None;
	b.lock().blocks.finalized = 20;
	assert_eq!(nodes.poll(after(60)).await.unwrap().number, 20);
	assert_eq!(nodes.report()[1].standing, Standing::Good);
}

#[tokio::test]
async fn the_last_block_is_kept_while_all_nodes_are_gone() {
	let a = FakeNode::at(10);
	let nodes = nodes(&[&a]).await;
	assert_eq!(nodes.poll(after(0)).await.unwrap().number, 10);
	a.lock().nonsense = Some(String::new());
	assert_eq!(nodes.poll(after(1)).await.unwrap().number, 10);
	let error = nodes.read::<Value>(10, "surety_networks", &json!([])).await.unwrap_err();
	assert!(matches!(error, NodesError::NoNode | NodesError::Node(NodeError::Malformed(_))));
	assert!(nodes.report()[0].error.is_some());
}

#[tokio::test]
async fn a_node_of_another_chain_is_not_asked() {
	let (a, b) = (FakeNode::at(10), FakeNode::at(50));
	b.lock().blocks = Blocks { fork_at: 0, salt: 9, finalized: 50 };
	let nodes = nodes(&[&a, &b]).await;
	assert_eq!(nodes.poll(after(0)).await.unwrap().number, 10);
	assert_eq!(nodes.report()[1].standing, Standing::OtherChain);
}

#[tokio::test]
async fn a_forged_header_is_noticed() {
	let a = FakeNode::at(10);
	let nodes = nodes(&[&a]).await;
	a.lock().answers.clear();
	a.lock().blocks.finalized = 11;
	// The hash of one block with the header of another.
	let header = a.lock().blocks.header(9);
	a.lock().nonsense = None;
	let forged = json!({ "jsonrpc": "2.0", "id": 1, "result": header }).to_string();
	a.lock().nonsense = Some(forged);
	assert_eq!(nodes.poll(after(0)).await, Err(NodesError::NoNode));
}

#[tokio::test]
async fn a_fork_is_followed_only_after_a_lasting_denial() {
	let a = FakeNode::at(10);
	let nodes = nodes(&[&a]).await;
	let used = nodes.poll(after(0)).await.unwrap();
	a.lock().blocks = Blocks { fork_at: 5, salt: 9, finalized: 30 };
	assert_eq!(nodes.poll(after(1)).await, Ok(used));
	assert_eq!(nodes.poll(after(30)).await, Ok(used));
	assert_eq!(nodes.poll(after(62)).await.unwrap().number, 30);
}

#[tokio::test]
async fn entries_that_cannot_be_read_are_counted_and_left_out() {
	let a = FakeNode::at(10);
	let summary = service(5, 7, 9, &market(10)).summary;
	let mut strange = json!(summary);
	strange["kind"] = json!({ "class": "quantum" });
	let mut shown = json!(summary);
	shown["new"] = json!([1]);
	let page = json!({ "items": [shown, strange], "next": null });
	a.lock().answers.insert("surety_services".into(), page);
	let nodes = nodes(&[&a]).await;
	let head = nodes.poll(after(0)).await.unwrap();
	let listed = Reader::at(&nodes, head).services_of_network(3).await.unwrap();
	assert_eq!((listed.items.len(), listed.unreadable), (1, 1));
	assert_eq!(listed.items[0], summary);
}

#[tokio::test]
async fn a_list_without_an_end_is_left() {
	let a = FakeNode::at(10);
	let page = json!({ "items": [], "next": 7 });
	a.lock().answers.insert("surety_services".into(), page);
	let nodes = nodes(&[&a]).await;
	let head = nodes.poll(after(0)).await.unwrap();
	let listed = Reader::at(&nodes, head).services_of_network(3).await.unwrap();
	assert_eq!(listed.items.len(), 0);
}

/// Answers about a market with one service and one agreement.
fn script(node: &Shared, tenant: &AccountId32) {
	let view = service(5, 7, 9, &market(10));
	let detail =
		ServiceDetail { service: view.summary.clone(), status: view.status.clone().unwrap() };
	let agreement = AgreementInfo { tenant: tenant.clone(), ..agreement(1, 5) };
	let operator = OperatorInfo {
		account: account(7),
		name: b"acme\x1b[0m".to_vec(),
		contact: Vec::new(),
		active: true,
		bonds: Vec::new(),
		services: vec![5],
		score: 80,
		trust: TrustLevel::Five,
		reliability: 99,
		performance: Performance::default(),
	};
	let page = |item: Value| json!({ "items": [item], "next": null });
	let answers = &mut node.lock().answers;
	answers.insert("surety_networks".into(), json!(market(10).networks));
	answers.insert("state_call".into(), json!("0x01"));
	answers.insert("surety_services".into(), page(json!(view.summary)));
	answers.insert("surety_service".into(), json!(detail));
	answers.insert("surety_agreementsOf".into(), page(json!(agreement)));
	answers.insert("surety_agreementsOfService".into(), page(json!(agreement)));
	answers.insert("surety_operator".into(), json!(operator));
	answers.insert(
		"surety_probers".into(),
		json!({
			"round": 2,
			"probers": [{ "account": account(9), "key": format!("0x{}", "07".repeat(32)) }],
		}),
	);
}

async fn until_round(chain: &Chain, round: u32) -> Arc<Market> {
	let mut rounds = chain.rounds();
	let is_there = |seen: &Option<u32>| seen.is_some_and(|seen| seen >= round);
	tokio::time::timeout(Duration::from_secs(20), rounds.wait_for(is_there))
		.await
		.unwrap()
		.unwrap();
	chain.market().unwrap()
}

#[tokio::test]
async fn a_tenants_market_is_published_in_each_round() {
	let node = FakeNode::at(10);
	script(&node, &account(1));
	let chain = Chain::new(Arc::new(nodes(&[&node]).await));
	let subject = Subject::Tenant {
		account: account(1),
		networks: vec!["ethereum".into(), "unknown".into()],
		models: Vec::new(),
	};
	let follower = chain.clone();
	let task = tokio::spawn(async move { follower.follow(subject).await });
	let market = until_round(&chain, 2).await;
	assert_eq!((market.head.number, market.agreements.len()), (10, 1));
	assert!(market.services[&5].status.is_some());
	assert!(market.private_endpoints);
	assert_eq!(market.operator_name(&account(7)), "acme[0m");
	assert_eq!(market.agreements_with(5).count(), 1);
	node.lock().blocks.finalized = 16;
	let next = until_round(&chain, 3).await;
	assert_eq!(next.head.number, 16);
	node.lock().nonsense = Some("x".into());
	// The status comes after the snapshot.
	while chain.report().error.is_none() && chain.report().nodes[0].error.is_none() {
		tokio::time::sleep(Duration::from_millis(10)).await;
	}
	assert_eq!(chain.market().unwrap().head.number, 16);
	task.abort();
}

#[tokio::test]
async fn an_operators_market_has_its_services_and_their_agreements() {
	let node = FakeNode::at(10);
	script(&node, &account(1));
	let chain = Chain::new(Arc::new(nodes(&[&node]).await));
	let subject = Subject::Operator { account: account(7), services: Vec::new() };
	let follower = chain.clone();
	let task = tokio::spawn(async move { follower.follow(subject).await });
	let market = until_round(&chain, 2).await;
	assert_eq!(market.services.keys().collect::<Vec<_>>(), [&5]);
	assert_eq!(market.agreements.keys().collect::<Vec<_>>(), [&1]);
	assert!(market.probers.contains(&[7; 32]));
	task.abort();
}

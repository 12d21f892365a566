// SPDX-License-Identifier: Apache-2.0

//! The agent against a development node: `SURETY_NODE` names the program. Without it the tests are
//! skipped. `SURETY_LOG` shows the agent's log, such as `info`.

#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used
)]

mod chain;
mod engine;
#[path = "../../../engine/tests/kit/mod.rs"]
mod kit;
mod private;
mod vpn;

use chain::*;
use engine::LocalEngine;
use std::{path::Path, sync::Arc, time::Duration};
use surety_gateway::{
	chain::KeySigner,
	config::{ChainSection, KeySource, LogSection},
	telemetry::start_log,
};
use surety_primitives::Verdict;
use surety_provider::{
	agent::Agent,
	cli::fetch_status,
	config::{OperatorSection, ProviderConfig},
	doctor,
};
use surety_runtime_api::LeasePhase;

/// Operator. A prober does not ask services of its own account, so it is not Alice, the validator.
const OPERATOR: &str = "//Dave";
/// Its proxy.
const PROXY: &str = "//Charlie";

fn config(node: &Node, port: u16, control: u16, data: &Path) -> ProviderConfig {
	let nodes = vec![node.url.parse().unwrap()];
	let mut config = ProviderConfig {
		data: data.into(),
		chain: ChainSection { nodes, ..ChainSection::default() },
		operator: OperatorSection {
			account: Some(KeySigner::from_uri(OPERATOR).unwrap().account().clone()),
			key: KeySource::from_uri(PROXY),
		},
		..ProviderConfig::default()
	};
	config.front.listen = Some(([127, 0, 0, 1], port).into());
	config.control.listen = Some(([127, 0, 0, 1], control).into());
	config.engine.observe_ms = 500;
	config
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_becomes_a_lease_that_outlives_its_agent() {
	let Ok(program) = std::env::var("SURETY_NODE") else {
		println!("skipped: SURETY_NODE names no node");
		return;
	};
	if let Ok(filter) = std::env::var("SURETY_LOG") {
		start_log(&LogSection { filter, ..LogSection::default() }).unwrap();
	}
	let node = Node::start(&program).await;
	let (port, control) = (free_port(), free_port());
	let directory = tempfile::tempdir().unwrap();
	let config = config(&node, port, control, directory.path());
	let engine = Arc::new(LocalEngine::default());
	let agent = Agent::start(&config, engine.clone()).await.unwrap();
	println!("set-up");
	node.call(OPERATOR, &register(50 * UNIT)).await;
	node.call(OPERATOR, &add_proxy(&KeySigner::from_uri(PROXY).unwrap())).await;
	node.call(OPERATOR, &list_service(&format!("http://127.0.0.1:{port}"))).await;
	node.until("an open service with capacity", async |head| {
		let service = node.reader(head).service(0).await.ok()??.service;
		(service.open && service.resources.is_some_and(|one| one.total.cpu_milli == 6_400))
			.then_some(())
	})
	.await;
	println!("the service is open, its capacity declared");

	let head = node.until("a block", async |head| Some(head)).await;
	node.call("//Bob", &place_order("docker.io/library/nginx:1.27", UNIT / 100, head.number + 40))
		.await;
	let lease = node
		.until("a lease that runs", async |head| {
			let lease = node.lease(head, 0).await?;
			matches!(lease.phase, LeasePhase::Running { .. }).then_some(lease)
		})
		.await;
	println!("lease 0 runs: {:?}", String::from_utf8_lossy(&lease.access));
	assert_eq!(lease.access, b"127.0.0.1 80:30080");
	node.until("a verdict of the lease", async |head| {
		let verdict = node.lease(head, 0).await?.last_verdict?.verdict;
		assert!(matches!(verdict, Verdict::Up { .. }), "{verdict:?}");
		Some(())
	})
	.await;
	println!("the validators find it up");
	let findings = doctor::examine(&config, Ok(engine.clone())).await;
	for finding in &findings.0 {
		println!("{finding}");
	}
	assert!(findings.is_good());

	agent.stop().await;
	let agent = Agent::start(&config, engine.clone()).await.unwrap();
	engine.exit(0, 3);
	node.until("a restart of the application", async |_| {
		(engine.starts(0) == Some(2)).then_some(())
	})
	.await;
	println!("the application exited behind a new agent, and was started again");
	let status = fetch_status(agent.control()).await.unwrap();
	assert_eq!(status.leases.len(), 1);
	println!("{}", surety_provider::cli::render(&status));

	node.call("//Bob", &close_lease(0)).await;
	node.until("the container to be removed", async |_| engine.starts(0).is_none().then_some(()))
		.await;
	let lease = node.until("the lease", async |head| node.lease(head, 0).await).await;
	assert!(matches!(lease.phase, LeasePhase::Closed { .. }), "{:?}", lease.phase);
	println!("the tenant closed it: paid {}", lease.paid);
	tokio::time::sleep(Duration::from_millis(10)).await;
	agent.stop().await;
}

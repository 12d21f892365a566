// SPDX-License-Identifier: Apache-2.0

//! The compose files that the documents show are read, and ordered on a chain like production.

#![allow(clippy::panic, clippy::unwrap_used)]

use std::{fs, path::PathBuf};
use surety_orders::{
	compose::{Compose, Directory, SURE, parse},
	manifest::Salt,
	quote::{ChainRules, Quote},
};
use surety_primitives::WindowShare;

const RULES: ChainRules = ChainRules {
	slot_ms: 6_000,
	round_blocks: 10,
	window_rounds: 1_440,
	max_bid_blocks: 14_400,
	max_duration: 365 * 14_400,
	reopen_blocks: 100,
	keep_blocks: 7 * 14_400,
	trial_rounds: 30,
	max_credit: WindowShare::from_u32(30),
	order_deposit: SURE / 2,
	minimum_balance: SURE / 1_000,
};

fn example(name: &str) -> (Compose, Quote) {
	let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples");
	let text = fs::read(directory.join(name)).unwrap();
	let compose =
		parse(&text, &Directory::new(directory)).unwrap_or_else(|e| panic!("{name}: {e}"));
	let salt = Salt::random().unwrap();
	let (order, quote) = compose.order(&RULES, 1_000, &salt).unwrap();
	assert_eq!(order.env_hash, Some(compose.manifest.hash(&salt)));
	println!("{name}\n{}", compose.explain(&quote, &RULES));
	(compose, quote)
}

#[test]
fn nginx_with_a_page() {
	let (compose, quote) = example("nginx.yaml");
	assert_eq!((compose.quantity, compose.regions.len(), quote.duration), (2, 2, 14_400));
	assert_eq!(quote.max_cost_all, 2 * 288 * SURE);
	let page = compose.manifest.files["/usr/share/nginx/html/index.html"].expose();
	assert_eq!(page, b"<h1>Served by whoever keeps its promise</h1>\n");
}

#[test]
fn a_database_with_a_secret() {
	let (compose, quote) = example("database.yaml");
	assert_eq!(quote.deposit, 720 * SURE + SURE / 1_000);
	assert_eq!(quote.paid_blocks, 14_400);
	assert_eq!(compose.manifest.files["/run/secrets/password"].expose(), b"not-a-real-password\n");
	let flags = compose.manifest.environment["POSTGRES_INITDB_ARGS"].expose();
	assert_eq!(flags, "--data-checksums");
	assert!(compose.terms.is_some());
}

#[test]
fn a_job_on_gpus_from_a_private_registry() {
	let (compose, _) = example("gpu-job.yaml");
	assert_eq!((compose.resources.gpus, compose.resources.gpu_class.as_slice()), (2, &b"h100"[..]));
	assert!(!compose.auto_match && compose.failover_price == Some(0));
	let words: Vec<_> = compose.manifest.command.iter().map(|word| word.expose()).collect();
	assert_eq!(words, ["--epochs", "3", "--resume", "last checkpoint"]);
	let login = compose.manifest.login.as_ref().unwrap();
	assert_eq!((login.user.as_str(), login.password.expose()), ("team", "not-a-real-password"));
}

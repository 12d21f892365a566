// SPDX-License-Identifier: Apache-2.0

//! Invariants of every pallet over the state of a live network of this runtime, of the one before or
//! of the next one: those of the tests, and the checks of all pallets that are compiled with
//! `try-runtime` only, the SDK's among them. `make test-upgrade` runs it after each upgrade, and with
//! the migrations on the last state before the first.
//!
//!   SURETY_LIVE_WS       JSON-RPC of a node, such as ws://127.0.0.1:9944
//!   SURETY_LIVE_BLOCK    hash of the block whose state is read
//!   SURETY_LIVE_UPGRADE  if set, the migrations run on the state before it is checked, with their
//!                        own checks

#![allow(
	clippy::arithmetic_side_effects,
	clippy::indexing_slicing,
	clippy::unwrap_used,
	clippy::expect_used,
	clippy::panic
)]

#[path = "market/invariants.rs"]
mod invariants;

use frame_remote_externalities::{Builder, Mode, OnlineConfig, RemoteExternalities};
use frame_support::traits::{
	TryDecodeEntireStorage as _, TryState as _, TryStateSelect, UpgradeCheckSelect,
};
use std::env;
use surety_runtime::*;

/// State of a block. All of it is read, and compared with the root in the header.
async fn read(node: String, block: Hash) -> RemoteExternalities<Block> {
	let online =
		OnlineConfig { transport_uris: vec![node], at: Some(block), ..OnlineConfig::default() };
	let state = Builder::<Block>::new().mode(Mode::Online(online)).build().await;
	state.expect("the state is read")
}

#[test]
#[ignore = "reads a live network: see `make test-upgrade`"]
fn the_state_of_a_live_network_keeps_all_invariants() {
	let variable = |name| env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
	let block = variable("SURETY_LIVE_BLOCK").parse().expect("a hash");
	let threads = tokio::runtime::Runtime::new().expect("threads start");
	let mut state = threads.block_on(read(variable("SURETY_LIVE_WS"), block));
	state.execute_with(|| {
		if env::var_os("SURETY_LIVE_UPGRADE").is_some() {
			Executive::try_runtime_upgrade(UpgradeCheckSelect::PreAndPost).expect("the upgrade");
		}
		invariants::check();
		AllPalletsWithSystem::try_state(System::block_number(), TryStateSelect::All)
			.expect("the checks of all pallets");
		let bytes = AllPalletsWithSystem::try_decode_entire_state();
		println!("{} bytes decode", bytes.expect("all items decode"));
		let services = pallet_surety_operators::Services::<Runtime>::iter().count();
		let agreements = pallet_surety_sla::Agreements::<Runtime>::iter().count();
		println!("block {}: {services} services, {agreements} agreements", System::block_number());
		assert!(services > 0 && agreements > 0, "this network has no market to check");
	});
}

// SPDX-License-Identifier: Apache-2.0

//! Property tests: money is conserved and every exposure is funded over random sequences of calls.

use crate::{actors::*, fixture::Fixture};
use pallet_surety_operators as operators;
use pallet_surety_sla as sla;
use proptest::prelude::*;
use surety_primitives::{AssetId, Funds, ServiceId, Target, WindowShare, report::Finding};
use surety_runtime::{configs::assets::MarketFunds, *};

#[derive(Clone, Debug)]
enum Step {
	Open { tenant: u8, service: u8, units: u32, windows: u32 },
	Close { by_operator: bool, agreement: u8 },
	Settle { agreement: u8 },
	Fail { service: u8, wrong: bool },
	Recover { service: u8 },
	Unbond { amount: u16 },
	RaiseCover { service: u8, by: u8 },
	Retire { service: u8 },
	Rounds { n: u32 },
}

fn step() -> impl Strategy<Value = Step> {
	prop_oneof![
		4 => (0..2u8, 0..2u8, 1..30u32, 1..4u32)
			.prop_map(|(tenant, service, units, windows)| {
				Step::Open { tenant, service, units, windows }
			}),
		2 => (any::<bool>(), 0..8u8)
			.prop_map(|(by_operator, agreement)| Step::Close { by_operator, agreement }),
		2 => (0..8u8).prop_map(|agreement| Step::Settle { agreement }),
		3 => (0..2u8, any::<bool>()).prop_map(|(service, wrong)| Step::Fail { service, wrong }),
		2 => (0..2u8).prop_map(|service| Step::Recover { service }),
		1 => any::<u16>().prop_map(|amount| Step::Unbond { amount }),
		1 => (0..2u8, 1..5u8).prop_map(|(service, by)| Step::RaiseCover { service, by }),
		1 => (0..2u8).prop_map(|service| Step::Retire { service }),
		6 => (1..6u32).prop_map(|n| Step::Rounds { n }),
	]
}

fn issuance(chain: &mut Fixture, asset: AssetId) -> u128 {
	chain.peek(|| MarketFunds::issuance(asset))
}

fn run(steps: Vec<Step>, asset: AssetId) {
	let tenants = [TENANT, OTHER_TENANT];
	let mut chain = Fixture::new();
	let first = chain.operator(asset);
	let second =
		chain.list(OPERATOR, &Offer { endpoint: "http://127.0.0.1:8081/", ..Offer::of(asset) });
	let services: [ServiceId; 2] = [first, second];
	let start = (issuance(&mut chain, AssetId::Native), issuance(&mut chain, asset));
	for step in steps {
		// Most steps may be refused. `Fixture::call` checks that a refused call changes nothing.
		match step {
			Step::Open { tenant, service, units, windows } => {
				let _ = chain.try_open(
					tenants[usize::from(tenant)],
					services[usize::from(service)],
					units,
					windows,
				);
			},
			Step::Close { by_operator, agreement } => {
				let agreement = u32::from(agreement);
				let tenant =
					chain.peek(|| sla::Agreements::<Runtime>::get(agreement).map(|a| a.tenant));
				let who = match tenants.iter().find(|t| Some(t.to_account_id()) == tenant) {
					Some(tenant) if !by_operator => *tenant,
					_ => OPERATOR,
				};
				let _ = chain.call(who, sla::Call::close_agreement { agreement });
			},
			Step::Settle { agreement } => {
				let _ = chain.call(STRANGER, sla::Call::settle { agreement: u32::from(agreement) });
			},
			Step::Fail { service, wrong } => {
				let finding = if wrong { Finding::Bad(Default::default()) } else { Finding::Down };
				chain.endpoints.insert(Target::Service(services[usize::from(service)]), finding);
			},
			Step::Recover { service } => {
				chain.endpoints.remove(&Target::Service(services[usize::from(service)]));
			},
			Step::Unbond { amount } => {
				let amount = u128::from(amount) * coin(asset) / 100;
				let _ = chain.call(OPERATOR, operators::Call::unbond { asset, amount });
			},
			Step::RaiseCover { service, by } => {
				let service = services[usize::from(service)];
				let cover = chain
					.peek(|| operators::Services::<Runtime>::get(service).map(|s| s.terms.cover));
				if let Some(cover) = cover {
					let cover = cover + WindowShare::from_u32(u32::from(by));
					let _ = chain.call(OPERATOR, operators::Call::raise_cover { service, cover });
				}
			},
			Step::Retire { service } => {
				let service = services[usize::from(service)];
				let _ = chain.call(OPERATOR, operators::Call::retire_service { service });
			},
			Step::Rounds { n } => chain.rounds(n),
		}
		chain.check();
		assert_eq!(
			start,
			(issuance(&mut chain, AssetId::Native), issuance(&mut chain, asset)),
			"money in == money out + held"
		);
	}
	// Every agreement ends with its funds.
	chain.endpoints.clear();
	chain.until("all agreements end", 120, || sla::Agreements::<Runtime>::iter().next().is_none());
	chain.check();
}

proptest! {
	#![proptest_config(ProptestConfig {
		cases: 12,
		max_shrink_iters: 200,
		..ProptestConfig::default()
	})]

	#[test]
	fn native_money_is_conserved(steps in proptest::collection::vec(step(), 1..24)) {
		run(steps, AssetId::Native);
	}

	#[test]
	fn asset_money_is_conserved(steps in proptest::collection::vec(step(), 1..24)) {
		run(steps, AssetId::Local(genesis::SBTC));
	}
}

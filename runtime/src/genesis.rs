// SPDX-License-Identifier: Apache-2.0

//! Genesis presets, from which `surety-node --chain` and `build-spec` start a network.

use crate::*;
use alloc::{vec, vec::Vec};
use frame_support::build_struct_json_patch;
use pallet_surety_operators::GenesisNetwork;
use pallet_surety_timing::{TimingPreset, Timings};
use serde_json::Value;
use sp_consensus_babe::{AllowedSlots, BabeEpochConfiguration};
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET, PresetId};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use surety_primitives::Protocol;

/// Name of the preset with production timing and without sudo.
pub const STAGING_RUNTIME_PRESET: &str = "staging";

/// BABE configuration: a quarter of the slots have primary authors, drawn by VRF. The others have a
/// secondary author in turn, whose block carries a VRF output too.
pub const EPOCH_CONFIG: BabeEpochConfiguration =
	BabeEpochConfiguration { c: (1, 4), allowed_slots: AllowedSlots::PrimaryAndSecondaryVRFSlots };

/// Asset id of the test asset `sBTC` of dev and local networks.
pub const SBTC: u32 = 1;
/// Minimum balance of sBTC: 100 satoshi.
const SBTC_MINIMUM: Balance = 100;
/// One sBTC: 8 decimals.
const SBTC_UNIT: Balance = 100_000_000;
/// Initial balance of each dev account.
const ENDOWMENT: Balance = 1_000_000 * UNIT;

fn session_keys(sr: Sr25519Keyring, ed: Ed25519Keyring) -> SessionKeys {
	SessionKeys {
		babe: sr.public().into(),
		grandpa: ed.public().into(),
		authority_discovery: sr.public().into(),
		prober: sr.public().into(),
	}
}

fn genesis(timing: Timings, validators: usize, dev: bool, minimum_bond: Option<Balance>) -> Value {
	let keys = [
		(Sr25519Keyring::Alice, Ed25519Keyring::Alice),
		(Sr25519Keyring::Bob, Ed25519Keyring::Bob),
		(Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
		(Sr25519Keyring::Dave, Ed25519Keyring::Dave),
	];
	let accounts: Vec<AccountId> =
		Sr25519Keyring::well_known().map(|k| k.to_account_id()).collect();
	let treasury = configs::market::Treasury::get();
	// The pots exist from genesis on. Otherwise the first tenant would pay for their creation.
	let pots = [treasury.clone(), configs::market::ProberPot::get(), Sla::pot()];
	let unbonding = dev.then(|| {
		timing.round_blocks.saturating_mul(u32::from(timing.window_rounds)).saturating_mul(2)
	});
	let networks = vec![
		GenesisNetwork {
			name: "surety".into(),
			protocol: Protocol::Substrate,
			own: true,
			anchors: vec![],
		},
		GenesisNetwork {
			name: "ethereum".into(),
			protocol: Protocol::Ethereum,
			own: false,
			anchors: vec![],
		},
	];
	build_struct_json_patch!(RuntimeGenesisConfig {
		timing: TimingConfig { timings: timing },
		genesis_parameters: GenesisParametersConfig {
			minimum_bond,
			unbonding_period: unbonding,
			lease_blocks: dev
				.then(|| [3, 9, 6].map(|rounds| timing.round_blocks.saturating_mul(rounds))),
			keep_orders: unbonding,
			lease_health: dev.then_some([3, 4]),
			trial_rounds: dev.then_some(2),
		},
		balances: BalancesConfig {
			balances: accounts
				.iter()
				.cloned()
				.map(|a| (a, ENDOWMENT))
				.chain(pots.iter().cloned().map(|pot| (pot, EXISTENTIAL_DEPOSIT)))
				.collect::<Vec<_>>()
		},
		assets: AssetsConfig {
			assets: if dev { vec![(SBTC, treasury.clone(), true, SBTC_MINIMUM)] } else { vec![] },
			metadata: if dev {
				vec![(SBTC, b"Surety test bitcoin".to_vec(), b"sBTC".to_vec(), 8)]
			} else {
				vec![]
			},
			accounts: if dev {
				accounts
					.iter()
					.cloned()
					.map(|a| (SBTC, a, 1_000 * SBTC_UNIT))
					.chain(pots.iter().cloned().map(|pot| (SBTC, pot, SBTC_MINIMUM)))
					.collect::<Vec<_>>()
			} else {
				vec![]
			},
		},
		babe: BabeConfig { epoch_config: EPOCH_CONFIG },
		session: SessionConfig {
			keys: keys
				.into_iter()
				.take(validators)
				.map(|(sr, ed)| (sr.to_account_id(), sr.to_account_id(), session_keys(sr, ed)))
				.collect::<Vec<_>>(),
		},
		sudo: SudoConfig { key: dev.then(|| Sr25519Keyring::Alice.to_account_id()) },
		operators: OperatorsConfig {
			networks,
			assets: if dev { vec![(SBTC, SBTC_UNIT / 100)] } else { vec![] },
		},
	})
}

/// Genesis of a preset as a JSON patch; `None` for an unknown name.
pub fn preset(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_ref() {
		DEV_RUNTIME_PRESET => genesis(TimingPreset::dev(), 1, true, Some(UNIT)),
		LOCAL_TESTNET_RUNTIME_PRESET => genesis(TimingPreset::local(), 4, true, Some(UNIT)),
		STAGING_RUNTIME_PRESET => genesis(TimingPreset::production(), 4, false, None),
		_ => return None,
	};
	serde_json::to_vec(&patch).ok()
}

/// Names of the presets.
pub fn preset_names() -> Vec<PresetId> {
	[DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET, STAGING_RUNTIME_PRESET]
		.map(PresetId::from)
		.to_vec()
}

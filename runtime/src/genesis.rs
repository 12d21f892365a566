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
/// Bond of each validator of genesis.
const VALIDATOR_BOND: Balance = 10_000 * UNIT;

/// Minimum number of validators of an election, which a set that tolerates a faulty one has. If
/// fewer stand, the set stays as it is.
pub const MINIMUM_VALIDATORS: u32 = 4;
/// Members of the technical committee at genesis.
const COMMITTEE: usize = 3;
/// Seats in the validator set. Governance adds some as the network grows.
pub const SEATS: u32 = 16;
/// Maximum number of candidates, which bounds the work of an election.
pub const MAX_CANDIDATES: u32 = 1_000;

/// Minimum bond of a candidate on a public network, or on one whose endpoints may be private.
pub const fn minimum_validator_bond(private: bool) -> Balance {
	if private { 10 * UNIT } else { VALIDATOR_BOND }
}

/// Validators of genesis. Of them the first are invulnerable: not slashed, and not chilled for
/// neglect. Governance changes the list with `staking.setInvulnerables`.
struct Set {
	validators: usize,
	invulnerable: usize,
}

fn session_keys(sr: Sr25519Keyring, ed: Ed25519Keyring) -> SessionKeys {
	SessionKeys {
		babe: sr.public().into(),
		grandpa: ed.public().into(),
		authority_discovery: sr.public().into(),
		prober: sr.public().into(),
	}
}

fn staking(
	keys: &[(Sr25519Keyring, Ed25519Keyring)],
	invulnerable: usize,
	dev: bool,
) -> StakingConfig {
	let accounts = || keys.iter().map(|(sr, _)| sr.to_account_id());
	let set = u32::try_from(keys.len()).unwrap_or(u32::MAX);
	StakingConfig {
		validator_count: SEATS,
		minimum_validator_count: MINIMUM_VALIDATORS.min(set),
		invulnerables: accounts().take(invulnerable).collect(),
		stakers: accounts()
			.map(|who| (who.clone(), who, VALIDATOR_BOND, pallet_staking::StakerStatus::Validator))
			.collect(),
		min_validator_bond: minimum_validator_bond(dev),
		max_validator_count: Some(MAX_CANDIDATES),
		max_nominator_count: Some(0),
		..Default::default()
	}
}

fn genesis(timing: Timings, set: Set, dev: bool, minimum_bond: Option<Balance>) -> Value {
	let keys = [
		(Sr25519Keyring::Alice, Ed25519Keyring::Alice),
		(Sr25519Keyring::Bob, Ed25519Keyring::Bob),
		(Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
		(Sr25519Keyring::Dave, Ed25519Keyring::Dave),
	];
	let keys: Vec<_> = keys.into_iter().take(set.validators).collect();
	let accounts: Vec<AccountId> =
		Sr25519Keyring::well_known().map(|k| k.to_account_id()).collect();
	let treasury = configs::market::TreasuryAccount::get();
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
		timing: TimingConfig {
			timings: timing,
			eras: if dev { TimingPreset::test_eras() } else { TimingPreset::production_eras() },
		},
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
		staking: staking(&keys, set.invulnerable, dev),
		session: SessionConfig {
			keys: keys
				.into_iter()
				.map(|(sr, ed)| (sr.to_account_id(), sr.to_account_id(), session_keys(sr, ed)))
				.collect::<Vec<_>>(),
		},
		technical_committee: TechnicalCommitteeConfig {
			members: accounts.iter().take(COMMITTEE).cloned().collect::<Vec<_>>(),
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
		DEV_RUNTIME_PRESET => {
			genesis(TimingPreset::dev(), Set { validators: 1, invulnerable: 1 }, true, Some(UNIT))
		},
		LOCAL_TESTNET_RUNTIME_PRESET => {
			genesis(TimingPreset::local(), Set { validators: 4, invulnerable: 2 }, true, Some(UNIT))
		},
		STAGING_RUNTIME_PRESET => {
			genesis(TimingPreset::production(), Set { validators: 4, invulnerable: 4 }, false, None)
		},
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

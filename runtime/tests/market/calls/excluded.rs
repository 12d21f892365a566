// SPDX-License-Identifier: Apache-2.0

//! Calls that the game does not make, each with its reason.

/// Calls of a pallet, `*` for all.
struct Excluded {
	pallet: &'static str,
	calls: &'static [&'static str],
	/// True if signed accounts do not make them either.
	always: bool,
	reason: &'static str,
}

const EXCLUDED: &[Excluded] = &[
	Excluded {
		pallet: "System",
		calls: &[
			"set_code",
			"set_code_without_checks",
			"apply_authorized_upgrade",
			"set_storage",
			"kill_storage",
			"kill_prefix",
		],
		always: false,
		reason: "root replaces code or state: no invariant outlives that",
	},
	Excluded {
		pallet: "Timestamp",
		calls: &["set"],
		always: false,
		reason: "inherent, made by the author of the block: a second one panics by design",
	},
	Excluded {
		pallet: "Session",
		calls: &["purge_keys"],
		always: true,
		// `session_drops_validators_without_keys_down_to_an_empty_set`.
		reason: "validators of genesis author the blocks of the fixture: they keep their keys",
	},
	Excluded {
		pallet: "Balances",
		calls: &["burn"],
		always: true,
		reason: "destroys tokens of the caller: the total of the tokens is what is checked",
	},
	Excluded {
		pallet: "Balances",
		calls: &[
			"force_set_balance",
			"force_adjust_total_issuance",
			"force_transfer",
			"force_unreserve",
		],
		always: false,
		reason: "root makes and destroys tokens, or takes them from the pots of the market",
	},
	Excluded {
		pallet: "Assets",
		calls: &["force_asset_status", "start_destroy"],
		always: false,
		reason: "root gives an approved asset to a key, or ends it with what is owed in it",
	},
	Excluded {
		pallet: "Staking",
		calls: &["force_unstake"],
		always: false,
		// `root_that_unstakes_a_validator_with_a_slash_hides_the_bond_from_it`.
		reason: "root takes the bond of an elected validator: staking then misses it, defensively",
	},
	Excluded {
		pallet: "Staking",
		calls: &["nominate"],
		always: false,
		reason: "root may let nominators in, and passes the filter that keeps them out",
	},
	Excluded {
		pallet: "Staking",
		calls: &["manual_slash"],
		always: false,
		// `no_author_finalizes_the_block_that_disables_it`.
		reason: "governance slashes the author of the block: another one has to build it",
	},
	Excluded {
		pallet: "Staking",
		calls: &["restore_ledger"],
		always: false,
		reason: "root writes bonds that nobody bonded",
	},
	Excluded {
		pallet: "Grandpa",
		calls: &["note_stalled"],
		always: false,
		// `grandpa_doubles_the_delay_that_root_names_without_a_check`.
		reason: "root names a delay that the pallet of the SDK doubles without a check",
	},
	Excluded {
		pallet: "MultiBlockMigrations",
		calls: &["*"],
		always: false,
		reason: "root repeats or skips migrations, during which there are no transactions",
	},
];

/// Reason why the game does not make a call, if it does not. `privileged` means any origin but a
/// signed one.
pub fn exclusion(pallet: &str, call: &str, privileged: bool) -> Option<&'static str> {
	let is_it = |it: &&Excluded| {
		it.pallet == pallet
			&& (it.always || privileged)
			&& it.calls.iter().any(|name| *name == "*" || *name == call)
	};
	EXCLUDED.iter().find(is_it).map(|it| it.reason)
}

/// True if a call dispatches the calls within it with its own origin, or that of another signed
/// account. Calls within all others count as privileged.
pub fn keeps_origin(pallet: &str, call: &str) -> bool {
	match pallet {
		"Utility" => !call.starts_with("dispatch_as"),
		"Multisig" | "Proxy" => true,
		_ => false,
	}
}

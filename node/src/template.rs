// SPDX-License-Identifier: Apache-2.0

//! Templates of chain specifications: placeholders, and the check that none is left.
//!
//! The keys of the runtime's presets are public. A network that people use must not start with one
//! of them, so a template has a placeholder wherever the preset has a public key, and a
//! specification of a live chain is refused while a placeholder or a public key is in it.

use crate::chain_spec::{ChainSpec, TEMPLATES};
use frame_support::storage::storage_prefix;
use sc_chain_spec::{ChainSpec as _, ChainType};
use sc_network::config::MultiaddrWithPeerId;
use serde_json::Value;
use sp_core::{
	Pair,
	crypto::{AccountId32, DEV_PHRASE, Ss58Codec},
	ed25519, sr25519,
};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use std::{collections::BTreeMap, fmt::Write};

/// First word of a placeholder.
const MARK: &str = "FILL-IN";
/// Domain of the placeholders of boot nodes. Names under `.invalid` never resolve.
const MARK_DOMAIN: &str = ".fill-in.invalid";
/// Boot nodes of a template. Their peer ids are those of development keys, and placeholders too.
const BOOT_NODES: [&str; 2] = [
	"/dns/boot-1.fill-in.invalid/tcp/30333/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp",
	"/dns/boot-2.fill-in.invalid/tcp/30333/p2p/12D3KooWHdiAxVd8uMQR1hGWXccidmfCwLqcMpGwR6QcTP6QRMuD",
];
/// Keys of the JSON whose values are wasm.
const WASM_KEYS: [&str; 3] = ["code", "codeSubstitutes", "0x3a636f6465"];
/// Findings that an error lists.
const SHOWN: usize = 8;

/// Public keys that everybody has the secret of, with their names.
fn public_keys() -> BTreeMap<[u8; 32], String> {
	let sr = Sr25519Keyring::iter().map(|key| (key.to_raw_public(), format!("sr25519 //{key}")));
	let ed = Ed25519Keyring::iter().map(|key| (key.to_raw_public(), format!("ed25519 //{key}")));
	sr.chain(ed)
		.chain(root::<sr25519::Pair>("sr25519"))
		.chain(root::<ed25519::Pair>("ed25519"))
		.collect()
}

/// Key of the development phrase itself.
fn root<P: Pair>(scheme: &str) -> Option<([u8; 32], String)> {
	let pair = P::from_phrase(DEV_PHRASE, None).ok()?.0;
	let key = pair.public().as_ref().try_into().ok()?;
	Some((key, format!("{scheme} of the development phrase")))
}

/// Peer id of a boot node.
fn peer_id(node: &str) -> Option<&str> {
	node.rsplit('/').next()
}

/// Genesis of a template: the preset of the runtime with placeholders in place of public keys.
pub fn genesis(preset: &str) -> Result<Value, String> {
	let patch = surety_runtime::genesis::preset(&preset.into()).ok_or("no such preset")?;
	let mut patch = serde_json::from_slice(&patch).map_err(|error| error.to_string())?;
	place(&mut patch, &public_keys());
	Ok(patch)
}

/// Boot nodes of a template.
pub fn boot_nodes() -> Result<Vec<MultiaddrWithPeerId>, String> {
	let parse = |node: &str| node.parse().map_err(|error| format!("{node}: {error}"));
	BOOT_NODES.into_iter().map(parse).collect()
}

fn place(value: &mut Value, public: &BTreeMap<[u8; 32], String>) {
	match value {
		Value::String(text) => {
			if let Some(name) = account(text).and_then(|key| public.get(&key)) {
				*text = format!("{MARK} {name}");
			}
		},
		Value::Array(items) => items.iter_mut().for_each(|item| place(item, public)),
		Value::Object(members) => members.values_mut().for_each(|item| place(item, public)),
		_ => (),
	}
}

/// Public key of an address, whatever its prefix.
fn account(text: &str) -> Option<[u8; 32]> {
	AccountId32::from_ss58check_with_version(text).ok().map(|(account, _)| account.into())
}

/// Check that a chain can be made from a specification: no placeholder is left, and if the chain is
/// for people, no public key and no administrator. `from` is the name or the file of the
/// specification.
pub fn check(from: &str, spec: &ChainSpec) -> Result<(), String> {
	let is_test = matches!(spec.chain_type(), ChainType::Development | ChainType::Local);
	let public = if is_test { BTreeMap::new() } else { public_keys() };
	let mut findings = Findings { public, placeholders: Vec::new(), keys: Vec::new() };
	findings.walk(&json(spec, false)?, "");
	findings.result(from)?;
	if is_test {
		return Ok(());
	}
	// A specification that names a preset has its keys in the storage that is made of it.
	let raw = json(spec, true)?;
	findings.walk(&raw, "");
	findings.result(from)?;
	let administrator = format!("0x{}", hex(&storage_prefix(b"Sudo", b"Key")));
	if raw.pointer("/genesis/raw/top").and_then(|top| top.get(administrator)).is_some() {
		return Err(format!(
			"The chain specification {from} is of a live chain with an administrator, who could do \
			 what referenda decide.\nSet `sudo.key` to null, or `chainType` to `Local` for a test.",
		));
	}
	Ok(())
}

fn json(spec: &ChainSpec, raw: bool) -> Result<Value, String> {
	serde_json::from_str(&spec.as_json(raw)?).map_err(|error| error.to_string())
}

struct Findings {
	/// Keys that are looked for.
	public: BTreeMap<[u8; 32], String>,
	/// Places with a placeholder.
	placeholders: Vec<String>,
	/// Places with a public key.
	keys: Vec<String>,
}

impl Findings {
	fn walk(&mut self, value: &Value, path: &str) {
		match value {
			Value::String(text) => self.look(text, path),
			Value::Array(items) => {
				for (at, item) in items.iter().enumerate() {
					self.walk(item, &format!("{path}[{at}]"));
				}
			},
			Value::Object(members) => {
				for (name, item) in members.iter().filter(|(name, _)| !is_wasm(name)) {
					// The storage of a raw specification has accounts in its keys too.
					self.look(name, path);
					self.walk(item, format!("{path}.{name}").trim_start_matches('.'));
				}
			},
			_ => (),
		}
	}

	fn look(&mut self, text: &str, path: &str) {
		let has_peer = BOOT_NODES.into_iter().filter_map(peer_id).any(|peer| text.contains(peer));
		if text.contains(MARK) || text.contains(MARK_DOMAIN) || has_peer {
			self.placeholders.push(format!("{path}: {text}"));
			return;
		}
		let found = match text.strip_prefix("0x") {
			Some(data) => {
				let data = data.to_ascii_lowercase();
				self.public.iter().find(|(key, _)| data.contains(&hex(&key[..])))
			},
			None => account(text).and_then(|key| self.public.get_key_value(&key)),
		};
		if let Some((_, name)) = found {
			self.keys.push(format!("{path}: the key of {name}, whose secret is public"));
		}
	}

	fn result(&self, from: &str) -> Result<(), String> {
		if !self.placeholders.is_empty() {
			let mut error = format!(
				"The chain specification {from} is a template: {} values are to be filled in.",
				self.placeholders.len(),
			);
			list(&mut error, &self.placeholders);
			if TEMPLATES.contains(&from) {
				let _ = write!(
					error,
					"\nWrite it to a file with `surety-node export-chain-spec --chain {from} --output \
					 {from}.json`, replace every {MARK} there, and use `--chain {from}.json`.",
				);
			}
			return Err(error);
		}
		if !self.keys.is_empty() {
			let mut error = format!(
				"The chain specification {from} is of a live chain with keys that everybody has:",
			);
			list(&mut error, &self.keys);
			error.push_str("\nReplace them, or set `chainType` to `Local` for a test.");
			return Err(error);
		}
		Ok(())
	}
}

fn list(error: &mut String, findings: &[String]) {
	for finding in findings.iter().take(SHOWN) {
		let _ = write!(error, "\n  {finding}");
	}
	if let Some(more) = findings.len().checked_sub(SHOWN).filter(|more| *more > 0) {
		let _ = write!(error, "\n  and {more} more");
	}
}

fn is_wasm(name: &str) -> bool {
	WASM_KEYS.contains(&name)
}

fn hex(bytes: &[u8]) -> String {
	bytes.iter().fold(String::new(), |mut text, byte| {
		let _ = write!(text, "{byte:02x}");
		text
	})
}

#[cfg(test)]
pub mod tests {
	use super::*;
	use crate::chain_spec;

	/// JSON of a template with every placeholder filled in by a key of its own.
	fn fill(spec: &ChainSpec) -> String {
		let mut json = spec.as_json(false).unwrap();
		json = json.replace(MARK_DOMAIN, ".surety.example");
		for peer in BOOT_NODES.into_iter().filter_map(peer_id) {
			json = json.replace(peer, &sc_network::PeerId::random().to_base58());
		}
		for name in public_keys().into_values() {
			let seed = sp_io::hashing::blake2_256(name.as_bytes());
			let key = if name.starts_with("sr25519") {
				sr25519::Pair::from_seed(&seed).public().to_ss58check()
			} else {
				ed25519::Pair::from_seed(&seed).public().to_ss58check()
			};
			json = json.replace(&format!("\"{MARK} {name}\""), &format!("\"{key}\""));
		}
		json
	}

	fn parsed(json: String) -> ChainSpec {
		ChainSpec::from_json_bytes(json.into_bytes()).unwrap()
	}

	/// Flag that names a filled-in template, and the folder of its file.
	pub fn filled() -> (tempfile::TempDir, String) {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("filled.json");
		std::fs::write(&file, fill(&chain_spec::mainnet().unwrap())).unwrap();
		let flag = format!("--chain={}", file.display());
		(folder, flag)
	}

	#[test]
	fn a_template_names_what_is_to_be_filled_in() {
		for (name, spec) in [("staging", chain_spec::staging()), ("mainnet", chain_spec::mainnet())]
		{
			let error = check(name, &spec.unwrap()).unwrap_err();
			assert!(error.contains("bootNodes[0]: /dns/boot-1.fill-in.invalid"), "{error}");
			assert!(error.contains("FILL-IN sr25519 //Alice"), "{error}");
			assert!(error.contains(&format!("export-chain-spec --chain {name}")), "{error}");
			assert!(error.contains("more"), "{error}");
		}
	}

	#[test]
	fn a_template_has_no_public_key() {
		for spec in [chain_spec::staging(), chain_spec::mainnet()] {
			let json = spec.unwrap().as_json(false).unwrap();
			let mut findings =
				Findings { public: public_keys(), placeholders: Vec::new(), keys: Vec::new() };
			findings.walk(&serde_json::from_str(&json).unwrap(), "");
			assert_eq!(findings.keys, [""; 0]);
		}
	}

	#[test]
	fn a_filled_in_template_makes_a_chain_plain_and_raw() {
		let plain = parsed(fill(&chain_spec::mainnet().unwrap()));
		check("mainnet.json", &plain).unwrap();
		let raw = parsed(plain.as_json(true).unwrap());
		check("mainnet-raw.json", &raw).unwrap();
		assert_eq!(raw.fork_id(), Some("surety"));
	}

	#[test]
	fn one_placeholder_left_is_refused() {
		let json = fill(&chain_spec::mainnet().unwrap());
		let left = json.replace("boot-2.surety.example", "boot-2.fill-in.invalid");
		let error = check("mainnet.json", &parsed(left)).unwrap_err();
		assert!(error.contains("1 values") && error.contains("bootNodes[1]"), "{error}");
		// The peer id of a development key, behind another name.
		let peer = |spec: &ChainSpec| spec.boot_nodes()[0].peer_id.to_base58();
		let (own, public) = (peer(&parsed(json.clone())), peer(&chain_spec::mainnet().unwrap()));
		let left = json.replace(&own, &public);
		let error = check("mainnet.json", &parsed(left)).unwrap_err();
		assert!(error.contains("1 values") && error.contains("bootNodes[0]"), "{error}");
	}

	#[test]
	fn a_live_chain_with_a_public_key_is_refused() {
		let live = |spec: ChainSpec, raw: bool| {
			let json = spec.as_json(raw).unwrap();
			parsed(json.replace("\"chainType\": \"Local\"", "\"chainType\": \"Live\""))
		};
		// The plain one names a preset and has no key.
		for raw in [true, false] {
			let public = live(chain_spec::rehearsal().unwrap(), raw);
			let error = check("public.json", &public).unwrap_err();
			assert!(error.contains("//Alice") && error.contains("`chainType`"), "{error}");
		}
		let json = fill(&chain_spec::mainnet().unwrap());
		let bob = Sr25519Keyring::Bob.to_account_id();
		let other =
			sr25519::Pair::from_seed(&sp_io::hashing::blake2_256(b"sr25519 //Bob")).public();
		for prefix in [42u16, 0] {
			let bobs = bob.to_ss58check_with_version(prefix.into());
			let json = json.replace(&other.to_ss58check(), &bobs);
			let error = check("mainnet.json", &parsed(json)).unwrap_err();
			assert!(error.contains("session.keys[1]") && error.contains("//Bob"), "{error}");
		}
		check("local.json", &chain_spec::rehearsal().unwrap()).unwrap();
	}

	#[test]
	fn a_live_chain_with_an_administrator_is_refused() {
		let mut json: Value = serde_json::from_str(&fill(&chain_spec::mainnet().unwrap())).unwrap();
		let patch = &mut json["genesis"]["runtimeGenesis"]["patch"];
		patch["sudo"]["key"] = patch["session"]["keys"][0][0].clone();
		let plain = parsed(json.to_string());
		let raw = parsed(plain.as_json(true).unwrap());
		for spec in [&plain, &raw] {
			let error = check("mainnet.json", spec).unwrap_err();
			assert!(error.contains("administrator") && error.contains("`sudo.key`"), "{error}");
		}
		json["chainType"] = "Local".into();
		check("local.json", &parsed(json.to_string())).unwrap();
	}
}

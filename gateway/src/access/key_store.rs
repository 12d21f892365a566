// SPDX-License-Identifier: Apache-2.0

//! Keys by their hashes: those of the configuration, and those that logins made, on disk.

use super::{ApiKey, KeyError, KeyRules, Secret, keys::hash_of, nonce::unhex};
use crate::files;
use ahash::HashMap;
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{
	error::Error,
	fmt, io,
	path::{Path, PathBuf},
	sync::Arc,
};

/// Version of the file.
const VERSION: u32 = 1;
/// Keys that one account has by logins. Each has a limit of its own.
const MAX_OF_ACCOUNT: usize = 4;
/// Largest file that is read.
const MAX_FILE: u64 = 64 << 20;

/// Keys of a gateway. Reading takes no lock.
#[derive(Debug)]
pub struct KeyStore {
	keys: ArcSwap<HashMap<[u8; 32], Arc<ApiKey>>>,
	/// Keys that are on disk; the lock orders changes.
	issued: Mutex<HashMap<[u8; 32], KeyRules>>,
	path: Option<PathBuf>,
	max_issued: usize,
}

/// Reason why keys are not read or changed.
#[derive(Debug)]
pub enum KeyStoreError {
	/// The file cannot be read or written.
	Io(PathBuf, io::Error),
	/// The file is not one of this program, or was damaged.
	Damaged(PathBuf, String),
	/// As many keys as allowed were issued.
	Full,
	/// The machine has no random bytes.
	NoRandom,
}

impl fmt::Display for KeyStoreError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
			Self::Damaged(path, error) => write!(f, "{} is damaged: {error}", path.display()),
			Self::Full => f.write_str("too many API keys"),
			Self::NoRandom => f.write_str("no random bytes"),
		}
	}
}

impl Error for KeyStoreError {}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
	version: u32,
	keys: Vec<Entry>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Entry {
	hash: String,
	rules: KeyRules,
}

impl KeyStore {
	/// Keys of the configuration, and those of a file.
	///
	/// - `configured`: hashes of keys and their rules.
	/// - `path`: file of issued keys. `None`: they are lost at the end of the process.
	/// - `max_issued`: number of issued keys.
	///
	/// Errors: [`KeyStoreError::Io`], [`KeyStoreError::Damaged`]. A file that is missing is made
	/// with the first key.
	pub fn open(
		configured: Vec<([u8; 32], KeyRules)>,
		path: Option<PathBuf>,
		max_issued: usize,
	) -> Result<Self, KeyStoreError> {
		let issued = path.as_deref().map(read).transpose()?.unwrap_or_default();
		let all = issued.iter().map(|(hash, rules)| (*hash, rules.clone())).chain(configured);
		let keys = all.map(|(hash, rules)| (hash, Arc::new(ApiKey::new(&hash, rules)))).collect();
		Ok(Self { keys: ArcSwap::from_pointee(keys), issued: Mutex::new(issued), path, max_issued })
	}

	/// Replace the keys of the configuration. A key whose rules stay keeps its use.
	pub fn configure(&self, configured: Vec<([u8; 32], KeyRules)>) {
		let issued = self.issued.lock();
		let before = self.keys.load();
		let all = issued.iter().map(|(hash, rules)| (*hash, rules.clone())).chain(configured);
		let key = |(hash, rules): ([u8; 32], KeyRules)| {
			let kept = before.get(&hash).filter(|key| key.rules == rules).cloned();
			(hash, kept.unwrap_or_else(|| Arc::new(ApiKey::new(&hash, rules))))
		};
		self.keys.store(Arc::new(all.map(key).collect()));
	}

	/// Key that a client sent.
	///
	/// Errors: [`KeyError::Unknown`].
	pub fn get(&self, text: &str) -> Result<Arc<ApiKey>, KeyError> {
		let hash = hash_of(text).ok_or(KeyError::Unknown)?;
		self.keys.load().get(&hash).cloned().ok_or(KeyError::Unknown)
	}

	/// True as long as a key is neither removed nor replaced by one with other rules.
	pub fn is_current(&self, key: &ApiKey) -> bool {
		self.keys.load().get(&key.hash).is_some_and(|current| std::ptr::eq(&**current, key))
	}

	/// Make a key. Writes to the disk: not to be called on a worker.
	///
	/// - `now`: seconds since 1970. Expired keys make room, and so does the first to expire of an
	///   account that has four.
	///
	/// Errors: [`KeyStoreError::Full`], [`NoRandom`](KeyStoreError::NoRandom),
	/// [`Io`](KeyStoreError::Io). Nothing changes after an error.
	pub fn issue(&self, rules: KeyRules, now: u64) -> Result<Secret, KeyStoreError> {
		let secret = Secret::generate().ok_or(KeyStoreError::NoRandom)?;
		let hash = secret.hash();
		let mut issued = self.issued.lock();
		let mut next = issued.clone();
		next.retain(|_, rules| rules.not_after.is_none_or(|end| end >= now));
		if rules.account.is_some() {
			let own = next.iter().filter(|(_, other)| other.account == rules.account);
			let own: Vec<_> = own.map(|(hash, other)| (other.not_after, *hash)).collect();
			if own.len() >= MAX_OF_ACCOUNT
				&& let Some((_, first)) = own.into_iter().min()
			{
				next.remove(&first);
			}
		}
		if next.len() >= self.max_issued {
			return Err(KeyStoreError::Full);
		}
		next.insert(hash, rules);
		self.replace(&mut issued, next)?;
		Ok(secret)
	}

	fn replace(
		&self,
		issued: &mut HashMap<[u8; 32], KeyRules>,
		next: HashMap<[u8; 32], KeyRules>,
	) -> Result<(), KeyStoreError> {
		if let Some(path) = &self.path {
			write(path, &next)?;
		}
		let mut keys = HashMap::clone(&self.keys.load());
		keys.retain(|hash, _| !issued.contains_key(hash) || next.contains_key(hash));
		for (hash, rules) in &next {
			// A key that stays keeps its use.
			keys.entry(*hash).or_insert_with(|| Arc::new(ApiKey::new(hash, rules.clone())));
		}
		self.keys.store(Arc::new(keys));
		*issued = next;
		Ok(())
	}
}

fn read(path: &Path) -> Result<HashMap<[u8; 32], KeyRules>, KeyStoreError> {
	let damaged = |error: &dyn ToString| KeyStoreError::Damaged(path.into(), error.to_string());
	let bytes = match files::read_if_there(path, MAX_FILE) {
		Ok(Some(bytes)) => bytes,
		Ok(None) => return Ok(HashMap::default()),
		Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Err(damaged(&error)),
		Err(error) => return Err(KeyStoreError::Io(path.into(), error)),
	};
	let file: File = serde_json::from_slice(&bytes).map_err(|error| damaged(&error))?;
	if file.version != VERSION {
		return Err(damaged(&format!("version {}", file.version)));
	}
	let entry = |entry: Entry| {
		let hash = unhex(&entry.hash).and_then(|bytes| bytes.try_into().ok());
		Ok((hash.ok_or_else(|| damaged(&"hash"))?, entry.rules))
	};
	file.keys.into_iter().map(entry).collect()
}

fn write(path: &Path, keys: &HashMap<[u8; 32], KeyRules>) -> Result<(), KeyStoreError> {
	let entry = |(hash, rules): (&[u8; 32], &KeyRules)| Entry {
		hash: hex::encode(hash),
		rules: rules.clone(),
	};
	let file = File { version: VERSION, keys: keys.iter().map(entry).collect() };
	let written = serde_json::to_vec_pretty(&file)
		.map_err(io::Error::from)
		.and_then(|bytes| files::replace(path, &bytes));
	written.map_err(|error| KeyStoreError::Io(path.into(), error))
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::fs;

	fn named(name: &str) -> KeyRules {
		KeyRules { name: name.into(), ..KeyRules::default() }
	}

	#[test]
	fn issued_keys_survive_a_restart_and_their_secrets_are_not_on_disk() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("keys.json");
		let configured = Secret::generate().unwrap();
		let open = || {
			let fixed = vec![(configured.hash(), named("configured"))];
			KeyStore::open(fixed, Some(path.clone()), 10).unwrap()
		};
		let store = open();
		let secret = store.issue(named("issued"), 0).unwrap();
		assert_eq!(store.get(secret.expose()).unwrap().rules.name, "issued");
		let text = fs::read_to_string(&path).unwrap();
		assert!(!text.contains(&secret.expose()[10..]) && text.contains("issued"));
		assert!(!text.contains("configured"));

		let store = open();
		assert_eq!(store.get(secret.expose()).unwrap().rules.name, "issued");
		assert_eq!(store.get(configured.expose()).unwrap().rules.name, "configured");
	}

	#[test]
	fn other_texts_are_unknown() {
		let store = KeyStore::open(vec![], None, 10).unwrap();
		for text in ["", "srk1_x", &"x".repeat(1_000_000)] {
			assert_eq!(store.get(text).unwrap_err(), KeyError::Unknown);
		}
	}

	#[test]
	fn the_number_is_bounded_and_expired_keys_make_room() {
		let store = KeyStore::open(vec![], None, 2).unwrap();
		let until = |end| KeyRules { not_after: Some(end), ..named("a") };
		let first = store.issue(until(100), 0).unwrap();
		store.issue(until(200), 0).unwrap();
		assert!(matches!(store.issue(named("b"), 100), Err(KeyStoreError::Full)));
		store.issue(named("b"), 101).unwrap();
		assert_eq!(store.keys.load().len(), 2);
		assert!(store.get(first.expose()).is_err());
	}

	#[test]
	fn an_account_does_not_multiply_its_limit_by_logins() {
		let store = KeyStore::open(vec![], None, 100).unwrap();
		let rules = |account: u8, end| KeyRules {
			account: Some([account; 32].into()),
			not_after: Some(end),
			..named("a")
		};
		let keys: Vec<_> = (0..6).map(|n| store.issue(rules(1, 100 + n), 0).unwrap()).collect();
		let alive: Vec<_> = keys.iter().map(|key| store.get(key.expose()).is_ok()).collect();
		assert_eq!(alive, [false, false, true, true, true, true]);
		store.issue(rules(2, 100), 0).unwrap();
		assert_eq!(store.keys.load().len(), 5);
	}

	#[test]
	fn a_key_that_stays_keeps_its_use() {
		let store = KeyStore::open(vec![], None, 10).unwrap();
		let rules = KeyRules { requests_per_second: Some(1), burst: Some(1), ..named("a") };
		let secret = store.issue(rules, 0).unwrap();
		store.get(secret.expose()).unwrap().admit(1, 0).unwrap();
		store.issue(named("b"), 0).unwrap();
		assert!(store.get(secret.expose()).unwrap().admit(1, 0).is_err());
	}

	#[test]
	fn a_damaged_file_is_named_and_not_overwritten() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("keys.json");
		for text in [
			"",
			"{",
			"{\"version\":2,\"keys\":[]}",
			"{\"version\":1,\"keys\":[{\"hash\":\"00\",\"rules\":{}}]}",
		] {
			fs::write(&path, text).unwrap();
			let refused = KeyStore::open(vec![], Some(path.clone()), 10).unwrap_err();
			assert!(refused.to_string().contains("keys.json is damaged"), "{refused}");
			assert_eq!(fs::read_to_string(&path).unwrap(), text);
		}
	}

	#[test]
	fn a_key_that_cannot_be_written_is_not_issued() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("missing").join("keys.json");
		let store = KeyStore::open(vec![], Some(path), 10).unwrap();
		assert!(matches!(store.issue(named("a"), 0), Err(KeyStoreError::Io(..))));
		assert!(store.keys.load().is_empty());
	}
}

// SPDX-License-Identifier: Apache-2.0

use super::*;
use proptest::{collection, prelude::*};

/// Manifests within the bounds, with texts that need quoting.
pub(crate) fn manifests() -> impl Strategy<Value = Manifest> {
	let text = || "[ -~äß\n\t€$'\"\\\\]{0,12}".prop_map(SecretText::new);
	let file = ("/[a-d]", "[ -~ä\n\t$]{0,30}")
		.prop_map(|(path, content)| (path, SecretBytes::new(content.into_bytes())));
	let login = ("[a-z]{1,8}", text()).prop_map(|(user, password)| Login { user, password });
	(
		collection::vec(text(), 0..3),
		collection::vec(text(), 0..3),
		collection::btree_map("[A-Z_][A-Z0-9_]{0,6}", text(), 0..4),
		collection::vec(file, 0..3),
		proptest::option::of(login),
	)
		.prop_map(|(entrypoint, command, environment, files, login)| Manifest {
			entrypoint,
			command,
			environment,
			files: files.into_iter().collect(),
			login,
		})
}

pub(crate) fn example() -> Manifest {
	Manifest {
		entrypoint: vec![SecretText::new("/entry")],
		command: vec![SecretText::new("--token"), SecretText::new("hunter2")],
		environment: [("KEY".to_owned(), SecretText::new("hunter2"))].into(),
		files: [("/run/secrets/key".to_owned(), SecretBytes::new(*b"hunter2"))].into(),
		login: Some(Login { user: "hunter2".into(), password: SecretText::new("hunter2") }),
	}
}

#[test]
fn the_hash_is_of_domain_salt_and_bytes() {
	let manifest = Manifest { command: vec![SecretText::new("a")], ..Default::default() };
	let bytes = manifest.to_bytes();
	assert_eq!(*bytes, [1, 0, 4, 4, b'a', 0, 0, 0]);
	let salt = Salt::from_bytes([7; 32]);
	let expected = [b"surety/manifest/1".as_slice(), &[7; 32], &bytes].concat();
	assert_eq!(manifest.hash(&salt), blake2_256(&expected));
	assert_ne!(manifest.hash(&salt), manifest.hash(&Salt::from_bytes([8; 32])));
	assert_ne!(manifest.hash(&salt), Manifest::default().hash(&salt));
}

#[test]
fn no_secret_is_shown() {
	let manifest = example();
	let salt = Salt::from_bytes([104; 32]);
	let shown = format!("{manifest:?} {manifest:#?} {salt:?} {:?}", manifest.login);
	assert!(!shown.contains("hunter2") && !shown.contains("104"), "{shown}");
	let parts = format!("{:?} {:?}", manifest.command, manifest.files.values());
	assert!(!parts.contains("hunter2"), "{parts}");
}

#[test]
fn another_order_of_a_map_is_not_canonical() {
	let pair = |a: &str, b: &str| {
		let entries = vec![(a.to_owned(), "x".to_owned()), (b.to_owned(), "x".to_owned())];
		let nothing = Vec::<String>::new();
		(1u8, &nothing, &nothing, entries, &nothing, Option::<(String, String)>::None).encode()
	};
	assert!(Manifest::from_bytes(&pair("A", "B")).is_ok());
	assert_eq!(Manifest::from_bytes(&pair("B", "A")), Err(ManifestFault::Malformed));
	assert_eq!(Manifest::from_bytes(&pair("A", "A")), Err(ManifestFault::Malformed));
}

#[test]
fn bounds_are_checked() {
	let check = |change: fn(&mut Manifest)| {
		let mut manifest = example();
		change(&mut manifest);
		manifest.check()
	};
	assert_eq!(check(|_| ()), Ok(()));
	assert_eq!(check(|m| m.command = vec![SecretText::new("a\0")]), Err(ManifestFault::Text));
	let long = |m: &mut Manifest| m.command = vec![SecretText::new("a".repeat(MAX_TEXT + 1))];
	assert_eq!(check(long), Err(ManifestFault::Text));
	let many = |m: &mut Manifest| m.command = vec![SecretText::new("a"); MAX_ARGUMENTS];
	assert_eq!(check(many), Err(ManifestFault::TooLarge));
	let large = |m: &mut Manifest| {
		m.files.insert("/a".into(), SecretBytes::new(vec![0; MAX_MANIFEST]));
	};
	assert_eq!(check(large), Err(ManifestFault::TooLarge));
	let name = |m: &mut Manifest| {
		m.environment.insert("1A".into(), SecretText::default());
	};
	assert_eq!(check(name), Err(ManifestFault::Name));
	let inside = |m: &mut Manifest| {
		m.files.insert("/run".into(), SecretBytes::default());
	};
	assert_eq!(check(inside), Err(ManifestFault::Path));
	for path in ["", "a", "/", "//a", "/a/", "/a/../b", "/a/./b", "/proc/1", "/dev", "/sys/a"] {
		assert!(!is_path(path), "{path}");
	}
	assert!(is_path("/etc/nginx/conf.d/default.conf") && is_path("/device"));
}

#[test]
fn a_length_that_is_a_lie_is_refused() {
	// Compact lengths of a gigabyte, in each place.
	for at in 0..6 {
		let mut bytes = vec![1u8];
		bytes.extend(vec![0; at]);
		bytes.extend([0x03, 0x00, 0x00, 0x00, 0x40]);
		assert!(Manifest::from_bytes(&bytes).is_err());
	}
}

proptest! {
	#[test]
	fn canonical_bytes_are_read_back(manifest in manifests()) {
		let bytes = manifest.to_bytes();
		prop_assert_eq!(manifest.check(), Ok(()));
		prop_assert_eq!(Manifest::from_bytes(&bytes), Ok(manifest));
	}

	#[test]
	fn bytes_have_one_meaning(bytes in collection::vec(any::<u8>(), 0..200)) {
		let versioned = [&[1], bytes.as_slice()].concat();
		if let Ok(manifest) = Manifest::from_bytes(&versioned) {
			prop_assert_eq!(&*manifest.to_bytes(), &versioned);
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

use super::*;
use proptest::prelude::*;
use surety_primitives::{Port, PortProtocol};

const GOOD: &str = "\
version: '3.9'
services:
  web:
    image: nginx:1.27
    command: nginx -g 'daemon off;'
    environment:
      TOKEN: hunter2
    ports:
      - \"80\"
    deploy:
      resources:
        limits:
          cpus: '1.5'
          memory: 512M
x-surety:
  max_price: 0.02 SURE
  duration: 1h30m
";

fn read(text: &str) -> Result<Compose, ComposeError> {
	parse(text.as_bytes(), &NoFiles)
}

/// Fault of the good file with a part replaced.
fn fault(part: &str, by: &str) -> ComposeError {
	assert!(GOOD.contains(part), "{part}");
	read(&GOOD.replacen(part, by, 1)).expect_err(by)
}

fn place(error: &ComposeError) -> (FaultKind, &str, usize, usize) {
	(error.kind, &error.path, error.at.line, error.at.column)
}

#[test]
fn public_and_private_parts_are_told_apart() {
	let compose = read(GOOD).unwrap();
	assert_eq!(compose.image.name, "docker.io/library/nginx:1.27");
	assert_eq!((compose.resources.cpu_milli, compose.resources.memory_mib), (1_500, 512));
	assert_eq!(compose.ports[0], Port { container: 80, protocol: PortProtocol::Tcp });
	assert_eq!((compose.max_price, compose.duration), (20_000_000_000, Span::Millis(5_400_000)));
	assert_eq!((compose.quantity, compose.auto_match), (1, true));
	let words: Vec<_> = compose.manifest.command.iter().map(|word| word.expose()).collect();
	assert_eq!(words, ["nginx", "-g", "daemon off;"]);
	assert_eq!(compose.manifest.environment["TOKEN"].expose(), "hunter2");
	assert!(!format!("{compose:?}").contains("hunter2"));
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_a_suggestion() {
	let error = fault("    command:", "    comand:");
	assert_eq!(place(&error), (FaultKind::UnknownKey, "services.web.comand", 5, 5));
	assert_eq!(error.instead, "did you mean `command`?");
	let error = fault("          memory:", "          memry:");
	let path = "services.web.deploy.resources.limits.memry";
	assert_eq!(place(&error), (FaultKind::UnknownKey, path, 14, 11));
	let error = fault("  max_price: 0.02 SURE", "  max_prise: 0.02 SURE");
	assert_eq!(error.path, "x-surety.max_prise");
	assert_eq!(
		error.to_string(),
		"line 16, column 3: x-surety.max_prise: \"max_prise\" is not a key that is known here; \
		 did you mean `max_price`?"
	);
}

#[test]
fn keys_that_a_lease_does_not_have_are_refused_with_advice() {
	for (key, advice) in [
		("build: .", "push the image"),
		("volumes: [\"/data\"]", "x-surety.storage"),
		("restart: always", "leave it out"),
		("privileged: true", "leave it out"),
		("mem_limit: 1G", "deploy.resources.limits.memory"),
		("gpus: all", "capability `gpu`"),
		("user: root", "set it in the image"),
		("x-surety: {}", "top level"),
		("x-other: 1", "only `x-surety`"),
		("<<: {}", "write the values out"),
	] {
		let error = fault("    command: nginx -g 'daemon off;'", &format!("    {key}"));
		assert_eq!((error.kind, error.at.line), (FaultKind::Unsupported, 5), "{key}");
		assert!(error.instead.contains(advice), "{key}: {}", error.instead);
	}
	let error = fault("version: '3.9'", "volumes: {}");
	assert_eq!(place(&error), (FaultKind::Unsupported, "volumes", 1, 1));
	let error = fault("    deploy:\n", "    deploy:\n      replicas: 2\n");
	assert!(error.instead.contains("x-surety.quantity"));
}

#[test]
fn values_are_read_strictly() {
	for (part, by, path) in [
		("'1.5'", "1.5555", "services.web.deploy.resources.limits.cpus"),
		("512M", "512", "services.web.deploy.resources.limits.memory"),
		("512M", "", "services.web.deploy.resources.limits.memory"),
		("0.02 SURE", "0.02", "x-surety.max_price"),
		("0.02 SURE", "0 SURE", "x-surety.max_price"),
		("0.02 SURE", "[1]", "x-surety.max_price"),
		("1h30m", "90", "x-surety.duration"),
		("1h30m", "1h30m\n  quantity: 9", "x-surety.quantity"),
		("1h30m", "1h30m\n  min_trust: 0", "x-surety.min_trust"),
		("1h30m", "1h30m\n  failover_price: 1 SURE", "x-surety.failover_price"),
		("1h30m", "1h30m\n  gpu_class: h100", "x-surety.gpu_class"),
		("1h30m", "1h30m\n  regions: [DE, XX]", "x-surety.regions[1]"),
		("1h30m", "1h30m\n  regions: [NO, NO]", "x-surety.regions[1]"),
		("1h30m", "1h30m\n  match: first", "x-surety.match"),
		("\"80\"", "\"8080:80\"", "services.web.ports[0]"),
		("\"80\"", "\"80-90\"", "services.web.ports[0]"),
		("\"80\"", "80/sctp", "services.web.ports[0]"),
		("\"80\"", "{target: 0}", "services.web.ports[0].target"),
		("\"80\"", "80/tcp\n      - 80", "services.web.ports[1]"),
		("nginx:1.27", "nginx", "services.web.image"),
		("hunter2", "$HOME", "services.web.environment.TOKEN"),
		("hunter2", "", "services.web.environment.TOKEN"),
		("TOKEN", "1TOKEN", "services.web.environment.1TOKEN"),
	] {
		let error = fault(part, by);
		assert_eq!(error.path, path, "{error}");
	}
	assert!(fault("\"80\"", "\"8080:80\"").problem.contains("port of the container only"));
}

#[test]
fn missing_parts_are_named_with_an_example() {
	for (part, path, example) in [
		("    image: nginx:1.27\n", "services.web", "image: docker.io/library/nginx:1.27"),
		("  max_price: 0.02 SURE\n", "x-surety", "max_price: 0.02 SURE"),
		("  duration: 1h30m\n", "x-surety", "duration: 24h"),
	] {
		let error = fault(part, "");
		assert_eq!((error.kind, error.path.as_str()), (FaultKind::Missing, path));
		assert!(error.instead.contains(example), "{error}");
	}
	let limits = "          cpus: '1.5'\n          memory: 512M\n";
	assert_eq!(fault(limits, "          {}\n").kind, FaultKind::Missing);
	assert_eq!(read("services: {}\nx-surety: {}\n").unwrap_err().kind, FaultKind::Missing);
	let two = fault("x-surety:", "  other:\n    image: a:1\nx-surety:");
	assert_eq!(place(&two), (FaultKind::Unsupported, "services.other", 15, 3));
}

#[test]
fn a_fault_of_the_private_part_shows_no_value() {
	for (part, by) in [
		("TOKEN: hunter2", "1A: hunter2"),
		("TOKEN: hunter2", "TOKEN: hunter2$"),
		("      TOKEN: hunter2", "      - hunter2"),
		("      TOKEN: hunter2", "      - A=1\n      - A=hunter2"),
		("nginx -g 'daemon off;'", "a 'hunter2"),
		("nginx -g 'daemon off;'", "hunter2 && x"),
		("nginx -g 'daemon off;'", "{hunter2: 1}"),
		("nginx -g 'daemon off;'", "\"hunter2\\0\""),
		("1h30m", "1h30m\n  registry: {user: a, password: hunter2, password_file: b}"),
		("1h30m", "1h30m\n  registry: {user: 'a:b', password: hunter2}"),
	] {
		let error = fault(part, by).to_string();
		assert!(!error.contains("hunter2"), "{error}");
	}
}

#[test]
fn files_are_mounted_from_configs_secrets_and_env_files() {
	let root = tempfile::tempdir().unwrap();
	std::fs::write(root.path().join("key"), b"\xff\0secret").unwrap();
	std::fs::write(root.path().join("a.env"), "A=1\nB=2\n").unwrap();
	std::fs::write(root.path().join("token"), "t0ken\n").unwrap();
	let text = GOOD
		.replace(
			"      TOKEN: hunter2\n",
			"      B: 3\n    env_file: [a.env]\n    secrets: [key]\n",
		)
		.replace(
			"    ports:",
			"    configs:\n      - {source: page, target: /www/index.html}\n    ports:",
		)
		.replace(
			"x-surety:",
			"secrets: {key: {file: ./key}}\nconfigs: {page: {content: 'a$$b'}}\nx-surety:\n  \
			 registry: {user: me, password_file: token}",
		);
	let manifest = parse(text.as_bytes(), &Directory::new(root.path())).unwrap().manifest;
	let environment: Vec<_> =
		manifest.environment.iter().map(|(k, v)| (&**k, v.expose())).collect();
	assert_eq!(environment, [("A", "1"), ("B", "3")]);
	assert_eq!(manifest.files["/run/secrets/key"].expose(), b"\xff\0secret");
	assert_eq!(manifest.files["/www/index.html"].expose(), b"a$b");
	let login = manifest.login.as_ref().unwrap();
	assert_eq!((login.user.as_str(), login.password.expose()), ("me", "t0ken"));
	let error = parse(text.as_bytes(), &NoFiles).unwrap_err();
	assert_eq!(error.kind, FaultKind::File);
	for (part, by, path) in [
		("./key", "../key", "secrets.key.file"),
		("secrets: [key]", "secrets: [other]", "services.web.secrets[0]"),
		("/www/index.html", "/proc/1", "services.web.configs[0]"),
		("/www/index.html", "/run/secrets/key", "services.web.secrets[0]"),
		("{file: ./key}", "{external: true}", "secrets.key.external"),
		("{file: ./key}", "{}", "secrets.key"),
		("{page: {", "{more: {content: a}, page: {", "configs.more"),
	] {
		let error = parse(text.replace(part, by).as_bytes(), &Directory::new(root.path()));
		assert_eq!(error.unwrap_err().path, path);
	}
}

#[test]
fn gpus_are_ordered_by_number_and_class() {
	let devices = "reservations: {devices: [{capabilities: [gpu], count: 2}]}";
	let text = GOOD
		.replace("        limits:", &format!("        {devices}\n        limits:"))
		.replace("x-surety:", "x-surety:\n  gpu_class: h100\n  storage: 20G\n  bandwidth: 1Gbit/s");
	let resources = read(&text).unwrap().resources;
	assert_eq!((resources.gpus, resources.gpu_class.as_slice()), (2, b"h100".as_slice()));
	assert_eq!((resources.storage_gib, resources.bandwidth_mbit), (20, 1_000));
	for (part, by) in [
		("count: 2", "count: all"),
		("count: 2", "device_ids: ['0']"),
		("[gpu]", "[tpu]"),
		("count: 2}", "count: 2}, {capabilities: [gpu], count: 1}"),
		("h100", "H100"),
	] {
		assert!(read(&text.replace(part, by)).is_err(), "{by}");
	}
}

proptest! {
	#[test]
	fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
		prop_assert!(parse(&bytes, &NoFiles).is_err());
	}

	/// Files that are nearly good reach the readers of values.
	#[test]
	fn a_damaged_file_never_panics(at in 0usize..400, cut in 0usize..12, with in "\\PC{0,8}|[\\[\\]{}:#&*!|>'\"%-]{1,4}") {
		let at = at.min(GOOD.len());
		let end = at.saturating_add(cut).min(GOOD.len());
		let text = format!("{}{with}{}", &GOOD[..at], &GOOD[end..]);
		let _ = read(&text);
	}
}

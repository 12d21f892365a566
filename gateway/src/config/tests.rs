// SPDX-License-Identifier: Apache-2.0

use super::*;
use serde::Serialize;
use serde_json::Value;

/// Names of all fields of a value, those inside of it included.
fn names(value: &Value, into: &mut Vec<String>) {
	match value {
		Value::Object(fields) => {
			for (name, value) in fields {
				into.push(name.clone());
				names(value, into);
			}
		},
		Value::Array(items) => items.iter().for_each(|item| names(item, into)),
		_ => (),
	}
}

/// The example without the marks of its optional lines.
fn uncommented(example: &str) -> String {
	let is_setting = |line: &str| {
		let name = line.split('=').next().unwrap_or_default().trim();
		let is_name =
			!name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || "-2".contains(c));
		(line.contains('=') && is_name) || line.starts_with("[[")
	};
	let lines = example.lines().map(|line| match line.strip_prefix("# ") {
		Some(setting) if is_setting(setting) => setting,
		_ => line,
	});
	// A key is given once.
	lines.filter(|line| !line.contains("env = ")).collect::<Vec<_>>().join("\n")
}

fn assert_documented<C: RoleConfig + Serialize + PartialEq + std::fmt::Debug>(example: &str) {
	assert_eq!(parse::<C>(example).unwrap(), C::default(), "the example has the defaults");
	let full: C = parse(&uncommented(example)).unwrap();
	let mut fields = Vec::new();
	names(&serde_json::to_value(&full).unwrap(), &mut fields);
	for field in fields {
		let shown =
			example.contains(&format!("{field} = ")) || example.contains(&format!("{field}]"));
		assert!(shown, "{field} is not in the example");
	}
	full.validate().unwrap();
}

#[test]
fn examples_have_every_field_and_the_defaults() {
	assert_documented::<GatewayConfig>(GATEWAY_EXAMPLE);
	assert_documented::<EdgeConfig>(EDGE_EXAMPLE);
}

#[test]
fn unknown_fields_are_errors_with_a_line() {
	let error = parse::<GatewayConfig>("\n[front]\nlisten-on = 1\n").unwrap_err();
	assert!(error.contains("line 3") && error.contains("listen-on"), "{error}");
	for (section, key) in
		[("operator", "seed"), ("upstream", "max-answer-bytes"), ("websocket", "silent-blocks")]
	{
		let error = parse::<EdgeConfig>(&format!("[{section}]\n{key} = 5000")).unwrap_err();
		assert!(error.contains("line 2") && error.contains(key), "{error}");
	}
}

#[test]
fn keys_come_from_one_place_and_are_never_shown() {
	let config: GatewayConfig = parse("[tenant]\nkey = \"//Secret\"").unwrap();
	assert!(!format!("{config:?}").contains("//Secret"));
	assert_eq!(config.tenant.key.read("tenant.key").unwrap().expose(), "//Secret");
	let dir = tempfile::tempdir().unwrap();
	let file = dir.path().join("key");
	std::fs::write(&file, "//File\nrest").unwrap();
	let text = format!("[tenant]\nkey = {{ file = {file:?} }}");
	let config: GatewayConfig = parse(&text).unwrap();
	assert_eq!(config.tenant.key.read("tenant.key").unwrap().expose(), "//File");
	std::fs::write(&file, "\n").unwrap();
	let error = config.tenant.key.read("tenant.key").unwrap_err().to_string();
	assert!(error.contains("empty"), "{error}");
	let none = KeySource::default().read("tenant.key").unwrap_err().to_string();
	assert!(none.contains("tenant.key"), "{none}");
	let env = KeySource { env: Some("SURETY_NO_SUCH".into()), ..Default::default() };
	assert!(env.read("tenant.key").unwrap_err().to_string().contains("SURETY_NO_SUCH"));
}

#[test]
fn a_faulty_file_does_not_show_its_keys() {
	for text in [
		"[tenant]\nkey = \"//Secret\"\nkey = \"//Secret\"",
		"[tenant]\nkey = { file = \"x\", uri = \"//Secret\" }",
		"[chain]\nnodes = \"//Secret\"",
		"[budget]\ndry-run = \"//Sec\\\"ret\"\n[chain]\nnodes = \"//Secret\"",
		"[[operator]]\nname = \"a\"\nurl = \"http://a\"\nheaders = [{ name = 3, value = \"//Secret\" }]",
	] {
		let error = parse::<GatewayConfig>(text).unwrap_err();
		assert!(!error.contains("//Sec") && !error.contains("ret\""), "{error}");
	}
}

#[test]
fn amounts_are_exact() {
	for (text, planck) in [
		("10", 10 * UNIT),
		("0.25", UNIT / 4),
		("0.000000000001", 1),
		("0", 0),
		("340282366920938463463374607.431768211455", u128::MAX),
	] {
		let sure: Sure = text.parse().unwrap();
		assert_eq!(sure.0, planck);
		assert_eq!(sure.to_string(), text);
	}
	for text in
		["", ".5", "-1", "1e3", "1.0000000000001", "340282366920938463463374607.431768211456"]
	{
		assert!(text.parse::<Sure>().is_err(), "{text}");
	}
	let budget: BudgetSection = parse("total = 10\nper-window = \"0.5\"").unwrap();
	assert_eq!((budget.total.0, budget.per_window), (10 * UNIT, Some(Sure(UNIT / 2))));
	assert!(parse::<BudgetSection>("total = 0.1").is_err(), "a float is not exact");
}

#[test]
fn urls_have_a_host_and_no_credentials() {
	let url: Url = "wss://node.example/x?y=1".parse().unwrap();
	assert_eq!((url.host(), url.port(), url.path()), ("node.example", 443, "/x?y=1"));
	let url: Url = "http://[::1]:9944".parse().unwrap();
	assert_eq!((url.host(), url.port(), url.path()), ("::1", 9944, "/"));
	for text in ["", "node:9944", "ftp://a", "http://", "http://user:pass@a", "http:///x"] {
		assert!(text.parse::<Url>().is_err(), "{text}");
	}
}

#[test]
fn combinations_are_checked() {
	let check = |text: &str| parse::<GatewayConfig>(text).unwrap().validate();
	let chain = "[chain]\nnodes = [\"http://n\"]\n[[network]]\nname = \"ethereum\"\n";
	check(&format!("{chain}[tenant]\nkey = \"//Alice\"")).unwrap();
	for (text, field) in [
		("", "chain.nodes"),
		(chain, "tenant"),
		(
			&format!(
				"{chain}[budget]\ntotal = 1\n[tenant]\naccount = \"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY\""
			),
			"tenant.key",
		),
		("[chain]\nnodes = [\"http://n\"]\n[tenant]\nkey = \"//A\"", "network"),
		("[[operator]]\nname = \"a\"\nurl = \"http://a\"\nnetwork = \"b\"", "operator.network"),
		("[[operator]]\nname = \"7\"\nurl = \"http://a\"", "operator.name"),
		("[[operator]]\nname = \"a/b\"\nurl = \"http://a\"", "operator.name"),
		("[[network]]\nname = \"k\"", "network.name"),
		("[[network]]\nname = \"a/b\"", "network.name"),
		("[[network]]\nname = \"a\"\n[[network]]\nname = \"a\"", "network.name"),
		("[front]\ntls-key = \"x\"", "front.tls-key"),
		("[usage]\nlane = 8", "usage.lane"),
	] {
		let error = check(text).unwrap_err().to_string();
		assert!(error.starts_with(&format!("{field}: ")), "{text}: {error}");
	}
	let check = |text: &str| parse::<EdgeConfig>(text).unwrap().validate();
	check("backend = \"http://b\"\n[[service]]\nid = 1\nbackend = \"http://c\"").unwrap();
	assert!(check("").unwrap_err().to_string().starts_with("backend: "));
}

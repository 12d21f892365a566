// SPDX-License-Identifier: Apache-2.0

use super::*;
use surety_gateway::config::{Url, parse};

fn usable() -> ProviderConfig {
	let nodes = vec!["ws://127.0.0.1:9944".parse::<Url>().unwrap()];
	ProviderConfig {
		chain: ChainSection { nodes, ..ChainSection::default() },
		operator: OperatorSection { account: None, key: KeySource::from_uri("//Alice") },
		..ProviderConfig::default()
	}
}

#[test]
fn the_commented_file_has_the_defaults() {
	let read: ProviderConfig = parse(EXAMPLE).unwrap();
	assert_eq!(read, ProviderConfig::default());
}

#[test]
fn every_optional_line_of_the_commented_file_is_readable() {
	let lines = EXAMPLE.lines().map(|line| {
		let optional = line.strip_prefix("# ").filter(|rest| {
			let name = rest.split(" = ").next().unwrap_or_default();
			let is_table = rest.starts_with('[') && rest.ends_with(']');
			is_table
				|| rest.contains(" = ") && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
		});
		optional.unwrap_or(line)
	});
	let text: String = lines.map(|line| format!("{line}\n")).collect();
	let read: ProviderConfig = parse(&text).unwrap();
	assert!(read.operator.account.is_some() && read.engine.runtime.is_some());
	assert_eq!(read.engine.mirrors.len(), 1);
	assert_eq!(read.inference.unwrap().services[0].id, 5);
}

#[test]
fn faults_name_the_field() {
	usable().validate().unwrap();
	let fault = |change: fn(&mut ProviderConfig)| {
		let mut config = usable();
		change(&mut config);
		config.validate().unwrap_err().to_string()
	};
	assert!(fault(|c| c.chain.nodes.clear()).starts_with("chain.nodes"));
	assert!(fault(|c| c.operator.key = KeySource::default()).starts_with("operator.key"));
	assert!(fault(|c| c.lease.keep_orphans_hours = 1).starts_with("lease.keep-orphans-hours"));
	assert!(fault(|c| c.engine.observe_ms = 20_000).starts_with("lease.observation-secs"));
	assert!(fault(|c| c.engine.name = "much-too-long".into()).starts_with("engine: name"));
	assert!(fault(|c| c.capacity.percent = 0).starts_with("capacity.percent"));
	let mut config = usable();
	config.capacity.gpu_class = "H100".into();
	assert!(config.bidder(true).unwrap_err().to_string().starts_with("capacity.gpu-class"));
	assert!(parse::<ProviderConfig>("[bid]\ncpus = 1").unwrap_err().contains("cpus"));
}

#[test]
fn the_key_decides_on_the_account_unless_one_is_named() {
	let (signer, account) = usable().signer().unwrap();
	assert_eq!(*signer.account(), account);
	let mut config = usable();
	let bob = AccountId32::new([9; 32]);
	config.operator.account = Some(bob.clone());
	let (signer, account) = config.signer().unwrap();
	assert_eq!(account, bob);
	assert!(*signer.account() != bob);
	assert!(!format!("{config:?}").contains("Alice"));
}

#[test]
fn the_engine_keeps_its_data_below_those_of_the_agent() {
	let mut config = usable();
	config.data = "here".into();
	config.engine.private_registries.insert("127.0.0.1:5000".into());
	config.lease.default_bandwidth_mbit = 7;
	let settings = config.engine().unwrap();
	assert!(settings.data_dir.is_absolute() && settings.data_dir.ends_with("here/engine"));
	assert!(settings.private_registries.contains("127.0.0.1:5000"));
	assert_eq!(settings.limits.bandwidth_mbps, 7);
}

#[test]
fn the_edge_serves_the_operator_with_the_certificate_of_the_agent() {
	let text = "[inference]\nlisten = \"127.0.0.1:7\"\n[[inference.service]]\nid = 5\n\
		backend = \"http://127.0.0.1:8080\"\nmodels = [\"m\"]\n";
	let mut config = usable();
	config.inference = parse::<ProviderConfig>(text).unwrap().inference;
	config.front.tls_certificate = Some("cert.pem".into());
	config.front.tls_key = Some("key.pem".into());
	config.validate().unwrap();
	let edge = config.inference.as_ref().unwrap().edge(&config).unwrap();
	assert_eq!(edge.operator.account, Some(config.signer().unwrap().1));
	assert_eq!(edge.listen(), ([127, 0, 0, 1], 7).into());
	assert_eq!(edge.front.tls_key, Some("key.pem".into()));
	assert_eq!(edge.services[0].models, ["m"]);
	assert!(!edge.operator.key.is_given(), "the agent's key signs no statements");

	let fault = |from: &str, to: &str| {
		let mut config = usable();
		config.inference = parse::<ProviderConfig>(&text.replace(from, to)).unwrap().inference;
		config.validate().unwrap_err().to_string()
	};
	assert!(fault(":8080", ":8080/v1/").contains("without /v1"));
	let twice = "[\"m\"]\n[[inference.service]]\nid = 5\nbackend = \"http://127.0.0.1:1\"";
	assert!(fault("[\"m\"]", twice).starts_with("inference.service.id"));
	let none: ProviderConfig = parse("[edge]").unwrap();
	let mut config = usable();
	config.inference = none.inference;
	assert!(config.validate().unwrap_err().to_string().starts_with("inference.service"));
}

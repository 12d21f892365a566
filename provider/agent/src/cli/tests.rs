// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::{
	server::{AgentStatus, LeaseStatus},
	store::Entry,
	vpn::{VpnPeer, VpnStatus},
};
use clap::Parser;
use std::os::unix::fs::PermissionsExt;

fn parsed(args: &[&str]) -> Command {
	Cli::try_parse_from([&["surety-provider"], args].concat()).unwrap().command
}

#[test]
fn answers_become_a_configuration_that_runs() {
	let Command::Init(args) = parsed(&[
		"init",
		"--node",
		"ws://127.0.0.1:9944",
		"--key-file",
		"/etc/a \"b\".key",
		"--listen",
		"0.0.0.0:80",
		"--percent",
		"50",
		"--cpu",
		"0.02",
		"--vpn",
		"vpn.example:51820",
		"--yes",
	]) else {
		panic!()
	};
	let directory = tempfile::tempdir().unwrap();
	let path = directory.path().join("provider.toml");
	write_config(&path, &filled(&args).unwrap()).unwrap();
	let mode = std::fs::metadata(&path).unwrap().permissions().mode();
	assert_eq!(mode & 0o777, 0o600);
	let config =
		CommonArgs { config: Some(path.clone()), ..CommonArgs::default() }.config().unwrap();
	assert_eq!(config.listen().port(), 80);
	assert_eq!((config.capacity.percent, config.bid.cpu.to_string()), (50, "0.02".into()));
	assert_eq!(config.operator.key.file.as_ref().unwrap().to_str(), Some("/etc/a \"b\".key"));
	assert!(std::fs::read_to_string(&path).unwrap().contains("# Share of the machine"));
	assert_eq!(config.vpn_exit().unwrap().unwrap().port, 51_820);
	let again = write_config(&path, "").unwrap_err().to_string();
	assert!(again.contains("exists"), "{again}");
}

#[test]
fn flags_are_above_the_file() {
	let Command::Run(args) = parsed(&[
		"run",
		"--node",
		"http://a:1",
		"--node",
		"http://b:1",
		"--key-file",
		"/k",
		"--control",
		"127.0.0.1:1",
		"--no-bids",
	]) else {
		panic!()
	};
	let config = args.config().unwrap();
	assert_eq!((config.chain.nodes.len(), config.control().port()), (2, 1));
	assert!(!config.bid.enabled);
	let missing = CommonArgs::default().config().unwrap_err().to_string();
	assert!(missing.contains("--node"), "{missing}");
}

#[test]
fn a_status_is_a_table_without_control_characters() {
	let lease = LeaseStatus { id: 7, image: "a\x1b[31m".into(), ..LeaseStatus::default() };
	let status = AgentStatus {
		name: "acme".into(),
		leases: vec![lease],
		history: vec![Entry::of_lease(7, 0, "awarded\nhere")],
		advice: vec!["Do it.".into()],
		vpn: Some(VpnStatus {
			peers: vec![VpnPeer { agreement: 99, megabits: 40, up: 12_345, ..VpnPeer::default() }],
			..VpnStatus::default()
		}),
		..AgentStatus::default()
	};
	let text = render(&status);
	for part in ["acme", "a[31m", "awardedhere", "* Do it.", "lease 7", "40 Mbit/s", "12345"] {
		assert!(text.contains(part), "{part} is not in\n{text}");
	}
	assert!(!text.contains('\x1b') && !text.contains("order  bid"), "{text}");
	let other: AgentStatus = serde_json::from_str(r#"{"name":"b","new":1}"#).unwrap();
	assert!(render(&other).contains("b"));
}

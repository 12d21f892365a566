// SPDX-License-Identifier: Apache-2.0

//! An exit in a network namespace, with Debian's `wg-quick` and wireguard-go as clients.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

mod lab;

use lab::{EXIT, PRIVATE, WEB, WEB_V6, at, pair, tenant};
use std::{
	collections::BTreeSet,
	net::{TcpListener, TcpStream},
	time::Duration,
};
use surety_vpn::exit::{Exit, ExitError, Settings};

fn address(text: &str) -> std::net::IpAddr {
	text.parse().unwrap()
}

const LONG: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_reaches_the_internet_under_the_exits_address() {
	let mut lab = lab!();
	let exit = Exit::start(lab.settings()).await.unwrap();
	tenant(&mut lab, &exit, "home", 7, 1).await;
	lab.wait_for_ping("home", WEB, LONG);
	lab.wait_for_ping("home", WEB_V6, LONG);
	lab.serve("web", at(WEB, 80));
	lab.serve("web", at(WEB_V6, 80));
	assert_eq!(lab.call("home", at(WEB, 80)), Some(EXIT.parse().unwrap()));
	assert_eq!(lab.call("home", at(WEB_V6, 80)), Some("2a05:2::2".parse().unwrap()));

	let peers = exit.peers().await;
	assert_eq!((peers.len(), peers[0].agreement), (1, Some(7)));
	assert!(peers[0].up > 200 && peers[0].down > 200);
	exit.check().await.unwrap();
	exit.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_the_public_internet_is_reached() {
	let mut lab = lab!();
	let exit = Exit::start(lab.settings()).await.unwrap();
	tenant(&mut lab, &exit, "home", 7, 1).await;
	tenant(&mut lab, &exit, "roam", 8, 1).await;
	lab.wait_for_ping("home", WEB, LONG);
	lab.wait_for_ping("roam", WEB, LONG);
	lab.serve("web", at(WEB, 80));
	lab.serve("web", at(WEB, 25));
	for address in PRIVATE {
		lab.serve("web", at(address, 80));
		assert!(lab.call("exit", at(address, 80)).is_some(), "the exit itself reaches {address}");
		assert!(lab.call("home", at(address, 80)).is_none(), "{address}");
		assert!(!lab.pings("home", address), "{address}");
	}
	assert!(lab.call("exit", at(WEB, 25)).is_some());
	assert!(lab.call("home", at(WEB, 25)).is_none());
	assert!(lab.call("home", at(WEB, 80)).is_some());

	// The host, under all of its addresses.
	for host in ["0.0.0.0", "::"] {
		lab.serve("exit", at(host, if host == "::" { 8_006 } else { 8_004 }));
	}
	assert!(lab.call("web", at(EXIT, 8_004)).is_some());
	assert!(lab.call("web", at("2a05:2::2", 8_006)).is_some());
	for (host, port) in
		[(EXIT, 8_004), ("10.66.0.1", 8_004), ("2a05:2::2", 8_006), ("fd66:1:2:3::1", 8_006)]
	{
		assert!(lab.call("home", at(host, port)).is_none(), "{host}");
	}

	// The other peer.
	let other = exit.tunnel(8).await.unwrap();
	lab.serve("roam", at("0.0.0.0", 8_004));
	assert!(lab.call("home", at(&other.ipv4.to_string(), 8_004)).is_none());
	assert!(!lab.pings("home", &other.ipv4.to_string()));
	assert!(!lab.pings("home", &other.ipv6.to_string()));
	// Nobody calls a peer: neither the host nor, by a route of its own, the internet.
	lab.sh("inet", "ip route add 10.66.0.0/20 via 5.5.2.2");
	assert!(lab.call("exit", at(&other.ipv4.to_string(), 8_004)).is_none());
	assert!(lab.call("web", at(&other.ipv4.to_string(), 8_004)).is_none());
	// A false sender.
	let interface = lab.interface();
	lab.sh("home", &format!("ip address add 10.66.0.99/32 dev {interface}"));
	assert!(!lab.pings("home", &format!("-I 10.66.0.99 {WEB}")));
	assert!(lab.pings("home", WEB));
	exit.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_was_opened_is_reached() {
	let mut lab = lab!();
	let mut settings = lab.settings();
	settings.egress.open =
		vec![format!("{}/32", PRIVATE[0]).parse().unwrap(), "fd77::9/128".parse().unwrap()];
	let exit = Exit::start(settings).await.unwrap();
	tenant(&mut lab, &exit, "home", 7, 1).await;
	lab.wait_for_ping("home", PRIVATE[0], LONG);
	lab.wait_for_ping("home", "fd77::9", LONG);
	assert!(!lab.pings("home", PRIVATE[1]));
	exit.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_one_peer_are_bounded() {
	let mut lab = lab!();
	let mut settings = lab.settings();
	settings.egress.max_connections = 4;
	let exit = Exit::start(settings).await.unwrap();
	tenant(&mut lab, &exit, "home", 7, 1).await;
	tenant(&mut lab, &exit, "roam", 8, 1).await;
	// The kernel accepts, and nobody closes.
	let _listener = lab.within("web", || TcpListener::bind(at(WEB, 80)).unwrap());
	let wait = Duration::from_secs(2);
	let open = |name| {
		lab.within(name, || {
			let calls = (0..8).map(|_| TcpStream::connect_timeout(&at(WEB, 80), wait));
			calls.filter_map(Result::ok).collect::<Vec<_>>()
		})
	};
	let (home, roam) = (open("home"), open("roam"));
	assert_eq!((home.len(), roam.len()), (4, 4));
	exit.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cap_holds_in_both_directions_and_follows_the_units() {
	let mut lab = lab!();
	let exit = Exit::start(lab.settings()).await.unwrap();
	tenant(&mut lab, &exit, "home", 7, 1).await;
	lab.wait_for_ping("home", WEB, LONG);
	// The burst counts into the first seconds.
	let (up, down) = (lab.iperf("home", "-t 4"), lab.iperf("home", "-t 4 -R"));
	assert!((1_000_000..11_000_000).contains(&up), "{up}");
	assert!((1_000_000..11_000_000).contains(&down), "{down}");
	// UDP does not slow down by itself.
	let flood = lab.iperf("home", "-t 4 -u -b 60M -l 1200");
	assert!((1_000_000..11_000_000).contains(&flood), "{flood}");
	assert!(exit.peers().await[0].dropped > 0);
	let tunnel = exit.tunnel(7).await.unwrap();
	exit.admit(&lab::request(7, tunnel.peer), 4 * lab::UNIT).await.unwrap();
	let more = lab.iperf("home", "-t 4 -u -b 60M -l 1200");
	assert!(more > flood && more < 44_000_000, "{more}");
	exit.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_peer_is_cut_and_others_are_not() {
	let mut lab = lab!();
	let exit = Exit::start(lab.settings()).await.unwrap();
	tenant(&mut lab, &exit, "home", 7, 1).await;
	tenant(&mut lab, &exit, "roam", 8, 1).await;
	lab.wait_for_ping("home", WEB, LONG);
	lab.wait_for_ping("roam", WEB, LONG);
	assert_eq!(exit.agreements().await, BTreeSet::from([7, 8]));
	assert_eq!(exit.revoke(&BTreeSet::from([7, 9])).await.unwrap(), 1);
	assert!(!lab.pings("home", WEB));
	assert!(lab.pings("roam", WEB));
	let last = BTreeSet::from([8]);
	assert_eq!(exit.revoke(&last).await.unwrap(), 1);
	assert_eq!(exit.revoke(&last).await.unwrap(), 0);
	assert!(!lab.pings("roam", WEB));
	assert!(exit.peers().await.is_empty());
	exit.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_takes_the_place_of_the_old_one() {
	let mut lab = lab!();
	let exit = Exit::start(lab.settings()).await.unwrap();
	tenant(&mut lab, &exit, "home", 7, 1).await;
	lab.wait_for_ping("home", WEB, LONG);
	tenant(&mut lab, &exit, "roam", 7, 1).await;
	lab.wait_for_ping("roam", WEB, LONG);
	assert!(!lab.pings("home", WEB));
	assert_eq!(exit.peers().await.len(), 1);
	exit.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_ends_by_time_and_by_bytes() {
	let mut lab = lab!();
	let mut settings = lab.settings();
	settings.trials.time = Duration::from_secs(8);
	let exit = Exit::start(settings).await.unwrap();
	let (secret, key) = pair();
	let trial = exit.admit_trial(key, address("5.5.1.2")).await.unwrap();
	let again = exit.admit_trial(key, address("5.5.1.2")).await.unwrap();
	assert_eq!((again.tunnel, again.until), (trial.tunnel.clone(), trial.until));
	lab.connect("home", &secret, &trial.tunnel);
	lab.wait_for_ping("home", WEB, LONG);
	assert_eq!(exit.peers().await[0].agreement, None);
	let (secret, key) = pair();
	let greedy = exit.admit_trial(key, address("5.5.4.2")).await.unwrap();
	lab.connect("roam", &secret, &greedy.tunnel);
	lab.wait_for_ping("roam", WEB, LONG);
	lab.try_sh("roam", &format!("ping -n -c 20 -i 0.01 -W 1 -s 1200 {WEB} >/dev/null"));
	assert!(!lab.pings("roam", WEB));
	while !exit.peers().await.is_empty() {
		tokio::time::sleep(Duration::from_millis(200)).await;
	}
	assert!(!lab.pings("home", WEB));
	exit.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_that_restarts_keeps_its_peers_and_leaves_nothing_behind() {
	let mut lab = lab!();
	let exit = Exit::start(lab.settings()).await.unwrap();
	let key = exit.key();
	tenant(&mut lab, &exit, "home", 7, 3).await;
	lab.wait_for_ping("home", WEB, LONG);
	let before = exit.peers().await;
	exit.stop().await.unwrap();
	assert_eq!(lab.output("exit", "nft list tables"), "");
	assert!(!lab.output("exit", "ip link").contains("vpn0"));
	assert!(!lab.pings("home", WEB));

	let exit = Exit::start(lab.settings()).await.unwrap();
	assert_eq!(exit.key(), key);
	let after = exit.peers().await;
	assert_eq!((after[0].agreement, after[0].bits), (Some(7), before[0].bits));
	assert!(after[0].up >= before[0].up && before[0].up > 0);
	lab.wait_for_ping("home", WEB, LONG);

	// One that is dropped without being stopped.
	drop(exit);
	let mut left = String::from("?");
	for _ in 0..50 {
		left = lab.output("exit", "nft list tables; ip -o link show vpn0 2>/dev/null");
		if left.is_empty() {
			break;
		}
		tokio::time::sleep(Duration::from_millis(100)).await;
	}
	assert_eq!(left, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_whose_device_is_gone_says_so() {
	let lab = lab!();
	let exit = Exit::start(lab.settings()).await.unwrap();
	exit.check().await.unwrap();
	lab.sh("exit", "ip link del vpn0");
	let mut found = exit.check().await;
	for _ in 0..50 {
		if found.is_err() {
			break;
		}
		tokio::time::sleep(Duration::from_millis(100)).await;
		found = exit.check().await;
	}
	assert!(matches!(found, Err(ExitError::Failed(_))), "{found:?}");
	exit.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_others_remove_come_back() {
	let lab = lab!();
	let exit = Exit::start(lab.settings()).await.unwrap();
	lab.sh("exit", "nft flush ruleset");
	for _ in 0..100 {
		if !lab.output("exit", "nft list tables").is_empty() {
			break;
		}
		tokio::time::sleep(Duration::from_millis(200)).await;
	}
	assert!(lab.output("exit", "nft list ruleset").contains("masquerade"));
	exit.stop().await.unwrap();
	assert_eq!(lab.output("exit", "nft list tables"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_way_is_named() {
	let lab = lab!();
	let exit = Exit::start(lab.settings()).await.unwrap();
	let start = async |settings: Settings| Exit::start(settings).await.err().unwrap();
	assert!(matches!(start(lab.settings()).await, ExitError::Interface(..)));
	// To a doctor the exit that runs is not in its own way.
	assert!(Exit::obstacles(&lab.settings()).is_empty());
	let other = |interface: &str, pool: &str| {
		let mut settings = lab.settings();
		settings.interface = interface.into();
		settings.pool.ipv4 = pool.parse().unwrap();
		settings.pool.ipv6 = "fd67::/64".parse().unwrap();
		settings
	};
	assert!(matches!(start(other("vpn1", "10.66.0.0/20")).await, ExitError::PoolInUse(_)));
	let found = Exit::obstacles(&other("vpn 1", "10.66.0.0/20"));
	assert!(matches!(found[..], [ExitError::Setting(_), ExitError::PoolInUse(_)]), "{found:?}");
	assert!(matches!(start(other("vpn1", "10.67.0.0/20")).await, ExitError::Device(_)));
	assert!(matches!(start(other("vpn 1", "10.67.0.0/20")).await, ExitError::Setting(_)));
	let nowhere = Settings { namespace: Some("nowhere".into()), ..other("vpn1", "10.67.0.0/20") };
	assert!(matches!(start(nowhere).await, ExitError::Namespace(..)));
	// None of them left anything, and the first still runs.
	assert_eq!(lab.output("exit", "nft list tables"), "table inet surety_vpn_vpn0\n");
	exit.check().await.unwrap();
	exit.stop().await.unwrap();
}

/// Run by the next test, without the capability.
#[tokio::test]
#[ignore = "run by another test"]
async fn start_without_permission() {
	let directory = tempfile::tempdir().unwrap();
	let pool = surety_vpn::exit::Pool {
		ipv4: "10.66.0.0/20".parse().unwrap(),
		ipv6: "fd66::/64".parse().unwrap(),
	};
	let endpoint = "5.5.2.2:51820".parse().unwrap();
	let settings = Settings::new("vpn0", directory.path(), 51_820, endpoint, pool);
	assert!(matches!(Exit::start(settings).await, Err(ExitError::NoPermission)));
}

#[test]
fn a_process_without_permission_is_told_what_it_needs() {
	if let Some(reason) = lab::obstacle() {
		eprintln!("{reason}");
		return;
	}
	let status = std::process::Command::new("setpriv")
		.args(["--bounding-set", "-net_admin", "--inh-caps", "-net_admin"])
		.arg(std::env::current_exe().unwrap())
		.args(["--ignored", "--exact", "start_without_permission"])
		.status()
		.unwrap();
	assert!(status.success());
	assert!(ExitError::NoPermission.to_string().contains("CAP_NET_ADMIN"));
}

// SPDX-License-Identifier: Apache-2.0

use super::{tenants::tests::engine::LocalEngine, *};
use crate::{
	private::OperatorKeys,
	reconcile::HealthState,
	store::{BidOutcome, BidState, Record},
	test_kit::{lease, operator, snapshot},
	time::now_ms,
	vpn::{VpnPeer, VpnStatus},
};
use std::{
	io::{Read, Write},
	net::{SocketAddr, TcpStream},
	time::Duration,
};
use surety_engine::{Observed, State};
use surety_gateway::{
	chain::{KeySigner, Nodes},
	config::ChainSection,
};
use surety_primitives::endpoint::control_hash;
use surety_runtime_api::LeasePhase;

struct Kit {
	server: Server,
	pages: Arc<Pages>,
	_directory: tempfile::TempDir,
}

fn start() -> Kit {
	let directory = tempfile::tempdir().unwrap();
	let store = Arc::new(Store::open(directory.path(), "0x01").unwrap().store);
	let nodes = Arc::new(Nodes::new(&ChainSection::default()).unwrap());
	let follower = Follower::new(nodes, operator(), Box::new(Default::default));
	let signer = KeySigner::from_uri("//Proxy").unwrap();
	let keys = OperatorKeys::open(directory.path(), signer, operator(), [7; 32]).unwrap();
	let tenants = Tenants::new(
		Arc::new(keys),
		Arc::new(LocalEngine::default()),
		follower.clone(),
		store.clone(),
		Arc::default(),
	);
	let pages = Arc::new(Pages {
		edge: None,
		follower,
		store,
		observer: Arc::default(),
		rules: Box::new(Rules::default),
		machine: Box::new(|| None),
		vpn: None,
		key: "key".into(),
		started: Instant::now(),
	});
	let settings = || FrontSettings { workers: 1, ..FrontSettings::default() };
	let server = Server::start(pages.clone(), tenants, settings(), settings()).unwrap();
	Kit { server, pages, _directory: directory }
}

fn ask(address: SocketAddr, method: &str, path: &str) -> (u16, String) {
	let mut stream = TcpStream::connect(address).unwrap();
	stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
	write!(stream, "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
	let mut answer = String::new();
	stream.read_to_string(&mut answer).unwrap();
	let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
	let body = answer.split_once("\r\n\r\n").unwrap().1.to_owned();
	(status, body)
}

impl Kit {
	fn public(&self, path: &str) -> (u16, String) {
		ask(self.server.public.local_addr(), "GET", path)
	}

	fn control(&self, path: &str) -> (u16, String) {
		ask(self.server.control.local_addr(), "GET", path)
	}

	/// Lease 1 runs, and the chain was read.
	fn serve(&self) {
		let mut snapshot = snapshot(100, now_ms());
		let phase = LeasePhase::Running { since: 90, last_round: 500 };
		snapshot.leases.insert(1, lease(1, phase));
		self.pages.follower.publish(snapshot);
		self.pages.store.save(&[(1, Some(Record::new(1, 1, 0, 1, 0)))]).unwrap();
		let observed = Observed {
			lease: 1,
			state: State::Running,
			digest: None,
			ports: Default::default(),
			missing: Vec::new(),
			at_ms: 0,
		};
		self.pages.observer.publish(now_ms(), Ok(vec![observed]));
	}
}

#[test]
fn validators_and_tenants_get_their_pages() {
	let kit = start();
	assert_eq!(kit.public("/").0, 200);
	assert_eq!(kit.public("/leases/1").0, 404, "nobody knows this lease");
	kit.serve();
	let (status, body) = kit.public("/leases/1");
	let health: crate::reconcile::Health = serde_json::from_str(&body).unwrap();
	assert_eq!((status, health.lease, health.state), (200, 1, HealthState::Running));
	assert_eq!(kit.public("/agent").0, 200, "the path of the endpoint");
	let hash = control_hash(&[7; 32], operator().as_ref(), 1, b"http://127.0.0.1:8080/agent");
	let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
	assert_eq!(kit.public("/.well-known/surety/1"), (200, digits));
	for path in [
		"/leases/2",
		"/leases/01",
		"/leases/+1",
		"/leases/",
		"/leases/1/x",
		"/leases/99999999999",
		"/.well-known/surety/2",
		"/.well-known/surety/../1",
		"/status",
		"/metrics",
		"/other",
	] {
		assert_eq!(kit.public(path).0, 404, "{path}");
	}
	assert_eq!(ask(kit.server.public.local_addr(), "POST", "/leases/1").0, 405);
}

#[test]
fn a_lease_that_nobody_observed_has_failed() {
	let kit = start();
	kit.serve();
	kit.pages.observer.publish(now_ms() - 60_000, Ok(Vec::new()));
	let (status, body) = kit.public("/leases/1");
	assert_eq!(status, 200);
	assert!(body.contains(r#""state":"failed""#), "{body}");
}

#[test]
fn the_operator_sees_everything_and_no_markup_of_others() {
	let kit = start();
	assert_eq!(kit.control("/health").0, 503);
	kit.serve();
	assert_eq!(kit.control("/health").0, 200);
	let why = "image <script>alert(1)</script> is 5 bytes".to_owned();
	let refused = BidOutcome { at_ms: now_ms(), state: BidState::Refused, price: None, why };
	kit.pages.store.save_bids(&[(9, refused)]).unwrap();
	let (_, page) = kit.control("/");
	for part in ["acme", "Lease", "nginx", "&lt;script&gt;", "What to do next"] {
		assert!(page.contains(part), "{part} is not in\n{page}");
	}
	assert!(!page.contains("<script"), "{page}");
	for outside in ["http-equiv=\"refresh\" url", "src=", "@import", "url("] {
		assert!(!page.contains(outside), "{outside}");
	}
	let (_, text) = kit.control("/status");
	let status: AgentStatus = serde_json::from_str(&text).unwrap();
	assert_eq!((status.leases.len(), status.bids.len(), status.services.len()), (1, 1, 1));
	let (_, metrics) = kit.control("/metrics");
	for line in [
		"surety_provider_leases{state=\"running\"} 1",
		"surety_provider_leases{state=\"failed\"} 0",
		"surety_provider_orders{state=\"refused\"} 1",
		"surety_provider_finalized_block 100",
	] {
		assert!(metrics.contains(line), "{line} is not in\n{metrics}");
	}
}

#[test]
fn the_vpn_is_shown_with_its_peers_and_without_markup_of_others() {
	let peer = VpnPeer { agreement: 7, megabits: 40, up: 50 << 20, ..VpnPeer::default() };
	let vpn = VpnStatus {
		running: true,
		exit_key: Some("<b>".into()),
		listing_key: "0x12".into(),
		agreements: 1,
		trials: 2,
		services: vec![3],
		peers: vec![peer],
		..VpnStatus::default()
	};
	let status = AgentStatus { vpn: Some(vpn.clone()), ..AgentStatus::default() };
	let page = render(&status);
	for part in ["&lt;b&gt;", "0x12", "40 Mbit/s", "50 MiB", "2 trial(s)"] {
		assert!(page.contains(part), "{part} is not in\n{page}");
	}
	let text = metrics::encode(&status);
	for line in [
		"surety_provider_vpn_up 1",
		"surety_provider_vpn_peers{kind=\"trial\"} 2",
		"surety_provider_vpn_peer_bytes{agreement=\"7\",direction=\"up\"} 52428800",
	] {
		assert!(text.contains(line), "{line} is not in\n{text}");
	}
	assert_eq!(vpn.advice(), None);
	let stopped = VpnStatus { error: Some("no TUN".into()), ..vpn.clone() };
	assert!(stopped.advice().unwrap().contains("no TUN"));
	let unlisted = VpnStatus { services: Vec::new(), ..vpn };
	assert!(unlisted.advice().unwrap().contains("operators.listService(Vpn { key: 0x12 }"));
}

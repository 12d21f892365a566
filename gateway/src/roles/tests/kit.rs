// SPDX-License-Identifier: Apache-2.0

//! Servers, edges before them and a gateway, each from a configuration.

use crate::{
	config::{EdgeConfig, GatewayConfig, RoleConfig, parse},
	gateway::tests::kit::{Client, Operator},
	roles::{EdgeRole, GatewayRole},
	telemetry::UsageStatus,
};
use std::{
	fmt::Write,
	net::SocketAddr,
	path::Path,
	time::{Duration, Instant},
};

/// Longest wait for something that takes seconds.
const PATIENCE: Duration = Duration::from_secs(120);
/// Account of `//Alice`.
const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

/// Servers, an edge before each, and a gateway.
pub struct Scene {
	pub operators: Vec<Operator>,
	edges: Vec<EdgeRole>,
	gateway: Option<GatewayRole>,
	data: tempfile::TempDir,
}

fn section(data: &Path, listen: SocketAddr) -> String {
	format!(
		"data = {data:?}\n[control]\nlisten = \"127.0.0.1:0\"\n\
		[front]\nlisten = \"{listen}\"\nthreads = 1\nshutdown-secs = 5\n\
		[usage]\nexchange-secs = 1\n"
	)
}

fn any_port() -> SocketAddr {
	([127, 0, 0, 1], 0).into()
}

pub fn start_gateway(config: &GatewayConfig) -> GatewayRole {
	config.validate().unwrap();
	let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
	runtime.block_on(GatewayRole::start(config)).unwrap()
}

impl Scene {
	pub fn start(operators: usize) -> Self {
		let operators: Vec<Operator> = (0..operators).map(|_| Operator::start()).collect();
		let data = tempfile::tempdir().unwrap();
		let mut scene = Self { operators, edges: Vec::new(), gateway: None, data };
		scene.edges =
			(0..scene.operators.len()).map(|index| scene.start_edge(index, any_port())).collect();
		let gateway = start_gateway(&scene.gateway_config());
		scene.gateway = Some(gateway);
		scene
	}

	/// Edge of an operator, with an agreement of Alice.
	fn start_edge(&self, index: usize, listen: SocketAddr) -> EdgeRole {
		let data = self.data.path().join(format!("edge-{index}"));
		let backend = self.operators[index].address;
		let text = format!(
			"{}[operator]\nkey = \"//Operator{index}\"\n\
			[[service]]\nid = 3\nbackend = \"http://{backend}/rpc\"\nprotocol = \"ethereum\"\n\
			[[agreement]]\nid = {index}\nservice = 3\ntenant = \"{ALICE}\"\nunits = 100\n",
			section(&data, listen)
		);
		let config: EdgeConfig = parse(&text).unwrap();
		config.validate().unwrap();
		EdgeRole::start(&config).unwrap()
	}

	/// Configuration of a gateway of Alice before all edges, with a directory of its own the second
	/// time.
	pub fn gateway_config(&self) -> GatewayConfig {
		let name = if self.gateway.is_some() { "other" } else { "gateway" };
		let mut text = section(&self.data.path().join(name), any_port());
		text.push_str(
			"[tenant]\nkey = \"//Alice\"\n[cache]\nmax-bytes = 0\n\
			[[network]]\nname = \"ethereum\"\nprotocol = \"ethereum\"\n",
		);
		for (index, edge) in self.edges.iter().enumerate() {
			let address = edge.local_addr();
			write!(
				text,
				"[[operator]]\nname = \"operator-{index}\"\nurl = \"http://{address}\"\n\
				network = \"ethereum\"\nagreement = {index}\n"
			)
			.unwrap();
		}
		parse(&text).unwrap()
	}

	pub fn gateway(&self) -> &GatewayRole {
		self.gateway.as_ref().unwrap()
	}

	pub fn edges(&self) -> &[EdgeRole] {
		&self.edges
	}

	pub fn client(&self) -> Client {
		Client::connect(self.gateway().local_addr())
	}

	/// End the gateway well, and start it again.
	pub fn restart_gateway(&mut self) {
		self.gateway.take().unwrap().stop();
		self.gateway = Some(start_gateway(&self.gateway_config()));
	}

	/// End the edges well, and start them again at their addresses.
	pub fn restart_edges(&mut self) {
		for index in 0..self.edges.len() {
			let edge = self.edges.remove(index);
			let listen = edge.local_addr();
			edge.stop();
			let again = self.start_edge(index, listen);
			self.edges.insert(index, again);
		}
	}

	/// Wait until each side has signed and taken a statement since its start.
	pub fn until_both_signed(&self) {
		let agreements = u64::try_from(self.edges.len()).unwrap();
		self.until(|own, others| {
			own.signed >= agreements
				&& own.taken >= agreements
				&& others.iter().all(|one| one.signed > 0 && one.taken > 0)
		});
	}

	/// Wait until the last statements of both sides have the same counts.
	pub fn until_both_agree(&self) {
		self.until(|own, others| {
			let mut all = others.iter().chain([own]);
			all.all(|one| (one.contested, one.refused) == (0, 0))
		});
	}

	fn until(&self, is_done: impl Fn(&UsageStatus, &[UsageStatus]) -> bool) {
		let begin = Instant::now();
		loop {
			let own = self.gateway().background().status().usage;
			let others: Vec<_> =
				self.edges.iter().map(|edge| edge.background().status().usage).collect();
			if is_done(&own, &others) {
				return;
			}
			assert!(begin.elapsed() < PATIENCE, "{own:?} {others:?}");
			std::thread::sleep(Duration::from_millis(100));
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

//! Background of a role: the chain, purchases and the control listener, on a thread with a runtime
//! of its own, so that requests never wait for them.

use crate::{
	access::KeyStoreError,
	chain::{
		Answering, Buyer, BuyerSettings, Chain, KeySigner, NodeError, Nodes, Reporters, Subject,
		Transactions, plan, rules, wishes,
	},
	config::{ChainSection, ConfigError, EdgeConfig, GatewayConfig},
	front::FrontError,
	roles::status::{Pages, RoleStatus},
	telemetry::{ControlPages, Health, Metrics, Status, serve_control},
};
use std::{
	fmt, io,
	net::SocketAddr,
	path::PathBuf,
	sync::{Arc, OnceLock},
	thread,
	time::Instant,
};
use tokio::{net::TcpListener, runtime, sync::Notify};

/// Reason why a role cannot start.
#[derive(Debug)]
pub enum StartError {
	/// The configuration cannot be used.
	Config(ConfigError),
	/// A node's URL cannot be used.
	Node(NodeError),
	/// An address or a thread cannot be had.
	Io {
		/// Purpose.
		what: String,
		/// Cause.
		error: io::Error,
	},
	/// A metric is faulty.
	Metrics(prometheus::Error),
	/// The public listener cannot be had.
	Front(FrontError),
	/// The API keys cannot be read.
	Keys(KeyStoreError),
}

impl fmt::Display for StartError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Config(error) => error.fmt(f),
			Self::Node(error) => write!(f, "chain.nodes: {error}"),
			Self::Io { what, error } => write!(f, "{what}: {error}"),
			Self::Metrics(error) => error.fmt(f),
			Self::Front(error) => write!(f, "front: {error}"),
			Self::Keys(error) => error.fmt(f),
		}
	}
}

impl std::error::Error for StartError {}

impl From<ConfigError> for StartError {
	fn from(error: ConfigError) -> Self {
		Self::Config(error)
	}
}

/// Background of a role.
pub struct Background {
	/// Metrics of the process.
	pub metrics: Arc<Metrics>,
	/// The chain; none without nodes.
	pub chain: Option<Arc<Chain>>,
	/// Accounts that may report for others; none without nodes.
	pub reporters: Option<Arc<Reporters>>,
	/// Key that signs tokens and statements; none without one.
	pub reporter: Option<KeySigner>,
	/// Sender of reports with that key; none without nodes or key.
	pub reports: Option<Arc<Transactions>>,
	/// Services that answer, for the buyer.
	pub answering: Answering,
	/// Address of the control listener; none of a role within another process.
	pub control: Option<SocketAddr>,
	pages: Arc<Pages>,
	stop: Arc<Notify>,
	thread: Option<thread::JoinHandle<()>>,
}

/// Parts of a role from which its background is made.
struct Parts {
	role: &'static str,
	listen: SocketAddr,
	control: Option<SocketAddr>,
	chain: ChainSection,
	subject: Option<Subject>,
	reporter: Option<KeySigner>,
	buyer: Option<Purchases>,
}

/// Settings of purchases.
struct Purchases {
	signer: KeySigner,
	wishes: Vec<plan::Wish>,
	rules: plan::Rules,
	data: PathBuf,
	dry_run: bool,
}

impl Background {
	/// Start the background of a gateway.
	pub fn of_gateway(config: &GatewayConfig) -> Result<Self, StartError> {
		let tenant = &config.tenant;
		let read = |source: &crate::config::KeySource, field| {
			source.is_given().then(|| KeySigner::from_source(source, field)).transpose()
		};
		let key = read(&tenant.key, "tenant.key")?;
		let reporter = read(&tenant.report_key, "tenant.report-key")?.or_else(|| key.clone());
		let account =
			tenant.account.clone().or_else(|| key.as_ref().map(|key| key.account().clone()));
		let subject = account.clone().map(|account| Subject::Tenant {
			account,
			networks: config.networks.iter().map(|network| network.name.clone()).collect(),
			models: config.models.iter().map(|model| model.name.clone()).collect(),
		});
		let buys = config.budget.total.0 > 0;
		let buyer = key.zip(account).filter(|_| buys).map(|(signer, account)| Purchases {
			wishes: wishes(config),
			rules: rules(config, account),
			signer,
			data: config.data.clone(),
			dry_run: config.budget.dry_run,
		});
		Self::start(Parts {
			role: "gateway",
			listen: config.listen(),
			control: Some(config.control()),
			chain: config.chain.clone(),
			subject,
			reporter,
			buyer,
		})
	}

	/// Start the background of an edge.
	///
	/// - `control`: address of the control listener; none within another process.
	pub fn of_edge(config: &EdgeConfig, control: Option<SocketAddr>) -> Result<Self, StartError> {
		let operator = &config.operator;
		let key = &operator.key;
		let reporter =
			key.is_given().then(|| KeySigner::from_source(key, "operator.key")).transpose()?;
		let account =
			operator.account.clone().or_else(|| reporter.as_ref().map(|key| key.account().clone()));
		let services: Vec<_> = config.services.iter().map(|service| service.id).collect();
		// With a backend for all services, those of the list only have a server of their own.
		let services = if config.backend.is_some() { Vec::new() } else { services };
		Self::start(Parts {
			role: "edge",
			listen: config.listen(),
			control,
			chain: config.chain.clone(),
			subject: account.map(|account| Subject::Operator { account, services }),
			reporter,
			buyer: None,
		})
	}

	fn start(parts: Parts) -> Result<Self, StartError> {
		let io = |what: &str| {
			let what = what.to_owned();
			move |error| StartError::Io { what, error }
		};
		let metrics = Metrics::new(parts.role).map_err(StartError::Metrics)?;
		let listener = parts.control.map(|control| {
			let listener = std::net::TcpListener::bind(control)
				.and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
				.map_err(io(&format!("control {control}")))?;
			let address = listener.local_addr().map_err(io("control"))?;
			Ok::<_, StartError>((listener, address))
		});
		let (listener, control) = listener.transpose()?.unzip();
		let has_nodes = !parts.chain.nodes.is_empty();
		let chain = parts.subject.filter(|_| has_nodes).map(|subject| {
			let nodes = Arc::new(Nodes::new(&parts.chain).map_err(StartError::Node)?);
			Ok::<_, StartError>((Chain::new(nodes), subject))
		});
		let (chain, subject) = chain.transpose()?.unzip();
		let reporters = chain.clone().map(Reporters::new);
		let sender = |signer: &KeySigner, chain: &Arc<Chain>| {
			Arc::new(Transactions::new(chain.nodes().clone(), signer.clone()))
		};
		let reports = chain.as_ref().zip(parts.reporter.as_ref());
		let reports = reports.map(|(chain, signer)| sender(signer, chain));
		let buyer = chain.clone().zip(parts.buyer).map(|(chain, purchases)| {
			let Purchases { signer, wishes, rules, data, dry_run } = purchases;
			// Two senders of one key would take the same nonces.
			let is_same = |one: &&Arc<Transactions>| one.signer().account() == signer.account();
			let shared = reports.as_ref().filter(is_same).cloned();
			let transactions = shared.unwrap_or_else(|| sender(&signer, &chain));
			let data = Some(data);
			Buyer::new(chain, BuyerSettings { wishes, rules, transactions, data, dry_run })
		});
		let report = buyer.as_ref().map(Buyer::report);
		let answering = buyer.as_ref().map(Buyer::answering).unwrap_or_default();
		let pages = Arc::new(Pages {
			name: parts.role,
			listen: parts.listen,
			started: Instant::now(),
			chain: chain.clone(),
			buyer: report,
			role: OnceLock::new(),
		});
		let runtime = runtime::Builder::new_current_thread()
			.enable_all()
			.build()
			.map_err(io("runtime of the background"))?;
		let stop = Arc::new(Notify::new());
		let tasks = Tasks {
			chain: chain.clone().zip(subject),
			reporters: reporters.clone(),
			buyer,
			listener,
			metrics: metrics.clone(),
			pages: pages.clone(),
		};
		let stopped = stop.clone();
		let thread = thread::Builder::new()
			.name("background".into())
			.spawn(move || {
				runtime.block_on(async move {
					tasks.spawn();
					stopped.notified().await;
				});
				// Tasks that still run end with the runtime.
				runtime.shutdown_background();
			})
			.map_err(io("thread of the background"))?;
		Ok(Self {
			metrics,
			chain,
			reporters,
			reporter: parts.reporter,
			reports,
			answering,
			control,
			pages,
			stop,
			thread: Some(thread),
		})
	}

	/// Let the role take part in status, health and metrics. The first one stays.
	pub fn set_role(&self, role: Arc<dyn RoleStatus>) {
		// A role is set once; a second one changes nothing.
		let _ = self.pages.role.set(role);
	}

	/// Status as the control listener shows it.
	#[cfg(test)]
	pub fn status(&self) -> Status {
		self.pages.status()
	}

	/// Pages of the control listener, for a process that shows them elsewhere.
	pub fn pages(&self) -> RolePages {
		RolePages { metrics: self.metrics.clone(), pages: self.pages.clone() }
	}
}

impl Drop for Background {
	fn drop(&mut self) {
		self.stop.notify_one();
		if let Some(thread) = self.thread.take() {
			// A panic of the background was shown as it happened.
			let _ = thread.join();
		}
	}
}

/// Pages of the control listener of a role.
#[derive(Clone)]
pub struct RolePages {
	metrics: Arc<Metrics>,
	pages: Arc<Pages>,
}

impl RolePages {
	/// Status now.
	pub fn status(&self) -> Status {
		self.pages.status()
	}

	/// Health now.
	pub fn health(&self) -> Health {
		self.pages.health()
	}

	/// Metrics in the text form of Prometheus.
	pub fn metrics(&self) -> String {
		self.pages.refresh(&self.metrics);
		self.metrics.encode()
	}
}

struct Tasks {
	chain: Option<(Arc<Chain>, Subject)>,
	reporters: Option<Arc<Reporters>>,
	buyer: Option<Buyer>,
	listener: Option<std::net::TcpListener>,
	metrics: Arc<Metrics>,
	pages: Arc<Pages>,
}

impl Tasks {
	fn spawn(self) {
		match self.listener.map(TcpListener::from_std) {
			Some(Ok(listener)) => {
				tokio::spawn(serve_control(listener, self.metrics, self.pages));
			},
			Some(Err(error)) => tracing::error!(%error, "control listener"),
			None => {},
		}
		if let Some((chain, subject)) = self.chain {
			tokio::spawn(async move { chain.follow(subject).await });
		}
		if let Some(reporters) = self.reporters {
			tokio::spawn(async move { reporters.refresh().await });
		}
		if let Some(buyer) = self.buyer {
			tokio::spawn(buyer.run());
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::config::parse;

	#[test]
	fn a_background_without_a_chain_serves_its_pages() {
		let text =
			"[control]\nlisten = \"127.0.0.1:0\"\n[[operator]]\nname = \"a\"\nurl = \"http://a\"";
		let config: GatewayConfig = parse(text).unwrap();
		let background = Background::of_gateway(&config).unwrap();
		let timeout = std::time::Duration::from_secs(10);
		let status = runtime::Builder::new_current_thread()
			.enable_all()
			.build()
			.unwrap()
			.block_on(crate::telemetry::fetch_status(background.control.unwrap(), timeout))
			.unwrap();
		assert_eq!((status.role.as_str(), status.chain), ("gateway", None));
		assert!(!background.pages.health().healthy, "no role takes part yet");
		drop(background);
	}

	#[test]
	fn keys_that_are_no_secret_uris_are_named() {
		let text =
			"[chain]\nnodes = [\"http://127.0.0.1:1\"]\n[operator]\nkey = \"nonsense words\"";
		let config: EdgeConfig = parse(text).unwrap();
		let error = Background::of_edge(&config, None).err().unwrap().to_string();
		assert!(error.starts_with("operator.key: ") && !error.contains("nonsense"), "{error}");
	}
}

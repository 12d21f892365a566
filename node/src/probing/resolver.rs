// SPDX-License-Identifier: Apache-2.0

//! DNS resolution of endpoints.
//!
//! The C library is not used: it blocks a thread for as long as a name server is silent, so
//! thousands of dead names would delay anchors and services alike. Here a lookup costs one socket
//! while its probe waits.
//!
//! The machine's `/etc/resolv.conf` and `/etc/hosts` apply, and changes are picked up at run time.
//! The search list is ignored: an endpoint is a fully qualified name, and its meaning, and with it
//! a verdict, must not depend on the prober. For the same reason only A records are looked up: not
//! every prober has IPv6.

use hickory_resolver::{
	Hosts, TokioResolver,
	config::{LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts},
	net::{NetError, runtime::TokioRuntimeProvider},
	proto::{
		op::Query,
		rr::{Name, RecordType},
	},
	system_conf::parse_resolv_conf,
};
use std::{
	fs,
	net::{IpAddr, Ipv4Addr},
	path::PathBuf,
	sync::{Arc, Mutex, PoisonError},
	time::{Duration, Instant, SystemTime},
};

/// Timeout of one query to a name server.
const QUERY_TIMEOUT: Duration = Duration::from_millis(1_500);
/// Retries of a query.
const RETRIES: usize = 2;
/// Maximum number of cached answers.
const CACHE_SIZE: u64 = 2_048;
/// Maximum time an address is cached, so that a service that moves is found.
const MAX_TTL: Duration = Duration::from_secs(60);
/// Maximum time a negative answer is cached.
const MAX_NEGATIVE_TTL: Duration = Duration::from_secs(5);
/// Maximum number of addresses of one name.
const MAX_ADDRESSES: usize = 32;

/// Location of the configuration files.
pub struct DnsConfig {
	/// File with the name servers.
	pub resolv_conf: PathBuf,
	/// File with static names.
	pub hosts: PathBuf,
	/// Port of the name servers.
	pub port: u16,
	/// Interval after which the files are checked for changes.
	pub recheck: Duration,
}

impl Default for DnsConfig {
	/// Files of this machine.
	fn default() -> Self {
		Self {
			resolv_conf: "/etc/resolv.conf".into(),
			hosts: "/etc/hosts".into(),
			port: 53,
			recheck: Duration::from_secs(10),
		}
	}
}

/// Modification time and length of a file; `None` if the file is missing.
type Stamp = Option<(SystemTime, u64)>;

impl DnsConfig {
	fn stamps(&self) -> [Stamp; 2] {
		[&self.resolv_conf, &self.hosts].map(|path| {
			let metadata = fs::metadata(path).ok()?;
			Some((metadata.modified().ok()?, metadata.len()))
		})
	}

	fn resolver(&self) -> Result<TokioResolver, NetError> {
		let text = fs::read(&self.resolv_conf).unwrap_or_default();
		let (mut servers, mut options) = match parse_resolv_conf(text) {
			Ok((config, options)) => (config.name_servers().to_vec(), options),
			// resolv.conf(5): without an entry the name server of the local machine applies.
			Err(_) => (
				vec![NameServerConfig::udp_and_tcp(Ipv4Addr::LOCALHOST.into())],
				ResolverOpts::default(),
			),
		};
		for connection in servers.iter_mut().flat_map(|server| &mut server.connections) {
			connection.port = self.port;
		}
		options.timeout = QUERY_TIMEOUT;
		options.attempts = RETRIES;
		options.ip_strategy = LookupIpStrategy::Ipv4Only;
		options.use_hosts_file = ResolveHosts::Never;
		options.cache_size = CACHE_SIZE;
		options.positive_max_ttl = Some(MAX_TTL);
		options.negative_max_ttl = Some(MAX_NEGATIVE_TTL);
		let config = ResolverConfig::from_parts(None, Vec::new(), servers);
		let mut builder =
			TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
		*builder.options_mut() = options;
		builder.build()
	}

	/// Entries of the hosts file; empty if the file cannot be read.
	fn hosts(&self) -> Hosts {
		let mut hosts = Hosts::default();
		if let Err(error) = fs::File::open(&self.hosts).and_then(|file| hosts.read_hosts_conf(file))
		{
			log::debug!(target: super::LOG_TARGET, "{}: {error}", self.hosts.display());
		}
		hosts
	}
}

/// Configuration as of the last check.
struct Current {
	checked: Instant,
	stamps: [Stamp; 2],
	resolver: TokioResolver,
	hosts: Arc<Hosts>,
}

/// Resolver that follows changes of the machine's configuration.
pub struct Resolver {
	config: DnsConfig,
	current: Mutex<Current>,
}

impl Resolver {
	/// Read the configuration. The cache is empty.
	pub fn new(config: DnsConfig) -> std::io::Result<Self> {
		let stamps = config.stamps();
		let resolver = config.resolver().map_err(std::io::Error::other)?;
		let hosts = Arc::new(config.hosts());
		let current = Current { checked: Instant::now(), stamps, resolver, hosts };
		Ok(Self { config, current: Mutex::new(current) })
	}

	/// IPv4 addresses of `host`; empty if there are none or no name server answers.
	pub async fn addresses(&self, host: &str) -> Vec<Ipv4Addr> {
		let Ok(mut name) = Name::from_ascii(host) else {
			return Vec::new();
		};
		name.set_fqdn(true);
		let (resolver, hosts) = self.current();
		let listed: Vec<Ipv4Addr> = hosts
			.lookup_static_host(&Query::query(name.clone(), RecordType::A))
			.iter()
			.flat_map(|lookup| lookup.answers())
			.filter_map(|record| v4(record.data.ip_addr()?))
			.take(MAX_ADDRESSES)
			.collect();
		if !listed.is_empty() {
			return listed;
		}
		match resolver.lookup_ip(name).await {
			Ok(found) => found.iter().filter_map(v4).take(MAX_ADDRESSES).collect(),
			Err(_) => Vec::new(),
		}
	}

	/// Resolver and hosts file, reloaded after a change.
	fn current(&self) -> (TokioResolver, Arc<Hosts>) {
		let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
		if current.checked.elapsed() >= self.config.recheck {
			current.checked = Instant::now();
			let stamps = self.config.stamps();
			if stamps != current.stamps
				&& let Ok(resolver) = self.config.resolver()
			{
				*current = Current {
					checked: current.checked,
					stamps,
					resolver,
					hosts: Arc::new(self.config.hosts()),
				};
			}
		}
		(current.resolver.clone(), current.hosts.clone())
	}
}

fn v4(address: IpAddr) -> Option<Ipv4Addr> {
	match address {
		IpAddr::V4(address) => Some(address),
		IpAddr::V6(_) => None,
	}
}
